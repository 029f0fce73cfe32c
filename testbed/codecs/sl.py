"""Service Loading, as XML and as WBXML (WAP-168)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from testbed.codecs import content, wbxml
from testbed.codecs.content import Tree
from testbed.codecs.wbxml import Language, Node

XML_TYPE = "text/vnd.wap.sl"
WBXML_TYPE = "application/vnd.wap.slc"
SYSTEM_ID = "http://www.wapforum.org/DTD/sl.dtd"

LANGUAGE = Language(
    public_id=0x06,
    public_identifier="-//WAPFORUM//DTD SL 1.0//EN",
    tags={"sl": 0x05},
    starts=(
        (0x05, "action", "execute-low"),
        (0x06, "action", "execute-high"),
        (0x07, "action", "cache"),
        (0x08, "href", ""),
        (0x09, "href", "http://"),
        (0x0A, "href", "http://www."),
        (0x0B, "href", "https://"),
        (0x0C, "href", "https://www."),
    ),
    values=((0x85, ".com/"), (0x86, ".edu/"), (0x87, ".net/"), (0x88, ".org/")),
)
"""Tokens of SL 1.0 (WAP-168 §8)."""


class Action(StrEnum):
    """How the service is to be loaded."""

    EXECUTE_LOW = "execute-low"
    EXECUTE_HIGH = "execute-high"
    CACHE = "cache"


@dataclass(frozen=True, slots=True)
class ServiceLoading:
    """A service to load."""

    href: str
    action: Action = Action.EXECUTE_LOW


def parse(xml: bytes) -> ServiceLoading:
    """Read SL as XML; ContentError with line and column where it breaks the DTD."""
    return _value(content.read_xml(xml, "sl", LANGUAGE))


def build(loading: ServiceLoading) -> bytes:
    """Write SL as XML in UTF-8; ValueError where XML lacks one of the characters."""
    return content.write_xml(_tree(loading), LANGUAGE, SYSTEM_ID)


def encode(loading: ServiceLoading) -> bytes:
    """Write SL as WBXML; ValueError where the address holds a NUL."""
    return wbxml.encode(_tree(loading), LANGUAGE)


def decode(data: bytes) -> ServiceLoading:
    """Read SL as WBXML; ContentError where it breaks its definition."""
    return _value(wbxml.decode(data, LANGUAGE))


def transcode(xml: bytes) -> bytes:
    """Turn SL as XML into WBXML as it stands: attributes keep their order, defaults their place.

    ContentError as for ``parse``.
    """
    root = content.read_xml(xml, "sl", LANGUAGE)
    _value(root)
    return wbxml.encode(content.as_node(root), LANGUAGE)


def _value(root: Tree) -> ServiceLoading:
    content.check(root, "sl", ("href", "action"))
    content.children(root, 0, 0)
    if "href" not in root.attributes:
        raise root.error("sl lacks its href")
    action = root.attributes.get("action", Action.EXECUTE_LOW)
    if action not in tuple(Action):
        raise root.error(f"action: {action!r} is none of {', '.join(Action)}")
    return ServiceLoading(root.attributes["href"], Action(action))


def _tree(value: ServiceLoading) -> Node:
    attributes = {"href": value.href}
    if value.action is not Action.EXECUTE_LOW:
        attributes["action"] = str(value.action)
    return Node("sl", attributes)
