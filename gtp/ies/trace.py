"""What an operation and maintenance centre wants traced, and where.

Specs: TS 29.060 §7.7.24 (Trace Reference), §7.7.25 (Trace Type), §7.7.41 (Trigger Id), §7.7.42
(OMC Identity), §7.7.62 (Additional Trace Info), §7.7.69 (Additional MBMS Trace Info); TS 32.422
for what the numbers mean.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from gtp.constants import IEType
from gtp.ies.cursor import Cursor
from gtp.ies.element import Element, fixed_number, octets, tlv


class TraceInfo(NamedTuple):
    """A trace recording session as TS 32.422 §5 has it."""

    reference: int
    """The trace reference without its PLMN, 24 bits."""
    session: int
    """The trace recording session reference, 16 bits."""
    triggering_events: int
    """A bit for each event that begins a session."""
    depth: int
    interfaces: int
    """A bit for each interface to be traced."""
    activity_control: int = 0
    """1 begins the tracing, 0 ends it; MBMS has none."""

    def __str__(self) -> str:
        return (
            f"trace {self.reference:#08x}, session {self.session:#06x}, "
            f"events {self.triggering_events:#04x}, depth {self.depth}, "
            f"interfaces {self.interfaces:#04x}, activity control {self.activity_control}"
        )


_WIDTHS: Final = (3, 2, 1, 1, 1, 1)


def _trace_info(ie_type: IEType, fields: int) -> Element[TraceInfo]:
    """Return an element with the first ``fields`` fields."""
    widths = _WIDTHS[:fields]

    def decode(value: bytes) -> TraceInfo:
        cursor = Cursor(value)
        numbers = [cursor.number(width) for width in widths]
        cursor.finish()
        return TraceInfo(*numbers)

    def encode(info: TraceInfo) -> bytes:
        numbers = zip(info, widths, strict=False)
        return tlv(ie_type, b"".join(number.to_bytes(width) for number, width in numbers))

    return Element(ie_type, decode, encode)


TRACE_REFERENCE: Final = fixed_number(IEType.TRACE_REFERENCE, 2)
TRACE_TYPE: Final = fixed_number(IEType.TRACE_TYPE, 2)
TRIGGER_ID: Final = octets(IEType.TRIGGER_ID, holds="the operator's own")
OMC_IDENTITY: Final = octets(IEType.OMC_IDENTITY, holds="the operator's own")
ADDITIONAL_TRACE_INFO: Final = _trace_info(IEType.ADDITIONAL_TRACE_INFO, 6)
ADDITIONAL_MBMS_TRACE_INFO: Final = _trace_info(IEType.ADDITIONAL_MBMS_TRACE_INFO, 5)
