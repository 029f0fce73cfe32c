"""How the gateway under test is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from testbed.bench.under_test import GatewayUnderTest

VERSION = os.environ.get("GATEWAY_VERSION", "1.0")
CONFIGURATION = Path(__file__).parent / "gateways" / f"{VERSION}.yaml"


@pytest.fixture
def gateway_url(gateway_under_test: GatewayUnderTest) -> str:
    """Start the gateway under test, and return where it takes pushes.

    Corenet's own gateway stands here for yours. Whatever yours is, ``gateway_under_test`` says
    where it is to listen and whom it can ask, in its configuration and in its environment.
    """
    config = gateway_under_test.write("gateway.yaml", CONFIGURATION.read_text(encoding="utf-8"))
    state = gateway_under_test.folder / "state"
    gateway_under_test.start(["corenet", "run", config, "--state", state], ready="Ready:")
    return f"http://{gateway_under_test.address}:8081/pap"
