"""How long a context may last, where RADIUS says so.

Specs: RFC 2865 §5.27 (Session-Timeout), §5.28 (Idle-Timeout).

Both end a context by its own doing and tell the SGSN. Whether there was traffic is seen by the
context's counters, looked at eight times in the idle time, so that packets pay nothing for it:
a context ends between the idle time and an eighth more after its last packet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.core import Core
from corenet.ggsn.events import DeletionReason
from corenet.schedule import Alarm

_LOOKS: Final = 8
"""At the counters in one idle time."""

End = Callable[[PdpContext, DeletionReason, float], None]


class SessionLimits:
    """The alarms of contexts that have limits."""

    def __init__(self, core: Core, end: End) -> None:
        """Have no alarms; ``end`` deletes a context and tells its SGSN."""
        self._schedule = core.schedule
        self._end = end
        self._alarms: dict[int, list[Alarm]] = {}
        """By our TEID Data I; the first is the session's, the second the traffic's."""

    def watch(self, context: PdpContext, now: float) -> None:
        """Let the limits that a context has now begin now, in place of earlier ones."""
        self.forget(context)
        authorization = context.authorization
        if authorization is None:
            return
        alarms = []
        if authorization.session_timeout:
            alarms.append(
                self._schedule.at(
                    now + authorization.session_timeout,
                    lambda then: self._end(context, DeletionReason.SESSION_TIMEOUT, then),
                )
            )
        if authorization.idle_timeout:
            self._look_later(context, authorization.idle_timeout, _traffic(context), 0, now, alarms)
        if alarms:
            self._alarms[context.teid_data] = alarms

    def forget(self, context: PdpContext) -> None:
        """Cancel the alarms of a context that has gone."""
        for alarm in self._alarms.pop(context.teid_data, ()):
            alarm.cancel()

    def _look_later(
        self,
        context: PdpContext,
        idle: int,
        seen: int,
        quiet: int,
        now: float,
        alarms: list[Alarm],
    ) -> None:
        """Look at the traffic in a while; it was ``seen``, and has not changed ``quiet`` times."""

        def look(then: float) -> None:
            alarms.remove(alarm)
            traffic = _traffic(context)
            still = quiet + 1 if traffic == seen else 0
            if still >= _LOOKS:
                self._end(context, DeletionReason.IDLE_TIMEOUT, then)
            else:
                self._look_later(context, idle, traffic, still, then, alarms)

        alarm = self._schedule.at(now + idle / _LOOKS, look)
        alarms.append(alarm)


def _traffic(context: PdpContext) -> int:
    return context.uplink_packets + context.downlink_packets
