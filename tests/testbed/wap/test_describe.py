"""What ladders say of datagrams of WTP."""

from __future__ import annotations

import pytest

from testbed.codecs import wtp
from testbed.codecs.media import ContentType
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.pdus import (
    ConfirmedPush,
    Connect,
    Disconnect,
    Get,
    Post,
    Redirect,
    Reply,
)
from testbed.codecs.wtp import Trailer, TransactionClass, UserAbort, option_tpi, psn_tpi
from testbed.wap.describe import session_pdu, summary, unit

TEXT = ContentType("text/plain")


def invoke(data: bytes, **changes: object) -> bytes:
    return wtp.Invoke(
        tid=7, transaction_class=TransactionClass.RELIABLE, data=data, **changes
    ).encode()


@pytest.mark.parametrize(
    ("datagram", "line"),
    [
        (
            invoke(ConfirmedPush(TEXT, b"x").encode()),
            "WTP Invoke 7, WSP ConfirmedPush text/plain",
        ),
        (invoke(Connect().encode(), rid=True), "WTP Invoke 7, WSP Connect, again"),
        (
            invoke(b"x" * 10, trailer=Trailer.GROUP, tpis=(option_tpi(2, 20),)),
            "WTP Invoke 7, packet 0, 10 octets",
        ),
        (
            wtp.SegmentedInvoke(tid=7, psn=1, data=b"abc", trailer=Trailer.LAST).encode(),
            "WTP SegmentedInvoke 7, packet 1, 3 octets",
        ),
        (
            wtp.Result(tid=0x8007, data=Reply(200, TEXT).encode()).encode(),
            "WTP Result 7, WSP Reply 200 text/plain",
        ),
        (wtp.Ack(tid=0x8007).encode(), "WTP Ack 7"),
        (wtp.Ack(tid=0x8007, tpis=(psn_tpi(3),)).encode(), "WTP Ack 7, packet 3"),
        (wtp.Ack(tid=0x8007, tid_verification=True).encode(), "WTP Ack 7, TID verification"),
        (wtp.NegativeAck(tid=0x8007, missing=(1, 2)).encode(), "WTP NegativeAck 7, missing 1, 2"),
        (wtp.NegativeAck(tid=0x8007).encode(), "WTP NegativeAck 7, missing all"),
        (
            wtp.Abort(tid=0x8007, reason=UserAbort.USER_REFUSED, user=True).encode(),
            "WTP Abort 7, user refused",
        ),
        (
            wtp.join([wtp.Ack(tid=1).encode(), invoke(Disconnect(5).encode())]),
            "WTP Ack 1 + WTP Invoke 7, WSP Disconnect",
        ),
        (invoke(b"\xff\xff"), "WTP Invoke 7, 2 octets"),
        (b"\xff", "1 octets"),
        (b"", "0 octets"),
    ],
)
def test_each_pdu_has_its_words(datagram, line):
    """Type, transaction, and what it is about."""
    assert summary(datagram) == line


@pytest.mark.parametrize(
    ("pdu", "line"),
    [
        (Get("http://a.example/"), "WSP Get http://a.example/"),
        (Post("http://a.example/", TEXT, b"x"), "WSP Post http://a.example/"),
        (Redirect((ContactPoint(bytes(4)),)), "WSP Redirect elsewhere"),
    ],
)
def test_what_a_session_says_is_named(pdu, line):
    """Requests show what they ask for; without a session a transaction id stands before."""
    assert session_pdu(pdu.encode()) == line
    assert unit(b"\x01" + pdu.encode()) == line


@pytest.mark.parametrize("octets", [b"", b"\x01", b"\x01\xff"])
def test_what_is_no_datagram_of_wsp_is_told_by_its_length(octets):
    """All of it."""
    assert unit(octets) == f"{len(octets)} octets"
