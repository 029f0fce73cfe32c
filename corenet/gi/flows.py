"""Which of several contexts with one address a packet belongs to, by their traffic flow templates.

Specs: TS 23.060 §15.3 (TFT), TS 24.008 §10.5.6.12 (packet filters), §6.1.3.2.3 and §6.1.3.3.4
(what may be done with a template, and what is an error).

Theory of operation. ``applied`` makes the filters that a context has of those that it had and an
operation on them, or raises TftError with the Cause to answer. A ``Classifier`` is made anew after
each such change, and of each filter it keeps the few numbers that a packet is compared with, so
that a packet costs one reading of its header and one comparison per filter, by evaluation
precedence over all contexts. A packet that no filter wants belongs to the context without a
template; where there is none, to nobody.

"Remote" is the end that is not the MS's: a packet's source on its way down, its destination on
its way up. Of a fragment only the first one has ports.

Where a release of TS 24.008 from 7 on leaves a doubtful request to be repaired, it is: "create"
takes the place of an old template, "replace" of a filter that is not there adds it, "add" of one
that is there replaces it, "delete" of one that is not there has happened already. A precedence
that another context with the address has already is refused, and no other context changed for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Generic, NamedTuple, TypeVar

from gtp.constants import Cause
from gtp.ies.filters import (
    Component,
    ComponentType,
    PacketFilter,
    TftError,
    TftOperation,
    TrafficFlowTemplate,
)

T = TypeVar("T")

Filters = tuple[PacketFilter, ...]
"""A context's template: no filters, no template."""

_WITH_PORTS: Final = frozenset((6, 17, 33, 132))
"""TCP, UDP, DCCP and SCTP begin with their ports."""
_ESP: Final = 50
_AH: Final = 51
_EXTENSIONS: Final = frozenset((0, 43, 60))
"""IPv6: hop-by-hop, routeing and destination options, which have one layout (RFC 8200 §4)."""
_FRAGMENT: Final = 44
_UP: Final = 2
_DOWN: Final = 1


def applied(old: Filters, template: TrafficFlowTemplate, others: Iterable[Filters]) -> Filters:
    """Return what a context's filters are after an operation on ``old``.

    ``others`` are those of the other contexts with the PDP address. Raises TftError.
    """
    template.check()
    operation = template.operation
    if operation in (TftOperation.IGNORE, TftOperation.NO_OPERATION):
        return old
    if operation is TftOperation.CREATE:
        new = template.filters
    elif not old:
        raise TftError(
            Cause.SEMANTIC_ERROR_IN_TFT_OPERATION, f"{operation.name} where there is no template"
        )
    elif operation is TftOperation.DELETE:
        if not all(others):
            raise TftError(
                Cause.SEMANTIC_ERROR_IN_TFT_OPERATION, "another context has no template already"
            )
        return ()
    else:
        kept = {each.identifier: each for each in old}
        for identifier in template.deleted:
            kept.pop(identifier, None)
        kept |= {each.identifier: each for each in template.filters}
        new = tuple(kept.values())
    if not new:
        raise TftError(Cause.SEMANTIC_ERROR_IN_TFT_OPERATION, "no filter would be left")
    precedences = [each.precedence for each in new]
    precedences += [each.precedence for filters in others for each in filters]
    if len(set(precedences)) < len(precedences):
        raise TftError(
            Cause.SYNTACTIC_ERRORS_IN_PACKET_FILTERS, "two packet filters with one precedence"
        )
    return new


class _Fields(NamedTuple):
    """What filters look at of one packet."""

    version: int
    remote: int
    local: int
    protocol: int
    remote_port: int
    """-1 where the packet has none, as in a later fragment."""
    local_port: int
    spi: int
    service: int
    """Type of service, or traffic class."""
    flow_label: int


class _Test(NamedTuple):
    """One packet filter, as numbers to compare with; a range or mask for each part."""

    version: int
    """0 for both."""
    remote: int
    remote_mask: int
    local: int
    local_mask: int
    protocol: int
    """-1 for any, and so for those below."""
    remote_low: int
    remote_high: int
    local_low: int
    local_high: int
    spi: int
    service: int
    service_mask: int
    flow_label: int

    def fits(self, packet: _Fields) -> bool:
        """Whether the filter wants the packet."""
        return (
            self.version in (0, packet.version)
            and packet.remote & self.remote_mask == self.remote
            and packet.local & self.local_mask == self.local
            and self.protocol in (-1, packet.protocol)
            and (self.remote_low < 0 or self.remote_low <= packet.remote_port <= self.remote_high)
            and (self.local_low < 0 or self.local_low <= packet.local_port <= self.local_high)
            and self.spi in (-1, packet.spi)
            and packet.service & self.service_mask == self.service
            and self.flow_label in (-1, packet.flow_label)
        )


class Classifier(Generic[T]):
    """Contexts with one PDP address, asked in the order of their filters' precedence."""

    __slots__ = ("_default", "_downlink", "_uplink")

    def __init__(self, bearers: Iterable[tuple[T, Filters]]) -> None:
        """``bearers`` are the contexts, each with its filters; those without any are the rest's."""
        downlink: list[tuple[int, _Test, T]] = []
        uplink: list[tuple[int, _Test, T]] = []
        self._default: T | None = None
        for bearer, filters in bearers:
            if not filters and self._default is None:
                self._default = bearer
            for each in filters:
                entry = (each.precedence, _test(each), bearer)
                # Before Release 7 a filter had no direction.
                if each.direction != _UP:
                    downlink.append(entry)
                if each.direction != _DOWN:
                    uplink.append(entry)
        self._downlink = [entry[1:] for entry in sorted(downlink, key=_precedence)]
        self._uplink = [entry[1:] for entry in sorted(uplink, key=_precedence)]

    def downlink(self, packet: bytes) -> T | None:
        """Return the context of an IP packet for the MS, or None where nobody wants it."""
        if self._downlink:
            fields = _fields(packet, up=False)
            for test, bearer in self._downlink:
                if test.fits(fields):
                    return bearer
        return self._default

    def uplink(self, packet: bytes) -> T | None:
        """Return the context of an IP packet from the MS, or None where nobody wants it."""
        if self._uplink:
            fields = _fields(packet, up=True)
            for test, bearer in self._uplink:
                if test.fits(fields):
                    return bearer
        return self._default


def _precedence(entry: tuple[int, _Test, object]) -> int:
    return entry[0]


def _test(packet_filter: PacketFilter) -> _Test:
    parts = {each.type: each for each in packet_filter.components}
    version = 0
    if parts.keys() & {ComponentType.IPV4_REMOTE_ADDRESS, ComponentType.IPV4_LOCAL_ADDRESS}:
        version = 4
    elif any(each.name.startswith(("IPV6", "FLOW")) for each in parts):
        version = 6
    remote, remote_mask = _address(
        parts.get(ComponentType.IPV4_REMOTE_ADDRESS)
        or parts.get(ComponentType.IPV6_REMOTE_ADDRESS)
        or parts.get(ComponentType.IPV6_REMOTE_PREFIX)
    )
    local, local_mask = _address(
        parts.get(ComponentType.IPV4_LOCAL_ADDRESS) or parts.get(ComponentType.IPV6_LOCAL_PREFIX)
    )
    service = parts.get(ComponentType.TYPE_OF_SERVICE)
    mask = service.value[1] if service is not None else 0
    return _Test(
        version,
        remote,
        remote_mask,
        local,
        local_mask,
        _number(parts.get(ComponentType.PROTOCOL)),
        *_ports(parts.get(ComponentType.REMOTE_PORT) or parts.get(ComponentType.REMOTE_PORT_RANGE)),
        *_ports(parts.get(ComponentType.LOCAL_PORT) or parts.get(ComponentType.LOCAL_PORT_RANGE)),
        _number(parts.get(ComponentType.SECURITY_PARAMETER_INDEX)),
        service.value[0] & mask if service is not None else 0,
        mask,
        _number(parts.get(ComponentType.FLOW_LABEL)),
    )


def _address(component: Component | None) -> tuple[int, int]:
    """Return address and mask of a component; no component fits every address."""
    if component is None:
        return 0, 0
    value = component.value
    if len(value) == 17:
        bits = min(value[16], 128)
        mask = (1 << bits) - 1 << 128 - bits
        address = int.from_bytes(value[:16])
    else:
        half = len(value) // 2
        address, mask = int.from_bytes(value[:half]), int.from_bytes(value[half:])
    return address & mask, mask


def _number(component: Component | None) -> int:
    return -1 if component is None else int.from_bytes(component.value)


def _ports(component: Component | None) -> tuple[int, int]:
    """Return the lowest and the highest port of a component, -1 for none."""
    if component is None:
        return -1, -1
    return int.from_bytes(component.value[:2]), int.from_bytes(component.value[-2:])


def _fields(packet: bytes, *, up: bool) -> _Fields:
    """Return what filters look at of a packet, whose header is there."""
    if packet[0] >> 4 == 4:
        version, protocol, start = 4, packet[9], (packet[0] & 15) * 4
        source, destination = packet[12:16], packet[16:20]
        service, flow_label = packet[1], 0
        if (packet[6] << 8 | packet[7]) & 0x1FFF:
            start = len(packet)
    else:
        version, source, destination = 6, packet[8:24], packet[24:40]
        protocol, start = _ipv6_payload(packet)
        first = int.from_bytes(packet[:4])
        service, flow_label = first >> 20 & 0xFF, first & 0xFFFFF
    begin = packet[start : start + 8]
    sender = receiver = spi = -1
    if protocol in _WITH_PORTS and len(begin) >= 4:
        sender, receiver = begin[0] << 8 | begin[1], begin[2] << 8 | begin[3]
    elif protocol == _ESP and len(begin) >= 4:
        spi = int.from_bytes(begin[:4])
    elif protocol == _AH and len(begin) == 8:
        spi = int.from_bytes(begin[4:])
    if up:
        source, destination, sender, receiver = destination, source, receiver, sender
    return _Fields(
        version,
        int.from_bytes(source),
        int.from_bytes(destination),
        protocol,
        sender,
        receiver,
        spi,
        service,
        flow_label,
    )


def _ipv6_payload(packet: bytes) -> tuple[int, int]:
    """Return the protocol behind an IPv6 packet's extension headers, and where it begins."""
    protocol, start = packet[6], 40
    while protocol in _EXTENSIONS and start + 2 <= len(packet):
        protocol, start = packet[start], start + 8 * (packet[start + 1] + 1)
    if protocol == _FRAGMENT and start + 8 <= len(packet):
        later = (packet[start + 2] << 8 | packet[start + 3]) & 0xFFF8
        protocol, start = packet[start], len(packet) if later else start + 8
    return protocol, start
