"""PAP over TLS: initiators that are known by their certificates."""

import os
import ssl
from dataclasses import replace
from http.client import HTTPSConnection
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from OpenSSL import crypto
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import Site

from corenet.adapters.runtime import TwistedRuntime
from testbed.adapters.gateway import GatewayService
from testbed.adapters.initiator import SubmissionClient, SubmissionError
from testbed.adapters.push_follower import FollowError, PushFollower
from testbed.adapters.tls import ClientPolicy, TlsError, names_in, server_options
from testbed.codecs import pap
from testbed.gateway.config import GatewayConfig, TlsConfig
from testbed.gateway.initiators import Initiator
from testbed.gateway.testing import MESSAGE, SECRET, body_of
from testbed.initiator.login import Login
from testbed.initiator.submission import HttpMessage
from tests.testbed.certificates import Authority

# Of this process alone, so that test runs side by side don't take one another's ports.
GATEWAY = f"127.{64 + os.getpid() % 128}.9.1"
PRESS = Initiator("press", certificate="DNS:press.example")
SHOP = Initiator("shop", "secret")
POST = HttpMessage(*body_of(MESSAGE))


class TlsTests(TestCase):
    """A gateway whose CA also signs for the press; a shop has a password."""

    def setUp(self):
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.ca = Authority(self.folder)
        self.tls = TlsConfig(*self.ca.issue("gateway", GATEWAY), ca=self.ca.path, port=0)

    async def start(self, *initiators, **changes):
        """Start a gateway."""
        config = GatewayConfig(
            GATEWAY, "wap.example", SECRET, pap_port=0, radius_port=None, wdp_port=0, wsp_port=0,
            ask_core=False,
            initiators=initiators, tls=replace(self.tls, **changes),
        )  # fmt: skip
        runtime = TwistedRuntime(reactor)
        self.service = GatewayService(reactor, runtime, config, random=Random(1))

        async def stop():
            await self.service.stop()
            await runtime.stop()

        self.addCleanup(lambda: ensureDeferred(stop()))
        await self.service.start()

    @property
    def url(self):
        return f"https://{GATEWAY}:{self.service.tls_port}/pap"

    def policy(self, certificate=None, key=None):
        """Return how a client trusts the gateway, and what it shows."""
        return ClientPolicy(ca=self.ca.path, certificate=certificate, key=key)

    async def submit(self, policy, login=None, times=1):
        """Post the push; return the codes of the answers."""
        client = SubmissionClient(reactor, self.url, policy=policy, login=login)
        self.addCleanup(lambda: ensureDeferred(client.close()))
        return [(await client.submit(POST)).code for _ in range(times)]

    async def test_an_initiator_is_known_by_its_certificate(self):
        """The push is its own; the second one comes over the same connection."""
        await self.start(PRESS, SHOP)
        policy = self.policy(*self.ca.issue("press", "press.example"))
        assert await self.submit(policy, times=2) == [1001, 2007]
        assert (await self.service.find(MESSAGE.push_id)).push.initiator == "press"

    async def test_a_password_serves_over_tls_too(self):
        """No certificate is shown; the nonce of the first challenge serves the second push."""
        await self.start(PRESS, SHOP)
        assert await self.submit(self.policy(), Login("shop", "secret", lambda: "c"), times=2) == [
            1001,
            2007,
        ]
        assert (await self.service.find(MESSAGE.push_id)).push.initiator == "shop"

    async def test_a_certificate_that_names_nobody_is_asked_for_a_password(self):
        """It is our CA's, and no initiator's."""
        await self.start(PRESS, SHOP)
        with pytest.raises(SubmissionError) as caught:
            await self.submit(self.policy(*self.ca.issue("stranger")))
        assert caught.value.status == 401
        assert "asks for a name and password" in caught.value.text

    async def test_a_certificate_that_names_nobody_is_forbidden_where_there_are_no_passwords(self):
        """2001."""
        await self.start(PRESS)
        assert await self.submit(self.policy(*self.ca.issue("stranger"))) == [2001]

    async def test_a_certificate_of_another_ca_fails_the_handshake(self):
        """And one whose time has passed; nothing gets as far as PAP."""
        await self.start(PRESS)
        other = self.folder / "other"
        other.mkdir()
        for issued in (
            Authority(other, "other").issue("press", "press.example"),
            self.ca.issue("press", "press.example", days=-1),
        ):
            with pytest.raises(SubmissionError, match=r"broke off"):
                await self.submit(self.policy(*issued))
        assert self.service.gateway.counters.get("submissions", 0) == 0

    async def test_a_gateway_that_the_client_does_not_trust_is_not_told_anything(self):
        """Its CA is unknown to who wants to push, or it has the name of another."""
        await self.start(PRESS)
        with pytest.raises(SubmissionError, match="certificate verify failed"):
            await self.submit(ClientPolicy())
        await self.service.stop()
        certificate, key = self.ca.issue("elsewhere", "elsewhere.example")
        await self.start(PRESS, certificate=certificate, key=key)
        with pytest.raises(SubmissionError, match="IPAddressMismatch"):
            await self.submit(self.policy())

    async def test_a_client_that_would_speak_http_2_speaks_http_1(self):
        """As curl does: it offers both in its first message (RFC 7301)."""
        await self.start(PRESS)
        context = ssl.create_default_context(cafile=self.ca.path)
        context.load_cert_chain(*self.ca.issue("press", "press.example"))
        context.set_alpn_protocols(["h2", "http/1.1"])

        def post():
            connection = HTTPSConnection(GATEWAY, self.service.tls_port, context=context)
            connection.request("POST", "/pap", POST.body, {"Content-Type": POST.content_type})
            body = connection.getresponse().read()
            connection.close()
            return body

        assert pap.parse(await deferToThread(post)).code == 1001

    async def test_plain_http_stays_where_it_is(self):
        """There nobody has a certificate."""
        await self.start(PRESS)
        url = f"http://{GATEWAY}:{self.service.pap_port}/pap"
        client = SubmissionClient(reactor, url)
        self.addCleanup(lambda: ensureDeferred(client.close()))
        assert (await client.submit(POST)).code == 2001

    async def test_a_push_is_followed_over_tls(self):
        """As it is submitted."""
        await self.start(PRESS)
        await self.submit(self.policy(*self.ca.issue("press", "press.example")))
        follower = PushFollower(reactor, self.url, policy=self.policy())
        self.addCleanup(lambda: ensureDeferred(follower.close()))
        assert (await follower.look(MESSAGE.push_id))["push_id"] == MESSAGE.push_id
        with pytest.raises(FollowError):
            await PushFollower(reactor, self.url).look(MESSAGE.push_id)

    async def test_results_are_reported_to_servers_that_the_ca_signed(self):
        """Over TLS in both directions, with the gateway's certificate as a client's."""
        took = []

        class Taker(Resource):
            isLeaf = True  # noqa: N815

            def render_POST(self, request):
                shown = request.transport.getPeerCertificate()
                took.append((names_in(shown)[-1], pap.parse(request.content.read()).push_id))
                return b""

        options = server_options(TlsConfig(*self.ca.issue("taker", GATEWAY), ca=self.ca.path))
        port = reactor.listenSSL(0, Site(Taker()), options, interface=GATEWAY)
        self.addCleanup(port.stopListening)
        await self.start(PRESS)
        url = f"https://{GATEWAY}:{port.getHost().port}/"
        press = self.policy(*self.ca.issue("press", "press.example"))
        client = SubmissionClient(reactor, self.url, policy=press)
        self.addCleanup(lambda: ensureDeferred(client.close()))
        push = replace(
            MESSAGE, notify_url=url, addresses=(*MESSAGE.addresses, "WAPPUSH=x/TYPE=USER@ppg")
        )
        assert (await client.submit(HttpMessage(*body_of(push)))).code == 1001
        while not took:
            await deferLater(reactor, 0.01, lambda: None)
        assert took == [(f"IP:{GATEWAY}", MESSAGE.push_id)]


def test_a_certificate_names_who_has_it(tmp_path):
    """The subject as RFC 4514 writes it, then alternative names, each with its kind."""
    path, _ = Authority(tmp_path).issue("press", "press.example", "urn:example:press", "192.0.2.7")
    certificate = crypto.load_certificate(crypto.FILETYPE_PEM, Path(path).read_bytes())
    assert names_in(certificate) == (
        "CN=press,O=Example",
        "DNS:press.example",
        "URI:urn:example:press",
        "IP:192.0.2.7",
    )
    assert names_in(None) == ()


def test_a_certificate_without_alternative_names_has_its_subject(tmp_path):
    """As a CA of a lab may issue them."""
    path, _ = Authority(tmp_path).issue("press")
    certificate = crypto.load_certificate(crypto.FILETYPE_PEM, Path(path).read_bytes())
    assert names_in(certificate) == ("CN=press,O=Example",)


@pytest.mark.parametrize("setting", ["certificate", "key", "ca"])
def test_a_file_that_cannot_be_used_is_named(tmp_path, setting):
    """One that is not there, and one with something else in it."""
    ca = Authority(tmp_path)
    certificate, key = ca.issue("gateway")
    tls = TlsConfig(certificate, key, ca.path)
    for path, why in ((tmp_path / "none", "No such file"), (tmp_path / "text", "in PEM")):
        (tmp_path / "text").write_text("-----BEGIN CERTIFICATE-----\nhello\n")
        with pytest.raises(TlsError, match=why) as caught:
            server_options(replace(tls, **{setting: str(path)}))
        assert caught.value.setting == setting
    (tmp_path / "text").write_text("hello")
    if setting != "key":
        with pytest.raises(TlsError, match="has no certificate in PEM"):
            server_options(replace(tls, **{setting: str(tmp_path / "text")}))


def test_a_key_of_another_certificate_is_told(tmp_path):
    """At either end, before anybody connects."""
    ca = Authority(tmp_path)
    certificate, _ = ca.issue("gateway")
    _, key = ca.issue("other")
    with pytest.raises(TlsError, match="is not the key of the certificate"):
        server_options(TlsConfig(certificate, key))
    with pytest.raises(TlsError, match="is not the key of the certificate"):
        ClientPolicy(certificate=certificate, key=key)


def test_initiators_with_certificates_need_a_ca():
    """Or anybody could sign one for himself."""
    with pytest.raises(ValueError, match=r"tls\.ca"):
        GatewayConfig("127.0.0.1", "wap", SECRET, initiators=(PRESS,))
