"""Answers what is about an earlier push: status queries, cancels, replacements.

Theory of operation. A push that is under way is in memory; one that has ended is read from the
store, behind all that was to be written before. A cancel is answered when the store has every
end that it brought about, so that nothing which was said to be cancelled comes back after a crash.

Where gateways share a store, the push may be another one's (``elsewhere``). A cancel is then
answered when the store has the end that the other brought about. What replaces with pending-only
goes on at an address once the store has it that the original was replaced there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from testbed.codecs import pap
from testbed.codecs.pap import ReplaceMethod, StatusCode, Version
from testbed.gateway.config import GatewayConfig
from testbed.gateway.dispatch.dispatch import Dispatch
from testbed.gateway.effects import FindPush
from testbed.gateway.keeping.lease import Lease
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import StoredPush, Withdrawal
from testbed.gateway.output import Output
from testbed.gateway.submissions import answers, operations
from testbed.gateway.submissions.answers import HttpAnswer, Refusal
from testbed.gateway.submissions.elsewhere import Elsewhere, Watch
from testbed.gateway.submissions.operations import Accepted, NotReplaced, Question
from testbed.gateway.submissions.recipients import identity
from testbed.gateway.underway.custody import Custody
from testbed.gateway.underway.deliveries import Delivery, Key

Look = Callable[[StoredPush | None, float], bool]
"""Takes what the store has of a push; returns whether nothing more is to be seen."""
UNREADABLE: Final = "the store could not be read"


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A submission that is about an earlier push, and from whom it is."""

    key: str
    about: Question | Accepted
    initiator: str


@dataclass(slots=True)
class _Unsettled:
    """An answer that waits until the store has what it tells."""

    inquiry: Inquiry
    answer: HttpAnswer
    left: set[Key]


class Inquiries:
    """All inquiries of one gateway that are not answered."""

    def __init__(
        self,
        config: GatewayConfig,
        output: Output,
        dispatch: Dispatch,
        custody: Custody,
        lease: Lease,
        *,
        add: Callable[[str, Accepted], None],
        answer: Callable[[str, HttpAnswer], None],
        refuse: Callable[[str, Refusal], None],
    ) -> None:
        """``add`` has a push stored that replaces another."""
        self._config = config
        self._output = output
        self._dispatch = dispatch
        self._custody = custody
        self._pushes = custody.pushes
        self._lease = lease
        self._add = add
        self._answer = answer
        self._refuse = refuse
        self._asked: dict[str, list[Inquiry]] = {}
        self._unsettled: list[_Unsettled] = []
        self._elsewhere = Elsewhere(output, custody.commit)

    def __len__(self) -> int:
        """Return how many are not answered."""
        asked = sum(map(len, self._asked.values()))
        return asked + len(self._unsettled) + len(self._elsewhere)

    def ask(self, inquiry: Inquiry, now: float) -> None:
        """Answer an inquiry, at once or when the store has been asked."""
        push_id = _subject(inquiry.about)
        if push_id in self._pushes:
            self._resolve(inquiry, self._custody.stored(push_id), now)
        elif len(self) >= self._config.limits.uncommitted:
            self.refuse(inquiry, "too many wait for the store", now)
        elif push_id in self._asked:
            self._asked[push_id].append(inquiry)
        else:
            self._asked[push_id] = [inquiry]
            self._output.ask(FindPush(push_id))

    def found(self, push_id: str, stored: StoredPush | None, now: float) -> None:
        """Take what the store has of a push."""
        for inquiry in self._asked.pop(push_id, ()):
            self._resolve(inquiry, self._custody.stored(push_id) or stored, now)
        self._elsewhere.found(push_id, stored, now)

    def find_failed(self, push_id: str, now: float) -> None:
        """Answer that the store cannot be read."""
        for inquiry in self._asked.pop(push_id, ()):
            self.refuse(inquiry, UNREADABLE, now)
        self._elsewhere.find_failed(push_id, UNREADABLE, now)

    def committed(self, number: int) -> bool:
        """Take note that a commit is on disk; return whether it was what others are asked for."""
        return self._elsewhere.committed(number)

    def commit_failed(self, number: int, now: float) -> bool:
        """Take note that a commit is not on disk; return likewise."""
        return self._elsewhere.commit_failed(number, now)

    def lapsed(self, now: float) -> None:
        """Take note that the lease has lapsed: what became of others' pushes cannot be seen."""
        self._elsewhere.forget_all("the store is out of reach", now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self._elsewhere.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Look again at what another gateway was asked for."""
        self._elsewhere.handle_timeout(now)

    def refuse(
        self,
        inquiry: Inquiry,
        why: str,
        now: float,
        code: StatusCode = StatusCode.SERVICE_UNAVAILABLE,
    ) -> None:
        """Answer with a status code: 4001, come again, unless another one is given."""
        self._refuse(inquiry.key, self._refusal(inquiry, code, why, now))

    def refuse_for_fault(self, inquiry: Inquiry, fault: Exception, now: float) -> None:
        """Answer that the gateway itself is at fault."""
        code = StatusCode.INTERNAL_SERVER_ERROR
        refusal = self._refusal(inquiry, code, code.text, now)
        self._refuse(inquiry.key, replace(refusal, fault=answers.traceback_of(fault)))

    def saved(self, key: Key) -> None:
        """Take note that a delivery is stored as it is."""
        for unsettled in [one for one in self._unsettled if key in one.left]:
            unsettled.left.discard(key)
            if not unsettled.left:
                self._unsettled.remove(unsettled)
                self._answer(unsettled.inquiry.key, unsettled.answer)

    def withdraw(self, withdrawals: Iterable[Withdrawal], now: float) -> None:
        """End what other gateways ask for, where it has not ended and is not going out."""
        for asked in withdrawals:
            deliveries = self._pushes.get(asked.push_id)
            if deliveries is not None:
                self._dispatch.withdraw(
                    deliveries[asked.number], now, replaced_by=asked.replaced_by
                )

    def make_way(
        self, delivery: Delivery, now: float, *, is_new: bool, told: Callable[[bool, float], None]
    ) -> None:
        """End what a push replaces at one address, and tell whether the push may go on there.

        With pending-only it may not where the original ended by itself since it was accepted.
        ``told`` is called at once, or when another gateway has ended the original.
        """
        push = delivery.push
        is_pending_only = push.replaces is not None and (
            push.replace_method is ReplaceMethod.PENDING_ONLY
        )
        originals = self._pushes.get(push.replaces or "")
        if originals is None and is_pending_only and self._lease.is_shared:
            self._elsewhere.watch(self._watch_original(delivery, told))
            return
        # At a restart an original that is not there any more may have been replaced before it.
        may_go_on = not (is_pending_only and is_new)
        for original in originals or ():
            is_meant = identity(original.address) == identity(delivery.address)
            if not is_meant or original.push.initiator != push.initiator:
                continue
            is_withdrawn = self._dispatch.withdraw(original, now, replaced_by=push.push_id)
            if is_pending_only:
                may_go_on = is_withdrawn or original.state is State.REPLACED
        told(may_go_on, now)

    def _watch_original(self, delivery: Delivery, told: Callable[[bool, float], None]) -> Watch:
        """Return how to wait until another gateway has ended what ``delivery`` replaces."""
        push = delivery.push
        original_id = push.replaces or ""

        def look(stored: StoredPush | None, now: float) -> bool:
            if delivery not in self._pushes.get(push.push_id, ()):
                return True  # It was let go.
            if original_id in self._pushes:
                # Its gateway is gone, and we have taken it over.
                self.make_way(delivery, now, is_new=True, told=told)
                return True
            ends = [] if stored is None else operations.ends_at(stored, delivery.address)
            if not all(end.state.final for end in ends):
                return False
            told(any(operations.was_replaced(end, push.push_id) for end in ends), now)
            return True

        return Watch(original_id, look, lambda _why, _now: False)

    def lost(self, key: Key, now: float) -> None:
        """Take note that a delivery is another gateway's, and may come back there."""
        for unsettled in [one for one in self._unsettled if key in one.left]:
            self._unsettled.remove(unsettled)
            self.refuse(unsettled.inquiry, "another gateway has taken the push over", now)

    def _resolve(self, inquiry: Inquiry, stored: StoredPush | None, now: float) -> None:
        try:
            self._reply_to(inquiry, stored, now)
        except Exception as fault:
            self.refuse_for_fault(inquiry, fault, now)

    def _reply_to(self, inquiry: Inquiry, stored: StoredPush | None, now: float) -> None:
        if stored is not None and stored.push.initiator != inquiry.initiator:
            stored = None
        match inquiry.about:
            case Accepted() as accepted:
                result = operations.replacement(accepted, stored)
                if isinstance(result, NotReplaced):
                    refusal = answers.refusal(
                        accepted.push, result.code, result.text, self._config, now
                    )
                    self._refuse(inquiry.key, refusal)
                else:
                    if stored is not None and self._is_elsewhere(stored):
                        withdraws = operations.replaced(result, stored)
                        result = replace(result, withdraws=withdraws)
                    self._add(inquiry.key, result)
            case Question(pap.StatusQuery() as query, version):
                self._reply(inquiry.key, operations.status(query, stored), version)
            case Question(pap.CancelMessage() as message, version):
                self._cancel(inquiry, message, version, stored, now)

    def _cancel(
        self,
        inquiry: Inquiry,
        message: pap.CancelMessage,
        version: Version,
        stored: StoredPush | None,
        now: float,
    ) -> None:
        if stored is None:
            code = StatusCode.PUSH_ID_NOT_FOUND
            self._reply(inquiry.key, operations.not_cancelled(message, code), version)
            return
        if self._is_elsewhere(stored):
            self._cancel_elsewhere(inquiry, message, version, stored, now)
            return
        found, missing = operations.recipients(message.addresses, stored.push)
        deliveries = self._pushes.get(message.push_id)
        left = {
            deliveries[number].key
            for number, _ in found
            if deliveries is not None and self._dispatch.withdraw(deliveries[number], now)
        }
        document = operations.cancelled(message, found, {number for _, number in left}, missing)
        if left:
            answer = answers.document(document, version, self._config)
            self._unsettled.append(_Unsettled(inquiry, answer, left))
        else:
            self._reply(inquiry.key, document, version)

    def _is_elsewhere(self, stored: StoredPush) -> bool:
        """Return whether another gateway may have the push under way."""
        return (
            self._lease.is_shared
            and stored.push.push_id not in self._pushes
            and any(not delivery.state.final for delivery in stored.deliveries)
        )

    def _cancel_elsewhere(
        self,
        inquiry: Inquiry,
        message: pap.CancelMessage,
        version: Version,
        stored: StoredPush,
        now: float,
    ) -> None:
        """Have who holds the push end it, and answer what became of that."""
        found, missing = operations.recipients(message.addresses, stored.push)
        asked = {number for number, _ in found if not stored.deliveries[number].state.final}
        # Who is gone is followed by another gateway once the lease has lapsed, and a third of it.
        deadline = now + 1.5 * self._config.lease + 1.0

        def look(found_now: StoredPush | None, now: float) -> bool:
            own = self._pushes.get(message.push_id)
            if own is not None and not all(own[number].state.final for number in asked):
                self._cancel(inquiry, message, version, stored, now)
                return True
            # Taken over with the wish to withdraw it, it may have ended here before this look.
            ends = () if found_now is None else found_now.deliveries
            if any(not ends[number].state.final for number in asked if number < len(ends)):
                if now < deadline:
                    return False
                self.refuse(inquiry, "the gateway that has the push does not answer", now)
                return True
            is_cancelled = {n for n in asked if n < len(ends) and ends[n].state is State.CANCELLED}
            document = operations.cancelled(message, found, is_cancelled, missing)
            self._reply(inquiry.key, document, version)
            return True

        def fail(why: str, now: float) -> bool:
            self.refuse(inquiry, why, now)
            return True

        watch = Watch(message.push_id, self._answering_faults(inquiry, look), fail)
        if asked:
            withdrawals = tuple(Withdrawal(message.push_id, n) for n in sorted(asked))
            self._elsewhere.withdraw(withdrawals, watch)
        else:
            document = operations.cancelled(message, found, set(), missing)
            self._reply(inquiry.key, document, version)

    def _answering_faults(self, inquiry: Inquiry, look: Look) -> Look:
        """Return a look that ends with 3000 where something goes wrong."""

        def answering(found: StoredPush | None, now: float) -> bool:
            try:
                return look(found, now)
            except Exception as fault:
                self.refuse_for_fault(inquiry, fault, now)
                return True

        return answering

    def _reply(self, key: str, document: pap.Document, version: Version) -> None:
        self._answer(key, answers.document(document, version, self._config))

    def _refusal(self, inquiry: Inquiry, code: StatusCode, text: str, now: float) -> Refusal:
        match inquiry.about:
            case Accepted(push):
                return answers.refusal(push, code, text, self._config, now)
            case Question(document, version):
                return operations.refused(document, code, text, version, self._config, now)


def _subject(about: Question | Accepted) -> str:
    """Return the push-id that an inquiry is about."""
    if isinstance(about, Accepted):
        return about.push.replaces or ""
    return about.push_id
