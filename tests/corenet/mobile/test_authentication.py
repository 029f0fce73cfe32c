"""How mobiles answer authentication (TS 24.008 §4.7.7), with the card that they have."""

from __future__ import annotations

from random import Random

import pytest

from corenet.authentication.centre import Centre
from corenet.authentication.secrets import MilenageSecret, Secret, Vector, XorSecret
from corenet.interfaces.nas import gmm
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import (
    Attached,
    AuthenticationRejected,
    ChallengeRefused,
    Detached,
    DetachReason,
    MobileState,
)
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import CELLS, NO_PERIODIC_UPDATE, ROUTEING_AREA, ScriptedNetwork

IMSI = "234150999999999"
USIM = MilenageSecret(bytes(16), bytes(16))
SIM = XorSecret(bytes(range(16)))
ACCEPT = gmm.AttachAccept(ROUTEING_AREA, 0xC0000001, periodic_update_timer=NO_PERIODIC_UPDATE)


class Bench:
    """One mobile that is attaching, and the network."""

    def __init__(self, secret: Secret | None, sqn: int = 0) -> None:
        self.mobiles = Mobiles(cells=CELLS, random=Random(1))
        self.mobiles.add(MobileConfig(IMSI, "447700900123", secret=secret, sqn=sqn))
        self.mobiles.start(1000.0)
        self.network = ScriptedNetwork(self.mobiles)
        self.mobiles.attach(IMSI, 1000.0)
        self.network.heard()

    def challenge(self, vector: Vector, reference: int = 3) -> list[gmm.GmmMessage]:
        """Challenge the mobile; return what it says."""
        self.network.say(IMSI, gmm.AuthenticationRequest(reference, vector.rand, 2, vector.autn))
        return self.said()

    def said(self) -> list[gmm.GmmMessage]:
        """Return what the mobile has said."""
        return [message for _, message in self.network.heard()]

    @property
    def state(self) -> MobileState:
        """The mobile's state."""
        return self.mobiles.mobile(IMSI).state


def vectors(secret: Secret, count: int = 1) -> tuple[Vector, ...]:
    return Centre(secret).vectors(count, Random(1))


@pytest.mark.clause("24.008 §4.7.7.2", "the mobile's response to a challenge")
@pytest.mark.parametrize("secret", [USIM, SIM])
def test_a_mobile_answers_with_its_card(secret: Secret) -> None:
    """RES of a USIM, SRES of a SIM, under the reference of the request."""
    (vector,) = vectors(secret)
    expected = gmm.AuthenticationResponse(3, vector.res or vector.sres)
    assert Bench(secret).challenge(vector) == [expected]


def test_the_same_challenge_has_the_same_answer() -> None:
    """A USIM is not asked a second time, to which it would take exception."""
    bench, (vector,) = Bench(USIM), vectors(USIM)
    first = bench.challenge(vector)
    assert bench.challenge(vector) == first
    assert bench.challenge(vector, reference=4) == [
        gmm.AuthenticationResponse(4, vector.res or b"")
    ]


def test_a_request_about_ciphering_alone_is_accepted() -> None:
    """There is nothing to answer but the reference."""
    bench = Bench(USIM)
    bench.network.say(IMSI, gmm.AuthenticationRequest(5))
    assert bench.said() == [gmm.AuthenticationResponse(5)]


@pytest.mark.clause("24.008 §4.7.7.5.1", "MAC failure and synch failure")
def test_a_network_with_another_key_is_not_believed() -> None:
    """Cause 20; the mobile is told as well."""
    bench = Bench(USIM)
    (vector,) = vectors(MilenageSecret(b"k" * 16, bytes(16)))
    assert bench.challenge(vector) == [gmm.AuthenticationFailure(20)]
    assert bench.network.events() == [ChallengeRefused(IMSI, 20)]


def test_an_old_challenge_is_answered_with_auts() -> None:
    """Cause 21, and AUTS that the HLR can follow."""
    bench, centre = Bench(USIM, sqn=1 << 30), Centre(USIM)
    (vector,) = centre.vectors(1, Random(1))
    (failure,) = bench.challenge(vector)
    assert isinstance(failure, gmm.AuthenticationFailure)
    assert failure.cause == 21
    assert failure.auts is not None
    assert bench.challenge(vector) == [failure]
    assert centre.resynchronise(vector.rand, failure.auts)
    (vector,) = centre.vectors(1, Random(2))
    assert bench.challenge(vector) == [gmm.AuthenticationResponse(3, vector.res or b"")]


def test_a_mobile_without_a_key_is_silent() -> None:
    """And says so to who looks at it."""
    bench, (vector,) = Bench(None), vectors(USIM)
    assert bench.challenge(vector) == []
    assert bench.network.events() == [ChallengeRefused(IMSI, None)]


@pytest.mark.clause("24.008 §4.7.7.5", "Authentication and Ciphering Reject at the mobile")
def test_a_mobile_that_is_not_believed_gives_up() -> None:
    """Attaching it does not try again; the registration on its card is gone."""
    bench = Bench(USIM)
    bench.network.say(IMSI, gmm.AuthenticationReject())
    assert bench.network.events() == [AuthenticationRejected(IMSI)]
    assert bench.state is MobileState.DETACHED
    bench.network.wait(10_000.0)
    assert bench.said() == []


def test_an_attached_mobile_that_is_not_believed_is_detached() -> None:
    """It attaches with its IMSI and without a key the next time."""
    bench, (vector,) = Bench(USIM), vectors(USIM)
    bench.challenge(vector)
    bench.network.say(IMSI, ACCEPT)
    bench.network.say(IMSI, gmm.AuthenticationReject())
    assert bench.network.events() == [
        Attached(IMSI, 0xC0000001),
        AuthenticationRejected(IMSI),
        Detached(IMSI, DetachReason.REFUSED),
    ]
    bench.said()
    bench.mobiles.attach(IMSI, bench.network.now)
    assert bench.said() == [gmm.AttachRequest(gmm.MobileIdentity(imsi=IMSI))]


@pytest.mark.clause("24.008 §4.7.7.3", "the key sequence number names the last authentication")
def test_the_key_is_named_from_then_on() -> None:
    """By the number that came with the challenge."""
    bench, (vector,) = Bench(USIM), vectors(USIM)
    bench.challenge(vector)
    bench.network.say(IMSI, ACCEPT)
    bench.mobiles.detach(IMSI, bench.network.now)
    bench.network.say(IMSI, gmm.DetachAcceptDownlink())
    bench.said()
    bench.mobiles.attach(IMSI, bench.network.now)
    (request,) = bench.said()
    assert isinstance(request, gmm.AttachRequest)
    assert request.key_sequence == 2


@pytest.mark.parametrize(
    "message", [gmm.AuthenticationRequest(1, bytes(16)), gmm.AuthenticationReject()]
)
def test_a_detached_mobile_is_not_concerned(message: gmm.GmmMessage) -> None:
    """It neither answers nor gives anything up."""
    bench = Bench(USIM)
    bench.mobiles.power_off(IMSI, bench.network.now)
    bench.mobiles.power_on(IMSI, bench.network.now)
    bench.network.say(IMSI, gmm.AttachReject(7))
    bench.said()
    bench.network.events()
    bench.network.say(IMSI, message)
    assert bench.said() == []
    assert bench.network.events() == []
