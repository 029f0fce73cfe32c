"""Mobility management messages: golden octets, round trips, and what wrong octets lead to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.nas import gmm
from corenet.interfaces.nas.errors import NasError

RAI = bytes.fromhex("32f451123401")

GOLDEN = [
    pytest.param(
        "08 01"
        "02 6500"  # MS network capability
        "71"  # no ciphering key, GPRS attach
        "0000"  # DRX parameter
        "08 29 43 51 90 99 99 99 99"  # IMSI 234150999999999
        "00f110fffeff"  # no old routeing area
        "05 1125000000",  # MS radio access capability
        True,
        gmm.AttachRequest(gmm.MobileIdentity(imsi="234150999999999")),
        id="attach-request",
    ),
    pytest.param(
        "08 02"
        "01 49 04"  # GPRS only, T3312 of 54 minutes, radio priorities
        "32f451123401"  # routeing area 234-15-1234-1
        "18 05 f4c0000001",  # P-TMSI
        False,
        gmm.AttachAccept(RAI, 0xC0000001),
        id="attach-accept",
    ),
    pytest.param(
        "08 02 01 49 04 32f451123401 25 10",  # GMM cause 16
        False,
        gmm.AttachAccept(RAI, cause=16),
        id="attach-accept-cause",
    ),
    pytest.param("08 03", True, gmm.AttachComplete(), id="attach-complete"),
    pytest.param("08 04 07", False, gmm.AttachReject(7), id="attach-reject"),
    pytest.param(
        "08 05 09 18 05 f4c0000001",  # power off, GPRS detach, P-TMSI
        True,
        gmm.DetachRequestUplink(power_off=True, p_tmsi=0xC0000001),
        id="detach-request-uplink",
    ),
    pytest.param("08 05 01", True, gmm.DetachRequestUplink(), id="detach-request-bare"),
    pytest.param(
        "08 05 01 25 0a",  # re-attach required, cause 10
        False,
        gmm.DetachRequestDownlink(gmm.NetworkDetachType.REATTACH_REQUIRED, 10),
        id="detach-request-downlink",
    ),
    pytest.param("08 05 02", False, gmm.DetachRequestDownlink(), id="detach-request-no-cause"),
    pytest.param("08 06", True, gmm.DetachAcceptUplink(), id="detach-accept-uplink"),
    pytest.param("08 06 00", False, gmm.DetachAcceptDownlink(), id="detach-accept-downlink"),
    pytest.param(
        "08 12 00 30"  # no ciphering, A&C reference 3
        "21 000102030405060708090a0b0c0d0e0f"  # RAND
        "82"  # key sequence 2
        "28 10 101112131415161718191a1b1c1d1e1f",  # AUTN
        False,
        gmm.AuthenticationRequest(3, bytes(range(16)), 2, bytes(range(16, 32))),
        id="authentication-request",
    ),
    pytest.param(
        "08 12 00 f0", False, gmm.AuthenticationRequest(15), id="authentication-request-bare"
    ),
    pytest.param(
        "08 13 03 22 01020304 29 04 05060708",  # A&C reference, RES, the rest of it
        True,
        gmm.AuthenticationResponse(3, bytes(range(1, 9))),
        id="authentication-response",
    ),
    pytest.param(
        "08 13 03", True, gmm.AuthenticationResponse(3), id="authentication-response-bare"
    ),
    pytest.param("08 1c 14", True, gmm.AuthenticationFailure(20), id="authentication-failure-mac"),
    pytest.param(
        "08 1c 15 30 0e 000102030405060708090a0b0c0d",  # synch failure, AUTS
        True,
        gmm.AuthenticationFailure(21, bytes(range(14))),
        id="authentication-failure-synch",
    ),
    pytest.param("08 14", False, gmm.AuthenticationReject(), id="authentication-reject"),
    pytest.param("08 20 61", True, gmm.GmmStatus(97), id="status-uplink"),
    pytest.param("08 20 61", False, gmm.GmmStatus(97), id="status-downlink"),
]


@pytest.mark.parametrize(("octets", "uplink", "message"), GOLDEN)
def test_golden_octets_are_written_and_read(
    octets: str, uplink: bool, message: gmm.GmmMessage
) -> None:
    """Each message is written as the annotated octets, and read from them."""
    assert message.encode() == bytes.fromhex(octets)
    assert gmm.decode(bytes.fromhex(octets), uplink=uplink) == message


identities = st.one_of(
    st.builds(gmm.MobileIdentity, st.from_regex(r"[0-9]{1,15}", fullmatch=True), st.none()),
    st.builds(gmm.MobileIdentity, st.none(), st.integers(0, 0xFFFFFFFF)),
)
p_tmsis = st.none() | st.integers(0, 0xFFFFFFFF)
octet = st.integers(0, 255)
uplink_messages = st.one_of(
    st.builds(
        gmm.AttachRequest,
        identities,
        st.integers(1, 7),
        st.integers(0, 7),
        st.binary(min_size=6, max_size=6),
        st.binary(min_size=2, max_size=8),
        st.binary(min_size=2, max_size=2),
        st.binary(min_size=5, max_size=20),
    ),
    st.builds(gmm.DetachRequestUplink, st.integers(1, 3), st.booleans(), p_tmsis),
    st.just(gmm.AttachComplete()),
    st.just(gmm.DetachAcceptUplink()),
    st.builds(gmm.GmmStatus, octet),
)
downlink_messages = st.one_of(
    st.builds(
        gmm.AttachAccept,
        st.binary(min_size=6, max_size=6),
        p_tmsis,
        st.integers(1, 7),
        octet,
        st.none() | octet,
    ),
    st.builds(gmm.AttachReject, octet),
    st.builds(gmm.DetachRequestDownlink, st.integers(1, 3), st.none() | octet),
    st.just(gmm.DetachAcceptDownlink()),
    st.builds(gmm.GmmStatus, octet),
)


@given(uplink_messages)
def test_every_uplink_message_is_read_as_it_was_written(message: gmm.GmmMessage) -> None:
    """Reading what the MS wrote gives the message back."""
    assert gmm.decode(message.encode(), uplink=True) == message


@given(downlink_messages)
def test_every_downlink_message_is_read_as_it_was_written(message: gmm.GmmMessage) -> None:
    """Reading what the network wrote gives the message back."""
    assert gmm.decode(message.encode(), uplink=False) == message


def answer_to(octets: bytes, uplink: bool) -> int | None:
    """Return the cause to answer, or None for a message that can be taken."""
    try:
        gmm.decode(octets, uplink=uplink)
    except NasError as error:
        return error.cause
    return None


@given(st.binary(max_size=60) | st.binary(max_size=40).map(b"\x08\x01".__add__), st.booleans())
def test_random_octets_raise_only_nas_error(octets: bytes, uplink: bool) -> None:
    """Whatever arrives, a message or NasError comes out."""
    assert answer_to(octets, uplink) in {None, 96, 97, 111}


ATTACH_START = "08 01 02 6500 71 0000"


@pytest.mark.parametrize(
    ("octets", "cause", "place"),
    [
        pytest.param("08", 111, 1, id="no-type"),
        pytest.param("18 03", 111, 0, id="skip-indicator"),
        pytest.param("08 02", 97, 1, id="other-direction"),
        pytest.param("08 05", 96, 2, id="no-detach-type"),
        pytest.param(f"{ATTACH_START} 05 f2 00000000", 96, 8, id="identity-of-other-kind"),
        pytest.param(f"{ATTACH_START} 00", 96, 8, id="identity-empty"),
        pytest.param(f"{ATTACH_START} 02 21 14", 96, 8, id="even-imsi-without-filler"),
        pytest.param(f"{ATTACH_START} 02 29 ba", 96, 8, id="imsi-with-letters"),
    ],
)
def test_wrong_octets_give_the_cause_and_place(octets: str, cause: int, place: int) -> None:
    """An error carries the GMM cause to answer and the octet where the fault lies."""
    with pytest.raises(NasError) as caught:
        gmm.decode(bytes.fromhex(octets), uplink=True)
    assert (caught.value.cause, caught.value.octet) == (cause, place)


def test_identity_that_is_no_p_tmsi_is_passed_over() -> None:
    """An allotted identity of another kind is as though it were absent."""
    accept = bytes.fromhex("08 02 01 49 04 32f451123401 18 05 f200000000")
    assert gmm.decode(accept, uplink=False) == gmm.AttachAccept(RAI)
    detach = bytes.fromhex("08 05 01 18 01 f2")
    assert gmm.decode(detach, uplink=True) == gmm.DetachRequestUplink()


def test_fixed_length_options_are_passed_over_by_their_length() -> None:
    """P-TMSI signature and ready timer have no length octet, and what follows is still read."""
    octets = "08 02 01 49 04 32f451123401 19 aabbcc 17 42 18 05 f4c0000001"
    assert gmm.decode(bytes.fromhex(octets), uplink=False) == gmm.AttachAccept(
        RAI, 0xC0000001, ready_timer=0x42, p_tmsi_signature=bytes.fromhex("aabbcc")
    )


@pytest.mark.parametrize("identity", [gmm.MobileIdentity(), gmm.MobileIdentity(imsi="23x")])
def test_identity_without_value_is_not_written(identity: gmm.MobileIdentity) -> None:
    """An empty identity, or an IMSI that is not digits, is our own mistake."""
    with pytest.raises(ValueError):
        identity.encode()


def test_identity_reads_well() -> None:
    """An identity says which kind it is."""
    assert str(gmm.MobileIdentity(imsi="234150999999999")) == "IMSI 234150999999999"
    assert str(gmm.MobileIdentity(p_tmsi=1)) == "P-TMSI 00000001"
    assert str(gmm.MobileIdentity()) == "no identity"


@pytest.mark.parametrize("octets", ["08 12 00 30 28 02 0000", "08 1c 15 30 02 0000"])
def test_elements_of_a_wrong_size_count_as_none(octets: str) -> None:
    """AUTN that is no AUTN is no challenge to a USIM, AUTS that is none says nothing."""
    message = gmm.decode(bytes.fromhex(octets), uplink=octets.startswith("08 1c"))
    assert message in (gmm.AuthenticationRequest(3), gmm.AuthenticationFailure(21))


def test_a_rest_without_a_beginning_is_no_response() -> None:
    """The extension alone cannot be a RES."""
    octets = bytes.fromhex("08 13 03 29 04 05060708")
    assert gmm.decode(octets, uplink=True) == gmm.AuthenticationResponse(3)
