"""What an SMSC takes on is bounded: messages that wait, and receipts that nobody takes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corenet.interfaces.gsup import GsupMessage, MessageType, SmRpAddress
from corenet.interfaces.sms import tpdu
from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.causes import RpCause
from testbed.codecs.smpp import (
    BindTransceiver,
    BindTransmitter,
    CommandStatus,
    RelativeTime,
    Response,
    SmeAddress,
    SubmitSm,
)
from testbed.smsc.config import Esme, Limits, SmscConfig
from testbed.smsc.events import ReceiptGivenUp, SubmissionRefused
from testbed.smsc.stored import ReceiptState
from tests.testbed.smsc.smsc_world import HLR, IMSI, Session, World

NOW = 1_700_000_000.0
CONFIG = SmscConfig(address="127.0.0.1", hlr=HLR, receipt_lifetime=1_000.0)
SERVICE = SmeAddress.international("447700900100")
LATER = RelativeTime.of(600)


def text(number: int = 0, **fields: object) -> SubmitSm:
    """Return a message to one terminal or another."""
    defaults: dict[str, object] = {
        "source": SERVICE,
        "destination": SmeAddress.international(f"4477009001{number:02}"),
        "data_coding": 4,
        "short_message": b"hello",
    }
    return SubmitSm(**{**defaults, **fields})


def ask(world: World, session: Session, pdu: SubmitSm) -> Response:
    world.send(session, pdu)
    world.write()
    return world.answers[-1]


@pytest.mark.parametrize(
    ("limits", "esme", "full"),
    [
        (Limits(messages=2), Esme("gateway"), 2),
        (Limits(messages_per_terminal=2), Esme("gateway"), 0),
        (Limits(), Esme("gateway", messages=2), 2),
    ],
    ids=["in all", "for a terminal", "of an ESME"],
)
def test_what_is_too_much_is_refused(limits: Limits, esme: Esme, full: int) -> None:
    """With ESME_RMSGQFUL, also after a restart; one that ends makes room for another."""
    world = World(replace(CONFIG, limits=limits, esmes=(esme,)), NOW)
    session = world.bind()
    for number in (0, full // 2):
        assert ask(world, session, text(number, schedule_delivery_time=LATER)).is_success
    assert ask(world, session, text(full)).status == CommandStatus.RMSGQFUL
    (refusal,) = (one for one in world.events if isinstance(one, SubmissionRefused))
    assert refusal.status == CommandStatus.RMSGQFUL
    world.crash()
    session = world.bind()
    assert ask(world, session, text(full)).status == CommandStatus.RMSGQFUL
    assert world.smsc.counters["messages waiting"] == 2
    world.wait(600, on_disk=True)
    assert world.smsc.counters["messages waiting"] == 0
    assert ask(world, session, text(full)).is_success


def test_others_have_room_when_one_esme_has_none() -> None:
    """So one that floods does not keep others from submitting."""
    accounts = (Esme("gateway"), Esme("crm", messages=1))
    world = World(replace(CONFIG, esmes=accounts), NOW)
    crm = world.bind(BindTransceiver(system_id="crm", interface_version=0x34))
    assert ask(world, crm, text(1, schedule_delivery_time=LATER)).is_success
    assert ask(world, crm, text(2)).status == CommandStatus.RMSGQFUL
    assert ask(world, world.bind(), text(2)).is_success


def test_what_was_not_written_down_takes_no_room() -> None:
    """It was refused."""
    world = World(replace(CONFIG, limits=Limits(messages=1)), NOW)
    session = world.bind()
    world.send(session, text())
    world.write(fails=True)
    assert world.answers[-1].status == CommandStatus.RSYSERR
    assert ask(world, session, text()).is_success


def test_a_mobile_is_told_of_congestion() -> None:
    """Where the centre takes no more messages."""
    world = World(replace(CONFIG, limits=Limits(messages=1)), NOW)
    ask(world, world.bind(), text(schedule_delivery_time=LATER))
    submit = GsupMessage(
        MessageType.MO_FORWARD_SM_REQUEST,
        IMSI,
        sm_rp_mr=9,
        sm_rp_oa=SmRpAddress.msisdn("447700900123"),
        sm_rp_ui=tpdu.Submit(1, SmsAddress("447700900124"), b"hi").encode(),
    )
    world.hlr(submit)
    (answer,) = world.answered_mobiles
    assert (answer.type, answer.sm_rp_cause) == (
        MessageType.MO_FORWARD_SM_ERROR,
        RpCause.CONGESTION,
    )


@pytest.mark.parametrize("restarts", [False, True], ids=["in one life", "over a restart"])
def test_a_receipt_is_not_kept_for_ever(restarts: bool) -> None:
    """An ESME that comes back within its lifetime has it; one that does not, has not."""
    world = World(CONFIG, NOW)
    session = world.bind(BindTransmitter(system_id="gateway", interface_version=0x34))
    ask(world, session, text(1, registered_delivery=1))
    world.wait(500, on_disk=True)
    ask(world, session, text(2, registered_delivery=1))
    world.wait(499, on_disk=True)
    assert world.smsc.counters["receipts due"] == 2
    if restarts:
        world.crash()
    world.wait(2, on_disk=True)
    assert world.smsc.counters["receipts due"] == 1
    (given_up,) = (one for one in world.events if isinstance(one, ReceiptGivenUp))
    assert given_up.why == "too old"
    assert sorted(one.receipt for one in world.disk.values()) == [
        ReceiptState.DUE,
        ReceiptState.GIVEN_UP,
    ]
    world.bind()
    world.write()
    assert len(world.receipts) == 1
    world.wait(2_000, on_disk=True)
    assert len([one for one in world.events if isinstance(one, ReceiptGivenUp)]) == 1


def test_a_receipt_that_is_refused_is_given_up_in_the_end() -> None:
    """Its ESME is there, and takes it not."""
    world = World(CONFIG, NOW)
    session = world.bind()
    session.takes = False
    ask(world, session, text(registered_delivery=1))
    world.wait(1_100, on_disk=True)
    assert world.smsc.counters["receipts due"] == 0
    assert world.smsc.counters["messages kept"] == 0
    assert any(isinstance(one, ReceiptGivenUp) for one in world.events)


def test_a_receipt_under_way_at_its_end_is_not_sent_again() -> None:
    """Its answer, or the loss of its link, says what becomes of it."""
    world = World(CONFIG, NOW)
    session = world.bind()
    session.takes = None
    ask(world, session, text(registered_delivery=1))
    world.wait(990, on_disk=True)
    world.wait(20, on_disk=True)
    due = world.smsc.counters["receipts due"]
    world.lose(session)
    world.write()
    assert (due, world.smsc.counters["receipts due"]) == (1, 0)


def test_of_too_many_receipts_the_oldest_is_given_up() -> None:
    """So that who never collects them costs only so much."""
    world = World(replace(CONFIG, limits=Limits(receipts=2)), NOW)
    session = world.bind(BindTransmitter(system_id="gateway", interface_version=0x34))
    ids = []
    for number in range(3):
        answer = ask(world, session, text(number, registered_delivery=1))
        ids.append(getattr(answer, "message_id", ""))
        world.wait(1, on_disk=True)
    assert world.smsc.counters["receipts due"] == 2
    (given_up,) = (one for one in world.events if isinstance(one, ReceiptGivenUp))
    assert (given_up.message_id, given_up.why) == (ids[0], "too many")
    world.bind()
    assert world.receipts == [f"id:{one}" for one in ids[1:]]
