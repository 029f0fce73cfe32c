"""Messages that modify PDP contexts and add secondary ones: golden octets, round trips, oracle."""

from __future__ import annotations

import importlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.nas import sm
from corenet.interfaces.nas.describe import summary
from corenet.interfaces.nas.elements import PdpAddress
from corenet.interfaces.nas.errors import NasError

QOS = bytes.fromhex("0b921f7396fefe742bffff")
STATIC = PdpAddress.for_ipv4("10.45.0.7")
TFT = bytes.fromhex("21 31 0a 05 30 11 50 13c4")
"""Create, one filter 1 both ways, precedence 10: UDP from port 5060."""
SENT = sm.TransactionIdentifier(2)
RECEIVED = sm.TransactionIdentifier(2, flag=True)
LINKED = sm.TransactionIdentifier(0)
TFT_VALUE = {
    "Opcode": 1,
    "E": 0,
    "NumPktFilters": 1,
    "PktFilters": [
        {
            "Dir": 3,
            "Id": 1,
            "Precedence": 10,
            "Cont": [{"Type": 0x30, "Value": 17}, {"Type": 0x50, "Value": 5060}],
        }
    ],
}

GOLDEN = [
    pytest.param(
        "2a 48"
        "04 03"  # radio priority, LLC SAPI
        "0b 0b921f7396fefe742bffff"  # new QoS
        "2b 06 01 21 0a2d0007"  # PDP address
        "36 09 21310a05301150 13c4",  # TFT
        sm.ModifyPdpContextRequestDownlink(SENT, QOS, 3, 4, STATIC, tft=TFT),
        "Modify PDP Context Request, QoS 0b921f7396fefe742bffff, TFT create of filters 1",
        id="modify-request-downlink",
    ),
    pytest.param(
        "aa 49",
        sm.ModifyPdpContextAcceptUplink(RECEIVED),
        "Modify PDP Context Accept",
        id="modify-accept-uplink",
    ),
    pytest.param(
        "2a 4a"
        "32 03"  # LLC SAPI, no length
        "30 0b 0b921f7396fefe742bffff"
        "31 09 21310a05301150 13c4",
        sm.ModifyPdpContextRequestUplink(SENT, 3, QOS, TFT),
        "Modify PDP Context Request, QoS 0b921f7396fefe742bffff, TFT create of filters 1",
        id="modify-request-uplink",
    ),
    pytest.param(
        "2a 4a 31 02 a1 01",  # TFT: delete filter 1
        sm.ModifyPdpContextRequestUplink(SENT, tft=b"\xa1\x01"),
        "Modify PDP Context Request, TFT delete filters of filters 1",
        id="modify-request-uplink-tft-alone",
    ),
    pytest.param(
        "aa 4b 30 0b 0b921f7396fefe742bffff 32 05 82",  # QoS, LLC SAPI, radio priority
        sm.ModifyPdpContextAcceptDownlink(RECEIVED, QOS, 5, 2),
        "Modify PDP Context Accept, QoS 0b921f7396fefe742bffff",
        id="modify-accept-downlink",
    ),
    pytest.param(
        "aa 4b",
        sm.ModifyPdpContextAcceptDownlink(RECEIVED),
        "Modify PDP Context Accept",
        id="modify-accept-downlink-empty",
    ),
    pytest.param(
        "aa 4c 1a 37 01 21",
        sm.ModifyPdpContextReject(RECEIVED, 26, back_off_timer=0x21),
        "Modify PDP Context Reject, insufficient resources (sm 26)",
        id="modify-reject",
    ),
    pytest.param(
        "2a 4d"
        "06 03"  # NSAPI, LLC SAPI
        "0b 0b921f7396fefe742bffff"
        "01 00"  # linked TI 0 of the MS
        "36 09 21310a05301150 13c4",
        sm.ActivateSecondaryPdpContextRequest(SENT, 6, LINKED, 3, QOS, TFT),
        "Activate Secondary PDP Context Request, linked TI 0, NSAPI 6, TFT create of filters 1",
        id="activate-secondary-request",
    ),
    pytest.param(
        "2a 4e 03 0b 0b921f7396fefe742bffff 04 34 01 05",
        sm.ActivateSecondaryPdpContextAccept(SENT, 3, QOS, 4, 5),
        "Activate Secondary PDP Context Accept",
        id="activate-secondary-accept",
    ),
    pytest.param(
        "2a 4f 2b",
        sm.ActivateSecondaryPdpContextReject(SENT, 43),
        "Activate Secondary PDP Context Reject, unknown PDP context (sm 43)",
        id="activate-secondary-reject",
    ),
    pytest.param(
        "2a 5b"
        "0b 0b921f7396fefe742bffff"
        "01 80"  # linked TI 0 of the MS, as the network writes it
        "36 09 21310a05301150 13c4",
        sm.RequestSecondaryPdpContextActivation(SENT, LINKED.mirrored, QOS, TFT),
        "Request Secondary PDP Context Activation, linked TI 0*, TFT create of filters 1",
        id="request-secondary",
    ),
    pytest.param(
        "aa 5c 1a",
        sm.RequestSecondaryPdpContextActivationReject(RECEIVED, 26),
        "Request Secondary PDP Context Activation Reject, insufficient resources (sm 26)",
        id="request-secondary-reject",
    ),
    pytest.param(
        "2a 4d 06 03 03 000000 02 f090",  # linked TI 16 in an octet of its own
        sm.ActivateSecondaryPdpContextRequest(
            SENT, 6, sm.TransactionIdentifier(16, flag=True), qos=bytes(3)
        ),
        "Activate Secondary PDP Context Request, linked TI 16*, NSAPI 6",
        id="activate-secondary-extended-linked-ti",
    ),
]


@pytest.mark.parametrize(("octets", "message", "text"), GOLDEN)
def test_golden_octets_are_written_read_and_described(
    octets: str, message: sm.SmMessage, text: str
) -> None:
    """Each message is written as the annotated octets, read from them, and told in one line."""
    assert message.encode() == bytes.fromhex(octets)
    assert sm.decode(bytes.fromhex(octets)) == message
    assert summary(bytes.fromhex(octets)) == text


def test_a_malformed_template_is_described_as_such() -> None:
    """A TFT that cannot be read does not keep the message from being told."""
    message = sm.ModifyPdpContextRequestUplink(SENT, tft=b"\xff")
    assert summary(message.encode()) == "Modify PDP Context Request, malformed TFT"


tis = st.builds(sm.TransactionIdentifier, st.integers(0, 127), st.booleans())
octet = st.integers(0, 255)
pcos = st.none() | st.binary(max_size=40)
tfts = st.none() | st.binary(min_size=1, max_size=255)
qualities = st.binary(min_size=3, max_size=20)
sapis = st.sampled_from((3, 5, 9, 11))
addresses = st.none() | st.builds(
    PdpAddress, st.just(0x21), st.sampled_from((b"", b"\x0a\x2d\x00\x07"))
)
messages = st.one_of(
    st.builds(
        sm.ModifyPdpContextRequestDownlink,
        *(tis, qualities, sapis, st.integers(1, 4), addresses, st.none() | octet, pcos, tfts),
    ),
    st.builds(sm.ModifyPdpContextAcceptUplink, tis, pcos),
    st.builds(
        sm.ModifyPdpContextRequestUplink, tis, st.none() | sapis, st.none() | qualities, tfts, pcos
    ),
    st.builds(
        sm.ModifyPdpContextAcceptDownlink,
        *(tis, st.none() | qualities, st.none() | sapis, st.none() | st.integers(1, 4)),
        *(st.none() | octet, pcos),
    ),
    st.builds(sm.ModifyPdpContextReject, tis, octet, pcos, st.none() | octet),
    st.builds(
        sm.ActivateSecondaryPdpContextRequest,
        *(tis, st.integers(5, 15), tis, sapis, qualities, tfts, pcos),
    ),
    st.builds(
        sm.ActivateSecondaryPdpContextAccept,
        *(tis, sapis, qualities, st.integers(1, 4), st.none() | octet, pcos),
    ),
    st.builds(sm.ActivateSecondaryPdpContextReject, tis, octet, pcos, st.none() | octet),
    st.builds(sm.RequestSecondaryPdpContextActivation, tis, tis, qualities, tfts, pcos),
    st.builds(sm.RequestSecondaryPdpContextActivationReject, tis, octet, pcos),
)


@given(messages)
def test_every_message_is_read_as_it_was_written(message: sm.SmMessage) -> None:
    """Reading what was written gives the message back."""
    assert sm.decode(message.encode()) == message


@given(messages, st.data())
def test_damaged_messages_raise_only_nas_error(message: sm.SmMessage, data: st.DataObject) -> None:
    """A message cut short or with one octet changed is read or raises NasError."""
    octets = bytearray(message.encode())
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(octet)
    damaged = bytes(octets[: data.draw(st.integers(0, len(octets)))])
    with suppress(NasError):
        sm.decode(damaged)
    assert summary(damaged)


@pytest.mark.parametrize(
    ("octets", "place"),
    [
        pytest.param("2a 48 04", 3, id="modify-without-sapi"),
        pytest.param("2a 48 04 03 02 0000", 4, id="modify-qos-too-short"),
        pytest.param("aa 4c", 2, id="reject-without-cause"),
        pytest.param("2a 4d 06 03 03 000000", 8, id="secondary-without-linked-ti"),
        pytest.param("2a 4d 06 03 03 000000 00", 8, id="secondary-linked-ti-empty"),
        pytest.param("2a 4d 06 03 03 000000 01 70", 8, id="secondary-linked-ti-reserved"),
        pytest.param("2a 4d 06 03 03 000000 02 7083", 8, id="secondary-linked-ti-below-seven"),
        pytest.param("2a 5b 03 000000", 6, id="request-without-linked-ti"),
        pytest.param("aa 5c", 2, id="request-reject-without-cause"),
    ],
)
def test_wrong_mandatory_elements_are_cause_96(octets: str, place: int) -> None:
    """Mandatory information that is missing or wrong is told with its place."""
    with pytest.raises(NasError) as caught:
        sm.decode(bytes.fromhex(octets))
    assert (caught.value.cause, caught.value.octet) == (96, place)


def test_a_qos_that_is_too_short_is_as_though_absent() -> None:
    """An optional QoS below three octets is treated as not there (TS 24.008 §8.7.1)."""
    message = sm.decode(bytes.fromhex("2a 4a 30 01 00 31 01 40"))
    assert message == sm.ModifyPdpContextRequestUplink(SENT, tft=b"\x40")


def header(kind: int, *, received: bool) -> dict[str, Any]:
    return {"TIPD": {"TIFlag": int(received), "TIO": 2}, "Type": kind}


ORACLE = [
    pytest.param(
        "SMModifyPDPContextRequestMT",
        header(0x48, received=False),
        {
            "RadioPriority": 4,
            "LLC_SAPI": {"Value": 3},
            "QoS": QOS,
            "PDPAddr": {"TypeOrg": 1, "Type": 0x21, "Addr": b"\x0a\x2d\x00\x07"},
            "TFT": TFT_VALUE,
        },
        GOLDEN[0].values[1],
        id="modify-request-downlink",
    ),
    pytest.param(
        "SMModifyPDPContextAcceptMO", header(0x49, received=True), {}, GOLDEN[1].values[1], id="mo"
    ),
    pytest.param(
        "SMModifyPDPContextRequestMO",
        header(0x4A, received=False),
        {"LLC_SAPI": {"Value": 3}, "QoS": QOS, "TFT": TFT_VALUE},
        GOLDEN[2].values[1],
        id="modify-request-uplink",
    ),
    pytest.param(
        "SMModifyPDPContextAcceptMT",
        header(0x4B, received=True),
        {"QoS": QOS, "LLC_SAPI": {"Value": 5}, "RadioPriority": {"Value": 2}},
        GOLDEN[4].values[1],
        id="modify-accept-downlink",
    ),
    pytest.param(
        "SMModifyPDPContextReject",
        header(0x4C, received=True),
        {"SMCause": b"\x1a", "BackOffTimer": b"\x21"},
        GOLDEN[6].values[1],
        id="modify-reject",
    ),
    pytest.param(
        "SMActivateSecondaryPDPContextRequest",
        header(0x4D, received=False),
        {
            "NSAPI": {"Value": 6},
            "LLC_SAPI": {"Value": 3},
            "QoS": QOS,
            "LinkedTI": {"TIFlag": 0, "TIO": 0},
            "TFT": TFT_VALUE,
        },
        GOLDEN[7].values[1],
        id="activate-secondary-request",
    ),
    pytest.param(
        "SMActivateSecondaryPDPContextAccept",
        header(0x4E, received=False),
        {
            "LLC_SAPI": {"Value": 3},
            "QoS": QOS,
            "RadioPriority": 4,
            "PacketFlowId": b"\x05",
        },
        GOLDEN[8].values[1],
        id="activate-secondary-accept",
    ),
    pytest.param(
        "SMActivateSecondaryPDPContextReject",
        header(0x4F, received=False),
        {"SMCause": b"\x2b"},
        GOLDEN[9].values[1],
        id="activate-secondary-reject",
    ),
    pytest.param(
        "SMRequestSecondaryPDPContextActivation",
        header(0x5B, received=False),
        {"QoS": QOS, "LinkedTI": {"TIFlag": 1, "TIO": 0}, "TFT": TFT_VALUE},
        GOLDEN[10].values[1],
        id="request-secondary",
    ),
    pytest.param(
        "SMRequestSecondaryPDPContextActivationReject",
        header(0x5C, received=True),
        {"SMCause": b"\x1a"},
        GOLDEN[11].values[1],
        id="request-secondary-reject",
    ),
]


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "head", "values", "message"), ORACLE)
def test_pycrate_writes_and_reads_alike(
    name: str, head: dict[str, Any], values: dict[str, Any], message: sm.SmMessage
) -> None:
    """From the same values pycrate builds our octets, and it reads ours whole."""
    kind = getattr(importlib.import_module("pycrate_mobile.TS24008_SM"), name)
    octets = kind(val={"SMHeader": head, **values}).to_bytes()
    assert octets.hex() == message.encode().hex()
    assert sm.decode(octets) == message
    theirs = kind()
    theirs.from_bytes(message.encode())
    assert theirs.to_bytes() == message.encode()
