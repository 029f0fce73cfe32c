"""A lab that runs: its core, control interface, gateway and initiator in one reactor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import structlog
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.task import deferLater

from corenet.adapters.accounting_journal import FileJournal
from corenet.adapters.control_http import ControlInterface
from corenet.adapters.runtime import TwistedRuntime
from corenet.adapters.subscriber_file import SubscriberFile
from corenet.capture.capture import Sink
from corenet.control.core import CoreControl
from corenet.interfaces.node import Event
from corenet.mobile.config import MobileConfig
from corenet.mobile.events import Attached, ContextState, MobileState
from corenet.service import CoreService
from testbed.adapters.gateway import GatewayService
from testbed.adapters.initiator import NotificationReceiver
from testbed.adapters.smsc import SmscService
from testbed.handset.handset import handsets
from testbed.lab.build import LoadedLab
from testbed.lab.elsewhere import cell_quality
from testbed.lab.health import serve_health
from testbed.lab.logs import LogStream
from testbed.lab.page.site import LabPage
from testbed.lab.state import LabState

_log = structlog.get_logger("lab")

SETTLING_POLL = 0.02
"""Seconds between two looks at whether the mobiles have attached."""


class RunningLab:
    """Everything that a lab file describes, in one process."""

    def __init__(
        self,
        reactor: Any,
        lab: LoadedLab,
        *,
        state: LabState,
        random: Random,
        capture: Sink | None = None,
        log: LogStream | None = None,
    ) -> None:
        """``log`` is where the log goes; what is logged in one turn is written together."""
        self.lab = lab
        self._log = log
        if log is not None:
            log.gather(reactor)
        self._reactor = reactor
        self._state = state
        self._random = random
        self._journal: FileJournal | None = None
        self._subscribers: SubscriberFile | None = None
        try:
            self._service = self._make_core(capture)
        except BaseException:
            self._close_files()
            raise
        latencies = lab.model.latency.by_interface
        self.runtime = (
            TwistedRuntime(reactor, latencies=latencies)
            if self._service is None
            else self._service.runtime
        )
        self.control: CoreControl | None = None
        if self._service is not None:
            self.control = CoreControl(
                self._service.core,
                self.runtime,
                beside=self._service.counters_beside(),
                random=Random(random.getrandbits(64)),
                restart=self._begin_restart,
            )
            self.runtime.on_event(self._activate_by_itself)
        self._restarting: set[str] = set()
        self._has_settled = False
        self._interface: ControlInterface | None = None
        self._port: IListeningPort | None = None
        self.gateway: GatewayService | None = None
        self.smsc: SmscService | None = None
        self.notifications: NotificationReceiver | None = None

    async def start(self) -> None:
        """Start every part; the core's nodes come last, when those they talk to are there.

        Raises:
            corenet.adapters.udp.CannotBindError, twisted.internet.error.CannotListenError: an
                address or a port is taken.
            corenet.adapters.tun.CannotOpenTunError: a TUN device is not to be had.
        """
        try:
            self._start_control()
            self._start_initiator()
            await self._start_smsc()
            await self._start_gateway()
            if self._service is not None:
                self._service.startService()
        except BaseException:
            await self.stop()
            raise

    async def settled(
        self, timeout: float, progress: Callable[[int, int], None] | None = None
    ) -> bool:
        """Wait until every mobile that is to attach and activate by itself has done so.

        ``progress`` is told now and then how many have, and how many there are.
        """
        deadline = self._reactor.seconds() + timeout
        wanted = self._self_starting()
        waiting = wanted
        while waiting := [config for config in waiting if not self._is_settled(config)]:
            if progress is not None:
                progress(len(wanted) - len(waiting), len(wanted))
            if self._reactor.seconds() > deadline:
                return False
            await deferLater(self._reactor, SETTLING_POLL, lambda: None)
        return True

    async def restart(self, name: str) -> None:
        """Let a GGSN, an SGSN or the HLR crash and come back, knowing what is on disk.

        Raises:
            KeyError: there is none of that name.
        """
        if self._service is None:
            raise KeyError(name)
        core = self._service.core
        for closing in [self.runtime.detach(part) for part in core.parts(name)]:
            await closing
        core.renew(
            name,
            random=Random(self._random.getrandbits(64)),
            recovery=self._state.next_recovery(),
            subscribers=self._subscribers,
        )
        core.attach_again(self.runtime, name)

    def _begin_restart(self, name: str) -> None:
        """Set a restart going, unless one is under way; KeyError: there is none of that name."""
        if self._service is None:
            raise KeyError(name)
        self._service.core.parts(name)
        if name in self._restarting:
            return
        self._restarting.add(name)
        restart = Deferred.fromCoroutine(self.restart(name))
        restart.addErrback(
            lambda failure: _log.error("restart failed", node=name, why=failure.getErrorMessage())
        )
        restart.addBoth(lambda _: self._restarting.discard(name))

    async def stop(self) -> None:
        """Stop every part, the core last; what is durable is finished first."""
        if self.notifications is not None:
            await self.notifications.stop()
            self.notifications = None
        if self.gateway is not None:
            await self.gateway.stop()
            self.gateway = None
        if self.smsc is not None:
            await self.smsc.stop()
            self.smsc = None
        if self._interface is not None:
            self._interface.close()
            self._interface = None
        if self._port is not None:
            stopping = self._port.stopListening()
            self._port = None
            if isinstance(stopping, Deferred):
                await stopping
        if self._service is not None:
            service, self._service = self._service, None
            await service.stopService()
        else:
            await self.runtime.stop()
        self._close_files()

    def _close_files(self) -> None:
        if self._journal is not None:
            self._journal.close()
        if self._subscribers is not None:
            self._subscribers.close()

    def _make_core(self, capture: Sink | None) -> CoreService | None:
        if self.lab.core is None:
            return None
        ggsn = self.lab.model.ggsn
        recovery = self._state.next_recovery()
        if ggsn is not None and ggsn.radius:
            self._journal = FileJournal(self._state.accounting_journal)
        return CoreService(
            self._reactor,
            self.lab.core,
            random=self._random,
            recovery=recovery,
            applications=handsets(self.lab.handsets, self.lab.handset),
            gi_ports=ggsn.gi.ports if ggsn and ggsn.gi else (),
            gi_per_address=bool(ggsn and ggsn.gi and ggsn.gi.per_address),
            tuns=self.lab.tuns,
            forward=bool(ggsn and ggsn.gi and ggsn.gi.forward),
            terminals=self.lab.devices,
            capture=capture,
            subscribers=self._open_subscribers(),
            journals={} if self._journal is None else {"ggsn": self._journal},
            latencies=self.lab.model.latency.by_interface,
            cells=cell_quality(self.lab.model),
        )

    def _open_subscribers(self) -> SubscriberFile | None:
        hlr = self.lab.model.hlr
        if hlr is not None and hlr.database is not None:
            self._subscribers = SubscriberFile(hlr.database)
        return self._subscribers

    def _start_control(self) -> None:
        part = self.lab.model.control
        if part is None or self.control is None:
            return
        self._interface = ControlInterface(
            self.control,
            self._reactor,
            token=part.token,
            record=None if self._service is None else self._service.record,
        )
        LabPage(self, self._interface, self._reactor)
        serve_health(self._interface, unwell=self._unwell, unready=self._unready)
        self._port = self._interface.listen(self._reactor, part.address, part.port)

    def _unwell(self) -> list[str]:
        if self.gateway is None:
            return []
        status = self.gateway.health()["status"]
        return [] if status == "ok" else [f"gateway: {status}"]

    def _unready(self) -> list[str]:
        """Say what is still to come of a start; afterwards mobiles may do as they like."""
        if not self._has_settled:
            waiting = sum(not self._is_settled(config) for config in self._self_starting())
            self._has_settled = not waiting
            if waiting:
                return [f"{waiting} mobiles have not attached yet"]
        if self.lab.gateway is not None and self.gateway is None:
            return ["the gateway has not started"]
        return []

    async def _start_gateway(self) -> None:
        config = self.lab.gateway
        part = self.lab.model.gateway
        if config is None or part is None:
            return
        if part.store is None:
            self._state.folder.mkdir(parents=True, exist_ok=True)
            config = replace(config, store=self._state.push_store)
        self.gateway = GatewayService(
            self._reactor,
            self.runtime,
            config,
            random=self._random,
            esme=self.lab.esme,
            flush_log=None if self._log is None else self._log.flush,
        )
        await self.gateway.start()

    async def _start_smsc(self) -> None:
        config = self.lab.smsc
        part = self.lab.model.smsc
        if config is None or part is None:
            return
        store = part.store
        if store is None:
            self._state.folder.mkdir(parents=True, exist_ok=True)
            store = self._state.message_store
        self.smsc = SmscService(
            self._reactor,
            self.runtime,
            config,
            store=store,
            random=self._random,
            metrics_port=part.metrics,
        )
        await self.smsc.start()

    def _start_initiator(self) -> None:
        part = self.lab.model.initiator
        if part is None:
            return
        self.notifications = NotificationReceiver(
            self._reactor, interface=part.address, port=part.port
        )
        self.notifications.start()

    def _activate_by_itself(self, _time: float, _node: str, event: Event) -> None:
        if not isinstance(event, Attached) or self._service is None:
            return
        mobiles = self._service.core.mobiles
        for apn in self.lab.self_activating.get(event.imsi, ()):
            if mobiles is not None:
                self.runtime.command(mobiles, _activation(mobiles.activate, event.imsi, apn))

    def _self_starting(self) -> list[MobileConfig]:
        core = self._service.core if self._service is not None else None
        if core is None:
            return []
        return [config for config in core.config.mobiles if config.attach_at_start]

    def _is_settled(self, config: MobileConfig) -> bool:
        core = self._service.core if self._service is not None else None
        if core is None or core.mobiles is None:
            return True
        view = core.mobiles.mobile(config.imsi)
        active = sum(context.state is ContextState.ACTIVE for context in view.contexts)
        wanted = len(self.lab.self_activating.get(config.imsi, ()))
        return view.state is MobileState.ATTACHED and active >= wanted


def _activation(activate: Callable[..., None], imsi: str, apn: str) -> Callable[[float], None]:
    return lambda now: activate(imsi, apn, now)
