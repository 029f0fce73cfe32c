"""Whether a value is what was expected, in the words of YAML and of Python's ``expect`` calls.

What is expected can be

- None: the element is absent;
- true or false, or a number: just that;
- text: the value in words. Capitals, spaces, hyphens and underscores make no difference where the
  value is one of a fixed set (a cause, a step); ``*`` and ``?`` stand for any text and any
  character; octets are given in hexadecimal;
- a mapping: ``min`` and ``max`` bound a number; other keys are fields of the value, in turn;
- a list: as many values, each as expected.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from fnmatch import fnmatchcase
from typing import Any, Final

BOUNDS: Final = frozenset({"min", "max"})


def agrees(expected: Any, value: Any) -> bool:
    """Return whether ``value`` is what was expected."""
    if expected is None or isinstance(expected, bool):
        return value is expected
    if isinstance(expected, Mapping):
        if expected and BOUNDS.issuperset(expected):
            return _within(expected, value)
        return all(agrees(wanted, _member(value, str(n))) for n, wanted in expected.items())
    if isinstance(expected, list | tuple):
        return (
            isinstance(value, list | tuple)
            and len(value) == len(expected)
            and all(map(agrees, expected, value))
        )
    if isinstance(expected, int | float):
        if isinstance(value, Enum):
            value = value.value
        if isinstance(value, bool) or not isinstance(value, int | float):
            return bool(str(value) == str(expected))
        return bool(value == expected)
    return _says(str(expected), value)


def text(value: Any) -> str:
    """Return a value in words, as a failing expectation shows it."""
    if isinstance(value, Enum):
        named = getattr(value, "text", None) or value.name.lower().replace("_", " ")
        same = isinstance(value.value, str)
        return str(value.value) if same else f"{value.value} ({named})"
    if isinstance(value, bytes):
        return value.hex() or "no octets"
    if value is None:
        return "absent"
    return str(value)


def plain(name: str) -> str:
    """Return a name without what makes no difference: capitals, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", name).lower()


def _within(bounds: Mapping[str, Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return bool(bounds.get("min", value) <= value <= bounds.get("max", value))


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else getattr(value, name, None)


def _says(expected: str, value: Any) -> bool:
    if isinstance(value, Enum):
        words = (value.name, str(value.value), str(getattr(value, "text", "")))
        return plain(expected) in {plain(word) for word in words}
    # Brackets mean themselves: texts of people have them.
    pattern = expected.replace("[", "[[]")
    if isinstance(value, bytes):
        return fnmatchcase(value.hex(), pattern.lower())
    return value is not None and fnmatchcase(str(value), pattern)
