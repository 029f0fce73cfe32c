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
from testbed.codecs.hosts import LOOPBACK_HOSTS
from testbed.gateway.config import Operation
from testbed.gateway.policy import Confirm
from testbed.lab.capabilities_model import CapabilitiesPart
from testbed.lab.card_model import CardPart
from testbed.lab.dns_model import DnsPart
from testbed.lab.gi_model import GiPart
from testbed.lab.mobiles_model import MobilePart, MobilesPart, RadioPart
from testbed.lab.parts import (
    AnyNetwork,
    ApnName,
    CellIdentity,
    ControlPart,
    DeviceName,
    HlrLinkPart,
    Host,
    HostV6,
    Imsi,
    Msisdn,
    NameServer,
    NodeName,
    Part,
    Port,
    Qos,
    Seconds,
    UnitName,
    Wait,
)
from testbed.lab.policy_model import GiTriggerPart, RulePart
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
from testbed.lab.smsc_model import SmscPart, SmsPart


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
    dns: tuple[NameServer, ...] = Field(
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
    gateways: tuple[NameServer, ...] | None = Field(
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
        "lab's are added where it does not know them. Nothing is kept when absent",
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


class SubscribedApnPart(Part):
    """An APN that a subscriber may use."""

    name: ApnName
    address: Host | None = Field(
        default=None,
        description="static PDP address; dynamic when absent. A range counts up from it",
    )
    qos: Qos | None = Field(
        default=None,
        description="the best quality of service that is subscribed, in hexadecimal as in GTP; "
        "any when absent",
    )


class SubscriberPart(Part):
    """A subscriber, or with ``count`` a range of them with numbers and addresses counting up."""

    imsi: Imsi
    msisdn: Msisdn
    count: int = Field(default=1, ge=1, le=1_000_000)
    apns: tuple[SubscribedApnPart, ...] = Field(min_length=1)
    card: CardPart | None = Field(
        default=None,
        description="what it is authenticated by, in the HLR and in its mobile; the cards of a "
        "range are alike",
    )
    barring: Literal["none", "attach", "roaming"] = Field(
        default="none",
        description="attach: no SGSN may serve it (GMM cause 7); roaming: no SGSN of "
        "`hlr.foreign_sgsns` (GMM cause 14)",
    )
    known_to_hlr: bool = Field(default=True, description="false: the HLR has never heard of it")
    mobile: MobilePart | None = Field(
        default=MobilePart(), description="null: no mobile of ours is behind it"
    )


class CoreClientPart(Part):
    """Where a gateway finds the core's control interface."""

    url: str = Field(pattern=r"^https?://")
    token: str | None = None


class PushInitiatorPart(Part):
    """One who may push: known by a password or a certificate, or else by where it comes from."""

    name: Annotated[str, StringConstraints(strict=True, pattern=r"^[^:\s]+$")]
    password: str | None = Field(
        default=None, min_length=1, description="asked for by HTTP Basic or Digest"
    )
    certificate: str | None = Field(
        default=None,
        min_length=1,
        description="a name in its certificate: the subject, such as `CN=shop,O=Example`, or "
        "`DNS:`, `URI:`, `email:` or `IP:` with an alternative name; needs `gateway.tls.ca`",
    )
    addresses: tuple[AnyNetwork, ...] = Field(
        default=("0.0.0.0/0",), min_length=1, description="addresses and networks it may come from"
    )
    rate: float | None = Field(
        default=None, gt=0, description="submissions a second in the long run; else 4001"
    )
    burst: int = Field(default=20, ge=1, description="submissions that may come at once")
    quota: int | None = Field(
        default=None, ge=1, description="addresses of pushes under way; beyond it 4001"
    )


class RadiusClientPart(Part):
    """Network elements that send RADIUS accounting to the gateway."""

    address: AnyNetwork = Field(description="an address or network that they send from")
    secret: str = Field(min_length=1)


class SessionsPart(Part):
    """When an accounting session of which nothing is heard is taken for over."""

    interim_interval: Seconds | None = Field(
        default=None, description="between the network elements' Interim-Updates; none when absent"
    )
    missed_interims: int = Field(
        default=3, ge=1, description="Interim-Updates that fail to come before a session is over"
    )
    longest: float | None = Field(
        default=7 * 86_400.0, gt=0, description="without any record; null: for ever"
    )


class TlsPart(Part):
    """PAP over TLS. Paths are of PEM files, from the working folder."""

    port: Port = 8443
    certificate: str = Field(
        min_length=1, description="the gateway's, and those between it and its CA"
    )
    key: str = Field(min_length=1, description="the certificate's private key")
    ca: str | None = Field(
        default=None,
        min_length=1,
        description="whose certificates initiators may show, and whose the servers have that take "
        "result notifications over https; when absent no certificate is asked for, and the "
        "system's CAs count for notifications",
    )


class WspPart(Part):
    """What a WSP session is granted, and how many there can be."""

    sessions: int = Field(
        default=10_000, ge=1, description="at one time, suspended ones included; beyond it 503"
    )
    idle: Seconds = Field(default=3600.0, description="without a word, after which one ends")
    requests_at_once: int = Field(default=8, ge=1, le=255, description="of one session")
    largest_request: int = Field(default=262_144, ge=1_400, description="octets of one request")
    retransmission: Seconds = Field(
        default=7.0, description="until WTP sends a packet again that is not acknowledged"
    )
    retransmissions: int = Field(
        default=8, ge=0, description="after which WTP takes the terminal for gone"
    )


class OtaPart(Part):
    """How pushes go over the air."""

    session_time: Seconds = Field(
        default=20.0,
        description="that a terminal has to open the session that it is asked for (SIA)",
    )
    returned: float = Field(
        default=0.1,
        ge=0,
        description="seconds after a datagram in which ICMP may say that nobody is there",
    )
    confirm: Confirm = Field(
        default=Confirm.LEFT,
        description="when a push that no client confirms counts as delivered: it *left* the "
        "gateway and did not come back, or the core's *context* has sent the mobile something. A "
        "[rule](#rule) can say otherwise for its pushes",
    )
    largest_push: int = Field(
        default=262_144,
        ge=1_400,
        description="octets over the air; beyond it 3003. What is larger than a datagram of 1400 "
        "is segmented on a session",
    )


class PullPart(Part):
    """Pages that terminals ask for, and the HTTP servers they come from."""

    origins: tuple[str, ...] = Field(
        default=LOOPBACK_HOSTS,
        description='hosts that may be fetched from: names, addresses or networks; "*" is any. '
        "The gateway's own ports and the control interface never are",
    )
    identify_to: tuple[str, ...] = Field(
        default=(),
        description="hosts that are told the terminal's MSISDN and address, as "
        "X-WAP-Network-Client-MSISDN and X-WAP-Network-Client-IP",
    )
    timeout: Seconds = Field(default=30.0, description="from a request to its reply; then 504")
    fetches: int = Field(default=64, ge=1, description="at one time")
    waiting: int = Field(
        default=256, ge=1, description="requests that wait for one of those to end; beyond it 503"
    )
    per_terminal: int = Field(
        default=8, ge=1, description="requests of one terminal at one time; beyond it 503"
    )
    largest_page: int = Field(
        default=1_000_000, ge=1_000, description="octets of an answer as it comes; beyond it 413"
    )


class GatewayPart(Part):
    """The push gateway."""

    address: Host = Field(description="of PAP, WDP, WSP and RADIUS")
    ipv6_address: HostV6 | None = Field(
        default=None,
        description="where pushes to terminals' IPv6 addresses leave from, one of this machine's; "
        "null: such pushes are refused with 2002",
    )
    pap_port: Port = 8081
    wdp_port: Port = Field(default=9200, description="UDP source port of connectionless pushes")
    wsp_port: Port = Field(default=9201, description="UDP port of WSP sessions")
    radius_port: Port | None = Field(
        default=1813, description="of accounting; null: it is not listened to"
    )
    radius_secret: str = Field(default="corenet", min_length=1)
    radius_clients: tuple[RadiusClientPart, ...] = Field(
        default=(),
        description="who may send accounting; everybody with `radius_secret` when absent",
    )
    sessions: SessionsPart = SessionsPart()
    apn: ApnName = Field(description="APN that is activated for a push")
    core: CoreClientPart | None = Field(
        default=None, description="the core's control interface; this lab's own when absent"
    )
    ask_core: bool = Field(
        default=True,
        description="false: there is no such interface, RADIUS alone says who is there",
    )
    store: str | None = Field(
        default=None,
        description="SQLite file of accepted pushes, or the `postgresql://` URL of a database "
        "that gateways share; a file in the lab's state folder when absent",
    )
    lease: Seconds = Field(
        default=10.0,
        description="after which gateways that share a database take over from one that is gone",
    )
    retention: float | None = Field(
        default=30 * 86_400.0,
        gt=0,
        description="that a push is remembered after its end; null: for ever. "
        "Its push-id stays in use for ever",
    )
    policy: tuple[RulePart, ...] = Field(
        default=(),
        description="[which routes](policy.md) pushes take: the first rule that fits holds, "
        "and the last fits all; when absent ip, activation, hold",
    )
    gi_trigger: GiTriggerPart | None = Field(
        default=None,
        description="who can be activated by a datagram to a static address; with `ask_core` "
        "false and no `policy`, everybody there is",
    )
    activation_time: Seconds = Field(default=75.0, description="longest wait for one activation")
    activations: int = Field(
        default=64, ge=1, description="activations, Gi triggers included, that run at one time"
    )
    retry: tuple[Seconds, ...] = Field(
        default=(30.0, 60.0, 120.0, 300.0, 600.0),
        description="waits between attempts; the last one repeats",
    )
    lifetime: Seconds = Field(
        default=86_400.0, description="of a push that names no deliver-before"
    )
    users: dict[str, Msisdn] = Field(
        default_factory=dict, description="directory of addresses of TYPE=USER, to MSISDN"
    )
    operations: tuple[Operation, ...] = Field(
        default=tuple(Operation),
        description="what initiators can have: what is left out is answered with 3001, a push "
        "that replaces another with 3011",
    )
    capabilities: CapabilitiesPart = CapabilitiesPart()
    content_types: tuple[str, ...] = Field(
        default=("*/*",), description='media types that may be pushed, such as "text/*"'
    )
    initiators: tuple[PushInitiatorPart, ...] = Field(
        default=(), description="who may push; everybody when absent"
    )
    viewers: tuple[str, ...] = Field(
        default=LOOPBACK_HOSTS,
        description="addresses and networks that may look at pushes, health and metrics over "
        'HTTP; "*" is everybody',
    )
    wsp: WspPart = WspPart()
    ota: OtaPart = OtaPart()
    pull: PullPart | None = Field(
        default=PullPart(), description="null: nothing is fetched for terminals"
    )
    sms: SmsPart = SmsPart()
    tls: TlsPart | None = Field(
        default=None, description="PAP over TLS too, beside that over plain HTTP"
    )


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
