"""A WTP endpoint: transactions over datagrams that get lost, repeated and reordered.

Spec: WAP-224.

Theory of operation. A datagram is separated into PDUs; the top bit of a PDU's TID says whether it
is for a transaction that we began (``invoking``) or for one of the peer's (``responding``), and
peer and TID say which. An Invoke of a TID that nothing is known of begins a transaction, after
verification where it does not look new (``tids``); a copy of one that is over begins nothing. What
cannot be decoded ends its transaction with an Abort; what belongs to none is counted, and where the
peer would go on for long without an answer it gets an Abort.

PDUs to one peer that arise together share a datagram as far as they fit (WAP-224 §8.5).
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from random import Random

from testbed.codecs.wtp import (
    MOST_PACKETS,
    RESPONDER_BIT,
    Abort,
    Ack,
    Invoke,
    NegativeAck,
    Pdu,
    PduType,
    ProviderAbort,
    Result,
    SegmentedInvoke,
    SegmentedResult,
    Trailer,
    TransactionClass,
    WtpError,
    decode,
    join,
    shared_length,
    split,
)
from testbed.wap.config import WtpLimits, WtpTimers
from testbed.wap.errors import WapError
from testbed.wap.events import Address, DatagramInvoked, Event
from testbed.wap.invoking import Initiator
from testbed.wap.machine import Machine
from testbed.wap.responding import Responder
from testbed.wap.surroundings import Surroundings, WtpCounters
from testbed.wap.table import Input, State
from testbed.wap.tids import Tids, Verdict

_LARGEST_UNRELIABLE = 65_000
"""Octets of user data of class 0, which cannot be segmented and must fit into a UDP datagram."""

_Key = tuple[Address, int]
_Role = type[Initiator] | type[Responder]


class WtpEndpoint:
    """WTP on one UDP port. Holds no socket and no clock."""

    def __init__(
        self,
        *,
        random: Random,
        timers: WtpTimers | None = None,
        limits: WtpLimits | None = None,
    ) -> None:
        """``random`` gives the first TID towards each peer."""
        self._surroundings = Surroundings(timers or WtpTimers(), limits or WtpLimits())
        limits = self._surroundings.limits
        self._tids = Tids(
            random,
            peers=limits.peers,
            retention=2 * self._surroundings.timers.lifetime,
            verify_strangers=limits.verify_strangers,
        )
        self._initiators: dict[_Key, Initiator] = {}
        self._responders: dict[_Key, Responder] = {}
        self._by_number: dict[int, Machine] = {}
        self._open: Counter[tuple[_Role, Address]] = Counter()
        self._lingering: OrderedDict[int, Machine] = OrderedDict()
        self._numbers = 0

    @property
    def counters(self) -> WtpCounters:
        """What was counted so far."""
        return self._surroundings.counters

    @property
    def open_transactions(self) -> int:
        """How many transactions are not over."""
        return len(self._by_number) - len(self._lingering)

    @property
    def lingering_transactions(self) -> int:
        """How many transactions are over but for an Ack that may have to be repeated."""
        return len(self._lingering)

    @property
    def unfinished_octets(self) -> int:
        """How many octets of messages are kept that the user has not got."""
        return self._surroundings.unfinished

    @property
    def known_peers(self) -> int:
        """How many peers' TIDs are remembered."""
        return len(self._tids)

    # What arrives.

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram from ``peer``. Never raises for what a peer sent."""
        try:
            parts = split(data)
        except WtpError:
            self.counters.malformed += 1
            return
        for part in parts:
            self.receive_pdu(part, peer, now)

    def receive_pdu(self, data: bytes, peer: Address, now: float) -> None:
        """Take one PDU of a datagram from ``peer``, for users that want to hear of each at once.

        Never raises for what a peer sent.
        """
        try:
            pdu = decode(data)
        except WtpError as error:
            self._receive_malformed(error, peer, now)
        else:
            self._receive_pdu(pdu, peer, now)

    def _receive_malformed(self, error: WtpError, peer: Address, now: float) -> None:
        """End the transaction that broke the protocol (WAP-224 §10, RcvErrorPDU)."""
        self.counters.malformed += 1
        if error.tid is None:
            return
        machine = self._find(error.tid, peer)
        if machine is not None:
            machine.fault(error.reason, now)
        elif error.pdu_type is PduType.INVOKE and not error.tid & RESPONDER_BIT:
            self._abort_unknown(error.tid | RESPONDER_BIT, error.reason, peer)

    def _find(self, tid: int, peer: Address) -> Machine | None:
        if tid & RESPONDER_BIT:
            return self._initiators.get((peer, tid & ~RESPONDER_BIT))
        return self._responders.get((peer, tid))

    def _receive_pdu(self, pdu: Pdu, peer: Address, now: float) -> None:
        machine = self._find(pdu.tid, peer)
        if machine is not None:
            was_new = machine.state is State.TIDOK_WAIT
            machine.take(pdu, now)
            if was_new and machine.state in (State.ASSEMBLING, State.INVOKE_RESP_WAIT):
                self._tids.note(peer, machine.tid, now)
        elif isinstance(pdu, Invoke) and not pdu.from_responder:
            self._begin_responder(pdu, peer, now)
        else:
            self._receive_unmatched(pdu, peer)

    def _receive_unmatched(self, pdu: Pdu, peer: Address) -> None:
        self.counters.unmatched += 1
        match pdu:
            case SegmentedInvoke() if not pdu.from_responder and pdu.trailer is not Trailer.MORE:
                # The first packet got lost or overtaken, and only Invoke can begin a transaction.
                missing = tuple(range(min(pdu.psn + 1, MOST_PACKETS - 1)))
                answer = NegativeAck(tid=pdu.tid | RESPONDER_BIT, missing=missing)
                self.counters.negative_acks_sent += 1
                self._surroundings.send(answer, peer)
            case Ack(tid_verification=True) | Result() | SegmentedResult() if pdu.from_responder:
                tid = pdu.tid & ~RESPONDER_BIT
                self._abort_unknown(tid, ProviderAbort.INVALID_TID, peer)

    def _abort_unknown(self, tid: int, reason: ProviderAbort, peer: Address) -> None:
        self.counters.aborts_sent += 1
        self._surroundings.send(Abort(tid=tid, reason=reason), peer)

    def _begin_responder(self, invoke: Invoke, peer: Address, now: float) -> None:
        if invoke.transaction_class is TransactionClass.UNRELIABLE:
            self._receive_unreliable(invoke, peer)
            return
        verdict = self._tids.judge(peer, invoke.tid, now, wrapped=invoke.tid_new)
        if verdict is Verdict.COPY:
            self._receive_copy(invoke, peer)
            return
        if not self._has_room(Responder, peer):
            self.counters.refused += 1
            tid = invoke.tid | RESPONDER_BIT
            self._abort_unknown(tid, ProviderAbort.CAPACITY_EXCEEDED, peer)
            return
        machine = Responder(
            self._surroundings,
            self._next_number(),
            peer,
            invoke.tid,
            invoke.transaction_class,
            user_ack=invoke.user_ack,
            on_state=self._state_changed,
        )
        self._responders[peer, invoke.tid] = machine
        self._register(machine)
        if verdict is Verdict.NEW:
            self._tids.note(peer, invoke.tid, now)
        machine.begin(invoke, now, valid=verdict is Verdict.NEW)

    def _receive_copy(self, invoke: Invoke, peer: Address) -> None:
        """Take an Invoke whose transaction is over: whoever sends it again waits in vain."""
        self.counters.out_of_turn += 1
        if invoke.rid:
            tid = invoke.tid | RESPONDER_BIT
            self._abort_unknown(tid, ProviderAbort.INVALID_TID, peer)

    def _receive_unreliable(self, invoke: Invoke, peer: Address) -> None:
        if not invoke.trailer.ends_message:
            self.counters.malformed += 1
            return
        self.counters.invokes_received += 1
        self._surroundings.events.append(DatagramInvoked(peer, invoke.data))

    # What goes out.

    def invoke(
        self,
        data: bytes,
        peer: Address,
        now: float,
        *,
        transaction_class: TransactionClass = TransactionClass.RESULT,
        user_ack: bool = True,
        context: object = None,
    ) -> int:
        """Begin a transaction (TR-Invoke.req); return its number.

        In class 1 it ends in exactly one InvokeConfirmed or TransactionAborted, in class 2 in one
        ResultReceived or TransactionAborted, each with ``context``. A result that the user does
        not acknowledge can be followed by a TransactionAborted. Class 0 ends at once.

        Raises WapError where ``data`` is too long or too many transactions are open.
        """
        if transaction_class is TransactionClass.UNRELIABLE:
            return self._send_unreliable(data, peer)
        if not self._has_room(Initiator, peer):
            raise WapError(f"too many transactions with {peer[0]}:{peer[1]} are open")
        tid, wrapped = self._tids.next_of_ours(peer)
        while (peer, tid) in self._initiators:
            tid, again = self._tids.next_of_ours(peer)
            wrapped = wrapped or again
        machine = Initiator(
            self._surroundings,
            self._next_number(),
            peer,
            tid,
            transaction_class,
            user_ack=user_ack,
            on_state=self._state_changed,
        )
        machine.context = context
        machine.begin(data, now, tid_new=wrapped)
        self._initiators[peer, tid] = machine
        self._register(machine)
        self.counters.invokes_sent += 1
        return machine.number

    def _send_unreliable(self, data: bytes, peer: Address) -> int:
        if len(data) > _LARGEST_UNRELIABLE:
            raise WapError(f"{len(data)} octets do not fit into a datagram")
        tid, wrapped = self._tids.next_of_ours(peer)
        invoke = Invoke(
            tid=tid, transaction_class=TransactionClass.UNRELIABLE, data=data, tid_new=wrapped
        )
        self._surroundings.send(invoke, peer)
        self.counters.invokes_sent += 1
        return self._next_number()

    def result(self, transaction: int, data: bytes, now: float) -> None:
        """Answer a peer's invoke of class 2 (TR-Result.req).

        Ends in exactly one ResultConfirmed or TransactionAborted.

        Raises WapError where that transaction is over or expects no result, or ``data`` is too
        long.
        """
        machine = self._by_number.get(transaction)
        if (
            not isinstance(machine, Responder)
            or machine.transaction_class is not TransactionClass.RESULT
            or not machine.answer(data, now)
        ):
            raise WapError(f"transaction {transaction} expects no result")

    def acknowledge(self, transaction: int, now: float) -> None:
        """Say that the user has the invoke or the result (TR-Invoke.res, TR-Result.res).

        Raises WapError where that transaction is over or there is nothing to acknowledge.
        """
        machine = self._by_number.get(transaction)
        if machine is None or not machine.acknowledge(now):
            raise WapError(f"transaction {transaction} has nothing to acknowledge")

    def abort(self, transaction: int, reason: int, now: float) -> None:
        """End a transaction as its user (TR-Abort.req); tells nothing more of it.

        ``reason`` is a ``UserAbort``. Safe after the transaction's end.
        """
        machine = self._by_number.get(transaction)
        if machine is not None:
            machine.give_up(Input.USER_ABORT, reason, now, by_user=True)

    # Transactions.

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _has_room(self, role: _Role, peer: Address) -> bool:
        limits = self._surroundings.limits
        return (
            self._open[role, peer] < limits.transactions_per_peer
            and self.open_transactions < limits.transactions
        )

    def _register(self, machine: Machine) -> None:
        self._by_number[machine.number] = machine
        self._open[_role(machine), machine.peer] += 1

    def _state_changed(self, machine: Machine) -> None:
        """Keep the books of what is open, what lingers, and what is over."""
        if machine.number not in self._by_number:
            return
        lingered = self._lingering.pop(machine.number, None) is not None
        if not lingered and machine.state in (State.WAIT_TIMEOUT, State.NULL):
            self._count_down(_role(machine), machine.peer)
        if machine.state is State.NULL:
            self._forget(machine)
        elif machine.state is State.WAIT_TIMEOUT:
            self._lingering[machine.number] = machine
            if len(self._lingering) > self._surroundings.limits.lingering:
                _, oldest = self._lingering.popitem(last=False)
                oldest.forget()
                self._forget(oldest)

    def _count_down(self, role: _Role, peer: Address) -> None:
        self._open[role, peer] -= 1
        if not self._open[role, peer]:
            del self._open[role, peer]

    def _forget(self, machine: Machine) -> None:
        del self._by_number[machine.number]
        if isinstance(machine, Initiator):
            del self._initiators[machine.peer, machine.tid]
        else:
            del self._responders[machine.peer, machine.tid]

    # Time.

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self._surroundings.schedule.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``: send again, acknowledge, give up."""
        self._surroundings.schedule.ring(now)

    # What came out.

    def take_datagrams(self) -> list[tuple[bytes, Address]]:
        """Return what is to be sent, in order for each peer, and forget it."""
        outbox, self._surroundings.outbox = self._surroundings.outbox, {}
        limit = self._surroundings.limits.datagram
        return [
            (datagram, peer) for peer, pdus in outbox.items() for datagram in _joined(pdus, limit)
        ]

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        events, self._surroundings.events = self._surroundings.events, []
        return events


def _role(machine: Machine) -> _Role:
    return Initiator if isinstance(machine, Initiator) else Responder


def _joined(pdus: list[bytes], limit: int) -> list[bytes]:
    """Return datagrams of up to ``limit`` octets; a longer PDU has one for itself."""
    datagrams = []
    together: list[bytes] = []
    length = 0
    for pdu in pdus:
        more = shared_length(len(pdu))
        if together and 1 + length + more > limit:
            datagrams.append(join(together))
            together, length = [], 0
        together.append(pdu)
        length += more
    datagrams.append(join(together))
    return datagrams
