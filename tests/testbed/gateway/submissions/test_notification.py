"""Result notifications: the document, and what counts as an answer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from testbed.codecs import pap
from testbed.codecs.pap import DeliveryMethod
from testbed.gateway.config import GatewayConfig
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import DeliveryRecord, PushRecord
from testbed.gateway.submissions import notification, operations
from testbed.gateway.submissions.notification import NotTaken, Taken
from testbed.gateway.testing import NOW, plmn

PUSH = PushRecord("1@pi.example", NOW, NOW + 60, (plmn(),), b"", "text/plain", pap.Version.V1_0)


def answered(code: int) -> bytes:
    return pap.build(pap.ResultNotificationResponse("1@pi.example", plmn(), code))


@pytest.mark.parametrize(
    ("state", "code"), [(State.DELIVERED, 1000), (State.EXPIRED, 4000), (State.UNDELIVERABLE, 2003)]
)
def test_the_document_says_what_became_of_the_push(state, code):
    """State, code and time of the event, per address."""
    delivery = DeliveryRecord("1@pi.example", 0, state, NOW + 5, code=code, description="why")
    config = GatewayConfig("127.0.0.5", "wap.example", b"x")
    envelope = pap.parse_envelope(notification.document(PUSH, delivery, config))
    assert envelope.version is pap.Version.V1_0
    assert envelope.document == pap.ResultNotification(
        "1@pi.example",
        plmn(),
        pap.MessageState(state.value),
        code,
        "why",
        "http://127.0.0.5:8081/pap",
        "Corenet",
        NOW,
        NOW + 5,
    )


@pytest.mark.parametrize(
    ("state", "description", "expected"),
    [
        (State.DELIVERED, operations.UNCONFIRMED, (DeliveryMethod.UNCONFIRMED, "GPRS")),
        (State.DELIVERED, operations.BY_SMS, (DeliveryMethod.UNCONFIRMED, "SMS")),
        (State.DELIVERED, "confirmed by the client", (DeliveryMethod.CONFIRMED, "GPRS")),
        (State.EXPIRED, "not delivered in time", None),
    ],
)
def test_the_document_says_how_the_push_was_delivered(state, description, expected):
    """Confirmed by the client or not, and over what; nothing where it was not delivered."""
    push = replace(PUSH, delivery_method=DeliveryMethod.PREFER_CONFIRMED)
    delivery = DeliveryRecord("1@pi.example", 0, state, NOW, code=1000, description=description)
    config = GatewayConfig("127.0.0.5", "wap.example", b"x")
    quality = pap.parse(notification.document(push, delivery, config)).quality_of_service
    assert (quality and (quality.delivery_method, quality.bearer)) == expected


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, answered(1000), Taken()),
        (202, answered(2000), Taken("the initiator answered 2000")),
        (204, b"", Taken("answered without a resultnotification-response")),
        (200, b"thanks", Taken("answered without a resultnotification-response")),
        (200, pap.build(pap.BadMessageResponse(2000)), Taken("answered with BadMessageResponse")),
        (200, answered(4001), NotTaken("the initiator answered 4001")),
        (302, answered(1000), NotTaken("HTTP 302")),
        (404, b"", NotTaken("HTTP 404")),
        (500, b"", NotTaken("HTTP 500")),
    ],
)
def test_an_answer_is_taken_or_asks_to_come_again(status, body, expected):
    """Any 2xx is an answer; only a service failure of the initiator asks for another try."""
    assert notification.read_answer(status, body) == expected
