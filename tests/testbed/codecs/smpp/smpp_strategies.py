"""Strategies for PDUs, made from the tables of their fields."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from testbed.codecs.smpp import (
    PDUS,
    AbsoluteTime,
    DistributionList,
    Pdu,
    RelativeTime,
    Response,
    SmeAddress,
    Unsuccessful,
)
from testbed.codecs.smpp import fields as f
from testbed.codecs.smpp.parameters import MESSAGE_PAYLOAD, PARAMETERS, ParameterError, Tlv

OCTET = st.integers(0, 255)
TWO_DIGITS = st.integers(0, 99)


def text(size: int) -> st.SearchStrategy[str]:
    return st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=size - 1)


def addresses(size: int) -> st.SearchStrategy[SmeAddress]:
    return st.builds(SmeAddress, text(size), OCTET, OCTET)


TIMES = st.one_of(
    st.none(),
    st.builds(RelativeTime, *[TWO_DIGITS] * 6),
    st.builds(
        lambda time, tenth, quarters: AbsoluteTime(
            time.replace(
                microsecond=tenth * 100_000, tzinfo=timezone(timedelta(minutes=15 * quarters))
            )
        ),
        st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)),
        st.integers(0, 9),
        st.integers(-48, 48),
    ),
)
DESTINATIONS = st.lists(
    st.one_of(addresses(21), st.builds(DistributionList, text(21))), min_size=1, max_size=6
).map(tuple)


def value_of(kind: f.Kind) -> st.SearchStrategy[Any]:
    """Return values of a kind of field."""
    match kind:
        case f.Integer():
            return st.integers(0, kind.most)
        case f.Text():
            return text(kind.size)
        case f.Time():
            return TIMES
        case f.Address():
            return addresses(kind.size)
        case f.ShortMessage():
            return st.binary(max_size=254)
        case f.Destinations():
            return DESTINATIONS
        case f.UnsuccessfulOnes():
            one = st.builds(Unsuccessful, addresses(21), st.integers(0, 0xFFFF_FFFF))
            return st.lists(one, max_size=6).map(tuple)
    raise AssertionError(kind)


def is_value(tlv: Tlv) -> bool:
    try:
        PARAMETERS[tlv.tag].decode(tlv.value)
    except ParameterError:
        return False
    return True


def expected_tlvs(kind: type[Pdu]) -> st.SearchStrategy[Tlv]:
    """Return parameters that the PDU may have, with values that they may have."""
    tags = sorted(kind.EXPECTED)
    octets = st.one_of(st.binary(max_size=4), st.binary(max_size=70), st.just(b"text\0"))
    return st.builds(Tlv, st.sampled_from(tags), octets).filter(is_value)


def tlvs(kind: type[Pdu]) -> st.SearchStrategy[tuple[Tlv, ...]]:
    """Return optional parts: what is expected, what is not, and what nobody knows."""
    others = st.builds(Tlv, st.integers(0, 0xFFFF), st.binary(max_size=300)).filter(
        lambda tlv: tlv.tag not in kind.EXPECTED
    )
    one = st.one_of(expected_tlvs(kind), others) if kind.EXPECTED else others
    return st.lists(one, max_size=5).map(tuple)


def is_whole(pdu: Pdu) -> bool:
    """Return whether its message is in one place only."""
    twice = any(tlv.tag == MESSAGE_PAYLOAD.tag for tlv in pdu.tlvs)
    return not (twice and getattr(pdu, "short_message", b""))


def pdus(kind: type[Pdu]) -> st.SearchStrategy[Pdu]:
    """Return PDUs of a kind."""
    values = {field.name: value_of(field.kind) for field in kind.FIELDS}
    if issubclass(kind, Response):
        values["status"] = st.one_of(st.just(0), st.integers(0, 0xFFFF_FFFF))
    return st.builds(kind, tlvs=tlvs(kind), **values).filter(is_whole)


ANY_PDU = st.sampled_from(sorted(PDUS)).flatmap(lambda command: pdus(PDUS[command]))
