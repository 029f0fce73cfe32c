"""IPA, which frames GSUP and other protocols on one TCP connection.

Specs: OsmoHLR user manual, "Generic Subscriber Update Protocol" (framing); OsmoBSC Abis/IP
specification, §"IPA CCM" (connection and identity).

    length (2)   octets that follow the protocol
    protocol (1) 0xFE: CCM, the connection's own messages; 0xEE: one of Osmocom's, by an octet more
    payload

CCM is a message type, then for an identity request pairs of 0x01 and tag, and for an identity
response elements of length (2, tag included), tag (1) and value, which ends in a zero octet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

CCM: Final = 0xFE
OSMO: Final = 0xEE
GSUP_EXTENSION: Final = 0x05

_HEADER: Final = 3
LARGEST_PAYLOAD: Final = 0xFFFF


class CcmType(IntEnum):
    """Messages of the connection's own."""

    PING = 0
    PONG = 1
    ID_GET = 4
    ID_RESP = 5
    ID_ACK = 6


class IdTag(IntEnum):
    """What a client may say of itself."""

    SERIAL_NUMBER = 0
    UNIT_NAME = 1
    LOCATION_1 = 2
    LOCATION_2 = 3
    EQUIPMENT_VERSION = 4
    SOFTWARE_VERSION = 5
    MAC_ADDRESS = 7
    UNIT_ID = 8


ASKED: Final = (
    IdTag.UNIT_ID,
    IdTag.MAC_ADDRESS,
    IdTag.LOCATION_1,
    IdTag.LOCATION_2,
    IdTag.EQUIPMENT_VERSION,
    IdTag.SOFTWARE_VERSION,
    IdTag.UNIT_NAME,
    IdTag.SERIAL_NUMBER,
)
"""What a server asks a client for, in OsmoHLR's order."""


class IpaError(Exception):
    """A peer sent octets that are no CCM message."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame."""

    protocol: int
    payload: bytes

    def encode(self) -> bytes:
        """Return the octets. Raises ValueError for a payload that is too long."""
        if len(self.payload) > LARGEST_PAYLOAD:
            raise ValueError(f"a frame has room for 65535 octets, not {len(self.payload)}")
        return len(self.payload).to_bytes(2, "big") + bytes((self.protocol,)) + self.payload

    @property
    def gsup(self) -> bytes | None:
        """The GSUP message in it, None where it is something else."""
        if self.protocol != OSMO or self.payload[:1] != bytes((GSUP_EXTENSION,)):
            return None
        return self.payload[1:]


def gsup_frame(message: bytes) -> Frame:
    """Return the frame of a GSUP message."""
    return Frame(OSMO, bytes((GSUP_EXTENSION,)) + message)


def ccm_frame(ccm: CcmType, body: bytes = b"") -> Frame:
    """Return the frame of a CCM message."""
    return Frame(CCM, bytes((ccm,)) + body)


class FrameReader:
    """Cuts the octets of a connection into frames. Every sequence of octets is one of frames."""

    def __init__(self) -> None:
        self._octets = bytearray()

    def __len__(self) -> int:
        """Return how many octets of a frame are there that is not whole."""
        return len(self._octets)

    def feed(self, data: bytes) -> list[Frame]:
        """Take octets; return the frames that are whole now."""
        octets = self._octets
        octets += data
        frames = []
        start = 0
        while len(octets) - start >= _HEADER:
            end = start + _HEADER + int.from_bytes(octets[start : start + 2], "big")
            if end > len(octets):
                break
            frames.append(Frame(octets[start + 2], bytes(octets[start + _HEADER : end])))
            start = end
        del octets[:start]
        return frames


def encode_id_get(tags: Iterable[int] = ASKED) -> bytes:
    """Return the body of an identity request."""
    return b"".join(bytes((1, tag)) for tag in tags)


def decode_id_get(body: bytes) -> tuple[int, ...]:
    """Return the tags that an identity request asks for. Raises IpaError."""
    if len(body) % 2 or any(length != 1 for length in body[::2]):
        raise IpaError(f"no pairs of 0x01 and tag: {body.hex()}")
    return tuple(body[1::2])


def encode_id_resp(identity: Mapping[int, str]) -> bytes:
    """Return the body of an identity response. Raises ValueError for what is not ASCII."""
    out = bytearray()
    for tag, text in identity.items():
        value = text.encode("ascii") + b"\0"
        out += (len(value) + 1).to_bytes(2, "big") + bytes((tag,)) + value
    return bytes(out)


def decode_id_resp(body: bytes) -> dict[int, str]:
    """Return what an identity response says, by tag. Raises IpaError."""
    identity: dict[int, str] = {}
    start = 0
    while start < len(body):
        end = start + 2 + int.from_bytes(body[start : start + 2], "big")
        if end < start + 3 or end > len(body):
            raise IpaError(f"the element at octet {start + 1} overruns the message or is empty")
        value = body[start + 3 : end].rstrip(b"\0")
        try:
            identity[body[start + 2]] = value.decode("ascii")
        except UnicodeDecodeError:
            raise IpaError(f"the element at octet {start + 1} is not ASCII") from None
        start = end
    return identity
