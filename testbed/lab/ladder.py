"""A ladder: what passed between whom, in one line each, as it happens.

Two sources make the rungs. Datagrams come from a runtime's tap and are named by the codecs.
What goes over HTTP (PAP, the control interface, result notifications) is no datagram; the
gateway's events tell of it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from corenet.interfaces import gsup
from corenet.interfaces.nas.describe import frame_summary
from corenet.interfaces.node import Event, Interface
from corenet.interfaces.runtime import Passed
from corenet.mobile.events import ApplicationReported, ShownOnScreen
from gtp.constants import MessageType
from gtp.describe import summary
from gtp.messages import GPdu, Message
from testbed.codecs.smpp import Pdu
from testbed.codecs.smpp.describe import pdu_summary
from testbed.codecs.wsp.push import PUSH_PORT, SOURCE_PORT
from testbed.codecs.wtp import WTP_PORT
from testbed.expectations.messages import Malformed, MessageReader, UserData
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
from testbed.gateway.routing.policy import Route
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
    subject: Any = field(default=None, compare=False, repr=False)
    """What was described: the decoded message, or the event."""


Show = Callable[[Rung], None]

_LEFT_OUT: Final = frozenset(
    {
        MessageType.ECHO_REQUEST.text,
        MessageType.ECHO_RESPONSE.text,
        "SMPP enquire_link",
        "SMPP enquire_link_resp",
    }
)
"""What goes on all the time and is no step of anything."""
_OF_RADIUS: Final = ("Acct-Status-Type", "Framed-IP-Address", "Calling-Station-Id")

_CARRIERS: Final = frozenset({Interface.GSUP, Interface.UM})
"""To other processes: what matters there passes on Gr and on the radio too."""


class Ladder:
    """Turns what a runtime tells into rungs, and shows each."""

    def __init__(self, show: Show, names: Mapping[str, str] | None = None) -> None:
        """``names`` gives a name for an IP address that is no node's own."""
        self._show = show
        self._names = dict(names or {})
        self._reader = MessageReader()

    def passed(self, passed: Passed) -> None:
        """Show a datagram, or what is whole of a connection (a ``Tap``)."""
        if passed.interface in _CARRIERS:
            return
        source = passed.sender or self._name(passed.source[0])
        destination = passed.receiver or self._name(passed.destination[0])
        for message in self._reader.read(passed):
            if message.name not in _LEFT_OUT:
                details = _details(passed, message.subject)
                self._show(
                    Rung(passed.time, source, destination, message.name, details, message.subject)
                )

    def happened(self, time: float, node: str, event: Event) -> None:
        """Show an event that no datagram tells of (an ``EventListener``)."""
        rung = _EVENTS.get(type(event))
        if rung is None:
            return
        source, destination, message, details = rung(event)
        self._show(Rung(time, source or node, destination or node, message, details, event))

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


def _details(passed: Passed, subject: Any) -> str:
    if passed.interface is Interface.RADIO:
        return frame_summary(passed.data).partition(", ")[2]
    match subject:
        case Malformed(octets=octets) if passed.interface is Interface.GI:
            return f"{len(octets)} octets"
        case Malformed(error=error):
            return error
        case UserData(payload=payload):
            return _user_data(passed, subject, payload)
        case GPdu(payload=payload):
            return f"{len(payload)} octets"
        case Message():
            return summary(subject)
        case gsup.GsupMessage():
            return gsup.summary(subject).partition(", ")[2]
        case Pdu():
            return pdu_summary(subject)
        case Mapping():
            return ", ".join(str(subject[name]) for name in _OF_RADIUS if name in subject)
    return ""


def _user_data(passed: Passed, data: UserData, payload: bytes) -> str:
    if passed.interface in (Interface.WDP, Interface.WDP6):
        return describe.unit(payload)
    if passed.interface is Interface.WSP:
        return describe.summary(payload)
    ends = f"{data.source}:{data.source_port} → {data.destination}:{data.destination_port}"
    ports = (data.source_port, data.destination_port)
    what = ""
    if data.destination_port == PUSH_PORT or SOURCE_PORT in ports:
        what = describe.unit(payload)
    elif WTP_PORT in ports:
        what = describe.summary(payload)
    return f"{ends}{what and ', '}{what}"


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
