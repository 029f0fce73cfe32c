"""How long the network wants a mobile to leave an access point alone.

Specs: TS 24.008 §6.1.3.1.3, §6.1.3.2.2, §6.1.3.3.3 (T3396), §10.5.7.4a (GPRS timer 3).

Theory of operation. A reject may carry a back-off time, per access point. Until it is over the
mobile asks for no context there, primary or secondary, and for no change of one; to deactivate is
always allowed. What the network asks for itself ends the time, as does switching the mobile off.
"""

from __future__ import annotations

from math import inf, isinf

from corenet.interfaces.nas.gprs_timer import decode_timer_3
from corenet.mobile.errors import MobileError


class BackOffs:
    """The access points that a mobile leaves alone."""

    __slots__ = ("_until",)

    def __init__(self) -> None:
        self._until: dict[str | None, float] | None = None
        """Made when it is needed: there may be a million mobiles."""

    def begin(self, apn: str | None, octet: int | None, now: float) -> None:
        """Take a back-off time as a reject has it (GPRS timer 3); zero ends one that runs."""
        if octet is None:
            return
        seconds = decode_timer_3(octet)
        if self._until is None:
            self._until = {}
        self._until[apn] = inf if seconds is None else now + seconds

    def end(self, apn: str | None) -> None:
        """Ask there again from now on."""
        if self._until is not None:
            self._until.pop(apn, None)

    def require_none(self, apn: str | None, now: float) -> None:
        """Raise MobileError where an access point is still to be left alone."""
        until = 0.0 if self._until is None else self._until.get(apn, 0.0)
        if now >= until:
            return
        left = "until the mobile is switched off"
        if not isinf(until):
            left = f"for another {until - now:.0f} s"
        raise MobileError(f"the network wants {apn or 'the default APN'} left alone {left} (T3396)")
