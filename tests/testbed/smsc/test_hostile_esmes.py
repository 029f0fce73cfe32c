"""ESMEs that send TLV soup, and PDUs by the drop: they are answered or left, others are served."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs.smpp import (
    BindTransceiver,
    CommandId,
    DataSm,
    EnquireLink,
    GenericNack,
    Response,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    encode,
)
from testbed.codecs.smpp import parameters as p
from testbed.smsc.config import Limits, SmscConfig
from tests.testbed.smsc.smsc_world import HLR, Session, World

NOW = 1_700_000_000.0
CONFIG = SmscConfig(address="127.0.0.1", hlr=HLR, limits=Limits(sessions=100))
SERVICE, ANN = (SmeAddress.international(f"4477009001{n}") for n in ("00", "23"))
LENGTH = 4
KNOWN = sorted(
    {parameter.tag for parameter in vars(p).values() if isinstance(parameter, p.Parameter)}
)
PUSH = DataSm(source=SERVICE, destination=ANN, esm_class=2, data_coding=4)
TEXT = SubmitSm(source=SERVICE, destination=ANN, data_coding=4, short_message=b"hi")
SEVERAL = SubmitMulti(source=SERVICE, destinations=(ANN,), data_coding=4, short_message=b"hi")


@st.composite
def soups(draw: st.DrawFn) -> bytes:
    """Return TLVs of any tags and values, some of which lie about their length."""
    soup = b""
    for _ in range(draw(st.integers(0, 6))):
        tag = draw(st.sampled_from(KNOWN) | st.integers(0, 0xFFFF))
        value = draw(st.binary(max_size=20))
        lie = draw(st.sampled_from([0, 0, 0, 0, 1, -1, 300]))
        soup += tag.to_bytes(2) + max(0, len(value) + lie).to_bytes(2) + value
    return soup + draw(st.sampled_from([b"", b"", b"\x02", b"\x02\x0a\x00"]))


def is_served(world: World, session: Session) -> bool:
    """Whether an enquire_link is answered."""
    if session.is_over:
        return False
    world.send(session, EnquireLink())
    return world.answers[-1].COMMAND is CommandId.ENQUIRE_LINK_RESP


@given(pdu=st.sampled_from([PUSH, TEXT, SEVERAL]), soup=soups())
def test_soup_of_parameters_is_answered_once(
    pdu: DataSm | SubmitSm | SubmitMulti, soup: bytes
) -> None:
    """With its own response or a nack; the session goes on, whatever the parameters were."""
    world = World(CONFIG, NOW)
    session = world.bind()
    octets = encode(pdu, 77) + soup
    session.waiting[77] = pdu
    before = len(world.answers)
    world.give(session, len(octets).to_bytes(LENGTH) + octets[LENGTH:])
    world.wait(60, on_disk=True)
    (answer,) = (
        one
        for one in world.answers[before:]
        if isinstance(one, GenericNack) or one.COMMAND == pdu.COMMAND | 0x8000_0000
    )
    assert isinstance(answer, Response)
    assert is_served(world, session)


@pytest.mark.parametrize("is_bound", [False, True], ids=["before a bind", "bound"])
def test_pdus_by_the_drop_hold_nothing_up(is_bound: bool) -> None:
    """Who sends an octet a second is left in time, and others are served all the while."""
    world = World(CONFIG, NOW)
    good = world.bind()
    slow = [world.bind() if is_bound else world.connect() for _ in range(50)]
    drop = encode(BindTransceiver(system_id="slow", password="x" * 8), 9)
    if is_bound:
        drop = encode(TEXT, 9)
    for second in range(31):
        for session in slow:
            world.give(session, drop[second : second + 1])
        world.wait(1.0, on_disk=True)
        assert is_served(world, good)
    assert all(session.is_over for session in slow)
    assert world.smsc.counters["sessions"] == 1
