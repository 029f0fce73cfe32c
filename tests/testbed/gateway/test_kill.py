"""kill -9 at any instant loses no push that was accepted."""

from __future__ import annotations

import subprocess
import sys
from random import Random

import pytest

from testbed.gateway.config import GatewayConfig
from testbed.gateway.keeping.store import SqliteStore
from testbed.gateway.testing import SECRET, GatewayBench, active

CHILD = """
import sys
from dataclasses import replace
from corenet.interfaces.activation import CauseSource, FailureCause, Step
from testbed.gateway.config import GatewayConfig
from testbed.gateway.keeping.store import SqliteStore
from testbed.gateway.testing import MESSAGE, SECRET, GatewayBench, active, failed

silent = failed(Step.MS_ACTIVATION, FailureCause(CauseSource.GTP, 196, "silent"))
bench = GatewayBench(GatewayConfig("127.0.0.5", "wap.example", SECRET), SqliteStore(sys.argv[1]))
bench.initiator = lambda n: "refused" if int(n.push_id) % 3 == 0 else (200, b"")
for number in range(100_000):
    bench.outcome = silent if number % 4 == 0 else active()
    if bench.submit(replace(MESSAGE, push_id=str(number))).code == 1001:
        print(number, flush=True)
    if number % 7 == 0:
        bench.advance(35)
"""


@pytest.mark.parametrize("seed", range(6))
def test_a_killed_gateway_has_every_push_it_accepted(tmp_path, seed):
    """Whatever 1001 was said for is in the store, goes on after the restart, and ends."""
    path = str(tmp_path / "pushes.sqlite")
    child = subprocess.Popen([sys.executable, "-c", CHILD, path], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    accepted = [child.stdout.readline().strip() for _ in range(Random(seed).randint(1, 120))]
    child.kill()
    accepted += child.stdout.read().split()
    child.stdout.close()
    assert child.wait() == -9
    assert all(accepted)

    store = SqliteStore(path)
    ended = {
        push_id
        for push_id in accepted
        if store.find(push_id).deliveries[0].state.final  # found: or this would raise
    }
    bench = GatewayBench(GatewayConfig("127.0.0.5", "wap.example", SECRET), store)
    bench.outcome = active()
    bench.restart()
    bench.advance(3600)
    assert bench.gateway.unfinished == 0
    assert store.unfinished() == []
    for push_id in accepted:
        delivery = store.find(push_id).deliveries[0]
        assert (delivery.state, delivery.notification) == ("delivered", "answered")
    # What had ended was not sent again: at most what was cut off in between goes out twice.
    assert len(bench.pushed) <= len(accepted) + 1 - len(ended)
    store.close()
