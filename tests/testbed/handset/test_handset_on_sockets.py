"""A handset on this machine's own sockets: it opens sessions and fetches pages from its own ports.

The gateway is a program of its own on the loopback network, and hears of the core only datagrams.
"""

import os
import socket
from ipaddress import IPv4Network
from random import Random

from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.protocol import DatagramProtocol
from twisted.trial.unittest import TestCase

from corenet.assembly import CoreConfig
from corenet.ggsn.config import Apn, GgsnConfig, StaticBinding
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import Attached, ShownOnScreen
from corenet.service import CoreService
from corenet.sgsn.config import SgsnConfig
from testbed.codecs import sia, sl
from testbed.codecs.media import ContentType
from testbed.codecs.sia import SessionInitiation
from testbed.codecs.sl import ServiceLoading
from testbed.codecs.wsp import Push
from testbed.codecs.wsp.contact import ContactPoint
from testbed.codecs.wsp.pdus import ConfirmedPush, Reply
from testbed.handset.browser import Browser
from testbed.handset.push_client import PushClient
from testbed.handset.settings import WapGateway
from testbed.wap.server import SessionServer
from testbed.wap.session_events import (
    MethodReceived,
    PushConfirmed,
    SessionEstablished,
    SessionRequested,
)

APN, IMSI, MSISDN = "wap.example", "234150000000001", "447700900001"
# Of this process alone, so that test runs side by side don't take one another's ports.
NET = f"127.{64 + os.getpid() % 128}"
GGSN, SGSN, HLR, MOBILE, HOST = (f"{NET}.{end}" for end in ("0.1", "0.2", "0.3", "8.1", "0.9"))
MAIL = "http://www.example.com/mail"
PAGE = b"four new messages " * 200


def config():
    return CoreConfig(
        ggsns={
            "ggsn": GgsnConfig(
                GGSN,
                GGSN,
                (Apn(APN, (IPv4Network(f"{NET}.8.0/24"),)),),
                (StaticBinding(IMSI, APN, MOBILE, MSISDN),),
                hlr=(HLR, 2123),
            )
        },
        sgsns={"sgsn": SgsnConfig(SGSN, SGSN, (HLR, 4222), {APN: (GGSN,)})},
        hlr=HlrConfig(HLR, (Subscriber(IMSI, MSISDN, (SubscribedApn(APN, MOBILE),)),)),
        mobiles=(MobileConfig(IMSI, MSISDN, apns=(APN,), attach_at_start=True),),
    )


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", 0))
        return probe.getsockname()[1]


class Gateway(DatagramProtocol):
    """Opens a session, pushes a service loading on it, and has the page that it leads to."""

    noisy = False

    def __init__(self):
        self.server = SessionServer(random=Random(1))
        self.peers = set()
        self.confirmed = Deferred()

    def invite(self, terminal, port):
        place = self.transport.getHost()
        contacts = (ContactPoint.for_ip(place.host, place.port),)
        content = sia.encode(SessionInitiation(("x-wap-application:wml.ua",), contacts))
        push = Push(1, ContentType(sia.MEDIA_TYPE), content)
        self.transport.write(push.encode(), (terminal, port))

    def datagramReceived(self, datagram, addr):
        self.peers.add(addr)
        now = reactor.seconds()
        self.server.receive(datagram, addr, now)
        for event in self.server.take_events():
            self.hear(event, now)
        for data, peer in self.server.take_datagrams():
            self.transport.write(data, peer)

    def hear(self, event, now):
        match event:
            case SessionRequested():
                self.server.accept(event.session, now)
            case SessionEstablished() if not event.headers or "Bearer-Indication" in dict(
                event.headers
            ):
                loading = sl.encode(ServiceLoading(MAIL))
                push = ConfirmedPush(ContentType(sl.WBXML_TYPE), loading)
                self.server.confirmed_push(event.session, push, now)
            case MethodReceived():
                self.server.reply(
                    event.transaction, Reply(200, ContentType("text/plain"), PAGE), now
                )
            case PushConfirmed():
                self.confirmed.callback(event)


class HandsetOnSockets(TestCase):
    """A core in a real reactor, with a gateway beside it."""

    def setUp(self):
        self.port = free_port()
        self.gateway = Gateway()
        port = reactor.listenUDP(0, self.gateway, interface=HOST)
        self.addCleanup(port.stopListening)
        place = WapGateway(HOST, session_port=port.getHost().port)

        def applications(host):
            browser = Browser(host, place)
            return (PushClient(host, loader=browser, port=self.port), browser)

        self.service = CoreService(
            reactor,
            config(),
            random=Random(1),
            recovery=3,
            applications=applications,
            gi_ports=[self.port],
        )
        self.addCleanup(self.service.stopService)
        self.attached, self.page = Deferred(), Deferred()
        self.service.runtime.on_event(self.told)

    def told(self, _now, _node, event):
        if isinstance(event, Attached):
            self.attached.callback(event)
        elif isinstance(event, ShownOnScreen) and event.shown.kind != "SL":
            self.page.callback(event.shown)

    @inlineCallbacks
    def test_offline_handset_confirms_a_push_and_fetches_what_it_leads_to(self):
        """From two ports of its own, each with a socket while the conversation lasts."""
        self.service.startService()
        yield self.attached
        self.gateway.invite(MOBILE, self.port)
        yield self.gateway.confirmed
        page = yield self.page
        assert (page.kind, page.text) == ("page", PAGE.decode())
        assert {host for host, _ in self.gateway.peers} == {MOBILE}
        assert len(self.gateway.peers) == 2
        assert self.service.gi.own_ports == 2
        assert self.service.gi.counters["own ports opened"] == 2
        assert not [what for what in self.service.gi.counters if "dropped" in what]
        assert self.service.runtime.counters == {}
