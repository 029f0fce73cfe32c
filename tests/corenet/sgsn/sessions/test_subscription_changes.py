"""PDP contexts when the HLR changes the subscription (TS 23.060 §6.11.1)."""

import pytest

from corenet.interfaces.gsup import CancelType, CnDomain, GsupMessage, MessageType, PdpInfo, PdpType
from corenet.interfaces.gsup import PdpAddress as GsupAddress
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.causes import GmmCause, SmCause
from corenet.interfaces.nas.elements import PdpAddress
from corenet.sgsn.events import DeactivationReason, PdpContextDeactivated, PdpState
from gtp.messages import (
    CreatePdpContextRequest,
    DeletePdpContextRequest,
)


def insert(around, *profiles):
    """The HLR inserts what is subscribed from now on, as APN and static address."""
    around.from_hlr(
        GsupMessage(
            MessageType.INSERT_SUBSCRIBER_DATA_REQUEST,
            around.IMSI,
            pdp_info_complete=True,
            pdp_info=tuple(
                PdpInfo(number, GsupAddress(PdpType.IPV4, address), apn)
                for number, (apn, address) in enumerate(profiles)
            ),
        )
    )
    around.told_hlr(MessageType.INSERT_SUBSCRIBER_DATA_RESULT)


@pytest.mark.clause("23.060 §6.11.1.1", "contexts that are not subscribed any more end")
@pytest.mark.parametrize(
    "profiles",
    [(), (("web.example", None),), (("wap.example", "10.45.0.99"),)],
    ids=["nothing", "another access point", "another address"],
)
def test_what_is_not_subscribed_any_more_ends(active, profiles):
    """GGSN and mobile are told; the mobile hears operator determined barring."""
    insert(active, *profiles)
    assert active.heard(sm.DeactivatePdpContextRequest).cause == SmCause.OPERATOR_DETERMINED_BARRING
    assert active.sent(DeletePdpContextRequest).teardown
    (event,) = active.events(PdpContextDeactivated)
    assert event.reason is DeactivationReason.SUBSCRIPTION
    (context,) = active.sgsn.mm_context(active.IMSI).contexts
    assert context.state is PdpState.DEACTIVATING


@pytest.mark.parametrize(
    "profiles",
    [
        (("wap.example", "10.45.0.7"),),
        (("*", None),),
        (("web.example", None), ("WAP.example", None)),
    ],
)
def test_what_is_subscribed_still_goes_on(active, profiles):
    """By its name, or by the wildcard."""
    insert(active, *profiles)
    assert active.silent()
    assert not active.gtp
    assert active.sgsn.mm_context(active.IMSI).contexts[0].state is PdpState.ACTIVE


def test_an_activation_that_is_not_subscribed_any_more_is_refused(attached):
    """The Create that is under way is deleted if it succeeds."""
    attached.say(attached.activate_request())
    create = attached.sent(CreatePdpContextRequest)
    insert(attached)
    attached.heard(sm.ActivatePdpContextReject)
    assert attached.sgsn.mm_context(attached.IMSI).contexts == ()
    attached.from_ggsn(attached.created(create))
    attached.sent(DeletePdpContextRequest)


def test_a_context_that_ends_already_is_left_alone(active):
    """What is being deactivated is not deactivated twice."""
    active.command("deactivate", active.IMSI, 5)
    active.heard(sm.DeactivatePdpContextRequest)
    active.gtp.clear()
    insert(active)
    assert active.silent()
    assert not active.gtp


@pytest.mark.clause("29.002 §8.1.3", "Cancel Location, subscription withdrawn: the MS is detached")
def test_a_subscription_that_is_withdrawn_detaches_the_mobile(active):
    """The mobile hears that GPRS services are not allowed."""
    active.from_hlr(
        GsupMessage(
            MessageType.LOCATION_CANCEL_REQUEST,
            active.IMSI,
            cancel_type=CancelType.SUBSCRIPTION_WITHDRAW,
        )
    )
    detach = active.heard(gmm.DetachRequestDownlink)
    assert detach.cause == GmmCause.GPRS_SERVICES_NOT_ALLOWED
    active.sent(DeletePdpContextRequest)


# -- Delete Subscriber Data ------------------------------------------------------------------


def delete(around, *context_ids, imsi=None, cn_domain=CnDomain.PS):
    """The HLR deletes contexts, or all GPRS data."""
    around.from_hlr(
        GsupMessage(
            MessageType.DELETE_SUBSCRIBER_DATA_REQUEST,
            imsi or around.IMSI,
            pdp_context_ids=context_ids,
            cn_domain=cn_domain,
        )
    )


@pytest.mark.clause("23.060 §6.11.1.2", "deleted access points: their contexts end")
def test_contexts_of_a_deleted_access_point_end(around):
    """Those of others go on, and a further one is not to be had."""
    around.apns.append("web.example")
    around.static = None
    around.attach()
    around.activate()
    around.activate(ti=1, nsapi=6, apn="web.example", pdp_address=PdpAddress.dynamic_ipv4())
    delete(around, 0, 9)
    around.told_hlr(MessageType.DELETE_SUBSCRIBER_DATA_RESULT)
    ended = around.heard(sm.DeactivatePdpContextRequest)
    assert (ended.ti.value, ended.cause) == (0, SmCause.OPERATOR_DETERMINED_BARRING)
    assert around.events(PdpContextDeactivated)[0].reason is DeactivationReason.SUBSCRIPTION
    around.say(sm.DeactivatePdpContextAccept(ended.ti.mirrored))
    around.say(around.activate_request(ti=2, nsapi=7))
    refused = around.heard(sm.ActivatePdpContextReject)
    assert refused.cause == SmCause.SERVICE_OPTION_NOT_SUBSCRIBED
    (left,) = around.sgsn.mm_context(around.IMSI).contexts
    assert left.apn == "web.example"


def test_who_may_not_use_gprs_any_more_is_sent_away(active):
    """A deletion that names no context is of all GPRS data: detach with GMM cause 7."""
    delete(active)
    active.told_hlr(MessageType.DELETE_SUBSCRIBER_DATA_RESULT)
    assert active.heard(gmm.DetachRequestDownlink).cause == GmmCause.GPRS_SERVICES_NOT_ALLOWED
    active.sent(DeletePdpContextRequest)
    active.say(gmm.DetachAcceptUplink())
    assert active.sgsn.mm_context(active.IMSI) is None
    active.told_hlr(MessageType.PURGE_MS_REQUEST)


def test_an_attach_ends_with_the_deletion(around):
    """Who is attaching meanwhile is forgotten."""
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=around.IMSI)))
    delete(around)
    assert around.sgsn.mm_context(around.IMSI) is None


def test_a_deletion_for_who_is_not_here_is_refused(attached):
    """The HLR hears that the subscriber is unknown here."""
    delete(attached, 1, imsi="234150000000001")
    told = attached.told_hlr(MessageType.DELETE_SUBSCRIBER_DATA_ERROR)
    assert told.cause == GmmCause.IMSI_UNKNOWN_IN_HLR


def test_a_deletion_of_circuit_switched_data_is_refused(attached):
    """That is a VLR's business."""
    delete(attached, cn_domain=CnDomain.CS)
    attached.told_hlr(MessageType.DELETE_SUBSCRIBER_DATA_ERROR)
    assert attached.silent()
