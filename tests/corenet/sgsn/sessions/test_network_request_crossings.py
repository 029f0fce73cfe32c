"""Network-requested activation that meets other procedures; and the mobile that is back."""

import pytest

from corenet.interfaces.gsup import GsupMessage, MessageType
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.sgsn.events import (
    DeactivationReason,
    MmState,
    MobileBecameReachable,
    NetworkRequestFailure,
    PdpContextActivated,
    PdpContextDeactivated,
    PdpContextModified,
    PdpState,
)
from gtp.constants import Cause
from gtp.ies.values import EndUserAddress
from gtp.messages import (
    CreatePdpContextRequest,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    PduNotificationRejectRequest,
    PduNotificationResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)

# -- crossings -------------------------------------------------------------------------------


def test_a_lost_response_is_repeated_from_the_cache(attached):
    """The same notification again gets the same 28, and the mobile hears nothing new."""
    attached.ggsn_asks(attached.notification())
    first = attached.sent(PduNotificationResponse)
    again = attached.notification()
    again.sequence = first.sequence
    attached.from_ggsn(again)
    assert attached.sent(PduNotificationResponse) == first
    attached.heard(sm.RequestPdpContextActivation)
    assert attached.silent()


def test_a_second_notification_joins_the_first(attached):
    """While the mobile is asked, another notification gets 128 and no second Request."""
    attached.request()
    attached.ggsn_asks(attached.notification(teid_control=0x88))
    assert attached.sent(PduNotificationResponse).teid == 0x88
    assert attached.silent()
    attached.run(41)
    for _ in range(4):
        attached.heard(sm.RequestPdpContextActivation)
    assert attached.rejected().teid == 0x88


@pytest.mark.clause("23.060 §9.2.2.2", "crossing: the MS activates by itself")
def test_the_mobile_activates_the_same_by_itself(attached):
    """An Activate with the mobile's own TI stops T3385 and is carried on with that TI."""
    attached.request()
    attached.say(attached.activate_request(ti=3))
    attached.from_ggsn(attached.created(attached.sent(CreatePdpContextRequest)))
    accept = attached.heard(sm.ActivatePdpContextAccept)
    assert accept.ti == sm.TransactionIdentifier(3, True)
    attached.run(100)
    assert attached.silent()
    assert not attached.gtp
    assert attached.events(PdpContextActivated)[0].network_requested
    assert attached.sgsn.next_timeout() is None


def test_the_mobile_asks_for_its_subscribed_address_by_itself(attached):
    """A dynamic request of who has a static address is for that address: the same PDP."""
    attached.request()
    attached.say(attached.activate_request(ti=3, pdp_address=PdpAddress.dynamic_ipv4()))
    create = attached.sent(CreatePdpContextRequest)
    assert create.end_user_address.ipv4 == attached.ADDRESS
    attached.from_ggsn(attached.created(create))
    attached.run(100)
    attached.heard(sm.ActivatePdpContextAccept)
    assert attached.silent()
    assert not attached.gtp


def test_the_mobile_gets_the_address_without_asking_for_it(attached):
    """The GGSN may give the mobile's own activation just the address that was requested."""
    attached.static = None
    attached.run(10)
    attached.attach()
    attached.request()
    attached.say(attached.activate_request(ti=3, pdp_address=PdpAddress.dynamic_ipv4()))
    create = attached.sent(CreatePdpContextRequest)
    assert create.end_user_address.is_dynamic
    address = EndUserAddress.for_ipv4(attached.ADDRESS)
    attached.from_ggsn(attached.created(create, end_user_address=address))
    attached.heard(sm.ActivatePdpContextAccept)
    attached.run(100)
    assert attached.silent()
    assert not attached.gtp


def test_the_mobile_activates_something_else_meanwhile(attached):
    """Another APN is no answer: T3385 goes on."""
    attached.apns.append("web.example")
    attached.static = None
    attached.run(10)
    attached.attach()
    attached.request()
    attached.say(
        attached.activate_request(ti=3, apn="web.example", pdp_address=PdpAddress.dynamic_ipv4())
    )
    create = attached.sent(CreatePdpContextRequest)
    address = EndUserAddress.for_ipv4("10.45.9.9")
    attached.from_ggsn(attached.created(create, end_user_address=address))
    attached.heard(sm.ActivatePdpContextAccept)
    attached.run(8)
    attached.heard(sm.RequestPdpContextActivation)


def test_the_notification_comes_while_the_mobile_activates(attached):
    """128, no Request; the activation under way is the answer."""
    attached.say(attached.activate_request())
    create = attached.sent(CreatePdpContextRequest)
    attached.ggsn_asks(attached.notification())
    assert attached.sent(PduNotificationResponse).cause is Cause.REQUEST_ACCEPTED
    assert attached.silent()
    attached.from_ggsn(attached.created(create))
    attached.heard(sm.ActivatePdpContextAccept)
    assert attached.silent()
    assert attached.events(PdpContextActivated)[0].network_requested
    assert attached.sgsn.next_timeout() is None


def test_the_mobiles_own_activation_fails_after_a_notification(attached):
    """Who was promised an activation hears that the one under way died: 29 with 204."""
    attached.say(attached.activate_request())
    attached.sent(CreatePdpContextRequest)
    attached.ggsn_asks(attached.notification())
    attached.sent(PduNotificationResponse)
    attached.run(25)
    for _ in range(4):
        attached.sent(CreatePdpContextRequest)
    assert attached.heard(sm.ActivatePdpContextReject).cause == 38
    assert attached.rejected().cause is Cause.SYSTEM_FAILURE


def test_the_mobile_gives_its_activation_up(attached):
    """Deactivate while the Create is out: 29 with 4; what the GGSN makes is deleted."""
    asked = attached.request()
    attached.answer(asked)
    create = attached.sent(CreatePdpContextRequest)
    attached.say(sm.DeactivatePdpContextRequest(asked.ti.mirrored))
    attached.heard(sm.DeactivatePdpContextAccept)
    assert attached.rejected().cause is Cause.MS_REFUSES_X
    assert attached.failure().reason is NetworkRequestFailure.ABANDONED
    attached.from_ggsn(attached.created(create))
    delete = attached.sent(DeletePdpContextRequest)
    assert attached.silent()
    attached.from_ggsn(
        DeletePdpContextResponse(sequence=delete.sequence, cause=Cause.REQUEST_ACCEPTED)
    )
    assert attached.nothing_left()


def asks_whether_it_is_there(active) -> UpdatePdpContextRequest:
    """Let the GGSN notify for an active context; return what it is asked then."""
    active.ggsn_asks(active.notification())
    assert active.sent(PduNotificationResponse).cause is Cause.REQUEST_ACCEPTED
    assert active.silent()
    return active.sent(UpdatePdpContextRequest)


def updated(active, asked, cause=Cause.REQUEST_ACCEPTED, **changes) -> None:
    """Let the GGSN answer."""
    active.from_ggsn(UpdatePdpContextResponse(sequence=asked.sequence, cause=cause, **changes))


def ended(active, reason, cause) -> None:
    """Check why the context has ended, and that the mobile is asked anew once it agrees."""
    assert active.heard(sm.DeactivatePdpContextRequest).cause == cause
    assert active.events(PdpContextDeactivated)[0].reason is reason
    assert active.silent()
    assert not active.gtp
    active.say(sm.DeactivatePdpContextAccept(sm.TransactionIdentifier(0)))
    asked = active.heard(sm.RequestPdpContextActivation)
    active.answer(asked)
    assert active.sent(CreatePdpContextRequest).teid == 0


@pytest.mark.parametrize("age", [0, 1000])
@pytest.mark.clause("23.060 §9.2.2.2", "crossing: the context is active, and the GGSN has it")
def test_the_ggsn_asks_for_what_is_active_and_has_it(active, age):
    """A notification that crossed the activation is accepted, and nothing is disturbed."""
    active.run(age)
    before = active.sgsn.mm_context(active.IMSI).contexts
    asked = asks_whether_it_is_there(active)
    assert asked.qos == before[0].qos
    updated(active, asked)
    assert active.silent()
    assert active.sgsn.next_timeout() is None
    assert active.sgsn.mm_context(active.IMSI).contexts == before
    assert not active.events(PdpContextModified)
    assert active.sgsn.counters["notifications_crossed"] == 1


@pytest.mark.clause("23.007 §11.2", "a GGSN's restart shows when it notifies for what it has lost")
def test_the_ggsn_has_restarted_before_it_asks(around):
    """Its answer has the new Recovery: everything there is deactivated, then the mobile asked."""
    around.apns.append("web.example")
    around.static = None
    around.attach()
    around.activate()
    around.activate(ti=1, nsapi=6, apn="web.example", pdp_address=PdpAddress.for_ipv4("10.45.0.9"))
    asked = asks_whether_it_is_there(around)
    around.ggsn_recovery += 1
    updated(around, asked, Cause.NON_EXISTENT, recovery=around.ggsn_recovery)
    first, second = (around.heard(sm.DeactivatePdpContextRequest) for _ in range(2))
    assert (first.cause, second.cause) == (39, 39)
    assert {event.reason for event in around.events(PdpContextDeactivated)} == {
        DeactivationReason.GGSN_RESTARTED
    }
    assert not around.gtp
    around.say(sm.DeactivatePdpContextAccept(sm.TransactionIdentifier(0)))
    around.answer(around.heard(sm.RequestPdpContextActivation))
    assert around.sent(CreatePdpContextRequest).teid == 0


def test_the_ggsn_has_lost_what_it_asks_for(active):
    """Where it does not know the context and has not restarted, that context is deactivated."""
    asked = asks_whether_it_is_there(active)
    updated(active, asked, Cause.NON_EXISTENT)
    ended(active, DeactivationReason.UNKNOWN_TO_GGSN, 39)


def test_the_restart_shows_elsewhere_first(active):
    """The new Recovery may come in an answer to something else; the late answer changes nothing."""
    active.command("modify", active.IMSI, 5, active.sgsn.mm_context(active.IMSI).contexts[0].qos)
    change = active.sent(UpdatePdpContextRequest)
    active.ggsn_asks(active.notification())
    active.sent(PduNotificationResponse)
    updated(active, change, Cause.NON_EXISTENT, recovery=active.ggsn_recovery + 1)
    ended(active, DeactivationReason.GGSN_RESTARTED, 39)


@pytest.mark.parametrize("answer", [None, Cause.SYSTEM_FAILURE])
def test_the_ggsn_does_not_say_whether_it_has_the_context(active, answer):
    """It hears 29 with 204, so that its caller need not wait; the context stays."""
    asked = asks_whether_it_is_there(active)
    if answer is None:
        active.run(25.1)
        for _ in range(4):
            active.sent(UpdatePdpContextRequest)
    else:
        updated(active, asked, answer)
    assert active.rejected().cause is Cause.SYSTEM_FAILURE
    assert active.failure().reason is NetworkRequestFailure.NOT_CONFIRMED
    assert active.silent()
    assert active.sgsn.mm_context(active.IMSI).contexts[0].state is PdpState.ACTIVE
    assert active.sgsn.next_timeout() is None


def test_another_ggsn_asks_for_what_is_active(active):
    """The GGSN that has the context is told to delete it, and the mobile is asked anew."""
    peer = (active.OTHER_GGSN, 2123)
    active.ggsn_asks(active.notification(ggsn_address=active.OTHER_GGSN), peer)
    active.sent(PduNotificationResponse, peer)
    active.sent(DeletePdpContextRequest)
    assert active.heard(sm.DeactivatePdpContextRequest).cause == 36
    assert active.events(PdpContextDeactivated)[0].reason is DeactivationReason.STALE
    active.say(sm.DeactivatePdpContextAccept(sm.TransactionIdentifier(0)))
    active.heard(sm.RequestPdpContextActivation)


def test_the_mobile_deactivates_while_the_ggsn_is_asked(active):
    """The mobile is asked once its own deactivation is over."""
    asks_whether_it_is_there(active)
    active.say(sm.DeactivatePdpContextRequest(sm.TransactionIdentifier(0)))
    delete = active.sent(DeletePdpContextRequest)
    assert active.silent()
    active.from_ggsn(
        DeletePdpContextResponse(sequence=delete.sequence, cause=Cause.REQUEST_ACCEPTED)
    )
    active.heard(sm.DeactivatePdpContextAccept)
    active.heard(sm.RequestPdpContextActivation)


def test_the_mobile_detaches_while_the_ggsn_is_asked(active):
    """Nobody is asked any more: 29 with 5."""
    asked = asks_whether_it_is_there(active)
    active.say(gmm.DetachRequestUplink(power_off=True))
    assert active.rejected().cause is Cause.MS_NOT_GPRS_RESPONDING_X
    active.sent(DeletePdpContextRequest)
    updated(active, asked)
    assert active.silent()
    assert active.failure().reason is NetworkRequestFailure.DETACHED


def test_the_question_waits_for_a_change_that_is_under_way(active):
    """An Update of the old QoS must not overtake one of the new; here the context is gone."""
    active.command("modify", active.IMSI, 5, bytes.fromhex("021b921f7396fefe742bffff"))
    change = active.sent(UpdatePdpContextRequest)
    active.ggsn_asks(active.notification())
    active.sent(PduNotificationResponse)
    assert not active.gtp
    updated(active, change, Cause.NON_EXISTENT)
    active.heard(sm.DeactivatePdpContextRequest)
    active.say(sm.DeactivatePdpContextAccept(sm.TransactionIdentifier(0)))
    active.heard(sm.RequestPdpContextActivation)


def test_the_mobile_detaches_while_a_lost_context_goes(active):
    """Nothing is asked of who is gone."""
    updated(active, asks_whether_it_is_there(active), Cause.NON_EXISTENT)
    active.heard(sm.DeactivatePdpContextRequest)
    active.say(gmm.DetachRequestUplink(power_off=True))
    assert active.silent()
    assert active.rejected().cause is Cause.MS_NOT_GPRS_RESPONDING_X


def test_the_ggsn_asks_while_its_delete_is_not_yet_accepted(active):
    """A push right after a Delete waits until the mobile has accepted the deactivation."""
    active.ggsn_asks(
        DeletePdpContextRequest(
            teid=active.sgsn.mm_context(active.IMSI).contexts[0].teid_control,
            nsapi=5,
            teardown=True,
        )
    )
    active.sent(DeletePdpContextResponse)
    deactivate = active.heard(sm.DeactivatePdpContextRequest)
    active.ggsn_asks(active.notification())
    active.sent(PduNotificationResponse)
    assert active.silent()
    active.say(sm.DeactivatePdpContextAccept(deactivate.ti.mirrored))
    active.heard(sm.RequestPdpContextActivation)


def test_the_notification_comes_while_the_mobile_attaches(around):
    """It is accepted, and the mobile is asked as soon as it is attached."""
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=around.IMSI)))
    around.heard(gmm.AttachAccept)
    around.ggsn_asks(around.notification())
    assert around.sent(PduNotificationResponse).cause is Cause.REQUEST_ACCEPTED
    assert around.silent()
    around.say(gmm.AttachComplete())
    around.heard(sm.RequestPdpContextActivation)


def test_the_mobile_attaches_anew_meanwhile(attached):
    """What it was asked is void; it is asked again when it is attached."""
    attached.request()
    attached.run(4)
    attached.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=attached.IMSI)))
    attached.heard(gmm.AttachAccept)
    attached.run(5)
    attached.say(gmm.AttachComplete())
    attached.heard(sm.RequestPdpContextActivation)
    assert attached.sgsn.mm_context(attached.IMSI).state is MmState.ATTACHED
    assert not attached.gtp


def test_an_attach_that_fails_ends_it(attached):
    """The mobile that attached anew is refused by the HLR: 29 with cause 5."""
    attached.request()
    attached.run(4)
    attached.hlr_error = 7
    attached.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=attached.IMSI)))
    attached.heard(gmm.AttachReject)
    assert attached.rejected().cause is Cause.MS_NOT_GPRS_RESPONDING_X


def test_a_late_answer_is_an_activation_of_its_own(attached):
    """After 29 the mobile may still activate; its GGSN is the configured one."""
    asked = attached.request()
    attached.run(40.1)
    attached.rejected()
    for _ in range(4):
        attached.heard(sm.RequestPdpContextActivation)
    attached.answer(asked)
    attached.from_ggsn(attached.created(attached.sent(CreatePdpContextRequest)))
    attached.heard(sm.ActivatePdpContextAccept)
    assert not attached.events(PdpContextActivated)[0].network_requested


def test_a_late_refusal_gets_sm_status(attached):
    """A Reject for a transaction that is over is answered with SM Status 81."""
    asked = attached.request()
    reject = sm.RequestPdpContextActivationReject(asked.ti.mirrored, 31)
    attached.say(reject)
    attached.say(reject)
    assert attached.heard(sm.SmStatus).cause == 81


# -- reachability ----------------------------------------------------------------------------


def test_the_hlr_hears_of_a_mobile_that_is_back_from_silence(attached):
    """After paging silence any contact sends Ready for SM, once."""
    attached.request()
    attached.run(41)
    attached.gtp.clear()
    attached.to_mobiles.clear()
    attached.events()
    attached.send_packet(b"E" * 40)
    assert attached.told_hlr(MessageType.READY_FOR_SM_REQUEST).sm_alert_reason == 1
    attached.send_packet(b"E" * 40)
    assert not attached.gsup
    assert attached.events() == [MobileBecameReachable(attached.IMSI)]
    attached.from_hlr(GsupMessage(MessageType.READY_FOR_SM_RESULT, attached.IMSI))
    assert not attached.sgsn.mm_context(attached.IMSI).mnrg
    attached.send_packet(b"E" * 40)
    assert not attached.gsup


def test_ready_for_sm_is_said_again_where_the_hlr_did_not_answer(attached):
    """An unanswered Ready for SM is repeated at the next contact."""
    attached.request()
    attached.run(41)
    attached.to_mobiles.clear()
    attached.send_packet(b"E" * 40)
    attached.told_hlr(MessageType.READY_FOR_SM_REQUEST)
    attached.run(10.1)
    assert attached.sgsn.mm_context(attached.IMSI).mnrg
    attached.send_packet(b"E" * 40)
    attached.told_hlr(MessageType.READY_FOR_SM_REQUEST)


def test_attaching_again_clears_mnrg(attached):
    """After 195 the mobile attaches: Update Location tells the HLR, nothing else is needed."""
    attached.say(gmm.DetachRequestUplink(power_off=True))
    attached.ggsn_asks(attached.notification())
    attached.sent(PduNotificationResponse)
    attached.run(100)
    attached.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=attached.IMSI)))
    attached.told_hlr(MessageType.UPDATE_LOCATION_REQUEST)
    attached.told_hlr(MessageType.INSERT_SUBSCRIBER_DATA_RESULT)
    attached.say(gmm.AttachComplete())
    assert not attached.gsup
    assert not attached.sgsn.mm_context(attached.IMSI).mnrg


def test_a_second_notification_of_another_ggsn_is_told_the_end(attached):
    """Who asked last hears what became of it."""
    other = attached.OTHER_GGSN
    attached.request()
    attached.ggsn_asks(attached.notification(ggsn_address=other), (other, 2123))
    attached.sent(PduNotificationResponse, (other, 2123))
    attached.run(41)
    assert attached.sent(PduNotificationRejectRequest, (other, 2123)).cause == 5


def test_the_reject_names_the_apn_as_it_was_asked_for(attached):
    """With the operator identifier that the GGSN gave; so does what the mobile is asked."""
    apn = f"{attached.APN}.mnc015.mcc234.gprs"
    attached.ggsn_asks(attached.notification(apn=apn))
    attached.sent(PduNotificationResponse)
    assert attached.heard(sm.RequestPdpContextActivation).apn == apn
    attached.run(41)
    assert attached.sent(PduNotificationRejectRequest).apn == apn


def test_t3385_ends_with_the_attachment(attached):
    """A mobile that attaches anew is asked anew: five times, T3385 apart, and no more often."""
    attached.request()
    attached.run(7.0)
    attached.restart_numbering()
    attached.attach()
    attached.heard(sm.RequestPdpContextActivation)
    attached.run(7.9)
    assert attached.silent()
    attached.run(33.0)
    for _ in range(4):
        attached.heard(sm.RequestPdpContextActivation)
    assert attached.silent()
    assert attached.rejected().cause == 5


def test_the_network_takes_no_identifier_that_a_context_has(attached):
    """Seven activations later its turn has come again, and it is passed over."""
    attached.answer(attached.request())
    attached.from_ggsn(attached.created(attached.sent(CreatePdpContextRequest)))
    attached.heard(sm.ActivatePdpContextAccept)
    held = next(iter(attached.sgsn.mm_context(attached.IMSI).contexts)).ti
    given = []
    for _ in range(7):
        address = EndUserAddress.for_ipv4("10.45.0.99")
        attached.ggsn_asks(attached.notification(end_user_address=address))
        attached.sent(PduNotificationResponse)
        asked = attached.heard(sm.RequestPdpContextActivation)
        attached.say(sm.RequestPdpContextActivationReject(asked.ti.mirrored, 26))
        attached.rejected()
        given.append(asked.ti.value)
    assert held not in given
    assert set(given) == set(range(7)) - {held}


def test_a_refusal_that_the_mobile_s_own_activation_has_overtaken(attached):
    """It is of a transaction that is over; the activation goes on (TS 24.008 §8.3.2)."""
    asked = attached.request()
    attached.say(attached.activate_request(ti=3))
    create = attached.sent(CreatePdpContextRequest)
    attached.say(sm.RequestPdpContextActivationReject(asked.ti.mirrored, 26))
    assert attached.heard(sm.SmStatus).cause == 81
    assert not attached.gtp
    attached.from_ggsn(attached.created(create))
    attached.heard(sm.ActivatePdpContextAccept)


def test_the_mobile_s_own_identifier_of_the_same_value_is_another(around):
    """Who allotted it is part of it: the mobile activates something else meanwhile."""
    around.apns.append("web.example")
    around.attach()
    asked = around.request()
    own = {"ti": asked.ti.value, "nsapi": 6, "apn": "web.example"}
    around.say(around.activate_request(**own, pdp_address=PdpAddress.dynamic_ipv4()))
    assert around.sent(CreatePdpContextRequest).apn.startswith("web.example")
    assert around.silent()
    around.answer(asked)
    assert around.sent(CreatePdpContextRequest).apn.startswith(around.APN)


def test_the_mobile_is_told_what_the_ggsn_configures(attached):
    """Protocol configuration options of the notification go on with the request."""
    options = bytes.fromhex("80000d04c0000235")
    attached.ggsn_asks(attached.notification(pco=options))
    attached.sent(PduNotificationResponse)
    assert attached.heard(sm.RequestPdpContextActivation).pco == options
