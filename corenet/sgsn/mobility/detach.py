"""GPRS detach: by the mobile, by the network, by the HLR.

Specs: TS 23.060 §6.6, TS 24.008 §4.7.4. A detached mobile stays known, so that who asks for it
hears "detached" and not "unknown"; the oldest beyond ``SgsnConfig.max_detached`` are purged. One
that is detached implicitly, for it was silent, is purged at once.
"""

from __future__ import annotations

from typing import Final

from corenet.interfaces.gsup import GsupMessage
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.nas.gmm import (
    DetachAcceptDownlink,
    DetachRequestDownlink,
    NetworkDetachType,
)
from corenet.schedule import Alarm
from corenet.sgsn.core import Core
from corenet.sgsn.events import DeactivationReason, DetachReason, MmState, MobileDetached
from corenet.sgsn.hlr_link import HlrLink
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.radio import RadioLink
from corenet.sgsn.sessions.deletion import Deletion, after_all
from corenet.sgsn.sessions.management import SessionManagement
from corenet.sgsn.short_messages import ShortMessages

_FORGOTTEN: Final = frozenset(
    {DetachReason.HLR, DetachReason.WITHDRAWN, DetachReason.IMPLICIT, DetachReason.MOVED}
)
"""Detaches after which nothing is kept of the mobile."""
_PURGED: Final = frozenset({DetachReason.WITHDRAWN, DetachReason.IMPLICIT})
"""Those of them that the HLR does not know of."""


class NetworkDetach:
    """A detach that the mobile is to accept (TS 24.008 §4.7.4.2)."""

    __slots__ = ("alarm", "attempt", "message", "reason")

    def __init__(self, message: DetachRequestDownlink, reason: DetachReason) -> None:
        self.message = message
        self.reason = reason
        self.attempt = 0
        self.alarm: Alarm | None = None
        """T3322."""


class Detaches:
    """The ends of attachments."""

    def __init__(
        self,
        core: Core,
        hlr: HlrLink,
        sessions: SessionManagement,
        short_messages: ShortMessages,
    ) -> None:
        self._core = core
        self._hlr = hlr
        self._deactivations = sessions.deactivations
        self._requests = sessions.requests
        self._short_messages = short_messages
        self._pending: dict[MmContext, NetworkDetach] = {}

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._pending)

    def by_mobile(self, mobile: MmContext, power_off: bool, now: float) -> None:
        """Take a Detach Request; its Accept waits until the GGSNs have been told (§4.7.4.1)."""
        deletions = self.forsake(mobile, DeactivationReason.DETACHED, now)
        if mobile.state is not MmState.DETACHED:
            self.stop(mobile)
            reason = DetachReason.POWER_OFF if power_off else DetachReason.MOBILE
            self.gone(mobile, reason, now)
        if not power_off:
            after_all(deletions, lambda _: self._accept(mobile), now)

    def by_network(
        self,
        mobile: MmContext,
        reason: DetachReason,
        now: float,
        cause: GmmCause | None = None,
        kind: NetworkDetachType = NetworkDetachType.REATTACH_NOT_REQUIRED,
    ) -> None:
        """Detach an attached mobile, and have it accept that (§4.7.4.2)."""
        self.forsake(mobile, DeactivationReason.DETACHED, now)
        mobile.enter(MmState.DETACHING, now)
        message = DetachRequestDownlink(kind, cause)
        detach = self._pending[mobile] = NetworkDetach(message, reason)
        self._transmit(mobile, detach, now)

    def implicit(self, mobile: MmContext, now: float) -> None:
        """Give up a mobile that has been silent for too long (TS 23.060 §6.6.2.1)."""
        self.forsake(mobile, DeactivationReason.DETACHED, now)
        self.gone(mobile, DetachReason.IMPLICIT, now)

    def accepted(self, mobile: MmContext, now: float) -> None:
        """Take a Detach Accept."""
        detach = self._pending.get(mobile)
        if detach is not None:
            self.stop(mobile)
            self.gone(mobile, detach.reason, now)

    def send_away(self, link: RadioLink) -> None:
        """Have a mobile attach that speaks as though it were attached.

        So it learns that this SGSN has restarted, or has given it up meanwhile.
        """
        self._core.count("mobiles_sent_away")
        self._core.say(
            link,
            DetachRequestDownlink(
                NetworkDetachType.REATTACH_REQUIRED, GmmCause.IMPLICITLY_DETACHED
            ),
        )

    def forsake(self, mobile: MmContext, reason: DeactivationReason, now: float) -> list[Deletion]:
        """Give up all that is under way for a mobile, then end its contexts."""
        self._core.leave(mobile, now)
        self._short_messages.drop(mobile, now)
        self._requests.mobile_detached(mobile.imsi, now)
        return self.release_contexts(mobile, reason, now)

    def release_contexts(
        self, mobile: MmContext, reason: DeactivationReason, now: float
    ) -> list[Deletion]:
        """End every context of a mobile; return what its GGSNs still do."""
        deletions = [
            self._deactivations.release(mobile, context, reason, now)
            for context in list(mobile.contexts.values())
        ]
        return [deletion for deletion in deletions if deletion is not None]

    def stop(self, mobile: MmContext) -> None:
        """Wait no longer for the mobile to accept a detach."""
        detach = self._pending.pop(mobile, None)
        if detach is not None and detach.alarm is not None:
            detach.alarm.cancel()

    def gone(self, mobile: MmContext, reason: DetachReason | None, now: float) -> None:
        """Make the mobile detached; None says that it had never been attached."""
        mobile.enter(MmState.DETACHED, now)
        mobile.link.standby = False
        self._core.leave(mobile, now)
        mobile.suspended = False
        self._short_messages.drop(mobile, now)
        self._requests.mobile_detached(mobile.imsi, now)
        if reason is not None:
            self._core.count("detaches")
            self._core.emit(MobileDetached(mobile.imsi, reason))
        if reason in _FORGOTTEN:
            self._core.mobiles.remove(mobile)
            if reason in _PURGED:
                self._hlr.purge(mobile.imsi, now, self._purged)
            return
        oldest = self._core.mobiles.note_detached(mobile, self._core.config.max_detached)
        if oldest is not None:
            self._core.mobiles.remove(oldest)
            self._hlr.purge(oldest.imsi, now, self._purged)

    def _purged(self, answer: GsupMessage | None, _: float) -> None:
        self._core.count("purges_answered" if answer else "purges_unanswered")

    def _accept(self, mobile: MmContext) -> None:
        if mobile.state is MmState.DETACHED:
            self._core.say(mobile.link, DetachAcceptDownlink())

    def _transmit(self, mobile: MmContext, detach: NetworkDetach, now: float) -> None:
        detach.attempt += 1
        self._core.say(mobile.link, detach.message)

        def expired(now: float) -> None:
            if detach.attempt < self._core.config.radio.attempts:
                self._transmit(mobile, detach, now)
            else:
                self._core.count("detaches_unanswered")
                del self._pending[mobile]
                self.gone(mobile, detach.reason, now)

        detach.alarm = self._core.schedule.at(now + self._core.config.radio.t3322, expired)
