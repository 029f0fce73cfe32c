"""Labs in virtual time: a small core for close looks at one subscriber, and one with a gateway."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, closing
from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from corenet.assembly import CoreConfig
from corenet.control.model import ActivationRequest, MobileActivation
from corenet.ggsn.config import Apn, GgsnConfig, RadiusServer, StaticBinding
from corenet.ggsn.events import ActivationFinished, PdusDropped
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.interfaces.node import Interface
from corenet.interfaces.testing import ScriptedNode
from corenet.mobile.behaviour import Behaviour
from corenet.mobile.config import MobileConfig, MobileTimers
from corenet.mobile.events import ContextState, DatagramReceived
from corenet.sgsn.config import RadioTimers, RoutingArea, SgsnConfig
from corenet.sgsn.events import PdpState
from gtp.timers import Timers
from testbed.gateway.config import GatewayConfig
from testbed.gateway.keeping.store import SqliteStore
from testbed.simulation.lab import VirtualLab

APN = "wap.example"
GGSN, SGSN, HLR = "192.0.2.1", "192.0.2.2", "192.0.2.3"
HOST = ("198.51.100.1", 9200)
PORT = 2948

FIXED = "234150000000001"
"""Has the static address 10.45.0.7, so that a datagram to it starts an activation."""
ADDRESS = "10.45.0.7"
ROAMING = "234150000000002"
"""Gets an address from the pool."""


def core_config(*, ggsn, sgsn, hlr, known, attached):
    everyone = (
        Subscriber(FIXED, "447700900001", (SubscribedApn(APN, ADDRESS),)),
        Subscriber(ROAMING, "447700900002", (SubscribedApn(APN),)),
    )
    return CoreConfig(
        ggsns={
            "ggsn": replace(
                GgsnConfig(
                    control_address=GGSN,
                    user_address=GGSN,
                    apns=(Apn(APN, (IPv4Network("10.45.0.0/24"),)),),
                    static_bindings=(StaticBinding(FIXED, APN, ADDRESS),),
                    hlr=(HLR, 2123),
                ),
                **ggsn,
            )
        },
        sgsns={
            "sgsn": replace(
                SgsnConfig(
                    control_address=SGSN, user_address=SGSN, hlr=(HLR, 4222), ggsns={APN: (GGSN,)}
                ),
                **sgsn,
            )
        },
        hlr=replace(
            HlrConfig(HLR, tuple(one for one in everyone if one.imsi in known)),
            **hlr,
        ),
        mobiles=tuple(
            MobileConfig(
                one.imsi,
                one.msisdn,
                service_centre="447785016005",
                apns=(APN,),
                attach_at_start=attached and one.imsi in known,
            )
            for one in everyone
        ),
    )


class Bench:
    """The small core, and what was seen of it."""

    def __init__(self, lab):
        self.lab = lab
        self.network = lab.network
        self.ggsn = lab.core.ggsns["ggsn"]
        self.sgsn = lab.core.sgsns["sgsn"]
        self.hlr = lab.core.hlr
        self.mobiles = lab.core.mobiles
        self.events = []
        self.passed = []
        self.host = ScriptedNode("host")
        self.network.on_event(lambda time, node, event: self.events.append(event))
        self.network.on_passed(self.passed.append)
        lab.start()
        self.network.attach(self.host, {Interface.WDP: HOST})
        assert lab.settle()
        lab.run(1)
        self.since = self.network.now()
        self.events.clear()
        self.passed.clear()

    # What is done

    def run(self, seconds):
        self.lab.run(seconds)

    def request(self, imsi=FIXED, apn=APN, **more):
        """Ask for an activation over the control interface."""
        return self.lab.control.request_activation(ActivationRequest(imsi=imsi, apn=apn, **more))

    def datagram(self, payload=b"push", address=ADDRESS):
        """Have the host on Gi send a datagram to a mobile's address."""
        self.network.command(
            self.host, lambda now: self.host.send(Interface.WDP, (address, PORT), payload)
        )

    def later(self, delay, action):
        self.network.call_later(delay, action)

    def drive(self, verb, body=None, imsi=FIXED):
        self.lab.control.drive_mobile(imsi, verb, body)

    def activate_by_itself(self, imsi=FIXED, apn=APN):
        self.drive("activate", MobileActivation(apn=apn), imsi)

    # What is seen

    def outcome(self, requested, within=600.0):
        """Let time pass until the activation has ended; return how."""
        assert self.network.run_until(lambda: requested.outcome is not None, within=within)
        return requested.outcome

    def finished(self):
        """Return how every activation ended, whatever had asked for it, by its key."""
        return {e.key: e.outcome for e in self.told(ActivationFinished)}

    def told(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def dropped(self):
        """Return how many PDUs the GGSN has dropped, by reason."""
        counts = Counter()
        for event in self.told(PdusDropped):
            counts[event.reason] += event.count
        return dict(counts)

    def delivered(self):
        """Return the payloads that have reached the mobile, in order."""
        return [event.payload for event in self.told(DatagramReceived)]

    def messages(self, message_type):
        """Return how often a GTP-C message went out, retransmissions included."""
        return sum(
            passed.interface is Interface.GTP_C and passed.data[1] == message_type
            for passed in self.passed
        )

    def agreed_context(self, imsi=FIXED):
        """Return the one context that GGSN, SGSN and mobile have in the same words, or None."""
        at_ggsn = [(c.nsapi, c.address) for c in self.ggsn.contexts_of(imsi)]
        mm_context = self.sgsn.mm_context(imsi)
        at_sgsn = [
            (c.nsapi, c.address)
            for c in (mm_context.contexts if mm_context else ())
            if c.state is PdpState.ACTIVE
        ]
        at_mobile = [
            (c.nsapi, c.address)
            for c in self.mobiles.mobile(imsi).contexts
            if c.state is ContextState.ACTIVE
        ]
        assert at_ggsn == at_sgsn == at_mobile
        assert len(at_ggsn) <= 1
        return self.ggsn.contexts_of(imsi)[0] if at_ggsn else None

    def assert_nothing_left(self):
        """Switch the mobiles off; then no node has anything under way, nor a timer."""
        assert self.lab.switch_everything_off(), self.lab.leftovers()
        assert self.lab.leftovers() == []


@pytest.fixture(scope="session")
def make_bench():
    def make(
        *,
        seed=1,
        ggsn=None,
        sgsn=None,
        hlr=None,
        known=(FIXED, ROAMING),
        attached=True,
        mobile=None,
        mobiles_seed=0,
        **lab,
    ):
        config = core_config(
            ggsn=ggsn or {}, sgsn=sgsn or {}, hlr=hlr or {}, known=known, attached=attached
        )
        if mobile is not None:
            changed = tuple(replace(one, **mobile) for one in config.mobiles)
            config = replace(config, mobiles=changed, seed=mobiles_seed)
        return Bench(VirtualLab(config, seed=seed, **lab))

    return make


@pytest.fixture
def bench(make_bench):
    return make_bench()


GATEWAY = "192.0.2.5"


def crowd_config(number, behaviour, attached, transmissions, spread):
    """Return a core with ``number`` mobiles; every request is sent so often at most."""
    imsis = [f"2341500001{index:05d}" for index in range(number)]
    msisdns = [f"44770091{index:05d}" for index in range(number)]
    timers = Timers(n3_requests=transmissions)
    return CoreConfig(
        ggsns={
            "ggsn": GgsnConfig(
                control_address=GGSN,
                user_address=GGSN,
                apns=(Apn(APN, (IPv4Network("10.45.0.0/16"),)),),
                hlr=(HLR, 2123),
                radius=(RadiusServer((GATEWAY, 1813), b"corenet"),),
                guard_time=60.0 * transmissions,
                timers=timers,
            )
        },
        sgsns={
            "sgsn": SgsnConfig(
                control_address=SGSN,
                user_address=SGSN,
                hlr=(HLR, 4222),
                ggsns={APN: (GGSN,)},
                radio=RadioTimers(attempts=transmissions),
                timers=timers,
            )
        },
        hlr=HlrConfig(
            HLR,
            tuple(
                Subscriber(imsi, msisdn, (SubscribedApn(APN),))
                for imsi, msisdn in zip(imsis, msisdns, strict=True)
            ),
            timers=timers,
        ),
        mobiles=tuple(
            MobileConfig(
                imsi,
                msisdn,
                behaviour=behaviour(index),
                apns=(APN,),
                attach_at_start=attached(index),
            )
            for index, (imsi, msisdn) in enumerate(zip(imsis, msisdns, strict=True))
        ),
        mobile_timers=MobileTimers(attempts=transmissions, attach_spread=spread),
    )


FAR_SGSN = "192.0.2.22"
HOME, AWAY = RoutingArea(), RoutingArea(rac=2, cells=(1,))


def with_far_sgsn(config):
    """Return the core with a second SGSN, whose one cell is cell 1."""
    near = replace(config.sgsns["sgsn"], radio=RadioTimers(), neighbours={AWAY.encode(): FAR_SGSN})
    far = replace(
        near,
        control_address=FAR_SGSN,
        user_address=FAR_SGSN,
        routing_areas=(AWAY,),
        neighbours={HOME.encode(): SGSN},
    )
    return replace(config, sgsns={"sgsn": near, "far": far})


class Crowd:
    """A lab with gateway and initiator, its terminals by number, and all that happened."""

    def __init__(self, lab):
        self.lab = lab
        self.network = lab.network
        self.initiator = lab.initiator
        self.host = lab.gateway
        mobiles = lab.core.config.mobiles
        self.imsis = [mobile.imsi for mobile in mobiles]
        self.msisdns = [mobile.msisdn for mobile in mobiles]
        self.events = []
        self.network.on_event(lambda time, node, event: self.events.append(event))
        lab.start()
        assert lab.settle()

    def told(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def drive(self, index, verb, body=None):
        self.lab.control.drive_mobile(self.imsis[index], verb, body)

    def push(self, index, **more):
        return self.lab.push(self.msisdns[index], **more)

    def shown(self, index):
        """Return the si-ids on a mobile's screen: the push-ids of what it shows."""
        return [shown.details["si-id"] for shown in self.lab.shown(self.imsis[index])]

    def reported(self, *push_ids, within=7200.0):
        """Let time pass until the results of these pushes are notified; return them."""
        notified, missing = self.initiator.notified, set(push_ids)
        read = 0

        def all_there():
            nonlocal read
            while read < len(notified):
                missing.discard(notified[read].notification.push_id)
                read += 1
            return not missing

        assert self.network.run_until(all_there, within=within)
        return [one for key, (one, *_) in self.initiator.results().items() if key[0] in push_ids]

    def assert_nothing_left(self):
        assert self.lab.switch_everything_off(), self.lab.leftovers()
        assert self.lab.leftovers() == []


@pytest.fixture(scope="session")
def make_crowd():
    with ExitStack() as stores:
        yield crowd_maker(stores)


def crowd_maker(stores):
    def make(
        number=1,
        *,
        seed=1,
        behaviour=lambda index: Behaviour.accept(),
        attached=lambda index: True,
        transmissions=5,
        spread=0.0,
        quality=None,
        store=None,
        handset=None,
        far=False,
        **gateway,
    ):
        config = crowd_config(number, behaviour, attached, transmissions, spread)
        return Crowd(
            VirtualLab(
                with_far_sgsn(config) if far else config,
                GatewayConfig(GATEWAY, APN, b"corenet", **gateway),
                seed=seed,
                quality=quality,
                store=store or stores.enter_context(closing(SqliteStore(":memory:"))),
                handset=handset,
            )
        )

    return make
