"""A push as people see it: plain values for JSON."""

from __future__ import annotations

from typing import Any

from testbed.codecs.pap import format_timestamp
from testbed.gateway.records import DeliveryRecord, StoredPush


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
