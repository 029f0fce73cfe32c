"""Where the log goes: structlog's and Twisted's, one line per event.

A gateway logs several lines for each push, so a line is made in one step, and a text that comes
again in the next line is not looked at again: structlog's own way to a line takes four times as
long. It is left for what has a traceback. What is logged in one turn of the reactor is written
together. Where nothing is to be logged, nothing is made at all.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Collection, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import fields
from functools import lru_cache
from typing import Any, Final, NoReturn, TextIO, cast

import structlog
from twisted.logger import (
    ILogObserver,
    LogEvent,
    LogLevel,
    formatEvent,
    globalLogBeginner,
    textFileLogObserver,
)
from zope.interface import implementer

from corenet.ggsn.events import (
    AccountingGivenUp,
    AccountingResumed,
    RadiusServerAnswered,
    RadiusServerSilent,
    SessionOrderReceived,
)
from corenet.gr.events import (
    GsupClientConnected,
    GsupClientDisconnected,
    HlrConnected,
    HlrNotConnected,
)
from corenet.hlr.events import StateNotKept, SubscriberDataRefused
from corenet.interfaces.node import Event
from corenet.interfaces.runtime import Runtime
from corenet.sgsn.events import AuthenticationFailed, GgsnPassedOver, GgsnsNotFound
from corenet.um.events import (
    MobileRefused,
    MobilesConnected,
    MobilesDisconnected,
    NetworkFound,
    NetworkLost,
)
from testbed.adapters.event_words import EventWords

_QUOTED: Final = re.compile(r'[ ="]')
_METHODS: Final = {LogLevel.warn: "warning", LogLevel.critical: "critical"}
"""What structlog calls Twisted's levels, where it is not an error."""
_Values = Mapping[str, Any]
_JSON: Final = structlog.processors.JSONRenderer(ensure_ascii=False)
_PLAIN: Final = re.compile(r'[^ ="\n]*\Z')


_TOLD: Final = (
    HlrConnected,
    HlrNotConnected,
    GsupClientConnected,
    GsupClientDisconnected,
    RadiusServerSilent,
    RadiusServerAnswered,
    AccountingGivenUp,
    AccountingResumed,
    SessionOrderReceived,
    AuthenticationFailed,
    GgsnsNotFound,
    GgsnPassedOver,
    StateNotKept,
    SubscriberDataRefused,
    NetworkFound,
    NetworkLost,
    MobileRefused,
    MobilesConnected,
    MobilesDisconnected,
)
_BAD: Final = (
    HlrNotConnected,
    RadiusServerSilent,
    AccountingGivenUp,
    AuthenticationFailed,
    GgsnsNotFound,
    GgsnPassedOver,
    StateNotKept,
    SubscriberDataRefused,
    NetworkLost,
    MobileRefused,
)


@implementer(ILogObserver)
class _Nowhere:
    """Takes Twisted's log and forgets it."""

    def __call__(self, event: LogEvent) -> None:
        """Forget ``event``."""


@implementer(ILogObserver)
class _FromWarning:
    """Passes warnings and what is worse to another observer."""

    def __init__(self, observer: ILogObserver) -> None:
        self._observer = observer

    def __call__(self, event: LogEvent) -> None:
        """Pass ``event`` on if it matters."""
        if event.get("log_level", LogLevel.info) >= LogLevel.warn:
            self._observer(event)


@implementer(ILogObserver)
class _IntoOurs:
    """Passes Twisted's log on to structlog, whose lines have all one form."""

    def __call__(self, event: LogEvent) -> None:
        """Log ``event`` as one line, its traceback in it."""
        values = {"logger": event.get("log_namespace", "")}
        failure = event.get("log_failure")
        if failure is not None:
            values["exception"] = failure.getTraceback()
        method = _METHODS.get(event.get("log_level"), "error")
        getattr(structlog.get_logger("twisted"), method)(formatEvent(event), **values)


class LogStream:
    """Writes lines as they come; with a reactor, those of one of its turns in one piece.

    It is what Twisted takes for a stream and structlog for a logger.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: list[str] = []
        self._reactor: Any = None

    def gather(self, reactor: Any) -> None:
        """Write in the reactor's next turn what is logged in one, if nobody flushes before."""
        self._reactor = reactor

    def msg(self, line: str) -> None:
        """Log a line."""
        lines = self._lines
        lines.append(f"{line}\n")
        if self._reactor is None:
            self.flush()
        elif len(lines) == 1:
            self._reactor.callLater(0, self.flush)

    # What a logger of structlog's has a method for.
    debug = info = warning = error = critical = msg

    def write(self, text: str) -> None:
        """Take a piece of text, to be flushed."""
        self._lines.append(text)

    def flush(self) -> None:
        """Write what there is; where it cannot be written (disk full) work goes on without it."""
        if self._lines:
            lines, self._lines = self._lines, []
            with suppress(OSError):
                self._stream.write("".join(lines))
                self._stream.flush()


def log_events(runtime: Runtime, but: Collection[str]) -> None:
    """Log every event of every node, except those named in ``but``, which do themselves."""
    log = structlog.get_logger("core")

    def note(_time: float, node: str, event: Event) -> None:
        if node not in but:
            values = {field.name: str(getattr(event, field.name)) for field in fields(event)}
            log.info(type(event).__name__, node=node, **values)

    runtime.on_event(note)


def log_what_matters(runtime: Runtime) -> None:
    """Log how ways to others come and go (Gr, radio, RADIUS), who is refused, what is not kept."""
    log = structlog.get_logger("core")
    words = EventWords()

    def note(_time: float, node: str, event: Event) -> None:
        if isinstance(event, _TOLD):
            text, values = words.of(event)
            warns = isinstance(event, _BAD)
            (log.warning if warns else log.info)(text, node=node, **values)

    runtime.on_event(note)


def _drop(_logger: object, _method: str, _values: object) -> NoReturn:
    """Forget what is too grave to be forgotten before."""
    raise structlog.DropEvent


def _head(_logger: object, level: str, values: MutableMapping[str, Any]) -> dict[str, Any]:
    """Put what every line begins with in front of the event's values."""
    return {"timestamp": _stamp(), "level": level, "event": values.pop("event"), **values}


def _logger_class(write: Callable[[str, str | None, _Values, _Values], str]) -> type:
    """Return what a logger is: structlog's, but for the way to a line without a traceback.

    ``write`` makes the line of level, event, what the logger is bound to and the event's values.
    """

    class Logger(structlog.make_filtering_bound_logger("debug")):  # type: ignore[misc]
        def _proxy_to_logger(self, level: str, event: str | None = None, **values: Any) -> Any:
            if "exc_info" in values or "stack_info" in values:
                return super()._proxy_to_logger(level, event, **values)
            return self._logger.msg(write(level, event, self._context, values))

    return Logger


def _as_logfmt(level: str, event: str | None, bound: _Values, values: _Values) -> str:
    names = tuple(bound)
    if not values.keys().isdisjoint(names):
        bound, values, names = {}, {**bound, **values}, ()
    beginning = _beginning(level, event, names, *bound.values())
    return f"timestamp={_stamp()} {beginning} {logfmt(None, level, values)}".rstrip(" ")


@lru_cache(maxsize=256, typed=True)
def _beginning(level: str, event: str | None, names: tuple[str, ...], *bound: object) -> str:
    """Return what stands in many lines, which is looked at once."""
    known = dict(zip(names, bound, strict=True))
    return logfmt(None, level, {"level": level, "event": event, **known})


def _as_json(level: str, event: str | None, bound: _Values, values: _Values) -> str:
    line = {"timestamp": _stamp(), "level": level, "event": event, **bound, **values}
    return str(_JSON(None, level, line))


def _stamp() -> str:
    """Return the time as ISO 8601 has it, to the microsecond."""
    second, microsecond = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{_to_the_second(second)}.{microsecond:06d}Z"


@lru_cache(maxsize=1)
def _to_the_second(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def logfmt(_logger: object, _level: str, values: _Values) -> str:
    """Write names and values as ``structlog.processors.LogfmtRenderer`` does."""
    return " ".join(
        [
            f"{name}={_quoted(value) if isinstance(value, str) else _written(value)}"
            for name, value in values.items()
        ]
    )


def _written(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else _quoted(str(value))


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    if _PLAIN.match(text):
        return text
    has_to_be_quoted = _QUOTED.search(text) is not None
    if has_to_be_quoted:
        text = text.replace("\\", r"\\")
    text = text.replace('"', r"\"").replace("\n", r"\n")
    return f'"{text}"' if has_to_be_quoted else text


def log_to(stream: TextIO | None, *, as_json: bool = False) -> LogStream | None:
    """Log to ``stream`` from now on, or nowhere; as logfmt, or each line as a JSON object.

    Return what gathers the lines, where there are any.
    """
    if stream is None:
        structlog.configure(
            wrapper_class=structlog.make_filtering_bound_logger("critical"), processors=[_drop]
        )
        globalLogBeginner.beginLoggingTo([_Nowhere()], redirectStandardIO=False)
        return None
    lines = LogStream(stream)
    structlog.configure(
        wrapper_class=_logger_class(_as_json if as_json else _as_logfmt),
        processors=[_head, structlog.processors.format_exc_info, _JSON if as_json else logfmt],
        logger_factory=lambda *_names: lines,
    )
    whole = _IntoOurs() if as_json else textFileLogObserver(cast(TextIO, lines))
    globalLogBeginner.beginLoggingTo([_FromWarning(whole)], redirectStandardIO=False)
    return lines


def log_to_logging() -> None:
    """Log to the standard library's ``logging`` from now on: what happened, and logfmt.

    For a process that is somebody else's, which says where lines of ``corenet`` go.
    """
    logging.getLogger("corenet").setLevel(logging.INFO)
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        processors=[structlog.processors.format_exc_info, _for_logging],
        logger_factory=lambda name: logging.getLogger(f"corenet.{name}"),
    )


def _for_logging(
    _logger: object, level: str, values: MutableMapping[str, Any]
) -> tuple[tuple[str], dict[str, Any]]:
    """Return what a logger of ``logging`` is called with: its caller is three frames away."""
    line = f"{values.pop('event')} {logfmt(None, level, values)}"
    # It stands for itself: there is nothing to put in where it has a "%".
    return (line.rstrip(" "),), {"stacklevel": 3}
