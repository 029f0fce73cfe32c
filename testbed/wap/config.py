"""Timers, counters and bounds of WTP: one table with default, unit and clause.

Spec: WAP-224 §9.3 (timers and counters). The standard leaves the values to each bearer; the
defaults are those that gateways use over IP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from testbed.codecs.wtp.constants import MOST_PACKETS
from testbed.wap.errors import WapError


@dataclass(frozen=True, slots=True)
class TimerDefinition:
    """One row of the table: what a timer is for, and where the standard says so."""

    field: str
    """Name of the attribute of ``WtpTimers``."""
    default: float
    unit: str
    clause: str
    prose: str


TIMER_TABLE: Final[tuple[TimerDefinition, ...]] = (
    TimerDefinition(
        "acknowledgement",
        4.0,
        "seconds",
        "WAP-224 §9.3.1",
        "A: how long the user has for its next step before an Ack goes out without it, or before "
        "its silence is counted.",
    ),
    TimerDefinition(
        "retransmission",
        7.0,
        "seconds",
        "WAP-224 §9.3.1",
        "R: how long a packet waits for its acknowledgement before it is sent again.",
    ),
    TimerDefinition(
        "wait",
        75.0,
        "seconds",
        "WAP-224 §9.3.1",
        "W: how long an Ack can be repeated after the transaction is over: longer than a peer "
        "with the same timers goes on sending.",
    ),
    TimerDefinition(
        "reordering",
        0.5,
        "seconds",
        "WAP-224 §8.14",
        "How long missing packets of a group may be late before they are asked for.",
    ),
    TimerDefinition(
        "patience",
        120.0,
        "seconds",
        "beyond WAP-224",
        "How long a result may take once the invoke is acknowledged. The standard lets the users "
        "decide, so that a peer that vanishes is waited for without end.",
    ),
    TimerDefinition(
        "most_retransmissions",
        8,
        "transmissions",
        "WAP-224 §9.3.2",
        "RCR_MAX: how often a packet is sent again at most.",
    ),
    TimerDefinition(
        "most_ack_expirations",
        6,
        "expirations",
        "WAP-224 §9.3.2",
        "AEC_MAX: how often A starts anew for a user that has to acknowledge and does not.",
    ),
)
"""Every timer and counter, in the order of the attributes of ``WtpTimers``."""


@dataclass(frozen=True, slots=True)
class WtpTimers:
    """The values that one endpoint works with. See ``TIMER_TABLE`` for what each means."""

    acknowledgement: float = 4.0
    """Seconds, greater than 0, like all times here."""
    retransmission: float = 7.0
    wait: float = 75.0
    reordering: float = 0.5
    patience: float = 120.0
    most_retransmissions: int = 8
    """After the first transmission; 0 or more."""
    most_ack_expirations: int = 6
    """0 or more."""

    def __post_init__(self) -> None:
        """Refuse values that no endpoint could work with; raises WapError."""
        for row in TIMER_TABLE:
            value = getattr(self, row.field)
            if value < 0 or (row.unit == "seconds" and not value > 0):
                raise WapError(f"{row.field} is {value} {row.unit}")

    @property
    def lifetime(self) -> float:
        """Seconds that a peer with the same timers may go on sending one packet."""
        return self.retransmission * (self.most_retransmissions + 1)


@dataclass(frozen=True, slots=True)
class WtpLimits:
    """What one endpoint takes upon itself; all greater than 0."""

    packet: int = 1400
    """Octets of user data in one packet; what is longer is segmented (WAP-224 §8.14)."""
    group: int = 4
    """Packets that are sent before an acknowledgement is waited for, up to 256."""
    datagram: int = 1472
    """Octets up to which PDUs share a datagram."""
    message: int = MOST_PACKETS * 1400
    """Octets of the longest message that is taken."""
    unfinished: int = 16 * 1024 * 1024
    """Octets of messages that have arrived in part, of all peers together."""
    transactions_per_peer: int = 32
    """Open ones that the peer has begun, and as many that we have."""
    transactions: int = 20_000
    """Open ones of all peers together."""
    lingering: int = 20_000
    """Ended ones whose Ack can still be repeated; the oldest give way."""
    peers: int = 10_000
    """Those whose TIDs are remembered; who was silent longest gives way."""
    verify_strangers: bool = False
    """Whether the first TID of a peer is verified too: costs a round trip, and makes sure that
    nobody speaks in another's name."""

    def __post_init__(self) -> None:
        """Refuse values that no endpoint could work with; raises WapError."""
        for name in self.__slots__:
            if getattr(self, name) < (name != "verify_strangers"):
                raise WapError(f"{name} is {getattr(self, name)}, must be above 0")
        if self.group > MOST_PACKETS:
            raise WapError(f"group is {self.group} packets, a message has {MOST_PACKETS} at most")
