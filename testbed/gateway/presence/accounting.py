"""The server side of RADIUS accounting: checks, answers, and reads Accounting-Requests.

Specs: RFC 2866 §3 (authenticators), §4 (packets); RFC 5080 §2.2.2 (duplicate detection);
TS 29.061 §16.4.7 (3GPP attributes).

Theory of operation. A request from somebody who is no client, whose authenticator is wrong, or
that cannot be read, is dropped without a word and counted. A request that is right is answered at
once. The answer is kept for a while under source, identifier and authenticator, so that a
retransmission gets the same octets and is not read twice.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from pyrad.dictionary import Dictionary
from pyrad.packet import AccountingRequest, AcctPacket, PacketError

from corenet.interfaces.node import Address
from corenet.radius.accounting import AccountingStatus
from corenet.radius.clients import RadiusClient, RadiusClients
from testbed.gateway.presence.sessions import AccountingRecord

KEPT_ANSWERS: Final = 4096
KEPT_SECONDS: Final = 60.0

NAS_IP_ADDRESS: Final = 4
FRAMED_IP_ADDRESS: Final = 8
CALLED_STATION_ID: Final = 30
CALLING_STATION_ID: Final = 31
NAS_IDENTIFIER: Final = 32
PROXY_STATE: Final = 33
ACCT_STATUS_TYPE: Final = 40
ACCT_DELAY_TIME: Final = 41
ACCT_SESSION_ID: Final = 44
EVENT_TIMESTAMP: Final = 55
NAS_IPV6_ADDRESS: Final = 95
FRAMED_INTERFACE_ID: Final = 96
FRAMED_IPV6_PREFIX: Final = 97
VENDOR_3GPP: Final = 10415
IMSI: Final = (VENDOR_3GPP, 1)
NSAPI: Final = (VENDOR_3GPP, 10)
SESSION_STOP_INDICATOR: Final = (VENDOR_3GPP, 11)

_STATUSES: Final = {
    1: AccountingStatus.START,
    2: AccountingStatus.STOP,
    3: AccountingStatus.INTERIM_UPDATE,
    7: AccountingStatus.ACCOUNTING_ON,
    8: AccountingStatus.ACCOUNTING_OFF,
}
_NO_ADDRESS: Final = frozenset({"0.0.0.0", "255.255.255.254", "255.255.255.255"})


class Dropped(StrEnum):
    """Why a datagram was not answered."""

    UNKNOWN_CLIENT = "unknown client"
    MALFORMED = "malformed"
    NOT_ACCOUNTING = "not an accounting request"
    WRONG_AUTHENTICATOR = "wrong authenticator"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to send, and what the request said: None for a duplicate, or for nothing to us."""

    answer: bytes
    record: AccountingRecord | None


class AccountingServer:
    """Takes Accounting-Requests of every GGSN that shares a secret."""

    def __init__(self, clients: tuple[RadiusClient, ...]) -> None:
        """Take requests of ``clients``."""
        self._clients = RadiusClients(clients)
        # With an empty dictionary pyrad takes vendor attributes apart and leaves values alone.
        self._dictionary = Dictionary()
        self._answers: OrderedDict[tuple[Address, int, bytes], tuple[float, bytes]] = OrderedDict()
        self.counts: Counter[str] = Counter()
        """Requests by what became of them."""

    def receive(self, data: bytes, peer: Address, now: float) -> Answered | Dropped:
        """Take a datagram. Never raises for what a peer sent."""
        result = self._receive(data, peer, now)
        self.counts[result if isinstance(result, Dropped) else "answered"] += 1
        return result

    def _receive(self, data: bytes, peer: Address, now: float) -> Answered | Dropped:
        secret = self._clients.secret_of(peer)
        if secret is None:
            return Dropped.UNKNOWN_CLIENT
        if not _is_well_formed(data):
            return Dropped.MALFORMED
        if data[0] != AccountingRequest:
            return Dropped.NOT_ACCOUNTING
        try:
            packet = AcctPacket(packet=data, secret=secret, dict=self._dictionary)
        except PacketError:
            return Dropped.MALFORMED
        if not packet.VerifyAcctRequest():
            return Dropped.WRONG_AUTHENTICATOR
        key = (peer, packet.id, bytes(packet.authenticator))
        kept = self._answers.get(key)
        if kept is not None and now - kept[0] < KEPT_SECONDS:
            self.counts["duplicate"] += 1
            return Answered(kept[1], None)
        attributes = {code: list(values) for code, values in dict.items(packet)}
        status = _number(attributes, ACCT_STATUS_TYPE)
        if status is None:
            return Dropped.MALFORMED
        reply = packet.CreateReply()
        if PROXY_STATE in attributes:
            reply[PROXY_STATE] = attributes[PROXY_STATE]
        answer = bytes(reply.ReplyPacket())
        self._answers[key] = (now, answer)
        if len(self._answers) > KEPT_ANSWERS:
            self._answers.popitem(last=False)
        known = _STATUSES.get(status)
        return Answered(answer, None if known is None else _record(known, attributes, peer, now))


_Attributes = dict[int | tuple[int, int], list[bytes]]


def _is_well_formed(data: bytes) -> bool:
    """Return whether lengths add up (RFC 2865 §3, §5); pyrad lets the last attribute overrun."""
    if len(data) < 20:
        return False
    length = int.from_bytes(data[2:4], "big")
    if not 20 <= length <= min(len(data), 4096):
        return False
    place = 20
    while place < length:
        if length - place < 2 or data[place + 1] < 2:
            return False
        place += data[place + 1]
    return place == length


def _record(
    status: AccountingStatus, attributes: _Attributes, peer: Address, now: float
) -> AccountingRecord:
    stamp = _number(attributes, EVENT_TIMESTAMP)
    return AccountingRecord(
        status,
        nas=_address(attributes, NAS_IP_ADDRESS)
        or _ipv6_address(attributes, NAS_IPV6_ADDRESS)
        or _text(attributes, NAS_IDENTIFIER)
        or peer[0],
        at=now - (_number(attributes, ACCT_DELAY_TIME) or 0) if stamp is None else float(stamp),
        is_stamped=stamp is not None,
        session=_text(attributes, ACCT_SESSION_ID) or "",
        address=_address(attributes, FRAMED_IP_ADDRESS),
        ipv6_address=_framed_ipv6(attributes),
        msisdn=_digits(attributes, CALLING_STATION_ID),
        imsi=_digits(attributes, IMSI),
        apn=_text(attributes, CALLED_STATION_ID),
        nsapi=_text(attributes, NSAPI) or "",
        last=SESSION_STOP_INDICATOR in attributes,
    )


def _first(attributes: _Attributes, code: int | tuple[int, int]) -> bytes:
    values = attributes.get(code)
    return bytes(values[0]) if values else b""


def _number(attributes: _Attributes, code: int) -> int | None:
    value = _first(attributes, code)
    return int.from_bytes(value, "big") if len(value) == 4 else None


def _text(attributes: _Attributes, code: int | tuple[int, int]) -> str | None:
    return _first(attributes, code).decode("utf-8", "replace").rstrip("\0") or None


def _digits(attributes: _Attributes, code: int | tuple[int, int]) -> str | None:
    text = (_text(attributes, code) or "").removeprefix("+")
    return text if text.isascii() and text.isdigit() else None


def _address(attributes: _Attributes, code: int) -> str | None:
    value = _first(attributes, code)
    if len(value) != 4:
        return None
    text = str(IPv4Address(value))
    return None if text in _NO_ADDRESS else text


def _ipv6_address(attributes: _Attributes, code: int) -> str | None:
    value = _first(attributes, code)
    return str(IPv6Address(value)) if len(value) == 16 else None


def _framed_ipv6(attributes: _Attributes) -> str | None:
    """Return a prefix of 64 bits with its interface identifier, 0 where none is told (RFC 3162)."""
    value = _first(attributes, FRAMED_IPV6_PREFIX)
    # One octet is reserved, one has the length; octets of zeros at the end may be left out.
    if not 2 <= len(value) <= 18 or value[1] != 64:
        return None
    identifier = _first(attributes, FRAMED_INTERFACE_ID)
    prefix = value[2:10].ljust(8, b"\0")
    if not any(prefix):
        return None
    return str(IPv6Address(prefix + (identifier if len(identifier) == 8 else bytes(8))))
