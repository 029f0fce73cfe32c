"""Text as roff's ``man`` macros have it (man(7)), made of Markdown's inline marks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from textwrap import wrap
from typing import Final

WIDTH: Final = 80
"""Columns of a source line; pages are set anew for each reader."""

_MARK: Final = re.compile(r"`([^`]+)`|\[([^\]]+)\]\([^)]+\)")


def escaped(text: str) -> str:
    """Return ``text`` so that roff prints it as it is."""
    plain = text.replace("\\", "\\e").replace("-", "\\-")
    return "".join(one if ord(one) < 128 else f"\\[u{ord(one):04X}]" for one in plain)


def bold(text: str) -> str:
    """Return what is typed as it stands."""
    return f"\\fB{escaped(text)}\\fR"


def italic(text: str) -> str:
    """Return what stands for a value."""
    return f"\\fI{escaped(text)}\\fR"


def inline(text: str) -> str:
    """Return Markdown's code in bold and its links in italics."""
    parts, end = [], 0
    for found in _MARK.finditer(text):
        code, link = found.groups()
        parts.append(escaped(text[end : found.start()]))
        parts.append(italic(link) if code is None else bold(code))
        end = found.end()
    return "".join([*parts, escaped(text[end:])])


def paragraph(text: str) -> list[str]:
    """Return lines of set text; each sentence begins a line, as roff's spacing wants it."""
    lines = []
    for sentence in re.split(r"(?<=[.:;?!]) +", text):
        lines += wrap(sentence, WIDTH, break_long_words=False, break_on_hyphens=False)
    # A line that begins with a dot or an apostrophe would be a macro.
    return [f"\\&{line}" if line[0] in ".'" else line for line in lines]


def literal(text: str) -> list[str]:
    """Return lines that stay as they are."""
    lines = [escaped(line) for line in text.splitlines()]
    return [".nf", *(f"\\&{line}" if line[:1] in (".", "'") else line for line in lines), ".fi"]


def page(title: str, section: int, purpose: str, parts: Iterable[tuple[str, list[str]]]) -> str:
    """Return a whole page: its name with what it is for, and its sections."""
    lines = [
        f'.TH "{title.upper()}" "{section}" "" "Corenet" "Corenet Manual"',
        # Words to be typed are not to be hyphenated, nor spread over the line.
        ".nh",
        ".ad l",
        ".SH NAME",
        f"{escaped(title)} \\- {escaped(purpose)}",
    ]
    for heading, body in parts:
        if body:
            lines += [f".SH {heading}", *body]
    return "\n".join(lines) + "\n"


def section(title: str) -> str:
    """Return the beginning of a part of a section."""
    return f'.SS "{escaped(title)}"'


def item(tag: str, body: str) -> list[str]:
    """Return an entry of a list: its tag, and what is said of it."""
    return [".TP", tag, *(paragraph(body) or ["\\&"])]
