"""SMPP for ladders: the PDUs out of the octets that pass on connections, each in words.

enquire_link goes on all the time and is no step of anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from corenet.interfaces.node import Address
from corenet.interfaces.runtime import Passed, Phase
from testbed.codecs.smpp import CommandId, Framer, FramingError, SmppError, decode
from testbed.codecs.smpp.describe import pdu_summary

_MALFORMED: Final = "malformed SMPP PDU"
_LEFT_OUT: Final = frozenset({CommandId.ENQUIRE_LINK, CommandId.ENQUIRE_LINK_RESP})


class SmppLadder:
    """Keeps, for each direction of each connection, what has come of the next PDU."""

    def __init__(self) -> None:
        self._framers: dict[tuple[Address, Address], Framer] = {}

    def described(self, passed: Passed) -> Iterator[tuple[str, str]]:
        """Return what to call each PDU that is whole now, and what matters of it."""
        ends = (passed.source, passed.destination)
        if passed.phase is not Phase.DATA:
            self._framers.pop(ends, None)
            self._framers.pop(ends[::-1], None)
            return
        framer = self._framers.setdefault(ends, Framer())
        framer.add(passed.data)
        try:
            for octets in iter(framer.take, None):
                if int.from_bytes(octets[4:8]) not in _LEFT_OUT:
                    yield _described(octets)
        except FramingError as error:
            del self._framers[ends]
            yield _MALFORMED, str(error)


def _described(octets: bytes) -> tuple[str, str]:
    try:
        pdu = decode(octets).pdu
    except SmppError as error:
        return _MALFORMED, str(error)
    return f"SMPP {pdu.COMMAND.spelling}", pdu_summary(pdu)
