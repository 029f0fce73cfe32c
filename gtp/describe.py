"""Messages in words, for people."""

from __future__ import annotations

from gtp.messages.base import Message


def describe(message: Message) -> list[tuple[str, str]]:
    """Return name and text of each information element that ``message`` has, in wire order."""
    raise NotImplementedError


def summary(message: Message) -> str:
    """Return in one line what matters in ``message``, such as "IMSI 234150999999999"."""
    raise NotImplementedError


def describe_octets(data: bytes) -> list[str]:
    """Return lines that explain ``data`` with octet positions, errors named."""
    raise NotImplementedError
