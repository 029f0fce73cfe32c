"""Asking an HLR that has lost its data after every subscriber that cannot be reached.

Specs: TS 23.007 §5 (restoration of the HLR), TS 23.060 §9.2.2.2.1 (what the HLR answers, and that
it lists the GGSN of a subscriber that cannot be reached), TS 29.060 §7.4.1-7.4.2.

Theory of operation. With its data an HLR loses which GGSNs want to hear when an MS is back. No
standard says how a GGSN learns of it; ``begin`` is called where SGSNs are told as by MAP's Reset.
The GGSN asks for routeing information for each subscriber with MNRG, ``AT_A_TIME`` of them. The
HLR lists it anew, unless the MS is there: that is taken as if the HLR had noted it. Where the HLR
does not know the subscriber or does not answer, nobody would tell, and MNRG is cleared.
"""

from __future__ import annotations

from typing import Final

from corenet.ggsn.activation.reachability import Reachability
from corenet.ggsn.core import Core
from gtp.codes import MapCause, MsNotReachableReason
from gtp.messages import SendRouteingInformationRequest, SendRouteingInformationResponse

AT_A_TIME: Final = 50
STILL_THERE: Final = frozenset(
    (MsNotReachableReason.NO_PAGING_RESPONSE_SGSN, MsNotReachableReason.NO_PAGING_RESPONSE_MSC)
)
"""Reasons for which the SGSN is notified all the same (TS 23.060 §9.2.2.2.1)."""


class Inquiry:
    """One subscriber that the HLR is asked after."""

    __slots__ = ("imsi",)

    def __init__(self, imsi: str) -> None:
        self.imsi = imsi


class Inquiries:
    """The subscribers with MNRG that an HLR without its data is asked after."""

    def __init__(self, core: Core, reachability: Reachability) -> None:
        """Ask for nobody yet."""
        self._core = core
        self._reachability = reachability
        self._turns: dict[str, None] = {}
        self._asked = 0

    def begin(self, now: float) -> None:
        """Ask after everybody with MNRG."""
        self._turns.update(dict.fromkeys(self._reachability.all_not_reachable()))
        self._go_on(now)

    def responded(
        self, inquiry: Inquiry, response: SendRouteingInformationResponse, now: float
    ) -> None:
        """Take the HLR's answer."""
        self._asked -= 1
        sgsn, reason = response.sgsn_address, response.ms_not_reachable_reason
        if response.map_cause is None and response.cause.is_acceptance:
            if sgsn is not None and (reason is None or reason in STILL_THERE):
                self._reachability.note_present(inquiry.imsi, sgsn)
        elif response.map_cause != MapCause.ABSENT_SUBSCRIBER:
            self._reachability.withdraw(inquiry.imsi)
        self._go_on(now)

    def request_failed(self, inquiry: Inquiry, now: float) -> None:
        """Take that the HLR has not answered."""
        self._asked -= 1
        self._reachability.withdraw(inquiry.imsi)
        self._go_on(now)

    def _go_on(self, now: float) -> None:
        hlr = self._core.config.hlr
        while self._turns and self._asked < AT_A_TIME and hlr is not None:
            imsi = next(iter(self._turns))
            del self._turns[imsi]
            if self._reachability.not_reachable(imsi) is None:
                continue
            request = SendRouteingInformationRequest(imsi=imsi)
            if self._core.request(request, hlr, now, context=Inquiry(imsi)) is not None:
                self._asked += 1
