"""GPRS attach (TS 24.008 §4.7.3.1): a catalogue of success, refusals, timeouts, crossings."""

import pytest

from corenet.interfaces.gsup import CnDomain, GsupMessage, MessageType, PdpInfo
from corenet.interfaces.llc import decode_ui
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.node import Interface
from corenet.sgsn.events import (
    AttachRefused,
    DetachReason,
    IdentityRequested,
    MmState,
    MobileAttached,
    MobileDetached,
)
from gtp.messages import DeletePdpContextRequest


def request(imsi="234150999999999", **changes):
    return gmm.AttachRequest(gmm.MobileIdentity(imsi=imsi), **changes)


@pytest.mark.clause("23.060 §6.5", "GPRS attach")
@pytest.mark.clause("24.008 §4.7.3, §4.7.4", "attach, detach", status="yes; without MSC")
def test_a_mobile_attaches(around):
    """Attach Request, Update Location, Insert Subscriber Data, Accept with P-TMSI, Complete."""
    around.say(request())
    asked = around.told_hlr(MessageType.UPDATE_LOCATION_REQUEST)
    assert asked == GsupMessage(
        MessageType.UPDATE_LOCATION_REQUEST, around.IMSI, cn_domain=CnDomain.PS
    )
    around.told_hlr(MessageType.INSERT_SUBSCRIBER_DATA_RESULT)
    accept = around.heard(gmm.AttachAccept)
    assert accept.rai == bytes.fromhex("32f451123401")
    assert accept.p_tmsi is not None
    assert accept.p_tmsi >> 30 == 0b11
    assert around.sgsn.mm_context(around.IMSI).state is MmState.ATTACHING
    assert around.events() == []
    around.say(gmm.AttachComplete())
    assert around.events() == [MobileAttached(around.IMSI, around.MSISDN, accept.p_tmsi)]
    view = around.sgsn.mm_context(around.IMSI)
    assert (view.state, view.msisdn, view.radio) == (
        MmState.ATTACHED,
        around.MSISDN,
        (around.IMSI, 0),
    )
    assert view.contexts == ()
    assert around.sgsn.next_timeout() is None
    assert around.sgsn.mm_contexts() == (view,)


def test_an_unknown_imsi_has_no_mm_context(around):
    """The query says None for who never attached."""
    assert around.sgsn.mm_context("001010000000001") is None


@pytest.mark.parametrize("cause", [2, 3, 6, 7, 11, 13, 17, 111])
@pytest.mark.clause("GSUP", "Update Location Error at the SGSN: the cause of TS 24.008 for each")
def test_the_hlr_refuses(around, cause):
    """An error of the HLR becomes Attach Reject with its cause, and nothing is kept."""
    around.hlr_error = cause
    around.say(request())
    assert around.heard(gmm.AttachReject).cause == cause
    (refused,) = around.events()
    assert isinstance(refused, AttachRefused)
    assert refused.gmm_cause == cause
    assert around.sgsn.mm_context(around.IMSI) is None
    assert around.sgsn.next_timeout() is None


@pytest.mark.clause("GSUP", "no answer of the HLR: attach refused")
def test_the_hlr_is_silent(around):
    """No answer of the HLR within the time limit becomes Attach Reject 17."""
    around.hlr_answers = False
    around.say(request())
    around.run(9.9)
    assert around.silent()
    around.run(0.2)
    assert around.heard(gmm.AttachReject).cause == 17
    assert around.events(AttachRefused)[0].text == "the HLR does not answer"
    assert around.sgsn.mm_context(around.IMSI) is None
    assert around.sgsn.next_timeout() is None


def test_a_late_answer_of_the_hlr_is_counted(around):
    """A result that nobody waits for any more changes nothing."""
    around.from_hlr(GsupMessage(MessageType.UPDATE_LOCATION_RESULT, around.IMSI))
    assert around.sgsn.counters["gsup_unexpected"] == 1
    assert around.sgsn.mm_contexts() == ()


@pytest.mark.clause("24.008 §4.7.3.1", "Attach Accept, T3350")
def test_attach_accept_is_repeated(around):
    """T3350 repeats the same Accept, five times in all; then the mobile counts as detached."""
    around.say(request())
    first = around.heard(gmm.AttachAccept)
    around.run(24.1)
    assert [around.heard(gmm.AttachAccept) for _ in range(4)] == [first] * 4
    assert around.silent()
    around.run(6)
    assert around.silent()
    assert around.events() == [AttachRefused(around.IMSI, None, "no Attach Complete")]
    assert around.sgsn.mm_context(around.IMSI).state is MmState.DETACHED
    assert around.sgsn.next_timeout() is None


def test_the_same_request_while_the_hlr_is_asked_is_ignored(around):
    """A retransmitted Attach Request does not ask the HLR twice."""
    around.hlr_answers = False
    around.say(request())
    around.run(1)
    around.say(request())
    assert len(around.gsup) == 1
    assert around.silent()


def test_the_same_request_after_the_accept_gets_it_again(around):
    """A retransmitted Attach Request is answered with the Accept that was lost."""
    around.say(request())
    first = around.heard(gmm.AttachAccept)
    around.gsup.clear()
    around.run(3)
    around.say(request())
    assert around.heard(gmm.AttachAccept) == first
    assert not around.gsup
    around.run(5.9)
    assert around.silent()
    around.run(0.2)
    assert around.heard(gmm.AttachAccept) == first


def test_another_request_begins_anew(around):
    """An Attach Request that differs replaces the one under way."""
    around.hlr_answers = False
    around.say(request())
    around.run(5)
    around.hlr_answers = True
    around.say(request(attach_type=gmm.AttachType.COMBINED))
    assert around.heard(gmm.AttachAccept).cause == 16
    around.say(gmm.AttachComplete())
    assert len(around.events(MobileAttached)) == 1
    assert around.sgsn.next_timeout() is None


@pytest.mark.clause("24.008 §4.7.3.1", "attach with a P-TMSI and its signature")
def test_attaching_with_the_p_tmsi(attached):
    """A mobile that is known by its P-TMSI needs no IMSI."""
    p_tmsi, signature = attached.given.p_tmsi, attached.given.p_tmsi_signature
    attached.say(gmm.DetachRequestUplink(power_off=True))
    attached.run(60)
    identity = gmm.MobileIdentity(p_tmsi=p_tmsi)
    attached.say(gmm.AttachRequest(identity, p_tmsi_signature=signature))
    renewed = attached.heard(gmm.AttachAccept).p_tmsi
    assert renewed != p_tmsi
    attached.say(gmm.AttachComplete())
    assert attached.sgsn.mm_context(attached.IMSI).p_tmsi == renewed


WITH_P_TMSI = gmm.AttachRequest(gmm.MobileIdentity(p_tmsi=0xC0000001))


def identity_of(imsi):
    return gmm.IdentityResponse(gmm.MobileIdentity(imsi=imsi))


@pytest.mark.clause("24.008 §4.7.8", "identification, T3370")
def test_a_mobile_with_an_unknown_p_tmsi_is_asked_who_it_is(around):
    """Identity Request, Identity Response with the IMSI; the attach goes on with that."""
    around.say(WITH_P_TMSI)
    assert around.heard(gmm.IdentityRequest).identity_type == gmm.IdentityType.IMSI
    assert not around.gsup
    assert around.events(IdentityRequested) == [IdentityRequested(0xC0000001, 1)]
    around.say(identity_of(around.IMSI))
    around.heard(gmm.AttachAccept)
    around.say(gmm.AttachComplete())
    assert around.sgsn.mm_context(around.IMSI).state is MmState.ATTACHED
    assert around.sgsn.under_way["identifications"] == 0
    assert around.sgsn.next_timeout() is None


def test_a_signature_that_is_wrong_is_no_proof(attached):
    """The P-TMSI of another does not let a mobile in: it is asked who it is."""
    attached.say(gmm.AttachRequest(gmm.MobileIdentity(p_tmsi=attached.given.p_tmsi)), "1")
    attached.heard(gmm.IdentityRequest, "1")
    attached.say(identity_of("234150000000001"), "1")
    attached.heard(gmm.AttachAccept, "1")
    assert attached.sgsn.mm_context(attached.IMSI).state is MmState.ATTACHED


def test_the_identity_is_asked_for_five_times(around):
    """T3370 expires for the last time, and nothing is left."""
    around.say(WITH_P_TMSI)
    around.run(29.9)
    assert [around.heard(gmm.IdentityRequest) for _ in range(5)]
    around.run(0.2)
    assert around.silent()
    assert around.sgsn.next_timeout() is None
    assert [event.attempt for event in around.events(IdentityRequested)] == [1, 2, 3, 4, 5]
    assert around.sgsn.counters["identities_unanswered"] == 1
    around.say(identity_of(around.IMSI))
    assert not around.gsup


def test_identity_requests_have_numbers_of_their_own(around):
    """Each is a new frame to the mobile, and so is the Accept after it."""
    around.say(WITH_P_TMSI)
    around.run(6.1)
    around.say(identity_of(around.IMSI))
    assert [decode_ui(frame).nu for _, frame in around.frames] == [0, 1, 2]


def test_the_same_attach_request_while_the_identity_is_asked_for(around):
    """A retransmission changes nothing; a request with the IMSI goes on at once."""
    around.say(WITH_P_TMSI)
    around.heard(gmm.IdentityRequest)
    around.say(WITH_P_TMSI)
    assert around.silent()
    around.say(gmm.AttachRequest(gmm.MobileIdentity(p_tmsi=0xC0000002)))
    around.heard(gmm.IdentityRequest)
    around.say(request())
    around.heard(gmm.AttachAccept)
    assert around.sgsn.under_way["identifications"] == 0


def test_an_answer_without_an_imsi_is_none(around):
    """A P-TMSI is what is known already."""
    around.say(WITH_P_TMSI)
    around.say(gmm.IdentityResponse(gmm.MobileIdentity(p_tmsi=0xC0000001)))
    assert around.sgsn.under_way["identifications"] == 1
    assert around.sgsn.counters["gmm_ignored"] == 1


def test_attaching_while_attached_ends_what_was(active):
    """A mobile that attaches again has lost its contexts: the GGSN deletes them."""
    active.run(60)
    active.say(request())
    assert active.sent(DeletePdpContextRequest).nsapi == 5
    assert active.events(MobileDetached) == [MobileDetached(active.IMSI, DetachReason.REPLACED)]
    active.heard(gmm.AttachAccept)
    active.say(gmm.AttachComplete())
    assert active.sgsn.mm_context(active.IMSI).contexts == ()


def test_the_networks_duplicate_of_an_attach_request_changes_nothing(around):
    """LLC drops a frame whose N(U) has come, so a late copy does not end the attachment."""
    frame = around.say(request())
    around.heard(gmm.AttachAccept)
    around.say(gmm.AttachComplete())
    around.run(0.5)
    around.events()
    around.give(Interface.RADIO, frame, (around.IMSI, 0))
    assert around.sgsn.counters["frames_duplicate"] == 1
    assert around.events() == []
    assert around.silent()


@pytest.mark.parametrize("wait", [2.5, 3600])
def test_a_mobile_switched_off_without_a_word_may_count_from_zero(attached, wait):
    """An Attach Request with an old N(U) is taken once it can be no copy any more."""
    attached.run(wait)
    attached.restart_numbering()
    attached.attach()
    assert attached.sgsn.mm_context(attached.IMSI).state is MmState.ATTACHED


def test_a_mobile_may_attach_again_right_after_it_detached(attached):
    """The copy rule is for attached mobiles only."""
    attached.say(gmm.DetachRequestUplink(power_off=True))
    attached.restart_numbering()
    attached.attach()
    assert attached.sgsn.mm_context(attached.IMSI).state is MmState.ATTACHED


def test_a_mobile_may_come_back_on_another_link(attached):
    """The radio link is where the mobile attached last."""
    attached.run(10)
    attached.say(request(), imsi="elsewhere")
    attached.heard(gmm.AttachAccept, "elsewhere")
    attached.say(gmm.AttachComplete(), "elsewhere")
    assert attached.sgsn.mm_context(attached.IMSI).radio == ("elsewhere", 0)


def test_a_session_message_proves_the_accept(around):
    """An Attach Complete that was lost is made up for by what the mobile does next."""
    around.say(request())
    around.heard(gmm.AttachAccept)
    around.say(around.activate_request())
    assert around.events(MobileAttached)
    assert len(around.gtp) == 1


def test_a_session_message_before_the_accept_is_dropped(around):
    """While the HLR is asked the mobile has no session."""
    around.hlr_answers = False
    around.say(request())
    around.say(around.activate_request())
    assert around.sgsn.counters["frames_too_early"] == 1
    assert not around.gtp
    assert around.silent()


@pytest.mark.clause("24.008 §4.7.4.2", "implicitly detached: told to attach again")
def test_who_is_not_attached_is_told_to_attach(around):
    """A mobile that speaks SM to an SGSN that does not know it gets Detach, re-attach required."""
    around.say(around.activate_request())
    detach = around.heard(gmm.DetachRequestDownlink)
    assert (detach.detach_type, detach.cause) == (gmm.NetworkDetachType.REATTACH_REQUIRED, 10)
    around.send_packet(b"E" * 40)
    around.heard(gmm.DetachRequestDownlink)
    around.say(gmm.DetachAcceptUplink())
    assert around.silent()
    assert around.sgsn.mm_contexts() == ()


@pytest.mark.clause("24.008 §8.5", "GMM: mandatory information element errors")
def test_a_malformed_attach_request_is_rejected(around):
    """A wrong mandatory element gives Attach Reject 96 (TS 24.008 §8.5)."""
    around.say_octets(bytes.fromhex("0801"))
    assert around.heard(gmm.AttachReject).cause == 96


@pytest.mark.clause("24.008 §4.7.10", "GMM STATUS")
def test_other_malformed_messages_get_gmm_status(attached):
    """Unknown GMM messages of a known mobile are answered with GMM Status 97."""
    attached.say_octets(bytes.fromhex("087f"))
    assert attached.heard(gmm.GmmStatus).cause == 97
    attached.say(gmm.GmmStatus(97))
    assert attached.silent()
    assert attached.sgsn.counters["gmm_errors"] == 1


def test_malformed_messages_of_strangers_are_counted(around):
    """Who is not known gets no GMM Status."""
    around.say_octets(bytes.fromhex("087f"))
    around.say(gmm.AttachComplete())
    assert around.silent()
    assert around.sgsn.counters == {"gmm_errors": 1, "gmm_ignored": 1}


def test_an_attach_complete_too_many_is_harmless(attached):
    """A second Attach Complete changes nothing."""
    attached.say(gmm.AttachComplete())
    assert attached.events() == []
    assert attached.silent()


@pytest.mark.clause("GSUP", "Insert Data on its own (TS 29.002 §8.8.1)")
def test_subscriber_data_may_come_later(attached):
    """Insert Subscriber Data at any time changes what the mobile may activate."""
    attached.from_hlr(
        GsupMessage(
            MessageType.INSERT_SUBSCRIBER_DATA_REQUEST,
            attached.IMSI,
            pdp_info=(PdpInfo(9, apn="web.example"),),
        )
    )
    attached.told_hlr(MessageType.INSERT_SUBSCRIBER_DATA_RESULT)
    assert attached.sgsn.mm_context(attached.IMSI).msisdn == attached.MSISDN
    attached.say(attached.activate_request(apn="web.example"))
    assert len(attached.gtp) == 1


def test_subscriber_data_of_a_stranger_is_refused(around):
    """Who is not known here is no subscriber of this SGSN."""
    around.from_hlr(GsupMessage(MessageType.INSERT_SUBSCRIBER_DATA_REQUEST, around.IMSI))
    assert around.told_hlr(MessageType.INSERT_SUBSCRIBER_DATA_ERROR).cause == 2


@pytest.mark.clause("GSUP", "operations that an SGSN does not know: refused")
def test_other_requests_of_the_hlr_are_refused(attached):
    """A request that no SGSN serves gets an error."""
    attached.from_hlr(GsupMessage(MessageType.CHECK_IMEI_REQUEST, attached.IMSI))
    assert attached.told_hlr(MessageType.CHECK_IMEI_ERROR).cause == 97


def test_octets_that_are_no_gsup(around):
    """Garbage on Gr is counted; a request in it that can be read is refused."""
    around.give(Interface.GR, b"", ("192.0.2.3", 4222))
    around.give(Interface.GR, b"\x10\x01\xff", ("192.0.2.3", 4222))
    assert around.sgsn.counters["gsup_errors"] == 2
    assert not around.gsup
    good = GsupMessage(MessageType.INSERT_SUBSCRIBER_DATA_REQUEST, around.IMSI).encode()
    around.give(Interface.GR, good + b"\x08\x01\x05", ("192.0.2.3", 4222))
    assert around.told_hlr(MessageType.INSERT_SUBSCRIBER_DATA_ERROR).cause == 96


def test_the_session_management_codec_is_not_asked_about_other_protocols(around):
    """Frames of other SAPIs and protocol discriminators are counted."""
    around.say_octets(b"\x09\x01", sapi=2)
    around.say_octets(b"\x09\x01")
    assert around.sgsn.counters["frames_unusable"] == 2
    assert around.silent()
    assert sm.PROTOCOL_DISCRIMINATOR == 0x0A
