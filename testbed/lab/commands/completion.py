"""``corenet completion``: print what has a shell complete our words."""

from __future__ import annotations

import argparse

SHELLS = ("bash", "zsh", "fish")


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

    from testbed.lab.cli import whole_parser

    print(shtab.complete(whole_parser(), options.shell))
    return 0
