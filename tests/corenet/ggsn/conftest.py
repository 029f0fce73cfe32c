"""A GGSN on a bench: the test plays SGSN, HLR, Gi and RADIUS server, message by message."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network
from random import Random

import pytest

from corenet.ggsn.config import Apn, GgsnConfig, StaticBinding
from corenet.ggsn.events import ActivationFinished
from corenet.ggsn.node import Ggsn
from corenet.gi.ip import udp_packet
from corenet.interfaces.node import Interface
from corenet.radius.journal import MemoryJournal
from gtp.constants import Cause
from gtp.ies import EndUserAddress
from gtp.messages import (
    CreatePdpContextRequest,
    FailureReportRequest,
    FailureReportResponse,
    NoteMsGprsPresentRequest,
    PduNotificationRejectRequest,
    PduNotificationRequest,
    PduNotificationResponse,
    SendRouteingInformationRequest,
    SendRouteingInformationResponse,
    decode,
)
from gtp.timers import Timers

IMSI = "234150999999999"
OTHER_IMSI = "234150000000002"
MSISDN = "447700900123"
APN = "wap.example"
ADDRESS = "10.45.0.7"
GGSN = "192.0.2.1"
SGSN = "192.0.2.2"
NEW_SGSN = "192.0.2.3"
HLR = ("192.0.2.9", 2123)
INTERNET = ("198.51.100.1", 9200)
QOS = bytes.fromhex("020b921f7396fefe742bffff")

CONFIG = GgsnConfig(
    control_address=GGSN,
    user_address=GGSN,
    apns=(
        Apn("wap.example", (IPv4Network("10.45.0.0/24"),), dns=("192.0.2.53", "192.0.2.54")),
        Apn("small.example", (IPv4Network("10.46.0.0/30"),)),
        Apn("static.example"),
    ),
    static_bindings=(StaticBinding(IMSI, "WAP.example", ADDRESS, MSISDN),),
    hlr=HLR,
    timers=Timers(t3_response=1.0, n3_requests=3, echo_interval=0),
)


class Bench:
    """Drives one GGSN and keeps what came out of it."""

    def __init__(self, config=CONFIG, **changes):
        self.config = replace(config, **changes)
        self.now = 1_800_000_000.0
        self.control = []
        self.user = []
        self.gi = []
        self.radius = []
        self.events = []
        self.passed = []
        """Every datagram on GTP-C and GTP-U as it passed: an IPv4 packet each."""
        self.journal = MemoryJournal()
        """Outlives the GGSN."""
        self._sequence = 1000
        self.restart()

    def restart(self, recovery=7):
        """Put a fresh GGSN on the bench."""
        self.ggsn = Ggsn(self.config, random=Random(1), recovery=recovery, journal=self.journal)
        self.ggsn.start(self.now)
        self.take()

    # What comes out

    def take(self):
        """Sort what the GGSN wants sent, and what it tells."""
        for datagram in self.ggsn.take_datagrams():
            if datagram.interface is Interface.GTP_C:
                self.control.append((decode(datagram.data), datagram.peer))
                self.passed.append(udp_packet((GGSN, 2123), datagram.peer, datagram.data))
            elif datagram.interface is Interface.GTP_U:
                self.user.append((decode(datagram.data), datagram.peer))
                self.passed.append(udp_packet((GGSN, 2152), datagram.peer, datagram.data))
            elif datagram.interface is Interface.GI:
                self.gi.append(datagram.data)
            else:
                self.radius.append((datagram.data, datagram.peer))
        self.events += self.ggsn.take_events()

    def sent(self, kind, to=None):
        """Return the oldest control message, which is of ``kind``."""
        assert self.control, f"nothing was sent, {kind.__name__} expected"
        message, peer = self.control.pop(0)
        assert isinstance(message, kind), message
        if to is not None:
            assert peer == (to, 2123)
        return message

    def tunnelled(self):
        """Return the oldest packet that went into a tunnel, with tunnel and peer."""
        message, peer = self.user.pop(0)
        return message.payload, message.teid, peer

    def told(self, kind):
        """Return the events of one kind, oldest first, and forget them."""
        found = [event for event in self.events if type(event) is kind]
        self.events = [event for event in self.events if type(event) is not kind]
        return found

    def outcome(self, key="k"):
        """Return the one outcome for ``key``."""
        found = [e.outcome for e in self.told(ActivationFinished) if e.key == key]
        assert len(found) == 1, found
        return found[0]

    def assert_nothing_left(self):
        """Neither a procedure, nor a context, timer or message is left."""
        assert self.ggsn.activations_under_way == 0
        assert self.ggsn.contexts() == []
        assert self.control == []
        assert self.ggsn.next_timeout() is None

    # What goes in

    def advance(self, seconds):
        """Let time pass, with everything done when it is due."""
        end = self.now + seconds
        while (due := self.ggsn.next_timeout()) is not None and due <= end:
            self.now = max(self.now, due)
            self.ggsn.handle_timeout(self.now)
            self.take()
        self.now = end

    def deliver(self, message, host, port=2123):
        """Send the GGSN a message on GTP-C."""
        self.deliver_octets(message.encode(), host, port)

    def deliver_octets(self, data, host, port=2123):
        """Send the GGSN octets on GTP-C."""
        self.passed.append(udp_packet((host, port), (GGSN, 2123), data))
        self.ggsn.receive(
            Interface.GTP_C, data, peer=(host, port), local=(GGSN, 2123), now=self.now
        )
        self.take()

    def request(self, message, host):
        """Send the GGSN a request with a sequence number of its own."""
        self._sequence += 1
        message.sequence = self._sequence
        self.deliver(message, host)
        return message

    def respond(self, request, response, host):
        """Answer a request of the GGSN's."""
        response.sequence = request.sequence
        self.deliver(response, host)

    def packet(self, destination=ADDRESS, payload=b"push", source=INTERNET):
        """Return a UDP packet for a mobile."""
        return udp_packet(source, (destination, 2948), payload)

    def from_gi(self, packet):
        """Have a packet arrive on Gi."""
        self.ggsn.receive(Interface.GI, packet, peer=("", 0), local=("", 0), now=self.now)
        self.take()

    def from_tunnel(self, data, host=SGSN):
        """Have octets arrive on GTP-U."""
        self.passed.append(udp_packet((host, 2152), (GGSN, 2152), data))
        self.ggsn.receive(
            Interface.GTP_U, data, peer=(host, 2152), local=(GGSN, 2152), now=self.now
        )
        self.take()

    # The steps of the procedure

    def activate(self, imsi=IMSI, apn=APN, key="k", deadline=None):
        self.ggsn.activate(imsi, apn, key=key, deadline=deadline, now=self.now)
        self.take()

    def route(self, sgsn=SGSN, imsi=IMSI, cause=Cause.REQUEST_ACCEPTED, **ies):
        """Answer the Send Routeing Information with an SGSN's address."""
        request = self.sent(SendRouteingInformationRequest, to=HLR[0])
        assert request.imsi == imsi
        response = SendRouteingInformationResponse(cause=cause, imsi=imsi, sgsn_address=sgsn, **ies)
        self.respond(request, response, HLR[0])

    def notified(self, cause=Cause.REQUEST_ACCEPTED, sgsn=SGSN):
        """Answer the PDU Notification Request."""
        request = self.sent(PduNotificationRequest, to=sgsn)
        response = PduNotificationResponse(teid=request.teid_control, cause=cause)
        self.respond(request, response, sgsn)
        return request

    def reported(self, cause=Cause.REQUEST_ACCEPTED, **ies):
        """Answer the Failure Report."""
        request = self.sent(FailureReportRequest, to=HLR[0])
        self.respond(request, FailureReportResponse(cause=cause, **ies), HLR[0])

    def reject(self, notification, cause, **changes):
        """Send a PDU Notification Reject Request for a notification."""
        values = {
            "teid": notification.teid_control,
            "cause": cause,
            "teid_control": 0x5151,
            "end_user_address": notification.end_user_address,
            "apn": notification.apn,
        }
        return self.request(PduNotificationRejectRequest(**(values | changes)), SGSN)

    def note_present(self, imsi=IMSI, sgsn=NEW_SGSN):
        """Send Note MS GPRS Present."""
        self.request(NoteMsGprsPresentRequest(imsi=imsi, sgsn_address=sgsn), HLR[0])

    def create(self, host=SGSN, **changes):
        """Send a Create PDP Context Request."""
        values = {
            "imsi": IMSI,
            "selection_mode": 0,
            "teid_data": 0x201,
            "teid_control": 0x200,
            "nsapi": 5,
            "charging_characteristics": 0x0800,
            "end_user_address": EndUserAddress.for_ipv4(ADDRESS),
            "apn": APN,
            "sgsn_address_control": host,
            "sgsn_address_user": host,
            "msisdn": MSISDN,
            "qos": QOS,
        }
        return self.request(CreatePdpContextRequest(**(values | changes)), host)


@pytest.fixture(scope="session")
def make_bench():
    """Return what puts a GGSN on a bench, with changes to its configuration."""
    return Bench


@pytest.fixture
def bench():
    """A GGSN on a bench."""
    return Bench()
