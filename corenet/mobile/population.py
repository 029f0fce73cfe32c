"""Thousands of mobiles as one sans-IO node.

Specs: TS 24.008 (GMM and SM), TS 44.064 (LLC), TS 44.065 (SNDCP), as far as their modules say.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from random import Random

from corenet.interfaces.application import Applications
from corenet.interfaces.node import Address, Datagram, Event, Interface
from corenet.mobile.behaviour import Behaviour, SmsBehaviour
from corenet.mobile.config import Cell, MobileConfig, MobileTimers
from corenet.mobile.errors import UnknownMobile
from corenet.mobile.events import MobileView
from corenet.mobile.mobile import Mobile
from corenet.mobile.surroundings import Surroundings
from corenet.schedule import Action


class Mobiles:
    """Many mobiles on one radio attachment; satisfies ``corenet.interfaces.node.Node``.

    Attach it to RADIO at ANYWHERE, and to TERMINAL where programs run on mobiles. A mobile's radio
    address is its IMSI and the identity of the cell that it is in, which is where its frames come
    from and what frames to it name as their destination.

    Every command raises UnknownMobile for an IMSI that was not added.
    """

    def __init__(
        self,
        *,
        name: str = "mobiles",
        cells: Mapping[int, Cell],
        random: Random,
        timers: MobileTimers | None = None,
        applications: Applications = lambda _host: (),
        seed: int = 0,
    ) -> None:
        """``cells`` are those that mobiles may be in, by cell identity.

        ``random`` spreads the first attach and is the applications' chance; ``applications``
        makes those of a mobile when something first concerns them. ``seed`` is that of the times
        that mobiles take to answer, where they are not constant.
        """
        self._name = name
        self._surroundings = Surroundings(
            cells, timers or MobileTimers(), random, applications, Random(seed)
        )
        self._mobiles: dict[str, Mobile] = {}

    @property
    def name(self) -> str:
        """The name that logs, captures and the lab file use."""
        return self._name

    @property
    def counters(self) -> dict[str, int]:
        """What was dropped or ignored, by name; nothing that did not occur."""
        return dict(self._surroundings.counters)

    def add(self, config: MobileConfig) -> None:
        """Add a mobile: powered, covered, detached.

        Raises ValueError for an IMSI that is there or is not digits, or a cell that is not there.
        """
        imsi = config.imsi
        if not (imsi.isascii() and imsi.isdigit() and len(imsi) <= 15):
            raise ValueError(f"IMSI {imsi!r} is not 1 to 15 digits")
        if imsi in self._mobiles:
            raise ValueError(f"a mobile with IMSI {imsi} is there already")
        for cell in (config.cell, *(cell for _, cell in config.moves)):
            if cell not in self._surroundings.cells:
                raise ValueError(f"there is no cell {cell} for the mobile with IMSI {imsi}")
        self._mobiles[imsi] = Mobile(config, self._surroundings)

    def imsis(self) -> tuple[str, ...]:
        """Return the IMSI of every mobile, in the order in which they were added."""
        return tuple(self._mobiles)

    def mobile(self, imsi: str) -> MobileView:
        """Return what the mobile is like now."""
        return self._find(imsi).view()

    # Commands

    def attach(self, imsi: str, now: float) -> None:
        """Attach (TS 24.008 §4.7.3); nothing happens if it already is or does.

        Raises MobileError where it is switched off.
        """
        self._at(imsi, now).attach(now)

    def detach(self, imsi: str, now: float) -> None:
        """Detach, and stay powered (TS 24.008 §4.7.4.1)."""
        self._at(imsi, now).detach(now)

    def power_off(self, imsi: str, now: float) -> None:
        """Switch off: Detach Request with power-off, and deaf and mute from then on."""
        self._at(imsi, now).power_off(now)

    def power_on(self, imsi: str, now: float) -> None:
        """Switch on, and attach."""
        self._at(imsi, now).power_on(now)

    def lose_power(self, imsi: str, now: float) -> None:
        """Take the battery out: it is off, and the network hears nothing of it."""
        self._at(imsi, now).lose_power(now)

    def set_coverage(self, imsi: str, covered: bool, now: float) -> None:
        """Take the mobile out of radio coverage, or back."""
        self._at(imsi, now).set_coverage(covered, now)

    def set_network(self, there: bool, now: float) -> None:
        """Take the network away from all mobiles, or bring it back.

        Without it every mobile is out of coverage; those that look for it when it is back do so
        as spread as they attach at the start.
        """
        surroundings = self._surroundings
        surroundings.now = now
        back = there and not surroundings.on_air
        surroundings.on_air = there
        if back:
            for mobile in self._mobiles.values():
                if mobile.mobility.wants_cell:
                    self._spread(mobile.find_network, now)

    def move(self, imsi: str, cell: int, now: float) -> None:
        """Take the mobile to the cell with that identity; raises MobileError where none is."""
        self._at(imsi, now).move(cell, now)

    def set_behaviour(self, imsi: str, behaviour: Behaviour, now: float) -> None:
        """Tell how it is to answer the network's requests from now on."""
        self._at(imsi, now).behaviour = behaviour

    def set_sms_behaviour(self, imsi: str, behaviour: SmsBehaviour, now: float) -> None:
        """Tell how it is to answer short messages from now on."""
        self._at(imsi, now).set_sms_behaviour(behaviour, now)

    def send_sms(self, imsi: str, destination: str, text: str, now: float) -> None:
        """Send a text, in as many short messages as it takes (TS 23.040 §9.2.2.2).

        ``destination`` is a number, "+" before an international one. Raises MobileError where
        the mobile isn't attached or knows no service centre.
        """
        self._at(imsi, now).send_sms(destination, text, now)

    def activate(
        self, imsi: str, apn: str | None, now: float, *, address: str | None = None
    ) -> None:
        """Activate a PDP context (TS 24.008 §6.1.3.1.1); ``address`` asks for a static one.

        Nothing happens if one to ``apn`` already is or is on its way. Raises MobileError where
        the mobile isn't attached, or has no context or no APN left to use.
        """
        self._at(imsi, now).activate(apn, address, now)

    def activate_secondary(
        self,
        imsi: str,
        apn: str,
        now: float,
        *,
        nsapi: int | None = None,
        qos: bytes | None = None,
        tft: bytes | None = None,
    ) -> None:
        """Activate one more context with the address of one to ``apn`` (TS 24.008 §6.1.3.2).

        ``nsapi``, ``qos`` and ``tft`` are as for ``modify``. Raises MobileError where there is no
        such active context, or no further one is possible.
        """
        self._at(imsi, now).activate_secondary(apn, nsapi, qos, tft, now)

    def deactivate(
        self, imsi: str, apn: str | None, now: float, *, nsapi: int | None = None
    ) -> None:
        """Deactivate the contexts to ``apn``, or all, or one of them (TS 24.008 §6.1.3.4.1)."""
        self._at(imsi, now).deactivate(apn, nsapi, now)

    def modify(
        self,
        imsi: str,
        apn: str,
        now: float,
        *,
        nsapi: int | None = None,
        qos: bytes | None = None,
        tft: bytes | None = None,
    ) -> None:
        """Ask for another QoS or traffic flow template of a context (TS 24.008 §6.1.3.3.2).

        ``nsapi`` names one of several to ``apn``, the oldest when absent; ``qos`` is as in TS
        24.008 §10.5.6.5, ``tft`` as in §10.5.6.12, right or wrong. An event tells how it went:
        ``ContextModified`` or ``ModificationRefused``. Raises MobileError where there is no such
        active context, or it is being modified already.
        """
        self._at(imsi, now).modify(apn, nsapi, qos, tft, now)

    def send_udp(
        self,
        imsi: str,
        source_port: int,
        destination: Address,
        payload: bytes,
        now: float,
    ) -> None:
        """Send a UDP datagram from the first active context.

        Raises MobileError where there is none or the datagram does not fit a packet.
        """
        self._at(imsi, now).send_udp(source_port, destination, payload)

    def tap(self, imsi: str, item: int, now: float) -> None:
        """Have the user tap on what is shown, by its place from 1.

        Raises MobileError where there is no such item, there is nothing to open
        behind it, or the mobile is switched off.
        """
        self._at(imsi, now).tap(item, now)

    def configure(self, imsi: str, name: str, value: str, now: float) -> None:
        """Change a setting of the application that has it.

        Raises UnsuitableSetting where none has, or it cannot have that value.
        """
        self._at(imsi, now).configure(name, value)

    # Verbs of a node

    def start(self, now: float) -> None:
        """Begin service: mobiles that are to attach or move on their own do so."""
        self._surroundings.now = now
        for mobile in self._mobiles.values():
            for after, cell in mobile.config.moves:
                self._surroundings.schedule.at(now + after, partial(mobile.move, cell))
            for begin, end in mobile.config.outages:
                self._surroundings.schedule.at(now + begin, partial(mobile.set_coverage, False))
                self._surroundings.schedule.at(now + end, partial(mobile.set_coverage, True))
            if mobile.config.attach_at_start:
                self._spread(mobile.attach_unasked, now)

    def _spread(self, action: Action, now: float) -> None:
        """Do at some time, or at once, what all mobiles would do at the same time."""
        spread = self._surroundings.timers.attach_spread
        if spread > 0:
            when = now + self._surroundings.random.uniform(0, spread)
            self._surroundings.schedule.at(when, action)
        else:
            action(now)

    def stop(self, now: float) -> None:
        """End service: every mobile is switched off."""
        self._surroundings.now = now
        for mobile in self._mobiles.values():
            mobile.power_off(now)

    def receive(
        self,
        interface: Interface,
        data: bytes,
        *,
        peer: Address,
        local: Address,
        now: float,
    ) -> None:
        """Take a frame for the mobile at ``local``. Never raises for what a peer sent.

        On TERMINAL it is a packet of a program on the mobile at ``peer``.
        """
        self._surroundings.now = now
        if interface is Interface.TERMINAL:
            if peer[0] in self._mobiles:
                self._mobiles[peer[0]].send_for_program(data)
            return
        mobile = self._mobiles.get(local[0])
        if interface is not Interface.RADIO or mobile is None:
            self._surroundings.count("frames_for_nobody")
        elif local[1] != mobile.cell_identity:
            self._surroundings.count("frames_in_other_cells")
        elif peer != mobile.cell.sgsn:
            self._surroundings.count("frames_for_nobody")
        else:
            mobile.receive(data, now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self._surroundings.schedule.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._surroundings.now = now
        self._surroundings.schedule.ring(now)

    def take_datagrams(self) -> list[Datagram]:
        """Return what is to be sent, in order, and forget it."""
        taken, self._surroundings.datagrams = self._surroundings.datagrams, []
        return taken

    def take_events(self) -> list[Event]:
        """Return what has happened since the last call, in order, and forget it."""
        taken, self._surroundings.events = self._surroundings.events, []
        return taken

    def _at(self, imsi: str, now: float) -> Mobile:
        """Return the mobile that is told to do something."""
        self._surroundings.now = now
        return self._find(imsi)

    def _find(self, imsi: str) -> Mobile:
        mobile = self._mobiles.get(imsi)
        if mobile is None:
            raise UnknownMobile(imsi)
        return mobile
