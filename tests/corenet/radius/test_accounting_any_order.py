"""Accounting over a network that loses, doubles and delays, and over restarts: nothing is lost.

The test plays servers that keep what they are told, and looks at it as an operator would.
"""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from corenet.radius.accounting import AccountingPolicy, AccountingStatus, RadiusServer
from corenet.radius.client import AccountingClient
from corenet.radius.journal import MemoryJournal
from corenet.radius.packets import Code, Packet, is_authentic_request, read, response

SERVERS = (
    RadiusServer(("192.0.2.5", 1813), b"radius"),
    RadiusServer(("192.0.2.6", 1813), b"other"),
)
SECRETS = {server.address: server.secret for server in SERVERS}
POLICY = AccountingPolicy(
    first_wait=1.0, longest_wait=4.0, tries_per_server=2, dead_time=10.0, give_up_after=1e9
)
START, STOP = AccountingStatus.START, AccountingStatus.STOP
INTERIM, ON = AccountingStatus.INTERIM_UPDATE, AccountingStatus.ACCOUNTING_ON
END = 100_000.0


class World:
    """A client with its servers, and a network with chances."""

    def __init__(self, seed: int, loss: float, down: frozenset[int]) -> None:
        self.random = Random(seed)
        self.loss = loss
        self.down = {SERVERS[index].address for index in down}
        self.now = 1_800_000_000.0
        self.journal = MemoryJournal()
        self.told: list[Packet] = []
        """What either server took, in order, repetitions included."""
        self.on_the_way: list[tuple[float, bytes, tuple[str, int], bool]] = []
        self.sessions = 0
        self.start()

    def start(self) -> None:
        """Begin a life of the client's."""
        self.client = AccountingClient(
            SERVERS, POLICY, random=Random(self.random.random()), journal=self.journal
        )
        self.client.resume(self.now)
        self.client.record(ON, b"", self.now)
        self.carry()

    def carry(self) -> None:
        """Put on the network what the client sends."""
        for data, peer in self.client.take_datagrams():
            self.put(data, peer, to_server=True)

    def put(self, data: bytes, peer: tuple[str, int], *, to_server: bool) -> None:
        if self.random.random() < self.loss:
            return
        for _ in range(1 + (self.random.random() < 0.1)):
            due = self.now + self.random.uniform(0.01, 1.5)
            self.on_the_way.append((due, data, peer, to_server))

    def session(self) -> None:
        """Tell of a session from its start to its end."""
        self.sessions += 1
        for status in (START, INTERIM, STOP):
            self.client.record(status, b"", self.now, session=f"{self.sessions:08}")
        self.carry()

    def advance(self, seconds: float) -> None:
        """Let time pass, event by event."""
        end = self.now + seconds
        while True:
            due = min((one[0] for one in self.on_the_way), default=END + end)
            timeout = self.client.next_timeout()
            due = due if timeout is None else min(due, timeout)
            if due > end:
                break
            self.now = max(self.now, due)
            self.client.handle_timeout(self.now)
            arrived = [one for one in self.on_the_way if one[0] <= self.now]
            self.on_the_way = [one for one in self.on_the_way if one[0] > self.now]
            for _, data, peer, to_server in arrived:
                if not to_server:
                    self.client.receive(data, peer, self.now)
                elif peer not in self.down:
                    self.serve(data, peer)
            self.carry()
        self.now = end

    def serve(self, data: bytes, peer: tuple[str, int]) -> None:
        packet = read(data)
        assert is_authentic_request(packet, SECRETS[peer])
        self.told.append(packet)
        answer = response(Code.ACCOUNTING_RESPONSE, packet, b"", SECRETS[peer])
        self.put(answer, peer, to_server=False)


@settings(max_examples=60)
@given(
    st.integers(0, 2**32),
    st.sampled_from([0.0, 0.2, 0.6]),
    st.sampled_from([frozenset(), frozenset({0}), frozenset({1})]),
    st.lists(st.sampled_from(["session", "wait", "longer", "kill", "stop", "swap"]), max_size=14),
)
def test_everything_is_told_in_its_order(seed, loss, down, steps) -> None:
    """Whatever the network does, and however often the GGSN is killed or stopped."""
    world = World(seed, loss, down)
    for step in steps:
        if step == "session":
            world.session()
        elif step in ("wait", "longer"):
            world.advance(0.7 if step == "wait" else 20.0)
        elif step == "swap":
            world.down = {server.address for server in SERVERS} - world.down
        else:
            if step == "stop":
                world.client.stop(world.now)
                world.carry()
            world.on_the_way.clear()
            world.start()
    # In the end both servers work, and nothing is lost any more.
    world.loss, world.down = 0.0, set()
    world.advance(3000.0)
    assert world.client.pending == 0
    assert world.client.next_timeout() is None
    assert world.journal.entries() == ()
    first: dict[tuple[str, int], int] = {}
    for place, packet in enumerate(world.told):
        status = packet.attributes.integer("Acct-Status-Type") or 0
        first.setdefault((packet.attributes.text("Acct-Session-Id") or "", status), place)
    for number in range(1, world.sessions + 1):
        session = f"{number:08}"
        assert first[session, 1] < first[session, 3] < first[session, 2]
    for packet in world.told:
        made = packet.attributes.integer("Event-Timestamp")
        delay = packet.attributes.integer("Acct-Delay-Time")
        assert made is not None
        assert delay is not None
        assert made + delay <= world.now
