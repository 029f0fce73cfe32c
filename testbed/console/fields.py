"""Members of the control interface's models as words of a command line, and back.

The models are the same that HTTP and the OpenAPI document have, so that a command takes what the
interface takes. What is neither text nor a number is written as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel


class FieldError(ValueError):
    """A word that is no value of its member."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a model."""

    name: str
    kind: str
    """JSON's: string, integer, number, boolean; anything else is written as JSON."""
    required: bool
    choices: tuple[str, ...]
    help: str

    @property
    def option(self) -> str:
        """Its name as an option."""
        return f"--{self.name.replace('_', '-')}"

    def read(self, word: str) -> Any:
        """Return the value that a word stands for; raises ``FieldError``."""
        try:
            match self.kind:
                case "string":
                    return word
                case "integer":
                    return int(word, 0)
                case "number":
                    return float(word)
                case "boolean":
                    return _YES_OR_NO[word.lower()]
                case _:
                    return json.loads(word)
        except (ValueError, KeyError):
            written = _WRITTEN.get(self.kind, "JSON")
            raise FieldError(f"{self.name} is written as {written}, not {word!r}") from None


_YES_OR_NO = {"yes": True, "true": True, "no": False, "false": False}
_WRITTEN = {"integer": "a number", "number": "a number", "boolean": "yes or no"}


def members(model: type[BaseModel]) -> list[Member]:
    """Return the members of a model, in its order."""
    schema = model.model_json_schema()
    required = schema.get("required", ())
    return [
        Member(
            name,
            _kind(described),
            name in required,
            tuple(_first(described, "enum") or ()),
            _help(described),
        )
        for name, described in schema.get("properties", {}).items()
    ]


def body(model: type[BaseModel], words: Mapping[str, str | None]) -> dict[str, Any]:
    """Return the body that words make; those that are None are left out."""
    return {
        member.name: member.read(word)
        for member in members(model)
        if (word := words.get(member.name)) is not None
    }


def _kind(described: Mapping[str, Any]) -> str:
    kind = _first(described, "type")
    return kind if isinstance(kind, str) else "object"


def _first(described: Mapping[str, Any], key: str) -> Any:
    """Return what the schema says, or the first of its alternatives that is not null."""
    for one in (described, *described.get("anyOf", ())):
        if key in one and one.get("type") != "null":
            return one[key]
    return None


def _help(described: Mapping[str, Any]) -> str:
    text = str(described.get("description", "")).replace("%", "%%")
    default = described.get("default")
    return text if default in (None, [], "") else f"{text} (default: {default})".strip()
