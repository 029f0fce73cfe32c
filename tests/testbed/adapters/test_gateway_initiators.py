"""Initiators that must say who they are, over real HTTP."""

import os
import re
from random import Random

import treq
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.trial.unittest import TestCase
from twisted.web.client import Agent, HTTPConnectionPool
from twisted.web.http_headers import Headers

from corenet.adapters.runtime import TwistedRuntime
from testbed.adapters.gateway import GatewayService
from testbed.codecs import http_digest, pap
from testbed.codecs.http_digest import Proof
from testbed.gateway.config import GatewayConfig
from testbed.gateway.initiators import Initiator
from testbed.gateway.testing import MESSAGE, SECRET, body_of

# Of this process alone, so that test runs side by side don't take one another's ports.
GATEWAY = f"127.{64 + os.getpid() % 128}.8.1"


class InitiatorTests(TestCase):
    """A gateway that knows a shop by its password."""

    async def start(self, *initiators: Initiator) -> None:
        config = GatewayConfig(
            GATEWAY,
            "wap.example",
            SECRET,
            pap_port=0,
            radius_port=0,
            wdp_port=0,
            wsp_port=0,
            ask_core=False,
            initiators=initiators,
        )
        runtime = TwistedRuntime(reactor)
        self.service = GatewayService(reactor, runtime, config, random=Random(1))
        self.pool = HTTPConnectionPool(reactor, persistent=False)

        async def stop() -> None:
            await self.service.stop()
            await runtime.stop()
            await self.pool.closeCachedConnections()

        self.addCleanup(lambda: ensureDeferred(stop()))
        await self.service.start()

    async def post(self, authorization: str | None = None):
        """Return HTTP status, headers and body of what a push is answered with."""
        content_type, body = body_of(MESSAGE)
        headers = Headers({"Content-Type": [content_type]})
        if authorization is not None:
            headers.addRawHeader("Authorization", authorization)
        response = await treq.post(
            f"http://{GATEWAY}:{self.service.pap_port}/pap",
            data=body,
            headers=headers,
            agent=Agent(reactor, pool=self.pool),
        )
        return response.code, response.headers, await treq.content(response)

    async def test_a_challenge_is_answered(self) -> None:
        """401 offers Digest; the answer to it is let through, and the push is the shop's."""
        await self.start(Initiator("shop", "secret", ("127.0.0.0/8",)))
        status, headers, _ = await self.post()
        assert status == 401
        challenges = headers.getRawHeaders("WWW-Authenticate")
        assert [one.split()[0] for one in challenges] == ["Digest", "Digest", "Basic"]
        nonce = re.search(r'nonce="([^"]+)"', challenges[0])[1]
        response = http_digest.response(
            "SHA-256", ("shop", "push", "secret"), ("POST", "/pap"), Proof(nonce, "00000001", "c")
        )
        status, _, body = await self.post(
            f'Digest username="shop", realm="push", uri="/pap", nonce="{nonce}", cnonce="c",'
            f' nc=00000001, qop=auth, algorithm=SHA-256, response="{response}"'
        )
        assert (status, pap.parse(body).code) == (202, 1001)
        stored = await self.service.find(MESSAGE.push_id)
        assert stored.push.initiator == "shop"

    async def test_who_comes_from_elsewhere_is_forbidden(self) -> None:
        """2001 in a push-response: the password is right, the address is not."""
        await self.start(Initiator("shop", "secret", ("10.0.0.0/8",)))
        status, _, body = await self.post("Basic c2hvcDpzZWNyZXQ=")
        answer = pap.parse(body)
        assert (status, answer.push_id, answer.code) == (202, MESSAGE.push_id, 2001)
