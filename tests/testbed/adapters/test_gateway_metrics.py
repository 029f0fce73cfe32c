"""The gateway's metrics: each is there from the beginning, and counts what it says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client.parser import text_string_to_metric_families

from corenet.interfaces.node import Event, Interface
from testbed.adapters.gateway_metrics import (
    COUNTED,
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    GatewayMetrics,
)
from testbed.codecs import pap
from testbed.codecs.wsp.pdus import Get, encode_unit
from testbed.gateway import events
from testbed.gateway.config import GatewayConfig, OtaPolicy
from testbed.gateway.events import PushRepeated, PushSentInVain
from testbed.gateway.keeping.store import SqliteStore
from testbed.gateway.routing.judge import TerminalView
from testbed.gateway.submissions import submission
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import (
    ADDRESS,
    IMSI,
    MESSAGE,
    MSISDN,
    NOW,
    SECRET,
    GatewayBench,
    accounting,
    active,
)
from testbed.pull.events import RequestAbandoned


def is_event(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Event) and kind is not Event


AWAY = TerminalView(IMSI, MSISDN, reachable=False)


@pytest.fixture
def bench():
    config = GatewayConfig("127.0.0.5", "wap.example", SECRET, ota=OtaPolicy(returned=0))
    bench = GatewayBench(config, SqliteStore(":memory:"))
    yield bench
    bench.store.close()


@pytest.fixture
def metrics(bench) -> GatewayMetrics:
    return GatewayMetrics(bench.gateway, lambda: {"store": True, "core": False})


def samples(bench, metrics) -> dict[str, float]:
    """Return the samples, as Prometheus reads them, of all that has happened."""
    for event in bench.events:
        metrics.observe(event)
    bench.events.clear()
    return {
        sample.name.removeprefix("corenet_gateway_")
        + "".join(f"{{{value}}}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.page().decode())
        for sample in family.samples
    }


def test_every_metric_is_there_before_anything_happens(metrics):
    """A panel for it is empty, not broken; its help is what the table says."""
    families = {
        family.name: family for family in text_string_to_metric_families(metrics.page().decode())
    }
    table = COUNTERS | GAUGES | HISTOGRAMS
    assert {f"corenet_gateway_{name}" for name in table} == set(families)
    for name, (_, text) in table.items():
        assert families[f"corenet_gateway_{name}"].documentation == text


def test_pages_are_counted_by_status_and_time(bench, metrics):
    """Those that origins served, those that the gateway refused, and what was given up."""
    for tid, url in ((1, "http://127.0.0.1/"), (2, "http://elsewhere.example/")):
        request = encode_unit(tid, Get(url))
        bench.gateway.receive(
            Interface.WDP, request, peer=(ADDRESS, 1), local=("127.0.0.5", 9200), now=NOW
        )
        bench.settle()
    metrics.observe(RequestAbandoned(ADDRESS, "127.0.0.1", 1.0))
    now = samples(bench, metrics)
    assert now["pages_served_total{200}"] == now["pages_served_total{403}"] == 1
    assert now["requests_abandoned_total"] == 1
    assert now["page_seconds_count"] == 2
    assert now["size{fetches under way}"] == 0


def test_a_push_is_counted_from_beginning_to_end(bench, metrics):
    """Accepted, judged, activated, sent, ended, reported; and how long it took."""
    bench.outcome = None
    bench.submit(MESSAGE)
    now = samples(bench, metrics)
    assert now["pushes_accepted_total"] == 1
    assert now["verdicts_total{activate}"] == 1
    assert now["deliveries{activating}"] == now["size{activations asked for}"] == 1
    bench.now += 0.3
    bench.finish(bench.activations[0], active()(bench.activations[0]))
    now = samples(bench, metrics)
    assert now["activations_total{reached}"] == now["pushes_sent_total{push}"] == 1
    assert now["deliveries_ended_total{delivered}"] == now["notifications_total{answered}"] == 1
    assert now["deliveries{activating}"] == 0
    assert now["delivery_seconds_bucket{0.25}"] == 0
    assert now["delivery_seconds_bucket{0.5}"] == now["delivery_seconds_bucket{+Inf}"] == 1
    assert now["delivery_seconds_sum"] == pytest.approx(0.3, abs=1e-6)


def test_what_deliver_after_asked_for_is_no_latency(bench, metrics):
    """The time counts from then."""
    bench.submit(replace(MESSAGE, deliver_after=NOW + 600))
    bench.advance(700)
    now = samples(bench, metrics)
    assert (now["delivery_seconds_count"], now["delivery_seconds_sum"]) == (1, 0)


def test_refusals_are_counted_by_code(bench, metrics):
    """0 where it was no PAP."""
    bench.post("text/plain", b"?")
    bench.submit(replace(MESSAGE, addresses=("x",)))
    bench.submit(MESSAGE)
    bench.submit(MESSAGE)
    now = samples(bench, metrics)
    for code in ("0", "2002", "2007"):
        assert now[f"submissions_refused_total{{{code}}}"] == 1


def test_faults_are_counted(bench, metrics, monkeypatch):
    """Beside the refusals, for somebody should look at them."""
    bench.may_fault = True
    monkeypatch.setattr(submission, "prepare", lambda *_, **__: 1 // 0)
    bench.submit(MESSAGE)
    now = samples(bench, metrics)
    assert now["submission_faults_total"] == now["submissions_refused_total{3000}"] == 1


def test_what_went_wrong_on_the_way_is_counted(bench, metrics):
    """What was sent for nothing, and what may arrive twice."""
    metrics.observe(PushSentInVain("p1", "a", "no response"))
    metrics.observe(PushRepeated("p1", "a"))
    now = samples(bench, metrics)
    assert now["pushes_sent_in_vain_total"] == now["pushes_repeated_total"] == 1


def test_what_waits_is_counted(bench, metrics):
    """By its state; its end by another one; a result nobody takes is to be repeated."""
    bench.views[Terminal.by_msisdn(MSISDN)] = AWAY
    bench.initiator = lambda _: "no route"
    bench.submit(MESSAGE)
    assert samples(bench, metrics)["deliveries{held}"] == 1
    bench.ask(pap.CancelMessage(MESSAGE.push_id))
    now = samples(bench, metrics)
    assert now["pushes_held_total"] == now["deliveries_ended_total{cancelled}"] == 1
    assert now["notifications_total{failed}"] == now["size{notifications to repeat}"] == 1
    assert now["delivery_seconds_count"] == 0
    bench.advance(100_000)
    assert samples(bench, metrics)["notifications_total{abandoned}"] == 1


def test_sessions_and_accounting_are_counted(bench, metrics):
    """A record with a wrong secret is counted and does nothing."""
    bench.radius(accounting(1))
    bench.radius(accounting(1, identifier=2, secret=b"wrong"))
    now = samples(bench, metrics)
    assert now["sessions_changed_total{began}"] == now["size{sessions}"] == 1
    outcomes = [value for name, value in now.items() if name.startswith("radius_requests_total")]
    assert sum(outcomes) == 2


def test_a_failing_store_is_counted(bench, metrics):
    """And what the gateway depends on is said to work or not."""
    bench.store_fails = True
    bench.submit(MESSAGE)
    now = samples(bench, metrics)
    assert now["store_failures_total"] == 1
    assert (now["up{store}"], now["up{core}"]) == (1, 0)


def test_answers_are_timed(bench, metrics):
    """Each falls into the first bucket that is not below it."""
    for seconds in (0.001, 0.3, 99.0):
        metrics.answered(seconds)
    now = samples(bench, metrics)
    assert now["answer_seconds_bucket{0.001}"] == 1
    assert now["answer_seconds_bucket{0.5}"] == now["answer_seconds_bucket{10.0}"] == 2
    assert now["answer_seconds_count"] == 3


UNCOUNTED = {
    "EffectsQueued": "it is for whoever runs the gateway",
    "ActivationRequested": "its answer is counted",
}


@pytest.mark.parametrize("name", [n for n, kind in vars(events).items() if is_event(kind)])
def test_every_event_of_the_gateway_is_counted(name):
    """Or there is a reason why it is not."""
    assert (getattr(events, name) in COUNTED) != (name in UNCOUNTED)
