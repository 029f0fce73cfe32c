"""What initiators have posted and wait to be answered.

Theory of operation. What arrives in one turn of the reactor is given to the gateway together, in
the next. What it answers is sent when it has done all that it does at a time, and the log says so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall

from testbed.gateway.effects import AnswerSubmission
from testbed.gateway.submissions.answers import HttpAnswer


class Submissions:
    """All that are not answered."""

    def __init__(
        self,
        reactor: Any,
        *,
        deliver: Callable[[Sequence[Callable[[float], None]]], None],
        answered: Callable[[float], None],
        flush_log: Callable[[], None] | None,
    ) -> None:
        """``deliver`` commands the gateway several things at once.

        ``answered`` gets the seconds that each submission has taken; ``flush_log`` writes what has
        been logged, before anybody is answered.
        """
        self._reactor = reactor
        self._deliver = deliver
        self._answered = answered
        self._flush_log = flush_log
        self._waiting: dict[str, tuple[Deferred[HttpAnswer], float]] = {}
        """What to fire, and when the submission came, by key."""
        self._arrived: list[Callable[[float], None]] = []
        self._taking: IDelayedCall | None = None
        self._answers: list[tuple[Deferred[HttpAnswer], HttpAnswer]] = []
        self._keys = count(1)

    def add(self, submit: Callable[[str, float], None]) -> Deferred[HttpAnswer]:
        """Have something submitted; fire with what to answer.

        ``submit`` is called with a key and the time; what it raises comes back.
        """
        key = f"submission-{next(self._keys)}"

        def forget(_cancelled: Deferred[Any]) -> None:
            self._waiting.pop(key, None)

        answer: Deferred[HttpAnswer] = Deferred(forget)
        self._waiting[key] = answer, self._reactor.seconds()
        self._arrived.append(partial(self._submit, submit, key))
        if self._taking is None:
            self._taking = self._reactor.callLater(0, self._take)
        return answer

    def answer(self, effect: AnswerSubmission) -> None:
        """Take what the gateway answers, to be sent with what else it does answer."""
        waiting = self._waiting.pop(effect.key, None)
        if waiting is not None:
            answer, began = waiting
            self._answered(self._reactor.seconds() - began)
            what = HttpAnswer(effect.status, effect.content_type, effect.body)
            self._answers.append((answer, what))

    def send_answers(self) -> None:
        """Send what has been answered."""
        answers, self._answers = self._answers, []
        if answers and self._flush_log is not None:
            self._flush_log()
        for answer, what in answers:
            if not answer.called:
                answer.callback(what)

    def stop(self) -> None:
        """Give the gateway nothing more."""
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def _submit(self, submit: Callable[[str, float], None], key: str, now: float) -> None:
        try:
            submit(key, now)
        except Exception:
            waiting = self._waiting.pop(key, None)
            if waiting is not None:
                waiting[0].errback()

    def _take(self) -> None:
        self._taking = None
        arrived, self._arrived = self._arrived, []
        self._deliver(arrived)
