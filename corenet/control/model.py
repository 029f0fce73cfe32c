"""What goes in and out of the control interface, as models that also make its OpenAPI document.

Times are RFC 3339 in UTC, durations are seconds, addresses are IP addresses in text form.
"""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.config import JsonDict

from corenet.control.answering import Answering, FaultName, OnRequest, whole
from corenet.control.flows import Hexadecimal, PacketFilterModel, Template
from corenet.interfaces.sms.causes import RpCause
from corenet.sgsn.events import Reachability


def _canonical_address(text: str) -> str:
    return str(ip_address(text))


Imsi = Annotated[str, StringConstraints(pattern=r"^[0-9]{6,15}$")]
Msisdn = Annotated[str, StringConstraints(pattern=r"^[0-9]{5,15}$")]
Apn = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$", max_length=99),
]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~:@-]{1,200}$")]
PdpAddress = Annotated[
    str,
    AfterValidator(_canonical_address),
    WithJsonSchema(
        {"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]}, mode="validation"
    ),
]


Nsapi = Annotated[int, Field(ge=0, le=15), BeforeValidator(whole)]
Qos = Annotated[
    str,
    Field(
        pattern=r"^([0-9A-Fa-f]{8}|([0-9A-Fa-f]{2}){12,255})$",
        max_length=510,
        description="in hexadecimal as in GTP: allocation and retention priority, then the "
        "profile of TS 24.008 §10.5.6.5; 4 octets, or 12 and more",
        examples=["020b921f7396fefe742bffff"],
    ),
]
NasQos = Annotated[
    str,
    Field(
        pattern=r"^([0-9A-Fa-f]{6}|([0-9A-Fa-f]{2}){11,20})$",
        max_length=40,
        description="in hexadecimal as in TS 24.008 §10.5.6.5",
        examples=["0b921f7396fefe742bffff"],
    ),
]


def moment(seconds: float) -> datetime:
    """Return a time given as seconds since 1970-01-01 UTC."""
    return datetime.fromtimestamp(seconds, UTC)


class Request(BaseModel):
    """The body of a request: strict, and with no member that it does not know."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Answer(BaseModel):
    """The body of an answer."""

    model_config = ConfigDict(frozen=True)


class Context(Answer):
    """A PDP context, as the GGSN has it."""

    imsi: str
    msisdn: str | None
    apn: str
    address: str = Field(description="IPv4 where there is one")
    ipv6_address: str | None = Field(
        description="prefix of 64 bits with the interface identifier that the mobile was given"
    )
    nsapi: int = Field(ge=0, le=15, description="below 5 only from an SGSN that is no SGSN")
    since: datetime
    ggsn: str = Field(description="name of the GGSN")
    sgsn_address: str
    charging_id: int
    network_requested: bool
    qos: str = Field(description="in hexadecimal as in GTP (TS 29.060 §7.7.34)")
    rat_type: int | None = Field(description="radio access (TS 29.060 §7.7.50), as last told")
    direct_tunnel: bool = Field(description="whether user traffic goes past the SGSN")
    uplink_octets: int
    downlink_octets: int
    uplink_packets: int
    downlink_packets: int
    linked_nsapi: int | None = Field(
        default=None,
        description="of the context whose address a secondary one shares; null: a primary one",
    )
    filters: list[PacketFilterModel] = Field(
        default=[],
        description="traffic flow template: which packets for the address are this context's",
    )
    downlink_idle: float | None = Field(
        description="seconds since a packet last left for the mobile; null: none has"
    )


class MobileContext(Answer):
    """A PDP context, as the mobile has it: also where its GGSN is somebody else's."""

    apn: str
    address: str | None = Field(description="null: not known before the context is active")
    ipv6_address: str | None = Field(
        default=None, description="null: none, or none before the network has advertised a prefix"
    )
    nsapi: int = Field(ge=5, le=15)
    state: Literal["activating", "active", "deactivating"]
    since: datetime
    network_requested: bool
    linked_nsapi: int | None = Field(
        default=None,
        description="of the context whose address a secondary one shares; null: a primary one",
    )
    qos: str | None = Field(default=None, description="in hexadecimal (TS 24.008 §10.5.6.5)")


class Mobile(Answer):
    """An emulated mobile: its behaviour and what its user sees."""

    state: str
    in_coverage: bool
    cell: int = Field(default=0, description="cell identity of the cell that it is in")
    on_request: OnRequest
    sm_cause: int | None
    answer_after: float
    answer_distribution: Literal["constant", "uniform", "exponential"] = "constant"
    answer_at_most: float = 3600.0
    nsapi: int | None = Field(default=None, description="of wrong-nsapi")
    fault: FaultName | None = Field(default=None, description="of malformed")
    on_sms: Literal["accept", "memory-full", "reject", "unanswered", "silent"]
    rp_cause: int | None
    sms_answer_after: float
    contexts: list[MobileContext]
    shown: list[dict[str, Any]] = Field(
        description="what is on the screen, oldest first: item (its number), kind, text, details"
    )


class Terminal(Answer):
    """All that the core knows of one terminal."""

    imsi: str
    msisdn: str | None
    apns: list[str] = Field(description="subscribed APNs")
    static_addresses: dict[str, str] = Field(description="static PDP address by APN")
    attached: bool | None = Field(description="null: no node here can tell")
    attached_since: datetime | None
    reachability: Reachability | None = Field(
        default=None,
        description="whether its SGSN can just send to it, or has to page it first; null: it is "
        "not attached here",
    )
    routing_area: str | None = Field(
        default=None,
        description="MCC-MNC-LAC-RAC of where it is registered; null: not attached here",
    )
    sgsn: str | None = Field(
        description="address of the serving SGSN: as the HLR has it, or where it is attached here"
    )
    sgsn_since: datetime | None = Field(
        default=None, description="when that SGSN took over, as the HLR has it"
    )
    reachable: bool | None = Field(description="false: MNRG is set; null: there is no HLR here")
    memory_full: bool | None = Field(
        default=None,
        description="true: it has refused short messages for lack of memory; null: no HLR here",
    )
    waiting_centres: list[str] = Field(
        default=[],
        description="service centres that will be told when it takes short messages again",
    )
    online: bool = Field(description="whether it has a PDP context")
    contexts: list[Context]
    mobile: Mobile | None = Field(description="null: no mobile of this lab is behind it")


class TerminalList(Answer):
    """Terminals, a page at a time."""

    total: int
    terminals: list[Terminal]


class ContextList(Answer):
    """PDP contexts of every GGSN here, oldest first, a page at a time."""

    total: int
    contexts: list[Context]


_ONE_TERMINAL: JsonDict = {
    "if": {"required": ["msisdn"], "properties": {"msisdn": {"type": "string"}}},
    "then": {"properties": {"imsi": {"type": "null"}}},
    "else": {"required": ["imsi"], "properties": {"imsi": {"type": "string"}}},
}
"""What ``_one_terminal`` below says, for those who only read the schema.

Of ``oneOf``, generators of clients make two models, each with half of the members.
"""


class ActivationRequest(Request):
    """Have a PDP context activated on the network's request."""

    model_config = ConfigDict(json_schema_extra=_ONE_TERMINAL)

    msisdn: Msisdn | None = None
    imsi: Imsi | None = None
    apn: Apn
    deadline_seconds: float | None = Field(
        default=None, gt=0, le=3600, description="answer after this time at the latest"
    )
    key: Key | None = Field(
        default=None,
        description="names the activation: the same key again gives the same activation",
    )

    @model_validator(mode="after")
    def _one_terminal(self) -> Self:
        if (self.msisdn is None) == (self.imsi is None):
            raise ValueError("give either msisdn or imsi")
        return self


class CauseView(Answer):
    """A cause: whose number it is, the number and its name."""

    source: Literal["gtp", "map", "sm", "local"]
    number: int = Field(description="in that protocol; where local, a cause of our own")
    name: str = Field(description="in words, with what more is known")


class StepView(Answer):
    """A step of the procedure that was reached, and the seconds it took."""

    step: str
    seconds: float


class Activation(Answer):
    """A network-requested activation: running, or how it ended."""

    key: str
    imsi: str
    msisdn: str | None
    apn: str
    outcome: Literal["running", "active", "failed"]
    requested_at: datetime
    step: str | None = Field(description="where it ended; null while it runs")
    address: str | None = Field(description="the PDP address when active")
    cause: CauseView | None
    mobile_cause: CauseView | None = Field(
        description="what the mobile said, where an SGSN here knows it: GTP does not carry it"
    )
    timed_out: bool = Field(description="failed because time was up: nobody refused")
    hold_until_reachable: bool = Field(
        description="in vain until the network notes that the mobile is back"
    )
    retry_after: float | None = Field(description="seconds for which another attempt is refused")
    steps: list[StepView]


class Coverage(Request):
    """Put a mobile in or out of radio coverage."""

    in_coverage: bool


class Move(Request):
    """Take a mobile to another cell."""

    cell: Annotated[int, BeforeValidator(whole)] = Field(
        ge=0, le=0xFFFF, description="cell identity, of any SGSN here"
    )


class NetworkDetach(Request):
    """Have the network detach a terminal."""

    reattach: bool = Field(default=False, description="whether it is to attach again at once")


class BehaviourRequest(Answering, Request):
    """Tell a mobile what to do with the network's request for an activation."""

    on_request: OnRequest


class SmsBehaviourRequest(Request):
    """Tell a mobile what to do with short messages."""

    on_sms: Literal["accept", "memory-full", "reject", "unanswered", "silent"]
    rp_cause: Annotated[int, BeforeValidator(whole)] = Field(
        default=RpCause.PROTOCOL_ERROR.value,
        ge=1,
        le=127,
        description="of a reject (TS 24.011 §8.2.5.4)",
    )
    answer_after: float = Field(default=0.0, ge=0, le=60)


class SmsSending(Request):
    """Have a mobile send a text."""

    destination: str = Field(
        min_length=1, max_length=21, description='number, with "+" where it is international'
    )
    text: str = Field(max_length=39_015, description="sent in as many messages as it takes")


class MobileActivation(Request):
    """Have a mobile activate a context by itself."""

    apn: Apn


class MobileDeactivation(Request):
    """Have a mobile deactivate its contexts by itself."""

    apn: Apn | None = Field(default=None, description="all of them when absent")
    nsapi: Nsapi | None = Field(default=None, description="one of them; all when absent")


class MobileSecondary(Request):
    """Have a mobile activate one more context with the address of one that is active."""

    apn: Apn
    nsapi: Nsapi | None = Field(default=None, description="which; the oldest when absent")
    qos: NasQos | None = Field(default=None, description="as the linked context has it when absent")
    filters: list[PacketFilterModel] = Field(default=[], max_length=15)
    tft: Hexadecimal | None = Field(
        default=None,
        description="instead of filters: the template's octets (TS 24.008 §10.5.6.12), right or "
        "wrong",
    )


class MobileModification(Request):
    """Have a mobile ask for another QoS or template of a context."""

    apn: Apn
    nsapi: Nsapi | None = Field(default=None, description="which; the oldest when absent")
    qos: NasQos | None = None
    template: Template | None = None
    tft: Hexadecimal | None = Field(
        default=None,
        description="instead of template: its octets (TS 24.008 §10.5.6.12), right or wrong",
    )


class SecondaryRequest(Request):
    """Have the SGSN and the mobile activate one more context with a terminal's address."""

    qos: Qos
    filters: list[PacketFilterModel] = Field(min_length=1, max_length=15)


class SgsnQosRequest(Request):
    """Have the SGSN ask for another quality of service."""

    qos: Qos


class TemplateRequest(Request):
    """Have the SGSN and the mobile change a context's traffic flow template."""

    template: Template


class Tap(Request):
    """Have the user tap on what a mobile shows."""

    item: Annotated[int, BeforeValidator(whole)] = Field(
        ge=1, description="which of the things shown, as the terminal's mobile numbers them"
    )


class Setting(Request):
    """Change a setting of an application on a mobile."""

    name: str = Field(min_length=1, max_length=100, description="such as `on_push`")
    value: str = Field(max_length=1000)


class QosRequest(Request):
    """Ask for another quality of service of PDP contexts."""

    qos: Qos
    nsapi: Nsapi | None = Field(default=None, description="one context; all when absent")


class Done(Answer):
    """What was asked for has been set going."""

    done: str


class Problem(Answer):
    """What was wrong (RFC 9457); further members by the kind of problem."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str | None = Field(default=None, description="the member or parameter that is wrong")


class ActivationProblem(Activation, Problem):
    """An activation that failed: the problem, and the whole activation with it."""


class Parameters(BaseModel):
    """What a path or a query says: text from the URL, so numbers are read from text."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoParameters(Parameters):
    """A path or a query that says nothing."""


class Page(Parameters):
    """Which part of a long list."""

    offset: int = Field(default=0, ge=0, le=10_000_000)
    limit: int = Field(default=100, ge=1, le=1000)


class TerminalQuery(Page):
    """Which terminals: all, or the one that has all of the numbers and the address given."""

    msisdn: Msisdn | None = None
    imsi: Imsi | None = None
    address: PdpAddress | None = Field(default=None, description="a PDP address, in use or static")


class OfTerminal(Parameters):
    """A path to a terminal."""

    imsi: Imsi


class OfContext(OfTerminal):
    """A path to a terminal's PDP contexts on an APN."""

    apn: Apn


class OfBearer(OfContext):
    """A path to one of a terminal's PDP contexts on an APN."""

    nsapi: int = Field(ge=0, le=15)


class OfSgsnContext(OfTerminal):
    """A path to one of the PDP contexts that an SGSN here has for a terminal."""

    nsapi: int = Field(ge=5, le=15)


class OfActivation(Parameters):
    """A path to an activation."""

    key: Key
