"""Transport information items: what stands between a PDU's header and its data (WAP-224 §8.4)."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.codecs.wtp.constants import OptionKind, TpiIdentity
from testbed.codecs.wtp.errors import WtpError

_CONTINUE = 0x80
_LONG = 0x04
_LONGEST_SHORT = 3
_LONGEST = 0xFF


@dataclass(frozen=True, slots=True)
class Tpi:
    """One item. ``identity`` is 0–15, usually a ``TpiIdentity``; ``data`` has up to 255 octets."""

    identity: int
    data: bytes = b""

    @property
    def psn(self) -> int | None:
        """The packet sequence number, or None where the item holds none."""
        if self.identity != TpiIdentity.PSN or len(self.data) != 1:
            return None
        return self.data[0]

    @property
    def option(self) -> tuple[int, int] | None:
        """Kind and value of an option, or None where the item is none."""
        if self.identity != TpiIdentity.OPTION or not self.data:
            return None
        return self.data[0], int.from_bytes(self.data[1:], "big")


def psn_tpi(psn: int) -> Tpi:
    """Return the item that says which packet an Ack is for."""
    return Tpi(TpiIdentity.PSN, bytes((psn,)))


def option_tpi(kind: OptionKind, value: int = 0) -> Tpi:
    """Return an option with a value of as many octets as it needs."""
    octets = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return Tpi(TpiIdentity.OPTION, bytes((kind,)) + octets)


def write(tpis: tuple[Tpi, ...]) -> bytes:
    """Return the octets; WtpError where an item does not fit its fields."""
    out = bytearray()
    for number, tpi in enumerate(tpis, 1):
        length = len(tpi.data)
        if not 0 <= tpi.identity <= 0x0F or length > _LONGEST:
            raise WtpError(f"a transport item of identity {tpi.identity} with {length} octets")
        first = (_CONTINUE if number < len(tpis) else 0) | tpi.identity << 3
        if length <= _LONGEST_SHORT:
            out.append(first | length)
        else:
            out += bytes((first | _LONG, length))
        out += tpi.data
    return bytes(out)


def read(data: bytes, position: int) -> tuple[tuple[Tpi, ...], int]:
    """Take items from ``position`` on; return them and where they end.

    Raises WtpError where the octets end too early.
    """
    tpis: list[Tpi] = []
    more = True
    while more:
        first = _octet(data, position)
        position += 1
        length = first & 0x03
        if first & _LONG:
            length = _octet(data, position)
            position += 1
        if position + length > len(data):
            raise WtpError(
                f"a transport item of {length} octets, {len(data) - position} are there", position
            )
        tpis.append(Tpi(first >> 3 & 0x0F, data[position : position + length]))
        position += length
        more = bool(first & _CONTINUE)
    return tuple(tpis), position


def _octet(data: bytes, position: int) -> int:
    if position >= len(data):
        raise WtpError("the transport items end too early", position)
    return data[position]
