"""The modelled network beside the whole core: one push, nothing else to carry.

Both have the same SMSC and the same ESME. The model gets nothing from the core but the latencies
that the core is given: a segment takes four times that of Gr (SMSC, HLR, SGSN and back) and twice
that of the radio (CP-DATA with RP-DATA, CP-DATA with RP-ACK).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from random import Random
from typing import Annotated, Final

from pydantic import Field

from corenet.interfaces.node import Event, Interface
from corenet.mobile.events import ShortMessageReceived
from testbed.codecs.smpp import BindTransceiver
from testbed.esme.config import EsmeConfig, SmscMode
from testbed.esme.config import Smsc as SmscLink
from testbed.esme.events import SmsTransactionEnded
from testbed.esme.node import Esme
from testbed.esme.pushes import PushTransaction
from testbed.experiments.estimates import Estimate
from testbed.experiments.experiment import Experiment, Parameters, Row, Spread, columns, line
from testbed.experiments.plots import Panel
from testbed.experiments.push_offline import CENTRE, HLR, SMSC, Terminal, core
from testbed.experiments.push_over_sms import PORTS, payload
from testbed.experiments.short_message_network import PushShown, Radio, ShortMessageNetwork
from testbed.simulation.lab import VirtualLab
from testbed.simulation.network import VirtualNetwork
from testbed.simulation.quality import LinkQuality
from testbed.simulation.smsc_host import SmscHost
from testbed.smpp.links import Account
from testbed.smsc.config import SmscConfig
from testbed.smsc.store import MessageStore

_IMSI, _MSISDN = "234150000100000", "447700910000"
_GR: Final = 0.01
"""The latency of Gr that a virtual network has unless it is told otherwise."""


class Validation(Parameters):
    """Parameters of the comparison."""

    segments: tuple[Annotated[int, Field(ge=1, le=32)], ...]
    radio: Annotated[float, Field(gt=0)]


@dataclass(frozen=True, slots=True)
class _Job:
    modelled: bool
    mode: SmscMode
    segments: int
    radio: float
    seed: int


@dataclass(frozen=True, slots=True)
class _Times:
    """Seconds from submission."""

    shown: float
    told: float


def _network(job: _Job) -> VirtualNetwork:
    """Return a network with a terminal in it: modelled, or attached to a core."""
    if job.modelled:
        network = VirtualNetwork(job.seed)
        # The Gr between SMSC and terminals has two of the four latencies.
        radio = Radio(0.0, 2 * job.radio + 2 * _GR, 0.0, 0.0, 0.0, 0.0)
        terminals = ShortMessageNetwork(radio, reassembly=300.0, random=Random(job.seed))
        network.attach(terminals, {Interface.GR: (HLR, 4222)})
        return network
    quality = {Interface.RADIO: LinkQuality(job.radio), Interface.GR: LinkQuality(_GR)}
    lab = VirtualLab(core([(_IMSI, _MSISDN, Terminal.READY)]), seed=job.seed, quality=quality)
    lab.start()
    lab.settle()
    lab.run(10)
    return lab.network


def _carry_out(job: _Job) -> _Times:
    with closing(MessageStore(":memory:")) as store:
        network = _network(job)
        config = SmscConfig(address=SMSC, hlr=(HLR, 4222), number=CENTRE)
        SmscHost(network, config, store=store, random=Random(job.seed)).start()
        bind = BindTransceiver(system_id="gateway", interface_version=0x34)
        link = SmscLink(Account("smsc", (SMSC, 2775), bind), job.mode)
        esme = Esme(EsmeConfig("192.0.2.5", (link,)), random=Random(job.seed))
        network.attach(esme, {Interface.SMPP: ("192.0.2.5", 0)})
        network.run_until(lambda: esme.is_up, within=60)
        times: dict[str, float] = {}

        def happened(time: float, _node: str, event: Event) -> None:
            if isinstance(event, ShortMessageReceived | PushShown):
                times.setdefault("shown", time)
            elif isinstance(event, SmsTransactionEnded):
                times.setdefault("told", time)

        network.on_event(happened)
        began = network.now()
        push = PushTransaction(
            "push", _MSISDN, payload(_MSISDN, job.segments), PORTS[1], PORTS[0], began + 600
        )
        network.command(esme, lambda now: esme.submit(push, now))
        network.run_until(lambda: len(times) == 2, within=600)
        return _Times(times["shown"] - began, times["told"] - began)


def measure(parameters: Validation, seeds: Sequence[int], spread: Spread) -> list[Row]:
    """Send a push each way through both; there is no chance in it, so one seed does."""
    jobs = [
        _Job(modelled, mode, segments, parameters.radio, seeds[0])
        for mode in SmscMode
        for segments in parameters.segments
        for modelled in (False, True)
    ]
    times = spread(_carry_out, jobs)
    rows: list[Row] = []
    for (job, whole), (_, model) in zip(
        list(zip(jobs, times, strict=True))[::2],
        list(zip(jobs, times, strict=True))[1::2],
        strict=True,
    ):
        row: dict[str, str | float] = {"mode": str(job.mode), "segments": float(job.segments)}
        for name, value in (
            ("core shown s", whole.shown),
            ("model shown s", model.shown),
            ("core told s", whole.told),
            ("model told s", model.told),
        ):
            row |= columns(name, Estimate(value, 0.0))
        rows.append(row)
    return rows


def panels(rows: Sequence[Row]) -> list[Panel]:
    """Return when the gateway is told, by core and by model."""
    return [
        Panel(
            f"segments of a push (mode: {mode})",
            "submit to outcome (s)",
            tuple(
                line(who, [row for row in rows if row["mode"] == mode], "segments", column)
                for who, column in (("whole core", "core told s"), ("model", "model told s"))
            ),
        )
        for mode in SmscMode
    ]


EXPERIMENT: Final = Experiment(
    "validation",
    "the modelled network of `segmented` beside the whole core",
    Validation,
    measure,
    panels,
    "One push, nothing else to carry: the model beside the whole core",
)
