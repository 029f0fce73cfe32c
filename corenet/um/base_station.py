"""The network, as mobiles of other processes reach it.

Spec: GSMTAP (``corenet.interfaces.gsmtap``).

Theory of operation. A process with mobiles registers by its name, and again every few seconds; one
of which nothing is heard for ``patience`` is gone. A newer instance takes a name over: the older
one most likely ended without a farewell.

Where a mobile is, is learned from its frames: it is in the process that the last one came from.
It stays there when that process falls silent, so that the network finds it again once the process
is back, and goes to another process only when that one is gone. A mobile of this very process is
no other's. Frames of processes that are not registered are not taken, and the process is told, so
that it registers at once with a network that was restarted.

The node is attached to RADIO at SOME: it claims the mobiles that it has learned of.
"""

from __future__ import annotations

from corenet.interfaces import paging
from corenet.interfaces.gsmtap import (
    GsmtapError,
    LinkMessage,
    LinkVerb,
    RadioFrame,
    decode,
    encode_frame,
)
from corenet.interfaces.node import Address, Datagram, Interface
from corenet.schedule import Alarm
from corenet.um.config import BaseStationConfig
from corenet.um.events import MobilesConnected, MobilesDisconnected
from corenet.um.node import UmNode


class _Process:
    """A process with mobiles."""

    __slots__ = ("alarm", "heard", "instance", "name", "peer", "present")

    def __init__(self, name: str) -> None:
        self.name = name
        self.peer: Address = ("", 0)
        self.instance = 0
        self.present = False
        self.heard = 0.0
        self.alarm: Alarm | None = None


class BaseStation(UmNode):
    """The network's end (satisfies ``corenet.interfaces.node.ClaimsAddresses``)."""

    def __init__(self, config: BaseStationConfig, *, name: str) -> None:
        super().__init__(name)
        self._config = config
        self._by_name: dict[str, _Process] = {}
        self._by_peer: dict[Address, _Process] = {}
        """Those that are present."""
        self._homes: dict[str, _Process] = {}
        """Where mobiles are, by IMSI."""
        self._stopped = False

    @property
    def config(self) -> BaseStationConfig:
        """What it was made with."""
        return self._config

    @property
    def processes(self) -> int:
        """How many processes are registered."""
        return len(self._by_peer)

    def claims(self, address: Address) -> bool:
        """Return whether a mobile, by IMSI and cell, is in another process."""
        return address[0] in self._homes

    def start(self, now: float) -> None:
        """Begin service: processes with mobiles come by themselves."""

    def stop(self, now: float) -> None:  # noqa: ARG002 - as every node
        """Tell every process that the network goes."""
        self._stopped = True
        for process in list(self._by_peer.values()):
            self._say(process.peer, LinkMessage(LinkVerb.GOODBYE, process.instance))
            self._gone(process, "closed here")

    def receive(
        self,
        interface: Interface,
        data: bytes,
        *,
        peer: Address,
        local: Address,
        now: float,
    ) -> None:
        """Take a frame of an SGSN for a mobile elsewhere, or what another process sends."""
        if interface is Interface.RADIO:
            self._send_down(data, local)
        elif not self._stopped:
            self._take(data, peer, now)

    def _send_down(self, data: bytes, mobile: Address) -> None:
        process = self._homes.get(mobile[0])
        if process is None or not process.present:
            self._counts["frames_out_of_reach"] += 1
            return
        self._counts["frames_down"] += 1
        frame = RadioFrame(mobile[0], mobile[1], uplink=False, octets=data)
        page = paging.is_paging(data)
        self._datagrams.append(Datagram(Interface.UM, process.peer, encode_frame(frame, page=page)))

    def _take(self, data: bytes, peer: Address, now: float) -> None:
        if not self._config.admits(peer[0]):
            self._counts["datagrams_not_admitted"] += 1
            self._refuse_unread(data, peer)
            return
        try:
            message = decode(data)
        except GsmtapError:
            self._counts["datagrams_malformed"] += 1
            return
        if isinstance(message, LinkMessage):
            self._take_message(message, peer, now)
        else:
            self._take_frame(message, peer, now)

    def _refuse_unread(self, data: bytes, peer: Address) -> None:
        """Answer who may not register, and nothing else, so that nobody is flooded by us."""
        try:
            message = decode(data)
        except GsmtapError:
            return
        if isinstance(message, LinkMessage) and message.verb is LinkVerb.REGISTER:
            self._refuse(peer, message.instance, f"{peer[0]} is not among the clients")

    def _take_message(self, message: LinkMessage, peer: Address, now: float) -> None:
        if message.verb is LinkVerb.REGISTER:
            self._register(message, peer, now)
            return
        process = self._by_peer.get(peer)
        leaves = message.verb is LinkVerb.GOODBYE and process is not None
        if leaves and process is not None and process.instance == message.instance:
            self._gone(process, "it said goodbye")
        else:
            self._counts["messages_unexpected"] += 1

    def _register(self, message: LinkMessage, peer: Address, now: float) -> None:
        process = self._by_name.get(message.text)
        if process is None or not process.present:
            if len(self._by_peer) >= self._config.processes:
                self._refuse(peer, message.instance, "there are too many processes")
                return
            if len(self._by_name) >= 2 * self._config.processes:
                self._forget_absent()
        if process is None:
            process = self._by_name[message.text] = _Process(message.text)
        known = process.present and process.instance == message.instance
        if process.present and not (known and process.peer == peer):
            if not known:
                self._counts["processes_replaced"] += 1
                self._refuse(process.peer, process.instance, "its name was taken over")
            self._gone(process, "its name has come from elsewhere")
        other = self._by_peer.get(peer)
        if other is not None and other is not process:
            self._gone(other, "another process has its address")
        process.peer, process.instance, process.heard = peer, message.instance, now
        if not process.present:
            process.present = True
            self._by_peer[peer] = process
            self._watch(process, now)
            self._counts["registrations"] += 1
            self._events.append(MobilesConnected(process.name, peer))
        self._say(peer, LinkMessage(LinkVerb.REGISTERED, message.instance))

    def _watch(self, process: _Process, now: float) -> None:
        """See whether a process is still heard of, until it is gone."""

        def look(later: float) -> None:
            if later - process.heard >= self._config.patience:
                self._gone(process, f"silent for {self._config.patience:g} s")
            else:
                self._watch(process, process.heard)

        process.alarm = self._schedule.at(now + self._config.patience, look)

    def _gone(self, process: _Process, reason: str) -> None:
        process.present = False
        del self._by_peer[process.peer]
        if process.alarm is not None:
            process.alarm.cancel()
            process.alarm = None
        self._counts["losses"] += 1
        self._events.append(MobilesDisconnected(process.name, process.peer, reason))

    def _forget_absent(self) -> None:
        """Forget the processes that are gone, and where their mobiles were."""
        self._by_name = {name: one for name, one in self._by_name.items() if one.present}
        self._homes = {imsi: one for imsi, one in self._homes.items() if one.present}

    def _take_frame(self, frame: RadioFrame, peer: Address, now: float) -> None:
        process = self._by_peer.get(peer)
        if process is None:
            self._refuse(peer, 0, "not registered")
            return
        if not frame.uplink:
            self._counts["datagrams_malformed"] += 1
            return
        process.heard = now
        sgsn = self._config.sgsns.get(frame.cell)
        if sgsn is None:
            self._refuse(peer, process.instance, f"IMSI {frame.imsi}: no cell {frame.cell}")
        elif why := self._unwelcome(frame.imsi, process):
            self._refuse(peer, process.instance, f"IMSI {frame.imsi}: {why}")
        else:
            self._counts["frames_up"] += 1
            place = (frame.imsi, frame.cell)
            self._datagrams.append(Datagram(Interface.RADIO, sgsn, frame.octets, place))

    def _unwelcome(self, imsi: str, process: _Process) -> str:
        """Learn where a mobile is; return why it may not be there, or ""."""
        home = self._homes.get(imsi)
        if home is process:
            return ""
        if imsi in self._config.own:
            return "it is in the network's own process"
        if home is not None and home.present:
            return f"it is in the process {home.name}"
        if home is None and len(self._homes) >= self._config.mobiles:
            return "there are too many mobiles"
        self._homes[imsi] = process
        return ""

    def _refuse(self, peer: Address, instance: int, why: str) -> None:
        self._counts["refusals"] += 1
        self._say(peer, LinkMessage(LinkVerb.REFUSED, instance, why))
