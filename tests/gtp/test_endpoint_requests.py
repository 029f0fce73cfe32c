"""Requests of ours: transmission, numbering, their one end."""

from __future__ import annotations

from random import Random

import pytest

from gtp.constants import Cause, MessageType
from gtp.endpoint import (
    Endpoint,
    FailureReason,
    PeerRestarted,
    RequestFailed,
    RequestReceived,
    ResponseReceived,
)
from gtp.errors import LocalProtocolError
from gtp.extension_headers import ExtensionHeader
from gtp.messages import (
    EchoRequest,
    EchoResponse,
    PduNotificationResponse,
    SendRouteingInformationRequest,
    SendRouteingInformationResponse,
    VersionNotSupported,
    decode,
)
from gtp.timers import Timers
from gtp.transactions import RESPONSE_TO, RESPONSES

PEER = ("192.0.2.9", 2123)
OTHER = ("192.0.2.10", 2123)
IMSI = "234150999999999"


def endpoint(**timers: float) -> Endpoint:
    return Endpoint(
        timers=Timers(**timers),
        recovery=7,
        accepts=frozenset(),
        random=Random(1),
    )


def request() -> SendRouteingInformationRequest:
    return SendRouteingInformationRequest(imsi=IMSI)


def response(sequence: int) -> SendRouteingInformationResponse:
    return SendRouteingInformationResponse(
        cause=Cause.REQUEST_ACCEPTED, imsi=IMSI, sgsn_address="192.0.2.2", sequence=sequence
    )


def run_out(under_test: Endpoint) -> list[float]:
    """Call every timeout that is due until there is none; return when datagrams went out."""
    sent = []
    while (due := under_test.next_timeout()) is not None:
        under_test.handle_timeout(due)
        sent += [due for _ in under_test.take_datagrams()]
    return sent


@pytest.mark.parametrize("n3", [1, 2, 3, 5])
@pytest.mark.clause("29.060 §7.6", "T3-RESPONSE, N3-REQUESTS: N3 transmissions in all")
def test_at_most_n3_requests_transmissions_in_all(n3: int) -> None:
    """N3-REQUESTS counts the first transmission too, and all are T3-RESPONSE apart."""
    under_test = endpoint(t3_response=5, n3_requests=n3)
    under_test.request(request(), PEER, 100.0)
    assert len(under_test.take_datagrams()) == 1
    assert run_out(under_test) == [100.0 + 5 * k for k in range(1, n3)]
    assert under_test.counters.retransmissions == n3 - 1


def test_transmissions_are_byte_identical() -> None:
    """What is sent again is what was sent, even where the caller has changed the message."""
    under_test = endpoint()
    message = request()
    under_test.request(message, PEER, 0.0)
    sent = under_test.take_datagrams()
    message.teid = 99
    for now in (5.0, 10.0, 15.0, 20.0, 25.0):
        under_test.handle_timeout(now)
        sent += under_test.take_datagrams()
    assert len(sent) == 5
    assert len(set(sent)) == 1


def test_a_response_ends_the_request_and_carries_its_context() -> None:
    """The event has the transaction, both messages and what the caller gave; no timer is left."""
    under_test = endpoint()
    asked = request()
    number = under_test.request(asked, PEER, 0.0, context="procedure")
    answer = response(asked.sequence)
    under_test.receive(answer.encode(), PEER, 0.1)
    (event,) = under_test.take_events()
    assert isinstance(event, ResponseReceived)
    assert event == ResponseReceived(number, asked, event.response, PEER, "procedure")
    assert event.response == answer
    assert under_test.next_timeout() is None
    assert under_test.open_requests == 0


def test_a_second_response_is_discarded() -> None:
    """A duplicate of the response finds nothing open and is counted."""
    under_test = endpoint()
    asked = request()
    under_test.request(asked, PEER, 0.0)
    for _ in range(2):
        under_test.receive(response(asked.sequence).encode(), PEER, 0.1)
    assert len(under_test.take_events()) == 1
    assert under_test.counters.unmatched_responses == 1


def test_a_silent_peer_fails_the_request() -> None:
    """When T3-RESPONSE of the last transmission expires the caller hears of it, once."""
    under_test = endpoint(t3_response=2, n3_requests=3)
    asked = request()
    number = under_test.request(asked, PEER, 0.0, context=1)
    under_test.handle_timeout(5.9)
    assert under_test.take_events() == []
    run_out(under_test)
    assert under_test.take_events() == [
        RequestFailed(number, asked, PEER, 1, FailureReason.TIMED_OUT, None)
    ]
    assert under_test.counters.requests_timed_out == 1


def test_a_timeout_that_is_told_late_counts_from_then() -> None:
    """T3-RESPONSE runs from the transmission, however late that was."""
    under_test = endpoint()
    under_test.request(request(), PEER, 0.0)
    under_test.handle_timeout(8.0)
    assert under_test.next_timeout() == 13.0


def test_version_not_supported_fails_the_request() -> None:
    """A peer that does not speak version 1 ends the request with that reason."""
    under_test = endpoint()
    asked = request()
    under_test.request(asked, PEER, 0.0)
    under_test.receive(VersionNotSupported(sequence=asked.sequence).encode(), PEER, 0.1)
    (event,) = under_test.take_events()
    assert isinstance(event, RequestFailed)
    assert event.reason is FailureReason.VERSION_NOT_SUPPORTED


def test_a_response_with_an_unknown_extension_header_counts_as_not_arrived() -> None:
    """It is discarded, the peer is told what we know, and the request goes on (§11.1)."""
    under_test = endpoint()
    asked = request()
    under_test.request(asked, PEER, 0.0)
    under_test.take_datagrams()
    answer = response(asked.sequence)
    answer.extension_headers = (ExtensionHeader(0xC1, b"\0\0"),)
    under_test.receive(answer.encode(), PEER, 0.1)
    assert under_test.take_events() == []
    ((data, _),) = under_test.take_datagrams()
    assert data[1] == MessageType.SUPPORTED_EXTENSION_HEADERS_NOTIFICATION
    assert under_test.open_requests == 1


def test_a_response_of_another_type_is_discarded() -> None:
    """The right number with the wrong type does not end a request."""
    under_test = endpoint()
    asked = request()
    under_test.request(asked, PEER, 0.0)
    wrong = PduNotificationResponse(cause=Cause.REQUEST_ACCEPTED, sequence=asked.sequence)
    under_test.receive(wrong.encode(), PEER, 0.1)
    assert under_test.take_events() == []
    assert under_test.counters.unmatched_responses == 1
    assert under_test.open_requests == 1


def test_a_response_from_another_peer_is_discarded() -> None:
    """The number counts per path."""
    under_test = endpoint()
    asked = request()
    under_test.request(asked, PEER, 0.0)
    under_test.receive(response(asked.sequence).encode(), OTHER, 0.1)
    assert under_test.take_events() == []


def test_an_answer_to_an_echo_request_of_the_caller_is_told() -> None:
    """Whoever sends an Echo Request himself gets its response as an event."""
    under_test = endpoint()
    asked = EchoRequest()
    under_test.request(asked, PEER, 0.0)
    under_test.receive(EchoResponse(recovery=1, sequence=asked.sequence).encode(), PEER, 0.1)
    assert [type(event) for event in under_test.take_events()] == [ResponseReceived]


def test_sequence_numbers_run_per_path_and_wrap_around() -> None:
    """Numbers count up modulo 65536; each path has its own."""
    under_test = endpoint()
    numbers = []
    for _ in range(0x10001):
        asked = request()
        number = under_test.request(asked, PEER, 0.0)
        under_test.cancel(number)
        numbers.append(asked.sequence)
    first = numbers[0]
    assert numbers == [(first + k) % 0x10000 for k in range(0x10001)]
    asked = request()
    under_test.request(asked, OTHER, 0.0)
    assert asked.sequence != (numbers[-1] + 1) % 0x10000


def test_a_number_in_use_is_never_given_again() -> None:
    """The counter steps over the numbers of open requests, and stops when all are taken."""
    under_test = endpoint()
    used = set()
    for _ in range(0x10000):
        asked = request()
        under_test.request(asked, PEER, 0.0)
        used.add(asked.sequence)
    assert len(used) == 0x10000
    with pytest.raises(LocalProtocolError, match="in use"):
        under_test.request(request(), PEER, 0.0)
    under_test.receive(response(0x1234).encode(), PEER, 0.1)
    asked = request()
    under_test.request(asked, PEER, 0.2)
    assert asked.sequence == 0x1234


def test_crossing_requests_may_carry_the_same_number() -> None:
    """Our request and the peer's with one number are two transactions."""
    under_test = Endpoint(
        timers=Timers(),
        recovery=7,
        accepts=frozenset({MessageType.SEND_ROUTEING_INFORMATION_FOR_GPRS_REQUEST}),
        random=Random(1),
    )
    asked = request()
    under_test.request(asked, PEER, 0.0)
    under_test.receive(
        SendRouteingInformationRequest(imsi=IMSI, sequence=asked.sequence).encode(), PEER, 0.1
    )
    under_test.receive(response(asked.sequence).encode(), PEER, 0.2)
    assert [type(event) for event in under_test.take_events()] == [
        RequestReceived,
        ResponseReceived,
    ]


def test_what_is_no_request_cannot_be_requested() -> None:
    """A response has no response; asking for one is our caller's fault."""
    with pytest.raises(LocalProtocolError, match="no request"):
        endpoint().request(response(0), PEER, 0.0)


def test_a_request_that_cannot_be_encoded_leaves_nothing_behind() -> None:
    """A value that GTP cannot express is refused before anything has begun."""
    under_test = endpoint()
    with pytest.raises(LocalProtocolError):
        under_test.request(SendRouteingInformationRequest(imsi="not digits"), PEER, 0.0)
    assert under_test.open_requests == 0
    assert under_test.next_timeout() is None
    assert under_test.take_datagrams() == []


def test_an_endpoint_accepts_requests_only() -> None:
    """Naming a response among what is accepted is our caller's fault, and named."""
    with pytest.raises(LocalProtocolError, match="Failure Report Response"):
        Endpoint(
            timers=Timers(),
            recovery=0,
            accepts=frozenset({MessageType.FAILURE_REPORT_RESPONSE}),
            random=Random(1),
        )


def test_every_request_type_has_its_response() -> None:
    """The table pairs each request with the type that answers it."""
    assert (
        RESPONSE_TO[MessageType.PDU_NOTIFICATION_REQUEST] is MessageType.PDU_NOTIFICATION_RESPONSE
    )
    assert (
        RESPONSE_TO[MessageType.FORWARD_SRNS_CONTEXT]
        is MessageType.FORWARD_SRNS_CONTEXT_ACKNOWLEDGE
    )
    assert all(answer not in RESPONSE_TO for answer in RESPONSE_TO.values())


def test_an_acknowledgement_is_no_response() -> None:
    """The third message of the SGSN context transfer is in no pair, nor is what nobody answers."""
    assert RESPONSE_TO[MessageType.SGSN_CONTEXT_REQUEST] is MessageType.SGSN_CONTEXT_RESPONSE
    for alone in (MessageType.SGSN_CONTEXT_ACKNOWLEDGE, MessageType.RAN_INFORMATION_RELAY):
        assert alone not in RESPONSE_TO
        assert alone not in RESPONSES


def test_a_restart_in_a_response_is_told_before_it() -> None:
    """PeerRestarted comes first, for the response itself is of the time after."""
    under_test = endpoint()
    for recovery, events in ((3, [ResponseReceived]), (2, [PeerRestarted, ResponseReceived])):
        asked = EchoRequest()
        under_test.request(asked, PEER, 0.0)
        answer = EchoResponse(recovery=recovery, sequence=asked.sequence)
        under_test.receive(answer.encode(), PEER, 0.1)
        assert [type(event) for event in under_test.take_events()] == events


def test_thousands_of_open_requests_have_cheap_timers() -> None:
    """Answered requests leave no timeout, whatever the order of the answers."""
    under_test = endpoint()
    asked = [request() for _ in range(3000)]
    for index, one in enumerate(asked):
        under_test.request(one, PEER, index / 1000)
    for one in asked[:0:-1]:
        under_test.receive(response(one.sequence).encode(), PEER, 3.0)
    assert under_test.next_timeout() == 5.0
    under_test.receive(response(asked[0].sequence).encode(), PEER, 3.0)
    assert under_test.next_timeout() is None


def test_decoded_refusals_are_responses_too() -> None:
    """A response that refuses ends the request like one that accepts; its Cause says which."""
    under_test = endpoint()
    asked = request()
    under_test.request(asked, PEER, 0.0)
    refusal = SendRouteingInformationResponse(
        cause=Cause.IMSI_NOT_KNOWN, imsi=IMSI, map_cause=1, sequence=asked.sequence
    )
    under_test.receive(refusal.encode(), PEER, 0.1)
    (event,) = under_test.take_events()
    assert isinstance(event, ResponseReceived)
    assert decode(refusal.encode()) == event.response
