"""A mobile comes from another SGSN, or goes to one (TS 23.060 §6.9.1.2.2, TS 29.060 §7.5)."""

from dataclasses import replace

import pytest

from corenet.interfaces.gsup import CancelType, GsupMessage, MessageType
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.interfaces.node import Interface
from corenet.sgsn.config import RadioTimers, RoutingArea
from corenet.sgsn.events import (
    DeactivationReason,
    DetachReason,
    MmState,
    MobileArrived,
    MobileDetached,
    MobileLeaves,
    NetworkRequestFailure,
    PdpContextDeactivated,
    PdpState,
    Reachability,
    RoutingAreaUpdateRefused,
)
from gtp.constants import Cause
from gtp.ies.context import OfNsapi, PdpContext
from gtp.ies.security import MmContext, SecurityMode
from gtp.ies.values import EndUserAddress
from gtp.messages import (
    CreatePdpContextRequest,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    IdentificationRequest,
    IdentificationResponse,
    PduNotificationResponse,
    SgsnContextAcknowledge,
    SgsnContextRequest,
    SgsnContextResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)
from gtp.user_plane import encapsulate

OTHER = "192.0.2.8"
PEER = (OTHER, 2123)
ELSEWHERE = RoutingArea(lac=7)
P_TMSI = 0xC0000001
REQUEST = gmm.RoutingAreaUpdateRequest(
    ELSEWHERE.encode(), p_tmsi=P_TMSI, p_tmsi_signature=b"old", context_status=1 << 5
)
PACKET = b"a packet"


@pytest.fixture
def between(surrounding):
    """An SGSN with a neighbour."""
    return surrounding(neighbours={ELSEWHERE.encode(): OTHER})


def told(around, asked, **changes):
    """Return the neighbour's answer: the mobile with one context."""
    values = {
        "teid": asked.teid_control,
        "sequence": asked.sequence,
        "cause": Cause.REQUEST_ACCEPTED,
        "imsi": around.IMSI,
        "teid_control": 0xAAAA,
        "mm_context": MmContext(mode=SecurityMode.GSM_KEY_AND_TRIPLETS, key=bytes(8)),
        "pdp_contexts": (
            PdpContext(
                nsapi=5,
                llc_sapi=3,
                qos_subscribed=b"",
                qos_requested=b"\x02" + around.QOS,
                qos_negotiated=b"\x02" + around.QOS,
                uplink_teid_control=0x5000,
                uplink_teid_data=0x5001,
                end_user_address=EndUserAddress.for_ipv4(around.ADDRESS),
                ggsn_address_control=around.GGSN,
                ggsn_address_user=around.GGSN,
                apn=around.APN,
            ),
        ),
        "sgsn_address_control": OTHER,
    }
    return SgsnContextResponse(**(values | changes))


def updated(around, update, **changes):
    """Return the GGSN's answer to Update PDP Context."""
    values = {
        "teid": update.teid_control,
        "sequence": update.sequence,
        "cause": Cause.REQUEST_ACCEPTED,
        "teid_data": 0x5001,
        "teid_control": 0x5000,
        "charging_id": 1,
        "gsn_addresses": (around.GGSN, around.GGSN),
        "qos": update.qos,
    }
    return UpdatePdpContextResponse(**(values | changes))


def arrive(around):
    """Let the mobile come as far as Update PDP Context; return that request."""
    around.say(REQUEST)
    asked = around.sent(SgsnContextRequest, PEER)
    around.from_ggsn(told(around, asked), PEER)
    around.sent(SgsnContextAcknowledge, PEER)
    return around.sent(UpdatePdpContextRequest)


# -- to this SGSN ---------------------------------------------------------------------------------


@pytest.mark.clause("29.060 §7.5.3–§7.5.5", "SGSN Context Request, Response, Acknowledge")
def test_a_mobile_arrives(between):
    """Each message has what the one before has told; the mobile is ATTACHED with its context."""
    between.say(REQUEST)
    asked = between.sent(SgsnContextRequest, PEER)
    assert (asked.rai, asked.tlli, asked.p_tmsi_signature) == (
        ELSEWHERE.encode(),
        P_TMSI,
        b"old",
    )
    assert asked.sgsn_address_control == between.SGSN
    between.from_ggsn(told(between, asked), PEER)
    acknowledge = between.sent(SgsnContextAcknowledge, PEER)
    assert (acknowledge.teid, acknowledge.sequence) == (0xAAAA, asked.sequence)
    update = between.sent(UpdatePdpContextRequest)
    assert acknowledge.teids_data == (OfNsapi(5, update.teid_data),)
    assert acknowledge.sgsn_address_user == between.SGSN
    assert (update.teid, update.nsapi, update.rai) == (0x5000, 5, RoutingArea().encode())
    assert update.common_flags == 0x20
    assert not between.gsup
    between.from_ggsn(updated(between, update))
    between.told_hlr(MessageType.UPDATE_LOCATION_REQUEST)
    accept = between.heard(gmm.RoutingAreaUpdateAccept)
    assert accept.p_tmsi not in (None, P_TMSI)
    assert accept.context_status == 1 << 5
    between.say(gmm.RoutingAreaUpdateComplete())
    view = between.sgsn.mm_context(between.IMSI)
    assert (view.state, view.msisdn) == (MmState.ATTACHED, between.MSISDN)
    assert [(c.state, c.address) for c in view.contexts] == [(PdpState.ACTIVE, between.ADDRESS)]
    assert between.events(MobileArrived) == [
        MobileArrived(between.IMSI, between.MSISDN, "234-15-7-1")
    ]
    assert between.sgsn.next_timeout() is None
    between.send_packet(PACKET)
    assert between.gtp_user == type(between.gtp_user)(
        [(encapsulate(0x5001, PACKET), (between.GGSN, 2152))]
    )


def test_contexts_of_one_address_stay_together(between):
    """A secondary context that came along goes with the primary one's teardown."""
    between.say(replace(REQUEST, context_status=1 << 5 | 1 << 6))
    asked = between.sent(SgsnContextRequest, PEER)
    answer = told(between, asked)
    (primary,) = answer.pdp_contexts
    other = {"nsapi": 6, "uplink_teid_data": 0x5002, "transaction_identifier": 1}
    answer.pdp_contexts = (primary, replace(primary, **other))
    between.from_ggsn(answer, PEER)
    between.sent(SgsnContextAcknowledge, PEER)
    for teid in (0x5001, 0x5002):
        update = between.sent(UpdatePdpContextRequest)
        between.from_ggsn(updated(between, update, teid_data=teid))
    between.heard(gmm.RoutingAreaUpdateAccept)
    between.say(gmm.RoutingAreaUpdateComplete())
    first, second = between.sgsn.mm_context(between.IMSI).contexts
    assert (first.linked_nsapi, second.linked_nsapi) == (None, 5)
    between.ggsn_asks(DeletePdpContextRequest(teid=first.teid_control, nsapi=5, teardown=True))
    assert between.heard(sm.DeactivatePdpContextRequest).teardown is True
    between.say(sm.DeactivatePdpContextAccept(sm.TransactionIdentifier(0)))
    assert between.sgsn.mm_context(between.IMSI).contexts == ()


def test_packets_that_are_forwarded_wait_for_the_accept(between):
    """They come before the GGSN and the HLR have been told, and go out after the Accept."""
    update = arrive(between)
    between.give(Interface.GTP_U, encapsulate(update.teid_data, PACKET), (OTHER, 2152))
    assert between.packets == {}
    between.from_ggsn(updated(between, update))
    between.heard(gmm.RoutingAreaUpdateAccept)
    assert between.packets[between.IMSI].popleft()[1] == PACKET


def test_a_mobile_without_contexts_arrives(between):
    """There is no GGSN to tell."""
    between.say(REQUEST)
    asked = between.sent(SgsnContextRequest, PEER)
    between.from_ggsn(told(between, asked, pdp_contexts=()), PEER)
    assert between.sent(SgsnContextAcknowledge, PEER).teids_data == ()
    assert between.heard(gmm.RoutingAreaUpdateAccept).context_status == 0


@pytest.mark.parametrize(
    "cause", [Cause.IMSI_NOT_KNOWN, Cause.P_TMSI_SIGNATURE_MISMATCH, Cause.SYSTEM_FAILURE]
)
def test_the_old_sgsn_refuses(between, cause):
    """Reject 9, and nothing is left."""
    between.say(REQUEST)
    asked = between.sent(SgsnContextRequest, PEER)
    refused = SgsnContextResponse(teid=asked.teid_control, sequence=asked.sequence, cause=cause)
    between.from_ggsn(refused, PEER)
    assert between.heard(gmm.RoutingAreaUpdateReject).cause == 9
    assert between.events() == [RoutingAreaUpdateRefused("", 9)]
    assert not between.gtp
    assert between.sgsn.next_timeout() is None


def test_the_old_sgsn_is_silent(between):
    """After the last transmission Reject 9; the same request meanwhile is asked once."""
    between.say(REQUEST)
    between.run(1.0)
    between.say(REQUEST)
    assert len(between.gtp) == 1
    between.run(60.0)
    assert between.heard(gmm.RoutingAreaUpdateReject).cause == 9
    assert between.sgsn.under_way["arrivals"] == 0


@pytest.mark.parametrize("answers", [True, False])
def test_the_ggsn_does_not_follow(between, answers):
    """Its context is dropped; the mobile hears so with the Accept."""
    update = arrive(between)
    if answers:
        between.from_ggsn(updated(between, update, cause=Cause.NON_EXISTENT))
    else:
        between.run(60.0)
    assert between.heard(gmm.RoutingAreaUpdateAccept).context_status == 0
    (lost,) = between.events(PdpContextDeactivated)
    assert lost.reason is DeactivationReason.NOT_MOVED
    assert between.sgsn.mm_context(between.IMSI).contexts == ()
    assert between.sgsn.under_way["tunnel endpoints"] == 0


@pytest.mark.parametrize("answers", [True, False])
def test_the_hlr_does_not_take_the_mobile(between, answers):
    """Reject with its cause, or 17; the context is deleted at the GGSN, who follows already."""
    update = arrive(between)
    between.hlr_answers, between.hlr_error = answers, 11
    between.from_ggsn(updated(between, update))
    between.run(10.1)
    assert between.heard(gmm.RoutingAreaUpdateReject).cause == (11 if answers else 17)
    assert between.sent(DeletePdpContextRequest).teid == 0x5000
    assert between.sgsn.mm_context(between.IMSI) is None
    assert between.sgsn.under_way["arrivals"] == 0


@pytest.mark.parametrize("after", [True, False])
def test_the_mobile_attaches_meanwhile(between, after):
    """What was fetched is void: the GGSN deletes it, at once or when it has answered."""
    update = arrive(between)
    between.hlr_answers = False
    if after:
        between.from_ggsn(updated(between, update))
    between.gsup.clear()
    between.hlr_answers = True
    between.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=between.IMSI)))
    between.heard(gmm.AttachAccept)
    if not after:
        between.from_ggsn(updated(between, update))
    assert between.sent(DeletePdpContextRequest).nsapi == 5
    between.say(gmm.AttachComplete())
    assert between.sgsn.mm_context(between.IMSI).contexts == ()
    assert between.sgsn.under_way["tunnel endpoints"] == 0


def test_the_mobile_goes_on_meanwhile(between):
    """The answer that comes for the update before is for nobody any more."""
    between.say(REQUEST)
    asked = between.sent(SgsnContextRequest, PEER)
    between.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=between.IMSI)))
    between.heard(gmm.AttachAccept)
    between.say(gmm.AttachComplete())
    between.gtp.clear()
    between.from_ggsn(told(between, asked), PEER)
    assert not between.gtp
    between.run(40.0)
    assert between.sgsn.mm_context(between.IMSI).contexts == ()


def test_the_mobile_detaches_and_attaches_before_the_old_sgsn_has_answered(between):
    """The late answer does not make it arrive once more, in place of the attachment."""
    between.say(REQUEST)
    asked = between.sent(SgsnContextRequest, PEER)
    between.say(gmm.DetachRequestUplink(p_tmsi=P_TMSI))
    between.heard(gmm.DetachAcceptDownlink)
    assert between.sgsn.under_way["arrivals"] == 0
    between.attach()
    given = between.given.p_tmsi
    between.gtp.clear()
    between.from_ggsn(told(between, asked), PEER)
    assert not between.gtp
    assert between.sgsn.mm_context(between.IMSI).p_tmsi == given


def test_a_notification_waits_for_the_arrival(between):
    """The GGSN has asked the HLR, and is sooner here than the mobile is accepted."""
    between.hlr_answers = False
    between.say(REQUEST)
    asked = between.sent(SgsnContextRequest, PEER)
    between.from_ggsn(told(between, asked, pdp_contexts=()), PEER)
    between.sent(SgsnContextAcknowledge, PEER)
    between.ggsn_asks(between.notification())
    assert between.sent(PduNotificationResponse).cause == Cause.REQUEST_ACCEPTED
    assert between.silent()
    between.from_hlr(GsupMessage(MessageType.UPDATE_LOCATION_RESULT, between.IMSI))
    between.heard(gmm.RoutingAreaUpdateAccept)
    between.heard(sm.RequestPdpContextActivation)


# -- identification -----------------------------------------------------------------------------

ATTACH = gmm.AttachRequest(
    gmm.MobileIdentity(p_tmsi=P_TMSI), old_rai=ELSEWHERE.encode(), p_tmsi_signature=b"old"
)


@pytest.mark.clause("29.060 §7.5.1, §7.5.2", "Identification")
def test_a_mobile_attaches_that_another_sgsn_knows(between):
    """Identification Request with area, P-TMSI and signature; the attach goes on with the IMSI."""
    between.say(ATTACH)
    asked = between.sent(IdentificationRequest, PEER)
    assert (asked.rai, asked.p_tmsi, asked.p_tmsi_signature) == (
        ELSEWHERE.encode(),
        P_TMSI,
        b"old",
    )
    between.from_ggsn(
        IdentificationResponse(
            sequence=asked.sequence, cause=Cause.REQUEST_ACCEPTED, imsi=between.IMSI
        ),
        PEER,
    )
    between.heard(gmm.AttachAccept)
    assert between.sgsn.counters["identities_told"] == 1


@pytest.mark.parametrize("answers", [True, False])
def test_another_sgsn_does_not_say_who_it_is(between, answers):
    """The mobile itself is asked."""
    between.say(ATTACH)
    asked = between.sent(IdentificationRequest, PEER)
    if answers:
        between.from_ggsn(
            IdentificationResponse(sequence=asked.sequence, cause=Cause.IMSI_NOT_KNOWN), PEER
        )
    else:
        between.run(30.0)
    between.heard(gmm.IdentityRequest)
    between.say(gmm.IdentityResponse(gmm.MobileIdentity(imsi=between.IMSI)))
    between.heard(gmm.AttachAccept)


def test_the_mobile_says_so_itself_meanwhile(between):
    """An attach with the IMSI makes the answer of the other SGSN worthless."""
    between.say(ATTACH)
    asked = between.sent(IdentificationRequest, PEER)
    between.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=between.IMSI)))
    between.heard(gmm.AttachAccept)
    between.from_ggsn(
        IdentificationResponse(sequence=asked.sequence, cause=Cause.REQUEST_ACCEPTED, imsi="1" * 9),
        PEER,
    )
    assert between.silent()


# -- from this SGSN -------------------------------------------------------------------------------


@pytest.fixture
def leaving(surrounding):
    """An SGSN from which a mobile with a context may go."""
    around = surrounding(radio=RadioTimers())
    around.attach()
    around.activate()
    around.gsup.clear()
    return around


def context_request(around, **changes):
    values = {
        "rai": RoutingArea().encode(),
        "tlli": around.given.p_tmsi,
        "p_tmsi_signature": around.given.p_tmsi_signature,
        "teid_control": 0xBBBB,
        "sgsn_address_control": OTHER,
    }
    return SgsnContextRequest(**(values | changes))


def acknowledge(around, response, **changes):
    values = {
        "teid": response.teid_control,
        "sequence": response.sequence,
        "cause": Cause.REQUEST_ACCEPTED,
        "teids_data": (OfNsapi(5, 0xCCCC),),
        "sgsn_address_user": OTHER,
    }
    around.from_ggsn(SgsnContextAcknowledge(**(values | changes)), PEER)


def hand_over(around):
    around.ggsn_asks(context_request(around), PEER)
    return around.sent(SgsnContextResponse, PEER)


def downlink(around, teid, packet=PACKET):
    around.give(Interface.GTP_U, encapsulate(teid, packet), (around.GGSN, 2152))


def test_a_mobile_goes(leaving):
    """Response with IMSI and context; packets kept, then forwarded; gone with Cancel Location."""
    teid = leaving.sgsn.mm_context(leaving.IMSI).contexts[0].teid_data
    response = hand_over(leaving)
    assert (response.teid, response.cause, response.imsi) == (0xBBBB, 128, leaving.IMSI)
    (context,) = response.pdp_contexts
    assert (context.nsapi, context.apn) == (5, leaving.APN)
    assert context.end_user_address == EndUserAddress.for_ipv4(leaving.ADDRESS)
    assert leaving.sgsn.mm_context(leaving.IMSI).state is MmState.LEAVING
    assert leaving.events(MobileLeaves) == [MobileLeaves(leaving.IMSI, OTHER)]
    downlink(leaving, teid, b"first")
    assert not leaving.gtp_user
    acknowledge(leaving, response)
    downlink(leaving, teid, b"second")
    assert list(leaving.gtp_user) == [
        (encapsulate(0xCCCC, b"first"), (OTHER, 2152)),
        (encapsulate(0xCCCC, b"second"), (OTHER, 2152)),
    ]
    cancel = GsupMessage(
        MessageType.LOCATION_CANCEL_REQUEST,
        leaving.IMSI,
        cancel_type=CancelType.UPDATE_PROCEDURE,
    )
    leaving.from_hlr(cancel)
    assert leaving.sgsn.mm_context(leaving.IMSI) is None
    assert leaving.events(MobileDetached) == [MobileDetached(leaving.IMSI, DetachReason.MOVED)]
    downlink(leaving, teid, b"third")
    assert leaving.gtp_user[-1] == (encapsulate(0xCCCC, b"third"), (OTHER, 2152))
    leaving.run(31.0)
    assert leaving.sgsn.under_way["tunnel endpoints"] == leaving.sgsn.under_way["departures"] == 0
    assert not leaving.gtp  # nothing is deleted at the GGSN
    assert leaving.silent()


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"tlli": P_TMSI}, Cause.IMSI_NOT_KNOWN),
        ({"rai": RoutingArea(rac=9).encode()}, Cause.IMSI_NOT_KNOWN),
        ({"p_tmsi_signature": b"bad"}, Cause.P_TMSI_SIGNATURE_MISMATCH),
        ({"p_tmsi_signature": None}, Cause.P_TMSI_SIGNATURE_MISMATCH),
    ],
)
def test_contexts_that_are_not_told(leaving, changes, cause):
    """Neither of a stranger, nor to one who cannot show that the mobile is there."""
    leaving.ggsn_asks(context_request(leaving, **changes), PEER)
    response = leaving.sent(SgsnContextResponse, PEER)
    assert (response.cause, response.imsi, response.pdp_contexts) == (cause, None, ())
    assert leaving.sgsn.mm_context(leaving.IMSI).state is MmState.ATTACHED


def test_who_has_validated_the_mobile_asks_by_its_imsi(leaving):
    """Then there is no signature to check."""
    request = context_request(
        leaving, tlli=None, p_tmsi_signature=None, imsi=leaving.IMSI, ms_validated=True
    )
    leaving.ggsn_asks(request, PEER)
    assert leaving.sent(SgsnContextResponse, PEER).imsi == leaving.IMSI


def test_a_detached_mobile_does_not_go(leaving):
    """It is not known any more."""
    leaving.say(gmm.DetachRequestUplink(power_off=True))
    leaving.gtp.clear()
    leaving.ggsn_asks(context_request(leaving), PEER)
    assert leaving.sent(SgsnContextResponse, PEER).cause == Cause.IMSI_NOT_KNOWN


def test_who_asks_for_a_mobile_that_has_turned_round(leaving):
    """It has another P-TMSI since its update here, so the one before fetches nothing."""
    leaving.say(
        gmm.RoutingAreaUpdateRequest(
            RoutingArea().encode(),
            p_tmsi=leaving.given.p_tmsi,
            p_tmsi_signature=leaving.given.p_tmsi_signature,
        )
    )
    leaving.ggsn_asks(context_request(leaving), PEER)
    response = leaving.sent(SgsnContextResponse, PEER)
    assert response.cause == Cause.P_TMSI_SIGNATURE_MISMATCH


@pytest.mark.parametrize("refused", [True, False])
def test_the_new_sgsn_does_not_acknowledge(leaving, refused):
    """At once, or when the time is over, the mobile stays; then a page shows where it is."""
    teid = leaving.sgsn.mm_context(leaving.IMSI).contexts[0].teid_data
    response = hand_over(leaving)
    if refused:
        acknowledge(leaving, response, cause=Cause.SYSTEM_FAILURE)
    else:
        leaving.run(30.1)
    view = leaving.sgsn.mm_context(leaving.IMSI)
    assert view.reachability is Reachability.STANDBY
    leaving.say_octets(b"")
    if not refused:
        acknowledge(leaving, response)
        assert leaving.sgsn.counters["acknowledges_ignored"] == 1
    assert leaving.sgsn.mm_context(leaving.IMSI).state is MmState.ATTACHED
    downlink(leaving, teid)
    assert leaving.packets[leaving.IMSI].popleft()[1] == PACKET


@pytest.mark.parametrize("refused", [True, False])
def test_a_mobile_that_did_not_go_and_is_not_here_either(leaving, refused):
    """It went off on its way: it is not kept for ever, but as long as any that is silent."""
    response = hand_over(leaving)
    if refused:
        acknowledge(leaving, response, cause=Cause.SYSTEM_FAILURE)
    else:
        leaving.run(30.1)
    radio = leaving.config.radio
    leaving.run(radio.t3312 + radio.mobile_reachable_margin + 0.1)
    assert leaving.events(MobileDetached)[-1].reason is DetachReason.IMPLICIT
    assert leaving.sgsn.mm_context(leaving.IMSI) is None


def test_a_context_that_the_new_sgsn_does_not_take(leaving):
    """It is deleted at the GGSN."""
    acknowledge(leaving, hand_over(leaving), teids_data=())
    assert leaving.sent(DeletePdpContextRequest).nsapi == 5
    leaving.run(31.0)
    assert leaving.sgsn.mm_context(leaving.IMSI) is None


def test_without_cancel_location_the_mobile_goes_in_time(leaving):
    """The HLR may be silent: what has been handed over is not kept for ever."""
    acknowledge(leaving, hand_over(leaving))
    leaving.run(30.1)
    assert leaving.events(MobileDetached) == [MobileDetached(leaving.IMSI, DetachReason.MOVED)]
    assert leaving.sgsn.mm_context(leaving.IMSI) is None


def test_what_is_under_way_ends(leaving):
    """An activation and a request of the network: 29, and Delete for what the GGSN creates."""
    leaving.apns.append("web.example")
    leaving.ggsn_asks(leaving.notification(apn="web.example", end_user_address=ANYTHING))
    leaving.sent(PduNotificationResponse)
    leaving.heard(sm.RequestPdpContextActivation)
    leaving.say(
        leaving.activate_request(1, apn=leaving.APN, nsapi=6, pdp_address=PdpAddress.dynamic_ipv4())
    )
    create = leaving.sent(CreatePdpContextRequest)
    leaving.events()
    leaving.ggsn_asks(context_request(leaving), PEER)
    leaving.rejected()
    response = leaving.sent(SgsnContextResponse, PEER)
    assert [context.nsapi for context in response.pdp_contexts] == [5]
    assert leaving.failure().reason is NetworkRequestFailure.MOVED
    leaving.from_ggsn(leaving.created(create))
    assert leaving.sent(DeletePdpContextRequest).nsapi == 6


def test_a_change_that_is_under_way_ends_with_the_move(leaving):
    """The GGSN hears that this SGSN has the context no more; no timer is left of it."""
    view = leaving.sgsn.mm_context(leaving.IMSI).contexts[0]
    update = UpdatePdpContextRequest(teid=view.teid_control, nsapi=5, qos=bytes(12))
    leaving.ggsn_asks(update)
    leaving.heard(sm.ModifyPdpContextRequestDownlink)
    leaving.ggsn_asks(context_request(leaving), PEER)
    assert leaving.sent(UpdatePdpContextResponse).cause is Cause.NON_EXISTENT
    leaving.sent(SgsnContextResponse, PEER)
    assert leaving.sgsn.under_way["modifications"] == 0


ANYTHING = EndUserAddress.for_ipv4("10.45.0.99")


def test_a_notification_for_a_mobile_that_leaves(leaving):
    """Cause 194 has the GGSN ask the HLR again."""
    hand_over(leaving)
    leaving.ggsn_asks(leaving.notification(end_user_address=ANYTHING))
    assert leaving.sent(PduNotificationResponse).cause == Cause.IMSI_NOT_KNOWN


def test_packets_that_waited_for_a_page_are_forwarded(leaving):
    """The mobile was in STANDBY and is paged for them when it goes."""
    teid = leaving.sgsn.mm_context(leaving.IMSI).contexts[0].teid_data
    leaving.run(44.1)
    downlink(leaving, teid)
    assert leaving.pages
    acknowledge(leaving, hand_over(leaving))
    assert list(leaving.gtp_user) == [(encapsulate(0xCCCC, PACKET), (OTHER, 2152))]


def test_too_many_packets_are_dropped(leaving):
    """As many are kept as for a page."""
    teid = leaving.sgsn.mm_context(leaving.IMSI).contexts[0].teid_data
    response = hand_over(leaving)
    for _ in range(20):
        downlink(leaving, teid)
    acknowledge(leaving, response)
    assert len(leaving.gtp_user) == 16


def test_the_mobile_is_here_again(leaving):
    """It is too late to stay: Reject 10 has it attach."""
    hand_over(leaving)
    leaving.say(
        gmm.RoutingAreaUpdateRequest(
            RoutingArea().encode(),
            p_tmsi=leaving.given.p_tmsi,
            p_tmsi_signature=leaving.given.p_tmsi_signature,
        )
    )
    assert leaving.heard(gmm.RoutingAreaUpdateReject).cause == 10
    assert leaving.sgsn.mm_context(leaving.IMSI) is None


@pytest.mark.parametrize("acknowledged", [True, False])
def test_a_mobile_that_leaves_attaches_here(leaving, acknowledged):
    """Its contexts are void: those that nobody has taken are deleted."""
    response = hand_over(leaving)
    if acknowledged:
        acknowledge(leaving, response)
    leaving.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=leaving.IMSI)))
    leaving.heard(gmm.AttachAccept)
    leaving.say(gmm.AttachComplete())
    assert bool(leaving.gtp) is not acknowledged
    assert leaving.sgsn.mm_context(leaving.IMSI).state is MmState.ATTACHED
    leaving.gtp.clear()
    leaving.run(31.0)
    assert leaving.sgsn.under_way["departures"] == 0


def test_the_ggsn_speaks_of_a_context_that_has_left(leaving):
    """It is not here: cause 192."""
    view = leaving.sgsn.mm_context(leaving.IMSI).contexts[0]
    hand_over(leaving)
    leaving.ggsn_asks(DeletePdpContextRequest(teid=view.teid_control, nsapi=5, teardown=True))
    assert leaving.sent(DeletePdpContextResponse).cause == Cause.NON_EXISTENT
    leaving.ggsn_asks(UpdatePdpContextRequest(teid=view.teid_control, nsapi=5))
    assert leaving.sent(UpdatePdpContextResponse).cause == Cause.NON_EXISTENT


def test_who_a_mobile_is(leaving):
    """Identification tells the IMSI to who has P-TMSI and signature."""
    values = {"rai": RoutingArea().encode(), "p_tmsi": leaving.given.p_tmsi}
    leaving.ggsn_asks(
        IdentificationRequest(p_tmsi_signature=leaving.given.p_tmsi_signature, **values), PEER
    )
    assert leaving.sent(IdentificationResponse, PEER).imsi == leaving.IMSI
    leaving.ggsn_asks(IdentificationRequest(p_tmsi_signature=b"bad", **values), PEER)
    refused = leaving.sent(IdentificationResponse, PEER)
    assert (refused.cause, refused.imsi) == (Cause.P_TMSI_SIGNATURE_MISMATCH, None)


# -- once more --------------------------------------------------------------------------------


def test_another_update_begins_the_arrival_anew(between):
    """What was fetched before is deleted, and fetched again."""
    update = arrive(between)
    between.hlr_answers = False
    between.from_ggsn(updated(between, update))
    between.gtp.clear()
    between.say(
        gmm.RoutingAreaUpdateRequest(
            ELSEWHERE.encode(), gmm.UpdateType.COMBINED, p_tmsi=P_TMSI, p_tmsi_signature=b"old"
        )
    )
    assert between.sent(DeletePdpContextRequest).nsapi == 5
    asked = between.sent(SgsnContextRequest, PEER)
    between.hlr_answers = True
    between.from_ggsn(told(between, asked, pdp_contexts=()), PEER)
    assert between.heard(gmm.RoutingAreaUpdateAccept).cause == 16
    assert between.sgsn.under_way["arrivals"] == 0


def test_the_answer_to_an_update_before_is_late(between):
    """Only the last request counts."""
    between.say(REQUEST)
    first = between.sent(SgsnContextRequest, PEER)
    between.say(
        gmm.RoutingAreaUpdateRequest(
            ELSEWHERE.encode(), gmm.UpdateType.COMBINED, p_tmsi=P_TMSI, p_tmsi_signature=b"old"
        )
    )
    between.from_ggsn(told(between, first), PEER)
    second = between.sent(SgsnContextRequest, PEER)
    assert not between.gtp
    between.from_ggsn(told(between, second, pdp_contexts=()), PEER)
    between.heard(gmm.RoutingAreaUpdateAccept)


def test_what_is_left_of_an_earlier_stay_is_void(between):
    """The HLR has not told this SGSN that the mobile had gone: nothing is deleted at the GGSN."""
    between.attach()
    between.activate()
    between.gtp.clear()
    update = arrive(between)
    between.from_ggsn(updated(between, update))
    assert not between.gtp
    between.heard(gmm.RoutingAreaUpdateAccept)
    assert between.sgsn.under_way["tunnel endpoints"] == 1
    assert len(between.sgsn.mm_contexts()) == 1


def test_timers_of_an_earlier_stay_do_not_end_the_present_one(surrounding):
    """The mobile comes back and is heard in time: nothing detaches it."""
    between = surrounding(neighbours={ELSEWHERE.encode(): OTHER}, radio=RadioTimers())
    between.attach()
    update = arrive(between)
    between.from_ggsn(updated(between, update))
    between.heard(gmm.RoutingAreaUpdateAccept)
    between.say(gmm.RoutingAreaUpdateComplete())
    between.run(3_000.0)
    between.say_octets(b"")
    between.run(1_000.0)
    assert between.sgsn.mm_context(between.IMSI).state is MmState.ATTACHED
