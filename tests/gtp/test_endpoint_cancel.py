"""A request that is taken back."""

from __future__ import annotations

from random import Random

from gtp.endpoint import Endpoint
from gtp.messages import SendRouteingInformationRequest
from gtp.timers import Timers

PEER = ("192.0.2.9", 2123)


def test_a_cancelled_request_is_sent_no_more_and_nothing_is_told_of_it() -> None:
    """Neither a retransmission nor an event follows, and cancelling twice does no harm."""
    endpoint = Endpoint(timers=Timers(), recovery=1, accepts=frozenset(), random=Random(1))
    request = SendRouteingInformationRequest(imsi="234150999999999")
    transaction = endpoint.request(request, PEER, 0.0)
    endpoint.take_datagrams()

    endpoint.cancel(transaction)
    endpoint.cancel(transaction)

    assert endpoint.next_timeout() is None
    endpoint.handle_timeout(1000.0)
    assert endpoint.take_datagrams() == []
    assert endpoint.take_events() == []
    assert endpoint.open_requests == 0
