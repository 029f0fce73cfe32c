"""Which address belongs to whom, as RADIUS accounting says.

Specs: RFC 2866 (accounting), TS 29.061 §16.4 (what a GGSN sends).

Theory of operation. An entry is one PDP address with its subscriber and the accounting sessions
on it, one per NSAPI: secondary contexts share an address. A Start on an address that another
subscriber holds replaces the entry, because the Stop that should have come was lost. An
Interim-Update makes an entry that is missing. A Stop removes only the session that it names, and
the entry with its last session or where it carries 3GPP-Session-Stop-Indicator; a session that
has stopped is remembered for a while, so that its Start or Interim-Update cannot revive it when
it comes late. Accounting-On and -Off remove all that the GGSN had.

The table lives in memory: after a restart it fills again from Interim-Updates and new Starts.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from corenet.radius.accounting import AccountingStatus

REMEMBERED_STOPS: Final = 10_000
"""Stopped sessions that are remembered."""


@dataclass(frozen=True, slots=True)
class AccountingRecord:
    """What an Accounting-Request says, as far as the gateway cares."""

    status: AccountingStatus
    nas: str
    """Who sends it: NAS-IP-Address, else NAS-Identifier, else the source address."""
    session: str = ""
    """Acct-Session-Id."""
    address: str | None = None
    """Framed-IP-Address in text form."""
    msisdn: str | None = None
    """Calling-Station-Id, digits without "+"."""
    imsi: str | None = None
    apn: str | None = None
    """Called-Station-Id."""
    nsapi: str = ""
    last: bool = False
    """3GPP-Session-Stop-Indicator: the last session of its address."""


@dataclass(frozen=True, slots=True)
class Session:
    """A terminal that is online, as accounting has it."""

    address: str
    msisdn: str | None
    imsi: str | None
    apn: str | None
    nas: str
    since: float
    """Seconds since 1970-01-01 UTC."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a record changed: at most one terminal came, any number went."""

    came: Session | None = None
    went: tuple[Session, ...] = ()


@dataclass(slots=True)
class _Entry:
    session: Session
    bearers: dict[str, str] = field(default_factory=dict)
    """Acct-Session-Id by NSAPI."""


class SessionTable:
    """The accounting sessions of all terminals."""

    def __init__(self) -> None:
        self._by_address: dict[str, _Entry] = {}
        self._by_msisdn: dict[str, dict[str, None]] = {}
        self._by_bearer: dict[tuple[str, str], _Entry] = {}
        """Entry by NAS and Acct-Session-Id."""
        self._stopped: OrderedDict[tuple[str, str], None] = OrderedDict()

    def __len__(self) -> int:
        """Return how many addresses are in use."""
        return len(self._by_address)

    def at(self, address: str) -> Session | None:
        """Return who has ``address``, or None."""
        entry = self._by_address.get(address)
        return None if entry is None else entry.session

    def of_msisdn(self, msisdn: str) -> Session | None:
        """Return the newest session of ``msisdn``, or None."""
        addresses = self._by_msisdn.get(msisdn)
        return self._by_address[next(reversed(addresses))].session if addresses else None

    def apply(self, record: AccountingRecord, now: float) -> Change:
        """Take a record and return what it changed."""
        match record.status:
            case AccountingStatus.START | AccountingStatus.INTERIM_UPDATE:
                return self._start(record, now)
            case AccountingStatus.STOP:
                return self._stop(record)
            case AccountingStatus.ACCOUNTING_ON | AccountingStatus.ACCOUNTING_OFF:
                gone = [e for e in self._by_address.values() if e.session.nas == record.nas]
                return Change(went=tuple(self._remove(entry) for entry in gone))

    def _start(self, record: AccountingRecord, now: float) -> Change:
        if record.address is None or (record.msisdn is None and record.imsi is None):
            return Change()
        if (record.nas, record.session) in self._stopped:
            return Change()
        went: tuple[Session, ...] = ()
        entry = self._by_address.get(record.address)
        if entry is not None and not _is_same_subscriber(entry.session, record):
            went = (self._remove(entry),)
            entry = None
        if entry is not None:
            is_new = entry.bearers.get(record.nsapi) != record.session
            self._bear(entry, record)
            return Change(came=entry.session if is_new else None)
        session = Session(
            record.address, record.msisdn, record.imsi, record.apn, record.nas, since=now
        )
        entry = _Entry(session)
        self._by_address[record.address] = entry
        self._bear(entry, record)
        if record.msisdn is not None:
            self._by_msisdn.setdefault(record.msisdn, {})[record.address] = None
        return Change(session, went)

    def _bear(self, entry: _Entry, record: AccountingRecord) -> None:
        replaced = entry.bearers.get(record.nsapi)
        if replaced is not None:
            self._by_bearer.pop((record.nas, replaced), None)
        entry.bearers[record.nsapi] = record.session
        self._by_bearer[record.nas, record.session] = entry

    def _stop(self, record: AccountingRecord) -> Change:
        self._stopped[record.nas, record.session] = None
        if len(self._stopped) > REMEMBERED_STOPS:
            self._stopped.popitem(last=False)
        entry = self._by_bearer.get((record.nas, record.session))
        if entry is None:
            return Change()
        if not record.last and any(s != record.session for s in entry.bearers.values()):
            del self._by_bearer[record.nas, record.session]
            entry.bearers = {n: s for n, s in entry.bearers.items() if s != record.session}
            return Change()
        return Change(went=(self._remove(entry),))

    def _remove(self, entry: _Entry) -> Session:
        session = entry.session
        del self._by_address[session.address]
        for bearer in entry.bearers.values():
            self._by_bearer.pop((session.nas, bearer), None)
        if session.msisdn is not None:
            addresses = self._by_msisdn[session.msisdn]
            del addresses[session.address]
            if not addresses:
                del self._by_msisdn[session.msisdn]
        return session


def _is_same_subscriber(session: Session, record: AccountingRecord) -> bool:
    if session.nas != record.nas:
        return False
    if session.imsi is not None and record.imsi is not None:
        return session.imsi == record.imsi
    return session.msisdn is not None and session.msisdn == record.msisdn
