"""What an initiator can do about a push that it has submitted: query, cancel, replace."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.codecs import pap
from testbed.codecs.pap import MessageState, ReplaceMethod, StatusCode
from testbed.gateway.events import StoreFailed
from testbed.gateway.keeping.pushes import State
from testbed.gateway.routing.judge import CoreSilent, TerminalView
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import ADDRESS, IMSI, MESSAGE, MSISDN, NOW, active, body_of, plmn

BY_MSISDN = Terminal.by_msisdn(MSISDN)
ONLINE = TerminalView(IMSI, MSISDN, contexts=(("wap.example", ADDRESS),))
AWAY = TerminalView(IMSI, MSISDN, reachable=False)
OTHER = "447700900456"
OTHER_ONLINE = TerminalView("234150999999998", OTHER, contexts=(("wap.example", "10.45.0.8"),))
NOBODY = "WAPPUSH=joe/TYPE=USER@ppg.example"
NEW = replace(MESSAGE, push_id="2@pi.example", replace_push_id="1@pi.example")
PENDING_ONLY = replace(NEW, replace_method=ReplaceMethod.PENDING_ONLY)


@pytest.fixture
def bench(bench):
    """One terminal is out of reach, another one is online."""
    bench.views[BY_MSISDN] = AWAY
    bench.views[Terminal.by_msisdn(OTHER)] = OTHER_ONLINE
    return bench


def results(bench) -> list[tuple[str, str, str, int]]:
    return [(n.push_id, n.address, n.state.value, n.code) for n in bench.notifications]


def status(bench, push_id="1@pi.example", *addresses, initiator=""):
    answer = bench.ask(pap.StatusQuery(push_id, addresses), initiator=initiator)
    assert isinstance(answer, pap.StatusQueryResponse)
    assert answer.push_id == push_id
    return [(one.addresses, one.state, one.code) for one in answer.results]


def cancel(bench, push_id="1@pi.example", *addresses, initiator=""):
    answer = bench.ask(pap.CancelMessage(push_id, addresses), initiator=initiator)
    assert isinstance(answer, pap.CancelResponse)
    assert answer.push_id == push_id
    return [(one.code, one.addresses) for one in answer.results]


# statusquery-message


@pytest.mark.clause("WAP-247", "statusquery")
def test_each_address_of_a_push_has_its_own_status(bench):
    """One waits, one is delivered, one was rejected; each result names its address."""
    push = replace(MESSAGE, addresses=(plmn(), plmn(OTHER), NOBODY))
    assert bench.submit(push).code == 1001
    assert status(bench) == [
        ((plmn(),), MessageState.PENDING, 1001),
        ((plmn(OTHER),), MessageState.DELIVERED, 1000),
        ((NOBODY,), MessageState.REJECTED, 2003),
    ]


def test_a_status_says_since_when(bench):
    """event-time is when the state was taken."""
    bench.submit(MESSAGE)
    bench.views[BY_MSISDN] = ONLINE
    bench.advance(60)
    answer = bench.ask(pap.StatusQuery("1@pi.example"))
    assert answer.results[0].event_time == NOW + 60


def test_some_addresses_can_be_asked_for(bench):
    """In any spelling; what the push does not have is unknown, 2003."""
    bench.submit(replace(MESSAGE, addresses=(plmn(), plmn(OTHER))))
    spelled = f"wappush=+{OTHER[:4]}-{OTHER[4:]}/type=plmn@another.example"
    assert status(bench, "1@pi.example", spelled, plmn("440000000000")) == [
        ((spelled,), MessageState.DELIVERED, 1000),
        ((plmn("440000000000"),), MessageState.UNKNOWN, 2003),
    ]


def test_a_push_that_ended_long_ago_is_known(bench):
    """The store has it, the gateway does not."""
    bench.submit(replace(MESSAGE, addresses=(plmn(OTHER),)))
    bench.advance(30 * 86_400)
    assert bench.gateway.push("1@pi.example") is None
    assert status(bench) == [((plmn(OTHER),), MessageState.DELIVERED, 1000)]


def test_an_unknown_push_id_has_no_status(bench):
    """2004, for the addresses that were asked for."""
    assert status(bench, "9@pi.example", plmn()) == [((plmn(),), MessageState.UNKNOWN, 2004)]


def test_an_initiator_asks_about_its_own_pushes_only(bench):
    """Another's push-id is as unknown to it as one that was never used."""
    bench.submit(MESSAGE, initiator="shop")
    assert status(bench, initiator="bank")[0][2] == 2004
    assert status(bench, initiator="shop")[0][2] == 1001


# cancel-message


def test_a_push_that_waits_can_be_cancelled(bench):
    """1000; its initiator is notified once, and nothing goes out when the terminal is back."""
    bench.submit(MESSAGE)
    assert cancel(bench) == [(1000, (plmn(),))]
    assert results(bench) == [("1@pi.example", plmn(), "cancelled", 1000)]
    bench.views[BY_MSISDN] = ONLINE
    bench.gateway.terminal_reachable(bench.now, imsi=IMSI)
    bench.advance(3600)
    assert bench.pushed == []
    assert bench.store.unfinished() == []
    assert status(bench) == [((plmn(),), MessageState.CANCELLED, 1000)]


def test_a_push_that_waits_for_its_time_can_be_cancelled(bench):
    """deliver-after lies ahead: nothing was tried yet."""
    bench.submit(replace(MESSAGE, deliver_after=NOW + 600))
    assert cancel(bench) == [(1000, (plmn(),))]
    assert bench.gateway.next_timeout() is None


def test_a_push_whose_activation_runs_can_be_cancelled(bench):
    """The context comes up for nobody."""
    bench.views[BY_MSISDN] = TerminalView(IMSI, MSISDN)
    bench.outcome = None
    bench.submit(MESSAGE)
    assert cancel(bench) == [(1000, (plmn(),))]
    (request,) = bench.activations
    bench.finish(request, active()(request))
    assert bench.pushed == []


@pytest.mark.clause("WAP-247", "cancel")
def test_what_has_ended_cannot_be_cancelled(bench):
    """Each address has its own answer: cancelled, 2008 for delivered, 2003 for not there."""
    bench.submit(replace(MESSAGE, addresses=(plmn(), plmn(OTHER))))
    stranger = plmn("440000000000")
    assert cancel(bench, "1@pi.example", plmn(), plmn(OTHER), stranger) == [
        (1000, (plmn(),)),
        (2008, (plmn(OTHER),)),
        (2003, (stranger,)),
    ]
    assert cancel(bench) == [(2008, (plmn(), plmn(OTHER)))]


def test_one_address_of_two_can_be_cancelled(bench):
    """The other one goes on."""
    bench.views[Terminal.by_msisdn(OTHER)] = replace(AWAY, imsi="2", msisdn=OTHER)
    bench.submit(replace(MESSAGE, addresses=(plmn(), plmn(OTHER))))
    assert cancel(bench, "1@pi.example", plmn(OTHER), plmn(OTHER)) == [(1000, (plmn(OTHER),))]
    assert status(bench)[0][1] is MessageState.PENDING
    assert bench.gateway.unfinished == 1


def test_a_push_that_ended_long_ago_cannot_be_cancelled(bench):
    """The store knows it, which tells 2008 from 2004."""
    bench.submit(replace(MESSAGE, addresses=(plmn(OTHER),)))
    assert bench.gateway.push("1@pi.example") is None
    assert cancel(bench) == [(2008, (plmn(OTHER),))]
    assert cancel(bench, "9@pi.example", plmn()) == [(2004, (plmn(),))]


def test_an_initiator_cancels_its_own_pushes_only(bench):
    """2004 for another's."""
    bench.submit(MESSAGE, initiator="shop")
    assert cancel(bench, initiator="bank") == [(2004, ())]
    assert bench.gateway.unfinished == 1


def test_a_cancel_is_answered_when_it_is_stored(bench):
    """So that what was said to be cancelled stays so after a crash."""
    bench.submit(MESSAGE)
    bench.store_fails = True
    body = pap.build(pap.CancelMessage("1@pi.example"))
    bench.gateway.submit("cancel", "application/xml", body, bench.now)
    bench.settle()
    assert "cancel" not in bench.answers
    bench.store_fails = False
    bench.advance(2)
    assert pap.parse(bench.answers["cancel"].body).results[0].code == 1000
    bench.views[BY_MSISDN] = ONLINE
    bench.restart()
    assert bench.pushed == []


@pytest.mark.parametrize(
    "document", [pap.CancelMessage("9@pi.example"), pap.StatusQuery("9@pi.example")]
)
def test_a_store_that_cannot_be_read_is_said_so(bench, document):
    """4001: come again."""
    bench.store_fails = True
    assert bench.ask(document).results[0].code == StatusCode.SERVICE_UNAVAILABLE
    assert bench.told(StoreFailed)
    assert bench.submit(replace(NEW, replace_push_id="9@pi.example")).code == 4001


# replace-push-id


@pytest.mark.parametrize("new", [NEW, PENDING_ONLY], ids=["all", "pending-only"])
def test_a_push_takes_the_place_of_one_that_waits(bench, new):
    """The old one is cancelled, and the new one alone is delivered."""
    bench.submit(MESSAGE)
    assert bench.submit(new).code == 1001
    assert results(bench) == [("1@pi.example", plmn(), "cancelled", 1000)]
    assert bench.notifications[0].desc == "replaced by 2@pi.example"
    bench.views[BY_MSISDN] = ONLINE
    bench.advance(60)
    assert len(bench.pushed) == 1
    assert results(bench)[1:] == [("2@pi.example", plmn(), "delivered", 1000)]
    assert bench.delivery().state is State.REPLACED


def test_all_sends_to_everybody(bench):
    """Whether the old one is pending, has ended, is unknown or is somebody else's."""
    bench.submit(replace(MESSAGE, addresses=(plmn(), plmn(OTHER))))
    bench.submit(replace(NEW, addresses=(plmn(), plmn(OTHER), plmn(MSISDN))))
    assert [d.peer for d in bench.pushed] == [("10.45.0.8", 2948)] * 2
    elsewhere = replace(NEW, push_id="3@pi.example", addresses=(plmn(OTHER),))
    assert bench.submit(replace(elsewhere, replace_push_id="9@pi.example")).code == 1001
    foreign = replace(elsewhere, push_id="4@pi.example", replace_push_id="2@pi.example")
    assert bench.submit(foreign, initiator="bank").code == 1001
    assert len(bench.pushed) == 4
    assert status(bench, "2@pi.example")[0][1] is MessageState.PENDING


@pytest.mark.clause("WAP-247", "replace-push-id, replace-method")
def test_pending_only_goes_where_the_old_one_is_pending(bench):
    """For whom it has ended, or was never meant, the new one is rejected with 2008."""
    bench.submit(replace(MESSAGE, addresses=(plmn(), plmn(OTHER))))
    stranger = plmn("440000000000")
    push = replace(PENDING_ONLY, addresses=(plmn(), plmn(OTHER), stranger, NOBODY))
    assert bench.submit(push).code == 1001
    assert [(addresses[0], code) for addresses, _, code in status(bench, "2@pi.example")] == [
        (plmn(), 1001),
        (plmn(OTHER), 2008),
        (stranger, 2008),
        (NOBODY, 2003),
    ]
    rejected = [result for result in results(bench) if result[2] == "rejected"]
    assert len(rejected) == 3


def test_pending_only_is_refused_where_nothing_is_pending(bench):
    """2008 where the old push has ended, 2004 where there is none; neither push-id is used up."""
    bench.submit(replace(MESSAGE, addresses=(plmn(OTHER),)))
    assert bench.submit(replace(PENDING_ONLY, addresses=(plmn(OTHER),))).code == 2008
    assert bench.submit(replace(PENDING_ONLY, replace_push_id="9@pi.example")).code == 2004
    assert bench.submit(PENDING_ONLY, initiator="bank").code == 2004
    assert bench.store.find("2@pi.example") is None


def test_what_ends_before_the_replacement_is_stored_is_not_replaced(bench):
    """The old push gets through while the new one is being written: the new one is rejected."""
    bench.submit(MESSAGE)
    bench.gateway.submit("new", *body_of(PENDING_ONLY), bench.now)
    (effect,) = bench.gateway.take_effects()
    bench.views[BY_MSISDN] = ONLINE
    bench.gateway.terminal_reachable(bench.now, imsi=IMSI)
    bench.settle()
    bench.store.write([effect.row])
    bench.gateway.committed(effect.number, bench.now)
    bench.settle()
    assert pap.parse(bench.answers["new"].body).code == 1001
    assert len(bench.pushed) == 1
    assert results(bench) == [
        ("1@pi.example", plmn(), "delivered", 1000),
        ("2@pi.example", plmn(), "rejected", 2008),
    ]


def test_a_used_push_id_replaces_nothing(bench):
    """2007, and the old push goes on."""
    bench.submit(replace(MESSAGE, push_id="2@pi.example", addresses=(plmn(OTHER),)))
    bench.submit(MESSAGE)
    assert bench.submit(NEW).code == 2007
    assert status(bench)[0][1] is MessageState.PENDING


@pytest.mark.parametrize("new", [NEW, PENDING_ONLY], ids=["all", "pending-only"])
def test_a_crash_does_not_undo_a_replacement(bench, new):
    """The new push was stored, the end of the old one was not: it ends at the restart."""
    bench.submit(MESSAGE)
    bench.gateway.submit("new", *body_of(new), bench.now)
    (effect,) = bench.gateway.take_effects()
    bench.store.write([effect.row])
    bench.views[BY_MSISDN] = ONLINE
    bench.restart()
    assert len(bench.pushed) == 1
    assert bench.delivery().state is State.REPLACED
    assert bench.delivery("2@pi.example").state is State.DELIVERED
    bench.restart()
    assert len(bench.pushed) == 1


def test_questions_that_wait_for_the_store_count_as_load(make_bench):
    """A flood of them is answered with 4001 like any other."""
    bench = make_bench()
    bench.views[BY_MSISDN] = CoreSilent("x")
    limit = bench.config.limits.uncommitted
    body = pap.build(pap.StatusQuery("9@pi.example"))
    for number in range(limit):
        bench.gateway.submit(f"q{number}", "application/xml", body, bench.now)
    bench.gateway.submit("new", *body_of(MESSAGE), bench.now)
    bench.gateway.submit("more", "application/xml", body, bench.now)
    bench.settle()
    assert pap.parse(bench.answers["new"].body).code == 4001
    assert pap.parse(bench.answers["more"].body).results[0].code == 4001
    assert pap.parse(bench.answers["q0"].body).results[0].code == 2004
