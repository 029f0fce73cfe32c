"""Answers what is about an earlier push: status queries, cancels, replacements.

Theory of operation. A push that is under way is in memory; one that has ended is read from the
store, behind all that was to be written before. A cancel is answered when the store has every
end that it brought about, so that nothing which was said to be cancelled comes back after a crash.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from testbed.codecs import pap
from testbed.codecs.pap import ReplaceMethod, StatusCode, Version
from testbed.gateway import answers, operations
from testbed.gateway.answers import HttpAnswer, Refusal
from testbed.gateway.config import GatewayConfig
from testbed.gateway.deliveries import Delivery, Key
from testbed.gateway.dispatch import Dispatch
from testbed.gateway.effects import FindPush
from testbed.gateway.operations import Accepted, NotReplaced, Question
from testbed.gateway.output import Output
from testbed.gateway.pushes import State
from testbed.gateway.recipients import identity
from testbed.gateway.records import StoredPush


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
        pushes: Mapping[str, list[Delivery]],
        *,
        add: Callable[[str, Accepted], None],
        answer: Callable[[str, HttpAnswer], None],
        refuse: Callable[[str, Refusal], None],
    ) -> None:
        """``pushes`` are those under way; ``add`` has a push stored that replaces another."""
        self._config = config
        self._output = output
        self._dispatch = dispatch
        self._pushes = pushes
        self._add = add
        self._answer = answer
        self._refuse = refuse
        self._asked: dict[str, list[Inquiry]] = {}
        self._unsettled: list[_Unsettled] = []

    def __len__(self) -> int:
        """Return how many are not answered."""
        return sum(map(len, self._asked.values())) + len(self._unsettled)

    def ask(self, inquiry: Inquiry, now: float) -> None:
        """Answer an inquiry, at once or when the store has been asked."""
        push_id = _subject(inquiry.about)
        if push_id in self._pushes:
            self._resolve(inquiry, self._current(push_id), now)
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
            self._resolve(inquiry, self._current(push_id) or stored, now)

    def find_failed(self, push_id: str, now: float) -> None:
        """Answer that the store cannot be read."""
        for inquiry in self._asked.pop(push_id, ()):
            self.refuse(inquiry, "the store could not be read", now)

    def refuse(
        self,
        inquiry: Inquiry,
        why: str,
        now: float,
        code: StatusCode = StatusCode.SERVICE_UNAVAILABLE,
    ) -> None:
        """Answer with a status code: 4001, come again, unless another one is given."""
        self._refuse(inquiry.key, self._refusal(inquiry, code, why, now))

    def saved(self, key: Key) -> None:
        """Take note that a delivery is stored as it is."""
        for unsettled in [one for one in self._unsettled if key in one.left]:
            unsettled.left.discard(key)
            if not unsettled.left:
                self._unsettled.remove(unsettled)
                self._answer(unsettled.inquiry.key, unsettled.answer)

    def takes_its_place(self, delivery: Delivery, now: float, *, is_new: bool) -> bool:
        """End what a push replaces at one address; return whether the push may go on.

        With pending-only it may not where the original ended by itself since it was accepted.
        """
        push = delivery.push
        is_pending_only = push.replaces is not None and (
            push.replace_method is ReplaceMethod.PENDING_ONLY
        )
        # At a restart an original that is not there any more may have been replaced before it.
        may_go_on = not (is_pending_only and is_new)
        for original in self._pushes.get(push.replaces or "", ()):
            is_meant = identity(original.address) == identity(delivery.address)
            if not is_meant or original.push.initiator != push.initiator:
                continue
            is_withdrawn = self._dispatch.withdraw(original, now, replaced_by=push.push_id)
            if is_pending_only:
                may_go_on = is_withdrawn or original.state is State.REPLACED
        return may_go_on

    def lost(self, key: Key, now: float) -> None:
        """Take note that a delivery is another gateway's, and may come back there."""
        for unsettled in [one for one in self._unsettled if key in one.left]:
            self._unsettled.remove(unsettled)
            self.refuse(unsettled.inquiry, "another gateway has taken the push over", now)

    def _current(self, push_id: str) -> StoredPush | None:
        deliveries = self._pushes.get(push_id)
        if deliveries is None:
            return None
        return StoredPush(deliveries[0].push, tuple(one.record() for one in deliveries))

    def _resolve(self, inquiry: Inquiry, stored: StoredPush | None, now: float) -> None:
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
        found, missing = operations.recipients(message.addresses, stored.push)
        deliveries = self._pushes.get(message.push_id)
        outcomes: list[tuple[str, StatusCode]] = []
        left: set[Key] = set()
        for number, value in found:
            code = StatusCode.CANCELLATION_NOT_POSSIBLE
            if deliveries is not None and self._dispatch.withdraw(deliveries[number], now):
                code = StatusCode.OK
                left.add(deliveries[number].key)
            outcomes.append((value, code))
        outcomes += [(value, StatusCode.ADDRESS_NOT_FOUND) for value in missing]
        document = operations.cancelled(message, outcomes)
        if left:
            answer = answers.document(document, version, self._config)
            self._unsettled.append(_Unsettled(inquiry, answer, left))
        else:
            self._reply(inquiry.key, document, version)

    def _reply(self, key: str, document: pap.Document, version: Version) -> None:
        self._answer(key, answers.document(document, version, self._config))

    def _refusal(self, inquiry: Inquiry, code: StatusCode, text: str, now: float) -> Refusal:
        match inquiry.about:
            case Accepted(push):
                return answers.refusal(push, code, text, self._config, now)
            case Question(pap.CancelMessage() as message, version):
                document: pap.Document = operations.not_cancelled(message, code)
            case Question(pap.StatusQuery() as query, version):
                document = operations.not_known(query, code)
        answer = answers.document(document, version, self._config)
        return Refusal(answer, _subject(inquiry.about), code, text)


def _subject(about: Question | Accepted) -> str:
    """Return the push-id that an inquiry is about."""
    if isinstance(about, Accepted):
        return about.push.replaces or ""
    return about.document.push_id
