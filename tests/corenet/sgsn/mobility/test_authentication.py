"""Authentication of mobiles by the SGSN (TS 24.008 §4.7.7), with attach, update and arrival."""

from __future__ import annotations

from random import Random

import pytest

from corenet.authentication.centre import Centre
from corenet.authentication.secrets import MilenageSecret
from corenet.interfaces.gsup import GsupMessage, MessageType
from corenet.interfaces.nas import gmm
from corenet.sgsn.config import Authentication, RoutingArea
from corenet.sgsn.events import (
    AttachRefused,
    AuthenticationFailed,
    DetachReason,
    MmState,
    MobileAttached,
    MobileAuthenticated,
    MobileDetached,
    RoutingAreaUpdateRefused,
)
from gtp.constants import Cause
from gtp.messages import SgsnContextAcknowledge, SgsnContextRequest, SgsnContextResponse

VECTORS = Centre(MilenageSecret(bytes(16), bytes(16))).vectors(3, Random(1))
TRIPLETS = tuple(vector.triplet for vector in VECTORS)
HOME, ELSEWHERE = RoutingArea(), RoutingArea(lac=7)
OTHER = "192.0.2.8"
WRONG = bytes(8)


def umts(surrounding):
    return surrounding(authentication=Authentication.UMTS, neighbours={ELSEWHERE.encode(): OTHER})


@pytest.fixture
def around(surrounding):
    """An SGSN that authenticates by quintuplets."""
    return umts(surrounding)


@pytest.fixture
def gsm(surrounding):
    """An SGSN that knows triplets only."""
    return surrounding(authentication=Authentication.GSM)


def ask_to_attach(around):
    """Let the mobile ask to be attached."""
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi=around.IMSI)))


def give_vectors(around, vectors=VECTORS):
    """Let the HLR answer the request for vectors, which is returned."""
    request = around.told_hlr(MessageType.SEND_AUTH_INFO_REQUEST)
    around.from_hlr(
        GsupMessage(MessageType.SEND_AUTH_INFO_RESULT, around.IMSI, auth_tuples=vectors)
    )
    return request


def challenged(around, vectors=VECTORS):
    """Let the mobile attach as far as the challenge, which is returned."""
    ask_to_attach(around)
    give_vectors(around, vectors)
    return around.heard(gmm.AuthenticationRequest)


def respond(around, challenge, response):
    """Let the mobile answer a challenge."""
    around.say(gmm.AuthenticationResponse(challenge.reference, response))


def attach(around):
    """Attach the mobile, authenticated by the first vector."""
    challenge = challenged(around)
    respond(around, challenge, VECTORS[0].res)
    around.told_hlr(MessageType.UPDATE_LOCATION_REQUEST)
    around.given = around.heard(gmm.AttachAccept)
    around.say(gmm.AttachComplete())
    around.gsup.clear()
    around.events()
    return challenge


def is_forgotten(around):
    """Whether nothing is left of a mobile that was refused."""
    return around.sgsn.mm_context(around.IMSI) is None and around.sgsn.next_timeout() is None


# -- success -------------------------------------------------------------------------------


@pytest.mark.clause("24.008 §4.7.7", "authentication by quintuplet, T3360")
def test_a_mobile_shows_that_it_has_the_card(around):
    """Vectors, challenge, RES; only then the HLR hears that the mobile is here."""
    challenge = challenged(around)
    assert (challenge.rand, challenge.autn) == (VECTORS[0].rand, VECTORS[0].autn)
    assert (challenge.key_sequence, challenge.algorithm) == (0, 0)
    assert not around.gsup
    respond(around, challenge, VECTORS[0].res)
    around.told_hlr(MessageType.UPDATE_LOCATION_REQUEST)
    p_tmsi = around.heard(gmm.AttachAccept).p_tmsi
    around.say(gmm.AttachComplete())
    assert around.events() == [
        MobileAuthenticated(around.IMSI, umts=True),
        MobileAttached(around.IMSI, around.MSISDN, p_tmsi),
    ]
    assert around.sgsn.under_way["authentications"] == 0
    assert around.sgsn.next_timeout() is None


@pytest.mark.clause("24.008 §4.7.7", "authentication by triplet")
@pytest.mark.parametrize("vectors", [VECTORS, TRIPLETS])
def test_an_sgsn_of_gsm_uses_triplets(gsm, vectors):
    """What the HLR gives beyond them is not used: no AUTN, and SRES is awaited."""
    challenge = challenged(gsm, vectors)
    assert challenge.autn is None
    respond(gsm, challenge, vectors[0].sres)
    gsm.heard(gmm.AttachAccept)
    assert gsm.events(MobileAuthenticated) == [MobileAuthenticated(gsm.IMSI, umts=False)]


def test_a_subscriber_with_a_sim_has_triplets(around):
    """An SGSN that would take quintuplets does with what the HLR has."""
    challenge = challenged(around, TRIPLETS)
    assert challenge.autn is None
    respond(around, challenge, TRIPLETS[0].sres)
    around.heard(gmm.AttachAccept)


def test_an_old_mobile_answers_as_a_sim_does(around):
    """One that does not read AUTN answers a quintuplet with SRES (TS 33.102 §6.8.1.1)."""
    respond(around, challenged(around), VECTORS[0].sres)
    around.heard(gmm.AttachAccept)
    assert around.events(MobileAuthenticated) == [MobileAuthenticated(around.IMSI, umts=False)]


def test_the_next_attach_takes_the_next_vector(around):
    """The HLR is asked again when there is none left; the key has another number each time."""
    attach(around)
    for number, vector in enumerate(VECTORS[1:], start=1):
        ask_to_attach(around)
        challenge = around.heard(gmm.AuthenticationRequest)
        assert (challenge.rand, challenge.key_sequence) == (vector.rand, number)
        respond(around, challenge, vector.res)
        around.heard(gmm.AttachAccept)
        around.say(gmm.AttachComplete())
    around.gsup.clear()
    ask_to_attach(around)
    give_vectors(around)


# -- what the mobile does wrong --------------------------------------------------------------


@pytest.mark.clause("24.008 §4.7.7.5", "Authentication and Ciphering Reject")
@pytest.mark.parametrize("response", [WRONG, WRONG[:4], VECTORS[0].res[:5], b""])
def test_a_wrong_response_is_rejected(around, response):
    """The mobile hears that it is not believed, the HLR nothing."""
    respond(around, challenged(around), response)
    around.heard(gmm.AuthenticationReject)
    assert around.silent()
    assert around.events() == [
        AuthenticationFailed(around.IMSI, "wrong response"),
        AttachRefused(around.IMSI, None, "wrong response"),
    ]
    assert not around.gsup
    assert is_forgotten(around)


@pytest.mark.parametrize(
    ("cause", "text"), [(20, "MAC failure"), (23, "GSM authentication unacceptable")]
)
def test_a_mobile_does_not_believe_the_network(around, cause, text):
    """There is no other key to try: Reject."""
    challenged(around)
    around.say(gmm.AuthenticationFailure(cause))
    around.heard(gmm.AuthenticationReject)
    assert around.events(AuthenticationFailed) == [AuthenticationFailed(around.IMSI, text)]
    assert is_forgotten(around)


@pytest.mark.clause("24.008 §4.7.7.6", "synch failure: resynchronisation, once")
def test_a_card_out_of_step_is_followed(around):
    """The HLR hears the card's AUTS with its challenge; a vector of the new ones is used."""
    challenge = challenged(around, VECTORS[:2])
    around.say(gmm.AuthenticationFailure(21, b"a" * 14))
    request = give_vectors(around, VECTORS[2:])
    assert (request.rand, request.auts) == (challenge.rand, b"a" * 14)
    again = around.heard(gmm.AuthenticationRequest)
    assert again.rand == VECTORS[2].rand
    assert again.reference != challenge.reference
    respond(around, again, VECTORS[2].res)
    around.heard(gmm.AttachAccept)


def test_a_card_is_followed_once(around):
    """Who is out of step again at once is rejected."""
    challenged(around)
    around.say(gmm.AuthenticationFailure(21, b"a" * 14))
    give_vectors(around)
    around.heard(gmm.AuthenticationRequest)
    around.say(gmm.AuthenticationFailure(21, b"b" * 14))
    around.heard(gmm.AuthenticationReject)
    assert is_forgotten(around)


def test_a_synch_failure_without_auts_is_rejected(around):
    """There is nothing to tell the HLR."""
    challenged(around)
    around.say(gmm.AuthenticationFailure(21))
    around.heard(gmm.AuthenticationReject)
    assert is_forgotten(around)


@pytest.mark.clause("24.008 §4.7.7.6", "T3360: five transmissions, then the procedure is aborted")
def test_a_silent_mobile_is_asked_five_times(around):
    """Six seconds apart, the same request; then it is given up without a word."""
    first = challenged(around)
    for _ in range(4):
        around.run(6.0)
        assert around.heard(gmm.AuthenticationRequest) == first
    around.run(6.0)
    assert around.silent()
    assert around.events(AttachRefused) == [
        AttachRefused(around.IMSI, None, "the mobile does not answer")
    ]
    assert is_forgotten(around)


def test_the_answer_to_another_challenge_is_ignored(around):
    """The A&C reference number tells them apart; so is an answer to none at all."""
    challenge = challenged(around)
    around.say(gmm.AuthenticationResponse(challenge.reference + 1, VECTORS[0].res))
    assert around.silent()
    respond(around, challenge, VECTORS[0].res)
    around.heard(gmm.AttachAccept)
    respond(around, challenge, VECTORS[0].res)
    around.say(gmm.AuthenticationFailure(20))
    assert around.silent()
    assert around.sgsn.counters["gmm_ignored"] == 3


# -- what the HLR does not give ----------------------------------------------------------------


def test_the_hlr_has_no_vectors(around):
    """Its cause is the mobile's."""
    ask_to_attach(around)
    around.from_hlr(GsupMessage(MessageType.SEND_AUTH_INFO_ERROR, around.IMSI, cause=2))
    assert around.heard(gmm.AttachReject).cause == 2
    assert is_forgotten(around)


def test_the_hlr_answers_with_nothing(around):
    """A result without vectors is a network failure."""
    ask_to_attach(around)
    give_vectors(around, ())
    assert around.heard(gmm.AttachReject).cause == 17
    assert is_forgotten(around)


def test_the_hlr_is_silent(around):
    """Network failure, after the time that it has."""
    ask_to_attach(around)
    around.run(around.config.hlr_timeout)
    assert around.heard(gmm.AttachReject).cause == 17
    assert is_forgotten(around)


# -- crossings ---------------------------------------------------------------------------------


def test_an_attach_request_once_more_changes_nothing(around):
    """T3310 may be shorter than what T3360 and its repetitions take."""
    challenge = challenged(around)
    around.run(3.0)
    around.restart_numbering()
    ask_to_attach(around)
    assert around.silent()
    respond(around, challenge, VECTORS[0].res)
    around.heard(gmm.AttachAccept)


def test_a_detach_ends_it(around):
    """A mobile that is switched off meanwhile is challenged no more."""
    challenged(around)
    around.say(gmm.DetachRequestUplink(power_off=True))
    around.run(60.0)
    assert around.silent()
    assert around.sgsn.under_way["authentications"] == 0


def test_a_detach_while_the_hlr_is_asked(around):
    """Vectors that come too late are for nobody."""
    ask_to_attach(around)
    around.say(gmm.DetachRequestUplink(power_off=True))
    give_vectors(around)
    assert around.silent()
    assert around.sgsn.counters["gsup_unexpected"] == 1


# -- routing area update ------------------------------------------------------------------------


def update(around, **changes):
    """Return the mobile's Routing Area Update Request."""
    values = {
        "old_rai": HOME.encode(),
        "p_tmsi": around.given.p_tmsi,
        "p_tmsi_signature": around.given.p_tmsi_signature,
    }
    return gmm.RoutingAreaUpdateRequest(**(values | changes))


def test_who_names_the_key_is_not_asked_again(around):
    """The key sequence number of the last authentication is enough for an update."""
    challenge = attach(around)
    around.say(update(around, key_sequence=challenge.key_sequence))
    around.heard(gmm.RoutingAreaUpdateAccept)


def test_who_does_not_name_the_key_is_challenged(around):
    """The update goes on with the right answer; the same request meanwhile changes nothing."""
    attach(around)
    around.say(update(around))
    challenge = around.heard(gmm.AuthenticationRequest)
    around.say(update(around))
    assert around.silent()
    respond(around, challenge, VECTORS[1].res)
    around.heard(gmm.RoutingAreaUpdateAccept)


def test_an_update_of_somebody_else_ends_the_attachment(around):
    """A mobile with P-TMSI and signature but without the card is not kept."""
    attach(around)
    around.say(update(around))
    respond(around, around.heard(gmm.AuthenticationRequest), WRONG)
    around.heard(gmm.AuthenticationReject)
    assert around.silent()
    assert around.events() == [
        AuthenticationFailed(around.IMSI, "wrong response"),
        RoutingAreaUpdateRefused(around.IMSI, None),
        MobileDetached(around.IMSI, DetachReason.IMPLICIT),
    ]


def test_an_update_fails_where_the_hlr_does(around):
    """With the cause of it; the mobile stays attached, and tries again."""
    attach(around)
    for number in (1, 2):
        around.say(update(around))
        respond(around, around.heard(gmm.AuthenticationRequest), VECTORS[number].res)
        accept = around.given = around.heard(gmm.RoutingAreaUpdateAccept)
        around.say(gmm.RoutingAreaUpdateComplete())
        assert accept.p_tmsi is not None
    around.say(update(around))
    around.run(around.config.hlr_timeout)
    assert around.heard(gmm.RoutingAreaUpdateReject).cause == 17
    assert around.sgsn.mm_context(around.IMSI).state is MmState.ATTACHED


def test_vectors_that_were_out_of_step_are_not_used_again(around):
    """Where the HLR does not answer the synch failure, the next update asks it anew."""
    attach(around)
    around.say(update(around))
    around.heard(gmm.AuthenticationRequest)
    around.say(gmm.AuthenticationFailure(21, b"a" * 14))
    around.told_hlr(MessageType.SEND_AUTH_INFO_REQUEST)
    around.run(around.config.hlr_timeout)
    assert around.heard(gmm.RoutingAreaUpdateReject).cause == 17
    around.say(update(around))
    assert give_vectors(around).auts is None
    around.heard(gmm.AuthenticationRequest)


# -- arrival from another SGSN --------------------------------------------------------------------


def arrive(around):
    """Let the mobile come from another SGSN, as far as that one's answer."""
    around.say(gmm.RoutingAreaUpdateRequest(ELSEWHERE.encode(), p_tmsi=0xC0000001))
    asked = around.sent(SgsnContextRequest, (OTHER, 2123))
    response = SgsnContextResponse(
        teid=asked.teid_control,
        sequence=asked.sequence,
        cause=Cause.REQUEST_ACCEPTED,
        imsi=around.IMSI,
        teid_control=0xAAAA,
        sgsn_address_control=OTHER,
    )
    around.from_ggsn(response, (OTHER, 2123))


@pytest.mark.clause("23.060 §6.9.1.2.2", "security functions before SGSN Context Acknowledge")
def test_a_mobile_that_arrives_is_challenged_first(around):
    """The old SGSN is told that its contexts are taken once the mobile is authentic."""
    arrive(around)
    give_vectors(around)
    assert not around.gtp
    respond(around, around.heard(gmm.AuthenticationRequest), VECTORS[0].res)
    acknowledge = around.sent(SgsnContextAcknowledge, (OTHER, 2123))
    assert acknowledge.cause is Cause.REQUEST_ACCEPTED
    around.heard(gmm.RoutingAreaUpdateAccept)


def test_who_arrives_with_another_card_is_turned_away(around):
    """The old SGSN hears of it, and goes on as before."""
    arrive(around)
    give_vectors(around)
    respond(around, around.heard(gmm.AuthenticationRequest), WRONG)
    around.heard(gmm.AuthenticationReject)
    assert around.silent()
    acknowledge = around.sent(SgsnContextAcknowledge, (OTHER, 2123))
    assert acknowledge.cause is Cause.USER_AUTHENTICATION_FAILED
    assert is_forgotten(around)
    assert around.sgsn.under_way["arrivals"] == 0


def test_an_arrival_fails_where_the_hlr_does(around):
    """The mobile hears the cause."""
    arrive(around)
    around.from_hlr(GsupMessage(MessageType.SEND_AUTH_INFO_ERROR, around.IMSI, cause=2))
    assert around.heard(gmm.RoutingAreaUpdateReject).cause == 2
    assert around.sent(SgsnContextAcknowledge, (OTHER, 2123)).cause is (
        Cause.USER_AUTHENTICATION_FAILED
    )
    assert is_forgotten(around)
