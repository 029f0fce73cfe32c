"""What the mandatory part of a PDU is made of: kinds of field, each read and written.

Spec: SMPP 3.4 §3.1 (types), §4.5 and §4.6 (the lists of submit_multi), §5.2 (values).

A kind reads from a position and returns the value and where the next field begins. It raises
``FieldError`` for what is no value; one without a status of its own gets that of its field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from testbed.codecs.smpp.constants import CommandStatus
from testbed.codecs.smpp.times import SmppTime, parse_time
from testbed.codecs.smpp.values import NO_ADDRESS, DistributionList, SmeAddress, Unsuccessful

LONGEST_SHORT_MESSAGE: Final = 254
MOST_DESTINATIONS: Final = 254
_TIME_LENGTH: Final = 16
_SME_ADDRESS: Final = 1
_DISTRIBUTION_LIST: Final = 2


class FieldError(ValueError):
    """The octets at ``position`` are no value of a field."""

    def __init__(self, text: str, position: int, status: CommandStatus | None = None) -> None:
        super().__init__(text)
        self.position = position
        self.status = status


class Kind(Protocol):
    """A kind of field."""

    @property
    def form(self) -> str:
        """Its type and its size in octets, in words."""
        ...

    @property
    def absent(self) -> Any:
        """The value where a response has no body."""
        ...

    def decode(self, data: bytes, position: int) -> tuple[Any, int]:
        """Return the value at ``position`` and the position after it."""
        ...

    def encode(self, value: Any) -> bytes:
        """Return the octets of a value. Raise ``ValueError`` where it has none."""
        ...


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a PDU."""

    name: str
    """The attribute that has its value."""
    kind: Kind
    status: CommandStatus = CommandStatus.RSYSERR
    """What is answered to a value that is none."""


def _short(position: int) -> FieldError:
    return FieldError("the PDU ends here", position, CommandStatus.RINVCMDLEN)


@dataclass(frozen=True, slots=True)
class Integer:
    """An unsigned number of one octet."""

    most: int = 0xFF
    absent: int = 0

    @property
    def form(self) -> str:
        """Its type and its size."""
        return "integer, 1" if self.most == 0xFF else f"integer, 1, 0 to {self.most}"

    def decode(self, data: bytes, position: int) -> tuple[int, int]:
        """Read the octet."""
        try:
            value = data[position]
        except IndexError:
            raise _short(position) from None
        if value > self.most:
            raise FieldError(f"{value} is more than {self.most}", position)
        return value, position + 1

    def encode(self, value: int) -> bytes:
        """Write the octet."""
        if not 0 <= value <= self.most:
            raise ValueError(f"not 0 to {self.most}")
        return bytes((value,))


@dataclass(frozen=True, slots=True)
class Text:
    """A C-octet string: characters that end with NUL."""

    size: int
    """Octets at most, with the NUL."""
    absent: str = ""

    @property
    def form(self) -> str:
        """Its type and its size."""
        return f"C-octet string, 1 to {self.size}"

    def decode(self, data: bytes, position: int) -> tuple[str, int]:
        """Read up to the NUL. What is not ASCII is taken as Latin 1, so that it survives."""
        end = data.find(0, position, position + self.size)
        if end < 0:
            if len(data) < position + self.size:
                raise _short(len(data))
            raise FieldError(f"it has no NUL within {self.size} octets", position)
        return data[position:end].decode("latin-1"), end + 1

    def encode(self, value: str) -> bytes:
        """Write the characters and the NUL."""
        octets = value.encode("latin-1")
        if len(octets) >= self.size:
            raise ValueError(f"longer than {self.size - 1} characters")
        if 0 in octets:
            raise ValueError("it has a NUL inside")
        return octets + b"\0"


@dataclass(frozen=True, slots=True)
class Time:
    """A time of sixteen characters, or none."""

    absent: None = None

    @property
    def form(self) -> str:
        """Its type and its size."""
        return "time, 1 or 17"

    def decode(self, data: bytes, position: int) -> tuple[SmppTime | None, int]:
        """Read the time."""
        text, after = Text(_TIME_LENGTH + 1).decode(data, position)
        if not text:
            return None, after
        try:
            return parse_time(text), after
        except ValueError as problem:
            raise FieldError(str(problem), position) from None

    def encode(self, value: SmppTime | None) -> bytes:
        """Write the time."""
        return b"\0" if value is None else str(value).encode("ascii") + b"\0"


@dataclass(frozen=True, slots=True)
class Address:
    """Type of number, numbering plan and address of a short message entity."""

    size: int
    """Octets that the address itself has at most, with the NUL."""
    absent: SmeAddress = NO_ADDRESS

    @property
    def form(self) -> str:
        """Its type and its size."""
        return f"TON 1, NPI 1, C-octet string, 1 to {self.size}"

    def decode(self, data: bytes, position: int) -> tuple[SmeAddress, int]:
        """Read the three."""
        if len(data) < position + 2:
            raise _short(len(data))
        text, after = Text(self.size).decode(data, position + 2)
        return SmeAddress(text, data[position], data[position + 1]), after

    def encode(self, value: SmeAddress) -> bytes:
        """Write the three."""
        return bytes((value.ton, value.npi)) + Text(self.size).encode(value.address)


@dataclass(frozen=True, slots=True)
class ShortMessage:
    """The length of a message in one octet, and the message."""

    absent: bytes = b""

    @property
    def form(self) -> str:
        """Its type and its size."""
        return f"length 1, octets, 0 to {LONGEST_SHORT_MESSAGE}"

    def decode(self, data: bytes, position: int) -> tuple[bytes, int]:
        """Read length and message."""
        length, start = Integer().decode(data, position)
        if length > LONGEST_SHORT_MESSAGE:
            raise FieldError(f"{length} is more than {LONGEST_SHORT_MESSAGE}", position)
        message = data[start : start + length]
        if len(message) < length:
            raise FieldError(f"{length} octets are announced, {len(message)} are there", position)
        return message, start + length

    def encode(self, value: bytes) -> bytes:
        """Write length and message."""
        if len(value) > LONGEST_SHORT_MESSAGE:
            raise ValueError(f"longer than {LONGEST_SHORT_MESSAGE} octets")
        return bytes((len(value),)) + value


@dataclass(frozen=True, slots=True)
class Destinations:
    """The destinations of submit_multi: their number, and each with a flag that says its kind."""

    absent: tuple[()] = ()

    @property
    def form(self) -> str:
        """Its type and its size."""
        return f"number 1, destinations, 1 to {MOST_DESTINATIONS}"

    def decode(
        self, data: bytes, position: int
    ) -> tuple[tuple[SmeAddress | DistributionList, ...], int]:
        """Read number and destinations."""
        number, after = Integer().decode(data, position)
        if not 1 <= number <= MOST_DESTINATIONS:
            raise FieldError(f"{number} is not 1 to {MOST_DESTINATIONS}", position)
        destinations: list[SmeAddress | DistributionList] = []
        for _ in range(number):
            destination, after = self._decode_one(data, after)
            destinations.append(destination)
        return tuple(destinations), after

    @staticmethod
    def _decode_one(data: bytes, position: int) -> tuple[SmeAddress | DistributionList, int]:
        flag, start = Integer().decode(data, position)
        if flag == _SME_ADDRESS:
            try:
                return Address(21).decode(data, start)
            except FieldError as error:
                error.status = error.status or CommandStatus.RINVDSTADR
                raise
        if flag == _DISTRIBUTION_LIST:
            try:
                name, after = Text(21).decode(data, start)
            except FieldError as error:
                error.status = error.status or CommandStatus.RINVDLNAME
                raise
            return DistributionList(name), after
        raise FieldError(
            f"{flag} is neither address nor distribution list",
            position,
            CommandStatus.RINVDESTFLAG,
        )

    def encode(self, value: Sequence[SmeAddress | DistributionList]) -> bytes:
        """Write number and destinations."""
        if not 1 <= len(value) <= MOST_DESTINATIONS:
            raise ValueError(f"not 1 to {MOST_DESTINATIONS} destinations")
        parts = [bytes((len(value),))]
        for destination in value:
            if isinstance(destination, DistributionList):
                parts.append(bytes((_DISTRIBUTION_LIST,)) + Text(21).encode(destination.name))
            else:
                parts.append(bytes((_SME_ADDRESS,)) + Address(21).encode(destination))
        return b"".join(parts)


@dataclass(frozen=True, slots=True)
class UnsuccessfulOnes:
    """The destinations that submit_multi did not reach, each with its command_status."""

    absent: tuple[()] = ()

    @property
    def form(self) -> str:
        """Its type and its size."""
        return f"number 1, destinations with status 4, 0 to {MOST_DESTINATIONS}"

    def decode(self, data: bytes, position: int) -> tuple[tuple[Unsuccessful, ...], int]:
        """Read number and destinations."""
        number, after = Integer().decode(data, position)
        ones: list[Unsuccessful] = []
        for _ in range(number):
            destination, after = Address(21).decode(data, after)
            if len(data) < after + 4:
                raise _short(len(data))
            ones.append(Unsuccessful(destination, int.from_bytes(data[after : after + 4])))
            after += 4
        return tuple(ones), after

    def encode(self, value: Sequence[Unsuccessful]) -> bytes:
        """Write number and destinations."""
        if len(value) > MOST_DESTINATIONS:
            raise ValueError(f"more than {MOST_DESTINATIONS} destinations")
        return bytes((len(value),)) + b"".join(
            Address(21).encode(one.destination) + one.status.to_bytes(4) for one in value
        )


# Fields that several PDUs have

SERVICE_TYPE: Final = Field("service_type", Text(6), CommandStatus.RINVSERTYP)
SOURCE: Final = Field("source", Address(21), CommandStatus.RINVSRCADR)
DESTINATION: Final = Field("destination", Address(21), CommandStatus.RINVDSTADR)
ESM_CLASS: Final = Field("esm_class", Integer(), CommandStatus.RINVESMCLASS)
SCHEDULE: Final = Field("schedule_delivery_time", Time(), CommandStatus.RINVSCHED)
VALIDITY: Final = Field("validity_period", Time(), CommandStatus.RINVEXPIRY)
REGISTERED_DELIVERY: Final = Field("registered_delivery", Integer(), CommandStatus.RINVREGDLVFLG)
DATA_CODING: Final = Field("data_coding", Integer())
DEFAULT_MESSAGE: Final = Field("sm_default_msg_id", Integer(), CommandStatus.RINVDFTMSGID)
SHORT_MESSAGE: Final = Field("short_message", ShortMessage(), CommandStatus.RINVMSGLEN)
MESSAGE_ID: Final = Field("message_id", Text(65), CommandStatus.RINVMSGID)
