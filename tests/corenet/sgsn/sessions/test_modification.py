"""PDP context modification (TS 24.008 §6.1.3.3, TS 23.060 §9.2.3) from each side."""

import pytest

from corenet.interfaces.gsup import GsupMessage, MessageType, PdpInfo
from corenet.interfaces.nas import gmm, sm
from corenet.sgsn.events import (
    DeactivationReason,
    ModifiedBy,
    PdpContextDeactivated,
    PdpContextModificationFailed,
    PdpContextModified,
)
from gtp.constants import Cause
from gtp.ies.values import EndUserAddress
from gtp.messages import (
    CreatePdpContextRequest,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)

TI = sm.TransactionIdentifier(0)
LESS = bytes.fromhex("020b921f73964040742bffff")
"""QoS of 64 kbit/s both ways, as GTP has it."""
MORE = bytes.fromhex("020b921f7396fefe742bffff")
TFT = bytes.fromhex("2131 0a 02 3011")
"""Create filter 1: UDP."""


def context(around):
    """The context on NSAPI 5."""
    return around.sgsn.mm_context(around.IMSI).contexts[0]


def ggsn_updates(around, **changes):
    """The GGSN asks to change the context."""
    values = {"teid": context(around).teid_control, "nsapi": 5, "qos": LESS}
    around.ggsn_asks(UpdatePdpContextRequest(**(values | changes)))


def updated(around, update, cause=Cause.REQUEST_ACCEPTED, **ies):
    """The GGSN answers an Update PDP Context Request."""
    values = {"qos": update.qos} if cause.is_acceptance else {}
    around.from_ggsn(
        UpdatePdpContextResponse(
            teid=context(around).teid_control,
            sequence=update.sequence,
            cause=cause,
            **(values | ies),
        )
    )


def failed(around):
    """The one failure there is: who wanted it, SM cause, GTP cause."""
    (event,) = around.events(PdpContextModificationFailed)
    return event.by, event.sm_cause, event.gtp_cause


def at_rest(around):
    """Nothing runs, waits or is to be said."""
    busy = {name: count for name, count in around.sgsn.under_way.items() if count}
    assert busy.keys() <= {"PDP contexts", "tunnel endpoints", "watched paths"}
    assert around.sgsn.next_timeout() is None
    assert around.silent()
    assert not around.gtp


# -- wanted by the GGSN ------------------------------------------------------------------------


@pytest.mark.clause("23.060 §9.2.3.2", "GGSN-initiated PDP context modification")
@pytest.mark.clause("24.008 §6.1.3.3.1", "PDP context modification by the network")
def test_the_ggsn_changes_the_qos(active):
    """The mobile is asked, accepts, and the GGSN hears so with the SGSN's end of the tunnel."""
    before = context(active)
    ggsn_updates(active)
    request = active.heard(sm.ModifyPdpContextRequestDownlink)
    assert (request.ti, request.qos, request.tft) == (TI.mirrored, LESS[1:], None)
    assert not active.gtp
    active.say(sm.ModifyPdpContextAcceptUplink(TI))
    response = active.sent(UpdatePdpContextResponse)
    assert (response.teid, response.cause) == (
        before.remote_teid_control,
        Cause.REQUEST_ACCEPTED,
    )
    assert (response.teid_data, response.gsn_addresses) == (before.teid_data, (active.SGSN,))
    assert (response.qos, context(active).qos) == (LESS, LESS)
    assert active.events() == [
        PdpContextModified(active.IMSI, active.APN, 5, ModifiedBy.GGSN, LESS)
    ]
    at_rest(active)


def test_packets_flow_while_the_mobile_thinks(active):
    """A change does not interrupt what it changes."""
    ggsn_updates(active)
    active.send_packet(b"E" + bytes(20))
    assert len(active.gtp_user) == 1


def test_template_options_and_address_reach_the_mobile(active):
    """What the GGSN says beside the QoS is passed on, and without one the old QoS."""
    pco = bytes.fromhex("80000d04c0000235")
    address = EndUserAddress.for_ipv4("10.45.0.9")
    ggsn_updates(active, qos=None, tft=TFT, pco=pco, end_user_address=address)
    request = active.heard(sm.ModifyPdpContextRequestDownlink)
    assert (request.tft, request.pco, request.pdp_address.ipv4) == (TFT, pco, "10.45.0.9")
    assert request.qos == MORE[1:]
    active.say(sm.ModifyPdpContextAcceptUplink(TI))
    assert context(active).address == "10.45.0.9"


@pytest.mark.parametrize("changes", [{"qos": None}, {"qos": MORE}])
def test_what_the_mobile_need_not_know_is_granted_at_once(active, changes):
    """An Update that changes nothing on the radio side is answered without the mobile."""
    ggsn_updates(active, direct_tunnel_flags=4, **changes)
    assert active.sent(UpdatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    at_rest(active)


@pytest.mark.parametrize(
    ("sm_cause", "gtp_cause"),
    [(26, 199), (32, 200), (41, 215), (42, 216), (44, 217), (45, 218), (31, 197), (111, 197)],
)
def test_the_mobile_rejects(active, sm_cause, gtp_cause):
    """The GGSN hears the cause in its own numbers, and the context stays as it was."""
    ggsn_updates(active)
    active.heard(sm.ModifyPdpContextRequestDownlink)
    active.say(sm.ModifyPdpContextReject(TI, sm_cause))
    response = active.sent(UpdatePdpContextResponse)
    assert (response.cause, response.qos, response.teid_data) == (gtp_cause, None, None)
    assert context(active).qos == MORE
    assert failed(active) == (ModifiedBy.GGSN, sm_cause, gtp_cause)
    at_rest(active)


@pytest.mark.clause("24.008 §6.1.3.3.4", "expiry of T3386")
def test_the_mobile_is_silent(active):
    """T3386 expires five times, eight seconds apart; the GGSN hears 196."""
    ggsn_updates(active)
    active.run(39.9)
    assert len(active.to_mobiles[active.IMSI]) == 5
    assert not active.gtp
    active.run(0.2)
    assert active.sent(UpdatePdpContextResponse).cause is Cause.MS_NOT_GPRS_RESPONDING
    assert failed(active) == (ModifiedBy.GGSN, None, Cause.MS_NOT_GPRS_RESPONDING)
    active.to_mobiles.clear()
    at_rest(active)


def test_a_repeated_update_is_not_asked_twice(active):
    """However long the mobile takes, the GGSN's retransmissions change nothing."""
    sequence = active.ggsn_asks(
        UpdatePdpContextRequest(teid=context(active).teid_control, nsapi=5, qos=LESS)
    )
    for _ in range(7):
        active.run(5)
        active.from_ggsn(
            UpdatePdpContextRequest(
                teid=context(active).teid_control, nsapi=5, qos=LESS, sequence=sequence
            )
        )
    assert len(active.to_mobiles[active.IMSI]) == 5
    active.run(10)
    active.sent(UpdatePdpContextResponse)
    active.to_mobiles.clear()
    at_rest(active)


def test_a_late_or_repeated_accept_is_passed_over(active):
    """A mobile that answers each transmission of the request confuses nobody."""
    ggsn_updates(active)
    active.run(8)
    active.say(sm.ModifyPdpContextAcceptUplink(TI))
    active.say(sm.ModifyPdpContextAcceptUplink(TI))
    active.say(sm.ModifyPdpContextReject(TI, 26))
    active.sent(UpdatePdpContextResponse)
    active.to_mobiles.clear()
    at_rest(active)
    assert active.sgsn.counters["modify_answers_late"] == 2


@pytest.mark.parametrize("changes", [{"nsapi": 6}, {"teid": 0x999}])
def test_an_unknown_context_is_non_existent(active, changes):
    """Cause 192, to the GGSN's TEID where the tunnel is known."""
    teid = 0 if "teid" in changes else context(active).remote_teid_control
    ggsn_updates(active, **changes)
    response = active.sent(UpdatePdpContextResponse)
    assert (response.cause, response.teid) == (Cause.NON_EXISTENT, teid)


def test_a_context_that_is_being_created_cannot_be_changed(attached):
    """An Update that overtakes the Create PDP Context Response is refused."""
    attached.say(attached.activate_request())
    create = attached.sent(CreatePdpContextRequest)
    ggsn_updates(attached)
    assert attached.sent(UpdatePdpContextResponse).cause is Cause.SYSTEM_FAILURE
    attached.from_ggsn(attached.created(create))
    attached.heard(sm.ActivatePdpContextAccept)
    at_rest(attached)


@pytest.mark.parametrize(("cause", "gtp_cause"), [(97, 200), (101, 197)])
def test_the_mobile_answers_with_sm_status(active, cause, gtp_cause):
    """A mobile that does not understand a change keeps its context without it."""
    ggsn_updates(active)
    active.heard(sm.ModifyPdpContextRequestDownlink)
    active.say(sm.SmStatus(TI, cause))
    assert active.sent(UpdatePdpContextResponse).cause == gtp_cause
    at_rest(active)


def test_the_mobile_does_not_know_the_context(active):
    """SM STATUS 81 ends the context: 192 to the GGSN, and a Delete."""
    ggsn_updates(active)
    active.heard(sm.ModifyPdpContextRequestDownlink)
    active.say(sm.SmStatus(TI, 81))
    assert active.sent(UpdatePdpContextResponse).cause is Cause.NON_EXISTENT
    active.sent(DeletePdpContextRequest)


def test_a_second_update_waits_for_the_first(active):
    """The mobile is asked for one change at a time, in order."""
    ggsn_updates(active)
    active.heard(sm.ModifyPdpContextRequestDownlink)
    ggsn_updates(active, qos=MORE)
    assert active.silent()
    active.say(sm.ModifyPdpContextAcceptUplink(TI))
    assert active.sent(UpdatePdpContextResponse).qos == LESS
    assert active.heard(sm.ModifyPdpContextRequestDownlink).qos == MORE[1:]
    active.say(sm.ModifyPdpContextAcceptUplink(TI))
    assert active.sent(UpdatePdpContextResponse).qos == MORE
    at_rest(active)


# -- crossings with deactivation and detach ------------------------------------------------------


@pytest.mark.clause("24.008 §6.1.3.4.3", "deactivation crosses a modification")
def test_the_mobile_deactivates_meanwhile(active):
    """The deactivation goes on; the GGSN hears 192 for this change and for one that waited."""
    ggsn_updates(active)
    ggsn_updates(active, qos=MORE)
    active.heard(sm.ModifyPdpContextRequestDownlink)
    active.say(sm.DeactivatePdpContextRequest(TI))
    for _ in range(2):
        assert active.sent(UpdatePdpContextResponse).cause is Cause.NON_EXISTENT
    delete = active.sent(DeletePdpContextRequest)
    active.from_ggsn(
        DeletePdpContextResponse(sequence=delete.sequence, cause=Cause.REQUEST_ACCEPTED)
    )
    active.heard(sm.DeactivatePdpContextAccept)
    at_rest(active)


def test_the_ggsn_deletes_meanwhile(active):
    """Delete and Update are both answered, and the mobile is deactivated."""
    ggsn_updates(active)
    active.heard(sm.ModifyPdpContextRequestDownlink)
    active.ggsn_asks(DeletePdpContextRequest(teid=context(active).teid_control, nsapi=5))
    active.sent(DeletePdpContextResponse)
    assert active.sent(UpdatePdpContextResponse).cause is Cause.NON_EXISTENT
    active.heard(sm.DeactivatePdpContextRequest)
    active.say(sm.ModifyPdpContextAcceptUplink(TI))
    active.say(sm.DeactivatePdpContextAccept(TI))
    at_rest(active)


def test_the_mobile_detaches_meanwhile(active):
    """The detach takes everything with it."""
    ggsn_updates(active)
    active.heard(sm.ModifyPdpContextRequestDownlink)
    active.say(gmm.DetachRequestUplink())
    assert active.sent(UpdatePdpContextResponse).cause is Cause.NON_EXISTENT
    delete = active.sent(DeletePdpContextRequest)
    active.from_ggsn(
        DeletePdpContextResponse(sequence=delete.sequence, cause=Cause.REQUEST_ACCEPTED)
    )
    active.heard(gmm.DetachAcceptDownlink)
    at_rest(active)


# -- wanted by the mobile ----------------------------------------------------------------------


def mobile_asks(around, **changes):
    """The mobile asks to change its context."""
    around.say(sm.ModifyPdpContextRequestUplink(TI, **({"qos": LESS[1:]} | changes)))


@pytest.mark.clause("23.060 §9.2.3.3", "MS-initiated PDP context modification")
@pytest.mark.clause("24.008 §6.1.3.3.2", "PDP context modification by the mobile")
def test_the_mobile_changes_qos_and_template(active):
    """The GGSN is asked for both; what it grants is what the mobile hears."""
    before = context(active)
    mobile_asks(active, tft=TFT)
    update = active.sent(UpdatePdpContextRequest)
    assert (update.teid, update.nsapi, update.teid_data) == (
        before.remote_teid_control,
        5,
        before.teid_data,
    )
    assert (update.qos, update.tft, update.sgsn_address_user) == (LESS, TFT, active.SGSN)
    assert update.lacking_from_sgsn() is None
    lower = LESS[:6] + b"\x20" + LESS[7:]
    updated(active, update, qos=lower)
    accept = active.heard(sm.ModifyPdpContextAcceptDownlink)
    assert (accept.ti, accept.qos, accept.llc_sapi) == (TI.mirrored, lower[1:], 3)
    assert active.events() == [
        PdpContextModified(active.IMSI, active.APN, 5, ModifiedBy.MOBILE, lower)
    ]
    at_rest(active)


def test_the_ggsn_moves_with_the_update(active):
    """New TEIDs and addresses in the response are used from then on."""
    mobile_asks(active)
    update = active.sent(UpdatePdpContextRequest)
    updated(
        active,
        update,
        teid_data=0x777,
        teid_control=0x666,
        gsn_addresses=(active.OTHER_GGSN, active.OTHER_GGSN),
    )
    view = context(active)
    assert (view.remote_teid_data, view.remote_teid_control) == (0x777, 0x666)
    assert (view.ggsn_control, view.ggsn_user) == (active.OTHER_GGSN, active.OTHER_GGSN)


@pytest.mark.clause("24.008 §6.1.3.3.3", "modification not accepted by the network")
@pytest.mark.parametrize(
    ("gtp_cause", "sm_cause"),
    [
        *[(199, 26), (200, 32), (204, 38), (215, 41), (216, 42)],
        *[(217, 44), (218, 45), (228, 56), (197, 111)],
    ],
)
def test_the_ggsn_refuses(active, gtp_cause, sm_cause):
    """The mobile hears the cause in its own numbers, and the context stays as it was."""
    mobile_asks(active)
    updated(active, active.sent(UpdatePdpContextRequest), Cause(gtp_cause))
    assert active.heard(sm.ModifyPdpContextReject).cause == sm_cause
    assert failed(active) == (ModifiedBy.MOBILE, sm_cause, gtp_cause)
    assert context(active).qos == MORE
    at_rest(active)


def test_the_ggsn_is_silent(active):
    """N3-REQUESTS later the mobile is rejected with 38."""
    mobile_asks(active)
    active.run(25)
    assert len(active.gtp) == 5
    active.gtp.clear()
    assert active.heard(sm.ModifyPdpContextReject).cause == 38
    assert failed(active) == (ModifiedBy.MOBILE, 38, None)
    at_rest(active)


def test_the_ggsn_does_not_know_the_context(active):
    """192 deactivates the context, and the mobile may activate it anew."""
    mobile_asks(active)
    updated(active, active.sent(UpdatePdpContextRequest), Cause.NON_EXISTENT)
    assert active.heard(sm.DeactivatePdpContextRequest).cause == 39
    (event,) = active.events(PdpContextDeactivated)
    assert event.reason is DeactivationReason.UNKNOWN_TO_GGSN
    active.say(sm.DeactivatePdpContextAccept(TI))
    at_rest(active)


def test_the_mobile_repeats_itself(active):
    """A request that comes again while the GGSN is asked is passed over."""
    mobile_asks(active)
    mobile_asks(active)
    update = active.sent(UpdatePdpContextRequest)
    assert not active.gtp
    updated(active, update)
    active.heard(sm.ModifyPdpContextAcceptDownlink)
    at_rest(active)


def test_an_unknown_context_gets_sm_status(attached):
    """Modify for an unknown TI: SM STATUS 81 (TS 24.008 §8.3)."""
    attached.say(sm.ModifyPdpContextRequestUplink(sm.TransactionIdentifier(3)))
    assert attached.heard(sm.SmStatus).cause == 81
    attached.say(sm.ModifyPdpContextAcceptUplink(sm.TransactionIdentifier(3)))
    assert attached.heard(sm.SmStatus).cause == 81


def test_a_context_that_is_not_active_yet_gets_sm_status(attached):
    """Modify before the Accept is incompatible with the state."""
    attached.say(attached.activate_request())
    mobile_asks(attached)
    assert attached.heard(sm.SmStatus).cause == 101


def test_a_context_that_is_being_deactivated_is_not_modified(active):
    """A mobile that asks while it is told to deactivate is told so again, not answered."""
    active.command("deactivate", active.IMSI, 5)
    active.heard(sm.DeactivatePdpContextRequest)
    mobile_asks(active)
    assert active.silent()


# -- crossings of two modifications -----------------------------------------------------------


@pytest.mark.clause("24.008 §6.1.3.3.4", "collision of two modifications")
def test_the_networks_modification_takes_precedence(active):
    """The mobile's request is ignored while it is asked itself."""
    ggsn_updates(active)
    active.heard(sm.ModifyPdpContextRequestDownlink)
    mobile_asks(active, qos=MORE[1:])
    assert active.silent()
    assert not active.gtp
    active.say(sm.ModifyPdpContextAcceptUplink(TI))
    assert active.sent(UpdatePdpContextResponse).qos == LESS
    at_rest(active)


@pytest.mark.parametrize("cause", [Cause.REQUEST_ACCEPTED, Cause(228)])
def test_updates_cross_on_gn(active, cause):
    """The mobile's change ends one way or the other; then the GGSN's has its turn."""
    mobile_asks(active)
    update = active.sent(UpdatePdpContextRequest)
    ggsn_updates(active, tft=TFT)
    assert active.silent()
    updated(active, update, cause)
    accepted = cause.is_acceptance
    kind = sm.ModifyPdpContextAcceptDownlink if accepted else sm.ModifyPdpContextReject
    active.heard(kind)
    assert active.heard(sm.ModifyPdpContextRequestDownlink).tft == TFT
    active.say(sm.ModifyPdpContextAcceptUplink(TI))
    assert active.sent(UpdatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    at_rest(active)


def test_the_mobile_deactivates_while_the_ggsn_is_asked(active):
    """The GGSN's answer comes too late and is passed over."""
    mobile_asks(active)
    update = active.sent(UpdatePdpContextRequest)
    view = context(active)
    active.say(sm.DeactivatePdpContextRequest(TI))
    delete = active.sent(DeletePdpContextRequest)
    active.from_ggsn(
        UpdatePdpContextResponse(
            teid=view.teid_control, sequence=update.sequence, cause=Cause.NON_EXISTENT
        )
    )
    active.from_ggsn(
        DeletePdpContextResponse(sequence=delete.sequence, cause=Cause.REQUEST_ACCEPTED)
    )
    active.heard(sm.DeactivatePdpContextAccept)
    at_rest(active)


# -- wanted by the SGSN ------------------------------------------------------------------------


@pytest.mark.clause("23.060 §9.2.3.1", "SGSN-initiated PDP context modification")
def test_the_sgsn_changes_the_qos(active):
    """First the GGSN, then the mobile; what the GGSN grants counts."""
    assert active.command("modify", active.IMSI, 5, LESS)
    update = active.sent(UpdatePdpContextRequest)
    assert update.qos == LESS
    updated(active, update)
    assert active.heard(sm.ModifyPdpContextRequestDownlink).qos == LESS[1:]
    active.say(sm.ModifyPdpContextAcceptUplink(TI))
    assert active.events() == [
        PdpContextModified(active.IMSI, active.APN, 5, ModifiedBy.SGSN, LESS)
    ]
    assert context(active).qos == LESS
    at_rest(active)


def test_a_ggsn_that_grants_nothing_new_leaves_the_mobile_alone(active):
    """Where the QoS stays as it was, the mobile has nothing to learn."""
    active.command("modify", active.IMSI, 5, LESS)
    updated(active, active.sent(UpdatePdpContextRequest), qos=MORE)
    at_rest(active)


def test_the_mobile_rejects_what_the_sgsn_wants(active):
    """The GGSN is told to go on with the old QoS."""
    active.command("modify", active.IMSI, 5, LESS)
    updated(active, active.sent(UpdatePdpContextRequest))
    active.heard(sm.ModifyPdpContextRequestDownlink)
    active.say(sm.ModifyPdpContextReject(TI, 26))
    update = active.sent(UpdatePdpContextRequest)
    assert update.qos == MORE
    updated(active, update)
    assert failed(active) == (ModifiedBy.SGSN, 26, None)
    at_rest(active)


def test_the_ggsn_refuses_what_the_sgsn_wants(active):
    """The mobile hears nothing of it."""
    active.command("modify", active.IMSI, 5, LESS)
    updated(active, active.sent(UpdatePdpContextRequest), Cause.NO_RESOURCES_AVAILABLE)
    assert failed(active) == (ModifiedBy.SGSN, None, Cause.NO_RESOURCES_AVAILABLE)
    at_rest(active)


def test_only_an_active_context_is_modified(attached):
    """The command says so."""
    assert not attached.command("modify", attached.IMSI, 5, LESS)
    assert not attached.command("modify", "1234567", 5, LESS)
    with pytest.raises(ValueError, match="octets"):
        attached.command("modify", attached.IMSI, 5, b"\x02\x0b")


# -- what is subscribed ------------------------------------------------------------------------


def subscribe(around, qos):
    """The HLR inserts a subscription with that QoS."""
    around.from_hlr(
        GsupMessage(
            MessageType.INSERT_SUBSCRIBER_DATA_REQUEST,
            around.IMSI,
            pdp_info_complete=True,
            pdp_info=(PdpInfo(1, None, around.APN, qos),),
        )
    )


@pytest.mark.clause("23.060 §6.11.1.1", "subscriber data changes an active context")
@pytest.mark.parametrize("qos", [LESS, LESS[1:]])
def test_a_lesser_subscription_changes_active_contexts(active, qos):
    """What the HLR no longer grants is taken back from GGSN and mobile."""
    subscribe(active, qos)
    update = active.sent(UpdatePdpContextRequest)
    assert update.qos == LESS
    updated(active, update)
    active.heard(sm.ModifyPdpContextRequestDownlink)
    active.say(sm.ModifyPdpContextAcceptUplink(TI))
    assert context(active).qos == LESS
    at_rest(active)


def test_an_activation_gets_no_more_than_is_subscribed(attached):
    """The Create PDP Context Request asks for the lower of both."""
    subscribe(attached, LESS)
    attached.say(attached.activate_request())
    assert attached.sent(CreatePdpContextRequest).qos == LESS


@pytest.mark.parametrize("asked", [bytes(11), bytes(3)])
def test_subscribed_qos_is_what_is_subscribed(attached, asked):
    """A mobile that leaves it to the subscription gets exactly that."""
    subscribe(attached, b"\x03" + LESS[1:])
    attached.say(attached.activate_request(qos=asked))
    assert attached.sent(CreatePdpContextRequest).qos == b"\x03" + LESS[1:]


def test_no_modification_gets_more_than_is_subscribed(attached):
    """Neither the mobile nor the GGSN can raise the QoS above the subscription."""
    subscribe(attached, LESS)
    attached.activate()
    mobile_asks(attached, qos=MORE[1:])
    update = attached.sent(UpdatePdpContextRequest)
    assert update.qos == LESS
    updated(attached, update)
    attached.heard(sm.ModifyPdpContextAcceptDownlink)
    ggsn_updates(attached, qos=MORE)
    assert attached.sent(UpdatePdpContextResponse).qos == LESS
    at_rest(attached)
