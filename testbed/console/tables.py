"""Rows of values laid out as a table of text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

GAP: Final = "  "
NOTHING: Final = "-"
"""Stands for a value that is not there."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and what a row has in it."""

    title: str
    value: Callable[[Mapping[str, Any]], Any]
    right: bool = False
    """Whether it stands at the right, as numbers do."""


def named(title: str, name: str, *, right: bool = False) -> Column:
    """Return the column of one member of each row."""
    return Column(title, lambda row: row.get(name), right)


def table(columns: Sequence[Column], rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a heading and a line for each row; nothing where there are no rows."""
    if not rows:
        return []
    cells = [[column.title for column in columns]]
    cells += [[text(column.value(row)) for column in columns] for row in rows]
    widths = [max(map(len, each)) for each in zip(*cells, strict=True)]
    return [
        GAP.join(
            cell.rjust(width) if column.right else cell.ljust(width)
            for column, cell, width in zip(columns, line, widths, strict=True)
        ).rstrip()
        for line in cells
    ]


def text(value: Any) -> str:
    """Return a value as it stands in a table, on one line."""
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".")
    if isinstance(value, list | tuple):
        return ", ".join(text(item) for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {text(item)}" for key, item in value.items())
    return " ".join(str(value).split())


def record(value: Mapping[str, Any], indent: str = "") -> list[str]:
    """Return what one thing has, a line for each member, and what is in it further in."""
    lines: list[str] = []
    width = max((len(str(key)) for key in value), default=0)
    for key, item in value.items():
        if isinstance(item, Mapping) and item:
            lines += [f"{indent}{key}", *record(item, indent + GAP)]
        elif isinstance(item, list) and item and isinstance(item[0], Mapping):
            for number, each in enumerate(item, 1):
                lines += [f"{indent}{key} {number}", *record(each, indent + GAP)]
        else:
            lines.append(f"{indent}{str(key).ljust(width)}{GAP}{text(item)}")
    return lines
