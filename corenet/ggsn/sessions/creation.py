"""Creation of PDP contexts.

Specs: TS 29.060 §7.3.1-7.3.2 (Create PDP Context).
"""

from __future__ import annotations

from dataclasses import dataclass
from socket import AF_INET6, inet_aton, inet_pton
from typing import Final

from corenet.ggsn.aaa.accounting import Accounting
from corenet.ggsn.aaa.admission import Admission, Question, RefusedError
from corenet.ggsn.activation.activations import NetworkActivations
from corenet.ggsn.activation.causes import gtp_cause
from corenet.ggsn.activation.network_activation import NetworkActivation
from corenet.ggsn.authorization import Authorization
from corenet.ggsn.contexts import ControlTunnel, PdpContext, time_zone_octets
from corenet.ggsn.core import Core
from corenet.ggsn.events import (
    DeletionReason,
    PdpContextCreated,
    PdpContextRefused,
)
from corenet.ggsn.ordering import Ordering, keeps_order
from corenet.ggsn.pools import (
    PREFIX_LENGTH,
    UNSPECIFIED,
    AccessPoint,
    AddressPool,
    known_by,
    octets_of,
)
from corenet.ggsn.sessions.bearer_control import mode_for_sgsn, note_mobile, note_sgsn
from corenet.ggsn.sessions.deletion import Deletion
from corenet.ggsn.sessions.requests import (
    FAMILIES,
    require_access,
    require_consistent,
    require_type,
    template_of,
)
from corenet.gi.flows import Filters
from corenet.interfaces.activation import Step
from gtp.constants import GTP_U_PORT, Cause
from gtp.endpoint import RequestReceived
from gtp.ies import EndUserAddress
from gtp.ies.quality import limited_qos
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
)

_IPV4: Final = frozenset((4,))
_IPV6: Final = frozenset((6,))
_UNIVERSAL: Final = 0x02 << 56
"""Bit of an interface identifier that says that it is unique everywhere (RFC 4291 §2.5.1)."""


@dataclass(slots=True)
class _Grant:
    """What a Create PDP Context Request gets. To be read only, though not frozen: each gets one."""

    access: AccessPoint
    families: frozenset[int]
    """Which versions of IP it is for."""
    ipv4: bytes | None
    """The static IPv4 address, or None where one is to be taken from the pool, or none at all."""
    ipv6: bytes | None
    """Prefix and interface identifier in the same way."""
    filters: Filters
    cause: Cause
    replaces: tuple[PdpContext, ...]


class Creation:
    """Creates PDP contexts."""

    def __init__(
        self,
        core: Core,
        activations: NetworkActivations,
        accounting: Accounting,
        deletion: Deletion,
        admission: Admission,
    ) -> None:
        """Work on the contexts in ``core``; ``deletion`` takes those that are replaced."""
        self._core = core
        self._admission = admission
        self._deletion = deletion
        self._activations = activations
        self._accounting = accounting
        self._charging_id = core.random.getrandbits(32)

    # Create

    def create_requested(self, received: RequestReceived, now: float) -> None:
        """Take a Create PDP Context Request, and answer it or have it judged (TS 29.060 §7.3.1)."""
        self._serve(received, None, now)

    def judged(self, question: Question, now: float) -> None:
        """Answer a Create PDP Context Request of which RADIUS has said what becomes of it.

        It is looked at anew, for much may have happened since it came.
        """
        self._serve(question.received, question, now)

    def _serve(self, received: RequestReceived, question: Question | None, now: float) -> None:
        message = received.message
        assert isinstance(message, CreatePdpContextRequest)
        core = self._core
        tunnel = core.contexts.tunnel(message.teid) if message.teid else None
        imsi = message.imsi or (tunnel.imsi if tunnel is not None else None)
        access = core.access_points.find(message.apn) if message.apn is not None else None
        address = message.end_user_address
        asked = octets_of(address) if address is not None else None
        activation = None
        if imsi is not None:
            activation = self._activations.matching(imsi, access, asked)
        if activation is not None and question is None:
            activation.enter(Step.CREATE_PDP_CONTEXT, now)
        try:
            if message.teid and tunnel is None:
                raise RefusedError(Cause.NON_EXISTENT)
            if imsi is None:
                raise RefusedError(Cause.MANDATORY_IE_MISSING)
            require_consistent(message, tunnel)
            access = require_access(message, access, tunnel)
            if question is None and self._is_to_be_judged(received, imsi, access, now):
                return
            authorization = self._authorization(message, access, question)
            grant = self._grant(message, imsi, access, authorization)
        except RefusedError as refusal:
            self.refuse(received, message, imsi, tunnel, refusal, now)
            self._activations.create_refused(activation, refusal.cause, now)
            return
        for replaced in grant.replaces:
            self._deletion.remove(replaced, DeletionReason.REPLACED, now)
        if tunnel is None:
            tunnel = self._new_tunnel(received, message, imsi, activation)
        elif message.teid_control is not None:
            tunnel.sgsn_teid = message.teid_control
        note_sgsn(tunnel, message.common_flags, anew=False)
        core.contexts.open_tunnel(tunnel)
        charging_id = question.charging_id if question is not None else self.next_charging_id()
        context = self.make_context(message, tunnel, access, charging_id, now)
        context.network_requested = activation is not None
        context.authorization = authorization
        context.ipv4 = self._ipv4(grant)
        context.ipv6 = self._ipv6(grant, authorization)
        context.filters = grant.filters
        note_mobile(context, message.pco)
        core.contexts.add(context)
        core.user_plane.add_tunnel(context.teid_data, context)
        core.counters.contexts_created += 1
        core.watch(tunnel.sgsn_address, now)
        core.endpoint.respond(received, self.acceptance(message, context, grant.cause), now)
        core.events.append(PdpContextCreated(context.view()))
        self._accounting.context_created(context, now)
        self._deletion.limits.watch(context, now)
        self._activations.created(activation, context, now)

    # Who may

    def _is_to_be_judged(
        self, received: RequestReceived, imsi: str, access: AccessPoint, now: float
    ) -> bool:
        """Ask RADIUS where the APN wants it; return whether the answer comes later."""
        message = received.message
        assert isinstance(message, CreatePdpContextRequest)
        if access.apn.authentication is None:
            return False
        require_type(message)
        tunnel = ControlTunnel(0, imsi, message.sgsn_address_control, 0, received.peer[0])
        context = self.make_context(message, tunnel, access, self.next_charging_id(), now)
        self._admission.ask(received, context, now)
        return True

    def _authorization(
        self, message: CreatePdpContextRequest, access: AccessPoint, question: Question | None
    ) -> Authorization | None:
        """Return what goes with the context, or raise ``RefusedError`` for who may not have it."""
        options = access.options
        if question is not None:
            if question.cause is not None:
                raise RefusedError(question.cause, options.refusal(message.pco))
            return question.authorization
        if not options.admits(message.pco):
            raise RefusedError(Cause.USER_AUTHENTICATION_FAILED, options.refusal(message.pco))
        said = options.presented(message.pco) if message.pco else None
        name = said.name.decode("utf-8", "replace") if said is not None else access.apn.user_name
        return Authorization(user_name=name) if name else None

    def _grant(
        self,
        message: CreatePdpContextRequest,
        imsi: str,
        access: AccessPoint,
        authorization: Authorization | None,
    ) -> _Grant:
        """Return what is granted, or raise ``RefusedError``."""
        address = require_type(message)
        asked = FAMILIES[address.pdp_type]
        ipv4 = self._static_ipv4(address, imsi, access) if 4 in asked else None
        ipv6 = self._static_ipv6(address, imsi, access) if 6 in asked else None
        if authorization is not None:
            if 4 in asked and authorization.ipv4 is not None:
                ipv4 = self._ordered(authorization.ipv4, imsi, access)
            if 6 in asked and authorization.prefix is not None:
                prefix = self._ordered(authorization.prefix, imsi, access)
                ipv6 = prefix + (authorization.interface_id or self._interface_id())
        families = asked
        if ipv4 is None and access.ipv4 is None:
            families = families - _IPV4
        if ipv6 is None and access.ipv6 is None:
            families = families - _IPV6
        if not families:
            raise RefusedError(Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE)
        replaces = self._replaced_by(imsi, message.nsapi, ipv4, ipv6)
        if self._is_full(access, replaces):
            raise RefusedError(Cause.NO_RESOURCES_AVAILABLE)
        if ipv4 is None and access.ipv4 is not None and 4 in families:
            _require_free(access.ipv4, replaces)
        if ipv6 is None and access.ipv6 is not None and 6 in families:
            _require_free(access.ipv6, replaces)
        cause = Cause.REQUEST_ACCEPTED
        if families != asked:
            cause = Cause.NEW_PDP_TYPE_NETWORK_PREFERENCE
        return _Grant(access, families, ipv4, ipv6, template_of(message), cause, replaces)

    def _is_full(self, access: AccessPoint, replaces: tuple[PdpContext, ...]) -> bool:
        """Whether the GGSN or an APN has as many contexts as it may, but for those that go."""
        core, limit = self._core, access.apn.maximum_contexts
        if len(core.contexts) - len(replaces) >= core.config.maximum_contexts:
            return True
        if limit is None:
            return False
        return access.contexts - sum(context.access is access for context in replaces) >= limit

    def _static_ipv4(self, address: EndUserAddress, imsi: str, access: AccessPoint) -> bytes | None:
        """Return the static IPv4 address that a mobile gets, or None for a dynamic one."""
        bound = _bound(access, imsi, 4)
        if address.ipv4 is None:
            return bound
        asked = inet_aton(address.ipv4)
        if asked == bound or asked in UNSPECIFIED:
            return bound
        if self._core.access_points.binding_at(asked) is not None:
            raise RefusedError(Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE)
        self._require_static(asked, imsi, access)
        return asked

    def _static_ipv6(self, address: EndUserAddress, imsi: str, access: AccessPoint) -> bytes | None:
        """Return the static IPv6 address that a mobile gets, or None for a dynamic one."""
        bound = _bound(access, imsi, 16)
        if address.ipv6 is None:
            return bound
        asked = inet_pton(AF_INET6, address.ipv6)
        prefix = known_by(asked)
        if prefix in UNSPECIFIED:
            return bound
        if bound is not None and prefix == known_by(bound):
            return asked
        if self._core.access_points.binding_at(prefix) is not None:
            raise RefusedError(Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE)
        self._require_static(prefix, imsi, access)
        return asked

    def _require_static(self, octets: bytes, imsi: str, access: AccessPoint) -> None:
        """Refuse an address that a mobile may not bring with it, or that another one has."""
        holder = self._core.contexts.at(octets)
        if not access.is_static(octets) or (holder is not None and holder.imsi != imsi):
            raise RefusedError(Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE)

    def _ordered(self, octets: bytes, imsi: str, access: AccessPoint) -> bytes:
        """Return an address or prefix that RADIUS orders, where it can be had.

        It has to be one that this GGSN is the way to, and nobody else's.
        """
        holder = self._core.contexts.at(octets)
        binding = self._core.access_points.binding_at(octets)
        if not access.serves(octets) and (binding is None or binding.imsi != imsi):
            raise RefusedError(Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE)
        others = (
            holder.imsi if holder is not None else imsi,
            binding.imsi if binding is not None else imsi,
            access.held_for(octets) or imsi,
        )
        if any(other != imsi for other in others):
            raise RefusedError(Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED)
        return octets

    def _replaced_by(
        self, imsi: str, nsapi: int, ipv4: bytes | None, ipv6: bytes | None
    ) -> tuple[PdpContext, ...]:
        """Return the contexts that a new one takes the place of (TS 29.060 §7.3.1).

        One with the same NSAPI; and where the address is static one that has it under another
        NSAPI, which the SGSN must have lost.
        """
        same = self._core.contexts.with_nsapi(imsi, nsapi)
        if same is None and ipv4 is None and ipv6 is None:
            return ()
        # What was linked to it goes with a primary one, for which the SGSN has no use any more.
        lost = () if same is None else same.bearers if same.linked_nsapi is None else (same,)
        static = (ipv4, ipv6[:PREFIX_LENGTH] if ipv6 is not None else None)
        holders = (self._core.contexts.at(octets) for octets in static if octets is not None)
        lost += tuple(c for holder in holders if holder is not None for c in holder.bearers)
        return tuple(dict.fromkeys(lost))

    def refuse(
        self,
        received: RequestReceived,
        message: CreatePdpContextRequest,
        imsi: str | None,
        tunnel: ControlTunnel | None,
        refusal: RefusedError,
        now: float,
    ) -> None:
        """Tell an SGSN that there will be no context, and why."""
        teid = message.teid_control or (tunnel.sgsn_teid if tunnel is not None else 0)
        response = CreatePdpContextResponse(
            teid=teid, cause=refusal.cause, recovery=self._core.recovery, pco=refusal.pco
        )
        self._core.endpoint.respond(received, response, now)
        self._core.counters.contexts_refused += 1
        self._core.events.append(
            PdpContextRefused(imsi, message.apn, received.peer[0], gtp_cause(refusal.cause))
        )

    def refuse_all(self, received: RequestReceived, now: float) -> None:
        """Refuse a Create PDP Context Request, because service ends."""
        message = received.message
        assert isinstance(message, CreatePdpContextRequest)
        tunnel = self._core.contexts.tunnel(message.teid)
        refusal = RefusedError(Cause.SYSTEM_FAILURE)
        self.refuse(received, message, message.imsi, tunnel, refusal, now)

    def _new_tunnel(
        self,
        received: RequestReceived,
        message: CreatePdpContextRequest,
        imsi: str,
        activation: NetworkActivation | None,
    ) -> ControlTunnel:
        """Return a control tunnel; it keeps the TEID of the notification where there was one."""
        contexts = self._core.contexts
        if activation is not None and contexts.tunnel(activation.teid) is None:
            teid = activation.teid
        else:
            teid = contexts.reserve_control_teid()
        return ControlTunnel(
            teid=teid,
            imsi=imsi,
            sgsn_address=message.sgsn_address_control,
            sgsn_teid=message.teid_control or 0,
            source=received.peer[0],
        )

    def make_context(
        self,
        message: CreatePdpContextRequest,
        tunnel: ControlTunnel,
        access: AccessPoint,
        charging_id: int,
        now: float,
    ) -> PdpContext:
        """Return a context that has no address yet."""
        binding = access.bindings.get(tunnel.imsi)
        zone = message.ms_time_zone
        qos = limited_qos(message.qos, access.apn.qos)
        return PdpContext(
            tunnel=tunnel,
            nsapi=message.nsapi,
            access=access,
            ipv4=None,
            ipv6=None,
            msisdn=message.msisdn or (binding.msisdn if binding is not None else None),
            teid_data=self._core.contexts.new_data_teid(),
            sgsn_user=(message.sgsn_address_user, GTP_U_PORT),
            sgsn_teid_data=message.teid_data,
            charging_id=charging_id,
            since=now,
            qos=qos,
            network_requested=False,
            selection_mode=message.selection_mode,
            charging_characteristics=message.charging_characteristics,
            rat_type=message.rat_type,
            rai=message.rai,
            user_location=message.user_location,
            ms_time_zone=time_zone_octets(zone) if zone is not None else None,
            imei=message.imei,
            camel_charging_information=message.camel_charging_information,
            ordering=Ordering() if keeps_order(qos) else None,
        )

    def _ipv4(self, grant: _Grant) -> bytes | None:
        if 4 not in grant.families:
            return None
        return _address(grant.access.ipv4, grant.ipv4, grant.replaces)

    def _ipv6(self, grant: _Grant, authorization: Authorization | None) -> bytes | None:
        """Return prefix and interface identifier (TS 29.061 §11.2.1.3.2)."""
        if 6 not in grant.families:
            return None
        static = grant.ipv6[:PREFIX_LENGTH] if grant.ipv6 is not None else None
        prefix = _address(grant.access.ipv6, static, grant.replaces)
        ordered = authorization.interface_id if authorization is not None else None
        return grant.ipv6 or prefix + (ordered or self._interface_id())

    def _interface_id(self) -> bytes:
        """Return what the MS makes its link-local address of; ours is another."""
        # Neither 0, which stands for any router, nor 1, which is ours.
        identifier = self._core.random.getrandbits(64) & ~_UNIVERSAL | 2
        return identifier.to_bytes(8, "big")

    def acceptance(
        self, message: CreatePdpContextRequest, context: PdpContext, cause: Cause
    ) -> CreatePdpContextResponse:
        """Return what tells an SGSN that a context is there."""
        config = self._core.config
        return CreatePdpContextResponse(
            teid=context.tunnel.sgsn_teid,
            cause=cause,
            reordering_required=context.ordering is not None,
            recovery=self._core.recovery,
            teid_data=context.teid_data,
            teid_control=context.tunnel.teid,
            charging_id=context.charging_id,
            end_user_address=context.end_user_address,
            pco=context.options(message.pco),
            ggsn_address_control=config.control_address,
            ggsn_address_user=config.user_address,
            qos=context.qos,
            bearer_control_mode=mode_for_sgsn(context, message.common_flags),
        )

    def next_charging_id(self) -> int:
        """Return a Charging ID: never 0, and not again for a long time (TS 29.060 §7.7.26)."""
        self._charging_id = (self._charging_id + 1) & 0xFFFFFFFF or 1
        return self._charging_id


def _bound(access: AccessPoint, imsi: str, size: int) -> bytes | None:
    """Return a subscriber's static address where it has so many octets, or None."""
    binding = access.bindings.get(imsi)
    octets = binding.octets if binding is not None else b""
    return octets if len(octets) == size else None


def _address(
    pool: AddressPool | None, static: bytes | None, replaces: tuple[PdpContext, ...]
) -> bytes:
    """Take a static address or one of the pool, out of which those of ``replaces`` are given back.

    Their owner is the same: nobody takes its packets for another's.
    """
    if static is not None:
        if pool is not None:
            pool.claim(static)
        return static
    assert pool is not None, "granted although there is no pool"
    given_back = (octets for context in replaces for octets in context.addresses)
    octets = pool.take() or next((one for one in given_back if pool.take_held(one)), None)
    assert octets is not None, "granted although the pool was exhausted"
    return octets


def _require_free(pool: AddressPool, replaces: tuple[PdpContext, ...]) -> None:
    """Refuse where there is neither a free address nor one that becomes free."""
    if pool.exhausted and not any(octets in pool for c in replaces for octets in c.addresses):
        raise RefusedError(Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED)
