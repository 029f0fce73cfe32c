"""Recorded and written-out PDUs decode to what they say, and encode to the same octets."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.codecs.smpp import (
    AlertNotification,
    BindTransceiver,
    BindTransceiverResp,
    DataSm,
    EnquireLink,
    EnquireLinkResp,
    EsmClass,
    MessagingMode,
    Pdu,
    SmeAddress,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    decode,
    encode,
)
from testbed.codecs.smpp import parameters as p

KANNEL = sorted((Path(__file__).parents[3] / "vectors" / "kannel").glob("smpp_*.hex"))
SOURCE = SmeAddress.international("447700900100")
TERMINAL = SmeAddress.international("447700900123")
PUSH = bytes.fromhex("010603b0af8202066a00850a036578616d706c6500850378000601")
PORTS = bytes.fromhex("0605040b8423f0")

WRITTEN_OUT: list[tuple[str, int, Pdu]] = [
    (
        "0000002000000009000000000000000177617000736563726574000034000000",
        1,
        BindTransceiver(system_id="wap", password="secret"),
    ),
    (
        "0000001a800000090000000000000001534d5343000210000134",
        1,
        BindTransceiverResp(system_id="SMSC", tlvs=(p.SC_INTERFACE_VERSION(0x34),)),
    ),
    (
        "0000005e0000000400000000000000035741500001013434373730303930303130300001013434373730303930"
        "303132330042000000000000f500220605040b8423f0010603b0af8202066a00850a036578616d706c65008503"
        "78000601",
        3,
        SubmitSm(
            service_type="WAP",
            source=SOURCE,
            destination=TERMINAL,
            esm_class=0x42,
            data_coding=0xF5,
            short_message=PORTS + PUSH,
        ),
    ),
    ("000000158000000400000000000000023030303100", 2, SubmitSmResp(message_id="0001")),
    ("00000010800000040000006400000003", 3, SubmitSmResp(status=0x64)),
    (
        "0000006800000103000000000000000457415000010134343737303039303031303000010134343737303039"
        "303031323300020004020a000223f0020b00020b840017000400000e100424001b010603b0af8202066a0085"
        "0a036578616d706c6500850378000601",
        4,
        DataSm(
            service_type="WAP",
            source=SOURCE,
            destination=TERMINAL,
            esm_class=0x02,
            data_coding=0x04,
            tlvs=(
                p.SOURCE_PORT(9200),
                p.DESTINATION_PORT(2948),
                p.QOS_TIME_TO_LIVE(3600),
                p.MESSAGE_PAYLOAD(PUSH),
            ),
        ),
    ),
    ("00000010000000150000000000000005", 5, EnquireLink()),
    ("00000010800000150000000000000005", 5, EnquireLinkResp()),
    (
        "0000003300000102000000000000000901013434373730303930303132330001013434373730303930303130"
        "300004220001" + "00",
        9,
        AlertNotification(source=TERMINAL, esme=SOURCE, tlvs=(p.MS_AVAILABILITY_STATUS(0),)),
    ),
    ("00000010000000060000000000000006", 6, Unbind()),
]


@pytest.mark.parametrize(("octets", "sequence", "pdu"), WRITTEN_OUT)
def test_a_pdu_that_is_written_out(octets: str, sequence: int, pdu: Pdu) -> None:
    """Octets and values are the same thing."""
    assert decode(bytes.fromhex(octets)) == (sequence, pdu)
    assert encode(pdu, sequence).hex() == octets


def test_there_are_recorded_pdus() -> None:
    """The recording has a bind and seven messages."""
    assert len(KANNEL) == 8


@pytest.mark.parametrize("path", KANNEL, ids=lambda path: path.stem)
def test_what_kannel_sent_survives_to_the_octet(path: Path) -> None:
    """A recorded PDU of Kannel's is decoded, and encoded to the same octets."""
    octets = bytes.fromhex(path.read_text(encoding="ascii"))
    sequence, pdu = decode(octets)
    assert encode(pdu, sequence) == octets
    if isinstance(pdu, SubmitSm):
        assert pdu.source == SmeAddress.international("12345")
        assert pdu.destination == SmeAddress.international("358401234567")
        assert EsmClass.read(pdu.esm_class) == EsmClass(MessagingMode.STORE_AND_FORWARD, udhi=True)
        assert pdu.user_data[3:7] == bytes.fromhex("0b8423f0")
    else:
        assert pdu == BindTransceiver(
            system_id="kannel", password="secret", system_type="VMA", interface_version=0x34
        )


def test_recorded_segments_carry_one_push() -> None:
    """The four segments of a long SI have one reference and follow on one another."""
    names = [path for path in KANNEL if "long" in path.stem]
    headers = []
    for path in names:
        pdu = decode(bytes.fromhex(path.read_text(encoding="ascii"))).pdu
        assert isinstance(pdu, SubmitSm)
        headers.append(tuple(pdu.user_data[9:12]))
    assert headers == [(3, 4, 1), (3, 4, 2), (3, 4, 3), (3, 4, 4)]
