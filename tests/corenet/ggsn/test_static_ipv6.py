"""Static IPv6 addresses at the GGSN: whose they are, and what a packet for one starts."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

import pytest

from corenet.ggsn.config import Apn, StaticBinding
from corenet.ggsn.events import DropReason, PduStored, StoredPdusSent
from corenet.gi.ip import udp_packet
from gtp.constants import Cause
from gtp.ies import EndUserAddress, PdpType
from gtp.messages import (
    CreatePdpContextResponse,
    PduNotificationRejectResponse,
    SendRouteingInformationRequest,
)

IMSI, OTHER_IMSI = "234150999999999", "234150000000002"
APN = "wap.example"
STATIC = "2001:db8:7:1::25"
SAME_PREFIX = "2001:db8:7:1::abcd"
HOST = ("2001:db8:ffff::1", 9200)
SGSN = "192.0.2.2"
APNS = (Apn(APN, (IPv4Network("10.45.0.0/24"), IPv6Network("2001:db8:7::/48"))), Apn("other"))
BINDINGS = (StaticBinding(IMSI, APN, STATIC),)
DYNAMIC = EndUserAddress(pdp_type=PdpType.IPV6)


@pytest.fixture
def bench(make_bench):
    """A GGSN with one static IPv6 address."""
    return make_bench(apns=APNS, static_bindings=BINDINGS)


def packet(address=STATIC):
    """Return a UDP packet for a mobile."""
    return udp_packet(HOST, (address, 2948), b"push")


def created(bench, address, **changes) -> CreatePdpContextResponse:
    """Ask for a context; return the answer."""
    bench.create(end_user_address=address, **changes)
    return bench.sent(CreatePdpContextResponse)


def test_the_notification_names_the_address(bench) -> None:
    """End user address of type IPv6 with all sixteen octets (TS 29.060 §7.7.27)."""
    bench.activate()
    bench.route()
    notification = bench.notified()
    assert notification.end_user_address == EndUserAddress.for_ipv6(STATIC)
    assert created(bench, notification.end_user_address).end_user_address.ipv6 == STATIC
    assert bench.outcome().address == STATIC


@pytest.mark.parametrize("address", [STATIC, SAME_PREFIX])
def test_a_packet_for_the_prefix_starts_an_activation(bench, address) -> None:
    """All of the /64 is the subscriber's; what came meanwhile goes out behind the response."""
    bench.from_gi(packet(address))
    assert bench.told(PduStored)
    bench.route()
    bench.notified()
    created(bench, EndUserAddress.for_ipv6(STATIC))
    assert bench.told(StoredPdusSent)[0].count == 1
    assert bench.tunnelled()[0] == packet(address)


def test_a_packet_for_another_prefix_starts_nothing(bench) -> None:
    """It is of the pool, and bound to nobody."""
    bench.from_gi(packet("2001:db8:7:2::25"))
    assert bench.ggsn.counters.dropped[DropReason.NO_BINDING] == 1
    bench.assert_nothing_left()


def test_a_request_without_apn_is_matched_by_the_address(bench) -> None:
    """Refused, for it lacks the APN; but the procedure that it belongs to has failed by it."""
    bench.activate()
    bench.route()
    bench.notified()
    assert created(bench, EndUserAddress.for_ipv6(STATIC), apn=None).cause is (
        Cause.MISSING_OR_UNKNOWN_APN
    )
    assert bench.outcome().cause.number == Cause.MISSING_OR_UNKNOWN_APN


def test_a_mobile_may_choose_its_interface_identifier(bench) -> None:
    """The prefix says whose it is."""
    response = created(bench, EndUserAddress.for_ipv6(SAME_PREFIX))
    assert (response.cause, response.end_user_address.ipv6) == (Cause.REQUEST_ACCEPTED, SAME_PREFIX)


def test_who_has_it_gets_it_without_asking(bench) -> None:
    """A dynamic request of the subscriber is for the static address; IPv4 is dynamic still."""
    assert created(bench, DYNAMIC).end_user_address.ipv6 == STATIC
    both = created(bench, EndUserAddress(pdp_type=PdpType.IPV4V6), nsapi=6).end_user_address
    assert (both.ipv6, both.ipv4.startswith("10.45.0.")) == (STATIC, True)


def test_nobody_else_gets_it(bench) -> None:
    """Neither by asking for it, nor out of the pool."""
    refused = created(bench, EndUserAddress.for_ipv6(SAME_PREFIX), imsi=OTHER_IMSI)
    assert refused.cause is Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE
    for number in range(3):
        given = created(bench, DYNAMIC, imsi=f"23415000000100{number}").end_user_address.ipv6
        assert not given.startswith("2001:db8:7:1:")


def test_a_rejection_may_name_the_address_alone(bench) -> None:
    """Matching falls back on end user address and APN."""
    bench.activate()
    bench.route()
    notification = bench.notified()
    bench.reject(notification, Cause.MS_REFUSES_X, teid=0)
    assert bench.sent(PduNotificationRejectResponse).cause is Cause.REQUEST_ACCEPTED
    assert bench.outcome().cause.number == Cause.MS_REFUSES_X


def test_a_rejection_of_what_is_active_is_taken(bench) -> None:
    """It comes too late: the context is there."""
    bench.activate()
    bench.route()
    notification = bench.notified()
    created(bench, EndUserAddress.for_ipv6(STATIC))
    bench.reject(notification, Cause.MS_REFUSES_X, teid=0)
    assert bench.sent(PduNotificationRejectResponse).cause is Cause.REQUEST_ACCEPTED


def test_an_access_point_without_addresses_is_refused(bench) -> None:
    """Nothing to notify for."""
    bench.activate(apn="other")
    assert bench.outcome().cause.name.startswith("no address")
    with pytest.raises(AssertionError):
        bench.sent(SendRouteingInformationRequest)


def test_two_static_addresses_of_one_prefix_are_a_contradiction(make_bench) -> None:
    """A /64 is one subscriber's."""
    with pytest.raises(ValueError, match="2001:db8:7:1::/64 is there twice"):
        make_bench(
            apns=APNS, static_bindings=(*BINDINGS, StaticBinding(OTHER_IMSI, APN, SAME_PREFIX))
        )


def test_routes_lead_to_static_prefixes_beside_the_pools(make_bench) -> None:
    """What Gi has to know of an APN's addresses."""
    binding = StaticBinding(IMSI, APN, "2001:db8:99:1::1")
    config = make_bench(
        apns=APNS, static_bindings=(binding, StaticBinding(OTHER_IMSI, APN, STATIC))
    )
    networks = config.config.networks_of(APNS[0])
    assert networks == (*APNS[0].pools, IPv6Network("2001:db8:99:1::/64"))
