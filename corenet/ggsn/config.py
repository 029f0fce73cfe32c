"""What a GGSN is told when it is made: addresses, APNs, bindings, bounds, timers.

Specs: TS 23.060 §9.2.2.2 (static bindings), TS 29.060 §7.6 (timers), TS 29.061 §16 (RADIUS).

Every value is checked when the configuration is made; a contradiction raises ``ValueError``
with a sentence that names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_address
from itertools import combinations

from corenet.interfaces.node import Address
from corenet.radius.access import AccessPolicy as AccessPolicy
from corenet.radius.accounting import AccountingPolicy as AccountingPolicy
from corenet.radius.accounting import RadiusServer as RadiusServer
from corenet.radius.clients import RadiusClient as RadiusClient
from corenet.radius.dynamic import DynamicPolicy as DynamicPolicy
from gtp.ies.quality import QosProfile
from gtp.timers import Timers


@dataclass(frozen=True, slots=True)
class Credential:
    """A name and password that a mobile may authenticate with, by PAP or CHAP."""

    name: str
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        if max(len(self.name.encode()), len(self.password.encode())) > 255:
            raise ValueError("a name or password has at most 255 octets (RFC 1334 §2.2.1)")


class AuthenticatedBy(StrEnum):
    """What a RADIUS server is told of who wants a context (TS 29.061 §16.4.1)."""

    PCO = "pco"
    """Name and password, or challenge and response, from the mobile's options (PAP, CHAP)."""
    IMSI = "imsi"
    """The IMSI as the name, and a password that is the APN's."""
    MSISDN = "msisdn"
    """The MSISDN as the name, and a password that is the APN's."""


@dataclass(frozen=True, slots=True)
class RadiusAuthentication:
    """RADIUS servers decide who gets a context, and what else goes with it."""

    servers: tuple[RadiusServer, ...]
    """In order of preference."""
    by: AuthenticatedBy = AuthenticatedBy.PCO
    password: str = field(default="", repr=False)
    """The APN's own, where the name is not the mobile's."""

    def __post_init__(self) -> None:
        if not self.servers:
            raise ValueError("authentication by RADIUS without a server")
        if len(self.password.encode()) > 128:
            raise ValueError("a password has at most 128 octets (RFC 2865 §5.2)")


@dataclass(frozen=True, slots=True)
class Apn:
    """An access point: a name that mobiles ask for, and where their addresses come from."""

    name: str
    """Network identifier, such as "wap.example"; compared without regard to case."""
    pools: tuple[IPv4Network | IPv6Network, ...] = ()
    """Dynamic addresses, one pool after the other; of IPv6 each context gets a /64.

    Without any, only static addresses get a context. The families that pools, static ranges and
    a mobile's static binding have are the PDP types that it can get.
    """
    static_ranges: tuple[IPv4Network | IPv6Network, ...] = ()
    """Addresses that a mobile may bring with it: the SGSN has checked that they are its own.

    A static binding needs none; it is known here whose the address is.
    """
    maximum_contexts: int | None = None
    """Contexts on this APN at one time; None for as many as there are addresses."""
    dns: tuple[str, ...] = ()
    """Addresses of name servers, at most two per family, for a mobile that asks for them."""
    qos: bytes | None = None
    """The best QoS that a context gets, as in IE 135; None for whatever is asked for."""
    mtu: int | None = None
    """Octets of the longest IPv4 packet, told to a mobile that asks; None tells nothing."""
    credentials: tuple[Credential, ...] | None = None
    """Who is let in: whoever comes where this is None, and nobody where it is empty."""
    authentication: RadiusAuthentication | None = None
    """RADIUS servers that are asked who is let in, in place of ``credentials``."""
    user_name: str | None = None
    """What RADIUS is told of users who have no name of their own (TS 29.061 §16.4.1)."""
    ipcp_ack: bool = False
    """Give values that a mobile did not have in an IPCP Configure-Ack.

    RFC 1877 has them in a Configure-Nak; Osmocom's and Open5GS' gateways acknowledge them,
    and Osmocom's test suite wants it so.
    """
    gateways: tuple[str, ...] = ()
    """Our own addresses on the link, at most one per family: they answer pings, errors come from
    them, and no mobile gets them.
    """
    answers_for_dns: bool = False
    """Answer pings to the name servers' addresses ourselves."""
    mobile_to_mobile: bool = False
    """Carry packets between mobiles on this APN; else they are dropped."""

    def __post_init__(self) -> None:
        if not self.name or self.name != self.name.strip("."):
            raise ValueError(f"no access point name: {self.name!r}")
        families = [ip_address(server).version for server in self.dns]
        if max(families.count(4), families.count(6)) > 2:
            raise ValueError(f"APN {self.name}: at most two name servers per family")
        if self.qos is not None:
            try:
                QosProfile.parse(self.qos)
            except ValueError as error:
                raise ValueError(f"APN {self.name}: no QoS profile: it {error}") from None
        families = [ip_address(gateway).version for gateway in self.gateways]
        if len(families) != len(set(families)):
            raise ValueError(f"APN {self.name}: at most one gateway per family")
        if self.mtu is not None and not 68 <= self.mtu <= 65535:
            raise ValueError(f"APN {self.name}: an MTU is from 68 to 65535 octets, not {self.mtu}")
        if self.maximum_contexts is not None and self.maximum_contexts < 0:
            raise ValueError(f"APN {self.name}: the limit of contexts is not negative")
        networks = (*self.pools, *self.static_ranges)
        for network in networks:
            if network.is_link_local or network.is_multicast:
                raise ValueError(f"APN {self.name}: {network} is link-local or multicast")
            if isinstance(network, IPv6Network) and network.prefixlen > 64:
                raise ValueError(f"APN {self.name}: {network} has no room for a /64")
        if any(network.version == 6 for network in networks) and 0 < (self.mtu or 0) < 1280:
            raise ValueError(f"APN {self.name}: IPv6 wants an MTU of at least 1280 octets")
        if self.credentials is not None and self.authentication is not None:
            raise ValueError(f"APN {self.name}: either credentials or RADIUS authentication")
        _refuse_duplicates((c.name for c in self.credentials or ()), f"APN {self.name}: the name")


@dataclass(frozen=True, slots=True)
class StaticBinding:
    """An address that belongs to one subscriber on one APN (TS 23.060 §9.2.2.2).

    Only with it can a packet that arrives for the address start an activation.
    """

    imsi: str
    apn: str
    address: str
    """IPv4 or IPv6 address; never given to anybody else, nor is an IPv6 address's /64."""
    msisdn: str | None = None
    """Digits, for accounting where the SGSN does not tell."""

    def __post_init__(self) -> None:
        if not (self.imsi.isdigit() and 6 <= len(self.imsi) <= 15):
            raise ValueError(f"no IMSI: {self.imsi!r}")
        ip_address(self.address)

    @property
    def octets(self) -> bytes:
        """The address, 4 or 16 octets."""
        return ip_address(self.address).packed

    @property
    def network(self) -> IPv4Network | IPv6Network:
        """What is the subscriber's alone: the address, of IPv6 its /64."""
        address = ip_address(self.address)
        if isinstance(address, IPv4Address):
            return IPv4Network(address)
        return IPv6Network((address, 64), strict=False)


@dataclass(frozen=True, slots=True)
class StoredPduLimits:
    """How much is kept for one address while its activation runs (TS 23.060 §9.2.2.2)."""

    count: int = 8
    """PDUs; the oldest gives way."""
    octets: int = 12_000
    """Octets of PDUs; the oldest give way."""
    age: float = 60.0
    """Seconds that a PDU waits."""

    def __post_init__(self) -> None:
        if self.count < 0 or self.octets < 0 or self.age <= 0:
            raise ValueError("limits of stored PDUs are not negative, and the age is above 0")


@dataclass(frozen=True, slots=True)
class BackOffs:
    """Seconds in which no new attempt is made for a subscriber and APN after a failure.

    The standard leaves them open (TS 23.060 §9.2.2.2); 0 means that the next attempt may
    follow at once.
    """

    ms_refused: float = 300.0
    """The MS refused: causes 4 and 197."""
    ms_not_responding: float = 60.0
    """The MS did not answer: causes 5 and 196."""
    notification_refused: float = 30.0
    """Another cause in message 28 or 29."""
    unknown_subscriber: float = 300.0
    """The HLR does not know the IMSI."""
    routeing_failed: float = 30.0
    """The HLR answered with another error."""
    peer_silent: float = 10.0
    """HLR or SGSN did not answer although asked N3-REQUESTS times."""
    guard_expired: float = 30.0
    """The SGSN accepted the notification, but no Create PDP Context Request came."""
    create_refused: float = 30.0
    """We refused the Create PDP Context Request ourselves."""

    def __post_init__(self) -> None:
        if min(getattr(self, name) for name in self.__slots__) < 0:
            raise ValueError("a back-off is not negative")


class RestartPolicy(StrEnum):
    """What an SGSN is told of its contexts when its restart counter has changed (TS 23.007)."""

    SILENT = "silent"
    """Nothing: it has forgotten them."""
    DELETE = "delete"
    """Delete PDP Context Request with Teardown Indicator for each, in case it has not."""


class PathDownPolicy(StrEnum):
    """What becomes of an SGSN's contexts when it no longer answers Echo Requests."""

    KEEP = "keep"
    """They stay: the network between may be to blame."""
    DELETE = "delete"
    """They are deleted here, and their addresses are free again."""


@dataclass(frozen=True, slots=True)
class GgsnConfig:
    """Everything a GGSN needs to know at its start."""

    control_address: str
    """IPv4 address of GTP-C (UDP 2123), also the NAS-IP-Address of RADIUS."""
    user_address: str
    """IPv4 address of GTP-U (UDP 2152)."""
    apns: tuple[Apn, ...]
    static_bindings: tuple[StaticBinding, ...] = ()
    hlr: Address | None = None
    """Where Send Routeing Information goes (TS 29.060 §7.4); None where there is no HLR."""
    radius: tuple[RadiusServer, ...] = ()
    """Accounting servers in order of preference; none means no accounting."""
    accounting: AccountingPolicy = field(default_factory=AccountingPolicy)
    authentication: AccessPolicy = field(default_factory=AccessPolicy)
    """How the servers are asked that APNs name for authentication."""
    dynamic_authorization: DynamicPolicy | None = None
    """Which servers may order the end or a change of sessions; None for nobody."""
    nas_identifier: str | None = None
    """What RADIUS servers know this GGSN by, beside its address."""
    charging_gateway: str | None = None
    """Address that RADIUS servers are told as that of the Charging Gateway Function."""
    plmn: str | None = None
    """MCC and MNC of this GGSN, 5 or 6 digits, for accounting."""
    guard_time: float = 60.0
    """Seconds from an accepted notification to the Create PDP Context Request at the latest.

    Longer than paging plus five times T3385 (40 s), or the MS's answer comes too late.
    """
    back_offs: BackOffs = field(default_factory=BackOffs)
    stored_pdus: StoredPduLimits = field(default_factory=StoredPduLimits)
    maximum_contexts: int = 1_000_000
    """PDP contexts in all; beyond it Create is refused with "No resources available"."""
    timers: Timers = field(default_factory=Timers)
    attempts_through_ms: int = 9
    """What N3-REQUESTS is for a request that the SGSN answers once the MS has answered it.

    The SGSN asks the MS five times, eight seconds apart (T3385, T3386).
    """
    on_sgsn_restart: RestartPolicy = RestartPolicy.SILENT
    on_path_down: PathDownPolicy = PathDownPolicy.KEEP
    response_cache: int = 32 * 1024 * 1024
    """Octets of responses kept for requests that come again; beyond it the oldest give way."""

    def __post_init__(self) -> None:
        IPv4Address(self.control_address)
        IPv4Address(self.user_address)
        if self.attempts_through_ms < 1:
            raise ValueError("a request through the MS is sent at least once")
        if self.guard_time <= 0:
            raise ValueError("the guard time is above 0")
        if self.plmn is not None and not (self.plmn.isdigit() and len(self.plmn) in (5, 6)):
            raise ValueError(f"a PLMN has 5 or 6 digits, not {self.plmn!r}")
        if self.charging_gateway is not None:
            ip_address(self.charging_gateway)
        self._refuse_two_secrets()
        names = [apn_key(apn.name) for apn in self.apns]
        _refuse_duplicates(names, "APN")
        for one, other in combinations(self.networks(), 2):
            if one.version == other.version and one.overlaps(other):
                raise ValueError(f"address pools {one} and {other} overlap")
        unknown = {apn_key(binding.apn) for binding in self.static_bindings} - set(names)
        if unknown:
            raise ValueError(f"static bindings name unknown APNs: {', '.join(sorted(unknown))}")
        _refuse_duplicates(map(_static_text, self.static_bindings), "static address")
        _refuse_duplicates(
            (f"{b.imsi} on {apn_key(b.apn)}" for b in self.static_bindings), "static binding of"
        )

    def _refuse_two_secrets(self) -> None:
        asked = [apn.authentication.servers for apn in self.apns if apn.authentication is not None]
        secrets: dict[Address, bytes] = {}
        for server in (server for servers in asked for server in servers):
            if secrets.setdefault(server.address, server.secret) != server.secret:
                host, port = server.address
                raise ValueError(f"two secrets for the RADIUS server at {host}:{port}")

    @property
    def speaks_radius(self) -> bool:
        """Whether there are RADIUS servers to talk to."""
        return bool(self.radius) or any(apn.authentication is not None for apn in self.apns)

    def networks(self) -> Iterator[IPv4Network | IPv6Network]:
        """Return the pools and static ranges of all APNs."""
        return (network for apn in self.apns for network in (*apn.pools, *apn.static_ranges))

    def networks_of(self, apn: Apn) -> tuple[IPv4Network | IPv6Network, ...]:
        """Return where mobiles on an APN have their addresses, static bindings beside included."""
        ranges, key = (*apn.pools, *apn.static_ranges), apn_key(apn.name)
        own = (one for one in self.static_bindings if apn_key(one.apn) == key)
        networks = (binding.network for binding in own)
        beside = (
            one for one in networks if not any(one.network_address in range_ for range_ in ranges)
        )
        return (*ranges, *beside)


def apn_key(name: str) -> str:
    """Return what names an access point whatever its spelling (TS 23.003 §9.1).

    Case does not count, and an operator identifier (".mnc015.mcc234.gprs") is left out.
    """
    key = name.lower()
    if key.endswith(".gprs"):
        labels = key.split(".")
        if len(labels) > 3 and labels[-3].startswith("mnc") and labels[-2].startswith("mcc"):
            return ".".join(labels[:-3])
    return key


def _static_text(binding: StaticBinding) -> str:
    network = binding.network
    return binding.address if network.version == 4 else str(network)


def _refuse_duplicates(values: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what} {value} is there twice")
        seen.add(value)
