"""The PDUs of WTP, both ways (WAP-224 §8.3).

TIDs are as on the wire: the top bit tells which side of the transaction speaks. Reserved bits are
written as 0 and not looked at.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from testbed.codecs.wtp import tpi as items
from testbed.codecs.wtp.constants import (
    RESPONDER_BIT,
    PduType,
    ProviderAbort,
    Trailer,
    TransactionClass,
)
from testbed.codecs.wtp.errors import WtpError
from testbed.codecs.wtp.tpi import Tpi

_CONTINUE = 0x80
_RID = 0x01
_TIDVE = 0x04
_TID_NEW = 0x20
_USER_ACK = 0x10
_HEADER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Pdu(ABC):
    """What all have: ``tid`` is 0–65535."""

    TYPE: ClassVar[PduType]
    tid: int
    tpis: tuple[Tpi, ...] = ()

    @property
    def from_responder(self) -> bool:
        """Whether the responder of the transaction has sent it."""
        return bool(self.tid & RESPONDER_BIT)

    @abstractmethod
    def encode(self) -> bytes:
        """Return the octets; WtpError where a value does not fit its field."""

    def _written(self, flags: int, fixed: bytes, data: bytes = b"") -> bytes:
        if not 0 <= self.tid <= 0xFFFF:
            raise WtpError(f"a TID of {self.tid} is not two octets")
        first = self.TYPE << 3 | flags | (_CONTINUE if self.tpis else 0)
        return bytes((first,)) + self.tid.to_bytes(2, "big") + fixed + items.write(self.tpis) + data


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoke(Pdu):
    """Begins a transaction (WAP-224 §8.3.1); with a trailer of MORE or GROUP, only in part."""

    TYPE = PduType.INVOKE
    transaction_class: TransactionClass
    data: bytes
    tid_new: bool = False
    """The responder is to forget which TID came last."""
    user_ack: bool = False
    """The responder's user has to acknowledge, not the responder."""
    trailer: Trailer = Trailer.WHOLE
    rid: bool = False
    """Sent again."""

    def encode(self) -> bytes:
        """Return the octets; WtpError where a value does not fit its field."""
        fixed = (
            (_TID_NEW if self.tid_new else 0)
            | (_USER_ACK if self.user_ack else 0)
            | self.transaction_class
        )
        return self._written(self.trailer << 1 | self.rid, bytes((fixed,)), self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Pdu):
    """Answers an invoke of class 2 (WAP-224 §8.3.2)."""

    TYPE = PduType.RESULT
    data: bytes
    trailer: Trailer = Trailer.WHOLE
    rid: bool = False

    def encode(self) -> bytes:
        """Return the octets; WtpError where a value does not fit its field."""
        return self._written(self.trailer << 1 | self.rid, b"", self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack(Pdu):
    """Acknowledges an invoke, a result or a group of packets (WAP-224 §8.3.3)."""

    TYPE = PduType.ACK
    tid_verification: bool = False
    """The responder asks whether the TID is valid, or the initiator says that it is."""
    rid: bool = False

    @property
    def psn(self) -> int | None:
        """The last packet of the group that it is for, or None where it is for a message."""
        return next((tpi.psn for tpi in self.tpis if tpi.psn is not None), None)

    def encode(self) -> bytes:
        """Return the octets; WtpError where a value does not fit its field."""
        return self._written((_TIDVE if self.tid_verification else 0) | self.rid, b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort(Pdu):
    """Ends a transaction (WAP-224 §8.3.4).

    ``reason`` is 0–255: a ``UserAbort`` where ``user``, else a ``ProviderAbort``.
    """

    TYPE = PduType.ABORT
    reason: int
    user: bool = False

    def encode(self) -> bytes:
        """Return the octets; WtpError where a value does not fit its field."""
        return self._written(int(self.user), bytes((_one_octet(self.reason, "reason"),)))


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentedInvoke(Pdu):
    """A further packet of an invoke (WAP-224 §8.3.5); ``psn`` is 1–255."""

    TYPE = PduType.SEGMENTED_INVOKE
    psn: int
    data: bytes
    trailer: Trailer
    rid: bool = False

    def encode(self) -> bytes:
        """Return the octets; WtpError where a value does not fit its field."""
        return _segment(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentedResult(Pdu):
    """A further packet of a result (WAP-224 §8.3.6); ``psn`` is 1–255."""

    TYPE = PduType.SEGMENTED_RESULT
    psn: int
    data: bytes
    trailer: Trailer
    rid: bool = False

    def encode(self) -> bytes:
        """Return the octets; WtpError where a value does not fit its field."""
        return _segment(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class NegativeAck(Pdu):
    """Names the packets of a group that are missing (WAP-224 §8.3.7); none means all of it."""

    TYPE = PduType.NEGATIVE_ACK
    missing: tuple[int, ...] = ()
    """Packet sequence numbers."""
    rid: bool = False

    def encode(self) -> bytes:
        """Return the octets; WtpError where a value does not fit its field."""
        numbers = (len(self.missing), *self.missing)
        fixed = bytes(_one_octet(number, "packet number") for number in numbers)
        return self._written(int(self.rid), fixed)


def _segment(pdu: SegmentedInvoke | SegmentedResult) -> bytes:
    fixed = bytes((_one_octet(pdu.psn, "packet number"),))
    return pdu._written(pdu.trailer << 1 | pdu.rid, fixed, pdu.data)


def _one_octet(value: int, name: str) -> int:
    if not 0 <= value <= 0xFF:
        raise WtpError(f"a {name} of {value} is not one octet")
    return value


def decode(data: bytes) -> Pdu:
    """Read one PDU; WtpError, with as much of the header as was readable, where it is none."""
    if len(data) < _HEADER:
        raise WtpError("the PDU ends within its header", len(data))
    tid = int.from_bytes(data[1:_HEADER], "big")
    number = data[0] >> 3 & 0x0F
    if number not in _READERS:
        raise WtpError(f"PDU type {number} is not known", 0, tid=tid)
    pdu_type = PduType(number)
    try:
        return _READERS[pdu_type](data, tid)
    except WtpError as error:
        raise WtpError(
            error.text, error.octet, reason=error.reason, tid=tid, pdu_type=pdu_type
        ) from None


def _tpis(data: bytes, position: int) -> tuple[tuple[Tpi, ...], int]:
    return items.read(data, position) if data[0] & _CONTINUE else ((), position)


def _fixed(data: bytes, position: int) -> int:
    if position >= len(data):
        raise WtpError("the PDU ends within its header", position)
    return data[position]


def _end(data: bytes, position: int) -> None:
    if position < len(data):
        raise WtpError(f"{len(data) - position} octets after the end of the PDU", position)


def _trailer(data: bytes) -> Trailer:
    return Trailer(data[0] >> 1 & 0x03)


def _rid(data: bytes) -> bool:
    return bool(data[0] & _RID)


def _read_invoke(data: bytes, tid: int) -> Invoke:
    fixed = _fixed(data, _HEADER)
    if fixed >> 6:
        raise WtpError(
            f"version {fixed >> 6} of WTP", _HEADER, reason=ProviderAbort.WTP_VERSION_ZERO
        )
    if fixed & 0x03 > TransactionClass.RESULT:
        raise WtpError(f"transaction class {fixed & 0x03}", _HEADER)
    tpis, position = _tpis(data, _HEADER + 1)
    return Invoke(
        tid=tid,
        transaction_class=TransactionClass(fixed & 0x03),
        data=data[position:],
        tid_new=bool(fixed & _TID_NEW),
        user_ack=bool(fixed & _USER_ACK),
        trailer=_trailer(data),
        rid=_rid(data),
        tpis=tpis,
    )


def _read_result(data: bytes, tid: int) -> Result:
    tpis, position = _tpis(data, _HEADER)
    return Result(tid=tid, data=data[position:], trailer=_trailer(data), rid=_rid(data), tpis=tpis)


def _read_ack(data: bytes, tid: int) -> Ack:
    tpis, position = _tpis(data, _HEADER)
    _end(data, position)
    return Ack(tid=tid, tid_verification=bool(data[0] & _TIDVE), rid=_rid(data), tpis=tpis)


def _read_abort(data: bytes, tid: int) -> Abort:
    reason = _fixed(data, _HEADER)
    kind = data[0] & 0x07
    if kind > 1:
        raise WtpError(f"abort type {kind}", 0)
    tpis, position = _tpis(data, _HEADER + 1)
    _end(data, position)
    return Abort(tid=tid, reason=reason, user=bool(kind), tpis=tpis)


def _read_segmented_invoke(data: bytes, tid: int) -> SegmentedInvoke:
    psn, tpis, position = _segment_header(data)
    return SegmentedInvoke(
        tid=tid, psn=psn, data=data[position:], trailer=_trailer(data), rid=_rid(data), tpis=tpis
    )


def _read_segmented_result(data: bytes, tid: int) -> SegmentedResult:
    psn, tpis, position = _segment_header(data)
    return SegmentedResult(
        tid=tid, psn=psn, data=data[position:], trailer=_trailer(data), rid=_rid(data), tpis=tpis
    )


def _segment_header(data: bytes) -> tuple[int, tuple[Tpi, ...], int]:
    psn = _fixed(data, _HEADER)
    if psn == 0:
        raise WtpError("packet 0 is not a further packet", _HEADER)
    return psn, *_tpis(data, _HEADER + 1)


def _read_negative_ack(data: bytes, tid: int) -> NegativeAck:
    count = _fixed(data, _HEADER)
    start = _HEADER + 1
    if start + count > len(data):
        raise WtpError(f"{count} missing packets, {len(data) - start} octets are there", start)
    tpis, position = _tpis(data, start + count)
    _end(data, position)
    return NegativeAck(
        tid=tid, missing=tuple(data[start : start + count]), rid=_rid(data), tpis=tpis
    )


_READERS: dict[int, Callable[[bytes, int], Pdu]] = {
    PduType.INVOKE: _read_invoke,
    PduType.RESULT: _read_result,
    PduType.ACK: _read_ack,
    PduType.ABORT: _read_abort,
    PduType.SEGMENTED_INVOKE: _read_segmented_invoke,
    PduType.SEGMENTED_RESULT: _read_segmented_result,
    PduType.NEGATIVE_ACK: _read_negative_ack,
}
