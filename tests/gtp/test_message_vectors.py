"""Golden octets, annotated element by element: read to these values, written to these octets."""

from __future__ import annotations

import pytest

from gtp.codes import ExtendedCommonFlags, MapCause, MsNotReachableReason
from gtp.constants import Cause
from gtp.ies import EndUserAddress, MsTimeZone, PrivateExtension
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    EchoRequest,
    EchoResponse,
    EndMarker,
    ErrorIndication,
    FailureReportRequest,
    FailureReportResponse,
    GPdu,
    Message,
    NoteMsGprsPresentRequest,
    NoteMsGprsPresentResponse,
    PduNotificationRejectRequest,
    PduNotificationRejectResponse,
    PduNotificationRequest,
    PduNotificationResponse,
    SendRouteingInformationRequest,
    SendRouteingInformationResponse,
    SupportedExtensionHeadersNotification,
    VersionNotSupported,
    decode,
)

IMSI = "234150999999999"
QOS = bytes.fromhex("020b921f7396fefe742bffff")
EUA = EndUserAddress.for_ipv4("10.45.0.7")


def octets(annotated: str) -> bytes:
    """Return the octets of annotated hexadecimal: what follows a # is for the reader."""
    return bytes.fromhex("".join(line.partition("#")[0] for line in annotated.splitlines()))


VECTORS: dict[str, tuple[str, Message]] = {
    "echo request": (
        "32 01 0004 00000000 000a 00 00  # header: no elements",
        EchoRequest(sequence=10),
    ),
    "echo response": (
        """
        32 02 0006 00000000 000a 00 00
        0e 2a                           # Recovery 42
        """,
        EchoResponse(sequence=10, recovery=42),
    ),
    "version not supported": (
        "32 03 0004 00000000 000b 00 00",
        VersionNotSupported(sequence=11),
    ),
    "supported extension headers": (
        """
        32 1f 0007 00000000 000c 00 00
        8d 01 c0                        # Extension Header Types List: length of one octet, C0
        """,
        SupportedExtensionHeadersNotification(sequence=12, extension_header_types=(0xC0,)),
    ),
    "send routeing information request": (
        """
        32 20 000d 00000000 0001 00 00
        02 32140599999999f9             # IMSI
        """,
        SendRouteingInformationRequest(sequence=1, imsi=IMSI),
    ),
    "send routeing information response": (
        """
        32 21 0016 00000000 0001 00 00
        01 80                           # Cause: request accepted
        02 32140599999999f9             # IMSI
        85 0004 c0000202                # GSN Address: the SGSN
        """,
        SendRouteingInformationResponse(
            sequence=1, cause=Cause.REQUEST_ACCEPTED, imsi=IMSI, sgsn_address="192.0.2.2"
        ),
    ),
    "send routeing information response, not reachable": (
        """
        32 21 0018 00000000 0002 00 00
        01 80                           # Cause: request accepted
        02 32140599999999f9             # IMSI
        1d 06                           # MS Not Reachable Reason: GPRS detached
        85 0004 c0000202                # GSN Address
        """,
        SendRouteingInformationResponse(
            sequence=2,
            cause=Cause.REQUEST_ACCEPTED,
            imsi=IMSI,
            ms_not_reachable_reason=MsNotReachableReason.GPRS_DETACHED,
            sgsn_address="192.0.2.2",
        ),
    ),
    "send routeing information response, unknown": (
        """
        32 21 0011 00000000 0003 00 00
        01 c2                           # Cause: IMSI not known
        02 32140599999999f9             # IMSI
        0b 01                           # MAP Cause: unknown subscriber
        """,
        SendRouteingInformationResponse(
            sequence=3,
            cause=Cause.IMSI_NOT_KNOWN,
            imsi=IMSI,
            map_cause=MapCause.UNKNOWN_SUBSCRIBER,
        ),
    ),
    "pdu notification request": (
        """
        32 1b 0031 00000000 0004 00 00
        02 32140599999999f9             # IMSI
        11 00000100                     # TEID Control Plane
        80 0006 f121 0a2d0007           # End User Address: IPv4 10.45.0.7
        83 000c 03 776170 07 6578616d706c65  # APN: wap.example
        85 0004 c0000201                # GSN Address: the GGSN
        """,
        PduNotificationRequest(
            sequence=4,
            imsi=IMSI,
            teid_control=0x100,
            end_user_address=EUA,
            apn="wap.example",
            ggsn_address="192.0.2.1",
        ),
    ),
    "pdu notification response": (
        """
        32 1c 0006 00000100 0004 00 00
        01 80                           # Cause: request accepted
        """,
        PduNotificationResponse(teid=0x100, sequence=4, cause=Cause.REQUEST_ACCEPTED),
    ),
    "pdu notification reject request": (
        """
        32 1d 0023 00000100 0005 00 00
        01 05                           # Cause: MS is not GPRS responding (request group)
        11 00000100                     # TEID Control Plane
        80 0006 f121 0a2d0007           # End User Address
        83 000c 03 776170 07 6578616d706c65  # APN
        """,
        PduNotificationRejectRequest(
            teid=0x100,
            sequence=5,
            cause=Cause.MS_NOT_GPRS_RESPONDING_X,
            teid_control=0x100,
            end_user_address=EUA,
            apn="wap.example",
        ),
    ),
    "pdu notification reject response": (
        "32 1e 0006 00000000 0005 00 00 01 80  # Cause: request accepted",
        PduNotificationRejectResponse(sequence=5, cause=Cause.REQUEST_ACCEPTED),
    ),
    "create request": (
        """
        32 10 0063 00000000 0006 00 00
        02 32140599999999f9             # IMSI
        0e 07                           # Recovery 7
        0f fc                           # Selection Mode: subscription verified
        10 00000201                     # TEID Data I
        11 00000200                     # TEID Control Plane
        14 05                           # NSAPI 5
        1a 0800                         # Charging Characteristics: normal
        80 0006 f121 0a2d0007           # End User Address
        83 000c 03 776170 07 6578616d706c65  # APN
        85 0004 c0000202                # GSN Address: SGSN, signalling
        85 0004 c0000202                # GSN Address: SGSN, user traffic
        86 0007 91 447700091032         # MSISDN
        87 000c 02 0b921f7396fefe742bffff  # QoS: ARP 2, background
        97 0001 02                      # RAT Type: GERAN
        """,
        CreatePdpContextRequest(
            sequence=6,
            imsi=IMSI,
            recovery=7,
            selection_mode=0,
            teid_data=0x201,
            teid_control=0x200,
            nsapi=5,
            charging_characteristics=0x0800,
            end_user_address=EUA,
            apn="wap.example",
            sgsn_address_control="192.0.2.2",
            sgsn_address_user="192.0.2.2",
            msisdn="447700900123",
            qos=QOS,
            rat_type=2,
        ),
    ),
    "create request of a secondary context": (
        """
        32 10 0046 00000101 0008 00 00
        03 32f415 1234 05               # RAI: MCC 234, MNC 51, LAC 1234, RAC 05
        10 00000203                     # TEID Data I
        14 06                           # NSAPI 6
        14 05                           # NSAPI 5: the linked one
        1b 0001                         # Trace Reference
        1c 0002                         # Trace Type
        85 0004 c0000202                # GSN Address: SGSN, signalling
        85 0004 c0000202                # GSN Address: SGSN, user traffic
        87 0004 02 0b921f               # QoS of four octets
        89 0001 21                      # TFT
        94 0001 40                      # Common Flags: upgrade QoS supported
        95 0001 00                      # APN Restriction: none
        9a 0008 21436587092143f5        # IMEI of 15 digits
        """,
        CreatePdpContextRequest(
            teid=0x101,
            sequence=8,
            rai=bytes.fromhex("32f415123405"),
            teid_data=0x203,
            nsapi=6,
            linked_nsapi=5,
            trace_reference=1,
            trace_type=2,
            sgsn_address_control="192.0.2.2",
            sgsn_address_user="192.0.2.2",
            qos=bytes.fromhex("020b921f"),
            tft=b"\x21",
            common_flags=0x40,
            apn_restriction=0,
            imei="123456789012345",
        ),
    ),
    "create request without a traffic flow template": (
        """
        32 10 003f 00000101 0008 00 00
        10 00000203                     # TEID Data I
        14 06                           # NSAPI 6
        85 0004 c0000202                # GSN Address: SGSN, signalling
        85 0004 c0000202                # GSN Address: SGSN, user traffic
        87 0004 02 0b921f               # QoS of four octets
        97 0001 01                      # RAT Type: UTRAN
        98 0008 00 32f415 1234 5678     # User Location Information: CGI
        99 0002 40 00                   # MS Time Zone: +1 h
        9a 0008 21436587092143f5        # IMEI of 15 digits
        """,
        CreatePdpContextRequest(
            teid=0x101,
            sequence=8,
            teid_data=0x203,
            nsapi=6,
            sgsn_address_control="192.0.2.2",
            sgsn_address_user="192.0.2.2",
            qos=bytes.fromhex("020b921f"),
            rat_type=1,
            user_location=bytes.fromhex("0032f41512345678"),
            ms_time_zone=MsTimeZone(4),
            imei="123456789012345",
        ),
    ),
    "create response": (
        """
        32 11 003f 00000200 0006 00 00
        01 80                           # Cause: request accepted
        08 fe                           # Reordering Required: no
        0e 2a                           # Recovery 42
        10 00000101                     # TEID Data I
        11 00000102                     # TEID Control Plane
        7f 00000001                     # Charging ID
        80 0006 f121 0a2d0007           # End User Address
        85 0004 c0000201                # GSN Address: GGSN, control plane
        85 0004 c0000201                # GSN Address: GGSN, user traffic
        87 000c 02 0b921f7396fefe742bffff  # QoS
        """,
        CreatePdpContextResponse(
            teid=0x200,
            sequence=6,
            cause=Cause.REQUEST_ACCEPTED,
            reordering_required=False,
            recovery=42,
            teid_data=0x101,
            teid_control=0x102,
            charging_id=1,
            end_user_address=EUA,
            ggsn_address_control="192.0.2.1",
            ggsn_address_user="192.0.2.1",
            qos=QOS,
        ),
    ),
    "create response, refused": (
        """
        32 11 0006 00000200 0006 00 00
        01 db                           # Cause: missing or unknown APN
        """,
        CreatePdpContextResponse(teid=0x200, sequence=6, cause=Cause.MISSING_OR_UNKNOWN_APN),
    ),
    "delete request": (
        """
        32 14 0008 00000200 0007 00 00
        13 ff                           # Teardown Ind: yes
        14 05                           # NSAPI 5
        """,
        DeletePdpContextRequest(teid=0x200, sequence=7, teardown=True, nsapi=5),
    ),
    "delete request with all that is optional": (
        """
        32 14 002f 00000200 0007 00 00
        01 06                           # Cause: reactivation requested
        13 fe                           # Teardown Ind: no
        14 05                           # NSAPI 5
        84 0001 80                      # PCO
        98 0008 01 32f415 1234 5678     # User Location Information: SAI
        99 0002 4a 01                   # MS Time Zone: -6 h, daylight saving 1 h
        c1 0001 40                      # Extended Common Flags
        d6 0004 e0000000                # ULI Timestamp
        ff 0003 0007 aa                 # Private Extension of enterprise 7
        """,
        DeletePdpContextRequest(
            teid=0x200,
            sequence=7,
            cause=Cause.REACTIVATION_REQUESTED,
            teardown=False,
            nsapi=5,
            pco=b"\x80",
            user_location=bytes.fromhex("0132f41512345678"),
            ms_time_zone=MsTimeZone(-24, 1),
            extended_common_flags=ExtendedCommonFlags.BEARER_DEACTIVATION_WITHOUT_INDICATION,
            uli_timestamp=0xE0000000,
            private_extension=(PrivateExtension(7, b"\xaa"),),
        ),
    ),
    "delete response": (
        "32 15 0006 00000102 0007 00 00 01 80  # Cause: request accepted",
        DeletePdpContextResponse(teid=0x102, sequence=7, cause=Cause.REQUEST_ACCEPTED),
    ),
    "failure report request": (
        "32 22 000d 00000000 0008 00 00 02 32140599999999f9  # IMSI",
        FailureReportRequest(sequence=8, imsi=IMSI),
    ),
    "failure report response": (
        "32 23 0006 00000000 0008 00 00 01 80  # Cause: request accepted",
        FailureReportResponse(sequence=8, cause=Cause.REQUEST_ACCEPTED),
    ),
    "note ms gprs present request": (
        """
        32 24 0014 00000000 0009 00 00
        02 32140599999999f9             # IMSI
        85 0004 c0000202                # GSN Address: the SGSN
        """,
        NoteMsGprsPresentRequest(sequence=9, imsi=IMSI, sgsn_address="192.0.2.2"),
    ),
    "note ms gprs present response": (
        "32 25 0006 00000000 0009 00 00 01 80  # Cause: request accepted",
        NoteMsGprsPresentResponse(sequence=9, cause=Cause.REQUEST_ACCEPTED),
    ),
    "g-pdu": (
        """
        30 ff 0014 00000201             # header without sequence number
        4500001400010000403b667a0a0000010a2d0007  # T-PDU: an IPv4 header
        """,
        GPdu(teid=0x201, payload=bytes.fromhex("4500001400010000403b667a0a0000010a2d0007")),
    ),
    "error indication": (
        """
        32 1a 0010 00000000 0000 00 00
        10 00000201                     # TEID Data I
        85 0004 c0000202                # GSN Address: GTP-U peer
        """,
        ErrorIndication(teid_data=0x201, peer_address="192.0.2.2"),
    ),
    "end marker": ("30 fe 0000 00000201  # header without sequence number", EndMarker(teid=0x201)),
}

PARAMETERS = [
    pytest.param(octets(annotated), message, id=name)
    for name, (annotated, message) in VECTORS.items()
]


@pytest.mark.parametrize(("data", "message"), PARAMETERS)
@pytest.mark.clause("29.060 §6, §7.1", "header, message types")
def test_golden_octets_are_read(data: bytes, message: Message) -> None:
    """Every vector decodes to its message, the first time and when its reader is there."""
    assert decode(data) == message
    assert decode(data) == message


@pytest.mark.parametrize(("data", "message"), PARAMETERS)
def test_golden_octets_are_written(data: bytes, message: Message) -> None:
    """Every message encodes to its vector."""
    assert message.encode() == data


def test_attributes_of_a_decoded_message_have_their_types() -> None:
    """Causes are enumeration members, and flags are booleans."""
    response = decode(octets(VECTORS["create response"][0]))
    assert isinstance(response, CreatePdpContextResponse)
    assert isinstance(response.cause, Cause)
    assert response.reordering_required is False
    assert response.end_user_address is not None
    assert response.end_user_address.ipv4 == "10.45.0.7"
