"""A terminal and a gateway recorded from Kannel 1.4.5, played to our server and our client."""

from __future__ import annotations

from pathlib import Path
from random import Random

from testbed.codecs import wtp
from testbed.codecs.media import ContentType
from testbed.codecs.wsp import pdus
from testbed.codecs.wsp.pdus import ConnectReply, Get, Reply
from testbed.codecs.wtp import Ack, Result
from testbed.wap.agreement import Agreement
from testbed.wap.client import SessionClient
from testbed.wap.server import SessionServer
from testbed.wap.session_events import (
    ConfirmedPushReceived,
    EndReason,
    MethodReceived,
    ReplyConfirmed,
    SessionEnded,
    SessionEstablished,
    SessionRequested,
)
from tests.testbed.wap.conftest import CLIENT, RESPONDER, SERVER

VECTORS = Path(__file__).parents[2] / "vectors" / "kannel"
AGENT = ("User-Agent", "LabTerm/1.0")
PAGE = Reply(200, ContentType("text/plain"), b"hello")


def recorded(name):
    return bytes.fromhex((VECTORS / f"{name}.hex").read_text())


def sent(end):
    return [
        wtp.decode(part) for datagram, _ in end.take_datagrams() for part in wtp.split(datagram)
    ]


def test_the_recorded_terminal_is_served():
    """Connect, two Gets, Disconnect, with the Acks in between, octet by octet as it sent them."""
    server = SessionServer(random=Random(1))

    def play(name):
        server.receive(recorded(f"wtp_co_{name}"), CLIENT, 100.0)
        return server.take_events()

    (requested,) = play("00_tx_wsp_connect")
    assert isinstance(requested, SessionRequested)
    assert requested.headers == (("Accept", "application/vnd.wap.wmlc"), AGENT)
    server.accept(requested.session, 100.0, headers=(("Encoding-Version", "1.2"),))
    (result,) = sent(server)
    assert (type(result), result.tid) == (Result, 0x279D | RESPONDER)
    assert isinstance(pdus.decode(result.data), ConnectReply)
    (established,) = play("02_tx_wtp_ack")
    assert established == SessionEstablished(
        requested.session, CLIENT, Agreement(), requested.headers
    )
    for get, ack in (("03_tx_wsp_get", "05_tx_wtp_ack"), ("06_tx_wsp_get", "08_tx_wtp_ack")):
        (method,) = play(get)
        assert isinstance(method, MethodReceived)
        assert isinstance(method.request, Get)
        assert method.request.uri == "http://127.0.0.1:8088/hello.wml"
        server.reply(method.transaction, PAGE, 100.0)
        (result,) = sent(server)
        assert pdus.decode(result.data) == PAGE
        assert [type(event) for event in play(ack)] == [ReplyConfirmed]
    # Kannel's session had the id 0, ours has not.
    (view,) = server.sessions()
    farewell = recorded("wtp_co_09_tx_wsp_disconnect")
    assert play("09_tx_wsp_disconnect") == []
    ours = farewell[:-1] + pdus.Disconnect(view.session_id).encode()[1:]
    server.receive(ours, CLIENT, 100.0)
    assert server.take_events() == [SessionEnded(requested.session, CLIENT, EndReason.DISCONNECTED)]
    assert server.open_transactions == 0


def test_the_recorded_gateway_is_talked_to():
    """Its ConnectReply and Replies are ours, and its confirmed push is taken and acknowledged."""
    client = SessionClient(random=Random(1))
    session = client.connect(SERVER, 100.0, headers=(AGENT,))
    play_result(client, "wtp_co_01_rx_wtp_result")
    (established,) = client.take_events()
    assert established.headers == (("Encoding-Version", "1.2"),)
    assert client.session(session).session_id == 0
    client.invoke(session, Get("http://127.0.0.1:8088/hello.wml"), 100.0)
    play_result(client, "wtp_co_04_rx_wtp_result")
    (reply,) = client.take_events()
    assert (reply.reply.status, len(reply.reply.body)) == (200, 54)
    sent(client)

    # Kannel's first TID is 0, which it marks as wrapped: it is asked, and confirms.
    client.receive(recorded("wtp_confirmedpush_1_rx_invoke"), SERVER, 100.0)
    assert sent(client) == [Ack(tid=RESPONDER, tid_verification=True)]
    client.receive(bytes.fromhex("1d0000"), SERVER, 100.0)
    (push,) = client.take_events()
    assert isinstance(push, ConfirmedPushReceived)
    assert push.push.content_type == ContentType("application/vnd.wap.mms-message")
    client.confirm_push(push.transaction, 100.0)
    ((datagram, _),) = client.take_datagrams()
    assert datagram == recorded("wtp_confirmedpush_2_tx_ack")


def play_result(client, name):
    """Let a recorded Result come for the transaction that the client has begun last."""
    tid = next(pdu.tid for pdu in reversed(sent(client)) if isinstance(pdu, wtp.Invoke))
    octets = recorded(name)
    client.receive(octets[:1] + (tid | RESPONDER).to_bytes(2, "big") + octets[3:], SERVER, 100.0)
