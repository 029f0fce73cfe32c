"""What a push points to, fetched by the handset through the whole network."""

from __future__ import annotations

import pytest

from corenet.control.model import Tap
from corenet.interfaces.node import Interface
from corenet.mobile.events import ContextActivated
from testbed.pull.config import PullConfig
from testbed.pull.effects import FetchFromOrigin
from testbed.pull.events import PageServed
from testbed.simulation.quality import LinkQuality

URL = "http://www.example.com/mail"
"""Where the lab's pushes point to."""
ANY = PullConfig(origins=("*",), identify_to=("www.example.com",))
TEXT = "Four new messages. " * 200
LOSSY = LinkQuality(loss=0.1, duplication=0.1, reordering=0.1)


def shown(crowd, kind):
    """Let time pass until there is something of a kind on the screen; return its text."""

    def found():
        imsi = crowd.imsis[0]
        return [one.text for one in crowd.lab.shown(imsi) if one.kind == kind]

    assert crowd.network.run_until(lambda: bool(found()), within=600), crowd.lab.shown(
        crowd.imsis[0]
    )
    return found()[-1]


def page(crowd, *, quality=None, kind="page"):
    """Push to an offline mobile and tap on what it shows; return what it shows then."""
    crowd.lab.run(10)  # The GGSN has told of itself, and tells of contexts from then on.
    crowd.reported(crowd.push(0))
    shown(crowd, "SI")
    if quality is not None:
        for interface in (Interface.WSP, Interface.GI, Interface.GTP_U):
            crowd.network.set_quality(interface, quality)
    crowd.drive(0, "tap", Tap(item=1))
    return shown(crowd, kind)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("quality", [None, LOSSY])
def test_the_page_behind_a_push_is_shown(make_crowd, seed, quality):
    """Offline, activated, pushed, tapped, fetched, in segments; also where datagrams get lost."""
    crowd = make_crowd(pull=ANY, seed=seed)
    crowd.lab.origin.serve(URL, TEXT.encode(), "text/plain")
    assert page(crowd, quality=quality) == TEXT
    (asked,) = crowd.lab.origin.asked
    assert isinstance(asked, FetchFromOrigin)
    headers = dict(asked.headers)
    # RADIUS accounting of the GGSN has told the gateway whose address it is.
    assert headers["X-WAP-Network-Client-MSISDN"] == crowd.msisdns[0]
    (context,) = crowd.told(ContextActivated)
    assert headers["X-WAP-Network-Client-IP"] == context.address
    (served,) = crowd.told(PageServed)
    assert (served.terminal, served.status) == (f"+{crowd.msisdns[0]}", 200)


def test_what_an_origin_says_of_a_page_that_is_not_there_is_shown(make_crowd):
    """The 404 goes all the way."""
    crowd = make_crowd(pull=ANY)
    assert page(crowd, kind="error") == "there is no such page\n"
    (served,) = crowd.told(PageServed)
    assert served.status == 404


def test_the_same_seed_gives_the_same_pages(make_crowd):
    """Fetching takes part in the determinism of virtual time."""
    traces = []
    for _ in range(2):
        crowd = make_crowd(pull=ANY, seed=5)
        crowd.lab.origin.serve(URL, TEXT.encode(), "text/plain", delay=0.3)
        page(crowd, quality=LOSSY)
        traces.append(crowd.network.trace)
    assert traces[0] == traces[1]
