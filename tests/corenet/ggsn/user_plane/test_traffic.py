"""User traffic between Gi and the tunnels, and PDUs that wait."""

from __future__ import annotations

import pytest

from corenet.ggsn.config import StoredPduLimits
from corenet.ggsn.events import DropReason, PdusDropped, PduStored
from gtp.messages import CreatePdpContextResponse, ErrorIndication, decode
from gtp.user_plane import encapsulate

ADDRESS = "10.45.0.7"
SGSN = "192.0.2.2"


def created(bench) -> CreatePdpContextResponse:
    """Return the response that tells of a new context."""
    bench.create()
    return bench.sent(CreatePdpContextResponse)


def drops(bench) -> dict[DropReason, int]:
    """Return the drops that were counted."""
    return {reason: n for reason, n in bench.ggsn.counters.dropped.items() if n}


def test_a_packet_for_a_mobile_goes_into_its_tunnel(bench) -> None:
    """As a G-PDU to the SGSN's user address and TEID, and counted."""
    created(bench)
    assert bench.ggsn.context_at(ADDRESS).last_downlink is None
    packet = bench.packet()
    bench.from_gi(packet)
    assert bench.tunnelled() == (packet, 0x201, (SGSN, 2152))
    view = bench.ggsn.context_at(ADDRESS)
    assert (view.downlink_packets, view.downlink_octets) == (1, len(packet))
    assert view.last_downlink == bench.now
    assert bench.ggsn.counters.downlink_packets == 1
    assert bench.ggsn.counters.downlink_octets == len(packet)


def test_a_packet_from_a_mobile_goes_out_on_gi(bench) -> None:
    """Unchanged, and counted."""
    teid = created(bench).teid_data
    packet = bench.packet(destination="198.51.100.1", source=(ADDRESS, 2948))
    bench.from_tunnel(encapsulate(teid, packet))
    assert bench.gi == [packet]
    view = bench.ggsn.context_at(ADDRESS)
    assert (view.uplink_packets, view.uplink_octets) == (1, len(packet))
    assert bench.ggsn.counters.uplink_packets == 1
    assert bench.ggsn.counters.uplink_octets == len(packet)


def test_a_spoofed_source_is_dropped(bench) -> None:
    """A mobile sends from its own address only."""
    teid = created(bench).teid_data
    packet = bench.packet(destination="198.51.100.1", source=("10.45.0.8", 2948))
    bench.from_tunnel(encapsulate(teid, packet))
    assert bench.gi == []
    assert drops(bench) == {DropReason.SPOOFED_SOURCE: 1}


@pytest.mark.parametrize("packet", [b"\x45", b"\x60" + bytes(38), b"\x00" * 20, b""])
def test_what_is_no_ip_packet_is_dropped(bench, packet: bytes) -> None:
    """In either direction."""
    teid = created(bench).teid_data
    bench.from_tunnel(encapsulate(teid, packet))
    bench.from_gi(packet)
    assert bench.gi == []
    assert bench.user == []
    assert drops(bench) == {DropReason.MALFORMED: 2}


def test_an_unknown_tunnel_gets_an_error_indication(bench) -> None:
    """Naming the TEID and our address (TS 29.060 §7.3.7)."""
    bench.from_tunnel(encapsulate(0x4711, bench.packet()))
    ((message, peer),) = bench.user
    assert isinstance(message, ErrorIndication)
    assert (message.teid_data, message.peer_address) == (0x4711, "192.0.2.1")
    assert peer == (SGSN, 2152)


def test_a_deleted_contexts_tunnel_is_closed(bench) -> None:
    """What still comes is answered with an Error Indication."""
    teid = created(bench).teid_data
    bench.ggsn.deactivate("234150999999999", None, bench.now)
    bench.from_tunnel(encapsulate(teid, bench.packet(source=(ADDRESS, 1))))
    assert bench.gi == []
    assert isinstance(bench.user[0][0], ErrorIndication)


def test_packets_for_nobody_are_dropped_and_counted(bench) -> None:
    """An address of a pool that nobody is bound to, and one that is not ours; no event each."""
    bench.from_gi(bench.packet(destination="10.45.0.9"))
    bench.from_gi(bench.packet(destination="203.0.113.1"))
    assert drops(bench) == {DropReason.NO_BINDING: 1, DropReason.UNKNOWN_ADDRESS: 1}
    assert bench.events == []
    bench.assert_nothing_left()


def test_the_oldest_stored_packets_give_way(make_bench) -> None:
    """Three packets in a store for two: the first is dropped, told and counted."""
    bench = make_bench(stored_pdus=StoredPduLimits(count=2))
    packets = [bench.packet(payload=bytes([n])) for n in range(3)]
    for packet in packets:
        bench.from_gi(packet)
    assert drops(bench) == {DropReason.STORE_FULL: 1}
    (dropped,) = bench.told(PdusDropped)
    assert (dropped.count, dropped.reason, dropped.address) == (1, DropReason.STORE_FULL, ADDRESS)
    assert [(e.count, e.octets) for e in bench.told(PduStored)] == [(1, 29), (2, 58), (2, 58)]
    bench.route()
    bench.notified()
    bench.create()
    assert [message.payload for message, _ in bench.user] == packets[1:]


@pytest.mark.clause("23.060 §9.2.2.2", "PDUs stored meanwhile, bounded")
def test_stored_packets_are_bounded_by_octets(make_bench) -> None:
    """A large packet pushes out as many as it needs to."""
    bench = make_bench(stored_pdus=StoredPduLimits(octets=150))
    for size in (10, 20, 100):
        bench.from_gi(bench.packet(payload=bytes(size)))
    assert drops(bench) == {DropReason.STORE_FULL: 2}
    assert bench.told(PduStored)[-1].octets == 128


def test_a_packet_larger_than_the_store_is_dropped_but_triggers(make_bench) -> None:
    """Later, smaller ones may still be served."""
    bench = make_bench(stored_pdus=StoredPduLimits(octets=50))
    bench.from_gi(bench.packet(payload=bytes(100)))
    assert drops(bench) == {DropReason.STORE_FULL: 1}
    assert bench.told(PduStored) == []
    assert bench.ggsn.activations_under_way == 1
    bench.from_gi(bench.packet(payload=b"fits"))
    assert len(bench.told(PduStored)) == 1
    bench.from_gi(bench.packet(payload=bytes(100)))
    assert bench.told(PduStored) == []


def test_a_store_of_no_size_keeps_nothing(make_bench) -> None:
    """Storing is optional (TS 23.060 §9.2.2.2)."""
    bench = make_bench(stored_pdus=StoredPduLimits(count=0))
    bench.from_gi(bench.packet())
    bench.route()
    bench.notified()
    bench.create()
    assert bench.user == []
    assert drops(bench) == {DropReason.STORE_FULL: 1}


def test_stored_packets_age(make_bench) -> None:
    """Each goes at its own time; the procedure goes on."""
    bench = make_bench(stored_pdus=StoredPduLimits(age=10.0), guard_time=60.0)
    bench.from_gi(bench.packet(payload=b"old"))
    bench.route()
    bench.notified()
    bench.advance(5)
    young = bench.packet(payload=b"young")
    bench.from_gi(young)
    bench.advance(5)
    assert drops(bench) == {DropReason.STORED_TOO_LONG: 1}
    bench.advance(4)
    bench.create()
    assert [message.payload for message, _ in bench.user] == [young]
    assert bench.ggsn.next_timeout() is None


def test_a_packet_that_is_too_old_is_not_sent_even_if_the_timer_is_late(make_bench) -> None:
    """A runtime may call late; age is checked again before sending."""
    bench = make_bench(stored_pdus=StoredPduLimits(age=1.0))
    bench.from_gi(bench.packet())
    bench.route()
    bench.notified()
    bench.now += 2.0
    bench.create()
    assert bench.user == []
    assert drops(bench) == {DropReason.STORED_TOO_LONG: 1}


def test_gtp_u_echo_is_answered(bench) -> None:
    """The user plane has a path of its own."""
    bench.from_tunnel(bytes.fromhex("3201000400000000000a0000"))
    ((message, peer),) = bench.user
    assert decode(message.encode()) == message
    assert message.recovery == 0
    assert peer == (SGSN, 2152)
