"""``corenet decode``: say what a GTP message is, element by element."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

from gtp.describe import describe_octets
from gtp.errors import RemoteProtocolError
from gtp.messages import decode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "message",
        metavar="FILE|HEX",
        help="a file that holds one message, as octets or as hex; or the hex itself; - reads it",
    )


def run(options: argparse.Namespace) -> int:
    """Explain the message; status 1 if it is not a valid one."""
    try:
        octets = _octets(options.message)
    except (OSError, ValueError) as error:
        print(f"corenet decode: {error}", file=sys.stderr)
        return 1
    for line in describe_octets(octets):
        print(line)
    try:
        decode(octets)
    except RemoteProtocolError:
        return 1
    return 0


def _octets(message: str) -> bytes:
    if message == "-":
        return _from_text_or_octets(sys.stdin.buffer.read(), "standard input")
    if _is_file(message):
        return _from_text_or_octets(Path(message).read_bytes(), message)
    try:
        return _from_hex(message)
    except ValueError:
        raise ValueError(f"{message[:60]!r} is neither a file nor hex digits") from None


def _is_file(message: str) -> bool:
    try:
        return Path(message).is_file()
    except OSError:
        # Hex of more than 127 octets is longer than the name of a file can be.
        return False


def _from_text_or_octets(content: bytes, name: str) -> bytes:
    try:
        return _from_hex(content.decode("ascii"))
    except ValueError:
        if content:
            return content
        raise ValueError(f"{name} is empty") from None


def _from_hex(text: str) -> bytes:
    digits = re.sub(r"0x|[\s:,]", "", text)
    if not digits:
        raise ValueError("no hex digits")
    return bytes.fromhex(digits)
