"""One line of text per message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.interfaces import llc, sndcp
from corenet.interfaces.nas.describe import frame_summary, summary


@pytest.mark.parametrize(
    ("octets", "uplink", "text"),
    [
        (
            "1a440601210a2d0007280c03776170076578616d706c65",
            None,
            "Request PDP Context Activation, 10.45.0.7, APN wap.example",
        ),
        ("1a44020121", None, "Request PDP Context Activation, dynamic address"),
        ("9a451a", None, "Request PDP Context Activation Reject, insufficient resources (sm 26)"),
        (
            "9a4105030b00000000000000000000000601210a2d00072804037761 70",
            None,
            "Activate PDP Context Request, 10.45.0.7, APN wap, NSAPI 5",
        ),
        ("1a420303000000042b0601210a2d0007", None, "Activate PDP Context Accept, 10.45.0.7"),
        ("1a420303000000 04", None, "Activate PDP Context Accept"),
        (
            "1a42030300000004 390134",
            None,
            "Activate PDP Context Accept, single address bearers only (sm 52)",
        ),
        (
            "1a4321",
            None,
            "Activate PDP Context Reject, service option not subscribed (sm 33)",
        ),
        (
            "9a462491",
            None,
            "Deactivate PDP Context Request, regular deactivation (sm 36), teardown",
        ),
        ("9a4624", None, "Deactivate PDP Context Request, regular deactivation (sm 36)"),
        ("fa9047", None, "Deactivate PDP Context Accept"),
        ("1a55c8", None, "SM Status, SM cause 200 (sm 200)"),
        ("1a44", None, "Request PDP Context Activation, malformed: "),
        ("1a99", None, "SM message, malformed: unknown message type 0x99"),
        (
            "0801026500710000082943519099999999 00f110fffeff 051125000000",
            None,
            "Attach Request, IMSI 234150999999999",
        ),
        ("080201490432f4511234011805f4c0000001", None, "Attach Accept, P-TMSI c0000001"),
        ("080201490432f451123401", False, "Attach Accept"),
        ("0803", None, "Attach Complete"),
        ("080407", False, "Attach Reject, GPRS services not allowed (gmm 7)"),
        ("080509", True, "Detach Request, power off"),
        ("080501", True, "Detach Request"),
        (
            "080501250a",
            False,
            "Detach Request, re-attach required, implicitly detached (gmm 10)",
        ),
        ("080502", False, "Detach Request"),
        ("080501", None, "Detach Request"),
        ("0806", True, "Detach Accept"),
        ("082061", True, "GMM Status, message type unknown (gmm 97)"),
        ("0899", True, "GMM message, malformed: unknown message type 0x99"),
        ("08", None, "GMM message"),
        ("09", None, "unknown layer 3 message of 1 octets"),
        ("", None, "unknown layer 3 message of 0 octets"),
    ],
)
def test_message_is_summed_up(octets: str, uplink: bool | None, text: str) -> None:
    """A summary has the message's name and what matters in it."""
    assert summary(bytes.fromhex(octets), uplink=uplink).startswith(text)


def test_frame_is_summed_up() -> None:
    """A frame's summary is that of what it carries."""
    signalling = llc.encode_ui(1, bytes.fromhex("080509"), uplink=True, nu=0)
    data = llc.encode_ui(3, sndcp.encode(5, bytes(40), 0), uplink=False, nu=0)
    assert frame_summary(signalling) == "Detach Request, power off"
    assert frame_summary(data) == "User Data, NSAPI 5, 40 octets"
    assert frame_summary(b"abc") == "malformed LLC frame: frame of 3 octets"
    assert frame_summary(llc.encode_ui(5, b"\x09", uplink=True, nu=0)) == (
        "LLC SAPI 5: PDU of 1 octets"
    )
    ciphered = bytes.fromhex("41c003") + b"secret" + bytes(3)
    assert frame_summary(ciphered) == "ciphered LLC frame, SAPI 1, 6 octets"


@given(st.binary(max_size=60), st.sampled_from((None, True, False)))
def test_summary_never_raises(octets: bytes, uplink: bool | None) -> None:
    """Whatever the octets are, there is a line of text."""
    for first in (b"", b"\x0a", b"\x08"):
        assert summary(first + octets, uplink=uplink)
    assert frame_summary(octets)
    assert frame_summary(llc.encode_ui(1, octets, uplink=bool(uplink), nu=0))
