"""Where the log goes: structlog's and Twisted's, one line per event."""

from __future__ import annotations

from dataclasses import fields
from typing import NoReturn, TextIO

import structlog
from twisted.logger import ILogObserver, LogEvent, LogLevel, globalLogBeginner, textFileLogObserver
from zope.interface import implementer

from corenet.interfaces.node import Event
from corenet.interfaces.runtime import Runtime


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


def log_events(runtime: Runtime, but: str) -> None:
    """Log every event of every node, except those of the node named ``but``, which does itself."""
    log = structlog.get_logger("core")

    def note(_time: float, node: str, event: Event) -> None:
        if node != but:
            values = {field.name: str(getattr(event, field.name)) for field in fields(event)}
            log.info(type(event).__name__, node=node, **values)

    runtime.on_event(note)


def _drop(_logger: object, _method: str, _values: object) -> NoReturn:
    """Forget an event before anything is made of it."""
    raise structlog.DropEvent


def log_to(stream: TextIO | None, *, as_json: bool = False) -> None:
    """Log to ``stream`` from now on, or nowhere; as logfmt, or each line as a JSON object."""
    if stream is None:
        structlog.configure(processors=[_drop], logger_factory=structlog.ReturnLoggerFactory())
        globalLogBeginner.beginLoggingTo([_Nowhere()], redirectStandardIO=False)
        return
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False)
            if as_json
            else structlog.processors.LogfmtRenderer(
                key_order=["timestamp", "level", "event"], bool_as_flag=False
            ),
        ],
        logger_factory=structlog.PrintLoggerFactory(stream),
    )
    observer = _FromWarning(textFileLogObserver(stream))
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False)
