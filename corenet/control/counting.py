"""What the nodes have counted, as plain names and numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from corenet.assembly import Core


def counters(core: Core) -> dict[str, dict[str, int]]:
    """Return every counter by node and name; names of counted reasons are joined by "."."""
    counted: dict[str, dict[str, int]] = {}
    for ggsn in core.ggsns.values():
        counted[ggsn.name] = dict(_flat("", ggsn.counters))
        counted[ggsn.name] |= _flat("gtp", ggsn.endpoint_counters)
        counted[ggsn.name] |= _flat("gtp_u", ggsn.user_plane_counters)
        counted[ggsn.name] |= _flat("accounting", ggsn.accounting_counters)
        counted[ggsn.name] |= _flat("authentication", ggsn.access_counters)
        counted[ggsn.name] |= _flat("orders", ggsn.dynamic_counters)
    for sgsn in core.sgsns.values():
        counted[sgsn.name] = dict(_flat("", sgsn.counters))
        counted[sgsn.name] |= _flat("gtp", sgsn.endpoint_counters)
    if core.hlr is not None:
        counted[core.hlr.name] = dict(_flat("gtp", core.hlr.gtp_counters))
        counted[core.hlr.name] |= _flat("gr", core.hlr.gr_counters)
        counted[core.hlr.name] |= _flat("short_messages", core.hlr.short_message_counters)
    if core.gsup_server is not None:
        counted[core.gsup_server.name] = dict(core.gsup_server.counters)
    for outside in core.hlrs_outside.values():
        counted[outside.name] = dict(outside.counters)
    for um in (core.base_station, core.transceiver):
        if um is not None:
            counted[um.name] = dict(um.counters)
    if core.mobiles is not None:
        counted[core.mobiles.name] = dict(_flat("", core.mobiles.counters))
    return counted


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, int]]:
    named: Mapping[str, Any]
    if is_dataclass(value):
        named = {field.name: getattr(value, field.name) for field in fields(value)}
    else:
        named = value
    for name, item in named.items():
        whole = f"{prefix}.{name}" if prefix else str(name)
        if isinstance(item, int):
            yield whole, item
        else:
            yield from _flat(whole, item)
