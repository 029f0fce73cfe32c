"""Watching a push over real HTTP."""

import pytest
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site

from testbed.adapters.push_follower import FollowError, PushFollower


class Gateway(Resource):
    """Shows one push, and nonsense for others."""

    isLeaf = True  # noqa: N815

    def render_GET(self, request):
        """Answer by the path (Twisted calls this)."""
        self.asked = request.uri
        if request.uri == b"/v1/pushes/1%40a%2Fb":
            return b'{"push_id": "1@a/b", "deliveries": []}'
        if request.uri.endswith(b"text"):
            return b"hello"
        if request.uri.endswith(b"list"):
            return b"[]"
        request.setResponseCode(404)
        return b""


class PushFollowerTests(TestCase):
    """A gateway whose pushes are looked at."""

    def setUp(self):
        port = reactor.listenTCP(0, Site(Gateway()), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        url = f"http://127.0.0.1:{port.getHost().port}/pap"
        self.follower = PushFollower(reactor, url)
        self.addCleanup(lambda: ensureDeferred(self.follower.close()))

    async def test_a_push_is_shown(self):
        """Its push-id is escaped; the path of PAP is not in the way."""
        assert (await self.follower.look("1@a/b"))["push_id"] == "1@a/b"

    async def test_what_is_no_timeline_is_said_so(self):
        """Another gateway may answer anything."""
        for push_id in ("none", "text", "list"):
            with pytest.raises(FollowError, match="timeline"):
                await self.follower.look(push_id)

    async def test_a_gateway_that_is_away_is_said_so(self):
        """With its address."""
        away = PushFollower(reactor, "http://127.0.0.1:1/pap")
        with pytest.raises(FollowError, match=r"127\.0\.0\.1:1/v1/pushes/"):
            await away.look("1")
        await away.close()
