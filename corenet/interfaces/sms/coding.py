"""What a data coding scheme says of user data, and the choice of one for a text.

Spec: TS 23.038 §4 (SMS data coding scheme).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from corenet.interfaces.sms import alphabet

DCS_DEFAULT: Final = 0x00
"""GSM 7 bit default alphabet, no class."""
DCS_OCTETS: Final = 0x04
"""8 bit data, no class."""
DCS_UCS2: Final = 0x08
DCS_OCTETS_CLASS_1: Final = 0xF5
"""8 bit data for the mobile equipment, as WAP uses it."""


class Alphabet(StrEnum):
    """How user data is coded."""

    DEFAULT = "GSM 7 bit"
    OCTETS = "8 bit"
    UCS2 = "UCS2"


@dataclass(frozen=True, slots=True)
class DataCoding:
    """A data coding scheme, read."""

    alphabet: Alphabet
    message_class: int | None = None
    """0 to be shown at once, 1 for the equipment, 2 for the SIM, 3 for the terminal."""
    compressed: bool = False


_GENERAL: Final = (Alphabet.DEFAULT, Alphabet.OCTETS, Alphabet.UCS2, Alphabet.DEFAULT)


def data_coding(dcs: int) -> DataCoding:
    """Return what ``dcs`` says; what is reserved is the default alphabet (§4)."""
    group = dcs >> 4
    if group < 8:
        message_class = dcs & 3 if dcs & 0x10 else None
        return DataCoding(_GENERAL[dcs >> 2 & 3], message_class, bool(dcs & 0x20))
    if group == 0xE:
        return DataCoding(Alphabet.UCS2)
    if group == 0xF:
        return DataCoding(Alphabet.OCTETS if dcs & 4 else Alphabet.DEFAULT, dcs & 3)
    return DataCoding(Alphabet.DEFAULT)


def is_septets(dcs: int) -> bool:
    """Whether user data is counted and packed in septets (TS 23.040 §9.2.3.16)."""
    coding = data_coding(dcs)
    return coding.alphabet is Alphabet.DEFAULT and not coding.compressed


def encode_text(text: str) -> tuple[int, bytes]:
    """Return a data coding scheme and the payload for ``text``: 7 bit, or UCS2 where it must."""
    try:
        return DCS_DEFAULT, alphabet.encode(text)
    except ValueError:
        return DCS_UCS2, text.encode("utf-16-be", "replace")


def decode_text(dcs: int, payload: bytes) -> str | None:
    """Return the text that ``payload`` is, or None for data that is none."""
    coding = data_coding(dcs)
    if coding.compressed or coding.alphabet is Alphabet.OCTETS:
        return None
    if coding.alphabet is Alphabet.UCS2:
        return payload.decode("utf-16-be", "replace")
    return alphabet.decode(payload)
