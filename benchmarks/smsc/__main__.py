"""Push through an SMSC, and measure its CPU time, the client's, and the time to the answer.

Two SMSCs: ours, behind which each short message arrives at once; and one that does nothing but
answer, which tells what SMPP, the sockets and the reactor cost without an SMSC. Two clients against
both, in the same run: an ESME of ours, which submits a push of 500 octets with ports whole, in
transaction mode, so that the SMSC makes four short messages of it and answers with the outcome;
and Kannel's bearerbox at full speed, which submits the four segments itself, to be stored and
forwarded.

An SMSC is a process of its own, on loopback TCP; our ESME is in this process. Terminals are a
thousand. CPU time is user and system, from ``/proc/PID/stat``; times to the answer are those that
our ESME sees. Without Kannel its rows are left out.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from statistics import quantiles
from typing import Any, Final

from twisted.internet.defer import Deferred

from benchmarks.cpu import cpu_seconds
from benchmarks.smsc.bearerbox import SEGMENTS, Bearerbox, MissingPeerError, require_programs
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
_REST: Final = 1.0
"""Seconds with next to no CPU time tell that an SMSC has nothing to do."""
_LITTLE: Final = 0.01
"""Seconds of CPU time in ``_REST`` that are none: an SMSC looks at its clock."""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one round."""

    per_cpu_second: float
    """Pushes for a second of CPU time of the SMSC's."""
    per_client_second: float
    """The same of the client's."""
    per_second: float
    """Pushes for a second of the clock."""
    p50: float | None = None
    p99: float | None = None
    """Milliseconds, where they can be seen."""


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


def await_rest(pid: int) -> float:
    """Wait until a process has nothing to do any more; return the CPU time that it has used."""
    used, last = cpu_seconds(pid), -1.0
    while used - last > _LITTLE:
        time.sleep(_REST)
        used, last = cpu_seconds(pid), used
    return used


class Serving:
    """An SMSC as a process, from its start to its stop."""

    def __init__(self, kind: str, folder: str) -> None:
        self._command = (sys.executable, "-m", "benchmarks.smsc.serving", kind, ADDRESS, folder)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> int:
        """Start it; return its process id when it serves."""
        *words, folder = self._command
        self._process = subprocess.Popen([*words, f"{folder}/db"], stdout=subprocess.PIPE)
        assert self._process.stdout is not None
        self._process.stdout.readline()
        return self._process.pid

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


async def whole_pushes(reactor: Any, kind: str, outstanding: int, pushes: int) -> Row:
    """Have our ESME push in transaction mode, against a new SMSC."""
    with tempfile.TemporaryDirectory() as folder, Serving(kind, folder) as pid:
        client, runtime = Client(outstanding, pushes), TwistedRuntime(reactor)
        cpu, own, began = cpu_seconds(pid), time.process_time(), time.perf_counter()
        runtime.attach(client, {Interface.SMPP: (ESME, 0)})
        await client.done
        took, own = time.perf_counter() - began, time.process_time() - own
        cpu = cpu_seconds(pid) - cpu
        await runtime.stop()
    hundredths = quantiles(client.seconds, n=100)
    times = hundredths[49] * 1000, hundredths[98] * 1000
    return Row(pushes / cpu, pushes / own, pushes / took, *times)


async def cut_pushes(_reactor: Any, kind: str, outstanding: int, pushes: int) -> Row:
    """Have bearerbox submit segments, against a new SMSC that comes when its queue is full."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Bearerbox(Path(folder), ADDRESS, outstanding=outstanding) as box,
    ):
        box.fill(pushes, TERMINALS)
        with Serving(kind, folder) as pid:
            cpu, own = cpu_seconds(pid), cpu_seconds(box.pid)
            early, began = box.await_first() / SEGMENTS, time.perf_counter()
            box.await_all(pushes)
            took, own = time.perf_counter() - began, cpu_seconds(box.pid) - own
            # What is stored is still to be forwarded: that belongs to the push too.
            cpu = await_rest(pid) - cpu
    return Row(pushes / cpu, pushes / own, (pushes - early) / took)


CLIENTS: Final = {"whole": ("our ESME, whole", whole_pushes), "cut": ("bearerbox, cut", cut_pushes)}
SMSCS: Final = {"ours": "Corenet", "nothing": "do-nothing"}
OUTSTANDING: Final = (1, 100)


def line(client: str, smsc: str, outstanding: int, row: Row) -> str:
    """Return a row of the table."""
    numbers = (row.per_cpu_second, row.per_client_second, row.per_second)
    rates = " | ".join(f"{number:.0f}" for number in numbers)
    times = " | ".join("–" if one is None else f"{one:.2f}" for one in (row.p50, row.p99))
    return f"| {client} | {smsc} | {outstanding} | {rates} | {times} |"


def ratios(rows: Mapping[tuple[str, str, int], Row]) -> str:
    """Return what the clients have to each other, as a table."""
    lines = [
        "",
        "| our ESME to bearerbox, pushes per | 1 outstanding | 100 outstanding |",
        "|---|---:|---:|",
    ]
    for smsc, title in SMSCS.items():
        for field, of in (
            ("per_cpu_second", f"CPU-second of the {title} SMSC"),
            ("per_client_second", f"CPU-second of the client at the {title} SMSC"),
            ("per_second", f"second at the {title} SMSC"),
        ):
            values = (
                getattr(rows["whole", smsc, number], field)
                / getattr(rows["cut", smsc, number], field)
                for number in OUTSTANDING
            )
            lines.append(f"| {of} | " + " | ".join(f"{value:.2f}" for value in values) + " |")
    return "\n".join(lines)


def main() -> int:
    """Measure and print tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.smsc", description=__doc__)
    parser.add_argument("--pushes", type=int, default=10_000, help="in each round")
    options = parser.parse_args()
    if options.pushes < 200:
        parser.error("--pushes is at least 200")

    async def work(reactor: Any) -> int:
        clients = dict(CLIENTS)
        try:
            require_programs()
        except MissingPeerError as missing:
            print(f"Without Kannel: {missing}.", file=sys.stderr)
            del clients["cut"]
        rows: dict[tuple[str, str, int], Row] = {}
        print("| client | SMSC | outstanding | per CPU-second of the SMSC | of the client", end="")
        print(" | per second | p50, ms | p99, ms |\n|---|---|---:|---:|---:|---:|---:|---:|")
        for smsc, of in SMSCS.items():
            for name, (client, measure) in clients.items():
                for outstanding in OUTSTANDING:
                    row = await measure(reactor, smsc, outstanding, options.pushes)
                    rows[name, smsc, outstanding] = row
                    print(line(client, of, outstanding, row), flush=True)
        if "cut" in clients:
            print(ratios(rows))
        return 0

    return run_in_reactor(work)


if __name__ == "__main__":
    sys.exit(main())
