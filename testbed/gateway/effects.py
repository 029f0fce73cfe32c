"""What a gateway asks of those who run it, beside datagrams: and the command that answers.

Whoever runs a ``Gateway`` takes these with ``take_effects`` when the event ``EffectsQueued``
tells it to, carries them out in order, and answers each by the command that its docstring names.
``AnswerSubmission`` and ``CancelFetch`` have no answer; every other effect gets exactly one,
however it went.
"""

from __future__ import annotations

from dataclasses import dataclass

from testbed.codecs.pap import Priority
from testbed.gateway.keeping.records import Row
from testbed.gateway.terminal import Terminal
from testbed.pull.effects import CancelFetch, FetchFromOrigin


@dataclass(frozen=True, slots=True)
class Commit:
    """Write ``row`` durably.

    Answer: ``committed(number, now, duplicate=...)`` once it is on disk, with ``duplicate`` where
    the row is an ``AddPush`` whose push-id was ever used (nothing is written then); or
    ``commit_failed(number, reason, now)``. Several commits may share one transaction.
    """

    number: int
    row: Row


@dataclass(frozen=True, slots=True)
class AnswerSubmission:
    """Answer the HTTP request that was submitted under ``key``. No answer."""

    key: str
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class LookUpTerminal:
    """Ask the core about a terminal.

    Answer: ``terminal_found(terminal, answer, now)`` with a ``judge.CoreAnswer``.
    """

    terminal: Terminal


@dataclass(frozen=True, slots=True)
class LookUpContext:
    """Ask the core about whoever has a PDP address, after something was sent there.

    Answer: ``context_found(number, answer, now)`` with a ``judge.CoreAnswer``.
    """

    number: int
    address: str


@dataclass(frozen=True, slots=True)
class RequestActivation:
    """Ask the core for a PDP context; the same key again would join the same activation.

    Answer: ``activation_finished(key, answer, now)`` with an ``activate.ActivationAnswer``, at
    the latest a moment after ``deadline`` (seconds since 1970-01-01 UTC).
    """

    key: str
    imsi: str
    apn: str
    deadline: float


@dataclass(frozen=True, slots=True)
class PostNotification:
    """POST a result notification as application/xml to the initiator, following no redirect.

    Answer: ``notification_answered(push_id, number, status, body, now)`` with the HTTP status
    and body, or ``notification_failed(push_id, number, reason, now)``.
    """

    push_id: str
    number: int
    """The address's place in the push."""
    url: str
    body: bytes


@dataclass(frozen=True, slots=True)
class FindPush:
    """Read a push from the store, behind all commits that came before.

    Answer: ``push_found(push_id, stored, now)`` with None where the push-id was never used, or
    ``find_failed(push_id, reason, now)``.
    """

    push_id: str


@dataclass(frozen=True, slots=True)
class SubmitSms:
    """Give a push to an SMSC as one transaction.

    Answer: ``sms_finished(key, outcome, now)`` with an ``sms.SmsOutcome``, at the latest a moment
    after ``deadline``.
    """

    key: str
    """Names the transaction, also after a restart; two pushes never have the same."""
    msisdn: str
    pdu: bytes
    """The WSP Push PDU with its transaction id: the user data of WDP."""
    application: str
    source_port: int
    destination_port: int
    priority: Priority
    deadline: float
    """Seconds since 1970-01-01 UTC; what has not arrived by then is not to arrive any more."""
    again: bool
    """The SMSC may have the transaction already: its outcome is wanted, not a second message."""


Effect = (
    SubmitSms
    | Commit
    | FindPush
    | AnswerSubmission
    | LookUpTerminal
    | LookUpContext
    | RequestActivation
    | PostNotification
    | FetchFromOrigin
    | CancelFetch
)
