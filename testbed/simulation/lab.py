"""A whole lab in virtual time: core, control plane, gateway and initiator, from one seed.

The nodes are those that run on sockets, unchanged. What goes over HTTP in a lab on sockets (PAP,
the control interface, result notifications) is carried in process, after the time it would take.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from random import Random

from corenet.assembly import CoreConfig, assemble
from corenet.control.core import CoreControl
from corenet.control.model import MobileActivation
from corenet.hlr.store import Store as Subscribers
from corenet.interfaces.application import Shown
from corenet.interfaces.cells import CellQuality
from corenet.interfaces.node import Event, Interface
from corenet.mobile.events import Attached, ContextState, MobileState
from testbed.codecs import pap
from testbed.codecs.multipart import Part
from testbed.codecs.si import ServiceIndication
from testbed.esme.config import EsmeConfig
from testbed.gateway.carriers.esme_route import EsmeRoute
from testbed.gateway.config import GatewayConfig
from testbed.gateway.keeping.store import Store
from testbed.handset.handset import handsets as handsets_with
from testbed.handset.settings import HandsetSettings, WapGateway
from testbed.initiator.submission import indication_part, recipient, submission
from testbed.simulation.gateway_host import Delays, GatewayHost, VirtualSmsc
from testbed.simulation.initiator import VirtualInitiator
from testbed.simulation.names import VirtualNames
from testbed.simulation.network import VirtualNetwork
from testbed.simulation.origin import VirtualOrigin
from testbed.simulation.quality import LinkQuality
from testbed.simulation.smsc_host import SmscHost
from testbed.smsc.config import SmscConfig
from testbed.smsc.store import MessageStore

RECOVERY = 1
"""The GTP restart counter of every node."""

_STRIDE = 1.0
"""Seconds between two looks at whether a lab is at rest."""


@dataclass(frozen=True, slots=True)
class SmsParts:
    """A lab's SMSC with its disk, which its opener closes, and the gateway's way to it."""

    smsc: SmscConfig
    store: MessageStore
    esme: EsmeConfig | None = None
    """None where the gateway does not use it."""


class VirtualLab:
    """Everything that a lab file describes, in virtual time."""

    def __init__(
        self,
        core: CoreConfig,
        gateway: GatewayConfig | None = None,
        *,
        seed: int,
        self_activating: Mapping[str, tuple[str, ...]] | None = None,
        quality: Mapping[Interface, LinkQuality] | None = None,
        cells: Mapping[int, CellQuality] | None = None,
        delays: Delays | None = None,
        store: Store | None = None,
        sms: SmsParts | VirtualSmsc | None = None,
        notify_url: str = "http://127.0.0.1:8082/notifications",
        handset: HandsetSettings | None = None,
        handsets: Mapping[str, HandsetSettings] | None = None,
        subscribers: Subscribers | None = None,
    ) -> None:
        """Make a lab that has not started.

        ``self_activating`` has the APNs that a mobile activates by itself once attached, by IMSI.
        ``handsets`` are the settings of some mobiles by IMSI, ``handset`` those of all others: to
        browse by the lab's gateway, unless it is given.
        ``store`` is the gateway's disk, its opener's to close; there is none without a gateway.
        ``sms`` is an SMSC and the way to it, or what stands for both. ``subscribers`` is the HLR's
        disk; without one it forgets everything when it crashes.
        """
        if (gateway is None) != (store is None):
            raise ValueError("a gateway has a store, and nothing else has")
        random = Random(f"lab {seed}")
        self._subscribers = subscribers
        self.network = VirtualNetwork(seed, quality=quality, cells=cells)
        self.core = assemble(
            core,
            random=Random(random.getrandbits(64)),
            recovery=RECOVERY,
            applications=handsets_with(handsets or {}, handset or _usual(gateway)),
            subscribers=subscribers,
        )
        self.control = CoreControl(self.core, self.network, restart=self.restart)
        self.initiator = VirtualInitiator(
            self.network, notify_url, random=Random(random.getrandbits(64))
        )
        self.origin = VirtualOrigin(self.network)
        self.names = VirtualNames(self.network, self.core.sgsns)
        self.smsc: SmscHost | None = None
        self._route: EsmeRoute | None = None
        if isinstance(sms, SmsParts):
            sms = self._route = self._add_smsc(sms, Random(random.getrandbits(64)))
        self.gateway: GatewayHost | None = None
        if gateway is not None and store is not None:
            self.gateway = GatewayHost(
                self.network,
                gateway,
                control=self.control,
                initiator=self.initiator,
                origin=self.origin,
                store=store,
                random=Random(random.getrandbits(64)),
                delays=delays or Delays(),
                smsc=sms,
            )
            if self._route is not None:
                self._route.announced = self.gateway.announce
        self._self_activating = dict(self_activating or {})
        self._push_numbers = count(1)
        self._recovery = RECOVERY
        self.network.on_event(self._activate_by_itself)

    def _add_smsc(self, sms: SmsParts, random: Random) -> EsmeRoute | None:
        """Make the SMSC; return the gateway's way to it, where it uses it."""
        self.smsc = SmscHost(self.network, sms.smsc, store=sms.store, random=random)
        if sms.esme is None:
            return None
        # The name that it has in a lab on sockets too.
        return EsmeRoute(
            self.network, sms.esme, random=Random(random.getrandbits(64)), name="gateway esme"
        )

    # The course of things

    def start(self) -> None:
        """Attach and start the core, then the SMSC and the gateway."""
        self.core.attach(self.network)
        if self.smsc is not None:
            self.smsc.start()
        if self._route is not None:
            self._route.start()
        if self.gateway is not None:
            self.gateway.start()

    def run(self, seconds: float) -> None:
        """Let time pass."""
        self.network.run_until(self.network.now() + seconds)

    def settle(self, within: float = 600.0, *, online: bool = False) -> bool:
        """Let time pass until every mobile that attaches by itself has; return whether it did.

        With ``online`` each must have the contexts too that it activates by itself.
        """
        waiting = {mobile.imsi for mobile in self.core.config.mobiles if mobile.attach_at_start}

        def all_settled() -> bool:
            mobiles = self.core.mobiles
            assert mobiles is not None or not waiting
            while waiting and mobiles is not None:
                imsi = next(iter(waiting))
                view = mobiles.mobile(imsi)
                active = sum(context.state is ContextState.ACTIVE for context in view.contexts)
                wanted = len(self._self_activating.get(imsi, ())) if online else 0
                if view.state is not MobileState.ATTACHED or active < wanted:
                    return False
                waiting.discard(imsi)
            return True

        return self.network.run_until(all_settled, within=within)

    def rest(self, within: float = 3600.0) -> bool:
        """Let time pass until nothing is under way or waits for its time; return whether it is so.

        What the gateway wants carried out counts as under way.
        """
        end = self.network.now() + within
        while not self.is_at_rest():
            if self.network.now() >= end:
                return False
            self.run(_STRIDE)
        return True

    def is_at_rest(self) -> bool:
        """Return whether no node waits for a timeout, a datagram or an answer."""
        busy = self.gateway is not None and self.gateway.unanswered > 0
        return not busy and not self.network.in_flight and not self.network.timeouts()

    def crash(self, name: str) -> None:
        """Kill a GGSN, an SGSN or the HLR at this instant; KeyError where there is none."""
        for part in self.core.parts(name):
            self.network.detach(part)
        self._recovery += 1
        # What is asked of it meanwhile finds a node that knows nothing and is not in service.
        self.core.renew(
            name,
            random=Random(f"{name} {self.network.seed} {self._recovery}"),
            recovery=self._recovery % 256,
            subscribers=self._subscribers,
        )

    def bring_back(self, name: str) -> None:
        """Start a node that has crashed; an HLR knows what its disk has kept, others nothing."""
        self.core.attach_again(self.network, name)

    def restart(self, name: str) -> None:
        """Let a node crash and come back at once; KeyError where there is none."""
        self.crash(name)
        self.bring_back(name)

    def switch_everything_off(self, within: float = 3600.0) -> bool:
        """Have every mobile detach and be switched off; return whether the lab came to rest.

        They detach first because that is repeated until it is accepted. A power-off is said
        once (TS 24.008 §4.7.4.1), and one that is lost leaves the SGSN in the belief that the
        mobile is there.
        """
        mobiles = self.core.mobiles
        if mobiles is not None:
            for imsi in mobiles.imsis():
                self.control.drive_mobile(imsi, "detach", None)
            if not self.rest(within):
                return False
            for imsi in mobiles.imsis():
                self.control.drive_mobile(imsi, "power-off", None)
        return self.rest(within)

    def leftovers(self) -> list[str]:
        """Say what is left in a lab at rest, mobiles switched off, that should not be."""
        left = [
            f"{node.name}: {number} {what}"
            for node in (
                *self.core.ggsns.values(),
                *self.core.sgsns.values(),
                *([self.core.hlr] if self.core.hlr else ()),
            )
            for what, number in node.under_way.items()
            if number
        ]
        left += [f"{name}: a timer for {due}" for name, due in self.network.timeouts().items()]
        if self.core.mobiles is not None:
            for imsi in self.core.mobiles.imsis():
                view = self.core.mobiles.mobile(imsi)
                if view.contexts or view.state is not MobileState.DETACHED:
                    left.append(f"mobile {imsi}: {view.state}, {len(view.contexts)} PDP contexts")
        if self.gateway is not None and self.gateway.is_up:
            kept = self.gateway.gateway.counters
            left += [
                f"gateway: {kept[what]} {what}"
                for what in ("deliveries kept", "deliveries unfinished", "sessions")
                if kept[what]
            ]
            left += [f"gateway: {n} effects" for n in (self.gateway.unanswered,) if n]
        if self.network.in_flight:
            left.append(f"network: {self.network.in_flight} datagrams")
        return left

    # What a push initiator and a user do

    def push(
        self,
        *clients: str,
        push_id: str | None = None,
        lifetime: float = 3600.0,
        text: str = "You have 4 new messages",
        delivery_method: pap.DeliveryMethod = pap.DeliveryMethod.NOT_SPECIFIED,
        content: Part | None = None,
    ) -> str:
        """Have the initiator push an SI to MSISDNs or addresses; return its push-id.

        The push-id is the si-id as well, so that what a mobile shows can be told apart.
        ``lifetime`` is in whole seconds: PAP has no parts of them. ``content`` goes in place of
        the SI.
        """
        if self.gateway is None:
            raise ValueError("this lab has no gateway to push through")
        now = self.network.now()
        push_id = push_id or f"push-{next(self._push_numbers)}@pi.example"
        message = pap.PushMessage(
            push_id=push_id,
            addresses=tuple(recipient(client) for client in clients),
            deliver_before=float(int(now + lifetime)),
            notify_url=self.initiator.url,
            quality_of_service=pap.QualityOfService(delivery_method=delivery_method),
        )
        indication = ServiceIndication(
            text=text, href="http://www.example.com/mail", si_id=push_id, created=float(int(now))
        )
        self.initiator.submit(
            push_id,
            submission(message, content or indication_part(indication)),
            self.gateway.submit,
        )
        return push_id

    def shown(self, imsi: str) -> tuple[Shown, ...]:
        """Return what is on a mobile's screen."""
        assert self.core.mobiles is not None
        return self.core.mobiles.mobile(imsi).shown

    def _activate_by_itself(self, _time: float, _node: str, event: Event) -> None:
        if isinstance(event, Attached):
            for apn in self._self_activating.get(event.imsi, ()):
                self.control.drive_mobile(event.imsi, "activate", MobileActivation(apn=apn))


def _usual(gateway: GatewayConfig | None) -> HandsetSettings:
    """Return the settings of a handset that browses by the lab's own gateway."""
    if gateway is None:
        return HandsetSettings()
    place = WapGateway(
        gateway.address, session_port=gateway.wsp_port, connectionless_port=gateway.wdp_port
    )
    return HandsetSettings(gateway=place)
