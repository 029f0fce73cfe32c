"""Our ESME and our SMSC over this machine's own TCP, as Wireshark sees them."""

import io
import os
from random import Random

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.trial.unittest import TestCase

from corenet.adapters.runtime import TwistedRuntime
from corenet.capture.capture import Capture
from corenet.interfaces.node import Interface
from testbed.codecs.smpp import BindTransceiver, DataSm, SmeAddress, SubmitSmResp
from testbed.codecs.smpp import parameters as p
from testbed.smpp.config import SmppLimits, SmppTimers
from testbed.smpp.events import Answered, LinkDown, LinkUp
from testbed.smpp.links import Account, Backoff, SmscLinks
from testbed.smpp.testing import LinkedEsme, ObligingSmsc
from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.testbed.smpp.smpp_peer import SUBMIT

# Of this process alone, so that test runs side by side don't take one another's ports.
NET = f"127.{64 + os.getpid() % 128}"
SMPP = Interface.SMPP
BIND = BindTransceiver(system_id="wap", password="secret")


class SmppOverTcpTests(TestCase):
    """Two runtimes, as on two machines."""

    def setUp(self):
        self.pcapng = io.BytesIO()
        self.here, self.there = TwistedRuntime(reactor), TwistedRuntime(reactor)
        self.addCleanup(lambda: self.there.stop())
        self.addCleanup(lambda: self.here.stop())
        self.smsc = ObligingSmsc()
        self.there.attach(self.smsc, {SMPP: (f"{NET}.2.1", 0)})
        self.address = self.there.address_of(self.smsc, SMPP)

    def esme(self, **settings):
        links = SmscLinks(
            [Account("smsc", self.address, BIND, **settings)],
            random=Random(1),
            backoff=Backoff(first=0.05, longest=0.1),
        )
        esme = LinkedEsme(links)
        self.here.on_passed(Capture(self.pcapng))
        self.here.attach(esme, {SMPP: (f"{NET}.2.2", 0)})
        return esme

    def until(self, runtime, done):
        """Return a Deferred that fires once an event has made ``done()`` true."""
        deferred = Deferred()
        deferred.addTimeout(60, reactor)
        runtime.on_event(lambda *_: done() and not deferred.called and deferred.callback(None))
        if done():
            deferred.callback(None)
        return deferred

    def submit(self, esme, pdu, contexts):
        def submitting(now):
            for context in contexts:
                esme.links.submit(pdu, context, now)

        self.here.command(esme, submitting)

    @inlineCallbacks
    def test_five_hundred_messages_pass(self):
        """Window and queue carry all; every answer has its context; the capture is clean."""
        esme = self.esme(limits=SmppLimits(window=20))
        yield self.until(self.here, lambda: esme.links.is_up)
        self.submit(esme, SUBMIT, range(500))

        def answers():
            return [event for event in esme.told if isinstance(event, Answered)]

        yield self.until(self.here, lambda: len(answers()) == 500)
        assert sorted(event.context for event in answers()) == list(range(500))
        assert all(isinstance(event.response, SubmitSmResp) for event in answers())
        large = DataSm(
            destination=SmeAddress("1"), tlvs=(p.MESSAGE_PAYLOAD(bytes(range(256)) * 255),)
        )
        self.submit(esme, large, ["large"])
        yield self.until(self.here, lambda: answers()[-1].context == "large")
        yield self.here.stop(patience=30)
        self.dissect()

    def dissect(self):
        try:
            require_peer("tshark", package="tshark")
        except pytest.skip.Exception:
            return
        read = Dissection(self.pcapng.getvalue())
        assert read.complaints() == []
        seen = [int(value, 0) for packet in read.packets for value in packet.all("smpp.command_id")]
        assert seen[:2] == [9, 0x8000_0009]
        assert seen.count(4) == seen.count(0x8000_0004) == 500
        assert seen.count(0x103) == seen.count(0x8000_0103) == 1
        assert seen[-2:] == [6, 0x8000_0006]

    @inlineCallbacks
    def test_an_smsc_that_comes_back_is_found_again(self):
        """It ends in good order, refuses for a while, and is bound to again."""
        esme = self.esme(timers=SmppTimers(enquire_link=60.0))
        yield self.until(self.here, lambda: esme.links.is_up)
        yield self.there.stop(patience=30)

        def refused():
            return [event.reason for event in esme.told if isinstance(event, LinkDown)]

        # While it ends it may be bound to once more.
        yield self.until(self.here, lambda: any("refused" in reason for reason in refused()))
        assert refused()[0] == "the peer has unbound"
        assert not esme.links.is_up
        self.there = TwistedRuntime(reactor)
        self.there.attach(ObligingSmsc(), {SMPP: self.address})
        yield self.until(self.here, lambda: esme.links.is_up)
        assert sum(isinstance(event, LinkUp) for event in esme.told) >= 2
