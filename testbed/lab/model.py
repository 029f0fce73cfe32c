"""What a lab file may say: nodes, addresses, APNs, subscribers, behaviours, gateway.

Every node is optional, so that one format describes a whole network, a core for somebody
else's gateway, a GGSN alone, or an SGSN with mobiles in front of a foreign GGSN. Addresses
are IPv4 addresses on this host; times are seconds.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import Annotated, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    model_validator,
)

from corenet.ggsn.config import PathDownPolicy, RestartPolicy
from corenet.interfaces.nas.gprs_timer import LONGEST
from corenet.interfaces.node import Interface
from testbed.lab.dns_model import DnsPart
from testbed.lab.gateway_model import GatewayPart
from testbed.lab.gi_model import GiPart
from testbed.lab.mobiles_model import MobilesPart, MobileTimersPart, RadioPart
from testbed.lab.parts import (
    AnyHost,
    AnyNetwork,
    ApnName,
    CellIdentity,
    ControlPart,
    DeviceName,
    HlrLinkPart,
    Host,
    Msisdn,
    NodeName,
    Part,
    Port,
    Qos,
    Seconds,
    UnitName,
    Wait,
)
from testbed.lab.radius_model import (
    AccountingPart,
    ApnAuthenticationPart,
    AuthenticationPart,
    Name,
    OrdersPart,
    Plmn,
    RadiusPart,
    two_secrets,
)
from testbed.lab.smsc_model import SmscPart
from testbed.lab.subscribers_model import SubscriberPart


class GtpTimers(Part):
    """The timers of a GTP node (TS 29.060 §7.6, §7.2.1)."""

    t3_response: Seconds = Field(
        default=5.0, description="T3-RESPONSE: wait for an answer before sending again"
    )
    n3_requests: int = Field(
        default=5, ge=1, le=20, description="N3-REQUESTS: times a request is sent in all"
    )
    echo_interval: Seconds = Field(
        default=60.0, description="between Echo Requests on a path in use"
    )


class CredentialPart(Part):
    """A name and password that mobiles authenticate with, by PAP or CHAP."""

    name: str = Field(max_length=63)
    password: str = Field(max_length=63)


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else () if value is None else value


class ApnPart(Part):
    """An access point of the GGSN."""

    name: ApnName
    pool: Annotated[tuple[AnyNetwork, ...], BeforeValidator(_listed)] = Field(
        default=(),
        description="networks that dynamic addresses come from, IPv4 or IPv6; one needs no list. "
        "Of IPv6 each context gets a /64. The families decide which PDP types there are",
    )
    static: tuple[AnyNetwork, ...] = Field(
        default=(),
        description="networks of addresses that mobiles may bring with them, beside those of "
        "the lab's own subscribers",
    )
    maximum_contexts: int | None = Field(
        default=None,
        ge=0,
        description="contexts at one time; as many as there are addresses when absent",
    )
    qos: Qos | None = Field(
        default=None,
        description="the best quality of service that a context gets, in hexadecimal as in GTP "
        "(TS 29.060 §7.7.34); whatever is asked for when absent",
    )
    dns: tuple[AnyHost, ...] = Field(
        default=(), description="DNS servers given to mobiles that ask, at most two per family"
    )
    mtu: int | None = Field(
        default=None,
        ge=68,
        le=65535,
        description="octets of the longest packet, told to mobiles that ask and kept to; "
        "a TUN device has 1500 when absent",
    )
    tun: bool | None = Field(
        default=None,
        description="whether packets go through a TUN device of this APN; as ggsn.gi says when "
        "absent",
    )
    device: DeviceName | None = Field(
        default=None, description="name of the TUN device; gi-NAME when absent"
    )
    gateways: tuple[AnyHost, ...] | None = Field(
        default=None,
        description="the GGSN's own addresses towards mobiles, at most one per family, which "
        "answer pings; with a TUN device the first of the pool when absent, else none",
    )
    answer_ping: bool = Field(
        default=False, description="answer pings to the DNS servers' addresses in their stead"
    )
    mobile_to_mobile: bool = Field(
        default=False, description="carry packets from one mobile on this APN to another"
    )
    credentials: tuple[CredentialPart, ...] | None = Field(
        default=None,
        description="one of which a mobile must have; everybody is let in when absent, "
        "nobody when empty",
    )
    authentication: ApnAuthenticationPart | None = Field(
        default=None, description="by RADIUS, in place of `credentials`"
    )
    user_name: Name | None = Field(
        default=None,
        description="what RADIUS is told of users who have no name of their own",
    )
    ipcp_ack: bool = Field(
        default=False,
        description="true: give DNS servers in an IPCP Configure-Ack, as Osmocom's GGSN does, "
        "not in the Configure-Nak of RFC 1877",
    )

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        families = [ip_address(server).version for server in self.dns]
        if max(families.count(4), families.count(6)) > 2:
            raise ValueError("at most two DNS servers per family")
        families = [ip_address(gateway).version for gateway in self.gateways or ()]
        if len(families) != len(set(families)):
            raise ValueError("at most one gateway per family")
        names = [credential.name for credential in self.credentials or ()]
        if len(names) != len(set(names)):
            raise ValueError("each name has one password")
        if self.credentials is not None and self.authentication is not None:
            raise ValueError("either credentials or RADIUS authentication")
        for text in (*self.pool, *self.static):
            network = ip_network(text)
            if network.is_link_local or network.is_multicast:
                raise ValueError(f"{text} is link-local or multicast")
            if network.version == 6 and network.prefixlen > 64:
                raise ValueError(f"{text} has no room for a /64")
            if network.version == 6 and self.mtu is not None and self.mtu < 1280:
                raise ValueError("with IPv6 the MTU is 1280 at least")
        return self


class StoredPdusPart(Part):
    """Bounds on the PDUs kept while a context is being activated for them, per address."""

    count: int = Field(default=8, ge=1, le=1000)
    octets: int = Field(default=12_000, ge=100)
    age: Seconds = Field(default=60.0, description="seconds after which a stored PDU is dropped")


class BackOffPart(Part):
    """How long the GGSN refuses to try a mobile again, by the cause of the failure."""

    not_responding: float = Field(default=60.0, ge=0, le=86_400)
    refused: float = Field(default=300.0, ge=0, le=86_400)
    other: float = Field(default=30.0, ge=0, le=86_400)


class GgsnPart(Part):
    """The GGSN."""

    address: Host = Field(description="of GTP-C (UDP 2123) and RADIUS")
    user_address: Host | None = Field(
        default=None, description="of GTP-U (UDP 2152); GTP-C's when absent"
    )
    apns: tuple[ApnPart, ...] = Field(min_length=1)
    gi: GiPart | None = Field(default=GiPart(), description="null: no packets outside")
    radius: tuple[RadiusPart, ...] = Field(
        default=(), description="accounting servers, the preferred first; none: no accounting"
    )
    interim_interval: Seconds | None = Field(
        default=None, description="between Interim-Updates of a context; none when absent"
    )
    accounting: AccountingPart = AccountingPart()
    authentication: AuthenticationPart = AuthenticationPart()
    orders: OrdersPart | None = Field(
        default=None, description="of RADIUS servers; nobody may order when absent"
    )
    nas_identifier: Name | None = Field(
        default=None, description="what RADIUS servers know the GGSN by, beside its address"
    )
    charging_gateway: Host | None = Field(
        default=None, description="address that RADIUS servers are told as 3GPP-CG-Address"
    )
    plmn: Plmn | None = Field(
        default=None, description="MCC and MNC of the GGSN, which RADIUS servers are told"
    )
    attempts_through_ms: int = Field(
        default=9,
        ge=1,
        le=100,
        description="what N3-REQUESTS is for requests that the SGSN answers once it has asked the "
        "mobile: Update and Initiate PDP Context Activation",
    )
    guard_time: Seconds = Field(
        default=60.0, description="for a whole network-requested activation"
    )
    back_off: BackOffPart = BackOffPart()
    stored_pdus: StoredPdusPart = StoredPdusPart()
    gtp: GtpTimers = GtpTimers()
    on_sgsn_restart: RestartPolicy = Field(
        default=RestartPolicy.SILENT,
        description="what an SGSN that has restarted is told of its contexts, which are gone here: "
        "nothing, or a Delete PDP Context Request for each",
    )
    on_path_down: PathDownPolicy = Field(
        default=PathDownPolicy.KEEP,
        description="what becomes of the contexts of an SGSN that no longer answers Echo Requests",
    )

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        asked = [apn.authentication for apn in self.apns if apn.authentication is not None]
        server = two_secrets(asked)
        if server is not None:
            raise ValueError(f"two secrets for the RADIUS server at {server}")
        return self


class RoutingAreaPart(Part):
    """A routing area of an SGSN (TS 23.003 §4.2)."""

    mcc: Annotated[str, StringConstraints(strict=True, pattern=r"^\d{3}$")] = "234"
    mnc: Annotated[str, StringConstraints(strict=True, pattern=r"^\d{2,3}$")] = "15"
    lac: int = Field(default=0x1234, ge=0, le=0xFFFF)
    rac: int = Field(default=1, ge=0, le=0xFF)
    cells: tuple[CellIdentity, ...] = Field(
        default=(0,), min_length=1, description="cell identities; each is in one routing area"
    )


class SgsnPart(Part):
    """The SGSN."""

    address: Host = Field(description="of GTP-C (UDP 2123) and GTP-U (UDP 2152)")
    routing_areas: tuple[RoutingAreaPart, ...] = Field(
        default=(RoutingAreaPart(),), min_length=1, description="where its mobiles are"
    )
    ggsns: dict[ApnName, Annotated[tuple[Host, ...], BeforeValidator(_listed)]] = Field(
        default_factory=dict,
        description="GGSNs by APN, the preferred first; one needs no list. For APNs not named "
        "here the DNS is asked, or it is the lab's own GGSN",
    )
    dns: DnsPart | None = Field(
        default=None, description="asked for the GGSNs of an APN; nobody is asked when absent"
    )
    most_ggsns: int = Field(
        default=4, ge=1, le=32, description="asked for one activation, one after the other"
    )
    ggsn_avoidance: float = Field(
        default=60.0,
        ge=0,
        le=86_400,
        description="how long a GGSN that was silent, or had no resources, is asked last",
    )
    hlr: HlrLinkPart | None = Field(
        default=None, description="an HLR of another process; the lab's own when absent"
    )
    authentication: Literal["none", "gsm", "umts"] = Field(
        default="none",
        description="none: a mobile is who it says it is; gsm: by triplets; umts: by quintuplets "
        "where the HLR has them (a `card` with milenage), by triplets else",
    )
    t3360: Seconds = Field(
        default=6.0, description="wait for the mobile after Authentication and Ciphering Request"
    )
    most_contexts: int = Field(
        default=100_000,
        ge=1,
        description="PDP contexts at a time; a further one is refused with SM cause 26",
    )
    detached_kept: int = Field(
        default=10_000,
        ge=0,
        description="detached mobiles remembered; beyond, the HLR is told that the oldest is "
        "purged",
    )
    t3314: Annotated[float, Field(ge=2, le=LONGEST)] | None = Field(
        default=44.0,
        description="READY timer: how long after its last frame a mobile is STANDBY and has to be "
        "paged, for mobiles that ask for none themselves; null: never",
    )
    t3312: Annotated[float, Field(ge=2, le=LONGEST)] | None = Field(
        default=3240.0,
        description="periodic update: a mobile that has been in STANDBY without a word for this "
        "long, and four minutes more, is detached; null: never",
    )
    t3313: Seconds = Field(default=5.0, description="wait for the mobile after a paging")
    paging_attempts: int = Field(default=3, ge=1, le=20, description="pagings in all")
    t3385: Seconds = Field(
        default=8.0, description="wait for the mobile after Request PDP Context Activation"
    )
    t3386: Seconds = Field(
        default=8.0, description="wait for the mobile after Modify PDP Context Request"
    )
    t3395: Seconds = Field(
        default=8.0, description="wait for the mobile after Deactivate PDP Context Request"
    )
    short_messages: int = Field(
        default=10_000,
        ge=0,
        description="on their way at one time; beyond, there is congestion at the radio side. "
        "0: always",
    )
    gtp: GtpTimers = GtpTimers()


class HlrPart(Part):
    """The HLR."""

    address: Host = Field(description="of GTP-C towards the GGSN, and of Gr")
    listen: bool = Field(
        default=False, description="whether other processes may ask it, by GSUP in IPA over TCP"
    )
    database: str | None = Field(
        default=None,
        min_length=1,
        description="SQLite file with subscribers and where they are, from the working folder; the "
        "lab's are added where it does not know them. `:memory:` keeps them as long as the lab "
        "runs, which an HLR that restarts needs; so does any file in virtual time. Nothing is kept "
        "when absent",
    )
    commit_interval: float = Field(
        default=0.005,
        ge=0,
        le=1,
        description="seconds for which changes are gathered into one transaction of the database; "
        "answers wait for it",
    )
    foreign_sgsns: tuple[Host, ...] = Field(
        default=(), description="addresses of SGSNs of other networks"
    )
    port: Port = Field(default=4222, description="of GSUP, where it listens")
    service_centres: dict[Msisdn, UnitName] = Field(
        default_factory=dict,
        description="unit names of short message service centres of other processes, by number",
    )
    short_messages: int = Field(
        default=10_000,
        ge=0,
        description="that wait for an answer at one time; beyond, there is congestion at the SS7 "
        "side. 0: always",
    )
    gtp: GtpTimers = GtpTimers()


class InitiatorPart(Part):
    """The lab's own push initiator: where it listens for result notifications."""

    address: Host
    port: Port = 8082


class LatencyPart(Part):
    """How long datagrams take, one way, to this lab's nodes; 0 is as fast as this host."""

    radio: Wait = Field(default=0.0, description="between SGSN and mobiles")
    gr: Wait = Field(default=0.0, description="between HLR, SGSN and SMSC")
    gtp_c: Wait = Field(default=0.0, description="between GGSN, SGSN and HLR")
    gtp_u: Wait = Field(default=0.0, description="between GGSN and SGSN")
    gi: Wait = Field(default=0.0, description="between the GGSN and hosts outside")
    radius: Wait = Field(default=0.0, description="between the GGSN and RADIUS servers")

    @property
    def by_interface(self) -> dict[Interface, float]:
        """Latencies by the interfaces that nodes know; what a host outside has is Gi."""
        return {
            Interface.RADIO: self.radio,
            Interface.GR: self.gr,
            Interface.GTP_C: self.gtp_c,
            Interface.GTP_U: self.gtp_u,
            Interface.GI: self.gi,
            Interface.WDP: self.gi,
            Interface.WDP6: self.gi,
            Interface.WSP: self.gi,
            Interface.RADIUS: self.radius,
        }


class Lab(Part):
    """A whole lab file."""

    name: str = "lab"
    seed: int = Field(
        default=0, description="of chance: who of a range is what of its `mix`, and answer times"
    )
    ggsn: GgsnPart | None = None
    sgsn: SgsnPart | None = None
    sgsns: dict[NodeName, SgsnPart] = Field(
        default_factory=dict, description="further SGSNs, by the names of their nodes"
    )
    hlr: HlrPart | None = None
    radio: RadioPart = RadioPart()
    mobiles: dict[NodeName, MobilesPart] = Field(
        default_factory=dict, description="processes of mobiles, by name"
    )
    mobile_timers: MobileTimersPart = MobileTimersPart()
    subscribers: tuple[SubscriberPart, ...] = ()
    control: ControlPart | None = None
    gateway: GatewayPart | None = None
    smsc: SmscPart | None = None
    initiator: InitiatorPart | None = None
    latency: LatencyPart = LatencyPart()

    def all_sgsns(self) -> dict[str, SgsnPart]:
        """Return every SGSN by the name of its node, the first one first."""
        return ({} if self.sgsn is None else {"sgsn": self.sgsn}) | self.sgsns

    @model_validator(mode="after")
    def _nodes_fit_together(self) -> Self:
        nodes = (self.ggsn, self.hlr, self.gateway, self.smsc)
        if not self.all_sgsns() and all(one is None for one in nodes):
            raise ValueError("a lab has a ggsn, an sgsn, an hlr, a gateway or an smsc at least")
        if self.hlr is None and any(one.hlr is None for one in self.all_sgsns().values()):
            raise ValueError("an sgsn needs an hlr to ask for its subscribers: set hlr or sgsn.hlr")
        if self.smsc is not None and self.hlr is None and self.smsc.hlr is None:
            raise ValueError("an smsc needs an hlr to reach terminals: set hlr or smsc.hlr")
        part = self.gateway
        if part is not None and part.ask_core and part.core is None and self.control is None:
            raise ValueError(
                "the gateway needs the core's control interface: set control, or gateway.core; "
                "or set gateway.ask_core to false"
            )
        return self
