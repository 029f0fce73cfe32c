"""Reads the body of an HTTP response within a bound, and breaks off what is larger."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import ResponseDone
from twisted.web.http import PotentialDataLoss


class BodyTooLargeError(Exception):
    """A peer answers with more than it may."""


async def read_body(response: Any, limit: int) -> bytes:
    """Return the body of a response of Twisted or treq.

    Raises:
        BodyTooLargeError: it has more than ``limit`` octets.
        twisted.web.client.ResponseFailed: it broke off.
    """
    body: Deferred[bytes] = Deferred(lambda _: collector.break_off())
    collector = _Collector(body, limit)
    response.deliverBody(collector)
    return await body


class _Collector(Protocol):
    def __init__(self, body: Deferred[bytes], limit: int) -> None:
        self._body: Deferred[bytes] | None = body
        self._limit = limit
        self._octets = bytearray()

    def dataReceived(self, data: bytes) -> None:
        """Take a piece (Twisted calls this)."""
        if len(self._octets) <= self._limit:
            self._octets += data
        if len(self._octets) > self._limit:
            self.break_off()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Take the end (Twisted calls this)."""
        body, self._body = self._body, None
        if body is None or body.called:
            return
        if len(self._octets) > self._limit:
            body.errback(BodyTooLargeError(f"it answers with more than {self._limit} octets"))
        elif reason.check(ResponseDone, PotentialDataLoss) is not None:
            body.callback(bytes(self._octets))
        else:
            body.errback(reason)

    def break_off(self) -> None:
        """Close the connection: nothing more of this body is wanted."""
        if self.transport is not None:
            self.transport.loseConnection()
