"""Subscribers in the control interface: listed, created, changed, deleted, and what follows."""

import pytest

from corenet.authentication.secrets import MilenageSecret, XorSecret
from corenet.control.errors import ControlError
from corenet.control.model import MobileActivation, TerminalQuery
from corenet.control.subscriber_model import SubscriberChange, SubscriberCreation, SubscriberQuery
from corenet.hlr.config import HlrConfig
from corenet.hlr.store import NotKeptError
from corenet.mobile.events import MobileState
from tests.corenet.conftest import APN, HLR, INTERNET, person

NEW = {"imsi": "234150000000077", "msisdn": "447700900077"}
KEY = "00112233445566778899aabbccddeeff"


def create(world, **members):
    return world.control.subscribers.create(SubscriberCreation(**(NEW | members)))


def change(world, imsi, **members):
    return world.control.subscribers.change(imsi, SubscriberChange(**members))


def refused(call):
    """Return the status and the field of what is refused."""
    with pytest.raises(ControlError) as caught:
        call()
    return caught.value.status, caught.value.field


def test_subscribers_are_listed_by_pages(world):
    """In order, with where they are; or the one with a number."""
    core = world(people=5)
    listing = core.control.subscribers.look_up(SubscriberQuery(offset=1, limit=2))
    assert listing.total == 5
    assert [one.imsi for one in listing.subscribers] == [person(2).imsi, person(3).imsi]
    (found,) = core.control.subscribers.look_up(
        SubscriberQuery(msisdn=person(4).msisdn)
    ).subscribers
    assert (found.imsi, found.sgsn) == (person(4).imsi, "127.0.10.2")
    assert found.sgsn_since is not None
    assert [(apn.name, apn.address) for apn in found.apns] == [
        (APN, person(4).address),
        (INTERNET, None),
    ]
    assert (found.barring, found.card) == ("none", None)
    asked = SubscriberQuery(msisdn="447700900999")
    assert refused(lambda: core.control.subscribers.look_up(asked)) == (404, "msisdn")


def test_a_new_subscriber_is_a_terminal(world):
    """The HLR and the directory of terminals know it at once, its card's keys nobody tells."""
    core = world()
    card = {"algorithm": "milenage", "key": KEY, "opc": KEY, "sqn": 32}
    made = create(core, apns=[{"name": APN, "address": "10.45.9.9"}], card=card)
    assert made == core.control.subscribers.get(NEW["imsi"])
    assert made.card == "milenage"
    assert KEY not in made.model_dump_json()
    found = core.core.hlr.subscriber(NEW["imsi"])
    assert found.secret == MilenageSecret(bytes.fromhex(KEY), bytes.fromhex(KEY))
    assert found.sqn == 32
    for query in ({"msisdn": NEW["msisdn"]}, {"address": "10.45.9.9"}, {"imsi": NEW["imsi"]}):
        (terminal,) = core.control.terminals(TerminalQuery(**query)).terminals
        assert terminal.apns == [APN]


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"imsi": person(1).imsi}, (409, "imsi")),
        ({"msisdn": person(1).msisdn}, (409, "msisdn")),
        ({"apns": [{"name": "x", "address": person(1).address}]}, (409, "address")),
        ({"apns": [{"name": "x", "qos": "00" * 12}]}, None),
    ],
)
def test_what_another_has_is_refused(world, members, expected):
    """The field says what; whoever has it keeps it."""
    core = world()
    if expected is None:
        assert create(core, **members).apns[0].qos == "00" * 12
    else:
        assert refused(lambda: create(core, **members)) == expected
        assert core.control.subscribers.look_up(SubscriberQuery()).total == 3


@pytest.mark.parametrize(
    "card",
    [
        {"algorithm": "milenage", "key": KEY},
        {"algorithm": "milenage", "key": KEY, "op": KEY, "opc": KEY},
        {"algorithm": "xor", "key": KEY, "opc": KEY},
        {"algorithm": "xor", "key": KEY, "sqn": 1},
    ],
)
def test_a_card_that_cannot_be_is_refused(card):
    """Before the HLR hears of it."""
    with pytest.raises(ValueError, match="card"):
        SubscriberCreation(**NEW, card=card)


def test_an_access_point_has_one_profile(world):
    """Whatever its case."""
    apns = [{"name": "wap.example"}, {"name": "WAP.example"}]
    core = world()
    assert refused(lambda: create(core, apns=apns)) == (409, "apns")
    assert refused(lambda: change(core, person(1).imsi, apns=apns)) == (409, "apns")


def test_cards_are_changed_and_taken_away(world):
    """By op, by another algorithm; what is not named stays; null is none."""
    core = world()
    imsi = person(1).imsi
    card = {"algorithm": "milenage", "key": KEY, "op": KEY}
    assert change(core, imsi, card=card).card == "milenage"
    assert core.core.hlr.subscriber(imsi).secret.opc != bytes.fromhex(KEY)
    assert change(core, imsi, msisdn="447700900998").card == "milenage"
    assert change(core, imsi, card={"algorithm": "xor", "key": KEY}).card == "xor"
    assert core.core.hlr.subscriber(imsi).secret == XorSecret(bytes.fromhex(KEY))
    assert change(core, imsi, card=None).card is None


def test_a_change_ends_what_is_not_allowed_any_more(world):
    """The SGSN hears it over Gr; the context on the lost access point ends, the other stays."""
    core = world()
    one = person(1)
    for apn in (APN, INTERNET):
        core.control.drive_mobile(one.imsi, "activate", MobileActivation(apn=apn))
    core.wait(2)
    assert core.control.terminal(one.imsi).online
    answer = change(core, one.imsi, apns=[{"name": INTERNET}])
    assert [apn.name for apn in answer.apns] == [INTERNET]
    core.wait(2)
    terminal = core.control.terminal(one.imsi)
    assert [context.apn for context in terminal.contexts] == [INTERNET]
    assert [context.apn for context in terminal.mobile.contexts] == [INTERNET]
    # The GGSN's own static bindings are the configuration's affair.
    assert set(terminal.apns) == {APN, INTERNET}


def test_who_is_barred_is_detached(world):
    """And cannot attach until it is not barred any more."""
    core = world()
    imsi = person(1).imsi
    assert change(core, imsi, barring="attach").sgsn is None
    core.wait(2)
    assert core.core.mobiles.mobile(imsi).state is MobileState.DETACHED
    assert core.control.terminal(imsi).attached is False
    change(core, imsi, barring="none")
    core.control.drive_mobile(imsi, "power-off", None)
    core.control.drive_mobile(imsi, "power-on", None)
    core.wait(5)
    assert core.control.terminal(imsi).attached is True


def test_who_is_deleted_is_detached(world):
    """Cancel Location; the mobile itself, which is another matter, is a terminal still."""
    core = world()
    one = person(1)
    assert core.control.subscribers.delete(one.imsi).done == "delete"
    core.wait(2)
    assert core.core.mobiles.mobile(one.imsi).state is MobileState.DETACHED
    assert refused(lambda: core.control.subscribers.get(one.imsi)) == (404, "imsi")
    assert refused(lambda: core.control.subscribers.delete(one.imsi)) == (404, "imsi")
    assert refused(lambda: change(core, one.imsi)) == (404, "imsi")
    assert core.control.terminal(one.imsi).msisdn == one.msisdn
    assert core.core.hlr.under_way["requests"] == 0


def test_a_number_that_was_changed_is_free(world):
    """Lists and look-ups follow, and another may have it."""
    core = world()
    one = person(1)
    change(core, one.imsi, msisdn="447700900998")
    assert (
        core.control.terminals(TerminalQuery(msisdn="447700900998")).terminals[0].imsi == one.imsi
    )
    assert create(core, msisdn=one.msisdn).msisdn == one.msisdn
    core.control.subscribers.delete(NEW["imsi"])
    assert refused(lambda: core.control.terminal(NEW["imsi"])) == (404, "imsi")


def test_without_an_hlr_there_are_no_subscribers(world):
    """501, as for all that is not here."""
    core = world(hlr=None)
    assert refused(lambda: core.control.subscribers.get(person(1).imsi))[0] == 501


def test_a_database_that_cannot_be_written_refuses(world, monkeypatch):
    """503, and nothing has changed."""
    core = world(hlr=HlrConfig(HLR), mobiles=())

    def create_nothing(subscriber, now):
        raise NotKeptError("the disk is full")

    monkeypatch.setattr(core.core.hlr, "create", create_nothing)
    assert refused(lambda: create(core))[0] == 503
    assert core.control.subscribers.look_up(SubscriberQuery()).total == 0
