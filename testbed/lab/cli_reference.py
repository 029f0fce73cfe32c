"""The reference of the ``corenet`` command for the docs, made from its parsers.

``python -m testbed.lab.cli_reference`` prints it. It is laid out here and not by argparse, whose
help looks different from one Python to the next.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

from testbed.lab.cli import whole_parser

_OPENING = """\
# The `corenet` command

Made from the command's own parsers by `python -m testbed.lab.cli_reference`; don't edit it.
`corenet completion bash` (or `zsh`, `fish`) prints what has the shell complete all of it.

Exit status: 0 as it should be, 1 not as it should be, 2 wrong use, 130 after Ctrl-C."""


def reference() -> str:
    """Return the reference as Markdown."""
    return "\n\n".join([_OPENING, *_sections(whole_parser(), 2)]) + "\n"


def _sections(parser: argparse.ArgumentParser, level: int) -> Iterator[str]:
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        for sub in action.choices.values():
            rows = [_row(each) for each in arguments(sub)]
            yield f"{'#' * level} {sub.prog}"
            yield from filter(None, (sub.description, _without_list(sub.epilog)))
            if rows:
                yield "\n".join(["| Argument | Says |", "|---|---|", *rows])
            yield from _sections(sub, min(level + 1, 4))


def arguments(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return what a parser's help lists: options and operands, but neither --help nor verbs."""
    return [
        action
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
        and action.help != argparse.SUPPRESS
    ]


def words_of(action: argparse.Action) -> tuple[str, str]:
    """Return an option with the name of its value, each "" where there is none."""
    value = str(action.metavar or action.dest)
    if not action.option_strings:
        return "", value
    option = action.option_strings[-1]
    return option, "" if action.nargs == 0 else str(action.metavar or action.dest.upper())


def help_of(action: argparse.Action) -> str:
    """Return what the help says of an argument, with the choices that there are."""
    choices = ", ".join(map(str, action.choices or ()))
    says = (action.help or "") % {**vars(action), "choices": choices}
    if choices and "%(choices)s" not in (action.help or ""):
        says = "; ".join(filter(None, (says, f"one of {choices}")))
    return says


def _row(action: argparse.Action) -> str:
    name = " ".join(filter(None, words_of(action)))
    return f"| `{_in_cell(name)}` | {_in_cell(help_of(action))} |"


def _in_cell(text: str) -> str:
    return text.replace("|", "\\|")


def _without_list(epilog: str | None) -> str | None:
    """Return an epilog that is a paragraph; a list in it is laid out as it is."""
    if epilog is None or "\n" not in epilog:
        return epilog
    return f"```text\n{epilog}\n```"


if __name__ == "__main__":
    sys.stdout.write(reference())
