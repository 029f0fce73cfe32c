"""One endpoint whose peer is the test, for close looks; and both ends on a wire."""

from __future__ import annotations

from random import Random

import pytest

from testbed.codecs import wtp
from testbed.codecs.wtp import Ack, Invoke, Result, TransactionClass
from testbed.wap.config import WtpLimits, WtpTimers
from testbed.wap.wtp import WtpEndpoint

PEER = ("10.0.0.2", 9201)
RESPONDER = 0x8000


class Bench:
    """A WTP endpoint, the PDUs it sends and the events it tells."""

    def __init__(self, *, timers=None, seed=1, **limits):
        self.endpoint = WtpEndpoint(
            random=Random(seed),
            timers=timers or WtpTimers(),
            limits=WtpLimits(**limits) if limits else None,
        )
        self.now = 1000.0
        self.datagrams = []

    @property
    def counters(self):
        return self.endpoint.counters

    # What is done

    def invoke(self, data=b"ask", **more):
        return self.endpoint.invoke(data, more.pop("peer", PEER), self.now, **more)

    def acknowledge(self, transaction):
        self.endpoint.acknowledge(transaction, self.now)

    def result(self, transaction, data=b"answer"):
        self.endpoint.result(transaction, data, self.now)

    def abort(self, transaction, reason=0xEA):
        self.endpoint.abort(transaction, reason, self.now)

    def get(self, *pdus, peer=PEER):
        """Let the peer send PDUs, or octets."""
        for pdu in pdus:
            octets = pdu if isinstance(pdu, bytes) else pdu.encode()
            self.endpoint.receive(octets, peer, self.now)

    def get_invoke(self, tid=7, data=b"ask", *, peer=PEER, **more):
        """Let the peer begin a transaction; return its number where that was told."""
        more.setdefault("transaction_class", TransactionClass.RESULT)
        self.get(Invoke(tid=tid, data=data, **more), peer=peer)
        events = self.endpoint.take_events()
        return events[0].transaction if events else None

    def wait(self, seconds):
        """Let time pass."""
        until = self.now + seconds
        while (due := self.endpoint.next_timeout()) is not None and due <= until:
            self.now = max(self.now, due)
            self.endpoint.handle_timeout(self.now)
        self.now = until

    # What is seen

    def sent(self):
        """Return the PDUs sent since the last call."""
        datagrams = self.endpoint.take_datagrams()
        self.datagrams += datagrams
        return [wtp.decode(part) for datagram, _ in datagrams for part in wtp.split(datagram)]

    def told(self):
        """Return the events since the last call."""
        return self.endpoint.take_events()

    def is_idle(self):
        """Return whether nothing is left of any transaction."""
        endpoint = self.endpoint
        return (
            endpoint.open_transactions,
            endpoint.lingering_transactions,
            endpoint.unfinished_octets,
            endpoint.next_timeout(),
        ) == (0, 0, 0, None)


@pytest.fixture
def bench():
    """Return an endpoint with the usual timers."""
    return Bench()


@pytest.fixture
def make_bench():
    """Return what makes endpoints with other timers or limits."""
    return Bench


def ack(tid, **more):
    """Return an Ack by the responder."""
    return Ack(tid=tid | RESPONDER, **more)


def result(tid, data=b"answer", **more):
    """Return a Result by the responder."""
    return Result(tid=tid | RESPONDER, data=data, **more)
