"""The reference page of the pytest plugin, made from it and from what its fixtures return.

``python -m testbed.pytest_plugin.reference > docs/reference/pytest.md`` writes it anew.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from enum import Enum
from itertools import pairwise
from pathlib import Path
from typing import Final

from testbed.bench.lab import Lab
from testbed.bench.mobile import Mobile, Mobiles
from testbed.bench.parts import Core, Gateway, Initiator, Push, Smsc
from testbed.bench.under_test import GatewayUnderTest
from testbed.bench.watch import Events
from testbed.pytest_plugin import plugin

CLASSES: Final = (
    Lab,
    Core,
    Events,
    Mobiles,
    Mobile,
    Initiator,
    Gateway,
    Push,
    Smsc,
    GatewayUnderTest,
)
_HEAD: Final = """\
# The pytest plugin

Written from `testbed/pytest_plugin` and `testbed/bench` by `python -m
testbed.pytest_plugin.reference`; do not edit.

`pip install 'corenet[pytest]'` has pytest find the plugin by itself. What is on this page is
public: it changes with a note in the changelog only. [How to test in
tox](../howto/test-in-tox.md) shows it at work. For annotations: `from testbed.bench.lab import
Lab`, and so on.
"""
_TIME: Final = """\
## Sockets and virtual time

On **sockets** a lab has its nodes in a thread of this process, and a block 127.N.0.0/16 of
loopback addresses that no other lab of this host has: labs of one test, of `pytest -n`, and of
other users run side by side. Ports are those of the lab file; each address of a pool has sockets
of its own (`ggsn.gi.per_address`), so that all labs forward UDP 2948. A pool is made as small as
it can be; 256 addresses is the most. `lab.address("127.0.10.1")` says where an address of the
file has gone.

In **virtual time** nothing leaves the process, and no time is lost: an expectation lets the clock
go from one thing that happens to the next. Addresses are those of the file, links take 10 ms
where it does not say otherwise, and the same seed gives the same course of events. Not there are
TUN devices, databases, and processes under test.

The body of a test is the same in both: every verb blocks until it is done.
"""
_EXPECTING: Final = """\
## Expectations

An expectation lets time pass until what it names is seen, `within` seconds at most, and returns
it. It takes the first that it matches and that no expectation before it has taken, from when the
lab was ready (or `lab.forget()`): two equal ones mean two, and they need not come in the order of
what they expect. `after=` a thing that was seen, or a time, and `expect_in_order` are for an
order; in the latter `event` and `message` of `testbed.expectations.expected` can stand for a name
(a message and an event of one second have no order). Nodes can be named by name or address.
Fields are those of the decoded message or of the event: text may have `*` and `?`, causes are
given by number or name, `None` is absent, `{"min": 1, "max": 9}` bounds a number.

One that fails says what was seen instead: what has that name and in what it differs, and the last
lines of the ladder. The report of a failing test has a section for each of its labs, with the
seed, the capture's path, what became of datagrams, the ladder since the lab was ready, and the
last words of a gateway under test. What the nodes of a lab on sockets log is captured as other logs
are: under `corenet` of `logging`.
"""
_OPTIONS: Final = """\
## Options and settings

| Option | Setting | Default | Says |
|---|---|---|---|
| `--corenet-lab` | `corenet_lab` | `demo` | the lab of tests that are not marked with one |
| `--corenet-time` | `corenet_time` | `sockets` | `sockets` or `virtual`, for tests not marked |
| `--corenet-seed` | | each test its own | where labs take chance from |
| | `corenet_within` | `10` | seconds that an expectation waits |
"""


def page() -> str:
    """Return the page, in Markdown."""
    parts = [_HEAD, "## Fixtures\n", "\n".join(_fixtures()), ""]
    parts += ["## Marks\n", "\n".join(_marks()), "", _OPTIONS, _TIME, _EXPECTING]
    for described in CLASSES:
        parts += [f"## `{described.__name__}`\n", f"{_first_line(described)}\n"]
        members = list(_members(described))
        if members:
            parts += ["\n".join(["| Member | Says |\n|---|---|", *members]), ""]
    return "\n".join(parts)


def _fixtures() -> Iterator[str]:
    yield "| Fixture | Is | Says |\n|---|---|---|"
    tree = ast.parse(Path(plugin.__file__).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and _is_fixture(node):
            assert node.returns is not None
            text = _plain((ast.get_docstring(node) or "").split("\n")[0])
            returns = ast.unparse(node.returns).removeprefix("Iterator[")
            kind = returns.removesuffix("]") if "Iterator" in ast.unparse(node.returns) else returns
            yield f"| `{node.name}` | `{kind}` | {text} |"


def _is_fixture(node: ast.FunctionDef) -> bool:
    return any("pytest.fixture" in ast.unparse(one) for one in node.decorator_list)


def _marks() -> Iterator[str]:
    yield "| Mark | Says |\n|---|---|"
    for mark in plugin.MARKS:
        name, _, text = mark.partition(": ")
        yield f"| `{name}` | {text} |"


def _members(described: type) -> Iterator[str]:
    seen: dict[str, object] = {}
    for owner in reversed(described.__mro__[:-1]):
        if owner.__module__.startswith("testbed."):
            seen.update(vars(owner))
    attributes = {name: text for owner in described.__mro__ for name, text in _attributes(owner)}
    for name, member in seen.items():
        if name.startswith("_"):
            continue
        if isinstance(member, property):
            yield f"| `{name}` | {_first_line(member)} |"
        elif inspect.isfunction(member):
            yield f"| `{name}{_signature(member)}` | {_first_line(member)} |"
    for name, text in attributes.items():
        yield f"| `{name}` | {text} |"


def _attributes(owner: type) -> Iterator[tuple[str, str]]:
    """Yield what ``__init__`` or a dataclass gives an object, where a text says what it is."""
    if not owner.__module__.startswith("testbed."):
        return
    tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if not isinstance(body, list):
            continue
        for statement, after in pairwise(body):
            name = _assigned(statement)
            if name is not None and _is_text(after):
                yield name, _plain(ast.literal_eval(after.value))


def _assigned(statement: ast.stmt) -> str | None:
    """Return the public attribute that a statement sets."""
    if isinstance(statement, ast.AnnAssign):
        target: ast.expr = statement.target
    elif isinstance(statement, ast.Assign):
        target = statement.targets[0]
    else:
        return None
    name = target.attr if isinstance(target, ast.Attribute) else getattr(target, "id", "_")
    return None if name.startswith("_") else str(name)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _signature(function: object) -> str:
    """Return the names and the defaults of what a verb takes."""
    assert inspect.isfunction(function)
    parameters = []
    for name, one in inspect.signature(function).parameters.items():
        if name != "self":
            default = one.default.value if isinstance(one.default, Enum) else one.default
            parameters.append(one.replace(annotation=one.empty, default=default))
    return str(inspect.Signature(parameters))


def _first_line(described: object) -> str:
    return _plain((inspect.getdoc(described) or "").split("\n\n")[0])


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "`").split())


if __name__ == "__main__":
    print(page(), end="")
