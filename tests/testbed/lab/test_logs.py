"""The log: one line per event, for people or for programs."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import unittest.mock

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from testbed.lab.logs import LogStream, logfmt

SCRIPT = """
import sys
import structlog
from testbed.lab.logs import log_to

log_to(sys.stdout, as_json={as_json})
log = structlog.get_logger("gateway").bind(node="gateway")
log.info("push sent", push_id="1 ä", peer=("127.0.0.1", 2948))
try:
    1 / 0
except ZeroDivisionError:
    log.exception("fault")
"""


TWISTED = """
import sys
from twisted.logger import Logger
from testbed.lab.logs import log_to

log_to(sys.stdout, as_json=True)
log = Logger(namespace="corenet")
log.info("nothing that matters")
log.warn("{count} of them", count=3)
try:
    1 / 0
except ZeroDivisionError:
    log.failure("a node's fault")
"""


def lines(*, as_json: bool) -> list[str]:
    """Log in a process of its own, because where the log goes is said once."""
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", SCRIPT.format(as_json=as_json)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return done.stdout.splitlines()


def test_what_twisted_logs_is_json_too() -> None:
    """From warnings upwards, a failure with its traceback on the line."""
    done = subprocess.run(
        [sys.executable, "-c", TWISTED], capture_output=True, text=True, check=True
    )
    warning, failure = map(json.loads, done.stdout.splitlines())
    said = (warning["level"], warning["event"], warning["logger"])
    assert said == ("warning", "3 of them", "corenet")
    assert (failure["level"], failure["logger"]) == ("critical", "corenet")
    assert "ZeroDivisionError" in failure["exception"]


def test_a_line_of_json_is_an_object() -> None:
    """With time, level and whatever the event has; a traceback stays on its line."""
    sent, fault = map(json.loads, lines(as_json=True))
    assert sent.pop("timestamp").endswith("Z")
    assert sent == {
        "event": "push sent",
        "level": "info",
        "node": "gateway",
        "push_id": "1 ä",
        "peer": ["127.0.0.1", 2948],
    }
    assert "ZeroDivisionError" in fault["exception"]


@pytest.mark.parametrize("part", ["level=info", 'event="push sent"', 'push_id="1 ä"'])
def test_a_line_for_people_has_names_and_values(part: str) -> None:
    """As logfmt has it."""
    assert part in lines(as_json=False)[0]


def test_a_line_begins_with_time_level_and_event() -> None:
    """In this order, so that a file of lines can be read down its columns."""
    assert re.match(
        r"timestamp=20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z level=info event=\"push sent\" node=",
        lines(as_json=False)[0],
    )


VALUES = st.none() | st.booleans() | st.integers() | st.text() | st.tuples(st.text())


@given(st.dictionaries(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), VALUES))
def test_logfmt_is_as_structlog_writes_it(values: dict[str, object]) -> None:
    """Quotation marks, backslashes and line ends are escaped alike."""
    theirs = structlog.processors.LogfmtRenderer(bool_as_flag=False)
    assert logfmt(None, "info", dict(values)) == theirs(None, "info", dict(values))


def test_where_nothing_is_logged_nothing_is_said() -> None:
    """Not even that a request has failed."""
    script = SCRIPT.format(as_json=False).replace("sys.stdout", "None")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert done.stdout + done.stderr == b""


class Writes(io.StringIO):
    """Remembers in which pieces it was written to."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return len(text)


def test_without_a_reactor_a_line_is_written_as_it_comes() -> None:
    """There is no turn whose end one could wait for."""
    written = Writes()
    log = LogStream(written)
    log.msg("one")
    log.msg("two")
    assert written.pieces == ["one\n", "two\n"]


def test_the_lines_of_a_turn_are_written_together() -> None:
    """In the turn after it, or before where somebody wants them to be on record."""
    written, reactor = Writes(), Clock()
    log = LogStream(written)
    log.gather(reactor)
    log.msg("one")
    log.msg("two")
    assert written.pieces == []
    reactor.advance(0)
    log.msg("three")
    log.flush()
    assert written.pieces == ["one\ntwo\n", "three\n"]
    reactor.advance(0)
    assert len(written.pieces) == 2


def test_a_log_that_cannot_be_written_keeps_nobody_from_work() -> None:
    """As on a full disk; what comes later is written when there is room again."""
    written = Writes()
    log = LogStream(written)
    full = OSError(28, "No space left on device")
    with unittest.mock.patch.object(written, "write", side_effect=full):
        log.msg("one")
    log.msg("two")
    assert written.pieces == ["two\n"]
