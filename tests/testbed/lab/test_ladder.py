"""A ladder says in one line what passed between whom."""

from __future__ import annotations

import pytest

from corenet.gi.ip import udp_packet
from corenet.interfaces import gsup, llc, sndcp
from corenet.interfaces.application import Shown
from corenet.interfaces.nas import sm
from corenet.interfaces.node import Event, Interface
from corenet.interfaces.runtime import Passed
from corenet.mobile.events import ApplicationReported, Attached, ShownOnScreen
from gtp.constants import Cause
from gtp.messages import EchoRequest, GPdu, PduNotificationResponse
from testbed.codecs import si
from testbed.codecs.media import ContentType
from testbed.codecs.si import ServiceIndication
from testbed.codecs.wsp.pdus import Get, encode_unit
from testbed.codecs.wsp.push import Push
from testbed.gateway.events import (
    ActivationAnswered,
    ActivationRequested,
    DeliveryEnded,
    InitiatorNotified,
    PushAccepted,
    PushHeld,
    PushRefused,
    PushSentInVain,
    TerminalJudged,
)
from testbed.lab.ladder import Ladder, Rung, text
from testbed.pull.events import PageServed

PUSH = Push(
    1, ContentType(si.WBXML_TYPE), si.encode(ServiceIndication(href="http://a.example/", text="Hi"))
).encode()
MOBILE, GATEWAY = ("127.20.0.1", 2948), ("127.0.20.5", 9200)
GET = encode_unit(1, Get("http://a.example/"))
PACKET = udp_packet(GATEWAY, MOBILE, PUSH)
ACCOUNTING = bytes.fromhex(  # Accounting-Request with Acct-Status-Type Start
    "040100200000000000000000000000000000000028060000000108067f140001"
)


def rungs(interface: Interface, data: bytes, **ends: str) -> list[Rung]:
    shown: list[Rung] = []
    ladder = Ladder(shown.append, {"127.0.0.9": "initiator"})
    sender, receiver = ends.get("sender", "ggsn"), ends.get("receiver", "sgsn")
    ladder.passed(
        Passed(1.0, interface, ("127.0.0.9", 1), ("127.0.0.8", 2), data, sender, receiver)
    )
    return shown


def told(event: Event, node: str = "gateway") -> list[Rung]:
    shown: list[Rung] = []
    Ladder(shown.append).happened(2.0, node, event)
    return shown


@pytest.mark.parametrize(
    ("interface", "data", "message", "details"),
    [
        (
            Interface.GTP_C,
            PduNotificationResponse(cause=Cause.REQUEST_ACCEPTED).encode(),
            "PDU Notification Response",
            "Request accepted (128)",
        ),
        (Interface.GTP_C, b"\x32\x1c", "malformed GTP message", ""),
        (
            Interface.GTP_U,
            GPdu(teid=1, payload=PACKET).encode(),
            "G-PDU",
            "127.0.20.5:9200 → 127.20.0.1:2948, WSP Push application/vnd.wap.sic",
        ),
        (Interface.GTP_U, GPdu(teid=1, payload=b"\x00\x01").encode(), "G-PDU", "2 octets"),
        (
            Interface.GI,
            udp_packet(GATEWAY, ("127.20.0.1", 9), b"abc"),
            "IP packet",
            "127.0.20.5:9200 → 127.20.0.1:9, 3 octets",
        ),
        (Interface.WDP, PUSH, "datagram", "WSP Push application/vnd.wap.sic"),
        (Interface.WDP, b"\x00", "datagram", "1 octets"),
        (Interface.WDP, GET, "datagram", "WSP Get http://a.example/"),
        (
            Interface.GI,
            udp_packet(("127.20.0.1", 50000), GATEWAY, GET),
            "IP packet",
            "127.20.0.1:50000 → 127.0.20.5:9200, WSP Get http://a.example/",
        ),
        (Interface.WSP, bytes.fromhex("18 0001"), "datagram", "WTP Ack 1"),
        (
            Interface.GI,
            udp_packet(("127.0.20.5", 9201), ("127.20.0.1", 9), bytes.fromhex("18 0001")),
            "IP packet",
            "127.0.20.5:9201 → 127.20.0.1:9, WTP Ack 1",
        ),
        (
            Interface.RADIO,
            llc.encode_ui(
                llc.Sapi.MOBILITY_MANAGEMENT,
                sm.RequestPdpContextActivationReject(
                    ti=sm.TransactionIdentifier(1, 1), cause=31
                ).encode(),
                uplink=True,
                nu=0,
            ),
            "Request PDP Context Activation Reject",
            "activation rejected unspecified (sm 31)",
        ),
        (
            Interface.RADIO,
            llc.encode_ui(3, sndcp.encode(5, PACKET, 0), uplink=False, nu=0),
            "User Data",
            f"NSAPI 5, {len(PACKET)} octets",
        ),
        (
            Interface.GR,
            gsup.GsupMessage(gsup.MessageType.UPDATE_LOCATION_RESULT, "234150000000001").encode(),
            "UpdateLocation Result",
            "234150000000001",
        ),
        (Interface.GR, b"", "malformed GSUP message", ""),
        (Interface.RADIUS, ACCOUNTING, "Accounting-Request", "Start, 127.20.0.1"),
        (Interface.RADIUS, b"\x05" + ACCOUNTING[1:], "Accounting-Response", ""),
        (Interface.RADIUS, b"\x0b" + ACCOUNTING[1:], "Access-Challenge", ""),
        (Interface.RADIUS, b"\x63" + ACCOUNTING[1:], "RADIUS code 99", ""),
        (Interface.RADIUS, b"\x04\x01", "malformed RADIUS packet", ""),
    ],
)
def test_datagram_is_named_with_what_matters(
    interface: Interface, data: bytes, message: str, details: str
) -> None:
    """Each interface's datagrams are named by its codec, malformed ones too."""
    (rung,) = rungs(interface, data)
    assert (rung.source, rung.destination, rung.message) == ("ggsn", "sgsn", message)
    assert rung.details.startswith(details)


def test_echo_is_left_out() -> None:
    """Path management goes on all the time and is no step of anything."""
    assert rungs(Interface.GTP_C, EchoRequest().encode()) == []


def test_ends_that_are_no_node_have_the_name_given_or_their_address() -> None:
    """A foreign peer is named where a name was given, and shown by its address else."""
    (rung,) = rungs(Interface.GI, PACKET, sender="", receiver="")
    assert (rung.source, rung.destination) == ("initiator", "127.0.0.8")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            PushAccepted("p1", ("a",)),
            Rung(2.0, "initiator", "gateway", "PAP push-message", "p1 accepted (1001)"),
        ),
        (
            PushRefused("p1", 2007, "used"),
            Rung(2.0, "initiator", "gateway", "PAP push-message", "p1 refused (2007): used"),
        ),
        (
            TerminalJudged("p1", "+44", "hold", "away"),
            Rung(2.0, "gateway", "gateway", "judges", "+44: hold, away"),
        ),
        (
            ActivationRequested("k", "23415", "wap", ("p1",)),
            Rung(2.0, "gateway", "control", "POST /v1/activations", "IMSI 23415, APN wap"),
        ),
        (
            ActivationAnswered("k", "activation", "reached", "127.0.0.1", ("p1",)),
            Rung(2.0, "control", "gateway", "activation", "reached: 127.0.0.1"),
        ),
        (
            PushHeld("p1", "a", 3.0, "away"),
            Rung(2.0, "gateway", "gateway", "holds the push", "away"),
        ),
        (
            PushSentInVain("p1", "a", "no response"),
            Rung(2.0, "gateway", "gateway", "the push was in vain", "no response"),
        ),
        (
            DeliveryEnded("p1", "a", "expired", 4000, "late", 60.0),
            Rung(2.0, "gateway", "gateway", "push expired", "4000 late"),
        ),
        (
            InitiatorNotified("p1", "a"),
            Rung(2.0, "gateway", "initiator", "PAP resultnotification-message", "answered"),
        ),
        (
            ShownOnScreen("23415", 1, Shown("SI", "Hi", {"href": "http://a/"})),
            Rung(2.0, "gateway", "gateway", "shows SI", "“Hi” http://a/"),
        ),
        (
            ShownOnScreen("23415", 2, Shown("page", "Four new\nmessages " * 9)),
            Rung(
                2.0,
                "gateway",
                "gateway",
                "shows page",
                "“Four new messages Four new messages Four new messages Four …”",
            ),
        ),
        (
            PageServed("+44", "GET", "a.example", 200, 50, 0.1),
            Rung(2.0, "gateway", "gateway", "serves a page", "GET a.example: 200"),
        ),
        (
            ApplicationReported("23415", "push session opened", {"gateway": "10.0.0.1:9201"}),
            Rung(2.0, "gateway", "gateway", "push session opened", "10.0.0.1:9201"),
        ),
    ],
)
def test_event_that_no_datagram_tells_of_is_a_rung(event: Event, line: Rung) -> None:
    """What goes over HTTP, and what a node decides, stands in the ladder too."""
    assert told(event) == [line]


def test_other_events_are_no_rungs() -> None:
    """What a datagram has shown already is not shown again as an event."""
    assert told(Attached("23415", None)) == []


def test_a_rung_is_one_line() -> None:
    """Time since the beginning, ends, message, details; colours only where asked for."""
    rung = Rung(10.0125, "ggsn", "sgsn", "G-PDU", "5 octets")
    assert text(rung, 10.0) == "    12.5 ms       ggsn → sgsn       G-PDU  5 octets"
    assert text(Rung(10.0, "hlr", "hlr", "x"), 10.0).endswith("hlr              x")
    assert "\033[1mG-PDU\033[0m" in text(rung, 10.0, colour=True)
