"""What a GGSN counts: plain numbers that only grow, for metrics to read."""

from __future__ import annotations

from dataclasses import dataclass, field

from corenet.ggsn.events import DeletionReason, DropReason


@dataclass(slots=True)
class GgsnCounters:
    """Counters of one GGSN since it was made."""

    contexts_created: int = 0
    secondary_contexts_created: int = 0
    """Those of them that share the address of another."""
    contexts_refused: int = 0
    """Create PDP Context Requests that we refused."""
    contexts_deleted: dict[DeletionReason, int] = field(
        default_factory=lambda: dict.fromkeys(DeletionReason, 0)
    )
    addresses_held: int = 0
    """Addresses of contexts that have gone, kept back until accounting was told of it."""
    contexts_updated: int = 0
    """Update PDP Context Requests that we accepted, and those of ours that the SGSN did."""
    updates_refused: int = 0
    """Update PDP Context Requests that we refused."""
    updates_failed: int = 0
    """Update PDP Context Requests of ours that changed nothing."""
    uplink_packets: int = 0
    """From mobiles to Gi."""
    uplink_octets: int = 0
    downlink_packets: int = 0
    """From Gi to mobiles, stored ones included once they are sent."""
    downlink_octets: int = 0
    dropped: dict[DropReason, int] = field(default_factory=lambda: dict.fromkeys(DropReason, 0))
    """PDUs dropped in either direction, by reason."""
    router_advertisements: int = 0
    """Answers to Router Solicitations of mobiles."""
    pings_answered: int = 0
    """Pings of mobiles to our own addresses."""
    mobile_to_mobile: int = 0
    """Packets from one mobile to another; they count in both directions too."""
    packets_fragmented: int = 0
    """Packets to mobiles that were longer than the APN's MTU."""
    icmp_errors_sent: int = 0
    """Packet too big, or the last hop made."""
    pdus_stored: int = 0
    secondary_requests: int = 0
    """Secondary contexts that SGSNs were asked for (Initiate PDP Context Activation)."""
    secondary_requests_succeeded: int = 0
    secondary_requests_failed: int = 0
    activations_started: int = 0
    """Network-requested procedures, however many asked for each."""
    activations_succeeded: int = 0
    activations_failed: int = 0
    activations_refused: int = 0
    """Requests that ended in the acceptance step."""
