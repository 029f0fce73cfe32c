"""The ledger of a kill test: what is a broken promise, and what is only counted."""

from __future__ import annotations

import pytest

from testbed.experiments.ledger import Ledger

A1, A2, B1 = ("a", 1), ("a", 2), ("b", 1)


@pytest.fixture
def ledger():
    """A push that was accepted and sent in the first life."""
    ledger = Ledger()
    ledger.was_accepted("1")
    ledger.was_sent("1", A1, 10.0)
    return ledger


def test_what_has_arrived_is_known(ledger):
    """Until then it may be on its way."""
    assert ledger.has_arrived("1")
    assert not ledger.has_arrived("2")


def test_a_run_in_which_all_goes_well_has_no_violations(ledger):
    """Sent once, reported once, stored."""
    ledger.was_posted("1", A1)
    assert ledger.unreported() == ["1"]
    ledger.was_answered("1", A1, 10.1)
    assert ledger.unreported() == []
    ledger.close(["1"])
    assert ledger.violations == []
    assert "violations                              0" in ledger.report()


def test_what_a_death_left_unknown_may_happen_again_and_is_counted(ledger):
    """The end, and the answer: with the time that it was not written for."""
    assert ledger.was_killed(A1, 10.5) == ["1"]
    ledger.was_stored("1", A1, ended=False, answered=False)
    ledger.was_sent("1", A2, 11.0)
    ledger.was_posted("1", A2)
    ledger.was_answered("1", A2, 11.1)
    assert ledger.was_killed(A2, 11.2) == ["1"]
    ledger.was_stored("1", A2, ended=True, answered=False)
    ledger.was_posted("1", ("a", 3))
    assert (ledger.sent_again, ledger.posted_again, ledger.kills) == (1, 1, 2)
    assert ledger.longest_unknown == pytest.approx(0.5)
    assert ledger.violations == []


def test_what_the_store_knew_must_not_happen_again(ledger):
    """Neither over the air nor to the initiator."""
    ledger.was_answered("1", A1, 10.1)
    ledger.was_killed(A1, 10.5)
    ledger.was_stored("1", A1, ended=True, answered=True)
    ledger.was_sent("1", A2, 11.0)
    ledger.was_posted("1", A2)
    assert len(ledger.violations) == 2
    assert "although its end was stored" in ledger.report()
    assert ledger.was_killed(A2, 12.0) == []


def test_nothing_happens_twice_in_one_life(ledger):
    """No death explains it."""
    ledger.was_sent("1", A1, 10.2)
    ledger.was_answered("1", A1, 10.3)
    ledger.was_posted("1", A1)
    assert len(ledger.violations) == 2


def test_two_gateways_that_live_must_not_have_the_same_push(ledger):
    """Taking over is for what a dead one had."""
    ledger.was_sent("1", B1, 10.2)
    ledger.was_answered("1", A1, 10.3)
    ledger.was_posted("1", B1)
    assert len(ledger.violations) == 2


def test_an_accepted_push_must_be_there_in_the_end(ledger):
    """In the store, and at the terminal."""
    ledger.was_accepted("2")
    ledger.was_accepted("3")
    ledger.close(["1", "3"])
    assert len(ledger.violations) == 2
