"""Causes of the CP and RP layers.

Specs: TS 24.011 §8.1.4.2 (CP cause), §8.2.5.4 (RP cause).
"""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType


class CpCause(IntEnum):
    """Why a CP connection is given up."""

    NETWORK_FAILURE = 17
    CONGESTION = 22
    INVALID_TRANSACTION_IDENTIFIER = 81
    SEMANTICALLY_INCORRECT_MESSAGE = 95
    INVALID_MANDATORY_INFORMATION = 96
    MESSAGE_TYPE_UNKNOWN = 97
    MESSAGE_NOT_COMPATIBLE_WITH_STATE = 98
    INFORMATION_ELEMENT_UNKNOWN = 99
    PROTOCOL_ERROR = 111


class RpCause(IntEnum):
    """Why a short message is not relayed."""

    UNASSIGNED_NUMBER = 1
    OPERATOR_DETERMINED_BARRING = 8
    CALL_BARRED = 10
    SHORT_MESSAGE_TRANSFER_REJECTED = 21
    MEMORY_CAPACITY_EXCEEDED = 22
    DESTINATION_OUT_OF_ORDER = 27
    UNIDENTIFIED_SUBSCRIBER = 28
    FACILITY_REJECTED = 29
    UNKNOWN_SUBSCRIBER = 30
    NETWORK_OUT_OF_ORDER = 38
    TEMPORARY_FAILURE = 41
    CONGESTION = 42
    RESOURCES_UNAVAILABLE = 47
    FACILITY_NOT_SUBSCRIBED = 50
    FACILITY_NOT_IMPLEMENTED = 69
    INVALID_REFERENCE = 81
    SEMANTICALLY_INCORRECT_MESSAGE = 95
    INVALID_MANDATORY_INFORMATION = 96
    MESSAGE_TYPE_UNKNOWN = 97
    MESSAGE_NOT_COMPATIBLE_WITH_STATE = 98
    INFORMATION_ELEMENT_UNKNOWN = 99
    PROTOCOL_ERROR = 111
    INTERWORKING = 127


_CP_TEXTS = MappingProxyType(
    {int(cause): cause.name.lower().replace("_", " ") for cause in CpCause}
)
_RP_TEXTS = MappingProxyType(
    {int(cause): cause.name.lower().replace("_", " ") for cause in RpCause}
)


def cp_cause_text(number: int) -> str:
    """Return the CP cause ``number`` in words; never raises, for any number may be received."""
    return _CP_TEXTS.get(number, f"CP cause {number}")


def rp_cause_text(number: int) -> str:
    """Return the RP cause ``number`` in words; never raises, for any number may be received."""
    return _RP_TEXTS.get(number, f"RP cause {number}")
