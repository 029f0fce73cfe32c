"""The parts below the procedures: frame numbers, the routing area."""

from random import Random

import pytest

from corenet.interfaces.llc import FrameNumbers, UiFrame
from corenet.sgsn.config import RoutingArea
from corenet.sgsn.radio import RadioLink
from corenet.sgsn.subscription import Subscription, network_identifier


@pytest.mark.parametrize("seed", range(5))
def test_every_frame_passes_once_in_spite_of_loss_and_duplication(seed):
    """Whatever arrives is passed on exactly once, in any local order."""
    random = Random(seed)
    numbers = FrameNumbers()
    arriving = []
    for number in range(2000):
        if random.random() < 0.8:
            arriving += [(number + random.random() * 8, number % 512)] * random.choice((1, 1, 2))
    arriving.sort()
    passed = sum(numbers.is_new(1, nu) for _, nu in arriving)
    assert passed == len(set(arriving))


def test_numbers_per_sapi():
    """Each SAPI counts on its own, and wraps."""
    link = RadioLink(("234150999999999", 0))
    frames = [link.frame(1, b"x") for _ in range(513)]
    assert frames[512] == frames[0] != frames[1]
    assert link.frame(3, b"x")[1:3] == frames[0][1:3]
    assert link.hears(UiFrame(1, b"x", 0, True))
    assert link.hears(UiFrame(3, b"x", 0, True))
    assert not link.hears(UiFrame(3, b"x", 0, True))


@pytest.mark.parametrize(
    ("area", "octets"),
    [
        (RoutingArea("234", "15", 0x1234, 1), "32f451123401"),
        (RoutingArea("310", "410", 0xFFFE, 0xFE), "130014fffefe"),
    ],
)
def test_the_routing_area_identity(area, octets):
    """MCC and MNC digits swapped, the third MNC digit or a filler between them."""
    assert area.encode() == bytes.fromhex(octets)


@pytest.mark.parametrize(
    ("apn", "identifier"),
    [
        ("Internet", "internet"),
        ("wap.example.MNC015.MCC234.GPRS", "wap.example"),
        ("a.b.c.gprs", "a.b.c.gprs"),
        ("mnc015.mcc234.gprs", "mnc015.mcc234.gprs"),
    ],
)
def test_network_identifiers(apn, identifier):
    """The operator identifier goes, everything else stays."""
    assert network_identifier(apn) == identifier


def test_nobody_is_subscribed_to_nothing():
    """An empty subscription refuses everything."""
    assert Subscription().select("wap.example", None).sm_cause == 33
    assert Subscription().select(None, None).sm_cause == 27
