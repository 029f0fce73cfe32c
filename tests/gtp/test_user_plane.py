"""GTP-U: tunnels, and what is said when there is none."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtp.constants import GTP_U_PORT
from gtp.errors import LocalProtocolError
from gtp.extension_headers import ExtensionHeader
from gtp.messages import (
    EchoRequest,
    EchoResponse,
    EndMarker,
    ErrorIndication,
    GPdu,
    SupportedExtensionHeadersNotification,
    decode,
)
from gtp.user_plane import ErrorIndicated, TPduReceived, UserPlane, encapsulate

PEER = ("192.0.2.2", 40000)
PACKET = bytes.fromhex("4500001400010000403b667a0a0000010a2d0007")


@pytest.fixture
def user_plane() -> UserPlane:
    made = UserPlane("192.0.2.1", error_indication_rate=2.0, error_indication_burst=3)
    made.add_tunnel(0x201, "owner")
    return made


def test_a_packet_is_encapsulated_as_known() -> None:
    """First octet 0x30, type 255, length of the packet, TEID, packet."""
    assert encapsulate(0x201, PACKET) == bytes.fromhex("30ff0014 00000201") + PACKET


@pytest.mark.parametrize(("teid", "payload"), [(1, bytes(65536)), (1 << 32, b""), (-1, b"")])
def test_what_fits_no_header_is_our_own_fault(teid: int, payload: bytes) -> None:
    """Too long a packet and a TEID beyond 32 bit are refused."""
    with pytest.raises(LocalProtocolError):
        encapsulate(teid, payload)


@given(st.integers(1, 0xFFFFFFFF), st.binary(max_size=2000))
def test_what_is_encapsulated_arrives(teid: int, payload: bytes) -> None:
    """The packet comes out of the tunnel as it went in, for whoever owns the tunnel."""
    user_plane = UserPlane("192.0.2.1")
    owner = object()
    user_plane.add_tunnel(teid, owner)
    user_plane.receive(encapsulate(teid, payload), PEER, 0.0)
    assert user_plane.take_events() == [TPduReceived(owner, payload, teid, PEER)]
    assert user_plane.take_datagrams() == []


@pytest.mark.parametrize(
    "g_pdu",
    [
        GPdu(teid=0x201, payload=PACKET, sequenced=True, sequence=77),
        GPdu(teid=0x201, payload=PACKET, npdu_number=3),
        GPdu(teid=0x201, payload=PACKET, extension_headers=(ExtensionHeader(0x40, b"\0\1"),)),
        GPdu(
            teid=0x201,
            payload=PACKET,
            extension_headers=(ExtensionHeader(0x20, b"\0\1"), ExtensionHeader(0x03, bytes(6))),
        ),
    ],
    ids=["sequence number", "N-PDU number", "extension header", "two extension headers"],
)
@pytest.mark.clause("29.281 §5.1, §5.2", "G-PDU, extension headers")
def test_optional_header_fields_are_stepped_over(user_plane: UserPlane, g_pdu: GPdu) -> None:
    """A sequence number is handed on, other fields are ignored."""
    user_plane.receive(g_pdu.encode(), PEER, 0.0)
    number = g_pdu.sequence if g_pdu.sequenced else None
    assert user_plane.take_events() == [TPduReceived("owner", PACKET, 0x201, PEER, number)]


def test_a_g_pdu_has_a_sequence_number_where_one_is_given() -> None:
    """The S flag says so; the length counts the four octets (TS 29.060 §6)."""
    octets = encapsulate(0x201, PACKET, 0x4711)
    assert octets.hex() == "32ff0018" + "00000201" + "47110000" + PACKET.hex()
    assert decode(octets) == GPdu(teid=0x201, payload=PACKET, sequenced=True, sequence=0x4711)


@pytest.mark.parametrize(("size", "number"), [(65_532, 0), (20, 0x10000)])
def test_a_number_or_packet_that_does_not_fit_is_refused(size: int, number: int) -> None:
    """65531 octets of payload and 16 bits of number are the most."""
    with pytest.raises(LocalProtocolError):
        encapsulate(0x201, bytes(size), number)


def test_octets_after_the_packet_are_cut_off(user_plane: UserPlane) -> None:
    """The length field says where the packet ends."""
    user_plane.receive(encapsulate(0x201, PACKET) + b"\0\0", PEER, 0.0)
    assert user_plane.take_events() == [TPduReceived("owner", PACKET, 0x201, PEER)]


def test_an_extension_header_that_must_be_comprehended_drops_the_packet(
    user_plane: UserPlane,
) -> None:
    """The sender hears which types we know: none (TS 29.281 §5.2)."""
    g_pdu = GPdu(teid=0x201, payload=PACKET, extension_headers=(ExtensionHeader(0xC0, b"\0\1"),))
    user_plane.receive(g_pdu.encode(), PEER, 0.0)
    assert user_plane.take_events() == []
    assert user_plane.take_datagrams() == [(SupportedExtensionHeadersNotification().encode(), PEER)]
    assert user_plane.counters.extension_headers_notified == 1


@pytest.mark.clause("29.060 §7.3.7", "Error Indication")
def test_an_unknown_tunnel_is_indicated(user_plane: UserPlane) -> None:
    """The Error Indication names TEID and our address, and goes to port 2152 (§7.3.1)."""
    user_plane.receive(encapsulate(0x999, PACKET), PEER, 0.0)
    assert user_plane.take_events() == []
    ((data, peer),) = user_plane.take_datagrams()
    assert data == bytes.fromhex("321a0010 00000000 0000 0000 1000000999 850004c0000201")
    assert peer == (PEER[0], GTP_U_PORT)
    assert user_plane.counters.unknown_tunnels == 1


def test_no_error_is_indicated_for_teid_0(user_plane: UserPlane) -> None:
    """No tunnel has TEID 0; a G-PDU with it is only discarded."""
    user_plane.receive(encapsulate(0, PACKET), PEER, 0.0)
    assert user_plane.take_datagrams() == []
    assert user_plane.counters.unknown_tunnels == 1


@pytest.mark.clause("29.281 §7.3.1", "Error Indication, rate limited")
def test_error_indications_are_rationed_per_peer(user_plane: UserPlane) -> None:
    """A burst of three, then two a second; another peer has its own ration."""
    for now, peer, expected in (
        (0.0, "192.0.2.2", 3),
        (0.4, "192.0.2.2", 0),
        (0.5, "192.0.2.2", 1),
        (0.5, "192.0.2.3", 3),
        (100.0, "192.0.2.2", 3),
    ):
        for _ in range(5):
            user_plane.receive(encapsulate(0x999, PACKET), (peer, 2152), now)
        assert len(user_plane.take_datagrams()) == expected
    assert user_plane.counters.error_indications_sent == 10
    assert user_plane.counters.error_indications_held_back == 15


def test_the_rations_of_many_peers_are_forgotten(user_plane: UserPlane) -> None:
    """Memory stays bounded when G-PDUs come from everywhere."""
    for number in range(1030):
        peer = (f"198.51.{number >> 8}.{number & 255}", 2152)
        user_plane.receive(encapsulate(0x999, PACKET), peer, 0.0)
    assert user_plane.counters.error_indications_sent == 1030
    for _ in range(4):
        user_plane.receive(encapsulate(0x999, PACKET), ("198.51.0.0", 2152), 0.0)
    assert user_plane.counters.error_indications_held_back == 1


def test_an_error_indication_is_told(user_plane: UserPlane) -> None:
    """What counts is the address and TEID inside, not the header (§7.3.1)."""
    user_plane.receive(bytes.fromhex("321a001000000000000000001000000201850004c0000202"), PEER, 0.0)
    assert user_plane.take_events() == [ErrorIndicated("192.0.2.2", 0x201)]
    assert user_plane.take_datagrams() == []


def test_an_error_indication_with_a_udp_port_is_told(user_plane: UserPlane) -> None:
    """The UDP Port extension header need not be comprehended."""
    message = ErrorIndication(
        teid_data=0x201,
        peer_address="192.0.2.2",
        extension_headers=(ExtensionHeader(0x40, b"\x08\x68"),),
    )
    user_plane.receive(message.encode(), PEER, 0.0)
    assert user_plane.take_events() == [ErrorIndicated("192.0.2.2", 0x201)]


def test_echo_is_answered_with_recovery_0(user_plane: UserPlane) -> None:
    """On the user plane the counter means nothing (§7.2.2)."""
    user_plane.receive(EchoRequest(sequence=9).encode(), PEER, 0.0)
    assert user_plane.take_datagrams() == [(EchoResponse(recovery=0, sequence=9).encode(), PEER)]
    user_plane.receive(bytes.fromhex("30010000 00000000"), PEER, 0.0)
    assert user_plane.take_datagrams() == [(EchoResponse(recovery=0).encode(), PEER)]
    assert user_plane.counters.echoes_answered == 2


@pytest.mark.parametrize(
    ("octets", "counter"),
    [
        ("", "malformed"),
        ("30ff0000 000002", "malformed"),
        ("10ff0000 00000201", "malformed"),
        ("40010000 00000000", "malformed"),
        ("30ff0005 00000201 45", "malformed"),
        ("32ff0003 00000201 000000", "malformed"),
        ("34ff0004 00000201 0000 00 40", "malformed"),
        ("34ff0008 00000201 0000 00 40 00000000", "malformed"),
        ("34ff0008 00000201 0000 00 40 02000000", "malformed"),
        ("321a0004 00000000 00000000", "malformed"),
        (EndMarker(teid=0x201).encode().hex(), "end_markers"),
        (EchoResponse(recovery=0).encode().hex(), "not_accepted"),
        ("32100004 00000000 00000000", "not_accepted"),
        ("30fd0000 00000201", "not_accepted"),
    ],
)
def test_what_is_no_packet_is_discarded_and_counted(
    user_plane: UserPlane, octets: str, counter: str
) -> None:
    """Nothing is told and nothing is sent; the counter says what it was."""
    user_plane.receive(bytes.fromhex(octets), PEER, 0.0)
    assert user_plane.take_events() == []
    assert user_plane.take_datagrams() == []
    assert getattr(user_plane.counters, counter) == 1


def test_tunnels_come_and_go(user_plane: UserPlane) -> None:
    """A removed tunnel is unknown, and its TEID may be given again."""
    user_plane.remove_tunnel(0x201)
    assert user_plane.tunnels == 0
    user_plane.receive(encapsulate(0x201, PACKET), PEER, 0.0)
    assert user_plane.take_events() == []
    user_plane.add_tunnel(0x201, "another")
    user_plane.receive(encapsulate(0x201, PACKET), PEER, 0.0)
    assert user_plane.take_events() == [TPduReceived("another", PACKET, 0x201, PEER)]


def test_tunnels_are_guarded(user_plane: UserPlane) -> None:
    """A TEID in use, 0, beyond 32 bit or not there is our caller's fault."""
    for teid in (0x201, 0, 1 << 32):
        with pytest.raises(LocalProtocolError):
            user_plane.add_tunnel(teid, "owner")
    with pytest.raises(LocalProtocolError):
        user_plane.remove_tunnel(0x202)


def test_random_octets_never_raise(user_plane: UserPlane) -> None:
    """Whatever arrives is a packet, something known, or counted."""
    random = Random(5)
    for _ in range(3000):
        head = random.choice((b"", b"\x34\xff\0", b"\x30\xff\0", b"\x32\x1a\0", b"\x36\x01\0"))
        user_plane.receive(head + random.randbytes(random.randrange(30)), PEER, 0.0)
    for data, _ in user_plane.take_datagrams():
        decode(data)
