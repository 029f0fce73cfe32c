"""Packet filters and traffic flow templates as clients write and see them.

Specs: TS 24.008 §10.5.6.12. Networks, ports and protocols stand for components and octets. The
models say what can be written; what makes no sense, such as a filter that asks for nothing, is a
ValueError where octets are made of it.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

from corenet.control.answering import whole
from gtp.ies.filters import (
    Component,
    ComponentType,
    PacketFilter,
    TftOperation,
    TrafficFlowTemplate,
)

Direction = Literal["any", "down", "up", "both"]
_DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
"""By code."""
_OPERATIONS = {
    "create": TftOperation.CREATE,
    "add": TftOperation.ADD_FILTERS,
    "replace": TftOperation.REPLACE_FILTERS,
    "delete-filters": TftOperation.DELETE_FILTERS,
    "delete": TftOperation.DELETE,
}


def _network(text: str) -> str:
    return str(ip_network(text, strict=False))


_OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PREFIX = r"/(12[0-8]|1[01][0-9]|[1-9]?[0-9])"
_NETWORKS = (
    {"type": "string", "format": "ipv4"},
    {"type": "string", "format": "ipv6"},
    {"type": "string", "pattern": rf"^{_OCTET}(\.{_OCTET}){{3}}/(3[0-2]|[12]?[0-9])$"},
    {"type": "string", "pattern": rf"^([0-9a-f]{{1,4}}:){{1,6}}:{_PREFIX}$"},
    {"type": "string", "pattern": rf"^([0-9a-f]{{1,4}}:){{7}}[0-9a-f]{{1,4}}{_PREFIX}$"},
)
_PORT = r"(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5][0-9]{4}|[0-9]{1,4})"

Identifier = Annotated[int, Field(ge=0, le=15), BeforeValidator(whole)]
Octet = Annotated[int, Field(ge=0, le=255), BeforeValidator(whole)]
Label = Annotated[int, Field(ge=0, le=0xFFFFF), BeforeValidator(whole)]
Index = Annotated[int, Field(ge=0, le=0xFFFFFFFF), BeforeValidator(whole)]
Network = Annotated[
    str, AfterValidator(_network), WithJsonSchema({"type": "string", "anyOf": list(_NETWORKS)})
]
Ports = Annotated[
    str, Field(pattern=rf"^{_PORT}(-{_PORT})?$", examples=["5060", "1000-1999"], max_length=11)
]
Hexadecimal = Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{2}){1,255}$", max_length=510)]


class PacketFilterModel(BaseModel):
    """Which packets belong to a PDP context: all that is said has to be so."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identifier: Identifier = 0
    precedence: Octet = Field(description="the lowest of all filters of an address is asked first")
    direction: Direction = Field(
        default="both", description='"any" is what filters had before Release 7'
    )
    protocol: Octet | None = Field(default=None, description="such as 6 (TCP) or 17 (UDP)")
    remote: Network | None = Field(
        default=None, description="network or address of the other end", examples=["192.0.2.0/24"]
    )
    local: Network | None = Field(default=None, description="network or address of the mobile")
    remote_ports: Ports | None = None
    local_ports: Ports | None = None
    security_parameter_index: Index | None = Field(default=None, description="of IPsec")
    type_of_service: str | None = Field(
        default=None,
        pattern=r"^[0-9A-Fa-f]{2}/[0-9A-Fa-f]{2}$",
        description="value and mask of the octet, in hexadecimal",
        examples=["b8/fc"],
    )
    flow_label: Label | None = Field(default=None, description="of IPv6")

    def packet_filter(self) -> PacketFilter:
        """Return the filter as GTP has it. Raises ValueError for one that asks for nothing."""
        kinds = ComponentType
        components: list[Component] = []
        if self.remote is not None:
            components.append(
                _address(self.remote, kinds.IPV4_REMOTE_ADDRESS, kinds.IPV6_REMOTE_PREFIX)
            )
        if self.local is not None:
            components.append(
                _address(self.local, kinds.IPV4_LOCAL_ADDRESS, kinds.IPV6_LOCAL_PREFIX)
            )
        if self.protocol is not None:
            components.append(Component(kinds.PROTOCOL, bytes((self.protocol,))))
        if self.local_ports is not None:
            components.append(_ports(self.local_ports, kinds.LOCAL_PORT, kinds.LOCAL_PORT_RANGE))
        if self.remote_ports is not None:
            components.append(_ports(self.remote_ports, kinds.REMOTE_PORT, kinds.REMOTE_PORT_RANGE))
        if self.security_parameter_index is not None:
            value = self.security_parameter_index.to_bytes(4)
            components.append(Component(kinds.SECURITY_PARAMETER_INDEX, value))
        if self.type_of_service is not None:
            value = bytes.fromhex(self.type_of_service.replace("/", ""))
            components.append(Component(kinds.TYPE_OF_SERVICE, value))
        if self.flow_label is not None:
            components.append(Component(kinds.FLOW_LABEL, self.flow_label.to_bytes(3)))
        if not components:
            raise ValueError("a packet filter asks for something")
        direction = _DIRECTIONS.index(self.direction)
        return PacketFilter(self.identifier, self.precedence, tuple(components), direction)

    @classmethod
    def of(cls, packet_filter: PacketFilter) -> PacketFilterModel:
        """Return a filter as clients see it."""
        parts: dict[str, Any] = {}
        for kind, value in packet_filter.components:
            name = kind.name
            if "ADDRESS" in name or "PREFIX" in name:
                parts["remote" if "REMOTE" in name else "local"] = _network_text(kind, value)
            elif "PORT" in name:
                low, high = int.from_bytes(value[:2]), int.from_bytes(value[-2:])
                text = f"{low}-{high}" if name.endswith("RANGE") else str(low)
                parts["remote_ports" if "REMOTE" in name else "local_ports"] = text
            elif kind is ComponentType.TYPE_OF_SERVICE:
                parts["type_of_service"] = f"{value[0]:02x}/{value[1]:02x}"
            else:
                parts[name.lower()] = int.from_bytes(value)
        parts |= {
            "identifier": packet_filter.identifier,
            "precedence": packet_filter.precedence,
            "direction": _DIRECTIONS[packet_filter.direction],
        }
        return cls.model_construct(None, **parts)


class Template(BaseModel):
    """What is to be done with a context's traffic flow template."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    operation: Literal["create", "add", "replace", "delete-filters", "delete"] = "create"
    filters: list[PacketFilterModel] = Field(default=[], max_length=15)
    identifiers: list[Identifier] = Field(
        default=[], max_length=15, description="of the filters that are to be deleted"
    )

    def octets(self) -> bytes:
        """Return the template as in IE 137. Raises ValueError for what does not go together."""
        filters = tuple(each.packet_filter() for each in self.filters)
        template = TrafficFlowTemplate(
            _OPERATIONS[self.operation], filters, tuple(self.identifiers)
        )
        template.check()
        octets = template.encode()
        if len(octets) > 255:
            raise ValueError("a template has at most 255 octets")
        return octets


def new_template(filters: list[PacketFilterModel]) -> bytes | None:
    """Return a template for a new context, None without filters. Raises ValueError."""
    return Template(filters=filters).octets() if filters else None


def octets(text: str | None) -> bytes | None:
    """Return what hexadecimal digits say."""
    return None if text is None else bytes.fromhex(text)


def _address(text: str, ipv4: ComponentType, ipv6: ComponentType) -> Component:
    network = ip_network(text)
    address = network.network_address.packed
    if isinstance(network, IPv4Network):
        return Component(ipv4, address + network.netmask.packed)
    return Component(ipv6, address + bytes((network.prefixlen,)))


def _ports(text: str, one: ComponentType, several: ComponentType) -> Component:
    numbers = [int(part) for part in text.split("-")]
    value = b"".join(number.to_bytes(2) for number in numbers)
    return Component(one if len(numbers) == 1 else several, value)


def _network_text(kind: ComponentType, value: bytes) -> str:
    """Return an address component as a network, or with a mask where it is none."""
    if len(value) == 17:
        return str(IPv6Network((value[:16], min(value[16], 128)), strict=False))
    half = len(value) // 2
    bits = int.from_bytes(value[half:])
    length = bits.bit_count()
    size = 8 * half
    if bits != (1 << length) - 1 << size - length:
        return f"{value[:half].hex()}/{value[half:].hex()}"
    network = IPv4Network if kind.name.startswith("IPV4") else IPv6Network
    return str(network((value[:half], length), strict=False))
