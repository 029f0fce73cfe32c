"""The CPU time that other processes have used."""

from __future__ import annotations

import time

_SCHEDULED = 2


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of all threads of a process, user and system, to the nanosecond.

    Read from the clock that clock_getcpuclockid(3) names, which Python does not offer.
    OSError: there is no such process any more.
    """
    return time.clock_gettime(~pid << 3 | _SCHEDULED)
