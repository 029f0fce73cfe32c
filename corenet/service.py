"""A core as a Twisted service: nodes on sockets, Gi on loopback, and a capture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from random import Random

from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from corenet.adapters.gi_loopback import PUSH_PORT, LoopbackGi
from corenet.adapters.names import NameQuestions
from corenet.adapters.reactor import Reactor
from corenet.adapters.runtime import NO_LATENCIES, TwistedRuntime
from corenet.adapters.terminals import Terminals
from corenet.adapters.tuns import Tuns
from corenet.assembly import CoreConfig, assemble
from corenet.capture.capture import Capture, Sink
from corenet.gi.terminal_plan import TerminalPlan
from corenet.gi.tun_plan import TunPlan
from corenet.hlr.store import Store
from corenet.interfaces.application import Applications
from corenet.interfaces.cells import CellQuality, Cells
from corenet.interfaces.node import Event, Interface
from corenet.mobile.events import ContextActivated, ContextDeactivated, ContextState
from corenet.radius.journal import Journal


class CoreService(Service):
    """Starts and stops a core in a reactor.

    Nodes and runtime are there from the start, so that what listens to them is in place
    before the first datagram.
    """

    def __init__(
        self,
        reactor: Reactor,
        config: CoreConfig,
        *,
        random: Random,
        recovery: int,
        applications: Applications = lambda _host: (),
        gi_ports: Sequence[int] = (PUSH_PORT,),
        gi_per_address: bool = False,
        tuns: Mapping[tuple[str, str], TunPlan] | None = None,
        forward: bool = False,
        terminals: Mapping[str, TerminalPlan] | None = None,
        capture: Sink | None = None,
        journals: Mapping[str, Journal] | None = None,
        subscribers: Store | None = None,
        latencies: Mapping[Interface, float] = NO_LATENCIES,
        cells: Mapping[int, CellQuality] | None = None,
        log: Logger | None = None,
    ) -> None:
        """Make the nodes; nothing is bound yet.

        ``gi_ports`` are the UDP ports of mobiles that this host can reach; none means that no
        packet leaves the GGSNs. With ``gi_per_address`` each mobile's address has sockets of its
        own, so that several cores of one host can have the same ports. That is for all APNs but
        those that have a TUN device, by names of GGSN and APN; with ``forward`` this host's kernel
        routes between them and its other interfaces while the core runs. ``terminals`` are the
        devices of mobiles, by IMSI. Everything that passes goes to the stream ``capture``, which
        its owner closes, as the ``journals`` of GGSNs and the store of the HLR's ``subscribers``
        (see ``assemble``); ``latencies`` are those of the runtime, and ``cells`` say what becomes
        of the frames in them. Raise ``NotLoopbackError`` for mobiles' networks that this host has
        not to itself, and ``TooManyAddressesError`` where they are too large for
        ``gi_per_address``.
        """
        self._config = config
        self._log = log or Logger(namespace="corenet")
        self.gi = self._loopback(reactor, gi_ports, tuns or {}, per_address=gi_per_address)
        """Mobiles' way to this host by its loopback network, or None where they have none."""
        self.tuns = Tuns(reactor, tuns, forward=forward) if tuns else None
        self.terminals = Terminals(reactor, terminals) if terminals else None
        self.runtime = TwistedRuntime(
            reactor,
            gi=self.gi,
            tuns=self.tuns,
            terminals=self.terminals,
            latencies=latencies,
            cells=Cells(cells, random) if cells else None,
            log=self._log,
        )
        self.core = assemble(
            config,
            random=random,
            recovery=recovery,
            applications=applications,
            journals=journals,
            subscribers=subscribers,
        )
        self._questions = self._name_questions(reactor)
        if self.terminals is not None:
            self.runtime.on_event(self._address_terminal)
        self.capture = None if capture is None else self._new_capture(capture)
        if self.capture is not None:
            self.runtime.on_passed(self.capture)

    def counters_beside(self) -> dict[str, Counter[str]]:
        """Return the living counters of what carries datagrams between nodes and this host."""
        counted = {"runtime": self.runtime.counters}
        if self.gi is not None:
            counted["gi"] = self.gi.counters
        for devices in (self.tuns, self.terminals):
            if devices is not None:
                counted |= devices.counters
        return counted

    def record(self, sink: Sink) -> Callable[[], None]:
        """Write a capture of what passes from now on, until the function returned is called."""
        capture = self._new_capture(sink)
        forget = self.runtime.on_passed(capture)

        def stop() -> None:
            forget()
            capture.close()

        return stop

    def startService(self) -> None:
        """Bind the sockets and start the nodes.

        Raise ``CannotBindError`` where a socket cannot be had, ``CannotOpenTunError`` where a TUN
        device cannot; what was bound is freed again.
        """
        self.running = 1
        try:
            self.core.attach(self.runtime)
        except Exception:
            self.stopService()
            raise

    def stopService(self) -> Deferred[None]:
        """Stop the nodes, let their farewells out, close the sockets."""
        self.running = 0
        if self._questions is not None:
            self._questions.stop()
        return self.runtime.stop().addCallback(self._close_capture)

    def _loopback(
        self,
        reactor: Reactor,
        ports: Sequence[int],
        tuns: Mapping[tuple[str, str], TunPlan],
        *,
        per_address: bool,
    ) -> LoopbackGi | None:
        """Return Gi over loopback, where there are ports and APNs without a TUN device."""
        networks = self._config.gi_networks(but=tuns)
        if not ports or not networks:
            return None
        return LoopbackGi(reactor, networks, ports=ports, per_address=per_address)

    def _name_questions(self, reactor: Reactor) -> NameQuestions | None:
        """Return what asks DNS for the SGSNs that find GGSNs by it, if any do."""
        sgsns = self._config.sgsns
        servers = {name: one.dns.servers for name, one in sgsns.items() if one.dns is not None}
        if not servers:
            return None
        return NameQuestions(reactor, self.runtime, self.core.sgsns, servers)

    def _new_capture(self, sink: Sink) -> Capture:
        return Capture(
            sink,
            gc_hosts=self._config.gc_hosts,
            gsup_nodes=self._config.gsup_nodes,
            um_nodes=self._config.um_nodes,
            on_end=self._capture_ended,
        )

    def _address_terminal(self, _time: float, _node: str, event: Event) -> None:
        """Give the device of a mobile the addresses of the contexts that it has now."""
        mobiles, terminals = self.core.mobiles, self.terminals
        if not isinstance(event, ContextActivated | ContextDeactivated) or mobiles is None:
            return
        if terminals is not None and event.imsi in terminals:
            contexts = mobiles.mobile(event.imsi).contexts
            active = [one.address for one in contexts if one.state is ContextState.ACTIVE]
            terminals.set_addresses(event.imsi, active)

    def _close_capture(self, _: None) -> None:
        if self.capture is not None:
            self.capture.close()

    def _capture_ended(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):
            self._log.error("The capture ends here: {error}", error=error)
