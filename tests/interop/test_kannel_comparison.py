"""Kannel beside our gateway: the same PAP bodies to both, in front of the same core.

What came of it is a page of the documentation, checked in: whatever changes on either side is
seen. A page that differs is written into the test's folder, to be looked at and taken over.
"""

from __future__ import annotations

import difflib
import time
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import Peer, Peers, eventually
from tests.interop.push_rows import APN, COUNT, REPLACEMENT, TEXT, Row, Rows, Side
from tests.interop.submitter import Answer, Outcome, run_errands

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "kannel-comparison.md"
KANNEL, OURS, CONTROL = "127.0.32.1", "127.0.32.6", "http://127.0.32.5:8080"
SECRET = "testing123"
WINDOW = 15.0
"""Seconds after the last answer in which terminals and initiator may hear more."""

CONFIGURATION = f"""
group = core
admin-port = 13000
admin-password = bar
admin-allow-ip = "127.0.0.1"
wapbox-port = 13002
box-allow-ip = "127.0.0.1"
wdp-interface-name = "{KANNEL}"
log-level = 0

group = wapbox
bearerbox-host = 127.0.0.1
log-file = "wapbox-file.log"
log-level = 0

group = radius-acct
our-host = {KANNEL}
our-port = 1813
secret-nas = {SECRET}
nas-ports = 30
unified-prefix = "+358,00358,0;+,00"

group = ppg
ppg-url = /wappush
ppg-port = 18080
trusted-pi = true
concurrent-pushes = 100
users = 1024
"""
LAB = """
name: comparison
ggsn:
  address: 127.0.32.2
  apns: [{{name: {apn}, pool: 127.32.0.0/16}}]
  gi: {{ports: [2948]}}
  radius: [{{address: {kannel}, secret: {secret}}}, {{address: {ours}, secret: {secret}}}]
sgsn: {{address: 127.0.32.3}}
hlr: {{address: 127.0.32.4}}
control: {{address: 127.0.32.5, port: 8080}}
gateway: {{address: {ours}, apn: {apn}, radius_secret: {secret}}}
subscribers:
{subscribers}"""
INTRODUCTION = """# Our gateway beside Kannel

Written by `tests/interop/test_kannel_comparison.py` from what it saw; do not edit. The test runs
Kannel 1.4.5 (Debian 12: bearerbox and wapbox, no SMSC) and our gateway in front of one core, with
the same accounting, posts the same PAP bodies to both, each for terminals of its own, and fails
when a cell changes.

A cell says what the POST was answered (HTTP status, PAP status code, description of what is not
accepted), what came over the air to the terminal and was shown there, and which result
notifications the initiator got. Terminals and initiator were watched for {window:g} s after the
last answer: what comes later counts as not coming. Where no row says otherwise the push is an SI
for a terminal that is online, PAP 1.0, with a result notification asked for. A datagram for the
static address of a terminal that is offline makes the core activate a context, whoever sends it.

| Posted | Kannel 1.4.5 | Corenet |
|---|---|---|
"""


@pytest.fixture
def kannel(peers: Peers) -> Peer:
    """Start bearerbox and wapbox, and return the latter."""
    bearerbox = require_peer("bearerbox", package="kannel")
    require_peer("wapbox", package="kannel")
    (peers.folder / "kannel.conf").write_text(CONFIGURATION, encoding="utf-8")
    peers.start("bearerbox", bearerbox, "kannel.conf").wait_listening(13002)
    return start_wapbox(peers, "wapbox")


def start_wapbox(peers: Peers, name: str) -> Peer:
    """Start Kannel's push gateway, for the first time or again."""
    wapbox = require_peer("wapbox", package="kannel")
    started = peers.start(name, wapbox, "kannel.conf")
    started.wait_for("Connected to bearerbox")
    started.wait_listening(18080, 1813)
    return started


def test_comparison_is_as_checked_in(peers: Peers, kannel: Peer) -> None:
    """Every row of the page is what both gateways do."""
    sides = (
        Side("kannel", 0, "http://127.0.0.1:18080/wappush"),
        Side("corenet", 1, f"http://{OURS}:8081/pap"),
    )
    subscribers = "".join(side.subscribers() for side in sides)
    lab = peers.run_lab(
        LAB.format(apn=APN, kannel=KANNEL, ours=OURS, secret=SECRET, subscribers=subscribers)
    )
    online = len(sides) * COUNT
    eventually(
        lambda: peers.place.ask("GET", f"{CONTROL}/v1/contexts")["total"],
        lambda total: total == online,
    )
    now = time.time()
    made = [Rows(side) for side in sides]
    rows = [each.all(now) for each in made]
    outcomes = _run(peers, [*rows[0], *rows[1]], seconds=WINDOW)
    # What may end a gateway comes last, and alone.
    theirs, ours = (each.ipv6() for each in made)
    outcomes |= _run(peers, [theirs, ours], seconds=2.0)
    fallen = _has_ended(kannel)
    if fallen:
        start_wapbox(peers, "wapbox-again")
    last = made[0].last(), made[1].last()
    outcomes |= _run(peers, last, seconds=10.0)
    shown = {
        terminal: _shown(peers, side, terminal)
        for side, of_side in zip(sides, rows, strict=True)
        for row in (*of_side, last[side.number])
        for terminal in row.terminals
        if _is_subscriber(terminal)
    }
    assert lab.stop() == 0

    air = Air(peers.folder / "lab.pcapng")
    cells = {
        row.errand.key: describe(row, outcomes[row.errand.key], air, shown)
        for row in (*rows[0], *rows[1], theirs, ours, *last)
    }
    if fallen:
        cells[theirs.errand.key] += " wapbox ends with a panic; the test starts it again."
    pairs = [*zip(rows[0], rows[1], strict=True), (theirs, ours), last]
    page = INTRODUCTION.format(window=WINDOW) + "".join(
        f"| {one.title} | {cells[one.errand.key]} | {cells[other.errand.key]} |\n"
        for one, other in pairs
    )
    assert page == PAGE.read_text(encoding="utf-8"), _difference(peers.folder / PAGE.name, page)


class Air:
    """What came over the air to the push port of terminals."""

    def __init__(self, capture: Path) -> None:
        read = Dissection(capture, radius_secret=SECRET)
        self._times: dict[str, list[float]] = {}
        for packet in read.packets:
            if packet["frame.interface_name"] == "radio" and "2948" in packet.all("udp.dstport"):
                address = packet.all("ip.dst")[-1]
                self._times.setdefault(address, []).append(float(packet["frame.time_epoch"]))

    def datagrams(self, terminal: str) -> list[float]:
        """Return when datagrams came, in seconds since 1970-01-01 UTC."""
        return self._times.get(terminal, [])


def describe(row: Row, outcome: Outcome, air: Air, shown: dict[str, list[str]]) -> str:
    """Say in words what came of a row."""
    words = [" Then ".join(f"{_answered(answer)}." for answer in outcome.answers)]
    if row.terminals:
        arrived = [_arrived(air.datagrams(at), shown.get(at, [])) for at in row.terminals]
        words.append(f"{_sentence(arrived)}.")
    times = [at for terminal in row.terminals for at in air.datagrams(terminal)]
    if row.not_before is not None and times:
        in_time = min(times) >= row.not_before
        words.append("Not before its time." if in_time else "Before its time.")
    results = [_result(row, body) for body in outcome.notifications]
    reported = ", ".join(text for _, text in sorted(results))
    words.append(f"Notified: {reported}." if reported else "No notification.")
    return " ".join(words).replace("|", "\\|").replace("\n", " ")


def _run(peers: Peers, rows: Sequence[Row], *, seconds: float) -> dict[str, Outcome]:
    outcomes = run_errands(peers.place, [row.errand for row in rows], seconds=seconds)
    return {row.errand.key: outcome for row, outcome in zip(rows, outcomes, strict=True)}


def _shown(peers: Peers, side: Side, terminal: str) -> list[str]:
    url = f"{CONTROL}/v1/terminals/{side.imsi_of(terminal)}"
    view: dict[str, Any] = peers.place.ask("GET", url)
    # What a service loading leads to is between the handset and its WAP gateway.
    shown = [each for each in view["mobile"]["shown"] if each["kind"] not in ("page", "error")]
    pairs = [(each["kind"], each["text"]) for each in shown]
    return ["the SI" if pair == ("SI", TEXT) else f"{pair[0]} “{pair[1][:40]}”" for pair in pairs]


def _is_subscriber(terminal: str) -> bool:
    return int(terminal.split(".")[2]) < 7


def _answered(answer: Answer) -> str:
    if not answer.status:
        return "No answer: the connection is closed"
    try:
        root = ElementTree.fromstring(answer.body)
    except ElementTree.ParseError:
        return f"HTTP {answer.status}: “{answer.body.strip()}”"
    said = []
    for element in root.iter():
        code = element.get("code")
        if code is not None:
            state = element.get("message-state")
            said.append(f"{state} {code}" if state else code)
            if code not in ("1000", "1001"):
                said[-1] += f" “{element.get('desc', '')}”"
    document = next(iter(root), root).tag
    name = "" if document == "push-response" else f"{document} "
    return f"HTTP {answer.status}, {name}{', '.join(said)}"


def _arrived(times: Sequence[float], shown: Sequence[str]) -> str:
    count = len(times)
    if not count:
        return "nothing arrives"
    datagrams = "one datagram arrives" if count == 1 else f"{count} datagrams arrive"
    if not shown:
        return f"{datagrams}, nothing is shown"
    texts = [text if n == 1 else f"{text} {n} times" for text, n in Counter(shown).items()]
    return f"{datagrams}, shown: {', '.join(texts)}"


def _sentence(arrived: Sequence[str]) -> str:
    if len(arrived) == 1:
        text = arrived[0]
    else:
        text = "; ".join(f"address {number}: {each}" for number, each in enumerate(arrived, 1))
    return text[0].upper() + text[1:]


def _result(row: Row, body: str) -> tuple[int, str]:
    root = ElementTree.fromstring(body)
    message = root.find("resultnotification-message")
    assert message is not None, body
    named = next((each.get("address-value", "") for each in message.iter("address")), "")
    place = next((n for n, at in enumerate(row.terminals, 1) if f"={at}/" in named), 1)
    state, code = message.get("message-state", ""), message.get("code", "")
    text = f"{state} {code}"
    if message.get("push-id", "").endswith(REPLACEMENT):
        text = f"replacement {text}"
    if code != "1000":
        text += f" “{message.get('desc', '')}”"
    return place, f"address {place} {text}" if len(row.terminals) > 1 else text


def _has_ended(peer: Peer) -> bool:
    try:
        peer.wait(30.0)
    except AssertionError:
        return False
    return True


def _difference(path: Path, page: str) -> str:
    path.write_text(page, encoding="utf-8")
    lines = difflib.unified_diff(
        PAGE.read_text(encoding="utf-8").splitlines(), page.splitlines(), "page", "seen", n=0
    )
    return "\n".join((f"{PAGE.name} says otherwise; as seen now it is in {path}", *lines))
