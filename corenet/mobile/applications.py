"""What runs on one mobile above UDP: its applications, their ports, and the screen.

It is made when something first concerns an application; a mobile at rest has none.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from typing import Final, Protocol

from corenet.gi.ip import UdpDatagram
from corenet.interfaces.application import Application, Receive, Shown
from corenet.interfaces.node import Address
from corenet.mobile.errors import MobileError, UnsuitableSetting
from corenet.mobile.events import ApplicationReported, ShownOnScreen
from corenet.mobile.surroundings import Surroundings
from corenet.schedule import Action, Alarm

_SCREEN_LINES: Final = 100
_DYNAMIC_PORTS: Final = range(49_152, 65_536)
"""RFC 6335 §6."""


class Carrier(Protocol):
    """What applications need of their mobile."""

    @property
    def imsi(self) -> str:
        """Whose mobile it is."""
        ...

    @property
    def address(self) -> str | None:
        """The PDP address of the first active context."""
        ...

    @property
    def surroundings(self) -> Surroundings:
        """What mobiles share."""
        ...

    def carry(self, payload: bytes, local: Address, destination: Address) -> None:
        """Send a datagram from ``local``; raises MobileError where that is impossible."""
        ...

    def see_to_context(self, now: float) -> bool:
        """Activate a context where there is none; return whether one is there or on its way."""
        ...


class Applications:
    """The applications of one mobile, their host (``corenet.interfaces.application.Host``)."""

    __slots__ = ("_applications", "_forgotten", "_mobile", "_next_port", "_ports", "_shown")

    def __init__(self, mobile: Carrier) -> None:
        """Make the applications, which bind their ports."""
        surroundings = mobile.surroundings
        self._mobile = mobile
        self._ports: dict[int, Receive] = {}
        self._shown: deque[Shown] = deque(maxlen=_SCREEN_LINES)
        self._forgotten = 0
        self._next_port = surroundings.random.choice(_DYNAMIC_PORTS)
        self._applications: tuple[Application, ...] = ()
        self._applications = surroundings.applications(self)

    # What the mobile does with them

    @property
    def shown(self) -> tuple[Shown, ...]:
        """What was shown, the latest last."""
        return tuple(self._shown)

    @property
    def forgotten(self) -> int:
        """How many things were shown before those."""
        return self._forgotten

    def listens(self, port: int) -> bool:
        """Return whether anybody has a UDP port."""
        return port in self._ports

    def receive(self, datagram: UdpDatagram, now: float) -> bool:
        """Hand a datagram to who listens on its port; return whether anybody does."""
        receive = self._ports.get(datagram.destination[1])
        if receive is None:
            return False
        receive(datagram.payload, datagram.source, datagram.destination, now)
        return True

    def tap(self, item: int, now: float) -> None:
        """Tell applications that the user taps on what was shown as that item, from 1."""
        index = item - self._forgotten - 1
        if not 0 <= index < len(self._shown):
            raise MobileError(f"mobile {self.imsi} shows no item {item}")
        shown = self._shown[index]
        if not any(application.tapped(shown, now) for application in self._applications):
            raise MobileError(f"there is nothing to open behind this {shown.kind}")

    def configure(self, name: str, value: str) -> None:
        """Change a setting of the application that has it; raises UnsuitableSetting."""
        try:
            known = any(application.configure(name, value) for application in self._applications)
        except ValueError as error:
            raise UnsuitableSetting("value", f"{name}: {error}") from None
        if not known:
            raise UnsuitableSetting("name", f"no application of this mobile has a setting {name}")

    def note_activated(self, address: str, now: float) -> None:
        """Tell applications of a context, once the procedure that is under way is through."""
        self._tell(lambda application: partial(application.context_activated, address), now)

    def note_ended(self, address: str, now: float) -> None:
        """Tell applications that a context is gone."""
        self._tell(lambda application: partial(application.context_ended, address), now)

    def note_refused(self, now: float) -> None:
        """Tell applications that a context does not come."""
        self._tell(lambda application: application.context_refused, now)

    def _tell(self, verb: Callable[[Application], Action], now: float) -> None:
        for application in self._applications:
            self.at(now, verb(application))

    # What they find

    @property
    def imsi(self) -> str:
        """Whose mobile it is."""
        return self._mobile.imsi

    @property
    def random(self) -> Random:
        """Where applications take chance from."""
        return self._mobile.surroundings.random

    @property
    def address(self) -> str | None:
        """The PDP address of the first active context, or None where there is none."""
        return self._mobile.address

    def bind(self, receive: Receive, port: int | None = None) -> int:
        """Have what arrives on a port taken by ``receive``; ValueError where it is taken."""
        if port is None:
            port = self._free_port()
        elif port in self._ports:
            raise ValueError(f"two applications on port {port}")
        self._ports[port] = receive
        return port

    def unbind(self, port: int) -> None:
        """Give a port back."""
        del self._ports[port]

    def _free_port(self) -> int:
        """Return a free port; they are taken in turn, so that late answers meet nobody."""
        for _ in _DYNAMIC_PORTS:
            port = self._next_port
            self._next_port = port + 1 if port + 1 in _DYNAMIC_PORTS else _DYNAMIC_PORTS[0]
            if port not in self._ports:
                return port
        raise ValueError("no port is free")

    def send(self, payload: bytes, local: Address, destination: Address) -> bool:
        """Send a datagram from ``local``; return whether it left."""
        try:
            self._mobile.carry(payload, local, destination)
        except MobileError:
            self.count("application_datagrams_unsent")
            return False
        return True

    def activate(self, now: float) -> bool:
        """See to it that there is a PDP context; return whether there is one, or will be."""
        return self._mobile.see_to_context(now)

    def at(self, due: float, action: Action) -> Alarm:
        """Call ``action`` with the time at ``due``."""
        return self._mobile.surroundings.schedule.at(due, action)

    def show(self, shown: Shown) -> None:
        """Put something on the screen."""
        if len(self._shown) == _SCREEN_LINES:
            self._forgotten += 1
        self._shown.append(shown)
        item = self._forgotten + len(self._shown)
        self._mobile.surroundings.emit(ShownOnScreen(self.imsi, item, shown))

    def count(self, what: str) -> None:
        """Count one more of ``what``."""
        self._mobile.surroundings.count(what)

    def report(self, what: str, details: Mapping[str, str]) -> None:
        """Count one more of ``what``, and tell of it as an event."""
        self.count(what.replace(" ", "_"))
        self._mobile.surroundings.emit(ApplicationReported(self.imsi, what, dict(details)))
