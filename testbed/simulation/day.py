"""A day in the life of a network, at random: what users, pushes and accidents do to it.

Theory of operation. A thousand mobiles over three SGSNs and two GGSNs live by themselves: each
does something now and then, and sometimes the next thing at once, so that procedures cross. They
go from cell to cell, detach, are switched off with and without a word, lose coverage, activate,
modify and deactivate contexts; the network detaches some, ends contexts and gives new P-TMSIs.
Pushes come through the gateway, through the control interface and as datagrams to static
addresses. Nodes crash and start again, links break, and messages are lost, doubled and
overtaken all day.

In the evening everything is mended and everybody has coverage. Once timers have run out, and each
context has been used once in each direction (so that an Error Indication can end one that only one
side has, TS 23.060 §9.2.4), the nodes have to agree (``agreement``), every push has to have an
outcome, and when all mobiles are switched off nothing at all may be left.

All chance comes from the seed: what a day shows, it shows again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final

from pydantic import BaseModel

from corenet.control.activations import Requested
from corenet.control.errors import ControlError
from corenet.control.model import (
    ActivationRequest,
    BehaviourRequest,
    Coverage,
    MobileActivation,
    MobileDeactivation,
    MobileModification,
    MobileSecondary,
    Move,
    NetworkDetach,
)
from corenet.ggsn.node import Ggsn
from corenet.gi.ip import udp_packet
from corenet.hlr.store import Store as Subscribers
from corenet.interfaces.node import Event, Interface
from corenet.mobile.errors import MobileError
from corenet.mobile.events import MobileState
from testbed.gateway.config import GatewayConfig
from testbed.gateway.keeping.store import Store
from testbed.simulation.agreement import contradictions, identifiers_used_twice
from testbed.simulation.day_network import (
    CELLS,
    CORPORATE,
    GATEWAY,
    GGSNS,
    SGSNS,
    WAP,
    configuration,
    imsi_of,
    msisdn_of,
    static_address_of,
)
from testbed.simulation.lab import VirtualLab
from testbed.simulation.quality import LinkQuality

_HOST: Final = ("198.51.100.7", 9200)
_PORT: Final = 2948
_LONGEST_PUSH: Final = 1800.0
_QUIET: Final = 3 * 3600.0
"""Longer than two periodic updates, a push and every back-off."""
_BETWEEN_USES: Final = 0.2
"""A node sends a peer ten Error Indications a second at most."""
_REST: Final = 600.0
"""Longer than every back-off, and shorter than a timer of a mobile that is attached: none may be
left of one that is not.
"""
_QOS: Final = ("0b921f7396fefe742bffff", "0b921f7396fefe7425ffff")


@dataclass(frozen=True, slots=True)
class Life:
    """How much happens. Times are seconds; each is the mean of an exponential distribution."""

    mobiles: int = 1_000
    length: float = 86_400.0
    between_acts: float = 7_200.0
    """From one thing that a mobile does to the next."""
    haste: float = 0.3
    """Probability that the next thing follows within two seconds."""
    between_pushes: float = 14_400.0
    """To one mobile."""
    between_crashes: float = 14_400.0
    """Of one node."""
    outage: float = 40.0
    """That a node is down, a link cut or a mobile without coverage."""
    between_cuts: float = 7_200.0
    """Of one link or another."""
    loss: float = 0.02
    """Of frames on the radio and datagrams of GTP and RADIUS; as many come twice or late."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a day has shown."""

    seed: int
    problems: tuple[str, ...]
    """What should not be, a sentence each; empty where all is well."""
    counts: Counter[str]
    """What was done and what became of it, by name."""


class Day:
    """One day, from its seed."""

    def __init__(
        self,
        life: Life,
        seed: int,
        *,
        store: Store,
        subscribers: Subscribers,
        progress: Callable[[float], None] = lambda _part: None,
    ) -> None:
        """``store`` and ``subscribers`` are the disks of gateway and HLR, their opener's to close.

        ``progress`` is called now and then with how much of the day is over, 0 to 1.
        """
        self._life = life
        self._seed = seed
        self._random = Random(f"day {seed}")
        self._progress = progress
        bad = LinkQuality(
            latency=0.02,
            jitter=0.02,
            loss=life.loss,
            duplication=life.loss,
            reordering=life.loss,
            reordering_delay=0.3,
        )
        self._bad = {
            Interface.RADIO: LinkQuality(latency=0.1, jitter=0.1, loss=life.loss),
            Interface.GTP_C: bad,
            Interface.GTP_U: bad,
            Interface.RADIUS: bad,
        }
        self.lab = VirtualLab(
            configuration(life.mobiles),
            GatewayConfig(GATEWAY, WAP, b"corenet", pull=None),
            seed=seed,
            quality=self._bad,
            store=store,
            subscribers=subscribers,
        )
        self.counts: Counter[str] = Counter()
        self._pushed: list[str] = []
        self._requested: dict[str, Requested] = {}
        """Activations that have not ended, by key."""
        self._down: set[str] = set()
        self._over = False
        self._problems: list[str] = []

    def run(self) -> Seen:
        """Let the day pass; return what it has shown."""
        lab, life, network = self.lab, self._life, self.lab.network
        network.on_event(self._happened)
        lab.start()
        self._later(life.between_cuts, self._cut)
        for name in (*GGSNS, *SGSNS, "hlr"):
            self._later(life.between_crashes, partial(self._crash, name))
        for number in range(life.mobiles):
            self._later(life.between_acts, partial(self._live, number))
            self._later(life.between_pushes, partial(self._push, number))
        hours = 24
        for hour in range(hours):
            lab.run(life.length / hours)
            self._problems += identifiers_used_twice(lab.core)
            self._progress((hour + 1) / hours)
        self._end()
        return Seen(self._seed, tuple(self._problems), self.counts)

    # The evening

    def _end(self) -> None:
        lab = self.lab
        self._over = True
        for interface in self._bad:
            lab.network.set_quality(interface, LinkQuality())
        lab.run(10 * self._life.outage)
        for name in list(self._down):
            self._restart(name)
        for number in range(self._life.mobiles):
            self._drive(number, "coverage", Coverage(in_coverage=True))
        lab.run(_QUIET)
        self._use_contexts()
        lab.run(_QUIET)
        self._problems += contradictions(lab.core)
        self._problems += self._outcomes()
        if not lab.switch_everything_off(_REST):
            self._problems.append("the network does not come to rest")
        self._problems += lab.leftovers()

    def _use_contexts(self) -> None:
        """Send a packet each way, so that Error Indications end what only one side has."""
        lab, mobiles = self.lab, self.lab.core.mobiles
        assert mobiles is not None
        for ggsn in lab.core.ggsns.values():
            for address in sorted({context.address for context in ggsn.contexts()}):
                self._datagram(address)
                lab.run(_BETWEEN_USES)
        for imsi in mobiles.imsis():
            if mobiles.mobile(imsi).contexts:
                try:
                    lab.network.command(
                        mobiles, partial(mobiles.send_udp, imsi, _PORT, _HOST, b"up")
                    )
                except MobileError:
                    self.counts["uplink packets not sent"] += 1
                lab.run(_BETWEEN_USES)

    def _outcomes(self) -> list[str]:
        """Say which pushes have none, and which sessions nobody has."""
        lab = self.lab
        results = {push_id for push_id, _ in lab.initiator.results()}
        lost = [
            f"{push_id}: no outcome"
            for push_id in lab.initiator.accepted()
            if push_id not in results
        ]
        lost += [
            f"{push_id}: no answer"
            for push_id in self._pushed
            if push_id not in lab.initiator.answers
        ]
        lost += [f"{one.key} for {one.imsi}: no outcome" for one in self._requested.values()]
        assert lab.gateway is not None
        sessions = lab.gateway.gateway.sessions
        contexts = {one.address for ggsn in lab.core.ggsns.values() for one in ggsn.contexts()}
        if len(sessions) != len(contexts):
            lost.append(f"{len(sessions)} accounting sessions, {len(contexts)} addresses in use")
        return lost

    # Accidents

    def _crash(self, name: str) -> None:
        if self._over:
            return
        self._later(self._life.between_crashes, partial(self._crash, name))
        if name in self._down:
            return
        self.counts[f"{name} crashes"] += 1
        self.lab.crash(name)
        self._down.add(name)
        # Who asked for an activation hears of it as its connection breaks.
        for key, one in list(self._requested.items()):
            if (name == "ggsn-1") == (one.apn == WAP) and name in GGSNS:
                del self._requested[key]
        self._later(self._life.outage, partial(self._restart, name), always=True)

    def _restart(self, name: str) -> None:
        if name in self._down:
            self._down.discard(name)
            self.lab.bring_back(name)

    def _cut(self) -> None:
        if self._over:
            return
        self.counts["links cut"] += 1
        network = self.lab.network
        one, other = self._random.sample((*GGSNS, *SGSNS, "hlr"), 2)
        network.cut(one, other)
        self._later(4 * self._life.outage, lambda: network.mend(one, other), always=True)
        self._later(self._life.between_cuts, self._cut)

    # Pushes

    def _push(self, number: int) -> None:
        if self._over:
            return
        kind = self._random.random()
        address = static_address_of(number)
        if kind < 0.6:
            self.counts["pushes through the gateway"] += 1
            lifetime = self._random.choice((30.0, 300.0, _LONGEST_PUSH))
            self._pushed.append(self.lab.push(msisdn_of(number), lifetime=lifetime))
        elif kind < 0.8 or address is None:
            self._request(number)
        else:
            self.counts["datagrams to static addresses"] += 1
            self._datagram(address)
        self._later(self._life.between_pushes, partial(self._push, number))

    def _request(self, number: int) -> None:
        request = ActivationRequest(
            imsi=imsi_of(number), apn=CORPORATE, deadline_seconds=self._random.choice((5.0, 120.0))
        )
        try:
            requested = self.lab.control.request_activation(request)
        except ControlError as error:
            self.counts[f"activations: {error.status}"] += 1
            return
        self.counts["activations"] += 1
        if requested.outcome is None:
            self._requested[requested.key] = requested
            requested.waiting.append(partial(self._forget, requested.key))

    def _forget(self, key: str) -> None:
        self._requested.pop(key, None)

    def _datagram(self, address: str) -> None:
        """Have a host outside send a packet to a mobile's address."""
        for name, ggsn in self.lab.core.ggsns.items():
            if name not in self._down and (address.startswith("10.1.") == (name == "ggsn-1")):
                packet = udp_packet(_HOST, (address, _PORT), b"down")
                self.lab.network.command(ggsn, partial(_give, ggsn, packet))

    # What mobiles do

    def _live(self, number: int) -> None:
        if self._over:
            return
        self._act(number)
        if self._random.random() < self._life.haste:
            self.lab.network.call_later(2 * self._random.random(), partial(self._live, number))
        else:
            self._later(self._life.between_acts, partial(self._live, number))

    def _act(self, number: int) -> None:
        mobiles = self.lab.core.mobiles
        assert mobiles is not None
        mobile = mobiles.mobile(imsi_of(number))
        if not mobile.powered:
            self._drive(number, "power-on")
        elif mobile.state is MobileState.DETACHED and self._random.random() < 0.8:
            self._drive(number, "attach")
        else:
            acts, weights = _ACTS
            self._random.choices(acts, weights)[0](self, number)

    def _move(self, number: int) -> None:
        self._drive(number, "move", Move(cell=self._random.randrange(CELLS)))

    def _activate(self, number: int) -> None:
        self._drive(number, "activate", MobileActivation(apn=self._apn()))

    def _deactivate(self, number: int) -> None:
        apn = self._random.choice((WAP, CORPORATE, None))
        self._drive(number, "deactivate", MobileDeactivation(apn=apn))

    def _modify(self, number: int) -> None:
        qos = self._random.choice(_QOS)
        self._drive(number, "modify", MobileModification(apn=self._apn(), qos=qos))

    def _activate_secondary(self, number: int) -> None:
        self._drive(number, "activate-secondary", MobileSecondary(apn=self._apn()))

    def _detach(self, number: int) -> None:
        self._drive(number, "detach")

    def _power_off(self, number: int) -> None:
        self._drive(number, "power-off")

    def _lose_power(self, number: int) -> None:
        self._drive(number, "lose-power")

    def _lose_coverage(self, number: int) -> None:
        self._drive(number, "coverage", Coverage(in_coverage=False))
        back = self._random.choice((0.1, 1.0, 10.0, 200.0)) * self._life.outage
        self._later(
            back, partial(self._drive, number, "coverage", Coverage(in_coverage=True)), always=True
        )

    def _change_behaviour(self, number: int) -> None:
        answer = self._random.choice(("accept", "accept", "accept", "reject", "silent"))
        delay = self._random.choice((0.0, 0.0, 3.0)) if answer != "silent" else 0.0
        body = BehaviourRequest.model_validate({"on_request": answer, "answer_after": delay})
        self._drive(number, "behaviour", body)

    def _detached(self, number: int) -> None:
        again = self._random.random() < 0.5
        self._try(
            "network detaches",
            lambda: self.lab.control.detach(imsi_of(number), NetworkDetach(reattach=again)),
        )

    def _deactivated(self, number: int) -> None:
        apn = self._apn()
        self._try("network deactivates", lambda: self.lab.control.deactivate(imsi_of(number), apn))

    def _renamed(self, number: int) -> None:
        self._try("p-tmsi", lambda: self.lab.control.reallocate_p_tmsi(imsi_of(number)))

    def _apn(self) -> str:
        return self._random.choice((WAP, CORPORATE))

    def _drive(self, number: int, verb: str, body: BaseModel | None = None) -> None:
        self._try(verb, lambda: self.lab.control.drive_mobile(imsi_of(number), verb, body))

    def _try(self, what: str, action: Callable[[], object]) -> None:
        """Do what may not be possible now."""
        try:
            action()
        except ControlError as error:
            self.counts[f"{what}: {error.status}"] += 1
        else:
            self.counts[what] += 1

    # Inside

    def _later(self, mean: float, action: Callable[[], None], *, always: bool = False) -> None:
        delay = self._random.expovariate(1 / mean)
        if always:
            delay = min(delay, 5 * mean)
        self.lab.network.call_later(delay, action)

    def _happened(self, _time: float, _node: str, event: Event) -> None:
        self.counts[type(event).__name__] += 1


def _give(ggsn: Ggsn, packet: bytes, now: float) -> None:
    ggsn.receive(Interface.GI, packet, peer=("", 0), local=("", 0), now=now)


Act = Callable[[Day, int], None]

_ACTS: Final[tuple[Sequence[Act], Sequence[float]]] = (
    (
        Day._move,
        Day._activate,
        Day._deactivate,
        Day._modify,
        Day._activate_secondary,
        Day._detach,
        Day._power_off,
        Day._lose_power,
        Day._lose_coverage,
        Day._change_behaviour,
        Day._detached,
        Day._deactivated,
        Day._renamed,
    ),
    (35, 20, 8, 4, 4, 4, 4, 5, 8, 4, 2, 3, 2),
)
"""What an attached mobile does, or is done to it, and how often."""
