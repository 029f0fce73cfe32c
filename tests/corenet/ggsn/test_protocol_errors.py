"""Wrong messages at a GGSN, and what each gets: TS 29.060 §11, clause by clause."""

from __future__ import annotations

import pytest

from gtp.constants import Cause, MessageType
from gtp.messages import (
    CreatePdpContextResponse,
    EchoRequest,
    EchoResponse,
    SupportedExtensionHeadersNotification,
    VersionNotSupported,
)

SGSN = "192.0.2.2"
TEID = 0x200
"""The SGSN's TEID Control Plane, which each refusal has in its header."""

HEAD = "32 10 {length:04x} 00000000 0009 0000"
ELEMENTS = {
    "imsi": "02 32140599999999f9",
    "selection_mode": "0f fc",
    "teid_data": "10 00000201",
    "teid_control": "11 00000200",
    "nsapi": "14 05",
    "end_user_address": "80 0006 f121 0a2d0007",
    "apn": "83 000c 03776170 076578616d706c65",
    "sgsn_address_control": "85 0004 c0000202",
    "sgsn_address_user": "85 0004 c0000202",
    "msisdn": "86 0007 91 447700091032",
    "qos": "87 000c 020b921f7396fefe742bffff",
}
"""A Create PDP Context Request as it should be, in ascending order."""


def request(elements=ELEMENTS, *, behind="", length=None, message_type=0x10):
    """Return a request of these elements with other octets behind them.

    ``length`` stands for that of the header where it is wrong.
    """
    body = bytes.fromhex("".join(elements.values()) + behind)
    size = 4 + len(body) if length is None else length
    head = bytearray(bytes.fromhex(HEAD.format(length=size)))
    head[1] = message_type
    return bytes(head) + body


def with_(**changes):
    """Return the elements with some of them otherwise; those that are None are left out."""
    changed = ELEMENTS | changes
    return {name: octets for name, octets in changed.items() if octets is not None}


def refusal(bench, data):
    """Send what is refused; return with which cause."""
    bench.deliver_octets(data, SGSN)
    response = bench.sent(CreatePdpContextResponse, to=SGSN)
    assert not response.cause.is_acceptance
    assert bench.ggsn.context_count == 0
    assert bench.control == []
    return response


def accepted(bench, data):
    """Send what is accepted; return the context that there is then."""
    bench.deliver_octets(data, SGSN)
    assert bench.sent(CreatePdpContextResponse, to=SGSN).cause is Cause.REQUEST_ACCEPTED
    (context,) = bench.ggsn.contexts()
    return context


def assert_discarded(bench, counter):
    """Nothing was answered or done, and it was counted."""
    assert bench.control == []
    assert bench.ggsn.context_count == 0
    assert getattr(bench.ggsn.endpoint_counters, counter) == 1


def test_nothing_is_wrong_with_the_elements_of_these_tests(bench):
    """Each test changes one thing in a request that is accepted."""
    context = accepted(bench, request())
    assert (context.address, context.nsapi, context.apn) == ("10.45.0.7", 5, "wap.example")


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param("1e 10 0004 0009 0000 00 ffffff 0000000000000000", id="0"),
        pytest.param("48 20 0008 00000000 000009 00", id="2"),
        pytest.param("f2 10 0004 00000000 0009 0000", id="7"),
    ],
)
@pytest.mark.clause("29.060 §11.1.1", "another version: Version Not Supported, with ours")
def test_another_version_is_told_which_we_speak(bench, octets):
    """The answer's header has version 1, the latest there is here; nothing else is done."""
    bench.deliver_octets(bytes.fromhex(octets), SGSN)
    bench.sent(VersionNotSupported, to=SGSN)
    assert_discarded(bench, "other_versions")


@pytest.mark.parametrize("octets", ["", "32", "32100000000000", "3210000400000000 000900"])
@pytest.mark.clause("29.060 §11.1.2", "too short for a header: discarded, counted")
def test_what_is_too_short_for_a_header_is_discarded(bench, octets):
    """Nobody can be answered under a number that is not there."""
    bench.deliver_octets(bytes.fromhex(octets), SGSN)
    assert_discarded(bench, "too_short")


@pytest.mark.clause("29.060 §11.1.2", "truncated Request: Cause 193")
def test_a_truncated_request_is_refused(bench):
    """Wherever it ends, the header says more than there is.

    The answer goes to the SGSN's TEID where that has come.
    """
    whole = request()
    for end in (12, 13, 40, len(whole) - 1):
        response = refusal(bench, whole[:end])
        assert response.cause is Cause.INVALID_MESSAGE_FORMAT
        assert response.teid == (TEID if end >= 40 else 0)


@pytest.mark.parametrize("trailing", ["00", "ff", "0000000000000000", "ff00020001"])
@pytest.mark.clause("29.060 §11.1.2", "octets behind the end of a Request: Cause 193")
def test_a_request_with_trailing_octets_is_refused(bench, trailing):
    """Whatever they are, an element of their own included: the header does not count them."""
    response = refusal(bench, request() + bytes.fromhex(trailing))
    assert (response.cause, response.teid) == (Cause.INVALID_MESSAGE_FORMAT, TEID)


@pytest.mark.clause("29.060 §11.1.2", "header length of 0 or greater than UDP can carry: Cause 193")
def test_a_length_that_cannot_be_is_refused(bench):
    """The number is where it always is, so the answer has it."""
    for length in (0, 3, 0xFFFF):
        response = refusal(bench, request(length=length))
        assert (response.cause, response.sequence) == (Cause.INVALID_MESSAGE_FORMAT, 9)
        assert response.teid == TEID


@pytest.mark.parametrize("message_type", [0, 8, 15, 24, 63, 95, 122, 200, 250])
@pytest.mark.clause("29.060 §11.1.3", "unknown message type: discarded, counted")
def test_an_unknown_message_is_discarded(bench, message_type):
    """It may be a request or a response: nobody knows."""
    bench.deliver_octets(request(message_type=message_type), SGSN)
    assert_discarded(bench, "unknown_types")


@pytest.mark.parametrize(
    "message_type",
    [
        MessageType.PDU_NOTIFICATION_REQUEST,
        MessageType.SGSN_CONTEXT_REQUEST,
        MessageType.IDENTIFICATION_REQUEST,
        MessageType.SEND_ROUTEING_INFORMATION_FOR_GPRS_REQUEST,
        MessageType.INITIATE_PDP_CONTEXT_ACTIVATION_REQUEST,
    ],
)
@pytest.mark.clause("29.060 §11.1.4", "a Request that is none for a GGSN: discarded, counted")
def test_a_request_for_another_node_is_discarded(bench, message_type):
    """What a GGSN sends, or what goes between SGSNs, is not answered here."""
    bench.deliver_octets(request(message_type=message_type), SGSN)
    assert_discarded(bench, "not_accepted")


@pytest.mark.clause("29.060 §11.1.4", "a Response that nobody waits for: discarded, counted")
def test_a_response_to_nothing_is_discarded(bench):
    """There is no Request with its number."""
    bench.deliver(EchoResponse(recovery=1, sequence=0x4711), SGSN)
    assert_discarded(bench, "unmatched_responses")


@pytest.mark.parametrize("absent", ["teid_data", "nsapi", "sgsn_address_user", "qos"])
@pytest.mark.clause("29.060 §11.1.5", "mandatory element missing in a Request: Cause 202")
def test_a_request_without_a_mandatory_element_is_refused(bench, absent):
    """The refusal goes to the TEID Control Plane that the rest of the request has."""
    response = refusal(bench, request(with_(**{absent: None})))
    assert (response.cause, response.teid) == (Cause.MANDATORY_IE_MISSING, TEID)


@pytest.mark.parametrize("absent", ["imsi", "teid_control", "end_user_address"])
@pytest.mark.clause("29.060 §11.1.5", "conditional element missing where it is needed: Cause 202")
def test_a_request_without_what_its_condition_wants_is_refused(bench, absent):
    """What a primary context needs counts as mandatory."""
    response = refusal(bench, request(with_(**{absent: None})))
    assert response.cause is Cause.MANDATORY_IE_MISSING


@pytest.mark.parametrize(
    "changed",
    [
        {"sgsn_address_control": "85 0003 c00002"},
        {"sgsn_address_user": "85 0005 c000020200"},
        {"end_user_address": "80 0001 f1"},
        {"end_user_address": "80 0005 f121 0a2d00"},
        {"apn": "83 0000"},
        {"qos": "87 0000"},
    ],
)
@pytest.mark.clause("29.060 §11.1.6", "mandatory element of a wrong length: Cause 201")
def test_a_mandatory_element_of_another_length_is_refused(bench, changed):
    """Nor is it guessed what its sender has meant."""
    assert refusal(bench, request(with_(**changed))).cause is Cause.MANDATORY_IE_INCORRECT


@pytest.mark.parametrize("qos", ["87 000d 020b921f7396fefe742bffff", "87 ffff 020b921f7396"])
@pytest.mark.clause("29.060 §11.1.6", "an element that is longer than the message: Cause 193")
def test_an_element_that_is_longer_than_the_message_is_refused(bench, qos):
    """Where it ends cannot be told, so nor can what is behind it."""
    assert refusal(bench, request(with_(qos=qos))).cause is Cause.INVALID_MESSAGE_FORMAT


@pytest.mark.parametrize("rat_type", ["97 0000", "97 0002 0101"])
@pytest.mark.clause("29.060 §11.1.6", "optional element of a wrong length: as if it were absent")
def test_an_optional_element_of_another_length_is_ignored(bench, rat_type):
    """The context is there as without it."""
    assert accepted(bench, request(behind=rat_type)).rat_type is None


@pytest.mark.parametrize(
    "changed",
    [
        {"imsi": "02 32140599999999aa"},
        {"imsi": "02 ffffffffffffffff"},
        {"apn": "83 000c 03776170 086578616d706c65"},
        {"end_user_address": "80 0006 f157 0a2d0007"},
        {"qos": "87 000c"},
    ],
)
@pytest.mark.clause("29.060 §11.1.7", "mandatory element with no value: Cause 201, or 193 unread")
def test_a_mandatory_element_without_a_value_is_refused(bench, changed):
    """The TEID that the answer goes to is still read, where elements can be told apart."""
    response = refusal(bench, request(with_(**changed)))
    broken = "qos" in changed
    expected = Cause.INVALID_MESSAGE_FORMAT if broken else Cause.MANDATORY_IE_INCORRECT
    assert (response.cause, response.teid) == (expected, TEID)


@pytest.mark.parametrize(
    ("tft", "cause"),
    [
        ("89 0001 21", Cause.SYNTACTIC_ERROR_IN_TFT_OPERATION),
        ("89 0001 e0", Cause.SYNTACTIC_ERROR_IN_TFT_OPERATION),
        ("89 0005 21 01 01 01 30", Cause.SYNTACTIC_ERRORS_IN_PACKET_FILTERS),
    ],
)
@pytest.mark.clause("29.060 §11.1.8", "optional element that the service needs: its own Cause")
def test_an_optional_element_that_the_service_needs_is_refused(bench, tft, cause):
    """A template that cannot be read is refused with what is wrong with it, not with 203."""
    with_tft = dict(ELEMENTS, tft=tft)
    assert refusal(bench, request(with_tft)).cause is cause


@pytest.mark.parametrize(
    "unknown", ["eb 0002 aabb", "c8 0000", "fe 0001 00", "ef 0100" + "00" * 256]
)
@pytest.mark.clause("29.060 §11.1.9", "unknown element with a length: stepped over")
def test_an_unknown_element_with_a_length_is_stepped_over(bench, unknown):
    """In between and at the end; what comes behind it is read."""
    elements = {"imsi": ELEMENTS["imsi"], "unknown": unknown} | ELEMENTS
    assert accepted(bench, request(elements, behind=unknown)).msisdn == "447700900123"


@pytest.mark.parametrize("unknown", ["1e00", "00", "7000000000"])
@pytest.mark.clause("29.060 §11.1.9", "unknown element without a length: Cause 193")
def test_an_unknown_element_without_a_length_is_refused(bench, unknown):
    """Nobody knows where it ends."""
    assert refusal(bench, request(behind=unknown)).cause is Cause.INVALID_MESSAGE_FORMAT


@pytest.mark.clause("29.060 §11.1.10", "elements out of sequence", status="taken in any order")
def test_elements_out_of_sequence_are_taken(bench):
    """By their types; of two of a type the first is still the first."""
    backwards = {name: ELEMENTS[name] for name in reversed(ELEMENTS)}
    backwards |= {
        "sgsn_address_user": "85 0004 c0000202",
        "sgsn_address_control": "85 0004 c0000203",
    }
    in_order = accepted(bench, request(with_(sgsn_address_user="85 0004 c0000203")))
    bench.restart()
    context = accepted(bench, request(backwards))
    assert (context.sgsn_address, context.sgsn_user_address) == ("192.0.2.2", "192.0.2.3")
    assert context == in_order


@pytest.mark.parametrize(
    "unexpected",
    [
        pytest.param("01 80", id="Cause"),
        pytest.param("7f 00000001", id="Charging ID"),
        pytest.param("8e 0002 0304", id="MS address"),
    ],
)
@pytest.mark.clause("29.060 §11.1.11", "known element that does not belong there: ignored")
def test_an_element_that_does_not_belong_there_is_ignored(bench, unexpected):
    """It is known from other messages, and means nothing in this one, wherever it stands."""
    without = accepted(bench, request())
    for data in (request(behind=unexpected), request({"first": unexpected} | ELEMENTS)):
        bench.restart()
        assert accepted(bench, data) == without


@pytest.mark.parametrize(
    ("repeated", "counts"),
    [
        ("02 99999999999999f9", ("imsi", "234150999999999")),
        ("83 0006 05 6f74686572", ("apn", "wap.example")),
        ("80 0006 f121 0a2d0008", ("address", "10.45.0.7")),
        ("86 0002 91 21", ("msisdn", "447700900123")),
        ("10 00000999", ("sgsn_teid_data", 0x201)),
    ],
)
@pytest.mark.clause("29.060 §11.1.12", "repeated element: the first counts")
def test_of_a_repeated_element_the_first_counts(bench, repeated, counts):
    """The others are as if absent, whether or not they have a value."""
    name, expected = counts
    assert getattr(accepted(bench, request(behind=repeated)), name) == expected


UNREACHABLE = {
    "IPv6, which we do not speak under GTP": "85 0010 20010db8000000000000000000000002",
    "no node": "85 0004 00000000",
    "a group": "85 0004 e0000001",
    "everybody": "85 0004 ffffffff",
}


@pytest.mark.parametrize("where", ["sgsn_address_control", "sgsn_address_user"])
@pytest.mark.parametrize("octets", UNREACHABLE.values(), ids=UNREACHABLE)
@pytest.mark.clause("29.060 §11.1.7", "a GSN address that cannot be answered at: Cause 201")
def test_an_address_that_nothing_can_be_sent_to_is_refused(bench, where, octets):
    """Whatever would be sent there later were lost, or reached others."""
    response = refusal(bench, request(with_(**{where: octets})))
    assert (response.cause, response.teid) == (Cause.MANDATORY_IE_INCORRECT, TEID)


@pytest.mark.parametrize(
    "incorrect",
    [
        pytest.param("99 0002 a000", id="time zone that is no number"),
        pytest.param("9a 0008 aaaaaaaaaaaaaaaa", id="IMEI with letters"),
        pytest.param("98 0000", id="empty location"),
        pytest.param("c6 0004 000000ff", id="half an AMBR"),
        pytest.param("ff 0001 00", id="half a private extension"),
    ],
)
@pytest.mark.clause("29.060 §11.1.13", "incorrect optional element: as if it were absent")
def test_an_incorrect_optional_element_is_as_if_absent(bench, incorrect):
    """The context is the one that there would be without it."""
    without = accepted(bench, request())
    bench.restart()
    assert accepted(bench, request(behind=incorrect)) == without


@pytest.mark.clause("29.060 §11.1", "a faulty Echo Request: discarded, for its answer has no Cause")
def test_a_faulty_echo_request_is_discarded(bench):
    """An Echo Response would say that all is well."""
    bench.deliver_octets(EchoRequest(sequence=3).encode() + b"\0", SGSN)
    assert_discarded(bench, "discarded")


@pytest.mark.clause("29.060 §11.1", "unknown extension header that must be known: Cause 214 and 31")
def test_an_extension_header_that_must_be_known_is_refused(bench):
    """The peer is told which are known, and its request refused, at its TEID where that is told."""
    for elements, teid in (({}, 0), (ELEMENTS, TEID)):
        body = bytes.fromhex("01 0000 00" + "".join(elements.values()))
        head = bytes.fromhex(f"36 10 {4 + len(body):04x} 00000000 0009 00 c1")
        bench.deliver_octets(head + body, SGSN)
        bench.sent(SupportedExtensionHeadersNotification, to=SGSN)
        refused = bench.sent(CreatePdpContextResponse, to=SGSN)
        assert refused.cause is Cause.UNKNOWN_MANDATORY_EXTENSION_HEADER
        assert refused.teid == teid


@pytest.mark.parametrize("extension", ["01 0000", "02 ffff", "40 0102", "20 0000"])
@pytest.mark.clause("29.060 §6", "extension headers that need not be known are stepped over")
def test_an_extension_header_that_need_not_be_known_is_stepped_over(bench, extension):
    """Such as that for MBMS support, or for MS Info Change reporting."""
    kind, content = extension.split()
    body = bytes.fromhex(f"01 {content} 00" + "".join(ELEMENTS.values()))
    head = bytes.fromhex(f"36 10 {4 + len(body):04x} 00000000 0009 00 {kind}")
    assert accepted(bench, head + body).address == "10.45.0.7"


@pytest.mark.parametrize("flags", [0x33, 0x3A, 0x36, 0x37, 0x3F])
@pytest.mark.clause("29.060 §6", "spare bit, PN and an empty E in GTP-C are of no account")
def test_flags_that_mean_nothing_in_gtp_c_are_ignored(bench, flags):
    """A receiver shall not return an error for them."""
    data = bytearray(request())
    data[0] = flags
    assert accepted(bench, bytes(data)).address == "10.45.0.7"


@pytest.mark.clause("29.060 §11.1", "faults in decreasing priority: structure, missing, incorrect")
def test_the_clauses_apply_in_their_order(bench):
    """With several faults the answer is that of the earlier clause."""
    incorrect = with_(imsi="02 ffffffffffffffff")
    both = {name: octets for name, octets in incorrect.items() if name != "qos"}
    for data, cause in (
        (request(both) + b"\0", Cause.INVALID_MESSAGE_FORMAT),
        (request(both, behind="00"), Cause.INVALID_MESSAGE_FORMAT),
        (request(both), Cause.MANDATORY_IE_MISSING),
        (request(incorrect), Cause.MANDATORY_IE_INCORRECT),
    ):
        assert refusal(bench, data).cause is cause


@pytest.mark.clause(
    "29.060 §11.1", "every refusal is counted, and a faulty Request changes nothing"
)
def test_a_faulty_request_leaves_what_is_there(bench):
    """The context that it would have replaced goes on, and its repetition is refused again."""
    context = accepted(bench, request())
    faulty = request(with_(qos=None))
    for count in (1, 2):
        bench.deliver_octets(faulty, SGSN)
        refused = bench.sent(CreatePdpContextResponse)
        assert refused.cause is Cause.MANDATORY_IE_MISSING
        assert bench.ggsn.contexts() == [context]
        assert bench.ggsn.endpoint_counters.invalid_requests == count
