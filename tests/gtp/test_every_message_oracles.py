"""Every message with every element it can have, as Wireshark and pycrate read it.

The messages come from the tables: each place gets the sample of its type, and Wireshark is to
find in its fields what the sample says. Where a dissector is wrong, the reason is given.
"""

from __future__ import annotations

import json
import struct
import subprocess
import warnings
from typing import Any

import pytest

from gtp.codes import (
    CsgReportingAction,
    DirectTunnelFlags,
    ExtendedCommonFlags,
    ExtendedCommonFlagsII,
    SrvccFlags,
)
from gtp.constants import GTP_C_PORT, Cause, IEType, MessageType
from gtp.ies import Ambr, EndUserAddress, MsTimeZone, PrivateExtension, RouteingArea
from gtp.ies.context import (
    AmbrOfNsapi,
    LocalHomeNetwork,
    OfNsapi,
    PdpContext,
    RabContext,
    ScefPdnConnection,
)
from gtp.ies.mobility import CsgInformation, NodeIdentifier, UeAmbr
from gtp.ies.multicast import MulticastDistribution, SessionDuration, Tmgi
from gtp.ies.relocation import (
    CellIdentification,
    EnodebId,
    PduNumbers,
    Plmn,
    RabSetup,
    TargetRnc,
    VoiceCapabilities,
    XidParameters,
)
from gtp.ies.security import MmContext, Quintuplet, SecurityMode, Triplet
from gtp.ies.trace import TraceInfo
from gtp.messages import MESSAGES, Message, decode
from gtp.wire import split_elements

QOS = bytes.fromhex("020b921f7396fefe742bffff00")
EUA = EndUserAddress.for_ipv4("10.45.0.7")
RAI = bytes.fromhex("32f451123405")
CELL = RAI + b"\x56\x78"
AREA = RouteingArea.parse(RAI)

# Of each type a value, and what Wireshark is to show of it.
SAMPLES: dict[IEType, tuple[object, dict[str, str]]] = {
    IEType.CAUSE: (Cause.REQUEST_ACCEPTED, {"gtp.cause": "128"}),
    IEType.IMSI: ("234150999999999", {"e212.imsi": "234150999999999"}),
    IEType.ROUTEING_AREA_IDENTITY: (RAI, {"gtp.rai_rac": "5"}),
    IEType.TLLI: (0xC0000001, {"gtp.tlli": "0xc0000001"}),
    IEType.P_TMSI: (0xC0000002, {"gtp.ptmsi": "3221225474"}),
    IEType.REORDERING_REQUIRED: (True, {"gtp.reorder": "1"}),
    IEType.AUTHENTICATION_TRIPLETS: (
        Triplet(b"\x11" * 16, b"\x22" * 4, b"\x33" * 8),
        {"gtp.sres": "22:22:22:22", "gtp.kc": "33:33:33:33:33:33:33:33"},
    ),
    IEType.MAP_CAUSE: (27, {"gtp.map_cause": "27"}),
    IEType.P_TMSI_SIGNATURE: (b"\x12\x34\x56", {"gtp.ptmsi_sig": "0x123456"}),
    IEType.MS_VALIDATED: (True, {"gtp.ms_valid": "1"}),
    IEType.RECOVERY: (42, {"gtp.recovery": "42"}),
    IEType.SELECTION_MODE: (1, {"gtp.sel_mode": "1"}),
    IEType.TEID_DATA: (0x101, {"gtp.teid_data": "0x00000101"}),
    IEType.TEID_CONTROL: (0x102, {"gtp.teid_cp": "0x00000102"}),
    IEType.TEID_DATA_II: (OfNsapi(5, 0x103), {"gtp.teid_ii": "0x00000103"}),
    IEType.TEARDOWN_IND: (True, {"gtp.tear_ind": "1"}),
    IEType.NSAPI: (5, {"gtp.nsapi": "5"}),
    IEType.RANAP_CAUSE: (43, {"gtp.ranap_cause": "43"}),
    IEType.RAB_CONTEXT: (
        RabContext(5, 1, 2, 3, 4),
        {"gtp.rab_gtp_dn": "1", "gtp.rab_gtp_up": "2", "gtp.rab_pdu_dn": "3"},
    ),
    IEType.RADIO_PRIORITY_FOR_MO_SMS: (1, {"gtp.rp_sms": "1"}),
    IEType.RADIO_PRIORITY: (OfNsapi(5, 2), {"gtp.rp_nsapi": "5", "gtp.rp": "2"}),
    IEType.PACKET_FLOW_ID: (OfNsapi(5, 10), {"gtp.pkt_flow_id": "10"}),
    IEType.CHARGING_CHARACTERISTICS: (0x0800, {"gtp.chrg_char_n": "1"}),
    IEType.TRACE_REFERENCE: (0x1234, {"gtp.trace_ref": "0x1234"}),
    IEType.TRACE_TYPE: (0x0021, {"gtp.trace_type": "0x0021"}),
    IEType.MS_NOT_REACHABLE_REASON: (6, {"gtp.ms_reason": "6"}),
    IEType.CHARGING_ID: (7, {"gtp.chrg_id": "0x00000007"}),
    IEType.END_USER_ADDRESS: (EUA, {"gtp.user_ipv4": "10.45.0.7"}),
    IEType.MM_CONTEXT: (
        MmContext(
            mode=SecurityMode.GSM_KEY_AND_QUINTUPLETS,
            key_set=1,
            cipher=0,
            key=b"\xaa" * 8,
            vectors=(
                Quintuplet(b"\x11" * 16, b"\x22" * 8, b"\x33" * 16, b"\x44" * 16, b"\x55" * 16),
            ),
            ms_network_capability=bytes.fromhex("e5e034"),
        ),
        {
            "gtp.security_mode": "3",
            "gtp.no_of_vectors": "1",
            "gtp.ciphering_key_kc": "aa:aa:aa:aa:aa:aa:aa:aa",
            "gtp.xres": "22:22:22:22:22:22:22:22",
            "gtp.container_length": "0",
        },
    ),
    IEType.PDP_CONTEXT: (
        PdpContext(
            nsapi=5,
            llc_sapi=3,
            in_order=True,
            qos_subscribed=QOS,
            qos_requested=QOS,
            qos_negotiated=QOS,
            downlink_sequence=17,
            uplink_sequence=18,
            uplink_teid_control=0x104,
            uplink_teid_data=0x105,
            identifier=1,
            end_user_address=EUA,
            ggsn_address_control="192.0.2.1",
            ggsn_address_user="192.0.2.2",
            apn="wap.example",
            transaction_identifier=2,
        ),
        {
            "gtp.pdp_cntxt.sapi": "3",
            "gtp.reordering_required": "1",
            "gtp.sequence_number_down": "17",
            "gtp.sequence_number_up": "18",
            "gtp.uplink_teid_cp": "0x00000104",
            "gtp.uplink_teid_data": "0x00000105",
            "gtp.pdp_address.ipv4": "10.45.0.7",
            "gtp.ggsn_address_for_control_plane.ipv4": "192.0.2.1",
            "gtp.ggsn_address_for_user_traffic.ipv4": "192.0.2.2",
            "gtp.transaction_identifier": "2",
        },
    ),
    IEType.APN: ("wap.example", {"gtp.apn": "wap.example"}),
    IEType.PCO: (bytes.fromhex("80000d00000300"), {}),
    IEType.GSN_ADDRESS: ("192.0.2.3", {"gtp.gsn_ipv4": "192.0.2.3"}),
    IEType.MSISDN: ("447700900123", {"e164.msisdn": "447700900123"}),
    IEType.QOS: (QOS, {"gtp.qos_traf_class": "3"}),
    IEType.AUTHENTICATION_QUINTUPLETS: (
        Quintuplet(b"\x11" * 16, b"\x22" * 8, b"\x33" * 16, b"\x44" * 16, b"\x55" * 16),
        {"gtp.xres": "22:22:22:22:22:22:22:22", "gtp.authentication_length": "16"},
    ),
    IEType.TFT: (bytes.fromhex("213105023011"), {"gtp.tft_length": "6"}),
    IEType.TARGET_IDENTIFICATION: (TargetRnc(AREA, 42), {"gtp.targetRNC_ID": "0x002a"}),
    IEType.UTRAN_TRANSPARENT_FIELD: (b"\x01\x02\x03", {"gtp.utran_field": "01:02:03"}),
    IEType.RAB_SETUP_INFORMATION: (
        RabSetup(5, 0x106, "192.0.2.5"),
        {"gtp.rnc_ipv4": "192.0.2.5"},
    ),
    IEType.EXTENSION_HEADER_TYPES: ((0xC0, 0x40), {"gtp.num_ext_hdr_types": "2"}),
    IEType.TRIGGER_ID: (b"\x01\x02", {}),
    IEType.OMC_IDENTITY: (b"\x01\x02", {}),
    IEType.RAN_TRANSPARENT_CONTAINER: (bytes.fromhex("70 4c 80 31"), {}),
    IEType.PDP_CONTEXT_PRIORITIZATION: (b"", {}),
    IEType.ADDITIONAL_RAB_SETUP_INFORMATION: (RabSetup(6), {}),
    IEType.SGSN_NUMBER: ("447700900456", {"e164.msisdn": "447700900456"}),
    IEType.COMMON_FLAGS: (0x40, {"gtp.cmn_flg.upgrd_qos_sup": "1"}),
    IEType.APN_RESTRICTION: (2, {"gtp.ext_apn_res": "2"}),
    IEType.RADIO_PRIORITY_LCS: (4, {"gtp.raplcs": "4"}),
    IEType.RAT_TYPE: (2, {"gtp.ext_rat_type": "2"}),
    IEType.USER_LOCATION: (bytes.fromhex("0032f45112345678"), {"gtp.cgi_ci": "22136"}),
    IEType.MS_TIME_ZONE: (MsTimeZone(4, 1), {"gtp.timezone_dst": "1"}),
    IEType.IMEI: ("1234567890123456", {"gtp.ext_imeisv": "1234567890123456"}),
    IEType.CAMEL_CHARGING_INFORMATION: (b"\x01\x02", {}),
    IEType.MBMS_UE_CONTEXT: (
        bytes.fromhex("50 00000107 80 f121 04 e0000001 04 03777777 0200"),
        {},
    ),
    IEType.TMGI: (Tmgi(1, "234", "15"), {}),
    IEType.RIM_ROUTING_ADDRESS: (CELL, {}),
    IEType.MBMS_PROTOCOL_CONFIGURATION_OPTIONS: (b"\x00", {}),
    IEType.MBMS_SERVICE_AREA: ((10,), {}),
    IEType.SOURCE_RNC_PDCP_CONTEXT_INFO: (b"\x01\x02", {}),
    IEType.ADDITIONAL_TRACE_INFO: (TraceInfo(1, 2, 1, 3, 1, 1), {}),
    IEType.HOP_COUNTER: (3, {"gtp.hop_count": "3"}),
    IEType.SELECTED_PLMN_ID: (Plmn("234", "15"), {}),
    IEType.MBMS_SESSION_IDENTIFIER: (9, {}),
    IEType.MBMS_2G_3G_INDICATOR: (2, {"gtp.mbs_2g_3g_ind": "2"}),
    IEType.ENHANCED_NSAPI: (130, {"gtp.enhanced_nsapi": "130"}),
    IEType.MBMS_SESSION_DURATION: (
        SessionDuration(3600, 2),
        {"gtp.mbms_ses_dur_s": "3600", "gtp.mbms_ses_dur_days": "2"},
    ),
    IEType.ADDITIONAL_MBMS_TRACE_INFO: (TraceInfo(1, 2, 1, 3, 1), {}),
    IEType.MBMS_SESSION_IDENTITY_REPETITION_NUMBER: (1, {}),
    IEType.MBMS_TIME_TO_DATA_TRANSFER: (9, {"gtp.time_2_dta_tr": "10"}),
    IEType.BSS_CONTAINER: (b"\x01\x02\x03", {}),
    IEType.CELL_IDENTIFICATION: (
        CellIdentification(AREA, 0x5678, AREA, 0x5678),
        {"gtp.target_ci": "22136", "gtp.source_ci": "22136"},
    ),
    IEType.PDU_NUMBERS: (PduNumbers(5, 1, 2, 3, 4), {}),
    IEType.BSSGP_CAUSE: (5, {"gtp.bssgp_cause": "5"}),
    IEType.REQUIRED_MBMS_BEARER_CAPABILITIES: (b"\x01\x02\x03", {}),
    IEType.RIM_ROUTING_ADDRESS_DISCRIMINATOR: (0, {"gtp.bssgp.rad": "0"}),
    IEType.LIST_OF_SET_UP_PFCS: (b"\x01\x05\x0a", {}),
    IEType.PS_HANDOVER_XID_PARAMETERS: (XidParameters(3, b"\x01\x02"), {}),
    IEType.MS_INFO_CHANGE_REPORTING_ACTION: (1, {"gtp.ms_inf_chg_rep_act": "1"}),
    IEType.DIRECT_TUNNEL_FLAGS: (DirectTunnelFlags.DIRECT_TUNNEL, {"gtp.dti": "1"}),
    IEType.CORRELATION_ID: (99, {"gtp.correlation_id": "99"}),
    IEType.BEARER_CONTROL_MODE: (1, {"gtp.bcm": "1"}),
    IEType.MBMS_FLOW_IDENTIFIER: (b"\x00\x07", {"gtp.mbms_flow_id": "00:07"}),
    IEType.MBMS_IP_MULTICAST_DISTRIBUTION: (
        MulticastDistribution(0x108, "224.0.0.1", "192.0.2.9"),
        {},
    ),
    IEType.MBMS_DISTRIBUTION_ACKNOWLEDGEMENT: (1, {"gtp.mbms_dist_indic": "1"}),
    IEType.RELIABLE_INTER_RAT_HANDOVER_INFO: (1, {}),
    # Wireshark counts the index from 1.
    IEType.RFSP_INDEX: (6, {"gtp.rfsp_index": "7"}),
    IEType.FQDN: ("www.test", {"gtp.fqdn": "www.test"}),
    IEType.EVOLVED_ARP_I: (0x29, {"gtp.EARP_priority_level": "10"}),
    IEType.EVOLVED_ARP_II: (OfNsapi(5, 0x29), {"gtp.EARP_priority_level": "10"}),
    IEType.EXTENDED_COMMON_FLAGS: (
        ExtendedCommonFlags.UNAUTHENTICATED_IMSI,
        {"gtp.ext_comm_flags.unauthenticated_imsi": "1"},
    ),
    IEType.USER_CSG_INFORMATION: (
        CsgInformation("234", "15", 10, hybrid=True, member=True),
        {"gtp.cmi": "1"},
    ),
    IEType.CSG_INFORMATION_REPORTING_ACTION: (
        CsgReportingAction.CSG_CELL,
        {"gtp.csg_info_rep_act.ucicsg": "1"},
    ),
    IEType.CSG_ID: (10, {}),
    IEType.CSG_MEMBERSHIP_INDICATION: (1, {"gtp.cmi": "1"}),
    IEType.AMBR: (Ambr(1000, 2000), {"gtp.apn_ambr_ul": "1000", "gtp.apn_ambr_dl": "2000"}),
    IEType.UE_NETWORK_CAPABILITY: (b"\xe0\xe0", {}),
    IEType.UE_AMBR: (
        UeAmbr(Ambr(1000, 2000), Ambr(3000, 4000)),
        {"gtp.sub_ue_ambr_ul": "1000", "gtp.auth_ue_ambr_dl": "4000"},
    ),
    IEType.APN_AMBR_WITH_NSAPI: (
        AmbrOfNsapi(5, 1000, 2000),
        {"gtp.auth_apn_ambr_ul": "1000", "gtp.auth_apn_ambr_dl": "2000"},
    ),
    IEType.GGSN_BACK_OFF_TIME: (0x21, {"gtp.ggsn_back_off_timer": "1"}),
    IEType.SIGNALLING_PRIORITY_INDICATION: (True, {"gtp.lapi": "1"}),
    IEType.SIGNALLING_PRIORITY_INDICATION_WITH_NSAPI: (OfNsapi(5, 1), {"gtp.lapi": "1"}),
    IEType.HIGHER_BITRATES_THAN_16_MBPS_FLAG: (1, {"gtp.higher_br_16mb_flg": "1"}),
    IEType.ADDITIONAL_MM_CONTEXT_FOR_SRVCC: (
        VoiceCapabilities(b"\x33\x19\xa2", b"", b"\x04\x02\x60\x00"),
        {},
    ),
    IEType.ADDITIONAL_FLAGS_FOR_SRVCC: (SrvccFlags.ICS, {"gtp.add_flg_for_srvcc_ics": "1"}),
    IEType.STN_SR: ("447700", {}),
    IEType.C_MSISDN: ("447700", {}),
    IEType.EXTENDED_RANAP_CAUSE: (1, {}),
    IEType.ENODEB_ID: (EnodebId("234", "15", 0xABCDE, 1), {}),
    IEType.SELECTION_MODE_WITH_NSAPI: (OfNsapi(5, 1), {"gtp.sel_mode_val": "1"}),
    IEType.ULI_TIMESTAMP: (0xE0000000, {}),
    IEType.LOCAL_HOME_NETWORK_ID_WITH_NSAPI: (LocalHomeNetwork(5, "lhn"), {}),
    IEType.CN_OPERATOR_SELECTION_ENTITY: (1, {"gtp.selection_entity": "1"}),
    IEType.UE_USAGE_TYPE: (5, {"gtp.ue_usage_type_value": "5"}),
    IEType.EXTENDED_COMMON_FLAGS_II: (
        ExtendedCommonFlagsII.PENDING_NETWORK_INITIATED_SIGNALLING,
        {"gtp.ext_comm_flags_II_pnsi": "1"},
    ),
    IEType.NODE_IDENTIFIER: (NodeIdentifier("node", "realm"), {"gtp.node_name": "node"}),
    IEType.SCEF_PDN_CONNECTION: (ScefPdnConnection(5, "www", b"ab"), {}),
    IEType.IOV_UPDATES_COUNTER: (3, {"gtp.iov_updates_counter": "3"}),
    IEType.MAPPED_UE_USAGE_TYPE: (5, {"gtp.mapped_ue_usage_type": "5"}),
    IEType.UP_FUNCTION_SELECTION_INDICATION_FLAGS: (True, {"gtp.up_fun_sel_ind_flags_dcnr": "1"}),
    IEType.CHARGING_GATEWAY_ADDRESS: ("192.0.2.7", {"gtp.chrg_ipv4": "192.0.2.7"}),
    IEType.PRIVATE_EXTENSION: (PrivateExtension(10415, b"\x01"), {"gtp.ext_id": "10415"}),
}

MISREAD = frozenset({IEType.MBMS_SERVICE_AREA, IEType.PS_HANDOVER_XID_PARAMETERS})
"""What Wireshark 4.0 takes a wrong number of octets for, and loses its way after."""

MISREAD_BY_PYCRATE = frozenset(
    {
        IEType.ADDITIONAL_RAB_SETUP_INFORMATION,
        IEType.CHARGING_GATEWAY_ADDRESS,
        IEType.PRIVATE_EXTENSION,
    }
)
"""What pycrate 0.8 wants in another place, or does not know in some messages."""
WRONG_IN_PYCRATE = {
    MessageType.UPDATE_PDP_CONTEXT_REQUEST: "a class for each sender, and none for both",
    MessageType.UPDATE_PDP_CONTEXT_RESPONSE: "a class for each sender, and none for both",
    MessageType.SUPPORTED_EXTENSION_HEADERS_NOTIFICATION: "IE 141 with a length of two octets",
    MessageType.SGSN_CONTEXT_RESPONSE: "IE 150 before 129; a container with a short length in 129",
    MessageType.FORWARD_RELOCATION_REQUEST: "a container with a short length in IE 129",
    MessageType.MBMS_SESSION_START_REQUEST: "no octets for the codes in IE 160",
    MessageType.MBMS_SESSION_UPDATE_REQUEST: "IE 168 before 160",
}

USER_PLANE = {MessageType.ERROR_INDICATION, MessageType.END_MARKER}
KINDS = {number: kind for number, kind in MESSAGES.items() if number not in USER_PLANE}


def full(kind: type[Message]) -> Message:
    """Return a message of a kind with every element that its table has."""
    values: dict[str, Any] = {"teid": 0x100, "sequence": kind.TYPE}
    for place in kind.IES:
        sample = SAMPLES[place.element.type][0]
        values[place.name] = (sample,) if place.repeatable else sample
    return kind(**values)


def without(data: bytes, types: frozenset[IEType]) -> bytes:
    """Return a message without its elements of some types."""
    kept = [
        data[at:end] for at, ie_type, _, end in split_elements(data, 12) if ie_type not in types
    ]
    body = data[8:12] + b"".join(kept)
    return data[:2] + len(body).to_bytes(2, "big") + data[4:8] + body


def ip_packet(payload: bytes) -> bytes:
    udp = struct.pack("!HHHH", GTP_C_PORT, GTP_C_PORT, 8 + len(payload), 0) + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0)
    return head + bytes((127, 0, 0, 1, 127, 0, 0, 2)) + udp


def values_of(layer: object, name: str) -> list[str]:
    """Return all values of a field, wherever in the tree they stand."""
    found: list[str] = []
    if isinstance(layer, dict):
        for key, value in layer.items():
            if key == name:
                found += value if isinstance(value, list) else [value]
            else:
                found += values_of(value, name)
    elif isinstance(layer, list):
        for each in layer:
            found += values_of(each, name)
    return found


@pytest.mark.parametrize("kind", MESSAGES.values())
def test_every_message_with_all_its_elements_is_read_back(kind: type[Message]) -> None:
    """Nothing of a full message gets lost."""
    message = full(kind)
    if not kind.SEQUENCED:
        message.sequence = 0
    for _ in range(2):
        assert decode(message.encode()) == message


@pytest.fixture(scope="module")
def dissected(
    tmp_path_factory: pytest.TempPathFactory, tshark: object
) -> dict[int, dict[str, Any]]:
    """What tshark makes of a capture with every message, by message type."""
    path = tmp_path_factory.mktemp("gtp") / "every.pcap"
    with path.open("wb") as capture:
        capture.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for number, kind in KINDS.items():
            packet = ip_packet(without(full(kind).encode(), MISREAD))
            capture.write(struct.pack("<IIII", number, 0, len(packet), len(packet)) + packet)
    command = ["tshark", "-r", str(path), "-T", "json", "--no-duplicate-keys"]
    output = subprocess.run(command, capture_output=True, check=True, timeout=180).stdout
    layers = [packet["_source"]["layers"] for packet in json.loads(output)]
    return dict(zip(KINDS, layers, strict=True))


@pytest.mark.interop
@pytest.mark.parametrize("number", KINDS)
@pytest.mark.clause(
    "29.060 §7",
    "every message with every element it can have, as Wireshark reads it",
    status="codec",
)
def test_wireshark_finds_every_value(dissected: dict[int, dict[str, Any]], number: int) -> None:
    """Each element has for Wireshark the value that it was given, as often as it is there."""
    layers = dissected[number]
    assert int(values_of(layers, "gtp.message")[0], 16) == number
    wanted: dict[str, list[str]] = {}
    for place in KINDS[number].IES:
        if place.element.type in MISREAD:
            continue
        for name, text in SAMPLES[place.element.type][1].items():
            wanted.setdefault(name, []).append(text)
    for name, texts in wanted.items():
        found = values_of(layers, name)
        for text in set(texts):
            assert found.count(text) >= texts.count(text), (name, text, found)


@pytest.mark.interop
def test_wireshark_finds_no_message_malformed(dissected: dict[int, dict[str, Any]]) -> None:
    """Every message is taken for its type, and none for broken."""
    for number, layers in dissected.items():
        assert int(values_of(layers, "gtp.message")[0], 16) == number
        assert "_ws.malformed" not in layers


@pytest.fixture(scope="module")
def pycrate() -> Any:
    """The module of pycrate that knows GTPv1."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("pycrate_mobile.TS29060_GTP")


@pytest.mark.oracle
@pytest.mark.parametrize("number", sorted(KINDS.keys() - WRONG_IN_PYCRATE.keys()))
def test_pycrate_reads_and_writes_the_same(pycrate: Any, number: int) -> None:
    """Pycrate takes a full message for what it is, and makes the same octets of what it read."""
    data = without(full(KINDS[number]).encode(), MISREAD_BY_PYCRATE)
    read, error = pycrate.parse_GTP(data)
    assert error == 0
    again = type(read)(val=read.get_val_d())
    assert again.to_bytes() == data
