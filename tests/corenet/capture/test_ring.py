"""A capture in a ring of files: when a file is full, what each begins with, which are kept."""

import io

import pytest

from corenet.capture.capture import Capture
from corenet.capture.ring import CaptureRing, RingLimits
from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed

NODES = (("127.0.10.1", "ggsn"), ("127.0.10.2", "sgsn"))
GTP = bytes.fromhex("320100040000000000010000")


class Ring:
    """A capture into a ring, with a clock of its own."""

    def __init__(self, folder, **limits):
        self.folder = folder
        self.time = 1000.0
        self.files = CaptureRing(folder / "a.pcapng", RingLimits(**limits), lambda: self.time)
        self.capture = Capture(self.files)

    def passes(self, count=1):
        (source, sender), (destination, receiver) = NODES
        for _ in range(count):
            self.capture(
                Passed(
                    self.time, Interface.GTP_C, (source, 2123), (destination, 2123),
                    GTP, sender, receiver,
                )
            )  # fmt: skip

    def kept(self):
        self.files.flush()
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def ring(tmp_path):
    """Make rings; their last files are closed at the end."""
    made = []

    def make(**limits):
        made.append(Ring(tmp_path, **limits))
        return made[-1]

    yield make
    for one in made:
        one.files.close()


def test_files_are_numbered_from_one(ring):
    """The first file is there from the start."""
    assert ring(octets=1000).kept() == ["a_00001.pcapng"]


def test_a_full_file_is_followed_by_the_next(ring, read_pcapng):
    """What passes goes on in the next one; nothing is lost between them, or twice."""
    one = ring(octets=200)
    one.passes(7)
    assert len(one.kept()) > 1
    packets = [read_pcapng((one.folder / name).read_bytes())[0] for name in one.kept()]
    assert all(packets)
    assert sum(len(found) for found in packets) == 7


def test_an_old_file_is_followed_by_the_next(ring):
    """Age counts from the file's beginning, and is looked at when something passes."""
    one = ring(seconds=60)
    one.passes()
    one.time += 59.9
    one.passes()
    assert one.kept() == ["a_00001.pcapng"]
    one.time += 0.2
    one.passes()
    one.time += 59.9
    one.passes()
    assert one.kept() == ["a_00001.pcapng", "a_00002.pcapng"]


def test_the_last_files_are_kept(ring):
    """The oldest is deleted as another begins."""
    one = ring(octets=1, files=2)
    one.passes(5)
    assert one.kept() == ["a_00004.pcapng", "a_00005.pcapng"]


def test_a_file_that_is_gone_is_no_matter(ring):
    """Who watches a ring may take files away."""
    one = ring(octets=1, files=1)
    one.passes()
    (one.folder / "a_00001.pcapng").unlink()
    one.passes(2)
    assert one.kept() == ["a_00003.pcapng"]


def test_each_file_stands_alone(ring, read_pcapng):
    """Interfaces and the names of addresses are in each; a single stream has the same packets."""
    one = ring(octets=1)
    one.passes(3)
    whole = io.BytesIO()
    capture = Capture(whole)
    one.files.flush()
    for number in (1, 2, 3):
        packets, names = read_pcapng((one.folder / f"a_0000{number}.pcapng").read_bytes())
        assert names == dict(NODES)
        assert [packet.interface for packet in packets] == ["Gn"]
    capture.close()


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("filesize:1000", RingLimits(octets=1_000_000)),
        ("duration:60", RingLimits(seconds=60)),
        ("duration:3600,filesize:5,files:3", RingLimits(octets=5000, seconds=3600, files=3)),
    ],
)
def test_limits_are_written_as_dumpcap_has_them(text, limits):
    """Kilobytes, seconds, and a number of files."""
    assert RingLimits.parse(text) == limits


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("files:3", "does not say when a file is full"),
        ("size:3", "'size:3' is none of"),
        ("", "'' is none of"),
        ("filesize:0", "'0' is no number from 1 on"),
        ("filesize:1,filesize:2", "'filesize:2' is none of"),
        ("duration:-1", "'-1' is no number"),
        ("duration:1.5", "'1.5' is no number"),
        ("duration:", "'' is no number"),
        ("filesize:99999999999", "is no number"),
    ],
)
def test_other_limits_are_refused(text, said):
    """The error quotes what is wrong."""
    with pytest.raises(ValueError, match=said):
        RingLimits.parse(text)
