"""Whatever a terminal, the network and the gateway's own fate do, in any order: each push ends."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corenet.interfaces.node import Interface
from testbed.codecs import pap
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.pap import DeliveryMethod
from testbed.codecs.wtp import UserAbort
from testbed.gateway.config import GatewayConfig, OtaPolicy
from testbed.gateway.events import PushSent
from testbed.gateway.keeping.store import SqliteStore
from testbed.gateway.routing.judge import TerminalView
from testbed.gateway.routing.policy import Confirm
from testbed.gateway.terminal import Terminal
from testbed.gateway.terminal_testing import CLIENT_PORT, BenchTerminal
from testbed.gateway.testing import (
    ADDRESS,
    IMSI,
    MESSAGE,
    MSISDN,
    SECRET,
    GatewayBench,
    accounting,
)
from testbed.wap.errors import WapError

METHODS = [
    DeliveryMethod.CONFIRMED,
    DeliveryMethod.PREFER_CONFIRMED,
    DeliveryMethod.UNCONFIRMED,
    DeliveryMethod.ONE_SHOT,
]
LIFETIME = 900.0
STEPS = st.one_of(
    st.tuples(st.just("submit"), st.sampled_from(METHODS), st.booleans()),
    st.tuples(st.just("advance"), st.sampled_from([0.05, 0.2, 3.0, 20.0, 70.0])),
    st.tuples(st.just("answer"), st.sampled_from([True, None, UserAbort.USER_REFUSED])),
    st.tuples(st.just("opens"), st.booleans()),
    st.tuples(st.just("deaf"), st.booleans()),
    st.tuples(st.just("online"), st.booleans()),
    st.tuples(st.just("unreachable"), st.booleans(), st.booleans()),
    st.sampled_from(
        [("connect",), ("disconnect",), ("suspend",), ("resume",), ("confirm",), ("cancel",)]
    ),
    st.sampled_from([("restart",), ("lapse",), ("account",)]),
)


class World:
    """A gateway, a terminal, and what can happen to them."""

    def __init__(self, confirm: Confirm, store: SqliteStore) -> None:
        config = GatewayConfig(
            "127.0.0.5", "wap.example", SECRET, lifetime=LIFETIME, ota=OtaPolicy(confirm=confirm)
        )
        self.bench = GatewayBench(config, store)
        self.terminal = BenchTerminal(self.bench)
        self.pushed: list[str] = []
        self.once: list[str] = []
        self.online(True)

    def submit(self, method: DeliveryMethod, is_large: bool) -> None:
        push_id = f"{len(self.pushed)}@pi.example"
        quality = pap.QualityOfService(delivery_method=method)
        content = Part(ContentType("text/plain"), b"x" * (3000 if is_large else 3))
        message = replace(MESSAGE, push_id=push_id, quality_of_service=quality)
        assert self.bench.submit(message, content).code == 1001
        self.pushed.append(push_id)
        if method is DeliveryMethod.ONE_SHOT:
            self.once.append(push_id)

    def advance(self, seconds: float) -> None:
        self.terminal.advance(seconds)

    def answer(self, answer) -> None:
        self.terminal.answer = answer

    def opens(self, opens: bool) -> None:
        self.terminal.opens_sessions = opens

    def deaf(self, deaf: bool) -> None:
        self.terminal.is_deaf = deaf

    def online(self, online: bool) -> None:
        contexts = (("wap.example", ADDRESS),) if online else ()
        view = TerminalView(IMSI, MSISDN, contexts, downlink_idle={ADDRESS: 0.0})
        for name in (Terminal.by_msisdn(MSISDN), Terminal.by_address(ADDRESS)):
            self.bench.views[name] = view

    def unreachable(self, host: bool, session: bool) -> None:
        peer = (ADDRESS, CLIENT_PORT if session else 2948)
        interface = Interface.WSP if session else Interface.WDP
        self.bench.gateway.unreachable(interface, peer, host=host, now=self.bench.now)
        self.bench.settle()

    def connect(self) -> None:
        self.terminal.connect()

    def disconnect(self) -> None:
        self.terminal.client.disconnect(self.terminal.session, self.bench.now)

    def suspend(self) -> None:
        self.terminal.client.suspend(self.terminal.session, self.bench.now)

    def resume(self) -> None:
        self.terminal.client.resume(self.terminal.session, self.bench.now)

    def confirm(self) -> None:
        self.terminal.confirm()

    def cancel(self) -> None:
        if self.pushed:
            self.bench.ask(pap.CancelMessage(self.pushed[-1]))

    def restart(self) -> None:
        self.bench.restart()

    def lapse(self) -> None:
        self.bench.gateway.renewed(self.bench.now + 1, self.bench.now)
        self.terminal.advance(1)
        self.bench.gateway.renewed(self.bench.now + 1e6, self.bench.now)
        self.bench.settle()

    def account(self) -> None:
        self.bench.radius(accounting(1, identifier=len(self.bench.datagrams) % 256))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, max_size=25), st.sampled_from(list(Confirm)))
def test_every_push_ends_and_is_reported_once(steps, confirm):
    """At the latest with its deadline; what is sent once is never sent twice."""
    store = SqliteStore(":memory:")
    try:
        world = World(confirm, store)
        for name, *values in steps:
            # The terminal cannot do everything at any time.
            with suppress(WapError, IndexError):
                getattr(world, name)(*values)
            world.terminal.settle()
        world.terminal.advance(LIFETIME + 1)
        bench = world.bench
        for push_id in world.pushed:
            assert bench.delivery(push_id).state.final
        assert bench.gateway.unfinished == 0
        reported = [result.push_id for result in bench.notifications]
        assert sorted(reported) == sorted(world.pushed)
        sent = Counter(event.push_id for event in bench.told(PushSent))
        assert all(sent[push_id] <= 1 for push_id in world.once)
    finally:
        store.close()
