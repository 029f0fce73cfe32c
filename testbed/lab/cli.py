"""The ``corenet`` command: what it offers, and how it ends.

Exit status: 0 as it should be, 1 not as it should be (a push that was not delivered, a lab file
with mistakes, octets that are no message), 2 wrong use, 130 after Ctrl-C. Each subcommand is a
module in ``testbed.lab.commands``, or above the lab where it uses more, imported only when it is
used, so that help comes at once. Until a reactor runs, SIGTERM ends the process.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Container, Sequence
from importlib import import_module
from importlib.metadata import version
from types import ModuleType
from typing import Any, NoReturn

from testbed.lab.signals import obey_sigterm
from testbed.lab.yaml_source import SourceError

COMMANDS = {
    "demo": "run a scenario, show its ladder, and say how it ended",
    "scenario": "run scenarios, and say how they ended",
    "run": "run a lab until Ctrl-C",
    "mobiles": "run mobiles of a lab whose network runs elsewhere, until Ctrl-C",
    "validate": "check lab files",
    "init": "make a project that tests a gateway, with tox",
    "push": "send a push to a gateway, and wait for its result notification",
    "experiment": "measure ways of pushing against each other, in virtual time",
    "hlr": "import and export an HLR's subscribers",
    "ctl": "ask a core and a gateway what is there, and have them do things",
    "top": "watch a core and a gateway on one screen",
    "send": "send one GTP message made by hand, and decode its answer",
    "replay": "send one side of a recorded dialogue, and show what differs",
    "wireshark": "let Wireshark list running labs, and know a profile for them",
    "decode": "say what a GTP message is, element by element",
    "completion": "print what has a shell complete our words",
}
_ELSEWHERE = {
    "demo": "testbed.scenarios.demo",
    "experiment": "testbed.experiments.command",
    "wireshark": "testbed.wireshark.command",
    "scenario": "testbed.scenarios.command",
}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command, and exit."""
    obey_sigterm()
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run the command with these arguments; return its exit status."""
    asked = next((argument for argument in arguments if not argument.startswith("-")), None)
    parser = _parser([] if asked is None else [asked])
    options = parser.parse_args(arguments)
    command = _module(options.command)
    try:
        status: int = command.run(options)
    except SourceError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # Whoever read our output has enough of it; Python would complain while it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return status


class CommandParser(argparse.ArgumentParser):
    """Takes a command's words before, between and behind its options, and says what it can't take.

    argparse itself wants them in one piece, and leaves it to the parser of ``corenet`` to refuse
    what is left, with the wrong usage.
    """

    _is_parsing = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Return what was found, and nothing that was not."""
        # A verb's own parser does it; and argparse may come here again with some of the words.
        is_leaf = all(one.nargs != argparse.PARSER for one in self._actions)
        if self._is_parsing or not is_leaf:
            return super().parse_known_args(args, namespace)
        self._is_parsing = True
        try:
            found, left = self.parse_known_intermixed_args(args, namespace)
        finally:
            self._is_parsing = False
        if left:
            self.error(f"unrecognized arguments: {' '.join(left)}")
        return found, left


def whole_parser() -> argparse.ArgumentParser:
    """Return the parser with the arguments of every command."""
    return _parser(COMMANDS)


def _parser(filled: Container[str]) -> argparse.ArgumentParser:
    """Return the parser; only those commands in ``filled`` have their arguments."""
    parser = CommandParser(
        prog="corenet",
        description="A GPRS core network on one machine, and offline push on top of it.",
        epilog="`corenet COMMAND --help` says more.",
    )
    parser.add_argument("--version", action="version", version=f"corenet {version('corenet')}")
    offered = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, purpose in COMMANDS.items():
        described = f"{purpose[0].upper()}{purpose[1:]}."
        sub = offered.add_parser(name, help=purpose, description=described)
        if name in filled:
            _module(name).add_arguments(sub)
    return parser


def _module(command: str) -> ModuleType:
    return import_module(_ELSEWHERE.get(command, f"testbed.lab.commands.{command}"))
