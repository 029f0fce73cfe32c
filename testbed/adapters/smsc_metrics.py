"""The SMSC's metrics for Prometheus.

``COUNTERS``, ``GAUGES`` and ``HISTOGRAMS`` say what there is, ``COUNTED`` what events count as.
What became of segments, the SMSC counts itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from twisted.web.resource import Resource
from twisted.web.server import Request

from corenet.adapters.metrics import METRICS_TYPE
from corenet.interfaces.node import Event
from corenet.interfaces.sms.causes import rp_cause_text
from testbed.adapters.event_metrics import Counted, EventMetrics, MetricTables, Told
from testbed.codecs.smpp import CommandStatus
from testbed.smsc.events import (
    EsmeBound,
    EsmeCalled,
    EsmeGone,
    EsmeNotCalled,
    EsmeReached,
    EsmeRefused,
    EsmeUnreached,
    MessageAccepted,
    MessageEnded,
    ReceiptGivenUp,
    StoreFailed,
    SubmissionRefused,
    TransactionEnded,
)
from testbed.smsc.node import Smsc

PREFIX: Final = "corenet_smsc_"
TRANSACTION_BUCKETS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0,
)  # fmt: skip
MESSAGE_BUCKETS: Final = (0.1, 1.0, 10.0, 60.0, 600.0, 3600.0, 6 * 3600.0, 86_400.0, 604_800.0)
"""Upper bounds in seconds."""

COUNTERS: Final[Told] = MappingProxyType(
    {
        "messages_accepted": ("mode", "Messages taken, one for each destination, by mode."),
        "submissions_refused": ("status", "Submissions refused at once, by command_status."),
        "transactions_ended": (
            "outcome",
            "Messages delivered at once (transaction, datagram) that ended: delivered, or why not.",
        ),
        "messages_ended": ("state", "Messages stored and forwarded that ended, by final state."),
        "segments": (
            "what",
            "Short messages to the network: sent, of these repeated in their transaction, "
            "delivered, failed; answers that came too late.",
        ),
        "esmes": ("what", "Sessions of ESMEs: called, not called, bound, refused, gone."),
        "messages_to_esmes": (
            "outcome",
            "Messages of mobiles to ESMEs: delivered, or the RP cause that the mobile was told.",
        ),
        "receipts_given_up": (
            "why",
            "Delivery receipts that their ESME has not taken in time (too old), or that had to "
            "make room for later ones (too many).",
        ),
        "store_failures": ("", "Writes that the store refused."),
    }
)
GAUGES: Final[Told] = MappingProxyType(
    {
        "queued": ("lane", "Messages that wait in a lane for room on the way to the network."),
        "size": ("thing", "How many of a thing there are now."),
    }
)
HISTOGRAMS: Final[Mapping[str, tuple[tuple[float, ...], str]]] = MappingProxyType(
    {
        "transaction_seconds": (
            TRANSACTION_BUCKETS,
            "From a transaction's first segment to its delivery.",
        ),
        "message_seconds": (
            MESSAGE_BUCKETS,
            "From the acceptance of a message stored and forwarded to its end.",
        ),
    }
)
SIZES: Final = (
    "sessions",
    "transactions under way",
    "messages kept",
    "messages waiting",
    "receipts due",
    "messages to esmes",
    "segments under way",
    "references in use",
    "writes under way",
)
SEGMENTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "segments sent": "sent",
        "segments repeated": "repeated",
        "segments delivered": "delivered",
        "segments failed": "failed",
        "answers too late": "answered too late",
    }
)
"""Counters of the SMSC, and the label that they have here."""


class SmscMetrics(EventMetrics):
    """The metrics of one SMSC."""

    def __init__(self, smsc: Smsc) -> None:
        self._smsc = smsc
        tables = MetricTables(PREFIX, COUNTERS, GAUGES, HISTOGRAMS, COUNTED)
        super().__init__(tables, self._segments, self._sizes)

    def observe(self, event: Event) -> None:
        """Count what has happened."""
        super().observe(event)
        if isinstance(event, TransactionEnded) and not event.failure:
            self.histograms["transaction_seconds"].observe(event.seconds)
        elif isinstance(event, MessageEnded):
            self.histograms["message_seconds"].observe(event.seconds)

    def _segments(self) -> dict[tuple[str, str], int]:
        now = self._smsc.counters
        return {("segments", value): now.get(counter, 0) for counter, value in SEGMENTS.items()}

    def _sizes(self) -> dict[str, Mapping[str, float]]:
        now = self._smsc.counters
        return {
            "queued": {lane: now[f"lane {lane} queued"] for lane in self._smsc.config.lanes},
            "size": {thing: now[thing] for thing in SIZES},
        }


class MetricsPage(Resource):
    """``GET /metrics``."""

    isLeaf = True  # noqa: N815

    def __init__(self, metrics: SmscMetrics) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._metrics = metrics

    def render_GET(self, request: Request) -> bytes:
        """Answer a request (Twisted calls this)."""
        if request.path != b"/metrics":
            request.setResponseCode(404)
            return b"There is /metrics.\n"
        request.setHeader("Content-Type", METRICS_TYPE)
        return self._metrics.page()


COUNTED: Final[Counted] = MappingProxyType(
    {
        MessageAccepted: ("messages_accepted", lambda event: str(event.mode)),
        SubmissionRefused: (
            "submissions_refused",
            lambda event: CommandStatus(event.status).spelling,
        ),
        TransactionEnded: ("transactions_ended", lambda event: event.failure or "delivered"),
        MessageEnded: ("messages_ended", lambda event: str(event.state)),
        EsmeBound: ("esmes", "bound"),
        EsmeRefused: ("esmes", "refused"),
        EsmeCalled: ("esmes", "called"),
        EsmeNotCalled: ("esmes", "not called"),
        EsmeGone: ("esmes", "gone"),
        EsmeReached: ("messages_to_esmes", "delivered"),
        EsmeUnreached: ("messages_to_esmes", lambda event: rp_cause_text(event.rp_cause)),
        ReceiptGivenUp: ("receipts_given_up", lambda event: str(event.why)),
        StoreFailed: ("store_failures", ""),
    }
)
