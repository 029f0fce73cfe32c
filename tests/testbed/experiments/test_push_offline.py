"""Pushes to terminals without a context over the whole core: what each way does, in small."""

from __future__ import annotations

import pytest

from testbed.experiments.push_offline import Conditions, Seen, Terminal, Way, run
from testbed.simulation.quality import LinkQuality


def seen(way: Way, trouble: Terminal, *, loss: float = 0.0, seed: int = 1) -> Seen:
    """Push to three terminals that are all so."""
    radio = LinkQuality(latency=0.4, jitter=0.4, loss=loss)
    conditions = Conditions(
        way=way,
        shares=((trouble, 1.0),),
        terminals=3,
        seconds=10.0,
        octets=400,
        lifetime=1_800.0,
        returns=100.0,
        tap=2.0,
        activation_for=30.0,
        activations=64,
        capacity=100.0,
        radio=radio,
    )
    return run(conditions, seed)


@pytest.mark.parametrize("trouble", list(Terminal))
def test_a_notification_reaches_everybody_and_is_fetched(trouble: Terminal) -> None:
    """One short message each, and one more to find out that a terminal is absent."""
    found = seen(Way.NOTIFY_AND_PULL, trouble)
    assert len(found.delays) == found.pushes == 3
    assert found.short_messages == (6 if trouble is Terminal.ABSENT else 3)
    assert found.messages["wsp"]


@pytest.mark.parametrize(
    ("trouble", "arrived"),
    [
        (Terminal.READY, 3),
        (Terminal.ABSENT, 3),
        (Terminal.SILENT, 0),
        (Terminal.REJECTING, 0),
    ],
)
def test_activation_alone_reaches_who_takes_part(trouble: Terminal, arrived: int) -> None:
    """It needs no short message."""
    found = seen(Way.ACTIVATE, trouble)
    assert len(found.delays) == arrived
    assert found.short_messages == 0


@pytest.mark.parametrize(
    ("trouble", "messages"),
    [
        (Terminal.READY, 0),
        (Terminal.ABSENT, 3),
        (Terminal.SILENT, 12),
        (Terminal.REJECTING, 12),
    ],
)
def test_the_fallback_reaches_everybody(trouble: Terminal, messages: int) -> None:
    """Four segments where activation fails; one that finds the terminal absent."""
    found = seen(Way.FALL_BACK, trouble)
    assert len(found.delays) == 3
    assert found.short_messages == messages


def test_who_is_ready_has_it_sooner_by_activation() -> None:
    """A context and one datagram take less time than a short message, a context and a fetch."""
    assert max(seen(Way.ACTIVATE, Terminal.READY).delays) < min(
        seen(Way.NOTIFY_AND_PULL, Terminal.READY).delays
    )


def test_one_seed_gives_one_course() -> None:
    """Also where frames get lost."""
    one, other = (seen(Way.FALL_BACK, Terminal.SILENT, loss=0.1, seed=3) for _ in range(2))
    assert one == other
