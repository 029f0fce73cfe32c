"""What several mobility management messages have: mobile identity, optional elements.

Specs: TS 24.008 §10.5.1.4 (mobile identity), §10.5.5.8 (P-TMSI signature), §10.5.7.3 (timers).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PROTOCOL_DISCRIMINATOR: Final = 0x08

IEI_READY_TIMER: Final = 0x17
IEI_P_TMSI: Final = 0x18
IEI_SIGNATURE: Final = 0x19
IEI_CAUSE: Final = 0x25
IEI_DRX: Final = 0x27
IEI_CONTEXT_STATUS: Final = 0x32

SIZES: Final = {IEI_READY_TIMER: 1, IEI_SIGNATURE: 3, IEI_CAUSE: 1, IEI_DRX: 2}
"""Octets of the optional elements that have no length of their own (format TV)."""

NO_RAI: Final = bytes.fromhex("00f110fffeff")
"""The old routeing area of an MS that has none: LAC FFFE reads as deleted (§10.5.5.15)."""

MS_NETWORK_CAPABILITY: Final = bytes.fromhex("6500")
"""What these mobiles can do (§10.5.5.12): short messages on both kinds of channel, R99, no
ciphering algorithm."""

MS_RADIO_ACCESS_CAPABILITY: Final = bytes.fromhex("1125000000")
"""GSM 900 extended, power class 1, nothing else (§10.5.5.12a)."""

NO_DRX: Final = bytes.fromhex("0000")
"""DRX parameter of an MS that was given none (§10.5.5.6)."""

PERIODIC_UPDATE_54_MINUTES: Final = 0x49
"""T3312 as a GPRS timer: 9 decihours (§10.5.7.3)."""


@dataclass(frozen=True, slots=True)
class MobileIdentity:
    """Who the MS says it is (TS 24.008 §10.5.1.4): one of IMSI and P-TMSI."""

    imsi: str | None = None
    p_tmsi: int | None = None

    def encode(self) -> bytes:
        """Return the element's value part; raises ValueError where there is no identity in it."""
        if self.imsi is not None:
            if not (self.imsi.isascii() and self.imsi.isdigit() and len(self.imsi) <= 15):
                raise ValueError(f"IMSI {self.imsi!r} is not 1 to 15 digits")
            odd = len(self.imsi) % 2
            digits = self.imsi + ("" if odd else "f")
            first = bytes((int(digits[0]) << 4 | odd << 3 | 1,))
            pairs = zip(digits[1::2], digits[2::2], strict=True)
            return first + bytes(int(high + low, 16) for low, high in pairs)
        if self.p_tmsi is not None:
            return b"\xf4" + self.p_tmsi.to_bytes(4, "big")
        raise ValueError("mobile identity that is empty")

    @classmethod
    def decode(cls, value: bytes) -> MobileIdentity:
        """Return the identity in an element's value part.

        Raises ValueError where it is neither an IMSI nor a P-TMSI.
        """
        kind = value[0] & 7 if value else 0
        if kind == 4 and len(value) == 5:
            return cls(p_tmsi=int.from_bytes(value[1:], "big"))
        if kind != 1:
            raise ValueError("mobile identity that is neither IMSI nor P-TMSI")
        halves = [value[0] >> 4]
        for octet in value[1:]:
            halves += (octet & 0x0F, octet >> 4)
        if not value[0] & 8 and halves.pop() != 0x0F:
            raise ValueError("IMSI of an even number of digits without filler")
        if not 0 < len(halves) <= 15 or max(halves) > 9:
            raise ValueError("IMSI that is not 1 to 15 digits")
        return cls(imsi="".join(map(str, halves)))

    def __str__(self) -> str:
        if self.imsi is not None:
            return f"IMSI {self.imsi}"
        return "no identity" if self.p_tmsi is None else f"P-TMSI {self.p_tmsi:08x}"


def area_text(rai: bytes) -> str:
    """Return a routeing area identification as MCC-MNC-LAC-RAC (§10.5.5.15), all decimal."""
    mcc = f"{rai[0] & 15:x}{rai[0] >> 4:x}{rai[1] & 15:x}"
    third = "" if rai[1] >> 4 == 15 else f"{rai[1] >> 4:x}"
    mnc = f"{rai[2] & 15:x}{rai[2] >> 4:x}{third}"
    return f"{mcc}-{mnc}-{int.from_bytes(rai[3:5])}-{rai[5]}"


def counted(value: bytes) -> bytes:
    """Return a value with its length before it."""
    return bytes((len(value),)) + value


def one(identifier: int, value: int | None) -> bytes:
    """Return an optional element of one octet; nothing where there is no value."""
    return b"" if value is None else bytes((identifier, value))


def found_octet(found: Mapping[int, bytes], identifier: int) -> int | None:
    """Return the value of an optional element of one octet, where it is there."""
    value = found.get(identifier)
    return value[0] if value else None


def signature(value: bytes | None) -> bytes:
    """Return the optional element P-TMSI signature."""
    return b"" if value is None else bytes((IEI_SIGNATURE,)) + value


def p_tmsi(value: int | None) -> bytes:
    """Return the optional element that is a P-TMSI."""
    if value is None:
        return b""
    return bytes((IEI_P_TMSI,)) + counted(MobileIdentity(p_tmsi=value).encode())


def found_p_tmsi(found: Mapping[int, bytes]) -> int | None:
    """Return the P-TMSI among optional elements; another identity there counts as none."""
    try:
        return MobileIdentity.decode(found.get(IEI_P_TMSI, b"")).p_tmsi
    except ValueError:
        return None
