"""Fetching from origin servers on real sockets."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import SkipTest, TestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from testbed.adapters.origin_client import FetchError, OriginClient
from testbed.adapters.tls import ClientPolicy, server_options
from testbed.gateway.config import TlsConfig
from testbed.pull.config import PullConfig, PullLimits
from testbed.pull.effects import FetchFailure, FetchFromOrigin
from tests.testbed.certificates import Authority


class Pages(Resource):
    """An origin server."""

    isLeaf = True  # noqa: N815

    def __init__(self):
        super().__init__()
        self.asked = []
        self.silent = []
        self.gone = []

    def render(self, request):
        self.asked.append(request)
        if request.path == b"/silent":
            self.silent.append(request)
            request.notifyFinish().addErrback(self.gone.append)
            return NOT_DONE_YET
        if request.path == b"/moved":
            request.redirect(b"/elsewhere")
            return b""
        if request.path == b"/cookie":
            request.setHeader("Set-Cookie", "id=first")
        if request.path == b"/gzip":
            request.setHeader("Content-Encoding", "gzip")
            return b"no gzip at all"
        if request.path == b"/large":
            return bytes(2000)
        request.setHeader(b"X-Lab", "é".encode("iso-8859-1"))
        request.setHeader(b"X-Utf", "é".encode())
        return b"you posted " + request.content.read()


class Garbage(Protocol):
    def dataReceived(self, data):
        self.transport.write(b"no HTTP\r\n\r\n")
        self.transport.loseConnection()


class OriginClientTests(TestCase):
    """Each test has a server and a client of its own."""

    def setUp(self):
        self.pages = Pages()
        self.port = reactor.listenTCP(0, Site(self.pages), interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.client = self.make_client()

    def make_client(self, *, policy=None, **config):
        config = PullConfig(limits=PullLimits(body=1000), **config)
        client = OriginClient(reactor, config, policy=policy)
        self.addCleanup(lambda: ensureDeferred(client.close()))
        return client

    def url(self, path="/", host="127.0.0.1", port=None):
        return f"http://{host}:{port or self.port.getHost().port}{path}"

    def fetch(self, url=None, *, method="GET", headers=(), body=None, timeout=60.0, client=None):
        effect = FetchFromOrigin(1, method, url or self.url(), headers, body, timeout)
        return ensureDeferred((client or self.client).fetch(effect))

    async def failure(self, fetch):
        with pytest.raises(FetchError) as error:
            await fetch
        return error.value.failure

    async def test_a_page_is_fetched(self):
        """Method, headers and body go out; status, headers and body come back as text."""
        headers = (("X-One", "1"), ("X-Two", "ü"))
        answer = await self.fetch(self.url("/a?b=c"), method="POST", headers=headers, body=b"x=1")
        assert (answer.status, answer.body) == (200, b"you posted x=1")
        assert (answer.header("x-lab"), answer.header("X-Utf")) == ("é", "é")
        (request,) = self.pages.asked
        assert (request.method, request.uri) == (b"POST", b"/a?b=c")
        assert request.getHeader("X-One") == "1"
        assert request.getHeader(b"X-Two") == "ü".encode()
        assert request.getHeader("Content-Length") == "3"

    async def test_a_server_is_sent_what_pull_says_and_no_more(self):
        """No header but that of its own connection, and the target as it was judged."""
        for target in ("/%ff", "/%2F//a/../b", "/a?b=%26&c=[x]", "/;a=b?c=d?e"):
            await self.fetch(self.url(target), headers=(("Accept-Encoding", "identity"),))
        for request in self.pages.asked:
            names = {name for name, _ in request.requestHeaders.getAllRawHeaders()}
            assert names == {b"Host", b"Accept-Encoding", b"Connection"}
            assert request.getHeader("Connection") == "close"
        assert self.pages.asked[0].getHeader("Accept-Encoding") == "identity"
        targets = [request.uri for request in self.pages.asked]
        assert targets == [b"/%ff", b"/%2F//a/../b", b"/a?b=%26&c=[x]", b"/;a=b?c=d?e"]

    async def test_one_terminals_cookies_are_not_anothers(self):
        """The client keeps none: they are the terminals' to keep."""
        answer = await self.fetch(self.url("/cookie"))
        assert answer.header("Set-Cookie") == "id=first"
        await self.fetch(self.url("/"))
        assert self.pages.asked[-1].getHeader("Cookie") is None

    async def test_compressed_pages_stay_as_they_are(self):
        """What was not asked for is not undone, so that a small answer cannot become a huge one."""
        answer = await self.fetch(self.url("/gzip"))
        assert (answer.header("Content-Encoding"), answer.body) == ("gzip", b"no gzip at all")

    async def test_an_ipv6_address_is_fetched_from(self):
        """Literal, in brackets."""
        try:
            port = reactor.listenTCP(0, Site(self.pages), interface="::1")
        except CannotListenError:
            raise SkipTest("this machine has no IPv6") from None
        self.addCleanup(port.stopListening)
        answer = await self.fetch(self.url(host="[::1]", port=port.getHost().port))
        assert answer.status == 200

    async def test_no_redirection_is_followed(self):
        """It is the answer."""
        answer = await self.fetch(self.url("/moved"))
        assert (answer.status, answer.header("Location")) == (302, "/elsewhere")
        assert len(self.pages.asked) == 1

    async def test_a_page_that_is_too_large_is_broken_off(self):
        """Within what the limits say."""
        assert await self.failure(self.fetch(self.url("/large"))) is FetchFailure.TOO_LARGE

    async def test_a_silent_server_is_waited_for_so_long(self):
        """Then the connection is closed."""
        assert await self.failure(self.fetch(self.url("/silent"), timeout=0.1)) is (
            FetchFailure.TIMED_OUT
        )

    async def test_a_fetch_can_be_broken_off(self):
        """The server sees the connection go; the fetch ends as one that took too long."""
        fetch = self.fetch(self.url("/silent"))
        await self.until(lambda: self.pages.silent)
        self.client.cancel(1)
        await self.until(lambda: fetch.called)
        assert await self.failure(fetch) is FetchFailure.TIMED_OUT
        await self.until(lambda: self.pages.gone)
        self.client.cancel(1)

    async def test_a_server_that_is_not_there_is_unreachable(self):
        """Connection refused."""
        other = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
        port = other.getHost().port
        await other.stopListening()
        failure = await self.failure(self.fetch(self.url(port=port)))
        assert failure is FetchFailure.UNREACHABLE

    async def test_what_is_no_http_is_unreachable(self):
        """As is a connection that breaks."""
        other = reactor.listenTCP(0, Factory.forProtocol(Garbage), interface="127.0.0.1")
        self.addCleanup(other.stopListening)
        failure = await self.failure(self.fetch(self.url(port=other.getHost().port)))
        assert failure is FetchFailure.UNREACHABLE

    async def test_a_name_that_leads_to_a_closed_place_is_forbidden(self):
        """The server hears nothing, however its address was found."""
        closed = frozenset({("127.0.0.1", self.port.getHost().port)})
        client = self.make_client(closed=closed)
        url = self.url(host="localhost")
        assert await self.failure(self.fetch(url, client=client)) is FetchFailure.FORBIDDEN
        assert self.pages.asked == []

    async def test_https_is_fetched_from_servers_that_are_trusted(self):
        """Who is not, hears nothing."""
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        ca = Authority(Path(folder.name))
        options = server_options(TlsConfig(*ca.issue("origin", "127.0.0.1")))
        port = reactor.listenSSL(0, Site(self.pages), options, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        url = f"https://127.0.0.1:{port.getHost().port}/"
        assert await self.failure(self.fetch(url)) is FetchFailure.UNREACHABLE
        assert self.pages.asked == []
        trusting = self.make_client(policy=ClientPolicy(ca=ca.path))
        assert (await self.fetch(url, client=trusting)).status == 200

    async def test_closing_breaks_off_what_is_under_way(self):
        """Nothing is left behind."""
        fetch = self.fetch(self.url("/silent"))
        await self.until(lambda: self.pages.silent)
        await self.client.close()
        assert await self.failure(fetch) is FetchFailure.TIMED_OUT

    async def until(self, condition):
        for _ in range(12_000):
            if condition():
                return
            turn = Deferred()
            reactor.callLater(0.005, turn.callback, None)
            await turn
        raise AssertionError("it did not come about")
