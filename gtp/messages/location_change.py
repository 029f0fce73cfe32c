"""Changes of where an MS is, told to its GGSN (TS 29.060 §7.5B)."""

from __future__ import annotations

from dataclasses import dataclass

from gtp.codes import CsgReportingAction, ExtendedCommonFlags
from gtp.constants import Cause, MessageType
from gtp.ies import identity, location, mobility, session
from gtp.ies.mobility import CsgInformation
from gtp.ies.values import PrivateExtension
from gtp.messages.base import Message
from gtp.messages.table import PRIVATE_EXTENSION, Table, conditional, mandatory, optional


@dataclass(slots=True, kw_only=True)
class MsInfoChangeNotificationRequest(Message):
    """MS Info Change Notification Request (TS 29.060 §7.5B.1.1): SGSN to GGSN."""

    TYPE = MessageType.MS_INFO_CHANGE_NOTIFICATION_REQUEST
    IES = Table(
        conditional("imsi", identity.IMSI, "where the TEID in the header is 0"),
        optional("linked_nsapi", session.NSAPI, "of the context meant, with an IMSI"),
        mandatory("rat_type", mobility.RAT_TYPE),
        conditional("user_location", location.USER_LOCATION, "if it is to be reported"),
        conditional("imei", identity.IMEI, "emergency without IMSI"),
        optional("extended_common_flags", session.EXTENDED_COMMON_FLAGS),
        conditional("user_csg_information", mobility.USER_CSG_INFORMATION, "if to be reported"),
        PRIVATE_EXTENSION,
    )

    rat_type: int
    imsi: str | None = None
    linked_nsapi: int | None = None
    user_location: bytes | None = None
    imei: str | None = None
    extended_common_flags: ExtendedCommonFlags | None = None
    user_csg_information: CsgInformation | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MsInfoChangeNotificationResponse(Message):
    """MS Info Change Notification Response (TS 29.060 §7.5B.1.2): GGSN to SGSN."""

    TYPE = MessageType.MS_INFO_CHANGE_NOTIFICATION_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        conditional("imsi", identity.IMSI, "if the request had it"),
        optional("linked_nsapi", session.NSAPI, "if the request had it"),
        optional("imei", identity.IMEI, "if the request had it"),
        conditional(
            "ms_info_change_reporting_action",
            mobility.MS_INFO_CHANGE_REPORTING_ACTION,
            "to start or stop reports of the location",
        ),
        conditional(
            "csg_reporting_action",
            mobility.CSG_REPORTING_ACTION,
            "to start or stop reports of the CSG",
        ),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    imsi: str | None = None
    linked_nsapi: int | None = None
    imei: str | None = None
    ms_info_change_reporting_action: int | None = None
    csg_reporting_action: CsgReportingAction | None = None
    private_extension: tuple[PrivateExtension, ...] = ()
