"""The SGSN's end of the radio link, for tests of what mobiles do."""

from __future__ import annotations

from corenet.interfaces import llc, sndcp
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.node import Address, Event, Interface
from corenet.mobile.population import Mobiles

SGSN: Address = ("sgsn", 0)
ROUTEING_AREA = bytes.fromhex("32f451123401")


class ScriptedNetwork:
    """Says to mobiles what it is told to, hears all they say, and keeps their time.

    Build the mobiles with ``sgsn=SGSN``. It does nothing by itself; ``attach`` is the one
    procedure it knows.
    """

    def __init__(self, mobiles: Mobiles, *, now: float = 1000.0) -> None:
        self.now = now
        self._mobiles = mobiles
        self._nu: dict[str, int] = {}
        self._messages: list[tuple[str, gmm.GmmMessage | sm.SmMessage]] = []
        self._packets: list[tuple[str, int, bytes]] = []

    def say(self, imsi: str, message: gmm.GmmMessage | sm.SmMessage | bytes) -> None:
        """Send a signalling message, or the octets of one, to a mobile."""
        octets = message if isinstance(message, bytes) else message.encode()
        self.send_frame(imsi, llc.encode_ui(1, octets, uplink=False, nu=self._next_nu(imsi)))

    def send_packet(self, imsi: str, nsapi: int, packet: bytes) -> None:
        """Send an IP packet to a mobile."""
        pdu = sndcp.encode(nsapi, packet, 0)
        self.send_frame(imsi, llc.encode_ui(3, pdu, uplink=False, nu=self._next_nu(imsi)))

    def send_frame(self, imsi: str, frame: bytes) -> None:
        """Send octets to a mobile."""
        self._mobiles.receive(Interface.RADIO, frame, peer=SGSN, local=(imsi, 0), now=self.now)

    def attach(self, imsi: str, p_tmsi: int = 0xC0000001) -> None:
        """Have a mobile attach, and forget what was said meanwhile."""
        self._mobiles.attach(imsi, self.now)
        self.say(imsi, gmm.AttachAccept(ROUTEING_AREA, p_tmsi))
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
            if frame.sapi != llc.Sapi.MOBILITY_MANAGEMENT:
                self._packets.append((imsi, *sndcp.decode(frame.payload)))
            elif frame.payload[0] & 0x0F == sm.PROTOCOL_DISCRIMINATOR:
                self._messages.append((imsi, sm.decode(frame.payload)))
            else:
                self._messages.append((imsi, gmm.decode(frame.payload, uplink=True)))
