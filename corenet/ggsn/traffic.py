"""User traffic: from Gi into tunnels, and out of tunnels to Gi.

Specs: TS 29.060 §9.3 (T-PDUs), TS 23.060 §9.3 (packet routeing), TS 29.061 §11 (Gi),
§11.2.1.3 (IPv6 stateless address autoconfiguration).
"""

from __future__ import annotations

from typing import Final

from corenet.ggsn.activations import NetworkActivations
from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.core import Core
from corenet.ggsn.events import DropReason
from corenet.ggsn.pools import PREFIX_LENGTH
from corenet.gi.ip import IPV4_HEADER_LENGTH, IPV6_HEADER_LENGTH
from corenet.gi.router import LINK_LOCAL_PREFIX, is_router_solicitation, router_advertisement
from corenet.interfaces.node import Address, Datagram, Interface

_NETWORK: Final[Address] = ("", 0)
"""The peer on Gi is the network as a whole."""


class Traffic:
    """Carries packets between Gi and the tunnels."""

    def __init__(self, core: Core, activations: NetworkActivations) -> None:
        """Find contexts in ``core``; a packet for a static address without one is a trigger."""
        self._core = core
        self._context_at = core.contexts.at
        self._activations = activations

    def downlink(self, packet: bytes, now: float) -> None:
        """Take a packet from Gi: to the MS, into the store, or dropped and counted."""
        version = packet[0] >> 4 if packet else 0
        if version == 4 and len(packet) >= IPV4_HEADER_LENGTH:
            destination = packet[16:20]
        elif version == 6 and len(packet) >= IPV6_HEADER_LENGTH:
            if _is_link_local(packet[8:10]):
                self._core.drop(DropReason.LINK_LOCAL)
                return
            destination = packet[24 : 24 + PREFIX_LENGTH]
        else:
            self._core.drop(DropReason.MALFORMED)
            return
        context = self._context_at(destination)
        if context is not None:
            if context.shared is not None:
                context = context.shared.classifier.downlink(packet)
            if context is not None:
                self._core.send_down(context, packet, now)
            else:
                self._core.drop(DropReason.NO_PACKET_FILTER)
            return
        access_points = self._core.access_points
        binding = access_points.binding_at(destination)
        if binding is not None:
            self._activations.pdu_arrived(binding, packet, now)
        elif access_points.in_a_pool(destination):
            self._core.drop(DropReason.NO_BINDING)
        else:
            self._core.drop(DropReason.UNKNOWN_ADDRESS)

    def uplink(self, context: PdpContext, packet: bytes) -> None:
        """Take a packet from an MS: to Gi, unless the source is not the MS's address."""
        version = packet[0] >> 4 if packet else 0
        if version == 4 and len(packet) >= IPV4_HEADER_LENGTH:
            reason = _unfit_ipv4(context, packet)
        elif version == 6 and len(packet) >= IPV6_HEADER_LENGTH:
            if packet[8:16] == LINK_LOCAL_PREFIX and context.ipv6 is not None:
                self._from_link(context, packet)
                return
            reason = _unfit_ipv6(context, packet)
        else:
            reason = DropReason.MALFORMED
        if reason is not None:
            self._core.drop(reason)
            return
        size = len(packet)
        context.uplink_packets += 1
        context.uplink_octets += size
        counters = self._core.counters
        counters.uplink_packets += 1
        counters.uplink_octets += size
        self._core.traffic.append(Datagram(Interface.GI, _NETWORK, packet))

    def _from_link(self, context: PdpContext, packet: bytes) -> None:
        """Take a packet from an MS's link-local address: it is for us, or for nobody.

        Only a Router Solicitation gets an answer (TS 29.061 §11.2.1.3.4).
        """
        assert context.ipv6 is not None
        source = packet[8:24]
        if source[PREFIX_LENGTH:] != context.ipv6[PREFIX_LENGTH:]:
            self._core.drop(DropReason.SPOOFED_SOURCE)
        elif is_router_solicitation(packet):
            prefix, mtu = context.ipv6[:PREFIX_LENGTH], context.access.apn.mtu
            self._core.send_own(context, router_advertisement(source, prefix, mtu))
            self._core.counters.router_advertisements += 1
        else:
            self._core.drop(DropReason.LINK_LOCAL)


def _unfit_ipv4(context: PdpContext, packet: bytes) -> DropReason | None:
    """Return why an IPv4 packet from an MS is not forwarded, or None."""
    if context.ipv4 is None:
        return DropReason.WRONG_FAMILY
    return None if packet[12:16] == context.ipv4 else DropReason.SPOOFED_SOURCE


def _unfit_ipv6(context: PdpContext, packet: bytes) -> DropReason | None:
    """Return why an IPv6 packet from an MS is not forwarded, or None.

    Whatever the interface identifier: the whole prefix is the MS's (RFC 4291 §2.5.1, RFC 8981).
    """
    if context.ipv6 is None:
        return DropReason.WRONG_FAMILY
    if packet[8 : 8 + PREFIX_LENGTH] != context.ipv6[:PREFIX_LENGTH]:
        return DropReason.SPOOFED_SOURCE
    to_link = _is_link_local(packet[24:26]) or packet[24] == 0xFF
    return DropReason.LINK_LOCAL if to_link else None


def _is_link_local(address: bytes) -> bool:
    """Whether an IPv6 address, of which the first two octets will do, is in fe80::/10."""
    return address[0] == 0xFE and address[1] & 0xC0 == 0x80
