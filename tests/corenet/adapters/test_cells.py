"""What cells do to frames, on a runtime in real time."""

from __future__ import annotations

from random import Random

import pytest

from corenet.adapters.runtime import TwistedRuntime
from corenet.adapters.testing import MemoryUdpReactor
from corenet.interfaces.cells import CellQuality, Cells
from corenet.interfaces.node import ANYWHERE, Interface
from corenet.interfaces.testing import ScriptedNode

SGSN = ("sgsn", 0)
QUALITY = {1: CellQuality(latency=0.25), 2: CellQuality(loss=1.0), 4: CellQuality(loss=0.5)}


def phone(cell: int) -> tuple[str, int]:
    return ("234150000000001", cell)


@pytest.mark.parametrize(("cell", "delay"), [(0, 0.0), (1, 0.25), (2, None)])
def test_a_cell_is_the_same_both_ways(cell: int, delay: float | None) -> None:
    """Cells that are not named are perfect."""
    cells = Cells(QUALITY, Random(1))
    assert cells.delay(Interface.RADIO, phone(cell), SGSN) == delay
    assert cells.delay(Interface.RADIO, SGSN, phone(cell)) == delay


def test_only_the_radio_is_concerned() -> None:
    """Ports on other interfaces are no cells."""
    assert Cells(QUALITY, Random(1)).delay(Interface.GR, ("127.0.0.1", 2), SGSN) == 0.0


def test_some_frames_are_lost() -> None:
    """As many as the lab file says."""
    cells = Cells(QUALITY, Random(1))
    fates = [cells.delay(Interface.RADIO, phone(4), SGSN) for _ in range(1000)]
    assert 400 < fates.count(None) < 600


def test_frames_pass_and_arrive_late_or_never() -> None:
    """A lost one passed all the same: it was sent."""
    reactor = MemoryUdpReactor()
    runtime = TwistedRuntime(reactor, cells=Cells(QUALITY, Random(1)), wall_clock=lambda: 1000.0)
    passed: list[bytes] = []
    runtime.on_passed(lambda one: passed.append(one.data))
    sgsn, mobiles = ScriptedNode("sgsn"), ScriptedNode("mobiles")
    runtime.attach(sgsn, {Interface.RADIO: SGSN})
    runtime.attach(mobiles, {Interface.RADIO: ANYWHERE})

    def send(_now: float) -> None:
        for cell in (0, 1, 2):
            sgsn.send(Interface.RADIO, phone(cell), str(cell).encode())

    runtime.command(sgsn, send)
    assert passed == [b"0", b"1", b"2"]
    assert [one.data for one in mobiles.received] == [b"0"]
    reactor.pump([0.125] * 3)
    assert [(one.data, one.now) for one in mobiles.received] == [(b"0", 1000.0), (b"1", 1000.25)]
    assert runtime.counters == {"radio-lost": 1}


@pytest.mark.parametrize("settings", [{"loss": 1.1}, {"loss": -0.1}, {"latency": -1.0}])
def test_a_cell_that_cannot_be_is_refused(settings: dict[str, float]) -> None:
    """ValueError."""
    with pytest.raises(ValueError):
        CellQuality(**settings)
