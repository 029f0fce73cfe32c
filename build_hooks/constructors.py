"""Constructors of dataclasses, written out for the compiler.

``dataclasses`` makes a constructor when the module is loaded, and what is made then stays in the
interpreter. Written out in the compiler's copy of the source it is compiled along with the class,
and takes a fraction of the time. It does what the other one would.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class _Field:
    name: str
    type: str
    default: str | None
    """The expression, or None where there is none."""
    factory: str | None
    """What makes the default, or None."""
    kw_only: bool


class Constructors:
    """The constructors of all dataclasses in some modules."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        """Read the modules, by name, because some classes have fields of others."""
        self._sources = sources
        self._classes: dict[tuple[str, str], ast.ClassDef] = {}
        self._imported: dict[tuple[str, str], tuple[str, str]] = {}
        for module, source in sources.items():
            for statement in ast.parse(source).body:
                if isinstance(statement, ast.ClassDef):
                    self._classes[module, statement.name] = statement
                elif isinstance(statement, ast.ImportFrom) and statement.module is not None:
                    for each in statement.names:
                        here = module, each.asname or each.name
                        self._imported[here] = statement.module, each.name

    def written_out(self, module: str) -> str:
        """Return a module's source with constructors."""
        source = self._sources[module]
        lines = source.splitlines()
        classes = [each for each in ast.parse(source).body if isinstance(each, ast.ClassDef)]
        for each in reversed(classes):
            if _decorator(each) is None or _defines(each, "__init__"):
                continue
            fields = self._fields(module, each)
            if fields is not None and any(isinstance(s, ast.AnnAssign) for s in each.body):
                # Behind the last field, where the types of all are known.
                last = max(s.end_lineno or 0 for s in each.body if isinstance(s, ast.AnnAssign))
                place = next(
                    (s.lineno - 1 for s in each.body if s.lineno > last and not _is_text(s)),
                    each.end_lineno or last,
                )
                while lines[place - 1].lstrip().startswith("@"):
                    place -= 1
                lines[place:place] = _constructor(each, fields)
        return "\n".join(lines) + "\n"

    def _fields(self, module: str, of: ast.ClassDef) -> list[_Field] | None:
        """Return the fields of a class, or None where they are not all to be seen or given."""
        if "field(init=False" in ast.unparse(of):
            return None
        found: dict[str, _Field] = {}
        for base in of.bases:
            here = module, ast.unparse(base)
            there = self._imported.get(here, here)
            known = self._classes.get(there)
            if known is None or _decorator(known) is None:
                return None
            inherited = self._fields(there[0], known)
            if inherited is None:
                return None
            found |= {field.name: field for field in inherited}
        found |= {field.name: field for field in _own_fields(of)}
        return list(found.values())


def _decorator(of: ast.ClassDef) -> ast.expr | None:
    for each in of.decorator_list:
        called = each.func if isinstance(each, ast.Call) else each
        if isinstance(called, ast.Name) and called.id == "dataclass":
            return each
    return None


def _defines(of: ast.ClassDef, name: str) -> bool:
    return any(isinstance(s, ast.FunctionDef) and s.name == name for s in of.body)


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _own_fields(of: ast.ClassDef) -> Iterator[_Field]:
    decorator = _decorator(of)
    words = decorator.keywords if isinstance(decorator, ast.Call) else []
    kw_only = any(word.arg == "kw_only" for word in words)
    for statement in of.body:
        if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
            continue
        kind = ast.unparse(statement.annotation)
        if kind.startswith("ClassVar"):
            continue
        value, default, factory = statement.value, None, None
        if isinstance(value, ast.Call) and ast.unparse(value.func) == "field":
            said = {word.arg: ast.unparse(word.value) for word in value.keywords}
            default, factory = said.get("default"), said.get("default_factory")
        elif value is not None:
            default = ast.unparse(value)
        yield _Field(statement.target.id, kind, default, factory, kw_only)


def _constructor(of: ast.ClassDef, fields: list[_Field]) -> list[str]:
    """Return the lines of a constructor."""
    usual = [_argument(field) for field in fields if not field.kw_only]
    named = [_argument(field) for field in fields if field.kw_only]
    arguments = ["self", *usual, *(("*", *named) if named else ())]
    lines = ["", f"    def __init__({', '.join(arguments)}) -> None:"]
    for field in fields:
        value = field.name
        if field.factory is not None:
            value = f"({field.factory})() if {field.name} is None else {field.name}"
        # A frozen class has no other place where it may be said.
        lines.append(f"        self.{field.name} = {value}  # type: ignore")
    if _defines(of, "__post_init__"):
        lines.append("        self.__post_init__()")
    return [*lines, ""]


def _argument(field: _Field) -> str:
    if field.factory is not None:
        return f"{field.name}: {field.type} | None = None"
    default = "" if field.default is None else f" = {field.default}"
    return f"{field.name}: {field.type}{default}"
