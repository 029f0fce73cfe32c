"""Everything that passed, as one pcapng with named interfaces."""

from __future__ import annotations

from collections.abc import Collection
from typing import BinaryIO

from corenet.interfaces.runtime import Passed


class Capture:
    """A tap that writes each datagram to a pcapng stream as it passes."""

    def __init__(self, stream: BinaryIO, *, gc_hosts: Collection[str] = ()) -> None:
        """Write the header to ``stream``; GTP-C with an end in ``gc_hosts`` (HLRs) is Gc."""

    def __call__(self, passed: Passed) -> None:
        """Record one datagram. A reader that went away ends the capture quietly."""
        raise NotImplementedError

    def close(self) -> None:
        """End the capture; the stream stays open for its owner to close."""
        raise NotImplementedError
