"""A mobile that is particular in its access points: which requests of the network it takes."""

from __future__ import annotations

from random import Random

import pytest

from corenet.interfaces.nas import sm
from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.elements import PdpAddress
from corenet.mobile.behaviour import Behaviour, Distribution
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import NetworkRequestAnswered
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import CELLS, ScriptedNetwork

IMSI = "234150999999999"


def answer_to(apn: str | None, *set_up: str) -> tuple[str, int | None]:
    """Return what a mobile with some access points says to a request for one."""
    mobiles = Mobiles(cells=CELLS, random=Random(1))
    mobiles.add(MobileConfig(IMSI, "447700900123", apns=set_up, only_own_apns=True))
    mobiles.start(1000.0)
    network = ScriptedNetwork(mobiles)
    network.attach(IMSI)
    address = PdpAddress.for_ipv4("10.45.0.7")
    network.say(IMSI, sm.RequestPdpContextActivation(sm.TransactionIdentifier(1), address, apn))
    (told,) = [one for one in network.events() if isinstance(one, NetworkRequestAnswered)]
    return told.answer.value, told.cause


@pytest.mark.parametrize(
    "apn", ["internet", "Internet", "internet.mnc015.mcc234.gprs", "mms", None]
)
def test_what_is_set_up_is_accepted(apn: str | None) -> None:
    """With an operator identifier too, and where the request names none."""
    assert answer_to(apn, "internet", "MMS") == ("accepted", None)


@pytest.mark.parametrize("apn", ["internet2", "my.internet", "internet.example"])
def test_what_is_not_set_up_is_refused(apn: str) -> None:
    """Cause 27, however much it looks like one that is."""
    refused = ("rejected", SmCause.MISSING_OR_UNKNOWN_APN)
    assert answer_to(apn, "internet", "mms") == refused


def test_without_any_all_are_refused() -> None:
    """A mobile whose user has set up nothing knows no APN."""
    assert answer_to("internet") == ("rejected", SmCause.MISSING_OR_UNKNOWN_APN)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ({"delay": -1.0}, "negative"),
        ({"nsapi": 16}, "four bits"),
        ({"cause": 256}, "one octet"),
    ],
)
def test_a_behaviour_that_cannot_be_is_refused(what: dict[str, float], says: str) -> None:
    """By who makes it."""
    with pytest.raises(ValueError, match=says):
        Behaviour(**what)


def test_times_are_never_beyond_the_longest() -> None:
    """Of each distribution, whatever its mean."""
    random = Random(1)
    for kind in Distribution:
        behaviour = Behaviour(delay=9.0, distribution=kind, longest=4.0)
        assert max(behaviour.think(random) for _ in range(100)) <= 4.0
    none = Behaviour(distribution=Distribution.EXPONENTIAL)
    assert none.think(random) == 0.0
