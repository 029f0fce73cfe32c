"""The push initiator on Twisted: posts pushes, receives result notifications over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from testbed.codecs import pap
from testbed.initiator.submission import HttpMessage


class SubmissionError(Exception):
    """A push could not be submitted: no connection, timeout, or no PAP document came back.

    ``status`` is the HTTP status where there was one.
    """

    def __init__(self, text: str, status: int | None = None) -> None:
        self.text = text
        self.status = status
        super().__init__(text)


class SubmissionClient:
    """Posts pushes to one gateway."""

    def __init__(self, reactor: Any, url: str, *, timeout: float = 10.0) -> None:
        raise NotImplementedError

    async def submit(self, message: HttpMessage) -> pap.PushResponse | pap.BadMessageResponse:
        """POST ``message``; return the gateway's answer or raise SubmissionError."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close idle connections."""
        raise NotImplementedError


class NotificationReceiver:
    """Listens for result notifications and answers each with resultnotification-response."""

    def __init__(
        self,
        reactor: Any,
        *,
        interface: str = "127.0.0.1",
        port: int = 0,
        path: str = "/notifications",
        on_notification: Callable[[pap.ResultNotification], None] | None = None,
    ) -> None:
        raise NotImplementedError

    def start(self) -> None:
        """Listen; port 0 takes a free one."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """What to give as ppg-notify-requested-to; only after ``start``."""
        raise NotImplementedError

    def wait_for(self, push_id: str, timeout: float) -> Deferred[pap.ResultNotification]:
        """Fire with the next notification for ``push_id`` that nobody has taken yet.

        Fails with twisted.internet.error.TimeoutError after ``timeout`` seconds.
        """
        raise NotImplementedError

    async def stop(self) -> None:
        """Stop listening, close connections, cancel waits."""
        raise NotImplementedError
