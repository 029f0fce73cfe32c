"""PAGING REQUEST TYPE 1: how a mobile in STANDBY is called for packet data.

Specs: TS 44.018 §9.1.22 (message), §10.5.2.23 (P1 Rest Octets), TS 24.008 §4.7.9.1 (paging for
GPRS with the P-TMSI), §10.5.1.4 (mobile identity).

What pages on the air is the base station, which the SGSN asks with BSSGP's PAGING-PS. The radio
link of this core has no base station of its own: the message of the paging channel is what the
SGSN puts on the link. It is told from LLC frames by its second octet, which no LLC frame of this
link has.
"""

from __future__ import annotations

from typing import Final

_HEADER: Final = bytes.fromhex("25062100")
"""L2 pseudo length 9, radio resource management, the message type; normal paging, any channel."""
_IDENTITY: Final = bytes.fromhex("05f4")
"""Five octets of mobile identity, of which the first says TMSI or P-TMSI."""
_REST: Final = bytes.fromhex("23") + b"\x2b" * 12
"""P1 Rest Octets: packet page indication 1 says that the paging is for GPRS."""
_P_TMSI = slice(len(_HEADER + _IDENTITY), len(_HEADER + _IDENTITY) + 4)


class PagingError(Exception):
    """Octets that are no paging for GPRS with one P-TMSI."""


def encode(p_tmsi: int) -> bytes:
    """Return the 23 octets of a PAGING REQUEST TYPE 1 for ``p_tmsi``."""
    return _HEADER + _IDENTITY + p_tmsi.to_bytes(4, "big") + _REST


def is_paging(octets: bytes) -> bool:
    """Return whether this came on the paging channel, and so is no LLC frame."""
    return octets[1:3] == _HEADER[1:3]


def decode(octets: bytes) -> int:
    """Return the P-TMSI that is paged; raises PagingError where it is another kind of paging."""
    p_tmsi = octets[_P_TMSI]
    if len(p_tmsi) != 4 or encode(int.from_bytes(p_tmsi, "big")) != octets:
        raise PagingError("no paging for GPRS with one P-TMSI")
    return int.from_bytes(p_tmsi, "big")
