"""Fetches pages from origin servers over HTTP, and from no address that is closed.

A name may lead anywhere; so the address that a connection has reached is judged too, before
anything is sent on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IAddress, IProtocol, IProtocolFactory, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.web.client import URI, BrowserLikePolicyForHTTPS
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IPolicyForHTTPS
from zope.interface import implementer

from testbed.adapters.http_client import (
    BoundedClient,
    ExchangeError,
    Response,
    TimedOutError,
    TooLargeError,
)
from testbed.pull.config import PullConfig
from testbed.pull.effects import FetchFailure, FetchFromOrigin, OriginAnswer
from testbed.pull.origins import is_closed

IsClosed = Callable[[str, int], bool]


class FetchError(Exception):
    """A page could not be fetched; the sentence says why."""

    def __init__(self, failure: FetchFailure, text: str) -> None:
        super().__init__(text)
        self.failure = failure


class ClosedAddressError(Exception):
    """A name leads to an address from which nothing is fetched."""


class OriginClient:
    """Carries out what pull wants fetched."""

    def __init__(
        self, reactor: Any, config: PullConfig, *, policy: IPolicyForHTTPS | None = None
    ) -> None:
        """``policy`` says whom to trust over TLS; None: those whom the system trusts."""

        def closed(host: str, port: int) -> bool:
            return is_closed(host, port, config)

        self._client = BoundedClient(
            reactor,
            # A server of strangers may close a connection while a POST is on its way to it.
            connections=None,
            largest_answer=config.limits.body,
            endpoints=_Endpoints(reactor, closed, policy or BrowserLikePolicyForHTTPS()),
        )
        self._under_way: dict[int, Deferred[Response]] = {}

    async def fetch(self, effect: FetchFromOrigin) -> OriginAnswer:
        """Return the origin server's answer.

        Raises:
            FetchError: there is none, or none is wanted any more.
        """
        headers = Headers()
        for name, value in effect.headers:
            headers.addRawHeader(name, value)
        fetch = Deferred.fromCoroutine(
            self._client.fetch(
                effect.method,
                effect.url,
                headers=headers,
                data=effect.body,
                timeout=effect.timeout,
            )
        )
        self._under_way[effect.number] = fetch
        try:
            response = await fetch
        except ExchangeError as failed:
            raise FetchError(_failure(failed), str(failed)) from failed
        finally:
            del self._under_way[effect.number]
        return OriginAnswer(response.status, _texts(response.headers), response.body)

    def cancel(self, number: int) -> None:
        """Break off a fetch, if it is under way."""
        fetch = self._under_way.get(number)
        if fetch is not None:
            fetch.cancel()

    async def close(self) -> None:
        """Break off all fetches."""
        await self._client.close()


def _failure(failed: ExchangeError) -> FetchFailure:
    if isinstance(failed, TimedOutError):
        return FetchFailure.TIMED_OUT
    if isinstance(failed, TooLargeError):
        return FetchFailure.TOO_LARGE
    if isinstance(failed.__cause__, ClosedAddressError):
        return FetchFailure.FORBIDDEN
    return FetchFailure.UNREACHABLE


def _texts(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("ascii", "replace"), _text(value))
        for name, all_values in headers.getAllRawHeaders()
        for value in all_values
    )


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("iso-8859-1")


@implementer(IAgentEndpointFactory)
class _Endpoints:
    """Makes connections to any address but those that are closed."""

    def __init__(self, reactor: Any, closed: IsClosed, policy: IPolicyForHTTPS) -> None:
        self._reactor = reactor
        self._closed = closed
        self._policy = policy

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        """Return how the host of a URL is reached (Twisted calls this)."""
        endpoint = _Judged(HostnameEndpoint(self._reactor, uri.host, uri.port), self._closed)
        if uri.scheme == b"http":
            return endpoint
        return wrapClientTLS(self._policy.creatorForNetloc(uri.host, uri.port), endpoint)


@implementer(IStreamClientEndpoint)
class _Judged:
    """An endpoint whose connections are judged by where they lead."""

    def __init__(self, endpoint: IStreamClientEndpoint, closed: IsClosed) -> None:
        self._endpoint = endpoint
        self._closed = closed

    def connect(self, protocolFactory: IProtocolFactory) -> Deferred[IProtocol]:
        """Connect (Twisted calls this)."""
        return self._endpoint.connect(_JudgedFactory(protocolFactory, self._closed))


class _JudgedFactory(Factory):
    """Makes a protocol only for an address that is not closed."""

    def __init__(self, inner: IProtocolFactory, closed: IsClosed) -> None:
        self._inner = inner
        self._closed = closed

    def buildProtocol(self, addr: IAddress | None) -> Any:
        """Return the protocol of a connection that stands (Twisted calls this)."""
        host, port = getattr(addr, "host", ""), getattr(addr, "port", 0)
        if addr is None or self._closed(host, port):
            raise ClosedAddressError(f"the name leads to {host}, which is closed")
        return self._inner.buildProtocol(addr)
