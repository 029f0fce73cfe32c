"""Usual messages, split and checked in one C call and then decoded without a loop.

Usual is a message whose elements ascend by type, each in its usual form, none repeated, none
that its table does not know. From the table come one regular expression for all of its
elements and a function that decodes the groups. The function is made as source text, as
``dataclasses`` makes its constructors: each call in it then has one target, which the
interpreter makes twice as fast as a loop over decoders.

What a reader returns is what the walk in ``codec`` returns for the same octets; whatever is
not usual it leaves to the walk.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from gtp.messages.base import Message
from gtp.messages.table import Presence
from gtp.wire import HEADER

Reader = Callable[[bytes, int, int], Message | None]
"""Takes a whole message, its TEID and its sequence number; the header is known to be plain.

Returns None, or raises ValueError, for a message that is not usual.
"""


def _never(data: bytes, teid: int, sequence: int) -> None:
    """Read nothing: a kind that must have what has no usual form is never usual."""


def make_reader(kind: type[Message]) -> Reader:
    """Return the reader of usual messages of a kind."""
    form = b""
    groups, arguments, further = [], ["teid=teid", "sequence=sequence"], []
    scope: dict[str, Any] = {"kind": kind, "start": HEADER.size}
    for place in kind.IES:
        name, usual = place.name, place.element.usual
        if usual is None or place.repeatable:
            if place.presence is Presence.MANDATORY:
                return _never
            continue
        groups.append(name)
        scope[f"take_{name}"] = usual.take
        if place.presence is Presence.MANDATORY:
            form += usual.form
            arguments.append(f"{name}=take_{name}({name})")
        else:
            # Possessive, so that whatever the octets are nothing is tried twice.
            form += b"(?:%b)?+" % usual.form
            # Set afterwards: most are absent, and an argument costs more than a look at it.
            further.append(f"    if {name} is not None:")
            further.append(f"        message.{name} = take_{name}({name})")
    scope["match"] = re.compile(form, re.DOTALL).fullmatch
    source = [
        "def read(data, teid, sequence):",
        "    usual = match(data, start)",
        "    if usual is None:",
        "        return None",
        f"    [{', '.join(groups)}] = usual.groups()",
        f"    message = kind({', '.join(arguments)})",
        *further,
        "    return message",
    ]
    exec("\n".join(source), scope)
    reader: Reader = scope["read"]
    return reader
