"""Messages that are delivered at once: cut, sent, and known when they come again."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from corenet.interfaces.node import Event
from corenet.interfaces.sms import tpdu
from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.header import Ports, concatenation
from corenet.schedule import Schedule
from testbed.codecs.smpp import RegisteredDelivery
from testbed.smsc.config import Limits, SmscConfig
from testbed.smsc.desk import Desk, QueueFullError
from testbed.smsc.events import MessageAccepted, TransactionEnded
from testbed.smsc.failures import NO_ANSWER, Failure, by_rp_cause
from testbed.smsc.lanes import Lanes
from testbed.smsc.message import Mode, NotSendableError, ShortMessage
from testbed.smsc.references import References
from testbed.smsc.sending import Answered, Sending
from testbed.smsc.submission import Submission
from testbed.smsc.transaction import Outcome

NOW = 1_700_000_000.0
ANN, BOB = "447700900123", "447700900124"


def push(
    size: int = 10,
    *,
    to: str = ANN,
    reference: int | None = None,
    mode: Mode = Mode.TRANSACTION,
    validity: float | None = None,
) -> Submission:
    """Return a push of ``size`` octets."""
    message = ShortMessage(
        source=SmsAddress("447700900100"),
        destination=to,
        payload=bytes(size),
        header=(Ports(2948, 9200),),
        dcs=0xF5,
    )
    return Submission(
        message=message,
        mode=mode,
        registered=RegisteredDelivery(),
        user_reference=reference,
        validity=validity,
    )


class Bench:
    """A desk whose network answers when the test says so."""

    def __init__(self, config: SmscConfig | None = None) -> None:
        config = config or SmscConfig(address="127.0.0.1", hlr=("127.0.0.2", 4222))
        self.schedule = Schedule()
        self.sent: list[bytes] = []
        self.waiting: list[Answered] = []
        self.heard: list[tuple[str, Outcome]] = []
        sending = Sending(Lanes({"push": 1}), self, self.schedule)
        references = References(rest=config.reference_rest)
        self.told: list[Event] = []
        ids = map(str, count(1))
        self.desk = Desk(config, sending, references, ids, tell=self.told.append)

    def forward(
        self, terminal: str, tpdu: bytes, *, more: bool, answered: Answered, now: float
    ) -> None:
        self.sent.append(tpdu)
        self.waiting.append(answered)

    def submit(self, one: Submission, *, esme: str = "gateway", now: float = NOW) -> str:
        return self.desk.submit(esme, "push", one, lambda i, o, _: self.heard.append((i, o)), now)

    def answer(self, failure: Failure | None = None, *, now: float = NOW) -> None:
        self.waiting.pop(0)(failure, now)

    def references(self) -> list[int]:
        parts = (tpdu.decode(one, uplink=False) for one in self.sent)
        found = [concatenation(part.header) for part in parts if isinstance(part, tpdu.Deliver)]
        return [one.reference for one in found if one is not None]


def test_the_outcome_comes_when_the_last_segment_has_arrived() -> None:
    """A push of two segments is one transaction with one outcome."""
    bench = Bench()
    message_id = bench.submit(push(200))
    bench.answer()
    assert bench.heard == []
    bench.answer()
    ((heard_id, outcome),) = bench.heard
    assert heard_id == message_id
    assert outcome.delivered
    assert len(outcome.segments) == 2
    assert bench.desk.under_way == 0


def test_two_pushes_for_a_terminal_have_different_references() -> None:
    """Nor is a reference used again soon after its push has ended."""
    bench = Bench()
    for _ in range(3):
        bench.submit(push(200))
        bench.answer()
        bench.answer()
    first, second, third = bench.references()[::2]
    assert len({first, second, third}) == 3


def test_a_datagram_is_sent_once() -> None:
    """In datagram mode a failure is not repeated."""
    bench = Bench()
    bench.submit(push(mode=Mode.DATAGRAM))
    bench.answer(NO_ANSWER)
    assert bench.heard[0][1].failure == NO_ANSWER
    assert len(bench.sent) == 1


def test_a_transaction_that_is_submitted_again_is_joined() -> None:
    """While it is under way, both submissions get the one outcome, and one push goes out."""
    bench = Bench()
    first = bench.submit(push(reference=7))
    again = bench.submit(push(reference=7))
    assert first == again
    assert len(bench.sent) == 1
    bench.answer()
    assert [message_id for message_id, _ in bench.heard] == [first, first]


def test_a_transaction_that_was_delivered_is_remembered() -> None:
    """After its end it is answered at once from memory, until that is over."""
    bench = Bench()
    first = bench.submit(push(reference=7))
    bench.answer()
    assert bench.submit(push(reference=7), now=NOW + 299) == first
    assert len(bench.sent) == 1
    assert [outcome.delivered for _, outcome in bench.heard] == [True, True]
    assert [type(event) for event in bench.told] == [MessageAccepted, TransactionEnded]
    assert bench.submit(push(reference=7), now=NOW + 301) != first
    assert len(bench.sent) == 2


def test_a_transaction_that_failed_is_tried_again() -> None:
    """What did not arrive may be submitted again with the same reference."""
    bench = Bench()
    bench.submit(push(reference=7))
    bench.answer(by_rp_cause(27))
    bench.submit(push(reference=7))
    assert len(bench.sent) == 2


@pytest.mark.parametrize(
    ("esme", "other"),
    [
        ("another", push(reference=7)),
        ("gateway", push(reference=8)),
        ("gateway", push(11, reference=7)),
        ("gateway", push(to=BOB, reference=7)),
        ("gateway", push()),
        ("gateway", push(reference=7, mode=Mode.DATAGRAM)),
    ],
)
def test_what_differs_is_another_transaction(esme: str, other: Submission) -> None:
    """Another ESME, reference, content, terminal or mode is not the same push."""
    bench = Bench()
    first = bench.submit(push(reference=7))
    bench.answer()
    assert bench.submit(other, esme=esme) != first


def test_a_message_is_not_sent_beyond_its_validity() -> None:
    """Its window closes with its validity, and it does not begin after it."""
    bench = Bench()
    bench.submit(push(validity=NOW + 5))
    bench.schedule.ring(NOW + 5)
    assert not bench.heard[0][1].delivered


def test_too_many_messages_are_refused() -> None:
    """There is room for so many in all, and so many for one terminal."""
    base = SmscConfig(address="127.0.0.1", hlr=("127.0.0.2", 4222))
    bench = Bench(replace(base, limits=Limits(transactions=3, per_terminal=2)))
    bench.submit(push())
    bench.submit(push())
    with pytest.raises(QueueFullError, match="this terminal"):
        bench.submit(push())
    bench.submit(push(to=BOB))
    with pytest.raises(QueueFullError, match="3 messages"):
        bench.submit(push(to="447700900125"))
    bench.answer()
    bench.submit(push())


def test_a_message_of_too_many_segments_is_refused() -> None:
    """And its reference is free again."""
    base = SmscConfig(address="127.0.0.1", hlr=("127.0.0.2", 4222), reference_rest=0)
    bench = Bench(replace(base, limits=Limits(segments=2)))
    for _ in range(300):
        with pytest.raises(NotSendableError, match="3 segments"):
            bench.submit(push(300))
    assert bench.desk.under_way == 0


def test_a_terminal_has_only_so_many_references() -> None:
    """When all are in use or at rest there is no room for a long message; a short one goes."""
    bench = Bench()
    for _ in range(256):
        bench.submit(push(200))
        bench.answer()
        bench.answer()
    with pytest.raises(QueueFullError, match="256"):
        bench.submit(push(200))
    bench.submit(push())
