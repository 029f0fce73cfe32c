"""Reads what is submitted: submit_sm, submit_multi, data_sm and SMS-SUBMIT become messages.

Spec: SMPP 3.4 §4.4 (submit_sm), §4.7 (data_sm), §5.2.12 (esm_class), §5.2.19 (data_coding).

The user data header comes either with the message (UDHI) or is made of optional parameters: ports,
and the sar parameters of an ESME that has cut the message itself. Both at once contradict each
other and are refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from corenet.interfaces.sms import tpdu
from corenet.interfaces.sms.address import SmsAddress, TypeOfNumber
from corenet.interfaces.sms.coding import DCS_OCTETS, DCS_UCS2, encode_text, is_septets
from corenet.interfaces.sms.errors import Reader, SmsError
from corenet.interfaces.sms.header import Concatenation, Element, Header, Ports, decode_header
from corenet.interfaces.sms.times import RelativeValidity, Timestamp
from testbed.codecs.smpp import (
    CommandStatus,
    DataSm,
    DistributionList,
    EsmClass,
    MessagingMode,
    Npi,
    RegisteredDelivery,
    ReplaceSm,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    Ton,
)
from testbed.codecs.smpp import parameters as p
from testbed.smsc.message import Mode, ShortMessage

_S = CommandStatus
_LAST_SEPTET: Final = 0x7F
_MODES: Final = {
    MessagingMode.DATAGRAM: Mode.DATAGRAM,
    MessagingMode.TRANSACTION: Mode.TRANSACTION,
    MessagingMode.STORE_AND_FORWARD: Mode.STORE_AND_FORWARD,
}
_TONS: Final = frozenset({Ton.UNKNOWN, Ton.INTERNATIONAL})
_NPIS: Final = frozenset({Npi.UNKNOWN, Npi.ISDN})
_LATIN: Final = {0x01: "ascii", 0x03: "latin-1", 0x06: "iso8859-5", 0x07: "iso8859-8"}
"""Character sets of SMPP that GSM does not have; they are turned into 7 bit or UCS2."""
_HEADER_TAGS: Final = p.tags(
    p.SOURCE_PORT, p.DESTINATION_PORT, p.SAR_MSG_REF_NUM, p.SAR_TOTAL_SEGMENTS, p.SAR_SEGMENT_SEQNUM
)


class Refused(Exception):  # noqa: N818
    """A submission is not taken; ``status`` is the command_status to answer with."""

    def __init__(self, status: CommandStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One message for one terminal, and how it is to be treated."""

    message: ShortMessage
    mode: Mode
    registered: RegisteredDelivery
    validity: float | None = None
    """When it is to be given up, in seconds since 1970-01-01 UTC; None: the SMSC's default."""
    scheduled: float | None = None
    """When it may go out at the earliest."""
    priority: int = 0
    service_type: str = ""
    replaces: bool = False
    """Whether it takes the place of one that waits, of the same service type and addresses."""
    user_reference: int | None = None
    set_dpf: bool = False
    """Whether the ESME wants to be told when a terminal that was absent is back."""


def read(pdu: SubmitSm | SubmitMulti | DataSm, now: float, *, default: Mode) -> list[Submission]:
    """Return a submission for each destination. Raises Refused.

    ``default`` is what esm_class 0 means at this SMSC.
    """
    esm_class = EsmClass.read(pdu.esm_class)
    mode = _MODES.get(esm_class.mode, default)
    header, payload, dcs = _user_data(pdu, udhi=esm_class.udhi)
    if isinstance(pdu, DataSm):
        time_to_live = pdu.get(p.QOS_TIME_TO_LIVE)
        validity, scheduled = None if time_to_live is None else now + time_to_live, None
    else:
        validity, scheduled = _times(pdu, now)
    if scheduled is not None and mode is not Mode.STORE_AND_FORWARD:
        raise Refused(_S.RINVSCHED, f"{mode} mode delivers at once")
    source = _source(pdu.source)
    pid, priority, replaces = _options(pdu)
    set_dpf = pdu.get(p.SET_DPF)
    destinations = pdu.destinations if isinstance(pdu, SubmitMulti) else (pdu.destination,)
    return [
        Submission(
            message=ShortMessage(
                source=source,
                destination=_destination(destination),
                payload=payload,
                header=header,
                dcs=dcs,
                pid=pid,
            ),
            mode=mode,
            registered=RegisteredDelivery.read(pdu.registered_delivery),
            validity=validity,
            scheduled=scheduled,
            priority=priority,
            service_type=pdu.service_type,
            replaces=replaces,
            user_reference=pdu.get(p.USER_MESSAGE_REFERENCE),
            set_dpf=bool(set_dpf),
        )
        for destination in destinations
    ]


def read_submit(sender: str, pdu: tpdu.Submit, now: float) -> Submission:
    """Return the submission that a mobile's SMS-SUBMIT is. Raises Refused."""
    number = pdu.destination.number
    if not _is_number(number):
        raise Refused(_S.RINVDSTADR, f"{number!r} is no international number")
    validity: float | None = None
    if isinstance(pdu.validity, RelativeValidity):
        validity = now + pdu.validity.seconds
    elif isinstance(pdu.validity, Timestamp):
        validity = float(pdu.validity.seconds)
    if validity is not None and validity <= now:
        raise Refused(_S.RINVEXPIRY, "its validity is over")
    return Submission(
        message=ShortMessage(
            source=SmsAddress(sender),
            destination=number,
            payload=pdu.payload,
            header=pdu.header,
            dcs=pdu.dcs,
            pid=pdu.pid,
        ),
        mode=Mode.STORE_AND_FORWARD,
        registered=RegisteredDelivery(),
        validity=validity,
    )


def _is_number(digits: str) -> bool:
    return digits.isascii() and digits.isdecimal() and 5 <= len(digits) <= 15


def _options(pdu: SubmitSm | SubmitMulti | DataSm) -> tuple[int, int, bool]:
    """Return protocol identifier, priority, and whether it replaces another message."""
    if isinstance(pdu, DataSm):
        return 0, 0, False
    return pdu.protocol_id, pdu.priority_flag, bool(pdu.replace_if_present_flag)


def _source(address: SmeAddress) -> SmsAddress:
    try:
        ton = TypeOfNumber(address.ton)
    except ValueError:
        raise Refused(_S.RINVSRCTON, f"{address.ton} is no type of number") from None
    if not address.address:
        raise Refused(_S.RINVSRCADR, "there is no source address")
    return SmsAddress(address.address, ton, address.npi)


def _destination(destination: SmeAddress | DistributionList) -> str:
    if isinstance(destination, DistributionList):
        raise Refused(_S.RINVDLNAME, f"there is no distribution list {destination.name!r}")
    if destination.ton not in _TONS:
        raise Refused(_S.RINVDSTTON, "destinations are international numbers")
    if destination.npi not in _NPIS:
        raise Refused(_S.RINVDSTNPI, "destinations are numbers of telephony (E.164)")
    number = destination.address.removeprefix("+")
    if not _is_number(number):
        raise Refused(_S.RINVDSTADR, f"{destination.address!r} is no international number")
    return number


def _user_data(pdu: SubmitSm | SubmitMulti | DataSm, *, udhi: bool) -> tuple[Header, bytes, int]:
    """Return header, payload and DCS."""
    if not isinstance(pdu, DataSm):
        if pdu.short_message and any(tlv.tag == p.MESSAGE_PAYLOAD.tag for tlv in pdu.tlvs):
            raise Refused(_S.RINVMSGLEN, "both short_message and message_payload have octets")
        if pdu.sm_default_msg_id:
            raise Refused(_S.RINVDFTMSGID, "this SMSC has no predefined messages")
    data = pdu.user_data
    tags = {tlv.tag for tlv in pdu.tlvs} & _HEADER_TAGS
    if not udhi:
        dcs, payload = _coded(pdu.data_coding, data)
        return _header_of_parameters(pdu), payload, dcs
    if tags:
        raise Refused(
            _S.ROPTPARNOTALLWD, "a user data header comes with the message or by parameters"
        )
    reader = Reader(data)
    try:
        header = decode_header(reader)
    except SmsError as error:
        raise Refused(_S.RINVESMCLASS, f"UDHI is set, but there is no header: {error}") from None
    dcs, payload = _coded(pdu.data_coding, reader.rest())
    return header, payload, dcs


def _header_of_parameters(pdu: SubmitSm | SubmitMulti | DataSm) -> Header:
    header: list[Element] = []
    sar = (
        pdu.get(p.SAR_MSG_REF_NUM),
        pdu.get(p.SAR_TOTAL_SEGMENTS),
        pdu.get(p.SAR_SEGMENT_SEQNUM),
    )
    reference, total, sequence = sar
    if reference is not None and total is not None and sequence is not None:
        if not 1 <= sequence <= total:
            raise Refused(_S.RINVOPTPARAMVAL, f"there is no segment {sequence} of {total}")
        if total > 1:
            header.append(Concatenation(reference, total, sequence, wide=True))
    elif sar != (None, None, None):
        raise Refused(_S.RMISSINGOPTPARAM, "the three sar parameters come together")
    port = pdu.get(p.DESTINATION_PORT)
    if port is not None:
        header.append(Ports(port, pdu.get(p.SOURCE_PORT) or 0))
    elif pdu.get(p.SOURCE_PORT) is not None:
        raise Refused(_S.RMISSINGOPTPARAM, "there is a source_port, but no destination_port")
    return tuple(header)


def _coded(data_coding: int, data: bytes) -> tuple[int, bytes]:
    """Return a GSM DCS and the payload."""
    if data_coding in _LATIN:
        return encode_text(data.decode(_LATIN[data_coding], "replace"))
    if data_coding in (0x02, 0x04):
        return DCS_OCTETS, data
    if data_coding == 0x08:
        return DCS_UCS2, data
    if data_coding and data_coding < 0xC0:
        raise Refused(_S.RSUBMITFAIL, f"data_coding {data_coding:#04x} is not supported")
    if is_septets(data_coding) and any(octet > _LAST_SEPTET for octet in data):
        raise Refused(_S.RSUBMITFAIL, "it is said to be of septets, but has octets above 127")
    return data_coding, data


def _times(
    pdu: SubmitSm | SubmitMulti | ReplaceSm, now: float
) -> tuple[float | None, float | None]:
    """Return when it is to be given up, and when it may go out."""
    validity = None if pdu.validity_period is None else pdu.validity_period.after(now)
    scheduled = (
        None if pdu.schedule_delivery_time is None else pdu.schedule_delivery_time.after(now)
    )
    if scheduled is not None and scheduled <= now:
        scheduled = None
    if validity is not None and validity <= (scheduled or now):
        raise Refused(_S.RINVEXPIRY, "its validity is over before it may go out")
    return validity, scheduled


def new_text(old: Submission, pdu: ReplaceSm, now: float) -> Submission:
    """Return a submission with what replace_sm gives it (SMPP 3.4 §4.10). Raises Refused.

    The coding and the header stay as they were; times that are not given too.
    """
    if pdu.sm_default_msg_id:
        raise Refused(_S.RINVDFTMSGID, "this SMSC has no predefined messages")
    payload = pdu.short_message
    if is_septets(old.message.dcs) and any(octet > _LAST_SEPTET for octet in payload):
        raise Refused(_S.RREPLACEFAIL, "the message is of septets, the new text is not")
    validity, scheduled = _times(pdu, now)
    return replace(
        old,
        message=replace(old.message, payload=payload),
        validity=old.validity if validity is None else validity,
        scheduled=old.scheduled if scheduled is None else scheduled,
        registered=RegisteredDelivery.read(pdu.registered_delivery),
    )
