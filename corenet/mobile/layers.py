"""The mobile around its mobility management: what that needs of the other layers."""

from __future__ import annotations

from typing import Protocol

from corenet.mobile.config import Cell, MobileConfig
from corenet.mobile.surroundings import Surroundings


class Layers(Protocol):
    """What mobility management needs of the mobile around it."""

    config: MobileConfig
    surroundings: Surroundings

    @property
    def cell(self) -> Cell:
        """The cell that it is in."""
        ...

    def send_mobility(self, octets: bytes) -> None:
        """Send a mobility management message, or a frame with nothing in it."""
        ...

    def hear_anew(self) -> None:
        """Expect the network to count its frames from 0."""
        ...

    def registered(self, now: float) -> None:
        """Go on with what needs an attachment."""
        ...

    def resume(self) -> None:
        """Send what had to wait for an update."""
        ...

    def leave(self, now: float) -> None:
        """End all that needs an attachment."""
        ...

    def context_status(self) -> int | None:
        """Return which NSAPIs are active, or None where there has been none."""
        ...

    def keep_contexts(self, status: int, now: float) -> None:
        """End the contexts that the network does not have."""
        ...
