"""Have very many mobiles attach within a short time, and measure CPU time and memory.

SGSN, HLR and mobiles are in one process on a Twisted reactor, as ``corenet run`` has them; the
mobiles attach at random moments of so many seconds as the rate asks for. With ``--udp`` the
mobiles' frames go over UDP on loopback, as to mobiles of another process, though they are in this
one. With ``--database`` the HLR keeps what it is told in an SQLite file, which is made for the run
in the working directory. Memory is what the process has (resident, ``/proc/self/statm``) beyond
what it had before there was a configuration: subscriptions and settings, mobiles, MM contexts, HLR
records, timers.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from twisted.internet.task import deferLater

from corenet.adapters.subscriber_file import SubscriberFile
from corenet.assembly import CoreConfig
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.hlr.store import Store
from corenet.mobile.config import MobileConfig, MobileTimers
from corenet.mobile.events import Attached, AttachFailed
from corenet.service import CoreService
from corenet.sgsn.config import RoutingArea, SgsnConfig
from corenet.um.config import BaseStationConfig, TransceiverConfig
from testbed.lab.reactor_run import run_in_reactor

SGSN, HLR = "127.0.34.1", "127.0.34.2"
LISTEN, PHONES = (SGSN, 4729), ("127.0.34.3", 0)
_APNS: Final = ("internet",)
_SUBSCRIBED: Final = (SubscribedApn("internet"),)
_PATIENCE: Final = 60.0
"""Seconds that the last mobiles may need after the storm."""
_SETTLING: Final = 5.0
"""Seconds after which memory is looked at: until answered requests are forgotten."""
_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Return the octets of memory that this process has."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE


class Storm:
    """The core, and how many mobiles have attached."""

    def __init__(
        self, reactor: Any, mobiles: int, rate: float, *, udp: bool, subscribers: Store | None
    ) -> None:
        self.attached = self.failed = 0
        people = [(f"23415{number:010d}", f"447{number:09d}") for number in range(mobiles)]
        sgsn = SgsnConfig(control_address=SGSN, user_address=SGSN, hlr=(HLR, 4222))
        hlr = HlrConfig(HLR, tuple(Subscriber(*one, _SUBSCRIBED) for one in people))
        settings = {
            "mobiles": tuple(
                MobileConfig(*one, apns=_APNS, attach_at_start=True) for one in people
            ),
            "mobile_timers": MobileTimers(attach_spread=mobiles / rate),
        }
        if udp:
            station = BaseStationConfig(LISTEN, frozenset({0}), {0: ("sgsn", 0)})
            configs = [
                CoreConfig(sgsns={"sgsn": sgsn}, hlr=hlr, base_station=station),
                CoreConfig(
                    cells={0: RoutingArea().encode()},
                    transceiver=TransceiverConfig(LISTEN, PHONES),
                    **settings,
                ),
            ]
        else:
            configs = [CoreConfig(sgsns={"sgsn": sgsn}, hlr=hlr, **settings)]
        self.services = [
            CoreService(
                reactor,
                config,
                random=Random(1),
                recovery=1,
                gi_ports=(),
                subscribers=subscribers if config.hlr is not None else None,
            )
            for config in configs
        ]
        self.services[-1].runtime.on_event(self._happened)

    def _happened(self, _time: float, _node: str, event: object) -> None:
        if isinstance(event, Attached):
            self.attached += 1
        elif isinstance(event, AttachFailed):
            self.failed += 1


async def measure(
    reactor: Any, mobiles: int, rate: float, *, udp: bool, subscribers: Store | None = None
) -> str:
    """Have the mobiles attach; return a row of the table."""
    before = resident()
    storm = Storm(reactor, mobiles, rate, udp=udp, subscribers=subscribers)
    idle = resident()
    began, cpu = time.monotonic(), time.process_time()
    for service in storm.services:
        service.startService()
    deadline = began + mobiles / rate + _PATIENCE
    told = began
    while storm.attached < mobiles and time.monotonic() < deadline:
        await deferLater(reactor, 0.1)
        if time.monotonic() - told >= 10:
            told = time.monotonic()
            print(f"{storm.attached} of {mobiles} attached", file=sys.stderr, flush=True)
    took, cpu = time.monotonic() - began, time.process_time() - cpu
    await deferLater(reactor, _SETTLING)
    octets = resident()
    way = ("UDP" if udp else "in process") + (", SQLite" if subscribers is not None else "")
    return (
        f"| {way} | {rate:.0f} | {storm.attached} | {storm.failed} "
        f"| {storm.attached / took:.0f} | {storm.attached / cpu:.0f} | {1e6 * cpu / mobiles:.0f} "
        f"| {(idle - before) / mobiles:.0f} | {(octets - before) / mobiles:.0f} |"
    )


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attach", description=__doc__)
    parser.add_argument("--mobiles", type=int, default=100_000, metavar="N")
    parser.add_argument("--rate", type=float, default=1_000.0, help="attaches a second")
    parser.add_argument("--udp", action="store_true", help="frames go over UDP")
    parser.add_argument("--database", action="store_true", help="the HLR has an SQLite file")
    options = parser.parse_args()
    if options.mobiles < 1 or options.rate <= 0:
        parser.error("--mobiles is at least 1, --rate above 0")

    async def work(reactor: Any) -> int:
        with ExitStack() as kept:
            store = None
            if options.database:
                folder = kept.enter_context(TemporaryDirectory(dir="."))
                store = kept.enter_context(closing(SubscriberFile(f"{folder}/hlr.sqlite")))
            row = await measure(
                reactor, options.mobiles, options.rate, udp=options.udp, subscribers=store
            )
        print(
            "| frames | asked a second | attached | failures | per second | per CPU-second", end=""
        )
        print(" | CPU, µs each | octets each, switched on | octets each, attached |")
        print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
        print(row)
        return 0

    # The core is not stopped: every mobile would be switched off, one after the other.
    return run_in_reactor(work)


if __name__ == "__main__":
    sys.exit(main())
