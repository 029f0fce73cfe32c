"""PAP documents from XML, strictly (WAP-247 §9)."""

from __future__ import annotations

import re
from typing import Any, cast

from testbed.codecs import markup
from testbed.codecs.markup import Element, MarkupDocument, MarkupError
from testbed.codecs.pap.documents import Document, Envelope
from testbed.codecs.pap.errors import PapError
from testbed.codecs.pap.schema import DOCUMENT_NAMES, ELEMENTS, ElementRule
from testbed.codecs.pap.status import StatusCode, Version

_PUBLIC_ID = re.compile(r"-//(?:WAPFORUM|OMA)//DTD PAP ([0-9.]+)//EN", re.IGNORECASE)
_VERSIONS = re.compile(r"""supported-versions\s*=\s*(["'])(?P<versions>[^"']*)\1""")
_LIMITS = markup.Limits(depth=5)


def parse(xml: bytes) -> Document:
    """Read a PAP document; PapError where it breaks its definition."""
    return parse_envelope(xml).document


def parse_envelope(xml: bytes) -> Envelope:
    """Read a PAP document with its version and product name; PapError as for ``parse``."""
    try:
        read = markup.read(xml, _LIMITS)
    except MarkupError as error:
        raise PapError(
            StatusCode.BAD_REQUEST,
            error.text,
            line=error.line,
            column=error.column,
            fragment=error.fragment or None,
        ) from None
    version = _version(read)
    if read.root.name != "pap":
        raise _error(read.root, f"the root element is {read.root.name}, not pap")
    document = _document(read.root)
    return Envelope(
        document=document,
        version=version,
        product_name=read.root.attributes.get("product-name"),
        supported_versions=_supported_versions(read),
    )


def _error(
    element: Element,
    text: str,
    code: StatusCode = StatusCode.BAD_REQUEST,
    push_id: str | None = None,
) -> PapError:
    line, column = element.place
    return PapError(
        code,
        text,
        element=element.name,
        line=line,
        column=column,
        fragment=element.fragment,
        push_id=push_id,
    )


def _version(read: MarkupDocument) -> Version | None:
    if read.doctype is None:
        return None
    if read.doctype != "pap":
        raise _error(read.root, f"the DOCTYPE is {read.doctype}, not pap")
    if read.public_id is None:
        return None
    found = _PUBLIC_ID.fullmatch(" ".join(read.public_id.split()))
    if found is None:
        raise _error(read.root, f"the DOCTYPE {read.public_id!r} is not PAP's")
    try:
        return Version(found[1])
    except ValueError:
        raise _error(
            read.root,
            f"PAP {found[1]} is not supported, only {', '.join(Version)}",
            StatusCode.VERSION_NOT_SUPPORTED,
            _push_id(read.root),
        ) from None


def _supported_versions(read: MarkupDocument) -> str | None:
    for target, data in read.instructions:
        if target == "wap-pap-ver" and (found := _VERSIONS.search(data)):
            return found["versions"]
    return None


def _push_id(root: Element) -> str | None:
    return next((child.attributes.get("push-id") for child in root.children), None) or None


def _document(root: Element) -> Document:
    push_id = _push_id(root)
    try:
        for name in root.attributes:
            if name != "product-name":
                raise _error(root, f"pap has no attribute {name}")
        _check_no_text(root)
        if len(root.children) != 1:
            raise _error(root, f"pap holds one document, not {len(root.children)}")
        element = root.children[0]
        if element.name not in DOCUMENT_NAMES:
            raise _error(element, f"{element.name} is not a PAP document")
        return cast(Document, _value(element, ELEMENTS[element.name]))
    except PapError as error:
        error.push_id = push_id
        raise


def _check_no_text(element: Element) -> None:
    if element.text.strip():
        raise _error(element, f"{element.name} holds text")


def _value(element: Element, rule: ElementRule) -> object:
    """Return what ``element`` becomes: its value, or its fields where they are the parent's."""
    _check_no_text(element)
    fields = _attributes(element, rule)
    _add_children(fields, element, rule)
    if rule.value is None:
        return fields
    if rule.value is str:
        return fields["value"]
    return rule.value(**fields)


def _attributes(element: Element, rule: ElementRule) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name, text in element.attributes.items():
        attribute = rule.by_name.get(name)
        if attribute is None:
            raise _error(element, f"{element.name} has no attribute {name}")
        try:
            fields[attribute.field] = attribute.coding.read(text)
        except ValueError as error:
            raise _error(element, f"{name}: {error}") from None
    for attribute in rule.required:
        if attribute.field not in fields:
            raise _error(element, f"{element.name} lacks its {attribute.name}")
    return fields


def _add_children(fields: dict[str, Any], element: Element, rule: ElementRule) -> None:
    children, place = element.children, 0
    for child in rule.children:
        found: list[object] = []
        most = len(children) if child.most is None else min(place + child.most, len(children))
        while place < most and children[place].name == child.element:
            found.append(_value(children[place], ELEMENTS[child.element]))
            place += 1
        if len(found) < child.least:
            raise _error(element, f"{element.name} lacks its {child.element}")
        if child.field is None:
            fields.update(cast(dict[str, Any], found[0]))
        elif not child.single:
            fields[child.field] = tuple(found)
        elif found:
            fields[child.field] = found[0]
    if place < len(children):
        extra = children[place]
        raise _error(extra, f"{extra.name} is not allowed here in {element.name}")
