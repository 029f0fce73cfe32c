"""Small values that PDUs are made of: addresses, esm_class, registered_delivery, data_coding.

Spec: SMPP 3.4 §5.2.5–§5.2.19, §5.3.2.31. Each of the flag octets is kept whole in the PDU, so that
reserved bits survive; these types read and write what the bits mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Final

from testbed.codecs.smpp.constants import Npi, Ton


@dataclass(frozen=True, slots=True)
class SmeAddress:
    """The address of a short message entity, with type of number and numbering plan."""

    address: str = ""
    ton: int = Ton.UNKNOWN
    npi: int = Npi.UNKNOWN

    @classmethod
    def international(cls, number: str) -> SmeAddress:
        """Return the address of an MSISDN in international format, without a plus."""
        return cls(number, Ton.INTERNATIONAL, Npi.ISDN)


NO_ADDRESS: Final = SmeAddress()


@dataclass(frozen=True, slots=True)
class DistributionList:
    """A destination of submit_multi that stands for several."""

    name: str


@dataclass(frozen=True, slots=True)
class Unsuccessful:
    """A destination of submit_multi that was not taken, and why."""

    destination: SmeAddress
    status: int
    """A command_status."""


@dataclass(frozen=True, slots=True)
class NetworkErrorCode:
    """What a network said: its kind, one of ``NetworkType``, and an error code of 16 bit."""

    network_type: int
    code: int


class MessagingMode(IntEnum):
    """How the SMSC is to deliver (SMPP 3.4 §5.2.12, bits 1 and 0; ESME to SMSC)."""

    DEFAULT = 0
    DATAGRAM = 1
    TRANSACTION = 2
    """Forward mode: the response tells the outcome."""
    STORE_AND_FORWARD = 3


class MessageType(IntEnum):
    """What a message is (SMPP 3.4 §5.2.12, bits 5 to 2)."""

    NORMAL = 0x00
    DELIVERY_RECEIPT = 0x04
    DELIVERY_ACKNOWLEDGEMENT = 0x08
    USER_ACKNOWLEDGEMENT = 0x10
    CONVERSATION_ABORT = 0x18
    INTERMEDIATE_NOTIFICATION = 0x20


_MODE: Final = 0x03
_TYPE: Final = 0x3C
_UDHI: Final = 0x40
_REPLY_PATH: Final = 0x80


@dataclass(frozen=True, slots=True)
class EsmClass:
    """The esm_class octet, in parts (SMPP 3.4 §5.2.12)."""

    mode: MessagingMode = MessagingMode.DEFAULT
    type: int = MessageType.NORMAL
    """One of ``MessageType``, or a reserved value of its four bits."""
    udhi: bool = False
    """Whether the message begins with a user data header."""
    reply_path: bool = False

    @classmethod
    def read(cls, octet: int) -> EsmClass:
        """Return what an octet says."""
        return cls(
            MessagingMode(octet & _MODE),
            octet & _TYPE,
            bool(octet & _UDHI),
            bool(octet & _REPLY_PATH),
        )

    def __int__(self) -> int:
        return self.mode | self.type | (_UDHI * self.udhi) | (_REPLY_PATH * self.reply_path)


class Receipt(IntEnum):
    """When the SMSC is to tell the outcome (SMPP 3.4 §5.2.17, bits 1 and 0)."""

    NONE = 0
    FINAL = 1
    ON_FAILURE = 2
    RESERVED = 3


@dataclass(frozen=True, slots=True)
class RegisteredDelivery:
    """The registered_delivery octet, in parts (SMPP 3.4 §5.2.17)."""

    receipt: Receipt = Receipt.NONE
    delivery_acknowledgement: bool = False
    """Whether the receiving entity is to acknowledge delivery."""
    user_acknowledgement: bool = False
    intermediate: bool = False
    """Whether intermediate notifications are wanted."""

    @classmethod
    def read(cls, octet: int) -> RegisteredDelivery:
        """Return what an octet says; reserved bits say nothing."""
        return cls(Receipt(octet & 3), bool(octet & 4), bool(octet & 8), bool(octet & 0x10))

    def __int__(self) -> int:
        return (
            self.receipt
            | self.delivery_acknowledgement << 2
            | self.user_acknowledgement << 3
            | self.intermediate << 4
        )


class Alphabet(IntEnum):
    """What the octets of a short message are."""

    DEFAULT = 0
    """The SMSC's default alphabet."""
    OCTETS = 1
    UCS2 = 2
    OTHER = 3
    """Another character set of SMPP 3.4 §5.2.19, such as Latin 1."""


@dataclass(frozen=True, slots=True)
class DataCoding:
    """The data_coding octet, in parts (SMPP 3.4 §5.2.19; TS 23.038 §4 where it is a GSM DCS)."""

    octet: int

    WAP_PUSH: ClassVar[int] = 0xF5
    """Octets of message class 1, as WAP pushes usually are."""

    @property
    def alphabet(self) -> Alphabet:
        """What the octets of the message are."""
        octet = self.octet
        if octet >> 4 == 0xF:
            return Alphabet.OCTETS if octet & 0x04 else Alphabet.DEFAULT
        if octet >> 4 == 0xE:
            return Alphabet.UCS2
        if octet >> 4 in (0xC, 0xD) or octet == 0:
            return Alphabet.DEFAULT
        if octet in (0x02, 0x04):
            return Alphabet.OCTETS
        return Alphabet.UCS2 if octet == 0x08 else Alphabet.OTHER

    @property
    def message_class(self) -> int | None:
        """The GSM message class, 0..3, or None where the coding has none."""
        return self.octet & 3 if self.octet >> 4 == 0xF else None
