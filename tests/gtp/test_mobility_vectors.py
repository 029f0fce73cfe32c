"""Golden octets of updates and of what SGSNs tell each other, annotated element by element."""

from __future__ import annotations

import pytest

from gtp.codes import DirectTunnelFlags, RatType
from gtp.constants import Cause, IEType
from gtp.ies import EndUserAddress, MsTimeZone
from gtp.ies.context import AmbrOfNsapi, OfNsapi, PdpContext, RabContext
from gtp.ies.security import MmContext, Quintuplet, SecurityMode, Triplet
from gtp.messages import (
    IdentificationRequest,
    IdentificationResponse,
    InitiatePdpContextActivationRequest,
    InitiatePdpContextActivationResponse,
    Message,
    MsInfoChangeNotificationRequest,
    MsInfoChangeNotificationResponse,
    SgsnContextAcknowledge,
    SgsnContextRequest,
    SgsnContextResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
    decode,
)

IMSI = "234150999999999"
RAI = bytes.fromhex("32f415123405")
QOS = bytes.fromhex("020b921f7396fefe742bffff")
QUINTUPLET = Quintuplet(b"\x11" * 16, b"\x22" * 8, b"\x33" * 16, b"\x44" * 16, b"\x55" * 16)
TRIPLET = Triplet(b"\x11" * 16, b"\x22" * 4, b"\x33" * 8)


def octets(annotated: str) -> bytes:
    """Return the octets of annotated hexadecimal: what follows a # is for the reader."""
    return bytes.fromhex("".join(line.partition("#")[0] for line in annotated.splitlines()))


VECTORS: dict[str, tuple[str, Message]] = {
    "update request from an SGSN": (
        """
        32 12 0047 00000102 0014 00 00
        03 32f415123405                 # RAI
        10 00000301                     # TEID Data I
        11 00000300                     # TEID Control Plane
        14 05                           # NSAPI
        85 0004 c0000203                # GSN Address: the SGSN's control plane
        85 0004 c0000204                # GSN Address: the SGSN's user plane
        87 000c 020b921f7396fefe742bffff  # QoS profile
        97 0001 01                      # RAT Type: UTRAN
        98 0008 01 32f415 1234 5678     # User Location Information: SAI
        b6 0001 01                      # Direct Tunnel Flags: DTI
        """,
        UpdatePdpContextRequest(
            teid=0x102,
            sequence=20,
            rai=RAI,
            teid_data=0x301,
            teid_control=0x300,
            nsapi=5,
            sgsn_address_control="192.0.2.3",
            sgsn_address_user="192.0.2.4",
            qos=QOS,
            rat_type=RatType.UTRAN,
            user_location=bytes.fromhex("0132f41512345678"),
            direct_tunnel_flags=DirectTunnelFlags.DIRECT_TUNNEL,
        ),
    ),
    "update request from a GGSN": (
        """
        32 12 0024 00000200 0015 00 00
        02 32140599999999f9             # IMSI
        14 05                           # NSAPI
        80 0006 f121 0a2d0007           # End User Address
        95 0001 02                      # APN Restriction
        b5 0001 01                      # MS Info Change Reporting Action: start CGI/SAI
        b8 0001 01                      # Bearer Control Mode: MS/NW
        """,
        UpdatePdpContextRequest(
            teid=0x200,
            sequence=21,
            imsi=IMSI,
            nsapi=5,
            end_user_address=EndUserAddress.for_ipv4("10.45.0.7"),
            apn_restriction=2,
            ms_info_change_reporting_action=1,
            bearer_control_mode=1,
        ),
    ),
    "update response from a GGSN": (
        """
        32 13 0034 00000300 0014 00 00
        01 80                           # Cause: request accepted
        0e 2a                           # Recovery 42
        10 00000101                     # TEID Data I
        11 00000102                     # TEID Control Plane
        7f 00000001                     # Charging ID
        85 0004 c0000201                # GSN Address: the GGSN's control plane
        85 0004 c0000202                # GSN Address: the GGSN's user plane
        87 000c 020b921f7396fefe742bffff  # QoS profile
        """,
        UpdatePdpContextResponse(
            teid=0x300,
            sequence=20,
            cause=Cause.REQUEST_ACCEPTED,
            recovery=42,
            teid_data=0x101,
            teid_control=0x102,
            charging_id=1,
            gsn_addresses=("192.0.2.1", "192.0.2.2"),
            qos=QOS,
        ),
    ),
    "update response from an SGSN": (
        """
        32 13 0017 00000102 0015 00 00
        01 80                           # Cause: request accepted
        10 00000301                     # TEID Data I
        85 0004 c0000204                # GSN Address: the SGSN's user plane
        99 0002 40 00                   # MS Time Zone: UTC+1
        """,
        UpdatePdpContextResponse(
            teid=0x102,
            sequence=21,
            cause=Cause.REQUEST_ACCEPTED,
            teid_data=0x301,
            gsn_addresses=("192.0.2.4",),
            ms_time_zone=MsTimeZone(4, 0),
        ),
    ),
    "initiate activation request": (
        """
        32 16 0022 00000200 0016 00 00
        14 05                           # NSAPI: linked
        87 000c 020b921f7396fefe742bffff  # QoS profile
        89 0006 21 31 05 02 3011        # TFT: create, one filter for UDP
        b7 0001 63                      # Correlation-ID
        """,
        InitiatePdpContextActivationRequest(
            teid=0x200,
            sequence=22,
            linked_nsapi=5,
            qos=QOS,
            tft=bytes.fromhex("213105023011"),
            correlation_id=0x63,
        ),
    ),
    "initiate activation response": (
        """
        32 17 0006 00000102 0016 00 00
        01 80                           # Cause: request accepted
        """,
        InitiatePdpContextActivationResponse(teid=0x102, sequence=22, cause=Cause.REQUEST_ACCEPTED),
    ),
    "identification request": (
        """
        32 30 001f 00000000 0017 00 00
        03 32f415123405                 # RAI
        05 c0000001                     # P-TMSI
        0c 123456                       # P-TMSI Signature
        85 0004 c0000203                # GSN Address: the new SGSN
        a3 0001 03                      # Hop Counter
        """,
        IdentificationRequest(
            sequence=23,
            rai=RAI,
            p_tmsi=0xC0000001,
            p_tmsi_signature=b"\x12\x34\x56",
            sgsn_address_control="192.0.2.3",
            hop_counter=3,
        ),
    ),
    "identification response": (
        """
        32 31 0079 00000000 0017 00 00
        01 80                           # Cause: request accepted
        02 32140599999999f9             # IMSI
        09 11111111111111111111111111111111 22222222 3333333333333333  # Triplet
        88 004a                         # Quintuplet:
           11111111111111111111111111111111  # RAND
           08 2222222222222222          # XRES
           33333333333333333333333333333333  # CK
           44444444444444444444444444444444  # IK
           10 55555555555555555555555555555555  # AUTN
        """,
        IdentificationResponse(
            sequence=23,
            cause=Cause.REQUEST_ACCEPTED,
            imsi=IMSI,
            triplets=(TRIPLET,),
            quintuplets=(QUINTUPLET,),
        ),
    ),
    "SGSN context request": (
        """
        32 32 002d 00000000 0018 00 00
        03 32f415123405                 # RAI
        04 c0000001                     # TLLI
        0c 123456                       # P-TMSI Signature
        0d ff                           # MS Validated: yes
        11 00000400                     # TEID Control Plane
        85 0004 c0000203                # GSN Address: the new SGSN
        93 0004 91 447700               # SGSN Number
        97 0001 02                      # RAT Type: GERAN
        """,
        SgsnContextRequest(
            sequence=24,
            rai=RAI,
            tlli=0xC0000001,
            p_tmsi_signature=b"\x12\x34\x56",
            ms_validated=True,
            teid_control=0x400,
            sgsn_address_control="192.0.2.3",
            sgsn_number="447700",
            rat_type=RatType.GERAN,
        ),
    ),
    "SGSN context response": (
        """
        32 33 00e7 00000400 0018 00 00
        01 80                           # Cause: request accepted
        02 32140599999999f9             # IMSI
        11 00000500                     # TEID Control Plane
        16 05 0001 0002 0003 0004       # RAB Context: NSAPI 5
        17 01                           # Radio Priority for MO SMS
        18 52                           # Radio Priority: NSAPI 5, 2
        19 05 0a                        # Packet Flow Id: NSAPI 5, 10
        1a 0800                         # Charging Characteristics
        81 0033                         # MM Context:
           f9                           # CKSN 1
           48                           # GSM key, one triplet, no cipher
           aaaaaaaaaaaaaaaa             # Kc
           11111111111111111111111111111111 22222222 3333333333333333  # Triplet
           0a00                         # DRX
           03 e5e034                    # MS network capability
           0005 23 03 010203            # container
        82 004c                         # PDP Context:
           15 03                        # in order, NSAPI 5; SAPI 3
           0c 020b921f7396fefe742bffff  # QoS subscribed
           00                           # QoS requested: none
           0c 020b921f7396fefe742bffff  # QoS negotiated
           0011 0012                    # SND, SNU
           ff ff                        # Send and Receive N-PDU
           00000102 00000101            # uplink TEIDs: control plane, data
           01                           # PDP context identifier
           f1 21 04 0a2d0007            # PDP type and address
           04 c0000201 04 c0000202      # GGSN: control plane, user plane
           0c 03 776170 07 6578616d706c65  # APN
           02 00                        # Transaction identifier
        85 0004 c0000202                # GSN Address: the old SGSN
        91 0000                         # PDP Context Prioritization
        96 0001 04                      # Radio Priority LCS
        bd 0002 0001                    # RFSP Index: subscribed
        bd 0002 0002                    # RFSP Index: in use
        be 0009 03 777777 04 74657374   # FQDN
        c0 0002 05 29                   # Evolved ARP II: NSAPI 5
        c9 0009 05 000003e8 000007d0    # APN-AMBR: NSAPI 5
        d5 0002 05 01                   # Selection Mode: NSAPI 5
        """,
        SgsnContextResponse(
            teid=0x400,
            sequence=24,
            cause=Cause.REQUEST_ACCEPTED,
            imsi=IMSI,
            teid_control=0x500,
            rab_contexts=(RabContext(5, 1, 2, 3, 4),),
            radio_priority_for_mo_sms=1,
            radio_priorities=(OfNsapi(5, 2),),
            packet_flow_ids=(OfNsapi(5, 10),),
            charging_characteristics=0x0800,
            mm_context=MmContext(
                mode=SecurityMode.GSM_KEY_AND_TRIPLETS,
                key_set=1,
                cipher=0,
                key=b"\xaa" * 8,
                vectors=(TRIPLET,),
                drx=b"\x0a\x00",
                ms_network_capability=bytes.fromhex("e5e034"),
                container=bytes.fromhex("2303010203"),
            ),
            pdp_contexts=(
                PdpContext(
                    nsapi=5,
                    in_order=True,
                    llc_sapi=3,
                    qos_subscribed=QOS,
                    qos_requested=b"",
                    qos_negotiated=QOS,
                    downlink_sequence=0x11,
                    uplink_sequence=0x12,
                    uplink_teid_control=0x102,
                    uplink_teid_data=0x101,
                    identifier=1,
                    end_user_address=EndUserAddress.for_ipv4("10.45.0.7"),
                    ggsn_address_control="192.0.2.1",
                    ggsn_address_user="192.0.2.2",
                    apn="wap.example",
                    transaction_identifier=2,
                ),
            ),
            sgsn_address_control="192.0.2.2",
            pdp_context_prioritization=b"",
            radio_priority_lcs=4,
            subscribed_rfsp_index=1,
            rfsp_index=2,
            ggsn_name="www.test",
            evolved_arps=(OfNsapi(5, 0x29),),
            ambrs=(AmbrOfNsapi(5, 1000, 2000),),
            selection_modes=(OfNsapi(5, 1),),
        ),
    ),
    "SGSN context response, UMTS": (
        """
        32 33 007f 00000400 0019 00 00
        01 80                           # Cause: request accepted
        81 0076                         # MM Context:
           fa                           # KSI 2
           8f                           # UMTS keys, one quintuplet
           33333333333333333333333333333333  # CK
           44444444444444444444444444444444  # IK
           004a                         # length of the quintuplets
           11111111111111111111111111111111 08 2222222222222222
           33333333333333333333333333333333 44444444444444444444444444444444
           10 55555555555555555555555555555555
           0a00                         # DRX
           03 e5e034                    # MS network capability
           0000                         # container: empty
        """,
        SgsnContextResponse(
            teid=0x400,
            sequence=25,
            cause=Cause.REQUEST_ACCEPTED,
            mm_context=MmContext(
                mode=SecurityMode.UMTS_KEYS,
                key_set=2,
                key=b"\x33" * 16 + b"\x44" * 16,
                vectors=(QUINTUPLET,),
                drx=b"\x0a\x00",
                ms_network_capability=bytes.fromhex("e5e034"),
            ),
        ),
    ),
    "SGSN context acknowledge": (
        """
        32 34 0013 00000500 0018 00 00
        01 80                           # Cause: request accepted
        12 05 00000600                  # TEID Data II: NSAPI 5
        85 0004 c0000204                # GSN Address: where packets go
        """,
        SgsnContextAcknowledge(
            teid=0x500,
            sequence=24,
            cause=Cause.REQUEST_ACCEPTED,
            teids_data=(OfNsapi(5, 0x600),),
            sgsn_address_user="192.0.2.4",
        ),
    ),
    "MS info change notification request": (
        """
        32 80 001e 00000000 001a 00 00
        02 32140599999999f9             # IMSI
        14 05                           # NSAPI: linked
        97 0001 01                      # RAT Type: UTRAN
        98 0008 00 32f415 1234 5678     # User Location Information: CGI
        """,
        MsInfoChangeNotificationRequest(
            sequence=26,
            imsi=IMSI,
            linked_nsapi=5,
            rat_type=RatType.UTRAN,
            user_location=bytes.fromhex("0032f41512345678"),
        ),
    ),
    "MS info change notification response": (
        """
        32 81 0015 00000000 001a 00 00
        01 80                           # Cause: request accepted
        02 32140599999999f9             # IMSI
        14 05                           # NSAPI: linked
        b5 0001 00                      # MS Info Change Reporting Action: stop
        """,
        MsInfoChangeNotificationResponse(
            sequence=26,
            cause=Cause.REQUEST_ACCEPTED,
            imsi=IMSI,
            linked_nsapi=5,
            ms_info_change_reporting_action=0,
        ),
    ),
}


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.clause(
    "29.060 §7.5.1–§7.5.5", "Identification, SGSN Context", status="codec; nodes discard them"
)
def test_golden_octets_are_read_and_written(name: str) -> None:
    """The octets are read to the values, at first and as usual, and written the same."""
    annotated, message = VECTORS[name]
    data = octets(annotated)
    assert message.encode() == data
    for _ in range(2):
        assert decode(data) == message


def test_what_an_sgsn_must_say_in_an_update_is_checked_apart() -> None:
    """A GGSN asks for what an SGSN's update must have; a GGSN's update has none of it."""
    annotated, _ = VECTORS["update request from an SGSN"]
    complete = decode(octets(annotated))
    assert isinstance(complete, UpdatePdpContextRequest)
    assert complete.lacking_from_sgsn() is None
    complete.sgsn_address_user = None
    assert complete.lacking_from_sgsn() is IEType.GSN_ADDRESS
    assert UpdatePdpContextRequest(nsapi=5).lacking_from_sgsn() is IEType.TEID_DATA
