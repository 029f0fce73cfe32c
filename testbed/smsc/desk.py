"""Takes messages that are to be delivered at once, and tells how each went: transaction, datagram.

Specs: SMPP 3.4 §2.7.2 (datagram mode), §2.7.3 (transaction mode); TS 23.040 §9.2.3.24.1.

Theory of operation. A message is cut into its segments, which have a reference that nothing else on
its way to that terminal has, and goes out as one consignment. Whoever submitted it hears the
outcome when there is one, and goes on with others meanwhile.

An ESME that has lost its connection does not know what became of what it had submitted. So a
transaction that has a user_message_reference is known by it: submitted again while it is under way
it is joined, and for some time after its end it is answered with the same outcome. Nothing goes to
the terminal twice.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from corenet.interfaces.node import Event
from testbed.smsc.config import SmscConfig
from testbed.smsc.events import MessageAccepted, TransactionEnded
from testbed.smsc.message import Mode, NotSendableError, ShortMessage
from testbed.smsc.references import NoReferenceError, References
from testbed.smsc.room import QueueFullError
from testbed.smsc.sending import Consignment, Sending
from testbed.smsc.submission import Submission
from testbed.smsc.transaction import Outcome, TransactionPolicy

Heard = Callable[[str, Outcome, float], None]
"""Told the message's id, its outcome, and when."""

_MOST_REMEMBERED: Final = 100_000


@dataclass(frozen=True, slots=True)
class _Identity:
    """What makes a transaction known that is submitted again."""

    esme: str
    user_reference: int
    message: ShortMessage


@dataclass(slots=True)
class _Transaction:
    message_id: str
    heard: list[Heard] = field(default_factory=list)


class Desk:
    """All messages that are being delivered at once."""

    def __init__(
        self,
        config: SmscConfig,
        sending: Sending,
        references: References,
        message_ids: Iterator[str],
        *,
        tell: Callable[[Event], None],
    ) -> None:
        """Send through ``sending``; ``message_ids`` are never the same; ``tell`` gets events."""
        self._config = config
        self._sending = sending
        self._message_ids = message_ids
        self._tell = tell
        self._references = references
        self._under_way: dict[_Identity, _Transaction] = {}
        self._ended: OrderedDict[_Identity, tuple[str, Outcome, float]] = OrderedDict()
        self._open: Counter[str] = Counter()
        """Messages by terminal."""
        self.counts: Counter[str] = Counter()

    @property
    def under_way(self) -> int:
        """How many messages have no outcome yet."""
        return self._open.total()

    def submit(self, esme: str, lane: str, one: Submission, heard: Heard, now: float) -> str:
        """Take a message and return its id; ``heard`` is called exactly once, possibly at once.

        Raises NotSendableError for a message that no short messages can be made of, and
        QueueFullError where there are too many.
        """
        identity = None
        if one.mode is Mode.TRANSACTION and one.user_reference is not None:
            identity = _Identity(esme, one.user_reference, one.message)
            known = self._again(identity, heard, now)
            if known is not None:
                return known
        tpdus, reference = self._cut(one.message, now)
        message_id = next(self._message_ids)
        self._open[one.message.destination] += 1
        transaction = _Transaction(message_id, [heard])
        if identity is not None:
            self._under_way[identity] = transaction

        def finished(outcome: Outcome, later: float) -> None:
            self._finished(one.message.destination, reference, later)
            if identity is not None:
                self._remember(identity, message_id, outcome, later)
            self._tell(_ended(message_id, esme, one, outcome))
            for hear in transaction.heard:
                hear(message_id, outcome, later)

        self._tell(accepted(message_id, esme, one))
        self._sending.send(self._consignment(one, tpdus, lane, now), finished, now)
        return message_id

    def _again(self, identity: _Identity, heard: Heard, now: float) -> str | None:
        """Join a transaction that is under way, or answer for one that has ended."""
        self._forget(now)
        transaction = self._under_way.get(identity)
        if transaction is not None:
            self.counts["transactions joined"] += 1
            transaction.heard.append(heard)
            return transaction.message_id
        ended = self._ended.get(identity)
        if ended is None or not ended[1].delivered:
            # What has failed is tried again: that is what it is submitted again for.
            return None
        self.counts["transactions remembered"] += 1
        message_id, outcome, _ = ended
        heard(message_id, outcome, now)
        return message_id

    def _cut(self, message: ShortMessage, now: float) -> tuple[tuple[bytes, ...], int | None]:
        """Return the TPDUs of a message, and the reference that they have, if any."""
        limits = self._config.limits
        if self._open.total() >= limits.transactions:
            raise QueueFullError(f"{limits.transactions} messages are under way")
        if self._open[message.destination] >= limits.per_terminal:
            raise QueueFullError(f"{limits.per_terminal} messages are under way to this terminal")
        taken: list[int] = []

        def take() -> int:
            try:
                taken.append(self._references.take(message.destination, now))
            except NoReferenceError as error:
                raise QueueFullError(str(error)) from None
            return taken[0]

        try:
            tpdus = message.tpdus(take, now, wide=self._config.wide_references)
            if len(tpdus) > limits.segments:
                raise NotSendableError(
                    f"{len(tpdus)} segments are more than the {limits.segments} allowed"
                )
        except NotSendableError:
            for reference in taken:
                self._references.give_back(message.destination, reference, now)
            raise
        return tpdus, next(iter(taken), None)

    def _consignment(
        self, one: Submission, tpdus: tuple[bytes, ...], lane: str, now: float
    ) -> Consignment:
        policy = self._config.transaction
        if one.mode is Mode.DATAGRAM:
            policy = replace(policy, repeats=())
        begin = now + self._config.begin
        if one.validity is not None:
            begin = min(begin, one.validity)
            policy = _within(policy, one.validity - now)
        return Consignment(
            one.message.destination, tpdus, lane, policy, begin, priority=one.priority
        )

    def _finished(self, terminal: str, reference: int | None, now: float) -> None:
        self._open[terminal] -= 1
        if not self._open[terminal]:
            del self._open[terminal]
        if reference is not None:
            self._references.give_back(terminal, reference, now)

    def _remember(self, identity: _Identity, message_id: str, outcome: Outcome, now: float) -> None:
        del self._under_way[identity]
        self._ended[identity] = message_id, outcome, now + self._config.remember
        self._ended.move_to_end(identity)
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._ended:
            identity, (_, _, until) = next(iter(self._ended.items()))
            if until > now and len(self._ended) <= _MOST_REMEMBERED:
                return
            del self._ended[identity]


def accepted(message_id: str, esme: str, one: Submission) -> MessageAccepted:
    """Return the event of a message's being taken."""
    octets = len(one.message.payload)
    return MessageAccepted(message_id, esme, one.message.destination, str(one.mode), octets)


def _ended(message_id: str, esme: str, one: Submission, outcome: Outcome) -> TransactionEnded:
    return TransactionEnded(
        message_id,
        esme,
        one.message.destination,
        str(outcome),
        "" if outcome.failure is None else str(outcome.failure),
        len(outcome.segments),
        sum(segment.attempts for segment in outcome.segments),
        outcome.seconds,
    )


def _within(policy: TransactionPolicy, seconds: float) -> TransactionPolicy:
    """Return the policy with a window that is not longer than the message is valid."""
    return replace(policy, window=max(min(policy.window, seconds), 0.001))
