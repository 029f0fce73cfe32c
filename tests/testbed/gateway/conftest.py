"""Gateways on the bench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from testbed.gateway.config import GatewayConfig, OtaPolicy
from testbed.gateway.keeping.store import SqliteStore
from testbed.gateway.testing import SECRET, GatewayBench

MakeBench = Callable[..., GatewayBench]


@pytest.fixture
def make_bench(open_store: Callable[[], SqliteStore]) -> MakeBench:
    """Makes a bench; arguments replace what the configuration says.

    Datagrams count as sent when they leave, unless ``ota`` says otherwise.
    """

    def make(**changes: object) -> GatewayBench:
        config = GatewayConfig("127.0.0.5", "wap.example", SECRET, ota=OtaPolicy(returned=0))
        return GatewayBench(replace(config, **changes), open_store())

    return make


@pytest.fixture
def bench(make_bench: MakeBench) -> GatewayBench:
    """A gateway that asks a core, whose terminal is offline and can be activated."""
    return make_bench()
