"""The SQLite store: what is written stays, what cannot be used is refused."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from corenet.adapters.sqlite_file import StoreError
from testbed.codecs.pap import DeliveryMethod, Priority, ReplaceMethod, Version
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import (
    AddPush,
    DeliveryRecord,
    HistoryEntry,
    Notification,
    PushRecord,
    PutDelivery,
    StoredPush,
)
from testbed.gateway.keeping.store import PushQuery, Renewal, SqliteStore, Written

PUSH = PushRecord(
    push_id="1@pi.example",
    received=100.0,
    deliver_before=200.0,
    addresses=("first", "second"),
    pdu=b"\x06\x00",
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


def fresh(number: int) -> DeliveryRecord:
    return DeliveryRecord("1@pi.example", number, State.ACCEPTED, 100.0, history=(ACCEPTED,))


def put(number: int, state: State, notification=Notification.NONE, history_from=1) -> PutDelivery:
    entry = HistoryEntry(110.0, state, "note")
    record = DeliveryRecord(
        "1@pi.example", number, state, 110.0, 2, 1000, "why", notification, (entry,)
    )
    return PutDelivery(record, history_from)


@pytest.fixture
def path(tmp_path) -> str:
    return str(tmp_path / "pushes.sqlite")


def test_a_push_is_kept_whole(path):
    """What is read after a restart is what was written."""
    store = SqliteStore(path)
    assert store.write([AddPush(PUSH)]) == [Written.DONE]
    store.close()
    expected = StoredPush(PUSH, (fresh(0), fresh(1)))
    again = SqliteStore(path)
    assert again.find("1@pi.example") == expected
    assert again.unfinished() == [expected]
    assert again.find("2@pi.example") is None
    again.close()


def test_an_address_can_have_ended_from_the_start(open_store):
    """A refused address is written with its outcome, in the push's own transaction."""
    store = open_store()
    entries = (ACCEPTED, HistoryEntry(100.0, State.UNDELIVERABLE, "who?"))
    ended = replace(fresh(1), state=State.UNDELIVERABLE, code=2003, history=entries)
    store.write([AddPush(PUSH, (ended,))])
    assert store.find("1@pi.example") == StoredPush(PUSH, (fresh(0), ended))
    again = replace(ended, code=2002)
    assert store.write([AddPush(PUSH, (again,))]) == [Written.DUPLICATE]
    assert store.find("1@pi.example").deliveries[1] == ended


def test_optional_values_may_be_missing(open_store):
    """None comes back as None."""
    store = open_store()
    bare = replace(PUSH, deliver_after=None, notify_url=None, source_reference=None)
    store.write([AddPush(bare)])
    assert store.find("1@pi.example").push == bare


def test_a_push_id_is_used_once_for_ever(path):
    """Neither the end of a push nor a restart frees its id; the older push stays as it is."""
    store = SqliteStore(path)
    store.write([AddPush(PUSH), put(0, State.DELIVERED), put(1, State.DELIVERED)])
    store.close()
    again = SqliteStore(path)
    other = replace(PUSH, addresses=("third",))
    assert again.write([AddPush(other)]) == [Written.DUPLICATE]
    assert again.find("1@pi.example").push == PUSH
    again.close()


def test_two_submissions_of_one_push_id_in_one_batch_are_told_apart(open_store):
    """The first is written, the second a duplicate."""
    store = open_store()
    assert store.write([AddPush(PUSH), AddPush(PUSH)]) == [Written.DONE, Written.DUPLICATE]


def test_a_large_batch_is_written_row_by_row(open_store):
    """Of any number of rows each is told what became of it, and each is kept as it is."""
    store = open_store()
    count = 150
    pushes = [replace(PUSH, push_id=f"{number}@pi.example") for number in range(count)]
    store.write([AddPush(push) for push in pushes[::7]])
    expected = [Written.DONE if n % 7 else Written.DUPLICATE for n in range(count)]
    assert store.write([AddPush(push) for push in pushes]) == expected
    ends = [
        PutDelivery(
            replace(fresh(n % 2), push_id=push.push_id, state=State.DELIVERED, changed=float(n)),
            1,
        )
        for n, push in enumerate(pushes)
    ]
    assert store.write(ends) == [Written.DONE] * count
    for number, push in enumerate(pushes):
        found = store.find(push.push_id)
        assert found.push == push
        assert found.deliveries[number % 2].state is State.DELIVERED
        assert found.deliveries[number % 2].changed == number
        assert found.deliveries[1 - number % 2].state is State.ACCEPTED


def test_the_last_of_two_changes_in_one_batch_stays(open_store):
    """A delivery that changes twice in one batch is as the second says, with both histories."""
    store = open_store()
    store.write([AddPush(PUSH)])
    store.write([put(0, State.HELD), put(0, State.DELIVERED, history_from=2)])
    delivery = store.find("1@pi.example").deliveries[0]
    assert delivery.state is State.DELIVERED
    assert [entry.state for entry in delivery.history] == [
        State.ACCEPTED,
        State.HELD,
        State.DELIVERED,
    ]


def test_a_delivery_is_updated_and_its_history_grows(open_store):
    """New entries come behind the old ones."""
    store = open_store()
    store.write([AddPush(PUSH)])
    store.write([put(1, State.HELD), put(1, State.DELIVERED, history_from=2)])
    first, second = store.find("1@pi.example").deliveries
    assert first == fresh(0)
    assert second == DeliveryRecord(
        "1@pi.example",
        1,
        State.DELIVERED,
        110.0,
        2,
        1000,
        "why",
        Notification.NONE,
        (
            ACCEPTED,
            HistoryEntry(110.0, State.HELD, "note"),
            HistoryEntry(110.0, State.DELIVERED, "note"),
        ),
    )


def test_only_what_has_not_ended_is_taken_up_again(open_store):
    """Ended and reported pushes stay in the file, not in memory."""
    store = open_store()
    for number in range(3):
        push = replace(PUSH, push_id=str(number), received=float(number), addresses=("a",))
        store.write([AddPush(push)])
    done = put(0, State.DELIVERED).delivery
    store.write([PutDelivery(replace(done, push_id="1"), 1)])
    assert [stored.push.push_id for stored in store.unfinished()] == ["0", "2"]
    due = replace(done, push_id="2", notification=Notification.DUE)
    store.write([PutDelivery(due, 1)])
    assert [stored.push.push_id for stored in store.unfinished()] == ["0", "2"]
    store.write([PutDelivery(replace(due, notification=Notification.ANSWERED), 2)])
    assert [stored.push.push_id for stored in store.unfinished()] == ["0"]


def test_a_batch_is_written_whole_or_not_at_all(path):
    """A row that cannot be written takes the whole transaction back."""
    store = SqliteStore(path)
    bad = PutDelivery(replace(fresh(9), push_id="none"), 0)
    with pytest.raises(StoreError, match="cannot be written"):
        store.write([AddPush(PUSH), bad])
    assert store.find("1@pi.example") is None
    assert store.write([AddPush(PUSH)]) == [Written.DONE]
    store.close()


def test_a_value_that_sqlite_cannot_hold_takes_the_batch_back(open_store):
    """The connection is well afterwards."""
    store = open_store()
    with pytest.raises(UnicodeEncodeError):
        store.write([AddPush(PUSH), AddPush(replace(PUSH, push_id="\ud800"))])
    assert store.write([AddPush(PUSH)]) == [Written.DONE]


def test_a_second_gateway_is_kept_out(path):
    """The file is locked, and the sentence says what to do."""
    first = SqliteStore(path)
    with pytest.raises(StoreError, match="in use by another gateway"):
        SqliteStore(path, lock_seconds=0.0)
    first.close()
    SqliteStore(path).close()


def test_somebody_elses_database_is_refused(path):
    """It is left as it is; what else is looked at stands in the tests of files."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE other (x)")
    connection.close()
    with pytest.raises(StoreError, match="of no gateway"):
        SqliteStore(path)


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    """The sentence names the file."""
    with pytest.raises(StoreError, match="cannot be opened"):
        SqliteStore(str(tmp_path / "missing" / "pushes.sqlite"))


def test_a_closed_store_says_so(path):
    """Reading and writing end in StoreError."""
    store = SqliteStore(path)
    store.close()
    with pytest.raises(StoreError):
        store.find("1@pi.example")
    with pytest.raises(StoreError):
        store.write([AddPush(PUSH)])


def test_the_file_is_in_wal_mode(path):
    """The file's header says so (SQLite file format, §1.3.3)."""
    SqliteStore(path).close()
    with open(path, "rb") as file:
        assert file.read(20)[18:] == b"\x02\x02"


# What was long ago


def test_old_pushes_are_forgotten_but_not_their_push_ids(open_store):
    """All deliveries must have ended before the time; one that is not reported is open."""
    store = open_store()
    store.write([AddPush(PUSH), put(0, State.DELIVERED)])
    assert store.prune(before=1000.0) == 0
    store.write([put(1, State.EXPIRED, Notification.DUE)])
    assert store.prune(before=1000.0) == 0
    store.write([put(1, State.EXPIRED, Notification.ANSWERED)])
    assert store.prune(before=110.0) == 0
    assert store.find("1@pi.example") is not None
    assert store.prune(before=110.5) == 1
    assert store.prune(before=110.5) == 0
    assert store.find("1@pi.example") is None
    assert store.search(PushQuery()) == []
    assert store.write([AddPush(PUSH)]) == [Written.DUPLICATE]


def test_pushes_are_found_by_what_is_asked(open_store):
    """By address, by state and by time, newest first, so many."""
    store = open_store()
    for number in range(4):
        push = replace(PUSH, push_id=str(number), received=100.0 + number, addresses=("a",))
        store.write([AddPush(push)])
    store.write([AddPush(replace(PUSH, received=200.0)), put(0, State.DELIVERED)])

    def found(**query: object) -> list[str]:
        return [stored.push.push_id for stored in store.search(PushQuery(**query))]

    assert found() == ["1@pi.example", "3", "2", "1", "0"]
    assert found(limit=2) == ["1@pi.example", "3"]
    assert found(address="second") == ["1@pi.example"]
    assert found(state=State.DELIVERED) == ["1@pi.example"]
    assert found(address="second", state=State.DELIVERED) == []
    assert found(received_from=101.0, received_before=103.0) == ["2", "1"]


def test_nobody_shares_a_file(open_store):
    """There is no lease, and nothing to take over."""
    store = open_store()
    assert store.lease is None
    assert store.renew() == Renewal()


def test_a_closed_store_prunes_nothing(path):
    """It says why."""
    store = SqliteStore(path)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.prune(1.0)
