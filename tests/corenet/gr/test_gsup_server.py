"""Our HLR's port: clients by name, however they connect."""

from __future__ import annotations

from random import Random

import pytest

from corenet.gr.config import GsupServerConfig, LinkTimers
from corenet.gr.events import GsupClientConnected, GsupClientDisconnected
from corenet.gr.server import GsupServer
from corenet.gr.testing import Bench
from corenet.interfaces.ipa import CcmType, IdTag, decode_id_get, encode_id_resp
from corenet.interfaces.node import Address, Interface

HLR = ("192.0.2.1", 4222)
CLIENT = ("192.0.2.7", 50_000)
SMSC = ("smsc", 0)


def bench(**settings: object) -> Bench:
    config = GsupServerConfig(HLR, HLR, names={"smsc": SMSC}, **settings)
    bench = Bench(GsupServer(config, name="gsup"))
    bench.start()
    return bench


def identify(bench: Bench, connection: int, name: str = "sgsn-1") -> None:
    bench.receive_ccm(connection, CcmType.ID_RESP, encode_id_resp({IdTag.SERIAL_NUMBER: name}))


def client(bench: Bench, connection: int, name: str = "sgsn-1", peer: Address = CLIENT) -> Address:
    """Connect one; return its address on Gr."""
    bench.open(connection, peer)
    identify(bench, connection, name)
    bench.receive_gsup(connection, b"\x04hello")
    bench.frames(connection)
    address = bench.datagrams[-1].local
    assert address is not None
    return address


def test_a_client_is_asked_for_its_name_and_told_that_it_is_known() -> None:
    """ID_GET, ID_RESP, ID_ACK."""
    made = bench()
    made.open(1)
    (asked,) = made.frames(1)
    assert IdTag.SERIAL_NUMBER in decode_id_get(asked.payload[1:])
    identify(made, 1)
    assert made.ccm(1) == [CcmType.ID_ACK]
    assert made.events == [GsupClientConnected("sgsn-1", CLIENT)]


def test_messages_pass_both_ways() -> None:
    """The HLR sees a client at the host that it connects from, and answers there."""
    made = bench()
    address = client(made, 1)
    assert address[0] == CLIENT[0]
    (datagram,) = made.datagrams
    assert (datagram.interface, datagram.peer, datagram.data) == (Interface.GR, HLR, b"\x04hello")
    made.send(b"\x06", source=HLR, destination=address)
    assert made.gsup(1) == [b"\x06"]


def test_a_client_has_the_address_that_was_given_with_its_name() -> None:
    """So the HLR knows a service centre before it connects."""
    made = bench()
    assert client(made, 1, "smsc") == SMSC
    made.send(b"\x28", source=HLR, destination=SMSC)
    assert made.gsup(1) == [b"\x28"]


def test_a_client_that_only_has_a_unit_name_is_known_by_it() -> None:
    """The serial number goes first."""
    made = bench()
    made.open(1)
    identity = {IdTag.SERIAL_NUMBER: "", IdTag.UNIT_NAME: "smsc"}
    made.receive_ccm(1, CcmType.ID_RESP, encode_id_resp(identity))
    assert made.events == [GsupClientConnected("smsc", CLIENT)]


def test_a_client_is_the_same_peer_when_it_comes_back() -> None:
    """Its address on Gr stays, whatever port it comes from; others have others."""
    made = bench()
    first = client(made, 1)
    other = client(made, 2, "sgsn-2")
    made.lose(1)
    assert client(made, 3, peer=(CLIENT[0], 50_001)) == first
    assert other != first


def test_a_client_that_has_moved_is_asked_where_it_is_now() -> None:
    """Its host has changed; what is for the old address still finds it."""
    made = bench()
    old = client(made, 1)
    made.lose(1)
    new = client(made, 2, peer=("192.0.2.70", 50_000))
    assert new == ("192.0.2.70", old[1])
    made.send(b"\x1c", source=HLR, destination=old)
    assert made.gsup(2) == [b"\x1c"]


@pytest.mark.clause("GSUP", "in IPA over TCP, as server: clients by unit name")
def test_a_newer_connection_takes_a_name_over() -> None:
    """The older one is closed, and its end does not take the name away again."""
    made = bench()
    client(made, 1)
    address = client(made, 2)
    assert made.closed == [1]
    reason = "its unit name has come with another connection"
    assert GsupClientDisconnected("sgsn-1", CLIENT, reason) in made.events
    made.send(b"\x06", source=HLR, destination=address)
    assert made.gsup(2) == [b"\x06"]
    assert made.node.counters["replaced"] == 1


def test_what_comes_before_the_name_waits_for_it() -> None:
    """libosmocore's client sends as soon as it is connected."""
    made = bench()
    made.open(1)
    made.receive_gsup(1, b"\x041")
    made.receive_gsup(1, b"\x042")
    assert made.datagrams == []
    identify(made, 1)
    assert [datagram.data for datagram in made.datagrams] == [b"\x041", b"\x042"]


def test_a_client_that_sends_on_without_a_name_is_cut_off() -> None:
    """What is kept for it is bounded."""
    made = bench(held=2)
    made.open(1)
    for _ in range(3):
        made.receive_gsup(1, b"\x04")
    assert made.closed == [1]
    assert made.datagrams == []


def test_a_client_that_never_says_its_name_is_cut_off() -> None:
    """After the time for it; half a frame is no name."""
    made = bench(timers=LinkTimers(identity=10.0))
    made.open(1)
    made.receive(1, bytes.fromhex("0020fe05"))
    made.wait(10.0)
    assert made.closed == [1]
    assert made.events == [GsupClientDisconnected("", CLIENT, "no identity")]


@pytest.mark.parametrize("body", ["", "000100", "0005 00 736d0a00", "0009 00 736d7300"])
def test_a_client_without_a_proper_name_is_refused(body: str) -> None:
    """None, an empty one, one with control characters, one that overruns."""
    made = bench()
    made.open(1)
    made.receive_ccm(1, CcmType.ID_RESP, bytes.fromhex(body))
    assert made.closed == [1]
    assert made.node.counters["malformed"] == 1


def test_a_second_name_on_a_connection_changes_nothing() -> None:
    """One connection is one client."""
    made = bench()
    address = client(made, 1)
    identify(made, 1, "smsc")
    made.receive_gsup(1, b"\x04")
    assert made.datagrams[-1].local == address


def test_names_are_bounded() -> None:
    """A client that takes ever new names finds an end; those that are known are served."""
    made = bench(clients=2)
    for connection, name in enumerate(("a", "b"), start=1):
        client(made, connection, name)
        made.lose(connection)
    made.open(3)
    identify(made, 3, "c")
    assert made.closed == [3]
    client(made, 4, "a")
    assert made.node.counters["refused"] == 1


def test_connections_are_bounded() -> None:
    """One too many is closed at once."""
    made = bench(connections=2)
    for connection in (1, 2, 3):
        made.open(connection)
    assert made.closed == [3]
    made.lose(1)
    made.open(4)
    assert made.closed == [3]


def test_what_is_for_nobody_is_counted() -> None:
    """A client that is gone, one that never was, and a sender that is not the HLR."""
    made = bench()
    address = client(made, 1)
    made.send(b"\x06", source=("192.0.2.66", 4222), destination=address)
    made.lose(1)
    made.send(b"\x06", source=HLR, destination=address)
    made.send(b"\x06", source=HLR, destination=("192.0.2.66", 4222))
    assert made.frames(1) == []
    assert made.node.counters["undeliverable"] == 3


def test_a_client_that_does_not_answer_pings_is_cut_off() -> None:
    """It has died without a farewell."""
    made = bench(timers=LinkTimers(idle=20.0, pong=10.0))
    client(made, 1)
    made.wait(30.0)
    assert made.ccm(1) == [CcmType.PING]
    assert made.closed == [1]


def test_a_stop_closes_every_connection() -> None:
    """No timer is left, and who comes later is closed too."""
    made = bench()
    client(made, 1)
    made.stop()
    made.open(2)
    assert made.closed == [1, 2]
    assert made.node.next_timeout() is None


def test_octets_behind_the_end_are_dropped() -> None:
    """What is in one piece with the reason for the end included."""
    made = bench(held=1)
    made.open(1)
    made.receive(1, bytes.fromhex("0003ee050401" * 4))
    made.receive_gsup(1, b"\x04")
    assert made.closed == [1]
    assert made.node.counters["received"] == 2


def test_random_octets_break_nothing() -> None:
    """Whatever a client sends, the next one is served."""
    random = Random(7)
    made = bench()
    for connection in range(1, 300):
        made.open(connection)
        octets = random.randbytes(random.randrange(60))
        made.receive(connection, octets, b"\x00\x04\xfe\x05" + random.randbytes(3))
        if connection not in made.closed:
            made.lose(connection)
    client(made, 1000)
