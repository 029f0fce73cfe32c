"""Packets to and from a mobile's applications, and its screen."""

from __future__ import annotations

from random import Random

import pytest

from corenet.gi import icmp, ip
from corenet.interfaces import llc, sndcp
from corenet.interfaces.application import Application, Host, Shown
from corenet.interfaces.nas import sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.interfaces.node import Address
from corenet.mobile.config import MobileConfig
from corenet.mobile.errors import MobileError
from corenet.mobile.events import DatagramReceived, EchoAnswered, ShownOnScreen
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import CELLS, ScriptedNetwork

IMSI = "234150999999999"
ADDRESS = "10.45.0.7"
GATEWAY: Address = ("192.0.2.9", 9200)
HELLO = Shown("text", "hello")


class Echo(Application):
    """Shows what it gets and sends it back, as many times over as told."""

    def __init__(self) -> None:
        self.times = 1
        self.received: list[tuple[bytes, Address, float]] = []

    def on(self, host: Host) -> tuple[Application, ...]:
        self._host = host
        host.bind(self.receive, 2948)
        return (self,)

    def receive(self, payload: bytes, source: Address, local: Address, now: float) -> None:
        self.received.append((payload, source, now))
        if payload != b"nothing":
            self._host.show(Shown("text", payload.decode()))
            self._host.send(payload * self.times, local, source)


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def mobiles(echo: Echo) -> Mobiles:
    mobiles = Mobiles(cells=CELLS, random=Random(1), applications=echo.on)
    mobiles.add(MobileConfig(IMSI, "447700900123", apns=("wap.example",)))
    return mobiles


@pytest.fixture
def network(mobiles: Mobiles) -> ScriptedNetwork:
    network = ScriptedNetwork(mobiles)
    network.attach(IMSI)
    mobiles.activate(IMSI, None, network.now)
    accept = sm.ActivatePdpContextAccept(
        sm.TransactionIdentifier(0, flag=True), pdp_address=PdpAddress.for_ipv4(ADDRESS)
    )
    network.say(IMSI, accept)
    network.heard()
    network.events()
    return network


def packet(payload: bytes, *, port: int = 2948, address: str = ADDRESS) -> bytes:
    return ip.udp_packet(GATEWAY, (address, port), payload)


def test_datagram_reaches_its_application(
    mobiles: Mobiles, network: ScriptedNetwork, echo: Echo
) -> None:
    """It is delivered, shown, and the reply goes back where it came from."""
    network.send_packet(IMSI, 5, packet(b"hello"))
    assert echo.received == [(b"hello", GATEWAY, 1000.0)]
    assert network.events() == [
        DatagramReceived(IMSI, 2948, b"hello"),
        ShownOnScreen(IMSI, 1, HELLO),
    ]
    ((imsi, nsapi, reply),) = network.packets()
    assert (imsi, nsapi) == (IMSI, 5)
    assert ip.parse_udp(reply) == ip.UdpDatagram((ADDRESS, 2948), GATEWAY, b"hello")
    assert mobiles.mobile(IMSI).shown == (HELLO,)
    assert network.heard() == []


def test_application_may_do_nothing(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """No reply and nothing shown is a reaction too."""
    network.send_packet(IMSI, 5, packet(b"nothing"))
    assert network.events() == [DatagramReceived(IMSI, 2948, b"nothing")]
    assert (network.packets(), mobiles.mobile(IMSI).shown) == ([], ())


def test_screen_forgets_the_oldest(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A hundred lines are kept, and how many there were before."""
    for number in range(101):
        network.send_packet(IMSI, 5, packet(str(number).encode()))
    view = mobiles.mobile(IMSI)
    texts = [shown.text for shown in view.shown]
    assert (len(texts), texts[0], texts[-1], view.forgotten) == (100, "1", "100", 1)


@pytest.mark.clause(
    "WAP-235", "secure push (UDP 2949) at the terminal", status="no: counted as for a closed port"
)
def test_closed_port_is_counted(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """The datagram arrived, but nothing listens; no answer is sent."""
    network.send_packet(IMSI, 5, packet(b"hello", port=9))
    assert network.events() == [DatagramReceived(IMSI, 9, b"hello")]
    assert network.packets() == []
    assert mobiles.counters == {"datagrams_to_closed_ports": 1}


@pytest.mark.parametrize(
    ("nsapi", "data", "counter"),
    [
        pytest.param(6, packet(b"hello"), "packets_without_context", id="other-nsapi"),
        pytest.param(5, packet(b"hello", address="10.45.0.8"), "packets_for_others", id="address"),
        pytest.param(5, b"noise", "unread_packets", id="no-packet"),
        pytest.param(
            5, ip.ipv4_packet("192.0.2.9", ADDRESS, 1, b"ping"), "unread_packets", id="icmp"
        ),
        pytest.param(
            5, icmp.Echo("192.0.2.9", "10.45.0.8", 1, 1).packet(), "packets_for_others", id="ping"
        ),
        pytest.param(
            5,
            icmp.Echo("192.0.2.9", ADDRESS, 1, 1, reply=True).packet(),
            "echo_replies_unasked",
            id="echo-reply",
        ),
    ],
)
def test_packet_that_is_not_for_an_application_is_counted(
    mobiles: Mobiles, network: ScriptedNetwork, nsapi: int, data: bytes, counter: str
) -> None:
    """Other contexts, other addresses and other protocols are dropped."""
    network.send_packet(IMSI, nsapi, data)
    assert (network.events(), network.packets()) == ([], [])
    assert mobiles.counters == {counter: 1}


def test_ping_is_answered(network: ScriptedNetwork) -> None:
    """An ICMP Echo comes back with its data, from the address it was sent to."""
    ping = icmp.Echo("192.0.2.9", ADDRESS, identifier=7, sequence=3, data=bytes(range(56)))
    network.send_packet(IMSI, 5, ping.packet())
    ((imsi, nsapi, data),) = network.packets()
    assert (imsi, nsapi, icmp.parse_echo(data)) == (IMSI, 5, ping.answer())
    assert network.events() == [EchoAnswered(IMSI, "192.0.2.9", 3)]


def test_ping_that_no_answer_fits_is_counted(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """A frame longer than any we send brings an Echo that cannot go back whole."""
    ping = icmp.Echo("192.0.2.9", ADDRESS, 7, 3, bytes(1600)).packet()
    frame = llc.encode_ui(3, sndcp.encode(5, b"", 0), uplink=False, nu=0)[:-3] + ping
    network.send_frame(IMSI, frame + llc.frame_check_sequence(frame))
    assert (network.packets(), network.events()) == ([], [])
    assert mobiles.counters == {"replies_too_long": 1}


def test_pdu_that_is_not_sndcp_is_counted(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """What SNDCP cannot read is dropped."""
    network.send_frame(IMSI, llc.encode_ui(3, b"no", uplink=False, nu=0))
    assert mobiles.counters == {"unread_packets": 1}


def test_context_that_is_being_deactivated_carries_nothing(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """Data stop with the wish to deactivate."""
    mobiles.deactivate(IMSI, None, network.now)
    network.send_packet(IMSI, 5, packet(b"hello"))
    assert mobiles.counters == {"packets_without_context": 1}
    with pytest.raises(MobileError, match="no active PDP context"):
        mobiles.send_udp(IMSI, 1, GATEWAY, b"hello", network.now)


def test_mobile_sends_a_datagram(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """It leaves on the active context, from its address."""
    mobiles.send_udp(IMSI, 40000, GATEWAY, b"hello", network.now)
    ((imsi, nsapi, data),) = network.packets()
    assert (imsi, nsapi) == (IMSI, 5)
    assert ip.parse_udp(data) == ip.UdpDatagram((ADDRESS, 40000), GATEWAY, b"hello")


def test_user_data_frames_are_numbered(mobiles: Mobiles, network: ScriptedNetwork) -> None:
    """N(U) and N-PDU number count up, apart from signalling's."""
    for _ in range(3):
        mobiles.send_udp(IMSI, 40000, GATEWAY, b"hello", network.now)
    frames = [llc.decode_ui(datagram.data) for datagram in mobiles.take_datagrams()]
    assert [(frame.sapi, frame.nu) for frame in frames] == [(3, 0), (3, 1), (3, 2)]
    assert [frame.payload[3] for frame in frames] == [0, 1, 2]


def test_mobile_sends_on_the_sapi_that_the_network_chose(
    mobiles: Mobiles, network: ScriptedNetwork
) -> None:
    """The accept names the LLC SAPI of the context."""
    mobiles.activate(IMSI, "b", network.now, address="10.46.0.7")
    network.say(IMSI, sm.ActivatePdpContextAccept(sm.TransactionIdentifier(1, flag=True), 5))
    network.heard()
    data = ip.udp_packet(GATEWAY, ("10.46.0.7", 2948), b"hello")
    network.send_frame(IMSI, llc.encode_ui(5, sndcp.encode(6, data, 0), uplink=False, nu=0))
    (datagram,) = mobiles.take_datagrams()
    assert llc.decode_ui(datagram.data).sapi == 5


@pytest.mark.parametrize(
    ("destination", "payload"), [(GATEWAY, bytes(1600)), (("2001:db8::1", 9), b"hello")]
)
def test_datagram_that_does_not_fit_is_refused(
    mobiles: Mobiles, network: ScriptedNetwork, destination: Address, payload: bytes
) -> None:
    """Too much for a frame, or no IPv4 destination, is the caller's mistake."""
    with pytest.raises(MobileError, match="cannot send"):
        mobiles.send_udp(IMSI, 40000, destination, payload, network.now)


def test_reply_that_does_not_fit_is_counted(
    mobiles: Mobiles, network: ScriptedNetwork, echo: Echo
) -> None:
    """An application that replies too much doesn't stop the node."""
    echo.times = 400
    network.send_packet(IMSI, 5, packet(b"hello"))
    assert network.packets() == []
    assert mobiles.counters == {"application_datagrams_unsent": 1}
