"""Result notifications: the document for an initiator, and what its answer means.

Specs: WAP-247 §9.6 (resultnotification-message), §9.7 (resultnotification-response).
"""

from __future__ import annotations

from dataclasses import dataclass

from testbed.codecs import pap
from testbed.codecs.pap import PapError
from testbed.gateway.config import GatewayConfig
from testbed.gateway.keeping.records import DeliveryRecord, PushRecord
from testbed.gateway.submissions import answers, operations


@dataclass(frozen=True, slots=True)
class Taken:
    """The initiator has answered: the notification is done."""

    note: str = ""


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The notification is to be posted again."""

    reason: str


def document(push: PushRecord, delivery: DeliveryRecord, config: GatewayConfig) -> bytes:
    """Return the resultnotification-message for a delivery that has ended."""
    return pap.build(
        pap.ResultNotification(
            push_id=push.push_id,
            address=push.addresses[delivery.number],
            state=delivery.state.message_state,
            code=delivery.code,
            desc=answers.printable(delivery.description),
            sender_address=config.pap_url,
            sender_name=config.product_name,
            received_time=push.received,
            event_time=delivery.changed,
            quality_of_service=operations.quality(push, delivery),
        ),
        version=push.version,
        product_name=config.product_name,
    )


def read_answer(status: int, body: bytes) -> Taken | NotTaken:
    """Tell whether an HTTP answer means that the initiator has the notification.

    Any 2xx does, for many initiators answer with no body; only a resultnotification-response
    of class 4 (service failure) asks to come again.
    """
    if not 200 <= status < 300:
        return NotTaken(f"HTTP {status}")
    try:
        answer = pap.parse(body)
    except PapError:
        return Taken("answered without a resultnotification-response")
    if isinstance(answer, pap.ResultNotificationResponse):
        if 4000 <= answer.code < 5000:
            return NotTaken(f"the initiator answered {answer.code}")
        return Taken("" if answer.code < 2000 else f"the initiator answered {answer.code}")
    return Taken(f"answered with {type(answer).__name__}")
