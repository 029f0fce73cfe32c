"""A session under test, and the peer that the test plays, by values instead of octets."""

from __future__ import annotations

from corenet.interfaces.streams import Disconnect, Transmit
from testbed.codecs.smpp import (
    RESPONSES,
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    Framer,
    Pdu,
    SmeAddress,
    SubmitSm,
    decode,
    encode,
)
from testbed.codecs.smpp.parameters import SC_INTERFACE_VERSION
from testbed.smpp.config import SmppLimits, SmppTimers
from testbed.smpp.esme import EsmeSession
from testbed.smpp.session import Session
from testbed.smpp.smsc import SmscSession
from testbed.smpp.states import State
from testbed.smpp.surroundings import Surroundings

NOW = 1000.0
CONNECTION = 5
VERSION = (SC_INTERFACE_VERSION(0x34),)
TERMINAL = SmeAddress.international("447700900123")
SUBMIT = SubmitSm(destination=TERMINAL, short_message=b"hello")
BINDS = {
    State.BOUND_TX: BindTransmitter,
    State.BOUND_RX: BindReceiver,
    State.BOUND_TRX: BindTransceiver,
}


class Played:
    """What both sides' tests share."""

    session: Session

    def __init__(self, **settings):
        self.surroundings = Surroundings()
        self.now = NOW
        timers = SmppTimers(
            **{name: settings.pop(name) for name in list(settings) if hasattr(SmppTimers(), name)}
        )
        limits = SmppLimits(**settings)
        self.session = self.make(timers, limits)
        self.framer = Framer(1 << 20)
        self.is_disconnected = False

    def give(self, pdu: Pdu, sequence: int = 1) -> None:
        """Let the peer send a PDU."""
        self.give_octets(encode(pdu, sequence))

    def give_octets(self, octets: bytes) -> None:
        self.session.receive(octets, self.now)

    def sent(self) -> list[tuple[int, Pdu]]:
        """Return what the session has sent since the last call."""
        for command in self.surroundings.take_commands():
            assert command.connection == CONNECTION
            match command:
                case Transmit(data=data):
                    assert not self.is_disconnected
                    self.framer.add(data)
                case Disconnect():
                    assert not self.is_disconnected
                    self.is_disconnected = True
        return [tuple(decode(octets)) for octets in iter(self.framer.take, None)]

    def pdus(self) -> list[Pdu]:
        return [pdu for _, pdu in self.sent()]

    def told(self):
        """Return what has happened since the last call."""
        events = self.surroundings.take_events()
        assert all(event.connection == CONNECTION for event in events)
        return events

    def wait(self, seconds: float) -> None:
        """Let time pass, timer by timer."""
        end = self.now + seconds
        while True:
            due = self.surroundings.schedule.next_timeout()
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.surroundings.schedule.ring(self.now)
        self.now = end

    @property
    def timers(self):
        return self.surroundings.schedule.next_timeout()

    @property
    def counters(self):
        return self.surroundings.counters


class PlayedEsme(Played):
    """The test plays the ESME; the session is the SMSC's."""

    session: SmscSession

    def make(self, timers, limits):
        return SmscSession(self.surroundings, CONNECTION, self.now, timers=timers, limits=limits)

    def bound(self, state=State.BOUND_TRX, version=0x34, **own):
        """Bind, and forget what was said."""
        self.give(BINDS[state](system_id="wap", interface_version=version))
        own = {"limits": SmppLimits(**own)} if own else {}
        self.session.accept(self.now, system_id="SMSC", **own)
        assert self.session.state is state
        self.sent()
        self.told()
        return self


class PlayedSmsc(Played):
    """The test plays the SMSC; the session is the ESME's."""

    session: EsmeSession

    def make(self, timers, limits):
        return EsmeSession(self.surroundings, CONNECTION, self.now, timers=timers, limits=limits)

    def bound(self, state=State.BOUND_TRX, tlvs=VERSION):
        """Let the session bind, and forget what was said."""
        self.session.bind(BINDS[state](system_id="wap"), self.now)
        ((sequence, request),) = self.sent()
        assert isinstance(request, BINDS[state])
        self.give(RESPONSES[request.COMMAND](system_id="SMSC", tlvs=tlvs), sequence)
        assert self.session.state is state
        self.told()
        return self
