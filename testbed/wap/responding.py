"""The responder of a transaction: a state table and its machine (WAP-224 §10.2).

NULL is what the standard calls LISTEN. Beside the table of the standard it holds rows for an
invoke that comes in packets, and a bound on how long the user may work on an invoke.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from testbed.codecs.wtp import (
    RESPONDER_BIT,
    Abort,
    Ack,
    Invoke,
    NegativeAck,
    Pdu,
    Result,
    SegmentedInvoke,
    SegmentedResult,
)
from testbed.wap.events import Event, InvokeReceived, ResultConfirmed
from testbed.wap.machine import Machine
from testbed.wap.segmentation import Outgoing
from testbed.wap.table import Effect, Input, State, Table

_ABORT_HEARD: Final = ((Effect.TELL_ABORTED,), State.NULL)
_GIVEN_UP: Final = ((Effect.SEND_ABORT, Effect.TELL_ABORTED), State.NULL)
_ABORT_SAID: Final = ((Effect.SEND_ABORT,), State.NULL)
_OVER: Final = ((), State.NULL)
_INVOKE: Final = ((Effect.TELL_MESSAGE, Effect.START_A), State.INVOKE_RESP_WAIT)
_PACKET: Final = ((Effect.START_LIFETIME,), State.ASSEMBLING)
_RESULT: Final = ((Effect.SEND_GROUP,), State.RESULT_RESP_WAIT)
_LAST_ACK: Final = ((Effect.SEND_ACK, Effect.START_W), State.WAIT_TIMEOUT)
_HOLD_ON: Final = ((Effect.SEND_ACK, Effect.START_PATIENCE), State.RESULT_WAIT)

RESPONDER: Final[Table] = MappingProxyType(
    {
        (State.NULL, Input.MESSAGE): _INVOKE,
        (State.NULL, Input.PACKET): _PACKET,
        (State.NULL, Input.FAULT): _ABORT_SAID,
        (State.NULL, Input.TID_DOUBTED): (
            (Effect.ASK_TID, Effect.START_LIFETIME),
            State.TIDOK_WAIT,
        ),
        (State.TIDOK_WAIT, Input.TID_CONFIRMED): _INVOKE,
        (State.TIDOK_WAIT, Input.TID_CONFIRMED_IN_PART): (
            (Effect.ACKNOWLEDGE_GROUP, Effect.START_LIFETIME),
            State.ASSEMBLING,
        ),
        (State.TIDOK_WAIT, Input.AGAIN): ((Effect.ASK_TID,), State.TIDOK_WAIT),
        (State.TIDOK_WAIT, Input.MESSAGE): ((), State.TIDOK_WAIT),
        (State.TIDOK_WAIT, Input.PACKET): ((), State.TIDOK_WAIT),
        (State.TIDOK_WAIT, Input.W_EXPIRED): _OVER,
        (State.TIDOK_WAIT, Input.ABORTED): _OVER,
        (State.TIDOK_WAIT, Input.FAULT): _ABORT_SAID,
        (State.ASSEMBLING, Input.MESSAGE): _INVOKE,
        (State.ASSEMBLING, Input.PACKET): _PACKET,
        (State.ASSEMBLING, Input.W_EXPIRED): _OVER,
        (State.ASSEMBLING, Input.ABORTED): _OVER,
        (State.ASSEMBLING, Input.FAULT): _ABORT_SAID,
        (State.INVOKE_RESP_WAIT, Input.USER_ACK): ((Effect.START_A,), State.RESULT_WAIT),
        (State.INVOKE_RESP_WAIT, Input.USER_LAST_ACK): _LAST_ACK,
        (State.INVOKE_RESP_WAIT, Input.USER_RESULT): _RESULT,
        (State.INVOKE_RESP_WAIT, Input.A_EXPIRED): _HOLD_ON,
        (State.INVOKE_RESP_WAIT, Input.A_EXPIRED_LAST): _LAST_ACK,
        (State.INVOKE_RESP_WAIT, Input.USER_SILENT): ((Effect.START_A,), State.INVOKE_RESP_WAIT),
        (State.INVOKE_RESP_WAIT, Input.USER_ABSENT): _GIVEN_UP,
        (State.INVOKE_RESP_WAIT, Input.ABORTED): _ABORT_HEARD,
        (State.INVOKE_RESP_WAIT, Input.FAULT): _GIVEN_UP,
        (State.INVOKE_RESP_WAIT, Input.USER_ABORT): _ABORT_SAID,
        (State.RESULT_WAIT, Input.A_EXPIRED): _HOLD_ON,
        (State.RESULT_WAIT, Input.AGAIN): ((Effect.SEND_ACK_AGAIN,), State.RESULT_WAIT),
        (State.RESULT_WAIT, Input.USER_RESULT): _RESULT,
        (State.RESULT_WAIT, Input.PATIENCE_EXPIRED): _GIVEN_UP,
        (State.RESULT_WAIT, Input.ABORTED): _ABORT_HEARD,
        (State.RESULT_WAIT, Input.FAULT): _GIVEN_UP,
        (State.RESULT_WAIT, Input.USER_ABORT): _ABORT_SAID,
        (State.RESULT_RESP_WAIT, Input.ACK): ((Effect.TELL_CONFIRMED,), State.NULL),
        (State.RESULT_RESP_WAIT, Input.GROUP_ACK): (
            (Effect.SEND_NEXT_GROUP,),
            State.RESULT_RESP_WAIT,
        ),
        (State.RESULT_RESP_WAIT, Input.NEGATIVE_ACK): (
            (Effect.SEND_MISSING,),
            State.RESULT_RESP_WAIT,
        ),
        (State.RESULT_RESP_WAIT, Input.R_EXPIRED): ((Effect.SEND_AGAIN,), State.RESULT_RESP_WAIT),
        (State.RESULT_RESP_WAIT, Input.R_EXHAUSTED): _GIVEN_UP,
        (State.RESULT_RESP_WAIT, Input.ABORTED): _ABORT_HEARD,
        (State.RESULT_RESP_WAIT, Input.FAULT): _GIVEN_UP,
        (State.RESULT_RESP_WAIT, Input.USER_ABORT): _ABORT_SAID,
        (State.WAIT_TIMEOUT, Input.AGAIN): ((Effect.SEND_ACK,), State.WAIT_TIMEOUT),
        (State.WAIT_TIMEOUT, Input.W_EXPIRED): _OVER,
        (State.WAIT_TIMEOUT, Input.ABORTED): _OVER,
        (State.WAIT_TIMEOUT, Input.FAULT): _ABORT_SAID,
        (State.WAIT_TIMEOUT, Input.USER_ABORT): _ABORT_SAID,
    }
)


class Responder(Machine):
    """A transaction of class 1 or 2 that the peer has begun."""

    TABLE = RESPONDER

    @property
    def _tid_to_send(self) -> int:
        return self.tid | RESPONDER_BIT

    def begin(self, invoke: Invoke, now: float, *, valid: bool) -> None:
        """Take the first packet; ``valid`` when the TID needs no verification."""
        self._now = now
        self._verified = valid
        happened = self._arrived(0, invoke.data, invoke.trailer, rid=invoke.rid)
        if happened is not None and (valid or happened is Input.FAULT):
            self.apply(happened, now)
        else:
            self.apply(Input.TID_DOUBTED, now)

    def answer(self, data: bytes, now: float) -> bool:
        """Send the result; return whether one is expected. WapError where it is too long."""
        if (self.state, Input.USER_RESULT) not in self.TABLE:
            return False
        self._load(data)
        return self.apply(Input.USER_RESULT, now)

    def _input_of(self, pdu: Pdu) -> Input | None:
        match pdu:
            case Ack(tid_verification=True):
                return self._tid_confirmed(pdu)
            case Ack():
                return self._acknowledged(pdu)
            case Invoke():
                return self._invoke(0, pdu)
            case SegmentedInvoke():
                return self._invoke(pdu.psn, pdu)
            case NegativeAck():
                return self._negative(pdu)
            case Abort():
                return self._aborted(pdu)
        return None

    def _invoke(self, psn: int, pdu: Invoke | SegmentedInvoke) -> Input | None:
        if self._complete:
            return Input.AGAIN if pdu.rid else None
        happened = self._arrived(psn, pdu.data, pdu.trailer, rid=pdu.rid)
        if pdu.rid and self.state is State.TIDOK_WAIT and happened is not Input.FAULT:
            return Input.AGAIN
        return happened

    def _tid_confirmed(self, ack: Ack) -> Input | None:
        if self.state is State.TIDOK_WAIT:
            self._verified = True
            return Input.TID_CONFIRMED if self._complete else Input.TID_CONFIRMED_IN_PART
        # The initiator repeats it where it would repeat the invoke.
        return Input.AGAIN if ack.rid else None

    def _packet(self, psn: int, outgoing: Outgoing, *, rid: bool) -> Pdu:
        tid, data, trailer = self._tid_to_send, outgoing.payload(psn), outgoing.trailer(psn)
        if psn:
            return SegmentedResult(tid=tid, psn=psn, data=data, trailer=trailer, rid=rid)
        return Result(tid=tid, data=data, trailer=trailer, rid=rid)

    def _told(self, message: bytes) -> Event:
        return InvokeReceived(self.number, self.peer, message, self.transaction_class)

    def _confirmed(self) -> Event:
        return ResultConfirmed(self.number, self.peer)

    def _tell_message(self) -> None:
        self._surroundings.counters.invokes_received += 1
        super()._tell_message()
