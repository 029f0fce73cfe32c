"""What the two machines of WTP have in common: a table of states, and what its rows ask for.

Spec: WAP-224 §10. Theory of operation. A machine is one transaction at one end. What happens to
it is first made into an ``Input``, which counters and the class of the transaction are part of;
then the row for state and input says the next state, and the effects in order. What the table has
no row for changes nothing: PDUs are counted as out of turn, commands refused.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from corenet.schedule import Action, Alarm
from testbed.codecs.wtp import (
    Abort,
    Ack,
    NegativeAck,
    Pdu,
    ProviderAbort,
    Trailer,
    TransactionClass,
    psn_tpi,
)
from testbed.wap.events import Address, Event, TransactionAborted
from testbed.wap.segmentation import Arrival, Incoming, Outgoing
from testbed.wap.surroundings import Surroundings
from testbed.wap.table import Effect, Input, State, Table

Effects = dict[Effect, Callable[[], None]]


class Machine(ABC):
    """One transaction at one end."""

    TABLE: ClassVar[Table]

    def __init__(
        self,
        surroundings: Surroundings,
        number: int,
        peer: Address,
        tid: int,
        transaction_class: TransactionClass,
        *,
        user_ack: bool,
        on_state: Callable[[Machine], None],
    ) -> None:
        """``tid`` is without the responder's bit. ``on_state`` is called as the state changes."""
        self.number = number
        self.peer = peer
        self.tid = tid
        self.transaction_class = transaction_class
        self.user_ack = user_ack
        self.context: object = None
        self.state = State.NULL
        self.message = b""
        """The last message that arrived whole."""
        self._now = 0.0
        self._surroundings = surroundings
        self._on_state = on_state
        self._alarm: Alarm | None = None
        self._outgoing = Outgoing(b"", 1, 1)
        self._incoming = Incoming()
        self._reordering: Alarm | None = None
        self._retransmissions = 0
        self._expirations = 0
        self._acked = False
        self._asked = 0
        self._missing: list[int] = []
        self._complete = False
        self._verified = True
        self._last_psn: int | None = None
        self._held = 0
        self._abort = Abort(tid=0, reason=ProviderAbort.UNKNOWN)
        self._abort_by_peer = False
        self._effects: Effects = {
            Effect.SEND_GROUP: self._send_group,
            Effect.SEND_NEXT_GROUP: self._send_next_group,
            Effect.SEND_MISSING: self._send_missing,
            Effect.SEND_AGAIN: self._send_again,
            Effect.ACKNOWLEDGE_GROUP: self._acknowledge_group,
            Effect.SEND_ACK: self._send_ack,
            Effect.SEND_ACK_AGAIN: self._send_ack_again,
            Effect.ASK_TID: self._ask_tid,
            Effect.CONFIRM_TID: self._confirm_tid,
            Effect.DENY_TID: self._deny_tid,
            Effect.SEND_ABORT: self._send_abort,
            Effect.START_A: self._start_a,
            Effect.START_W: self._start_w,
            Effect.START_PATIENCE: self._start_patience,
            Effect.START_LIFETIME: self._start_lifetime,
            Effect.TELL_MESSAGE: self._tell_message,
            Effect.TELL_CONFIRMED: self._tell_confirmed,
            Effect.TELL_ABORTED: self._tell_aborted,
        }

    # What happens.

    def apply(self, happened: Input, now: float) -> bool:
        """Carry out the row for what happened; return whether there is one."""
        row = self.TABLE.get((self.state, happened))
        if row is None:
            return False
        self._now = now
        effects, state = row
        before, self.state = self.state, state
        for effect in effects:
            self._effects[effect]()
        if state is State.NULL:
            self._end()
        if state is not before or state is State.NULL:
            self._on_state(self)
        return True

    def take(self, pdu: Pdu, now: float) -> None:
        """Take a PDU of this transaction."""
        self._now = now
        happened = self._input_of(pdu)
        if happened is None or not self.apply(happened, now):
            self._surroundings.counters.out_of_turn += 1

    def acknowledge(self, now: float) -> bool:
        """Take the user's acknowledgement; return whether there was something to acknowledge."""
        is_last = self.transaction_class is TransactionClass.RELIABLE
        return self.apply(Input.USER_LAST_ACK if is_last else Input.USER_ACK, now)

    def forget(self) -> None:
        """End without a word."""
        self.state = State.NULL
        self._end()

    def fault(self, reason: ProviderAbort, now: float) -> None:
        """End the transaction because the peer broke the protocol."""
        self.give_up(Input.FAULT, reason, now)

    def give_up(self, happened: Input, reason: int, now: float, *, by_user: bool = False) -> bool:
        """Apply an input that ends the transaction with an Abort of ours for that reason."""
        self._abort = Abort(tid=self._tid_to_send, reason=reason, user=by_user)
        self._abort_by_peer = False
        return self.apply(happened, now)

    @property
    @abstractmethod
    def _tid_to_send(self) -> int:
        """The TID as this side writes it."""

    @abstractmethod
    def _input_of(self, pdu: Pdu) -> Input | None:
        """Return what a PDU amounts to, or None where it is nothing."""

    @abstractmethod
    def _packet(self, psn: int, outgoing: Outgoing, *, rid: bool) -> Pdu:
        """Return a packet of the message that goes out."""

    @abstractmethod
    def _told(self, message: bytes) -> Event:
        """Return what tells the user of the message that is complete."""

    @abstractmethod
    def _confirmed(self) -> Event:
        """Return what tells the user that what it sent is acknowledged."""

    # PDUs that mean the same to both machines.

    def _aborted(self, pdu: Abort) -> Input:
        self._abort = pdu
        self._abort_by_peer = True
        return Input.ABORTED

    def _negative(self, pdu: NegativeAck) -> Input | None:
        if self._asked >= self._surroundings.timers.most_retransmissions:
            return None
        self._missing = self._outgoing.in_group(pdu.missing)
        if not self._missing:
            return None
        # Someone is there, so what was sent again so far was not in vain.
        self._retransmissions = 0
        return Input.NEGATIVE_ACK

    def _acknowledged(self, ack: Ack) -> Input | None:
        """Sort an Ack of packets by how much it is for."""
        outgoing = self._outgoing
        if outgoing.is_last_group and ack.psn in (None, outgoing.last):
            return Input.ACK
        return Input.GROUP_ACK if ack.psn == outgoing.last else None

    def _arrived(self, psn: int, data: bytes, trailer: Trailer, *, rid: bool) -> Input | None:
        """Take a packet of the message that comes in."""
        limits = self._surroundings.limits
        if self._incoming.is_empty and psn == 0 and trailer.ends_message:
            octets, arrival = len(data), Arrival.MESSAGE
        else:
            arrival = self._incoming.add(psn, data, trailer, again=rid)
            octets = self._incoming.octets
        self._hold(octets)
        if arrival is Arrival.MISFIT:
            return self._refused(ProviderAbort.PROTOCOL_ERROR)
        if octets > limits.message:
            return self._refused(ProviderAbort.MESSAGE_TOO_LARGE)
        if self._surroundings.unfinished > limits.unfinished:
            return self._refused(ProviderAbort.CAPACITY_EXCEEDED)
        if arrival is Arrival.MESSAGE:
            return self._completed(data)
        return self._in_part(arrival)

    def _completed(self, data: bytes) -> Input:
        """Take note of a whole message: ``data``, or what has come in packets."""
        self._complete = True
        self._stop_reordering()
        self.message = data
        if not self._incoming.is_empty:
            self.message = self._incoming.message()
            self._last_psn = self._incoming.last
            self._incoming = Incoming()
        return Input.MESSAGE

    def _in_part(self, arrival: Arrival) -> Input | None:
        if arrival is Arrival.COPY:
            return None
        if not self._verified:
            return Input.PACKET
        if arrival is Arrival.GROUP:
            self._acknowledge_group()
        elif arrival is Arrival.MISSING and self._reordering is None:
            due = self._now + self._surroundings.timers.reordering
            self._reordering = self._surroundings.schedule.at(due, self._reordering_expired)
        return Input.PACKET

    def _acknowledge_group(self) -> None:
        """Say what there is of the group that was marked last, where one was."""
        self._stop_reordering()
        incoming = self._incoming
        if missing := incoming.missing():
            self._surroundings.counters.negative_acks_sent += 1
            self._send(NegativeAck(tid=self._tid_to_send, missing=missing))
        elif incoming.acknowledged >= 0:
            tpis = (psn_tpi(incoming.acknowledged),)
            self._send(Ack(tid=self._tid_to_send, tpis=tpis))

    def _hold(self, octets: int) -> None:
        """Count what this transaction keeps for its user."""
        self._surroundings.unfinished += octets - self._held
        self._held = octets

    def _refused(self, reason: ProviderAbort) -> Input:
        self._abort = Abort(tid=self._tid_to_send, reason=reason)
        self._abort_by_peer = False
        return Input.FAULT

    def _reordering_expired(self, now: float) -> None:
        self._now = now
        self._acknowledge_group()

    # Effects.

    def _send(self, pdu: Pdu) -> None:
        self._surroundings.send(pdu, self.peer)

    def _load(self, data: bytes) -> None:
        """Make ``data`` the message that goes out; WapError where it is too long."""
        limits = self._surroundings.limits
        self._outgoing = Outgoing(data, limits.packet, limits.group)

    def _send_packets(self, numbers: Sequence[int], *, rid: bool) -> None:
        for psn in numbers:
            self._send(self._packet(psn, self._outgoing, rid=rid))
        if rid:
            self._surroundings.counters.retransmissions += len(numbers)
        self._start_r()

    def _send_group(self) -> None:
        self._retransmissions = self._asked = 0
        self._send_packets(self._outgoing.in_group(()), rid=False)

    def _send_next_group(self) -> None:
        self._outgoing.next_group()
        self._send_group()

    def _send_missing(self) -> None:
        self._asked += 1
        self._send_packets(self._missing, rid=True)

    def _send_again(self) -> None:
        self._send_packets((self._outgoing.last,), rid=True)

    def _send_ack(self) -> None:
        self._acked = True
        tpis = () if self._last_psn is None else (psn_tpi(self._last_psn),)
        self._send(Ack(tid=self._tid_to_send, tpis=tpis))

    def _send_ack_again(self) -> None:
        if self._acked:
            self._send_ack()

    def _ask_tid(self) -> None:
        self._surroundings.counters.verifications += 1
        self._send(Ack(tid=self._tid_to_send, tid_verification=True))

    def _confirm_tid(self) -> None:
        self._send(Ack(tid=self._tid_to_send, tid_verification=True))
        self._start_r()

    def _deny_tid(self) -> None:
        self._surroundings.counters.aborts_sent += 1
        self._send(Abort(tid=self._tid_to_send, reason=ProviderAbort.INVALID_TID))

    def _send_abort(self) -> None:
        self._surroundings.counters.aborts_sent += 1
        self._send(self._abort)

    def _start_r(self) -> None:
        self._start(self._surroundings.timers.retransmission, self._r_expired)

    def _start_a(self) -> None:
        self._start(self._surroundings.timers.acknowledgement, self._a_expired)

    def _start_w(self) -> None:
        self._start(self._surroundings.timers.wait, self._w_expired)

    def _start_lifetime(self) -> None:
        self._start(self._surroundings.timers.lifetime, self._w_expired)

    def _start_patience(self) -> None:
        self._start(self._surroundings.timers.patience, self._patience_expired)

    def _tell(self, event: Event) -> None:
        self._surroundings.events.append(event)

    def _tell_message(self) -> None:
        self._tell(self._told(self.message))
        self.message = b""
        self._hold(0)

    def _tell_confirmed(self) -> None:
        self._tell(self._confirmed())

    def _tell_aborted(self) -> None:
        abort = self._abort
        self._tell(
            TransactionAborted(
                self.number, self.peer, self.context, abort.reason, abort.user, self._abort_by_peer
            )
        )

    # Time.

    def _start(self, delay: float, action: Action) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._surroundings.schedule.at(self._now + delay, action)

    def _r_expired(self, now: float) -> None:
        if self._retransmissions >= self._surroundings.timers.most_retransmissions:
            self.give_up(Input.R_EXHAUSTED, ProviderAbort.NO_RESPONSE, now)
            return
        self._retransmissions += 1
        self.apply(Input.R_EXPIRED, now)

    def _a_expired(self, now: float) -> None:
        if not self.user_ack or self.state is State.RESULT_WAIT:
            is_last = self.transaction_class is TransactionClass.RELIABLE
            self.apply(Input.A_EXPIRED_LAST if is_last else Input.A_EXPIRED, now)
        elif self._expirations >= self._surroundings.timers.most_ack_expirations:
            self.give_up(Input.USER_ABSENT, ProviderAbort.NO_RESPONSE, now)
        else:
            self._expirations += 1
            self.apply(Input.USER_SILENT, now)

    def _w_expired(self, now: float) -> None:
        self.apply(Input.W_EXPIRED, now)

    def _patience_expired(self, now: float) -> None:
        self.give_up(Input.PATIENCE_EXPIRED, ProviderAbort.NO_RESPONSE, now)

    def _stop_reordering(self) -> None:
        if self._reordering is not None:
            self._reordering.cancel()
            self._reordering = None

    def _end(self) -> None:
        self._stop_reordering()
        if self._alarm is not None:
            self._alarm.cancel()
        self._incoming = Incoming()
        self.message = b""
        self._hold(0)
