"""PAP documents to XML (WAP-247 §9)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from testbed.codecs import markup
from testbed.codecs.pap.documents import Document
from testbed.codecs.pap.schema import DOCUMENTS, ELEMENTS, ElementRule
from testbed.codecs.pap.status import Version


def build(
    document: Document, *, version: Version = Version.V2_0, product_name: str | None = None
) -> bytes:
    """Write a PAP document in UTF-8 with the DOCTYPE of ``version``.

    Attributes with their default value are left out. ValueError where the document has what
    that version lacks, a value outside its range, or a character that XML lacks.
    """
    element = _element(DOCUMENTS[type(document)], document, version)
    return f"{_opening(version, product_name)}{element}</pap>\n".encode()


@lru_cache(maxsize=16)
def _opening(version: Version, product_name: str | None) -> str:
    product = "" if product_name is None else f' product-name="{markup.escape(product_name)}"'
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<!DOCTYPE pap PUBLIC "{version.public_id}" "{version.system_id}">\n'
        f"<pap{product}>"
    )


def _element(rule: ElementRule, value: Any, version: Version) -> str:
    attributes = "".join(_attributes(rule, value, version))
    children = "".join(_children(rule, value, version))
    end = f">{children}</{rule.name}>" if children else "/>"
    return f"<{rule.name}{attributes}{end}"


def _attributes(rule: ElementRule, value: Any, version: Version) -> list[str]:
    defaults = rule.defaults
    written = []
    for attribute in rule.attributes:
        held = value if rule.value is str else getattr(value, attribute.field)
        if held is None or (not attribute.required and held == defaults.get(attribute.field)):
            continue
        if attribute.since_2_0 and version is Version.V1_0:
            raise ValueError(f"PAP 1.0 has no {attribute.name}")
        try:
            text = markup.escape(attribute.coding.write(held))
        except ValueError as error:
            raise ValueError(f"{attribute.name}: {error}") from None
        written.append(f' {attribute.name}="{text}"')
    return written


def _children(rule: ElementRule, value: Any, version: Version) -> list[str]:
    written = []
    for child in rule.children:
        if child.field is None:
            held: tuple[Any, ...] = (value,)
        else:
            field = getattr(value, child.field)
            held = field if not child.single else () if field is None else (field,)
        if len(held) < child.least:
            raise ValueError(f"{rule.name} lacks its {child.element}")
        written += [_element(ELEMENTS[child.element], one, version) for one in held]
    return written
