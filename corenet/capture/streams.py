"""Where a capture goes: a file, or a pipe."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

PIPE = "-"
"""Stands for the standard output."""


class TerminalError(OSError):
    """A capture would go to a terminal."""


def open_capture(where: str) -> BinaryIO:
    """Open a file for a capture, or with "-" the standard output; the caller closes it.

    The standard output is duplicated, so that a reader who goes away does not spoil what the
    interpreter does with it at its end. Raise ``TerminalError`` where it is a terminal, and
    ``OSError`` where the file cannot be written.
    """
    if where != PIPE:
        return Path(where).open("wb")
    if os.isatty(sys.stdout.fileno()):
        raise TerminalError(
            "a capture does not go to a terminal: pipe it into wireshark -k -i -, or name a file"
        )
    return os.fdopen(os.dup(sys.stdout.fileno()), "wb")
