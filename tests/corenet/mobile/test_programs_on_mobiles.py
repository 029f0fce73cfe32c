"""A mobile that programs run on: which packets they get, and which of theirs leave."""

from __future__ import annotations

from random import Random

import pytest

from corenet.gi import icmp, ip
from corenet.interfaces.application import Application, Host
from corenet.interfaces.nas import sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.interfaces.node import ANYWHERE, Address, Datagram, Interface
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import DatagramReceived
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import CELLS, ScriptedNetwork

IMSI, ADDRESS = "234150999999999", "10.45.0.7"
SERVER: Address = ("192.0.2.9", 80)


class Push(Application):
    """An emulated application on UDP 2948."""

    def __init__(self, host: Host) -> None:
        host.bind(lambda *_: None, 2948)


@pytest.fixture
def mobiles() -> Mobiles:
    mobiles = Mobiles(cells=CELLS, random=Random(1), applications=lambda host: (Push(host),))
    mobiles.add(MobileConfig(IMSI, "447700900123", apns=("internet",), terminal=True))
    return mobiles


@pytest.fixture
def network(mobiles: Mobiles) -> ScriptedNetwork:
    network = ScriptedNetwork(mobiles)
    network.attach(IMSI)
    mobiles.activate(IMSI, None, network.now)
    ti = sm.TransactionIdentifier(0, flag=True)
    network.say(IMSI, sm.ActivatePdpContextAccept(ti, pdp_address=PdpAddress.for_ipv4(ADDRESS)))
    network.heard()
    network.events()
    return network


def send(mobiles: Mobiles, packet: bytes, imsi: str = IMSI) -> None:
    """Let a program send a packet."""
    mobiles.receive(Interface.TERMINAL, packet, peer=(imsi, 0), local=ANYWHERE, now=1000.0)


@pytest.mark.parametrize(
    "packet",
    [
        pytest.param(ip.udp_packet(SERVER, (ADDRESS, 40_000), b"hello"), id="udp"),
        pytest.param(ip.ipv4_packet(SERVER[0], ADDRESS, 6, bytes(20)), id="tcp"),
        pytest.param(icmp.Echo(SERVER[0], ADDRESS, 1, 1).packet(), id="ping"),
        pytest.param(ip.ipv4_packet(SERVER[0], "224.0.0.1", 17, b"odd"), id="anything"),
    ],
)
def test_programs_get_what_no_application_has(
    mobiles: Mobiles, network: ScriptedNetwork, packet: bytes
) -> None:
    """Whole, and nothing is answered in their place."""
    network.send_packet(IMSI, 5, packet)
    assert mobiles.take_datagrams() == [Datagram(Interface.TERMINAL, (IMSI, 0), packet)]
    assert network.events() == []


def test_an_emulated_application_keeps_its_port(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """Pushes are shown on a mobile with programs, too."""
    network.send_packet(IMSI, 5, ip.udp_packet(SERVER, (ADDRESS, 2948), b"push"))
    assert mobiles.take_datagrams() == []
    assert network.events() == [DatagramReceived(IMSI, 2948, b"push")]


def test_packets_of_programs_leave_with_their_context(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """From the mobile's address, as they are."""
    packet = ip.ipv4_packet(ADDRESS, SERVER[0], 6, bytes(20))
    send(mobiles, packet)
    assert network.packets() == [(IMSI, 5, packet)]


@pytest.mark.parametrize(
    ("packet", "counter"),
    [
        (ip.ipv4_packet("10.45.0.8", SERVER[0], 6, b"x"), "program_packets_without_context"),
        (bytes.fromhex("60000000 0000 3a ff") + bytes(32), "program_packets_without_context"),
        (b"", "program_packets_without_context"),
        (ip.ipv4_packet(ADDRESS, SERVER[0], 6, bytes(1600)), "program_packets_too_long"),
    ],
    ids=["another-address", "ipv6", "nothing", "too-long"],
)
def test_what_cannot_leave_is_counted(
    mobiles: Mobiles, network: ScriptedNetwork, packet: bytes, counter: str
) -> None:
    """And the mobile is none the worse for it."""
    send(mobiles, packet)
    assert (network.packets(), mobiles.counters) == ([], {counter: 1})


def test_nothing_leaves_without_a_context(mobiles: Mobiles) -> None:
    """Nor from a mobile that is not there."""
    packet = ip.ipv4_packet(ADDRESS, SERVER[0], 6, b"x")
    send(mobiles, packet)
    send(mobiles, packet, "234150000000000")
    assert mobiles.take_datagrams() == []
    assert mobiles.counters == {"program_packets_without_context": 1}
