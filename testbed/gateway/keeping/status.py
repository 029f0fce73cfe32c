"""A push as people see it: plain values for JSON. And what they ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from testbed.codecs.timestamps import format_timestamp, parse_timestamp
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import DeliveryRecord, StoredPush
from testbed.gateway.keeping.store import LARGEST_LISTING, PushQuery


def read_query(text: str) -> PushQuery:
    """Read the query part of a URL: address, state, received_from, received_before, limit.

    Times are ISO 8601 in UTC. ValueError says what is wrong.
    """
    values: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, max_num_fields=len(_READERS)):
        if name not in _READERS:
            raise ValueError(f"{name} is none of {', '.join(_READERS)}")
        if name in values:
            raise ValueError(f"{name} is given twice")
        try:
            values[name] = _READERS[name](value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    return PushQuery(**values)


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= LARGEST_LISTING):
        raise ValueError(f"{text!r} is not a number from 1 to {LARGEST_LISTING}")
    return int(text)


def _text(value: str) -> str:
    if "\0" in value:
        raise ValueError("no address has a NUL")
    return value


_READERS: Final[Mapping[str, Callable[[str], object]]] = {
    "address": _text,
    "state": State,
    "received_from": parse_timestamp,
    "received_before": parse_timestamp,
    "limit": _limit,
}


def as_plain(stored: StoredPush) -> dict[str, Any]:
    """Return a push with the timeline of each of its addresses.

    Times are ISO 8601 in UTC; within a timeline they are seconds since the push was received.
    """
    push = stored.push
    return {
        "push_id": push.push_id,
        "received": format_timestamp(push.received),
        "deliver_before": format_timestamp(push.deliver_before),
        "deliver_after": None
        if push.deliver_after is None
        else format_timestamp(push.deliver_after),
        "source_reference": push.source_reference,
        "notify_url": push.notify_url,
        "content_type": push.content_type,
        "octets": len(push.pdu),
        "deliveries": [
            _delivery(push.addresses[delivery.number], delivery, push.received)
            for delivery in stored.deliveries
        ],
    }


def _delivery(address: str, delivery: DeliveryRecord, received: float) -> dict[str, Any]:
    return {
        "address": address,
        "state": delivery.state.value,
        "message_state": delivery.state.message_state.value,
        "code": delivery.code or None,
        "description": delivery.description,
        "changed": format_timestamp(delivery.changed),
        "activations": delivery.attempts,
        "notification": delivery.notification.value,
        "history": [
            {
                "seconds": round(entry.time - received, 3),
                "state": entry.state.value,
                "note": entry.note,
            }
            for entry in delivery.history
        ],
    }
