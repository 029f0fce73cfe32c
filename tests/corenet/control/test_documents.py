"""The OpenAPI document and the reference page: right, and as they are checked in."""

import json
import subprocess
import sys
from pathlib import Path

import jsonschema_rs
import pytest
import schemathesis

from corenet.control.errors import ControlError
from corenet.control.model import ActivationProblem, Problem, Terminal
from corenet.control.openapi import document, text
from corenet.control.operations import OPERATIONS
from corenet.control.reference import local_causes, table

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"


def references(value):
    """Yield every reference in a document."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def test_document_is_openapi_3_1():
    """It follows the specification's own schema, and so do the schemas in it."""
    whole = document()
    assert whole["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(whole).validate()
    for schema in whole["components"]["schemas"].values():
        jsonschema_rs.Draft202012Validator(schema | {"components": whole["components"]})


def test_document_refers_to_what_it_has():
    """No reference leads nowhere, and no schema is there that nobody refers to."""
    whole = document()
    named = {f"#/components/schemas/{name}" for name in whole["components"]["schemas"]}
    assert set(references(whole)) == named


def test_every_operation_stands_in_the_document():
    """Names are unique, and every parameter in a path is declared."""
    paths = document()["paths"]
    names = [operation["operationId"] for path in paths.values() for operation in path.values()]
    assert len(names) == len(set(names)) == len(OPERATIONS) + 4
    for operation in OPERATIONS:
        described = paths[operation.path][operation.method.lower()]
        assert described["operationId"] == operation.name
        declared = {
            parameter["name"]
            for parameter in described.get("parameters", ())
            if parameter["in"] == "path"
        }
        assert declared == set(operation.at.model_fields)
        assert all(f"{{{name}}}" in operation.path for name in declared)


def test_problems_are_as_documented():
    """What errors say fits the schema of a problem."""
    error = ControlError(400, "Bad request", "apn: wrong", field="apn", members={"errors": []})
    assert Problem.model_validate(error.problem()).field == "apn"
    assert set(Terminal.model_fields) & {"status", "title", "detail"} == set()
    assert {"status", "detail", "step", "cause"} <= set(ActivationProblem.model_fields)


@pytest.mark.docs
def test_document_is_checked_in():
    """docs/reference/control-openapi.json is what ``python -m corenet.control.openapi`` prints."""
    assert (REFERENCE / "control-openapi.json").read_text(encoding="utf-8") == text()
    command = [sys.executable, "-m", "corenet.control.openapi"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert json.loads(printed) == document()


@pytest.mark.docs
def test_the_tables_are_in_the_reference():
    """The page has what ``python -m corenet.control.reference`` prints."""
    page = (REFERENCE / "control-interface.md").read_text(encoding="utf-8")
    for part in (table(), local_causes()):
        assert part in page, "paste the output of python -m corenet.control.reference into the page"
