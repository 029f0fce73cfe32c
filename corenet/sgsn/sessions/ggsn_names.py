"""What the DNS says of GGSNs: questions that are open, and answers that are still good.

Specs: TS 23.060 Annex A (APN and GGSN selection), TS 23.003 §9.1 (names of access points),
RFC 1035 §3.2.1 (TTL), RFC 2308 (negative answers).

Theory of operation. A name is asked once, however many activations wait for it. An answer is
believed for its TTL, within bounds: one of 0 would have every activation ask, and a very long one
would keep a GGSN in use that has gone. That there is no such name is believed for a time too, that
nobody answered for a short one. Of more names than are kept, that which was used longest ago is
forgotten.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from corenet.interfaces.names import NameAnswer, NameAsked, RecordType
from corenet.schedule import Alarm
from corenet.sgsn.config import DnsConfig
from corenet.sgsn.core import Core
from corenet.sgsn.events import GgsnsFound, GgsnsNotFound

Then = Callable[[NameAnswer, float], None]
"""Called with the answer and the time."""


@dataclass(slots=True)
class _Question:
    alarm: Alarm
    then: list[Then] = field(default_factory=list)


class GgsnNames:
    """The names of access points that were asked lately."""

    def __init__(self, core: Core, config: DnsConfig) -> None:
        self._core = core
        self._config = config
        self._known: OrderedDict[str, tuple[float, NameAnswer]] = OrderedDict()
        """When an answer ceases to be good, and the answer."""
        self._open: dict[str, _Question] = {}
        ipv6 = ":" in core.config.control_address
        self._record = RecordType.AAAA if ipv6 else RecordType.A

    def __len__(self) -> int:
        """Return how many questions are open."""
        return len(self._open)

    def known(self, name: str, now: float) -> NameAnswer | None:
        """Return what is known of a name, None where the DNS has to be asked."""
        entry = self._known.get(name)
        if entry is None:
            return None
        until, answer = entry
        if now >= until:
            del self._known[name]
            return None
        self._known.move_to_end(name)
        self._core.count("ggsn_names_known")
        return answer

    def ask(self, name: str, now: float, then: Then) -> None:
        """Ask the DNS; ``then`` is called once, later."""
        question = self._open.get(name)
        if question is None:
            due = now + self._config.timeout
            alarm = self._core.schedule.at(due, lambda now: self._expired(name, now))
            question = self._open[name] = _Question(alarm)
            self._core.count("ggsn_names_asked")
            self._core.emit(NameAsked(name, self._record))
        question.then.append(then)

    def answered(self, answer: NameAnswer, now: float) -> None:
        """Take the DNS's answer."""
        self._keep(answer, now)
        question = self._open.pop(answer.name, None)
        if question is None:
            return
        question.alarm.cancel()
        if answer.addresses:
            self._core.emit(GgsnsFound(answer.name, answer.addresses, answer.ttl))
        else:
            self._core.count(
                "ggsn_names_unknown" if answer.failure is None else "ggsn_names_failed"
            )
            reason = answer.failure or "there is no such name, or it has no address"
            self._core.emit(GgsnsNotFound(answer.name, reason))
        for then in question.then:
            then(answer, now)

    def _expired(self, name: str, now: float) -> None:
        self.answered(NameAnswer(name, failure="no answer in time"), now)

    def _keep(self, answer: NameAnswer, now: float) -> None:
        config = self._config
        if answer.failure is not None:
            good = config.failure_time
        elif not answer.addresses:
            longest = config.longest_negative
            good = longest if answer.ttl is None else min(answer.ttl, longest)
        else:
            good = min(max(answer.ttl or 0.0, config.shortest), config.longest)
        self._known[answer.name] = (now + good, answer)
        self._known.move_to_end(answer.name)
        if len(self._known) > config.max_names:
            self._known.popitem(last=False)
