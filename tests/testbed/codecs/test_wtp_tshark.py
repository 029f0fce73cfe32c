"""WTP and WSP session PDUs as Wireshark reads them, on UDP port 9201."""

from __future__ import annotations

import struct
import subprocess

import pytest

from testbed.codecs import wtp
from testbed.codecs.media import ContentType
from testbed.codecs.wsp.capabilities import Capabilities, ProtocolOption
from testbed.codecs.wsp.contact import Bearer, ContactPoint
from testbed.codecs.wsp.pdus import (
    ConfirmedPush,
    Connect,
    ConnectReply,
    Disconnect,
    Get,
    Post,
    Push,
    Redirect,
    Reply,
    Resume,
    Suspend,
)
from testbed.codecs.wtp import (
    WTP_PORT,
    Abort,
    Ack,
    Invoke,
    NegativeAck,
    OptionKind,
    ProviderAbort,
    Result,
    SegmentedInvoke,
    SegmentedResult,
    Tpi,
    TpiIdentity,
    Trailer,
    TransactionClass,
    UserAbort,
    option_tpi,
    psn_tpi,
)

pytestmark = pytest.mark.interop

TEXT = ContentType("text/plain")
OPTIONS = ProtocolOption.CONFIRMED_PUSH | ProtocolOption.PUSH | ProtocolOption.SESSION_RESUME
PREFERENCES = (
    ("Accept", "text/vnd.wap.wml"),
    ("Accept", "text/html; q=0.50"),
    ("Accept-Charset", "utf-8; q=0.80"),
    ("Accept-Language", "en; q=0.80"),
    ("User-Agent", "LabTerm/1.0"),
    ("Accept-Application", "x-wap-application:mms.ua"),
    ("Bearer-Indication", "11"),
)


def invoke(tid, pdu, transaction_class=TransactionClass.RESULT, **more):
    return Invoke(tid=tid, transaction_class=transaction_class, data=pdu.encode(), **more)


POST = Post("http://a.example/b", TEXT, b"a" * 40 + b"b" * 50 + b"c" * 5).encode()
ANSWER = Reply(200, TEXT, b"d" * 20 + b"e" * 5).encode()
SENT = (
    invoke(1, Connect(Capabilities(client_sdu=0, method_mor=4), PREFERENCES), user_ack=True),
    Result(
        tid=0x8001,
        data=ConnectReply(
            77,
            Capabilities(
                client_sdu=1400,
                server_sdu=262144,
                options=OPTIONS,
                method_mor=4,
                push_mor=2,
                extended_methods=(),
                header_code_pages=(),
                aliases=(ContactPoint.for_ip("10.0.0.1", 9201, Bearer.GSM_GPRS),),
            ),
            (("Server", "gateway"),),
        ).encode(),
    ),
    Ack(tid=1),
    invoke(2, Resume(77, headers=(("User-Agent", "x"),))),
    Result(tid=0x8002, data=Reply(200, TEXT).encode()),
    Result(
        tid=0x8003,
        data=Redirect(
            (ContactPoint.for_ip("10.0.0.9", 9202, Bearer.GSM_CSD), ContactPoint(b"447700900123")),
            permanent=True,
        ).encode(),
    ),
    invoke(4, Suspend(78), TransactionClass.UNRELIABLE),
    invoke(5, Disconnect(79), TransactionClass.UNRELIABLE),
    invoke(6, Get("http://a.example/c", PREFERENCES[:2])),
    invoke(7, ConfirmedPush(TEXT, b"1"), TransactionClass.RELIABLE, tid_new=True, user_ack=True),
    Ack(tid=0x8007, tid_verification=True),
    Ack(tid=7, tid_verification=True, rid=True),
    Abort(tid=0x8007, user=True, reason=UserAbort.USER_REFUSED),
    Abort(tid=0x8007, reason=ProviderAbort.MESSAGE_TOO_LARGE),
    invoke(0, Push(TEXT, b"2"), TransactionClass.UNRELIABLE),
    Invoke(tid=8, transaction_class=TransactionClass.RESULT, trailer=Trailer.MORE, data=POST[:40]),
    SegmentedInvoke(tid=8, psn=1, trailer=Trailer.GROUP, data=POST[40:90]),
    NegativeAck(tid=0x8008, missing=(0, 1)),
    Ack(tid=0x8008, tpis=(psn_tpi(1),)),
    SegmentedInvoke(tid=8, psn=2, trailer=Trailer.LAST, data=POST[90:]),
    Result(tid=0x8008, trailer=Trailer.MORE, data=ANSWER[:20]),
    SegmentedResult(tid=0x8008, psn=1, trailer=Trailer.LAST, data=ANSWER[20:]),
    Ack(tid=9, tpis=(option_tpi(OptionKind.MAXIMUM_GROUP, 5600), Tpi(TpiIdentity.INFO, b"abcd"))),
)
TOGETHER = wtp.join(
    [
        Ack(tid=10).encode(),
        invoke(11, Get("http://a.example/d")).encode(),
        Result(tid=0x800C, data=Reply(404, TEXT, bytes(200)).encode()).encode(),
    ]
)


def packet(data, *, from_gateway):
    """Return an IPv4 packet between the terminal's port 40000 and the gateway's 9201."""
    ports = (WTP_PORT, 40000) if from_gateway else (40000, WTP_PORT)
    hosts = (10, 0, 0, 1, 10, 0, 0, 2) if from_gateway else (10, 0, 0, 2, 10, 0, 0, 1)
    udp = struct.pack(">HHHH", *ports, 8 + len(data), 0) + data
    return struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0) + bytes(hosts) + udp


@pytest.fixture(scope="module")
def dissect(tshark, tmp_path_factory):
    """Return a function that has the peer read all of it, a line per PDU or the whole text."""
    path = tmp_path_factory.mktemp("wtp") / "session.pcap"
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 228)
    packets = [packet(pdu.encode(), from_gateway=pdu.from_responder) for pdu in SENT]
    for octets in (*packets, packet(TOGETHER, from_gateway=False)):
        out += struct.pack("<IIII", 0, 0, len(octets), len(octets)) + octets
    path.write_bytes(out)

    def read(*arguments):
        command = [tshark, "-n", "-r", str(path), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=180)
        return done.stdout.splitlines()

    return read


def test_nothing_is_malformed(dissect):
    """The peer has no complaint about any PDU."""
    complaints = dissect("-Y", "_ws.malformed || _ws.expert")
    assert complaints == []


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (
            "wtp.pdu_type",
            "0x01 0x02 0x03 0x01 0x02 0x02 0x01 0x01 0x01 0x01 0x03 0x03 0x04 0x04 0x01 0x01 "
            "0x05 0x07 0x03 0x05 0x02 0x06 0x03 0x03,0x01,0x02",
        ),
        (
            "wtp.TID",
            "0x0001 0x0001 0x0001 0x0002 0x0002 0x0003 0x0004 0x0005 0x0006 0x0007 0x0007 "
            "0x0007 0x0007 0x0007 0x0000 0x0008 0x0008 0x0008 0x0008 0x0008 0x0008 0x0008 "
            "0x0009 0x000a,0x000b,0x000c",
        ),
        ("wtp.inv.transaction_class", "0x02 0x02 0x00 0x00 0x02 0x01 0x00 0x02 0x02"),
        ("wtp.header.TIDNew", "0 0 0 0 0 1 0 0 0"),
        ("wtp.header.UP", "1 0 0 0 0 1 0 0 0"),
        ("wtp.ack.tvetok", "0 1 1 0 0 0"),
        ("wtp.abort.reason.user", "0xeb"),
        ("wtp.abort.reason.provider", "0x09"),
        ("wtp.header.sequence", "1 0,1 2 1"),
        ("wtp.tpi.psn", "1"),
        ("wtp.header.missing_packets", "2"),
        ("wsp.pdu_type", "0x01 0x02 0x09 0x04 0x03 0x08 0x05 0x40 0x07 0x06 0x60 0x04 0x40,0x04"),
        ("wsp.server.session_id", "77 77 78 79"),
        ("wsp.reply.status", "0x20 0x20 0x44"),
        ("wsp.capability.method_mor", "4 4"),
        ("wsp.capability.push_mor", "2"),
    ],
)
def test_fields_are_what_was_set(dissect, field, expected):
    """The peer reads each field of each PDU that has it as it was given."""
    assert " ".join(dissect("-T", "fields", "-e", field)).split() == expected.split()


def test_capabilities_and_preferences_are_read(dissect):
    """The peer finds every capability, and headers by name and value."""
    text = "\n".join(dissect("-V", "-Y", "frame.number <= 6"))
    for expected in (
        "Client SDU Size: 0",
        "Client SDU Size: 1400",
        "Server SDU Size: 262144",
        "Protocol Options: 0xe0, Confirmed Push facility, Push facility, Session Resume facility",
        "Aliases: 0987c40b23f10a000001",
        "Accept: text/vnd.wap.wml",
        "Accept: text/html; q=0.50",
        "Accept-Charset: UTF-8; q=0.80",
        "Accept-Language: English (en); q=0.80",
        "Accept-Application: x-wap-application:mms.ua",
        "Bearer-Indication: GSM GPRS",
        "Permanent Redirect: Yes",
        "Bearer Type: GSM CSD (0x0a)",
        "Port Number: 9202",
        "IPv4 Address: 10.0.0.9",
    ):
        assert expected in text, expected


def test_packets_are_put_together(dissect):
    """The peer re-assembles a post of three packets and a reply of two."""
    lengths = dissect(
        "-Y", "wtp.reassembled.length", "-T", "fields", "-e", "wtp.reassembled.length"
    )
    assert [int(length) for length in lengths] == [len(POST), len(ANSWER)]
    text = "\n".join(dissect("-Y", "wsp.pdu_type == 0x60", "-V"))
    assert "a" * 40 + "b" * 50 + "c" * 5 in text
