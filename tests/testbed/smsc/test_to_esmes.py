"""What mobiles write to the numbers of ESMEs goes there, or the mobile is told why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corenet.interfaces.gsup import GsupMessage, MessageType, SmRpAddress
from corenet.interfaces.sms import tpdu
from corenet.interfaces.sms.address import SmsAddress, TypeOfNumber
from corenet.interfaces.sms.causes import RpCause
from corenet.interfaces.sms.coding import encode_text
from corenet.interfaces.sms.header import Concatenation
from testbed.codecs.smpp import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    CommandStatus,
    DeliverSm,
    DeliverSmResp,
    SmeAddress,
    encode,
)
from testbed.smsc.config import Esme, Limits, SmscConfig
from testbed.smsc.events import EsmeReached, EsmeUnreached
from testbed.smsc.to_esmes import deliver_sm
from tests.testbed.smsc.smsc_world import HLR, IMSI, Session, World

NOW = 1_700_000_000.0
ANN = "447700900123"
CONFIG = SmscConfig(
    address="127.0.0.1",
    hlr=HLR,
    esmes=(Esme("quiz", numbers=("80101", "447700900100")), Esme("gateway")),
)
RECEIVER = BindReceiver(system_id="quiz", interface_version=0x34)


def text(words: str = "hi", to: str = "80101", **fields: object) -> tpdu.Submit:
    dcs, payload = encode_text(words)
    number = SmsAddress(to, TypeOfNumber.UNKNOWN if len(to) < 8 else TypeOfNumber.INTERNATIONAL)
    return tpdu.Submit(1, number, payload, dcs, **fields)


def write(world: World, pdu: tpdu.Submit, reference: int = 9) -> None:
    """Have Ann's mobile submit something."""
    world.hlr(
        GsupMessage(
            MessageType.MO_FORWARD_SM_REQUEST,
            IMSI,
            sm_rp_mr=reference,
            sm_rp_oa=SmRpAddress.msisdn(ANN),
            sm_rp_ui=pdu.encode(),
        )
    )


def told(world: World) -> list[tuple[MessageType, int | None]]:
    """Return what the mobile has been told of its messages."""
    return [(one.type, one.sm_rp_cause) for one in world.answered_mobiles]


TAKEN = (MessageType.MO_FORWARD_SM_RESULT, None)


def refused(cause: RpCause) -> tuple[MessageType, int]:
    return MessageType.MO_FORWARD_SM_ERROR, cause


def bind(world: World, *, takes: bool | None = True) -> Session:
    session = world.bind(RECEIVER)
    session.takes = takes
    return session


@pytest.mark.parametrize("number", ["80101", "447700900100"])
def test_a_mobile_writes_to_an_esme(number: str) -> None:
    """It hears of success when the ESME has taken it, and nothing is stored."""
    world = World(CONFIG, NOW)
    session = bind(world, takes=None)
    write(world, text("hello", number))
    assert told(world) == []
    assert world.smsc.counters["messages to esmes"] == 1
    ((sequence, pdu),) = session.delivered
    assert (pdu.source, pdu.destination.address) == (SmeAddress.international(ANN), number)
    assert (pdu.esm_class, pdu.data_coding, pdu.short_message) == (0, 0, b"hello")
    world.give(session, encode(DeliverSmResp(), sequence))
    assert told(world) == [TAKEN]
    assert world.smsc.counters["messages to esmes"] == 0
    assert EsmeReached("quiz", ANN, number) in world.events
    assert not world.effects


def test_numbers_of_nobody_are_mobiles() -> None:
    """The message is stored and forwarded, as between mobiles."""
    world = World(CONFIG, NOW)
    session = bind(world)
    write(world, text(to="447700900124"))
    world.write()
    assert told(world) == [TAKEN]
    assert session.delivered == []
    assert len(world.disk) == 1


@pytest.mark.parametrize(
    "bound",
    [
        None,
        BindTransmitter(system_id="quiz", interface_version=0x34),
        BindTransceiver(system_id="gateway", interface_version=0x34),
    ],
    ids=["nobody", "it sends only", "another"],
)
def test_an_esme_that_does_not_receive_is_out_of_order(bound: BindTransceiver | None) -> None:
    """The mobile hears at once."""
    world = World(CONFIG, NOW)
    if bound is not None:
        world.bind(bound)
    write(world, text())
    assert told(world) == [refused(RpCause.DESTINATION_OUT_OF_ORDER)]
    (event,) = (one for one in world.events if isinstance(one, EsmeUnreached))
    assert event.why == "it is not bound"


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (CommandStatus.RX_T_APPN, RpCause.TEMPORARY_FAILURE),
        (CommandStatus.RSYSERR, RpCause.TEMPORARY_FAILURE),
        (CommandStatus.RTHROTTLED, RpCause.CONGESTION),
        (CommandStatus.RMSGQFUL, RpCause.CONGESTION),
        (CommandStatus.RX_P_APPN, RpCause.SHORT_MESSAGE_TRANSFER_REJECTED),
        (CommandStatus.RX_R_APPN, RpCause.SHORT_MESSAGE_TRANSFER_REJECTED),
        (0x4AB, RpCause.SHORT_MESSAGE_TRANSFER_REJECTED),
    ],
)
def test_an_esmes_refusal_is_the_mobiles(status: int, cause: RpCause) -> None:
    """In the words that its own protocol has for it."""
    world = World(CONFIG, NOW)
    session = bind(world, takes=None)
    write(world, text())
    ((sequence, _),) = session.delivered
    world.give(session, encode(DeliverSmResp(status=status), sequence))
    assert told(world) == [refused(cause)]
    assert any(isinstance(one, EsmeUnreached) for one in world.events)


def test_an_esme_that_is_behind_is_congested() -> None:
    """Only so many wait for its answers; one that is answered makes room."""
    world = World(replace(CONFIG, limits=Limits(to_esme=2)), NOW)
    session = bind(world, takes=None)
    for reference in range(3):
        write(world, text(), reference)
    assert told(world) == [refused(RpCause.CONGESTION)]
    world.give(session, encode(DeliverSmResp(), session.delivered[0][0]))
    write(world, text(), 3)
    assert told(world) == [refused(RpCause.CONGESTION), TAKEN]
    assert len(session.delivered) == 3


def test_sessions_without_room_are_congestion() -> None:
    """Receipts that wait for the same ESME need room too."""
    world = World(replace(CONFIG, deliver_window=1, limits=Limits(to_esme=2_000)), NOW)
    bind(world, takes=None)
    for reference in range(1_002):
        write(world, text(), reference % 256)
    assert told(world) == [refused(RpCause.CONGESTION)]


def test_a_link_that_is_lost_is_a_temporary_failure() -> None:
    """The ESME may have the message or not; the mobile may send it again."""
    world = World(CONFIG, NOW)
    session = bind(world, takes=None)
    write(world, text())
    world.lose(session)
    assert told(world) == [refused(RpCause.TEMPORARY_FAILURE)]
    assert world.smsc.counters["messages to esmes"] == 0


def test_silence_is_a_temporary_failure() -> None:
    """Where the HLR has not lost its patience before."""
    world = World(CONFIG, NOW)
    bind(world, takes=None)
    write(world, text())
    world.wait(120)
    assert told(world) == [refused(RpCause.TEMPORARY_FAILURE)]


@pytest.mark.parametrize(
    ("dcs", "coding"),
    [
        (0x00, 0x00),
        (0x04, 0x04),
        (0x08, 0x08),
        (0x10, 0x00),
        (0x15, 0x04),
        (0x20, 0x04),
        (0xF5, 0xF5),
        (0xF1, 0xF1),
    ],
)
def test_the_coding_is_smpps(dcs: int, coding: int) -> None:
    """What SMPP has no number for of its own is told as its alphabet; compressed text is octets."""
    submit = tpdu.Submit(1, SmsAddress("80101"), b"AB", dcs)
    assert deliver_sm(ANN, submit).data_coding == coding


def test_a_part_of_a_long_message_has_its_header() -> None:
    """The ESME joins the parts."""
    submit = text("part", header=(Concatenation(7, 2, 1),), pid=0x40)
    pdu = deliver_sm(ANN, submit)
    assert isinstance(pdu, DeliverSm)
    assert (pdu.esm_class, pdu.protocol_id) == (0x40, 0x40)
    assert pdu.short_message == bytes.fromhex("050003070201") + b"part"


def test_two_esmes_cannot_have_one_number() -> None:
    """Whose would it be?"""
    with pytest.raises(ValueError, match="same number"):
        replace(CONFIG, esmes=(Esme("a", numbers=("80101",)), Esme("b", numbers=("80101",))))
