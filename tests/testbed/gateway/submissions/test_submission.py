"""What an initiator can post, and every answer it can get."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import pap, si
from testbed.codecs.hosts import is_listed
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.multipart import build as build_multipart
from testbed.codecs.pap import DeliveryMethod, QualityOfService
from testbed.gateway.config import GatewayConfig, Limits, NotificationPolicy
from testbed.gateway.keeping.pushes import State
from testbed.gateway.presence.sessions import SessionTable
from testbed.gateway.submissions import submission
from testbed.gateway.submissions.answers import Refusal
from testbed.gateway.submissions.capabilities import Clients
from testbed.gateway.submissions.operations import Accepted, Question
from testbed.gateway.submissions.recipients import Nobody, terminal_of
from testbed.gateway.terminal import Terminal
from testbed.gateway.testing import INDICATION, MESSAGE, NOW, body_of, plmn

CONFIG = GatewayConfig("127.0.0.5", "wap.example", b"x")
CLIENTS = Clients(CONFIG, SessionTable(CONFIG.ageing), lambda _host, _since: ())
VECTORS = Path(__file__).parents[3] / "vectors/kannel"
HOUR = 3600.0


def read(push: pap.PushMessage = MESSAGE, content: Part | None = None, config=CONFIG):
    return submission.read(*body_of(push, content), config, NOW, clients=CLIENTS)


def quality(**values) -> pap.PushMessage:
    return replace(MESSAGE, quality_of_service=QualityOfService(**values))


@pytest.mark.clause(
    "WAP-247", "push-message, push-response, result notification, badmessage-response"
)
def test_a_push_is_read():
    """What is kept is what the initiator asked for, ready for the air."""
    push = replace(
        MESSAGE,
        addresses=(plmn(), "WAPPUSH=10.45.0.7/TYPE=IPv4@ppg.example"),
        deliver_before=NOW + HOUR,
        deliver_after=NOW + 60,
        source_reference="campaign 7",
    )
    accepted = read(push)
    assert isinstance(accepted, Accepted)
    kept = accepted.push
    assert kept.push_id == "1@pi.example"
    assert kept.received == NOW
    assert (kept.deliver_before, kept.deliver_after) == (NOW + HOUR, NOW + 60)
    assert [terminal_of(a, {}) for a in kept.addresses] == [
        Terminal.by_msisdn("447700900123"),
        Terminal.by_address("10.45.0.7"),
    ]
    assert kept.notify_url == MESSAGE.notify_url
    assert kept.source_reference == "campaign 7"
    assert kept.content_type == "application/vnd.wap.sic"


def test_a_push_without_deadline_lives_for_the_default_lifetime():
    """It counts from deliver-after where that is given."""
    assert read().push.deliver_before == NOW + CONFIG.lifetime
    later = replace(MESSAGE, deliver_after=NOW + HOUR)
    assert read(later).push.deliver_before == NOW + HOUR + CONFIG.lifetime


@pytest.mark.parametrize("name", ["pap_ip_si", "pap_ip_sl"])
def test_what_kannel_took_is_taken(name):
    """Recorded submissions are accepted."""
    body = (VECTORS / f"{name}.req").read_bytes()
    content_type = "multipart/related; boundary=asdlfkjiurwghasf; type=application/xml"
    accepted = submission.read(content_type, body, CONFIG, NOW, clients=CLIENTS)
    assert isinstance(accepted, Accepted)
    assert accepted.push.version is pap.Version.V1_0


REFUSED = {
    "an address that is none": (replace(MESSAGE, addresses=("+447700900123",)), 2002),
    "two bad addresses": (replace(MESSAGE, addresses=("x", "WAPPUSH=j/TYPE=USER@p")), 2002),
    "a user that no directory has": (
        replace(MESSAGE, addresses=("WAPPUSH=joe/TYPE=USER@ppg.example",)),
        2003,
    ),
    "an IPv6 address": (
        replace(MESSAGE, addresses=("WAPPUSH=2001%3Adb8%3A%3A1/TYPE=IPv6@ppg.example",)),
        2002,
    ),
    "the secure port": (
        replace(MESSAGE, addresses=("WAPPUSH=+447700900123/TYPE=PLMN/PORT=2949@ppg.example",)),
        3003,
    ),
    "too many addresses": (replace(MESSAGE, addresses=(plmn(),) * 101), 3005),
    "a push-id that is too long": (replace(MESSAGE, push_id="x" * 257), 2000),
    "a network that is required": (quality(network="TETRA", network_required=True), 3009),
    "a bearer that is required": (quality(bearer="SMS", bearer_required=True), 3010),
    "a replacement of itself": (replace(MESSAGE, replace_push_id=MESSAGE.push_id), 2000),
    "a deadline in the past": (replace(MESSAGE, deliver_before=NOW), 2000),
    "after not before before": (
        replace(MESSAGE, deliver_after=NOW + HOUR, deliver_before=NOW + HOUR),
        2000,
    ),
    "a host that is not allowed": (replace(MESSAGE, notify_url="http://pi.example/n"), 2001),
    "a URL of another scheme": (replace(MESSAGE, notify_url="file:///etc/passwd"), 2000),
    "a URL without host": (replace(MESSAGE, notify_url="http:///n"), 2000),
    "a URL with a login": (replace(MESSAGE, notify_url="http://a:b@127.0.0.1/"), 2000),
    "a URL with a bad port": (replace(MESSAGE, notify_url="http://127.0.0.1:99999/"), 2000),
    "a URL with a space": (replace(MESSAGE, notify_url="http://127.0.0.1/a b"), 2000),
}


def test_what_is_wrong_is_quoted_in_part():
    """However long it is, the answer can be read."""
    control = b'<pap><push-message push-id="1" deliver-before-timestamp="%b"/></pap>' % (
        b"1" * 4000
    )
    refusal = submission.read("application/xml", control, CONFIG, NOW, clients=CLIENTS)
    answer = pap.parse(refusal.answer.body)
    assert answer.code == 2000
    assert "deliver-before-timestamp" in answer.desc
    assert len(answer.desc) < 1000


@pytest.mark.parametrize(("push", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_push_is_refused_with_its_code(push, code):
    """The answer is a push-response with HTTP 202, whatever the code."""
    refusal = read(push)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.push_id, refusal.answer.status) == (code, push.push_id, 202)
    answer = pap.parse(refusal.answer.body)
    assert isinstance(answer, pap.PushResponse)
    assert (answer.push_id, answer.code, answer.reply_time) == (push.push_id, code, NOW)
    assert answer.sender_address == "http://127.0.0.5:8081/pap"
    assert answer.desc


@pytest.mark.parametrize(
    "push",
    [
        quality(delivery_method=DeliveryMethod.UNCONFIRMED),
        quality(delivery_method=DeliveryMethod.PREFER_CONFIRMED),
        quality(network="GSM", network_required=True, bearer="GPRS", bearer_required=True),
        quality(network="TETRA", bearer="SMS"),
        quality(network_required=True, bearer_required=True),
        replace(MESSAGE, notify_url="https://localhost/n"),
        replace(MESSAGE, notify_url="http://[::1]:80/n"),
        replace(MESSAGE, notify_url=None),
    ],
)
def test_what_can_be_had_is_accepted(push):
    """Wishes that are not required, and those that are met."""
    assert isinstance(read(push), Accepted)


def test_bad_content_is_a_transformation_failure_with_its_place():
    """3006 names element, line and column."""
    content = Part(ContentType(si.XML_TYPE), b"<si>\n <indication><b/></indication></si>")
    refusal = read(content=content)
    assert refusal.code == 3006
    assert "line 2" in refusal.reason


@pytest.mark.parametrize(
    ("allowed", "code"), [(("text/*",), 0), (("text/vnd.wap.si",), 0), (("application/*",), 3003)]
)
def test_media_types_can_be_restricted(allowed, code):
    """What the configuration does not list is not pushed."""
    result = read(config=replace(CONFIG, content_types=allowed))
    assert (result.code if isinstance(result, Refusal) else 0) == code


def test_a_push_without_content_is_refused():
    """A control entity alone pushes nothing, in a multipart or without."""
    control = pap.build(MESSAGE)
    parts = [Part(ContentType("application/xml"), control)]
    for content_type, body in (
        build_multipart(parts, boundary="b"),
        ("application/xml", control),
        ("text/xml; charset=utf-8", control),
    ):
        assert submission.read(content_type, body, CONFIG, NOW, clients=CLIENTS).code == 2000


def test_the_answer_speaks_the_initiators_version():
    """PAP 1.0 is answered with 1.0."""
    push = replace(MESSAGE, addresses=("x",))
    content_type, body = body_of(push, version=pap.Version.V1_0)
    refusal = submission.read(content_type, body, CONFIG, NOW, clients=CLIENTS)
    assert pap.parse_envelope(refusal.answer.body).version is pap.Version.V1_0


def bad(xml: bytes) -> pap.BadMessageResponse:
    content_type, body = build_multipart(
        [
            Part(ContentType("application/xml"), xml),
            Part(ContentType("text/plain"), b"x"),
        ],
        boundary="b",
    )
    refusal = submission.read(content_type, body, CONFIG, NOW, clients=CLIENTS)
    assert refusal.answer.status == 202
    answer = pap.parse(refusal.answer.body)
    assert isinstance(answer, pap.BadMessageResponse)
    return answer


def test_a_malformed_message_is_answered_with_element_and_line():
    """badmessage-response says what is wrong, where, and shows it."""
    answer = bad(
        b'<pap>\n<push-message push-id="1">\n<address adress-value="x"/></push-message></pap>'
    )
    assert answer.code == 2000
    assert answer.desc.startswith("address: line 3, column 1: ")
    assert "<address adress-value" in answer.fragment


def test_a_missing_attribute_is_named():
    """push-id is required."""
    answer = bad(b"<pap><push-message><address address-value='x'/></push-message></pap>")
    assert "push-id" in answer.desc


def test_an_unsupported_version_is_3002():
    """PAP 9.0 is not spoken here."""
    xml = pap.build(MESSAGE).replace(b"DTD PAP 2.0", b"DTD PAP 9.0")
    assert bad(xml).code == 3002


@pytest.mark.parametrize("xml", [b"", b"\x00\x01\xff", b"no xml at all"])
def test_what_is_no_xml_is_a_bad_message(xml):
    """Octets that XML cannot hold are shown as replacement characters."""
    assert bad(xml).code == 2000


def test_a_control_entity_of_another_type_is_a_bad_message():
    """The first part must be the control entity."""
    parts = [Part(ContentType("text/plain"), b"x"), Part(ContentType("application/xml"), b"")]
    assert (
        submission.read(*build_multipart(parts, boundary="b"), CONFIG, NOW, clients=CLIENTS).code
        == 2000
    )


def test_a_multipart_that_cannot_be_split_is_a_bad_message():
    """A lost boundary is the initiator's fault."""
    refusal = submission.read(
        "multipart/related; boundary=x", b"--y\r\n", CONFIG, NOW, clients=CLIENTS
    )
    assert isinstance(pap.parse(refusal.answer.body), pap.BadMessageResponse)


@pytest.mark.parametrize(
    "document",
    [
        pap.CancelMessage("1@pi.example", (plmn(),)),
        pap.StatusQuery("1@pi.example"),
        pap.CcqMessage(plmn(), "q", "x-wap-application:wml.ua"),
    ],
)
def test_what_is_about_a_push_or_a_client_is_a_question(document):
    """It is answered from what is known of that, in the version of who asks."""
    body = pap.build(document, version=pap.Version.V1_0)
    question = submission.read("application/xml", body, CONFIG, NOW, clients=CLIENTS)
    assert question == Question(document, pap.Version.V1_0)


def test_one_bad_address_of_two_is_rejected_alone():
    """The push is accepted for the other; each bad one has its own status code."""
    user, no_address = "WAPPUSH=joe/TYPE=USER@ppg.example", "x"
    accepted = read(replace(MESSAGE, addresses=(user, plmn(), no_address)))
    assert isinstance(accepted, Accepted)
    assert [(end.number, end.state, end.code) for end in accepted.ended] == [
        (0, State.REJECTED, 2003),
        (2, State.REJECTED, 2002),
    ]
    assert [entry.state for entry in accepted.ended[0].history] == ["accepted", "rejected"]


def test_a_user_is_found_in_the_directory():
    """USER addresses are any text, escaped; the directory has an MSISDN for them."""
    users = {"joe@home": "447700900123"}
    assert terminal_of("WAPPUSH=joe%40home/TYPE=USER@p", users) == Terminal.by_msisdn(
        "447700900123"
    )
    whom = terminal_of("WAPPUSH=jim/TYPE=USER@p", users)
    assert isinstance(whom, Nobody)
    assert whom.code == 2003


def test_an_ipv6_address_is_served_where_it_maps_an_ipv4_address():
    """That is what terminals have; any other is refused by name."""
    mapped = terminal_of("WAPPUSH=%3A%3Affff%3A10.45.0.7/TYPE=IPv6@p", {})
    assert mapped == Terminal.by_address("10.45.0.7")
    other = terminal_of("WAPPUSH=2001%3Adb8%3A%3A1/TYPE=IPv6@p", {})
    assert "2001:db8::1" in other.text


def test_a_capabilities_entity_is_accepted_and_a_fourth_part_is_not():
    """The client's capabilities may come as part 3 (UAProf)."""
    control = Part(ContentType("application/xml"), pap.build(MESSAGE))
    content = Part(ContentType(si.XML_TYPE), si.build(INDICATION))
    profile = Part(ContentType("application/xml"), b"<rdf:RDF/>")
    three = build_multipart([control, content, profile], boundary="b")
    assert isinstance(submission.read(*three, CONFIG, NOW, clients=CLIENTS), Accepted)
    four = build_multipart([control, content, profile, profile], boundary="b")
    refusal = submission.read(*four, CONFIG, NOW, clients=CLIENTS)
    assert isinstance(pap.parse(refusal.answer.body), pap.BadMessageResponse)


def test_a_document_that_only_gateways_send_is_a_bad_message():
    """A push-response is no submission."""
    body = pap.build(pap.PushResponse("1", 1001))
    refusal = submission.read("application/xml", body, CONFIG, NOW, clients=CLIENTS)
    assert isinstance(pap.parse(refusal.answer.body), pap.BadMessageResponse)


@pytest.mark.parametrize(
    ("content_type", "size", "status"),
    [("", 0, 415), ("text/html", 0, 415), ("application/xml", 2_000, 413)],
)
def test_what_is_no_pap_gets_an_http_error(content_type, size, status):
    """4xx with a line of text."""
    config = replace(CONFIG, limits=Limits(body=1_000))
    refusal = submission.read(content_type, b"x" * size, config, NOW, clients=CLIENTS)
    assert (refusal.answer.status, refusal.code) == (status, 0)
    assert refusal.answer.content_type.startswith("text/plain")


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("LOCALHOST", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("localhost.example", False),
        ("2130706433", False),
    ],
)
def test_only_loopback_is_notified_by_default(host, allowed):
    """A push cannot make the gateway call anybody."""
    assert is_listed(host, NotificationPolicy().hosts) is allowed


def test_hosts_can_be_allowed_by_name_and_network():
    """ "*" allows all."""
    assert is_listed("pi.example", ("pi.example",))
    assert is_listed("10.1.2.3", ("10.0.0.0/8",))
    assert is_listed("anything", ("*",))


@given(st.sampled_from(["application/xml", "multipart/related; boundary=b"]), st.binary())
def test_random_bodies_get_an_answer(content_type, body):
    """Whatever is posted, the answer is a PAP document or an HTTP error."""
    refusal = submission.read(content_type, body, CONFIG, NOW, clients=CLIENTS)
    assert isinstance(refusal, Refusal)
    if refusal.answer.status == 202:
        pap.parse(refusal.answer.body)


@given(st.data())
def test_damaged_submissions_get_an_answer(data):
    """A right submission with octets changed is accepted or answered, never a crash."""
    content_type, body = body_of(MESSAGE)
    damaged = bytearray(body)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    result = submission.read(content_type, bytes(damaged), CONFIG, NOW, clients=CLIENTS)
    if isinstance(result, Refusal):
        pap.parse(result.answer.body)
