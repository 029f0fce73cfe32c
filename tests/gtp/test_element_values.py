"""Elements with a structure of their own: what is no value, what cannot be sent, their words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gtp.codes import SrvccFlags
from gtp.ies import (
    Ambr,
    EndUserAddress,
    RouteingArea,
    identity,
    mobility,
    multicast,
    relocation,
    security,
    session,
    trace,
)
from gtp.ies import context as contexts
from gtp.ies.context import (
    AmbrOfNsapi,
    LocalHomeNetwork,
    OfNsapi,
    PdpContext,
    RabContext,
    ScefPdnConnection,
)
from gtp.ies.element import ENCODING_ERRORS, Element
from gtp.ies.mobility import CsgInformation, NodeIdentifier, UeAmbr
from gtp.ies.multicast import MulticastDistribution, SessionDuration, Tmgi
from gtp.ies.relocation import (
    CellIdentification,
    EnodebId,
    PduNumbers,
    Plmn,
    RabSetup,
    TargetRnc,
    XidParameters,
)
from gtp.ies.security import MmContext, Quintuplet, SecurityMode, Triplet
from gtp.ies.trace import TraceInfo

AREA = RouteingArea("234", "15", 0x1234, 5)
TRACE = TraceInfo(1, 2, 1, 3, 1, 1)
TRACE_TEXT = (
    "trace 0x000001, session 0x0002, events 0x01, depth 3, interfaces 0x01, activity control 1"
)
QUINTUPLET = Quintuplet(bytes(16), bytes(8), bytes(16), bytes(16), bytes(16))
TRIPLET = Triplet(bytes(16), bytes(4), bytes(8))
MM = MmContext(mode=SecurityMode.GSM_KEY_AND_TRIPLETS, key=bytes(8), vectors=(TRIPLET,))
PDP = PdpContext(
    nsapi=5,
    qos_subscribed=b"",
    qos_requested=b"",
    qos_negotiated=bytes(4),
    uplink_teid_control=0x102,
    uplink_teid_data=0x101,
    end_user_address=EndUserAddress.for_ipv4("10.45.0.7"),
    ggsn_address_control="192.0.2.1",
    ggsn_address_user="",
    apn="wap.example",
)


def value_of(element: Element[Any], value: object) -> bytes:
    """Return the octets of an element without type and length."""
    return element.encode(value)[1 if element.type < 128 else 3 :]


@pytest.mark.parametrize(
    ("element", "octets"),
    [
        pytest.param(security.AUTHENTICATION_QUINTUPLET, bytes(20), id="quintuplet cut"),
        pytest.param(
            security.AUTHENTICATION_QUINTUPLET,
            value_of(security.AUTHENTICATION_QUINTUPLET, QUINTUPLET) + b"\0",
            id="quintuplet with more",
        ),
        pytest.param(security.MM_CONTEXT, b"", id="MM context empty"),
        pytest.param(
            security.MM_CONTEXT, value_of(security.MM_CONTEXT, MM)[:-1], id="MM context cut"
        ),
        pytest.param(contexts.PDP_CONTEXT, b"\x05", id="PDP context cut"),
        pytest.param(
            contexts.PDP_CONTEXT,
            value_of(contexts.PDP_CONTEXT, PDP).replace(b"\x03wap", b"\x03w p"),
            id="PDP context with a wrong APN",
        ),
        pytest.param(contexts.EVOLVED_ARP_OF_NSAPI, bytes(3), id="ARP of an NSAPI too long"),
        pytest.param(contexts.AMBR_OF_NSAPI, bytes(8), id="AMBR of an NSAPI too short"),
        pytest.param(mobility.RFSP_INDEX, bytes(3), id="RFSP index too long"),
        pytest.param(session.FQDN, b"\x05wap", id="FQDN cut"),
        pytest.param(relocation.RAB_SETUP, b"", id="RAB setup empty"),
        pytest.param(relocation.RAB_SETUP, bytes(5), id="RAB setup without address"),
        pytest.param(relocation.PDU_NUMBERS, bytes(8), id="PDU numbers too short"),
        pytest.param(relocation.SELECTED_PLMN, bytes(2), id="PLMN too short"),
        pytest.param(multicast.SESSION_DURATION, bytes(4), id="duration too long"),
        pytest.param(multicast.TMGI, bytes(5), id="TMGI too short"),
        pytest.param(multicast.SERVICE_AREA, b"\x01\0\x0a", id="service areas cut"),
        pytest.param(
            multicast.IP_MULTICAST_DISTRIBUTION, bytes(5) + b"\x04", id="multicast without address"
        ),
        pytest.param(mobility.UE_AMBR, bytes(12), id="UE-AMBR cut"),
        pytest.param(mobility.UE_AMBR, bytes(17), id="UE-AMBR too long"),
        pytest.param(mobility.USER_CSG_INFORMATION, bytes(9), id="CSG too long"),
        pytest.param(mobility.NODE_IDENTIFIER, b"\x01\xe4\0", id="node's name not ASCII"),
        pytest.param(mobility.DIRECT_TUNNEL_FLAGS, b"", id="flags empty"),
        pytest.param(session.SIGNALLING_PRIORITY, b"", id="flag empty"),
        pytest.param(relocation.TARGET_IDENTIFICATION, bytes(9), id="target cut"),
        pytest.param(relocation.CELL_IDENTIFICATION, bytes(18), id="cells too long"),
        pytest.param(relocation.XID_PARAMETERS, b"\x03\x02\x01", id="XID cut"),
        pytest.param(relocation.ADDITIONAL_MM_CONTEXT, bytes(4), id="voice capabilities too long"),
        pytest.param(relocation.ENODEB_ID, bytes(8), id="eNodeB cut"),
        pytest.param(contexts.SCEF_PDN_CONNECTION, b"\x02\x01a\x05\0\x02a", id="SCEF cut"),
        pytest.param(trace.ADDITIONAL_TRACE_INFO, bytes(8), id="trace too short"),
        pytest.param(identity.SGSN_NUMBER, b"\x91", id="SGSN number without digits"),
    ],
)
def test_what_is_no_value(element: Element[Any], octets: bytes) -> None:
    """A decoder refuses octets that are no value with ValueError and nothing else."""
    with pytest.raises(ValueError):
        element.decode(octets)


@pytest.mark.parametrize(
    ("element", "value"),
    [
        (security.AUTHENTICATION_TRIPLET, TRIPLET._replace(sres=bytes(3))),
        (security.AUTHENTICATION_QUINTUPLET, QUINTUPLET._replace(ck=bytes(15))),
        (security.AUTHENTICATION_QUINTUPLET, QUINTUPLET._replace(xres=bytes(256))),
        (security.MM_CONTEXT, replace(MM, key_set=8)),
        (security.MM_CONTEXT, replace(MM, vectors=(TRIPLET,) * 8)),
        (security.MM_CONTEXT, replace(MM, vectors=(QUINTUPLET,))),
        (security.MM_CONTEXT, replace(MM, key=bytes(16))),
        (contexts.PDP_CONTEXT, replace(PDP, nsapi=16)),
        (contexts.PDP_CONTEXT, replace(PDP, llc_sapi=16)),
        (contexts.PDP_CONTEXT, replace(PDP, transaction_identifier=-1)),
        (contexts.PDP_CONTEXT, replace(PDP, qos_requested=bytes(256))),
        (contexts.PDP_CONTEXT, replace(PDP, ggsn_address_user="nowhere")),
        (contexts.RAB_CONTEXT, RabContext(16, 0, 0, 0, 0)),
        (contexts.RAB_CONTEXT, RabContext(5, 65536, 0, 0, 0)),
        (contexts.TEID_DATA_II, OfNsapi(5, 2**32)),
        (contexts.RADIO_PRIORITY, OfNsapi(5, 8)),
        (contexts.RADIO_PRIORITY, OfNsapi(16, 1)),
        (contexts.AMBR_OF_NSAPI, AmbrOfNsapi(-1, 0, 0)),
        (mobility.RFSP_INDEX, 65536),
        (session.FQDN, ""),
        (session.FQDN, "a" * 64),
        (session.FQDN, ".".join(["abcdefghi"] * 30)),
        (session.FQDN, "ä.example"),
        (identity.SGSN_NUMBER, "1" * 16),
        (relocation.RAB_SETUP, RabSetup(16)),
        (relocation.RAB_SETUP, RabSetup(5, 1)),
        (relocation.RAB_SETUP, RabSetup(5, None, "192.0.2.5")),
        (relocation.RAB_SETUP, RabSetup(5, 2**32, "192.0.2.5")),
        (relocation.PDU_NUMBERS, PduNumbers(16, 0, 0, 0, 0)),
        (relocation.PDU_NUMBERS, PduNumbers(5, 0, 0, 65536, 0)),
        (multicast.SESSION_DURATION, SessionDuration(0, 128)),
        (multicast.SESSION_DURATION, SessionDuration(2**17)),
        (multicast.SESSION_DURATION, SessionDuration(-1)),
        (multicast.SERVICE_AREA, ()),
        (multicast.TMGI, Tmgi(1 << 24, "234", "15")),
        (multicast.IP_MULTICAST_DISTRIBUTION, MulticastDistribution(1, "nowhere", "192.0.2.9")),
        (mobility.USER_CSG_INFORMATION, CsgInformation("234", "15", 1 << 27)),
        (mobility.NODE_IDENTIFIER, NodeIdentifier("ä", "test")),
        (relocation.SELECTED_PLMN, Plmn("23", "15")),
        (relocation.XID_PARAMETERS, XidParameters(16, b"")),
        (relocation.ENODEB_ID, EnodebId("234", "15", 1 << 20, 1)),
        (relocation.ENODEB_ID, EnodebId("234", "15", 1 << 28, 1, home=True)),
        (contexts.LOCAL_HOME_NETWORK_OF_NSAPI, LocalHomeNetwork(16, "lhn")),
        (contexts.SCEF_PDN_CONNECTION, ScefPdnConnection(16, "iot", b"")),
        (trace.ADDITIONAL_TRACE_INFO, TRACE._replace(session=1 << 16)),
    ],
)
def test_what_cannot_be_sent(element: Element[Any], value: object) -> None:
    """An encoder refuses what the element cannot carry."""
    with pytest.raises(ENCODING_ERRORS):
        element.encode(value)


@pytest.mark.parametrize(
    ("element", "value", "text"),
    [
        (security.MM_CONTEXT, MM, "gsm key and triplets, key set 7, 1 vectors"),
        (
            security.MM_CONTEXT,
            MmContext(mode=SecurityMode.GSM_KEY_AND_QUINTUPLETS, key=bytes(8)),
            "gsm key and quintuplets, key set 7, 0 vectors",
        ),
        (
            security.MM_CONTEXT,
            MmContext(
                mode=SecurityMode.UMTS_KEYS_AND_CIPHER,
                key=bytes(32),
                vectors=(QUINTUPLET,) * 7,
                integrity=0,
                more=b"\x01\x80",
            ),
            "umts keys and cipher, key set 7, 7 vectors",
        ),
        (security.AUTHENTICATION_TRIPLET, TRIPLET, "RAND " + "00" * 16),
        (security.AUTHENTICATION_QUINTUPLET, QUINTUPLET, "RAND " + "00" * 16),
        (
            contexts.PDP_CONTEXT,
            PDP,
            "NSAPI 5, APN wap.example, 10.45.0.7, GGSN 192.0.2.1, TEID-C 0x00000102, "
            "TEID-D 0x00000101",
        ),
        (
            contexts.PDP_CONTEXT,
            replace(
                PDP,
                ggsn_address_control="",
                ggsn_address_user="2001:db8::1",
                extended_address=True,
                transaction_identifier=7,
                transaction_identifier_extension=0x88,
                more=bytes(3),
            ),
            "NSAPI 5, APN wap.example, 10.45.0.7, GGSN not known, TEID-C 0x00000102, "
            "TEID-D 0x00000101",
        ),
        (
            contexts.RAB_CONTEXT,
            RabContext(5, 1, 2, 3, 4),
            "NSAPI 5, next GTP-U 1 down, 2 up, next PDCP 3 down, 4 up",
        ),
        (contexts.TEID_DATA_II, OfNsapi(5, 0x600), "NSAPI 5: 0x00000600"),
        (contexts.RADIO_PRIORITY, OfNsapi(5, 2), "NSAPI 5: 2"),
        (
            contexts.AMBR_OF_NSAPI,
            AmbrOfNsapi(5, 1000, 2000),
            "NSAPI 5: 1000 kbit/s up, 2000 kbit/s down",
        ),
        (mobility.RFSP_INDEX, 256, "256"),
        (session.FQDN, "www.test", "www.test"),
        (relocation.RAB_SETUP, RabSetup(5), "NSAPI 5: not set up"),
        (
            relocation.ADDITIONAL_RAB_SETUP,
            RabSetup(5, 0x700, "2001:db8::5"),
            "NSAPI 5: 0x00000700 at 2001:db8::5",
        ),
        (
            relocation.PDU_NUMBERS,
            PduNumbers(5, 1, 2, 3, 4),
            "NSAPI 5, next GTP-U 1 down, 2 up, next N-PDU 3 down, 4 up",
        ),
        (relocation.SELECTED_PLMN, Plmn("234", "15"), "MCC 234, MNC 15"),
        (relocation.TARGET_IDENTIFICATION, TargetRnc(), "none"),
        (
            relocation.TARGET_IDENTIFICATION,
            TargetRnc(AREA, 0x1FFF, extended=True),
            "RNC 8191 in MCC 234, MNC 15, LAC 1234, RAC 05",
        ),
        (
            relocation.CELL_IDENTIFICATION,
            CellIdentification(AREA, 7, AREA, 42, from_rnc=True),
            "from RNC 42 in MCC 234, MNC 15, LAC 1234, RAC 05 "
            "to cell 7 in MCC 234, MNC 15, LAC 1234, RAC 05",
        ),
        (
            relocation.CELL_IDENTIFICATION,
            CellIdentification(AREA, 7, AREA, 8),
            "from cell 8 in MCC 234, MNC 15, LAC 1234, RAC 05 "
            "to cell 7 in MCC 234, MNC 15, LAC 1234, RAC 05",
        ),
        (relocation.XID_PARAMETERS, XidParameters(3, b"\x01"), "SAPI 3: 01"),
        (relocation.ADDITIONAL_SRVCC_FLAGS, SrvccFlags(3), "ics, video"),
        (relocation.ADDITIONAL_SRVCC_FLAGS, SrvccFlags(0), "none"),
        (trace.ADDITIONAL_TRACE_INFO, TRACE, TRACE_TEXT),
        (
            trace.ADDITIONAL_MBMS_TRACE_INFO,
            TRACE._replace(activity_control=0),
            TRACE_TEXT[:-1] + "0",
        ),
        (mobility.UE_AMBR, UeAmbr(Ambr(1, 2)), "subscribed 1 kbit/s up, 2 kbit/s down"),
        (
            mobility.UE_AMBR,
            UeAmbr(Ambr(1, 2), Ambr(3, 4)),
            "subscribed 1 kbit/s up, 2 kbit/s down, authorized 3 kbit/s up, 4 kbit/s down",
        ),
        (mobility.NODE_IDENTIFIER, NodeIdentifier("mme", "test"), "mme of test"),
        (multicast.TMGI, Tmgi(1, "234", "15"), "service 0x000001 of MCC 234, MNC 15"),
        (multicast.SERVICE_AREA, (10, 11), "10, 11"),
        (
            multicast.IP_MULTICAST_DISTRIBUTION,
            MulticastDistribution(0x108, "ff02::1", "2001:db8::9", headers_compressed=True),
            "0x00000108 from 2001:db8::9 to ff02::1, headers compressed",
        ),
        (
            multicast.IP_MULTICAST_DISTRIBUTION,
            MulticastDistribution(0x108, "224.0.0.1", "192.0.2.9"),
            "0x00000108 from 192.0.2.9 to 224.0.0.1",
        ),
        (contexts.LOCAL_HOME_NETWORK_OF_NSAPI, LocalHomeNetwork(5, "lhn"), "NSAPI 5: lhn"),
        (
            contexts.SCEF_PDN_CONNECTION,
            ScefPdnConnection(5, "iot", b"\x01"),
            "NSAPI 5: APN iot, SCEF 01",
        ),
        (session.GGSN_BACK_OFF_TIME, 0x45, "5 times 10 min"),
        (session.GGSN_BACK_OFF_TIME, 0xA1, "1 times 1 min"),
        (session.GGSN_BACK_OFF_TIME, 0xE0, "for ever"),
        (session.SIGNALLING_PRIORITY, True, "yes"),
        (multicast.SESSION_DURATION, SessionDuration(3600, 2), "2 d 3600 s"),
        (identity.P_TMSI, 0xC0000001, "0xc0000001"),
        (identity.SGSN_NUMBER, "447700900", "447700900"),
    ],
)
def test_values_are_read_back_and_put_into_words(
    element: Element[Any], value: object, text: str
) -> None:
    """What is written is read back as the same, and has words for people."""
    assert element.decode(value_of(element, value)) == value
    assert element.text(value) == text


def test_a_pdp_context_may_end_with_a_short_transaction_identifier() -> None:
    """The second octet of the transaction identifier may be left out where the first says all."""
    octets = value_of(contexts.PDP_CONTEXT, PDP)
    assert octets.endswith(b"\0\0")
    assert contexts.PDP_CONTEXT.decode(octets[:-1]) == PDP
