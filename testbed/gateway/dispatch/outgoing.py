"""Works off what waits to go out to each terminal, and takes what becomes of it.

Theory of operation. Whatever finds a terminal online takes along all that wait for it, in the order
in which they were accepted. One that waits for a session, or for the store, holds up those behind
it; one that has left does not, and one that failed comes last when it is tried again.
"""

from __future__ import annotations

from random import Random
from typing import Protocol

from testbed.codecs.pap import StatusCode
from testbed.gateway.activation.activate import NotReached
from testbed.gateway.carriers.carriage import Carriage
from testbed.gateway.carriers.outcomes import (
    Aborted,
    Confirmed,
    Failed,
    Left,
    NotPossible,
    Outcome,
    Sent,
)
from testbed.gateway.carriers.wap_server import WapServer
from testbed.gateway.config import GatewayConfig
from testbed.gateway.events import PushSentInVain, TerminalJudged
from testbed.gateway.keeping import records
from testbed.gateway.keeping.pushes import Input, State
from testbed.gateway.output import Output
from testbed.gateway.routing.policy import Refusal, Route
from testbed.gateway.terminal import Terminal
from testbed.gateway.underway.deliveries import About, Delivery
from testbed.gateway.underway.queues import Queues


class Machine(Protocol):
    """What runs the pushes' machines."""

    def feed(self, delivery: Delivery, occurred: Input, now: float, about: About) -> None:
        """Let something happen to a push."""
        ...

    def fail(self, delivery: Delivery, route: Route, failed: NotReached, now: float) -> None:
        """Do what the policy says about a route that came to nothing."""
        ...

    def judge_anew(self, delivery: Delivery, now: float) -> None:
        """Look at the terminal of a push that is being judged once more."""
        ...

    def save(self, delivery: Delivery) -> None:
        """Have a push stored as it is now."""
        ...


class Outgoing:
    """All pushes of one gateway that wait to go out, or went out and have not ended."""

    def __init__(
        self,
        config: GatewayConfig,
        output: Output,
        wap: WapServer,
        *,
        random: Random,
        machine: Machine,
    ) -> None:
        """Have nothing; ``machine`` is told what happens to pushes."""
        self._config = config
        self._output = output
        self._machine = machine
        self.queues = Queues()
        """What is to go out as soon as a terminal is online."""
        self._at_work: set[Terminal] = set()
        """Terminals whose queues are being worked off."""
        self.carriage = Carriage(config, output, wap, random=random, tell=self.take)

    def online(self, terminal: Terminal, address: str, known_by: str, now: float) -> None:
        """Send what waits for a terminal, up to one that cannot leave yet."""
        if terminal in self._at_work:
            return
        about = About(f"{address}, by {known_by}", address)
        self._at_work.add(terminal)
        try:
            for delivery in self.queues.of(terminal):
                if delivery.state is State.ACTIVATING:
                    self._machine.feed(delivery, Input.ACTIVATED, now, about)
                elif delivery.state is not State.SENDING:
                    push_id = delivery.push.push_id
                    self._output.tell(TerminalJudged(push_id, str(terminal), "online", about.note))
                    self._machine.feed(delivery, Input.JUDGED_ONLINE, now, about)
                if delivery in self.queues:
                    return
        finally:
            self._at_work.discard(terminal)

    def next(self, delivery: Delivery, now: float) -> None:
        """Send what waits behind a delivery that went out, or does not any more."""
        self.online(delivery.terminal, delivery.send_to, "the push before it", now)

    def take(self, delivery: Delivery, outcome: Outcome, now: float) -> None:
        """Take what became of a push that goes out, or went out."""
        was_going_out = delivery.state is State.SENDING
        match outcome:
            case Left(note, confirms):
                self._machine.feed(delivery, Input.AWAITED, now, About(note))
                if confirms:
                    self._machine.save(delivery)
            case Sent(note):
                about = About(note, code=StatusCode.OK, told=records.UNCONFIRMED)
                self._machine.feed(delivery, Input.SENT, now, about)
            case Confirmed(note):
                self._machine.feed(delivery, Input.CONFIRMED, now, About(note, code=StatusCode.OK))
            case Aborted(code, why):
                self._machine.feed(delivery, Input.ABORTED, now, About(why, code=code))
            case NotPossible(code, why):
                self._machine.feed(delivery, Input.NOT_POSSIBLE, now, About(why, code=code))
            case Failed():
                self._sent_in_vain(delivery, outcome, now)
                if outcome.is_gone:
                    self._ask_again(delivery.terminal, now)
                    return
        if was_going_out:
            self.next(delivery, now)

    def _sent_in_vain(self, delivery: Delivery, failed: Failed, now: float) -> None:
        """Have a push judged anew later, or end one that is sent once."""
        if delivery.is_sent_once:
            occurred = (
                Input.UNCONFIRMED if delivery.state is State.CONFIRMING else Input.NOT_POSSIBLE
            )
            self._machine.feed(delivery, occurred, now, About(failed.why))
            return
        delivery.failures += 1
        wait = self._config.retry.wait(delivery.failures)
        if failed.is_gone and delivery.failures == 1:
            wait = 0.0
        self._output.count("pushes sent in vain")
        push_id, address = delivery.push.push_id, delivery.address
        self._output.tell(PushSentInVain(push_id, address, failed.why))
        self.queues.remove(delivery)
        unsent = NotReached(Refusal.UNDELIVERED, now + wait, failed.why)
        self._machine.fail(delivery, Route.IP, unsent, now)

    def _ask_again(self, terminal: Terminal, now: float) -> None:
        """Judge anew for what was to follow to an address where nobody is."""
        for delivery in self.queues.of(terminal):
            if delivery.state is State.JUDGING:
                self._machine.judge_anew(delivery, now)
