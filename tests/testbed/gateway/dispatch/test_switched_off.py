"""Operations that a gateway does not offer: 3001, and 3011 for a replacement (WAP-247 §9.14)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.codecs import pap
from testbed.gateway.config import Operation
from testbed.gateway.testing import MESSAGE, plmn

ASKED = {
    Operation.PUSH: MESSAGE,
    Operation.CANCEL: pap.CancelMessage("1@pi.example", (plmn(),)),
    Operation.STATUS: pap.StatusQuery("1@pi.example", (plmn(),)),
    Operation.CCQ: pap.CcqMessage(plmn(), query_id="q"),
}
NEW = replace(MESSAGE, push_id="2@pi.example", replace_push_id="1@pi.example")


def without(*operations: Operation) -> frozenset[Operation]:
    return frozenset(Operation).difference(operations)


def submitted(bench, document):
    push = isinstance(document, pap.PushMessage)
    return bench.submit(document) if push else bench.ask(document)


def codes(answer) -> list[int]:
    return [answer.code] if hasattr(answer, "code") else [one.code for one in answer.results]


@pytest.mark.parametrize("operation", ASKED)
def test_an_operation_that_is_switched_off_is_not_implemented(make_bench, operation):
    """3001 in the response that belongs to the operation; the others go on."""
    bench = make_bench(operations=without(operation))
    for asked, document in ASKED.items():
        answer = submitted(bench, document)
        assert (codes(answer) == [3001]) is (asked is operation)
    is_kept = bench.store.find("1@pi.example") is not None
    assert is_kept is (operation is not Operation.PUSH)


def test_what_is_switched_off_is_said_by_name(make_bench):
    """The initiator learns that it is no fault of its document."""
    bench = make_bench(operations=without(Operation.CANCEL))
    answer = bench.ask(ASKED[Operation.CANCEL])
    assert answer.results[0].addresses == (plmn(),)
    refused = bench.events[-1]
    assert (refused.code, refused.push_id) == (3001, "1@pi.example")
    assert refused.reason == "this gateway does no cancel: it is switched off"
    assert answer.results[0].desc == refused.reason


def test_a_replacement_that_is_switched_off_is_not_supported(make_bench):
    """3011; the earlier push stays, and a push that replaces nothing is accepted."""
    bench = make_bench(operations=without(Operation.REPLACE))
    later = replace(MESSAGE, deliver_after=bench.now + 60)
    assert bench.submit(later).code == 1001
    assert bench.submit(NEW).code == 3011
    assert bench.store.find("2@pi.example") is None
    assert not bench.delivery("1@pi.example").state.final


def test_a_gateway_without_pushes_knows_of_no_replacement_either(make_bench):
    """3001 comes first."""
    bench = make_bench(operations=without(Operation.PUSH, Operation.REPLACE))
    assert bench.submit(NEW).code == 3001
