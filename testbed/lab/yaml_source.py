"""YAML with the place of every value kept, so that an error can name file, line and column.

YAML 1.1 reads an unquoted ``0467012`` as an octal number, a repeated key as the last one
given, and ``on`` as true. All have cost people evenings: here a number where text belongs is
refused by the model above (it asks for strict text), a repeated key is refused here, and names of
settings are text whatever they look like.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from testbed.lab.wording import wrong

Model = TypeVar("Model", bound=BaseModel)
Path = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_TEXT = f"{_TAG}str"
_LOOK_DIFFERENT = frozenset(f"{_TAG}{kind}" for kind in ("bool", "int", "float", "timestamp"))


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
        problem = Problem(file, line, column, f"not YAML: {_in_words(error)}")
        raise SourceError((problem,)) from None
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
            source.problem(_existing(place, source), text) for place, text in wrong(error, model)
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
            if key.tag in _LOOK_DIFFERENT:
                key.tag = _TEXT
            _note_places(item, (*path, name), places, repeated, file)


def _existing(location: tuple[str | int, ...], source: Source) -> Path:
    """Drop from a model's location what is not in the document, such as a union's branch names."""
    path: Path = ()
    for part in location:
        if (*path, part) in source.places:
            path = (*path, part)
    return path


def _in_words(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or ""
    if "'\\t'" in problem:
        return "this is a tab; YAML is indented by spaces"
    what = " ".join(part for part in (error.context, problem) if part)
    if "':'" in problem or problem.startswith("mapping values"):
        what += "; a text with a colon in it wants quotes"
    return what
