"""The MS-not-reachable flag, and the GGSNs that wait for its end.

Specs: TS 23.060 §9.2.2.2.2 and §9.2.2.2.3 (Protection and Mobile User Activity), TS 29.060
§7.4.5 (Note MS GPRS Present Request).

Theory of operation. The flag is set when a GGSN reports that it could not reach the MS, when the
SGSN purges it, and by command. While it is set, a GGSN that asks for routeing information or
reports a failure joins the subscriber's list. The flag is cleared when the SGSN updates the
location, when it says that the MS is ready for short messages, and by command; then every GGSN on
the list gets a Note MS GPRS Present Request, and leaves the list when it answers. One that does not
answer is told again after the waits of ``AGAIN``, as long as the flag is clear: it has the flag
set as well, and would try nothing until it hears. An HLR that starts tells whoever is on the list
of an MS that can be reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from corenet.hlr.events import (
    GgsnNotificationFailed,
    GgsnNotified,
    MsBecameNotReachable,
    MsBecameReachable,
)
from corenet.hlr.register import Record
from corenet.interfaces.node import Event
from corenet.schedule import Alarm, Schedule
from gtp.codes import MsNotReachableReason
from gtp.constants import GTP_C_PORT
from gtp.endpoint import Endpoint, RequestFailed, ResponseReceived
from gtp.messages import NoteMsGprsPresentRequest, NoteMsGprsPresentResponse

AGAIN: Final = (60.0, 120.0, 300.0, 600.0, 1800.0)
"""Seconds after each failure until a GGSN is told again; then it waits for the next occasion."""


class _Note:
    """What one GGSN is being told of one subscriber."""

    __slots__ = ("alarm", "failures", "ggsn", "record")

    def __init__(self, record: Record, ggsn: str) -> None:
        self.record = record
        self.ggsn = ggsn
        self.failures = 0
        self.alarm: Alarm | None = None
        """While it waits to be told again."""


class Reachability:
    """Sets and clears the flag, and tells the GGSNs."""

    def __init__(self, endpoint: Endpoint, events: list[Event]) -> None:
        self._endpoint = endpoint
        self._events = events
        self._schedule = Schedule()
        self._notes: dict[tuple[str, str], _Note] = {}
        """Under way or to be repeated, by IMSI and GGSN."""
        self.on_present: Callable[[Record, float], None] = lambda _record, _now: None
        """Called with who is reachable again, while its SGSN is known."""

    def __len__(self) -> int:
        """Return how many notes are under way or to be repeated."""
        return len(self._notes)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self._schedule.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Tell again who is to be told at ``now``."""
        self._schedule.ring(now)

    def begin(self, records: Iterable[Record], now: float) -> None:
        """Tell those that an earlier life could not."""
        for record in records:
            if record.waiting and record.reason is None:
                self._tell_waiting(record, now)

    def expect(self, record: Record, ggsn: str) -> None:
        """Take note that a GGSN wants to hear when the MS is back.

        What it is being told now is of an earlier time and may have reached it before it asked.
        """
        self._drop(record, ggsn)
        record.wait(ggsn)

    def lose(self, record: Record, reason: MsNotReachableReason) -> None:
        """Set the flag, or change its reason."""
        if record.reason is not reason:
            record.reason = reason
            self._events.append(MsBecameNotReachable(record.imsi, reason))
            for ggsn in record.waiting:
                self._drop(record, ggsn)

    def regain(self, record: Record, now: float) -> None:
        """Clear the flag and tell the GGSNs that wait.

        They stay on the list while no SGSN is known, for they are told its address.
        """
        if record.reason is not None:
            record.reason = None
            self._events.append(MsBecameReachable(record.imsi))
        if record.sgsn is None:
            return
        self.on_present(record, now)
        self._tell_waiting(record, now)

    def take_response(self, event: ResponseReceived) -> None:
        """Take a GGSN's answer to Note MS GPRS Present."""
        response, note = event.response, event.context
        assert isinstance(response, NoteMsGprsPresentResponse)
        assert isinstance(note, _Note)
        self._events.append(GgsnNotified(note.record.imsi, event.peer[0], response.cause))
        if self._is_current(note):
            self._drop(note.record, note.ggsn)
            note.record.forget_waiting(note.ggsn)

    def take_failure(self, event: RequestFailed, now: float) -> None:
        """Tell a GGSN again later that could not be told."""
        note = event.context
        assert isinstance(note, _Note)
        self._events.append(GgsnNotificationFailed(note.record.imsi, event.peer[0], event.reason))
        if not self._is_current(note):
            return
        if note.failures == len(AGAIN):
            self._drop(note.record, note.ggsn)
            return
        due = now + AGAIN[note.failures]
        note.failures += 1
        note.alarm = self._schedule.at(due, partial(self._tell, note))

    def _tell_waiting(self, record: Record, now: float) -> None:
        for ggsn in record.waiting:
            note = self._notes.get((record.imsi, ggsn))
            if note is not None and note.alarm is None:
                continue  # it is being told
            self._drop(record, ggsn)
            note = self._notes[record.imsi, ggsn] = _Note(record, ggsn)
            self._tell(note, now)

    def _tell(self, note: _Note, now: float) -> None:
        record = note.record
        note.alarm = None
        if record.sgsn is None:
            self._drop(record, note.ggsn)
            return
        record.note_told(note.ggsn)
        request = NoteMsGprsPresentRequest(imsi=record.imsi, sgsn_address=record.sgsn[0])
        self._endpoint.request(request, (note.ggsn, GTP_C_PORT), now, context=note)

    def _is_current(self, note: _Note) -> bool:
        return self._notes.get((note.record.imsi, note.ggsn)) is note

    def _drop(self, record: Record, ggsn: str) -> None:
        note = self._notes.pop((record.imsi, ggsn), None)
        if note is not None and note.alarm is not None:
            note.alarm.cancel()
