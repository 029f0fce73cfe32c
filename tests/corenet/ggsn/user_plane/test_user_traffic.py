"""Mobiles and Gi, with a router between: policies, pings, MTU, order; one by one and in bulk."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network, IPv6Address, IPv6Network
from random import Random

import pytest

from corenet.ggsn.config import Apn, GgsnConfig
from corenet.ggsn.events import DropReason
from corenet.ggsn.node import Ggsn
from corenet.gi.icmp import Echo, parse_echo
from corenet.gi.ip import checksum, ipv4_packet, ipv6_packet, parse
from corenet.interfaces.bulk import ForwardsInBulk
from corenet.interfaces.node import Interface
from gtp.ies import EndUserAddress, PdpType
from gtp.messages import CreatePdpContextRequest, CreatePdpContextResponse, EchoRequest, decode
from gtp.timers import Timers
from gtp.user_plane import encapsulate

NOW = 1_800_000_000.0
GGSN, USER, SGSN = "192.0.2.1", "192.0.2.101", "192.0.2.2"
OUTSIDE, OUTSIDE_V6 = "198.51.100.1", "2001:db8:ffff::2"
GATEWAY, GATEWAY_V6 = "10.45.0.1", "2001:db8:6::1"
DNS, DNS_V6 = "192.0.2.53", "2001:db8::53"
DUAL = Apn(
    "internet",
    (IPv4Network("10.45.0.0/24"), IPv6Network("2001:db8:6::/48")),
    dns=(DNS, DNS_V6),
    mtu=1400,
    gateways=(GATEWAY, GATEWAY_V6),
    answers_for_dns=True,
)
PLAIN_QOS = bytes.fromhex("020b921f7396fefe742bffff")
ORDERED_QOS = bytes.fromhex("020b921f6b96fefe742bffff")


class Mobile:
    """A mobile with a dual-stack context."""

    def __init__(self, response: CreatePdpContextResponse, number: int) -> None:
        assert response.teid_data is not None
        assert response.end_user_address is not None
        self.teid = response.teid_data
        self.number = number
        self.address = response.end_user_address.ipv4 or ""
        self.address_v6 = response.end_user_address.ipv6 or ""
        self.ordered = response.reordering_required


class World:
    """A GGSN with mobiles on one APN, driven one by one or in bulk."""

    def __init__(self, apn: Apn = DUAL, *, bulk: bool = False) -> None:
        config = GgsnConfig(GGSN, USER, (apn,), timers=Timers(echo_interval=0))
        self.ggsn = Ggsn(config, random=Random(1), recovery=7)
        self.bulk = bulk
        self.now = NOW
        self.gi: list[bytes] = []
        self.tunnelled: list[tuple[int, bytes, int | None]] = []
        self._count = 0

    def mobile(self, qos: bytes = PLAIN_QOS) -> Mobile:
        self._count += 1
        number = self._count
        request = CreatePdpContextRequest(
            sequence=number, imsi=f"23415000000000{number}", selection_mode=0,
            teid_data=number, teid_control=number, nsapi=5, charging_characteristics=0x0800,
            end_user_address=EndUserAddress(None, None, PdpType.IPV4V6), apn="internet",
            sgsn_address_control=SGSN, sgsn_address_user=SGSN, msisdn="447700900123", qos=qos,
        )  # fmt: skip
        self.ggsn.receive(
            Interface.GTP_C, request.encode(), peer=(SGSN, 2123), local=(GGSN, 2123), now=NOW
        )
        (answer,) = (d for d in self.ggsn.take_datagrams() if d.interface is Interface.GTP_C)
        response = decode(answer.data)
        assert isinstance(response, CreatePdpContextResponse)
        return Mobile(response, number)

    def up(self, mobile: Mobile, *packets: bytes) -> None:
        self.up_octets(*(encapsulate(mobile.teid, packet) for packet in packets))

    def up_octets(self, *datagrams: bytes) -> None:
        peer = (SGSN, 2152)
        if self.bulk:
            for _, packets in self.ggsn.forward_up(datagrams, [peer] * len(datagrams), self.now):
                self.gi += packets
        else:
            for data in datagrams:
                self.ggsn.receive(
                    Interface.GTP_U, data, peer=peer, local=(USER, 2152), now=self.now
                )
        self._take()

    def down(self, *packets: bytes) -> None:
        if self.bulk:
            for burst in self.ggsn.forward_down(packets, self.now):
                assert burst.peer == (SGSN, 2152)
                assert len(burst.datagrams()) == burst.count
                for data in burst.datagrams():
                    self._tunnelled(data)
        else:
            for packet in packets:
                self.ggsn.receive(Interface.GI, packet, peer=("", 0), local=("", 0), now=self.now)
        self._take()

    def time_passes(self) -> None:
        """Go to the next timeout."""
        due = self.ggsn.next_timeout()
        assert due is not None
        self.now = due
        self.ggsn.handle_timeout(due)
        self._take()

    def _take(self) -> None:
        for datagram in self.ggsn.take_datagrams():
            if datagram.interface is Interface.GI:
                assert datagram.peer == ("internet", 0)
                self.gi.append(datagram.data)
            elif datagram.interface is Interface.GTP_U:
                self._tunnelled(datagram.data)

    def _tunnelled(self, data: bytes) -> None:
        message = decode(data)
        number = message.sequence if getattr(message, "sequenced", False) else None
        self.tunnelled.append((message.teid, getattr(message, "payload", b""), number))

    def drops(self) -> dict[DropReason, int]:
        return {reason: n for reason, n in self.ggsn.counters.dropped.items() if n}


@pytest.fixture(params=[False, True], ids=["one by one", "in bulk"])
def world(request: pytest.FixtureRequest) -> World:
    return World(bulk=request.param)


def v4(source: str, destination: str, payload: bytes = b"data", **more: int) -> bytes:
    return ipv4_packet(source, destination, 17, payload, **more)


def v6(source: str, destination: str, payload: bytes = b"data", hops: int = 64) -> bytes:
    ends = IPv6Address(source).packed, IPv6Address(destination).packed
    return ipv6_packet(*ends, 17, payload, hop_limit=hops)


def with_mtu_asked(packet: bytes, flags: int) -> bytes:
    """Return an IPv4 packet with other flags; its checksum is nobody's concern here."""
    return packet[:6] + flags.to_bytes(2, "big") + packet[8:]


# Gateway and name servers


def test_the_gateway_and_the_name_servers_answer_pings(world: World) -> None:
    """In both families; nothing goes out."""
    mobile = world.mobile()
    for target in (GATEWAY, DNS):
        world.up(mobile, Echo(mobile.address, target, 1, 2, b"ping").packet())
    for target in (GATEWAY_V6, DNS_V6):
        world.up(mobile, Echo(mobile.address_v6, target, 1, 2, b"ping").packet())
    answers = [parse_echo(packet) for _, packet, _ in world.tunnelled]
    assert [echo.source for echo in answers] == [GATEWAY, DNS, GATEWAY_V6, DNS_V6]
    assert all(echo.reply and echo.data == b"ping" for echo in answers)
    assert world.gi == []
    assert world.ggsn.counters.pings_answered == 4


@pytest.mark.parametrize("tos", [0x00, 0x28, 0xB8, 0xBB, 0x03])
@pytest.mark.clause("RFC 1349 §5.1", "a ping's type of service comes back, without its ECN")
def test_a_reply_has_the_service_of_its_ping(world: World, tos: int) -> None:
    """In both families; what a network said of congestion is nothing to repeat."""
    mobile = world.mobile()
    ping = bytearray(Echo(mobile.address, GATEWAY, 1, 2).packet())
    ping[1] = tos
    ping[10:12] = b"\0\0"
    ping[10:12] = checksum(bytes(ping[:20])).to_bytes(2, "big")
    ping_v6 = bytearray(Echo(mobile.address_v6, GATEWAY_V6, 1, 2).packet())
    ping_v6[:2] = (0x6000 | tos << 4).to_bytes(2, "big")
    world.up(mobile, bytes(ping), bytes(ping_v6))
    reply, reply_v6 = (packet for _, packet, _ in world.tunnelled)
    assert reply[1] == tos & 0xFC
    assert int.from_bytes(reply_v6[:2], "big") == 0x6000 | (tos & 0xFC) << 4
    assert parse_echo(reply).reply
    assert parse_echo(reply_v6).reply


def test_the_router_on_the_link_answers_pings(world: World) -> None:
    """From the mobile's own link-local address alone."""
    mobile = world.mobile()
    own = IPv6Address(mobile.address_v6).packed[8:]
    for identifier, answers in ((own, 1), (own[:7] + bytes((own[7] ^ 1,)), 1)):
        source = str(IPv6Address(bytes.fromhex("fe80000000000000") + identifier))
        world.up(mobile, Echo(source, "fe80::1", 1, 2, b"ping").packet())
        assert len(world.tunnelled) == answers
    answer = parse_echo(world.tunnelled[0][1])
    assert (answer.source, answer.reply, answer.data) == ("fe80::1", True, b"ping")


def test_what_is_no_ping_goes_on_to_the_kernel(world: World) -> None:
    """A query to the name server, somebody's reply, a ping with a wrong checksum."""
    mobile = world.mobile()
    echo = Echo(mobile.address, DNS, 1, 2, b"ping")
    packets = [
        v4(mobile.address, DNS),
        replace(echo, reply=True).packet(),
        echo.packet()[:-1] + b"?",
    ]
    world.up(mobile, *packets)
    assert world.gi == packets
    assert world.tunnelled == []


def test_name_servers_are_outside_unless_answered_for() -> None:
    """The option is off by default."""
    world = World(replace(DUAL, answers_for_dns=False))
    mobile = world.mobile()
    ping = Echo(mobile.address, DNS, 1, 2).packet()
    world.up(mobile, ping)
    assert world.gi == [ping]


def test_no_mobile_gets_the_gateways_address_or_a_name_servers() -> None:
    """Nor the prefix that the gateway's IPv6 address is in."""
    world = World(replace(DUAL, dns=("10.45.0.2",)))
    mobile = world.mobile()
    assert mobile.address == "10.45.0.3"
    assert IPv6Address(mobile.address_v6) not in IPv6Network("2001:db8:6::/64")


# Who may send what to whom


@pytest.mark.clause("29.061 §11.1.3", "packets with a source that is not the MS's are dropped")
def test_spoofed_sources_are_dropped_silently(world: World) -> None:
    """In both families: nothing goes out, nothing comes back."""
    mobile = world.mobile()
    world.up(mobile, v4("10.45.0.77", OUTSIDE), v6("2001:db8:6:77::1", OUTSIDE_V6))
    assert (world.gi, world.tunnelled) == ([], [])
    assert world.drops() == {DropReason.SPOOFED_SOURCE: 2}


def test_any_interface_identifier_of_the_prefix_is_the_mobiles_own(world: World) -> None:
    """It makes as many addresses as it likes (RFC 8981)."""
    mobile = world.mobile()
    prefix = IPv6Address(mobile.address_v6).packed[:8]
    packets = [v6(str(IPv6Address(prefix + bytes(7) + b"\x09")), OUTSIDE_V6)] * 3
    world.up(mobile, *packets)
    assert world.gi == packets


@pytest.mark.parametrize(
    "destination", ["169.254.1.1", "255.255.255.255", "224.0.0.22", "fe80::1", "ff02::2", "ff0e::1"]
)
def test_what_is_for_the_link_is_not_forwarded(world: World, destination: str) -> None:
    """From neither side (RFC 3927 §7, RFC 4291 §2.5.6)."""
    mobile = world.mobile()
    make = v6 if ":" in destination else v4
    source = mobile.address_v6 if ":" in destination else mobile.address
    world.up(mobile, make(source, destination))
    assert (world.gi, world.drops()) == ([], {DropReason.LINK_LOCAL: 1})


@pytest.mark.parametrize("source", ["169.254.1.1", "fe80::9"])
def test_what_comes_from_another_link_is_not_forwarded(world: World, source: str) -> None:
    """Nor the kernel's own noise, which is for many."""
    mobile = world.mobile()
    if ":" in source:
        world.down(v6(source, mobile.address_v6), v6("::", "ff02::16"))
    else:
        world.down(v4(source, mobile.address), v4("10.45.0.1", "169.254.0.9"))
    assert world.tunnelled == []
    assert world.drops() == {DropReason.LINK_LOCAL: 2}


@pytest.mark.parametrize("family", [4, 6])
def test_mobiles_do_not_reach_one_another_unless_the_policy_says_so(
    world: World, family: int
) -> None:
    """Neither an active one nor any other address of the pool."""
    one, other = world.mobile(), world.mobile()
    if family == 4:
        world.up(one, v4(one.address, other.address), v4(one.address, "10.45.0.200"))
    else:
        away = "2001:db8:6:99::1"
        world.up(one, v6(one.address_v6, other.address_v6), v6(one.address_v6, away))
    assert (world.gi, world.tunnelled) == ([], [])
    assert world.drops() == {DropReason.MOBILE_TO_MOBILE: 2}


def neighbours(bulk: bool) -> tuple[World, Mobile, Mobile]:
    """Return two mobiles that may reach each other."""
    world = World(replace(DUAL, mobile_to_mobile=True), bulk=bulk)
    return world, world.mobile(), world.mobile()


@pytest.mark.parametrize("bulk", [False, True])
def test_mobiles_reach_one_another_where_the_policy_says_so(bulk: bool) -> None:
    """With one hop less, inside the GGSN, counted in both directions."""
    world, one, other = neighbours(bulk)
    world.up(one, v4(one.address, other.address), v6(one.address_v6, other.address_v6))
    assert [(teid, parse(packet).ttl) for teid, packet, _ in world.tunnelled] == [(2, 63), (2, 63)]
    assert world.gi == []
    counters = world.ggsn.counters
    assert (counters.uplink_packets, counters.downlink_packets) == (2, 2)
    assert counters.mobile_to_mobile == 2


@pytest.mark.clause("RFC 1812 §5.3.1", "time to live between mobiles, ICMP Time Exceeded")
def test_a_packet_between_mobiles_makes_its_last_hop_here() -> None:
    """Its sender is told, by the gateway (RFC 1812 §4.3.3.4, RFC 4443 §3.3)."""
    world, one, other = neighbours(bulk=False)
    world.up(one, v4(one.address, other.address, ttl=1))
    world.up(one, v6(one.address_v6, other.address_v6, hops=1))
    told = [(teid, parse(packet)) for teid, packet, _ in world.tunnelled]
    assert [(teid, read.source) for teid, read in told] == [(1, GATEWAY), (1, GATEWAY_V6)]
    assert [read.payload[0] for _, read in told] == [11, 3]
    assert world.drops() == {DropReason.LAST_HOP: 2}


def test_a_damaged_packet_between_mobiles_is_dropped() -> None:
    """One that is not as long as it says."""
    world, one, other = neighbours(bulk=False)
    world.up(one, v4(one.address, other.address) + b"more")
    assert world.tunnelled == []
    assert world.drops() == {DropReason.MALFORMED: 1}


# The MTU


@pytest.mark.clause("RFC 1191", "fragmentation needed, with the MTU; Packet Too Big (RFC 8201)")
def test_a_packet_that_is_too_long_and_must_stay_whole_is_answered(world: World) -> None:
    """By the gateway, with the MTU (RFC 1191, RFC 8201); nothing goes down."""
    mobile = world.mobile()
    world.down(v4(OUTSIDE, mobile.address, bytes(1381)))
    world.down(v6(OUTSIDE_V6, mobile.address_v6, bytes(1361)))
    assert world.tunnelled == []
    told = [parse(packet) for packet in world.gi]
    assert [(read.source, read.destination) for read in told] == [
        (GATEWAY, OUTSIDE), (GATEWAY_V6, OUTSIDE_V6),
    ]  # fmt: skip
    assert told[0].payload[:2] + told[0].payload[4:8] == bytes.fromhex("0304 00000578")
    assert told[1].payload[:1] + told[1].payload[4:8] == bytes.fromhex("02 00000578")
    assert world.drops() == {DropReason.TOO_BIG: 2}
    assert world.ggsn.counters.icmp_errors_sent == 2


def test_a_packet_that_fits_just_so_passes(world: World) -> None:
    """1400 octets where the MTU is 1400."""
    mobile = world.mobile()
    packets = [
        v4(OUTSIDE, mobile.address, bytes(1380)), v6(OUTSIDE_V6, mobile.address_v6, bytes(1360)),
    ]  # fmt: skip
    world.down(*packets)
    assert [packet for _, packet, _ in world.tunnelled] == packets


@pytest.mark.clause("RFC 791 §2.3", "fragmentation of packets to mobiles")
def test_a_packet_that_may_be_fragmented_is(world: World) -> None:
    """Each fragment is a G-PDU of its own, no longer than the MTU."""
    mobile = world.mobile()
    world.down(with_mtu_asked(v4(OUTSIDE, mobile.address, bytes(2000)), flags=0))
    assert [len(packet) for _, packet, _ in world.tunnelled] == [1396, 644]
    assert world.gi == []
    assert world.ggsn.counters.packets_fragmented == 1
    assert world.drops() == {}


def test_a_packet_that_is_too_long_from_another_mobile_is_answered_in_its_tunnel() -> None:
    """The sender is a mobile too."""
    world, one, other = neighbours(bulk=False)
    world.up(one, v4(one.address, other.address, bytes(1381)))
    ((teid, packet, _),) = world.tunnelled
    assert (teid, parse(packet).destination) == (1, one.address)
    assert world.gi == []


def test_errors_are_limited(world: World) -> None:
    """A flood is not answered by a flood (RFC 1812 §4.3.2.8)."""
    mobile = world.mobile()
    world.down(*[v4(OUTSIDE, mobile.address, bytes(1381))] * 200)
    assert len(world.gi) == 50
    world.now += 1
    world.down(v4(OUTSIDE, mobile.address, bytes(1381)))
    assert len(world.gi) == 51


def test_without_a_gateway_nobody_is_told() -> None:
    """There is no address that it could come from."""
    world = World(replace(DUAL, gateways=(), mobile_to_mobile=True))
    one, other = world.mobile(), world.mobile()
    world.down(v4(OUTSIDE, one.address, bytes(1381)))
    world.up(one, v4(one.address, other.address, ttl=1))
    assert (world.gi, world.tunnelled) == ([], [])
    assert world.drops() == {DropReason.TOO_BIG: 1, DropReason.LAST_HOP: 1}


def test_a_damaged_packet_that_is_too_long_is_dropped() -> None:
    """One whose length is not what it says, or that has no whole header."""
    world = World()
    mobile = world.mobile()
    long = v4(OUTSIDE, mobile.address, bytes(1500))
    world.down(long + b"more", b"\x41" + long[1:], v6(OUTSIDE_V6, mobile.address_v6) + bytes(1400))
    assert world.tunnelled == []
    assert world.drops() == {DropReason.MALFORMED: 3}


def test_an_error_is_not_answered_by_an_error() -> None:
    """RFC 1122 §3.2.2."""
    world = World()
    mobile = world.mobile()
    world.down(ipv4_packet(OUTSIDE, mobile.address, 1, b"\x03\x04" + bytes(1400)))
    assert world.gi == []
    assert world.drops() == {DropReason.TOO_BIG: 1}


# Nothing but the tunnel's header


@pytest.mark.parametrize("tos", range(0, 256, 17))
@pytest.mark.clause("29.060 §9.3", "T-PDUs pass unchanged, type of service and ECN kept")
def test_type_of_service_and_ecn_are_kept(world: World, tos: int) -> None:
    """Every octet of a packet passes as it is, both ways (TS 29.060 §9.3)."""
    mobile = world.mobile()
    up = v4(mobile.address, OUTSIDE)
    up = up[:1] + bytes((tos,)) + up[2:]
    down = v6(OUTSIDE_V6, mobile.address_v6)
    down = bytes((0x60 | tos >> 4, (tos & 15) << 4)) + down[2:]
    world.up(mobile, up, up)
    world.down(down)
    assert world.gi == [up, up]
    assert [packet for _, packet, _ in world.tunnelled] == [down]


def test_an_answer_leaves_from_the_gtp_u_address() -> None:
    """Echo is answered where it was asked, to the port that asked; GTP-C has another address."""
    world = World()
    data = EchoRequest(sequence=9).encode()
    world.ggsn.receive(Interface.GTP_U, data, peer=(SGSN, 40000), local=(USER, 2152), now=NOW)
    (answer,) = world.ggsn.take_datagrams()
    assert (answer.interface, answer.peer, answer.local) == (Interface.GTP_U, (SGSN, 40000), None)
    world.up_octets(encapsulate(0x4711, b""))
    (error,) = world.tunnelled
    assert error[0] == 0
    assert world.ggsn.config.user_address == USER


# Delivery order


@pytest.mark.clause("29.060 §7.7.6", "Reordering Required; sequence numbers of G-PDUs")
def test_a_context_with_delivery_order_has_numbered_g_pdus(world: World) -> None:
    """Reordering is required of the SGSN, and ours count from 0 (TS 29.060 §7.7.6)."""
    mobile, plain = world.mobile(ORDERED_QOS), world.mobile()
    assert (mobile.ordered, plain.ordered) == (True, False)
    world.down(*[v4(OUTSIDE, mobile.address)] * 2, v4(OUTSIDE, plain.address))
    numbers = {(teid, number) for teid, _, number in world.tunnelled}
    assert numbers == {(1, 0), (1, 1), (2, None)}


@pytest.mark.clause("29.060 §9.3.1", "G-PDUs put in order by their sequence numbers")
def test_numbered_g_pdus_are_put_in_order(world: World) -> None:
    """Where the context asks for it; elsewhere numbers say nothing."""
    mobile, plain = world.mobile(ORDERED_QOS), world.mobile()
    for sender in (mobile, plain):
        packets = [v4(sender.address, OUTSIDE, bytes([n])) for n in range(3)]
        world.gi.clear()
        world.up_octets(*(encapsulate(sender.teid, packets[n], n) for n in (0, 2, 1)))
        order = (0, 1, 2) if sender is mobile else (0, 2, 1)
        assert world.gi == [packets[n] for n in order]


def test_what_waits_for_a_lost_one_passes_in_time(world: World) -> None:
    """And again for what waits behind the next gap; the lost one is late if it comes."""
    mobile = world.mobile(ORDERED_QOS)
    packets = [v4(mobile.address, OUTSIDE, bytes([n])) for n in range(6)]
    world.up_octets(*(encapsulate(mobile.teid, packets[n], n) for n in (0, 2, 4)))
    assert world.gi == packets[:1]
    world.time_passes()
    assert world.gi == [packets[0], packets[2], packets[4]]
    world.up_octets(encapsulate(mobile.teid, packets[1], 1))
    assert world.drops() == {DropReason.LATE: 1}


def test_a_gap_behind_a_gap_is_waited_for(world: World) -> None:
    """The first is filled; the second is given up at its own time."""
    mobile = world.mobile(ORDERED_QOS)
    packets = [v4(mobile.address, OUTSIDE, bytes([n])) for n in range(4)]
    world.up_octets(*(encapsulate(mobile.teid, packets[n], n) for n in (1, 3)))
    world.now += 0.09
    world.up_octets(encapsulate(mobile.teid, packets[0], 0))
    world.time_passes()
    assert world.gi == packets[:2]
    world.time_passes()
    assert world.gi == [*packets[:2], packets[3]]


def test_what_waits_is_forgotten_with_its_context(world: World) -> None:
    """Its address may be another's by then."""
    mobile = world.mobile(ORDERED_QOS)
    world.up_octets(encapsulate(mobile.teid, v4(mobile.address, OUTSIDE), 1))
    world.ggsn.deactivate(f"23415000000000{mobile.number}", None, world.now)
    world.time_passes()
    assert world.gi == []


def test_unnumbered_g_pdus_of_a_context_with_order_pass_at_once(world: World) -> None:
    """An SGSN that does not number cannot be put in order."""
    mobile = world.mobile(ORDERED_QOS)
    packet = v4(mobile.address, OUTSIDE)
    world.up(mobile, packet, packet)
    assert world.gi == [packet, packet]


# In bulk


def test_a_ggsn_forwards_in_bulk() -> None:
    """Runtimes find out so."""
    assert isinstance(World().ggsn, ForwardsInBulk)


def test_packets_of_one_length_are_one_burst() -> None:
    """A shorter one ends it; a longer one, or more than 64, begins another."""
    world = World()
    one, other = world.mobile(), world.mobile()

    def lengths(*sizes: int) -> list[tuple[int, int]]:
        packets = [
            v4(OUTSIDE, (one, other)[n % 2].address, bytes(size)) for n, size in enumerate(sizes)
        ]
        return [(b.size - 36 + 8, b.count) for b in world.ggsn.forward_down(packets, NOW)]

    assert lengths(100, 100, 100) == [(100 + 0, 3)]
    assert lengths(100, 100, 40, 40, 100) == [(100, 3), (40, 1), (100, 1)]
    assert lengths(40, 100) == [(40, 1), (100, 1)]
    assert lengths(*[100] * 130) == [(100, 64), (100, 64), (100, 2)]
    assert lengths(*[1300] * 50) == [(1300, 48), (1300, 2)]


def test_in_bulk_and_one_by_one_are_the_same() -> None:
    """Whatever the packets are, what comes out, what is counted and what is dropped agree."""
    random = Random(42)
    one_by_one = World(replace(DUAL, mobile_to_mobile=True))
    bulk = World(replace(DUAL, mobile_to_mobile=True), bulk=True)
    for world in (one_by_one, bulk):
        mobiles = [world.mobile(), world.mobile(ORDERED_QOS), world.mobile()]
    hosts = [OUTSIDE, GATEWAY, DNS, "169.254.0.1", "10.45.0.250", *(m.address for m in mobiles)]
    hosts_v6 = [OUTSIDE_V6, GATEWAY_V6, DNS_V6, "fe80::1", "ff02::1"]
    hosts_v6 += [m.address_v6 for m in mobiles]

    def any_packet() -> bytes:
        size = random.choice((0, 60, 60, 1380, 1500))
        if random.random() < 0.6:
            packet = v4(random.choice(hosts), random.choice(hosts), bytes(size))
            packet = with_mtu_asked(packet, random.choice((0, 0x4000)))
        else:
            packet = v6(random.choice(hosts_v6), random.choice(hosts_v6), bytes(size))
        return packet[: random.choice((None, None, None, 19, 30, 39))]

    def any_datagram() -> bytes:
        teid = random.choice([*(m.teid for m in mobiles)] * 5 + [0x4711])
        number = random.choice((None, None, None, random.randrange(3)))
        data = encapsulate(teid, any_packet(), number)
        return data[: random.choice((None, None, None, None, 5, 20))]

    for _ in range(60):
        packets = [any_packet() for _ in range(random.randrange(1, 20))]
        datagrams = [any_datagram() for _ in range(random.randrange(1, 20))]
        for world in (one_by_one, bulk):
            world.down(*packets)
            world.up_octets(*datagrams)
    assert sorted(one_by_one.gi) == sorted(bulk.gi)
    assert one_by_one.gi == bulk.gi
    assert sorted(one_by_one.tunnelled, key=repr) == sorted(bulk.tunnelled, key=repr)
    assert one_by_one.ggsn.counters == bulk.ggsn.counters
    assert one_by_one.ggsn.contexts() == bulk.ggsn.contexts()
    assert all(one_by_one.drops().get(reason) for reason in (
        DropReason.SPOOFED_SOURCE, DropReason.LINK_LOCAL, DropReason.TOO_BIG, DropReason.MALFORMED
    ))  # fmt: skip
