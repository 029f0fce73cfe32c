"""What a lab file may say of mobiles, of the radio, and of mobiles of other processes."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from corenet.control.answering import Answering
from corenet.interfaces.nas.gprs_timer import LONGEST
from corenet.mobile.config import MobileTimers
from testbed.lab.card_model import CardPart
from testbed.lab.parts import (
    AnyNetwork,
    ApnName,
    CellIdentity,
    ControlPart,
    DeviceName,
    Host,
    NamespaceName,
    Network,
    NodeName,
    Part,
    Port,
    Seconds,
    Wait,
)


class MovePart(Part):
    """A mobile goes to another cell."""

    after: Annotated[float, Field(ge=0)]
    cell: CellIdentity


class TunPart(Part):
    """A mobile's TUN device: programs that use it run on the mobile."""

    device: DeviceName
    namespace: NamespaceName | None = Field(
        default=None,
        description="network namespace (`ip netns`) that it is put into; the process's own when "
        "absent",
    )
    routes: tuple[Network, ...] | None = Field(
        default=None,
        description="networks that are reached through the mobile while it has an address; when "
        "absent all with a `namespace`, and none without",
    )
    mtu: int = Field(default=1500, ge=576, le=1500)


class OutagePart(Part):
    """A mobile is out of radio coverage for a while, once or again and again."""

    after: Annotated[float, Field(ge=0)] = Field(
        description="seconds from the start of the lab to the first time"
    )
    lasts: Seconds
    times: int = Field(default=1, ge=1, le=10_000)
    every: Seconds | None = Field(
        default=None, description="seconds from one time to the next, where there are several"
    )

    @model_validator(mode="after")
    def _is_a_schedule(self) -> Self:
        if self.times > 1 and self.every is None:
            raise ValueError("several times need every")
        if self.every is not None and self.every <= self.lasts:
            raise ValueError(f"every {self.every:g} s for {self.lasts:g} s is all the time")
        return self

    def periods(self) -> tuple[tuple[float, float], ...]:
        """Return from when to when it is out of coverage, each time."""
        begins = (self.after + (self.every or 0.0) * number for number in range(self.times))
        return tuple((begin, begin + self.lasts) for begin in begins)


class MobilePart(Answering, Part):
    """An emulated mobile and what it does."""

    card: CardPart | None = Field(
        default=None, description="the card in it, where that is not its subscriber's own"
    )
    attached: bool = Field(default=True, description="attach when the lab starts")
    apns: tuple[ApnName, ...] | None = Field(
        default=None,
        description="access points set up on it: a request for another is refused (SM cause 27). "
        "When absent those that are subscribed, and any is taken",
    )
    pdp_type: Literal["ipv4", "ipv6", "ipv4v6"] = Field(
        default="ipv4",
        description="of the contexts it activates by itself; ipv6: it refuses a request for IPv4 "
        "(SM cause 28)",
    )
    most_contexts: int = Field(
        default=11,
        ge=1,
        le=11,
        description="PDP contexts it can have; a request for more is refused (SM cause 26)",
    )
    ready_timer: float | None = Field(
        default=None,
        ge=2,
        le=LONGEST,
        description="READY timer it asks for (T3314), in seconds; the SGSN's when absent",
    )
    tun: TunPart | None = Field(
        default=None, description="a TUN device that the mobile is, which needs root or a namespace"
    )
    process: NodeName | None = Field(
        default=None,
        description="one of `mobiles` that it is in; beside the network when absent",
    )
    cell: CellIdentity | None = Field(
        default=None, description="where it is at first; the first cell of `sgsn` when absent"
    )
    moves: tuple[MovePart, ...] = Field(
        default=(), description="where it goes, and when, counted from the start of the lab"
    )
    outages: tuple[OutagePart, ...] = Field(
        default=(), description="when it is out of coverage; it knows once it is back"
    )
    activate: tuple[ApnName, ...] = Field(
        default=(), description="APNs it activates by itself once attached"
    )
    on_sms: Literal["accept", "memory-full", "reject", "unanswered", "silent"] = Field(
        default="accept",
        description="what it does with short messages; unanswered: it acknowledges their frames "
        "and says no more",
    )
    rp_cause: int = Field(
        default=111, ge=1, le=127, description="the RP cause of a reject (TS 24.011 §8.2.5.4)"
    )
    sms_refused: tuple[Annotated[int, Field(ge=1)], ...] = Field(
        default=(),
        description="which short messages memory-full and reject are for: the first that comes "
        "is 1; all when absent",
    )
    sms_answer_after: float = Field(
        default=0.0,
        ge=0,
        le=60,
        description="seconds it takes to answer a short message; after 15 (TR2M) it is too late",
    )
    sms_reassembly: Seconds = Field(
        default=300.0, description="for which the first part of a short message waits for the rest"
    )
    on_push: Literal["confirm", "refuse", "silent", "no-session"] = Field(
        default="confirm",
        description="what it does with confirmed pushes; no-session: it opens none to take them on",
    )
    push_refusal: Literal["requested", "refused", "pending", "no-resources", "unprocessable"] = (
        Field(
            default="refused", description="why it refuses a push (WAP-230, abort codes EA to EE)"
        )
    )
    wap_gateway: Host | None = Field(
        default=None,
        description="gateway that it fetches pages through; the lab's own when absent, and none "
        "where there is none",
    )
    wap_mode: Literal["session", "connectionless"] = Field(
        default="session",
        description="how it asks for pages: on a session (UDP 9201), or in single datagrams (9200)",
    )


class MixedPart(Part):
    """What some of a range's mobiles do."""

    weight: float = Field(default=1.0, gt=0, description="how many, beside the other weights")
    mobile: MobilePart = MobilePart()


class MobileTimersPart(Part):
    """How long mobiles wait for the network, all of them (TS 24.008 §11.2.2, §11.2.3)."""

    t3310: Seconds = Field(default=15.0, description="after Attach Request")
    t3311: Seconds = Field(
        default=15.0, description="after an attach or update that failed, until the next attempt"
    )
    t3302: Seconds = Field(default=720.0, description="the same after five that failed in a row")
    t3321: Seconds = Field(default=15.0, description="after Detach Request")
    t3330: Seconds = Field(default=15.0, description="after Routing Area Update Request")
    t3380: Seconds = Field(
        default=30.0, description="after Activate PDP Context Request, and that of a secondary one"
    )
    t3381: Seconds = Field(default=8.0, description="after Modify PDP Context Request")
    t3390: Seconds = Field(default=8.0, description="after Deactivate PDP Context Request")
    attempts: int = Field(
        default=5,
        ge=1,
        le=20,
        description="times that a request is sent in all; the procedure fails at the last expiry",
    )

    def timers(self, *, attach_spread: float = 0.0) -> MobileTimers:
        """Return the timers as mobiles have them."""
        return MobileTimers(**self.model_dump(), attach_spread=attach_spread)


class CellPart(Part):
    """What becomes of the frames in a cell, up and down."""

    loss: float = Field(default=0.0, ge=0, le=1, description="of each frame, 0 to 1")
    latency: Wait = Field(default=0.0, description="beside that of the radio in `latency`")


class RadioPart(Part):
    """The radio: how good it is, and where mobiles of other processes find it."""

    address: Host | None = Field(
        default=None, description="where it listens (GSMTAP over UDP); nowhere when absent"
    )
    port: Port = 4729
    clients: tuple[AnyNetwork, ...] = Field(
        default=("127.0.0.0/8",), description="addresses and networks that mobiles may come from"
    )
    cells: dict[CellIdentity, CellPart] = Field(
        default_factory=dict, description="those that are not perfect, by cell identity"
    )


class MobilesPart(Part):
    """A process of mobiles: `corenet mobiles FILE NAME` runs it, on any machine."""

    address: Host = Field(
        default="127.0.0.1", description="its own, from where it reaches `radio.address`"
    )
    port: Port | None = Field(default=None, description="of UDP; any free one when absent")
    control: ControlPart | None = Field(
        default=None, description="its control interface, which drives its mobiles"
    )
