"""Mobiles of other processes, cells and TUN devices in a lab file."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

import pytest

from corenet.gi.terminal_plan import EVERYTHING, TerminalPlan
from corenet.interfaces.cells import CellQuality
from corenet.interfaces.node import Interface
from corenet.um.config import TransceiverConfig
from testbed.lab import elsewhere
from testbed.lab.build import LoadedLab, build, load_mobiles
from testbed.lab.yaml_source import SourceError, read

LAB = """\
name: city
ggsn: {address: 127.0.10.1, apns: [{name: internet, pool: 127.10.0.0/16}]}
hlr: {address: 127.0.10.3}
sgsn: {address: 127.0.10.2, routing_areas: [{cells: [26, 27]}]}
latency: {radio: 0.1}
radio:
  address: 127.0.10.2
  clients: [127.0.0.0/8, 192.0.2.0/24]
  cells: {27: {loss: 0.25, latency: 0.5}}
mobiles:
  phones: {address: 127.0.10.7, control: {address: 127.0.10.7}}
  tablets: {address: 127.0.10.8, port: 4730}
subscribers:
  - imsi: "234150000000001"
    msisdn: "447700900001"
    apns: [{name: internet}]
  - imsi: "234150000000002"
    msisdn: "447700900002"
    apns: [{name: internet}]
    mobile: {process: phones, activate: [internet], tun: {device: phone, namespace: phone}}
  - imsi: "234150000000010"
    msisdn: "447700900010"
    count: 5
    apns: [{name: internet}]
    mobile: {process: tablets, cell: 27}
"""


def built(text: str = LAB) -> LoadedLab:
    return build(read(text, "lab.yaml"))


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "lab.yaml"
    path.write_text(LAB, encoding="utf-8")
    return str(path)


def test_the_network_has_a_base_station_and_its_own_mobiles_only() -> None:
    """It knows every subscriber, and whose mobiles are beside it."""
    lab = built()
    assert lab.core is not None
    assert [mobile.imsi for mobile in lab.core.mobiles] == ["234150000000001"]
    station = lab.core.base_station
    assert station is not None
    assert station.listen == ("127.0.10.2", 4729)
    assert station.sgsns == {26: ("sgsn", 0), 27: ("sgsn", 0)}
    assert station.clients == (IPv4Network("127.0.0.0/8"), IPv4Network("192.0.2.0/24"))
    assert station.own == {"234150000000001"}
    assert lab.core.hlr is not None
    assert len(lab.core.hlr.subscribers) == 7
    assert (lab.self_activating, lab.devices) == ({}, {})
    assert elsewhere.cell_quality(lab.model) == {27: CellQuality(0.25, 0.5)}


def test_a_lab_without_radio_address_listens_nowhere() -> None:
    """As ever."""
    core = built(LAB[: LAB.index("radio:\n")]).core
    assert core is not None
    assert core.base_station is None


def test_a_process_of_mobiles_is_a_lab_of_its_own(file: str) -> None:
    """It knows the cells, where the network is, and nothing else of it."""
    lab = load_mobiles(file, "phones")
    core = lab.core
    assert core is not None
    network = ("127.0.10.2", 4729)
    assert core.transceiver == TransceiverConfig(network, ("127.0.10.7", 0), "phones")
    assert sorted(core.cells) == [26, 27]
    assert (core.sgsns, core.ggsns, core.hlr, core.base_station) == ({}, {}, None, None)
    (mobile,) = core.mobiles
    assert (mobile.imsi, mobile.terminal, mobile.cell) == ("234150000000002", True, 26)
    assert lab.devices == {"234150000000002": TerminalPlan("phone", "phone", (EVERYTHING,))}
    assert lab.self_activating == {"234150000000002": ("internet",)}
    assert (lab.model.name, lab.terminals) == ("city-phones", 1)
    assert lab.model.control is not None
    assert lab.model.control.address == "127.0.10.7"
    assert elsewhere.cell_quality(lab.model) == {}
    assert lab.model.latency.by_interface[Interface.RADIO] == 0, "the network's process has it"


def test_a_range_may_be_elsewhere(file: str) -> None:
    """With its numbers counted out."""
    lab = load_mobiles(file, "tablets")
    assert lab.core is not None
    assert [mobile.imsi[-2:] for mobile in lab.core.mobiles] == ["10", "11", "12", "13", "14"]
    assert lab.core.transceiver is not None
    assert lab.core.transceiver.local == ("127.0.10.8", 4730)


@pytest.mark.parametrize(
    ("process", "text"),
    [
        (None, "11:3: mobiles: say which of the processes: phones, tablets"),
        ("cars", "11:3: mobiles: there is no process cars; there are phones, tablets"),
    ],
)
def test_the_process_has_to_be_there(file: str, process: str | None, text: str) -> None:
    """The file says which there are."""
    with pytest.raises(SourceError, match=text.split(": ", 2)[2]):
        load_mobiles(file, process)


def test_a_lab_without_processes_says_so(tmp_path: Path) -> None:
    """And what to do about it."""
    path = tmp_path / "lab.yaml"
    path.write_text(LAB[: LAB.index("radio:\n")], encoding="utf-8")
    with pytest.raises(SourceError, match="name them in mobiles"):
        load_mobiles(str(path), None)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("process: phones", "process: cars", "mobiles has no process cars; there are phones"),
        ("  address: 127.0.10.2\n  clients", "  clients", "need an sgsn, and radio.address"),
        ("cells: {27:", "cells: {28:", "there is no cell 28; there are 26, 27"),
        ("192.0.2.0/24", '"2001:db8::/32"', "IPv4 only"),
        ("process: tablets", "process: tablets, tun: {device: t}", "not that of a range"),
        ("loss: 0.25", "loss: 1.25", "less than or equal to 1"),
        ("device: phone,", "device: a device,", "pattern"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(before: str, after: str, text: str) -> None:
    """By line and column."""
    assert before in LAB
    with pytest.raises(SourceError, match=text) as raised:
        built(LAB.replace(before, after, 1))
    assert raised.value.problems[0].line > 1


def test_two_mobiles_of_a_process_are_not_one_device() -> None:
    """In different processes they may have the same name."""
    other = """\
  - imsi: "234150000000003"
    msisdn: "447700900003"
    apns: [{name: internet}]
    mobile: {tun: {device: phone, routes: [192.0.2.0/24]}}
"""
    plan = built(LAB + other).devices["234150000000003"]
    assert plan == TerminalPlan("phone", None, (IPv4Network("192.0.2.0/24"),))
    same = other.replace("tun:", "process: phones, tun:")
    with pytest.raises(SourceError, match="two mobiles of a process have the TUN device phone"):
        built(LAB + same)


def test_without_a_namespace_nothing_is_routed_unless_said() -> None:
    """The process's own way to the network would be lost."""
    plan = built(LAB.replace("process: phones, ", "").replace(", namespace: phone", ""))
    assert plan.devices["234150000000002"].routes == ()
