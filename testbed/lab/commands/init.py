"""``corenet init``: make a project for tests of a gateway, with a tox matrix."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from string import Template

TEMPLATE = files("testbed") / "template"
_FILLED_IN = "README.md"
"""The file that has the project's name in it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "folder", metavar="FOLDER", type=Path, help="where to; it is made, or has to be empty"
    )


def run(options: argparse.Namespace) -> int:
    """Write the files; status 1 where the folder has something in it already."""
    folder: Path = options.folder
    try:
        if folder.exists() and any(folder.iterdir()):
            print(f"corenet init: {folder} is not empty", file=sys.stderr)
            return 1
        for place, file in template_files():
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            text = file.read_text(encoding="utf-8")
            if str(place) == _FILLED_IN:
                text = Template(text).substitute(name=folder.resolve().name)
            target.write_text(text, encoding="utf-8")
    except OSError as error:
        print(f"corenet init: {error}", file=sys.stderr)
        return 1
    print(f"Made {folder}: `cd {folder} && pytest` runs its tests, `tox run` the whole matrix.")
    return 0


def template_files() -> Iterator[tuple[PurePosixPath, Traversable]]:
    """Yield the files of the template, each with its place in the project, in order."""
    return _below(TEMPLATE, PurePosixPath())


def _below(
    folder: Traversable, place: PurePosixPath
) -> Iterator[tuple[PurePosixPath, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_file():
            if not entry.name.endswith(".pyc"):
                yield place / entry.name, entry
        elif entry.name != "__pycache__":
            yield from _below(entry, place / entry.name)
