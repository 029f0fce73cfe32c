"""GTP-U: T-PDUs in tunnels.

Specs: TS 29.060 §9 (user plane), TS 29.281 §5 (headers), §7 (messages).

A G-PDU whose header has no optional field, as nearly all have, takes the first lines of
``UserPlane.receive``; everything else goes the longer way. Sequence numbers are handed on to the
owner of the tunnel, who knows whether order is to be kept.
"""

from __future__ import annotations

import struct
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

from gtp.constants import GTP_U_PORT, MessageType
from gtp.errors import LocalProtocolError, RemoteProtocolError
from gtp.events import Address, Event
from gtp.messages import (
    EchoResponse,
    ErrorIndication,
    SupportedExtensionHeadersNotification,
    decode,
)

__all__ = ["ErrorIndicated", "TPduReceived", "UserPlane", "UserPlaneCounters", "encapsulate"]

_HEADER: Final = struct.Struct(">BBHI")
_PLAIN_HEADER: Final = struct.Struct(">HHI")
_NUMBERED_HEADER: Final = struct.Struct(">HHIHH")
_NUMBERED_G_PDU: Final = 0x32FF
_PLAIN_G_PDU: Final = 0x30FF
"""Version 1, protocol type GTP, no optional field; G-PDU."""
_EXTENSION_FLAG: Final = 0x04
_SEQUENCE_FLAG: Final = 0x02
_OPTIONAL_FLAGS: Final = 0x07
_COMPREHENSION_REQUIRED: Final = 0x80
_MAX_PEERS: Final = 1024
"""Peers whose Error Indications are metered one by one; the oldest gives way."""


def encapsulate(teid: int, payload: bytes, sequence: int | None = None) -> bytes:
    """Return the G-PDU that carries ``payload`` to the tunnel endpoint ``teid``.

    It has a sequence number where one is given. Raises LocalProtocolError when the payload exceeds
    65535 octets (with a number 65531), the TEID 32 bit or the number 16.
    """
    try:
        if sequence is not None:
            head = _NUMBERED_HEADER.pack(_NUMBERED_G_PDU, len(payload) + 4, teid, sequence, 0)
            return head + payload
        return _PLAIN_HEADER.pack(_PLAIN_G_PDU, len(payload), teid) + payload
    except struct.error as error:
        raise LocalProtocolError(f"no G-PDU for TEID {teid}: {error}") from None


@dataclass(frozen=True, slots=True)
class TPduReceived(Event):
    """A T-PDU arrived in one of our tunnels."""

    owner: Any
    """What ``UserPlane.add_tunnel`` was given."""
    payload: bytes
    teid: int
    """Our tunnel endpoint."""
    peer: Address
    sequence: int | None = None
    """The G-PDU's sequence number, where it has one."""


@dataclass(frozen=True, slots=True)
class ErrorIndicated(Event):
    """A peer does not know the tunnel endpoint to which we sent a G-PDU."""

    peer: str
    """IP address of the tunnel endpoint that does not exist (GTP-U Peer Address)."""
    teid: int
    """The peer's tunnel endpoint (TEID Data I)."""


@dataclass(slots=True)
class UserPlaneCounters:
    """What a user plane has counted since it was made; every field only grows.

    T-PDUs that arrived in a tunnel are not counted here, but by whoever owns the tunnel.
    """

    unknown_tunnels: int = 0
    """G-PDUs for a TEID that is not ours, discarded."""
    error_indications_sent: int = 0
    error_indications_held_back: int = 0
    """Error Indications not sent because the peer has had enough of them."""
    error_indications_received: int = 0
    echoes_answered: int = 0
    end_markers: int = 0
    """End Markers, ignored."""
    extension_headers_notified: int = 0
    """G-PDUs discarded for an extension header that must be comprehended and is not."""
    malformed: int = 0
    """Datagrams that are no GTP-U message, discarded."""
    not_accepted: int = 0
    """Messages of a type that has no business here, discarded."""


class UserPlane:
    """The tunnel endpoints of one GTP-U address. Holds no socket, no clock and no timer."""

    def __init__(
        self,
        address: str,
        *,
        error_indication_rate: float = 10.0,
        error_indication_burst: int = 20,
    ) -> None:
        """Make a user plane at the local IP ``address``, which Error Indications name.

        Each peer gets at most ``error_indication_burst`` Error Indications at once and
        ``error_indication_rate`` per second.
        """
        self.address = address
        self.counters = UserPlaneCounters()
        self._rate = error_indication_rate
        self._burst = float(error_indication_burst)
        self._tokens: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._tunnels: dict[int, object] = {}
        self.owner = self._tunnels.get
        """Return whose a tunnel endpoint of ours is, or None."""
        self._datagrams: list[tuple[bytes, Address]] = []
        self._events: list[Event] = []

    @property
    def tunnels(self) -> int:
        """How many tunnel endpoints there are."""
        return len(self._tunnels)

    def add_tunnel(self, teid: int, owner: object) -> None:
        """Accept G-PDUs for ``teid``, which belongs to ``owner``.

        Raises LocalProtocolError when the TEID is in use, 0 or not 32 bit.
        """
        if not 0 < teid <= 0xFFFFFFFF:
            raise LocalProtocolError(f"TEID {teid} is not in 1..2^32-1")
        if teid in self._tunnels:
            raise LocalProtocolError(f"TEID {teid:#010x} is in use")
        self._tunnels[teid] = owner

    def remove_tunnel(self, teid: int) -> None:
        """Accept no more G-PDUs for ``teid``. Raises LocalProtocolError when it is not there."""
        if teid not in self._tunnels:
            raise LocalProtocolError(f"TEID {teid:#010x} has no tunnel")
        del self._tunnels[teid]

    def receive(self, data: bytes, peer: Address, now: float) -> None:
        """Take a datagram from ``peer``. Never raises for what a peer sent."""
        if len(data) >= 8:
            kind, length, teid = _PLAIN_HEADER.unpack_from(data)
            if kind == _PLAIN_G_PDU and length == len(data) - 8 and teid in self._tunnels:
                self._events.append(TPduReceived(self._tunnels[teid], data[8:], teid, peer))
                return
        self._receive_other(data, peer, now)

    def _receive_other(self, data: bytes, peer: Address, now: float) -> None:
        """Take what is not a plain G-PDU for a tunnel of ours."""
        if len(data) < 8 or data[0] & 0xF0 != 0x30:
            self.counters.malformed += 1
            return
        flags, message_type, length, teid = _HEADER.unpack_from(data)
        end = 8 + length
        if len(data) < end or (flags & _OPTIONAL_FLAGS and length < 4):
            self.counters.malformed += 1
        elif message_type == MessageType.G_PDU:
            self._receive_g_pdu(data[:end], teid, peer, now)
        elif message_type == MessageType.ECHO_REQUEST:
            sequence = data[8] << 8 | data[9] if flags & _SEQUENCE_FLAG else 0
            self.counters.echoes_answered += 1
            # Recovery says nothing on the user plane and is 0 (TS 29.281 §7.2.2).
            self._send(EchoResponse(recovery=0, sequence=sequence).encode(), peer)
        elif message_type == MessageType.ERROR_INDICATION:
            self._receive_error_indication(data[:end])
        elif message_type == MessageType.END_MARKER:
            self.counters.end_markers += 1
        else:
            self.counters.not_accepted += 1

    def _receive_g_pdu(self, data: bytes, teid: int, peer: Address, now: float) -> None:
        start = 8
        if data[0] & _OPTIONAL_FLAGS:
            start = 12
            extension = data[11] if data[0] & _EXTENSION_FLAG else 0
            while extension:
                if extension & _COMPREHENSION_REQUIRED:
                    self.counters.extension_headers_notified += 1
                    self._send(SupportedExtensionHeadersNotification().encode(), peer)
                    return
                length = 4 * data[start] if start < len(data) else 0
                start += length
                if not length or start > len(data):
                    self.counters.malformed += 1
                    return
                extension = data[start - 1]
        if teid in self._tunnels:
            number = data[8] << 8 | data[9] if data[0] & _SEQUENCE_FLAG else None
            self._events.append(TPduReceived(self._tunnels[teid], data[start:], teid, peer, number))
            return
        self.counters.unknown_tunnels += 1
        if teid:
            self._indicate_error(teid, peer[0], now)

    def _indicate_error(self, teid: int, host: str, now: float) -> None:
        """Tell ``host`` that ``teid`` is not ours, unless told often enough (TS 29.281 §7.3.1)."""
        if not self._take_token(host, now):
            self.counters.error_indications_held_back += 1
            return
        self.counters.error_indications_sent += 1
        message = ErrorIndication(teid_data=teid, peer_address=self.address)
        self._send(message.encode(), (host, GTP_U_PORT))

    def _take_token(self, host: str, now: float) -> bool:
        tokens, since = self._tokens.pop(host, (self._burst, now))
        tokens = min(self._burst, tokens + (now - since) * self._rate)
        granted = tokens >= 1
        self._tokens[host] = (tokens - granted, now)
        if len(self._tokens) > _MAX_PEERS:
            self._tokens.popitem(last=False)
        return granted

    def _receive_error_indication(self, data: bytes) -> None:
        try:
            message = decode(data)
        except RemoteProtocolError:
            self.counters.malformed += 1
            return
        assert isinstance(message, ErrorIndication)
        self.counters.error_indications_received += 1
        self._events.append(ErrorIndicated(message.peer_address, message.teid_data))

    def _send(self, data: bytes, peer: Address) -> None:
        self._datagrams.append((data, peer))

    def take_datagrams(self) -> list[tuple[bytes, Address]]:
        """Return what is to be sent, in order, and forget it."""
        datagrams, self._datagrams = self._datagrams, []
        return datagrams

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        events, self._events = self._events, []
        return events
