"""What a push gateway is told: addresses, limits, and how long it waits for what.

Times are seconds, sizes are octets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from typing import Final

from corenet.interfaces.node import Address, Interface
from corenet.radius.clients import RadiusClient
from testbed.codecs.ccpp import NOTHING, Profile
from testbed.codecs.hosts import LOOPBACK_HOSTS
from testbed.gateway.activation.trigger import GiTrigger
from testbed.gateway.initiators import Initiator
from testbed.gateway.presence.sessions import Ageing
from testbed.gateway.routing.bearers import Bearer, narrowed
from testbed.gateway.routing.policy import Confirm, Policy, Route, Rule
from testbed.pull.config import PullConfig
from testbed.wap.agreement import Agreement
from testbed.wap.config import WtpTimers
from testbed.wap.server import GRANTED, SessionLimits

EVERYBODY: Final = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class Limits:
    """What the gateway takes on before it refuses."""

    body: int = 1_000_000
    """Octets of one HTTP body."""
    addresses: int = 100
    """Addresses of one push."""
    push_id: int = 256
    """Characters of a push-id."""
    datagram: int = 1_400
    """Octets of one connectionless push; what is larger would be fragmented on the way, and goes
    over a session, which segments it."""
    push: int = 256 * 1024
    """Octets of the largest push over the air."""
    unfinished: int = 100_000
    """Deliveries that have not ended; beyond it submissions are answered with 4001."""
    uncommitted: int = 5_000
    """Submissions that the store has not confirmed; beyond it likewise 4001."""
    activations: int = 64
    """Activations that the core is asked for at one time."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a terminal that could not be activated is tried again."""

    waits: tuple[float, ...] = (30.0, 60.0, 120.0, 300.0, 600.0)
    """Seconds after the first, second … failure; the last one repeats."""
    attempts: int = 20
    """Failures in a row after which only the terminal itself can end the wait."""
    ask_again: float = 5.0
    """Seconds until the core is asked again when it did not answer."""
    poll: float = 60.0
    """Seconds between looks at a terminal that the network will announce when it is back."""

    def __post_init__(self) -> None:
        if not self.waits or min(self.waits) <= 0:
            raise ValueError("retry waits are one or more times above 0")
        if self.attempts < 1 or self.ask_again <= 0 or self.poll <= 0:
            raise ValueError("attempts are at least 1, ask_again and poll above 0")

    def wait(self, failures: int) -> float:
        """Return the seconds to wait after so many failures in a row, 1 or more."""
        return self.waits[min(failures, len(self.waits)) - 1]


class Operation(StrEnum):
    """What initiators may ask of a gateway (WAP-247 §9)."""

    PUSH = "push"
    REPLACE = "replace"
    """A push that takes the place of an earlier one."""
    CANCEL = "cancel"
    STATUS = "status"
    CCQ = "ccq"
    """Client capabilities query."""


@dataclass(frozen=True, slots=True)
class ClientProfiles:
    """What the operator says of clients and what they can do."""

    default: Profile = NOTHING
    """Fills in what neither a client's session nor ``clients`` says of it."""
    clients: Mapping[str, Profile] = field(default_factory=dict)
    """By MSISDN."""
    must_match: bool = False
    """Whether a push with a capabilities entity is refused where nothing is known (3004)."""


NO_TIME_TO_ASK: Final = "confirm: context needs returned above 0 and at most confirm_time"


@dataclass(frozen=True, slots=True)
class OtaPolicy:
    """How pushes go over the air."""

    session_time: float = 20.0
    """Seconds that a terminal has to open a session when it is asked to."""
    declined_time: float = 300.0
    """Seconds that a terminal which opened none is not waited for with what can do without."""
    fresh: float = 60.0
    """Seconds since a terminal was heard of on a session after which only what needs the session
    is sent on it."""
    returned: float = 0.1
    """Seconds after a datagram has left in which the network may say that nobody is there."""
    confirm: Confirm = Confirm.LEFT
    """Where the rule that holds for a push does not say it."""
    confirm_time: float = 2.0
    """Seconds after which a core that has sent the mobile nothing will not do so any more."""
    timers: WtpTimers = field(default_factory=WtpTimers)

    def __post_init__(self) -> None:
        if self.confirm is Confirm.CONTEXT and not self.leaves_time_to_ask:
            raise ValueError(NO_TIME_TO_ASK)
        if self.session_time <= 0 or self.declined_time < 0 or self.fresh < 0 or self.returned < 0:
            raise ValueError("session_time is above 0, the other times of ota at least 0")

    @property
    def leaves_time_to_ask(self) -> bool:
        """Whether the core can be asked about what has left (``Confirm.CONTEXT``)."""
        return 0 < self.returned <= self.confirm_time


@dataclass(frozen=True, slots=True)
class NotificationPolicy:
    """How result notifications are posted."""

    hosts: tuple[str, ...] = LOOPBACK_HOSTS
    """Hosts that may be notified: names, addresses or networks; "*" is any host."""
    waits: tuple[float, ...] = (1.0, 5.0, 30.0, 60.0, 300.0)
    """Seconds after the first, second … failure; the last one repeats."""
    retention: float = 86_400.0
    """Seconds after the event until an unanswered notification is given up."""
    timeout: float = 10.0
    """Seconds that an initiator has to answer one POST."""

    def __post_init__(self) -> None:
        if not self.waits or min(self.waits) <= 0:
            raise ValueError("notification waits are one or more times above 0")
        if self.retention <= 0 or self.timeout <= 0:
            raise ValueError("retention and timeout of notifications are above 0")


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """PAP over TLS: a port beside that of plain HTTP, and the paths of PEM files."""

    certificate: str
    """The gateway's certificate, and those between it and its CA."""
    key: str
    ca: str | None = None
    """Whose certificates initiators show, and those of the servers that take notifications."""
    port: int = 8443


@dataclass(frozen=True, slots=True)
class GatewayConfig:
    """All that a gateway is told."""

    address: str
    """IP address of WDP, WSP and RADIUS, and of PAP unless ``pap_address`` says another."""
    apn: str
    """The APN that is activated for a push to an MSISDN."""
    radius_secret: bytes = field(repr=False)
    """The secret of every RADIUS client, where ``radius_clients`` names none."""
    ipv6_address: str | None = None
    """Where datagrams to terminals' IPv6 addresses leave from; None: there are none."""
    pap_address: str | None = None
    """Where initiators are listened to; 0.0.0.0 is every address of the machine."""
    pap_port: int = 8081
    pap_path: str = "/pap"
    wdp_port: int = 9200
    """UDP source port of connectionless pushes, and of connectionless requests (wap-wsp)."""
    wsp_port: int = 9201
    """UDP port of sessions (wap-wsp-wtp)."""
    radius_port: int | None = 1813
    """UDP port of RADIUS accounting; None: it is not listened to."""
    radius_clients: tuple[RadiusClient, ...] = ()
    """Who may send accounting; empty: everybody who knows ``radius_secret``."""
    ageing: Ageing = field(default_factory=Ageing)
    """When a session of which nothing is heard is taken for over."""
    ask_core: bool = True
    """Whether there is a core to look terminals up at and to ask for activations."""
    control_url: str | None = None
    """Base of the core's control interface, such as "http://127.0.0.1:8080"."""
    control_token: str | None = field(default=None, repr=False)
    store: str = field(default=":memory:", repr=False)
    """Path of the SQLite file, or the ``postgresql://`` URL of a database that gateways share."""
    lease: float = 10.0
    """Seconds after which gateways that share a store take over from one that is gone."""
    retention: float | None = 30 * 86_400.0
    """Seconds that a push is remembered after its end, but for its push-id; None: for ever."""
    lifetime: float = 86_400.0
    """Seconds that a push without deliver-before-timestamp may take."""
    activation_time: float = 75.0
    """Seconds that one activation may take."""
    initiators: tuple[Initiator, ...] = ()
    """Who may push; empty: everybody, and nobody is told from another."""
    operations: frozenset[Operation] = frozenset(Operation)
    """What initiators can have; what is left out is answered with 3001, a replacement 3011."""
    client_profiles: ClientProfiles = field(default_factory=ClientProfiles)
    content_types: tuple[str, ...] = ("*/*",)
    """Media types that may be pushed; "text/*" stands for all of a kind."""
    users: Mapping[str, str] = field(default_factory=dict)
    """The directory: MSISDN by user-defined identifier."""
    tls: TlsConfig | None = None
    viewers: tuple[str, ...] = LOOPBACK_HOSTS
    """Addresses and networks that may look at pushes, health and metrics; "*" is everybody."""
    policy: Policy = field(default_factory=Policy)
    """Which routes pushes take to their terminals."""
    has_smsc: bool = False
    """Whether there is an SMSC to give pushes to."""
    gi_trigger: GiTrigger | None = None
    """Who can be activated by a datagram to a static address."""
    product_name: str = "Corenet"
    retry: RetryPolicy = RetryPolicy()
    notification: NotificationPolicy = NotificationPolicy()
    ota: OtaPolicy = OtaPolicy()
    limits: Limits = Limits()
    pull: PullConfig | None = field(default_factory=PullConfig)
    """How pages are fetched for terminals; None: they are not."""
    capabilities: Agreement = GRANTED
    """The most that a WSP session is granted."""
    wsp_sessions: SessionLimits = field(default_factory=SessionLimits)

    def __post_init__(self) -> None:
        if not self.radius_secret:
            raise ValueError("the RADIUS secret is empty")
        if not self.pap_path.startswith("/"):
            raise ValueError(f"pap_path {self.pap_path!r} does not begin with a slash")
        if len({one.name for one in self.initiators}) < len(self.initiators):
            raise ValueError("two initiators have the same name")
        if (self.tls is None or self.tls.ca is None) and any(
            one.certificate is not None for one in self.initiators
        ):
            raise ValueError("an initiator is known by its certificate, and no tls.ca says whose")
        if self.lifetime <= 0 or self.activation_time <= 0:
            raise ValueError("lifetime and activation_time are above 0")
        if self.lease <= 0 or (self.retention is not None and self.retention <= 0):
            raise ValueError("lease and retention are above 0")
        if self.policy.takes(Route.SMS) and not self.has_smsc:
            raise ValueError("the policy takes sms, and there is no SMSC")
        if self.policy.takes(Route.GI_TRIGGER) and self.gi_trigger is None:
            raise ValueError("the policy takes gi-trigger, and nothing says who can be triggered")
        asks = any(rule.confirm is Confirm.CONTEXT for rule in self.policy.rules)
        if asks and not self.ota.leaves_time_to_ask:
            raise ValueError(NO_TIME_TO_ASK)

    def rule_for(
        self, application: str, initiator: str, bearer: Bearer, *, bearer_required: bool
    ) -> Rule | None:
        """Return how a push is to reach its terminal; None where its bearer cannot be had."""
        rule = self.policy.rule_for(application, initiator)
        return narrowed(rule, bearer, required=bearer_required, has_smsc=self.has_smsc)

    @property
    def accounting_clients(self) -> tuple[RadiusClient, ...]:
        """Who may send accounting."""
        return self.radius_clients or tuple(
            RadiusClient(network, self.radius_secret) for network in EVERYBODY
        )

    @property
    def has_ipv6(self) -> bool:
        """Whether terminals are reached at IPv6 addresses too."""
        return self.ipv6_address is not None

    @property
    def attachments(self) -> dict[Interface, Address]:
        """Where the gateway's node is attached."""
        places = {
            Interface.WDP: (self.address, self.wdp_port),
            Interface.WSP: (self.address, self.wsp_port),
        }
        if self.ipv6_address is not None:
            places[Interface.WDP6] = (self.ipv6_address, self.wdp_port)
        if self.radius_port is not None:
            places[Interface.RADIUS] = (self.address, self.radius_port)
        return places

    @property
    def listens_at(self) -> str:
        """The address that initiators are listened to at."""
        return self.pap_address or self.address

    @property
    def pap_url(self) -> str:
        """Where initiators post to; also the sender-address of the gateway's answers."""
        everywhere = ip_address(self.listens_at).is_unspecified
        host = self.address if everywhere else self.listens_at
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self.pap_port}{self.pap_path}"
