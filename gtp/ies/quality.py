"""QoS profiles, taken apart and put together.

Specs: TS 29.060 §7.7.34, TS 24.008 §10.5.6.5. Messages carry IE 135 as octets; here is what they
say. Fields are the codes of TS 24.008; ``bit_rate`` makes kbit/s of a rate's code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gtp.ies.cursor import Cursor

_SHORT: Final = 4
"""Octets of a profile of Release 97: priority, then three octets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QosProfile:
    """A QoS profile. What Release 99 added is 0, subscribed, where the profile is older."""

    priority: int
    """Allocation and retention, 1 to 3, or of Release 8 on the octet of Evolved ARP."""
    delay_class: int = 0
    reliability_class: int = 0
    peak_throughput: int = 0
    precedence_class: int = 0
    mean_throughput: int = 0
    traffic_class: int = 0
    """1 conversational, 2 streaming, 3 interactive, 4 background."""
    delivery_order: int = 0
    erroneous_sdus: int = 0
    maximum_sdu_size: int = 0
    """The code: tens of octets up to 150."""
    maximum_uplink: int = 0
    maximum_downlink: int = 0
    residual_ber: int = 0
    sdu_error_ratio: int = 0
    transfer_delay: int = 0
    handling_priority: int = 0
    guaranteed_uplink: int = 0
    guaranteed_downlink: int = 0
    more: bytes | None = b""
    """What stands behind, such as extended bit rates; None for a profile of Release 97."""

    @classmethod
    def parse(cls, octets: bytes) -> QosProfile:
        """Read the value of IE 135. Raises ValueError if it is none."""
        cursor = Cursor(octets)
        priority = cursor.number()
        values = {name: 0 for name, _ in _FIELDS}
        layout = _LAYOUT[:3] if len(octets) == _SHORT else _LAYOUT
        for parts in layout:
            octet = cursor.number()
            for name, shift, bits in parts:
                values[name] = octet >> shift & (1 << bits) - 1
        more = None if len(octets) == _SHORT else cursor.rest()
        return cls(priority=priority, more=more, **values)

    def encode(self) -> bytes:
        """Return the value of IE 135. Raises ValueError for a code that does not fit."""
        for name, bits in _FIELDS:
            if not 0 <= getattr(self, name) < 1 << bits:
                raise ValueError(f"{name} does not fit into {bits} bits")
        layout = _LAYOUT[:3] if self.more is None else _LAYOUT
        octets = [sum(getattr(self, name) << shift for name, shift, _ in parts) for parts in layout]
        return bytes((self.priority, *octets)) + (self.more or b"")


_LAYOUT: Final = (
    (("delay_class", 3, 3), ("reliability_class", 0, 3)),
    (("peak_throughput", 4, 4), ("precedence_class", 0, 3)),
    (("mean_throughput", 0, 5),),
    (("traffic_class", 5, 3), ("delivery_order", 3, 2), ("erroneous_sdus", 0, 3)),
    (("maximum_sdu_size", 0, 8),),
    (("maximum_uplink", 0, 8),),
    (("maximum_downlink", 0, 8),),
    (("residual_ber", 4, 4), ("sdu_error_ratio", 0, 4)),
    (("transfer_delay", 2, 6), ("handling_priority", 0, 2)),
    (("guaranteed_uplink", 0, 8),),
    (("guaranteed_downlink", 0, 8),),
)
"""By octet behind the priority: each field's name, lowest bit and number of bits."""
_FIELDS: Final = tuple((name, bits) for parts in _LAYOUT for name, _, bits in parts)


def bit_rate(code: int) -> int | None:
    """Return the kbit/s of a bit rate's code, None for 0, which leaves it to the subscription.

    From 254, which is 8640 kbit/s, the extended octets go on.
    """
    if code == 0:
        return None
    if code < 64:
        return code
    if code < 128:
        return 64 + 8 * (code - 64)
    return 576 + 64 * (code - 128) if code < 255 else 0
