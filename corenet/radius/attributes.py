"""Attributes of RADIUS packets: by name on our side, by number and octets on the wire.

Specs: RFC 2865 §5 (attributes), §5.26 (vendor-specific), RFC 3162 (IPv6), TS 29.061 §16.4.7.

The file ``dictionary`` says number and type of each name. Values are encoded by tables made of
it once, since a GGSN tells of every context it makes. What was received stays octets; a name
asks for them, and a value that has not its type's length is as good as absent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from io import StringIO
from socket import AF_INET6, inet_aton, inet_pton
from typing import Any, Final

from pyrad.dictionary import Dictionary

AttributeValue = str | int | bytes | tuple[bytes, ...]
"""Text, number or octets, as the attribute's type in the dictionary wants; several of octets."""

Number = tuple[int, int]
"""Vendor, or 0, and number of an attribute."""

VENDOR_SPECIFIC: Final = 26
PROXY_STATE: Final = 33
MESSAGE_AUTHENTICATOR: Final = 80

_LONGEST: Final = 253
_LONGEST_OF_VENDOR: Final = 247


class MalformedError(ValueError):
    """Octets that a peer sent are no RADIUS packet; nothing can be answered."""


@cache
def load_dictionary() -> Dictionary:
    """Return the attributes that a GGSN and its servers use."""
    text = files("corenet.radius").joinpath("dictionary").read_text(encoding="utf-8")
    return Dictionary(StringIO(text))


def _text(value: Any) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


def _octets(value: Any) -> bytes:
    return bytes(value)


def _byte(value: Any) -> bytes:
    return bytes((value,))


def _integer(value: Any) -> bytes:
    return int(value).to_bytes(4, "big")


def _ipv4(value: Any) -> bytes:
    return value if isinstance(value, bytes) else inet_aton(value)


def _ipv6(value: Any) -> bytes:
    return inet_pton(AF_INET6, value)


def _prefix(value: Any) -> bytes:
    address, _, length = value.partition("/")
    return bytes((0, int(length))) + inet_pton(AF_INET6, address)


_KINDS: Final[Mapping[str, Callable[[Any], bytes]]] = {
    "string": _text,
    "octets": _octets,
    "byte": _byte,
    "integer": _integer,
    "date": _integer,
    "ipaddr": _ipv4,
    "ipv6addr": _ipv6,
    "ipv6prefix": _prefix,
}


class _Spec:
    """How one attribute is written and read."""

    __slots__ = ("_heads", "_of_vendor", "_prefix", "_write", "number")

    def __init__(self, vendor: int, code: int, write: Callable[[Any], bytes]) -> None:
        """``write`` returns the octets of a value."""
        self.number: Number = (vendor, code)
        self._of_vendor = vendor != 0
        self._prefix = vendor.to_bytes(4, "big") + bytes((code,)) if vendor else bytes((code,))
        self._write = write
        self._heads: dict[int, bytes] = {}
        """What stands before a value, by the value's size."""

    def encode(self, value: Any) -> bytes:
        octets = self._write(value)
        size = len(octets)
        head = self._heads.get(size)
        if head is None:
            head = self._heads[size] = self.head(size)
        # What cannot be said is left out; the packet says the rest.
        return head + octets if head else b""

    def head(self, size: int) -> bytes:
        """Return what stands before a value of a size, or nothing for one that cannot be."""
        if not 0 < size <= (_LONGEST_OF_VENDOR if self._of_vendor else _LONGEST):
            return b""
        if self._of_vendor:
            return b"%c%c%b%c" % (VENDOR_SPECIFIC, size + 8, self._prefix, size + 2)
        return b"%b%c" % (self._prefix, size + 2)


def _named(values: Mapping[str, bytes], write: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Return what writes a value that may be given by its name."""

    def write_named(value: Any) -> bytes:
        octets = values.get(value) if isinstance(value, str) else None
        return write(value) if octets is None else octets

    return write_named


@cache
def _specs() -> dict[str, _Spec]:
    dictionary = load_dictionary()
    found = {}
    for name, attribute in dictionary.attributes.items():
        vendor = dictionary.vendors.GetForward(attribute.vendor) if attribute.vendor else 0
        write = _KINDS[attribute.type]
        names: Mapping[str, bytes] = dict(attribute.values.forward)
        found[name] = _Spec(vendor, attribute.code, _named(names, write) if names else write)
    return found


def number_of(name: str) -> Number:
    """Return vendor and number of the attribute with a name."""
    return _specs()[name].number


def encode_attributes(attributes: Mapping[str, AttributeValue]) -> bytes:
    """Return attributes as octets, in order. A value that is empty or too long is left out.

    Values are remembered: most of what a GGSN says of its contexts is the same for many.
    """
    return b"".join([_encoded(name, value) for name, value in attributes.items()])


@lru_cache(maxsize=4096)
def _encoded(name: str, value: AttributeValue) -> bytes:
    write = writer(name)
    return b"".join(map(write, value)) if isinstance(value, tuple) else write(value)


def writer(name: str) -> Callable[[str | int | bytes], bytes]:
    """Return what writes one attribute, for values that will hardly come again."""
    return _specs()[name].encode


def head_of(name: str, size: int) -> bytes:
    """Return what stands before a value of ``size`` octets, or nothing where none can have it."""
    return _specs()[name].head(size)


@dataclass(frozen=True, slots=True)
class Attributes:
    """Attributes that were received, in order: number and octets of each."""

    items: tuple[tuple[Number, bytes], ...]

    @classmethod
    def decode(cls, octets: bytes) -> Attributes:
        """Read attributes. Raises MalformedError where a length is wrong."""
        return cls(tuple(_decode(octets))) if octets else NO_ATTRIBUTES

    def all(self, name: str) -> tuple[bytes, ...]:
        """Return the values of an attribute, in order."""
        number = number_of(name)
        return tuple(value for found, value in self.items if found == number)

    def octets(self, name: str) -> bytes | None:
        """Return the first value, or None."""
        values = self.all(name)
        return values[0] if values else None

    def text(self, name: str) -> str | None:
        """Return the first value as text, or None."""
        value = self.octets(name)
        return None if value is None else value.decode("utf-8", "replace").rstrip("\0")

    def integer(self, name: str) -> int | None:
        """Return the first value as a number of one or four octets, or None."""
        value = self.octets(name)
        return int.from_bytes(value, "big") if value is not None and len(value) in (1, 4) else None

    def ipv4(self, name: str) -> bytes | None:
        """Return the first value as the four octets of an address, or None."""
        value = self.octets(name)
        return value if value is not None and len(value) == 4 else None

    def prefix64(self, name: str) -> bytes | None:
        """Return the first value as the eight octets of a prefix of 64 bits, or None."""
        value = self.octets(name)
        if value is None or not 4 <= len(value) <= 18 or value[1] != 64:
            return None
        return value[2:10].ljust(8, b"\0")


NO_ATTRIBUTES: Final = Attributes(())


def _decode(octets: bytes) -> Iterator[tuple[Number, bytes]]:
    place, end = 0, len(octets)
    while place < end:
        if end - place < 2:
            raise MalformedError("an attribute is cut short")
        code, length = octets[place], octets[place + 1]
        if length < 2 or place + length > end:
            raise MalformedError(f"attribute {code} has a wrong length")
        value = octets[place + 2 : place + length]
        place += length
        inside = _of_vendor(value) if code == VENDOR_SPECIFIC else None
        if inside is None:
            yield (0, code), value
        else:
            yield from inside


def _of_vendor(value: bytes) -> list[tuple[Number, bytes]] | None:
    """Return what is in a Vendor-Specific attribute, or None where that cannot be told."""
    vendor, rest = int.from_bytes(value[:4], "big"), value[4:]
    found = []
    while rest:
        if len(rest) < 2 or not 2 <= rest[1] <= len(rest):
            return None
        found.append(((vendor, rest[0]), rest[2 : rest[1]]))
        rest = rest[rest[1] :]
    return found or None
