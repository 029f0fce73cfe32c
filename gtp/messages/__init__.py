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
from gtp.messages.location_change import (
    MsInfoChangeNotificationRequest,
    MsInfoChangeNotificationResponse,
)
from gtp.messages.mobility import (
    IdentificationRequest,
    IdentificationResponse,
    SgsnContextAcknowledge,
    SgsnContextRequest,
    SgsnContextResponse,
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
from gtp.messages.tunnel import (
    EndMarker,
    ErrorIndication,
    GPdu,
)
from gtp.messages.update import (
    InitiatePdpContextActivationRequest,
    InitiatePdpContextActivationResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)

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
    "IdentificationRequest",
    "IdentificationResponse",
    "InitiatePdpContextActivationRequest",
    "InitiatePdpContextActivationResponse",
    "Message",
    "MsInfoChangeNotificationRequest",
    "MsInfoChangeNotificationResponse",
    "NoteMsGprsPresentRequest",
    "NoteMsGprsPresentResponse",
    "PduNotificationRejectRequest",
    "PduNotificationRejectResponse",
    "PduNotificationRequest",
    "PduNotificationResponse",
    "SendRouteingInformationRequest",
    "SendRouteingInformationResponse",
    "SgsnContextAcknowledge",
    "SgsnContextRequest",
    "SgsnContextResponse",
    "SupportedExtensionHeadersNotification",
    "UpdatePdpContextRequest",
    "UpdatePdpContextResponse",
    "VersionNotSupported",
    "decode",
]
