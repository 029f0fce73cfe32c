"""The gateway's client of the control interface, against a scripted core."""

import json

from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from corenet.control.model import (
    Activation,
    CauseView,
    Context,
    StepView,
    Terminal,
    TerminalList,
    moment,
)
from corenet.interfaces.activation import ActivationOutcome, CauseSource, FailureCause, Step
from testbed.adapters.core_client import CoreClient, read_outcome, read_terminals
from testbed.gateway.activation.activate import Refused, Unanswered, refusal_of
from testbed.gateway.effects import RequestActivation
from testbed.gateway.routing.judge import CoreSilent, TerminalView, UnknownTerminal
from testbed.gateway.routing.policy import Refusal
from testbed.gateway.terminal import Terminal as Subject

IMSI, MSISDN, APN = "234150000000001", "447700900001", "wap.example"
REQUEST = RequestActivation("key~1", IMSI, APN, deadline=1030.0)


def terminal(**changes):
    """Return a terminal as the core's own model writes it."""
    values = {
        "imsi": IMSI,
        "msisdn": MSISDN,
        "apns": [APN],
        "static_addresses": {APN: "10.45.0.7"},
        "attached": True,
        "attached_since": moment(1.0),
        "sgsn": "192.0.2.2",
        "reachable": True,
        "online": False,
        "contexts": [],
        "mobile": None,
    } | changes
    return Terminal.model_validate(values)


def context():
    return Context(
        imsi=IMSI,
        msisdn=MSISDN,
        apn=APN,
        address="10.45.0.7",
        ipv6_address=None,
        nsapi=5,
        since=moment(1.0),
        ggsn="ggsn",
        sgsn_address="192.0.2.2",
        charging_id=1,
        network_requested=True,
        qos="0b921f71",
        rat_type=None,
        direct_tunnel=False,
        uplink_octets=0,
        downlink_octets=0,
        uplink_packets=0,
        downlink_packets=2,
        downlink_idle=1.5,
    )


def activation(**changes):
    values = {
        "key": "key~1",
        "imsi": IMSI,
        "msisdn": MSISDN,
        "apn": APN,
        "outcome": "active",
        "requested_at": moment(1.0),
        "step": "active",
        "address": "10.45.0.7",
        "cause": None,
        "mobile_cause": None,
        "timed_out": False,
        "hold_until_reachable": False,
        "retry_after": None,
        "steps": [StepView(step="routeing-information", seconds=0.5)],
    } | changes
    return Activation.model_validate(values).model_dump(mode="json")


class Core(Resource):
    """Answers what it is told, and keeps what it was asked."""

    isLeaf = True  # noqa: N815

    def __init__(self):
        super().__init__()
        self.status, self.body = 200, b"{}"
        self.asked = []
        self.streams = []
        self.breaks_off = 0

    def render(self, request):
        path = request.uri.decode()
        self.asked.append(
            (request.method.decode(), path, request.content.read(), request.getAllHeaders())
        )
        if self.breaks_off:
            self.breaks_off -= 1
            request.transport.abortConnection()
            return NOT_DONE_YET
        if path == "/v1/events":
            request.setResponseCode(self.status)
            request.write(b": hello\n\n")
            self.streams.append(request)
            return NOT_DONE_YET
        request.setResponseCode(self.status)
        return NOT_DONE_YET if self.body is None else self.body

    def answer(self, status, value):
        self.status = status
        self.body = value if isinstance(value, bytes) else json.dumps(value).encode()


class ModelTests(TestCase):
    """What the core's own models write is understood."""

    def test_a_terminal_is_read(self):
        """Contexts, static addresses and reachability come through."""
        listed = TerminalList(total=1, terminals=[terminal(contexts=[context()], reachable=False)])
        assert read_terminals(listed.model_dump(mode="json")) == TerminalView(
            IMSI,
            MSISDN,
            ((APN, "10.45.0.7"),),
            attached=True,
            reachable=False,
            static_addresses={APN: "10.45.0.7"},
            downlink_idle={"10.45.0.7": 1.5},
        )

    def test_every_address_of_a_context_is_read(self):
        """IPv4 before IPv6; a context of IPv6 alone, whose only address is told twice, has one."""
        address = "2001:db8:6:1::7"
        both = context().model_copy(update={"ipv6_address": address})
        alone = both.model_copy(update={"address": address})
        for seen, addresses in ((both, ("10.45.0.7", address)), (alone, (address,))):
            listed = TerminalList(total=1, terminals=[terminal(contexts=[seen])])
            view = read_terminals(listed.model_dump(mode="json"))
            assert view.contexts == tuple((APN, each) for each in addresses)
            assert view.downlink_idle == dict.fromkeys(addresses, 1.5)

    def test_a_core_that_does_not_tell_of_packets_is_understood(self):
        """Nothing is known then of what has left for the mobile."""
        listed = TerminalList(total=1, terminals=[terminal(contexts=[context()])])
        body = listed.model_dump(mode="json")
        del body["terminals"][0]["contexts"][0]["downlink_idle"]
        assert read_terminals(body).downlink_idle == {}
        body["terminals"][0]["contexts"][0]["downlink_idle"] = None
        assert read_terminals(body).downlink_idle == {"10.45.0.7": None}

    def test_no_terminal_is_unknown(self):
        """An empty list says as much as 404."""
        listed = TerminalList(total=0, terminals=[]).model_dump(mode="json")
        assert read_terminals(listed) == UnknownTerminal()

    def test_a_failed_activation_is_read(self):
        """Step, cause, hold and back-off come through."""
        body = activation(
            outcome="failed",
            step="ms-activation",
            address=None,
            cause=CauseView(source="gtp", number=197, name="MS refuses"),
            hold_until_reachable=True,
            retry_after=30.0,
        )
        assert read_outcome(body) == ActivationOutcome(
            IMSI,
            APN,
            Step.MS_ACTIVATION,
            None,
            FailureCause(CauseSource.GTP, 197, "MS refuses"),
            True,
            30.0,
            ((Step.ROUTEING_INFORMATION, 0.5),),
        )

    def test_what_the_mobile_said_is_the_cause_of_its_refusal(self):
        """GTP has one cause for every SM cause; the core hands on which it was."""
        body = activation(
            outcome="failed",
            step="ms-activation",
            address=None,
            cause=CauseView(source="gtp", number=197, name="MS refuses"),
            mobile_cause=CauseView(source="sm", number=33, name="not subscribed"),
        )
        outcome = read_outcome(body)
        assert outcome.cause == FailureCause(CauseSource.SM, 33, "not subscribed")
        assert refusal_of(outcome) is Refusal.NO_ACCESS

    def test_an_activation_that_runs_is_no_answer(self):
        """It was to be answered at its end."""
        body = activation(outcome="running", step=None, address=None)
        assert read_outcome(body) == Unanswered("the activation is running")

    def test_nonsense_is_silence(self):
        """Whatever JSON comes, nothing is raised."""
        for body in (None, 1, [], "x", {}, {"terminals": [{}]}, {"terminals": 1}):
            assert isinstance(read_terminals(body), CoreSilent)
        for body in (None, 1, {}, {"outcome": "failed"}, {**activation(), "step": "x"}):
            assert isinstance(read_outcome(body), Unanswered)


class CoreClientTests(TestCase):
    """Requests over loopback."""

    def setUp(self):
        self.core = Core()
        port = reactor.listenTCP(0, Site(self.core), interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.url = f"http://127.0.0.1:{port.getHost().port}"
        self.client = self.make(self.url)

    def make(self, url, **values):
        client = CoreClient(reactor, url, **values)
        self.addCleanup(lambda: ensureDeferred(client.close()))
        return client

    async def test_a_terminal_is_looked_up_by_what_it_is_named(self):
        """MSISDN and address are the interface's own parameters; the token goes along."""
        client = self.make(self.url, token="secret-token")
        self.core.answer(200, TerminalList(total=1, terminals=[terminal()]).model_dump(mode="json"))
        view = await client.look_up(Subject.by_msisdn(MSISDN))
        assert view.imsi == IMSI
        await client.look_up(Subject.by_address("10.45.0.7"))
        (_, first, _, headers), (_, second, _, _) = self.core.asked
        assert first == f"/v1/terminals?msisdn={MSISDN}"
        assert second == "/v1/terminals?address=10.45.0.7"
        assert headers[b"authorization"] == b"Bearer secret-token"

    async def test_each_refusal_of_a_look_up_is_an_answer(self):
        """404 is unknown, everything else is silence with its reason."""
        for status, body, expected in (
            (404, {"detail": "no terminal"}, UnknownTerminal()),
            (401, {"detail": "a bearer token is asked for"}, None),
            (500, b"", None),
            (200, b"not JSON", None),
            (302, b"", None),
        ):
            self.core.answer(status, body)
            answer = await self.client.look_up(Subject.by_msisdn(MSISDN))
            if expected is None:
                assert isinstance(answer, CoreSilent)
            else:
                assert answer == expected

    async def test_a_core_that_is_not_there_is_silent(self):
        """The reason says that the connection was refused."""
        client = self.make("http://127.0.0.1:1")
        answer = await client.look_up(Subject.by_msisdn(MSISDN))
        assert "refused" in answer.reason
        assert isinstance(await client.activate(REQUEST, 1000.0), Unanswered)

    async def test_a_core_that_does_not_answer_in_time_is_silent(self):
        """The look-up's time is bounded."""
        client = self.make(self.url, timeout=0.05)
        self.core.body = None
        answer = await client.look_up(Subject.by_msisdn(MSISDN))
        assert answer == CoreSilent("no answer in time")

    async def test_an_answer_that_is_too_large_is_silence(self):
        """A core that streams for ever does not fill the gateway."""
        self.core.answer(200, b" " * (1 << 20) + b"    ")
        assert isinstance(await self.client.look_up(Subject.by_msisdn(MSISDN)), CoreSilent)

    async def test_an_activation_is_asked_for_with_key_and_deadline(self):
        """The deadline is what is left of it."""
        self.core.answer(200, activation())
        outcome = await self.client.activate(REQUEST, 1000.0)
        assert outcome.address == "10.45.0.7"
        method, path, body, headers = self.core.asked[0]
        assert (method, path) == ("POST", "/v1/activations")
        assert headers[b"content-type"] == b"application/json"
        assert json.loads(body) == {
            "imsi": IMSI,
            "apn": APN,
            "deadline_seconds": 30.0,
            "key": "key~1",
        }

    async def test_each_end_of_an_activation_is_an_answer(self):
        """502 and 504 carry the outcome, 404 refuses, the rest is no answer."""
        failed = activation(
            outcome="failed",
            step="pdu-notification",
            address=None,
            cause=CauseView(source="local", number=0, name="SGSN does not answer"),
        )
        for status, body, kind in (
            (502, failed, ActivationOutcome),
            (504, failed, ActivationOutcome),
            (404, {"detail": "no terminal"}, Refused),
            (409, {"detail": "key in use"}, Unanswered),
            (503, b"", Unanswered),
        ):
            self.core.answer(status, body)
            assert isinstance(await self.client.activate(REQUEST, 1000.0), kind)

    async def test_an_activation_whose_connection_broke_off_is_asked_for_again(self):
        """The key makes the second request the same activation."""
        self.core.answer(200, activation())
        self.core.breaks_off = 1
        outcome = await self.client.activate(REQUEST, 1000.0)
        assert outcome.address == "10.45.0.7"
        assert len(self.core.asked) == 2
        self.core.breaks_off = 2
        assert isinstance(await self.client.activate(REQUEST, 1000.0), Unanswered)

    async def test_events_tell_who_is_back(self):
        """MsReachable is passed on; the rest of the stream is not ours."""
        heard = []
        came = Deferred()
        stream = self.client.follow(lambda imsi: (heard.append(imsi), came.callback(None)))
        self.addCleanup(stream.stop)
        await self.until(lambda: self.core.streams and stream.is_open)
        self.core.streams[0].write(
            b'id: 1\nevent: PushSent\ndata: {"imsi": "1"}\n\n'
            b"event: MsReachable\ndata: nonsense\n\n"
            b'id: 7\r\nevent: MsReachable\r\ndata: {"imsi": "2341'
        )
        self.core.streams[0].write(b'50000000001"}\r\n\r\n')
        await came
        assert heard == [IMSI]

    async def test_a_stream_that_breaks_off_is_taken_up_where_it_was(self):
        """The last event's number goes along."""
        stream = self.client.follow(lambda _: None)
        self.addCleanup(stream.stop)
        await self.until(lambda: self.core.streams and stream.is_open)
        self.core.streams[0].write(b"id: 7\nevent: x\ndata: {}\n\n")
        self.core.streams[0].finish()
        await self.until(lambda: len(self.core.streams) == 2 and stream.is_open)
        assert self.core.asked[1][3][b"last-event-id"] == b"7"

    async def test_a_stream_that_is_refused_is_tried_again(self):
        """The core may not be there yet, or want another token."""
        self.core.status = 401
        stream = self.client.follow(lambda _: None)
        self.addCleanup(stream.stop)
        await self.until(lambda: self.core.streams)
        assert not stream.is_open
        self.core.status = 200
        self.core.streams[0].finish()
        await self.until(lambda: stream.is_open)

    async def until(self, condition):
        """Let the reactor work until a condition holds."""
        for _ in range(6000):
            if condition():
                return
            turn = Deferred()
            reactor.callLater(0.01, turn.callback, None)
            await turn
        self.fail("nothing happened for a minute")
