"""A client that a generator makes of the control interface's OpenAPI document, at work."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import missing_peer
from tests.interop.peers import Peers

pytestmark = pytest.mark.interop

ROOT = Path(__file__).parents[2]
GENERATOR = Path(sys.executable).with_name("openapi-python-client")
PACKAGE = "corenet_control_interface_client"
IMSI = "234150000000001"
LAB = f"""
name: client
ggsn: {{address: 127.0.36.1, apns: [{{name: wap.example, pool: 127.36.0.0/16}}]}}
sgsn: {{address: 127.0.36.2}}
hlr: {{address: 127.0.36.3}}
subscribers:
  - {{imsi: "{IMSI}", msisdn: "447700900001", apns: [{{name: wap.example}}]}}
control: {{address: 127.0.36.4, port: 8080, token: open sesame}}
"""
PROGRAM = f"""
import json
from {PACKAGE} import AuthenticatedClient
from {PACKAGE}.api.default import get_terminal, request_activation
from {PACKAGE}.models import ActivationRequest, Problem

with AuthenticatedClient(base_url="http://127.0.36.4:8080", token="open sesame") as client:
    asked = ActivationRequest(apn="wap.example", imsi="{IMSI}")
    activation = request_activation.sync(client=client, body=asked)
    terminal = get_terminal.sync("{IMSI}", client=client)
    nobody = get_terminal.sync("999999999999999", client=client)
    assert isinstance(nobody, Problem), nobody
    print(json.dumps([activation.to_dict(), terminal.to_dict(), nobody.to_dict()]))
"""


def test_a_generated_client_activates_a_terminal(peers: Peers) -> None:
    """Typed answers for what is done, a typed problem for what is refused."""
    if not GENERATOR.exists():
        missing_peer("openapi-python-client is not there: pip install '.[interop]'")
    document = ROOT / "docs" / "reference" / "control-openapi.json"
    made = peers.folder / "made"
    command = [str(GENERATOR), "generate", "--path", str(document), "--output-path", str(made)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    peers.run_lab(LAB)
    program = peers.folder / "made" / "program.py"
    program.write_text(PROGRAM)
    said = peers.place.run(sys.executable, str(program))
    activation, terminal, nobody = json.loads(said)
    assert activation["address"].startswith("127.36.")
    assert terminal["online"] is True
    assert terminal["contexts"][0]["address"] == activation["address"]
    assert nobody["status"] == 404
