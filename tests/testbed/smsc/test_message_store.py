"""Messages are on disk as they stand, and come back as they were."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from corenet.interfaces.sms.address import SmsAddress, TypeOfNumber
from corenet.interfaces.sms.header import Concatenation, Ports
from testbed.codecs.smpp import Receipt, RegisteredDelivery
from testbed.smsc.message import Mode, ShortMessage
from testbed.smsc.store import MessageStore
from testbed.smsc.stored import MessageRecord, ReceiptState, State, part_id
from testbed.smsc.submission import Submission

NOW = 1_700_000_000.0
FULL = MessageRecord(
    message_id="00A1",
    esme="crm",
    lane="general",
    submission=Submission(
        message=ShortMessage(
            source=SmsAddress("SHOP", TypeOfNumber.ALPHANUMERIC, 0),
            destination="447700900123",
            payload=b"\x00\xff" * 70,
            header=(Ports(2948, 9200), Concatenation(7, 2, 1)),
            dcs=0xF5,
            pid=0x41,
        ),
        mode=Mode.STORE_AND_FORWARD,
        registered=RegisteredDelivery(Receipt.FINAL),
        validity=NOW + 100,
        scheduled=NOW + 10,
        priority=2,
        service_type="WAP",
        user_reference=77,
    ),
    accepted=NOW,
    expires=NOW + 100,
    state=State.AWAY,
    changed=NOW + 20,
    next_try=NOW + 30,
    reference=200,
    missing=(2, 3),
    attempts=4,
    failure="destination out of order (rp 27)",
    network_error=6,
)
BARE = MessageRecord(
    message_id="00A2",
    esme="",
    lane="push",
    submission=Submission(
        message=ShortMessage(source=SmsAddress("1"), destination="447700900124", payload=b""),
        mode=Mode.STORE_AND_FORWARD,
        registered=RegisteredDelivery(),
    ),
    accepted=NOW,
    expires=NOW + 1,
    changed=NOW,
    next_try=NOW,
)


Open = Callable[[str], MessageStore]


@pytest.fixture
def open_store() -> Iterator[Open]:
    """Return what opens a store, which is closed with the test."""
    with ExitStack() as stores:

        def opened(path: str) -> MessageStore:
            store = MessageStore(path)
            stores.callback(store.close)
            return store

        yield opened


def test_a_message_comes_back_as_it_was(tmp_path: Path, open_store: Open) -> None:
    """Every field survives, those that are absent too."""
    path = str(tmp_path / "smsc.sqlite")
    store = open_store(path)
    store.write([FULL, BARE])
    store.close()
    again = open_store(path)
    assert again.find("00A1") == [FULL]
    assert again.unfinished() == [FULL, BARE]
    assert again.find("none") == []


def test_a_message_is_written_over(open_store: Open) -> None:
    """The latest state is what counts, also within one transaction."""
    store = open_store(":memory:")
    changed = replace(FULL, state=State.DELIVERED, missing=())
    store.write([FULL, BARE, changed])
    assert store.find("00A1") == [changed]
    assert store.unfinished() == [BARE]


def test_a_message_stays_open_until_its_receipt_is_taken(open_store: Open) -> None:
    """What has ended is taken up again where its receipt is due."""
    store = open_store(":memory:")
    due = replace(FULL, state=State.DELIVERED, receipt=ReceiptState.DUE)
    store.write([due])
    assert store.unfinished() == [due]
    store.write([replace(due, receipt=ReceiptState.TAKEN)])
    assert store.unfinished() == []


def test_old_messages_are_forgotten(open_store: Open) -> None:
    """Only what has ended, and only what ended before that."""
    store = open_store(":memory:")
    ended = replace(BARE, message_id="old", state=State.EXPIRED, changed=NOW - 10)
    recent = replace(ended, message_id="recent", changed=NOW + 10)
    store.write([FULL, ended, recent])
    assert store.prune(NOW) == 1
    assert store.find("old") == []
    assert store.find("recent") == [recent]
    assert store.find("00A1") == [FULL]


PARTS = [replace(BARE, message_id=part_id("00A2", number)) for number in (0, 1, 10)]
NEIGHBOURS = [replace(BARE, message_id=name) for name in ("00A1", "00A2F", "00A20.1", "00A3")]


def test_a_message_is_found_with_all_its_parts(open_store: Open) -> None:
    """One for each destination, and none of a message whose id begins alike."""
    store = open_store(":memory:")
    store.write([*NEIGHBOURS, *PARTS])
    assert store.find("00A2") == PARTS
