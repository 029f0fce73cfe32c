"""What we build, pycrate and scapy read the same; what they build, we read the same.

Known faults of theirs are stepped around: pycrate's length of IE 141 and of time zones, its
order of IE 251; scapy's automatic lengths.
"""

from __future__ import annotations

import warnings
from ipaddress import IPv4Address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtp.constants import Cause
from gtp.ies import EndUserAddress
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    EchoResponse,
    FailureReportResponse,
    Message,
    NoteMsGprsPresentRequest,
    PduNotificationRejectRequest,
    PduNotificationRequest,
    PduNotificationResponse,
    SendRouteingInformationResponse,
    decode,
)

pytestmark = pytest.mark.oracle

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pycrate: Any = pytest.importorskip("pycrate_mobile.TS29060_GTP")
    scapy: Any = pytest.importorskip("scapy.contrib.gtp")

IMSIS = st.text("0123456789", min_size=14, max_size=15)
TEIDS = st.integers(1, 2**32 - 1)
ADDRESSES = st.ip_addresses(v=4).map(str)
APNS = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20),
    min_size=1,
    max_size=3,
).map(".".join)
EUAS = ADDRESSES.map(EndUserAddress.for_ipv4)
QOS = bytes.fromhex("020b921f7396fefe742bffff00")
HEADER = {"teid": TEIDS, "sequence": st.integers(0, 65535)}

REQUESTS = st.builds(
    CreatePdpContextRequest,
    imsi=IMSIS,
    rai=st.none() | st.just(bytes.fromhex("32f415123405")),
    recovery=st.none() | st.integers(0, 255),
    selection_mode=st.integers(0, 2),
    teid_data=TEIDS,
    teid_control=TEIDS,
    nsapi=st.integers(5, 15),
    charging_characteristics=st.just(0x0800),
    end_user_address=EUAS | st.just(EndUserAddress.dynamic_ipv4()),
    apn=APNS,
    pco=st.none() | st.just(bytes.fromhex("80000d00")),
    sgsn_address_control=ADDRESSES,
    sgsn_address_user=ADDRESSES,
    msisdn=st.text("0123456789", min_size=12, max_size=12),
    qos=st.just(QOS),
    rat_type=st.integers(1, 6),
    imei=st.none() | st.text("0123456789", min_size=16, max_size=16),
    **HEADER,
)
NOTIFICATIONS = st.builds(
    PduNotificationRequest,
    imsi=IMSIS,
    teid_control=TEIDS,
    end_user_address=EUAS,
    apn=APNS,
    ggsn_address=ADDRESSES,
    **HEADER,
)
OTHERS = st.one_of(
    st.builds(EchoResponse, recovery=st.integers(0, 255), **HEADER),
    st.builds(
        CreatePdpContextResponse,
        cause=st.just(Cause.REQUEST_ACCEPTED),
        reordering_required=st.booleans(),
        recovery=st.none() | st.integers(0, 255),
        teid_data=TEIDS,
        teid_control=TEIDS,
        charging_id=TEIDS,
        end_user_address=EUAS,
        ggsn_address_control=ADDRESSES,
        ggsn_address_user=ADDRESSES,
        qos=st.just(QOS),
        **HEADER,
    ),
    st.builds(
        DeletePdpContextRequest,
        nsapi=st.integers(5, 15),
        teardown=st.none() | st.booleans(),
        **HEADER,
    ),
    st.builds(PduNotificationResponse, cause=st.sampled_from(Cause), **HEADER),
    st.builds(
        PduNotificationRejectRequest,
        cause=st.sampled_from(Cause),
        teid_control=TEIDS,
        end_user_address=EUAS,
        apn=APNS,
        **HEADER,
    ),
    st.builds(
        SendRouteingInformationResponse,
        cause=st.sampled_from(Cause),
        imsi=IMSIS,
        map_cause=st.none() | st.integers(0, 255),
        ms_not_reachable_reason=st.none() | st.integers(0, 13),
        sgsn_address=st.none() | ADDRESSES,
        **HEADER,
    ),
    st.builds(
        FailureReportResponse,
        cause=st.sampled_from(Cause),
        map_cause=st.none() | st.integers(0, 255),
        **HEADER,
    ),
    st.builds(NoteMsGprsPresentRequest, imsi=IMSIS, sgsn_address=ADDRESSES, **HEADER),
)


@settings(max_examples=80)
@given(REQUESTS | NOTIFICATIONS | OTHERS)
def test_pycrate_reads_and_writes_the_same(message: Message) -> None:
    """Pycrate finds nothing wrong in our octets, and makes the same of what it read."""
    data = message.encode()
    read, error = pycrate.parse_GTP(data)
    assert error == 0
    again = type(read)(val=read.get_val_d())
    assert again.to_bytes() == data
    assert decode(again.to_bytes()) == message


@settings(max_examples=40)
@given(NOTIFICATIONS)
def test_pycrate_reads_the_values_of_a_notification(message: PduNotificationRequest) -> None:
    """Each element of a PDU Notification Request has for pycrate the value that we set."""
    read, _ = pycrate.parse_GTP(message.encode())
    header, ies = read["GTPHdr"], read["PDUNotifReqIEs"]
    assert header["TEID"].get_val() == message.teid
    assert header["GTPHdrOpt"]["SeqNum"].get_val() == message.sequence
    assert ies["IMSI"]["Data"].decode() == message.imsi
    assert ies["TEIDCP"]["Data"].get_val() == message.teid_control
    address = ies["EndUserAddr"]["Data"]["Addr"].get_val()
    assert str(IPv4Address(address)) == message.end_user_address.ipv4
    assert ies["APN"]["Data"].decode() == message.apn
    ggsn = ies["GGSNAddrForControlPlane"]["Data"].get_val()
    assert str(IPv4Address(ggsn)) == message.ggsn_address


@settings(max_examples=80)
@given(REQUESTS)
def test_scapy_reads_the_values_of_a_create_request(message: CreatePdpContextRequest) -> None:
    """Each element of a Create PDP Context Request has for scapy the value that we set."""
    packet = scapy.GTPHeader(message.encode())
    assert (packet.teid, packet.seq) == (message.teid, message.sequence)
    ies = {element.ietype: element for element in packet.IE_list}
    assert ies[2].imsi.decode() == message.imsi
    assert message.teid_data == ies[16].TEIDI
    assert message.teid_control == ies[17].TEICI
    assert message.nsapi == ies[20].NSAPI
    assert message.end_user_address is not None
    if message.end_user_address.ipv4 is not None:
        assert ies[128].PDPAddress == message.end_user_address.ipv4
    assert ies[131].APN.decode() == message.apn
    addresses = [each.ipv4_address for each in packet.IE_list if each.ietype == 133]
    assert addresses == [message.sgsn_address_control, message.sgsn_address_user]
    assert ies[134].digits.decode() == message.msisdn
    assert ies[151].RAT_Type == message.rat_type
    assert bytes(packet) == message.encode()


@settings(max_examples=40)
@given(NOTIFICATIONS)
def test_we_read_what_scapy_builds(message: PduNotificationRequest) -> None:
    """A PDU Notification Request that scapy builds is read as the values that it was given."""
    body = scapy.GTPPDUNotificationRequest(
        IE_list=[
            scapy.IE_IMSI(imsi=message.imsi),
            scapy.IE_TEICP(TEICI=message.teid_control),
            scapy.IE_EndUserAddress(
                length=6, PDPTypeNumber=0x21, PDPAddress=message.end_user_address.ipv4
            ),
            scapy.IE_AccessPointName(APN=message.apn),
            scapy.IE_GSNAddress(length=4, ipv4_address=message.ggsn_address),
        ]
    )
    packet = scapy.GTPHeader(seq=message.sequence, teid=message.teid, S=1) / body
    if len(message.imsi) == 15:
        assert decode(bytes(packet)) == message
