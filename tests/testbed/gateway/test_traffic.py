"""Random days of a gateway: whatever happens, every push ends, once, and nothing is left over."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random

import pytest

from corenet.interfaces.activation import CauseSource, FailureCause, Step
from corenet.interfaces.node import Interface
from testbed.esme.outcome import SmsDelivered, SmsFailed, SmsUnknown
from testbed.gateway.activation.activate import Refused, Unanswered
from testbed.gateway.activation.trigger import GiTrigger
from testbed.gateway.config import RetryPolicy
from testbed.gateway.events import SmsSubmitted
from testbed.gateway.presence.sessions import Ageing
from testbed.gateway.routing.judge import CoreSilent, TerminalView, UnknownTerminal
from testbed.gateway.routing.policy import Next, Policy, Refusal, Route, Rule
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import MESSAGE, accounting, active, failed, plmn

TERMINALS = 12
SMS_OUTCOMES = (
    SmsDelivered(2),
    SmsFailed(0xFE, 0),
    SmsFailed(0xFE, 1),
    SmsFailed(0xFE, 3),
    SmsFailed(0x58),
    SmsUnknown("the link broke"),
)
PUSHES = 150


class Day:
    """A script drawn from a seed."""

    def __init__(self, bench, seed: int) -> None:
        self.bench = bench
        self.random = Random(seed)
        self.accepted: list[str] = []
        self.unanswered = []
        bench.outcome = None
        bench.initiator = self.initiator
        bench.sms = lambda _: None
        self.open_messages = {}
        """What the SMSC has, by key."""

    def initiator(self, _):
        return "refused" if self.random.random() < 0.3 else (200, b"")

    def address(self, number: int) -> str:
        return f"10.45.0.{number + 1}"

    def view(self, number: int):
        kind = self.random.random()
        if kind < 0.1:
            return CoreSilent("busy")
        if kind < 0.15:
            return UnknownTerminal()
        contexts = (("wap.example", self.address(number)),) if kind < 0.4 else ()
        return TerminalView(
            f"2341500000000{number:02}",
            f"44770090{number:04}",
            contexts,
            reachable=self.random.random() < 0.8,
        )

    def outcome(self, request):
        answers = [
            active(self.address(int(request.imsi[-2:]))),
            failed(Step.MS_ACTIVATION, FailureCause(CauseSource.GTP, 196, "silent")),
            failed(Step.ROUTEING_INFORMATION, FailureCause(CauseSource.MAP, 27, "x"), hold=True),
            failed(Step.CREATE_PDP_CONTEXT, FailureCause(CauseSource.GTP, 219, "no such APN")),
            lambda _: Unanswered("x"),
            lambda _: Refused("x"),
        ]
        return self.random.choices(answers, weights=(5, 4, 3, 1, 1, 1))[0](request)

    def step(self, number: int) -> None:
        bench, random = self.bench, self.random
        for terminal in range(TERMINALS):
            bench.views[Terminal.by_msisdn(f"44770090{terminal:04}")] = self.view(terminal)
        bench.store_fails = random.random() < 0.1
        who = random.randrange(TERMINALS)
        addresses = tuple(
            plmn(f"44770090{random.randrange(TERMINALS):04}") for _ in range(random.randint(1, 3))
        )
        push = replace(
            MESSAGE,
            push_id=f"{number}@pi.example",
            addresses=addresses,
            deliver_before=bench.now + random.randint(1, 900),
            notify_url=MESSAGE.notify_url if random.random() < 0.8 else None,
        )
        if bench.submit(push).code == 1001:
            self.accepted.append(push.push_id)
        status = random.choice((1, 2, 3, 7))
        bench.radius(
            accounting(
                status,
                identifier=number % 256,
                session=f"S{who}.{random.randrange(3)}",
                address=self.address(who),
                msisdn=f"44770090{who:04}",
                imsi=f"2341500000000{who:02}",
            )
        )
        self.answer_some()
        bench.advance(random.random() * 30)
        if random.random() < 0.03:
            bench.store_fails = False
            bench.settle()
            bench.advance(2)
            self.unanswered.clear()
            bench.activations.clear()
            bench.restart()

    def answer_some(self) -> None:
        bench = self.bench
        self.unanswered += bench.activations
        bench.activations.clear()
        self.open_messages |= {message.key: message for message in bench.messages}
        bench.messages.clear()
        while self.open_messages and self.random.random() < 0.8:
            key = self.random.choice(sorted(self.open_messages))
            bench.end_sms(self.open_messages.pop(key), self.random.choice(SMS_OUTCOMES))
            self.open_messages |= {message.key: message for message in bench.messages}
            bench.messages.clear()
        while self.unanswered and self.random.random() < 0.8:
            request = self.unanswered.pop(self.random.randrange(len(self.unanswered)))
            bench.finish(request, self.outcome(request))
            self.unanswered += bench.activations
            bench.activations.clear()


def every_route(seed: int) -> dict[str, object]:
    """Return what of a configuration says a policy of every route, with times that run out."""
    ip, activation, trigger, sms, hold = Route
    orders = (
        (ip, activation, trigger, sms, hold),
        (ip, hold, sms),
        (sms, ip, activation, hold),
        (ip, trigger, activation, sms),
    )
    rule = Rule(
        order=orders[seed % len(orders)],
        activation_for=40.0,
        sms_for=200.0,
        hold_for=100.0,
        activations=3,
        after={Refusal.CORE_SILENT: Next.NEXT} if seed % 2 else {},
    )
    addresses = {f"44770090{number:04}": f"10.45.0.{number + 1}" for number in range(0, 12, 2)}
    return {
        "policy": Policy((rule,)),
        "has_smsc": True,
        "gi_trigger": GiTrigger(addresses, wait=10.0, sends_push=seed % 3 > 0),
    }


@pytest.mark.parametrize("seed", range(16))
def test_with_every_route_every_push_ends_once_and_nothing_is_left(make_bench, seed):
    """Whatever a policy orders, and whatever comes of it."""
    bench = make_bench(
        retry=RetryPolicy(waits=(5.0, 20.0), attempts=4),
        ageing=Ageing(maximum=None),
        **every_route(seed),
    )
    day = Day(bench, seed)
    for number in range(PUSHES):
        day.step(number)
    bench.store_fails = False
    bench.initiator = lambda _: (200, b"")
    for _ in range(40):
        day.answer_some()
        bench.advance(60)
    assert bench.gateway.unfinished == 0
    assert bench.gateway.next_timeout() is None
    assert bench.store.unfinished() == []
    assert len(day.accepted) > PUSHES / 2
    stored = [bench.store.find(push_id) for push_id in day.accepted]
    assert all(delivery.state.final for push in stored for delivery in push.deliveries)
    assert bench.told(SmsSubmitted)


@pytest.mark.parametrize("seed", range(8))
def test_every_accepted_push_ends_once_and_nothing_is_left(make_bench, seed):
    """After the last deadline: no delivery, no timer, no activation, no open row."""
    bench = make_bench(
        retry=RetryPolicy(waits=(5.0, 20.0), attempts=4), ageing=Ageing(maximum=None)
    )
    day = Day(bench, seed)
    for number in range(PUSHES):
        day.step(number)
    bench.store_fails = False
    bench.initiator = lambda _: (200, b"")
    for _ in range(40):
        day.answer_some()
        bench.advance(60)
    assert bench.gateway.unfinished == 0
    assert bench.gateway.counters["deliveries kept"] == 0
    assert bench.gateway.next_timeout() is None
    assert bench.store.unfinished() == []
    assert len(day.accepted) > PUSHES / 2
    ends: Counter[str] = Counter()
    sent = Counter(d.data[1:] for d in bench.datagrams if d.interface is Interface.WDP)
    for push_id in day.accepted:
        for delivery in bench.store.find(push_id).deliveries:
            assert delivery.state.final
            ends[delivery.state] += 1
    assert all(ends[state] for state in ("delivered", "undeliverable", "expired"))
    assert sum(sent.values()) >= ends["delivered"]


def test_two_days_with_one_seed_are_the_same(make_bench):
    """Nothing depends on anything but the script."""

    def run() -> list[object]:
        bench = make_bench()
        day = Day(bench, 3)
        for number in range(60):
            day.step(number)
        return [*bench.events, *bench.datagrams]

    assert run() == run()
