"""Carries nodes' questions to name servers, with twisted.names (``corenet.interfaces.names``).

Theory of operation. The servers of a node are asked in turn, and all of them again, until one says
what is: addresses, or that there are none. One that is silent or cannot tell (SERVFAIL, REFUSED)
is followed by the next. An alias that comes without the addresses of what it stands for is
followed. Answers that were cut short come again over TCP; twisted.names sees to that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.defer import TimeoutError as TooLateError
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.logger import Logger
from twisted.names import client, dns
from twisted.names.error import DNSNameError, DomainError
from twisted.python.failure import Failure

from corenet.interfaces.names import AsksNames, NameAnswer, NameAsked, RecordType
from corenet.interfaces.node import Address, Event
from corenet.interfaces.runtime import Runtime

WAIT = 2
"""Seconds for which one server is waited for."""

ROUNDS = 2
"""How often each server is asked."""

MOST_ALIASES = 8
"""Followed for one question; there are more in a circle only."""

_KINDS = {RecordType.A: dns.A, RecordType.AAAA: dns.AAAA}


class NameQuestions:
    """Asks for every node that is given with its name servers."""

    def __init__(
        self,
        reactor: Any,
        runtime: Runtime,
        nodes: Mapping[str, AsksNames],
        servers: Mapping[str, Sequence[Address]],
        wait: int = WAIT,
    ) -> None:
        """``nodes`` are by name, those of now at any time, as are their name ``servers``.

        ``wait`` is in seconds.
        """
        self._runtime = runtime
        self._log = Logger(namespace="corenet.names")
        self._nodes = nodes
        self._resolvers = {
            name: [
                client.Resolver(servers=[one], timeout=(wait,), reactor=reactor) for one in asked
            ]
            for name, asked in servers.items()
        }
        self._open: set[Deferred[None]] = set()
        runtime.on_event(self._heard)

    def stop(self) -> None:
        """Ask no more; what is under way ends with its wait."""
        for asking in list(self._open):
            asking.cancel()

    def _heard(self, _time: float, name: str, event: Event) -> None:
        if not isinstance(event, NameAsked) or name not in self._resolvers:
            return
        asking = Deferred.fromCoroutine(self._ask(name, event))
        self._open.add(asking)
        asking.addBoth(self._over, asking)

    def _over(self, result: Failure | None, asking: Deferred[None]) -> None:
        self._open.discard(asking)
        if isinstance(result, Failure) and not result.check(CancelledError):
            self._log.failure("A question to the DNS failed", result)

    async def _ask(self, asker: str, asked: NameAsked) -> None:
        resolvers = self._resolvers[asker]
        answer = NameAnswer(asked.name, failure="too many aliases")
        name, ttl = asked.name, None
        for _ in range(MOST_ALIASES):
            found = await _records(resolvers, name, _KINDS[asked.record])
            if isinstance(found, NameAnswer):
                answer = NameAnswer(asked.name, ttl=found.ttl, failure=found.failure)
                break
            answers, authority = found
            ttl = min(
                [record.ttl for record in answers] + ([] if ttl is None else [ttl]), default=ttl
            )
            addresses = tuple(
                text for record in answers if (text := _address(record.payload, asked.record))
            )
            aliases = [r.payload.name.name for r in answers if r.type == dns.CNAME]
            if addresses or not aliases:
                ttl = ttl if addresses else _negative_ttl(authority)
                answer = NameAnswer(asked.name, addresses, ttl)
                break
            name = aliases[-1].decode("ascii", "replace")
        node = self._nodes[asker]
        with suppress(LookupError):  # it has crashed, and is not back
            self._runtime.command(node, lambda now: node.name_answered(answer, now))


async def _records(
    resolvers: Sequence[client.Resolver], name: str, kind: int
) -> tuple[list[Any], list[Any]] | NameAnswer:
    """Return the answer and authority sections of the first server that can tell."""
    failure = ""
    for resolver in (*resolvers,) * ROUNDS:
        try:
            query = dns.Query(name.encode("idna"), kind, dns.IN)
            answers, authority, _ = await resolver.query(query)
        except DNSNameError as error:
            return NameAnswer(name, ttl=_negative_ttl(error.args[0].authority))
        except (DomainError, TooLateError, ConnectError, ConnectionClosed, OSError) as error:
            failure = str(type(error).__name__)
        else:
            return answers, authority
    return NameAnswer(name, failure=failure)


def _negative_ttl(authority: Sequence[Any]) -> float | None:
    """Return for how long nothing is there (RFC 2308 §5), or None where nobody says so."""
    for record in authority:
        if record.type == dns.SOA:
            return float(min(record.ttl, record.payload.minimum))
    return None


def _address(record: Any, kind: RecordType) -> str | None:
    if kind is RecordType.A and isinstance(record, dns.Record_A):
        return str(IPv4Address(record.address))
    if kind is RecordType.AAAA and isinstance(record, dns.Record_AAAA):
        return str(IPv6Address(record.address))
    return None
