"""Kannel's fakewap, a terminal that asks for pages, at our gateway and at Kannel's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from testbed.codecs import wml
from tests.conftest import missing_peer, require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import Peer, Peers

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

GATEWAY = "127.0.31.5"
ORIGIN = "http://127.0.0.1:8088"
LAB = f"""
name: fakewap
ggsn:
  address: 127.0.31.1
  apns: [{{name: wap.example, pool: 127.31.0.0/16}}]
gateway:
  address: {GATEWAY}
  apn: wap.example
  ask_core: false
"""
SERVER = """
import http.server

class Pages(http.server.SimpleHTTPRequestHandler):
    extensions_map = {".wml": "text/vnd.wap.wml", ".txt": "text/plain"}

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(b"you posted " + body)

server = http.server.ThreadingHTTPServer(("127.0.0.1", 8088), Pages)
print("ready", flush=True)
server.serve_forever()
"""
DECK = """<?xml version="1.0"?>
<!DOCTYPE wml PUBLIC "-//WAPFORUM//DTD WML 1.1//EN" "http://www.wapforum.org/DTD/wml_1.1.xml">
<wml><card id="main" title="Lab" newcontext="true">
<p>Hello, <b>terminal</b>.<br/><a href="http://www.example.com/more">More</a></p>
<do type="accept"><go href="#main"/></do></card></wml>
"""


LARGE = "0123456789abcde\n" * 12_800
"""200 KiB."""


@pytest.fixture
def fakewap() -> str:
    """Return the path of fakewap, which is on nobody's PATH."""
    path = Path("/usr/lib/kannel/test/fakewap")
    if not path.exists():
        missing_peer("fakewap is not installed: it comes with Debian's package kannel-extras")
    return str(path)


@pytest.fixture
def origin(peers: Peers) -> Peer:
    """Start an origin server with a few pages."""
    (peers.folder / "hello.wml").write_text(DECK, encoding="utf-8")
    (peers.folder / "hello.txt").write_text("Hello, terminal.", encoding="utf-8")
    (peers.folder / "large.txt").write_text(LARGE, encoding="utf-8")
    (peers.folder / "form.txt").write_text("a=1", encoding="utf-8")
    server = peers.start("origin", sys.executable, "-c", SERVER)
    server.wait_for("^ready")
    return server


def ask(peers: Peers, fakewap: str, page: str, *options: str, gateway: str = GATEWAY) -> bytes:
    """Have fakewap ask for a page; return what it got."""
    target = peers.folder / "got"
    target.unlink(missing_ok=True)
    words = (fakewap, "-g", gateway, "-w", str(target), *options, f"{ORIGIN}/{page}")
    peers.place.run(*words)
    return target.read_bytes()


@pytest.mark.usefixtures("origin")
def test_fakewap_gets_pages_over_our_gateway(peers: Peers, fakewap: str) -> None:
    """On sessions and without, in segments, with a form posted; tshark reads all of it."""
    lab = peers.run_lab(LAB)
    without = ("-M", "0", "-p", "9200")
    expected = wml.transcode(DECK.encode())
    assert ask(peers, fakewap, "hello.wml") == expected
    assert ask(peers, fakewap, "hello.wml", *without) == expected
    assert ask(peers, fakewap, "hello.txt") == b"Hello, terminal."
    form = ask(peers, fakewap, "form", "-P", str(peers.folder / "form.txt"), *without)
    assert form == b"you posted a=1"
    assert ask(peers, fakewap, "large.txt").decode() == LARGE
    assert b"the terminal takes 1399" in ask(peers, fakewap, "large.txt", *without)
    assert b"File not found" in ask(peers, fakewap, "missing.wml")
    assert ask(peers, fakewap, "hello.txt", "-m", "20", "-i", "0") == b"Hello, terminal."
    assert lab.stop() == 0

    read = Dissection(peers.folder / "lab.pcapng")
    assert read.complaints() == []
    replies = [
        packet["wsp.reply.status"] for packet in read.packets if packet.all("wsp.reply.status")
    ]
    assert replies.count("0x20") >= 24
    assert "0x4d" in replies
    # One that was not acknowledged soon enough comes again.
    segments = read.having({"wtp.pdu_type": 6})
    assert len({(one["wtp.TID"], one["wtp.header.sequence"]) for one in segments}) == 146
    assert "page served" in lab.output
    print(f"fakewap: {len(replies)} pages over our gateway")


CONFIGURATION = """
group = core
admin-port = 13000
admin-password = bar
wapbox-port = 13002
box-allow-ip = "127.0.0.1"
wdp-interface-name = "127.0.31.9"
log-level = 0

group = wapbox
bearerbox-host = 127.0.0.1
log-file = "wapbox-file.log"
log-level = 0
"""


@pytest.mark.usefixtures("origin")
def test_both_gateways_give_the_same_page(peers: Peers, fakewap: str) -> None:
    """Token by token; what stands before, version and charset, is each gateway's own."""
    bearerbox = require_peer("bearerbox", package="kannel")
    wapbox = require_peer("wapbox", package="kannel")
    (peers.folder / "kannel.conf").write_text(CONFIGURATION, encoding="utf-8")
    peers.start("bearerbox", bearerbox, "kannel.conf").wait_listening(13002, 9200, 9201)
    peers.start("wapbox", wapbox, "kannel.conf").wait_for("Connected to bearerbox")
    peers.run_lab(LAB)
    theirs = ask(peers, fakewap, "hello.wml", gateway="127.0.31.9")
    ours = ask(peers, fakewap, "hello.wml")
    assert ours[4:] == theirs[4:]
    print(
        f"Kannel: {theirs[:4].hex()}, Corenet: {ours[:4].hex()}, then {len(ours) - 4} equal octets"
    )
