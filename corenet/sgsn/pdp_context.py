"""PDP contexts and the GTP tunnels under them, by every key that a message may bring.

Specs: TS 23.060 §13.2 (what an SGSN stores), TS 29.060 §6 (TEID), TS 24.008 §10.5.6.4 and
TS 29.060 §7.7.27 (the PDP address in its two encodings).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from random import Random
from typing import Protocol

from corenet.interfaces.nas.elements import PdpAddress
from corenet.interfaces.nas.sm import (
    LLC_SAPI_FOR_DATA,
    ActivatePdpContextRequest,
    ActivateSecondaryPdpContextRequest,
    TransactionIdentifier,
)
from corenet.interfaces.node import Address
from corenet.sgsn.events import PdpContextView, PdpState
from corenet.sgsn.states import SESSION
from gtp.ies.quality import limited_qos
from gtp.ies.session import MS_ONLY
from gtp.ies.values import EndUserAddress, PdpType

USER_DATA_SAPIS = frozenset({3, 5, 9, 11})
"""LLC SAPIs for SNDCP (TS 44.064 §6.2.3)."""

ALLOCATION_RETENTION_PRIORITY = b"\x02"
"""What GTP's QoS has before that of mobiles (TS 29.060 §7.7.34): normal priority."""

DEFAULT_QOS = bytes.fromhex("0b921f7396fefe742bffff")
"""Background class (TS 24.008 §10.5.6.5), where the mobile wants what it is subscribed to."""

_LONGEST_QOS = 20
_HIGHEST_TEID = 0xFFFF_FFFF


ActivationRequest = ActivatePdpContextRequest | ActivateSecondaryPdpContextRequest
"""What a mobile asks for a PDP context with."""


class Procedure(Protocol):
    """Something that is under way for a context and ends with it."""

    def abandon(self, now: float) -> None:
        """End, for the context goes."""
        ...


def to_gtp(address: PdpAddress) -> EndUserAddress:
    """Return a mobile's PDP address as GTP writes it; its type has to be an IETF one."""
    return EndUserAddress(
        address.ipv4, address.ipv6, PdpType(address.organisation << 8 | address.type_number)
    )


def to_nas(address: EndUserAddress) -> PdpAddress:
    """Return GTP's end user address as mobiles are told it."""
    octets = address.other
    if address.ipv4 is not None:
        octets += IPv4Address(address.ipv4).packed
    if address.ipv6 is not None:
        octets += IPv6Address(address.ipv6).packed
    return PdpAddress(address.pdp_type & 0xFF, octets, address.pdp_type >> 8)


def can_be_told(address: EndUserAddress) -> bool:
    """Whether mobiles know the PDP type of ``address``."""
    return address.pdp_type in (PdpType.IPV4, PdpType.IPV6, PdpType.IPV4V6) and not address.other


def pco_for_mobile(pco: bytes | None) -> bytes | None:
    """Return a GGSN's protocol configuration options, None where they are too long for NAS.

    GTP has room for 65,535 octets of them, TS 24.008 §10.5.6.3 for 251.
    """
    return pco if pco is not None and len(pco) <= 251 else None


def requested_qos(asked: bytes, subscribed: bytes | None) -> bytes:
    """Return the QoS to ask a GGSN for: what the mobile wants, no better than is subscribed.

    ``asked`` is as mobiles write it; ``subscribed`` as GTP does, None for any.
    """
    if any(asked[:3]) and len(asked) <= _LONGEST_QOS:
        return limited_qos(ALLOCATION_RETENTION_PRIORITY + asked, subscribed)
    if subscribed is None:
        return ALLOCATION_RETENTION_PRIORITY + DEFAULT_QOS
    return (subscribed[:1].strip(b"\0") or ALLOCATION_RETENTION_PRIORITY) + subscribed[1:]


def address_text(address: EndUserAddress) -> str:
    """Return the address in text form, "" where it is dynamic."""
    return address.ipv4 or address.ipv6 or address.other.hex()


class ControlTunnel:
    """The control plane between one mobile's contexts here and one GGSN (TS 29.060 §6)."""

    __slots__ = ("contexts", "ggsn", "imsi", "peer", "remote_teid", "teid", "watched")

    def __init__(self, imsi: str, ggsn: str, teid: int, peer: Address) -> None:
        self.imsi = imsi
        self.ggsn = ggsn
        """The GGSN address that was asked; ``peer`` is where the GGSN wants to be addressed."""
        self.peer = peer
        self.teid = teid
        self.remote_teid = 0
        """The last one that the GGSN has given, which new contexts are created with; 0 at first."""
        self.watched: Address | None = None
        """The peer whose path is monitored on behalf of this tunnel."""
        self.contexts: dict[int, PdpContext] = {}
        """By NSAPI."""


class Forwarding:
    """What becomes of packets for a mobile that goes to another SGSN."""

    __slots__ = ("kept", "peer", "teid")

    def __init__(self) -> None:
        self.peer: Address | None = None
        """Where they go; before that is known they are kept."""
        self.teid = 0
        self.kept: list[bytes] = []


class PdpContext:
    """One PDP context of one mobile. Equal only to itself."""

    __slots__ = (
        "accept",
        "address",
        "apn",
        "bearer_control_mode",
        "bearers",
        "create_sent",
        "early",
        "forwarding",
        "ggsn_user",
        "imsi",
        "linked_nsapi",
        "modification",
        "n_pdu",
        "network_requested",
        "nsapi",
        "others",
        "qos",
        "remote_teid_control",
        "remote_teid_data",
        "request",
        "requested_by",
        "requests",
        "since",
        "state",
        "teid_data",
        "ti",
        "tunnel",
    )

    def __init__(
        self,
        request: ActivationRequest,
        tunnel: ControlTunnel,
        *,
        apn: str,
        address: EndUserAddress,
        teid_data: int,
        network_requested: bool,
        now: float,
        linked: PdpContext | None = None,
    ) -> None:
        """``linked`` is a context whose address and APN a secondary one shares."""
        self.imsi = tunnel.imsi
        self.request = request
        """What the mobile asked for; the same again is a retransmission."""
        self.tunnel = tunnel
        self.apn = apn
        self.nsapi = request.nsapi
        self.ti: TransactionIdentifier = request.ti
        """As the mobile writes it."""
        self.address = address
        self.teid_data = teid_data
        self.network_requested = network_requested
        self.state = PdpState.CREATING
        self.since = now
        self.remote_teid_control = 0
        """The GGSN may use one per mobile, or one per context (TS 29.060 §6)."""
        self.remote_teid_data = 0
        self.ggsn_user = ""
        self.accept = b""
        """Activate PDP Context Accept, to be repeated for a retransmitted request."""
        self.create_sent = False
        """Whether the GGSN has been asked; before, the context waits for an older one's end."""
        self.others: tuple[str, ...] = ()
        """GGSNs that are left to be asked, should this one not grant it."""
        self.early: list[bytes] = []
        """T-PDUs that overtook the Create PDP Context Response."""
        self.forwarding: Forwarding | None = None
        """Where its packets go, for its mobile goes to another SGSN."""
        self.n_pdu = 0
        """Number of the next downlink N-PDU (TS 44.065 §6.9)."""
        self.qos = ALLOCATION_RETENTION_PRIORITY + DEFAULT_QOS
        """Negotiated, as GTP writes it."""
        self.bearer_control_mode = MS_ONLY
        """Who may ask for further contexts with its address, as the GGSN says."""
        self.modification: Procedure | None = None
        """What is being changed of it."""
        self.requests: tuple[Procedure, ...] = ()
        """The GGSN's requests for secondary contexts with its address."""
        self.requested_by: Procedure | None = None
        """The GGSN's request that a secondary context answers."""
        self.linked_nsapi = None if linked is None else linked.nsapi
        self.bearers: list[PdpContext] = [] if linked is None else linked.bearers
        """The contexts that have tunnels and share its PDP address and APN, itself included."""

    @property
    def sapi(self) -> int:
        """The LLC SAPI that its packets travel on: the one asked for, where it is one for data."""
        asked = self.request.llc_sapi
        return asked if asked in USER_DATA_SAPIS else LLC_SAPI_FOR_DATA

    def enter(self, state: PdpState, now: float) -> None:
        """Change the state."""
        SESSION.check(self.state, state)
        self.state = state
        self.since = now

    @property
    def address_text(self) -> str:
        """The PDP address in text form, "" while not known."""
        return address_text(self.address)

    def view(self) -> PdpContextView:
        """Return the context as it is."""
        return PdpContextView(
            imsi=self.imsi,
            apn=self.apn,
            nsapi=self.nsapi,
            ti=self.ti.value,
            state=self.state,
            address=self.address_text,
            since=self.since,
            ggsn_control=self.tunnel.peer[0],
            ggsn_user=self.ggsn_user,
            teid_control=self.tunnel.teid,
            teid_data=self.teid_data,
            remote_teid_control=self.remote_teid_control,
            remote_teid_data=self.remote_teid_data,
            network_requested=self.network_requested,
            linked_nsapi=self.linked_nsapi,
            qos=self.qos,
        )


class Tunnels:
    """Every tunnel endpoint of the SGSN and what belongs to it."""

    def __init__(self, random: Random) -> None:
        self._by_teid: dict[int, ControlTunnel] = {}
        self._by_mobile: dict[tuple[str, str], ControlTunnel] = {}
        self._by_remote: dict[tuple[str, int], PdpContext] = {}
        self._data_teids: set[int] = set()
        self._last_teid = random.randrange(1, _HIGHEST_TEID)

    def __len__(self) -> int:
        """Return how many PDP contexts hold a tunnel endpoint."""
        return len(self._data_teids)

    def new_teid(self) -> int:
        """Return a TEID that is not in use, nor was lately: they are given out in turn."""
        while True:
            self._last_teid = self._last_teid % _HIGHEST_TEID + 1
            if self._last_teid not in self._by_teid and self._last_teid not in self._data_teids:
                return self._last_teid

    def open(self, imsi: str, ggsn: str, peer: Address) -> ControlTunnel:
        """Return the mobile's control tunnel with that GGSN, a new one where there is none."""
        tunnel = self._by_mobile.get((imsi, ggsn))
        if tunnel is None:
            tunnel = ControlTunnel(imsi, ggsn, self.new_teid(), peer)
            self._by_mobile[imsi, ggsn] = tunnel
            self._by_teid[tunnel.teid] = tunnel
        return tunnel

    def add(self, context: PdpContext) -> None:
        """Give ``context`` its place in its tunnel."""
        context.tunnel.contexts[context.nsapi] = context
        context.bearers.append(context)
        self._data_teids.add(context.teid_data)

    def connect(self, context: PdpContext, ggsn_user: str, remote_teid_data: int) -> None:
        """Note the other end of the context's data tunnel."""
        self._disconnect(context)
        context.ggsn_user, context.remote_teid_data = ggsn_user, remote_teid_data
        self._by_remote[ggsn_user, remote_teid_data] = context

    def remove(self, context: PdpContext) -> bool:
        """Take ``context`` out; return whether its control tunnel went with it."""
        tunnel = context.tunnel
        self._data_teids.discard(context.teid_data)
        self._disconnect(context)
        if context in context.bearers:
            context.bearers.remove(context)
        if tunnel.contexts.get(context.nsapi) is context:
            del tunnel.contexts[context.nsapi]
        if tunnel.contexts or self._by_teid.pop(tunnel.teid, None) is None:
            return False
        del self._by_mobile[tunnel.imsi, tunnel.ggsn]
        return True

    def _disconnect(self, context: PdpContext) -> None:
        remote = (context.ggsn_user, context.remote_teid_data)
        if self._by_remote.get(remote) is context:
            del self._by_remote[remote]

    def with_teid(self, teid: int) -> ControlTunnel | None:
        """Return the control tunnel whose endpoint here is ``teid``."""
        return self._by_teid.get(teid)

    def with_remote(self, ggsn_user: str, teid_data: int) -> PdpContext | None:
        """Return the context whose data tunnel ends at ``teid_data`` of that GGSN."""
        return self._by_remote.get((ggsn_user, teid_data))

    def with_ggsn(self, ggsn: str) -> list[ControlTunnel]:
        """Return every control tunnel with the GGSN that signals from that address."""
        return [tunnel for tunnel in self._by_teid.values() if tunnel.peer[0] == ggsn]
