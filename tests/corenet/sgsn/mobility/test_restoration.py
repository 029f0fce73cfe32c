"""The HLR has forgotten where mobiles are, and is told anew (TS 23.007 §5)."""

import pytest

from corenet.interfaces.gsup import GsupMessage, MessageType, PdpInfo, PdpType
from corenet.interfaces.gsup import PdpAddress as GsupAddress
from corenet.interfaces.nas import gmm
from corenet.interfaces.nas.causes import GmmCause
from corenet.sgsn.events import DetachReason, LocationsRestored, MmState, MobileDetached
from gtp.messages import DeletePdpContextRequest

OTHERS = [f"23415000000000{number}" for number in range(4)]


def reset(around):
    """The HLR, or the connection to it, is a new one."""
    around.command("hlr_reset")


def asked(around):
    """Return for whom the HLR gets Update Location."""
    found = [one.imsi for one in around.gsup if one.type is MessageType.UPDATE_LOCATION_REQUEST]
    around.gsup.clear()
    return found


def granted(around, imsi):
    """Let the HLR insert the data and grant the update."""
    info = PdpInfo(0, GsupAddress(PdpType.IPV4, None), "new.example")
    around.from_hlr(
        GsupMessage(
            MessageType.INSERT_SUBSCRIBER_DATA_REQUEST,
            imsi,
            msisdn="447700900999",
            pdp_info_complete=True,
            pdp_info=(info,),
        )
    )
    around.from_hlr(GsupMessage(MessageType.UPDATE_LOCATION_RESULT, imsi))


@pytest.fixture
def crowd(surrounding):
    """Four mobiles that are attached, at an SGSN that restores two at a time."""
    around = surrounding(restorations=2)
    for imsi in OTHERS:
        around.attach(imsi)
    around.hlr_answers = False
    return around


@pytest.mark.clause("23.007 §5", "the SGSN updates all locations at an HLR that has lost them")
def test_every_attached_mobile_is_told_a_few_at_a_time(crowd):
    """The next goes when one is granted; at the end it is told how many there were."""
    reset(crowd)
    assert asked(crowd) == OTHERS[:2]
    for imsi, following in zip(OTHERS, [*OTHERS[2:], None, None], strict=True):
        granted(crowd, imsi)
        assert asked(crowd) == ([following] if following else [])
    assert crowd.events(LocationsRestored) == [LocationsRestored(4)]
    assert crowd.sgsn.mm_context(OTHERS[0]).msisdn == "447700900999"
    assert crowd.sgsn.under_way["restorations"] == 0
    assert crowd.sgsn.next_timeout() is None


def test_nothing_is_told_where_nobody_is_attached(around):
    """Neither of who is attaching, for whom an update is under way anyway, nor of who has gone."""
    reset(around)
    around.hlr_answers = False
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=around.IMSI)))
    assert asked(around) == [around.IMSI]
    reset(around)
    assert asked(around) == []
    assert not around.events(LocationsRestored)


def test_who_is_not_known_any_more_is_sent_away(active):
    """With the HLR's cause; contexts go first."""
    active.hlr_error = GmmCause.IMSI_UNKNOWN_IN_HLR
    reset(active)
    assert active.heard(gmm.DetachRequestDownlink).cause == GmmCause.IMSI_UNKNOWN_IN_HLR
    active.sent(DeletePdpContextRequest)
    active.say(gmm.DetachAcceptUplink())
    assert MobileDetached(active.IMSI, DetachReason.HLR) in active.events()


def test_an_hlr_that_is_silent_is_asked_three_times(crowd):
    """Those that it has not answered come again last; nobody is detached for that."""
    reset(crowd)
    crowd.run(100)
    assert asked(crowd) == OTHERS * 3
    assert crowd.sgsn.counters["restorations_unanswered"] == 4
    assert not crowd.events(LocationsRestored)
    assert crowd.sgsn.mm_context(OTHERS[0]).state is MmState.ATTACHED
    assert crowd.sgsn.next_timeout() is None


def test_another_reset_begins_anew(crowd):
    """Who is being told is not told twice at a time."""
    reset(crowd)
    granted(crowd, OTHERS[0])
    asked(crowd)
    reset(crowd)
    assert asked(crowd) == []
    for imsi in (*OTHERS[1:], OTHERS[0]):
        granted(crowd, imsi)
    assert crowd.events(LocationsRestored) == [LocationsRestored(5)]


@pytest.mark.parametrize("first", [0, 3], ids=["being told", "waiting"])
def test_a_mobile_that_goes_meanwhile_is_left_out(crowd, first):
    """Its place is the next one's, and a late answer means nothing."""
    reset(crowd)
    crowd.say(gmm.DetachRequestUplink(power_off=True), OTHERS[first])
    for imsi in OTHERS:
        granted(crowd, imsi)
    assert crowd.events(LocationsRestored) == [LocationsRestored(3)]
    assert crowd.sgsn.next_timeout() is None


def test_a_mobile_that_attaches_meanwhile_tells_by_itself(crowd):
    """One Update Location at a time is under way for it, which its attach waits for."""
    reset(crowd)
    asked(crowd)
    crowd.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=OTHERS[0])), OTHERS[0])
    assert asked(crowd) == [OTHERS[2], OTHERS[0]]
    granted(crowd, OTHERS[0])
    crowd.heard(gmm.AttachAccept, OTHERS[0])


def test_a_stopped_sgsn_tells_nobody(crowd):
    """It knows no mobile any more."""
    crowd.command("stop")
    crowd.gsup.clear()
    reset(crowd)
    assert asked(crowd) == []
