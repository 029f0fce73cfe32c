"""Answering a gateway that asks who it is talking to."""

from __future__ import annotations

import pytest

from testbed.codecs import http_digest
from testbed.codecs.http_digest import Proof
from testbed.gateway.initiators import Access, Caller, Initiator, Known, Unknown
from testbed.initiator.login import Login

NOW = 1_800_000_000.0
HERE = "192.0.2.1"


@pytest.fixture
def login() -> Login:
    return Login("shop", 'sec"ret', iter("abcdefgh").__next__)


@pytest.fixture
def gate() -> Access:
    return Access([Initiator("shop", 'sec"ret')], seal=b"seal")


def said(login: Login) -> str:
    text = login.authorization("POST", "/pap")
    assert text is not None
    return text


def challenges(gate: Access, authorization: str | None = None, now: float = NOW) -> tuple[str, ...]:
    answer = gate.check(Caller(HERE, authorization), now)
    assert isinstance(answer, Unknown)
    return answer.challenges


def test_nothing_is_said_before_somebody_asks(login):
    """A password goes to nobody who did not want it."""
    assert login.authorization("POST", "/pap") is None


def test_digest_is_preferred_and_its_nonce_used_again(login, gate):
    """With a higher count each time, which is what the gateway takes."""
    assert login.challenged(challenges(gate), None)
    for count in ("00000001", "00000002"):
        text = said(login)
        assert text.startswith("Digest ")
        assert f"nc={count}" in text
        assert gate.check(Caller(HERE, text), NOW) == Known("shop")


def test_a_stale_nonce_is_replaced(login, gate):
    """The gateway says that the answer was right but old."""
    login.challenged(challenges(gate), None)
    text = said(login)
    later = NOW + 3600
    assert login.challenged(challenges(gate, text, later), text)
    assert gate.check(Caller(HERE, said(login)), later) == Known("shop")


def test_a_wrong_password_is_said_once(gate):
    """Asking again would end the same way."""
    login = Login("shop", "wrong", lambda: "c")
    assert login.challenged(challenges(gate), None)
    text = said(login)
    assert not login.challenged(challenges(gate, text), text)


def test_two_that_are_asked_at_once_both_answer(login, gate):
    """Requests over two connections, neither of which had said anything."""
    assert login.challenged(challenges(gate), None)
    assert login.challenged(challenges(gate), None)


def test_basic_answers_who_wants_nothing_better(login):
    """RFC 7617 §2."""
    assert login.challenged(['Basic realm="push"'], None)
    assert said(login) == "Basic c2hvcDpzZWMicmV0"
    assert not login.challenged(['Basic realm="push"'], said(login))


def test_challenges_may_share_a_header():
    """RFC 9110 §11.6.1; an algorithm or a qop that is not ours is passed over."""
    login = Login("shop", "secret", lambda: "c")
    header = (
        'Basic realm="push, Digest x", Digest realm="push", nonce="1", qop="auth-int",'
        ' Digest realm="push", nonce="2", qop="auth,auth-int", algorithm=SHA-512-256,'
        ' Digest realm="push", nonce="3", qop="auth-int, auth", opaque="o"'
    )
    assert login.challenged([header], None)
    given = http_digest.parameters(said(login).removeprefix("Digest "))
    assert (given["nonce"], given["opaque"], given["algorithm"]) == ("3", "o", "MD5")
    assert given["response"] == http_digest.response(
        "MD5", ("shop", "push", "secret"), ("POST", "/pap"), Proof("3", "00000001", "c")
    )


@pytest.mark.parametrize("header", ["", "Bearer", 'Digest realm="x"', 'Digest "'])
def test_what_cannot_be_answered_is_left(login, header):
    """The submission has failed then."""
    assert not login.challenged([header], None)
    assert login.authorization("POST", "/pap") is None
