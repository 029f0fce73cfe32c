"""What the experiments that throw broken octets at something have in common.

Changes to octets, one kind each; inputs played for so many seconds; and libFuzzer, which looks for
inputs that reach code that none has reached before, where the package atheris is installed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from random import Random

Change = Callable[[bytearray, Random], None]
"""Changes octets in place."""
Play = Callable[[bytes, Random], None]
"""Plays one input; raises where something goes wrong."""


def _piece(octets: bytearray, random: Random, longest: int) -> slice:
    begin = random.randrange(len(octets) + 1)
    return slice(begin, begin + random.randint(1, longest))


def flip(octets: bytearray, random: Random) -> None:
    """Put another octet in the place of one."""
    if octets:
        octets[random.randrange(len(octets))] = random.randrange(256)


def cut(octets: bytearray, random: Random) -> None:
    """Take a piece out."""
    del octets[_piece(octets, random, random.choice((1, 30, 1000)))]


def double(octets: bytearray, random: Random) -> None:
    """Have a piece twice, or many times."""
    piece = _piece(octets, random, 200)
    octets[piece.start : piece.start] = octets[piece] * random.choice((1, 1, 2, 60))


def move(octets: bytearray, random: Random) -> None:
    """Put a piece somewhere else."""
    piece = _piece(octets, random, 200)
    moved = octets[piece]
    del octets[piece]
    place = random.randrange(len(octets) + 1)
    octets[place:place] = moved


def end(octets: bytearray, random: Random) -> None:
    """Stop in the middle."""
    del octets[random.randrange(len(octets) + 1) :]


def drifting(
    seeds: Callable[[], list[bytes]], mutated: Callable[[bytes, Random], bytes], random: Random
) -> Iterator[bytes]:
    """Yield inputs without end: the right ones first, then what becomes of them."""
    begun = seeds()
    yield from begun
    while True:
        octets = mutated(random.choice(begun), random)
        yield octets
        if random.random() < 0.02:
            # What was changed is changed further now and then.
            begun[random.randrange(len(begun))] = octets if random.random() < 0.5 else seeds()[0]


def play_for(seconds: float, seed: int, inputs: Iterable[bytes], play: Play) -> int:
    """Play until the time is over; return how many inputs there were.

    Raises what ``play`` raises, after the octets that did it have gone to standard error.
    """
    random = Random(seed)
    ends = time.monotonic() + seconds
    played = 0
    for octets in inputs:
        if time.monotonic() > ends:
            break
        played += 1
        try:
            play(octets, random)
        except Exception:
            sys.stderr.write(f"input {played} of seed {seed}:\n{octets!r}\n")
            raise
    return played


def run(
    name: str,
    description: str | None,
    *,
    instrumented: Sequence[str],
    seeds: Sequence[bytes],
    inputs: Callable[[Random], Iterable[bytes]],
    play: Play,
    largest: int,
    words: Sequence[bytes] = (),
    found: str,
) -> int:
    """Run an experiment from the command line: ``name`` is its module, which has ``play`` too.

    ``instrumented`` are the packages whose code libFuzzer looks through, ``found`` is what is so
    of as many inputs as were played. Raises ImportError where atheris is wanted and missing.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=description)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--inputs", type=int, help="no more than so many, however fast it goes")
    parser.add_argument("--seed", type=int, default=1, help="the same inputs for the same seed")
    parser.add_argument("--atheris", action="store_true", help="let libFuzzer choose the inputs")
    options = parser.parse_args()
    if options.atheris:
        limits = [f"-max_total_time={int(options.seconds)}", f"-seed={options.seed or 1}"]
        if options.inputs is not None:
            limits.append(f"-runs={options.inputs}")
        limits.append(f"-max_len={largest}")
        _play_guided(name, instrumented, seeds, words, limits)
    chosen = islice(inputs(Random(options.seed)), options.inputs)
    print(f"{play_for(options.seconds, options.seed, chosen, play)} {found}")
    return 0


def _play_guided(
    name: str,
    instrumented: Sequence[str],
    seeds: Iterable[bytes],
    words: Sequence[bytes],
    limits: Sequence[str],
) -> None:
    """Have libFuzzer look for paths through packages; it ends the process."""
    import atheris

    # Code is instrumented as it is imported, so what has been is imported anew.
    for known in [one for one in sys.modules if one.partition(".")[0] in instrumented]:
        del sys.modules[known]
    with atheris.instrument_imports(include=list(instrumented)):
        play = import_module(name).play
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, octets in enumerate(seeds):
            (corpus / str(number)).write_bytes(octets)
        arguments = [sys.argv[0], *limits, "-print_final_stats=1"]
        if words:
            dictionary = Path(folder) / "words"
            quoted = ("".join(f"\\x{octet:02x}" for octet in word) for word in words)
            dictionary.write_text("".join(f'"{word}"\n' for word in quoted), encoding="ascii")
            arguments.append(f"-dict={dictionary}")
        atheris.Setup([*arguments, str(corpus)], lambda octets: play(octets, Random(1)))
        atheris.Fuzz()
