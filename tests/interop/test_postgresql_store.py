"""The PostgreSQL store on a real server: what it keeps, who holds it, and how it outlives both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest

from corenet.adapters.sqlite_file import StoreError
from testbed.adapters.postgresql_store import ADOPTED_AT_ONCE, PostgresqlStore
from testbed.codecs.pap import DeliveryMethod, Priority, ReplaceMethod, Version
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import (
    AddPush,
    AskWithdrawal,
    DeliveryRecord,
    HistoryEntry,
    Notification,
    PushRecord,
    PutDelivery,
    StoredPush,
    Withdrawal,
)
from testbed.gateway.keeping.store import PushQuery, Written
from tests.interop.postgresql import PostgresqlServer

pytestmark = pytest.mark.interop

PUSH = PushRecord(
    push_id="1@pi.example",
    received=100.0,
    deliver_before=200.0,
    addresses=("first", "second"),
    pdu=b"\x06\x00\xff",
    content_type="text/plain",
    version=Version.V1_0,
    deliver_after=150.0,
    notify_url="http://127.0.0.1/n",
    source_reference="campaign",
    priority=Priority.HIGH,
    delivery_method=DeliveryMethod.ONE_SHOT,
    initiator="shop",
    replaces="0@pi.example",
    replace_method=ReplaceMethod.PENDING_ONLY,
    application="x-wap-application:mms.ua",
)
ACCEPTED = HistoryEntry(100.0, State.ACCEPTED)
DONE, DUPLICATE, NOT_HELD = Written.DONE, Written.DUPLICATE, Written.NOT_HELD


def fresh(number: int) -> DeliveryRecord:
    return DeliveryRecord("1@pi.example", number, State.ACCEPTED, 100.0, history=(ACCEPTED,))


def push(push_id: str, **changes: object) -> AddPush:
    return AddPush(replace(PUSH, push_id=push_id, addresses=("first",), **changes))


def put(
    push_id: str = "1@pi.example",
    number: int = 0,
    state: State = State.DELIVERED,
    notification: Notification = Notification.NONE,
    history_from: int = 1,
    note: str = "note",
) -> PutDelivery:
    entry = HistoryEntry(110.0, state, note)
    return PutDelivery(
        DeliveryRecord(push_id, number, state, 110.0, 2, 1000, "why", notification, (entry,)),
        history_from,
    )


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresqlServer]:
    """Return a server that runs."""
    with PostgresqlServer() as server:
        yield server


@pytest.fixture
def url(server: PostgresqlServer) -> str:
    """Return the URL of a database of this test's own."""
    return server.make_database(uuid4().hex)


Open = Callable[..., PostgresqlStore]


@pytest.fixture
def open_store(url: str) -> Iterator[Open]:
    """Opens stores on one database; each is another gateway's."""
    with ExitStack() as stack:
        # Nobody's lease lapses by itself.
        yield lambda lease=6000.0, **options: stack.enter_context(
            closing(PostgresqlStore(url, lease=lease, **options))
        )


def pass_time(url: str, seconds: float) -> None:
    """Let time pass for everybody's lease, by the server's clock."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE gateway SET lease_until = lease_until - make_interval(secs => %s)", (seconds,)
        )


def test_a_push_is_kept_whole(open_store):
    """What another gateway reads is what was written."""
    assert open_store().write([AddPush(PUSH)]) == [DONE]
    assert open_store().find("1@pi.example") == StoredPush(PUSH, (fresh(0), fresh(1)))
    assert open_store().find("2@pi.example") is None


def test_optional_values_may_be_missing(open_store):
    """None comes back as None, in a batch with values too."""
    store = open_store()
    bare = replace(PUSH, deliver_after=None, notify_url=None, source_reference=None, replaces=None)
    assert store.write([AddPush(bare), push("2")]) == [DONE, DONE]
    assert store.find("1@pi.example").push == bare


def test_an_address_can_have_ended_from_the_start(open_store):
    """A push with nothing left to do is nobody's."""
    store, other = open_store(), open_store()
    entries = (ACCEPTED, HistoryEntry(100.0, State.UNDELIVERABLE, "who?"))
    ended = [
        replace(fresh(n), state=State.UNDELIVERABLE, code=2003, history=entries) for n in (0, 1)
    ]
    store.write([AddPush(PUSH, tuple(ended))])
    assert store.find("1@pi.example") == StoredPush(PUSH, tuple(ended))
    store.close()
    assert other.unfinished() == []


def test_what_one_gateway_asks_for_the_holder_reads(open_store):
    """Until the push is done with; asked twice it stays as it was asked first."""
    store, other = open_store(), open_store()
    store.renew()
    assert store.write([AddPush(PUSH), push("2")]) == [DONE, DONE]
    first, second = Withdrawal("1@pi.example", 0), Withdrawal("1@pi.example", 1, "9")
    assert other.write([AskWithdrawal((second, first))]) == [DONE]
    other.write([AskWithdrawal((Withdrawal("1@pi.example", 1),))])
    assert store.withdrawals() == [first, second]
    assert other.withdrawals() == []
    store.write([put(number=0, state=State.CANCELLED)])
    assert store.withdrawals() == [second]
    store.write([put(number=1, state=State.REPLACED)])
    assert store.withdrawals() == []


def test_a_push_asks_for_what_it_replaces_as_it_is_stored(open_store):
    """Or not at all, where its push-id was used before."""
    store, other = open_store(), open_store()
    store.renew()
    store.write([AddPush(PUSH)])
    asked = Withdrawal("1@pi.example", 0, "2")
    assert other.write([replace(push("1@pi.example"), withdraws=(asked,))]) == [DUPLICATE]
    assert store.withdrawals() == []
    assert other.write([replace(push("2"), withdraws=(asked,))]) == [DONE]
    assert store.withdrawals() == [asked]


def test_what_was_asked_for_is_handed_on_with_the_push(open_store, url):
    """Who takes it over reads it; once nobody holds the push it is forgotten."""
    store, other = open_store(), open_store()
    store.renew()
    store.write([AddPush(PUSH)])
    other.write([AskWithdrawal((Withdrawal("1@pi.example", 0),))])
    store.close()
    assert [stored.push for stored in other.unfinished()] == [PUSH]
    assert other.withdrawals() == [Withdrawal("1@pi.example", 0)]
    other.write([put(number=0), put(number=1)])
    other.prune(before=0.0)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT count(*) FROM withdrawal").fetchone() == (0,)


def test_a_push_id_is_used_once_for_ever_whichever_gateway_it_came_to(open_store):
    """Within a batch, at the other gateway, after its end, and after it was pruned."""
    store, other = open_store(), open_store()
    store.renew()
    assert store.write([push("1"), push("1"), push("2")]) == [DONE, DUPLICATE, DONE]
    assert other.write([push("3"), push("1")]) == [DONE, DUPLICATE]
    assert store.write([put("1")]) == [DONE]
    assert store.prune(before=111.0) == 1
    assert store.find("1") is None
    assert other.write([push("1")]) == [DUPLICATE]


def test_a_delivery_is_updated_and_its_history_grows(open_store):
    """Several rows for one delivery in one batch are told apart; the last counts."""
    store = open_store()
    held = put(number=1, state=State.HELD)
    store.write([AddPush(PUSH), held, put(number=1, history_from=2, note="a\0b\ud800")])
    first, second = store.find("1@pi.example").deliveries
    assert first == fresh(0)
    assert (second.state, second.attempts, second.code) == (State.DELIVERED, 2, 1000)
    assert [(entry.state, entry.note) for entry in second.history] == [
        (State.ACCEPTED, ""),
        (State.HELD, "note"),
        (State.DELIVERED, "a\ufffdb?"),
    ]


def test_a_batch_is_written_whole_or_not_at_all(open_store):
    """A value that cannot be stored takes the transaction back; the connection is well after."""
    store = open_store()
    with pytest.raises(StoreError):
        store.write([push("1"), push("a\0b")])
    with pytest.raises(UnicodeEncodeError):
        store.write([push("1"), push("\ud800")])
    assert store.write([push("1")]) == [DONE]


def test_pushes_are_found_by_what_is_asked(open_store):
    """By address, by state and by time, newest first, so many."""
    store = open_store()
    store.write([push(str(n), received=100.0 + n) for n in range(4)])
    store.write([AddPush(replace(PUSH, received=200.0)), put("2")])

    def found(**query: object) -> list[str]:
        return [stored.push.push_id for stored in store.search(PushQuery(**query))]

    assert found() == ["1@pi.example", "3", "2", "1", "0"]
    assert found(limit=2) == ["1@pi.example", "3"]
    assert found(address="second") == ["1@pi.example"]
    assert found(state=State.DELIVERED) == ["2"]
    assert found(received_from=101.0, received_before=103.0) == ["2", "1"]


def test_only_old_pushes_that_have_ended_are_pruned(open_store):
    """One address that is open, or ended lately, keeps the push."""
    store = open_store()
    store.write([AddPush(PUSH), put(number=0), push("2"), put("2")])
    assert store.prune(before=110.0) == 0
    assert store.prune(before=110.5) == 1
    assert store.find("2") is None
    assert store.find("1@pi.example") is not None
    due = put(number=1, notification=Notification.DUE)
    store.write([due])
    assert store.prune(before=110.5) == 0


# Who holds what


def test_what_a_gateway_holds_nobody_else_gets(open_store):
    """As long as its lease lasts."""
    store, other = open_store(), open_store()
    assert store.unfinished() == []
    store.write([push("1")])
    assert other.unfinished() == []
    assert other.renew().adopted == ()
    assert other.write([put("1")]) == [NOT_HELD]
    assert store.find("1").deliveries[0].state is State.ACCEPTED
    assert store.renew().kept is None


def test_a_gateway_that_closes_gives_its_pushes_up_at_once(open_store):
    """What has not ended, or is not reported, is handed over with its history; oldest first."""
    store, other = open_store(), open_store()
    store.unfinished()
    store.write([push("new", received=120.0), push("old"), push("over"), push("due")])
    store.write([put("over"), put("due", notification=Notification.DUE)])
    store.close()
    adopted = other.unfinished()
    assert [stored.push.push_id for stored in adopted] == ["due", "old", "new"]
    assert [entry.state for entry in adopted[0].deliveries[0].history] == [
        State.ACCEPTED,
        State.DELIVERED,
    ]
    assert other.write([put("old")]) == [DONE]


def test_the_pushes_of_a_dead_gateway_are_taken_over_after_its_lease(open_store, url):
    """Not before the lease has lapsed, and then by the next who looks."""
    dead, other = open_store(lease=600.0), open_store()
    other.unfinished()
    dead.unfinished()
    dead.write([push("1")])
    pass_time(url, 300.0)
    assert other.renew().adopted == ()
    pass_time(url, 301.0)
    assert [stored.push.push_id for stored in other.renew().adopted] == ["1"]


def test_a_gateway_that_renews_too_late_learns_what_it_has_lost(open_store, url):
    """And cannot write any more to what is another's."""
    late, other = open_store(lease=600.0), open_store()
    other.unfinished()
    late.unfinished()
    late.write([push("1"), push("2")])
    assert late.renew().kept is None
    pass_time(url, 601.0)
    assert late.write([put("2")]) == [DONE]
    assert [stored.push.push_id for stored in other.renew().adopted] == ["1"]
    assert late.write([push("3"), put("1")]) == [DONE, NOT_HELD]
    assert late.renew().kept == frozenset({"3"})


def test_gateways_that_take_over_share_the_work(open_store):
    """Each push goes to one of them, however many there are."""
    gone = open_store()
    gone.unfinished()
    numbers = [str(number) for number in range(2 * ADOPTED_AT_ONCE + 10)]
    gone.write([push(number) for number in numbers])
    gone.close()
    others = [open_store() for _ in range(3)]
    renewals = [other.renew() for other in others]
    assert [renewal.more for renewal in renewals] == [True, True, False]
    taken = [stored.push.push_id for renewal in renewals for stored in renewal.adopted]
    assert sorted(taken) == sorted(numbers)


def test_rows_that_another_works_on_are_passed_over(open_store, url):
    """Taking over waits for nobody (SKIP LOCKED)."""
    gone, other = open_store(), open_store()
    gone.unfinished()
    gone.write([push("1"), push("2")])
    gone.close()
    with psycopg.connect(url) as connection:
        connection.execute("SELECT FROM push WHERE push_id = '1' FOR UPDATE")
        assert [stored.push.push_id for stored in other.renew().adopted] == ["2"]
        connection.rollback()
    assert [stored.push.push_id for stored in other.renew().adopted] == ["1"]


# The server


def test_a_server_that_restarts_is_waited_for(open_store, server):
    """Calls fail at once meanwhile, attempts to connect are spaced out, nothing is lost."""
    now = [0.0]
    store = open_store(lease=60.0, clock=lambda: now[0])
    store.unfinished()
    store.write([push("1")])
    server.stop()
    try:
        with pytest.raises(StoreError, match=r"at 127\.0\.0\.1"):
            store.write([push("2")])
        with pytest.raises(StoreError, match="is away"):
            store.write([push("2")])
        now[0] += 1.0
        with pytest.raises(StoreError, match="refused"):
            store.write([push("2")])
    finally:
        server.start()
    with pytest.raises(StoreError, match="is away"):
        store.find("1")
    now[0] += 5.0
    assert store.write([push("2")]) == [DONE]
    assert store.renew().kept is None
    assert store.find("1") is not None


def test_a_commit_whose_answer_was_lost_is_looked_for(open_store, server, monkeypatch):
    """A push that was added after all is handed over, though its submission was refused."""
    now = [0.0]
    store = open_store(lease=60.0, clock=lambda: now[0])
    store.unfinished()
    commit = psycopg.Connection.transaction

    class Cut:
        """Commits, and then the connection breaks before anybody hears so."""

        def __init__(self, connection):
            self.connection = connection
            self.inner = commit(connection)

        def __enter__(self):
            return self.inner.__enter__()

        def __exit__(self, *raised):
            self.inner.__exit__(*raised)
            self.connection.close()
            raise psycopg.OperationalError("the connection is lost")

    monkeypatch.setattr(psycopg.Connection, "transaction", lambda self: Cut(self))
    with pytest.raises(StoreError, match="lost"):
        store.write([push("1")])
    monkeypatch.undo()
    now[0] += 10.0
    assert [stored.push.push_id for stored in store.renew().adopted] == ["1"]
    assert store.renew().adopted == ()


def test_what_cannot_be_opened_says_why_without_the_password(server):
    """The sentence names server and database."""
    with pytest.raises(StoreError, match=r"database nowhere at 127\.0\.0\.1") as raised:
        PostgresqlStore(server.url("nowhere").replace("corenet@", "corenet:secret@"))
    assert "secret" not in str(raised.value)
    with pytest.raises(StoreError, match="URL cannot be read"):
        PostgresqlStore("postgresql://[")


def test_somebody_elses_database_is_refused(url):
    """It is left as it is; so is one of another schema version."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE push (x integer)")
        with pytest.raises(StoreError, match="not a gateway's"):
            PostgresqlStore(url)
        connection.execute("DROP TABLE push")
        PostgresqlStore(url).close()
        connection.execute("UPDATE push_gateway_schema SET version = 99")
        with pytest.raises(StoreError, match="schema version 99"):
            PostgresqlStore(url)


def test_a_closed_store_says_so(open_store):
    """Whatever is asked of it."""
    store = open_store()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.renew()
