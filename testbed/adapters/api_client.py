"""A client of our HTTP interfaces for commands: JSON, problem documents, server-sent events.

It waits for each answer, as a command does, and needs nothing but the standard library, so that
a command's first word comes at once.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

LARGEST_ANSWER = 64 << 20
"""Octets."""
LONGEST_SILENCE = 45.0
"""Seconds without even a heartbeat after which an event stream is taken for dead."""


class ApiError(Exception):
    """Something was not done; the sentence says who refused, and why."""

    def __init__(self, sentence: str, status: int | None = None, problem: Any = None) -> None:
        super().__init__(sentence)
        self.status = status
        """HTTP's, or None where there was no answer."""
        self.problem = problem
        """The problem document, if there was one."""


class ApiClient:
    """Asks one interface."""

    def __init__(self, url: str, token: str | None = None, *, timeout: float = 30.0) -> None:
        """``url`` is all that stands before ``/v1``; ``timeout`` is in seconds for each answer.

        Raises:
            ApiError: it is no HTTP URL.
        """
        parts = urlsplit(url if "://" in url else f"http://{url}")
        try:
            self._port = parts.port
        except ValueError:
            raise ApiError(f"{url} has no port that can be") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ApiError(f"{url} is no HTTP URL")
        self._scheme, self._host = parts.scheme, parts.hostname
        self._prefix = parts.path.rstrip("/").removesuffix("/v1")
        self._token = token
        self._timeout = timeout
        self.url = f"{parts.scheme}://{parts.netloc}{self._prefix}"
        """Who is asked."""

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        timeout: float | None = None,
    ) -> Any:
        """Return the JSON that is answered.

        Raises:
            ApiError: there is no answer, a refusal, or something that is no JSON.
        """
        answered = self.fetch(method, path, query=query, body=body, timeout=timeout)
        try:
            return json.loads(answered)
        except ValueError:
            raise ApiError(f"{self.url}{path} answers something that is no JSON") from None

    def fetch(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        timeout: float | None = None,
    ) -> bytes:
        """Return the octets that are answered; raises as ``ask`` does."""
        given = {key: value for key, value in (query or {}).items() if value is not None}
        target = f"{path}?{urlencode(given)}" if given else path
        with self._exchange(method, target, body, {}, timeout or self._timeout) as response:
            answered = response.read(LARGEST_ANSWER + 1)
            if len(answered) > LARGEST_ANSWER:
                raise ApiError(f"{self.url}{path} answers more than {LARGEST_ANSWER} octets")
            return answered

    def events(self, path: str, last: int | None = None) -> Iterator[dict[str, Any]]:
        """Yield server-sent events as they come, those after number ``last`` first.

        Raises:
            ApiError: the stream is refused, or breaks off.
        """
        headers = {"Accept": "text/event-stream"}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        with self._exchange("GET", path, None, headers, LONGEST_SILENCE) as response:
            while line := response.readline(LARGEST_ANSWER):
                if line.startswith(b"data:"):
                    yield json.loads(line.removeprefix(b"data:"))
        raise ApiError(f"{self.url} has ended the stream of events")

    @contextmanager
    def _exchange(
        self, method: str, target: str, body: Any, headers: dict[str, str], timeout: float
    ) -> Iterator[HTTPResponse]:
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token}"
        payload = None
        if body is not None:
            payload = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        try:
            with closing(self._connection(timeout)) as connection:
                connection.request(method, self._prefix + target, payload, headers)
                response = connection.getresponse()
                if response.status >= 300:
                    raise self._refusal(response)
                yield response
        except TimeoutError:
            raise ApiError(f"{self.url} does not answer within {timeout:g} s") from None
        except (OSError, HTTPException) as error:
            raise ApiError(f"{self.url} cannot be asked: {error or type(error).__name__}") from None

    def _connection(self, timeout: float) -> HTTPConnection:
        if self._scheme == "https":
            context = ssl.create_default_context()
            return HTTPSConnection(self._host, self._port, timeout=timeout, context=context)
        return HTTPConnection(self._host, self._port, timeout=timeout)

    def _refusal(self, response: HTTPResponse) -> ApiError:
        answered = response.read(LARGEST_ANSWER)
        try:
            problem = json.loads(answered)
            sentence = f"{problem['title']}: {problem['detail']}"
        except (ValueError, KeyError, TypeError):
            problem, sentence = None, answered.decode("utf-8", "replace").strip()[:300]
        return ApiError(
            f"{self.url} refused (HTTP {response.status}). {sentence}", response.status, problem
        )
