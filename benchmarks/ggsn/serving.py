"""What the scripted SGSN asks, each a process of its own: our GGSN, an echo, a RADIUS server.

Run by ``benchmarks.ggsn`` as ``python -m benchmarks.ggsn.serving KIND ADDRESS …``. The GGSN is
the one of ``corenet run`` in the same Twisted runtime, without a capture and without a log; its
events are made and told to a listener, which counts them. The echo is Twisted's UDP port with
nothing behind it: what comes goes back. The RADIUS server answers and keeps nothing.

Control, where a benchmark wants it, is a UDP port beside GTP-C: a datagram with an IMSI has the
subscriber's context activated, and what comes of it goes back; one with "count" is answered with
the number of contexts.
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections import Counter
from hashlib import md5
from ipaddress import ip_network
from random import Random
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import DatagramProtocol

from corenet.adapters.runtime import TwistedRuntime
from corenet.ggsn.config import Apn, GgsnConfig, RadiusServer, RestartPolicy
from corenet.ggsn.events import ActivationFinished
from corenet.ggsn.node import Ggsn
from corenet.interfaces.node import Address, Event, Interface
from gtp.timers import Timers
from testbed.lab.commands.run import spare_collections
from testbed.lab.reactor_run import run_in_reactor

APN = "internet"
CONTROL_PORT = 9999
RADIUS_PORT = 1813
SECRET = b"testing123"
READY = "Ready"


class Echo(DatagramProtocol):
    """Sends back what comes."""

    def datagramReceived(self, datagram: bytes, addr: tuple[str, int]) -> None:  # noqa: N802
        """Send it back."""
        assert self.transport is not None
        self.transport.write(datagram, addr)


class Control(DatagramProtocol):
    """Takes commands for a GGSN as datagrams."""

    def __init__(self, runtime: TwistedRuntime, ggsn: Ggsn) -> None:
        self._runtime = runtime
        self._ggsn = ggsn
        self._asked: dict[str, Address] = {}

    def datagramReceived(self, datagram: bytes, addr: Address) -> None:  # noqa: N802
        """Carry out one command."""
        ggsn = self._ggsn
        words = datagram.decode("ascii")
        if words == "count":
            self._answer(str(ggsn.context_count), addr)
        elif words == "delete":
            for imsi in {context.imsi for context in ggsn.contexts()}:
                self._runtime.command(ggsn, lambda now, imsi=imsi: ggsn.deactivate(imsi, None, now))
            self._answer("deleted", addr)
        else:
            self._asked[words] = addr
            self._runtime.command(ggsn, lambda now: ggsn.activate(words, APN, key=words, now=now))

    def finished(self, event: ActivationFinished) -> None:
        """Tell who asked how the activation went."""
        how = "active" if event.outcome.active else "failed"
        self._answer(f"{event.key} {how}", self._asked.pop(event.key))

    def _answer(self, text: str, addr: Address) -> None:
        assert self.transport is not None
        self.transport.write(text.encode("ascii"), addr)


def ggsn_config(options: argparse.Namespace) -> GgsnConfig:
    """Return the GGSN's configuration: one APN with addresses for everybody."""
    radius = ()
    if options.radius is not None:
        radius = (RadiusServer((options.radius, RADIUS_PORT), SECRET),)
    return GgsnConfig(
        control_address=options.address,
        user_address=options.address,
        apns=(Apn(APN, pools=(ip_network("10.0.0.0/8"),), dns=("192.0.2.53", "192.0.2.54")),),
        hlr=(options.hlr, 2123) if options.hlr is not None else None,
        radius=radius,
        on_sgsn_restart=RestartPolicy(options.on_restart),
        timers=Timers(echo_interval=0.0),
    )


async def serve_ggsn(reactor: Any, options: argparse.Namespace) -> int:
    """Serve until the process ends."""
    runtime = TwistedRuntime(reactor)
    told: Counter[type[Event]] = Counter()
    ggsn = Ggsn(ggsn_config(options), random=Random(1), recovery=1)
    control = Control(runtime, ggsn)

    def listen(_now: float, _node: str, event: Event) -> None:
        told[type(event)] += 1
        if isinstance(event, ActivationFinished):
            control.finished(event)

    runtime.on_event(listen)
    attachments = {
        Interface.GTP_C: (options.address, 2123),
        Interface.GTP_U: (options.address, 2152),
    }
    if options.radius is not None:
        attachments[Interface.RADIUS] = (options.address, 0)
    runtime.attach(ggsn, attachments)
    reactor.listenUDP(CONTROL_PORT, control, interface=options.address)
    spare_collections()
    print(READY, flush=True)
    await Deferred()
    return 0


async def serve_echo(reactor: Any, options: argparse.Namespace) -> int:
    """Send back what comes until the process ends."""
    port = reactor.listenUDP(2123, Echo(), interface=options.address, maxPacketSize=65_535)
    port.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    print(READY, flush=True)
    await Deferred()
    return 0


def serve_radius(address: str) -> None:
    """Answer every Accounting-Request until the process ends (RFC 2866 §4.2)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        port.bind((address, RADIUS_PORT))
        print(READY, flush=True)
        while True:
            request, client = port.recvfrom(4096)
            head = b"\x05" + request[1:2] + b"\x00\x14"
            port.sendto(head + md5(head + request[4:20] + SECRET).digest(), client)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ggsn.serving")
    parser.add_argument("kind", choices=("ggsn", "echo", "radius"))
    parser.add_argument("address")
    parser.add_argument("--radius", help="address of the accounting server")
    parser.add_argument("--hlr", help="address of the HLR")
    parser.add_argument("--on-restart", default="silent", choices=("silent", "delete"))
    options = parser.parse_args()
    if options.kind == "radius":
        serve_radius(options.address)
    serve = serve_ggsn if options.kind == "ggsn" else serve_echo
    return run_in_reactor(lambda reactor: serve(reactor, options))


if __name__ == "__main__":
    sys.exit(main())
