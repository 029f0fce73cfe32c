"""Runs the push machines: asks, judges, activates, sends, waits.

Theory of operation. ``feed`` is the only place where a push changes state: it looks the input up
in the table of ``pushes`` and carries the action out. Everything that happens outside comes down
to feeding inputs: the core's answers, a terminal that shows itself, time. One question about a
terminal and one activation of it serve all pushes that wait for it.

The pushes for one terminal go out in the order in which they were accepted: whichever finds it
online takes along all that wait for it. One that waits for a session holds up those behind it; one
that went out and has to be tried again comes last. A push that is to be sent once leaves when the
store has it that it leaves; those behind it wait for that moment. It is neither held nor tried
again.

A push that failed is judged anew after a back-off, at once where nobody was at the address.

A push that waits for its terminal is looked at again when its back-off is over, at once when
RADIUS accounting or the core says that the terminal is there, and otherwise every ``retry.poll``
seconds; such a look asks the core about the terminal, and activates nothing that is known to be
out of reach.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final

from corenet.interfaces.node import Address
from testbed.codecs.pap import StatusCode
from testbed.gateway import judge, operations
from testbed.gateway.activate import (
    ActivationAnswer,
    Activations,
    Awaited,
    InVain,
    Later,
    Reached,
    Result,
    Subject,
)
from testbed.gateway.carriage import Carriage
from testbed.gateway.config import GatewayConfig
from testbed.gateway.deliveries import Delivery, Key, Waiting
from testbed.gateway.effects import LookUpTerminal, RequestActivation
from testbed.gateway.events import (
    ActivationAnswered,
    ActivationRequested,
    DeliveryEnded,
    PushHeld,
    TerminalJudged,
)
from testbed.gateway.outcomes import Aborted, Confirmed, Failed, Left, NotPossible, Outcome, Sent
from testbed.gateway.output import Output
from testbed.gateway.pushes import TABLE, Action, Input, State, step
from testbed.gateway.queues import Queues
from testbed.gateway.records import Notification
from testbed.gateway.schedule import Schedule
from testbed.gateway.sessions import SessionTable
from testbed.gateway.terminal import Terminal, TerminalKind
from testbed.gateway.wap_server import WapServer
from testbed.wap.session_events import SessionEstablished, SessionEvent, SessionResumed

_NOT_IN_A_KEY: Final = re.compile(r"[^A-Za-z0-9._~:@-]")
_RESULT_NAMES: Final = {Reached: "reached", Later: "later", Awaited: "awaited", InVain: "in vain"}


@dataclass(frozen=True, slots=True)
class _About:
    """What goes with an input: whichever of these its action needs."""

    note: str = ""
    address: str = ""
    until: float | None = None
    code: int = StatusCode.SERVICE_FAILURE
    told: str | None = None
    """What the initiator is told at the end, if it is not the note."""


_NOTHING = _About()


class Dispatch:
    """All deliveries that have not ended."""

    def __init__(
        self,
        config: GatewayConfig,
        sessions: SessionTable,
        output: Output,
        counts: Counter[str],
        wap: WapServer,
        *,
        save: Callable[[Delivery], None],
        random: Random,
    ) -> None:
        """``save`` has a delivery stored as it is now; ``wap`` has the sessions."""
        self._config = config
        self._sessions = sessions
        self._output = output
        self._counts = counts
        self._save = save
        self._running: dict[Key, Delivery] = {}
        self._queues = Queues()
        """What is to go out as soon as a terminal is online."""
        self._going_out: set[Terminal] = set()
        """Terminals whose queues are being worked off."""
        self._asking: dict[Terminal, list[Delivery]] = {}
        self._waiting = Waiting()
        self._looks: Schedule[Key] = Schedule()
        self._deadlines: Schedule[Key] = Schedule()
        self._activations = Activations(
            at_once=config.limits.activations,
            waits=config.retry.waits,
            attempts=config.retry.attempts,
            random=random,
        )
        # Keys must not repeat after a restart, or the core would answer with an old outcome.
        self._key_suffix = f"{random.getrandbits(48):012x}"
        self._key_numbers = count(1)
        self._carriage = Carriage(
            config, output, counts, wap, random=random, tell=self._take_outcome
        )

    def __len__(self) -> int:
        """Return how many deliveries have not ended."""
        return len(self._running)

    @property
    def activations(self) -> Activations:
        """The activations that are under way; to be read only."""
        return self._activations

    def forget(self, delivery: Delivery, now: float) -> None:
        """Let go of a delivery as it stands, whatever it waits for. Safe where it does not run."""
        if self._running.pop(delivery.key, None) is None:
            return
        self._leave(delivery)
        self._queues.remove(delivery)
        self._deadlines.cancel(delivery.key)
        self._carriage.give_up(delivery, now)
        asking = self._asking.get(delivery.terminal, [])
        if delivery in asking:
            asking.remove(delivery)

    # Inputs

    def begin(self, delivery: Delivery, now: float) -> None:
        """Take up a delivery that is accepted."""
        push = delivery.push
        self._running[delivery.key] = delivery
        if delivery.state in (State.SENDING, State.CONFIRMING):
            text = "it is sent once, and the gateway went down meanwhile"
            self._feed(delivery, Input.INTERRUPTED, now, _About(text))
            return
        self._deadlines.set(delivery.key, push.deliver_before)
        if push.deliver_before <= now:
            self._expire(delivery, now)
        elif push.deliver_after is not None and push.deliver_after > now:
            about = _About("deliver-after-timestamp lies ahead", until=push.deliver_after)
            self._feed(delivery, Input.TOO_EARLY, now, about)
        else:
            self._feed(delivery, Input.DUE, now)

    def refuse(self, delivery: Delivery, code: int, why: str, now: float) -> None:
        """End a delivery that is accepted before anything is tried."""
        self._running[delivery.key] = delivery
        self._feed(delivery, Input.REFUSED, now, _About(why, code=code))

    def withdraw(self, delivery: Delivery, now: float, *, replaced_by: str | None = None) -> bool:
        """Cancel a delivery, or end it for what replaces it; False where it is too late."""
        occurred = Input.CANCELLED if replaced_by is None else Input.REPLACED
        if delivery.key not in self._running or (delivery.state, occurred) not in TABLE:
            return False
        why = "cancelled" if replaced_by is None else operations.replacement_note(replaced_by)
        was_going_out = delivery.state is State.SENDING
        self._feed(delivery, occurred, now, _About(why, code=StatusCode.OK))
        if was_going_out:
            self._next(delivery, now)
        return True

    def saved(self, delivery: Delivery, now: float) -> None:
        """Take note that a delivery is stored as it is: one that waited for that goes out."""
        if delivery.state is State.SENDING and not self._carriage.has(delivery):
            self._carriage.send(delivery, now)

    def terminal_found(self, terminal: Terminal, answer: judge.CoreAnswer, now: float) -> None:
        """Take the core's answer about a terminal and judge for all that asked."""
        for delivery in self._asking.pop(terminal, ()):
            if delivery.state is State.JUDGING:
                self._judge(delivery, answer, now)
        self._request_activations(now)

    def activation_finished(self, key: str, answer: ActivationAnswer, now: float) -> bool:
        """Take the core's answer to an activation; return whether it was asked for."""
        finished = self._activations.finished(key, answer, now)
        if finished is None:
            return False
        waiters, result = finished
        deliveries = [self._running[waiter] for waiter in waiters]
        self._output.tell(
            ActivationAnswered(
                key,
                _RESULT_NAMES[type(result)],
                result.address if isinstance(result, Reached) else result.why,
                _push_ids(waiters),
            )
        )
        for delivery in deliveries:
            delivery.subject = None
        for delivery in deliveries:
            if delivery.state is State.ACTIVATING:
                self._take_result(delivery, result, now)
        self._request_activations(now)
        return True

    def terminal_back(
        self, *, msisdn: str | None, imsi: str | None, address: str | None, now: float
    ) -> None:
        """Look at once at whatever waits for a terminal that has shown itself."""
        for delivery in self._waiting.of(msisdn=msisdn, imsi=imsi, address=address):
            if delivery.imsi is not None:
                self._activations.clear(delivery.imsi)
            if delivery.state in (State.HELD, State.RETRYING):
                self._feed(delivery, Input.TERMINAL_BACK, now)
        self._request_activations(now)

    def session_event(self, event: SessionEvent, now: float) -> None:
        """Take what has happened to a session; a terminal that opens one is there."""
        self._carriage.session_event(event, now)
        if isinstance(event, SessionEstablished | SessionResumed):
            host = event.peer[0]
            known = self._sessions.at(host)
            self.terminal_back(
                msisdn=None if known is None else known.msisdn,
                imsi=None if known is None else known.imsi,
                address=host,
                now=now,
            )

    def unreachable(self, peer: Address, now: float, *, is_gone: bool) -> None:
        """Take the network's word that something sent there has come back."""
        self._carriage.unreachable(peer, now, is_gone=is_gone)
        self._request_activations(now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        times = (self._looks.next(), self._deadlines.next(), self._carriage.next_timeout())
        return min((time for time in times if time is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Expire what has outlived its deadline, look at what has waited long enough."""
        self._carriage.handle_timeout(now)
        for key in self._deadlines.take_due(now):
            if key in self._running:
                self._expire(self._running[key], now)
        for key in self._looks.take_due(now):
            if key in self._running:
                self._feed(self._running[key], Input.DUE, now)
        self._request_activations(now)

    # The machine

    def _feed(
        self, delivery: Delivery, occurred: Input, now: float, about: _About = _NOTHING
    ) -> None:
        transition = step(delivery.state, occurred)
        self._leave(delivery)
        is_news = delivery.enter(transition.state, now, about.note)
        match transition.action:
            case Action.JUDGE:
                self._ask(delivery, now)
            case Action.ACTIVATE:
                delivery.attempts += 1
            case Action.WAIT:
                self._wait(delivery, about, now, is_early=occurred is Input.TOO_EARLY)
                if is_news:
                    self._save(delivery)
            case Action.SEND:
                delivery.send_to = about.address
                if delivery.is_sent_once:
                    self._save(delivery)
                else:
                    self._carriage.send(delivery, now)
            case Action.AWAIT:
                self._queues.remove(delivery)
            case Action.REPORT:
                self._carriage.give_up(delivery, now)
                self._report(delivery, about)

    def _leave(self, delivery: Delivery) -> None:
        """Undo what the state that a delivery leaves had set up."""
        if delivery.state in (State.HELD, State.RETRYING):
            self._waiting.discard(delivery)
            self._looks.cancel(delivery.key)
        elif delivery.subject is not None and delivery.state is State.ACTIVATING:
            self._activations.withdraw(delivery.subject, delivery.key)
            delivery.subject = None

    def _ask(self, delivery: Delivery, now: float) -> None:
        self._queues.add(delivery)
        if not self._config.ask_core:
            self._judge(delivery, judge.NotAsked(), now)
        elif delivery.terminal in self._asking:
            self._asking[delivery.terminal].append(delivery)
        else:
            self._asking[delivery.terminal] = [delivery]
            self._output.ask(LookUpTerminal(delivery.terminal))

    def _judge(self, delivery: Delivery, answer: judge.CoreAnswer, now: float) -> None:
        awaited = False
        if isinstance(answer, judge.TerminalView):
            delivery.imsi = answer.imsi
            awaited = self._activations.is_awaited(answer.imsi)
        verdict = judge.judge(
            delivery.terminal,
            session=self._session(delivery.terminal),
            core=answer,
            awaited=awaited,
            apn=self._config.apn,
            ask_again=self._config.retry.ask_again,
            now=now,
        )
        push_id, terminal = delivery.push.push_id, str(delivery.terminal)
        match verdict:
            case judge.Online(address, known_by):
                self._online(delivery.terminal, address, known_by, now)
            case judge.Activate():
                self._want(delivery, verdict, now)
            case judge.Hold(until, why):
                self._hold(delivery, _About(why, until=until), now)
            case judge.Undeliverable(code, why):
                self._output.tell(TerminalJudged(push_id, terminal, "undeliverable", why))
                self._feed(delivery, Input.JUDGED_UNDELIVERABLE, now, _About(why, code=code))

    def _want(self, delivery: Delivery, verdict: judge.Activate, now: float) -> None:
        subject = Subject(verdict.imsi, verdict.apn)
        later = self._activations.want(
            subject,
            delivery.key,
            key=self._activation_key(delivery),
            now=now,
            priority=delivery.push.priority,
            initiator=delivery.push.initiator,
        )
        if later is not None:
            self._hold(delivery, _About(later.why, until=later.at), now)
            return
        push_id, terminal = delivery.push.push_id, str(delivery.terminal)
        reason = f"no context on {verdict.apn}"
        self._output.tell(TerminalJudged(push_id, terminal, "activate", reason))
        self._feed(delivery, Input.JUDGED_OFFLINE, now, _About(reason))
        delivery.subject = subject

    def _hold(self, delivery: Delivery, about: _About, now: float) -> None:
        """Wait until some time, or until the terminal is back."""
        push_id, terminal = delivery.push.push_id, str(delivery.terminal)
        verdict = "undeliverable" if delivery.is_sent_once else "hold"
        self._output.tell(TerminalJudged(push_id, terminal, verdict, about.note))
        occurred = Input.JUDGED_ABSENT if about.until is None else Input.PUT_OFF
        if delivery.is_sent_once:
            occurred = Input.JUDGED_UNDELIVERABLE
        self._feed(delivery, occurred, now, about)

    def _online(self, terminal: Terminal, address: str, known_by: str, now: float) -> None:
        """Send what waits for a terminal, up to one that cannot leave yet."""
        if terminal in self._going_out:
            return
        about = _About(f"{address}, by {known_by}", address)
        self._going_out.add(terminal)
        try:
            for delivery in self._queues.of(terminal):
                if delivery.state is State.ACTIVATING:
                    self._feed(delivery, Input.ACTIVATED, now, about)
                elif delivery.state is not State.SENDING:
                    push_id = delivery.push.push_id
                    self._output.tell(TerminalJudged(push_id, str(terminal), "online", about.note))
                    self._feed(delivery, Input.JUDGED_ONLINE, now, about)
                if delivery in self._queues:
                    return
        finally:
            self._going_out.discard(terminal)

    def _next(self, delivery: Delivery, now: float) -> None:
        """Send what waits behind a delivery that went out, or does not any more."""
        self._online(delivery.terminal, delivery.send_to, "the push before it", now)

    def _take_outcome(self, delivery: Delivery, outcome: Outcome, now: float) -> None:
        """Take what became of a push that goes out, or went out."""
        was_going_out = delivery.state is State.SENDING
        match outcome:
            case Left(note, confirms):
                self._feed(delivery, Input.AWAITED, now, _About(note))
                if confirms:
                    self._save(delivery)
            case Sent(note):
                about = _About(note, code=StatusCode.OK, told=operations.UNCONFIRMED)
                self._feed(delivery, Input.SENT, now, about)
            case Confirmed(note):
                self._feed(delivery, Input.CONFIRMED, now, _About(note, code=StatusCode.OK))
            case Aborted(code, why):
                self._feed(delivery, Input.ABORTED, now, _About(why, code=code))
            case NotPossible(code, why):
                self._feed(delivery, Input.NOT_POSSIBLE, now, _About(why, code=code))
            case Failed():
                self._fail(delivery, outcome, now)
                if outcome.is_gone:
                    self._ask_again(delivery.terminal, now)
                    return
        if was_going_out:
            self._next(delivery, now)

    def _fail(self, delivery: Delivery, failed: Failed, now: float) -> None:
        """Have a push judged anew later, or end one that is sent once."""
        if delivery.is_sent_once:
            occurred = (
                Input.UNCONFIRMED if delivery.state is State.CONFIRMING else Input.NOT_POSSIBLE
            )
            self._feed(delivery, occurred, now, _About(failed.why))
            return
        waits = self._config.retry.waits
        delivery.failures += 1
        wait = waits[min(delivery.failures, len(waits)) - 1]
        if failed.is_gone and delivery.failures == 1:
            wait = 0.0
        self._counts["pushes sent in vain"] += 1
        self._queues.remove(delivery)
        self._feed(delivery, Input.PUT_OFF, now, _About(failed.why, until=now + wait))

    def _ask_again(self, terminal: Terminal, now: float) -> None:
        """Judge anew for what was to follow to an address where nobody is."""
        asking = self._asking.get(terminal, ())
        for delivery in self._queues.of(terminal):
            if delivery.state is State.JUDGING and delivery not in asking:
                self._ask(delivery, now)

    def _take_result(self, delivery: Delivery, result: Result, now: float) -> None:
        match result:
            case Reached(address):
                self._take_address(delivery, address, now)
            case Later(at, why):
                self._put_off(delivery, Input.PUT_OFF, _About(why, until=at), now)
            case Awaited(why):
                self._put_off(delivery, Input.JUDGED_ABSENT, _About(why), now)
            case InVain(code, why):
                self._feed(delivery, Input.ACTIVATION_IN_VAIN, now, _About(why, code=code))

    def _take_address(self, delivery: Delivery, address: str, now: float) -> None:
        terminal = delivery.terminal
        if terminal.kind is TerminalKind.ADDRESS and terminal.value != address:
            about = _About(f"the terminal got another address than {terminal}")
            self._put_off(delivery, Input.JUDGED_ABSENT, about, now)
        else:
            self._online(terminal, address, "activation", now)

    def _put_off(self, delivery: Delivery, occurred: Input, about: _About, now: float) -> None:
        """Wait after a failed activation, unless the terminal came online by itself meanwhile."""
        if delivery.is_sent_once:
            self._feed(delivery, Input.ACTIVATION_IN_VAIN, now, about)
            return
        self._feed(delivery, occurred, now, about)
        if self._session(delivery.terminal) is not None:
            self._feed(delivery, Input.TERMINAL_BACK, now)

    def _wait(self, delivery: Delivery, about: _About, now: float, *, is_early: bool) -> None:
        until = now + self._config.retry.poll if about.until is None else about.until
        self._looks.set(delivery.key, until)
        if not is_early:
            self._waiting.add(delivery)
        self._output.tell(PushHeld(delivery.push.push_id, delivery.address, until, about.note))

    def _report(self, delivery: Delivery, about: _About) -> None:
        delivery.code = int(about.code)
        # Where a terminal is, is its operator's business and not the initiator's.
        delivery.description = about.note if about.told is None else about.told
        if delivery.push.notify_url is not None:
            delivery.notification = Notification.DUE
        del self._running[delivery.key]
        self._queues.remove(delivery)
        self._deadlines.cancel(delivery.key)
        self._output.tell(
            DeliveryEnded(
                delivery.push.push_id,
                delivery.address,
                delivery.state,
                delivery.code,
                delivery.description,
                delivery.taken,
            )
        )
        self._save(delivery)

    def _expire(self, delivery: Delivery, now: float) -> None:
        waits = (
            entry.note
            for entry in reversed(delivery.history)
            if entry.state in (State.HELD, State.RETRYING)
        )
        last = next(waits, "")
        note = f"not delivered in time; last: {last}" if last else "not delivered in time"
        was_going_out = delivery.state is State.SENDING
        self._feed(delivery, Input.DEADLINE_PASSED, now, _About(note))
        if was_going_out:
            self._next(delivery, now)

    def _session(self, terminal: Terminal) -> str | None:
        if terminal.kind is TerminalKind.MSISDN:
            session = self._sessions.of_msisdn(terminal.value)
        else:
            session = self._sessions.at(terminal.value)
        return None if session is None else session.address

    def _request_activations(self, now: float) -> None:
        for request in self._activations.take_requests():
            subject = request.subject
            self._output.tell(
                ActivationRequested(
                    request.key, subject.imsi, subject.apn, _push_ids(request.waiters)
                )
            )
            self._output.ask(
                RequestActivation(
                    request.key, subject.imsi, subject.apn, now + self._config.activation_time
                )
            )

    def _activation_key(self, delivery: Delivery) -> str:
        push_id = _NOT_IN_A_KEY.sub("_", delivery.push.push_id)[:120]
        return f"{push_id}~{self._key_suffix}.{next(self._key_numbers)}"


def _push_ids(waiters: Iterable[Key]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(push_id for push_id, _ in waiters))
