"""A real Prometheus reads a lab's metrics, and has data for every query of the dashboard."""

from __future__ import annotations

import json
import math
import re
import subprocess
from urllib.parse import urlencode

import pytest

from tests.conftest import require_peer
from tests.interop.peers import CORENET, Peers, Place, eventually
from tests.pages import text_of

pytestmark = pytest.mark.interop

GUIDE = "docs/howto/run-as-a-service.md"
DASHBOARD = json.loads(text_of("packaging/grafana/corenet.json"))
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
ADDRESSES = ("127.0.10.4:8080", "127.0.10.5:8081", "127.0.10.7:9464")
PROMETHEUS = "http://127.0.0.1:9090/api/v1"
PAP = "http://127.0.10.5:8081/pap"
LAB = """\
name: measured
ggsn:
  address: 127.0.10.1
  apns: [{name: wap.example, pool: 127.10.0.0/16}]
  gi: {ports: [2948]}
sgsn: {address: 127.0.10.2}
hlr: {address: 127.0.10.3}
subscribers:
  - {imsi: "234150000000001", msisdn: "447700900001", apns: [{name: wap.example}]}
control: {address: 127.0.10.4, port: 8080}
gateway:
  address: 127.0.10.5
  apn: wap.example
  policy: [{order: [ip, activation, sms, hold]}]
smsc:
  address: 127.0.10.7
  metrics: 9464
  esmes: [{system_id: gateway, password: secret}]
"""


@pytest.fixture
def measured(isolated_peers: Peers) -> Peers:
    """Return what starts peers beside a lab with a core, a gateway and an SMSC."""
    isolated_peers.run_lab(LAB)
    return isolated_peers


def submit(place: Place) -> None:
    """Have the gateway deliver a push, and refuse something that is none."""
    words = ("push", "447700900001", "--gateway", PAP, "--wait", "0")
    place.run(str(CORENET), *words)
    place.run(require_peer("curl", package="curl"), "--silent", "--data", "no PAP", PAP)


def test_promtool_has_nothing_to_say_about_what_is_exposed(measured: Peers) -> None:
    """Names, kinds and help are as Prometheus wants them."""
    promtool = require_peer("promtool", package="prometheus")
    submit(measured.place)
    for address in ADDRESSES:
        exposed = measured.place.fetch("GET", f"http://{address}/metrics")
        asked = [promtool, "check", "metrics"]
        done = subprocess.run(asked, input=exposed, capture_output=True, text=True, timeout=180)
        assert (done.returncode, done.stdout + done.stderr) == (0, ""), exposed


def answers(place: Place, query: str) -> list[float]:
    """Return the numbers that Prometheus has for a query now."""
    found = place.ask("GET", f"{PROMETHEUS}/query?{urlencode({'query': query})}")
    values = (float(one["value"][1]) for one in found["data"]["result"])
    return [value for value in values if not math.isnan(value)]


def test_every_query_of_the_dashboard_has_data(measured: Peers) -> None:
    """With the configuration of the guide, while pushes come and are delivered."""
    (shown,) = re.findall(r"^```yaml prometheus.yml\n(.*?)^```", text_of(GUIDE), re.M | re.S)
    assert all(address in shown for address in ADDRESSES)
    (measured.folder / "prometheus.yml").write_text(shown.replace("15s", "2s"), encoding="utf-8")
    program = require_peer("prometheus", package="prometheus")
    words = ("--config.file=prometheus.yml", "--storage.tsdb.path=series")
    peer = measured.start("prometheus", program, *words, "--web.listen-address=127.0.0.1:9090")
    peer.wait_for("Server is ready to receive web requests")

    def without_data() -> list[str]:
        submit(measured.place)
        return [query for query in QUERIES if not answers(measured.place, query)]

    eventually(without_data, lambda queries: not queries, timeout=180.0)
    # A scrape may take too long on a busy machine; the next one need not.
    eventually(lambda: answers(measured.place, "up"), lambda up: up == [1.0, 1.0, 1.0])
