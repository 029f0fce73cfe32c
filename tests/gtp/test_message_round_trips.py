"""Properties of the codec: what is written is read back, and nothing but RemoteProtocolError."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gtp.codes import (
    CsgReportingAction,
    DirectTunnelFlags,
    ExtendedCommonFlags,
    ExtendedCommonFlagsII,
    SrvccFlags,
)
from gtp.constants import Cause, IEType
from gtp.describe import describe, describe_octets, summary
from gtp.errors import LocalProtocolError, RemoteProtocolError
from gtp.extension_headers import ExtensionHeader
from gtp.ies import Ambr, EndUserAddress, MsTimeZone, PdpType, PrivateExtension, RawIE, RouteingArea
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
from gtp.messages import MESSAGES, EchoRequest, GPdu, Message, decode
from gtp.wire import split_elements

ALL_TYPES = range(256)


def digits(minimum: int, maximum: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=minimum, max_size=maximum)


def numbers(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


def octet_strings(minimum: int, maximum: int) -> st.SearchStrategy[bytes]:
    return st.binary(min_size=minimum, max_size=maximum)


IPV4 = st.ip_addresses(v=4).map(str)
IPV6 = st.ip_addresses(v=6).map(str)
LABEL = st.text(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*", min_size=1, max_size=63
)
APN = st.lists(LABEL, min_size=1, max_size=6).map(".".join).filter(lambda apn: len(apn) < 100)
# socket writes an IPv4-mapped address as ::ffff:1.2.3.4, ipaddress doesn't.
PLAIN_IPV6 = IPV6.filter(lambda text: not text.startswith("::"))
ADDRESS = IPV4 | PLAIN_IPV6
END_USER_ADDRESS = st.one_of(
    IPV4.map(EndUserAddress.for_ipv4),
    PLAIN_IPV6.map(EndUserAddress.for_ipv6),
    st.builds(EndUserAddress.for_both, IPV4, PLAIN_IPV6),
    st.just(EndUserAddress.dynamic_ipv4()),
    st.sampled_from(list(PdpType)).map(lambda kind: EndUserAddress(None, None, kind)),
    st.builds(
        EndUserAddress,
        st.none(),
        st.none(),
        st.sampled_from([PdpType(0x0F02), PdpType(0x0002), PdpType(0x01FF)]),
        octet_strings(0, 30),
    ),
)

QUINTUPLET = st.builds(
    Quintuplet,
    octet_strings(16, 16),
    octet_strings(0, 20),
    octet_strings(16, 16),
    octet_strings(16, 16),
    octet_strings(0, 20),
)
TRIPLET = st.builds(Triplet, octet_strings(16, 16), octet_strings(4, 4), octet_strings(8, 8))


def mm_contexts(mode: SecurityMode, key: int, vector: st.SearchStrategy[Any]) -> Any:
    return st.builds(
        MmContext,
        mode=st.just(mode),
        key_set=numbers(3),
        cipher=numbers(3),
        key=octet_strings(key, key),
        vectors=st.lists(vector, max_size=7).map(tuple),
        drx=octet_strings(2, 2),
        ms_network_capability=octet_strings(0, 10),
        container=octet_strings(0, 300),
        integrity=numbers(5),
        more=octet_strings(0, 10),
    )


MM_CONTEXT = st.one_of(
    mm_contexts(SecurityMode.UMTS_KEYS_AND_CIPHER, 32, QUINTUPLET),
    mm_contexts(SecurityMode.GSM_KEY_AND_TRIPLETS, 8, TRIPLET),
    mm_contexts(SecurityMode.UMTS_KEYS, 32, QUINTUPLET),
    mm_contexts(SecurityMode.GSM_KEY_AND_QUINTUPLETS, 8, QUINTUPLET),
)
PDP_CONTEXT = st.builds(
    PdpContext,
    nsapi=numbers(4),
    llc_sapi=numbers(4),
    qos_subscribed=octet_strings(0, 255),
    qos_requested=octet_strings(0, 20),
    qos_negotiated=octet_strings(0, 20),
    downlink_sequence=numbers(16),
    uplink_sequence=numbers(16),
    send_npdu=numbers(8),
    receive_npdu=numbers(8),
    uplink_teid_control=numbers(32),
    uplink_teid_data=numbers(32),
    identifier=numbers(8),
    end_user_address=END_USER_ADDRESS,
    ggsn_address_control=ADDRESS | st.just(""),
    ggsn_address_user=ADDRESS | st.just(""),
    apn=APN,
    transaction_identifier=numbers(4),
    transaction_identifier_extension=numbers(8),
    extended_address=st.booleans(),
    visited_address_allowed=st.booleans(),
    activity_status=st.booleans(),
    in_order=st.booleans(),
    more=octet_strings(0, 10),
)


RAB_SETUP = numbers(4).map(RabSetup) | st.builds(RabSetup, numbers(4), numbers(32), ADDRESS)


def of_nsapi(bits: int) -> st.SearchStrategy[OfNsapi]:
    return st.builds(OfNsapi, numbers(4), numbers(bits))


PLMN = (digits(3, 3), digits(2, 3))
AREA = st.builds(RouteingArea, *PLMN, numbers(16), numbers(8))
TRACE = (numbers(24), numbers(16), numbers(8), numbers(8), numbers(8))
AMBR = st.builds(Ambr, numbers(32), numbers(32))
NAME = st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", max_size=60)


VALUES: dict[IEType, st.SearchStrategy[Any]] = {
    IEType.CAUSE: numbers(8).map(Cause),
    IEType.IMSI: digits(1, 15),
    IEType.ROUTEING_AREA_IDENTITY: octet_strings(6, 6),
    IEType.TLLI: numbers(32),
    IEType.P_TMSI: numbers(32),
    IEType.REORDERING_REQUIRED: st.booleans(),
    IEType.AUTHENTICATION_TRIPLETS: TRIPLET,
    IEType.P_TMSI_SIGNATURE: octet_strings(3, 3),
    IEType.MS_VALIDATED: st.booleans(),
    IEType.MAP_CAUSE: numbers(8),
    IEType.RECOVERY: numbers(8),
    IEType.SELECTION_MODE: st.integers(0, 2),
    IEType.TEID_DATA: numbers(32),
    IEType.TEID_CONTROL: numbers(32),
    IEType.TEID_DATA_II: of_nsapi(32),
    IEType.TEARDOWN_IND: st.booleans(),
    IEType.NSAPI: numbers(4),
    IEType.RANAP_CAUSE: numbers(8),
    IEType.RAB_CONTEXT: st.builds(RabContext, numbers(4), *[numbers(16)] * 4),
    IEType.RADIO_PRIORITY_FOR_MO_SMS: numbers(8),
    IEType.RADIO_PRIORITY: of_nsapi(3),
    IEType.PACKET_FLOW_ID: of_nsapi(8),
    IEType.CHARGING_CHARACTERISTICS: numbers(16),
    IEType.TRACE_REFERENCE: numbers(16),
    IEType.TRACE_TYPE: numbers(16),
    IEType.MS_NOT_REACHABLE_REASON: numbers(8),
    IEType.CHARGING_ID: numbers(32),
    IEType.END_USER_ADDRESS: END_USER_ADDRESS,
    IEType.MM_CONTEXT: MM_CONTEXT,
    IEType.PDP_CONTEXT: PDP_CONTEXT,
    IEType.APN: APN,
    IEType.PCO: octet_strings(1, 253),
    IEType.GSN_ADDRESS: ADDRESS,
    IEType.MSISDN: digits(1, 15),
    IEType.QOS: octet_strings(4, 255),
    IEType.AUTHENTICATION_QUINTUPLETS: QUINTUPLET,
    IEType.TFT: octet_strings(1, 255),
    IEType.EXTENSION_HEADER_TYPES: st.lists(numbers(8), max_size=255).map(tuple),
    IEType.TARGET_IDENTIFICATION: st.one_of(
        st.just(TargetRnc()),
        st.builds(TargetRnc, AREA, numbers(12)),
        st.builds(TargetRnc, AREA, numbers(16), st.just(True)),
    ),
    IEType.UTRAN_TRANSPARENT_FIELD: octet_strings(0, 300),
    IEType.RAB_SETUP_INFORMATION: RAB_SETUP,
    IEType.ADDITIONAL_RAB_SETUP_INFORMATION: RAB_SETUP,
    IEType.PDP_CONTEXT_PRIORITIZATION: st.just(b""),
    IEType.SGSN_NUMBER: digits(1, 15),
    IEType.MS_TIME_ZONE: st.builds(MsTimeZone, st.integers(-79, 79), st.integers(0, 3)),
    IEType.IMEI: digits(1, 16),
    IEType.ADDITIONAL_TRACE_INFO: st.builds(TraceInfo, *TRACE, numbers(8)),
    IEType.TMGI: st.builds(Tmgi, numbers(24), *PLMN),
    IEType.MBMS_SERVICE_AREA: st.lists(numbers(16), min_size=1, max_size=256).map(tuple),
    IEType.MBMS_IP_MULTICAST_DISTRIBUTION: st.builds(
        MulticastDistribution, numbers(32), ADDRESS, ADDRESS, st.booleans()
    ),
    IEType.SELECTED_PLMN_ID: st.builds(Plmn, *PLMN),
    IEType.MBMS_SESSION_DURATION: st.builds(SessionDuration, numbers(17), numbers(7)),
    IEType.ADDITIONAL_MBMS_TRACE_INFO: st.builds(TraceInfo, *TRACE, st.just(0)),
    IEType.CELL_IDENTIFICATION: st.builds(
        CellIdentification, AREA, numbers(16), AREA, numbers(16), st.booleans()
    ),
    IEType.PS_HANDOVER_XID_PARAMETERS: st.builds(XidParameters, numbers(4), octet_strings(0, 255)),
    IEType.PDU_NUMBERS: st.builds(PduNumbers, numbers(4), *[numbers(16)] * 4),
    IEType.CSG_ID: numbers(32),
    IEType.RFSP_INDEX: numbers(16),
    IEType.FQDN: APN,
    IEType.EVOLVED_ARP_II: of_nsapi(8),
    IEType.USER_CSG_INFORMATION: st.builds(
        CsgInformation, *PLMN, numbers(27), st.booleans(), st.booleans(), st.booleans()
    ),
    IEType.CSG_INFORMATION_REPORTING_ACTION: numbers(8).map(CsgReportingAction),
    IEType.DIRECT_TUNNEL_FLAGS: numbers(8).map(DirectTunnelFlags),
    IEType.EXTENDED_COMMON_FLAGS: numbers(8).map(ExtendedCommonFlags),
    IEType.EXTENDED_COMMON_FLAGS_II: numbers(8).map(ExtendedCommonFlagsII),
    IEType.ADDITIONAL_FLAGS_FOR_SRVCC: numbers(8).map(SrvccFlags),
    IEType.SIGNALLING_PRIORITY_INDICATION: st.booleans(),
    IEType.UP_FUNCTION_SELECTION_INDICATION_FLAGS: st.booleans(),
    IEType.EXTENDED_RANAP_CAUSE: numbers(16),
    IEType.ULI_TIMESTAMP: numbers(32),
    IEType.UE_USAGE_TYPE: numbers(32),
    IEType.MAPPED_UE_USAGE_TYPE: numbers(16),
    IEType.STN_SR: digits(1, 15),
    IEType.C_MSISDN: digits(1, 15),
    IEType.NODE_IDENTIFIER: st.builds(NodeIdentifier, NAME, NAME),
    IEType.ENODEB_ID: st.builds(EnodebId, *PLMN, numbers(20), numbers(16))
    | st.builds(EnodebId, *PLMN, numbers(28), numbers(16), st.just(True)),
    IEType.ADDITIONAL_MM_CONTEXT_FOR_SRVCC: st.builds(
        VoiceCapabilities, octet_strings(0, 3), octet_strings(0, 34), octet_strings(0, 64)
    ),
    IEType.SCEF_PDN_CONNECTION: st.builds(
        ScefPdnConnection, numbers(4), APN, octet_strings(0, 300)
    ),
    IEType.AMBR: AMBR,
    IEType.UE_AMBR: st.builds(UeAmbr, AMBR, AMBR | st.none()),
    IEType.APN_AMBR_WITH_NSAPI: st.builds(AmbrOfNsapi, numbers(4), numbers(32), numbers(32)),
    IEType.SIGNALLING_PRIORITY_INDICATION_WITH_NSAPI: of_nsapi(1),
    IEType.SELECTION_MODE_WITH_NSAPI: of_nsapi(2),
    IEType.LOCAL_HOME_NETWORK_ID_WITH_NSAPI: st.builds(LocalHomeNetwork, numbers(4), APN),
    IEType.CHARGING_GATEWAY_ADDRESS: ADDRESS,
    IEType.PRIVATE_EXTENSION: st.builds(PrivateExtension, numbers(16), octet_strings(0, 20)),
}
ONE_OCTET = {
    IEType.COMMON_FLAGS,
    IEType.APN_RESTRICTION,
    IEType.RAT_TYPE,
    IEType.MS_INFO_CHANGE_REPORTING_ACTION,
    IEType.CORRELATION_ID,
    IEType.BEARER_CONTROL_MODE,
    IEType.EVOLVED_ARP_I,
    IEType.GGSN_BACK_OFF_TIME,
    IEType.CN_OPERATOR_SELECTION_ENTITY,
    IEType.RADIO_PRIORITY_LCS,
    IEType.HOP_COUNTER,
    IEType.HIGHER_BITRATES_THAN_16_MBPS_FLAG,
    IEType.IOV_UPDATES_COUNTER,
    IEType.BSSGP_CAUSE,
    IEType.RELIABLE_INTER_RAT_HANDOVER_INFO,
    IEType.CSG_MEMBERSHIP_INDICATION,
    IEType.RIM_ROUTING_ADDRESS_DISCRIMINATOR,
    IEType.MBMS_SESSION_IDENTIFIER,
    IEType.MBMS_2G_3G_INDICATOR,
    IEType.ENHANCED_NSAPI,
    IEType.MBMS_SESSION_IDENTITY_REPETITION_NUMBER,
    IEType.MBMS_TIME_TO_DATA_TRANSFER,
    IEType.MBMS_DISTRIBUTION_ACKNOWLEDGEMENT,
}

FLAGS = {IEType.REORDERING_REQUIRED, IEType.TEARDOWN_IND, IEType.MS_VALIDATED}

EXTENSION_HEADERS = st.lists(
    st.builds(
        ExtensionHeader,
        st.integers(1, 255),
        st.integers(1, 5).flatmap(lambda n: octet_strings(4 * n - 2, 4 * n - 2)),
    ),
    max_size=3,
).map(tuple)
# Types that no message has a place for, TV and TLV.
OTHERS = st.lists(
    st.one_of(
        st.builds(RawIE, st.just(126), octet_strings(1, 1)),
        st.builds(RawIE, st.sampled_from([230, 238, 252]), octet_strings(0, 300)),
    ),
    max_size=3,
).map(lambda raws: tuple(sorted(raws, key=lambda raw: raw.type)))


def value_of(ie_type: IEType) -> st.SearchStrategy[Any]:
    if ie_type in ONE_OCTET:
        return numbers(8)
    return VALUES.get(ie_type, octet_strings(1, 40))


KINDS = tuple(MESSAGES.values())


@st.composite
def messages(
    draw: st.DrawFn, *, usual: bool = False, kinds: Sequence[type[Message]] = KINDS
) -> Message:
    """Draw any message that has a table; a usual one without extras."""
    kind = draw(st.sampled_from(kinds))
    values: dict[str, Any] = {"teid": draw(numbers(32))}
    if kind.SEQUENCED:
        values["sequence"] = draw(numbers(16))
    defaults = {field.name for field in fields(kind) if field.default == ()}
    absent: set[IEType] = set()
    for place in kind.IES:
        value = value_of(place.element.type)
        if place.repeatable:
            fewest = 1 if place.presence.value == "M" else 0
            values[place.name] = tuple(draw(st.lists(value, min_size=fewest, max_size=2)))
        elif place.presence.value == "M" or place.if_accepted:
            values[place.name] = draw(value)
        elif place.element.type in absent or not draw(st.booleans()):
            # Of places of one type the first ones are taken first.
            absent.add(place.element.type)
        else:
            values[place.name] = draw(value)
    assert defaults >= {
        place.name for place in kind.IES if place.repeatable and place.presence.value != "M"
    }
    if not usual:
        values["extension_headers"] = draw(EXTENSION_HEADERS) if kind.SEQUENCED else ()
        values["other_ies"] = draw(OTHERS)
    return kind(**values)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=6)
@given(data=st.data())
def test_what_is_written_is_read_back(kind: type[Message], data: st.DataObject) -> None:
    """decode(encode(x)) == x for every message with any values, read as a usual one or not."""
    for usual in (False, True):
        message = data.draw(messages(usual=usual, kinds=(kind,)))
        octets = message.encode()
        assert decode(octets, comprehended=ALL_TYPES) == message


@settings(max_examples=200)
@given(messages(usual=True), st.randoms(use_true_random=False))
def test_the_order_of_elements_does_not_matter(message: Message, random: Any) -> None:
    """Elements of different types may come in any order and mean the same."""
    data = message.encode()
    header = 12 if message.SEQUENCED else 8
    by_type: dict[int, bytes] = {}
    for at, ie_type, _, end in split_elements(data, header):
        by_type[ie_type] = by_type.get(ie_type, b"") + data[at:end]
    groups = list(by_type.values())
    random.shuffle(groups)
    assert decode(data[:header] + b"".join(groups)) == decode(data) == message


@given(messages())
def test_every_message_can_be_put_into_words(message: Message) -> None:
    """Describing never fails and never leaves out what is there."""
    present = [place for place in message.IES if getattr(message, place.name) not in (None, ())]
    names = [name for name, _ in describe(message)]
    assert len(names) >= len(present) + len(message.other_ies)
    assert isinstance(summary(message), str)
    assert not [line for line in describe_octets(message.encode()) if line.startswith("error")]


@given(
    payload=octet_strings(0, 100),
    teid=numbers(32),
    sequence=st.none() | numbers(16),
    npdu_number=st.none() | numbers(8),
    extension_headers=EXTENSION_HEADERS,
)
def test_g_pdus_are_read_back(
    payload: bytes,
    teid: int,
    sequence: int | None,
    npdu_number: int | None,
    extension_headers: tuple[ExtensionHeader, ...],
) -> None:
    """A G-PDU keeps its payload, its numbers and its extension headers."""
    message = GPdu(
        teid=teid,
        payload=payload,
        sequenced=sequence is not None,
        sequence=sequence or 0,
        npdu_number=npdu_number,
        extension_headers=extension_headers,
    )
    assert decode(message.encode(), comprehended=ALL_TYPES) == message


def check_only_remote_errors(data: bytes) -> None:
    describe_octets(data)
    for comprehended in (range(0), ALL_TYPES):
        try:
            message = decode(data, comprehended=comprehended)
        except RemoteProtocolError:
            continue
        # What was accepted can be described, sent and read again as the same.
        describe(message)
        sent = message.encode()
        assert decode(sent, comprehended=ALL_TYPES).encode() == sent


@settings(max_examples=500)
@given(octet_strings(0, 80))
def test_random_octets_raise_nothing_else(data: bytes) -> None:
    """Octets without meaning are a message or a RemoteProtocolError."""
    check_only_remote_errors(data)


@settings(max_examples=500)
@given(st.sampled_from(sorted(MESSAGES)), octet_strings(0, 60))
@pytest.mark.clause("29.060 §7.7", "information elements: all types by their length rule")
def test_random_elements_raise_nothing_else(message_type: int, body: bytes) -> None:
    """A right header before elements without meaning is no different."""
    length = (len(body) + 4).to_bytes(2, "big")
    check_only_remote_errors(bytes((0x32, message_type)) + length + bytes(8) + body)


@settings(max_examples=500)
@given(messages(), st.data())
def test_damaged_messages_raise_nothing_else(message: Message, data: st.DataObject) -> None:
    """A message with some octets overwritten, cut or doubled is no different."""
    octets = bytearray(message.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(numbers(8))
    end = data.draw(st.integers(0, len(octets)))
    if data.draw(st.booleans()):
        octets = octets[:end]
        if len(octets) >= 8:
            octets[2:4] = (len(octets) - 8).to_bytes(2, "big")
    check_only_remote_errors(bytes(octets))


@given(messages(usual=True), st.data())
def test_values_that_cannot_be_sent_are_named(message: Message, data: st.DataObject) -> None:
    """An attribute that GTP cannot express is a LocalProtocolError that names it."""
    places = list(message.IES)
    if not places:
        return
    place = data.draw(st.sampled_from(places))
    setattr(message, place.name, (object(),) if place.repeatable else object())
    if place.element.type in FLAGS:
        return
    with pytest.raises(LocalProtocolError, match=f"{type(message).__name__}.{place.name}"):
        message.encode()


def test_element_of_a_fixed_length_is_not_sent_with_another() -> None:
    """An element kept or added by its octets must have the length that its type demands."""
    message = EchoRequest(other_ies=(RawIE(type=14, value=b"\x01\x02"),))
    with pytest.raises(LocalProtocolError, match="an element of type 14 has not 2 octets"):
        message.encode()


def test_element_with_the_short_length_is_read_back() -> None:
    """Type 141 has a length of one octet, also where it is not expected and kept as it came."""
    message = EchoRequest(other_ies=(RawIE(type=141, value=b"\x01\xc0"),))
    octets = message.encode()
    assert octets.endswith(bytes.fromhex("8d 02 01c0"))
    assert decode(octets) == message
