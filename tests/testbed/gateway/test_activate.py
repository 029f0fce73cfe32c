"""Activations: one per terminal, so many at once, and what follows each outcome."""

from __future__ import annotations

from random import Random

import pytest

from corenet.interfaces.activation import ActivationOutcome, CauseSource, FailureCause, Step
from testbed.gateway.activate import (
    Activations,
    Awaited,
    InVain,
    Later,
    Next,
    Reached,
    Refused,
    Request,
    Subject,
    Unanswered,
    reaction_to,
)

A = Subject("234150000000001", "wap.example")
B = Subject("234150000000002", "wap.example")
C = Subject("234150000000003", "wap.example")
P, Q, R = ("p", 0), ("q", 0), ("r", 0)


class NoSpread(Random):
    def random(self) -> float:
        return 0.0


def activations(*, at_once=2, waits=(10.0, 20.0), attempts=3) -> Activations:
    return Activations(at_once=at_once, waits=waits, attempts=attempts, random=NoSpread(1))


def outcome(step, source=None, number=0, *, hold=False, retry_after=None, address=None):
    cause = None if source is None else FailureCause(CauseSource(source), number, "some cause")
    return ActivationOutcome(A.imsi, A.apn, step, address, cause, hold, retry_after)


SILENT = outcome(Step.MS_ACTIVATION, "gtp", 196)


def fail(book: Activations, now: float, answer=SILENT, waiter=P):
    """Let one activation of A begin and end."""
    assert book.want(A, waiter, key=f"k{now}", now=now) is None
    assert book.take_requests() == [Request(f"k{now}", A, (P,))]
    finished = book.finished(f"k{now}", answer, now)
    assert finished is not None
    return finished[1]


def test_pushes_for_one_terminal_share_one_activation():
    """The second push joins, and both are told."""
    book = activations()
    book.want(A, P, key="k1", now=0.0)
    book.want(A, Q, key="k2", now=0.0)
    assert book.take_requests() == [Request("k1", A, (P, Q))]
    book.want(A, R, key="k3", now=1.0)
    assert book.take_requests() == []
    answer = outcome(Step.ACTIVE, address="10.45.0.7")
    assert book.finished("k1", answer, 2.0) == ([P, Q, R], Reached("10.45.0.7"))
    assert len(book) == 0


def test_only_so_many_run_at_once():
    """The third waits its turn, and gets it in order."""
    book = activations(at_once=1)
    for subject, waiter, key in ((A, P, "a"), (B, Q, "b"), (C, R, "c")):
        book.want(subject, waiter, key=key, now=0.0)
    assert book.take_requests() == [Request("a", A, (P,))]
    assert book.take_requests() == []
    book.finished("a", Unanswered("gone"), 1.0)
    assert book.take_requests() == [Request("b", B, (Q,))]


def test_a_withdrawn_waiter_is_not_told():
    """An expired push leaves; the activation goes on for the others."""
    book = activations()
    book.want(A, P, key="a", now=0.0)
    book.want(A, Q, key="b", now=0.0)
    book.take_requests()
    book.withdraw(A, P)
    assert book.finished("a", Unanswered("gone"), 1.0)[0] == [Q]


def test_an_activation_that_nobody_wants_any_more_is_not_begun():
    """The last waiter takes a queued activation with it."""
    book = activations()
    book.want(A, P, key="a", now=0.0)
    book.withdraw(A, P)
    book.withdraw(A, P)
    assert book.take_requests() == []
    assert len(book) == 0


def test_a_running_activation_ends_even_when_nobody_waits():
    """Its outcome frees the place."""
    book = activations(at_once=1)
    book.want(A, P, key="a", now=0.0)
    book.take_requests()
    book.withdraw(A, P)
    book.want(B, Q, key="b", now=0.0)
    assert book.take_requests() == []
    assert book.finished("a", SILENT, 1.0)[0] == []
    assert book.take_requests() == [Request("b", B, (Q,))]


def test_an_answer_to_an_unknown_key_is_none():
    """Late and foreign answers change nothing."""
    assert activations().finished("x", SILENT, 0.0) is None


def test_back_off_grows_and_its_last_step_repeats():
    """Waits follow the configured list."""
    book = activations(attempts=9)
    assert fail(book, 0.0) == Later(10.0, "ms-activation: some cause (gtp 196)")
    assert fail(book, 10.0).at == 30.0
    assert fail(book, 30.0).at == 50.0


def test_a_terminal_in_back_off_is_not_tried_for_another_push():
    """The second push waits for the same time."""
    book = activations()
    fail(book, 0.0)
    assert book.want(A, Q, key="x", now=5.0) == Later(10.0, "ms-activation: some cause (gtp 196)")
    assert book.take_requests() == []


def test_chance_lengthens_the_back_off_a_little():
    """Terminals that failed together come apart."""
    book = Activations(at_once=1, waits=(10.0,), attempts=3, random=Random(1))
    later = fail(book, 0.0)
    assert 10.0 < later.at < 11.0


def test_the_core_can_ask_for_a_longer_back_off():
    """Where the GGSN refuses until then, there is no use before."""
    assert fail(activations(), 0.0, outcome(Step.ACCEPTANCE, "local", retry_after=25.0)).at == 25.0


def test_attempts_are_bounded_until_the_terminal_shows_itself():
    """After the last attempt only the terminal ends the wait."""
    book = activations()
    fail(book, 0.0)
    fail(book, 10.0)
    last = fail(book, 30.0)
    assert last == Later(None, "ms-activation: some cause (gtp 196); 3 attempts failed")
    assert book.want(A, Q, key="x", now=9999.0) == last
    book.clear(A.imsi)
    assert book.want(A, Q, key="x", now=9999.0) is None


def test_success_forgets_failures():
    """The next failure starts from the first wait."""
    book = activations()
    fail(book, 0.0)
    fail(book, 10.0, outcome(Step.ACTIVE, address="10.45.0.7"))
    assert fail(book, 11.0).at == 21.0


def test_failures_are_forgotten_after_a_day():
    """What is old does not count against a terminal, and takes no room."""
    book = activations(attempts=1)
    fail(book, 0.0)
    assert book.want(B, Q, key="b", now=90_000.0) is None
    book.take_requests()
    book.finished("b", SILENT, 90_000.0)
    assert book.want(A, P, key="a", now=90_001.0) is None


def test_a_core_that_does_not_answer_is_tried_again():
    """No answer is a failure that passes."""
    assert fail(activations(), 0.0, Unanswered("refused")) == Later(10.0, "no answer: refused")


def test_a_core_that_refuses_ends_it():
    """A terminal that the core does not know will not come into being."""
    assert fail(activations(), 0.0, Refused("no such terminal")) == InVain(2003, "no such terminal")


def test_hold_until_reachable_awaits_the_terminal():
    """The network will say when it is back; a look in between may try."""
    book = activations()
    answer = outcome(Step.ROUTEING_INFORMATION, "gtp", 204, hold=True)
    assert fail(book, 0.0, answer) == Awaited("routeing-information: some cause (gtp 204)")
    assert book.is_awaited(A.imsi)
    assert not book.is_awaited(B.imsi)
    book.clear(A.imsi)
    assert not book.is_awaited(A.imsi)


CATALOGUE = [
    (Step.ACCEPTANCE, "local", 0, Next.RETRY),
    (Step.ROUTEING_INFORMATION, "gtp", 194, Next.FAIL),
    (Step.ROUTEING_INFORMATION, "map", 1, Next.FAIL),
    (Step.ROUTEING_INFORMATION, "map", 27, Next.HOLD),
    (Step.ROUTEING_INFORMATION, "map", 34, Next.RETRY),
    (Step.ROUTEING_INFORMATION, "local", 0, Next.RETRY),
    (Step.PDU_NOTIFICATION, "gtp", 194, Next.RETRY),
    (Step.PDU_NOTIFICATION, "gtp", 195, Next.HOLD),
    (Step.PDU_NOTIFICATION, "gtp", 199, Next.RETRY),
    (Step.PDU_NOTIFICATION, "local", 0, Next.RETRY),
    (Step.MS_ACTIVATION, "gtp", 4, Next.RETRY),
    (Step.MS_ACTIVATION, "gtp", 5, Next.RETRY),
    (Step.MS_ACTIVATION, "gtp", 196, Next.RETRY),
    (Step.MS_ACTIVATION, "gtp", 197, Next.RETRY),
    *((Step.MS_ACTIVATION, "sm", cause, Next.FAIL) for cause in (8, 27, 28, 29, 32, 33)),
    *((Step.MS_ACTIVATION, "sm", cause, Next.RETRY) for cause in (25, 26, 31, 34, 38, 40, 111)),
    *((Step.CREATE_PDP_CONTEXT, "gtp", cause, Next.FAIL) for cause in (209, 219, 220, 222)),
    *((Step.CREATE_PDP_CONTEXT, "gtp", cause, Next.RETRY) for cause in (199, 204, 211, 212, 229)),
]


@pytest.mark.parametrize(("step", "source", "number", "expected"), CATALOGUE)
def test_each_refusal_leads_to_what_the_table_says(step, source, number, expected):
    """Step and cause decide between trying again, holding and failing."""
    assert reaction_to(outcome(step, source, number)).next is expected


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (outcome(Step.ROUTEING_INFORMATION, "map", 1), 2003),
        (outcome(Step.CREATE_PDP_CONTEXT, "gtp", 219), 4000),
    ],
)
def test_what_fails_for_good_has_a_status_code(answer, expected):
    """An unknown subscriber is an address not found, the rest a service failure."""
    assert fail(activations(), 0.0, answer).code == expected


def test_a_held_outcome_of_the_table_awaits_without_the_flag():
    """A core that only gives the cause is understood too."""
    assert isinstance(fail(activations(), 0.0, outcome(Step.PDU_NOTIFICATION, "gtp", 195)), Awaited)


def test_failing_for_good_beats_the_flag():
    """A subscriber that the HLR does not know will not be announced by it."""
    answer = outcome(Step.ROUTEING_INFORMATION, "gtp", 194, hold=True)
    assert isinstance(fail(activations(), 0.0, answer), InVain)


def test_an_outcome_without_cause_is_tried_again():
    """A foreign core may say where but not why."""
    assert fail(activations(), 0.0, outcome(Step.PDU_NOTIFICATION)) == Later(
        10.0, "pdu-notification"
    )
