"""Protocol configuration options: name servers for a mobile that asks, and nothing else.

Specs: TS 24.008 §10.5.6.3 (protocol configuration options), TS 29.061 §11.2.1.2,
RFC 1877 (IPCP extensions for name server addresses), RFC 1661 §5 (packet formats).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from socket import inet_aton
from typing import Final

_PPP_FOR_IP: Final = 0x80
_IPCP: Final = 0x8021
_DNS_SERVER_IPV4: Final = 0x000D
_CONFIGURE_REQUEST: Final = 1
_CONFIGURE_ACK: Final = 2
_CONFIGURE_NAK: Final = 3
_CONFIGURE_REJECT: Final = 4
_NAME_SERVER_OPTIONS: Final = {129: 0, 131: 1}
"""IPCP option (RFC 1877) of primary and secondary name server, and their place in the list."""


def answer(asked: bytes | None, name_servers: Sequence[str]) -> bytes | None:
    """Return the options that answer ``asked`` (the value of IE 132), or None for no answer.

    ``name_servers`` are IPv4 addresses, the primary one first. What cannot be read, or asks
    for anything else, is left without an answer, as the standard wants it.
    """
    if not asked or not name_servers or asked[0] & 0x87 != _PPP_FOR_IP:
        return None
    servers = [inet_aton(server) for server in name_servers]
    parts: list[bytes] = []
    for identifier, content in _options(asked):
        if identifier == _IPCP:
            reply = _answer_ipcp(content, servers)
            if reply is not None:
                parts.append(_option(_IPCP, reply))
        elif identifier == _DNS_SERVER_IPV4:
            parts.extend(_option(_DNS_SERVER_IPV4, server) for server in servers)
    return bytes((_PPP_FOR_IP,)) + b"".join(parts) if parts else None


def _options(pco: bytes) -> Iterator[tuple[int, bytes]]:
    """Return identifier and content of each option, as far as they can be read."""
    at = 1
    while at + 3 <= len(pco):
        end = at + 3 + pco[at + 2]
        if end > len(pco):
            return
        yield int.from_bytes(pco[at : at + 2], "big"), pco[at + 3 : end]
        at = end


def _option(identifier: int, content: bytes) -> bytes:
    return identifier.to_bytes(2, "big") + bytes((len(content),)) + content


def _answer_ipcp(packet: bytes, servers: Sequence[bytes]) -> bytes | None:
    """Return the answer to an IPCP Configure-Request, or None for anything else.

    Reject what we have no value for; where we have one for each option, Nak with the values,
    or Ack where the mobile has them already (RFC 1661 §5.2-5.4).
    """
    if len(packet) < 4 or packet[0] != _CONFIGURE_REQUEST:
        return None
    length = int.from_bytes(packet[2:4], "big")
    if not 4 < length <= len(packet):
        return None
    refused: list[bytes] = []
    offered: list[bytes] = []
    at = 4
    while at < length:
        size = packet[at + 1] if at + 1 < length else 0
        if size < 2 or at + size > length:
            return None
        option = packet[at : at + size]
        place = _NAME_SERVER_OPTIONS.get(option[0])
        if place is None or place >= len(servers) or size != 6:
            refused.append(option)
        else:
            offered.append(option[:2] + servers[place])
        at += size
    if offered:
        # A mobile asks once and takes what the answer has; an answer with values serves it
        # better than a rejection of those that we lack.
        same = not refused and b"".join(offered) == packet[4:length]
        return _ipcp(_CONFIGURE_ACK if same else _CONFIGURE_NAK, packet[1], offered)
    return _ipcp(_CONFIGURE_REJECT, packet[1], refused)


def _ipcp(code: int, identifier: int, options: Sequence[bytes]) -> bytes:
    body = b"".join(options)
    return bytes((code, identifier)) + (4 + len(body)).to_bytes(2, "big") + body
