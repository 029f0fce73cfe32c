"""Pushes as Wireshark reads them: WSP and WBXML on UDP port 2948."""

import struct
import subprocess

import pytest

from testbed.codecs import si, sl
from testbed.codecs.media import ContentType
from testbed.codecs.si import Action, ServiceIndication
from testbed.codecs.sl import ServiceLoading
from testbed.codecs.wsp import PUSH_PORT, SOURCE_PORT, Push

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

INDICATION = ServiceIndication(
    "You have 4 new emails",
    href="http://www.example.com/mail/123",
    si_id="mail1@example.com",
    action=Action.SIGNAL_HIGH,
    created=930_324_195.0,
    expires=930_700_800.0,
)
SIC = ContentType(si.WBXML_TYPE, (("charset", "utf-8"),))
SLC = ContentType(sl.WBXML_TYPE)
TEXT = ContentType("text/plain", (("charset", "utf-16"), ("name", "a.txt"), ("x", "y z")))

PUSHES = (
    Push(
        1,
        SIC,
        si.encode(INDICATION),
        (
            ("X-Wap-Application-Id", "x-wap-application:wml.ua"),
            ("Push-Flag", "4"),
            ("X-Wap-Content-URI", "http://pi.example/c"),
            ("X-Wap-Initiator-URI", "http://pi.example/i"),
            ("Content-Length", "300"),
            ("Date", "Fri, 25 Jun 1999 15:23:15 GMT"),
            ("Expires", "Wed, 30 Jun 1999 00:00:00 GMT"),
            ("Cache-Control", "max-age=86400"),
            ("Content-Location", "http://pi.example/l"),
            ("Encoding-Version", "1.3"),
            ("Content-Encoding", "gzip"),
            ("ETag", "abc"),
            ("X-Mine", "yes"),
        ),
    ),
    Push(2, SLC, sl.encode(ServiceLoading("https://www.example.org/x"))),
    Push(3, TEXT, b"hello", (("Cache-Control", "no-store"), ("X-Wap-Application-Id", "u:a"))),
    Push(4, ContentType("application/vnd.wap.mms-message"), bytes.fromhex("8c82985431008d92")),
)


def pcap(payloads):
    """Return a capture file with one UDP datagram per payload (link type raw IPv4)."""
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 228)
    for payload in payloads:
        udp = struct.pack(">HHHH", SOURCE_PORT, PUSH_PORT, 8 + len(payload), 0) + payload
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0)
        packet = ip + bytes((10, 0, 0, 1, 10, 0, 0, 2)) + udp
        out += struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet
    return out


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    """Return a capture of all pushes."""
    path = tmp_path_factory.mktemp("wsp") / "pushes.pcap"
    path.write_bytes(pcap([push.encode() for push in PUSHES]))
    return path


def tshark(capture, *arguments):
    command = ["tshark", "-n", "-r", str(capture), *arguments]
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=180
    ).stdout.splitlines()


def values(capture, field):
    """Return the field's value for each push."""
    return tshark(capture, "-T", "fields", "-e", field)


def test_nothing_is_malformed(capture):
    """No push is malformed or draws an expert's error."""
    odd = tshark(capture, "-Y", "_ws.malformed || _ws.expert.severity >= 0x00600000")
    assert odd == []


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("wsp.TID", ["0x01", "0x02", "0x03", "0x04"]),
        ("wsp.pdu_type", ["0x06"] * 4),
        (
            "wsp.header.content_type",
            [
                "application/vnd.wap.sic",
                "application/vnd.wap.slc",
                "text/plain",
                "application/vnd.wap.mms-message",
            ],
        ),
        ("wsp.header.x_wap_application_id", ["x-wap-application:wml.ua", "", "u:a", ""]),
        ("wsp.header.push_flag.last", ["1", "", "", ""]),
        ("wsp.header.content_length", ["300", "", "", ""]),
        ("wsp.header.content_location", ["http://pi.example/l", "", "", ""]),
        ("wsp.header.content_encoding", ["gzip", "", "", ""]),
        ("wsp.header.encoding_version", ["1.3", "", "", ""]),
        ("wsp.header.etag", ["abc", "", "", ""]),
    ],
)
def test_fields_are_what_was_set(capture, field, expected):
    """The peer reads each header as it was given."""
    assert values(capture, field) == expected


def test_parameters_and_other_headers_are_read(capture):
    """The peer reads parameters, addresses, dates, cache directives and unknown headers."""
    text = "\n".join(tshark(capture, "-V"))
    assert "Content-Type: application/vnd.wap.sic; charset=UTF-8" in text
    assert 'Content-Type: text/plain; charset=UTF-16; Name=a.txt; x="y z"' in text
    assert "Content-Uri: http://pi.example/c" in text
    assert "Initiator-Uri: http://pi.example/i" in text
    assert "Date: Jun 25, 1999 15:23:15" in text
    assert "Expires: Jun 30, 1999 00:00:00" in text
    assert "Cache-Control: max-age=86400" in text
    assert "Cache-Control: no-store" in text
    assert "X-Mine: yes" in text


def test_content_is_dissected_as_wbxml(capture):
    """The peer finds SI and SL in the content, token by token."""
    text = "\n".join(tshark(capture, "-V"))
    assert "-//WAPFORUM//DTD SI 1.0//EN" in text
    assert "-//WAPFORUM//DTD SL 1.0//EN" in text
    assert "You have 4 new emails" in text
    assert "1999-06-25T15:23:15Z" in text
