"""Service Indication, as XML and as WBXML (WAP-167)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from testbed.codecs import content, wbxml
from testbed.codecs.content import T, Tree
from testbed.codecs.timestamps import format_timestamp
from testbed.codecs.wbxml import Language, Node

XML_TYPE = "text/vnd.wap.si"
WBXML_TYPE = "application/vnd.wap.sic"
SYSTEM_ID = "http://www.wapforum.org/DTD/si.dtd"

LANGUAGE = Language(
    public_id=0x05,
    public_identifier="-//WAPFORUM//DTD SI 1.0//EN",
    tags={"si": 0x05, "indication": 0x06, "info": 0x07, "item": 0x08},
    starts=(
        (0x05, "action", "signal-none"),
        (0x06, "action", "signal-low"),
        (0x07, "action", "signal-medium"),
        (0x08, "action", "signal-high"),
        (0x09, "action", "delete"),
        (0x0A, "created", ""),
        (0x0B, "href", ""),
        (0x0C, "href", "http://"),
        (0x0D, "href", "http://www."),
        (0x0E, "href", "https://"),
        (0x0F, "href", "https://www."),
        (0x10, "si-expires", ""),
        (0x11, "si-id", ""),
        (0x12, "class", ""),
    ),
    values=((0x85, ".com/"), (0x86, ".edu/"), (0x87, ".net/"), (0x88, ".org/")),
    times=frozenset({"created", "si-expires"}),
)
"""Tokens of SI 1.0 (WAP-167 §8)."""

_INDICATION = ("href", "si-id", "action", "created", "si-expires")


class Action(StrEnum):
    """How the indication is to be presented."""

    SIGNAL_NONE = "signal-none"
    SIGNAL_LOW = "signal-low"
    SIGNAL_MEDIUM = "signal-medium"
    SIGNAL_HIGH = "signal-high"
    DELETE = "delete"


_ACTIONS = frozenset(Action)


@dataclass(frozen=True, slots=True)
class Item:
    """An ``item`` of ``info``: a class and its text."""

    item_class: str
    text: str


@dataclass(frozen=True, slots=True)
class ServiceIndication:
    """A service indication; times are seconds since 1970-01-01 UTC, whole ones on the wire.

    White space at either end of a text is not significant.
    """

    text: str
    href: str | None = None
    si_id: str | None = None
    action: Action = Action.SIGNAL_MEDIUM
    created: float | None = None
    expires: float | None = None
    info: tuple[Item, ...] = ()


def parse(xml: bytes) -> ServiceIndication:
    """Read SI as XML; ContentError with line and column where it breaks the DTD."""
    return _value(content.read_xml(xml, "si", LANGUAGE))


def build(indication: ServiceIndication) -> bytes:
    """Write SI as XML in UTF-8; ValueError where XML lacks one of the characters."""
    return content.write_xml(_tree(indication), LANGUAGE, SYSTEM_ID)


def encode(indication: ServiceIndication) -> bytes:
    """Write SI as WBXML; ValueError where a text holds a NUL."""
    return wbxml.encode(_tree(indication), LANGUAGE)


def decode(data: bytes) -> ServiceIndication:
    """Read SI as WBXML; ContentError where it breaks its definition."""
    return _value(wbxml.decode(data, LANGUAGE))


def transcode(xml: bytes) -> bytes:
    """Turn SI as XML into WBXML as it stands: attributes keep their order, defaults their place.

    ContentError as for ``parse``.
    """
    root = content.read_xml(xml, "si", LANGUAGE)
    _check(root)
    return wbxml.encode(content.as_node(root), LANGUAGE)


def _check(root: T) -> Sequence[T]:
    """Return the indication and the info, if there is one; ContentError where one is wrong."""
    content.check(root, "si")
    parts = content.children(root, 1, 2)
    indication = parts[0]
    content.check(indication, "indication", _INDICATION, text=True)
    content.children(indication, 0, 0)
    attributes = indication.attributes
    action = attributes.get("action", Action.SIGNAL_MEDIUM)
    if action not in _ACTIONS:
        raise indication.error(f"action: {action!r} is none of {', '.join(Action)}")
    if action == Action.DELETE and "si-id" not in attributes:
        raise indication.error("action delete needs an si-id")
    for name in ("created", "si-expires"):
        content.time_of(indication, name)
    if len(parts) > 1:
        content.check(parts[1], "info")
        for item in content.children(parts[1], 1, None):
            content.check(item, "item", ("class",), text=True)
            content.children(item, 0, 0)
            if "class" not in item.attributes:
                raise item.error("item lacks its class")
    return parts


def _value(root: Tree) -> ServiceIndication:
    indication, *others = _check(root)
    attributes = indication.attributes
    items = others[0].children if others else ()
    return ServiceIndication(
        text=indication.text.strip(),
        href=attributes.get("href"),
        si_id=attributes.get("si-id"),
        action=Action(attributes.get("action", Action.SIGNAL_MEDIUM)),
        created=content.time_of(indication, "created"),
        expires=content.time_of(indication, "si-expires"),
        info=tuple(Item(item.attributes["class"], item.text.strip()) for item in items),
    )


def _tree(value: ServiceIndication) -> Node:
    attributes = {
        "href": value.href,
        "si-id": value.si_id,
        "action": None if value.action is Action.SIGNAL_MEDIUM else str(value.action),
        "created": None if value.created is None else format_timestamp(value.created),
        "si-expires": None if value.expires is None else format_timestamp(value.expires),
    }
    indication = Node(
        "indication",
        {name: text for name, text in attributes.items() if text is not None},
        text=value.text,
    )
    if not value.info:
        return Node("si", children=(indication,))
    items = tuple(Node("item", {"class": item.item_class}, text=item.text) for item in value.info)
    return Node("si", children=(indication, Node("info", children=items)))
