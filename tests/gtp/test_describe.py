"""Messages in words: for ladders, and for the decode command."""

from __future__ import annotations

import pytest

from gtp.constants import Cause, IEType
from gtp.describe import describe, describe_octets, element_texts, summary
from gtp.extension_headers import ExtensionHeader
from gtp.ies import Ambr, EndUserAddress, MsTimeZone, PdpType, PrivateExtension, RawIE
from gtp.messages import (
    CreatePdpContextRequest,
    EchoRequest,
    EchoResponse,
    GPdu,
    Message,
    PduNotificationRequest,
    PduNotificationResponse,
    SendRouteingInformationResponse,
    SupportedExtensionHeadersNotification,
)

NOTIFICATION = PduNotificationRequest(
    sequence=4,
    imsi="234150999999999",
    teid_control=0x100,
    end_user_address=EndUserAddress.for_ipv4("10.45.0.7"),
    apn="wap.example",
    ggsn_address="192.0.2.1",
)


def create_request() -> CreatePdpContextRequest:
    return CreatePdpContextRequest(
        teid_data=1,
        nsapi=5,
        sgsn_address_control="192.0.2.2",
        sgsn_address_user="192.0.2.3",
        qos=bytes(4),
        rai=bytes.fromhex("32f415123405"),
        selection_mode=1,
        charging_characteristics=0x0800,
        rat_type=9,
        ms_time_zone=MsTimeZone(-7, 1),
        ambr=Ambr(1000, 2000),
        private_extension=(PrivateExtension(7, b"\xaa"), PrivateExtension(8)),
        extension_headers=(ExtensionHeader(0x40, b"\x08\x68"), ExtensionHeader(0x41, b"\0\0")),
        other_ies=(RawIE(238, b"\x01\x02"),),
    )


@pytest.mark.parametrize(
    ("message", "text"),
    [
        (
            NOTIFICATION,
            "IMSI 234150999999999, APN wap.example, EUA 10.45.0.7, TEID-C 0x00000100, "
            "GGSN 192.0.2.1",
        ),
        (
            SendRouteingInformationResponse(
                cause=Cause.IMSI_NOT_KNOWN, imsi="23415", map_cause=1, ms_not_reachable_reason=99
            ),
            "IMSI/IMEI not known (194), IMSI 23415, MAP unknown subscriber (1), unassigned (99)",
        ),
        (EchoRequest(), ""),
        (EchoResponse(recovery=3), "recovery 3"),
        (GPdu(teid=0x201, payload=bytes(20)), "TEID 0x00000201, 20 octets"),
        (
            SupportedExtensionHeadersNotification(extension_header_types=(0xC0, 0x99)),
            "pdcp pdu number, 0x99",
        ),
        (SupportedExtensionHeadersNotification(extension_header_types=()), "none"),
    ],
)
def test_summaries(message: Message, text: str) -> None:
    """A summary has what matters, in one line."""
    assert summary(message) == text


def test_descriptions_are_in_the_order_of_the_wire() -> None:
    """A description names every element, its role where there are several of a type."""
    assert describe(create_request()) == [
        ("Extension header, udp port", "0868"),
        ("Extension header, 0x41", "0000"),
        ("Routeing Area Identity (RAI)", "MCC 234, MNC 51, LAC 1234, RAC 05"),
        ("Selection Mode", "ms provided (1)"),
        ("TEID Data I", "0x00000001"),
        ("NSAPI, nsapi", "5"),
        ("Charging Characteristics", "0x0800"),
        ("GSN Address, sgsn address control", "192.0.2.2"),
        ("GSN Address, sgsn address user", "192.0.2.3"),
        ("Quality of Service (UMTS)", "all as subscribed"),
        ("RAT Type", "unassigned (9)"),
        ("MS Time Zone", "UTC-01:45, daylight saving 1 h"),
        ("Aggregate Maximum Bit Rate (AMBR)", "1000 kbit/s up, 2000 kbit/s down"),
        ("Private Extension", "enterprise 7: aa"),
        ("Private Extension", "enterprise 8: "),
        ("IE Type Extension", "0102"),
    ]
    assert describe(GPdu(payload=b"abc")) == [("T-PDU", "3 octets")]


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (EndUserAddress.dynamic_ipv4(), "IPV4, dynamic"),
        (EndUserAddress.for_both("10.0.0.1", "2001:db8::1"), "10.0.0.1 and 2001:db8::1"),
        (EndUserAddress(None, None, PdpType(0x299), b"\xaa"), "aa"),
    ],
)
def test_end_user_addresses_in_words(address: EndUserAddress, text: str) -> None:
    """An end user address is its addresses, or says that it wants one."""
    assert str(address) == text


def test_a_routeing_area_with_three_digits_of_mnc() -> None:
    """The third digit of the MNC stands where the filler of a short one does."""
    request = create_request()
    request.rai = bytes.fromhex("136014ffff01")
    names = dict(describe(request))
    text = names["Routeing Area Identity (RAI)"]
    assert text == "MCC 310, MNC 416, LAC ffff, RAC 01"


def test_octets_are_explained_by_position() -> None:
    """Every line says which octets it is about, counted from 1."""
    assert describe_octets(NOTIFICATION.encode()) == [
        "        1  Version 1, flags: S",
        "        2  Message type: PDU Notification Request (27)",
        "      3-4  Length: 49",
        "      5-8  TEID: 0x00000000",
        "     9-10  Sequence number: 4",
        "    13-21  2 IMSI: 234150999999999",
        "    22-26  17 TEID Control Plane: 0x00000100",
        "    27-35  128 End User Address: 10.45.0.7",
        "    36-50  131 Access Point Name (APN): wap.example",
        "    51-57  133 GSN Address: 192.0.2.1",
    ]


def test_extension_headers_and_roles_are_explained() -> None:
    """Extension headers have their lines, repeated types their roles, unknown ones their octets."""
    lines = describe_octets(create_request().encode())
    assert "    13-16  Extension header, udp port: 0868" in lines
    assert any(line.endswith("133 GSN Address, sgsn address user: 192.0.2.3") for line in lines)
    assert any(line.endswith("238 IE Type Extension: 0102") for line in lines)
    assert not any("error" in line for line in lines)


def test_a_g_pdu_is_explained_as_far_as_its_payload() -> None:
    """Of a G-PDU the header is explained, and how long the user's packet is."""
    data = GPdu(teid=1, payload=bytes(7), npdu_number=3).encode()
    assert describe_octets(data) == [
        "        1  Version 1, flags: PN",
        "        2  Message type: G-PDU (255)",
        "      3-4  Length: 11",
        "      5-8  TEID: 0x00000001",
        "       11  N-PDU number: 3",
        "    13-19  T-PDU: 7 octets",
    ]


def test_messages_that_are_not_implemented_are_explained_by_the_catalogue() -> None:
    """A message of an unknown type is split by the length rules although nothing decodes it."""
    lines = describe_octets(
        bytes.fromhex("327b001400000000000d00000332f45112340105c00000010c123456")
    )
    assert "     2  Message type: unassigned (123)".strip() in lines[1]
    assert lines[5:8] == [
        "    13-19  3 Routeing Area Identity (RAI): MCC 234, MNC 15, LAC 1234, RAC 01",
        "    20-24  5 Packet TMSI (P-TMSI): 0xc0000001",
        "    25-28  12 P-TMSI Signature: 123456",
    ]
    assert lines[8].startswith("error: message type 123")
    assert "unassigned (250)" in describe_octets(bytes.fromhex("30fa000000000000"))[1]


def test_errors_are_named() -> None:
    """What is wrong comes last, each fault once."""
    data = NOTIFICATION.encode()
    cut = describe_octets(data[:-2])
    assert [line.partition(" (")[0] for line in cut[-2:]] == [
        "error: IE type 133 overruns the message at octet 51",
        "error: the header says 49 octets, the datagram has 47 at octet 3",
    ]
    incorrect = describe_octets(data.replace(b"\x03wap", b"\x03w p"))
    assert any("03772070" in line and "labels" in line for line in incorrect)
    assert incorrect[-1].startswith("error: mandatory Access Point Name (APN) is incorrect")
    assert describe_octets(b"2") == [
        "error: 1 octets cannot hold a header (TS 29.060 §11.1.2, cause 193)"
    ]


def test_elements_are_told_apart_as_far_as_they_go() -> None:
    """Each with its type, name, octets and words; what is cut off ends the list, or all of it."""
    response = PduNotificationResponse(cause=Cause.REQUEST_ACCEPTED).encode()
    cause = (IEType.CAUSE, "Cause", b"\x80", "Request accepted (128)")
    assert element_texts(response) == [cause]
    assert element_texts(response + b"\x85\x00\x09\x01") == [cause]
    assert element_texts(response[:5]) == []
