"""What of a recorded message is made fit for the peer of today, octet by octet.

Only octets are changed that name something: so a message that was wrong when it was recorded is
as wrong when it is sent again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final

from gtp.constants import IEType
from gtp.errors import RemoteProtocolError
from gtp.wire import read_extension_headers, read_header, split_elements

_TEIDS: Final[Mapping[int, int]] = {
    IEType.TEID_DATA: 0,
    IEType.TEID_CONTROL: 0,
    IEType.TEID_DATA_II: 1,
}
"""Types of elements that hold a TEID, and where in their value it begins."""
_ALL_TYPES = range(256)


@dataclass(slots=True)
class Names:
    """What the peer calls things now that it called otherwise in the recording."""

    teids: dict[int, int] = field(default_factory=dict)
    """The peer's TEIDs: of now by the recorded."""
    hosts: dict[bytes, bytes] = field(default_factory=dict)
    """Addresses of GSNs: of now by the recorded, as octets."""

    def note_host(self, recorded: str, now: str) -> None:
        """Take note that a host has another address, of the same family."""
        before, after = _octets(recorded), _octets(now)
        if len(before) == len(after):
            self.hosts[before] = after

    def learn(self, recorded: bytes, now: bytes) -> None:
        """Take the TEIDs from a message of the peer and from what it was when recorded."""
        before, after = list(_teids(recorded)), list(_teids(now))
        for (which, old), (same, new) in zip(before, after, strict=False):
            if which == same:
                self.teids[old] = new


def rewritten(data: bytes, names: Names, sequence: int, teid: int | None = None) -> bytes:
    """Return a recorded message of ours as it goes out now.

    It gets a sequence number, the peer's present TEID in its header (``teid``, where the request
    that it answers has told one), and our own present address where it says ours.
    """
    if teid is None:
        recorded = int.from_bytes(data[4:8])
        teid = names.teids.get(recorded, recorded)
    changed = bytearray(data)
    changed[4:8] = teid.to_bytes(4)
    changed[8:10] = sequence.to_bytes(2)
    for ie_type, start, end in elements(data):
        if ie_type == IEType.GSN_ADDRESS:
            changed[start:end] = names.hosts.get(data[start:end], data[start:end])
    return bytes(changed)


def control_teid(data: bytes) -> int | None:
    """Return the TEID Control Plane that a message tells, to which its answer goes."""
    told = (teid for ie_type, teid in _teids(data) if ie_type == IEType.TEID_CONTROL)
    return next(told, None)


def elements(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield type, begin and end of each element's value, as far as they can be told apart."""
    try:
        header = read_header(data)
        _, body = read_extension_headers(data, header, _ALL_TYPES)
        for _, ie_type, start, end in split_elements(data, body):
            yield ie_type, start, end
    except RemoteProtocolError:
        return


def _teids(data: bytes) -> Iterator[tuple[int, int]]:
    for ie_type, start, end in elements(data):
        if ie_type in _TEIDS:
            yield ie_type, int.from_bytes(data[start + _TEIDS[ie_type] : end])


def _octets(host: str) -> bytes:
    return inet_pton(AF_INET6 if ":" in host else AF_INET, host)
