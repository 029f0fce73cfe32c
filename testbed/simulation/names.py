"""Name servers of the virtual-time network."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from corenet.interfaces.names import AsksNames, NameAnswer, NameAsked, RecordType
from corenet.interfaces.node import Event
from corenet.interfaces.runtime import Runtime

_DELAY: Final = 0.02
"""Seconds that an answer takes."""
_NEGATIVE_TTL: Final = 60.0
"""Seconds for which it may be believed that there is no such name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What name servers say of one name."""

    addresses: tuple[str, ...]
    ttl: float = 300.0


class VirtualNames:
    """Answers the questions of nodes from its entries."""

    def __init__(self, runtime: Runtime, nodes: Mapping[str, AsksNames]) -> None:
        """``nodes`` are by name, those of now at any time."""
        self.entries: dict[str, Entry] = {}
        """By name; may be changed at any time. There are no other names."""
        self.silent = False
        """Whether the servers are out of service; nobody answers then."""
        self.asked: list[str] = []
        """Every question's name."""
        self._runtime = runtime
        self._nodes = nodes
        runtime.on_event(self._heard)

    def _heard(self, _time: float, name: str, event: Event) -> None:
        if name not in self._nodes or not isinstance(event, NameAsked):
            return
        self.asked.append(event.name)
        if not self.silent:
            self._runtime.call_later(_DELAY, lambda: self._answer(name, event))

    def _answer(self, asker: str, asked: NameAsked) -> None:
        entry = self.entries.get(asked.name)
        if entry is None:
            answer = NameAnswer(asked.name, ttl=_NEGATIVE_TTL)
        else:
            ipv6 = asked.record is RecordType.AAAA
            addresses = tuple(one for one in entry.addresses if (":" in one) == ipv6)
            answer = NameAnswer(asked.name, addresses, entry.ttl)
        node = self._nodes[asker]
        with suppress(LookupError):  # it has crashed, and is not back
            self._runtime.command(node, lambda now: node.name_answered(answer, now))
