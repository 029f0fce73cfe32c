"""Brings pushes to where they can be sent: judges, and has terminals activated.

Theory of operation. ``verdict`` puts together all that is known of a terminal and of what was tried
for a push. A push that needs a context ``want``s it: by the core's control interface or, where
there is no core to ask, by a Gi trigger. Both are activations: one per terminal, so many at a time,
with back-offs (``activate``). ``request`` brings about those whose turn it is, ``finished`` says
what came of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import count
from random import Random
from typing import Final
from zlib import crc32

from testbed.codecs.pap import DeliveryMethod
from testbed.gateway.activation.activate import (
    ActivationAnswer,
    Activations,
    NotReached,
    Reached,
    Request,
    Result,
    StaticAddress,
    Subject,
    Target,
    Unanswered,
)
from testbed.gateway.activation.trigger import Triggers
from testbed.gateway.config import GatewayConfig
from testbed.gateway.effects import RequestActivation
from testbed.gateway.events import ActivationAnswered, ActivationRequested
from testbed.gateway.output import Output
from testbed.gateway.presence.sessions import Session, SessionTable
from testbed.gateway.routing import judge
from testbed.gateway.routing.policy import NEVER, Refusal, Route
from testbed.gateway.schedule import Schedule
from testbed.gateway.terminal import Terminal, TerminalKind
from testbed.gateway.underway.deliveries import Delivery, Key

_NOT_IN_A_KEY: Final = re.compile(r"[^A-Za-z0-9._~:@-]")
_NEEDS_A_SESSION: Final = frozenset({DeliveryMethod.CONFIRMED, DeliveryMethod.PREFER_CONFIRMED})


class Approach:
    """The judging and the activations of one gateway."""

    def __init__(
        self,
        config: GatewayConfig,
        sessions: SessionTable,
        output: Output,
        deliveries: Mapping[Key, Delivery],
        *,
        random: Random,
    ) -> None:
        """``deliveries`` are those that have not ended."""
        self._config = config
        self._sessions = sessions
        self._output = output
        self._deliveries = deliveries
        self.activations = Activations(
            at_once=config.limits.activations,
            waits=config.retry.waits,
            attempts=config.retry.attempts,
            random=random,
        )
        self._triggers: Triggers | None = None
        if config.gi_trigger is not None:
            self._triggers = Triggers(config.gi_trigger, output)
        self._ends: Schedule[Key] = Schedule()
        """When a push that waits for an activation takes the next route."""
        # Keys must not repeat after a restart, or the core would answer with an old outcome.
        self._key_suffix = f"{random.getrandbits(48):012x}"
        self._key_numbers = count(1)

    def take_up(self, delivery: Delivery) -> bool:
        """Say by which rule a push goes, and where a trigger would reach its terminal.

        False where the bearer that it requires cannot be had any more: the gateway has restarted
        with another configuration.
        """
        config, push = self._config, delivery.push
        rule = config.rule_for(
            push.application, push.initiator, push.bearer, bearer_required=push.bearer_required
        )
        delivery.progress.take_up(rule or config.policy.rule_for(push.application, push.initiator))
        if config.gi_trigger is not None:
            delivery.static_address = config.gi_trigger.address_of(delivery.terminal)
        return rule is not None

    # Judging

    def verdict(
        self, delivery: Delivery, news: judge.CoreAnswer | None, now: float
    ) -> judge.Verdict:
        """Return what to do about a push, by all that is known.

        ``news`` is what the core says now, also of a terminal that was away; None: it was not
        asked again.
        """
        if news is not None:
            delivery.progress.look()
            if isinstance(news, judge.TerminalView) and not self._config.has_ipv6:
                news = news.in_ipv4()
            delivery.answer = news
        core = delivery.answer
        if isinstance(core, judge.TerminalView):
            delivery.imsi = core.imsi
        progress = delivery.progress
        verdict = judge.judge(
            delivery.terminal,
            self._known(delivery, core, now),
            progress.rule,
            progress.tried,
            apn=self._config.apn,
            ask_again=self._config.retry.ask_again,
            now=now,
        )
        if isinstance(verdict, judge.Hold):
            progress.begin(verdict.route, now)
        return verdict

    def session(self, delivery: Delivery) -> Session | None:
        """Return the accounting session of a push's terminal, or None."""
        terminal = delivery.terminal
        if terminal.kind is TerminalKind.ADDRESS:
            return self._sessions.trusted_at(terminal.value)
        session = self._sessions.of_msisdn(terminal.value)
        if session is None and delivery.static_address is not None:
            return self._sessions.trusted_at(delivery.static_address)
        return session

    def _known(self, delivery: Delivery, core: judge.CoreAnswer, now: float) -> judge.Known:
        terminal, session = delivery.terminal, self.session(delivery)
        msisdn = None if session is None else session.msisdn
        standings = {}
        if isinstance(core, judge.TerminalView):
            apn = judge.apn_of(terminal, core, self._config.apn)
            subject = Subject(core.imsi, self._config.apn if apn is None else apn)
            standings[Route.ACTIVATION] = self.activations.standing(subject, now)
        if delivery.static_address is not None:
            static = StaticAddress(delivery.static_address)
            standings[Route.GI_TRIGGER] = self.activations.standing(static, now)
        return judge.Known(
            core,
            None if session is None else _reached_at(terminal, session),
            terminal.value if terminal.kind is TerminalKind.MSISDN else msisdn,
            delivery.static_address,
            standings,
        )

    # Activating

    def want(self, delivery: Delivery, verdict: judge.Activate | judge.Trigger, now: float) -> None:
        """Have a push told when its terminal is active, or is not; no later than its time allows.

        To be called when the push waits for it.
        """
        push = delivery.push
        target: Target
        match verdict:
            case judge.Activate(imsi, apn):
                delivery.route, target = Route.ACTIVATION, Subject(imsi, apn)
            case judge.Trigger(address):
                delivery.route, target = Route.GI_TRIGGER, StaticAddress(address)
        delivery.target = target
        end = delivery.progress.begin(delivery.route, now)
        if end < NEVER:
            self._ends.set(delivery.key, end)
        self.activations.want(
            target,
            delivery.key,
            key=self._key(delivery),
            deadline=min(end, push.deliver_before),
            rule=self._config.policy.rule_for(push.application, push.initiator),
            priority=push.priority,
            initiator=push.initiator,
        )

    def leave(self, delivery: Delivery) -> None:
        """Have a push told no more. Safe where it waits for nothing."""
        self._ends.cancel(delivery.key)
        if delivery.target is not None:
            self.activations.withdraw(delivery.target, delivery.key)
            delivery.target = None

    def request(self, now: float) -> None:
        """Bring about the activations whose turn it is."""
        for request in self.activations.take_requests():
            match request.target:
                case Subject(imsi, apn):
                    push_ids = _push_ids(request.waiters)
                    self._output.tell(ActivationRequested(request.key, imsi, apn, push_ids))
                    deadline = min(request.deadline, now + self._config.activation_time)
                    self._output.ask(RequestActivation(request.key, imsi, apn, deadline))
                case StaticAddress(address):
                    self._trigger(request, address, now)

    def finished(
        self, key: str, answer: ActivationAnswer, now: float
    ) -> tuple[list[Delivery], Result] | None:
        """Take how an activation ended; return who waited for it, and what to tell them.

        None where it was not asked for.
        """
        finished = self.activations.finished(key, answer, now)
        if finished is None:
            return None
        target, waiters, result = finished
        self._output.tell(
            ActivationAnswered(
                key,
                Route.GI_TRIGGER if isinstance(target, StaticAddress) else Route.ACTIVATION,
                "reached" if isinstance(result, Reached) else str(result.refusal),
                result.address if isinstance(result, Reached) else result.why,
                _push_ids(waiters),
            )
        )
        deliveries = [self._deliveries[waiter] for waiter in waiters]
        for delivery in deliveries:
            self._ends.cancel(delivery.key)
            delivery.target = None
            if isinstance(result, NotReached):
                delivery.has_left = False
        return deliveries, result

    def shown(self, delivery: Delivery) -> None:
        """Take note that a push's terminal has shown itself: every route may be taken again."""
        delivery.progress.start_over()
        for whose in (delivery.imsi, delivery.static_address):
            if whose is not None:
                self.activations.clear(whose)

    def triggered(self, address: str) -> str | None:
        """Return the key of the activation that a session at ``address`` ends, or None."""
        return None if self._triggers is None else self._triggers.session_began(address)

    def next_timeout(self) -> float | None:
        """Return when ``take_due`` or ``take_late`` have something, or None."""
        triggers = None if self._triggers is None else self._triggers.next_timeout()
        return min((t for t in (self._ends.next(), triggers) if t is not None), default=None)

    def take_due(self, now: float) -> list[Key]:
        """Return the pushes whose time for an activation is over."""
        return self._ends.take_due(now)

    def take_late(self, now: float) -> list[tuple[str, Unanswered]]:
        """Return the triggers after which no session began, with what to take for their answer."""
        keys = [] if self._triggers is None else self._triggers.take_due(now)
        answer = Unanswered("no accounting session after the trigger", Refusal.NO_CONTEXT)
        return [(key, answer) for key in keys]

    def _trigger(self, request: Request, address: str, now: float) -> None:
        assert self._triggers is not None
        assert self._config.gi_trigger is not None
        first = self._deliveries[request.waiters[0]]
        push = None
        if self._config.gi_trigger.sends_push and self._may_go_ahead(first):
            first.has_left = True
            push = bytes([crc32(request.key.encode()) & 0xFF]) + first.push.pdu
        self._triggers.send(
            request.key,
            address,
            push,
            push_ids=_push_ids(request.waiters),
            until=request.deadline,
            now=now,
        )

    def _may_go_ahead(self, delivery: Delivery) -> bool:
        """Return whether a push may go out although nobody may be there."""
        return (
            not delivery.is_sent_once
            and delivery.push.delivery_method not in _NEEDS_A_SESSION
            and len(delivery.push.pdu) < self._config.limits.datagram
        )

    def _key(self, delivery: Delivery) -> str:
        push_id = _NOT_IN_A_KEY.sub("_", delivery.push.push_id)[:120]
        return f"{push_id}~{self._key_suffix}.{next(self._key_numbers)}"


def _reached_at(terminal: Terminal, session: Session) -> str:
    """Return the address asked for, which may be any of the session's prefix, or the session's."""
    return terminal.value if terminal.kind is TerminalKind.ADDRESS else session.address


def _push_ids(waiters: Iterable[Key]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(push_id for push_id, _ in waiters))
