"""How a command takes the signals that ask it to end, before and while a reactor runs."""

from __future__ import annotations

import os
import signal
from types import FrameType

INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM)


def obey_sigterm() -> None:
    """Have SIGTERM end this process even where it is the first one of a container.

    Nothing else ends that: the kernel withholds from it what it has not asked for (signal(7)).
    """
    signal.signal(signal.SIGTERM, end_at_once)


def end_at_once(number: int, _frame: FrameType | None) -> None:
    """End by the signal; the first process of a container, which no signal ends, by exiting."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)
