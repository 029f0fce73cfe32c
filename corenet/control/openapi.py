"""The OpenAPI 3.1 document of the control interface, made from its operations."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from corenet.control.model import Problem
from corenet.control.operations import OPERATIONS, Operation

_REF = "#/components/schemas/{model}"


def document(version: str) -> dict[str, Any]:
    """Return the document; ``version`` is the distribution's."""
    models: list[type[BaseModel]] = [Problem]
    for operation in OPERATIONS:
        models += [operation.answer] + ([operation.body] if operation.body else [])
    unique = list(dict.fromkeys(models))
    _, schemas = models_json_schema([(model, "validation") for model in unique], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    paths["/v1/events"] = {"get": _EVENTS}
    paths["/v1/openapi.json"] = {"get": _plain("get_openapi", "This document", "application/json")}
    paths["/metrics"] = {"get": _plain("get_metrics", "Metrics for Prometheus", "text/plain")}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Corenet control interface",
            "version": version,
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


def _operation(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {
            "200": {"description": "done", "content": _json(operation.answer)},
            "400": _problem("a parameter or member is wrong; `field` names it"),
            "401": _problem("the bearer token is missing or wrong"),
        }
        | {str(status): _problem(text) for status, text in operation.problems.items()},
    }
    if operation.name == "request_activation":
        described["parameters"] = [_PREFER]
        described["responses"]["202"] = {
            "description": "running; poll the resource that Location names",
            "headers": {"Location": {"schema": {"type": "string"}}},
            "content": _json(operation.answer),
        }
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", operation.path)
    ]
    for name, schema in operation.query.model_json_schema().get("properties", {}).items():
        parameters.append({"name": name, "in": "query", "required": False, "schema": schema})
    if parameters:
        described["parameters"] = described.get("parameters", []) + parameters
    if operation.body is not None:
        described["requestBody"] = {"required": True, "content": _json(operation.body)}
        described["responses"]["413"] = _problem("the body is too large")
        described["responses"]["415"] = _problem("the body is not application/json")
    return described


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": _REF.format(model="Problem")}
    return {
        "description": description,
        "content": {"application/problem+json": {"schema": schema}},
    }


def _plain(name: str, summary: str, media: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"} if media.endswith("json") else {"type": "string"}
    return {
        "operationId": name,
        "summary": summary,
        "responses": {
            "200": {"description": "done", "content": {media: {"schema": schema}}},
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
            "schema": {"type": "string"},
        }
    ],
    "responses": {
        "200": {
            "description": "a stream that does not end",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        "401": _problem("the bearer token is missing or wrong"),
    },
}
