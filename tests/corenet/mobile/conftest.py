from __future__ import annotations

from random import Random

import pytest

from corenet.mobile.config import MobileConfig
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import CELLS, ScriptedNetwork

IMSI = "234150999999999"


@pytest.fixture
def mobiles() -> Mobiles:
    """One mobile, powered and covered and detached."""
    mobiles = Mobiles(cells=CELLS, random=Random(1))
    mobiles.add(MobileConfig(IMSI, "447700900123", apns=("wap.example",)))
    mobiles.start(1000.0)
    return mobiles


@pytest.fixture
def network(mobiles: Mobiles) -> ScriptedNetwork:
    """The network as that mobile sees it."""
    return ScriptedNetwork(mobiles)
