"""Values that messages carry as octets, taken apart by ``gtp.ies`` and put together again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtp.codes import ApnRestriction, CommonFlags, RatType, SelectionMode
from gtp.constants import Cause
from gtp.describe import describe
from gtp.ies import (
    EvolvedArp,
    ProtocolConfiguration,
    QosProfile,
    RouteingArea,
    TrafficFlowTemplate,
    UserLocation,
)
from gtp.ies.filters import Component, ComponentType, PacketFilter, Parameter, TftOperation
from gtp.ies.location import LocationType
from gtp.ies.options import Option
from gtp.ies.quality import bit_rate
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
)

UDP = Component(ComponentType.PROTOCOL, b"\x11")
PORT = Component(ComponentType.REMOTE_PORT, b"\x23\xf0")
PROFILE = QosProfile(
    priority=2,
    delay_class=1,
    reliability_class=3,
    peak_throughput=9,
    precedence_class=2,
    mean_throughput=31,
    traffic_class=3,
    delivery_order=2,
    erroneous_sdus=3,
    maximum_sdu_size=150,
    maximum_uplink=254,
    maximum_downlink=254,
    residual_ber=7,
    sdu_error_ratio=4,
    transfer_delay=10,
    handling_priority=3,
    guaranteed_uplink=255,
    guaranteed_downlink=255,
)


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        ("32f451 1234 05", RouteingArea("234", "15", 0x1234, 5)),
        ("130014 ffff 01", RouteingArea("310", "410", 0xFFFF, 1)),
        ("00 32f451 1234 5678", UserLocation(LocationType.CELL, "234", "15", 0x1234, 0x5678)),
        ("01 32f451 1234 5678", UserLocation(LocationType.SERVICE_AREA, "234", "15", 4660, 22136)),
        ("02 32f451 1234 05ff", UserLocation(LocationType.ROUTEING_AREA, "234", "15", 4660, 5)),
        ("80", ProtocolConfiguration()),
        (
            "80 8021 04 01010004 000d 00",
            ProtocolConfiguration((Option(0x8021, b"\x01\x01\x00\x04"), Option(0x000D))),
        ),
        ("02 0b921f7396fefe742bffff", PROFILE),
        ("02 0b921f7396fefe742bffff 00 4a", replace(PROFILE, more=b"\0\x4a")),
        (
            "01 0b921f",
            QosProfile(
                priority=1,
                delay_class=1,
                reliability_class=3,
                peak_throughput=9,
                precedence_class=2,
                mean_throughput=31,
                more=None,
            ),
        ),
        (
            "21 31 05 05 3011 5023f0",
            TrafficFlowTemplate(TftOperation.CREATE, (PacketFilter(1, 5, (UDP, PORT), 3),)),
        ),
        (
            "82 00 01 02 3011 01 02 03 5023f0",
            TrafficFlowTemplate(
                TftOperation.REPLACE_FILTERS,
                (PacketFilter(0, 1, (UDP,)), PacketFilter(1, 2, (PORT,))),
            ),
        ),
        ("a2 00 01", TrafficFlowTemplate(TftOperation.DELETE_FILTERS, deleted=(0, 1))),
        ("40", TrafficFlowTemplate(TftOperation.DELETE)),
        (
            "d0 03 04 01020304",
            TrafficFlowTemplate(
                TftOperation.NO_OPERATION, parameters=(Parameter(3, b"\x01\x02\x03\x04"),)
            ),
        ),
    ],
)
def test_octets_are_taken_apart_and_put_together(octets: str, value: Any) -> None:
    """The octets say these values, and the values make these octets."""
    data = bytes.fromhex(octets)
    assert type(value).parse(data) == value
    assert value.encode() == data


def test_a_routeing_area_may_come_without_its_filler() -> None:
    """The octet behind the RAC of a user location need not be there."""
    octets = bytes.fromhex("02 32f451 1234 05")
    assert UserLocation.parse(octets).encode() == octets + b"\xff"


def test_parameters_may_be_announced_and_not_there() -> None:
    """The E bit without parameters says no more than its absence."""
    assert TrafficFlowTemplate.parse(b"\x50") == TrafficFlowTemplate(TftOperation.DELETE)


@pytest.mark.parametrize(
    ("kind", "octets"),
    [
        (RouteingArea, ""),
        (RouteingArea, "32f451123405ff"),
        (RouteingArea, "3af451123405"),
        (UserLocation, "0032f451123456"),
        (UserLocation, "0032f4511234567800"),
        (UserLocation, "0332f45112345678"),
        (ProtocolConfiguration, ""),
        (ProtocolConfiguration, "80802104"),
        (QosProfile, ""),
        (QosProfile, "020b92"),
        (QosProfile, "020b921f7396"),
        (TrafficFlowTemplate, ""),
        (TrafficFlowTemplate, "e0"),
        (TrafficFlowTemplate, "21310502"),
        (TrafficFlowTemplate, "213105023011ff"),
        (TrafficFlowTemplate, "213105029911"),
        (TrafficFlowTemplate, "213105025023"),
    ],
)
def test_what_is_no_value(kind: Any, octets: str) -> None:
    """Octets that are no value are a ValueError."""
    with pytest.raises(ValueError):
        kind.parse(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "value",
    [
        RouteingArea("23", "15", 0, 0),
        RouteingArea("234", "1", 0, 0),
        RouteingArea("234", "1a", 0, 0),
        RouteingArea("234", "15", 65536, 0),
        ProtocolConfiguration(protocol=8),
        ProtocolConfiguration((Option(0x8021, bytes(256)),)),
        replace(PROFILE, traffic_class=8),
        replace(PROFILE, priority=256),
        TrafficFlowTemplate(TftOperation.CREATE, (PacketFilter(16, 0, ()),)),
        TrafficFlowTemplate(TftOperation.CREATE, (PacketFilter(1, 0, (), 4),)),
        TrafficFlowTemplate(TftOperation.CREATE, (PacketFilter(1, 0, ()),) * 16),
        TrafficFlowTemplate(TftOperation.DELETE, (PacketFilter(1, 0, ()),)),
        TrafficFlowTemplate(TftOperation.CREATE, deleted=(1,)),
        TrafficFlowTemplate(
            TftOperation.CREATE,
            (PacketFilter(1, 0, (Component(ComponentType.PROTOCOL, b""),)),),
        ),
    ],
)
def test_what_does_not_fit(value: Any) -> None:
    """A value that the octets have no room for is not made into others."""
    with pytest.raises((ValueError, OverflowError)):
        value.encode()


@pytest.mark.parametrize(
    ("code", "rate"),
    [(0, None), (1, 1), (63, 63), (64, 64), (127, 568), (128, 576), (254, 8640), (255, 0)],
)
def test_bit_rates(code: int, rate: int | None) -> None:
    """Codes of bit rates are kbit/s in steps that grow (TS 24.008 §10.5.6.5)."""
    assert bit_rate(code) == rate


@given(st.binary(max_size=60))
def test_any_octets_are_a_value_or_no_value(octets: bytes) -> None:
    """Whatever was taken apart can be put together, and is then the same again."""
    for kind in (
        RouteingArea,
        UserLocation,
        ProtocolConfiguration,
        QosProfile,
        TrafficFlowTemplate,
    ):
        try:
            value = kind.parse(octets)
        except ValueError:
            continue
        assert kind.parse(value.encode()) == value
        assert str(value)


@given(st.integers(0, 255))
def test_any_octet_is_an_allocation_priority(octet: int) -> None:
    """But for its spare bits, which are not kept."""
    assert EvolvedArp.parse(octet).encode() == octet & 0x7D


def test_a_priority_that_does_not_fit() -> None:
    """An allocation priority has four bits."""
    assert EvolvedArp.parse(0x1D) == EvolvedArp(7, may_preempt=True, preemptible=False)
    with pytest.raises(ValueError):
        EvolvedArp(16).encode()


@pytest.mark.parametrize(
    ("name", "more", "kilobits"),
    [
        ("maximum_uplink", "", 8640),
        ("maximum_uplink", "0000004a", 16_000),
        ("maximum_uplink", "0000004b", 17_000),
        ("maximum_downlink", "0001", 8_700),
        ("maximum_downlink", "00ba", 128_000),
        ("maximum_downlink", "00bb", 130_000),
        ("maximum_downlink", "00fa", 256_000),
        ("maximum_downlink", "00fa00000001", 260_000),
        ("maximum_downlink", "00fa0000003d", 500_000),
        ("maximum_downlink", "00fa0000003e", 510_000),
        ("maximum_downlink", "00fa000000a1", 1_500_000),
        ("maximum_downlink", "00fa000000f6", 10_000_000),
        ("guaranteed_uplink", "", 0),
    ],
)
def test_rates_of_a_profile(name: str, more: str, kilobits: int) -> None:
    """Extended octets go on where the first one ends (TS 24.008 §10.5.6.5)."""
    assert replace(PROFILE, more=bytes.fromhex(more)).rate(name) == kilobits


def test_an_extension_of_what_the_subscription_says() -> None:
    """Extended octets say nothing where the first leaves the rate to the subscription."""
    profile = replace(PROFILE, maximum_downlink=0, more=bytes.fromhex("004a"))
    assert profile.rate("maximum_downlink") is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (RouteingArea("310", "410", 0xFFFF, 1), "MCC 310, MNC 410, LAC ffff, RAC 01"),
        (
            UserLocation(LocationType.CELL, "234", "15", 0x1234, 0x56),
            "MCC 234, MNC 15, LAC 1234, cell 0056",
        ),
        (
            UserLocation(LocationType.ROUTEING_AREA, "234", "15", 0x1234, 5),
            "MCC 234, MNC 15, LAC 1234, RAC 05",
        ),
        (
            ProtocolConfiguration((Option(0x8021, b"\x01"), Option(0x000D), Option(0xFF01, b"a"))),
            "IPCP 01, DNS server IPv4 address, 0xff01 61",
        ),
        (ProtocolConfiguration(), "none"),
        (QosProfile(priority=0), "all as subscribed"),
        (
            QosProfile(priority=1, traffic_class=3, transfer_delay=10, maximum_downlink=254),
            "priority 1, traffic class 3, transfer delay 10, maximum downlink 8640 kbit/s",
        ),
        (EvolvedArp(3), "priority 3, may not preempt, may not be preempted"),
        (EvolvedArp(3, True, True), "priority 3, may preempt, may be preempted"),
        (CommonFlags.NRSN | CommonFlags.UPGRADE_QOS_SUPPORTED, "nrsn, upgrade qos supported"),
        (CommonFlags(0), "none"),
        (
            TrafficFlowTemplate(
                TftOperation.CREATE,
                (
                    PacketFilter(
                        1,
                        5,
                        (
                            UDP,
                            PORT,
                            Component(ComponentType.LOCAL_PORT_RANGE, b"\0\x01\0\x09"),
                            Component(ComponentType.IPV4_REMOTE_ADDRESS, b"\x0a\1\0\0\xff\xff\0\0"),
                            Component(
                                ComponentType.IPV6_LOCAL_PREFIX,
                                bytes.fromhex("20010db8" + 24 * "0" + "40"),
                            ),
                            Component(ComponentType.TYPE_OF_SERVICE, b"\x2e\xff"),
                        ),
                        3,
                    ),
                    PacketFilter(2, 6, ()),
                ),
                parameters=(Parameter(3, b"\x01"),),
            ),
            "create; filter 1 (precedence 5, both ways): protocol 17, remote port 9200, "
            "local port range 1-9, IPv4 remote address 10.1.0.0/255.255.0.0, "
            "IPv6 local prefix 2001:db8::/64, type of service 2eff; "
            "filter 2 (precedence 6): empty; parameter 3 01",
        ),
        (
            TrafficFlowTemplate(TftOperation.DELETE_FILTERS, deleted=(0, 1)),
            "delete filters; filter 0; filter 1",
        ),
    ],
)
def test_values_in_words(value: Any, text: str) -> None:
    """What is taken apart says for people what is in it."""
    assert str(value) == text


def test_a_message_takes_its_elements_apart() -> None:
    """Octets and codes come as what they say; all the rest is itself."""
    area = RouteingArea("234", "15", 0x1234, 5)
    place = UserLocation(LocationType.CELL, "234", "15", 0x1234, 0x5678)
    options = ProtocolConfiguration((Option(0x000D),))
    template = TrafficFlowTemplate(TftOperation.CREATE, (PacketFilter(1, 5, (UDP,), 3),))
    message = CreatePdpContextRequest(
        teid=9,
        teid_data=1,
        nsapi=5,
        sgsn_address_control="192.0.2.2",
        sgsn_address_user="192.0.2.2",
        qos=PROFILE.encode(),
        rai=area.encode(),
        user_location=place.encode(),
        pco=options.encode(),
        tft=template.encode(),
        common_flags=0x20,
        evolved_arp=EvolvedArp(3).encode(),
    )
    parsed = {
        name: message.parsed(name)
        for name in ("qos", "rai", "user_location", "pco", "tft", "common_flags", "evolved_arp")
    }
    assert parsed == {
        "qos": PROFILE,
        "rai": area,
        "user_location": place,
        "pco": options,
        "tft": template,
        "common_flags": CommonFlags.NRSN,
        "evolved_arp": EvolvedArp(3),
    }
    message.rat_type, message.selection_mode, message.apn_restriction = 2, 1, 2
    assert message.parsed("rat_type") is RatType.GERAN
    assert message.parsed("selection_mode") is SelectionMode.MS_PROVIDED
    assert message.parsed("apn_restriction") is ApnRestriction.PUBLIC_2
    assert ("APN Restriction", "public 2 (2)") in describe(message)
    assert message.parsed("nsapi") == 5
    assert message.parsed("teid") == 9
    assert message.parsed("apn") is None
    assert message.parsed("private_extension") == ()
    with pytest.raises(AttributeError):
        message.parsed("no_such_element")


def test_what_cannot_be_taken_apart_is_said_when_asked() -> None:
    """The message keeps the octets, and describes them as they are."""
    message = DeletePdpContextRequest(nsapi=5, user_location=b"\x09\x01")
    with pytest.raises(ValueError):
        message.parsed("user_location")
    other = CreatePdpContextResponse(cause=Cause.SYSTEM_FAILURE, bearer_control_mode=9)
    with pytest.raises(ValueError):
        other.parsed("bearer_control_mode")
    assert ("Bearer Control Mode", "unassigned (9)") in describe(other)
    assert ("User Location Information", "0901") in describe(message)
