"""What both sides of an SMPP session share.

Spec: SMPP 3.4 §2.2–§2.9, §4.3, §7.2.

Theory of operation. Octets become PDUs. A response is matched with its request by sequence number
and ends it. A request is checked in this order: can it be decoded, does the peer ever begin it,
may it begin in this state, is there room and is the peer slow enough; each failure is answered with
the status that the standard has for it, and the session goes on. Only a command_length that is none
ends it, after generic_nack, because where the next PDU begins cannot be told any more.

Requests of ours go out as far as the window has room, the others wait. Each ends in exactly one of
``Answered``, ``TimedOut`` and ``LinkLost``. What keeps the link (bind, unbind, enquire_link) does
not wait. Requests of the peer's wait for ``respond`` in any order and number up to a bound.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Final

from corenet.interfaces.streams import Disconnect, Transmit
from corenet.schedule import Action, Alarm
from testbed.codecs.smpp import (
    AlertNotification,
    Bind,
    CommandId,
    CommandStatus,
    DataSm,
    EnquireLink,
    EnquireLinkResp,
    Framer,
    FramingError,
    GenericNack,
    Pdu,
    RemoteProtocolError,
    Request,
    Response,
    Unbind,
    UnbindResp,
    answer_to,
    decode,
    encode,
    response_to,
)
from testbed.codecs.smpp.base import P
from testbed.codecs.smpp.constants import RESPONSE_BIT, VERSION_3_3, VERSION_3_4
from testbed.codecs.smpp.messages import Message
from testbed.codecs.smpp.parameters import MESSAGE_PAYLOAD
from testbed.smpp.config import SmppLimits, SmppTimers
from testbed.smpp.errors import (
    NothingToAnswerError,
    QueueFullError,
    SessionStateError,
    VersionError,
)
from testbed.smpp.events import (
    Answered,
    LinkLost,
    PduRefused,
    PeerNacked,
    SessionClosed,
    SessionEvent,
    TimedOut,
    Unbound,
)
from testbed.smpp.states import OPERATIONS, TRANSITIONS, Happening, Side, State
from testbed.smpp.surroundings import Surroundings
from testbed.smpp.throttle import TokenBucket
from testbed.smpp.window import Outstanding, Waiting, Window

_SEQUENCE: Final = slice(12, 16)


class Session(ABC):
    """One session over one connection. Holds no socket and no clock."""

    SIDE: ClassVar[Side]

    def __init__(
        self,
        surroundings: Surroundings,
        connection: int,
        now: float,
        *,
        timers: SmppTimers | None = None,
        limits: SmppLimits | None = None,
    ) -> None:
        """Begin with a connection that is just there."""
        self.connection = connection
        self.timers = timers or SmppTimers()
        self.limits = limits or SmppLimits()
        self.state = State.OPEN
        self.version = VERSION_3_4
        """The version of SMPP that both sides have; known once bound."""
        self._surroundings = surroundings
        self._now = now
        self._heard = now
        self._active = now
        self._framer = Framer(self.limits.largest_pdu)
        self._window = Window(self.limits.window)
        self._unanswered: dict[int, CommandId] = {}
        self._bucket = TokenBucket(self.limits.rate, self.limits.burst, now)
        self._alarms: dict[str, Alarm] = {}
        self._start("session_init", self.timers.session_init, self._init_expired)

    # What can be asked

    @property
    def is_closed(self) -> bool:
        """Whether it is over."""
        return self.state is State.CLOSED

    @property
    def outstanding(self) -> int:
        """How many of our requests wait for a response."""
        return len(self._window)

    @property
    def queued(self) -> int:
        """How many of our requests wait for room in the window."""
        return len(self._window.queue)

    @property
    def unanswered(self) -> int:
        """How many of the peer's requests we have not answered."""
        return len(self._unanswered)

    # What happens to the connection

    def receive(self, data: bytes, now: float) -> None:
        """Take octets. Never raises for what a peer sent."""
        if self.is_closed:
            return
        self._now = self._heard = now
        self._framer.add(data)
        took_one = False
        while not self.is_closed:
            try:
                octets = self._framer.take()
            except FramingError as error:
                self._refuse(error, answer_to(error))
                self._end(error.text)
                return
            if octets is None:
                break
            took_one = True
            self._take(octets)
        self._watch_rest(took_one=took_one)

    def lost(self, reason: str, now: float) -> None:
        """Hear that the connection is over."""
        self._now = now
        self._end(reason, disconnect=False)

    # Commands

    def respond(self, sequence: int, response: Response, now: float) -> None:
        """Answer a request of the peer's.

        Once the session is over nobody waits for it, and nothing happens. Raise
        ``NothingToAnswerError`` where there is no such request.
        """
        if self.is_closed:
            return
        self._now = self._active = now
        command = self._unanswered.get(sequence)
        if command is None:
            raise NothingToAnswerError(f"no request with sequence number {sequence} waits")
        if response.COMMAND not in (command | RESPONSE_BIT, CommandId.GENERIC_NACK):
            raise NothingToAnswerError(
                f"{response.COMMAND.spelling} is no response to {command.spelling}"
            )
        self._send(self._as_understood(response), sequence)
        del self._unanswered[sequence]

    def unbind(self, now: float) -> None:
        """End the session in good order: unbind where it is bound, and close.

        What is in the queue is given up at once; what was sent may still be answered, and so may
        the peer's requests until it has answered unbind.
        """
        self._now = now
        if not self.state.is_bound:
            if self.state is not State.UNBOUND:
                self._end("closed before a bind")
            return
        self._send_link_request(Unbind())
        self._change(Happening.UNBIND)
        self._stop("enquire_link", "inactivity")
        self._give_up_queue()

    def close(self, reason: str, now: float) -> None:
        """End the session at once."""
        self._now = now
        self._end(reason)

    # PDUs of the peer's

    def _take(self, octets: bytes) -> None:
        try:
            sequence, pdu = decode(octets)
        except RemoteProtocolError as error:
            self._surroundings.counters["malformed"] += 1
            self._refuse(error, answer_to(error))
            return
        self._surroundings.counters[f"{pdu.COMMAND.spelling} received"] += 1
        if isinstance(pdu, Response):
            self._take_response(sequence, pdu)
        else:
            self._take_request(sequence, pdu)

    def _take_request(self, sequence: int, pdu: Pdu) -> None:
        command = pdu.COMMAND
        states = OPERATIONS[command].by(self.SIDE.peer)
        if not states:
            text = f"only the {self.SIDE.value} sends it"
            self._turn_down(sequence, pdu, CommandStatus.RINVCMDID, text, GenericNack)
        elif self.state not in states:
            again = isinstance(pdu, Bind) and self.state.is_bound
            status = CommandStatus.RALYBND if again else CommandStatus.RINVBNDSTS
            self._turn_down(sequence, pdu, status, f"the session is {self.state.value}")
        elif isinstance(pdu, EnquireLink):
            self._send(EnquireLinkResp(), sequence)
        elif isinstance(pdu, Unbind):
            self._send(UnbindResp(), sequence)
            self._change(Happening.UNBIND)
            self._tell(Unbound(self.connection))
            self._end("the peer has unbound")
        else:
            self._begin(sequence, pdu)

    @abstractmethod
    def _begin(self, sequence: int, pdu: Pdu) -> None:
        """Take a request that may begin now."""

    def _admit(self, sequence: int, pdu: Pdu, *, counts: bool) -> bool:
        """Return whether there is room for a request; where there is not it has been answered.

        ``counts`` says whether it is a message, which the rate is a bound for.
        """
        if sequence in self._unanswered:
            text = f"a request with sequence number {sequence} waits already"
            self._turn_down(sequence, pdu, CommandStatus.RSYSERR, text)
            return False
        if len(self._unanswered) >= self.limits.peer_window:
            text = f"{self.limits.peer_window} requests wait already"
        elif counts and not self._bucket.take(self._now):
            text = f"more than {self.limits.rate:g} messages a second"
        else:
            self._active = self._now
            self._unanswered[sequence] = pdu.COMMAND
            return True
        self._surroundings.counters["throttled"] += 1
        self._turn_down(sequence, pdu, CommandStatus.RTHROTTLED, text)
        return False

    def _turn_down(
        self,
        sequence: int,
        pdu: Pdu,
        status: CommandStatus,
        text: str,
        kind: Callable[..., Response] | None = None,
    ) -> None:
        """Refuse a request by its response, or by one of ``kind``."""
        name = pdu.COMMAND.spelling
        error = RemoteProtocolError(text, status=status, pdu=name, sequence=sequence)
        self._refuse(error, kind(status=status) if kind else response_to(pdu.COMMAND, status))

    def _refuse(self, error: RemoteProtocolError, answer: Response | None) -> None:
        self._surroundings.counters[f"refused {error.status.spelling}"] += 1
        if answer is not None:
            self._send(answer, error.sequence)
        self._tell(PduRefused(self.connection, error.pdu, error.status, str(error)))

    # Responses of the peer's

    def _take_response(self, sequence: int, response: Response) -> None:
        request = self._window.find(sequence)
        is_nack = response.COMMAND is CommandId.GENERIC_NACK
        if request is None or not (is_nack or request.command | RESPONSE_BIT == response.COMMAND):
            self._surroundings.counters["unmatched"] += 1
            if is_nack:
                self._tell(PeerNacked(self.connection, response.status))
            return
        self._window.remove(sequence)
        if request.in_window:
            self._active = self._now
            self._tell(Answered(self.connection, request.context, response))
            self._send_queued()
        elif request.command is CommandId.UNBIND:
            self._end("unbound")
        elif request.command is CommandId.ENQUIRE_LINK:
            self._watch_link()
        else:
            self._bind_answered(request.command, response)

    @abstractmethod
    def _bind_answered(self, command: CommandId, response: Response) -> None:
        """Take the answer to our bind."""

    # Requests of ours

    def _request(self, pdu: Request, context: object, now: float) -> None:
        """Send a request, now or when there is room."""
        self._now = now
        command = pdu.COMMAND
        self._check(command)
        octets = encode(self._as_understood(pdu), 0)
        if self._window.has_room and not self._window.queue:
            self._transmit(Waiting(command, octets, context))
        elif len(self._window.queue) < self.limits.queue:
            self._window.queue.append(Waiting(command, octets, context))
        else:
            raise QueueFullError(
                f"{self.outstanding} requests are outstanding and {self.queued} wait"
            )

    def _check(self, command: CommandId) -> None:
        states = OPERATIONS[command].by(self.SIDE)
        if self.state not in states:
            wanted = ", ".join(sorted(state.value for state in states)) or "no state"
            raise SessionStateError(
                f"{command.spelling} needs {wanted}, the session is {self.state.value}"
            )

    def _as_understood(self, pdu: P) -> P:
        """Return a PDU as the peer's version has it: 3.3 knows no optional parameters."""
        if self.version > VERSION_3_3:
            return pdu
        if isinstance(pdu, DataSm | AlertNotification):
            raise VersionError(f"SMPP 3.3 has no {pdu.COMMAND.spelling}")
        if isinstance(pdu, Message) and pdu.get(MESSAGE_PAYLOAD) is not None:
            raise VersionError("SMPP 3.3 has no message_payload")
        return pdu.without_tlvs()

    def _transmit(self, waiting: Waiting) -> None:
        """Send a request that waits for its response in the window."""
        self._active = self._now
        octets = waiting.octets
        sequence = self._await(waiting.command, waiting.context, self.timers.response, True)
        whole = b"".join(
            (octets[: _SEQUENCE.start], sequence.to_bytes(4), octets[_SEQUENCE.stop :])
        )
        self._put(waiting.command, whole)

    def _send_link_request(self, pdu: Request) -> None:
        """Send what keeps the link, window or not."""
        encode(pdu, 0)
        sequence = self._await(pdu.COMMAND, None, self.timers.link_response, False)
        self._send(pdu, sequence)

    def _await(self, command: CommandId, context: object, patience: float, in_window: bool) -> int:
        sequence = self._window.next_sequence()

        def expired(now: float) -> None:
            self._response_expired(sequence, now)

        alarm = self._surroundings.schedule.at(self._now + patience, expired)
        self._window.add(sequence, Outstanding(command, context, alarm, in_window))
        return sequence

    def _send_queued(self) -> None:
        while self.state.is_bound and self._window.queue and self._window.has_room:
            self._transmit(self._window.queue.popleft())

    def _give_up_queue(self) -> None:
        while self._window.queue:
            self._lose(self._window.queue.popleft().context, sent=False)

    def _lose(self, context: object, *, sent: bool) -> None:
        self._surroundings.counters["link-lost"] += 1
        self._tell(LinkLost(self.connection, context, sent))

    def _response_expired(self, sequence: int, now: float) -> None:
        self._now = now
        request = self._window.remove(sequence)
        self._surroundings.counters["timed-out"] += 1
        if request.in_window:
            self._tell(TimedOut(self.connection, request.context))
            self._send_queued()
        else:
            self._end(f"no response to {request.command.spelling}")

    # The link

    def _change(self, happening: Happening) -> None:
        self.state = TRANSITIONS[self.state, happening]

    def _bound(self, command_happened: Happening, version: int) -> None:
        """Begin to serve: the bind is accepted."""
        self._change(command_happened)
        self.version = version
        self._active = self._now
        self._stop("session_init")
        self._watch_link()
        if self.timers.inactivity is not None:
            self._start("inactivity", self.timers.inactivity, self._inactivity_expired)

    def _watch_link(self) -> None:
        interval = self.timers.enquire_link
        if interval is not None and self.state.is_bound:
            self._start("enquire_link", self._heard + interval - self._now, self._link_silent)

    def _link_silent(self, now: float) -> None:
        self._now = now
        interval = self.timers.enquire_link
        if interval is not None and now < self._heard + interval:
            self._watch_link()
        else:
            self._send_link_request(EnquireLink())

    def _inactivity_expired(self, now: float) -> None:
        self._now = now
        limit = self.timers.inactivity
        if limit is not None and now < self._active + limit:
            self._start("inactivity", self._active + limit - now, self._inactivity_expired)
        else:
            self.unbind(now)

    def _init_expired(self, now: float) -> None:
        self._now = now
        self._end(f"no bind within {self.timers.session_init:g} s")

    def _watch_rest(self, *, took_one: bool) -> None:
        """Watch how long the rest of a PDU takes to arrive."""
        if self.is_closed or self._framer.is_between_pdus:
            self._stop("whole_pdu")
        elif took_one or "whole_pdu" not in self._alarms:
            self._start("whole_pdu", self.timers.whole_pdu, self._pdu_expired)

    def _pdu_expired(self, now: float) -> None:
        self._now = now
        self._end(f"the rest of a PDU has not come within {self.timers.whole_pdu:g} s")

    def _end(self, reason: str, *, disconnect: bool = True) -> None:
        if self.is_closed:
            return
        self._change(Happening.END)
        self._stop(*self._alarms)
        if disconnect:
            self._surroundings.commands.append(Disconnect(self.connection))
        for request in self._window.clear():
            if request.in_window:
                self._lose(request.context, sent=True)
        self._give_up_queue()
        self._unanswered.clear()
        self._tell(SessionClosed(self.connection, reason))

    # Where things go

    def _send(self, pdu: Pdu, sequence: int) -> None:
        self._put(pdu.COMMAND, encode(pdu, sequence))

    def _put(self, command: CommandId, octets: bytes) -> None:
        self._surroundings.counters[f"{command.spelling} sent"] += 1
        self._surroundings.commands.append(Transmit(self.connection, octets))

    def _tell(self, event: SessionEvent) -> None:
        self._surroundings.events.append(event)

    def _start(self, timer: str, delay: float, action: Action) -> None:
        self._stop(timer)
        self._alarms[timer] = self._surroundings.schedule.at(self._now + delay, action)

    def _stop(self, *timers: str) -> None:
        for timer in timers:
            alarm = self._alarms.pop(timer, None)
            if alarm is not None:
                alarm.cancel()
