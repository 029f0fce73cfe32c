"""The network for mobiles of this process, which is another one.

Spec: GSMTAP (``corenet.interfaces.gsmtap``).

Theory of operation. It registers with the network, and again every ``interval``: that keeps it
known there, and tells it whether the network is there.

    SEARCHING -(REGISTERED)-------------------------> FOUND
    SEARCHING -(REFUSED, silence)-------------------> SEARCHING, after a wait that doubles
    FOUND     -(silence, GOODBYE, REFUSED)----------> SEARCHING

"Not registered" is what a network says that was restarted: then it registers at once. A refusal
that names an IMSI is about that mobile only. While the network is not found, what mobiles send is
lost, as without coverage, which is what they are told by who listens to the events.
"""

from __future__ import annotations

from random import Random

from corenet.interfaces.gsmtap import (
    GsmtapError,
    LinkMessage,
    LinkVerb,
    RadioFrame,
    decode,
    encode_frame,
)
from corenet.interfaces.node import Address, Datagram, Interface
from corenet.schedule import Action, Alarm
from corenet.um.config import TransceiverConfig
from corenet.um.events import MobileRefused, NetworkFound, NetworkLost
from corenet.um.node import UmNode

PLACE: Address = ("network", 0)
"""Where mobiles find the network on RADIO."""

_OF_ONE_MOBILE = "IMSI "
_NOT_REGISTERED = "not registered"


class Transceiver(UmNode):
    """The mobiles' end (satisfies ``corenet.interfaces.node.Node``).

    It attaches to RADIO at ``PLACE``, and to UM where the process is.
    """

    def __init__(self, config: TransceiverConfig, *, name: str, random: Random) -> None:
        super().__init__(name)
        self._config = config
        self._instance = random.getrandbits(63) + 1
        self._found = False
        self._unanswered = 0
        self._wait = config.first_wait
        self._alarm: Alarm | None = None
        self._stopped = False

    @property
    def config(self) -> TransceiverConfig:
        """What it was made with."""
        return self._config

    @property
    def found(self) -> bool:
        """Whether the network is there."""
        return self._found

    def start(self, now: float) -> None:
        """Look for the network."""
        self._search(now)

    def stop(self, now: float) -> None:  # noqa: ARG002 - as every node
        """Say goodbye."""
        self._stopped = True
        self._quiet()
        if self._found:
            self._found = False
            self._say(self._config.network, LinkMessage(LinkVerb.GOODBYE, self._instance))

    def receive(
        self,
        interface: Interface,
        data: bytes,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002 - one address per interface
        now: float,
    ) -> None:
        """Take a frame of a mobile, or what the network sends."""
        if interface is Interface.RADIO:
            self._send_up(data, peer)
        elif peer != self._config.network:
            self._counts["datagrams_of_others"] += 1
        elif not self._stopped:
            self._take(data, now)

    def _send_up(self, data: bytes, mobile: Address) -> None:
        if not self._found:
            self._counts["frames_out_of_reach"] += 1
            return
        self._counts["frames_up"] += 1
        frame = RadioFrame(mobile[0], mobile[1], uplink=True, octets=data)
        self._datagrams.append(Datagram(Interface.UM, self._config.network, encode_frame(frame)))

    def _take(self, data: bytes, now: float) -> None:
        try:
            message = decode(data)
        except GsmtapError:
            self._counts["datagrams_malformed"] += 1
            return
        if isinstance(message, RadioFrame):
            self._take_frame(message)
        elif message.instance not in (self._instance, 0):
            self._counts["messages_for_others"] += 1
        elif message.verb is LinkVerb.REGISTERED:
            self._registered(now)
        elif message.verb is LinkVerb.REFUSED:
            self._refused(message.text, now)
        elif message.verb is LinkVerb.GOODBYE:
            self._lose("it said goodbye", now)
        else:
            self._counts["messages_unexpected"] += 1

    def _take_frame(self, frame: RadioFrame) -> None:
        if frame.uplink or not self._found:
            self._counts["frames_unexpected"] += 1
            return
        self._counts["frames_down"] += 1
        mobile = (frame.imsi, frame.cell)
        self._datagrams.append(Datagram(Interface.RADIO, mobile, frame.octets))

    # Registration

    def _search(self, now: float) -> None:
        self._register()
        self._after(self._config.answer, self._unheard, now)

    def _register(self) -> None:
        message = LinkMessage(LinkVerb.REGISTER, self._instance, self._config.process)
        self._say(self._config.network, message)

    def _registered(self, now: float) -> None:
        self._unanswered = 0
        if self._found:
            return
        self._found = True
        self._wait = self._config.first_wait
        self._counts["registrations"] += 1
        self._events.append(NetworkFound(self._config.network))
        self._after(self._config.interval, self._keep, now)

    def _keep(self, now: float) -> None:
        """Say that it is still here, unless the network has not answered for too long."""
        if self._unanswered >= self._config.missed:
            self._unheard(now)
            return
        self._unanswered += 1
        self._register()
        self._after(self._config.interval, self._keep, now)

    def _unheard(self, now: float) -> None:
        self._lose("it does not answer", now)

    def _refused(self, why: str, now: float) -> None:
        self._counts["refusals"] += 1
        if why.startswith(_OF_ONE_MOBILE):
            self._events.append(MobileRefused(self._config.network, why))
        elif why == _NOT_REGISTERED and self._found:
            self._register()
        elif why != _NOT_REGISTERED:
            self._lose(why, now)

    def _lose(self, reason: str, now: float) -> None:
        """Do without the network until it is found again."""
        if self._found:
            self._counts["losses"] += 1
        self._found = False
        self._unanswered = 0
        self._events.append(NetworkLost(self._config.network, reason, self._wait))
        self._after(self._wait, self._search, now)
        self._wait = min(2 * self._wait, self._config.longest_wait)

    def _after(self, wait: float, action: Action, now: float) -> None:
        self._quiet()
        self._alarm = self._schedule.at(now + wait, action)

    def _quiet(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
