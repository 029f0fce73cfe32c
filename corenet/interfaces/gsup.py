"""GSUP, what SGSN and HLR say to each other on Gr: one table of information elements.

Specs: OsmoHLR user manual, "Generic Subscriber Update Protocol"; TS 29.002 §8.1 (the MAP
operations that GSUP stands for); TS 24.008 §10.5.5.14 (cause), §10.5.6.1 (APN).

A message is one octet of type, then elements of tag, length (one octet each) and value. The
table ``_RULES`` names for each tag the attribute and the two conversions; what it does not name
is kept as octets in ``other_ies``. On TCP each message is framed by IPA (protocol 0xEE,
extension 0x05); here are the bare octets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address
from types import MappingProxyType
from typing import Any

from corenet.interfaces.nas.causes import GmmCause, gmm_cause_text

GSUP_PORT = 4222
"""TCP port of an HLR that speaks GSUP."""


class MessageType(IntEnum):
    """GSUP message types. Request, error and result are the four-step group's 0, 1 and 2."""

    UPDATE_LOCATION_REQUEST = 0x04
    UPDATE_LOCATION_ERROR = 0x05
    UPDATE_LOCATION_RESULT = 0x06
    SEND_AUTH_INFO_REQUEST = 0x08
    SEND_AUTH_INFO_ERROR = 0x09
    SEND_AUTH_INFO_RESULT = 0x0A
    AUTH_FAIL_REPORT = 0x0B
    PURGE_MS_REQUEST = 0x0C
    PURGE_MS_ERROR = 0x0D
    PURGE_MS_RESULT = 0x0E
    INSERT_SUBSCRIBER_DATA_REQUEST = 0x10
    INSERT_SUBSCRIBER_DATA_ERROR = 0x11
    INSERT_SUBSCRIBER_DATA_RESULT = 0x12
    DELETE_SUBSCRIBER_DATA_REQUEST = 0x14
    DELETE_SUBSCRIBER_DATA_ERROR = 0x15
    DELETE_SUBSCRIBER_DATA_RESULT = 0x16
    LOCATION_CANCEL_REQUEST = 0x1C
    LOCATION_CANCEL_ERROR = 0x1D
    LOCATION_CANCEL_RESULT = 0x1E
    SUPPLEMENTARY_SERVICE_REQUEST = 0x20
    SUPPLEMENTARY_SERVICE_ERROR = 0x21
    SUPPLEMENTARY_SERVICE_RESULT = 0x22
    MO_FORWARD_SM_REQUEST = 0x24
    MO_FORWARD_SM_ERROR = 0x25
    MO_FORWARD_SM_RESULT = 0x26
    MT_FORWARD_SM_REQUEST = 0x28
    MT_FORWARD_SM_ERROR = 0x29
    MT_FORWARD_SM_RESULT = 0x2A
    READY_FOR_SM_REQUEST = 0x2C
    READY_FOR_SM_ERROR = 0x2D
    READY_FOR_SM_RESULT = 0x2E
    CHECK_IMEI_REQUEST = 0x30
    CHECK_IMEI_ERROR = 0x31
    CHECK_IMEI_RESULT = 0x32

    @property
    def text(self) -> str:
        """The type in words, such as "UpdateLocation Request"."""
        *procedure, kind = self.name.split("_")
        return "".join(_WORDS.get(word, word.capitalize()) for word in procedure) + (
            " " + kind.capitalize()
        )

    @property
    def is_request(self) -> bool:
        """Whether it asks for a result or an error."""
        return self.name.endswith("_REQUEST")

    @property
    def request(self) -> MessageType:
        """The request that this type answers, or is."""
        return MessageType(self & ~3)

    @property
    def error(self) -> MessageType:
        """The type that refuses this request."""
        return MessageType(self & ~3 | 1)

    @property
    def result(self) -> MessageType:
        """The type that grants this request."""
        return MessageType(self & ~3 | 2)


_WORDS = MappingProxyType({"MS": "MS", "SM": "SM", "MO": "MO-", "MT": "MT-", "IMEI": "IMEI"})


class Ie(IntEnum):
    """Tags of the information elements that have an attribute here."""

    IMSI = 0x01
    CAUSE = 0x02
    PDP_INFO_COMPLETE = 0x04
    PDP_INFO = 0x05
    CANCEL_TYPE = 0x06
    FREEZE_PTMSI = 0x07
    MSISDN = 0x08
    HLR_NUMBER = 0x09
    PDP_CONTEXT_ID = 0x10
    PDP_ADDRESS = 0x11
    APN = 0x12
    PDP_QOS = 0x13
    CHARGING_CHARACTERISTICS = 0x14
    CN_DOMAIN = 0x28
    SM_ALERT_REASON = 0x46
    SOURCE_NAME = 0x60
    DESTINATION_NAME = 0x61


class CnDomain(IntEnum):
    """Core network domain that a message is about."""

    PS = 1
    CS = 2


class CancelType(IntEnum):
    """Why a location is cancelled (TS 29.002 §7.6.3.52)."""

    UPDATE_PROCEDURE = 0
    """The MS is served by another SGSN now."""
    SUBSCRIPTION_WITHDRAW = 1


class SmAlertReason(IntEnum):
    """Why an MS is ready for short messages, or packets, again (TS 29.002 §7.6.8.8)."""

    MS_PRESENT = 1
    MEMORY_AVAILABLE = 2


class PdpType(IntEnum):
    """PDP type organisation and number (TS 29.060 §7.7.27)."""

    PPP = 0x0001
    IPV4 = 0x0121
    IPV6 = 0x0157
    IPV4V6 = 0x018D


class GsupError(Exception):
    """A peer sent octets that are no GSUP message; carries the cause to answer with.

    ``message_type`` and ``imsi`` are there where they could be read: an answer needs both.
    """

    def __init__(self, cause: GmmCause, text: str, *, octet: int) -> None:
        super().__init__(f"octet {octet}: {text}")
        self.cause = cause
        self.octet = octet
        self.message_type: MessageType | None = None
        self.imsi: str | None = None


@dataclass(frozen=True, slots=True)
class RawIe:
    """An information element that has no attribute."""

    tag: int
    value: bytes


@dataclass(frozen=True, slots=True)
class PdpAddress:
    """PDP type and, where the subscription gives one, the static address."""

    pdp_type: int = PdpType.IPV4
    """Organisation and number, one of ``PdpType`` or another 12 bit number."""
    address: str | None = None
    """The static address in text form, or None where it is dynamic."""


@dataclass(frozen=True, slots=True)
class PdpInfo:
    """One subscribed PDP context (TS 23.060 §13.1)."""

    context_id: int
    pdp_address: PdpAddress | None = None
    apn: str | None = None
    """APN network identifier, or "*" for any."""
    qos: bytes | None = None
    charging_characteristics: bytes | None = None
    other_ies: tuple[RawIe, ...] = ()

    @property
    def address(self) -> str | None:
        """The static address, or None where it is dynamic."""
        return self.pdp_address.address if self.pdp_address is not None else None


@dataclass(frozen=True, slots=True)
class GsupMessage:
    """A GSUP message. Attributes are None where an element is absent."""

    type: MessageType
    imsi: str
    msisdn: str | None = None
    hlr_number: bytes | None = None
    cause: int | None = None
    """GMM cause, mandatory in errors."""
    cancel_type: CancelType | None = None
    pdp_info_complete: bool = False
    """Whether ``pdp_info`` replaces everything that the SGSN had."""
    freeze_ptmsi: bool = False
    pdp_info: tuple[PdpInfo, ...] = ()
    cn_domain: CnDomain | None = None
    sm_alert_reason: SmAlertReason | None = None
    source_name: bytes | None = None
    destination_name: bytes | None = None
    other_ies: tuple[RawIe, ...] = ()

    def encode(self) -> bytes:
        """Return the octets. Raises ValueError for a value that has none."""
        if self.type.name.endswith("_ERROR") and self.cause is None:
            raise ValueError(f"{self.type.text} has no cause")
        return bytes((self.type,)) + _encode_ies(self, _RULES)


def decode(data: bytes) -> GsupMessage:
    """Return the message that ``data`` holds. Raises GsupError, and only that."""
    if not data:
        raise GsupError(GmmCause.PROTOCOL_ERROR_UNSPECIFIED, "no message type", octet=1)
    try:
        message_type = MessageType(data[0])
    except ValueError:
        raise GsupError(
            GmmCause.MESSAGE_TYPE_UNKNOWN, f"message type {data[0]:#04x} is unknown", octet=1
        ) from None
    attributes: dict[str, Any] = {"type": message_type}
    try:
        _decode_ies(data, 1, len(data), _RULES, attributes)
        if "imsi" not in attributes:
            raise GsupError(GmmCause.INVALID_MANDATORY_INFORMATION, "IMSI is missing", octet=2)
        if message_type.name.endswith("_ERROR") and "cause" not in attributes:
            raise GsupError(GmmCause.INVALID_MANDATORY_INFORMATION, "cause is missing", octet=2)
    except GsupError as error:
        error.message_type = message_type
        error.imsi = attributes.get("imsi")
        raise
    return GsupMessage(**attributes)


def summary(message: GsupMessage) -> str:
    """Return one line for people: the type and what matters in it."""
    parts = [message.type.text, message.imsi]
    if message.cause is not None:
        parts.append(f"{gmm_cause_text(message.cause)} ({message.cause})")
    if message.cancel_type is not None:
        parts.append(message.cancel_type.name.lower().replace("_", " "))
    if message.msisdn is not None:
        parts.append(f"MSISDN {message.msisdn}")
    parts += [f"{info.apn or '*'} {info.address or 'dynamic'}" for info in message.pdp_info]
    if message.sm_alert_reason is not None:
        parts.append(message.sm_alert_reason.name.lower().replace("_", " "))
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class _Rule:
    tag: Ie
    attribute: str
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    repeatable: bool = False


def _encode_ies(message: GsupMessage | PdpInfo, rules: tuple[_Rule, ...]) -> bytes:
    out = bytearray()
    for rule in rules:
        value = getattr(message, rule.attribute)
        if value is None or value is False:
            continue
        for one in value if rule.repeatable else (value,):
            _append(out, rule.tag, rule.encode(one))
    for raw in message.other_ies:
        _append(out, raw.tag, raw.value)
    return bytes(out)


def _append(out: bytearray, tag: int, value: bytes) -> None:
    if len(value) > 255:
        raise ValueError(f"element {tag:#04x} has {len(value)} octets, at most 255 fit")
    out += bytes((tag, len(value)))
    out += value


def _decode_ies(
    data: bytes, start: int, end: int, rules: tuple[_Rule, ...], attributes: dict[str, Any]
) -> None:
    by_tag: dict[int, _Rule] = {rule.tag: rule for rule in rules}
    others = []
    for octet, tag, value in _split(data, start, end):
        rule = by_tag.get(tag)
        if rule is None or (rule.attribute in attributes and not rule.repeatable):
            others.append(RawIe(tag, value))
            continue
        try:
            converted = rule.decode(value)
        except ValueError as error:
            raise GsupError(
                GmmCause.INVALID_MANDATORY_INFORMATION,
                f"{rule.tag.name} is wrong: {error}",
                octet=octet,
            ) from None
        if rule.repeatable:
            converted = (*attributes.get(rule.attribute, ()), converted)
        attributes[rule.attribute] = converted
    if others:
        attributes["other_ies"] = tuple(others)


def _split(data: bytes, start: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield octet number (from 1), tag and value of each element."""
    while start < end:
        value = start + 2
        if value > end or value + data[start + 1] > end:
            raise GsupError(
                GmmCause.INVALID_MANDATORY_INFORMATION,
                f"element {data[start]:#04x} overruns the message",
                octet=start + 1,
            )
        following = value + data[start + 1]
        yield start + 1, data[start], data[value:following]
        start = following


def _encode_digits(digits: str) -> bytes:
    if not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"no digits: {digits!r}")
    padded = digits + "F" * (len(digits) % 2)
    return bytes.fromhex("".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2)))


def _decode_digits(value: bytes) -> str:
    swapped = value.hex()
    digits = "".join(swapped[i + 1] + swapped[i] for i in range(0, len(swapped), 2))
    digits = digits.removesuffix("f")
    if not digits.isdigit():
        raise ValueError(f"octets {swapped} are no digits")
    return digits


def _decode_imsi(value: bytes) -> str:
    imsi = _decode_digits(value)
    if not 6 <= len(imsi) <= 15:
        raise ValueError(f"an IMSI has 6 to 15 digits, not {len(imsi)}")
    return imsi


def _encode_imsi(imsi: str) -> bytes:
    if not 6 <= len(imsi) <= 15:
        raise ValueError(f"an IMSI has 6 to 15 digits: {imsi!r}")
    return _encode_digits(imsi)


def _encode_msisdn(msisdn: str) -> bytes:
    """Return a length octet and the digits; OsmoHLR gives no octet for the type of number."""
    digits = _encode_digits(msisdn)
    return bytes((len(digits),)) + digits


def _decode_msisdn(value: bytes) -> str:
    if not value or value[0] != len(value) - 1:
        raise ValueError("the length of the digits is not the rest of the element")
    return _decode_digits(value[1:])


def _one_octet(value: bytes) -> int:
    if len(value) != 1:
        raise ValueError(f"one octet is right, not {len(value)}")
    return value[0]


def _encode_octet(value: int) -> bytes:
    return bytes((value,))


def _encode_flag(_: bool) -> bytes:
    """Return an octet that nobody reads: presence says it all, but Wireshark stumbles at none."""
    return b"\x01"


def _decode_flag(_: bytes) -> bool:
    return True


def _encode_apn(apn: str) -> bytes:
    if apn == "*":
        return b"*"
    labels = [label.encode("ascii") for label in apn.split(".")]
    if not all(0 < len(label) < 64 for label in labels):
        raise ValueError(f"no access point name: {apn!r}")
    return b"".join(bytes((len(label),)) + label for label in labels)


def _decode_apn(value: bytes) -> str:
    if value == b"*":
        return "*"
    labels = []
    position = 0
    while position < len(value):
        end = position + 1 + value[position]
        if value[position] == 0 or end > len(value):
            raise ValueError("a label overruns the element")
        labels.append(value[position + 1 : end].decode("ascii"))
        position = end
    if not labels:
        raise ValueError("there is no label")
    return ".".join(labels)


def _encode_pdp_address(pdp: PdpAddress) -> bytes:
    octets = (0xF000 | pdp.pdp_type).to_bytes(2, "big")
    if pdp.address is None:
        return octets
    if pdp.pdp_type == PdpType.IPV4:
        return octets + IPv4Address(pdp.address).packed
    if pdp.pdp_type == PdpType.IPV6:
        return octets + IPv6Address(pdp.address).packed
    raise ValueError(f"PDP type {pdp.pdp_type:#05x} takes no static address here")


def _decode_pdp_address(value: bytes) -> PdpAddress:
    if len(value) < 2:
        raise ValueError(f"two octets of PDP type are the least, not {len(value)}")
    pdp_type = int.from_bytes(value[:2], "big") & 0x0FFF
    if len(value) == 2:
        return PdpAddress(pdp_type)
    if pdp_type == PdpType.IPV4:
        return PdpAddress(pdp_type, str(IPv4Address(value[2:])))
    if pdp_type == PdpType.IPV6:
        return PdpAddress(pdp_type, str(IPv6Address(value[2:])))
    raise ValueError(f"PDP type {pdp_type:#05x} takes no static address here")


def _unchanged(value: bytes) -> bytes:
    return value


_PDP_INFO_RULES = (
    _Rule(Ie.PDP_CONTEXT_ID, "context_id", _encode_octet, _one_octet),
    _Rule(Ie.PDP_ADDRESS, "pdp_address", _encode_pdp_address, _decode_pdp_address),
    _Rule(Ie.APN, "apn", _encode_apn, _decode_apn),
    _Rule(Ie.PDP_QOS, "qos", _unchanged, _unchanged),
    _Rule(Ie.CHARGING_CHARACTERISTICS, "charging_characteristics", _unchanged, _unchanged),
)


def _encode_pdp_info(info: PdpInfo) -> bytes:
    return _encode_ies(info, _PDP_INFO_RULES)


def _decode_pdp_info(value: bytes) -> PdpInfo:
    attributes: dict[str, Any] = {}
    try:
        _decode_ies(value, 0, len(value), _PDP_INFO_RULES, attributes)
    except GsupError as error:
        raise ValueError(str(error)) from None
    if "context_id" not in attributes:
        raise ValueError("there is no PDP context id")
    return PdpInfo(**attributes)


_RULES = (
    _Rule(Ie.IMSI, "imsi", _encode_imsi, _decode_imsi),
    _Rule(Ie.MSISDN, "msisdn", _encode_msisdn, _decode_msisdn),
    _Rule(Ie.HLR_NUMBER, "hlr_number", _unchanged, _unchanged),
    _Rule(Ie.CAUSE, "cause", _encode_octet, _one_octet),
    _Rule(Ie.CANCEL_TYPE, "cancel_type", _encode_octet, lambda v: CancelType(_one_octet(v))),
    _Rule(Ie.PDP_INFO_COMPLETE, "pdp_info_complete", _encode_flag, _decode_flag),
    _Rule(Ie.FREEZE_PTMSI, "freeze_ptmsi", _encode_flag, _decode_flag),
    _Rule(Ie.PDP_INFO, "pdp_info", _encode_pdp_info, _decode_pdp_info, repeatable=True),
    _Rule(Ie.CN_DOMAIN, "cn_domain", _encode_octet, lambda v: CnDomain(_one_octet(v))),
    _Rule(
        Ie.SM_ALERT_REASON,
        "sm_alert_reason",
        _encode_octet,
        lambda v: SmAlertReason(_one_octet(v)),
    ),
    _Rule(Ie.SOURCE_NAME, "source_name", _unchanged, _unchanged),
    _Rule(Ie.DESTINATION_NAME, "destination_name", _unchanged, _unchanged),
)
"""The table. Its order is the order of emission, which is OsmoHLR's."""
