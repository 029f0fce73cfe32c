"""The scenarios of ``corenet demo``: to whom, by which trigger, and how it should end.

Each has a terminal of its own in one of the labs that come along (``testbed/labs/demo.yaml``,
``roaming.yaml``, ``sms.yaml``), which behaves as the scenario's name says.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from testbed.codecs.pap import DeliveryMethod

DEFAULT_LIFETIME: Final = 12.0
SHORT: Final = "You have 4 new messages"
LONG: Final = (
    "You have 4 new messages. The first one is from Ann, who says that the train is late, that "
    "she has not had dinner, and that nobody needs to wait for her. The other three are from the "
    "railway company, which says the same in more words, and is sorry."
)
"""What takes several short messages."""


class Trigger(StrEnum):
    """What starts a scenario."""

    PAP = "pap"
    """A push initiator posts a push to the gateway."""
    GI = "gi"
    """A plain datagram to the terminal's address."""


class Before(StrEnum):
    """What becomes of the mobile before a scenario starts."""

    NOTHING = "nothing"
    STANDBY = "standby"
    """It is silent for as long as its READY timer."""
    STANDBY_OUT_OF_COVERAGE = "standby, out of coverage"
    """The same, and then it is where no cell is."""
    MOVING = "moving"
    """It has just come into the cell of another SGSN, which has not accepted it yet."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario and how it should end."""

    name: str
    summary: str
    msisdn: str
    delivered: bool
    """Whether the mobile is to show the push."""
    final_state: str | None
    """The message-state of the result notification (WAP-247 §9.11); None where nobody asked."""
    step: str | None = None
    """Where the activation should end (``corenet.interfaces.activation.Step``)."""
    cause: int | None = None
    """Number of the cause it should end with."""
    trigger: Trigger = Trigger.PAP
    lifetime: float = DEFAULT_LIFETIME
    """Seconds from the push to its deliver-before time."""
    delivery_method: DeliveryMethod = DeliveryMethod.NOT_SPECIFIED
    code: int | None = None
    """PAP status code of the result notification."""
    lab: str = "demo"
    """The lab that it runs in."""
    text: str = SHORT
    """What is pushed."""
    before: Before = Before.NOTHING
    short_messages: int | None = None
    """How many are sent to the terminal, repeats included; None: the push goes by IP."""


_LISTED: Final = (
    Scenario(
        "offline",
        "no PDP context: the network requests one, and the push goes over it",
        "447700900101",
        delivered=True,
        final_state="delivered",
        step="active",
    ),
    Scenario(
        "online",
        "a PDP context is there already: the push goes straight to its address",
        "447700900102",
        delivered=True,
        final_state="delivered",
    ),
    Scenario(
        "ms-rejects",
        "the mobile refuses the activation with SM cause 31",
        "447700900103",
        delivered=False,
        final_state="expired",
        step="ms-activation",
        cause=4,
        lifetime=7.0,
    ),
    Scenario(
        "ms-silent",
        "the mobile does not answer; T3385 expires five times",
        "447700900104",
        delivered=False,
        final_state="expired",
        step="ms-activation",
        cause=5,
        lifetime=8.0,
    ),
    Scenario(
        "not-attached",
        "the mobile is switched off; the push waits for it until deliver-before",
        "447700900105",
        delivered=False,
        final_state="expired",
        step="routeing-information",
        lifetime=4.0,
    ),
    Scenario(
        "unknown-subscriber",
        "the HLR has never heard of the IMSI",
        "447700900106",
        delivered=False,
        final_state="undeliverable",
        step="routeing-information",
        cause=1,
    ),
    Scenario(
        "confirmed",
        "delivery-method confirmed: the mobile is asked to open a WSP session, and acknowledges",
        "447700900108",
        delivered=True,
        final_state="delivered",
        step="active",
        delivery_method=DeliveryMethod.CONFIRMED,
        code=1000,
    ),
    Scenario(
        "client-refuses",
        "the same, but the mobile's application does not want the push",
        "447700900109",
        delivered=False,
        final_state="aborted",
        step="active",
        delivery_method=DeliveryMethod.CONFIRMED,
        code=5235,
    ),
    Scenario(
        "standby-paging",
        "the mobile has been silent and is in STANDBY: the SGSN pages it first",
        "447700900110",
        delivered=True,
        final_state="delivered",
        step="active",
        before=Before.STANDBY,
    ),
    Scenario(
        "paging-unanswered",
        "the same, but the mobile is out of coverage: nobody answers the paging",
        "447700900111",
        delivered=False,
        final_state="expired",
        step="ms-activation",
        cause=5,
        lifetime=5.0,
        before=Before.STANDBY_OUT_OF_COVERAGE,
    ),
    Scenario(
        "moving",
        "the mobile goes to another SGSN, and takes its PDP context along: the push follows",
        "447700900301",
        delivered=True,
        final_state="delivered",
        lab="roaming",
        before=Before.MOVING,
    ),
    Scenario(
        "gi-trigger",
        "a plain datagram to a static address starts the activation, without gateway or PAP",
        "447700900107",
        delivered=True,
        final_state=None,
        step="active",
        trigger=Trigger.GI,
    ),
    Scenario(
        "sms-fallback",
        "no packet data for this terminal: the push goes as short messages, one transaction",
        "447700900201",
        delivered=True,
        final_state="delivered",
        step="ms-activation",
        code=1000,
        lab="sms",
        text=LONG,
        short_messages=3,
    ),
    Scenario(
        "sms-partial-loss",
        "the same, and one of the short messages fails: it alone is sent again at once",
        "447700900202",
        delivered=True,
        final_state="delivered",
        step="ms-activation",
        code=1000,
        lab="sms",
        text=LONG,
        short_messages=4,
    ),
)

SCENARIOS: Final = MappingProxyType({scenario.name: scenario for scenario in _LISTED})
"""By name; the first one is the default."""
