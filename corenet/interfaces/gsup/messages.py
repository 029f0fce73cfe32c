"""GSUP messages and their octets: one table of information elements.

Specs: OsmoHLR user manual, "Generic Subscriber Update Protocol"; TS 29.002 §8.1, §12 (the MAP
operations that GSUP stands for); TS 24.008 §10.5.5.14 (cause).

A message is one octet of type, then elements of tag, length (one octet each) and value. The
table ``_RULES`` names for each tag the attribute and the two conversions; what it does not name
is kept as octets in ``other_ies``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from corenet.authentication.secrets import Vector, kc_of, sres_of
from corenet.interfaces.gsup.fields import (
    auth_octets,
    decode_apn,
    decode_flag,
    decode_imsi,
    decode_msisdn,
    decode_pdp_address,
    decode_sm_rp_address,
    encode_apn,
    encode_flag,
    encode_imsi,
    encode_msisdn,
    encode_octet,
    encode_pdp_address,
    encode_sm_rp_address,
    one_octet,
    unchanged,
)
from corenet.interfaces.gsup.message_type import MessageType
from corenet.interfaces.gsup.values import (
    CancelType,
    CnDomain,
    Ie,
    MessageClass,
    PdpInfo,
    RawIe,
    SmAlertReason,
    SmRpAddress,
    SmRpAddressType,
)
from corenet.interfaces.nas.causes import GmmCause, gmm_cause_text
from corenet.interfaces.sms.causes import rp_cause_text
from corenet.interfaces.sms.describe import tpdu_summary


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
class GsupMessage:
    """A GSUP message. Attributes are None where an element is absent."""

    type: MessageType
    imsi: str
    """"" in an MT-forwardSM whose subscriber is known by number only."""
    msisdn: str | None = None
    hlr_number: bytes | None = None
    cause: int | None = None
    """GMM cause; an error has it, or ``sm_rp_cause``."""
    cancel_type: CancelType | None = None
    pdp_info_complete: bool = False
    """Whether ``pdp_info`` replaces everything that the SGSN had."""
    freeze_ptmsi: bool = False
    pdp_info: tuple[PdpInfo, ...] = ()
    pdp_context_ids: tuple[int, ...] = ()
    """Which contexts are to be deleted; none in a request to delete says: all GPRS data."""
    auth_tuples: tuple[Vector, ...] = ()
    """Vectors for authentications, to be used in this order."""
    rand: bytes | None = None
    """Of the challenge that ``auts`` answers."""
    auts: bytes | None = None
    """A card's wish for resynchronisation, 14 octets."""
    cn_domain: CnDomain | None = None
    sm_rp_mr: int | None = None
    """RP-Message-Reference; an answer repeats it."""
    sm_rp_da: SmRpAddress | None = None
    sm_rp_oa: SmRpAddress | None = None
    sm_rp_ui: bytes | None = None
    """A TPDU (TS 23.040)."""
    sm_rp_mms: int | None = None
    """1 where the service centre has more for this subscriber."""
    sm_rp_cause: int | None = None
    """RP cause (TS 24.011 §8.2.5.4)."""
    sm_alert_reason: SmAlertReason | None = None
    message_class: MessageClass | None = None
    source_name: bytes | None = None
    """Who sends it, for the answer to come back through the HLR."""
    destination_name: bytes | None = None
    """Whom an answer is for."""
    other_ies: tuple[RawIe, ...] = ()

    def encode(self) -> bytes:
        """Return the octets. Raises ValueError for a value that has none."""
        if self.type.is_error and self.cause is None and self.sm_rp_cause is None:
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
        _decode_ies(data, 1, len(data), _BY_TAG, attributes)
        _check(message_type, attributes)
    except GsupError as error:
        error.message_type = message_type
        error.imsi = attributes.get("imsi")
        raise
    return GsupMessage(**attributes)


def _check(message_type: MessageType, attributes: dict[str, Any]) -> None:
    """Raise GsupError where a mandatory element is missing."""
    if "imsi" not in attributes:
        if not _is_by_number(message_type, attributes):
            raise GsupError(GmmCause.INVALID_MANDATORY_INFORMATION, "IMSI is missing", octet=2)
        attributes["imsi"] = ""
    if message_type.is_error and not {"cause", "sm_rp_cause"} & attributes.keys():
        raise GsupError(GmmCause.INVALID_MANDATORY_INFORMATION, "cause is missing", octet=2)


def _is_by_number(message_type: MessageType, attributes: dict[str, Any]) -> bool:
    """Whether a short message's subscriber is named by MSISDN, which stands for the IMSI."""
    if message_type.request is not MessageType.MT_FORWARD_SM_REQUEST:
        return False
    address = attributes.get("sm_rp_da")
    by_number = address is not None and address.type is SmRpAddressType.MSISDN
    return by_number or "msisdn" in attributes


def summary(message: GsupMessage) -> str:
    """Return one line for people: the type and what matters in it."""
    parts = [message.type.text, message.imsi or _number(message)]
    if message.sm_rp_mr is not None:
        parts.append(f"reference {message.sm_rp_mr}")
    if message.cause is not None:
        parts.append(f"{gmm_cause_text(message.cause)} ({message.cause})")
    if message.sm_rp_cause is not None:
        parts.append(f"{rp_cause_text(message.sm_rp_cause)} (rp {message.sm_rp_cause})")
    if message.type.is_request and message.sm_rp_ui is not None:
        uplink = message.type is MessageType.MO_FORWARD_SM_REQUEST
        parts.append(tpdu_summary(message.sm_rp_ui, uplink=uplink))
    if message.cancel_type is not None:
        parts.append(message.cancel_type.name.lower().replace("_", " "))
    if message.msisdn is not None and message.imsi:
        parts.append(f"MSISDN {message.msisdn}")
    if message.auts is not None:
        parts.append("resynchronisation")
    if message.auth_tuples:
        quintuplets = sum(vector.autn is not None for vector in message.auth_tuples)
        parts.append(f"{len(message.auth_tuples)} vectors, {quintuplets} of them for UMTS")
    parts += [f"context {number}" for number in message.pdp_context_ids]
    parts += [f"{info.apn or '*'} {info.address or 'dynamic'}" for info in message.pdp_info]
    if message.sm_alert_reason is not None:
        parts.append(message.sm_alert_reason.name.lower().replace("_", " "))
    return ", ".join(parts)


def _number(message: GsupMessage) -> str:
    """Return the number of a subscriber that has no IMSI here."""
    address = message.sm_rp_da
    return f"+{message.msisdn}" if address is None else str(address.number)


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
        if value is None or value is False or value == "":
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
    data: bytes, start: int, end: int, by_tag: Mapping[int, _Rule], attributes: dict[str, Any]
) -> None:
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


_PDP_INFO_RULES = (
    _Rule(Ie.PDP_CONTEXT_ID, "context_id", encode_octet, one_octet),
    _Rule(Ie.PDP_ADDRESS, "pdp_address", encode_pdp_address, decode_pdp_address),
    _Rule(Ie.APN, "apn", encode_apn, decode_apn),
    _Rule(Ie.PDP_QOS, "qos", unchanged, unchanged),
    _Rule(Ie.CHARGING_CHARACTERISTICS, "charging_characteristics", unchanged, unchanged),
)


_PDP_INFO_BY_TAG: Mapping[int, _Rule] = {rule.tag: rule for rule in _PDP_INFO_RULES}


# Most subscribers of a network have the same few contexts: so they are read once, and kept once.
@lru_cache(maxsize=256)
def _encode_pdp_info(info: PdpInfo) -> bytes:
    return _encode_ies(info, _PDP_INFO_RULES)


@lru_cache(maxsize=256)
def _decode_pdp_info(value: bytes) -> PdpInfo:
    attributes: dict[str, Any] = {}
    try:
        _decode_ies(value, 0, len(value), _PDP_INFO_BY_TAG, attributes)
    except GsupError as error:
        raise ValueError(str(error)) from None
    if "context_id" not in attributes:
        raise ValueError("there is no PDP context id")
    return PdpInfo(**attributes)


_VECTOR_TAGS: Mapping[int, tuple[str, Callable[[bytes], bytes]]] = {
    Ie.RAND: ("rand", auth_octets(16)),
    Ie.SRES: ("sres", auth_octets(4)),
    Ie.KC: ("kc", auth_octets(8)),
    Ie.IK: ("ik", auth_octets(16)),
    Ie.CK: ("ck", auth_octets(16)),
    Ie.AUTN: ("autn", auth_octets(16)),
    Ie.RES: ("res", auth_octets(4, 16)),
}


def _encode_vector(vector: Vector) -> bytes:
    out = bytearray()
    for tag, (attribute, check) in _VECTOR_TAGS.items():
        value = getattr(vector, attribute)
        if value is not None:
            _append(out, tag, check(value))
    return bytes(out)


def _decode_vector(value: bytes) -> Vector:
    found: dict[str, bytes] = {}
    try:
        for _, tag, octets in _split(value, 0, len(value)):
            if tag in _VECTOR_TAGS:
                attribute, check = _VECTOR_TAGS[tag]
                found.setdefault(attribute, check(octets))
    except GsupError as error:
        raise ValueError(str(error)) from None
    if {"res", "ck", "ik"} <= found.keys():
        found.setdefault("sres", sres_of(found["res"]))
        found.setdefault("kc", kc_of(found["ck"], found["ik"]))
    if not {"rand", "sres", "kc"} <= found.keys():
        raise ValueError("there is neither a whole triplet nor a whole quintuplet")
    return Vector(**found)


_RULES = (
    _Rule(Ie.IMSI, "imsi", encode_imsi, decode_imsi),
    _Rule(Ie.MSISDN, "msisdn", encode_msisdn, decode_msisdn),
    _Rule(Ie.HLR_NUMBER, "hlr_number", unchanged, unchanged),
    _Rule(Ie.CAUSE, "cause", encode_octet, one_octet),
    _Rule(Ie.CANCEL_TYPE, "cancel_type", encode_octet, lambda v: CancelType(one_octet(v))),
    _Rule(Ie.PDP_INFO_COMPLETE, "pdp_info_complete", encode_flag, decode_flag),
    _Rule(Ie.FREEZE_PTMSI, "freeze_ptmsi", encode_flag, decode_flag),
    _Rule(Ie.PDP_INFO, "pdp_info", _encode_pdp_info, _decode_pdp_info, repeatable=True),
    _Rule(Ie.PDP_CONTEXT_ID, "pdp_context_ids", encode_octet, one_octet, repeatable=True),
    _Rule(Ie.AUTH_TUPLE, "auth_tuples", _encode_vector, _decode_vector, repeatable=True),
    _Rule(Ie.AUTS, "auts", auth_octets(14), auth_octets(14)),
    _Rule(Ie.RAND, "rand", auth_octets(16), auth_octets(16)),
    _Rule(Ie.CN_DOMAIN, "cn_domain", encode_octet, lambda v: CnDomain(one_octet(v))),
    _Rule(Ie.SM_RP_MR, "sm_rp_mr", encode_octet, one_octet),
    _Rule(Ie.SM_RP_DA, "sm_rp_da", encode_sm_rp_address, decode_sm_rp_address),
    _Rule(Ie.SM_RP_OA, "sm_rp_oa", encode_sm_rp_address, decode_sm_rp_address),
    _Rule(Ie.SM_RP_UI, "sm_rp_ui", unchanged, unchanged),
    _Rule(Ie.SM_RP_MMS, "sm_rp_mms", encode_octet, one_octet),
    _Rule(Ie.SM_RP_CAUSE, "sm_rp_cause", encode_octet, one_octet),
    _Rule(
        Ie.SM_ALERT_REASON,
        "sm_alert_reason",
        encode_octet,
        lambda v: SmAlertReason(one_octet(v)),
    ),
    _Rule(
        Ie.MESSAGE_CLASS,
        "message_class",
        encode_octet,
        lambda v: MessageClass(one_octet(v)),
    ),
    _Rule(Ie.SOURCE_NAME, "source_name", unchanged, unchanged),
    _Rule(Ie.DESTINATION_NAME, "destination_name", unchanged, unchanged),
)
"""The table. Its order is the order of emission, which is OsmoHLR's."""
_BY_TAG: Mapping[int, _Rule] = {rule.tag: rule for rule in _RULES}
