"""Routing area update, P-TMSI reallocation, implicit detach (TS 24.008 §4.7.2, §4.7.5, §4.7.6)."""

import pytest

from corenet.interfaces.gsup import CnDomain, GsupMessage, MessageType
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.gprs_timer import encode_timer
from corenet.sgsn.config import RadioTimers, RoutingArea
from corenet.sgsn.events import (
    DeactivationReason,
    DetachReason,
    MmState,
    MobileDetached,
    PdpContextDeactivated,
    PTmsiReallocated,
    Reachability,
    RoutingAreaUpdated,
    RoutingAreaUpdateRefused,
)
from gtp.constants import Cause
from gtp.messages import (
    CreatePdpContextRequest,
    DeletePdpContextRequest,
    PduNotificationResponse,
)

HOME = RoutingArea(cells=(0, 1))
AWAY = RoutingArea(rac=2, cells=(2, 3))
HOME_TEXT, AWAY_TEXT = "234-15-4660-1", "234-15-4660-2"
AREAS = {"routing_areas": (HOME, AWAY)}


@pytest.fixture
def moving(surrounding):
    """A mobile attached in cell 0 of an SGSN with two routing areas of two cells each."""
    around = surrounding(**AREAS)
    around.attach()
    return around


def request(around, **changes):
    """Return the Routing Area Update Request of the mobile that was attached."""
    values = {
        "old_rai": HOME.encode(),
        "p_tmsi": around.given.p_tmsi,
        "p_tmsi_signature": around.given.p_tmsi_signature,
    }
    return gmm.RoutingAreaUpdateRequest(**(values | changes))


# -- success ---------------------------------------------------------------------------------


@pytest.mark.clause("23.060 §6.9.1.2.1", "intra-SGSN routing area update")
@pytest.mark.clause("24.008 §4.7.5.1", "routing area update on movement, T3350")
def test_a_mobile_comes_to_another_area(moving):
    """Request, Accept with a new P-TMSI and signature, Complete."""
    moving.cell = 2
    moving.say(request(moving))
    accept = moving.heard(gmm.RoutingAreaUpdateAccept)
    assert accept.rai == AWAY.encode()
    assert accept.p_tmsi not in (None, moving.given.p_tmsi)
    assert accept.p_tmsi_signature not in (None, moving.given.p_tmsi_signature)
    assert moving.sgsn.under_way["updates"] == 1
    moving.say(gmm.RoutingAreaUpdateComplete())
    view = moving.sgsn.mm_context(moving.IMSI)
    assert (view.rai, view.radio, view.p_tmsi) == (
        AWAY.encode(),
        (moving.IMSI, 2),
        accept.p_tmsi,
    )
    assert moving.events() == [
        RoutingAreaUpdated(moving.IMSI, AWAY_TEXT, False),
        PTmsiReallocated(moving.IMSI, accept.p_tmsi),
    ]
    assert moving.sgsn.next_timeout() is None
    assert moving.silent()


@pytest.mark.clause("23.060 §6.9.3", "periodic routing area update")
@pytest.mark.clause("24.008 §4.7.2.2, §4.7.5.1", "periodic routing area update, T3312")
def test_a_periodic_update(moving):
    """In the same area the P-TMSI stays, and there is nothing to complete."""
    moving.say(request(moving, update_type=gmm.UpdateType.PERIODIC))
    accept = moving.heard(gmm.RoutingAreaUpdateAccept)
    assert (accept.rai, accept.p_tmsi) == (HOME.encode(), None)
    assert accept.periodic_update_timer == encode_timer(3240.0)
    assert moving.events() == [RoutingAreaUpdated(moving.IMSI, HOME_TEXT, True)]
    assert moving.sgsn.next_timeout() is None


def test_the_ready_timer_is_agreed_anew(surrounding):
    """What the request asks for is granted."""
    around = surrounding(**AREAS, radio=RadioTimers())
    around.attach()
    around.say(request(around, ready_timer=encode_timer(6.0)))
    assert around.heard(gmm.RoutingAreaUpdateAccept).ready_timer == encode_timer(6.0)
    around.run(44.1)
    around.say_octets(b"")
    around.run(6.1)
    assert around.sgsn.mm_context(around.IMSI).reachability is Reachability.STANDBY


def test_a_combined_update_is_one_for_gprs(moving):
    """There is no MSC: cause 16 says so."""
    moving.say(request(moving, update_type=gmm.UpdateType.COMBINED))
    assert moving.heard(gmm.RoutingAreaUpdateAccept).cause == 16


@pytest.mark.clause("23.060 §6.9.1.1", "cell update")
def test_another_cell_of_the_same_area(moving):
    """Any frame from there is a cell update: what follows goes there."""
    moving.cell = 1
    moving.say_octets(b"")
    moving.ggsn_asks(moving.notification())
    moving.heard(sm.RequestPdpContextActivation)
    assert moving.frames_to[-1] == (moving.IMSI, 1)
    assert moving.sgsn.mm_context(moving.IMSI).radio == (moving.IMSI, 1)


def test_a_page_goes_to_every_cell_of_the_area(surrounding):
    """In STANDBY nobody knows in which cell the mobile is."""
    around = surrounding(**AREAS, radio=RadioTimers())
    around.attach()
    around.run(44.1)
    around.ggsn_asks(around.notification())
    assert around.frames_to[-2:] == [(around.IMSI, 0), (around.IMSI, 1)]


# -- PDP context status -------------------------------------------------------------------------


def test_a_context_that_the_mobile_has_lost(surrounding):
    """It is deleted at the GGSN; the Accept says which ones are left."""
    around = surrounding(**AREAS)
    around.attach()
    around.activate()
    around.say(request(around, context_status=0))
    assert around.sent(DeletePdpContextRequest).nsapi == 5
    assert around.heard(gmm.RoutingAreaUpdateAccept).context_status == 0
    (ended,) = around.events(PdpContextDeactivated)
    assert ended.reason is DeactivationReason.FORGOTTEN


def test_a_context_that_both_have(surrounding):
    """It stays, and moves with the mobile."""
    around = surrounding(**AREAS)
    around.attach()
    around.activate()
    around.cell = 2
    around.say(request(around, context_status=gmm.context_status([5])))
    assert around.heard(gmm.RoutingAreaUpdateAccept).context_status == 1 << 5
    assert not around.gtp
    assert len(around.sgsn.mm_context(around.IMSI).contexts) == 1


# -- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changes",
    [
        {"p_tmsi": 0xC0000001},
        {"p_tmsi_signature": b"bad"},
        {"p_tmsi_signature": None},
        {"old_rai": RoutingArea(rac=9).encode()},
    ],
)
def test_a_mobile_that_cannot_show_who_it_is(moving, changes):
    """Reject 9 makes it attach; who it claimed to be stays attached."""
    moving.say(request(moving, **changes), "1")
    assert moving.heard(gmm.RoutingAreaUpdateReject, "1").cause == 9
    assert moving.events() == [RoutingAreaUpdateRefused("", 9)]
    assert moving.sgsn.mm_context(moving.IMSI).state is MmState.ATTACHED


def test_a_mobile_that_is_detached(moving):
    """Reject 10 makes it attach with what it has."""
    moving.say(gmm.DetachRequestUplink(power_off=True))
    moving.say(request(moving))
    assert moving.heard(gmm.RoutingAreaUpdateReject).cause == 10


def test_a_request_that_cannot_be_read(moving):
    """Reject 96."""
    moving.say_octets(request(moving).encode()[:6])
    assert moving.heard(gmm.RoutingAreaUpdateReject).cause == 96
    assert moving.events() == [RoutingAreaUpdateRefused(moving.IMSI, 96)]


def test_without_a_p_tmsi_the_link_says_who_it_is(moving):
    """As the TLLI does: a mobile of a real radio network need not name itself."""
    moving.say(request(moving, p_tmsi=None))
    moving.heard(gmm.RoutingAreaUpdateAccept)


# -- timeouts -----------------------------------------------------------------------------------


def test_the_complete_does_not_come(moving):
    """Accept five times, T3350 apart; the mobile stays attached."""
    moving.cell = 2
    moving.say(request(moving))
    moving.run(29.9)
    accepts = [moving.heard(gmm.RoutingAreaUpdateAccept) for _ in range(5)]
    assert len(set(accepts)) == 1
    moving.run(0.2)
    assert moving.silent()
    assert moving.sgsn.counters["completes_missing"] == 1
    assert moving.sgsn.next_timeout() is None
    assert moving.sgsn.mm_context(moving.IMSI).state is MmState.ATTACHED


def test_either_p_tmsi_is_known_until_one_is_completed(moving):
    """The Accepts or the Completes were lost: the mobile may come with the old one or the new."""
    moving.cell = 2
    moving.say(request(moving))
    moving.run(31.0)
    new = moving.heard(gmm.RoutingAreaUpdateAccept)
    moving.to_mobiles.clear()
    moving.say(request(moving, update_type=gmm.UpdateType.PERIODIC))
    assert moving.heard(gmm.RoutingAreaUpdateAccept).p_tmsi is None
    again = {"p_tmsi": new.p_tmsi, "p_tmsi_signature": new.p_tmsi_signature}
    moving.say(request(moving, **again))
    moving.heard(gmm.RoutingAreaUpdateAccept)
    moving.say(request(moving, p_tmsi_signature=new.p_tmsi_signature))
    assert moving.heard(gmm.RoutingAreaUpdateReject).cause == 9


@pytest.mark.clause(
    "23.060 §6.6.2.1", "SGSN-initiated detach: implicit, after the mobile reachable timer"
)
def test_a_silent_mobile_is_detached(surrounding):
    """T3312 and four minutes after STANDBY: contexts are deleted, the HLR hears Purge MS."""
    around = surrounding(radio=RadioTimers())
    around.attach()
    around.activate()
    around.gsup.clear()
    around.run(44.0 + 3240.0 + 239.9)
    assert around.sgsn.mm_context(around.IMSI).state is MmState.ATTACHED
    around.run(0.2)
    assert around.sent(DeletePdpContextRequest).nsapi == 5
    assert around.told_hlr(MessageType.PURGE_MS_REQUEST).imsi == around.IMSI
    around.from_hlr(GsupMessage(MessageType.PURGE_MS_RESULT, around.IMSI, cn_domain=CnDomain.PS))
    assert around.events(MobileDetached) == [MobileDetached(around.IMSI, DetachReason.IMPLICIT)]
    assert around.sgsn.mm_context(around.IMSI) is None
    assert around.silent()
    around.say_octets(b"")
    assert around.heard(gmm.DetachRequestDownlink).detach_type == 1


def test_periodic_updates_keep_a_mobile_attached(surrounding):
    """Each one starts the READY timer, and the mobile reachable timer after it, anew."""
    around = surrounding(radio=RadioTimers())
    around.attach()
    for _ in range(3):
        around.run(3300.0)
        around.say(request(around, update_type=gmm.UpdateType.PERIODIC))
        around.heard(gmm.RoutingAreaUpdateAccept)
    assert around.sgsn.mm_context(around.IMSI).state is MmState.ATTACHED


def test_without_periodic_updates_silence_means_nothing(surrounding):
    """T3312 deactivated: mobiles are told so, and none is detached for silence."""
    around = surrounding(radio=RadioTimers(t3312=None))
    around.attach()
    assert around.given.periodic_update_timer == 0xE0
    around.run(100_000.0)
    assert around.sgsn.mm_context(around.IMSI).state is MmState.ATTACHED
    assert around.sgsn.next_timeout() is None


# -- crossings ----------------------------------------------------------------------------------


def test_the_request_comes_again(moving):
    """The Accept was lost: the same one is repeated, with the same P-TMSI."""
    moving.cell = 2
    moving.say(request(moving))
    first = moving.heard(gmm.RoutingAreaUpdateAccept)
    moving.say(request(moving))
    assert moving.heard(gmm.RoutingAreaUpdateAccept) == first
    moving.say(gmm.RoutingAreaUpdateComplete())
    assert moving.sgsn.under_way["updates"] == 0


def test_the_mobile_goes_on_before_it_has_completed(moving):
    """Another request with the new P-TMSI replaces what was under way."""
    moving.cell = 2
    moving.say(request(moving))
    accept = moving.heard(gmm.RoutingAreaUpdateAccept)
    moving.cell = 0
    moving.say(
        gmm.RoutingAreaUpdateRequest(
            accept.rai, p_tmsi=accept.p_tmsi, p_tmsi_signature=accept.p_tmsi_signature
        )
    )
    assert moving.heard(gmm.RoutingAreaUpdateAccept).rai == HOME.encode()
    moving.say(gmm.RoutingAreaUpdateComplete())
    assert moving.sgsn.next_timeout() is None


def test_an_update_shows_that_the_attach_is_complete(surrounding):
    """A mobile that updates has had the Attach Accept, whose Complete was lost."""
    around = surrounding(**AREAS)
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=around.IMSI)))
    around.given = around.heard(gmm.AttachAccept)
    around.say(request(around))
    around.heard(gmm.RoutingAreaUpdateAccept)
    assert around.sgsn.mm_context(around.IMSI).state is MmState.ATTACHED


def test_an_update_before_the_attach_is_accepted(surrounding):
    """It is ignored; the attach goes on."""
    around = surrounding(**AREAS)
    around.attach()
    around.hlr_answers = False
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=around.IMSI)))
    around.say(request(around))
    assert around.silent()
    assert around.sgsn.counters["gmm_ignored"] == 1


@pytest.mark.parametrize("power_off", [True, False])
def test_the_mobile_detaches_before_it_has_completed(moving, power_off):
    """Nothing waits for the Complete any more."""
    moving.cell = 2
    moving.say(request(moving))
    moving.heard(gmm.RoutingAreaUpdateAccept)
    moving.say(gmm.DetachRequestUplink(power_off=power_off))
    assert moving.sgsn.next_timeout() is None
    assert moving.sgsn.under_way["updates"] == 0


def test_an_update_answers_a_page(surrounding):
    """A mobile that comes to another area is READY, and is asked what it was paged for there."""
    around = surrounding(**AREAS, radio=RadioTimers())
    around.attach()
    around.run(44.1)
    around.ggsn_asks(around.notification())
    around.sent(PduNotificationResponse)
    around.cell = 2
    around.say(request(around))
    around.heard(gmm.RoutingAreaUpdateAccept)
    asked = around.heard(sm.RequestPdpContextActivation)
    assert around.frames_to[-1] == (around.IMSI, 2)
    around.say(gmm.RoutingAreaUpdateComplete())
    around.answer(asked)
    create = around.sent(CreatePdpContextRequest)
    assert create.rai == AWAY.encode()


def test_a_request_that_was_lost_in_the_old_cell_is_repeated_in_the_new_one(moving):
    """T3385 expires, and the mobile is asked where it is now."""
    moving.ggsn_asks(moving.notification())
    assert moving.sent(PduNotificationResponse).cause == Cause.REQUEST_ACCEPTED
    moving.heard(sm.RequestPdpContextActivation)
    moving.cell = 2
    moving.say(request(moving))
    moving.heard(gmm.RoutingAreaUpdateAccept)
    moving.say(gmm.RoutingAreaUpdateComplete())
    moving.run(8.1)
    moving.heard(sm.RequestPdpContextActivation)
    assert moving.frames_to[-1] == (moving.IMSI, 2)


# -- P-TMSI reallocation ----------------------------------------------------------------------


@pytest.mark.clause("23.060 §6.8.3", "P-TMSI reallocation")
@pytest.mark.clause("24.008 §4.7.6", "P-TMSI reallocation, T3350")
def test_a_p_tmsi_is_reallocated(moving):
    """Command with P-TMSI, signature and area; Complete ends it."""
    assert moving.command("reallocate_p_tmsi", moving.IMSI)
    command = moving.heard(gmm.PTmsiReallocationCommand)
    assert command.p_tmsi != moving.given.p_tmsi
    assert command.rai == HOME.encode()
    assert not moving.command("reallocate_p_tmsi", moving.IMSI)
    moving.say(gmm.PTmsiReallocationComplete())
    assert moving.events() == [PTmsiReallocated(moving.IMSI, command.p_tmsi)]
    assert moving.sgsn.next_timeout() is None
    moving.say(request(moving, p_tmsi=command.p_tmsi, p_tmsi_signature=command.p_tmsi_signature))
    moving.heard(gmm.RoutingAreaUpdateAccept)


def test_a_reallocation_is_repeated(moving):
    """Five times, T3350 apart."""
    moving.command("reallocate_p_tmsi", moving.IMSI)
    moving.run(31.0)
    assert [moving.heard(gmm.PTmsiReallocationCommand) for _ in range(5)]
    assert moving.silent()
    assert moving.sgsn.next_timeout() is None


def test_a_reallocation_pages_a_mobile_in_standby(surrounding):
    """The page still has the P-TMSI that the mobile knows."""
    around = surrounding(radio=RadioTimers())
    around.attach()
    around.run(44.1)
    around.command("reallocate_p_tmsi", around.IMSI)
    assert around.pages == [around.given.p_tmsi]
    around.say_octets(b"")
    around.heard(gmm.PTmsiReallocationCommand)


def test_nobody_else_is_given_one(moving):
    """Neither who is not known nor who is detached; a Complete out of place is ignored."""
    assert not moving.command("reallocate_p_tmsi", "001010000000001")
    moving.say(gmm.PTmsiReallocationComplete())
    assert moving.sgsn.counters["gmm_ignored"] == 1
    moving.say(gmm.DetachRequestUplink())
    assert not moving.command("reallocate_p_tmsi", moving.IMSI)


# -- detach by the network --------------------------------------------------------------------


@pytest.mark.parametrize(("reattach", "kind"), [(False, 2), (True, 1)])
def test_the_network_detaches(moving, reattach, kind):
    """With or without an invitation to come back."""
    assert moving.sgsn.detach(moving.IMSI, moving.now, reattach=reattach)
    moving.collect()
    assert moving.heard(gmm.DetachRequestDownlink).detach_type == kind
    moving.say(gmm.DetachAcceptUplink())
    assert moving.sgsn.mm_context(moving.IMSI).state is MmState.DETACHED
