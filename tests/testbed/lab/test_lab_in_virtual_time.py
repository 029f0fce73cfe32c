"""Lab files in virtual time."""

from __future__ import annotations

from pathlib import Path

import pytest

from corenet.control.subscriber_model import SubscriberChange
from corenet.interfaces.node import Interface
from testbed.lab.build import build, load
from testbed.lab.virtual import OnlyOnSocketsError, virtual_lab
from testbed.lab.yaml_source import read
from testbed.simulation.quality import LinkQuality

ON_SOCKETS = {
    "gateway": "has no core",
    "ggsn:\n  address: 127.0.0.2\n  gi: {tun: true}\n  apns: [{name: a, pool: 10.45.0.0/16}]\n": (
        "has TUN devices"
    ),
    "sgsn: {address: 127.0.0.2, hlr: {address: 127.0.0.9}}\n": "has an HLR of another process",
    "hlr: {address: 127.0.0.2}\n"
    "sgsn: {address: 127.0.0.3, dns: {servers: [127.0.0.53]}}\n": "has an SGSN that asks the DNS",
    "hlr: {address: 127.0.0.2}\n"
    "gateway: {address: 127.0.0.3, apn: a, core: {url: 'http://127.0.0.4:8080'}}\n": (
        "has a gateway for a core elsewhere"
    ),
}

PERSON = """\
subscribers:
  - {imsi: "234150000000001", msisdn: "447700900001", apns: [{name: wap.example}], mobile: null}
"""


def test_a_push_goes_through_the_demo_lab() -> None:
    """The file's terminals, gateway and behaviours are there."""
    with virtual_lab(load("demo"), seed=1) as lab:
        lab.start()
        assert lab.settle(10)
        lab.push("447700900101", text="hello")
        lab.run(5)
        assert [shown.text for shown in lab.shown("234150000000101")] == ["hello"]


def test_a_push_goes_by_short_message() -> None:
    """The SMSC of the file, and the gateway's way to it."""
    with virtual_lab(load("sms"), seed=1) as lab:
        lab.start()
        assert lab.settle(10)
        lab.push("447700900201", text="hello")
        lab.run(60)
        assert [shown.text for shown in lab.shown("234150000000201")] == ["hello"]


def test_an_smsc_needs_no_gateway() -> None:
    """It waits for ESMEs of others."""
    text = "hlr: {address: 127.0.0.2}\nsmsc: {address: 127.0.0.3}\n"
    with virtual_lab(build(read(text, "lab.yaml")), seed=1) as lab:
        lab.start()
        assert lab.smsc is not None
        assert lab.smsc.smsc.name == "smsc"


def test_latencies_are_those_of_the_file_unless_others_are_given() -> None:
    """10 ms where nothing is said."""
    text = "hlr: {address: 127.0.0.2}\nlatency: {gtp_c: 0.5, radio: 0.2}\n"
    given = {Interface.RADIO: LinkQuality(latency=0.3)}
    with virtual_lab(build(read(text, "lab.yaml")), seed=1, quality=given) as lab:
        network = lab.network
        asked = (Interface.GTP_C, Interface.RADIO, Interface.GTP_U)
        assert [network.latency(which) for which in asked] == [0.5, 0.3, 0.01]


def test_what_an_hlr_keeps_outlives_it_in_memory(tmp_path: Path) -> None:
    """A file that the lab names is neither read nor written."""
    file = tmp_path / "hlr.sqlite"
    text = f"hlr: {{address: 127.0.0.2, database: {file}}}\n" + PERSON
    with virtual_lab(build(read(text, "lab.yaml")), seed=1) as lab:
        lab.start()
        lab.control.subscribers.change("234150000000001", SubscriberChange(msisdn="447700900777"))
        lab.run(1)
        lab.restart("hlr")
        assert lab.control.subscribers.get("234150000000001").msisdn == "447700900777"
    assert not file.exists()


@pytest.mark.parametrize("text", ON_SOCKETS, ids=ON_SOCKETS.values())
def test_what_needs_sockets_is_refused(text: str) -> None:
    """Before anything starts, and the error says what it is."""
    lab = load(text) if text == "gateway" else build(read(text, "lab.yaml"))
    with pytest.raises(OnlyOnSocketsError, match=ON_SOCKETS[text]), virtual_lab(lab, seed=1):
        pass
