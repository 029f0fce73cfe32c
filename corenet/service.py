"""A core as a Twisted service: nodes on sockets, Gi on loopback, and a capture."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import BinaryIO

from twisted.application.service import Service
from twisted.internet.defer import Deferred

from corenet.adapters.runtime import TwistedRuntime
from corenet.assembly import Applications, Core, CoreConfig


class CoreService(Service):
    """Starts and stops a core in a reactor. ``core`` and ``runtime`` are there from the start."""

    core: Core
    runtime: TwistedRuntime

    def __init__(
        self,
        reactor: object,
        config: CoreConfig,
        *,
        random: Random,
        recovery: int,
        applications: Applications = lambda _mobile: (),
        gi_ports: Sequence[int] = (2948,),
        capture: BinaryIO | None = None,
    ) -> None: ...

    def startService(self) -> None:
        """Bind the sockets and start the nodes; raise ``CannotBindError`` where one is taken."""
        raise NotImplementedError

    def stopService(self) -> Deferred[None]:
        """Stop the nodes, let their farewells out, close the sockets."""
        raise NotImplementedError
