"""A message's information elements as a tree of names and texts, for people to open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from gtp.describe import describe
from gtp.messages import Message

Node = dict[str, Any]
"""``name``, ``text``, and ``parts``: the nodes below it."""

_DEEPEST = 6


def tree(subject: Any) -> list[Node]:
    """Return what is in a message or an event, in its own order."""
    if isinstance(subject, Message):
        header = [
            _leaf("TEID", f"0x{subject.teid:08x}"),
            _leaf("Sequence number", str(subject.sequence)),
        ]
        return header + [_leaf(name, text) for name, text in describe(subject)]
    return _parts(subject, 0)


def _leaf(name: str, text: str) -> Node:
    return {"name": name, "text": text, "parts": []}


def _parts(value: Any, depth: int) -> list[Node]:
    if depth >= _DEEPEST:
        return []
    named: list[tuple[str, Any]]
    if isinstance(value, Mapping):
        named = [(str(name), item) for name, item in value.items()]
    elif is_dataclass(value):
        named = [(field.name, getattr(value, field.name)) for field in fields(value)]
    elif isinstance(value, tuple) and hasattr(value, "_fields"):
        named = list(zip(value._fields, value, strict=True))
    elif isinstance(value, list | tuple | set | frozenset):
        named = [(str(number), item) for number, item in enumerate(value, 1)]
    else:
        return []
    return [
        _node(name.replace("_", " "), item, depth)
        for name, item in named
        if item is not None and item != () and item != b""
    ]


def _node(name: str, value: Any, depth: int) -> Node:
    parts = _parts(value, depth + 1)
    return {"name": name, "text": "" if parts else _text(value), "parts": parts}


def _text(value: Any) -> str:
    if isinstance(value, Enum):
        name = getattr(value, "text", None) or value.name.replace("_", " ").lower()
        number = f" ({value.value})" if isinstance(value.value, int) else ""
        return f"{name}{number}"
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
