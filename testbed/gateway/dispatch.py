"""Runs the push machines: asks, judges, activates, sends, waits.

Theory of operation. ``feed`` is the only place where a push changes state: it looks the input up
in the table of ``pushes`` and carries the action out. Everything that happens outside comes down
to feeding inputs: the core's answers, a terminal that shows itself, time. One question about a
terminal and one activation of it serve all pushes that wait for it.

The pushes for one terminal go out in the order in which they were accepted: whichever finds it
online takes along all that wait for it. A push that is to be sent once leaves when the store has
it that it leaves; those behind it wait for that moment. It is neither held nor tried again.

A push that waits for its terminal is looked at again when its back-off is over, at once when
RADIUS accounting or the core says that the terminal is there, and otherwise every ``retry.poll``
seconds; such a look asks the core about the terminal, and activates nothing that is known to be
out of reach.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final

from testbed.codecs.pap import StatusCode
from testbed.gateway import judge, operations, send
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
from testbed.gateway.config import GatewayConfig
from testbed.gateway.deliveries import Delivery, Key, Waiting
from testbed.gateway.effects import LookUpTerminal, RequestActivation
from testbed.gateway.events import (
    ActivationAnswered,
    ActivationRequested,
    DeliveryEnded,
    PushHeld,
    PushSent,
    TerminalJudged,
)
from testbed.gateway.output import Output
from testbed.gateway.pushes import TABLE, Action, Input, State, step
from testbed.gateway.records import Notification
from testbed.gateway.schedule import Schedule
from testbed.gateway.sessions import SessionTable
from testbed.gateway.terminal import Terminal, TerminalKind

_NOT_IN_A_KEY: Final = re.compile(r"[^A-Za-z0-9._~:@-]")
_RESULT_NAMES: Final = {Reached: "reached", Later: "later", Awaited: "awaited", InVain: "in vain"}


@dataclass(frozen=True, slots=True)
class _About:
    """What goes with an input: whichever of these its action needs."""

    note: str = ""
    address: str = ""
    until: float | None = None
    code: int = StatusCode.SERVICE_FAILURE


_NOTHING = _About()


class Dispatch:
    """All deliveries that have not ended."""

    def __init__(
        self,
        config: GatewayConfig,
        sessions: SessionTable,
        output: Output,
        save: Callable[[Delivery], None],
        random: Random,
    ) -> None:
        """``save`` has a delivery stored as it is now."""
        self._config = config
        self._sessions = sessions
        self._output = output
        self._save = save
        self._running: dict[Key, Delivery] = {}
        self._queues: dict[Terminal, dict[Key, Delivery]] = {}
        """What is to go out as soon as a terminal is online, in order."""
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
        self._tids = count(random.getrandbits(8))

    def __len__(self) -> int:
        """Return how many deliveries have not ended."""
        return len(self._running)

    @property
    def activations(self) -> Activations:
        """The activations that are under way; to be read only."""
        return self._activations

    def forget(self, delivery: Delivery) -> None:
        """Let go of a delivery as it stands, whatever it waits for. Safe where it does not run."""
        if self._running.pop(delivery.key, None) is None:
            return
        self._leave(delivery)
        self._dequeue(delivery)
        asking = self._asking.get(delivery.terminal, [])
        if delivery in asking:
            asking.remove(delivery)

    # Inputs

    def begin(self, delivery: Delivery, now: float) -> None:
        """Take up a delivery that is accepted."""
        push = delivery.push
        self._running[delivery.key] = delivery
        if delivery.state is State.SENDING:
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
        self._feed(delivery, occurred, now, _About(why, code=StatusCode.OK))
        return True

    def saved(self, delivery: Delivery, now: float) -> None:
        """Take note that a delivery is stored as it is: one that waited for that goes out."""
        if delivery.state is State.SENDING:
            self._transmit(delivery, now)
            self._online(delivery.terminal, delivery.send_to, "the push before it", now)

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
            if delivery.state is State.HELD:
                self._feed(delivery, Input.TERMINAL_BACK, now)
        self._request_activations(now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        times = [t for t in (self._looks.next(), self._deadlines.next()) if t is not None]
        return min(times, default=None)

    def handle_timeout(self, now: float) -> None:
        """Expire what has outlived its deadline, look at what has waited long enough."""
        for key in self._deadlines.take_due(now):
            if key in self._running:
                self._expire(self._running[key], now)
        for key in self._looks.take_due(now):
            if key in self._running and self._running[key].state is State.HELD:
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
                    self._transmit(delivery, now)
            case Action.REPORT:
                self._report(delivery, about)

    def _leave(self, delivery: Delivery) -> None:
        """Undo what the state that a delivery leaves had set up."""
        if delivery.state is State.HELD:
            self._waiting.discard(delivery)
            self._looks.cancel(delivery.key)
        elif delivery.subject is not None and delivery.state is State.ACTIVATING:
            self._activations.withdraw(delivery.subject, delivery.key)
            delivery.subject = None

    def _ask(self, delivery: Delivery, now: float) -> None:
        self._queues.setdefault(delivery.terminal, {})[delivery.key] = delivery
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
                self._judged_absent(delivery, _About(why, until=until), now)
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
            self._judged_absent(delivery, _About(later.why, until=later.at), now)
            return
        push_id, terminal = delivery.push.push_id, str(delivery.terminal)
        reason = f"no context on {verdict.apn}"
        self._output.tell(TerminalJudged(push_id, terminal, "activate", reason))
        self._feed(delivery, Input.JUDGED_OFFLINE, now, _About(reason))
        delivery.subject = subject

    def _judged_absent(self, delivery: Delivery, about: _About, now: float) -> None:
        push_id, terminal = delivery.push.push_id, str(delivery.terminal)
        verdict = "undeliverable" if delivery.is_sent_once else "hold"
        self._output.tell(TerminalJudged(push_id, terminal, verdict, about.note))
        occurred = Input.JUDGED_UNDELIVERABLE if delivery.is_sent_once else Input.JUDGED_ABSENT
        self._feed(delivery, occurred, now, about)

    def _online(self, terminal: Terminal, address: str, known_by: str, now: float) -> None:
        """Send what waits for a terminal, up to one that the store has to know of first."""
        about = _About(f"{address}, by {known_by}", address)
        for delivery in list(self._queues.get(terminal, {}).values()):
            if delivery.state is State.ACTIVATING:
                self._feed(delivery, Input.ACTIVATED, now, about)
            elif delivery.state is not State.SENDING:
                push_id = delivery.push.push_id
                self._output.tell(TerminalJudged(push_id, str(terminal), "online", about.note))
                self._feed(delivery, Input.JUDGED_ONLINE, now, about)
            if not delivery.state.final:
                return

    def _take_result(self, delivery: Delivery, result: Result, now: float) -> None:
        match result:
            case Reached(address):
                self._take_address(delivery, address, now)
            case Later(at, why):
                self._put_off(delivery, _About(why, until=at), now)
            case Awaited(why):
                self._put_off(delivery, _About(why), now)
            case InVain(code, why):
                self._feed(delivery, Input.ACTIVATION_IN_VAIN, now, _About(why, code=code))

    def _take_address(self, delivery: Delivery, address: str, now: float) -> None:
        terminal = delivery.terminal
        if terminal.kind is TerminalKind.ADDRESS and terminal.value != address:
            self._put_off(
                delivery, _About(f"the terminal got another address than {terminal}"), now
            )
        else:
            self._online(terminal, address, "activation", now)

    def _put_off(self, delivery: Delivery, about: _About, now: float) -> None:
        """Hold after a failed activation, unless the terminal came online by itself meanwhile."""
        if delivery.is_sent_once:
            self._feed(delivery, Input.ACTIVATION_IN_VAIN, now, about)
            return
        self._feed(delivery, Input.NOT_ACTIVATED, now, about)
        if self._session(delivery.terminal) is not None:
            self._feed(delivery, Input.TERMINAL_BACK, now)

    def _wait(self, delivery: Delivery, about: _About, now: float, *, is_early: bool) -> None:
        until = now + self._config.retry.poll if about.until is None else about.until
        self._looks.set(delivery.key, until)
        if not is_early:
            self._waiting.add(delivery)
        self._output.tell(PushHeld(delivery.push.push_id, delivery.address, until, about.note))

    def _transmit(self, delivery: Delivery, now: float) -> None:
        datagram = send.datagram(
            delivery.push.pdu, tid=next(self._tids) & 0xFF, address=delivery.send_to
        )
        self._output.send(datagram)
        self._output.tell(
            PushSent(delivery.push.push_id, delivery.address, datagram.peer, len(datagram.data))
        )
        host, port = datagram.peer
        about = _About(f"sent to {host}:{port}", code=StatusCode.OK)
        self._feed(delivery, Input.SENT, now, about)

    def _report(self, delivery: Delivery, about: _About) -> None:
        delivery.code = int(about.code)
        # Where a terminal is, is its operator's business and not the initiator's.
        delivery.description = (
            "delivered without confirmation" if delivery.state is State.DELIVERED else about.note
        )
        if delivery.push.notify_url is not None:
            delivery.notification = Notification.DUE
        del self._running[delivery.key]
        self._dequeue(delivery)
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

    def _dequeue(self, delivery: Delivery) -> None:
        queue = self._queues.get(delivery.terminal, {})
        if queue.pop(delivery.key, None) is not None and not queue:
            del self._queues[delivery.terminal]
        self._deadlines.cancel(delivery.key)

    def _expire(self, delivery: Delivery, now: float) -> None:
        waits = (entry.note for entry in reversed(delivery.history) if entry.state is State.HELD)
        last = next(waits, "")
        note = f"not delivered in time; last: {last}" if last else "not delivered in time"
        was_going_out = delivery.state is State.SENDING
        self._feed(delivery, Input.DEADLINE_PASSED, now, _About(note))
        if was_going_out:
            self._online(delivery.terminal, delivery.send_to, "the push before it", now)

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
