"""What messages and events there are: their names, and what fields they have.

It is for saying at once that a name is misspelt, with one that may be meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Final

from corenet.interfaces.gsup import GsupMessage
from corenet.interfaces.gsup import MessageType as GsupType
from corenet.interfaces.nas.describe import GMM_NAMES, SM_NAMES
from corenet.interfaces.node import Event
from gtp.constants import MessageType
from gtp.messages import MESSAGES
from testbed.codecs.smpp import CommandId
from testbed.expectations.expected import Expected
from testbed.expectations.messages import RADIUS_NAMES, Paged, UserData
from testbed.expectations.values import plain

_EVENTS: Final = (
    "corenet.ggsn.events",
    "corenet.gr.events",
    "corenet.hlr.events",
    "corenet.mobile.events",
    "corenet.sgsn.events",
    "corenet.um.events",
    "testbed.esme.events",
    "testbed.gateway.events",
    "testbed.pull.events",
    "testbed.smpp.events",
    "testbed.smsc.events",
)
_OTHERS: Final = ("G-PDU", "IP packet", "datagram", "User Data", "Paging Request", "CP-ACK")
_ANY_FIELDS: Final[tuple[type, ...]] = ()


class UnknownNameError(ValueError):
    """There is no message, event or field of that name; the text may say which is meant."""


def check(expected: Expected) -> None:
    """Raise UnknownNameError where what is expected can never be seen."""
    checked = check_event if expected.is_event else check_message
    checked(expected.name, expected.fields)


def check_message(name: str, paths: Iterable[str]) -> None:
    """Raise UnknownNameError where there is no such message, or it has no such field."""
    if re.match(r"(CP-|malformed |ciphered |LLC |RADIUS code )", name):
        return
    known = _messages()
    _check(name, "message", known)
    _check_fields(known[plain(name)], paths)


def check_event(name: str, paths: Iterable[str]) -> None:
    """Raise UnknownNameError where there is no such event, or it has no such field."""
    known = events()
    _check(name, "event", known)
    _check_fields(known[plain(name)], paths)


@cache
def events() -> Mapping[str, tuple[str, tuple[type, ...]]]:
    """Return the events by their names in plain letters; nodes may have some of one name."""
    for module in _EVENTS:
        import_module(module)
    found: dict[str, tuple[str, tuple[type, ...]]] = {}
    for kind in _below(Event):
        name, kinds = found.get(plain(kind.__name__), (kind.__name__, ()))
        found[plain(kind.__name__)] = (name, (*kinds, kind))
    return MappingProxyType(found)


def _below(kind: type[Event]) -> Iterable[type[Event]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _below(sub)


@cache
def _messages() -> Mapping[str, tuple[str, tuple[type, ...]]]:
    found: dict[str, tuple[str, tuple[type, ...]]] = {}
    names: list[tuple[str, tuple[type, ...]]] = [
        (MessageType(number).text, (kind,)) for number, kind in MESSAGES.items()
    ]
    names += [(kind.text, (GsupMessage,)) for kind in GsupType]
    names += [(name, _ANY_FIELDS) for name in (*SM_NAMES.values(), *GMM_NAMES.values())]
    names += [(name, _ANY_FIELDS) for name in RADIUS_NAMES.values()]
    names += [(f"SMPP {command.spelling}", _ANY_FIELDS) for command in CommandId]
    names += [(name, _ANY_FIELDS) for name in _OTHERS]
    names += [(name, (UserData,)) for name in ("datagram",)]
    names += [("Paging Request", (Paged,))]
    for name, kinds in names:
        found[plain(name)] = (name, kinds)
    return MappingProxyType(found)


def _check(name: str, what: str, known: Mapping[str, tuple[str, tuple[type, ...]]]) -> None:
    if plain(name) not in known:
        near = get_close_matches(plain(name), known, n=1)
        meant = f"; is it {known[near[0]][0]}?" if near else ""
        raise UnknownNameError(f"there is no {what} {name}{meant}")


def _check_fields(found: tuple[str, tuple[type, ...]], paths: Iterable[str]) -> None:
    name, kinds = found
    if not kinds:
        return
    for path in paths:
        first = path.split(".")[0]
        fields = sorted({field for kind in kinds for field in _fields(kind)})
        if first not in fields:
            near = get_close_matches(first, fields, n=1)
            meant = f"is it {near[0]}?" if near else f"it has {', '.join(fields)}"
            raise UnknownNameError(f"{name} has no field {first}; {meant}")


def _fields(kind: type) -> list[str]:
    own = (name for name in getattr(kind, "__dataclass_fields__", ()) if not name.isupper())
    derived = (name for name in dir(kind) if isinstance(getattr(kind, name, None), property))
    return [*own, *derived]
