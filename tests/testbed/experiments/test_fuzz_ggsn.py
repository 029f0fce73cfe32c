"""Broken datagrams at a GGSN, for a moment; ``python -m testbed.experiments.fuzz_ggsn`` goes on."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from itertools import islice
from random import Random

import pytest

from corenet.interfaces.node import Interface
from gtp.messages import EchoRequest, EchoResponse
from testbed.experiments.fuzz_ggsn import LARGEST, inputs, mutated
from testbed.experiments.ggsn_courses import SGSN, BrokenError, Round, seeds


@pytest.mark.clause("29.060 §11.1", "whatever comes is answered once or not at all, and forgotten")
@pytest.mark.parametrize("seed", range(3))
def test_whatever_comes_is_answered_once_or_not_at_all(seed):
    """Nothing is raised, what leaves can be read, and nothing is left over."""
    for octets in islice(inputs(Random(seed)), 300):
        Round().play(octets)


def test_what_it_begins_with_is_right():
    """Or most of the GGSN would never be reached."""
    created = []
    for octets in seeds():
        round_ = Round()
        round_.play(octets)
        created.append(round_.ggsn.counters.contexts_created)
        assert round_.ggsn.counters.contexts_refused == 0
    assert created == [1, 3, 1, 0, 2]


def test_a_promise_that_is_broken_is_noticed():
    """An answer with another number, two answers, something unreadable, something left."""
    request = EchoRequest(sequence=3).encode()
    for wrong in (
        EchoResponse(sequence=4, recovery=1).encode(),
        EchoResponse(sequence=3, recovery=1).encode() * 2,
        b"\x32\x02\x00",
    ):
        round_ = Round()
        take = round_.ggsn.take_datagrams
        round_.ggsn.take_datagrams = lambda take=take, wrong=wrong: [
            type(one)(one.interface, one.peer, wrong) for one in take()
        ]
        with pytest.raises(BrokenError):
            round_.deliver(Interface.GTP_C, SGSN, request)
    round_ = Round()
    round_.ggsn.stop = lambda _now: None
    with pytest.raises(BrokenError, match="there is left"):
        round_.play(seeds()[2])


def test_changes_change_something():
    """And stay within bounds; the same seed gives the same inputs."""
    random = Random(1)
    begun = seeds()[0]
    changed = [mutated(begun, random) for _ in range(200)]
    assert sum(octets != begun for octets in changed) > 150
    assert max(map(len, changed)) <= LARGEST
    assert [list(islice(inputs(Random(1)), 50))] == [list(islice(inputs(Random(1)), 50))]


def test_libfuzzer_finds_nothing_in_a_moment():
    """With atheris, where it is installed, guided by which code an input reaches; as many inputs
    on every machine.
    """
    if find_spec("atheris") is None:
        pytest.skip("atheris is not installed: it has wheels for Linux on x86-64 only")
    done = subprocess.run(
        [sys.executable, "-m", "testbed.experiments.fuzz_ggsn", "--atheris", "--inputs", "2000"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
