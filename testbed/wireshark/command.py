"""``corenet wireshark``: put the profile and the list of running labs where Wireshark looks."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from testbed.wireshark import profile

_PROGRAM: Final = "corenet"
_SCRIPT: Final = """\
#!/bin/sh
exec {python} -m testbed.wireshark.extcap "$@"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    verbs = parser.add_subparsers(dest="verb", metavar="install|remove", required=True)
    verbs.add_parser("install", help="let Wireshark list running labs, and know the profile")
    verbs.add_parser("remove", help="take both out again")


def run(options: argparse.Namespace) -> int:
    """Do it, and say where."""
    script, folder = _places()
    try:
        if options.verb == "install":
            _install(script, folder)
        else:
            _remove(script, folder)
    except OSError as error:
        print(f"corenet wireshark: {error}", file=sys.stderr)
        return 1
    return 0


def _install(script: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in profile.files().items():
        (folder / name).write_text(text, encoding="utf-8")
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(_SCRIPT.format(python=sys.executable), encoding="utf-8")
    script.chmod(0o755)
    print(f"Profile {profile.NAME}: {folder}\nRunning labs: {script}")


def _remove(script: Path, folder: Path) -> None:
    for name in profile.files():
        (folder / name).unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    script.unlink(missing_ok=True)
    print(f"Removed: {folder}, {script}")


def _places() -> tuple[Path, Path]:
    """Return where the list of labs and the profile belong, as Wireshark's own programs say.

    Without them it is where they would look by default. Wireshark before 4.2 knows no folder for
    a user's own programs but that beside its configuration.
    """
    said = dict(_folders())
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    configuration = Path(said.get("Personal configuration", Path(base) / "wireshark"))
    programs = Path(said.get("Personal Extcap path", configuration / "extcap"))
    return programs / _PROGRAM, configuration / "profiles" / profile.NAME


def _folders() -> list[tuple[str, str]]:
    try:
        asked = subprocess.run(
            ["tshark", "-G", "folders"], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    named = (line.partition(":") for line in asked.stdout.splitlines())
    return [(name.strip(), place.strip()) for name, _, place in named if place.strip()]
