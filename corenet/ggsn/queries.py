"""What can be asked of a GGSN: its contexts, what it has begun, and what it has counted."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import islice

from corenet.ggsn.assembly import Assembly
from corenet.ggsn.config import GgsnConfig
from corenet.ggsn.counters import GgsnCounters
from corenet.ggsn.pools import PREFIX_LENGTH
from corenet.ggsn.views import PdpContextView
from corenet.radius.access import AccessCounters
from corenet.radius.dynamic import DynamicCounters
from corenet.radius.records import AccountingCounters
from gtp.counters import EndpointCounters
from gtp.user_plane import UserPlaneCounters


class GgsnQueries:
    """The questions to a GGSN; none of them changes anything."""

    def __init__(self, name: str, parts: Assembly) -> None:
        """Look into ``parts``."""
        self._name = name
        self._parts = parts

    @property
    def name(self) -> str:
        """The name that logs, captures and the lab file use."""
        return self._name

    @property
    def config(self) -> GgsnConfig:
        """What the GGSN was made with."""
        return self._parts.core.config

    def contexts(self, start: int = 0, stop: int | None = None) -> list[PdpContextView]:
        """Return every PDP context, oldest first, or those at ``start`` to ``stop`` of them."""
        return [context.view() for context in islice(self._parts.core.contexts, start, stop)]

    @property
    def context_count(self) -> int:
        """How many PDP contexts there are."""
        return len(self._parts.core.contexts)

    def contexts_of(self, imsi: str) -> list[PdpContextView]:
        """Return the subscriber's PDP contexts, oldest first."""
        return [context.view() for context in self._parts.core.contexts.of(imsi)]

    def context_at(self, address: str) -> PdpContextView | None:
        """Return the PDP context that has ``address`` now, or its prefix, or None."""
        try:
            octets = ip_address(address).packed
        except ValueError:
            return None
        context = self._parts.core.contexts.at(
            octets if len(octets) == 4 else octets[:PREFIX_LENGTH]
        )
        return context.view() if context is not None else None

    def not_reachable(self, imsi: str) -> str | None:
        """Return why MNRG is set for the subscriber, in words, or None where it is not."""
        return self._parts.reachability.not_reachable(imsi)

    @property
    def activations_under_way(self) -> int:
        """How many network-requested activations have neither succeeded nor failed yet."""
        return len(self._parts.activations)

    @property
    def pending_records(self) -> int:
        """How many accounting records no server has answered yet."""
        return self._parts.radius.pending

    @property
    def held_addresses(self) -> int:
        """How many addresses wait until accounting was told of their last session's end."""
        return self._parts.accounting.held_addresses

    @property
    def under_way(self) -> dict[str, int]:
        """How much has begun and not ended, by what it is; all 0 in a GGSN at rest."""
        core = self._parts.core
        return {
            "activations": len(self._parts.activations),
            "secondary requests": len(self._parts.secondary),
            "expected contexts": core.contexts.reserved,
            "PDP contexts": len(core.contexts),
            "tunnel endpoints": core.user_plane.tunnels,
            "watched paths": core.endpoint.watched_paths,
            "requests": core.endpoint.open_requests,
            "requests of others": core.endpoint.requests_in_work,
            "accounting records": self._parts.radius.pending,
            "held addresses": self._parts.accounting.held_addresses,
            "questions to RADIUS": len(self._parts.admission),
        }

    @property
    def counters(self) -> GgsnCounters:
        """What the GGSN has counted."""
        return self._parts.core.counters

    @property
    def endpoint_counters(self) -> EndpointCounters:
        """What GTP-C has counted."""
        return self._parts.core.endpoint.counters

    @property
    def user_plane_counters(self) -> UserPlaneCounters:
        """What GTP-U has counted."""
        return self._parts.core.user_plane.counters

    @property
    def access_counters(self) -> AccessCounters:
        """What authentication by RADIUS has counted."""
        return self._parts.access.counters

    @property
    def dynamic_counters(self) -> DynamicCounters:
        """What has been counted of RADIUS servers' orders."""
        return self._parts.dynamic.counters

    @property
    def accounting_counters(self) -> AccountingCounters:
        """What RADIUS accounting has counted."""
        return self._parts.radius.counters
