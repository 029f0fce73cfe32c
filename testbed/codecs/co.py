"""Cache Operation, as XML and as WBXML (WAP-175)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from testbed.codecs import content, wbxml
from testbed.codecs.content import Tree
from testbed.codecs.wbxml import Language, Node

XML_TYPE = "text/vnd.wap.co"
WBXML_TYPE = "application/vnd.wap.coc"
SYSTEM_ID = "http://www.wapforum.org/DTD/co_1.0.dtd"

LANGUAGE = Language(
    public_id=0x07,
    public_identifier="-//WAPFORUM//DTD CO 1.0//EN",
    tags={"co": 0x05, "invalidate-object": 0x06, "invalidate-service": 0x07},
    starts=(
        (0x05, "uri", ""),
        (0x06, "uri", "http://"),
        (0x07, "uri", "http://www."),
        (0x08, "uri", "https://"),
        (0x09, "uri", "https://www."),
    ),
    values=((0x85, ".com/"), (0x86, ".edu/"), (0x87, ".net/"), (0x88, ".org/")),
)
"""Tokens of CO 1.0 (WAP-175 §7)."""


class Scope(StrEnum):
    """How much of a client's cache a URI stands for."""

    OBJECT = "invalidate-object"
    """The one object that has this URI."""
    SERVICE = "invalidate-service"
    """Every object whose URI begins with it."""


@dataclass(frozen=True, slots=True)
class Invalidation:
    """Something in a cache that is not valid any more."""

    scope: Scope
    uri: str


@dataclass(frozen=True, slots=True)
class CacheOperation:
    """What to invalidate, in order; one or more."""

    invalidations: tuple[Invalidation, ...]


def parse(xml: bytes) -> CacheOperation:
    """Read CO as XML; ContentError with line and column where it breaks the DTD."""
    return _value(content.read_xml(xml, "co", LANGUAGE))


def build(operation: CacheOperation) -> bytes:
    """Write CO as XML in UTF-8; ValueError where XML lacks one of the characters."""
    return content.write_xml(_tree(operation), LANGUAGE, SYSTEM_ID)


def encode(operation: CacheOperation) -> bytes:
    """Write CO as WBXML; ValueError where an address holds a NUL."""
    return wbxml.encode(_tree(operation), LANGUAGE)


def decode(data: bytes) -> CacheOperation:
    """Read CO as WBXML; ContentError where it breaks its definition."""
    return _value(wbxml.decode(data, LANGUAGE))


def transcode(xml: bytes) -> bytes:
    """Turn CO as XML into WBXML; ContentError as for ``parse``."""
    root = content.read_xml(xml, "co", LANGUAGE)
    _value(root)
    return wbxml.encode(content.as_node(root), LANGUAGE)


def _value(root: Tree) -> CacheOperation:
    content.check(root, "co")
    return CacheOperation(tuple(map(_invalidation, content.children(root, 1, None))))


def _invalidation(tree: Tree) -> Invalidation:
    if tree.name not in tuple(Scope):
        raise tree.error(f"{tree.name} is none of {', '.join(Scope)}")
    content.check(tree, tree.name, ("uri",))
    content.children(tree, 0, 0)
    if "uri" not in tree.attributes:
        raise tree.error(f"{tree.name} lacks its uri")
    return Invalidation(Scope(tree.name), tree.attributes["uri"])


def _tree(operation: CacheOperation) -> Node:
    inner = (Node(str(one.scope), {"uri": one.uri}) for one in operation.invalidations)
    return Node("co", children=tuple(inner))
