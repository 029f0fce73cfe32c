"""Whole sessions as Wireshark reads them: all that both ends send, on a good wire and a bad one."""

from __future__ import annotations

import contextlib
import struct
import subprocess
from collections import Counter

import pytest

from gtp.testing import Conditions
from testbed.codecs.media import ContentType
from testbed.codecs.wsp.pdus import ConfirmedPush, Get, Post, Push, Reply
from testbed.codecs.wtp import UserAbort
from testbed.wap.config import WtpLimits
from testbed.wap.errors import WapError
from testbed.wap.session_events import (
    ConfirmedPushReceived,
    MethodReceived,
    SessionRequested,
)
from tests.testbed.wap.conftest import CLIENT, SERVER, Pair

pytestmark = pytest.mark.interop

TEXT = ContentType("text/plain")
HEADERS = (("X-Wap-Application-Id", "x-wap-application:wml.ua"), ("Push-Flag", "4"))


def play(conditions, seed):
    """Use a session in every way; return what passed."""
    pair = Pair(
        conditions=conditions, seed=seed, server={"limits": WtpLimits(verify_strangers=seed > 1)}
    )
    number = pair.client.connect(SERVER, pair.now, headers=(("User-Agent", "LabTerm/1.0"),))

    def serve(seconds):
        for _ in range(int(seconds * 2)):
            pair.run(0.5)
            for event in pair.told(pair.by_server):
                match event:
                    case SessionRequested():
                        pair.server.accept(event.session, pair.now, headers=(("Server", "g"),))
                    case MethodReceived():
                        body = bytes(3000) if isinstance(event.request, Post) else b"hello"
                        attempt(pair.server.reply, event.transaction, Reply(200, TEXT, body))
            for event in pair.told(pair.by_client):
                match event:
                    case ConfirmedPushReceived(push=ConfirmedPush(body=b"refuse")):
                        attempt(pair.client.refuse_push, event.transaction, UserAbort.USER_PENDING)
                    case ConfirmedPushReceived():
                        attempt(pair.client.confirm_push, event.transaction)

    def attempt(action, *arguments):
        with contextlib.suppress(WapError):
            action(*arguments, pair.now)

    def push(kind, body):
        session = pair.server.session_with(CLIENT)
        action = pair.server.push if kind is Push else pair.server.confirmed_push
        attempt(action, session.session, kind(TEXT, body, HEADERS))

    serve(70)
    attempt(pair.client.invoke, number, Get("http://a.example/b", (("Accept", "text/html"),)))
    attempt(pair.client.invoke, number, Post("http://a.example/c", TEXT, bytes(5000)))
    push(Push, b"once")
    push(ConfirmedPush, b"take")
    push(ConfirmedPush, b"refuse")
    push(ConfirmedPush, bytes(4000))
    serve(60)
    attempt(pair.client.suspend, number)
    serve(30)
    attempt(pair.client.resume, number)
    serve(30)
    attempt(pair.client.disconnect, number)
    serve(120)
    return pair.wire.passed


def packet(passed):
    """Return an IPv4 packet."""
    hosts = b"".join(
        bytes(int(part) for part in host.split("."))
        for host, _ in (passed.source, passed.destination)
    )
    udp = struct.pack(">HHHH", passed.source[1], passed.destination[1], 8 + len(passed.data), 0)
    length = 28 + len(passed.data)
    ip = struct.pack(">BBHHHBBH", 0x45, 0, length, 1, 0, 64, 17, 0) + hosts
    return ip + udp + passed.data


@pytest.fixture
def dissect(tshark, tmp_path):
    """Return a function that has the peer read what passed."""

    def read(passed, *arguments):
        path = tmp_path / "session.pcap"
        out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 228)
        for one in passed:
            octets = packet(one)
            moment = divmod(int(one.time * 1_000_000), 1_000_000)
            out += struct.pack("<IIII", *moment, len(octets), len(octets)) + octets
        path.write_bytes(out)
        command = [tshark, "-n", "-r", str(path), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=180)
        return done.stdout.splitlines()

    return read


def test_a_whole_session_is_read(dissect):
    """On a good wire: every kind of PDU, whole after re-assembly, without a complaint."""
    passed = play(Conditions(), 1)
    assert dissect(passed, "-Y", "_ws.malformed || _ws.expert") == []
    found = ",".join(dissect(passed, "-T", "fields", "-e", "wsp.pdu_type")).split(",")
    counts = Counter(int(octet, 16) for octet in found if octet)
    # Connect, ConnectReply, Reply to Get, Post and Resume, Disconnect, Push, ConfirmedPush,
    # Suspend, Resume, Get, Post
    assert counts == {1: 1, 2: 1, 4: 3, 5: 1, 6: 1, 7: 3, 8: 1, 9: 1, 0x40: 1, 0x60: 1}
    lengths = dissect(passed, "-Y", "wtp.reassembled.length", "-T", "fields", "-e", "udp.srcport")
    assert sorted(lengths) == ["40000", "9201", "9201"]


def test_sessions_on_a_bad_wire_are_read(dissect):
    """With retransmissions, Negative Acks, verification of TIDs and Aborts: no complaint."""
    passed = [one for seed in range(2, 8) for one in play(Conditions(0.25, 0.1, 0.01, 2.0), seed)]
    assert dissect(passed, "-Y", "_ws.malformed || _ws.expert") == []
    kinds = ",".join(dissect(passed, "-T", "fields", "-e", "wtp.pdu_type")).split(",")
    assert {int(kind, 16) for kind in kinds} == set(range(1, 8))
    assert "1" in ",".join(dissect(passed, "-T", "fields", "-e", "wtp.ack.tvetok")).split(",")
