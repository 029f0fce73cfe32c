"""Pull on a bench: requests as units or on a session, an origin server that the test speaks for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.codecs.media import ContentType
from testbed.codecs.wsp.pdus import Get, Post, decode_unit, encode_unit
from testbed.pull.config import PullConfig, PullLimits
from testbed.pull.effects import CancelFetch, FetchFromOrigin, OriginAnswer
from testbed.pull.pull import MethodRequest, Pull

NOW = 1_800_000_000.0
PEER = ("10.45.0.7", 49152)
MSISDN = "447700900123"
URL = "http://127.0.0.1:8088/page"
WMLC = ("Accept", "application/vnd.wap.wmlc")
TEXT = ("Content-Type", "text/plain")


class PullBench:
    """Pull, a clock, and what came out."""

    def __init__(self, config=None, **limits):
        config = config or PullConfig()
        self.pull = Pull(
            replace(config, limits=PullLimits(**limits)) if limits else config,
            msisdn_of={PEER[0]: MSISDN}.get,
        )
        self.now = NOW
        self.tid = 0
        self.transactions = 0
        self.fetches = []
        self.cancelled = []
        self.datagrams = []
        self.replies = []
        self.events = []

    # What is done

    def unit(self, pdu, *, peer=PEER, tid=None):
        """Send a request without a session; return its transaction id."""
        if tid is None:
            tid = self.tid = (self.tid + 1) % 256
        self.raw(encode_unit(tid, pdu), peer=peer)
        return tid

    def raw(self, octets, *, peer=PEER):
        self.pull.receive(octets, peer, self.now)
        self.collect()

    def get(self, url=URL, *headers, peer=PEER):
        """Ask for a page without a session."""
        return self.unit(Get(url, headers), peer=peer)

    def method(self, pdu, *, headers=(), client_sdu=0, peer=PEER):
        """Ask for something on a session; return the transaction."""
        self.transactions += 1
        request = MethodRequest(self.transactions, peer, pdu, headers, client_sdu)
        self.pull.take_method(request, self.now)
        self.collect()
        return self.transactions

    def end(self, transaction):
        self.pull.method_ended(transaction, self.now)
        self.collect()

    def answer(self, status=200, body=b"hello", *headers, number=None):
        """Let the origin server answer the last fetch, or another."""
        number = self.fetches[-1].number if number is None else number
        self.pull.fetched(number, OriginAnswer(status, headers or (TEXT,), body), self.now)
        self.collect()

    def fail(self, failure, text="it is so", *, number=None):
        number = self.fetches[-1].number if number is None else number
        self.pull.fetch_failed(number, failure, text, self.now)
        self.collect()

    def wait(self, seconds):
        until = self.now + seconds
        while (due := self.pull.next_timeout()) is not None and due <= until:
            self.now = max(self.now, due)
            self.pull.handle_timeout(self.now)
            self.collect()
        self.now = until

    # What is seen

    def collect(self):
        for effect in self.pull.take_effects():
            match effect:
                case FetchFromOrigin():
                    self.fetches.append(effect)
                case CancelFetch():
                    self.cancelled.append(effect.number)
        self.datagrams += self.pull.take_datagrams()
        self.replies += self.pull.take_replies()
        self.events += self.pull.take_events()

    @property
    def reply(self):
        """The one reply that came without a session."""
        ((octets, peer),) = self.datagrams
        assert peer == PEER
        tid, pdu = decode_unit(octets)
        assert tid == self.tid
        return pdu

    @property
    def answered(self):
        """The one reply on a session."""
        ((transaction, reply),) = self.replies
        assert transaction == self.transactions
        return reply

    def sent(self, name):
        """Return the values of a header of the last fetch."""
        return [value for key, value in self.fetches[-1].headers if key.lower() == name.lower()]


def post(body=b"a=1", *headers, url=URL):
    return Post(url, ContentType("application/x-www-form-urlencoded"), body, headers)


@pytest.fixture
def bench():
    return PullBench()


@pytest.fixture
def make_bench():
    return PullBench
