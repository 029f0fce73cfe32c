"""Mobiles with IPv6: contexts of each type, addresses by autoconfiguration, pushes to them."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest

from corenet.ggsn.config import Apn, StaticBinding
from corenet.gi import ip
from corenet.hlr.config import SubscribedApn, Subscriber
from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.elements import PdpType
from corenet.interfaces.node import Interface
from corenet.interfaces.testing import ScriptedNode
from corenet.mobile.events import (
    ActivationRefused,
    AddressConfigured,
    ContextActivated,
    ContextState,
    DatagramReceived,
)
from corenet.sgsn.events import NetworkRequestedActivationFailed

APN = "wap.example"
ROAMING = "234150000000002"
POOLS = (IPv4Network("10.45.0.0/24"), IPv6Network("2001:db8:45::/48"))
HOST6 = ("2001:db8:ffff::1", 9200)
LINK_LOCAL = IPv6Network("fe80::/64")
SOLICITATION, ADVERTISEMENT = 133, 134


@pytest.fixture
def with_pools(make_bench):
    """Return a bench whose GGSN has some pools, and whose mobiles ask for a PDP type."""

    def make(pdp_type, pools=POOLS):
        bench = make_bench(
            ggsn={"apns": (Apn(APN, pools),), "static_bindings": ()}, mobile={"pdp_type": pdp_type}
        )
        bench.host6 = ScriptedNode("host6")
        bench.network.attach(bench.host6, {Interface.WDP6: HOST6})
        return bench

    return make


STATIC = "2001:db8:45:7::25"


@pytest.fixture
def with_static(make_bench):
    """Return a bench whose subscriber has a static IPv6 address."""

    def make(pdp_type=PdpType.IPV6, **ggsn):
        people = (Subscriber(ROAMING, "447700900002", (SubscribedApn(APN, STATIC),)),)
        bench = make_bench(
            ggsn={
                "apns": (Apn(APN, POOLS),),
                "static_bindings": (StaticBinding(ROAMING, APN, STATIC),),
            }
            | ggsn,
            hlr={"subscribers": people},
            known=(ROAMING,),
            mobile={"pdp_type": pdp_type},
        )
        bench.host6 = ScriptedNode("host6")
        bench.network.attach(bench.host6, {Interface.WDP6: HOST6})
        return bench

    return make


def at_mobile(bench):
    (context,) = bench.mobiles.mobile(ROAMING).contexts
    assert context.state is ContextState.ACTIVE
    return context


def router_messages(bench):
    """Return the types of the router's and to the router that passed in the tunnel, in order."""
    found = []
    for passed in bench.passed:
        if passed.interface is not Interface.GTP_U or passed.data[1] != 255:
            continue
        packet = passed.data[-int.from_bytes(passed.data[2:4], "big") :]
        at = packet.find(b"\xfe\x80")
        packet = packet[at - 8 :] if at >= 8 else b""
        if len(packet) > 40 and packet[0] >> 4 == 6 and packet[6] == ip.PROTOCOL_ICMPV6:
            found.append(packet[40])
    return found


@pytest.mark.clause("RFC 4862 §5.5.3", "a mobile makes its address of the advertised prefix")
@pytest.mark.clause("23.060 §9.2.1.1", "stateless autoconfiguration, the mobile's side")
def test_an_ipv6_context_gets_its_address_by_autoconfiguration(with_pools):
    """Accept gives an identifier, the router a prefix: one solicitation, one advertisement."""
    bench = with_pools(PdpType.IPV6)
    bench.activate_by_itself(ROAMING)
    bench.run(2)
    (at_ggsn,) = bench.ggsn.contexts_of(ROAMING)
    context = at_mobile(bench)
    assert context.address == context.ipv6_address == at_ggsn.ipv6_address
    assert IPv6Address(context.address) in POOLS[1]
    (activated,), (configured,) = bench.told(ContextActivated), bench.told(AddressConfigured)
    assert ip_address(activated.address) in LINK_LOCAL
    assert configured == AddressConfigured(ROAMING, APN, 5, context.address)
    assert router_messages(bench) == [SOLICITATION, ADVERTISEMENT]
    seen = bench.lab.control.terminal(ROAMING).mobile.contexts[0]
    assert seen.ipv6_address == seen.address == context.address
    bench.assert_nothing_left()


def test_an_ipv4v6_context_has_both_addresses(with_pools):
    """The IPv4 one is in the Accept, the other comes from the router."""
    bench = with_pools(PdpType.IPV4V6)
    bench.activate_by_itself(ROAMING)
    bench.run(2)
    (at_ggsn,) = bench.ggsn.contexts_of(ROAMING)
    context = at_mobile(bench)
    assert (context.address, context.ipv6_address) == (at_ggsn.address, at_ggsn.ipv6_address)
    assert ip_address(context.address) in POOLS[0]
    assert ip_address(context.ipv6_address) in POOLS[1]
    assert bench.told(ContextActivated)[0].address == context.address
    bench.assert_nothing_left()


@pytest.mark.parametrize("pdp_type", [PdpType.IPV6, PdpType.IPV4V6])
def test_a_push_to_the_ipv6_address_is_received_and_answered(with_pools, pdp_type):
    """A datagram from outside reaches the mobile's port, and its own go out from that address."""
    bench = with_pools(pdp_type)
    bench.activate_by_itself(ROAMING)
    bench.run(2)
    address = at_mobile(bench).ipv6_address
    bench.network.command(
        bench.host6, lambda now: bench.host6.send(Interface.WDP6, (address, 2948), b"push")
    )
    bench.run(1)
    assert bench.told(DatagramReceived) == [DatagramReceived(ROAMING, 2948, b"push")]
    bench.network.command(
        bench.mobiles, lambda now: bench.mobiles.send_udp(ROAMING, 5000, HOST6, b"thanks", now)
    )
    bench.run(1)
    (arrived,) = bench.host6.received
    assert (arrived.data, arrived.peer) == (b"thanks", (address, 5000))
    bench.assert_nothing_left()


def test_an_ipv4_pool_gives_ipv4_to_who_asks_for_both(with_pools):
    """SM cause 50 is no refusal: the mobile goes on with what it has, and solicits nobody."""
    bench = with_pools(PdpType.IPV4V6, POOLS[:1])
    bench.activate_by_itself(ROAMING)
    bench.run(20)
    context = at_mobile(bench)
    assert ip_address(context.address) in POOLS[0]
    assert context.ipv6_address == ""
    assert router_messages(bench) == []
    bench.assert_nothing_left()


def test_an_ipv4_pool_has_nothing_for_ipv6_alone(with_pools):
    """The activation is refused."""
    bench = with_pools(PdpType.IPV6, POOLS[:1])
    bench.activate_by_itself(ROAMING)
    bench.run(2)
    (refused,) = bench.told(ActivationRefused)
    assert refused.cause == SmCause.UNKNOWN_PDP_ADDRESS_OR_TYPE
    bench.assert_nothing_left()


@pytest.mark.clause("RFC 4861 §6.3.7", "a mobile solicits routers three times, 4 s apart")
def test_a_router_that_is_silent_is_asked_three_times(with_pools):
    """The mobile keeps its link-local address alone."""
    bench = with_pools(PdpType.IPV6)

    def cut(_time, _node, event):
        if isinstance(event, ContextActivated):
            bench.network.cut("ggsn", "sgsn")

    bench.network.on_event(cut)
    bench.activate_by_itself(ROAMING)
    bench.run(30)
    context = at_mobile(bench)
    assert ip_address(context.address) in LINK_LOCAL
    assert context.ipv6_address == ""
    assert bench.mobiles.counters["routers_silent"] == 1
    uplink = [
        one
        for one in bench.passed
        if one.interface is Interface.RADIO and one.source[0] == ROAMING and b"\xff\x02" in one.data
    ]
    assert [round(one.time - uplink[0].time) for one in uplink] == [0, 4, 8]
    bench.network.mend("ggsn", "sgsn")
    bench.assert_nothing_left()


def test_a_context_that_ends_asks_no_more(with_pools):
    """Nothing is left of the solicitations once the mobile is switched off."""
    bench = with_pools(PdpType.IPV6)
    bench.activate_by_itself(ROAMING)
    bench.network.run_until(lambda: bool(bench.told(ContextActivated)), within=10)
    bench.drive("lose-power", imsi=ROAMING)
    bench.run(20)
    assert "routers_silent" not in bench.mobiles.counters
    bench.assert_nothing_left()


def test_a_mobile_for_ipv6_alone_refuses_a_request_for_ipv4(with_pools):
    """With SM cause 28; who asked hears that it refuses."""
    bench = with_pools(PdpType.IPV6)
    outcome = bench.outcome(bench.request(ROAMING))
    assert outcome.cause.number == 4
    (failed,) = bench.told(NetworkRequestedActivationFailed)
    assert failed.sm_cause == SmCause.UNKNOWN_PDP_ADDRESS_OR_TYPE
    bench.assert_nothing_left()


@pytest.mark.clause("23.060 §9.2.2.2", "static IPv6 addresses, from either trigger to the mobile")
@pytest.mark.parametrize("pdp_type", [PdpType.IPV6, PdpType.IPV4V6])
def test_the_network_requests_a_static_ipv6_address(with_static, pdp_type):
    """Every message names it, and the mobile knows it by that: nobody solicits a router."""
    bench = with_static(pdp_type)
    outcome = bench.outcome(bench.request(ROAMING))
    bench.run(20)
    assert (outcome.active, outcome.address) == (True, STATIC)
    assert bench.agreed_context(ROAMING).network_requested
    assert at_mobile(bench).address == at_mobile(bench).ipv6_address == STATIC
    assert bench.told(ContextActivated)[0].address == STATIC
    assert router_messages(bench) == []
    bench.assert_nothing_left()


@pytest.mark.clause("23.060 §9.2.2.2", "trigger: an IPv6 packet for a static address")
def test_an_ipv6_packet_starts_an_activation(with_static):
    """It waits in the GGSN, as all that come after it, and reaches the mobile."""
    bench = with_static()
    for payload in (b"first", b"second"):
        bench.network.command(
            bench.host6,
            lambda now, it=payload: bench.host6.send(Interface.WDP6, (STATIC, 2948), it),
        )
    bench.run(2)
    assert bench.delivered() == [b"first", b"second"]
    assert [outcome.active for outcome in bench.finished().values()] == [True]
    bench.network.command(
        bench.mobiles, lambda now: bench.mobiles.send_udp(ROAMING, 5000, HOST6, b"thanks", now)
    )
    bench.run(1)
    assert bench.host6.received[0].peer == (STATIC, 5000)
    bench.assert_nothing_left()


def test_a_mobile_activates_its_static_ipv6_address_by_itself(with_static):
    """It asks for any; what the HLR says it has is its own, and the router tells it."""
    bench = with_static()
    bench.activate_by_itself(ROAMING)
    bench.run(2)
    assert at_mobile(bench).address == STATIC
    assert bench.agreed_context(ROAMING).address == STATIC
    bench.assert_nothing_left()


def test_a_mobile_for_ipv4_alone_refuses_a_request_for_ipv6(with_static):
    """With SM cause 28; who asked hears that it refuses."""
    bench = with_static(PdpType.IPV4)
    assert bench.outcome(bench.request(ROAMING)).cause.number == 4
    (failed,) = bench.told(NetworkRequestedActivationFailed)
    assert failed.sm_cause == SmCause.UNKNOWN_PDP_ADDRESS_OR_TYPE
    bench.assert_nothing_left()


def test_the_network_requests_any_ipv6_address(with_pools):
    """Where there is no IPv4 to be had, the extension for dynamic addresses means IPv6."""
    bench = with_pools(PdpType.IPV6, POOLS[1:])
    outcome = bench.outcome(bench.request(ROAMING))
    bench.run(2)
    assert IPv6Address(outcome.address) in POOLS[1]
    assert at_mobile(bench).address == outcome.address
    bench.assert_nothing_left()
