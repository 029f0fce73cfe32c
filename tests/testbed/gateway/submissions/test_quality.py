"""What quality-of-service and the times of a push-message bring about (WAP-247 §9.2)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corenet.interfaces.activation import CauseSource, FailureCause, Step
from testbed.codecs.pap import DeliveryMethod, Priority, QualityOfService
from testbed.codecs.wsp import decode_push
from testbed.gateway.activation.activate import Unanswered
from testbed.gateway.config import Limits
from testbed.gateway.events import PushHeld, PushSent
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import PutDelivery
from testbed.gateway.routing.judge import CoreSilent, TerminalView
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import (
    ADDRESS,
    IMSI,
    MESSAGE,
    MSISDN,
    NOW,
    accounting,
    active,
    failed,
    plmn,
)

BY_MSISDN = Terminal.by_msisdn(MSISDN)
ONLINE = TerminalView(IMSI, MSISDN, contexts=(("wap.example", ADDRESS),))
AWAY = TerminalView(IMSI, MSISDN, reachable=False)
NOT_RESPONDING = failed(Step.MS_ACTIVATION, FailureCause(CauseSource.GTP, 196, "silent"))


def push(number: int, **quality) -> object:
    return replace(
        MESSAGE, push_id=f"{number}@pi.example", quality_of_service=QualityOfService(**quality)
    )


def sent(bench) -> list[str]:
    return [event.push_id[0] for event in bench.told(PushSent)]


# Order


def test_pushes_for_one_terminal_go_out_in_the_order_of_acceptance(bench):
    """A later one that finds the terminal online takes along those that wait."""
    bench.views[BY_MSISDN] = AWAY
    bench.submit(push(1))
    bench.submit(push(2, priority=Priority.HIGH))
    bench.views[BY_MSISDN] = ONLINE
    bench.submit(push(3, priority=Priority.HIGH))
    assert sent(bench) == ["1", "2", "3"]


def test_one_that_comes_online_by_itself_ends_the_activation_for_all(bench):
    """The core has a context before it answers: nobody overtakes those that asked for it."""
    bench.outcome = None
    bench.submit(push(1))
    bench.views[BY_MSISDN] = ONLINE
    bench.submit(push(2))
    assert sent(bench) == ["1", "2"]
    (request,) = bench.activations
    bench.finish(request, active()(request))
    assert sent(bench) == ["1", "2"]


def test_without_a_core_the_session_takes_all_along(make_bench):
    """Accounting alone keeps the order too."""
    bench = make_bench(ask_core=False)
    for number in (1, 2, 3):
        bench.submit(push(number))
    bench.radius(accounting(1))
    assert sent(bench) == ["1", "2", "3"]


def test_what_is_not_due_yet_holds_up_nobody(bench):
    """deliver-after keeps a push out of the order until its time."""
    bench.views[BY_MSISDN] = ONLINE
    bench.submit(replace(push(1), deliver_after=NOW + 60))
    bench.submit(push(2))
    assert sent(bench) == ["2"]
    bench.advance(60)
    assert sent(bench) == ["2", "1"]


def crowd(bench, names) -> None:
    """Submit a push for one terminal each; ``names`` are initiator and priority."""
    bench.outcome = None
    for number, (initiator, priority) in enumerate(names):
        terminal = Terminal.by_msisdn(f"44770090000{number}")
        bench.views[terminal] = TerminalView(f"23415000000000{number}", terminal.value)
        message = replace(push(number, priority=priority), addresses=(plmn(terminal.value),))
        assert bench.submit(message, initiator=initiator).code == 1001


def activated(bench) -> list[str]:
    """Let one activation after the other end; return whose each was."""
    done = 0
    while done < len(bench.activations):
        request = bench.activations[done]
        done += 1
        bench.finish(request, active(f"10.45.0.{done}")(request))
    return [request.imsi[-1] for request in bench.activations]


@pytest.mark.clause("WAP-247", "priority")
def test_an_urgent_push_is_activated_for_before_others(make_bench):
    """High goes before medium before low, when there is a queue for the core."""
    bench = make_bench(limits=Limits(activations=1))
    low, medium, high = Priority.LOW, Priority.MEDIUM, Priority.HIGH
    crowd(bench, [("", medium), ("", low), ("", medium), ("", high)])
    assert activated(bench) == ["0", "3", "2", "1"]


def test_an_urgent_push_makes_its_terminal_urgent(make_bench):
    """The one that has waited longer for the same terminal goes along."""
    bench = make_bench(limits=Limits(activations=1))
    crowd(bench, [("", Priority.LOW)] * 4)
    urgent = replace(push(9, priority=Priority.HIGH), addresses=(plmn("447700900003"),))
    bench.submit(urgent)
    assert activated(bench) == ["0", "3", "1", "2"]
    assert sent(bench)[1:3] == ["3", "9"]


def test_initiators_take_turns(make_bench):
    """Who has much in the queue does not hold up who has little."""
    bench = make_bench(limits=Limits(activations=1))
    medium = Priority.MEDIUM
    crowd(bench, [("shop", medium)] * 4 + [("bank", medium)] * 2)
    assert activated(bench) == ["0", "1", "4", "2", "5", "3"]


# Delivery method


@pytest.mark.parametrize(
    "view", [AWAY, CoreSilent("connection refused")], ids=["away", "no answer"]
)
def test_a_oneshot_push_is_not_held(bench, view):
    """Its one attempt finds nobody: undeliverable at once."""
    bench.views[BY_MSISDN] = view
    bench.submit(push(1, delivery_method=DeliveryMethod.ONE_SHOT))
    assert [(n.state, n.code) for n in bench.notifications] == [("undeliverable", 4000)]
    assert bench.told(PushHeld) == []


@pytest.mark.parametrize("outcome", [NOT_RESPONDING, lambda _: Unanswered("x")])
def test_a_oneshot_push_is_not_tried_again(bench, outcome):
    """One activation, however it ends."""
    bench.outcome = outcome
    bench.submit(push(1, delivery_method=DeliveryMethod.ONE_SHOT))
    assert [n.state for n in bench.notifications] == ["undeliverable"]
    bench.outcome = active()
    bench.advance(3600)
    assert len(bench.activations) == 1
    assert bench.pushed == []


def test_a_oneshot_push_does_not_follow_one_that_is_in_back_off(bench):
    """The terminal is not tried for anybody, so the attempt has failed."""
    bench.outcome = NOT_RESPONDING
    bench.submit(push(1))
    bench.submit(push(2, delivery_method=DeliveryMethod.ONE_SHOT))
    assert [n.push_id for n in bench.notifications] == ["2@pi.example"]


def test_a_oneshot_push_is_delivered_where_its_attempt_succeeds(bench):
    """By activation like any other."""
    bench.submit(push(1, delivery_method=DeliveryMethod.ONE_SHOT))
    assert [n.state for n in bench.notifications] == ["delivered"]
    assert len(bench.pushed) == 1


def going_out(bench):
    """Have a oneshot push judged, up to where the store is to know that it leaves."""
    bench.views[BY_MSISDN] = ONLINE
    message = replace(push(1, delivery_method=DeliveryMethod.ONE_SHOT), deliver_after=NOW + 10)
    bench.submit(replace(message, deliver_before=NOW + 100))
    bench.submit(replace(push(2), deliver_after=NOW + 10))
    bench.store_fails = True
    bench.advance(10)


def test_a_oneshot_push_leaves_when_that_is_stored(bench):
    """And those behind it keep their places."""
    going_out(bench)
    assert bench.pushed == []
    bench.store_fails = False
    bench.advance(2)
    assert sent(bench) == ["1", "2"]
    assert bench.gateway.unfinished == 0


def test_a_oneshot_push_expires_where_the_store_stays_away(bench):
    """Those behind it go on."""
    going_out(bench)
    bench.advance(90)
    assert sent(bench) == ["2"]
    bench.store_fails = False
    bench.advance(2)
    assert {(n.push_id[0], n.state.value) for n in bench.notifications} == {
        ("1", "expired"),
        ("2", "delivered"),
    }


def test_a_oneshot_push_is_not_sent_again_after_a_crash(bench):
    """It may have left: nobody knows, and once is once."""
    going_out(bench)
    bench.store_fails = False
    stored = bench.gateway.push("1@pi.example").deliveries[0]
    assert stored.state is State.SENDING
    (entry,) = [one for one in stored.history if one.state is State.SENDING]
    assert ADDRESS in entry.note
    bench.store.write([PutDelivery(replace(stored, history=stored.history[1:]), 1)])
    bench.restart()
    ended = bench.delivery("1@pi.example")
    assert (ended.state, ended.code) == (State.UNDELIVERABLE, 4000)
    assert sent(bench) == ["2"]


def test_store_and_forward_is_held_as_usual(bench):
    """That is what the gateway does anyway."""
    bench.views[BY_MSISDN] = AWAY
    bench.submit(push(1, delivery_method=DeliveryMethod.STORE_AND_FORWARD))
    assert len(bench.told(PushHeld)) == 1


# Times


@pytest.mark.clause("WAP-247", "deliver-after, deliver-before")
def test_deliver_after_is_kept_over_a_restart(bench):
    """Nothing leaves before its time, whoever the gateway is by then."""
    bench.views[BY_MSISDN] = ONLINE
    bench.submit(replace(MESSAGE, deliver_after=NOW + 600, deliver_before=NOW + 900))
    bench.restart()
    bench.advance(599)
    assert bench.pushed == []
    bench.advance(1)
    assert len(bench.pushed) == 1


def test_deliver_before_ends_what_waits(bench):
    """expired, and nothing goes out any more."""
    bench.views[BY_MSISDN] = AWAY
    bench.submit(replace(MESSAGE, deliver_before=NOW + 90))
    bench.advance(90)
    assert [n.state for n in bench.notifications] == ["expired"]
    bench.views[BY_MSISDN] = ONLINE
    bench.advance(3600)
    assert bench.pushed == []


# Answers


def test_progress_notes_come_with_the_answer(bench):
    """How far the submission has come by then: checked, and stored."""
    answer = bench.submit(replace(MESSAGE, progress_notes=True))
    assert [(note.stage, note.note, note.time) for note in answer.progress_notes] == [
        ("1", "received and checked", NOW),
        ("2", "stored", NOW),
    ]
    assert bench.submit(replace(MESSAGE, push_id="2")).progress_notes == ()


@pytest.mark.clause("WAP-247", "several addresses, each with its outcome")
def test_a_rejected_address_is_notified_and_its_push_goes_on(bench):
    """1001 says that some address is served; the others are told of by result notifications."""
    bench.views[BY_MSISDN] = ONLINE
    assert bench.submit(replace(MESSAGE, addresses=("x", plmn()))).code == 1001
    assert {(n.address, n.state.value, n.code) for n in bench.notifications} == {
        ("x", "rejected", 2002),
        (plmn(), "delivered", 1000),
    }
    assert bench.store.unfinished() == []
    assert decode_push(bench.pushed[0].data).header("X-Wap-Application-Id")


def test_a_rejected_address_is_notified_after_a_crash(bench):
    """Its end was stored with the push."""
    bench.initiator = lambda _: "refused"
    bench.submit(replace(MESSAGE, addresses=("x", plmn())))
    bench.initiator = lambda _: (200, b"")
    bench.restart()
    assert ("x", "rejected") in [(n.address, n.state) for n in bench.notifications]
    assert bench.store.unfinished() == []


def test_a_user_is_pushed_to_by_its_number(make_bench):
    """The directory leads from USER to MSISDN; results name the user."""
    user = "WAPPUSH=joe/TYPE=USER@ppg.example"
    bench = make_bench(users={"joe": MSISDN})
    bench.views[BY_MSISDN] = ONLINE
    bench.submit(replace(MESSAGE, addresses=(user,)))
    assert [(n.address, n.state) for n in bench.notifications] == [(user, "delivered")]


def test_a_user_who_leaves_the_directory_is_rejected_at_the_restart(make_bench):
    """What waited for joe cannot be sent to anybody."""
    bench = make_bench(users={"joe": MSISDN})
    bench.views[BY_MSISDN] = AWAY
    bench.submit(replace(MESSAGE, addresses=("WAPPUSH=joe/TYPE=USER@ppg.example",)))
    bench.config = replace(bench.config, users={})
    bench.restart()
    assert [(n.state, n.code) for n in bench.notifications] == [("rejected", 2003)]
