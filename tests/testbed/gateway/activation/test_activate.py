"""Activations: one per terminal, so many at once, and what follows each outcome."""

from __future__ import annotations

from random import Random

import pytest

from corenet.interfaces.activation import (
    ActivationOutcome,
    CauseSource,
    FailureCause,
    LocalCause,
    Step,
)
from testbed.codecs.pap import Priority
from testbed.gateway.activation.activate import (
    Activations,
    NotReached,
    Reached,
    Refused,
    Request,
    StaticAddress,
    Subject,
    Unanswered,
    refusal_of,
)
from testbed.gateway.routing.policy import NEVER, Refusal, Rule, Standing

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


RULE = Rule()
LATEST = 9999.0


def want(book: Activations, target, waiter, key="k", *, deadline=LATEST, rule=RULE, **more):
    book.want(target, waiter, key=key, deadline=deadline, rule=rule, **more)


def keys(requests: list[Request]) -> list[str]:
    return [request.key for request in requests]


def fail(book: Activations, now: float, answer=SILENT, waiter=P):
    """Let one activation of A begin and end."""
    want(book, A, waiter, f"k{now}")
    assert book.take_requests() == [Request(f"k{now}", A, LATEST, (waiter,))]
    finished = book.finished(f"k{now}", answer, now)
    assert finished is not None
    return finished[2]


def test_pushes_for_one_terminal_share_one_activation():
    """The second push joins, and both are told."""
    book = activations()
    want(book, A, P, "k1")
    want(book, A, Q, "k2")
    assert book.take_requests() == [Request("k1", A, LATEST, (P, Q))]
    want(book, A, R, "k3")
    assert book.take_requests() == []
    answer = outcome(Step.ACTIVE, address="10.45.0.7")
    assert book.finished("k1", answer, 2.0) == (A, [P, Q, R], Reached("10.45.0.7"))
    assert len(book) == 0


def test_only_so_many_run_at_once():
    """The third waits its turn, and gets it in order."""
    book = activations(at_once=1)
    for subject, waiter, key in ((A, P, "a"), (B, Q, "b"), (C, R, "c")):
        want(book, subject, waiter, key)
    assert keys(book.take_requests()) == ["a"]
    assert book.take_requests() == []
    book.finished("a", Unanswered("gone"), 1.0)
    assert keys(book.take_requests()) == ["b"]


def test_a_withdrawn_waiter_is_not_told():
    """An expired push leaves; the activation goes on for the others."""
    book = activations()
    want(book, A, P, "a")
    want(book, A, Q, "b")
    book.take_requests()
    book.withdraw(A, P)
    assert book.finished("a", Unanswered("gone"), 1.0)[1] == [Q]


def test_an_activation_that_nobody_wants_any_more_is_not_begun():
    """The last waiter takes a queued activation with it."""
    book = activations()
    want(book, A, P, "a")
    book.withdraw(A, P)
    book.withdraw(A, P)
    assert book.take_requests() == []
    assert len(book) == 0


def test_a_running_activation_ends_even_when_nobody_waits():
    """Its outcome frees the place."""
    book = activations(at_once=1)
    want(book, A, P, "a")
    book.take_requests()
    book.withdraw(A, P)
    want(book, B, Q, "b")
    assert book.take_requests() == []
    assert book.finished("a", SILENT, 1.0)[1] == []
    assert keys(book.take_requests()) == ["b"]


def test_an_answer_to_an_unknown_key_is_none():
    """Late and foreign answers change nothing."""
    assert activations().finished("x", SILENT, 0.0) is None


WHY = "ms-activation: some cause (gtp 196)"


def test_back_off_grows_and_its_last_step_repeats():
    """Waits follow the configured list."""
    book = activations(attempts=9)
    assert fail(book, 0.0) == NotReached(Refusal.NOT_RESPONDING, 10.0, WHY)
    assert fail(book, 10.0).at == 30.0
    assert fail(book, 30.0).at == 50.0


def test_a_terminal_in_back_off_is_not_to_be_tried_for_another_push():
    """The second push waits for the same time."""
    book = activations()
    fail(book, 0.0)
    assert book.standing(A, 5.0) == Standing(not_before=10.0, why=WHY)
    assert book.standing(A, 10.0) == Standing()
    assert book.standing(B, 5.0) == Standing()


def test_one_under_way_may_be_joined_whatever_came_before():
    """Somebody has tried again already."""
    book = activations()
    fail(book, 0.0)
    want(book, A, P)
    assert book.standing(A, 5.0) == Standing()


def test_chance_lengthens_the_back_off_a_little():
    """Terminals that failed together come apart."""
    book = Activations(at_once=1, waits=(10.0,), attempts=3, random=Random(1))
    assert 10.0 < fail(book, 0.0).at < 11.0


def test_the_core_can_ask_for_a_longer_back_off():
    """Where the GGSN refuses until then, there is no use before."""
    in_back_off = outcome(Step.ACCEPTANCE, "local", LocalCause.BACK_OFF, retry_after=25.0)
    assert fail(activations(), 0.0, in_back_off).at == 25.0


def test_attempts_are_bounded_until_the_terminal_shows_itself():
    """After the last attempt only the terminal ends the wait."""
    book = activations()
    fail(book, 0.0)
    fail(book, 10.0)
    why = f"{WHY}; 3 attempts failed"
    assert fail(book, 30.0) == NotReached(Refusal.NOT_RESPONDING, NEVER, why)
    assert book.standing(A, 9999.0) == Standing(not_before=NEVER, why=why)
    book.clear(A.imsi)
    assert book.standing(A, 9999.0) == Standing()


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
    want(book, B, Q, "b")
    book.take_requests()
    book.finished("b", SILENT, 90_000.0)
    assert book.standing(A, 90_001.0) == Standing()


def test_a_core_that_does_not_answer_is_tried_again():
    """No answer is a failure that passes."""
    assert fail(activations(), 0.0, Unanswered("refused")) == NotReached(
        Refusal.CORE_SILENT, 10.0, "no answer: refused"
    )


def test_a_core_that_refuses_knows_no_such_terminal():
    """It will not come into being."""
    assert fail(activations(), 0.0, Refused("no such terminal")) == NotReached(
        Refusal.UNKNOWN_SUBSCRIBER, 10.0, "no such terminal"
    )


def test_what_waiting_does_not_change_is_found_out_by_each_push():
    """Somebody may have provisioned the subscriber meanwhile."""
    book = activations(attempts=1)
    for _ in range(3):
        fail(book, 0.0, Refused("no such terminal"))
        assert book.standing(A, 0.0) == Standing()


def test_hold_until_reachable_awaits_the_terminal():
    """The network will say when it is back; a look in between may try."""
    book = activations(attempts=1)
    answer = outcome(Step.ROUTEING_INFORMATION, "gtp", 204, hold=True)
    absent = fail(book, 0.0, answer)
    assert (absent.refusal, absent.why) == (
        Refusal.ABSENT,
        "routeing-information: some cause (gtp 204)",
    )
    assert book.standing(A, 0.0) == Standing(is_awaited=True)
    assert book.standing(B, 0.0) == Standing()
    book.clear(A.imsi)
    assert book.standing(A, 0.0) == Standing()


# What a request may cost


def test_a_request_has_the_time_of_its_most_patient_waiter():
    """One that gives up sooner leaves by itself."""
    book = activations()
    want(book, A, P, "a", deadline=50.0)
    want(book, A, Q, "b", deadline=70.0)
    want(book, A, R, "c", deadline=60.0)
    assert book.take_requests() == [Request("a", A, 70.0, (P, Q, R))]


def test_a_rule_bounds_its_own_activations():
    """Two campaigns share the core: one may have one activation at a time, the other the rest."""
    book = activations(at_once=3)
    slow = Rule(initiators=frozenset({"slow"}), activations=1)
    for number in range(3):
        want(book, Subject(f"slow {number}", "a"), (f"s{number}", 0), f"s{number}", rule=slow)
    want(book, A, P, "a")
    assert keys(book.take_requests()) == ["a", "s0"]
    want(book, B, Q, "b")
    assert keys(book.take_requests()) == ["b"]
    book.finished("s0", SILENT, 1.0)
    assert keys(book.take_requests()) == ["s1"]


def test_a_bound_place_is_free_again_when_nobody_wants_it():
    """The last waiter leaves before its turn has come."""
    book = activations(at_once=1)
    slow = Rule(activations=1)
    want(book, C, R, "c")
    assert keys(book.take_requests()) == ["c"]
    want(book, A, P, "a", rule=slow)
    want(book, B, Q, "b", rule=slow)
    assert book.take_requests() == []
    book.withdraw(A, P)
    book.finished("c", SILENT, 1.0)
    assert keys(book.take_requests()) == ["b"]
    assert len(book) == 1


def test_within_a_bound_the_urgent_go_first():
    """A rule's own order is as that of all."""
    book = activations()
    slow = Rule(activations=1)
    want(book, A, P, "a", rule=slow, priority=Priority.LOW)
    want(book, B, Q, "b", rule=slow, priority=Priority.HIGH)
    assert keys(book.take_requests()) == ["b"]
    want(book, A, R, "c", rule=slow, priority=Priority.HIGH)
    book.finished("b", SILENT, 1.0)
    assert keys(book.take_requests()) == ["a"]


def test_a_static_address_is_activated_under_the_same_bounds():
    """The Gi trigger is an activation too, with failures of its own."""
    book = activations(at_once=1)
    static = StaticAddress("10.45.0.7")
    want(book, static, P, "a")
    want(book, A, Q, "b")
    assert book.take_requests() == [Request("a", static, LATEST, (P,))]
    nothing = Unanswered("no session", Refusal.NO_CONTEXT)
    assert book.finished("a", nothing, 0.0) == (
        static,
        [P],
        NotReached(Refusal.NO_CONTEXT, 10.0, "no answer: no session"),
    )
    assert book.standing(static, 0.0).not_before == 10.0
    assert book.standing(A, 0.0) == Standing()


UNKNOWN, NO_ACCESS, ABSENT, SILENCE, REFUSED, BUSY, LATE = list(Refusal)[:7]
FAILED = Refusal.FAILED
CATALOGUE = [
    (Step.ACCEPTANCE, "local", LocalCause.UNKNOWN_APN, NO_ACCESS),
    (Step.ACCEPTANCE, "local", LocalCause.NO_ADDRESS, NO_ACCESS),
    (Step.ACCEPTANCE, "local", LocalCause.MS_NOT_REACHABLE, ABSENT),
    (Step.ACCEPTANCE, "local", LocalCause.BACK_OFF, BUSY),
    (Step.ACCEPTANCE, "local", LocalCause.DEADLINE_EXPIRED, LATE),
    (Step.ROUTEING_INFORMATION, "gtp", 194, UNKNOWN),
    (Step.ROUTEING_INFORMATION, "map", 1, UNKNOWN),
    (Step.ROUTEING_INFORMATION, "map", 27, ABSENT),
    (Step.ROUTEING_INFORMATION, "map", 34, FAILED),
    (Step.ROUTEING_INFORMATION, "local", LocalCause.HLR_SILENT, LATE),
    (Step.ROUTEING_INFORMATION, "local", LocalCause.HLR_UNUSABLE, FAILED),
    (Step.ROUTEING_INFORMATION, "local", LocalCause.NO_HLR, FAILED),
    (Step.PDU_NOTIFICATION, "gtp", 194, FAILED),
    (Step.PDU_NOTIFICATION, "gtp", 195, ABSENT),
    (Step.PDU_NOTIFICATION, "gtp", 199, BUSY),
    (Step.PDU_NOTIFICATION, "local", LocalCause.SGSN_SILENT, LATE),
    (Step.PDU_NOTIFICATION, "local", LocalCause.SGSN_UNUSABLE, FAILED),
    (Step.PDU_NOTIFICATION, "local", LocalCause.NOT_SENT, FAILED),
    (Step.MS_ACTIVATION, "gtp", 4, REFUSED),
    (Step.MS_ACTIVATION, "gtp", 5, SILENCE),
    (Step.MS_ACTIVATION, "gtp", 196, SILENCE),
    (Step.MS_ACTIVATION, "gtp", 197, REFUSED),
    (Step.MS_ACTIVATION, "local", LocalCause.GUARD_TIMER_EXPIRED, LATE),
    (Step.MS_ACTIVATION, "local", LocalCause.DEACTIVATED, FAILED),
    (Step.MS_ACTIVATION, "local", LocalCause.STOPPED, FAILED),
    *((Step.MS_ACTIVATION, "sm", cause, NO_ACCESS) for cause in (8, 27, 28, 29, 32, 33)),
    (Step.MS_ACTIVATION, "sm", 26, BUSY),
    (Step.MS_ACTIVATION, "sm", 31, REFUSED),
    *((Step.MS_ACTIVATION, "sm", cause, FAILED) for cause in (25, 34, 38, 40, 111)),
    *((Step.CREATE_PDP_CONTEXT, "gtp", cause, NO_ACCESS) for cause in (209, 219, 220, 222)),
    *((Step.CREATE_PDP_CONTEXT, "gtp", cause, BUSY) for cause in (199, 211, 212)),
    *((Step.CREATE_PDP_CONTEXT, "gtp", cause, FAILED) for cause in (204, 229)),
]


@pytest.mark.parametrize(("step", "source", "number", "expected"), CATALOGUE)
def test_each_cause_is_of_a_kind(step, source, number, expected):
    """Step and cause say what kind of refusal it is; the policy says what follows."""
    assert refusal_of(outcome(step, source, number)) is expected


def test_every_cause_of_the_cores_own_is_in_the_catalogue():
    """None is taken for another by accident."""
    seen = {number for _, source, number, _ in CATALOGUE if source == "local"}
    assert seen == set(LocalCause)


def test_what_lasts_beats_the_flag():
    """A subscriber that the HLR does not know will not be announced by it."""
    answer = outcome(Step.ROUTEING_INFORMATION, "gtp", 194, hold=True)
    assert refusal_of(answer) is Refusal.UNKNOWN_SUBSCRIBER


def test_an_outcome_without_cause_is_a_failure():
    """A foreign core may say where but not why."""
    assert fail(activations(), 0.0, outcome(Step.PDU_NOTIFICATION)) == NotReached(
        Refusal.FAILED, 10.0, "pdu-notification"
    )
