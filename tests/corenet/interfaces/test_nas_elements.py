"""What NAS messages are made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.nas.elements import PdpAddress, PdpType, decode_apn, encode_apn


def test_ipv4_address_has_a_spare_half_octet_of_zeros() -> None:
    """Unlike in GTP, the first octet's upper half is zero."""
    assert PdpAddress.for_ipv4("10.45.0.7").encode() == bytes.fromhex("01 21 0a2d0007")


@pytest.mark.parametrize(
    ("value", "kind", "ipv4", "ipv6", "text"),
    [
        ("0121", PdpType.IPV4, None, None, "dynamic address"),
        ("f1210a2d0007", PdpType.IPV4, "10.45.0.7", None, "10.45.0.7"),
        (f"0157{'20010db8' + '00' * 11 + '01'}", PdpType.IPV6, None, "2001:db8::1", "2001:db8::1"),
        (
            f"018d0a2d0007{'20010db8' + '00' * 11 + '01'}",
            PdpType.IPV4V6,
            "10.45.0.7",
            "2001:db8::1",
            "10.45.0.7",
        ),
        ("0001", None, None, None, "dynamic address"),
        ("0199aabb", None, None, None, "aabb"),
    ],
)
def test_address_is_read(
    value: str, kind: PdpType | None, ipv4: str | None, ipv6: str | None, text: str
) -> None:
    """Type and address come out of the value part, unknown types with their octets."""
    address = PdpAddress.decode(bytes.fromhex(value))
    assert address.pdp_type == kind
    assert (address.ipv4, address.ipv6, str(address)) == (ipv4, ipv6, text)


@pytest.mark.parametrize("value", ["", "01", "01210a", "0157aabb", "018d01"])
def test_address_of_a_wrong_length_is_refused(value: str) -> None:
    """Each type has its lengths."""
    with pytest.raises(ValueError, match="PDP address"):
        PdpAddress.decode(bytes.fromhex(value))


def test_apn_is_written_as_labels() -> None:
    """Each label has its length before it."""
    assert encode_apn("wap.example") == b"\x03wap\x07example"


@pytest.mark.parametrize("apn", ["", "wap.", ".wap", "w" * 64, ".".join(["w" * 30] * 4), "é"])
def test_apn_that_has_no_octets_is_refused(apn: str) -> None:
    """Labels have 1 to 63 ASCII characters, all of them 100 octets at most."""
    with pytest.raises(ValueError):
        encode_apn(apn)


@pytest.mark.parametrize(
    "octets", [b"", b"\x00", b"\x05a", b"\x01.", b"\x01\xff", b"\x40" + b"a" * 64]
)
def test_malformed_apn_is_refused(octets: bytes) -> None:
    """Empty labels, labels over the end and octets that no name has are refused."""
    with pytest.raises(ValueError):
        decode_apn(octets)


@given(st.binary(max_size=110))
def test_apn_that_can_be_read_is_written_alike(octets: bytes) -> None:
    """What is read as an APN is written as it was."""
    try:
        apn = decode_apn(octets)
    except ValueError:
        return
    assert encode_apn(apn) == octets
