"""An SMSC among ESMEs, a network and a disk that do whatever a test says, in virtual time."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random

from corenet.interfaces.gsup import GsupMessage, MessageType
from corenet.interfaces.gsup import decode as decode_gsup
from corenet.interfaces.node import Address, Event, Interface
from corenet.interfaces.sms import tpdu
from corenet.interfaces.streams import CLOSED_HERE, Connect, Disconnect, Transmit
from testbed.codecs.smpp import (
    BindTransceiver,
    DataSm,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    EsmClass,
    Framer,
    MessagingMode,
    Outbind,
    Pdu,
    Response,
    SubmitMulti,
    SubmitSm,
    Unbind,
    UnbindResp,
    decode,
    encode,
)
from testbed.smsc.config import SmscConfig
from testbed.smsc.effects import Commit, Effect, FindMessage
from testbed.smsc.node import Smsc
from testbed.smsc.stored import MessageRecord, public_id

HLR: Address = ("127.0.0.2", 4222)
KEPT = (MessagingMode.DEFAULT, MessagingMode.STORE_AND_FORWARD)
IMSI = "234150000000001"


class Session:
    """An ESME's end of one connection."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.framer = Framer()
        self.is_over = False
        self.is_told_to_close = False
        self.is_sane = True
        """Whether only whole PDUs were sent: then each request has one answer."""
        self.waiting: dict[int, Pdu] = {}
        """Requests that have not been answered, by sequence number."""
        self.delivered: list[tuple[int, DeliverSm]] = []
        """What came for it, with sequence numbers."""
        self.called_by: Outbind | None = None
        """The outbind that it got."""
        self.takes: bool | None = True
        """Whether it answers what is delivered with success; None: not at all."""


class World:
    """An SMSC through all its lives, and everything around it."""

    def __init__(self, config: SmscConfig, now: float, seed: int = 1) -> None:
        self.config = config
        self.now = now
        self.random = Random(seed)
        self.disk: dict[str, MessageRecord] = {}
        self.sessions: dict[int, Session] = {}
        self.requests: list[GsupMessage] = []
        """MT-forwardSMs that wait for an answer."""
        self.effects: list[Effect] = []
        """Writes and reads that the disk has not done yet."""
        self.events: list[Event] = []
        self.calls: list[Connect] = []
        """Connections to ESMEs that the SMSC wants."""
        self.receipts: list[str] = []
        """Ids of messages whose receipt an ESME has taken."""
        self.answered_mobiles: list[GsupMessage] = []
        """What mobiles were told of what they submitted."""
        self.answers: list[Response] = []
        """All that ESMEs were answered."""
        self.delivered: list[bytes] = []
        """User data that has arrived at terminals."""
        self._connections = 0
        self._sequence = 0
        self.smsc = self._born()

    # Lives

    def _born(self) -> Smsc:
        smsc = Smsc(self.config, random=self.random)
        smsc.start(self.now)
        return smsc

    def crash(self) -> None:
        """Kill the SMSC: only what is on disk is left; and begin its next life."""
        self.smsc.take_effects()
        for session in self.open():
            session.is_over = True
        self.effects.clear()
        self.requests.clear()
        self.smsc = self._born()
        self.smsc.restore(unfinished(self.disk.values()), self.now)
        self.collect()

    def stop(self) -> None:
        """Have it stop in good order, with time to write, and begin its next life."""
        self.smsc.stop(self.now)
        self.collect()
        sent = len(self.requests)
        self.write()
        assert len(self.requests) == sent, "it sends while it stops"
        self.crash()

    # ESMEs

    def open(self) -> list[Session]:
        return [session for session in self.sessions.values() if not session.is_over]

    def connect(self, attempt: int | None = None) -> Session:
        self._connections += 1
        session = Session(self._connections)
        self.sessions[session.number] = session
        peer = ("127.0.0.9", 40_000 + session.number)
        self.smsc.connected(
            Interface.SMPP, session.number, peer=peer, local=("", 0), attempt=attempt, now=self.now
        )
        self.collect()
        return session

    def bind(self, bind: Pdu | None = None) -> Session:
        session = self.connect()
        self.send(session, bind or BindTransceiver(system_id="gateway", interface_version=0x34))
        return session

    def send(self, session: Session, pdu: Pdu) -> None:
        """Send a PDU under a number of its own."""
        self._sequence += 1
        if not isinstance(pdu, Response):
            session.waiting[self._sequence] = pdu
        self.give(session, encode(pdu, self._sequence))

    def give(self, session: Session, octets: bytes) -> None:
        """Send octets."""
        if not session.is_over:
            self.smsc.stream_received(session.number, octets, self.now)
            self.collect()

    def lose(self, session: Session, reason: str = "reset by peer") -> None:
        """Have a connection end."""
        session.is_over = True
        self.smsc.disconnected(session.number, reason, self.now)
        self.collect()

    # Network, disk, time

    def network(self, request: GsupMessage, rp_cause: int | None = None) -> None:
        """Answer a request: it has arrived, or has failed for a cause."""
        assert request.sm_rp_da is not None
        failed = rp_cause is not None
        if not failed:
            deliver = tpdu.decode(request.sm_rp_ui or b"", uplink=False)
            assert isinstance(deliver, tpdu.Deliver)
            self.delivered.append(deliver.payload)
        kind = MessageType.MT_FORWARD_SM_ERROR if failed else MessageType.MT_FORWARD_SM_RESULT
        number, mr = request.sm_rp_da.digits, request.sm_rp_mr
        self.hlr(GsupMessage(kind, IMSI, msisdn=number, sm_rp_mr=mr, sm_rp_cause=rp_cause))

    def hlr(self, message: GsupMessage) -> None:
        self.gsup(message.encode())

    def gsup(self, octets: bytes) -> None:
        self.smsc.receive(Interface.GR, octets, peer=HLR, local=("", 0), now=self.now)
        self.collect()

    def write(self, most: int | None = None, *, fails: bool = False) -> None:
        """Have the disk do what it was asked for, or so much of it."""
        left = most
        while self.effects and left != 0:
            left = None if left is None else left - 1
            effect = self.effects.pop(0)
            match effect:
                case Commit(number, _) if fails:
                    self.smsc.commit_failed(number, "the disk is full", self.now)
                case Commit(number, record):
                    self.disk[record.message_id] = record
                    self.smsc.committed(number, self.now)
                case FindMessage(number, message_id):
                    records = [
                        one for key, one in self.disk.items() if public_id(key) == message_id
                    ]
                    self.smsc.message_found(number, records, self.now)
            self.collect()

    def wait(self, seconds: float, *, on_disk: bool = False) -> None:
        """Let time pass; ``on_disk`` has the disk and the network do their work meanwhile."""
        end = self.now + seconds
        rings = 0
        while True:
            if on_disk:
                self.work()
            due = self.smsc.next_timeout()
            if due is None or due > end:
                break
            rings = rings + 1 if due <= self.now else 0
            assert rings < 1000, "a timer rings without end"
            self.now = max(self.now, due)
            self.smsc.handle_timeout(self.now)
            self.collect()
        self.now = end

    def work(self) -> None:
        """Have disk and network do all that they were asked for, well."""
        while self.effects or self.requests:
            self.write()
            for request in self.requests[:]:
                self.requests.remove(request)
                self.network(request)

    # What comes out

    def collect(self) -> None:
        while True:
            datagrams = self.smsc.take_datagrams()
            commands = self.smsc.take_stream_commands()
            self.effects += self.smsc.take_effects()
            self.events += self.smsc.take_events()
            if not (datagrams or commands):
                return
            for datagram in datagrams:
                assert (datagram.interface, datagram.peer) == (Interface.GR, HLR)
                message = decode_gsup(datagram.data)
                if message.type is MessageType.MT_FORWARD_SM_REQUEST:
                    self.requests.append(message)
                elif message.type.request is MessageType.MO_FORWARD_SM_REQUEST:
                    self.answered_mobiles.append(message)
            for command in commands:
                if isinstance(command, Transmit):
                    self._hear(self.sessions[command.connection], command.data)
                elif isinstance(command, Disconnect):
                    session = self.sessions[command.connection]
                    if not session.is_over:
                        self.lose(session, CLOSED_HERE)
                elif isinstance(command, Connect):
                    self.calls.append(command)

    def _hear(self, session: Session, octets: bytes) -> None:
        session.framer.add(octets)
        while (whole := session.framer.take()) is not None:
            sequence, pdu = decode(whole)
            if isinstance(pdu, Response):
                self.answers.append(pdu)
                asked = session.waiting.pop(sequence, None)
                assert asked is not None or not session.is_sane, f"{pdu} answers nothing"
                if isinstance(asked, DataSm | SubmitSm | SubmitMulti) and pdu.is_success:
                    kept = EsmClass.read(asked.esm_class).mode in KEPT
                    message_id = getattr(pdu, "message_id", "")
                    assert not kept or message_id in {public_id(key) for key in self.disk}
            elif isinstance(pdu, Outbind):
                session.called_by = pdu
            elif isinstance(pdu, EnquireLink):
                self.give(session, encode(EnquireLinkResp(), sequence))
            elif isinstance(pdu, Unbind):
                self.give(session, encode(UnbindResp(), sequence))
            elif isinstance(pdu, DeliverSm):
                session.delivered.append((sequence, pdu))
                if session.takes is None:
                    continue
                status = 0 if session.takes else 0x64
                if session.takes:
                    self.receipts.append(pdu.short_message.decode().split()[0])
                self.give(session, encode(DeliverSmResp(status=status), sequence))


def unfinished(records: Iterable[MessageRecord]) -> list[MessageRecord]:
    """Return what a store returns for an SMSC to take up."""
    ones = [r for r in records if not r.state.final or r.receipt == "due"]
    return sorted(ones, key=lambda record: (record.accepted, record.message_id))
