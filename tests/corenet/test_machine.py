"""Machines whose steps are spread over procedures."""

from __future__ import annotations

from itertools import product

import pytest

from corenet.machine import ImpossibleMoveError, Machine
from corenet.mobile import states as mobile
from corenet.mobile.events import ContextState, MobileState
from corenet.sgsn import states as sgsn
from corenet.sgsn.events import MmState, PdpState, Reachability

MACHINES = {
    "SGSN mobility": (sgsn.MOBILITY, MmState),
    "SGSN reachability": (sgsn.REACHABILITY, Reachability),
    "SGSN session": (sgsn.SESSION, PdpState),
    "SGSN request": (sgsn.REQUEST, sgsn.RequestState),
    "mobile mobility": (mobile.MOBILITY, MobileState),
    "mobile session": (mobile.SESSION, ContextState),
}


@pytest.mark.parametrize(("machine", "states"), MACHINES.values(), ids=MACHINES)
def test_a_move_is_in_the_table_or_refused(machine: Machine, states):
    """What a procedure must not do shows as soon as it does."""
    for before, after in product(states, states):
        if (before, after) in machine.moves:
            machine.check(before, after)
        else:
            with pytest.raises(ImpossibleMoveError) as caught:
                machine.check(before, after)
            assert (caught.value.before, caught.value.after) == (before, after)
            assert repr(before.value) in str(caught.value)
