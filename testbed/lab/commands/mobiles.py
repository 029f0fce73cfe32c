"""``corenet mobiles``: run mobiles of a lab whose network runs elsewhere, until Ctrl-C."""

from __future__ import annotations

import argparse

from testbed.lab.build import load_mobiles
from testbed.lab.commands.run import add_running_arguments, run_loaded


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.add_argument("lab", metavar="LAB", help="the lab file that the network was started with")
    parser.add_argument(
        "process",
        metavar="NAME",
        nargs="?",
        help="which of the processes under mobiles in the lab file; not needed if there is one",
    )
    add_running_arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Run the mobiles until the command is interrupted, which is how it should end: status 0."""
    return run_loaded("mobiles", load_mobiles(options.lab, options.process), options)
