"""PDP context activation by the mobile (TS 24.008 §6.1.3.1): success, refusals, crossings."""

from dataclasses import replace

import pytest

from corenet.interfaces.gsup import GsupMessage, MessageType, PdpInfo
from corenet.interfaces.gsup import PdpAddress as GsupAddress
from corenet.interfaces.gsup import PdpType as GsupType
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.elements import PdpAddress, PdpType
from corenet.sgsn.events import (
    ActivationRefused,
    DeactivationReason,
    PdpContextActivated,
    PdpContextDeactivated,
    PdpState,
)
from gtp.constants import Cause
from gtp.ies.values import EndUserAddress
from gtp.messages import (
    CreatePdpContextRequest,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
)


def subscribe(around, *contexts):
    """Give the mobile another subscription."""
    around.from_hlr(
        GsupMessage(
            MessageType.INSERT_SUBSCRIBER_DATA_REQUEST,
            around.IMSI,
            pdp_info_complete=True,
            pdp_info=contexts,
        )
    )


def delete_answered(around, delete, cause=Cause.REQUEST_ACCEPTED):
    """The GGSN has deleted."""
    around.from_ggsn(DeletePdpContextResponse(sequence=delete.sequence, cause=cause))


# -- success ---------------------------------------------------------------------------------


@pytest.mark.clause("24.008 §6.1.3.1.1", "activation by the MS")
def test_the_mobile_activates(attached):
    """Activate, Create, Accept; the context is there with both ends' TEIDs."""
    attached.say(attached.activate_request(pco=b"\x80\x21\x10"))
    create = attached.sent(CreatePdpContextRequest)
    assert create.pco == b"\x80\x21\x10"
    response = attached.created(create, pco=b"\x80\x80")
    (creating,) = attached.sgsn.mm_context(attached.IMSI).contexts
    assert creating.state is PdpState.CREATING
    attached.from_ggsn(response)
    accept = attached.heard(sm.ActivatePdpContextAccept)
    assert accept.ti == sm.TransactionIdentifier(0, True)
    assert (accept.pco, accept.llc_sapi, accept.cause) == (b"\x80\x80", 3, None)
    assert attached.events() == [
        PdpContextActivated(attached.IMSI, attached.APN, 5, attached.ADDRESS, attached.GGSN, False)
    ]
    (context,) = attached.sgsn.mm_context(attached.IMSI).contexts
    assert context.state is PdpState.ACTIVE
    assert (context.ggsn_control, context.ggsn_user) == (attached.GGSN, attached.GGSN)
    assert (context.teid_control, context.teid_data) == (create.teid_control, create.teid_data)
    assert context.remote_teid_control == response.teid_control
    assert context.remote_teid_data == response.teid_data
    assert attached.sgsn.next_timeout() is None


@pytest.mark.clause("23.060 §9.2.2.1", "further contexts of a mobile share its control tunnel")
def test_the_second_context_uses_the_known_teid(attached):
    """Further contexts of a mobile on a GGSN share its control tunnel (TS 29.060 §6)."""
    attached.apns.append("web.example")
    attached.static = None
    attached.run(10)
    attached.attach()
    dynamic = PdpAddress.dynamic_ipv4()
    address = EndUserAddress.for_ipv4("10.45.0.30")
    attached.say(attached.activate_request(pdp_address=dynamic))
    first = attached.sent(CreatePdpContextRequest)
    response = attached.created(first, end_user_address=address)
    attached.from_ggsn(response)
    attached.say(attached.activate_request(ti=1, nsapi=6, apn="web.example", pdp_address=dynamic))
    second = attached.sent(CreatePdpContextRequest)
    assert second.teid == response.teid_control
    assert second.teid_control == first.teid_control
    assert second.teid_data != first.teid_data
    assert second.recovery is None
    attached.from_ggsn(
        attached.created(second, teid_control=None, ggsn_address_control="192.0.2.8")
    )
    views = attached.sgsn.mm_context(attached.IMSI).contexts
    assert [view.remote_teid_control for view in views] == [response.teid_control] * 2
    assert {view.ggsn_control for view in views} == {"192.0.2.8"}


def test_another_ggsn_is_another_tunnel(surrounding):
    """Contexts on different GGSNs have control tunnels of their own."""
    around = surrounding(ggsns={"wap.example": ("192.0.2.1",), "*": ("192.0.2.9",)})
    around.apns.append("*")
    around.attach()
    around.activate()
    around.say(
        around.activate_request(
            ti=1, nsapi=6, apn="any.example", pdp_address=PdpAddress.dynamic_ipv4()
        )
    )
    create = around.sent(CreatePdpContextRequest, ("192.0.2.9", 2123))
    assert create.teid == 0
    assert create.selection_mode == 1


@pytest.mark.clause("23.060 §9.2.1", "access point by subscription (annex A)")
def test_the_only_subscribed_apn_is_taken(attached):
    """A mobile that names no APN gets the one it is subscribed to."""
    attached.say(attached.activate_request(apn=None))
    create = attached.sent(CreatePdpContextRequest)
    assert create.apn == attached.APN


def test_capitals_do_not_matter(surrounding):
    """Neither in the configuration nor in the subscription."""
    around = surrounding(ggsns={"WAP.Example": ("192.0.2.1",)})
    around.apns = ["Wap.EXAMPLE"]
    around.attach()
    around.say(around.activate_request(apn=None))
    assert around.sent(CreatePdpContextRequest).apn == "wap.example"


def test_the_operator_identifier_does_not_matter(attached):
    """An APN may come in capitals and with its operator identifier."""
    attached.say(attached.activate_request(apn="WAP.example.mnc015.mcc234.gprs"))
    assert attached.sent(CreatePdpContextRequest).apn == attached.APN


def test_the_subscribed_charging_characteristics_are_passed_on(attached):
    """What the HLR says of charging goes to the GGSN."""
    subscribe(attached, PdpInfo(1, apn=attached.APN, charging_characteristics=b"\x08\x00"))
    attached.say(attached.activate_request())
    assert attached.sent(CreatePdpContextRequest).charging_characteristics == 0x0800


def test_the_subscribed_quality_of_service_becomes_a_concrete_one(attached):
    """A mobile that leaves QoS to its subscription gets the background class."""
    attached.say(attached.activate_request(qos=sm.SUBSCRIBED_QOS))
    create = attached.sent(CreatePdpContextRequest)
    assert create.qos == b"\x02" + attached.QOS
    attached.from_ggsn(attached.created(create))
    assert attached.heard(sm.ActivatePdpContextAccept).qos == attached.QOS


def test_a_static_ipv6_address_of_the_subscription(attached):
    """A dynamic request for IPv6 gets the subscribed address, one for IPv4 does not."""
    address = GsupAddress(GsupType.IPV6, "2001:db8::7")
    subscribe(attached, PdpInfo(1, address, attached.APN))
    attached.say(attached.activate_request(pdp_address=PdpAddress(PdpType.IPV6)))
    assert attached.sent(CreatePdpContextRequest).end_user_address.ipv6 == "2001:db8::7"
    attached.say(attached.activate_request(ti=1, nsapi=6, pdp_address=PdpAddress.dynamic_ipv4()))
    assert attached.sent(CreatePdpContextRequest).end_user_address.is_dynamic


@pytest.mark.parametrize(
    ("gtp_cause", "address", "sm_cause"),
    [
        (129, EndUserAddress.for_ipv4("10.45.0.7"), 50),
        (129, EndUserAddress.for_ipv6("2001:db8::7"), 51),
        (130, EndUserAddress.for_ipv4("10.45.0.7"), 52),
    ],
)
@pytest.mark.clause("24.008 §6.1.3.1.1", "another PDP type than was asked for, SM causes 50 to 52")
def test_another_pdp_type_than_asked_for(attached, gtp_cause, address, sm_cause):
    """Causes 129 and 130 accept; the mobile is told why the type is another."""
    attached.static = None
    attached.run(10)
    attached.attach()
    attached.say(attached.activate_request(pdp_address=PdpAddress(PdpType.IPV4V6)))
    create = attached.sent(CreatePdpContextRequest)
    attached.from_ggsn(attached.created(create, cause=Cause(gtp_cause), end_user_address=address))
    accept = attached.heard(sm.ActivatePdpContextAccept)
    assert accept.cause == sm_cause
    assert str(accept.pdp_address) == (address.ipv4 or address.ipv6)


def test_an_address_of_both_families(attached):
    """IPv4v6 addresses pass between the two encodings."""
    attached.static = None
    attached.run(10)
    attached.attach()
    attached.say(attached.activate_request(pdp_address=PdpAddress(PdpType.IPV4V6)))
    create = attached.sent(CreatePdpContextRequest)
    both = EndUserAddress.for_both("10.45.0.7", "2001:db8::7")
    attached.from_ggsn(attached.created(create, end_user_address=both))
    address = attached.heard(sm.ActivatePdpContextAccept).pdp_address
    assert (address.ipv4, address.ipv6) == ("10.45.0.7", "2001:db8::7")


def test_a_ggsn_may_use_a_control_teid_per_context(attached):
    """Each context is deleted with the TEID that came with it."""
    subscribe(attached, PdpInfo(1, apn=attached.APN), PdpInfo(2, apn="web.example"))
    first = attached.activate()
    second = attached.activate(ti=1, nsapi=6, apn="web.example")
    assert first.teid_control != second.teid_control
    for ti, response in ((0, first), (1, second)):
        attached.say(sm.DeactivatePdpContextRequest(sm.TransactionIdentifier(ti)))
        delete = attached.sent(DeletePdpContextRequest)
        assert delete.teid == response.teid_control
        delete_answered(attached, delete)


# -- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"nsapi": 4}, 96),
        ({"pdp_address": PdpAddress(0x01, b"", organisation=0)}, 28),
        ({"pdp_address": PdpAddress.for_ipv4("10.45.0.99")}, 28),
        ({"apn": "other.example"}, 33),
    ],
)
def test_the_sgsn_refuses(attached, changes, cause):
    """What is not subscribed, or not possible, never reaches the GGSN."""
    attached.say(attached.activate_request(**changes))
    reject = attached.heard(sm.ActivatePdpContextReject)
    assert reject == sm.ActivatePdpContextReject(sm.TransactionIdentifier(0, True), cause)
    (refused,) = attached.events()
    assert isinstance(refused, ActivationRefused)
    assert (refused.sm_cause, refused.gtp_cause) == (cause, None)
    assert not attached.gtp
    assert attached.sgsn.mm_context(attached.IMSI).contexts == ()
    assert attached.sgsn.next_timeout() is None


def test_no_apn_and_several_subscribed(attached):
    """SM cause 27 where there is nothing to choose by."""
    subscribe(attached, PdpInfo(1, apn=attached.APN), PdpInfo(2, apn="web.example"))
    attached.say(attached.activate_request(apn=None))
    assert attached.heard(sm.ActivatePdpContextReject).cause == 27


def test_an_apn_without_ggsn(attached):
    """SM cause 27 where the APN is subscribed, but no GGSN is configured for it."""
    subscribe(attached, PdpInfo(1, apn="other.example"))
    attached.say(attached.activate_request(apn="other.example"))
    assert attached.heard(sm.ActivatePdpContextReject).cause == 27


def test_too_many_contexts(surrounding):
    """SM cause 26 beyond the limit."""
    around = surrounding(max_contexts=1)
    around.attach()
    around.activate()
    around.say(around.activate_request(ti=1, nsapi=6))
    assert around.heard(sm.ActivatePdpContextReject).cause == 26


@pytest.mark.parametrize(
    ("gtp_cause", "sm_cause"),
    [
        (193, 38), (201, 38), (202, 38), (203, 38), (204, 38),
        (199, 26), (211, 26), (212, 26), (209, 29), (208, 29), (219, 27), (220, 28),
        (222, 33), (200, 32), (223, 112), (229, 26), (227, 48), (228, 56),
        (192, 31), (231, 31), (250, 31),
    ],
)  # fmt: skip
@pytest.mark.clause("24.008 §6.1.3.1.3", "activation not accepted: an SM cause for each of GTP's")
def test_the_ggsn_refuses(attached, gtp_cause, sm_cause):
    """Each Cause of a refused Create becomes its SM cause, and nothing is left."""
    attached.say(attached.activate_request())
    create = attached.sent(CreatePdpContextRequest)
    attached.from_ggsn(attached.created(create, cause=Cause(gtp_cause), ggsn_back_off_time=None))
    reject = attached.heard(sm.ActivatePdpContextReject)
    assert (reject.cause, reject.back_off_timer) == (sm_cause, None)
    assert attached.events() == [
        ActivationRefused(attached.IMSI, attached.APN, 5, sm_cause, gtp_cause)
    ]
    assert attached.sgsn.mm_context(attached.IMSI).contexts == ()
    assert attached.sgsn.next_timeout() is None
    attached.activate()


@pytest.mark.parametrize(
    ("back_off", "timer"),
    [
        (0b001_00101, 0b101_00101),  # 5 minutes
        (0b000_00001, 0b011_00001),  # 2 seconds
        (0b111_00000, 0b111_00000),  # for ever
        (0b101_00001, None),  # no such unit
    ],
)
def test_the_ggsns_back_off_time_reaches_the_mobile(attached, back_off, timer):
    """GGSN Back-Off Time becomes GPRS timer 3, which counts in other units."""
    attached.say(attached.activate_request())
    create = attached.sent(CreatePdpContextRequest)
    attached.from_ggsn(
        attached.created(create, cause=Cause.APN_CONGESTION, ggsn_back_off_time=back_off)
    )
    assert attached.heard(sm.ActivatePdpContextReject).back_off_timer == timer


@pytest.mark.clause("23.060 §9.2.2.1", "no answer of the GGSN")
def test_the_ggsn_is_silent(attached):
    """After N3-REQUESTS transmissions the mobile is rejected with 38."""
    attached.say(attached.activate_request())
    attached.run(25)
    assert len(attached.gtp) == 5
    assert attached.heard(sm.ActivatePdpContextReject).cause == 38
    assert attached.events(ActivationRefused)[0].gtp_cause is None
    assert attached.sgsn.next_timeout() is None


@pytest.mark.parametrize("missing", ["teid_data", "ggsn_address_user", "teid_control"])
def test_an_acceptance_that_cannot_be_used(attached, missing):
    """Without the GGSN's end of the tunnels the mobile is rejected with 38."""
    attached.say(attached.activate_request())
    create = attached.sent(CreatePdpContextRequest)
    response = attached.created(create)
    setattr(response, missing, None)
    attached.from_ggsn(response)
    assert attached.heard(sm.ActivatePdpContextReject).cause == 38
    assert not attached.gtp
    assert attached.sgsn.mm_context(attached.IMSI).contexts == ()
    assert attached.sgsn.next_timeout() is None


def test_an_unreadable_request(attached):
    """Activate Reject 96, and no trace."""
    attached.say_octets(bytes.fromhex("0a4105"))
    assert attached.heard(sm.ActivatePdpContextReject).cause == 96
    assert attached.sgsn.counters["sm_errors"] == 1


# -- crossings and repetitions ---------------------------------------------------------------


def test_a_repeated_request_while_the_create_is_out_is_ignored(attached):
    """T3380 of the mobile does not make a second Create."""
    attached.say(attached.activate_request())
    attached.sent(CreatePdpContextRequest)
    attached.say(attached.activate_request())
    assert not attached.gtp
    assert attached.silent()


def test_a_repeated_request_gets_the_accept_again(attached):
    """The Accept that was lost is repeated."""
    attached.say(attached.activate_request())
    attached.from_ggsn(attached.created(attached.sent(CreatePdpContextRequest)))
    accept = attached.heard(sm.ActivatePdpContextAccept)
    attached.say(attached.activate_request())
    assert attached.heard(sm.ActivatePdpContextAccept) == accept
    assert not attached.gtp


def test_an_nsapi_used_anew_replaces_the_old_context(active):
    """The old context is deleted first, and the new one created after the answer."""
    active.say(active.activate_request(ti=1))
    delete = active.sent(DeletePdpContextRequest)
    (gone,) = active.events()
    assert isinstance(gone, PdpContextDeactivated)
    assert gone.reason is DeactivationReason.REPLACED
    assert not active.gtp
    delete_answered(active, delete)
    create = active.sent(CreatePdpContextRequest)
    assert create.teid == 0
    active.from_ggsn(active.created(create))
    active.heard(sm.ActivatePdpContextAccept)
    assert active.silent()
    (view,) = active.sgsn.mm_context(active.IMSI).contexts
    assert view.ti == 1


def test_a_transaction_identifier_used_anew_replaces_the_old_context(active):
    """Another NSAPI need not wait for the deletion."""
    active.say(active.activate_request(nsapi=6))
    active.sent(DeletePdpContextRequest)
    active.sent(CreatePdpContextRequest)


def test_a_create_in_vain_is_deleted_before_the_next(attached):
    """A request that replaces one whose Create is out waits for that Create's end."""
    attached.say(attached.activate_request())
    first = attached.sent(CreatePdpContextRequest)
    attached.say(attached.activate_request(ti=1))
    assert not attached.gtp
    attached.from_ggsn(attached.created(first))
    delete = attached.sent(DeletePdpContextRequest)
    assert attached.silent()
    delete_answered(attached, delete)
    attached.from_ggsn(attached.created(attached.sent(CreatePdpContextRequest)))
    accept = attached.heard(sm.ActivatePdpContextAccept)
    assert accept.ti.value == 1
    assert attached.sgsn.next_timeout() is None


def test_a_create_in_vain_that_is_refused_needs_no_delete(attached):
    """The next Create follows at once."""
    attached.say(attached.activate_request())
    first = attached.sent(CreatePdpContextRequest)
    attached.say(attached.activate_request(ti=1))
    attached.from_ggsn(attached.created(first, cause=Cause.SYSTEM_FAILURE))
    attached.sent(CreatePdpContextRequest)
    assert attached.silent()


def test_a_request_that_waits_may_be_replaced_too(active):
    """Of two requests that wait for a deletion only the last one goes on."""
    active.say(active.activate_request(ti=1))
    delete = active.sent(DeletePdpContextRequest)
    active.say(active.activate_request(ti=2))
    delete_answered(active, delete)
    create = active.sent(CreatePdpContextRequest)
    assert not active.gtp
    active.from_ggsn(active.created(create))
    assert active.heard(sm.ActivatePdpContextAccept).ti.value == 2
    assert active.sgsn.next_timeout() is None


def test_the_mobile_detaches_while_the_create_is_out(attached):
    """What the GGSN has created meanwhile is deleted, where it wants to be addressed."""
    attached.say(attached.activate_request())
    create = attached.sent(CreatePdpContextRequest)
    attached.say(gmm.DetachRequestUplink())
    assert attached.silent()
    attached.from_ggsn(attached.created(create, ggsn_address_control="192.0.2.8"))
    delete = attached.sent(DeletePdpContextRequest, ("192.0.2.8", 2123))
    attached.from_ggsn(
        DeletePdpContextResponse(sequence=delete.sequence, cause=Cause.REQUEST_ACCEPTED),
        ("192.0.2.8", 2123),
    )
    attached.heard(gmm.DetachAcceptDownlink)
    assert attached.events(PdpContextActivated) == []
    assert attached.sgsn.next_timeout() is None


def test_teids_are_never_zero_nor_reused_soon(attached):
    """Each Create has new TEIDs."""
    teids = []
    for _ in range(3):
        attached.say(attached.activate_request())
        create = attached.sent(CreatePdpContextRequest)
        teids += [create.teid_control, create.teid_data]
        attached.from_ggsn(attached.created(create, cause=Cause.SYSTEM_FAILURE))
    assert len(set(teids)) == 6
    assert 0 not in teids


def test_views_are_values(active):
    """A view does not change with the context."""
    view = active.sgsn.mm_context(active.IMSI)
    active.say(gmm.DetachRequestUplink(power_off=True))
    assert view.contexts[0].state is PdpState.ACTIVE
    assert replace(view, mnrg=True) != view
