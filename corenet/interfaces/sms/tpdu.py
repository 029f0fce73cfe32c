"""TPDUs: what mobile and service centre say to each other.

Spec: TS 23.040 §9.2.2 (the messages), §9.2.3 (their fields). One class for each message, the
fields in the order of the specification. ``decode`` needs to know which way a TPDU goes, and
whether a report came in RP-ERROR, for the message type says neither.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final, TypeVar

from corenet.interfaces.sms.address import SmsAddress, decode_tp, encode_tp
from corenet.interfaces.sms.coding import decode_text
from corenet.interfaces.sms.errors import Reader, SmsError
from corenet.interfaces.sms.header import Header
from corenet.interfaces.sms.segmentation import USER_DATA_OCTETS
from corenet.interfaces.sms.times import (
    EnhancedValidity,
    RelativeValidity,
    Timestamp,
    Validity,
    decode_timestamp,
)
from corenet.interfaces.sms.user_data import decode_user_data, encode_user_data

_MTI: Final = 0x03
_BIT_2: Final = 0x04
_LOOP_PREVENTION: Final = 0x08
_BIT_5: Final = 0x20
_UDHI: Final = 0x40
_REPLY_PATH: Final = 0x80
_HAS_PID, _HAS_DCS, _HAS_DATA, _MORE_INDICATORS = 0x01, 0x02, 0x04, 0x80

MAX_TPDU: Final = 164
"""Octets of the longest TPDU that there is."""


class FailureCause(IntEnum):
    """TP-Failure-Cause (§9.2.3.22); others are received too."""

    PID_UNSPECIFIED = 0x8F
    DCS_UNSPECIFIED = 0x9F
    TPDU_NOT_SUPPORTED = 0xB0
    SC_BUSY = 0xC0
    NO_SC_SUBSCRIPTION = 0xC1
    SC_SYSTEM_FAILURE = 0xC2
    INVALID_SME_ADDRESS = 0xC3
    DESTINATION_BARRED = 0xC4
    DUPLICATE_REJECTED = 0xC5
    SIM_STORAGE_FULL = 0xD0
    NO_SIM_STORAGE = 0xD1
    ERROR_IN_MS = 0xD2
    MEMORY_CAPACITY_EXCEEDED = 0xD3
    SAT_BUSY = 0xD4
    DATA_DOWNLOAD_ERROR = 0xD5
    UNSPECIFIED = 0xFF


class CommandType(IntEnum):
    """TP-Command-Type (§9.2.3.19)."""

    ENQUIRY = 0
    CANCEL_STATUS_REPORT = 1
    DELETE = 2
    ENABLE_STATUS_REPORT = 3


@dataclass(frozen=True, slots=True)
class Deliver:
    """SMS-DELIVER, service centre to mobile (§9.2.2.1)."""

    originator: SmsAddress
    timestamp: Timestamp
    payload: bytes
    dcs: int = 0
    header: Header = ()
    pid: int = 0
    more_messages: bool = False
    """Whether the service centre has more for this mobile."""
    loop_prevention: bool = False
    status_report_indication: bool = False
    reply_path: bool = False

    @property
    def text(self) -> str | None:
        """What it says, or None for data."""
        return decode_text(self.dcs, self.payload)

    def encode(self) -> bytes:
        """Return the octets. Raises ValueError for a value that has none."""
        flags = (0 if self.more_messages else _BIT_2) | _flags(
            loop_prevention=self.loop_prevention,
            bit_5=self.status_report_indication,
            header=self.header,
            reply_path=self.reply_path,
        )
        return (
            bytes((flags,))
            + encode_tp(self.originator)
            + bytes((self.pid, self.dcs))
            + self.timestamp.encode()
            + encode_user_data(self.dcs, self.header, self.payload, USER_DATA_OCTETS)
        )


@dataclass(frozen=True, slots=True)
class Submit:
    """SMS-SUBMIT, mobile to service centre (§9.2.2.2)."""

    reference: int
    """TP-Message-Reference, 0 to 255; a repeated submission keeps it."""
    destination: SmsAddress
    payload: bytes
    dcs: int = 0
    header: Header = ()
    pid: int = 0
    validity: Validity | None = None
    reject_duplicates: bool = False
    status_report_request: bool = False
    reply_path: bool = False

    @property
    def text(self) -> str | None:
        """What it says, or None for data."""
        return decode_text(self.dcs, self.payload)

    def encode(self) -> bytes:
        """Return the octets. Raises ValueError for a value that has none."""
        form, validity = _encode_validity(self.validity)
        flags = 1 | form << 3 | (_BIT_2 if self.reject_duplicates else 0)
        flags |= _flags(
            bit_5=self.status_report_request, header=self.header, reply_path=self.reply_path
        )
        return (
            bytes((flags, self.reference))
            + encode_tp(self.destination)
            + bytes((self.pid, self.dcs))
            + validity
            + encode_user_data(self.dcs, self.header, self.payload, USER_DATA_OCTETS)
        )


@dataclass(frozen=True, slots=True)
class DeliverReport:
    """SMS-DELIVER-REPORT, mobile to service centre, in RP-ACK or RP-ERROR (§9.2.2.1a)."""

    failure_cause: int | None = None
    """TP-FCS; there in RP-ERROR and nowhere else."""
    pid: int | None = None
    dcs: int | None = None
    payload: bytes | None = None
    """None where there is no user data; septets where ``dcs`` is None."""
    header: Header = ()

    def encode(self) -> bytes:
        """Return the octets. Raises ValueError for a value that has none."""
        cause = () if self.failure_cause is None else (self.failure_cause,)
        most = 159 - len(cause)
        return bytes((_flags(header=self.header), *cause)) + _encode_optional(self, b"", most)


@dataclass(frozen=True, slots=True)
class SubmitReport:
    """SMS-SUBMIT-REPORT, service centre to mobile, in RP-ACK or RP-ERROR (§9.2.2.2a)."""

    timestamp: Timestamp
    failure_cause: int | None = None
    """TP-FCS; there in RP-ERROR and nowhere else."""
    pid: int | None = None
    dcs: int | None = None
    payload: bytes | None = None
    header: Header = ()

    def encode(self) -> bytes:
        """Return the octets. Raises ValueError for a value that has none."""
        cause = () if self.failure_cause is None else (self.failure_cause,)
        flags = 1 | _flags(header=self.header)
        most = 152 - len(cause)
        return bytes((flags, *cause)) + _encode_optional(self, self.timestamp.encode(), most)


@dataclass(frozen=True, slots=True)
class StatusReport:
    """SMS-STATUS-REPORT, service centre to mobile (§9.2.2.3)."""

    reference: int
    recipient: SmsAddress
    timestamp: Timestamp
    discharge_time: Timestamp
    status: int
    """TP-Status (§9.2.3.15): 0 is received by the recipient."""
    more_messages: bool = False
    loop_prevention: bool = False
    about_command: bool = False
    """Whether it answers an SMS-COMMAND, not an SMS-SUBMIT."""
    pid: int | None = None
    dcs: int | None = None
    payload: bytes | None = None
    header: Header = ()

    def encode(self) -> bytes:
        """Return the octets. Raises ValueError for a value that has none."""
        flags = (
            2
            | (0 if self.more_messages else _BIT_2)
            | _flags(
                loop_prevention=self.loop_prevention, bit_5=self.about_command, header=self.header
            )
        )
        front = bytes((flags, self.reference)) + encode_tp(self.recipient)
        front += self.timestamp.encode() + self.discharge_time.encode() + bytes((self.status,))
        optional = _encode_optional(self, b"", USER_DATA_OCTETS)
        return front if optional == b"\x00" else front + optional


@dataclass(frozen=True, slots=True)
class Command:
    """SMS-COMMAND, mobile to service centre (§9.2.2.4)."""

    reference: int
    command: int
    """A ``CommandType``, or a number that the service centre knows."""
    message_number: int
    """TP-Message-Reference of the message that it is about."""
    destination: SmsAddress
    payload: bytes = b""
    """Command data; always octets."""
    header: Header = ()
    pid: int = 0
    status_report_request: bool = False

    def encode(self) -> bytes:
        """Return the octets. Raises ValueError for a value that has none."""
        flags = 2 | _flags(bit_5=self.status_report_request, header=self.header)
        return (
            bytes((flags, self.reference, self.pid, self.command, self.message_number))
            + encode_tp(self.destination)
            + encode_user_data(_OCTETS, self.header, self.payload, 157)
        )


Tpdu = Deliver | Submit | DeliverReport | SubmitReport | StatusReport | Command
_OCTETS: Final = 0x04
"""How command data is coded."""
_ABSENT_DCS: Final = 0x00
"""How the user data of a report is coded that names no data coding scheme."""

_Report = TypeVar("_Report", DeliverReport, SubmitReport, StatusReport)


def decode(octets: bytes, *, uplink: bool, error: bool = False) -> Tpdu:
    """Return the TPDU in ``octets``; raises SmsError, and only that.

    ``uplink`` says that the mobile sent it, ``error`` that it came in RP-ERROR. Octets behind
    the last field are ignored, as a receiver should (§9.1).
    """
    reader = Reader(octets)
    flags = reader.octet("TPDU")
    decoder = _DECODERS.get((uplink, flags & _MTI))
    if decoder is None:
        raise SmsError(f"TPDU type {flags & _MTI} is reserved", 0)
    return decoder(reader, flags, error)


def _deliver(reader: Reader, flags: int, _: bool) -> Deliver:
    originator = decode_tp(reader, "originating address")
    pid, dcs = reader.take(2, "protocol identifier and data coding scheme")
    timestamp = _timestamp(reader, "service centre time stamp")
    header, payload = decode_user_data(reader, dcs, bool(flags & _UDHI))
    return Deliver(
        originator,
        timestamp,
        payload,
        dcs,
        header,
        pid,
        more_messages=not flags & _BIT_2,
        loop_prevention=bool(flags & _LOOP_PREVENTION),
        status_report_indication=bool(flags & _BIT_5),
        reply_path=bool(flags & _REPLY_PATH),
    )


def _submit(reader: Reader, flags: int, _: bool) -> Submit:
    reference = reader.octet("message reference")
    destination = decode_tp(reader, "destination address")
    pid, dcs = reader.take(2, "protocol identifier and data coding scheme")
    validity = _decode_validity(reader, flags >> 3 & 3)
    header, payload = decode_user_data(reader, dcs, bool(flags & _UDHI))
    return Submit(
        reference,
        destination,
        payload,
        dcs,
        header,
        pid,
        validity,
        reject_duplicates=bool(flags & _BIT_2),
        status_report_request=bool(flags & _BIT_5),
        reply_path=bool(flags & _REPLY_PATH),
    )


def _deliver_report(reader: Reader, flags: int, error: bool) -> DeliverReport:
    cause = reader.octet("failure cause") if error else None
    return DeliverReport(cause, **_optional(reader, flags))


def _submit_report(reader: Reader, flags: int, error: bool) -> SubmitReport:
    cause = reader.octet("failure cause") if error else None
    indicators = _indicators(reader)
    timestamp = _timestamp(reader, "service centre time stamp")
    return SubmitReport(timestamp, cause, **_indicated(reader, flags, indicators))


def _status_report(reader: Reader, flags: int, _: bool) -> StatusReport:
    return StatusReport(
        reader.octet("message reference"),
        decode_tp(reader, "recipient address"),
        _timestamp(reader, "service centre time stamp"),
        _timestamp(reader, "discharge time"),
        reader.octet("status"),
        more_messages=not flags & _BIT_2,
        loop_prevention=bool(flags & _LOOP_PREVENTION),
        about_command=bool(flags & _BIT_5),
        **(_optional(reader, flags) if reader.left else {}),
    )


def _command(reader: Reader, flags: int, _: bool) -> Command:
    reference, pid, command, number = reader.take(4, "command")
    destination = decode_tp(reader, "destination address")
    header, payload = decode_user_data(reader, _OCTETS, bool(flags & _UDHI))
    return Command(
        reference,
        command,
        number,
        destination,
        payload,
        header,
        pid,
        status_report_request=bool(flags & _BIT_5),
    )


_DECODERS: Final[Mapping[tuple[bool, int], Callable[[Reader, int, bool], Tpdu]]] = MappingProxyType(
    {
        (False, 0): _deliver,
        (False, 1): _submit_report,
        (False, 2): _status_report,
        # A mobile takes the reserved type for an SMS-DELIVER (§9.2.3.1).
        (False, 3): _deliver,
        (True, 0): _deliver_report,
        (True, 1): _submit,
        (True, 2): _command,
    }
)


def _flags(
    *,
    loop_prevention: bool = False,
    bit_5: bool = False,
    header: Header = (),
    reply_path: bool = False,
) -> int:
    return (
        (_LOOP_PREVENTION if loop_prevention else 0)
        | (_BIT_5 if bit_5 else 0)
        | (_UDHI if header else 0)
        | (_REPLY_PATH if reply_path else 0)
    )


def _timestamp(reader: Reader, what: str) -> Timestamp:
    position = reader.position
    return decode_timestamp(reader.take(7, what), position)


def _encode_validity(validity: Validity | None) -> tuple[int, bytes]:
    """Return TP-VPF and TP-VP."""
    if validity is None:
        return 0, b""
    if isinstance(validity, RelativeValidity):
        return 2, bytes((validity.value,))
    if isinstance(validity, EnhancedValidity):
        return 1, validity.octets
    return 3, validity.encode()


def _decode_validity(reader: Reader, form: int) -> Validity | None:
    if form == 0:
        return None
    if form == 2:
        return RelativeValidity(reader.octet("validity period"))
    if form == 1:
        return EnhancedValidity(reader.take(7, "validity period"))
    return _timestamp(reader, "validity period")


def _encode_optional(report: _Report, between: bytes, most: int) -> bytes:
    """Return TP-PI, ``between`` and the fields that TP-PI says are there (§9.2.3.27)."""
    indicators = 0
    fields = b""
    if report.pid is not None:
        indicators |= _HAS_PID
        fields += bytes((report.pid,))
    if report.dcs is not None:
        indicators |= _HAS_DCS
        fields += bytes((report.dcs,))
    if report.payload is not None:
        indicators |= _HAS_DATA
        dcs = _ABSENT_DCS if report.dcs is None else report.dcs
        fields += encode_user_data(dcs, report.header, report.payload, most)
    return bytes((indicators,)) + between + fields


def _optional(reader: Reader, flags: int) -> dict[str, Any]:
    """Take TP-PI and the fields that it says are there; none of it need be there."""
    return _indicated(reader, flags, _indicators(reader)) if reader.left else {}


def _indicators(reader: Reader) -> int:
    indicators = octet = reader.octet("parameter indicator")
    while octet & _MORE_INDICATORS:
        octet = reader.octet("parameter indicator")
    return indicators


def _indicated(reader: Reader, flags: int, indicators: int) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    if indicators & _HAS_PID:
        fields["pid"] = reader.octet("protocol identifier")
    if indicators & _HAS_DCS:
        fields["dcs"] = reader.octet("data coding scheme")
    if indicators & _HAS_DATA:
        dcs = fields.get("dcs", _ABSENT_DCS)
        fields["header"], fields["payload"] = decode_user_data(reader, dcs, bool(flags & _UDHI))
    return fields
