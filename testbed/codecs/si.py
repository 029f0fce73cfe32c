"""Service Indication, as XML and as WBXML (WAP-167)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

XML_TYPE = "text/vnd.wap.si"
WBXML_TYPE = "application/vnd.wap.sic"


class Action(StrEnum):
    """How the indication is to be presented."""

    SIGNAL_NONE = "signal-none"
    SIGNAL_LOW = "signal-low"
    SIGNAL_MEDIUM = "signal-medium"
    SIGNAL_HIGH = "signal-high"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Item:
    """An ``item`` of ``info``: a class and its text."""

    item_class: str
    text: str


@dataclass(frozen=True, slots=True)
class ServiceIndication:
    """A service indication; times are seconds since 1970-01-01 UTC."""

    text: str
    href: str | None = None
    si_id: str | None = None
    action: Action = Action.SIGNAL_MEDIUM
    created: float | None = None
    expires: float | None = None
    info: tuple[Item, ...] = ()


def parse(xml: bytes) -> ServiceIndication:
    """Read SI as XML; ContentError with line and column where it breaks the DTD."""
    raise NotImplementedError


def build(indication: ServiceIndication) -> bytes:
    """Write SI as XML in UTF-8."""
    raise NotImplementedError


def encode(indication: ServiceIndication) -> bytes:
    """Write SI as WBXML."""
    raise NotImplementedError


def decode(data: bytes) -> ServiceIndication:
    """Read SI as WBXML; ContentError where it breaks its definition."""
    raise NotImplementedError
