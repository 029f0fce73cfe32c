"""The reference of messages for the docs, made from the tables.

``python -m gtp.messages.reference`` prints it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gtp.ies.catalogue import name_of
from gtp.messages import MESSAGES, Message
from gtp.messages.table import Place

_OPENING = """\
# GTP messages

Made from the tables in `gtp/messages` by `python -m gtp.messages.reference`; don't edit it.
Presence is M for mandatory, C for conditional, O for optional. Every message takes elements of
other types too and keeps their octets in `other_ies`. Beside these messages there is G-PDU (255),
which has a user's packet instead of elements."""


def reference() -> str:
    """Return the reference as Markdown."""
    return "\n\n".join((_OPENING, *(_section(kind) for _, kind in sorted(MESSAGES.items())))) + "\n"


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


if __name__ == "__main__":
    print(reference(), end="")
