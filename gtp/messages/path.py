"""Path management (TS 29.060 §7.2)."""

from __future__ import annotations

from dataclasses import dataclass

from gtp.constants import MessageType
from gtp.ies import tunnel
from gtp.ies.values import PrivateExtension
from gtp.messages.base import Message
from gtp.messages.table import PRIVATE_EXTENSION, Table, mandatory


@dataclass(slots=True, kw_only=True)
class EchoRequest(Message):
    """Echo Request (TS 29.060 §7.2.1)."""

    TYPE = MessageType.ECHO_REQUEST
    IES = Table(PRIVATE_EXTENSION)

    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class EchoResponse(Message):
    """Echo Response (TS 29.060 §7.2.2)."""

    TYPE = MessageType.ECHO_RESPONSE
    IES = Table(mandatory("recovery", tunnel.RECOVERY), PRIVATE_EXTENSION)

    recovery: int
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class VersionNotSupported(Message):
    """Version Not Supported (TS 29.060 §7.2.3)."""

    TYPE = MessageType.VERSION_NOT_SUPPORTED
    IES = Table()


@dataclass(slots=True, kw_only=True)
class SupportedExtensionHeadersNotification(Message):
    """Supported Extension Headers Notification (TS 29.060 §7.2.4)."""

    TYPE = MessageType.SUPPORTED_EXTENSION_HEADERS_NOTIFICATION
    IES = Table(mandatory("extension_header_types", tunnel.EXTENSION_HEADER_TYPES))

    extension_header_types: tuple[int, ...] = ()
    """Types of the extension headers that the sender comprehends, of those that must be."""
