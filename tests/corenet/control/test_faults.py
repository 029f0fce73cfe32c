"""Faults by the control interface: what is lost, what is late, and who restarts."""

from random import Random

import pytest

from corenet.control.core import CoreControl
from corenet.control.errors import ControlError
from corenet.control.faults import FaultRequest
from corenet.interfaces.interference import LOST
from corenet.interfaces.node import Interface
from tests.corenet.conftest import person


def state(control, name):
    return next(one for one in control.faults.list().interfaces if one.interface == name)


def test_what_is_lost_is_sent_again_and_given_up(world):
    """With all of GTP-C lost an activation fails; with the fault gone the next one is made."""
    core = world()
    core.control.faults.lay("gtp-c", FaultRequest(loss=1.0))
    assert core.finished(core.request(1)).outcome == "failed"
    lost = state(core.control, "gtp-c")
    assert (lost.loss, lost.lost > 1) == (1.0, True)
    assert core.control.faults.clear().done == "1 fault cleared"
    core.wait(120)
    assert core.finished(core.request(2)).outcome == "active"
    assert state(core.control, "gtp-c").loss == 0.0


def test_what_is_delayed_arrives_later(world):
    """A delay on the radio makes an activation as much slower."""
    quick = world()
    seconds = quick.finished(quick.request(1)).steps[-1].seconds
    slow = world()
    slow.control.faults.lay("radio", FaultRequest(delay=2.0))
    begun = slow.network.now()
    assert slow.finished(slow.request(1)).outcome == "active"
    assert slow.network.now() - begun > seconds + 2.0


def test_a_fault_takes_the_place_of_the_one_before(world):
    """An interface has one fault; a perfect one is none."""
    control = world().control
    control.faults.lay("gi", FaultRequest(loss=0.5))
    laid = control.faults.lay("gi", FaultRequest(delay=0.1))
    assert (laid.loss, laid.delay) == (0.0, 0.1)
    control.faults.lay("gi", FaultRequest())
    assert control.faults.clear().done == "0 faults cleared"


def test_whoever_interfered_before_goes_on_doing_so(world):
    """A scenario's own faults come after the operator's, and are alone again without them."""
    core = world()
    seen = []

    def before(passed):
        seen.append(passed.interface)
        return LOST if passed.interface is Interface.GTP_C else None

    core.network.interference = before
    core.control.faults.lay("radio", FaultRequest(delay=0.01))
    core.control.faults.lay("gtp-u", FaultRequest(delay=0.01))
    assert core.network.interference is core.control.faults
    assert core.finished(core.request(1)).outcome == "failed"
    assert Interface.GTP_C in seen
    core.control.faults.clear()
    assert core.network.interference is before


def test_what_is_lost_on_a_connection_is_sent_again(world, who):
    """Gr stands for a connection: nothing is missing once TCP has sent it again."""
    core = world()
    imsi = who(1).imsi
    core.control.faults.lay("gr", FaultRequest(loss=0.5))
    core.control.drive_mobile(imsi, "detach", None)
    core.wait(1)
    core.control.drive_mobile(imsi, "attach", None)
    core.wait(60)
    assert state(core.control, "gr").lost > 0
    assert core.control.terminal(imsi).attached


def test_connections_are_reset(world):
    """Only where there are connections, and by somebody who can."""
    control = world().control
    assert control.faults.reset("gsup").done == "0 connections reset"
    with pytest.raises(ControlError) as refused:
        control.faults.reset("gtp-c")
    assert (refused.value.status, refused.value.field) == (409, "interface")
    assert "gsup and smpp do" in str(refused.value)


def test_a_restarted_ggsn_knows_nothing(world):
    """A GGSN that comes back has no context any more, and makes new ones."""
    core = world()
    core.finished(core.request(1))
    assert core.control.faults.restart("ggsn").done == "ggsn restarts"
    assert core.control.sizes()["pdp_contexts"] == 0
    core.wait(5)
    assert core.finished(core.request(2)).outcome == "active"


def test_a_restarted_hlr_is_told_anew(world):
    """It keeps nothing here, and has from the SGSN where mobiles are."""
    core = world()
    assert core.control.faults.restart("hlr").done == "hlr restarts"
    assert core.core.hlr.location(person(1).imsi).sgsn is None
    core.wait(1)
    assert core.core.hlr.location(person(1).imsi).sgsn is not None
    assert core.finished(core.request(1)).outcome == "active"


def test_restarts_want_a_node_and_somebody_who_does_it(world):
    """A name that is no node's is unknown; without a way to restart none is."""
    core = world()
    for control, name, status in (
        (core.control, "smsc", 404),
        (CoreControl(core.core, core.network), "ggsn", 501),
    ):
        with pytest.raises(ControlError) as refused:
            control.faults.restart(name)
        assert refused.value.status == status


def test_a_runtime_that_lets_nobody_interfere_says_so(world):
    """Where datagrams are shown to nobody, no fault can be laid."""
    core = world()

    class Plain:
        now = core.network.now
        on_event = core.network.on_event

    control = CoreControl(core.core, Plain(), random=Random(1))
    with pytest.raises(ControlError) as refused:
        control.faults.lay("gi", FaultRequest(loss=0.1))
    assert refused.value.status == 501
