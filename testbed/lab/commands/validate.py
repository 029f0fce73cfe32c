"""``corenet validate``: check lab files."""

from __future__ import annotations

import argparse
import sys

from testbed.lab.build import load
from testbed.lab.yaml_source import SourceError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument(
        "labs", nargs="+", metavar="LAB", help="a lab file, or the name of one that comes along"
    )


def run(options: argparse.Namespace) -> int:
    """Check every file; say of each what it holds, or what is wrong and where."""
    wrong = False
    for lab in options.labs:
        try:
            loaded = load(lab)
        except SourceError as error:
            print(error, file=sys.stderr)
            wrong = True
            continue
        model = loaded.model
        nodes = [
            name
            for name in ("ggsn", "sgsn", "hlr", "control", "gateway", "initiator")
            if getattr(model, name) is not None
        ] + list(model.sgsns)
        terminals = f"{loaded.terminals} terminal{'' if loaded.terminals == 1 else 's'}"
        print(f"{lab}: {', '.join(nodes)}; {terminals}")
    return int(wrong)
