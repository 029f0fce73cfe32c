"""A ladder: what passed between whom, in one line each, as it happens.

Two sources make the rungs. Datagrams come from a runtime's tap and are named by the codecs.
What goes over HTTP (PAP, the control interface, result notifications) is no datagram; the
gateway's events tell of it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from pyrad.dictionary import Dictionary
from pyrad.packet import AccountingRequest, AccountingResponse, Packet, PacketError

from corenet.gi.ip import IpError, parse_udp
from corenet.interfaces import gsup
from corenet.interfaces.nas.describe import frame_summary
from corenet.interfaces.node import Event, Interface
from corenet.interfaces.runtime import Passed
from corenet.mobile.events import ApplicationReported, ShownOnScreen
from corenet.radius.attributes import load_dictionary
from gtp.constants import MessageType
from gtp.describe import summary
from gtp.errors import GtpError
from gtp.messages import GPdu, decode
from testbed.codecs.wsp.push import PUSH_PORT, SOURCE_PORT
from testbed.codecs.wtp import WTP_PORT
from testbed.gateway.events import (
    ActivationAnswered,
    ActivationRequested,
    DeliveryEnded,
    GiTriggered,
    InitiatorNotified,
    PushAccepted,
    PushHeld,
    PushRefused,
    PushSentInVain,
    SmsEnded,
    SmsSubmitted,
    TerminalJudged,
)
from testbed.gateway.policy import Route
from testbed.lab.smpp_ladder import SmppLadder
from testbed.pull.events import PageServed
from testbed.wap import describe


@dataclass(frozen=True, slots=True)
class Rung:
    """One line of a ladder."""

    time: float
    """Seconds since 1970-01-01 UTC."""
    source: str
    destination: str
    message: str
    details: str = ""


Show = Callable[[Rung], None]

_CARRIERS: Final = frozenset({Interface.GSUP, Interface.UM})
"""To other processes: what matters there passes on Gr and on the radio too."""


class Ladder:
    """Turns what a runtime tells into rungs, and shows each."""

    def __init__(self, show: Show, names: Mapping[str, str] | None = None) -> None:
        """``names`` gives a name for an IP address that is no node's own."""
        self._show = show
        self._names = dict(names or {})
        self._smpp = SmppLadder()

    def passed(self, passed: Passed) -> None:
        """Show a datagram, or what is whole of a connection (a ``Tap``)."""
        if passed.interface in _CARRIERS:
            return
        if passed.phase is not None:
            for described in self._smpp.described(passed):
                self._show_passed(passed, described)
            return
        self._show_passed(passed, _DATAGRAMS[passed.interface](passed.data))

    def _show_passed(self, passed: Passed, described: Described) -> None:
        if described is None:
            return
        message, details = described
        source = passed.sender or self._name(passed.source[0])
        destination = passed.receiver or self._name(passed.destination[0])
        self._show(Rung(passed.time, source, destination, message, details))

    def happened(self, time: float, node: str, event: Event) -> None:
        """Show an event that no datagram tells of (an ``EventListener``)."""
        rung = _EVENTS.get(type(event))
        if rung is None:
            return
        source, destination, message, details = rung(event)
        self._show(Rung(time, source or node, destination or node, message, details))

    def _name(self, host: str) -> str:
        return self._names.get(host, host)


def text(rung: Rung, since: float, *, colour: bool = False) -> str:
    """Return a rung as one line, with milliseconds since ``since``."""
    milliseconds = f"{(rung.time - since) * 1000:8.1f} ms"
    same = rung.source == rung.destination
    ends = f"{rung.source:>9}" if same else f"{rung.source:>9} → {rung.destination}"
    ends = f"{ends:<21}"
    details = f"  {rung.details}" if rung.details else ""
    if not colour:
        return f"{milliseconds}  {ends}  {rung.message}{details}"
    return (
        f"\033[2m{milliseconds}\033[0m  {ends}  \033[1m{rung.message}\033[0m\033[2m{details}\033[0m"
    )


_MOST_SEEN: Final = 60
"""Characters of what a mobile shows."""

Described = tuple[str, str] | None


def _gtp(data: bytes) -> Described:
    try:
        message = decode(data)
    except GtpError as error:
        return "malformed GTP message", str(error)
    if isinstance(message, GPdu):
        return "G-PDU", _packet(message.payload)
    kind = MessageType(data[1])
    if kind in (MessageType.ECHO_REQUEST, MessageType.ECHO_RESPONSE):
        return None
    return kind.text, summary(message)


def _packet(packet: bytes) -> str:
    try:
        datagram = parse_udp(packet)
    except IpError:
        return f"{len(packet)} octets"
    source, destination = datagram.source, datagram.destination
    ends = f"{source[0]}:{source[1]} → {destination[0]}:{destination[1]}"
    what = ""
    if destination[1] == PUSH_PORT or SOURCE_PORT in (source[1], destination[1]):
        what = describe.unit(datagram.payload)
    elif WTP_PORT in (source[1], destination[1]):
        what = describe.summary(datagram.payload)
    return f"{ends}{what and ', '}{what}"


def _gi(data: bytes) -> Described:
    return "IP packet", _packet(data)


def _wdp(data: bytes) -> Described:
    return "datagram", describe.unit(data)


def _wsp(data: bytes) -> Described:
    return "datagram", describe.summary(data)


def _radio(data: bytes) -> Described:
    name, _, details = frame_summary(data).partition(", ")
    return name, details


def _gr(data: bytes) -> Described:
    try:
        name, _, details = gsup.summary(gsup.decode(data)).partition(", ")
    except gsup.GsupError as error:
        return "malformed GSUP message", str(error)
    return name, details


def _radius(data: bytes) -> Described:
    try:
        packet = Packet(packet=data, dict=_dictionary())
    except PacketError as error:
        return "malformed RADIUS packet", str(error)
    if packet.code == AccountingResponse:
        return "Accounting-Response", ""
    if packet.code != AccountingRequest:
        return f"RADIUS code {packet.code}", ""
    parts = [
        str(packet[name][0])
        for name in ("Acct-Status-Type", "Framed-IP-Address", "Calling-Station-Id")
        if name in packet
    ]
    return "Accounting-Request", ", ".join(parts)


@cache
def _dictionary() -> Dictionary:
    return load_dictionary()


def _accepted(event: PushAccepted) -> tuple[str, str, str, str]:
    return "initiator", "", "PAP push-message", f"{event.push_id} accepted (1001)"


def _refused(event: PushRefused) -> tuple[str, str, str, str]:
    return (
        "initiator",
        "",
        "PAP push-message",
        f"{event.push_id} refused ({event.code}): {event.reason}",
    )


def _judged(event: TerminalJudged) -> tuple[str, str, str, str]:
    why = f", {event.reason}" if event.reason else ""
    return "", "", "judges", f"{event.terminal}: {event.verdict}{why}"


def _requested(event: ActivationRequested) -> tuple[str, str, str, str]:
    return "", "control", "POST /v1/activations", f"IMSI {event.imsi}, APN {event.apn}"


def _answered(event: ActivationAnswered) -> tuple[str, str, str, str]:
    sender = "control" if event.route == Route.ACTIVATION else ""
    return sender, "", "activation", f"{event.result}: {event.reason}"


def _triggered(event: GiTriggered) -> tuple[str, str, str, str]:
    what = "the push itself" if event.is_push else "a datagram of its own"
    return "", "", "triggers the terminal", f"{event.address}, by {what}"


def _submitted(event: SmsSubmitted) -> tuple[str, str, str, str]:
    return "", "", "submits a short message", f"{event.octets} octets"


def _sms_ended(event: SmsEnded) -> tuple[str, str, str, str]:
    return "", "", f"short message {event.outcome}", event.reason


def _held(event: PushHeld) -> tuple[str, str, str, str]:
    return "", "", "holds the push", event.reason


def _in_vain(event: PushSentInVain) -> tuple[str, str, str, str]:
    return "", "", "the push was in vain", event.reason


def _ended(event: DeliveryEnded) -> tuple[str, str, str, str]:
    return "", "", f"push {event.state}", f"{event.code} {event.reason}"


def _notified(_event: InitiatorNotified) -> tuple[str, str, str, str]:
    return "", "initiator", "PAP resultnotification-message", "answered"


def _served(event: PageServed) -> tuple[str, str, str, str]:
    return "", "", "serves a page", f"{event.method} {event.host}: {event.status}"


def _shown(event: ShownOnScreen) -> tuple[str, str, str, str]:
    href = event.shown.details.get("href")
    seen = textwrap.shorten(event.shown.text, _MOST_SEEN, placeholder=" …")
    words = [f"“{seen}”"] if seen else []
    return "", "", f"shows {event.shown.kind}", " ".join(words + ([href] if href else []))


def _reported(event: ApplicationReported) -> tuple[str, str, str, str]:
    return "", "", event.what, ", ".join(event.details.values())


_DATAGRAMS: Final[Mapping[Interface, Callable[[bytes], Described]]] = MappingProxyType(
    {
        Interface.GTP_C: _gtp,
        Interface.GTP_U: _gtp,
        Interface.GI: _gi,
        Interface.TERMINAL: _gi,
        Interface.RADIO: _radio,
        Interface.GR: _gr,
        Interface.RADIUS: _radius,
        Interface.RADIUS_ORDERS: _radius,
        Interface.WDP: _wdp,
        Interface.WDP6: _wdp,
        Interface.WSP: _wsp,
    }
)

_EVENTS: Final[Mapping[type[Event], Callable[..., tuple[str, str, str, str]]]] = MappingProxyType(
    {
        PushAccepted: _accepted,
        PushRefused: _refused,
        TerminalJudged: _judged,
        ActivationRequested: _requested,
        ActivationAnswered: _answered,
        GiTriggered: _triggered,
        SmsSubmitted: _submitted,
        SmsEnded: _sms_ended,
        PushHeld: _held,
        PushSentInVain: _in_vain,
        DeliveryEnded: _ended,
        InitiatorNotified: _notified,
        PageServed: _served,
        ShownOnScreen: _shown,
        ApplicationReported: _reported,
    }
)
