"""The gateway under test: what it is told, how its processes start and end."""

from __future__ import annotations

import os
import select
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from testbed.bench.addresses import described
from testbed.bench.lab import Lab
from testbed.bench.under_test import GatewayFailedError, GatewayUnderTest

OWN = {"address": "127.0.0.5", "apn": "a", "ask_core": False}
GGSN = {"address": "127.0.0.1", "apns": [{"name": "a", "pool": "127.1.0.0/24"}]}
STUBBORN = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
child.wait()
print("on my own", os.environ.get("MINE"), flush=True)
signal.pause()
"""


def lab_with(*radius: dict[str, Any], gateway: bool = False) -> Lab:
    """Return what a gateway under test asks of a lab on sockets."""
    part = {"ggsn": {**GGSN, "radius": list(radius)}, "control": {"token": "a-long-token"}}
    lab = SimpleNamespace(
        is_virtual=False,
        loaded=described(part | ({"gateway": OWN} if gateway else {})),
        spare_address="127.64.255.252",
        core=SimpleNamespace(url="http://127.0.0.1:8080"),
        initiator=SimpleNamespace(notify_url="http://127.0.0.1:8082/n"),
    )
    return cast(Lab, lab)


@pytest.fixture
def under_test(tmp_path: Path) -> Iterator[GatewayUnderTest]:
    """A gateway under test, of a lab that sends accounting."""
    lab = lab_with({"address": "127.0.0.7", "port": 1814, "secret": "s"})
    with GatewayUnderTest(lab, tmp_path) as under_test:
        yield under_test


def test_it_is_told_where_it_is_and_whom_to_ask(under_test: GatewayUnderTest) -> None:
    """By name, in its environment and in its configuration."""
    assert under_test.settings == {
        "CORENET_ADDRESS": "127.0.0.7",
        "CORENET_CONTROL_URL": "http://127.0.0.1:8080",
        "CORENET_CONTROL_TOKEN": "a-long-token",
        "CORENET_NOTIFY_URL": "http://127.0.0.1:8082/n",
        "CORENET_RADIUS_PORT": "1814",
        "CORENET_RADIUS_SECRET": "s",
    }
    file = under_test.write("my.conf", "{CORENET_ADDRESS}:{port}", port=99)
    assert file.read_text(encoding="utf-8") == "127.0.0.7:99"
    with socket.socket() as server:
        server.bind(("0.0.0.0", under_test.free_port()))


@pytest.mark.parametrize(
    "lab",
    [lab_with(), lab_with({"address": "127.0.0.5", "port": 1813, "secret": "s"}, gateway=True)],
    ids=["no accounting", "accounting to the lab's own gateway"],
)
def test_without_accounting_it_has_a_spare_address(lab: Lab, tmp_path: Path) -> None:
    """And is told nothing of RADIUS."""
    under_test = GatewayUnderTest(lab, tmp_path)
    assert under_test.address == "127.64.255.252"
    assert under_test.radius is None
    assert "CORENET_RADIUS_PORT" not in under_test.settings
    assert under_test.last_lines() == []


def test_it_ends_with_all_that_it_has_started(tmp_path: Path) -> None:
    """One that does not heed SIGTERM too, and children of it."""
    with GatewayUnderTest(lab_with(), tmp_path, patience=0.2) as under_test:
        process = under_test.start([sys.executable, "-c", STUBBORN], ready="child", within=300)
        child = int(under_test.last_lines()[0].split()[1])
        watched = os.pidfd_open(child)
    assert process.returncode == -9
    # Readable when the process has ended, be it a moment later.
    ended, _, _ = select.select([watched], [], [], 60)
    os.close(watched)
    assert ended


def test_it_is_ready_when_it_listens(under_test: GatewayUnderTest) -> None:
    """On a TCP port, to which nobody connects to find out."""
    port = under_test.free_port()
    program = (
        "import socket, sys, time;"
        "taking = socket.create_server(('127.0.0.1', int(sys.argv[1]))); time.sleep(600)"
    )
    under_test.start([sys.executable, "-c", program, str(port)], ready=port, within=300)
    with socket.create_connection(("127.0.0.1", port), timeout=60):
        pass


def test_a_process_of_it_that_ends_is_an_error(under_test: GatewayUnderTest) -> None:
    """With its last words, or that there were none."""
    with pytest.raises(GatewayFailedError, match="status 3; its last words:\nit said nothing"):
        under_test.start([sys.executable, "-c", "raise SystemExit(3)"], ready="ready", within=300)
    program = "import os; raise SystemExit(os.environ['MINE'])"
    with pytest.raises(GatewayFailedError, match="no licence"):
        under_test.start(
            [sys.executable, "-c", program],
            ready="ready",
            within=300,
            environment={"MINE": "no licence"},
        )


def test_a_process_of_it_that_is_not_ready_in_time_is_an_error(
    under_test: GatewayUnderTest,
) -> None:
    """It is ended with the others."""
    program = "import time; print('wait', flush=True); time.sleep(600)"
    with pytest.raises(GatewayFailedError, match="is not ready"):
        under_test.start([sys.executable, "-c", program], ready="ready", within=0.1)
