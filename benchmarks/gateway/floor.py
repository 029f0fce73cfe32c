"""What is left of a gateway that reads nothing: our HTTP, two commits and a datagram for each push.

It answers every POST with 1001 once a row of it is on disk, sends a datagram to the address that
stands in it, and writes another row; nothing is parsed, judged, encoded, counted or logged. What
it costs is below what any gateway built on these parts can cost. Run by ``benchmarks.gateway`` as
a program of its own.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from itertools import count
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred

from testbed.adapters.gateway_http import GatewaySite
from testbed.adapters.store_thread import StoreThread
from testbed.codecs.wsp.push import PUSH_PORT
from testbed.gateway.effects import Commit
from testbed.gateway.initiators import Caller
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import AddPush, DeliveryRecord, PushRecord, PutDelivery
from testbed.gateway.keeping.store import SqliteStore, Written
from testbed.gateway.submissions.answers import HttpAnswer
from testbed.lab.commands.run import spare_collections
from testbed.lab.reactor_run import run_in_reactor

PORT = 8081
_ACCEPTED = HttpAnswer(202, "application/xml", b'<push-response code="1001"/>'.ljust(300))
_LATER = 4e9


class Floor:
    """The floor under one gateway."""

    def __init__(self, host: str, store: str) -> None:
        self._host = host
        self._store = StoreThread(
            reactor, lambda: SqliteStore(store), written=self._written, failed=self._failed
        )
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._numbers = count()
        self._waiting: dict[int, tuple[Deferred[HttpAnswer], bytes]] = {}

    async def run(self) -> int:
        """Serve until the process ends."""
        await self._store.start()
        site = GatewaySite(
            reactor,
            pap_path="/pap",
            largest_body=1 << 20,
            viewers=(),
            submit=self._submit,
            find=_nothing,
            search=_nothing,
            health=dict,
            metrics=bytes,
        )
        reactor.listenTCP(PORT, site, interface=self._host)
        spare_collections()
        print("Ready: the floor", flush=True)
        return await Deferred[int]()

    def _submit(self, _content_type: str, body: bytes, _caller: Caller) -> Deferred[HttpAnswer]:
        number = next(self._numbers)
        answer: Deferred[HttpAnswer] = Deferred()
        self._waiting[number] = answer, body
        push = PushRecord(str(number), _LATER, _LATER, ("",), body[:100], "")
        self._store.write([Commit(number, AddPush(push))])
        return answer

    def _written(self, written: Sequence[tuple[Commit, Written]]) -> None:
        ended = []
        for commit, _ in written:
            waiting = self._waiting.pop(commit.number, None)
            if waiting is None:
                continue
            answer, body = waiting
            answer.callback(_ACCEPTED)
            address = body[body.find(b"WAPPUSH=") + 8 : body.find(b"/TYPE=")].decode()
            mark = body.find(b"?n=")
            self._datagrams.sendto(body[mark : mark + 11], (address, PUSH_PORT))
            delivery = DeliveryRecord(str(commit.number), 0, State.DELIVERED, _LATER)
            ended.append(Commit(-1, PutDelivery(delivery, 1)))
        self._store.write(ended)

    def _failed(self, _commits: Sequence[Commit], reason: str) -> None:
        raise SystemExit(reason)


async def _nothing(_asked: object) -> Any:
    """Find nothing."""


def main() -> None:
    """Take an address to listen at and a file to write."""
    host, store = sys.argv[1:]
    run_in_reactor(lambda _: Floor(host, store).run())


if __name__ == "__main__":
    main()
