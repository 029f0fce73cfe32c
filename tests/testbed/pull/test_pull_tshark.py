"""What pull puts on the wire, as Wireshark reads it: requests, replies, every header that goes."""

from __future__ import annotations

import struct
import subprocess

import pytest

from testbed.codecs import si
from testbed.codecs.wsp.pdus import Get, encode_unit
from testbed.gateway.testing import INDICATION
from tests.testbed.pull.conftest import TEXT, URL, WMLC, PullBench

pytestmark = pytest.mark.interop

DATE = "Sun, 22 Nov 2026 08:00:00 GMT"
HEADERS = (
    ("Accept-Ranges", "bytes"),
    ("Age", "5"),
    ("Allow", "GET, HEAD"),
    ("Cache-Control", "max-age=60, must-revalidate, private"),
    ("Content-Language", "en"),
    ("Content-Location", "/page"),
    ("Date", DATE),
    ("ETag", '"abc"'),
    ("Expires", DATE),
    ("Last-Modified", DATE),
    ("Location", "/next"),
    ("Pragma", "no-cache"),
    ("Retry-After", "120"),
    ("Retry-After", DATE),
    ("Server", "lab"),
    ("Set-Cookie", f"id=abc; path=/; max-age=60; secure; expires={DATE}"),
    ("Vary", "Accept, User-Agent"),
    ("WWW-Authenticate", 'Basic realm="lab"'),
    ("X-Lab", "yes"),
)
ANSWERS = (
    *((status, b"hello", (TEXT, *HEADERS)) for status in (200, 206, 302, 401, 404, 417, 503)),
    (204, b"", ()),
    (200, si.build(INDICATION), (("Content-Type", si.XML_TYPE),)),
    (200, b"x", (("Content-Type", "text/html; charset=utf-8"),)),
    (200, bytes(2000), (TEXT,)),
)


def datagrams():
    """Return what terminals and gateway say: from and to the port, octets."""
    for status, body, headers in ANSWERS:
        for accept in ((), (WMLC,), (("Accept", "*/*"), ("Accept-Charset", "utf-8"))):
            bench = PullBench()
            asked = (*accept, ("Authorization", "Basic dTpw"), ("Cookie", "id=abc"))
            yield 4000, 9200, encode_unit(1, Get(URL, asked))
            bench.get(URL, *asked)
            bench.answer(status, body, *headers)
            yield 9200, 4000, bench.datagrams[0][0]


def capture():
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 228)
    for source, destination, octets in datagrams():
        udp = struct.pack(">HHHH", source, destination, 8 + len(octets), 0) + octets
        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0)
        packet = ip + bytes((10, 0, 0, 1, 10, 0, 0, 2)) + udp
        out += struct.pack("<IIII", 1, 0, len(packet), len(packet)) + packet
    return out


def test_every_reply_is_read(tshark, tmp_path):
    """Without a complaint, and with the headers that Wireshark knows the codings of."""
    path = tmp_path / "pull.pcap"
    path.write_bytes(capture())

    def read(*arguments):
        command = [tshark, "-n", "-r", str(path), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=180)
        return done.stdout.splitlines()

    assert read("-Y", "_ws.malformed || _ws.expert") == []
    replies = read("-Y", "wsp.pdu_type == 4", "-T", "fields", "-e", "wsp.reply.status")
    assert len(replies) == 3 * len(ANSWERS)
    assert {"0x20", "0x32", "0x41", "0x44", "0x4d", "0x46", "0x63"} <= set(replies)
    (first,) = read("-Y", "frame.number == 2", "-T", "fields", "-e", "wsp.header.allow")
    assert first == "Get,Head"
