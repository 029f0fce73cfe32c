"""Links of an ESME to several SMSCs: reconnect with back-off, fail over, submit where it can go.

Theory of operation. Every SMSC of the list has one link: it connects, binds, and when it is lost
tries again after a time that doubles from ``Backoff.first`` to ``Backoff.longest``, with up to a
quarter of chance, and begins at ``first`` again once a link has stood for ``Backoff.settled``
seconds. An SMSC that refuses the bind for a reason that trying again does not mend (password,
system_id) is tried at the longest interval only.

A request goes to the first SMSC of the list whose link is bound and can take it, so the list is
an order of preference and the others take over while it is down. What became of a request is told
once, with its context. A request that was on a link that is lost is not sent again by itself:
whether it was carried out is not known (``LinkLost.sent``), and only the user can find out.

A part of a node, as ``testbed.smpp.server`` is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from random import Random
from typing import Final

from corenet.interfaces.node import Address, Interface
from corenet.interfaces.streams import Connect, Disconnect, StreamCommand
from corenet.schedule import Alarm
from testbed.codecs.smpp import Bind, CommandId, CommandStatus, status_text
from testbed.codecs.smpp.constants import VERSION_3_3
from testbed.smpp.config import SmppLimits, SmppTimers
from testbed.smpp.errors import (
    NothingToAnswerError,
    QueueFullError,
    SessionStateError,
    VersionError,
)
from testbed.smpp.esme import EsmeSession, Submission
from testbed.smpp.events import BindRefused, Bound, LinkDown, LinkUp, SessionClosed, SessionEvent
from testbed.smpp.states import OPERATIONS, Side
from testbed.smpp.surroundings import Surroundings

HOPELESS: Final = frozenset(
    {CommandStatus.RINVPASWD, CommandStatus.RINVSYSID, CommandStatus.RINVSYSTYP}
)
"""Refusals of a bind that the next try will hear again, until somebody changes an account."""

_CHANCE: Final = 0.25


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before a link is tried again, in seconds."""

    first: float = 1.0
    longest: float = 60.0
    settled: float = 30.0
    """A link that has stood so long is forgiven the tries before it."""


@dataclass(frozen=True, slots=True)
class Account:
    """An SMSC and what to bind there with."""

    name: str
    address: Address
    bind: Bind
    """``BindTransmitter``, ``BindReceiver`` or ``BindTransceiver``."""
    assumed_version: int = VERSION_3_3
    """Its version of SMPP where it does not say."""
    timers: SmppTimers = field(default_factory=SmppTimers)
    limits: SmppLimits = field(default_factory=SmppLimits)
    connect_timeout: float = 10.0


class Condition(Enum):
    """What a link is."""

    DOWN = "down"
    """Waits until it is tried again."""
    CONNECTING = "connecting"
    BINDING = "binding"
    UP = "up"
    STOPPED = "stopped"


class Link:
    """The link to one SMSC."""

    __slots__ = ("account", "alarm", "attempt", "condition", "session", "since", "tries", "why")

    def __init__(self, account: Account) -> None:
        self.account = account
        self.attempt = 0
        """The number of its last attempt to connect."""
        self.condition = Condition.STOPPED
        self.session: EsmeSession | None = None
        self.alarm: Alarm | None = None
        self.since = 0.0
        """When it came up last."""
        self.tries = 0
        """How many tries have failed since it has stood for long."""
        self.why = ""
        """Why it is down."""


class SmscLinks:
    """Links to the SMSCs of a list, the preferred first. Holds no socket and no clock."""

    def __init__(
        self, accounts: Sequence[Account], *, random: Random, backoff: Backoff | None = None
    ) -> None:
        """Names of ``accounts`` differ. Nothing is connected before ``start``."""
        if len({account.name for account in accounts}) < len(accounts):
            raise ValueError("two SMSCs have one name")
        self.links = tuple(map(Link, accounts))
        """One for each account, in order."""
        self._random = random
        self._backoff = backoff or Backoff()
        self._surroundings = Surroundings()
        self._numbers = count(1)
        self._attempts: dict[int, Link] = {}
        self._by_connection: dict[int, Link] = {}
        self._events: list[SessionEvent] = []

    @property
    def counters(self) -> Counter[str]:
        """What was counted so far."""
        return self._surroundings.counters

    @property
    def is_up(self) -> bool:
        """Whether any link is bound."""
        return any(link.condition is Condition.UP for link in self.links)

    def link(self, name: str) -> Link:
        """Return the link to the SMSC of that name; ``KeyError`` where there is none."""
        for link in self.links:
            if link.account.name == name:
                return link
        raise KeyError(name)

    # Commands

    def start(self, now: float) -> None:
        """Connect to every SMSC."""
        for link in self.links:
            if link.condition is Condition.STOPPED:
                self._connect(link, now)

    def stop(self, now: float) -> None:
        """Unbind everywhere and stay down."""
        for link in self.links:
            link.condition = Condition.STOPPED
            self._cancel(link)
            if link.session is not None:
                link.session.unbind(now)
        self._digest(now)

    def submit(
        self, pdu: Submission, context: object, now: float, *, through: str | None = None
    ) -> str:
        """Send a request through the best link; return the name of the SMSC.

        ``through`` names the only SMSC that will do, as for a query. Raise ``SessionStateError``
        where no link is bound for it, ``QueueFullError`` or ``VersionError`` where those that are
        have no room or cannot express it, and ``LocalProtocolError`` where no SMSC could.
        """
        refusal: QueueFullError | VersionError | None = None
        for link in self.links:
            if not self._serves(link, pdu.COMMAND) or through not in (None, link.account.name):
                continue
            assert link.session is not None
            try:
                link.session.submit(pdu, context, now)
            except (QueueFullError, VersionError) as error:
                refusal = error
            else:
                return link.account.name
        if refusal is not None:
            raise refusal
        raise SessionStateError(
            f"no link to {through or 'any SMSC'} is bound for {pdu.COMMAND.spelling}"
        )

    def session(self, connection: int) -> EsmeSession:
        """Return the session on a connection, to answer what it delivers.

        Raise ``NothingToAnswerError`` where it is over.
        """
        link = self._by_connection.get(connection)
        if link is None or link.session is None:
            raise NothingToAnswerError(f"connection {connection} is over")
        return link.session

    @staticmethod
    def _serves(link: Link, command: CommandId) -> bool:
        session = link.session
        return session is not None and session.state in OPERATIONS[command].by(Side.ESME)

    # A link's life

    def _connect(self, link: Link, now: float) -> None:
        del now
        link.condition = Condition.CONNECTING
        link.alarm = None
        link.attempt = attempt = next(self._numbers)
        self._attempts[attempt] = link
        account = link.account
        self._surroundings.commands.append(
            Connect(Interface.SMPP, account.address, attempt, account.connect_timeout)
        )

    def _went_down(self, link: Link, reason: str, now: float, *, hopeless: bool = False) -> None:
        was_up = link.condition is Condition.UP
        link.session = None
        if link.condition is Condition.STOPPED:
            return
        if was_up and now - link.since >= self._backoff.settled:
            link.tries = 0
        link.condition = Condition.DOWN
        link.why = reason
        wait = self._wait(link.tries, hopeless=hopeless)
        link.tries += 1
        self.counters["links down"] += 1
        self._events.append(LinkDown(0, link.account.name, reason, wait))
        link.alarm = self._surroundings.schedule.at(now + wait, lambda at: self._connect(link, at))

    def _wait(self, tries: int, *, hopeless: bool) -> float:
        longest = self._backoff.longest
        wait = longest if hopeless else min(longest, self._backoff.first * 2.0 ** min(tries, 60))
        return wait * (1.0 + _CHANCE * self._random.random())

    @staticmethod
    def _cancel(link: Link) -> None:
        if link.alarm is not None:
            link.alarm.cancel()
            link.alarm = None

    # Connections

    def connected(self, connection: int, *, attempt: int, now: float) -> None:
        """Bind on a connection that is there."""
        link = self._attempts.pop(attempt)
        if link.condition is not Condition.CONNECTING or link.attempt != attempt:
            self._surroundings.commands.append(Disconnect(connection))
            return
        account = link.account
        link.session = EsmeSession(
            self._surroundings, connection, now, timers=account.timers, limits=account.limits
        )
        link.condition = Condition.BINDING
        self._by_connection[connection] = link
        link.session.bind(account.bind, now, assumed_version=account.assumed_version)

    def connect_failed(self, attempt: int, reason: str, now: float) -> None:
        """Try again later."""
        link = self._attempts.pop(attempt)
        if link.condition is Condition.CONNECTING and link.attempt == attempt:
            self._went_down(link, reason, now)

    def received(self, connection: int, data: bytes, now: float) -> None:
        """Take octets of a connection. Never raises for what a peer sent."""
        link = self._by_connection.get(connection)
        if link is not None and link.session is not None:
            link.session.receive(data, now)
            self._digest(now)

    def disconnected(self, connection: int, reason: str, now: float) -> None:
        """Hear that a connection is over."""
        link = self._by_connection.get(connection)
        if link is not None and link.session is not None:
            link.session.lost(reason, now)
            self._digest(now)

    # Time, and what comes out

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self._surroundings.schedule.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._surroundings.schedule.ring(now)
        self._digest(now)

    def take_commands(self) -> list[StreamCommand]:
        """Return what is to be done with connections, in order, and forget it."""
        return self._surroundings.take_commands()

    def take_events(self) -> list[SessionEvent]:
        """Return what has happened, in order, and forget it."""
        taken, self._events = self._events, []
        return taken

    def _digest(self, now: float) -> None:
        """Follow what sessions tell; hand on what is not the links' own."""
        for event in self._surroundings.take_events():
            link = self._by_connection.get(event.connection)
            if link is None:
                continue  # What follows a refused bind has been said with it.
            match event:
                case Bound():
                    link.condition = Condition.UP
                    link.since = now
                    self._events.append(LinkUp(event.connection, link.account.name, event.version))
                case BindRefused(status=status):
                    del self._by_connection[event.connection]
                    reason = f"the bind was refused: {status_text(status)}"
                    self._went_down(link, reason, now, hopeless=status in HOPELESS)
                case SessionClosed(reason=reason):
                    del self._by_connection[event.connection]
                    self._went_down(link, reason, now)
                case _:
                    self._events.append(event)
