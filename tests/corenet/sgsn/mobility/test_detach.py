"""GPRS detach (TS 24.008 §4.7.4), cancellation by the HLR, purging, stopping."""

import pytest

from corenet.interfaces.gsup import CancelType, GsupMessage, MessageType
from corenet.interfaces.nas import gmm, sm
from corenet.sgsn.events import (
    DeactivationReason,
    DetachReason,
    MmState,
    MobileDetached,
    PdpContextDeactivated,
)
from gtp.constants import Cause
from gtp.messages import (
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    PduNotificationRejectRequest,
    PduNotificationRejectResponse,
)


def delete_answered(around, delete):
    """The GGSN has deleted."""
    around.from_ggsn(
        DeletePdpContextResponse(sequence=delete.sequence, cause=Cause.REQUEST_ACCEPTED)
    )


@pytest.mark.clause("29.060 §11.3", "MS detach: the SGSN deletes its contexts at the GGSN")
def test_the_mobile_detaches(active):
    """Its contexts are deleted at the GGSN, then it gets Detach Accept."""
    active.say(gmm.DetachRequestUplink())
    delete = active.sent(DeletePdpContextRequest)
    assert active.silent()
    deactivated, detached = active.events()
    assert isinstance(deactivated, PdpContextDeactivated)
    assert deactivated.reason is DeactivationReason.DETACHED
    assert detached == MobileDetached(active.IMSI, DetachReason.MOBILE)
    delete_answered(active, delete)
    active.heard(gmm.DetachAcceptDownlink)
    view = active.sgsn.mm_context(active.IMSI)
    assert (view.state, view.contexts) == (MmState.DETACHED, ())
    assert active.sgsn.next_timeout() is None


@pytest.mark.clause("24.008 §4.7.4.1", "detach at power off gets no answer")
def test_the_mobile_is_switched_off(active):
    """No answer goes to who does not listen."""
    active.say(gmm.DetachRequestUplink(power_off=True))
    delete_answered(active, active.sent(DeletePdpContextRequest))
    assert active.silent()
    assert active.events(MobileDetached) == [MobileDetached(active.IMSI, DetachReason.POWER_OFF)]
    assert active.sgsn.next_timeout() is None


def test_a_mobile_without_contexts_is_answered_at_once(attached):
    """There is nobody else to tell."""
    attached.say(gmm.DetachRequestUplink())
    attached.heard(gmm.DetachAcceptDownlink)
    attached.say(gmm.DetachRequestUplink())
    attached.heard(gmm.DetachAcceptDownlink)
    assert len(attached.events(MobileDetached)) == 1


def test_an_unknown_mobile_detaches(around):
    """It gets its Accept, unless it is switched off."""
    around.say(gmm.DetachRequestUplink())
    around.heard(gmm.DetachAcceptDownlink)
    around.say(gmm.DetachRequestUplink(power_off=True))
    assert around.silent()
    assert around.sgsn.mm_contexts() == ()


@pytest.mark.clause("23.060 §6.6.1", "MS-initiated detach")
def test_several_contexts_end_before_the_accept(surrounding):
    """The Accept waits for the last GGSN."""
    around = surrounding(ggsns={"*": ("192.0.2.1",)})
    around.apns.append("*")
    around.attach()
    around.activate()
    around.static = None
    around.activate(ti=1, nsapi=6, apn="web.example")
    around.say(gmm.DetachRequestUplink())
    first, second = (around.sent(DeletePdpContextRequest) for _ in range(2))
    delete_answered(around, second)
    assert around.silent()
    delete_answered(around, first)
    around.heard(gmm.DetachAcceptDownlink)


def test_the_mobile_attaches_again_before_the_accept(active):
    """A late Accept does not disturb the new attachment."""
    active.say(gmm.DetachRequestUplink())
    delete = active.sent(DeletePdpContextRequest)
    active.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=active.IMSI)))
    active.heard(gmm.AttachAccept)
    delete_answered(active, delete)
    assert active.silent()


def test_a_detach_ends_an_attach(around):
    """While the HLR is asked the mobile may think better of it."""
    around.hlr_answers = False
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=around.IMSI)))
    around.say(gmm.DetachRequestUplink(power_off=True))
    around.from_hlr(GsupMessage(MessageType.UPDATE_LOCATION_RESULT, around.IMSI))
    assert around.silent()
    assert around.sgsn.next_timeout() is None


# -- by command ------------------------------------------------------------------------------


@pytest.mark.clause("23.060 §6.6.2.1", "SGSN-initiated detach: explicit")
@pytest.mark.clause("24.008 §4.7.4.2", "detach by the network, T3322")
def test_the_network_detaches(active):
    """Contexts are deleted, the mobile gets Detach and accepts."""
    assert active.command("detach", active.IMSI)
    delete_answered(active, active.sent(DeletePdpContextRequest))
    detach = active.heard(gmm.DetachRequestDownlink)
    assert detach.detach_type == gmm.NetworkDetachType.REATTACH_NOT_REQUIRED
    assert active.sgsn.mm_context(active.IMSI).state is MmState.DETACHING
    active.say(active.activate_request())
    assert active.sgsn.counters["frames_too_early"] == 1
    active.say(gmm.DetachAcceptUplink())
    active.say(gmm.DetachAcceptUplink())
    assert active.events(MobileDetached) == [MobileDetached(active.IMSI, DetachReason.NETWORK)]
    assert active.sgsn.mm_context(active.IMSI).state is MmState.DETACHED
    assert active.sgsn.next_timeout() is None


def test_there_is_nobody_to_detach(attached):
    """The command says so."""
    assert not attached.command("detach", "001010000000001")
    assert attached.command("detach", attached.IMSI)
    assert not attached.command("detach", attached.IMSI)


def test_the_mobile_does_not_accept_the_detach(attached):
    """T3322: five Detach Requests, 6 seconds apart, then it is detached."""
    attached.command("detach", attached.IMSI)
    attached.run(29.9)
    assert len(attached.to_mobiles[attached.IMSI]) == 5
    assert attached.events(MobileDetached) == []
    attached.run(0.2)
    assert len(attached.to_mobiles[attached.IMSI]) == 5
    assert len(attached.events(MobileDetached)) == 1
    assert attached.sgsn.next_timeout() is None


@pytest.mark.clause("24.008 §4.7.4.2", "collision of two detaches")
def test_both_detach_at_once(attached):
    """The mobile's own Detach is answered and ends the matter."""
    attached.command("detach", attached.IMSI)
    attached.heard(gmm.DetachRequestDownlink)
    attached.say(gmm.DetachRequestUplink())
    attached.heard(gmm.DetachAcceptDownlink)
    attached.run(60)
    assert attached.silent()
    assert len(attached.events(MobileDetached)) == 1


def test_the_mobile_attaches_while_it_is_detached(attached):
    """An Attach Request ends the detach."""
    attached.run(5)
    attached.command("detach", attached.IMSI)
    attached.heard(gmm.DetachRequestDownlink)
    attached.attach()
    attached.run(60)
    assert attached.silent()
    assert attached.sgsn.mm_context(attached.IMSI).state is MmState.ATTACHED


# -- by the HLR ------------------------------------------------------------------------------


def cancel(around, kind):
    """The HLR cancels the location."""
    around.from_hlr(GsupMessage(MessageType.LOCATION_CANCEL_REQUEST, around.IMSI, cancel_type=kind))
    around.told_hlr(MessageType.LOCATION_CANCEL_RESULT)


@pytest.mark.clause("23.060 §6.6.2.2", "HLR-initiated detach: Location Cancel")
def test_another_sgsn_serves_the_mobile(active):
    """Everything about it is forgotten, its contexts are deleted, it is not told."""
    cancel(active, CancelType.UPDATE_PROCEDURE)
    delete_answered(active, active.sent(DeletePdpContextRequest))
    assert active.silent()
    assert active.events(MobileDetached) == [MobileDetached(active.IMSI, DetachReason.HLR)]
    assert active.sgsn.mm_contexts() == ()
    assert active.sgsn.next_timeout() is None


@pytest.mark.clause("23.060 §6.6.2.2", "HLR-initiated detach: subscription withdrawn")
def test_the_subscription_is_withdrawn(attached):
    """The mobile is detached with cause 7, then forgotten."""
    cancel(attached, CancelType.SUBSCRIPTION_WITHDRAW)
    assert attached.heard(gmm.DetachRequestDownlink).cause == 7
    attached.say(gmm.DetachAcceptUplink())
    assert attached.sgsn.mm_contexts() == ()
    assert attached.sgsn.next_timeout() is None


@pytest.mark.parametrize("kind", [CancelType.SUBSCRIPTION_WITHDRAW, None])
def test_a_detached_mobile_is_cancelled(attached, kind):
    """There is nobody to tell."""
    attached.say(gmm.DetachRequestUplink(power_off=True))
    cancel(attached, kind)
    assert attached.silent()
    assert attached.sgsn.mm_contexts() == ()


def test_an_unknown_mobile_is_cancelled(around):
    """The HLR gets its result."""
    cancel(around, CancelType.UPDATE_PROCEDURE)
    assert around.events() == []


# -- purging and stopping --------------------------------------------------------------------


@pytest.mark.parametrize("answered", [True, False])
@pytest.mark.clause("23.060 §6.7", "Purge function")
def test_the_oldest_detached_mobile_is_purged(surrounding, answered):
    """Beyond the limit the SGSN forgets, and tells the HLR so."""
    around = surrounding(max_detached=1)
    for number in range(3):
        imsi = f"23415099999000{number}"
        around.attach(imsi)  # takes what the HLR was told before
        around.say(gmm.DetachRequestUplink(power_off=True), imsi)
    purged = "234150999990000"
    assert around.sgsn.mm_context(purged) is None
    assert [view.imsi for view in around.sgsn.mm_contexts()] == ["234150999990002"]
    assert around.told_hlr(MessageType.PURGE_MS_REQUEST).imsi == "234150999990001"
    if answered:
        around.from_hlr(GsupMessage(MessageType.PURGE_MS_RESULT, purged))
    around.run(11)
    counters = around.sgsn.counters
    assert counters["purges_answered"] == (1 if answered else 0)
    assert around.sgsn.next_timeout() is None


def test_everybody_gone_leaves_no_timer(surrounding):
    """After all the coming and going nothing waits for anything."""
    around = surrounding()
    around.static = None
    for number in range(20):
        imsi = f"2341509999900{number:02d}"
        around.attach(imsi)
        around.activate(imsi, pdp_address=sm.PdpAddress.dynamic_ipv4())
    for number in range(20):
        imsi = f"2341509999900{number:02d}"
        around.say(gmm.DetachRequestUplink(power_off=True), imsi)
        delete_answered(around, around.sent(DeletePdpContextRequest))
    assert around.sgsn.next_timeout() is None
    assert all(view.state is MmState.DETACHED for view in around.sgsn.mm_contexts())


def test_stopping(active):
    """Contexts are deleted, requests rejected; once that is answered, nothing happens any more."""
    active.attach("234150999990001")
    active.ggsn_asks(active.notification(imsi="234150999990001"))
    active.gtp.clear()
    active.events()
    active.command("stop")
    delete = active.sent(DeletePdpContextRequest)
    active.sent(PduNotificationRejectRequest)
    assert len(active.events(MobileDetached)) == 2
    assert active.sgsn.mm_contexts() == ()
    active.run(5)
    assert active.sent(DeletePdpContextRequest) == delete
    reject = active.sent(PduNotificationRejectRequest)
    delete_answered(active, delete)
    active.from_ggsn(
        PduNotificationRejectResponse(sequence=reject.sequence, cause=Cause.REQUEST_ACCEPTED)
    )
    assert active.sgsn.next_timeout() is None
    active.sgsn.handle_timeout(active.now + 60)
    active.say(active.activate_request())
    assert not active.gtp
    assert active.events() == []
