"""Dynamic authorization: a RADIUS server orders the end or a change of sessions.

Specs: RFC 5176 (Disconnect and CoA), RFC 5080 §2.2.2 (duplicates), TS 29.061 §16.3.

Theory of operation. An order from somebody who is no client, whose authenticator is wrong, whose
Event-Timestamp lies outside the window, or that cannot be read, is dropped without a word and
counted. One that was seen before gets the octets it got then, or nothing while it is still being
carried out. A new one is told as ``Order``; whoever carries it out calls ``acknowledge`` or
``refuse``, at once or later. The answer repeats Proxy-State and has a Message-Authenticator where
the order has one.

Answers are kept for as long as the Event-Timestamp of a repetition could be in the window, within
bounds: an order that is repeated by somebody who has recorded it is a duplicate until it is stale.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from corenet.interfaces.node import Address
from corenet.radius.attributes import (
    PROXY_STATE,
    AttributeValue,
    MalformedError,
    encode_attributes,
)
from corenet.radius.clients import RadiusClient, RadiusClients
from corenet.radius.packets import Code, Packet, is_authentic_request, read, response

KEPT_ANSWERS: Final = 4096


class ErrorCause(IntEnum):
    """Why an order was not carried out (RFC 5176 §3.5)."""

    UNSUPPORTED_ATTRIBUTE = 401
    MISSING_ATTRIBUTE = 402
    NAS_IDENTIFICATION_MISMATCH = 403
    UNSUPPORTED_SERVICE = 405
    INVALID_ATTRIBUTE_VALUE = 407
    SESSION_CONTEXT_NOT_FOUND = 503
    RESOURCES_UNAVAILABLE = 506

    @property
    def text(self) -> str:
        """The cause in words."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class DynamicPolicy:
    """Who may order the end or a change of sessions, and how fresh an order is."""

    clients: tuple[RadiusClient, ...]
    port: int = 3799
    """UDP port that orders come to (RFC 5176 §2.3)."""
    window: float = 300.0
    """Seconds by which an order's Event-Timestamp may be off (RFC 5176 §6.3)."""
    needs_timestamp: bool = False
    """Whether an order without Event-Timestamp is dropped: it could be a recorded one."""

    def __post_init__(self) -> None:
        if not self.clients:
            raise ValueError("dynamic authorization without clients that may order")
        if self.window <= 0 or not 0 <= self.port <= 0xFFFF:
            raise ValueError("the window of Event-Timestamps is above 0, and a port below 65536")


@dataclass(slots=True)
class DynamicCounters:
    """What has been counted; every field only grows."""

    disconnects: int = 0
    """Disconnect-Requests, each counted once."""
    changes: int = 0
    """CoA-Requests, each counted once."""
    acknowledged: int = 0
    refused: int = 0
    duplicates: int = 0
    """Orders that came again: answered from the cache, or already being carried out."""
    unknown_client: int = 0
    """Orders of somebody who is no client, dropped."""
    malformed: int = 0
    """Datagrams that are no order, dropped."""
    not_authentic: int = 0
    """Orders with a wrong secret, dropped."""
    stale: int = 0
    """Orders whose Event-Timestamp is outside the window, or missing and needed, dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """A Disconnect-Request or CoA-Request that is authentic, fresh and new."""

    packet: Packet
    peer: Address
    secret: bytes = field(repr=False)

    @property
    def disconnects(self) -> bool:
        """Whether it orders the end of sessions, not a change."""
        return self.packet.code == Code.DISCONNECT_REQUEST


_Key = tuple[str, int, bytes]
"""Host, identifier and authenticator: who repeats what it has recorded may use another port."""


class DynamicAuthorizationServer:
    """Takes orders, each once, and answers them. Holds no socket and no clock."""

    def __init__(self, policy: DynamicPolicy | None) -> None:
        """Take orders of the clients in ``policy``; without one nobody is a client."""
        self._policy = policy
        self._clients = RadiusClients(policy.clients if policy is not None else ())
        self._answers: OrderedDict[_Key, tuple[float, bytes | None]] = OrderedDict()
        """When an order came and what it got, or None while it is being carried out."""
        self._datagrams: list[tuple[bytes, Address]] = []
        self.counters = DynamicCounters()

    def receive(self, data: bytes, peer: Address, now: float) -> Order | None:
        """Take a datagram; return a new order, or None. Never raises for what a peer sent."""
        secret = self._clients.secret_of(peer)
        if secret is None:
            self.counters.unknown_client += 1
            return None
        try:
            packet = read(data)
        except MalformedError:
            self.counters.malformed += 1
            return None
        if packet.code not in (Code.DISCONNECT_REQUEST, Code.COA_REQUEST):
            self.counters.malformed += 1
            return None
        if not is_authentic_request(packet, secret):
            self.counters.not_authentic += 1
            return None
        if not self._is_fresh(packet, now):
            self.counters.stale += 1
            return None
        key = (peer[0], packet.identifier, packet.authenticator)
        if self._is_duplicate(key, peer, now):
            return None
        self._answers[key] = (now, None)
        order = Order(packet, peer, secret)
        if order.disconnects:
            self.counters.disconnects += 1
        else:
            self.counters.changes += 1
        return order

    def acknowledge(
        self, order: Order, attributes: Mapping[str, AttributeValue] | None = None
    ) -> None:
        """Say that an order was carried out."""
        self.counters.acknowledged += 1
        code = Code.DISCONNECT_ACK if order.disconnects else Code.COA_ACK
        self._answer(order, code, attributes or {})

    def refuse(self, order: Order, cause: ErrorCause) -> None:
        """Say that an order was not carried out, and why."""
        self.counters.refused += 1
        code = Code.DISCONNECT_NAK if order.disconnects else Code.COA_NAK
        self._answer(order, code, {"Error-Cause": cause.value})

    def take_datagrams(self) -> list[tuple[bytes, Address]]:
        """Return what is to be sent, in order, and forget it."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def _is_fresh(self, packet: Packet, now: float) -> bool:
        """Whether the Event-Timestamp is in the window (RFC 5176 §6.3)."""
        assert self._policy is not None
        stamp = packet.attributes.integer("Event-Timestamp")
        if stamp is None:
            return not self._policy.needs_timestamp
        return abs(now - stamp) <= self._policy.window

    def _is_duplicate(self, key: _Key, peer: Address, now: float) -> bool:
        """Whether an order was seen before; if so, give it what it got then."""
        assert self._policy is not None
        answers = self._answers
        # A stamp may be ahead of the clock by as much as behind it.
        too_old = now - 2 * self._policy.window
        while answers:
            oldest, (came, _) = next(iter(answers.items()))
            if came >= too_old and len(answers) < KEPT_ANSWERS:
                break
            del answers[oldest]
        known = answers.get(key)
        if known is None:
            return False
        self.counters.duplicates += 1
        if known[1] is not None:
            self._datagrams.append((known[1], peer))
        return True

    def _answer(self, order: Order, code: Code, attributes: Mapping[str, AttributeValue]) -> None:
        packet = order.packet
        repeated = b"".join(
            bytes((PROXY_STATE, len(value) + 2)) + value
            for number, value in packet.attributes.items
            if number == (0, PROXY_STATE)
        )
        octets = encode_attributes(attributes) + repeated
        answer = response(code, packet, octets, order.secret)
        key = (order.peer[0], packet.identifier, packet.authenticator)
        if key in self._answers:
            self._answers[key] = (self._answers[key][0], answer)
        self._datagrams.append((answer, order.peer))
