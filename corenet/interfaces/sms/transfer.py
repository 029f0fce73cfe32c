"""The transfer of one RP message and its answer, between SGSN and mobile.

Specs: TS 24.011 §5 (SM-CP, TC1*), §6 (SM-RP, TR1M, TR1N, TR2M, TR2N), §9.2 (errors), §10.1
(timers); TS 24.007 §11.2.3 (transaction identifiers).

Theory of operation. Both sides and both directions run the same machine: one side requests
(RP-DATA or RP-SMMA), the other responds (RP-ACK or RP-ERROR). Each of the two RP messages goes in
a CP-DATA that is sent again at each expiry of TC1* until a CP-ACK comes, or until the last
attempt. TR1 bounds the whole request; TR2 how long the responder may think. A transfer that is
over lingers, so that a CP-DATA that comes once more, for the CP-ACK was lost, is acknowledged
once more. ``TRANSITIONS`` is the machine:

    requester   REQUESTING (TC1*, TR1) -> AWAITING_ANSWER (TR1) -> ENDED
    responder   ANSWER_DUE (TR2) -> ANSWERING (TC1*) -> ENDED

``TransferTable`` holds the transfers of one mobile, by transaction identifier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from types import MappingProxyType
from typing import Final, Protocol

from corenet.interfaces.sms.causes import CpCause
from corenet.interfaces.sms.cp import (
    CpAck,
    CpData,
    CpDecodeError,
    CpError,
    CpMessage,
    Transaction,
    decode,
)

_MOST_TRANSACTIONS: Final = 7


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Make sure that the call does not happen. Safe after it has happened."""
        ...


class Timers(Protocol):
    """Where calls that are due later are set."""

    def at(self, due: float, action: Callable[[float], None], /) -> Timer:
        """Call ``action`` with the time at ``due``."""
        ...


@dataclass(frozen=True, slots=True)
class TransferTimers:
    """Timers of a transfer, in seconds (TS 24.011 §10.1)."""

    tc1: float = 10.0
    """TC1*: CP-DATA until CP-ACK."""
    attempts: int = 3
    """Transmissions of a CP-DATA in all; at most three may be repetitions (§5.3.2.1)."""
    tr1: float = 40.0
    """TR1M, TR1N: a request until its answer; 35 to 45."""
    tr2: float = 15.0
    """TR2M, TR2N: a request that came until it is answered; 12 to 20."""

    def __post_init__(self) -> None:
        if not 1 <= self.attempts <= 4:
            raise ValueError(f"{self.attempts} attempts are not 1 to 4")

    @property
    def linger(self) -> float:
        """How long the other side may repeat itself."""
        return self.tc1 * self.attempts


class State(StrEnum):
    """Where a transfer stands."""

    REQUESTING = "requesting"
    """CP-DATA with the request has been sent; TC1* and TR1 run."""
    AWAITING_ANSWER = "awaiting the answer"
    """The request is acknowledged; TR1 runs."""
    ANSWER_DUE = "answer due"
    """A request has come and is acknowledged; TR2 runs."""
    ANSWERING = "answering"
    """CP-DATA with the answer has been sent; TC1* runs."""
    ENDED = "ended"
    """Over, but for CP-DATA that is repeated."""


class Input(Enum):
    """What can happen to a transfer."""

    CP_DATA = auto()
    CP_ACK = auto()
    CP_ERROR = auto()
    ANSWER = auto()
    """The answer is given to be sent."""
    TC1 = auto()
    LAST_TC1 = auto()
    """TC1* has expired after the last attempt."""
    TR1 = auto()
    TR2 = auto()


class Failure(StrEnum):
    """Why a transfer has failed."""

    SILENT = "no acknowledgement"
    """No CP-ACK: the other side is out of reach."""
    UNANSWERED = "no answer"
    """CP-ACK but no RP answer in time."""
    REFUSED = "CP-ERROR"
    """The other side has given it up with CP-ERROR."""
    DROPPED = "dropped"
    """Given up from outside: the mobile is gone."""


class _Do(Enum):
    """What a transition does."""

    ACKNOWLEDGE = auto()
    """Send CP-ACK."""
    TRANSMIT = auto()
    """Send CP-DATA and start TC1*."""
    CONFIRM = auto()
    """Tell the requester the answer that came."""
    ABORT = auto()
    """Send CP-ERROR (§9.2.1)."""
    FAIL_SILENT = auto()
    FAIL_UNANSWERED = auto()
    FAIL_REFUSED = auto()


_Table = Mapping[tuple[State, Input], tuple[tuple[_Do, ...], State]]

TRANSITIONS: Final[_Table] = MappingProxyType(
    {
        (State.REQUESTING, Input.CP_ACK): ((), State.AWAITING_ANSWER),
        # The answer says that the request has come, whatever became of the CP-ACK.
        (State.REQUESTING, Input.CP_DATA): ((_Do.ACKNOWLEDGE, _Do.CONFIRM), State.ENDED),
        (State.REQUESTING, Input.CP_ERROR): ((_Do.FAIL_REFUSED,), State.ENDED),
        (State.REQUESTING, Input.TC1): ((_Do.TRANSMIT,), State.REQUESTING),
        (State.REQUESTING, Input.LAST_TC1): ((_Do.FAIL_SILENT,), State.ENDED),
        (State.REQUESTING, Input.TR1): ((_Do.ABORT, _Do.FAIL_SILENT), State.ENDED),
        (State.AWAITING_ANSWER, Input.CP_DATA): ((_Do.ACKNOWLEDGE, _Do.CONFIRM), State.ENDED),
        (State.AWAITING_ANSWER, Input.CP_ERROR): ((_Do.FAIL_REFUSED,), State.ENDED),
        (State.AWAITING_ANSWER, Input.TR1): ((_Do.ABORT, _Do.FAIL_UNANSWERED), State.ENDED),
        (State.ANSWER_DUE, Input.CP_DATA): ((_Do.ACKNOWLEDGE,), State.ANSWER_DUE),
        (State.ANSWER_DUE, Input.ANSWER): ((_Do.TRANSMIT,), State.ANSWERING),
        (State.ANSWER_DUE, Input.CP_ERROR): ((_Do.FAIL_REFUSED,), State.ENDED),
        (State.ANSWER_DUE, Input.TR2): ((_Do.ABORT, _Do.FAIL_UNANSWERED), State.ENDED),
        (State.ANSWERING, Input.CP_DATA): ((_Do.ACKNOWLEDGE,), State.ANSWERING),
        (State.ANSWERING, Input.CP_ACK): ((), State.ENDED),
        (State.ANSWERING, Input.CP_ERROR): ((_Do.FAIL_REFUSED,), State.ENDED),
        (State.ANSWERING, Input.TC1): ((_Do.TRANSMIT,), State.ANSWERING),
        (State.ANSWERING, Input.LAST_TC1): ((_Do.FAIL_SILENT,), State.ENDED),
        (State.ENDED, Input.CP_DATA): ((_Do.ACKNOWLEDGE,), State.ENDED),
    }
)
"""What is not here changes nothing: an acknowledgement twice, an answer to what is over."""

Answered = Callable[[bytes | None, Failure | None, float], None]
"""Called once with the RP answer, or with why there is none."""

Requested = Callable[["Transfer", bytes, float], None]
"""Called with an RP request of the other side, to be answered with ``Transfer.answer``."""


class Transfer:
    """One RP message and its answer."""

    __slots__ = ("_answered", "_attempt", "_guard", "_message", "_repeat", "_table", "state", "ti")

    def __init__(
        self, table: TransferTable, ti: Transaction, state: State, answered: Answered | None
    ) -> None:
        self._table = table
        self.ti = ti
        """The transaction identifier in what we send."""
        self.state = state
        self._answered = answered
        self._message = b""
        self._attempt = 0
        self._repeat: Timer | None = None
        """TC1*."""
        self._guard: Timer | None = None
        """TR1 or TR2, in the end the lingering."""

    @property
    def is_request(self) -> bool:
        """Whether our side has begun it."""
        return not self.ti.to_allocator

    @property
    def is_open(self) -> bool:
        """Whether it is still under way."""
        return self.state is not State.ENDED

    def request(self, message: bytes, now: float) -> None:
        """Send the request."""
        self._message = message
        self._watch(self._table.timers.tr1, Input.TR1, now)
        self._transmit(now)

    def requested(self, now: float) -> None:
        """Acknowledge the other side's request."""
        self._table.send(CpAck(self.ti))
        self._watch(self._table.timers.tr2, Input.TR2, now)

    def answer(self, message: bytes, now: float) -> None:
        """Send the RP answer; nothing where it comes too late."""
        if self.state is State.ANSWER_DUE:
            self._message = message
            self._attempt = 0
            self.take(Input.ANSWER, b"", now)

    def drop(self, now: float) -> None:
        """Give it up without a word."""
        self._end(now)
        self._fail(Failure.DROPPED, now)

    def take(self, what: Input, data: bytes, now: float) -> None:
        """Follow the table; ``data`` is what a CP-DATA carries."""
        transition = TRANSITIONS.get((self.state, what))
        if transition is None:
            return
        effects, following = transition
        before, self.state = self.state, following
        if what is not Input.CP_DATA or following is not before:
            self._stop_repeating()
        if following is State.ENDED and before is not State.ENDED:
            self._end(now)
        for effect in effects:
            self._carry_out(effect, data, now)

    def _carry_out(self, effect: _Do, data: bytes, now: float) -> None:
        if effect is _Do.ACKNOWLEDGE:
            self._table.send(CpAck(self.ti))
        elif effect is _Do.TRANSMIT:
            if self.state is State.ANSWERING and self._guard is not None:
                self._guard.cancel()
            self._transmit(now)
        elif effect is _Do.ABORT:
            self._table.send(CpError(self.ti, CpCause.PROTOCOL_ERROR))
        elif effect is _Do.CONFIRM:
            self._confirm(data, None, now)
        else:
            self._fail(_FAILURES[effect], now)

    def _transmit(self, now: float) -> None:
        self._attempt += 1
        self._table.send(CpData(self.ti, self._message))
        timers = self._table.timers
        last = self._attempt >= timers.attempts
        expiry = Input.LAST_TC1 if last else Input.TC1
        self._repeat = self._table.schedule.at(
            now + timers.tc1, lambda now: self.take(expiry, b"", now)
        )

    def _watch(self, seconds: float, expiry: Input, now: float) -> None:
        self._guard = self._table.schedule.at(
            now + seconds, lambda now: self.take(expiry, b"", now)
        )

    def _stop_repeating(self) -> None:
        if self._repeat is not None:
            self._repeat.cancel()
            self._repeat = None

    def _end(self, now: float) -> None:
        self.state = State.ENDED
        self._message = b""
        self._stop_repeating()
        if self._guard is not None:
            self._guard.cancel()
        self._guard = self._table.schedule.at(
            now + self._table.timers.linger, lambda _: self._table.forget(self)
        )

    def stop_lingering(self) -> None:
        """Make room for another transfer."""
        if self._guard is not None:
            self._guard.cancel()

    def _fail(self, failure: Failure, now: float) -> None:
        self._confirm(None, failure, now)

    def _confirm(self, answer: bytes | None, failure: Failure | None, now: float) -> None:
        answered, self._answered = self._answered, None
        if answered is not None:
            answered(answer, failure, now)


_FAILURES: Final = MappingProxyType(
    {
        _Do.FAIL_SILENT: Failure.SILENT,
        _Do.FAIL_UNANSWERED: Failure.UNANSWERED,
        _Do.FAIL_REFUSED: Failure.REFUSED,
    }
)


class TransferTable:
    """The transfers of one mobile, as one side has them."""

    __slots__ = ("_emptied", "_last", "_requested", "_send", "_transfers", "schedule", "timers")

    def __init__(
        self,
        *,
        send: Callable[[bytes], None],
        schedule: Timers,
        timers: TransferTimers,
        requested: Requested,
        emptied: Callable[[], None],
    ) -> None:
        """``send`` takes the octets of a CP message; ``requested`` is told the requests.

        ``emptied`` is called when the last transfer is forgotten.
        """
        self._emptied = emptied
        self._send = send
        self.schedule = schedule
        self.timers = timers
        self._requested = requested
        self._transfers: dict[Transaction, Transfer] = {}
        self._last = _MOST_TRANSACTIONS - 1

    def __iter__(self) -> Iterator[Transfer]:
        """Iterate over what is under way."""
        return iter([one for one in self._transfers.values() if one.state is not State.ENDED])

    def __len__(self) -> int:
        """Return how many there are, those included that linger."""
        return len(self._transfers)

    def request(self, message: bytes, now: float, answered: Answered) -> Transfer | None:
        """Begin a transfer of the RP request ``message``; None where no identifier is free."""
        for step in range(1, _MOST_TRANSACTIONS + 1):
            ti = Transaction((self._last + step) % _MOST_TRANSACTIONS)
            before = self._transfers.get(ti)
            if before is None or before.state is State.ENDED:
                break
        else:
            return None
        if before is not None:
            before.stop_lingering()
        self._last = ti.value
        transfer = self._transfers[ti] = Transfer(self, ti, State.REQUESTING, answered)
        transfer.request(message, now)
        return transfer

    def receive(self, octets: bytes, now: float) -> bool:
        """Take a CP message; return False for one that could not be read."""
        try:
            message = decode(octets)
        except CpDecodeError as error:
            if error.transaction is not None:
                self.send(CpError(error.transaction.mirrored, error.cause))
            return False
        ti = message.transaction.mirrored
        transfer = self._transfers.get(ti)
        if isinstance(message, CpData):
            self._receive_data(message, ti, transfer, now)
        elif transfer is not None:
            kind = Input.CP_ACK if isinstance(message, CpAck) else Input.CP_ERROR
            transfer.take(kind, b"", now)
        return True

    def drop_all(self, now: float) -> None:
        """Give everything up: the mobile is gone, or begins anew."""
        transfers = list(self._transfers.values())
        for transfer in transfers:
            if transfer.state is not State.ENDED:
                transfer.drop(now)
        for transfer in transfers:
            transfer.stop_lingering()
        self._transfers.clear()

    def send(self, message: CpMessage) -> None:
        """Send a CP message."""
        self._send(message.encode())

    def forget(self, transfer: Transfer) -> None:
        """Let a transfer go that has lingered long enough."""
        del self._transfers[transfer.ti]
        if not self._transfers:
            self._emptied()

    def _receive_data(
        self, message: CpData, ti: Transaction, transfer: Transfer | None, now: float
    ) -> None:
        if transfer is not None and not self._is_anew(message, transfer):
            transfer.take(Input.CP_DATA, message.user_data, now)
            return
        if not ti.to_allocator:
            # An answer to what we never asked, or asked long ago (§9.2.2).
            self.send(CpError(ti, CpCause.INVALID_TRANSACTION_IDENTIFIER))
            return
        if transfer is not None:
            transfer.stop_lingering()
        transfer = self._transfers[ti] = _Responding(self, ti, message.user_data)
        transfer.requested(now)
        self._requested(transfer, message.user_data, now)

    @staticmethod
    def _is_anew(message: CpData, transfer: Transfer) -> bool:
        """Whether the other side uses the identifier of a transfer that is over for another."""
        return (
            transfer.state is State.ENDED
            and isinstance(transfer, _Responding)
            and transfer.asked != message.user_data
        )


class _Responding(Transfer):
    """A transfer that the other side has begun, and what it asked."""

    __slots__ = ("asked",)

    def __init__(self, table: TransferTable, ti: Transaction, asked: bytes) -> None:
        super().__init__(table, ti, State.ANSWER_DUE, None)
        self.asked = asked
