"""What initiators are told where the gateway itself is at fault: 3000 (WAP-247 §9.14)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.codecs import pap
from testbed.gateway.dispatch.dispatch import Dispatch
from testbed.gateway.events import PushRefused, SubmissionFaulted
from testbed.gateway.initiators import Allowances
from testbed.gateway.routing.judge import TerminalView
from testbed.gateway.submissions import capabilities, operations, submission
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import IMSI, MESSAGE, MSISDN, body_of, plmn

NEW = replace(MESSAGE, push_id="2@pi.example", replace_push_id="1@pi.example")


@pytest.fixture
def bench(bench):
    """The terminal is away, so that pushes wait."""
    bench.views[Terminal.by_msisdn(MSISDN)] = TerminalView(IMSI, MSISDN, reachable=False)
    bench.may_fault = True
    return bench


def stumble(*_arguments, **_named):
    raise RuntimeError("a bug")


def fault(bench) -> SubmissionFaulted:
    (told,) = bench.told(SubmissionFaulted)
    assert bench.told(PushRefused)[-1].code == 3000
    assert "RuntimeError: a bug" in told.traceback
    return told


PLACES = {
    "while the push is read": (submission, "prepare"),
    "while allowances are looked at": (Allowances, "exceeded"),
}


@pytest.mark.parametrize(("owner", "name"), PLACES.values(), ids=PLACES.keys())
@pytest.mark.clause("WAP-247", "operations switched off: 3001, 3011; faults: 3000")
def test_a_fault_is_answered_with_3000(bench, monkeypatch, owner, name):
    """A push-response; nothing of the push is kept, so that it can be submitted again."""
    with monkeypatch.context() as broken:
        broken.setattr(owner, name, stumble)
        answer = bench.submit(MESSAGE)
    assert isinstance(answer, pap.PushResponse)
    assert (answer.push_id, answer.code, answer.desc) == (
        "1@pi.example",
        3000,
        "internal server error",
    )
    assert fault(bench).push_id == "1@pi.example"
    assert bench.gateway.push("1@pi.example") is None
    assert bench.store.find("1@pi.example") is None
    assert not any(bench.gateway.sizes.values())
    assert bench.submit(MESSAGE).code == 1001


def test_a_fault_in_a_replacement_leaves_the_earlier_push(bench, monkeypatch):
    """Neither is the new one accepted."""
    bench.submit(MESSAGE)
    with monkeypatch.context() as broken:
        broken.setattr(operations, "replacement", stumble)
        assert bench.submit(NEW).code == 3000
    assert fault(bench).push_id == "2@pi.example"
    assert bench.store.find("2@pi.example") is None
    assert not bench.delivery("1@pi.example").state.final
    assert bench.submit(NEW).code == 1001


def test_a_fault_in_a_cancel_is_answered_by_a_cancel_response(bench, monkeypatch):
    """The push waits on, and can be cancelled later."""
    bench.submit(MESSAGE)
    cancel = pap.CancelMessage("1@pi.example", (plmn(),))
    with monkeypatch.context() as broken:
        broken.setattr(Dispatch, "withdraw", stumble)
        answer = bench.ask(cancel)
    assert isinstance(answer, pap.CancelResponse)
    assert [(one.code, one.addresses) for one in answer.results] == [(3000, (plmn(),))]
    assert fault(bench).push_id == "1@pi.example"
    assert bench.gateway.sizes["inquiries unanswered"] == 0
    assert bench.ask(cancel).results[0].code == 1000


def test_a_fault_in_a_query_is_answered_by_its_response(bench, monkeypatch):
    """Also where the store was asked first, for the push has ended."""
    bench.submit(MESSAGE)
    bench.ask(pap.CancelMessage("1@pi.example"))
    assert bench.gateway.push("1@pi.example") is None
    monkeypatch.setattr(operations, "status", stumble)
    answer = bench.ask(pap.StatusQuery("1@pi.example"))
    assert isinstance(answer, pap.StatusQueryResponse)
    assert [one.code for one in answer.results] == [3000]
    assert fault(bench).push_id == "1@pi.example"


def test_a_fault_in_a_capabilities_query_is_answered_by_its_response(bench, monkeypatch):
    """It is about no push."""
    monkeypatch.setattr(capabilities, "terminal_of", stumble)
    answer = bench.ask(pap.CcqMessage(plmn(), query_id="q"))
    assert isinstance(answer, pap.CcqResponse)
    assert (answer.query_id, answer.code) == ("q", 3000)
    assert fault(bench).push_id == ""


def test_a_fault_costs_nobody_else_an_answer(bench, monkeypatch):
    """Two ask about the same push; the gateway stumbles over the first question only."""
    bench.submit(MESSAGE)
    bench.ask(pap.CancelMessage("1@pi.example"))
    answered, first = operations.status, []

    def stumble_once(query, stored):
        if not first:
            first.append(query)
            stumble()
        return answered(query, stored)

    monkeypatch.setattr(operations, "status", stumble_once)
    body = pap.build(pap.StatusQuery("1@pi.example"))
    for key in "ab":
        bench.gateway.submit(key, "application/xml", body, bench.now)
    bench.settle()
    codes = [pap.parse(bench.answers[key].body).results[0].code for key in "ab"]
    assert codes == [3000, 1000]


def test_a_fault_before_the_document_is_read_is_no_pap(bench, monkeypatch):
    """Whoever runs the gateway answers then (HTTP 500)."""
    monkeypatch.setattr(pap, "parse_envelope", stumble)
    with pytest.raises(RuntimeError):
        bench.post(*body_of(MESSAGE))
