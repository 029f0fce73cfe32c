"""The GGSN as a node: what it is called, what it counts, what it makes of noise."""

from __future__ import annotations

from ipaddress import IPv4Network
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corenet.ggsn.activation.reachability import Reachability
from corenet.ggsn.config import Apn, GgsnConfig
from corenet.ggsn.node import Ggsn
from corenet.interfaces.activation import FailureCause, LocalCause
from corenet.interfaces.node import Interface, Node
from corenet.schedule import Schedule
from gtp.messages import CreatePdpContextResponse, EchoRequest, EchoResponse


def test_it_is_a_node(bench) -> None:
    """It has a name and the configuration that it was made with."""
    node: Node = bench.ggsn
    assert node.name == "ggsn"
    assert bench.ggsn.config is bench.config


def test_an_echo_is_answered_with_the_restart_counter(bench) -> None:
    """TS 29.060 §7.2.2."""
    bench.request(EchoRequest(), "192.0.2.2")
    assert bench.sent(EchoResponse).recovery == 7


def test_what_it_counts_can_be_read(bench) -> None:
    """The counters of the node, of GTP-C and of accounting."""
    bench.create()
    bench.sent(CreatePdpContextResponse)
    assert bench.ggsn.counters.contexts_created == 1
    assert bench.ggsn.endpoint_counters.requests_received == 1
    assert bench.ggsn.accounting_counters.requests == 0


def test_other_interfaces_mean_nothing(bench) -> None:
    """What comes on an interface that a GGSN does not have is let pass."""
    bench.ggsn.receive(Interface.GR, b"x", peer=("a", 0), local=("b", 0), now=bench.now)
    bench.take()
    bench.assert_nothing_left()


@pytest.mark.parametrize(
    "interface", [Interface.GTP_C, Interface.GTP_U, Interface.GI, Interface.RADIUS]
)
@settings(max_examples=50)
@given(data=st.binary(max_size=120))
def test_noise_changes_nothing(interface: Interface, data: bytes) -> None:
    """Octets that mean nothing raise nothing and leave nothing."""
    config = GgsnConfig("192.0.2.1", "192.0.2.1", (Apn("wap", (IPv4Network("10.0.0.0/24"),)),))
    ggsn = Ggsn(config, random=Random(1), recovery=0)
    ggsn.start(0.0)
    ggsn.receive(interface, data, peer=("192.0.2.2", 1), local=("192.0.2.1", 1), now=0.0)
    assert ggsn.contexts() == []
    assert ggsn.activations_under_way == 0
    assert ggsn.next_timeout() is None


def test_a_flag_that_is_set_twice_is_told_once() -> None:
    """The newer reason counts."""
    events = []
    reachability = Reachability(Schedule(), events)
    reachability.set_not_reachable("1", "first")
    reachability.set_not_reachable("1", "second")
    assert [e.reason for e in events] == ["first"]
    assert reachability.not_reachable("1") == "second"


def test_a_back_off_that_begins_anew_replaces_the_old_one() -> None:
    """Its end is that of the last."""
    schedule = Schedule()
    reachability = Reachability(schedule, [])
    cause = FailureCause.local(LocalCause.STOPPED)
    reachability.begin_back_off("1", "wap", 10.0, cause, 0.0)
    reachability.begin_back_off("1", "wap", 30.0, cause, 0.0)
    assert reachability.back_off("1", "wap").until == 30.0
    schedule.ring(10.0)
    assert reachability.back_off("1", "wap") is not None
    schedule.ring(30.0)
    assert reachability.back_off("1", "wap") is None
