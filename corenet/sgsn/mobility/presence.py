"""Whether attached mobiles can be reached: READY, STANDBY, and those the HLR waits for.

Specs: TS 23.060 §6.1.2 (states), TS 24.008 §4.7.2 (timers), TS 23.060 §9.2.2.2 and
TS 29.002 §24.5 (Ready for SM).

Theory of operation. ``states.REACHABILITY`` has the two states. The mobile reachable timer is
longer than T3312, after which a mobile that is there would have updated its routing area; so a
mobile whose power-off was lost is not kept for ever.

A frame only notes its time. The one alarm of a mobile finds out when it rings whether there has
been another one since, so that a busy mobile costs no timers.
"""

from __future__ import annotations

from corenet.interfaces.gsup import GsupMessage, MessageType
from corenet.interfaces.nas.gprs_timer import decode_timer
from corenet.sgsn.core import Core
from corenet.sgsn.events import MmState, MobileBecameReachable
from corenet.sgsn.hlr_link import HlrLink
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.mobility.detach import Detaches
from corenet.sgsn.paging import Paging


class Presence:
    """Takes note of mobiles that are heard, and of those that are not."""

    def __init__(self, core: Core, hlr: HlrLink, paging: Paging, detaches: Detaches) -> None:
        self._core = core
        self._detaches = detaches
        self._hlr = hlr
        self._paging = paging
        # Bound once: every mobile has an alarm with one of them.
        self._when_silent = self._silent
        self._when_missing = self._missing

    def awake(self, mobile: MmContext) -> None:
        """Note that a mobile speaks, so that it can be spoken to."""
        if mobile.link.standby:
            mobile.link.standby = False
            if mobile.alarm is not None:
                mobile.alarm.cancel()
                mobile.alarm = None

    def heard(self, mobile: MmContext, now: float) -> None:
        """Note that a mobile has been heard, once what it said is dealt with."""
        mobile.last_heard = now
        self._paging.answered(mobile, now)
        if mobile.state is not MmState.ATTACHED:
            return
        if mobile.alarm is None:
            self._watch(mobile)
        if mobile.mnrg:
            self._tell_hlr(mobile, now)

    def _watch(self, mobile: MmContext) -> None:
        """See that a READY mobile becomes STANDBY when it is silent."""
        ready = mobile.ready_timer
        if ready is None:
            return

        due = mobile.last_heard + ready
        mobile.alarm = self._core.schedule.at_with(due, self._when_silent, mobile)

    def _silent(self, mobile: MmContext, now: float) -> None:
        mobile.alarm = None
        if mobile.ready_timer is None or mobile.last_heard + mobile.ready_timer > now:
            self._watch(mobile)
        else:
            self._core.count("mobiles_to_standby")
            self.miss(mobile, now)

    def miss(self, mobile: MmContext, now: float) -> None:
        """Have an attached mobile, whose alarm has ended, in STANDBY."""
        mobile.link.standby = True
        self._expect(mobile, now)

    def _expect(self, mobile: MmContext, now: float) -> None:
        """See that a mobile in STANDBY updates its routing area in time."""
        periodic = decode_timer(self._core.periodic_update_timer)
        if periodic is None:
            return
        due = now + periodic + self._core.config.radio.mobile_reachable_margin
        mobile.alarm = self._core.schedule.at_with(due, self._when_missing, mobile)

    def _missing(self, mobile: MmContext, now: float) -> None:
        mobile.alarm = None
        self._detaches.implicit(mobile, now)

    def _tell_hlr(self, mobile: MmContext, now: float) -> None:
        """Tell the HLR if it waits for the mobile."""

        def answered(answer: GsupMessage | None, _: float) -> None:
            if answer is not None and answer.type is MessageType.READY_FOR_SM_RESULT:
                mobile.mnrg = False

        if self._hlr.ready_for_sm(mobile.imsi, now, answered):
            self._core.emit(MobileBecameReachable(mobile.imsi))
