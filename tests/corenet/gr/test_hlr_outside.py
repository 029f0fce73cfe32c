"""An HLR outside: connections that come and go, and what our nodes notice of it."""

from __future__ import annotations

from random import Random

import pytest

from corenet.gr.config import HlrOutsideConfig, LinkTimers
from corenet.gr.events import HlrConnected, HlrNotConnected
from corenet.gr.hlr_outside import HlrOutside
from corenet.gr.testing import Bench
from corenet.interfaces.ipa import CCM, CcmType, Frame, IdTag, decode_id_resp, encode_id_get
from corenet.interfaces.node import Interface

HLR = ("192.0.2.9", 4222)
SGSN, SMSC = ("192.0.2.3", 4222), ("192.0.2.8", 4222)
PLACE = ("hlr", 0)


def bench(**settings: object) -> Bench:
    config = HlrOutsideConfig(HLR, {SGSN: "sgsn-1"}, **settings)
    bench = Bench(HlrOutside(config, name="hlr"))
    bench.start()
    return bench


def up(**settings: object) -> Bench:
    made = bench(**settings)
    made.open(1)
    made.receive_ccm(1, CcmType.ID_GET, encode_id_get())
    return made


def send(bench: Bench, message: bytes) -> None:
    bench.send(message, source=SGSN, destination=PLACE)


def waits(bench: Bench) -> list[float]:
    return [event.again_in for event in bench.events if isinstance(event, HlrNotConnected)]


def test_the_hlr_learns_our_unit_name() -> None:
    """Asked, we say our name as unit name and as serial number, and an empty text for the rest."""
    made = up()
    response, ack = made.frames(1)
    identity = decode_id_resp(response.payload[1:])
    assert response.payload[0] == CcmType.ID_RESP
    assert identity[IdTag.SERIAL_NUMBER] == identity[IdTag.UNIT_NAME] == "sgsn-1"
    assert identity[IdTag.MAC_ADDRESS] == ""
    assert ack == Frame(CCM, bytes((CcmType.ID_ACK,)))
    assert made.events == [HlrConnected("sgsn-1", HLR)]


def test_messages_pass_both_ways() -> None:
    """GSUP comes and goes without its frame, and an answer comes from where we have sent to."""
    made = up()
    send(made, b"\x04ask")
    assert made.gsup(1) == [b"\x04ask"]
    made.receive_gsup(1, b"\x06answer")
    (datagram,) = made.datagrams
    assert (datagram.interface, datagram.peer, datagram.data) == (Interface.GR, SGSN, b"\x06answer")
    assert datagram.local is None


def test_what_is_sent_before_the_connection_waits_for_it() -> None:
    """The identity goes first, then what has waited, in order."""
    made = bench()
    send(made, b"\x04one")
    made.open(1)
    send(made, b"\x04two")
    assert made.frames(1) == []
    made.receive_ccm(1, CcmType.ID_GET, encode_id_get())
    types = [frame.gsup or frame.payload[:1] for frame in made.frames(1)]
    assert types == [b"\x05", b"\x06", b"\x04one", b"\x04two"]


def test_what_has_waited_too_long_is_not_sent() -> None:
    """Its sender has given the answer up."""
    made = bench(queue_time=10.0)
    send(made, b"\x04old")
    made.wait(10.0)
    send(made, b"\x04new")
    made.open(1)
    made.receive_ccm(1, CcmType.ID_GET, encode_id_get())
    assert made.gsup(1) == [b"\x04new"]
    assert made.node.counters["expired"] == 1


def test_the_queue_is_bounded() -> None:
    """With a full queue the newest is dropped, and counted."""
    made = bench(queue=2)
    for message in (b"\x041", b"\x042", b"\x043"):
        send(made, message)
    made.open(1)
    made.receive_ccm(1, CcmType.ID_GET, encode_id_get())
    assert made.gsup(1) == [b"\x041", b"\x042"]
    assert made.node.counters["queue full"] == 1


def test_failed_attempts_are_repeated_with_waits_that_double() -> None:
    """From the first wait up to the longest one."""
    made = bench(first_wait=0.5, longest_wait=3.0)
    for _ in range(5):
        made.fail()
        assert not made.attempts
        made.wait(3.0)
        assert len(made.attempts) == 1
    assert waits(made) == [0.5, 1.0, 2.0, 3.0, 3.0]
    assert made.node.counters["connects failed"] == 5


def test_a_lost_connection_is_opened_again() -> None:
    """The HLR restarts: who is there is said again, and messages pass again."""
    made = up()
    made.lose(1)
    send(made, b"\x04ask")
    made.wait(0.5)
    made.open(2)
    made.receive_ccm(2, CcmType.ID_GET, encode_id_get())
    assert made.gsup(2) == [b"\x04ask"]
    assert [type(event) for event in made.events] == [HlrConnected, HlrNotConnected, HlrConnected]


def test_a_connection_that_holds_lets_the_waits_begin_anew() -> None:
    """One that is lost at once does not: two with one name would take it from each other."""
    made = up(first_wait=0.5, proven=30.0, timers=LinkTimers(idle=100.0))
    made.lose(1)
    made.wait(0.5)
    made.open(2)
    made.receive_ccm(2, CcmType.ID_GET, encode_id_get())
    made.lose(2)
    made.wait(1.0)
    made.open(3)
    made.receive_ccm(3, CcmType.ID_GET, encode_id_get())
    made.wait(30.0)
    made.lose(3)
    assert waits(made) == [0.5, 1.0, 0.5]


def test_a_message_cut_off_by_the_loss_is_not_mixed_with_the_next_connection() -> None:
    """Half a frame is lost with its connection."""
    made = up()
    made.receive(1, bytes.fromhex("0005ee05"))
    made.lose(1)
    made.wait(1.0)
    made.open(2)
    made.receive_ccm(2, CcmType.ID_GET, encode_id_get())
    made.receive_gsup(2, b"\x06whole")
    assert [datagram.data for datagram in made.datagrams] == [b"\x06whole"]


def test_a_server_that_asks_for_no_identity_is_left() -> None:
    """Whatever listens there is no HLR."""
    made = bench(timers=LinkTimers(identity=10.0))
    made.open(1)
    made.wait(10.0)
    assert made.closed == [1]
    assert made.events == [HlrNotConnected("sgsn-1", HLR, "no identity", 0.5)]


def test_an_idle_connection_is_pinged_and_left_where_nothing_comes_back() -> None:
    """A pong is enough to keep it; so is anything else."""
    made = up(timers=LinkTimers(idle=20.0, pong=10.0))
    made.frames(1)
    made.wait(20.0)
    assert made.ccm(1) == [CcmType.PING]
    made.receive_ccm(1, CcmType.PONG)
    made.wait(19.0)
    made.receive_gsup(1, b"\x06")
    made.wait(19.0)
    assert (made.ccm(1), made.closed) == ([], [])
    made.wait(11.0)
    assert made.closed == [1]
    assert made.node.counters["silent"] == 1
    assert waits(made) == [0.5]


def test_pings_are_answered() -> None:
    """Ours and the peer's watch over the connection side by side."""
    made = up()
    made.frames(1)
    made.receive_ccm(1, CcmType.PING)
    assert made.ccm(1) == [CcmType.PONG]


@pytest.mark.parametrize(
    ("octets", "counted"),
    [
        ("0000fe", "malformed"),
        ("0001fe63", "malformed"),
        ("00020001ff", "other protocols"),
        ("0002ee00ff", "other protocols"),
    ],
    ids=["ccm without type", "unknown ccm", "rsl", "ctrl"],
)
@pytest.mark.clause("GSUP", "IPA: other protocols (RSL, OML, control)", status="ignored, counted")
def test_what_has_no_meaning_here_is_counted(octets: str, counted: str) -> None:
    """The connection goes on."""
    made = up()
    made.receive(1, bytes.fromhex(octets))
    made.receive_gsup(1, b"\x06next")
    assert made.node.counters[counted] == 1
    assert len(made.datagrams) == 1


def test_a_malformed_identity_request_ends_the_connection() -> None:
    """Who cannot ask is no HLR."""
    made = bench()
    made.open(1)
    made.receive_ccm(1, CcmType.ID_GET, b"\x02")
    assert made.closed == [1]


def test_a_repeated_identity_request_is_answered() -> None:
    """It changes nothing else, nor does an acknowledgement."""
    made = up()
    made.frames(1)
    made.receive_ccm(1, CcmType.ID_ACK)
    made.receive_ccm(1, CcmType.ID_GET, encode_id_get())
    assert made.ccm(1) == [CcmType.ID_RESP, CcmType.ID_ACK]
    assert len(made.events) == 1


def test_each_node_has_a_connection_of_its_own() -> None:
    """The HLR tells them apart by it."""
    node = HlrOutside(HlrOutsideConfig(HLR, {SGSN: "sgsn", SMSC: "smsc"}), name="hlr")
    made = Bench(node)
    made.start()
    made.open(1)
    made.open(2)
    for connection in (1, 2):
        made.receive_ccm(connection, CcmType.ID_GET, encode_id_get())
    assert node.connected_units == 2
    made.receive_gsup(2, b"\x24")
    assert made.datagrams[0].peer == SMSC
    made.frames(1), made.frames(2)
    made.send(b"\x25", source=SMSC, destination=PLACE)
    assert (made.gsup(1), made.gsup(2)) == ([], [b"\x25"])


def test_what_comes_from_a_node_without_unit_name_is_counted() -> None:
    """Nobody but those who are configured asks the HLR."""
    made = up()
    made.send(b"\x04", source=SMSC, destination=PLACE)
    assert made.node.counters["from others"] == 1


def test_a_stop_closes_connections_and_opens_none() -> None:
    """No timer is left, whatever comes after."""
    made = up()
    made.stop()
    assert made.closed == [1]
    made.wait(100.0)
    assert (made.attempts, made.node.next_timeout()) == ([], None)
    waiting = bench()
    waiting.fail()
    waiting.stop()
    assert waiting.node.next_timeout() is None
    late = bench()
    late.stop()
    late.open(1)
    assert late.closed == [1]
    assert late.node.next_timeout() is None


def test_random_octets_break_nothing() -> None:
    """Whatever a server sends, the node goes on, and lives on with the next connection."""
    random = Random(6)
    for _ in range(300):
        made = bench()
        made.open(1)
        made.receive(
            1, random.randbytes(random.randrange(60)), b"\x00\x02\xfe" + random.randbytes(2)
        )
        if 1 not in made.closed:
            made.lose(1)
        made.wait(1.0)
        assert made.attempts


@pytest.mark.parametrize(
    ("units", "settings"),
    [
        ({}, {}),
        ({SGSN: "one", SMSC: "one"}, {}),
        ({SGSN: ""}, {}),
        ({SGSN: "ß"}, {}),
        ({SGSN: "x"}, {"first_wait": 0.0}),
        ({SGSN: "x"}, {"first_wait": 60.0}),
        ({SGSN: "x"}, {"queue": 0}),
    ],
)
def test_contradictions_are_refused(
    units: dict[tuple[str, int], str], settings: dict[str, float]
) -> None:
    """A configuration that cannot work raises ValueError."""
    with pytest.raises(ValueError):
        HlrOutsideConfig(HLR, units, **settings)


def test_waits_are_above_zero() -> None:
    """So that nothing spins."""
    with pytest.raises(ValueError):
        LinkTimers(pong=0.0)
