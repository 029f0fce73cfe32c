"""Connections in virtual time: in order, late as whoever interferes says, over when cut."""

from __future__ import annotations

import pytest

from corenet.interfaces.interference import LOST, Fate
from corenet.interfaces.lines import GIVE_UP, NOT_ACKNOWLEDGED
from corenet.interfaces.node import Interface
from corenet.interfaces.runtime import Phase
from corenet.interfaces.streams import CLOSED_HERE, RESET, StreamNode
from corenet.interfaces.testing import (
    Connected,
    ConnectFailed,
    Disconnected,
    ScriptedStreamNode,
    StreamReceived,
)
from testbed.simulation.network import VirtualNetwork
from testbed.simulation.quality import LinkQuality
from testbed.simulation.streams import CLOSED, CUT, REFUSED, TIMED_OUT

SERVER, CLIENT = ("10.0.0.2", 2775), ("10.0.0.1", 0)
START = 1000.0
LATENCY = 0.05


class World:
    """A server, a client, and a network between them."""

    def __init__(self, on_server=None, on_client=None, quality=None):
        quality = quality or LinkQuality(latency=LATENCY)
        self.network = VirtualNetwork(7, quality={Interface.SMPP: quality}, start=START)
        self.server = ScriptedStreamNode("server", listens={Interface.SMPP}, on_stream=on_server)
        self.client = ScriptedStreamNode("client", on_stream=on_client)
        self.passed = []
        self.network.on_passed(self.passed.append)
        self.network.attach(self.server, {Interface.SMPP: SERVER})
        self.network.attach(self.client, {Interface.SMPP: CLIENT})

    def connect(self, peer=SERVER, attempt=1):
        self.do(self.client, lambda: self.client.connect(Interface.SMPP, peer, attempt))

    def do(self, node, action):
        self.network.command(node, lambda _now: action())

    def run(self, seconds=1.0):
        self.network.run_until(self.network.now() + seconds)

    def established(self):
        self.connect()
        self.run()
        return self.client.connections[-1], self.server.connections[-1]


def echo(node, event):
    """Send back what comes."""
    if isinstance(event, StreamReceived):
        node.transmit(event.connection, event.data)


def test_a_scripted_node_is_a_stream_node() -> None:
    """The fake satisfies the contract, and a node without connections does not."""
    assert isinstance(ScriptedStreamNode("x"), StreamNode)


def test_both_ends_hear_of_a_connection() -> None:
    """The listener after one latency, the other after two; each knows who the other is."""
    world = World()
    world.connect(attempt=42)
    world.network.run_until(START + LATENCY * 1.5)
    (accepted,) = world.server.stream
    assert world.client.stream == []
    world.run()
    (opened,) = world.client.stream
    assert isinstance(accepted, Connected)
    assert isinstance(opened, Connected)
    assert (opened.attempt, accepted.attempt) == (42, None)
    assert (opened.peer, opened.local) == (accepted.local, accepted.peer) == (SERVER, opened.local)
    assert opened.local[0] == CLIENT[0]
    assert opened.connection != accepted.connection


def test_octets_arrive_once_and_in_order() -> None:
    """However much the latency changes, nothing overtakes."""
    world = World(on_server=echo, quality=LinkQuality(latency=LATENCY, jitter=0.5))
    connection, accepted = world.established()
    for number in range(50):
        world.do(world.client, lambda n=number: world.client.transmit(connection, b"%d " % n))
        world.run(0.01)
    world.run(3.0)
    sent = b"".join(b"%d " % number for number in range(50))
    assert world.server.octets(accepted) == sent
    assert world.client.octets(connection) == sent


def test_what_was_sent_before_a_disconnect_arrives() -> None:
    """The closer hears at once, the other behind the last octets; the latter are not lost."""
    world = World()
    connection, accepted = world.established()

    def farewell():
        world.client.transmit(connection, b"bye")
        world.client.disconnect(connection)
        world.client.transmit(connection, b"too late")
        world.client.disconnect(connection)

    world.do(world.client, farewell)
    world.run()
    assert world.server.octets(accepted) == b"bye"
    assert world.server.endings() == [(accepted, CLOSED)]
    assert world.client.endings() == [(connection, CLOSED_HERE)]


def test_octets_for_an_end_that_has_closed_are_lost() -> None:
    """Whoever closes hears no more."""
    world = World()
    connection, accepted = world.established()
    world.do(world.server, lambda: world.server.transmit(accepted, b"late"))
    world.do(world.client, lambda: world.client.disconnect(connection))
    world.run()
    assert world.client.octets(connection) == b""
    assert len(world.client.endings()) == len(world.server.endings()) == 1


@pytest.mark.parametrize("peer", [("10.0.0.2", 2776), ("10.9.9.9", 2775)])
def test_a_connection_to_nobody_is_refused(peer) -> None:
    """Where nobody listens the attempt fails after a round trip."""
    world = World()
    world.connect(peer)
    world.run()
    assert world.client.stream == [ConnectFailed(1, REFUSED)]


def test_a_connection_to_one_that_does_not_listen_is_refused() -> None:
    """A node that is there but takes no connections refuses."""
    world = World()
    deaf = ScriptedStreamNode("deaf")
    world.network.attach(deaf, {Interface.SMPP: ("10.0.0.3", 2775)})
    world.connect(("10.0.0.3", 2775))
    world.run()
    assert world.client.stream == [ConnectFailed(1, REFUSED)]


def test_a_cut_ends_connections_and_lets_attempts_time_out() -> None:
    """Both ends hear it; what is under way is lost; after mending a new connection works."""
    world = World()
    connection, accepted = world.established()
    world.do(world.client, lambda: world.client.transmit(connection, b"lost"))
    world.network.cut("client", "server")
    world.run()
    assert world.server.octets(accepted) == b""
    assert world.server.endings() == [(accepted, CUT)]
    assert world.client.endings() == [(connection, CUT)]
    world.connect(attempt=2)
    world.run(9.9)
    assert world.client.stream[-1] == Disconnected(connection, CUT)
    world.run(0.2)
    assert world.client.stream[-1] == ConnectFailed(2, TIMED_OUT)
    world.network.mend("client", "server")
    again, _ = world.established()
    assert again > connection


def test_a_cut_of_others_changes_nothing() -> None:
    """Only connections between the two that are named break."""
    world = World(on_server=echo)
    connection, _ = world.established()
    world.network.cut("client", "somebody else")
    world.do(world.client, lambda: world.client.transmit(connection, b"still"))
    world.run()
    assert world.client.octets(connection) == b"still"


def test_a_cut_while_connecting_is_told_after_the_connection() -> None:
    """Nobody loses a connection before having it."""
    world = World()
    world.connect()
    world.network.run_until(START + LATENCY * 1.01)
    world.network.cut("client", "server")
    world.run()
    assert [type(event) for event in world.client.stream] == [Connected, Disconnected]
    assert [type(event) for event in world.server.stream] == [Connected, Disconnected]


def test_a_crash_resets_connections() -> None:
    """Who is left hears it; a node of the same name starts anew."""
    world = World()
    connection, _ = world.established()
    world.network.detach(world.server)
    world.run()
    assert world.client.endings() == [(connection, RESET)]
    assert world.server.endings() == []
    world.connect(attempt=2)
    world.run()
    assert world.client.stream[-1] == ConnectFailed(2, REFUSED)
    reborn = ScriptedStreamNode("server", listens={Interface.SMPP})
    world.network.attach(reborn, {Interface.SMPP: SERVER})
    world.connect(attempt=3)
    world.run()
    assert len(reborn.connections) == 1


def test_a_crash_while_connecting_leaves_no_half_connection() -> None:
    """An attempt of a node that is gone does not reach the listener."""
    world = World()
    world.connect()
    world.network.detach(world.client)
    world.run()
    assert world.server.stream == []


def test_a_crash_of_an_end_that_was_closing_is_quiet() -> None:
    """What was closing stays closed."""
    world = World()
    connection, accepted = world.established()
    world.do(world.client, lambda: world.client.disconnect(connection))
    world.network.detach(world.client)
    world.run()
    assert world.server.endings() == [(accepted, CLOSED)]


def test_taps_see_a_connection_from_its_beginning_to_its_end() -> None:
    """Opened by the client, octets in pieces, closed by whoever closes: each once."""
    world = World(on_server=echo)
    connection, _ = world.established()
    world.do(world.client, lambda: world.client.transmit(connection, b"x"))
    world.run()
    world.do(world.client, lambda: world.client.disconnect(connection))
    world.run()
    assert [(p.phase, p.sender, p.receiver, p.data) for p in world.passed] == [
        (Phase.OPENED, "client", "server", b""),
        (Phase.DATA, "client", "server", b"x"),
        (Phase.DATA, "server", "client", b"x"),
        (Phase.CLOSED, "client", "server", b""),
    ]
    assert {p.interface for p in world.passed} == {Interface.SMPP}


def test_the_same_seed_gives_the_same_course() -> None:
    """Connections are in the trace."""
    traces = set()
    for data in (b"a", b"a", b"b"):
        world = World(on_server=echo, quality=LinkQuality(jitter=0.1))
        connection, _ = world.established()
        world.client.transmit(connection, data)
        world.do(world.client, lambda: None)
        world.run()
        traces.add(world.network.trace)
    assert len(traces) == 2


def test_connections_lose_nothing() -> None:
    """What runs over TCP cannot be given loss."""
    with pytest.raises(ValueError, match="smpp runs over TCP"):
        VirtualNetwork(1, quality={Interface.SMPP: LinkQuality(loss=0.1)})


def test_a_free_port_is_found_for_a_listener() -> None:
    """Port 0 becomes one that nobody has; clients without a port do not get in each other's way."""
    world = World()
    others = [ScriptedStreamNode(f"other-{n}", listens={Interface.SMPP}) for n in range(2)]
    for other in others:
        world.network.attach(other, {Interface.SMPP: ("10.0.0.2", 0)})
    ports = {world.network.address_of(other, Interface.SMPP)[1] for other in others}
    assert len(ports) == 2
    assert 0 not in ports
    world.network.attach(ScriptedStreamNode("client-2"), {Interface.SMPP: CLIENT})


def test_a_node_that_raises_is_named() -> None:
    """A fault of a node in virtual time says which node and which seed."""

    def raises(node, event):
        raise RuntimeError("a bug")

    world = World(on_server=raises)
    world.connect()
    with pytest.raises(RuntimeError) as caught:
        world.run()
    assert "server at 1000.05, seed 7" in caught.value.__notes__[0]


def interfere(world, *fates):
    """Give each segment of the client its fate, in order, and then let everything go."""
    shown, left = [], list(fates)

    def interference(passed):
        if passed.sender != "client":
            return None
        shown.append((passed.phase, passed.data, passed.receiver))
        return left.pop(0) if left else None

    world.network.interference = interference
    return shown


def test_what_is_lost_on_a_connection_comes_later_and_holds_up_the_rest() -> None:
    """TCP sends it again; a capture has it once."""
    world = World()
    connection, _ = world.established()
    shown = interfere(world, LOST)
    for octets in (b"one", b"two"):
        world.do(world.client, lambda octets=octets: world.client.transmit(connection, octets))
    world.run(0.9)
    assert world.server.octets(world.server.connections[-1]) == b""
    world.run(1)
    assert world.server.octets(world.server.connections[-1]) == b"onetwo"
    data = [(Phase.DATA, octets, "server") for octets in (b"one", b"two", b"one")]
    assert shown == data
    assert [p.data for p in world.passed if p.phase is Phase.DATA] == [b"one", b"two"]


def test_an_attempt_is_held_up_or_fails_when_it_is_lost() -> None:
    """The handshake is sent again as long as the attempt lasts."""
    world = World()
    interfere(world, LOST)
    world.connect()
    world.run(0.9)
    assert world.client.stream == []
    world.run(1)
    assert world.client.connections
    interfere(world, *[LOST] * 20)
    world.connect(attempt=2)
    world.run(11)
    assert world.client.stream[-1] == ConnectFailed(2, TIMED_OUT)


def test_the_end_waits_for_what_was_sent_before() -> None:
    """Who closes hears it at once, the other when the octets are there."""
    world = World()
    connection, accepted = world.established()
    interfere(world, Fate(sendings=(2.0,)))
    world.do(world.client, lambda: world.client.transmit(connection, b"late"))
    world.do(world.client, lambda: world.client.disconnect(connection))
    world.run(1)
    assert world.client.endings() == [(connection, CLOSED_HERE)]
    assert world.server.endings() == []
    world.run(2)
    assert world.server.octets(accepted) == b"late"
    assert world.server.endings() == [(accepted, CLOSED)]


def test_a_connection_that_loses_everything_is_over() -> None:
    """After a hundred seconds both ends hear it, once."""
    world = World()
    connection, accepted = world.established()
    world.network.interference = lambda passed: LOST
    world.do(world.client, lambda: world.client.transmit(connection, b"lost"))
    world.run(GIVE_UP - 1)
    assert world.client.endings() == []
    world.run(2)
    assert world.client.endings() == [(connection, NOT_ACKNOWLEDGED)]
    assert world.server.endings() == [(accepted, NOT_ACKNOWLEDGED)]
    assert world.server.octets(accepted) == b""


def test_connections_are_reset_by_interface() -> None:
    """Both ends hear it; what is under way is lost, and there may be new ones."""
    world = World()
    connection, accepted = world.established()
    world.network.interference = lambda passed: Fate(sendings=(0.5,))
    world.do(world.client, lambda: world.client.transmit(connection, b"lost"))
    assert world.network.reset(Interface.GSUP) == 0
    assert world.network.reset(Interface.SMPP) == 1
    world.run()
    assert world.client.endings() == [(connection, RESET)]
    assert world.server.endings() == [(accepted, RESET)]
    assert world.server.octets(accepted) == b""
    world.network.interference = None
    world.connect(attempt=2)
    world.run()
    assert len(world.client.connections) == 2
