"""Posts result notifications until the initiator has answered each, or for as long as it may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from testbed.gateway.config import GatewayConfig
from testbed.gateway.effects import PostNotification
from testbed.gateway.events import InitiatorNotified, NotificationFailed
from testbed.gateway.keeping.records import Notification
from testbed.gateway.output import Output
from testbed.gateway.schedule import Schedule
from testbed.gateway.submissions import notification
from testbed.gateway.underway.deliveries import Delivery, Key

_ANSWERED: Final = "notifications answered"
_UNANSWERED: Final = "notifications unanswered"


class Reports:
    """All result notifications of one gateway that are under way."""

    def __init__(
        self,
        config: GatewayConfig,
        output: Output,
        save: Callable[[Delivery], None],
    ) -> None:
        """``save`` has a delivery stored whose notification came to an end."""
        self._config = config
        self._output = output
        self._save = save
        self._waiting: Schedule[Key] = Schedule()

    def __len__(self) -> int:
        """Return how many wait until they are posted again."""
        return len(self._waiting)

    def post(self, delivery: Delivery) -> None:
        """Notify the initiator of a delivery's end."""
        delivery.posting = True
        url = delivery.push.notify_url or ""
        body = notification.document(delivery.push, delivery.record(), self._config)
        self._output.ask(PostNotification(delivery.push.push_id, delivery.number, url, body))

    def answered(self, delivery: Delivery, status: int, body: bytes, now: float) -> None:
        """Take the initiator's HTTP answer."""
        result = notification.read_answer(status, body)
        if isinstance(result, notification.NotTaken):
            self.failed(delivery, result.reason, now)
            return
        delivery.posting = False
        self._output.count(_ANSWERED)
        delivery.notification = Notification.ANSWERED
        self._output.tell(InitiatorNotified(delivery.push.push_id, delivery.address))
        self._save(delivery)

    def failed(self, delivery: Delivery, reason: str, now: float) -> None:
        """Post again later, or give up where it has been too long."""
        delivery.posting = False
        self._output.count(_UNANSWERED)
        policy = self._config.notification
        wait = policy.waits[min(delivery.posts, len(policy.waits) - 1)]
        delivery.posts += 1
        is_over = now + wait > delivery.changed + policy.retention
        self._output.tell(
            NotificationFailed(delivery.push.push_id, delivery.address, reason, abandoned=is_over)
        )
        if is_over:
            delivery.notification = Notification.ABANDONED
            self._save(delivery)
        else:
            self._waiting.set(delivery.key, now + wait)

    def cancel(self, key: Key) -> None:
        """Do not post again."""
        self._waiting.cancel(key)

    def next(self) -> float | None:
        """Return when something is to be posted again, or None."""
        return self._waiting.next()

    def take_due(self, now: float) -> list[Key]:
        """Return what is to be posted again now."""
        return self._waiting.take_due(now)
