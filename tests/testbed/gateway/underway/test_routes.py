"""Routes at the gateway: the policy's order, its times, and what follows each refusal."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from corenet.interfaces.activation import CauseSource, FailureCause, LocalCause, Step
from testbed.codecs import pap
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.pap import DeliveryMethod
from testbed.codecs.wsp import decode_push
from testbed.esme.outcome import SmsDelivered, SmsFailed, SmsUnknown
from testbed.gateway.activation.activate import Refused, Unanswered
from testbed.gateway.config import GatewayConfig, Limits, RetryPolicy
from testbed.gateway.effects import SubmitSms
from testbed.gateway.events import SmsEnded, SmsSubmitted, TerminalJudged
from testbed.gateway.keeping.pushes import State
from testbed.gateway.routing.judge import CoreSilent, TerminalView, UnknownTerminal
from testbed.gateway.routing.policy import Next, Policy, Refusal, Route, Rule
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import (
    ADDRESS,
    IMSI,
    MESSAGE,
    MSISDN,
    NOW,
    SECRET,
    accounting,
    active,
    failed,
    plmn,
)

IP, ACTIVATION, TRIGGER, SMS, HOLD = Route
ORDER = (IP, ACTIVATION, SMS, HOLD)
BY_MSISDN = Terminal.by_msisdn(MSISDN)
MMS = "x-wap-application:mms.ua"
REFUSES = failed(Step.MS_ACTIVATION, FailureCause(CauseSource.GTP, 197, "MS refuses"))
ABSENT = failed(
    Step.ROUTEING_INFORMATION, FailureCause(CauseSource.MAP, 27, "Absent subscriber"), hold=True
)
BARRED = failed(Step.MS_ACTIVATION, FailureCause(CauseSource.SM, 8, "Barring"))
LATE = failed(Step.MS_ACTIVATION, FailureCause.local(LocalCause.DEADLINE_EXPIRED))
ONCE = replace(
    MESSAGE, quality_of_service=pap.QualityOfService(delivery_method=DeliveryMethod.ONE_SHOT)
)


def policy(*rules: Rule, **last: object) -> dict[str, object]:
    """Return what of a configuration says the policy, with an SMSC."""
    return {"policy": Policy((*rules, Rule(**{"order": ORDER, **last}))), "has_smsc": True}


@pytest.fixture
def with_sms(make_bench):
    """A gateway that tries activation for two minutes, then SMS, then holds."""
    return make_bench(**policy(), retry=RetryPolicy(waits=(30.0,)))


def states(bench, push_id="1@pi.example"):
    return [entry.state for entry in bench.delivery(push_id).history]


def only_result(bench) -> tuple[str, int, str]:
    (notification,) = bench.notifications
    description = bench.delivery(notification.push_id).description
    return notification.state.value, notification.code, description


# From activation to SMS


def test_an_online_terminal_gets_its_push_by_ip(with_sms):
    """The first route that can be taken is taken."""
    with_sms.views[BY_MSISDN] = TerminalView(IMSI, MSISDN, contexts=(("wap.example", ADDRESS),))
    with_sms.submit(MESSAGE)
    assert len(with_sms.pushed) == 1
    assert with_sms.messages == []


def test_a_terminal_that_is_absent_gets_a_short_message_at_once(with_sms):
    """The activation's refusal is the next verdict, without another look at the core."""
    with_sms.outcome = ABSENT
    with_sms.submit(MESSAGE)
    assert states(with_sms) == [
        State.ACCEPTED,
        State.JUDGING,
        State.ACTIVATING,
        State.SUBMITTING,
        State.DELIVERED,
    ]
    assert only_result(with_sms) == ("delivered", 1000, "delivered by SMS")
    assert with_sms.look_ups == [BY_MSISDN]
    assert [told.verdict for told in with_sms.told(TerminalJudged)] == ["activate", "sms"]


def test_what_the_smsc_is_given(with_sms):
    """The PDU whole, the number, the ports, the application, and until when."""
    with_sms.outcome = ABSENT
    with_sms.submit(MESSAGE)
    (message,) = with_sms.messages
    push = decode_push(message.pdu)
    assert push.header("X-Wap-Application-Id") == message.application == "x-wap-application:wml.ua"
    assert (message.msisdn, message.source_port, message.destination_port) == (MSISDN, 9200, 2948)
    assert (message.deadline, message.again) == (NOW + 86_400.0, False)
    (submitted,), (ended,) = with_sms.told(SmsSubmitted), with_sms.told(SmsEnded)
    assert (submitted.key, submitted.octets) == (message.key, len(message.pdu))
    assert (ended.outcome, ended.reason) == ("delivered", "1 segment")
    assert with_sms.gateway.counters["sms submitted"] == 1
    assert with_sms.gateway.counters["sms delivered"] == 1


def test_a_terminal_that_refuses_is_tried_for_a_while_and_then_by_sms(with_sms):
    """Four attempts, half a minute apart, fit into two minutes; a fifth would not."""
    with_sms.outcome = REFUSES
    with_sms.submit(MESSAGE)
    with_sms.advance(90)
    assert (len(with_sms.activations), len(with_sms.messages)) == (3, 0)
    with_sms.advance(10)
    assert (len(with_sms.activations), len(with_sms.messages)) == (4, 1)


@pytest.mark.parametrize(
    ("refusal", "outcome"),
    [
        (Refusal.REFUSED, REFUSES),
        (Refusal.ABSENT, ABSENT),
        (Refusal.NO_ACCESS, BARRED),
        (Refusal.LATE, LATE),
        (Refusal.UNKNOWN_SUBSCRIBER, lambda _: Refused("no such terminal")),
        (Refusal.CORE_SILENT, lambda _: Unanswered("connection refused")),
    ],
)
@pytest.mark.parametrize(
    ("follows", "state", "messages"),
    [
        (Next.SMS, State.DELIVERED, 1),
        (Next.NEXT, State.DELIVERED, 1),
        (Next.RETRY, State.RETRYING, 0),
        (Next.HOLD, State.HELD, 0),
        (Next.FAIL, State.UNDELIVERABLE, 0),
    ],
)
def test_each_refusal_leads_to_what_the_rule_says(
    make_bench, refusal, outcome, follows, state, messages
):
    """SMS, the next route, the same again, hold, or the end."""
    bench = make_bench(**policy(after={refusal: follows}))
    bench.outcome = outcome
    bench.submit(MESSAGE)
    assert bench.delivery().state is state
    assert len(bench.messages) == messages


def test_activation_has_its_time_also_while_it_waits_its_turn(make_bench):
    """The core is busy with another terminal: after a minute the push goes by SMS."""
    bench = make_bench(**policy(activation_for=60.0), limits=Limits(activations=1))
    bench.views[Terminal.by_msisdn("447700900124")] = TerminalView("234150999999998")
    bench.outcome = None
    bench.submit(replace(MESSAGE, push_id="other", addresses=(plmn("447700900124"),)))
    bench.advance(30)
    bench.submit(MESSAGE)
    assert len(bench.activations) == 1
    bench.advance(59)
    assert bench.delivery().state is State.ACTIVATING
    bench.advance(1)
    assert bench.delivery().state is State.DELIVERED
    assert [message.msisdn for message in bench.messages] == ["447700900124", MSISDN]


def test_the_core_is_not_asked_for_longer_than_a_push_lives(bench):
    """The deadline of an activation comes from deliver-before."""
    bench.outcome = None
    bench.submit(replace(MESSAGE, deliver_before=NOW + 20))
    (request,) = bench.activations
    assert request.deadline == NOW + 20


def test_the_core_is_asked_for_as_long_as_the_most_patient_push_waits(make_bench):
    """One activation serves both; the impatient one leaves by itself."""
    bench = make_bench(limits=Limits(activations=1), activation_time=600.0)
    bench.outcome = None
    bench.views[Terminal.by_msisdn("447700900124")] = TerminalView("234150999999998")
    bench.submit(replace(MESSAGE, push_id="first", addresses=(plmn("447700900124"),)))
    for push_id, seconds in (("a", 100), ("b", 300), ("c", 200)):
        bench.submit(replace(MESSAGE, push_id=push_id, deliver_before=NOW + seconds))
    bench.finish(bench.activations[0], active("10.45.0.9")(bench.activations[0]))
    assert bench.activations[1].deadline == NOW + 300
    bench.advance(150)
    assert bench.delivery("a").state is State.EXPIRED
    bench.finish(bench.activations[1], active()(bench.activations[1]))
    assert bench.delivery("b").state is bench.delivery("c").state is State.DELIVERED


def test_a_silent_core_is_given_up_when_activation_has_had_its_time(with_sms):
    """It is asked every five seconds for two minutes; then the push goes by SMS."""
    with_sms.views[BY_MSISDN] = CoreSilent("connection refused")
    with_sms.submit(MESSAGE)
    with_sms.advance(114)
    assert with_sms.delivery().state is State.RETRYING
    with_sms.advance(1)
    assert with_sms.delivery().state is State.DELIVERED


def test_an_unknown_subscriber_may_be_tried_by_sms(make_bench):
    """A foreign subscriber has a number all the same."""
    bench = make_bench(**policy(after={Refusal.UNKNOWN_SUBSCRIBER: Next.SMS}))
    bench.views[BY_MSISDN] = UnknownTerminal()
    bench.submit(MESSAGE)
    assert len(bench.messages) == 1


def test_a_push_that_goes_by_sms_alone_is_not_taken_along_by_another(make_bench):
    """Both wait for one look at the core, which finds the terminal online."""
    rules = (Rule(initiators=frozenset({"sms"}), order=(SMS,)),)
    bench = make_bench(**policy(*rules, order=(IP, HOLD)))
    bench.views[BY_MSISDN] = TerminalView(IMSI, MSISDN, contexts=(("wap.example", ADDRESS),))
    after = NOW + 10
    bench.submit(replace(MESSAGE, push_id="ip", deliver_after=after))
    bench.submit(replace(MESSAGE, push_id="sms", deliver_after=after), initiator="sms")
    bench.advance(10)
    assert len(bench.look_ups) == 1
    assert (len(bench.pushed), len(bench.messages)) == (1, 1)


# Holding


def test_a_hold_with_an_end_goes_on_with_sms(make_bench):
    """Ten minutes for the terminal to come online by itself."""
    bench = make_bench(**policy(order=(IP, HOLD, SMS), hold_for=600.0))
    bench.submit(MESSAGE)
    bench.advance(599)
    assert bench.delivery().state is State.HELD
    bench.advance(1)
    assert only_result(bench) == ("delivered", 1000, "delivered by SMS")


def test_a_terminal_that_comes_online_meanwhile_gets_its_push_by_ip(make_bench):
    """Accounting ends the wait."""
    bench = make_bench(**policy(order=(IP, HOLD, SMS), hold_for=600.0), ask_core=False)
    bench.submit(MESSAGE)
    bench.advance(300)
    bench.radius(accounting(1))
    assert only_result(bench) == ("delivered", 1000, "delivered without confirmation")
    assert bench.messages == []


def test_a_terminal_that_shows_itself_has_every_route_again(with_sms):
    """Activation and SMS have failed; the network notes that the terminal is back."""
    with_sms.outcome = ABSENT
    with_sms.sms = lambda _: SmsFailed(0xFE, 0)
    with_sms.submit(MESSAGE)
    assert with_sms.delivery().state is State.HELD
    with_sms.outcome = active()
    with_sms.gateway.terminal_reachable(with_sms.now, imsi=IMSI)
    with_sms.settle()
    assert only_result(with_sms) == ("delivered", 1000, "delivered without confirmation")


def test_an_absent_terminal_costs_one_short_message_not_one_a_minute(with_sms):
    """The looks in between try neither activation nor SMS in vain."""

    def absent(request):
        with_sms.views[BY_MSISDN] = TerminalView(IMSI, MSISDN, reachable=False)
        return ABSENT(request)

    with_sms.outcome = absent
    with_sms.sms = lambda _: SmsFailed(0xFE, 0)
    with_sms.submit(MESSAGE)
    with_sms.advance(3600)
    assert len(with_sms.look_ups) > 50
    assert (len(with_sms.activations), len(with_sms.messages)) == (1, 1)


def test_where_no_route_is_left_the_push_is_undeliverable(make_bench):
    """A rule without hold ends with its last route."""
    bench = make_bench(**policy(order=(IP, ACTIVATION, SMS)))
    bench.outcome = ABSENT
    bench.sms = lambda _: SmsFailed(0xFE, 2, (3, 13), (2, 3), "delivery failed")
    bench.submit(MESSAGE)
    state, code, text = only_result(bench)
    assert (state, code) == ("undeliverable", 4000)
    assert text == (
        "routeing-information: Absent subscriber (map 27); SMS: delivery failed; "
        "delivery_failure_reason 2; network_error_code 3/13; segments 2, 3"
    )


# Which rule holds


def test_rules_tell_applications_and_initiators_apart(make_bench):
    """MMS notifications go by SMS alone, those of the shop are not held, the rest is as ever."""
    rules = (
        Rule(applications=frozenset({MMS}), order=(SMS,)),
        Rule(initiators=frozenset({"shop"}), order=(IP, ACTIVATION), lifetime=60.0),
    )
    bench = make_bench(**policy(*rules, order=(IP, ACTIVATION, HOLD)))
    bench.outcome = ABSENT
    mms = Part(ContentType("text/plain"), b"hello", (("X-Wap-Application-Id", "4"),))
    bench.submit(replace(MESSAGE, push_id="mms"), mms)
    bench.submit(replace(MESSAGE, push_id="shop"), initiator="shop")
    bench.submit(replace(MESSAGE, push_id="rest"), initiator="news")
    assert bench.delivery("mms").state is State.DELIVERED
    assert bench.delivery("shop").state is State.UNDELIVERABLE
    assert bench.delivery("rest").state is State.HELD


def test_a_rule_has_a_lifetime_of_its_own(make_bench):
    """It is that of pushes which name no deliver-before."""
    rules = (Rule(initiators=frozenset({"shop"}), lifetime=60.0),)
    bench = make_bench(**policy(*rules, order=(IP, HOLD), lifetime=600.0))
    for push_id, initiator in (("a", "shop"), ("b", "")):
        bench.submit(replace(MESSAGE, push_id=push_id), initiator=initiator)
    bench.submit(replace(MESSAGE, push_id="c", deliver_before=NOW + 120), initiator="shop")
    for push_id, lifetime in (("a", 60), ("b", 600), ("c", 120)):
        assert bench.store.find(push_id).push.deliver_before == NOW + lifetime


def test_a_rule_bounds_its_activations(make_bench):
    """A campaign of a hundred terminals leaves the core to the others."""
    rules = (Rule(initiators=frozenset({"campaign"}), activations=2),)
    bench = make_bench(policy=Policy((*rules, Rule())))
    bench.outcome = None
    numbers = [f"4477009{number:05}" for number in range(101)]
    for number, msisdn in enumerate(numbers):
        bench.views[Terminal.by_msisdn(msisdn)] = TerminalView(f"2341500000{number:05}")
    addresses = tuple(plmn(msisdn) for msisdn in numbers[:100])
    bench.submit(replace(MESSAGE, addresses=addresses), initiator="campaign")
    assert len(bench.activations) == 2
    bench.submit(replace(MESSAGE, push_id="other", addresses=(plmn(numbers[100]),)))
    assert len(bench.activations) == 3
    bench.finish(bench.activations[0], active()(bench.activations[0]))
    assert len(bench.activations) == 4


# What an SMSC says


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (SmsFailed(0xFE, 0), State.HELD),
        (SmsFailed(0xFE, 1), State.UNDELIVERABLE),
        (SmsFailed(0xFE, 2), State.HELD),
        (SmsFailed(0xFE, 3), State.RETRYING),
        (SmsFailed(0x58), State.RETRYING),
        (SmsFailed(0x0B), State.UNDELIVERABLE),
        (SmsUnknown("connection lost"), State.RETRYING),
    ],
)
def test_each_failure_of_a_short_message_has_its_follow_up(make_bench, outcome, state):
    """Held until the terminal is back, tried again, or given up."""
    bench = make_bench(**policy(order=(SMS, HOLD)))
    bench.sms = lambda _: outcome
    bench.submit(MESSAGE)
    assert bench.delivery().state is state


def test_a_busy_smsc_is_tried_again_under_a_new_key(make_bench):
    """The first transaction is known to have ended."""
    bench = make_bench(**policy(order=(SMS, HOLD)), retry=RetryPolicy(waits=(30.0, 60.0)))
    bench.sms = lambda _: SmsFailed(0x58)
    bench.submit(MESSAGE)
    bench.advance(30)
    bench.sms = lambda _: SmsDelivered(3)
    bench.advance(59)
    assert len(bench.messages) == 2
    bench.advance(1)
    assert [message.again for message in bench.messages] == [False, False, False]
    assert len({message.key for message in bench.messages}) == 3
    assert only_result(bench)[0] == "delivered"


def test_an_outcome_that_nobody_knows_is_asked_for_under_the_same_key(make_bench):
    """The SMSC knows the transaction again, and does not deliver it twice."""
    bench = make_bench(**policy(order=(SMS, HOLD)), retry=RetryPolicy(waits=(30.0,)))
    bench.sms = lambda _: SmsUnknown("connection lost")
    bench.submit(MESSAGE)
    bench.advance(30)
    bench.sms = lambda _: SmsDelivered(2)
    bench.advance(30)
    assert [message.again for message in bench.messages] == [False, True, True]
    assert len({message.key for message in bench.messages}) == 1
    assert len({message.pdu for message in bench.messages}) == 1
    assert bench.gateway.counters["sms submitted again"] == 2
    assert bench.gateway.counters["sms unknown"] == 2


def test_sms_has_its_time(make_bench):
    """A transaction is given no longer, and after it the next route is taken."""
    bench = make_bench(**policy(order=(SMS, HOLD), sms_for=100.0), retry=RetryPolicy(waits=(60.0,)))
    bench.sms = lambda _: SmsFailed(0x58)
    bench.submit(MESSAGE)
    bench.advance(60)
    assert [message.deadline for message in bench.messages] == [NOW + 100, NOW + 100]
    bench.advance(3600)
    assert len(bench.messages) == 2


def test_other_pushes_go_on_while_a_transaction_is_open(with_sms):
    """Neither another terminal nor the same one waits for the SMSC."""
    with_sms.outcome = ABSENT
    with_sms.sms = lambda _: None
    with_sms.submit(MESSAGE)
    (message,) = with_sms.messages
    with_sms.views[BY_MSISDN] = TerminalView(IMSI, MSISDN, contexts=(("wap.example", ADDRESS),))
    with_sms.submit(replace(MESSAGE, push_id="2"))
    assert with_sms.delivery("2").state is State.DELIVERED
    assert with_sms.delivery().state is State.SUBMITTING
    with_sms.end_sms(message, SmsDelivered())
    assert with_sms.delivery().state is State.DELIVERED


def test_a_push_that_the_smsc_has_cannot_be_cancelled(with_sms):
    """It may be with the terminal already."""
    with_sms.outcome = ABSENT
    with_sms.sms = lambda _: None
    with_sms.submit(MESSAGE)
    answer = with_sms.ask(pap.CancelMessage("1@pi.example"))
    assert answer.results[0].code == 2008
    assert with_sms.delivery().state is State.SUBMITTING


def test_the_outcome_is_waited_for_a_little_beyond_the_deadline(with_sms):
    """The SMSC has the deadline; a push that it delivered in time is not reported as expired."""
    with_sms.outcome = ABSENT
    with_sms.sms = lambda _: None
    with_sms.submit(replace(MESSAGE, deliver_before=NOW + 60))
    with_sms.advance(65)
    with_sms.end_sms(with_sms.messages[0], SmsDelivered())
    assert only_result(with_sms)[0] == "delivered"


def test_an_outcome_that_never_comes_ends_as_expired(with_sms):
    """Half a minute after the deadline; what comes later is counted."""
    with_sms.outcome = ABSENT
    with_sms.sms = lambda _: None
    with_sms.submit(replace(MESSAGE, deliver_before=NOW + 60))
    with_sms.advance(90)
    assert only_result(with_sms)[0] == "expired"
    with_sms.end_sms(with_sms.messages[0], SmsDelivered())
    assert with_sms.gateway.counters["sms outcomes unasked"] == 1


def test_what_is_sent_once_is_submitted_once(with_sms):
    """A failure ends it, whatever the policy says."""
    with_sms.outcome = ABSENT
    with_sms.sms = lambda _: SmsFailed(0x58)
    with_sms.submit(ONCE)
    assert only_result(with_sms)[:2] == ("undeliverable", 4000)
    with_sms.advance(3600)
    assert len(with_sms.messages) == 1


def test_the_number_comes_from_accounting_where_the_push_has_an_address(make_bench):
    """A push to an address goes by SMS to whoever has it."""
    bench = make_bench(**policy(order=(SMS,)), ask_core=False)
    bench.radius(accounting(1))
    bench.submit(replace(MESSAGE, addresses=(f"WAPPUSH={ADDRESS}/TYPE=IPV4@ppg.example",)))
    assert [message.msisdn for message in bench.messages] == [MSISDN]


# When the gateway dies


def test_that_a_push_is_submitted_is_stored_before_it_is(with_sms):
    """Without the store the SMSC gets nothing."""
    with_sms.outcome = ABSENT
    with_sms.submit(replace(MESSAGE, deliver_after=NOW + 10))
    with_sms.store_fails = True
    with_sms.advance(10)
    assert with_sms.messages == []
    with_sms.store_fails = False
    with_sms.advance(5)
    assert len(with_sms.messages) == 1


def test_a_transaction_survives_a_restart_under_its_key(with_sms):
    """The second gateway asks for the outcome of the first one's message, and counts it."""
    with_sms.outcome = ABSENT
    with_sms.sms = lambda _: None
    with_sms.submit(MESSAGE)
    with_sms.restart()
    first, second = with_sms.messages
    assert (first.key, first.pdu, first.msisdn) == (second.key, second.pdu, second.msisdn)
    assert (first.again, second.again) == (False, True)
    assert with_sms.gateway.counters["sms submitted again"] == 1
    with_sms.end_sms(second, SmsDelivered())
    assert only_result(with_sms)[0] == "delivered"


def test_a_new_transaction_after_a_restart_has_a_new_key(with_sms):
    """The history says which ones are known to have ended."""
    with_sms.outcome = ABSENT
    with_sms.sms = lambda _: SmsFailed(0x58)
    with_sms.submit(MESSAGE)
    with_sms.restart()
    with_sms.advance(3600)
    keys = [message.key for message in with_sms.messages]
    assert len(keys) > 2
    assert len(set(keys)) == len(keys)


def test_a_transaction_for_an_address_is_judged_anew_after_a_restart(make_bench):
    """Whose it was is found out again; the key says that it may be there already."""
    bench = make_bench(**policy(order=(SMS, HOLD)), ask_core=False)
    bench.sms = lambda _: None
    bench.radius(accounting(1))
    bench.submit(replace(MESSAGE, addresses=(f"WAPPUSH={ADDRESS}/TYPE=IPV4@ppg.example",)))
    bench.restart()
    assert bench.delivery().state is State.HELD
    bench.radius(accounting(1, identifier=2))
    first, second = bench.messages
    assert (first.key, second.key, second.again) == (first.key, first.key, True)


def test_what_is_sent_once_is_not_submitted_again_after_a_restart(with_sms):
    """Its outcome is lost with the gateway."""
    with_sms.outcome = ABSENT
    with_sms.sms = lambda _: None
    with_sms.submit(ONCE)
    with_sms.restart()
    assert len(with_sms.messages) == 1
    assert only_result(with_sms)[:2] == ("undeliverable", 4000)


def test_a_push_whose_deadline_passed_meanwhile_is_asked_about_all_the_same(with_sms):
    """The SMSC may have delivered it in time."""
    with_sms.outcome = ABSENT
    with_sms.sms = lambda _: None
    with_sms.submit(replace(MESSAGE, deliver_before=NOW + 60))
    with_sms.now += 70
    with_sms.restart()
    with_sms.end_sms(with_sms.messages[1], SmsDelivered())
    assert only_result(with_sms)[0] == "delivered"


# Configurations that promise what is not there


def test_a_policy_of_sms_needs_an_smsc():
    """It is refused when the gateway is made, not when a push needs it."""
    by_sms = Policy((Rule(order=(SMS,)),))
    with pytest.raises(ValueError, match="the policy takes sms, and there is no SMSC"):
        GatewayConfig("127.0.0.5", "wap.example", SECRET, policy=by_sms)


def test_a_policy_of_triggers_needs_static_addresses():
    """Nobody knows otherwise what to trigger."""
    by_trigger = Policy((Rule(order=(IP, TRIGGER, HOLD)),))
    with pytest.raises(ValueError, match="nothing says who can be triggered"):
        GatewayConfig("127.0.0.5", "wap.example", SECRET, policy=by_trigger)


def test_every_message_is_asked_for_by_one_effect():
    """Whoever speaks SMPP has all it needs in it."""
    assert {"key", "msisdn", "pdu", "deadline", "again"} <= {one.name for one in fields(SubmitSms)}


# A push that went to its address in vain

CONFIRMED = replace(
    MESSAGE, quality_of_service=pap.QualityOfService(delivery_method=DeliveryMethod.CONFIRMED)
)
ONLINE = TerminalView(IMSI, MSISDN, contexts=(("wap.example", ADDRESS),))


@pytest.mark.parametrize(
    ("follows", "state"),
    [
        (Next.RETRY, State.RETRYING),
        (Next.NEXT, State.DELIVERED),
        (Next.SMS, State.DELIVERED),
        (Next.HOLD, State.HELD),
        (Next.FAIL, State.UNDELIVERABLE),
    ],
)
def test_a_push_that_nobody_confirms_goes_on_as_the_rule_says(make_bench, follows, state):
    """The terminal has an address, and opens no session for what is to be confirmed."""
    bench = make_bench(**policy(after={Refusal.UNDELIVERED: follows}))
    bench.views[BY_MSISDN] = ONLINE
    bench.submit(CONFIRMED)
    bench.advance(21)
    assert bench.delivery().state is state
    assert len(bench.messages) == (state is State.DELIVERED)
    assert bench.activations == []
