"""The interface against its own OpenAPI document, with requests that nobody has thought of.

Cases go straight to a core in virtual time, so that no port, no thread and no waiting is needed.
"""

import os
from time import perf_counter

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import GenerationMode

from corenet.control.openapi import document

BASE = "http://core.example"
EXAMPLES = int(os.environ.get("CORENET_EXAMPLES", min(25, settings.default.max_examples)))
"""Requests per operation and kind, right and wrong ones."""

SCHEMA = schemathesis.openapi.from_dict(document())
SCHEMA.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
# What is wrong may be that there is too much of it.
REJECTED = SCHEMA.config.checks.negative_data_rejection
REJECTED.expected_statuses = [*REJECTED.expected_statuses, "413"]
# A stream does not end, so its answer is no whole one; its tests are those of the event stream.
FINITE = SCHEMA.exclude(path="/v1/events")


def exchange(client, case):
    """Send a case to the core, and return the answer as schemathesis knows it."""
    arguments = case.as_transport_kwargs(base_url=BASE)
    arguments = {
        name: value
        for name, value in arguments.items()
        if name in ("method", "url", "headers", "params", "data", "json", "cookies")
    }
    request = requests.Request(**arguments).prepare()
    body = request.body.encode() if isinstance(request.body, str) else request.body
    skipped = ("content-length", "host", "connection", "transfer-encoding")
    headers = [
        (
            name if isinstance(name, str) else name.decode("latin-1"),
            value if isinstance(value, bytes) else str(value).encode("utf-8"),
        )
        for name, value in request.headers.items()
        if name.lower() not in skipped
    ]
    began = perf_counter()
    answer = client.ask(request.method, request.path_url, body or None, headers)
    return schemathesis.Response(
        status_code=answer.status,
        headers={name.lower(): [value] for name, value in answer.headers.items()},
        content=answer.body,
        request=request,
        elapsed=perf_counter() - began,
        verify=False,
        message=answer.wire.split(b"\r\n", 1)[0].split(b" ", 2)[2].decode(),
        http_version="1.1",
    )


@pytest.fixture
def core(client):
    """A core with mobiles, one of which has been told to refuse."""
    core = client(5)
    core.post("/v1/mobiles/234150000000002/behaviour", {"on_request": "reject"})
    return core


@FINITE.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
def test_answers_are_those_of_the_document(core, case):
    """Right requests are served, wrong ones refused, and every answer is as the document says."""
    case.validate_response(exchange(core, case))
