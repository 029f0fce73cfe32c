"""An HTTP client for the gateway: answers bounded in time and size, no redirect followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.error import ConnectingCancelledError
from twisted.internet.interfaces import IConsumer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import (
    Agent,
    BrowserLikePolicyForHTTPS,
    HTTPConnectionPool,
    ResponseDone,
    ResponseFailed,
)
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IBodyProducer, IPolicyForHTTPS
from zope.interface import implementer

IDLE_SECONDS = 20
"""Seconds that an idle connection is kept: fewer than servers keep it, or a POST meets its end."""


class ExchangeError(Exception):
    """A request got no answer that can be used; the sentence says why."""


class BrokenOffError(ExchangeError):
    """The connection ended before the answer did; the request may have been carried out."""


class TimedOutError(ExchangeError):
    """There was no answer in time, or nobody waited for it any more."""


class TooLargeError(ExchangeError):
    """The answer has more octets than are wanted."""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer, whole."""

    status: int
    headers: Headers
    body: bytes


class BoundedClient:
    """Sends requests and reads whole answers, of no more than so many octets."""

    def __init__(
        self,
        reactor: Any,
        *,
        connections: int | None,
        largest_answer: int,
        policy: IPolicyForHTTPS | None = None,
        endpoints: IAgentEndpointFactory | None = None,
    ) -> None:
        """Keep up to ``connections`` open to a host, or none; ``largest_answer`` is in octets.

        ``policy`` says whom to trust over TLS; None: those whom the system trusts. ``endpoints``
        takes the place of all that, and says how a connection is made.
        """
        self._reactor = reactor
        self._largest_answer = largest_answer
        self._pool = HTTPConnectionPool(reactor, persistent=connections is not None)
        if connections is not None:
            self._pool.maxPersistentPerHost = connections
        self._pool.cachedConnectionTimeout = IDLE_SECONDS
        if endpoints is None:
            self.agent = Agent(reactor, policy or BrowserLikePolicyForHTTPS(), pool=self._pool)
        else:
            self.agent = Agent.usingEndpointFactory(reactor, endpoints, pool=self._pool)
        self._under_way: set[Deferred[Response]] = set()

    async def exchange(
        self,
        method: str,
        url: str,
        *,
        headers: Headers,
        data: bytes | None = None,
        timeout: float,
    ) -> tuple[int, bytes]:
        """Return the status and the body of the answer.

        Raises:
            ExchangeError: there is none, within ``timeout`` seconds and the bound on its size.
        """
        response = await self.fetch(method, url, headers=headers, data=data, timeout=timeout)
        return response.status, response.body

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Headers,
        data: bytes | None = None,
        timeout: float,
    ) -> Response:
        """Return the whole answer; raises as ``exchange`` does."""
        exchange = Deferred.fromCoroutine(self._exchange(method, url, headers, data))
        exchange.addTimeout(timeout, self._reactor, _too_late)
        self._under_way.add(exchange)
        try:
            return await exchange
        except Exception as failed:
            raise _error(failed) from failed
        finally:
            self._under_way.discard(exchange)

    async def close(self) -> None:
        """Break off what is under way, close idle connections."""
        for exchange in list(self._under_way):
            exchange.cancel()
        await self._pool.closeCachedConnections()

    async def _exchange(
        self, method: str, url: str, headers: Headers, data: bytes | None
    ) -> Response:
        response = await self.agent.request(
            method.encode("ascii"),
            url.encode("ascii"),
            headers,
            None if data is None else _Body(data),
        )
        body: Deferred[bytes] = Deferred(lambda _: collector.break_off())
        collector = _Collector(body, self._largest_answer)
        response.deliverBody(collector)
        return Response(response.code, response.headers, await body)


@implementer(IBodyProducer)
class _Body:
    """The body of a request, which is there as a whole."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.length = len(data)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        """Write all of it (Twisted calls this)."""
        consumer.write(self._data)
        return succeed(None)

    def pauseProducing(self) -> None:
        """Do nothing: all is written (Twisted calls this)."""

    def resumeProducing(self) -> None:
        """Do nothing (Twisted calls this)."""

    def stopProducing(self) -> None:
        """Do nothing (Twisted calls this)."""


class _Collector(Protocol):
    """Collects a body, and breaks off one that is too large."""

    def __init__(self, body: Deferred[bytes], limit: int) -> None:
        self._body = body
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
        if self._body.called:
            return
        if len(self._octets) > self._limit:
            self._body.errback(TooLargeError(f"the answer has more than {self._limit} octets"))
        elif reason.check(ResponseDone, PotentialDataLoss) is not None:
            self._body.callback(bytes(self._octets))
        else:
            self._body.errback(reason)

    def break_off(self) -> None:
        """Close the connection: nothing more of this body is wanted."""
        if self.transport is not None:
            self.transport.loseConnection()


def _too_late(_result: object, _seconds: float) -> NoReturn:
    # Whatever the cancellation led to: while a name is looked up it is a DNSLookupError.
    raise TimedOutError("no answer in time")


def _error(failed: Exception) -> ExchangeError:
    if isinstance(failed, ExchangeError):
        return failed
    if isinstance(failed, CancelledError | ConnectingCancelledError):
        return TimedOutError("no answer in time")
    if isinstance(failed, ResponseFailed):
        if any(reason.check(CancelledError) for reason in failed.reasons):
            return TimedOutError("no answer in time")
        return BrokenOffError("the connection broke off")
    return ExchangeError(str(failed) or type(failed).__name__)
