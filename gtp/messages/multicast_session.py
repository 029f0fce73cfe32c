"""MBMS bearers and sessions, for all of their MSs at once (TS 29.060 §7.5A.2)."""

from __future__ import annotations

from dataclasses import dataclass

from gtp.constants import Cause, MessageType
from gtp.ies import multicast, session, tunnel
from gtp.ies.multicast import MulticastDistribution, SessionDuration, Tmgi
from gtp.ies.values import EndUserAddress, PrivateExtension
from gtp.messages.base import Message
from gtp.messages.table import (
    PRIVATE_EXTENSION,
    Table,
    conditional,
    mandatory,
    optional,
)


@dataclass(slots=True, kw_only=True)
class MbmsRegistrationRequest(Message):
    """MBMS Registration Request (TS 29.060 §7.5A.2.1): SGSN to GGSN."""

    TYPE = MessageType.MBMS_REGISTRATION_REQUEST
    IES = Table(
        conditional("teid_control", tunnel.TEID_CONTROL, "where the SGSN wants session messages"),
        mandatory("end_user_address", session.END_USER_ADDRESS, "the multicast address"),
        mandatory("apn", session.APN),
        conditional("sgsn_address_control", tunnel.GSN_ADDRESS, "for signalling"),
        optional("alternative_sgsn_address_control", tunnel.GSN_ADDRESS, "the other family"),
        PRIVATE_EXTENSION,
    )

    end_user_address: EndUserAddress
    apn: str
    teid_control: int | None = None
    sgsn_address_control: str | None = None
    alternative_sgsn_address_control: str | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MbmsRegistrationResponse(Message):
    """MBMS Registration Response (TS 29.060 §7.5A.2.2): GGSN to SGSN."""

    TYPE = MessageType.MBMS_REGISTRATION_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        conditional("teid_control", tunnel.TEID_CONTROL, "a response that accepts"),
        conditional("ggsn_address_control", tunnel.GSN_ADDRESS, "a response that accepts"),
        conditional("tmgi", multicast.TMGI, "a response that accepts"),
        conditional(
            "required_bearer_capabilities",
            multicast.REQUIRED_BEARER_CAPABILITIES,
            "a response that accepts",
        ),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    teid_control: int | None = None
    ggsn_address_control: str | None = None
    tmgi: Tmgi | None = None
    required_bearer_capabilities: bytes | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MbmsDeRegistrationRequest(Message):
    """MBMS De-Registration Request (TS 29.060 §7.5A.2.3): either side."""

    TYPE = MessageType.MBMS_DE_REGISTRATION_REQUEST
    IES = Table(
        mandatory("end_user_address", session.END_USER_ADDRESS, "the multicast address"),
        mandatory("apn", session.APN),
        PRIVATE_EXTENSION,
    )

    end_user_address: EndUserAddress
    apn: str
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MbmsDeRegistrationResponse(Message):
    """MBMS De-Registration Response (TS 29.060 §7.5A.2.4): either side."""

    TYPE = MessageType.MBMS_DE_REGISTRATION_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MbmsSessionStartRequest(Message):
    """MBMS Session Start Request (TS 29.060 §7.5A.2.5): GGSN to SGSN."""

    TYPE = MessageType.MBMS_SESSION_START_REQUEST
    IES = Table(
        optional("recovery", tunnel.RECOVERY, "first contact, or after a restart"),
        conditional("teid_control", tunnel.TEID_CONTROL, "where the GGSN wants the answers"),
        mandatory("end_user_address", session.END_USER_ADDRESS, "the multicast address"),
        mandatory("apn", session.APN),
        conditional("ggsn_address_control", tunnel.GSN_ADDRESS, "for signalling"),
        optional("alternative_ggsn_address_control", tunnel.GSN_ADDRESS, "the other family"),
        mandatory("qos", session.QOS),
        mandatory("common_flags", session.COMMON_FLAGS),
        mandatory("tmgi", multicast.TMGI),
        mandatory("service_area", multicast.SERVICE_AREA),
        optional("session_identifier", multicast.SESSION_IDENTIFIER),
        mandatory("access_indicator", multicast.ACCESS_INDICATOR),
        mandatory("session_duration", multicast.SESSION_DURATION),
        optional("session_repetition", multicast.SESSION_REPETITION),
        mandatory("time_to_data_transfer", multicast.TIME_TO_DATA_TRANSFER),
        optional("flow_identifier", multicast.FLOW_IDENTIFIER, "broadcast"),
        optional("ip_multicast_distribution", multicast.IP_MULTICAST_DISTRIBUTION),
        PRIVATE_EXTENSION,
    )

    end_user_address: EndUserAddress
    apn: str
    qos: bytes
    common_flags: int
    tmgi: Tmgi
    service_area: tuple[int, ...]
    access_indicator: int
    session_duration: SessionDuration
    time_to_data_transfer: int
    recovery: int | None = None
    teid_control: int | None = None
    ggsn_address_control: str | None = None
    alternative_ggsn_address_control: str | None = None
    session_identifier: int | None = None
    session_repetition: int | None = None
    flow_identifier: bytes | None = None
    ip_multicast_distribution: MulticastDistribution | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MbmsSessionStartResponse(Message):
    """MBMS Session Start Response (TS 29.060 §7.5A.2.6): SGSN to GGSN."""

    TYPE = MessageType.MBMS_SESSION_START_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        optional("recovery", tunnel.RECOVERY, "first contact, or after a restart"),
        conditional("teid_data", tunnel.TEID_DATA, "a response that accepts"),
        conditional("teid_control", tunnel.TEID_CONTROL, "a response that accepts"),
        conditional("sgsn_address_control", tunnel.GSN_ADDRESS, "a response that accepts"),
        conditional("sgsn_address_user", tunnel.GSN_ADDRESS, "a response that accepts"),
        optional("alternative_sgsn_address_user", tunnel.GSN_ADDRESS, "the other family"),
        optional("distribution_acknowledgement", multicast.DISTRIBUTION_ACKNOWLEDGEMENT),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    recovery: int | None = None
    teid_data: int | None = None
    teid_control: int | None = None
    sgsn_address_control: str | None = None
    sgsn_address_user: str | None = None
    alternative_sgsn_address_user: str | None = None
    distribution_acknowledgement: int | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MbmsSessionStopRequest(Message):
    """MBMS Session Stop Request (TS 29.060 §7.5A.2.7): GGSN to SGSN."""

    TYPE = MessageType.MBMS_SESSION_STOP_REQUEST
    IES = Table(
        mandatory("end_user_address", session.END_USER_ADDRESS, "the multicast address"),
        mandatory("apn", session.APN),
        optional("flow_identifier", multicast.FLOW_IDENTIFIER, "broadcast"),
        PRIVATE_EXTENSION,
    )

    end_user_address: EndUserAddress
    apn: str
    flow_identifier: bytes | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MbmsSessionStopResponse(Message):
    """MBMS Session Stop Response (TS 29.060 §7.5A.2.8): SGSN to GGSN."""

    TYPE = MessageType.MBMS_SESSION_STOP_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MbmsSessionUpdateRequest(Message):
    """MBMS Session Update Request (TS 29.060 §7.5A.2.9): GGSN to SGSN."""

    TYPE = MessageType.MBMS_SESSION_UPDATE_REQUEST
    IES = Table(
        conditional("teid_control", tunnel.TEID_CONTROL, "where the GGSN wants the answers"),
        mandatory("end_user_address", session.END_USER_ADDRESS, "the multicast address"),
        mandatory("apn", session.APN),
        conditional("ggsn_address_control", tunnel.GSN_ADDRESS, "for signalling"),
        mandatory("tmgi", multicast.TMGI),
        mandatory("service_area", multicast.SERVICE_AREA),
        optional("session_identifier", multicast.SESSION_IDENTIFIER),
        mandatory("session_duration", multicast.SESSION_DURATION),
        optional("session_repetition", multicast.SESSION_REPETITION),
        optional("flow_identifier", multicast.FLOW_IDENTIFIER, "broadcast"),
        PRIVATE_EXTENSION,
    )

    end_user_address: EndUserAddress
    apn: str
    tmgi: Tmgi
    service_area: tuple[int, ...]
    session_duration: SessionDuration
    teid_control: int | None = None
    ggsn_address_control: str | None = None
    session_identifier: int | None = None
    session_repetition: int | None = None
    flow_identifier: bytes | None = None
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class MbmsSessionUpdateResponse(Message):
    """MBMS Session Update Response (TS 29.060 §7.5A.2.10): SGSN to GGSN."""

    TYPE = MessageType.MBMS_SESSION_UPDATE_RESPONSE
    IES = Table(
        mandatory("cause", session.CAUSE),
        conditional("teid_data", tunnel.TEID_DATA, "a response that accepts"),
        conditional("teid_control", tunnel.TEID_CONTROL, "a response that accepts"),
        conditional("sgsn_address_user", tunnel.GSN_ADDRESS, "a response that accepts"),
        conditional("sgsn_address_control", tunnel.GSN_ADDRESS, "a response that accepts"),
        PRIVATE_EXTENSION,
    )

    cause: Cause
    teid_data: int | None = None
    teid_control: int | None = None
    sgsn_address_user: str | None = None
    sgsn_address_control: str | None = None
    private_extension: tuple[PrivateExtension, ...] = ()
