"""Push through an SMSC in transaction mode, and measure its CPU time and the time to the answer.

The SMSC is a process of its own, on loopback TCP; so is the one that does nothing but answer, which
tells what SMPP, the sockets and the reactor cost without an SMSC. An ESME in this process keeps so
many pushes outstanding. A push is a data_sm of 500 octets with ports, four short messages; each
goes to one of a thousand terminals, where it arrives at once. CPU time is that of the SMSC's
process, user and system, from ``/proc/PID/stat``; the times to the answer include the ESME.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any

from twisted.internet.defer import Deferred

from corenet.adapters.runtime import TwistedRuntime
from corenet.interfaces.node import Interface
from testbed.codecs.smpp import BindTransceiver, DataSm, SmeAddress
from testbed.codecs.smpp import parameters as p
from testbed.codecs.smpp.constants import VERSION_3_4
from testbed.lab.reactor_run import run_in_reactor
from testbed.smpp.config import SmppLimits
from testbed.smpp.events import Answered, LinkUp, SessionEvent
from testbed.smpp.links import Account, SmscLinks
from testbed.smpp.testing import LinkedEsme

ADDRESS, ESME = "127.0.32.1", "127.0.32.3"
TERMINALS = 1_000
TLVS = (p.SOURCE_PORT(9200), p.DESTINATION_PORT(2948), p.MESSAGE_PAYLOAD(bytes(500)))
SOURCE = SmeAddress.international("447700900100")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one round."""

    per_cpu_second: float
    per_second: float
    p50: float
    p99: float
    """Milliseconds."""


class Client(LinkedEsme):
    """An ESME that keeps so many pushes outstanding, and notes how long each has taken."""

    def __init__(self, outstanding: int, pushes: int) -> None:
        account = Account(
            "smsc",
            (ADDRESS, 2775),
            BindTransceiver(system_id="benchmark", interface_version=VERSION_3_4),
            limits=SmppLimits(window=outstanding),
        )
        super().__init__(SmscLinks((account,), random=Random(1)))
        self.done: Deferred[None] = Deferred()
        self.seconds: list[float] = []
        self._outstanding = outstanding
        self._left = pushes
        self._open = 0
        self._numbers = count()

    def heard(self, event: SessionEvent, now: float) -> None:
        """Submit the next push for each that is answered."""
        self.told.clear()
        if isinstance(event, LinkUp):
            for _ in range(self._outstanding):
                self._submit(now)
        elif isinstance(event, Answered):
            assert event.response.is_success, event
            assert isinstance(event.context, float)
            self.seconds.append(time.perf_counter() - event.context)
            self._open -= 1
            self._submit(now)
            if not self._open:
                self.done.callback(None)

    def _submit(self, now: float) -> None:
        if not self._left:
            return
        self._left -= 1
        self._open += 1
        terminal = f"4477009{next(self._numbers) % TERMINALS:05}"
        push = DataSm(
            service_type="WAP",
            source=SOURCE,
            destination=SmeAddress.international(terminal),
            esm_class=0x02,
            data_coding=0x04,
            tlvs=TLVS,
        )
        self.links.submit(push, time.perf_counter(), now)


def cpu_seconds(pid: int) -> float:
    """Return the CPU time that a process has used."""
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(values[11]) + int(values[12])) / _TICKS


async def measure(reactor: Any, kind: str, outstanding: int, pushes: int) -> Row:
    """Run one round against a new process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.smsc.serving", kind, ADDRESS, f"{folder}/db"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                process.stdout.readline()
                client, runtime = Client(outstanding, pushes), TwistedRuntime(reactor)
                cpu, began = cpu_seconds(process.pid), time.perf_counter()
                runtime.attach(client, {Interface.SMPP: (ESME, 0)})
                await client.done
                took, cpu = time.perf_counter() - began, cpu_seconds(process.pid) - cpu
                await runtime.stop()
            finally:
                process.terminate()
    hundredths = quantiles(client.seconds, n=100)
    return Row(pushes / cpu, pushes / took, hundredths[49] * 1000, hundredths[98] * 1000)


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.smsc", description=__doc__)
    parser.add_argument("--pushes", type=int, default=10_000, help="in each round")
    options = parser.parse_args()
    if options.pushes < 200:
        parser.error("--pushes is at least 200")

    async def work(reactor: Any) -> int:
        print("| | outstanding | per CPU-second | per second | p50, ms | p99, ms |")
        print("|---|---:|---:|---:|---:|---:|")
        for kind, title in (("ours", "Corenet, 4 segments"), ("nothing", "do-nothing SMSC")):
            for outstanding in (1, 100):
                row = await measure(reactor, kind, outstanding, options.pushes)
                print(
                    f"| {title} | {outstanding} | {row.per_cpu_second:.0f} | {row.per_second:.0f} "
                    f"| {row.p50:.2f} | {row.p99:.2f} |",
                    flush=True,
                )
        return 0

    return run_in_reactor(work)


if __name__ == "__main__":
    sys.exit(main())
