"""GTP in words, for people: ladders, logs, and what ``corenet decode`` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gtp.constants import MessageType
from gtp.errors import RemoteProtocolError
from gtp.ies.catalogue import name_of
from gtp.ies.element import Element
from gtp.ies.tunnel import extension_header_text, teid_text
from gtp.messages import MESSAGES, GPdu, Message, decode
from gtp.messages.table import Place
from gtp.wire import Header, read_extension_headers, read_header, split_elements

_ALL_TYPES: Final = range(256)

_ELEMENTS: Final[dict[int, Element[Any]]] = {
    place.element.type: place.element for kind in MESSAGES.values() for place in kind.IES
}
"""By type, the elements whose values can be put into words wherever they turn up."""

_WHAT_MATTERS: Final = {
    "cause": "",
    "imsi": "IMSI ",
    "msisdn": "MSISDN ",
    "apn": "APN ",
    "end_user_address": "EUA ",
    "p_tmsi": "P-TMSI ",
    "tlli": "TLLI ",
    "nsapi": "NSAPI ",
    "linked_nsapi": "linked NSAPI ",
    "correlation_id": "correlation ",
    "teardown": "teardown ",
    "teid_control": "TEID-C ",
    "teid_data": "TEID-D ",
    "map_cause": "MAP ",
    "ms_not_reachable_reason": "",
    "sgsn_address": "SGSN ",
    "ggsn_address": "GGSN ",
    "peer_address": "peer ",
    "recovery": "recovery ",
    "extension_header_types": "",
}
"""Attributes in the order in which a summary has them, each with what stands before it."""


def describe(message: Message) -> list[tuple[str, str]]:
    """Return name and text of each element that ``message`` has, in the order of the wire."""
    lines = [
        (f"Extension header, {extension_header_text(extension.type)}", extension.content.hex())
        for extension in message.extension_headers
    ]
    for place in message.IES:
        value = getattr(message, place.name)
        values = value if place.repeatable else () if value is None else (value,)
        lines += [(_name(type(message), place), place.element.text(each)) for each in values]
    lines += [(name_of(raw.type), raw.value.hex()) for raw in message.other_ies]
    if isinstance(message, GPdu):
        lines.append(("T-PDU", _octets(len(message.payload))))
    return lines


def summary(message: Message) -> str:
    """Return in one line what matters in ``message``, or "" where that is its name alone.

    For example "IMSI 234150999999999, APN wap.example, EUA 10.45.0.7, TEID-C 0x00000100".
    """
    if isinstance(message, GPdu):
        return f"TEID {teid_text(message.teid)}, {_octets(len(message.payload))}"
    texts = {
        place.name: place.element.text(getattr(message, place.name))
        for place in message.IES
        if place.name in _WHAT_MATTERS and getattr(message, place.name) is not None
    }
    return ", ".join(label + texts[name] for name, label in _WHAT_MATTERS.items() if name in texts)


def describe_octets(data: bytes) -> list[str]:
    """Return lines that explain a message octet by octet, counted from 1, errors named.

    Never raises: what is wrong is said in the last lines.
    """
    lines: list[str] = []
    problems: list[str] = []
    try:
        header = read_header(data)
        _describe_header(header, data, lines)
        _describe_body(header, data, lines)
    except RemoteProtocolError as error:
        problems.append(f"error: {error}")
    try:
        decode(data, comprehended=_ALL_TYPES)
    except RemoteProtocolError as error:
        problems.append(f"error: {error}")
    return lines + sorted(set(problems), key=problems.index)


def element_texts(data: bytes) -> list[tuple[int, str, bytes, str]]:
    """Return of each element its type, name, value, and the value in words.

    Never raises: what cannot be told apart any more is left out.
    """
    found: list[tuple[int, str, bytes, str]] = []
    try:
        header = read_header(data)
        _, body = read_extension_headers(data, header, _ALL_TYPES)
        for ie_type, name, start, _, end in _named_elements(header, data, body):
            value = data[start:end]
            found.append((ie_type, name, value, _value_text(ie_type, value)))
    except RemoteProtocolError:
        pass
    return found


def _describe_header(header: Header, data: bytes, lines: list[str]) -> None:
    flags = [name for bit, name in ((4, "E"), (2, "S"), (1, "PN")) if data[0] & bit]
    lines.append(_line(0, 1, "Version 1, flags", " ".join(flags) or "none"))
    lines.append(_line(1, 2, "Message type", _type_text(header.message_type)))
    lines.append(_line(2, 4, "Length", str(header.length)))
    lines.append(_line(4, 8, "TEID", teid_text(header.teid)))
    if header.sequence is not None:
        lines.append(_line(8, 10, "Sequence number", str(header.sequence)))
    if header.npdu_number is not None:
        lines.append(_line(10, 11, "N-PDU number", str(header.npdu_number)))


def _describe_body(header: Header, data: bytes, lines: list[str]) -> None:
    chain, body = read_extension_headers(data, header, _ALL_TYPES)
    position = header.position
    for extension in chain:
        end = position + len(extension.content) + 2
        name = f"Extension header, {extension_header_text(extension.type)}"
        lines.append(_line(position, end, name, extension.content.hex()))
        position = end
    if header.message_type == MessageType.G_PDU:
        lines.append(_line(body, len(data), "T-PDU", _octets(len(data) - body)))
        return
    for ie_type, name, start, at, end in _named_elements(header, data, body):
        lines.append(_line(at, end, f"{ie_type} {name}", _value_text(ie_type, data[start:end])))


def _named_elements(
    header: Header, data: bytes, body: int
) -> Iterator[tuple[int, str, int, int, int]]:
    """Yield of each element its type, its name, where its value begins, and it begins and ends."""
    kind = MESSAGES.get(header.message_type)
    taken: dict[str, object] = {}
    for at, ie_type, start, end in split_elements(data, body):
        name = name_of(ie_type)
        place = kind.IES.vacant(ie_type, taken) if kind is not None else None
        if kind is not None and place is not None:
            taken[place.name] = True
            name = _name(kind, place)
        yield ie_type, name, start, at, end


def _value_text(ie_type: int, value: bytes) -> str:
    element = _ELEMENTS.get(ie_type)
    if element is None:
        return value.hex()
    try:
        return element.text(element.decode(value))
    except ValueError as problem:
        return f"{value.hex()} ({problem})"


def _type_text(message_type: int) -> str:
    try:
        return f"{MessageType(message_type).text} ({message_type})"
    except ValueError:
        return f"unassigned ({message_type})"


def _name(kind: type[Message], place: Place) -> str:
    """Return an element's name, with its role where the message has several of its type."""
    name = name_of(place.element.type)
    if sum(other.element.type == place.element.type for other in kind.IES) == 1:
        return name
    return f"{name}, {place.name.replace('_', ' ')}"


def _octets(count: int) -> str:
    return f"{count} octets"


def _line(start: int, end: int, name: str, text: str) -> str:
    where = f"{start + 1}" if end - start <= 1 else f"{start + 1}-{end}"
    return f"{where:>9}  {name}: {text}"
