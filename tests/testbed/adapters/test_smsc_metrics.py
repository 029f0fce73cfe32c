"""The SMSC's metrics: each is there from the beginning, and counts what it says."""

from __future__ import annotations

from pathlib import Path
from random import Random

from prometheus_client.parser import text_string_to_metric_families
from twisted.web.test.requesthelper import DummyRequest

from corenet.interfaces.node import Event
from testbed.adapters.metrics_reference import reference
from testbed.adapters.smsc_metrics import (
    COUNTED,
    COUNTERS,
    GAUGES,
    HISTOGRAMS,
    PREFIX,
    MetricsPage,
    SmscMetrics,
)
from testbed.codecs.smpp import CommandStatus, DataSm, EsmClass, MessagingMode, SmeAddress
from testbed.codecs.smpp import parameters as p
from testbed.smsc import events
from testbed.smsc.config import SmscConfig
from testbed.smsc.node import Smsc
from tests.testbed.smsc.smsc_world import HLR, World

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"
CONFIG = SmscConfig(address="127.0.0.1", hlr=HLR)
PUSH = DataSm(
    source=SmeAddress.international("447700900100"),
    destination=SmeAddress.international("447700900123"),
    esm_class=int(EsmClass(MessagingMode.TRANSACTION)),
    data_coding=4,
    tlvs=(p.MESSAGE_PAYLOAD(bytes(200)),),
)


def values(metrics: SmscMetrics) -> dict[str, float]:
    """Return samples by name and label's value, without prefix."""
    return {
        " ".join([sample.name.removeprefix(PREFIX), *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(metrics.page().decode())
        for sample in family.samples
    }


def test_every_metric_is_there_from_the_beginning() -> None:
    """By the names in the tables."""
    metrics = SmscMetrics(Smsc(CONFIG, random=Random(1)))
    names = {family.name for family in text_string_to_metric_families(metrics.page().decode())}
    assert names == {f"{PREFIX}{name}" for name in (*COUNTERS, *GAUGES, *HISTOGRAMS)}
    assert values(metrics)["queued push"] == 0


def test_every_event_of_the_smsc_is_counted() -> None:
    """But the one that is for whoever runs it."""
    kinds = {
        kind
        for kind in vars(events).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
    }
    assert kinds - set(COUNTED) == {events.EffectsQueued}


def test_a_transaction_is_counted_with_its_segments() -> None:
    """One segment is lost and sent again; the next transaction fails for good."""
    world = World(CONFIG, 1_700_000_000.0)
    metrics = SmscMetrics(world.smsc)
    session = world.bind()
    world.send(session, PUSH)
    for cause in (None, 41, None):
        world.network(world.requests.pop(0), cause)
    world.send(session, PUSH)
    world.network(world.requests.pop(0), 27)
    for event in world.events:
        metrics.observe(event)
    found = values(metrics)
    assert found["messages_accepted_total transaction"] == 2
    assert found["transactions_ended_total delivered"] == 1
    assert found["transactions_ended_total destination out of order (rp 27)"] == 1
    assert [found[f"segments_total {what}"] for what in ("sent", "repeated", "failed")] == [4, 1, 2]
    assert found["transaction_seconds_count"] == 1
    assert (found["size sessions"], found["esmes_total bound"]) == (1, 1)


def test_ends_and_refusals_are_counted_by_kind() -> None:
    """Final states and command_status, by name."""
    metrics = SmscMetrics(Smsc(CONFIG, random=Random(1)))
    metrics.observe(events.MessageEnded("1", "crm", "44", "expired", 2, "away", 70.0))
    metrics.observe(events.SubmissionRefused("crm", CommandStatus.RMSGQFUL, "full"))
    metrics.observe(events.StoreFailed("1", "the disk is full"))
    found = values(metrics)
    assert found["messages_ended_total expired"] == 1
    assert found["message_seconds_bucket 600.0"] == 1
    assert found["submissions_refused_total ESME_RMSGQFUL"] == 1
    assert found["store_failures_total"] == 1


def test_the_page_is_at_one_path() -> None:
    """What else is asked for there is not."""
    page = MetricsPage(SmscMetrics(Smsc(CONFIG, random=Random(1))))
    request = DummyRequest([b"metrics"])
    request.path = b"/metrics"
    assert b"corenet_smsc_queued" in page.render_GET(request)
    other = DummyRequest([b""])
    other.path = b"/"
    page.render_GET(other)
    assert other.responseCode == 404


def test_the_reference_page_is_up_to_date() -> None:
    """Written by ``python -m testbed.adapters.metrics_reference``."""
    assert PAGE.read_text(encoding="utf-8") == reference()
