"""An SMSC as a process: ``python -m benchmarks.smsc.serving ours|nothing ADDRESS STORE``.

It is ours, before a network that answers at once; or one that does nothing but answer.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from random import Random
from typing import Any

from twisted.internet.defer import Deferred

from corenet.adapters.runtime import TwistedRuntime
from corenet.interfaces.gsup import GSUP_PORT, GsupMessage, MessageType, decode
from corenet.interfaces.node import Address, Datagram, Event, Interface
from testbed.adapters.smsc import SmscService
from testbed.lab.logs import log_to
from testbed.lab.reactor_run import run_in_reactor
from testbed.smpp.testing import ObligingSmsc
from testbed.smsc.config import Limits, SmscConfig

HLR: Address = ("127.0.32.2", GSUP_PORT)


class InstantNetwork:
    """An HLR behind which every short message arrives at once (satisfies ``Node``)."""

    name = "hlr"
    counters: Mapping[str, int] = {}

    def __init__(self) -> None:
        self._datagrams: list[Datagram] = []

    def start(self, now: float) -> None:
        """Begin; there is nothing to send."""

    def stop(self, now: float) -> None:
        """End; there is nothing to send."""

    def receive(
        self,
        interface: Interface,
        data: bytes,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002
        now: float,  # noqa: ARG002
    ) -> None:
        """Say that a short message has arrived."""
        message = decode(data)
        assert message.sm_rp_da is not None
        answer = GsupMessage(
            MessageType.MT_FORWARD_SM_RESULT,
            "234150000000001",
            msisdn=message.sm_rp_da.digits,
            sm_rp_mr=message.sm_rp_mr,
            destination_name=message.source_name,
        )
        self._datagrams.append(Datagram(interface, peer, answer.encode()))

    def next_timeout(self) -> float | None:
        """Nothing is ever due."""
        return None

    def handle_timeout(self, now: float) -> None:
        """Nothing is ever due."""

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent."""
        taken, self._datagrams = self._datagrams, []
        return taken

    def take_events(self) -> list[Event]:
        """Return nothing."""
        return []


async def serve(reactor: Any, kind: str, address: str, store: str) -> int:
    """Serve until this process is ended."""
    runtime = TwistedRuntime(reactor)
    if kind == "nothing":
        runtime.attach(ObligingSmsc(), {Interface.SMPP: (address, 2775)})
    else:
        runtime.attach(InstantNetwork(), {Interface.GR: HLR})
        limits = Limits(transactions=10_000, per_terminal=1_000)
        config = SmscConfig(address=address, hlr=HLR, limits=limits)
        await SmscService(reactor, runtime, config, store=store, random=Random()).start()
    print("Ready", flush=True)
    await Deferred()
    return 0


if __name__ == "__main__":
    log_to(None, as_json=False)
    sys.exit(run_in_reactor(lambda reactor: serve(reactor, *sys.argv[1:4])))
