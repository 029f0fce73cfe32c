"""The mobile is paged (TS 24.008 §4.7.9.1.1)."""

from random import Random

import pytest

from corenet.interfaces import paging
from corenet.interfaces.nas import gmm
from corenet.mobile.config import MobileConfig
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import CELLS, ScriptedNetwork

IMSI = "234150999999999"
P_TMSI = 0xC0000001


def test_it_answers_with_a_frame(network):
    """A frame with nothing in it answers a page with its own P-TMSI."""
    network.attach(IMSI, P_TMSI)
    network.page(IMSI, P_TMSI)
    assert network.heard() == []
    assert network.unsaid == [IMSI]


def test_pages_for_others(network, mobiles):
    """It is silent to another P-TMSI, to another kind of page, and while it is detached."""
    network.page(IMSI, P_TMSI)
    network.attach(IMSI, P_TMSI)
    network.page(IMSI, P_TMSI + 1)
    network.send_frame(IMSI, paging.encode(P_TMSI)[:-1])
    assert network.heard() == []
    assert network.unsaid == []
    assert mobiles.counters["pages_for_others"] == 3


def test_out_of_coverage_it_hears_nothing(network, mobiles):
    """A page in vain is counted with the other frames."""
    network.attach(IMSI, P_TMSI)
    mobiles.set_coverage(IMSI, False, network.now)
    network.page(IMSI, P_TMSI)
    assert network.unsaid == []
    assert mobiles.counters["frames_out_of_reach"] == 1


@pytest.mark.parametrize(("asked", "octet"), [(None, None), (2.0, 0x01), (44.0, 0x16)])
def test_it_asks_for_its_ready_timer(asked, octet):
    """Its Attach Request has the timer where one is configured."""
    mobiles = Mobiles(cells=CELLS, random=Random(1))
    mobiles.add(MobileConfig(IMSI, "447700900123", ready_timer=asked))
    network = ScriptedNetwork(mobiles)
    mobiles.attach(IMSI, network.now)
    ((_, request),) = network.heard()
    assert isinstance(request, gmm.AttachRequest)
    assert request.ready_timer == octet
