"""Requests of peers: executed once, answered always, refused as TS 29.060 §11.1 says."""

from __future__ import annotations

from random import Random

import pytest

from gtp.constants import Cause, IEType, MessageType
from gtp.endpoint import Endpoint, PeerRestarted, RequestReceived
from gtp.errors import LocalProtocolError
from gtp.extension_headers import ExtensionHeader
from gtp.messages import (
    EchoRequest,
    EchoResponse,
    FailureReportRequest,
    FailureReportResponse,
    PduNotificationResponse,
    SendRouteingInformationRequest,
    SendRouteingInformationResponse,
    SupportedExtensionHeadersNotification,
    UeRegistrationQueryResponse,
    VersionNotSupported,
    decode,
)
from gtp.timers import Timers
from gtp.transactions import RESPONSE_TO, RESPONSES

PEER = ("192.0.2.9", 2123)
OTHER_PORT = ("192.0.2.9", 40000)
IMSI = "234150999999999"
RETENTION = Timers().response_retention

CREATE = bytes.fromhex(
    "3210006300000000000600000232140599999999f90e070ffc1000000201110000020014051a0800800006f1210a2d"
    "000783000c03776170076578616d706c65850004c0000202850004c00002028600079144770009103287000c020b92"
    "1f7396fefe742bffff97000102"
)
"""Create PDP Context Request: sequence number 6, Recovery 7 in octet 23."""


def endpoint(cache_octets: int = 4096) -> Endpoint:
    return Endpoint(
        timers=Timers(),
        recovery=42,
        accepts=frozenset(
            {
                MessageType.SEND_ROUTEING_INFORMATION_FOR_GPRS_REQUEST,
                MessageType.FAILURE_REPORT_REQUEST,
                MessageType.CREATE_PDP_CONTEXT_REQUEST,
            }
        ),
        random=Random(1),
        cache_octets=cache_octets,
    )


def report(sequence: int = 5, imsi: str = IMSI) -> bytes:
    return FailureReportRequest(imsi=imsi, sequence=sequence).encode()


def received(under_test: Endpoint) -> RequestReceived:
    (event,) = under_test.take_events()
    assert isinstance(event, RequestReceived)
    return event


def answer(under_test: Endpoint, event: RequestReceived, now: float) -> bytes:
    under_test.respond(event, FailureReportResponse(cause=Cause.REQUEST_ACCEPTED), now)
    ((data, peer),) = under_test.take_datagrams()
    assert peer == event.peer
    return data


def test_a_request_is_told_and_its_response_has_its_number() -> None:
    """The response goes where the request came from, under its sequence number."""
    under_test = endpoint()
    under_test.receive(report(sequence=0xABCD), OTHER_PORT, 0.0)
    event = received(under_test)
    assert event.message == FailureReportRequest(imsi=IMSI, sequence=0xABCD)
    assert event.peer == OTHER_PORT
    assert answer(under_test, event, 0.0) == bytes.fromhex("32230006 00000000 abcd 0000 0180")


@pytest.mark.clause("29.060 §7.6", "duplicates get the stored response")
def test_a_duplicate_gets_the_same_octets_and_is_not_told() -> None:
    """The kept response goes out again as long as the peer may repeat its request."""
    under_test = endpoint()
    under_test.receive(report(), PEER, 0.0)
    first = answer(under_test, received(under_test), 1.0)
    for now in (1.0, 6.0, 1.0 + RETENTION - 0.01):
        under_test.receive(report(), PEER, now)
        assert under_test.take_datagrams() == [(first, PEER)]
    assert under_test.take_events() == []
    assert under_test.counters.duplicates_answered == 3
    assert under_test.counters.responses_sent == 1


def test_a_duplicate_of_a_request_in_work_is_dropped() -> None:
    """While there is no response a duplicate gets none, and is not executed again."""
    under_test = endpoint()
    under_test.receive(report(), PEER, 0.0)
    event = received(under_test)
    assert under_test.requests_in_work == 1
    under_test.receive(report(), PEER, 5.0)
    assert under_test.take_events() == []
    assert under_test.take_datagrams() == []
    assert under_test.counters.duplicates_dropped == 1
    answer(under_test, event, 6.0)
    assert under_test.requests_in_work == 0


def test_after_the_time_of_retention_it_is_a_new_request() -> None:
    """A number that comes back later than any retransmission could is a request of its own."""
    under_test = endpoint()
    under_test.receive(report(), PEER, 0.0)
    answer(under_test, received(under_test), 0.0)
    under_test.receive(report(), PEER, RETENTION)
    received(under_test)


def test_a_request_that_was_never_answered_is_forgotten_in_time() -> None:
    """Nothing is held for ever on behalf of a request without response."""
    under_test = endpoint()
    under_test.receive(report(sequence=1), PEER, 0.0)
    under_test.receive(report(sequence=2), PEER, RETENTION)
    assert under_test.requests_in_work == 1
    under_test.receive(report(sequence=1), PEER, RETENTION)
    assert len(under_test.take_events()) == 3


@pytest.mark.parametrize(
    ("data", "peer"),
    [
        (report(sequence=6), PEER),
        (report(), OTHER_PORT),
        (SendRouteingInformationRequest(imsi=IMSI, sequence=5).encode(), PEER),
        (report(imsi="234150000000000"), PEER),
    ],
    ids=["another number", "another port", "another type", "other octets"],
)
def test_what_is_no_duplicate_is_told(data: bytes, peer: tuple[str, int]) -> None:
    """A duplicate has the same peer, sequence number, type and octets; anything else is new.

    Other octets under a number mean that the peer has begun to count anew.
    """
    under_test = endpoint()
    under_test.receive(report(), PEER, 0.0)
    answer(under_test, received(under_test), 0.0)
    under_test.receive(data, peer, 0.1)
    received(under_test)


def test_a_response_after_its_number_was_taken_again_is_not_kept_for_the_new_request() -> None:
    """An answer belongs to the octets it answers, however late it is given."""
    under_test = endpoint()
    under_test.receive(report(), PEER, 0.0)
    old = received(under_test)
    under_test.receive(report(imsi="234150000000000"), PEER, 0.1)
    new = received(under_test)
    answer(under_test, old, 0.2)
    assert under_test.requests_in_work == 1
    under_test.receive(report(imsi="234150000000000"), PEER, 0.3)
    assert under_test.counters.duplicates_dropped == 1
    latest = answer(under_test, new, 0.4)
    under_test.receive(report(imsi="234150000000000"), PEER, 0.5)
    assert under_test.take_datagrams() == [(latest, PEER)]


def test_at_any_load_duplicates_get_what_the_first_got() -> None:
    """Numbers come around again within retention; then each request comes again, and is known."""
    under_test = endpoint(cache_octets=1 << 22)
    count, numbers = 5000, 1000
    requests = [report(0xFFFF - n % numbers, f"2341{n:011d}") for n in range(count)]
    answers = []
    for n, request in enumerate(requests):
        under_test.receive(request, PEER, n * 1e-4)
        answers.append(answer(under_test, received(under_test), n * 1e-4))
    for request, first in zip(requests, answers, strict=True):
        under_test.receive(request, PEER, RETENTION - 1e-3)
        assert under_test.take_datagrams() == [(first, PEER)]
    assert under_test.take_events() == []
    assert under_test.counters.duplicates_answered == under_test.counters.requests_received == count
    assert under_test.counters.responses_shed == 0


def test_under_more_load_than_it_has_octets_for_the_newest_are_kept() -> None:
    """What gave way is counted; each of those left is answered from the cache."""
    kept, count = 100, 1000
    under_test = endpoint(cache_octets=14 * kept)
    for number in range(count):
        under_test.receive(report(number), PEER, number * 1e-4)
        answer(under_test, received(under_test), number * 1e-4)
        assert under_test.cached_octets <= 14 * kept
    assert under_test.counters.responses_shed == count - kept
    for number in range(count - kept, count):
        under_test.receive(report(number), PEER, 1.0)
    assert under_test.take_events() == []
    assert under_test.counters.duplicates_answered == kept


def test_the_cache_sheds_the_oldest_beyond_its_octets() -> None:
    """The bound holds whatever comes, and what went is counted."""
    under_test = endpoint(cache_octets=40)
    for sequence in range(4):
        under_test.receive(report(sequence), PEER, float(sequence))
        answer(under_test, received(under_test), float(sequence))
    assert under_test.cached_octets == 28
    assert under_test.counters.responses_shed == 2
    under_test.receive(report(3), PEER, 4.0)
    assert len(under_test.take_datagrams()) == 1
    under_test.receive(report(0), PEER, 4.0)
    received(under_test)


def test_what_is_too_old_leaves_the_cache() -> None:
    """Responses beyond their retention don't take room."""
    under_test = endpoint()
    for now in (0.0, RETENTION):
        under_test.receive(report(), PEER, now)
        answer(under_test, received(under_test), now)
    assert under_test.cached_octets == 14
    assert under_test.counters.responses_shed == 0


def test_a_second_response_replaces_the_first() -> None:
    """Whoever answers twice is heard twice; duplicates get the last answer."""
    under_test = endpoint()
    under_test.receive(report(), PEER, 0.0)
    event = received(under_test)
    answer(under_test, event, 0.0)
    refusal = FailureReportResponse(cause=Cause.SYSTEM_FAILURE)
    under_test.respond(event, refusal, 0.1)
    under_test.take_datagrams()
    under_test.receive(report(), PEER, 0.2)
    assert under_test.take_datagrams() == [(refusal.encode(), PEER)]
    assert under_test.cached_octets == 14


def test_a_response_of_another_type_is_our_own_fault() -> None:
    """Only the request's own response answers it."""
    under_test = endpoint()
    under_test.receive(report(), PEER, 0.0)
    with pytest.raises(LocalProtocolError, match="does not answer Failure Report Request"):
        under_test.respond(
            received(under_test), PduNotificationResponse(cause=Cause.REQUEST_ACCEPTED), 0.0
        )


def test_an_echo_request_is_answered_on_the_spot() -> None:
    """Every time, with our restart counter and without troubling the caller (§7.2.2)."""
    under_test = endpoint()
    for _ in range(2):
        under_test.receive(EchoRequest(sequence=10).encode(), PEER, 0.0)
        assert under_test.take_datagrams() == [
            (EchoResponse(recovery=42, sequence=10).encode(), PEER)
        ]
    assert under_test.take_events() == []
    assert under_test.counters.echoes_answered == 2


def test_a_changed_recovery_is_told_before_the_request_that_has_it() -> None:
    """A smaller counter is a restart too; the first ever seen is only stored (TS 23.007)."""
    under_test = endpoint()
    under_test.receive(CREATE, PEER, 0.0)
    assert [type(event) for event in under_test.take_events()] == [RequestReceived]
    restarted = CREATE[:22] + b"\x03" + CREATE[23:]
    under_test.receive(restarted[:8] + b"\0\x07" + restarted[10:], OTHER_PORT, 1.0)
    first, second = under_test.take_events()
    assert first == PeerRestarted(OTHER_PORT, previous=7, recovery=3)
    assert isinstance(second, RequestReceived)


@pytest.mark.parametrize(
    ("what", "octets", "answered"),
    [
        (
            "§11.1.2: the length field says more than there is",
            "3222000e 00000000 0008 0000 0232140599999999f9",
            "32230006 00000000 0008 0000 01c1",
        ),
        (
            "§11.1.5: the mandatory IMSI is missing",
            "32220004 00000000 0008 0000",
            "32230006 00000000 0008 0000 01ca",
        ),
        (
            "§11.1.7: the mandatory IMSI is no digits",
            "3222000d 00000000 0008 0000 02aaaaaaaaaaaaaaaa",
            "32230006 00000000 0008 0000 01c9",
        ),
        (
            "§11.1.5, the TEID Control Plane readable: the answer's header has it",
            "32100009 00000000 0006 0000 1100000200",
            "32110006 00000200 0006 0000 01ca",
        ),
        (
            "message 33 has an IMSI, copied where it can be read",
            "3220000e 00000000 0005 0000 0232140599999999f9 ff",
            "3221000f 00000000 0005 0000 01c1 0232140599999999f9",
        ),
        (
            "message 33 has none where there is none",
            "32200004 00000000 0005 0000",
            "32210006 00000000 0005 0000 01ca",
        ),
        (
            "an extension header before the IMSI is stepped over",
            "36200012 00000000 0005 0001 01 0000 00 0232140599999999f9 ff",
            "3221000f 00000000 0005 0000 01c1 0232140599999999f9",
        ),
        (
            "an extension header that ends beyond the message hides the IMSI",
            "3620000d 00000000 0005 0001 0f 0000 00 02321405",
            "32210006 00000000 0005 0000 01c1",
        ),
        (
            "an extension header without a length hides the IMSI",
            "3620000d 00000000 0005 0001 00 0000 00 0232140599",
            "32210006 00000000 0005 0000 01c1",
        ),
        (
            "a message that ends before its extension header",
            "36200004 00000000 0005 0001",
            "32210006 00000000 0005 0000 01c1",
        ),
    ],
)
def test_a_faulty_request_is_refused(what: str, octets: str, answered: str) -> None:
    """The response of the request's type carries the Cause of the fault and nothing to guess."""
    under_test = endpoint()
    under_test.receive(bytes.fromhex(octets), PEER, 0.0)
    assert under_test.take_datagrams() == [(bytes.fromhex(answered), PEER)], what
    assert under_test.take_events() == []
    assert under_test.counters.invalid_requests == 1


@pytest.mark.clause("29.060 §7.2.4", "Supported Extension Headers Notification")
def test_an_extension_header_that_must_be_comprehended_is_refused() -> None:
    """Cause 214, and a notification of those that we know: none (§11.1)."""
    under_test = endpoint()
    request = FailureReportRequest(
        imsi=IMSI, sequence=8, extension_headers=(ExtensionHeader(0xC1, b"\0\0"),)
    )
    under_test.receive(request.encode(), PEER, 0.0)
    assert under_test.take_datagrams() == [
        (bytes.fromhex("321f0006 00000000 0000 0000 8d00"), PEER),
        (bytes.fromhex("32230006 00000000 0008 0000 01d6"), PEER),
    ]
    assert under_test.counters.extension_headers_notified == 1


def test_an_extension_header_that_need_not_be_comprehended_is_accepted() -> None:
    """It is told with the message."""
    under_test = endpoint()
    header = ExtensionHeader(0x01, b"\0\0")
    request = FailureReportRequest(imsi=IMSI, extension_headers=(header,))
    under_test.receive(request.encode(), PEER, 0.0)
    assert received(under_test).message.extension_headers == (header,)


def test_a_faulty_echo_request_gets_no_answer() -> None:
    """An Echo Response has no Cause to refuse with."""
    under_test = endpoint()
    under_test.receive(bytes.fromhex("32010005 00000000 000a 0000"), PEER, 0.0)
    assert under_test.take_datagrams() == []
    assert under_test.counters.discarded == 1


@pytest.mark.parametrize("message_type", [kind for kind in MessageType if kind not in RESPONSES])
def test_a_type_that_is_not_accepted_is_discarded(message_type: MessageType) -> None:
    """A message that can be read is still none for a role that does not serve it (§11.1.4)."""
    served_by_all = {
        MessageType.ECHO_REQUEST,
        MessageType.SUPPORTED_EXTENSION_HEADERS_NOTIFICATION,
    }
    under_test = Endpoint(timers=Timers(), recovery=1, accepts=frozenset(), random=Random(1))
    under_test.receive(b"\x32%c" % message_type + bytes.fromhex("0004 00000001 00080000"), PEER, 0)
    assert under_test.take_events() == []
    if message_type not in served_by_all:
        assert under_test.take_datagrams() == []
        assert under_test.counters.not_accepted == 1


@pytest.mark.parametrize("message_type", sorted(RESPONSE_TO))
def test_every_request_that_is_accepted_gets_its_answer(message_type: int) -> None:
    """Of a request that cannot be read a role that serves it says so, in its response (§11.1.2)."""
    if message_type == MessageType.ECHO_REQUEST:
        return
    accepts = frozenset({MessageType(message_type)})
    under_test = Endpoint(timers=Timers(), recovery=1, accepts=accepts, random=Random(1))
    under_test.receive(b"\x32%c" % message_type + bytes.fromhex("0005 00000001 00080000"), PEER, 0)
    [(refusal, peer)] = under_test.take_datagrams()
    assert peer == PEER
    assert refusal[1] == RESPONSE_TO[message_type]
    assert refusal[-2:] == bytes((IEType.CAUSE, Cause.INVALID_MESSAGE_FORMAT))


@pytest.mark.parametrize(
    ("octets", "counter"),
    [
        ("", "too_short"),
        ("3222", "too_short"),
        ("32220004 00000000 000800", "too_short"),
        ("30220004 00000000 00080000", "too_short"),
        ("22220004 00000000 00080000", "too_short"),
        ("32fd0004 00000000 00080000", "unknown_types"),
        ("32120004 00000000 00080000", "not_accepted"),
        ("321b0004 00000000 00080000", "not_accepted"),
        ("321a0004 00000000 00080000", "not_accepted"),
        ("321f0006 00000000 00080000 8d00", "extension_headers_refused"),
        ("32230006 00000000 00080000 0180", "unmatched_responses"),
        ("32030004 00000000 00080000", "unmatched_responses"),
        ("12220004 00000000 00080000", "other_versions"),
        ("48030004 00000000", "too_short"),
    ],
)
def test_what_gets_no_answer_is_discarded_and_counted(octets: str, counter: str) -> None:
    """Each kind of thing that is none of our business has its counter (§11.1.2 to §11.1.4)."""
    under_test = endpoint()
    under_test.receive(bytes.fromhex(octets), PEER, 0.0)
    assert under_test.take_datagrams() == []
    assert under_test.take_events() == []
    assert getattr(under_test.counters, counter) == 1


@pytest.mark.clause("29.060 §7.2.3", "Version Not Supported")
def test_a_higher_version_gets_version_not_supported() -> None:
    """It names version 1 in its header, the highest we speak (§11.1.1)."""
    under_test = endpoint()
    under_test.receive(bytes.fromhex("40010009 00000100 0300 0100 42"), PEER, 0.0)
    ((data, peer),) = under_test.take_datagrams()
    assert isinstance(decode(data), VersionNotSupported)
    assert peer == PEER
    assert under_test.counters.other_versions == 1


def test_version_0_gets_version_not_supported() -> None:
    """With the sequence number that it has in its own place; GTP' gets no answer."""
    under_test = endpoint()
    echo = "1e010000 4711 0000 00 ffffff 0000000000000000"
    under_test.receive(bytes.fromhex(echo), PEER, 0.0)
    assert under_test.take_datagrams() == [
        (VersionNotSupported(sequence=0x4711).encode(), PEER),
    ]
    for silent in ("0e" + echo[2:], echo[:-2], "1e03" + echo[4:]):
        under_test.receive(bytes.fromhex(silent), PEER, 0.0)
    assert under_test.take_datagrams() == []
    assert under_test.counters.other_versions == 3


def test_octets_of_the_notification_are_known() -> None:
    """An empty list of extension header types is a length of zero."""
    assert SupportedExtensionHeadersNotification().encode() == bytes.fromhex(
        "321f0006 00000000 0000 0000 8d00"
    )


def test_random_octets_never_raise() -> None:
    """Whatever a peer sends, the endpoint stays and answers at most with one refusal each."""
    under_test = endpoint()
    random = Random(3)
    for _ in range(3000):
        head = random.choice(
            (b"", b"\x32\x10", b"\x32\x20\0\x0d", b"\x36\x22", b"\x40", b"\x32\x02")
        )
        under_test.receive(head + random.randbytes(random.randrange(30)), PEER, 0.0)
    assert len(under_test.take_datagrams()) <= 3000
    # Only what a wholly valid message had to say could have been told.
    assert all(
        isinstance(event, RequestReceived | PeerRestarted) for event in under_test.take_events()
    )


def test_the_response_for_routeing_information_has_the_known_octets() -> None:
    """The response is built under the number of its request, whatever it had before."""
    under_test = endpoint()
    under_test.receive(bytes.fromhex("3220000d 00000000 0001 0000 0232140599999999f9"), PEER, 0.0)
    response = SendRouteingInformationResponse(
        cause=Cause.REQUEST_ACCEPTED, imsi=IMSI, sgsn_address="192.0.2.2", sequence=77
    )
    under_test.respond(received(under_test), response, 0.0)
    ((data, _),) = under_test.take_datagrams()
    assert data.hex() == "32210016000000000001000001800232140599999999f9850004c0000202"


def test_a_refused_registration_query_has_the_imsi_of_its_request() -> None:
    """The response of type 62 must have the IMSI, as that of type 33 must."""
    accepts = frozenset({MessageType.UE_REGISTRATION_QUERY_REQUEST})
    under_test = Endpoint(timers=Timers(), recovery=1, accepts=accepts, random=Random(1))
    imsi = "0232140599999999f9"
    under_test.receive(bytes.fromhex("323d000e 00000000 00080000" + imsi + "1e"), PEER, 0.0)
    [(refusal, _)] = under_test.take_datagrams()
    answer = decode(refusal)
    assert isinstance(answer, UeRegistrationQueryResponse)
    assert (answer.cause, answer.imsi) == (Cause.INVALID_MESSAGE_FORMAT, IMSI)
