"""What SI and SL share: one validation for elements that came as XML or as WBXML."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, Self, TypeVar

from testbed.codecs import markup
from testbed.codecs.errors import ContentError
from testbed.codecs.markup import Element, MarkupError
from testbed.codecs.timestamps import parse_timestamp
from testbed.codecs.wbxml import Language, Node

_LIMITS = markup.Limits(octets=65_536, depth=6, elements=1_000)


class Tree(Protocol):
    """An element of XML or of binary XML."""

    @property
    def name(self) -> str:
        """The element's name."""
        ...

    @property
    def attributes(self) -> Mapping[str, str]:
        """Attributes by name."""
        ...

    @property
    def children(self) -> Sequence[Self]:
        """Child elements in order."""
        ...

    @property
    def text(self) -> str:
        """Character data directly in the element."""
        ...

    def error(self, text: str) -> ContentError:
        """Return the error for something that is wrong with this element."""
        ...


T = TypeVar("T", bound=Tree)


def read_xml(xml: bytes, root: str, language: Language) -> Element:
    """Read XML whose root and DOCTYPE, where it has one, are the language's."""
    try:
        document = markup.read(xml, _LIMITS)
    except MarkupError as error:
        raise ContentError(error.text, line=error.line, column=error.column) from None
    if document.doctype not in (None, root):
        raise document.root.error(f"the DOCTYPE is {document.doctype}, not {root}")
    if document.public_id not in (None, language.public_identifier):
        raise document.root.error(f"the DOCTYPE {document.public_id!r} is not {root}'s")
    return document.root


def check(tree: T, name: str, attributes: Collection[str] = (), *, text: bool = False) -> T:
    """Return ``tree``; ContentError where it is another element or has what it may not have."""
    if tree.name != name:
        raise tree.error(f"{tree.name} stands where {name} belongs")
    for attribute in tree.attributes:
        if attribute not in attributes:
            raise tree.error(f"{name} has no attribute {attribute}")
    if not text and tree.text.strip():
        raise tree.error(f"{name} holds text")
    return tree


def children(tree: T, least: int, most: int | None) -> Sequence[T]:
    """Return the child elements; ContentError where there are too few or too many."""
    count = len(tree.children)
    if count < least:
        raise tree.error(f"{tree.name} lacks a child element")
    if most is not None and count > most:
        raise tree.children[most].error(f"{tree.children[most].name} is one too many")
    return tree.children


def time_of(tree: Tree, attribute: str) -> float | None:
    """Return a %Datetime attribute in seconds since 1970-01-01 UTC, or None."""
    text = tree.attributes.get(attribute)
    if text is None:
        return None
    try:
        return parse_timestamp(text)
    except ValueError as error:
        raise tree.error(f"{attribute}: {error}") from None


def as_node(element: Element) -> Node:
    """Return a checked XML element for binary XML; white space at the ends of text is dropped."""
    inner = tuple(map(as_node, element.children))
    return Node(element.name, element.attributes, inner, element.text.strip())


def write_xml(root: Node, language: Language, system_id: str) -> bytes:
    """Write a tree as XML in UTF-8; ValueError where XML lacks one of the characters."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<!DOCTYPE {root.name} PUBLIC "{language.public_identifier}" "{system_id}">\n'
        f"{_written(root)}\n"
    ).encode()


def _written(node: Node) -> str:
    attributes = "".join(
        f' {name}="{markup.escape(value)}"' for name, value in node.attributes.items()
    )
    inner = markup.escape(node.text) + "".join(map(_written, node.children))
    return (
        f"<{node.name}{attributes}>{inner}</{node.name}>"
        if inner
        else f"<{node.name}{attributes}/>"
    )
