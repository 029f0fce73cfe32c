"""The push machine's table, and the page drawn from it."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

from testbed.codecs.pap import MessageState
from testbed.gateway.dispatch import diagram
from testbed.gateway.keeping.pushes import TABLE, ImpossibleInputError, Input, State, step

PAGE = Path(__file__).parents[4] / "docs/reference/push-states.md"


def test_every_state_can_be_reached():
    """No state is there for nothing."""
    reached = {State.ACCEPTED} | {after.state for after in TABLE.values()}
    assert reached == set(State)


def test_every_state_that_is_not_final_has_a_way_out_in_time():
    """Whatever happens, deliver-before ends it."""
    for state in State:
        if not state.final:
            has_left = state is State.CONFIRMING
            after = step(state, Input.DEADLINE_PASSED).state
            assert after is (State.TIMED_OUT if has_left else State.EXPIRED)


@pytest.mark.parametrize(("state", "occurred"), list(product(State, Input)))
def test_a_pair_is_in_the_table_or_impossible(state, occurred):
    """What cannot happen is a fault of the caller, never silence."""
    if (state, occurred) in TABLE:
        assert not state.final
        assert step(state, occurred) is TABLE[state, occurred]
    else:
        with pytest.raises(ImpossibleInputError) as caught:
            step(state, occurred)
        assert (caught.value.state, caught.value.occurred) == (state, occurred)


def test_states_have_their_names_in_pap():
    """What is not final is pending."""
    assert State.HELD.message_state is MessageState.PENDING
    assert State.DELIVERED.message_state is MessageState.DELIVERED
    assert State.UNDELIVERABLE.message_state is MessageState.UNDELIVERABLE
    assert State.EXPIRED.message_state is MessageState.EXPIRED
    assert State.ABORTED.message_state is MessageState.ABORTED
    assert State.TIMED_OUT.message_state is MessageState.TIMEOUT
    assert State.CONFIRMING.message_state is MessageState.PENDING
    assert State.REJECTED.message_state is MessageState.REJECTED
    assert State.CANCELLED.message_state is MessageState.CANCELLED
    assert State.REPLACED.message_state is MessageState.CANCELLED


@pytest.mark.docs
def test_the_page_is_what_the_table_says():
    """The reference page is generated anew whenever the table changes."""
    assert PAGE.read_text(encoding="utf-8") == diagram.page()
