"""A stream of server-sent events (WHATWG HTML §9.2), read from an event log.

Theory of operation. The stream keeps nothing but the number of the last event that it has
written. While its client reads, each new event is written at once; while it does not, nothing
is, and when it reads again the stream catches up from the log. A client so slow that the log
has forgotten what comes next for it is let go: it may come back with its Last-Event-ID.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import structlog
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.web.server import Request
from zope.interface import implementer

HEARTBEAT = 15.0
"""Seconds between comments on a stream, so that client and server notice a dead connection."""

_log = structlog.get_logger("control")


class Numbered(Protocol):
    """One event."""

    @property
    def number(self) -> int:
        """One more than that of the event before it."""

    @property
    def name(self) -> str:
        """What kind of event it is."""

    def plain(self) -> dict[str, Any]:
        """Return it as values that JSON has."""


class Feed(Protocol):
    """Where events come from: the last ones are kept, and new ones told."""

    @property
    def last(self) -> int:
        """The number of the last event."""

    @property
    def first_kept(self) -> int:
        """The number of the oldest event that is kept, or that the next one will get."""

    def since(self, number: int) -> Iterable[Numbered]:
        """Return the events that are kept and came after ``number``."""

    def listen(self, listener: Callable[[Any], None]) -> Callable[[], None]:
        """Call ``listener`` for each new event, until the function returned is called."""


@implementer(IPushProducer)
class EventStream:
    """One listener's stream."""

    def __init__(
        self,
        request: Request,
        reactor: IReactorTime,
        log: Feed,
        ended: Callable[[EventStream], None],
    ) -> None:
        """Make a stream; ``ended`` is called once, when nothing more will be written."""
        self._request = request
        self._reactor = reactor
        self._log = log
        self._ended = ended
        self._written = log.last
        self._flowing = True
        self._open = True
        self._beat: IDelayedCall | None = None
        self._mute: Callable[[], None] = lambda: None

    def begin(self, seen: int | None) -> None:
        """Write what came after event ``seen``, where a client names one, then what comes."""
        request = self._request
        request.setHeader("Content-Type", "text/event-stream; charset=utf-8")
        request.setHeader("Cache-Control", "no-store")
        request.notifyFinish().addBoth(lambda _result: self._close())
        request.registerProducer(self, True)
        request.write(b": events of the core\n\n")
        self._mute = self._log.listen(self._take)
        self._schedule_beat()
        if seen is not None:
            self._written = seen if seen <= self._log.last else 0
            if seen + 1 < self._log.first_kept:
                request.write(b": some events since then are forgotten\n\n")
            self._catch_up()

    def end(self) -> None:
        """Tell the client that nothing more comes."""
        if self._open:
            self._close()
            self._request.unregisterProducer()
            self._request.finish()

    def resumeProducing(self) -> None:
        """Go on: the client has read what it was sent (for Twisted)."""
        self._flowing = True
        self._catch_up()

    def pauseProducing(self) -> None:
        """Hold back: the client reads slower than we write (for Twisted)."""
        self._flowing = False

    def stopProducing(self) -> None:
        """End: the connection is gone (for Twisted)."""
        self._close()

    def _catch_up(self) -> None:
        for entry in self._log.since(self._written):
            if not (self._flowing and self._open):
                return
            self._write(entry)

    def _take(self, entry: Numbered) -> None:
        if self._flowing:
            self._write(entry)
        elif self._written + 1 < self._log.first_kept:
            _log.warning("event listener too slow", behind=entry.number - self._written)
            self._close()
            self._request.channel.forceAbortClient()

    def _write(self, entry: Numbered) -> None:
        self._written = entry.number
        text = json.dumps(entry.plain(), separators=(",", ":"), default=str)
        self._request.write(f"id: {entry.number}\nevent: {entry.name}\ndata: {text}\n\n".encode())

    def _schedule_beat(self) -> None:
        self._beat = self._reactor.callLater(HEARTBEAT, self._heartbeat)

    def _heartbeat(self) -> None:
        self._schedule_beat()
        if self._flowing:
            self._request.write(b": still here\n\n")

    def _close(self) -> None:
        if not self._open:
            return
        self._open = False
        self._mute()
        if self._beat is not None:
            self._beat.cancel()
        self._ended(self)
