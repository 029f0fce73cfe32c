"""What initiators wait for: delivered together, answered once the log says so."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from testbed.adapters.submissions import Submissions
from testbed.gateway.effects import AnswerSubmission


class Desk:
    """Submissions, and in which order things happen to them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.happened: list[object] = []
        self.keys: list[str] = []
        self.seconds: list[float] = []
        self.submissions = Submissions(
            self.clock,
            deliver=self._deliver,
            answered=self.seconds.append,
            flush_log=lambda: self.happened.append("log"),
        )

    def _deliver(self, actions):
        self.happened.append(len(actions))
        for action in actions:
            action(1.0)

    def add(self):
        deferred = self.submissions.add(lambda key, _now: self.keys.append(key))
        deferred.addBoth(self.happened.append)
        return deferred

    def answer(self, key, body):
        self.submissions.answer(AnswerSubmission(key, 202, "application/xml", body))


@pytest.fixture
def desk():
    return Desk()


def test_what_arrives_in_one_turn_is_delivered_together(desk):
    """In the next turn, and the one after it has its own."""
    desk.add()
    desk.add()
    assert desk.happened == []
    desk.clock.advance(0)
    desk.add()
    desk.clock.advance(0)
    assert desk.happened == [2, 1]
    assert len(set(desk.keys)) == 3


def test_answers_go_together_when_the_log_has_been_written(desk):
    """One who reads the log finds whatever was answered."""
    desk.add()
    desk.add()
    desk.clock.advance(0.5)
    for key, body in zip(desk.keys, (b"1", b"2"), strict=True):
        desk.answer(key, body)
    assert desk.happened == [2]
    desk.submissions.send_answers()
    assert desk.happened[1] == "log"
    assert [answer.body for answer in desk.happened[2:]] == [b"1", b"2"]
    assert desk.seconds == [0.5, 0.5]


def test_without_answers_the_log_has_time(desk):
    """It is written at the end of the turn."""
    desk.submissions.send_answers()
    assert desk.happened == []


def test_who_has_gone_is_not_answered(desk):
    """Neither before there is an answer nor between that and its sending."""
    gone, going, there = desk.add(), desk.add(), desk.add()
    desk.clock.advance(0)
    gone.cancel()
    for key in desk.keys:
        desk.answer(key, key.encode())
    going.cancel()
    desk.happened.clear()
    desk.submissions.send_answers()
    assert [getattr(one, "body", one) for one in desk.happened] == ["log", desk.keys[2].encode()]
    assert there.called


def test_a_fault_comes_back_to_whom_it_befell(desk):
    """The others are submitted all the same."""

    def fail(_key, _now):
        raise ZeroDivisionError

    failed = desk.submissions.add(fail)
    desk.add()
    desk.clock.advance(0)
    assert len(desk.keys) == 1
    failures = []
    failed.addErrback(lambda failure: failures.append(failure.type))
    assert failures == [ZeroDivisionError]


def test_nothing_is_delivered_after_the_end(desk):
    """The gateway has stopped."""
    desk.add()
    desk.submissions.stop()
    desk.clock.advance(1)
    assert desk.happened == []
