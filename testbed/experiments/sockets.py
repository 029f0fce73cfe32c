"""The ladder in virtual time beside that of the same lab on real sockets, step by step.

Theory of operation. One lab file, with the latencies of its interfaces, is started twice: its nodes
in a virtual network, and on sockets in a reactor. The same pushes go to both, one after the other:
to terminals that take part in network-requested activation, and to terminals that refuse it and get
short messages. Each thing that passes or happens is a rung of a ladder (``testbed.lab.ladder``);
rungs of both ladders belong together that say the same, the first to the first and so on. What is
left of real time is how long the machine takes; it is bounded, for every wait is.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from math import nan
from pathlib import Path
from random import Random
from typing import Annotated, Any, Final

from pydantic import Field
from twisted.internet.defer import TimeoutError as DeferredTimeoutError
from twisted.internet.error import CannotListenError
from twisted.internet.task import deferLater

from corenet.adapters.udp import CannotBindError
from corenet.interfaces.node import Interface
from testbed.adapters.initiator import SubmissionClient, SubmissionError
from testbed.codecs import pap
from testbed.codecs.si import ServiceIndication
from testbed.experiments.estimates import estimate
from testbed.experiments.experiment import (
    Experiment,
    ExperimentError,
    Parameters,
    Row,
    Spread,
    columns,
    line,
)
from testbed.experiments.plots import Panel
from testbed.gateway.keeping.store import SqliteStore
from testbed.initiator.submission import HttpMessage, indication_part, recipient, submission
from testbed.lab.build import LoadedLab, load
from testbed.lab.ladder import Ladder, Rung
from testbed.lab.logs import log_to
from testbed.lab.parts import Part
from testbed.lab.reactor_run import run_in_reactor
from testbed.lab.running import RunningLab
from testbed.lab.state import LabState
from testbed.simulation.gateway_host import Delays
from testbed.simulation.lab import SmsParts, VirtualLab
from testbed.simulation.quality import LinkQuality
from testbed.smsc.store import MessageStore

_SETTLING: Final = 30.0
_LONGEST: Final = 30.0
"""Seconds that attaching, and one push, may take."""
_PATIENCE: Final = 600.0
"""Virtual seconds that attaching, and one push, may take."""
_REST: Final = 10.0
"""Virtual seconds until nothing passes that belongs to the beginning."""
_TERMINALS: Final = 10
"""Of each kind in the lab file."""


class DelaysPart(Part):
    """How long takes what is no datagram."""

    write: Annotated[float, Field(ge=0)]
    confirm: Annotated[float, Field(ge=0)]
    http: Annotated[float, Field(ge=0)]


class Sockets(Parameters):
    """Parameters of the comparison."""

    lab: str
    octets: Annotated[int, Field(ge=10, le=1_000)]
    aftermath: Annotated[float, Field(ge=0, le=60)]
    delays: DelaysPart


@dataclass(frozen=True, slots=True)
class _Job:
    parameters: Sockets
    on_sockets: bool
    pushes: int
    """To terminals of each kind."""


@dataclass(frozen=True, slots=True)
class Climbed:
    """The ladder of one push; times are seconds from its submission."""

    terminals: str
    rungs: tuple[Rung, ...]


class _Watch:
    """Keeps the rungs of the push that is under way."""

    def __init__(self, lab: LoadedLab, runtime: Any) -> None:
        self._rungs: list[Rung] = []
        part = lab.model.initiator
        ladder = Ladder(self._rungs.append, {part.address: "initiator"} if part else None)
        runtime.on_passed(ladder.passed)
        runtime.on_event(ladder.happened)

    def begin(self) -> None:
        self._rungs.clear()

    def end(self, terminals: str, began: float) -> Climbed:
        rungs = tuple(
            Rung(rung.time - began, rung.source, rung.destination, rung.message)
            for rung in sorted(self._rungs, key=lambda rung: rung.time)
        )
        self._rungs.clear()
        return Climbed(terminals, rungs)


def _terminals(lab: LoadedLab, pushes: int) -> list[tuple[str, str]]:
    """Return kind and MSISDN of each terminal that gets a push, in their order."""
    kinds = ("ready", "rejecting")
    return [
        (kind, str(int(part.msisdn) + number))
        for kind, part in zip(kinds, lab.model.subscribers, strict=True)
        for number in range(pushes)
    ]


def _text(octets: int) -> str:
    return "You have mail. ".ljust(octets, "x")


def _carry_out(job: _Job) -> list[Climbed]:
    try:
        lab = load(job.parameters.lab)
        if not job.on_sockets:
            return _in_virtual_time(job, lab)
        climbed: list[Climbed] = []

        async def work(reactor: Any) -> int:
            with tempfile.TemporaryDirectory() as folder:
                climbed.extend(await _on_sockets(reactor, job, lab, LabState(Path(folder))))
            return 0

        log_to(None)
        run_in_reactor(work)
    except (CannotBindError, CannotListenError, SubmissionError, OSError) as error:
        # As text, for not every error comes through to another process.
        raise ExperimentError(str(error)) from None
    return climbed


def _in_virtual_time(job: _Job, loaded: LoadedLab) -> list[Climbed]:
    parameters = job.parameters
    latencies = loaded.model.latency.by_interface | {Interface.SMPP: 0.0}
    assert loaded.core is not None
    assert loaded.smsc is not None
    assert loaded.esme is not None
    with closing(SqliteStore(":memory:")) as store, closing(MessageStore(":memory:")) as messages:
        lab = VirtualLab(
            loaded.core,
            loaded.gateway,
            seed=1,
            quality={which: LinkQuality(latency) for which, latency in latencies.items()},
            delays=Delays(**parameters.delays.model_dump()),
            store=store,
            sms=SmsParts(loaded.smsc, messages, loaded.esme),
        )
        watch = _Watch(loaded, lab.network)
        lab.start()
        lab.settle(_PATIENCE)
        lab.run(_REST)
        climbed: list[Climbed] = []
        for kind, msisdn in _terminals(loaded, job.pushes):
            watch.begin()
            began, told = lab.network.now(), len(lab.initiator.notified)
            lab.push(msisdn, push_id=_push_id(msisdn), text=_text(parameters.octets))
            lab.network.run_until(partial(_is_told, lab, told), within=_PATIENCE)
            lab.run(parameters.aftermath)
            climbed.append(watch.end(kind, began))
        return climbed


def _is_told(lab: VirtualLab, so_far: int) -> bool:
    return len(lab.initiator.notified) > so_far


async def _on_sockets(reactor: Any, job: _Job, loaded: LoadedLab, state: LabState) -> list[Climbed]:
    parameters = job.parameters
    running = RunningLab(reactor, loaded, state=state, random=Random(1))
    try:
        await running.start()
        if not await running.settled(_SETTLING):
            raise ExperimentError(f"not every mobile has attached within {_SETTLING:g} s")
        watch = _Watch(loaded, running.runtime)
        await deferLater(reactor, parameters.aftermath, lambda: None)
        assert loaded.gateway is not None
        client = SubmissionClient(reactor, loaded.gateway.pap_url)
        try:
            climbed: list[Climbed] = []
            for kind, msisdn in _terminals(loaded, job.pushes):
                watch.begin()
                began = running.runtime.now()
                await _push(client, running, msisdn, parameters)
                await deferLater(reactor, parameters.aftermath, lambda: None)
                climbed.append(watch.end(kind, began))
            return climbed
        finally:
            await client.close()
    finally:
        await running.stop()


async def _push(
    client: SubmissionClient, running: RunningLab, msisdn: str, parameters: Sockets
) -> None:
    """Push to a terminal, and wait until the initiator knows what became of it."""
    assert running.notifications is not None
    url = running.notifications.url
    now = running.runtime.now()
    await client.submit(_message(msisdn, url, parameters.octets, now))
    try:
        await running.notifications.wait_for(_push_id(msisdn), _LONGEST)
    except DeferredTimeoutError:
        raise ExperimentError(f"the push to {msisdn} has no end within {_LONGEST:g} s") from None


def _push_id(msisdn: str) -> str:
    return f"push-{msisdn}@pi.example"


def _message(msisdn: str, notify_url: str, octets: int, now: float) -> HttpMessage:
    """Return what ``VirtualLab.push`` submits."""
    push_id = _push_id(msisdn)
    message = pap.PushMessage(
        push_id=push_id,
        addresses=(recipient(msisdn),),
        deliver_before=float(int(now + 3_600)),
        notify_url=notify_url,
    )
    indication = ServiceIndication(
        text=_text(octets),
        href="http://www.example.com/mail",
        si_id=push_id,
        created=float(int(now)),
    )
    return submission(message, indication_part(indication))


_Key = tuple[str, str, str, int]
"""Source, destination and message of a rung, and which of those that say so it is."""


def times(climbed: Climbed) -> dict[_Key, float]:
    """Return when each rung was climbed, in order."""
    seen: Counter[tuple[str, str, str]] = Counter()
    found: dict[_Key, float] = {}
    for rung in climbed.rungs:
        what = (rung.source, rung.destination, rung.message)
        seen[what] += 1
        found[*what, seen[what]] = rung.time
    return found


def compare(virtual: Iterable[Climbed], real: Sequence[Climbed]) -> list[Row]:
    """Return a row for each rung of either ladder, with when it was climbed, and the difference."""
    rows: list[Row] = []
    for one in virtual:
        expected = times(one)
        measured = [times(other) for other in real if other.terminals == one.terminals]
        beside = dict.fromkeys(key for other in measured for key in other if key not in expected)
        for step, key in enumerate((*expected, *beside), 1):
            source, destination, message, _ = key
            at = expected.get(key, nan)
            found = [other[key] for other in measured if key in other]
            row: dict[str, str | float] = {
                "terminals": one.terminals,
                "step": float(step),
                "from": source,
                "to": destination,
                "message": message,
                "virtual s": at,
                "found": len(found) / max(1, len(measured)),
            }
            row |= columns("sockets s", estimate(found))
            row |= columns("difference ms", estimate([1_000 * (time - at) for time in found]))
            rows.append(row)
    return rows


def measure(parameters: Sockets, seeds: Sequence[int], spread: Spread) -> list[Row]:
    """Push in virtual time, where one push tells all, and on sockets as often as there are seeds.

    Raises:
        ExperimentError: the lab could not be started, or did not do what it should.
    """
    if len(seeds) > _TERMINALS:
        raise ExperimentError(f"there are {_TERMINALS} terminals of each kind, not {len(seeds)}")
    virtual, real = spread(
        _carry_out, [_Job(parameters, False, 1), _Job(parameters, True, len(seeds))]
    )
    return compare(virtual, real)


def panels(rows: Sequence[Row]) -> list[Panel]:
    """Return when rungs are climbed on sockets, and how much later than in virtual time."""
    kinds = tuple(dict.fromkeys(str(row["terminals"]) for row in rows))
    by_kind = {kind: [row for row in rows if row["terminals"] == kind] for kind in kinds}

    def panel(column: str, name: str) -> Panel:
        lines = tuple(
            line(f"{kind} terminal", of_kind, "virtual s", column)
            for kind, of_kind in by_kind.items()
        )
        lowest = min((y for each in lines for y in each.y), default=0.0)
        x = "step in virtual time (s from submission)"
        return Panel(x, name, lines, floor=min(0.0, 1.1 * lowest))

    return [
        panel("sockets s", "the same step on sockets (s)"),
        panel("difference ms", "later on sockets by (ms)"),
    ]


EXPERIMENT: Final = Experiment(
    "sockets",
    "each step of the ladder in virtual time beside the same lab on real sockets",
    Sockets,
    measure,
    panels,
    "Steps of the ladder: the same lab in virtual time and on sockets",
    apart=True,
)
