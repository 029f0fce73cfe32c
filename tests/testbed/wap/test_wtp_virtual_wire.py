"""What two WTP endpoints make of a wire that loses, repeats and reorders."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtp.testing import Conditions, VirtualWire
from testbed.codecs.wtp import TransactionClass
from testbed.wap.config import WtpLimits
from testbed.wap.events import (
    DatagramInvoked,
    InvokeConfirmed,
    InvokeReceived,
    ResultConfirmed,
    ResultReceived,
    TransactionAborted,
)
from testbed.wap.wtp import WtpEndpoint

LEFT = ("10.0.0.1", 40000)
RIGHT = ("10.0.0.2", 9201)
RELIABLE = TransactionClass.RELIABLE
RESULT = TransactionClass.RESULT


class Network:
    """Two endpoints that invoke one another; each answers with what it was asked, reversed."""

    def __init__(self, seed, conditions, work=0.0, **limits):
        self.wire = VirtualWire(Random(seed), conditions)
        self.work = work
        self.outcomes = {}
        self.executed = Counter()
        self.answers = Counter()
        self.ends = {}
        self.waiting = []
        for number, address in enumerate((LEFT, RIGHT)):
            end = WtpEndpoint(random=Random(seed + number), limits=WtpLimits(**limits))
            self.ends[address] = end
            self.wire.attach(end, address, on_event=self.listener(end))

    def listener(self, end):
        def listen(event, now):
            match event:
                case InvokeReceived() if event.transaction_class is RELIABLE:
                    self.executed[event.data] += 1
                    end.acknowledge(event.transaction, now)
                case InvokeReceived():
                    self.executed[event.data] += 1
                    self.answers[id(end), event.transaction] += 1
                    end.acknowledge(event.transaction, now)
                    self.waiting.append((now + self.work, end, event))
                case DatagramInvoked():
                    self.executed[event.data] += 1
                case InvokeConfirmed(context=(_, kind)) if kind is RELIABLE:
                    self.outcomes.setdefault(event.context, []).append(True)
                case ResultReceived():
                    self.outcomes.setdefault(event.context, []).append(event.data)
                    end.acknowledge(event.transaction, now)
                case TransactionAborted(context=None) | ResultConfirmed():
                    self.answers[id(end), event.transaction] -= 1
                case TransactionAborted():
                    self.outcomes.setdefault(event.context, []).append(None)

        return listen

    def invoke(self, source, destination, number, kind, size=20):
        data = str(number).encode().ljust(size, b".")
        context = (data, kind)
        end = self.ends[source]
        end.invoke(
            data, destination, self.wire.now, transaction_class=kind, user_ack=True, context=context
        )
        return context

    def run(self, seconds):
        until = self.wire.now + seconds
        while self.wire.now < until:
            self.wire.run(0.5)
            for due in [entry for entry in self.waiting if entry[0] <= self.wire.now]:
                self.waiting.remove(due)
                _, end, event = due
                try:
                    end.result(event.transaction, event.data[::-1], self.wire.now)
                except Exception:
                    # It was aborted meanwhile, and that was told.
                    assert self.answers[id(end), event.transaction] == 0

    def nothing_is_left(self):
        return all(
            (
                end.open_transactions,
                end.lingering_transactions,
                end.unfinished_octets,
                end.next_timeout(),
            )
            == (0, 0, 0, None)
            for end in self.ends.values()
        )


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    loss=st.sampled_from([0.0, 0.1, 0.3, 0.7]),
    duplication=st.sampled_from([0.0, 0.3]),
    longest_delay=st.sampled_from([0.01, 3.0, 9.0]),
    work=st.sampled_from([0.0, 6.0, 30.0]),
    verify=st.booleans(),
    count=st.integers(1, 8),
)
def test_each_invoke_ends_once_and_is_executed_at_most_once(
    seed, loss, duplication, longest_delay, work, verify, count
):
    """Whatever the wire does: one outcome for each, the right result, and nothing is left."""
    conditions = Conditions(loss, duplication, 0.01, longest_delay)
    network = Network(seed, conditions, work, packet=64, group=2, verify_strangers=verify)
    contexts = []
    for number in range(count):
        for source, destination in ((LEFT, RIGHT), (RIGHT, LEFT)):
            kind = RELIABLE if number % 3 == 2 else RESULT
            size = 300 if number % 4 == 3 else 20
            name = f"{number} from {source[0]}"
            contexts.append(network.invoke(source, destination, name, kind, size))
        network.run(number % 3)
    network.run(1500.0)
    assert set(network.outcomes) == set(contexts)
    for (data, kind), outcomes in network.outcomes.items():
        assert len(outcomes) == 1
        assert outcomes[0] in (None, True if kind is RELIABLE else data[::-1])
        assert network.executed[data] <= 1
        assert network.executed[data] == 1 or outcomes == [None]
    assert set(network.answers.values()) <= {0}
    assert network.nothing_is_left()


def test_without_loss_all_succeed():
    """Reordering and copies alone make nothing fail, with verification of every late TID."""
    network = Network(5, Conditions(0.0, 0.5, 0.01, 2.0))
    for number in range(30):
        network.invoke(LEFT, RIGHT, number, RESULT)
        network.run(0.5)
    network.run(120.0)
    assert len(network.outcomes) == 30
    assert None not in [outcome for outcomes in network.outcomes.values() for outcome in outcomes]
    assert network.ends[RIGHT].counters.verifications > 0
    assert network.nothing_is_left()


@pytest.mark.parametrize("seed", range(12))
def test_64_kilobytes_each_way_come_through_20_percent_of_loss(seed):
    """Segmentation and re-assembly, with copies and packets that overtake each other."""
    network = Network(seed, Conditions(0.2, 0.1, 0.01, 0.3))
    context = network.invoke(LEFT, RIGHT, "large", RESULT, 65536)
    network.run(600.0)
    assert network.outcomes == {context: [context[0][::-1]]}
    assert network.nothing_is_left()
    counters = network.ends[LEFT].counters
    assert counters.retransmissions > 0
    sent = sum(len(passed.data) for passed in network.wire.passed if passed.source == LEFT)
    assert sent < 2 * 65536


def test_a_message_in_packets_costs_an_ack_a_group():
    """On a good wire: 48 packets in 12 groups, an Ack for each but the last."""
    network = Network(1, Conditions())
    context = network.invoke(LEFT, RIGHT, "large", RELIABLE, 48 * 1400)
    network.run(60.0)
    assert network.outcomes == {context: [True]}
    by_left = [passed for passed in network.wire.passed if passed.source == LEFT]
    by_right = [passed for passed in network.wire.passed if passed.source == RIGHT]
    assert (len(by_left), len(by_right)) == (48, 12)


def test_the_same_seed_gives_the_same_run():
    """Two runs put the same octets on the wire at the same times."""
    runs = []
    for _ in range(2):
        network = Network(99, Conditions(0.3, 0.2, 0.01, 4.0), work=1.0)
        for number in range(10):
            network.invoke(LEFT, RIGHT, number, RESULT)
            network.run(0.5)
        network.run(100.0)
        runs.append(network.wire.passed)
    assert runs[0] == runs[1]
