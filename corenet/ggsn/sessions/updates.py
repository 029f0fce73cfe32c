"""Changes of PDP contexts: what an SGSN tells, and what an SGSN is asked for.

Specs: TS 29.060 §7.3.3-7.3.4 (Update PDP Context), §7.3.7 (Error Indication), §7.5B (MS Info
Change Notification);
TS 23.060 §9.2.3 (modification), §6.9.1.2.2 (another SGSN), §15.6 (direct tunnel).

Theory of operation. An SGSN's request is believed: it may be another SGSN than before, and
whatever it says is taken over at once, so that the response goes to its new TEID already.

A request of ours is open at most once per context. It ends in one event:

- the SGSN accepts: the QoS that it names counts, or else the one asked for;
- it says "Non-existent": the context is deleted, since nobody serves it any more;
- it refuses, or says nothing: the context stays as it was;
- something else is asked for meanwhile: the first is given up (superseded);
- the context is deleted meanwhile: given up;
- the SGSN changes meanwhile: the new one is asked instead.

A change that the MS asks for meanwhile is refused: "Collision with network initiated request". A
traffic flow template that is wrong is refused with the Cause of its kind of error, and with it all
that the request says.

A direct tunnel whose RNC answers with an Error Indication is the SGSN's to repair: it is told
by an Update PDP Context Request with the Error Indication flag, and nothing goes down until its
own Update comes. If it does not even answer, the context is deleted.
"""

from __future__ import annotations

from corenet.ggsn.aaa.accounting import Accounting
from corenet.ggsn.activation.causes import gtp_cause
from corenet.ggsn.contexts import (
    ControlTunnel,
    PdpContext,
    PendingUpdate,
    UpdateEnded,
    time_zone_octets,
)
from corenet.ggsn.core import Core, can_be_reached
from corenet.ggsn.events import (
    DeletionReason,
    PdpContextUpdated,
    PdpContextUpdateFailed,
    PdpContextUpdateRefused,
    UpdatedBy,
    UpdateFailure,
)
from corenet.ggsn.options.pco import MODE_SELECTED
from corenet.ggsn.pools import AccessPoint
from corenet.ggsn.sessions.bearer_control import (
    mode_for_sgsn,
    note_mobile,
    note_sgsn,
    require_network,
)
from corenet.ggsn.sessions.deletion import Deletion
from corenet.gi.flows import Filters, applied
from gtp.codes import DirectTunnelFlags
from gtp.constants import GTP_C_PORT, GTP_U_PORT, Cause
from gtp.endpoint import FailureReason, RequestReceived
from gtp.ies.filters import TftError, TrafficFlowTemplate
from gtp.ies.quality import limited_qos
from gtp.messages import (
    Message,
    MsInfoChangeNotificationRequest,
    MsInfoChangeNotificationResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)


class Updates:
    """Takes and asks for changes of PDP contexts."""

    def __init__(self, core: Core, accounting: Accounting, deletion: Deletion) -> None:
        """Work on the contexts in ``core``."""
        self._core = core
        self._accounting = accounting
        self._deletion = deletion

    # What an SGSN asks

    def requested(self, received: RequestReceived, now: float) -> None:
        """Take an Update PDP Context Request and answer it (TS 29.060 §7.3.3)."""
        message = received.message
        assert isinstance(message, UpdatePdpContextRequest)
        context = self._meant(message)
        if message.lacking_from_sgsn() is not None:
            self._refuse(received, message, context, Cause.MANDATORY_IE_MISSING, now)
            return
        if context is None:
            self._refuse(received, message, context, Cause.NON_EXISTENT, now)
            return
        if _collides(context, message):
            cause = Cause.COLLISION_WITH_NETWORK_INITIATED_REQUEST
            self._refuse(received, message, context, cause, now)
            return
        ends = _ends(message)
        if ends is None:
            self._refuse(received, message, context, Cause.MANDATORY_IE_INCORRECT, now)
            return
        try:
            filters = template_of(context, message.tft)
        except TftError as error:
            self._refuse(received, message, context, error.cause, now)
            return
        before = self._accounting.attributes_of(context)
        self._move(context, message, ends, received.peer[0], now)
        _take_over(context, message)
        if message.tft is not None:
            self._core.contexts.set_filters(context, filters)
        core, config = self._core, self._core.config
        response = UpdatePdpContextResponse(
            teid=context.tunnel.sgsn_teid,
            cause=Cause.REQUEST_ACCEPTED,
            recovery=core.recovery,
            teid_data=context.teid_data,
            teid_control=context.tunnel.teid,
            charging_id=context.charging_id,
            pco=context.options(message.pco),
            gsn_addresses=(config.control_address, config.user_address),
            qos=context.qos,
            bearer_control_mode=mode_for_sgsn(context, message.common_flags),
        )
        core.endpoint.respond(received, response, now)
        self._tell(context, before, UpdatedBy.SGSN, now)
        self._ask_elsewhere(context.tunnel, now)
        mode = context.bearer_control_mode
        if context.ms_takes_requests and mode != context.told_mode and context.update is None:
            for bearer in context.bearers:
                bearer.told_mode = mode
            self._ask(PendingUpdate(context, None, mode=mode), now)

    def _meant(self, message: UpdatePdpContextRequest) -> PdpContext | None:
        """Return the context that a request means, or None.

        Without a TEID in the header the IMSI tells whose it is (TS 29.060 §7.3.3).
        """
        contexts = self._core.contexts
        if message.teid:
            tunnel = contexts.tunnel(message.teid)
            return tunnel.contexts.get(message.nsapi) if tunnel is not None else None
        return contexts.with_nsapi(message.imsi, message.nsapi) if message.imsi else None

    def _refuse(
        self,
        received: RequestReceived,
        message: UpdatePdpContextRequest,
        context: PdpContext | None,
        cause: Cause,
        now: float,
    ) -> None:
        tunnel = context.tunnel if context is not None else None
        if tunnel is None and message.teid:
            tunnel = self._core.contexts.tunnel(message.teid)
        teid = message.teid_control or (tunnel.sgsn_teid if tunnel is not None else 0)
        # An SGSN that asks for what an earlier life of ours had learns of the restart
        # (TS 29.060 §7.3.4).
        response = UpdatePdpContextResponse(teid=teid, cause=cause, recovery=self._core.recovery)
        self._core.endpoint.respond(received, response, now)
        self._core.counters.updates_refused += 1
        host = received.peer[0]
        self._core.events.append(PdpContextUpdateRefused(host, message.nsapi, gtp_cause(cause)))

    def _move(
        self,
        context: PdpContext,
        message: UpdatePdpContextRequest,
        ends: tuple[str, str],
        source: str,
        now: float,
    ) -> None:
        """Take over where control messages and packets of a context go from now on."""
        tunnel, (control, user) = context.tunnel, ends
        assert message.teid_data is not None
        moved = control != tunnel.sgsn_address
        note_sgsn(tunnel, message.common_flags, anew=moved)
        note_mobile(context, message.pco)
        self._core.move_tunnel(tunnel, control, now)
        tunnel.source = source
        if message.teid_control is not None:
            tunnel.sgsn_teid = message.teid_control
        self._core.contexts.move(context, (user, GTP_U_PORT), message.teid_data)
        context.tunnel_lost = False

    def _ask_elsewhere(self, tunnel: ControlTunnel, now: float) -> None:
        """Ask the SGSN of now for what another one was asked for and has not answered."""
        for context in tunnel.contexts.values():
            update = context.update
            if update is not None and update.sgsn_end != context.sgsn_end:
                self._core.endpoint.cancel(update.transaction)
                self._ask(update, now)

    def ms_info_changed(self, received: RequestReceived, now: float) -> None:
        """Take an MS Info Change Notification Request and answer it (TS 29.060 §7.5B.1).

        It tells of the MS, so all contexts that it shares with the SGSN change; or of one, where
        it names an NSAPI.
        """
        message = received.message
        assert isinstance(message, MsInfoChangeNotificationRequest)
        contexts = self._told_of(message)
        for context in contexts:
            before = self._accounting.attributes_of(context)
            context.rat_type = message.rat_type
            if message.user_location is not None:
                context.user_location = message.user_location
            self._tell(context, before, UpdatedBy.SGSN, now)
        response = MsInfoChangeNotificationResponse(
            teid=contexts[0].tunnel.sgsn_teid if contexts else 0,
            cause=Cause.REQUEST_ACCEPTED if contexts else Cause.NON_EXISTENT,
            imsi=message.imsi,
            linked_nsapi=message.linked_nsapi,
            imei=message.imei,
        )
        self._core.endpoint.respond(received, response, now)

    def _told_of(self, message: MsInfoChangeNotificationRequest) -> list[PdpContext]:
        contexts = self._core.contexts
        if message.teid:
            tunnel = contexts.tunnel(message.teid)
            found = list(tunnel.contexts.values()) if tunnel is not None else []
        else:
            found = contexts.of(message.imsi) if message.imsi is not None else []
        nsapi = message.linked_nsapi
        return [context for context in found if nsapi in (None, context.nsapi)]

    # What we ask of an SGSN

    def change_qos(
        self, imsi: str, access: AccessPoint, qos: bytes, now: float, nsapi: int | None = None
    ) -> int:
        """Ask for another QoS of the subscriber's contexts on an access point; return how many."""
        found = [
            context
            for context in self._core.contexts.of(imsi)
            if context.access is access and nsapi in (None, context.nsapi)
        ]
        for context in found:
            self.ask_qos(context, qos, now)
        return len(found)

    def ask_qos(
        self, context: PdpContext, qos: bytes, now: float, ended: UpdateEnded | None = None
    ) -> None:
        """Ask for another QoS of one context, whose end is told to ``ended`` too."""
        qos = limited_qos(qos, context.access.apn.qos)
        self._supersede(PendingUpdate(context, qos, ended=ended), now)

    def ask_template(self, context: PdpContext, tft: bytes, now: float) -> None:
        """Ask for another traffic flow template of one context.

        Raises BearerControlError where the network may not ask, TftError for a wrong template.
        """
        require_network(context)
        filters = template_of(context, tft)
        self._supersede(PendingUpdate(context, None, tft=tft, filters=filters), now)

    def _supersede(self, update: PendingUpdate, now: float) -> None:
        context = update.context
        if context.update is not None:
            self._core.endpoint.cancel(context.update.transaction)
            self._fail(context, UpdateFailure.SUPERSEDED, now)
        self._ask(update, now)

    def error_indicated(self, host: str, teid: int, now: float) -> None:
        """Take that the other end of a tunnel knows nothing of it (TS 29.060 §7.3.7)."""
        context = self._core.contexts.at_peer(host, teid)
        if context is None:
            return
        if not context.direct_tunnel:
            self._deletion.remove(context, DeletionReason.ERROR_INDICATION, now)
        elif not context.tunnel_lost:
            context.tunnel_lost = True
            if context.update is not None:
                self._core.endpoint.cancel(context.update.transaction)
            self._ask(context.update or PendingUpdate(context, None), now)

    def _ask(self, update: PendingUpdate, now: float) -> None:
        """Send an Update PDP Context Request."""
        context = update.context
        tunnel = context.tunnel
        request = UpdatePdpContextRequest(
            teid=tunnel.sgsn_teid,
            nsapi=context.nsapi,
            qos=update.qos,
            tft=update.tft,
            pco=MODE_SELECTED[update.mode] if update.mode is not None else None,
            bearer_control_mode=update.mode,
            direct_tunnel_flags=DirectTunnelFlags.ERROR_INDICATION if context.tunnel_lost else None,
        )
        update.sgsn_end = context.sgsn_end
        context.update = update
        peer = (tunnel.sgsn_address, GTP_C_PORT)
        asks_ms = (update.qos, update.tft, update.mode) != (None, None, None)
        transaction = self._core.request(request, peer, now, context=update, asks_ms=asks_ms)
        if transaction is None:
            self._fail(context, UpdateFailure.TIMED_OUT, now)
            return
        update.transaction = transaction

    def responded(self, update: PendingUpdate, response: Message, now: float) -> None:
        """Take the SGSN's answer to a request of ours."""
        assert isinstance(response, UpdatePdpContextResponse)
        context = update.context
        if response.cause is Cause.NON_EXISTENT:
            self._fail(context, UpdateFailure.REFUSED, now, response.cause)
            self._deletion.remove(context, DeletionReason.UNKNOWN_TO_SGSN, now)
        elif not response.cause.is_acceptance:
            self._fail(context, UpdateFailure.REFUSED, now, response.cause)
        else:
            before = self._accounting.attributes_of(context)
            context.update = None
            if response.teid_data is not None or response.gsn_addresses:
                # The first address is the SGSN's user plane.
                host = next(filter(can_be_reached, response.gsn_addresses), context.sgsn_user[0])
                teid = response.teid_data or context.sgsn_teid_data
                self._core.contexts.move(context, (host, GTP_U_PORT), teid)
            context.qos = response.qos or update.qos or context.qos
            if update.tft is not None:
                self._core.contexts.set_filters(context, update.filters)
            self._tell(context, before, UpdatedBy.GGSN, now)
            update.end(None, now)

    def request_failed(self, update: PendingUpdate, reason: FailureReason, now: float) -> None:
        """Take that a request of ours got no usable response."""
        silent = reason is FailureReason.TIMED_OUT
        failure = UpdateFailure.TIMED_OUT if silent else UpdateFailure.INVALID_RESPONSE
        self._fail(update.context, failure, now)
        if update.context.tunnel_lost:
            self._deletion.remove(update.context, DeletionReason.ERROR_INDICATION, now)

    # What came of it

    def _fail(
        self,
        context: PdpContext,
        failure: UpdateFailure,
        now: float,
        cause: Cause | None = None,
    ) -> None:
        update, context.update = context.update, None
        self._core.counters.updates_failed += 1
        self._core.events.append(
            PdpContextUpdateFailed(
                context.view(), failure, gtp_cause(cause) if cause is not None else None
            )
        )
        if update is not None:
            update.end(failure, now)

    def _tell(self, context: PdpContext, before: bytes, by: UpdatedBy, now: float) -> None:
        self._core.counters.contexts_updated += 1
        self._core.events.append(PdpContextUpdated(context.view(), by))
        self._accounting.context_updated(context, before, now)


def _ends(message: UpdatePdpContextRequest) -> tuple[str, str] | None:
    """Return where an SGSN wants control messages and packets, None where we cannot send there.

    One that has both families may have put our own second (TS 29.060 §7.3.3).
    """
    offered = (
        (message.sgsn_address_control, message.alternative_sgsn_address_control),
        (message.sgsn_address_user, message.alternative_sgsn_address_user),
    )
    control, user = (
        next((one for one in pair if one is not None and can_be_reached(one)), None)
        for pair in offered
    )
    return None if control is None or user is None else (control, user)


def _collides(context: PdpContext, message: UpdatePdpContextRequest) -> bool:
    """Whether it is a change of the MS's that crosses one of ours, which goes first.

    What an SGSN says on its own account, such as where it is now, is always taken.
    """
    if context.update is None or context.tunnel_lost:
        return False
    here = (context.sgsn_user[0], context.sgsn_teid_data)
    moves = (message.sgsn_address_user, message.teid_data) != here
    return not moves and (message.tft is not None or message.qos != context.qos)


def template_of(context: PdpContext, tft: bytes | None) -> Filters:
    """Return what an operation makes of a context's template. Raises TftError."""
    if tft is None:
        return context.filters
    others = [bearer.filters for bearer in context.bearers if bearer is not context]
    return applied(context.filters, TrafficFlowTemplate.parse(tft), others)


def _take_over(context: PdpContext, message: UpdatePdpContextRequest) -> None:
    """Take over what else an SGSN says of a context."""
    assert message.qos is not None
    context.qos = limited_qos(message.qos, context.access.apn.qos)
    flags = message.direct_tunnel_flags
    context.direct_tunnel = flags is not None and DirectTunnelFlags.DIRECT_TUNNEL in flags
    if message.rat_type is not None:
        context.rat_type = message.rat_type
    if message.rai is not None:
        context.rai = message.rai
    if message.user_location is not None:
        context.user_location = message.user_location
    if message.ms_time_zone is not None:
        context.ms_time_zone = time_zone_octets(message.ms_time_zone)
    if message.imei is not None:
        context.imei = message.imei
