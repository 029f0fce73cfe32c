"""Traffic flow templates at work: operations on them, and the choice of a packet's context."""

from __future__ import annotations

import struct
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corenet.gi.flows import Classifier, applied
from corenet.gi.ip import udp_packet
from gtp.constants import Cause
from gtp.ies.filters import (
    Component,
    ComponentType,
    PacketFilter,
    TftError,
    TftOperation,
    TrafficFlowTemplate,
)

MOBILE = "10.45.0.7"
SERVER = "192.0.2.80"
MOBILE6 = "2001:db8:1::7"
SERVER6 = "2001:db8:ffff::80"
UDP = Component(ComponentType.PROTOCOL, b"\x11")


def port(kind: ComponentType, *numbers: int) -> Component:
    return Component(kind, struct.pack(f"!{len(numbers)}H", *numbers))


def a_filter(
    identifier: int, *components: Component, precedence: int | None = None, direction: int = 0
) -> PacketFilter:
    precedence = 10 * identifier if precedence is None else precedence
    return PacketFilter(identifier, precedence, components or (UDP,), direction)


ONE, TWO, THREE = (a_filter(number) for number in (1, 2, 3))


def operation(
    kind: TftOperation, *filters: PacketFilter, deleted: tuple[int, ...] = ()
) -> TrafficFlowTemplate:
    return TrafficFlowTemplate(kind, filters, deleted)


CREATE, ADD, REPLACE = (
    TftOperation.CREATE,
    TftOperation.ADD_FILTERS,
    TftOperation.REPLACE_FILTERS,
)
DELETE_FILTERS, DELETE = TftOperation.DELETE_FILTERS, TftOperation.DELETE


# -- operations ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "asked", "new"),
    [
        pytest.param((), operation(CREATE, ONE), (ONE,), id="create"),
        pytest.param((ONE,), operation(CREATE, TWO), (TWO,), id="create-over-an-old-one"),
        pytest.param((ONE,), operation(ADD, TWO), (ONE, TWO), id="add"),
        pytest.param(
            (ONE, TWO),
            operation(ADD, a_filter(1, precedence=5)),
            (a_filter(1, precedence=5), TWO),
            id="add-one-that-is-there",
        ),
        pytest.param(
            (ONE, TWO),
            operation(REPLACE, a_filter(2, precedence=5)),
            (ONE, a_filter(2, precedence=5)),
            id="replace",
        ),
        pytest.param((ONE,), operation(REPLACE, TWO), (ONE, TWO), id="replace-one-not-there"),
        pytest.param((ONE, TWO), operation(DELETE_FILTERS, deleted=(1,)), (TWO,), id="delete-one"),
        pytest.param(
            (ONE, TWO), operation(DELETE_FILTERS, deleted=(1, 9)), (TWO,), id="delete-one-not-there"
        ),
        pytest.param((ONE,), operation(DELETE), (), id="delete"),
        pytest.param((ONE,), operation(TftOperation.NO_OPERATION), (ONE,), id="no-operation"),
        pytest.param((), operation(TftOperation.IGNORE), (), id="ignore"),
    ],
)
def test_an_operation_changes_the_filters(
    old: tuple[PacketFilter, ...], asked: TrafficFlowTemplate, new: tuple[PacketFilter, ...]
) -> None:
    """Create, add, replace and delete do what they say (TS 24.008 §10.5.6.12)."""
    assert applied(old, asked, [(THREE,)]) == new


@pytest.mark.parametrize(
    ("old", "asked", "others", "cause"),
    [
        pytest.param((), operation(ADD, ONE), [], 215, id="add-to-nothing"),
        pytest.param((), operation(REPLACE, ONE), [], 215, id="replace-in-nothing"),
        pytest.param(
            (), operation(DELETE_FILTERS, deleted=(1,)), [], 215, id="delete-from-nothing"
        ),
        pytest.param((), operation(DELETE), [], 215, id="delete-nothing"),
        pytest.param((ONE,), operation(DELETE_FILTERS, deleted=(1,)), [], 215, id="no-filter-left"),
        pytest.param((ONE,), operation(DELETE), [()], 215, id="second-without-template"),
        pytest.param((), operation(CREATE), [], 216, id="create-without-filters"),
        pytest.param((ONE,), operation(ADD), [], 216, id="add-without-filters"),
        pytest.param((ONE,), operation(DELETE_FILTERS), [], 216, id="delete-without-filters"),
        pytest.param(
            (),
            operation(CREATE, a_filter(1, UDP, UDP)),
            [],
            217,
            id="protocol-twice",
        ),
        pytest.param(
            (),
            operation(
                CREATE,
                a_filter(
                    1,
                    port(ComponentType.LOCAL_PORT, 80),
                    port(ComponentType.LOCAL_PORT_RANGE, 80, 90),
                ),
            ),
            [],
            217,
            id="port-and-range",
        ),
        pytest.param(
            (),
            operation(CREATE, a_filter(1, port(ComponentType.REMOTE_PORT_RANGE, 90, 80))),
            [],
            217,
            id="range-backwards",
        ),
        pytest.param(
            (),
            operation(
                CREATE,
                a_filter(
                    1,
                    Component(ComponentType.IPV4_REMOTE_ADDRESS, bytes(8)),
                    Component(ComponentType.FLOW_LABEL, bytes(3)),
                ),
            ),
            [],
            217,
            id="both-families",
        ),
        pytest.param(
            (),
            operation(CREATE, PacketFilter(1, 1, ())),
            [],
            218,
            id="filter-without-components",
        ),
        pytest.param(
            (), operation(CREATE, ONE, a_filter(1, precedence=99)), [], 218, id="identifier-twice"
        ),
        pytest.param(
            (), operation(CREATE, ONE, a_filter(2, precedence=10)), [], 218, id="precedence-twice"
        ),
        pytest.param(
            (ONE,), operation(ADD, a_filter(2, precedence=10)), [], 218, id="precedence-of-its-own"
        ),
        pytest.param((), operation(CREATE, ONE), [(ONE,)], 218, id="precedence-of-another"),
    ],
)
def test_a_wrong_operation_is_refused(
    old: tuple[PacketFilter, ...],
    asked: TrafficFlowTemplate,
    others: list[tuple[PacketFilter, ...]],
    cause: int,
) -> None:
    """Each kind of error has its Cause (TS 24.008 §6.1.3.2.3, §6.1.3.3.4; TS 29.060 §7.7.1)."""
    with pytest.raises(TftError) as caught:
        applied(old, asked, others)
    assert caught.value.cause is Cause(cause)


@pytest.mark.parametrize(
    ("octets", "cause"),
    [
        pytest.param("", 216, id="empty"),
        pytest.param("e0", 216, id="reserved-operation"),
        pytest.param("22 0001023011", 216, id="fewer-filters-than-announced"),
        pytest.param("21 0001023011 00", 216, id="octets-behind"),
        pytest.param("41 01", 216, id="delete-with-filters"),
        pytest.param("c1", 216, id="no-operation-with-filters"),
        pytest.param("21 00010199", 218, id="unknown-component"),
        pytest.param("21 0001025000", 218, id="component-cut-short"),
    ],
)
def test_a_template_that_cannot_be_read_has_a_cause(octets: str, cause: int) -> None:
    """What is syntactically wrong is wrong in the operation or in a filter."""
    with pytest.raises(TftError) as caught:
        TrafficFlowTemplate.parse(bytes.fromhex(octets))
    assert caught.value.cause is Cause(cause)


@given(st.binary(max_size=60))
def test_random_octets_make_a_template_or_a_tft_error(octets: bytes) -> None:
    """Whatever arrives is a template, or TftError with one of the four Causes."""
    try:
        applied((ONE,), TrafficFlowTemplate.parse(octets), [(TWO,)])
    except TftError as error:
        cause = int(error.cause)
    else:
        cause = 215
    assert cause in range(215, 219)


# -- packets ---------------------------------------------------------------------------------


def ipv4(
    protocol: int = 17,
    payload: bytes = b"\x13\xc4\x27\x10",
    *,
    source: str = SERVER,
    service: int = 0,
    offset: int = 0,
) -> bytes:
    packet = bytearray(udp_packet((source, 1), (MOBILE, 2), b""))[:20]
    packet[1], packet[9] = service, protocol
    packet[6:8] = struct.pack("!H", offset)
    return bytes(packet) + payload


def ipv6(
    protocol: int = 17,
    payload: bytes = b"\x13\xc4\x27\x10",
    *,
    service: int = 0,
    label: int = 0,
) -> bytes:
    head = struct.pack("!IHBB", 6 << 28 | service << 20 | label, len(payload), protocol, 64)
    return head + IPv6Address(SERVER6).packed + IPv6Address(MOBILE6).packed + payload


def address4(kind: ComponentType, address: str, mask: str = "255.255.255.255") -> Component:
    value = bytes(int(part) for text in (address, mask) for part in text.split("."))
    return Component(kind, value)


REMOTE4, LOCAL4 = ComponentType.IPV4_REMOTE_ADDRESS, ComponentType.IPV4_LOCAL_ADDRESS
PREFIX6 = ComponentType.IPV6_REMOTE_PREFIX
HOP_BY_HOP = bytes.fromhex("11 00 000000000000")
FIRST_FRAGMENT = bytes.fromhex("11 00 0001 00000001")
LATER_FRAGMENT = bytes.fromhex("11 00 0009 00000001")
SIP = port(ComponentType.REMOTE_PORT, 5060)


@pytest.mark.parametrize(
    ("components", "packet", "fits"),
    [
        pytest.param([UDP], ipv4(), True, id="protocol"),
        pytest.param([UDP], ipv4(6), False, id="other-protocol"),
        pytest.param([UDP], ipv6(), True, id="protocol-of-ipv6"),
        pytest.param([SIP], ipv4(), True, id="remote-port"),
        pytest.param([SIP], ipv4(payload=b"\x13\xc5\x27\x10"), False, id="other-remote-port"),
        pytest.param([SIP], ipv4(1), False, id="port-of-icmp"),
        pytest.param([SIP], ipv4(offset=1), False, id="port-of-a-later-fragment"),
        pytest.param([SIP], ipv4(offset=0x2000), True, id="port-of-the-first-fragment"),
        pytest.param([SIP], ipv4(payload=b"\x13"), False, id="port-cut-off"),
        pytest.param([port(ComponentType.LOCAL_PORT, 10000)], ipv4(), True, id="local-port"),
        pytest.param(
            [port(ComponentType.LOCAL_PORT_RANGE, 10000, 10001)], ipv4(), True, id="range-begins"
        ),
        pytest.param(
            [port(ComponentType.REMOTE_PORT_RANGE, 5000, 5060)], ipv4(), True, id="range-ends"
        ),
        pytest.param(
            [port(ComponentType.REMOTE_PORT_RANGE, 5061, 6000)], ipv4(), False, id="below-range"
        ),
        pytest.param([address4(REMOTE4, SERVER)], ipv4(), True, id="remote-address"),
        pytest.param([address4(REMOTE4, "192.0.2.81")], ipv4(), False, id="other-address"),
        pytest.param(
            [address4(REMOTE4, "192.0.2.255", "255.255.255.0")], ipv4(), True, id="remote-network"
        ),
        pytest.param([address4(LOCAL4, MOBILE)], ipv4(), True, id="local-address"),
        pytest.param([address4(REMOTE4, "0.0.0.0", "0.0.0.0")], ipv6(), False, id="ipv4-only"),
        pytest.param(
            [Component(PREFIX6, IPv6Address("2001:db8:ffff::").packed + b"\x30")],
            ipv6(),
            True,
            id="prefix",
        ),
        pytest.param(
            [Component(PREFIX6, IPv6Address("2001:db8:fffe::").packed + b"\x30")],
            ipv6(),
            False,
            id="other-prefix",
        ),
        pytest.param(
            [Component(ComponentType.IPV6_LOCAL_PREFIX, IPv6Address(MOBILE6).packed + b"\x80")],
            ipv6(),
            True,
            id="local-prefix",
        ),
        pytest.param(
            [
                Component(
                    ComponentType.IPV6_REMOTE_ADDRESS, IPv6Address(SERVER6).packed + b"\xff" * 16
                )
            ],
            ipv6(),
            True,
            id="ipv6-address-and-mask",
        ),
        pytest.param(
            [Component(ComponentType.FLOW_LABEL, b"\x01\x23\x45")],
            ipv6(label=0x12345),
            True,
            id="flow-label",
        ),
        pytest.param(
            [Component(ComponentType.FLOW_LABEL, b"\x01\x23\x45")], ipv6(), False, id="other-label"
        ),
        pytest.param(
            [Component(ComponentType.FLOW_LABEL, bytes(3))], ipv4(), False, id="label-of-ipv4"
        ),
        pytest.param(
            [Component(ComponentType.TYPE_OF_SERVICE, b"\xb8\xfc")],
            ipv4(service=0xB9),
            True,
            id="service",
        ),
        pytest.param(
            [Component(ComponentType.TYPE_OF_SERVICE, b"\xb8\xfc")], ipv4(), False, id="no-service"
        ),
        pytest.param(
            [Component(ComponentType.TYPE_OF_SERVICE, b"\xb8\xfc")],
            ipv6(service=0xB8),
            True,
            id="traffic-class",
        ),
        pytest.param(
            [Component(ComponentType.SECURITY_PARAMETER_INDEX, b"\x00\x00\x10\x00")],
            ipv4(50, b"\x00\x00\x10\x00"),
            True,
            id="esp",
        ),
        pytest.param(
            [Component(ComponentType.SECURITY_PARAMETER_INDEX, b"\x00\x00\x10\x00")],
            ipv4(51, b"\x11\x04\x00\x00\x00\x00\x10\x00"),
            True,
            id="ah",
        ),
        pytest.param([SIP], ipv6(0, HOP_BY_HOP + b"\x13\xc4\x00\x01"), True, id="behind-options"),
        pytest.param([SIP], ipv6(44, FIRST_FRAGMENT + b"\x13\xc4"), False, id="fragment-cut-off"),
        pytest.param(
            [SIP], ipv6(44, FIRST_FRAGMENT + b"\x13\xc4\x00\x01"), True, id="first-ipv6-fragment"
        ),
        pytest.param(
            [SIP], ipv6(44, LATER_FRAGMENT + b"\x13\xc4\x00\x01"), False, id="later-ipv6-fragment"
        ),
        pytest.param([UDP, SIP], ipv4(6), False, id="all-components-have-to-fit"),
    ],
)
def test_a_filter_wants_a_packet(components: list[Component], packet: bytes, fits: bool) -> None:
    """Each component looks at its part of the packet, "remote" being the packet's source."""
    classifier = Classifier([("secondary", (a_filter(1, *components),)), ("primary", ())])
    assert classifier.downlink(packet) == ("secondary" if fits else "primary")


def test_the_lowest_precedence_is_asked_first() -> None:
    """Precedence counts over all contexts, whatever their order."""
    classifier = Classifier(
        [
            ("late", (a_filter(1, precedence=200),)),
            ("early", (a_filter(1, precedence=3), a_filter(2, SIP, precedence=250))),
        ]
    )
    assert classifier.downlink(ipv4()) == "early"


def test_without_a_context_for_the_rest_a_packet_is_nobodys() -> None:
    """Where every context has a template, what fits none is for none (TS 23.060 §15.3)."""
    assert Classifier([("only", (a_filter(1),))]).downlink(ipv4(6)) is None


def test_direction_counts() -> None:
    """A filter for one direction lets the other pass to the rest; one without serves both."""
    bearers = [
        ("up", (a_filter(1, SIP, direction=2),)),
        ("down", (a_filter(2, SIP, direction=1),)),
        ("both", (a_filter(3, UDP, direction=3),)),
        ("rest", ()),
    ]
    classifier = Classifier(bearers)
    up = udp_packet((MOBILE, 40000), (SERVER, 5060), b"")
    assert classifier.downlink(ipv4()) == "down"
    assert classifier.uplink(up) == "up"
    assert classifier.uplink(udp_packet((MOBILE, 40000), (SERVER, 99), b"")) == "both"
    assert classifier.uplink(ipv4(6)) == "rest"


@given(st.binary(min_size=1, max_size=80), st.sampled_from((4, 6)))
def test_no_packet_confuses_the_classifier(noise: bytes, version: int) -> None:
    """Whatever follows a whole header, a context comes out."""
    head = bytearray(ipv4() if version == 4 else ipv6())[: 20 if version == 4 else 40]
    head[1:9] = (noise * 8)[:8]
    packet = bytes(head) + noise
    classifier = Classifier([("sip", (a_filter(1, SIP),)), ("rest", ())])
    assert classifier.downlink(packet) in ("sip", "rest")
    assert classifier.uplink(packet) in ("sip", "rest")
