"""How an answer differs from the recorded one, element by element."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from gtp.constants import IEType
from gtp.describe import element_texts
from testbed.replay.dialogue import name_of_type

OWN_CHOICE: Final = frozenset(
    {
        IEType.TEID_DATA,
        IEType.TEID_CONTROL,
        IEType.TEID_DATA_II,
        IEType.CHARGING_ID,
        IEType.RECOVERY,
        IEType.GSN_ADDRESS,
        IEType.CHARGING_GATEWAY_ADDRESS,
        IEType.END_USER_ADDRESS,
    }
)
"""Elements whose values a peer chooses anew each time; only that they are there matters."""


class Kind(Enum):
    """What is different."""

    OTHER = "other"
    """The value."""
    MISSING = "missing"
    """It was there in the recording."""
    MORE = "more"
    """It was not."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One element that is not as it was."""

    kind: Kind
    name: str
    recorded: str | None
    now: str | None

    def __str__(self) -> str:
        match self.kind:
            case Kind.OTHER:
                return f"{self.name}: {self.now}, recorded {self.recorded}"
            case Kind.MISSING:
                return f"{self.name}: missing, recorded {self.recorded}"
            case _:
                return f"{self.name}: {self.now}, not in the recording"


def differences(
    recorded: bytes, now: bytes, *, strict: bool = False, ignored: Collection[int] = ()
) -> list[Difference]:
    """Return what is different in the answer of now, in the order of the recording.

    What peers choose is looked at only if ``strict``, and ``ignored`` types never are.
    """
    if recorded[1] != now[1]:
        before, after = name_of_type(recorded[1]), name_of_type(now[1])
        found = [Difference(Kind.OTHER, "message type", before, after)]
        return found + list(_between(recorded, now, strict, ignored))
    return list(_between(recorded, now, strict, ignored))


def _between(
    recorded: bytes, now: bytes, strict: bool, ignored: Collection[int]
) -> Iterator[Difference]:
    before, after = _keyed(recorded, ignored), _keyed(now, ignored)
    for key, (name, value, text) in before.items():
        found = after.get(key)
        if found is None:
            if not strict and key[0] == IEType.RECOVERY:
                continue
            yield Difference(Kind.MISSING, name, text, None)
        elif found[1] != value and (strict or key[0] not in OWN_CHOICE):
            # Words leave out spare bits and the like, which may be all that differs.
            same = text == found[2]
            then, now_text = (value.hex(), found[1].hex()) if same else (text, found[2])
            yield Difference(Kind.OTHER, name, then, now_text)
    for key, (name, _, text) in after.items():
        # The answer to a first contact has it, and those to later ones may not.
        if key not in before and (strict or key[0] != IEType.RECOVERY):
            yield Difference(Kind.MORE, name, None, text)


def _keyed(data: bytes, ignored: Collection[int]) -> dict[tuple[int, int], tuple[str, bytes, str]]:
    """Return the elements by type and how many of it came before."""
    keyed: dict[tuple[int, int], tuple[str, bytes, str]] = {}
    counts: dict[int, int] = {}
    for ie_type, name, value, text in element_texts(data):
        if ie_type not in ignored:
            keyed[ie_type, counts.get(ie_type, 0)] = (name, value, text)
            counts[ie_type] = counts.get(ie_type, 0) + 1
    return keyed
