"""Why a short message did not arrive, and what each protocol calls it.

Specs: TS 24.011 §8.2.5.4 (RP cause), TS 29.002 §17.6.6 (MAP errors), SMPP 3.4 §5.1.3
(command_status), §5.3.2.31 (network_error_code), §5.3.2.33 (delivery_failure_reason).

The network answers an attempt with an RP cause, which is the row's key. What SMPP makes of it is
common practice and not standardised: the status is ESME_RDELIVERYFAILURE, the network error code
(of type GSM) is the MAP error that an SMSC on SS7 would have seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from corenet.interfaces.sms.causes import RpCause, rp_cause_text
from testbed.codecs.smpp import DeliveryFailureReason


class Prospect(StrEnum):
    """What another attempt would bring."""

    SOON = "soon"
    """It may go well at any time: a frame was lost, somebody was busy."""
    WHEN_BACK = "when back"
    """It fails until the terminal has shown itself, or has room again; the network tells."""
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an attempt, or a whole transaction, came to nothing."""

    name: str
    prospect: Prospect
    reason: DeliveryFailureReason
    map_error: int | None = None
    """The network error code: MAP's number, or None where the network was not asked."""
    rp_cause: int | None = None

    def __str__(self) -> str:
        return self.name if self.rp_cause is None else f"{self.name} (rp {self.rp_cause})"


_UNAVAILABLE = DeliveryFailureReason.DESTINATION_UNAVAILABLE
_INVALID = DeliveryFailureReason.DESTINATION_ADDRESS_INVALID
_PERMANENT = DeliveryFailureReason.PERMANENT_NETWORK_ERROR
_TEMPORARY = DeliveryFailureReason.TEMPORARY_NETWORK_ERROR

BY_RP_CAUSE: Final[Mapping[int, Failure]] = MappingProxyType(
    {
        int(cause): Failure(rp_cause_text(cause), prospect, reason, map_error, int(cause))
        for cause, prospect, reason, map_error in (
            (RpCause.UNASSIGNED_NUMBER, Prospect.NEVER, _INVALID, 1),
            (RpCause.OPERATOR_DETERMINED_BARRING, Prospect.NEVER, _PERMANENT, 13),
            (RpCause.CALL_BARRED, Prospect.NEVER, _PERMANENT, 13),
            (RpCause.SHORT_MESSAGE_TRANSFER_REJECTED, Prospect.NEVER, _PERMANENT, 32),
            (RpCause.MEMORY_CAPACITY_EXCEEDED, Prospect.WHEN_BACK, _TEMPORARY, 32),
            (RpCause.DESTINATION_OUT_OF_ORDER, Prospect.WHEN_BACK, _UNAVAILABLE, 6),
            (RpCause.UNIDENTIFIED_SUBSCRIBER, Prospect.SOON, _UNAVAILABLE, 5),
            (RpCause.FACILITY_REJECTED, Prospect.NEVER, _PERMANENT, 21),
            (RpCause.UNKNOWN_SUBSCRIBER, Prospect.NEVER, _INVALID, 1),
            (RpCause.NETWORK_OUT_OF_ORDER, Prospect.SOON, _TEMPORARY, 34),
            (RpCause.TEMPORARY_FAILURE, Prospect.SOON, _TEMPORARY, 34),
            (RpCause.CONGESTION, Prospect.SOON, _TEMPORARY, 34),
            (RpCause.RESOURCES_UNAVAILABLE, Prospect.SOON, _TEMPORARY, 34),
            (RpCause.FACILITY_NOT_SUBSCRIBED, Prospect.NEVER, _PERMANENT, 11),
            (RpCause.FACILITY_NOT_IMPLEMENTED, Prospect.NEVER, _PERMANENT, 21),
            (RpCause.INVALID_REFERENCE, Prospect.SOON, _TEMPORARY, 32),
            (RpCause.SEMANTICALLY_INCORRECT_MESSAGE, Prospect.NEVER, _PERMANENT, 32),
            (RpCause.INVALID_MANDATORY_INFORMATION, Prospect.NEVER, _PERMANENT, 32),
            (RpCause.MESSAGE_TYPE_UNKNOWN, Prospect.NEVER, _PERMANENT, 32),
            (RpCause.MESSAGE_NOT_COMPATIBLE_WITH_STATE, Prospect.SOON, _TEMPORARY, 32),
            (RpCause.INFORMATION_ELEMENT_UNKNOWN, Prospect.NEVER, _PERMANENT, 32),
            (RpCause.PROTOCOL_ERROR, Prospect.NEVER, _PERMANENT, 32),
            (RpCause.INTERWORKING, Prospect.SOON, _TEMPORARY, 34),
        )
    }
)
"""What the network says, by RP cause."""

NO_ANSWER: Final = Failure("no answer from the network", Prospect.SOON, _TEMPORARY)
WINDOW_OVER: Final = Failure("not delivered within its window", Prospect.SOON, _TEMPORARY)
NO_CAPACITY: Final = Failure("no room before its deadline", Prospect.SOON, _TEMPORARY)
SHUT_DOWN: Final = Failure("the SMSC shuts down", Prospect.SOON, _TEMPORARY)


def by_rp_cause(cause: int) -> Failure:
    """Return the failure that an RP cause stands for; an unknown one counts as temporary."""
    known = BY_RP_CAUSE.get(cause)
    return known or Failure(rp_cause_text(cause), Prospect.SOON, _TEMPORARY, 34, cause)
