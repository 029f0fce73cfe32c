"""User data between mobiles and GGSNs (TS 44.065, TS 29.060 §9)."""

import pytest

from corenet.interfaces import sndcp
from corenet.interfaces.llc import decode_ui, encode_ui
from corenet.interfaces.nas import sm
from corenet.interfaces.node import Interface
from corenet.sgsn.sessions.packets import EARLY_KEPT
from gtp.constants import MessageType
from gtp.messages import CreatePdpContextRequest, EchoRequest, GPdu, decode

PACKET = bytes.fromhex("4500001c00010000400066cb0a2d00070a000001") + b"\x0b\x84\x0b\x84" + bytes(4)


def from_ggsn(around, teid, payload=PACKET):
    """A G-PDU arrives."""
    around.give(Interface.GTP_U, GPdu(teid=teid, payload=payload).encode(), (around.GGSN, 2152))


def own_teid(around):
    """The SGSN's TEID Data I of the one context."""
    return around.sgsn.mm_context(around.IMSI).contexts[0].teid_data


def test_uplink(active):
    """SN-UNITDATA of the mobile becomes a G-PDU to the GGSN's TEID."""
    active.send_packet(PACKET)
    ((data, peer),) = active.gtp_user
    assert peer == (active.GGSN, 2152)
    pdu = decode(data)
    assert isinstance(pdu, GPdu)
    view = active.sgsn.mm_context(active.IMSI).contexts[0]
    assert (pdu.teid, pdu.payload) == (view.remote_teid_data, PACKET)


def test_downlink(active):
    """A G-PDU becomes SN-UNITDATA in an LLC frame, numbered both ways."""
    active.frames.clear()
    from_ggsn(active, own_teid(active))
    from_ggsn(active, own_teid(active))
    assert list(active.packets[active.IMSI]) == [(5, PACKET)] * 2
    frames = [decode_ui(frame) for _, frame in active.frames]
    assert [(frame.sapi, frame.nu) for frame in frames] == [(3, 0), (3, 1)]
    assert [frame.payload[2:4] for frame in frames] == [b"\x00\x00", b"\x00\x01"]
    assert active.sgsn.counters["downlink_packets"] == 2


@pytest.mark.parametrize(("asked", "used"), [(5, 5), (11, 11), (0, 3), (7, 3)])
def test_the_llc_sapi_is_the_one_asked_for(attached, asked, used):
    """Where it is one for data; the mobile is told which it got."""
    attached.say(attached.activate_request(llc_sapi=asked))
    attached.from_ggsn(attached.created(attached.sent(CreatePdpContextRequest)))
    assert attached.heard(sm.ActivatePdpContextAccept).llc_sapi == used
    from_ggsn(attached, own_teid(attached))
    assert decode_ui(attached.frames[-1][1]).sapi == used


def test_packets_that_overtake_the_response_wait(attached):
    """T-PDUs that come before message 17 follow the Accept; a bound is kept."""
    attached.say(attached.activate_request())
    create = attached.sent(CreatePdpContextRequest)
    for _ in range(EARLY_KEPT + 2):
        from_ggsn(attached, create.teid_data)
    assert not attached.packets
    attached.from_ggsn(attached.created(create))
    attached.heard(sm.ActivatePdpContextAccept)
    assert len(attached.packets[attached.IMSI]) == EARLY_KEPT
    assert attached.sgsn.counters["downlink_dropped"] == 2


def test_packets_for_an_unknown_tunnel(active):
    """They get an Error Indication; the mobile gets nothing."""
    from_ggsn(active, 0xDEADBEEF)
    ((data, _),) = active.gtp_user
    assert data[1] == MessageType.ERROR_INDICATION
    assert not active.packets


def test_packets_after_the_deactivation(active):
    """The tunnel is gone at once, so that the GGSN hears of it."""
    teid = own_teid(active)
    active.command("deactivate", active.IMSI, 5)
    from_ggsn(active, teid)
    assert active.gtp_user[0][0][1] == MessageType.ERROR_INDICATION


def test_packets_too_long_for_the_link_are_dropped(active):
    """SNDCP does not segment here."""
    from_ggsn(active, own_teid(active), bytes(sndcp.MAX_PACKET + 1))
    assert active.sgsn.counters["downlink_dropped"] == 1
    from_ggsn(active, own_teid(active), bytes(sndcp.MAX_PACKET))
    assert active.sgsn.counters["downlink_packets"] == 1


def test_uplink_without_context(active):
    """Packets of other NSAPIs, or of a context not yet active, are counted."""
    active.send_packet(PACKET, nsapi=6)
    active.say(active.activate_request(ti=1, nsapi=7))
    active.send_packet(PACKET, nsapi=7)
    assert not active.gtp_user
    assert active.sgsn.counters["uplink_without_context"] == 2


def test_uplink_that_is_no_sndcp(active):
    """What is no SN-UNITDATA is counted."""
    active.say_octets(b"\x00", sapi=3)
    assert active.sgsn.counters["uplink_undecodable"] == 1


def test_echo_on_the_user_plane(around):
    """GTP-U is answered on its own port, with Recovery 0."""
    echo = EchoRequest(sequence=9).encode()
    around.give(Interface.GTP_U, echo, (around.GGSN, 2152))
    ((data, peer),) = around.gtp_user
    response = decode(data)
    assert (response.TYPE, response.recovery) == (MessageType.ECHO_RESPONSE, 0)
    assert peer == (around.GGSN, 2152)


def test_frames_that_are_no_good(active):
    """Wrong FCS, wrong direction, no frame: counted, dropped, never an exception."""
    radio = (active.IMSI, 0)
    good = encode_ui(1, b"\x08\x03", uplink=True, nu=200)
    active.give(Interface.RADIO, good[:-1] + b"\x00", radio)
    active.give(Interface.RADIO, b"", radio)
    active.give(Interface.RADIO, encode_ui(1, b"\x08\x03", uplink=False, nu=0), radio)
    assert active.sgsn.counters["frames_undecodable"] == 2
    assert active.sgsn.counters["frames_unusable"] == 1
    assert active.silent()


def test_duplicates_of_packets_are_dropped(active):
    """LLC passes each N(U) on once."""
    frame = encode_ui(3, sndcp.encode(5, PACKET, 0), uplink=True, nu=40)
    for _ in range(3):
        active.give(Interface.RADIO, frame, (active.IMSI, 0))
    assert len(active.gtp_user) == 1
