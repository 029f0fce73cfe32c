"""HTTP Digest: the sums, and nonces that are taken once with each count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs.http_digest import (
    MOST_NONCES,
    NONCE_SECONDS,
    WINDOW,
    Nonces,
    Proof,
    authorization,
    parameters,
    response,
)

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
@pytest.mark.clause("WAP-247 §8", "HTTP; Basic (RFC 7617), Digest (RFC 7616)")
def test_the_digest_is_that_of_the_standard(algorithm, expected):
    """The example of RFC 7616 §3.9.1, in both algorithms."""
    who = ("Mufasa", "http-auth@example.org", "Circle of Life")
    proof = Proof(
        "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "00000001",
        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
    )
    assert response(algorithm, who, ("GET", "/dir/index.html"), proof) == expected


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Z"])))
def test_what_is_written_is_read(user):
    """Quotation marks and backslashes in a name are escaped."""
    text = authorization(
        "MD5", (user, "push", "x"), ("POST", "/pap"), Proof("n", "00000001", "c"), "o"
    )
    scheme, _, rest = text.partition(" ")
    given_ = parameters(rest)
    assert scheme == "Digest"
    assert given_["username"] == user
    assert (given_["nc"], given_["qop"], given_["opaque"]) == ("00000001", "auth", "o")


def test_a_nonce_is_given_out_once():
    """So that clients which came in the same second don't share its counts."""
    nonces = Nonces(b"seal")
    assert nonces.new(NOW) != nonces.new(NOW)


def test_counts_may_overtake_one_another_a_little():
    """Requests over several connections; one that is far behind may have been seen before."""
    nonces = Nonces(b"seal")
    nonce = nonces.new(NOW)
    for number in (1, 3, 2, WINDOW, 4, 500):
        assert nonces.take(nonce, f"{number:08x}", NOW), number
    for number in (0, 1, 3, 4, 500, 500 - WINDOW):
        assert not nonces.take(nonce, f"{number:08x}", NOW), number
    assert nonces.take(nonce, f"{500 - WINDOW + 1:08x}", NOW)


@given(st.lists(st.integers(1, 200)))
def test_no_count_is_taken_twice(counts):
    """Whatever comes in whatever order."""
    nonces = Nonces(b"seal")
    nonce = nonces.new(NOW)
    taken = [number for number in counts if nonces.take(nonce, f"{number:08x}", NOW)]
    assert len(taken) == len(set(taken))


@pytest.mark.parametrize("nonce", ["", "x", "1.2", "6b49d200.0.00", "6b49d200.zz.00", "-1.-1.0"])
def test_a_nonce_of_somebody_else_is_not_taken(nonce):
    """Only what these nonces sealed is."""
    assert not Nonces(b"seal").take(nonce, "00000001", NOW)
    assert not Nonces(b"seal").take(Nonces(b"other").new(NOW), "00000001", NOW)


def test_a_nonce_has_its_time():
    """From when it was given out; the clock may not have been put back since."""
    nonces = Nonces(b"seal")
    nonce = nonces.new(NOW)
    assert not nonces.take(nonce, "00000001", NOW - 2)
    assert nonces.take(nonce, "00000001", NOW + NONCE_SECONDS - 1)
    assert not nonces.take(nonce, "00000002", NOW + NONCE_SECONDS)


def test_what_is_remembered_of_nonces_is_bounded():
    """Beyond the bound the oldest nonce is stale, used or not; expired ones make room."""
    nonces = Nonces(b"seal")
    unused, first, second = (nonces.new(NOW) for _ in range(3))
    assert nonces.take(first, "00000001", NOW)
    assert nonces.take(second, "00000001", NOW)
    for _ in range(MOST_NONCES - 1):
        assert nonces.take(nonces.new(NOW + 1), "00000001", NOW + 1)
    assert not nonces.take(first, "00000002", NOW + 1)
    assert not nonces.take(unused, "00000001", NOW + 1)
    assert nonces.take(second, "00000002", NOW + 1)
    later = NOW + 1 + NONCE_SECONDS
    kept, more = nonces.new(later), nonces.new(later)
    assert nonces.take(more, "00000001", later)
    assert nonces.take(kept, "00000001", later)
