"""What is around mobiles and inside them, for tests: the SGSN's end of the radio link, a host."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from random import Random

from corenet.interfaces import llc, paging, sndcp
from corenet.interfaces.application import Receive, Shown
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.gprs_timer import encode_timer
from corenet.interfaces.node import Address, Event, Interface
from corenet.interfaces.sms import cp
from corenet.mobile.config import Cell
from corenet.mobile.population import Mobiles
from corenet.schedule import Alarm, Schedule

SGSN: Address = ("sgsn", 0)
ROUTEING_AREA = bytes.fromhex("32f451123401")
CELLS = {0: Cell(SGSN, ROUTEING_AREA)}
NO_PERIODIC_UPDATE = encode_timer(None)


class ScriptedNetwork:
    """Says to mobiles what it is told to, hears all they say, and keeps their time.

    Build the mobiles with ``cells=CELLS``. It does nothing by itself; ``attach`` is the one
    procedure it knows.
    """

    def __init__(self, mobiles: Mobiles, *, now: float = 1000.0) -> None:
        self.now = now
        self._mobiles = mobiles
        self.cell = 0
        """The cell that is spoken in."""
        self.unsaid: list[str] = []
        """IMSI of each that sent a frame with nothing in it, as the answer to a page."""
        self._nu: dict[str, int] = {}
        self._messages: list[tuple[str, gmm.GmmMessage | sm.SmMessage]] = []
        self._packets: list[tuple[str, int, bytes]] = []
        self._short_messages: list[tuple[str, cp.CpMessage]] = []

    def say(self, imsi: str, message: gmm.GmmMessage | sm.SmMessage | bytes) -> None:
        """Send a signalling message, or the octets of one, to a mobile."""
        octets = message if isinstance(message, bytes) else message.encode()
        self.send_frame(imsi, llc.encode_ui(1, octets, uplink=False, nu=self._next_nu(imsi)))

    def say_cp(self, imsi: str, message: cp.CpMessage | bytes) -> None:
        """Send a CP message, or the octets of one, to a mobile (TS 24.011 §7.2)."""
        octets = message if isinstance(message, bytes) else message.encode()
        frame = llc.encode_ui(llc.Sapi.SMS, octets, uplink=False, nu=self._next_nu(imsi))
        self.send_frame(imsi, frame)

    def send_packet(self, imsi: str, nsapi: int, packet: bytes) -> None:
        """Send an IP packet to a mobile."""
        pdu = sndcp.encode(nsapi, packet, 0)
        self.send_frame(imsi, llc.encode_ui(3, pdu, uplink=False, nu=self._next_nu(imsi)))

    def page(self, imsi: str, p_tmsi: int) -> None:
        """Call a mobile (TS 24.008 §4.7.9.1)."""
        self.send_frame(imsi, paging.encode(p_tmsi))

    def send_frame(self, imsi: str, frame: bytes) -> None:
        """Send octets to a mobile."""
        radio = (imsi, self.cell)
        self._mobiles.receive(Interface.RADIO, frame, peer=SGSN, local=radio, now=self.now)

    def attach(
        self,
        imsi: str,
        p_tmsi: int = 0xC0000001,
        periodic_update_timer: int = NO_PERIODIC_UPDATE,
    ) -> None:
        """Have a mobile attach, and forget what was said meanwhile."""
        self._mobiles.attach(imsi, self.now)
        self.say(
            imsi,
            gmm.AttachAccept(ROUTEING_AREA, p_tmsi, periodic_update_timer=periodic_update_timer),
        )
        self.heard()
        self.events()

    def wait(self, seconds: float) -> None:
        """Let time pass; each timeout comes exactly when it is due."""
        end = self.now + seconds
        while (due := self._mobiles.next_timeout()) is not None and due <= end:
            self.now = due
            self._mobiles.handle_timeout(due)
        self.now = end

    def heard(self) -> list[tuple[str, gmm.GmmMessage | sm.SmMessage]]:
        """Return the signalling that mobiles sent since the last call, each with its IMSI."""
        self._listen()
        taken, self._messages = self._messages, []
        return taken

    def packets(self) -> list[tuple[str, int, bytes]]:
        """Return IMSI, NSAPI and IP packet of the user data sent since the last call."""
        self._listen()
        taken, self._packets = self._packets, []
        return taken

    def short_messages(self) -> list[tuple[str, cp.CpMessage]]:
        """Return the CP messages sent since the last call, each with its IMSI."""
        self._listen()
        taken, self._short_messages = self._short_messages, []
        return taken

    def events(self) -> list[Event]:
        """Return the mobiles' events since the last call."""
        return self._mobiles.take_events()

    def _next_nu(self, imsi: str) -> int:
        nu = self._nu[imsi] = (self._nu.get(imsi, -1) + 1) % llc.SEQUENCE_MODULUS
        return nu

    def _listen(self) -> None:
        for datagram in self._mobiles.take_datagrams():
            imsi = datagram.local[0] if datagram.local is not None else ""
            frame = llc.decode_ui(datagram.data)
            if frame.sapi == llc.Sapi.SMS:
                self._short_messages.append((imsi, cp.decode(frame.payload)))
            elif frame.sapi != llc.Sapi.MOBILITY_MANAGEMENT:
                self._packets.append((imsi, *sndcp.decode(frame.payload)))
            elif not frame.payload:
                self.unsaid.append(imsi)
            elif frame.payload[0] & 0x0F == sm.PROTOCOL_DISCRIMINATOR:
                self._messages.append((imsi, sm.decode(frame.payload)))
            else:
                self._messages.append((imsi, gmm.decode(frame.payload, uplink=True)))


class ScriptedHost:
    """A mobile around one application (``corenet.interfaces.application.Host``).

    What the application does is there to be looked at; a test hands it datagrams, time and
    contexts itself.
    """

    imsi = "234150999999999"

    def __init__(self, *, address: str | None = "10.45.0.7", now: float = 1000.0) -> None:
        self.now = now
        self.address = address
        """The PDP address, to be set along with what the application is told of it."""
        self.random = Random(1)
        self.sent: list[tuple[bytes, Address, Address]] = []
        """Payload, local end and destination of what left."""
        self.shown: list[Shown] = []
        self.counters: Counter[str] = Counter()
        self.reports: list[tuple[str, dict[str, str]]] = []
        self.activations = 0
        """How often a context was asked for."""
        self.may_activate = True
        self.ports: dict[int, Receive] = {}
        self._schedule = Schedule()
        self._next_port = 49_152

    def bind(self, receive: Receive, port: int | None = None) -> int:
        """Note who listens on a port."""
        if port is None:
            port, self._next_port = self._next_port, self._next_port + 1
        if port in self.ports:
            raise ValueError(f"two applications on port {port}")
        self.ports[port] = receive
        return port

    def unbind(self, port: int) -> None:
        """Note that nobody does any more."""
        del self.ports[port]

    def send(self, payload: bytes, local: Address, destination: Address) -> bool:
        """Note a datagram, where the address is the mobile's."""
        if local[0] != self.address:
            return False
        self.sent.append((payload, local, destination))
        return True

    def activate(self, now: float) -> bool:  # noqa: ARG002
        """Note that a context is wanted."""
        self.activations += 1
        return self.address is not None or self.may_activate

    def at(self, due: float, action: Callable[[float], None]) -> Alarm:
        """Call ``action`` when ``wait`` gets there."""
        return self._schedule.at(due, action)

    def show(self, shown: Shown) -> None:
        """Note what is shown."""
        self.shown.append(shown)

    def count(self, what: str) -> None:
        """Count."""
        self.counters[what] += 1

    def report(self, what: str, details: Mapping[str, str]) -> None:
        """Count and note."""
        self.count(what.replace(" ", "_"))
        self.reports.append((what, dict(details)))

    # What a test does

    def arrive(self, payload: bytes, source: Address, port: int) -> None:
        """Have a datagram arrive; KeyError where nobody listens."""
        self.ports[port](payload, source, (self.address or "", port), self.now)

    def next_timeout(self) -> float | None:
        """Return when the next alarm rings, or None."""
        return self._schedule.next_timeout()

    def wait(self, seconds: float) -> None:
        """Let time pass; each alarm rings exactly when it is due."""
        end = self.now + seconds
        while (due := self._schedule.next_timeout()) is not None and due <= end:
            self.now = max(self.now, due)
            self._schedule.ring(self.now)
        self.now = end

    def take_sent(self) -> list[tuple[bytes, Address, Address]]:
        """Return what left since the last call."""
        taken, self.sent = self.sent, []
        return taken
