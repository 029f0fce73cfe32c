"""A capture has each message once, with its direction and time, whatever interface it is on."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from corenet.capture.capture import INTERFACES, Capture
from corenet.capture.ring import CaptureRing, RingLimits
from corenet.control.model import MobileActivation
from corenet.interfaces.attachments import TO_MOBILES
from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed, Phase
from testbed.codecs import pap
from testbed.codecs.si import ServiceIndication
from testbed.initiator.submission import indication_part, recipient, submission
from testbed.lab.build import load
from testbed.lab.virtual import virtual_lab
from testbed.simulation.lab import VirtualLab

HLR = "127.0.20.3"
UPLINK = 0x40
Line = tuple[float, str, bytes]
"""Time, sender, payload."""


def recorded(files: list[Path]) -> Iterator[tuple[str, float, bytes]]:
    """Yield interface, time and IP packet of each packet, in the order of the files."""
    for path in files:
        data = path.read_bytes()
        while data:
            kind, total = struct.unpack_from("<II", data)
            if kind == 6:
                number, high, low, length = struct.unpack_from("<IIII", data, 8)
                name = INTERFACES[number][0]
                yield name, ((high << 32) + low) / 1e6, data[28 : 28 + length]
            data = data[total:]


def shown(files: list[Path]) -> dict[str, list[Line]]:
    """Return what a capture says passed, by interface: datagrams, and parts of connections."""
    found = defaultdict(list)
    for name, time, packet in recorded(files):
        source = str(IPv4Address(packet[12:16]))
        payload = packet[28:] if packet[9] == 17 else packet[20 + (packet[32] >> 4) * 4 :]
        if packet[9] == 17 or payload:
            found[name].append((time, source, payload))
    return found


def as_captured(one: Passed) -> tuple[str, Line] | None:
    """Return where and how something that passed should be in a capture."""
    name, data = str(one.interface), one.data
    if one.phase not in (None, Phase.DATA) or not data:
        return None
    if one.interface in (Interface.GTP_C, Interface.GTP_U):
        name = "Gc" if HLR in (one.source[0], one.destination[0]) else "Gn"
    elif one.interface is Interface.RADIUS:
        name = "RADIUS"
    elif one.interface in TO_MOBILES:
        name = "Gi"
    elif one.interface is Interface.GI:
        name, data = "Gi", data[28:]
    elif one.interface is Interface.SMPP:
        name = "SMPP"
    elif one.interface is Interface.GR:
        name, data = "Gr", struct.pack("!HBB", len(data) + 1, 0xEE, 5) + data
    return name, (one.time, one.source[0], data)


def push(lab: VirtualLab, msisdn: str) -> None:
    """Have the gateway deliver a push, whatever way it takes."""
    assert lab.gateway is not None
    push_id = f"push-{len(lab.initiator.answers)}@pi.example"
    content = pap.PushMessage(
        push_id=push_id, addresses=(recipient(msisdn),), notify_url=lab.initiator.url
    )
    part = indication_part(ServiceIndication(href="http://www.example.com/", text="hello"))
    lab.initiator.submit(push_id, submission(content, part), lab.gateway.submit)
    assert lab.network.run_until(
        lambda: any(n.notification.push_id == push_id for n in lab.initiator.notified), within=120
    )


@pytest.fixture
def passed_and_shown(tmp_path: Path) -> tuple[list[Passed], dict[str, list[Line]], int]:
    """Run a lab with everything in it, whose SGSN restarts, and capture it in a ring of files."""
    loaded = load("sms")
    assert loaded.core is not None
    passed: list[Passed] = []
    with virtual_lab(loaded, seed=1) as lab:
        limits = RingLimits(octets=4000)
        ring = CaptureRing(tmp_path / "lab.pcapng", limits, lab.network.now)
        capture = Capture(ring, gc_hosts=loaded.core.gc_hosts)
        lab.network.on_passed(capture)
        lab.network.on_passed(passed.append)
        lab.start()
        assert lab.settle(60)
        push(lab, "447700900201")
        lab.control.faults.restart("sgsn")
        for imsi in ("234150000000201", "234150000000202"):
            lab.control.drive_mobile(imsi, "power-off", None)
            lab.control.drive_mobile(imsi, "power-on", None)
        lab.run(30)
        lab.control.drive_mobile("234150000000202", "activate", MobileActivation(apn="wap.example"))
        lab.run(10)
        push(lab, "447700900202")
        ring.flush()
        ring.close()
        assert capture.counters["unrecorded"] == 0
    files = sorted(tmp_path.iterdir())
    return passed, shown(files), len(files)


def test_each_message_is_captured_once_with_its_direction_and_time(
    passed_and_shown: tuple[list[Passed], dict[str, list[Line]], int],
) -> None:
    """Through the restart of a node and the change of files, and nothing besides."""
    passed, captured, files = passed_and_shown
    assert files > 2
    expected: dict[str, list[Line]] = defaultdict(list)
    for one in passed:
        found = as_captured(one)
        if found is not None:
            expected[found[0]].append(found[1])
    radio = expected.pop("radio")
    assert set(expected) == {"Gn", "Gc", "Gr", "Gi", "RADIUS", "SMPP"}
    for name, lines in expected.items():
        times = [time for time, _, _ in lines]
        assert [time for time, _, _ in captured[name]] == pytest.approx(times, abs=1e-6), name
        assert [data for _, _, data in captured[name]] == [data for _, _, data in lines], name
        if name != "Gr":
            # Gr has names instead of addresses; the capture gives it some.
            assert [who for _, who, _ in captured[name]] == [who for _, who, _ in lines], name
    assert len(captured["radio"]) == len(radio)
    for (time, _, tapped), (when, sender, frame) in zip(captured["radio"], radio, strict=True):
        assert time == pytest.approx(when, abs=1e-6)
        assert tapped.endswith(frame)
        assert bool(tapped[4] & UPLINK) == (sender not in ("sgsn",))
