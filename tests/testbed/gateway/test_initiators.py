"""Who may push, and how much."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import http_digest, pap
from testbed.codecs.http_digest import NONCE_SECONDS, Proof
from testbed.gateway.config import GatewayConfig
from testbed.gateway.initiators import (
    Access,
    Caller,
    Initiator,
    Known,
    TokenBucket,
    Unknown,
)
from testbed.gateway.routing.judge import TerminalView
from testbed.gateway.submissions.answers import unauthorized
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import IMSI, MESSAGE, MSISDN, NOW, body_of, plmn

SHOP = Initiator("shop", "secret", addresses=("10.0.0.0/8",))
KIOSK = Initiator("kiosk", addresses=("192.0.2.7",))
HERE = "10.1.2.3"


def access(*initiators: Initiator) -> Access:
    return Access(initiators, seal=b"seal")


def basic(text: str, scheme: str = "Basic") -> Caller:
    return Caller(HERE, f"{scheme} {base64.b64encode(text.encode()).decode()}")


def challenge(gate: Access, algorithm: str = "SHA-256", now: float = NOW) -> str:
    """Return the nonce of a challenge."""
    unknown = gate.check(Caller(HERE), now)
    assert isinstance(unknown, Unknown)
    (digest,) = [one for one in unknown.challenges if f"algorithm={algorithm}," in one]
    found = re.search(r'nonce="([^"]+)"', digest)
    assert found is not None
    return found[1]


def digest(
    nonce: str, algorithm: str = "SHA-256", count: str = "00000001", **changes: str
) -> Caller:
    """Return a request with an answer to a challenge."""
    given = {"username": "shop", "realm": "push", "uri": "/pap", "nonce": nonce} | {
        "qop": "auth",
        "nc": count,
        "cnonce": "f00",
        "algorithm": algorithm,
    }
    given["response"] = http_digest.response(
        algorithm if algorithm in http_digest.ALGORITHMS else "MD5",
        ("shop", "push", "secret"),
        ("POST", "/pap"),
        Proof(nonce, count, "f00"),
    )
    given |= changes
    bare = ("qop", "nc", "algorithm")
    text = ", ".join(f"{k}={v}" if k in bare else f'{k}="{v}"' for k, v in given.items() if v)
    return Caller(HERE, f"Digest {text}")


def test_without_initiators_everybody_may_push():
    """As in a lab on loopback."""
    assert access().check(Caller("192.0.2.1"), NOW) == Known("")


def test_a_password_is_known_by_basic():
    """The scheme in any case."""
    gate = access(SHOP, KIOSK)
    assert gate.check(basic("shop:secret"), NOW) == Known("shop")
    assert gate.check(basic("shop:secret", "BASIC"), NOW) == Known("shop")


def is_stale(answer: Known | Unknown) -> bool:
    """Return whether a caller is to answer again with another nonce."""
    return isinstance(answer, Unknown) and all(
        "stale=true" in one for one in answer.challenges if one.startswith("Digest")
    )


@pytest.mark.parametrize("algorithm", ["SHA-256", "MD5"])
def test_a_password_is_known_by_digest(algorithm):
    """With the nonce of a challenge, for as long as that lives."""
    gate = access(SHOP)
    nonce = challenge(gate, algorithm)
    for count, later in (("00000001", 0), ("00000002", NONCE_SECONDS - 1)):
        assert gate.check(digest(nonce, algorithm, count), NOW + later) == Known("shop")
    assert is_stale(gate.check(digest(nonce, algorithm, "00000003"), NOW + NONCE_SECONDS))


def test_a_digest_that_is_replayed_is_asked_for_again():
    """Each nonce count is taken once; who has the password answers the new nonce."""
    gate = access(SHOP)
    caller = digest(challenge(gate))
    assert gate.check(caller, NOW) == Known("shop")
    assert is_stale(gate.check(caller, NOW))
    assert gate.check(digest(challenge(gate)), NOW) == Known("shop")


def test_a_digest_that_is_wrong_uses_up_no_count():
    """Or anybody could have requests of others refused."""
    gate = access(SHOP)
    nonce = challenge(gate)
    assert not is_stale(gate.check(digest(nonce, response="0" * 64), NOW))
    assert gate.check(digest(nonce), NOW) == Known("shop")


@pytest.mark.parametrize(
    "changes",
    [
        {"username": "bank"},
        {"username": "kiosk"},
        {"realm": "other"},
        {"uri": "/other"},
        {"qop": ""},
        {"nc": "1"},
        {"cnonce": "bar"},
        {"response": "0" * 64},
        {"algorithm": "SHA-512"},
        {"response": 'x", response="y'},
        {"response": "x" * 8 + "\\"},
    ],
)
def test_a_digest_that_is_wrong_is_challenged_again(changes):
    """Each part of it counts."""
    gate = access(SHOP, KIOSK)
    assert isinstance(gate.check(digest(challenge(gate), **changes), NOW), Unknown)


@pytest.mark.parametrize("nonce", ["", "x", "6b49d200.00"])
def test_a_nonce_of_somebody_else_is_stale(nonce):
    """Only what this gateway sealed is fresh."""
    answer = access(SHOP).check(digest(nonce or "-"), NOW)
    assert isinstance(answer, Unknown)
    assert "stale=true" in answer.challenges[0]


@pytest.mark.parametrize(
    "caller",
    [
        Caller(HERE),
        basic("shop:wrong"),
        basic("bank:secret"),
        basic("kiosk:"),
        basic("shop"),
        Caller(HERE, "Basic *"),
        Caller(HERE, "Basic /w=="),
        Caller(HERE, "Bearer secret"),
        Caller(HERE, "Digest nonsense"),
    ],
)
def test_who_does_not_say_who_it_is_is_asked(caller):
    """Digest with both algorithms is offered before Basic."""
    answer = access(SHOP, KIOSK).check(caller, NOW)
    assert isinstance(answer, Unknown)
    assert [one.split()[0] for one in answer.challenges] == ["Digest", "Digest", "Basic"]
    http = unauthorized(answer.challenges)
    assert http.status == 401
    assert [name for name, _ in http.headers] == ["WWW-Authenticate"] * 3


def test_an_initiator_without_password_is_known_by_its_address():
    """And one that nobody knows is forbidden, where nobody could say a password."""
    assert access(SHOP, KIOSK).check(Caller("192.0.2.7"), NOW) == Known("kiosk")
    stranger = access(KIOSK).check(Caller("192.0.2.8"), NOW)
    assert isinstance(stranger, Known)
    assert "192.0.2.8" in (stranger.forbidden or "")


@pytest.mark.parametrize("address", ["192.0.2.1", "", "::1"])
def test_an_initiator_may_come_from_its_addresses_only(address):
    """The password is right, the place is not."""
    known = access(SHOP).check(replace(basic("shop:secret"), address=address), NOW)
    assert isinstance(known, Known)
    assert known.name == "shop"
    assert known.forbidden


def test_an_initiator_with_a_certificate_is_known_by_a_name_in_it():
    """Whatever the order of names; neither a password nor an address stands in for it."""
    press = Initiator("press", certificate="DNS:press.example", addresses=("10.0.0.0/8",))
    gate = access(SHOP, press)
    names = ("CN=Press,O=Example", "DNS:press.example")
    assert gate.check(Caller(HERE, certificate=names), NOW) == Known("press")
    assert isinstance(gate.check(Caller(HERE, certificate=names[:1]), NOW), Unknown)
    assert isinstance(gate.check(Caller(HERE), NOW), Unknown)
    assert isinstance(gate.check(basic("press:"), NOW), Unknown)
    elsewhere = gate.check(Caller("192.0.2.1", certificate=names), NOW)
    assert isinstance(elsewhere, Known)
    assert elsewhere.forbidden == "press may not come from 192.0.2.1"


def test_a_certificate_that_names_nobody_is_told_so():
    """Where nobody could say a password: 2001, with its name."""
    stranger = access(KIOSK).check(Caller(HERE, certificate=("CN=x",)), NOW)
    assert isinstance(stranger, Known)
    assert stranger.forbidden == f"nobody is known who comes from {HERE} with CN=x"


@pytest.mark.parametrize(
    "wrong",
    [
        {"certificate": "CN=shop"},
        {"name": ""},
        {"name": "a:b"},
        {"rate": 0},
        {"burst": 0},
        {"addresses": ("10.0.0.1/8",)},
    ],
)
def test_an_initiator_that_cannot_be_is_refused(wrong):
    """When the gateway is configured, not when somebody pushes."""
    with pytest.raises(ValueError, match=r"."):
        replace(SHOP, **wrong)


def test_two_initiators_have_two_names():
    """Or nobody could tell them apart."""
    with pytest.raises(ValueError, match="same name"):
        GatewayConfig("127.0.0.5", "wap.example", b"x", initiators=(SHOP, SHOP))


@given(st.text(max_size=60))
def test_no_authorization_makes_it_stumble(text):
    """Whatever the header says."""
    gate = access(SHOP)
    for scheme in ("", "Basic ", "Digest "):
        assert isinstance(gate.check(Caller(HERE, scheme + text), NOW), Unknown)


def test_a_bucket_fills_at_its_rate():
    """A burst, then two a second, and never more than the burst."""
    bucket = TokenBucket(2.0, 3)
    assert [bucket.take(NOW) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(NOW + 0.5) for _ in range(2)] == [True, False]
    assert [bucket.take(NOW + 100) for _ in range(4)] == [True, True, True, False]
    assert bucket.take(NOW + 50) is False


# On the gateway


@pytest.fixture
def shop(make_bench):
    """A gateway whose shop may submit two at once and one a second, and have two under way."""
    bench = make_bench(initiators=(replace(SHOP, rate=1.0, burst=2, quota=2), KIOSK))
    bench.views[Terminal.by_msisdn(MSISDN)] = TerminalView(IMSI, MSISDN, reachable=False)
    return bench


def push(number: int, *addresses: str) -> pap.PushMessage:
    return replace(MESSAGE, push_id=f"{number}@pi.example", addresses=addresses or (plmn(),))


def test_a_rate_that_is_exceeded_is_answered_with_4001(shop):
    """For pushes and questions; others are not held up, and it passes."""
    shop.submit(push(1), initiator="shop")
    question = pap.StatusQuery("1@pi.example")
    assert shop.ask(question, initiator="shop").results[0].code == 1001
    assert shop.ask(question, initiator="shop").results[0].code == 4001
    assert shop.submit(push(2), initiator="shop").code == 4001
    assert shop.submit(push(3), initiator="kiosk").code == 1001
    shop.advance(1)
    assert shop.submit(push(2), initiator="shop").code == 1001


def test_a_quota_that_is_used_up_is_answered_with_4001(shop):
    """Until something has ended; it counts again after a restart."""
    assert shop.submit(push(1, plmn(), "x"), initiator="shop").code == 1001
    refused = shop.submit(push(2), initiator="shop")
    assert (refused.code, "2" in (refused.desc or "")) == (4001, True)
    shop.restart()
    assert shop.submit(push(2), initiator="shop").code == 4001
    shop.advance(10)
    shop.ask(pap.CancelMessage("1@pi.example"), initiator="shop")
    assert shop.submit(push(2), initiator="shop").code == 1001


def test_who_is_forbidden_gets_2001(shop):
    """In the document that answers its own; nothing is stored or told."""
    shop.submit(push(1), initiator="shop")
    for document in (pap.StatusQuery("1@pi.example"), pap.CancelMessage("1@pi.example")):
        shop.gateway.submit(
            "no", "text/xml", pap.build(document), NOW, initiator="shop", forbidden="not here"
        )
        shop.settle()
        assert pap.parse(shop.answers.pop("no").body).results[0].code == 2001
    assert shop.gateway.unfinished == 1
    shop.gateway.submit("no", *body_of(push(9)), NOW, initiator="shop", forbidden="not here")
    shop.settle()
    answer = pap.parse(shop.answers["no"].body)
    assert (answer.code, answer.desc) == (2001, "not here")
    assert shop.store.find("9@pi.example") is None
