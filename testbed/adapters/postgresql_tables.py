"""The tables of a push gateway in PostgreSQL, and what is said to them in SQL.

``postgresql_store`` has the theory of operation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from testbed.gateway.keeping.store_rows import DELIVERY_COLUMNS, HISTORY_COLUMNS, PUSH_COLUMNS

SCHEMA_VERSION: Final = 3
FORGOTTEN_AFTER: Final = 3600
"""Seconds after which the row of a gateway that is gone, and holds nothing, is deleted."""

_PUSH_TYPES: Final = (
    "text PRIMARY KEY",
    "double precision NOT NULL",
    "double precision NOT NULL",
    "double precision",
    "text",
    "text",
    "text NOT NULL",
    "text NOT NULL",
    "bytea NOT NULL",
    "text NOT NULL",
    "text NOT NULL",
    "text NOT NULL",
    "text",
    "text NOT NULL",
    "text NOT NULL",
    "text NOT NULL",
    "boolean NOT NULL",
)
_DELIVERY_TYPES: Final = (
    "text NOT NULL REFERENCES push",
    "integer NOT NULL",
    "text NOT NULL",
    "text NOT NULL",
    "double precision NOT NULL",
    "integer NOT NULL",
    "integer NOT NULL",
    "text NOT NULL",
    "text NOT NULL",
    "text NOT NULL",
    "boolean NOT NULL",
)
_HISTORY_TYPES: Final = (
    "text NOT NULL",
    "integer NOT NULL",
    "integer NOT NULL",
    "double precision NOT NULL",
    "text NOT NULL",
    "text NOT NULL",
)


_CONSTRAINTS: Final = re.compile(" (NOT NULL|PRIMARY KEY|REFERENCES).*")


def _columns(names: Sequence[str], types: Sequence[str]) -> str:
    return ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))


def _arrays(types: Sequence[str]) -> str:
    """Return the arguments of ``unnest``: an array for each column, of the type alone."""
    return ", ".join(f"%s::{_CONSTRAINTS.sub('', kind)}[]" for kind in types)


SCHEMA: Final = f"""
CREATE TABLE gateway (
    id text PRIMARY KEY,
    lease_until timestamptz NOT NULL
);
CREATE TABLE push ({_columns(PUSH_COLUMNS, _PUSH_TYPES)}, holder text);
CREATE INDEX push_holder ON push (holder) WHERE holder IS NOT NULL;
CREATE INDEX push_received ON push (received);
CREATE TABLE delivery (
    {_columns(DELIVERY_COLUMNS, _DELIVERY_TYPES)}, PRIMARY KEY (push_id, number)
);
CREATE INDEX ended_delivery ON delivery (changed) WHERE NOT is_open;
CREATE TABLE history (
    {_columns(HISTORY_COLUMNS, _HISTORY_TYPES)}, PRIMARY KEY (push_id, number, ordinal),
    FOREIGN KEY (push_id, number) REFERENCES delivery
);
CREATE TABLE withdrawal (
    push_id text NOT NULL, number integer NOT NULL, replaced_by text,
    PRIMARY KEY (push_id, number)
);
CREATE TABLE push_gateway_schema (version integer NOT NULL);
INSERT INTO push_gateway_schema VALUES ({SCHEMA_VERSION});
"""
PUSH: Final = ", ".join(PUSH_COLUMNS)
DELIVERY: Final = ", ".join(DELIVERY_COLUMNS)
HISTORY: Final = ", ".join(HISTORY_COLUMNS)

# Sorted, so that two gateways that add the same push-ids wait for each other in one order.
ADD_PUSHES: Final = f"""
INSERT INTO push ({PUSH}, holder)
SELECT {PUSH}, %s FROM unnest({_arrays(_PUSH_TYPES)}) WITH ORDINALITY AS row ({PUSH}, place)
ORDER BY push_id, place ON CONFLICT (push_id) DO NOTHING RETURNING push_id
"""
ADD_DELIVERIES: Final = f"""
INSERT INTO delivery ({DELIVERY}) SELECT * FROM unnest({_arrays(_DELIVERY_TYPES)})
"""
ADD_HISTORY: Final = f"""
INSERT INTO history ({HISTORY}) SELECT * FROM unnest({_arrays(_HISTORY_TYPES)})
ON CONFLICT (push_id, number, ordinal)
DO UPDATE SET time = EXCLUDED.time, state = EXCLUDED.state, note = EXCLUDED.note
"""
PUT_DELIVERIES: Final = f"""
UPDATE delivery SET state = row.state, changed = row.changed, attempts = row.attempts,
    code = row.code, description = row.description, notification = row.notification,
    route_times = row.route_times, is_open = row.is_open
FROM unnest({_arrays(_DELIVERY_TYPES)}) AS row ({DELIVERY})
WHERE delivery.push_id = row.push_id AND delivery.number = row.number
"""
LET_DONE_GO: Final = """
UPDATE push SET holder = NULL WHERE push_id = ANY(%s) AND NOT EXISTS
    (SELECT FROM delivery WHERE delivery.push_id = push.push_id AND is_open)
"""
ASK_WITHDRAWALS: Final = """
INSERT INTO withdrawal (push_id, number, replaced_by)
SELECT * FROM unnest(%s::text[], %s::integer[], %s::text[]) ORDER BY 1, 2 ON CONFLICT DO NOTHING
"""
WITHDRAWALS: Final = """
SELECT push_id, number, replaced_by FROM withdrawal JOIN push USING (push_id)
JOIN delivery USING (push_id, number) WHERE holder = %s AND is_open ORDER BY push_id, number
"""
FORGET_WITHDRAWALS: Final = """
DELETE FROM withdrawal USING push WHERE withdrawal.push_id = push.push_id AND holder IS NULL
"""
GONE: Final = """
SELECT id FROM gateway WHERE lease_until < clock_timestamp() AND id <> %s
ORDER BY id FOR UPDATE SKIP LOCKED
"""
TAKE_OVER: Final = """
UPDATE push SET holder = %s WHERE push_id IN (
    SELECT push_id FROM push WHERE holder = ANY(%s) ORDER BY received LIMIT %s
    FOR UPDATE SKIP LOCKED
) RETURNING push_id
"""
FORGET: Final = f"""
DELETE FROM gateway WHERE id = ANY(%s)
AND lease_until < clock_timestamp() - make_interval(secs => {FORGOTTEN_AFTER})
AND NOT EXISTS (SELECT FROM push WHERE holder = gateway.id)
"""
OLD: Final = """
SELECT DISTINCT push_id FROM delivery AS d WHERE NOT is_open AND changed < %s
AND NOT EXISTS (SELECT FROM delivery AS o WHERE o.push_id = d.push_id
    AND (o.is_open OR o.changed >= %s)) LIMIT %s
"""
