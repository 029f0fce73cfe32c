"""QoS profiles and allocation priorities, taken apart and put together.

Specs: TS 29.060 §7.7.34 (QoS Profile), §7.7.91 (Evolved ARP I), TS 24.008 §10.5.6.5. Messages carry
IE 135 as octets; what they say is here, and what ``Message.parsed`` returns. Fields are the codes
of TS 24.008; ``rate`` makes kbit/s of those of a bit rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from gtp.ies.cursor import Cursor

_SHORT: Final = 4
"""Octets of a profile of Release 97: priority, then three octets."""


class EvolvedArp(NamedTuple):
    """Allocation and retention priority as EPS has it (TS 29.060 §7.7.91)."""

    priority: int
    """1 is the highest, 15 the lowest."""
    may_preempt: bool = False
    """Whether the context may take the resources of others (PCI 0)."""
    preemptible: bool = False
    """Whether others may take its resources (PVI 0)."""

    @classmethod
    def parse(cls, octet: int) -> EvolvedArp:
        """Read the value of IE 191."""
        return cls(octet >> 2 & 15, not octet & 0x40, not octet & 1)

    def encode(self) -> int:
        """Return the value of IE 191. Raises ValueError for a priority that does not fit."""
        if not 0 <= self.priority <= 15:
            raise ValueError(f"the priority {self.priority} is not 0 to 15")
        return (not self.may_preempt) << 6 | self.priority << 2 | (not self.preemptible)

    def __str__(self) -> str:
        preempts = "may preempt" if self.may_preempt else "may not preempt"
        yields = "may be preempted" if self.preemptible else "may not be preempted"
        return f"priority {self.priority}, {preempts}, {yields}"


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

    def limited(self, ceiling: QosProfile) -> QosProfile:
        """Return the profile with nothing in it better than ``ceiling`` has (TS 23.060 §9.2.3).

        What is left to the subscription (0) becomes the ceiling's; what the ceiling leaves open
        stays. Error rates, orders and sizes that are neither better nor worse stay, too.
        """
        changes: dict[str, int] = {}
        for names, worse in ((_LARGER_IS_WORSE, max), (_SMALLER_IS_WORSE, min)):
            for name in names:
                own, limit = getattr(self, name), getattr(ceiling, name)
                changes[name] = worse(own, limit) if own and limit else own or limit
        rates = {name: _lower_rate(self, ceiling, name) for name in _EXTENSIONS}
        more = None if self.more is None else bytearray(self.more)
        for name, (code, *extended) in rates.items():
            changes[name] = code
            for place, value in zip(_EXTENSIONS[name], extended, strict=True):
                if more is None:
                    continue
                if value:
                    more.extend(bytes(max(0, _whole_extension(place) - len(more))))
                if place < len(more):
                    more[place] = value
        return replace(self, **changes, more=None if more is None else bytes(more))

    def rate(self, name: str) -> int | None:
        """Return the kbit/s of one of the four bit rates, None where the subscription says it."""
        code, first, second = _rate_codes(self, name)
        if code and second:
            return _extended_rate(second, _SECOND_EXTENSION)
        if code and first:
            return _extended_rate(first, _FIRST_EXTENSION)
        return bit_rate(code)

    def __str__(self) -> str:
        codes = [
            f"{name.replace('_', ' ')} {getattr(self, name)}"
            for name in ("priority", *(name for name, _ in _FIELDS if name not in _EXTENSIONS))
            if getattr(self, name)
        ]
        rates = [
            f"{name.replace('_', ' ')} {rate} kbit/s"
            for name in _EXTENSIONS
            if (rate := self.rate(name)) is not None
        ]
        return ", ".join(codes + rates) or "all as subscribed"

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


_LARGER_IS_WORSE: Final = (
    "priority",
    "delay_class",
    "reliability_class",
    "precedence_class",
    "traffic_class",
    "transfer_delay",
    "handling_priority",
)
_SMALLER_IS_WORSE: Final = ("peak_throughput", "maximum_sdu_size")
_EXTENSIONS: Final = {
    "maximum_downlink": (1, 5),
    "guaranteed_downlink": (2, 6),
    "maximum_uplink": (3, 7),
    "guaranteed_uplink": (4, 8),
}
"""Where in ``more`` a bit rate goes on: the extended octet, and the second one."""


def _whole_extension(place: int) -> int:
    """Return how long ``more`` is at least to have a place: pairs of octets come together."""
    return 3 if place < 3 else 5 if place < 5 else 9


def _lower_rate(own: QosProfile, ceiling: QosProfile, name: str) -> tuple[int, int, int]:
    """Return the codes of the lower of two bit rates: its octet, and the extended ones."""
    mine, limit = _rate_codes(own, name), _rate_codes(ceiling, name)
    if not mine[0] or not limit[0]:
        return mine if mine[0] else limit
    return min(mine, limit, key=_rate_order)


def _rate_codes(profile: QosProfile, name: str) -> tuple[int, int, int]:
    more = profile.more or b""
    first, second = (more[place] if place < len(more) else 0 for place in _EXTENSIONS[name])
    return getattr(profile, name), first, second


def _rate_order(codes: tuple[int, int, int]) -> tuple[int, int, int]:
    # 255 is 0 kbit/s, and an extended octet goes on from where the one before it ends.
    code, first, second = codes
    return second, first, 0 if code == 255 else code


def limited_qos(octets: bytes, ceiling: bytes | None) -> bytes:
    """Return a QoS as in IE 135 with nothing in it better than ``ceiling`` has.

    What is no QoS profile stays as it is: those who made it understand it, perhaps.
    """
    if ceiling is None:
        return octets
    try:
        return QosProfile.parse(octets).limited(QosProfile.parse(ceiling)).encode()
    except ValueError:
        return octets


_FIRST_EXTENSION: Final = ((74, 8_600, 100), (186, 16_000, 1_000), (255, 128_000, 2_000))
_SECOND_EXTENSION: Final = ((61, 256_000, 4_000), (161, 500_000, 10_000), (255, 1_500_000, 100_000))
"""Of an extended octet: the last code of each kind of step, kbit/s before the first, and a step."""


def _extended_rate(code: int, steps: tuple[tuple[int, int, int], ...]) -> int:
    below = 0
    for last, base, step in steps[:-1]:
        if code <= last:
            return base + (code - below) * step
        below = last
    _, base, step = steps[-1]
    return base + (code - below) * step


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
