"""Where a capture goes: a file, or standard output for ``wireshark -k -i -``."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO


@contextmanager
def capture_stream(destination: str | None) -> Iterator[BinaryIO | None]:
    """Open what ``--pcap`` names; None where it was not given.

    Raises:
        OSError: the file cannot be written.
    """
    if destination is None:
        yield None
    elif destination == "-":
        yield sys.stdout.buffer
    else:
        with open(destination, "wb") as file:
            yield file
