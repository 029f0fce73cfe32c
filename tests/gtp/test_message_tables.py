"""The tables say the same as the classes, the catalogue and the docs."""

from __future__ import annotations

import runpy
from dataclasses import MISSING, fields
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import gtp
from gtp.constants import Cause, IEType, MessageType
from gtp.ies import PdpType
from gtp.ies.catalogue import CATALOGUE, SIZES, name_of
from gtp.messages import MESSAGES, Message
from gtp.messages import reference as reference_module
from gtp.messages.reference import reference
from gtp.messages.table import Presence

HEADER_FIELDS = {"teid", "sequence", "extension_headers", "other_ies"}
REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "gtp-messages.md"


@pytest.mark.parametrize("kind", MESSAGES.values())
def test_tables_and_attributes_agree(kind: type[Message]) -> None:
    """Every place is an attribute, None by default unless it is mandatory."""
    attributes = {field.name: field for field in fields(kind) if field.name not in HEADER_FIELDS}
    assert set(attributes) == {place.name for place in kind.IES}
    for place in kind.IES:
        field = attributes[place.name]
        if place.presence is Presence.MANDATORY:
            # An empty list of extension header types is a list all the same.
            assert field.default in (MISSING, ())
        else:
            assert field.default == (() if place.repeatable else None)


@pytest.mark.parametrize("kind", MESSAGES.values())
def test_tables_ascend(kind: type[Message]) -> None:
    """Elements are sent ascending by type (TS 29.060 §7.1)."""
    types = [place.element.type for place in kind.IES]
    assert types == sorted(types)


def test_every_type_has_its_class() -> None:
    """Nothing that TS 29.060 §7.1 lists is left out; G-PDU alone is not made of elements."""
    assert set(MESSAGES) == set(MessageType) - {MessageType.G_PDU}


def test_every_message_names_its_clause() -> None:
    """Every class says where the standard defines it."""
    for kind in MESSAGES.values():
        assert "§" in (kind.__doc__ or "")
        assert kind.TYPE in MessageType


def test_the_catalogue_has_every_type() -> None:
    """Every named type is in the catalogue, and a TV has a length."""
    assert set(CATALOGUE) == {int(ie_type) for ie_type in IEType}
    for ie_type in IEType:
        if ie_type < 128:
            assert SIZES[ie_type] == CATALOGUE[ie_type].length
    assert name_of(131) == "Access Point Name (APN)"
    assert name_of(99) == "IE type 99"


def test_fixed_lengths_of_the_catalogue_are_the_tables() -> None:
    """A TLV with a fixed length in the catalogue is read with that length only."""
    for kind in MESSAGES.values():
        for place in kind.IES:
            length = CATALOGUE[place.element.type].length
            if length is not None and place.element.type >= 128:
                with pytest.raises(ValueError):
                    place.element.decode(bytes(length + 1))


@pytest.mark.parametrize("kind", MESSAGES.values())
@pytest.mark.clause(
    "29.060 §7.7",
    "every element has a typed value: decoded, or by `Message.parsed`",
    status="yes; containers of other protocols are octets",
)
def test_every_value_is_typed(kind: type[Message]) -> None:
    """What stays octets is for another protocol to say, and says whose; all others are values."""
    hints = get_type_hints(kind)
    for place in kind.IES:
        if bytes in (hints[place.name], *get_args(hints[place.name])):
            assert (place.element.parse is None) == bool(place.element.holds)
        else:
            assert not place.element.holds


def test_the_reference_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/reference/gtp-messages.md is what ``python -m gtp.messages.reference`` prints."""
    runpy.run_path(str(reference_module.__file__), run_name="__main__")
    assert REFERENCE.read_text() == capsys.readouterr().out == reference()


def test_numbers_that_are_no_cause_or_pdp_type_are_refused() -> None:
    """Only an octet is a cause, only twelve bits are a PDP type."""
    for wrong in (256, -1):
        with pytest.raises(ValueError):
            Cause(wrong)
    for wrong in (0x1000, -1):
        with pytest.raises(ValueError):
            PdpType(wrong)


def test_texts_of_numbers() -> None:
    """Causes and message types have names for people."""
    assert Cause.IMSI_NOT_KNOWN.text == "IMSI/IMEI not known"
    assert Cause(240).text == "Unassigned cause 240"
    assert MessageType.PDU_NOTIFICATION_REJECT_REQUEST.text == "PDU Notification Reject Request"
    assert MessageType.ECHO_REQUEST.text == "Echo Request"


def test_exported_names() -> None:
    """What ``gtp`` offers at its top is there."""
    assert {"decode", "Message", "RemoteProtocolError", "Cause"} <= set(gtp.__all__)
    assert all(hasattr(gtp, name) for name in gtp.__all__)
