"""One run of pushes to terminals most of which have no PDP context: the whole core in virtual time.

Three ways: a short message tells of the content, as WAP has always had it (stored and forwarded),
and the handset fetches it through the gateway;
the network has a context activated, and the push goes over it; the same, with the push in short
messages where activation comes to nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from ipaddress import IPv4Network
from random import Random
from typing import Final

from corenet.assembly import CoreConfig
from corenet.control.model import Tap
from corenet.ggsn.config import Apn, GgsnConfig, RadiusServer
from corenet.hlr.config import HlrConfig, SubscribedApn, Subscriber
from corenet.interfaces.gsup import MessageType as GsupType
from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.node import Event, Interface
from corenet.interfaces.runtime import Passed
from corenet.mobile.behaviour import Behaviour
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import ShownOnScreen
from corenet.sgsn.config import SgsnConfig
from gtp.constants import MessageType
from testbed.codecs.smpp import BindTransceiver
from testbed.esme.config import EsmeConfig, SmscMode
from testbed.esme.config import Smsc as SmscLink
from testbed.gateway.config import GatewayConfig, Limits
from testbed.gateway.events import PushAccepted
from testbed.gateway.keeping.store import SqliteStore
from testbed.gateway.routing.policy import Policy, Route, Rule
from testbed.pull.config import PullConfig
from testbed.simulation.lab import SmsParts, VirtualLab
from testbed.simulation.quality import LinkQuality
from testbed.smpp.config import SmppLimits, SmppTimers
from testbed.smpp.links import Account
from testbed.smsc.config import SmscConfig
from testbed.smsc.store import MessageStore

APN: Final = "wap.example"
GGSN, SGSN, HLR = "192.0.2.1", "192.0.2.2", "192.0.2.3"
GATEWAY, SMSC, CENTRE = "192.0.2.5", "192.0.2.7", "447785016005"
URL: Final = "http://www.example.com/mail"
"""Where the pushes of ``VirtualLab`` point to."""
_TIMERS: Final = SmppTimers(enquire_link=None)
"""Nothing is counted that is not for a push."""
_ECHO: Final = frozenset({MessageType.ECHO_REQUEST, MessageType.ECHO_RESPONSE})


class Way(StrEnum):
    """How the content comes to the terminal."""

    NOTIFY_AND_PULL = "SMS notification and pull"
    ACTIVATE = "network-requested activation"
    FALL_BACK = "activation, then SMS in transaction mode"


_ORDERS: Final = {
    Way.NOTIFY_AND_PULL: (Route.SMS, Route.HOLD),
    Way.ACTIVATE: (Route.IP, Route.ACTIVATION, Route.HOLD),
    Way.FALL_BACK: (Route.IP, Route.ACTIVATION, Route.SMS, Route.HOLD),
}


class Terminal(StrEnum):
    """How a terminal is; those that are not online have no context."""

    ONLINE = "online"
    """It has a context already."""
    READY = "ready"
    """It is attached, and activates when it is asked to."""
    ABSENT = "absent"
    """It is detached, and comes back some time."""
    SILENT = "silent"
    """It does not know network-requested activation, and says nothing; short messages it takes."""
    REJECTING = "rejecting"
    """It refuses network-requested activation; short messages it takes."""


SIGNALLING: Final = frozenset({Interface.GTP_C, Interface.RADIUS, Interface.GR, Interface.RADIO})
"""What a GGSN's or an SGSN's capacity is for; user data in the tunnel is not."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A node that takes so many messages of ``SIGNALLING`` a second."""

    node: str
    rate: float


@dataclass(frozen=True, slots=True)
class Conditions:
    """Under which conditions a run takes place. Times are seconds."""

    way: Way
    shares: tuple[tuple[Terminal, float], ...]
    """Part of the terminals that are so; the others are ready."""
    terminals: int
    seconds: float
    """Each terminal gets one push at a random moment within this time."""
    octets: int
    """Of the content."""
    lifetime: float
    returns: float
    """Mean time until an absent terminal comes back, exponential."""
    tap: float
    """From the notification's being shown until the content is fetched."""
    activation_for: float
    """How long activation is tried before SMS."""
    activations: int
    """That the gateway asks for at a time."""
    capacity: float
    """Short messages a second that the SMSC sends at the most."""
    radio: LinkQuality
    limit: Limit | None = None

    @property
    def kinds(self) -> list[Terminal]:
        """What is the matter with each terminal."""
        kinds: list[Terminal] = []
        for kind, share in self.shares:
            kinds += [kind] * round(self.terminals * share)
        return kinds + [Terminal.READY] * (self.terminals - len(kinds))


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run has shown."""

    pushes: int
    delays: tuple[float, ...]
    """From PAP accept until the content was on the terminal, where it was in time."""
    short_messages: int
    sending: float
    """Seconds from the first push until the SMSC had sent its last short message; 0 for none."""
    messages: Counter[str]
    """What passed for pushes, by interface; not the attaches at the beginning and GTP echoes."""
    octets: Counter[str]
    taken: Counter[str]
    """Messages of ``SIGNALLING`` that came to each node, by its name."""
    shown_at: tuple[float, ...]
    """When the content was on each terminal, in seconds from the run's beginning."""


class _Run:
    def __init__(
        self, conditions: Conditions, seed: int, store: SqliteStore, messages: MessageStore
    ) -> None:
        self._conditions = conditions
        self._random = Random(f"offline {seed}")
        self._kinds = kinds = conditions.kinds
        self._imsis = [f"2341500001{number:05d}" for number in range(len(kinds))]
        self._msisdns = [f"44770091{number:05d}" for number in range(len(kinds))]
        self._lab = VirtualLab(
            core(list(zip(self._imsis, self._msisdns, kinds, strict=True))),
            gateway(conditions.way, conditions.activation_for, conditions.activations),
            seed=seed,
            quality={Interface.RADIO: conditions.radio},
            store=store,
            self_activating=online(self._imsis, kinds),
            sms=SmsParts(
                replace(SMSC_CONFIG, rate=conditions.capacity), messages, esme(conditions.way)
            ),
        )
        self._lab.origin.serve(URL, _content(conditions).encode(), "text/plain")
        self._accepted: dict[str, float] = {}
        self._shown: dict[str, float] = {}
        self._push_of: dict[str, str] = {}
        """By IMSI."""
        self._began = self._sent_last = 0.0
        self._messages: Counter[str] = Counter()
        self._octets: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()

    def run(self) -> Seen:
        lab, conditions = self._lab, self._conditions
        lab.start()
        lab.settle()
        lab.run(10)
        lab.network.on_event(self._happened)
        lab.network.on_passed(self._passed)
        if conditions.limit is not None:
            lab.network.set_capacity(conditions.limit.node, conditions.limit.rate, SIGNALLING)
        self._began = self._sent_last = lab.network.now()
        for number in range(conditions.terminals):
            at = self._random.random() * conditions.seconds
            back = at + self._random.expovariate(1 / conditions.returns)
            lab.network.call_later(at, partial(self._push, number))
            if self._kinds[number] is Terminal.ABSENT:
                lab.network.call_later(back, partial(self._return, number))
        lab.run(conditions.seconds)
        lab.network.run_until(
            lambda: len(self._shown) == conditions.terminals, within=conditions.lifetime
        )
        lab.run(10)  # What has been shown last is still to be answered for.
        delays = (time - self._accepted[push_id] for push_id, time in self._shown.items())
        assert lab.smsc is not None
        return Seen(
            len(self._accepted),
            tuple(delay for delay in delays if delay <= conditions.lifetime),
            lab.smsc.smsc.counters.get("segments sent", 0),
            self._sent_last - self._began,
            self._messages,
            self._octets,
            self._taken,
            tuple(time - self._began for time in self._shown.values()),
        )

    def _push(self, number: int) -> None:
        way = self._conditions.way
        text = "You have mail" if way is Way.NOTIFY_AND_PULL else _content(self._conditions)
        self._push_of[self._imsis[number]] = self._lab.push(
            self._msisdns[number], text=text, lifetime=self._conditions.lifetime
        )

    def _return(self, number: int) -> None:
        self._lab.control.drive_mobile(self._imsis[number], "attach", None)

    def _happened(self, time: float, _node: str, event: Event) -> None:
        match event:
            case PushAccepted(push_id=push_id):
                self._accepted[push_id] = time
            case ShownOnScreen(imsi=imsi, item=item, shown=shown):
                is_notice = self._conditions.way is Way.NOTIFY_AND_PULL and shown.kind == "SI"
                if is_notice or shown.kind == "error":
                    self._lab.network.call_later(
                        self._conditions.tap, partial(self._tap, imsi, item if is_notice else 1)
                    )
                elif shown.text == _content(self._conditions):
                    self._shown.setdefault(self._push_of[imsi], time)

    def _tap(self, imsi: str, item: int) -> None:
        self._lab.control.drive_mobile(imsi, "tap", Tap(item=item))

    def _passed(self, passed: Passed) -> None:
        if not passed.data or (
            passed.interface in (Interface.GTP_C, Interface.GTP_U) and passed.data[1] in _ECHO
        ):
            return
        if passed.interface is Interface.GR and passed.data[0] == GsupType.MT_FORWARD_SM_REQUEST:
            self._sent_last = passed.time
        if passed.interface in SIGNALLING:
            self._taken[passed.receiver] += 1
        self._messages[str(passed.interface)] += 1
        self._octets[str(passed.interface)] += len(passed.data)


_BEHAVIOUR: Final = {
    Terminal.ONLINE: Behaviour.accept(),
    Terminal.READY: Behaviour.accept(),
    Terminal.ABSENT: Behaviour.accept(),
    Terminal.SILENT: Behaviour.silent(),
    Terminal.REJECTING: Behaviour.reject(SmCause.SERVICE_OPTION_NOT_SUPPORTED),
}
_APNS: Final = (APN,)
_SUBSCRIBED: Final = (SubscribedApn(APN),)
SMSC_CONFIG: Final = SmscConfig(address=SMSC, hlr=(HLR, 4222), number=CENTRE, timers=_TIMERS)


def online(imsis: Iterable[str], kinds: Iterable[Terminal]) -> dict[str, tuple[str, ...]]:
    """Return the access points of those terminals that activate a context by themselves."""
    return {imsi: _APNS for imsi, kind in zip(imsis, kinds, strict=True) if kind is Terminal.ONLINE}


def esme(way: Way) -> EsmeConfig:
    """Return the gateway's way to the SMSC: a notification is stored and forwarded."""
    account = Account(
        "smsc",
        (SMSC, 2775),
        BindTransceiver(system_id="gateway", interface_version=0x34),
        timers=_TIMERS,
        limits=SmppLimits(window=1_000, queue=10_000),
    )
    is_notice = way is Way.NOTIFY_AND_PULL
    mode = SmscMode.SEGMENTS if is_notice else SmscMode.TRANSACTION
    return EsmeConfig(GATEWAY, (SmscLink(account, mode),))


def core(people: Sequence[tuple[str, str, Terminal]]) -> CoreConfig:
    """Return a core whose subscribers have these IMSIs and MSISDNs, and are so."""
    return CoreConfig(
        ggsns={
            "ggsn": GgsnConfig(
                control_address=GGSN,
                user_address=GGSN,
                apns=(Apn(APN, (IPv4Network("10.45.0.0/16"),)),),
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
            tuple(Subscriber(imsi, number, _SUBSCRIBED) for imsi, number, _ in people),
            service_centres={CENTRE: (SMSC, 4222)},
        ),
        mobiles=tuple(
            MobileConfig(
                imsi,
                number,
                behaviour=_BEHAVIOUR[kind],
                service_centre=CENTRE,
                apns=_APNS,
                attach_at_start=kind is not Terminal.ABSENT,
            )
            for imsi, number, kind in people
        ),
    )


def gateway(way: Way, activation_for: float, activations: int) -> GatewayConfig:
    """Return a gateway that goes this way, and tries activation so long before SMS.

    It asks for so many ``activations`` at a time.
    """
    falls_back = way is Way.FALL_BACK
    rule = Rule(
        order=_ORDERS[way],
        activation_for=activation_for if falls_back else None,
    )
    return GatewayConfig(
        GATEWAY,
        APN,
        b"corenet",
        policy=Policy((rule,)),
        has_smsc=Route.SMS in rule.order,
        limits=Limits(activations=activations),
        pull=PullConfig(origins=("*",)),
    )


def _content(conditions: Conditions) -> str:
    return "mail ".ljust(conditions.octets, "x")


def run(conditions: Conditions, seed: int) -> Seen:
    """Push to every terminal once, and return what became of it."""
    with closing(SqliteStore(":memory:")) as store, closing(MessageStore(":memory:")) as messages:
        return _Run(conditions, seed, store, messages).run()
