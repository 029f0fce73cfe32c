"""Nodes around sessions: an SMSC that takes everything, and an ESME, for tests and benchmarks.

Both satisfy ``corenet.interfaces.streams.StreamNode``. What an SMSC does with messages is in
``testbed.smsc``; this one only answers.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from itertools import count
from typing import Protocol

from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.interfaces.streams import StreamCommand
from testbed.codecs.smpp import (
    CancelSmResp,
    CommandStatus,
    DataSm,
    DataSmResp,
    DeliverSmResp,
    MessageState,
    QuerySmResp,
    ReplaceSmResp,
    Response,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSmResp,
)
from testbed.smpp.events import (
    BindRequested,
    Cancelled,
    Delivered,
    Queried,
    Replaced,
    SessionEvent,
    Submitted,
)
from testbed.smpp.links import SmscLinks
from testbed.smpp.server import SmppServer


class Part(Protocol):
    """What both nodes are made around."""

    def received(self, connection: int, data: bytes, now: float) -> None:
        """Take octets of a connection."""
        ...

    def connect_failed(self, attempt: int, reason: str, now: float) -> None:
        """Hear that an attempt came to nothing."""
        ...

    def disconnected(self, connection: int, reason: str, now: float) -> None:
        """Hear that a connection is over."""
        ...

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called."""
        ...

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        ...

    def take_commands(self) -> list[StreamCommand]:
        """Return what is to be done with connections."""
        ...

    def take_events(self) -> list[SessionEvent]:
        """Return what has happened."""
        ...


class SmppNode:
    """A node whose only interface is SMPP; ``told`` keeps every event."""

    listens: Collection[Interface] = ()

    def __init__(self, name: str, part: Part) -> None:
        self.name = name
        self.told: list[SessionEvent] = []
        """Every event so far, in order."""
        self._part = part
        self._events: list[Event] = []

    def heard(self, event: SessionEvent, now: float) -> None:
        """React to an event, as a subclass does."""

    def _digest(self, now: float) -> None:
        while events := self._part.take_events():
            for event in events:
                self.told.append(event)
                self._events.append(event)
                self.heard(event, now)

    def receive(
        self, interface: Interface, data: bytes, *, peer: Address, local: Address, now: float
    ) -> None:
        """Ignore a datagram: SMPP has none."""

    def stream_received(self, connection: int, data: bytes, now: float) -> None:
        """Hand octets on."""
        self._part.received(connection, data, now)
        self._digest(now)

    def connect_failed(self, attempt: int, reason: str, now: float) -> None:
        """Hand it on."""
        self._part.connect_failed(attempt, reason, now)
        self._digest(now)

    def disconnected(self, connection: int, reason: str, now: float) -> None:
        """Hand it on."""
        self._part.disconnected(connection, reason, now)
        self._digest(now)

    def next_timeout(self) -> float | None:
        """Return when something is due."""
        return self._part.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Do what is due."""
        self._part.handle_timeout(now)
        self._digest(now)

    def take_datagrams(self) -> list[Datagram]:
        """Return nothing: SMPP has no datagrams."""
        return []

    def take_stream_commands(self) -> list[StreamCommand]:
        """Return what is to be done with connections."""
        return self._part.take_commands()

    def take_events(self) -> list[Event]:
        """Return what has happened."""
        taken, self._events = self._events, []
        return taken


Answer = Callable[[Submitted], Response | None]
"""What answers a message; None means that the test answers later."""


class ObligingSmsc(SmppNode):
    """An SMSC that accepts every message at once and keeps none."""

    listens = frozenset({Interface.SMPP})

    def __init__(
        self,
        name: str = "smsc",
        *,
        accounts: Mapping[str, str] | None = None,
        answer: Answer | None = None,
        server: SmppServer | None = None,
    ) -> None:
        """``accounts`` are passwords by system_id; without them everybody may bind."""
        self.server = server or SmppServer()
        super().__init__(name, self.server)
        self._accounts = accounts
        self._answer = answer or self.accepted
        self._numbers = count(1)

    def start(self, now: float) -> None:
        """Begin service."""

    def stop(self, now: float) -> None:
        """Unbind from everybody."""
        self.server.stop(now)
        self._digest(now)

    def connected(
        self,
        interface: Interface,  # noqa: ARG002
        connection: int,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002
        attempt: int | None,
        now: float,
    ) -> None:
        """Begin a session."""
        self.server.connected(connection, peer=peer, attempt=attempt, now=now)
        self._digest(now)

    def accepted(self, submitted: Submitted) -> Response:
        """Return the response that takes a message."""
        message_id = str(next(self._numbers))
        match submitted.request:
            case DataSm():
                return DataSmResp(message_id=message_id)
            case SubmitMulti():
                return SubmitMultiResp(message_id=message_id)
        return SubmitSmResp(message_id=message_id)

    def heard(self, event: SessionEvent, now: float) -> None:
        """Answer binds, messages and questions."""
        session = self.server.session(event.connection)
        if session is None:
            return
        match event:
            case BindRequested(request=bind):
                known = self._accounts
                if known is None or known.get(bind.system_id) == bind.password:
                    session.accept(now, system_id=self.name)
                elif bind.system_id in known:
                    session.refuse(CommandStatus.RINVPASWD, now)
                else:
                    session.refuse(CommandStatus.RINVSYSID, now)
            case Submitted():
                answer = self._answer(event)
                if answer is not None:
                    session.respond(event.sequence, answer, now)
            case Queried(sequence=sequence, request=query):
                state = QuerySmResp(
                    message_id=query.message_id, message_state=MessageState.DELIVERED
                )
                session.respond(sequence, state, now)
            case Cancelled(sequence=sequence):
                session.respond(sequence, CancelSmResp(), now)
            case Replaced(sequence=sequence):
                session.respond(sequence, ReplaceSmResp(), now)


class LinkedEsme(SmppNode):
    """An ESME with links to SMSCs; it takes everything that is delivered."""

    def __init__(self, links: SmscLinks, name: str = "esme") -> None:
        self.links = links
        super().__init__(name, links)

    def start(self, now: float) -> None:
        """Connect."""
        self.links.start(now)

    def stop(self, now: float) -> None:
        """Unbind."""
        self.links.stop(now)
        self._digest(now)

    def connected(
        self,
        interface: Interface,  # noqa: ARG002
        connection: int,
        *,
        peer: Address,  # noqa: ARG002
        local: Address,  # noqa: ARG002
        attempt: int | None,
        now: float,
    ) -> None:
        """Bind on a connection of ours."""
        assert attempt is not None
        self.links.connected(connection, attempt=attempt, now=now)
        self._digest(now)

    def heard(self, event: SessionEvent, now: float) -> None:
        """Take what is delivered."""
        if isinstance(event, Delivered):
            taken = DataSmResp() if isinstance(event.request, DataSm) else DeliverSmResp()
            self.links.session(event.connection).respond(event.sequence, taken, now)
