"""The HLR has forgotten where mobiles are, and is told anew.

Specs: TS 23.007 §5 (restoration of data in the HLR), TS 29.002 §8.10.1 (Reset).

Theory of operation. An HLR that has lost data says so in MAP with Reset. GSUP has no such message:
whoever runs the SGSN calls ``begin`` where the HLR beside it has started without its data, or the
connection to one outside is a new one. Every attached mobile is unconfirmed then. Update Location
is sent for one after the other, ``SgsnConfig.restorations`` at a time, and brings the mobile's
data, too. TS 23.007 waits for each mobile's next contact; but a silent one could not be reached
until then.

    unconfirmed -(its turn)-------------------------> asked
    asked       -(result)---------------------------> confirmed
    asked       -(error)----------------------------> confirmed, and detached with the cause
    asked       -(no answer)------------------------> unconfirmed, ``ATTEMPTS`` times in all
    either      -(attaches anew, detaches, moves)---> none of this
"""

from __future__ import annotations

from typing import Final

from corenet.interfaces.gsup import GsupMessage, MessageType
from corenet.interfaces.nas.causes import GmmCause
from corenet.sgsn.core import Core
from corenet.sgsn.events import DetachReason, LocationsRestored, MmState
from corenet.sgsn.hlr_link import HlrLink
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.mobility.detach import Detaches

ATTEMPTS: Final = 3
"""Update Locations for one mobile; an HLR that is silent for longer has a new connection then."""


class Restorations:
    """The mobiles whose location the HLR may not know."""

    def __init__(self, core: Core, hlr: HlrLink, detaches: Detaches) -> None:
        self._core = core
        self._hlr = hlr
        self._detaches = detaches
        self._unconfirmed: dict[MmContext, int] = {}
        """In the order of their turns, each with the attempts that were made."""
        self._asked: dict[MmContext, int] = {}
        self._restored = 0
        core.on_leave(self._drop)

    def __len__(self) -> int:
        """Return how many mobiles are not confirmed."""
        return len(self._unconfirmed) + len(self._asked)

    def begin(self, now: float) -> None:
        """Tell the HLR of every attached mobile."""
        self._core.count("hlr_resets")
        for mobile in self._core.mobiles:
            if mobile.state is MmState.ATTACHED and mobile not in self._asked:
                self._unconfirmed[mobile] = 0
        self._go_on(now)

    def _go_on(self, now: float) -> None:
        while self._unconfirmed and len(self._asked) < self._core.config.restorations:
            mobile = next(iter(self._unconfirmed))
            self._asked[mobile] = self._unconfirmed.pop(mobile) + 1
            self._ask(mobile, now)
        if self._restored and not len(self):
            self._core.emit(LocationsRestored(self._restored))
            self._restored = 0

    def _ask(self, mobile: MmContext, now: float) -> None:
        self._hlr.update_location(
            mobile.imsi, now, lambda answer, now: self._answered(mobile, answer, now)
        )

    def _answered(self, mobile: MmContext, answer: GsupMessage | None, now: float) -> None:
        attempts = self._asked.pop(mobile, None)
        if attempts is None:
            return  # it has gone, and whoever has it says so
        if answer is None and attempts < ATTEMPTS:
            self._unconfirmed[mobile] = attempts
        elif answer is None:
            self._core.count("restorations_unanswered")
        elif answer.type is MessageType.UPDATE_LOCATION_ERROR:
            cause = GmmCause(answer.cause or GmmCause.NETWORK_FAILURE)
            self._detaches.by_network(mobile, DetachReason.HLR, now, cause)
        else:
            self._core.count("locations_restored")
            self._restored += 1
            mobile.mnrg = False
        self._go_on(now)

    def _drop(self, mobile: MmContext, now: float) -> None:
        self._unconfirmed.pop(mobile, None)
        if self._asked.pop(mobile, None) is not None:
            self._hlr.cancel(mobile.imsi, MessageType.UPDATE_LOCATION_REQUEST)
            self._go_on(now)
