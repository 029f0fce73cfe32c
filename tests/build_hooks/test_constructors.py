"""Constructors as the compiler gets them do what those of ``dataclasses`` do."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HOOKS = Path(__file__).parents[2] / "build_hooks"
BASE = '''
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Event:
    """Something that has happened."""


@dataclass(kw_only=True)
class Message:
    teid: int = 0
    """In the header."""
'''
IMPORTS = "from base import Event, Message\n"
SOURCE = '''
@dataclass(frozen=True)
class Told(Event):
    """What was told."""

    name: str
    """Whose."""
    more: list[int] = field(default_factory=list)
    size: int = field(default=3, repr=False)

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("a size is not below 0")

    @property
    def short(self) -> str:
        return self.name[:1]


@dataclass(kw_only=True)
class Request(Message):
    nsapi: int


@dataclass
class Found:
    name: str
    known: dict[str, int] = field(init=False)


class Plain:
    name: str


class Odd(Unknown):
    name: str
'''


@pytest.fixture(name="hooks")
def _hooks(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(HOOKS))
    return import_module("constructors")


def test_every_field_is_given_as_to_a_dataclass(hooks: ModuleType) -> None:
    """Inherited ones, defaults and what makes them, keywords, and what is looked at afterwards."""
    sources = {"base": BASE, "told": IMPORTS + SOURCE}
    constructors = hooks.Constructors(sources)
    written = constructors.written_out("base") + constructors.written_out("told")
    written = written.replace(IMPORTS, "").partition("class Odd")[0]
    told: dict[str, Any] = {"__name__": __name__}
    exec(written.replace("(frozen=True)", ""), told)
    one = told["Told"]("a")
    assert (one.name, one.more, one.size, one.short) == ("a", [], 3, "a")
    assert told["Told"]("a").more is not one.more
    assert told["Told"]("a", [1], size=2) == told["Told"](name="a", more=[1], size=2)
    with pytest.raises(ValueError, match="not below 0"):
        told["Told"]("a", [], -1)
    request = told["Request"](nsapi=5)
    assert (request.teid, request.nsapi) == (0, 5)
    with pytest.raises(TypeError):
        told["Request"](0, 5)


def test_what_is_not_all_to_be_seen_is_left_alone(hooks: ModuleType) -> None:
    """No dataclass, a base from elsewhere, a field that its class fills in by itself."""
    written = hooks.Constructors({"told": IMPORTS + SOURCE}).written_out("told")
    assert written.count("def __init__") == 0
    written = hooks.Constructors({"base": BASE, "told": IMPORTS + SOURCE}).written_out("told")
    assert written.count("def __init__") == 2
