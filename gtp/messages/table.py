"""A message's table of information elements: the one place that says what belongs in it.

The table drives parsing, validation, building and the reference in the docs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from gtp.ies.element import Element
from gtp.ies.session import PRIVATE_EXTENSION as _PRIVATE_EXTENSION


class Presence(Enum):
    """Whether an element must be there (TS 29.060 §7.1: mandatory, conditional, optional)."""

    MANDATORY = "M"
    CONDITIONAL = "C"
    OPTIONAL = "O"


@dataclass(frozen=True, slots=True)
class Place:
    """An element's place in a message."""

    name: str
    """The message's attribute."""
    element: Element[Any]
    presence: Presence
    note: str = ""
    """When it is there, in words."""
    if_accepted: bool = False
    """Whether a response that accepts must have it."""
    repeatable: bool = False
    """Whether it may be there several times; the attribute is then a tuple."""


def mandatory(name: str, element: Element[Any], note: str = "") -> Place:
    """Return the place of an element that must be there."""
    return Place(name, element, Presence.MANDATORY, note)


def conditional(name: str, element: Element[Any], note: str, *, if_accepted: bool = False) -> Place:
    """Return the place of an element that must be there under a condition."""
    return Place(name, element, Presence.CONDITIONAL, note, if_accepted=if_accepted)


def optional(name: str, element: Element[Any], note: str = "") -> Place:
    """Return the place of an element that may be there."""
    return Place(name, element, Presence.OPTIONAL, note)


def repeatable(
    name: str, element: Element[Any], note: str = "", presence: Presence = Presence.OPTIONAL
) -> Place:
    """Return the place of an element that may be there several times.

    Of a mandatory one there must be at least one.
    """
    return Place(name, element, presence, note, repeatable=True)


def _encode_each(place: Place) -> Callable[[tuple[Any, ...]], bytes]:
    encode, needed = place.element.encode, place.presence is Presence.MANDATORY

    def encode_each(values: tuple[Any, ...]) -> bytes:
        if needed and not values:
            raise ValueError("has nothing in it")
        return b"".join([encode(value) for value in values])

    return encode_each


Writer = Callable[[Any], list[bytes]]


class Table:
    """The elements of a message, ascending by type as they are sent (TS 29.060 §7.1).

    Elements of one type keep the order in which they are given: it is what tells a control
    plane address from a user plane address.
    """

    __slots__ = ("_by_type", "encoders", "if_accepted", "places", "write")

    def __init__(self, *places: Place) -> None:
        self.places = tuple(sorted(places, key=lambda place: place.element.type))
        self._by_type: dict[int, list[Place]] = {}
        for place in self.places:
            self._by_type.setdefault(place.element.type, []).append(place)
        self.if_accepted = tuple(place for place in self.places if place.if_accepted)
        self.encoders = tuple(
            (
                _encode_each(place) if place.repeatable else place.element.encode,
                place.presence is Presence.MANDATORY,
            )
            for place in self.places
        )
        """By place: what encodes the attribute, and whether it must be there."""
        self.write: Writer = self._write_first
        """Return the elements of a message, each encoded, in the order of the places."""

    def _write_first(self, message: object) -> list[bytes]:
        """Make the writer, which takes longer than a short command has, and use it."""
        self.write = make_writer(self)
        return self.write(message)

    def __iter__(self) -> Iterator[Place]:
        return iter(self.places)

    def vacant(self, ie_type: int, taken: Mapping[str, object]) -> Place | None:
        """Return the place that an element of a type takes, or None where none is free."""
        for place in self._by_type.get(ie_type, ()):
            if place.repeatable or place.name not in taken:
                return place
        return None


def make_writer(table: Table) -> Writer:
    """Return what encodes the elements of a message.

    It is made as source text, as ``dataclasses`` makes its constructors: without a loop over the
    places, of which most have no value in most messages.
    """
    scope: dict[str, Any] = {}
    source = ["def write(message):", "    elements = []"]
    for place, (encode, needed) in zip(table.places, table.encoders, strict=True):
        scope[f"encode_{place.name}"] = encode
        value, condition = f"message.{place.name}", ""
        if not needed:
            condition = f"    if (value := message.{place.name}) is not None:\n    "
            value = "value"
        source.append(f"{condition}    elements.append(encode_{place.name}({value}))")
    source.append("    return elements")
    exec("\n".join(source), scope)
    writer: Writer = scope["write"]
    return writer


PRIVATE_EXTENSION: Final = repeatable(
    "private_extension", _PRIVATE_EXTENSION, "what a vendor adds; closes the message"
)
