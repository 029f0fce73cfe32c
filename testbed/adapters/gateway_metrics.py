"""The gateway's metrics for Prometheus.

``COUNTERS``, ``GAUGES`` and ``HISTOGRAMS`` say what there is, ``COUNTED`` what events count as.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from corenet.interfaces.node import Event
from testbed.adapters.event_metrics import Counted, EventMetrics, MetricTables, Told
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

COUNTERS: Final[Told] = MappingProxyType(
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
GAUGES: Final[Told] = MappingProxyType(
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


class GatewayMetrics(EventMetrics):
    """The metrics of one gateway."""

    def __init__(self, gateway: Gateway, up: Callable[[], Mapping[str, bool]]) -> None:
        """``up`` tells of each thing that the gateway depends on whether it works."""
        self._gateway = gateway
        self._up = up
        tables = MetricTables(PREFIX, COUNTERS, GAUGES, HISTOGRAMS, COUNTED)
        super().__init__(tables, self._requests, self._sizes)

    def observe(self, event: Event) -> None:
        """Count what has happened."""
        super().observe(event)
        if isinstance(event, DeliveryEnded) and event.state == State.DELIVERED:
            self.histograms["delivery_seconds"].observe(event.seconds)
        elif isinstance(event, PageServed):
            self.histograms["page_seconds"].observe(event.seconds)

    def answered(self, seconds: float) -> None:
        """Take note of how long a submission has taken."""
        self.histograms["answer_seconds"].observe(seconds)

    def _requests(self) -> dict[tuple[str, str], int]:
        return {
            ("radius_requests", name.removeprefix("radius ")): number
            for name, number in self._gateway.counters.items()
            if name.startswith("radius ")
        }

    def _sizes(self) -> dict[str, Mapping[str, float]]:
        states = self._gateway.states()
        return {
            "deliveries": {state.value: states[state] for state in State},
            "size": self._gateway.sizes,
            "up": self._up(),
        }


def _notification(event: Any) -> str:
    return "abandoned" if event.abandoned else "failed"


COUNTED: Final[Counted] = MappingProxyType(
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
