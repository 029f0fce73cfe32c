"""A mobile comes from another SGSN: its contexts are fetched from there, and the GGSNs told.

Specs: TS 23.060 §6.9.1.2.2 (inter-SGSN routing area update), TS 29.060 §7.5.3 to §7.5.5 (SGSN
Context Request, Response and Acknowledge), §7.3.3 (Update PDP Context Request).

Theory of operation. A Routing Area Update Request from a routing area of another SGSN, whose
address ``SgsnConfig.neighbours`` has, goes through these steps, each begun by the end of the one
before:

    SGSN Context Request to the old SGSN
    authentication, where this SGSN does that
    SGSN Context Acknowledge to the old SGSN
    Update PDP Context Request to the GGSN of each context; one that is not accepted is dropped
    Update Location to the HLR, which cancels the location in the old SGSN
    Routing Area Update Accept with a P-TMSI of this SGSN; the packets forwarded meanwhile

Where the old SGSN refuses or is silent the mobile gets Reject 9, and attaches with its IMSI. Where
it cannot be authenticated the Acknowledge says so, and all stays as it was in the old SGSN. Where
the HLR refuses, it gets the HLR's cause. What it is asked for meanwhile waits until it is ATTACHED.
"""

from __future__ import annotations

from collections.abc import Sequence

from corenet.interfaces.gsup import GsupMessage, MessageType
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.nas.gmm import RoutingAreaUpdateRequest, area_text
from corenet.interfaces.nas.sm import (
    ActivatePdpContextAccept,
    ActivatePdpContextRequest,
    TransactionIdentifier,
)
from corenet.sgsn.core import Core
from corenet.sgsn.events import (
    DeactivationReason,
    MmState,
    MobileArrived,
    PdpContextDeactivated,
    PdpState,
)
from corenet.sgsn.hlr_link import HlrLink
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.mobility.authentication import Authentications, Refusal
from corenet.sgsn.mobility.presence import Presence
from corenet.sgsn.mobility.update import Updates
from corenet.sgsn.pdp_context import (
    ALLOCATION_RETENTION_PRIORITY,
    PdpContext,
    can_be_told,
    to_nas,
)
from corenet.sgsn.radio import RadioLink
from corenet.sgsn.sessions.management import SessionManagement
from corenet.sgsn.short_messages import ShortMessages
from gtp.constants import GTP_C_PORT, Cause
from gtp.ies.context import OfNsapi
from gtp.ies.context import PdpContext as PdpContextTold
from gtp.ies.session import MS_ONLY
from gtp.messages import (
    Message,
    SgsnContextAcknowledge,
    SgsnContextRequest,
    SgsnContextResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)

_FLAG = 8
"""Of a transaction identifier of four bits: the mobile has not allocated it."""
_BOTH = 2
"""GSN addresses in an Update PDP Context Response: for signalling, then for user traffic."""


class Arrival:
    """One mobile that comes from another SGSN."""

    __slots__ = ("link", "mobile", "request", "waiting")

    def __init__(self, link: RadioLink, request: RoutingAreaUpdateRequest) -> None:
        self.link = link
        self.request = request
        self.mobile: MmContext | None = None
        """Once the old SGSN has said who it is."""
        self.waiting: set[PdpContext] = set()
        """Contexts whose GGSN has not answered."""


class Arrivals:
    """Every mobile that comes from another SGSN, by the name of its radio link."""

    def __init__(
        self,
        core: Core,
        hlr: HlrLink,
        authentications: Authentications,
        updates: Updates,
        presence: Presence,
        sessions: SessionManagement,
        short_messages: ShortMessages,
    ) -> None:
        self._core = core
        self._hlr = hlr
        self._authentications = authentications
        self._updates = updates
        self._deletions = sessions.deletions
        self._requests = sessions.requests
        self._short_messages = short_messages
        self._packets = sessions.packets
        self._presence = presence
        self._pending: dict[str, Arrival] = {}
        core.on_leave(self._drop)

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._pending)

    def takes(self, request: RoutingAreaUpdateRequest) -> bool:
        """Return whether a mobile comes from an SGSN that can be asked for its contexts."""
        return request.p_tmsi is not None and request.old_rai in self._core.config.neighbours

    def begin(self, link: RadioLink, request: RoutingAreaUpdateRequest, now: float) -> None:
        """Take a Routing Area Update Request; the same once more is a retransmission."""
        name = link.name
        pending = self._pending.get(name)
        if pending is not None and pending.request == request:
            return
        if pending is not None and pending.mobile is not None:
            self._core.leave(pending.mobile, now)
            self._core.mobiles.remove(pending.mobile)
        arrival = self._pending[name] = Arrival(link, request)
        self._core.count("contexts_asked_for")
        asked = SgsnContextRequest(
            rai=request.old_rai,
            tlli=request.p_tmsi,
            p_tmsi_signature=request.p_tmsi_signature,
            teid_control=self._core.tunnels.new_teid(),
            sgsn_address_control=self._core.config.control_address,
        )
        peer = (self._core.config.neighbours[request.old_rai], GTP_C_PORT)
        self._core.ask(asked, peer, now, lambda response, now: self._told(arrival, response, now))

    def forget(self, link: RadioLink) -> None:
        """Give up a mobile that attaches or detaches before the old SGSN has said who it is."""
        arrival = self._pending.get(link.name)
        if arrival is not None and arrival.mobile is None:
            del self._pending[link.name]

    def _told(self, arrival: Arrival, response: Message | None, now: float) -> None:
        if self._pending.get(arrival.link.name) is not arrival:
            return  # it has attached or detached meanwhile, or has gone on
        if (
            not isinstance(response, SgsnContextResponse)
            or not response.cause.is_acceptance
            or response.imsi is None
            or response.sgsn_address_control is None
        ):
            del self._pending[arrival.link.name]
            self._core.count("contexts_refused" if response else "contexts_unanswered")
            self._updates.reject(arrival.link, "", GmmCause.MS_IDENTITY_CANNOT_BE_DERIVED)
            return
        mobile = arrival.mobile = self._admit(arrival, response.imsi, now)

        def ended(refusal: Refusal | None, now: float) -> None:
            if refusal is None:
                self._take(arrival, mobile, response, now)
            else:
                self._turn_away(mobile, response, refusal)

        self._authentications.begin(mobile, arrival.request, ended, now)

    def _turn_away(
        self, mobile: MmContext, response: SgsnContextResponse, refusal: Refusal
    ) -> None:
        """Let the old SGSN go on as if nobody had asked (TS 29.060 §7.5.5)."""
        del self._pending[mobile.link.name]
        self._core.mobiles.remove(mobile)
        self._acknowledge(response, Cause.USER_AUTHENTICATION_FAILED)
        if refusal.cause is not None:
            self._updates.reject(mobile.link, mobile.imsi, refusal.cause)

    def _acknowledge(
        self, response: SgsnContextResponse, cause: Cause, contexts: Sequence[PdpContext] = ()
    ) -> None:
        accepted = cause is Cause.REQUEST_ACCEPTED
        acknowledge = SgsnContextAcknowledge(
            teid=response.teid_control or 0,
            sequence=response.sequence,
            cause=cause,
            teids_data=tuple(OfNsapi(one.nsapi, one.teid_data) for one in contexts),
            sgsn_address_user=self._core.config.user_address if accepted else None,
        )
        peer = response.sgsn_address_control
        assert peer is not None
        self._core.tell(acknowledge, (peer, GTP_C_PORT))

    def _take(
        self, arrival: Arrival, mobile: MmContext, response: SgsnContextResponse, now: float
    ) -> None:
        """Take the contexts over from the old SGSN."""
        contexts = [
            self._open(mobile, told, now)
            for told in response.pdp_contexts
            if can_be_told(told.end_user_address)
        ]
        self._acknowledge(response, Cause.REQUEST_ACCEPTED, contexts)
        arrival.waiting = set(contexts)
        for context in contexts:
            self._update(arrival, mobile, context, now)
        if not contexts:
            self._locate(arrival, mobile, now)

    def _admit(self, arrival: Arrival, imsi: str, now: float) -> MmContext:
        """Make a mobile known; what is left of an earlier stay here is void."""
        mobiles = self._core.mobiles
        before = mobiles.with_imsi(imsi)
        if before is not None:
            self._core.leave(before, now)
            for context in list(before.contexts.values()):
                self._core.give_up(context, now)  # not deleted: another SGSN has it now
            before.enter(MmState.DETACHED, now)  # none of its timers concerns the mobile any more
            mobiles.remove(before)
        mobile = MmContext(imsi, arrival.link, self._core.area_of(arrival.link.address), now)
        mobiles.add(mobile)
        return mobile

    def _open(self, mobile: MmContext, told: PdpContextTold, now: float) -> PdpContext:
        flag, value = divmod(told.transaction_identifier, _FLAG)
        request = ActivatePdpContextRequest(
            TransactionIdentifier(value, bool(flag)),
            told.nsapi,
            told.llc_sapi,
            told.qos_negotiated[len(ALLOCATION_RETENTION_PRIORITY) :],
            to_nas(told.end_user_address),
            told.apn,
        )
        tunnel = self._core.open_tunnel(mobile.imsi, told.ggsn_address_control)
        # Nothing says which contexts were linked; those of one address were (TS 23.060 §9.2.2.1.1).
        address = (told.apn, told.end_user_address)
        sharing = (
            other for other in mobile.contexts.values() if (other.apn, other.address) == address
        )
        context = PdpContext(
            request,
            tunnel,
            apn=told.apn,
            address=told.end_user_address,
            teid_data=self._core.tunnels.new_teid(),
            network_requested=False,
            now=now,
            linked=next(sharing, None),
        )
        context.qos = told.qos_negotiated
        context.remote_teid_control = tunnel.remote_teid = told.uplink_teid_control
        context.accept = ActivatePdpContextAccept(
            request.ti.mirrored, context.sapi, request.qos, pdp_address=request.pdp_address
        ).encode()
        self._core.open(context)
        self._core.tunnels.connect(context, told.ggsn_address_user, told.uplink_teid_data)
        mobile.take(context)
        return context

    def _update(self, arrival: Arrival, mobile: MmContext, context: PdpContext, now: float) -> None:
        """Tell the GGSN where the context is now (TS 29.060 §7.3.3)."""
        config = self._core.config
        request = UpdatePdpContextRequest(
            teid=context.remote_teid_control,
            rai=mobile.area.encode(),
            recovery=self._core.recovery,
            teid_data=context.teid_data,
            teid_control=context.tunnel.teid,
            nsapi=context.nsapi,
            sgsn_address_control=config.control_address,
            sgsn_address_user=config.user_address,
            qos=context.qos,
            common_flags=config.common_flags,
        )
        self._core.ask(
            request,
            context.tunnel.peer,
            now,
            lambda response, now: self._updated(arrival, mobile, context, response, now),
        )

    def _updated(
        self,
        arrival: Arrival,
        mobile: MmContext,
        context: PdpContext,
        response: Message | None,
        now: float,
    ) -> None:
        arrival.waiting.discard(context)
        accepted = isinstance(response, UpdatePdpContextResponse) and response.cause.is_acceptance
        if mobile.contexts.get(context.nsapi) is not context:
            if accepted:
                self._deletions.delete(context, now, teardown=True)  # given up meanwhile
        elif isinstance(response, UpdatePdpContextResponse) and accepted:
            self._take_over(context, response, now)
        else:
            mobile.drop(context)
            self._core.close(context)
            self._core.count("contexts_lost")
            cause = GmmCause.NETWORK_FAILURE if response is None else GmmCause.CONGESTION
            self._core.emit(
                PdpContextDeactivated(
                    mobile.imsi,
                    context.apn,
                    context.nsapi,
                    context.address_text,
                    cause,
                    DeactivationReason.NOT_MOVED,
                )
            )
        if not arrival.waiting and self._pending.get(arrival.link.name) is arrival:
            self._locate(arrival, mobile, now)

    def _take_over(
        self, context: PdpContext, response: UpdatePdpContextResponse, now: float
    ) -> None:
        tunnel = context.tunnel
        context.bearer_control_mode = response.bearer_control_mode or MS_ONLY
        if response.teid_control is not None:
            context.remote_teid_control = tunnel.remote_teid = response.teid_control
        user = context.ggsn_user
        if len(response.gsn_addresses) == _BOTH:
            control, user = response.gsn_addresses
            tunnel.peer = (control, GTP_C_PORT)
        teid = context.remote_teid_data if response.teid_data is None else response.teid_data
        self._core.tunnels.connect(context, user, teid)
        self._core.watch(tunnel, now)
        context.qos = response.qos or context.qos
        request = self._requests.with_context(context)
        if request is not None:
            self._requests.satisfied(request)

    def _locate(self, arrival: Arrival, mobile: MmContext, now: float) -> None:
        self._hlr.update_location(
            mobile.imsi, now, lambda answer, now: self._located(arrival, mobile, answer, now)
        )

    def _located(
        self, arrival: Arrival, mobile: MmContext, answer: GsupMessage | None, now: float
    ) -> None:
        if self._pending.get(arrival.link.name) is not arrival:
            return
        if answer is None or answer.type is MessageType.UPDATE_LOCATION_ERROR:
            cause = GmmCause.NETWORK_FAILURE if answer is None else answer.cause
            self._core.leave(mobile, now)
            self._core.mobiles.remove(mobile)
            self._requests.mobile_detached(mobile.imsi, now)
            self._short_messages.drop(mobile, now)
            self._updates.reject(mobile.link, mobile.imsi, cause or GmmCause.NETWORK_FAILURE)
            return
        del self._pending[arrival.link.name]
        mobile.enter(MmState.ATTACHED, now)
        contexts = [one for one in mobile.contexts.values() if one.state is PdpState.CREATING]
        for context in contexts:
            context.enter(PdpState.ACTIVE, now)
        self._core.count("arrivals")
        self._core.emit(
            MobileArrived(mobile.imsi, mobile.msisdn, area_text(arrival.request.old_rai))
        )
        self._updates.accept(mobile, arrival.request, now, renamed=True)
        for context in contexts:
            self._packets.flush(context)
        self._presence.heard(mobile, now)
        self._requests.mobile_attached(mobile, now)
        self._short_messages.mobile_attached(mobile, now)

    def _drop(self, mobile: MmContext, now: float) -> None:
        """Give up the arrival of a mobile that detaches, or begins anew; so with its contexts."""
        arrival = self._pending.get(mobile.link.name)
        if arrival is None or arrival.mobile is not mobile:
            return
        del self._pending[mobile.link.name]
        self._hlr.cancel(mobile.imsi, MessageType.UPDATE_LOCATION_REQUEST)
        for context in list(mobile.contexts.values()):
            mobile.drop(context)
            self._core.close(context)
            if context not in arrival.waiting:
                self._deletions.delete(context, now, teardown=True)
