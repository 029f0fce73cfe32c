"""The SMSC's metrics for Prometheus, read when they are asked for.

``COUNTERS``, ``GAUGES`` and ``HISTOGRAMS`` say what there is. What happened is counted from events;
what there is now, and what became of segments, is read from the SMSC.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from twisted.web.resource import Resource
from twisted.web.server import Request

from corenet.adapters.metrics import METRICS_TYPE
from corenet.interfaces.node import Event
from corenet.interfaces.sms.causes import rp_cause_text
from testbed.adapters.histogram import Histogram
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

COUNTERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
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
"""Names without prefix and "_total"; the label, and what is counted."""
GAUGES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
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


class SmscMetrics(Collector):
    """The metrics of one SMSC."""

    def __init__(self, smsc: Smsc) -> None:
        self._smsc = smsc
        self._counts: Counter[tuple[str, str]] = Counter()
        """By name and label."""
        self._histograms = {name: Histogram(bounds) for name, (bounds, _) in HISTOGRAMS.items()}
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def observe(self, event: Event) -> None:
        """Count what has happened."""
        counted = COUNTED.get(type(event))
        if counted is None:
            return
        name, label = counted
        self._counts[name, label if isinstance(label, str) else label(event)] += 1
        if isinstance(event, TransactionEnded) and not event.failure:
            self._histograms["transaction_seconds"].observe(event.seconds)
        elif isinstance(event, MessageEnded):
            self._histograms["message_seconds"].observe(event.seconds)

    def page(self) -> bytes:
        """Return all of them in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Return every metric as it is now (``Collector``)."""
        now = self._smsc.counters
        counts = dict(self._counts)
        for counter, value in SEGMENTS.items():
            counts["segments", value] = now.get(counter, 0)
        for name, (label, text) in COUNTERS.items():
            family = CounterMetricFamily(f"{PREFIX}{name}", text, labels=(label,) if label else ())
            if not label:
                family.add_metric((), counts.get((name, ""), 0))
            for (counted, value), number in sorted(counts.items()):
                if counted == name and label:
                    family.add_metric((value,), number)
            yield family
        lanes = {lane: now[f"lane {lane} queued"] for lane in self._smsc.config.lanes}
        for name, values in (("queued", lanes), ("size", {thing: now[thing] for thing in SIZES})):
            label, text = GAUGES[name]
            gauge = GaugeMetricFamily(f"{PREFIX}{name}", text, labels=(label,))
            for value, number in values.items():
                gauge.add_metric((value,), number)
            yield gauge
        for name, histogram in self._histograms.items():
            yield histogram.family(f"{PREFIX}{name}", HISTOGRAMS[name][1])


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


COUNTED: Final[Mapping[type[Event], tuple[str, str | Callable[[Any], str]]]] = MappingProxyType(
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
"""What each event counts as, and the value of the label."""
