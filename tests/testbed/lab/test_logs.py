"""The log: one line per event, for people or for programs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

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
