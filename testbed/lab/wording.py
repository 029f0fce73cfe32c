"""What a model says of a value that is wrong, in the words of who wrote the file.

Pydantic speaks of tuples, dictionaries and parsing. Who writes YAML knows lists, settings, numbers
and text, wants to know what there was instead, and which name was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Final, get_args, get_origin

from pydantic import BaseModel, ValidationError

Location = tuple[str | int, ...]

_A_LIST: Final = "a list is expected: items that each begin with -, or [in, brackets]"
_SETTINGS: Final = "settings are expected: name: value"
_EXPECTED: Final[Mapping[str, str]] = {
    "tuple_type": _A_LIST,
    "list_type": _A_LIST,
    "set_type": _A_LIST,
    "dict_type": _SETTINGS,
    "model_type": _SETTINGS,
    "model_attributes_type": _SETTINGS,
    "string_type": "text is expected",
    "bool_type": "true or false is expected",
    "bool_parsing": "true or false is expected",
    "float_type": "a number is expected",
    "float_parsing": "a number is expected",
    "int_type": "a whole number is expected",
    "int_parsing": "a whole number is expected",
    "int_from_float": "a whole number is expected",
}
_UNIT: Final = re.compile(r"(\d+(?:\.\d+)?|\.\d+) ?(ms|s|sec|seconds?|m|min|minutes?|h|hours?)")
_SECONDS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
_NEAR: Final = 0.6
_MOST_KNOWN: Final = 12


def wrong(error: ValidationError, model: type[BaseModel]) -> Iterator[tuple[Location, str]]:
    """Yield the place of each wrong value in a document, and what is wrong with it.

    What only follows from another one, such as a list that is empty without it, is left out.
    """
    entries = error.errors(include_url=False)
    places = [entry["loc"] for entry in entries]
    for entry in entries:
        place = entry["loc"]
        follows = any(other != place and other[: len(place)] == place for other in places)
        if not (entry["type"] == "too_short" and follows):
            name = ".".join(str(part) for part in place) or "the document"
            yield place, f"{name}: {_said(entry, model)}"


def meant(name: object, known: Iterable[str]) -> str:
    """Return a question which of the known names is meant, or which there are, as far as few."""
    names = list(known)
    near = get_close_matches(str(name).lower(), [one.lower() for one in names], n=1, cutoff=_NEAR)
    if near:
        return "; is it " + next(one for one in names if one.lower() == near[0]) + "?"
    more = ", …" if len(names) > _MOST_KNOWN else ""
    return f"; there is {', '.join(names[:_MOST_KNOWN])}{more}" if names else ""


def _said(entry: Any, model: type[BaseModel]) -> str:
    kind, given, place = entry["type"], entry["input"], entry["loc"]
    if kind == "extra_forbidden":
        known = [name for name in _settings(model, place[:-1]) if name != place[-1]]
        return "there is no such setting" + meant(place[-1], known)
    if kind == "missing":
        return "is missing"
    if kind == "too_short":
        return f"a list of at least {entry['ctx']['min_length']} is expected"
    if kind == "string_type" and isinstance(given, int | float):
        return "text was expected and this is a number; put it in quotes"
    if kind in _EXPECTED:
        return _EXPECTED[kind] + _instead(kind, given)
    if kind in ("literal_error", "enum"):
        known = re.findall(r"'([^']*)'", entry["ctx"]["expected"])
        near = meant(given, known) if isinstance(given, str) else ""
        question = near if near.endswith("?") else ""
        return f"{_small(entry['msg'])}, not {_shown(given)}{question}"
    return _small(str(entry["msg"]).removeprefix("Value error, "))


def _instead(kind: str, given: object) -> str:
    found = _UNIT.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None or not kind.startswith(("float", "int")):
        return f", not {_shown(given)}"
    factor = next(seconds for unit, seconds in _SECONDS.items() if found[2].startswith(unit))
    return f", without a unit: {float(found[1]) * factor:g} is that many seconds"


def _shown(given: object) -> str:
    if given is None:
        return "nothing"
    if isinstance(given, bool):
        return str(given).lower()
    if isinstance(given, str):
        return f"“{given}”"
    if isinstance(given, Mapping):
        return "settings"
    return "a list" if isinstance(given, Sequence) else str(given)


def _small(message: str) -> str:
    return message[:1].lower() + message[1:]


def _settings(model: type[BaseModel], place: Location) -> list[str]:
    """Return the names of the settings that there are at a place."""
    kinds: list[Any] = [model]
    for part in place:
        models = list(_models(kinds))
        fields = [
            field.annotation
            for one in models
            for name, field in one.model_fields.items()
            if part in (name, field.alias)
        ]
        # An item's number, a key, or the name of a union's branch leads to what is inside.
        kinds = fields or kinds
    return sorted(
        {field.alias or name for one in _models(kinds) for name, field in one.model_fields.items()}
    )


def _models(kinds: Iterable[Any]) -> Iterator[type[BaseModel]]:
    """Yield the models in annotations, however deep."""
    for kind in kinds:
        if isinstance(kind, type) and get_origin(kind) is None:
            if issubclass(kind, BaseModel):
                yield kind
        else:
            yield from _models(get_args(kind))
