"""PDP context activation: what the mobile asks for, whether it began or was asked to.

Specs: TS 24.008 §6.1.3.1 (PDP context activation), §6.1.3.1.5 (abnormal cases), TS 23.060
§9.2.2, TS 29.060 §7.3.1 and §7.3.2 (Create PDP Context).

Theory of operation. An activation that the subscription allows becomes a context at once, which is
CREATING until a GGSN has accepted it; what the mobile, the network or the HLR want meanwhile finds
it there. While the DNS is asked for GGSNs, its tunnel leads nowhere. A GGSN that is silent, or
refuses for want of resources, is followed by the next one of the choice (``ggsn_selection``); the
mobile hears of the last one's refusal only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from corenet.interfaces.names import NameAnswer
from corenet.interfaces.nas.causes import SmCause, sm_cause_for_refused_create
from corenet.interfaces.nas.sm import (
    FIRST_NSAPI,
    ActivatePdpContextReject,
    ActivatePdpContextRequest,
    ActivateSecondaryPdpContextReject,
    ActivateSecondaryPdpContextRequest,
    TransactionIdentifier,
)
from corenet.sgsn.core import Core
from corenet.sgsn.events import (
    ActivationRefused,
    DeactivationReason,
    GgsnPassedOver,
    NetworkRequestFailure,
    PdpContextActivated,
    PdpState,
)
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.pdp_context import (
    ActivationRequest,
    PdpContext,
    address_text,
    can_be_told,
    requested_qos,
)
from corenet.sgsn.sessions.activation_values import acceptance, address_for, fits
from corenet.sgsn.sessions.back_off import as_timer_3
from corenet.sgsn.sessions.deactivation import Deactivations
from corenet.sgsn.sessions.deletion import Deletions
from corenet.sgsn.sessions.ggsn_selection import PASSING, Choice, GgsnSelection
from corenet.sgsn.sessions.network_request import NetworkRequest, NetworkRequests
from corenet.sgsn.sessions.packets import Packets
from corenet.sgsn.sessions.secondary_request import SecondaryRequests
from corenet.sgsn.subscription import Refusal, Selection, network_identifier
from gtp.constants import GTP_C_PORT, Cause
from gtp.ies.session import MS_ONLY
from gtp.ies.values import EndUserAddress
from gtp.messages import CreatePdpContextRequest, CreatePdpContextResponse, Message

RAT_TYPE_GERAN = 2
_NOT_YET_CHOSEN = ""
"""The GGSN of a context while the DNS is asked."""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What an activation that the SGSN allows gets."""

    selection: Selection
    address: EndUserAddress
    request: NetworkRequest | None
    """The network's request that it satisfies."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why the SGSN itself refuses: to the mobile, to the GGSN that asked, and in words."""

    sm_cause: SmCause
    gtp_cause: Cause = Cause.SYSTEM_FAILURE
    reason: NetworkRequestFailure = NetworkRequestFailure.PROTOCOL_ERROR


class Activations:
    """Every activation under way."""

    def __init__(
        self,
        core: Core,
        deletions: Deletions,
        deactivations: Deactivations,
        requests: NetworkRequests,
        packets: Packets,
        secondary_requests: SecondaryRequests,
        selection: GgsnSelection,
    ) -> None:
        self._core = core
        self._selection = selection
        self._secondary_requests = secondary_requests
        self._packets = packets
        self._deletions = deletions
        self._deactivations = deactivations
        self._requests = requests

    def activate(self, mobile: MmContext, asked: ActivatePdpContextRequest, now: float) -> None:
        """Take an Activate PDP Context Request, a retransmitted one included."""
        if self.is_repeated(mobile, asked):
            return
        self.replace(mobile, asked, now)
        request = self._requests.with_ti(mobile.imsi, asked.ti)
        chosen = self._choose(mobile, asked, request)
        if isinstance(chosen, _Refused):
            self._refuse(mobile, asked, chosen, request, now)
            return
        apn = chosen.selection.apn
        if chosen.request is not None:
            choice: Choice | None = Choice((chosen.request.ggsn,))
        else:
            choice = self._selection.find(mobile, apn, asked.apn, now)
        ggsn = choice.ggsns[0] if choice is not None and choice.ggsns else _NOT_YET_CHOSEN
        context = self._open(mobile, asked, chosen, ggsn, now)
        if choice is not None:
            self._begin(mobile, context, chosen.selection, choice, now)
            return

        def answered(answer: NameAnswer, now: float) -> None:
            if mobile.contexts.get(context.nsapi) is context:  # else it was given up
                choice = self._selection.choose(mobile, apn, answer, now)
                self._begin(mobile, context, chosen.selection, choice, now)

        self._selection.wait(mobile, apn, asked.apn, now, answered)

    def refuse_malformed(
        self, mobile: MmContext, ti: TransactionIdentifier, cause: int, now: float
    ) -> None:
        """Refuse an Activate PDP Context Request that cannot be read (TS 24.008 §8.5)."""
        self._core.say(mobile.link, ActivatePdpContextReject(ti.mirrored, cause))
        request = self._requests.with_ti(mobile.imsi, ti)
        if request is not None:
            reason = NetworkRequestFailure.PROTOCOL_ERROR
            self._requests.fail(request, reason, Cause.SYSTEM_FAILURE, now, cause)

    def abort(self, mobile: MmContext, context: PdpContext, now: float) -> None:
        """End an activation because its GGSN deletes the context: the mobile is refused."""
        request = self._requests.with_context(context)
        self._deactivations.release(mobile, context, DeactivationReason.GGSN, now)
        self.reject(mobile, context.request, context.apn, SmCause.NETWORK_FAILURE, None)
        if request is not None:
            self._requests.fail(request, NetworkRequestFailure.CREATE_REFUSED, None, now)
        self._secondary_requests.failed(context, Cause.SYSTEM_FAILURE, now)

    def abandon(self, mobile: MmContext, context: PdpContext, now: float) -> None:
        """End an activation that the mobile has given up."""
        request = self._requests.with_context(context)
        self._deactivations.release(mobile, context, DeactivationReason.MOBILE, now)
        if request is not None:
            reason = NetworkRequestFailure.ABANDONED
            self._requests.fail(request, reason, Cause.MS_REFUSES_X, now)
        self._secondary_requests.failed(context, Cause.MS_REFUSES, now)

    def is_repeated(self, mobile: MmContext, asked: ActivationRequest) -> bool:
        """Whether a request has come before; what was answered then is said again."""
        context = mobile.contexts.get(asked.nsapi)
        if context is None or context.request != asked:
            return False
        if context.state is PdpState.DEACTIVATING:
            return False
        self._core.count("activations_repeated")
        if context.state is PdpState.ACTIVE:
            self._core.say_octets(mobile.link, context.accept)
        return True

    def replace(self, mobile: MmContext, asked: ActivationRequest, now: float) -> None:
        """End what had the NSAPI or transaction identifier of a new request."""
        # A mobile that uses an NSAPI or a transaction identifier anew has lost the old context
        # (TS 24.008 §6.1.3.1.5).
        for context in list(mobile.contexts.values()):
            if context.nsapi == asked.nsapi or context.ti == asked.ti:
                if context.state is PdpState.CREATING:
                    self.abandon(mobile, context, now)
                else:
                    reason = DeactivationReason.REPLACED
                    self._deactivations.release(mobile, context, reason, now)

    def _choose(
        self,
        mobile: MmContext,
        asked: ActivatePdpContextRequest,
        request: NetworkRequest | None,
    ) -> _Chosen | _Refused:
        if asked.nsapi < FIRST_NSAPI:
            return _Refused(SmCause.INVALID_MANDATORY_INFORMATION)
        if asked.pdp_address.pdp_type is None:
            return _Refused(SmCause.UNKNOWN_PDP_ADDRESS_OR_TYPE)
        if len(self._core.tunnels) >= self._core.config.max_contexts:
            return _Refused(
                SmCause.INSUFFICIENT_RESOURCES,
                Cause.NO_RESOURCES_AVAILABLE,
                NetworkRequestFailure.NO_RESOURCES,
            )
        if request is not None and not fits(asked, request):
            return _Refused(SmCause.SEMANTICALLY_INCORRECT_MESSAGE)
        offered_apn = request.asked_apn if request else None
        asked_address = None if asked.pdp_address.dynamic else str(asked.pdp_address)
        selection = mobile.subscription.select(asked.apn or offered_apn, asked_address)
        if isinstance(selection, Refusal):
            return _Refused(
                selection.sm_cause,
                Cause.SERVICE_NOT_SUPPORTED,
                NetworkRequestFailure.NOT_SUBSCRIBED,
            )
        address = address_for(asked, request, selection)
        if request is None:
            # The mobile began by itself meanwhile: the same PDP is as good as an answer.
            request = self._requests.find(mobile.imsi, selection.apn, address_text(address))
        return _Chosen(selection, address, request)

    def _open(
        self,
        mobile: MmContext,
        asked: ActivatePdpContextRequest,
        chosen: _Chosen,
        ggsn: str,
        now: float,
    ) -> PdpContext:
        core = self._core
        context = PdpContext(
            asked,
            core.open_tunnel(mobile.imsi, ggsn),
            apn=chosen.selection.apn,
            address=chosen.address,
            teid_data=core.tunnels.new_teid(),
            network_requested=chosen.request is not None,
            now=now,
        )
        core.open(context)
        mobile.take(context)
        if chosen.request is not None:
            self._requests.activating(chosen.request, context)
        return context

    def _begin(
        self,
        mobile: MmContext,
        context: PdpContext,
        selection: Selection,
        choice: Choice,
        now: float,
    ) -> None:
        """Ask the first GGSN of a choice; where there is none, the mobile is refused."""
        if not choice.ggsns:
            self._give_up(mobile, context, choice.sm_cause, None, choice.back_off, now)
            return
        first, *others = choice.ggsns
        if context.tunnel.ggsn != first:
            self._core.move(context, first)
        context.others = tuple(others)
        self.create(mobile, context, self._request_for(mobile, context, selection), now)

    def create(
        self, mobile: MmContext, context: PdpContext, create: CreatePdpContextRequest, now: float
    ) -> None:
        """Ask the GGSN for a context, once it has deleted an older one of the NSAPI."""
        deletion = self._deletions.pending(mobile.imsi, context.nsapi)
        if deletion is not None:
            deletion.then.append(lambda now: self._send(mobile, context, create, now))
        else:
            self._send(mobile, context, create, now)

    def _send(
        self, mobile: MmContext, context: PdpContext, create: CreatePdpContextRequest, now: float
    ) -> None:
        if mobile.contexts.get(context.nsapi) is not context:
            return  # given up while it waited for the deletion of an older one
        tunnel = context.tunnel
        if create.linked_nsapi is None:
            # What the control tunnel is, or that there is none, may have changed meanwhile.
            create.teid = tunnel.remote_teid
            create.recovery = None if tunnel.remote_teid else self._core.recovery
        context.create_sent = True
        self._core.ask(
            create,
            tunnel.peer,
            now,
            lambda response, now: self._answered(mobile, context, create, response, now),
        )

    def _request_for(
        self, mobile: MmContext, context: PdpContext, selection: Selection
    ) -> CreatePdpContextRequest:
        config, tunnel, asked = self._core.config, context.tunnel, context.request
        subscribed = mobile.subscription.qos_of(context.apn)
        return CreatePdpContextRequest(
            imsi=context.imsi,
            rai=mobile.area.encode(),
            selection_mode=selection.mode,
            teid_data=context.teid_data,
            teid_control=tunnel.teid,
            nsapi=context.nsapi,
            charging_characteristics=selection.charging_characteristics,
            end_user_address=context.address,
            apn=context.apn,
            pco=asked.pco,
            sgsn_address_control=config.control_address,
            sgsn_address_user=config.user_address,
            msisdn=mobile.msisdn or None,
            qos=requested_qos(asked.qos, subscribed),
            common_flags=self._core.config.common_flags,
            rat_type=RAT_TYPE_GERAN,
        )

    def _answered(
        self,
        mobile: MmContext,
        context: PdpContext,
        create: CreatePdpContextRequest,
        response: Message | None,
        now: float,
    ) -> None:
        if self._deletions.settle(context, response, now):
            return
        if not isinstance(response, CreatePdpContextResponse):
            self._fail(mobile, context, create, None, now)
        elif not response.cause.is_acceptance:
            self._fail(mobile, context, create, response, now)
        elif self._connect(context, response, now):
            self._selection.note_served(context.tunnel.ggsn, context.apn)
            self._accept(mobile, context, response, now)
        else:
            # Accepted, but without what is needed to use it, or to delete it.
            self._fail(mobile, context, create, None, now)

    def _fail(
        self,
        mobile: MmContext,
        context: PdpContext,
        create: CreatePdpContextRequest,
        refusal: CreatePdpContextResponse | None,
        now: float,
    ) -> None:
        """Ask the next GGSN, after one that refused or did not answer (None), or end it."""
        gtp_cause = None if refusal is None else refusal.cause
        back_off = None if refusal is None else refusal.ggsn_back_off_time
        ggsn = context.tunnel.ggsn
        if gtp_cause is None:
            self._selection.note_silent(ggsn, now)
        elif gtp_cause in PASSING:
            self._selection.note_refused(ggsn, context.apn, back_off, now)
        if context.others and (gtp_cause is None or gtp_cause in PASSING):
            first, *others = context.others
            self._core.count("ggsns_passed_over")
            self._core.emit(
                GgsnPassedOver(context.imsi, context.apn, context.nsapi, ggsn, gtp_cause, first)
            )
            self._core.move(context, first)
            context.others = tuple(others)
            create = replace(create, teid_control=context.tunnel.teid, teid_data=context.teid_data)
            self._send(mobile, context, create, now)
            return
        timer = None if back_off is None else as_timer_3(back_off)
        cause = sm_cause_for_refused_create(gtp_cause)
        self._give_up(mobile, context, cause, gtp_cause, timer, now)

    def _give_up(
        self,
        mobile: MmContext,
        context: PdpContext,
        cause: SmCause,
        gtp_cause: Cause | None,
        back_off: int | None,
        now: float,
    ) -> None:
        """End an activation that no GGSN has granted."""
        request = self._requests.with_context(context)
        mobile.drop(context)
        self._core.close(context)
        self.reject(mobile, context.request, context.apn, cause, gtp_cause, back_off)
        self._secondary_requests.failed(context, gtp_cause or Cause.SYSTEM_FAILURE, now)
        if request is None:
            return
        if gtp_cause is not None:
            # No Reject: the GGSN knows that it has refused.
            self._requests.fail(request, NetworkRequestFailure.CREATE_REFUSED, None, now, cause)
        else:
            reason = NetworkRequestFailure.CREATE_UNANSWERED
            self._requests.fail(request, reason, Cause.SYSTEM_FAILURE, now, cause)

    def _connect(self, context: PdpContext, response: CreatePdpContextResponse, now: float) -> bool:
        """Note the GGSN's end of the tunnels; False where it has not said what that is."""
        tunnel = context.tunnel
        context.remote_teid_control = response.teid_control or tunnel.remote_teid
        user = response.ggsn_address_user
        if not context.remote_teid_control or response.teid_data is None or user is None:
            return False
        tunnel.remote_teid = context.remote_teid_control
        if response.ggsn_address_control is not None:
            tunnel.peer = (response.ggsn_address_control, GTP_C_PORT)
        self._core.tunnels.connect(context, user, response.teid_data)
        self._core.watch(tunnel, now)
        return True

    def _accept(
        self,
        mobile: MmContext,
        context: PdpContext,
        response: CreatePdpContextResponse,
        now: float,
    ) -> None:
        given = response.end_user_address
        if given is not None and can_be_told(given):
            context.address = given
        context.enter(PdpState.ACTIVE, now)
        context.qos = response.qos or context.qos
        context.bearer_control_mode = response.bearer_control_mode or MS_ONLY
        context.accept = acceptance(context, response).encode()
        self._core.say_octets(mobile.link, context.accept)
        self._packets.flush(context)
        self._core.count("contexts_activated")
        if context.linked_nsapi is None:
            request = self._requests.with_context(context) or self._requests.find(
                context.imsi, context.apn, context.address_text
            )
            context.network_requested = request is not None
            if request is not None:
                self._requests.satisfied(request)
        else:
            self._secondary_requests.satisfied(context, now)
        self._core.emit(
            PdpContextActivated(
                context.imsi,
                context.apn,
                context.nsapi,
                context.address_text,
                context.tunnel.peer[0],
                context.network_requested,
            )
        )

    def _refuse(
        self,
        mobile: MmContext,
        asked: ActivatePdpContextRequest,
        refused: _Refused,
        request: NetworkRequest | None,
        now: float,
    ) -> None:
        apn = network_identifier(asked.apn or "")
        self.reject(mobile, asked, apn, refused.sm_cause, None)
        if request is not None:
            self._requests.fail(request, refused.reason, refused.gtp_cause, now, refused.sm_cause)

    def reject(
        self,
        mobile: MmContext,
        asked: ActivationRequest,
        apn: str,
        cause: SmCause,
        gtp_cause: Cause | None,
        back_off: int | None = None,
    ) -> None:
        """Refuse a mobile what it has asked for."""
        kind: type[ActivatePdpContextReject | ActivateSecondaryPdpContextReject]
        kind = ActivatePdpContextReject
        if isinstance(asked, ActivateSecondaryPdpContextRequest):
            kind = ActivateSecondaryPdpContextReject
        self._core.say(mobile.link, kind(asked.ti.mirrored, cause, back_off_timer=back_off))
        self._core.count("activations_refused")
        self._core.emit(ActivationRefused(mobile.imsi, apn, asked.nsapi, cause, gtp_cause))
