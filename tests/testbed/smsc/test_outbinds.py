"""An ESME that is not bound is called when something is due for it."""

from __future__ import annotations

from corenet.interfaces.gsup import GsupMessage, MessageType, SmRpAddress
from corenet.interfaces.node import Interface
from corenet.interfaces.sms import tpdu
from corenet.interfaces.sms.address import SmsAddress
from testbed.codecs.smpp import (
    BindReceiver,
    BindTransmitter,
    Outbind,
    SmeAddress,
    SubmitSm,
)
from testbed.smsc.config import Esme, SmscConfig
from testbed.smsc.events import EsmeCalled, EsmeNotCalled
from tests.testbed.smsc.smsc_world import HLR, IMSI, World

NOW = 1_700_000_000.0
PLACE = ("127.0.0.9", 2776)
CONFIG = SmscConfig(
    address="127.0.0.1",
    hlr=HLR,
    esmes=(Esme("quiz", numbers=("80101",), listens=PLACE),),
    outbind_password="open",
)
SENDER = BindTransmitter(system_id="quiz", interface_version=0x34)
RECEIVER = BindReceiver(system_id="quiz", interface_version=0x34)


def world_with_a_receipt(config: SmscConfig = CONFIG) -> World:
    """Return a world in which an ESME that only sends has a receipt due."""
    world = World(config, NOW)
    text = SubmitSm(
        source=SmeAddress.international("447700900100"),
        destination=SmeAddress.international("447700900123"),
        data_coding=4,
        registered_delivery=1,
        short_message=b"hi",
    )
    world.send(world.bind(SENDER), text)
    world.wait(1, on_disk=True)
    assert world.smsc.counters["receipts due"] == 1
    return world


def test_an_esme_is_called_when_a_receipt_is_due() -> None:
    """A connection of the SMSC's, outbind on it; the ESME binds, and has its receipt."""
    world = world_with_a_receipt()
    (call,) = world.calls
    assert (call.interface, call.peer) == (Interface.SMPP, PLACE)
    session = world.connect(call.attempt)
    assert session.called_by == Outbind(system_id="corenet", password="open")
    world.send(session, RECEIVER)
    world.write()
    assert len(world.receipts) == 1
    world.wait(1_000, on_disk=True)
    assert len(world.calls) == 1
    assert EsmeCalled("quiz", PLACE) in world.events


def test_an_esme_is_called_when_a_mobile_writes_to_it() -> None:
    """That message is refused; the next one finds it there."""
    world = World(CONFIG, NOW)
    submit = GsupMessage(
        MessageType.MO_FORWARD_SM_REQUEST,
        IMSI,
        sm_rp_mr=9,
        sm_rp_oa=SmRpAddress.msisdn("447700900123"),
        sm_rp_ui=tpdu.Submit(1, SmsAddress("80101"), b"hi").encode(),
    )
    world.hlr(submit)
    (call,) = world.calls
    session = world.connect(call.attempt)
    world.send(session, RECEIVER)
    session.takes = None
    world.hlr(submit)
    assert len(session.delivered) == 1
    world.wait(1_000)
    assert len(world.calls) == 1


def test_an_esme_that_is_not_there_is_called_again() -> None:
    """Each minute, for as long as something is due."""
    world = world_with_a_receipt()
    world.smsc.connect_failed(world.calls[0].attempt, "refused", world.now)
    world.collect()
    assert EsmeNotCalled(PLACE, "refused") in world.events
    world.wait(58)
    assert len(world.calls) == 1
    world.wait(61)
    assert len(world.calls) == 3
    world.bind(RECEIVER)
    world.write()
    world.wait(600)
    assert len(world.calls) == 3


def test_an_esme_that_cannot_be_called_is_waited_for() -> None:
    """Its account says nothing of where it listens."""
    world = world_with_a_receipt(SmscConfig(address="127.0.0.1", hlr=HLR, esmes=(Esme("quiz"),)))
    assert world.calls == []
