"""query_sm, cancel_sm and replace_sm of what submit_multi has brought: all its destinations."""

from __future__ import annotations

from typing import TypeVar

import pytest

from testbed.codecs.smpp import (
    CancelSm,
    CommandStatus,
    MessageState,
    Pdu,
    QuerySm,
    QuerySmResp,
    RelativeTime,
    ReplaceSm,
    Response,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
)
from testbed.smsc.config import Limits, SmscConfig
from testbed.smsc.stored import RetryPolicy
from tests.testbed.smsc.smsc_world import HLR, World

NOW = 1_700_000_000.0
SERVICE = SmeAddress.international("447700900100")
ANN, BOB, CID = (SmeAddress.international(f"44770090012{n}") for n in (3, 4, 5))
ABSENT, UNKNOWN = 27, 30
LATER = RelativeTime.of(600)

R = TypeVar("R", bound=Response)


class Play:
    """An SMSC and one ESME, whose messages go to three terminals."""

    def __init__(self, limits: Limits | None = None) -> None:
        retry = RetryPolicy(waits=(30.0,), look=100.0, validity=1_000.0)
        config = SmscConfig(address="127.0.0.1", hlr=HLR, retry=retry, limits=limits or Limits())
        self.world = World(config, NOW)
        self.session = self.world.bind()

    def ask(self, pdu: Pdu, kind: type[R]) -> R:
        self.world.send(self.session, pdu)
        self.world.write()
        answer = self.world.answers[-1]
        assert isinstance(answer, kind)
        return answer

    def submit(self, **fields: object) -> SubmitMultiResp:
        defaults: dict[str, object] = {
            "source": SERVICE,
            "destinations": (ANN, BOB, CID),
            "data_coding": 4,
            "short_message": b"old",
        }
        return self.ask(SubmitMulti(**{**defaults, **fields}), SubmitMultiResp)

    def query(self, message_id: str) -> QuerySmResp:
        return self.ask(QuerySm(message_id=message_id, source=SERVICE), QuerySmResp)

    def status(self, pdu: Pdu) -> int:
        return self.ask(pdu, Response).status

    def network(self, terminal: SmeAddress, rp_cause: int | None = None) -> None:
        """Answer the MT-forwardSM of a terminal, which is sent now, and write down the outcome."""
        self.world.wait(0)
        self.world.write()
        (request,) = (
            one
            for one in self.world.requests
            if one.sm_rp_da is not None and one.sm_rp_da.digits == terminal.address
        )
        self.world.requests.remove(request)
        self.world.network(request, rp_cause)
        self.world.write()

    def restart(self) -> None:
        self.world.write()
        self.world.crash()
        self.session = self.world.bind()


@pytest.fixture(params=[False, True], ids=["in one life", "over a restart"])
def restarts(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_all_destinations_are_queried(restarts: bool) -> None:
    """As long as one of them waits the message is on its way, whatever became of the others."""
    play = Play()
    message_id = play.submit().message_id
    play.network(ANN)
    play.network(BOB, UNKNOWN)
    play.network(CID, ABSENT)
    if restarts:
        play.restart()
    answer = play.query(message_id)
    assert (answer.message_state, answer.final_date) == (MessageState.ENROUTE, None)
    assert answer.error_code == 6
    play.world.wait(100)
    play.network(CID)
    if restarts:
        play.restart()
    answer = play.query(message_id)
    assert (answer.message_id, answer.message_state) == (message_id, MessageState.UNDELIVERABLE)
    assert answer.error_code == 1
    assert answer.final_date is not None
    assert answer.final_date.after(NOW) == play.world.now


@pytest.mark.parametrize(
    ("causes", "cancelled", "state"),
    [
        ((None, None, None), False, MessageState.DELIVERED),
        ((None, None, ABSENT), True, MessageState.DELETED),
        ((None, None, ABSENT), False, MessageState.EXPIRED),
        ((UNKNOWN, None, ABSENT), False, MessageState.UNDELIVERABLE),
    ],
)
def test_the_worst_end_is_what_a_query_tells(
    causes: tuple[int | None, ...], cancelled: bool, state: MessageState
) -> None:
    """DELIVERED means that all of them have it."""
    play = Play()
    message_id = play.submit().message_id
    for terminal, cause in zip((ANN, BOB, CID), causes, strict=True):
        play.network(terminal, cause)
    if cancelled:
        assert play.status(CancelSm(message_id=message_id, source=SERVICE)) == CommandStatus.ROK
    elif ABSENT in causes:
        for _ in range(11):
            play.world.wait(100)
            for request in play.world.requests[:]:
                play.world.requests.remove(request)
                play.world.network(request, ABSENT)
    play.world.write()
    assert play.query(message_id).message_state == state


def test_all_destinations_that_wait_are_cancelled(restarts: bool) -> None:
    """Nothing goes out any more; the second time there is nothing to cancel."""
    play = Play()
    message_id = play.submit(schedule_delivery_time=LATER).message_id
    if restarts:
        play.restart()
    cancel = CancelSm(message_id=message_id, source=SERVICE)
    assert play.status(cancel) == CommandStatus.ROK
    play.world.wait(1_000, on_disk=True)
    assert play.world.delivered == []
    assert play.query(message_id).message_state == MessageState.DELETED
    assert play.status(cancel) == CommandStatus.RINVMSGID


def test_what_is_just_being_sent_cannot_be_cancelled() -> None:
    """The ESME is told so; what waits is deleted all the same."""
    play = Play()
    message_id = play.submit().message_id
    play.network(ANN, ABSENT)
    cancel = CancelSm(message_id=message_id, source=SERVICE)
    assert play.status(cancel) == CommandStatus.RCANCELFAIL
    play.network(BOB)
    play.network(CID)
    play.world.wait(1_000, on_disk=True)
    assert len(play.world.delivered) == 2
    assert play.query(message_id).message_state == MessageState.DELETED


def test_a_message_that_waits_for_its_receipt_alone_is_too_late_to_cancel() -> None:
    """It has ended."""
    play = Play()
    play.session.takes = False
    message_id = play.submit(registered_delivery=1).message_id
    for terminal in (ANN, BOB, CID):
        play.network(terminal)
    cancel = CancelSm(message_id=message_id, source=SERVICE)
    assert play.status(cancel) == CommandStatus.RCANCELFAIL


def test_all_destinations_are_replaced_or_none(restarts: bool) -> None:
    """Those of which nothing has gone out, as long as that is all of them."""
    play = Play()
    message_id = play.submit(schedule_delivery_time=LATER).message_id
    if restarts:
        play.restart()
    new = ReplaceSm(message_id=message_id, source=SERVICE, short_message=b"new")
    assert play.status(new) == CommandStatus.ROK
    play.world.wait(600)
    play.network(ANN)
    if restarts:
        play.restart()
    newer = ReplaceSm(message_id=message_id, source=SERVICE, short_message=b"newer")
    assert play.status(newer) == CommandStatus.RREPLACEFAIL
    play.world.work()
    play.world.wait(1_000, on_disk=True)
    assert play.world.delivered == [b"new"] * 3


def test_the_id_of_one_destination_is_no_id() -> None:
    """What the SMSC calls the parts is its own business."""
    play = Play()
    message_id = play.submit(schedule_delivery_time=LATER).message_id
    part = f"{message_id}.1"
    assert play.query(part).status == CommandStatus.RQUERYFAIL
    cancel = CancelSm(message_id=part, source=SERVICE)
    assert play.status(cancel) == CommandStatus.RINVMSGID
    new = ReplaceSm(message_id=part, source=SERVICE, short_message=b"new")
    assert play.status(new) == CommandStatus.RINVMSGID


def test_the_id_is_right_where_the_first_destination_was_refused() -> None:
    """It is one id, whichever of the destinations were taken."""
    play = Play(Limits(messages_per_terminal=1))
    play.submit(destinations=(ANN,), schedule_delivery_time=LATER)
    answer = play.submit(schedule_delivery_time=LATER)
    (refused,) = answer.unsuccessful
    assert (refused.destination, refused.status) == (ANN, CommandStatus.RMSGQFUL)
    assert play.query(answer.message_id).message_state == MessageState.ENROUTE
