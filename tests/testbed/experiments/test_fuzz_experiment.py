"""Broken requests at a whole gateway, for a moment; ``python -m testbed.experiments.fuzz`` does so
for as long as one likes.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from importlib.util import find_spec
from itertools import islice
from random import Random

import pytest

from testbed.experiments import fuzz
from testbed.experiments.fuzz import BrokenError, Round, inputs, mutated, seeds, words


@pytest.mark.parametrize("seed", range(3))
def test_whatever_comes_over_a_connection_is_answered_and_ends(seed):
    """One answer for each submission, PAP or 4xx; no fault, and no push that is left over."""
    random = Random(seed)
    for octets in islice(inputs(random), 150):
        Round().play(octets, random)


@pytest.mark.parametrize("number", range(len(seeds())))
def test_what_it_begins_with_is_right(number):
    """Or most of the code would never be reached."""
    answered = []
    round_ = Round()
    check = round_.check
    round_.check = lambda octets: answered.append(octets) or check(octets)
    round_.play(seeds()[number], Random(1))
    for answer in answered[0].split(b"HTTP/1.1 ")[1:]:
        assert answer[:3] in (b"202", b"200", b"404")
        assert b"badmessage" not in answer


def test_a_promise_that_is_broken_is_noticed():
    """A server's fault on the connection; and the same inputs come for the same seed."""
    quoting = b'HTTP/1.1 202 Accepted\r\n\r\n<pap x="&#13;&#10;GET / HTTP/1.1 5"/>\n'
    with closing(Round()) as round_, pytest.raises(BrokenError, match="500 Internal"):
        round_.check(quoting + b"HTTP/1.1 500 Internal Server Error\r\n\r\n")
    assert [list(islice(inputs(Random(1)), 50))] == [list(islice(inputs(Random(1)), 50))]


def test_changes_change_something():
    """And stay within bounds."""
    random = Random(1)
    begun = seeds()[0]
    changed = [mutated(begun, random) for _ in range(200)]
    assert sum(octets != begun for octets in changed) > 150
    assert max(map(len, changed)) < 2 * fuzz.LARGEST
    assert b"multipart/related" in words()


def test_libfuzzer_finds_nothing_in_a_moment():
    """With atheris, where it is installed, guided by which code an input reaches; as many inputs
    on every machine.
    """
    if find_spec("atheris") is None:
        pytest.skip("atheris is not installed: it has wheels for Linux on x86-64 only")
    done = subprocess.run(
        [sys.executable, "-m", "testbed.experiments.fuzz", "--atheris", "--inputs", "2000"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
