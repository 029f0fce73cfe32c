"""Headers with codings of their own: credentials, challenges, cookies, methods, waits."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs.wsp import WspError, headers
from testbed.codecs.wsp.primitives import Cursor

LOGIN = f"Basic {b64encode(b'user:pass').decode()}"


def read(octets):
    ((_, value),) = headers.read(Cursor(octets))
    return value


VECTORS = [
    ("Allow", "GET", "86 c0"),
    ("Allow", "PUT", "86 e1"),
    ("Pragma", "no-cache", "9f 80"),
    ("Retry-After", "120", "a5 02 81 f8"),
    ("Retry-After", "Sun, 22 Nov 2026 08:00:00 GMT", "a5 06 80 04 6b 02 a1 00"),
    ("Authorization", LOGIN, "87 0b 80 7573657200 7061737300"),
    ("WWW-Authenticate", 'Basic realm="lab"', "ad 05 80 6c616200"),
    ("WWW-Authenticate", r'Basic realm="a\"b\\c"', "ad 07 80 6122625c6300"),
    ("Cookie", "id=abc; k=v", "c2 0e 90 07 696400 61626300 04 6b00 7600"),
    ("Set-Cookie", "id=abc", "c1 08 90 696400 61626300"),
    (
        "Set-Cookie",
        "id=a; path=/x; domain=b.c; comment=d; max-age=60; secure; SameSite=Lax; HttpOnly",
        "c1 1f 2d 90 696400 6100 8f2f7800 8d622e6300 8c6400 8ebc 9000"
        "53616d655369746500 4c617800 487474704f6e6c7900 00",
    ),
]


@pytest.mark.parametrize(("name", "value", "octets"), VECTORS)
@pytest.mark.clause(
    "WAP-230 §8.4.2",
    "Authorization and WWW-Authenticate (Basic), Cookie, Set-Cookie, Allow, Pragma, Retry-After",
    status="yes; other schemes than Basic are not written",
)
def test_a_header_is_written_and_read(name, value, octets):
    """Octet by octet."""
    assert headers.write([(name, value)]).hex(" ") == bytes.fromhex(octets).hex(" ")
    assert read(bytes.fromhex(octets)) == value


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Allow", "PATCH"),
        ("Pragma", "x"),
        ("Retry-After", "soon"),
        ("Authorization", "Digest username=x"),
        ("Authorization", "Basic !"),
        ("Authorization", "Basic eA=="),
        ("WWW-Authenticate", 'Digest realm="x"'),
        ("Set-Cookie", "novalue"),
        ("Set-Cookie", "a=b; c d=e"),
        ("Cookie", "=x"),
    ],
)
def test_what_has_no_coding_is_not_written(name, value):
    """The header is named."""
    with pytest.raises(WspError, match=name):
        headers.write([(name, value)])


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("86 bf", "63"),  # Allow of no method
        ("86 474554 00", "GET"),  # Allow as text
        ("9f 81", "1"),  # Pragma of no meaning
        ("a5 01 81", "0x81"),  # Retry-After without its time
        ("a5 02 82 80", "0x8280"),  # Retry-After of no kind
        ("87 02 80 61", "0x8061"),  # Authorization that ends within the user's name
        ("87 02 81 00", "0x8100"),  # Authorization that is not Basic
        ("ad 01 80", "0x80"),  # WWW-Authenticate without a realm
        ("c1 02 90 61", "0x9061"),  # Set-Cookie without a value
        ("c1 01 10", "0x10"),  # Set-Cookie without a version
        ("c2 02 90 05", "0x9005"),  # Cookie that is cut off
        ("c2 01 10", "0x10"),  # Cookie without a version
    ],
)
def test_a_value_in_no_coding_is_read_for_what_it_is(octets, value):
    """Text as text, an integer as digits, other octets as hexadecimal digits."""
    assert read(bytes.fromhex(octets)) == value


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("c1 08 90 6100 6200 9d2f00", "a=b; path=/"),  # The path of WSP 1.4
        ("c1 08 90 6100 6200 8e 01 05", "a=b; max-age=5"),
        ("c1 07 90 6100 6200 bf81", "a=b; parameter-63=1"),
        ("c1 09 90 6100 6200 02 0102 80", "a=b; parameter-258=0"),
    ],
)
def test_attributes_of_cookies_are_read_in_every_form(octets, value):
    """By older and newer numbers, of any length, and those that nobody knows."""
    assert read(bytes.fromhex(octets)) == value


NAMES = st.sampled_from(("Allow", "Authorization", "WWW-Authenticate", "Cookie", "Set-Cookie"))


@given(st.sampled_from((0x86, 0x87, 0xAD, 0xC1, 0xC2, 0xA5, 0x9F)), st.binary(max_size=30))
def test_any_octets_are_read(name, octets):
    """Whatever stands in the header."""
    assert isinstance(read(bytes((name, len(octets))) + octets), str)


PRINTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20)


@given(PRINTABLE.filter(lambda text: ":" not in text), PRINTABLE)
def test_every_login_survives(user, password):
    """Also empty ones, and passwords with colons."""
    value = f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"
    assert read(headers.write([("Authorization", value)])) == value


@given(NAMES, PRINTABLE)
def test_any_value_is_written_or_refused(name, value):
    """And what is written is read."""
    try:
        octets = headers.write([(name, value)])
    except WspError:
        return
    assert isinstance(read(octets), str)
