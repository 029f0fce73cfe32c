"""What capture tests share: a reader of pcapng, and datagrams of a session."""

import struct
from typing import NamedTuple

import pytest

from corenet.gi.ip import udp_packet
from corenet.interfaces import gsup, llc
from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed

IMSI = "234150000000001"
GGSN, SGSN, HLR = "127.0.10.1", "127.0.10.2", "127.0.10.3"
GATEWAY, MOBILE = "127.0.10.5", "127.10.0.1"


class Recorded(NamedTuple):
    interface: str
    time: float
    packet: bytes
    comment: str


def options(data):
    found = {}
    while data:
        code, length = struct.unpack_from("<HH", data)
        if code == 0:
            break
        found[code] = data[4 : 4 + length]
        data = data[4 + (length + 3) // 4 * 4 :]
    return found


def read(data):
    """Return the packets, and names by address, of a pcapng file."""
    interfaces, packets, names = [], [], {}
    while data:
        kind, total = struct.unpack_from("<II", data)
        body = data[8 : total - 4]
        assert struct.unpack_from("<I", data, total - 4)[0] == total
        if kind == 1:
            assert struct.unpack_from("<H", body)[0] == 101
            interfaces.append(options(body[8:])[2].decode())
        elif kind == 4:
            names[".".join(map(str, body[4:8]))] = body[8:].split(b"\0")[0].decode()
        elif kind == 6:
            number, high, low, length, original = struct.unpack_from("<IIIII", body)
            assert length == original
            rest = options(body[20 + (length + 3) // 4 * 4 :])
            comment = rest.get(1, b"").decode()
            packets.append(
                Recorded(
                    interfaces[number],
                    ((high << 32) + low) / 1e6,
                    body[20 : 20 + length],
                    comment,
                )
            )
        else:
            assert kind == 0x0A0D0D0A
        data = data[total:]
    return packets, names


@pytest.fixture
def read_pcapng():
    return read


def passed(interface, source, destination, data, sender="", receiver="", time=1_700_000_000.25):
    return Passed(time, interface, source, destination, data, sender, receiver)


SGSN_ON_GR, HLR_ON_GR = (SGSN, 4222), (HLR, 4222)
WTP_ACK = bytes.fromhex("180001")
ECHO = bytes.fromhex("320100040000000000010000")
ECHO_RESPONSE = bytes.fromhex("320200060000000000010000 0e01")
REQUEST_PDP_ACTIVATION = bytes.fromhex("0a440601210a2d0007280c03776170076578616d706c65")
ACCOUNTING_ON = bytes.fromhex(
    "04010020 00000000000000000000000000000000"  # code, identifier, length 32, authenticator
    "280600000007"  # Acct-Status-Type: Accounting-On
    "04067f000a01"  # NAS-IP-Address: 127.0.10.1
)


def gsup_message(kind, **fields):
    return gsup.GsupMessage(kind, IMSI, **fields).encode()


@pytest.fixture
def session():
    """One datagram or more of each interface, in the order of an offline push."""
    update, insert, inserted, updated = (
        gsup_message(gsup.MessageType.UPDATE_LOCATION_REQUEST, cn_domain=gsup.CnDomain.PS),
        gsup_message(gsup.MessageType.INSERT_SUBSCRIBER_DATA_REQUEST, msisdn="447700900001"),
        gsup_message(gsup.MessageType.INSERT_SUBSCRIBER_DATA_RESULT),
        gsup_message(gsup.MessageType.UPDATE_LOCATION_RESULT),
    )
    downlink = llc.encode_ui(1, REQUEST_PDP_ACTIVATION, uplink=False, nu=0)
    uplink = llc.encode_ui(1, bytes.fromhex("9a451a"), uplink=True, nu=0)
    push = bytes.fromhex("01060403ae81ea") + b"x"
    packet = udp_packet((MOBILE, 2948), (GATEWAY, 9200), b"answer")
    sgsn, hlr, radio = SGSN_ON_GR, HLR_ON_GR, ("sgsn", 0)
    return [
        passed(Interface.GR, sgsn, hlr, update, "sgsn", "hlr"),
        passed(Interface.GR, hlr, sgsn, insert, "hlr", "sgsn"),
        passed(Interface.GR, sgsn, hlr, inserted, "sgsn", "hlr"),
        passed(Interface.GR, hlr, sgsn, updated, "hlr", "sgsn"),
        passed(Interface.RADIUS, (GGSN, 50000), (GATEWAY, 1813), ACCOUNTING_ON, "ggsn", "gateway"),
        passed(Interface.GTP_C, (GGSN, 2123), (HLR, 2123), ECHO, "ggsn", "hlr"),
        passed(Interface.GTP_C, (GGSN, 2123), (SGSN, 2123), ECHO, "ggsn", "sgsn"),
        passed(Interface.GTP_C, (SGSN, 2123), (GGSN, 2123), ECHO_RESPONSE, "sgsn", "ggsn"),
        passed(Interface.RADIO, radio, (IMSI, 0), downlink, "sgsn", "mobiles"),
        passed(Interface.RADIO, (IMSI, 0), radio, uplink, "mobiles", "sgsn"),
        passed(Interface.WDP, (GATEWAY, 9200), (MOBILE, 2948), push, "gateway", "ggsn"),
        passed(Interface.WSP, (GATEWAY, 9201), (MOBILE, 9201), WTP_ACK, "gateway", "ggsn"),
        passed(Interface.GTP_U, (GGSN, 2152), (SGSN, 2152), ECHO, "ggsn", "sgsn"),
        passed(Interface.GI, (MOBILE, 2948), (GATEWAY, 9200), packet, "ggsn", "gateway"),
    ]
