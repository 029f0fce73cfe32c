"""Whatever peers send, the SGSN neither raises nor keeps anything for them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corenet.interfaces.gsup import GsupMessage, MessageType, PdpInfo
from corenet.interfaces.gsup import PdpAddress as GsupAddress
from corenet.interfaces.gsup import PdpType as GsupType
from corenet.interfaces.llc import encode_ui
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.interfaces.node import Interface
from gtp.ies.values import EndUserAddress, PdpType
from gtp.messages import (
    CreatePdpContextRequest,
    DeletePdpContextRequest,
    GPdu,
    PduNotificationResponse,
)

IMSI = "234150999999999"
TI = sm.TransactionIdentifier(0)


def seeds(around):
    """A valid message of each kind and interface, to be spoiled."""
    network_ti = sm.TransactionIdentifier(0, True)
    messages = [
        gmm.AttachRequest(gmm.MobileIdentity(imsi=IMSI)),
        gmm.AttachComplete(),
        gmm.DetachRequestUplink(),
        gmm.DetachAcceptUplink(),
        around.activate_request(pco=b"\x80"),
        around.activate_request(ti=0, flag=True),
        sm.RequestPdpContextActivationReject(network_ti, 31),
        sm.DeactivatePdpContextRequest(TI),
        sm.DeactivatePdpContextAccept(TI),
        sm.SmStatus(TI, 81),
    ]
    layer_3 = [(Interface.RADIO, message.encode()) for message in messages]
    gsup = [
        (Interface.GR, GsupMessage(kind, IMSI, cause=7).encode())
        for kind in MessageType
        if kind < 0x20
    ]
    gtp = [
        (Interface.GTP_C, around.notification(pco=b"\x80").encode()),
        (Interface.GTP_C, DeletePdpContextRequest(teid=1, nsapi=5).encode()),
        (Interface.GTP_U, GPdu(teid=1, payload=b"E" * 20).encode()),
    ]
    return layer_3 + gsup + gtp


@st.composite
def spoiled(draw, octets):
    """``octets`` with some changed, cut off, or added."""
    data = bytearray(octets)
    for _ in range(draw(st.integers(0, 3))):
        if data:
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    data = data[: draw(st.integers(0, len(data)))] if draw(st.booleans()) else data
    return bytes(data) + draw(st.binary(max_size=8))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_nothing_a_peer_sends_raises(data, surrounding):
    """Spoiled messages in any order, with time passing, from everywhere."""
    around = surrounding()
    around.attach()
    offered = seeds(around)
    for number in range(12):
        interface, octets = data.draw(st.sampled_from(offered))
        octets = data.draw(spoiled(octets))
        if interface is Interface.RADIO:
            octets = encode_ui(1, octets, uplink=True, nu=100 + number)
            around.sgsn.receive(
                interface, octets, peer=(IMSI, 0), local=("sgsn", 0), now=around.now
            )
        else:
            peer = around.config.hlr if interface is Interface.GR else (around.GGSN, 2123)
            around.sgsn.receive(
                interface, octets, peer=peer, local=(around.SGSN, 0), now=around.now
            )
        around.sgsn.take_datagrams()
    for _ in range(200):
        due = around.sgsn.next_timeout()
        if due is None:
            break
        around.now = max(around.now, due)
        around.sgsn.handle_timeout(around.now)
    assert around.sgsn.next_timeout() is None


@pytest.mark.parametrize("interface", list(Interface))
@settings(max_examples=50, deadline=None)
@given(octets=st.binary(max_size=64))
def test_random_octets_change_nothing(interface, octets, surrounding):
    """Noise leaves no mobile, no context, no timer."""
    around = surrounding()
    around.sgsn.receive(
        interface, octets, peer=("192.0.2.77", 1), local=("192.0.2.2", 0), now=1000.0
    )
    assert around.sgsn.mm_contexts() == ()
    assert around.sgsn.next_timeout() is None


def test_an_imsi_that_is_too_short(around):
    """Attach Reject 96: there is no such subscriber to ask the HLR for."""
    around.say(gmm.AttachRequest(gmm.MobileIdentity(imsi="12345")))
    assert around.heard(gmm.AttachReject).cause == 96
    assert around.sgsn.mm_contexts() == ()


def test_an_apn_that_gtp_does_not_carry(attached):
    """NAS leaves an APN's characters open, GTP does not: SM cause 27."""
    attached.apns.append("*")
    attached.run(10)
    attached.attach()
    attached.say(attached.activate_request(apn="wap+example"))
    assert attached.heard(sm.ActivatePdpContextReject).cause == 27


def test_options_that_are_too_long_for_nas_are_left_out(attached):
    """The GGSN may send more PCO than fits towards the mobile."""
    attached.ggsn_asks(attached.notification(pco=bytes(252)))
    attached.sent(PduNotificationResponse)
    asked = attached.heard(sm.RequestPdpContextActivation)
    assert asked.pco is None
    attached.answer(asked)
    create = attached.sent(CreatePdpContextRequest)
    attached.from_ggsn(attached.created(create, pco=bytes(252)))
    assert attached.heard(sm.ActivatePdpContextAccept).pco is None


def test_an_address_of_a_type_that_was_not_asked_for(attached):
    """A PPP address in the response is passed over; the one asked for stays."""
    attached.say(attached.activate_request())
    create = attached.sent(CreatePdpContextRequest)
    ppp = EndUserAddress(pdp_type=PdpType.PPP)
    attached.from_ggsn(attached.created(create, end_user_address=ppp))
    assert attached.heard(sm.ActivatePdpContextAccept).pdp_address.ipv4 == attached.ADDRESS


def test_a_quality_of_service_longer_than_there_is(attached):
    """The GGSN is asked for the default instead."""
    attached.say(attached.activate_request(qos=bytes([0x0B]) * 255))
    assert attached.sent(CreatePdpContextRequest).qos == b"\x02" + attached.QOS


def test_subscriber_data_that_cannot_be_used(attached):
    """An endless MSISDN, odd charging characteristics and impossible APNs are left out."""
    attached.from_hlr(
        GsupMessage(
            MessageType.INSERT_SUBSCRIBER_DATA_REQUEST,
            attached.IMSI,
            msisdn="1" * 30,
            pdp_info_complete=True,
            pdp_info=(
                PdpInfo(1, GsupAddress(GsupType.IPV4, None), ".".join(["a" * 30] * 4)),
                PdpInfo(3, apn="wap+example"),
                PdpInfo(2, apn=attached.APN, charging_characteristics=b"\x01\x02\x03"),
            ),
        )
    )
    attached.say(attached.activate_request(apn=None, pdp_address=PdpAddress.dynamic_ipv4()))
    create = attached.sent(CreatePdpContextRequest)
    assert (create.apn, create.msisdn) == (attached.APN, None)
    assert create.charging_characteristics is None
