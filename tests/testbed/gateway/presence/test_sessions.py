"""The RADIUS session table, rule by rule (facts of RFC 2866 and TS 29.061)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corenet.radius.accounting import AccountingStatus
from testbed.gateway.presence.sessions import (
    AccountingRecord,
    Ageing,
    Change,
    Session,
    SessionTable,
)

START = AccountingRecord(
    AccountingStatus.START,
    nas="192.0.2.1",
    at=100.0,
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
    table = SessionTable(Ageing())
    for record in records or (START,):
        table.apply(record, 100.0)
    return table


def test_start_adds():
    """A Start makes the terminal online by number and by address."""
    table = SessionTable(Ageing())
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
    assert SessionTable(Ageing()).apply(INTERIM, 100.0) == Change(came=SESSION)


def test_on_and_off_clear_the_sessions_of_that_ggsn_only():
    """A GGSN that restarted has no contexts any more."""
    for status in (AccountingStatus.ACCOUNTING_ON, AccountingStatus.ACCOUNTING_OFF):
        other = replace(START, nas="192.0.2.9", address="10.46.0.1", session="D1", msisdn="44")
        table = started(START, other)
        on = AccountingRecord(status, nas="192.0.2.1", at=300.0)
        assert table.apply(on, 300.0) == Change(went=(SESSION,))
        assert table.at("10.46.0.1") is not None


def test_a_terminal_without_number_is_known_by_its_address():
    """A Start without Calling-Station-Id keeps address and IMSI."""
    table = started(replace(START, msisdn=None))
    assert table.at("10.45.0.7").imsi == "234150999999999"
    assert table.apply(replace(STOP, msisdn=None), 200.0).went


def test_a_start_that_names_nobody_or_no_address_is_ignored():
    """There is nothing to map."""
    table = SessionTable(Ageing())
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


# Records that come late, repeated or in another order

OTHER = replace(START, session="C2", msisdn="447700900999", imsi="234150000000009")
ON = AccountingRecord(AccountingStatus.ACCOUNTING_ON, nas="192.0.2.1", at=300.0)
OFF = replace(ON, status=AccountingStatus.ACCOUNTING_OFF)


def at(record: AccountingRecord, time: float) -> AccountingRecord:
    """Return a record that happened at ``time`` by its sender's Event-Timestamp."""
    return replace(record, at=time, is_stamped=True)


@pytest.mark.parametrize("status", [AccountingStatus.START, AccountingStatus.INTERIM_UPDATE])
def test_an_older_start_does_not_replace_who_has_the_address_now(status):
    """It was sent before and comes after: the address is the other's by now."""
    table = started(at(OTHER, 500.0))
    assert table.apply(replace(at(START, 400.0), status=status), 501.0) == NOTHING
    assert table.at("10.45.0.7").imsi == OTHER.imsi


def test_an_older_start_of_the_same_terminal_does_not_replace_its_newer_context():
    """The newer one's Stop alone frees the address."""
    again = replace(START, session="C9")
    table = started(at(again, 500.0))
    assert table.apply(at(START, 400.0), 501.0) == NOTHING
    assert table.apply(at(STOP, 450.0), 502.0) == NOTHING
    assert table.apply(at(replace(STOP, session="C9"), 600.0), 601.0).went != ()


def test_a_start_of_the_same_second_replaces():
    """Event-Timestamp has whole seconds: what comes later is taken for later."""
    table = started(at(START, 100.0))
    assert table.apply(at(OTHER, 99.5), 101.0).came is not None


def test_times_of_two_network_elements_are_not_compared():
    """Their clocks may differ: the last word counts."""
    table = started(at(OTHER, 500.0))
    elsewhere = replace(at(START, 400.0), nas="192.0.2.9", session="D1")
    assert table.apply(elsewhere, 501.0).came is not None


def test_a_repeated_accounting_on_does_not_end_what_began_since():
    """Its answer was lost, and it has another identifier the second time."""
    table = started()
    assert table.apply(ON, 300.0).went == (SESSION,)
    table.apply(replace(at(START, 305.0), session="C9"), 305.0)
    assert table.apply(replace(ON, at=300.4), 309.0) == NOTHING
    assert table.at("10.45.0.7") is not None


def test_accounting_on_ends_what_began_before_it_only():
    """A Start that has overtaken it stays."""
    table = started(at(START, 305.0))
    assert table.apply(at(ON, 300.0), 306.0) == NOTHING


def test_a_start_from_before_a_restart_is_ignored():
    """It was overtaken by the Accounting-On that ended it."""
    table = SessionTable(Ageing())
    table.apply(at(ON, 300.0), 300.0)
    assert table.apply(at(START, 290.0), 301.0) == NOTHING
    assert table.apply(at(START, 300.0), 302.0).came is not None


def test_off_and_on_of_one_restart_both_count():
    """What began between them, by whatever clock, goes with the second."""
    table = started()
    assert table.apply(OFF, 300.0).went == (SESSION,)
    table.apply(at(replace(START, session="C9"), 300.0), 300.0)
    assert len(table.apply(ON, 300.0).went) == 1


def test_session_numbers_count_from_the_beginning_after_a_restart():
    """A number that was stopped before means another session then."""
    table = started()
    table.apply(STOP, 200.0)
    table.apply(ON, 300.0)
    assert table.apply(replace(START, at=310.0), 310.0).came is not None


def test_a_session_number_that_is_used_again_is_told_by_its_time():
    """Event-Timestamp says that the Start is of after the Stop."""
    table = started()
    table.apply(at(STOP, 200.0), 200.0)
    assert table.apply(at(START, 199.0), 201.0) == NOTHING
    assert table.apply(at(START, 250.0), 250.0).came is not None
    assert table.apply(at(STOP, 260.0), 260.0).went != ()


# Ageing


def test_a_session_without_interim_updates_ages():
    """After the interval and as many missed ones its Stop is taken for lost."""
    table = SessionTable(Ageing(interim_interval=60.0, missed_interims=2))
    table.apply(START, 100.0)
    assert table.next_expiry() == 280.0
    table.apply(INTERIM, 160.0)
    assert table.next_expiry() == 340.0
    assert table.expire(339.0) == ()
    assert table.expire(340.0) == (SESSION,)
    assert table.of_msisdn("447700900123") is None
    assert table.next_expiry() is None


def test_the_one_heard_of_longest_ago_ages_first():
    """An Interim-Update puts a session behind the others."""
    table = SessionTable(Ageing(maximum=1000.0))
    table.apply(START, 100.0)
    table.apply(replace(OTHER, address="10.45.0.8"), 150.0)
    table.apply(INTERIM, 200.0)
    assert [session.address for session in table.expire(1150.0)] == ["10.45.0.8"]
    assert [session.address for session in table.expire(1300.0)] == ["10.45.0.7"]


def test_the_shorter_of_two_limits_holds():
    """Missed Interim-Updates, or the maximum age in any case; without either nothing ages."""
    assert Ageing(300.0, 3, 86_400.0).limit == 1200.0
    assert Ageing(86_400.0, 3, 86_400.0).limit == 86_400.0
    assert Ageing().limit == 7 * 86_400.0
    table = SessionTable(Ageing(maximum=None))
    table.apply(START, 100.0)
    assert table.next_expiry() is None
    assert table.expire(1e12) == ()


@pytest.mark.parametrize(
    "wrong", [{"maximum": 0.0}, {"interim_interval": -1.0}, {"missed_interims": 0}]
)
def test_ages_are_above_zero(wrong):
    """A session lives for a while."""
    with pytest.raises(ValueError, match="above 0"):
        Ageing(**wrong)


# IPv6: a terminal is found by its prefix

BOTH = replace(START, ipv6_address="2001:db8:6:1::abcd")
ALONE = replace(BOTH, address=None)
ANY = "2001:db8:6:1:ffff::1"
"""Another address of the same prefix."""


def test_a_context_of_ipv6_is_found_by_any_address_of_its_prefix():
    """The number leads to the address that the terminal was told to take."""
    table = started(ALONE)
    assert table.of_msisdn("447700900123").address == "2001:db8:6:1::abcd"
    assert table.at(ANY).msisdn == "447700900123"
    assert table.at("2001:db8:6:2::abcd") is None
    assert (len(table), len(table.apply(replace(STOP, at=101.0), 101.0).went)) == (1, 1)
    assert table.at(ANY) is None


def test_a_context_of_both_families_is_one_session():
    """It is found by either address, doubted as one, and a push to the number goes over IPv4."""
    table = started(BOTH)
    assert len(table) == 1
    assert table.at("10.45.0.7") is table.at(ANY)
    assert table.of_msisdn("447700900123").address == "10.45.0.7"
    table.doubt(ANY)
    assert table.trusted_at("10.45.0.7") is None
    assert table.apply(replace(STOP, at=101.0), 101.0).went[0].addresses == (
        "10.45.0.7",
        "2001:db8:6:1::abcd",
    )
    assert table.at("10.45.0.7") is table.at(ANY) is None


def test_a_prefix_alone_is_no_address_for_a_number():
    """Without Framed-Interface-Id only who knows the address can push there."""
    table = started(replace(ALONE, ipv6_address="2001:db8:6:1::"))
    assert table.of_msisdn("447700900123") is None
    assert table.trusted_at(ANY).msisdn == "447700900123"


def test_a_start_replaces_all_who_hold_one_of_its_addresses():
    """Two others had the IPv4 address and the prefix; the Stops of both were lost."""
    four = replace(START, imsi="1", msisdn="11", session="a")
    six = replace(ALONE, imsi="2", msisdn="22", session="b", ipv6_address=ANY)
    table = started(four, six)
    assert len(table) == 2
    change = table.apply(replace(BOTH, at=200.0), 200.0)
    assert [session.imsi for session in change.went] == ["1", "2"]
    assert table.at("10.45.0.7") is table.at(ANY) is change.came
    assert table.of_msisdn("22") is None


def test_an_older_start_takes_no_prefix_away():
    """Records of one network element are taken in the order of their times."""
    table = started(ALONE)
    assert table.apply(replace(BOTH, imsi="2", msisdn="22", at=50.0), 200.0) == NOTHING
    assert table.at(ANY).msisdn == "447700900123"


def test_a_terminal_whose_context_changes_its_prefix_has_a_new_session():
    """With the same IPv4 address; an Interim-Update that leaves the prefix out changes nothing."""
    table = started(BOTH)
    assert table.apply(INTERIM, 150.0) == NOTHING
    assert table.at(ANY) is not None
    moved = replace(BOTH, session="b", ipv6_address="2001:db8:6:9::1", at=200.0)
    assert len(table.apply(moved, 200.0).went) == 1
    assert table.at(ANY) is None
    assert table.at("2001:db8:6:9::5").address == "10.45.0.7"
