"""pycrate's TS 23.040 and TS 24.011 read what we build, and say the same.

Where pycrate is known to be wrong it is not asked: time zones beyond ten quarters of an hour, and
command data, which it drops.
"""

from __future__ import annotations

import pytest

from corenet.interfaces.sms.address import SmsAddress, TypeOfNumber
from corenet.interfaces.sms.cp import CpAck, CpData, CpError, Transaction
from corenet.interfaces.sms.header import Concatenation, OtherElement, Ports
from corenet.interfaces.sms.rp import RpAck, RpData, RpError, RpSmma
from corenet.interfaces.sms.times import RelativeValidity, Timestamp
from corenet.interfaces.sms.tpdu import (
    Command,
    Deliver,
    DeliverReport,
    StatusReport,
    Submit,
    SubmitReport,
)

ppsms = pytest.importorskip("pycrate_mobile.TS24011_PPSMS")
sms = pytest.importorskip("pycrate_mobile.TS23040_SMS")

pytestmark = pytest.mark.oracle

CENTRE, SENDER = SmsAddress("447785016005"), SmsAddress("447709000123")
NOON = Timestamp(1668083696, 4)
HEADER = (Ports(2948, 9200), Concatenation(1, 2, 1), OtherElement(0x24, b"\x01"))

TPDUS = {
    "SMS_DELIVER": Deliver(SENDER, NOON, b"\x01\x06\x01\xae", 0xF5, HEADER),
    "SMS_SUBMIT": Submit(
        9, SENDER, b"\x01\x02", 4, HEADER, validity=RelativeValidity(167), reject_duplicates=True
    ),
    "SMS_DELIVER_REPORT_RP_ACK": DeliverReport(pid=0, dcs=4, payload=b"\x01"),
    "SMS_DELIVER_REPORT_RP_ERROR": DeliverReport(0xD3),
    "SMS_SUBMIT_REPORT_RP_ACK": SubmitReport(NOON),
    "SMS_SUBMIT_REPORT_RP_ERROR": SubmitReport(NOON, 0xC0),
    "SMS_COMMAND": Command(6, 2, 5, SENDER),
}


@pytest.mark.parametrize("name", TPDUS)
def test_pycrate_reads_our_tpdu_and_builds_the_same(name):
    """The TPDU goes through pycrate's own class of that message unchanged."""
    octets = TPDUS[name].encode()
    theirs = getattr(sms, name)()
    theirs.from_bytes(octets)
    assert theirs.to_bytes() == octets


def test_pycrate_reads_a_status_report():
    """A status report has the fields where pycrate looks for them."""
    report = StatusReport(5, SENDER, NOON, NOON, 0)
    theirs = sms.SMS_STATUS_REPORT()
    theirs.from_bytes(report.encode() + b"\x00")
    assert theirs["TP_MR"].get_val() == 5
    assert theirs["TP_ST"].get_val() == 0


def test_pycrate_reads_the_fields_of_a_deliver():
    """Coding, user data header and payload are the ones we meant."""
    theirs = sms.SMS_DELIVER()
    theirs.from_bytes(TPDUS["SMS_DELIVER"].encode())
    assert theirs["TP_UDHI"].get_val() == 1
    assert theirs["TP_DCS"].to_bytes() == b"\xf5"
    user_data = theirs["TP_UD"]
    assert user_data["UDL"].get_val() == 19
    assert user_data["UDH"].to_bytes().hex() == "0e05040b8423f000030102012401" + "01"
    assert user_data["UD"].get_val() == b"\x01\x06\x01\xae"


@pytest.mark.parametrize(
    ("name", "message", "uplink"),
    [
        ("RP_DATA_MT", RpData(1, b"\x04", originator=CENTRE), False),
        ("RP_DATA_MO", RpData(1, b"\x01", destination=CENTRE), True),
        ("RP_ACK_MT", RpAck(1), False),
        ("RP_ACK_MO", RpAck(1, b"\x00\x00"), True),
        ("RP_ERROR_MT", RpError(1, 38), False),
        ("RP_ERROR_MO", RpError(1, 22, user_data=b"\x00\xd3\x00"), True),
        ("RP_SMMA", RpSmma(1), True),
    ],
)
def test_pycrate_agrees_on_rp_in_cp(name, message, uplink):
    """CP-DATA around each RP message comes out of pycrate as it went in."""
    relay = message.encode(uplink=uplink)
    octets = CpData(Transaction(2, to_allocator=uplink), relay).encode()
    theirs = read(octets)
    assert theirs.to_bytes() == octets
    assert theirs._name == "CP_DATA"
    inner = next(part for part in _walk(theirs) if part._name.startswith("RP_"))
    assert inner._name.startswith(name.removesuffix("_MT").removesuffix("_MO"))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("CP_ACK", CpAck(Transaction(0, to_allocator=True))),
        ("CP_ERROR", CpError(Transaction(6), 81)),
    ],
)
def test_pycrate_agrees_on_cp(name, message):
    """The short CP messages are pycrate's."""
    theirs = read(message.encode())
    assert theirs._name == name
    assert theirs.to_bytes() == message.encode()


def test_pycrate_reads_a_name_as_sender():
    """An alphanumeric originator has the length that pycrate expects."""
    name = SmsAddress("Corenet", TypeOfNumber.ALPHANUMERIC, 0)
    theirs = sms.SMS_DELIVER()
    octets = Deliver(name, NOON, b"", 4).encode()
    theirs.from_bytes(octets)
    assert theirs.to_bytes() == octets


def read(octets):
    theirs = ppsms.PPSMSCPTypeClasses[octets[1]]()
    theirs.from_bytes(octets)
    return theirs


def _walk(element):
    yield element
    for part in getattr(element, "_content", ()):
        yield from _walk(part)
