"""Driving the mobiles of a lab."""

import pytest

from corenet.control.errors import ControlError
from corenet.control.model import (
    BehaviourRequest,
    Coverage,
    MobileActivation,
    MobileDeactivation,
    Move,
    NetworkDetach,
    Setting,
    SmsBehaviourRequest,
    SmsSending,
    Tap,
    TerminalQuery,
)

APN = "wap.example"


def drive(core, who, verb, body=None, index=1):
    done = core.control.drive_mobile(who(index).imsi, verb, body)
    core.wait(1)
    return done


def test_mobile_attaches_and_detaches(world, who):
    """What the mobile does is seen in the SGSN and the HLR."""
    core = world(unattached=(1,))
    assert drive(core, who, "attach").done == "attach"
    assert (core.terminal(1).attached, core.terminal(1).mobile.state) == (True, "attached")
    drive(core, who, "detach")
    assert (core.terminal(1).attached, core.terminal(1).mobile.state) == (False, "detached")


def test_mobile_is_switched_off_and_on(world, who):
    """Off it takes its leave, on it attaches; switched off it attaches to nothing."""
    core = world()
    drive(core, who, "power-off")
    assert not core.terminal(1).attached
    with pytest.raises(ControlError, match="switched off") as refused:
        drive(core, who, "attach")
    assert refused.value.status == 409
    drive(core, who, "power-on")
    assert core.terminal(1).attached


def test_mobile_goes_out_of_coverage_and_comes_back(world, who):
    """Out of coverage nothing reaches it, as the activation's outcome shows."""
    core = world()
    drive(core, who, "coverage", Coverage(in_coverage=False))
    assert core.terminal(1).mobile.in_coverage is False
    failed = core.finished(core.request(1))
    assert (failed.outcome, failed.step) == ("failed", "ms-activation")
    drive(core, who, "coverage", Coverage(in_coverage=True))
    assert core.terminal(1).mobile.in_coverage is True


def test_mobile_behaves_as_told(world, who):
    """The behaviour is shown; the cause only where there is one to give."""
    core = world()
    drive(core, who, "behaviour", BehaviourRequest(on_request="reject", answer_after=2.5))
    mobile = core.terminal(1).mobile
    assert (mobile.on_request, mobile.sm_cause, mobile.answer_after) == ("reject", 31, 2.5)
    began = core.network.now()
    core.finished(core.request(1))
    assert core.network.now() > began + 2.5
    drive(core, who, "behaviour", BehaviourRequest(on_request="silent"))
    assert (core.terminal(1).mobile.on_request, core.terminal(1).mobile.sm_cause) == (
        "silent",
        None,
    )


def test_mobile_treats_short_messages_as_told(world, who):
    """The behaviour is shown; the cause only where there is one to give."""
    core = world()
    assert core.terminal(1).mobile.on_sms == "accept"
    asked = SmsBehaviourRequest(on_sms="reject", rp_cause=22, answer_after=1.5)
    drive(core, who, "sms-behaviour", asked)
    mobile = core.terminal(1).mobile
    assert (mobile.on_sms, mobile.rp_cause, mobile.sms_answer_after) == ("reject", 22, 1.5)
    drive(core, who, "sms-behaviour", SmsBehaviourRequest(on_sms="memory-full"))
    mobile = core.terminal(1).mobile
    assert (mobile.on_sms, mobile.rp_cause) == ("memory-full", None)


def test_mobile_without_a_service_centre_sends_no_text(world, who):
    """It says what it lacks."""
    core = world()
    with pytest.raises(ControlError, match="knows no service centre"):
        drive(core, who, "send-sms", SmsSending(destination="+447700900999", text="Hi"))


def test_mobile_activates_and_deactivates_by_itself(world, who):
    """A context of the mobile's own is online too."""
    core = world()
    drive(core, who, "activate", MobileActivation(apn=APN))
    (context,) = core.terminal(1).contexts
    assert not context.network_requested
    drive(core, who, "deactivate", MobileDeactivation())
    assert core.terminal(1).contexts == []


def test_mobile_that_is_not_attached_activates_nothing(world, who):
    """409 says in what state it is."""
    core = world(unattached=(1,))
    with pytest.raises(ControlError, match="not attached") as refused:
        drive(core, who, "activate", MobileActivation(apn=APN))
    assert refused.value.status == 409


def test_user_taps_on_what_is_shown(world, who):
    """Each thing shown has a number, which a tap names; what opens is shown with the next."""
    core = world()
    mobiles = core.core.mobiles
    core.finished(core.request(1))
    core.say(1, b"a link")
    (first,) = core.terminal(1).mobile.shown
    assert (first["item"], first["text"]) == (1, "a link")
    assert drive(core, who, "tap", Tap(item=1)).done == "tap"
    second = core.terminal(1).mobile.shown[1]
    assert (second["item"], second["kind"], second["text"]) == (2, "again", "a link")
    assert mobiles.mobile(who(1).imsi).forgotten == 0


@pytest.mark.parametrize(
    ("item", "reason"), [(2, "shows no item 2"), (1, "nothing to open behind this text")]
)
def test_tap_on_what_cannot_be_opened_is_refused(world, who, item, reason):
    """409 says what is the matter."""
    core = world()
    core.finished(core.request(1))
    core.say(1, b"nothing")
    with pytest.raises(ControlError, match=reason) as refused:
        drive(core, who, "tap", Tap(item=item))
    assert refused.value.status == 409


def test_setting_of_an_application_is_changed(world, who):
    """As its application takes it; 400 names what is wrong."""
    core = world()
    assert drive(core, who, "setting", Setting(name="size", value="2")).done == "setting"
    core.finished(core.request(1))
    core.say(1, b"hi")
    assert core.terminal(1).mobile.shown[0]["text"] == "hihi"
    for name, value, field in (("colour", "2", "name"), ("size", "big", "value")):
        with pytest.raises(ControlError) as refused:
            drive(core, who, "setting", Setting(name=name, value=value))
        assert (refused.value.status, refused.value.field) == (400, field)


def test_unknown_mobile_is_not_found(world, who):
    """404, in a lab with other mobiles and in one that has none."""
    for core in (world(), world(ggsns={}, sgsns={}, hlr=None, mobiles=())):
        with pytest.raises(ControlError) as refused:
            drive(core, who, "attach", index=99)
        assert (refused.value.status, refused.value.field) == (404, "imsi")


def test_mobiles_that_are_not_attached_to_the_runtime_are_not_in_service(world, who):
    """503, until the core runs."""
    core = world(attach=False)
    with pytest.raises(ControlError) as refused:
        core.control.drive_mobile(who(1).imsi, "attach", None)
    assert refused.value.status == 503


@pytest.mark.parametrize(("verb", "body"), [("fly", None), ("attach", Coverage(in_coverage=True))])
def test_verb_that_no_mobile_has_is_a_fault_of_the_caller(world, who, verb, body):
    """The operations ask for nothing else; who does finds out."""
    with pytest.raises(LookupError, match=f"no verb '{verb}'"):
        world().control.drive_mobile(who(1).imsi, verb, body)


def test_foreign_mobile_is_shown_as_none(world):
    """A terminal without an emulated mobile behind it has none to show."""
    core = world(sgsns={}, mobiles=())
    (terminal,) = core.control.terminals(TerminalQuery(limit=1)).terminals
    assert terminal.mobile is None


def test_mobile_loses_power(world, who):
    """The network hears nothing of it, and takes it for attached."""
    core = world()
    assert drive(core, who, "lose-power").done == "lose-power"
    assert (core.terminal(1).attached, core.terminal(1).mobile.state) == (True, "detached")
    drive(core, who, "power-on")
    assert core.terminal(1).mobile.state == "attached"


def test_mobile_moves(world, who):
    """To where a cell is; where it is registered is told."""
    core = world()
    assert drive(core, who, "move", Move(cell=0)).done == "move"
    terminal = core.terminal(1)
    assert (terminal.mobile.cell, terminal.routing_area) == (0, "234-15-4660-1")
    with pytest.raises(ControlError, match="there is no cell 77") as refused:
        drive(core, who, "move", Move(cell=77))
    assert refused.value.status == 409


def test_network_detaches_a_terminal(world, who):
    """It comes back only where that is asked for; one that is not attached cannot be detached."""
    core = world()
    imsi = who(1).imsi
    core.control.detach(imsi, NetworkDetach(reattach=True))
    core.wait(1)
    assert core.terminal(1).attached
    assert core.control.detach(imsi, NetworkDetach()).done == "detach"
    core.wait(1)
    terminal = core.terminal(1)
    assert (terminal.attached, terminal.reachability, terminal.routing_area) == (False, None, None)
    with pytest.raises(ControlError, match="attached to no SGSN") as refused:
        core.control.detach(imsi, NetworkDetach())
    assert refused.value.status == 404


def test_network_gives_another_p_tmsi(world, who):
    """One at a time."""
    core = world()
    imsi = who(1).imsi
    before = core.core.mobiles.mobile(imsi).p_tmsi
    assert core.control.reallocate_p_tmsi(imsi).done == "p-tmsi"
    with pytest.raises(ControlError) as refused:
        core.control.reallocate_p_tmsi(imsi)
    assert refused.value.status == 409
    core.wait(1)
    assert core.core.mobiles.mobile(imsi).p_tmsi != before
    assert core.terminal(1).reachability == "ready"
