"""The PDUs of the session service, both ways (WAP-230 §8.2).

In connection mode they are the user data of WTP; in connectionless mode a transaction id of one
octet stands before Get, Post, Reply and Push (``encode_unit``, ``decode_unit``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar

from testbed.codecs.media import ContentType
from testbed.codecs.wsp import capabilities as caps
from testbed.codecs.wsp import contact, content_type, headers, status
from testbed.codecs.wsp.capabilities import Capabilities
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.primitives import Cursor, uintvar

Headers = tuple[tuple[str, str], ...]
"""HTTP-like names and values in order, without Content-Type."""

VERSION = 0x10
"""WSP 1.0, which all revisions of the protocol put into Connect."""


class PduType(IntEnum):
    """What a PDU is, requests of methods apart (WAP-230 appendix A)."""

    CONNECT = 0x01
    CONNECT_REPLY = 0x02
    REDIRECT = 0x03
    REPLY = 0x04
    DISCONNECT = 0x05
    PUSH = 0x06
    CONFIRMED_PUSH = 0x07
    SUSPEND = 0x08
    RESUME = 0x09


class Method(IntEnum):
    """The methods with a number of their own: the PDU type of their requests."""

    GET = 0x40
    OPTIONS = 0x41
    HEAD = 0x42
    DELETE = 0x43
    TRACE = 0x44
    POST = 0x60
    PUT = 0x61


_WITHOUT_BODY = range(0x40, 0x60)
_WITH_BODY = range(0x60, 0x80)
EXTENDED_METHODS = frozenset((*range(0x50, 0x60), *range(0x70, 0x80)))
"""PDU types that mean what the peers agreed on."""


@dataclass(frozen=True, slots=True)
class Pdu(ABC):
    """What a session peer says."""

    @abstractmethod
    def encode(self) -> bytes:
        """Return the octets; WspError where a value does not fit its field."""


@dataclass(frozen=True, slots=True)
class Connect(Pdu):
    """Asks for a session."""

    TYPE: ClassVar = PduType.CONNECT
    capabilities: Capabilities = field(default_factory=Capabilities)
    headers: Headers = ()
    version: int = VERSION
    """0–255: major and minor in four bits each."""

    def encode(self) -> bytes:
        """Return the octets; WspError where a value does not fit its field."""
        if not 0 <= self.version <= 0xFF:
            raise WspError(f"a version of {self.version} is not one octet")
        return bytes((self.TYPE, self.version)) + _agreement(self.capabilities, self.headers)


@dataclass(frozen=True, slots=True)
class ConnectReply(Pdu):
    """Grants a session."""

    TYPE: ClassVar = PduType.CONNECT_REPLY
    session_id: int
    capabilities: Capabilities = field(default_factory=Capabilities)
    headers: Headers = ()

    def encode(self) -> bytes:
        """Return the octets; WspError where a value does not fit its field."""
        return _type_and_session(self.TYPE, self.session_id) + _agreement(
            self.capabilities, self.headers
        )


@dataclass(frozen=True, slots=True)
class Redirect(Pdu):
    """Sends a client that wants a session elsewhere."""

    TYPE: ClassVar = PduType.REDIRECT
    contacts: tuple[ContactPoint, ...]
    permanent: bool = False
    reuse_security: bool = False

    def encode(self) -> bytes:
        """Return the octets; WspError where a value does not fit its field."""
        flags = (0x80 if self.permanent else 0) | (0x40 if self.reuse_security else 0)
        return bytes((self.TYPE, flags)) + contact.write(self.contacts)


@dataclass(frozen=True, slots=True)
class Disconnect(Pdu):
    """Ends a session."""

    TYPE: ClassVar = PduType.DISCONNECT
    session_id: int

    def encode(self) -> bytes:
        """Return the octets; WspError where a value does not fit its field."""
        return _type_and_session(self.TYPE, self.session_id)


@dataclass(frozen=True, slots=True)
class Suspend(Pdu):
    """Lays a session to rest."""

    TYPE: ClassVar = PduType.SUSPEND
    session_id: int

    def encode(self) -> bytes:
        """Return the octets; WspError where a value does not fit its field."""
        return _type_and_session(self.TYPE, self.session_id)


@dataclass(frozen=True, slots=True)
class Resume(Pdu):
    """Takes up a session again, perhaps from another address."""

    TYPE: ClassVar = PduType.RESUME
    session_id: int
    capabilities: Capabilities = field(default_factory=Capabilities)
    headers: Headers = ()

    def encode(self) -> bytes:
        """Return the octets; WspError where a value does not fit its field."""
        octets = self.capabilities.encode()
        return (
            _type_and_session(self.TYPE, self.session_id)
            + uintvar(len(octets))
            + octets
            + headers.write(self.headers)
        )


@dataclass(frozen=True, slots=True)
class Get(Pdu):
    """A request without a body; ``method`` is 0x40–0x5F."""

    uri: str
    headers: Headers = ()
    method: int = Method.GET

    def encode(self) -> bytes:
        """Return the octets; WspError where a value does not fit its field."""
        if self.method not in _WITHOUT_BODY:
            raise WspError(f"{self.method:#04x} is no method without a body")
        uri = self.uri.encode()
        return bytes((self.method,)) + uintvar(len(uri)) + uri + headers.write(self.headers)


@dataclass(frozen=True, slots=True)
class Post(Pdu):
    """A request with a body; ``method`` is 0x60–0x7F."""

    uri: str
    content_type: ContentType
    body: bytes
    headers: Headers = ()
    method: int = Method.POST

    def encode(self) -> bytes:
        """Return the octets; WspError where a value does not fit its field."""
        if self.method not in _WITH_BODY:
            raise WspError(f"{self.method:#04x} is no method with a body")
        uri = self.uri.encode()
        head = content_type.write(self.content_type) + headers.write(self.headers)
        lengths = uintvar(len(uri)) + uintvar(len(head))
        return bytes((self.method,)) + lengths + uri + head + self.body


@dataclass(frozen=True, slots=True)
class Reply(Pdu):
    """Answers a method, or refuses a session.

    ``status`` is an HTTP status code; one that WSP does not have travels as the first of its
    class. ``content_type`` is None only where the peer left it out together with all headers.
    """

    TYPE: ClassVar = PduType.REPLY
    status: int
    content_type: ContentType | None = None
    body: bytes = b""
    headers: Headers = ()

    def encode(self) -> bytes:
        """Return the octets; WspError where a value does not fit its field."""
        octet = status.octet_of(self.status)
        if octet is None:
            raise WspError(f"{self.status} is no status code")
        head = b""
        if self.content_type is not None:
            head = content_type.write(self.content_type) + headers.write(self.headers)
        elif self.headers:
            raise WspError("headers without a content type before them")
        return bytes((self.TYPE, octet)) + uintvar(len(head)) + head + self.body


@dataclass(frozen=True, slots=True)
class Push(Pdu):
    """Content that nobody asked for."""

    TYPE: ClassVar = PduType.PUSH
    content_type: ContentType
    body: bytes
    headers: Headers = ()

    def encode(self) -> bytes:
        """Return the octets; WspError where a value does not fit its field."""
        head = content_type.write(self.content_type) + headers.write(self.headers)
        return bytes((self.TYPE,)) + uintvar(len(head)) + head + self.body


@dataclass(frozen=True, slots=True)
class ConfirmedPush(Push):
    """Content that nobody asked for, to be acknowledged by the client's application."""

    TYPE: ClassVar = PduType.CONFIRMED_PUSH


def _agreement(capabilities: Capabilities, written: Headers) -> bytes:
    octets = capabilities.encode()
    head = headers.write(written)
    return uintvar(len(octets)) + uintvar(len(head)) + octets + head


def _type_and_session(pdu_type: PduType, session_id: int) -> bytes:
    if not 0 <= session_id <= 0xFFFFFFFF:
        raise WspError(f"a session id of {session_id}")
    return bytes((pdu_type,)) + uintvar(session_id)


def encode_unit(tid: int, pdu: Pdu) -> bytes:
    """Return a connectionless datagram (WAP-230 §8.1.1); WspError where a value does not fit."""
    if not 0 <= tid <= 0xFF:
        raise WspError(f"a TID of {tid} is not one octet")
    return bytes((tid,)) + pdu.encode()


def decode_unit(data: bytes) -> tuple[int, Pdu]:
    """Read a connectionless datagram: transaction id and PDU; WspError where it is none."""
    cursor = Cursor(data)
    return cursor.octet(), _read(cursor)


def decode(data: bytes) -> Pdu:
    """Read a PDU of connection mode; WspError where it is none."""
    return _read(Cursor(data))


def _read(cursor: Cursor) -> Pdu:
    pdu_type = cursor.peek()
    if pdu_type in _WITHOUT_BODY:
        return _read_get(cursor)
    if pdu_type in _WITH_BODY:
        return _read_post(cursor)
    reader = _READERS.get(pdu_type)
    if reader is None:
        raise cursor.error(f"PDU type {pdu_type:#04x} is not known")
    cursor.octet()
    pdu = reader(cursor)
    if cursor:
        raise cursor.error(f"{cursor.left} octets after the end of the PDU")
    return pdu


def _read_get(cursor: Cursor) -> Get:
    method = cursor.octet()
    uri = _uri(cursor.part(cursor.uintvar()))
    return Get(uri, headers.read(cursor), method)


def _read_post(cursor: Cursor) -> Post:
    method = cursor.octet()
    uri_length, head_length = cursor.uintvar(), cursor.uintvar()
    uri = _uri(cursor.part(uri_length))
    head = cursor.part(head_length)
    kind, written = content_type.read(head), headers.read(head)
    return Post(uri, kind, cursor.octets(cursor.left), written, method)


def _uri(part: Cursor) -> str:
    try:
        return part.octets(part.left).decode()
    except UnicodeDecodeError:
        part.position = 0
        raise part.error("the URI is not UTF-8") from None


def _read_agreement(cursor: Cursor) -> tuple[Capabilities, Headers]:
    capabilities_length, headers_length = cursor.uintvar(), cursor.uintvar()
    agreed = caps.read(cursor.part(capabilities_length))
    return agreed, headers.read(cursor.part(headers_length))


def _read_connect(cursor: Cursor) -> Connect:
    version = cursor.octet()
    agreed, written = _read_agreement(cursor)
    return Connect(agreed, written, version)


def _read_connect_reply(cursor: Cursor) -> ConnectReply:
    return ConnectReply(cursor.uintvar(), *_read_agreement(cursor))


def _read_redirect(cursor: Cursor) -> Redirect:
    flags = cursor.octet()
    return Redirect(contact.read(cursor), bool(flags & 0x80), bool(flags & 0x40))


def _read_disconnect(cursor: Cursor) -> Disconnect:
    return Disconnect(cursor.uintvar())


def _read_suspend(cursor: Cursor) -> Suspend:
    return Suspend(cursor.uintvar())


def _read_resume(cursor: Cursor) -> Resume:
    session_id = cursor.uintvar()
    agreed = caps.read(cursor.part(cursor.uintvar()))
    return Resume(session_id, agreed, headers.read(cursor))


def _read_reply(cursor: Cursor) -> Reply:
    octet = cursor.octet()
    code = status.HTTP_STATUS.get(octet)
    if code is None:
        raise cursor.error(f"status {octet:#04x} is not known")
    head = cursor.part(cursor.uintvar())
    kind = content_type.read(head) if head else None
    written = headers.read(head)
    return Reply(code, kind, cursor.octets(cursor.left), written)


def _read_push(cursor: Cursor) -> Push:
    return Push(*_pushed(cursor))


def _read_confirmed_push(cursor: Cursor) -> ConfirmedPush:
    return ConfirmedPush(*_pushed(cursor))


def _pushed(cursor: Cursor) -> tuple[ContentType, bytes, Headers]:
    head = cursor.part(cursor.uintvar())
    kind, written = content_type.read(head), headers.read(head)
    return kind, cursor.octets(cursor.left), written


_READERS: dict[int, Callable[[Cursor], Pdu]] = {
    PduType.CONNECT: _read_connect,
    PduType.CONNECT_REPLY: _read_connect_reply,
    PduType.REDIRECT: _read_redirect,
    PduType.REPLY: _read_reply,
    PduType.DISCONNECT: _read_disconnect,
    PduType.PUSH: _read_push,
    PduType.CONFIRMED_PUSH: _read_confirmed_push,
    PduType.SUSPEND: _read_suspend,
    PduType.RESUME: _read_resume,
}
