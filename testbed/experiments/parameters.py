"""Parameters of experiments: YAML files that come with the distribution, with changes on top."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

from testbed.lab.yaml_source import Model, Problem, Source, SourceError, read, validate

PARAMETERS: Final = files("testbed") / "parameters"


def load(name: str, model: type[Model], changes: Sequence[str] = ()) -> Model:
    """Return an experiment's parameters; ``changes`` are like ``radio.hold=2``, the value in YAML.

    Raises:
        SourceError: a change is none, or does not fit.
    """
    file = f"{name}.yaml"
    source = read((PARAMETERS / file).read_text(encoding="utf-8"), file)
    for change in changes:
        _apply(source, change)
    return validate(model, source)


def _apply(source: Source, change: str) -> None:
    path, equals, text = change.partition("=")
    where: Any = source.value
    *above, last = path.strip().split(".")
    for part in above:
        where = where.get(part) if isinstance(where, dict) else None
    if not equals or not isinstance(where, dict) or last not in where:
        known = ", ".join(source.value)
        what = f"there is no parameter {path.strip()!r}; there are {known}"
        raise SourceError((Problem(source.file, 1, 1, what),))
    where[last] = read(text, f"--set {path}").value
