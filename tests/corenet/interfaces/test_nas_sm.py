"""Session management messages: golden octets, round trips, and what wrong octets lead to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.nas import sm
from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.elements import PdpAddress
from corenet.interfaces.nas.errors import NasError

STATIC = PdpAddress.for_ipv4("10.45.0.7")
QOS = bytes.fromhex("0b921f7396fefe742bffff")
NETWORK_TI = sm.TransactionIdentifier(1)
MOBILE_TI = sm.TransactionIdentifier(1, flag=True)

GOLDEN = [
    pytest.param(
        "1a 44"  # TI 1 of the sender, session management, type
        "06 01 21 0a2d0007"  # offered PDP address: IETF, IPv4, 10.45.0.7
        "28 0c 03776170 076578616d706c65",  # APN
        sm.RequestPdpContextActivation(NETWORK_TI, STATIC, "wap.example"),
        id="request-activation",
    ),
    pytest.param(
        "9a 45 1a",  # TI 1 of the receiver; SM cause 26
        sm.RequestPdpContextActivationReject(MOBILE_TI, SmCause.INSUFFICIENT_RESOURCES),
        id="request-activation-reject",
    ),
    pytest.param(
        "9a 41"
        "05 03"  # NSAPI, LLC SAPI
        "0b 0b921f7396fefe742bffff"  # requested QoS
        "06 01 21 0a2d0007"
        "28 0c 03776170 076578616d706c65",
        sm.ActivatePdpContextRequest(MOBILE_TI, 5, 3, QOS, STATIC, "wap.example"),
        id="activate-request",
    ),
    pytest.param(
        "0a 41 05 03 0b 0000000000000000000000"
        "02 01 21"  # IPv4, the network is to choose
        "27 01 80",  # protocol configuration options
        sm.ActivatePdpContextRequest(sm.TransactionIdentifier(0), 5, pco=b"\x80"),
        id="activate-request-dynamic",
    ),
    pytest.param(
        "1a 42"
        "03"  # LLC SAPI
        "0b 0b921f7396fefe742bffff"  # negotiated QoS
        "04"  # radio priority
        "2b 06 01 21 0a2d0007",
        sm.ActivatePdpContextAccept(NETWORK_TI, 3, QOS, 4, STATIC),
        id="activate-accept",
    ),
    pytest.param(
        "1a 42 03 0b 0b921f7396fefe742bffff 01"
        "27 01 80"
        "34 01 05"  # packet flow identifier
        "39 01 34",  # SM cause 52
        sm.ActivatePdpContextAccept(NETWORK_TI, 3, QOS, 1, None, b"\x80", 5, 52),
        id="activate-accept-all-options",
    ),
    pytest.param("1a 43 21", sm.ActivatePdpContextReject(NETWORK_TI, 33), id="activate-reject"),
    pytest.param(
        "1a 43 1a 37 01 21",  # back-off timer
        sm.ActivatePdpContextReject(NETWORK_TI, 26, back_off_timer=0x21),
        id="activate-reject-back-off",
    ),
    pytest.param(
        "9a 46 24 91",  # cause 36, teardown
        sm.DeactivatePdpContextRequest(MOBILE_TI, 36, teardown=True),
        id="deactivate-request",
    ),
    pytest.param("1a 47", sm.DeactivatePdpContextAccept(NETWORK_TI), id="deactivate-accept"),
    pytest.param("1a 55 61", sm.SmStatus(NETWORK_TI, 97), id="status"),
    pytest.param(
        "fa 90 47",  # TI in an octet of its own
        sm.DeactivatePdpContextAccept(sm.TransactionIdentifier(16, flag=True)),
        id="extended-ti",
    ),
]


@pytest.mark.parametrize(("octets", "message"), GOLDEN)
def test_golden_octets_are_written(octets: str, message: sm.SmMessage) -> None:
    """Each message is written as the annotated octets."""
    assert message.encode() == bytes.fromhex(octets)


@pytest.mark.parametrize(("octets", "message"), GOLDEN)
def test_golden_octets_are_read(octets: str, message: sm.SmMessage) -> None:
    """The annotated octets are read as each message."""
    assert sm.decode(bytes.fromhex(octets)) == message


tis = st.builds(sm.TransactionIdentifier, st.integers(0, 127), st.booleans())
octet = st.integers(0, 255)
pcos = st.none() | st.binary(min_size=0, max_size=40)
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
apns = st.none() | st.lists(labels, min_size=1, max_size=4).map(".".join)
qualities = st.binary(min_size=3, max_size=20)
addresses = st.one_of(
    st.builds(PdpAddress, st.just(0x21), st.sampled_from((b"", b"\x0a\x2d\x00\x07"))),
    st.builds(PdpAddress, st.just(0x57), st.sampled_from((b"", bytes(range(16))))),
    st.builds(PdpAddress, st.just(0x8D), st.sampled_from((b"", bytes(4), bytes(16), bytes(20)))),
    st.builds(PdpAddress, st.just(1), st.just(b""), st.just(0)),
)
messages = st.one_of(
    st.builds(
        sm.ActivatePdpContextRequest,
        tis,
        st.integers(5, 15),
        st.sampled_from((3, 5, 9, 11)),
        qualities,
        addresses,
        apns,
        pcos,
    ),
    st.builds(
        sm.ActivatePdpContextAccept,
        tis,
        st.sampled_from((3, 5, 9, 11)),
        qualities,
        st.integers(1, 4),
        st.none() | addresses,
        pcos,
        st.none() | octet,
        st.none() | octet,
    ),
    st.builds(sm.ActivatePdpContextReject, tis, octet, pcos, st.none() | octet),
    st.builds(sm.RequestPdpContextActivation, tis, addresses, apns, pcos),
    st.builds(sm.RequestPdpContextActivationReject, tis, octet, pcos),
    st.builds(sm.DeactivatePdpContextRequest, tis, octet, st.booleans(), pcos),
    st.builds(sm.DeactivatePdpContextAccept, tis, pcos),
    st.builds(sm.SmStatus, tis, octet),
)


@given(messages)
def test_every_message_is_read_as_it_was_written(message: sm.SmMessage) -> None:
    """Reading what was written gives the message back."""
    assert sm.decode(message.encode()) == message


def answer_to(octets: bytes) -> int | None:
    """Return the cause to answer, or None for a message that can be taken."""
    try:
        sm.decode(octets)
    except NasError as error:
        return error.cause
    return None


@given(st.binary(max_size=60))
def test_random_octets_raise_only_nas_error(octets: bytes) -> None:
    """Whatever arrives, a message or NasError comes out."""
    assert answer_to(octets) in {None, 81, 96, 97, 111}


@given(messages, st.data())
def test_damaged_messages_raise_only_nas_error(message: sm.SmMessage, data: st.DataObject) -> None:
    """A message cut short or with one octet changed is read or raises NasError."""
    octets = bytearray(message.encode())
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(octet)
    assert answer_to(bytes(octets[: data.draw(st.integers(0, len(octets)))])) in {
        None,
        81,
        96,
        97,
        111,
    }


@pytest.mark.parametrize(
    ("octets", "cause", "place"),
    [
        pytest.param("", 111, 0, id="empty"),
        pytest.param("18 01", 111, 0, id="other-protocol"),
        pytest.param("1a", 111, 1, id="no-type"),
        pytest.param("7a", 111, 1, id="extended-ti-cut"),
        pytest.param("7a 05 41", 81, 1, id="extended-ti-without-extension-bit"),
        pytest.param("7a 85", 81, 1, id="extended-ti-below-seven"),
        pytest.param("1a 40", 97, 1, id="unknown-type"),
        pytest.param("1a 45", 96, 2, id="no-cause"),
        pytest.param("1a 44 06 01 21 0a", 96, 3, id="address-cut"),
        pytest.param("1a 44 03 01 21 0a", 96, 2, id="ipv4-of-one-octet"),
        pytest.param("1a 44 01 01", 96, 2, id="address-without-type"),
        pytest.param("9a 41 05 03 02 0000", 96, 4, id="qos-too-short"),
        pytest.param("9a 41 05 03", 96, 4, id="qos-missing"),
        pytest.param("1a 43 21 05 01 00", 96, 3, id="unknown-element-to-be-understood"),
    ],
)
def test_wrong_octets_give_the_cause_and_place(octets: str, cause: int, place: int) -> None:
    """An error carries the SM cause to answer and the octet where the fault lies."""
    with pytest.raises(NasError) as caught:
        sm.decode(bytes.fromhex(octets))
    assert (caught.value.cause, caught.value.octet) == (cause, place)


def test_error_in_the_body_names_message_and_transaction() -> None:
    """Where the header was read, the error has what is needed to answer."""
    with pytest.raises(NasError) as caught:
        sm.decode(bytes.fromhex("9a 44"))
    assert (caught.value.message_type, caught.value.ti) == (0x44, MOBILE_TI)
    assert str(caught.value) == "PDP address length missing at octet 2 (cause 96)"


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param("a1", id="one-octet"),
        pytest.param("33 02 ffff", id="with-length"),
        pytest.param("33", id="length-missing"),
        pytest.param("33 05 ff", id="cut-short"),
    ],
)
def test_unknown_or_broken_options_are_passed_over(extra: str) -> None:
    """Optional elements that are unknown, or cut short at the end, change nothing."""
    whole = bytes.fromhex("1a 43 21 37 01 21" + extra)
    assert sm.decode(whole) == sm.ActivatePdpContextReject(NETWORK_TI, 33, back_off_timer=0x21)


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        pytest.param(
            "1a 44 02 01 21 28 02 05 61",
            sm.RequestPdpContextActivation(NETWORK_TI, PdpAddress.dynamic_ipv4()),
            id="apn-label-over-the-end",
        ),
        pytest.param(
            "1a 42 03 03 000000 04 2b 03 01 21 0a",
            sm.ActivatePdpContextAccept(NETWORK_TI, qos=bytes(3)),
            id="address-of-a-wrong-length",
        ),
        pytest.param(
            "1a 43 21 37 00",
            sm.ActivatePdpContextReject(NETWORK_TI, 33),
            id="empty-timer",
        ),
    ],
)
def test_wrong_options_are_as_though_absent(octets: str, message: sm.SmMessage) -> None:
    """An optional element with a wrong value is treated as not there (TS 24.008 §8.7.1)."""
    assert sm.decode(bytes.fromhex(octets)) == message


def test_first_of_repeated_options_counts() -> None:
    """Of an element that is there twice, the first is taken."""
    message = sm.decode(bytes.fromhex("1a 43 21 37 01 21 37 01 22"))
    assert isinstance(message, sm.ActivatePdpContextReject)
    assert message.back_off_timer == 0x21


def test_transaction_identifier_out_of_range_is_refused() -> None:
    """A value that no octet can hold is our own mistake."""
    with pytest.raises(ValueError, match="128"):
        sm.TransactionIdentifier(128).encode()


def test_mirrored_identifier_is_the_other_side_s() -> None:
    """The flag changes with the side that writes it, the value does not."""
    assert NETWORK_TI.mirrored == MOBILE_TI
    assert MOBILE_TI.mirrored == NETWORK_TI
    assert (str(NETWORK_TI), str(MOBILE_TI)) == ("TI 1", "TI 1*")
