"""What applications on a mobile are given: ports, time, contexts, taps."""

from __future__ import annotations

from random import Random

import pytest

from corenet.gi import ip
from corenet.interfaces.application import Application, Host, Shown
from corenet.interfaces.nas import sm
from corenet.interfaces.nas.elements import PdpAddress
from corenet.interfaces.node import Address
from corenet.mobile.config import MobileConfig
from corenet.mobile.errors import MobileError, UnsuitableSetting
from corenet.mobile.events import ApplicationReported, ShownOnScreen
from corenet.mobile.population import Mobiles
from corenet.mobile.testing import CELLS, ScriptedNetwork

IMSI, OTHER = "234150999999999", "234150999999998"
ADDRESS = "10.45.0.7"
SERVER: Address = ("192.0.2.9", 9201)
PORT = 2948


class Program(Application):
    """Notes what it is told of; the tests use its host in its place."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.told: list[tuple[object, ...]] = []
        host.bind(self.receive, PORT)

    def receive(self, payload: bytes, source: Address, local: Address, now: float) -> None:
        self.told.append(("received", payload, source, local, now))

    def context_activated(self, address: str, now: float) -> None:
        self.told.append(("activated", address, now))

    def context_ended(self, address: str, now: float) -> None:
        self.told.append(("ended", address, now))

    def context_refused(self, now: float) -> None:
        self.told.append(("refused", now))

    def tapped(self, shown: Shown, now: float) -> bool:
        self.told.append(("tapped", shown.text, now))
        return shown.kind == "link"

    def configure(self, name: str, value: str) -> bool:
        if value == "infrared":
            raise ValueError("none that can be seen")
        if name == "colour":
            self.told.append(("configured", value))
        return name == "colour"


class Lab:
    """Two attached mobiles with a program each, made when it is needed."""

    def __init__(self) -> None:
        self.programs: dict[str, Program] = {}
        self.mobiles = Mobiles(cells=CELLS, random=Random(1), applications=self.make)
        self.network = ScriptedNetwork(self.mobiles)
        for imsi in (IMSI, OTHER):
            self.mobiles.add(MobileConfig(imsi, "447700900123", apns=("wap.example",)))
            self.network.attach(imsi)

    def make(self, host: Host) -> tuple[Application, ...]:
        program = self.programs[host.imsi] = Program(host)
        return (program, Application())

    @property
    def program(self) -> Program:
        """The first mobile's program; a tap on nothing brings it into being."""
        if IMSI not in self.programs:
            with pytest.raises(MobileError, match="shows no item 1"):
                self.mobiles.tap(IMSI, 1, self.network.now)
        return self.programs[IMSI]

    def accept(self, number: int = 0, address: str = ADDRESS) -> None:
        """Grant the context that the mobile has asked for."""
        ti = sm.TransactionIdentifier(number, flag=True)
        self.network.say(
            IMSI, sm.ActivatePdpContextAccept(ti, pdp_address=PdpAddress.for_ipv4(address))
        )
        self.network.heard()

    def online(self) -> Program:
        """Return the program of the mobile with a context."""
        program = self.program
        self.mobiles.activate(IMSI, None, self.network.now)
        self.accept()
        self.network.wait(0)
        program.told.clear()
        return program


@pytest.fixture
def lab() -> Lab:
    return Lab()


def test_applications_are_made_when_they_are_needed(lab: Lab) -> None:
    """Attaching and a context of the mobile's own need none; the first datagram does."""
    lab.mobiles.activate(IMSI, None, lab.network.now)
    lab.accept()
    assert lab.programs == {}
    lab.network.send_packet(IMSI, 5, ip.udp_packet(SERVER, (ADDRESS, 9), b"x"))
    lab.network.send_packet(IMSI, 5, ip.udp_packet(SERVER, (ADDRESS, PORT), b"hello"))
    assert list(lab.programs) == [IMSI]
    assert lab.program.told == [("received", b"hello", SERVER, (ADDRESS, PORT), 1000.0)]
    assert lab.program.host.imsi == IMSI


def test_two_applications_on_one_port_are_refused(lab: Lab) -> None:
    """A port has one listener until it is given back."""
    program = lab.program
    with pytest.raises(ValueError, match="two applications on port 2948"):
        Program(program.host)
    program.host.unbind(PORT)
    program.host.bind(program.receive, PORT)


def test_application_sends_from_a_port_of_its_own(lab: Lab) -> None:
    """A free port of the dynamic range is given; what arrives there reaches who asked for it."""
    program = lab.online()
    heard: list[bytes] = []
    port = program.host.bind(lambda payload, source, local, now: heard.append(payload))
    assert port in range(49_152, 65_536)
    assert program.host.send(b"hello", (ADDRESS, port), SERVER)
    ((_, _, packet),) = lab.network.packets()
    assert ip.parse_udp(packet) == ip.UdpDatagram((ADDRESS, port), SERVER, b"hello")
    lab.network.send_packet(IMSI, 5, ip.udp_packet(SERVER, (ADDRESS, port), b"answer"))
    assert heard == [b"answer"]
    program.host.unbind(port)
    lab.network.send_packet(IMSI, 5, ip.udp_packet(SERVER, (ADDRESS, port), b"late"))
    assert heard == [b"answer"]
    assert lab.mobiles.counters == {"datagrams_to_closed_ports": 1}


def test_free_ports_are_taken_in_turn_and_run_out(lab: Lab) -> None:
    """A port that was given back is the last to be given again; there are 16,384 of them."""
    host = lab.program.host
    ports = [host.bind(lab.program.receive) for _ in range(16_384)]
    assert sorted(ports) == list(range(49_152, 65_536))
    with pytest.raises(ValueError, match="no port is free"):
        host.bind(lab.program.receive)
    host.unbind(ports[5])
    assert host.bind(lab.program.receive) == ports[5]


def test_application_sends_from_each_of_two_contexts(lab: Lab) -> None:
    """The local address says which context a datagram leaves by."""
    program = lab.online()
    lab.mobiles.activate(IMSI, "b", lab.network.now)
    lab.accept(1, "10.46.0.7")
    assert program.host.address == ADDRESS
    assert program.host.send(b"hello", ("10.46.0.7", 1), SERVER)
    ((_, nsapi, _),) = lab.network.packets()
    assert nsapi == 6


@pytest.mark.parametrize(
    ("local", "destination", "payload"),
    [
        pytest.param("10.45.0.8", SERVER, b"x", id="no-such-address"),
        pytest.param(ADDRESS, SERVER, bytes(1600), id="too-long"),
        pytest.param(ADDRESS, ("2001:db8::1", 1), b"x", id="no-ipv4"),
    ],
)
def test_datagram_that_cannot_leave_is_counted(
    lab: Lab, local: str, destination: Address, payload: bytes
) -> None:
    """The application hears so at once."""
    program = lab.online()
    assert not program.host.send(payload, (local, 1), destination)
    assert lab.mobiles.counters == {"application_datagrams_unsent": 1}


def test_alarms_of_applications_ring_on_the_mobiles_schedule(lab: Lab) -> None:
    """All applications of all mobiles have one schedule; what is cancelled does not ring."""
    rung: list[float] = []
    host = lab.program.host
    host.at(1010.0, rung.append)
    host.at(1005.0, rung.append)
    host.at(1007.0, rung.append).cancel()
    assert lab.mobiles.next_timeout() == 1005.0
    lab.network.wait(20)
    assert rung == [1005.0, 1010.0]
    assert lab.mobiles.next_timeout() is None


def test_application_shows_things_later(lab: Lab) -> None:
    """What an alarm shows is an event, and has the next number."""
    host = lab.program.host
    host.show(Shown("text", "now"))
    host.at(1005.0, lambda now: host.show(Shown("text", "later")))
    lab.network.wait(10)
    assert lab.network.events() == [
        ShownOnScreen(IMSI, 1, Shown("text", "now")),
        ShownOnScreen(IMSI, 2, Shown("text", "later")),
    ]


def test_application_reports_what_the_user_does_not_see(lab: Lab) -> None:
    """A report is an event and a count; chance is the node's."""
    host = lab.program.host
    host.report("session opened", {"gateway": "192.0.2.9"})
    assert lab.network.events() == [
        ApplicationReported(IMSI, "session opened", {"gateway": "192.0.2.9"})
    ]
    assert lab.mobiles.counters == {"session_opened": 1}
    assert 0 <= host.random.random() < 1


def test_application_asks_for_a_context(lab: Lab) -> None:
    """It is activated to the first APN; the application hears when it is there, and of its end."""
    program = lab.program
    assert program.host.address is None
    assert program.host.activate(lab.network.now)
    assert program.host.activate(lab.network.now)
    ((_, request),) = lab.network.heard()
    assert isinstance(request, sm.ActivatePdpContextRequest)
    assert request.apn == "wap.example"
    lab.accept()
    assert program.told == []
    lab.network.wait(0)
    assert program.told == [("activated", ADDRESS, 1000.0)]
    assert program.host.address == ADDRESS
    assert program.host.activate(lab.network.now)
    assert lab.network.heard() == []
    lab.network.wait(5)
    ti = sm.TransactionIdentifier(0, flag=True)
    lab.network.say(IMSI, sm.DeactivatePdpContextRequest(ti, 36))
    lab.network.wait(0)
    assert program.told[1:] == [("ended", ADDRESS, 1005.0)]
    assert program.host.address is None


def _reject(lab: Lab) -> None:
    ti = sm.TransactionIdentifier(0, flag=True)
    lab.network.say(IMSI, sm.ActivatePdpContextReject(ti, 26))


@pytest.mark.parametrize(
    "refuse",
    [
        pytest.param(_reject, id="refused"),
        pytest.param(lambda lab: lab.network.wait(200), id="no-answer"),
        pytest.param(lambda lab: lab.mobiles.detach(IMSI, lab.network.now), id="detached"),
        pytest.param(lambda lab: lab.mobiles.power_off(IMSI, lab.network.now), id="off"),
    ],
)
def test_application_hears_that_there_will_be_no_context(lab: Lab, refuse) -> None:
    """Refused, unanswered, or given up: the application is told once."""
    program = lab.program
    program.host.activate(lab.network.now)
    refuse(lab)
    lab.network.wait(0)
    assert [what for what, *_ in program.told] == ["refused"]


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda lab: lab.mobiles.detach(IMSI, lab.network.now), id="detached"),
        pytest.param(lambda lab: lab.mobiles.power_off(IMSI, lab.network.now), id="off"),
    ],
)
def test_application_that_wants_a_context_back_disturbs_no_detach(lab: Lab, end) -> None:
    """It is told after the procedure, and then the mobile is detached: no context."""
    program = lab.online()
    asked: list[bool] = []
    program.context_ended = lambda address, now: asked.append(program.host.activate(now))
    end(lab)
    lab.network.wait(0)
    assert asked == [False]
    assert lab.mobiles.mobile(IMSI).contexts == ()


def test_context_on_its_way_out_is_none(lab: Lab) -> None:
    """While one context is being deactivated another one can be asked for."""
    program = lab.online()
    lab.mobiles.deactivate(IMSI, None, lab.network.now)
    assert program.host.address is None
    assert program.host.activate(lab.network.now)
    kinds = [type(message) for _, message in lab.network.heard()]
    assert kinds == [sm.DeactivatePdpContextRequest, sm.ActivatePdpContextRequest]


def test_tap_reaches_the_application(lab: Lab) -> None:
    """It is told what was tapped; whoever has something to open says so."""
    program = lab.program
    program.host.show(Shown("text", "one"))
    program.host.show(Shown("link", "two"))
    lab.mobiles.tap(IMSI, 2, lab.network.now)
    with pytest.raises(MobileError, match="nothing to open behind this text"):
        lab.mobiles.tap(IMSI, 1, lab.network.now)
    assert program.told == [("tapped", "two", 1000.0), ("tapped", "one", 1000.0)]


def test_setting_reaches_the_application_that_has_it(lab: Lab) -> None:
    """A setting that none has is refused, and so is a value that it cannot have."""
    program = lab.program
    lab.mobiles.configure(IMSI, "colour", "blue", lab.network.now)
    assert program.told == [("configured", "blue")]
    with pytest.raises(UnsuitableSetting, match="no application of this mobile has a setting size"):
        lab.mobiles.configure(IMSI, "size", "blue", lab.network.now)
    with pytest.raises(UnsuitableSetting, match="colour: none that can be seen") as refused:
        lab.mobiles.configure(IMSI, "colour", "infrared", lab.network.now)
    assert refused.value.field == "value"


def test_tap_on_what_is_not_there_is_refused(lab: Lab) -> None:
    """Numbers count on when the oldest are forgotten; a mobile that is off cannot be tapped."""
    program = lab.program
    for number in range(102):
        program.host.show(Shown("link", str(number + 1)))
    for number in (-1, 0, 1, 2, 103):
        with pytest.raises(MobileError, match="shows no item"):
            lab.mobiles.tap(IMSI, number, lab.network.now)
    lab.mobiles.tap(IMSI, 3, lab.network.now)
    lab.mobiles.tap(IMSI, 102, lab.network.now)
    assert [text for _, text, _ in program.told] == ["3", "102"]
    lab.mobiles.power_off(IMSI, lab.network.now)
    with pytest.raises(MobileError, match="switched off"):
        lab.mobiles.tap(IMSI, 102, lab.network.now)
