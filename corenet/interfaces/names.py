"""Questions to the DNS: the contract between nodes that ask and what carries their questions.

Spec: RFC 1035 (A), RFC 3596 (AAAA), RFC 2308 (negative answers).

Theory of operation. A node that wants to know the addresses of a name tells so by the event
``NameAsked``. Whoever runs it asks the name servers, with all repetitions and detours that this
takes, and calls ``name_answered`` once. A node that hears nothing gives the question up by itself,
so that one can be run without anybody who carries questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from corenet.interfaces.node import Event, Node

NAME_PORT = 53


class RecordType(StrEnum):
    """Which addresses are asked for."""

    A = "A"
    AAAA = "AAAA"


@dataclass(frozen=True, slots=True)
class NameAsked(Event):
    """A node wants to know the addresses of a name."""

    name: str
    record: RecordType


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """What the DNS says of a name."""

    name: str
    addresses: tuple[str, ...] = ()
    """In text form; none where there is no such name, no such record, or no answer."""
    ttl: float | None = None
    """Seconds for which it may be believed, None where the DNS has not said."""
    failure: str | None = None
    """Why there is no answer: a name server that is silent, or that cannot tell."""


class AsksNames(Node, Protocol):
    """A node that has questions to the DNS."""

    def name_answered(self, answer: NameAnswer, now: float) -> None:
        """Take an answer; one to a question that is not open is believed as well."""
        ...
