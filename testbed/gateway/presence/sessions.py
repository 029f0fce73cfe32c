"""Which address belongs to whom, as RADIUS accounting says.

Specs: RFC 2866 (accounting), RFC 2869 §5.3 (Event-Timestamp), TS 29.061 §16.4 (what a GGSN sends).

Theory of operation. An entry is one PDP address with its subscriber and the accounting sessions
on it, one per NSAPI: secondary contexts share an address. A Start on an address that another
subscriber holds replaces the entry, because the Stop that should have come was lost. An
Interim-Update makes an entry that is missing. A Stop removes only the session that it names, and
the entry with its last session or where it carries 3GPP-Session-Stop-Indicator. Accounting-On
and -Off remove what the GGSN had until then.

Records come late, repeated and in any order, so each has the time at which it happened by its
sender's clock, and only times of one sender are compared. A session that has stopped is
remembered for a while, so that its Start or Interim-Update cannot revive it; so is the restart of
a GGSN. A Start that is older than what its address or NSAPI has is passed over. What happened in
the same second is taken in the order in which it comes.

A terminal has all addresses of its IPv6 prefix, so that is what it is found by. A context of both
families has one entry, known by its IPv4 address and by its prefix.

An entry of which nothing is heard for ``Ageing.limit`` goes: its Stop was lost.

The table lives in memory: after a restart it fills again from Interim-Updates and new Starts.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from corenet.radius.accounting import AccountingStatus
from testbed.gateway.terminal import is_whole, place_of

REMEMBERED_STOPS: Final = 10_000
"""Stopped sessions that are remembered."""
RESOLUTION: Final = 1.0
"""Seconds that two times of one event may differ: Event-Timestamp and Acct-Delay-Time are whole."""


@dataclass(frozen=True, slots=True)
class Ageing:
    """When a session of which nothing is heard is taken for over."""

    interim_interval: float | None = None
    """Seconds between Interim-Updates of the network elements; None: they send none."""
    missed_interims: int = 3
    """Interim-Updates that fail to come before a session is over."""
    maximum: float | None = 7 * 86_400.0
    """Seconds without a record after which a session is over in any case; None: never."""

    def __post_init__(self) -> None:
        times = [t for t in (self.interim_interval, self.maximum) if t is not None]
        if self.missed_interims < 1 or min(times, default=1.0) <= 0:
            raise ValueError("ages of sessions are above 0, and missed_interims is at least 1")

    @property
    def limit(self) -> float | None:
        """Seconds without a record after which a session is over, or None: never."""
        limits = [self.maximum]
        if self.interim_interval is not None:
            # One interval passes by itself; the next ones are missed.
            limits.append(self.interim_interval * (self.missed_interims + 1))
        return min((limit for limit in limits if limit is not None), default=None)


@dataclass(frozen=True, slots=True)
class AccountingRecord:
    """What an Accounting-Request says, as far as the gateway cares."""

    status: AccountingStatus
    nas: str
    """Who sends it: NAS-IP-Address, NAS-IPv6-Address, NAS-Identifier, or the source address."""
    at: float
    """When it happened: Event-Timestamp, else its arrival less Acct-Delay-Time."""
    is_stamped: bool = False
    """Whether Event-Timestamp says so."""
    session: str = ""
    """Acct-Session-Id."""
    address: str | None = None
    """Framed-IP-Address in text form."""
    ipv6_address: str | None = None
    """Framed-IPv6-Prefix with Framed-Interface-Id; without the latter the identifier is 0."""
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
    """IPv4 where there is one."""
    msisdn: str | None
    imsi: str | None
    apn: str | None
    nas: str
    since: float
    """Seconds since 1970-01-01 UTC, by the clock of ``nas`` where it tells."""
    ipv6_address: str | None = None
    """With the interface identifier that the terminal was given, if one was told."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """All that it has, the one to send to first."""
        told = (self.address, self.ipv6_address)
        return tuple(dict.fromkeys(address for address in told if address is not None))


@dataclass(frozen=True, slots=True)
class Change:
    """What a record changed: at most one terminal came, any number went."""

    came: Session | None = None
    went: tuple[Session, ...] = ()


@dataclass(frozen=True, slots=True)
class _Bearer:
    session: str
    """Acct-Session-Id."""
    since: float


@dataclass(slots=True)
class _Entry:
    session: Session
    bearers: dict[str, _Bearer] = field(default_factory=dict)
    """By NSAPI."""
    heard: float = 0.0
    """When the last record of it came, by our clock."""
    is_doubted: bool = False
    """The network has said since that nobody is there."""


_NOTHING: Final = Change()


class SessionTable:
    """The accounting sessions of all terminals."""

    def __init__(self, ageing: Ageing) -> None:
        """Know nobody."""
        self._limit = ageing.limit
        self._by_address: OrderedDict[str, _Entry] = OrderedDict()
        """The one heard of longest ago comes first."""
        self._by_prefix: dict[str, _Entry] = {}
        self._by_msisdn: dict[str, dict[str, None]] = {}
        self._by_bearer: dict[tuple[str, str], _Entry] = {}
        """Entry by NAS and Acct-Session-Id."""
        self._stopped: OrderedDict[tuple[str, str], float] = OrderedDict()
        """When a session stopped, by NAS and Acct-Session-Id."""
        self._restarts: dict[str, tuple[AccountingStatus, float]] = {}
        """The last On or Off, by NAS."""

    def __len__(self) -> int:
        """Return how many terminals' contexts there are, by their addresses."""
        return len(self._by_address)

    def at(self, address: str) -> Session | None:
        """Return who has ``address``, or None."""
        entry = self._entry(address)
        return None if entry is None else entry.session

    def trusted_at(self, address: str) -> Session | None:
        """Return who has ``address`` and was not found absent since, or None."""
        entry = self._entry(address)
        return None if entry is None or entry.is_doubted else entry.session

    def of_msisdn(self, msisdn: str) -> Session | None:
        """Return the newest session of ``msisdn`` that was not found absent since, or None.

        One of which only the prefix is known does not count.
        """
        addresses = filter(is_whole, reversed(self._by_msisdn.get(msisdn, {})))
        trusted = (self.trusted_at(address) for address in addresses)
        return next((session for session in trusted if session is not None), None)

    def doubt(self, address: str) -> None:
        """Take note that nobody was at an address, until its network element says otherwise."""
        self._set_doubted(address, doubted=True)

    def trust(self, address: str) -> None:
        """Take note that somebody is at an address after all."""
        self._set_doubted(address, doubted=False)

    def _set_doubted(self, address: str, *, doubted: bool) -> None:
        entry = self._entry(address)
        if entry is not None:
            entry.is_doubted = doubted

    def _entry(self, address: str) -> _Entry | None:
        if ":" in address:
            return self._by_prefix.get(place_of(address))
        return self._by_address.get(address)

    def apply(self, record: AccountingRecord, now: float) -> Change:
        """Take a record that came at ``now``, and return what it changed."""
        match record.status:
            case AccountingStatus.START | AccountingStatus.INTERIM_UPDATE:
                return self._start(record, now)
            case AccountingStatus.STOP:
                return self._stop(record)
            case AccountingStatus.ACCOUNTING_ON | AccountingStatus.ACCOUNTING_OFF:
                return self._restart(record)

    def next_expiry(self) -> float | None:
        """Return when the next session is over if nothing more is heard of it, or None."""
        if self._limit is None or not self._by_address:
            return None
        return next(iter(self._by_address.values())).heard + self._limit

    def expire(self, now: float) -> tuple[Session, ...]:
        """Remove the sessions of which nothing was heard for too long, and return them."""
        gone: list[Session] = []
        while (due := self.next_expiry()) is not None and due <= now:
            gone.append(self._remove(next(iter(self._by_address.values()))))
        return tuple(gone)

    def _start(self, record: AccountingRecord, now: float) -> Change:
        address = record.address or record.ipv6_address
        if address is None or (record.msisdn is None and record.imsi is None):
            return _NOTHING
        if self._is_over(record):
            return _NOTHING
        holders = self._holders(record)
        if any(_is_overtaken(holder, record) for holder in holders):
            return _NOTHING
        entry: _Entry | None = None
        went: list[Session] = []
        for holder in holders:
            if _is_same_context(holder.session, record):
                entry = holder
            else:
                went.append(self._remove(holder))
        if entry is not None:
            bearer = entry.bearers.get(record.nsapi)
            is_new = bearer is None or bearer.session != record.session or entry.is_doubted
            self._bear(entry, record, now)
            return Change(entry.session if is_new else None, tuple(went))
        session = Session(
            address,
            record.msisdn,
            record.imsi,
            record.apn,
            record.nas,
            since=record.at,
            ipv6_address=record.ipv6_address,
        )
        entry = _Entry(session)
        self._by_address[address] = entry
        if record.ipv6_address is not None:
            self._by_prefix[place_of(record.ipv6_address)] = entry
        self._bear(entry, record, now)
        if record.msisdn is not None:
            self._by_msisdn.setdefault(record.msisdn, {})[address] = None
        return Change(session, tuple(went))

    def _holders(self, record: AccountingRecord) -> list[_Entry]:
        """Return the entries, two at most, that have an address of a record."""
        entry = None if record.address is None else self._by_address.get(record.address)
        holders = [] if entry is None else [entry]
        if record.ipv6_address is not None:
            other = self._by_prefix.get(place_of(record.ipv6_address))
            if other is not None and other is not entry:
                holders.append(other)
        return holders

    def _is_over(self, record: AccountingRecord) -> bool:
        """Return whether the session of a Start or Interim-Update has ended already."""
        restart = self._restarts.get(record.nas)
        if restart is not None and record.at < restart[1] - RESOLUTION:
            return True
        key = (record.nas, record.session)
        stopped = self._stopped.get(key)
        if stopped is None:
            return False
        if record.is_stamped and record.at > stopped + RESOLUTION:
            # The network element uses the number again.
            del self._stopped[key]
            return False
        return True

    def _bear(self, entry: _Entry, record: AccountingRecord, now: float) -> None:
        entry.heard = now
        entry.is_doubted = False
        self._by_address.move_to_end(entry.session.address)
        replaced = entry.bearers.get(record.nsapi)
        if replaced is not None and replaced.session == record.session:
            return
        if replaced is not None:
            self._by_bearer.pop((record.nas, replaced.session), None)
        entry.bearers[record.nsapi] = _Bearer(record.session, record.at)
        self._by_bearer[record.nas, record.session] = entry

    def _stop(self, record: AccountingRecord) -> Change:
        self._stopped[record.nas, record.session] = record.at
        if len(self._stopped) > REMEMBERED_STOPS:
            self._stopped.popitem(last=False)
        entry = self._by_bearer.get((record.nas, record.session))
        if entry is None:
            return _NOTHING
        others = {n: b for n, b in entry.bearers.items() if b.session != record.session}
        if others and not record.last:
            del self._by_bearer[record.nas, record.session]
            entry.bearers = others
            return _NOTHING
        return Change(went=(self._remove(entry),))

    def _restart(self, record: AccountingRecord) -> Change:
        known = self._restarts.get(record.nas)
        is_known = known is not None and known[0] is record.status
        if known is not None and is_known and record.at <= known[1] + RESOLUTION:
            return _NOTHING  # One that is repeated must not end what began since.
        self._restarts[record.nas] = (record.status, record.at)
        gone = [
            entry
            for entry in self._by_address.values()
            if entry.session.nas == record.nas and entry.session.since <= record.at
        ]
        # It may count its sessions from the beginning again.
        for key in [key for key in self._stopped if key[0] == record.nas]:
            del self._stopped[key]
        return Change(went=tuple(self._remove(entry) for entry in gone))

    def _remove(self, entry: _Entry) -> Session:
        session = entry.session
        del self._by_address[session.address]
        if session.ipv6_address is not None:
            del self._by_prefix[place_of(session.ipv6_address)]
        for bearer in entry.bearers.values():
            self._by_bearer.pop((session.nas, bearer.session), None)
        if session.msisdn is not None:
            addresses = self._by_msisdn[session.msisdn]
            del addresses[session.address]
            if not addresses:
                del self._by_msisdn[session.msisdn]
        return session


def _is_overtaken(entry: _Entry, record: AccountingRecord) -> bool:
    """Return whether a record of the same network element is older than what the address has."""
    if entry.session.nas != record.nas:
        return False
    if not _is_same_subscriber(entry.session, record):
        return record.at < entry.session.since - RESOLUTION
    bearer = entry.bearers.get(record.nsapi)
    if bearer is None or bearer.session == record.session:
        return False
    return record.at < bearer.since - RESOLUTION


def _is_same_context(session: Session, record: AccountingRecord) -> bool:
    """Return whether a record with an address of a session tells of the same addresses."""
    if not _is_same_subscriber(session, record):
        return False
    if record.address is not None and record.address != session.address:
        return False
    told, known = record.ipv6_address, session.ipv6_address
    return told is None or (known is not None and place_of(told) == place_of(known))


def _is_same_subscriber(session: Session, record: AccountingRecord) -> bool:
    if session.nas != record.nas:
        return False
    if session.imsi is not None and record.imsi is not None:
        return session.imsi == record.imsi
    return session.msisdn is not None and session.msisdn == record.msisdn
