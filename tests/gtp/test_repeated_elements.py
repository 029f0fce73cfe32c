"""Elements that a message has several times, and mandatory ones that are never usual."""

from __future__ import annotations

import pytest

from gtp.constants import Cause, IEType
from gtp.errors import LocalProtocolError, RemoteProtocolError
from gtp.ies import RawIE
from gtp.ies.context import OfNsapi, RabContext
from gtp.messages import (
    ForwardSrnsContext,
    RanInformationRelay,
    SgsnContextAcknowledge,
    SupportedExtensionHeadersNotification,
    decode,
)

HEADER = "00000000 00010000"
RAB = "16 05 0001 0002 0003 0004"


def message(message_type: int, elements: str) -> bytes:
    body = bytes.fromhex(elements)
    length = (len(body) + 4).to_bytes(2, "big")
    return bytes((0x32, message_type)) + length + bytes.fromhex(HEADER) + body


def test_a_mandatory_element_may_come_several_times() -> None:
    """All are taken, in order; one is enough."""
    for count in (1, 3):
        read = decode(message(58, RAB * count))
        assert isinstance(read, ForwardSrnsContext)
        assert read.rab_contexts == (RabContext(5, 1, 2, 3, 4),) * count


def test_none_of_a_mandatory_element_is_one_too_few() -> None:
    """Without any it is missing: Cause 202 to the peer, and our own are not sent."""
    for data, ie_type in (
        (message(58, ""), IEType.RAB_CONTEXT),
        (message(31, ""), IEType.EXTENSION_HEADER_TYPES),
        (message(70, ""), IEType.RAN_TRANSPARENT_CONTAINER),
    ):
        for _ in range(3):
            with pytest.raises(RemoteProtocolError) as caught:
                decode(data)
            assert caught.value.cause is Cause.MANDATORY_IE_MISSING
            assert caught.value.ie_type == ie_type
    with pytest.raises(LocalProtocolError, match=r"rab_contexts = \(\)"):
        ForwardSrnsContext(rab_contexts=()).encode()


def test_what_has_no_usual_form_is_read_every_time() -> None:
    """A mandatory element without a usual form is read by the walk, first and later."""
    for _ in range(3):
        assert decode(message(70, "90 0002 1122")) == RanInformationRelay(
            sequence=1, ran_container=b"\x11\x22"
        )
        assert decode(message(31, "8d 01 c0")) == SupportedExtensionHeadersNotification(
            sequence=1, extension_header_types=(0xC0,)
        )


def test_an_incorrect_one_of_several_ends_the_message() -> None:
    """One conditional element that is no value is Cause 201; an optional one is kept aside."""
    with pytest.raises(RemoteProtocolError) as caught:
        decode(message(51, "01 80" + "82 0001 05"))
    assert caught.value.cause is Cause.MANDATORY_IE_INCORRECT
    read = decode(message(52, "01 80" + "12 05 00000001" + "12 06 00000002" + "93 0001 91"))
    assert read == SgsnContextAcknowledge(
        sequence=1,
        cause=Cause.REQUEST_ACCEPTED,
        teids_data=(OfNsapi(5, 1), OfNsapi(6, 2)),
        other_ies=(RawIE(IEType.SGSN_NUMBER, b"\x91"),),
    )
