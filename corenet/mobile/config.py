"""What a mobile is told when it is made: its identities, its habits and its timers."""

from __future__ import annotations

from dataclasses import dataclass, field

from corenet.authentication.secrets import Secret
from corenet.interfaces.nas.elements import PdpType
from corenet.interfaces.node import Address
from corenet.interfaces.sms.transfer import TransferTimers
from corenet.mobile.behaviour import Behaviour, SmsBehaviour


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell, as its broadcast channel has it for every mobile in it."""

    sgsn: Address
    """Where the SGSN behind it is attached to RADIO."""
    rai: bytes
    """Routeing area identification, 6 octets."""


@dataclass(frozen=True, slots=True)
class MobileTimers:
    """Timers of the procedures that a mobile starts, in seconds (TS 24.008 §11.2)."""

    t3310: float = 15.0
    """Attach Request until Attach Accept or Reject."""
    t3302: float = 720.0
    """After five failures of attach or update in a row, until the next attempt."""
    t3311: float = 15.0
    """After a failure of attach or update, until the next attempt."""
    t3330: float = 15.0
    """Routing Area Update Request until Accept or Reject."""
    t3321: float = 15.0
    """Detach Request until Detach Accept."""
    t3380: float = 30.0
    """Activate PDP Context Request until Accept or Reject."""
    t3381: float = 8.0
    """Modify PDP Context Request until Accept or Reject."""
    t3390: float = 8.0
    """Deactivate PDP Context Request until Deactivate PDP Context Accept."""
    attempts: int = 5
    """Transmissions in all, the first included; the procedure ends at the last expiry."""
    short_messages: TransferTimers = TransferTimers()  # noqa: RUF009 - frozen
    """TC1*, TR1M and TR2M (TS 24.011 §10.1)."""
    tram: float = 30.0
    """TRAM: until RP-SMMA is said once more; 25 to 35."""
    attach_spread: float = 0.0
    """Mobiles that attach when the node starts do so within this time, each at its own moment."""

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise ValueError(f"{self.attempts} attempts are too few to send anything")


@dataclass(frozen=True, slots=True)
class MobileConfig:
    """One mobile and its subscription."""

    imsi: str
    msisdn: str
    behaviour: Behaviour = Behaviour()  # noqa: RUF009 - frozen
    sms_behaviour: SmsBehaviour = SmsBehaviour()  # noqa: RUF009 - frozen
    service_centre: str = ""
    """Number of the service centre that takes its short messages, digits; "" for none."""
    reassembly: float = 300.0
    """How long the first part of a long short message waits for the others, seconds."""
    secret: Secret | None = field(default=None, repr=False)
    """The key on its card; None: it does not answer who wants to authenticate it."""
    sqn: int = 0
    """The highest sequence number that its USIM has seen."""
    apns: tuple[str, ...] = ()
    """The access points its user has set up; ``activate`` without an APN takes the first."""
    only_own_apns: bool = False
    """Whether the network's request for an APN beside those is refused (SM cause 27)."""
    pdp_type: PdpType = PdpType.IPV4
    """Of the contexts that it activates; one for IPv6 alone takes no request for IPv4, nor one for
    IPv4 alone a request for IPv6.
    """
    most_contexts: int = 11
    """PDP contexts that it can have at a time; beyond them requests are refused (SM cause 26)."""
    ready_timer: float | None = None
    """T3314 that it asks for, in seconds; None: it takes what the network gives."""
    cell: int = 0
    """Cell identity of the cell that it is in at first."""
    moves: tuple[tuple[float, int], ...] = ()
    """Where it goes: seconds after the node starts, and the cell."""
    outages: tuple[tuple[float, float], ...] = ()
    """When it is out of coverage: from and until so many seconds after the node starts."""
    terminal: bool = False
    """Whether programs run on it beside those that are emulated: they get all other packets."""
    attach_at_start: bool = False
    """Whether it attaches on its own when the node starts."""
