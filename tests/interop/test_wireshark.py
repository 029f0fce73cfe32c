"""Labs in Wireshark: the profile, running labs as interfaces, and what a capture promises."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from corenet.capture.capture import Capture
from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed
from testbed.lab.build import load
from testbed.lab.virtual import virtual_lab
from testbed.wireshark import profile
from tests.interop.peers import CORENET, Peers, eventually

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

CONTROL = "http://127.0.34.4:8080"
IMSI = "234150000000001"
LAB = f"""
name: watched
ggsn: {{address: 127.0.34.1, apns: [{{name: wap.example, pool: 127.34.0.0/16}}]}}
sgsn: {{address: 127.0.34.2}}
hlr: {{address: 127.0.34.3}}
subscribers:
  - {{imsi: "{IMSI}", msisdn: "447700900001", apns: [{{name: wap.example}}]}}
control: {{address: 127.0.34.4, port: 8080, token: open sesame}}
"""
ACTIVATION = [32, 33, 27, 28, 16, 17]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Wireshark's folders, and the lab's, are the test's own."""
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    return tmp_path


def run(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True, timeout=180, check=True)
    return done.stdout


@pytest.fixture
def captured(tmp_path: Path) -> tuple[Path, list[Passed]]:
    """Return the capture of an offline push in virtual time, and what passed."""
    path, passed = tmp_path / "push.pcapng", list[Passed]()
    loaded = load("demo")
    with virtual_lab(loaded, seed=1) as lab, path.open("wb") as stream:
        lab.network.on_passed(passed.append)
        lab.network.on_passed(Capture(stream, gc_hosts={loaded.model.hlr.address}))
        lab.start()
        lab.network.run_until(lab.network.now() + 2.0)
        ggsn = lab.core.ggsns["ggsn"]
        apn = loaded.model.gateway.apn
        imsi = loaded.core.mobiles[0].imsi
        lab.network.command(ggsn, lambda now: ggsn.activate(imsi, apn, key="k", now=now))
        lab.network.run_until(lab.network.now() + 2.0)
    return path, passed


@pytest.mark.parametrize("verb", ["install", "remove"])
def test_wireshark_finds_what_is_installed(home: Path, verb: str) -> None:
    """It lists the interface for labs elsewhere, until that is removed again."""
    run(str(CORENET), "wireshark", "install")
    run(str(CORENET), "wireshark", verb)
    listed = "corenet (Corenet lab at a URL)" in run("tshark", "-D")
    left = [path for path in home.rglob("*") if path.is_file()]
    assert (listed, bool(left)) == ((True, True) if verb == "install" else (False, False))


def test_the_profile_shows_a_ladder(captured: tuple[Path, list[Passed]]) -> None:
    """Interface, names, IMSI and TEID have columns of their own."""
    run(str(CORENET), "wireshark", "install")
    path, _ = captured
    shown = run("tshark", "-C", profile.NAME, "-r", str(path), "-T", "tabs")
    # tshark draws an arrow between source and destination.
    cells = ([cell.strip() for cell in line.split("\t")] for line in shown.splitlines())
    rows = [[cell for cell in row if cell != "→"] for row in cells]
    assert {len(row) for row in rows} == {len(profile.COLUMNS)}
    titles = [title for title, _ in profile.COLUMNS]
    asked, answered = (
        dict(zip(titles, row, strict=True)) for row in rows if "PDU notification" in row[-1]
    )
    assert (asked["Interface"], asked["Source"], asked["Destination"]) == ("Gn", "ggsn", "sgsn")
    assert asked["IMSI"].startswith("23415")
    assert asked["TEID"].startswith("0x00000000")
    assert answered["Cause"] == "Request accepted"


def test_every_filter_of_the_profile_is_one(captured: tuple[Path, list[Passed]]) -> None:
    """Buttons and colours are taken, and the first button shows the whole activation."""
    path, _ = captured
    expressions = [one.expression for one in profile.BUTTONS]
    for expression in expressions + [expression for _, expression, _ in profile.COLOURS]:
        run("tshark", "-r", str(path), "-Y", expression)
    (first, *_) = expressions
    shown = run(
        "tshark", "-r", str(path), "-Y", f"({first}) && gtp", "-T", "fields", "-e", "gtp.message"
    )
    assert [int(line, 0) for line in shown.split()][-len(ACTIVATION) :] == ACTIVATION


def test_each_message_is_captured_once_with_its_direction_and_time(
    captured: tuple[Path, list[Passed]],
) -> None:
    """What went over UDP is in the capture as often as it passed, from whom to whom, and when."""
    path, passed = captured
    fields = ("frame.time_epoch", "ip.src", "udp.srcport", "ip.dst", "udp.dstport", "udp.payload")
    words = [word for field in fields for word in ("-e", field)]
    chosen = 'udp && frame.interface_name in {"Gn", "Gc", "RADIUS"}'
    # Fields of the innermost headers would be those of what a G-PDU carries.
    only = ("-E", "occurrence=f")
    read = run("tshark", "-r", str(path), "-Y", chosen, "-T", "fields", *only, *words)
    seen = Counter(
        (round(float(time), 6), (source, int(port)), (destination, int(to)), payload)
        for time, source, port, destination, to, payload in (
            line.split("\t") for line in read.splitlines()
        )
    )
    expected = Counter(
        (int(one.time * 1e6) / 1e6, one.source, one.destination, one.data.hex())
        for one in passed
        if one.interface in (Interface.GTP_C, Interface.GTP_U, Interface.RADIUS)
    )
    assert len(expected) > len(ACTIVATION)
    assert seen == expected


def test_a_running_lab_is_captured_live(peers: Peers, home: Path) -> None:
    """tshark lists it, reads it as it runs, and sees the activation that is asked for meanwhile."""
    run(str(CORENET), "wireshark", "install")
    lab = peers.run_lab(LAB)
    place = peers.place
    interface = f"corenet-watched-{lab.pid}"
    assert f"{interface} (Corenet lab watched (127.0.34.4:8080))" in place.run("tshark", "-D")
    live = home / "live.txt"
    with live.open("w") as out:
        words = ("tshark", "-l", "-i", interface, "-T", "fields", "-e", "gtp.message")
        watching = subprocess.Popen(place.command(*words), stdout=out, stderr=subprocess.PIPE)

    def seen() -> set[int]:
        """Have a context activated, and deleted again; return what tshark has shown until now."""
        headers = (
            "-H",
            "Authorization: Bearer open sesame",
            "-H",
            "Content-Type: application/json",
        )
        body = ("-d", f'{{"imsi": "{IMSI}", "apn": "wap.example"}}')
        place.run("curl", "-s", *headers, *body, f"{CONTROL}/v1/activations")
        place.run(
            "curl", "-s", *headers, "-X", "DELETE", f"{CONTROL}/v1/contexts/{IMSI}/wap.example"
        )
        return {int(word, 0) for word in live.read_text().split()}

    try:
        # When it has begun to capture it does not say.
        eventually(seen, {*ACTIVATION, 20, 21}.issubset)
    finally:
        watching.terminate()
        watching.communicate(timeout=120)
    assert lab.stop() == 0
    assert interface not in place.run("tshark", "-D")
