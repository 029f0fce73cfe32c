"""The ladder of a network-requested activation, octet by octet (TS 29.060 §7.3, §7.5).

TEIDs, sequence numbers and the Charging ID are the GGSN's to choose; they are written as
zeros in the expected octets.
"""

from __future__ import annotations

from corenet.interfaces.node import Interface

SEND_ROUTEING_INFORMATION_REQUEST = (
    "32 20 000d 00000000 0000 00 00"  # version 1, type 32, length 13, TEID 0, sequence
    "02 32140599999999f9"  # IMSI 234150999999999
)
SEND_ROUTEING_INFORMATION_RESPONSE = (
    "32 21 0016 00000000 0000 00 00"  # type 33, length 22
    "01 80"  # Cause: request accepted
    "02 32140599999999f9"  # IMSI
    "85 0004 c0000202"  # GSN address: the SGSN, 192.0.2.2
)
PDU_NOTIFICATION_REQUEST = (
    "32 1b 0031 00000000 0000 00 00"  # type 27, length 49, TEID 0
    "02 32140599999999f9"  # IMSI
    "11 00000000"  # TEID Control Plane, chosen by the GGSN
    "80 0006 f1 21 0a2d0007"  # end user address: IETF, IPv4, 10.45.0.7
    "83 000c 03776170 076578616d706c65"  # APN wap.example
    "85 0004 c0000201"  # GSN address: the GGSN, 192.0.2.1
)
PDU_NOTIFICATION_RESPONSE = (
    "32 1c 0006 00000000 0000 00 00"  # type 28, length 6, TEID of the notification
    "01 80"  # Cause: request accepted
)
CREATE_PDP_CONTEXT_REQUEST = (
    "32 10 0063 00000000 0006 00 00"  # type 16, length 99, TEID 0, sequence 6
    "02 32140599999999f9"  # IMSI
    "0e 07"  # Recovery
    "0f fc"  # Selection mode: subscription verified
    "10 00000201"  # TEID Data I
    "11 00000200"  # TEID Control Plane
    "14 05"  # NSAPI 5
    "1a 0800"  # Charging characteristics: normal
    "80 0006 f1 21 0a2d0007"  # end user address
    "83 000c 03776170 076578616d706c65"  # APN
    "85 0004 c0000202"  # SGSN address for signalling
    "85 0004 c0000202"  # SGSN address for user traffic
    "86 0007 91 447700091032"  # MSISDN 447700900123
    "87 000c 02 0b921f7396fefe742bffff"  # QoS: background class
    "97 0001 02"  # RAT type GERAN
)
CREATE_PDP_CONTEXT_RESPONSE = (
    "32 11 003f 00000200 0006 00 00"  # type 17, length 63, the SGSN's TEID, its sequence
    "01 80"  # Cause: request accepted
    "08 fe"  # Reordering not required
    "0e 07"  # Recovery: the GGSN's restart counter
    "10 00000000"  # TEID Data I, chosen by the GGSN
    "11 00000000"  # TEID Control Plane, that of the notification
    "7f 00000000"  # Charging ID, chosen by the GGSN
    "80 0006 f1 21 0a2d0007"  # end user address
    "85 0004 c0000201"  # GGSN address for signalling
    "85 0004 c0000201"  # GGSN address for user traffic
    "87 000c 02 0b921f7396fefe742bffff"  # QoS
)


def sent(bench) -> bytes:
    """Return the octets of the one datagram that the GGSN wants sent on GTP-C."""
    (datagram,) = bench.ggsn.take_datagrams()
    assert datagram.interface is Interface.GTP_C
    return datagram.data


def blank(octets: bytes, *places: int) -> str:
    """Return ``octets`` in hex with zeros for four (at 8 two) octets at each place."""
    copy = bytearray(octets)
    for place in places:
        width = 2 if place == 8 else 4
        copy[place : place + width] = bytes(width)
    return copy.hex()


def receive(bench, text: str, peer: str, *, sequence: bytes = b"", teid: bytes = b"") -> None:
    """Deliver octets with a sequence number and a header TEID put in."""
    data = bytearray.fromhex(text)
    data[8 : 8 + len(sequence)] = sequence
    data[4 : 4 + len(teid)] = teid
    bench.ggsn.receive(
        Interface.GTP_C, bytes(data), peer=(peer, 2123), local=("192.0.2.1", 2123), now=bench.now
    )


def test_every_octet_of_the_ladder_is_right(bench) -> None:
    """What the GGSN sends, given what HLR and SGSN send."""
    bench.ggsn.activate("234150999999999", "wap.example", key="k", now=bench.now)
    routeing = sent(bench)
    assert blank(routeing, 8) == SEND_ROUTEING_INFORMATION_REQUEST.replace(" ", "")

    receive(bench, SEND_ROUTEING_INFORMATION_RESPONSE, "192.0.2.9", sequence=routeing[8:10])
    notification = sent(bench)
    assert blank(notification, 8, 22) == PDU_NOTIFICATION_REQUEST.replace(" ", "")
    teid = notification[22:26]

    receive(
        bench,
        PDU_NOTIFICATION_RESPONSE,
        "192.0.2.2",
        sequence=notification[8:10],
        teid=teid,
    )
    receive(bench, CREATE_PDP_CONTEXT_REQUEST, "192.0.2.2")
    created = sent(bench)
    assert blank(created, 19, 24, 29) == CREATE_PDP_CONTEXT_RESPONSE.replace(" ", "")
    assert created[24:28] == teid
