"""A capture as tshark dissects it: every packet with every field, by its Wireshark name."""

from __future__ import annotations

import subprocess
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

CHECKSUMS = ("ip", "udp", "tcp")
"""Protocols whose checksums tshark verifies only when asked."""
WARNING = 0x00600000
"""Severity of expert information (``_ws.expert.severity``)."""


SESSION_INITIATION = "application/vnd.wap.sia"

Fields = Mapping[str, int | str]
"""Values by the name of their field."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: its layers in order, and each field's values in order of appearance."""

    layers: tuple[str, ...]
    fields: dict[str, list[str]]

    def __getitem__(self, field: str) -> str:
        """Return the field's first value; ``KeyError`` where the packet has none."""
        return self.fields[field][0]

    def all(self, field: str) -> list[str]:
        """Return every value of the field."""
        return self.fields.get(field, [])

    def number(self, field: str) -> int | None:
        """Return the field's first value as a number, or None where the packet has none."""
        values = self.all(field)
        return int(values[0], 0) if values else None


class Dissection:
    """What tshark found in one capture."""

    def __init__(self, capture: Path | bytes, *, radius_secret: str = "corenet") -> None:
        """Dissect a file, or octets that tshark reads from a pipe."""
        source = "-" if isinstance(capture, bytes) else str(capture)
        command = ["tshark", "-n", "-r", source, "-T", "pdml"]
        command += ["-o", f"radius.shared_secret:{radius_secret}"]
        command += ["-o", "radius.validate_authenticator:TRUE"]
        for protocol in CHECKSUMS:
            command += ["-o", f"{protocol}.check_checksum:TRUE"]
        done = subprocess.run(
            command,
            input=capture if isinstance(capture, bytes) else None,
            capture_output=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stderr.decode()
        root = ElementTree.fromstring(done.stdout)
        self.packets = [_packet(element) for element in root.iter("packet")]

    def complaints(self) -> list[str]:
        """Return what is malformed or not authentic, and experts' warnings and errors.

        Session initiations (SIA) are left out: the dissector calls each malformed, whatever is
        in it.
        """
        found = []
        for number, packet in enumerate(self.packets, 1):
            if packet.all("wsp.header.content_type") == [SESSION_INITIATION]:
                continue
            if any(layer.startswith("_ws.malformed") for layer in packet.layers):
                found.append(f"packet {number} is malformed: {packet.layers}")
            if packet.all("radius.authenticator.invalid") == ["1"]:
                found.append(f"packet {number}: wrong RADIUS authenticator")
            severities = packet.all("_ws.expert.severity")
            for severity, message in zip(severities, packet.all("_ws.expert.message"), strict=True):
                if int(severity) >= WARNING:
                    found.append(f"packet {number}: {message}")
        return found

    def having(self, wanted: Fields) -> list[Packet]:
        """Return the packets with these: a number as the first value, a text among the values."""
        return [packet for packet in self.packets if _has(packet, wanted)]

    def one(self, wanted: Fields) -> Packet:
        """Return the only packet with these."""
        found = self.having(wanted)
        assert len(found) == 1, f"{len(found)} packets have {wanted}"
        return found[0]

    def gtp(self) -> list[int]:
        """Return the types of the GTP messages, in order."""
        numbers = (packet.number("gtp.message") for packet in self.packets)
        return [number for number in numbers if number is not None]


def _has(packet: Packet, wanted: Fields) -> bool:
    return all(
        packet.number(field) == value if isinstance(value, int) else value in packet.all(field)
        for field, value in wanted.items()
    )


def _packet(element: ElementTree.Element) -> Packet:
    layers = tuple(layer.get("name", "") for layer in element.iter("proto"))
    fields: dict[str, list[str]] = {}
    for name, value in _values(element):
        fields.setdefault(name, []).append(value)
    return Packet(layers, fields)


def _values(element: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for field in element.iter("field"):
        name = field.get("name")
        if name:
            yield name, field.get("show", "")
