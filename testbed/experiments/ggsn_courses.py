"""Courses of datagrams that come to a GGSN, and what must hold whatever they are.

An input is a course of steps: an octet that says where it arrives (GTP-C, GTP-U or Gi, from which
of two peers) or that time passes, two octets of length, and what arrives. What must hold (TS 29.060
§11.1): the decoder raises RemoteProtocolError or nothing, the GGSN raises nothing, a request is
answered at most once and with its own sequence number, what leaves is GTP that can be read, and of
a GGSN that is stopped nothing is left over.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from ipaddress import IPv4Network, IPv6Network
from random import Random
from typing import Final

from corenet.ggsn.config import Apn, GgsnConfig, StaticBinding
from corenet.ggsn.node import Ggsn
from corenet.gi.icmp import Echo
from corenet.gi.ip import udp_packet
from corenet.interfaces.node import Address, Interface
from gtp.constants import Cause, MessageType
from gtp.errors import RemoteProtocolError
from gtp.ies import EndUserAddress, PdpType
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    EchoRequest,
    ErrorIndication,
    GPdu,
    Message,
    MsInfoChangeNotificationRequest,
    NoteMsGprsPresentRequest,
    PduNotificationRejectRequest,
    PduNotificationRequest,
    PduNotificationResponse,
    SendRouteingInformationResponse,
    UpdatePdpContextRequest,
    decode,
)
from gtp.timers import Timers

NOW: Final = 1_800_000_000.0
PATIENCE: Final = 5000.0
"""Seconds after which everything has ended in a GGSN that was stopped."""
GGSN: Final = "192.0.2.1"
SGSN: Final = "192.0.2.2"
HLR: Final = "192.0.2.9"
IMSI: Final = "234150999999999"
STATIC: Final = "10.45.0.7"
QOS: Final = bytes.fromhex("020b921f7396fefe742bffff")
OPTIONS: Final = bytes.fromhex("8080211001000010810600000000830600000000000300000d00000500001000")
TEMPLATE: Final = bytes.fromhex("21000a035023f0")
CONFIG: Final = GgsnConfig(
    control_address=GGSN,
    user_address=GGSN,
    apns=(
        Apn(
            "wap",
            (IPv4Network("10.45.0.0/28"), IPv6Network("2001:db8::/60")),
            dns=("192.0.2.53", "2001:db8:1::53"),
            mtu=1400,
            gateways=("10.45.0.1",),
            answers_for_dns=True,
            mobile_to_mobile=True,
        ),
        Apn("small", (IPv4Network("10.46.0.0/30"),)),
    ),
    static_bindings=(StaticBinding(IMSI, "wap", STATIC, "447700900123"),),
    hlr=(HLR, 2123),
    timers=Timers(t3_response=1.0, n3_requests=3, echo_interval=60.0),
)
_WAITS: Final = (0.01, 1.0, 20.0, 200.0)
_PEERS: Final = (SGSN, HLR)
_PLACES: Final = (Interface.GTP_C, Interface.GTP_U, Interface.GI)
_PORTS: Final = {Interface.GTP_C: 2123, Interface.GTP_U: 2152, Interface.GI: 0}
_WAIT: Final = len(_PLACES)
STEP: Final = struct.Struct("!BH")
_RESPONSES: Final = frozenset(kind for kind in MessageType if kind.name.endswith("_RESPONSE"))


class BrokenError(AssertionError):
    """The GGSN did what it must not do; the sentence says what."""


class Round:
    """One GGSN, from its first datagram until nothing is left of it."""

    def __init__(self) -> None:
        self.now = NOW
        self.ggsn = Ggsn(CONFIG, random=Random(1), recovery=7)
        self.ggsn.start(self.now)

    def play(self, octets: bytes) -> None:
        """Do all steps of an input, end the GGSN, and look at what is left. Raises BrokenError."""
        for interface, peer, data in steps(octets):
            if interface is None:
                self.advance(_WAITS[data[0] % len(_WAITS) if data else 0])
            else:
                self.deliver(interface, peer, data)
        self.ggsn.stop(self.now)
        self.advance(PATIENCE)
        left = {what: number for what, number in self.ggsn.under_way.items() if number}
        if left or self.ggsn.next_timeout() is not None:
            raise BrokenError(f"there is left: {left or 'a timer'}")

    def advance(self, seconds: float) -> None:
        """Let time pass, with everything done when it is due."""
        until = self.now + seconds
        while (due := self.ggsn.next_timeout()) is not None and due <= until:
            self.now = max(self.now, due)
            self.ggsn.handle_timeout(self.now)
            self._take()
        self.now = until

    def deliver(self, interface: Interface, peer: str, data: bytes) -> list[Message]:
        """Have something arrive; return what leaves on GTP-C."""
        port = _PORTS[interface]
        if interface is not Interface.GI:
            with suppress(RemoteProtocolError):
                decode(data)
        self.ggsn.receive(interface, data, peer=(peer, port), local=(GGSN, port), now=self.now)
        sent = self._take()
        answers = [message for message, to in sent if _is_answer(message, to, peer)]
        if len(answers) > (interface is Interface.GTP_C):
            raise BrokenError(f"answered {len(answers)} times: {data.hex()}")
        numbered = len(data) >= 10 and data[0] & 0x02
        if answers and numbered and answers[0].sequence != int.from_bytes(data[8:10], "big"):
            raise BrokenError(f"answered with the number {answers[0].sequence}: {data.hex()}")
        return [message for message, _ in sent]

    def _take(self) -> list[tuple[Message, Address]]:
        self.ggsn.take_events()
        control = []
        for datagram in self.ggsn.take_datagrams():
            if datagram.interface is Interface.GI:
                continue
            try:
                message = decode(datagram.data)
            except RemoteProtocolError as error:
                raise BrokenError(f"sent what cannot be read: {error}") from error
            if datagram.interface is Interface.GTP_C:
                control.append((message, datagram.peer))
        return control


def _is_answer(message: Message, to: Address, peer: str) -> bool:
    return message.TYPE in _RESPONSES and to[0] == peer


def steps(octets: bytes) -> Iterator[tuple[Interface | None, str, bytes]]:
    """Yield where something arrives, from whom, and what; or None where time passes."""
    place = 0
    while place + STEP.size <= len(octets):
        kind, length = STEP.unpack_from(octets, place)
        place += STEP.size
        data = octets[place : place + length]
        place += length
        where = kind & 0x03
        yield None if where == _WAIT else _PLACES[where], _PEERS[kind >> 2 & 1], data


class Course:
    """A course of steps that is right, as it is being made."""

    def __init__(self) -> None:
        self._round = Round()
        self._steps: list[bytes] = []
        self._sequence = 0

    @property
    def octets(self) -> bytes:
        """It as an input."""
        return b"".join(self._steps)

    def arrive(
        self, data: bytes, interface: Interface = Interface.GTP_C, peer: str = SGSN
    ) -> list[Message]:
        """Have something arrive; return what leaves on GTP-C."""
        kind = _PLACES.index(interface) | _PEERS.index(peer) << 2
        self._steps.append(STEP.pack(kind, len(data)) + data)
        return self._round.deliver(interface, peer, data)

    def ask(self, message: Message, peer: str = SGSN) -> list[Message]:
        """Have a request arrive, with a number of its own."""
        self._sequence += 1
        message.sequence = self._sequence
        return self.arrive(message.encode(), peer=peer)

    def answer(self, asked: Message, message: Message, peer: str = SGSN) -> list[Message]:
        """Answer what the GGSN asked."""
        message.sequence = asked.sequence
        return self.arrive(message.encode(), peer=peer)

    def wait(self, number: int) -> None:
        """Let time pass."""
        self._steps.append(STEP.pack(_WAIT, 1) + bytes((number,)))
        self._round.advance(_WAITS[number])

    def create(self, request: CreatePdpContextRequest) -> int:
        """Have the SGSN create a context; return the TEID for control messages about it."""
        (response,) = self.ask(request)
        assert isinstance(response, CreatePdpContextResponse)
        assert response.teid_control is not None
        return response.teid_control

    def notified(self) -> PduNotificationRequest:
        """Have a packet for a mobile without context arrive; return what the SGSN is sent."""
        packet = udp_packet(("198.51.100.1", 9), (STATIC, 2948), b"push")
        (asked,) = self.arrive(packet, Interface.GI)
        found = SendRouteingInformationResponse(
            cause=Cause.REQUEST_ACCEPTED, imsi=IMSI, sgsn_address=SGSN
        )
        (notification,) = self.answer(asked, found, HLR)
        assert isinstance(notification, PduNotificationRequest)
        self.answer(notification, PduNotificationResponse(cause=Cause.REQUEST_ACCEPTED))
        return notification

    @property
    def ggsn(self) -> Ggsn:
        """Whom it is played against."""
        return self._round.ggsn


def _wanted(kind: PdpType) -> CreatePdpContextRequest:
    return CreatePdpContextRequest(
        imsi="234150000000002",
        recovery=1,
        selection_mode=0,
        teid_data=11,
        teid_control=12,
        nsapi=5,
        end_user_address=EndUserAddress(None, None, kind),
        apn="wap",
        pco=OPTIONS,
        sgsn_address_control=SGSN,
        sgsn_address_user=SGSN,
        msisdn="447700900002",
        qos=QOS,
        common_flags=0x20,
    )


def _whole_life(course: Course) -> None:
    """Have a context with traffic either way, changed and deleted."""
    teid = course.create(_wanted(PdpType.IPV4))
    view = course.ggsn.contexts()[0]
    ping = Echo(view.address, "10.45.0.1", 1, 1, b"ping").packet()
    course.arrive(GPdu(teid=view.teid_data, payload=ping).encode(), Interface.GTP_U)
    numbered = GPdu(teid=view.teid_data, payload=ping, sequenced=True, sequence=3)
    course.arrive(numbered.encode(), Interface.GTP_U)
    course.arrive(udp_packet(("198.51.100.1", 9), (view.address, 9), b"x"), Interface.GI)
    course.ask(
        UpdatePdpContextRequest(
            teid=teid,
            nsapi=5,
            teid_data=13,
            sgsn_address_control=SGSN,
            sgsn_address_user=SGSN,
            qos=QOS,
        )
    )
    course.ask(MsInfoChangeNotificationRequest(teid=teid, rat_type=1))
    course.wait(1)
    delete = DeletePdpContextRequest(teid=teid, nsapi=5, teardown=True)
    course.ask(delete)
    course.ask(delete)


def _both_families(course: Course) -> None:
    """Have a context for IPv4 and IPv6 with a secondary one, and an SGSN that restarts."""
    primary = _wanted(PdpType.IPV4V6)
    teid = course.create(primary)
    course.create(
        replace(
            primary,
            teid=teid,
            imsi=None,
            apn=None,
            end_user_address=None,
            nsapi=6,
            linked_nsapi=5,
            teid_data=14,
            tft=TEMPLATE,
            pco=None,
        )
    )
    view = course.ggsn.contexts()[0]
    lost = ErrorIndication(teid_data=view.sgsn_teid_data, peer_address=SGSN)
    course.arrive(lost.encode(), Interface.GTP_U)
    course.ask(EchoRequest())
    course.wait(3)
    course.create(replace(_wanted(PdpType.IPV6), recovery=2, nsapi=7))


def _by_the_network(course: Course) -> None:
    """Have the network ask for a context, and the mobile activate it."""
    course.notified()
    address = EndUserAddress.for_ipv4(STATIC)
    course.create(replace(_wanted(PdpType.IPV4), imsi=IMSI, end_user_address=address))


def _rejected(course: Course) -> None:
    """Have the network ask for a context, and the mobile be silent; later it is there again."""
    notification = course.notified()
    course.ask(
        PduNotificationRejectRequest(
            teid=notification.teid_control,
            teid_control=notification.teid_control,
            cause=Cause.MS_NOT_GPRS_RESPONDING,
            end_user_address=notification.end_user_address,
            apn="wap",
        )
    )
    course.wait(2)
    course.ask(NoteMsGprsPresentRequest(imsi=IMSI, sgsn_address=SGSN), HLR)


def _restart(course: Course) -> None:
    """Have an SGSN restart under its contexts, and peers of other versions come by."""
    course.create(_wanted(PdpType.IPV4))
    course.create(replace(_wanted(PdpType.IPV4), imsi=IMSI, recovery=2))
    # Versions 0 and 2 (TS 29.060 §11.1.1).
    course.arrive(bytes.fromhex("1e01000400000000000000000000000000000000"))
    course.arrive(bytes.fromhex("4001000400000100"))


_COURSES: Final[tuple[Callable[[Course], None], ...]] = (
    _whole_life,
    _both_families,
    _by_the_network,
    _rejected,
    _restart,
)


def seeds() -> list[bytes]:
    """Return courses that are right."""
    found = []
    for fill in _COURSES:
        course = Course()
        fill(course)
        found.append(course.octets)
    return found
