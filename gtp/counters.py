"""What a GTP-C endpoint counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class EndpointCounters:
    """What an endpoint has counted since it was made; every field only grows."""

    requests_sent: int = 0
    """Requests of ours, each counted once however often it was transmitted."""
    retransmissions: int = 0
    """Transmissions of a request after its first."""
    responses_received: int = 0
    """Responses that ended a request of ours."""
    requests_timed_out: int = 0
    """Requests of ours that N3-REQUESTS transmissions did not bring to an answer."""
    invalid_responses: int = 0
    """Responses that broke the protocol and ended a request of ours as failed."""
    unmatched_responses: int = 0
    """Responses to nothing that is open, discarded."""
    requests_received: int = 0
    """Requests told as ``RequestReceived``."""
    responses_sent: int = 0
    """Responses by ``respond``, each counted once."""
    duplicates_answered: int = 0
    """Duplicate requests that got the kept response."""
    responses_shed: int = 0
    """Responses kept for duplicates that gave way to newer ones before their time."""
    duplicates_dropped: int = 0
    """Duplicate requests that came while the first was being worked on."""
    invalid_requests: int = 0
    """Requests refused because they break the protocol."""
    echoes_answered: int = 0
    """Echo Requests of peers."""
    too_short: int = 0
    """Datagrams that hold no GTP-C header, discarded (TS 29.060 §11.1.2)."""
    other_versions: int = 0
    """Messages of another version of GTP (TS 29.060 §11.1.1)."""
    unknown_types: int = 0
    """Messages of a type nobody knows, discarded (TS 29.060 §11.1.3)."""
    not_accepted: int = 0
    """Messages that this role does not serve, discarded (TS 29.060 §11.1.4)."""
    discarded: int = 0
    """Messages that cannot be decoded and get no answer."""
    extension_headers_notified: int = 0
    """Supported Extension Headers Notifications sent."""
    extension_headers_refused: int = 0
    """Supported Extension Headers Notifications received."""
