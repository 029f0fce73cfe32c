"""Addresses as they are written on a command line, and where this host would send from."""

from __future__ import annotations

import socket
from ipaddress import ip_address

from corenet.interfaces.node import Address

_DISCARD_PORT = 9


class AddressWordsError(ValueError):
    """What was written is no address."""


def read_address(text: str, port: int) -> Address:
    """Return the address that ``HOST``, ``HOST:PORT`` or ``[HOST]:PORT`` names.

    Raises:
        AddressWordsError: the host is no IP address, or the port no port.
    """
    host, given = text, ""
    if text.startswith("["):
        host, _, given = text[1:].partition("]")
        given = given.removeprefix(":")
    elif text.count(":") == 1:
        host, _, given = text.partition(":")
    try:
        ip_address(host)
    except ValueError:
        raise AddressWordsError(f"{text!r} is no IP address, with or without :PORT") from None
    if given and not (given.isascii() and given.isdigit() and int(given) <= 0xFFFF):
        raise AddressWordsError(f"{text!r} has no port from 0 to 65535")
    return host, int(given) if given else port


def source_towards(host: str) -> str:
    """Return the address of this host from which the system would send to another.

    Raises:
        OSError: there is no way there.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Connecting over UDP sends nothing: it only has the system choose.
    with socket.socket(family, socket.SOCK_DGRAM) as trial:
        trial.connect((host, _DISCARD_PORT))
        address: str = trial.getsockname()[0]
        return address


def text_of(address: Address) -> str:
    """Return an address as it is written."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
