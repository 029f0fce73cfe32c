"""Throws broken datagrams at a GGSN, and looks whether it keeps its head.

``python -m testbed.experiments.fuzz_ggsn`` runs for a minute; exit status 1 where something went
wrong, with the octets that did it. With ``--atheris`` libFuzzer looks for new paths through the
code; the package atheris is then needed.

Inputs begin as courses that are right, played by an SGSN and an HLR against a GGSN of the same
seed, so that the tunnels in them are the ones that there will be (``ggsn_courses``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from random import Random
from typing import Final

from testbed.experiments.fuzzing import (
    Change,
    cut,
    double,
    drifting,
    end,
    flip,
    move,
    run,
)
from testbed.experiments.ggsn_courses import STEP, Round, seeds

LARGEST: Final = 8000
"""Octets of an input."""


def _measure(octets: bytearray, random: Random) -> None:
    """Have the GTP header of one step say how long it is."""
    places, place = [], 0
    while place + STEP.size <= len(octets):
        _, length = STEP.unpack_from(octets, place)
        if length >= 8 and place + STEP.size + length <= len(octets):
            places.append((place + STEP.size, length))
        place += STEP.size + length
    if places:
        place, length = random.choice(places)
        octets[place + 2 : place + 4] = (length - 8).to_bytes(2, "big")


def _grow(octets: bytearray, random: Random) -> None:
    """Put octets into one step, whose lengths fit afterwards."""
    place = 0
    chosen = random.randrange(8)
    while place + STEP.size <= len(octets):
        kind, length = STEP.unpack_from(octets, place)
        begin = place + STEP.size
        if chosen == 0 and length >= 8 and begin + length <= len(octets):
            more = random.randbytes(random.choice((1, 4, 40)))
            at = begin + random.randint(8, length)
            octets[at:at] = more
            octets[place:begin] = STEP.pack(kind, min(length + len(more), 0xFFFF))
            octets[begin + 2 : begin + 4] = (length + len(more) - 8).to_bytes(2, "big")
            return
        chosen -= 1
        place = begin + length


_CHANGES: Final[tuple[Change, ...]] = (
    flip, flip, flip, cut, double, move, end, _measure, _grow, _grow,
)  # fmt: skip


def mutated(octets: bytes, random: Random) -> bytes:
    """Return a course with some things changed."""
    changed = bytearray(octets)
    for _ in range(random.choice((1, 1, 2, 4, 8))):
        random.choice(_CHANGES)(changed, random)
        del changed[LARGEST:]
    return bytes(changed)


def inputs(random: Random) -> Iterator[bytes]:
    """Yield courses without end: the right ones first, then what becomes of them."""
    return drifting(seeds, mutated, random)


def play(octets: bytes, _: Random) -> None:
    """Play one course against a GGSN of its own. Raises BrokenError."""
    Round().play(octets)


def main() -> int:
    """Run from the command line."""
    return run(
        "testbed.experiments.fuzz_ggsn",
        __doc__,
        instrumented=("gtp", "corenet", "testbed"),
        seeds=seeds(),
        inputs=inputs,
        play=play,
        largest=LARGEST,
        found="courses; each request answered once or not at all; nothing was left over.",
    )


if __name__ == "__main__":
    sys.exit(main())
