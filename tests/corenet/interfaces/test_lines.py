"""What becomes of connections while somebody interferes (RFC 6298, RFC 9293 §3.8.3)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from twisted.internet.task import Clock

from corenet.interfaces.interference import LOST, Fate
from corenet.interfaces.lines import GIVE_UP, LONGEST_TIMEOUT, Lines
from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Passed, Phase


class World:
    """Connections, and what is done to them."""

    def __init__(self):
        self.clock = Clock()
        self.interference = None
        self.lines = Lines(self)
        self.shown, self.arrived, self.broken = [], [], []

    def call_later(self, delay, action):
        return self.clock.callLater(delay, action)

    def interfere(self, *fates):
        """Give each that is shown its fate, in order, and the last one again and again."""
        left = list(fates)

        def interference(passed):
            self.shown.append((passed.data, passed.time))
            return left.pop(0) if len(left) > 1 else left[0]

        self.interference = interference

    def send(self, data, key="line", **options):
        def shown():
            ends = (("127.0.0.1", 1), ("127.0.0.1", 2))
            return Passed(self.clock.seconds(), Interface.SMPP, *ends, data, "a", "b", Phase.DATA)

        self.lines.carry(
            key,
            shown,
            lambda: self.arrived.append((data, self.clock.seconds())),
            lambda: self.broken.append((data, self.clock.seconds())),
            **options,
        )

    def run(self, seconds):
        end = self.clock.seconds() + seconds
        while (due := min((c.getTime() for c in self.clock.getDelayedCalls()), default=end)) <= end:
            self.clock.advance(due - self.clock.seconds())
            if not self.clock.getDelayedCalls():
                break
        self.clock.advance(end - self.clock.seconds())


@pytest.fixture
def world():
    return World()


def test_without_interference_all_goes_at_once(world):
    """And nothing is kept."""
    world.send(b"one")
    assert world.arrived == [(b"one", 0)]
    assert len(world.lines) == 0


def test_what_is_lost_is_sent_again_after_a_timeout_that_doubles(world):
    """Each time that it goes it is shown, with the time that it is then."""
    world.interfere(LOST, LOST, LOST, None)
    world.send(b"one")
    world.run(20)
    assert world.shown == [(b"one", 0), (b"one", 1), (b"one", 3), (b"one", 7)]
    assert world.arrived == [(b"one", 7)]
    assert len(world.lines) == 0


def test_what_is_behind_waits(world):
    """What comes after a lost one is there, and is not read before."""
    world.interfere(LOST, None)
    world.send(b"one")
    world.interference = None
    world.send(b"two")
    world.send(b"elsewhere", key="another line")
    assert world.arrived == [(b"elsewhere", 0)]
    world.run(2)
    assert world.arrived[1:] == [(b"one", 1), (b"two", 1)]


def test_what_is_delayed_less_does_not_overtake(world):
    """A connection keeps the order of sending."""
    world.interfere(Fate(sendings=(2.0,)), Fate(sendings=(0.5,)))
    world.send(b"one")
    world.send(b"two")
    world.run(3)
    assert world.arrived == [(b"one", 2), (b"two", 2)]


def test_what_goes_twice_arrives_once(world):
    """TCP throws the second away."""
    world.interfere(Fate(sendings=(0.0, 0.5)))
    world.send(b"one")
    world.run(1)
    assert world.arrived == [(b"one", 0)]


def test_who_loses_everything_loses_the_connection(world):
    """After a hundred seconds; with it goes what waits behind, and what comes then is new."""
    world.interfere(LOST)
    world.send(b"one")
    world.send(b"two")
    world.run(GIVE_UP - 0.1)
    assert (world.arrived, world.broken) == ([], [])
    gaps = [later - sooner for sooner, later in pairwise(time for _, time in world.shown[::2])]
    assert gaps == [1, 2, 4, 8, 16, 32]
    assert max(gaps) <= LONGEST_TIMEOUT
    world.run(0.2)
    assert world.broken == [(b"one", GIVE_UP)]
    assert len(world.lines) == 0
    world.interference = None
    world.send(b"three")
    assert [data for data, _ in world.arrived] == [b"three"]
    world.run(200)
    assert len(world.broken) == 1


def test_patience_may_be_shorter(world):
    """An attempt to connect has a timeout of its own."""
    world.interfere(LOST)
    world.send(b"", patience=5)
    world.run(6)
    assert world.broken == [(b"", 5)]


def test_a_line_that_is_forgotten_never_arrives(world):
    """Neither what was lost nor what was late, nor is anything broken any more."""
    world.interfere(LOST, Fate(sendings=(1.0,)))
    world.send(b"one")
    world.send(b"two")
    world.lines.forget("line")
    world.lines.forget("no such line")
    world.run(200)
    assert (world.arrived, world.broken) == ([], [])


def test_what_is_let_go_arrives_at_once(world):
    """In order, and once."""
    world.interfere(LOST, Fate(sendings=(1.0,)))
    world.send(b"one")
    world.send(b"two")
    world.lines.let_go()
    assert [data for data, _ in world.arrived] == [b"one", b"two"]
    world.run(200)
    assert len(world.arrived) == 2
    assert len(world.lines) == 0
