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
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final


class Prospect(StrEnum):
    """What another attempt would bring."""

    SOON = "soon"
    """It may go well at any time: a frame was lost, somebody was busy."""
    WHEN_BACK = "when back"
    """It fails until the terminal has shown itself, or has room again; the network tells."""
    NEVER = "never"


class DeliveryFailureReason(IntEnum):
    """The TLV delivery_failure_reason (SMPP 3.4 §5.3.2.33)."""

    DESTINATION_UNAVAILABLE = 0
    DESTINATION_ADDRESS_INVALID = 1
    PERMANENT_NETWORK_ERROR = 2
    TEMPORARY_NETWORK_ERROR = 3


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
        return self.name if self.rp_cause is None else f"{self.name} (RP cause {self.rp_cause})"


_UNAVAILABLE = DeliveryFailureReason.DESTINATION_UNAVAILABLE
_INVALID = DeliveryFailureReason.DESTINATION_ADDRESS_INVALID
_PERMANENT = DeliveryFailureReason.PERMANENT_NETWORK_ERROR
_TEMPORARY = DeliveryFailureReason.TEMPORARY_NETWORK_ERROR

BY_RP_CAUSE: Final[Mapping[int, Failure]] = MappingProxyType(
    {
        cause: Failure(name, prospect, reason, map_error, cause)
        for cause, name, prospect, reason, map_error in (
            (1, "unassigned number", Prospect.NEVER, _INVALID, 1),
            (8, "operator determined barring", Prospect.NEVER, _PERMANENT, 13),
            (10, "call barred", Prospect.NEVER, _PERMANENT, 13),
            (21, "short message transfer rejected", Prospect.NEVER, _PERMANENT, 32),
            (22, "memory capacity exceeded", Prospect.WHEN_BACK, _TEMPORARY, 32),
            (27, "destination out of order", Prospect.WHEN_BACK, _UNAVAILABLE, 6),
            (28, "unidentified subscriber", Prospect.SOON, _UNAVAILABLE, 5),
            (29, "facility rejected", Prospect.NEVER, _PERMANENT, 21),
            (30, "unknown subscriber", Prospect.NEVER, _INVALID, 1),
            (38, "network out of order", Prospect.SOON, _TEMPORARY, 34),
            (41, "temporary failure", Prospect.SOON, _TEMPORARY, 34),
            (42, "congestion", Prospect.SOON, _TEMPORARY, 34),
            (47, "resources unavailable", Prospect.SOON, _TEMPORARY, 34),
            (50, "requested facility not subscribed", Prospect.NEVER, _PERMANENT, 11),
            (69, "requested facility not implemented", Prospect.NEVER, _PERMANENT, 21),
            (81, "invalid reference value", Prospect.SOON, _TEMPORARY, 32),
            (95, "semantically incorrect message", Prospect.NEVER, _PERMANENT, 32),
            (96, "invalid mandatory information", Prospect.NEVER, _PERMANENT, 32),
            (97, "message type not implemented", Prospect.NEVER, _PERMANENT, 32),
            (98, "message not compatible with state", Prospect.SOON, _TEMPORARY, 32),
            (99, "information element not implemented", Prospect.NEVER, _PERMANENT, 32),
            (111, "protocol error", Prospect.NEVER, _PERMANENT, 32),
            (127, "interworking, unspecified", Prospect.SOON, _TEMPORARY, 34),
        )
    }
)
"""What the network says, by RP cause."""

NO_ANSWER: Final = Failure("no answer from the network", Prospect.SOON, _TEMPORARY)
WINDOW_OVER: Final = Failure("not delivered within its window", Prospect.SOON, _TEMPORARY)
NO_CAPACITY: Final = Failure("no room before its deadline", Prospect.SOON, _TEMPORARY)
UNKNOWN_NUMBER: Final = Failure("unknown number", Prospect.NEVER, _INVALID, 1)
DIRECTORY_AWAY: Final = Failure("the subscriber could not be looked up", Prospect.SOON, _TEMPORARY)
SHUT_DOWN: Final = Failure("the SMSC shuts down", Prospect.SOON, _TEMPORARY)


def by_rp_cause(cause: int) -> Failure:
    """Return the failure that an RP cause stands for; an unknown one counts as temporary."""
    known = BY_RP_CAUSE.get(cause)
    return known or Failure("unknown cause", Prospect.SOON, _TEMPORARY, 34, cause)
