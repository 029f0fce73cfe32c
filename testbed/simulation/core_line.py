"""A gateway's connection to its core's control interface, in virtual time.

The core is asked in process, in the words of its control interface, over a connection that takes
its time and can be broken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Final, TypeVar

from corenet.control.core import CoreControl
from corenet.control.errors import ControlError
from corenet.control.model import ActivationRequest, Terminal, TerminalQuery
from corenet.interfaces.activation import ActivationOutcome
from testbed.gateway.activation.activate import ActivationAnswer, Refused, Unanswered
from testbed.gateway.effects import RequestActivation
from testbed.gateway.routing.judge import CoreAnswer, CoreSilent, TerminalView, UnknownTerminal
from testbed.gateway.terminal import Terminal as AddressedTerminal
from testbed.simulation.network import VirtualNetwork

A = TypeVar("A")

NOT_FOUND: Final = 404
SHORTEST_DEADLINE: Final = 0.1
LONGEST_DEADLINE: Final = 3600.0
"""Seconds that an activation may be given over the control interface."""
LOOK_UP_TIME: Final = 10.0
"""Seconds that the core may take to answer a look-up."""
ANSWER_MARGIN: Final = 5.0
"""Seconds that the core may answer later than the deadline it was given."""


class CoreLine:
    """Asks a core, and hears its answers."""

    def __init__(self, network: VirtualNetwork, control: CoreControl, *, delay: float) -> None:
        """``delay`` is how many seconds one way takes."""
        self._network = network
        self._control = control
        self._delay = delay
        self._numbers = count(1)
        self._exchanges: dict[int, Callable[[], None]] = {}
        """What breaks each exchange that is under way."""
        self.is_there = True
        """Whether the control interface can be reached."""

    def break_off(self) -> None:
        """Be out of order from now on: what is under way breaks."""
        self.is_there = False
        for broken in list(self._exchanges.values()):
            broken()

    def mend(self) -> None:
        """Be in order again."""
        self.is_there = True

    def look_up(self, about: AddressedTerminal, take: Callable[[CoreAnswer], None]) -> None:
        """Ask about a terminal; ``take`` gets the one answer."""

        def ask(answer: Callable[[CoreAnswer], None]) -> None:
            answer(self._terminal(about))

        self._exchange(ask, CoreSilent, take, within=LOOK_UP_TIME)

    def activate(self, effect: RequestActivation, take: Callable[[ActivationAnswer], None]) -> None:
        """Ask for a PDP context; ``take`` gets the one answer."""

        def silent(reason: str) -> ActivationAnswer:
            return Unanswered(reason)

        left = effect.deadline - self._network.now()
        seconds = min(max(left, SHORTEST_DEADLINE), LONGEST_DEADLINE)
        request = ActivationRequest(
            imsi=effect.imsi, apn=effect.apn, key=effect.key, deadline_seconds=seconds
        )
        self._exchange(
            lambda answer: self._request(request, answer),
            silent,
            take,
            within=seconds + ANSWER_MARGIN,
        )

    def _terminal(self, about: AddressedTerminal) -> CoreAnswer:
        query = TerminalQuery.model_validate({about.kind.value: about.value})
        try:
            found = self._control.terminals(query)
        except ControlError as error:
            return UnknownTerminal() if error.status == NOT_FOUND else CoreSilent(str(error))
        return terminal_view(found.terminals[0])

    def _request(
        self, request: ActivationRequest, answer: Callable[[ActivationAnswer], None]
    ) -> None:
        try:
            requested = self._control.request_activation(request)
        except ControlError as error:
            reason = str(error)
            answer(Refused(reason) if error.status == NOT_FOUND else Unanswered(reason))
            return

        def finished() -> None:
            outcome = requested.outcome
            assert isinstance(outcome, ActivationOutcome)
            answer(replace(outcome, cause=requested.mobile_cause or outcome.cause))

        if requested.outcome is not None:
            finished()
        else:
            requested.waiting.append(finished)

    def _exchange(
        self,
        ask: Callable[[Callable[[A], None]], None],
        silent: Callable[[str], A],
        take: Callable[[A], None],
        *,
        within: float,
    ) -> None:
        """Ask the core; ``take`` gets its one answer, or what ``silent`` makes of a reason.

        The core has ``within`` seconds to answer.
        """
        if not self.is_there:
            refused = silent("connection refused")
            self._network.call_later(self._delay, lambda: take(refused))
            return
        number = next(self._numbers)

        def end(answer: A) -> None:
            if self._exchanges.pop(number, None) is not None:
                late.cancel()
                take(answer)

        def answer(value: A) -> None:
            self._network.call_later(self._delay, lambda: end(value))

        def arrive() -> None:
            if number in self._exchanges:
                ask(answer)

        self._exchanges[number] = lambda: end(silent("it broke off"))
        late = self._network.call_later(within, lambda: end(silent("no answer in time")))
        self._network.call_later(self._delay, arrive)


def terminal_view(terminal: Terminal) -> TerminalView:
    """Return what the control interface says of a terminal as the gateway reads it."""
    return TerminalView(
        imsi=terminal.imsi,
        msisdn=terminal.msisdn,
        contexts=tuple(
            (context.apn, address)
            for context in terminal.contexts
            for address in dict.fromkeys((context.address, context.ipv6_address))
            if address is not None
        ),
        attached=terminal.attached,
        reachable=terminal.reachable,
        static_addresses=terminal.static_addresses,
        downlink_idle={context.address: context.downlink_idle for context in terminal.contexts},
    )
