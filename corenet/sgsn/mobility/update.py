"""Routing area update inside this SGSN, and P-TMSI reallocation.

Specs: TS 23.060 §6.9.1.2.1 (intra-SGSN update), TS 24.008 §4.7.5 (update), §4.7.6 (reallocation),
§10.5.7.1 (PDP context status).

Theory of operation. A mobile that says who it is with a P-TMSI and signature of this SGSN is
accepted where it is attached; else it is rejected, with cause 9 (not known) or 10 (detached), and
attaches. Unless the update is periodic it gets a new P-TMSI, so that T3350 runs until Complete.
Where mobiles are authenticated, one that does not name the key of its last authentication is first.
A PDP context that only one of the two sides has is ended. T3350 runs in the same way for a P-TMSI
that is given by command.
"""

from __future__ import annotations

from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.nas.gmm import (
    PTmsiReallocationCommand,
    RoutingAreaUpdateAccept,
    RoutingAreaUpdateReject,
    RoutingAreaUpdateRequest,
    UpdateType,
    area_text,
    context_status,
)
from corenet.sgsn.core import Core
from corenet.sgsn.events import (
    DeactivationReason,
    MmState,
    PdpState,
    PTmsiReallocated,
    RoutingAreaUpdated,
    RoutingAreaUpdateRefused,
)
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.mobility.attach import Attaches
from corenet.sgsn.mobility.authentication import Authentications, Refusal
from corenet.sgsn.mobility.detach import Detaches
from corenet.sgsn.radio import RadioLink
from corenet.sgsn.repetition import Repetition
from corenet.sgsn.sessions.management import SessionManagement


class _Given:
    """A P-TMSI whose Complete is awaited."""

    __slots__ = ("repetition", "request")

    def __init__(self, request: RoutingAreaUpdateRequest | None, repetition: Repetition) -> None:
        self.request = request
        """What it is the answer to; None: it was given by command."""
        self.repetition = repetition
        """T3350."""


class Updates:
    """Every update and reallocation under way."""

    def __init__(
        self,
        core: Core,
        attaches: Attaches,
        authentications: Authentications,
        detaches: Detaches,
        sessions: SessionManagement,
    ) -> None:
        self._core = core
        self._attaches = attaches
        self._deactivations = sessions.deactivations
        self._authentications = authentications
        self._detaches = detaches
        self._pending: dict[MmContext, _Given] = {}
        core.on_leave(lambda mobile, _: self._drop(mobile))

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._pending)

    def update(
        self,
        link: RadioLink,
        mobile: MmContext | None,
        request: RoutingAreaUpdateRequest,
        now: float,
    ) -> None:
        """Take a Routing Area Update Request that came over ``link``, the link of ``mobile``."""
        mobile = self._who(mobile, request)
        if mobile is None:
            self.reject(link, "", GmmCause.MS_IDENTITY_CANNOT_BE_DERIVED)
        elif mobile.state is MmState.DETACHED:
            self.reject(link, mobile.imsi, GmmCause.IMPLICITLY_DETACHED)
        elif mobile.state is MmState.ATTACHED or self._attaches.complete(mobile, now):
            if mobile.link is not link:
                self._core.mobiles.move(mobile, link)
            self._authenticate(mobile, request, now)
        else:
            self._core.count("gmm_ignored")

    def _authenticate(
        self, mobile: MmContext, request: RoutingAreaUpdateRequest, now: float
    ) -> None:
        """Accept at once a mobile that names the key of its last authentication."""
        if not self._authentications.wanted or mobile.key_sequence == request.key_sequence:
            self.accept(mobile, request, now)
            return

        def ended(refusal: Refusal | None, now: float) -> None:
            if refusal is None:
                self.accept(mobile, request, now)
            elif refusal.cause is not None:
                self.reject(mobile.link, mobile.imsi, refusal.cause)
            else:
                self._core.emit(RoutingAreaUpdateRefused(mobile.imsi, None))
                self._detaches.implicit(mobile, now)

        self._authentications.begin(mobile, request, ended, now)

    def repeats(self, mobile: MmContext | None, request: RoutingAreaUpdateRequest) -> bool:
        """Say the Accept once more where the request is the one that it answers."""
        given = None if mobile is None else self._pending.get(mobile)
        if given is None or given.request != request:
            return False
        given.repetition.repeat()
        return True

    def complete(self, mobile: MmContext) -> None:
        """Take the Complete of an update or a reallocation."""
        given = self._drop(mobile)
        if given is None or mobile.p_tmsi is None:
            self._core.count("gmm_ignored")
        else:
            self._core.mobiles.confirm(mobile)
            self._core.emit(PTmsiReallocated(mobile.imsi, mobile.p_tmsi))

    def reallocate(self, mobile: MmContext, now: float) -> bool:
        """Give an attached mobile another P-TMSI; False where that cannot be now."""
        if mobile.state is not MmState.ATTACHED or mobile in self._pending:
            return False
        p_tmsi = self._core.mobiles.name(mobile)
        signature = self._core.mobiles.signature(mobile)
        command = PTmsiReallocationCommand(p_tmsi, mobile.area.encode(), signature)
        self._await(mobile, None, command.encode(), now)
        return True

    def reject(self, link: RadioLink, imsi: str, cause: int) -> None:
        """Send a Routing Area Update Reject."""
        self._core.count("updates_refused")
        self._core.emit(RoutingAreaUpdateRefused(imsi, cause))
        self._core.say(link, RoutingAreaUpdateReject(cause))

    def _who(self, mobile: MmContext | None, request: RoutingAreaUpdateRequest) -> MmContext | None:
        """Return the mobile that it is, or None where it cannot show that."""
        if not self._core.serves(request.old_rai):
            return None
        if request.p_tmsi is not None:
            mobile = self._core.mobiles.with_p_tmsi(request.p_tmsi)
        if mobile is None or not self._core.mobiles.signs(
            mobile, request.p_tmsi, request.p_tmsi_signature
        ):
            return None
        return mobile

    def accept(
        self,
        mobile: MmContext,
        request: RoutingAreaUpdateRequest,
        now: float,
        *,
        renamed: bool = False,
    ) -> None:
        """Accept an update, with a new P-TMSI unless the mobile only says that it is still there.

        So an SGSN that the mobile has turned away from cannot fetch its contexts any more.
        ``renamed`` says that it has no P-TMSI of this SGSN.
        """
        self._drop(mobile)
        area = self._core.area_of(mobile.link.address)
        periodic = request.update_type == UpdateType.PERIODIC
        named = renamed or not periodic or area != mobile.area
        mobile.area = area
        if request.context_status is not None:
            self._compare(mobile, request.context_status, now)
        accept = RoutingAreaUpdateAccept(
            area.encode(),
            self._core.mobiles.name(mobile) if named else None,
            self._core.mobiles.signature(mobile) if named else None,
            periodic_update_timer=self._core.periodic_update_timer,
            ready_timer=self._core.agree_ready_timer(mobile, request.ready_timer),
            cause=GmmCause.MSC_TEMPORARILY_NOT_REACHABLE
            if request.update_type in (UpdateType.COMBINED, UpdateType.COMBINED_WITH_IMSI_ATTACH)
            else None,
            context_status=context_status(
                context.nsapi
                for context in mobile.contexts.values()
                if context.state is PdpState.ACTIVE
            ),
        ).encode()
        self._core.count("updates")
        self._core.emit(RoutingAreaUpdated(mobile.imsi, area_text(area.encode()), periodic))
        if named:
            self._await(mobile, request, accept, now)
        else:
            self._core.say_octets(mobile.link, accept)

    def _compare(self, mobile: MmContext, status: int, now: float) -> None:
        """End the contexts that the mobile does not have."""
        for context in list(mobile.contexts.values()):
            if context.state is PdpState.ACTIVE and not status >> context.nsapi & 1:
                self._deactivations.release(mobile, context, DeactivationReason.FORGOTTEN, now)

    def _await(
        self,
        mobile: MmContext,
        request: RoutingAreaUpdateRequest | None,
        octets: bytes,
        now: float,
    ) -> None:
        def give_up(_: float) -> None:
            # The mobile may have the new P-TMSI or not: it is known by both.
            del self._pending[mobile]
            self._core.count("completes_missing")

        repetition = Repetition(
            self._core,
            lambda: self._core.say_octets(mobile.link, octets),
            self._core.config.radio.t3350,
            give_up,
            now,
        )
        self._pending[mobile] = _Given(request, repetition)

    def _drop(self, mobile: MmContext) -> _Given | None:
        given = self._pending.pop(mobile, None)
        if given is not None:
            given.repetition.stop()
        return given
