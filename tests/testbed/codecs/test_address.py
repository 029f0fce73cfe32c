"""Client addresses of PAP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import address
from testbed.codecs.address import AddressError, AddressKind, ClientAddress


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "WAPPUSH=+447700900123/TYPE=PLMN@ppg.example",
            ClientAddress(AddressKind.PLMN, "+447700900123", "ppg.example"),
        ),
        (
            "wappush=+44-7700.900-123/type=plmn@ppg",
            ClientAddress(AddressKind.PLMN, "+447700900123", "ppg"),
        ),
        (
            "WAPPUSH=10.45.0.7/TYPE=IPv4@ppg:8080",
            ClientAddress(AddressKind.IPV4, "10.45.0.7", "ppg:8080"),
        ),
        (
            "WAPPUSH=2001:DB8:0:0:0:0:0:7/TYPE=ipv6@ppg",
            ClientAddress(AddressKind.IPV6, "2001:db8::7", "ppg"),
        ),
        (
            "WAPPUSH=2001%3Adb8%3A%3A7/TYPE=IPv6@ppg",
            ClientAddress(AddressKind.IPV6, "2001:db8::7", "ppg"),
        ),
        (
            "WAPPUSH=12345678%3A7874/TYPE=USER@rim.net",
            ClientAddress(AddressKind.USER, "12345678:7874", "rim.net"),
        ),
        (
            "WAPPUSH=a%40b%2fc/TYPE=USER@ppg",
            ClientAddress(AddressKind.USER, "a@b/c", "ppg"),
        ),
        (
            " WAPPUSH=a/TYPE=USER/ZONE=x%20y/FOO=@ppg ",
            ClientAddress(AddressKind.USER, "a", "ppg", (("ZONE", "x y"), ("FOO", ""))),
        ),
    ],
)
def test_addresses_are_read(text, expected):
    """Keywords are read in any case, values become canonical."""
    assert address.parse(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "'' is not WAPPUSH=client/TYPE=type@ppg"),
        ("+447700900123", "'+447700900123' is not WAPPUSH=client/TYPE=type@ppg"),
        ("WAPPUSH=+44/TYPE=PLMN", "'WAPPUSH=+44/TYPE=PLMN' is not WAPPUSH=client/TYPE=type@ppg"),
        ("WAPPUSH=+44/TYPE=PLMN@", "'WAPPUSH=+44/TYPE=PLMN@' is not WAPPUSH=client/TYPE=type@ppg"),
        ("WAPPUSH=+44/TYPE=FOO@p", "TYPE=FOO is none of PLMN, IPv4, IPv6, USER"),
        ("WAPPUSH=/TYPE=USER@p", "the client is empty"),
        ("WAPPUSH=447/TYPE=PLMN@p", "'447' is not + and the digits of a global phone number"),
        ("WAPPUSH=+44x/TYPE=PLMN@p", "'+44x' is not + and the digits of a global phone number"),
        ("WAPPUSH=+٤٤/TYPE=PLMN@p", "'+٤٤' is not + and the digits of a global phone number"),
        ("WAPPUSH=10.45.0/TYPE=IPv4@p", "'10.45.0' is not an IPv4 address"),
        ("WAPPUSH=10.45.0.7/TYPE=IPv6@p", "'10.45.0.7' is not an IPv6 address"),
        ("WAPPUSH=a%4/TYPE=USER@p", "'a%4' has a % that escapes nothing"),
        ("WAPPUSH=a%ff/TYPE=USER@p", "'a%ff' escapes octets that are no UTF-8"),
        ("WAPPUSH=" + "a" * 2048 + "/TYPE=USER@p", "an address of 2068 characters is too long"),
    ],
)
def test_other_texts_are_refused(text, reason):
    """What is no client address is refused with the reason."""
    with pytest.raises(AddressError) as caught:
        address.parse(text)
    assert caught.value.text == reason


def test_msisdn_is_the_digits_of_a_phone_number():
    """Only a PLMN address has an MSISDN."""
    assert address.parse("WAPPUSH=+447700900123/TYPE=PLMN@p").msisdn == "447700900123"
    assert address.parse("WAPPUSH=10.45.0.7/TYPE=IPv4@p").msisdn is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (ClientAddress(AddressKind.PLMN, "+44-77", "p"), "WAPPUSH=+4477/TYPE=PLMN@p"),
        (ClientAddress(AddressKind.IPV4, "10.45.0.7", "p"), "WAPPUSH=10.45.0.7/TYPE=IPv4@p"),
        (ClientAddress(AddressKind.IPV6, "2001:db8::7", "p"), "WAPPUSH=2001:db8::7/TYPE=IPv6@p"),
        (ClientAddress(AddressKind.USER, "a/b@c", "p"), "WAPPUSH=a%2Fb%40c/TYPE=USER@p"),
        (
            ClientAddress(AddressKind.USER, "a", "p", (("ZONE", "x y"),)),
            "WAPPUSH=a/TYPE=USER/ZONE=x%20y@p",
        ),
    ],
)
def test_addresses_are_written(value, text):
    """Keywords are written as the specification does; what is not safe is escaped."""
    assert address.build(value) == text


@pytest.mark.parametrize(
    "value",
    [
        ClientAddress(AddressKind.PLMN, "447", "p"),
        ClientAddress(AddressKind.USER, "a", ""),
        ClientAddress(AddressKind.USER, "a", "p q"),
        ClientAddress(AddressKind.USER, "a", "p", (("a/b", "c"),)),
    ],
)
def test_what_cannot_be_written_is_refused(value):
    """A value that does not suit its kind is refused when it is written."""
    with pytest.raises(AddressError):
        address.build(value)


users = st.text(min_size=1, max_size=20).filter(
    lambda text: not any("\ud800" <= c < "\ue000" for c in text)
)


@given(users, st.lists(st.tuples(st.from_regex(r"[A-Z]{1,5}", fullmatch=True), users), max_size=2))
def test_any_user_comes_back(user, qualifiers):
    """Whatever a user is called reads back."""
    value = ClientAddress(AddressKind.USER, user, "ppg.example", tuple(qualifiers))
    assert address.parse(address.build(value)) == value


@given(st.text() | st.text(alphabet="WAPUSH=/TYPE@%0+.:"))
def test_random_text_raises_only_address_errors(text):
    """Nothing but AddressError leaves the reader."""
    try:
        address.parse(text)
    except AddressError as error:
        assert error.text  # noqa: PT017
