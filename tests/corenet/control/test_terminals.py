"""Looking terminals up, and listing them and their contexts."""

from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Network

import pytest
from pydantic import ValidationError

from corenet.assembly import CoreConfig
from corenet.control.directory import Directory
from corenet.control.errors import ControlError
from corenet.control.model import ActivationRequest, MobileActivation, Page, TerminalQuery
from corenet.control.visitors import Visitors
from corenet.ggsn.config import Apn, GgsnConfig, StaticBinding
from corenet.ggsn.events import (
    DeletionReason,
    PdpContextCreated,
    PdpContextDeleted,
    PdpContextView,
)
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.interfaces.node import Interface

APN, INTERNET = "wap.example", "internet.example"


def test_online_terminal_is_shown_whole(world, who):
    """Attached, online, contexts, addresses, SGSN and since when: all of it is there."""
    core = world()
    began = core.network.now()
    core.finished(core.request(1))
    core.wait(1)
    terminal, one = core.terminal(1), who(1)
    assert (terminal.imsi, terminal.msisdn) == (one.imsi, one.msisdn)
    assert terminal.apns == [APN, INTERNET]
    assert terminal.static_addresses == {APN: one.address}
    assert (terminal.attached, terminal.online, terminal.reachable) == (True, True, True)
    assert terminal.sgsn == "127.0.10.2"
    (context,) = terminal.contexts
    assert (context.address, context.apn, context.ggsn) == (one.address, APN, "ggsn")
    assert context.network_requested
    assert context.since >= datetime.fromtimestamp(began, UTC)
    assert terminal.attached_since <= context.since
    assert terminal.sgsn_since <= context.since
    (seen,) = terminal.mobile.contexts
    assert (seen.address, seen.state) == (one.address, "active")


def test_offline_terminal_has_no_contexts(world):
    """A terminal that is attached only is not online."""
    terminal = world().terminal(2)
    assert (terminal.attached, terminal.online, terminal.contexts) == (True, False, [])


def test_unattached_terminal_has_no_sgsn(world):
    """Without an attachment there is nothing since when, and nowhere."""
    terminal = world(unattached=(2,)).terminal(2)
    assert (terminal.attached, terminal.attached_since) == (False, None)
    assert (terminal.sgsn, terminal.sgsn_since) == (None, None)


@pytest.mark.parametrize("name", ["msisdn", "imsi", "address"])
def test_terminal_is_found_by_each_of_its_names(world, who, name):
    """MSISDN, IMSI and static address name the same terminal."""
    asked = TerminalQuery(**{name: getattr(who(2), name)})
    found = world().control.terminals(asked)
    assert (found.total, found.terminals[0].imsi) == (1, who(2).imsi)


def test_terminal_is_found_by_an_address_in_use(world, who):
    """A dynamic address names whoever has it now."""
    core = world()
    active = core.finished(core.request(1, apn=INTERNET))
    assert IPv4Network("127.11.0.0/16").overlaps(IPv4Network(active.address))
    (found,) = core.control.terminals(TerminalQuery(address=active.address)).terminals
    assert found.imsi == who(1).imsi


def test_names_of_one_terminal_agree(world, who):
    """Two names of one terminal find it; of two terminals, nobody."""
    control, one, other = world().control, who(1), who(2)
    both = control.terminals(TerminalQuery(msisdn=one.msisdn, address=one.address))
    assert [terminal.imsi for terminal in both.terminals] == [one.imsi]
    with pytest.raises(ControlError, match="and all else") as refused:
        control.terminals(TerminalQuery(msisdn=one.msisdn, imsi=other.imsi))
    assert (refused.value.status, refused.value.field) == (404, "imsi")


@pytest.mark.parametrize(
    ("name", "value"),
    [("msisdn", "447700999999"), ("imsi", "999990000000000"), ("address", "192.0.2.1")],
)
def test_unknown_terminal_is_not_found(world, name, value):
    """404 names what is unknown."""
    with pytest.raises(ControlError) as refused:
        world().control.terminals(TerminalQuery(**{name: value}))
    assert (refused.value.status, refused.value.field) == (404, name)
    assert value in refused.value.detail


@pytest.mark.parametrize(
    "query",
    [
        {"msisdn": "+447700900001"},
        {"imsi": "١٢٣٤٥٦٧٨"},
        {"address": "127.10.1"},
        {"address": "wap.example"},
        {"limit": "0"},
        {"limit": "1001"},
        {"offset": "-1"},
        {"offset": "1" + "0" * 30},
        {"colour": "red"},
    ],
)
def test_malformed_query_is_refused(query):
    """What is no number, no address or no parameter is named."""
    with pytest.raises(ValidationError) as refused:
        TerminalQuery.model_validate(query)
    assert refused.value.errors()[0]["loc"] == tuple(query)


def test_terminals_are_listed_by_pages(world, who):
    """Offset and limit cut the list, whose whole length is told with each part."""
    control = world(5).control
    pages = [control.terminals(TerminalQuery(offset=offset, limit=2)) for offset in (0, 2, 4, 6)]
    assert [page.total for page in pages] == [5] * 4
    listed = [[terminal.imsi for terminal in page.terminals] for page in pages]
    assert listed == [[who(1).imsi, who(2).imsi], [who(3).imsi, who(4).imsi], [who(5).imsi], []]


def test_terminal_of_a_static_binding_needs_no_hlr(world, who):
    """A terminal that only the GGSN knows is found; the HLR cannot say whether it is there."""
    terminal = world(unknown=(2,)).terminal(2)
    assert (terminal.msisdn, terminal.apns) == (who(2).msisdn, [APN])
    assert (terminal.reachable, terminal.sgsn, terminal.mobile) == (None, None, None)


def test_binding_without_a_number_is_found_by_imsi_and_address(world):
    """A GGSN need not know the MSISDN of whose address it keeps; an address may be IPv6."""
    binding = StaticBinding("999990000000001", APN, "127.10.9.9")
    ggsn = GgsnConfig("127.0.10.1", "127.0.10.1", (Apn(APN),), (binding,))
    subscriber = Subscriber("999990000000001", "88010", (SubscribedApn(APN, "2001:DB8::1"),))
    for hlr, msisdn in ((None, None), (HlrConfig("127.0.10.3", (subscriber,)), "88010")):
        control = world(ggsns={"ggsn": ggsn}, sgsns={}, hlr=hlr, mobiles=()).control
        (found,) = control.terminals(TerminalQuery(address="127.10.9.9")).terminals
        assert (found.imsi, found.msisdn) == ("999990000000001", msisdn)
        assert found == control.terminal("999990000000001")
    (found,) = control.terminals(TerminalQuery(address="2001:db8:0::1")).terminals
    assert found.imsi == "999990000000001"


def test_mobile_that_nobody_has_provisioned_is_found(world, who, config):
    """A mobile without a subscription is a terminal all the same."""
    whole = config()
    core = world(ggsns={}, hlr=HlrConfig("127.0.10.3"), mobiles=whole.mobiles)
    (found,) = core.control.terminals(TerminalQuery(msisdn=who(1).msisdn)).terminals
    assert (found.imsi, found.apns, found.attached) == (who(1).imsi, [], False)


def test_unreachable_terminal_is_shown_so(world):
    """Once the HLR has noted that the MS does not answer, it is not reachable."""
    core = world(unattached=(1,))
    assert core.finished(core.request(1)).outcome == "failed"
    terminal = core.terminal(1)
    assert (terminal.attached, terminal.online) == (False, False)


def test_terminal_behind_a_foreign_ggsn_is_online_by_its_mobile(world, who, config):
    """Where the GGSN is somebody else's, the mobile tells of its context and its address."""
    whole = config()
    core = world(
        ggsns={},
        sgsns={"sgsn": replace(whole.sgsns["sgsn"], ggsns={APN: ("127.0.10.1",)})},
    )
    foreign = world(mobiles=(), sgsns={}, hlr=None, attach=False).core.ggsns["ggsn"]
    core.network.attach(
        foreign,
        {
            Interface.GTP_C: ("127.0.10.1", 2123),
            Interface.GTP_U: ("127.0.10.1", 2152),
            Interface.GI: ("", 0),
        },
    )
    core.control.drive_mobile(who(1).imsi, "activate", MobileActivation(apn=APN))
    core.wait(5)
    terminal = core.terminal(1)
    assert (terminal.online, terminal.contexts) == (True, [])
    (context,) = terminal.mobile.contexts
    (found,) = core.control.terminals(TerminalQuery(address=context.address)).terminals
    assert found.imsi == who(1).imsi
    core.control.drive_mobile(who(1).imsi, "detach", None)
    core.wait(5)
    assert not core.terminal(1).online
    static = core.control.terminals(TerminalQuery(address=who(1).address)).terminals
    assert [one.imsi for one in static] == [who(1).imsi]


def test_visitor_is_found_by_number_and_address_while_it_has_a_context(world, who):
    """Behind a foreign SGSN a subscriber is known by its contexts alone."""
    ggsn = GgsnConfig("127.0.10.1", "127.0.10.1", (Apn(INTERNET, (IPv4Network("127.10.0.0/16"),)),))
    home = world(ggsns={"ggsn": ggsn}, sgsns={}, hlr=None, mobiles=())
    foreign = world(ggsns={}, attach=False).core
    foreign.attach(home.network)
    mobiles, one = foreign.mobiles, who(1)
    home.wait(2)
    query = TerminalQuery(msisdn=one.msisdn)
    with pytest.raises(ControlError):
        home.control.terminals(query)
    home.network.command(mobiles, lambda now: mobiles.activate(one.imsi, INTERNET, now))
    home.wait(2)
    (by_number,) = home.control.terminals(query).terminals
    assert (by_number.imsi, by_number.attached, by_number.online) == (one.imsi, None, True)
    by_address = TerminalQuery(address=by_number.contexts[0].address)
    assert home.control.terminals(by_address).terminals == [by_number]
    assert home.control.terminal(one.imsi) == by_number
    home.network.command(mobiles, lambda now: mobiles.power_off(one.imsi, now))
    home.wait(2)
    for gone in (query, by_address, TerminalQuery(imsi=one.imsi)):
        with pytest.raises(ControlError):
            home.control.terminals(gone)


def test_number_of_a_visitor_goes_with_its_last_context():
    """Two subscribers that a foreign SGSN gives one MSISDN do not take it from one another."""
    visitors = Visitors(Directory((), (), ()), ())

    def context(imsi):
        return PdpContextView(
            imsi, "447700900099", APN, "127.10.0.1", 5, 1.0, "", "", 1, 1, 1, 1, 1, False
        )

    for imsi in ("one", "one", "two"):
        visitors.note(PdpContextCreated(context(imsi)))
    assert visitors.by_msisdn("447700900099") == "two"
    for imsi in ("one", "one"):
        visitors.note(PdpContextDeleted(context(imsi), DeletionReason.COMMAND))
        assert visitors.by_msisdn("447700900099") == "two"
    visitors.note(PdpContextDeleted(context("two"), DeletionReason.COMMAND))
    assert visitors.by_msisdn("447700900099") is None


def test_contexts_are_listed_by_pages_across_ggsns(world, who, config):
    """Pages run through one GGSN after the other, without a gap and without a repetition."""
    whole = config(4)
    second = GgsnConfig(
        "127.0.10.11",
        "127.0.10.11",
        (Apn("mms.example", (IPv4Network("127.12.0.0/16"),)),),
        hlr=("127.0.10.3", 2123),
    )
    core = world(
        4,
        ggsns={**whole.ggsns, "second": second},
        hlr=HlrConfig(
            "127.0.10.3",
            tuple(
                replace(one, apns=(*one.apns, replace(one.apns[1], apn="mms.example")))
                for one in whole.hlr.subscribers
            ),
        ),
        sgsns={
            "sgsn": replace(
                whole.sgsns["sgsn"], ggsns={APN: ("127.0.10.1",), "mms.example": ("127.0.10.11",)}
            )
        },
    )
    for index in (1, 2, 3):
        core.finished(core.request(index))
    for index in (4, 1):
        core.finished(core.request(index, apn="mms.example"))
    expected = [("ggsn", who(1).imsi), ("ggsn", who(2).imsi), ("ggsn", who(3).imsi)]
    expected += [("second", who(4).imsi), ("second", who(1).imsi)]
    for size in (1, 2, 3, 5, 9):
        listed = []
        for offset in range(0, 6, size):
            page = core.control.contexts(Page(offset=offset, limit=size))
            assert page.total == 5
            assert len(page.contexts) <= size
            listed += [(context.ggsn, context.imsi) for context in page.contexts]
        assert listed == expected


def test_screen_of_the_mobile_is_shown(world, who):
    """What was pushed to a mobile is on its screen, with its details."""
    core = world()
    core.finished(core.request(1))
    core.say(1, b"hello")
    assert core.terminal(1).mobile.shown == [
        {"item": 1, "kind": "text", "text": "hello", "details": {"from": "127.0.10.5"}}
    ]


def test_core_of_nothing_knows_nobody(world):
    """A core without a node has empty lists, and refuses what it has nobody for."""
    core = world(ggsns={}, sgsns={}, hlr=None, mobiles=())
    assert core.control.terminals(TerminalQuery()).total == 0
    assert core.control.contexts(Page()).total == 0
    assert CoreConfig() == core.core.config
    with pytest.raises(ControlError) as refused:
        core.control.request_activation(ActivationRequest(imsi="234150000000001", apn=APN))
    assert refused.value.status == 404
