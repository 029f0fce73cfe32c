"""A core as a service: in memory, and on this machine's own sockets."""

import errno
import io
import os
import socket
import subprocess
import tempfile
from ipaddress import IPv4Network
from random import Random

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger
from twisted.trial.unittest import TestCase

from corenet.adapters.gi_loopback import NotLoopbackError
from corenet.adapters.testing import MemoryUdpReactor
from corenet.adapters.udp import CannotBindError
from corenet.assembly import CoreConfig
from corenet.capture.capture import INTERFACES
from corenet.ggsn.config import Apn, GgsnConfig, StaticBinding
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.interfaces.application import Application, Shown
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import Attached, ContextActivated, ShownOnScreen
from corenet.service import CoreService
from corenet.sgsn.config import SgsnConfig

APN, IMSI, MSISDN = "wap.example", "234150000000001", "447700900001"
# Of this process alone, so that test runs side by side don't take one another's ports.
NET = f"127.{64 + os.getpid() % 128}"
GGSN, SGSN, HLR, MOBILE = f"{NET}.0.1", f"{NET}.0.2", f"{NET}.0.3", f"{NET}.8.1"


class Screen(Application):
    """An application that shows the text it gets and says so to its sender."""

    def __init__(self, host, port=2948):
        self.host = host
        host.bind(self.receive, port)

    def receive(self, payload, source, local, now):
        self.host.show(Shown("text", payload.decode()))
        self.host.send(b"shown", local, source)


def config(pool=f"{NET}.8.0/24", mobile=MOBILE):
    return CoreConfig(
        ggsns={
            "ggsn": GgsnConfig(
                GGSN,
                GGSN,
                (Apn(APN, (IPv4Network(pool),)),),
                (StaticBinding(IMSI, APN, mobile, MSISDN),),
                hlr=(HLR, 2123),
            )
        },
        sgsns={"sgsn": SgsnConfig(SGSN, SGSN, (HLR, 4222), {APN: (GGSN,)})},
        hlr=HlrConfig(HLR, (Subscriber(IMSI, MSISDN, (SubscribedApn(APN, mobile),)),)),
        mobiles=(MobileConfig(IMSI, MSISDN, apns=(APN,), attach_at_start=True),),
    )


def in_memory(world, **settings):
    log = []
    service = CoreService(
        world,
        config(),
        random=Random(1),
        recovery=3,
        gi_ports=(),
        log=Logger(namespace="test", observer=log.append),
        **settings,
    )
    told = []
    service.runtime.on_event(lambda now, name, event: told.append(event))
    return service, told, log


def activate(service):
    ggsn = service.core.ggsns["ggsn"]
    service.runtime.command(ggsn, lambda now: ggsn.activate(IMSI, APN, key="k", now=now))


def test_service_runs_a_core_and_captures_it():
    """The nodes start with the service, do their work, and all of it is in the capture."""
    world, stream = MemoryUdpReactor(), io.BytesIO()
    service, told, log = in_memory(world, capture=stream)
    service.startService()
    assert service.running
    activate(service)
    world.pump([0.01] * 20)
    assert any(isinstance(event, ContextActivated) for event in told)
    counted = service.capture.counters
    assert {"Gn", "Gc", "Gr", "radio"} <= set(counted) <= {name for name, _ in INTERFACES}
    assert len(stream.getvalue()) > 1000
    done = []
    service.stopService().addCallback(done.append)
    world.pump([0.05] * 10)
    assert done == [None]
    assert world.ports == {}
    assert world.getDelayedCalls() == []
    assert not service.running
    assert log == []


def test_service_that_cannot_start_leaves_nothing_bound():
    """A port that is taken is said, and what was bound before it is freed."""
    world = MemoryUdpReactor()
    world.refused[SGSN, 2123] = errno.EADDRINUSE
    service, _, _ = in_memory(world)
    with pytest.raises(CannotBindError, match=r"sgsn \(gtp-c\)"):
        service.startService()
    world.pump([0.05] * 10)
    assert world.ports == {}
    assert world.getDelayedCalls() == []


class Full(io.BytesIO):
    """A stream on a full disk, or with a reader that is gone."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, data):
        raise self.error


@pytest.mark.parametrize(
    ("error", "lines"), [(BrokenPipeError(), 0), (OSError(errno.ENOSPC, "disk full"), 1)]
)
def test_capture_that_ends_does_not_end_the_core(error, lines):
    """A reader that goes away is no matter; a full disk is logged; the core goes on."""
    world = MemoryUdpReactor()
    service, told, log = in_memory(world, capture=Full(error))
    service.startService()
    world.advance(0.1)
    assert any(isinstance(event, Attached) for event in told)
    assert len(log) == lines
    service.stopService()
    world.pump([0.05] * 10)


def test_service_refuses_mobiles_outside_loopback():
    """Mobiles whose network the host has not to itself are refused before anything is bound."""
    with pytest.raises(NotLoopbackError):
        CoreService(
            MemoryUdpReactor(),
            config("10.45.0.0/16", "10.45.0.1"),
            random=Random(1),
            recovery=0,
        )


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("0.0.0.0", 0))
        return probe.getsockname()[1]


class Program(DatagramProtocol):
    """A program on this host that waits for one datagram."""

    noisy = False

    def __init__(self):
        self.answered = Deferred()

    def datagramReceived(self, datagram, addr):
        self.answered.callback((datagram, addr))


class OnSockets(TestCase):
    """A core in a real reactor, and a program on this host that pushes to a mobile."""

    def setUp(self):
        self.port = free_port()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "core.pcapng")
        self.stream = open(self.path, "wb")  # noqa: SIM115 - closed after the core has stopped
        self.service = CoreService(
            reactor,
            config(),
            random=Random(1),
            recovery=3,
            applications=lambda host: (Screen(host, self.port),),
            gi_ports=[self.port],
            capture=self.stream,
        )
        self.awaited = {}
        self.service.runtime.on_event(self.told)
        self.addCleanup(self.stream.close)
        self.addCleanup(self.service.stopService)
        self.program = Program()
        port = reactor.listenUDP(0, self.program, interface=f"{NET}.0.9")
        self.addCleanup(port.stopListening)

    def told(self, now, name, event):
        waiting = self.awaited.pop(type(event), None)
        if waiting is not None:
            waiting.callback(event)

    def event(self, kind):
        self.awaited[kind] = Deferred()
        return self.awaited[kind]

    @inlineCallbacks
    def push(self):
        """Run the core, push to the mobile, and stop the core."""
        attached = self.event(Attached)
        self.service.startService()
        yield attached
        shown = self.event(ShownOnScreen)
        self.program.transport.write(b"hello", (MOBILE, self.port))
        event = yield shown
        answer = yield self.program.answered
        yield self.service.stopService()
        return event.shown.text, answer

    @inlineCallbacks
    def test_a_plain_datagram_reaches_an_offline_mobile(self):
        """A program's datagram activates the context, is shown, and is answered by the mobile."""
        text, answer = yield self.push()
        assert text == "hello"
        assert answer == (b"shown", (MOBILE, self.port))
        assert self.service.runtime.counters == {}
        assert self.service.gi.counters == {"received": 1, "sent": 1}

    @pytest.mark.interop
    @pytest.mark.usefixtures("tshark")
    @inlineCallbacks
    def test_wireshark_has_no_complaint_about_the_capture(self):
        """Everything of a push is in the capture, on every interface, and dissects clean."""
        yield self.push()
        assert self.tshark("_ws.malformed || _ws.expert.severity >= warning") == []
        for layer in (
            "gtp.message == 27 && frame.interface_name == Gn",
            "gtp.message == 32 && frame.interface_name == Gc",
            "gsup && frame.interface_name == Gr",
            "gsm_a.dtap && frame.interface_name == radio",
            "udp && frame.interface_name == Gi",
            "gtp.message == 255 && data.data == 68:65:6c:6c:6f",
        ):
            assert self.tshark(layer), layer

    def tshark(self, wanted):
        done = subprocess.run(
            ["tshark", "-r", self.path, "-Y", wanted],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        return done.stdout.splitlines()
