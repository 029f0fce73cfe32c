"""Inquiries about a push that another gateway holds, with the same store behind both."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.codecs import pap
from testbed.codecs.pap import MessageState, ReplaceMethod
from testbed.gateway.config import GatewayConfig, OtaPolicy
from testbed.gateway.effects import FindPush
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import AddPush, AskWithdrawal, Withdrawal
from testbed.gateway.keeping.store import SqliteStore
from testbed.gateway.routing.judge import TerminalView
from testbed.gateway.submissions import operations
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import (
    ADDRESS,
    IMSI,
    MESSAGE,
    MSISDN,
    NOW,
    SECRET,
    GatewayBench,
    body_of,
    plmn,
)

ID = MESSAGE.push_id
OTHER = "447700900456"
AWAY = TerminalView(IMSI, MSISDN, reachable=False)
ONLINE = TerminalView(IMSI, MSISDN, contexts=(("wap.example", ADDRESS),))
OTHER_ONLINE = TerminalView("234150999999998", OTHER, contexts=(("wap.example", "10.45.0.8"),))
NEW = replace(MESSAGE, push_id="2@pi.example", replace_push_id=ID)
PENDING_ONLY = replace(NEW, replace_method=ReplaceMethod.PENDING_ONLY)
LEASE = 3600.0


class SharedStore(SqliteStore):
    """A store that keeps what its gateways ask of one another, as one that is shared does."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.asked: dict[tuple[str, int], Withdrawal] = {}

    def write(self, rows):
        written = super().write(rows)
        for row in rows:
            match row:
                case AskWithdrawal(withdrawals) | AddPush(withdraws=withdrawals):
                    for one in withdrawals:
                        self.asked.setdefault((one.push_id, one.number), one)
        return written

    def withdrawals(self):
        return list(self.asked.values())


class Pair:
    """Two gateways, one store: pushes go to the first, questions about them to the second."""

    def __init__(self) -> None:
        self.store = SharedStore()
        ota = OtaPolicy(returned=0)
        config = GatewayConfig("127.0.0.5", "wap.example", SECRET, lease=LEASE, ota=ota)
        self.first, self.second = (GatewayBench(config, self.store) for _ in range(2))
        for bench in (self.first, self.second):
            bench.gateway.renewed(NOW + LEASE, NOW)
            bench.views[Terminal.by_msisdn(MSISDN)] = AWAY
            bench.views[Terminal.by_msisdn(OTHER)] = OTHER_ONLINE

    def read_requests(self) -> None:
        """Have the first gateway see what the second asks for; then let the second look again."""
        self.first.gateway.withdraw(self.store.withdrawals(), self.first.now)
        self.first.settle()
        self.second.advance(1)

    def post(self, document, key="q") -> None:
        """Post to the second gateway."""
        body = ("application/xml", pap.build(document))
        if isinstance(document, pap.PushMessage):
            body = body_of(document)
        self.second.gateway.submit(key, *body, self.second.now)
        self.second.settle()

    def answer(self, key="q"):
        """Return what the second gateway has answered, or None."""
        answer = self.second.answers.get(key)
        return None if answer is None else pap.parse(answer.body)

    def cancelled(self) -> list[tuple[int, tuple[str, ...]]]:
        return [(one.code, one.addresses) for one in self.answer().results]

    def die(self) -> None:
        """The first gateway is gone, and the second takes its pushes over."""
        self.second.gateway.adopt(self.store.unfinished(), self.second.now)
        self.second.settle()


@pytest.fixture
def pair():
    pair = Pair()
    yield pair
    pair.store.close()


def test_the_status_of_any_push_is_known(pair):
    """As the store has it."""
    pair.first.submit(replace(MESSAGE, addresses=(plmn(), plmn(OTHER))))
    pair.post(pap.StatusQuery(ID))
    assert [one.state for one in pair.answer().results] == [
        MessageState.PENDING,
        MessageState.DELIVERED,
    ]


def test_a_push_is_cancelled_by_who_holds_it(pair):
    """1000 once the store has it as cancelled; its initiator is notified once, by its gateway."""
    pair.first.submit(MESSAGE)
    pair.post(pap.CancelMessage(ID))
    pair.second.advance(2)
    assert pair.answer() is None
    pair.read_requests()
    assert pair.cancelled() == [(1000, (plmn(),))]
    assert pair.first.delivery().state is State.CANCELLED
    (result,) = pair.first.notifications
    assert (result.state, result.code) == (MessageState.CANCELLED, 1000)
    assert pair.second.notifications == []
    assert pair.second.gateway.next_timeout() == NOW + LEASE


def test_a_fault_while_another_cancels_is_answered(pair, monkeypatch):
    """3000; the push is cancelled all the same, as a query says then."""
    pair.second.may_fault = True
    pair.first.submit(MESSAGE)
    pair.post(pap.CancelMessage(ID, (plmn(),)))
    monkeypatch.setattr(operations, "cancelled", lambda *_: 1 // 0)
    pair.read_requests()
    assert pair.cancelled() == [(3000, (plmn(),))]
    assert pair.second.gateway.sizes["inquiries unanswered"] == 0
    pair.post(pap.StatusQuery(ID), "s")
    assert pair.answer("s").results[0].state is MessageState.CANCELLED


def test_each_address_of_anothers_push_has_its_own_answer(pair):
    """Cancelled, 2008 for delivered, 2003 for not there; each in the spelling of who asks."""
    pair.first.submit(replace(MESSAGE, addresses=(plmn(), plmn(OTHER))))
    pair.post(pap.CancelMessage(ID, (plmn(), plmn(OTHER), plmn("440000000000"))))
    pair.read_requests()
    assert pair.cancelled() == [
        (1000, (plmn(),)),
        (2008, (plmn(OTHER),)),
        (2003, (plmn("440000000000"),)),
    ]


def test_what_cannot_be_asked_for_is_answered_at_once(pair):
    """The only address that is meant has ended."""
    pair.first.submit(replace(MESSAGE, addresses=(plmn(), plmn(OTHER))))
    pair.post(pap.CancelMessage(ID, (plmn(OTHER),)))
    assert pair.cancelled() == [(2008, (plmn(OTHER),))]
    assert pair.store.asked == {}


def test_a_push_that_gets_through_meanwhile_is_not_cancelled(pair):
    """2008: it was delivered before its gateway read the request."""
    pair.first.submit(MESSAGE)
    pair.post(pap.CancelMessage(ID))
    pair.first.views[Terminal.by_msisdn(MSISDN)] = ONLINE
    pair.first.gateway.terminal_reachable(pair.first.now, imsi=IMSI)
    pair.first.settle()
    pair.read_requests()
    assert pair.cancelled() == [(2008, (plmn(),))]
    assert len(pair.first.pushed) == 1


def test_a_gateway_that_is_gone_is_followed(pair):
    """Who asked takes the push over, and cancels it itself."""
    pair.first.submit(MESSAGE)
    pair.post(pap.CancelMessage(ID))
    pair.die()
    pair.second.advance(1)
    assert pair.cancelled() == [(1000, (plmn(),))]
    assert len(pair.second.notifications) == 1
    assert pair.second.pushed == []


def test_what_was_taken_over_and_withdrawn_in_between_is_cancelled(pair):
    """1000, though it has ended, and is being reported, before who asked looks for it again."""
    pair.second.initiator = lambda _: None
    pair.first.submit(MESSAGE)
    pair.post(pap.CancelMessage(ID))
    pair.second.gateway.adopt(pair.store.unfinished(), pair.second.now)
    pair.second.gateway.withdraw(pair.store.withdrawals(), pair.second.now)
    pair.second.settle()
    pair.second.advance(1)
    assert pair.cancelled() == [(1000, (plmn(),))]
    assert pair.second.pushed == []


def test_a_request_outlives_who_was_asked(pair):
    """A third gateway takes the push over, and finds what is written about it."""
    pair.first.submit(MESSAGE)
    pair.post(pap.CancelMessage(ID))
    third = GatewayBench(pair.first.config, pair.store)
    third.views[Terminal.by_msisdn(MSISDN)] = AWAY
    third.gateway.renewed(NOW + LEASE, NOW)
    third.gateway.adopt(pair.store.unfinished(), NOW)
    third.gateway.withdraw(pair.store.withdrawals(), NOW)
    third.settle()
    pair.second.advance(1)
    assert pair.cancelled() == [(1000, (plmn(),))]


def test_a_gateway_that_does_not_answer_is_given_up(pair):
    """4001: come again; what was asked stands, and is done when somebody reads it."""
    pair.first.submit(MESSAGE)
    pair.post(pap.CancelMessage(ID))
    pair.second.gateway.renewed(NOW + 10 * LEASE, NOW)
    pair.second.advance(1.5 * LEASE + 2)
    assert pair.cancelled() == [(4001, ())]
    pair.first.gateway.renewed(NOW + 10 * LEASE, NOW)
    pair.read_requests()
    assert pair.first.delivery().state is State.CANCELLED


def test_a_lease_that_lapses_ends_the_wait(pair):
    """4001 at once: nothing can be seen any more."""
    pair.first.submit(MESSAGE)
    pair.post(pap.CancelMessage(ID))
    pair.second.advance(LEASE)
    assert pair.cancelled() == [(4001, ())]
    assert pair.second.gateway.next_timeout() is None


@pytest.mark.parametrize("fails", ["written", "read"])
def test_a_store_that_fails_ends_the_wait(pair, fails):
    """4001, whether the request cannot be written or its outcome cannot be read."""
    pair.first.submit(MESSAGE)
    if fails == "read":
        pair.post(pap.CancelMessage(ID))
        pair.second.store_fails = True
        pair.second.advance(1)
    else:
        body = pap.build(pap.CancelMessage(ID))
        pair.second.gateway.submit("q", "application/xml", body, NOW)
        (effect,) = pair.second.gateway.take_effects()
        assert isinstance(effect, FindPush)
        pair.second.store_fails = True
        pair.second.gateway.push_found(ID, pair.store.find(ID), NOW)
        pair.second.settle()
    assert pair.cancelled() == [(4001, ())]


def test_a_request_that_is_read_twice_does_nothing_more(pair):
    """It is read until its push has ended, and once more where that crosses."""
    pair.first.submit(MESSAGE)
    pair.post(pap.CancelMessage(ID))
    pair.read_requests()
    pair.read_requests()
    pair.read_requests()
    assert len(pair.first.notifications) == 1


def test_a_gateway_whose_lease_has_lapsed_withdraws_nothing(pair):
    """Another may have the push."""
    pair.first.submit(MESSAGE)
    pair.post(pap.CancelMessage(ID))
    pair.first.advance(LEASE)
    pair.first.gateway.withdraw(pair.store.withdrawals(), pair.first.now)
    assert pair.first.delivery().state is State.HELD


def test_all_goes_out_whatever_becomes_of_the_original(pair):
    """It is accepted at once; the original is asked for in the same transaction."""
    pair.first.submit(replace(MESSAGE, addresses=(plmn(), plmn(OTHER))))
    pair.post(replace(NEW, addresses=(plmn(), plmn(OTHER), "x")))
    assert pair.answer().code == 1001
    assert list(pair.store.asked.values()) == [Withdrawal(ID, 0, "2@pi.example")]
    assert len(pair.second.pushed) == 1
    pair.read_requests()
    assert pair.first.delivery().state is State.REPLACED
    assert pair.first.notifications[-1].desc == "replaced by 2@pi.example"


def test_pending_only_goes_out_once_the_original_is_replaced(pair):
    """It is accepted at once, and waits until who holds the original has ended it."""
    pair.first.submit(MESSAGE)
    pair.second.views[Terminal.by_msisdn(MSISDN)] = ONLINE
    pair.post(PENDING_ONLY)
    assert pair.answer().code == 1001
    pair.second.advance(2)
    assert pair.second.pushed == []
    pair.read_requests()
    assert pair.first.delivery().state is State.REPLACED
    assert len(pair.second.pushed) == 1


def test_pending_only_stays_where_the_original_gets_through(pair):
    """Rejected with 2008: the terminal has had the push that was to be replaced."""
    pair.first.submit(MESSAGE)
    pair.post(PENDING_ONLY)
    pair.first.views[Terminal.by_msisdn(MSISDN)] = ONLINE
    pair.first.gateway.terminal_reachable(NOW, imsi=IMSI)
    pair.first.settle()
    pair.read_requests()
    assert pair.second.pushed == []
    (result,) = pair.second.notifications
    assert (result.state, result.code) == (MessageState.REJECTED, 2008)


def test_pending_only_waits_over_a_restart(pair):
    """What has become of the original is looked up again; a store that fails is asked again."""
    pair.first.submit(MESSAGE)
    pair.second.views[Terminal.by_msisdn(MSISDN)] = ONLINE
    pair.post(PENDING_ONLY)
    third = GatewayBench(pair.first.config, pair.store)
    third.views[Terminal.by_msisdn(MSISDN)] = ONLINE
    third.gateway.renewed(NOW + LEASE, NOW)
    third.store_fails = True
    kept = [one for one in pair.store.unfinished() if one.push.push_id == "2@pi.example"]
    third.gateway.restore(kept, NOW)
    third.settle()
    third.advance(1)
    third.store_fails = False
    third.advance(1)
    assert third.pushed == []
    pair.read_requests()
    third.advance(1)
    assert len(third.pushed) == 1


def test_pending_only_replaces_an_original_that_is_taken_over(pair):
    """Its gateway is gone: who has the replacement ends the original itself."""
    pair.first.submit(MESSAGE)
    pair.post(PENDING_ONLY)
    (stored,) = [one for one in pair.store.unfinished() if one.push.push_id == ID]
    pair.second.gateway.adopt([stored], NOW)
    pair.second.settle()
    pair.second.advance(1)
    pair.second.views[Terminal.by_msisdn(MSISDN)] = ONLINE
    pair.second.gateway.terminal_reachable(pair.second.now, imsi=IMSI)
    pair.second.settle()
    assert pair.second.delivery().state is State.REPLACED
    assert pair.second.delivery("2@pi.example").state is State.DELIVERED
    assert len(pair.second.pushed) == 1


def test_a_replacement_that_waits_is_let_go_with_its_push(pair):
    """Another gateway has taken it over meanwhile, and waits in its turn."""
    pair.first.submit(MESSAGE)
    pair.post(PENDING_ONLY)
    pair.second.gateway.renewed(NOW + LEASE, NOW, kept=frozenset())
    pair.second.settle()
    pair.read_requests()
    assert pair.second.pushed == []
    assert pair.second.gateway.next_timeout() == NOW + LEASE


def test_a_replacement_that_waits_goes_on_after_the_lease_had_lapsed(pair):
    """It looks at the original again then."""
    pair.first.submit(MESSAGE)
    pair.second.views[Terminal.by_msisdn(MSISDN)] = ONLINE
    pair.post(PENDING_ONLY)
    pair.second.advance(LEASE)
    pair.read_requests()
    assert pair.second.pushed == []
    pair.second.gateway.renewed(pair.second.now + LEASE, pair.second.now)
    pair.second.settle()
    assert len(pair.second.pushed) == 1
