"""One mobile: power, coverage and cell, and the layers that it is made of.

Specs: TS 44.064 (LLC), TS 44.065 (SNDCP).

Theory of operation. ``mobility`` says whether the mobile is registered, and where; session
management lives in ``sessions`` and is there only while it is ATTACHED. A mobile without power or
coverage neither hears nor is heard; without coverage its timers go on, for it does not know. What
is said to a cell that the mobile has left does not reach it.
"""

from __future__ import annotations

from typing import Final

from corenet.gi import icmp, ip
from corenet.gi.ends import packet_ends
from corenet.interfaces import llc, paging, sndcp
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.node import Address
from corenet.mobile import modification, secondary, session_messages
from corenet.mobile.applications import Applications
from corenet.mobile.back_off import BackOffs
from corenet.mobile.behaviour import SmsBehaviour
from corenet.mobile.config import Cell, MobileConfig
from corenet.mobile.contexts import Context
from corenet.mobile.errors import MobileError
from corenet.mobile.events import (
    ContextState,
    DatagramReceived,
    DeactivationReason,
    EchoAnswered,
    MobileState,
    MobileView,
)
from corenet.mobile.mobility import Mobility
from corenet.mobile.sessions import Sessions
from corenet.mobile.short_messages import ShortMessages
from corenet.mobile.surroundings import Surroundings

_USER_DATA = frozenset(
    {
        llc.Sapi.USER_DATA_3,
        llc.Sapi.USER_DATA_5,
        llc.Sapi.USER_DATA_9,
        llc.Sapi.USER_DATA_11,
    }
)


_SENT_AWAY: Final = frozenset({b"\x08\x05", b"\x08\x0b"})
"""Detach Request and Routing Area Update Reject: protocol discriminator and message type."""

_MOST_HELD: Final = 32
"""Frames that wait for a routing area update."""


class Mobile(llc.FrameNumbers):
    """One mobile, with its frame numbers. Powered, covered and detached at first."""

    __slots__ = (
        "_applications",
        "_held",
        "_sessions",
        "_short_messages",
        "behaviour",
        "cell_identity",
        "config",
        "covered",
        "mobility",
        "powered",
        "sms_behaviour",
        "surroundings",
    )

    def __init__(self, config: MobileConfig, surroundings: Surroundings) -> None:
        super().__init__()
        self.config = config
        self.surroundings = surroundings
        self.behaviour = config.behaviour
        self.sms_behaviour = config.sms_behaviour
        self.powered = True
        self.covered = True
        self._applications: Applications | None = None
        self.mobility = Mobility(self)
        self.cell_identity = config.cell
        self._held: list[tuple[int, bytes]] | None = None
        self._sessions: Sessions | None = None
        self._short_messages: ShortMessages | None = None

    @property
    def imsi(self) -> str:
        """The subscriber's identity."""
        return self.config.imsi

    @property
    def state(self) -> MobileState:
        """Its mobility management state."""
        return self.mobility.state

    @property
    def cell(self) -> Cell:
        """The cell that it is in."""
        return self.surroundings.cells[self.cell_identity]

    @property
    def reached(self) -> bool:
        """Whether the network and it hear each other, but for its power."""
        return self.covered and self.surroundings.on_air

    @property
    def is_attached(self) -> bool:
        """Whether it may speak to the network."""
        return self.state is MobileState.ATTACHED

    @property
    def address(self) -> str | None:
        """The PDP address of the first active context, or None where there is none."""
        context = None if self._sessions is None else self._sessions.active()
        return None if context is None else context.address

    def view(self) -> MobileView:
        """Return what the mobile is like now."""
        return MobileView(
            imsi=self.config.imsi,
            msisdn=self.config.msisdn,
            state=self.state,
            since=self.mobility.since,
            powered=self.powered,
            coverage=self.reached,
            cell=self.cell_identity,
            behaviour=self.behaviour,
            sms_behaviour=self.sms_behaviour,
            p_tmsi=self.mobility.p_tmsi,
            contexts=tuple(context.view() for context in self._sessions or ()),
            shown=() if self._applications is None else self._applications.shown,
            forgotten=0 if self._applications is None else self._applications.forgotten,
        )

    # Commands

    def attach(self, now: float) -> None:
        """Attach (TS 24.008 §4.7.3.1); raises MobileError where the power is off."""
        if not self.powered:
            raise MobileError(f"mobile {self.imsi} is switched off")
        self.mobility.attach(now)

    def attach_unasked(self, now: float) -> None:
        """Attach if it may: what a mobile does on its own when service begins."""
        if self.powered:
            self.attach(now)

    def detach(self, now: float) -> None:
        """Detach, and stay powered (TS 24.008 §4.7.4.1)."""
        self.mobility.detach(now)

    def power_off(self, now: float) -> None:
        """Switch off; the network is told and does not answer (TS 24.008 §4.7.4.1)."""
        if self.powered:
            self.mobility.switch_off(now)
            self.powered = False

    def lose_power(self, now: float) -> None:
        """Be off without a word to the network, as without a battery."""
        if self.powered:
            self.mobility.lose_power(now)
            self.powered = False

    def power_on(self, now: float) -> None:
        """Switch on and attach; nothing if it is on."""
        if not self.powered:
            self.powered = True
            if self._sessions is not None:
                self._sessions.back_offs = BackOffs()
            self.attach(now)

    def set_coverage(self, covered: bool, now: float) -> None:
        """Take it out of radio coverage, or back; it only knows once it is back."""
        back = covered and not self.covered
        self.covered = covered
        if back:
            self.find_network(now)

    def find_network(self, now: float) -> None:
        """Do what a mobile does that is in coverage again, if it is."""
        if self.powered and self.reached:
            self.mobility.find_cell(now)

    def move(self, cell: int, now: float) -> None:
        """Take it to another cell."""
        if cell not in self.surroundings.cells:
            raise MobileError(f"there is no cell {cell}")
        if cell == self.cell_identity:
            return
        self.cell_identity = cell
        self.find_network(now)

    def activate(self, apn: str | None, address: str | None, now: float) -> None:
        """Activate a PDP context; raises MobileError where that is impossible."""
        if self.state is not MobileState.ATTACHED:
            raise MobileError(f"mobile {self.imsi} is {self.state}, not attached")
        if apn is None:
            if not self.config.apns:
                raise MobileError(f"mobile {self.imsi} has no APN set up")
            apn = self.config.apns[0]
        self._session_management().activate(apn, address, now)

    def activate_secondary(
        self, apn: str, nsapi: int | None, qos: bytes | None, tft: bytes | None, now: float
    ) -> None:
        """Activate one more context with the address of one that is active."""
        sessions = self._session_management()
        secondary.activate(sessions, sessions.chosen(apn, nsapi), qos, tft, now)

    def deactivate(self, apn: str | None, nsapi: int | None, now: float) -> None:
        """Deactivate the contexts to ``apn``, or all, or one of them."""
        self._session_management().deactivate(apn, nsapi, now)

    def modify(
        self, apn: str, nsapi: int | None, qos: bytes | None, tft: bytes | None, now: float
    ) -> None:
        """Ask for another QoS or template of a context; MobileError where there is none."""
        sessions = self._session_management()
        modification.begin(sessions, sessions.chosen(apn, nsapi), qos, tft, now)

    def send_udp(self, source_port: int, destination: Address, payload: bytes) -> None:
        """Send a UDP datagram from the first active context."""
        context = None if self._sessions is None else self._sessions.active()
        if context is None:
            raise MobileError(f"mobile {self.imsi} has no active PDP context")
        self._send_udp(context, source_port, destination, payload)

    def tap(self, item: int, now: float) -> None:
        """Have the user tap on what is shown; raises MobileError where nothing comes of it."""
        if not self.powered:
            raise MobileError(f"mobile {self.imsi} is switched off")
        self.programs().tap(item, now)

    def configure(self, name: str, value: str) -> None:
        """Change a setting of an application; raises UnsuitableSetting where that cannot be."""
        self.programs().configure(name, value)

    # What applications ask for

    def programs(self) -> Applications:
        """Return what runs on it, made when it is first wanted."""
        if self._applications is None:
            self._applications = Applications(self)
        return self._applications

    def carry(self, payload: bytes, local: Address, destination: Address) -> None:
        """Send a datagram from an address and port; raises MobileError where it cannot be."""
        context = self._session_management().with_address(local[0])
        if context is None:
            raise MobileError(f"mobile {self.imsi} has no active PDP context with {local[0]}")
        self._send_udp(context, local[1], destination, payload)

    def see_to_context(self, now: float) -> bool:
        """Activate a context where there is none; return whether one is there or on its way."""
        if self._sessions is None or not self._sessions.has_context:
            try:
                self.activate(None, None, now)
            except MobileError:
                return False
        return True

    def send_sms(self, destination: str, text: str, now: float) -> None:
        """Send a text; raises MobileError where that is impossible."""
        if not self.is_attached:
            raise MobileError(f"mobile {self.imsi} is {self.state}, not attached")
        self._messaging().send(destination, text, now)

    def set_sms_behaviour(self, behaviour: SmsBehaviour, now: float) -> None:
        """Change what is done with short messages; the network hears of memory that is free."""
        self.sms_behaviour = behaviour
        if self._short_messages is not None:
            self._short_messages.tell_memory(now)

    def _session_management(self) -> Sessions:
        if self._sessions is None:
            self._sessions = Sessions(self)
        return self._sessions

    def _messaging(self) -> ShortMessages:
        if self._short_messages is None:
            self._short_messages = ShortMessages(self)
        return self._short_messages

    # What mobility management wants

    def hear_anew(self) -> None:
        """Expect the network to count its frames from 0."""
        self.begin_anew()

    def registered(self, now: float) -> None:
        """Go on with what needs an attachment."""
        if self._short_messages is not None:
            self._short_messages.tell_memory(now)

    def resume(self) -> None:
        """Send what had to wait for an update."""
        held, self._held = self._held, None
        for sapi, payload in held or ():
            self._transmit(sapi, payload)

    def leave(self, now: float) -> None:
        """End all that needs an attachment."""
        self._held = None
        if self._sessions is not None:
            self._sessions.drop_all(DeactivationReason.DETACHED, now)
        if self._short_messages is not None:
            self._short_messages.drop(now)

    def context_status(self) -> int | None:
        """Return which NSAPIs are active, or None where there has been no context."""
        if self._sessions is None:
            return None
        return gmm.context_status(
            context.nsapi for context in self._sessions if context.state is ContextState.ACTIVE
        )

    def keep_contexts(self, status: int, now: float) -> None:
        """End the contexts that the network does not have (TS 24.008 §4.7.5.1.3)."""
        if self._sessions is not None:
            self._sessions.keep_only(status, now)

    # What sessions tell

    def context_activated(self, address: str, now: float) -> None:
        """Let applications know that a context is active."""
        if self._applications is not None:
            self._applications.note_activated(address, now)

    def context_ended(self, address: str, now: float) -> None:
        """Let applications know that a context is gone."""
        if self._applications is not None:
            self._applications.note_ended(address, now)

    def context_refused(self, now: float) -> None:
        """Let applications know that a context does not come."""
        if self._applications is not None:
            self._applications.note_refused(now)

    # What comes in

    def receive(self, frame: bytes, now: float) -> None:
        """Take an LLC frame from the network."""
        if not self.powered or not self.reached:
            self.surroundings.count("frames_out_of_reach")
            return
        if paging.is_paging(frame):
            self.mobility.answer_page(frame)
            return
        try:
            ui = llc.decode_ui(frame)
        except llc.LlcError:
            self.surroundings.count("malformed_frames")
            return
        if ui.uplink or ui.ciphered:
            self.surroundings.count("unexpected_frames")
        elif not self._is_new(ui):
            self.surroundings.count("frames_duplicate")
        elif ui.sapi == llc.Sapi.MOBILITY_MANAGEMENT:
            self._receive_signalling(ui.payload, now)
        elif ui.sapi in _USER_DATA:
            self._receive_user_data(ui.payload, now)
        elif ui.sapi == llc.Sapi.SMS and self.state is MobileState.ATTACHED:
            self._messaging().receive(ui.payload, now)
        else:
            self.surroundings.count("unexpected_frames")

    def _is_new(self, ui: llc.UiFrame) -> bool:
        """Note a frame; return False where it has come before (TS 44.064 §8.4.2)."""
        if self.is_new(ui.sapi, ui.nu):
            return True
        if ui.sapi != llc.Sapi.MOBILITY_MANAGEMENT or ui.payload[:2] not in _SENT_AWAY:
            return False
        # A network that has lost this mobile sends it away in frames that count from 0 again.
        self.begin_anew()
        return True

    def _receive_signalling(self, octets: bytes, now: float) -> None:
        discriminator = octets[0] & 0x0F if octets else None
        if discriminator == gmm.PROTOCOL_DISCRIMINATOR:
            self.mobility.receive(octets, now)
        elif discriminator == sm.PROTOCOL_DISCRIMINATOR and self.state is MobileState.ATTACHED:
            session_messages.receive(self._session_management(), octets, self.behaviour, now)
        else:
            self.surroundings.count("unexpected_messages")

    def _receive_user_data(self, pdu: bytes, now: float) -> None:
        try:
            nsapi, packet = sndcp.decode(pdu)
            context = self._session_management().active(nsapi)
            if context is None:
                self.surroundings.count("packets_without_context")
                return
        except sndcp.SndcpError:
            self.surroundings.count("unread_packets")
            return
        try:
            datagram = ip.parse_udp(packet)
        except ip.IpError:
            if self._session_management().configure(context, packet, now):
                return
            if self.config.terminal:
                self.surroundings.hand_over(self.imsi, packet)
            else:
                self._receive_echo(context, packet)
            return
        if self.config.terminal and not self.programs().listens(datagram.destination[1]):
            self.surroundings.hand_over(self.imsi, packet)
            return
        address, port = datagram.destination
        if address not in context.addresses:
            self.surroundings.count("packets_for_others")
            return
        self.surroundings.emit(DatagramReceived(self.imsi, port, datagram.payload))
        if not self.programs().receive(datagram, now):
            # A host would answer with ICMP port unreachable; these mobiles only count.
            self.surroundings.count("datagrams_to_closed_ports")

    def _receive_echo(self, context: Context, packet: bytes) -> None:
        """Answer an ICMP Echo, as any host does (RFC 1122 §3.2.2.6)."""
        try:
            echo = icmp.parse_echo(packet)
        except ip.IpError:
            self.surroundings.count("unread_packets")
            return
        if echo.destination not in context.addresses:
            self.surroundings.count("packets_for_others")
        elif echo.reply:
            self.surroundings.count("echo_replies_unasked")
        elif len(packet) > sndcp.MAX_PACKET:
            self.surroundings.count("replies_too_long")
        else:
            self.send_packet(context, echo.answer().packet())
            self.surroundings.emit(EchoAnswered(self.imsi, echo.source, echo.sequence))

    # What goes out

    def send_for_program(self, packet: bytes) -> None:
        """Send a packet of a program that runs on it, from the context whose address it has."""
        source = packet_ends(packet)[0][0]
        context = None if self._sessions is None else self._sessions.with_address(source)
        if context is None:
            self.surroundings.count("program_packets_without_context")
            return
        try:
            self.send_packet(context, packet)
        except sndcp.SndcpError:
            self.surroundings.count("program_packets_too_long")

    def send_short_message(self, octets: bytes) -> None:
        """Send a CP message to the network."""
        self._send(llc.Sapi.SMS, octets)

    def send_signalling(self, octets: bytes) -> None:
        """Send a layer 3 message to the network."""
        self._send(llc.Sapi.MOBILITY_MANAGEMENT, octets)

    def _send_udp(
        self, context: Context, source_port: int, destination: Address, payload: bytes
    ) -> None:
        try:
            own = context.ipv6_address if ":" in destination[0] else context.address
            packet = ip.udp_packet((own, source_port), destination, payload)
            self.send_packet(context, packet)
        except (ip.IpError, sndcp.SndcpError) as error:
            raise MobileError(f"mobile {self.imsi} cannot send this: {error}") from None

    def send_packet(self, context: Context, packet: bytes) -> None:
        """Send an IP packet through a context or one that shares its address."""
        context = self._session_management().bearer(context, packet)
        pdu = sndcp.encode(context.nsapi, packet, context.n_pdu)
        context.n_pdu = (context.n_pdu + 1) % sndcp.N_PDU_MODULUS
        self._send(context.llc_sapi, pdu)

    def send_mobility(self, octets: bytes) -> None:
        """Send a mobility management message, or a frame with nothing in it."""
        self._transmit(llc.Sapi.MOBILITY_MANAGEMENT, octets)

    def _send(self, sapi: int, payload: bytes) -> None:
        if not self.mobility.suspended:
            self._transmit(sapi, payload)
            return
        if self._held is None:
            self._held = []
        if len(self._held) < _MOST_HELD and (sapi, payload) not in self._held:
            self._held.append((sapi, payload))
        else:
            self.surroundings.count("frames_unsent")

    def _transmit(self, sapi: int, payload: bytes) -> None:
        nu = self.next(sapi)
        if self.reached:
            frame = llc.encode_ui(sapi, payload, uplink=True, nu=nu)
            self.surroundings.send(self.imsi, self.cell_identity, frame)
            self.mobility.note_sent(self.surroundings.now)
        else:
            self.surroundings.count("frames_unsent")
