"""A modelled network of terminals on Gr: it stands for HLR, SGSN, radio and handsets.

Theory of operation. Each MT-forwardSM takes a time: to find the terminal (paging, channel,
authentication), unless the connection of the message before is still there because more were to
come, and to transfer the message. With a given probability it fails for now instead, and nothing
of it reaches the handset. What arrives is put together by the reassembly of ``corenet.mobile``, so
that what is shown, and what is thrown away, is as with a mobile of the lab.

It is here so that thousands of pushes cost seconds; ``validation`` compares it with the core.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from math import log
from random import Random

from corenet.interfaces.gsup import GsupMessage, MessageType, decode
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.interfaces.sms.causes import RpCause
from corenet.interfaces.sms.tpdu import Deliver
from corenet.interfaces.sms.tpdu import decode as decode_tpdu
from corenet.mobile.reassembly import Reassembly
from corenet.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Radio:
    """How long a short message takes to a terminal, and how often it fails. Times are seconds."""

    set_up: float
    """Until there is a connection to the terminal."""
    transfer: float
    """Median of the time from then to the acknowledgement."""
    spread: float
    """Standard deviation of the transfer time's logarithm: 0 for a constant time."""
    hold: float
    """How long a connection is kept for more to come."""
    failure: float
    """Probability that an attempt fails for now."""
    failure_time: float
    """Until that is known."""


@dataclass(frozen=True, slots=True)
class PushShown(Event):
    """A handset has put all parts of a message together."""

    msisdn: str
    payload: bytes


class ShortMessageNetwork:
    """Terminals that short messages reach (satisfies ``corenet.interfaces.node.Node``)."""

    def __init__(self, radio: Radio, *, reassembly: float, random: Random) -> None:
        """``reassembly`` is how long a handset keeps parts, in seconds."""
        self._radio = radio
        self._reassembly = reassembly
        self._random = random
        self._schedule = Schedule()
        self._datagrams: list[Datagram] = []
        self._events: list[Event] = []
        self._handsets: dict[str, Reassembly] = {}
        self._connected: dict[str, float] = {}
        """Until when each terminal's connection is kept."""
        self.attempts: Counter[str] = Counter()
        """Short messages sent to each terminal."""

    @property
    def name(self) -> str:
        """The name that traces use."""
        return "terminals"

    def start(self, now: float) -> None:
        """Begin; there is nothing to do."""

    def stop(self, now: float) -> None:
        """End; there is nothing to do."""

    def receive(
        self,
        interface: Interface,  # noqa: ARG002
        data: bytes,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002
        now: float,
    ) -> None:
        """Take a short message of an SMSC."""
        request = decode(data)
        if request.type is not MessageType.MT_FORWARD_SM_REQUEST or request.sm_rp_da is None:
            return
        terminal, radio = request.sm_rp_da.digits, self._radio
        self.attempts[terminal] += 1
        is_connected = self._connected.pop(terminal, now) > now
        if self._random.random() < radio.failure:
            takes = radio.failure_time
            ended = partial(self._fail, request, peer)
        else:
            takes = self._random.lognormvariate(log(radio.transfer), radio.spread)
            takes += 0.0 if is_connected else radio.set_up
            ended = partial(self._take, request, peer)
        self._schedule.at(now + takes, ended)

    def _take(self, request: GsupMessage, smsc: Address, now: float) -> None:
        assert request.sm_rp_da is not None
        terminal = request.sm_rp_da.digits
        if request.sm_rp_mms:
            self._connected[terminal] = now + self._radio.hold
        handset = self._handsets.get(terminal)
        if handset is None:
            handset = self._handsets[terminal] = Reassembly(self._reassembly)
        tpdu = decode_tpdu(request.sm_rp_ui or b"", uplink=False)
        handset.expire(now)
        if isinstance(tpdu, Deliver):
            whole, _ = handset.take(tpdu, now)
            if whole is not None:
                self._events.append(PushShown(terminal, whole.payload))
        self._answer(request, MessageType.MT_FORWARD_SM_RESULT, None, smsc)

    def _fail(self, request: GsupMessage, smsc: Address, now: float) -> None:  # noqa: ARG002
        kind, cause = MessageType.MT_FORWARD_SM_ERROR, RpCause.TEMPORARY_FAILURE
        self._answer(request, kind, cause, smsc)

    def _answer(
        self, request: GsupMessage, kind: MessageType, cause: int | None, smsc: Address
    ) -> None:
        assert request.sm_rp_da is not None
        answer = GsupMessage(
            kind,
            "",
            msisdn=request.sm_rp_da.digits,
            sm_rp_mr=request.sm_rp_mr,
            sm_rp_cause=cause,
        )
        self._datagrams.append(Datagram(Interface.GR, smsc, answer.encode()))

    def next_timeout(self) -> float | None:
        """Return when a message arrives or fails."""
        return self._schedule.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Let arrive and fail what is due."""
        self._schedule.ring(now)

    def take_datagrams(self) -> list[Datagram]:
        """Return the answers to SMSCs."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def take_events(self) -> list[Event]:
        """Return what handsets have shown."""
        taken, self._events = self._events, []
        return taken
