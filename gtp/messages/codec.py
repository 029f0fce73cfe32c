"""From octets to messages."""

from __future__ import annotations

from collections.abc import Container

from gtp.messages.base import Message


def decode(data: bytes, *, comprehended: Container[int] = frozenset()) -> Message:
    """Return the message that ``data``, a whole datagram's payload, holds.

    ``comprehended`` are the types of extension headers that the caller knows, of those that
    must be known. Raises RemoteProtocolError, with the Cause to answer, and nothing else.
    """
    raise NotImplementedError
