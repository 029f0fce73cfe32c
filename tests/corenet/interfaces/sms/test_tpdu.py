"""TPDUs as octets, and what is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.sms import alphabet
from corenet.interfaces.sms.address import SmsAddress, TypeOfNumber
from corenet.interfaces.sms.coding import DCS_OCTETS_CLASS_1, is_septets
from corenet.interfaces.sms.errors import SmsError
from corenet.interfaces.sms.header import Concatenation, OtherElement, Ports
from corenet.interfaces.sms.segmentation import room
from corenet.interfaces.sms.times import EnhancedValidity, RelativeValidity, Timestamp
from corenet.interfaces.sms.tpdu import (
    Command,
    CommandType,
    Deliver,
    DeliverReport,
    FailureCause,
    StatusReport,
    Submit,
    SubmitReport,
    decode,
)

NOON = Timestamp(1668083696)
"""2022-11-10 12:34:56 UTC."""
SENDER = SmsAddress("447709000123")

GOLDEN = {
    "deliver, first of two parts for port 2948": (
        Deliver(
            SENDER,
            NOON,
            bytes.fromhex("010601ae"),
            DCS_OCTETS_CLASS_1,
            (Ports(2948, 9200), Concatenation(1, 2, 1)),
        ),
        "44"  # SMS-DELIVER, no more messages, header
        "0c91 447790001032"  # originator +447709000123
        "00f5"  # protocol identifier, 8 bit data of class 1
        "22110121436500"  # 2022-11-10 12:34:56, UTC
        "10"  # 16 octets of user data
        "0b 0504 0b84 23f0 0003 01 02 01"  # ports 2948 and 9200; part 1 of 2 of message 1
        "010601ae",
        {"uplink": False},
    ),
    "deliver, ten septets from a name": (
        Deliver(
            SmsAddress("Design@Home", TypeOfNumber.ALPHANUMERIC, 0),
            Timestamp(1668083696, -20),
            b"hellohello",
            more_messages=True,
        ),
        "00"
        "14d0 c4f23c7d760390ef7619"  # twenty semi-octets, alphanumeric: Design@Home
        "0000 2211017043650a"  # 07:34:56, five hours behind
        "0ae8329bfd4697d9ec37",
        {"uplink": False},
    ),
    "submit with a relative validity": (
        Submit(
            5,
            SmsAddress("447700900123"),
            b"Hi",
            validity=RelativeValidity(167),
            reject_duplicates=True,
            status_report_request=True,
        ),
        "35"  # SMS-SUBMIT, reject duplicates, relative validity, status report
        "05 0c91 447700091032 0000 a7"  # validity: 24 hours
        "02c834",
        {"uplink": True},
    ),
    "submit in UCS2 with a time": (
        Submit(
            0,
            SmsAddress("12345", TypeOfNumber.UNKNOWN),
            "日本".encode("utf-16-be"),
            8,
            validity=NOON,
            reply_path=True,
        ),
        "99 00 0581 2143f5 0008 22110121436500 04 65e5672c",
        {"uplink": True},
    ),
    "submit with an enhanced validity": (
        Submit(0, SENDER, b"", validity=EnhancedValidity(bytes.fromhex("01ff0000000000"))),
        "09 00 0c91447790001032 0000 01ff0000000000 00",
        {"uplink": True},
    ),
    "septets behind a header": (
        Submit(0, SENDER, b"abc", header=(Concatenation(7, 2, 2),)),
        "41 00 0c91447790001032 0000"
        "0a"  # ten septets, seven of them under the header
        "05 0003 07 02 02"
        "c2e231",  # one fill bit, a, b, c
        {"uplink": True},
    ),
    "deliver report in RP-ACK": (DeliverReport(), "0000", {"uplink": True}),
    "deliver report in RP-ERROR": (
        DeliverReport(FailureCause.MEMORY_CAPACITY_EXCEEDED),
        "00d300",
        {"uplink": True, "error": True},
    ),
    "deliver report with data": (
        DeliverReport(pid=0, dcs=4, payload=b"\x01\x02"),
        "00 07 00 04 02 0102",
        {"uplink": True},
    ),
    "submit report in RP-ACK": (SubmitReport(NOON), "01 00 22110121436500", {"uplink": False}),
    "submit report in RP-ERROR": (
        SubmitReport(NOON, FailureCause.SC_BUSY),
        "01 c0 00 22110121436500",
        {"uplink": False, "error": True},
    ),
    "status report": (
        StatusReport(5, SENDER, NOON, Timestamp(1668083697), 0, about_command=True),
        "26 05 0c91447790001032 22110121436500 22110121437500 00",
        {"uplink": False},
    ),
    "command to delete": (
        Command(6, CommandType.DELETE, 5, SENDER),
        "02 06 00 02 05 0c91447790001032 00",
        {"uplink": True},
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.clause(
    "23.040 §9.2.2",
    "SMS-DELIVER, -SUBMIT, -DELIVER-REPORT, -SUBMIT-REPORT, -STATUS-REPORT, -COMMAND",
)
def test_golden_octets_are_built_and_read(name):
    """A TPDU is built as the octets we know, and the octets read back as the TPDU."""
    tpdu, octets, how = GOLDEN[name]
    assert tpdu.encode().hex() == bytes.fromhex(octets).hex()
    assert decode(bytes.fromhex(octets), **how) == tpdu


octet = st.integers(0, 255)
alphabet_text = "".join(alphabet.decode(bytes((code,))) for code in range(128) if code != 0x1B)

numbers = st.builds(
    SmsAddress,
    st.text("0123456789*#abc", max_size=20),
    st.sampled_from([ton for ton in TypeOfNumber if ton is not TypeOfNumber.ALPHANUMERIC]),
    st.integers(0, 15),
)
names = st.builds(
    SmsAddress,
    st.text(alphabet_text, max_size=11).filter(lambda name: len(name) not in (7,)),
    st.just(TypeOfNumber.ALPHANUMERIC),
    st.integers(0, 15),
)
addresses = numbers | names

timestamps = st.builds(Timestamp, st.integers(700_000_000, 3_700_000_000), st.integers(-79, 79))


@st.composite
def concatenations(draw: st.DrawFn) -> Concatenation:
    wide = draw(st.booleans())
    total = draw(st.integers(1, 255))
    reference = draw(st.integers(0, 0xFFFF if wide else 0xFF))
    return Concatenation(reference, total, draw(st.integers(1, total)), wide)


@st.composite
def ports(draw: st.DrawFn) -> Ports:
    wide = draw(st.booleans())
    port = st.integers(0, 0xFFFF if wide else 0xFF)
    return Ports(draw(port), draw(port), wide)


others = st.builds(OtherElement, st.integers(0x09, 0xFF), st.binary(max_size=8))
headers = st.lists(concatenations() | ports() | others, max_size=3).map(tuple)


@st.composite
def user_data(draw: st.DrawFn) -> dict[str, object]:
    """Data coding scheme, header and payload that fit together."""
    dcs, header = draw(octet), draw(headers)
    septets = is_septets(dcs)
    size = draw(st.integers(0, room(dcs, header)))
    unit = st.integers(0, 0x7F) if septets else octet
    payload = bytes(draw(st.lists(unit, min_size=size, max_size=size)))
    return {"dcs": dcs, "header": header, "payload": payload}


@st.composite
def optional(draw: st.DrawFn) -> dict[str, object]:
    """Protocol identifier, data coding scheme and user data of a report, each optional."""
    fields: dict[str, object] = {}
    if draw(st.booleans()):
        fields["pid"] = draw(octet)
    if draw(st.booleans()):
        fields |= draw(user_data())
    elif draw(st.booleans()):
        fields["payload"] = bytes(draw(st.lists(st.integers(0, 0x7F), max_size=150)))
    return fields


flag = st.booleans()
validities = st.one_of(
    st.none(),
    st.builds(RelativeValidity, octet),
    timestamps,
    st.builds(EnhancedValidity, st.binary(min_size=7, max_size=7)),
)


@st.composite
def delivers(draw: st.DrawFn) -> Deliver:
    return Deliver(
        originator=draw(addresses),
        timestamp=draw(timestamps),
        pid=draw(octet),
        more_messages=draw(flag),
        loop_prevention=draw(flag),
        status_report_indication=draw(flag),
        reply_path=draw(flag),
        **draw(user_data()),
    )


@st.composite
def submits(draw: st.DrawFn) -> Submit:
    return Submit(
        reference=draw(octet),
        destination=draw(addresses),
        pid=draw(octet),
        validity=draw(validities),
        reject_duplicates=draw(flag),
        status_report_request=draw(flag),
        reply_path=draw(flag),
        **draw(user_data()),
    )


causes = st.none() | octet
deliver_reports = st.builds(lambda cause, more: DeliverReport(cause, **more), causes, optional())
submit_reports = st.builds(
    lambda time, cause, more: SubmitReport(time, cause, **more), timestamps, causes, optional()
)


@st.composite
def status_reports(draw: st.DrawFn) -> StatusReport:
    return StatusReport(
        draw(octet),
        draw(addresses),
        draw(timestamps),
        draw(timestamps),
        draw(octet),
        more_messages=draw(flag),
        loop_prevention=draw(flag),
        about_command=draw(flag),
        **draw(optional()),
    )


@st.composite
def commands(draw: st.DrawFn) -> Command:
    return Command(
        draw(octet),
        draw(octet),
        draw(octet),
        draw(addresses),
        draw(st.binary(max_size=90)),
        draw(headers),
        draw(octet),
        draw(flag),
    )


@given(delivers())
@pytest.mark.clause(
    "23.040 §9.2.3.24", "user data header: concatenation, application ports; others kept as octets"
)
def test_every_deliver_reads_back(tpdu):
    """What the service centre says decodes to itself, header and all."""
    assert decode(tpdu.encode(), uplink=False) == tpdu


@given(submits())
def test_every_submit_reads_back(tpdu):
    """What the mobile says decodes to itself, in each form of validity."""
    assert decode(tpdu.encode(), uplink=True) == tpdu


@given(deliver_reports)
def test_every_deliver_report_reads_back(tpdu):
    """A mobile's report decodes to itself once it is known what it came in."""
    assert decode(tpdu.encode(), uplink=True, error=tpdu.failure_cause is not None) == tpdu


@given(submit_reports)
def test_every_submit_report_reads_back(tpdu):
    """A service centre's report decodes to itself once it is known what it came in."""
    assert decode(tpdu.encode(), uplink=False, error=tpdu.failure_cause is not None) == tpdu


@given(status_reports())
def test_every_status_report_reads_back(tpdu):
    """A status report decodes to itself, with and without its optional fields."""
    assert decode(tpdu.encode(), uplink=False) == tpdu


@given(commands())
def test_every_command_reads_back(tpdu):
    """A command decodes to itself, with its data."""
    assert decode(tpdu.encode(), uplink=True) == tpdu


@given(st.binary(max_size=180), st.booleans(), st.booleans())
def test_any_octets_are_read_or_refused(octets, uplink, error):
    """Random octets give a TPDU or SmsError, and nothing else."""
    with suppress(SmsError):
        decode(octets, uplink=uplink, error=error)


@given(delivers() | submits(), st.data())
def test_any_damage_is_read_or_refused(tpdu, data):
    """A TPDU with one octet changed or cut gives a TPDU or SmsError."""
    octets = bytearray(tpdu.encode())
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(octets[: data.draw(st.integers(0, len(octets)))])
    for uplink in (False, True):
        with suppress(SmsError):
            decode(cut, uplink=uplink)


@pytest.mark.parametrize(
    ("octets", "uplink", "octet"),
    [
        ("", False, 0),
        ("03", True, 0),
        ("04 15 91", False, 1),
        ("04 0291", False, 3),
        ("04 0291 f1 0000", False, 1),
        ("04 0291 21 00", False, 4),
        ("04 0291 21 0004 22310121436500 00", False, 6),
        ("04 0291 21 0004 221101214365a0 00", False, 6),
        ("04 0291 21 0004 22110121436500", False, 13),
        ("04 0291 21 0004 22110121436500 0501", False, 14),
        ("44 0291 21 0004 22110121436500 00", False, 14),
        ("44 0291 21 0004 22110121436500 0205 00", False, 15),
        ("44 0291 21 0004 22110121436500 0302 00ff", False, 17),
        ("44 0291 21 0000 22110121436500 01 00", False, 13),
    ],
)
def test_fault_is_named_with_its_place(octets, uplink, octet):
    """What breaks the rules is refused, and where it does is said."""
    with pytest.raises(SmsError) as caught:
        decode(bytes.fromhex(octets), uplink=uplink)
    assert caught.value.octet == octet


def test_reserved_type_is_a_deliver_to_a_mobile():
    """A mobile takes the reserved message type for an SMS-DELIVER (§9.2.3.1)."""
    tpdu = Deliver(SENDER, NOON, b"")
    octets = bytes((tpdu.encode()[0] | 3,)) + tpdu.encode()[1:]
    assert decode(octets, uplink=False) == tpdu


def test_octets_behind_the_end_are_ignored():
    """A later version may have put fields there."""
    tpdu = Deliver(SENDER, NOON, b"abc")
    assert decode(tpdu.encode() + b"\xff", uplink=False) == tpdu


def test_parameter_indicator_may_go_on():
    """Extension octets of TP-PI are passed over (§9.2.3.27)."""
    assert decode(bytes.fromhex("00 81 80 00 7f"), uplink=True) == DeliverReport(pid=0x7F)


def test_impossible_concatenation_is_kept_but_means_nothing():
    """A part beyond the total, or of none, is ignored as an element (§9.2.3.24.1)."""
    octets = bytes.fromhex("44 0c91447790001032 0004 22110121436500 07 05 0003 01 02 03 aa")
    tpdu = decode(octets, uplink=False)
    assert tpdu.header == (OtherElement(0, bytes.fromhex("010203")),)
    assert tpdu.payload == b"\xaa"


@pytest.mark.parametrize(
    "tpdu",
    [
        Deliver(SENDER, NOON, bytes(161)),
        Deliver(SENDER, NOON, b"\x80"),
        Deliver(SENDER, NOON, bytes(141), 4),
        Deliver(SmsAddress("1" * 21), NOON, b""),
        Deliver(SmsAddress("12x"), NOON, b""),
        Deliver(SmsAddress("A name too long", TypeOfNumber.ALPHANUMERIC), NOON, b""),
        Deliver(SENDER, Timestamp(0), b""),
        Deliver(SENDER, Timestamp(1668083696, 80), b""),
        Deliver(SENDER, NOON, b"", header=(Concatenation(256, 1, 1),)),
        Deliver(SENDER, NOON, b"", header=(Concatenation(1, 1, 2),)),
        Deliver(SENDER, NOON, b"", header=(Ports(256, 0, wide=False),)),
    ],
)
def test_what_has_no_octets_is_our_own_fault(tpdu):
    """A value that does not fit raises ValueError before anything is sent."""
    with pytest.raises(ValueError):
        tpdu.encode()


def test_text_is_read_by_its_coding():
    """7 bit and UCS2 are text; 8 bit is data."""
    assert Deliver(SENDER, NOON, b"\x00\x1b\x65").text == "@€"
    assert Submit(0, SENDER, "日".encode("utf-16-be"), 8).text == "日"
    assert Deliver(SENDER, NOON, b"abc", 4).text is None
