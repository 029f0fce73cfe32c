"""GSUP messages as octets, and what is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.authentication.secrets import Vector
from corenet.interfaces.gsup import (
    CancelType,
    CnDomain,
    GsupError,
    GsupMessage,
    MessageClass,
    MessageType,
    PdpAddress,
    PdpInfo,
    PdpType,
    RawIe,
    SmAlertReason,
    SmRpAddress,
    SmRpAddressType,
    decode,
    summary,
)
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.sms.address import TypeOfNumber

IMSI = "234150999999999"
IMSI_IE = bytes.fromhex("0108 32140599999999f9")

CENTRE = SmRpAddress.service_centre("255774999028")
"""The service centre, and below the subscriber, of libosmocore's own test messages."""
OSMOCOM_IMSI = "123456789012345"

GOLDEN = {
    "mo forward sm request": (
        GsupMessage(
            MessageType.MO_FORWARD_SM_REQUEST,
            OSMOCOM_IMSI,
            sm_rp_mr=0xFA,
            sm_rp_da=CENTRE,
            sm_rp_oa=SmRpAddress(SmRpAddressType.NONE),
            sm_rp_ui=bytes.fromhex("deadbeef"),
        ),
        "24 0108 21436587092143f5"
        "4001 fa"  # SM-RP-MR
        "4108 03 91 527547990982"  # SM-RP-DA: service centre, international
        "4201 ff"  # SM-RP-OA: nobody
        "4304 deadbeef",  # SM-RP-UI
    ),
    "mt forward sm request": (
        GsupMessage(
            MessageType.MT_FORWARD_SM_REQUEST,
            OSMOCOM_IMSI,
            sm_rp_mr=0xFA,
            sm_rp_da=SmRpAddress.imsi(OSMOCOM_IMSI),
            sm_rp_oa=CENTRE,
            sm_rp_ui=bytes.fromhex("deadbeef"),
            sm_rp_mms=1,
        ),
        "28 0108 21436587092143f5 4001 fa"
        "4109 01 21436587092143f5"  # SM-RP-DA: IMSI
        "4208 03 91 527547990982"  # SM-RP-OA: service centre
        "4304 deadbeef"
        "4501 01",  # SM-RP-MMS: more messages to send
    ),
    "mt forward sm request by number": (
        GsupMessage(
            MessageType.MT_FORWARD_SM_REQUEST,
            "",
            sm_rp_mr=1,
            sm_rp_da=SmRpAddress.msisdn("447700900123"),
            sm_rp_oa=CENTRE,
            sm_rp_ui=b"",
        ),
        "28 4001 01"
        "4108 02 91 447700091032"  # SM-RP-DA: MSISDN
        "4208 03 91 527547990982 4300",
    ),
    "mo forward sm error": (
        GsupMessage(MessageType.MO_FORWARD_SM_ERROR, OSMOCOM_IMSI, sm_rp_mr=0xFA, sm_rp_cause=0xAF),
        "25 0108 21436587092143f5 4001 fa4401 af",  # SM-RP-Cause
    ),
    "mt forward sm result": (
        GsupMessage(
            MessageType.MT_FORWARD_SM_RESULT,
            OSMOCOM_IMSI,
            sm_rp_mr=0xFA,
            sm_rp_ui=bytes.fromhex("deadbeef"),
        ),
        "2a 0108 21436587092143f5 4001 fa 4304 deadbeef",
    ),
    "ready for sm, memory available": (
        GsupMessage(
            MessageType.READY_FOR_SM_REQUEST,
            OSMOCOM_IMSI,
            sm_alert_reason=SmAlertReason.MEMORY_AVAILABLE,
            message_class=MessageClass.SMS,
        ),
        "2c 0108 21436587092143f5"
        "4601 02"  # memory available
        "0a01 02",  # message class SMS
    ),
    "send auth info request, resynchronisation": (
        GsupMessage(
            MessageType.SEND_AUTH_INFO_REQUEST,
            IMSI,
            rand=bytes(range(16)),
            auts=bytes(range(14)),
            cn_domain=CnDomain.PS,
        ),
        "08 0108 32140599999999f9"
        "260e 000102030405060708090a0b0c0d"  # AUTS
        "2010 000102030405060708090a0b0c0d0e0f"  # RAND
        "2801 01",
    ),
    "send auth info result, triplet and quintuplet": (
        GsupMessage(
            MessageType.SEND_AUTH_INFO_RESULT,
            IMSI,
            auth_tuples=(
                Vector(bytes(16), b"sres", b"kc345678"),
                Vector(
                    bytes(16), b"sres", b"kc345678", b"n" * 16, b"res45678", b"c" * 16, b"i" * 16
                ),
            ),
        ),
        "0a 0108 32140599999999f9"
        "0322 2010 00000000000000000000000000000000"  # RAND
        "2104 73726573"  # SRES
        "2208 6b63333435363738"  # Kc
        "0362 2010 00000000000000000000000000000000 2104 73726573 2208 6b63333435363738"
        "2310 69696969696969696969696969696969"  # IK
        "2410 63636363636363636363636363636363"  # CK
        "2510 6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e"  # AUTN
        "2708 7265733435363738",  # RES
    ),
    "update location request": (
        GsupMessage(MessageType.UPDATE_LOCATION_REQUEST, IMSI, cn_domain=CnDomain.PS),
        "04"  # UpdateLocation Request
        "0108 32140599999999f9"  # IMSI
        "2801 01",  # CN domain PS
    ),
    "update location error": (
        GsupMessage(MessageType.UPDATE_LOCATION_ERROR, IMSI, cause=GmmCause.IMSI_UNKNOWN_IN_HLR),
        "05 0108 32140599999999f90201 02",  # cause IMSI unknown in HLR
    ),
    "delete subscriber data request": (
        GsupMessage(
            MessageType.DELETE_SUBSCRIBER_DATA_REQUEST,
            IMSI,
            pdp_context_ids=(3, 1),
            cn_domain=CnDomain.PS,
        ),
        "14 0108 32140599999999f9"  # IMSI
        "1001 03 1001 01"  # context ids 3 and 1
        "2801 01",  # CN domain PS
    ),
    "insert subscriber data request": (
        GsupMessage(
            MessageType.INSERT_SUBSCRIBER_DATA_REQUEST,
            IMSI,
            msisdn="447700900123",
            pdp_info_complete=True,
            pdp_info=(
                PdpInfo(1, PdpAddress(address="10.45.0.7"), "wap.example"),
                PdpInfo(2, PdpAddress(), "*"),
            ),
            cn_domain=CnDomain.PS,
        ),
        "10 0108 32140599999999f9"
        "0807 06 447700091032"  # MSISDN: length of the digits, digits
        "0401 01"  # PDP info complete: present
        "0519"  # PDP info
        "1001 01"  # context id 1
        "1106 f121 0a2d0007"  # IPv4 10.45.0.7
        "120c 03776170 076578616d706c65"  # APN wap.example
        "050a"  # PDP info
        "1001 02"  # context id 2
        "1102 f121"  # IPv4, dynamic
        "1201 2a"  # APN *
        "2801 01",  # CN domain PS
    ),
    "location cancel request": (
        GsupMessage(
            MessageType.LOCATION_CANCEL_REQUEST, IMSI, cancel_type=CancelType.UPDATE_PROCEDURE
        ),
        "1c 0108 32140599999999f9 0601 00",
    ),
    "purge ms result": (
        GsupMessage(MessageType.PURGE_MS_RESULT, IMSI, freeze_ptmsi=True),
        "0e 0108 32140599999999f9 0701 01",
    ),
    "ready for sm request": (
        GsupMessage(
            MessageType.READY_FOR_SM_REQUEST, IMSI, sm_alert_reason=SmAlertReason.MS_PRESENT
        ),
        "2c 0108 32140599999999f9 4601 01",
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_octets_are_built_and_read(name: str) -> None:
    """A message is built as the octets we know, and the octets read back as the message."""
    message, octets = GOLDEN[name]
    assert message.encode().hex() == bytes.fromhex(octets).hex()
    assert decode(bytes.fromhex(octets)) == message


def digits(least: int, most: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=least, max_size=most)


labels = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)
raw_ies = st.builds(RawIe, st.integers(0x70, 0xFF), st.binary(max_size=20))
pdp_addresses = st.one_of(
    st.builds(PdpAddress, st.sampled_from(list(PdpType)).map(int)),
    st.builds(PdpAddress, st.just(int(PdpType.IPV4)), st.ip_addresses(v=4).map(str)),
    st.builds(PdpAddress, st.just(int(PdpType.IPV6)), st.ip_addresses(v=6).map(str)),
)
pdp_infos = st.builds(
    PdpInfo,
    st.integers(0, 255),
    st.none() | pdp_addresses,
    st.none() | st.lists(labels, min_size=1, max_size=4).map(".".join),
    st.none() | st.binary(max_size=16),
    st.none() | st.binary(max_size=2),
    st.lists(raw_ies, max_size=2).map(tuple),
)
octet = st.integers(0, 255)
sm_rp_addresses = st.one_of(
    st.builds(SmRpAddress, st.just(SmRpAddressType.IMSI), digits(6, 15)),
    st.builds(
        SmRpAddress,
        st.sampled_from([SmRpAddressType.MSISDN, SmRpAddressType.SERVICE_CENTRE]),
        digits(1, 20),
        st.sampled_from([ton for ton in TypeOfNumber if ton is not TypeOfNumber.ALPHANUMERIC]),
    ),
    st.just(SmRpAddress(SmRpAddressType.NONE)),
)
vectors = st.builds(
    Vector,
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=4, max_size=4),
    st.binary(min_size=8, max_size=8),
    st.none() | st.binary(min_size=16, max_size=16),
    st.none() | st.binary(min_size=4, max_size=16),
)
messages = st.builds(
    GsupMessage,
    st.sampled_from(MessageType),
    digits(6, 15),
    st.none() | digits(1, 15),
    st.none() | st.binary(max_size=8),
    st.integers(0, 255),
    st.none() | st.sampled_from(CancelType),
    st.booleans(),
    st.booleans(),
    st.lists(pdp_infos, max_size=3).map(tuple),
    st.lists(octet, max_size=3).map(tuple),
    st.lists(vectors, max_size=3).map(tuple),
    st.none() | st.binary(min_size=16, max_size=16),
    st.none() | st.binary(min_size=14, max_size=14),
    st.none() | st.sampled_from(CnDomain),
    st.none() | octet,
    st.none() | sm_rp_addresses,
    st.none() | sm_rp_addresses,
    st.none() | st.binary(max_size=164),
    st.none() | octet,
    st.none() | octet,
    st.none() | st.sampled_from(SmAlertReason),
    st.none() | st.sampled_from(MessageClass),
    st.none() | st.binary(max_size=30),
    st.none() | st.binary(max_size=30),
    st.lists(raw_ies, max_size=3).map(tuple),
)


@given(messages)
def test_every_message_reads_back_as_it_was_built(message: GsupMessage) -> None:
    """What is encoded decodes to itself, unknown elements included."""
    assert decode(message.encode()) == message


@given(st.binary(max_size=80))
def test_any_octets_are_read_or_refused(data: bytes) -> None:
    """Random octets give a message or GsupError, and nothing else."""
    with suppress(GsupError):
        decode(data)


@given(messages, st.data())
def test_any_damage_is_read_or_refused(message: GsupMessage, data: st.DataObject) -> None:
    """A message with one octet changed or cut gives a message or GsupError."""
    octets = bytearray(message.encode())
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    with suppress(GsupError):
        decode(bytes(octets[: data.draw(st.integers(0, len(octets)))]))


@pytest.mark.parametrize(
    ("octets", "cause"),
    [
        ("", GmmCause.PROTOCOL_ERROR_UNSPECIFIED),
        ("7f", GmmCause.MESSAGE_TYPE_UNKNOWN),
        ("04", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("28 4001 01", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("29 0108 32140599999999f9 4001 01", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("24 0108 32140599999999f9 4100", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("24 0108 32140599999999f9 4101 07", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("24 0108 32140599999999f9 4101 03", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("24 0108 32140599999999f9 4103 03914f", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("04 01", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("04 0108 3214", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("04 0101 32", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("04 0103 32cd14", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("05 0108 32140599999999f9", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("05 0108 32140599999999f9 0202 0001", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("04 0108 32140599999999f9 2801 09", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("10 0108 32140599999999f9 0803 091032", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("10 0108 32140599999999f9 0502 1100", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("10 0108 32140599999999f9 0500", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("10 0108 32140599999999f9 0504 1202 0361", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("10 0108 32140599999999f9 0503 1101 f1", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("10 0108 32140599999999f9 0505 1103 f0010a", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("10 0108 32140599999999f9 0505 1103 f1210a", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("10 0108 32140599999999f9 0502 1200", GmmCause.INVALID_MANDATORY_INFORMATION),
        ("10 0108 32140599999999f9 0503 1200 ff", GmmCause.INVALID_MANDATORY_INFORMATION),
    ],
)
def test_what_breaks_the_protocol_is_refused_with_its_cause(octets: str, cause: GmmCause) -> None:
    """Each kind of fault has the cause with which it is answered."""
    with pytest.raises(GsupError) as caught:
        decode(bytes.fromhex(octets))
    assert caught.value.cause is cause


def test_an_error_tells_type_and_imsi_where_they_could_be_read() -> None:
    """Whoever answers a faulty message knows what it was and of whom."""
    with pytest.raises(GsupError) as caught:
        decode(b"\x04" + IMSI_IE + b"\x28\x01\x09")
    assert caught.value.message_type is MessageType.UPDATE_LOCATION_REQUEST
    assert caught.value.imsi == IMSI
    assert caught.value.octet == 12


def test_a_flag_without_octets_counts_as_present() -> None:
    """A flag is its presence, as OsmoHLR sends it with no octet at all."""
    assert decode(b"\x10" + IMSI_IE + b"\x04\x00").pdp_info_complete


def test_a_repeated_element_counts_once_and_is_kept() -> None:
    """The first of two elements of one kind counts; the second is kept as octets."""
    message = decode(b"\x04" + IMSI_IE + b"\x28\x01\x01\x28\x01\x02")
    assert message.cn_domain is CnDomain.PS
    assert message.other_ies == (RawIe(0x28, b"\x02"),)


@pytest.mark.parametrize(
    "message",
    [
        GsupMessage(MessageType.UPDATE_LOCATION_REQUEST, "12345"),
        GsupMessage(MessageType.UPDATE_LOCATION_REQUEST, "23415abcdef"),
        GsupMessage(MessageType.UPDATE_LOCATION_ERROR, IMSI),
        GsupMessage(MessageType.PURGE_MS_REQUEST, IMSI, hlr_number=bytes(256)),
        GsupMessage(
            MessageType.INSERT_SUBSCRIBER_DATA_REQUEST, IMSI, pdp_info=(PdpInfo(1, apn="a..b"),)
        ),
        GsupMessage(
            MessageType.INSERT_SUBSCRIBER_DATA_REQUEST,
            IMSI,
            pdp_info=(PdpInfo(1, PdpAddress(PdpType.PPP, "10.0.0.1")),),
        ),
    ],
)
def test_values_without_octets_are_our_own_fault(message: GsupMessage) -> None:
    """What cannot be expressed raises ValueError when it is built."""
    with pytest.raises(ValueError):
        message.encode()


def test_types_know_their_error_and_result() -> None:
    """Each request knows what refuses and what grants it."""
    request = MessageType.INSERT_SUBSCRIBER_DATA_REQUEST
    assert request.is_request
    assert request.error is MessageType.INSERT_SUBSCRIBER_DATA_ERROR
    assert request.result is MessageType.INSERT_SUBSCRIBER_DATA_RESULT
    assert not request.result.is_request
    assert request.result.request is request.error.request is request


def test_summaries_name_what_matters() -> None:
    """One line tells type, subscriber and the elements that matter."""
    assert [summary(message) for message, _ in GOLDEN.values()] == [
        "MO-forwardSM Request, 123456789012345, reference 250, "
        "malformed TPDU: octet 1: command wants 4 octets, 3 are there",
        "MT-forwardSM Request, 123456789012345, reference 250, "
        "malformed TPDU: octet 2: recipient address of 190 semi-octets is over 20",
        "MT-forwardSM Request, +447700900123, reference 1, "
        "malformed TPDU: octet 0: TPDU wants 1 octets, 0 are there",
        "MO-forwardSM Error, 123456789012345, reference 250, RP cause 175 (rp 175)",
        "MT-forwardSM Result, 123456789012345, reference 250",
        "ReadyForSM Request, 123456789012345, memory available",
        "SendAuthInfo Request, 234150999999999, resynchronisation",
        "SendAuthInfo Result, 234150999999999, 2 vectors, 1 of them for UMTS",
        "UpdateLocation Request, 234150999999999",
        "UpdateLocation Error, 234150999999999, IMSI unknown in HLR (2)",
        "DeleteSubscriberData Request, 234150999999999, context 3, context 1",
        "InsertSubscriberData Request, 234150999999999, MSISDN 447700900123, "
        "wap.example 10.45.0.7, * dynamic",
        "LocationCancel Request, 234150999999999, update procedure",
        "PurgeMS Result, 234150999999999",
        "ReadyForSM Request, 234150999999999, ms present",
    ]


def test_a_quintuplet_brings_its_triplet() -> None:
    """Where an HLR leaves SRES and Kc out they follow from RES, CK and IK (TS 33.102 §6.8.1.2)."""
    octets = bytes.fromhex("0a 0108 32140599999999f9 033c") + bytes.fromhex(
        "2010 00000000000000000000000000000000 2704 01020304"
        "2410 01010101010101010000000000000000 2310 00000000000000000000000000000000"
    )
    (vector,) = decode(octets).auth_tuples
    assert (vector.sres, vector.kc) == (b"\1\2\3\4", b"\1" * 8)


@pytest.mark.parametrize(
    "element",
    [
        "0306 2104 73726573",  # SRES alone
        "0303 2001 00",  # a short RAND
        "0302 20ff",  # overruns
        "0305 2703 010203",  # a RES of three octets
        "260d 00010203040506070809 0a0b0c",  # a short AUTS
    ],
)
def test_vectors_that_are_not_whole_are_refused(element: str) -> None:
    """With cause 96, so that the asker does not wait."""
    with pytest.raises(GsupError) as caught:
        decode(bytes.fromhex("0a 0108 32140599999999f9" + element))
    assert caught.value.cause is GmmCause.INVALID_MANDATORY_INFORMATION
