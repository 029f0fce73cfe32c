"""Rates, states and latencies made of metrics."""

from __future__ import annotations

import pytest

from testbed.console.figures import SHOWN_RATES, Look, figures, quantile
from testbed.console.samples import Samples


def look(time: float, created: int, delivered: int, within: int) -> Look:
    return Look(
        time,
        Samples.read(f"""\
# TYPE corenet_size gauge
corenet_size{{thing="pdp_contexts"}} 3
corenet_size{{thing="running_activations"}} 0
# TYPE corenet_gateway_size gauge
corenet_gateway_size{{thing="sessions"}} 0
# TYPE corenet_node_events counter
corenet_node_events_total{{node="ggsn",name="contexts_created"}} {created}
corenet_node_events_total{{node="ggsn",name="never"}} 0
# TYPE corenet_gateway_deliveries gauge
corenet_gateway_deliveries{{state="held"}} 2
corenet_gateway_deliveries{{state="sending"}} 0
# TYPE corenet_gateway_deliveries_ended counter
corenet_gateway_deliveries_ended_total{{state="delivered"}} {delivered}
# TYPE python_gc counter
python_gc_total 9
# TYPE corenet_gateway_delivery_seconds histogram
corenet_gateway_delivery_seconds_bucket{{le="0.1"}} {within}
corenet_gateway_delivery_seconds_bucket{{le="0.5"}} {delivered}
corenet_gateway_delivery_seconds_bucket{{le="+Inf"}} {delivered}
"""),
    )


def test_rates_are_of_the_last_interval() -> None:
    """What grew is divided by the seconds; what never happened and what is not ours is left out."""
    first, before, now = look(0, 0, 0, 0), look(10, 100, 10, 10), look(12, 110, 11, 10)
    shown = figures(first, before, now)
    assert [(rate.name, rate.per_second, rate.total) for rate in shown.rates] == [
        ("ggsn: contexts created", 5.0, 110),
        ("gateway: deliveries ended delivered", 0.5, 11),
    ]


def test_a_restart_is_no_negative_rate() -> None:
    """A counter that begins anew has grown by nothing that is known."""
    shown = figures(look(0, 50, 0, 0), look(1, 50, 0, 0), look(2, 3, 0, 0))
    assert shown.rates[0].per_second == 0.0
    same = look(2, 3, 0, 0)
    assert figures(same, same, same).rates[0].per_second == 0.0


def test_only_the_busiest_are_shown() -> None:
    """A screen has room for so many."""
    lines = "".join(
        f'corenet_node_events_total{{node="n",name="c{n}"}} {n}\n' for n in range(1, 40)
    )
    now = Look(1.0, Samples.read(f"# TYPE corenet_node_events counter\n{lines}"))
    rates = figures(now, now, now).rates
    assert len(rates) == SHOWN_RATES
    assert rates[0].name == "n: c39"


def test_sizes_and_pushes() -> None:
    """The core's sizes are always there, others' where there is something; pushes by state."""
    now = look(1, 1, 7, 7)
    shown = figures(now, now, now)
    assert shown.sizes == (("pdp contexts", 3), ("running activations", 0))
    assert shown.pushes == (("held", 2), ("delivered", 7))


def test_latencies_are_of_what_ended_since_the_first_look() -> None:
    """Quantiles lie within the bucket; nothing ended, nothing to say."""
    (one,) = figures(look(0, 0, 10, 10), look(1, 0, 10, 10), look(2, 0, 20, 15)).latencies
    assert (one.name, one.count) == ("push: accepted to delivered", 10)
    assert one.median == pytest.approx(0.1)
    assert one.p95 == pytest.approx(0.46)
    none = look(0, 0, 0, 0)
    (nothing,) = figures(none, none, none).latencies
    assert (nothing.count, nothing.median, nothing.p95) == (0, None, None)


def test_quantiles_above_the_last_bound_are_at_it() -> None:
    """Nobody knows how long it took beyond the last bucket."""
    assert quantile({1.0: 1.0, float("inf"): 10.0}, 0.95) == 1.0
    assert quantile({}, 0.5) is None
