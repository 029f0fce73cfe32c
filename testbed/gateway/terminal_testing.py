"""A terminal on the bench, for tests: opens sessions when asked, and answers pushes as told."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from random import Random

from corenet.interfaces.node import Address, Datagram, Interface
from testbed.codecs import sia
from testbed.codecs.wsp import decode_push
from testbed.codecs.wsp.pdus import ConfirmedPush, Headers
from testbed.codecs.wsp.pdus import Push as SessionPush
from testbed.codecs.wsp.push import PUSH_PORT, Push
from testbed.codecs.wtp import UserAbort
from testbed.gateway.testing import ADDRESS, GatewayBench
from testbed.wap.agreement import Agreement
from testbed.wap.client import WANTED, SessionClient
from testbed.wap.events import Event
from testbed.wap.session_events import ConfirmedPushReceived, PushReceived

CLIENT_PORT = 40_000
"""Where the terminal's sessions are."""


@dataclass(frozen=True, slots=True)
class Received:
    """A push that arrived."""

    way: str
    """datagram, push or confirmed push."""
    push: Push | SessionPush


class BenchTerminal:
    """A push client with sessions, joined to a bench by a wire without delay."""

    def __init__(
        self,
        bench: GatewayBench,
        *,
        address: str = ADDRESS,
        wanted: Agreement = WANTED,
        headers: Headers = (),
    ) -> None:
        """Stand at ``address`` and ask for ``wanted`` when it opens a session."""
        self.bench = bench
        self.address = address
        self.client = SessionClient(random=Random(5), wanted=wanted)
        self.headers = headers
        self.opens_sessions = True
        """Whether it does as an SIA asks."""
        self.answer: UserAbort | bool | None = True
        """What becomes of confirmed pushes: taken, refused with a reason, or None: no answer."""
        self.is_deaf = False
        """Nothing reaches it."""
        self.invitations: list[sia.SessionInitiation] = []
        self.received: list[Received] = []
        self.unanswered: list[int] = []
        """Transactions of pushes that it has not answered."""
        self.events: list[Event] = []
        self._seen = 0

    @property
    def session(self) -> int:
        """The session that it has; IndexError where it has none."""
        return self.client.sessions()[-1].session

    def connect(self, gateway: Address | None = None) -> None:
        """Open a session without being asked to."""
        config = self.bench.config
        self.client.connect(
            gateway or (config.address, config.wsp_port), self.bench.now, headers=self.headers
        )
        self.settle()

    def confirm(self) -> None:
        """Take the oldest push that it has not answered."""
        self.client.confirm_push(self.unanswered.pop(0), self.bench.now)
        self.settle()

    def settle(self) -> None:
        """Carry datagrams both ways until there are none."""
        while True:
            fresh = self.bench.datagrams[self._seen :]
            self._seen = len(self.bench.datagrams)
            for datagram in fresh:
                self._take(datagram)
            for event in self.client.take_events():
                self._hear(event)
            up = self.client.take_datagrams()
            for data, _ in up:
                self.bench.receive(Interface.WSP, data, (self.address, CLIENT_PORT))
            if not fresh and not up:
                return

    def advance(self, seconds: float) -> None:
        """Let time pass at both ends."""
        end = self.bench.now + seconds
        while True:
            self.settle()
            times = (self.bench.gateway.next_timeout(), self.client.next_timeout())
            due = min((time for time in times if time is not None), default=inf)
            if due > end:
                break
            self.bench.advance_to(due)
            self.client.handle_timeout(self.bench.now)
        self.bench.advance_to(end)

    def _take(self, datagram: Datagram) -> None:
        if datagram.peer[0] != self.address or self.is_deaf:
            return
        if datagram.interface is Interface.WSP:
            config = self.bench.config
            self.client.receive(datagram.data, (config.address, config.wsp_port), self.bench.now)
        elif datagram.peer[1] == PUSH_PORT:
            self._take_push(decode_push(datagram.data))

    def _take_push(self, push: Push) -> None:
        if push.content_type.media != sia.MEDIA_TYPE:
            self.received.append(Received("datagram", push))
            return
        initiation = sia.decode(push.body)
        self.invitations.append(initiation)
        contact = initiation.contacts[0]
        if self.opens_sessions and contact.ip is not None:
            self.client.connect(
                (contact.ip, contact.port or 9201), self.bench.now, headers=self.headers
            )

    def _hear(self, event: Event) -> None:
        self.events.append(event)
        match event:
            case PushReceived(push=push):
                self.received.append(Received("push", push))
            case ConfirmedPushReceived(push=push, transaction=transaction):
                self._answer(push, transaction)

    def _answer(self, push: ConfirmedPush, transaction: int) -> None:
        self.received.append(Received("confirmed push", push))
        if self.answer is True:
            self.client.confirm_push(transaction, self.bench.now)
        elif isinstance(self.answer, UserAbort):
            self.client.refuse_push(transaction, self.answer, self.bench.now)
        else:
            self.unanswered.append(transaction)
