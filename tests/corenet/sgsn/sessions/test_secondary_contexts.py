"""Secondary PDP contexts in the SGSN (TS 24.008 §6.1.3.2, TS 23.060 §9.2.2.1.1 and §9.2.2.3)."""

import pytest

from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.node import Interface
from corenet.sgsn.events import (
    ActivationRefused,
    DeactivationReason,
    MsSecondaryActivationRequested,
    PdpContextActivated,
    PdpContextDeactivated,
    PdpState,
    SecondaryRequestAnswered,
)
from gtp.constants import Cause
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    ErrorIndication,
    InitiatePdpContextActivationRequest,
    InitiatePdpContextActivationResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)

PRIMARY = sm.TransactionIdentifier(0)
TI = sm.TransactionIdentifier(1)
QOS = bytes.fromhex("0b921f73964040742bffff")
TFT = bytes.fromhex("2100 0a 03 50 23f0")


def contexts(around):
    return around.sgsn.mm_context(around.IMSI).contexts


def ask(around, **changes):
    """The mobile asks for a context with the address of the one with TI 0."""
    values = {"nsapi": 6, "linked_ti": PRIMARY, "qos": QOS, "tft": TFT}
    ti = changes.pop("ti", TI)
    around.say(sm.ActivateSecondaryPdpContextRequest(ti, **(values | changes)))


def granted(around, create, **changes):
    """The GGSN accepts."""
    values = {"teid": contexts(around)[0].teid_control, "end_user_address": None}
    around.from_ggsn(around.created(create, **(values | {"teid_control": None} | changes)))


def refused(around, create, cause):
    """The GGSN refuses."""
    around.from_ggsn(
        CreatePdpContextResponse(
            teid=contexts(around)[0].teid_control, sequence=create.sequence, cause=cause
        )
    )


def delete_answered(around, cause=Cause.REQUEST_ACCEPTED):
    """The GGSN answers the next Delete, which is returned."""
    delete = around.sent(DeletePdpContextRequest)
    around.from_ggsn(DeletePdpContextResponse(sequence=delete.sequence, cause=cause))
    return delete


def at_rest(around):
    """Nothing runs, waits or is to be said."""
    busy = {name for name, count in around.sgsn.under_way.items() if count}
    assert busy <= {"PDP contexts", "tunnel endpoints", "watched paths"}
    assert around.sgsn.next_timeout() is None
    assert around.silent()
    assert not around.gtp


@pytest.fixture
def both(active):
    """A primary context on NSAPI 5, TI 0, and a secondary one on NSAPI 6, TI 1."""
    ask(active)
    granted(active, active.sent(CreatePdpContextRequest))
    active.heard(sm.ActivateSecondaryPdpContextAccept)
    active.events()
    return active


# -- activation --------------------------------------------------------------------------------


@pytest.mark.clause("23.060 §9.2.2.1.1", "secondary activation by the MS")
def test_a_secondary_context_is_created_in_the_tunnel_of_its_linked_one(active):
    """Linked NSAPI and template, and neither address nor APN nor subscriber."""
    (primary,) = contexts(active)
    ask(active)
    create = active.sent(CreatePdpContextRequest)
    assert (create.teid, create.linked_nsapi, create.nsapi) == (primary.remote_teid_control, 5, 6)
    assert (create.tft, create.qos) == (TFT, b"\x02" + QOS)
    absent = ("imsi", "apn", "end_user_address", "selection_mode", "msisdn", "teid_control")
    assert [getattr(create, name) for name in absent] == [None] * 6
    assert create.teid_data not in (0, primary.teid_data)
    lower = b"\x02" + QOS[:5] + b"\x20" + QOS[6:]
    granted(active, create, qos=lower)
    accept = active.heard(sm.ActivateSecondaryPdpContextAccept)
    assert (accept.ti, accept.qos) == (TI.mirrored, lower[1:])
    second = contexts(active)[1]
    assert (second.linked_nsapi, second.address, second.apn) == (5, active.ADDRESS, active.APN)
    assert second.teid_control == primary.teid_control
    assert active.events(PdpContextActivated)[-1].nsapi == 6
    at_rest(active)


def test_a_repeated_request_is_accepted_again(both):
    """The mobile has not heard the Accept; the GGSN is not asked twice."""
    ask(both)
    both.heard(sm.ActivateSecondaryPdpContextAccept)
    at_rest(both)


def test_a_request_repeated_meanwhile_is_passed_over(active):
    """T3380 may expire while the GGSN is asked."""
    ask(active)
    ask(active)
    create = active.sent(CreatePdpContextRequest)
    assert not active.gtp
    granted(active, create)
    active.heard(sm.ActivateSecondaryPdpContextAccept)
    at_rest(active)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"linked_ti": sm.TransactionIdentifier(4)}, 43),
        ({"linked_ti": TI}, 43),
        ({"nsapi": 4}, 96),
        ({"nsapi": 5}, 43),
    ],
)
@pytest.mark.clause("24.008 §6.1.3.2.2", "secondary activation not accepted")
def test_the_sgsn_refuses(active, changes, cause):
    """An unknown linked context, or a wrong NSAPI."""
    ask(active, **changes)
    reject = active.heard(sm.ActivateSecondaryPdpContextReject)
    assert (reject.ti, reject.cause) == (TI.mirrored, cause)
    (event,) = active.events(ActivationRefused)
    assert (event.sm_cause, event.gtp_cause) == (cause, None)


def test_there_is_no_room_for_more_contexts(surrounding):
    """Cause 26."""
    around = surrounding(max_contexts=1)
    around.attach()
    around.activate()
    ask(around)
    assert around.heard(sm.ActivateSecondaryPdpContextReject).cause == 26


def test_a_malformed_request_is_refused(active):
    """A request without its linked TI: 96."""
    active.say_octets(bytes.fromhex("1a4d060303000000"))
    assert active.heard(sm.ActivateSecondaryPdpContextReject).cause == 96


@pytest.mark.parametrize(
    ("gtp_cause", "sm_cause"),
    [
        *[(192, 31), (199, 26), (200, 32), (210, 43), (215, 41), (216, 42)],
        *[(217, 44), (218, 45), (221, 46), (227, 48), (228, 56)],
    ],
)
def test_the_ggsn_refuses(active, gtp_cause, sm_cause):
    """The mobile hears the cause in its own numbers."""
    ask(active)
    refused(active, active.sent(CreatePdpContextRequest), Cause(gtp_cause))
    assert active.heard(sm.ActivateSecondaryPdpContextReject).cause == sm_cause
    assert [context.nsapi for context in contexts(active)] == [5]
    at_rest(active)


def test_the_ggsn_is_silent(active):
    """N3-REQUESTS later the mobile hears 38."""
    ask(active)
    active.run(25)
    active.gtp.clear()
    assert active.heard(sm.ActivateSecondaryPdpContextReject).cause == 38
    at_rest(active)


def test_the_nsapi_is_used_again(both):
    """A mobile that has lost a secondary context makes it anew, once the old one is deleted."""
    ask(both, ti=sm.TransactionIdentifier(2), qos=bytes(11))
    delete = both.sent(DeletePdpContextRequest)
    assert (delete.nsapi, delete.teardown) == (6, False)
    assert not both.gtp
    both.from_ggsn(DeletePdpContextResponse(sequence=delete.sequence, cause=Cause.REQUEST_ACCEPTED))
    granted(both, both.sent(CreatePdpContextRequest))
    both.heard(sm.ActivateSecondaryPdpContextAccept)
    at_rest(both)


@pytest.mark.parametrize("by_mobile", [True, False])
def test_the_linked_context_goes_with_teardown_meanwhile(active, by_mobile):
    """What the GGSN then creates after all is deleted again."""
    ask(active)
    create = active.sent(CreatePdpContextRequest)
    view = contexts(active)[0]
    if by_mobile:
        active.say(sm.DeactivatePdpContextRequest(PRIMARY, teardown=True))
        assert active.sent(DeletePdpContextRequest).teardown is True
    else:
        active.ggsn_asks(DeletePdpContextRequest(teid=view.teid_control, nsapi=5, teardown=True))
        active.sent(DeletePdpContextResponse)
        assert active.heard(sm.DeactivatePdpContextRequest).teardown is True
    active.from_ggsn(
        active.created(create, teid=view.teid_control, teid_control=None, end_user_address=None)
    )
    last = active.sent(DeletePdpContextRequest)
    assert last.nsapi == 6


def test_the_mobile_gives_the_activation_up(active):
    """Deactivate while the GGSN is asked: accepted at once, and deleted when it comes."""
    ask(active)
    create = active.sent(CreatePdpContextRequest)
    active.say(sm.DeactivatePdpContextRequest(TI))
    active.heard(sm.DeactivatePdpContextAccept)
    granted(active, create)
    assert delete_answered(active).nsapi == 6
    at_rest(active)


def test_the_ggsn_deletes_what_it_creates(active):
    """The mobile is refused."""
    ask(active)
    active.sent(CreatePdpContextRequest)
    active.ggsn_asks(DeletePdpContextRequest(teid=contexts(active)[0].teid_control, nsapi=6))
    active.sent(DeletePdpContextResponse)
    assert active.heard(sm.ActivateSecondaryPdpContextReject).cause == 38


# -- deactivation ------------------------------------------------------------------------------


@pytest.mark.clause("24.008 §6.1.3.4.1", "deactivation by the MS, with and without teardown")
@pytest.mark.parametrize("teardown", [True, False])
def test_the_mobile_deactivates(both, teardown):
    """With teardown one Delete takes all; without it one context goes."""
    both.say(sm.DeactivatePdpContextRequest(PRIMARY, teardown=teardown))
    delete = delete_answered(both)
    assert (delete.nsapi, delete.teardown) == (5, teardown)
    both.heard(sm.DeactivatePdpContextAccept)
    assert [context.nsapi for context in contexts(both)] == ([] if teardown else [6])
    gone = both.events(PdpContextDeactivated)
    assert {event.nsapi for event in gone} == ({5, 6} if teardown else {5})
    at_rest(both)


def test_the_last_context_goes_with_teardown(both):
    """Whoever is the last."""
    for ti, teardown in ((PRIMARY, False), (TI, True)):
        both.say(sm.DeactivatePdpContextRequest(ti))
        assert delete_answered(both).teardown is teardown
        both.heard(sm.DeactivatePdpContextAccept)
    at_rest(both)


@pytest.mark.clause("24.008 §6.1.3.4.2", "deactivation by the network, with and without teardown")
@pytest.mark.parametrize("teardown", [True, None])
def test_the_ggsn_deletes(both, teardown):
    """The mobile is told once, with teardown where all go."""
    both.ggsn_asks(
        DeletePdpContextRequest(teid=contexts(both)[0].teid_control, nsapi=6, teardown=teardown)
    )
    both.sent(DeletePdpContextResponse)
    request = both.heard(sm.DeactivatePdpContextRequest)
    assert (request.ti, request.teardown) == (TI.mirrored, bool(teardown))
    both.say(sm.DeactivatePdpContextAccept(TI))
    assert [context.nsapi for context in contexts(both)] == ([] if teardown else [5])
    at_rest(both)


def test_the_mobile_is_silent(both):
    """T3395 expires five times; all that was torn down is long forgotten."""
    both.ggsn_asks(
        DeletePdpContextRequest(teid=contexts(both)[0].teid_control, nsapi=5, teardown=True)
    )
    both.sent(DeletePdpContextResponse)
    assert [context.state for context in contexts(both)] == [PdpState.DEACTIVATING]
    both.run(41)
    assert len(both.to_mobiles[both.IMSI]) == 5
    assert contexts(both) == ()


def test_a_command_ends_one_context(both):
    """The other one goes on."""
    assert both.command("deactivate", both.IMSI, 6)
    assert delete_answered(both).teardown is False
    assert both.heard(sm.DeactivatePdpContextRequest).teardown is False
    both.say(sm.DeactivatePdpContextAccept(TI))
    assert [context.nsapi for context in contexts(both)] == [5]
    at_rest(both)


def test_an_error_indication_ends_one_context(both):
    """The GGSN has lost that tunnel, and not the other."""
    second = contexts(both)[1]
    indication = ErrorIndication(teid_data=second.remote_teid_data, peer_address=both.GGSN)
    both.give(Interface.GTP_U, indication.encode(), (both.GGSN, 2152))
    assert both.heard(sm.DeactivatePdpContextRequest).teardown is False
    both.say(sm.DeactivatePdpContextAccept(TI))
    assert [context.nsapi for context in contexts(both)] == [5]


def test_a_restarted_ggsn_has_lost_all(both):
    """The mobile is told once for the address, with cause 39."""
    both.ggsn_recovery += 1
    both.say(sm.ModifyPdpContextRequestUplink(PRIMARY))
    update = both.sent(UpdatePdpContextRequest)
    both.from_ggsn(
        UpdatePdpContextResponse(
            teid=contexts(both)[0].teid_control,
            sequence=update.sequence,
            cause=Cause.NON_EXISTENT,
            recovery=both.ggsn_recovery,
        )
    )
    request = both.heard(sm.DeactivatePdpContextRequest)
    assert (request.cause, request.teardown) == (39, True)
    both.say(sm.DeactivatePdpContextAccept(PRIMARY))
    assert contexts(both) == ()
    at_rest(both)


def test_a_detach_deletes_every_context(both):
    """One after the other, the last with teardown."""
    both.say(gmm.DetachRequestUplink())
    assert [delete_answered(both).teardown for _ in range(2)] == [False, True]
    both.heard(gmm.DetachAcceptDownlink)
    assert {event.reason for event in both.events(PdpContextDeactivated)} == {
        DeactivationReason.DETACHED
    }
    at_rest(both)


# -- on the GGSN's request -----------------------------------------------------------------------


def initiate(around, **changes):
    """The GGSN asks for a secondary context; what the mobile is asked."""
    values = {
        "teid": contexts(around)[0].teid_control,
        "linked_nsapi": 5,
        "qos": b"\x02" + QOS,
        "tft": TFT,
        "correlation_id": 7,
    }
    around.ggsn_asks(InitiatePdpContextActivationRequest(**(values | changes)))


def asked(around, **changes):
    initiate(around, **changes)
    return around.heard(sm.RequestSecondaryPdpContextActivation)


def answered(around):
    """The one answer to the GGSN."""
    return around.sent(InitiatePdpContextActivationResponse).cause


def obey(around, request, **changes):
    """The mobile activates as it was asked to."""
    ask(around, **({"ti": request.ti.mirrored, "linked_ti": PRIMARY} | changes))


@pytest.mark.clause("29.060 §7.3.13, §7.3.14", "Initiate PDP Context Activation", status="SGSN")
def test_the_mobile_is_asked_and_activates(active):
    """The correlation identifier goes into the Create; the answer comes when all is done."""
    remote = contexts(active)[0].remote_teid_control
    request = asked(active)
    assert not request.ti.flag
    assert (request.linked_ti, request.qos, request.tft) == (PRIMARY.mirrored, QOS, TFT)
    assert not active.gtp
    obey(active, request)
    create = active.sent(CreatePdpContextRequest)
    assert (create.correlation_id, create.linked_nsapi, create.tft) == (7, 5, TFT)
    granted(active, create)
    response = active.sent(InitiatePdpContextActivationResponse)
    assert (response.cause, response.teid) == (Cause.REQUEST_ACCEPTED, remote)
    assert active.heard(sm.ActivateSecondaryPdpContextAccept).ti == request.ti
    assert contexts(active)[1].network_requested
    events = active.events()
    assert MsSecondaryActivationRequested(active.IMSI, active.APN, 5, 1) in events
    assert SecondaryRequestAnswered(active.IMSI, active.APN, 5, 128, None) in events
    at_rest(active)


@pytest.mark.parametrize(
    ("sm_cause", "gtp_cause"),
    [(26, 199), (31, 197), (40, 200), (41, 215), (43, 210), (46, 221), (48, 227), (111, 197)],
)
def test_the_mobile_rejects(active, sm_cause, gtp_cause):
    """The GGSN hears the cause in its own numbers."""
    request = asked(active)
    active.say(sm.RequestSecondaryPdpContextActivationReject(request.ti.mirrored, sm_cause))
    assert answered(active) == gtp_cause
    assert active.events(SecondaryRequestAnswered)[0].sm_cause == sm_cause
    at_rest(active)


def test_the_mobile_answers_with_sm_status(active):
    """It does not know the message: service not supported."""
    request = asked(active)
    active.say(sm.SmStatus(request.ti.mirrored, 97))
    assert answered(active) == Cause.SERVICE_NOT_SUPPORTED
    at_rest(active)


@pytest.mark.clause("24.008 §6.1.3.2.3", "expiry of T3385")
def test_nobody_answers(active):
    """T3385 expires five times, eight seconds apart; then 196."""
    initiate(active)
    active.run(39.9)
    assert len(active.to_mobiles[active.IMSI]) == 5
    assert not active.gtp
    active.run(0.2)
    assert answered(active) is Cause.MS_NOT_GPRS_RESPONDING
    active.to_mobiles.clear()
    at_rest(active)


def test_a_late_reject_gets_sm_status(active):
    """There is no such transaction any more."""
    active.say(sm.RequestSecondaryPdpContextActivationReject(sm.TransactionIdentifier(2, True), 26))
    assert active.heard(sm.SmStatus).cause == 81


@pytest.mark.parametrize("cause", [199, 216, 221])
def test_the_ggsn_refuses_what_it_asked_for(active, cause):
    """It hears its own cause."""
    obey(active, asked(active))
    refused(active, active.sent(CreatePdpContextRequest), Cause(cause))
    active.heard(sm.ActivateSecondaryPdpContextReject)
    assert answered(active) == cause
    at_rest(active)


def test_the_ggsn_does_not_answer_the_create(active):
    """204 for its request."""
    obey(active, asked(active))
    active.run(25)
    active.heard(sm.ActivateSecondaryPdpContextReject)
    (cause,) = [
        message.cause
        for message, _ in active.gtp
        if isinstance(message, InitiatePdpContextActivationResponse)
    ]
    assert cause is Cause.SYSTEM_FAILURE
    active.gtp.clear()
    at_rest(active)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [({"nsapi": 3}, 197), ({"linked_ti": sm.TransactionIdentifier(5)}, 210)],
)
def test_the_sgsn_refuses_what_the_mobile_makes_of_it(active, changes, cause):
    """Mobile and GGSN both hear why."""
    obey(active, asked(active), **changes)
    active.heard(sm.ActivateSecondaryPdpContextReject)
    assert answered(active) == cause
    at_rest(active)


def test_a_malformed_activation_ends_the_request(active):
    """What the mobile has sent cannot be read."""
    request = asked(active)
    active.say_octets(request.ti.mirrored.encode() + bytes.fromhex("4d060303000000"))
    assert active.heard(sm.ActivateSecondaryPdpContextReject).cause == 96
    assert answered(active) == Cause.MS_REFUSES
    at_rest(active)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [({"teid": 0x999}, Cause.NON_EXISTENT), ({"linked_nsapi": 9}, Cause.CONTEXT_NOT_FOUND)],
)
def test_an_unknown_context_is_told(active, changes, cause):
    """Without asking anybody."""
    initiate(active, **changes)
    assert answered(active) is cause
    at_rest(active)


def test_a_suspended_mobile_is_not_asked(active):
    """GPRS connection suspended."""
    active.command("suspend", active.IMSI)
    initiate(active)
    assert answered(active) is Cause.GPRS_CONNECTION_SUSPENDED


def test_no_network_requests_are_served_where_the_sgsn_is_told_so(surrounding):
    """Service not supported."""
    around = surrounding(network_requests=False)
    around.attach()
    around.activate()
    initiate(around)
    assert answered(around) is Cause.SERVICE_NOT_SUPPORTED


@pytest.mark.parametrize("mode", [None, 0])
@pytest.mark.clause("29.060 §7.3.14", 'Initiate in the mode "MS only": Cause 227', status="SGSN")
def test_the_network_does_not_ask_where_the_mode_is_ms_only(attached, mode):
    """Whether the GGSN has said so or nothing: the mobile is not bothered."""
    attached.say(attached.activate_request())
    create = attached.sent(CreatePdpContextRequest)
    attached.from_ggsn(attached.created(create, bearer_control_mode=mode))
    attached.heard(sm.ActivatePdpContextAccept)
    initiate(attached)
    assert answered(attached) is Cause.BEARER_CONTROL_MODE_VIOLATION
    assert attached.silent()


@pytest.mark.parametrize("mode", [0, 1])
def test_the_ggsn_changes_the_mode(active, mode):
    """It says so with what the mobile is told; from then on it holds."""
    teid = contexts(active)[0].teid_control
    told = bytes.fromhex("80000501") + bytes((mode + 1,))
    active.from_ggsn(
        UpdatePdpContextRequest(teid=teid, sequence=77, nsapi=5, pco=told, bearer_control_mode=mode)
    )
    asked_of_mobile = active.heard(sm.ModifyPdpContextRequestDownlink)
    assert asked_of_mobile.pco == told
    active.say(sm.ModifyPdpContextAcceptUplink(PRIMARY))
    assert active.sent(UpdatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    initiate(active)
    if mode:
        active.heard(sm.RequestSecondaryPdpContextActivation)
    else:
        assert answered(active) is Cause.BEARER_CONTROL_MODE_VIOLATION


@pytest.mark.parametrize(("serves", "flags"), [(True, 0x20), (False, None)])
@pytest.mark.clause(
    "29.060 §7.7.48", "NRSN with every Create and Update, where requests are served"
)
def test_ggsns_are_told_whether_they_may_ask(surrounding, serves, flags):
    """With the primary context, a secondary one, and a change."""
    around = surrounding(network_requests=serves)
    around.attach()
    around.say(around.activate_request())
    create = around.sent(CreatePdpContextRequest)
    assert create.common_flags == flags
    around.from_ggsn(around.created(create))
    ask(around)
    assert around.sent(CreatePdpContextRequest).common_flags == flags
    around.command("modify", around.IMSI, 5, b"\x02" + QOS)
    assert around.sent(UpdatePdpContextRequest).common_flags == flags


def test_there_are_seven_transaction_identifiers(active):
    """The eighth request at once is refused, and a freed identifier serves again."""
    requests = [asked(active, correlation_id=number) for number in range(7)]
    assert len({request.ti.value for request in requests}) == 7
    initiate(active, correlation_id=8)
    assert answered(active) is Cause.NO_RESOURCES_AVAILABLE
    reject = sm.RequestSecondaryPdpContextActivationReject(requests[3].ti.mirrored, 26)
    active.say(reject)
    answered(active)
    assert asked(active, correlation_id=9).ti == requests[3].ti


@pytest.mark.parametrize("how", ["mobile", "ggsn", "detach"])
@pytest.mark.parametrize("activating", [True, False])
def test_the_linked_context_goes_meanwhile(active, how, activating):
    """The GGSN hears that there is none, once."""
    request = asked(active)
    if activating:
        obey(active, request)
        active.sent(CreatePdpContextRequest)
    if how == "mobile":
        active.say(sm.DeactivatePdpContextRequest(PRIMARY, teardown=True))
    elif how == "detach":
        active.say(gmm.DetachRequestUplink())
    else:
        active.ggsn_asks(
            DeletePdpContextRequest(teid=contexts(active)[0].teid_control, nsapi=5, teardown=True)
        )
    causes = [
        message.cause
        for message, _ in active.gtp
        if isinstance(message, InitiatePdpContextActivationResponse)
    ]
    assert causes == [Cause.CONTEXT_NOT_FOUND]
    assert active.sgsn.under_way["secondary requests"] == 0


def test_the_mobile_activates_on_its_own_meanwhile(active):
    """Two contexts come: its own, and the one that it was asked for."""
    request = asked(active)
    ask(active, tft=bytes.fromhex("2100 0b 03 50 23f1"))
    granted(active, active.sent(CreatePdpContextRequest))
    active.heard(sm.ActivateSecondaryPdpContextAccept)
    obey(active, request, nsapi=7)
    granted(active, active.sent(CreatePdpContextRequest))
    assert answered(active) is Cause.REQUEST_ACCEPTED
    active.heard(sm.ActivateSecondaryPdpContextAccept)
    assert [context.network_requested for context in contexts(active)] == [False, False, True]
    at_rest(active)
