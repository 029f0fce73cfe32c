"""What runs on a mobile above UDP: the contract between a mobile and its applications.

Theory of operation. A mobile makes its applications when something first concerns them: a datagram
that arrives, or the user's touch. Each is given its ``Host``, which is the mobile as applications
see it, and binds the UDP ports that it listens on. From then on it is called for what arrives
there, for its alarms, for PDP contexts that come and go, and for what the user taps. It may do all
that a host offers at any time in such a call. A mobile on which nothing happens has none of this,
so that many thousands of them cost little.

The core knows nothing of push; whoever builds a lab puts a push client on its mobiles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Protocol

from corenet.interfaces.node import Address
from corenet.interfaces.runtime import Timer


@dataclass(frozen=True, slots=True)
class Shown:
    """What the user sees on the mobile's screen."""

    kind: str
    """"SI", "SL", "text" or another short name of what was shown."""
    text: str
    details: dict[str, str] = field(default_factory=dict)
    """Further fields by name, such as "href", "si-id", "action"."""


Receive = Callable[[bytes, Address, Address, float], None]
"""Takes a datagram: payload, source, the mobile's own end, time. Never raises for what is in it.

One that came in short messages is from a number and to a number; it cannot be answered from there.
"""


class Host(Protocol):
    """A mobile, as the applications on it see it. Holds no socket and no clock."""

    @property
    def imsi(self) -> str:
        """Whose mobile it is."""
        ...

    @property
    def random(self) -> Random:
        """Where applications take chance from."""
        ...

    @property
    def address(self) -> str | None:
        """The PDP address of the first active context, or None where there is none."""
        ...

    def bind(self, receive: Receive, port: int | None = None) -> int:
        """Have what arrives on a UDP port taken by ``receive``; return the port.

        None takes any free one of the dynamic range (RFC 6335 §6). Raises ValueError where the
        port is taken.
        """
        ...

    def unbind(self, port: int) -> None:
        """Give a port back."""
        ...

    def send(self, payload: bytes, local: Address, destination: Address) -> bool:
        """Send a datagram from the PDP address and port ``local``.

        Return whether it left: not without an active context of that address, nor where it is
        longer than a packet can be.
        """
        ...

    def activate(self, now: float) -> bool:
        """See to it that there is a PDP context, to the first APN that is set up.

        Return whether one is active or on its way; then applications are told how that ended.
        """
        ...

    def at(self, due: float, action: Callable[[float], None]) -> Timer:
        """Call ``action`` with the time at ``due``, in seconds since 1970-01-01 UTC."""
        ...

    def show(self, shown: Shown) -> None:
        """Put something on the screen."""
        ...

    def count(self, what: str) -> None:
        """Count one more of ``what``, for all mobiles together."""
        ...

    def report(self, what: str, details: Mapping[str, str]) -> None:
        """Count one more of ``what``, and tell of it as an event."""
        ...


class Application:
    """A program on a mobile. Those that derive from this need not say what is nothing to them.

    What it is told of contexts comes right after the change, in a call of its own.
    """

    def context_activated(self, address: str, now: float) -> None:
        """Hear that there is an active PDP context with this address."""

    def context_ended(self, address: str, now: float) -> None:
        """Hear that the active PDP context with this address is no more."""

    def context_refused(self, now: float) -> None:
        """Hear that a PDP context that was on its way is not to be had."""

    def configure(self, name: str, value: str) -> bool:  # noqa: ARG002
        """Change a setting; return whether it is one of this application's.

        Raises ValueError, with words for whoever set it, where it cannot have that value.
        """
        return False

    def tapped(self, shown: Shown, now: float) -> bool:  # noqa: ARG002
        """Take the user's tap on something shown; return whether there is anything to open."""
        return False


Applications = Callable[[Host], tuple[Application, ...]]
"""Makes what runs on a mobile."""
