"""What passed, taken apart: the name that people know a message by, and what has its fields.

Names are those of ladders and of ``corenet decode``. User data is shown with the datagram in it,
whatever carries it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any, Final

from pyrad.dictionary import Dictionary
from pyrad.packet import Packet, PacketError

from corenet.gi.ip import IpError, parse_udp
from corenet.interfaces import gsup, llc, paging, sndcp
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.describe import frame_summary
from corenet.interfaces.nas.errors import NasError
from corenet.interfaces.node import Address, Interface
from corenet.interfaces.runtime import Passed, Phase
from corenet.interfaces.sms import cp
from corenet.interfaces.sms.errors import SmsError
from corenet.radius.attributes import load_dictionary
from gtp.constants import MessageType
from gtp.errors import GtpError
from gtp.messages import GPdu, decode
from testbed.codecs.smpp import Framer, FramingError, SmppError
from testbed.codecs.smpp import decode as decode_smpp

RADIUS_NAMES: Final = MappingProxyType(
    {
        1: "Access-Request",
        2: "Access-Accept",
        3: "Access-Reject",
        4: "Accounting-Request",
        5: "Accounting-Response",
        11: "Access-Challenge",
        40: "Disconnect-Request",
        41: "Disconnect-ACK",
        42: "Disconnect-NAK",
        43: "CoA-Request",
        44: "CoA-ACK",
        45: "CoA-NAK",
    }
)


_CARRIERS: Final = frozenset({Interface.GSUP, Interface.UM})
"""To other processes: what matters there passes on Gr and on the radio too."""


@dataclass(frozen=True, slots=True)
class Read:
    """A message: what it is called, and what has its fields."""

    name: str
    subject: Any


@dataclass(frozen=True, slots=True)
class Malformed:
    """Octets that are no message of their interface."""

    error: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class UserData:
    """An IP packet with a UDP datagram, or the datagram alone, on its way."""

    source: str
    source_port: int
    destination: str
    destination_port: int
    payload: bytes
    nsapi: int | None = None
    """On the radio link."""
    teid: int | None = None
    """In a tunnel."""


@dataclass(frozen=True, slots=True)
class Paged:
    """A paging."""

    p_tmsi: int


class MessageReader:
    """Reads what passes; of connections it keeps what has come of the next message."""

    def __init__(self) -> None:
        self._framers: dict[tuple[Address, Address], Framer] = {}

    def read(self, passed: Passed) -> Iterator[Read]:
        """Return each message that is whole now."""
        if passed.phase is not None:
            if passed.interface is Interface.SMPP:
                yield from self._smpp(passed)
        elif passed.interface not in _CARRIERS:
            yield _READERS[passed.interface](passed)

    def _smpp(self, passed: Passed) -> Iterator[Read]:
        ends = (passed.source, passed.destination)
        if passed.phase is not Phase.DATA:
            self._framers.pop(ends, None)
            self._framers.pop(ends[::-1], None)
            return
        framer = self._framers.setdefault(ends, Framer())
        framer.add(passed.data)
        try:
            for octets in iter(framer.take, None):
                try:
                    pdu = decode_smpp(octets).pdu
                    yield Read(f"SMPP {pdu.COMMAND.spelling}", pdu)
                except SmppError as error:
                    yield _malformed("SMPP PDU", error, octets)
        except FramingError as error:
            del self._framers[ends]
            yield _malformed("SMPP PDU", error, passed.data)


def _malformed(what: str, error: Exception, octets: bytes) -> Read:
    return Read(f"malformed {what}", Malformed(str(error), octets))


def _gtp(passed: Passed) -> Read:
    try:
        message = decode(passed.data)
    except GtpError as error:
        return _malformed("GTP message", error, passed.data)
    if isinstance(message, GPdu):
        return Read("G-PDU", _packet(message.payload, message, teid=message.teid))
    return Read(MessageType(passed.data[1]).text, message)


def _packet(
    packet: bytes, otherwise: Any, *, nsapi: int | None = None, teid: int | None = None
) -> Any:
    try:
        datagram = parse_udp(packet)
    except IpError:
        return otherwise
    return UserData(
        *datagram.source, *datagram.destination, datagram.payload, nsapi=nsapi, teid=teid
    )


def _gi(passed: Passed) -> Read:
    return Read("IP packet", _packet(passed.data, Malformed("no UDP in it", passed.data)))


def _datagram(passed: Passed) -> Read:
    return Read("datagram", UserData(*passed.source, *passed.destination, passed.data))


def _radio(passed: Passed) -> Read:
    frame = passed.data
    name, _, details = frame_summary(frame).partition(", ")
    try:
        if paging.is_paging(frame):
            return Read(name, Paged(paging.decode(frame)))
        ui = llc.decode_ui(frame)
        if ui.ciphered or not ui.payload:
            return Read(name, ui)
        return Read(name, _layer_3(ui))
    except (paging.PagingError, llc.LlcError, NasError, SmsError, sndcp.SndcpError) as error:
        return Read(name, Malformed(details or str(error), frame))


def _layer_3(ui: llc.UiFrame) -> Any:
    if ui.sapi == llc.Sapi.SMS:
        return cp.decode(ui.payload)
    if ui.sapi != llc.Sapi.MOBILITY_MANAGEMENT:
        nsapi, packet = sndcp.decode(ui.payload)
        return _packet(packet, ui, nsapi=nsapi)
    if ui.payload[0] & 0x0F == sm.PROTOCOL_DISCRIMINATOR:
        return sm.decode(ui.payload)
    return gmm.decode(ui.payload, uplink=ui.uplink)


def _gr(passed: Passed) -> Read:
    try:
        message = gsup.decode(passed.data)
    except gsup.GsupError as error:
        return _malformed("GSUP message", error, passed.data)
    return Read(message.type.text, message)


def _radius(passed: Passed) -> Read:
    try:
        packet = Packet(packet=passed.data, dict=_dictionary())
        attributes = {str(name): _single(packet[name]) for name in packet.keys()}  # noqa: SIM118
    except PacketError as error:
        return _malformed("RADIUS packet", error, passed.data)
    return Read(RADIUS_NAMES.get(packet.code, f"RADIUS code {packet.code}"), attributes)


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else tuple(values)


@cache
def _dictionary() -> Dictionary:
    return load_dictionary()


_READERS: Final[Mapping[Interface, Callable[[Passed], Read]]] = MappingProxyType(
    {
        Interface.GTP_C: _gtp,
        Interface.GTP_U: _gtp,
        Interface.GI: _gi,
        Interface.TERMINAL: _gi,
        Interface.RADIO: _radio,
        Interface.GR: _gr,
        Interface.RADIUS: _radius,
        Interface.RADIUS_ORDERS: _radius,
        Interface.WDP: _datagram,
        Interface.WDP6: _datagram,
        Interface.WSP: _datagram,
    }
)
