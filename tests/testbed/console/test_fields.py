"""Members of models as words of a command line."""

from __future__ import annotations

import pytest

from corenet.control.model import BehaviourRequest, Coverage, MobileSecondary, Move, SmsSending
from testbed.console.fields import FieldError, body, members


def test_members_are_those_of_the_model() -> None:
    """Name, kind, choices and whether it is required come from the schema."""
    found = {member.name: member for member in members(BehaviourRequest)}
    on_request, sm_cause = found["on_request"], found["sm_cause"]
    answer_after = found["answer_after"]
    assert (on_request.kind, on_request.required) == ("string", True)
    assert {"accept", "reject", "silent"} <= set(on_request.choices)
    assert (sm_cause.option, sm_cause.kind, sm_cause.required) == ("--sm-cause", "integer", False)
    assert sm_cause.help.endswith("(default: 31)")
    assert answer_after.kind == "number"


def test_words_become_a_body_that_the_model_takes() -> None:
    """Each word is read as its member's kind; what is not said is left out."""
    words = {"on_request": "reject", "sm_cause": "0x1a", "answer_after": "1.5", "else": "x"}
    made = body(BehaviourRequest, words)
    assert made == {"on_request": "reject", "sm_cause": 26, "answer_after": 1.5}
    assert BehaviourRequest.model_validate(made).sm_cause == 26
    assert body(Coverage, {"in_coverage": "No"}) == {"in_coverage": False}
    assert body(SmsSending, {"destination": "1", "text": None}) == {"destination": "1"}
    secondary = body(MobileSecondary, {"apn": "wap", "nsapi": "6", "filters": "[]"})
    assert secondary == {"apn": "wap", "nsapi": 6, "filters": []}


def test_wrong_words_say_how_it_is_written() -> None:
    """What cannot be read is named, with what could be."""
    with pytest.raises(FieldError, match="in_coverage is written as yes or no, not 'maybe'"):
        body(Coverage, {"in_coverage": "maybe"})
    with pytest.raises(FieldError, match="cell is written as a number"):
        body(Move, {"cell": "home"})
    with pytest.raises(FieldError, match="filters is written as JSON"):
        body(MobileSecondary, {"filters": "["})
