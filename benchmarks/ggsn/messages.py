"""GTP-C octets of the scripted SGSN, made once and then only patched."""

from __future__ import annotations

from struct import Struct
from typing import Final

from gtp.ies import EndUserAddress
from gtp.messages import CreatePdpContextRequest, DeletePdpContextRequest, EchoRequest

GTP_PORT: Final = 2123
ECHO_RESPONSE, CREATE_RESPONSE, DELETE_REQUEST, DELETE_RESPONSE = 2, 17, 20, 21
SEQUENCES: Final = 0x10000
_SEQUENCE: Final = Struct("!H").pack
_TEID: Final = Struct("!I").pack
_TV_LENGTHS: Final = {1: 1, 8: 1, 14: 1, 16: 4, 17: 4}
"""Octets of the elements that come before the TEID Control Plane in a Create Response."""
_PCO: Final = bytes.fromhex("8080211001000010810600000000830600000000")
"""A mobile that asks for two name servers by IPCP."""


def imsi(number: int) -> str:
    """Return the IMSI of a subscriber."""
    return f"23415{number:010d}"


def create(
    number: int, address: str, *, recovery: int | None = None, apn: str = "internet"
) -> CreatePdpContextRequest:
    """Return a subscriber's Create PDP Context Request, as from a mobile that asks for IPv4."""
    return CreatePdpContextRequest(
        imsi=imsi(number),
        recovery=recovery,
        selection_mode=1,
        teid_data=number + 1,
        teid_control=number + 1,
        nsapi=5,
        charging_characteristics=0x0800,
        end_user_address=EndUserAddress.dynamic_ipv4(),
        apn=apn,
        pco=_PCO,
        sgsn_address_control=address,
        sgsn_address_user=address,
        msisdn=f"4477{number:08d}",
        qos=bytes.fromhex("020b921f"),
    )


def split(data: bytes) -> tuple[bytes, bytes]:
    """Return what stands before and behind the sequence number."""
    return data[:8], data[10:]


def numbered(parts: tuple[bytes, bytes], sequence: int) -> bytes:
    """Return the message with a sequence number."""
    return parts[0] + _SEQUENCE(sequence) + parts[1]


_DELETE: Final = DeletePdpContextRequest(nsapi=5, teardown=True).encode()


def delete(teid: bytes, sequence: int) -> bytes:
    """Return a Delete PDP Context Request for the GGSN's TEID, four octets."""
    return _DELETE[:4] + teid + _SEQUENCE(sequence) + _DELETE[10:]


def deleted(request: bytes) -> bytes:
    """Return the response to a Delete PDP Context Request: accepted."""
    teid = request[4:8]
    return b"\x32\x15\x00\x06" + teid + request[8:10] + b"\x00\x00\x01\x80"


def echo(sequence: int) -> bytes:
    """Return an Echo Request."""
    return EchoRequest(sequence=sequence).encode()


def control_teid(response: bytes) -> bytes:
    """Return the GGSN's TEID Control Plane, four octets, of a Create Response that accepts."""
    at = 12
    if response[at : at + 2] != b"\x01\x80":
        raise SystemExit(f"a Create PDP Context Request was refused: {response.hex()}")
    while response[at] != 17:
        at += 1 + _TV_LENGTHS[response[at]]
    return response[at + 1 : at + 5]
