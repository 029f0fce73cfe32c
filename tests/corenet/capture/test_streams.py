"""Where a capture goes."""

import os
import subprocess
import sys

import pytest

from corenet.capture.streams import open_capture


def test_file_is_opened_by_its_name(tmp_path):
    """A name opens that file; one in no directory is the system's error."""
    with open_capture(str(tmp_path / "a.pcapng")) as stream:
        stream.write(b"x")
    assert (tmp_path / "a.pcapng").read_bytes() == b"x"
    with pytest.raises(FileNotFoundError):
        open_capture(str(tmp_path / "none" / "a.pcapng"))


WRITE = """
from corenet.capture.streams import TerminalError, open_capture
try:
    with open_capture("-") as stream:
        stream.write(b"octets")
except TerminalError as error:
    print("refused:", error)
"""


def test_dash_is_the_standard_output():
    """With "-" the capture goes to the standard output, which stays open."""
    done = subprocess.run([sys.executable, "-c", WRITE], capture_output=True, check=True)
    assert done.stdout == b"octets"


def test_terminal_is_refused():
    """A capture is not poured on a terminal; the error says where it belongs."""
    leader, follower = os.openpty()
    try:
        subprocess.run([sys.executable, "-c", WRITE], stdout=follower, check=True)
        assert b"refused: a capture does not go to a terminal" in os.read(leader, 1000)
    finally:
        os.close(leader)
        os.close(follower)
