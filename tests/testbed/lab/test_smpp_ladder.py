"""A ladder shows the PDUs that pass on connections, however their octets are cut."""

from __future__ import annotations

import pytest

from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed, Phase
from testbed.codecs.smpp import (
    BindTransceiver,
    DataSm,
    EnquireLink,
    EnquireLinkResp,
    Pdu,
    QuerySm,
    SmeAddress,
    SubmitMulti,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    encode,
)
from testbed.codecs.smpp import parameters as p
from testbed.lab.ladder import Ladder, Rung

ESME, SMSC = ("10.0.0.1", 50_000), ("10.0.0.2", 2775)
TERMINAL = SmeAddress.international("447700900123")
SUBMIT = SubmitSm(destination=TERMINAL, short_message=b"hello")


def shown(*parts: tuple[Phase, bytes]) -> list[Rung]:
    rungs: list[Rung] = []
    ladder = Ladder(rungs.append, {"10.0.0.1": "gateway"})
    for phase, data in parts:
        ladder.passed(Passed(1.0, Interface.SMPP, ESME, SMSC, data, "", "smsc", phase))
    return rungs


@pytest.mark.parametrize(
    ("pdu", "message", "details"),
    [
        (BindTransceiver(system_id="wap"), "bind_transceiver", "system_id wap"),
        (SUBMIT, "submit_sm", "to 447700900123, 5 octets"),
        (
            DataSm(destination=TERMINAL, tlvs=(p.MESSAGE_PAYLOAD(bytes(500)),)),
            "data_sm",
            "to 447700900123, 500 octets",
        ),
        (SubmitMulti(destinations=(TERMINAL,) * 3), "submit_multi", "to 3 destinations, 0 octets"),
        (SubmitSmResp(message_id="7"), "submit_sm_resp", "message_id 7"),
        (
            SubmitSmResp(status=0x14),
            "submit_sm_resp",
            "ESME_RMSGQFUL: the message queue is full",
        ),
        (QuerySm(message_id="7"), "query_sm", "message_id 7"),
        (Unbind(), "unbind", ""),
    ],
)
def test_a_pdu_is_named_with_what_matters(pdu: Pdu, message: str, details: str) -> None:
    """Each PDU is a rung of its own."""
    (rung,) = shown((Phase.OPENED, b""), (Phase.DATA, encode(pdu, 1)), (Phase.CLOSED, b""))
    assert (rung.source, rung.destination) == ("gateway", "smsc")
    assert (rung.message, rung.details) == (f"SMPP {message}", details)


def test_octets_may_be_cut_anywhere() -> None:
    """A PDU is shown once it is whole; enquire_link is left out."""
    pdus = (EnquireLink(), SUBMIT, EnquireLinkResp(), SUBMIT, Unbind())
    octets = b"".join(encode(pdu, 1) for pdu in pdus)
    rungs = shown(*((Phase.DATA, octets[at : at + 7]) for at in range(0, len(octets), 7)))
    assert [rung.message for rung in rungs] == ["SMPP submit_sm", "SMPP submit_sm", "SMPP unbind"]


def test_what_is_malformed_is_said_and_the_next_is_read() -> None:
    """A broken body costs one PDU, a broken length what has come so far."""
    broken = bytes.fromhex("00000011 00000004 00000000 00000001 41")
    rungs = shown(
        (Phase.DATA, broken + encode(Unbind(), 1)),
        (Phase.DATA, b"\0\0\0\1" + encode(Unbind(), 1)),
        (Phase.DATA, encode(Unbind(), 1)),
    )
    malformed = "malformed SMPP PDU"
    assert [rung.message for rung in rungs] == [
        malformed,
        "SMPP unbind",
        malformed,
        "SMPP unbind",
    ]
    assert rungs[0].details.startswith("submit_sm.service_type: ")


def test_a_new_connection_begins_anew() -> None:
    """Half a PDU of a connection that is over is forgotten."""
    half = encode(SUBMIT, 1)[:9]
    rungs = shown((Phase.DATA, half), (Phase.CLOSED, b""), (Phase.DATA, encode(Unbind(), 1)))
    assert [rung.message for rung in rungs] == ["SMPP unbind"]
