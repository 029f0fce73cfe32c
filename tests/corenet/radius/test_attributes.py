"""Attributes by name and as octets; pyrad is the oracle of what we write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrad.packet import AcctPacket

from corenet.radius.attributes import (
    Attributes,
    MalformedError,
    encode_attributes,
    load_dictionary,
    number_of,
)

DICTIONARY = load_dictionary()
VALUES = {
    "string": st.text(
        st.characters(codec="ascii", exclude_characters="\0"), min_size=1, max_size=247
    ),
    "octets": st.binary(min_size=1, max_size=247),
    "byte": st.integers(0, 255),
    "integer": st.integers(0, 2**32 - 1),
    "date": st.integers(0, 2**32 - 1),
    "ipaddr": st.ip_addresses(v=4).map(str),
    "ipv6addr": st.ip_addresses(v=6).map(str),
    "ipv6prefix": st.ip_addresses(v=6).map(lambda address: f"{address}/128"),
}
SIGNED = {"User-Password", "Message-Authenticator"}
"""What pyrad writes as it thinks right."""


@pytest.mark.oracle
@given(st.data())
def test_every_attribute_is_written_as_pyrad_does(data: st.DataObject) -> None:
    """Each name of the dictionary, with any value of its type."""
    name = data.draw(st.sampled_from(sorted(set(DICTIONARY.attributes) - SIGNED)))
    value = data.draw(VALUES[DICTIONARY[name].type])
    packet = AcctPacket(id=1, secret=b"x", dict=DICTIONARY)
    packet.AddAttribute(name, value)
    assert encode_attributes({name: value}) == packet.RequestPacket()[20:]


@pytest.mark.parametrize(
    ("name", "value", "octets"),
    [
        ("Acct-Status-Type", "Start", "280600000001"),
        ("Class", (b"a", b"bc"), "19036119046263"),
        ("Class", (), ""),
        ("User-Name", "", ""),
        ("User-Name", "x" * 254, ""),
        ("3GPP-IMSI", "1" * 248, ""),
        ("User-Name", b"\xff", "0103ff"),
        ("3GPP-RAT-Type", 2, "1a09000028af150302"),
        ("Framed-IPv6-Prefix", "2001:db8::/64", "6114004020010db8000000000000000000000000"),
    ],
)
def test_values_by_name(name: str, value: object, octets: str) -> None:
    """Values with names, several of them, and those that cannot be said."""
    assert encode_attributes({name: value}).hex() == octets


def test_what_was_received_is_found_by_name() -> None:
    """Each as the type that is asked for; what is of another length is as good as absent."""
    attributes = Attributes.decode(
        bytes.fromhex(
            "280600000002"  # Acct-Status-Type: Stop
            "1903611903 62"  # Class: a, Class: b
            "0804 0a2d"  # Framed-IP-Address of two octets
            "1a0f 000028af 0106 31323334 0203 05"  # two attributes of 3GPP in one
            "1a06 00000137"  # a vendor's, with nothing in it
            "1a08 000028af 0109"  # 3GPP-IMSI, which is cut short
            "610c 0040 20010db800000001"  # Framed-IPv6-Prefix of eight octets
        )
    )
    assert attributes.integer("Acct-Status-Type") == 2
    assert attributes.all("Class") == (b"a", b"b")
    assert attributes.ipv4("Framed-IP-Address") is None
    assert attributes.text("3GPP-IMSI") == "1234"
    assert attributes.octets("3GPP-Charging-Id") == b"\x05"
    assert attributes.prefix64("Framed-IPv6-Prefix") == bytes.fromhex("20010db800000001")
    assert attributes.octets("User-Name") is None
    assert attributes.text("User-Name") is None
    assert attributes.integer("User-Name") is None
    assert attributes.prefix64("User-Name") is None
    assert [number for number, _ in attributes.items].count((0, 26)) == 2


@pytest.mark.parametrize(
    ("octets", "prefix"),
    [
        ("00 40 20010db8", "20010db800000000"),
        ("00 38 20010db8", None),
        ("00", None),
        ("00 40" + "20" * 16, "20" * 8),
        ("00 40" + "20" * 17, None),
    ],
)
def test_a_prefix_of_64_bits_may_be_written_short(octets: str, prefix: str | None) -> None:
    """RFC 3162 §2.3: zeros at its end may be left out; other lengths are no prefix for a mobile."""
    number = number_of("Framed-IPv6-Prefix")
    found = Attributes(((number, bytes.fromhex(octets)),)).prefix64("Framed-IPv6-Prefix")
    assert (found.hex() if found is not None else None) == prefix


@pytest.mark.parametrize("octets", ["01", "0101", "0103", "0104ff", "280600000001 19"])
def test_a_wrong_length_is_malformed(octets: str) -> None:
    """Nothing of such a packet can be believed."""
    with pytest.raises(MalformedError):
        Attributes.decode(bytes.fromhex(octets))


@given(st.binary(max_size=100))
def test_any_octets_are_read_or_malformed(octets: bytes) -> None:
    """Nothing else happens, and what is read is all there."""
    try:
        attributes = Attributes.decode(octets)
    except MalformedError:
        return
    assert sum(len(value) for _, value in attributes.items) <= len(octets)
