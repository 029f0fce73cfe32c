"""What a push initiator sends and reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.codecs import multipart, pap, si, sl
from testbed.codecs.pap import MessageState, PapError, StatusCode, Version
from testbed.codecs.si import ServiceIndication
from testbed.codecs.sl import ServiceLoading
from testbed.initiator import submission
from testbed.initiator.submission import PAP_TYPE

ADDRESS = "WAPPUSH=+447700900123/TYPE=PLMN@ppg.example"
MESSAGE = pap.PushMessage("1@pi.example", (ADDRESS,), deliver_before=1e9, notify_url="http://pi/n")
NOTIFICATION = pap.ResultNotification(
    "1@pi.example", ADDRESS, MessageState.DELIVERED, StatusCode.OK, "delivered"
)


@pytest.mark.parametrize(
    ("client", "address"),
    [
        ("447700900123", ADDRESS),
        ("+447700900123", ADDRESS),
        ("10.45.0.7", "WAPPUSH=10.45.0.7/TYPE=IPv4@ppg.example"),
        ("2001:db8::7", "WAPPUSH=2001:db8::7/TYPE=IPv6@ppg.example"),
    ],
)
def test_recipients_are_named_by_what_they_look_like(client, address):
    """Digits are an MSISDN, an IP address is one."""
    assert submission.recipient(client) == address


def test_gateway_of_a_recipient_can_be_named():
    """What follows "@" is the gateway."""
    assert submission.recipient("10.45.0.7", ppg="ppg") == "WAPPUSH=10.45.0.7/TYPE=IPv4@ppg"


@pytest.mark.parametrize("client", ["", "+", "john", "10.45.0.256"])
def test_other_recipients_are_refused(client):
    """What is neither MSISDN nor IP address is the caller's error."""
    with pytest.raises(ValueError):
        submission.recipient(client)


def test_submission_is_control_entity_and_content():
    """The body is multipart/related: the push-message first, then the content with its headers."""
    content = submission.indication_part(
        ServiceIndication("Hello", href="http://a.com/"),
        headers=[("X-Wap-Application-Id", "x-wap-application:wml.ua")],
    )
    message = submission.submission(MESSAGE, content, boundary="asdf", product_name="test")
    assert message.content_type == 'multipart/related; type="application/xml"; boundary=asdf'
    control, entity = multipart.parse(message.content_type, message.body)
    envelope = pap.parse_envelope(control.body)
    assert control.content_type.media == PAP_TYPE
    assert envelope.document == MESSAGE
    assert (envelope.version, envelope.product_name) == (Version.V2_0, "test")
    assert entity == content
    assert si.parse(entity.body) == ServiceIndication("Hello", href="http://a.com/")


def test_submission_of_a_loading():
    """An SL goes as text/vnd.wap.sl."""
    content = submission.loading_part(ServiceLoading("http://a.com/"))
    message = submission.submission(MESSAGE, content, version=Version.V1_0)
    control, entity = multipart.parse(message.content_type, message.body)
    assert pap.parse_envelope(control.body).version is Version.V1_0
    assert entity.content_type.media == sl.XML_TYPE
    assert sl.parse(entity.body) == ServiceLoading("http://a.com/")


def test_same_push_has_the_same_octets():
    """Without a boundary given, one is derived from the entities."""
    content = submission.indication_part(ServiceIndication("Hello"))
    one = submission.submission(MESSAGE, content)
    assert one == submission.submission(MESSAGE, content)
    other = submission.indication_part(ServiceIndication("Hallo"))
    assert one.content_type != submission.submission(MESSAGE, other).content_type


@pytest.mark.parametrize(
    "answer",
    [
        pap.PushResponse("1@pi.example", StatusCode.ACCEPTED, "accepted"),
        pap.BadMessageResponse(StatusCode.BAD_REQUEST, "what?", "<pap"),
    ],
)
def test_answers_are_read(answer):
    """A push-response or a badmessage-response answers a submission."""
    assert submission.read_answer(pap.build(answer)) == answer


@pytest.mark.parametrize("body", [b"", b"<html/>", pap.build(MESSAGE)])
def test_what_is_no_answer_is_refused(body):
    """Anything else is no answer."""
    with pytest.raises(PapError):
        submission.read_answer(body)


@pytest.mark.parametrize("version", [Version.V1_0, Version.V2_0])
def test_notification_is_answered_in_its_version(version):
    """A result notification is taken and answered with 1000, in the gateway's version of PAP."""
    receipt = submission.take_notification(PAP_TYPE, pap.build(NOTIFICATION, version=version))
    assert receipt.notification == NOTIFICATION
    assert receipt.answer.content_type == "application/xml; charset=utf-8"
    answer = pap.parse_envelope(receipt.answer.body)
    assert answer.version is version
    assert answer.document == pap.ResultNotificationResponse(
        "1@pi.example", ADDRESS, StatusCode.OK, "OK"
    )


@pytest.mark.parametrize(
    ("content_type", "body", "code", "desc"),
    [
        (
            PAP_TYPE,
            pap.build(MESSAGE),
            StatusCode.BAD_REQUEST,
            "PushMessage is no result notification",
        ),
        (
            "text/plain",
            pap.build(NOTIFICATION),
            StatusCode.BAD_REQUEST,
            "Content-Type is text/plain, not application/xml",
        ),
        (
            "",
            pap.build(NOTIFICATION),
            StatusCode.BAD_REQUEST,
            "Content-Type: '' is not a media type",
        ),
        (
            "text/xml; charset=utf-8",
            b"<pap>\0",
            StatusCode.BAD_REQUEST,
            "line 1, column 6: not well-formed (invalid token)",
        ),
        (
            PAP_TYPE,
            pap.build(NOTIFICATION).replace(b"PAP 2.0", b"PAP 9.9"),
            StatusCode.VERSION_NOT_SUPPORTED,
            "line 3, column 1: PAP 9.9 is not supported, only 1.0, 2.0, 2.1",
        ),
    ],
)
def test_what_is_no_notification_is_answered_with_badmessage(content_type, body, code, desc):
    """Anything else is answered with badmessage-response that says why."""
    receipt = submission.take_notification(content_type, body)
    assert receipt.notification is None
    answer = pap.parse(receipt.answer.body)
    assert isinstance(answer, pap.BadMessageResponse)
    assert (answer.code, answer.desc) == (code, desc)


@given(
    st.text() | st.just(PAP_TYPE),
    st.binary() | st.text().map(lambda t: t.encode("utf-8", "replace")),
)
def test_nothing_is_raised_for_what_a_gateway_posts(content_type, body):
    """Whatever is posted, there is an answer."""
    receipt = submission.take_notification(content_type, body)
    assert receipt.notification is None
    assert isinstance(pap.parse(receipt.answer.body), pap.BadMessageResponse)
