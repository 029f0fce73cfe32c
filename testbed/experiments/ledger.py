"""What a push gateway or an SMSC promised, and what was seen of it from outside, life by life.

Theory of operation. What is said of a push and its result here holds for an SMSC's message and its
delivery receipt too. A *life* is one process from its start to its kill. The ledger is told
what initiators were answered, what arrived at terminals, which results were posted and answered;
and after each death, what the store knew at that moment. From that it tells what must not be:

- an accepted push that is lost;
- a push sent again although the store knew its end, or twice within one life;
- a result posted again although the store knew that the initiator had answered, or twice within
  the life in which it was answered.

And it counts what cannot be avoided: what was sent, or answered, in the moment before a death, so
that nobody could write it down, happens again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Life = tuple[str, int]
"""A gateway by its address, and the number of its life."""


@dataclass(slots=True)
class _Push:
    sent: list[Life] = field(default_factory=list)
    sent_at: float = 0.0
    posted: int = 0
    answered: Life | None = None
    """The life whose result was answered last."""
    answered_at: float = 0.0
    end_stored: bool = False
    answer_stored: bool = False


@dataclass(slots=True)
class Ledger:
    """Everything that was seen of the pushes of one run."""

    things: str = "pushes"
    results: str = "results"
    """What people call them."""

    accepted: set[str] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)
    kills: int = 0
    sent_again: int = 0
    """Datagrams of pushes that a killed gateway had sent, but whose end was not stored."""
    posted_again: int = 0
    """Results that were answered, but whose answer was not stored when the gateway was killed."""
    longest_unknown: float = 0.0
    """Seconds from the oldest such datagram or answer to the death that came between."""
    dead: dict[Life, float] = field(default_factory=dict)
    """When each life ended."""
    _pushes: dict[str, _Push] = field(default_factory=dict)

    def was_accepted(self, push_id: str) -> None:
        """Note that an initiator was told so."""
        self.accepted.add(push_id)

    def was_sent(self, push_id: str, life: Life, now: float) -> None:
        """Note that a push arrived at its terminal, sent in that life."""
        push = self._push(push_id)
        if push.end_stored:
            self._violated(push_id, f"was sent in life {life} although its end was stored")
        elif life in push.sent:
            self._violated(push_id, f"was sent twice in life {life}")
        elif not self.dead.keys() >= set(push.sent):
            self._violated(push_id, f"was sent in life {life} while {push.sent} was not over")
        elif push.sent:
            self.sent_again += 1
        push.sent.append(life)
        push.sent_at = now

    def has_arrived(self, push_id: str) -> bool:
        """Return whether it was seen at its terminal."""
        return bool(self._push(push_id).sent)

    def was_posted(self, push_id: str, life: Life) -> None:
        """Note that a result notification came from that life."""
        push = self._push(push_id)
        if push.answer_stored:
            self._violated(push_id, f"was reported in life {life} although the answer was stored")
        elif push.answered == life:
            self._violated(push_id, f"was reported again in life {life}, which had its answer")
        elif push.answered is not None and push.answered not in self.dead:
            self._violated(push_id, f"was reported while {push.answered} had its answer")
        elif push.answered is not None:
            self.posted_again += 1
        push.posted += 1

    def was_answered(self, push_id: str, life: Life, now: float) -> None:
        """Note that the initiator's answer went out."""
        push = self._push(push_id)
        push.answered = life
        push.answered_at = now

    def was_killed(self, life: Life, now: float) -> list[str]:
        """Note a death; return the pushes that it left with something in question."""
        self.kills += 1
        self.dead[life] = now
        return [
            push_id
            for push_id, push in self._pushes.items()
            if (push.sent[-1:] == [life] and not push.end_stored)
            or (push.answered == life and not push.answer_stored)
        ]

    def was_stored(self, push_id: str, life: Life, *, ended: bool, answered: bool) -> None:
        """Note what the store knew of a push after that death."""
        push = self._push(push_id)
        push.end_stored = push.end_stored or ended
        push.answer_stored = push.answer_stored or answered
        if push.sent[-1:] == [life] and not ended:
            self._note_unknown(self.dead[life] - push.sent_at)
        elif push.answered == life and not answered:
            self._note_unknown(self.dead[life] - push.answered_at)

    def unreported(self) -> list[str]:
        """Return the accepted pushes whose result was not answered yet."""
        return [push_id for push_id in self.accepted if self._push(push_id).answered is None]

    def close(self, done: Iterable[str], failed: Iterable[str] = ()) -> None:
        """Compare with what the store holds as ended and reported in the end.

        Of ``failed`` it says that they could not be delivered.
        """
        kept, excused = set(done), set(failed)
        for push_id in self.accepted:
            if push_id not in kept:
                self._violated(push_id, "was accepted, and is not delivered and reported")
            elif push_id in excused:
                if self._push(push_id).sent:
                    self._violated(push_id, "is said to have failed, and arrived")
            elif not self._push(push_id).sent:
                self._violated(push_id, "is said to be delivered, and never arrived")

    def report(self) -> str:
        """Return what was found, for people."""
        sent = sum(len(push.sent) for push in self._pushes.values())
        posted = sum(push.posted for push in self._pushes.values())
        counted = (
            ("kills", self.kills),
            (f"{self.things} accepted", len(self.accepted)),
            (f"{self.things} that arrived at terminals", sent),
            ("  sent again, first outcome unknown", self.sent_again),
            (f"{self.results} posted", posted),
            ("  posted again, first answer unknown", self.posted_again),
            ("longest time not written at a death", f"{1000 * self.longest_unknown:.0f} ms"),
            ("violations", len(self.violations)),
        )
        lines = [f"{what:<40}{value}" for what, value in counted]
        return "\n".join([*lines, *(f"  {violation}" for violation in self.violations[:20])])

    def _note_unknown(self, seconds: float) -> None:
        self.longest_unknown = max(self.longest_unknown, seconds)

    def _push(self, push_id: str) -> _Push:
        return self._pushes.setdefault(push_id, _Push())

    def _violated(self, push_id: str, what: str) -> None:
        self.violations.append(f"{push_id} {what}")
