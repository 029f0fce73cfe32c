"""A push as PDUs for an SMSC, and what the SMSC says of it.

Specs: SMPP 3.4 §4.4 (submit_sm), §4.7 (data_sm), §2.7.3 (transaction mode), appendix B (receipts);
TS 23.040 §9.2.3.24.1 (segments); WAP-259 (WDP over SMS).

Theory of operation. An SMSC with transaction mode gets a push whole, with its ports as parameters,
and the response is the outcome; where the terminal is away it is to say when that is over. Any
other SMSC gets it in segments, each a message of its own with its header in it, which is stored and
forwarded; the receipts of all of them make the outcome. Their reference comes from the
transaction's key, so that a terminal that has a part of a push already joins what is sent again to
it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from zlib import crc32

from corenet.interfaces.sms.header import Ports, encode_header
from corenet.interfaces.sms.segmentation import segment
from testbed.codecs.smpp import (
    CommandStatus,
    DataSm,
    DeliverSm,
    EsmClass,
    MessageState,
    MessagingMode,
    NetworkErrorCode,
    Receipt,
    RegisteredDelivery,
    RelativeTime,
    Response,
    SmeAddress,
    SubmitSm,
    status_text,
)
from testbed.codecs.smpp import parameters as p
from testbed.esme.outcome import SmsDelivered, SmsFailed, SmsOutcome

_TEXT: Final = re.compile(rb"\bid:(\S+).*?\bstat:([A-Z]+)(?:.*?\berr:(\d+))?", re.DOTALL)
_STATES: Final = {
    b"DELIVRD": MessageState.DELIVERED,
    b"EXPIRED": MessageState.EXPIRED,
    b"DELETED": MessageState.DELETED,
    b"UNDELIV": MessageState.UNDELIVERABLE,
    b"REJECTD": MessageState.REJECTED,
    b"UNKNOWN": MessageState.UNKNOWN,
}
_MISSING: Final = re.compile(r"segments missing of \d+: ([\d, ]+)")
_LONGEST: Final = 99 * 86_400.0
"""Seconds that a relative time of SMPP can say in days."""


@dataclass(frozen=True, slots=True)
class PushTransaction:
    """A push that an SMSC is to deliver."""

    key: str
    """Names it; the same again is the same push."""
    msisdn: str
    pdu: bytes
    """The user data of WDP."""
    source_port: int
    destination_port: int
    deadline: float
    """Seconds since 1970-01-01 UTC; what has not arrived by then is not to arrive any more."""
    priority: int = 0
    """0 to 3, as SMPP has it (SMPP 3.4 §5.2.14)."""

    @property
    def reference(self) -> int:
        """A number of 16 bits that goes with the key."""
        return crc32(self.key.encode()) & 0xFFFF


def whole(push: PushTransaction, source: SmeAddress, data_coding: int, now: float) -> DataSm:
    """Return a push in transaction mode."""
    return DataSm(
        service_type="WAP",
        source=source,
        destination=SmeAddress.international(push.msisdn),
        esm_class=int(EsmClass(MessagingMode.TRANSACTION)),
        data_coding=data_coding,
        tlvs=(
            p.USER_MESSAGE_REFERENCE(push.reference),
            p.SOURCE_PORT(push.source_port),
            p.DESTINATION_PORT(push.destination_port),
            p.QOS_TIME_TO_LIVE(_seconds_left(push, now)),
            p.SET_DPF(1),
            p.MESSAGE_PAYLOAD(push.pdu),
        ),
    )


def cut(push: PushTransaction, source: SmeAddress, data_coding: int, now: float) -> list[SubmitSm]:
    """Return a push in segments. Raises ValueError for one that takes more than 255."""
    segments = segment(
        push.pdu,
        dcs=data_coding,
        header=(Ports(push.destination_port, push.source_port),),
        reference=push.reference,
        wide=True,
    )
    left = min(_seconds_left(push, now), _LONGEST)
    return [
        SubmitSm(
            service_type="WAP",
            source=source,
            destination=SmeAddress.international(push.msisdn),
            esm_class=int(EsmClass(MessagingMode.STORE_AND_FORWARD, udhi=True)),
            priority_flag=push.priority,
            validity_period=RelativeTime.of(left),
            registered_delivery=int(RegisteredDelivery(Receipt.FINAL)),
            data_coding=data_coding,
            short_message=encode_header(one.header) + one.payload,
        )
        for one in segments
    ]


def _seconds_left(push: PushTransaction, now: float) -> int:
    return max(1, int(push.deadline - now))


def outcome_of(response: Response, segments: int) -> SmsOutcome:
    """Return the outcome that the response to a push in transaction mode is."""
    if response.is_success:
        return SmsDelivered(segments)
    code = response.get(p.NETWORK_ERROR_CODE)
    text = response.get(p.ADDITIONAL_STATUS_INFO_TEXT) or status_text(response.status)
    missing = _MISSING.search(text)
    return SmsFailed(
        response.status,
        response.get(p.DELIVERY_FAILURE_REASON),
        _pair(code),
        () if missing is None else tuple(map(int, missing[1].split(","))),
        text,
    )


def _pair(code: NetworkErrorCode | None) -> tuple[int, int] | None:
    return None if code is None else (code.network_type, code.code)


@dataclass(frozen=True, slots=True)
class ReceiptRead:
    """What a delivery receipt says."""

    message_id: str
    state: MessageState
    network_error: tuple[int, int] | None = None


def read_receipt(pdu: DeliverSm) -> ReceiptRead | None:
    """Return what a deliver_sm says of a message, by parameters or in words; None: nothing."""
    state: int | None = pdu.get(p.MESSAGE_STATE)
    message_id = pdu.get(p.RECEIPTED_MESSAGE_ID)
    code = _pair(pdu.get(p.NETWORK_ERROR_CODE))
    said = _TEXT.search(pdu.user_data)
    if said is not None:
        message_id = message_id or said[1].decode("latin-1")
        state = _STATES.get(said[2]) if state is None else state
        if code is None and said[3] is not None and int(said[3]):
            code = 0, int(said[3])
    if message_id is None or state is None:
        return None
    try:
        return ReceiptRead(message_id, MessageState(state), code)
    except ValueError:
        return None


@dataclass(slots=True)
class Group:
    """The segments of one push that are stored and forwarded, by number from 1."""

    size: int
    arrived: set[int] = field(default_factory=set)
    failed: dict[int, SmsFailed] = field(default_factory=dict)

    def outcome(self) -> SmsOutcome | None:
        """Return the outcome, once every segment has its own."""
        if len(self.arrived) + len(self.failed) < self.size:
            return None
        if not self.failed:
            return SmsDelivered(self.size)
        first = self.failed[min(self.failed)]
        return SmsFailed(
            first.command_status,
            first.delivery_failure_reason,
            first.network_error_code,
            tuple(sorted(self.failed)),
            first.reason,
        )


def failure_of(receipt: ReceiptRead) -> SmsFailed:
    """Return the failure that a receipt tells."""
    return SmsFailed(
        CommandStatus.RDELIVERYFAILURE,
        network_error_code=receipt.network_error,
        reason=f"a segment is {receipt.state.name.lower()}",
    )


def segments_of(pdu: bytes, data_coding: int, ports: Sequence[int]) -> int:
    """Return how many short messages a push takes, cut with an 8-bit reference."""
    header = (Ports(ports[0], ports[1]),)
    return len(segment(pdu, dcs=data_coding, header=header, reference=0))
