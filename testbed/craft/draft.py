"""A message on the way from words to octets, and what can be done wrong on that way.

Theory of operation. ``draft`` puts a message together from its table: of each element the words
given for it, or the usual ones. A draft keeps its elements as octets, in the order of the wire
(ascending by type, TS 29.060 §7.1). ``octets`` puts the header before them, and does on the way
what ``Faults`` names, in that order, so that what comes out can be wrong in every way that a
peer might be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gtp.constants import MessageType
from gtp.ies.catalogue import SIZES, VARIABLE
from gtp.messages import MESSAGES, GPdu, Message
from gtp.messages.table import Place
from gtp.wire import S_FLAG, VERSION, write_header
from testbed.craft.usual import OWN_ADDRESS, in_usual, usual_value
from testbed.craft.values import WordsError, encode, encode_raw, from_hex, number, shape_of

USER_PLANE: Final = frozenset(
    {MessageType.ERROR_INDICATION, MessageType.END_MARKER, MessageType.G_PDU}
)
"""Messages of GTP-U, on port 2152."""

KINDS: Final[Mapping[int, type[Message]]] = {**MESSAGES, MessageType.G_PDU: GPdu}
"""By type, every message."""

_HEADER_WORDS: Final = ("teid", "sequence")
_PAYLOAD: Final = "payload"
# An IPv4 packet without options from 192.0.2.1 to 192.0.2.2, of no protocol (59) and no content.
_EMPTY_PACKET: Final = "4500001400000000403bf6d0c0000201c0000202"
_LARGEST_TEID: Final = 0xFFFF_FFFF
SEQUENCE_NUMBERS: Final = 0x1_0000


@dataclass(frozen=True, slots=True)
class Part:
    """An element of a draft."""

    name: str
    type: int
    octets: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that is not yet octets."""

    type: MessageType
    parts: tuple[Part, ...]
    teid: int = 0
    sequence: int | None = None
    """None: whoever sends it chooses one."""
    payload: bytes = b""
    """Of a G-PDU."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What is to be wrong with a message."""

    dropped: tuple[str, ...] = ()
    """Elements to leave out, by attribute or by the type's number."""
    element_lengths: tuple[tuple[str, int], ...] = ()
    """Elements with what their length field is to say."""
    trailing: bytes = b""
    """Octets behind the message, of which its header knows nothing."""
    header_length: int | None = None
    """What the header's length field is to say."""
    patches: tuple[tuple[int, bytes], ...] = ()
    """Octets to put in place of others, from a position that counts from 1."""
    octets: int | None = None
    """How many octets to send of it; fewer than none are left off at its end."""


def message_named(words: str) -> MessageType:
    """Return the type that a name, in any usual spelling, or a number stands for."""
    wanted = _letters(words)
    for kind in KINDS.values():
        if wanted in (_letters(kind.TYPE.text), _letters(kind.__name__), str(kind.TYPE.value)):
            return kind.TYPE
    near = [word_of(kind.TYPE) for kind in KINDS.values() if wanted in _letters(kind.TYPE.text)]
    meant = f": did you mean {' or '.join(near[:4])}?" if wanted and near else ""
    raise WordsError(f"there is no message {words!r}{meant}")


def word_of(message_type: MessageType) -> str:
    """Return a message's name as one writes it on a command line."""
    return re.sub(r"[^a-z0-9]+", "-", message_type.text.lower())


def draft(message_type: MessageType, words: Sequence[str], own_address: str) -> Draft:
    """Return the message that ``words``, each ``name=value``, make of the usual one.

    An element's name is its attribute, or its type's number for one that the message has no
    place for; one that may be there several times is given several times. ``own_address`` is
    what GSN addresses have where nobody says otherwise.

    Raises:
        WordsError: a word is none of this message's, or its value is no value.
    """
    kind = KINDS[message_type]
    given = _by_name(words)
    header = {name: _header_field(name, given.pop(name, [])) for name in _HEADER_WORDS}
    payload = b""
    if message_type is MessageType.G_PDU:
        payload = from_hex(given.pop(_PAYLOAD, [_EMPTY_PACKET])[-1])
    places = {place.name: place for place in kind.IES}
    parts = [
        Part(place.name, place.element.type, encode(place.element, place.name, text))
        for place in kind.IES
        for text in given.get(place.name, _usual_values(kind, place, own_address))
    ]
    for name, texts in given.items():
        place = places.get(name)
        if place is None:
            parts += [_foreign(kind, name, text) for text in texts]
        elif len(texts) > 1 and not place.repeatable:
            raise WordsError(f"{name} is there once; give {place.element.type:d}=hex:… for more")
    parts.sort(key=lambda part: part.type)
    return Draft(
        message_type,
        tuple(parts),
        teid=header["teid"] or 0,
        sequence=header["sequence"],
        payload=payload,
    )


def octets(drafted: Draft, sequence: int, faults: Faults) -> bytes:
    """Return the message as it goes out, with every fault that is asked for.

    Raises:
        WordsError: a fault has nothing to be done to.
    """
    parts = _without(drafted.parts, faults.dropped)
    for name, length in faults.element_lengths:
        parts = _with_length(parts, name, length)
    body = b"".join(part.octets for part in parts) + drafted.payload
    sequenced = KINDS[drafted.type].SEQUENCED and drafted.type is not MessageType.G_PDU
    if drafted.sequence is not None:
        sequenced, sequence = True, drafted.sequence
    try:
        data = write_header(
            drafted.type, body, teid=drafted.teid, sequence=sequence if sequenced else None
        )
    except Exception as error:
        raise WordsError(f"{len(body)} octets do not fit a message: {error}") from None
    return spoilt(data, faults)


def spoilt(data: bytes, faults: Faults) -> bytes:
    """Return a whole message with those faults that need not know its elements."""
    spoiling = bytearray(data + faults.trailing)
    if faults.header_length is not None:
        spoiling[2:4] = _two_octets(faults.header_length, "the header's length")
    for position, patch in faults.patches:
        if not 1 <= position <= len(spoiling):
            raise WordsError(f"the message has no octet {position}, but {len(spoiling)} octets")
        spoiling[position - 1 : position - 1 + len(patch)] = patch
    return bytes(spoiling if faults.octets is None else spoiling[: faults.octets])


def sequence_of(data: bytes) -> int | None:
    """Return the sequence number of a message, as far as it is of version 1 and has one."""
    if len(data) < 10 or data[0] >> 5 != VERSION or not data[0] & S_FLAG:
        return None
    return int.from_bytes(data[8:10])


def _by_name(words: Iterable[str]) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign:
            raise WordsError(f"{word!r} is not name=value")
        given.setdefault(name.strip().lower().replace("-", "_"), []).append(text.strip())
    return given


def _header_field(name: str, texts: list[str]) -> int | None:
    if not texts:
        return None
    largest = _LARGEST_TEID if name == "teid" else SEQUENCE_NUMBERS - 1
    value = number(texts[-1])
    if not 0 <= value <= largest:
        raise WordsError(f"{name}={texts[-1]} is not 0 to {largest}")
    return value


def _usual_values(kind: type[Message], place: Place, own_address: str) -> list[str]:
    if not in_usual(kind, place):
        return []
    text = usual_value(place)
    return [own_address if text == OWN_ADDRESS else text]


def _foreign(kind: type[Message], name: str, text: str) -> Part:
    """Return an element that the message has no place for, by its type's number."""
    if not name.isdecimal() or int(name) > 0xFF:
        names = ", ".join([*_HEADER_WORDS, *(place.name for place in kind.IES)])
        raise WordsError(f"{kind.TYPE.text} has no {name}; it has {names}")
    return Part(name, int(name), encode_raw(int(name), from_hex(text)))


def _without(parts: tuple[Part, ...], dropped: Sequence[str]) -> tuple[Part, ...]:
    for name in dropped:
        kept = tuple(part for part in parts if not _is(part, name))
        if len(kept) == len(parts):
            raise WordsError(f"there is no {name} to leave out")
        parts = kept
    return parts


def _with_length(parts: tuple[Part, ...], name: str, length: int) -> tuple[Part, ...]:
    if not any(_is(part, name) for part in parts):
        raise WordsError(f"there is no {name} to give a length")
    return tuple(_relength(part, length) if _is(part, name) else part for part in parts)


def _relength(part: Part, length: int) -> Part:
    if SIZES[part.type] != VARIABLE:
        raise WordsError(f"{part.name} has no length field: its type, {part.type}, is a TV")
    changed = part.octets[:1] + _two_octets(length, f"the length of {part.name}") + part.octets[3:]
    return Part(part.name, part.type, changed)


def _is(part: Part, name: str) -> bool:
    return name.lower().replace("-", "_") in (part.name, str(part.type))


def _two_octets(value: int, what: str) -> bytes:
    if not 0 <= value <= 0xFFFF:
        raise WordsError(f"{what} is not 0 to 65535")
    return value.to_bytes(2)


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())


def reference(message_type: MessageType) -> list[tuple[str, str, str, str]]:
    """Return of each element of a message its name, presence, form, and usual value, if any."""
    kind = KINDS[message_type]
    rows: list[tuple[str, str, str, str]] = []
    for place in kind.IES:
        usual = usual_value(place) if in_usual(kind, place) else ""
        rows.append((place.name, place.presence.value, shape_of(place.element.type), usual))
    return rows
