"""PDP context deactivation: by the mobile, by the network, and without anyone's consent.

Specs: TS 23.060 §9.2.4, TS 24.008 §6.1.3.4 (deactivation procedures), TS 23.007 (restart).

Theory of operation. A context that is deactivated loses its tunnel endpoints at once, so that
nothing flows any more. What is left is to tell those who don't know yet. When the mobile asked,
the GGSN is told first and the mobile gets its Accept once the GGSN has answered or stayed
silent. When the network decided, the mobile gets Deactivate PDP Context Request,
``RadioTimers.attempts`` times in all, T3395 apart, and the context is forgotten after that.

With teardown the contexts that share its PDP address and APN go, too. They are forgotten at once:
whoever hears of the one that is named ends them as well. The last context of an address always
goes with teardown.
"""

from __future__ import annotations

from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.sm import DeactivatePdpContextAccept, DeactivatePdpContextRequest
from corenet.schedule import Alarm
from corenet.sgsn.core import Core
from corenet.sgsn.events import DeactivationReason, PdpContextDeactivated, PdpState
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.pdp_context import PdpContext
from corenet.sgsn.sessions.deletion import Deletion, Deletions, Then


class Deactivation:
    """One context whose end not everyone has agreed to."""

    __slots__ = ("alarm", "attempt", "then")

    def __init__(self) -> None:
        self.alarm: Alarm | None = None
        """T3395 when the mobile's Accept is awaited, else None."""
        self.attempt = 0
        self.then: list[Then] = []


class Deactivations:
    """Every deactivation under way."""

    def __init__(self, core: Core, deletions: Deletions) -> None:
        self._core = core
        self._deletions = deletions
        self._pending: dict[PdpContext, Deactivation] = {}

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._pending)

    def __contains__(self, context: PdpContext) -> bool:
        """Return whether ``context`` is being deactivated."""
        return context in self._pending

    def by_mobile(
        self,
        mobile: MmContext,
        context: PdpContext,
        cause: int,
        now: float,
        *,
        teardown: bool = False,
    ) -> None:
        """Deactivate an active context that the mobile wants deactivated (§6.1.3.4.1)."""
        teardown = self._drop_others(
            mobile, context, cause, DeactivationReason.MOBILE, now, teardown=teardown
        )
        self._pending[context] = Deactivation()
        self._end(context, cause, DeactivationReason.MOBILE, now)
        context.enter(PdpState.DEACTIVATING, now)

        def deleted(now: float) -> None:
            if context in self._pending:
                self._core.say(mobile.link, DeactivatePdpContextAccept(context.ti.mirrored))
                self.over(mobile, context, now)

        self._deletions.delete(context, now, teardown=teardown).then.append(deleted)

    def by_network(
        self,
        mobile: MmContext,
        context: PdpContext,
        cause: SmCause,
        reason: DeactivationReason,
        now: float,
        *,
        delete: bool,
        teardown: bool = False,
    ) -> None:
        """Deactivate an active context and have the mobile accept it (§6.1.3.4.2).

        ``delete`` says whether the GGSN still has the context and is to delete it.
        """
        teardown = self._drop_others(mobile, context, cause, reason, now, teardown=teardown)
        deactivation = self._pending[context] = Deactivation()
        self._end(context, cause, reason, now)
        context.enter(PdpState.DEACTIVATING, now)
        if delete:
            self._deletions.delete(context, now, teardown=teardown)
        request = DeactivatePdpContextRequest(context.ti.mirrored, cause, teardown=teardown)
        self._transmit(mobile, context, deactivation, request, now)

    def release(
        self, mobile: MmContext, context: PdpContext, reason: DeactivationReason, now: float
    ) -> Deletion | None:
        """End a context in any state without the mobile; return what its GGSN still does."""
        mobile.drop(context)
        if context.state is PdpState.DEACTIVATING:
            self.over(mobile, context, now)
            return self._deletions.pending(context.imsi, context.nsapi)
        if context.state is PdpState.ACTIVE:
            self._end(context, SmCause.REGULAR_DEACTIVATION, reason, now)
            return self._deletions.delete(context, now, teardown=not context.bearers)
        self._core.close(context)
        return self._deletions.abandon(context) if context.create_sent else None

    def over(self, mobile: MmContext, context: PdpContext, now: float) -> None:
        """Forget a context whose end is agreed to, or that nobody will answer for."""
        deactivation = self._pending.pop(context)
        if deactivation.alarm is not None:
            deactivation.alarm.cancel()
        mobile.drop(context)
        for then in deactivation.then:
            then(now)

    def awaits_mobile(self, context: PdpContext) -> bool:
        """Whether the mobile is to accept the deactivation of ``context``."""
        deactivation = self._pending.get(context)
        return deactivation is not None and deactivation.alarm is not None

    def after(self, context: PdpContext, then: Then, now: float) -> None:
        """Call ``then`` once the deactivation of ``context`` is over; at once where it is."""
        deactivation = self._pending.get(context)
        if deactivation is None:
            then(now)
        else:
            deactivation.then.append(then)

    def _drop_others(
        self,
        mobile: MmContext,
        context: PdpContext,
        cause: int,
        reason: DeactivationReason,
        now: float,
        *,
        teardown: bool,
    ) -> bool:
        """With teardown, end what shares the address; return whether nothing shares it now."""
        if teardown:
            for other in [bearer for bearer in context.bearers if bearer is not context]:
                mobile.drop(other)
                if other.state is PdpState.ACTIVE:
                    self._end(other, cause, reason, now)
                    continue
                self._core.close(other)
                if other.create_sent:
                    self._deletions.abandon(other)
                if other.requested_by is not None:
                    other.requested_by.abandon(now)
        return len(context.bearers) == 1

    def _end(self, context: PdpContext, cause: int, reason: DeactivationReason, now: float) -> None:
        self._core.give_up(context, now)
        self._core.count("contexts_deactivated")
        self._core.emit(
            PdpContextDeactivated(
                context.imsi, context.apn, context.nsapi, context.address_text, cause, reason
            )
        )

    def _transmit(
        self,
        mobile: MmContext,
        context: PdpContext,
        deactivation: Deactivation,
        request: DeactivatePdpContextRequest,
        now: float,
    ) -> None:
        deactivation.attempt += 1
        self._core.say(mobile.link, request)

        def expired(now: float) -> None:
            if deactivation.attempt < self._core.config.radio.attempts:
                self._transmit(mobile, context, deactivation, request, now)
            else:
                self._core.count("deactivations_unanswered")
                self.over(mobile, context, now)

        due = now + self._core.config.radio.t3395
        deactivation.alarm = self._core.schedule.at(due, expired)
