"""The network's end of the radio link: who registers, where mobiles are, what is refused."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest

from corenet.interfaces import gsmtap, paging
from corenet.interfaces.gsmtap import LinkMessage, LinkVerb, RadioFrame
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.um.base_station import BaseStation
from corenet.um.config import BaseStationConfig
from corenet.um.events import MobilesConnected, MobilesDisconnected

LISTEN = ("127.0.0.1", 4729)
PHONES, OTHERS = ("127.0.0.7", 40_000), ("127.0.0.8", 40_000)
SGSN, SECOND = ("sgsn", 0), ("second", 0)
IMSI, OWN = "234150000000401", "234150000000402"


class Bench:
    """A base station of two cells, and what comes out of it."""

    def __init__(self, **settings: Any) -> None:
        config = BaseStationConfig(
            LISTEN, frozenset({1, 2}), {1: SGSN, 2: SECOND}, own={OWN}, **settings
        )
        self.node = BaseStation(config, name="bts")
        self.now = 1000.0
        self.node.start(self.now)

    def hear(self, octets: bytes, peer: Address = PHONES) -> list[Datagram]:
        """Let it receive a datagram; return what it sends."""
        self.node.receive(Interface.UM, octets, peer=peer, local=LISTEN, now=self.now)
        return self.node.take_datagrams()

    def register(
        self, peer: Address = PHONES, instance: int = 1, name: str = "phones"
    ) -> list[Datagram]:
        return self.hear(gsmtap.encode_link(LinkMessage(LinkVerb.REGISTER, instance, name)), peer)

    def up(self, imsi: str = IMSI, cell: int = 1, peer: Address = PHONES) -> list[Datagram]:
        return self.hear(gsmtap.encode_frame(RadioFrame(imsi, cell, True, b"frame")), peer)

    def down(self, octets: bytes = b"frame", imsi: str = IMSI) -> list[Datagram]:
        """Let an SGSN send a frame."""
        self.node.receive(Interface.RADIO, octets, peer=SGSN, local=(imsi, 1), now=self.now)
        return self.node.take_datagrams()

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.node.next_timeout()) is not None and due <= end:
            self.now = due
            self.node.handle_timeout(due)
        self.now = end

    def events(self) -> list[Event]:
        return self.node.take_events()


def said(datagrams: list[Datagram]) -> tuple[LinkVerb, str]:
    """Return the only message among the datagrams."""
    (datagram,) = datagrams
    message = gsmtap.decode(datagram.data)
    assert isinstance(message, LinkMessage)
    return message.verb, message.text


def test_a_process_registers_and_is_answered() -> None:
    """It is known where its messages come from; once more changes nothing."""
    bench = Bench()
    for _ in range(2):
        (answer,) = bench.register()
        assert (answer.interface, answer.peer) == (Interface.UM, PHONES)
        assert gsmtap.decode(answer.data) == LinkMessage(LinkVerb.REGISTERED, 1)
    assert bench.events() == [MobilesConnected("phones", PHONES)]
    assert bench.node.processes == 1
    assert bench.node.counters == {"registrations": 1}


def test_frames_go_up_to_the_sgsn_of_the_cell_and_come_down_to_the_process() -> None:
    """A mobile is where its last frame came from."""
    bench = Bench()
    bench.register()
    assert not bench.node.claims((IMSI, 1))
    for cell, sgsn in ((1, SGSN), (2, SECOND)):
        assert bench.up(cell=cell) == [Datagram(Interface.RADIO, sgsn, b"frame", (IMSI, cell))]
    assert bench.node.claims((IMSI, 1))
    (datagram,) = bench.down()
    assert datagram.peer == PHONES
    assert gsmtap.decode(datagram.data) == RadioFrame(IMSI, 1, False, b"frame")
    assert bench.node.counters == {"registrations": 1, "frames_up": 2, "frames_down": 1}


def test_pages_go_down_as_pages() -> None:
    """On the paging channel, so that Wireshark reads them."""
    bench = Bench()
    bench.register()
    bench.up()
    (datagram,) = bench.down(paging.encode(0xC0000001))
    assert datagram.data[2] == 1


def test_a_silent_process_is_gone_and_its_mobiles_are_out_of_reach_until_it_is_back() -> None:
    """After ``patience`` since it was last heard of; frames count as a word, too."""
    bench = Bench()
    bench.register()
    bench.wait(10.0)
    bench.up()
    bench.wait(14.9)
    assert bench.down()
    bench.wait(0.1)
    assert bench.events()[1:] == [MobilesDisconnected("phones", PHONES, "silent for 15 s")]
    assert bench.down() == []
    assert bench.node.counters["frames_out_of_reach"] == 1
    assert bench.node.next_timeout() is None
    bench.register()
    assert bench.down()


def test_a_process_says_goodbye() -> None:
    """It is gone at once; another instance's goodbye, or a stranger's, is none of its."""
    bench = Bench()
    bench.register()
    for instance, peer in ((2, PHONES), (1, OTHERS)):
        bench.hear(gsmtap.encode_link(LinkMessage(LinkVerb.GOODBYE, instance)), peer)
    assert bench.node.counters["messages_unexpected"] == 2
    bench.hear(gsmtap.encode_link(LinkMessage(LinkVerb.GOODBYE, 1)))
    assert bench.events()[1:] == [MobilesDisconnected("phones", PHONES, "it said goodbye")]


def test_a_newer_instance_takes_a_name_over() -> None:
    """The older one is told, and where its mobiles are is known still."""
    bench = Bench()
    bench.register()
    bench.up()
    refused, accepted = bench.register(OTHERS, instance=2)
    assert refused.peer == PHONES
    assert said([refused]) == (LinkVerb.REFUSED, "its name was taken over")
    assert (accepted.peer, said([accepted])) == (OTHERS, (LinkVerb.REGISTERED, ""))
    assert bench.down()[0].peer == OTHERS


def test_a_process_is_followed_to_another_address() -> None:
    """The same instance from elsewhere: behind a NAT that has forgotten."""
    bench = Bench()
    bench.register()
    bench.up()
    assert said(bench.register(OTHERS)) == (LinkVerb.REGISTERED, "")
    assert bench.down()[0].peer == OTHERS
    assert "processes_replaced" not in bench.node.counters


def test_another_name_from_the_same_address_replaces_the_first() -> None:
    """Two processes cannot be there."""
    bench = Bench()
    bench.register()
    bench.register(instance=2, name="tablets")
    assert bench.events()[1:] == [
        MobilesDisconnected("phones", PHONES, "another process has its address"),
        MobilesConnected("tablets", PHONES),
    ]


@pytest.mark.parametrize(
    ("imsi", "cell", "why"),
    [
        (OWN, 1, f"IMSI {OWN}: it is in the network's own process"),
        (IMSI, 1, f"IMSI {IMSI}: it is in the process phones"),
        ("234150000000409", 3, "IMSI 234150000000409: no cell 3"),
    ],
)
def test_a_mobile_that_may_not_be_there_is_refused(imsi: str, cell: int, why: str) -> None:
    """With what is wrong."""
    bench = Bench()
    bench.register()
    bench.up()
    bench.register(OTHERS, instance=2, name="tablets")
    assert said(bench.up(imsi, cell, OTHERS)) == (LinkVerb.REFUSED, why)


def test_a_mobile_goes_to_another_process_when_its_own_is_gone() -> None:
    """As a SIM goes to another handset."""
    bench = Bench()
    bench.register()
    bench.up()
    bench.hear(gsmtap.encode_link(LinkMessage(LinkVerb.GOODBYE, 1)))
    bench.register(OTHERS, instance=2, name="tablets")
    assert bench.up(peer=OTHERS)[0].interface is Interface.RADIO
    assert bench.down()[0].peer == OTHERS


def test_frames_of_a_process_that_is_not_registered_are_refused() -> None:
    """So that it registers at once."""
    assert said(Bench().up()) == (LinkVerb.REFUSED, "not registered")


def test_only_the_clients_are_admitted() -> None:
    """A registration is answered, all else is silence."""
    bench = Bench(clients=(IPv4Network("127.0.0.7/32"),))
    why = "127.0.0.8 is not among the clients"
    assert said(bench.register(OTHERS)) == (LinkVerb.REFUSED, why)
    assert bench.up(peer=OTHERS) == []
    assert bench.hear(b"what", OTHERS) == []
    assert bench.node.counters == {"datagrams_not_admitted": 3, "refusals": 1}
    assert said(bench.register())[0] is LinkVerb.REGISTERED


def test_what_is_malformed_is_counted() -> None:
    """Octets that are nothing, and a downlink frame that comes up."""
    bench = Bench()
    bench.register()
    assert bench.hear(b"what") == []
    assert bench.hear(gsmtap.encode_frame(RadioFrame(IMSI, 1, False, b"frame"))) == []
    assert bench.node.counters["datagrams_malformed"] == 2


def test_there_is_an_end_to_processes_and_to_mobiles() -> None:
    """A further one is refused; those that are gone are forgotten to make room."""
    bench = Bench(processes=1, mobiles=1)
    bench.register()
    bench.up()
    why = f"IMSI {IMSI[:-1]}9: there are too many mobiles"
    assert said(bench.up(IMSI[:-1] + "9")) == (LinkVerb.REFUSED, why)
    why = "there are too many processes"
    assert said(bench.register(OTHERS, name="tablets")) == (LinkVerb.REFUSED, why)
    for number in range(2, 4):
        bench.hear(gsmtap.encode_link(LinkMessage(LinkVerb.GOODBYE, number - 1)))
        assert said(bench.register(instance=number, name=f"p{number}"))[0] is LinkVerb.REGISTERED
    assert not bench.node.claims((IMSI, 1))


def test_the_network_says_goodbye() -> None:
    """To every process; what comes afterwards is not heard."""
    bench = Bench()
    bench.register()
    bench.register(OTHERS, instance=2, name="tablets")
    bench.node.stop(bench.now)
    sent = bench.node.take_datagrams()
    assert [datagram.peer for datagram in sent] == [PHONES, OTHERS]
    assert {said([datagram])[0] for datagram in sent} == {LinkVerb.GOODBYE}
    assert bench.register() == []


@pytest.mark.parametrize(
    "settings",
    [{"patience": 0.0}, {"processes": 0}, {"mobiles": 0}, {"sgsns": {1: SGSN}}],
)
def test_wrong_settings_are_refused(settings: dict[str, Any]) -> None:
    """ValueError."""
    parts: dict[str, Any] = {"sgsns": {1: SGSN, 2: SGSN}} | settings
    with pytest.raises(ValueError):
        BaseStationConfig(LISTEN, frozenset({1, 2}), **parts)
