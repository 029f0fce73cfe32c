"""The gateway on real sockets: PAP over HTTP, RADIUS, WDP, notifications, restart, kill."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import treq
from structlog.testing import capture_logs
from twisted.internet import reactor, threads
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol, Protocol
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase
from twisted.web.client import Agent, HTTPConnectionPool
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from corenet.adapters.metrics import METRICS_TYPE
from corenet.adapters.runtime import TwistedRuntime
from corenet.adapters.sqlite_file import StoreError
from corenet.adapters.udp import CannotBindError
from testbed.adapters.gateway import GatewayService
from testbed.adapters.initiator import NotificationReceiver, SubmissionClient
from testbed.adapters.store_tending import PRUNING_INTERVAL, StoreTending
from testbed.adapters.store_thread import StoreThread
from testbed.codecs import pap, si
from testbed.codecs.wsp import decode_push
from testbed.gateway.config import GatewayConfig, Limits, NotificationPolicy, RetryPolicy
from testbed.gateway.initiators import Initiator
from testbed.gateway.keeping.store import PushQuery, SqliteStore
from testbed.gateway.submissions import submission
from testbed.gateway.testing import IMSI, INDICATION, MESSAGE, SECRET, accounting, body_of
from testbed.initiator.submission import HttpMessage

# Of this process alone, so that test runs side by side don't take one another's ports.
NET = f"127.{64 + os.getpid() % 128}.7"
GATEWAY, TERMINAL, CORE = f"{NET}.1", f"{NET}.2", f"{NET}.3"


class Core(Resource):
    """A core with one terminal that can be activated."""

    isLeaf = True  # noqa: N815

    def __init__(self):
        super().__init__()
        self.reachable = True
        self.activations = 0
        self.streams = []

    def render(self, request):
        path = request.path.decode()
        if path == "/v1/events":
            request.write(b": hello\n\n")
            self.streams.append(request)
            return NOT_DONE_YET
        if path == "/v1/activations":
            self.activations += 1
            asked = json.loads(request.content.read())
            return json.dumps(
                {**asked, "outcome": "active", "step": "active", "address": TERMINAL, "steps": []}
            ).encode()
        terminal = {"imsi": IMSI, "contexts": [], "attached": True, "reachable": self.reachable}
        return json.dumps({"total": 1, "terminals": [terminal]}).encode()


class Screen(DatagramProtocol):
    """A terminal's push port."""

    def __init__(self):
        self.received = []

    def datagramReceived(self, datagram, addr):
        self.received.append((datagram, addr))


class UnreadableStore(SqliteStore):
    """Cannot be searched."""

    def search(self, query):
        raise StoreError("out of order")


def _nothing(*_told):
    """Take note of nothing."""


class GatewayServiceTests(TestCase):
    """A gateway, a core, a terminal and an initiator on loopback."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.store = str(Path(folder.name) / "pushes.sqlite")
        self.core = Core()
        port = reactor.listenTCP(0, Site(self.core), interface=CORE)
        self.addCleanup(port.stopListening)
        self.screen = Screen()
        self.terminal = reactor.listenUDP(2948, self.screen, interface=TERMINAL)
        self.addCleanup(lambda: self.terminal.stopListening())
        self.initiator = NotificationReceiver(reactor)
        self.initiator.start()
        self.addCleanup(lambda: ensureDeferred(self.initiator.stop()))
        self.message = replace(MESSAGE, notify_url=self.initiator.url)
        self.config = GatewayConfig(
            GATEWAY,
            "wap.example",
            SECRET,
            pap_port=0,
            radius_port=0,
            control_url=f"http://{CORE}:{port.getHost().port}",
            store=self.store,
            retry=RetryPolicy(waits=(0.2,), ask_again=0.2),
            notification=NotificationPolicy(timeout=60.0),
            limits=Limits(body=20_000),
        )

    async def start(self, open_store=None, **changes):
        runtime = TwistedRuntime(reactor)
        config = replace(self.config, **changes)
        service = GatewayService(reactor, runtime, config, random=Random(1), open_store=open_store)
        running = [service]

        async def stop():
            if running:
                running.clear()
                await service.stop()
                await runtime.stop()

        self.addCleanup(lambda: ensureDeferred(stop()))
        await service.start()
        service.end = stop
        service.runtime = runtime
        return service

    async def submit(self, service, message=None):
        client = SubmissionClient(reactor, self.url(service, "/pap"))
        try:
            return await client.submit(HttpMessage(*body_of(message or self.message)))
        finally:
            await client.close()

    def url(self, service, path):
        return f"http://{GATEWAY}:{service.pap_port}{path}"

    async def request(self, service, path, method="GET", **values):
        pool = HTTPConnectionPool(reactor, persistent=False)
        response = await treq.request(
            method, self.url(service, path), agent=Agent(reactor, pool=pool), **values
        )
        return response, await response.content()

    async def until(self, condition):
        for _ in range(6000):
            if condition():
                return
            turn = Deferred()
            reactor.callLater(0.01, turn.callback, None)
            await turn
        self.fail("nothing happened for a minute")

    async def test_a_fault_costs_the_submission_that_met_it_only(self):
        """Its initiator is answered 500; those that came in the same turn go their way."""
        service = await self.start()
        gateway, submit = service.gateway, service.gateway.submit

        def stumble(key, content_type, body, now, **who):
            if b"stumble" in body:
                raise RuntimeError("a bug")
            submit(key, content_type, body, now, **who)

        self.patch(gateway, "submit", stumble)
        bodies = (b"stumble", b"no PAP")
        with capture_logs() as log:
            answers = [
                self.request(service, "/pap", "POST", data=body, headers={"Content-Type": "a/b"})
                for body in bodies
            ]
            codes = [
                response.code for response, _ in await gatherResults(map(ensureDeferred, answers))
            ]
        assert codes == [500, 415]
        (fault,) = (entry["failure"] for entry in log if "failure" in entry)
        assert "RuntimeError: a bug" in fault

    async def test_a_fault_is_answered_in_pap_where_the_push_could_be_read(self):
        """HTTP 202 with 3000; the log has the push-id and what went wrong."""
        service = await self.start()
        self.patch(submission, "prepare", lambda *_, **__: 1 // 0)
        with capture_logs() as log:
            answer = await self.submit(service)
        assert answer.code == 3000
        (said,) = [line for line in log if line["event"] == "submission faulted"]
        assert (said["log_level"], said["push_id"]) == ("warning", answer.push_id)
        assert "ZeroDivisionError" in said["traceback"]

    async def test_an_offline_push_is_delivered_and_reported(self):
        """From HTTP to the terminal's port, and back to the initiator; people can watch."""
        service = await self.start()
        with capture_logs() as log:
            answer = await self.submit(service)
            assert answer.code == 1001
            notification = await self.initiator.wait_for(MESSAGE.push_id, 60.0)
        assert (notification.state, notification.code) == ("delivered", 1000)
        await self.until(lambda: self.screen.received)
        ((datagram, source),) = self.screen.received
        assert source == (GATEWAY, 9200)
        assert si.decode(decode_push(datagram).body) == INDICATION
        lines = [line for line in log if line.get("push_id") == MESSAGE.push_id]
        assert lines[0]["event"] == "push accepted"
        assert "delivery ended" in [line["event"] for line in lines]
        await self.until(lambda: service.gateway.push(MESSAGE.push_id) is None)
        response, body = await self.request(service, "/v1/pushes/1%40pi.example")
        assert response.code == 200
        assert json.loads(body)["deliveries"][0]["state"] == "delivered"

    async def test_initiators_may_be_listened_to_at_another_address(self):
        """Pushes leave from the gateway's own all the same."""
        service = await self.start(pap_address="127.0.0.1")
        client = SubmissionClient(reactor, f"http://127.0.0.1:{service.pap_port}/pap")
        self.addCleanup(lambda: ensureDeferred(client.close()))
        answer = await client.submit(HttpMessage(*body_of(self.message)))
        assert answer.code == 1001
        await self.until(lambda: self.screen.received)
        ((_, source),) = self.screen.received
        assert source == (GATEWAY, 9200)

    async def test_a_push_that_nobody_takes_is_sent_again(self):
        """ICMP says that the port is closed; the push waits until it is open."""
        service = await self.start()
        await self.terminal.stopListening()
        await self.submit(service)
        await self.until(
            lambda: (
                f"{TERMINAL}:2948 cannot be reached"
                in [e.note for e in service.gateway.push(MESSAGE.push_id).deliveries[0].history]
            )
        )
        self.terminal = reactor.listenUDP(2948, self.screen, interface=TERMINAL)
        notification = await self.initiator.wait_for(MESSAGE.push_id, 60.0)
        assert notification.state == "delivered"
        assert len(self.screen.received) == 1

    async def test_a_push_id_stays_used_after_a_restart(self):
        """The second gateway on the same file knows it."""
        first = await self.start()
        await self.submit(first)
        await self.initiator.wait_for(MESSAGE.push_id, 60.0)
        await first.end()
        second = await self.start()
        assert (await self.submit(second)).code == 2007

    async def test_what_was_held_goes_on_after_a_restart(self):
        """The push waits in the file."""
        self.core.reachable = False
        first = await self.start()
        await self.submit(first)
        await self.until(lambda: first.gateway.push(MESSAGE.push_id).deliveries[0].state == "held")
        await first.end()
        self.core.reachable = True
        await self.start()
        notification = await self.initiator.wait_for(MESSAGE.push_id, 60.0)
        assert notification.state == "delivered"

    async def test_the_cores_events_end_a_hold(self):
        """MsReachable on the event stream, long before the next look."""
        self.core.reachable = False
        service = await self.start()
        await self.submit(service)
        await self.until(
            lambda: service.gateway.push(MESSAGE.push_id).deliveries[0].state == "held"
        )
        await self.until(lambda: self.core.streams and service.health()["core"] == "listening")
        self.core.reachable = True
        self.core.streams[0].write(f'event: MsReachable\ndata: {{"imsi": "{IMSI}"}}\n\n'.encode())
        notification = await self.initiator.wait_for(MESSAGE.push_id, 60.0)
        assert notification.state == "delivered"

    async def test_a_core_that_is_away_delays_a_push(self):
        """It is asked again; meanwhile the push is accepted and waits."""
        service = await self.start(control_url=f"http://{CORE}:1")
        assert (await self.submit(service)).code == 1001
        await self.until(
            lambda: service.gateway.push(MESSAGE.push_id).deliveries[0].state == "retrying"
        )
        assert service.health()["core"] == "not reached"

    async def test_accounting_makes_a_terminal_online_without_a_core(self):
        """RADIUS over UDP is answered, and the push goes to the session's address."""
        service = await self.start(ask_core=False, control_url=None)
        (_, port) = service.runtime.address_of(service.gateway, "radius")

        def start_session():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ggsn:
                ggsn.settimeout(60)
                ggsn.sendto(accounting(1, address=TERMINAL), (GATEWAY, port))
                return ggsn.recv(100)

        answer = await threads.deferToThread(start_session)
        assert answer[:2] == b"\x05\x01"
        await self.submit(service)
        notification = await self.initiator.wait_for(MESSAGE.push_id, 60.0)
        assert notification.state == "delivered"
        assert service.health()["core"] == "not asked"

    async def test_an_initiator_that_was_away_is_notified_later(self):
        """The notification is posted until somebody answers."""
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        policy = NotificationPolicy(waits=(0.1,), timeout=60.0)
        service = await self.start(notification=policy)
        url = f"http://127.0.0.1:{port}/notifications"
        await self.submit(service, replace(MESSAGE, notify_url=url))
        await self.until(lambda: service.gateway.counters.get("notifications unanswered"))
        late = NotificationReceiver(reactor, port=port)
        late.start()
        self.addCleanup(lambda: ensureDeferred(late.stop()))
        notification = await late.wait_for(MESSAGE.push_id, 60.0)
        assert notification.code == 1000

    async def test_http_misuse_gets_an_http_error(self):
        """4xx and a line of text, never a traceback."""
        service = await self.start()
        for method, path, body, status in (
            ("GET", "/pap", None, 405),
            ("POST", "/health", b"", 405),
            ("GET", "/nowhere", None, 404),
            ("GET", "/v1/pushes/unknown", None, 404),
            ("GET", "/v1/pushes?state=gone", None, 400),
            ("POST", "/pap", b"x", 415),
        ):
            response, text = await self.request(service, path, method, data=body)
            assert response.code == status, path
            assert text.count(b"\n") == 1
            assert b"Traceback" not in text
        response, _ = await self.request(service, "/pap")
        assert response.headers.getRawHeaders("Allow") == ["POST"]

    async def test_only_viewers_look_at_what_the_gateway_has(self):
        """403 to others; pushes are taken from anybody all the same."""
        service = await self.start(viewers=("192.0.2.0/24",))
        for path in ("/v1/pushes", "/v1/pushes/1", "/health", "/metrics"):
            response, text = await self.request(service, path)
            assert (response.code, text) == (403, b"127.0.0.1 may not look at this gateway\n")
        assert (await self.submit(service)).code == 1001

    async def test_octets_in_headers_that_are_no_text_are_no_fault(self):
        """They are a type that is not taken, or a password that is wrong."""
        service = await self.start(initiators=(Initiator("shop", "secret"),))
        for header, status in (
            (b"Authorization: Basic c2hvcDpzZWNyZXQ=\r\nContent-Type: text/\xbd", b"415"),
            (b"Content-Type: application/xml\r\nAuthorization: Basic \xbd", b"401"),
        ):
            request = b"POST /pap HTTP/1.1\r\nHost: x\r\n" + header + b"\r\nContent-Length: 1\r\n"
            answer = await self.exchange(service, request + b"Connection: close\r\n\r\nx")
            assert answer.startswith(b"HTTP/1.1 " + status), answer

    async def test_pushes_are_listed_by_what_is_asked(self):
        """Those under way, as they are stored, and those that have ended; newest first."""
        service = await self.start()
        await self.submit(service)
        await self.initiator.wait_for(MESSAGE.push_id, 60.0)
        later = replace(self.message, push_id="2", deliver_after=float(int(time.time()) + 900))
        await self.submit(service, later)
        _, body = await self.request(service, "/v1/pushes")
        assert [push["push_id"] for push in json.loads(body)["pushes"]] == ["2", MESSAGE.push_id]
        _, body = await self.request(service, "/v1/pushes?state=delivered&limit=5")
        assert [push["push_id"] for push in json.loads(body)["pushes"]] == [MESSAGE.push_id]

    async def test_a_store_that_cannot_be_read_is_service_unavailable(self):
        """With the reason; what is under way can be seen all the same."""
        service = await self.start(open_store=lambda: UnreadableStore(":memory:"))
        response, text = await self.request(service, "/v1/pushes")
        assert (response.code, text) == (503, b"out of order\n")

    async def test_old_pushes_are_pruned(self):
        """After the retention time the push is forgotten, but not its push-id."""
        service = await self.start(retention=0.01)
        await self.submit(service)
        await self.initiator.wait_for(MESSAGE.push_id, 60.0)
        await self.until(lambda: service.gateway.push(MESSAGE.push_id) is None)
        clock = Clock()
        store = StoreThread(
            reactor, lambda: SqliteStore(self.store), written=_nothing, failed=_nothing
        )
        await service.end()
        await store.start()
        tending = StoreTending(
            clock,
            store,
            now=lambda: time.time() + 1.0,  # however fast all that was
            renewed=lambda *_: None,
            asked=lambda _: None,
            retention=0.01,
        )
        tending.start()
        clock.advance(PRUNING_INTERVAL)
        assert await store.find(MESSAGE.push_id) is None
        assert await store.search(PushQuery()) == []
        tending.stop()
        await store.stop()
        assert clock.getDelayedCalls() == []

    async def test_health_is_shown(self):
        """Status, core and counters; HEAD without a body."""
        service = await self.start()
        response, body = await self.request(service, "/health")
        assert (response.code, json.loads(body)["status"]) == (200, "ok")
        response, body = await self.request(service, "/health", "HEAD")
        assert (response.code, body) == (200, b"")

    async def test_metrics_are_shown(self):
        """What was counted of a push from beginning to end, and the time it took."""
        service = await self.start()
        await self.submit(service)
        await self.initiator.wait_for(MESSAGE.push_id, 60.0)
        await self.until(lambda: service.gateway.push(MESSAGE.push_id) is None)
        response, body = await self.request(service, "/metrics")
        assert response.code == 200
        assert response.headers.getRawHeaders("Content-Type") == [METRICS_TYPE]
        lines = body.decode().splitlines()
        assert 'corenet_gateway_deliveries_ended_total{state="delivered"} 1.0' in lines
        assert "corenet_gateway_answer_seconds_count 1.0" in lines
        assert 'corenet_gateway_up{what="store"} 1.0' in lines

    async def test_a_body_that_is_too_large_is_broken_off(self):
        """413 before it has come whole, whether it is announced or not."""
        service = await self.start()
        for head, sent in (
            (b"Content-Length: 99999999\r\n\r\n", b""),
            (b"Transfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + b"x" * 0x8000 + b"\r\n"),
        ):
            answer = await self.exchange(
                service, b"POST /pap HTTP/1.1\r\nHost: x\r\n" + head + sent
            )
            assert answer.startswith(b"HTTP/1.1 413 "), answer

    async def test_a_slow_client_holds_nobody_up(self):
        """While one sends its body for ever, another is served."""
        service = await self.start()
        slow = await connectProtocol(
            TCP4ClientEndpoint(reactor, GATEWAY, service.pap_port), Protocol()
        )
        slow.transport.write(b"POST /pap HTTP/1.1\r\nHost: x\r\nContent-Length: 10000\r\n\r\nabc")
        assert (await self.submit(service)).code == 1001
        slow.transport.abortConnection()

    async def test_a_client_that_goes_away_loses_its_answer_only(self):
        """The push is stored all the same."""
        service = await self.start()
        content_type, body = body_of(self.message)
        head = (
            f"POST /pap HTTP/1.1\r\nHost: x\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        client = await connectProtocol(
            TCP4ClientEndpoint(reactor, GATEWAY, service.pap_port), Protocol()
        )
        client.transport.write(head.encode() + body)
        client.transport.loseConnection()
        notification = await self.initiator.wait_for(MESSAGE.push_id, 60.0)
        assert notification.state == "delivered"

    async def exchange(self, service, request):
        answer = bytearray()
        ended = Deferred()

        class Client(Protocol):
            def dataReceived(self, data):
                answer.extend(data)

            def connectionLost(self, reason):
                ended.callback(None)

        client = await connectProtocol(
            TCP4ClientEndpoint(reactor, GATEWAY, service.pap_port), Client()
        )
        client.transport.write(request)
        await ended
        return bytes(answer)

    async def test_what_stands_in_the_way_of_a_start_is_raised(self):
        """A store that is in use, a PAP port and a UDP port that are taken."""
        first = await self.start()
        with pytest.raises(StoreError):
            await self.start()
        other = str(Path(self.store).with_name("other.sqlite"))
        with pytest.raises(CannotListenError):
            await self.start(store=other, pap_port=first.pap_port)
        with pytest.raises(CannotBindError):
            await self.start(store=other)

    def test_a_core_without_a_place_is_refused(self):
        """Whoever asks a core must say where it is."""
        config = replace(self.config, control_url=None)
        with pytest.raises(ValueError):
            GatewayService(reactor, TwistedRuntime(reactor), config, random=Random(1))

    async def test_a_service_that_has_not_started_says_so(self):
        """It has no port, and takes no submission."""
        service = GatewayService(reactor, TwistedRuntime(reactor), self.config, random=Random(1))
        with pytest.raises(RuntimeError):
            _ = service.pap_port
        assert (await service.submit("x", b"")).status == 503


CHILD = """
import logging, sys
from random import Random
import structlog
from twisted.internet import reactor
from twisted.internet.defer import ensureDeferred
from corenet.adapters.runtime import TwistedRuntime
from testbed.adapters.gateway import GatewayService
from testbed.gateway.config import GatewayConfig

structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
address, port, store = sys.argv[1], int(sys.argv[2]), sys.argv[3]
config = GatewayConfig(address, "a", b"x", pap_port=port, ask_core=False, store=store)
service = GatewayService(reactor, TwistedRuntime(reactor), config, random=Random(1))
started = ensureDeferred(service.start())
started.addCallback(lambda _: print("started", flush=True))
reactor.run()
"""


class KillTests(TestCase):
    """kill -9 of the whole gateway while initiators post to it."""

    timeout = 600

    async def test_a_killed_gateway_has_every_push_it_answered(self):
        """Group commit and threads included, nothing that got 1001 is missing."""
        with tempfile.TemporaryDirectory() as folder:
            store = str(Path(folder) / "pushes.sqlite")
            accepted = []
            for round_number, seed in enumerate((11, 12, 13)):
                accepted += await threads.deferToThread(self.kill_once, store, round_number, seed)
            assert len(accepted) > 10
            from testbed.gateway.keeping.store import SqliteStore

            kept = SqliteStore(store)
            missing = [push_id for push_id in accepted if kept.find(push_id) is None]
            kept.close()
            assert missing == []

    def kill_once(self, store, round_number, seed):
        """Post from four threads, kill at a seeded moment; return the push-ids answered 1001."""
        import http.client
        from concurrent.futures import ThreadPoolExecutor

        address = f"{NET}.{10 + round_number}"
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, address, "8081", store], stdout=subprocess.PIPE
        )
        accepted = []
        enough = Random(seed).randint(5, 80)

        def post(worker):
            connection = http.client.HTTPConnection(address, 8081, timeout=60)
            try:
                for number in range(1000):
                    push_id = f"{round_number}.{worker}.{number}"
                    message = replace(MESSAGE, push_id=push_id, notify_url=None)
                    content_type, body = body_of(message)
                    connection.request("POST", "/pap", body, {"Content-Type": content_type})
                    if pap.parse(connection.getresponse().read()).code == 1001:
                        accepted.append(push_id)
                    if len(accepted) >= enough:
                        child.send_signal(signal.SIGKILL)
            except (OSError, http.client.HTTPException, pap.PapError):
                return
            finally:
                connection.close()

        try:
            assert child.stdout.readline() == b"started\n"
            with ThreadPoolExecutor(4) as workers:
                list(workers.map(post, range(4)))
        finally:
            child.kill()
            child.wait()
            child.stdout.close()
        return accepted
