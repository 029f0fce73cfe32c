"""PDP contexts when the HLR changes the subscription (TS 23.060 §6.11.1)."""

import pytest

from corenet.interfaces.gsup import CancelType, GsupMessage, MessageType, PdpInfo, PdpType
from corenet.interfaces.gsup import PdpAddress as GsupAddress
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.causes import GmmCause, SmCause
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
