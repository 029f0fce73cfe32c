"""One line of text per short message, for ladders and logs. Nothing here raises."""

from __future__ import annotations

from corenet.interfaces.sms import cp, rp, tpdu
from corenet.interfaces.sms.causes import cp_cause_text, rp_cause_text
from corenet.interfaces.sms.coding import decode_text
from corenet.interfaces.sms.errors import SmsError
from corenet.interfaces.sms.header import Header, concatenation, ports
from corenet.interfaces.sms.rp import RpAck, RpData, RpError

_LONGEST = 40
"""Characters of a text that are shown."""


def cp_summary(octets: bytes, *, uplink: bool) -> str:
    """Return what a CP message carries: the names of its layers, and what matters in it."""
    try:
        message = cp.decode(octets)
    except SmsError as error:
        return f"malformed CP message: {error}"
    if isinstance(message, cp.CpAck):
        return "CP-ACK"
    if isinstance(message, cp.CpError):
        return f"CP-ERROR, {cp_cause_text(message.cause)} (cp {message.cause})"
    return f"CP-DATA {rp_summary(message.user_data, uplink=uplink)}"


def rp_summary(octets: bytes, *, uplink: bool) -> str:
    """Return what an RP message says."""
    try:
        message = rp.decode(octets, uplink=uplink)
    except SmsError as error:
        return f"malformed RP message: {error}"
    if isinstance(message, RpData):
        return f"RP-DATA {tpdu_summary(message.user_data, uplink=uplink)}"
    if isinstance(message, RpAck):
        return f"RP-ACK, reference {message.reference}"
    if isinstance(message, RpError):
        return f"RP-ERROR, {rp_cause_text(message.cause)} (rp {message.cause})"
    return "RP-SMMA"


def tpdu_summary(octets: bytes, *, uplink: bool) -> str:
    """Return what a TPDU says that is no report."""
    try:
        message = tpdu.decode(octets, uplink=uplink)
    except SmsError as error:
        return f"malformed TPDU: {error}"
    if isinstance(message, tpdu.Deliver):
        return _carrier("SMS-DELIVER", f"from {message.originator}", message)
    if isinstance(message, tpdu.Submit):
        return _carrier("SMS-SUBMIT", f"to {message.destination}", message)
    if isinstance(message, tpdu.StatusReport):
        return f"SMS-STATUS-REPORT, {message.recipient}, status {message.status:#04x}"
    if isinstance(message, tpdu.Command):
        return f"SMS-COMMAND, {message.destination}, command {message.command}"
    if isinstance(message, tpdu.SubmitReport):
        return "SMS-SUBMIT-REPORT"
    return "SMS-DELIVER-REPORT"


def _carrier(name: str, whom: str, message: tpdu.Deliver | tpdu.Submit) -> str:
    text = decode_text(message.dcs, message.payload)
    shown = f"{len(message.payload)} octets" if text is None else f"“{_short(text)}”"
    return ", ".join((name, whom, *_header(message.header), shown))


def _header(header: Header) -> tuple[str, ...]:
    part, port = concatenation(header), ports(header)
    words = []
    if part is not None:
        words.append(f"part {part.sequence}/{part.total} of message {part.reference}")
    if port is not None:
        words.append(f"port {port.destination}")
    return tuple(words)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
