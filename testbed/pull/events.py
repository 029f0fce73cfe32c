"""What pull reports as having happened."""

from __future__ import annotations

from dataclasses import dataclass

from corenet.interfaces.node import Event


@dataclass(frozen=True, slots=True)
class PageServed(Event):
    """A request of a terminal was answered, with a page or with what is wrong."""

    terminal: str
    """Its MSISDN with "+" where that is known, else its address."""
    method: str
    host: str
    """Of the URL; "" where it has none."""
    status: int
    octets: int
    """Of the reply."""
    seconds: float
    """From the request to the reply."""
    reason: str = ""
    """Why the gateway answered itself, where it did."""


@dataclass(frozen=True, slots=True)
class RequestAbandoned(Event):
    """A terminal gave a request up before it was answered."""

    terminal: str
    host: str
    seconds: float
