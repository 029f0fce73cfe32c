"""The RADIUS session table, rule by rule (facts of RFC 2866 and TS 29.061)."""

from __future__ import annotations

from dataclasses import replace

from corenet.radius.accounting import AccountingStatus
from testbed.gateway.sessions import AccountingRecord, Change, Session, SessionTable

START = AccountingRecord(
    AccountingStatus.START,
    nas="192.0.2.1",
    session="C000020100000001",
    address="10.45.0.7",
    msisdn="447700900123",
    imsi="234150999999999",
    apn="wap.example",
    nsapi="5",
)
STOP = replace(START, status=AccountingStatus.STOP)
INTERIM = replace(START, status=AccountingStatus.INTERIM_UPDATE)
SESSION = Session(
    "10.45.0.7", "447700900123", "234150999999999", "wap.example", "192.0.2.1", since=100.0
)
NOTHING = Change()


def started(*records: AccountingRecord) -> SessionTable:
    table = SessionTable()
    for record in records or (START,):
        table.apply(record, 100.0)
    return table


def test_start_adds():
    """A Start makes the terminal online by number and by address."""
    table = SessionTable()
    assert table.apply(START, 100.0) == Change(came=SESSION)
    assert table.of_msisdn("447700900123") == SESSION
    assert table.at("10.45.0.7") == SESSION
    assert len(table) == 1


def test_a_repeated_start_refreshes():
    """The same session again brings nobody new."""
    assert started().apply(START, 200.0) == NOTHING


def test_stop_removes():
    """A Stop ends the session that it names."""
    table = started()
    assert table.apply(STOP, 200.0) == Change(went=(SESSION,))
    assert table.of_msisdn("447700900123") is None
    assert table.at("10.45.0.7") is None


def test_start_on_an_address_in_use_replaces():
    """The newest subscriber of an address has it; the Stop of the other was lost."""
    table = started()
    other = replace(START, session="C2", msisdn="447700900999", imsi="234150000000009")
    change = table.apply(other, 200.0)
    assert change.went == (SESSION,)
    assert change.came is not None
    assert table.at("10.45.0.7") == change.came
    assert table.of_msisdn("447700900123") is None


def test_a_delayed_stop_does_not_end_the_next_users_session():
    """A Stop for the old session leaves the new holder of the address alone."""
    table = started()
    table.apply(replace(START, session="C2", msisdn="4", imsi="5"), 200.0)
    assert table.apply(STOP, 300.0) == NOTHING
    assert table.at("10.45.0.7") is not None


def test_a_stop_for_another_session_is_ignored():
    """Session ids must match."""
    assert started().apply(replace(STOP, session="C9"), 200.0) == NOTHING


def test_a_stop_without_address_finds_its_session():
    """The session id names the session well enough."""
    assert started().apply(replace(STOP, address=None), 200.0) == Change(went=(SESSION,))


def test_a_start_that_comes_after_its_stop_is_ignored():
    """Reordered records leave no ghost."""
    table = started()
    table.apply(STOP, 200.0)
    assert table.apply(START, 201.0) == NOTHING
    assert table.apply(INTERIM, 202.0) == NOTHING


def test_interim_update_makes_a_missing_entry():
    """After a restart the table fills from Interim-Updates."""
    assert SessionTable().apply(INTERIM, 100.0) == Change(came=SESSION)


def test_on_and_off_clear_the_sessions_of_that_ggsn_only():
    """A GGSN that restarted has no contexts any more."""
    for status in (AccountingStatus.ACCOUNTING_ON, AccountingStatus.ACCOUNTING_OFF):
        other = replace(START, nas="192.0.2.9", address="10.46.0.1", session="D1", msisdn="44")
        table = started(START, other)
        on = AccountingRecord(status, nas="192.0.2.1")
        assert table.apply(on, 300.0) == Change(went=(SESSION,))
        assert table.at("10.46.0.1") is not None


def test_a_terminal_without_number_is_known_by_its_address():
    """A Start without Calling-Station-Id keeps address and IMSI."""
    table = started(replace(START, msisdn=None))
    assert table.at("10.45.0.7").imsi == "234150999999999"
    assert table.apply(replace(STOP, msisdn=None), 200.0).went


def test_a_start_that_names_nobody_or_no_address_is_ignored():
    """There is nothing to map."""
    table = SessionTable()
    assert table.apply(replace(START, address=None), 1.0) == NOTHING
    assert table.apply(replace(START, msisdn=None, imsi=None), 1.0) == NOTHING


SECONDARY = replace(START, session="C000020100000002", nsapi="6")


def test_secondary_contexts_share_the_entry():
    """The address is free when the last of its contexts has gone."""
    table = started(START)
    assert table.apply(SECONDARY, 150.0).went == ()
    assert table.apply(STOP, 200.0) == NOTHING
    assert table.at("10.45.0.7") == SESSION
    assert table.apply(replace(STOP, session=SECONDARY.session), 201.0).went == (SESSION,)


def test_the_session_stop_indicator_ends_all_contexts_of_the_address():
    """3GPP-Session-Stop-Indicator marks the last one."""
    table = started(START, SECONDARY)
    assert table.apply(replace(STOP, last=True), 200.0).went == (SESSION,)
    assert len(table) == 0


def test_a_new_context_with_the_same_nsapi_takes_the_place_of_the_old():
    """The old one's Stop was lost; the new one's Stop alone frees the address."""
    again = replace(START, session="C000020100000009")
    table = started(START, again)
    assert table.apply(replace(STOP, session=again.session), 200.0).went == (SESSION,)


def test_the_same_terminal_at_another_ggsn_replaces():
    """A GGSN's sessions end with it."""
    change = started().apply(replace(START, nas="192.0.2.9", session="D1"), 200.0)
    assert change.went == (SESSION,)
    assert change.came is not None


def test_a_subscriber_without_imsi_is_told_by_its_number():
    """Where one side has no IMSI, MSISDNs are compared."""
    table = started(replace(START, imsi=None))
    assert table.apply(replace(SECONDARY, imsi=None), 200.0).went == ()
    assert table.apply(replace(START, imsi=None, msisdn="4", session="E"), 200.0).went != ()


def test_the_newest_of_a_terminals_sessions_is_found():
    """A terminal with two addresses is reached at the later one."""
    table = started(START, replace(START, address="10.45.0.8", session="C2"))
    assert table.of_msisdn("447700900123").address == "10.45.0.8"
    table.apply(replace(STOP, session="C2", address="10.45.0.8"), 200.0)
    assert table.of_msisdn("447700900123").address == "10.45.0.7"


def test_stops_are_remembered_within_a_bound():
    """Ten thousand later Stops push an old one out."""
    table = started()
    table.apply(STOP, 200.0)
    for number in range(10_000):
        table.apply(replace(STOP, session=f"X{number}"), 201.0)
    assert table.apply(START, 300.0).came is not None
