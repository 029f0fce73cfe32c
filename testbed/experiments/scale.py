"""A campaign in a large network: what it takes to simulate it, beside what becomes of it.

Subscribers attach, then a part of them gets a push by activation or, failing that, by SMS; it is
over when the initiator knows of every push what became of it. That is the same for the same
seed; seconds and memory are those of the machine.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import IPv4Network
from random import Random
from resource import RUSAGE_SELF, getrusage
from time import monotonic, process_time
from typing import Annotated, Final

from pydantic import Field

from corenet.assembly import CoreConfig
from corenet.ggsn.config import Apn
from corenet.interfaces.node import Event, Interface
from corenet.mobile.config import MobileTimers
from corenet.mobile.events import Attached, ShownOnScreen
from testbed.experiments.estimates import estimate, quantile
from testbed.experiments.experiment import Experiment, Parameters, Row, Spread, columns, line
from testbed.experiments.offline import Positive, RadioPart, Share
from testbed.experiments.plots import Panel
from testbed.experiments.push_offline import (
    APN,
    SMSC_CONFIG,
    Terminal,
    Way,
    core,
    esme,
    gateway,
    online,
)
from testbed.gateway.events import PushAccepted
from testbed.gateway.keeping.store import SqliteStore
from testbed.simulation.lab import SmsParts, VirtualLab
from testbed.simulation.quality import LinkQuality
from testbed.smsc.store import MessageStore

_POOL: Final = IPv4Network("10.0.0.0/8")
_RSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024
"""Octets in what getrusage counts memory by."""
_STRIDE: Final = 10.0
"""Virtual seconds between two looks at how far it is."""
_TELL_EVERY: Final = 10.0
"""Real seconds between two lines of progress."""
_SLOWEST_ATTACH: Final = 600.0
"""Seconds; by then the last one is given up."""
_REST: Final = 60.0
"""Seconds in which what has expired is notified."""


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
class _Took:
    """Seconds that something took."""

    real: float
    processor: float
    """What others took of the processor meanwhile is not in it."""

    def __sub__(self, other: _Took) -> _Took:
        return _Took(self.real - other.real, self.processor - other.processor)

    @classmethod
    def so_far(cls) -> _Took:
        """Return what the process has taken since some beginning."""
        return cls(monotonic(), process_time())


@dataclass(frozen=True, slots=True)
class _Seen:
    pushes: int
    delays: tuple[float, ...]
    short_messages: int
    attaching: _Took
    campaign: _Took
    virtual_seconds: float
    """That the campaign took."""
    idle_octets: int
    """Of memory once all had attached, beyond what the process had before."""
    octets: int
    """The same at the most."""


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
            gateway(Way.FALL_BACK, parameters.activation_for, parameters.activations),
            seed=job.seed,
            quality={
                Interface.RADIO: LinkQuality(
                    parameters.radio.latency, parameters.radio.jitter, parameters.radio.loss
                )
            },
            store=store,
            self_activating=online((imsi for imsi, _, _ in self._people), chosen),
            sms=SmsParts(SMSC_CONFIG, messages, esme(Way.FALL_BACK)),
        )
        self._lab.network.on_event(self._happened)
        self._accepted: dict[str, float] = {}
        self._push_of: dict[str, str] = {}
        self._delays: dict[str, float] = {}
        self._attached = 0
        self._attaching = sum(kind is not Terminal.ABSENT for kind in chosen)
        self._began = self._told = monotonic()

    def attach(self) -> None:
        self._lab.start()
        within = self._parameters.attaches + _SLOWEST_ATTACH
        self._go_on(lambda: self._attached, self._attaching, within, "attached")
        # All of this stays: there is no use in looking through it again and again.
        gc.freeze()

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
        within = len(pushed) / parameters.rate + parameters.lifetime + _REST
        notified = self._lab.initiator.notified
        self._go_on(lambda: len(notified), len(pushed), within, "pushes ended")
        return network.now() - began

    def _go_on(self, so_far: Callable[[], int], all_of: int, within: float, what: str) -> None:
        """Let time pass until all is done; say on stderr how far it is."""
        network, size = self._lab.network, len(self._people)
        end = network.now() + within
        while (number := so_far()) < all_of and network.now() < end:
            self._lab.run(_STRIDE)
            now = monotonic()
            if now - self._told >= _TELL_EVERY:
                self._told = now
                seconds = now - self._began
                print(
                    f"{size:,} subscribers: {number:,} of {all_of:,} {what}, {seconds:.0f} s",
                    file=sys.stderr,
                    flush=True,
                )

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
        elif isinstance(event, Attached):
            self._attached += 1

    @property
    def pushes(self) -> int:
        """Pushes that the gateway has accepted."""
        return len(self._accepted)

    @property
    def delays(self) -> tuple[float, ...]:
        """Seconds of accept to content, of those that arrived."""
        return tuple(self._delays.values())

    @property
    def short_messages(self) -> int:
        """Segments that the SMSC has sent."""
        assert self._lab.smsc is not None
        return self._lab.smsc.smsc.counters.get("segments sent", 0)


def _large(config: CoreConfig, attaches: float) -> CoreConfig:
    """Return a core with addresses for everybody, whose mobiles don't attach all at once."""
    ggsns = {name: replace(ggsn, apns=(Apn(APN, (_POOL,)),)) for name, ggsn in config.ggsns.items()}
    return replace(config, ggsns=ggsns, mobile_timers=MobileTimers(attach_spread=attaches))


def _carry_out(job: _Job) -> _Seen:
    before = _octets()
    with closing(SqliteStore(":memory:")) as store, closing(MessageStore(":memory:")) as messages:
        began = _Took.so_far()
        campaign = _Campaign(job, store, messages)
        campaign.attach()
        attached, idle = _Took.so_far(), _octets()
        virtual = campaign.push()
        return _Seen(
            campaign.pushes,
            campaign.delays,
            campaign.short_messages,
            attaching=attached - began,
            campaign=_Took.so_far() - attached,
            virtual_seconds=virtual,
            idle_octets=idle - before,
            octets=_octets() - before,
        )


def _octets() -> int:
    """Return how much memory the process has had at the most."""
    return getrusage(RUSAGE_SELF).ru_maxrss * _RSS_UNIT


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
    for name, took in (
        ("attaching", [one.attaching for one in runs]),
        ("campaign", [one.campaign for one in runs]),
    ):
        row |= columns(f"{name} real s", estimate([one.real for one in took]))
        row |= columns(f"{name} processor s", estimate([one.processor for one in took]))
    for name, ratios in (
        ("real", [one.virtual_seconds / one.campaign.real for one in runs]),
        ("processor", [one.virtual_seconds / one.campaign.processor for one in runs]),
    ):
        row |= columns(f"virtual s per {name} s", estimate(ratios))
    row |= columns(
        "octets per idle subscriber", estimate([one.idle_octets / number for one in runs])
    )
    row |= columns("megabytes", estimate([one.octets / 1e6 for one in runs]))
    return row


def panels(rows: Sequence[Row]) -> list[Panel]:
    """Return time and memory over the number of subscribers."""
    return [
        Panel("subscribers", name, lines, floor, decades=True)
        for name, floor, lines in (
            (
                "processor time (s)",
                None,
                (
                    line("all attach", rows, "subscribers", "attaching processor s"),
                    line("campaign to a tenth", rows, "subscribers", "campaign processor s"),
                ),
            ),
            (
                "virtual s per processor s, campaign",
                None,
                (line("", rows, "subscribers", "virtual s per processor s"),),
            ),
            (
                "memory per idle subscriber (octets)",
                0.0,
                (line("", rows, "subscribers", "octets per idle subscriber"),),
            ),
        )
    ]


EXPERIMENT: Final = Experiment(
    "scale",
    "a campaign in a large network: time and memory",
    Scale,
    measure,
    panels,
    "A campaign to a tenth of all subscribers, on one processor",
    columns=3,
    apart=True,
)
