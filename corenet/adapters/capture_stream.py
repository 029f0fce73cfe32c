"""A capture of what passes, streamed to whoever asks for it over HTTP.

Theory of operation. Each listener has a capture of its own, which begins with the file's header
and ends with the connection, so that each gets a whole pcapng. While its client reads, what the
capture writes goes out at once; while it does not, it waits here, in whole blocks. A client that
falls too far behind is let go: a capture that ends is better than one with holes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import structlog
from twisted.internet.interfaces import IPushProducer
from twisted.web.server import Request
from zope.interface import implementer

from corenet.capture.capture import Sink

PCAPNG = "application/x-pcapng"
"""Media type of a capture."""
BACKLOG = 8 * 1024 * 1024
"""Octets that wait for a slow client at the most."""

Record = Callable[[Sink], Callable[[], None]]
"""Writes a capture of what passes from now on, until the function returned is called."""

_log = structlog.get_logger("control")


@implementer(IPushProducer)
class CaptureStream:
    """One listener's capture."""

    def __init__(
        self, request: Request, record: Record, ended: Callable[[CaptureStream], None]
    ) -> None:
        """Make a stream; ``ended`` is called once, when nothing more will be written."""
        self._request = request
        self._record = record
        self._ended = ended
        self._waiting: deque[bytes] = deque()
        self._octets = 0
        self._flowing = True
        self._open = True
        self._stop: Callable[[], None] = lambda: None

    def begin(self) -> None:
        """Write the header, then what passes."""
        request = self._request
        request.setHeader("Content-Type", PCAPNG)
        request.setHeader("Cache-Control", "no-store")
        request.notifyFinish().addBoth(lambda _result: self._close())
        request.registerProducer(self, True)
        self._stop = self._record(self)

    def write(self, blocks: bytes) -> None:
        """Send whole blocks on, or keep them for later (for the capture)."""
        if not self._open:
            return
        if self._flowing:
            self._request.write(blocks)
            return
        self._waiting.append(blocks)
        self._octets += len(blocks)
        if self._octets > BACKLOG:
            _log.warning("capture listener too slow", behind=self._octets)
            self._close()
            self._request.channel.forceAbortClient()

    def flush(self) -> None:
        """Do nothing: what is written is on its way (for the capture)."""

    def end(self) -> None:
        """Tell the client that nothing more comes."""
        if self._open:
            self._close()
            self._request.unregisterProducer()
            self._request.finish()

    def resumeProducing(self) -> None:
        """Go on: the client has read what it was sent (for Twisted)."""
        self._flowing = True
        while self._waiting and self._flowing:
            blocks = self._waiting.popleft()
            self._octets -= len(blocks)
            self._request.write(blocks)

    def pauseProducing(self) -> None:
        """Hold back: the client reads slower than we write (for Twisted)."""
        self._flowing = False

    def stopProducing(self) -> None:
        """End: the connection is gone (for Twisted)."""
        self._close()

    def _close(self) -> None:
        if not self._open:
            return
        self._open = False
        self._waiting.clear()
        self._stop()
        self._ended(self)
