"""One thing that should be seen, and in what a thing that was seen is not it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from corenet.interfaces.node import Interface
from testbed.expectations.seen import ABSENT, Seen, field_names
from testbed.expectations.values import agrees, plain, text

NO_FIELDS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Expected:
    """A message or an event: its name, its ends, and what its fields are.

    What is not given is not asked for. Ends are names of nodes, or addresses; an event has the node
    that it is of as its source. ``fields`` has what is expected (``values.agrees``) by dotted path.
    """

    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    is_event: bool = False
    interface: Interface | None = None
    source: str | None = None
    destination: str | None = None

    def names(self, seen: Seen) -> bool:
        """Return whether it is a message or an event of that name."""
        return (seen.interface is None) == self.is_event and plain(self.name) == plain(seen.name)

    def matches(self, seen: Seen) -> bool:
        """Return whether it is all that is expected."""
        return self.names(seen) and not self.differences(seen)

    def differences(self, seen: Seen) -> list[str]:
        """Say in what something of the right name is not what is expected."""
        differences = []
        if self.interface is not None and seen.interface is not self.interface:
            differences.append(f"is on {seen.interface}, not on {self.interface}")
        for word, wanted, ends in (
            ("from", self.source, seen.source),
            ("to", self.destination, seen.destination),
        ):
            if wanted is not None and wanted not in ends:
                preposition = "of" if self.is_event else word
                differences.append(f"is {preposition} {' at '.join(ends)}, not {wanted}")
        for path, wanted in self.fields.items():
            value = seen.look_up(path)
            if value is ABSENT:
                has = ", ".join(field_names(seen.subject)) or "none"
                differences.append(f"has no field {path} (its fields: {has})")
            elif not agrees(wanted, value):
                differences.append(f"has {path} {text(value)}, not {_wanted(wanted)}")
        return differences

    def __str__(self) -> str:
        ends = ""
        if self.source is not None:
            ends += f" {'of' if self.is_event else 'from'} {self.source}"
        if self.destination is not None:
            ends += f" to {self.destination}"
        where = "" if self.interface is None else f" on {self.interface}"
        values = ", ".join(f"{path} {_wanted(value)}" for path, value in self.fields.items())
        return f"{self.name}{ends}{where}{' with ' * bool(values)}{values}"


def message(
    name: str,
    *,
    on: Interface | None = None,
    source: str | None = None,
    to: str | None = None,
    fields: Mapping[str, Any] = NO_FIELDS,
) -> Expected:
    """Return the expectation of a message."""
    return Expected(name, fields, interface=on, source=source, destination=to)


def event(name: str, *, of: str | None = None, fields: Mapping[str, Any] = NO_FIELDS) -> Expected:
    """Return the expectation of an event, by the name of its class; ``of`` is a node."""
    return Expected(name, fields, is_event=True, source=of)


def _wanted(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_wanted(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_wanted, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    return text(value)
