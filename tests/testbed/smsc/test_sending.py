"""Attempts go to terminals one by one, back to back, within the capacity."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from corenet.schedule import Schedule
from testbed.smsc.failures import NO_ANSWER, NO_CAPACITY, SHUT_DOWN, Failure, by_rp_cause
from testbed.smsc.lanes import Lanes
from testbed.smsc.sending import Answered, Attempt, Consignment, Sending
from testbed.smsc.transaction import Outcome, TransactionPolicy

NOW = 1_000.0
ANN, BOB = "447700900001", "447700900002"


class Air:
    """A network that answers when the test says so."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes, bool]] = []
        self.waiting: list[Answered] = []

    def forward(
        self,
        terminal: str,
        tpdu: bytes,
        *,
        more: bool,
        answered: Answered,
        now: float,
    ) -> None:
        self.sent.append((terminal, tpdu, more))
        self.waiting.append(answered)

    def answer(self, now: float, failure: Failure | None = None) -> None:
        self.waiting.pop(0)(failure, now)

    @property
    def tpdus(self) -> list[bytes]:
        return [tpdu for _, tpdu, _ in self.sent]


class Bench:
    """A sender, its network, its time, and the outcomes by name."""

    def __init__(self, lanes: Lanes | None = None) -> None:
        self.air = Air()
        self.schedule = Schedule()
        self.sending = Sending(lanes or Lanes({"push": 1}), self.air, self.schedule)
        self.outcomes: dict[str, Outcome] = {}

    def send(
        self,
        name: str,
        *,
        terminal: str = ANN,
        segments: int = 1,
        lane: str = "push",
        policy: TransactionPolicy | None = None,
        patience: float = 60,
        priority: int = 0,
        now: float = NOW,
    ) -> Attempt:
        tpdus = tuple(f"{name}{number}".encode() for number in range(1, segments + 1))
        consignment = Consignment(
            terminal, tpdus, lane, policy or TransactionPolicy(), now + patience, priority
        )
        return self.sending.send(consignment, lambda o, _: self.outcomes.update({name: o}), now)


def test_a_group_goes_back_to_back() -> None:
    """A lane of strangers waits until the group that has begun is through."""
    bench = Bench(Lanes({"push": 1}, under_way=1))
    bench.send("a", segments=3)
    bench.send("b", terminal=BOB)
    for _ in range(4):
        bench.air.answer(NOW)
    assert bench.air.tpdus == [b"a1", b"a2", b"a3", b"b1"]
    assert [more for _, _, more in bench.air.sent] == [True, True, False, False]
    assert all(outcome.delivered for outcome in bench.outcomes.values())


def test_a_terminal_gets_one_group_at_a_time() -> None:
    """A second push for the same terminal waits for the first; one for another does not."""
    bench = Bench()
    bench.send("a", segments=2)
    bench.send("b")
    bench.send("c", terminal=BOB)
    assert bench.air.tpdus == [b"a1", b"c1"]
    bench.air.answer(NOW)
    bench.air.answer(NOW)
    bench.air.answer(NOW)
    assert bench.air.tpdus == [b"a1", b"c1", b"a2", b"b1"]
    assert set(bench.outcomes) == {"a", "c"}


def test_a_lost_segment_is_repeated_before_the_group_goes_on() -> None:
    """The gap is closed first, then the rest follows."""
    bench = Bench()
    bench.send("a", segments=2)
    bench.air.answer(NOW, NO_ANSWER)
    bench.air.answer(NOW)
    bench.air.answer(NOW)
    assert bench.air.tpdus == [b"a1", b"a1", b"a2"]
    assert bench.outcomes["a"].delivered


def test_while_a_repeat_has_to_wait_the_lane_is_others() -> None:
    """Nobody waits for a group that itself waits."""
    bench = Bench(Lanes({"push": 1}, under_way=1))
    bench.send("a", policy=TransactionPolicy(repeats=(5.0,)))
    bench.send("b", terminal=BOB)
    bench.air.answer(NOW, NO_ANSWER)
    assert bench.air.tpdus == [b"a1", b"b1"]
    bench.air.answer(NOW)
    assert bench.schedule.next_timeout() == NOW + 5
    bench.schedule.ring(NOW + 5)
    assert bench.air.tpdus[-1] == b"a1"


def test_what_does_not_begin_in_time_is_given_up() -> None:
    """With no room before its deadline the attempt ends, and nothing of it was sent."""
    bench = Bench(Lanes({"push": 1}, under_way=1))
    bench.send("a")
    bench.send("b", terminal=BOB, patience=10)
    bench.schedule.ring(NOW + 10)
    assert bench.outcomes["b"].failure == NO_CAPACITY
    assert bench.air.tpdus == [b"a1"]


def test_what_has_begun_has_its_window() -> None:
    """The deadline for beginning does not end what has begun."""
    bench = Bench()
    bench.send("a", patience=10, policy=TransactionPolicy(window=20))
    bench.schedule.ring(NOW + 19)
    assert not bench.outcomes
    bench.schedule.ring(NOW + 20)
    assert not bench.outcomes["a"].delivered


def test_an_answer_after_the_end_changes_nothing() -> None:
    """It is counted, its place is given back, and the next attempt is not disturbed."""
    bench = Bench(Lanes({"push": 1}, under_way=1))
    bench.send("a", policy=TransactionPolicy(window=5))
    bench.send("b", patience=100)
    bench.schedule.ring(NOW + 5)
    assert not bench.outcomes["a"].delivered
    assert bench.air.tpdus == [b"a1"]
    bench.air.answer(NOW + 6)
    assert bench.air.tpdus == [b"a1", b"b1"]
    assert bench.sending.counts["answers too late"] == 1


def test_the_rate_is_kept_over_time() -> None:
    """At two a second, five strangers leave within two seconds."""
    bench = Bench(Lanes({"push": 1}, rate=2))
    for number in range(5):
        bench.send(f"m{number}", terminal=f"4477009000{number:02}")
    sent = [len(bench.air.sent)]
    for step in range(1, 5):
        bench.schedule.ring(NOW + step * 0.5)
        sent.append(len(bench.air.sent))
    assert sent == [1, 2, 3, 4, 5]


def test_push_has_its_part_while_others_flood() -> None:
    """With a reservation of one half, every other place is push's, though others were first."""
    bench = Bench(Lanes({"push": 1, "general": 1}, under_way=1))
    for number in range(20):
        bench.send(f"g{number}", terminal=f"4477009001{number:02}", lane="general")
    for number in range(5):
        bench.send(f"p{number}", terminal=f"4477009002{number:02}")
    for _ in range(10):
        bench.air.answer(NOW)
    assert sum(tpdu.startswith(b"p") for tpdu in bench.air.tpdus) == 5


def test_the_more_urgent_goes_first() -> None:
    """Within a lane priority decides, but a group that has begun is not interrupted."""
    bench = Bench(Lanes({"push": 1}, under_way=1))
    bench.send("a", segments=2)
    bench.send("b", terminal=BOB)
    bench.send("c", terminal="447700900003", priority=1)
    bench.send("d", terminal="447700900004", priority=3)
    for _ in range(5):
        bench.air.answer(NOW)
    assert bench.air.tpdus == [b"a1", b"a2", b"d1", b"c1", b"b1"]


def test_what_has_not_begun_can_be_withdrawn() -> None:
    """A message that waits is taken back unheard; one that has begun goes on."""
    bench = Bench()
    first = bench.send("a")
    second = bench.send("b")
    assert not bench.sending.withdraw(first, NOW)
    assert bench.sending.withdraw(second, NOW)
    bench.air.answer(NOW)
    assert set(bench.outcomes) == {"a"}
    assert not bench.sending.withdraw(first, NOW)
    assert bench.sending.under_way == 0


def test_shutting_down_ends_everything() -> None:
    """Everybody hears why, and nothing more is sent."""
    bench = Bench()
    bench.send("a", segments=2)
    bench.send("b")
    bench.send("c", terminal=BOB)
    bench.sending.give_up_all(SHUT_DOWN, NOW)
    assert {outcome.failure for outcome in bench.outcomes.values()} == {SHUT_DOWN}
    assert set(bench.outcomes) == {"a", "b", "c"}
    assert bench.air.tpdus == [b"a1", b"c1"]
    assert bench.schedule.next_timeout() is None


@given(seed=st.integers(0, 2**32), under_way=st.integers(1, 4), rate=st.sampled_from((None, 10)))
def test_nothing_is_left_over(seed: int, under_way: int, rate: float | None) -> None:
    """Whatever the network answers, every attempt ends once and every place is given back."""
    random = Random(seed)
    lanes = Lanes({"push": 2, "general": 1}, rate=rate, under_way=under_way)
    bench = Bench(lanes)
    now = NOW
    names = [f"{number}-" for number in range(20)]
    for name in names:
        bench.send(
            name,
            terminal=random.choice((ANN, BOB)),
            segments=random.randint(1, 4),
            lane=random.choice(("push", "general")),
            policy=TransactionPolicy(window=5, at_once=random.randint(1, 3)),
            patience=random.choice((3.0, 30.0)),
            now=now,
        )
    for _ in range(2_000):
        due = bench.schedule.next_timeout()
        if bench.air.waiting and (due is None or random.random() < 0.8):
            now += 0.05
            failure = random.choice((None, None, NO_ANSWER, by_rp_cause(27)))
            bench.air.waiting.pop(random.randrange(len(bench.air.waiting)))(failure, now)
        elif due is not None:
            now = max(now, due)
            bench.schedule.ring(now)
        else:
            break
    assert set(bench.outcomes) == set(names)
    assert lanes.under_way == 0
    assert bench.sending.under_way == 0
    assert bench.sending.queued("push") == bench.sending.queued("general") == 0
