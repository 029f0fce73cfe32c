"""What a lab file says of cards and authentication, and what comes of it in virtual time."""

from __future__ import annotations

import pytest

from corenet.authentication.secrets import MilenageSecret, XorSecret
from corenet.hlr.config import Barring
from corenet.hlr.events import LocationUpdateFailed, Resynchronised, VectorsGiven
from corenet.interfaces.node import Event
from corenet.mobile.events import AuthenticationRejected, ChallengeRefused, MobileState
from corenet.sgsn.config import Authentication
from corenet.sgsn.events import AuthenticationFailed, MobileArrived, MobileAuthenticated
from testbed.lab.build import build
from testbed.lab.yaml_source import SourceError, read
from testbed.simulation.lab import VirtualLab

K, OP, OPC = (
    "465b5ce8b199b49faa5f0a2ee238a6bc",
    "cdc202d5123e20f62b6d676ac72cb318",
    "cd63cb71954a9f4e48a5994e37a02baf",
)
USIM = f"{{key: '{K}', opc: '{OPC}'}}"
SIM = f"{{algorithm: xor, key: '{K}'}}"


def lab_file(authentication: str = "umts", mobile: str = "{}", card: str = f"card: {USIM}") -> str:
    """Return a lab with two SGSNs, and one subscriber."""
    return f"""
hlr: {{address: 127.0.0.3}}
sgsn: {{address: 127.0.0.2, authentication: {authentication}, t3360: 2}}
sgsns:
  far: {{address: 127.0.0.4, authentication: umts, routing_areas: [{{rac: 2, cells: [21]}}]}}
subscribers:
  - imsi: "234150000000001"
    msisdn: "447700900001"
    apns: [{{name: a}}]
    mobile: {mobile}
    {card}
"""


class Run:
    """Two minutes of such a lab."""

    def __init__(self, **how: str) -> None:
        core = build(read(lab_file(**how), "lab.yaml")).core
        assert core is not None
        lab = VirtualLab(core, seed=1)
        self._events: list[Event] = []
        lab.network.on_event(lambda _time, _node, event: self._events.append(event))
        lab.start()
        lab.run(120)
        assert lab.core.mobiles is not None
        self.state = lab.core.mobiles.mobile("234150000000001").state
        assert lab.switch_everything_off()
        assert lab.leftovers() == []

    def count(self, kind: type[Event]) -> int:
        """Return how often something happened."""
        return sum(isinstance(event, kind) for event in self._events)

    def first(self, kind: type[Event]) -> Event:
        """Return what happened first of a kind."""
        return next(event for event in self._events if isinstance(event, kind))


def test_cards_and_sgsns_have_what_the_file_says() -> None:
    """OPc is made of OP where the file has that; HLR and mobiles share one secret."""
    text = lab_file("gsm", card=f"count: 2\n    card: {{key: '{K}', op: '{OP}', sqn: 64}}")
    core = build(read(text, "lab.yaml")).core
    assert core is not None
    assert core.hlr is not None
    secret = MilenageSecret(bytes.fromhex(K), bytes.fromhex(OPC))
    for one in (*core.hlr.subscribers, *core.mobiles):
        assert (one.secret, one.sqn) == (secret, 64)
        assert one.secret is core.mobiles[0].secret
    assert core.sgsns["sgsn"].authentication is Authentication.GSM
    assert core.sgsns["sgsn"].radio.t3360 == 2


def test_without_a_word_nobody_is_authenticated() -> None:
    """So a lab that does not care need not know any key."""
    core = build(read(lab_file("none", card=""), "lab.yaml")).core
    assert core is not None
    assert core.sgsns["sgsn"].authentication is Authentication.NONE
    assert core.mobiles[0].secret is None


def test_a_mobile_may_have_another_card() -> None:
    """Then the HLR has the subscriber's, and the mobile its own."""
    text = lab_file(mobile=f"{{card: {SIM}}}")
    core = build(read(text, "lab.yaml")).core
    assert core is not None
    assert core.hlr is not None
    assert isinstance(core.hlr.subscribers[0].secret, MilenageSecret)
    assert core.mobiles[0].secret == XorSecret(bytes.fromhex(K))


@pytest.mark.parametrize(
    ("card", "says"),
    [
        (f"{{key: '{K}'}}", "lab.yaml:11:11: subscribers.0.card: milenage takes op or opc"),
        (f"{{key: '{K}', op: '{OP}', opc: '{OPC}'}}", "milenage takes op or opc"),
        (f"{{algorithm: xor, key: '{K}', op: '{OP}'}}", "xor has neither op, opc nor sqn"),
        ("{key: '12', op: '34'}", "lab.yaml:11:17: subscribers.0.card.key"),
        (f"{{key: '{K}', opc: '{OPC}', sqn: -1}}", "subscribers.0.card.sqn"),
    ],
)
def test_wrong_cards_have_a_place(card: str, says: str) -> None:
    """Line and column, and what is wrong."""
    with pytest.raises(SourceError, match=says.replace(".", r"\.")):
        build(read(lab_file(card=f"card: {card}"), "lab.yaml"))


@pytest.mark.parametrize(
    ("authentication", "card", "umts"),
    [("umts", USIM, True), ("gsm", USIM, False), ("umts", SIM, False), ("gsm", SIM, False)],
)
def test_a_mobile_attaches_with_its_card(authentication: str, card: str, umts: bool) -> None:
    """Whatever SGSN and card can do both, over GSUP and the radio link."""
    run = Run(authentication=authentication, card=f"card: {card}")
    assert run.state is MobileState.ATTACHED
    assert run.first(MobileAuthenticated) == MobileAuthenticated("234150000000001", umts)
    assert run.count(VectorsGiven) == 1


def test_a_card_that_is_ahead_attaches_all_the_same() -> None:
    """One resynchronisation."""
    run = Run(mobile=f"{{card: {{key: '{K}', opc: '{OPC}', sqn: 1073741824}}}}")
    assert run.state is MobileState.ATTACHED
    assert run.count(Resynchronised) == 1


def test_another_card_does_not_attach() -> None:
    """The mobile finds the network wrong, the network the mobile; neither tries again."""
    other = "00" * 16
    run = Run(mobile=f"{{card: {{key: '{other}', opc: '{OPC}'}}}}")
    assert run.state is MobileState.DETACHED
    assert [run.count(kind) for kind in (ChallengeRefused, AuthenticationRejected)] == [1, 1]
    assert run.first(AuthenticationFailed) == AuthenticationFailed("234150000000001", "MAC failure")


def test_a_mobile_is_authenticated_where_it_arrives() -> None:
    """By the vectors that the other SGSN gets itself."""
    run = Run(mobile="{moves: [{after: 60, cell: 21}]}")
    assert run.state is MobileState.ATTACHED
    assert run.count(MobileArrived) == 1
    assert run.count(MobileAuthenticated) == 2
    assert run.count(VectorsGiven) == 2


def test_the_file_bars_subscribers() -> None:
    """The HLR is told, and which SGSNs are of other networks."""
    text = lab_file("none", card="barring: roaming").replace(
        "{address: 127.0.0.3}", "{address: 127.0.0.3, foreign_sgsns: [127.0.0.4]}"
    )
    core = build(read(text, "lab.yaml")).core
    assert core is not None
    assert core.hlr is not None
    assert core.hlr.foreign_sgsns == ("127.0.0.4",)
    assert [one.barring for one in core.hlr.subscribers] == [Barring.ROAMING]
    run = Run(authentication="none", card="barring: attach")
    assert run.state is MobileState.DETACHED
    assert run.count(LocationUpdateFailed) == 1
