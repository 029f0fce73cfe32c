"""The subscribers, and what the HLR knows of each.

Specs: TS 23.060 §13.1 (HLR data), TS 23.008 §3.5 (MNRG, GGSN list).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any, Final

from corenet.authentication.centre import Centre
from corenet.hlr.config import Subscriber
from corenet.interfaces.node import Address
from gtp.codes import MsNotReachableReason


@dataclass(frozen=True, slots=True)
class Location:
    """Where a subscriber is, as the HLR knows it."""

    sgsn: str | None
    """IP address of the serving SGSN, or None when not registered for GPRS."""
    since: float | None
    """When that SGSN took over, seconds since 1970-01-01 UTC."""
    not_reachable: bool
    """The MS-not-reachable flag, MNRG."""
    reason: MsNotReachableReason | None
    """Why, when ``not_reachable``."""
    waiting_ggsns: tuple[str, ...]
    """IP addresses of the GGSNs that will be told when the MS is back."""
    memory_full: bool = False
    """Memory-capacity-exceeded flag, MCEF: the MS has no room for short messages."""
    waiting_centres: tuple[str, ...] = ()
    """Message-waiting data: the service centres that will be told when it can be reached."""


_NONE: Final[Mapping[Any, Any]] = MappingProxyType({})


@dataclass(slots=True, eq=False)
class Record:
    """What changes about one subscriber.

    Mappings are replaced, not changed: most subscribers have the same empty one.
    """

    subscriber: Subscriber
    centre: Centre | None = None
    """What makes its vectors, once an SGSN has asked for some."""
    sgsn: Address | None = None
    """The serving SGSN on Gr."""
    since: float | None = None
    updating: Address | None = None
    """The SGSN whose Update Location is under way."""
    reason: MsNotReachableReason | None = None
    """Why the MS is not reachable; None while MNRG is clear."""
    waiting: Mapping[str, None] = field(default_factory=lambda: _NONE)
    """GGSNs that want to hear when the MS is back, each once, in order."""
    memory_full: bool = False
    """The memory-capacity-exceeded flag, MCEF (TS 23.040 §3.2.7)."""
    waiting_centres: Mapping[Address, bytes | None] = field(default_factory=lambda: _NONE)
    """Message-waiting data (TS 23.040 §3.2.8): service centres by their place on Gr, in order.

    The value is how one calls itself (Source Name), or None.
    """
    overtaken: Mapping[str, bool] = field(default_factory=lambda: _NONE)
    """GGSNs that have routeing information, each with whether the MS was in contact since."""

    @property
    def imsi(self) -> str:
        """The subscriber's IMSI."""
        return self.subscriber.imsi

    @property
    def sqn(self) -> int:
        """The sequence number of the last quintuplet."""
        return self.subscriber.sqn if self.centre is None else self.centre.sqn

    def note_contact(self) -> None:
        """Take note that the SGSN has said that the MS is there."""
        if self.overtaken:
            self.overtaken = dict.fromkeys(self.overtaken, True)

    def wait(self, ggsn: str) -> None:
        """Take note that a GGSN wants to hear when the MS is back."""
        self.waiting = {**self.waiting, ggsn: None}

    def forget_waiting(self, ggsn: str) -> None:
        """Take note that a GGSN has heard that the MS is back."""
        self.waiting = {one: None for one in self.waiting if one != ggsn} or _NONE

    def note_told(self, ggsn: str) -> None:
        """Take note that a GGSN has been told where the MS is."""
        self.overtaken = {**self.overtaken, ggsn: False}

    def note_centre(self, centre: Address, name: bytes | None) -> None:
        """Take note that a service centre wants to hear when the MS can be reached."""
        self.waiting_centres = {**self.waiting_centres, centre: name}

    def forget_centre(self, centre: Address) -> None:
        """Take note that a service centre has heard."""
        left = {one: name for one, name in self.waiting_centres.items() if one != centre}
        self.waiting_centres = left or _NONE

    def take_overtaken(self, ggsn: str) -> bool:
        """Return whether the MS was in contact since a GGSN was told, and forget that it was."""
        overtaken = self.overtaken.get(ggsn, False)
        self.overtaken = {one: was for one, was in self.overtaken.items() if one != ggsn} or _NONE
        return overtaken

    @property
    def location(self) -> Location:
        """What this record says, for others."""
        return Location(
            self.sgsn[0] if self.sgsn else None,
            self.since,
            self.reason is not None,
            self.reason,
            tuple(self.waiting),
            self.memory_full,
            tuple(centre_text(*centre) for centre in self.waiting_centres.items()),
        )


def centre_text(address: Address, name: bytes | None) -> str:
    """Return a service centre's name for people."""
    return address[0] if name is None else name.rstrip(b"\0").decode("ascii", "replace")


class Register:
    """All subscribers of an HLR, by each identity that they have."""

    def __init__(self, subscribers: Iterable[Subscriber]) -> None:
        self._records: dict[str, Record] = {}
        self._by_msisdn: dict[str, Subscriber] = {}
        self._by_address: dict[str, Subscriber] = {}
        self._asked_for: dict[str, None] = {}
        for subscriber in subscribers:
            self.add(subscriber)

    def add(self, subscriber: Subscriber) -> Record:
        """Add a subscriber whose IMSI and MSISDN nobody has; return its record."""
        record = self._records[subscriber.imsi] = Record(subscriber)
        self._index(subscriber)
        return record

    def replace(self, subscriber: Subscriber) -> Record:
        """Give who has this IMSI another subscription; return the record, which is the same."""
        record = self._records[subscriber.imsi]
        self._forget(record.subscriber)
        if record.subscriber.secret != subscriber.secret:
            record.centre = None
        record.subscriber = subscriber
        self._index(subscriber)
        return record

    def remove(self, imsi: str) -> None:
        """Forget a subscriber."""
        self._forget(self._records.pop(imsi).subscriber)

    def taken(self, subscriber: Subscriber) -> tuple[str, str] | None:
        """Return the number or static address, with its kind, that somebody else has."""
        other = self._by_msisdn.get(subscriber.msisdn)
        if other is not None and other.imsi != subscriber.imsi:
            return "msisdn", subscriber.msisdn
        for address in _addresses(subscriber):
            other = self._by_address.get(address)
            if other is not None and other.imsi != subscriber.imsi:
                return "address", address
        return None

    def _index(self, subscriber: Subscriber) -> None:
        self._by_msisdn[subscriber.msisdn] = subscriber
        for address in _addresses(subscriber):
            self._by_address.setdefault(address, subscriber)

    def _forget(self, subscriber: Subscriber) -> None:
        del self._by_msisdn[subscriber.msisdn]
        for address in _addresses(subscriber):
            if self._by_address.get(address) is subscriber:
                del self._by_address[address]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        """Iterate over all records."""
        return iter(self._records.values())

    def take_asked_for(self) -> Iterable[str]:
        """Return the IMSIs whose records have been asked for since the last call."""
        taken, self._asked_for = self._asked_for, {}
        return taken

    def find(self, imsi: str) -> Record | None:
        """Return the record of the subscriber with ``imsi``, or None."""
        record = self._records.get(imsi)
        if record is not None:
            self._asked_for[imsi] = None
        return record

    def by_msisdn(self, msisdn: str) -> Subscriber | None:
        """Return the subscription with ``msisdn``, or None."""
        return self._by_msisdn.get(msisdn)

    def by_address(self, address: str) -> Subscriber | None:
        """Return the first subscription that has ``address`` as a static address, or None."""
        return self._by_address.get(address)


def _addresses(subscriber: Subscriber) -> Iterator[str]:
    for apn in subscriber.apns:
        if apn.static_address is not None:
            yield str(ip_address(apn.static_address))
