"""PDP types, pools, static ranges, limits, and IPv6 on the mobile's link (TS 29.061 §11.2.1.3)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network

import pytest

from corenet.ggsn.config import Apn
from corenet.ggsn.events import DropReason, PdpContextCreated
from corenet.gi.ip import (
    PROTOCOL_ICMPV6,
    PROTOCOL_UDP,
    checksum,
    ipv4_packet,
    ipv6_packet,
)
from corenet.gi.router import router_advertisement
from gtp.constants import Cause
from gtp.ies import EndUserAddress, PdpType
from gtp.messages import (
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    DeletePdpContextResponse,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)
from gtp.user_plane import encapsulate

SGSN = "192.0.2.2"
V4 = IPv4Network("10.50.0.0/30")
V4_MORE = IPv4Network("10.51.0.4/31")
V6 = IPv6Network("2001:db8:1::/63")
V6_MORE = IPv6Network("2001:db8:2::/64")
APNS = (
    Apn("inet", (V4, V4_MORE), dns=("192.0.2.53",)),
    Apn("inet6", (V6, V6_MORE)),
    Apn("inet46", (IPv4Network("10.52.0.0/16"), IPv6Network("2001:db8:3::/48")), mtu=1400),
    Apn(
        "own",
        (IPv4Network("10.53.0.0/24"), IPv6Network("2001:db8:5::/48")),
        static_ranges=(IPv4Network("10.54.0.0/24"), IPv6Network("2001:db8:4::/48")),
    ),
    Apn("two", (IPv4Network("10.55.0.0/24"),), maximum_contexts=2),
)
DYNAMIC = {kind: EndUserAddress(pdp_type=kind) for kind in PdpType}
ACCEPTED = Cause.REQUEST_ACCEPTED
PREFERENCE = Cause.NEW_PDP_TYPE_NETWORK_PREFERENCE
UNKNOWN = Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE
OCCUPIED = Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED
OUTSIDE = IPv6Address("2001:db8:ffff::1").packed
ALL_ROUTERS = IPv6Address("ff02::2").packed


@pytest.fixture
def gateway(make_bench):
    """A GGSN with an APN of each kind."""
    return make_bench(apns=APNS, static_bindings=())


def create(bench, apn, address, number=1, **changes) -> CreatePdpContextResponse:
    """Ask for a context of one subscriber; return the answer."""
    bench.create(
        imsi=f"23415000000{number:04}",
        apn=apn,
        end_user_address=address,
        teid_control=0x1000 + number,
        teid_data=0x2000 + number,
        **changes,
    )
    return bench.sent(CreatePdpContextResponse)


def delete(bench, created: CreatePdpContextResponse) -> None:
    """Have the SGSN delete a context."""
    bench.request(DeletePdpContextRequest(teid=created.teid_control, nsapi=5), SGSN)
    bench.sent(DeletePdpContextResponse)


def prefix(response: CreatePdpContextResponse) -> str:
    """Return the prefix that was given."""
    address = IPv6Address(response.end_user_address.ipv6)
    return str(IPv6Network((int(address) >> 64 << 64, 64)))


# PDP types


@pytest.mark.parametrize(
    ("apn", "asked", "cause", "given"),
    [
        ("inet", PdpType.IPV4, ACCEPTED, PdpType.IPV4),
        ("inet", PdpType.IPV4V6, PREFERENCE, PdpType.IPV4),
        ("inet", PdpType.IPV6, UNKNOWN, None),
        ("inet6", PdpType.IPV6, ACCEPTED, PdpType.IPV6),
        ("inet6", PdpType.IPV4V6, PREFERENCE, PdpType.IPV6),
        ("inet6", PdpType.IPV4, UNKNOWN, None),
        ("inet46", PdpType.IPV4, ACCEPTED, PdpType.IPV4),
        ("inet46", PdpType.IPV6, ACCEPTED, PdpType.IPV6),
        ("inet46", PdpType.IPV4V6, ACCEPTED, PdpType.IPV4V6),
        ("inet46", PdpType.PPP, UNKNOWN, None),
    ],
)
@pytest.mark.clause(
    "29.060 §7.3.2", "PDP types IPv4, IPv6, IPv4v6 by APN; causes 129 and 220", status="GGSN"
)
def test_each_type_on_each_apn(gateway, apn, asked, cause, given) -> None:
    """The half that can be served with cause 129, nothing with 220 (TS 29.060 §7.3.2)."""
    response = create(gateway, apn, DYNAMIC[asked])
    assert response.cause is cause
    if given is None:
        assert response.end_user_address is None
        gateway.assert_nothing_left()
        return
    address = response.end_user_address
    assert address.pdp_type is given
    assert (address.ipv4 is not None) == (given in (PdpType.IPV4, PdpType.IPV4V6))
    assert (address.ipv6 is not None) == (given in (PdpType.IPV6, PdpType.IPV4V6))
    (created,) = gateway.told(PdpContextCreated)
    view = created.context
    assert (view.address, view.ipv6_address) == (address.ipv4 or address.ipv6, address.ipv6)
    for text in (address.ipv4, address.ipv6):
        if text is not None:
            assert gateway.ggsn.context_at(text) == view
    delete(gateway, response)
    gateway.assert_nothing_left()


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (EndUserAddress.for_ipv4("0.0.0.0"), "10.52.0.1"),
        (EndUserAddress.for_ipv6("::"), "2001:db8:3::/64"),
        (EndUserAddress.for_ipv6("::1:2:3:4"), "2001:db8:3::/64"),
        (EndUserAddress.for_both("0.0.0.0", "::"), "10.52.0.1"),
    ],
)
@pytest.mark.clause(
    "29.060 §7.7.27, 27.007 §10.1.1", "an address of zeros asks for a dynamic one", status="GGSN"
)
def test_an_unspecified_address_is_a_dynamic_one(gateway, asked, given) -> None:
    """As mobiles write it whose context was defined with 0.0.0.0; it is nobody's own."""
    for number in (1, 2):
        response = create(gateway, "inet46", asked, number)
        assert response.cause is ACCEPTED
        address = response.end_user_address
        assert address.pdp_type is asked.pdp_type
        if number == 1:
            assert given == (address.ipv4 or prefix(response))


def test_an_unspecified_address_gets_what_is_bound_to_the_subscriber(bench) -> None:
    """It is no other address than the one that the GGSN knows to be the subscriber's."""
    bench.create(end_user_address=EndUserAddress.for_ipv4("0.0.0.0"))
    response = bench.sent(CreatePdpContextResponse)
    assert response.end_user_address == EndUserAddress.for_ipv4("10.45.0.7")


@pytest.mark.clause("29.061 §11.2.1.3", "IPv6 prefix and interface identifier", status="GGSN")
def test_an_interface_identifier_is_given_with_each_prefix(gateway) -> None:
    """Neither ours nor that of any router; not said to be unique everywhere."""
    identifiers = set()
    for number in range(20):
        address = create(gateway, "inet46", DYNAMIC[PdpType.IPV6], number).end_user_address
        octets = IPv6Address(address.ipv6).packed
        assert octets[:8] == IPv6Address(f"2001:db8:3:{number:x}::").packed[:8]
        assert octets[8] & 0x02 == 0
        identifiers.add(octets[8:])
    assert len(identifiers) == 20
    assert not identifiers & {bytes(8), (1).to_bytes(8, "big")}


def test_an_update_finds_a_context_for_ipv6_alone(gateway) -> None:
    """Its options have no IPv4 address to give."""
    created = create(gateway, "inet6", DYNAMIC[PdpType.IPV6])
    gateway.request(
        UpdatePdpContextRequest(
            teid=created.teid_control,
            nsapi=5,
            teid_data=0x9,
            sgsn_address_control=SGSN,
            sgsn_address_user=SGSN,
            qos=created.qos,
            pco=bytes.fromhex("80 8021 0a 0101000a 0306 00000000"),
        ),
        SGSN,
    )
    assert gateway.sent(UpdatePdpContextResponse).cause is ACCEPTED


# Pools


@pytest.mark.parametrize(
    ("apn", "kind", "given"),
    [
        ("inet", PdpType.IPV4, ["10.50.0.1", "10.50.0.2", "10.51.0.4", "10.51.0.5"]),
        ("inet6", PdpType.IPV6, ["2001:db8:1::/64", "2001:db8:1:1::/64", "2001:db8:2::/64"]),
    ],
)
@pytest.mark.clause(
    "29.060 §7.3.2", "several pools, cause 211, freed addresses oldest first", status="GGSN"
)
def test_several_pools_are_used_up_one_after_the_other(gateway, apn, kind, given) -> None:
    """Then 211, and then what was freed first (TS 29.060 §7.3.2)."""

    def text(response) -> str:
        return response.end_user_address.ipv4 or prefix(response)

    created = [create(gateway, apn, DYNAMIC[kind], number) for number in range(len(given))]
    assert [text(response) for response in created] == given
    assert create(gateway, apn, DYNAMIC[kind], 90).cause is OCCUPIED
    for number in (2, 0):
        delete(gateway, created[number])
    again = [create(gateway, apn, DYNAMIC[kind], number) for number in (91, 92)]
    assert [text(response) for response in again] == [given[2], given[0]]
    assert create(gateway, apn, DYNAMIC[kind], 93).cause is OCCUPIED


def test_a_replacement_takes_the_prefix_that_it_frees(gateway) -> None:
    """The same subscriber and NSAPI, although the pool is exhausted."""
    for number in range(3):
        create(gateway, "inet6", DYNAMIC[PdpType.IPV6], number)
    response = create(gateway, "inet6", DYNAMIC[PdpType.IPV6], 1)
    assert (response.cause, prefix(response)) == (ACCEPTED, "2001:db8:1:1::/64")
    assert gateway.ggsn.context_count == 3


def test_an_apn_has_as_many_contexts_as_its_limit_says(gateway) -> None:
    """No resources available; a replacement is no further one, other APNs don't count."""
    first = create(gateway, "two", DYNAMIC[PdpType.IPV4], 1)
    create(gateway, "two", DYNAMIC[PdpType.IPV4], 2)
    assert create(gateway, "two", DYNAMIC[PdpType.IPV4], 3).cause is Cause.NO_RESOURCES_AVAILABLE
    assert create(gateway, "two", DYNAMIC[PdpType.IPV4], 2).cause is ACCEPTED
    assert create(gateway, "inet", DYNAMIC[PdpType.IPV4], 4).cause is ACCEPTED
    delete(gateway, first)
    assert create(gateway, "two", DYNAMIC[PdpType.IPV4], 3).cause is ACCEPTED


# Static addresses

OWN = EndUserAddress.for_both("10.54.0.9", "2001:db8:4:7::1234")


@pytest.mark.parametrize(
    "address",
    [
        EndUserAddress.for_ipv4("10.54.0.9"),
        EndUserAddress.for_ipv6("2001:db8:4:7::1234"),
        OWN,
    ],
)
@pytest.mark.clause("23.060 §9.2.1", "static addresses by range", status="GGSN")
def test_an_address_of_a_static_range_is_given_to_who_brings_it(gateway, address) -> None:
    """Unchanged; its loss frees nothing of the pool."""
    response = create(gateway, "own", address)
    assert (response.cause, response.end_user_address) == (ACCEPTED, address)
    delete(gateway, response)
    gateway.assert_nothing_left()
    assert create(gateway, "own", DYNAMIC[PdpType.IPV4]).end_user_address.ipv4 == "10.53.0.1"


def test_one_half_may_be_static(gateway) -> None:
    """The other one comes from its pool."""
    response = create(gateway, "own", EndUserAddress("10.54.0.9", None, PdpType.IPV4V6))
    assert response.end_user_address.ipv4 == "10.54.0.9"
    assert prefix(response) == "2001:db8:5::/64"


@pytest.mark.parametrize(
    ("apn", "address"),
    [
        ("own", EndUserAddress.for_ipv4("10.53.0.9")),
        ("own", EndUserAddress.for_ipv4("192.0.2.99")),
        ("own", EndUserAddress.for_ipv6("2001:db8:5::9")),
        ("inet", EndUserAddress.for_ipv4("10.54.0.9")),
        ("inet6", EndUserAddress.for_ipv6("2001:db8:4::9")),
    ],
)
def test_an_address_of_no_static_range_is_refused(gateway, apn, address) -> None:
    """Pools are for dynamic addresses, ranges belong to their APN."""
    assert create(gateway, apn, address).cause is UNKNOWN
    gateway.assert_nothing_left()


@pytest.mark.parametrize(
    "address",
    [EndUserAddress.for_ipv4("10.54.0.9"), EndUserAddress.for_ipv6("2001:db8:4:7::5678")],
)
def test_a_static_address_belongs_to_one_subscriber(gateway, address) -> None:
    """Another one is refused while it is in use; the same one replaces its context."""
    create(gateway, "own", OWN)
    assert create(gateway, "own", address, 2).cause is UNKNOWN
    assert gateway.ggsn.context_count == 1
    assert create(gateway, "own", address, 1, nsapi=6).cause is ACCEPTED
    assert [view.nsapi for view in gateway.ggsn.contexts()] == [6]


# IPv6 on the link


@pytest.fixture
def link(gateway):
    """A context for both families; ``gateway`` knows its ends."""
    gateway.created = create(gateway, "inet46", DYNAMIC[PdpType.IPV4V6])
    gateway.own = IPv6Address(gateway.created.end_user_address.ipv6).packed
    gateway.link_local = bytes.fromhex("fe80000000000000") + gateway.own[8:]
    return gateway


def solicit(bench, source: bytes) -> None:
    """Send a Router Solicitation from an address."""
    tail = bytes((0, 0, 0, 8, 0, 0, 0, PROTOCOL_ICMPV6))
    value = checksum(source + ALL_ROUTERS + tail + bytes((133, *bytes(7))))
    message = bytes((133, 0)) + value.to_bytes(2, "big") + bytes(4)
    up(bench, ipv6_packet(source, ALL_ROUTERS, PROTOCOL_ICMPV6, message, hop_limit=255))


def up(bench, packet: bytes) -> None:
    """Have the mobile send a packet."""
    bench.from_tunnel(encapsulate(bench.created.teid_data, packet))


def datagram(source: bytes, destination: bytes) -> bytes:
    """Return an IPv6 packet."""
    return ipv6_packet(source, destination, PROTOCOL_UDP, bytes(8), hop_limit=64)


def drops(bench) -> dict[DropReason, int]:
    """Return the drops that were counted."""
    return {reason: n for reason, n in bench.ggsn.counters.dropped.items() if n}


@pytest.mark.clause(
    "29.061 §11.2.1.3, RFC 4861", "Router Advertisement, only when solicited", status="GGSN"
)
def test_a_solicitation_is_answered_through_the_tunnel(link) -> None:
    """With the prefix and the MTU; it is no traffic of the user's."""
    solicit(link, link.link_local)
    expected = router_advertisement(link.link_local, link.own[:8], 1400)
    assert link.tunnelled() == (expected, 0x2001, (SGSN, 2152))
    assert link.ggsn.counters.router_advertisements == 1
    (view,) = link.ggsn.contexts()
    assert (view.downlink_packets, view.uplink_packets) == (0, 0)
    assert (link.gi, drops(link)) == ([], {})


def test_without_an_mtu_only_the_prefix_is_advertised(gateway) -> None:
    """As the APN says nothing of it."""
    gateway.created = create(gateway, "inet6", DYNAMIC[PdpType.IPV6])
    own = IPv6Address(gateway.created.end_user_address.ipv6).packed
    source = bytes.fromhex("fe80000000000000") + own[8:]
    solicit(gateway, source)
    assert gateway.tunnelled()[0] == router_advertisement(source, own[:8], None)


def test_nothing_is_sent_unasked(link) -> None:
    """Neither with the context nor later."""
    link.advance(86_400)
    assert link.user == []


@pytest.mark.parametrize(
    "source", ["fe80::1", "fe80::dead:beef", "::", "2001:db8:ffff::1", "fe80:0:0:1::1"]
)
@pytest.mark.clause(
    "RFC 4861 §6.1.1",
    "Router Solicitation from another link-local address",
    status="dropped, counted",
)
def test_a_solicitation_from_elsewhere_is_dropped(link, source) -> None:
    """Only the interface identifier that we gave makes the link-local address."""
    solicit(link, IPv6Address(source).packed)
    assert (link.user, link.gi, drops(link)) == ([], [], {DropReason.SPOOFED_SOURCE: 1})


def test_a_solicitation_in_a_context_for_ipv4_is_dropped(gateway) -> None:
    """The wrong family."""
    gateway.created = create(gateway, "inet", DYNAMIC[PdpType.IPV4])
    solicit(gateway, IPv6Address("fe80::5").packed)
    assert (gateway.user, drops(gateway)) == ([], {DropReason.WRONG_FAMILY: 1})


@pytest.mark.clause("RFC 4291 §2.5.6", "link-local packets", status="not forwarded")
def test_what_else_is_for_the_link_stays_there(link) -> None:
    """Other link-local traffic, multicast, and link-local noise from Gi."""
    up(link, datagram(link.link_local, OUTSIDE))
    up(link, datagram(link.own, IPv6Address("fe80::1").packed))
    up(link, datagram(link.own, IPv6Address("ff02::1").packed))
    link.from_gi(datagram(IPv6Address("fe80::7").packed, link.own))
    assert (link.user, link.gi, drops(link)) == ([], [], {DropReason.LINK_LOCAL: 4})


def test_both_families_pass_in_both_directions(link) -> None:
    """Any interface identifier under the prefix is the mobile's."""
    other = link.own[:8] + bytes.fromhex("0011223344556677")
    ipv4 = link.created.end_user_address.ipv4
    upwards = [
        datagram(link.own, OUTSIDE),
        datagram(other, OUTSIDE),
        ipv4_packet(ipv4, "198.51.100.1", PROTOCOL_UDP, bytes(8)),
    ]
    for packet in upwards:
        up(link, packet)
    assert link.gi == upwards
    downwards = [
        datagram(OUTSIDE, link.own),
        datagram(OUTSIDE, other),
        ipv4_packet("198.51.100.1", ipv4, PROTOCOL_UDP, bytes(8)),
    ]
    for packet in downwards:
        link.from_gi(packet)
    assert [link.tunnelled()[0] for _ in downwards] == downwards
    assert drops(link) == {}


def test_ipv4_in_a_context_for_ipv6_is_dropped(gateway) -> None:
    """The wrong family, and a prefix of somebody else's."""
    gateway.created = create(gateway, "inet6", DYNAMIC[PdpType.IPV6])
    up(gateway, ipv4_packet("10.50.0.1", "198.51.100.1", PROTOCOL_UDP, bytes(8)))
    up(gateway, datagram(OUTSIDE, OUTSIDE))
    assert gateway.gi == []
    assert drops(gateway) == {DropReason.WRONG_FAMILY: 1, DropReason.SPOOFED_SOURCE: 1}


def test_packets_for_nobody_are_counted(link) -> None:
    """In a pool, and not."""
    link.from_gi(datagram(OUTSIDE, IPv6Address("2001:db8:3:99::1").packed))
    link.from_gi(datagram(OUTSIDE, IPv6Address("2001:db8:99::1").packed))
    assert drops(link) == {DropReason.NO_BINDING: 1, DropReason.UNKNOWN_ADDRESS: 1}
