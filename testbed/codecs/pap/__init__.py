"""Push Access Protocol documents, both ways.

Specs: WAP-164 (PAP 1.0), WAP-247 (PAP 2.0), OMA PAP 2.1.
"""

from testbed.codecs.pap.documents import (
    BadMessageResponse,
    CancelMessage,
    CancelResponse,
    CancelResult,
    CcqMessage,
    CcqResponse,
    Document,
    Envelope,
    ProgressNote,
    PushMessage,
    PushResponse,
    QualityOfService,
    ResultNotification,
    ResultNotificationResponse,
    StatusQuery,
    StatusQueryResponse,
    StatusQueryResult,
)
from testbed.codecs.pap.errors import PapError
from testbed.codecs.pap.reading import parse, parse_envelope
from testbed.codecs.pap.status import (
    DeliveryMethod,
    MessageState,
    Priority,
    ReplaceMethod,
    StatusCode,
    Version,
    known_code,
)
from testbed.codecs.pap.writing import build
from testbed.codecs.timestamps import format_timestamp, parse_timestamp

__all__ = [
    "BadMessageResponse",
    "CancelMessage",
    "CancelResponse",
    "CancelResult",
    "CcqMessage",
    "CcqResponse",
    "DeliveryMethod",
    "Document",
    "Envelope",
    "MessageState",
    "PapError",
    "Priority",
    "ProgressNote",
    "PushMessage",
    "PushResponse",
    "QualityOfService",
    "ReplaceMethod",
    "ResultNotification",
    "ResultNotificationResponse",
    "StatusCode",
    "StatusQuery",
    "StatusQueryResponse",
    "StatusQueryResult",
    "Version",
    "build",
    "format_timestamp",
    "known_code",
    "parse",
    "parse_envelope",
    "parse_timestamp",
]
