"""Takes what initiators submit: refuses, asks further, or has it stored and answers then.

Theory of operation. A submission is answered with 1001 only when the store has it. What is too
much for the gateway or for its initiator's allowance is answered with 4001 at once. A
fault on the way is answered with 3000; what is to be stored is asked for last, so that nothing is
half accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from testbed.codecs import pap
from testbed.codecs.pap import StatusCode, Version
from testbed.gateway.config import GatewayConfig
from testbed.gateway.dispatch.dispatch import Dispatch
from testbed.gateway.effects import AnswerSubmission
from testbed.gateway.events import (
    DeliveryEnded,
    PushAccepted,
    PushRefused,
    StoreFailed,
    SubmissionFaulted,
)
from testbed.gateway.initiators import Allowances
from testbed.gateway.keeping.lease import Lease
from testbed.gateway.keeping.records import AddPush, PushRecord, StoredPush
from testbed.gateway.output import Output
from testbed.gateway.submissions import answers, submission
from testbed.gateway.submissions.answers import HttpAnswer, Refusal
from testbed.gateway.submissions.capabilities import Clients
from testbed.gateway.submissions.inquiries import Inquiries, Inquiry
from testbed.gateway.submissions.operations import Accepted, Question
from testbed.gateway.submissions.recipients import Nobody
from testbed.gateway.underway.custody import Custody

OUT_OF_REACH: Final = "the store is out of reach"


class Intake:
    """All submissions of one gateway that are not answered."""

    def __init__(
        self,
        config: GatewayConfig,
        output: Output,
        *,
        dispatch: Dispatch,
        custody: Custody,
        allowances: Allowances,
        lease: Lease,
        clients: Clients,
        take_up: Callable[[StoredPush, float], None],
    ) -> None:
        """``take_up`` begins with a push that was accepted."""
        self._config = config
        self._output = output
        self._custody = custody
        self._allowances = allowances
        self._lease = lease
        self._clients = clients
        self._take_up = take_up
        self._uncommitted: dict[int, tuple[str, Accepted]] = {}
        self.is_closed = False
        """Everything is refused, for the gateway is going out of service."""
        self.inquiries = Inquiries(
            config,
            output,
            dispatch,
            custody,
            lease,
            add=self._add,
            answer=self._answer,
            refuse=self._refuse,
        )
        """Submissions about earlier pushes."""

    def submit(
        self,
        key: str,
        content_type: str,
        body: bytes,
        now: float,
        *,
        initiator: str,
        forbidden: str | None,
    ) -> None:
        """Take what an initiator posted; exactly one ``AnswerSubmission`` with ``key`` follows."""
        self._output.count("submissions")
        result = submission.read(
            content_type, body, self._config, now, clients=self._clients, initiator=initiator
        )
        if isinstance(result, Refusal):
            self._refuse(key, result)
            return
        inquiry = Inquiry(key, result, initiator)
        try:
            self._take(inquiry, forbidden, now)
        except Exception as fault:
            self.inquiries.refuse_for_fault(inquiry, fault, now)

    def _take(self, inquiry: Inquiry, forbidden: str | None, now: float) -> None:
        result, initiator = inquiry.about, inquiry.initiator
        busy = self._too_busy(result, initiator, now)
        if forbidden is not None:
            self.inquiries.refuse(inquiry, forbidden, now, StatusCode.FORBIDDEN)
        elif busy is not None:
            self.inquiries.refuse(inquiry, busy, now)
        elif isinstance(result, Accepted) and result.push.replaces is None:
            self._add(inquiry.key, result)
        elif isinstance(result, Question) and isinstance(result.document, pap.CcqMessage):
            self._tell_capabilities(inquiry, result.document, result.version, now)
        else:
            self.inquiries.ask(inquiry, now)

    def _tell_capabilities(
        self, inquiry: Inquiry, query: pap.CcqMessage, version: Version, now: float
    ) -> None:
        answer = self._clients.answer(query, version)
        if isinstance(answer, Nobody):
            self.inquiries.refuse(inquiry, answer.text, now, answer.code)
        else:
            self._output.count("capabilities told")
            self._answer(inquiry.key, answer)

    def committed(self, number: int, now: float, *, duplicate: bool) -> bool:
        """Answer a submission that is on disk or found its push-id used; False for other rows."""
        if number not in self._uncommitted:
            return self.inquiries.committed(number)
        key, accepted = self._uncommitted.pop(number)
        if duplicate:
            code, text = StatusCode.DUPLICATE_PUSH_ID, "this push-id was used before"
            self._refuse(key, answers.refusal(accepted.push, code, text, self._config, now))
        else:
            self._accept(key, accepted, now)
        return True

    @property
    def uncommitted(self) -> int:
        """How many pushes are being stored."""
        return len(self._uncommitted)

    def commit_failed(self, number: int, reason: str, now: float) -> bool:
        """Refuse a submission that is not on disk; return False for other rows."""
        if number not in self._uncommitted:
            return self.inquiries.commit_failed(number, now)
        key, accepted = self._uncommitted.pop(number)
        code, text = StatusCode.SERVICE_UNAVAILABLE, "the push could not be stored"
        self._refuse(key, answers.refusal(accepted.push, code, text, self._config, now))
        self._output.tell(StoreFailed(accepted.push.push_id, reason))
        return True

    def _too_busy(self, what: Accepted | Question, initiator: str, now: float) -> str | None:
        if self.is_closed:
            return "the gateway is going out of service"
        addresses = len(what.push.addresses) if isinstance(what, Accepted) else 0
        exceeded = self._allowances.exceeded(initiator, addresses, now)
        if exceeded is not None:
            return exceeded
        if self._lease.is_lapsed:
            return OUT_OF_REACH
        return self._overload(what.push) if isinstance(what, Accepted) else None

    def _overload(self, push: PushRecord) -> str | None:
        limits = self._config.limits
        if len(self._uncommitted) + len(self.inquiries) >= limits.uncommitted:
            return "too many submissions are waiting for the store"
        kept = self._allowances.under_way
        if kept + len(push.addresses) > limits.unfinished:
            return f"{kept} pushes have not ended"
        return None

    def _add(self, key: str, accepted: Accepted) -> None:
        number = self._custody.commit(AddPush(accepted.push, accepted.ended, accepted.withdraws))
        self._uncommitted[number] = (key, accepted)

    def _accept(self, key: str, accepted: Accepted, now: float) -> None:
        push = accepted.push
        self._output.count("accepted")
        answer = answers.accepted(push, self._config, now, progress_notes=accepted.progress_notes)
        self._answer(key, answer)
        self._output.tell(PushAccepted(push.push_id, push.addresses))
        for ended in accepted.ended:
            self._output.count(ended.state)
            whose, code, why = push.addresses[ended.number], ended.code, ended.description
            self._output.tell(DeliveryEnded(push.push_id, whose, ended.state, code, why, 0.0))
        self._take_up(accepted.stored(), now)

    def _refuse(self, key: str, refusal: Refusal) -> None:
        self._output.count("refused")
        self._answer(key, refusal.answer)
        self._output.tell(PushRefused(refusal.push_id, refusal.code, refusal.reason))
        if refusal.fault:
            self._output.tell(SubmissionFaulted(refusal.push_id, refusal.fault))

    def _answer(self, key: str, answer: HttpAnswer) -> None:
        self._output.ask(AnswerSubmission(key, answer.status, answer.content_type, answer.body))
