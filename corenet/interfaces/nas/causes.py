"""SM and GMM causes, and how SM and GTP causes turn into one another.

Specs: TS 24.008 §10.5.6.6 (SM cause), §10.5.5.14 (GMM cause); TS 29.060 §7.7.1 (GTP cause).
The GTP to SM table is what SGSNs in the field do; the specifications leave most of it open.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from types import MappingProxyType


class SmCause(IntEnum):
    """SM cause (TS 24.008 §10.5.6.6)."""

    OPERATOR_DETERMINED_BARRING = 8
    MBMS_BEARER_CAPABILITIES_INSUFFICIENT = 24
    LLC_OR_SNDCP_FAILURE = 25
    INSUFFICIENT_RESOURCES = 26
    MISSING_OR_UNKNOWN_APN = 27
    UNKNOWN_PDP_ADDRESS_OR_TYPE = 28
    USER_AUTHENTICATION_FAILED = 29
    ACTIVATION_REJECTED_BY_GGSN = 30
    ACTIVATION_REJECTED_UNSPECIFIED = 31
    SERVICE_OPTION_NOT_SUPPORTED = 32
    SERVICE_OPTION_NOT_SUBSCRIBED = 33
    SERVICE_OPTION_TEMPORARILY_OUT_OF_ORDER = 34
    NSAPI_ALREADY_USED = 35
    REGULAR_DEACTIVATION = 36
    QOS_NOT_ACCEPTED = 37
    NETWORK_FAILURE = 38
    REACTIVATION_REQUESTED = 39
    FEATURE_NOT_SUPPORTED = 40
    SEMANTIC_ERROR_IN_TFT = 41
    SYNTACTICAL_ERROR_IN_TFT = 42
    UNKNOWN_PDP_CONTEXT = 43
    SEMANTIC_ERRORS_IN_PACKET_FILTERS = 44
    SYNTACTICAL_ERRORS_IN_PACKET_FILTERS = 45
    PDP_CONTEXT_WITHOUT_TFT_ALREADY_ACTIVATED = 46
    MULTICAST_GROUP_MEMBERSHIP_TIMEOUT = 47
    BCM_VIOLATION = 48
    ONLY_IPV4_ALLOWED = 50
    ONLY_IPV6_ALLOWED = 51
    SINGLE_ADDRESS_BEARERS_ONLY = 52
    COLLISION_WITH_NETWORK_INITIATED_REQUEST = 56
    BEARER_HANDLING_NOT_SUPPORTED = 60
    MAXIMUM_NUMBER_OF_PDP_CONTEXTS_REACHED = 65
    APN_NOT_SUPPORTED_IN_RAT_AND_PLMN = 66
    INVALID_TRANSACTION_IDENTIFIER = 81
    SEMANTICALLY_INCORRECT_MESSAGE = 95
    INVALID_MANDATORY_INFORMATION = 96
    MESSAGE_TYPE_UNKNOWN = 97
    MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE = 98
    INFORMATION_ELEMENT_UNKNOWN = 99
    CONDITIONAL_IE_ERROR = 100
    MESSAGE_NOT_COMPATIBLE_WITH_STATE = 101
    PROTOCOL_ERROR_UNSPECIFIED = 111
    APN_RESTRICTION_INCOMPATIBLE = 112
    MULTIPLE_ACCESSES_NOT_ALLOWED = 113

    @property
    def text(self) -> str:
        """The cause in words."""
        return sm_cause_text(self)


class GmmCause(IntEnum):
    """GMM cause (TS 24.008 §10.5.5.14)."""

    IMSI_UNKNOWN_IN_HLR = 2
    ILLEGAL_MS = 3
    IMEI_NOT_ACCEPTED = 5
    ILLEGAL_ME = 6
    GPRS_SERVICES_NOT_ALLOWED = 7
    GPRS_AND_NON_GPRS_SERVICES_NOT_ALLOWED = 8
    MS_IDENTITY_CANNOT_BE_DERIVED = 9
    IMPLICITLY_DETACHED = 10
    PLMN_NOT_ALLOWED = 11
    LOCATION_AREA_NOT_ALLOWED = 12
    ROAMING_NOT_ALLOWED_IN_LOCATION_AREA = 13
    GPRS_SERVICES_NOT_ALLOWED_IN_PLMN = 14
    NO_SUITABLE_CELLS_IN_LOCATION_AREA = 15
    MSC_TEMPORARILY_NOT_REACHABLE = 16
    NETWORK_FAILURE = 17
    MAC_FAILURE = 20
    SYNCH_FAILURE = 21
    CONGESTION = 22
    GSM_AUTHENTICATION_UNACCEPTABLE = 23
    NOT_AUTHORIZED_FOR_CSG = 25
    SMS_PROVIDED_VIA_GPRS_IN_ROUTING_AREA = 28
    NO_PDP_CONTEXT_ACTIVATED = 40
    SEMANTICALLY_INCORRECT_MESSAGE = 95
    INVALID_MANDATORY_INFORMATION = 96
    MESSAGE_TYPE_UNKNOWN = 97
    MESSAGE_TYPE_NOT_COMPATIBLE_WITH_STATE = 98
    INFORMATION_ELEMENT_UNKNOWN = 99
    CONDITIONAL_IE_ERROR = 100
    MESSAGE_NOT_COMPATIBLE_WITH_STATE = 101
    PROTOCOL_ERROR_UNSPECIFIED = 111

    @property
    def text(self) -> str:
        """The cause in words."""
        return gmm_cause_text(self)


_ACRONYMS = frozenset(
    {"APN", "BCM", "CSG", "GGSN", "GPRS", "GSM", "HLR", "IE", "IMEI", "IMSI", "LLC", "MAC", "MBMS"}
    | {"ME", "MS", "MSC", "PDP", "PLMN", "RAT", "SMS", "SNDCP", "TFT"}
)
_MIXED_CASE = MappingProxyType({"QOS": "QoS", "IPV4": "IPv4", "IPV6": "IPv6"})


def _in_words(name: str) -> str:
    words = name.split("_")
    return " ".join(
        word if word in _ACRONYMS else _MIXED_CASE.get(word, word.lower()) for word in words
    )


_SM_TEXTS = MappingProxyType({int(cause): _in_words(cause.name) for cause in SmCause})
_GMM_TEXTS = MappingProxyType({int(cause): _in_words(cause.name) for cause in GmmCause})


def sm_cause_text(number: int) -> str:
    """Return the SM cause ``number`` in words; never raises, for any number may be received."""
    return _SM_TEXTS.get(number, f"SM cause {number}")


def gmm_cause_text(number: int) -> str:
    """Return the GMM cause ``number`` in words; never raises, for any number may be received."""
    return _GMM_TEXTS.get(number, f"GMM cause {number}")


_SM_FOR_GTP = MappingProxyType(
    {
        193: SmCause.NETWORK_FAILURE,
        199: SmCause.INSUFFICIENT_RESOURCES,
        200: SmCause.SERVICE_OPTION_NOT_SUPPORTED,
        201: SmCause.NETWORK_FAILURE,
        202: SmCause.NETWORK_FAILURE,
        203: SmCause.NETWORK_FAILURE,
        204: SmCause.NETWORK_FAILURE,
        208: SmCause.USER_AUTHENTICATION_FAILED,
        209: SmCause.USER_AUTHENTICATION_FAILED,
        210: SmCause.UNKNOWN_PDP_CONTEXT,
        211: SmCause.INSUFFICIENT_RESOURCES,
        212: SmCause.INSUFFICIENT_RESOURCES,
        215: SmCause.SEMANTIC_ERROR_IN_TFT,
        216: SmCause.SYNTACTICAL_ERROR_IN_TFT,
        217: SmCause.SEMANTIC_ERRORS_IN_PACKET_FILTERS,
        218: SmCause.SYNTACTICAL_ERRORS_IN_PACKET_FILTERS,
        219: SmCause.MISSING_OR_UNKNOWN_APN,
        220: SmCause.UNKNOWN_PDP_ADDRESS_OR_TYPE,
        221: SmCause.PDP_CONTEXT_WITHOUT_TFT_ALREADY_ACTIVATED,
        222: SmCause.SERVICE_OPTION_NOT_SUBSCRIBED,
        223: SmCause.APN_RESTRICTION_INCOMPATIBLE,
        227: SmCause.BCM_VIOLATION,
        228: SmCause.COLLISION_WITH_NETWORK_INITIATED_REQUEST,
        229: SmCause.INSUFFICIENT_RESOURCES,
    }
)

_GTP_FOR_SM: Mapping[int, int] = MappingProxyType(
    {
        SmCause.INSUFFICIENT_RESOURCES: 199,
        SmCause.SERVICE_OPTION_NOT_SUPPORTED: 200,
        SmCause.FEATURE_NOT_SUPPORTED: 200,
        SmCause.MESSAGE_TYPE_UNKNOWN: 200,
        SmCause.SEMANTIC_ERROR_IN_TFT: 215,
        SmCause.SYNTACTICAL_ERROR_IN_TFT: 216,
        SmCause.UNKNOWN_PDP_CONTEXT: 210,
        SmCause.SEMANTIC_ERRORS_IN_PACKET_FILTERS: 217,
        SmCause.SYNTACTICAL_ERRORS_IN_PACKET_FILTERS: 218,
        SmCause.PDP_CONTEXT_WITHOUT_TFT_ALREADY_ACTIVATED: 221,
        SmCause.BCM_VIOLATION: 227,
        SmCause.BEARER_HANDLING_NOT_SUPPORTED: 230,
    }
)
_GTP_MS_NOT_RESPONDING_REJECT = 196
_GTP_MS_REFUSES_REJECT = 197
_GTP_REACTIVATION_REQUESTED = 6
_GTP_MS_NOT_RESPONDING = 5
_GTP_MS_REFUSES = 4


def sm_cause_for_refused_create(gtp_cause: int | None) -> SmCause:
    """Return what the SGSN tells the MS after the GGSN refused Create PDP Context.

    A ``gtp_cause`` of None means that the GGSN did not answer.
    """
    if gtp_cause is None:
        return SmCause.NETWORK_FAILURE
    return _SM_FOR_GTP.get(gtp_cause, SmCause.ACTIVATION_REJECTED_UNSPECIFIED)


def sm_cause_for_refused_update(gtp_cause: int | None) -> SmCause:
    """Return what the SGSN tells the MS after the GGSN refused Update PDP Context.

    As for a refused Create, but what has no SM cause of its own is no matter of activation.
    """
    if gtp_cause is None:
        return SmCause.NETWORK_FAILURE
    return _SM_FOR_GTP.get(gtp_cause, SmCause.PROTOCOL_ERROR_UNSPECIFIED)


def gtp_cause_for_ms(sm_cause: int | None) -> int:
    """Return the cause of a response to the GGSN once the MS was asked (TS 29.060 §7.3.4).

    An ``sm_cause`` of None means that the MS did not answer.
    """
    if sm_cause is None:
        return _GTP_MS_NOT_RESPONDING_REJECT
    return _GTP_FOR_SM.get(sm_cause, _GTP_MS_REFUSES_REJECT)


def sm_cause_for_template(gtp_cause: int) -> SmCause:
    """Return the SM cause of an error in a traffic flow template (GTP causes 215 to 218)."""
    return _SM_FOR_GTP[gtp_cause]


def sm_cause_for_delete(gtp_cause: int | None) -> SmCause:
    """Return what the SGSN tells the MS after the GGSN's Delete PDP Context with ``gtp_cause``."""
    if gtp_cause == _GTP_REACTIVATION_REQUESTED:
        return SmCause.REACTIVATION_REQUESTED
    return SmCause.REGULAR_DEACTIVATION


def gtp_cause_for_failed_request(sm_cause: int | None) -> int:
    """Return the cause of a PDU Notification Reject Request (TS 29.060 §7.3.10).

    Any SM cause the MS refused with becomes "MS refuses" (4); None, an MS that did not answer,
    "MS is not GPRS responding" (5).
    """
    return _GTP_MS_NOT_RESPONDING if sm_cause is None else _GTP_MS_REFUSES
