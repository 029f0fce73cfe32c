"""Where a capture goes: a file, or standard output for ``wireshark -k -i -``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from corenet.capture.streams import open_capture


@contextmanager
def capture_stream(destination: str | None) -> Iterator[BinaryIO | None]:
    """Open what ``--pcap`` names; None where it was not given.

    Raises:
        OSError: the file cannot be written, or the capture would go to a terminal.
    """
    if destination is None:
        yield None
    else:
        with open_capture(destination) as stream:
            yield stream
