"""The gateway's metrics for Prometheus, read when they are asked for.

``METRICS`` says what there is. What happened is counted from events; what there is now is read
from the gateway. Nothing here asks for a lock or the time, for it is done for each push.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from corenet.interfaces.node import Event
from testbed.adapters.histogram import Histogram
from testbed.gateway.events import (
    ActivationAnswered,
    DeliveryEnded,
    GiTriggered,
    InitiatorNotified,
    LeaseLapsed,
    NotificationFailed,
    PushAccepted,
    PushAdopted,
    PushHeld,
    PushLetGo,
    PushRefused,
    PushRepeated,
    PushSent,
    PushSentInVain,
    SessionBegan,
    SessionEnded,
    SessionInvited,
    SmsEnded,
    SmsSubmitted,
    StoreFailed,
    SubmissionFaulted,
    TerminalJudged,
)
from testbed.gateway.keeping.pushes import State
from testbed.gateway.node import Gateway
from testbed.pull.events import PageServed, RequestAbandoned

PREFIX: Final = "corenet_gateway_"
DELIVERY_BUCKETS: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0,
    86_400.0,
)  # fmt: skip
ANSWER_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
PAGE_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds in seconds."""

COUNTERS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "pushes_accepted": ("", "Pushes answered with 1001."),
        "submissions_refused": (
            "code",
            "Submissions answered otherwise than with 1001, by PAP status code; 0 is no PAP.",
        ),
        "submission_faults": ("", "Submissions answered with 3000, for a fault of the gateway."),
        "deliveries_ended": ("state", "Pushes at one address that ended, by final state."),
        "verdicts": ("verdict", "Looks at a terminal, by what the gateway decided."),
        "pushes_held": ("", "Times that a push at one address began to wait."),
        "pushes_sent": ("how", "Pushes that left over IP, repetitions included, by how they went."),
        "pushes_sent_in_vain": (
            "",
            "Pushes that came back (ICMP), were not confirmed, or could not leave.",
        ),
        "pushes_repeated": (
            "",
            "Pushes sent again although the first may have arrived: what became of it was lost "
            "with a gateway or its lease.",
        ),
        "sessions_invited": ("", "Terminals that were asked to open a session (SIA)."),
        "activations": (
            "result",
            "Activations that ended, by result: reached, or the kind of refusal.",
        ),
        "triggers": ("by", "Gi triggers: by a push itself, or by a datagram of their own."),
        "short_messages": (
            "what",
            "Pushes submitted to an SMSC, those repeated after a restart or an unknown outcome, "
            "and what became of them.",
        ),
        "notifications": (
            "outcome",
            "Posts of result notifications: answered, failed (to be repeated) or abandoned.",
        ),
        "sessions_changed": ("change", "Accounting sessions that began or ended."),
        "pages_served": ("status", "Requests of terminals that were answered, by WSP status."),
        "requests_abandoned": ("", "Requests of terminals that they gave up."),
        "store_failures": ("", "Reads and writes that the store refused."),
        "lease_lapses": ("", "Times that the store was out of reach for longer than the lease."),
        "pushes_moved": ("direction", "Pushes taken over from another gateway, or lost to one."),
        "radius_requests": ("outcome", "Accounting requests, by what became of them."),
    }
)
"""Names without prefix and "_total"; the label, and what is counted."""
GAUGES: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "deliveries": ("state", "Pushes at one address that the gateway has in care, by state."),
        "size": ("thing", "How many of a thing there are now, queues included."),
        "up": ("what", "Whether the store takes what is written, and the core is listened to."),
    }
)
HISTOGRAMS: Final[Mapping[str, tuple[tuple[float, ...], str]]] = MappingProxyType(
    {
        "delivery_seconds": (
            DELIVERY_BUCKETS,
            "From acceptance, or deliver-after, to delivery at one address.",
        ),
        "answer_seconds": (ANSWER_BUCKETS, "From a submission to its answer."),
        "page_seconds": (PAGE_BUCKETS, "From a terminal's request to the reply."),
    }
)


class GatewayMetrics(Collector):
    """The metrics of one gateway."""

    def __init__(self, gateway: Gateway, up: Callable[[], Mapping[str, bool]]) -> None:
        """``up`` tells of each thing that the gateway depends on whether it works."""
        self._gateway = gateway
        self._up = up
        self._counts: Counter[tuple[str, str]] = Counter()
        """By name and label."""
        self._delivery = Histogram(DELIVERY_BUCKETS)
        self._answer = Histogram(ANSWER_BUCKETS)
        self._page = Histogram(PAGE_BUCKETS)
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def observe(self, event: Event) -> None:
        """Count what has happened."""
        counted = COUNTED.get(type(event))
        if counted is None:
            return
        name, label = counted
        self._counts[name, label if isinstance(label, str) else label(event)] += 1
        if isinstance(event, DeliveryEnded) and event.state == State.DELIVERED:
            self._delivery.observe(event.seconds)
        elif isinstance(event, PageServed):
            self._page.observe(event.seconds)

    def answered(self, seconds: float) -> None:
        """Take note of how long a submission has taken."""
        self._answer.observe(seconds)

    def page(self) -> bytes:
        """Return all of them in Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """Return every metric as it is now (``Collector``)."""
        counts = self._counts + Counter(
            {
                ("radius_requests", name.removeprefix("radius ")): number
                for name, number in self._gateway.counters.items()
                if name.startswith("radius ")
            }
        )
        for name, (label, text) in COUNTERS.items():
            labels = (label,) if label else ()
            family = CounterMetricFamily(f"{PREFIX}{name}", text, labels=labels)
            if not label:
                family.add_metric((), counts[name, ""])
            for (counted, value), number in sorted(counts.items()):
                if counted == name and label:
                    family.add_metric((value,), number)
            yield family
        states = self._gateway.states()
        for name, values in (
            ("deliveries", {state.value: states[state] for state in State}),
            ("size", self._gateway.sizes),
            ("up", self._up()),
        ):
            label, text = GAUGES[name]
            gauge = GaugeMetricFamily(f"{PREFIX}{name}", text, labels=(label,))
            for value, number in values.items():
                gauge.add_metric((value,), number)
            yield gauge
        yield self._delivery.family(f"{PREFIX}delivery_seconds", HISTOGRAMS["delivery_seconds"][1])
        yield self._answer.family(f"{PREFIX}answer_seconds", HISTOGRAMS["answer_seconds"][1])
        yield self._page.family(f"{PREFIX}page_seconds", HISTOGRAMS["page_seconds"][1])


def _notification(event: Any) -> str:
    return "abandoned" if event.abandoned else "failed"


COUNTED: Final[Mapping[type[Event], tuple[str, str | Callable[[Any], str]]]] = MappingProxyType(
    {
        PushAccepted: ("pushes_accepted", ""),
        PushRefused: ("submissions_refused", lambda event: str(int(event.code))),
        SubmissionFaulted: ("submission_faults", ""),
        DeliveryEnded: ("deliveries_ended", lambda event: str(event.state)),
        TerminalJudged: ("verdicts", lambda event: str(event.verdict)),
        PushHeld: ("pushes_held", ""),
        PushSentInVain: ("pushes_sent_in_vain", ""),
        PushRepeated: ("pushes_repeated", ""),
        PushSent: ("pushes_sent", lambda event: str(event.how)),
        SessionInvited: ("sessions_invited", ""),
        ActivationAnswered: ("activations", lambda event: str(event.result)),
        GiTriggered: ("triggers", lambda event: "push" if event.is_push else "datagram"),
        SmsSubmitted: ("short_messages", lambda event: "repeated" if event.again else "submitted"),
        SmsEnded: ("short_messages", lambda event: str(event.outcome)),
        InitiatorNotified: ("notifications", "answered"),
        NotificationFailed: ("notifications", _notification),
        SessionBegan: ("sessions_changed", "began"),
        SessionEnded: ("sessions_changed", "ended"),
        PageServed: ("pages_served", lambda event: str(event.status)),
        RequestAbandoned: ("requests_abandoned", ""),
        StoreFailed: ("store_failures", ""),
        LeaseLapsed: ("lease_lapses", ""),
        PushAdopted: ("pushes_moved", "taken over"),
        PushLetGo: ("pushes_moved", "lost"),
    }
)
"""What each event counts as, and the value of the label."""
