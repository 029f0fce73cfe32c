"""Terminals that only their PDP contexts tell of, by number and address.

Behind a foreign SGSN there are subscribers that nobody has provisioned here: the GGSN learns
their MSISDN with the context. Behind a foreign GGSN there are addresses that only the SGSN knows.
"""

from __future__ import annotations

from collections.abc import Collection

from corenet.control.directory import Directory
from corenet.ggsn.events import PdpContextCreated, PdpContextDeleted
from corenet.interfaces.node import Event
from corenet.sgsn.events import PdpContextActivated, PdpContextDeactivated


class Visitors:
    """Follows the events of GGSNs and SGSNs."""

    def __init__(self, directory: Directory, ggsns: Collection[str]) -> None:
        """``ggsns`` are the control addresses of the GGSNs here."""
        self._directory = directory
        self._ggsns = ggsns
        self._contexts: dict[tuple[str, str], int] = {}
        """How many contexts a subscriber has, by MSISDN and IMSI."""
        self._by_msisdn: dict[str, str] = {}
        self._by_address: dict[str, str] = {}

    def by_msisdn(self, msisdn: str) -> str | None:
        """Return the IMSI of a visitor with that MSISDN, or None."""
        return self._by_msisdn.get(msisdn)

    def by_address(self, address: str) -> str | None:
        """Return the IMSI of who has an address of a foreign GGSN, or None."""
        return self._by_address.get(address)

    def note(self, event: Event) -> None:
        """Take what has happened."""
        match event:
            case PdpContextCreated(context):
                self._count(context.msisdn, context.imsi, 1)
            case PdpContextDeleted(context):
                self._count(context.msisdn, context.imsi, -1)
            case PdpContextActivated() if event.ggsn not in self._ggsns:
                self._by_address[event.address] = event.imsi
            case PdpContextDeactivated() if self._by_address.get(event.address) == event.imsi:
                del self._by_address[event.address]

    def _count(self, msisdn: str | None, imsi: str, more: int) -> None:
        if msisdn is None or self._directory.by_msisdn(msisdn) is not None:
            return
        count = self._contexts.pop((msisdn, imsi), 0) + more
        if count > 0:
            self._contexts[msisdn, imsi] = count
        if more > 0:
            self._by_msisdn[msisdn] = imsi
        elif count <= 0 and self._by_msisdn.get(msisdn) == imsi:
            del self._by_msisdn[msisdn]
