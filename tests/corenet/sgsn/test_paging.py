"""READY, STANDBY and paging (TS 23.060 §6.1.2 and §8.1.4, TS 24.008 §4.7.2.1 and §4.7.9.1)."""

import pytest

from corenet.interfaces.gsup import (
    GsupMessage,
    MessageType,
    SmAlertReason,
    SmRpAddress,
    SmRpAddressType,
)
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.gprs_timer import encode_timer
from corenet.interfaces.node import Interface
from corenet.interfaces.sms import cp
from corenet.sgsn.config import RadioTimers
from corenet.sgsn.events import (
    DeactivationReason,
    MmState,
    MobileBecameReachable,
    MobilePaged,
    NetworkRequestFailure,
    PagingAnswered,
    PagingUnanswered,
    PdpContextDeactivated,
    Reachability,
    ShortMessageNotDelivered,
)
from gtp.constants import Cause
from gtp.messages import (
    CreatePdpContextRequest,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    PduNotificationResponse,
)
from gtp.user_plane import encapsulate

PACKET = b"a packet"
TPDU = bytes.fromhex("040b914477008900f100006210101010101003616263")


def standby(surrounding, active=False, **changes):
    """Return a surrounding whose mobile has been silent for its READY timer."""
    around = surrounding(**({"radio": RadioTimers()} | changes))
    around.attach()
    if active:
        around.activate()
    around.run(44.1)
    around.events()
    return around


def reachability(around):
    return around.sgsn.mm_context(around.IMSI).reachability


def notified(around):
    """Let the GGSN notify the mobile's activation, which is accepted."""
    around.ggsn_asks(around.notification())
    assert around.sent(PduNotificationResponse).cause == Cause.REQUEST_ACCEPTED


# -- READY and STANDBY -----------------------------------------------------------------------


@pytest.mark.clause("23.060 §6.1.2", "READY and STANDBY, without the Iu states")
def test_a_mobile_is_ready_until_it_is_silent(surrounding):
    """Attached it is READY; 44 seconds after its last frame it is STANDBY."""
    around = surrounding(radio=RadioTimers())
    assert around.sgsn.mm_context(around.IMSI) is None
    around.attach()
    around.run(43.9)
    assert reachability(around) is Reachability.READY
    around.run(0.2)
    assert reachability(around) is Reachability.STANDBY
    assert around.sgsn.counters["mobiles_to_standby"] == 1


def test_every_frame_starts_the_timer_anew(surrounding):
    """A mobile that says something every 40 seconds stays READY."""
    around = surrounding(radio=RadioTimers())
    around.attach()
    for _ in range(5):
        around.run(40.0)
        around.say_octets(b"")
    assert reachability(around) is Reachability.READY
    around.run(44.1)
    assert reachability(around) is Reachability.STANDBY


@pytest.mark.clause("24.008 §4.7.2.1", "READY timer T3314, negotiated; READY and STANDBY")
def test_the_mobile_gets_the_timer_that_it_asks_for(surrounding):
    """Requested READY timer value in the Attach Request is granted in the Accept."""
    around = surrounding(radio=RadioTimers())
    octet = encode_timer(6.0)
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=around.IMSI), ready_timer=octet))
    assert around.heard(gmm.AttachAccept).ready_timer == octet
    around.say(gmm.AttachComplete())
    around.run(5.9)
    assert reachability(around) is Reachability.READY
    around.run(0.2)
    assert reachability(around) is Reachability.STANDBY


def test_a_mobile_may_stay_ready_for_ever(surrounding):
    """A READY timer that is deactivated never expires."""
    around = surrounding(radio=RadioTimers(t3314=None))
    around.attach()
    assert around.sgsn.next_timeout() is None
    assert reachability(around) is Reachability.READY


def test_who_is_not_attached_is_neither(surrounding):
    """With the attachment its READY timer ends."""
    around = standby(surrounding)
    around.say(gmm.DetachRequestUplink())
    around.heard(gmm.DetachAcceptDownlink)
    assert reachability(around) is None
    around.run(100.0)
    around.attach()
    around.run(1.0)
    around.say(gmm.DetachRequestUplink(power_off=True))
    assert around.sgsn.next_timeout() is None


# -- a push to a mobile in STANDBY ------------------------------------------------------------


@pytest.mark.clause(
    "24.008 §4.7.9.1, 44.018 §9.1.22",
    "paging with the P-TMSI before all that is for a mobile in STANDBY, T3313",
    status="yes; answered by an LLC frame (A/Gb), no Service Request (Iu)",
)
def test_a_mobile_in_standby_is_paged_first(surrounding):
    """28, page, any frame of the mobile, then the Request; T3385 runs from there."""
    around = standby(surrounding)
    notified(around)
    assert around.pages == [around.sgsn.mm_context(around.IMSI).p_tmsi]
    assert around.silent()
    around.run(2.0)
    around.say_octets(b"")
    asked = around.heard(sm.RequestPdpContextActivation)
    assert reachability(around) is Reachability.READY
    around.run(7.9)
    assert around.silent()
    around.answer(asked)
    around.sent(CreatePdpContextRequest)
    assert around.events(MobilePaged) == [MobilePaged(around.IMSI, 1)]
    assert around.sgsn.counters["pages_answered"] == 1


def test_a_ready_mobile_is_not_paged(surrounding):
    """It is asked at once."""
    around = surrounding(radio=RadioTimers())
    around.attach()
    notified(around)
    around.heard(sm.RequestPdpContextActivation)
    assert around.pages == []


@pytest.mark.clause("24.008 §4.7.9.1", "no paging response, T3313")
def test_no_paging_response(surrounding):
    """Three pages, T3313 apart, then 29 with cause 5, and the HLR hears when it is back."""
    around = standby(surrounding)
    notified(around)
    around.run(10.1)
    assert len(around.pages) == 3
    assert not around.gtp
    around.run(4.9)
    reject = around.rejected()
    assert reject.cause == Cause.MS_NOT_GPRS_RESPONDING_X
    events = around.events()
    assert PagingUnanswered(around.IMSI) in events
    assert [event.attempt for event in events if isinstance(event, MobilePaged)] == [1, 2, 3]
    assert events[-1].reason is NetworkRequestFailure.NOT_PAGED
    assert around.silent()
    assert around.sgsn.under_way["pages"] == around.sgsn.under_way["network requests"] == 0
    assert around.sgsn.mm_context(around.IMSI).mnrg
    around.gsup.clear()
    around.say_octets(b"")
    told = around.told_hlr(MessageType.READY_FOR_SM_REQUEST)
    assert told.sm_alert_reason is SmAlertReason.MS_PRESENT
    assert around.events() == [MobileBecameReachable(around.IMSI)]


@pytest.mark.parametrize("answered", [1, 2, 3])
def test_a_late_answer_still_counts(surrounding, answered):
    """Before the last expiry of T3313 any page may be answered."""
    around = standby(surrounding)
    notified(around)
    around.run(5.0 * answered - 0.1)
    assert len(around.pages) == answered
    around.say_octets(b"")
    around.heard(sm.RequestPdpContextActivation)
    around.run(6.0)
    assert len(around.pages) == answered


def test_the_pages_are_as_many_and_as_far_apart_as_configured(surrounding):
    """T3313 and the number of attempts are the operator's."""
    around = standby(surrounding, radio=RadioTimers(t3313=1.0, paging_attempts=2))
    notified(around)
    around.run(1.9)
    assert len(around.pages) == 2
    assert not around.gtp
    around.run(0.2)
    around.rejected()


def test_requests_for_two_apns_page_once(surrounding):
    """Both wait for the same answer, and both go on."""
    around = surrounding(radio=RadioTimers())
    around.apns = [around.APN, "web.example"]
    around.static = None
    around.attach()
    around.run(44.1)
    for apn in around.apns:
        around.ggsn_asks(around.notification(apn=apn))
    assert len(around.pages) == 1
    around.say_octets(b"")
    asked = [around.heard(sm.RequestPdpContextActivation).apn for _ in around.apns]
    assert asked == around.apns


# -- crossings ----------------------------------------------------------------------------------


def test_the_mobile_activates_while_it_is_paged(surrounding):
    """Its own activation of the same PDP answers the page and the request."""
    around = standby(surrounding)
    notified(around)
    around.say(around.activate_request())
    create = around.sent(CreatePdpContextRequest)
    assert around.silent()
    around.from_ggsn(around.created(create))
    around.heard(sm.ActivatePdpContextAccept)
    assert around.silent()
    assert around.sgsn.under_way["network requests"] == 0


def test_the_mobile_detaches_while_it_is_paged(surrounding):
    """The GGSN gets 29, and nobody is paged any more."""
    around = standby(surrounding)
    notified(around)
    around.say(gmm.DetachRequestUplink(power_off=True))
    around.rejected()
    assert around.failure().reason is NetworkRequestFailure.DETACHED
    around.run(60.0)
    assert len(around.pages) == 1


def test_the_mobile_attaches_anew_while_it_is_paged(surrounding):
    """The request waits for the new attach, and is then made at once."""
    around = standby(surrounding)
    notified(around)
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=around.IMSI)))
    around.heard(gmm.AttachAccept)
    around.say(gmm.AttachComplete())
    around.heard(sm.RequestPdpContextActivation)
    around.run(7.0)
    assert len(around.pages) == 1


def test_a_mobile_that_falls_silent_is_paged_for_the_repetition(surrounding):
    """T3385 outlasts a short READY timer: what is repeated waits for a page."""
    around = surrounding(radio=RadioTimers(t3314=6.0))
    around.attach()
    notified(around)
    around.heard(sm.RequestPdpContextActivation)
    around.run(8.1)
    assert around.silent()
    assert len(around.pages) == 1
    around.say_octets(b"")
    around.heard(sm.RequestPdpContextActivation)


# -- what else is for a mobile in STANDBY -----------------------------------------------------


def downlink(around, packet):
    view = around.sgsn.mm_context(around.IMSI).contexts[0]
    around.give(Interface.GTP_U, encapsulate(view.teid_data, packet), (around.GGSN, 2152))


@pytest.mark.clause(
    "23.060 §8.1.4", "packets for a mobile in STANDBY wait for its paging response, bounded"
)
def test_packets_wait_for_the_page(surrounding):
    """They go out in order once the mobile is heard."""
    around = standby(surrounding, active=True)
    for number in range(3):
        downlink(around, PACKET + bytes((number,)))
    assert len(around.pages) == 1
    assert around.IMSI not in around.packets
    around.say_octets(b"")
    assert [packet for _, packet in around.packets[around.IMSI]] == [
        PACKET + bytes((number,)) for number in range(3)
    ]
    assert around.events(PagingAnswered) == [PagingAnswered(around.IMSI)]


def test_too_many_packets_push_the_oldest_out(surrounding):
    """As many wait as the configuration says."""
    around = standby(surrounding, active=True, frames_while_paging=2)
    for number in range(4):
        downlink(around, PACKET + bytes((number,)))
    around.say_octets(b"")
    assert [packet[-1] for _, packet in around.packets[around.IMSI]] == [2, 3]
    assert around.sgsn.counters["frames_not_paged"] == 2


def test_packets_are_dropped_without_a_paging_response(surrounding):
    """They are counted; the next one pages anew."""
    around = standby(surrounding, active=True)
    downlink(around, PACKET)
    around.run(15.1)
    assert around.sgsn.counters["frames_not_paged"] == 1
    downlink(around, PACKET)
    assert len(around.pages) == 4


def test_a_deactivation_by_the_ggsn_pages(surrounding):
    """The mobile hears of it once it has answered, and only once."""
    around = standby(surrounding, active=True)
    view = around.sgsn.mm_context(around.IMSI).contexts[0]
    around.ggsn_asks(DeletePdpContextRequest(teid=view.teid_control, nsapi=5, teardown=True))
    assert around.sent(DeletePdpContextResponse).cause == Cause.REQUEST_ACCEPTED
    around.run(9.0)  # T3395 has expired meanwhile
    around.say_octets(b"")
    asked = around.heard(sm.DeactivatePdpContextRequest)
    assert around.silent()
    around.say(sm.DeactivatePdpContextAccept(asked.ti.mirrored))
    ended = around.events(PdpContextDeactivated)
    assert [event.reason for event in ended] == [DeactivationReason.GGSN]


def test_a_detach_by_the_network_pages(surrounding):
    """The command to detach waits for the page; so does its repetition."""
    around = standby(surrounding)
    assert around.command("detach", around.IMSI)
    assert around.silent()
    assert len(around.pages) == 1
    around.run(6.5)
    around.say(gmm.GmmStatus(111))
    around.heard(gmm.DetachRequestDownlink)
    assert around.silent()
    around.say(gmm.DetachAcceptUplink())
    assert around.sgsn.mm_context(around.IMSI).state is MmState.DETACHED


def test_a_deactivation_by_command_pages(surrounding):
    """A command is carried out for a mobile in STANDBY too."""
    around = standby(surrounding, active=True)
    assert around.command("deactivate", around.IMSI, 5)
    around.sent(DeletePdpContextRequest)
    assert len(around.pages) == 1
    around.say_octets(b"")
    around.heard(sm.DeactivatePdpContextRequest)


def short_message(around, reference=1):
    around.from_hlr(
        GsupMessage(
            MessageType.MT_FORWARD_SM_REQUEST,
            around.IMSI,
            sm_rp_mr=reference,
            sm_rp_oa=SmRpAddress(SmRpAddressType.SERVICE_CENTRE, "447700900999", 1),
            sm_rp_ui=TPDU,
        )
    )


@pytest.mark.clause("23.060 §6.9", "paging before a message")
def test_a_short_message_pages(surrounding):
    """CP-DATA goes out once the mobile has answered, the next one after it."""
    around = standby(surrounding)
    short_message(around)
    short_message(around, 2)
    assert around.silent()
    assert len(around.pages) == 1
    around.run(4.0)
    around.say_octets(b"")
    assert isinstance(around.to_mobiles[around.IMSI].popleft(), cp.CpData)
    assert around.silent()


def test_short_messages_fail_without_a_paging_response(surrounding):
    """The HLR gets the errors of all that waited, and hears when the mobile is back."""
    around = standby(surrounding)
    around.gsup.clear()
    short_message(around)
    short_message(around, 2)
    around.run(15.1)
    errors = [around.told_hlr(MessageType.MT_FORWARD_SM_ERROR) for _ in range(2)]
    assert [error.sm_rp_mr for error in errors] == [1, 2]
    events = around.events(ShortMessageNotDelivered)
    assert {event.text for event in events} == {"no paging response"}
    assert around.sgsn.under_way["short messages"] == 0
    around.say_octets(b"")
    around.told_hlr(MessageType.READY_FOR_SM_REQUEST)


def test_short_messages_end_with_the_attachment(surrounding):
    """A mobile that is paged for one and detaches gets none, and the HLR is told."""
    around = standby(surrounding)
    around.gsup.clear()
    short_message(around)
    around.say(gmm.DetachRequestUplink(power_off=True))
    around.told_hlr(MessageType.MT_FORWARD_SM_ERROR)
    assert around.sgsn.under_way["short messages"] == 0


def test_a_frame_of_a_stranger_with_nothing_in_it(around):
    """Whoever is not known is sent away, as with any other frame."""
    around.say_octets(b"")
    assert around.heard(gmm.DetachRequestDownlink).detach_type == 1


def test_a_restart_forgets_the_pages(surrounding):
    """A stopped SGSN calls nobody."""
    around = standby(surrounding)
    notified(around)
    around.sgsn.stop(around.now)
    assert around.sgsn.under_way["pages"] == 0
