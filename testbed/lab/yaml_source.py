"""YAML with the place of every value kept, so that an error can name file, line and column.

YAML 1.1 reads an unquoted ``0467012`` as an octal number and a repeated key as the last
one given. Both have cost people evenings: here a number where text belongs is refused by
the model above (it asks for strict text), and a repeated key is refused here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

Model = TypeVar("Model", bound=BaseModel)
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a file: where, and what was expected there."""

    file: str
    line: int
    """From 1."""
    column: int
    """From 1."""
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.text}"


class SourceError(Exception):
    """A file is not what it should be; ``problems`` says each place and what was expected."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Source:
    """A YAML document as plain values, with the place of each."""

    file: str
    value: Any
    places: Mapping[Path, tuple[int, int]]
    """Line and column, from 1, of each value by its path."""
    files: Mapping[Path, str] = field(default_factory=dict)
    """Where a value comes from, by its path, where that is not ``file``."""

    def problem(self, path: Path, text: str) -> Problem:
        """Describe what is wrong with the value at ``path``, or with the nearest one above it."""
        while path not in self.places and path:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        return Problem(self.files.get(path, self.file), line, column, text)


def read(text: str, file: str) -> Source:
    """Read one YAML document.

    Raises:
        SourceError: the text is not YAML, or a mapping repeats a key.
    """
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        places: dict[Path, tuple[int, int]] = {}
        repeated: list[Problem] = []
        if root is not None:
            _note_places(root, (), places, repeated, file)
        if repeated:
            raise SourceError(tuple(repeated))
        value = None if root is None else loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = " ".join(part for part in (error.context, error.problem) if part)
        raise SourceError((Problem(file, line, column, f"not YAML: {what}"),)) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SourceError((Problem(file, 1, 1, f"not YAML: {error}"),)) from None
    return Source(file, value, places)


def validate(model: type[Model], source: Source) -> Model:
    """Make a model of a document.

    Raises:
        SourceError: with one problem for each value that is not what the model asks for.
    """
    try:
        return model.model_validate({} if source.value is None else source.value)
    except ValidationError as error:
        problems = tuple(
            source.problem(_existing(entry["loc"], source), _expected(entry))
            for entry in error.errors(include_url=False, include_context=False)
        )
        raise SourceError(problems) from None


def _note_places(
    node: Node,
    path: Path,
    places: dict[Path, tuple[int, int]],
    repeated: list[Problem],
    file: str,
) -> None:
    if path in places:  # an alias to a node that contains itself
        return
    places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            _note_places(item, (*path, index), places, repeated, file)
    elif isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, item in node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else ""
            if name in seen:
                mark = key.start_mark
                repeated.append(
                    Problem(file, mark.line + 1, mark.column + 1, f"{name!r} is given twice")
                )
            seen.add(name)
            _note_places(item, (*path, name), places, repeated, file)


def _existing(location: tuple[str | int, ...], source: Source) -> Path:
    """Drop from a model's location what is not in the document, such as a union's branch names."""
    path: Path = ()
    for part in location:
        if (*path, part) in source.places:
            path = (*path, part)
    return path


def _expected(entry: Mapping[str, Any]) -> str:
    name = ".".join(str(part) for part in entry["loc"]) or "the document"
    message = str(entry["msg"]).removeprefix("Value error, ")
    if entry["type"] == "extra_forbidden":
        return f"{name}: there is no such setting"
    if entry["type"] == "missing":
        return f"{name}: is missing"
    given = entry.get("input")
    if entry["type"] == "string_type" and isinstance(given, int | float):
        return f"{name}: text was expected and this is a number; put it in quotes"
    return f"{name}: {message[:1].lower()}{message[1:]}"
