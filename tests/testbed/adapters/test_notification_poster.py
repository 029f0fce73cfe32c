"""Result notifications on real sockets: initiators that are slow or gone hold up nobody else."""

from __future__ import annotations

import pytest
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from testbed.adapters.http_client import ExchangeError
from testbed.adapters.notification_poster import AT_ONCE_PER_HOST, NotificationPoster
from testbed.gateway.effects import PostNotification

LONG = 600.0


class Initiator(Resource):
    """Takes notifications; answers them, or never."""

    isLeaf = True  # noqa: N815

    def __init__(self, *, is_silent: bool = False) -> None:
        super().__init__()
        self.is_silent = is_silent
        self.asked: list[str] = []

    def render(self, request):
        self.asked.append(request.uri.decode())
        if self.is_silent:
            request.notifyFinish().addErrback(lambda _: None)
            return NOT_DONE_YET
        return b"taken"


class NotificationPosterTests(TestCase):
    def setUp(self):
        self.silent, self.quick = Initiator(is_silent=True), Initiator()
        self.ports = {}
        for one in (self.silent, self.quick):
            port = reactor.listenTCP(0, Site(one), interface="127.0.0.1")
            self.addCleanup(port.stopListening)
            self.ports[one] = port

    def url(self, initiator, number):
        return f"http://127.0.0.1:{self.ports[initiator].getHost().port}/{number}"

    def post(self, poster, initiator, number=0):
        url = self.url(initiator, number)
        effect = PostNotification(f"{number}@pi.example", 0, url, b"<pap/>")
        return ensureDeferred(poster.post(effect))

    async def test_an_initiator_that_does_not_answer_holds_up_nobody_else(self):
        """However many notifications wait for it, another one's go out at once."""
        poster = NotificationPoster(reactor, timeout=LONG)
        waiting = [self.post(poster, self.silent, n) for n in range(5 * AT_ONCE_PER_HOST)]
        for number in range(20):
            assert await self.post(poster, self.quick, number) == (200, b"taken")
        assert not any(one.called for one in waiting)
        assert len(self.silent.asked) <= AT_ONCE_PER_HOST
        for one in waiting:
            one.addErrback(lambda _: None)
        for one in waiting:
            one.cancel()
        await poster.close()

    async def test_an_initiator_that_is_gone_is_found_out_at_once(self):
        """Nobody listens at its port: the gateway tries again later."""
        url = self.url(self.silent, 0)
        await self.ports[self.silent].stopListening()
        poster = NotificationPoster(reactor, timeout=LONG)
        with pytest.raises(ExchangeError):
            await poster.post(PostNotification("1@pi.example", 0, url, b"<pap/>"))
        assert await self.post(poster, self.quick) == (200, b"taken")
        await poster.close()

    async def test_an_initiator_has_its_time_to_answer(self):
        """And no longer, so that what waits behind has its turn."""
        poster = NotificationPoster(reactor, timeout=0.1)
        with pytest.raises(ExchangeError):
            await self.post(poster, self.silent)
        await poster.close()
