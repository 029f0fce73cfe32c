"""Network-requested activation in the SGSN (TS 23.060 §9.2.2.2, TS 24.008 §6.1.3.1.2).

Success, each refusal, each timeout; the crossings are in a file of their own.
"""

import pytest

from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.interfaces.node import Interface
from corenet.sgsn.config import RadioTimers
from corenet.sgsn.events import (
    MsActivationRequested,
    NetworkRequestedActivationFailed,
    NetworkRequestFailure,
    NetworkRequestReceived,
    PdpContextActivated,
    PdpState,
)
from gtp.constants import Cause
from gtp.ies.values import EndUserAddress, PdpType
from gtp.messages import (
    CreatePdpContextRequest,
    PduNotificationResponse,
)
from gtp.timers import Timers

# -- success ---------------------------------------------------------------------------------


@pytest.mark.clause("29.060 §7.3.8, §7.3.9", "PDU Notification")
def test_the_ladder(attached):
    """27, 28 at once, Request, Activate with the network's TI, 16, 17, Accept."""
    sequence = attached.ggsn_asks(attached.notification())
    accepted = attached.sent(PduNotificationResponse)
    assert (accepted.cause, accepted.teid, accepted.sequence) == (128, 0x77, sequence)
    asked = attached.heard(sm.RequestPdpContextActivation)
    assert not asked.ti.flag
    assert (asked.pdp_address.ipv4, asked.apn) == (attached.ADDRESS, attached.APN)
    attached.answer(asked)
    create = attached.sent(CreatePdpContextRequest)
    assert create.teid == 0
    assert create.imsi == attached.IMSI
    assert create.msisdn == attached.MSISDN
    assert create.apn == attached.APN
    assert create.end_user_address == EndUserAddress.for_ipv4(attached.ADDRESS)
    assert create.nsapi == 5
    assert create.recovery == 4
    assert create.selection_mode == 0
    assert create.qos == b"\x02" + attached.QOS
    assert create.rai == bytes.fromhex("32f451123401")
    assert (create.sgsn_address_control, create.sgsn_address_user) == (attached.SGSN,) * 2
    attached.from_ggsn(attached.created(create))
    accept = attached.heard(sm.ActivatePdpContextAccept)
    assert accept.ti == sm.TransactionIdentifier(asked.ti.value)
    assert accept.pdp_address.ipv4 == attached.ADDRESS
    assert accept.qos == attached.QOS
    assert attached.sgsn.next_timeout() is None
    assert attached.events() == [
        NetworkRequestReceived(attached.IMSI, attached.APN, attached.ADDRESS, attached.GGSN, 128),
        MsActivationRequested(attached.IMSI, attached.APN, 1),
        PdpContextActivated(attached.IMSI, attached.APN, 5, attached.ADDRESS, attached.GGSN, True),
    ]
    (context,) = attached.sgsn.mm_context(attached.IMSI).contexts
    assert (context.state, context.address) == (PdpState.ACTIVE, attached.ADDRESS)
    assert context.network_requested


def test_the_frame_on_the_air(attached):
    """The Request is the octets of the fact sheet's vector, in an LLC UI frame of SAPI 1."""
    attached.frames.clear()
    attached.ggsn_asks(attached.notification())
    ((imsi, frame),) = attached.frames
    assert imsi == attached.IMSI
    assert frame[0] == 0x41  # C/R: a command of the network, SAPI 1
    assert frame[3:-3] == bytes.fromhex(
        "0a44"  # TI 0 allocated by the network, SM; Request PDP Context Activation
        "0601210a2d0007"  # offered PDP address: IETF, IPv4, 10.45.0.7
        "280c03776170076578616d706c65"  # APN wap.example
    )


def test_the_create_goes_where_the_notification_says(surrounding):
    """The GGSN's control address in the notification counts, not the configured GGSN."""
    around = surrounding(ggsns={})
    around.attach()
    peer = (around.OTHER_GGSN, 2123)
    around.ggsn_asks(around.notification(ggsn_address=around.OTHER_GGSN))
    around.gtp.clear()
    around.answer(around.heard(sm.RequestPdpContextActivation))
    around.sent(CreatePdpContextRequest, peer)


def test_a_dynamic_address_may_be_requested(attached):
    """A notification without address asks the mobile for a dynamic one (our extension)."""
    attached.static = None
    attached.run(10)
    attached.attach()
    attached.ggsn_asks(attached.notification(end_user_address=EndUserAddress.dynamic_ipv4()))
    attached.sent(PduNotificationResponse)
    asked = attached.heard(sm.RequestPdpContextActivation)
    assert asked.pdp_address.dynamic
    attached.answer(asked, pdp_address=PdpAddress.dynamic_ipv4())
    create = attached.sent(CreatePdpContextRequest)
    assert create.end_user_address.is_dynamic
    attached.from_ggsn(
        attached.created(create, end_user_address=EndUserAddress.for_ipv4("10.45.3.3"))
    )
    assert attached.heard(sm.ActivatePdpContextAccept).pdp_address.ipv4 == "10.45.3.3"
    assert attached.events(PdpContextActivated)[0].network_requested
    assert attached.sgsn.next_timeout() is None


def test_an_ipv6_address_may_be_requested(attached):
    """The address passes to the mobile in NAS's encoding."""
    address = "2001:db8::7"
    attached.ggsn_asks(attached.notification(end_user_address=EndUserAddress.for_ipv6(address)))
    attached.sent(PduNotificationResponse)
    asked = attached.heard(sm.RequestPdpContextActivation)
    assert asked.pdp_address.ipv6 == address


def test_a_mobile_may_leave_out_what_it_was_offered(attached):
    """An answer without APN and address means the offered ones."""
    asked = attached.request()
    attached.answer(asked, apn=None, pdp_address=PdpAddress.dynamic_ipv4())
    create = attached.sent(CreatePdpContextRequest)
    assert (create.apn, create.end_user_address.ipv4) == (attached.APN, attached.ADDRESS)


@pytest.mark.clause("24.008 §6.1.3.1.2", "activation on the network's request, T3385")
def test_a_lost_request_is_repeated(attached):
    """T3385 repeats the same Request every 8 seconds; a late answer succeeds."""
    asked = attached.request()
    attached.run(7.9)
    assert attached.silent()
    attached.run(0.2)
    assert attached.heard(sm.RequestPdpContextActivation) == asked
    attached.answer(asked)
    attached.from_ggsn(attached.created(attached.sent(CreatePdpContextRequest)))
    attached.run(60)
    assert attached.events(MsActivationRequested) == [
        MsActivationRequested(attached.IMSI, attached.APN, 2)
    ]
    attached.heard(sm.ActivatePdpContextAccept)
    assert attached.silent()


# -- refusals at once ------------------------------------------------------------------------


def refused(around, cause, **changes):
    """The notification is answered with ``cause``, and nothing else happens."""
    around.events()
    around.ggsn_asks(around.notification(**changes))
    response = around.sent(PduNotificationResponse)
    assert (response.cause, response.teid) == (cause, 0x77)
    (event,) = around.events()
    assert isinstance(event, NetworkRequestReceived)
    assert event.cause == cause
    assert around.silent()
    assert around.sgsn.next_timeout() is None


def test_an_unknown_imsi(around):
    """Cause 194, and nothing is kept."""
    refused(around, Cause.IMSI_NOT_KNOWN)
    assert around.sgsn.mm_contexts() == ()


def test_a_detached_mobile(attached):
    """Cause 195, and MNRG in the MM context."""
    attached.say(gmm.DetachRequestUplink(power_off=True))
    refused(attached, Cause.MS_GPRS_DETACHED)
    assert attached.sgsn.mm_context(attached.IMSI).mnrg


def test_a_mobile_that_is_being_detached(attached):
    """A detach under way is a detach."""
    attached.command("detach", attached.IMSI)
    attached.ggsn_asks(attached.notification())
    assert attached.sent(PduNotificationResponse).cause is Cause.MS_GPRS_DETACHED


def test_a_suspended_mobile(attached):
    """Cause 207 while the mobile is in a circuit-switched call, and none afterwards."""
    assert attached.sgsn.suspend(attached.IMSI, attached.now)
    assert not attached.sgsn.suspend(attached.IMSI, attached.now)
    refused(attached, Cause.GPRS_CONNECTION_SUSPENDED)
    assert attached.sgsn.resume(attached.IMSI, attached.now)
    assert not attached.sgsn.resume(attached.IMSI, attached.now)
    attached.request()


def test_a_roamer_that_is_restricted(surrounding):
    """Cause 205 for subscribers of the configured operators."""
    around = surrounding(roaming_restricted=("23415",))
    around.attach()
    refused(around, Cause.ROAMING_RESTRICTION)


def test_too_many_at_once(surrounding):
    """Cause 199 beyond the limit; a notification for one under way is no further one."""
    around = surrounding(max_network_requests=1)
    around.attach()
    around.request()
    around.ggsn_asks(around.notification())
    assert around.sent(PduNotificationResponse).cause is Cause.REQUEST_ACCEPTED
    other = EndUserAddress.for_ipv4("10.45.0.8")
    around.ggsn_asks(around.notification(end_user_address=other))
    assert around.sent(PduNotificationResponse).cause is Cause.NO_RESOURCES_AVAILABLE


def test_no_transaction_identifier_is_left(attached):
    """Cause 199 when the mobile is asked for seven things already."""
    for number in range(8):
        attached.ggsn_asks(
            attached.notification(end_user_address=EndUserAddress.for_ipv4(f"10.45.1.{number}"))
        )
    causes = [attached.sent(PduNotificationResponse).cause for _ in range(8)]
    assert causes == [128] * 7 + [Cause.NO_RESOURCES_AVAILABLE]
    values = [attached.heard(sm.RequestPdpContextActivation).ti.value for _ in range(7)]
    assert sorted(values) == list(range(7))


def test_a_service_that_is_off(surrounding):
    """Cause 200 where the configuration says so."""
    around = surrounding(network_requests=False)
    around.attach()
    refused(around, Cause.SERVICE_NOT_SUPPORTED)


@pytest.mark.parametrize(
    "address",
    [
        EndUserAddress(pdp_type=PdpType.PPP),
        EndUserAddress.for_both("10.45.0.7", "2001:db8::7"),
    ],
)
def test_a_pdp_type_that_cannot_be_requested(attached, address):
    """Cause 200 for what is neither IPv4 nor IPv6 (TS 23.060 §9.2.2.2)."""
    refused(attached, Cause.SERVICE_NOT_SUPPORTED, end_user_address=address)


def test_a_notification_without_imsi(attached):
    """Cause 202 comes from below, before anyone is asked."""
    octets = bytes.fromhex("321b001400000000000900001100000077") + bytes(7)
    attached.give(Interface.GTP_C, octets, (attached.GGSN, 2123))
    assert attached.silent()


# -- failures after the acceptance -----------------------------------------------------------


@pytest.mark.clause("24.008 §6.1.3.1.4", "the mobile rejects the request: 29 with cause 4")
@pytest.mark.parametrize("cause", [26, 31, 40, 95, 96, 97, 98, 99, 100, 101, 111, 27, 65, 255])
def test_the_mobile_refuses(attached, cause):
    """Any SM cause of the mobile becomes 29 with cause 4 and our TEID for the answer."""
    asked = attached.request()
    attached.say(sm.RequestPdpContextActivationReject(asked.ti.mirrored, cause))
    reject = attached.rejected()
    assert (reject.cause, reject.teid) == (Cause.MS_REFUSES_X, 0x77)
    assert reject.end_user_address == EndUserAddress.for_ipv4(attached.ADDRESS)
    assert reject.apn == attached.APN
    assert reject.teid_control != 0
    assert attached.failure() == NetworkRequestedActivationFailed(
        attached.IMSI, attached.APN, cause, NetworkRequestFailure.REFUSED
    )
    assert attached.nothing_left()


def test_the_mobile_does_not_know_the_procedure(attached):
    """SM Status instead of an answer is a refusal."""
    asked = attached.request()
    attached.say(sm.SmStatus(asked.ti.mirrored, 97))
    assert attached.rejected().cause is Cause.MS_REFUSES_X
    assert attached.failure().sm_cause == 97
    assert attached.nothing_left()


@pytest.mark.clause(
    "24.008 §6.1.3.1.5", "expiry of T3385: five transmissions, then 29 with cause 5"
)
@pytest.mark.clause("23.060 §9.2.2.2.2", "unsuccessful: MS refuses, MS does not answer")
def test_the_mobile_is_silent(attached):
    """Five Requests, 8 seconds apart; at the fifth expiry 29 with cause 5, and MNRG."""
    asked = attached.request()
    attached.run(39.9)
    assert [attached.heard(sm.RequestPdpContextActivation) for _ in range(4)] == [asked] * 4
    assert attached.silent()
    assert not attached.gtp
    attached.run(0.2)
    assert attached.rejected().cause is Cause.MS_NOT_GPRS_RESPONDING_X
    assert attached.silent()
    assert attached.failure() == NetworkRequestedActivationFailed(
        attached.IMSI, attached.APN, None, NetworkRequestFailure.NOT_RESPONDING
    )
    assert attached.sgsn.mm_context(attached.IMSI).mnrg
    assert attached.nothing_left()


@pytest.mark.parametrize("power_off", [True, False])
def test_the_mobile_detaches_meanwhile(attached, power_off):
    """29 with cause 5: there is no better one in the allowed set."""
    attached.request()
    attached.say(gmm.DetachRequestUplink(power_off=power_off))
    assert attached.rejected().cause is Cause.MS_NOT_GPRS_RESPONDING_X
    assert attached.failure().reason is NetworkRequestFailure.DETACHED
    assert attached.sgsn.next_timeout() is None


def test_the_network_detaches_the_mobile_meanwhile(attached):
    """A detach by command ends it as well."""
    attached.request()
    assert attached.command("detach", attached.IMSI)
    assert attached.rejected().cause is Cause.MS_NOT_GPRS_RESPONDING_X


def test_the_subscription_forbids_it(attached):
    """The SGSN refuses the mobile's Activate: SM cause 33 to it, 29 with 200 to the GGSN."""
    attached.ggsn_asks(attached.notification(apn="other.example"))
    attached.sent(PduNotificationResponse)
    asked = attached.heard(sm.RequestPdpContextActivation)
    attached.answer(asked, apn="other.example")
    assert attached.heard(sm.ActivatePdpContextReject).cause == 33
    assert attached.rejected().cause is Cause.SERVICE_NOT_SUPPORTED
    assert attached.failure().reason is NetworkRequestFailure.NOT_SUBSCRIBED
    assert attached.nothing_left()


def test_no_resources_for_it(surrounding):
    """The SGSN is full: SM cause 26 to the mobile, 29 with 199 to the GGSN."""
    around = surrounding(max_contexts=0)
    around.attach()
    around.answer(around.request())
    assert around.heard(sm.ActivatePdpContextReject).cause == 26
    assert around.rejected().cause is Cause.NO_RESOURCES_AVAILABLE
    assert around.failure().reason is NetworkRequestFailure.NO_RESOURCES
    assert around.nothing_left()


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"apn": "web.example"}, 95),
        ({"pdp_address": PdpAddress.for_ipv4("10.45.0.9")}, 95),
        ({"nsapi": 4}, 96),
        ({"pdp_address": PdpAddress(0x01, b"", organisation=0)}, 28),
    ],
)
def test_the_mobile_answers_with_something_else(attached, changes, cause):
    """What was not offered, or cannot be: Activate Reject, and 29 with 204."""
    attached.answer(attached.request(), **changes)
    assert attached.heard(sm.ActivatePdpContextReject).cause == cause
    assert attached.rejected().cause is Cause.SYSTEM_FAILURE
    assert attached.failure().reason is NetworkRequestFailure.PROTOCOL_ERROR
    assert attached.nothing_left()


def test_the_mobiles_answer_cannot_be_read(attached):
    """A malformed Activate gets Activate Reject 96, and the GGSN 29 with 204."""
    asked = attached.request()
    attached.say_octets(bytes([0x8A | asked.ti.value << 4, 0x41, 0x05]))
    assert attached.heard(sm.ActivatePdpContextReject).cause == 96
    assert attached.rejected().cause is Cause.SYSTEM_FAILURE
    assert attached.nothing_left()


@pytest.mark.parametrize(
    ("gtp_cause", "sm_cause"), [(Cause.NO_RESOURCES_AVAILABLE, 26), (219, 27), (204, 38)]
)
def test_the_ggsn_refuses_to_create(attached, gtp_cause, sm_cause):
    """The mobile is rejected; the GGSN, who knows, gets no 29."""
    attached.answer(attached.request())
    create = attached.sent(CreatePdpContextRequest)
    attached.from_ggsn(attached.created(create, cause=Cause(gtp_cause)))
    assert attached.heard(sm.ActivatePdpContextReject).cause == sm_cause
    assert attached.failure() == NetworkRequestedActivationFailed(
        attached.IMSI, attached.APN, sm_cause, NetworkRequestFailure.CREATE_REFUSED
    )
    assert not attached.gtp
    assert attached.sgsn.next_timeout() is None


def test_the_ggsn_does_not_answer_the_create(attached):
    """After N3-REQUESTS transmissions: SM cause 38 to the mobile, 29 with 204 to the GGSN."""
    attached.answer(attached.request())
    attached.run(24.9)
    assert [attached.sent(CreatePdpContextRequest).nsapi for _ in range(5)] == [5] * 5
    assert not attached.gtp
    attached.run(0.2)
    assert attached.heard(sm.ActivatePdpContextReject).cause == 38
    assert attached.rejected().cause is Cause.SYSTEM_FAILURE
    assert attached.failure().reason is NetworkRequestFailure.CREATE_UNANSWERED
    assert attached.nothing_left()


def test_a_reject_that_is_not_answered_leaves_nothing(attached):
    """29 is sent N3-REQUESTS times and then given up."""
    asked = attached.request()
    attached.say(sm.RequestPdpContextActivationReject(asked.ti.mirrored, 31))
    attached.run(26)
    assert len(attached.gtp) == 5
    assert attached.sgsn.next_timeout() is None
    assert attached.sgsn.counters["rejects_unanswered"] == 1


def test_the_timers_may_be_shortened(surrounding):
    """A scenario's lab may take shorter timers and fewer attempts."""
    around = surrounding(
        radio=RadioTimers(t3385=1.0, attempts=2), timers=Timers(t3_response=1, n3_requests=2)
    )
    around.attach()
    around.request()
    around.run(2.1)
    around.heard(sm.RequestPdpContextActivation)
    assert around.rejected().cause is Cause.MS_NOT_GPRS_RESPONDING_X
