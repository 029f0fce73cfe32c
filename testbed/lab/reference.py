"""The reference page of lab files, made from their model.

``python -m testbed.lab.reference > docs/reference/lab-file.md`` writes it anew.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Union, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from testbed.lab.model import Lab
from testbed.lab.parts import Part

_PLAIN: Final = MappingProxyType(
    {str: "text", int: "number", float: "number", bool: "true or false", Any: "anything"}
)


def page() -> str:
    """Return the page, in Markdown."""
    lines = [
        "# Lab files",
        "",
        "Written from `testbed/lab/model.py` by `python -m testbed.lab.reference`; do not edit.",
        "",
        "A lab file is YAML. `corenet validate FILE` checks one and names what is wrong by line",
        "and column; `corenet run FILE` starts it. Times are seconds. Numbers such as IMSIs stand",
        "in quotes: YAML would read `0467012` as octal.",
        "",
        "Every part is optional, so a file describes a whole network, a core for a gateway of",
        "yours, a GGSN alone, or an SGSN with mobiles in front of a foreign GGSN.",
        "",
    ]
    return "\n".join([*lines, *tables(Lab)])


def tables(root: type[Part], *, level: int = 2) -> list[str]:
    """Return a table for each kind of part that a file has, the file itself first."""
    lines = []
    for model in models(root):
        title = "The file" if model is root else f"`{model.__name__.removesuffix('Part')}`"
        lines += [f"{'#' * level} {title}", "", str(model.__doc__).split("\n")[0], ""]
        lines += ["| Setting | Is | Default | Says |", "|---|---|---|---|"]
        for name, field in model.model_fields.items():
            lines.append(
                f"| `{field.alias or name}` | {type_of(field)} | {default_of(field)} "
                f"| {field.description or ''} |"
            )
        lines.append("")
    return lines


def models(model: type[Part], seen: dict[type[Part], None] | None = None) -> list[type[Part]]:
    """Return a kind of part and those that it has parts of, each once, itself first."""
    seen = {} if seen is None else seen
    if model not in seen:
        seen[model] = None
        for field in model.model_fields.values():
            for part in _parts(field.annotation):
                models(part, seen)
    return list(seen)


def _parts(annotation: Any) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)


def type_of(field: FieldInfo) -> str:
    """Say in Markdown what a setting takes."""
    return _words(field.annotation)


def _words(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return " or ".join(_words(part) for part in arguments if part is not type(None))
    if origin is tuple:
        return f"list of {_words(arguments[0])}"
    if origin is dict:
        return f"mapping of {_words(arguments[0])} to {_words(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, Part):
        name = annotation.__name__.removesuffix("Part")
        return f"[{name}](#{name.lower()})"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return " or ".join(f"`{value}`" for value in annotation)
    if arguments and all(isinstance(argument, str) for argument in arguments):
        return " or ".join(f"`{argument}`" for argument in arguments)
    if origin is not None and arguments:
        return _words(arguments[0])
    return _PLAIN[annotation]


def default_of(field: FieldInfo) -> str:
    """Say in Markdown what a setting is when it is absent."""
    default = field.get_default(call_default_factory=True)
    if default is PydanticUndefined:
        return "required"
    if default is None or isinstance(default, Part):
        return ""
    if isinstance(default, tuple | dict):
        return "`[" + ", ".join(str(item) for item in default) + "]`" if default else ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    print(page(), end="")
