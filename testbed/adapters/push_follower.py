"""Watches a push at the gateway that has it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urljoin

from twisted.web.http_headers import Headers
from twisted.web.iweb import IPolicyForHTTPS

from testbed.adapters.http_client import BoundedClient, ExchangeError

LARGEST_ANSWER = 10_000_000


class FollowError(Exception):
    """The gateway does not show the push; the sentence says why."""


class PushFollower:
    """Reads a push's timeline from the gateway that PAP is posted to."""

    def __init__(
        self,
        reactor: Any,
        pap_url: str,
        *,
        timeout: float = 10.0,
        policy: IPolicyForHTTPS | None = None,
    ) -> None:
        """``timeout`` is the seconds that the gateway has for one answer; ``policy`` is for TLS."""
        self._base = urljoin(pap_url, "/v1/pushes/")
        self._timeout = timeout
        self._client = BoundedClient(
            reactor, connections=1, largest_answer=LARGEST_ANSWER, policy=policy
        )

    async def look(self, push_id: str) -> dict[str, Any]:
        """Return the push as the gateway shows it.

        Raises:
            FollowError: it cannot be reached, or does not show such a push.
        """
        url = self._base + quote(push_id, safe="")
        try:
            status, body = await self._client.exchange(
                "GET", url, headers=Headers({}), timeout=self._timeout
            )
        except ExchangeError as failed:
            raise FollowError(f"{url}: {failed}") from failed
        if status != 200:
            raise FollowError(f"{url} answers HTTP {status}: it shows no timeline")
        try:
            push = json.loads(body)
        except ValueError:
            raise FollowError(f"{url} answers something else than a timeline") from None
        if not isinstance(push, dict) or "deliveries" not in push:
            raise FollowError(f"{url} answers something else than a timeline")
        return push

    async def close(self) -> None:
        """Close idle connections."""
        await self._client.close()
