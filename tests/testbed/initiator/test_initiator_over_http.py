"""The push initiator on Twisted, over loopback."""

import pytest
import treq
from twisted.internet import reactor
from twisted.internet.defer import Deferred, TimeoutError, ensureDeferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from testbed.adapters.initiator import NotificationReceiver, SubmissionClient, SubmissionError
from testbed.codecs import pap
from testbed.codecs.pap import MessageState, StatusCode
from testbed.codecs.si import ServiceIndication
from testbed.initiator import submission
from testbed.initiator.submission import PAP_TYPE

ADDRESS = "WAPPUSH=+447700900123/TYPE=PLMN@ppg.example"
MESSAGE = submission.submission(
    pap.PushMessage("1@pi.example", (ADDRESS,)),
    submission.indication_part(ServiceIndication("Hello")),
)
ANSWER = pap.PushResponse("1@pi.example", StatusCode.ACCEPTED, "accepted")


def notification(push_id="1@pi.example", state=MessageState.DELIVERED):
    return pap.ResultNotification(push_id, ADDRESS, state, StatusCode.OK)


class Gateway(Resource):
    """A gateway that keeps what is posted and answers what it is told."""

    def __init__(self, answer, status=202):
        super().__init__()
        self.isLeaf = True
        self.answer = answer
        self.status = status
        self.posted = []

    def render_POST(self, request):
        self.posted.append((request.getHeader("Content-Type"), request.content.read()))
        request.setResponseCode(self.status)
        return NOT_DONE_YET if self.answer is None else self.answer


class HangUp(Protocol):
    """Closes the connection as soon as it is asked something."""

    def dataReceived(self, data):
        self.transport.abortConnection()


class SubmissionTests(TestCase):
    """Posting pushes."""

    def serve(self, factory):
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        return f"http://127.0.0.1:{port.getHost().port}/pap"

    def client(self, url, timeout=60.0):
        client = SubmissionClient(reactor, url, timeout=timeout)
        self.addCleanup(lambda: ensureDeferred(client.close()))
        return client

    async def failure(self, url, timeout=60.0):
        try:
            await self.client(url, timeout).submit(MESSAGE)
        except SubmissionError as error:
            return error
        raise AssertionError("the submission did not fail")

    async def test_push_is_posted_and_the_answer_returned(self):
        """The body goes out as it is, under its Content-Type; the PAP document comes back."""
        gateway = Gateway(pap.build(ANSWER))
        client = self.client(self.serve(Site(gateway)))
        assert await client.submit(MESSAGE) == ANSWER
        assert await client.submit(MESSAGE) == ANSWER
        assert gateway.posted == [(MESSAGE.content_type, MESSAGE.body)] * 2

    async def test_pap_document_counts_whatever_the_http_status(self):
        """A badmessage-response under HTTP 400 is an answer."""
        bad = pap.BadMessageResponse(StatusCode.BAD_REQUEST, "what?")
        client = self.client(self.serve(Site(Gateway(pap.build(bad), status=400))))
        assert await client.submit(MESSAGE) == bad

    async def test_http_error_without_pap_document_is_told(self):
        """An error page is no answer; the status is told."""
        error = await self.failure(self.serve(Site(Gateway(b"<html>no</html>", status=503))))
        assert error.status == 503
        assert error.text.endswith("answered HTTP 503 with no PAP document")

    async def test_success_without_pap_document_is_told(self):
        """HTTP 200 with something else than PAP is no answer either."""
        error = await self.failure(self.serve(Site(Gateway(b"", status=200))))
        assert error.status == 200
        assert "no PAP answer (line 1, column 1: no element found)" in error.text

    async def test_gateway_that_is_not_there_is_told(self):
        """A refused connection is told with the address."""
        port = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
        url = f"http://127.0.0.1:{port.getHost().port}/pap"
        await port.stopListening()
        error = await self.failure(url)
        assert error.status is None
        assert error.text.startswith(f"{url} cannot be reached")

    async def test_gateway_that_hangs_up_is_told(self):
        """A connection that breaks before the answer is told."""
        error = await self.failure(self.serve(Factory.forProtocol(HangUp)))
        assert "broke off" in error.text

    async def test_gateway_that_stays_silent_is_left(self):
        """After the timeout the submission has failed."""
        error = await self.failure(self.serve(Site(Gateway(None))), timeout=0.05)
        assert error.text.endswith("has not answered for 0.05 s")

    async def test_endless_answer_is_not_taken(self):
        """An answer has a limit."""
        error = await self.failure(self.serve(Site(Gateway(b" " * (3 << 20)))))
        assert error.text.endswith("answers more than 1048576 octets")

    def test_only_http_urls_are_taken(self):
        """A gateway has an HTTP URL with a host."""
        for url in ("ftp://host/", "host:8080", "http:///pap"):
            with pytest.raises(ValueError):
                SubmissionClient(reactor, url)


class NotificationTests(TestCase):
    """Receiving result notifications."""

    def receiver(self, **arguments):
        receiver = NotificationReceiver(reactor, **arguments)
        self.addCleanup(lambda: ensureDeferred(receiver.stop()))
        receiver.start()
        return receiver

    async def post(self, url, body, content_type=PAP_TYPE):
        response = await treq.post(
            url, body, headers={"Content-Type": [content_type]}, persistent=False
        )
        return response.code, await response.content()

    async def test_notification_is_answered_and_handed_to_who_waits(self):
        """The gateway gets resultnotification-response, the waiter the notification."""
        receiver = self.receiver()
        waiting = receiver.wait_for("1@pi.example", 60)
        status, body = await self.post(receiver.url, pap.build(notification()))
        assert status == 202
        assert pap.parse(body) == pap.ResultNotificationResponse(
            "1@pi.example", ADDRESS, StatusCode.OK, "OK"
        )
        assert await waiting == notification()

    async def test_notification_that_came_first_is_kept(self):
        """Waiting after the notification has come works too, once for each."""
        seen = []
        receiver = self.receiver(path="/deep/er/n", on_notification=seen.append)
        assert receiver.url.endswith("/deep/er/n")
        await self.post(receiver.url, pap.build(notification("2")))
        await self.post(receiver.url, pap.build(notification("1")))
        assert await receiver.wait_for("1", 60) == notification("1")
        assert await receiver.wait_for("2", 60) == notification("2")
        assert seen == [notification("2"), notification("1")]

    async def test_waits_are_served_by_push_in_order(self):
        """Each wait gets the next notification of its push."""
        receiver = self.receiver()
        other = receiver.wait_for("2", 60)
        first, second = receiver.wait_for("1", 60), receiver.wait_for("1", float("inf"))
        await self.post(receiver.url, pap.build(notification("1", MessageState.PENDING)))
        await self.post(receiver.url, pap.build(notification("1")))
        await self.post(receiver.url, pap.build(notification("2")))
        assert (await first).state is MessageState.PENDING
        assert (await second).state is MessageState.DELIVERED
        assert (await other).push_id == "2"

    async def test_wait_ends_with_its_timeout(self):
        """A wait that is over takes nothing from a later one."""
        receiver = self.receiver()
        await self.assertFailure(receiver.wait_for("1", 0.01), TimeoutError)
        await self.post(receiver.url, pap.build(notification("1")))
        assert await receiver.wait_for("1", 60) == notification("1")

    async def test_other_bodies_are_answered_with_badmessage(self):
        """What is no result notification is told so in PAP, under 202 like every PAP document."""
        receiver = self.receiver()
        status, body = await self.post(receiver.url, b"<pap/>")
        assert status == 202
        assert isinstance(pap.parse(body), pap.BadMessageResponse)

    async def test_other_paths_and_methods_are_refused(self):
        """There is one resource, and it is posted to."""
        receiver = self.receiver()
        assert (await self.post(receiver.url + "x", b""))[0] == 404
        response = await treq.get(receiver.url, persistent=False)
        await response.content()
        assert response.code == 405

    async def test_endless_bodies_are_refused(self):
        """A notification has a limit."""
        receiver = self.receiver()
        assert await self.post(receiver.url, b" " * ((1 << 20) + 1)) == (413, b"")

    async def test_stopping_closes_connections_and_cancels_waits(self):
        """After stop nothing listens, no connection is open, nobody waits."""
        receiver = self.receiver()
        port = int(receiver.url.split(":")[2].split("/")[0])
        opened, closed = Deferred(), Deferred()

        class Idle(Protocol):
            def connectionMade(self):
                opened.callback(None)

            def connectionLost(self, reason):
                closed.callback(None)

        waiting = receiver.wait_for("1", 60)
        waiting.addErrback(lambda failure: failure.type.__name__)
        await TCP4ClientEndpoint(reactor, "127.0.0.1", port).connect(Factory.forProtocol(Idle))
        await self.post(receiver.url, b"")
        await receiver.stop()
        await closed
        assert await waiting == "CancelledError"
        again = self.receiver(port=port)
        assert again.url == f"http://127.0.0.1:{port}/notifications"
        with pytest.raises(CannotListenError):
            self.receiver(port=port)
