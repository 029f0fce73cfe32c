"""Causes as callers see them: number, name, and whose number it is.

Specs: TS 29.060 §7.7.1 (Cause), TS 29.002 §17.6 (MAP user errors, AbsentSubscriberDiagnosticSM).
"""

from __future__ import annotations

from typing import Final

from corenet.interfaces.activation import CauseSource, FailureCause
from gtp.codes import MapCause
from gtp.constants import Cause

_MAP_TEXTS: Final = {
    1: "Unknown subscriber",
    8: "Roaming not allowed",
    13: "Call barred",
    27: "Absent subscriber",
    34: "System failure",
    35: "Data missing",
    36: "Unexpected data value",
}

_REASON_TEXTS: Final = {
    0: "no paging response via the MSC",
    1: "IMSI detached",
    2: "roaming restriction",
    3: "deregistered in the HLR for non-GPRS",
    4: "purged for non-GPRS",
    5: "no paging response via the SGSN",
    6: "GPRS detached",
    7: "deregistered in the HLR for GPRS",
    8: "purged for GPRS",
    9: "unidentified subscriber via the MSC",
    10: "unidentified subscriber via the SGSN",
    11: "deregistered in the HSS for IMS",
    12: "no response via the IP-SM-GW",
    13: "temporarily unavailable",
}


def gtp_cause(cause: Cause) -> FailureCause:
    """Return a Cause of GTP as callers see it."""
    return FailureCause(CauseSource.GTP, cause.value, cause.text)


def map_cause(number: int) -> FailureCause:
    """Return a MAP user error as callers see it."""
    return FailureCause(CauseSource.MAP, number, _MAP_TEXTS.get(number, f"MAP error {number}"))


def absent_subscriber(reason: str) -> FailureCause:
    """Return "absent subscriber" with the reason in words."""
    number = MapCause.ABSENT_SUBSCRIBER.value
    return FailureCause(CauseSource.MAP, number, f"{_MAP_TEXTS[number]}: {reason}")


def not_reachable_text(reason: int) -> str:
    """Return an MS Not Reachable Reason (TS 29.060 §7.7.25A) in words."""
    return _REASON_TEXTS.get(reason, f"reason {reason}")
