"""A request recorded from a terminal at Kannel 1.4.5, answered by us and by Kannel."""

from __future__ import annotations

from pathlib import Path

import pytest

from testbed.codecs import wml
from testbed.codecs.wsp.pdus import Get, decode_unit
from tests.conftest import missing_peer
from tests.testbed.pull.conftest import PEER

VECTORS = Path(__file__).parents[2] / "vectors" / "kannel"
PAGE = b"""<?xml version="1.0"?>
<!DOCTYPE wml PUBLIC "-//WAPFORUM//DTD WML 1.1//EN" "http://www.wapforum.org/DTD/wml_1.1.xml">
<wml><card id="main" title="Lab">
<p>Hello from the origin server</p></card></wml>
"""


def recorded(name):
    return bytes.fromhex((VECTORS / f"{name}.hex").read_text())


@pytest.mark.interop
def test_the_recorded_terminal_gets_the_page_that_kannel_gave_it(bench):
    """The same status, type and transaction id; the same tokens, where Kannel says Latin 1."""
    if not wml.is_available():
        missing_peer("libwbxml2.so.1 is not there: it is in Debian's package libwbxml2-1")
    bench.raw(recorded("wsp_cl_0_cl_get"))
    (fetch,) = bench.fetches
    assert (fetch.method, fetch.url) == ("GET", "http://127.0.0.1:8088/hello.wml")
    assert bench.sent("Accept") == ["application/vnd.wap.wmlc, text/vnd.wap.wml"]
    assert bench.sent("User-Agent") == ["LabTerm/1.0"]
    date = "Sun, 22 Nov 2026 03:55:08 GMT"
    server = "BaseHTTP/0.6 Python/3.11.7"
    bench.answer(
        200,
        PAGE,
        ("Server", server),
        ("Date", date),
        ("Content-type", "text/vnd.wap.wml"),
        ("Content-Length", str(len(PAGE))),
    )
    ((octets, peer),) = bench.datagrams
    tid, ours = decode_unit(octets)
    their_tid, theirs = decode_unit(recorded("wsp_cl_1_cl_reply"))
    assert (tid, peer) == (their_tid, PEER)
    assert (ours.status, ours.content_type) == (theirs.status, theirs.content_type)
    assert ours.headers == theirs.headers[:2] == (("Server", server), ("Date", date))
    # WBXML 1.2 and UTF-8 here, 1.1 and ISO 8859-1 there.
    assert (ours.body[:4], theirs.body[:4]) == (b"\x02\x04\x6a\x00", b"\x01\x04\x04\x00")
    assert ours.body[4:] == theirs.body[4:]


@pytest.mark.parametrize("name", ["wtp_co_03_tx_wsp_get", "wtp_co_06_tx_wsp_get"])
def test_the_recorded_requests_on_a_session_are_fetched(bench, name):
    """Behind four octets of WTP."""
    _, get = decode_unit(b"\x00" + recorded(name)[4:])
    assert isinstance(get, Get)
    bench.method(get)
    assert bench.fetches[0].url == "http://127.0.0.1:8088/hello.wml"
