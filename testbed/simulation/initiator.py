"""A push initiator in virtual time: posts pushes until they are answered, takes the results.

Specs: WAP-247 §8 (PAP over HTTP), §9.14 (status codes).

Theory of operation. What is submitted goes to the gateway again, under the same push-id, when
the connection breaks before an answer is there; "duplicate push-id" then says that the gateway
had it all along. Result notifications are answered as the initiator's ``Conduct`` has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from testbed.codecs import pap
from testbed.codecs.pap import PapError, StatusCode
from testbed.gateway.submissions.answers import HttpAnswer
from testbed.initiator.submission import HttpMessage, read_answer, take_notification
from testbed.simulation.network import VirtualNetwork

SERVICE_UNAVAILABLE: Final = 503

Submit = Callable[[str, bytes, Callable[[HttpAnswer | None], None]], None]
"""Posts a Content-Type and a body; calls back with the answer, or None for a broken connection."""

_ACCEPTED: Final = frozenset({StatusCode.ACCEPTED, StatusCode.DUPLICATE_PUSH_ID})


@dataclass(frozen=True, slots=True)
class Conduct:
    """How an initiator takes result notifications. Probabilities are 0..1 for each POST."""

    delay: float = 0.0
    """Seconds that it thinks before it answers."""
    failing: float = 0.0
    """Probability of HTTP 503: the notification is not taken."""
    mute: float = 0.0
    """Probability that the notification is taken, but the answer is lost."""


@dataclass(frozen=True, slots=True)
class Notified:
    """A result notification that was taken."""

    time: float
    """Seconds since 1970-01-01 UTC."""
    notification: pap.ResultNotification


class VirtualInitiator:
    """One initiator: what it has submitted, and what it was told."""

    def __init__(
        self,
        network: VirtualNetwork,
        url: str,
        *,
        random: Random,
        conduct: Conduct | None = None,
        again_after: float = 1.0,
    ) -> None:
        """``url`` is where it wants to be notified; ``again_after`` a broken POST, in seconds."""
        self._network = network
        self._random = random
        self._again_after = again_after
        self.url = url
        self.conduct = conduct or Conduct()
        """May be changed at any time."""
        self.answers: dict[str, pap.PushResponse | pap.BadMessageResponse] = {}
        """The gateway's answer by push-id."""
        self.notified: list[Notified] = []
        """Every notification, repeated ones included, in the order in which they came."""
        self.submissions = 0
        """POSTs of pushes, repeated ones included."""

    def submit(self, push_id: str, message: HttpMessage, submit: Submit) -> None:
        """Post ``message`` by ``submit`` until the gateway answers."""
        self.submissions += 1

        def answered(answer: HttpAnswer | None) -> None:
            if answer is None:
                self._network.call_later(
                    self._again_after, lambda: self.submit(push_id, message, submit)
                )
            else:
                self.answers[push_id] = read_answer(answer.body)

        submit(message.content_type, message.body, answered)

    def accepted(self) -> list[str]:
        """Return the push-ids that the gateway has taken on, in the order of its answers."""
        return [push_id for push_id, answer in self.answers.items() if answer.code in _ACCEPTED]

    def results(self) -> dict[tuple[str, str], list[pap.ResultNotification]]:
        """Return what was notified, by push-id and address."""
        results: dict[tuple[str, str], list[pap.ResultNotification]] = {}
        for notified in self.notified:
            one = notified.notification
            results.setdefault((one.push_id, one.address), []).append(one)
        return results

    def take(self, body: bytes, answer: Callable[[int, bytes], None]) -> None:
        """Take a POST to the notification URL and answer it with status and body, or not at all.

        Raises PapError for what is no result notification: the gateway is at fault.
        """
        conduct = self.conduct
        if conduct.failing and self._random.random() < conduct.failing:
            self._later(lambda: answer(SERVICE_UNAVAILABLE, b""))
            return
        receipt = take_notification("application/xml", body)
        if receipt.notification is None:
            raise PapError(StatusCode.BAD_REQUEST, f"no result notification: {body!r}")
        self.notified.append(Notified(self._network.now(), receipt.notification))
        if not (conduct.mute and self._random.random() < conduct.mute):
            self._later(lambda: answer(202, receipt.answer.body))

    def _later(self, action: Callable[[], None]) -> None:
        self._network.call_later(self.conduct.delay, action)
