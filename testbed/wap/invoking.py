"""The initiator of a transaction: a state table and its machine (WAP-224 §10.1).

Beside the table of the standard it holds one row more for a result that comes in packets, and a
bound on how long an acknowledged invoke waits for its result.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from testbed.codecs.wtp import (
    Abort,
    Ack,
    Invoke,
    NegativeAck,
    Pdu,
    ProviderAbort,
    Result,
    SegmentedInvoke,
    SegmentedResult,
    TransactionClass,
)
from testbed.wap.events import Event, InvokeConfirmed, ResultReceived
from testbed.wap.machine import Machine
from testbed.wap.segmentation import Outgoing
from testbed.wap.table import Effect, Input, State, Table

_ABORT_HEARD: Final = ((Effect.TELL_ABORTED,), State.NULL)
_GIVEN_UP: Final = ((Effect.SEND_ABORT, Effect.TELL_ABORTED), State.NULL)
_ABORT_SAID: Final = ((Effect.SEND_ABORT,), State.NULL)
_RESULT: Final = ((Effect.TELL_MESSAGE, Effect.START_A), State.RESULT_RESP_WAIT)
_PACKET: Final = ((Effect.START_PATIENCE,), State.ASSEMBLING)
_DENIED: Final = (Effect.DENY_TID,)

INITIATOR: Final[Table] = MappingProxyType(
    {
        (State.NULL, Input.USER_INVOKE): ((Effect.SEND_GROUP,), State.RESULT_WAIT),
        (State.RESULT_WAIT, Input.LAST_ACK): ((Effect.TELL_CONFIRMED,), State.NULL),
        (State.RESULT_WAIT, Input.ACK): (
            (Effect.TELL_CONFIRMED, Effect.START_PATIENCE),
            State.RESULT_WAIT,
        ),
        (State.RESULT_WAIT, Input.GROUP_ACK): ((Effect.SEND_NEXT_GROUP,), State.RESULT_WAIT),
        (State.RESULT_WAIT, Input.NEGATIVE_ACK): ((Effect.SEND_MISSING,), State.RESULT_WAIT),
        (State.RESULT_WAIT, Input.TID_ASKED): ((Effect.CONFIRM_TID,), State.RESULT_WAIT),
        (State.RESULT_WAIT, Input.TID_ASKED_LATE): (_DENIED, State.RESULT_WAIT),
        (State.RESULT_WAIT, Input.R_EXPIRED): ((Effect.SEND_AGAIN,), State.RESULT_WAIT),
        (State.RESULT_WAIT, Input.R_EXHAUSTED): _GIVEN_UP,
        (State.RESULT_WAIT, Input.PATIENCE_EXPIRED): _GIVEN_UP,
        (State.RESULT_WAIT, Input.MESSAGE): _RESULT,
        (State.RESULT_WAIT, Input.PACKET): _PACKET,
        (State.RESULT_WAIT, Input.ABORTED): _ABORT_HEARD,
        (State.RESULT_WAIT, Input.FAULT): _GIVEN_UP,
        (State.RESULT_WAIT, Input.USER_ABORT): _ABORT_SAID,
        (State.ASSEMBLING, Input.MESSAGE): _RESULT,
        (State.ASSEMBLING, Input.PACKET): _PACKET,
        (State.ASSEMBLING, Input.TID_ASKED_LATE): (_DENIED, State.ASSEMBLING),
        (State.ASSEMBLING, Input.PATIENCE_EXPIRED): _GIVEN_UP,
        (State.ASSEMBLING, Input.ABORTED): _ABORT_HEARD,
        (State.ASSEMBLING, Input.FAULT): _GIVEN_UP,
        (State.ASSEMBLING, Input.USER_ABORT): _ABORT_SAID,
        (State.RESULT_RESP_WAIT, Input.USER_ACK): (
            (Effect.SEND_ACK, Effect.START_W),
            State.WAIT_TIMEOUT,
        ),
        (State.RESULT_RESP_WAIT, Input.A_EXPIRED): (
            (Effect.SEND_ACK, Effect.START_W),
            State.WAIT_TIMEOUT,
        ),
        (State.RESULT_RESP_WAIT, Input.USER_SILENT): ((Effect.START_A,), State.RESULT_RESP_WAIT),
        (State.RESULT_RESP_WAIT, Input.USER_ABSENT): _GIVEN_UP,
        (State.RESULT_RESP_WAIT, Input.TID_ASKED_LATE): (_DENIED, State.RESULT_RESP_WAIT),
        (State.RESULT_RESP_WAIT, Input.ABORTED): _ABORT_HEARD,
        (State.RESULT_RESP_WAIT, Input.FAULT): _GIVEN_UP,
        (State.RESULT_RESP_WAIT, Input.USER_ABORT): _ABORT_SAID,
        (State.WAIT_TIMEOUT, Input.AGAIN): ((Effect.SEND_ACK,), State.WAIT_TIMEOUT),
        (State.WAIT_TIMEOUT, Input.TID_ASKED_LATE): (_DENIED, State.WAIT_TIMEOUT),
        (State.WAIT_TIMEOUT, Input.W_EXPIRED): ((), State.NULL),
        (State.WAIT_TIMEOUT, Input.ABORTED): ((), State.NULL),
        (State.WAIT_TIMEOUT, Input.FAULT): _ABORT_SAID,
        (State.WAIT_TIMEOUT, Input.USER_ABORT): _ABORT_SAID,
    }
)


class Initiator(Machine):
    """A transaction of class 1 or 2 that this end has begun."""

    TABLE = INITIATOR

    _tid_new = False
    _tid_confirmed = False
    _heard = False
    """Whether the responder has said anything."""
    _held_on = False
    """Whether the invoke is acknowledged, so that nothing is sent again."""

    @property
    def _tid_to_send(self) -> int:
        return self.tid

    def begin(self, data: bytes, now: float, *, tid_new: bool) -> None:
        """Send the invoke; WapError where ``data`` is too long for it."""
        self._tid_new = tid_new
        self._load(data)
        self.apply(Input.USER_INVOKE, now)

    def _input_of(self, pdu: Pdu) -> Input | None:
        self._heard = True
        match pdu:
            case Ack(tid_verification=True):
                return self._asked_for_tid()
            case Ack():
                return self._answered(pdu)
            case Result():
                return self._result(0, pdu)
            case SegmentedResult():
                return self._result(pdu.psn, pdu)
            case NegativeAck() if not self._held_on:
                return self._negative(pdu)
            case Abort():
                return self._aborted(pdu)
        return None

    def _result(self, psn: int, pdu: Result | SegmentedResult) -> Input | None:
        if self.transaction_class is not TransactionClass.RESULT:
            return self._refused(ProviderAbort.PROTOCOL_ERROR)
        if self.state in (State.RESULT_WAIT, State.ASSEMBLING):
            return self._arrived(psn, pdu.data, pdu.trailer, rid=pdu.rid)
        return Input.AGAIN if pdu.rid else None

    def _asked_for_tid(self) -> Input | None:
        """Sort a TIDve: a copy of one that was answered is none (WAP-224 §8.8)."""
        open_invoke = self.state is State.RESULT_WAIT and not self._held_on
        if not open_invoke:
            return None if self._tid_confirmed else Input.TID_ASKED_LATE
        if self._retransmissions >= self._surroundings.timers.most_retransmissions:
            return None
        self._retransmissions += 1
        return Input.TID_ASKED

    def _answered(self, ack: Ack) -> Input | None:
        happened = self._acknowledged(ack)
        if happened is not Input.ACK:
            return happened
        if self.transaction_class is TransactionClass.RELIABLE:
            return Input.LAST_ACK
        if self._held_on:
            return None
        self._held_on = True
        return Input.ACK

    def _send_again(self) -> None:
        """Send again what the responder may have missed: that the TID is meant, and packets.

        Without the first packet the responder knows nothing of the others.
        """
        if self._tid_confirmed:
            self._send(Ack(tid=self.tid, tid_verification=True, rid=True))
        last = self._outgoing.last
        self._send_packets((last,) if self._heard else sorted({0, last}), rid=True)

    def _confirm_tid(self) -> None:
        self._tid_confirmed = True
        super()._confirm_tid()

    def _packet(self, psn: int, outgoing: Outgoing, *, rid: bool) -> Pdu:
        data, trailer = outgoing.payload(psn), outgoing.trailer(psn)
        if psn:
            return SegmentedInvoke(tid=self.tid, psn=psn, data=data, trailer=trailer, rid=rid)
        return Invoke(
            tid=self.tid,
            transaction_class=self.transaction_class,
            data=data,
            tid_new=self._tid_new,
            user_ack=self.user_ack,
            trailer=trailer,
            rid=rid,
        )

    def _told(self, message: bytes) -> Event:
        return ResultReceived(self.number, self.peer, self.context, message)

    def _confirmed(self) -> Event:
        return InvokeConfirmed(self.number, self.peer, self.context)
