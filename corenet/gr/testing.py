"""The other end of a connection, as octets, for tests of both ends of Gr over TCP."""

from __future__ import annotations

from corenet.gr.hlr_outside import HlrOutside
from corenet.gr.server import GsupServer
from corenet.interfaces.ipa import CcmType, Frame, FrameReader, ccm_frame, gsup_frame
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.interfaces.streams import CLOSED_HERE, Connect, Disconnect, Transmit


class Bench:
    """Runs one end; the test is the network, and everybody else."""

    def __init__(self, node: HlrOutside | GsupServer) -> None:
        self.node = node
        self.now = 1000.0
        self.datagrams: list[Datagram] = []
        self.events: list[Event] = []
        self.attempts: list[int] = []
        """Connections that the node wants, by its numbers."""
        self.closed: list[int] = []
        """Connections that it has closed."""
        self._octets: dict[int, FrameReader] = {}
        self._frames: dict[int, list[Frame]] = {}

    def start(self) -> None:
        """Start the node."""
        self.node.start(self.now)
        self._collect()

    def stop(self) -> None:
        """Stop the node."""
        self.node.stop(self.now)
        self._collect()

    def open(self, connection: int, peer: Address = ("192.0.2.7", 50_000)) -> None:
        """Let a connection be there: the one that the node wants, or a client's."""
        attempt = self.attempts.pop(0) if self.attempts else None
        self.node.connected(
            Interface.GSUP,
            connection,
            peer=peer,
            local=("192.0.2.1", 4222),
            attempt=attempt,
            now=self.now,
        )
        self._collect()

    def fail(self, reason: str = "connection refused") -> None:
        """Let the connection that the node wants come to nothing."""
        self.node.connect_failed(self.attempts.pop(0), reason, self.now)
        self._collect()

    def lose(self, connection: int, reason: str = "the peer has closed") -> None:
        """End a connection."""
        self.node.disconnected(connection, reason, self.now)
        self._collect()

    def receive(self, connection: int, *frames: Frame | bytes) -> None:
        """Let octets arrive."""
        for frame in frames:
            octets = frame if isinstance(frame, bytes) else frame.encode()
            self.node.stream_received(connection, octets, self.now)
        self._collect()

    def receive_gsup(self, connection: int, message: bytes) -> None:
        """Let a GSUP message arrive."""
        self.receive(connection, gsup_frame(message))

    def receive_ccm(self, connection: int, ccm: CcmType, body: bytes = b"") -> None:
        """Let a CCM message arrive."""
        self.receive(connection, ccm_frame(ccm, body))

    def send(self, message: bytes, *, source: Address, destination: Address) -> None:
        """Let one of our nodes send a message on Gr."""
        self.node.receive(Interface.GR, message, peer=source, local=destination, now=self.now)
        self._collect()

    def wait(self, seconds: float) -> None:
        """Let time pass; what the node closes is over at once."""
        end = self.now + seconds
        while (due := self.node.next_timeout()) is not None and due <= end:
            self.now = max(self.now, due)
            self.node.handle_timeout(self.now)
            self._collect()
        self.now = end

    def frames(self, connection: int) -> list[Frame]:
        """Return what the node has sent on a connection since the last call."""
        return self._frames.pop(connection, [])

    def gsup(self, connection: int) -> list[bytes]:
        """Return the GSUP messages among them."""
        sent = (frame.gsup for frame in self.frames(connection))
        return [message for message in sent if message is not None]

    def ccm(self, connection: int) -> list[CcmType]:
        """Return the types of the CCM messages among them."""
        return [CcmType(f.payload[0]) for f in self.frames(connection) if f.gsup is None]

    def _collect(self) -> None:
        for command in self.node.take_stream_commands():
            match command:
                case Connect(attempt=attempt):
                    self.attempts.append(attempt)
                case Transmit(connection=connection, data=data):
                    reader = self._octets.setdefault(connection, FrameReader())
                    self._frames.setdefault(connection, []).extend(reader.feed(data))
                case Disconnect(connection=connection):
                    self.closed.append(connection)
                    self.node.disconnected(connection, CLOSED_HERE, self.now)
        self.datagrams += self.node.take_datagrams()
        self.events += self.node.take_events()
