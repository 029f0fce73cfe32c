"""Subscribers that do nothing take little memory, so that a million of them fit."""

from __future__ import annotations

import gc
import tracemalloc
from random import Random

from corenet.assembly import assemble
from corenet.mobile.events import MobileState
from testbed.experiments.push_offline import Terminal, core
from testbed.simulation.network import VirtualNetwork

MOST = 3_700
"""Octets of one, in HLR, SGSN and as a mobile, with the timers that watch over it."""


def octets(subscribers: int) -> int:
    """Return what a core takes in which so many are attached."""
    gc.collect()
    tracemalloc.start()
    people = [
        (f"2341500001{number:05d}", f"44770091{number:05d}", Terminal.READY)
        for number in range(subscribers)
    ]
    network = VirtualNetwork(1)
    nodes = assemble(core(people), random=Random(1), recovery=1)
    nodes.attach(network)
    network.run_until(network.now() + 120)
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert nodes.mobiles is not None
    states = {nodes.mobiles.mobile(imsi).state for imsi in nodes.mobiles.imsis()}
    assert states == {MobileState.ATTACHED}
    return taken


def test_an_idle_subscriber_is_cheap() -> None:
    """What more of them take, each."""
    octets(50)  # What is made once is made now.
    fewer, more = octets(200), octets(600)
    assert (more - fewer) / 400 < MOST
