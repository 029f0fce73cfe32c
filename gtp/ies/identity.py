"""Who it is: IMSI, temporary identities, numbers and IMEI(SV).

Specs: TS 29.060 §7.7.2 (IMSI), §7.7.4 (TLLI), §7.7.5 (P-TMSI), §7.7.9 (P-TMSI Signature), §7.7.10
(MS Validated), §7.7.33 (MSISDN), §7.7.47 (SGSN Number), §7.7.53 (IMEI(SV)), §7.7.109 (STN-SR),
§7.7.110 (C-MSISDN); TS 23.003 for the length of each.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from gtp.constants import IEType
from gtp.ies.element import Element, Usual, fixed_number, fixed_octets, flag, octet
from gtp.ies.values import INTERNATIONAL

_SWAP: Final = bytes((octet >> 4) | ((octet & 15) << 4) for octet in range(256))
"""Exchanges the nibbles: the first digit stands in the low one."""

_IMSI_HEAD: Final = bytes((IEType.IMSI,))
_IMEI_HEAD: Final = bytes((IEType.IMEI, 0, 8))


def digits_of(value: bytes) -> str:
    """Return the digits of TBCD octets whose filler, if any, is at the end."""
    digits = value.translate(_SWAP).hex().rstrip("f")
    if not digits.isdecimal():
        raise ValueError("holds something other than digits")
    return digits


def octets_of(digits: str, size: int | None = None) -> bytes:
    """Return digits as TBCD, filled to ``size`` octets or to the next whole octet."""
    if not digits.isdecimal():
        raise ValueError("is not a string of digits")
    width = len(digits) + 1 & ~1 if size is None else 2 * size
    return bytes.fromhex(digits.ljust(width, "f")).translate(_SWAP)


def _decode_imsi(value: bytes) -> str:
    imsi = value.translate(_SWAP).hex().rstrip("f")
    if len(imsi) > 15 or not imsi.isdecimal():
        raise ValueError("is not a string of 1 to 15 digits")
    return imsi


def _encode_imsi(imsi: str) -> bytes:
    if len(imsi) > 15 or not imsi.isdecimal():
        raise ValueError("is not a string of 1 to 15 digits")
    return _IMSI_HEAD + bytes.fromhex(imsi.ljust(16, "f")).translate(_SWAP)


def _decode_number(value: bytes) -> str:
    if not 2 <= len(value) <= 9:
        raise ValueError("length is not 2 to 9")
    return digits_of(value[1:])


def _encode_number(ie_type: int, digits: str) -> bytes:
    if len(digits) > 15:
        raise ValueError("has more than 15 digits")
    value = octets_of(digits)
    return b"%c\x00%c%c%b" % (ie_type, len(value) + 1, INTERNATIONAL, value)


def _number(ie_type: IEType) -> Element[str]:
    return Element(ie_type, _decode_number, partial(_encode_number, ie_type))


def _decode_imei(value: bytes) -> str:
    if len(value) != 8:
        raise ValueError("length is not 8")
    return digits_of(value)


def _encode_imei(imei: str) -> bytes:
    if len(imei) > 16:
        raise ValueError("has more than 16 digits")
    return _IMEI_HEAD + octets_of(imei, 8)


def decode_plmn(value: bytes) -> tuple[str, str]:
    """Return MCC and MNC of three octets; raises ValueError if they are no digits."""
    digits = value.translate(_SWAP).hex()
    mcc, mnc = digits[:3], digits[4:] + digits[3].removesuffix("f")
    if not (mcc + mnc).isdecimal():
        raise ValueError("the PLMN is not made of digits")
    return mcc, mnc


def encode_plmn(mcc: str, mnc: str) -> bytes:
    """Return the three octets of a PLMN; raises ValueError for what is none."""
    if len(mcc) != 3 or len(mnc) not in (2, 3) or not (mcc + mnc).isdecimal():
        raise ValueError(f"MCC {mcc!r} and MNC {mnc!r} are no PLMN")
    return bytes.fromhex(mcc + mnc[2:].rjust(1, "f") + mnc[:2]).translate(_SWAP)


def _identity_text(identity: int) -> str:
    return f"0x{identity:08x}"


_DIGITS: Final = b"[%b]" % b"".join(
    octet(16 * second + first) for first in range(10) for second in range(10)
)
"""The form of an octet with two digits."""
_LAST: Final = rb"[\xf0-\xf9]"
"""The form of an octet with one digit, the last."""


def _take_imsi(value: bytes) -> str:
    return value.translate(_SWAP).hex()[:15]


def _take_msisdn(value: bytes) -> str:
    return value[2:].translate(_SWAP).hex().rstrip("f")


def _take_imei(value: bytes) -> str:
    return value.translate(_SWAP).hex().rstrip("f")


IMSI: Final = Element(
    IEType.IMSI,
    _decode_imsi,
    _encode_imsi,
    usual=Usual(octet(IEType.IMSI) + b"(%b{7}%b)" % (_DIGITS, _LAST), _take_imsi),
)
MSISDN: Final = Element(
    IEType.MSISDN,
    _decode_number,
    partial(_encode_number, IEType.MSISDN),
    usual=Usual(
        octet(IEType.MSISDN)
        + rb"\x00(%b)"
        % b"|".join(
            octet(length) + b".%b{%d}(?:%b|%b)" % (_DIGITS, length - 2, _DIGITS, _LAST)
            for length in range(2, 10)
        ),
        _take_msisdn,
    ),
)
IMEI: Final = Element(
    IEType.IMEI,
    _decode_imei,
    _encode_imei,
    usual=Usual(
        octet(IEType.IMEI) + rb"\x00\x08(%b{7}(?:%b|%b))" % (_DIGITS, _DIGITS, _LAST), _take_imei
    ),
)
SGSN_NUMBER: Final = _number(IEType.SGSN_NUMBER)
STN_SR: Final = _number(IEType.STN_SR)
C_MSISDN: Final = _number(IEType.C_MSISDN)
TLLI: Final = fixed_number(IEType.TLLI, 4, _identity_text)
P_TMSI: Final = fixed_number(IEType.P_TMSI, 4, _identity_text)
P_TMSI_SIGNATURE: Final = fixed_octets(
    IEType.P_TMSI_SIGNATURE, 3, holds="a signature that its SGSN alone reads"
)
MS_VALIDATED: Final = flag(IEType.MS_VALIDATED)
