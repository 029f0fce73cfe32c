"""Ladders as pictures."""

from __future__ import annotations

from testbed.lab.ladder import Rung
from testbed.scenarios.picture import picture


def test_a_picture_has_a_line_for_each_node_and_an_arrow_for_each_message():
    """In the usual order of nodes, without what is different each time."""
    rungs = (
        Rung(10.0, "ggsn", "hlr", "Asks", "IMSI 1, APN a, TEID-C 0x1"),
        Rung(10.01, "hlr", "ggsn", "Answers", "x" * 80),
        Rung(10.02, "ggsn", "gateway", "Accounting-Request"),
        Rung(10.5, "stranger", "stranger", "thinks"),
    )
    assert picture(rungs, 10.0) == [
        "            ggsn     hlr      stranger",
        "      0 ms    │──────►│           │        Asks, APN a",
        "     10 ms    │◄──────│           │        Answers, " + "x" * 62 + "…",
        "    500 ms    │       │           ●        thinks",
    ]
