"""Enumerated values of PAP: status codes, message states, quality of service."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class StatusCode(IntEnum):
    """Status codes (WAP-247 §9.14).

    1xxx success, 2xxx the initiator's fault, 3xxx the gateway's, 4xxx service failure that may
    pass, 5xxx abort by the client (5000 + reason).
    """

    OK = 1000
    ACCEPTED = 1001
    BAD_REQUEST = 2000
    FORBIDDEN = 2001
    ADDRESS_ERROR = 2002
    ADDRESS_NOT_FOUND = 2003
    PUSH_ID_NOT_FOUND = 2004
    CAPABILITIES_MISMATCH = 2005
    REQUIRED_CAPABILITIES_NOT_SUPPORTED = 2006
    DUPLICATE_PUSH_ID = 2007
    CANCELLATION_NOT_POSSIBLE = 2008
    INTERNAL_SERVER_ERROR = 3000
    NOT_IMPLEMENTED = 3001
    VERSION_NOT_SUPPORTED = 3002
    NOT_POSSIBLE = 3003
    CAPABILITY_MATCHING_NOT_SUPPORTED = 3004
    MULTIPLE_ADDRESSES_NOT_SUPPORTED = 3005
    TRANSFORMATION_FAILURE = 3006
    DELIVERY_METHOD_NOT_POSSIBLE = 3007
    CAPABILITIES_NOT_AVAILABLE = 3008
    REQUIRED_NETWORK_NOT_AVAILABLE = 3009
    REQUIRED_BEARER_NOT_AVAILABLE = 3010
    REPLACEMENT_NOT_SUPPORTED = 3011
    SERVICE_FAILURE = 4000
    SERVICE_UNAVAILABLE = 4001
    CLIENT_ABORTED = 5000

    @property
    def text(self) -> str:
        """The description for ``desc``."""
        return _CODE_TEXTS[self]


_CODE_TEXTS: dict[StatusCode, str] = {
    StatusCode.OK: "OK",
    StatusCode.ACCEPTED: "accepted for processing",
    StatusCode.BAD_REQUEST: "bad request",
    StatusCode.FORBIDDEN: "forbidden",
    StatusCode.ADDRESS_ERROR: "address error",
    StatusCode.ADDRESS_NOT_FOUND: "address not found",
    StatusCode.PUSH_ID_NOT_FOUND: "push-id not found",
    StatusCode.CAPABILITIES_MISMATCH: "capabilities mismatch",
    StatusCode.REQUIRED_CAPABILITIES_NOT_SUPPORTED: "required capabilities not supported",
    StatusCode.DUPLICATE_PUSH_ID: "duplicate push-id",
    StatusCode.CANCELLATION_NOT_POSSIBLE: "cancellation not possible",
    StatusCode.INTERNAL_SERVER_ERROR: "internal server error",
    StatusCode.NOT_IMPLEMENTED: "not implemented",
    StatusCode.VERSION_NOT_SUPPORTED: "version not supported",
    StatusCode.NOT_POSSIBLE: "not possible",
    StatusCode.CAPABILITY_MATCHING_NOT_SUPPORTED: "capability matching not supported",
    StatusCode.MULTIPLE_ADDRESSES_NOT_SUPPORTED: "multiple addresses not supported",
    StatusCode.TRANSFORMATION_FAILURE: "transformation failure",
    StatusCode.DELIVERY_METHOD_NOT_POSSIBLE: "specified delivery method not possible",
    StatusCode.CAPABILITIES_NOT_AVAILABLE: "capabilities not available",
    StatusCode.REQUIRED_NETWORK_NOT_AVAILABLE: "required network not available",
    StatusCode.REQUIRED_BEARER_NOT_AVAILABLE: "required bearer not available",
    StatusCode.REPLACEMENT_NOT_SUPPORTED: "replacement not supported",
    StatusCode.SERVICE_FAILURE: "service failure",
    StatusCode.SERVICE_UNAVAILABLE: "service unavailable",
    StatusCode.CLIENT_ABORTED: "mobile client aborted",
}

_CLASS_BASES = (
    StatusCode.OK,
    StatusCode.BAD_REQUEST,
    StatusCode.INTERNAL_SERVER_ERROR,
    StatusCode.SERVICE_FAILURE,
    StatusCode.CLIENT_ABORTED,
)


def known_code(code: int) -> StatusCode:
    """Return the defined code that ``code`` (1000–5999) counts as: an unknown one as its class."""
    try:
        return StatusCode(code)
    except ValueError:
        if not 1000 <= code <= 5999:
            raise ValueError(f"{code} is not a PAP status code") from None
        return _CLASS_BASES[code // 1000 - 1]


class MessageState(StrEnum):
    """What became of a push (WAP-247 §9.13)."""

    REJECTED = "rejected"
    PENDING = "pending"
    DELIVERED = "delivered"
    UNDELIVERABLE = "undeliverable"
    EXPIRED = "expired"
    ABORTED = "aborted"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"

    @property
    def final(self) -> bool:
        """Whether nothing follows this state."""
        return self not in (MessageState.PENDING, MessageState.UNKNOWN)

    @property
    def text(self) -> str:
        """What it means, in a few words."""
        return _STATE_TEXTS[self]


_STATE_TEXTS: dict[MessageState, str] = {
    MessageState.REJECTED: "refused at submission",
    MessageState.PENDING: "accepted, in process",
    MessageState.DELIVERED: "delivered to the client",
    MessageState.UNDELIVERABLE: "cannot be delivered",
    MessageState.EXPIRED: "not delivered before its time",
    MessageState.ABORTED: "aborted by the client",
    MessageState.TIMEOUT: "delivery timed out",
    MessageState.CANCELLED: "cancelled by the initiator",
    MessageState.UNKNOWN: "not known to the gateway",
}


class Priority(StrEnum):
    """How urgent a push is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class DeliveryMethod(StrEnum):
    """How hard the gateway is to try, and whether the client must confirm a push."""

    CONFIRMED = "confirmed"
    PREFER_CONFIRMED = "preferconfirmed"
    UNCONFIRMED = "unconfirmed"
    ONE_SHOT = "oneshot"
    """One attempt, and no other (a later addition, read in every version)."""
    STORE_AND_FORWARD = "store-and-forward"
    """Kept until the client can be reached (likewise)."""
    NOT_SPECIFIED = "notspecified"


class ReplaceMethod(StrEnum):
    """For which recipients a push replaces an older one (PAP 2.0)."""

    ALL = "all"
    PENDING_ONLY = "pending-only"


class Version(StrEnum):
    """Versions of PAP that are read and written."""

    V1_0 = "1.0"
    V2_0 = "2.0"
    V2_1 = "2.1"

    @property
    def public_id(self) -> str:
        """The public identifier of the version's DTD."""
        owner = "OMA" if self is Version.V2_1 else "WAPFORUM"
        return f"-//{owner}//DTD PAP {self}//EN"

    @property
    def system_id(self) -> str:
        """Where the version's DTD is said to be; it is never fetched."""
        if self is Version.V2_1:
            return "http://www.openmobilealliance.org/tech/DTD/pap_2.1.dtd"
        return f"http://www.wapforum.org/DTD/pap_{self}.dtd"
