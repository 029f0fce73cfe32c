"""Pushes over short messages against modelled terminals: what each way does, in small."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.experiments.push_over_sms import Conditions, Way, payload, run
from testbed.experiments.short_message_network import Radio
from testbed.smsc.stored import RetryPolicy
from testbed.smsc.transaction import TransactionPolicy

CLEAR = Radio(set_up=2.0, transfer=3.0, spread=0.0, hold=5.0, failure=0.0, failure_time=10.0)
USUAL = Conditions(
    way=Way.TRANSACTION_SHARED,
    segments=4,
    background=0.0,
    radio=CLEAR,
    reassembly=300.0,
    seconds=30.0,
    capacity=10.0,
    push=0.3,
    reserved=0.4,
    deadline=300.0,
    again=30.0,
    transaction=TransactionPolicy(window=120.0),
    begin=30.0,
    stored=RetryPolicy(),
)
FAILING = replace(CLEAR, failure=0.3)


@pytest.mark.parametrize("way", list(Way))
def test_without_failures_every_way_delivers(way: Way) -> None:
    """Every push is shown, every segment is sent once, and the gateway is told the truth."""
    seen = run(replace(USUAL, way=way), seed=1)
    assert seen.pushes > 10
    assert len(seen.delays) == len(seen.told) == seen.pushes
    assert seen.messages == 4 * seen.pushes
    assert seen.told_wrongly == 0
    # One set-up, four transfers; and the connection is held in between.
    assert min(seen.delays) == pytest.approx(2 + 4 * 3, abs=0.3)


@pytest.mark.parametrize("segments", [1, 2, 3, 8])
def test_a_payload_takes_as_many_segments_as_it_says(segments: int) -> None:
    """With 16-bit references, as the gateway cuts, and with 8-bit ones, as the SMSC does."""
    seen = run(replace(USUAL, segments=segments, way=Way.SEGMENTS_SHARED, push=0.1), seed=2)
    assert seen.messages == segments * seen.pushes
    assert len(payload("447710000001", segments)) > 120 * (segments - 1)


def test_a_failed_segment_is_repeated_at_once_by_a_transaction_only() -> None:
    """Store and forward waits for its schedule; that is what the delay is made of."""
    stored = run(replace(USUAL, way=Way.SEGMENTS_SHARED, radio=FAILING), seed=3)
    whole = run(replace(USUAL, radio=FAILING), seed=3)
    assert stored.messages > 4 * stored.pushes
    assert whole.messages > 4 * whole.pushes
    assert max(whole.delays) < max(stored.delays)


def test_an_impatient_handset_makes_receipts_lie() -> None:
    """Every segment was delivered, so the receipts say; the handset had thrown the first away."""
    impatient = replace(USUAL, radio=FAILING, reassembly=25.0, way=Way.SEGMENTS_SHARED)
    stored = run(impatient, seed=4)
    assert stored.told_wrongly > 0
    assert len(stored.delays) < stored.pushes


def test_a_reserved_lane_keeps_push_out_of_others_queue() -> None:
    """With twice the load that there is room for, the lane decides, and not the mode."""
    crowded = replace(USUAL, capacity=4.0, background=2.0, seconds=40.0)
    shared = run(crowded, seed=5)
    reserved = run(replace(crowded, way=Way.TRANSACTION_RESERVED), seed=5)
    assert max(reserved.delays) < 25.0
    assert max(shared.delays) > 45.0


def test_a_transaction_that_failed_is_submitted_again() -> None:
    """A window that is too short for the segments fails; no repetition mends that."""
    short = replace(USUAL, transaction=TransactionPolicy(window=10.0), push=0.1)
    seen = run(short, seed=6)
    assert seen.delays == ()
    assert seen.messages > 4 * seen.pushes
    assert seen.told_wrongly == 0


def test_one_seed_gives_one_result() -> None:
    """And another one another."""
    random = replace(USUAL, radio=replace(FAILING, spread=0.3), background=0.3, seconds=10.0)
    assert run(random, seed=7) == run(random, seed=7)
    assert run(random, seed=7) != run(random, seed=8)
