"""Messages of GTPv1-C and GTP-U: one class each, and ``decode``."""

from gtp.messages.base import Message
from gtp.messages.codec import MESSAGES, decode
from gtp.messages.location import (
    FailureReportRequest,
    FailureReportResponse,
    NoteMsGprsPresentRequest,
    NoteMsGprsPresentResponse,
    SendRouteingInformationRequest,
    SendRouteingInformationResponse,
)
from gtp.messages.notification import (
    PduNotificationRejectRequest,
    PduNotificationRejectResponse,
    PduNotificationRequest,
    PduNotificationResponse,
)
from gtp.messages.path import (
    EchoRequest,
    EchoResponse,
    SupportedExtensionHeadersNotification,
    VersionNotSupported,
)
from gtp.messages.session import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
)
from gtp.messages.tunnel import EndMarker, ErrorIndication, GPdu

__all__ = [
    "MESSAGES",
    "CreatePdpContextRequest",
    "CreatePdpContextResponse",
    "DeletePdpContextRequest",
    "DeletePdpContextResponse",
    "EchoRequest",
    "EchoResponse",
    "EndMarker",
    "ErrorIndication",
    "FailureReportRequest",
    "FailureReportResponse",
    "GPdu",
    "Message",
    "NoteMsGprsPresentRequest",
    "NoteMsGprsPresentResponse",
    "PduNotificationRejectRequest",
    "PduNotificationRejectResponse",
    "PduNotificationRequest",
    "PduNotificationResponse",
    "SendRouteingInformationRequest",
    "SendRouteingInformationResponse",
    "SupportedExtensionHeadersNotification",
    "VersionNotSupported",
    "decode",
]
