"""Expectations that wait, in a world that a test makes up."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import pytest

from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed
from corenet.mobile.events import Attached
from gtp.constants import Cause
from gtp.messages import PduNotificationResponse
from testbed.bench.watch import Events, ExpectationFailedError, Messages, Watch
from testbed.bench.world import World
from testbed.expectations.expected import event
from testbed.expectations.known import UnknownNameError


class MadeUpWorld:
    """Time, and what is to happen in it."""

    def __init__(self) -> None:
        self.time = 100.0
        self.plan: list[tuple[float, Callable[[], None]]] = []
        self.tap: Callable[[Passed], None] = lambda _passed: None
        self.listener: Callable[..., None] = lambda *_: None

    def watch(self, tap: Any, listener: Any) -> None:
        self.tap, self.listener = tap, listener

    def now(self) -> float:
        return self.time

    def until(self, condition: Callable[[], bool], within: float) -> bool:
        end = self.time + within
        while not condition():
            if not self.plan or self.plan[0][0] > end:
                self.time = end
                return False
            self.time, action = self.plan.pop(0)
            action()
        return True

    def response(self, at: float, sequence: int) -> None:
        """Plan that a PDU Notification Response goes from the SGSN to the GGSN."""
        answer = PduNotificationResponse(teid=7, sequence=sequence, cause=Cause.REQUEST_ACCEPTED)
        data = answer.encode()
        ends = ("127.0.0.2", 2123), ("127.0.0.1", 2123)
        passed = Passed(at, Interface.GTP_C, *ends, data, "sgsn", "ggsn")
        self.plan.append((at, lambda: self.tap(passed)))

    def attached(self, at: float, imsi: str) -> None:
        """Plan that a mobile attaches."""
        self.plan.append((at, lambda: self.listener(at, "mobiles", Attached(imsi, None))))


NAME = "PDU Notification Response"


@pytest.fixture
def world() -> MadeUpWorld:
    return MadeUpWorld()


@pytest.fixture
def watch(world: MadeUpWorld) -> Watch:
    watch = Watch(cast(World, world), {}, within=10.0)
    watch.forget()
    return watch


@pytest.fixture
def messages(watch: Watch) -> Messages:
    return Messages(watch)


def test_time_passes_until_a_message_is_seen(world: MadeUpWorld, messages: Messages) -> None:
    """And no longer; the message comes back as it was seen."""
    world.response(103.0, 1)
    world.response(104.0, 2)
    seen = messages.expect(NAME, source="sgsn", to="127.0.0.1", cause="request accepted")
    assert (seen.time, seen.subject.sequence, world.now()) == (103.0, 1, 103.0)


def test_equal_expectations_mean_different_messages(world: MadeUpWorld, messages: Messages) -> None:
    """What one has taken no other gets; a third has to wait in vain."""
    world.response(101.0, 1)
    world.response(102.0, 2)
    assert [messages.expect(NAME).subject.sequence for _ in range(2)] == [1, 2]
    with pytest.raises(ExpectationFailedError):
        messages.expect(NAME)
    assert world.now() == 112.0


def test_expectations_need_no_order(world: MadeUpWorld, messages: Messages) -> None:
    """One that has looked past a message leaves it to the next."""
    world.response(101.0, 1)
    world.response(102.0, 2)
    assert messages.expect(NAME, sequence=2).time == 102.0
    assert messages.expect(NAME, sequence=1).time == 101.0


def test_after_means_an_order(world: MadeUpWorld, messages: Messages) -> None:
    """Neither the message named, nor what came before it."""
    for at in (101.0, 102.0, 103.0):
        world.response(at, int(at))
    second = messages.expect(NAME, sequence=102)
    with pytest.raises(ExpectationFailedError, match="came too early"):
        messages.expect(NAME, sequence=101, after=second, within=0.5)
    assert messages.expect(NAME, after=second).subject.sequence == 103


def test_after_goes_by_the_order_of_what_is_seen(
    world: MadeUpWorld, watch: Watch, messages: Messages
) -> None:
    """Not by the clock, which stands still between two things that come together."""
    for number in (1, 2, 3):
        world.response(101.0, number)
    watch.world.until(lambda: False, 5.0)
    middle = watch.record[1]
    assert messages.expect(NAME, after=middle).subject.sequence == 3
    with pytest.raises(ExpectationFailedError):
        messages.expect(NAME, after=middle, within=0.5)


def test_a_time_can_be_what_is_after(world: MadeUpWorld, messages: Messages) -> None:
    """Such as that of a push."""
    world.response(101.0, 1)
    world.response(102.0, 2)
    assert messages.expect(NAME, after=101.5).subject.sequence == 2


def test_a_failure_says_what_was_seen_instead(world: MadeUpWorld, messages: Messages) -> None:
    """What had the name and in what it differs, and the last rungs of the ladder."""
    world.response(101.0, 5)
    with pytest.raises(ExpectationFailedError) as failed:
        messages.expect(NAME, to="ggsn", cause="no resources available", within=3)
    lines = str(failed.value).splitlines()
    assert lines[0] == (
        "not seen within 3 s: PDU Notification Response to ggsn with cause no resources available"
    )
    assert lines[1].startswith("  sgsn → ggsn  PDU Notification Response at 1000.0 ms has cause")
    assert lines[2] == "the last that was seen:"
    assert " ".join(lines[3].split()) == (
        "1000.0 ms sgsn → ggsn PDU Notification Response Request accepted (128)"
    )


def test_a_failure_with_nothing_seen_says_so(messages: Messages) -> None:
    """There is no ladder then."""
    with pytest.raises(ExpectationFailedError, match="nothing at all"):
        messages.expect(NAME)


def test_what_is_not_to_be_seen_fails_at_once(world: MadeUpWorld, messages: Messages) -> None:
    """What came before does not count; what differs does not either."""
    world.response(101.0, 1)
    messages.expect(NAME)
    world.response(104.0, 2)
    messages.expect_none(NAME, to="sgsn", during=1.0)
    messages.expect_none(NAME, during=1.0)
    assert world.now() == 103.0
    with pytest.raises(ExpectationFailedError, match=r"at 4000\.0 ms"):
        messages.expect_none(NAME, during=5.0)
    assert world.now() == 104.0


def test_an_order_is_found_with_anything_in_between(world: MadeUpWorld, messages: Messages) -> None:
    """Messages and events; all are taken."""
    world.response(101.0, 1)
    world.attached(102.0, "234150000000001")
    world.response(103.0, 2)
    order = messages.expect_in_order(NAME, event("Attached", of="mobiles"), NAME)
    assert [seen.time for seen in order] == [101.0, 102.0, 103.0]
    with pytest.raises(ExpectationFailedError, match="0 of 2 were seen in order"):
        messages.expect_in_order("Echo Request", NAME, within=1.0)


def test_an_order_that_is_broken_off_says_where(world: MadeUpWorld, messages: Messages) -> None:
    """How far it came, and of the next what there was before."""
    world.attached(101.0, "234150000000001")
    world.response(104.0, 1)
    with pytest.raises(ExpectationFailedError) as failed:
        messages.expect_in_order(NAME, event("Attached"), within=5.0)
    assert str(failed.value).startswith("1 of 2 were seen in order; then not seen within 5 s: Att")
    assert "came too early" in str(failed.value)


def test_events_are_expected_by_name(world: MadeUpWorld, watch: Watch) -> None:
    """With the node that says so and what is in them."""
    events = Events(watch)
    world.attached(101.0, "1")
    world.attached(102.0, "2")
    assert events.expect("Attached", of="mobiles", imsi="2").subject.imsi == "2"
    events.expect_none("Attached", imsi="1", during=1.0)
    assert [seen.time for seen in events.named("Attached")] == [101.0, 102.0]


def test_what_is_forgotten_is_not_found(world: MadeUpWorld, watch: Watch) -> None:
    """But the ladder still has it, and time goes on to count from when the lab was ready."""
    world.response(101.0, 1)
    Messages(watch).expect(NAME)
    watch.forget()
    with pytest.raises(ExpectationFailedError):
        Messages(watch).expect(NAME, within=1.0)
    assert watch.ladder().split()[:2] == ["1000.0", "ms"]


def test_a_ladder_begins_when_the_lab_was_ready(world: MadeUpWorld) -> None:
    """Unless the whole is asked for, or it never was."""
    watch = Watch(cast(World, world), {}, within=1.0)
    assert watch.ladder() == ""
    world.response(101.0, 1)
    watch.world.until(lambda: False, 5.0)
    assert watch.ladder().split()[:2] == ["0.0", "ms"]
    watch.forget()
    assert watch.ladder() == ""
    assert watch.ladder(whole=True).split()[:2] == ["-4000.0", "ms"]


def test_a_ladder_can_be_cut(world: MadeUpWorld, watch: Watch) -> None:
    """The last rungs, and how many were before."""
    for at in (101.0, 102.0, 103.0):
        world.response(at, 1)
    watch.world.until(lambda: False, 5.0)
    assert len(watch.ladder().splitlines()) == 3
    assert watch.ladder(1).splitlines()[0] == "… 2 earlier"


def test_names_that_there_are_not_are_refused_at_once(
    world: MadeUpWorld, watch: Watch, messages: Messages
) -> None:
    """A misspelt message, event or field would be waited for in vain, or never be seen."""
    events = Events(watch)
    for expectation, said in (
        (
            lambda: messages.expect("Create PDP Context Reqvest"),
            "is it Create PDP Context Request?",
        ),
        (lambda: messages.expect_none(NAME, cayse=128), f"{NAME} has no field cayse; is it cause?"),
        (lambda: messages.expect_none(NAME, within=1), f"{NAME} has no field within"),
        (
            lambda: messages.expect_in_order(NAME, "G-PDV"),
            "there is no message G-PDV; is it G-PDU?",
        ),
        (lambda: events.expect("MobileAtached"), "is it MobileAttached?"),
        (lambda: events.expect_none("MobileAttached", imsy="1"), "is it imsi?"),
    ):
        with pytest.raises(UnknownNameError, match=re.escape(said)):
            expectation()
    assert world.now() == 100.0
