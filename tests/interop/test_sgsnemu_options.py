"""sgsnemu's protocol configuration options against our GGSN: PAP, judged by the APN's list."""

from __future__ import annotations

import signal

import pytest

from tests.conftest import require_peer
from tests.interop.dissection import Dissection
from tests.interop.peers import Peers

pytestmark = [pytest.mark.interop, pytest.mark.usefixtures("tshark")]

GGSN, SGSN = "127.0.10.1", "127.0.11.1"
LAB = f"""\
ggsn:
  address: {GGSN}
  apns:
    - name: internet
      pool: 127.10.0.0/16
      dns: [127.0.10.53]
      credentials: [{{name: alice, password: secret}}]
  gi: null
control: {{address: 127.0.10.4}}
"""
ACK, NAK = 2, 3
ACCEPTED, AUTHENTICATION_FAILED = 128, 209


@pytest.mark.parametrize(
    ("password", "cause", "code"),
    [("secret", ACCEPTED, ACK), ("guessed", AUTHENTICATION_FAILED, NAK)],
)
def test_who_has_the_password_gets_a_context(
    peers: Peers, password: str, cause: int, code: int
) -> None:
    """Its PAP is answered in the response that grants or refuses the context."""
    lab = peers.run_lab(LAB)
    sgsnemu = peers.start(
        "sgsnemu",
        *("stdbuf", "-oL", require_peer("sgsnemu", package="osmo-ggsn")),
        *("--listen", SGSN, "--remote", GGSN, "--statedir", ".", "--pidfile", "sgsnemu.pid"),
        *("--apn", "internet", "--uid", "alice", "--pwd", password),
        # It lingers for 20 seconds after its last word.
        stop_with=signal.SIGKILL,
    )
    sgsnemu.wait_for("^Received create PDP context response")
    assert lab.stop() == 0
    read = Dissection(peers.folder / "lab.pcapng")
    assert read.complaints() == []
    request, response = read.one({"gtp.message": 16}), read.one({"gtp.message": 17})
    assert request.number("pap.code") == 1
    assert response.number("gtp.cause") == cause
    assert response.number("pap.code") == code
    assert response["pap.identifier"] == request["pap.identifier"]
