"""Who is online by accounting, at the gateway: clients, ageing, and neither source at all."""

from __future__ import annotations

from corenet.interfaces.node import Interface
from corenet.radius.clients import RadiusClient
from testbed.gateway.events import SessionEnded
from testbed.gateway.keeping.pushes import State
from testbed.gateway.presence.sessions import Ageing
from testbed.gateway.testing import ADDRESS, IMSI, MESSAGE, MSISDN, SECRET, accounting


def test_a_session_of_which_nothing_is_heard_ends(make_bench):
    """A Stop that was lost is made up for: the terminal is not online any more."""
    bench = make_bench(ageing=Ageing(maximum=600.0))
    bench.radius(accounting(1))
    bench.advance(599.0)
    assert len(bench.gateway.sessions) == 1
    bench.advance(1.0)
    assert bench.told(SessionEnded) == [SessionEnded(ADDRESS, MSISDN, IMSI)]
    assert bench.gateway.counters["sessions aged"] == 1


def test_accounting_of_an_unknown_client_is_counted_and_silent(make_bench):
    """Who is not configured moves no terminal."""
    bench = make_bench(radius_clients=(RadiusClient("192.0.2.77", SECRET),))
    bench.radius(accounting(1))
    assert bench.datagrams == []
    assert bench.gateway.counters["radius unknown client"] == 1
    assert len(bench.gateway.sessions) == 0


def test_with_both_sources_off_pushes_are_held(make_bench):
    """Nobody says who is there: the push waits until it expires."""
    bench = make_bench(ask_core=False, radius_port=None)
    assert Interface.RADIUS not in bench.config.attachments
    bench.submit(MESSAGE)
    assert bench.delivery().state is State.HELD
    bench.advance(86_400.0)
    (result,) = bench.notifications
    assert (result.state, result.code) == ("expired", 4000)
