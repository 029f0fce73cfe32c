"""The capture as Wireshark reads it."""

import subprocess

import pytest

from corenet.capture.capture import Capture

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]


@pytest.fixture
def pcapng(session, tmp_path):
    path = tmp_path / "session.pcapng"
    with path.open("wb") as stream:
        capture = Capture(stream, gc_hosts=["127.0.10.3"])
        for passed in session:
            capture(passed)
    return path


def tshark(path, *arguments):
    done = subprocess.run(
        ["tshark", "-r", str(path), *arguments], capture_output=True, text=True, timeout=180
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_wireshark_knows_every_layer(pcapng):
    """Each packet is dissected down to the protocol it is there for."""
    rows = tshark(pcapng, "-T", "fields", "-e", "frame.interface_name", "-e", "frame.protocols")
    seen = {}
    for row in rows:
        name, protocols = row.split("\t")
        seen.setdefault(name, set()).update(protocols.split(":"))
    assert {name: layer in seen[name] for name, layer in (
        ("Gn", "gtp"), ("Gc", "gtp"), ("Gr", "gsup"), ("Gi", "udp"), ("RADIUS", "radius"),
    )} == dict.fromkeys(("Gn", "Gc", "Gr", "Gi", "RADIUS"), True)  # fmt: skip
    assert {"gsmtap", "llcgprs", "gsm_a.dtap"} <= seen["radio"]


def test_nothing_is_malformed_and_no_expert_complains(pcapng):
    """Checksums, TCP's numbers and every layer are right: no error and no warning."""
    complaints = tshark(
        pcapng,
        *("-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"),
        *("-o", "tcp.check_checksum:TRUE"),
        *("-Y", "_ws.malformed || _ws.expert.severity >= warning"),
        *("-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message"),
    )
    assert complaints == []


def test_wireshark_shows_names_comments_and_directions(pcapng):
    """Nodes have their names, frames their mobile and their direction."""
    ends = tshark(
        pcapng,
        *("-N", "n", "-Y", "gtp", "-T", "fields"),
        *("-e", "ip.src_host", "-e", "ip.dst_host"),
    )
    assert ends[0] == "ggsn\thlr"
    frames = tshark(
        pcapng,
        *("-Y", "gsmtap", "-T", "fields", "-e", "gsmtap.uplink", "-e", "frame.comment"),
    )
    assert frames == ["0\tmobile 234150000000001", "1\tmobile 234150000000001"]


def test_gsup_is_one_connection(pcapng):
    """What passes on Gr is one TCP connection with every message in it."""
    rows = tshark(pcapng, "-Y", "gsup", "-T", "fields", "-e", "tcp.stream", "-e", "gsup.msg_type")
    assert [row.split("\t")[0] for row in rows] == ["0"] * 4
