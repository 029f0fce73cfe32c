"""Card and authentication centre: who believes whom, and how they count."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.authentication.card import Answered, Card, MacFailure, SynchFailure
from corenet.authentication.centre import Centre
from corenet.authentication.secrets import MilenageSecret, XorSecret, encode_sqn, next_sqn

SECRET = MilenageSecret(
    bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"),
    bytes.fromhex("cd63cb71954a9f4e48a5994e37a02baf"),
)
OTHER = MilenageSecret(bytes(16), bytes(16))
SIM = XorSecret(bytes(range(16)))


@pytest.mark.clause("33.102 §6.3.3", "a USIM judges AUTN: MAC, then sequence number")
def test_a_card_believes_the_centre_that_has_its_key() -> None:
    """Vectors of a batch are accepted in any order, each with the RES that it expects."""
    card, vectors = Card(SECRET), Centre(SECRET).vectors(5, Random(1))
    for vector in reversed(vectors):
        assert vector.res is not None
        assert card.answer(vector.rand, vector.autn) == Answered(vector.res)


def test_a_card_refuses_what_another_key_made() -> None:
    """The MAC in AUTN is wrong."""
    (vector,) = Centre(OTHER).vectors(1, Random(1))
    assert Card(SECRET).answer(vector.rand, vector.autn) == MacFailure()


def test_a_vector_is_good_once() -> None:
    """The second time the card says where it is: AUTS."""
    card, (vector,) = Card(SECRET), Centre(SECRET).vectors(1, Random(1))
    card.answer(vector.rand, vector.autn)
    assert isinstance(card.answer(vector.rand, vector.autn), SynchFailure)


@pytest.mark.clause("33.102 §6.3.5", "resynchronisation by AUTS")
@given(card=st.integers(0, 2**47), centre=st.integers(0, 2**47))
def test_centre_and_card_find_together_again(card: int, centre: int) -> None:
    """Wherever the two have counted to, one AUTS is enough."""
    usim, auc, random = Card(SECRET, card), Centre(SECRET, centre), Random(1)
    (vector,) = auc.vectors(1, random)
    answer = usim.answer(vector.rand, vector.autn)
    if isinstance(answer, SynchFailure):
        assert auc.resynchronise(vector.rand, answer.auts)
        (vector,) = auc.vectors(1, random)
        answer = usim.answer(vector.rand, vector.autn)
    assert isinstance(answer, Answered)


def test_a_centre_that_is_ahead_stays_so() -> None:
    """A card that is behind has no part in where the centre counts on from."""
    centre = Centre(SECRET, 1 << 20)
    assert centre.resynchronise(bytes(16), SECRET.auts(bytes(16), 5))
    assert centre.sqn == 1 << 20


def test_only_the_card_moves_the_centre() -> None:
    """AUTS of another card is refused; a SIM has no sequence number at all."""
    centre = Centre(SECRET)
    assert not centre.resynchronise(bytes(16), OTHER.auts(bytes(16), 99))
    assert centre.sqn == 0
    assert not Centre(SIM).resynchronise(bytes(16), bytes(14))


@pytest.mark.clause("43.020 §3.3", "triplets, with the test algorithm of TS 34.108")
def test_a_sim_answers_with_sres() -> None:
    """The values are osmo-hlr's for this key and RAND."""
    ki = XorSecret(bytes.fromhex("465b5ce8b199b49faa5f0a2ee238a6bc"))
    vector = ki.vector(bytes.fromhex("b84178798441338fa72cee2937e121ef"))
    assert (vector.sres.hex(), vector.kc.hex()) == ("1368c0d5", "a95676e10143b09a")
    (vector,) = Centre(SIM).vectors(1, Random(1))
    assert vector.autn is vector.res is None
    assert Card(SIM).answer(vector.rand, None) == Answered(vector.sres)


def test_a_usim_answers_as_a_sim_where_autn_is_missing() -> None:
    """SRES by c2, which the triplet of the same vector expects."""
    (vector,) = Centre(SECRET).vectors(1, Random(1))
    assert Card(SECRET).answer(vector.rand, None) == Answered(vector.triplet.sres)
    assert vector.triplet.autn is None


@given(st.integers(0, 2**48 - 1))
def test_sequence_numbers_count_both_parts(sqn: int) -> None:
    """SEQ and IND are one higher each, and begin anew at the end."""
    following = next_sqn(sqn)
    assert following >> 5 == ((sqn >> 5) + 1) % 2**43
    assert following % 32 == (sqn + 1) % 32
    assert len(encode_sqn(following)) == 6


def test_a_key_of_a_sim_has_sixteen_octets() -> None:
    """Another length is refused."""
    with pytest.raises(ValueError, match="not 16"):
        XorSecret(bytes(8))
