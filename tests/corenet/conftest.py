"""A whole core in virtual time, with its control, for the tests of the control interface."""

from ipaddress import IPv4Network
from random import Random
from types import SimpleNamespace

import pytest

from corenet.assembly import CoreConfig, assemble
from corenet.control.core import CoreControl
from corenet.control.model import ActivationRequest, TerminalQuery
from corenet.ggsn.config import Apn, GgsnConfig, StaticBinding
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.interfaces.application import Application, Shown
from corenet.interfaces.node import Interface
from corenet.interfaces.testing import ScriptedNode
from corenet.mobile.config import MobileConfig
from corenet.sgsn.config import SgsnConfig
from testbed.simulation.network import VirtualNetwork

APN, INTERNET = "wap.example", "internet.example"
GGSN, SGSN, HLR = "127.0.10.1", "127.0.10.2", "127.0.10.3"
POOL, BESIDE = IPv4Network("127.10.0.0/16"), IPv4Network("127.11.0.0/16")
START = 1_700_000_000.0


class Screen(Application):
    """An application that shows the text it gets, and shows it again when that is tapped."""

    def __init__(self, host):
        self.host = host
        self.size = 1
        host.bind(self.receive, 2948)

    def receive(self, payload, source, local, now):
        text = payload.decode() * self.size
        self.host.show(Shown("text", text, {"from": source[0]}))

    def configure(self, name, value):
        if name == "size":
            self.size = int(value)
        return name == "size"

    def tapped(self, shown, now):
        self.host.show(Shown("again", shown.text))
        return shown.text != "nothing"


def person(index):
    """Return the numbers of a subscriber; the first has IMSI …1 and static address .1.1."""
    return SimpleNamespace(
        imsi=f"2341500000000{index:02d}",
        msisdn=f"4477009000{index:02d}",
        address=str(POOL[256 + index]),
    )


def core_config(people=3, *, unknown=(), unattached=(), ggsn=None, **parts):
    """Return a core of everything; ``unknown`` are not in the HLR, ``unattached`` stay so."""
    persons = [person(index) for index in range(1, people + 1)]
    settings = {
        "ggsns": {
            "ggsn": GgsnConfig(
                control_address=GGSN,
                user_address=GGSN,
                apns=(Apn(APN, (POOL,)), Apn(INTERNET, (BESIDE,))),
                static_bindings=tuple(
                    StaticBinding(one.imsi, APN, one.address, one.msisdn) for one in persons
                ),
                hlr=(HLR, 2123),
                **(ggsn or {}),
            )
        },
        "sgsns": {"sgsn": SgsnConfig(SGSN, SGSN, (HLR, 4222), {APN: (GGSN,), INTERNET: (GGSN,)})},
        "hlr": HlrConfig(
            HLR,
            tuple(
                Subscriber(
                    one.imsi,
                    one.msisdn,
                    (SubscribedApn(APN, one.address), SubscribedApn(INTERNET)),
                )
                for index, one in enumerate(persons, 1)
                if index not in unknown
            ),
        ),
        "mobiles": tuple(
            MobileConfig(one.imsi, one.msisdn, apns=(APN,), attach_at_start=index not in unattached)
            for index, one in enumerate(persons, 1)
            if index not in unknown
        ),
    }
    return CoreConfig(**(settings | parts))


class World:
    """A core that runs in virtual time."""

    def __init__(self, config, *, attach=True):
        self.network = VirtualNetwork(1, start=START)
        self.core = assemble(
            config, random=Random(1), recovery=1, applications=lambda host: (Screen(host),)
        )
        self.events = []
        self.network.on_event(lambda now, node, event: self.events.append(event))
        self.control = CoreControl(self.core, self.network, restart=self.restart)
        if attach:
            self.core.attach(self.network)
            self.wait(2)

    @property
    def ggsn(self):
        return self.core.ggsns["ggsn"]

    @property
    def sgsn(self):
        return self.core.sgsns["sgsn"]

    def restart(self, name):
        """Have a node crash and come back."""
        for part in self.core.parts(name):
            self.network.detach(part)
        self.core.renew(name, random=Random(2), recovery=2)
        self.core.attach_again(self.network, name)

    def wait(self, seconds):
        """Let time pass."""
        self.network.run_until(self.network.now() + seconds)

    def request(self, index=1, *, by="msisdn", apn=APN, **members):
        """Ask for an activation."""
        asked = {by: getattr(person(index), by), "apn": apn, **members}
        return self.control.request_activation(ActivationRequest(**asked))

    def finished(self, requested, within=300.0):
        """Wait for the end of an activation, and return it as clients see it."""
        assert self.network.run_until(lambda: requested.outcome is not None, within=within)
        return requested.view()

    def say(self, index, payload):
        """Have a gateway send a datagram to a mobile's push port."""
        gateway = ScriptedNode("gateway")
        self.network.attach(gateway, {Interface.WDP: ("127.0.10.5", 9200)})
        self.network.command(
            gateway, lambda now: gateway.send(Interface.WDP, (person(index).address, 2948), payload)
        )
        self.wait(1)

    def terminal(self, index=1):
        (found,) = self.control.terminals(TerminalQuery(imsi=person(index).imsi)).terminals
        return found


@pytest.fixture
def config():
    """What makes the configuration of a core."""
    return core_config


@pytest.fixture
def world():
    """Make a core that runs; arguments are those of its configuration."""

    def make(*arguments, attach=True, **settings):
        return World(core_config(*arguments, **settings), attach=attach)

    return make


@pytest.fixture
def who():
    """What returns the numbers of a subscriber."""
    return person
