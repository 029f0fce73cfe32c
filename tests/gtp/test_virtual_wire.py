"""The fakes that users of the library test with, and what two endpoints make of a bad wire."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtp.constants import Cause, MessageType
from gtp.endpoint import Endpoint, Event, RequestFailed, RequestReceived, ResponseReceived
from gtp.messages import EchoRequest, FailureReportRequest, FailureReportResponse
from gtp.testing import Conditions, VirtualWire
from gtp.timers import Timers

LEFT = ("192.0.2.1", 2123)
RIGHT = ("192.0.2.2", 2123)


def endpoint(seed: int = 1, n3_requests: int = 5, recovery: int = 1) -> Endpoint:
    return Endpoint(
        timers=Timers(t3_response=5, n3_requests=n3_requests),
        recovery=recovery,
        accepts=frozenset({MessageType.FAILURE_REPORT_REQUEST}),
        random=Random(seed),
    )


def test_a_request_crosses_the_wire_and_comes_back() -> None:
    """The response is there after the delay, twice; what passed is on record."""
    left, right = endpoint(), endpoint()
    wire = VirtualWire(Random(1), Conditions(shortest_delay=0.5, longest_delay=0.5), now=10.0)
    wire.attach(left, LEFT)
    wire.attach(right, RIGHT)
    left.request(EchoRequest(), RIGHT, wire.now)
    wire.run_until_quiet()
    assert isinstance(left.take_events()[0], ResponseReceived)
    assert [(p.time, p.source, p.destination, p.copies) for p in wire.passed] == [
        (10.0, LEFT, RIGHT, 1),
        (10.5, RIGHT, LEFT, 1),
    ]
    assert wire.now == 11.0


def test_time_passes_only_as_far_as_asked() -> None:
    """What is due later stays under way."""
    left, right = endpoint(), endpoint()
    wire = VirtualWire(Random(1), Conditions(shortest_delay=1.0, longest_delay=1.0))
    wire.attach(left, LEFT)
    wire.attach(right, RIGHT)
    left.request(EchoRequest(), RIGHT, wire.now)
    wire.run(1.5)
    assert wire.now == 1.5
    assert left.take_events() == []
    wire.run(1.0)
    assert len(left.take_events()) == 1


def test_what_goes_to_nobody_is_lost() -> None:
    """A machine that was detached hears nothing; its peer gives up in the end."""
    left, right = endpoint(n3_requests=2), endpoint()
    wire = VirtualWire(Random(1))
    wire.attach(left, LEFT)
    wire.attach(right, RIGHT)
    wire.detach(RIGHT)
    left.request(EchoRequest(), RIGHT, wire.now)
    wire.run_until_quiet()
    assert isinstance(left.take_events()[0], RequestFailed)
    assert wire.now == 10.0


def test_a_wire_that_never_falls_quiet_says_so() -> None:
    """Echo on a watched path goes on for ever."""
    left = endpoint()
    wire = VirtualWire(Random(1))
    wire.attach(left, LEFT)
    left.watch(RIGHT, wire.now)
    with pytest.raises(TimeoutError, match="100"):
        wire.run_until_quiet(limit=100)


def test_everything_is_lost_or_doubled_where_the_conditions_say_so() -> None:
    """Loss 1 delivers nothing, duplication 1 delivers all twice."""
    left, right = endpoint(n3_requests=1), endpoint()
    wire = VirtualWire(Random(1), Conditions(loss=1.0))
    wire.attach(left, LEFT)
    wire.attach(right, RIGHT)
    left.request(EchoRequest(), RIGHT, wire.now)
    wire.run_until_quiet()
    assert [p.copies for p in wire.passed] == [0]
    wire.conditions = Conditions(duplication=1.0)
    left.request(EchoRequest(), RIGHT, wire.now)
    wire.run_until_quiet()
    assert right.counters.echoes_answered == 2
    assert left.counters.unmatched_responses == 3


class Network:
    """Two endpoints that send each other requests over a bad wire; the right one works slowly."""

    def __init__(self, seed: int, conditions: Conditions, work: float) -> None:
        self.wire = VirtualWire(Random(seed), conditions)
        self.executed: Counter[str] = Counter()
        self.ended: Counter[int] = Counter()
        self.succeeded: set[str] = set()
        self.work = work
        self.waiting: list[tuple[float, Endpoint, RequestReceived]] = []
        self.endpoints = (endpoint(seed), endpoint(seed + 1))
        for address, machine in zip((LEFT, RIGHT), self.endpoints, strict=True):
            self.wire.attach(machine, address, on_event=self.listener(machine))

    def listener(self, machine: Endpoint) -> Callable[[Event, float], None]:
        def listen(event: Event, now: float) -> None:
            match event:
                case RequestReceived(message=FailureReportRequest() as request):
                    self.executed[request.imsi] += 1
                    self.waiting.append((now + self.work, machine, event))
                case ResponseReceived(request=FailureReportRequest() as request):
                    self.ended[id(event.context)] += 1
                    self.succeeded.add(request.imsi)
                case RequestFailed():
                    self.ended[id(event.context)] += 1

        return listen

    def run(self, seconds: float) -> None:
        until = self.wire.now + seconds
        while self.wire.now < until:
            self.wire.run(0.5)
            for due in [entry for entry in self.waiting if entry[0] <= self.wire.now]:
                self.waiting.remove(due)
                _, machine, received = due
                accepted = FailureReportResponse(cause=Cause.REQUEST_ACCEPTED)
                machine.respond(received, accepted, self.wire.now)


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.1, 0.3, 0.7]),
    duplication=st.sampled_from([0.0, 0.3]),
    longest_delay=st.sampled_from([0.01, 3.0, 9.0]),
    work=st.sampled_from([0.0, 7.0]),
    count=st.integers(1, 12),
)
def test_each_request_ends_once_and_is_executed_at_most_once(
    seed: int, loss: float, duplication: float, longest_delay: float, work: float, count: int
) -> None:
    """Whatever the wire loses, repeats and reorders: one end for each, never two executions."""
    conditions = Conditions(loss, duplication, 0.01, longest_delay)
    network = Network(seed, conditions, work)
    contexts = []
    for number in range(count):
        for machine, peer in zip(network.endpoints, (RIGHT, LEFT), strict=True):
            context = object()
            contexts.append(context)
            imsi = f"23415{len(contexts):010d}"
            machine.request(
                FailureReportRequest(imsi=imsi), peer, network.wire.now, context=context
            )
        network.run(number % 3)
    network.run(80.0)
    assert network.ended == Counter({id(context): 1 for context in contexts})
    assert all(times == 1 for times in network.executed.values())
    assert network.succeeded <= set(network.executed)
    for machine in network.endpoints:
        assert machine.open_requests == 0
        assert machine.requests_in_work == 0
        assert machine.next_timeout() is None


def test_the_same_seed_gives_the_same_run() -> None:
    """Two runs put the same octets on the wire at the same times."""
    runs = []
    for _ in range(2):
        network = Network(99, Conditions(0.3, 0.2, 0.01, 4.0), 1.0)
        for number in range(10):
            imsi = f"23415{number:010d}"
            network.endpoints[0].request(FailureReportRequest(imsi=imsi), RIGHT, network.wire.now)
            network.run(0.5)
        network.run(60.0)
        runs.append(network.wire.passed)
    assert runs[0] == runs[1]
