"""Golden octets of relocation, RIM and MBMS, annotated element by element."""

from __future__ import annotations

import pytest

from gtp.constants import Cause
from gtp.ies import EndUserAddress, RouteingArea
from gtp.ies.context import OfNsapi, RabContext
from gtp.ies.multicast import SessionDuration, Tmgi
from gtp.ies.relocation import PduNumbers, Plmn, RabSetup, TargetRnc
from gtp.ies.security import MmContext, SecurityMode
from gtp.messages import (
    CreateMbmsContextRequest,
    ForwardRelocationComplete,
    ForwardRelocationCompleteAcknowledge,
    ForwardRelocationRequest,
    ForwardRelocationResponse,
    ForwardSrnsContext,
    MbmsNotificationRequest,
    MbmsRegistrationResponse,
    MbmsSessionStartRequest,
    MbmsSessionUpdateResponse,
    Message,
    RanInformationRelay,
    RelocationCancelRequest,
    UeRegistrationQueryResponse,
    decode,
)

IMSI = "234150999999999"
GROUP = EndUserAddress.for_ipv4("224.0.0.1")
TMGI = Tmgi(1, "234", "15")


def octets(annotated: str) -> bytes:
    """Return the octets of annotated hexadecimal: what follows a # is for the reader."""
    return bytes.fromhex("".join(line.partition("#")[0] for line in annotated.splitlines()))


VECTORS: dict[str, tuple[str, Message]] = {
    "forward relocation request": (
        """
        32 35 0043 00000000 0001 00 00
        02 32140599999999f9             # IMSI
        11 00000500                     # TEID Control Plane
        15 2b                           # RANAP Cause 43
        81 000f                         # MM Context:
           fa                           # CKSN 2
           40                           # GSM key, no triplets, no cipher
           aaaaaaaaaaaaaaaa             # Kc
           0000 00 0000                 # DRX, no capability, no container
        85 0004 c0000202                # GSN Address: the old SGSN
        8a 0008 32f451 1234 05 002a     # Target Identification
        8b 0002 0102                    # UTRAN Transparent Container
        a4 0003 32f451                  # Selected PLMN ID
        """,
        ForwardRelocationRequest(
            sequence=1,
            imsi=IMSI,
            teid_control=0x500,
            ranap_cause=43,
            mm_context=MmContext(
                mode=SecurityMode.GSM_KEY_AND_TRIPLETS, key_set=2, cipher=0, key=b"\xaa" * 8
            ),
            sgsn_address_control="192.0.2.2",
            target_identification=TargetRnc(RouteingArea("234", "15", 0x1234, 5), 42),
            utran_container=b"\x01\x02",
            selected_plmn=Plmn("234", "15"),
        ),
    ),
    "forward relocation response": (
        """
        32 36 002f 00000500 0001 00 00
        01 80                           # Cause: request accepted
        11 00000600                     # TEID Control Plane
        12 05 00000601                  # TEID Data II: NSAPI 5
        85 0004 c0000203                # GSN Address: the new SGSN, control plane
        85 0004 c0000204                # GSN Address: user plane
        8c 0009 05 00000700 c0000205    # RAB Setup Information: NSAPI 5, TEID, RNC
        8c 0001 06                      # RAB Setup Information: NSAPI 6, not set up
        """,
        ForwardRelocationResponse(
            teid=0x500,
            sequence=1,
            cause=Cause.REQUEST_ACCEPTED,
            teid_control=0x600,
            teids_data=(OfNsapi(5, 0x601),),
            sgsn_address_control="192.0.2.3",
            sgsn_address_user="192.0.2.4",
            rab_setups=(RabSetup(5, 0x700, "192.0.2.5"), RabSetup(6)),
        ),
    ),
    "forward relocation complete": (
        "32 37 0004 00000500 0002 00 00  # no elements",
        ForwardRelocationComplete(teid=0x500, sequence=2),
    ),
    "forward relocation complete acknowledge": (
        """
        32 3b 0006 00000600 0002 00 00
        01 80                           # Cause: request accepted
        """,
        ForwardRelocationCompleteAcknowledge(teid=0x600, sequence=2, cause=Cause.REQUEST_ACCEPTED),
    ),
    "relocation cancel request": (
        """
        32 38 000d 00000600 0003 00 00
        02 32140599999999f9             # IMSI
        """,
        RelocationCancelRequest(teid=0x600, sequence=3, imsi=IMSI),
    ),
    "forward SRNS context": (
        """
        32 3a 0024 00000600 0004 00 00
        16 05 0001 0002 0003 0004       # RAB Context: NSAPI 5
        16 06 0005 0006 0007 0008       # RAB Context: NSAPI 6
        af 0009 05 0001 0002 0003 0004  # PDU Numbers: NSAPI 5
        """,
        ForwardSrnsContext(
            teid=0x600,
            sequence=4,
            rab_contexts=(RabContext(5, 1, 2, 3, 4), RabContext(6, 5, 6, 7, 8)),
            pdu_numbers=(PduNumbers(5, 1, 2, 3, 4),),
        ),
    ),
    "RAN information relay": (
        """
        32 46 001a 00000000 0005 00 00
        90 0004 704c8031                # RAN Transparent Container
        9e 0008 32f451 1234 05 5678     # RIM Routing Address
        b2 0001 00                      # RIM Routing Address Discriminator: a cell of GERAN
        """,
        RanInformationRelay(
            sequence=5,
            ran_container=bytes.fromhex("704c8031"),
            rim_routing_address=bytes.fromhex("32f4511234055678"),
            rim_routing_address_discriminator=0,
        ),
    ),
    "UE registration query response": (
        """
        32 3e 0015 00000000 0006 00 00
        01 80                           # Cause: request accepted
        02 32140599999999f9             # IMSI
        a4 0003 32f451                  # Selected PLMN ID
        """,
        UeRegistrationQueryResponse(
            sequence=6,
            cause=Cause.REQUEST_ACCEPTED,
            imsi=IMSI,
            selected_plmn=Plmn("234", "15"),
        ),
    ),
    "MBMS notification request": (
        """
        32 60 002b 00000000 0007 00 00
        02 32140599999999f9             # IMSI
        11 00000100                     # TEID Control Plane
        14 05                           # NSAPI
        80 0006 f121 e0000001           # End User Address: 224.0.0.1
        83 0004 03 747631               # APN: tv1
        85 0004 c0000201                # GSN Address: the GGSN
        """,
        MbmsNotificationRequest(
            sequence=7,
            imsi=IMSI,
            teid_control=0x100,
            nsapi=5,
            end_user_address=GROUP,
            apn="tv1",
            ggsn_address_control="192.0.2.1",
        ),
    ),
    "create MBMS context request": (
        """
        32 64 0036 00000000 0008 00 00
        02 32140599999999f9             # IMSI
        03 32f451123405                 # RAI
        0f fc                           # Selection Mode
        11 00000200                     # TEID Control Plane
        80 0006 f121 e0000001           # End User Address: 224.0.0.1
        83 0004 03 747631               # APN: tv1
        85 0004 c0000202                # GSN Address: the SGSN
        a7 0001 80                      # Enhanced NSAPI 128
        """,
        CreateMbmsContextRequest(
            sequence=8,
            imsi=IMSI,
            rai=bytes.fromhex("32f451123405"),
            selection_mode=0,
            teid_control=0x200,
            end_user_address=GROUP,
            apn="tv1",
            sgsn_address_control="192.0.2.2",
            enhanced_nsapi=128,
        ),
    ),
    "MBMS registration response": (
        """
        32 71 001b 00000200 0009 00 00
        01 80                           # Cause: request accepted
        11 00000102                     # TEID Control Plane
        85 0004 c0000201                # GSN Address: the GGSN
        9d 0006 000001 32f451           # TMGI
        """,
        MbmsRegistrationResponse(
            teid=0x200,
            sequence=9,
            cause=Cause.REQUEST_ACCEPTED,
            teid_control=0x102,
            ggsn_address_control="192.0.2.1",
            tmgi=TMGI,
        ),
    ),
    "MBMS session start request": (
        """
        32 74 0048 00000200 000a 00 00
        11 00000102                     # TEID Control Plane
        80 0006 f121 e0000001           # End User Address: 224.0.0.1
        83 0004 03 747631               # APN: tv1
        85 0004 c0000201                # GSN Address: the GGSN
        87 0004 020b921f                # QoS profile
        94 0001 02                      # Common Flags: broadcast
        9d 0006 000001 32f451           # TMGI
        a0 0003 00 000a                 # MBMS Service Area: code 10
        a6 0001 02                      # MBMS 2G/3G Indicator: both
        a8 0003 070802                  # MBMS Session Duration: 3600 s and 2 days
        ab 0001 09                      # MBMS Time To Data Transfer: 10 s
        """,
        MbmsSessionStartRequest(
            teid=0x200,
            sequence=10,
            teid_control=0x102,
            end_user_address=GROUP,
            apn="tv1",
            ggsn_address_control="192.0.2.1",
            qos=bytes.fromhex("020b921f"),
            common_flags=2,
            tmgi=TMGI,
            service_area=(10,),
            access_indicator=2,
            session_duration=SessionDuration(3600, 2),
            time_to_data_transfer=9,
        ),
    ),
    "MBMS session update response": (
        """
        32 79 001e 00000102 000b 00 00
        01 80                           # Cause: request accepted
        10 00000201                     # TEID Data I
        11 00000200                     # TEID Control Plane
        85 0004 c0000203                # GSN Address: the SGSN's user plane, first here
        85 0004 c0000202                # GSN Address: the SGSN's control plane
        """,
        MbmsSessionUpdateResponse(
            teid=0x102,
            sequence=11,
            cause=Cause.REQUEST_ACCEPTED,
            teid_data=0x201,
            teid_control=0x200,
            sgsn_address_user="192.0.2.3",
            sgsn_address_control="192.0.2.2",
        ),
    ),
}


@pytest.mark.parametrize("name", VECTORS)
@pytest.mark.clause(
    "29.060 §7.5.6–§7.5.15",
    "relocation, RAN Information Relay, UE Registration Query",
    status="codec, containers opaque; nodes discard them",
)
@pytest.mark.clause("29.060 §7.5A", "MBMS", status="codec, containers opaque; nodes discard it")
def test_golden_octets_are_read_and_written(name: str) -> None:
    """The octets are read to the values, at first and as usual, and written the same."""
    annotated, message = VECTORS[name]
    data = octets(annotated)
    assert message.encode() == data
    for _ in range(2):
        assert decode(data) == message
