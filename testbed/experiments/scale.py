"""A campaign in a large network: what it takes to simulate it, beside what becomes of it.

Subscribers attach, then a part of them gets a push by activation or, failing that, by SMS. What
becomes of it is the same for the same seed; seconds and memory are those of the machine.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Network
from random import Random
from resource import RUSAGE_SELF, getrusage
from time import perf_counter
from typing import Annotated, Final

from pydantic import Field

from corenet.assembly import CoreConfig
from corenet.ggsn.config import Apn
from corenet.interfaces.node import Event, Interface
from corenet.mobile.config import MobileTimers
from corenet.mobile.events import ShownOnScreen
from testbed.experiments.estimates import estimate, quantile
from testbed.experiments.experiment import Experiment, Parameters, Row, Spread, columns, line
from testbed.experiments.offline import Positive, RadioPart, Share
from testbed.experiments.plots import Panel
from testbed.experiments.push_offline import APN, SMSC_CONFIG, Terminal, Way, core, esme, gateway
from testbed.gateway.config import Limits
from testbed.gateway.events import PushAccepted
from testbed.gateway.store import SqliteStore
from testbed.simulation.lab import SmsParts, VirtualLab
from testbed.simulation.quality import LinkQuality
from testbed.smsc.store import MessageStore

_POOL: Final = IPv4Network("10.0.0.0/8")
_RSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024
"""Octets in what getrusage counts memory by."""


class Scale(Parameters):
    """Parameters of the experiment."""

    subscribers: tuple[Annotated[int, Field(ge=1, le=5_000_000)], ...]
    pushed: Annotated[float, Field(gt=0, le=1)]
    rate: Positive
    attaches: Positive
    shares: dict[Terminal, Share]
    octets: Annotated[int, Field(ge=10, le=1_000)]
    lifetime: Positive
    returns: Positive
    activation_for: Positive
    activations: Annotated[int, Field(ge=1)]
    radio: RadioPart


@dataclass(frozen=True, slots=True)
class _Job:
    parameters: Scale
    subscribers: int
    seed: int

    def __hash__(self) -> int:
        return hash((self.subscribers, self.seed))


@dataclass(frozen=True, slots=True)
class _Seen:
    pushes: int
    delays: tuple[float, ...]
    short_messages: int
    attach_seconds: float
    campaign_seconds: float
    virtual_seconds: float
    octets: int
    """Of memory at the most, beyond what the process had before."""


class _Campaign:
    def __init__(self, job: _Job, store: SqliteStore, messages: MessageStore) -> None:
        self._parameters = parameters = job.parameters
        self._random = random = Random(f"scale {job.seed}")
        kinds = list(parameters.shares)
        weights = [parameters.shares[kind] for kind in kinds]
        chosen = random.choices(
            [*kinds, Terminal.READY], [*weights, max(0.0, 1 - sum(weights))], k=job.subscribers
        )
        self._people = [
            (f"23415{number:010d}", f"447{number:09d}", kind) for number, kind in enumerate(chosen)
        ]
        self._lab = VirtualLab(
            _large(core(self._people), parameters.attaches),
            replace(
                gateway(Way.FALL_BACK, parameters.activation_for),
                limits=Limits(activations=parameters.activations),
            ),
            seed=job.seed,
            quality={
                Interface.RADIO: LinkQuality(
                    parameters.radio.latency, parameters.radio.jitter, parameters.radio.loss
                )
            },
            store=store,
            sms=SmsParts(SMSC_CONFIG, messages, esme(Way.FALL_BACK)),
        )
        self._lab.network.on_event(self._happened)
        self._accepted: dict[str, float] = {}
        self._push_of: dict[str, str] = {}
        self._delays: dict[str, float] = {}

    def attach(self) -> None:
        self._lab.start()
        self._lab.settle(self._parameters.attaches + 600)

    def push(self) -> float:
        """Push to a part of the terminals; return the virtual seconds that it took."""
        parameters, network = self._parameters, self._lab.network
        began = network.now()
        pushed = self._random.sample(
            self._people, max(1, round(parameters.pushed * len(self._people)))
        )
        for place, (imsi, msisdn, kind) in enumerate(pushed):
            at = place / parameters.rate
            network.call_later(at, partial(self._push, imsi, msisdn))
            if kind is Terminal.ABSENT:
                back = at + self._random.expovariate(1 / parameters.returns)
                network.call_later(back, partial(self._return, imsi))
        self._lab.run(len(pushed) / parameters.rate)
        network.run_until(lambda: len(self._delays) == len(pushed), within=parameters.lifetime)
        return network.now() - began

    def _push(self, imsi: str, msisdn: str) -> None:
        text = "mail ".ljust(self._parameters.octets, "x")
        self._push_of[imsi] = self._lab.push(msisdn, text=text, lifetime=self._parameters.lifetime)

    def _return(self, imsi: str) -> None:
        self._lab.control.drive_mobile(imsi, "attach", None)

    def _happened(self, time: float, _node: str, event: Event) -> None:
        if isinstance(event, PushAccepted):
            self._accepted[event.push_id] = time
        elif isinstance(event, ShownOnScreen):
            push_id = self._push_of[event.imsi]
            self._delays.setdefault(push_id, time - self._accepted[push_id])

    def seen(self, attached: float, campaign: float, virtual: float, octets: int) -> _Seen:
        assert self._lab.smsc is not None
        sent = self._lab.smsc.smsc.counters.get("segments sent", 0)
        return _Seen(
            len(self._accepted),
            tuple(self._delays.values()),
            sent,
            attached,
            campaign,
            virtual,
            octets,
        )


def _large(config: CoreConfig, attaches: float) -> CoreConfig:
    """Return a core with addresses for everybody, whose mobiles don't attach all at once."""
    ggsns = {name: replace(ggsn, apns=(Apn(APN, (_POOL,)),)) for name, ggsn in config.ggsns.items()}
    return replace(config, ggsns=ggsns, mobile_timers=MobileTimers(attach_spread=attaches))


def _carry_out(job: _Job) -> _Seen:
    before = getrusage(RUSAGE_SELF).ru_maxrss
    with closing(SqliteStore(":memory:")) as store, closing(MessageStore(":memory:")) as messages:
        began = perf_counter()
        campaign = _Campaign(job, store, messages)
        campaign.attach()
        attached = perf_counter()
        virtual = campaign.push()
        ended = perf_counter()
        octets = (getrusage(RUSAGE_SELF).ru_maxrss - before) * _RSS_UNIT
        return campaign.seen(attached - began, ended - attached, virtual, octets)


def measure(parameters: Scale, seeds: Sequence[int], spread: Spread) -> list[Row]:
    """Run each size with every seed."""
    jobs = [_Job(parameters, number, seed) for number in parameters.subscribers for seed in seeds]
    runs = spread(_carry_out, jobs)
    return [
        _row(number, runs[place * len(seeds) : (place + 1) * len(seeds)])
        for place, number in enumerate(parameters.subscribers)
    ]


def _row(number: int, runs: Sequence[_Seen]) -> Row:
    row: dict[str, str | float] = {
        "subscribers": float(number),
        "pushes": float(sum(one.pushes for one in runs)),
    }
    row |= columns("arrived", estimate([len(one.delays) / one.pushes for one in runs]))
    for name, part in (("p50", 0.5), ("p95", 0.95)):
        row |= columns(f"delay {name} s", estimate([quantile(one.delays, part) for one in runs]))
    row |= columns(
        "short messages per push", estimate([one.short_messages / one.pushes for one in runs])
    )
    row |= columns("virtual s", estimate([one.virtual_seconds for one in runs]))
    row |= columns("attaching took s", estimate([one.attach_seconds for one in runs]))
    row |= columns("campaign took s", estimate([one.campaign_seconds for one in runs]))
    row |= columns(
        "virtual per real s",
        estimate([one.virtual_seconds / one.campaign_seconds for one in runs]),
    )
    row |= columns("octets per subscriber", estimate([one.octets / number for one in runs]))
    return row


def panels(rows: Sequence[Row]) -> list[Panel]:
    """Return time and memory over the number of subscribers."""
    return [
        Panel(
            "subscribers",
            name,
            (line("one processor", rows, "subscribers", column),),
            floor,
            decades=True,
        )
        for column, name, floor in (
            ("virtual per real s", "virtual seconds per second, in the campaign", None),
            ("octets per subscriber", "memory per subscriber (octets)", 0.0),
        )
    ]


EXPERIMENT: Final = Experiment(
    "scale",
    "a campaign in a large network: time and memory",
    Scale,
    measure,
    panels,
    "A campaign to a tenth of all subscribers",
    apart=True,
)
