"""A capture in several files, of which the last few are kept: for labs that run for days.

A file is full when it has so many octets, or is so old; the next begins with what every file
has to begin with: interfaces, and the names of addresses so far. A connection goes on over the
change of files, and Wireshark reads it there as one whose beginning it has not seen.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from struct import unpack_from
from typing import BinaryIO, Final

from corenet.capture.pcapng import NAME_RESOLUTION, SECTION_HEADER

_BEGINNINGS: Final = (SECTION_HEADER, NAME_RESOLUTION)


@dataclass(frozen=True, slots=True)
class RingLimits:
    """When a file is full, and how many are kept; None is no limit."""

    octets: int | None = None
    seconds: float | None = None
    files: int | None = None

    @classmethod
    def parse(cls, text: str) -> RingLimits:
        """Read ``filesize:KB,duration:S,files:N``, in the words of Wireshark's ``dumpcap -b``.

        Raises:
            ValueError: it is none of that, or no limit is left that fills a file.
        """
        given: dict[str, int] = {}
        for part in text.split(","):
            name, _, number = part.partition(":")
            if name not in ("filesize", "duration", "files") or name in given:
                raise ValueError(f"{part!r} is none of filesize:KB, duration:SECONDS, files:NUMBER")
            if not (number.isascii() and number.isdigit() and 0 < int(number) < 1 << 31):
                raise ValueError(f"{part!r}: {number!r} is no number from 1 on")
            given[name] = int(number)
        if not given.keys() & {"filesize", "duration"}:
            raise ValueError(f"{text!r} does not say when a file is full (filesize or duration)")
        size = given.get("filesize")
        return cls(None if size is None else size * 1000, given.get("duration"), given.get("files"))


class CaptureRing:
    """Takes what a capture writes, and puts it into one file after the other."""

    def __init__(self, path: Path, limits: RingLimits, now: Callable[[], float]) -> None:
        """Open the first file: ``a_00001.pcapng`` for ``a.pcapng``; ``now`` gives seconds.

        Raises:
            OSError: it cannot be written.
        """
        self._path = path
        self._limits = limits
        self._now = now
        self._beginning = b""
        self._number = 0
        self._kept: deque[Path] = deque()
        self._stream: BinaryIO = self._open()

    def write(self, blocks: bytes) -> None:
        """Take whole blocks; those of one call stay together."""
        if unpack_from("<I", blocks)[0] in _BEGINNINGS:
            self._beginning += blocks
            self._stream.write(blocks)
            return
        if self._is_full():
            self._stream.close()
            self._stream = self._open()
            self._stream.write(self._beginning)
        self._stream.write(blocks)
        self._octets += len(blocks)

    def flush(self) -> None:
        """Let readers see what was written."""
        self._stream.flush()

    def close(self) -> None:
        """Close the last file."""
        self._stream.close()

    def _is_full(self) -> bool:
        octets, seconds = self._limits.octets, self._limits.seconds
        if octets is not None and self._octets >= octets:
            return True
        return seconds is not None and self._now() - self._begun >= seconds

    def _open(self) -> BinaryIO:
        self._number += 1
        path = self._path.with_stem(f"{self._path.stem}_{self._number:05}")
        stream = path.open("wb")
        self._octets, self._begun = 0, self._now()
        self._kept.append(path)
        if self._limits.files is not None and len(self._kept) > self._limits.files:
            self._kept.popleft().unlink(missing_ok=True)
        return stream
