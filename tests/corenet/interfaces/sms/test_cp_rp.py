"""CP and RP messages as octets, and what is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.sms import cp, rp
from corenet.interfaces.sms.address import SmsAddress, TypeOfNumber
from corenet.interfaces.sms.causes import CpCause, RpCause
from corenet.interfaces.sms.cp import CpAck, CpData, CpDecodeError, CpError, Transaction
from corenet.interfaces.sms.rp import RpAck, RpData, RpDecodeError, RpError, RpSmma

CENTRE = SmsAddress("447785016005")
DELIVER = bytes.fromhex("440c9144779000103200f522110121436500100b05040b8423f00003010201010601ae")

RP_GOLDEN = {
    "data to the mobile": (
        RpData(1, DELIVER, originator=CENTRE),
        "01 01"  # RP-DATA, reference 1
        "07 91447758100650"  # originator: the service centre
        "00"  # no destination
        "23" + DELIVER.hex(),
        False,
    ),
    "data from the mobile": (
        RpData(2, b"\x01", destination=CENTRE),
        "00 02 00 07 91447758100650 01 01",
        True,
    ),
    "ack from the mobile": (RpAck(3), "02 03", True),
    "ack to the mobile": (RpAck(3, b"\x01\x00"), "03 03 41 02 0100", False),
    "error from the mobile": (
        RpError(4, RpCause.MEMORY_CAPACITY_EXCEEDED, user_data=b"\x00\xd3\x00"),
        "04 04 01 16 41 03 00d300",
        True,
    ),
    "error to the mobile": (RpError(4, 38, diagnostic=1), "05 04 02 26 01", False),
    "memory available": (RpSmma(5), "06 05", True),
}


def test_fact_sheet_frame_reads_down_to_the_tpdu():
    """CP-DATA with RP-DATA with SMS-DELIVER, and back to the same octets."""
    octets = bytes.fromhex("09 01 2f 0101 07 91447758100650 00 23") + DELIVER
    data = cp.decode(octets)
    assert data == CpData(Transaction(0), octets[3:])
    assert rp.decode(data.user_data, uplink=False) == RpData(1, DELIVER, originator=CENTRE)
    assert data.encode() == octets


@pytest.mark.parametrize("name", RP_GOLDEN)
def test_golden_rp_octets_are_built_and_read(name):
    """An RP message is built as the octets we know, and reads back."""
    message, octets, uplink = RP_GOLDEN[name]
    assert message.encode(uplink=uplink).hex() == bytes.fromhex(octets).hex()
    assert rp.decode(bytes.fromhex(octets), uplink=uplink) == message


@pytest.mark.parametrize(
    ("message", "octets"),
    [
        (CpAck(Transaction(3)), "3904"),
        (CpAck(Transaction(3, to_allocator=True)), "b904"),
        (CpError(Transaction(6), CpCause.CONGESTION), "691016"),
        (CpData(Transaction(0), b"\x02\x01"), "09010202 01"),
    ],
)
def test_golden_cp_octets_are_built_and_read(message, octets):
    """The flag is 0 in what the allocator of the identifier sends."""
    assert message.encode() == bytes.fromhex(octets)
    assert cp.decode(bytes.fromhex(octets)) == message
    assert message.transaction.mirrored.mirrored == message.transaction


octet = st.integers(0, 255)
addresses = st.none() | st.builds(
    SmsAddress,
    st.text("0123456789", max_size=20),
    st.sampled_from([ton for ton in TypeOfNumber if ton is not TypeOfNumber.ALPHANUMERIC]),
)
tpdus = st.binary(max_size=rp.MAX_USER_DATA)
messages = st.one_of(
    st.builds(RpData, octet, tpdus, addresses, addresses),
    st.builds(RpAck, octet, st.none() | tpdus),
    st.builds(RpError, octet, st.integers(0, 127), st.none() | octet, st.none() | tpdus),
    st.builds(RpSmma, octet),
)


@given(messages, st.booleans())
def test_every_rp_message_reads_back(message, uplink):
    """What is encoded decodes to itself, each way."""
    uplink = uplink or isinstance(message, RpSmma)
    assert rp.decode(message.encode(uplink=uplink), uplink=uplink) == message


@given(st.builds(Transaction, st.integers(0, 6), st.booleans()), st.binary(max_size=248), octet)
def test_every_cp_message_reads_back(transaction, user_data, cause):
    """What is encoded decodes to itself."""
    for message in (
        CpData(transaction, user_data),
        CpAck(transaction),
        CpError(transaction, cause),
    ):
        assert cp.decode(message.encode()) == message


@given(st.binary(max_size=255), st.booleans())
def test_any_octets_are_read_or_refused(octets, uplink):
    """Random octets give a message or the layer's own error, and nothing else."""
    with suppress(CpDecodeError):
        cp.decode(octets)
    with suppress(RpDecodeError):
        rp.decode(octets, uplink=uplink)


@pytest.mark.parametrize(
    ("octets", "cause", "transaction"),
    [
        ("", CpCause.INVALID_MANDATORY_INFORMATION, None),
        ("0a04", CpCause.PROTOCOL_ERROR, None),
        ("7904", CpCause.PROTOCOL_ERROR, None),
        ("09", CpCause.INVALID_MANDATORY_INFORMATION, Transaction(0)),
        ("0905", CpCause.MESSAGE_TYPE_UNKNOWN, Transaction(0)),
        ("890102 00", CpCause.INVALID_MANDATORY_INFORMATION, Transaction(0, to_allocator=True)),
        ("0910", CpCause.INVALID_MANDATORY_INFORMATION, Transaction(0)),
    ],
)
def test_cp_fault_has_its_cause_and_transaction(octets, cause, transaction):
    """Each fault carries what its answer needs (§9.2)."""
    with pytest.raises(CpDecodeError) as caught:
        cp.decode(bytes.fromhex(octets))
    assert (caught.value.cause, caught.value.transaction) == (cause, transaction)


@pytest.mark.parametrize(
    ("octets", "uplink", "cause", "reference"),
    [
        ("", True, RpCause.INVALID_MANDATORY_INFORMATION, None),
        ("00", True, RpCause.INVALID_MANDATORY_INFORMATION, None),
        ("0107 0000 00", True, RpCause.MESSAGE_TYPE_UNKNOWN, 7),
        ("0707", False, RpCause.MESSAGE_TYPE_UNKNOWN, 7),
        ("0607", False, RpCause.MESSAGE_TYPE_UNKNOWN, 7),
        ("0107 0000 05 00", False, RpCause.INVALID_MANDATORY_INFORMATION, 7),
        ("0107 02914f 00 00", False, RpCause.INVALID_MANDATORY_INFORMATION, 7),
        ("0407 00", True, RpCause.INVALID_MANDATORY_INFORMATION, 7),
        ("0207 4105 00", True, RpCause.INVALID_MANDATORY_INFORMATION, 7),
    ],
)
def test_rp_fault_has_its_cause_and_reference(octets, uplink, cause, reference):
    """Each fault carries what its answer needs (§9.3)."""
    with pytest.raises(RpDecodeError) as caught:
        rp.decode(bytes.fromhex(octets), uplink=uplink)
    assert (caught.value.cause, caught.value.reference) == (cause, reference)


def test_unknown_optional_elements_are_passed_over():
    """Elements of one octet and of several; of two with user data the first counts."""
    octets = bytes.fromhex("0203 91 0101ff 4101aa 4101bb")
    assert rp.decode(octets, uplink=True) == RpAck(3, b"\xaa")


def test_what_does_not_fit_is_our_own_fault():
    """Too long, or said by the wrong side."""
    with pytest.raises(ValueError, match="248"):
        CpData(Transaction(0), bytes(249)).encode()
    with pytest.raises(ValueError, match="233"):
        RpData(0, bytes(234)).encode(uplink=True)
    with pytest.raises(ValueError, match="network"):
        RpSmma(0).encode(uplink=False)
