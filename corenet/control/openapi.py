"""The OpenAPI 3.1 document of the control interface, made from its operations.

``python -m corenet.control.openapi > docs/reference/control-openapi.json`` writes it anew.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from corenet.control.model import ActivationProblem, Parameters, Problem
from corenet.control.operations import OPERATIONS, Operation

VERSION = "1.0.0"
"""The interface's own; it changes when what is said here changes."""
_REF = "#/components/schemas/{model}"
_JSON = "application/json"
_PROBLEM = "application/problem+json"


def document() -> dict[str, Any]:
    """Return the document."""
    models: dict[type[BaseModel], None] = {Problem: None, ActivationProblem: None}
    for operation in OPERATIONS:
        models |= {operation.answer: None} | ({operation.body: None} if operation.body else {})
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    paths["/v1/events"] = {"get": _EVENTS}
    paths["/v1/capture"] = {"get": _CAPTURE}
    paths["/v1/openapi.json"] = {
        "get": _plain("get_openapi", "This document", _JSON, {"type": "object"})
    }
    paths["/metrics"] = {
        "get": _plain("get_metrics", "Metrics for Prometheus", "text/plain", {"type": "string"})
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Corenet control interface",
            "version": VERSION,
            "description": "Look terminals up, have PDP contexts activated, drive the lab.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }


def text() -> str:
    """Return the document as it is checked in."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {
            "200": {"description": "done", "content": _content(operation.answer)},
            "400": _problem("a parameter or member is wrong; `field` names it"),
            "401": _problem("the bearer token is missing or wrong"),
            "413": _problem("the body is too large"),
        }
        | {
            str(status): _problem(text, ActivationProblem if status in (502, 504) else Problem)
            for status, text in operation.problems.items()
        },
    }
    parameters = [*_parameters("path", operation.at), *_parameters("query", operation.query)]
    if operation.may_be_polled:
        parameters.append(_PREFER)
        described["responses"]["202"] = {
            "description": "running; poll the resource that Location names",
            "headers": {"Location": {"schema": {"type": "string"}}},
            "content": _content(operation.answer),
        }
    described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _content(operation.body)}
        described["responses"]["415"] = _problem("the body is not application/json")
    return described


def _parameters(place: str, model: type[Parameters]) -> Iterator[dict[str, Any]]:
    for name, schema in model.model_json_schema().get("properties", {}).items():
        description = schema.get("description")
        # An absent parameter is None to us, but in a URL there is no null.
        given = next((part for part in schema.get("anyOf", ()) if part["type"] != "null"), schema)
        yield {
            "name": name,
            "in": place,
            "required": place == "path",
            **({"description": description} if description else {}),
            "schema": given,
        }


def _content(model: type[BaseModel], media: str = _JSON) -> dict[str, Any]:
    return {media: {"schema": {"$ref": _REF.format(model=model.__name__)}}}


def _problem(description: str, model: type[Problem] = Problem) -> dict[str, Any]:
    return {"description": description, "content": _content(model, _PROBLEM)}


def _plain(name: str, summary: str, media: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": {"description": "done", "content": {media: {"schema": schema}}},
            "400": _problem("there is no such parameter; `field` names it"),
            "401": _problem("the bearer token is missing or wrong"),
        },
    }


_PREFER = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`respond-async`: answer 202 at once (RFC 7240)",
    "schema": {"type": "string"},
}

_EVENTS = {
    "operationId": "stream_events",
    "summary": "What happens in the core, as it happens (server-sent events)",
    "parameters": [
        {
            "name": "Last-Event-ID",
            "in": "header",
            "required": False,
            "description": "the number of the last event that was seen; 0 gives all that is kept",
            "schema": {"type": "string", "pattern": "^[0-9]{1,18}$"},
        }
    ],
    "responses": {
        "200": {
            "description": "a stream that does not end",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        "400": _problem("Last-Event-ID is no number"),
        "401": _problem("the bearer token is missing or wrong"),
    },
}

_CAPTURE = {
    "operationId": "stream_capture",
    "summary": "What passes on each interface, as it passes, for Wireshark (pcapng)",
    "responses": {
        "200": {
            "description": "a stream that does not end; who reads too slowly is let go",
            "content": {"application/x-pcapng": {"schema": {"type": "string"}}},
        },
        "400": _problem("there are no parameters"),
        "401": _problem("the bearer token is missing or wrong"),
        "404": _problem("nothing is captured here"),
    },
}

if __name__ == "__main__":
    sys.stdout.write(text())
