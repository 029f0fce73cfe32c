"""One exchange of the control interface: reading what a request says, writing what it gets.

Whatever is wrong with a request becomes a ``ControlError`` that names the field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel, ValidationError
from twisted.web.http import RESPONSES
from twisted.web.server import Request

from corenet.control.errors import ControlError, bad_request
from corenet.control.model import Parameters

BODY_LIMIT = 64 * 1024
"""Octets of a request's body."""
JSON = "application/json"
PROBLEM = "application/problem+json"

_log = structlog.get_logger("control")

P = TypeVar("P", bound=Parameters)
B = TypeVar("B", bound=BaseModel)


class BoundedRequest(Request):
    """A request whose body is never kept beyond ``BODY_LIMIT``: it is refused and broken off."""

    media_type = ""
    """Of the body, in lower case and without parameters."""
    _octets = 0
    _refused = False

    def gotLength(self, length: int | None) -> None:
        """Make room for the body, or refuse it where it is announced too large (for Twisted)."""
        self.content = BytesIO()
        if length is not None and length > BODY_LIMIT:
            self._refuse()

    def handleContentChunk(self, data: bytes) -> None:
        """Take a piece of the body (for Twisted)."""
        self._octets += len(data)
        if self._octets <= BODY_LIMIT and not self._refused:
            super().handleContentChunk(data)  # type: ignore[no-untyped-call]
        elif not self._refused:
            self._refuse()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """Begin to answer (for Twisted), unless the request was refused."""
        self.media_type = (header(self, "Content-Type") or "").split(";")[0].strip().lower()
        # Without it Twisted does not take a form in the body for a part of the query.
        self.requestHeaders.removeHeader(b"Content-Type")
        if not self._refused:
            super().requestReceived(command, path, version)  # type: ignore[no-untyped-call]

    def _refuse(self) -> None:
        self._refused = True
        # Nobody is to be told that the body may come.
        self.requestHeaders.removeHeader(b"Expect")
        error = ControlError(
            413, "Too large", f"a body has {BODY_LIMIT} octets at most", field="body"
        )
        body = json.dumps(error.problem()).encode()
        head = (
            f"HTTP/1.1 413 {RESPONSES[413].decode()}\r\nConnection: close\r\n"
            f"Content-Type: {PROBLEM}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.channel.write(head.encode() + body)
        self.channel.loseConnection()


def header(request: Request, name: str) -> str | None:
    """Return a header's value; octets that are no UTF-8 are replaced."""
    value = request.getHeader(name.encode())
    return None if value is None else value.decode("utf-8", "replace")


def read_parameters(model: type[P], place: str, given: Mapping[str, str]) -> P:
    """Return what a path or query says.

    Raises:
        ControlError: 400, something in it is not as it should be.
    """
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise _wrong(error, place) from None


def read_query(request: Request) -> dict[str, str]:
    """Return the query's values by name.

    Raises:
        ControlError: 400, a name is there twice, or something is not UTF-8.
    """
    query: dict[str, str] = {}
    for octets, values in request.args.items():
        name = octets.decode("utf-8", "replace")
        if len(values) > 1:
            raise bad_request(f"{name} is given twice", name)
        try:
            query[octets.decode("utf-8")] = values[0].decode("utf-8")
        except UnicodeDecodeError:
            raise bad_request(f"{name} is not UTF-8", name) from None
    return query


def read_body(request: BoundedRequest, model: type[B] | None) -> B | None:
    """Return the body as ``model``, or None where a request has none.

    Raises:
        ControlError: 400, it is not as it should be, or there where it should not; 415, it is
            not JSON.
    """
    content = b"" if request.content is None else request.content.read()
    if model is None:
        if content:
            raise bad_request("this takes no body", "body")
        return None
    if request.media_type != JSON:
        raise ControlError(
            415, "Unsupported media type", f"the body is to be {JSON}", field="Content-Type"
        )
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        raise _wrong(error, "body") from None


def _wrong(error: ValidationError, place: str) -> ControlError:
    """Name the first wrong member as the field, and every one in ``errors``."""
    errors = [
        {
            "field": ".".join(str(part) for part in entry["loc"]) or place,
            "detail": str(entry["msg"]).removeprefix("Value error, "),
        }
        for entry in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    first = errors[0]
    problem = bad_request(f"{first['field']}: {first['detail']}", first["field"])
    problem.members["errors"] = errors
    return problem


def answer(
    request: Request, status: int, document: Mapping[str, Any], media: str = JSON, **noted: Any
) -> None:
    """Write a JSON document and finish; ``noted`` is logged with a request that changes things."""
    text = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    answer_octets(request, status, text, media)
    if request.method not in (b"GET", b"HEAD"):
        _log.info(
            "request",
            method=request.method.decode("ascii", "replace"),
            path=request.path.decode("utf-8", "replace"),
            status=status,
            **noted,
        )


def answer_octets(request: Request, status: int, octets: bytes, media: str) -> None:
    """Write octets and finish."""
    request.setResponseCode(status)
    request.setHeader("Content-Type", media)
    request.setHeader("Content-Length", str(len(octets)))
    request.write(octets)
    request.finish()


def refuse(request: Request, error: ControlError, **noted: Any) -> None:
    """Write a problem and finish."""
    for name, value in error.headers.items():
        request.setHeader(name, value)
    problem = error.problem()
    answer(request, error.status, problem, PROBLEM, problem=error.detail, **noted)
