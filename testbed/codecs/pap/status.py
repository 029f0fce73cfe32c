"""Enumerated values of PAP: status codes, message states, quality of service."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class StatusCode(IntEnum):
    """Status codes (WAP-247 §9.14); ``text`` is the usual description."""

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
        raise NotImplementedError


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
        raise NotImplementedError

    @property
    def text(self) -> str:
        """What it means, in a few words."""
        raise NotImplementedError


class Priority(StrEnum):
    """How urgent a push is."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class DeliveryMethod(StrEnum):
    """Whether the client must confirm a push."""

    CONFIRMED = "confirmed"
    PREFER_CONFIRMED = "preferconfirmed"
    UNCONFIRMED = "unconfirmed"
    NOT_SPECIFIED = "notspecified"


class ReplaceMethod(StrEnum):
    """For which recipients a push replaces an older one (PAP 2.0)."""

    ALL = "all"
    PENDING_ONLY = "pending-only"


class Version(StrEnum):
    """Versions of PAP whose documents are read; 1.0 and 2.0 are written."""

    V1_0 = "1.0"
    V2_0 = "2.0"
    V2_1 = "2.1"
