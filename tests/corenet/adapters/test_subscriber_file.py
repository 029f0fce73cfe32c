"""Subscribers and their states in an SQLite file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from corenet.adapters.sqlite_file import StoreError
from corenet.adapters.subscriber_file import SubscriberFile
from corenet.authentication.secrets import MilenageSecret, XorSecret
from corenet.hlr.config import Barring, SubscribedApn, Subscriber
from corenet.hlr.store import NotKeptError, State
from gtp.codes import MsNotReachableReason

QOS = bytes.fromhex("020b921f7396fefe742bffff")
PLAIN = Subscriber("234150000000001", "447700900001")
FULL = Subscriber(
    "234150000000002",
    "447700900002",
    (SubscribedApn("wap.example", "10.45.0.7", QOS), SubscribedApn("internet")),
    MilenageSecret(b"k" * 16, b"o" * 16),
    sqn=99,
    barring=Barring.ROAMING,
)
SIM = Subscriber("234150000000003", "447700900003", secret=XorSecret(b"k" * 16))
STATE = State(
    ("192.0.2.2", 4222),
    1000.5,
    MsNotReachableReason.NO_PAGING_RESPONSE_SGSN,
    ("192.0.2.1", "192.0.2.11"),
    True,
    ((("192.0.2.5", 4222), None), (("smsc", 0), b"smsc\0")),
    sqn=132,
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "hlr.sqlite")


@pytest.fixture
def file(path: str) -> Iterator[SubscriberFile]:
    file = SubscriberFile(path)
    yield file
    file.close()


def test_subscribers_come_back_as_they_were(file: SubscriberFile, path: str) -> None:
    """With access points in their order, addresses, QoS and card."""
    file.add([FULL, SIM, PLAIN])
    file.close()
    again = SubscriberFile(path)
    assert list(again.load()) == [(PLAIN, State()), (FULL, State(sqn=99)), (SIM, State())]
    again.close()


def test_states_come_back_as_they_were(file: SubscriberFile) -> None:
    """Also the sequence number, which is the card's from then on."""
    file.add([FULL])
    file.save({FULL.imsi: STATE})
    ((subscriber, state),) = file.load()
    assert state == STATE
    assert subscriber.sqn == 132
    file.save({FULL.imsi: State()})
    assert [state for _, state in file.load()] == [State()]


def test_who_is_known_is_not_added(file: SubscriberFile) -> None:
    """What the file has stands."""
    file.add([FULL])
    file.add([Subscriber(FULL.imsi, "447700900009"), PLAIN])
    assert [subscriber for subscriber, _ in file.load()] == [PLAIN, FULL]


def test_a_subscriber_is_replaced_where_it_is(file: SubscriberFile) -> None:
    """Its state stays: it does not leave its SGSN by that."""
    file.add([FULL])
    file.save({FULL.imsi: STATE})
    changed = Subscriber(FULL.imsi, FULL.msisdn, (SubscribedApn("internet"),), sqn=7)
    assert file.put([changed]) == 1
    ((subscriber, state),) = file.load()
    assert subscriber == changed
    assert state.sgsn == STATE.sgsn


def test_two_may_exchange_their_numbers(file: SubscriberFile) -> None:
    """In one import."""
    file.add([PLAIN, SIM])
    exchanged = [Subscriber(PLAIN.imsi, SIM.msisdn), Subscriber(SIM.imsi, PLAIN.msisdn)]
    assert file.put(exchanged) == 2
    assert [subscriber for subscriber, _ in file.load()] == exchanged


@pytest.mark.parametrize("verb", ["add", "put"])
def test_a_number_has_one_owner(file: SubscriberFile, verb: str) -> None:
    """The sentence names both; nothing of the import is kept."""
    file.add([PLAIN])
    with pytest.raises(StoreError, match=f"{PLAIN.msisdn} of {SIM.imsi} belongs to {PLAIN.imsi}"):
        getattr(file, verb)([FULL, Subscriber(SIM.imsi, PLAIN.msisdn)])
    assert [subscriber for subscriber, _ in file.load()] == [PLAIN]


def test_one_process_has_the_file(file: SubscriberFile, path: str) -> None:
    """A second HLR, or an import meanwhile, is told why it cannot."""
    with pytest.raises(StoreError, match="in use by another HLR"):
        SubscriberFile(path)


def test_what_cannot_be_written_is_said(file: SubscriberFile) -> None:
    """The HLR keeps it in memory, and tries again."""
    with pytest.raises(NotKeptError, match="cannot be written"):
        file.save({"234159999999999": STATE})


def test_one_subscriber_is_replaced_or_removed(file: SubscriberFile) -> None:
    """Its state stays with the first, and goes with the second."""
    file.add([FULL, PLAIN])
    file.save({FULL.imsi: STATE})
    changed = Subscriber(FULL.imsi, "447700900777", sqn=STATE.sqn)
    file.replace(changed)
    assert dict(file.load())[changed] == STATE
    file.remove(FULL.imsi)
    file.add([FULL])
    assert [subscriber for subscriber, _ in file.load()] == [PLAIN]
    file.replace(Subscriber(FULL.imsi, "447700900777"))
    assert State() in dict(file.load()).values()


def test_an_edit_that_cannot_be_written_is_said(path: str) -> None:
    """A number that another has, and a file that is closed."""
    with closing(SubscriberFile(path)) as file:
        file.add([PLAIN])
        with pytest.raises(NotKeptError, match="belongs to"):
            file.replace(Subscriber(SIM.imsi, PLAIN.msisdn))
    with pytest.raises(NotKeptError, match="cannot be written"):
        file.remove(PLAIN.imsi)
