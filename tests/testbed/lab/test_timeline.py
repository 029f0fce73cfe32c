"""What is said of a push that is watched."""

from __future__ import annotations

from testbed.codecs.pap import MessageState
from testbed.gateway.config import GatewayConfig
from testbed.gateway.keeping.status import as_plain
from testbed.gateway.keeping.store import SqliteStore
from testbed.gateway.routing.judge import TerminalView
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import ADDRESS, IMSI, MESSAGE, MSISDN, GatewayBench
from testbed.lab.timeline import Timeline

AWAY = TerminalView(IMSI, MSISDN, reachable=False)
ONLINE = TerminalView(IMSI, MSISDN, contexts=(("wap.example", ADDRESS),))


def test_each_step_is_told_once() -> None:
    """A push is held, then delivered: the second look tells what is new."""
    store = SqliteStore(":memory:")
    bench = GatewayBench(GatewayConfig("127.0.0.5", "wap.example", b"x"), store)
    bench.views[Terminal.by_msisdn(MSISDN)] = AWAY
    bench.submit(MESSAGE)
    timeline = Timeline()

    def look() -> list[str]:
        stored = bench.gateway.push(MESSAGE.push_id) or store.find(MESSAGE.push_id)
        assert stored is not None
        return timeline.take(as_plain(stored))

    first = look()
    assert [line.split()[3].rstrip(":") for line in first] == ["accepted", "judging", "held"]
    assert "not reachable" in first[-1]
    assert not timeline.is_over
    assert look() == []
    bench.views[Terminal.by_msisdn(MSISDN)] = ONLINE
    bench.advance(61)
    assert [line.split()[3].rstrip(":") for line in look()] == [
        *("judging", "sending", "confirming", "delivered"),
    ]
    assert timeline.is_over
    assert list(timeline.states.values()) == [MessageState.DELIVERED]
    store.close()


def test_steps_of_several_addresses_are_told_in_the_order_of_time() -> None:
    """Each line names its address."""
    step = {"state": "accepted", "note": ""}
    deliveries = [
        {
            "address": name,
            "message_state": "pending",
            "history": [step | {"seconds": at}, step | {"seconds": at + 2}],
        }
        for name, at in (("a", 1.0), ("b", 2.0))
    ]
    lines = Timeline().take({"deliveries": deliveries})
    assert [line.split()[2] for line in lines] == ["a", "b", "a", "b"]
    assert lines[0] == "    1.000 s  a  accepted"
