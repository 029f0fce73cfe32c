"""Errors and words of the messages of update, reallocation and identification."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces.nas import gmm
from corenet.interfaces.nas.describe import summary
from corenet.interfaces.nas.errors import NasError

RAI = bytes.fromhex("32f451123401")


@pytest.mark.parametrize(
    ("octets", "uplink"),
    [
        ("0808", True),
        ("080873 32f4511234", True),
        ("0809 00 49 32f451", False),
        ("080b 09", False),
        ("0810 05 f4c0000001 32f451123401", False),
        ("0810 08 290000000000000f 32f451123401 00", False),
        ("0815", False),
        ("0816 00", True),
        ("0816 01 f5", True),
    ],
)
def test_a_mandatory_element_is_missing_or_wrong(octets, uplink):
    """Cause 96, with the message's type."""
    with pytest.raises(NasError) as refused:
        gmm.decode(bytes.fromhex(octets), uplink=uplink)
    assert refused.value.cause == 96
    assert refused.value.message_type == bytes.fromhex(octets)[1]


def test_a_context_status_that_is_short_is_not_there():
    """An optional element that is wrong counts as absent."""
    octets = gmm.RoutingAreaUpdateRequest(RAI).encode() + bytes.fromhex("32 01 20")
    assert gmm.decode(octets, uplink=True) == gmm.RoutingAreaUpdateRequest(RAI)


@given(st.sets(st.integers(0, 15)))
def test_context_status_round_trips(nsapis):
    """Whatever contexts there are."""
    status = gmm.context_status(nsapis)
    message = gmm.RoutingAreaUpdateRequest(RAI, context_status=status)
    assert gmm.decode(message.encode(), uplink=True) == message
    assert {nsapi for nsapi in range(16) if status >> nsapi & 1} == nsapis


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (gmm.RoutingAreaUpdateRequest(RAI), "Routing Area Update Request, from 234-15-4660-1"),
        (
            gmm.RoutingAreaUpdateRequest(RAI, gmm.UpdateType.PERIODIC),
            "Routing Area Update Request, periodic",
        ),
        (
            gmm.RoutingAreaUpdateAccept(RAI, 0xC0000001),
            "Routing Area Update Accept, 234-15-4660-1, P-TMSI c0000001",
        ),
        (
            gmm.RoutingAreaUpdateReject(9),
            "Routing Area Update Reject, MS identity cannot be derived (gmm 9)",
        ),
        (
            gmm.PTmsiReallocationCommand(0xC0000001, RAI),
            "P-TMSI Reallocation Command, P-TMSI c0000001",
        ),
        (gmm.IdentityRequest(), "Identity Request"),
        (
            gmm.IdentityResponse(gmm.MobileIdentity(imsi="234150999999999")),
            "Identity Response, IMSI 234150999999999",
        ),
    ],
)
def test_they_have_words(message, words):
    """A line for ladders and logs."""
    assert summary(message.encode()) == words


@pytest.mark.parametrize(
    ("rai", "text"), [("32f451123401", "234-15-4660-1"), ("130014fffefe", "310-410-65534-254")]
)
def test_an_area_has_words(rai, text):
    """MCC, MNC of two or three digits, LAC and RAC."""
    assert gmm.area_text(bytes.fromhex(rai)) == text
