"""Everything at once, in any order: users, callers, datagrams, crashes and outages, over bad links.

Whatever happens, what was accepted is reported, whoever asked is answered, GGSN, SGSN and mobiles
agree in the end who has which context, and nothing is left when all is switched off.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest

from corenet.control.errors import ControlError
from corenet.control.model import (
    ActivationRequest,
    BehaviourRequest,
    MobileActivation,
    MobileDeactivation,
)
from corenet.interfaces.node import Interface
from corenet.mobile.events import ContextState
from corenet.sgsn.events import PdpState
from testbed.simulation.initiator import Conduct
from testbed.simulation.links import RELIABLE
from testbed.simulation.quality import LinkQuality

APN = "wap.example"
MOBILES = 10
ACTIONS = 120
PAUSES = (0, 0, 0.01, 0.03, 0.1, 0.5, 2, 10)
"""Virtual seconds between two actions: some meet, some cross, some come when all is over."""


class Disturbance:
    """One course of random actions on a crowd."""

    def __init__(self, crowd, random):
        self.crowd = crowd
        self.lab = crowd.lab
        self.random = random
        self.pushes = []
        self.requests = []
        self.actions = (
            *(self.push,) * 8,
            *(self.request,) * 4,
            *(self.drive,) * 10,
            self.behave,
            self.deactivate,
            self.crash_or_start,
            self.break_or_mend,
        )

    def act(self):
        index = self.random.randrange(MOBILES)
        # A mobile that is off cannot activate, and so on.
        with suppress(ControlError):
            self.random.choice(self.actions)(index)
        self.lab.run(self.random.choice(PAUSES))

    def push(self, index):
        lifetime = self.random.choice((300, 1500))
        self.pushes.append(self.crowd.push(index, lifetime=lifetime))

    def request(self, index):
        asked = ActivationRequest(
            imsi=self.crowd.imsis[index],
            apn=APN,
            deadline_seconds=self.random.choice((None, 1.0, 30.0)),
        )
        self.requests.append(self.lab.control.request_activation(asked))

    def drive(self, index):
        verb = self.random.choice(
            ("attach", "detach", "power-on", "power-off", "activate", "deactivate")
        )
        body = {
            "activate": MobileActivation(apn=APN),
            "deactivate": MobileDeactivation(apn=APN),
        }.get(verb)
        self.crowd.drive(index, verb, body)

    def behave(self, index):
        answer = self.random.choice(("accept", "accept", "reject", "silent"))
        after = self.random.choice((0.0, 0.5, 5.0))
        self.crowd.drive(
            index, "behaviour", BehaviourRequest(on_request=answer, answer_after=after)
        )

    def deactivate(self, index):
        self.lab.control.deactivate(self.crowd.imsis[index], APN)

    def crash_or_start(self, _index):
        host = self.crowd.host
        (host.crash if host.is_up else host.start)()

    def break_or_mend(self, _index):
        host = self.crowd.host
        (host.break_core_off if host.core_is_reachable else host.bring_core_back)()

    def calm_down(self):
        """Let everything work and everybody be there."""
        if not self.crowd.host.is_up:
            self.crowd.host.start()
        if not self.crowd.host.core_is_reachable:
            self.crowd.host.bring_core_back()
        self.crowd.initiator.conduct = Conduct()
        for index in range(MOBILES):
            self.crowd.drive(index, "power-on")
        self.lab.run(2000)


def contexts(lab, imsi):
    """Return the contexts that GGSN, SGSN and mobile have each, in the same words."""
    mm_context = lab.core.sgsns["sgsn"].mm_context(imsi)
    return (
        [(c.nsapi, c.address) for c in lab.core.ggsns["ggsn"].contexts_of(imsi)],
        [
            (c.nsapi, c.address)
            for c in (mm_context.contexts if mm_context else ())
            if c.state is PdpState.ACTIVE
        ],
        [
            (c.nsapi, c.address)
            for c in lab.core.mobiles.mobile(imsi).contexts
            if c.state is ContextState.ACTIVE
        ],
    )


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_lost_or_left_whatever_happens(make_crowd, seed):
    """A hundred and twenty random actions; then all is calm, agreed upon, and gone."""
    random = Random(seed)
    bad = LinkQuality(
        latency=0.02,
        jitter=0.02,
        loss=random.choice((0.0, 0.1, 0.2, 0.3)),
        duplication=0.1,
        reordering=0.2,
        reordering_delay=0.3,
    )
    crowd = make_crowd(
        MOBILES,
        seed=seed,
        quality={interface: bad for interface in Interface if interface not in RELIABLE},
        attached=lambda index: index % 3 != 0,
        transmissions=20,
    )
    crowd.initiator.conduct = Conduct(delay=0.2, failing=0.2, mute=0.1)
    disturbance = Disturbance(crowd, random)
    for _ in range(ACTIONS):
        disturbance.act()
    disturbance.calm_down()

    assert set(crowd.initiator.answers) == set(disturbance.pushes)
    crowd.reported(*crowd.initiator.accepted())
    for copies in crowd.initiator.results().values():
        assert len({(copy.state, copy.code) for copy in copies}) == 1
    assert all(request.outcome is not None for request in disturbance.requests)
    for imsi in crowd.imsis:
        at_ggsn, at_sgsn, at_mobile = contexts(crowd.lab, imsi)
        assert at_ggsn == at_sgsn == at_mobile
    crowd.assert_nothing_left()
