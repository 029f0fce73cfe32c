"""A gateway that shares its store: what it may do depends on a lease."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.gateway.config import RetryPolicy
from testbed.gateway.effects import LookUpTerminal, PostNotification
from testbed.gateway.events import LeaseLapsed, PushAdopted, PushLetGo
from testbed.gateway.keeping.records import PutDelivery
from testbed.gateway.keeping.store import SqliteStore, Written
from testbed.gateway.testing import IMSI, MESSAGE, MSISDN, accounting, active, body_of

ID = "1@pi.example"
OTHER = replace(MESSAGE, push_id="2@pi.example")


def renew(bench, seconds=10.0, kept=None):
    bench.gateway.renewed(bench.now + seconds, bench.now, kept=kept)
    bench.settle()


@pytest.fixture
def waiting(bench):
    """Return a gateway with a lease, and a push whose activation is not answered."""
    bench.outcome = None
    renew(bench)
    bench.submit(MESSAGE)
    assert len(bench.activations) == 1
    return bench


def test_nothing_is_sent_once_the_lease_has_lapsed(waiting):
    """An activation that ends afterwards, a terminal that shows itself: the push stays."""
    waiting.advance(10.0)
    assert waiting.told(LeaseLapsed) == [LeaseLapsed(1)]
    waiting.finish(waiting.activations[0], active()(waiting.activations[0]))
    waiting.gateway.terminal_reachable(waiting.now, imsi=IMSI, msisdn=MSISDN)
    waiting.radius(accounting(1))
    waiting.advance(100_000)
    assert waiting.pushed == []
    assert waiting.delivery().state == "activating"


def test_a_gateway_that_slept_through_its_lease_sends_nothing_when_it_wakes(waiting):
    """Whatever it hears first, before any timer: the lease is looked at first."""
    waiting.now += 60.0
    waiting.finish(waiting.activations[0], active()(waiting.activations[0]))
    assert waiting.pushed == []
    assert waiting.told(LeaseLapsed)


def test_submissions_are_refused_while_the_lease_has_lapsed(waiting):
    """At once, with 4001; the initiator may try another gateway."""
    waiting.now += 60.0
    assert waiting.submit(OTHER).code == 4001
    renew(waiting)
    assert waiting.submit(OTHER).code == 1001


def test_what_is_still_held_goes_on_when_the_lease_is_renewed(waiting):
    """As after a restart, without one."""
    waiting.advance(20.0)
    waiting.outcome = active()
    renew(waiting)
    waiting.finish(waiting.activations[0], active()(waiting.activations[0]))
    waiting.advance(60.0)
    assert len(waiting.pushed) == 1
    entries = waiting.delivery().history
    assert "the lease had lapsed" in [entry.note for entry in entries]


def test_a_renewal_in_time_changes_nothing(waiting):
    """The activation goes on."""
    waiting.advance(9.0)
    renew(waiting)
    waiting.advance(9.0)
    assert waiting.told(LeaseLapsed) == []
    waiting.finish(waiting.activations[0], active()(waiting.activations[0]))
    assert len(waiting.pushed) == 1


def test_what_was_taken_over_meanwhile_is_let_go(waiting):
    """It is the other gateway's to deliver and to report."""
    waiting.submit(OTHER)
    waiting.advance(20.0)
    renew(waiting, kept=frozenset({"2@pi.example"}))
    assert waiting.told(PushLetGo) == [PushLetGo(ID)]
    assert waiting.gateway.push(ID) is None
    for request in list(waiting.activations):
        waiting.finish(request, active()(request))
    assert len(waiting.pushed) == 1
    assert waiting.gateway.unfinished == 0


def test_a_push_that_is_judged_when_it_is_let_go_is_not_sent(make_bench):
    """The core's answer finds nobody who waits for it."""
    bench = make_bench(retry=RetryPolicy(poll=1.0))
    renew(bench)
    bench.gateway.submit("s", *body_of(MESSAGE), bench.now)
    (commit,) = bench.gateway.take_effects()
    bench.store.write([commit.row])
    bench.gateway.committed(commit.number, bench.now)
    look_up = bench.gateway.take_effects()[1]
    assert isinstance(look_up, LookUpTerminal)
    bench.gateway.renewed(bench.now + 10, bench.now, kept=frozenset())
    view = bench.views[look_up.terminal]
    bench.gateway.terminal_found(look_up.terminal, view, bench.now)
    bench.gateway.take_events()
    assert bench.gateway.take_effects() == []
    assert bench.gateway.unfinished == 0


class ForeignStore(SqliteStore):
    """Takes no more of a push that another gateway has."""

    foreign = False

    def write(self, rows):
        if self.foreign and isinstance(rows[0], PutDelivery):
            return [Written.NOT_HELD] * len(rows)
        return super().write(rows)


def test_a_write_that_comes_too_late_lets_the_push_go(waiting):
    """The fence of the store tells, if nothing else did."""
    store = ForeignStore(":memory:")
    waiting.store.close()
    waiting.store = store
    store.foreign = True
    waiting.finish(waiting.activations[0], active()(waiting.activations[0]))
    assert waiting.told(PushLetGo) == [PushLetGo(ID)]
    assert waiting.notifications == []
    assert waiting.gateway.counters["deliveries kept"] == 0
    store.close()


def test_an_end_is_written_although_the_lease_has_lapsed_and_reported_after(waiting):
    """What was sent was sent: nobody must send it again if we still hold it."""
    waiting.store_fails = True
    waiting.finish(waiting.activations[0], active()(waiting.activations[0]))
    waiting.advance(20.0)
    assert waiting.told(LeaseLapsed)
    waiting.store_fails = False
    waiting.advance(2.0)
    assert waiting.store.find(ID).deliveries[0].state == "delivered"
    assert waiting.notifications == []
    renew(waiting)
    assert len(waiting.notifications) == 1
    assert waiting.delivery().notification == "answered"


def test_a_result_that_waits_to_be_posted_again_waits_for_the_lease_too(bench):
    """Another gateway may be posting it."""
    renew(bench)
    posts = []
    bench.initiator = lambda post: posts.append(bench.now) or "refused"
    bench.submit(MESSAGE)
    bench.advance(60.0)
    tries = len(posts)
    bench.advance(600.0)
    assert len(posts) == tries
    bench.initiator = lambda _: (200, b"")
    renew(bench)
    assert len(bench.notifications) == 1


def test_a_result_under_way_when_the_lease_lapses_is_not_posted_twice(bench):
    """Its answer counts when it comes; one for a push that was let go is nobody's."""
    renew(bench)
    posts: list[PostNotification] = []
    bench.initiator = posts.append
    bench.submit(MESSAGE)
    bench.advance(20.0)
    renew(bench)
    assert len(posts) == 1
    bench.gateway.notification_answered(ID, 0, 200, b"", bench.now)
    bench.settle()
    assert bench.store.unfinished() == []
    bench.gateway.notification_answered(ID, 0, 200, b"", bench.now)
    bench.gateway.notification_failed(ID, 0, "broke off", bench.now)
    bench.settle()


def test_adopted_pushes_are_taken_up_once(bench):
    """Where they come a second time they are under way already."""
    bench.outcome = None
    bench.submit(MESSAGE)
    kept = bench.store.unfinished()
    bench.gateway.adopt(kept, bench.now)
    assert bench.told(PushAdopted) == []
    bench.gateway.renewed(bench.now + 10, bench.now, kept=frozenset())
    bench.gateway.adopt(kept, bench.now)
    bench.settle()
    assert bench.told(PushAdopted) == [PushAdopted(ID)]
    assert "taken over from another gateway" in [e.note for e in bench.delivery().history]
    bench.finish(bench.activations[0], active()(bench.activations[0]))
    assert len(bench.pushed) == 1
