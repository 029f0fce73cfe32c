"""Traffic flow templates, taken apart and put together.

Specs: TS 29.060 §7.7.36, TS 24.008 §10.5.6.12. Messages carry IE 137 as octets; what they say is
here, and what ``Message.parsed`` returns. What is wrong with a template comes out as ``TftError``
with the Cause to answer, by the four kinds of error of TS 24.008 §6.1.3.2.3 and §6.1.3.3.4: in the
operation or in its packet filters, syntactic where it cannot be read, semantic where nothing could
follow from it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import ip_address
from typing import Final, NamedTuple

from gtp.constants import Cause
from gtp.ies.cursor import Cursor, counted


class TftError(ValueError):
    """A template that is wrong, and the Cause that says in which way."""

    def __init__(self, cause: Cause, text: str) -> None:
        super().__init__(text)
        self.cause = cause


class TftOperation(IntEnum):
    """What is to be done with a context's template."""

    IGNORE = 0
    CREATE = 1
    DELETE = 2
    ADD_FILTERS = 3
    REPLACE_FILTERS = 4
    DELETE_FILTERS = 5
    NO_OPERATION = 6


class ComponentType(IntEnum):
    """What a component of a packet filter looks at."""

    IPV4_REMOTE_ADDRESS = 0x10
    IPV4_LOCAL_ADDRESS = 0x11
    IPV6_REMOTE_ADDRESS = 0x20
    IPV6_REMOTE_PREFIX = 0x21
    IPV6_LOCAL_PREFIX = 0x23
    PROTOCOL = 0x30
    LOCAL_PORT = 0x40
    LOCAL_PORT_RANGE = 0x41
    REMOTE_PORT = 0x50
    REMOTE_PORT_RANGE = 0x51
    SECURITY_PARAMETER_INDEX = 0x60
    TYPE_OF_SERVICE = 0x70
    FLOW_LABEL = 0x80


_SIZES: Final = {
    ComponentType.IPV4_REMOTE_ADDRESS: 8,
    ComponentType.IPV4_LOCAL_ADDRESS: 8,
    ComponentType.IPV6_REMOTE_ADDRESS: 32,
    ComponentType.IPV6_REMOTE_PREFIX: 17,
    ComponentType.IPV6_LOCAL_PREFIX: 17,
    ComponentType.PROTOCOL: 1,
    ComponentType.LOCAL_PORT: 2,
    ComponentType.LOCAL_PORT_RANGE: 4,
    ComponentType.REMOTE_PORT: 2,
    ComponentType.REMOTE_PORT_RANGE: 4,
    ComponentType.SECURITY_PARAMETER_INDEX: 4,
    ComponentType.TYPE_OF_SERVICE: 2,
    ComponentType.FLOW_LABEL: 3,
}
_WITH_FILTERS: Final = (
    TftOperation.CREATE,
    TftOperation.ADD_FILTERS,
    TftOperation.REPLACE_FILTERS,
)


_RANGES: Final = (ComponentType.LOCAL_PORT_RANGE, ComponentType.REMOTE_PORT_RANGE)
_IPV4_ONLY: Final = (ComponentType.IPV4_REMOTE_ADDRESS, ComponentType.IPV4_LOCAL_ADDRESS)
_IPV6_ONLY: Final = (
    ComponentType.IPV6_REMOTE_ADDRESS,
    ComponentType.IPV6_REMOTE_PREFIX,
    ComponentType.IPV6_LOCAL_PREFIX,
    ComponentType.FLOW_LABEL,
)
_AT_MOST_ONE: Final = (
    *((each,) for each in ComponentType),
    (ComponentType.LOCAL_PORT, ComponentType.LOCAL_PORT_RANGE),
    (ComponentType.REMOTE_PORT, ComponentType.REMOTE_PORT_RANGE),
    (ComponentType.IPV6_REMOTE_ADDRESS, ComponentType.IPV6_REMOTE_PREFIX),
    *(
        (ComponentType.SECURITY_PARAMETER_INDEX, port)
        for port in (
            ComponentType.LOCAL_PORT,
            ComponentType.LOCAL_PORT_RANGE,
            ComponentType.REMOTE_PORT,
            ComponentType.REMOTE_PORT_RANGE,
        )
    ),
)
"""Kinds of components of which a filter has one at most (TS 24.008 §10.5.6.12)."""


class Component(NamedTuple):
    """One condition of a packet filter; its octets as the standard lays them out."""

    type: ComponentType
    value: bytes

    def __str__(self) -> str:
        name = self.type.name.replace("_", " ").lower().replace("ipv", "IPv")
        return f"{name} {_COMPONENT_TEXTS.get(self.type, bytes.hex)(self.value)}"


def _number_text(value: bytes) -> str:
    return str(int.from_bytes(value))


def _range_text(value: bytes) -> str:
    return f"{_number_text(value[:2])}-{_number_text(value[2:])}"


def _masked_text(value: bytes) -> str:
    address, mask = value[: len(value) // 2], value[len(value) // 2 :]
    return f"{ip_address(address)}/{ip_address(mask)}"


def _prefix_text(value: bytes) -> str:
    return f"{ip_address(value[:16])}/{value[16]}"


_COMPONENT_TEXTS: Final[dict[ComponentType, Callable[[bytes], str]]] = {
    ComponentType.IPV4_REMOTE_ADDRESS: _masked_text,
    ComponentType.IPV4_LOCAL_ADDRESS: _masked_text,
    ComponentType.IPV6_REMOTE_ADDRESS: _masked_text,
    ComponentType.IPV6_REMOTE_PREFIX: _prefix_text,
    ComponentType.IPV6_LOCAL_PREFIX: _prefix_text,
    ComponentType.PROTOCOL: _number_text,
    ComponentType.LOCAL_PORT: _number_text,
    ComponentType.LOCAL_PORT_RANGE: _range_text,
    ComponentType.REMOTE_PORT: _number_text,
    ComponentType.REMOTE_PORT_RANGE: _range_text,
}
_DIRECTIONS: Final = ("", ", to the MS", ", from the MS", ", both ways")


class PacketFilter(NamedTuple):
    """Which packets belong to the context."""

    identifier: int
    """4 bits."""
    precedence: int
    """The lowest is asked first."""
    components: tuple[Component, ...]
    direction: int = 0
    """2 bits: 1 to the MS, 2 from the MS, 3 both; 0 before Release 7."""

    @property
    def contents(self) -> bytes:
        """Return its components as octets."""
        return b"".join([bytes((each.type,)) + each.value for each in self.components])

    def __str__(self) -> str:
        components = ", ".join(map(str, self.components)) or "empty"
        head = f"filter {self.identifier} (precedence {self.precedence}"
        return f"{head}{_DIRECTIONS[self.direction]}): {components}"


class Parameter(NamedTuple):
    """A parameter beside the filters."""

    identifier: int
    content: bytes

    def __str__(self) -> str:
        return f"parameter {self.identifier} {self.content.hex()}"


@dataclass(frozen=True, slots=True)
class TrafficFlowTemplate:
    """An operation with its filters, or with the identifiers of filters to be deleted."""

    operation: TftOperation
    filters: tuple[PacketFilter, ...] = ()
    deleted: tuple[int, ...] = ()
    parameters: tuple[Parameter, ...] = ()

    @classmethod
    def parse(cls, octets: bytes) -> TrafficFlowTemplate:
        """Read the value of IE 137. Raises TftError if it is none."""
        try:
            return cls._read(octets)
        except TftError:
            raise
        except ValueError as error:
            raise TftError(Cause.SYNTACTIC_ERROR_IN_TFT_OPERATION, str(error)) from None

    @classmethod
    def _read(cls, octets: bytes) -> TrafficFlowTemplate:
        cursor = Cursor(octets)
        first = cursor.number()
        operation, count = TftOperation(first >> 5), first & 15
        filters: tuple[PacketFilter, ...] = ()
        deleted: tuple[int, ...] = ()
        if operation in _WITH_FILTERS:
            filters = tuple(_read_filter(cursor) for _ in range(count))
        elif operation is TftOperation.DELETE_FILTERS:
            deleted = tuple(cursor.number() & 15 for _ in range(count))
        elif count and operation is not TftOperation.IGNORE:
            raise ValueError(f"{operation.name} has no filters, and {count} are announced")
        parameters = []
        while first & 0x10 and not cursor.at_end:
            parameters.append(Parameter(cursor.number(), cursor.counted()))
        cursor.finish()
        return cls(operation, filters, deleted, tuple(parameters))

    def check(self) -> None:
        """Raise TftError for what is wrong whatever template it is to be applied to."""
        lists = self.operation in (*_WITH_FILTERS, TftOperation.DELETE_FILTERS)
        if lists and not (self.filters or self.deleted):
            text = f"{self.operation.name} without packet filters"
            raise TftError(Cause.SYNTACTIC_ERROR_IN_TFT_OPERATION, text)
        for values, what in (
            ([each.identifier for each in self.filters], "identifier"),
            ([each.precedence for each in self.filters], "evaluation precedence"),
        ):
            if len(set(values)) < len(values):
                text = f"two packet filters with one {what}"
                raise TftError(Cause.SYNTACTIC_ERRORS_IN_PACKET_FILTERS, text)
        for each in self.filters:
            _check_filter(each)

    def encode(self) -> bytes:
        """Return the value of IE 137. Raises ValueError or OverflowError for what does not fit."""
        count = len(self.filters) + len(self.deleted)
        deletes = self.operation is TftOperation.DELETE_FILTERS
        if count > 15 or (self.filters and self.operation not in _WITH_FILTERS):
            raise ValueError("has more than 15 filters, or an operation that has none")
        if self.deleted and not deletes:
            raise ValueError("deletes filters with an operation that does not")
        parameters = [bytes((each.identifier,)) + counted(each.content) for each in self.parameters]
        first = self.operation << 5 | (0x10 if parameters else 0) | count
        filters = [_write_filter(each) for each in self.filters]
        return bytes((first,)) + b"".join(filters) + bytes(self.deleted) + b"".join(parameters)

    def __str__(self) -> str:
        deleted = [f"filter {identifier}" for identifier in self.deleted]
        parts = [*map(str, self.filters), *deleted, *map(str, self.parameters)]
        return "; ".join([self.operation.name.replace("_", " ").lower(), *parts])


def _read_filter(cursor: Cursor) -> PacketFilter:
    first, precedence = cursor.number(), cursor.number()
    content = Cursor(cursor.counted())
    components = []
    try:
        while not content.at_end:
            component_type = ComponentType(content.number())
            components.append(Component(component_type, content.take(_SIZES[component_type])))
    except ValueError as error:
        raise TftError(Cause.SYNTACTIC_ERRORS_IN_PACKET_FILTERS, str(error)) from None
    return PacketFilter(first & 15, precedence, tuple(components), first >> 4 & 3)


def _check_filter(packet_filter: PacketFilter) -> None:
    """Raise TftError for a filter that asks for nothing, or that no packet can ever fit."""
    name = f"packet filter {packet_filter.identifier}"
    if not packet_filter.components:
        raise TftError(Cause.SYNTACTIC_ERRORS_IN_PACKET_FILTERS, f"{name} is empty")
    types = [each.type for each in packet_filter.components]
    if any(sum(types.count(each) for each in group) > 1 for group in _AT_MOST_ONE):
        text = f"{name} has components that exclude one another"
        raise TftError(Cause.SEMANTIC_ERRORS_IN_PACKET_FILTERS, text)
    if any(each in _IPV4_ONLY for each in types) and any(each in _IPV6_ONLY for each in types):
        text = f"{name} is for IPv4 and IPv6 at once"
        raise TftError(Cause.SEMANTIC_ERRORS_IN_PACKET_FILTERS, text)
    for component in packet_filter.components:
        low, high = component.value[:2], component.value[2:]
        if component.type in _RANGES and low > high:
            text = f"{name} has a range of ports that ends before it begins"
            raise TftError(Cause.SEMANTIC_ERRORS_IN_PACKET_FILTERS, text)


def _write_filter(packet_filter: PacketFilter) -> bytes:
    identifier, precedence, components, direction = packet_filter
    if not (0 <= identifier <= 15 and 0 <= direction <= 3):
        raise ValueError("a filter's identifier is not 0 to 15, or its direction not 0 to 3")
    for component in components:
        if len(component.value) != _SIZES[component.type]:
            raise ValueError(f"{component.type.name} has not {_SIZES[component.type]} octets")
    return bytes((direction << 4 | identifier, precedence)) + counted(packet_filter.contents)
