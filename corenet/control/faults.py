"""Faults that an operator lays on a core: what is lost or held back, and nodes that crash.

Theory of operation. While a fault is laid, the runtime shows what nodes here send
(``Interference``); what the operator has nothing to say about goes on to whoever interfered
before. With the last fault gone nobody looks any more.

On connections nothing is missing in the end: what is lost is sent again by TCP, so that all behind
it waits, and who loses everything loses the connection (``corenet.interfaces.lines``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Final, Literal

from pydantic import Field

from corenet.control.errors import ControlError
from corenet.control.model import Answer, Done, Parameters, Request
from corenet.interfaces.attachments import OVER_TCP
from corenet.interfaces.interference import LOST, Fate, Interference, Interferes
from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed, Runtime

LONGEST_DELAY: Final = 60.0
"""Seconds; by then every timer of GTP has expired."""
Restart = Callable[[str], None]
"""Sets going that a node crashes and comes back; raises KeyError where there is none to."""


class InterfaceFault(Answer):
    """What is wrong with an interface."""

    interface: str
    loss: float = Field(
        description="probability, 0 to 1, that a datagram never arrives, or that what runs over a "
        "connection has to be sent again"
    )
    delay: float = Field(description="seconds that each takes longer")
    lost: int = Field(description="so many lost by this so far")
    over_tcp: bool = Field(description="whether it runs over connections, which can be reset")


class FaultList(Answer):
    """Every interface."""

    interfaces: list[InterfaceFault]


class FaultRequest(Request):
    """Lay a fault on an interface in place of the one before; what is left out is not wrong."""

    loss: float = Field(default=0.0, ge=0, le=1, description="probability of never arriving")
    delay: float = Field(
        default=0.0, ge=0, le=LONGEST_DELAY, description="seconds that each takes longer"
    )


class OfInterface(Parameters):
    """A path to an interface."""

    interface: Literal[tuple(interface.value for interface in Interface)]  # type: ignore[valid-type]


class OfNode(Parameters):
    """A path to a node."""

    node: str = Field(min_length=1, max_length=100)


class FaultControl:
    """What can be done to one core, and is (an ``Interference``)."""

    def __init__(self, runtime: Runtime, random: Random, restart: Restart | None) -> None:
        """``restart`` is how nodes are, or None where they cannot be."""
        self._runtime = runtime
        self._random = random
        self._restart = restart
        self._faults: dict[Interface, FaultRequest] = {}
        self._before: Interference | None = None
        self._lost: Counter[Interface] = Counter()

    def __call__(self, passed: Passed) -> Fate | None:
        """Say what becomes of what a node sends (``Interference``)."""
        fault = self._faults.get(passed.interface)
        if fault is not None:
            if fault.loss and self._random.random() < fault.loss:
                self._lost[passed.interface] += 1
                return LOST
            if fault.delay:
                return Fate(sendings=(fault.delay,))
        return None if self._before is None else self._before(passed)

    def list(self) -> FaultList:
        """Return every interface."""
        return FaultList(interfaces=[self._state(interface) for interface in Interface])

    def lay(self, name: str, fault: FaultRequest) -> InterfaceFault:
        """Lay a fault on an interface.

        Raises:
            ControlError: 501, nobody can interfere here.
        """
        interface = Interface(name)
        self._faults.pop(interface, None)
        if fault.loss or fault.delay:
            self._faults[interface] = fault
        self._look(bool(self._faults))
        return self._state(interface)

    def clear(self) -> Done:
        """Take every fault away."""
        cleared = len(self._faults)
        self._faults.clear()
        self._look(False)
        return Done(done=f"{cleared} fault{'' if cleared == 1 else 's'} cleared")

    def reset(self, name: str) -> Done:
        """Break every connection on an interface; whoever wants one opens it anew.

        Raises:
            ControlError: 409, there are none on it; 501, nobody can interfere here.
        """
        interface = Interface(name)
        if interface not in OVER_TCP:
            detail = f"nothing on {name} runs over connections; {' and '.join(sorted(OVER_TCP))} do"
            raise ControlError(409, "No connections", detail, field="interface")
        broken = self._interferes().reset(interface)
        return Done(done=f"{broken} connection{'' if broken == 1 else 's'} reset")

    def restart(self, node: str) -> Done:
        """Have a GGSN, an SGSN or the HLR crash and come back, with what is on disk.

        Raises:
            ControlError: 404, there is none of that name; 501, nobody can restart nodes here.
        """
        if self._restart is None:
            raise ControlError(501, "No restarts", "nodes cannot be restarted here")
        try:
            self._restart(node)
        except KeyError:
            detail = f"no GGSN, no SGSN and no HLR here is called {node}"
            raise ControlError(404, "Unknown node", detail, field="node") from None
        return Done(done=f"{node} restarts")

    def _look(self, wanted: bool) -> None:
        runtime = self._interferes()
        if wanted and runtime.interference is not self:
            self._before, runtime.interference = runtime.interference, self
        elif not wanted and runtime.interference is self:
            self._before, runtime.interference = None, self._before

    def _interferes(self) -> Interferes:
        if not isinstance(self._runtime, Interferes):
            raise ControlError(501, "No faults", "nobody can interfere here")
        return self._runtime

    def _state(self, interface: Interface) -> InterfaceFault:
        fault = self._faults.get(interface, _NONE)
        return InterfaceFault(
            interface=interface.value,
            loss=fault.loss,
            delay=fault.delay,
            lost=self._lost[interface],
            over_tcp=interface in OVER_TCP,
        )


_NONE: Final = FaultRequest()
