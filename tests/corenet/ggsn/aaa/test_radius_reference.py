"""The reference page of RADIUS attributes says what packets really have."""

from __future__ import annotations

from pathlib import Path

import pytest

from corenet.ggsn.aaa.radius_reference import COLUMNS, ROWS, page
from corenet.radius.attributes import load_dictionary
from corenet.radius.dynamic import ErrorCause
from gtp.ies import EndUserAddress, MsTimeZone, PdpType
from gtp.messages import CreatePdpContextResponse
from tests.corenet.ggsn.radius_bench import SERVER, Servers, values

UNUSED = {"Framed-MTU", "3GPP-Negotiated-DSCP"}
"""Known, for orders that have them are to be refused with the right name."""
WHERE = {name: where for name, where, _ in ROWS}


@pytest.mark.docs
def test_the_page_is_what_the_table_makes() -> None:
    """Nobody has edited it by hand."""
    shown = Path(__file__).parents[4] / "docs" / "reference" / "radius.md"
    assert shown.read_text(encoding="utf-8") == page()


def test_every_attribute_of_the_dictionary_has_a_row() -> None:
    """And no other; every Error-Cause has one too."""
    assert set(load_dictionary().attributes) - UNUSED == {name for name, _, _ in ROWS}
    assert {len(where) for where in WHERE.values()} == {len(COLUMNS)}
    for cause in ErrorCause:
        assert f"| {cause.value} | {cause.text} |" in page()


@pytest.mark.parametrize("rich", [False, True])
def test_packets_have_what_their_columns_say(make_bench, rich: bool) -> None:
    """A dot is always there, a circle may be, and nothing else is."""
    settings = {"plmn": "23415", "nas_identifier": "g", "charging_gateway": "192.0.2.9"}
    bench = make_bench(radius=(SERVER,), **(settings if rich else {}))
    servers = Servers(bench)
    (on,) = servers.accounting()
    said = {
        "rat_type": 2,
        "rai": bytes.fromhex("32f451123401"),
        "user_location": bytes.fromhex("0132f45112340001"),
        "ms_time_zone": MsTimeZone(4, 0),
        "imei": "3512345678901234",
        "camel_charging_information": b"\x31\x00",
    }
    bench.create(**(said if rich else {}), end_user_address=EndUserAddress(pdp_type=PdpType.IPV4))
    assert bench.sent(CreatePdpContextResponse).end_user_address is not None
    (start,) = servers.accounting()
    bench.ggsn.deactivate("234150999999999", None, bench.now)
    bench.take()
    (stop,) = servers.accounting()
    for packet, column in ((on, "O"), (start, "S"), (stop, "E")):
        marks = {name: where[COLUMNS.index(column)] for name, where in WHERE.items()}
        always = {name for name, mark in marks.items() if mark == "•"}
        told = set(values(packet))
        assert always <= told, (column, always - told)
        assert told <= {name for name, mark in marks.items() if mark != " "}, column
