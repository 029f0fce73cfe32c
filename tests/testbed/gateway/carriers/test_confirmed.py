"""Connection-oriented push: sessions asked for, pushes confirmed, refused, unanswered, resumed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from testbed.codecs import pap
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.pap import DeliveryMethod, MessageState
from testbed.codecs.wsp.capabilities import ProtocolOption
from testbed.codecs.wtp import UserAbort
from testbed.gateway.config import OtaPolicy
from testbed.gateway.events import PushRepeated, PushSent, PushSentInVain, SessionInvited
from testbed.gateway.keeping.pushes import State
from testbed.gateway.routing.judge import TerminalView
from testbed.gateway.terminal import Terminal
from testbed.gateway.terminal_testing import BenchTerminal
from testbed.gateway.testing import ADDRESS, IMSI, MESSAGE, MSISDN, accounting
from testbed.wap.agreement import Agreement
from testbed.wap.client import WANTED

START = 1
CONFIRMED = DeliveryMethod.CONFIRMED
PREFER = DeliveryMethod.PREFER_CONFIRMED
UNCONFIRMED = DeliveryMethod.UNCONFIRMED
ONE_SHOT = DeliveryMethod.ONE_SHOT
LARGE = Part(ContentType("text/plain"), b"x" * 50_000)
SMALL = Part(ContentType("text/plain"), b"hello")


def message(method: DeliveryMethod = CONFIRMED, number: int = 1, **changes) -> pap.PushMessage:
    quality = pap.QualityOfService(delivery_method=method)
    push_id = f"{number}@pi.example"
    return replace(MESSAGE, push_id=push_id, quality_of_service=quality, **changes)


def online(bench, address=ADDRESS):
    """Let the core have a context for the terminal."""
    context = ("wap.example", address)
    bench.views[Terminal.by_msisdn(MSISDN)] = TerminalView(IMSI, MSISDN, (context,))


@pytest.fixture
def bench(make_bench):
    """A gateway whose terminal is online."""
    bench = make_bench()
    online(bench)
    return bench


@pytest.fixture
def terminal(bench):
    return BenchTerminal(bench)


def ways(terminal):
    return [one.way for one in terminal.received]


def states(bench, push_id="1@pi.example"):
    return [entry.state for entry in bench.delivery(push_id).history]


# Success


def test_a_confirmed_push_brings_about_its_session(bench, terminal):
    """SIA to the push port, Connect, ConfirmedPush, Ack: delivered, and confirmed at that."""
    assert bench.submit(message()).code == 1001
    assert [event.peer for event in bench.told(SessionInvited)] == [(ADDRESS, 2948)]
    terminal.settle()
    (invitation,) = terminal.invitations
    assert invitation.applications == ("x-wap-application:wml.ua",)
    assert (invitation.contacts[0].ip, invitation.contacts[0].port) == ("127.0.0.5", None)
    assert ways(terminal) == ["confirmed push"]
    (result,) = bench.notifications
    assert (result.state, result.code) == (MessageState.DELIVERED, 1000)
    assert result.desc == "confirmed by the client"
    assert states(bench) == ["accepted", "judging", "sending", "confirming", "delivered"]
    (sent,) = bench.told(PushSent)
    assert sent.how == "confirmed push"


def test_the_contact_point_names_another_port(make_bench):
    """A gateway that listens elsewhere says where."""
    bench = make_bench(wsp_port=19201)
    online(bench)
    terminal = BenchTerminal(bench)
    bench.submit(message())
    terminal.settle()
    assert terminal.invitations[0].contacts[0].port == 19201
    assert ways(terminal) == ["confirmed push"]


def test_a_session_that_stands_is_used_again(bench, terminal):
    """The second push needs no SIA."""
    for number in (1, 2):
        bench.submit(message(number=number))
        terminal.settle()
    assert len(terminal.invitations) == 1
    assert ways(terminal) == ["confirmed push"] * 2


def test_a_session_that_the_terminal_opened_itself_is_used(bench, terminal):
    """Whoever opened it."""
    terminal.connect()
    bench.submit(message())
    terminal.settle()
    assert terminal.invitations == []
    assert ways(terminal) == ["confirmed push"]


def test_preferconfirmed_is_confirmed_where_a_session_comes(bench, terminal):
    """The client's word is had where it can be had."""
    bench.submit(message(PREFER))
    terminal.settle()
    assert ways(terminal) == ["confirmed push"]
    assert bench.notifications[0].desc == "confirmed by the client"
    quality = bench.notifications[0].quality_of_service
    assert quality == pap.QualityOfService(delivery_method=CONFIRMED, network="GSM", bearer="GPRS")


@pytest.mark.clause("WAP-247", "confirmed, preferconfirmed and unconfirmed delivery")
def test_a_confirmed_push_is_not_delivered_before_the_client_says_so(bench, terminal):
    """While the user has not confirmed it, it is pending."""
    terminal.answer = None
    bench.submit(message())
    terminal.settle()
    assert bench.delivery().state is State.CONFIRMING
    assert bench.notifications == []
    terminal.confirm()
    assert bench.delivery().state is State.DELIVERED


# Fallback


def test_preferconfirmed_goes_unconfirmed_where_no_session_comes(bench, terminal):
    """After the time that a terminal has for it."""
    terminal.opens_sessions = False
    bench.submit(message(PREFER))
    terminal.advance(19)
    assert ways(terminal) == []
    terminal.advance(1)
    assert ways(terminal) == ["datagram"]
    assert bench.notifications[0].desc == "delivered without confirmation"


def test_a_terminal_that_opened_no_session_is_not_waited_for_again(bench, terminal):
    """For a while what prefers a confirmation goes at once."""
    terminal.opens_sessions = False
    bench.submit(message(PREFER))
    terminal.advance(20)
    bench.submit(message(PREFER, 2))
    terminal.settle()
    assert ways(terminal) == ["datagram"] * 2
    terminal.advance(300)
    terminal.opens_sessions = True
    bench.submit(message(PREFER, 3))
    terminal.settle()
    assert ways(terminal)[-1] == "confirmed push"


def test_a_session_that_comes_later_counts_again(bench, terminal):
    """What had been declined is forgotten when the terminal opens a session after all."""
    terminal.opens_sessions = False
    bench.submit(message(PREFER))
    terminal.advance(20)
    terminal.connect()
    bench.submit(message(PREFER, 2))
    terminal.settle()
    assert ways(terminal) == ["datagram", "confirmed push"]
    terminal.client.disconnect(terminal.session, bench.now)
    terminal.settle()
    terminal.opens_sessions = True
    bench.submit(message(PREFER, 3))
    terminal.settle()
    assert ways(terminal)[2:] == ["confirmed push"]


def test_two_names_of_a_terminal_wait_for_one_session(bench, terminal):
    """It is asked once, whoever the pushes name."""
    terminal.opens_sessions = False
    bench.views[Terminal.by_address(ADDRESS)] = bench.views[Terminal.by_msisdn(MSISDN)]
    bench.submit(message())
    address = f"WAPPUSH={ADDRESS}/TYPE=IPv4@ppg.example"
    bench.submit(replace(message(number=2), addresses=(address,)))
    terminal.settle()
    assert len(terminal.invitations) == 1
    terminal.connect()
    assert ways(terminal) == ["confirmed push"] * 2


def test_a_client_without_confirmed_push_gets_what_prefers_it_unconfirmed(bench):
    """The capability is refused, the session takes a plain push."""
    wanted = replace(WANTED, options=ProtocolOption.PUSH)
    terminal = BenchTerminal(bench, wanted=wanted)
    bench.submit(message(PREFER))
    terminal.settle()
    assert ways(terminal) == ["push"]


def test_a_client_without_confirmed_push_cannot_have_one(bench):
    """3007: the specified delivery method is not possible."""
    terminal = BenchTerminal(bench, wanted=replace(WANTED, options=ProtocolOption.PUSH))
    bench.submit(message())
    terminal.settle()
    (result,) = bench.notifications
    assert (result.state, result.code) == (MessageState.UNDELIVERABLE, 3007)
    assert ways(terminal) == []


def test_the_client_sdu_size_bounds_what_is_pushed(bench):
    """A push that the client does not take is not possible (3003), one that fits is."""
    terminal = BenchTerminal(bench, wanted=replace(WANTED, client_sdu=40_000))
    bench.submit(message(), LARGE)
    terminal.settle()
    (result,) = bench.notifications
    assert (result.state, result.code) == (MessageState.UNDELIVERABLE, 3003)
    bench.submit(message(number=2), SMALL)
    terminal.settle()
    assert ways(terminal) == ["confirmed push"]


def test_the_push_mor_bounds_how_many_are_open(bench):
    """What is beyond it waits until one is confirmed, in order."""
    terminal = BenchTerminal(bench, wanted=replace(WANTED, push_mor=2))
    terminal.answer = None
    for number in (1, 2, 3, 4):
        bench.submit(message(number=number), Part(ContentType("text/plain"), b"%d" % number))
        terminal.settle()
    assert [one.push.body for one in terminal.received] == [b"1", b"2"]
    assert bench.delivery("3@pi.example").state is State.SENDING
    terminal.confirm()
    assert [one.push.body for one in terminal.received] == [b"1", b"2", b"3"]
    terminal.confirm()
    assert [one.push.body for one in terminal.received] == [b"1", b"2", b"3", b"4"]


def test_a_session_for_another_application_is_none_for_this_one(bench):
    """Accept-Application says whom the client takes pushes for."""
    headers = (("Accept-Application", "x-wap-application:mms.ua"),)
    terminal = BenchTerminal(bench, headers=headers)
    bench.submit(message(PREFER))
    terminal.advance(20)
    assert ways(terminal) == ["datagram"]


def test_a_session_for_any_application_is_for_this_one(bench):
    """A wildcard stands for all."""
    headers = (("Accept-Application", "*"),)
    terminal = BenchTerminal(bench, headers=headers)
    bench.submit(message())
    terminal.settle()
    assert ways(terminal) == ["confirmed push"]


# Unconfirmed pushes


def test_an_unconfirmed_push_takes_a_fresh_session(bench, terminal):
    """What stands anyway is used."""
    terminal.connect()
    bench.submit(message(UNCONFIRMED))
    terminal.settle()
    assert ways(terminal) == ["push"]
    assert bench.notifications[0].desc == "delivered without confirmation"


def test_an_unconfirmed_push_does_not_trust_an_old_session(bench, terminal):
    """A terminal that was restarted meanwhile would not know it."""
    terminal.connect()
    terminal.advance(61)
    bench.submit(message(UNCONFIRMED))
    terminal.settle()
    assert ways(terminal) == ["datagram"]


def test_an_unconfirmed_push_that_a_session_is_too_small_for_is_a_datagram(bench):
    """The client's SDU size bounds what goes over the session only."""
    terminal = BenchTerminal(bench, wanted=replace(WANTED, client_sdu=100))
    terminal.connect()
    bench.submit(message(UNCONFIRMED), Part(ContentType("text/plain"), b"x" * 200))
    terminal.settle()
    assert ways(terminal) == ["datagram"]


def test_an_unconfirmed_push_without_a_session_is_a_datagram(bench, terminal):
    """Nobody is asked for a session that is not needed."""
    bench.submit(message(UNCONFIRMED))
    terminal.settle()
    assert (ways(terminal), terminal.invitations) == (["datagram"], [])


@pytest.mark.parametrize("method", [CONFIRMED, PREFER, UNCONFIRMED, ONE_SHOT])
def test_a_push_larger_than_a_datagram_is_segmented_on_a_session(bench, terminal, method):
    """Whatever its delivery method, as a datagram cannot be segmented."""
    bench.submit(message(method), LARGE)
    terminal.settle()
    assert ways(terminal) == ["confirmed push"]
    assert terminal.received[0].push.body == LARGE.body
    assert bench.notifications[0].desc == "confirmed by the client"


def test_a_large_push_without_a_session_is_tried_again(bench, terminal):
    """There is no other way for it."""
    terminal.opens_sessions = False
    bench.submit(message(UNCONFIRMED), LARGE)
    terminal.advance(20)
    assert bench.delivery().state is State.RETRYING
    terminal.opens_sessions = True
    terminal.advance(30)
    assert ways(terminal) == ["confirmed push"]


def test_a_push_beyond_the_limit_is_refused(bench):
    """3003 at once."""
    limit = bench.config.limits.push
    answer = bench.submit(message(), Part(ContentType("text/plain"), b"x" * limit))
    assert answer.code == 3003


# Refusals


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        (UserAbort.USER_REQUEST, 5234),
        (UserAbort.USER_REFUSED, 5235),
        (UserAbort.USER_PENDING, 5236),
        (UserAbort.USER_DISCARDED_RESOURCES, 5237),
        (UserAbort.USER_DISCARDED_UNPROCESSABLE, 5238),
    ],
)
def test_what_the_client_refuses_is_aborted(bench, terminal, reason, code):
    """message-state aborted, with 5000 and the reason; it is not tried again."""
    terminal.answer = reason
    bench.submit(message())
    terminal.settle()
    (result,) = bench.notifications
    assert (result.state, result.code) == (MessageState.ABORTED, code)
    assert result.desc.startswith("the client aborted: user")
    terminal.advance(3600)
    assert len(terminal.received) == 1


def test_a_push_that_is_too_large_after_all_is_not_possible(bench, terminal):
    """A client that says so would say it again."""
    terminal.connect()
    bench.submit(message())
    # The gateway's answer to the capabilities got lost on the client's side.
    session = terminal.client._sessions[terminal.session]
    session.agreement = replace(session.agreement, client_sdu=1)
    terminal.client._wanted = replace(WANTED, client_sdu=1)
    terminal.settle()
    (result,) = bench.notifications
    assert (result.state, result.code) == (MessageState.UNDELIVERABLE, 3003)


# Failures that go back to judge


def test_without_a_session_a_confirmed_push_is_tried_again(bench, terminal):
    """No session in time: back to judge after a back-off, until one comes."""
    terminal.opens_sessions = False
    bench.submit(message())
    terminal.advance(20)
    assert bench.delivery().state is State.RETRYING
    assert bench.delivery().history[-1].note == "the terminal opened no session"
    looks = len(bench.look_ups)
    terminal.opens_sessions = True
    terminal.advance(30)
    assert len(bench.look_ups) == looks + 1
    assert ways(terminal) == ["confirmed push"]


def test_a_terminal_that_opens_a_session_gets_what_waits_at_once(bench, terminal):
    """It shows by that that it is there, whoever names it."""
    bench.radius(accounting(START))
    terminal.opens_sessions = False
    bench.submit(message())
    terminal.advance(20)
    assert bench.delivery().state is State.RETRYING
    terminal.connect()
    assert ways(terminal) == ["confirmed push"]


def test_a_push_that_nobody_confirms_is_tried_again_on_a_new_session(bench, terminal):
    """WTP gives up after its retransmissions; the session is of no use then."""
    terminal.connect()
    terminal.is_deaf = True
    bench.submit(message())
    terminal.advance(62)
    assert bench.delivery().state is State.CONFIRMING
    terminal.advance(1)
    assert bench.delivery().state is State.RETRYING
    assert bench.delivery().history[-1].note == "not confirmed: no response"
    assert bench.gateway.counters["wsp sessions"] == 0
    terminal.is_deaf = False
    terminal.advance(30)
    assert bench.delivery().state is State.DELIVERED
    assert len(terminal.invitations) == 1


def test_a_user_who_never_confirms_is_a_failure(bench, terminal):
    """The client gives up for its user; the session stands."""
    terminal.answer = None
    bench.submit(message())
    terminal.advance(60)
    assert State.RETRYING in states(bench)
    assert bench.gateway.counters["wsp sessions"] == 1


def test_a_session_that_ends_is_a_failure(bench, terminal):
    """The push is tried again on the next one."""
    terminal.answer = None
    bench.submit(message())
    terminal.settle()
    terminal.client.disconnect(terminal.session, bench.now)
    terminal.settle()
    assert bench.delivery().state is State.RETRYING
    terminal.answer = True
    terminal.advance(30)
    assert bench.delivery().state is State.DELIVERED


def test_a_session_that_is_suspended_is_a_failure_until_it_is_resumed(bench, terminal):
    """Resumed, it is used at once."""
    bench.radius(accounting(START))
    terminal.answer = None
    bench.submit(message())
    terminal.settle()
    session = terminal.session
    terminal.client.suspend(session, bench.now)
    terminal.settle()
    assert bench.delivery().state is State.RETRYING
    terminal.answer = True
    terminal.client.resume(session, bench.now)
    terminal.settle()
    assert bench.delivery().state is State.DELIVERED


def test_the_back_offs_grow(bench, terminal):
    """Each failure waits longer than the one before."""
    terminal.opens_sessions = False
    bench.submit(message())
    terminal.advance(20 + 30 + 20 + 60 + 20 + 120 + 20)
    waits = [entry for entry in bench.delivery().history if entry.state is State.RETRYING]
    gaps = [after.time - before.time for before, after in pairwise(waits)]
    assert gaps == [50, 80, 140]
    assert bench.gateway.counters["pushes sent in vain"] == 4
    (reason,) = {event.reason for event in bench.told(PushSentInVain)}
    assert reason == "the terminal opened no session"


# Deadlines


def test_a_push_that_is_not_confirmed_in_time_is_a_timeout(bench, terminal):
    """It left; deliver-before came before the client's word."""
    terminal.answer = None
    bench.submit(message(deliver_before=bench.now + 10))
    terminal.advance(10)
    (result,) = bench.notifications
    assert (result.state, result.code) == (MessageState.TIMEOUT, 4000)
    terminal.settle()
    assert bench.gateway.counters["wsp sessions"] == 1


def test_a_confirmation_after_the_timeout_changes_nothing(bench, terminal):
    """The transaction is given up, and the client hears of that."""
    terminal.answer = None
    bench.submit(message(deliver_before=bench.now + 3))
    terminal.advance(3)
    assert terminal.events[-1].text == "peer request"
    assert len(bench.notifications) == 1


def test_a_push_whose_session_does_not_come_expires(bench, terminal):
    """It never left: expired, not timeout; the wait for a session is bounded by the deadline."""
    terminal.opens_sessions = False
    bench.submit(message(deliver_before=bench.now + 10))
    bench.submit(message(UNCONFIRMED, 2))
    terminal.advance(10)
    first, second = bench.notifications
    assert (first.push_id, first.state) == ("1@pi.example", MessageState.EXPIRED)
    assert (second.push_id, second.state) == ("2@pi.example", MessageState.DELIVERED)


# Order


def test_a_push_that_waits_for_a_session_is_not_overtaken(bench, terminal):
    """First in, first out, whatever the delivery method; a session in time brings both."""
    terminal.opens_sessions = False
    bench.submit(message())
    bench.submit(message(UNCONFIRMED, 2))
    terminal.settle()
    assert ways(terminal) == []
    terminal.connect()
    assert ways(terminal) == ["confirmed push", "push"]


def test_one_that_failed_lets_the_others_pass(bench, terminal):
    """What could not go out does not hold up the terminal's pushes for ever."""
    terminal.opens_sessions = False
    bench.submit(message())
    bench.submit(message(UNCONFIRMED, 2))
    terminal.advance(20)
    assert ways(terminal) == ["datagram"]
    assert bench.delivery().state is State.RETRYING


def test_a_long_queue_goes_out_at_once(make_bench):
    """However many wait for one terminal."""
    bench = make_bench(ask_core=False)
    terminal = BenchTerminal(bench)
    for number in range(500):
        bench.submit(message(UNCONFIRMED, number))
    bench.radius(accounting(START))
    terminal.settle()
    assert len(terminal.received) == 500


def test_a_push_that_waits_for_a_session_can_be_cancelled(bench, terminal):
    """The next one goes out instead."""
    terminal.opens_sessions = False
    bench.submit(message())
    bench.submit(message(UNCONFIRMED, 2))
    (result,) = bench.ask(pap.CancelMessage("1@pi.example")).results
    assert result.code == 1000
    terminal.settle()
    assert ways(terminal) == ["datagram"]


def test_a_push_that_has_left_cannot_be_cancelled(bench, terminal):
    """The client may have shown it."""
    terminal.answer = None
    bench.submit(message())
    terminal.settle()
    (result,) = bench.ask(pap.CancelMessage("1@pi.example")).results
    assert result.code == 2008


# Crashes


def test_a_push_in_confirming_is_accepted_again_after_a_crash(bench, terminal):
    """It may arrive twice, which is counted."""
    terminal.answer = None
    bench.submit(message())
    terminal.settle()
    bench.restart()
    assert bench.gateway.counters["possible duplicates"] == 1
    assert [event.push_id for event in bench.told(PushRepeated)] == ["1@pi.example"]
    assert bench.delivery().state is State.SENDING
    assert "it may have arrived" in [entry.note for entry in bench.delivery().history][4]
    terminal.answer = True
    terminal.settle()
    assert bench.delivery().state is State.DELIVERED


def test_a_push_that_waited_for_a_session_is_no_duplicate_after_a_crash(bench, terminal):
    """It had not left."""
    terminal.opens_sessions = False
    bench.submit(message())
    bench.restart()
    assert "possible duplicates" not in bench.gateway.counters


def test_a_oneshot_push_on_a_session_is_sent_once_over_a_crash(bench, terminal):
    """It ends as undeliverable, for nobody knows what became of it."""
    terminal.answer = None
    bench.submit(message(ONE_SHOT), LARGE)
    terminal.settle()
    assert bench.delivery().state is State.CONFIRMING
    bench.restart()
    terminal.advance(120)
    assert bench.delivery().state is State.UNDELIVERABLE
    assert len(terminal.received) == 1


def test_a_oneshot_push_that_nobody_confirms_is_a_timeout(bench, terminal):
    """There is one attempt only."""
    terminal.answer = None
    bench.submit(message(ONE_SHOT), LARGE)
    terminal.advance(120)
    (result,) = bench.notifications
    assert (result.state, result.code) == (MessageState.TIMEOUT, 4000)
    assert len(terminal.received) == 1


def test_a_oneshot_push_without_a_session_is_undeliverable(bench, terminal):
    """It was too large for a datagram."""
    terminal.opens_sessions = False
    bench.submit(message(ONE_SHOT), LARGE)
    terminal.advance(20)
    (result,) = bench.notifications
    assert (result.state, result.code) == (MessageState.UNDELIVERABLE, 4000)


# The lease


def lapse_and_renew(bench, terminal):
    bench.gateway.renewed(bench.now + 10, bench.now)
    terminal.advance(10)
    bench.gateway.renewed(bench.now + 3600, bench.now)
    bench.settle()


def test_a_push_in_confirming_is_given_up_when_the_lease_lapses(bench, terminal):
    """Another gateway may send it; when the lease is renewed it goes out again, and is counted."""
    terminal.answer = None
    bench.gateway.renewed(bench.now + 5, bench.now)
    bench.submit(message())
    terminal.settle()
    terminal.answer = True
    terminal.advance(5)
    assert terminal.events[-1].text == "peer request"
    bench.gateway.renewed(bench.now + 3600, bench.now)
    bench.settle()
    assert bench.gateway.counters["possible duplicates"] == 1
    terminal.settle()
    assert bench.delivery().state is State.DELIVERED
    notes = [entry.note for entry in bench.delivery().history]
    assert "the lease had lapsed; it may have arrived" in notes


def test_a_push_that_waited_for_a_session_goes_on_when_the_lease_is_renewed(bench, terminal):
    """It had not left, and is no possible duplicate."""
    terminal.opens_sessions = False
    bench.submit(message())
    lapse_and_renew(bench, terminal)
    assert bench.delivery().state is State.SENDING
    assert "possible duplicates" not in bench.gateway.counters


def test_a_oneshot_push_in_confirming_ends_with_the_lease(bench, terminal):
    """It is not sent a second time."""
    terminal.answer = None
    bench.submit(message(ONE_SHOT), LARGE)
    terminal.settle()
    lapse_and_renew(bench, terminal)
    assert bench.delivery().state is State.UNDELIVERABLE
    assert len(terminal.received) == 1


# Sessions and the gateway


def test_a_client_asks_for_nothing_special(bench):
    """The defaults of the standard: one push at a time, no pushes of any kind."""
    terminal = BenchTerminal(bench, wanted=Agreement())
    bench.submit(message(PREFER))
    terminal.settle()
    assert ways(terminal) == ["datagram"]


def test_the_time_for_a_session_is_configured(make_bench):
    """A lab may be less patient."""
    bench = make_bench(ota=OtaPolicy(session_time=2, returned=0))
    online(bench)
    terminal = BenchTerminal(bench)
    terminal.opens_sessions = False
    bench.submit(message(PREFER))
    terminal.advance(2)
    assert ways(terminal) == ["datagram"]


def test_times_that_make_no_sense_are_refused():
    """A session needs some time."""
    with pytest.raises(ValueError, match="session_time"):
        OtaPolicy(session_time=0)
