"""What RADIUS accounting is told of a GGSN and its contexts (TS 29.061 §16)."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network

import pytest
from pyrad.packet import AcctPacket

from corenet.ggsn.aaa.radius_attributes import usage_octets
from corenet.ggsn.config import AccountingPolicy, Apn, RadiusServer
from corenet.ggsn.events import (
    AccountingAnswered,
    AccountingGivenUp,
    AccountingSent,
    AccountingStatus,
    ActivationFinished,
    DeletionReason,
    PdpContextDeleted,
)
from corenet.interfaces.node import Interface
from corenet.radius.attributes import Attributes, load_dictionary
from gtp.constants import Cause
from gtp.ies import EndUserAddress, MsTimeZone, PdpType
from gtp.messages import (
    CreatePdpContextRequest,
    CreatePdpContextResponse,
    DeletePdpContextRequest,
    UpdatePdpContextRequest,
    UpdatePdpContextResponse,
)
from gtp.user_plane import encapsulate
from tests.corenet.ggsn.radius_bench import Servers

IMSI = "234150999999999"
ADDRESS = "10.45.0.7"
SGSN = "192.0.2.2"
SERVER = RadiusServer(("192.0.2.5", 1813), b"radius")
DICTIONARY = load_dictionary()
LOCATION = {
    "rai": bytes.fromhex("32f451123401"),
    "rat_type": 2,
    "user_location": bytes.fromhex("0132f45112340001"),
    "ms_time_zone": MsTimeZone(4, 0),
    "imei": "3512345678901234",
}


def requests(bench) -> list[AcctPacket]:
    """Return the accounting requests that went out, each verified and answered."""
    found = []
    while bench.radius:
        data, peer = bench.radius.pop(0)
        assert peer == SERVER.address
        packet = AcctPacket(packet=data, secret=SERVER.secret, dict=DICTIONARY)
        assert packet.VerifyAcctRequest()
        found.append(packet)
        bench.ggsn.receive(
            Interface.RADIUS,
            packet.CreateReply().ReplyPacket(),
            peer=peer,
            local=("192.0.2.1", 1813),
            now=bench.now,
        )
        bench.take()
    return found


def values(packet: AcctPacket) -> dict:
    """Return the attributes of a request by name."""
    return {name: packet[name][0] for name in list(packet.keys())}


@pytest.fixture
def accounted(make_bench):
    """A GGSN with an accounting server that has taken its Accounting-On."""
    bench = make_bench(radius=(SERVER,), plmn="23415")
    (on,) = requests(bench)
    assert values(on) == {
        "Acct-Status-Type": "Accounting-On",
        "NAS-IP-Address": "192.0.2.1",
        "Event-Timestamp": int(bench.now),
        "Acct-Delay-Time": 0,
    }
    bench.events.clear()
    return bench


@pytest.mark.clause("29.061 §16.4.3", "Start, with the attributes of 3GPP")
def test_a_context_begins_with_a_start(accounted) -> None:
    """Every attribute of TS 29.061 §16.4.3 and §16.4.7 that is known."""
    bench = accounted
    bench.create(**LOCATION)
    charging_id = bench.sent(CreatePdpContextResponse).charging_id
    (start,) = requests(bench)
    session = f"C0000201{charging_id:08X}"
    assert values(start) == {
        "Acct-Status-Type": "Start",
        "Acct-Session-Id": session,
        "NAS-IP-Address": "192.0.2.1",
        "Framed-IP-Address": ADDRESS,
        "Calling-Station-Id": "447700900123",
        "Called-Station-Id": "wap.example",
        "Service-Type": "Framed-User",
        "Framed-Protocol": "GPRS-PDP-Context",
        "NAS-Port-Type": "Wireless-Other",
        "3GPP-IMSI": IMSI,
        "3GPP-Charging-Id": charging_id,
        "3GPP-PDP-Type": "IPv4",
        "3GPP-GPRS-Negotiated-QoS-Profile": "99-0b921f7396fefe742bffff",
        "3GPP-SGSN-Address": SGSN,
        "3GPP-GGSN-Address": "192.0.2.1",
        "3GPP-IMSI-MCC-MNC": "23415",
        "3GPP-GGSN-MCC-MNC": "23415",
        "3GPP-NSAPI": "5",
        "3GPP-Selection-Mode": "0",
        "3GPP-Charging-Characteristics": "0800",
        "3GPP-SGSN-MCC-MNC": "23415",
        "3GPP-IMEISV": "3512345678901234",
        "3GPP-RAT-Type": 2,
        "3GPP-User-Location-Info": LOCATION["user_location"],
        "3GPP-MS-TimeZone": b"\x40\x00",
        "Acct-Authentic": "Local",
        "Event-Timestamp": int(bench.now),
        "Acct-Delay-Time": 0,
    }
    assert bench.told(AccountingSent) == [
        AccountingSent("192.0.2.5", AccountingStatus.START, session)
    ]
    assert bench.told(AccountingAnswered)[0].session == session


@pytest.mark.parametrize(
    ("kind", "told"),
    [(PdpType.IPV4, "IPv4"), (PdpType.IPV6, "IPv6"), (PdpType.IPV4V6, "IPv4v6")],
)
@pytest.mark.clause("29.061 §16.4", "Framed-IPv6-Prefix, Framed-Interface-Id, PDP type")
def test_every_address_is_told(make_bench, kind, told) -> None:
    """Prefix and interface identifier as attributes of their own (TS 29.061 §16.4.3)."""
    pools = (IPv4Network("10.45.0.0/24"), IPv6Network("2001:db8:3::/48"))
    bench = make_bench(apns=(Apn("wap.example", pools),), static_bindings=(), radius=(SERVER,))
    requests(bench)
    bench.create(end_user_address=EndUserAddress(pdp_type=kind))
    address = bench.sent(CreatePdpContextResponse).end_user_address
    (start,) = requests(bench)
    attributes = values(start)
    assert attributes["3GPP-PDP-Type"] == told
    assert attributes.get("Framed-IP-Address") == address.ipv4
    assert ("Framed-IPv6-Prefix" in attributes) == (address.ipv6 is not None)
    if address.ipv6 is not None:
        assert attributes["Framed-IPv6-Prefix"] == "2001:db8:3::/64"
        assert attributes["Framed-Interface-Id"] == IPv6Address(address.ipv6).packed[8:]


def test_what_is_not_known_is_left_out(make_bench) -> None:
    """A bare Create, and a GGSN without a PLMN; the MSISDN comes from the binding."""
    bench = make_bench(radius=(SERVER,))
    requests(bench)
    bench.create(selection_mode=3, charging_characteristics=None, msisdn=None)
    (start,) = requests(bench)
    told = values(start)
    assert told["Calling-Station-Id"] == "447700900123"
    assert told["3GPP-Selection-Mode"] == "2"
    absent = {"3GPP-IMSI-MCC-MNC", "3GPP-SGSN-MCC-MNC", "3GPP-RAT-Type", "3GPP-IMEISV"}
    assert not absent & set(told)

    bench.create(
        imsi="234150000000002",
        end_user_address=EndUserAddress.dynamic_ipv4(),
        teid_data=0x202,
        msisdn=None,
        selection_mode=None,
        rai=bytes.fromhex("32f451123401"),
    )
    (start,) = requests(bench)
    told = values(start)
    assert "Calling-Station-Id" not in told
    assert "3GPP-Selection-Mode" not in told


@pytest.mark.parametrize(
    ("qos", "told"),
    [
        ("020b921f", "98-0b921f"),
        ("020b921f7396fefe742bffff", "99-0b921f7396fefe742bffff"),
        ("020b921f7396fefe742bffff00", "05-0b921f7396fefe742bffff00"),
        ("020b921f7396fefe742bffff0000004a", "07-0b921f7396fefe742bffff0000004a"),
    ],
)
def test_the_qos_says_of_which_release_it_is(accounted, qos: str, told: str) -> None:
    """By its length; the allocation/retention octet is left out (TS 29.061 §16.4.7)."""
    accounted.create(qos=bytes.fromhex(qos))
    (start,) = requests(accounted)
    assert start["3GPP-GPRS-Negotiated-QoS-Profile"] == [told]


def test_what_the_configuration_knows_is_told(make_bench) -> None:
    """Charging gateway and name of the GGSN; an address of IPv6 in an attribute of its own."""
    bench = make_bench(
        radius=(SERVER,), nas_identifier="ggsn.example", charging_gateway="2001:db8::9"
    )
    requests(bench)
    bench.create(camel_charging_information=b"\x31\x00")
    (start,) = requests(bench)
    told = values(start)
    assert told["NAS-Identifier"] == "ggsn.example"
    assert told["3GPP-CG-IPv6-Address"] == "2001:db8::9"
    assert told["3GPP-CAMEL-Charging-Info"] == b"\x31\x00"


@pytest.mark.parametrize(("rai", "plmn"), [("32f451123401", "23415"), ("130062123401", "310260")])
def test_the_sgsns_plmn_has_five_or_six_digits(accounted, rai: str, plmn: str) -> None:
    """The filler says that the MNC has two digits."""
    accounted.create(rai=bytes.fromhex(rai))
    (start,) = requests(accounted)
    assert start["3GPP-SGSN-MCC-MNC"] == [plmn]


@pytest.mark.parametrize(
    ("quarters", "octets"), [(4, "4000"), (-12, "2900"), (46, "6400"), (0, "0000")]
)
def test_the_time_zone_is_in_swapped_digits(accounted, quarters: int, octets: str) -> None:
    """Quarters of an hour in swapped BCD, the sign in bit 4."""
    accounted.create(ms_time_zone=MsTimeZone(quarters, 0))
    (start,) = requests(accounted)
    assert start["3GPP-MS-TimeZone"] == [bytes.fromhex(octets)]


@pytest.mark.clause("29.061 §16.4.4", "Stop, with usage and cause")
def test_a_context_ends_with_a_stop(accounted) -> None:
    """Octets, packets, time and cause; it is the last of its session."""
    bench = accounted
    bench.create()
    created = bench.sent(CreatePdpContextResponse)
    down = bench.packet()
    up = bench.packet(destination="198.51.100.1", source=(ADDRESS, 2948), payload=b"longer")
    bench.from_gi(down)
    bench.from_tunnel(encapsulate(created.teid_data, up))
    requests(bench)
    bench.now += 90.5
    bench.request(DeletePdpContextRequest(teid=created.teid_control, nsapi=5), SGSN)
    (stop,) = requests(bench)
    told = values(stop)
    assert told["Acct-Status-Type"] == "Stop"
    assert told["Acct-Session-Id"] == f"C0000201{created.charging_id:08X}"
    assert told["Acct-Session-Time"] == 90
    assert told["Acct-Input-Octets"] == len(up)
    assert told["Acct-Output-Octets"] == len(down)
    assert (told["Acct-Input-Packets"], told["Acct-Output-Packets"]) == (1, 1)
    assert told["Acct-Terminate-Cause"] == "User-Request"
    assert told["3GPP-Session-Stop-Indicator"] == 0xFF
    assert "Acct-Input-Gigawords" not in told
    assert bench.ggsn.next_timeout() is None


def test_contexts_of_one_address_are_bearers_of_one_session(accounted) -> None:
    """Each has its Start and Stop; only the last Stop says that the session is over."""
    accounted.create()
    primary = accounted.sent(CreatePdpContextResponse)
    secondary = CreatePdpContextRequest(
        teid=primary.teid_control,
        teid_data=0x306,
        nsapi=6,
        linked_nsapi=5,
        sgsn_address_control=SGSN,
        sgsn_address_user=SGSN,
        qos=bytes.fromhex("020b921f73964040742bffff"),
        tft=bytes.fromhex("2100 0a 02 3011"),
    )
    accounted.request(secondary, SGSN)
    assert accounted.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    for nsapi in (5, 6):
        accounted.request(DeletePdpContextRequest(teid=primary.teid_control, nsapi=nsapi), SGSN)
    told = [values(packet) for packet in requests(accounted)]
    assert [each["Acct-Status-Type"] for each in told] == ["Start", "Start", "Stop", "Stop"]
    assert [each["3GPP-NSAPI"] for each in told] == ["5", "6", "5", "6"]
    assert len({each["Framed-IP-Address"] for each in told}) == 1
    assert len({each["Acct-Session-Id"] for each in told}) == 2
    assert ["3GPP-Session-Stop-Indicator" in each for each in told] == [False] * 3 + [True]


@pytest.mark.clause("29.061 §16.4.7.2", "3GPP-Packet-Filter: the traffic flow template")
def test_packet_filters_are_told(accounted) -> None:
    """One attribute for each filter and direction, in Start, Interim-Update and Stop.

    Identifier, precedence, length of the contents, direction, contents (TS 24.008 §10.5.6.12).
    """
    accounted.create()
    primary = accounted.sent(CreatePdpContextResponse)
    udp, port = "3011", "5023f0"
    secondary = CreatePdpContextRequest(
        teid=primary.teid_control,
        teid_data=0x306,
        nsapi=6,
        linked_nsapi=5,
        sgsn_address_control=SGSN,
        sgsn_address_user=SGSN,
        qos=bytes.fromhex("020b921f73964040742bffff"),
        tft=bytes.fromhex(f"23 000a02{udp} 211403{port} 321e05{port}{udp}"),
    )
    accounted.request(secondary, SGSN)
    assert accounted.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    change = UpdatePdpContextRequest(
        teid=primary.teid_control,
        nsapi=6,
        teid_data=0x306,
        sgsn_address_control=SGSN,
        sgsn_address_user=SGSN,
        qos=bytes.fromhex("020b921f73964040742bffff"),
        tft=bytes.fromhex("a2 00 01"),
    )
    accounted.request(change, SGSN)
    accounted.sent(UpdatePdpContextResponse)
    for nsapi in (6, 5):
        accounted.request(DeletePdpContextRequest(teid=primary.teid_control, nsapi=nsapi), SGSN)
    of_primary, start, last, interim, stop = requests(accounted)
    for packet in (of_primary, last):
        assert "3GPP-Packet-Filter" not in values(packet)
    both_ways = [f"021e05{way}{port}{udp}" for way in ("00", "01")]
    filters = [f"000a0200{udp}", f"01140301{port}", *both_ways]
    assert [one.hex() for one in start["3GPP-Packet-Filter"]] == filters
    for packet in (interim, stop):
        assert [one.hex() for one in packet["3GPP-Packet-Filter"]] == both_ways


def test_a_command_is_an_administrative_reset(accounted) -> None:
    """The terminate cause tells who ended it."""
    accounted.create()
    requests(accounted)
    accounted.ggsn.deactivate(IMSI, None, accounted.now)
    accounted.take()
    (stop,) = requests(accounted)
    assert stop["Acct-Terminate-Cause"] == ["Admin-Reset"]


def test_octets_beyond_32_bits_go_into_gigawords() -> None:
    """RFC 2869 §5.1: how often the counter has wrapped."""
    octets = usage_octets(seconds=1.5, uplink=(3, (2 << 32) + 5), downlink=(2**32 + 1, 7))
    told = Attributes.decode(octets)
    usage = {
        "Acct-Session-Time": 1,
        "Acct-Input-Octets": 5,
        "Acct-Output-Octets": 7,
        "Acct-Input-Packets": 3,
        "Acct-Output-Packets": 1,
        "Acct-Input-Gigawords": 2,
        "Acct-Output-Gigawords": 0,
    }
    assert {name: told.integer(name) for name in usage} == usage
    assert len(told.items) == len(usage)


def test_interim_updates_come_by_interval_and_end_with_the_context(make_bench) -> None:
    """At the interval, with the usage so far; none after the Stop."""
    bench = make_bench(radius=(SERVER,), accounting=AccountingPolicy(interim_interval=60.0))
    requests(bench)
    bench.create()
    requests(bench)
    for minute in (1, 2):
        bench.advance(60)
        (interim,) = requests(bench)
        assert interim["Acct-Status-Type"] == ["Interim-Update"]
        assert interim["Acct-Session-Time"] == [60 * minute]
    bench.ggsn.deactivate(IMSI, None, bench.now)
    bench.take()
    bench.control.clear()
    requests(bench)
    bench.advance(300)
    assert bench.radius == []


@pytest.mark.parametrize(
    ("changes", "attribute", "value"),
    [
        ({"qos": b"\x02\x0b\x92\x1f"}, "3GPP-GPRS-Negotiated-QoS-Profile", "98-0b921f"),
        ({"rat_type": 1}, "3GPP-RAT-Type", 1),
        ({"user_location": b"\x01\x32"}, "3GPP-User-Location-Info", b"\x01\x32"),
        ({"sgsn_address_control": "192.0.2.3"}, "3GPP-SGSN-Address", "192.0.2.3"),
        ({"ms_time_zone": MsTimeZone(8, 1)}, "3GPP-MS-TimeZone", b"\x80\x01"),
        ({"rai": bytes.fromhex("130062123401")}, "3GPP-SGSN-MCC-MNC", "310260"),
        ({"imei": "3512345678901299"}, "3GPP-IMEISV", "3512345678901299"),
    ],
)
@pytest.mark.clause("29.061 §16.3", "Interim-Update when a context has changed")
def test_a_change_of_a_context_is_told_at_once(accounted, changes, attribute, value) -> None:
    """An Interim-Update with what is new and the usage so far (TS 29.061 §16.3.1)."""
    bench = accounted
    bench.create(**LOCATION)
    created = bench.sent(CreatePdpContextResponse)
    requests(bench)
    bench.now += 10
    same = {
        "teid": created.teid_control,
        "nsapi": 5,
        "teid_data": 0x201,
        "sgsn_address_control": SGSN,
        "sgsn_address_user": SGSN,
        "qos": bytes.fromhex("020b921f7396fefe742bffff"),
    }
    bench.request(UpdatePdpContextRequest(**(same | changes)), SGSN)
    (interim,) = requests(bench)
    assert interim["Acct-Status-Type"] == ["Interim-Update"]
    assert interim["Acct-Session-Time"] == [10]
    assert interim[attribute] == [value]
    bench.request(UpdatePdpContextRequest(**(same | changes)), SGSN)
    assert requests(bench) == []


def test_a_silent_server_is_told_again(accounted) -> None:
    """The same octets; the context does not wait for accounting."""
    bench = accounted
    bench.create()
    assert bench.sent(CreatePdpContextResponse).cause is Cause.REQUEST_ACCEPTED
    bench.advance(4)
    assert len(bench.radius) == 2
    assert bench.radius[0] == bench.radius[1]
    assert bench.ggsn.accounting_counters.retransmissions == 1


def held_pool(make_bench, pool="10.45.0.0/30", **changes):
    """Return a GGSN with a pool of two addresses and an accounting server, and the server."""
    networks = (IPv4Network(pool),)
    bench = make_bench(
        apns=(Apn("wap.example", networks),), static_bindings=(), radius=(SERVER,), **changes
    )
    servers = Servers(bench)
    servers.accounting()
    return bench, servers


def given(bench, number):
    """Create a subscriber's context; return its address, or the cause of the refusal."""
    bench.create(
        imsi=f"23415000000000{number}",
        end_user_address=EndUserAddress.dynamic_ipv4(),
        teid_control=0x500 + number,
        teid_data=0x600 + number,
    )
    created = bench.sent(CreatePdpContextResponse)
    return created.end_user_address.ipv4 if created.end_user_address else created.cause


def end(bench, number):
    """Delete a subscriber's contexts, and forget that the SGSN was told."""
    bench.ggsn.deactivate(f"23415000000000{number}", None, bench.now)
    bench.take()
    bench.control.clear()


@pytest.mark.clause(
    "29.061 §16.3", "an address is given again when its Stop was answered or given up"
)
def test_an_address_waits_for_the_answer_to_its_stop(make_bench) -> None:
    """Whoever maps addresses by accounting never sees two owners; the wait is counted."""
    bench, servers = held_pool(make_bench)
    assert [given(bench, 1), given(bench, 2)] == ["10.45.0.1", "10.45.0.2"]
    servers.accounting()
    end(bench, 1)
    assert bench.ggsn.under_way["held addresses"] == 1
    assert bench.ggsn.counters.addresses_held == 1
    assert given(bench, 3) is Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED
    servers.accounting()
    assert bench.ggsn.under_way["held addresses"] == 0
    assert given(bench, 3) == "10.45.0.1"


def test_an_address_waits_for_its_start_too(make_bench) -> None:
    """The Stop goes out when the Start was answered, and the address is free after both."""
    bench, servers = held_pool(make_bench)
    given(bench, 1)
    end(bench, 1)
    (start,) = servers.accounting(answer=False)
    assert start["Acct-Status-Type"] == ["Start"]
    bench.now += 1
    assert bench.ggsn.under_way["held addresses"] == 1


def test_an_address_is_free_when_its_stop_is_given_up(make_bench) -> None:
    """Nobody can wait for ever."""
    policy = AccountingPolicy(give_up_after=120.0)
    bench, servers = held_pool(make_bench, accounting=policy)
    given(bench, 1)
    given(bench, 2)
    servers.accounting()
    end(bench, 1)
    bench.advance(100)
    bench.control.clear()
    assert given(bench, 3) is Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED
    bench.advance(60)
    bench.control.clear()
    assert bench.told(AccountingGivenUp)
    assert given(bench, 3) == "10.45.0.1"


def test_a_context_that_replaces_another_may_have_its_address(make_bench) -> None:
    """It is the same subscriber's; the Stop's answer then frees nothing."""
    bench, servers = held_pool(make_bench)
    given(bench, 1)
    given(bench, 2)
    assert given(bench, 1) == "10.45.0.1"
    assert bench.ggsn.under_way["held addresses"] == 0
    servers.accounting()
    assert given(bench, 3) is Cause.ALL_DYNAMIC_PDP_ADDRESSES_OCCUPIED


def test_without_accounting_no_address_waits(make_bench) -> None:
    """There is nobody to be told."""
    bench = make_bench(
        apns=(Apn("wap.example", (IPv4Network("10.45.0.0/30"),)),), static_bindings=()
    )
    given(bench, 1)
    given(bench, 2)
    end(bench, 1)
    assert given(bench, 3) == "10.45.0.1"


def test_a_restart_leaves_nothing_untold_and_no_address_to_two(make_bench) -> None:
    """Stops that nobody has answered go out again, and hold their addresses until then."""
    bench, servers = held_pool(make_bench, pool="10.45.0.0/29")
    assert given(bench, 1) == "10.45.0.1"
    servers.accounting()
    end(bench, 1)
    bench.radius.clear()
    bench.restart(recovery=8)
    assert bench.ggsn.under_way["held addresses"] == 1
    assert bench.ggsn.accounting_counters.resumed == 1
    assert given(bench, 2) == "10.45.0.2"
    told = servers.accounting()
    assert [one["Acct-Status-Type"][0] for one in told] == ["Stop", "Accounting-On", "Start"]
    assert bench.ggsn.under_way["held addresses"] == 0
    taken = [given(bench, number) for number in range(3, 8)]
    assert "10.45.0.1" in taken


def test_stops_of_a_farewell_that_nobody_hears_are_told_after_the_start(make_bench) -> None:
    """The GGSN has ended in good order, but its servers were away."""
    bench, servers = held_pool(make_bench)
    given(bench, 1)
    servers.accounting()
    bench.ggsn.stop(bench.now)
    bench.take()
    bench.advance(60)
    kept = {e.status: e.kept for e in bench.told(AccountingGivenUp)}
    assert kept == {AccountingStatus.STOP: True, AccountingStatus.ACCOUNTING_OFF: False}
    bench.radius.clear()
    bench.control.clear()
    bench.restart(recovery=8)
    told = servers.accounting()
    assert [one["Acct-Status-Type"][0] for one in told] == ["Stop", "Accounting-On"]
    assert told[0]["Acct-Terminate-Cause"] == ["NAS-Reboot"]
    assert told[0]["Acct-Delay-Time"] == [60]


def test_a_prefix_waits_too(make_bench) -> None:
    """Of a context with both families, both are held, over a restart as well."""
    pools = (IPv4Network("10.45.0.0/29"), IPv6Network("2001:db8:3::/62"))
    bench = make_bench(apns=(Apn("wap.example", pools),), static_bindings=(), radius=(SERVER,))
    servers = Servers(bench)
    servers.accounting()
    bench.create(end_user_address=EndUserAddress(pdp_type=PdpType.IPV4V6))
    bench.sent(CreatePdpContextResponse)
    servers.accounting()
    bench.ggsn.deactivate(IMSI, None, bench.now)
    bench.take()
    assert bench.ggsn.under_way["held addresses"] == 2
    bench.restart(recovery=8)
    assert bench.ggsn.under_way["held addresses"] == 2


def test_stop_ends_contexts_activations_and_accounting(accounted) -> None:
    """Stops and Accounting-Off go out at once; callers are told; later nothing is left."""
    bench = accounted
    bench.create()
    bench.activate(imsi="234150000000002", key="waiting")
    requests(bench)
    bench.ggsn.stop(bench.now)
    bench.take()
    statuses = []
    for data, _ in bench.radius:
        packet = AcctPacket(packet=data, secret=SERVER.secret, dict=DICTIONARY)
        statuses.append(packet["Acct-Status-Type"][0])
    assert statuses == ["Stop", "Accounting-Off"]
    assert bench.outcome("waiting").cause.name == "GGSN stopped"
    assert bench.told(PdpContextDeleted)[0].reason is DeletionReason.GGSN_STOPPED
    bench.advance(3600)
    assert [e.tries for e in bench.told(AccountingGivenUp)] == [3, 3]
    bench.control.clear()
    bench.assert_nothing_left()


def test_stop_ends_a_report_to_the_hlr(bench) -> None:
    """Even a procedure that is nearly over tells its callers."""
    bench.activate()
    bench.route()
    bench.notified(Cause.MS_GPRS_DETACHED)
    bench.ggsn.stop(bench.now)
    bench.take()
    assert [e.key for e in bench.told(ActivationFinished)] == ["k"]
    bench.control.clear()
    bench.advance(3600)
    bench.assert_nothing_left()
