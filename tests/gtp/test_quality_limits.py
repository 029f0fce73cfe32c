"""A QoS profile held below another one (TS 23.060 §9.2.3); requests with attempts of their own."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtp.endpoint import Endpoint, RequestFailed
from gtp.ies.quality import QosProfile, limited_qos
from gtp.messages import DeletePdpContextRequest
from gtp.timers import Timers

BEST = "020b921f7396fefe742bffff"
FAST = "020b921f7396fefe742bffff004a00"
"""With more than 8640 kbit/s down, on the extended octet."""


@pytest.mark.parametrize(
    ("asked", "ceiling", "granted"),
    [
        pytest.param(BEST, "020b921f73964020742bffff", "020b921f73964020742bffff", id="bit-rates"),
        pytest.param("010b921f73964020742bffff", BEST, "020b921f73964020742bffff", id="priority"),
        pytest.param(BEST, "0223921f9396fefe742affff", "0223921f9396fefe742bffff", id="classes"),
        pytest.param("02" + 11 * "00", BEST, None, id="subscribed"),
        pytest.param(BEST, "00" + 11 * "00", BEST, id="open-ceiling"),
        pytest.param(BEST, FAST, BEST, id="extended-ceiling"),
        pytest.param(FAST, BEST, "020b921f7396fefe742bffff000000", id="extended-asked"),
        pytest.param("020b921f", BEST, "020b921f", id="release-97-asked"),
        pytest.param("01139211", "020b921f", "02139211", id="release-97-ceiling"),
        pytest.param("ff", BEST, "ff", id="no-profile"),
    ],
)
def test_nothing_is_better_than_the_ceiling(asked: str, ceiling: str, granted: str | None) -> None:
    """Each field is the worse of both; what is open is the other's."""
    result = limited_qos(bytes.fromhex(asked), bytes.fromhex(ceiling))
    if granted is not None:
        assert result.hex() == granted
    else:
        profile = QosProfile.parse(result)
        assert (profile.maximum_uplink, profile.delay_class, profile.traffic_class) == (254, 1, 3)


def test_without_a_ceiling_nothing_changes() -> None:
    """Whatever it is."""
    assert limited_qos(b"\x01\x02", None) == b"\x01\x02"


profiles = st.one_of(
    st.binary(min_size=4, max_size=4),
    *(st.binary(min_size=size, max_size=size) for size in (12, 13, 15, 17, 21)),
)


@given(profiles, profiles)
def test_a_profile_below_the_ceiling_stays(asked: bytes, ceiling: bytes) -> None:
    """To be held down twice changes no more, and the result is a profile."""
    once = limited_qos(asked, ceiling)
    assert limited_qos(once, ceiling) == once
    assert QosProfile.parse(once).encode() == once


def test_a_request_may_have_attempts_of_its_own() -> None:
    """N3-REQUESTS is what the others have."""
    timers = Timers(t3_response=1.0, n3_requests=2, echo_interval=0)
    endpoint = Endpoint(timers=timers, recovery=1, accepts=frozenset(), random=Random(1))
    peer = ("192.0.2.1", 2123)
    endpoint.request(DeletePdpContextRequest(nsapi=5), peer, 0.0, context="long", attempts=4)
    endpoint.request(DeletePdpContextRequest(nsapi=6), peer, 0.0, context="short")
    sent, ended = len(endpoint.take_datagrams()), []
    now = 0.0
    while (due := endpoint.next_timeout()) is not None:
        now = due
        endpoint.handle_timeout(now)
        sent += len(endpoint.take_datagrams())
        ended += [
            (event.context, now)
            for event in endpoint.take_events()
            if isinstance(event, RequestFailed)
        ]
    assert ended == [("short", 2.0), ("long", 4.0)]
    assert sent == 6
    assert endpoint.counters.retransmissions == 4
