"""The reference of messages for the docs, made from the tables.

``python -m gtp.messages.reference`` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, get_args, get_type_hints

from gtp.ies.catalogue import CATALOGUE, name_of
from gtp.messages import MESSAGES, Message
from gtp.messages.table import Place

_OPENING = """\
# GTP messages

Made from the tables in `gtp/messages` by `python -m gtp.messages.reference`; don't edit it.
Presence is M for mandatory, C for conditional, O for optional. Every message takes elements of
other types too and keeps their octets in `other_ies`. Beside these messages there is G-PDU (255),
which has a user's packet instead of elements."""

_VALUES = """\
## Values

What the attributes are, by type of element. Octets and codes that GTP says more of are only passed
on by most nodes, so that they are taken apart when somebody asks: `message.parsed("qos")` is a
`QosProfile`. Containers of other protocols stay octets."""

_PLAIN: Final[dict[object, str]] = {
    bool: "yes or no",
    bytes: "octets",
    int: "a number",
    str: "text",
    tuple[int, ...]: "numbers",
}


def reference() -> str:
    """Return the reference as Markdown."""
    sections = [_section(kind) for _, kind in sorted(MESSAGES.items())]
    return "\n\n".join((_OPENING, *sections, _values())) + "\n"


def _section(kind: type[Message]) -> str:
    heading = f"## {kind.TYPE:d} {kind.TYPE.text}"
    opening = f"`gtp.messages.{kind.__name__}`. {(kind.__doc__ or '').splitlines()[0]}"
    rows = tuple(_rows(kind))
    if not rows:
        return f"{heading}\n\n{opening}\n\nNo elements."
    table = ("| IE | Name | Attribute | Presence | When |", "|---|---|---|---|---|", *rows)
    return f"{heading}\n\n{opening}\n\n" + "\n".join(table)


def _rows(kind: type[Message]) -> Iterator[str]:
    for place in kind.IES:
        yield (
            f"| {place.element.type:d} | {name_of(place.element.type)} | `{place.name}` "
            f"| {place.presence.value} | {_when(place)} |"
        )


def _when(place: Place) -> str:
    return place.note + (", any number of times" if place.repeatable else "")


def _values() -> str:
    values: dict[int, str] = dict.fromkeys(CATALOGUE, "octets, in `other_ies`: no message has it")
    for kind in MESSAGES.values():
        hints = get_type_hints(kind)
        for place in kind.IES:
            values[place.element.type] = _value(place, hints[place.name])
    rows = (f"| {number} | {name_of(number)} | {value} |" for number, value in values.items())
    return f"{_VALUES}\n\n" + "\n".join(("| IE | Name | Value |", "|---|---|---|", *rows))


def _value(place: Place, annotation: Any) -> str:
    """Return what an attribute is, from its annotation, and what becomes of it when parsed."""
    element = place.element
    if place.repeatable:
        annotation = get_args(annotation)[0]
    choices = [each for each in get_args(annotation) if each is not type(None)]
    kind = choices[0] if choices and type(None) in get_args(annotation) else annotation
    text = _PLAIN.get(kind) or f"`{getattr(kind, '__name__', kind)}`"
    if element.holds:
        return f"{text}: {element.holds}"
    if element.parse is None:
        return text
    parsed = getattr(element.parse, "__self__", element.parse)
    return f"{text}, parsed `{parsed.__name__}`"


if __name__ == "__main__":
    print(reference(), end="")
