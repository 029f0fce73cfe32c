"""Where a capture goes: a file, a ring of files, or standard output for ``wireshark -k -i -``."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from corenet.capture.capture import Sink
from corenet.capture.ring import CaptureRing, RingLimits
from corenet.capture.streams import PIPE, open_capture


@contextmanager
def capture_stream(
    destination: str | None, ring: RingLimits | None = None
) -> Iterator[Sink | None]:
    """Open what ``--pcap`` names, or a ring of files; None where nothing is to be captured.

    Raises:
        OSError: the file cannot be written, or the capture would go to a terminal.
    """
    if destination is None:
        yield None
    elif ring is None or destination == PIPE:
        with open_capture(destination) as stream:
            yield stream
    else:
        with closing(CaptureRing(Path(destination), ring, time.monotonic)) as files:
            yield files
