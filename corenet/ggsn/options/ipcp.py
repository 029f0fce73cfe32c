"""Answers to IPCP: the mobile's address and its name servers.

Specs: RFC 1332 §3 (options), RFC 1877 (name servers), RFC 1661 §5.1-5.4 (negotiation).

A mobile has one request in its options and no second one, while RFC 1661 §5.4 would have it
ask again without what was rejected. Values therefore go before rejections: where there is a
value for any option, the answer has the values, and leaves out what there is none for. Only
a request without any such option is rejected.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Final

from corenet.ggsn.options import ppp
from corenet.ggsn.options.ppp import ConfigureCode

_OPTION_LENGTH: Final = 6
"""Octets of an option that has an IPv4 address: type, length, address."""


class IpcpOption(IntEnum):
    """Options that can be answered; all others are rejected, name servers of NetBIOS too."""

    IP_ADDRESS = 3
    PRIMARY_DNS = 129
    SECONDARY_DNS = 131


def answer(content: bytes, values: Mapping[int, bytes], *, values_in_ack: bool) -> bytes | None:
    """Return the answer to a Configure-Request, or None for any other packet.

    ``values`` has four octets for each ``IpcpOption`` that there is a value for. Options
    that were right already are acknowledged. Values that the mobile did not have go into a
    Configure-Nak, or with ``values_in_ack`` into a Configure-Ack. What cannot be read of a
    broken request goes unanswered.
    """
    packet = ppp.read(content)
    if packet is None or packet.code != ConfigureCode.REQUEST:
        return None
    offered: list[bytes] = []
    refused: list[bytes] = []
    for option in _options(packet.body):
        value = values.get(option[0])
        if value is None or len(option) != _OPTION_LENGTH:
            refused.append(option)
        else:
            offered.append(option[:2] + value)
    if offered:
        same = not refused and b"".join(offered) == packet.body
        code = ConfigureCode.ACK if same or values_in_ack else ConfigureCode.NAK
        return ppp.write(code, packet.identifier, b"".join(offered))
    if refused:
        return ppp.write(ConfigureCode.REJECT, packet.identifier, b"".join(refused))
    if packet.whole and not packet.body:
        return ppp.write(ConfigureCode.ACK, packet.identifier)
    return None


def asks_address(content: bytes) -> bool:
    """Whether a packet has the option for the mobile's own address."""
    packet = ppp.read(content)
    if packet is None:
        return False
    return any(option[0] == IpcpOption.IP_ADDRESS for option in _options(packet.body))


def _options(body: bytes) -> Iterator[bytes]:
    """Return type, length and value of each option, as far as they can be read."""
    at = 0
    while at + 2 <= len(body):
        end = at + body[at + 1]
        if not at + 2 <= end <= len(body):
            return
        yield body[at:end]
        at = end
