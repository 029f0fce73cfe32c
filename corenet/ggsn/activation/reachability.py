"""What a GGSN remembers of a subscriber between activations.

Specs: TS 23.060 §9.2.2.2.1 and §9.2.2.3 (MS Not Reachable for GPRS flag), TS 29.060 §7.4.

Three things: the flag MNRG with its reason, an SGSN that was named lately, and back-offs.
MNRG goes when the HLR notes that the MS is present or when the MS activates a context; a
back-off goes by itself; an SGSN's address is used once and then asked for anew.
"""

from __future__ import annotations

from dataclasses import dataclass

from corenet.ggsn.events import MsNotReachable, MsReachable
from corenet.interfaces.activation import FailureCause
from corenet.interfaces.node import Event
from corenet.schedule import Alarm, Schedule


@dataclass(frozen=True, slots=True)
class BackOff:
    """Until when no attempt is made, and what led to it."""

    until: float
    cause: FailureCause
    end: Alarm


class Reachability:
    """MNRG, SGSN addresses and back-offs of all subscribers."""

    def __init__(self, schedule: Schedule, events: list[Event]) -> None:
        """Remember nothing yet; ``events`` is where MsReachable and MsNotReachable go."""
        self._schedule = schedule
        self._events = events
        self._not_reachable: dict[str, str] = {}
        self._sgsns: dict[str, str] = {}
        self._back_offs: dict[tuple[str, str], BackOff] = {}

    def not_reachable(self, imsi: str) -> str | None:
        """Return why MNRG is set for the subscriber, in words, or None where it is not."""
        return self._not_reachable.get(imsi)

    def all_not_reachable(self) -> list[str]:
        """Return whom MNRG is set for, by IMSI."""
        return list(self._not_reachable)

    def set_not_reachable(self, imsi: str, reason: str) -> None:
        """Set MNRG."""
        if imsi not in self._not_reachable:
            self._events.append(MsNotReachable(imsi, reason))
        self._not_reachable[imsi] = reason
        self._sgsns.pop(imsi, None)

    def note_present(self, imsi: str, sgsn_address: str) -> None:
        """Clear MNRG, because the HLR says where the MS is.

        Told as an event in any case: we may have restarted since the flag was set.
        """
        self._not_reachable.pop(imsi, None)
        self._events.append(MsReachable(imsi, sgsn_address))

    def set_reachable(self, imsi: str, sgsn_address: str) -> None:
        """Clear MNRG, because the MS activates a context."""
        if self._not_reachable.pop(imsi, None) is not None:
            self._events.append(MsReachable(imsi, sgsn_address))

    def withdraw(self, imsi: str) -> None:
        """Clear MNRG although nobody has seen the MS: nobody would tell us."""
        self._not_reachable.pop(imsi, None)

    def remember_sgsn(self, imsi: str, sgsn_address: str) -> None:
        """Keep an SGSN's address for the next activation."""
        self._sgsns[imsi] = sgsn_address

    def take_sgsn(self, imsi: str) -> str | None:
        """Return the SGSN's address and forget it, or None where none is known."""
        return self._sgsns.pop(imsi, None)

    def back_off(self, imsi: str, apn_key: str) -> BackOff | None:
        """Return the back-off under way for a subscriber on an APN, or None."""
        return self._back_offs.get((imsi, apn_key))

    def begin_back_off(
        self, imsi: str, apn_key: str, seconds: float, cause: FailureCause, now: float
    ) -> None:
        """Make no attempt for ``seconds``; 0 means that the next may follow at once."""
        self.end_back_off(imsi, apn_key)
        if seconds > 0:
            key = (imsi, apn_key)
            end = self._schedule.at(now + seconds, lambda _: self._forget_back_off(key))
            self._back_offs[key] = BackOff(now + seconds, cause, end)

    def end_back_off(self, imsi: str, apn_key: str) -> None:
        """Allow the next attempt at once."""
        back_off = self._back_offs.pop((imsi, apn_key), None)
        if back_off is not None:
            back_off.end.cancel()

    def _forget_back_off(self, key: tuple[str, str]) -> None:
        del self._back_offs[key]
