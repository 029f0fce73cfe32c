"""Runs the push machines: asks, judges, activates, sends, waits.

Theory of operation. ``feed`` is the only place where a push changes state: it looks the input up
in the table of ``pushes`` and carries the action out. Everything that happens outside comes down
to feeding inputs: the core's answers, a terminal that shows itself, time. One question about a
terminal and one activation of it serve all pushes that wait for it.

A push that is to be sent once leaves when the store has it that it leaves; it is neither held nor
tried again.

A push that failed is judged anew after a back-off, at once where nobody was at the address.

A push that waits for its terminal is looked at again when its back-off is over, at once when
RADIUS accounting or the core says that the terminal is there, and otherwise every ``retry.poll``
seconds; such a look asks the core about the terminal, and activates nothing that is known to be
out of reach.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from corenet.interfaces.node import Address
from testbed.codecs.pap import StatusCode
from testbed.esme.outcome import SmsDelivered, SmsOutcome
from testbed.gateway.activation.activate import ActivationAnswer, Activations, NotReached, Reached
from testbed.gateway.carriers import sms
from testbed.gateway.carriers.outcomes import Sent
from testbed.gateway.carriers.sms import ShortMessages
from testbed.gateway.carriers.wap_server import WapServer
from testbed.gateway.config import GatewayConfig
from testbed.gateway.dispatch.approach import Approach
from testbed.gateway.dispatch.outgoing import Outgoing
from testbed.gateway.effects import LookUpTerminal
from testbed.gateway.events import (
    DeliveryEnded,
    PushHeld,
    TerminalJudged,
)
from testbed.gateway.keeping import records
from testbed.gateway.keeping.pushes import TABLE, Action, Input, State, step
from testbed.gateway.keeping.records import Notification
from testbed.gateway.output import Output
from testbed.gateway.presence.sessions import SessionTable
from testbed.gateway.routing import judge
from testbed.gateway.routing.policy import NEVER, Route
from testbed.gateway.schedule import Schedule
from testbed.gateway.terminal import Terminal, TerminalKind
from testbed.gateway.underway.deliveries import About, Delivery, Key, Waiting
from testbed.gateway.underway.routes import GiveUp, GoOn, Wait
from testbed.wap.session_events import SessionEstablished, SessionEvent, SessionResumed

SMS_GRACE: Final = 30.0
"""Seconds after its deadline that a push waits for what became of its short message."""
_NO_BEARER: Final = StatusCode.REQUIRED_BEARER_NOT_AVAILABLE
_NOTHING: Final = About()


class Dispatch:
    """All deliveries that have not ended."""

    def __init__(
        self,
        config: GatewayConfig,
        sessions: SessionTable,
        output: Output,
        wap: WapServer,
        *,
        save: Callable[[Delivery], None],
        random: Random,
    ) -> None:
        """``save`` has a delivery stored as it is now; ``wap`` has the sessions."""
        self._config = config
        self._sessions = sessions
        self._output = output
        self._save = save
        self._running: dict[Key, Delivery] = {}
        self._asking: dict[Terminal, list[Delivery]] = {}
        self._waiting = Waiting()
        self._looks: Schedule[Key] = Schedule()
        self._deadlines: Schedule[Key] = Schedule()
        self._approach = Approach(config, sessions, output, self._running, random=random)
        self._sms = ShortMessages(config, output)
        self._outgoing = Outgoing(config, output, wap, random=random, machine=self)
        self._queues, self._carriage = self._outgoing.queues, self._outgoing.carriage

    def __len__(self) -> int:
        """Return how many deliveries have not ended."""
        return len(self._running)

    @property
    def activations(self) -> Activations:
        """The activations that are under way; to be read only."""
        return self._approach.activations

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
        has_bearer = self._approach.take_up(delivery)
        if delivery.is_sent_once and delivery.state is not State.ACCEPTED:
            text = "it is sent once, and the gateway went down meanwhile"
            self.feed(delivery, Input.INTERRUPTED, now, About(text))
            return
        self._deadlines.set(delivery.key, push.deliver_before)
        if delivery.state is State.SUBMITTING:
            delivery.send_to = delivery.terminal.value
            self._submit(delivery, now, is_resumed=True)
        elif not has_bearer:
            about = About(f"pushes do not go by {push.bearer} any more", code=_NO_BEARER)
            self.feed(delivery, Input.REFUSED, now, about)
        elif push.deliver_before <= now:
            self._expire(delivery, now)
        elif push.deliver_after is not None and push.deliver_after > now:
            about = About("deliver-after-timestamp lies ahead", until=push.deliver_after)
            self.feed(delivery, Input.TOO_EARLY, now, about)
        else:
            self.feed(delivery, Input.DUE, now)
            self._approach.request(now)

    def refuse(self, delivery: Delivery, code: int, why: str, now: float) -> None:
        """End a delivery that is accepted before anything is tried."""
        self._running[delivery.key] = delivery
        self.feed(delivery, Input.REFUSED, now, About(why, code=code))

    def withdraw(self, delivery: Delivery, now: float, *, replaced_by: str | None = None) -> bool:
        """Cancel a delivery, or end it for what replaces it; False where it is too late."""
        occurred = Input.CANCELLED if replaced_by is None else Input.REPLACED
        if delivery.key not in self._running or (delivery.state, occurred) not in TABLE:
            return False
        if delivery.has_left:
            return False  # It went ahead, and the GGSN may have stored it.
        why = "cancelled" if replaced_by is None else records.replacement_note(replaced_by)
        was_going_out = delivery.state is State.SENDING
        self.feed(delivery, occurred, now, About(why, code=StatusCode.OK))
        if was_going_out:
            self._outgoing.next(delivery, now)
        return True

    def saved(self, delivery: Delivery, now: float) -> None:
        """Take note that a delivery is stored as it is: one that waited for that goes out."""
        if delivery.state is State.SENDING and not self._carriage.has(delivery):
            self._carriage.send(delivery, now)
        elif delivery.state is State.SUBMITTING and not self._sms.has(delivery):
            self._submit(delivery, now)

    def terminal_found(self, terminal: Terminal, answer: judge.CoreAnswer, now: float) -> None:
        """Take the core's answer about a terminal and judge for all that asked."""
        for delivery in self._asking.pop(terminal, ()):
            if delivery.state is State.JUDGING:
                self._judge(delivery, answer, now)
        self._approach.request(now)

    def activation_finished(self, key: str, answer: ActivationAnswer, now: float) -> bool:
        """Take the core's answer to an activation; return whether it was asked for."""
        finished = self._approach.finished(key, answer, now)
        if finished is None:
            return False
        deliveries, result = finished
        for delivery in deliveries:
            if delivery.state is not State.ACTIVATING:
                continue  # One of those before it has taken it along.
            if isinstance(result, Reached):
                self._take_address(delivery, result.address, now)
            else:
                self.fail(delivery, delivery.route, result, now)
        self._approach.request(now)
        return True

    def sms_finished(self, key: str, outcome: SmsOutcome, now: float) -> None:
        """Take what became of a push that an SMSC had."""
        delivery = self._sms.ended(key, outcome)
        if delivery is None:
            return
        if isinstance(outcome, SmsDelivered):
            about = About(records.BY_SMS, code=StatusCode.OK)
            self.feed(delivery, Input.SMS_DELIVERED, now, about)
        else:
            delivery.sms_failures += 1
            at = now + self._config.retry.wait(delivery.sms_failures)
            self.fail(delivery, Route.SMS, sms.failure(outcome, at), now)
        self._approach.request(now)

    def terminal_back(
        self, *, msisdn: str | None, imsi: str | None, addresses: Sequence[str], now: float
    ) -> None:
        """Look at once at whatever waits for a terminal that has shown itself."""
        for address in addresses:
            triggered = self._approach.triggered(address)
            if triggered is not None:
                self.activation_finished(triggered, Reached(address), now)
        for delivery in self._waiting.of(msisdn=msisdn, imsi=imsi, addresses=addresses):
            self._approach.shown(delivery)
            if delivery.state in (State.HELD, State.RETRYING):
                self.feed(delivery, Input.TERMINAL_BACK, now)
        self._approach.request(now)

    def session_event(self, event: SessionEvent, now: float) -> None:
        """Take what has happened to a session; a terminal that opens one is there."""
        self._carriage.session_event(event, now)
        if isinstance(event, SessionEstablished | SessionResumed):
            host = event.peer[0]
            self._sessions.trust(host)
            known = self._sessions.at(host)
            self.terminal_back(
                msisdn=None if known is None else known.msisdn,
                imsi=None if known is None else known.imsi,
                addresses=(host,),
                now=now,
            )

    def context_found(self, number: int, answer: judge.CoreAnswer, now: float) -> None:
        """Take the core's word about an address that something was sent to."""
        self._carriage.context_found(number, answer, now)
        self._approach.request(now)

    def unreachable(self, peer: Address, now: float, *, is_gone: bool) -> None:
        """Take the network's word that something sent there has come back."""
        self._carriage.unreachable(peer, now, is_gone=is_gone)
        self._approach.request(now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        times = (
            self._looks.next(),
            self._deadlines.next(),
            self._approach.next_timeout(),
            self._carriage.next_timeout(),
        )
        return min((time for time in times if time is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Expire what has outlived its deadline, look at what has waited long enough."""
        self._carriage.handle_timeout(now)
        for key in self._deadlines.take_due(now):
            if key in self._running:
                self._expire(self._running[key], now)
        for key in self._looks.take_due(now):
            if key in self._running:
                self.feed(self._running[key], Input.DUE, now)
        for key in self._approach.take_due(now):
            self._judge(self._running[key], None, now)
        for trigger, answer in self._approach.take_late(now):
            self.activation_finished(trigger, answer, now)
        self._approach.request(now)

    # The machine

    def feed(
        self, delivery: Delivery, occurred: Input, now: float, about: About = _NOTHING
    ) -> None:
        """Let something happen to a push: change its state and carry out what follows."""
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
                if is_news or delivery.has_new_times:
                    self._save(delivery)
            case Action.SUBMIT:
                delivery.progress.begin(Route.SMS, now)
                delivery.send_to = about.address
                self._queues.remove(delivery)
                self._save(delivery)
            case Action.SEND:
                delivery.send_to = about.address
                if delivery.has_left:
                    self._outgoing.take(delivery, Sent("it went ahead as the trigger"), now)
                elif delivery.is_sent_once:
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
        elif delivery.state is State.ACTIVATING:
            self._approach.leave(delivery)
        elif delivery.state is State.SUBMITTING:
            self._sms.forget(delivery)

    def judge_anew(self, delivery: Delivery, now: float) -> None:
        """Look once more at the terminal of a push that is being judged, unless that is so."""
        if delivery not in self._asking.get(delivery.terminal, ()):
            self._ask(delivery, now)

    def save(self, delivery: Delivery) -> None:
        """Have a push stored as it is now."""
        self._save(delivery)

    def _ask(self, delivery: Delivery, now: float) -> None:
        if delivery.progress.takes_ip:
            self._queues.add(delivery)
        if not self._config.ask_core:
            self._judge(delivery, judge.NotAsked(), now)
        elif delivery.terminal in self._asking:
            self._asking[delivery.terminal].append(delivery)
        else:
            self._asking[delivery.terminal] = [delivery]
            self._output.ask(LookUpTerminal(delivery.terminal))

    def _judge(self, delivery: Delivery, news: judge.CoreAnswer | None, now: float) -> None:
        """Judge for a push that is judging, or without news, whose activation came to nothing."""
        verdict = self._approach.verdict(delivery, news, now)
        match verdict:
            case judge.Online(address, known_by):
                self._outgoing.online(delivery.terminal, address, known_by, now)
            case judge.Activate(apn=apn):
                why = f"no context on {apn}"
                self._judged(delivery, "activate", Input.JUDGED_OFFLINE, why, now)
                self._want(delivery, verdict, now)
            case judge.Trigger(address):
                why = f"no session at {address}"
                self._judged(delivery, "trigger", Input.JUDGED_OFFLINE, why, now)
                self._want(delivery, verdict, now)
            case judge.Sms(msisdn):
                self._judged(delivery, "sms", Input.JUDGED_FOR_SMS, "", now, address=msisdn)
            case judge.Hold(_, why) if delivery.is_sent_once:
                self._judged(delivery, "undeliverable", Input.JUDGED_UNDELIVERABLE, why, now)
            case judge.Hold(until, why, route):
                was_activating = delivery.state is State.ACTIVATING
                occurred = Input.JUDGED_ABSENT if route is Route.HOLD else Input.PUT_OFF
                self._judged(delivery, "hold", occurred, why, now, until=until)
                if was_activating:
                    self._look_for_session(delivery, now)
            case judge.Undeliverable(code, why):
                occurred = Input.JUDGED_UNDELIVERABLE
                self._judged(delivery, "undeliverable", occurred, why, now, code=code)

    def _want(
        self, delivery: Delivery, verdict: judge.Activate | judge.Trigger, now: float
    ) -> None:
        self._approach.want(delivery, verdict, now)
        if delivery.has_new_times:
            self._save(delivery)

    def _judged(
        self,
        delivery: Delivery,
        verdict: str,
        occurred: Input,
        why: str,
        now: float,
        *,
        address: str = "",
        until: float | None = None,
        code: int = StatusCode.SERVICE_FAILURE,
    ) -> None:
        terminal = str(delivery.terminal)
        self._output.tell(TerminalJudged(delivery.push.push_id, terminal, verdict, why))
        self.feed(delivery, occurred, now, About(why, address, until, code))

    def _take_address(self, delivery: Delivery, address: str, now: float) -> None:
        terminal = delivery.terminal
        if terminal.kind is TerminalKind.ADDRESS and terminal.value != address:
            why = f"the terminal got another address than {terminal}"
            delivery.progress.give_up(Route.ACTIVATION, why)
            self._judge(delivery, None, now)
        else:
            self._outgoing.online(terminal, address, "activation", now)

    def fail(self, delivery: Delivery, route: Route, failed: NotReached, now: float) -> None:
        """Do what the policy says about a route that came to nothing."""
        is_activation = delivery.state is State.ACTIVATING
        refusal, at, why = failed.refusal, failed.at, failed.why
        following = delivery.progress.fail(route, refusal, why, at=at, now=now)
        if delivery.is_sent_once and not (is_activation and isinstance(following, GoOn)):
            code = following.code if isinstance(following, GiveUp) else StatusCode.SERVICE_FAILURE
            self.feed(delivery, Input.IN_VAIN, now, About(why, code=code))
            return
        match following:
            case GiveUp(code):
                self.feed(delivery, Input.IN_VAIN, now, About(why, code=code))
            case Wait(at):
                self.feed(delivery, Input.PUT_OFF, now, About(why, until=at))
                if is_activation:
                    self._look_for_session(delivery, now)
            case GoOn() if is_activation:
                # What the core said serves still: nothing but the activation has changed.
                self._judge(delivery, None, now)
            case GoOn() if route is Route.IP:
                # What waits behind it goes first.
                self.feed(delivery, Input.PUT_OFF, now, About(why, until=now))
            case GoOn():
                self.feed(delivery, Input.GIVEN_UP, now, About(why))

    def _look_for_session(self, delivery: Delivery, now: float) -> None:
        """Judge anew at once where the terminal came online by itself meanwhile."""
        if self._approach.session(delivery) is not None:
            self.feed(delivery, Input.TERMINAL_BACK, now)

    def _submit(self, delivery: Delivery, now: float, *, is_resumed: bool = False) -> None:
        end = delivery.progress.begin(Route.SMS, now)
        deadline = min(end, delivery.push.deliver_before)
        self._sms.submit(delivery, delivery.send_to, deadline, is_resumed=is_resumed)

    def _wait(self, delivery: Delivery, about: About, now: float, *, is_early: bool) -> None:
        until = NEVER if about.until is None else about.until
        if delivery.state is State.HELD and not is_early:
            until = min(until, now + self._config.retry.poll)
        self._looks.set(delivery.key, until)
        if not is_early:
            self._waiting.add(delivery)
        self._output.tell(PushHeld(delivery.push.push_id, delivery.address, until, about.note))

    def _report(self, delivery: Delivery, about: About) -> None:
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
        late = delivery.push.deliver_before + SMS_GRACE
        if delivery.state is State.SUBMITTING and now < late:
            # The SMSC knows the deadline, and is about to say what became of it.
            self._deadlines.set(delivery.key, late)
            return
        waits = (
            entry.note
            for entry in reversed(delivery.history)
            if entry.state in (State.HELD, State.RETRYING)
        )
        last = next(waits, "")
        note = f"not delivered in time; last: {last}" if last else "not delivered in time"
        was_going_out = delivery.state is State.SENDING
        self.feed(delivery, Input.DEADLINE_PASSED, now, About(note))
        if was_going_out:
            self._outgoing.next(delivery, now)
