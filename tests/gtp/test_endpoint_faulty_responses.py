"""Wrong responses to requests of ours, and what becomes of the request: TS 29.060 §11.1."""

from __future__ import annotations

from random import Random

import pytest

from gtp.constants import Cause
from gtp.endpoint import Endpoint, FailureReason, RequestFailed, ResponseReceived
from gtp.messages import SendRouteingInformationRequest
from gtp.timers import Timers

PEER = ("192.0.2.9", 2123)
TIMERS = Timers(t3_response=1.0, n3_requests=3)

CAUSE = "01 80"
IMSI = "02 32140599999999f9"
SGSN = "85 0004 c0000202"


class Asked:
    """An endpoint that has asked for routeing information, and what it gets."""

    def __init__(self) -> None:
        self.endpoint = Endpoint(timers=TIMERS, recovery=7, accepts=frozenset(), random=Random(1))
        request = SendRouteingInformationRequest(imsi="234150999999999")
        self.endpoint.request(request, PEER, 0.0)
        self.sequence = request.sequence
        self.endpoint.take_datagrams()

    def answer(self, *elements: str, length: int | None = None, behind: bytes = b"") -> None:
        """Answer with these elements; ``length`` is the header's where it is wrong."""
        body = self.sequence.to_bytes(2, "big") + b"\0\0" + bytes.fromhex("".join(elements))
        size = len(body) if length is None else length
        head = b"\x32\x21" + size.to_bytes(2, "big") + bytes(4)
        self.endpoint.receive(head + body + behind, PEER, 0.5)
        assert self.endpoint.take_datagrams() == [], "nothing is told to the peer"

    def failed(self) -> Cause:
        """Return the Cause of the fault for which the request has failed."""
        (event,) = self.endpoint.take_events()
        assert isinstance(event, RequestFailed)
        assert event.reason is FailureReason.INVALID_RESPONSE
        assert event.error is not None
        assert self.endpoint.open_requests == 0
        assert self.endpoint.counters.invalid_responses == 1
        return event.error.cause

    def succeeded(self) -> ResponseReceived:
        """Return the response that has ended the request."""
        (event,) = self.endpoint.take_events()
        assert isinstance(event, ResponseReceived)
        assert self.endpoint.open_requests == 0
        return event


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.mark.parametrize(
    ("length", "behind"), [(0, b""), (4, b""), (99, b""), (None, b"\0"), (None, b"\xff\0\0")]
)
@pytest.mark.clause("29.060 §11.1.2", "Response of another length than it says: discarded, counted")
def test_a_response_of_another_length_counts_as_not_arrived(
    asked: Asked, length: int | None, behind: bytes
) -> None:
    """The request is sent again, and a response as it should be ends it."""
    asked.answer(CAUSE, IMSI, SGSN, length=length, behind=behind)
    assert asked.endpoint.take_events() == []
    assert asked.endpoint.counters.discarded == 1
    asked.endpoint.handle_timeout(1.0)
    assert len(asked.endpoint.take_datagrams()) == 1
    asked.answer(CAUSE, IMSI, SGSN)
    asked.succeeded()


@pytest.mark.parametrize("elements", [(IMSI, SGSN), (CAUSE, SGSN)])
@pytest.mark.clause("29.060 §11.1.5", "mandatory element missing in a Response: told to the user")
def test_a_response_without_a_mandatory_element_fails_the_request(
    asked: Asked, elements: tuple[str, ...]
) -> None:
    """Whoever asked hears what is wrong; the peer hears nothing."""
    asked.answer(*elements)
    assert asked.failed() is Cause.MANDATORY_IE_MISSING


@pytest.mark.clause("29.060 §11.1.6", "element longer than a Response: told to the user")
def test_a_response_with_an_element_that_overruns_it_fails_the_request(asked: Asked) -> None:
    """Nothing of it is used."""
    asked.answer(CAUSE, IMSI, "85 0005 c0000202")
    assert asked.failed() is Cause.INVALID_MESSAGE_FORMAT


@pytest.mark.parametrize("imsi", ["02 aaaaaaaaaaaaaaaa", "02 ffffffffffffffff"])
@pytest.mark.clause(
    "29.060 §11.1.7", "mandatory element with no value in a Response: told the user"
)
def test_a_response_with_an_incorrect_element_fails_the_request(asked: Asked, imsi: str) -> None:
    """Who asked hears of it, although the Cause says that all went well."""
    asked.answer(CAUSE, imsi, SGSN)
    assert asked.failed() is Cause.MANDATORY_IE_INCORRECT


@pytest.mark.parametrize("unknown", ["eb 0002 aabb", "7f 00000001", "ff 0001 00", IMSI])
@pytest.mark.clause(
    "29.060 §11.1.8–§11.1.13", "unknown, unexpected, repeated in a Response: ignored"
)
def test_what_has_no_place_in_a_response_is_ignored(asked: Asked, unknown: str) -> None:
    """At its end or before the others."""
    for elements in ((CAUSE, IMSI, SGSN, unknown), (CAUSE, unknown, IMSI, SGSN)):
        each = Asked()
        each.answer(*elements)
        response = each.succeeded().response
        assert response.sgsn_address == "192.0.2.2"


@pytest.mark.clause(
    "29.060 §11.1.9", "unknown element without a length in a Response: told the user"
)
def test_a_response_that_cannot_be_read_to_its_end_fails_the_request(asked: Asked) -> None:
    """Where an unknown element without a length ends nobody knows."""
    asked.answer(CAUSE, IMSI, "1e 00", SGSN)
    assert asked.failed() is Cause.INVALID_MESSAGE_FORMAT
