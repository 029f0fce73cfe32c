"""The compliance page of the docs, made from the marks that the tests carry.

A test that shows what is done of a clause says so itself::

    @pytest.mark.clause("29.060 §7.3.1", "secondary PDP context", status="part")

The reference begins with the standard it is of; the status is "yes" where nothing else is said.
``python -m tests.compliance`` prints the page. The tests are read, not run: a mark has to be
written with literals, above the function itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent

_OPENING = """\
# Compliance

Made from the tests' marks by `python -m tests.compliance`; don't edit it. It says what is done of
which clause, and the test that shows it; *extension* is what the standard does not foresee. A test
is `file::name` under `tests/`. TS 29.060 is followed in its Release 17."""

_AREAS = (
    ("GTPv1-C and GTP-U (TS 29.060, TS 29.281, TS 23.007)", ("29.060", "29.281", "23.007")),
    ("Procedures of the packet domain (TS 23.060, TS 23.015)", ("23.060", "23.015")),
    ("Gi and its packets (TS 29.061 §11, RFCs)", ("29.061 §11", "RFC")),
    (
        "RADIUS (TS 29.061 §16)",
        ("29.061 §16", "RFC 2866", "RFC 2865", "RFC 5080", "RFC 5176"),
    ),
    (
        "Between SGSN and MS (TS 24.008); LLC frames over a link in place of the A/Gb bearer",
        ("24.008", "44.06", "33.102", "35.20", "43.020"),
    ),
    ("Short messages", ("23.040", "23.038", "24.011", "29.002")),
    ("HLR (GSUP over IPA)", ("GSUP",)),
    ("Push and WAP", ("WAP-", "OMA", "RFC 9110")),
    ("SMPP (SMPP 3.4 issue 1.2); the [reference](smpp.md) has more", ("SMPP",)),
)


@dataclass(frozen=True, slots=True)
class Row:
    """What one test shows of one clause."""

    reference: str
    what: str
    status: str
    test: str

    @property
    def order(self) -> tuple[object, ...]:
        """Clauses count as numbers: §7.10 comes after §7.9."""
        parts = re.split(r"(\d+)", self.reference)
        return (*((int(part), "") if part.isdigit() else (-1, part) for part in parts), self.what)


def rows() -> Iterator[Row]:
    """Yield what the tests say they show.

    Raises:
        ValueError: a mark is not written in literals; the message names its place.
    """
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                test = f"{path.relative_to(TESTS).as_posix()}::{node.name}"
                for mark in node.decorator_list:
                    if ast.unparse(mark).startswith("pytest.mark.clause("):
                        yield row_of(mark, test)


def row_of(mark: ast.expr, test: str) -> Row:
    """Return what a mark of a test says; ValueError names the place of one that cannot be read."""
    assert isinstance(mark, ast.Call)
    try:
        reference, what = map(ast.literal_eval, mark.args)
        named = {str(word.arg): ast.literal_eval(word.value) for word in mark.keywords}
        status = named.pop("status", "yes")
        if named or not all((reference, what, status)):
            raise ValueError(f"takes reference, what and status, each with text: {named}")
    except ValueError as error:
        raise ValueError(f"{test}, line {mark.lineno}: clause {error}") from error
    return Row(reference, what, status, test)


def area_of(reference: str) -> str:
    """Return the heading under which a reference stands: that of its longest known beginning.

    Raises:
        ValueError: no heading is for it.
    """
    known = [
        (len(start), heading)
        for heading, starts in _AREAS
        for start in starts
        if reference.startswith(start)
    ]
    if not known:
        raise ValueError(f"{reference}: no part of the page is for this standard")
    return max(known)[1]


def page() -> str:
    """Return the page as Markdown."""
    marked = sorted(rows(), key=lambda row: row.order)
    sections = [
        f"## {heading}\n\n"
        "| Clause | What | Status | Test |\n|---|---|---|---|\n"
        + "\n".join(
            f"| {row.reference} | {row.what} | {row.status} | `{row.test}` |"
            for row in marked
            if area_of(row.reference) == heading
        )
        for heading, _ in _AREAS
    ]
    return "\n\n".join((_OPENING, *sections)) + "\n"


if __name__ == "__main__":
    print(page(), end="")
