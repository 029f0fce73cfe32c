"""PAP documents as values (WAP-247 §9).

Timestamps are seconds since 1970-01-01 UTC; PAP writes whole seconds. Codes are plain integers,
because any 1000–5999 may arrive; ``StatusCode`` names the defined ones. Addresses are the
``address-value`` as written (see ``testbed.codecs.address``).
"""

from __future__ import annotations

from dataclasses import dataclass

from testbed.codecs.pap.status import (
    DeliveryMethod,
    MessageState,
    Priority,
    ReplaceMethod,
    Version,
)


@dataclass(frozen=True, slots=True)
class QualityOfService:
    """``quality-of-service``: how a push is to be delivered."""

    priority: Priority = Priority.MEDIUM
    delivery_method: DeliveryMethod = DeliveryMethod.NOT_SPECIFIED
    network: str | None = None
    network_required: bool = False
    bearer: str | None = None
    bearer_required: bool = False


@dataclass(frozen=True, slots=True)
class PushMessage:
    """``push-message``: the initiator asks for delivery."""

    push_id: str
    addresses: tuple[str, ...]
    deliver_before: float | None = None
    deliver_after: float | None = None
    source_reference: str | None = None
    notify_url: str | None = None
    progress_notes: bool = False
    replace_push_id: str | None = None
    replace_method: ReplaceMethod = ReplaceMethod.ALL
    quality_of_service: QualityOfService | None = None


@dataclass(frozen=True, slots=True)
class ProgressNote:
    """``progress-note``: how far a submission has come."""

    stage: str
    note: str | None = None
    time: float | None = None


@dataclass(frozen=True, slots=True)
class PushResponse:
    """``push-response`` with its ``response-result``."""

    push_id: str
    code: int
    desc: str | None = None
    sender_address: str | None = None
    sender_name: str | None = None
    reply_time: float | None = None
    progress_notes: tuple[ProgressNote, ...] = ()


@dataclass(frozen=True, slots=True)
class CancelMessage:
    """``cancel-message``; no addresses means all of the push."""

    push_id: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CancelResult:
    """``cancel-result`` for some or all addresses."""

    code: int
    desc: str | None = None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CancelResponse:
    """``cancel-response``."""

    push_id: str
    results: tuple[CancelResult, ...]


@dataclass(frozen=True, slots=True)
class ResultNotification:
    """``resultnotification-message``: what became of a push at one address."""

    push_id: str
    address: str
    state: MessageState
    code: int
    desc: str | None = None
    sender_address: str | None = None
    sender_name: str | None = None
    received_time: float | None = None
    event_time: float | None = None
    quality_of_service: QualityOfService | None = None


@dataclass(frozen=True, slots=True)
class ResultNotificationResponse:
    """``resultnotification-response``: the initiator has taken the notification."""

    push_id: str
    address: str
    code: int
    desc: str | None = None


@dataclass(frozen=True, slots=True)
class StatusQuery:
    """``statusquery-message``; no addresses means all of the push."""

    push_id: str
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusQueryResult:
    """``statusquery-result`` for some or all addresses."""

    state: MessageState
    code: int
    desc: str | None = None
    event_time: float | None = None
    addresses: tuple[str, ...] = ()
    quality_of_service: QualityOfService | None = None


@dataclass(frozen=True, slots=True)
class StatusQueryResponse:
    """``statusquery-response``."""

    push_id: str
    results: tuple[StatusQueryResult, ...]


@dataclass(frozen=True, slots=True)
class CcqMessage:
    """``ccq-message``: client capabilities query."""

    address: str
    query_id: str | None = None
    app_id: str | None = None


@dataclass(frozen=True, slots=True)
class CcqResponse:
    """``ccq-response``; with code 1000 the capabilities follow as another entity."""

    address: str
    code: int
    desc: str | None = None
    query_id: str | None = None


@dataclass(frozen=True, slots=True)
class BadMessageResponse:
    """``badmessage-response``: the message could not be understood."""

    code: int
    desc: str | None = None
    fragment: str | None = None


Document = (
    PushMessage
    | PushResponse
    | CancelMessage
    | CancelResponse
    | ResultNotification
    | ResultNotificationResponse
    | StatusQuery
    | StatusQueryResponse
    | CcqMessage
    | CcqResponse
    | BadMessageResponse
)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A document with what ``pap`` and the DOCTYPE say about it."""

    document: Document
    version: Version | None
    """None where the document has no DOCTYPE."""
    product_name: str | None = None
    supported_versions: str | None = None
    """The ``wap-pap-ver`` instruction's list, such as "2.0,1.*"."""
