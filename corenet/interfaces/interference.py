"""What somebody does to what is on its way: lose, hold back, repeat, answer.

A runtime that is given an ``Interference`` shows it each datagram that a node of its own sends,
before it goes. What comes from elsewhere is not shown. Of connections it shows the beginning, the
octets and the end, each time that they go; what is said of them is carried out as TCP would
(``corenet.interfaces.lines``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a datagram, or of a part of a connection."""

    sendings: tuple[float, ...] = (0.0,)
    """When it goes, in seconds from now; it is lost where there is none."""
    answers: tuple[bytes, ...] = ()
    """What its sender gets, as from the one that it was for."""


LOST: Final = Fate(sendings=())

Interference = Callable[[Passed], Fate | None]
"""Says what becomes of a datagram; None: it goes as if nobody had looked."""


@runtime_checkable
class Interferes(Protocol):
    """A runtime that lets somebody interfere."""

    interference: Interference | None
    """May be changed at any time."""

    def reset(self, interface: Interface) -> int:
        """Break every connection on an interface; return how many there were."""
        ...
