"""Which URLs are fetched, and by which name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.pull.config import PullConfig
from testbed.pull.origins import NoTarget, Target, is_closed, target

ANY = PullConfig(origins=("*",))
CLOSED = PullConfig(origins=("*",), closed=frozenset({("127.0.0.1", 8080), ("core.example", 8443)}))


@pytest.mark.parametrize(
    ("uri", "url", "host", "port"),
    [
        ("http://127.0.0.1:8088/a?b=c", "http://127.0.0.1:8088/a?b=c", "127.0.0.1", 8088),
        ("HTTP://LocalHost", "http://localhost/", "localhost", 80),
        ("https://localhost:443/%41#part", "https://localhost/%41", "localhost", 443),
        ("http://[::1]:80/", "http://[::1]/", "::1", 80),
        ("http://localhost/é?ü", "http://localhost/%C3%A9?%C3%BC", "localhost", 80),
    ],
)
def test_a_url_is_written_anew(uri, url, host, port):
    """Scheme and host in lower case, no port that goes without saying, no fragment."""
    assert target(uri, PullConfig()) == Target(url, host, port)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/relative",
        "ftp://localhost/",
        "file:///etc/passwd",
        "http://",
        "http://user:secret@localhost/",
        "http://localhost:0/",
        "http://localhost:99999/",
        "http://localhost /",
        "http://localhost/\r\nX: y",
        "http://localhost\\@evil.example/",
        "http://[::1%25eth0]/",
        "http://[::1/",
        "http://[1:2]/",
        "http://exämple.org/",
    ],
)
def test_what_is_no_web_address_is_a_bad_request(uri):
    """400, whatever hosts are allowed."""
    found = target(uri, ANY)
    assert isinstance(found, NoTarget)
    assert found.status == 400


def test_a_url_may_not_be_endless():
    """414."""
    assert target("http://localhost/" + "a" * 2048, ANY).status == 414


@pytest.mark.parametrize(
    "host",
    ["example.org", "10.0.0.1", "0.0.0.0", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "127.1"],
)
def test_only_loopback_is_fetched_from_by_default(host):
    """However another host, or loopback itself in disguise, is written."""
    found = target(f"http://{host}/", PullConfig())
    assert isinstance(found, NoTarget)
    assert found.status == 403


def test_origins_are_names_addresses_and_networks():
    """Each allows what it says."""
    config = PullConfig(origins=("shop.example", "10.0.0.0/8"))
    assert isinstance(target("http://shop.example/", config), Target)
    assert isinstance(target("http://10.1.2.3/", config), Target)
    assert isinstance(target("http://localhost/", config), NoTarget)


@pytest.mark.parametrize(
    "uri",
    [
        "http://127.0.0.1:8080/v1/terminals",
        "http://localhost:8080/",
        "http://[::ffff:127.0.0.1]:8080/",
        "https://core.example:8443/",
    ],
)
def test_some_places_are_closed_to_all(uri):
    """Under each name that leads there."""
    assert target(uri, CLOSED).status == 403


def test_the_neighbours_of_a_closed_place_are_open():
    """Another port, another address."""
    assert isinstance(target("http://127.0.0.1:8081/", CLOSED), Target)
    assert isinstance(target("http://127.0.0.2:8080/", CLOSED), Target)
    assert not is_closed("other.example", 8443, CLOSED)


@pytest.mark.parametrize("host", ["127.0.0.1", "10.9.8.7", "core.example", "[::1]", "0.0.0.0"])
def test_what_listens_everywhere_is_closed_under_every_name(host):
    """Which of them are this machine's is not known; other ports are open."""
    everywhere = PullConfig(origins=("*",), closed=frozenset({("0.0.0.0", 8080)}))
    assert target(f"http://{host}:8080/", everywhere).status == 403
    assert isinstance(target(f"http://{host}:8081/", everywhere), Target)


def test_no_address_at_all_leads_to_what_is_closed_here():
    """Linux connects 0.0.0.0 to the machine itself."""
    assert target("http://0.0.0.0:8080/", CLOSED).status == 403
    assert target("http://[::]:8080/", CLOSED).status == 403


@given(st.text() | st.text().map("http://".__add__))
def test_any_text_is_judged(uri):
    """No error, and what is fetched is printable ASCII."""
    found = target(uri, ANY)
    if isinstance(found, Target):
        assert found.url.isascii()
        assert found.url.isprintable()
        assert " " not in found.url
        assert isinstance(target(found.url, ANY), (Target, NoTarget))
