"""Protocol configuration options: what a mobile asks for beside its context, answered.

Every entry of the question is answered in an entry of its own, in the same order:

- packets of PPP: IPCP and LCP Configure-Requests, PAP Authenticate-Requests, CHAP Responses;
  two requests get two answers;
- containers: name servers (one entry per server), link MTU, and the bearer control mode that has
  been selected. Asked for twice they are given once.

Everything else goes without an answer, as the standard wants it: empty packets, containers
that we have nothing for or do not know, and "IP address allocation via NAS signalling", which
says what we do anyway. Options that are cut short are answered as far as they go.

Mobiles of one model send the same octets, so most questions have come before. An answer in which
nothing is one mobile's own is therefore remembered by the octets that asked for it.

Specs: TS 24.008 §10.5.6.3 (protocol configuration options), TS 29.061 §11.2.1.2,
TS 29.060 §7.7.31.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Final

from corenet.ggsn.config import Apn
from corenet.ggsn.options import ipcp, ppp
from corenet.ggsn.options.authentication import (
    Authentication,
    Presented,
    challenges_of,
    presented,
    refusal,
)
from corenet.ggsn.options.ipcp import IpcpOption
from corenet.ggsn.options.ppp import ConfigureCode, Protocol
from gtp.ies.session import MS_AND_NETWORK, MS_ONLY

_HEADER: Final = b"\x80"
"""Extension bit, and PPP as the configuration protocol."""
_LONGEST: Final = 251
"""Octets that fit where the options go in the end, an element of NAS (TS 24.008 §9.5.2)."""
_DNS_SERVER_IPV6: Final = 0x0003
_BEARER_CONTROL_MODE: Final = 0x0005
_CONTROL_MODE_OCTETS: Final = _BEARER_CONTROL_MODE.to_bytes(2, "big")
_DNS_SERVER_IPV4: Final = 0x000D
_IPV4_LINK_MTU: Final = 0x0010
_MS_ONLY: Final = b"\x01"
_MS_AND_NETWORK: Final = b"\x02"
"""Selected bearer control modes: who may ask for secondary contexts."""
_CREDENTIALS: Final = frozenset((Protocol.PAP, Protocol.CHAP))
_KNOWN: Final = 1024
"""Answers that are remembered; beyond, all are made anew."""


class OptionAnswers:
    """What one APN answers to protocol configuration options."""

    __slots__ = (
        "_authentication",
        "_containers",
        "_ipcp_values",
        "_known",
        "_servers",
        "_values_in_ack",
    )

    def __init__(self, apn: Apn) -> None:
        """Answer with the name servers, MTU and credentials of ``apn``."""
        self._servers = tuple(ip_address(server).packed for server in apn.dns)
        self._values_in_ack = apn.ipcp_ack
        self._authentication = Authentication(apn.credentials)
        self._ipcp_values, self._containers = _name_servers(self._servers)
        self._containers[_BEARER_CONTROL_MODE] = _entry(_BEARER_CONTROL_MODE, _MS_ONLY)
        if apn.mtu is not None:
            self._containers[_IPV4_LINK_MTU] = _entry(_IPV4_LINK_MTU, apn.mtu.to_bytes(2, "big"))
        self._known: tuple[dict[bytes | None, bytes | None], ...] = ({None: None}, {None: None})
        """Answers that are the same for everybody, by what was asked; one for each mode."""

    def admits(self, asked: bytes | None) -> bool:
        """Whether a mobile that sent these options (the value of IE 132) may have a context.

        One right name and password is enough where a mobile sent several.
        """
        authentication = self._authentication
        if not authentication.needed:
            return True
        entries = list(_entries(asked))
        challenges = challenges_of(entries)
        verdicts = (authentication.verdict(*entry, challenges) for entry in entries)
        return any(verdict is not None and verdict.accepted for verdict in verdicts)

    def refusal(self, asked: bytes | None) -> bytes | None:
        """Return the options for a mobile that is not let in: why, and nothing else."""
        answers = []
        for identifier, content in _entries(asked):
            packet = refusal(identifier, content)
            if packet is not None:
                answers.append(_entry(identifier, packet))
        return _joined(answers)

    def presented(self, asked: bytes | None) -> Presented | None:
        """Return the first thing that a mobile says to prove who it is, or None."""
        if asked in self._known[False] or asked in self._known[True]:
            return None
        entries = list(_entries(asked))
        challenges = challenges_of(entries)
        said = (presented(*entry, challenges) for entry in entries)
        return next((one for one in said if one is not None), None)

    def takes_network_requests(self, asked: bytes) -> bool:
        """Whether a mobile says that the network may ask it for secondary contexts.

        It does so with an empty container (TS 24.008 §10.5.6.3, 0005 from the MS).
        """
        if _CONTROL_MODE_OCTETS not in asked:
            return False
        return any(identifier == _BEARER_CONTROL_MODE for identifier, _ in _entries(asked))

    def answer(
        self,
        asked: bytes | None,
        address: bytes | None,
        servers: tuple[bytes, ...] = (),
        *,
        network_requests: bool = False,
    ) -> bytes | None:
        """Return the options that answer ``asked`` (the value of IE 132), or None for none.

        ``address`` is the mobile's IPv4 address, four octets, if it has one. ``servers`` are
        name servers of this mobile's own, which go before the APN's of the same family.
        ``network_requests`` says that the bearer control mode is "MS and network".
        """
        known = self._known[network_requests]
        if not servers and asked in known:
            return known[asked]
        entries = list(_entries(asked))
        answered = self._answer(entries, address, servers, network_requests)
        if not servers and not any(_is_personal(*entry) for entry in entries):
            if len(known) >= _KNOWN:
                known.clear()
            known[asked] = answered
        return answered

    def _answer(
        self,
        entries: list[tuple[int, bytes]],
        address: bytes | None,
        servers: tuple[bytes, ...],
        network_requests: bool,
    ) -> bytes | None:
        challenges = challenges_of(entries)
        values, known = self._ipcp_values, self._containers
        if servers:
            families = {len(server) for server in servers}
            others = tuple(one for one in self._servers if len(one) not in families)
            values, own = _name_servers(servers + others)
            known = known | own
        if network_requests:
            known = known | _MODE_OF_BOTH
        if address is not None:
            values = {IpcpOption.IP_ADDRESS: address, **values}
        containers = dict(known)
        answers = []
        for identifier, content in entries:
            if identifier in known:
                answers.append(containers.pop(identifier, b""))
                continue
            reply = self._answer_packet(identifier, content, values, challenges)
            if reply is not None:
                answers.append(_entry(identifier, reply))
        return _joined(answers)

    def _answer_packet(
        self,
        protocol: int,
        content: bytes,
        values: Mapping[int, bytes],
        challenges: Mapping[int, bytes],
    ) -> bytes | None:
        if protocol == Protocol.IPCP:
            return ipcp.answer(content, values, values_in_ack=self._values_in_ack)
        if protocol == Protocol.LCP:
            return _answer_lcp(content)
        verdict = self._authentication.verdict(protocol, content, challenges)
        return verdict.answer if verdict is not None else None


def _name_servers(servers: Iterable[bytes]) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """Return name servers as values of IPCP's options, and as containers by their identifiers."""
    ipv4 = [server for server in servers if len(server) == 4]
    ipv6 = [server for server in servers if len(server) == 16]
    names = (IpcpOption.PRIMARY_DNS, IpcpOption.SECONDARY_DNS)
    return dict(zip(names, ipv4, strict=False)), {
        _DNS_SERVER_IPV6: b"".join(_entry(_DNS_SERVER_IPV6, server) for server in ipv6),
        _DNS_SERVER_IPV4: b"".join(_entry(_DNS_SERVER_IPV4, server) for server in ipv4),
    }


def _is_personal(identifier: int, content: bytes) -> bool:
    """Whether an entry says who the mobile is, or asks for what no other has."""
    if identifier == Protocol.IPCP:
        return ipcp.asks_address(content)
    return identifier in _CREDENTIALS


def _answer_lcp(content: bytes) -> bytes | None:
    """Return the answer to an LCP Configure-Request, or None for anything else.

    The link ends in the mobile: no option of it can be negotiated from here.
    """
    packet = ppp.read(content)
    if packet is None or packet.code != ConfigureCode.REQUEST or not packet.whole:
        return None
    code = ConfigureCode.REJECT if packet.body else ConfigureCode.ACK
    return ppp.write(code, packet.identifier, packet.body)


def _entries(pco: bytes | None) -> Iterator[tuple[int, bytes]]:
    """Return identifier and content of each entry; the last one's may be cut short.

    Whatever the configuration protocol, it is read as PPP; without the extension bit another
    octet would follow that nothing defines.
    """
    if not pco or not pco[0] & 0x80:
        return
    at = 1
    while at + 3 <= len(pco):
        end = at + 3 + pco[at + 2]
        yield int.from_bytes(pco[at : at + 2], "big"), pco[at + 3 : end]
        at = end


def _entry(identifier: int, content: bytes) -> bytes:
    return identifier.to_bytes(2, "big") + bytes((len(content),)) + content


def _joined(answers: list[bytes]) -> bytes | None:
    """Return the options with every answer that there is room for, or None without any."""
    found = bytearray(_HEADER)
    for entry in answers:
        if len(found) + len(entry) <= _LONGEST:
            found += entry
    return bytes(found) if len(found) > 1 else None


_MODE_OF_BOTH: Final = {_BEARER_CONTROL_MODE: _entry(_BEARER_CONTROL_MODE, _MS_AND_NETWORK)}
MODE_SELECTED: Final = {
    MS_ONLY: _HEADER + _entry(_BEARER_CONTROL_MODE, _MS_ONLY),
    MS_AND_NETWORK: _HEADER + _MODE_OF_BOTH[_BEARER_CONTROL_MODE],
}
"""By mode, the options that tell a mobile of another one than it knows."""
