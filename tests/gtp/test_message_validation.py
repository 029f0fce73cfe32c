"""What TS 29.060 §11.1 wants done with messages that are wrong, one test for each row."""

from __future__ import annotations

import pytest

from gtp.constants import Cause, IEType
from gtp.errors import (
    ExtensionHeaderError,
    HeaderError,
    LocalProtocolError,
    MessageTypeError,
    RemoteProtocolError,
    VersionError,
)
from gtp.extension_headers import ExtensionHeader, ExtensionHeaderType
from gtp.ies import EndUserAddress, MsTimeZone, PdpType, PrivateExtension, RawIE
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    EchoRequest,
    EchoResponse,
    EndMarker,
    GPdu,
    Message,
    PduNotificationRequest,
    PduNotificationResponse,
    decode,
)

IMSI = "0232140599999999f9"
TEID_CONTROL = "1100000100"
EUA = "800006f1210a2d0007"
APN = "83000c03776170076578616d706c65"
GGSN = "850004c0000201"
NOTIFICATION = IMSI + TEID_CONTROL + EUA + APN + GGSN


def message(message_type: int, elements: str, *, flags: int = 0x32, tail: str = "") -> bytes:
    """Return a message of TEID 7 and sequence number 9 with these elements."""
    body = bytes.fromhex("00090000" + elements)
    head = bytes((flags, message_type)) + len(body).to_bytes(2, "big") + bytes((0, 0, 0, 7))
    return head + body + bytes.fromhex(tail)


def error_of(data: bytes) -> RemoteProtocolError:
    with pytest.raises(RemoteProtocolError) as caught:
        decode(data)
    return caught.value


@pytest.mark.parametrize(
    ("data", "sequence"),
    [
        pytest.param("48200004000001ff", None, id="version 2"),
        pytest.param("1e0100000123ffffffff", 0x0123, id="version 0"),
    ],
)
def test_another_version_is_told_apart(data: str, sequence: int | None) -> None:
    """A message of another version is a VersionError, to be answered by its message."""
    error = error_of(bytes.fromhex(data))
    assert isinstance(error, VersionError)
    assert error.version == int(data[:2], 16) >> 5
    assert error.message_type == int(data[2:4], 16)
    assert error.sequence == sequence
    assert error.cause is Cause.VERSION_NOT_SUPPORTED
    assert not error.silent


def test_version_not_supported_of_another_version_is_not_answered() -> None:
    """Two nodes that don't know each other's version don't go on telling each other."""
    error = error_of(bytes.fromhex("4003000400000100"))
    assert isinstance(error, HeaderError)
    assert error.silent


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("", id="nothing"),
        pytest.param("32010004000000", id="seven octets"),
        pytest.param("320100000000000700", id="no room for the sequence number"),
        pytest.param("2201000400000007000a0000", id="GTP prime"),
    ],
)
def test_unreadable_headers_are_silent(data: str) -> None:
    """What cannot hold a header is discarded without an answer."""
    error = error_of(bytes.fromhex(data))
    assert isinstance(error, HeaderError)
    assert error.silent


@pytest.mark.parametrize("message_type", [0, 4, 24, 63, 122, 250])
def test_unknown_message_types_are_silent(message_type: int) -> None:
    """A message type that is not implemented is discarded without an answer."""
    error = error_of(message(message_type, ""))
    assert isinstance(error, MessageTypeError)
    assert error.silent
    assert (error.message_type, error.sequence, error.teid) == (message_type, 9, 7)


@pytest.mark.parametrize(
    ("elements", "octet", "ie_type"),
    [
        pytest.param(NOTIFICATION + "99", 58, 153, id="type octet alone"),
        pytest.param(NOTIFICATION + "9900", 58, 153, id="half a length"),
        pytest.param(NOTIFICATION + "99000201", 58, 153, id="TLV overruns"),
        pytest.param(IMSI[:-2], 13, IEType.IMSI, id="TV overruns"),
        pytest.param(NOTIFICATION + "8d", 58, 141, id="no short length"),
        pytest.param(NOTIFICATION + "8d02c0", 58, 141, id="short length overruns"),
        pytest.param(NOTIFICATION + "1e00", 58, 30, id="unknown TV"),
        pytest.param("0600" + NOTIFICATION, 13, 6, id="GTPv0 QoS profile"),
        pytest.param("00" + NOTIFICATION, 13, 0, id="type 0"),
    ],
)
def test_broken_structure_is_invalid_message_format(
    elements: str, octet: int, ie_type: int
) -> None:
    """Elements that overrun the message or have no known length are Cause 193."""
    error = error_of(message(27, elements))
    assert error.cause is Cause.INVALID_MESSAGE_FORMAT
    assert (error.octet, error.ie_type) == (octet, ie_type)
    assert (error.message_type, error.sequence, error.teid) == (27, 9, 7)


@pytest.mark.parametrize("length", ["0b", "0d"])
def test_labels_that_end_elsewhere_than_their_apn(length: str) -> None:
    """Where an APN ends is what its length says; what then follows has to make sense."""
    decode(message(27, NOTIFICATION))
    error = error_of(message(27, NOTIFICATION.replace("83000c", "8300" + length)))
    assert error.cause is Cause.INVALID_MESSAGE_FORMAT


@pytest.mark.parametrize("tail", ["00", "ff0000"])
def test_length_other_than_the_datagrams_is_invalid_message_format(tail: str) -> None:
    """A length field that does not fit the datagram is Cause 193."""
    longer = error_of(message(27, NOTIFICATION, tail=tail))
    shorter = error_of(message(27, NOTIFICATION)[:-1])
    assert longer.cause is shorter.cause is Cause.INVALID_MESSAGE_FORMAT
    assert longer.octet == 3
    assert longer.sender_teid == shorter.sender_teid == 0x100


@pytest.mark.parametrize(
    ("absent", "ie_type"),
    [
        (IMSI, IEType.IMSI),
        (TEID_CONTROL, IEType.TEID_CONTROL),
        (EUA, IEType.END_USER_ADDRESS),
        (APN, IEType.APN),
        (GGSN, IEType.GSN_ADDRESS),
    ],
)
def test_missing_mandatory_elements(absent: str, ie_type: IEType) -> None:
    """A mandatory element that is missing is Cause 202, and the message says whose it was."""
    error = error_of(message(27, NOTIFICATION.replace(absent, "")))
    assert error.cause is Cause.MANDATORY_IE_MISSING
    assert error.ie_type == ie_type
    assert error.octet is None
    assert error.sender_teid == (None if absent == TEID_CONTROL else 0x100)
    assert "missing" in str(error)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        pytest.param(IMSI, "0232140599999999a9", id="IMSI with a letter"),
        pytest.param(IMSI, "023214059999999919", id="IMSI of 16 digits"),
        pytest.param(IMSI, "02ffffffffffffffff", id="IMSI without digits"),
        pytest.param(IMSI, "0232f40599999999f9", id="IMSI with filler inside"),
        pytest.param(EUA, "800000", id="EUA empty"),
        pytest.param(EUA, "800001f1", id="EUA of one octet"),
        pytest.param(EUA, "800005f1210a2d00", id="EUA with three octets of address"),
        pytest.param(EUA, "800006f1570a2d0007", id="EUA of IPv6 with an IPv4 address"),
        pytest.param(EUA, "800003f00100", id="EUA of PPP with an address"),
        pytest.param(APN, "830000", id="APN empty"),
        pytest.param(APN, "83000c03776170086578616d706c65", id="APN label overruns"),
        pytest.param(APN, "83000c03776170066578616d706c65", id="APN label too short"),
        pytest.param(APN, "83000d0377617000076578616d706c65", id="APN with an empty label"),
        pytest.param(APN, "83000403772e70", id="APN with a dot in a label"),
        pytest.param(APN, "830004037761e4", id="APN not of ASCII"),
        pytest.param(APN, "830065" + "0461626364" * 20 + "00", id="APN too long"),
        pytest.param(GGSN, "850000", id="GSN address empty"),
        pytest.param(GGSN, "850005c000020100", id="GSN address of five octets"),
    ],
)
def test_incorrect_mandatory_elements(right: str, wrong: str) -> None:
    """A mandatory element that is no value is Cause 201, with its place in the octets."""
    data = message(27, NOTIFICATION.replace(right, wrong))
    for _ in range(2):
        error = error_of(data)
        assert error.cause is Cause.MANDATORY_IE_INCORRECT
        assert error.ie_type == int(wrong[:2], 16)
        assert error.octet == 13 + NOTIFICATION.index(right) // 2
        assert error.sender_teid == 0x100


def test_a_broken_structure_counts_before_an_incorrect_element() -> None:
    """The checks come in the order of TS 29.060 §11.1: structure, missing, incorrect."""
    incorrect = NOTIFICATION.replace(IMSI, "0232140599999999a9")
    assert error_of(message(27, incorrect + "1e")).cause is Cause.INVALID_MESSAGE_FORMAT
    both = incorrect.replace(APN, "")
    assert error_of(message(27, both)).cause is Cause.MANDATORY_IE_MISSING
    assert error_of(message(27, incorrect)).cause is Cause.MANDATORY_IE_INCORRECT


def test_the_first_of_several_incorrect_elements_is_named() -> None:
    """With two elements incorrect the error tells of the first."""
    data = NOTIFICATION.replace(IMSI, "0232140599999999a9").replace(APN, "830000")
    assert error_of(message(27, data)).ie_type == IEType.IMSI


def test_an_incorrect_conditional_element_ends_the_message() -> None:
    """A conditional element that is there counts as a mandatory one."""
    request = message(20, "1405" + "85000100")
    assert isinstance(decode(request), DeletePdpContextRequest)
    create = "1000000001" + "1405" + "830000" + GGSN + GGSN + "87000401020304"
    error = error_of(message(16, create))
    assert (error.cause, error.ie_type) == (Cause.MANDATORY_IE_INCORRECT, IEType.APN)
    number = create.replace("830000", APN).replace("87", "86000191" + "87")
    error = error_of(message(16, number))
    assert (error.cause, error.ie_type) == (Cause.MANDATORY_IE_INCORRECT, IEType.MSISDN)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param("9700020102", id="RAT type of two octets"),
        pytest.param("99000100", id="time zone of one octet"),
        pytest.param("990002a000", id="time zone that is no decimal"),
        pytest.param("9a000411111111", id="IMEI of four octets"),
        pytest.param("9a0008aaaaaaaaaaaaaaaa", id="IMEI with letters"),
        pytest.param("c60004000000ff", id="AMBR of four octets"),
        pytest.param("ff000100", id="private extension of one octet"),
        pytest.param("840000", id="PCO empty"),
    ],
)
def test_incorrect_optional_elements_are_ignored(wrong: str) -> None:
    """An optional element that is no value is as if absent; its octets are kept."""
    required = "1000000001" + "1405" + GGSN + GGSN + "87000401020304"
    right = decode(message(16, required))
    read = decode(message(16, required + wrong))
    raw = RawIE(int(wrong[:2], 16), bytes.fromhex(wrong[6:]))
    assert read.other_ies == (raw,)
    read.other_ies = ()
    assert read == right


def test_elements_that_are_not_expected_are_kept_aside() -> None:
    """Unknown TLVs and elements of other messages are skipped and kept."""
    read = decode(message(27, NOTIFICATION + "eb0002aabb" + "7f00000001"))
    assert isinstance(read, PduNotificationRequest)
    assert read.imsi == "234150999999999"
    assert read.other_ies == (RawIE(0xEB, b"\xaa\xbb"), RawIE(IEType.CHARGING_ID, b"\0\0\0\1"))


def test_of_repeated_elements_the_first_counts() -> None:
    """The second of an element that may be there once is kept aside."""
    read = decode(message(27, NOTIFICATION + "0299999999999999f9"))
    assert isinstance(read, PduNotificationRequest)
    assert read.imsi == "234150999999999"
    assert read.other_ies == (RawIE(IEType.IMSI, bytes.fromhex("99999999999999f9")),)


def test_repeated_types_keep_their_order() -> None:
    """Of several GSN addresses the first is the control plane's; further ones are alternatives."""
    addresses = "".join(f"850004c00002{number:02x}" for number in range(1, 6))
    accept = "0180" + "08ff" + "1000000001" + "7f00000001" + addresses + "87000401020304"
    read = decode(message(17, accept))
    assert isinstance(read, CreatePdpContextResponse)
    assert (read.ggsn_address_control, read.ggsn_address_user) == ("192.0.2.1", "192.0.2.2")
    assert read.alternative_ggsn_address_control == "192.0.2.3"
    assert read.alternative_ggsn_address_user == "192.0.2.4"
    assert read.other_ies == (RawIE(IEType.GSN_ADDRESS, bytes((192, 0, 2, 5))),)


def test_private_extensions_may_be_several() -> None:
    """Every private extension is taken, in order."""
    read = decode(message(1, "ff00020001" + "ff0003000201"))
    assert read == EchoRequest(
        teid=7,
        sequence=9,
        private_extension=(PrivateExtension(1), PrivateExtension(2, b"\x01")),
    )
    many = decode(message(1, "ff00020001" * 13_000))
    assert isinstance(many, EchoRequest)
    assert len(many.private_extension) == 13_000


@pytest.mark.parametrize(
    ("absent", "ie_type"),
    [("08ff", 8), ("1000000001", 16), ("7f00000001", 127), (GGSN, 133), ("87000401020304", 135)],
)
def test_a_response_that_accepts_needs_more(absent: str, ie_type: int) -> None:
    """What a response that accepts must have is missing, whether the response is usual or not."""
    accept = "0180" + "08ff" + "1000000001" + "7f00000001" + GGSN + GGSN + "87000401020304"
    decode(message(17, accept))
    decode(message(17, accept))
    lacking = message(17, accept.replace(absent, "", 1))
    error = error_of(lacking)
    assert (error.cause, error.ie_type) == (Cause.MANDATORY_IE_MISSING, ie_type)
    assert error.sequence == 9
    refused = decode(message(17, "01c7"))
    assert isinstance(refused, CreatePdpContextResponse)
    assert refused.cause is Cause.NO_RESOURCES_AVAILABLE


def test_unknown_causes_count_by_their_group() -> None:
    """A cause without a name is a Cause that accepts or rejects by its number."""
    for number, accepts, rejects in ((100, False, False), (140, True, False), (240, False, True)):
        read = decode(message(28, f"01{number:02x}"))
        assert isinstance(read, PduNotificationResponse)
        assert read.cause == number
        assert read.cause.name == f"UNASSIGNED_{number}"
        assert (read.cause.is_acceptance, read.cause.is_rejection) == (accepts, rejects)


def test_unknown_pdp_types_are_kept() -> None:
    """An end user address of an unknown type is no error: the GGSN answers it with Cause 220."""
    read = decode(message(27, NOTIFICATION.replace(EUA, "800003f299aa")))
    assert isinstance(read, PduNotificationRequest)
    assert read.end_user_address.pdp_type == 0x299
    assert read.end_user_address.other == b"\xaa"
    assert not read.end_user_address.is_dynamic


@pytest.mark.parametrize(
    ("elements", "expected"),
    [
        ("800002f121", EndUserAddress.dynamic_ipv4()),
        ("800002f157", EndUserAddress(None, None, PdpType.IPV6)),
        ("800002f001", EndUserAddress(None, None, PdpType.PPP)),
        (
            "800012f157" + "20010db8000000000000000000000001",
            EndUserAddress.for_ipv6("2001:db8::1"),
        ),
        (
            "800016f18d" + "0a2d0007" + "20010db8000000000000000000000001",
            EndUserAddress.for_both("10.45.0.7", "2001:db8::1"),
        ),
        ("800006f18d" + "0a2d0007", EndUserAddress("10.45.0.7", None, PdpType.IPV4V6)),
    ],
)
def test_end_user_addresses(elements: str, expected: EndUserAddress) -> None:
    """Each PDP type is read with and without its address, and written the same."""
    data = message(27, NOTIFICATION.replace(EUA, elements))
    read = decode(data)
    assert isinstance(read, PduNotificationRequest)
    assert read.end_user_address == expected
    assert read.encode() == data


def test_extension_headers_are_kept() -> None:
    """Extension headers that need not be comprehended come with the message."""
    data = message(1, "01aaaac0" + "02bbbbbbbbbbbb00", flags=0x36)
    data = data[:11] + b"\x40" + data[12:]
    error = error_of(data)
    assert isinstance(error, ExtensionHeaderError)
    assert error.extension_type == ExtensionHeaderType.PDCP_PDU_NUMBER
    assert error.cause is Cause.UNKNOWN_MANDATORY_EXTENSION_HEADER
    assert (error.message_type, error.sequence, error.octet) == (1, 9, 17)
    read = decode(data, comprehended={ExtensionHeaderType.PDCP_PDU_NUMBER})
    assert read.extension_headers == (
        ExtensionHeader(0x40, b"\xaa\xaa"),
        ExtensionHeader(0xC0, b"\xbb" * 6),
    )
    assert read.encode() == data


@pytest.mark.parametrize("chain", ["00aaaa00", "02aaaa00", ""])
def test_extension_headers_that_do_not_fit(chain: str) -> None:
    """A chain of extension headers that does not fit the message is Cause 193."""
    data = message(1, chain, flags=0x36)
    error = error_of(data[:11] + b"\x40" + data[12:])
    assert (error.cause, error.octet) == (Cause.INVALID_MESSAGE_FORMAT, 13)


def test_the_next_type_counts_only_with_its_flag() -> None:
    """Without the E flag the octet of the next extension header type means nothing."""
    data = message(1, "")
    read = decode(data[:11] + b"\xc0")
    assert read == EchoRequest(teid=7, sequence=9)


def test_spare_bits_of_the_first_octet_are_ignored() -> None:
    """The spare bit of the first octet makes no difference."""
    assert decode(message(2, "0e05", flags=0x3A)) == EchoResponse(teid=7, sequence=9, recovery=5)


def test_a_signalling_message_without_sequence_number_is_read() -> None:
    """A peer that leaves the S flag out is understood; its sequence number is 0."""
    assert decode(bytes.fromhex("30020002000000070e05")) == EchoResponse(teid=7, recovery=5)


@pytest.mark.parametrize(
    ("wrong", "attribute"),
    [
        (EchoRequest(sequence=65536), None),
        (EchoRequest(teid=-1), None),
        (EchoRequest(other_ies=(RawIE(5, b"\0"),)), None),
        (EchoRequest(other_ies=(RawIE(30, b"\0"),)), None),
        (EchoRequest(other_ies=(RawIE(256, b"\0"),)), None),
        (EchoRequest(extension_headers=(ExtensionHeader(0x40, b"\0"),)), None),
        (EchoRequest(extension_headers=(ExtensionHeader(0, b"\0\0"),)), None),
        (EndMarker(teid=2**32), None),
        (GPdu(teid=2**32, payload=b""), None),
        (GPdu(payload=bytes(65536)), None),
        (EchoResponse(recovery=256), "recovery"),
        (CreatePdpContextResponse(cause=Cause.NO_RESOURCES_AVAILABLE, nsapi=16), "nsapi"),
        (
            CreatePdpContextResponse(cause=Cause.NO_RESOURCES_AVAILABLE, pco=bytes(254)),
            "pco",
        ),
        (
            PduNotificationRequest(
                imsi="1" * 16,
                teid_control=1,
                end_user_address=EndUserAddress.dynamic_ipv4(),
                apn="a",
                ggsn_address="192.0.2.1",
            ),
            "imsi",
        ),
    ],
)
def test_what_cannot_be_sent_is_a_local_error(wrong: Message, attribute: str | None) -> None:
    """Our caller's fault is a LocalProtocolError that names the attribute where there is one."""
    with pytest.raises(LocalProtocolError, match=attribute or "cannot be sent"):
        wrong.encode()


def create_request(**values: object) -> CreatePdpContextRequest:
    request = CreatePdpContextRequest(
        teid_data=1,
        nsapi=5,
        sgsn_address_control="192.0.2.2",
        sgsn_address_user="192.0.2.2",
        qos=bytes(4),
    )
    for name, value in values.items():
        setattr(request, name, value)
    return request


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("imsi", "12a"),
        ("imsi", ""),
        ("rai", b"12345"),
        ("selection_mode", 4),
        ("end_user_address", EndUserAddress("10.0.0.1", None, PdpType.IPV6)),
        ("end_user_address", EndUserAddress("10.0.0.1", "::1", PdpType.IPV4)),
        ("end_user_address", EndUserAddress("10.0.0.1", None, PdpType.PPP)),
        ("end_user_address", EndUserAddress("10.0.0", None, PdpType.IPV4)),
        ("end_user_address", EndUserAddress(None, None, PdpType.IPV4, b"\1\2\3\4")),
        ("apn", ""),
        ("apn", "a..b"),
        ("apn", "a b"),
        ("apn", "ä"),
        ("apn", "a" * 64),
        ("apn", ".".join(["abcdefghi"] * 10) + "x"),
        ("sgsn_address_user", "192.0.2"),
        ("sgsn_address_user", "2001:db8::x"),
        ("msisdn", "1" * 16),
        ("msisdn", "+44"),
        ("imei", "1" * 17),
        ("qos", bytes(3)),
        ("ms_time_zone", MsTimeZone(80)),
        ("ms_time_zone", MsTimeZone(0, 4)),
        ("private_extension", (PrivateExtension(65536),)),
    ],
)
def test_values_that_elements_cannot_carry(name: str, value: object) -> None:
    """Each element refuses what it cannot carry, and the error names the attribute."""
    assert decode(create_request().encode()) == create_request()
    with pytest.raises(LocalProtocolError, match=f"CreatePdpContextRequest.{name}"):
        create_request(**{name: value}).encode()


def test_a_mandatory_attribute_of_none_is_a_local_error() -> None:
    """Taking a mandatory element away does not send a message without it."""
    with pytest.raises(LocalProtocolError, match="qos = None"):
        create_request(qos=None).encode()
