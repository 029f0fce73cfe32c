"""What two session peers agree on, as Connect, ConnectReply and Resume carry it (WAP-230 §8.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from testbed.codecs.wsp import contact
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.primitives import Cursor, text_string, uintvar

_KNOWN = 0x80
_LARGEST_SIZE = 0xFFFFFFFF


class CapabilityId(IntEnum):
    """What a capability is about (WAP-230 §8.3.2)."""

    CLIENT_SDU_SIZE = 0
    SERVER_SDU_SIZE = 1
    PROTOCOL_OPTIONS = 2
    METHOD_MOR = 3
    PUSH_MOR = 4
    EXTENDED_METHODS = 5
    HEADER_CODE_PAGES = 6
    ALIASES = 7


class ProtocolOption(IntFlag):
    """The optional parts of the session service (WAP-230 §8.3.2.3)."""

    CONFIRMED_PUSH = 0x80
    PUSH = 0x40
    SESSION_RESUME = 0x20
    ACKNOWLEDGEMENT_HEADERS = 0x10


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What was asked for or granted; None where a capability was not mentioned."""

    client_sdu: int | None = None
    """Octets of the largest PDU that the client takes; 0 is no limit."""
    server_sdu: int | None = None
    """Octets of the largest PDU that the server takes; 0 is no limit."""
    options: ProtocolOption | None = None
    method_mor: int | None = None
    """Method requests outstanding at once, 0–255."""
    push_mor: int | None = None
    """Confirmed pushes outstanding at once, 0–255."""
    extended_methods: tuple[tuple[int, str], ...] | None = None
    """PDU type and name of each."""
    header_code_pages: tuple[tuple[int, str], ...] | None = None
    """Page and name of each."""
    aliases: tuple[ContactPoint, ...] | None = None
    """Where else the sender of this can be reached."""
    other: tuple[tuple[int, bytes], ...] = ()
    """Capabilities of other numbers (0–127) as they are."""

    def encode(self) -> bytes:
        """Return the octets; WspError where a value does not fit its field."""
        values: list[tuple[int, bytes]] = []
        for identity, size in (
            (CapabilityId.CLIENT_SDU_SIZE, self.client_sdu),
            (CapabilityId.SERVER_SDU_SIZE, self.server_sdu),
        ):
            if size is not None:
                values.append((identity, _size(size)))
        for identity, value in (
            (CapabilityId.PROTOCOL_OPTIONS, self.options),
            (CapabilityId.METHOD_MOR, self.method_mor),
            (CapabilityId.PUSH_MOR, self.push_mor),
        ):
            if value is not None:
                values.append((identity, _octet(value)))
        for identity, names in (
            (CapabilityId.EXTENDED_METHODS, self.extended_methods),
            (CapabilityId.HEADER_CODE_PAGES, self.header_code_pages),
        ):
            if names is not None:
                octets = (_octet(number) + text_string(name) for number, name in names)
                values.append((identity, b"".join(octets)))
        if self.aliases is not None:
            values.append((CapabilityId.ALIASES, contact.write(self.aliases)))
        return b"".join(_counted(identity, value) for identity, value in (*values, *self.other))


def _counted(identity: int, value: bytes) -> bytes:
    if not 0 <= identity < _KNOWN:
        raise WspError(f"a capability of number {identity}")
    return uintvar(1 + len(value)) + bytes((_KNOWN | identity,)) + value


def _octet(value: int) -> bytes:
    if not 0 <= value <= 0xFF:
        raise WspError(f"a capability value of {value} is not one octet")
    return bytes((value,))


def _size(value: int) -> bytes:
    if not 0 <= value <= _LARGEST_SIZE:
        raise WspError(f"an SDU size of {value}")
    return uintvar(value)


def read(cursor: Cursor) -> Capabilities:
    """Take capabilities to the cursor's end; WspError where the octets are none.

    One that is repeated counts as it stands last. One whose name is a text is passed over.
    """
    found: dict[int, Cursor] = {}
    while cursor:
        part = cursor.part(cursor.uintvar())
        identity = part.octet()
        if identity & _KNOWN:
            found[identity & ~_KNOWN] = part
    return Capabilities(
        client_sdu=_read_size(found.pop(CapabilityId.CLIENT_SDU_SIZE, None)),
        server_sdu=_read_size(found.pop(CapabilityId.SERVER_SDU_SIZE, None)),
        options=_read_options(found.pop(CapabilityId.PROTOCOL_OPTIONS, None)),
        method_mor=_read_octet(found.pop(CapabilityId.METHOD_MOR, None)),
        push_mor=_read_octet(found.pop(CapabilityId.PUSH_MOR, None)),
        extended_methods=_read_names(found.pop(CapabilityId.EXTENDED_METHODS, None)),
        header_code_pages=_read_names(found.pop(CapabilityId.HEADER_CODE_PAGES, None)),
        aliases=_read_aliases(found.pop(CapabilityId.ALIASES, None)),
        other=tuple((identity, part.octets(part.left)) for identity, part in found.items()),
    )


def _read_size(part: Cursor | None) -> int | None:
    return None if part is None else part.uintvar()


def _read_octet(part: Cursor | None) -> int | None:
    return None if part is None else part.octet()


def _read_options(part: Cursor | None) -> ProtocolOption | None:
    value = _read_octet(part)
    return None if value is None else ProtocolOption(value)


def _read_names(part: Cursor | None) -> tuple[tuple[int, str], ...] | None:
    if part is None:
        return None
    names = []
    while part:
        names.append((part.octet(), part.text()))
    return tuple(names)


def _read_aliases(part: Cursor | None) -> tuple[ContactPoint, ...] | None:
    return None if part is None else contact.read(part)
