"""What was seen of a lab: everything that passed, and every event, in one order.

Theory of operation. A ``Record`` listens to a runtime, on real sockets or in virtual time, and
keeps one ``Seen`` for each message that passed and each event. Messages are decoded, so that
expectations can name a message as people do ("PDU Notification Request") and ask for its
information elements by the names of the decoded message's attributes. What cannot be decoded is
kept too, as malformed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from types import MappingProxyType
from typing import Any, Final

from corenet.interfaces.node import Event, Interface
from corenet.interfaces.runtime import Passed
from testbed.expectations.messages import MessageReader

ABSENT: Final = object()
"""What ``look_up`` returns where there is no such field."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A message that passed, or an event."""

    time: float
    """Seconds since 1970-01-01 UTC."""
    name: str
    """Of the message, as "PDU Notification Request"; of an event, that of its class."""
    subject: Any
    """The decoded message, or the event: what has the fields."""
    interface: Interface | None = None
    """None for an event."""
    source: tuple[str, ...] = ()
    """Node and address that it came from; of an event, the node alone."""
    destination: tuple[str, ...] = ()

    def look_up(self, path: str) -> Any:
        """Return the value at a dotted path such as "outcome.cause.number", or ``ABSENT``."""
        value = self.subject
        for part in path.split("."):
            value = _member(value, part)
            if value is ABSENT:
                return ABSENT
        return value

    def __str__(self) -> str:
        ends = " → ".join(ends[0] for ends in (self.source, self.destination) if ends)
        return f"{ends}  {self.name}"


def field_names(subject: Any) -> tuple[str, ...]:
    """Return the names of the fields that a message or an event has."""
    if isinstance(subject, Mapping):
        return tuple(subject)
    return tuple(field.name for field in fields(subject)) if is_dataclass(subject) else ()


def _member(value: Any, name: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(name, ABSENT)
    if isinstance(value, list | tuple) and name.isdigit() and not hasattr(value, name):
        return value[int(name)] if int(name) < len(value) else ABSENT
    return getattr(value, name, ABSENT) if not name.startswith("_") else ABSENT


class Record(Sequence[Seen]):
    """Everything seen of one runtime, in the order in which it was seen."""

    def __init__(self, names: Mapping[str, str] = MappingProxyType({})) -> None:
        """``names`` gives a name for an IP address that is no node's own."""
        self._names = names
        self._seen: list[Seen] = []
        self._reader = MessageReader()

    def passed(self, passed: Passed) -> None:
        """Note what passed (a ``Tap``)."""
        self._seen.extend(see(passed, self._reader, self._names))

    def happened(self, time: float, node: str, event: Event) -> None:
        """Note an event (an ``EventListener``)."""
        self._seen.append(Seen(time, type(event).__name__, event, source=(node,)))

    def __getitem__(self, index: Any) -> Any:
        return self._seen[index]

    def __len__(self) -> int:
        return len(self._seen)

    def __iter__(self) -> Iterator[Seen]:
        return iter(self._seen)

    def clear(self) -> None:
        """Forget what was seen so far: what comes now is what matters."""
        self._seen.clear()


def see(
    passed: Passed, reader: MessageReader, names: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Seen]:
    """Return each message in what passed; ``names`` are for addresses that are no node's."""
    source = _end(passed.sender or names.get(passed.source[0], ""), passed.source[0])
    destination = _end(
        passed.receiver or names.get(passed.destination[0], ""), passed.destination[0]
    )
    for read in reader.read(passed):
        yield Seen(passed.time, read.name, read.subject, passed.interface, source, destination)


def _end(name: str, address: str) -> tuple[str, ...]:
    return (name, address) if name and name != address else (address,)
