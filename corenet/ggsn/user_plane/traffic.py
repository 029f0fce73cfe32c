"""User traffic: from Gi into tunnels, out of tunnels to Gi, and from one mobile to another.

Specs: TS 29.060 §9.3 (T-PDUs), TS 23.060 §9.3 (packet routeing), TS 29.061 §11 (Gi),
§11.2.1.3 (IPv6 stateless address autoconfiguration); RFC 1812 §4.3.2.8 (errors are limited).

Theory of operation. A packet from a mobile is judged by its source, which must be the mobile's
own, and by its destination: outside, another mobile on the APN, ourselves, or the link. One from
Gi is judged by its destination. What fits goes on unchanged (only between mobiles with one hop
less, for nobody else on that way counts it); what does not is dropped without a word, and
counted. An error is sent about a packet that is too long for the APN, and about one between
mobiles that has made its last hop.

Packets for Gi are put in ``AccessPoint.outgoing``, from where they are taken by APN.

This is the way of any packet; ``forwarding`` is a short cut for the usual ones.
"""

from __future__ import annotations

from typing import Final

from corenet.ggsn.activation.activations import NetworkActivations
from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.core import Core
from corenet.ggsn.destinations import Way, is_link_local
from corenet.ggsn.events import DropReason
from corenet.ggsn.pools import PREFIX_LENGTH, AccessPoint
from corenet.gi.hop import fragments, may_be_fragmented, one_hop_less
from corenet.gi.icmp import parse_echo, time_exceeded, too_big
from corenet.gi.ip import IPV4_HEADER_LENGTH, IPV6_HEADER_LENGTH, IpError
from corenet.gi.limit import Limit
from corenet.gi.router import (
    LINK_LOCAL_PREFIX,
    ROUTER_ADDRESS,
    is_router_solicitation,
    router_advertisement,
)

ERRORS_PER_SECOND: Final = 100.0
ERRORS_AT_ONCE: Final = 50.0


class Traffic:
    """Carries packets between Gi and the tunnels."""

    def __init__(self, core: Core, activations: NetworkActivations) -> None:
        """Find contexts in ``core``; a packet for a static address without one is a trigger."""
        self._core = core
        self._context_at = core.contexts.at
        self._activations = activations
        self._errors = Limit(ERRORS_PER_SECOND, ERRORS_AT_ONCE)

    # From Gi

    def downlink(self, packet: bytes, now: float) -> None:
        """Take a packet from Gi: to the MS, into the store, or dropped and counted."""
        ends = _ends(packet)
        if ends is None:
            self._core.drop(DropReason.MALFORMED)
            return
        source, destination = ends
        if is_link_local(source) or is_link_local(destination) or destination[0] == 0xFF:
            self._core.drop(DropReason.LINK_LOCAL)
            return
        if len(destination) == 16:
            destination = destination[:PREFIX_LENGTH]
        context = self._context_at(destination)
        if context is not None:
            if context.shared is not None:
                context = context.shared.classifier.downlink(packet)
            if context is None:
                self._core.drop(DropReason.NO_PACKET_FILTER)
                return
            for part in self._fitting(packet, context.access, now):
                self._core.send_down(context, part, now)
            return
        access_points = self._core.access_points
        binding = access_points.binding_at(destination)
        if binding is not None:
            access = access_points.find(binding.apn)
            assert access is not None
            for part in self._fitting(packet, access, now):
                self._activations.pdu_arrived(binding, part, now)
        elif access_points.in_a_pool(destination):
            self._core.drop(DropReason.NO_BINDING)
        else:
            self._core.drop(DropReason.UNKNOWN_ADDRESS)

    def _fitting(self, packet: bytes, access: AccessPoint, now: float) -> list[bytes]:
        """Return a packet for a mobile as the APN's MTU wants it: whole, in fragments, or not."""
        if len(packet) <= access.longest:
            return [packet]
        if not _is_whole(packet):
            self._core.drop(DropReason.MALFORMED)
            return []
        if may_be_fragmented(packet):
            self._core.counters.packets_fragmented += 1
            return fragments(packet, access.longest)
        self._core.drop(DropReason.TOO_BIG)
        router = access.gateway(packet[0] >> 4)
        if router is not None:
            self._tell(access, too_big(packet, router, access.longest), now)
        return []

    # From mobiles

    def arrived(self, context: PdpContext, packet: bytes, number: int | None, now: float) -> None:
        """Take a T-PDU, and give those that are in turn to ``uplink``."""
        ordering = context.ordering
        if ordering is None or number is None:
            self.uplink(context, packet, now)
            return
        in_turn = ordering.arrived(number, packet, now)
        if in_turn is None:
            self._core.drop(DropReason.LATE)
            return
        if ordering.deadline() is not None and not in_turn:
            self._watch(context, now)
        for one in in_turn:
            self.uplink(context, one, now)

    def _watch(self, context: PdpContext, now: float) -> None:
        """See to it that what waits for its turn does not wait for ever."""
        ordering = context.ordering
        deadline = ordering.deadline() if ordering is not None else None

        def ring(then: float) -> None:
            if ordering is not None and self._core.user_plane.owner(context.teid_data) is context:
                for packet in ordering.expire(then):
                    self.uplink(context, packet, then)
                if ordering.deadline() is not None:
                    self._watch(context, then)

        if deadline is not None:
            self._core.schedule.at(max(deadline, now), ring)

    def uplink(self, context: PdpContext, packet: bytes, now: float) -> None:
        """Take a packet from an MS: on its way, unless the source is not the MS's address."""
        version = packet[0] >> 4 if packet else 0
        if version == 4 and len(packet) >= IPV4_HEADER_LENGTH:
            reason = _unfit_ipv4(context, packet)
            destination = packet[16:20]
        elif version == 6 and len(packet) >= IPV6_HEADER_LENGTH:
            if packet[8:16] == LINK_LOCAL_PREFIX and context.ipv6 is not None:
                self._from_link(context, packet)
                return
            reason = _unfit_ipv6(context, packet)
            destination = packet[24:40]
        else:
            self._core.drop(DropReason.MALFORMED)
            return
        if reason is not None:
            self._core.drop(reason)
            return
        way = context.access.destinations.way(destination)
        if way is Way.LINK:
            self._core.drop(DropReason.LINK_LOCAL)
        elif way is Way.MOBILE and not context.access.apn.mobile_to_mobile:
            self._core.drop(DropReason.MOBILE_TO_MOBILE)
        else:
            size = len(packet)
            context.uplink_packets += 1
            context.uplink_octets += size
            counters = self._core.counters
            counters.uplink_packets += 1
            counters.uplink_octets += size
            if way is Way.MOBILE:
                self._to_mobile(context, packet, now)
            elif way is Way.OUTSIDE or not self._answered(context, packet):
                context.access.outgoing.append(packet)

    def _to_mobile(self, context: PdpContext, packet: bytes, now: float) -> None:
        """Take a packet from one mobile to another as if it came from Gi."""
        if not _is_whole(packet):
            self._core.drop(DropReason.MALFORMED)
            return
        onward = one_hop_less(packet)
        if onward is not None:
            self._core.counters.mobile_to_mobile += 1
            self.downlink(onward, now)
            return
        self._core.drop(DropReason.LAST_HOP)
        router = context.access.gateway(packet[0] >> 4)
        if router is not None:
            self._tell(context.access, time_exceeded(packet, router), now)

    def _answered(self, context: PdpContext, packet: bytes) -> bool:
        """Whether a packet for us was a ping, and has its answer."""
        try:
            echo = parse_echo(packet)
        except IpError:
            return False
        if echo.reply:
            return False
        self._core.send_own(context, echo.answer().packet())
        self._core.counters.pings_answered += 1
        return True

    def _from_link(self, context: PdpContext, packet: bytes) -> None:
        """Take a packet from an MS's link-local address: it is for us, or for nobody.

        A Router Solicitation gets an answer (TS 29.061 §11.2.1.3.4), and a ping of the router.
        """
        assert context.ipv6 is not None
        source = packet[8:24]
        if source[PREFIX_LENGTH:] != context.ipv6[PREFIX_LENGTH:]:
            self._core.drop(DropReason.SPOOFED_SOURCE)
        elif is_router_solicitation(packet):
            prefix, mtu = context.ipv6[:PREFIX_LENGTH], context.access.apn.mtu
            self._core.send_own(context, router_advertisement(source, prefix, mtu))
            self._core.counters.router_advertisements += 1
        elif packet[24:40] != ROUTER_ADDRESS or not self._answered(context, packet):
            self._core.drop(DropReason.LINK_LOCAL)

    # Errors

    def _tell(self, access: AccessPoint, error: bytes | None, now: float) -> None:
        """Send an error to the source of a packet, a mobile or a host outside, if it may be."""
        if error is None or not self._errors.admits(now):
            return
        self._core.counters.icmp_errors_sent += 1
        ends = _ends(error)
        assert ends is not None
        destination = ends[1] if len(ends[1]) == 4 else ends[1][:PREFIX_LENGTH]
        context = self._context_at(destination)
        if context is not None:
            self._core.send_own(context, error)
        else:
            access.outgoing.append(error)


def _ends(packet: bytes) -> tuple[bytes, bytes] | None:
    """Return source and destination of an IP packet, or None where the header is cut short."""
    version = packet[0] >> 4 if packet else 0
    if version == 4 and len(packet) >= IPV4_HEADER_LENGTH:
        return packet[12:16], packet[16:20]
    if version == 6 and len(packet) >= IPV6_HEADER_LENGTH:
        return packet[8:24], packet[24:40]
    return None


def _is_whole(packet: bytes) -> bool:
    """Whether an IP packet with a whole header is as long as it says, with its options."""
    if packet[0] >> 4 == 6:
        return IPV6_HEADER_LENGTH + int.from_bytes(packet[4:6], "big") == len(packet)
    header = (packet[0] & 0x0F) * 4
    return IPV4_HEADER_LENGTH <= header <= int.from_bytes(packet[2:4], "big") == len(packet)


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
    spoofed = packet[8 : 8 + PREFIX_LENGTH] != context.ipv6[:PREFIX_LENGTH]
    return DropReason.SPOOFED_SOURCE if spoofed else None
