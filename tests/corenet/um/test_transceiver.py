"""The mobiles' end of the radio link: registration, silence, refusals, waits that grow."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from corenet.interfaces import gsmtap
from corenet.interfaces.gsmtap import LinkMessage, LinkVerb, RadioFrame
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.um.config import TransceiverConfig
from corenet.um.events import MobileRefused, NetworkFound, NetworkLost
from corenet.um.transceiver import PLACE, Transceiver

NETWORK, LOCAL = ("127.0.0.1", 4729), ("127.0.0.7", 40_000)
MOBILE = ("234150000000401", 26)


class Bench:
    """A transceiver, and what comes out of it."""

    def __init__(self) -> None:
        config = TransceiverConfig(NETWORK, LOCAL, "phones")
        self.node = Transceiver(config, name="transceiver", random=Random(1))
        self.now = 1000.0
        self.node.start(self.now)
        self.instance = self.messages()[0].instance

    def messages(self) -> list[LinkMessage]:
        """Return the messages that it has sent."""
        decoded = [gsmtap.decode(datagram.data) for datagram in self.node.take_datagrams()]
        return [message for message in decoded if isinstance(message, LinkMessage)]

    def hear(self, octets: bytes, peer: Address = NETWORK) -> list[Datagram]:
        self.node.receive(Interface.UM, octets, peer=peer, local=LOCAL, now=self.now)
        return self.node.take_datagrams()

    def told(self, verb: LinkVerb, text: str = "", instance: int | None = None) -> list[Datagram]:
        """Let the network say something."""
        number = self.instance if instance is None else instance
        return self.hear(gsmtap.encode_link(LinkMessage(verb, number, text)))

    def found(self) -> None:
        self.told(LinkVerb.REGISTERED)
        assert self.events() == [NetworkFound(NETWORK)]

    def up(self) -> list[Datagram]:
        """Let a mobile send a frame."""
        self.node.receive(Interface.RADIO, b"frame", peer=MOBILE, local=PLACE, now=self.now)
        return self.node.take_datagrams()

    def wait(self, seconds: float) -> None:
        end = self.now + seconds
        while (due := self.node.next_timeout()) is not None and due <= end:
            self.now = due
            self.node.handle_timeout(due)
        self.now = end

    def events(self) -> list[Event]:
        return self.node.take_events()


def test_it_registers_by_its_name_and_finds_the_network() -> None:
    """At once; frames pass from then on."""
    bench = Bench()
    assert bench.up() == []
    bench.found()
    assert bench.node.found
    (datagram,) = bench.up()
    assert (datagram.interface, datagram.peer) == (Interface.UM, NETWORK)
    assert gsmtap.decode(datagram.data) == RadioFrame(*MOBILE, True, b"frame")
    down = bench.hear(gsmtap.encode_frame(RadioFrame(*MOBILE, False, b"frame")))
    assert down == [Datagram(Interface.RADIO, MOBILE, b"frame")]
    assert bench.node.counters == {
        "frames_out_of_reach": 1,
        "registrations": 1,
        "frames_up": 1,
        "frames_down": 1,
    }


def test_it_tries_again_after_waits_that_double() -> None:
    """Up to the longest one, and from the first again once the network was there."""
    bench = Bench()
    bench.wait(120.0)
    lost = [event for event in bench.events() if isinstance(event, NetworkLost)]
    assert [event.again_in for event in lost] == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    assert {event.reason for event in lost} == {"it does not answer"}
    assert {message.verb for message in bench.messages()} == {LinkVerb.REGISTER}
    bench.found()
    bench.told(LinkVerb.GOODBYE)
    assert bench.events() == [NetworkLost(NETWORK, "it said goodbye", 0.5)]


def test_it_says_every_few_seconds_that_it_is_there() -> None:
    """The network answers each time."""
    bench = Bench()
    bench.found()
    for _ in range(5):
        bench.wait(5.0)
        assert [message.text for message in bench.messages()] == ["phones"]
        bench.told(LinkVerb.REGISTERED)
    assert bench.events() == []


def test_a_network_that_falls_silent_is_lost() -> None:
    """After three messages without an answer; mobiles' frames are lost then."""
    bench = Bench()
    bench.found()
    bench.wait(19.9)
    assert len(bench.messages()) == 3
    assert bench.events() == []
    bench.wait(0.1)
    assert bench.events() == [NetworkLost(NETWORK, "it does not answer", 0.5)]
    assert bench.up() == []
    assert bench.node.counters["losses"] == 1


def test_it_registers_at_once_with_a_network_that_was_restarted() -> None:
    """One that does not know it says so when it sends a frame."""
    bench = Bench()
    bench.found()
    (again,) = bench.told(LinkVerb.REFUSED, "not registered", instance=0)
    message = gsmtap.decode(again.data)
    assert isinstance(message, LinkMessage)
    assert message.verb is LinkVerb.REGISTER
    assert bench.events() == []


def test_a_refusal_before_the_network_was_found_changes_nothing_if_it_is_no_news() -> None:
    """It is registering already."""
    bench = Bench()
    assert bench.told(LinkVerb.REFUSED, "not registered", instance=0) == []
    assert bench.events() == []


def test_a_refusal_is_told_with_its_reason() -> None:
    """And tried again later, as silence is."""
    bench = Bench()
    bench.told(LinkVerb.REFUSED, "127.0.0.7 is not among the clients")
    assert bench.events() == [NetworkLost(NETWORK, "127.0.0.7 is not among the clients", 0.5)]
    bench.wait(0.5)
    assert [message.verb for message in bench.messages()] == [LinkVerb.REGISTER]


def test_a_refused_mobile_is_told_and_the_others_go_on() -> None:
    """The network stays found."""
    bench = Bench()
    bench.found()
    bench.told(LinkVerb.REFUSED, "IMSI 234150000000401: no cell 26")
    assert bench.events() == [MobileRefused(NETWORK, "IMSI 234150000000401: no cell 26")]
    assert bench.node.found


def test_what_is_not_for_it_is_counted() -> None:
    """Datagrams of others, for others, malformed, or of the wrong direction."""
    bench = Bench()
    bench.hear(b"what", LOCAL)
    bench.hear(b"what")
    bench.told(LinkVerb.REGISTERED, instance=7)
    bench.told(LinkVerb.REGISTER)
    bench.hear(gsmtap.encode_frame(RadioFrame(*MOBILE, False, b"frame")))
    assert bench.node.counters == {
        "datagrams_of_others": 1,
        "datagrams_malformed": 1,
        "messages_for_others": 1,
        "messages_unexpected": 1,
        "frames_unexpected": 1,
    }


def test_it_says_goodbye_and_has_no_timer_left() -> None:
    """To a network that it has found; nothing is heard afterwards."""
    bench = Bench()
    bench.found()
    bench.node.stop(bench.now)
    assert bench.messages() == [LinkMessage(LinkVerb.GOODBYE, bench.instance)]
    assert bench.node.next_timeout() is None
    bench.told(LinkVerb.REGISTERED)
    assert bench.events() == []
    silent = Bench()
    silent.node.stop(silent.now)
    assert silent.messages() == []


@pytest.mark.parametrize(
    "settings",
    [
        {"process": ""},
        {"process": "a\n"},
        {"process": "\u00e4"},
        {"interval": 0.0},
        {"first_wait": 31.0},
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, Any]) -> None:
    """ValueError."""
    with pytest.raises(ValueError):
        TransceiverConfig(NETWORK, **settings)
