"""The HLR hands out vectors, and finds together again with cards."""

from __future__ import annotations

from random import Random

import pytest

from corenet.authentication.card import Answered, Card, SynchFailure
from corenet.authentication.secrets import MilenageSecret, Secret, XorSecret
from corenet.hlr.config import HlrConfig, Subscriber
from corenet.hlr.events import Resynchronised, VectorsGiven, VectorsRefused
from corenet.hlr.node import Hlr
from corenet.interfaces.gsup import CnDomain, GsupMessage, MessageType, decode
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.node import Address, Event, Interface

IMSI = "234150999999999"
SGSN: Address = ("192.0.2.2", 4222)
USIM = MilenageSecret(
    bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"),
    bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf"),
)
SIM = XorSecret(bytes(range(16)))


def hlr(secret: Secret | None, **more: int) -> Hlr:
    """Return an HLR that knows one subscriber."""
    known = (Subscriber(IMSI, "447700900123", secret=secret, sqn=more.pop("sqn", 0)),)
    return Hlr(HlrConfig("192.0.2.3", known, **more), random=Random(1), recovery=1)


def ask(
    node: Hlr, *, rand: bytes | None = None, auts: bytes | None = None
) -> tuple[GsupMessage, list[Event]]:
    """Let an SGSN ask for vectors; return the answer, and what has happened."""
    kind = MessageType.SEND_AUTH_INFO_REQUEST
    request = GsupMessage(kind, IMSI, rand=rand, auts=auts, cn_domain=CnDomain.PS)
    node.receive(Interface.GR, request.encode(), peer=SGSN, local=("192.0.2.3", 4222), now=0.0)
    (datagram,) = node.take_datagrams()
    assert datagram.peer == SGSN
    return decode(datagram.data), node.take_events()


@pytest.mark.clause("GSUP", "SendAuthInfo at our HLR: triplets and quintuplets (TS 29.002 §8.5.2)")
@pytest.mark.parametrize("secret", [USIM, SIM])
def test_an_sgsn_gets_vectors_that_the_card_answers(secret: Secret) -> None:
    """Five by default, each another challenge."""
    answer, events = ask(hlr(secret))
    assert answer.type is MessageType.SEND_AUTH_INFO_RESULT
    assert events == [VectorsGiven(IMSI, SGSN[0], 5)]
    card = Card(secret)
    for vector in answer.auth_tuples:
        assert card.answer(vector.rand, vector.autn) == Answered(vector.res or vector.sres)
    assert len({vector.rand for vector in answer.auth_tuples}) == 5


def test_the_next_batch_counts_on() -> None:
    """The card takes vectors of a second request after those of the first."""
    node, card = hlr(USIM, vectors=1), Card(USIM)
    for _ in range(40):
        (vector,) = ask(node)[0].auth_tuples
        assert isinstance(card.answer(vector.rand, vector.autn), Answered)


@pytest.mark.clause("33.102 §6.3.5", "the HLR goes on from the card's sequence number")
def test_a_card_that_is_ahead_is_followed() -> None:
    """The first challenge fails with AUTS, the one after it is accepted."""
    node, card = hlr(USIM), Card(USIM, 1 << 30)
    vector = ask(node)[0].auth_tuples[0]
    failure = card.answer(vector.rand, vector.autn)
    assert isinstance(failure, SynchFailure)
    answer, events = ask(node, rand=vector.rand, auts=failure.auts)
    assert events == [Resynchronised(IMSI, SGSN[0]), VectorsGiven(IMSI, SGSN[0], 5)]
    vector = answer.auth_tuples[0]
    assert isinstance(card.answer(vector.rand, vector.autn), Answered)


def test_it_counts_from_where_it_is_told() -> None:
    """A subscriber's sequence number goes on from the one of its subscription."""
    vector = ask(hlr(USIM, sqn=1 << 30))[0].auth_tuples[0]
    assert isinstance(Card(USIM, (1 << 30) - 64).answer(vector.rand, vector.autn), Answered)


@pytest.mark.parametrize(
    ("secret", "rand", "auts", "cause", "why"),
    [
        (None, None, None, GmmCause.IMSI_UNKNOWN_IN_HLR, "no secret"),
        (USIM, None, bytes(14), GmmCause.CONDITIONAL_IE_ERROR, "AUTS without RAND"),
        (USIM, bytes(16), bytes(14), GmmCause.SYNCH_FAILURE, "wrong AUTS"),
        (SIM, bytes(16), bytes(14), GmmCause.SYNCH_FAILURE, "wrong AUTS"),
    ],
)
def test_no_vectors_without_reason(
    secret: Secret | None, rand: bytes | None, auts: bytes | None, cause: GmmCause, why: str
) -> None:
    """Each refusal has its cause, and is told."""
    answer, events = ask(hlr(secret), rand=rand, auts=auts)
    assert (answer.type, answer.cause) == (MessageType.SEND_AUTH_INFO_ERROR, cause)
    assert events == [VectorsRefused(IMSI, SGSN[0], why)]


def test_a_secret_is_not_shown() -> None:
    """What is printed of a subscriber has no key in it."""
    assert "secret" not in repr(Subscriber(IMSI, "447700900123", secret=SIM))


@pytest.mark.parametrize("count", [0, 6])
def test_an_answer_has_one_to_five_vectors(count: int) -> None:
    """More do not fit the MAP operation that GSUP stands for."""
    with pytest.raises(ValueError, match="1 to 5 vectors"):
        hlr(USIM, vectors=count)
