"""What an SMSC is told. Times are seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from corenet.interfaces.node import Address
from testbed.smpp.config import SmppTimers
from testbed.smsc.message import Mode
from testbed.smsc.stored import RetryPolicy
from testbed.smsc.transaction import TransactionPolicy


@dataclass(frozen=True, slots=True)
class Esme:
    """One that may bind."""

    system_id: str
    password: str = field(default="", repr=False)
    lane: str = "push"
    """The lane that its messages take."""
    rate: float | None = None
    """Submissions a second in the long run; beyond it ESME_RTHROTTLED."""
    window: int = 1_000
    """Requests that it may have open."""
    messages: int | None = None
    """Messages of it that may wait in store and forward; None: as many as all together may."""
    numbers: tuple[str, ...] = ()
    """What mobiles write to it at: short codes, or international numbers; digits only."""
    listens: Address | None = None
    """Where it takes an outbind when something is due for it; None: it is not called."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the SMSC takes on before it refuses."""

    transactions: int = 10_000
    """Messages that have been submitted, but whose outcome is not known."""
    per_terminal: int = 100
    """The same, for one terminal."""
    segments: int = 32
    """Short messages that one submission may become."""
    sessions: int = 16
    """Sessions of one ESME at one time."""
    messages: int = 100_000
    """Messages in store and forward that have not ended."""
    messages_per_terminal: int = 1_000
    """The same, for one terminal."""
    to_esme: int = 100
    """Messages of mobiles to one ESME that it has not answered."""
    receipts: int = 10_000
    """Receipts that wait for one ESME; beyond it the oldest is given up."""


@dataclass(frozen=True, slots=True)
class SmscConfig:
    """All that an SMSC is told."""

    address: str
    """IP address of SMPP and GSUP."""
    hlr: Address
    """Where the HLR takes GSUP."""
    number: str = "447785016005"
    """The service centre's own number, as terminals see it."""
    system_id: str = "corenet"
    """What it calls itself to ESMEs."""
    outbind_password: str = field(default="", repr=False)
    """What it shows to ESMEs that it calls."""
    smpp_port: int = 2775
    gsup_port: int = 4222
    esmes: tuple[Esme, ...] = ()
    """Who may bind; empty: everybody, on the first lane."""
    lanes: Mapping[str, float] = field(default_factory=lambda: {"push": 1.0})
    """Weights of lanes: one lane is a dedicated SMSC, or a shared one without reservation."""
    rate: float | None = None
    """Short messages a second to the network; None: as fast as it answers."""
    under_way: int = 1_000
    """Short messages that the network has at one time."""
    default_mode: Mode = Mode.STORE_AND_FORWARD
    """What esm_class 0 means."""
    transaction: TransactionPolicy = field(default_factory=TransactionPolicy)
    begin: float = 30.0
    """Longest wait of a transaction until its first segment leaves."""
    remember: float = 300.0
    """How long the outcome of a transaction is kept, for an ESME that submits it again."""
    wide_references: bool = False
    """Whether references of concatenated messages have 16 bits."""
    reference_rest: float = 300.0
    """How long a reference is not used again: as long as handsets keep pieces."""
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    """For messages that are stored and forwarded."""
    receipt_lifetime: float = 3 * 86_400.0
    """How long after a message's end its receipt is kept for an ESME that does not take it."""
    retention: float | None = 7 * 86_400.0
    """How long a message is remembered after its end, for queries; None: for ever."""
    timers: SmppTimers = field(default_factory=SmppTimers)
    deliver_window: int = 10
    """Receipts that one session of an ESME has open."""
    answer_time: float = 95.0
    """Longest wait for the network's answer to one short message."""
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if not self.lanes or min(self.lanes.values()) <= 0:
            raise ValueError("an SMSC has a lane, and each weight is above 0")
        for esme in self.esmes:
            if esme.lane not in self.lanes:
                raise ValueError(f"{esme.system_id} is on lane {esme.lane!r}, which there is not")
        if len({esme.system_id for esme in self.esmes}) < len(self.esmes):
            raise ValueError("two ESMEs have the same system_id")
        numbers = [number for esme in self.esmes for number in esme.numbers]
        if len(set(numbers)) < len(numbers):
            raise ValueError("two ESMEs have the same number")
        if (
            min(self.begin, self.answer_time, self.receipt_lifetime) <= 0
            or min(self.remember, self.reference_rest) < 0
        ):
            raise ValueError("waits are above 0, and what is kept is not kept below 0 seconds")
