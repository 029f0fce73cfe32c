"""The SMSC's end of GSUP: requests to the HLR, their answers, alerts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from corenet.interfaces.gsup import (
    GsupMessage,
    MessageType,
    SmAlertReason,
    SmRpAddress,
    decode,
)
from corenet.interfaces.node import Address, Datagram
from corenet.interfaces.sms import tpdu
from corenet.interfaces.sms.address import SmsAddress
from corenet.schedule import Schedule
from testbed.smsc.failures import NO_ANSWER, Failure, by_rp_cause
from testbed.smsc.relay import MobileAnswer, Relay

NOW = 1_700_000_000.0
HLR: Address = ("127.0.0.2", 4222)
ANN, BOB = "447700900123", "447700900124"
IMSI = "234150000000001"


class Bench:
    """A relay, and what came of it."""

    def __init__(self) -> None:
        self.schedule = Schedule()
        self.out: list[Datagram] = []
        self.back: list[str] = []
        self.submitted: list[tuple[str, tpdu.Submit, MobileAnswer]] = []
        self.answers: list[tuple[str, Failure | None]] = []
        self.relay = Relay(
            HLR,
            "447785016005",
            self.schedule,
            life=b"smsc-1",
            answer_time=40,
            send=self.out.append,
            back=lambda terminal, _: self.back.append(terminal),
            submitted=lambda sender, pdu, answer, _: self.submitted.append((sender, pdu, answer)),
        )

    def forward(self, terminal: str = ANN, *, more: bool = False) -> GsupMessage:
        self.relay.forward(
            terminal,
            b"tpdu",
            more=more,
            answered=lambda failure, _: self.answers.append((terminal, failure)),
            now=NOW,
        )
        return decode(self.out[-1].data)

    def receive(self, message: GsupMessage, *, peer: Address = HLR) -> None:
        self.relay.receive(message.encode(), peer, NOW + 1)


def result(to: GsupMessage, terminal: str) -> GsupMessage:
    """Return the HLR's word that a short message has arrived."""
    return GsupMessage(
        MessageType.MT_FORWARD_SM_RESULT, IMSI, msisdn=terminal, sm_rp_mr=to.sm_rp_mr
    )


def test_a_request_names_the_subscriber_by_number() -> None:
    """The HLR knows the IMSI; the SMSC has the MSISDN."""
    bench = Bench()
    request = bench.forward(more=True)
    assert bench.out[0].peer == HLR
    assert request.type is MessageType.MT_FORWARD_SM_REQUEST
    assert request.sm_rp_da == SmRpAddress.msisdn(ANN)
    assert request.sm_rp_oa == SmRpAddress.service_centre("447785016005")
    assert (request.imsi, request.sm_rp_ui, request.sm_rp_mms) == ("", b"tpdu", 1)
    assert bench.forward().sm_rp_mms == 0


def test_answers_find_their_requests() -> None:
    """By reference and number, in any order, each once."""
    bench = Bench()
    to_ann, to_bob = bench.forward(ANN), bench.forward(BOB)
    bench.receive(result(to_bob, BOB))
    bench.receive(result(to_ann, ANN))
    bench.receive(result(to_ann, ANN))
    assert bench.answers == [(BOB, None), (ANN, None)]
    assert bench.relay.counts["gsup unasked"] == 1
    assert bench.schedule.next_timeout() is None


@pytest.mark.parametrize(("rp_cause", "expected"), [(27, 27), (None, 38)])
def test_an_error_says_why(rp_cause: int | None, expected: int) -> None:
    """The RP cause says why; without one the network is out of order."""
    bench = Bench()
    request = bench.forward()
    bench.receive(
        GsupMessage(
            MessageType.MT_FORWARD_SM_ERROR,
            IMSI,
            msisdn=ANN,
            cause=17,
            sm_rp_mr=request.sm_rp_mr,
            sm_rp_cause=rp_cause,
        )
    )
    assert bench.answers == [(ANN, by_rp_cause(expected))]


def test_silence_is_a_failure() -> None:
    """After the longest wait nobody will answer; a late answer is not heard."""
    bench = Bench()
    request = bench.forward()
    bench.schedule.ring(NOW + 40)
    assert bench.answers == [(ANN, NO_ANSWER)]
    bench.receive(result(request, ANN))
    assert len(bench.answers) == 1


def test_an_answer_to_an_earlier_life_is_none_to_this_one() -> None:
    """The request names the life, which the HLR repeats; one that does not is believed."""
    bench = Bench()
    request = bench.forward()
    assert request.source_name == b"smsc-1"
    bench.receive(replace(result(request, ANN), destination_name=b"smsc-0"))
    assert bench.answers == []
    assert bench.relay.counts["gsup to an earlier life"] == 1
    bench.receive(replace(result(request, ANN), destination_name=b"smsc-1"))
    assert bench.answers == [(ANN, None)]


def test_references_differ() -> None:
    """Requests that are open at one time have references of their own, also after many."""
    bench = Bench()
    first = bench.forward().sm_rp_mr
    for _ in range(255):
        bench.receive(result(bench.forward(), ANN))
    assert bench.forward().sm_rp_mr != first


def test_an_alert_is_answered_and_told() -> None:
    """Ready for SM says that a terminal is back, or has room again."""
    bench = Bench()
    bench.receive(
        GsupMessage(
            MessageType.READY_FOR_SM_REQUEST,
            IMSI,
            msisdn=ANN,
            sm_alert_reason=SmAlertReason.MS_PRESENT,
        )
    )
    assert bench.back == [ANN]
    assert decode(bench.out[0].data).type is MessageType.READY_FOR_SM_RESULT


def test_other_requests_are_refused() -> None:
    """A service centre serves no authentication, say."""
    bench = Bench()
    bench.receive(GsupMessage(MessageType.SEND_AUTH_INFO_REQUEST, IMSI))
    assert decode(bench.out[0].data).type is MessageType.SEND_AUTH_INFO_ERROR


def from_mobile(octets: bytes, **more: object) -> GsupMessage:
    """Return a mobile's message as the HLR forwards it."""
    fields: dict[str, object] = {"sm_rp_mr": 3, "sm_rp_oa": SmRpAddress.msisdn(ANN), **more}
    return GsupMessage(
        MessageType.MO_FORWARD_SM_REQUEST,
        IMSI,
        sm_rp_ui=octets,
        source_name=b"sgsn",
        **fields,
    )


def test_a_mobiles_message_is_taken() -> None:
    """It is answered when whoever takes it says so, and the answer finds its way back."""
    bench = Bench()
    pdu = tpdu.Submit(1, SmsAddress(BOB), b"hi")
    bench.receive(from_mobile(pdu.encode()))
    ((sender, submitted, answer),) = bench.submitted
    assert (sender, submitted) == (ANN, pdu)
    assert not bench.out
    answer.taken("1", NOW)
    said = decode(bench.out[0].data)
    assert (said.type, said.sm_rp_mr) == (MessageType.MO_FORWARD_SM_RESULT, 3)
    assert said.destination_name == b"sgsn"


@pytest.mark.parametrize(
    ("octets", "more", "cause"),
    [
        (b"\x01", {}, 96),
        (tpdu.DeliverReport().encode(), {}, 69),
        (tpdu.Submit(1, SmsAddress(BOB), b"hi").encode(), {"sm_rp_oa": None}, 69),
    ],
)
def test_what_is_no_message_is_refused(octets: bytes, more: dict[str, object], cause: int) -> None:
    """The mobile is told why."""
    bench = Bench()
    bench.receive(from_mobile(octets, **more))
    said = decode(bench.out[0].data)
    assert (said.type, said.sm_rp_cause) == (MessageType.MO_FORWARD_SM_ERROR, cause)
    assert not bench.submitted


def test_what_is_not_the_hlrs_is_not_heard() -> None:
    """Octets of others, octets that are no GSUP and answers to nothing are counted."""
    bench = Bench()
    request = bench.forward()
    bench.receive(result(request, ANN), peer=("127.0.0.9", 4222))
    bench.relay.receive(b"\xff", HLR, NOW)
    bench.receive(GsupMessage(MessageType.UPDATE_LOCATION_RESULT, IMSI))
    assert bench.answers == []
    counts = bench.relay.counts
    assert (counts["gsup from others"], counts["gsup malformed"], counts["gsup unasked"]) == (
        1,
        1,
        1,
    )
