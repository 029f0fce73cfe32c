"""Messages that are kept: retried by cause, held for absent terminals, expired, changed."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from corenet.interfaces.sms import tpdu
from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.header import concatenation
from corenet.schedule import Schedule
from testbed.codecs.smpp import Receipt, RegisteredDelivery
from testbed.smsc.config import Limits
from testbed.smsc.failures import NO_ANSWER, Failure, by_rp_cause
from testbed.smsc.lanes import Lanes
from testbed.smsc.message import Mode, ShortMessage
from testbed.smsc.references import References
from testbed.smsc.room import Room
from testbed.smsc.sending import Answered, Sending
from testbed.smsc.store_forward import StoreForward, TooLateError
from testbed.smsc.stored import (
    TABLE,
    Input,
    MessageRecord,
    ReceiptState,
    RetryPolicy,
    State,
)
from testbed.smsc.submission import Submission

NOW = 1_700_000_000.0
ANN, BOB = "447700900123", "447700900124"
ABSENT, FULL, CONGESTED, UNKNOWN = (by_rp_cause(cause) for cause in (27, 22, 42, 30))
POLICY = RetryPolicy(waits=(30.0, 60.0), look=1_000.0, validity=10_000.0)


def text(
    payload: bytes = b"hello",
    *,
    to: str = ANN,
    receipt: Receipt = Receipt.NONE,
    service_type: str = "",
    priority: int = 0,
    scheduled: float | None = None,
    validity: float | None = None,
) -> Submission:
    """Return a message of octets."""
    return Submission(
        message=ShortMessage(
            source=SmsAddress("447700900100"), destination=to, payload=payload, dcs=4
        ),
        mode=Mode.STORE_AND_FORWARD,
        registered=RegisteredDelivery(receipt),
        service_type=service_type,
        priority=priority,
        scheduled=scheduled,
        validity=validity,
    )


class Bench:
    """A store-and-forward centre whose network answers when the test says so."""

    def __init__(self) -> None:
        self.schedule = Schedule()
        self.sent: list[bytes] = []
        self.waiting: list[Answered] = []
        self.saved: dict[str, MessageRecord] = {}
        self.numbers = count(1)
        self.messages = StoreForward(
            POLICY,
            Sending(Lanes({"general": 1}, under_way=10), self, self.schedule),
            self.schedule,
            References(),
            Room(Limits(), {}),
            save=self.save,
            wide=False,
        )

    def save(self, record: MessageRecord) -> None:
        self.saved[record.message_id] = record

    def forward(
        self, terminal: str, tpdu: bytes, *, more: bool, answered: Answered, now: float
    ) -> None:
        self.sent.append(tpdu)
        self.waiting.append(answered)

    def accept(self, one: Submission, *, esme: str = "crm", now: float = NOW) -> str:
        message_id = str(next(self.numbers))
        record = self.messages.new_record(message_id, esme, "general", one, now)
        self.saved[message_id] = record
        self.messages.begin(record, now)
        self.schedule.ring(now)
        return message_id

    def answer(self, failure: Failure | None = None, *, now: float = NOW) -> None:
        self.waiting.pop(0)(failure, now)
        self.schedule.ring(now)

    def state(self, message_id: str) -> State:
        return self.saved[message_id].state


def test_a_message_goes_at_once_and_arrives() -> None:
    """With nothing in its way, the first attempt is the last."""
    bench = Bench()
    message = bench.accept(text())
    bench.answer()
    assert bench.state(message) is State.DELIVERED
    assert bench.saved[message].attempts == 1
    assert len(bench.messages) == 0


def test_a_message_is_tried_again_later() -> None:
    """After failures for now the waits grow as configured, and the last one repeats."""
    bench = Bench()
    message = bench.accept(text())
    now, times = NOW, []
    for _ in range(3):
        bench.answer(CONGESTED, now=now)
        assert bench.state(message) is State.WAITING
        due = bench.schedule.next_timeout()
        assert due is not None
        times.append(due - now)
        now = due
        bench.schedule.ring(now)
    assert times == [30, 60, 60]
    assert bench.saved[message].failure == "congestion (rp 42)"
    assert bench.saved[message].network_error == 34
    bench.answer(now=now)
    assert bench.saved[message].attempts == 4
    assert bench.saved[message].failure == ""


@pytest.mark.parametrize("cause", [ABSENT, FULL])
def test_a_message_waits_for_its_terminal(cause: Failure) -> None:
    """An absent or full terminal is not troubled; when the network says so, it goes at once."""
    bench = Bench()
    message = bench.accept(text())
    bench.answer(cause)
    assert bench.state(message) is State.AWAY
    bench.schedule.ring(NOW + 999)
    assert len(bench.sent) == 1
    bench.messages.terminal_back(BOB, NOW + 999)
    assert len(bench.sent) == 1
    bench.messages.terminal_back(ANN, NOW + 999)
    assert len(bench.sent) == 2
    bench.answer(now=NOW + 999)
    assert bench.state(message) is State.DELIVERED


def test_a_terminal_that_nobody_announces_is_looked_at_now_and_then() -> None:
    """An alert can get lost with whoever was to send it."""
    bench = Bench()
    bench.accept(text())
    bench.answer(ABSENT)
    bench.schedule.ring(NOW + 1_000)
    assert len(bench.sent) == 2


def test_several_messages_go_when_the_terminal_is_back() -> None:
    """One after the other, in the order in which they came."""
    bench = Bench()
    for payload in (b"one", b"two"):
        bench.accept(text(payload))
        bench.answer(ABSENT)
    bench.messages.terminal_back(ANN, NOW + 5)
    bench.answer(now=NOW + 5)
    bench.answer(now=NOW + 5)
    assert [octets[-3:] for octets in bench.sent] == [b"one", b"two", b"one", b"two"]


def test_an_unknown_subscriber_is_the_end() -> None:
    """What no attempt can mend is undeliverable at once."""
    bench = Bench()
    message = bench.accept(text())
    bench.answer(UNKNOWN)
    assert bench.state(message) is State.UNDELIVERABLE
    assert len(bench.messages) == 0


def test_validity_ends_what_waits() -> None:
    """It expires while it waits for its next attempt, and while its terminal is away."""
    bench = Bench()
    waiting = bench.accept(text(validity=NOW + 20))
    bench.answer(CONGESTED)
    away = bench.accept(text(to=BOB, validity=NOW + 20))
    bench.answer(ABSENT)
    bench.schedule.ring(NOW + 19)
    assert bench.state(waiting) is State.WAITING
    bench.schedule.ring(NOW + 20)
    assert bench.state(waiting) is bench.state(away) is State.EXPIRED
    assert bench.schedule.next_timeout() is None


def test_a_message_without_validity_has_the_centres() -> None:
    """And no message stays longer than the centre keeps any."""
    bench = Bench()
    assert bench.saved[bench.accept(text())].expires == NOW + 10_000
    long = bench.accept(text(to=BOB, validity=NOW + 365 * 86_400))
    assert bench.saved[long].expires == NOW + 7 * 86_400


def test_a_scheduled_message_waits_for_its_time() -> None:
    """Nothing is tried before; validity of the default counts from then."""
    bench = Bench()
    message = bench.accept(text(scheduled=NOW + 600))
    bench.schedule.ring(NOW + 599)
    assert not bench.sent
    bench.schedule.ring(NOW + 600)
    assert len(bench.sent) == 1
    assert bench.saved[message].expires == NOW + 10_600


def test_only_missing_segments_are_sent_again() -> None:
    """A long message keeps its reference over its attempts."""
    bench = Bench()
    message = bench.accept(text(bytes(300)))
    bench.answer()
    bench.answer(CONGESTED)
    assert bench.saved[message].missing == (2, 3)
    bench.schedule.ring(NOW + 30)
    bench.answer(now=NOW + 30)
    bench.answer(now=NOW + 30)
    parts = [tpdu.decode(octets, uplink=False) for octets in bench.sent]
    found = [concatenation(part.header) for part in parts if isinstance(part, tpdu.Deliver)]
    assert [one.sequence for one in found if one is not None] == [1, 2, 2, 3]
    assert len({one.reference for one in found if one is not None}) == 1
    assert bench.state(message) is State.DELIVERED


@pytest.mark.parametrize(
    ("receipt", "failure", "due"),
    [
        (Receipt.NONE, None, False),
        (Receipt.NONE, UNKNOWN, False),
        (Receipt.FINAL, None, True),
        (Receipt.FINAL, UNKNOWN, True),
        (Receipt.ON_FAILURE, None, False),
        (Receipt.ON_FAILURE, UNKNOWN, True),
    ],
)
def test_a_receipt_is_due_where_it_was_asked_for(
    receipt: Receipt, failure: Failure | None, due: bool
) -> None:
    """It stays due until the ESME has taken it."""
    bench = Bench()
    message = bench.accept(text(receipt=receipt))
    bench.answer(failure)
    assert (bench.saved[message].receipt is ReceiptState.DUE) is due
    assert len(bench.messages) == int(due)
    bench.messages.receipt_over(message, ReceiptState.TAKEN)
    assert len(bench.messages) == 0
    assert (bench.saved[message].receipt is ReceiptState.TAKEN) is due


def test_a_message_that_waits_is_cancelled() -> None:
    """It never goes out, and is not there any more."""
    bench = Bench()
    message = bench.accept(text(scheduled=NOW + 60))
    bench.messages.cancel(bench.messages.find(message), NOW)
    assert bench.state(message) is State.DELETED
    bench.schedule.ring(NOW + 60)
    assert not bench.sent
    with pytest.raises(TooLateError):
        bench.messages.cancel(bench.messages.find(message), NOW)


def test_what_is_under_way_cannot_be_cancelled() -> None:
    """It may be at the terminal already."""
    bench = Bench()
    message = bench.accept(text())
    with pytest.raises(TooLateError):
        bench.messages.cancel(bench.messages.find(message), NOW)


def test_all_that_waits_for_a_terminal_is_cancelled() -> None:
    """By source, destination and service type."""
    bench = Bench()
    for service_type in ("WAP", "WAP", "CMT"):
        bench.accept(text(scheduled=NOW + 60, service_type=service_type))
    source = "447700900100"
    assert bench.messages.cancel_all("crm", ANN, "WAP", NOW, source=source) == 2
    assert bench.messages.cancel_all("crm", ANN, "WAP", NOW, source=source) == 0
    assert bench.messages.cancel_all("crm", BOB, "CMT", NOW, source=source) == 0
    assert len(bench.messages) == 1


def test_a_message_of_which_nothing_went_out_is_changed() -> None:
    """Its text and its times; what has been under way is left as it was."""
    bench = Bench()
    message = bench.accept(text(scheduled=NOW + 60))
    bench.messages.change({message: text(b"other", scheduled=NOW + 90)}, NOW)
    bench.schedule.ring(NOW + 89)
    assert not bench.sent
    bench.schedule.ring(NOW + 90)
    assert bench.sent[0].endswith(b"other")
    bench.answer(CONGESTED, now=NOW + 90)
    with pytest.raises(TooLateError):
        bench.messages.change({message: text(b"third")}, NOW + 91)


def test_what_was_kept_is_taken_up_again() -> None:
    """After a restart what was under way is tried again, and what waited goes on waiting."""
    before = Bench()
    under_way = before.accept(text(bytes(300)))
    away = before.accept(text(to=BOB))
    before.waiting.pop(1)(ABSENT, NOW)
    scheduled = before.accept(text(to=BOB, scheduled=NOW + 60))
    receipt = before.accept(text(to="447700900125", receipt=Receipt.FINAL))
    before.waiting.pop(1)(None, NOW)
    ids = (under_way, away, scheduled, receipt)
    records = [record for one in ids for record in before.messages.find(one)]

    after = Bench()
    after.messages.restore(records, NOW + 1)
    after.schedule.ring(NOW + 1)
    assert len(after.sent) == 1
    assert after.sent[0] == before.sent[0]
    after.messages.terminal_back(BOB, NOW + 2)
    assert len(after.sent) == 2
    after.schedule.ring(NOW + 60)
    assert len(after.messages) == 4
    after.messages.receipt_over(receipt, ReceiptState.TAKEN)
    assert after.messages.find(receipt) == []


def test_a_name_that_no_short_message_can_have_is_undeliverable() -> None:
    """What cannot be sent ends, and says why."""
    bench = Bench()
    one = text()
    named = replace(one.message, source=replace(one.message.source, number="x" * 21))
    message = bench.accept(replace(one, message=named))
    assert bench.state(message) is State.UNDELIVERABLE
    assert "20 digits" in bench.saved[message].failure


def test_every_state_that_is_not_final_leads_on() -> None:
    """Nothing follows a final state, and every other one has a way out."""
    assert {state for state, _ in TABLE} == {state for state in State if not state.final}
    reached = {state for _, state in TABLE.values()}
    assert reached == set(State)
    assert {occurred for _, occurred in TABLE} == set(Input)


@pytest.mark.parametrize("wrong", [{"waits": ()}, {"look": 0}, {"validity": -1}])
def test_a_policy_that_leads_nowhere_is_refused(wrong: dict[str, object]) -> None:
    """Waits and times are above 0."""
    with pytest.raises(ValueError, match="above 0"):
        RetryPolicy(**wrong)


def test_a_message_that_no_one_answers_for_is_tried_again() -> None:
    """The network's silence is a failure for now."""
    bench = Bench()
    message = bench.accept(text())
    bench.answer(NO_ANSWER)
    assert bench.state(message) is State.WAITING
