"""Whether a push has passed the core: left for the mobile over a context that is there."""

from __future__ import annotations

from enum import Enum

from testbed.gateway.routing.judge import CoreAnswer, TerminalView, UnknownTerminal
from testbed.gateway.terminal import place_of


class Passed(Enum):
    """What the core's answer means for something that was sent to an address."""

    YES = "yes"
    """A packet has left for the mobile since."""
    NOT_YET = "not yet"
    """The context is there, and nothing has left since."""
    GONE = "gone"
    """Nobody has the address."""
    UNKNOWN = "unknown"
    """The core does not say."""


def has_passed(answer: CoreAnswer, address: str, sent: float, now: float) -> Passed:
    """Return what an answer that came at ``now`` says about what left at ``sent``.

    The core tells how long ago a packet left, which holds whatever its clock says; the time that
    its answer took counts in favour of the push.
    """
    match answer:
        case UnknownTerminal():
            return Passed.GONE
        case TerminalView(contexts=contexts, downlink_idle=idle):
            place = place_of(address)
            mine = [each for _, each in contexts if place_of(each) == place]
            if not mine:
                return Passed.GONE
            if mine[0] not in idle:
                return Passed.UNKNOWN
            last = idle[mine[0]]
            return Passed.YES if last is not None and now - last >= sent else Passed.NOT_YET
        case _:
            return Passed.UNKNOWN
