"""Cells that lose and delay frames, in virtual time as on sockets."""

from __future__ import annotations

from corenet.interfaces.cells import CellQuality
from corenet.interfaces.node import ANYWHERE, Interface
from corenet.interfaces.testing import ScriptedNode
from testbed.simulation.network import VirtualNetwork

SGSN = ("sgsn", 0)


def phone(cell: int) -> tuple[str, int]:
    return ("234150000000001", cell)


def test_frames_arrive_late_or_never() -> None:
    """The cell's latency comes on top of the radio's; other cells are as ever."""
    network = VirtualNetwork(1, cells={1: CellQuality(latency=0.25), 2: CellQuality(loss=1.0)})
    begun = network.now()
    sgsn, mobiles = ScriptedNode("sgsn"), ScriptedNode("mobiles")
    network.attach(sgsn, {Interface.RADIO: SGSN})
    network.attach(mobiles, {Interface.RADIO: ANYWHERE})
    for cell in (0, 1, 2):
        data = str(cell).encode()
        network.command(
            sgsn, lambda _, at=cell, what=data: sgsn.send(Interface.RADIO, phone(at), what)
        )
        network.command(
            mobiles,
            lambda _, at=cell, what=data: mobiles.send(Interface.RADIO, SGSN, what, phone(at)),
        )
    network.run_until(begun + 1.0)
    for node in (sgsn, mobiles):
        came = [(one.data, round(one.now - begun, 3)) for one in node.received]
        assert came == [(b"0", 0.01), (b"1", 0.26)]
    assert network.counters["lost"] == 2
