"""User traffic: from Gi into tunnels, and out of tunnels to Gi.

Specs: TS 29.060 §9.3 (T-PDUs), TS 23.060 §9.3 (packet routeing), TS 29.061 §11 (Gi).
"""

from __future__ import annotations

from typing import Final

from corenet.ggsn.activations import NetworkActivations
from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.core import Core
from corenet.ggsn.events import DropReason
from corenet.gi.ip import IPV4_HEADER_LENGTH
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
        if len(packet) < IPV4_HEADER_LENGTH or packet[0] >> 4 != 4:
            self._core.drop(DropReason.MALFORMED)
            return
        destination = packet[16:20]
        context = self._context_at(destination)
        if context is not None:
            self._core.send_down(context, packet, now)
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
        if len(packet) < IPV4_HEADER_LENGTH or packet[0] >> 4 != 4:
            self._core.drop(DropReason.MALFORMED)
            return
        if packet[12:16] != context.octets:
            self._core.drop(DropReason.SPOOFED_SOURCE)
            return
        size = len(packet)
        context.uplink_packets += 1
        context.uplink_octets += size
        counters = self._core.counters
        counters.uplink_packets += 1
        counters.uplink_octets += size
        self._core.traffic.append(Datagram(Interface.GI, _NETWORK, packet))
