"""Paging: a mobile in STANDBY is called before anything is sent to it.

Specs: TS 23.060 §8.1.4 (paging for GPRS), TS 24.008 §4.7.9.1 (paging with the P-TMSI), §4.7.2.1
(READY timer).

Theory of operation. This is the A/Gb way: the mobile answers a page with any LLC frame, by which
it becomes READY; the Service Request of the Iu way is not used. A mobile that has nothing to say
answers with a UI frame without information, for a NULL frame would not make it READY. It is paged
``RadioTimers.paging_attempts`` times, T3313 apart. Frames for it wait meanwhile; the same
signalling once more is what is waiting already, and of user data the oldest goes where there is
too much. After the last expiry they are dropped, and the HLR is told as soon as the mobile is
heard (TS 23.060 §9.2.2.2, "MS not reachable for GPRS").
"""

from __future__ import annotations

from collections.abc import Callable

from corenet.interfaces import paging
from corenet.interfaces.llc import Sapi
from corenet.interfaces.node import Datagram, Interface
from corenet.schedule import Alarm
from corenet.sgsn.core import Core
from corenet.sgsn.events import MobilePaged, PagingAnswered, PagingUnanswered
from corenet.sgsn.mm_context import MmContext

Reached = Callable[[bool, float], None]
"""Called with whether the mobile can be spoken to now."""


class Page:
    """A mobile that is called, and what waits for it."""

    __slots__ = ("alarm", "attempt", "held", "then")

    def __init__(self) -> None:
        self.attempt = 0
        self.alarm: Alarm | None = None
        """T3313."""
        self.held: list[tuple[int, bytes]] = []
        """Frames by SAPI and what is in them."""
        self.then: list[Reached] = []


class Paging:
    """Every mobile that is being called."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._pending: dict[MmContext, Page] = {}
        core.on_leave(lambda mobile, _: self._drop(mobile))

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._pending)

    def reach(self, mobile: MmContext, now: float, then: Reached) -> None:
        """Call ``then`` once the mobile hears, or does not; at once where it is READY.

        It is not called where the mobile leaves meanwhile, or begins anew.
        """
        if mobile.link.standby:
            self._page(mobile, now).then.append(then)
        else:
            then(True, now)

    def hold(self, now: float) -> None:
        """Take the frames that are for mobiles in STANDBY, and have these called."""
        unpaged, self._core.unpaged = self._core.unpaged, []
        for link, sapi, octets in unpaged:
            mobile = self._core.mobiles.at(link.address)
            if mobile is None or mobile.link is not link:
                self._core.count("frames_for_nobody")
                continue
            held = self._page(mobile, now).held
            if sapi == Sapi.MOBILITY_MANAGEMENT and (sapi, octets) in held:
                continue
            held.append((sapi, octets))
            if len(held) > self._core.config.frames_while_paging:
                del held[0]
                self._core.count("frames_not_paged")

    def answered(self, mobile: MmContext, now: float) -> None:
        """Go on with a mobile that has been heard."""
        page = self._drop(mobile)
        if page is None:
            return
        self._core.count("pages_answered")
        self._core.emit(PagingAnswered(mobile.imsi))
        for sapi, octets in page.held:
            self._core.transmit(mobile.link, sapi, octets)
        for then in page.then:
            then(True, now)

    def held(self, mobile: MmContext) -> list[tuple[int, bytes]]:
        """Return what waits for a mobile that is called: SAPIs, and what is in the frames."""
        page = self._pending.get(mobile)
        return [] if page is None else page.held

    def _drop(self, mobile: MmContext) -> Page | None:
        page = self._pending.pop(mobile, None)
        if page is not None and page.alarm is not None:
            page.alarm.cancel()
        return page

    def _page(self, mobile: MmContext, now: float) -> Page:
        """Return the page of a mobile in STANDBY; a new one begins at once."""
        page = self._pending.get(mobile)
        if page is None:
            page = self._pending[mobile] = Page()
            self._transmit(mobile, page, now)
        return page

    def _transmit(self, mobile: MmContext, page: Page, now: float) -> None:
        assert mobile.paged_as is not None  # an attached mobile has one
        page.attempt += 1
        self._core.count("pages_sent")
        self._core.emit(MobilePaged(mobile.imsi, page.attempt))
        request = paging.encode(mobile.paged_as)
        # Where in its routing area it is nobody knows.
        for cell in mobile.area.cells:
            radio = (mobile.link.name, cell)
            self._core.outgoing.append(Datagram(Interface.RADIO, radio, request))

        def expired(now: float) -> None:
            if page.attempt < self._core.config.radio.paging_attempts:
                self._transmit(mobile, page, now)
            else:
                self._give_up(mobile, page, now)

        page.alarm = self._core.schedule.at(now + self._core.config.radio.t3313, expired)

    def _give_up(self, mobile: MmContext, page: Page, now: float) -> None:
        del self._pending[mobile]
        mobile.mnrg = True
        self._core.count("pages_unanswered")
        self._core.counters["frames_not_paged"] += len(page.held)
        self._core.emit(PagingUnanswered(mobile.imsi))
        for then in page.then:
            then(False, now)
