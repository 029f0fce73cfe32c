"""Which terminals there are: numbers, APNs and static addresses, from all that is provisioned.

The HLR knows its subscribers. A GGSN has static bindings of its own (TS 23.060 §9.2.2.2), and
may have one for a subscriber that the HLR has never heard of. A mobile knows who it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from types import MappingProxyType
from typing import Final

from corenet.ggsn.config import GgsnConfig, StaticBinding
from corenet.hlr.config import Subscriber
from corenet.mobile.config import MobileConfig

_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(slots=True)
class Entry:
    """One terminal as it is provisioned; most have the same empty mapping."""

    imsi: str
    msisdn: str | None
    apns: tuple[str, ...] = ()
    static_addresses: Mapping[str, str] = field(default_factory=lambda: _NONE)


class Directory:
    """Finds terminals by IMSI, MSISDN and static address."""

    def __init__(
        self,
        subscribers: Iterable[Subscriber],
        ggsns: Iterable[GgsnConfig],
        mobiles: Iterable[MobileConfig],
    ) -> None:
        self._by_imsi: dict[str, Entry] = {}
        self._by_msisdn: dict[str, Entry] = {}
        self._by_address: dict[str, Entry] = {}
        self._bindings: dict[str, list[StaticBinding]] = {}
        self._mobiles: dict[str, str | None] = {}
        for subscriber in subscribers:
            self._subscribe(subscriber)
        for ggsn in ggsns:
            for binding in ggsn.static_bindings:
                self._bindings.setdefault(binding.imsi, []).append(binding)
                self._bind(binding)
        for mobile in mobiles:
            self._mobiles[mobile.imsi] = mobile.msisdn
            self._entry(mobile.imsi, mobile.msisdn)

    def put(self, subscriber: Subscriber) -> None:
        """Take note of a subscriber that is new, or another than before."""
        entry = self._by_imsi.pop(subscriber.imsi, None)
        if entry is not None:
            self._forget(entry)
        self._subscribe(subscriber)
        self._provision(subscriber.imsi)

    def remove(self, imsi: str) -> None:
        """Forget a subscriber; what GGSNs and mobiles know of the terminal stays."""
        entry = self._by_imsi.pop(imsi, None)
        if entry is not None:
            self._forget(entry)
        self._provision(imsi)

    def _provision(self, imsi: str) -> None:
        for binding in self._bindings.get(imsi, ()):
            self._bind(binding)
        if imsi in self._mobiles:
            self._entry(imsi, self._mobiles[imsi])

    def _forget(self, entry: Entry) -> None:
        if entry.msisdn is not None and self._by_msisdn.get(entry.msisdn) is entry:
            del self._by_msisdn[entry.msisdn]
        for address in entry.static_addresses.values():
            if self._by_address.get(str(ip_address(address))) is entry:
                del self._by_address[str(ip_address(address))]

    def _subscribe(self, subscriber: Subscriber) -> None:
        entry = self._entry(subscriber.imsi, subscriber.msisdn)
        for subscribed in subscriber.apns:
            self._allow(entry, subscribed.apn, subscribed.static_address)

    def __len__(self) -> int:
        return len(self._by_imsi)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._by_imsi.values())

    def by_imsi(self, imsi: str) -> Entry | None:
        """Return the terminal with that IMSI, or None."""
        return self._by_imsi.get(imsi)

    def by_msisdn(self, msisdn: str) -> Entry | None:
        """Return the terminal with that MSISDN (digits), or None."""
        return self._by_msisdn.get(msisdn)

    def by_address(self, address: str) -> Entry | None:
        """Return the terminal that ``address`` is the static address of, or None."""
        return self._by_address.get(address)

    def _bind(self, binding: StaticBinding) -> None:
        entry = self._entry(binding.imsi, binding.msisdn)
        self._allow(entry, binding.apn, binding.address)

    def _entry(self, imsi: str, msisdn: str | None) -> Entry:
        entry = self._by_imsi.get(imsi)
        if entry is None:
            entry = self._by_imsi[imsi] = Entry(imsi, msisdn)
        if msisdn is not None:
            entry.msisdn = entry.msisdn or msisdn
            self._by_msisdn.setdefault(msisdn, entry)
        return entry

    def _allow(self, entry: Entry, apn: str, address: str | None) -> None:
        if apn not in entry.apns:
            entry.apns += (apn,)
        if address is not None:
            entry.static_addresses = {**entry.static_addresses, apn: address}
            self._by_address.setdefault(str(ip_address(address)), entry)
