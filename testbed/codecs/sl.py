"""Service Loading, as XML and as WBXML (WAP-168)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

XML_TYPE = "text/vnd.wap.sl"
WBXML_TYPE = "application/vnd.wap.slc"


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
    raise NotImplementedError


def build(loading: ServiceLoading) -> bytes:
    """Write SL as XML in UTF-8."""
    raise NotImplementedError


def encode(loading: ServiceLoading) -> bytes:
    """Write SL as WBXML."""
    raise NotImplementedError


def decode(data: bytes) -> ServiceLoading:
    """Read SL as WBXML; ContentError where it breaks its definition."""
    raise NotImplementedError
