"""Messages that nobody answers (TS 29.060 §7.5.5), from either side."""

from __future__ import annotations

from random import Random

import pytest

from gtp.constants import Cause, MessageType
from gtp.endpoint import Endpoint
from gtp.errors import LocalProtocolError
from gtp.events import MessageReceived
from gtp.messages import SgsnContextAcknowledge
from gtp.timers import Timers

PEER = ("192.0.2.9", 2123)
HEARD = frozenset({MessageType.SGSN_CONTEXT_ACKNOWLEDGE})
ACKNOWLEDGE = SgsnContextAcknowledge(teid=7, sequence=9, cause=Cause.REQUEST_ACCEPTED)


def endpoint(hears: frozenset[MessageType] = HEARD) -> Endpoint:
    return Endpoint(timers=Timers(), recovery=1, accepts=frozenset(), hears=hears, random=Random(1))


def test_a_message_is_told_and_not_answered() -> None:
    """Each time it comes; nothing waits for anything."""
    under_test = endpoint()
    for _ in range(2):
        under_test.receive(ACKNOWLEDGE.encode(), PEER, 0.0)
        assert under_test.take_events() == [MessageReceived(ACKNOWLEDGE, PEER)]
    assert under_test.take_datagrams() == []
    assert under_test.next_timeout() is None


def test_who_does_not_hear_it_counts_it() -> None:
    """An endpoint whose role has no use for it."""
    under_test = endpoint(frozenset())
    under_test.receive(ACKNOWLEDGE.encode(), PEER, 0.0)
    assert under_test.take_events() == []
    assert under_test.counters.not_accepted == 1


def test_one_that_cannot_be_read_is_dropped() -> None:
    """There is nobody to tell what is wrong with it."""
    under_test = endpoint()
    under_test.receive(ACKNOWLEDGE.encode()[:-2] + b"\xff\xff", PEER, 0.0)
    assert (under_test.take_events(), under_test.take_datagrams()) == ([], [])
    assert under_test.counters.discarded == 1


def test_a_message_goes_out_under_its_own_number() -> None:
    """That of the exchange that it ends."""
    under_test = endpoint()
    under_test.tell(ACKNOWLEDGE, PEER)
    assert under_test.take_datagrams() == [(ACKNOWLEDGE.encode(), PEER)]
    assert under_test.open_requests == 0
    with pytest.raises(LocalProtocolError):
        under_test.tell(SgsnContextAcknowledge(cause=Cause.REQUEST_ACCEPTED, teid=-1), PEER)
