"""The commands that the documentation shows, for the tests that run them.

In a ``console`` block a line that begins with ``$ `` is a command, and what follows it is what it
prints. In an ``sh`` block each line is a command; what runs those is told by
``tests/docs/test_documented_commands.py``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page.relative_to(ROOT)
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/**/*.md")]
)
_CONSOLE = re.compile(r"^( *)```console\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
_SHELL = re.compile(r"^ *```sh\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


def text_of(page: Path | str) -> str:
    """Return what a page says, by its place in the project."""
    return (ROOT / page).read_text(encoding="utf-8")


def lines(page: Path) -> Iterator[str]:
    """Yield every line of the page's console blocks, without the block's indentation."""
    for indentation, block in _CONSOLE.findall(text_of(page)):
        for line in block.splitlines():
            yield line.removeprefix(indentation)


def commands(page: Path) -> list[str]:
    """Return the commands of the page's console blocks."""
    return [line[2:] for line in lines(page) if line.startswith("$ ")]


def shell_commands(page: Path | str) -> dict[str, str]:
    """Return the commands of the page's ``sh`` blocks, each with the comment behind it."""
    told: dict[str, str] = {}
    command = ""
    for block in _SHELL.findall(text_of(page)):
        for line in block.splitlines():
            before, _, comment = line.partition("#")
            command = before.strip() or command
            told[command] = f"{told.get(command, '')} {comment.strip()}".strip()
    return told


def shown(page: str, command: str) -> list[str]:
    """Return the words of a command that a page shows in an ``sh`` block, as it is there."""
    assert command in shell_commands(page), f"{page} does not show this: {command}"
    return shlex.split(command)
