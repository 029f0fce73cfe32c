"""Whether attached mobiles can be reached: READY, STANDBY, and those the HLR waits for.

Specs: TS 23.060 §6.1.2 (states), TS 24.008 §4.7.2.1 (READY timer), TS 23.060 §9.2.2.2 and
TS 29.002 §24.5 (Ready for SM).

    READY    -(no frame for as long as the READY timer)--> STANDBY
    STANDBY  -(any frame of the mobile)------------------> READY

A frame only notes its time. The one alarm of a mobile finds out when it rings whether there has
been another one since, so that a busy mobile costs no timers.
"""

from __future__ import annotations

from corenet.interfaces.gsup import GsupMessage, MessageType
from corenet.sgsn.core import Core
from corenet.sgsn.events import MmState, MobileBecameReachable
from corenet.sgsn.hlr_link import HlrLink
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.paging import Paging


class Presence:
    """Takes note of mobiles that are heard, and of those that are not."""

    def __init__(self, core: Core, hlr: HlrLink, paging: Paging) -> None:
        self._core = core
        self._hlr = hlr
        self._paging = paging

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

        def expired(now: float) -> None:
            mobile.alarm = None
            if mobile.last_heard + ready > now:
                self._watch(mobile)
            else:
                mobile.link.standby = True
                self._core.count("mobiles_to_standby")

        mobile.alarm = self._core.schedule.at(mobile.last_heard + ready, expired)

    def _tell_hlr(self, mobile: MmContext, now: float) -> None:
        """Tell the HLR if it waits for the mobile."""

        def answered(answer: GsupMessage | None, _: float) -> None:
            if answer is not None and answer.type is MessageType.READY_FOR_SM_RESULT:
                mobile.mnrg = False

        if self._hlr.ready_for_sm(mobile.imsi, now, answered):
            self._core.emit(MobileBecameReachable(mobile.imsi))
