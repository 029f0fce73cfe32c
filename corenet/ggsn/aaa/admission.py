"""Who may have a context where a RADIUS server decides.

Specs: TS 29.061 §11.2.1.2 and §16.3 (authentication at the GGSN), TS 29.060 §7.3.2 (causes).

Theory of operation. A Create PDP Context Request for an APN with RADIUS authentication waits while
an Access-Request is under way: one for each Create, however often the SGSN sends it, because
GTP drops duplicates of what is being worked on. It ends in one of four ways:

- Access-Accept: the Create is served, with what the server grants;
- Access-Reject: cause "User authentication failed", and the mobile's PAP or CHAP is refused;
- nobody answers until the deadline: cause "No resources available", since nobody has judged
  the user. The deadline is shorter than the SGSN's patience;
- the subscriber asks anew with the same NSAPI, the SGSN restarts or the GGSN stops: the same cause.

Where name and password come from the mobile and it sends none, there is nothing to ask: it is
refused at once.
"""

from __future__ import annotations

from dataclasses import dataclass

from corenet.ggsn.aaa.radius_attributes import allocation_asked, own_attributes, session_attributes
from corenet.ggsn.authorization import Authorization, authorization_of
from corenet.ggsn.config import AuthenticatedBy, RadiusAuthentication
from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.core import Core
from corenet.ggsn.options.authentication import Presented
from corenet.radius.access import AccessClient, AccessOutcome, Pap
from gtp.constants import Cause
from gtp.endpoint import RequestReceived
from gtp.messages import CreatePdpContextRequest


class RefusedError(Exception):
    """A Create PDP Context Request cannot be served."""

    def __init__(self, cause: Cause, pco: bytes | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.pco = pco


@dataclass(slots=True, eq=False)
class Question:
    """A Create PDP Context Request that RADIUS is asked about, and what came of it."""

    received: RequestReceived
    imsi: str
    nsapi: int
    charging_id: int
    """What the context will have; the server was told."""
    user_name: str
    number: int = 0
    """The Access-Request's."""
    authorization: Authorization | None = None
    cause: Cause | None = None
    """Why the Create is refused, or None where it is not."""


class Admission:
    """The Access-Requests under way."""

    def __init__(self, core: Core, client: AccessClient) -> None:
        """Ask by ``client``."""
        self._core = core
        self._client = client
        self._open: dict[tuple[str, int], Question] = {}
        """By IMSI and NSAPI."""
        self._ended: list[Question] = []

    def __len__(self) -> int:
        """Return how many Create PDP Context Requests wait."""
        return len(self._open)

    @property
    def has_ended(self) -> bool:
        """Whether ``take_judged`` would return anything."""
        return bool(self._ended) or self._client.has_results

    def ask(self, received: RequestReceived, context: PdpContext, now: float) -> None:
        """Have a Create PDP Context Request judged; ``context`` is what it would make.

        Raises ``RefusedError`` where the mobile says nothing that could be judged.
        """
        message = received.message
        assert isinstance(message, CreatePdpContextRequest)
        policy = context.access.apn.authentication
        assert policy is not None
        assert message.end_user_address is not None
        said = _said(policy, context, message.pco)
        name = said.name.decode("utf-8", "replace")
        question = Question(received, context.imsi, context.nsapi, context.charging_id, name)
        key = (context.imsi, context.nsapi)
        self._abandon(self._open.get(key))
        pdp_type = message.end_user_address.pdp_type
        attributes = {
            "User-Name": said.name,
            **own_attributes(self._core.config),
            **session_attributes(self._core.config, context, pdp_type),
        }
        if not context.access.pools:
            attributes |= allocation_asked(pdp_type)
        self._open[key] = question
        question.number = self._client.ask(
            policy.servers, attributes, said.proof, now, context=question
        )

    def abandon(self, host: str | None = None) -> None:
        """End what waits for an SGSN at ``host``, or everything."""
        for question in list(self._open.values()):
            if host in (None, question.received.peer[0]):
                self._abandon(question)

    def take_judged(self) -> list[Question]:
        """Return the questions that have ended since the last call, in order, and forget them."""
        for result in self._client.take_results():
            question = result.context
            assert isinstance(question, Question)
            if result.outcome is AccessOutcome.ACCEPTED:
                question.authorization = authorization_of(result.attributes, question.user_name)
            elif result.outcome is AccessOutcome.REJECTED:
                question.cause = Cause.USER_AUTHENTICATION_FAILED
            else:
                question.cause = Cause.NO_RESOURCES_AVAILABLE
            self._close(question)
        taken, self._ended = self._ended, []
        return taken

    def _abandon(self, question: Question | None) -> None:
        if question is not None:
            self._client.cancel(question.number)
            question.cause = Cause.NO_RESOURCES_AVAILABLE
            self._close(question)

    def _close(self, question: Question) -> None:
        del self._open[question.imsi, question.nsapi]
        self._ended.append(question)


def _said(policy: RadiusAuthentication, context: PdpContext, pco: bytes | None) -> Presented:
    """Return name and proof of a mobile, or raise ``RefusedError`` where there are none."""
    if policy.by is AuthenticatedBy.PCO:
        said = context.access.options.presented(pco)
    else:
        name = context.imsi if policy.by is AuthenticatedBy.IMSI else context.msisdn
        said = Presented(name.encode(), Pap(policy.password.encode())) if name else None
    if said is None:
        pco = context.access.options.refusal(pco)
        raise RefusedError(Cause.USER_AUTHENTICATION_FAILED, pco)
    return said
