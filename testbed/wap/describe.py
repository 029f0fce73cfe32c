"""Says in one line what a datagram of WTP or connectionless WSP holds, for ladders and logs."""

from __future__ import annotations

from testbed.codecs import wtp
from testbed.codecs.wsp import WspError
from testbed.codecs.wsp.pdus import (
    Get,
    Pdu,
    Post,
    Push,
    Redirect,
    Reply,
    decode,
    decode_unit,
)
from testbed.codecs.wtp import WtpError, abort_text

_WITH_DATA = wtp.Invoke | wtp.Result | wtp.SegmentedInvoke | wtp.SegmentedResult


def summary(datagram: bytes) -> str:
    """Return a line about each PDU; one that makes no sense is told by its length."""
    try:
        parts = wtp.split(datagram)
    except WtpError:
        return f"{len(datagram)} octets"
    return " + ".join(_transaction(part) for part in parts)


def unit(datagram: bytes) -> str:
    """Return a line about a datagram of connectionless WSP."""
    try:
        decode_unit(datagram)
    except WspError:
        return f"{len(datagram)} octets"
    return session_pdu(datagram[1:])


def _transaction(data: bytes) -> str:
    try:
        pdu = wtp.decode(data)
    except WtpError:
        return f"{len(data)} octets"
    name = f"WTP {_words(pdu)} {pdu.tid & ~wtp.RESPONDER_BIT}"
    repeated = ", again" if isinstance(pdu, _WITH_DATA) and pdu.rid else ""
    return f"{name}{_details(pdu)}{repeated}"


def _details(pdu: wtp.Pdu) -> str:
    match pdu:
        case wtp.Invoke() | wtp.Result():
            return f", {session_pdu(pdu.data, is_whole=pdu.trailer is wtp.Trailer.WHOLE)}"
        case wtp.SegmentedInvoke() | wtp.SegmentedResult():
            return f", packet {pdu.psn}, {len(pdu.data)} octets"
        case wtp.Abort():
            return f", {abort_text(pdu.reason, user=pdu.user)}"
        case wtp.NegativeAck():
            return f", missing {', '.join(map(str, pdu.missing)) or 'all'}"
        case wtp.Ack(tid_verification=True):
            return ", TID verification"
        case wtp.Ack() if pdu.psn is not None:
            return f", packet {pdu.psn}"
        case _:
            return ""


def session_pdu(data: bytes, *, is_whole: bool = True) -> str:
    """Return a line about a PDU of WSP, or about the first packet of one."""
    if not is_whole:
        return f"packet 0, {len(data)} octets"
    try:
        pdu = decode(data)
    except WspError:
        return f"{len(data)} octets"
    match pdu:
        case Push(content_type=content_type):
            details = f" {content_type}"
        case Get(uri=uri) | Post(uri=uri):
            details = f" {uri}"
        case Reply(status=status, content_type=content_type):
            details = f" {status} {content_type}"
        case Redirect():
            details = " elsewhere"
        case _:
            details = ""
    return f"WSP {_words(pdu)}{details}"


def _words(pdu: Pdu | wtp.Pdu) -> str:
    return type(pdu).__name__
