"""Creation of PDP contexts.

Specs: TS 29.060 §7.3.1-7.3.2 (Create PDP Context).
"""

from __future__ import annotations

from dataclasses import dataclass
from socket import inet_aton

from corenet.ggsn.accounting import Accounting
from corenet.ggsn.activations import NetworkActivations
from corenet.ggsn.causes import gtp_cause
from corenet.ggsn.contexts import ControlTunnel, PdpContext, time_zone_octets
from corenet.ggsn.core import Core
from corenet.ggsn.deletion import Deletion
from corenet.ggsn.events import (
    DeletionReason,
    PdpContextCreated,
    PdpContextRefused,
)
from corenet.ggsn.network_activation import NetworkActivation
from corenet.ggsn.pools import AccessPoint, address_text
from corenet.interfaces.activation import Step
from gtp.constants import GTP_U_PORT, Cause
from gtp.endpoint import RequestReceived
from gtp.ies import EndUserAddress, PdpType
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
)


class _RefusedError(Exception):
    """A Create PDP Context Request cannot be served."""

    def __init__(self, cause: Cause, pco: bytes | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.pco = pco


@dataclass(frozen=True, slots=True)
class _Grant:
    """What a Create PDP Context Request gets."""

    access: AccessPoint
    address: str | None
    """The static PDP address, or None where one is to be taken from the pool."""
    cause: Cause
    replaces: tuple[PdpContext, ...]


class Sessions:
    """Creates PDP contexts."""

    def __init__(
        self,
        core: Core,
        activations: NetworkActivations,
        accounting: Accounting,
        deletion: Deletion,
    ) -> None:
        """Work on the contexts in ``core``; ``deletion`` takes those that are replaced."""
        self._core = core
        self._deletion = deletion
        self._activations = activations
        self._accounting = accounting
        self._charging_id = core.random.getrandbits(32)

    # Create

    def create_requested(self, received: RequestReceived, now: float) -> None:
        """Take a Create PDP Context Request and answer it (TS 29.060 §7.3.1)."""
        message = received.message
        assert isinstance(message, CreatePdpContextRequest)
        core = self._core
        tunnel = core.contexts.tunnel(message.teid) if message.teid else None
        imsi = message.imsi or (tunnel.imsi if tunnel is not None else None)
        access = core.access_points.find(message.apn) if message.apn is not None else None
        asked = message.end_user_address.ipv4 if message.end_user_address is not None else None
        activation = None
        if imsi is not None:
            activation = self._activations.matching(imsi, access, asked)
        if activation is not None:
            activation.enter(Step.CREATE_PDP_CONTEXT, now)
        try:
            if message.teid and tunnel is None:
                raise _RefusedError(Cause.NON_EXISTENT)
            if imsi is None:
                raise _RefusedError(Cause.MANDATORY_IE_MISSING)
            grant = self._grant(message, imsi, access, tunnel)
        except _RefusedError as refusal:
            self._refuse(received, message, imsi, tunnel, refusal, now)
            self._activations.create_refused(activation, refusal.cause, now)
            return
        for replaced in grant.replaces:
            self._deletion.remove(replaced, DeletionReason.REPLACED, now)
        if tunnel is None:
            tunnel = self._new_tunnel(received, message, imsi, activation)
        elif message.teid_control is not None:
            tunnel.sgsn_teid = message.teid_control
        core.contexts.open_tunnel(tunnel)
        context = self._make_context(message, tunnel, grant, activation is not None, now)
        core.contexts.add(context)
        core.user_plane.add_tunnel(context.teid_data, context)
        core.counters.contexts_created += 1
        core.watch(tunnel.sgsn_address, now)
        core.endpoint.respond(received, self._acceptance(message, context, grant), now)
        core.events.append(PdpContextCreated(context.view()))
        self._accounting.context_created(context, now)
        self._activations.created(activation, context, now)

    def _grant(
        self,
        message: CreatePdpContextRequest,
        imsi: str,
        access: AccessPoint | None,
        tunnel: ControlTunnel | None,
    ) -> _Grant:
        """Return what is granted, or raise ``_RefusedError``."""
        if message.linked_nsapi is not None:
            # Secondary contexts would share the address of this one.
            raise _RefusedError(Cause.SERVICE_NOT_SUPPORTED)
        if tunnel is None and message.teid_control is None:
            raise _RefusedError(Cause.MANDATORY_IE_MISSING)
        if access is None:
            raise _RefusedError(Cause.MISSING_OR_UNKNOWN_APN)
        if not access.options.admits(message.pco):
            pco = access.options.refusal(message.pco)
            raise _RefusedError(Cause.USER_AUTHENTICATION_FAILED, pco)
        address = message.end_user_address
        if address is None:
            raise _RefusedError(Cause.MANDATORY_IE_MISSING)
        if address.pdp_type not in (PdpType.IPV4, PdpType.IPV4V6):
            raise _RefusedError(Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE)
        binding = access.bindings.get(imsi)
        static = binding.address if binding is not None else None
        if address.ipv4 is not None and address.ipv4 != static:
            raise _RefusedError(Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE)
        replaces = self._replaced_by(imsi, message.nsapi, static)
        limit = self._core.config.maximum_contexts
        if len(self._core.contexts) - len(replaces) >= limit:
            raise _RefusedError(Cause.NO_RESOURCES_AVAILABLE)
        if static is None:
            if access.pool is None:
                raise _RefusedError(Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE)
            if access.pool.exhausted and all(c.access is not access for c in replaces):
                raise _RefusedError(Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED)
        cause = Cause.REQUEST_ACCEPTED
        if address.pdp_type is PdpType.IPV4V6:
            cause = Cause.NEW_PDP_TYPE_NETWORK_PREFERENCE
        return _Grant(access, static, cause, replaces)

    def _replaced_by(self, imsi: str, nsapi: int, static: str | None) -> tuple[PdpContext, ...]:
        """Return the contexts that a new one takes the place of (TS 29.060 §7.3.1).

        One with the same NSAPI; and where the address is static one that has it under another
        NSAPI, which the SGSN must have lost.
        """
        same = self._core.contexts.with_nsapi(imsi, nsapi)
        holder = self._core.contexts.at(inet_aton(static)) if static is not None else None
        return tuple(c for c in dict.fromkeys((same, holder)) if c is not None)

    def _refuse(
        self,
        received: RequestReceived,
        message: CreatePdpContextRequest,
        imsi: str | None,
        tunnel: ControlTunnel | None,
        refusal: _RefusedError,
        now: float,
    ) -> None:
        teid = message.teid_control or (tunnel.sgsn_teid if tunnel is not None else 0)
        response = CreatePdpContextResponse(
            teid=teid, cause=refusal.cause, recovery=self._core.recovery, pco=refusal.pco
        )
        self._core.endpoint.respond(received, response, now)
        self._core.counters.contexts_refused += 1
        self._core.events.append(
            PdpContextRefused(imsi, message.apn, received.peer[0], gtp_cause(refusal.cause))
        )

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

    def _make_context(
        self,
        message: CreatePdpContextRequest,
        tunnel: ControlTunnel,
        grant: _Grant,
        network_requested: bool,
        now: float,
    ) -> PdpContext:
        binding = grant.access.bindings.get(tunnel.imsi)
        zone = message.ms_time_zone
        octets = self._address_octets(grant)
        return PdpContext(
            tunnel=tunnel,
            nsapi=message.nsapi,
            access=grant.access,
            address=address_text(octets),
            octets=octets,
            msisdn=message.msisdn or (binding.msisdn if binding is not None else None),
            teid_data=self._core.contexts.new_data_teid(),
            sgsn_user=(message.sgsn_address_user, GTP_U_PORT),
            sgsn_teid_data=message.teid_data,
            charging_id=self._next_charging_id(),
            since=now,
            qos=message.qos,
            network_requested=network_requested,
            selection_mode=message.selection_mode,
            charging_characteristics=message.charging_characteristics,
            rat_type=message.rat_type,
            rai=message.rai,
            user_location=message.user_location,
            ms_time_zone=time_zone_octets(zone) if zone is not None else None,
            imei=message.imei,
        )

    def _address_octets(self, grant: _Grant) -> bytes:
        if grant.address is not None:
            return inet_aton(grant.address)
        octets = grant.access.pool.take() if grant.access.pool is not None else None
        assert octets is not None, "granted although the pool was exhausted"
        return octets

    def _acceptance(
        self, message: CreatePdpContextRequest, context: PdpContext, grant: _Grant
    ) -> CreatePdpContextResponse:
        config = self._core.config
        return CreatePdpContextResponse(
            teid=context.tunnel.sgsn_teid,
            cause=grant.cause,
            reordering_required=False,
            recovery=self._core.recovery,
            teid_data=context.teid_data,
            teid_control=context.tunnel.teid,
            charging_id=context.charging_id,
            end_user_address=EndUserAddress.for_ipv4(context.address),
            pco=grant.access.options.answer(message.pco, context.octets),
            ggsn_address_control=config.control_address,
            ggsn_address_user=config.user_address,
            qos=context.qos,
        )

    def _next_charging_id(self) -> int:
        """Return a Charging ID: never 0, and not again for a long time (TS 29.060 §7.7.26)."""
        self._charging_id = (self._charging_id + 1) & 0xFFFFFFFF or 1
        return self._charging_id
