"""One line for each short message, and no exception for any octets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.llc import encode_ui
from corenet.interfaces.nas.describe import frame_summary
from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.cp import CpAck, CpData, CpError, Transaction
from corenet.interfaces.sms.describe import cp_summary, rp_summary, tpdu_summary
from corenet.interfaces.sms.header import Concatenation, Ports
from corenet.interfaces.sms.rp import RpAck, RpData, RpError, RpSmma
from corenet.interfaces.sms.times import Timestamp
from corenet.interfaces.sms.tpdu import (
    Command,
    Deliver,
    DeliverReport,
    StatusReport,
    Submit,
    SubmitReport,
)

SENDER, NOON, TI = SmsAddress("447709000123"), Timestamp(1_668_083_696), Transaction(0)
PUSH = Deliver(SENDER, NOON, bytes(9), 4, (Concatenation(7, 3, 2), Ports(2948, 9200)))

LINES = {
    "CP-ACK": (CpAck(TI).encode(), True),
    "CP-ERROR, congestion (cp 22)": (CpError(TI, 22).encode(), True),
    "CP-DATA RP-ACK, reference 5": (
        CpData(TI, RpAck(5).encode(uplink=True)).encode(),
        True,
    ),
    "CP-DATA RP-SMMA": (CpData(TI, RpSmma(5).encode()).encode(), True),
    "CP-DATA RP-ERROR, memory capacity exceeded (rp 22)": (
        CpData(TI, RpError(5, 22).encode(uplink=True)).encode(),
        True,
    ),
    "CP-DATA RP-DATA SMS-DELIVER, from +447709000123, part 2/3 of message 7, port 2948, 9 octets": (
        CpData(TI, RpData(5, PUSH.encode()).encode(uplink=False)).encode(),
        False,
    ),
    "malformed CP message: octet 1: message type 0x05 is unknown": (b"\x09\x05", True),
    "CP-DATA malformed RP message: octet 0: RP message type 1 does not go this way": (
        CpData(TI, b"\x01\x00").encode(),
        True,
    ),
}


@pytest.mark.parametrize("line", LINES)
def test_cp_message_is_named_with_its_layers(line):
    """The layers from the outside in, then what matters."""
    octets, uplink = LINES[line]
    assert cp_summary(octets, uplink=uplink) == line
    frame = encode_ui(7, octets, uplink=uplink, nu=0)
    assert frame_summary(frame) == line


@pytest.mark.parametrize(
    ("message", "uplink", "line"),
    [
        (Submit(1, SENDER, b"Hi"), True, "SMS-SUBMIT, to +447709000123, “Hi”"),
        (Deliver(SENDER, NOON, b"x" * 50), False, f"SMS-DELIVER, from {SENDER}, “{'x' * 39}…”"),
        (
            StatusReport(1, SENDER, NOON, NOON, 0),
            False,
            f"SMS-STATUS-REPORT, {SENDER}, status 0x00",
        ),
        (Command(1, 2, 3, SENDER), True, f"SMS-COMMAND, {SENDER}, command 2"),
        (DeliverReport(), True, "SMS-DELIVER-REPORT"),
        (SubmitReport(NOON), False, "SMS-SUBMIT-REPORT"),
    ],
)
def test_tpdu_is_named(message, uplink, line):
    """Whom it is from or to, and what it says, if not too long."""
    assert tpdu_summary(message.encode(), uplink=uplink) == line


@given(st.binary(max_size=60), st.booleans())
def test_nothing_raises(octets, uplink):
    """Whatever the octets, there is a line."""
    assert cp_summary(octets, uplink=uplink)
    assert rp_summary(octets, uplink=uplink)
    assert tpdu_summary(octets, uplink=uplink)
