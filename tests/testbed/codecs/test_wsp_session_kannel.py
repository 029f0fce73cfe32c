"""A session recorded from Kannel 1.4.5: every PDU reads for what it was, and is written again."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.codecs import wtp
from testbed.codecs.media import ContentType
from testbed.codecs.wsp import pdus
from testbed.codecs.wsp.pdus import ConfirmedPush, Connect, ConnectReply, Disconnect, Get, Reply
from testbed.codecs.wtp import Ack, Invoke, Result, TransactionClass

VECTORS = Path(__file__).parents[2] / "vectors" / "kannel"
AGENT = ("User-Agent", "LabTerm/1.0")
GET = Get("http://127.0.0.1:8088/hello.wml", (("Accept", "application/vnd.wap.wmlc"), AGENT))
PAGE_START = bytes.fromhex("010404007fe755036d61696e00")
"""WBXML 1.1, WML 1.1, UTF-8; a card with the id "main"."""


def octets(name):
    return bytes.fromhex((VECTORS / f"{name}.hex").read_text())


RECORDED = sorted(path.stem for path in VECTORS.glob("wtp_*.hex"))


def test_the_whole_recording_is_here():
    """Connect, two Gets and Disconnect with their answers, and a confirmed push."""
    assert len(RECORDED) == 12


@pytest.mark.parametrize("name", RECORDED)
def test_every_wtp_pdu_is_written_as_recorded(name):
    """Transaction PDUs of terminal and gateway have the same octets when written again."""
    assert wtp.decode(octets(name)).encode() == octets(name)


def test_a_session_is_asked_for():
    """Connect with the terminal's headers and no capabilities, in an invoke of class 2."""
    invoke = wtp.decode(octets("wtp_co_00_tx_wsp_connect"))
    assert isinstance(invoke, Invoke)
    assert (invoke.tid, invoke.transaction_class) == (0x279D, TransactionClass.RESULT)
    assert not invoke.user_ack
    connect = pdus.decode(invoke.data)
    assert connect == Connect(headers=(("Accept", "application/vnd.wap.wmlc"), AGENT))
    assert connect.encode() == invoke.data


def test_a_session_is_granted():
    """ConnectReply for session 0; Kannel writes out the header name that has a number."""
    result = wtp.decode(octets("wtp_co_01_rx_wtp_result"))
    assert result == Result(tid=0xA79D, data=result.data)
    reply = pdus.decode(result.data)
    assert reply == ConnectReply(0, headers=(("Encoding-Version", "1.2"),))
    assert reply.encode() == bytes.fromhex("02000002" + "c392")
    assert wtp.decode(octets("wtp_co_02_tx_wtp_ack")) == Ack(tid=0x279D)


@pytest.mark.parametrize(("get", "result"), [("03", "04"), ("06", "07")])
def test_a_page_is_asked_for_and_comes(get, result):
    """Get and Reply on the session, both written again as recorded."""
    invoke = wtp.decode(octets(f"wtp_co_{get}_tx_wsp_get"))
    assert pdus.decode(invoke.data) == GET
    assert GET.encode() == invoke.data
    answer = wtp.decode(octets(f"wtp_co_{result}_rx_wtp_result"))
    reply = pdus.decode(answer.data)
    assert isinstance(reply, Reply)
    assert (reply.status, reply.content_type) == (200, ContentType("application/vnd.wap.wmlc"))
    assert dict(reply.headers)["Server"] == "BaseHTTP/0.6 Python/3.11.7"
    assert dict(reply.headers)["Content-Length"] == str(len(reply.body))
    assert reply.body.startswith(PAGE_START)
    assert reply.encode() == answer.data


def test_the_session_ends():
    """Disconnect in an invoke of class 0."""
    invoke = wtp.decode(octets("wtp_co_09_tx_wsp_disconnect"))
    assert invoke.transaction_class is TransactionClass.UNRELIABLE
    assert pdus.decode(invoke.data) == Disconnect(0)
    assert Disconnect(0).encode() == invoke.data


def test_a_push_is_confirmed():
    """An MMS notification as ConfirmedPush: class 1, the user acknowledges, TIDs have wrapped."""
    invoke = wtp.decode(octets("wtp_confirmedpush_1_rx_invoke"))
    assert invoke == Invoke(
        tid=0,
        transaction_class=TransactionClass.RELIABLE,
        tid_new=True,
        user_ack=True,
        data=invoke.data,
    )
    push = pdus.decode(invoke.data)
    assert isinstance(push, ConfirmedPush)
    assert push.content_type == ContentType("application/vnd.wap.mms-message")
    assert push.headers == (
        ("Accept-Encoding", "identity"),
        ("X-Wap-Application-Id", "x-wap-application:mms.ua"),
        ("Content-Length", "93"),
    )
    assert len(push.body) == 93
    assert wtp.decode(octets("wtp_confirmedpush_2_tx_ack")) == Ack(tid=0x8000)


def test_connectionless_requests_and_replies_are_written_as_recorded():
    """The same Get and Reply without a session, after a transaction id."""
    assert pdus.decode_unit(octets("wsp_cl_0_cl_get")) == (0x2A, GET)
    assert pdus.encode_unit(0x2A, GET) == octets("wsp_cl_0_cl_get")
    tid, reply = pdus.decode_unit(octets("wsp_cl_1_cl_reply"))
    assert (tid, reply.status) == (0x2A, 200)
    assert reply.body.startswith(PAGE_START)
    assert pdus.encode_unit(tid, reply) == octets("wsp_cl_1_cl_reply")
