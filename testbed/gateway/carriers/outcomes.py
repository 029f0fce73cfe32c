"""What becomes of a push that was given to something that carries it, whatever that is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Left:
    """It is on its way; another outcome follows when it is known how that ended."""

    note: str
    confirms: bool
    """Whether the client is to confirm it: what was heard of it is lost with the gateway."""


@dataclass(frozen=True, slots=True)
class Sent:
    """It has left without confirmation, and nobody said that it did not arrive."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The client has taken it."""

    note: str


@dataclass(frozen=True, slots=True)
class Aborted:
    """The client has refused it, with the PAP status code to report."""

    code: int
    why: str


@dataclass(frozen=True, slots=True)
class Failed:
    """It did not arrive, as far as is known, and may do so later."""

    why: str
    is_gone: bool = False
    """Whether nobody is at the address any more."""


@dataclass(frozen=True, slots=True)
class NotPossible:
    """It cannot be brought to this client, with the PAP status code to report."""

    code: int
    why: str


Outcome = Left | Sent | Confirmed | Aborted | Failed | NotPossible
