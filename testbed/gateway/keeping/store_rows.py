"""Pushes as rows of tables, the same for every store that keeps them in tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from testbed.codecs.pap import DeliveryMethod, Priority, ReplaceMethod, Version
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import (
    AddPush,
    DeliveryRecord,
    HistoryEntry,
    Notification,
    PushRecord,
    RouteTimes,
    StoredPush,
)
from testbed.gateway.routing.bearers import Bearer
from testbed.gateway.routing.policy import Route

Values = tuple[Any, ...]
"""One row: a value for each column."""

PUSH_COLUMNS: Final = (
    "push_id",
    "received",
    "deliver_before",
    "deliver_after",
    "notify_url",
    "source_reference",
    "version",
    "content_type",
    "pdu",
    "priority",
    "delivery_method",
    "initiator",
    "replaces",
    "replace_method",
    "application",
    "bearer",
    "bearer_required",
)
DELIVERY_COLUMNS: Final = (
    "push_id",
    "number",
    "address",
    "state",
    "changed",
    "attempts",
    "code",
    "description",
    "notification",
    "route_times",
    "is_open",
)
HISTORY_COLUMNS: Final = ("push_id", "number", "ordinal", "time", "state", "note")


def is_open(delivery: DeliveryRecord) -> bool:
    """Return whether a gateway has something left to do for a delivery."""
    return not delivery.state.final or delivery.notification is Notification.DUE


def push_values(push: PushRecord) -> Values:
    """Return the row of a push, by ``PUSH_COLUMNS``; its addresses are with its deliveries."""
    return (
        push.push_id,
        push.received,
        push.deliver_before,
        push.deliver_after,
        push.notify_url,
        push.source_reference,
        push.version.value,
        push.content_type,
        push.pdu,
        push.priority.value,
        push.delivery_method.value,
        push.initiator,
        push.replaces,
        push.replace_method.value,
        push.application,
        push.bearer.value,
        push.bearer_required,
    )


def delivery_values(delivery: DeliveryRecord, address: str) -> Values:
    """Return the row of a delivery, by ``DELIVERY_COLUMNS``."""
    return (
        delivery.push_id,
        delivery.number,
        address,
        delivery.state.value,
        delivery.changed,
        delivery.attempts,
        delivery.code,
        _storable(delivery.description),
        delivery.notification.value,
        " ".join([f"{route.value}={since!r}" for route, since in delivery.route_times]),
        is_open(delivery),
    )


def history_values(delivery: DeliveryRecord, history_from: int) -> list[Values]:
    """Return the rows of a delivery's history, by ``HISTORY_COLUMNS``, numbered from there."""
    return [
        (
            delivery.push_id,
            delivery.number,
            ordinal,
            entry.time,
            entry.state.value,
            _storable(entry.note),
        )
        for ordinal, entry in enumerate(delivery.history, history_from)
    ]


def first_deliveries(added: AddPush) -> list[tuple[DeliveryRecord, str]]:
    """Return each delivery of a push that is new, with its address."""
    push = added.push
    ended = {delivery.number: delivery for delivery in added.ended}
    accepted = (HistoryEntry(push.received, State.ACCEPTED),)
    return [
        (
            ended.get(number)
            or DeliveryRecord(
                push.push_id, number, State.ACCEPTED, push.received, history=accepted
            ),
            address,
        )
        for number, address in enumerate(push.addresses)
    ]


def assemble(
    pushes: Iterable[Values], deliveries: Iterable[Values], history: Iterable[Values]
) -> list[StoredPush]:
    """Put rows together again, in the order of ``pushes``.

    Deliveries come in the order of their numbers, history in that of its ordinals. A push that
    has no delivery was pruned, and is left out.
    """
    entries: dict[tuple[str, int], list[HistoryEntry]] = {}
    for push_id, number, _, time, state, note in history:
        entries.setdefault((push_id, number), []).append(HistoryEntry(time, State(state), note))
    records: dict[str, list[DeliveryRecord]] = {}
    addresses: dict[str, list[str]] = {}
    for row in deliveries:
        push_id, number, address, state, changed, attempts, code, text, reported, times, _ = row
        record = DeliveryRecord(
            push_id,
            number,
            State(state),
            changed,
            attempts,
            code,
            text,
            Notification(reported),
            tuple(entries.get((push_id, number), ())),
            _route_times(times),
        )
        records.setdefault(push_id, []).append(record)
        addresses.setdefault(push_id, []).append(address)
    return [
        StoredPush(_push(row, tuple(addresses[row[0]])), tuple(records[row[0]]))
        for row in pushes
        if row[0] in records
    ]


def _push(row: Values, addresses: tuple[str, ...]) -> PushRecord:
    push_id, received, before, after, notify_url, reference, version, content_type, pdu = row[:9]
    priority, method, initiator, replaces, replace_method, application, *bearer = row[9:]
    name, is_required = bearer
    return PushRecord(
        push_id,
        received,
        before,
        addresses,
        bytes(pdu),
        content_type,
        Version(version),
        after,
        notify_url,
        reference,
        Priority(priority),
        DeliveryMethod(method),
        initiator,
        replaces,
        ReplaceMethod(replace_method),
        application,
        Bearer(name),
        bool(is_required),
    )


def _route_times(text: str) -> RouteTimes:
    pairs = (one.partition("=") for one in text.split())
    return tuple((Route(route), float(since)) for route, _, since in pairs)


def _storable(text: str) -> str:
    """Return text that every store can hold: a core's reason may have any character."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
