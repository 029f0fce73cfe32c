"""What a lab file may say of the push gateway."""

from __future__ import annotations

from typing import Annotated

from pydantic import (
    Field,
    StringConstraints,
)

from testbed.codecs.hosts import LOOPBACK_HOSTS
from testbed.gateway.config import Operation
from testbed.gateway.routing.policy import Confirm
from testbed.lab.capabilities_model import CapabilitiesPart
from testbed.lab.parts import (
    AnyNetwork,
    ApnName,
    Host,
    HostV6,
    Msisdn,
    Part,
    Port,
    Seconds,
)
from testbed.lab.policy_model import GiTriggerPart, RulePart
from testbed.lab.smsc_model import SmsPart


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
    pap_address: Host | None = Field(
        default=None,
        description="of PAP and of what else is on its port; `address` when absent, and every "
        "address of the machine with 0.0.0.0",
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
