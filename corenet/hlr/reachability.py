"""The MS-not-reachable flag, and the GGSNs that wait for its end.

Specs: TS 23.060 §9.2.2.2.2 and §9.2.2.2.3 (Protection and Mobile User Activity), TS 29.060
§7.4.5 (Note MS GPRS Present Request).

Theory of operation. The flag is set when a GGSN reports that it could not reach the MS, when the
SGSN purges it, and by command. While it is set, a GGSN that asks for routeing information or
reports a failure joins the subscriber's list. The flag is cleared when the SGSN updates the
location, when it says that the MS is ready for short messages, and by command; then every GGSN on
the list gets a Note MS GPRS Present Request and leaves the list. A GGSN that does not answer joins
the list again, for the next time.
"""

from __future__ import annotations

from collections.abc import Callable

from corenet.hlr.events import (
    GgsnNotificationFailed,
    GgsnNotified,
    MsBecameNotReachable,
    MsBecameReachable,
)
from corenet.hlr.register import Record
from corenet.interfaces.node import Event
from gtp.constants import GTP_C_PORT, MsNotReachableReason
from gtp.endpoint import Endpoint, RequestFailed, ResponseReceived
from gtp.messages import NoteMsGprsPresentRequest, NoteMsGprsPresentResponse


class Reachability:
    """Sets and clears the flag, and tells the GGSNs."""

    def __init__(self, endpoint: Endpoint, events: list[Event]) -> None:
        self._endpoint = endpoint
        self._events = events
        self.on_present: Callable[[Record, float], None] = lambda _record, _now: None
        """Called with who is reachable again, while its SGSN is known."""

    def lose(self, record: Record, reason: MsNotReachableReason) -> None:
        """Set the flag, or change its reason."""
        if record.reason is not reason:
            record.reason = reason
            self._events.append(MsBecameNotReachable(record.imsi, reason))

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
        for ggsn in record.take_waiting():
            record.note_told(ggsn)
            request = NoteMsGprsPresentRequest(imsi=record.imsi, sgsn_address=record.sgsn[0])
            self._endpoint.request(request, (ggsn, GTP_C_PORT), now, context=record)

    def take_response(self, event: ResponseReceived) -> None:
        """Take a GGSN's answer to Note MS GPRS Present."""
        response = event.response
        assert isinstance(response, NoteMsGprsPresentResponse)
        assert isinstance(event.context, Record)
        self._events.append(GgsnNotified(event.context.imsi, event.peer[0], response.cause))

    def take_failure(self, event: RequestFailed) -> None:
        """Put a GGSN that could not be told back on the list."""
        record = event.context
        assert isinstance(record, Record)
        record.wait(event.peer[0])
        self._events.append(GgsnNotificationFailed(record.imsi, event.peer[0], event.reason))
