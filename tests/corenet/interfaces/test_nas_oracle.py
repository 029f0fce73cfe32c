"""pycrate reads what we write and writes what we read, for every message."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.elements import PdpAddress

pytestmark = pytest.mark.oracle

STATIC = PdpAddress.for_ipv4("10.45.0.7")
STATIC_VALUE = {"TypeOrg": 1, "Type": 0x21, "Addr": b"\x0a\x2d\x00\x07"}
QOS = bytes.fromhex("0b921f7396fefe742bffff")
APN_VALUE = [{"Value": b"wap"}, {"Value": b"example"}]
PCO = bytes.fromhex("80 8021 0a 0101000a 810600000000")
RAI = bytes.fromhex("32f451123401")
SENT = sm.TransactionIdentifier(2)
RECEIVED = sm.TransactionIdentifier(2, flag=True)


def sm_header(kind: int, *, received: bool) -> dict[str, Any]:
    return {"TIPD": {"TIFlag": int(received), "TIO": 2}, "Type": kind}


SESSION = [
    pytest.param(
        "SMActivatePDPContextRequest",
        sm_header(0x41, received=True),
        {
            "NSAPI": {"Value": 6},
            "LLC_SAPI": {"Value": 3},
            "QoS": QOS,
            "PDPAddr": STATIC_VALUE,
            "APN": APN_VALUE,
            "ProtConfig": PCO,
        },
        sm.ActivatePdpContextRequest(RECEIVED, 6, 3, QOS, STATIC, "wap.example", PCO),
        id="activate-request",
    ),
    pytest.param(
        "SMActivatePDPContextRequest",
        sm_header(0x41, received=False),
        {
            "NSAPI": {"Value": 5},
            "LLC_SAPI": {"Value": 3},
            "QoS": bytes(11),
            "PDPAddr": {"TypeOrg": 1, "Type": 0x21, "Addr": b""},
        },
        sm.ActivatePdpContextRequest(SENT, 5),
        id="activate-request-dynamic",
    ),
    pytest.param(
        "SMActivatePDPContextAccept",
        sm_header(0x42, received=False),
        {
            "LLC_SAPI": {"Value": 3},
            "QoS": QOS,
            "RadioPriority": 2,
            "PDPAddr": STATIC_VALUE,
            "PacketFlowId": b"\x05",
            "SMCause": b"\x34",
        },
        sm.ActivatePdpContextAccept(SENT, 3, QOS, 2, STATIC, None, 5, 52),
        id="activate-accept",
    ),
    pytest.param(
        "SMActivatePDPContextReject",
        sm_header(0x43, received=False),
        {"SMCause": b"\x1a", "BackOffTimer": b"\x21"},
        sm.ActivatePdpContextReject(SENT, 26, back_off_timer=0x21),
        id="activate-reject",
    ),
    pytest.param(
        "SMRequestPDPContextActivation",
        sm_header(0x44, received=False),
        {"PDPAddr": STATIC_VALUE, "APN": APN_VALUE},
        sm.RequestPdpContextActivation(SENT, STATIC, "wap.example"),
        id="request-activation",
    ),
    pytest.param(
        "SMRequestPDPContextActivationReject",
        sm_header(0x45, received=True),
        {"SMCause": b"\x1a"},
        sm.RequestPdpContextActivationReject(RECEIVED, 26),
        id="request-activation-reject",
    ),
    pytest.param(
        "SMDeactivatePDPContextRequest",
        sm_header(0x46, received=True),
        {"SMCause": b"\x24", "TearDownInd": 1},
        sm.DeactivatePdpContextRequest(RECEIVED, 36, teardown=True),
        id="deactivate-request",
    ),
    pytest.param(
        "SMDeactivatePDPContextAccept",
        sm_header(0x47, received=False),
        {},
        sm.DeactivatePdpContextAccept(SENT),
        id="deactivate-accept",
    ),
    pytest.param(
        "SMStatus",
        sm_header(0x55, received=False),
        {"SMCause": b"\x61"},
        sm.SmStatus(SENT, 97),
        id="status",
    ),
]

IMSI_VALUE = bytes.fromhex("2943519099999999")
P_TMSI_VALUE = bytes.fromhex("f4c0000001")
MOBILITY = [
    pytest.param(
        "GMMAttachRequest",
        {
            "MSNetCap": gmm.MS_NETWORK_CAPABILITY,
            "CKSN": 7,
            "AttachType": {"Type": 1},
            "ID": IMSI_VALUE,
            "OldRAI": gmm.NO_RAI,
            "MSRACap": gmm.MS_RADIO_ACCESS_CAPABILITY,
        },
        True,
        gmm.AttachRequest(gmm.MobileIdentity(imsi="234150999999999")),
        id="attach-request",
    ),
    pytest.param(
        "GMMAttachAccept",
        {
            "AttachResult": {"Result": 1},
            "PeriodicRAUpdateTimer": b"\x49",
            "RadioPrioritySMS": 4,
            "RAI": RAI,
            "AllocPTMSI": P_TMSI_VALUE,
            "GMMCause": b"\x10",
        },
        False,
        gmm.AttachAccept(RAI, 0xC0000001, cause=16),
        id="attach-accept",
    ),
    pytest.param("GMMAttachComplete", {}, True, gmm.AttachComplete(), id="attach-complete"),
    pytest.param(
        "GMMAttachReject", {"GMMCause": b"\x07"}, False, gmm.AttachReject(7), id="attach-reject"
    ),
    pytest.param(
        "GMMDetachRequestMO",
        {"DetachType": {"PowerOff": 1, "Type": 1}, "AllocPTMSI": P_TMSI_VALUE},
        True,
        gmm.DetachRequestUplink(power_off=True, p_tmsi=0xC0000001),
        id="detach-request-uplink",
    ),
    pytest.param(
        "GMMDetachRequestMT",
        {"DetachType": {"Type": 1}, "GMMCause": b"\x0a"},
        False,
        gmm.DetachRequestDownlink(gmm.NetworkDetachType.REATTACH_REQUIRED, 10),
        id="detach-request-downlink",
    ),
    pytest.param(
        "GMMDetachAcceptMO", {}, True, gmm.DetachAcceptUplink(), id="detach-accept-uplink"
    ),
    pytest.param(
        "GMMDetachAcceptMT", {}, False, gmm.DetachAcceptDownlink(), id="detach-accept-downlink"
    ),
    pytest.param(
        "GMMAttachRequest",
        {
            "MSNetCap": gmm.MS_NETWORK_CAPABILITY,
            "CKSN": 7,
            "AttachType": {"Type": 1},
            "ID": P_TMSI_VALUE,
            "OldRAI": RAI,
            "MSRACap": gmm.MS_RADIO_ACCESS_CAPABILITY,
            "OldPTMSISign": b"sig",
            "ReqREADYTimer": b"\x16",
        },
        True,
        gmm.AttachRequest(
            gmm.MobileIdentity(p_tmsi=0xC0000001),
            old_rai=RAI,
            ready_timer=0x16,
            p_tmsi_signature=b"sig",
        ),
        id="attach-request-again",
    ),
    pytest.param(
        "GMMRoutingAreaUpdateRequest",
        {
            "CKSN": 7,
            "UpdateType": 3,
            "OldRAI": RAI,
            "MSRACap": gmm.MS_RADIO_ACCESS_CAPABILITY,
            "OldPTMSISign": b"sig",
            "ReqREADYTimer": b"\x16",
            "PTMSI": P_TMSI_VALUE,
            "PDPCtxtStat": b"\x20\x01",
        },
        True,
        gmm.RoutingAreaUpdateRequest(
            RAI,
            gmm.UpdateType.PERIODIC,
            p_tmsi=0xC0000001,
            p_tmsi_signature=b"sig",
            ready_timer=0x16,
            context_status=gmm.context_status([5, 8]),
        ),
        id="update-request",
    ),
    pytest.param(
        "GMMRoutingAreaUpdateAccept",
        {
            "PeriodicRAUpdateTimer": b"\x49",
            "RAI": RAI,
            "PTMSISign": b"sig",
            "AllocPTMSI": P_TMSI_VALUE,
            "NegoREADYTimer": b"\x16",
            "GMMCause": b"\x10",
            "PDPCtxtStat": b"\x20\x00",
        },
        False,
        gmm.RoutingAreaUpdateAccept(
            RAI, 0xC0000001, b"sig", ready_timer=0x16, cause=16, context_status=1 << 5
        ),
        id="update-accept",
    ),
    pytest.param(
        "GMMRoutingAreaUpdateComplete",
        {},
        True,
        gmm.RoutingAreaUpdateComplete(),
        id="update-complete",
    ),
    pytest.param(
        "GMMRoutingAreaUpdateReject",
        {"GMMCause": b"\x09"},
        False,
        gmm.RoutingAreaUpdateReject(9),
        id="update-reject",
    ),
    pytest.param(
        "GMMPTMSIReallocationCommand",
        {"AllocPTMSI": P_TMSI_VALUE, "RAI": RAI, "PTMSISign": b"sig"},
        False,
        gmm.PTmsiReallocationCommand(0xC0000001, RAI, b"sig"),
        id="reallocation-command",
    ),
    pytest.param(
        "GMMPTMSIReallocationComplete",
        {},
        True,
        gmm.PTmsiReallocationComplete(),
        id="reallocation-complete",
    ),
    pytest.param(
        "GMMIdentityRequest", {"IDType": 1}, False, gmm.IdentityRequest(), id="identity-request"
    ),
    pytest.param(
        "GMMIdentityResponse",
        {"ID": IMSI_VALUE},
        True,
        gmm.IdentityResponse(gmm.MobileIdentity(imsi="234150999999999")),
        id="identity-response",
    ),
    pytest.param(
        "GMMAuthenticationCipheringRequest",
        {"ACRef": 3, "RAND": bytes(range(16)), "CKSN": 2, "AUTN": bytes(range(16, 32))},
        False,
        gmm.AuthenticationRequest(3, bytes(range(16)), 2, bytes(range(16, 32))),
        id="authentication-request-umts",
    ),
    pytest.param(
        "GMMAuthenticationCipheringRequest",
        {"ACRef": 15, "RAND": bytes(range(16)), "CKSN": 0},
        False,
        gmm.AuthenticationRequest(15, bytes(range(16)), 0),
        id="authentication-request-gsm",
    ),
    pytest.param(
        "GMMAuthenticationCipheringResponse",
        {"ACRef": 3, "RES": b"\1\2\3\4", "RESExt": b"\5\6\7\x08"},
        True,
        gmm.AuthenticationResponse(3, b"\1\2\3\4\5\6\7\x08"),
        id="authentication-response-umts",
    ),
    pytest.param(
        "GMMAuthenticationCipheringResponse",
        {"ACRef": 3, "RES": b"\1\2\3\4"},
        True,
        gmm.AuthenticationResponse(3, b"\1\2\3\4"),
        id="authentication-response-gsm",
    ),
    pytest.param(
        "GMMAuthenticationCipheringFailure",
        {"GMMCause": b"\x15", "AUTS": bytes(range(14))},
        True,
        gmm.AuthenticationFailure(21, bytes(range(14))),
        id="authentication-failure",
    ),
    pytest.param(
        "GMMAuthenticationCipheringReject",
        {},
        False,
        gmm.AuthenticationReject(),
        id="authentication-reject",
    ),
    pytest.param("GMMStatus", {"GMMCause": b"\x61"}, True, gmm.GmmStatus(97), id="status"),
]


def pycrate(module: str, name: str) -> Any:
    return getattr(importlib.import_module(f"pycrate_mobile.{module}"), name)


@pytest.mark.parametrize(("name", "header", "values", "message"), SESSION)
def test_pycrate_writes_session_messages_alike(
    name: str, header: dict[str, Any], values: dict[str, Any], message: sm.SmMessage
) -> None:
    """From the same values pycrate builds our octets, and we read its message."""
    octets = pycrate("TS24008_SM", name)(val={"SMHeader": header, **values}).to_bytes()
    assert octets == message.encode()
    assert sm.decode(octets) == message


@pytest.mark.parametrize(("name", "header", "values", "message"), SESSION)
def test_pycrate_reads_session_messages_alike(
    name: str, header: dict[str, Any], values: dict[str, Any], message: sm.SmMessage
) -> None:
    """Pycrate reads our octets whole and finds the transaction identifier we wrote."""
    theirs = pycrate("TS24008_SM", name)()
    theirs.from_bytes(message.encode())
    assert theirs.to_bytes() == message.encode()
    found = theirs["SMHeader"]["TIPD"].get_val_d()
    assert (found["TIO"], bool(found["TIFlag"])) == (message.ti.value, message.ti.flag)


@pytest.mark.parametrize(("name", "values", "uplink", "message"), MOBILITY)
def test_pycrate_writes_mobility_messages_alike(
    name: str, values: dict[str, Any], uplink: bool, message: gmm.GmmMessage
) -> None:
    """From the same values pycrate builds our octets, and we read its message."""
    octets = pycrate("TS24008_GMM", name)(val=values).to_bytes()
    assert octets == message.encode()
    assert gmm.decode(octets, uplink=uplink) == message


@pytest.mark.parametrize(("name", "values", "uplink", "message"), MOBILITY)
def test_pycrate_reads_mobility_messages_alike(
    name: str, values: dict[str, Any], uplink: bool, message: gmm.GmmMessage
) -> None:
    """Pycrate reads our octets whole."""
    theirs = pycrate("TS24008_GMM", name)()
    theirs.from_bytes(message.encode())
    assert theirs.to_bytes() == message.encode()
