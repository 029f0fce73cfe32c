"""``corenet completion``: print what has a shell complete our words."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

SHELLS = ("bash", "zsh", "fish")
_WORDS = {"LAB": "labs", "MESSAGE": "messages"}
"""What arguments that have words of ours are called."""
_COMPLETE = {
    what: {
        "bash": f"_corenet_{what}",
        "zsh": f"_corenet_{what}",
        "fish": f"(_corenet_{what})",
    }
    for what in ("labs", "messages", "scenarios")
}
_FILES = frozenset({"FILE", "FILE|HEX", "CAPTURE", "CSV", "DATABASE"})
"""What arguments that are files are called."""
_FILES_IN = {
    "bash": ' compgen -f -- "$1";',
    "zsh": " 'files:file:_files'",
    "fish": " __fish_complete_path (commandline -ct);",
}
_FOLDERS = frozenset({"FOLDER"})


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the command takes."""
    parser.epilog = (
        "bash: source <(corenet completion bash). zsh: corenet completion zsh "
        ">~/.zfunc/_corenet, with ~/.zfunc in fpath. fish: corenet completion fish "
        ">~/.config/fish/completions/corenet.fish."
    )
    parser.add_argument("shell", choices=SHELLS)


def run(options: argparse.Namespace) -> int:
    """Print the script; the parsers of all commands are made for it."""
    import shtab

    from gtp.constants import MessageType
    from testbed.craft.draft import KINDS, word_of
    from testbed.lab.build import LABS, shipped_labs
    from testbed.lab.cli import whole_parser

    words = {
        "labs": shipped_labs(),
        "scenarios": [Path(one.name).stem for one in (LABS / "scenarios").iterdir()],
        "messages": [word_of(MessageType(kind)) for kind in KINDS],
    }
    parser = whole_parser()
    for command, argument in _arguments(parser):
        name = argument.metavar
        complete: Mapping[str, object]
        if name in _WORDS:
            complete = _COMPLETE[_WORDS[str(name)]]
        elif command == "corenet scenario" and not argument.option_strings:
            complete = _COMPLETE["scenarios"]
        elif name in _FILES:
            complete = shtab.FILE
        elif name in _FOLDERS:
            complete = shtab.DIRECTORY
        else:
            continue
        vars(argument)["complete"] = complete
    print(shtab.complete(parser, options.shell, preamble=_functions(words)[options.shell]))
    return 0


def _arguments(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.Action]]:
    """Yield every argument with a value of its own choice, and the command that it is of."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                yield from _arguments(sub)
        elif action.nargs != 0 and not action.choices:
            yield parser.prog, action


def _functions(words: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return what the scripts need beside what shtab writes: words, and files behind them."""
    bash, zsh, fish = [], [], []
    for what, each in words.items():
        listed = " ".join(sorted(each))
        files = what != "messages"
        bash.append(
            f"_corenet_{what}() {{ compgen -W '{listed}' -- \"$1\";{_FILES_IN['bash'] * files} }}"
        )
        zsh.append(
            f"_corenet_{what}() {{ _alternative '{what}:{what}:({listed})'"
            f"{_FILES_IN['zsh'] * files} }}"
        )
        fish.append(
            f"function _corenet_{what}; string split ' ' '{listed}';{_FILES_IN['fish'] * files} end"
        )
    return {"bash": "\n".join(bash), "zsh": "\n".join(zsh), "fish": "\n".join(fish)}
