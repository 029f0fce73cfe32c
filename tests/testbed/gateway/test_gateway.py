"""The gateway from PAP to datagram: each verdict, each outcome, each crossing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corenet.interfaces.activation import CauseSource, FailureCause, Step
from corenet.interfaces.node import Interface
from testbed.codecs import pap
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.wsp import decode_push
from testbed.gateway.activation.activate import Refused, Unanswered
from testbed.gateway.config import Limits, NotificationPolicy, RetryPolicy
from testbed.gateway.events import (
    ActivationAnswered,
    DeliveryEnded,
    InitiatorNotified,
    NotificationFailed,
    PushAccepted,
    PushHeld,
    PushRefused,
    PushSent,
    SessionBegan,
    SessionEnded,
    StoreFailed,
    TerminalJudged,
)
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import Notification
from testbed.gateway.routing.judge import CoreSilent, TerminalView, UnknownTerminal
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import (
    ADDRESS,
    IMSI,
    INDICATION,
    MESSAGE,
    MSISDN,
    NOW,
    accounting,
    active,
    failed,
    plmn,
)

START, STOP = 1, 2
NOT_RESPONDING = failed(
    Step.MS_ACTIVATION, FailureCause(CauseSource.GTP, 196, "MS not GPRS responding")
)
ABSENT = failed(
    Step.ROUTEING_INFORMATION, FailureCause(CauseSource.MAP, 27, "Absent subscriber"), hold=True
)
UNKNOWN = failed(Step.ROUTEING_INFORMATION, FailureCause(CauseSource.GTP, 194, "IMSI not known"))
BY_MSISDN = Terminal.by_msisdn(MSISDN)
ONLINE = TerminalView(IMSI, MSISDN, contexts=(("wap.example", ADDRESS),))


def states(bench, number=0, push_id="1@pi.example"):
    return [entry.state for entry in bench.delivery(push_id, number).history]


def only_result(bench) -> tuple[str, int]:
    (notification,) = bench.notifications
    return notification.state.value, notification.code


# Delivery


def test_an_offline_terminal_is_activated_and_gets_the_push(bench):
    """The main job: accepted, activated, sent, reported, and nothing left behind."""
    answer = bench.submit(MESSAGE)
    assert (answer.push_id, answer.code) == ("1@pi.example", 1001)
    (request,) = bench.activations
    assert (request.imsi, request.apn, request.deadline) == (IMSI, "wap.example", NOW + 75)
    (push,) = bench.pushed
    assert push.peer == (ADDRESS, 2948)
    assert b"You have 4 new emails" in decode_push(push.data).body
    assert only_result(bench) == ("delivered", 1000)
    assert states(bench) == [
        State.ACCEPTED,
        State.JUDGING,
        State.ACTIVATING,
        State.SENDING,
        State.DELIVERED,
    ]
    assert bench.delivery().notification is Notification.ANSWERED
    assert bench.gateway.push("1@pi.example") is None
    assert bench.gateway.next_timeout() is None
    assert bench.store.unfinished() == []
    assert bench.gateway.unfinished == 0


def test_the_events_tell_the_story(bench):
    """What happened is told in the past tense, with the push-id on it."""
    bench.submit(MESSAGE)
    assert [type(event).__name__ for event in bench.events] == [
        "PushAccepted",
        "TerminalJudged",
        "ActivationRequested",
        "ActivationAnswered",
        "PushSent",
        "DeliveryEnded",
        "InitiatorNotified",
    ]
    assert bench.told(PushAccepted)[0].addresses == (plmn(),)
    assert bench.told(TerminalJudged)[0].verdict == "activate"
    assert bench.told(ActivationAnswered)[0].push_ids == ("1@pi.example",)
    assert bench.told(PushSent)[0].peer == (ADDRESS, 2948)


def test_an_online_terminal_gets_the_push_at_once(bench):
    """A context makes activation unnecessary."""
    bench.views[BY_MSISDN] = ONLINE
    bench.submit(MESSAGE)
    assert bench.activations == []
    assert only_result(bench) == ("delivered", 1000)


def test_a_session_alone_is_enough_without_a_core(make_bench):
    """With RADIUS and nothing else, whoever is online gets the push."""
    bench = make_bench(ask_core=False)
    bench.radius(accounting(START))
    bench.submit(MESSAGE)
    assert bench.look_ups == []
    assert bench.pushed[0].peer == (ADDRESS, 2948)


def test_a_push_to_an_address_goes_to_that_address(bench):
    """IPv4 addresses are looked up and activated like numbers."""
    terminal = Terminal.by_address(ADDRESS)
    bench.views[terminal] = TerminalView(IMSI, static_addresses={"corp.example": ADDRESS})
    bench.submit(replace(MESSAGE, addresses=(f"WAPPUSH={ADDRESS}/TYPE=IPv4@ppg.example",)))
    assert bench.activations[0].apn == "corp.example"
    assert bench.pushed[0].peer == (ADDRESS, 2948)


def test_a_push_to_an_address_does_not_go_to_another_one(bench):
    """Where the terminal got another address the push waits."""
    bench.views[Terminal.by_address(ADDRESS)] = TerminalView(IMSI, static_addresses={"a": ADDRESS})
    bench.outcome = active("10.45.0.99")
    bench.submit(replace(MESSAGE, addresses=(f"WAPPUSH={ADDRESS}/TYPE=IPv4@ppg.example",)))
    assert bench.pushed == []
    assert bench.told(PushHeld)[0].reason == f"the terminal got another address than {ADDRESS}"


def test_each_address_of_a_push_has_its_own_outcome(bench):
    """One is delivered, one unknown, and both are reported."""
    bench.views[Terminal.by_msisdn("440000000000")] = UnknownTerminal()
    bench.submit(replace(MESSAGE, addresses=(plmn(), plmn("440000000000"))))
    assert {(n.address, n.state.value, n.code) for n in bench.notifications} == {
        (plmn(), "delivered", 1000),
        (plmn("440000000000"), "undeliverable", 2003),
    }
    assert bench.gateway.push("1@pi.example") is None


def test_without_a_notification_url_nobody_is_notified(bench):
    """The push is forgotten when its end is stored."""
    bench.submit(replace(MESSAGE, notify_url=None))
    assert bench.notifications == []
    assert bench.delivery().notification is Notification.NONE
    assert bench.store.unfinished() == []


def test_any_content_goes_over_the_air(bench):
    """Text is not converted."""
    bench.submit(MESSAGE, Part(ContentType("text/plain"), b"hello"))
    assert decode_push(bench.pushed[0].data).body == b"hello"


def test_the_result_does_not_tell_where_the_terminal_is(bench):
    """PDP addresses are not the initiator's business."""
    bench.submit(MESSAGE)
    assert ADDRESS not in (bench.notifications[0].desc or "")


# One terminal, many pushes


def test_many_pushes_for_one_terminal_need_one_activation(bench):
    """Those that come while it runs join, and all go out in order."""
    bench.outcome = None
    for number in range(5):
        bench.submit(replace(MESSAGE, push_id=f"{number}@pi.example"))
    (request,) = bench.activations
    bench.finish(request, active()(request))
    assert len(bench.pushed) == 5
    assert [event.push_id for event in bench.told(PushSent)] == [
        f"{number}@pi.example" for number in range(5)
    ]


def test_activations_are_bounded(make_bench):
    """The third terminal waits until one of two is done."""
    bench = make_bench(limits=Limits(activations=2))
    bench.outcome = None
    for n in range(3):
        terminal = Terminal.by_msisdn(f"44770090000{n}")
        bench.views[terminal] = TerminalView(f"23415000000000{n}", terminal.value)
        push = replace(MESSAGE, push_id=f"{n}@pi.example", addresses=(plmn(terminal.value),))
        bench.submit(push)
    assert len(bench.activations) == 2
    first = bench.activations[0]
    bench.finish(first, NOT_RESPONDING(first))
    assert len(bench.activations) == 3


# Holding


def test_a_terminal_that_does_not_respond_is_tried_again_after_a_back_off(bench):
    """The second attempt succeeds."""
    bench.outcome = NOT_RESPONDING
    bench.submit(MESSAGE)
    (held,) = bench.told(PushHeld)
    assert NOW + 30 < held.until < NOW + 33.1
    assert "MS not GPRS responding (gtp 196)" in held.reason
    bench.outcome = active()
    bench.advance(29)
    assert len(bench.activations) == 1
    bench.advance(5)
    assert len(bench.activations) == 2
    assert only_result(bench) == ("delivered", 1000)
    assert bench.delivery().attempts == 2


def test_a_second_push_does_not_break_the_back_off(bench):
    """It is held for as long as the first."""
    bench.outcome = NOT_RESPONDING
    bench.submit(MESSAGE)
    bench.submit(replace(MESSAGE, push_id="2@pi.example"))
    assert len(bench.activations) == 1
    first, second = bench.told(PushHeld)
    assert first.until == second.until


def test_a_terminal_that_comes_online_gets_what_waits_at_once(bench):
    """RADIUS Start ends every wait."""
    bench.outcome = NOT_RESPONDING
    bench.submit(MESSAGE)
    bench.views[BY_MSISDN] = ONLINE
    bench.radius(accounting(START))
    assert bench.now == NOW
    assert only_result(bench) == ("delivered", 1000)


def test_a_session_without_number_wakes_what_waits_for_its_imsi(bench):
    """The IMSI is known from the look-up."""
    bench.outcome = NOT_RESPONDING
    bench.submit(MESSAGE)
    bench.views[BY_MSISDN] = ONLINE
    bench.radius(accounting(START, msisdn=""))
    assert only_result(bench) == ("delivered", 1000)


def test_an_absent_terminal_is_held_and_not_tried_in_vain(bench):
    """Looks that find it away activate nothing."""
    bench.outcome = ABSENT
    bench.submit(MESSAGE)
    bench.views[BY_MSISDN] = TerminalView(IMSI, MSISDN, attached=False, reachable=False)
    bench.advance(3600)
    assert len(bench.activations) == 1
    assert len(bench.look_ups) > 50
    history = bench.delivery().history
    assert len(history) < 10


def test_an_absent_terminal_is_tried_when_the_core_says_that_it_is_back(bench):
    """Note MS GPRS Present, as the core's event, ends the hold."""
    bench.outcome = ABSENT
    bench.submit(MESSAGE)
    bench.views[BY_MSISDN] = TerminalView(IMSI, MSISDN, attached=True, reachable=True)
    bench.outcome = active()
    bench.gateway.terminal_reachable(bench.now, imsi=IMSI)
    bench.settle()
    assert only_result(bench) == ("delivered", 1000)


def test_an_absent_terminal_is_found_by_looking_where_no_event_came(bench):
    """The next look, a minute later at most, sees it attached."""
    bench.outcome = ABSENT
    bench.submit(MESSAGE)
    bench.views[BY_MSISDN] = TerminalView(IMSI, MSISDN, attached=True, reachable=True)
    bench.outcome = active()
    bench.advance(61)
    assert only_result(bench) == ("delivered", 1000)


def test_a_silent_core_is_asked_again(bench):
    """Five seconds later it answers."""
    bench.views[BY_MSISDN] = CoreSilent("connection refused")
    bench.submit(MESSAGE)
    assert "connection refused" in bench.told(PushHeld)[0].reason
    bench.views[BY_MSISDN] = ONLINE
    bench.advance(5)
    assert only_result(bench) == ("delivered", 1000)


def test_an_activation_without_answer_is_tried_again(bench):
    """The core may have restarted."""
    bench.outcome = lambda _: Unanswered("no answer in time")
    bench.submit(MESSAGE)
    bench.outcome = active()
    bench.advance(40)
    assert only_result(bench) == ("delivered", 1000)


def test_without_core_and_session_a_push_waits_for_the_session(make_bench):
    """A push for somebody who is offline goes out when accounting begins."""
    bench = make_bench(ask_core=False)
    bench.submit(MESSAGE)
    assert bench.pushed == []
    bench.radius(accounting(START))
    assert only_result(bench) == ("delivered", 1000)


def test_deliver_after_is_honoured(bench):
    """Nothing is tried before, not even when the terminal comes online."""
    bench.views[BY_MSISDN] = ONLINE
    bench.submit(replace(MESSAGE, deliver_after=NOW + 600))
    bench.radius(accounting(START))
    bench.advance(599)
    assert bench.look_ups == []
    bench.advance(1)
    assert only_result(bench) == ("delivered", 1000)


def test_attempts_are_bounded_and_the_push_waits_on(make_bench):
    """After the last attempt only the terminal itself ends the wait."""
    bench = make_bench(retry=RetryPolicy(waits=(1.0,), attempts=3))
    bench.outcome = NOT_RESPONDING
    bench.submit(MESSAGE)
    bench.advance(3600)
    assert len(bench.activations) == 3
    bench.views[BY_MSISDN] = ONLINE
    bench.radius(accounting(START))
    assert only_result(bench) == ("delivered", 1000)


# The other ends


def test_a_push_that_cannot_be_delivered_in_time_expires(bench):
    """deliver-before ends it, with the last reason in the report."""
    bench.outcome = NOT_RESPONDING
    bench.submit(replace(MESSAGE, deliver_before=NOW + 100))
    bench.advance(101)
    assert only_result(bench) == ("expired", 4000)
    assert "MS not GPRS responding" in bench.notifications[0].desc
    assert bench.notifications[0].event_time == NOW + 100
    assert bench.gateway.next_timeout() is None


def test_the_report_of_an_expired_push_says_why_it_waited(bench):
    """Even while another attempt is under way."""
    bench.outcome = NOT_RESPONDING
    bench.submit(replace(MESSAGE, deliver_before=NOW + 40))
    bench.outcome = None
    bench.advance(41)
    assert bench.delivery().attempts == 2
    assert bench.notifications[0].desc == (
        "not delivered in time; last: ms-activation: MS not GPRS responding (gtp 196)"
    )


def test_the_default_lifetime_ends_a_push_without_deadline(make_bench):
    """Nothing waits for ever."""
    bench = make_bench(lifetime=50.0)
    bench.outcome = NOT_RESPONDING
    bench.submit(MESSAGE)
    bench.advance(51)
    assert only_result(bench) == ("expired", 4000)


def test_a_push_expires_while_its_activation_runs(bench):
    """The late outcome finds nobody."""
    bench.outcome = None
    bench.submit(replace(MESSAGE, deliver_before=NOW + 10))
    bench.advance(10)
    assert only_result(bench) == ("expired", 4000)
    (request,) = bench.activations
    bench.finish(request, active()(request))
    assert bench.pushed == []
    assert bench.told(ActivationAnswered)[0].push_ids == ()


def test_a_push_expires_while_it_waits_its_turn(make_bench):
    """An activation that nobody wants any more is not asked for."""
    bench = make_bench(limits=Limits(activations=1))
    bench.outcome = None
    bench.submit(MESSAGE)
    bench.views[Terminal.by_msisdn("44")] = TerminalView("999", "44")
    other = replace(MESSAGE, push_id="2", addresses=(plmn("44"),), deliver_before=NOW + 5)
    bench.submit(other)
    bench.advance(6)
    assert only_result(bench) == ("expired", 4000)
    (request,) = bench.activations
    bench.finish(request, active()(request))
    assert len(bench.activations) == 1


def test_a_push_expires_before_deliver_after_can_only_be_refused(bench):
    """A push whose window is empty is not accepted."""
    refused = bench.submit(replace(MESSAGE, deliver_after=NOW + 9, deliver_before=NOW + 9))
    assert refused.code == 2000


def test_an_unknown_subscriber_is_undeliverable(bench):
    """The HLR does not know it: address not found."""
    bench.outcome = UNKNOWN
    bench.submit(MESSAGE)
    assert only_result(bench) == ("undeliverable", 2003)
    assert bench.notifications[0].desc == "routeing-information: IMSI not known (gtp 194)"


def test_a_terminal_unknown_to_the_core_is_undeliverable(bench):
    """Nothing is tried."""
    bench.views[BY_MSISDN] = UnknownTerminal()
    bench.submit(MESSAGE)
    assert only_result(bench) == ("undeliverable", 2003)
    assert bench.activations == []


def test_a_core_that_refuses_the_activation_is_believed(bench):
    """404 on the activation is as good as 404 on the look-up."""
    bench.outcome = lambda _: Refused("HTTP 404: no such terminal")
    bench.submit(MESSAGE)
    assert only_result(bench) == ("undeliverable", 2003)


# Crossings


def test_a_terminal_that_came_online_while_its_activation_failed_gets_the_push(bench):
    """The mobile's own activation crossed the network's request."""
    bench.outcome = None
    bench.submit(MESSAGE)
    bench.radius(accounting(START))
    bench.views[BY_MSISDN] = ONLINE
    (request,) = bench.activations
    bench.finish(request, NOT_RESPONDING(request))
    assert only_result(bench) == ("delivered", 1000)


def test_a_stale_session_does_not_make_the_gateway_loop(bench):
    """The core sees no context, so the session of a lost Stop is only looked at once."""
    bench.radius(accounting(START))
    bench.outcome = NOT_RESPONDING
    bench.submit(MESSAGE)
    assert len(bench.activations) == 1
    assert len(bench.look_ups) == 2


def test_pushes_share_the_question_to_the_core(bench):
    """A terminal is not asked about twice at one time."""
    take = bench.gateway.take_effects
    bench.outcome = NOT_RESPONDING
    for number in range(3):
        bench.submit(replace(MESSAGE, push_id=f"{number}@pi.example"))
    bench.look_ups.clear()
    bench.advance(31 * 1.1)
    assert len(bench.look_ups) == 1
    assert take() == []


# Submissions


def test_a_duplicate_push_id_is_refused_for_ever(bench):
    """While pending, when ended, and after a restart."""
    bench.submit(MESSAGE)
    assert bench.submit(MESSAGE).code == 2007
    bench.restart()
    assert bench.submit(MESSAGE).code == 2007
    assert len(bench.pushed) == 1
    assert [event.code for event in bench.told(PushRefused)] == [2007, 2007]


def test_bad_content_is_refused_before_it_is_stored(bench):
    """3006 at once, and nothing is kept."""
    answer = bench.submit(MESSAGE, Part(ContentType("text/vnd.wap.si"), b"<si/>"))
    assert answer.code == 3006
    assert bench.store.find("1@pi.example") is None


def test_a_full_gateway_answers_service_unavailable(make_bench):
    """4001 at once rather than slowness."""
    bench = make_bench(limits=Limits(unfinished=2))
    bench.outcome = NOT_RESPONDING
    bench.submit(MESSAGE)
    bench.submit(replace(MESSAGE, push_id="2"))
    assert bench.submit(replace(MESSAGE, push_id="3")).code == 4001


def test_a_slow_store_makes_the_gateway_answer_service_unavailable(make_bench):
    """Submissions that wait for the store are bounded too."""
    bench = make_bench(limits=Limits(uncommitted=0))
    assert bench.submit(MESSAGE).code == 4001


def test_a_push_that_cannot_be_stored_is_not_accepted(bench):
    """4001, and the initiator may come again with the same push-id."""
    bench.store_fails = True
    assert bench.submit(MESSAGE).code == 4001
    assert bench.told(StoreFailed)[0].reason == "disk full"
    bench.store_fails = False
    assert bench.submit(MESSAGE).code == 1001


def test_a_gateway_that_stops_accepts_nothing(bench):
    """Its last answer is 4001."""
    bench.gateway.stop(bench.now)
    assert bench.submit(MESSAGE).code == 4001


def test_nothing_is_answered_before_the_commit(bench):
    """1001 follows the disk, not the request."""
    from testbed.gateway.effects import AnswerSubmission, Commit
    from testbed.gateway.testing import body_of

    bench.gateway.submit("s", *body_of(MESSAGE), bench.now)
    (commit,) = bench.gateway.take_effects()
    assert isinstance(commit, Commit)
    assert bench.gateway.push("1@pi.example") is None
    bench.gateway.committed(commit.number, bench.now)
    assert isinstance(bench.gateway.take_effects()[0], AnswerSubmission)


# The store


def test_an_end_that_cannot_be_stored_is_stored_later_and_reported_then(bench):
    """A second later the disk is well, and only then the initiator hears of it."""
    bench.outcome = None
    bench.submit(MESSAGE)
    bench.store_fails = True
    (request,) = bench.activations
    bench.finish(request, active()(request))
    assert len(bench.pushed) == 1
    assert bench.notifications == []
    bench.advance(3)
    assert len(bench.told(StoreFailed)) == 4
    bench.store_fails = False
    bench.advance(1)
    assert only_result(bench) == ("delivered", 1000)
    assert len(bench.pushed) == 1


def test_a_change_during_a_save_is_saved_after_it(bench):
    """The store never sees an older state after a newer one."""
    bench.outcome = NOT_RESPONDING
    bench.store_fails = False
    bench.submit(MESSAGE)
    bench.store_fails = True
    bench.advance(31 * 1.1)  # held again; the save fails, and is due in a second
    bench.views[BY_MSISDN] = ONLINE
    bench.radius(accounting(START))  # ends while the save is due
    bench.store_fails = False
    bench.advance(2)
    assert bench.delivery().state is State.DELIVERED
    assert only_result(bench) == ("delivered", 1000)


# Restart


def test_a_restart_resumes_what_was_held(bench):
    """The push goes on, with its history."""
    bench.outcome = NOT_RESPONDING
    bench.submit(MESSAGE)
    bench.outcome = active()
    bench.restart()
    assert only_result(bench) == ("delivered", 1000)
    notes = [entry.note for entry in bench.delivery().history]
    assert "the gateway has restarted" in notes
    assert bench.delivery().attempts == 2


def test_a_restart_asks_for_activations_under_new_keys(bench):
    """The core would answer an old key with an old outcome."""
    bench.outcome = None
    bench.submit(MESSAGE)
    bench.restart()
    first, second = bench.activations
    assert first.key != second.key


def test_a_push_that_expired_while_the_gateway_was_down_is_reported(bench):
    """It is not tried any more."""
    bench.outcome = NOT_RESPONDING
    bench.submit(replace(MESSAGE, deliver_before=NOW + 100))
    bench.now += 1000
    bench.restart()
    assert only_result(bench) == ("expired", 4000)
    assert len(bench.activations) == 1


def test_a_restart_goes_on_notifying(bench):
    """What was delivered but not reported is reported, and not sent again."""
    bench.initiator = lambda _: "connection refused"
    bench.submit(MESSAGE)
    bench.initiator = lambda _: (200, b"")
    bench.restart()
    assert only_result(bench) == ("delivered", 1000)
    assert len(bench.pushed) == 1


def test_a_restart_leaves_ended_addresses_of_a_push_alone(bench):
    """Only the address that waits goes on."""
    bench.views[Terminal.by_msisdn("44")] = CoreSilent("x")
    bench.submit(replace(MESSAGE, addresses=(plmn(), plmn("44"))))
    assert len(bench.pushed) == 1
    bench.views[Terminal.by_msisdn("44")] = TerminalView("999", "44")
    bench.restart()
    assert len(bench.pushed) == 2
    assert len(bench.notifications) == 2
    assert bench.gateway.push("1@pi.example") is None


# Result notifications


def test_a_notification_is_retried_until_answered(bench):
    """With a back-off that grows."""
    bench.initiator = lambda _: "connection refused"
    bench.submit(MESSAGE)
    bench.advance(40)
    failures = bench.told(NotificationFailed)
    assert len(failures) == 4
    assert not any(failure.abandoned for failure in failures)
    bench.initiator = lambda _: (500, b"")
    bench.advance(60)
    bench.initiator = lambda _: (202, b"")
    bench.advance(300)
    assert len(bench.told(InitiatorNotified)) == 1
    assert bench.delivery().notification is Notification.ANSWERED


def test_a_notification_is_abandoned_after_the_retention_time(make_bench):
    """A dead initiator does not fill the gateway for ever."""
    bench = make_bench(notification=NotificationPolicy(waits=(10.0,), retention=35.0))
    bench.initiator = lambda _: "connection refused"
    bench.submit(MESSAGE)
    bench.advance(100)
    assert [f.abandoned for f in bench.told(NotificationFailed)] == [False, False, False, True]
    assert bench.delivery().notification is Notification.ABANDONED
    assert bench.gateway.push("1@pi.example") is None
    assert bench.store.unfinished() == []


# Accounting


def test_accounting_is_answered_and_told(bench):
    """Start and Stop move the session table; the answer goes to who asked."""
    bench.radius(accounting(START))
    assert bench.datagrams[0].interface is Interface.RADIUS
    assert bench.told(SessionBegan)[0].msisdn == MSISDN
    assert bench.gateway.sessions.of_msisdn(MSISDN).address == ADDRESS
    bench.radius(accounting(STOP, identifier=2))
    assert bench.told(SessionEnded)[0].address == ADDRESS
    assert len(bench.gateway.sessions) == 0


def test_unsigned_accounting_changes_nothing(bench):
    """It is dropped and counted."""
    bench.radius(accounting(START, secret=b"guess"))
    assert bench.datagrams == []
    assert bench.gateway.counters["radius wrong authenticator"] == 1


def test_what_terminals_send_is_counted(make_bench):
    """A gateway that pushes only answers no datagram."""
    bench = make_bench(pull=None)
    bench.gateway.receive(
        Interface.WDP, b"\x00\x40", peer=(ADDRESS, 1), local=("127.0.0.5", 9200), now=NOW
    )
    assert bench.gateway.counters["wdp datagrams"] == 1
    assert bench.gateway.take_datagrams() == []


def test_an_answer_that_nobody_asked_for_is_counted(bench):
    """A core that answers twice does no harm."""
    bench.gateway.activation_finished("x", Unanswered("x"), NOW)
    assert bench.gateway.counters["activation answers unasked"] == 1


def test_a_push_can_be_watched(bench):
    """While it is under way the gateway shows where it stands."""
    bench.outcome = None
    bench.submit(MESSAGE)
    stored = bench.gateway.push("1@pi.example")
    assert stored.deliveries[0].state is State.ACTIVATING
    assert stored.push.addresses == (plmn(),)
    assert bench.gateway.name == "gateway"
    assert bench.gateway.config is bench.config


@pytest.mark.parametrize("push_id", ["a b/c?d#e%f", "ümläut", "x" * 256])
def test_any_push_id_makes_a_key_that_the_core_takes(bench, push_id):
    """Activation keys keep to the control interface's alphabet and length."""
    import re

    bench.submit(replace(MESSAGE, push_id=push_id))
    assert re.fullmatch(r"[A-Za-z0-9._~:@-]{1,200}", bench.activations[0].key)
    assert bench.notifications[0].push_id == push_id


def test_pushes_carry_the_indication(bench):
    """What the terminal gets decodes to what the initiator sent."""
    from testbed.codecs import si

    bench.submit(MESSAGE)
    assert si.decode(decode_push(bench.pushed[0].data).body) == INDICATION


def test_ended_deliveries_are_told(bench):
    """State, code and reason."""
    bench.submit(MESSAGE)
    (ended,) = bench.told(DeliveryEnded)
    assert (ended.state, ended.code, ended.address) == ("delivered", 1000, plmn())


def test_pap_answers_are_pap(bench):
    """A bad message gets a badmessage-response with HTTP 202."""
    answer = bench.post("application/xml", b"<pap/>")
    assert answer.status == 202
    assert isinstance(pap.parse(answer.body), pap.BadMessageResponse)
