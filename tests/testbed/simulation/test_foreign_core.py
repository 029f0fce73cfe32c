"""A gateway beside a core that it cannot ask: static addresses, the Gi trigger, accounting.

The GGSN is ours, and stands for a third party's: the gateway has its Gi and its RADIUS records,
and no control interface.
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from corenet.assembly import CoreConfig
from corenet.ggsn.config import Apn, GgsnConfig, RadiusServer, StaticBinding
from corenet.ggsn.events import ActivationStarted, PdpContextCreated, Trigger
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.interfaces.node import Interface
from corenet.mobile.config import MobileConfig
from corenet.sgsn.config import SgsnConfig
from testbed.codecs.pap import MessageState
from testbed.gateway.activation.trigger import GiTrigger
from testbed.gateway.config import GatewayConfig, RetryPolicy
from testbed.gateway.events import DeliveryEnded, GiTriggered
from testbed.gateway.routing.policy import Policy, Route, Rule
from testbed.simulation.lab import VirtualLab
from testbed.simulation.quality import LinkQuality

APN = "wap.example"
GGSN, SGSN, HLR, GATEWAY = "192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.5"
NUMBER = 20
IMSIS = [f"2341500001{index:05d}" for index in range(NUMBER)]
MSISDNS = [f"44770091{index:05d}" for index in range(NUMBER)]
ADDRESSES = [f"10.45.0.{index + 1}" for index in range(NUMBER)]
EVERYBODY = list(zip(IMSIS, MSISDNS, ADDRESSES, strict=True))
LOSSY = dict.fromkeys(
    (Interface.GI, Interface.WDP, Interface.RADIUS, Interface.GTP_C), LinkQuality(loss=0.2)
)

CORE = CoreConfig(
    ggsns={
        "ggsn": GgsnConfig(
            control_address=GGSN,
            user_address=GGSN,
            apns=(Apn(APN, (IPv4Network("10.45.0.0/16"),)),),
            static_bindings=tuple(
                StaticBinding(imsi, APN, address, msisdn) for imsi, msisdn, address in EVERYBODY
            ),
            hlr=(HLR, 2123),
            radius=(RadiusServer((GATEWAY, 1813), b"corenet"),),
        )
    },
    sgsns={
        "sgsn": SgsnConfig(
            control_address=SGSN, user_address=SGSN, hlr=(HLR, 4222), ggsns={APN: (GGSN,)}
        )
    },
    hlr=HlrConfig(
        HLR,
        tuple(
            Subscriber(imsi, msisdn, (SubscribedApn(APN, address),))
            for imsi, msisdn, address in EVERYBODY
        ),
    ),
    mobiles=tuple(
        MobileConfig(imsi, msisdn, apns=(APN,), attach_at_start=True)
        for imsi, msisdn, _ in EVERYBODY
    ),
)
BESIDE = GatewayConfig(
    GATEWAY,
    APN,
    b"corenet",
    ask_core=False,
    policy=Policy((Rule(order=(Route.IP, Route.GI_TRIGGER, Route.HOLD)),)),
    gi_trigger=GiTrigger(dict(zip(MSISDNS, ADDRESSES, strict=True)), wait=30.0),
    retry=RetryPolicy(waits=(10.0,)),
)


class Foreign:
    """The lab, running, and what happened in it."""

    def __init__(self, store, *, core=CORE, quality=None, **trigger):
        known = replace(BESIDE.gi_trigger, **trigger)
        self.events = []
        self.lab = VirtualLab(
            core, replace(BESIDE, gi_trigger=known), seed=7, quality=quality, store=store
        )
        self.lab.network.on_event(lambda time, node, event: self.events.append(event))
        self.lab.start()
        assert self.lab.settle()

    def told(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def push_to_all(self, lifetime=1800.0):
        """Push to every terminal, let the pushes end, and return the states by push-id."""
        pushes = [self.lab.push(msisdn, lifetime=lifetime) for msisdn in MSISDNS]
        self.lab.run(lifetime + 60)
        ended = {event.push_id: event.state for event in self.told(DeliveryEnded)}
        return {push_id: ended[push_id] for push_id in pushes}

    def shown(self, imsi):
        return [shown.details["si-id"] for shown in self.lab.shown(imsi)]


@pytest.fixture
def foreign(open_store):
    return lambda **more: Foreign(open_store(), **more)


@pytest.mark.parametrize("sends_push", [True, False], ids=["the push goes ahead", "a trigger"])
def test_offline_terminals_are_reached_through_gi_alone(foreign, sends_push):
    """Every terminal is activated by a datagram, and shows its push once."""
    lab = foreign(sends_push=sends_push)
    ends = lab.push_to_all()
    assert set(ends.values()) == {"delivered"}
    started = lab.told(ActivationStarted)
    assert len(started) == NUMBER
    assert {event.trigger for event in started} == {Trigger.GI}
    assert [lab.shown(imsi) for imsi in IMSIS] == [[push_id] for push_id in ends]
    assert len(lab.told(GiTriggered)) == NUMBER


@pytest.mark.parametrize("sends_push", [True, False], ids=["the push goes ahead", "a trigger"])
def test_a_fifth_of_all_datagrams_lost_delays_pushes_and_loses_none_of_the_contexts(
    foreign, sends_push
):
    """Triggers are repeated until a context shows, and nothing is delivered without one."""
    lab = foreign(sends_push=sends_push, quality=LOSSY)
    ends = lab.push_to_all()
    assert set(ends.values()) == {"delivered"}
    assert {event.context.imsi for event in lab.told(PdpContextCreated)} == set(IMSIS)
    assert len(lab.told(GiTriggered)) > NUMBER
    shown = sum(push_id in lab.shown(imsi) for imsi, push_id in zip(IMSIS, ends, strict=True))
    # A datagram that follows the trigger may be lost too: without confirmation nobody knows.
    assert shown >= (NUMBER if sends_push else NUMBER * 0.6) * 0.95


def test_without_a_context_nothing_is_reported_as_delivered(foreign):
    """Switched off mobiles are held until their pushes expire; the GGSN is triggered in vain."""
    absent = tuple(replace(mobile, attach_at_start=False) for mobile in CORE.mobiles)
    lab = foreign(core=replace(CORE, mobiles=absent))
    ends = lab.push_to_all(lifetime=300.0)
    assert set(ends.values()) == {"expired"}
    assert len(lab.told(GiTriggered)) > NUMBER


def test_a_terminal_that_comes_back_by_itself_gets_what_is_held(foreign):
    """Accounting shows its context, whoever asked for it."""
    absent = tuple(replace(mobile, attach_at_start=False) for mobile in CORE.mobiles)
    lab = foreign(core=replace(CORE, mobiles=absent))
    push_id = lab.lab.push(MSISDNS[0])
    lab.lab.run(120)
    lab.lab.control.drive_mobile(IMSIS[0], "attach", None)
    lab.lab.run(900)
    assert push_id in lab.shown(IMSIS[0])
    (ended,) = lab.told(DeliveryEnded)
    assert ended.state == MessageState.DELIVERED
