"""What ESMEs may ask of messages, when the SMSC has died and come back meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar

import pytest

from testbed.codecs.smpp import (
    CancelSm,
    CommandStatus,
    MessageState,
    Pdu,
    QuerySm,
    QuerySmResp,
    Receipt,
    RegisteredDelivery,
    RelativeTime,
    ReplaceSm,
    Response,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
)
from testbed.smsc.config import SmscConfig
from testbed.smsc.stored import State
from tests.testbed.smsc.smsc_world import HLR, Session, World

NOW = 1_700_000_000.0
CONFIG = SmscConfig(address="127.0.0.1", hlr=HLR)
SERVICE = SmeAddress.international("447700900100")
ANN, BOB = (SmeAddress.international(f"44770090012{n}") for n in (3, 4))
FINAL = int(RegisteredDelivery(Receipt.FINAL))
LATER = RelativeTime(0, 0, 0, 1, 0, 0)

R = TypeVar("R", bound=Response)


@dataclass
class Play:
    """An SMSC that dies, by kill or in good order, and an ESME that comes back."""

    orderly: bool
    world: World = field(default_factory=lambda: World(CONFIG, NOW))

    def __post_init__(self) -> None:
        self.session: Session = self.world.bind()

    def ask(self, pdu: Pdu, kind: type[R]) -> R:
        self.world.send(self.session, pdu)
        self.world.write()
        self.world.wait(0)
        answer = self.world.answers[-1]
        assert isinstance(answer, kind)
        return answer

    def restart(self) -> None:
        if self.orderly:
            self.world.stop()
        else:
            self.world.crash()
        self.session = self.world.bind()

    def deliver(self, seconds: float = 0.0) -> None:
        self.world.wait(seconds, on_disk=True)
        self.world.work()


@pytest.fixture(params=["killed", "stopped"])
def play(request: pytest.FixtureRequest) -> Play:
    return Play(orderly=request.param == "stopped")


def text(**fields: object) -> SubmitSm:
    defaults: dict[str, object] = {
        "source": SERVICE,
        "destination": ANN,
        "data_coding": 4,
        "registered_delivery": FINAL,
        "short_message": b"old",
    }
    return SubmitSm(**{**defaults, **fields})


def test_each_destination_of_submit_multi_has_its_receipt(play: Play) -> None:
    """Under the one id that the ESME knows, once each."""
    pdu = SubmitMulti(
        source=SERVICE,
        destinations=(ANN, BOB),
        data_coding=4,
        registered_delivery=FINAL,
        short_message=b"both",
    )
    message_id = play.ask(pdu, SubmitMultiResp).message_id
    play.restart()
    play.deliver(100)
    assert play.world.receipts == [f"id:{message_id}"] * 2
    play.restart()
    play.deliver(100)
    assert len(play.world.receipts) == 2


def test_a_receipt_that_is_due_goes_out_after_the_restart(play: Play) -> None:
    """The message had ended; nobody of its ESME had taken the receipt."""
    message_id = play.ask(text(), SubmitSmResp).message_id
    play.session.takes = False
    play.deliver()
    assert play.world.receipts == []
    play.restart()
    play.deliver()
    assert play.world.receipts == [f"id:{message_id}"]
    assert len(play.world.requests) == 0


def test_a_message_is_queried(play: Play) -> None:
    """While it waits, and when it has ended, which only the store knows then."""
    message_id = play.ask(text(schedule_delivery_time=LATER), SubmitSmResp).message_id
    query = QuerySm(message_id=message_id, source=SERVICE)
    play.restart()
    assert play.ask(query, QuerySmResp).message_state == MessageState.ENROUTE
    play.deliver(3_700)
    play.restart()
    answer = play.ask(query, QuerySmResp)
    assert answer.message_state == MessageState.DELIVERED
    assert answer.final_date is not None


def test_a_message_that_waits_is_cancelled(play: Play) -> None:
    """It never goes out, and its receipt says that it was deleted."""
    message_id = play.ask(text(schedule_delivery_time=LATER), SubmitSmResp).message_id
    play.restart()
    cancel = CancelSm(message_id=message_id, source=SERVICE, destination=ANN)
    assert play.ask(cancel, Response).status == CommandStatus.ROK
    play.world.write()
    play.restart()
    play.deliver(4_000)
    assert play.world.disk[message_id].state is State.DELETED
    assert play.world.delivered == []


def test_a_message_that_waits_is_replaced(play: Play) -> None:
    """Its new text survives the next restart too."""
    message_id = play.ask(text(schedule_delivery_time=LATER), SubmitSmResp).message_id
    play.restart()
    replace = ReplaceSm(message_id=message_id, source=SERVICE, short_message=b"new")
    assert play.ask(replace, Response).status == CommandStatus.ROK
    play.world.write()
    play.restart()
    play.deliver(4_000)
    assert play.world.delivered == [b"new"]


def test_another_esmes_message_is_left_alone(play: Play) -> None:
    """Also after a restart, whose it is comes from the store."""
    message_id = play.ask(text(schedule_delivery_time=LATER), SubmitSmResp).message_id
    play.restart()
    other = SmeAddress.international("447700900199")
    cancel = CancelSm(message_id=message_id, source=other, destination=ANN)
    assert play.ask(cancel, Response).status == CommandStatus.RINVMSGID
    query = QuerySm(message_id=message_id, source=other)
    assert play.ask(query, QuerySmResp).status == CommandStatus.RQUERYFAIL
