"""One mobile: power, coverage, mobility management, and the layers below both.

Specs: TS 24.008 §4.7.3 (attach), §4.7.4 (detach); TS 44.064 (LLC), TS 44.065 (SNDCP).

Theory of operation. The mobile is DETACHED, ATTACHING (T3310 runs), ATTACHED or DETACHING (T3321
runs). Session management lives in ``sessions`` and is there only while ATTACHED. A mobile without
power or coverage neither hears nor is heard; without coverage its timers go on, for it does not
know. After T3310 has expired for the last time it stays detached until it is told to attach:
the twelve minutes of T3302 would only keep a lab waiting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from corenet.gi import icmp, ip
from corenet.interfaces import llc, paging, sndcp
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.nas.errors import NasError
from corenet.interfaces.nas.gprs_timer import encode_timer
from corenet.interfaces.node import Address
from corenet.mobile.applications import Applications
from corenet.mobile.behaviour import SmsBehaviour
from corenet.mobile.config import MobileConfig
from corenet.mobile.contexts import Context
from corenet.mobile.errors import MobileError
from corenet.mobile.events import (
    Attached,
    AttachFailed,
    DatagramReceived,
    DeactivationReason,
    Detached,
    DetachReason,
    EchoAnswered,
    MobileState,
    MobileView,
)
from corenet.mobile.sessions import Sessions
from corenet.mobile.short_messages import ShortMessages
from corenet.mobile.surroundings import Repetition, Surroundings

_USER_DATA = frozenset(
    {
        llc.Sapi.USER_DATA_3,
        llc.Sapi.USER_DATA_5,
        llc.Sapi.USER_DATA_9,
        llc.Sapi.USER_DATA_11,
    }
)


_DETACH_REQUEST = b"\x08\x05"


class Mobile:
    """One mobile. Powered, covered and detached at first."""

    __slots__ = (
        "_applications",
        "_numbers",
        "_p_tmsi",
        "_procedure",
        "_sessions",
        "_short_messages",
        "_since",
        "behaviour",
        "config",
        "covered",
        "powered",
        "sms_behaviour",
        "state",
        "surroundings",
    )

    def __init__(self, config: MobileConfig, surroundings: Surroundings) -> None:
        self.config = config
        self.surroundings = surroundings
        self.behaviour = config.behaviour
        self.sms_behaviour = config.sms_behaviour
        self.state = MobileState.DETACHED
        self.powered = True
        self.covered = True
        self._applications: Applications | None = None
        self._since: float | None = None
        self._p_tmsi: int | None = None
        self._procedure: Repetition | None = None
        self._sessions: Sessions | None = None
        self._short_messages: ShortMessages | None = None
        self._numbers = llc.FrameNumbers()

    @property
    def imsi(self) -> str:
        """The subscriber's identity."""
        return self.config.imsi

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
            since=self._since,
            powered=self.powered,
            coverage=self.covered,
            behaviour=self.behaviour,
            sms_behaviour=self.sms_behaviour,
            p_tmsi=self._p_tmsi,
            contexts=tuple(context.view() for context in self._sessions or ()),
            shown=() if self._applications is None else self._applications.shown,
            forgotten=0 if self._applications is None else self._applications.forgotten,
        )

    # Commands

    def attach(self, now: float) -> None:
        """Attach (TS 24.008 §4.7.3.1); raises MobileError where the power is off."""
        if not self.powered:
            raise MobileError(f"mobile {self.imsi} is switched off")
        if self.state in (MobileState.ATTACHING, MobileState.ATTACHED):
            return
        if self.state is MobileState.DETACHING:
            self._become_detached(DetachReason.MOBILE, now)
        self._enter(MobileState.ATTACHING, now)
        # The network may have lost the link and count from 0 again.
        self._numbers.begin_anew()
        self._drop_short_messages(now)
        ready = self.config.ready_timer
        request = gmm.AttachRequest(
            gmm.MobileIdentity(imsi=self.imsi),
            ready_timer=None if ready is None else encode_timer(ready),
        ).encode()
        self._repeat(request, self.surroundings.timers.t3310, self._give_attach_up, now)

    def attach_unasked(self, now: float) -> None:
        """Attach if it may: what a mobile does on its own when service begins."""
        if self.powered:
            self.attach(now)

    def detach(self, now: float) -> None:
        """Detach and stay powered (TS 24.008 §4.7.4.1); nothing if it isn't attached."""
        if self.state not in (MobileState.ATTACHING, MobileState.ATTACHED):
            return
        self._stop()
        self._drop_sessions(now)
        self._drop_short_messages(now)
        self._enter(MobileState.DETACHING, now)
        self._numbers.begin_anew()
        self._repeat(
            gmm.DetachRequestUplink(p_tmsi=self._p_tmsi).encode(),
            self.surroundings.timers.t3321,
            lambda later: self._become_detached(DetachReason.MOBILE, later),
            now,
        )

    def power_off(self, now: float) -> None:
        """Switch off; the network is told and does not answer (TS 24.008 §4.7.4.1)."""
        if not self.powered:
            return
        if self.state is not MobileState.DETACHED:
            request = gmm.DetachRequestUplink(power_off=True, p_tmsi=self._p_tmsi)
            self.send_signalling(request.encode())
            if self.state is MobileState.ATTACHING:
                self._stop()
                self._enter(MobileState.DETACHED, now)
            else:
                self._become_detached(DetachReason.POWER_OFF, now)
        self.powered = False

    def power_on(self, now: float) -> None:
        """Switch on and attach; nothing if it is on."""
        if not self.powered:
            self.powered = True
            self.attach(now)

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
        self._session_management().activate_secondary(apn, nsapi, qos, tft, now)

    def deactivate(self, apn: str | None, nsapi: int | None, now: float) -> None:
        """Deactivate the contexts to ``apn``, or all, or one of them."""
        self._session_management().deactivate(apn, nsapi, now)

    def modify(
        self, apn: str, nsapi: int | None, qos: bytes | None, tft: bytes | None, now: float
    ) -> None:
        """Ask for another QoS or template of a context; MobileError where there is none."""
        self._session_management().modify(apn, nsapi, qos, tft, now)

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

    def _drop_sessions(self, now: float) -> None:
        if self._sessions is not None:
            self._sessions.drop_all(DeactivationReason.DETACHED, now)

    def _messaging(self) -> ShortMessages:
        if self._short_messages is None:
            self._short_messages = ShortMessages(self)
        return self._short_messages

    def _drop_short_messages(self, now: float) -> None:
        if self._short_messages is not None:
            self._short_messages.drop(now)

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
        if not self.powered or not self.covered:
            self.surroundings.count("frames_out_of_reach")
            return
        if paging.is_paging(frame):
            self._answer_page(frame)
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

    def _answer_page(self, octets: bytes) -> None:
        """Let the network hear of it (TS 24.008 §4.7.9.1.1): a frame with nothing in it will do."""
        try:
            paged = paging.decode(octets)
        except paging.PagingError:
            paged = None
        if paged == self._p_tmsi is not None and self.state is MobileState.ATTACHED:
            self.send_signalling(b"")
        else:
            self.surroundings.count("pages_for_others")

    def _is_new(self, ui: llc.UiFrame) -> bool:
        """Note a frame; return False where it has come before (TS 44.064 §8.4.2)."""
        if self._numbers.is_new(ui.sapi, ui.nu):
            return True
        if ui.sapi != llc.Sapi.MOBILITY_MANAGEMENT or ui.payload[:2] != _DETACH_REQUEST:
            return False
        # A network that has lost this mobile sends it away in frames that count from 0 again.
        self._numbers.begin_anew()
        return True

    def _receive_signalling(self, octets: bytes, now: float) -> None:
        discriminator = octets[0] & 0x0F if octets else None
        if discriminator == gmm.PROTOCOL_DISCRIMINATOR:
            self._receive_mobility(octets, now)
        elif discriminator == sm.PROTOCOL_DISCRIMINATOR and self.state is MobileState.ATTACHED:
            self._session_management().receive(octets, self.behaviour, now)
        else:
            self.surroundings.count("unexpected_messages")

    def _receive_mobility(self, octets: bytes, now: float) -> None:
        try:
            message = gmm.decode(octets, uplink=False)
        except NasError as error:
            self.surroundings.count("malformed_gmm_messages")
            answered = error.cause != GmmCause.PROTOCOL_ERROR_UNSPECIFIED
            if answered and self.state is not MobileState.DETACHED:
                self.send_signalling(gmm.GmmStatus(error.cause).encode())
            return
        _RECEIVERS[type(message)](self, message, now)

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
            self._receive_echo(context, packet)
            return
        address, port = datagram.destination
        if address != context.address:
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
        if echo.destination != context.address:
            self.surroundings.count("packets_for_others")
        elif echo.reply:
            self.surroundings.count("echo_replies_unasked")
        elif len(packet) > sndcp.MAX_PACKET:
            self.surroundings.count("replies_too_long")
        else:
            self._send_packet(context, echo.answer().packet())
            self.surroundings.emit(EchoAnswered(self.imsi, echo.source, echo.sequence))

    # Mobility management messages

    def _take_attach_accept(self, message: gmm.AttachAccept, now: float) -> None:
        if self.state is MobileState.ATTACHING:
            self._stop()
            self._p_tmsi = message.p_tmsi
            self._enter(MobileState.ATTACHED, now)
            self.surroundings.emit(Attached(self.imsi, message.p_tmsi))
            if self._short_messages is not None:
                self._short_messages.tell_memory(now)
        elif self.state is MobileState.ATTACHED:
            # The network repeats itself, so it has not had Attach Complete (§4.7.3.1.6).
            self._p_tmsi = message.p_tmsi
        else:
            self.surroundings.count("unexpected_messages")
            return
        if message.p_tmsi is not None:
            self.send_signalling(gmm.AttachComplete().encode())

    def _take_attach_reject(self, message: gmm.AttachReject, now: float) -> None:
        if self.state is not MobileState.ATTACHING:
            self.surroundings.count("unexpected_messages")
            return
        self._fail_attach(message.cause, now)

    def _take_detach_request(self, message: gmm.DetachRequestDownlink, now: float) -> None:
        """Leave as told (§4.7.4.2), and come back at once where that is asked for."""
        again = message.detach_type == gmm.NetworkDetachType.REATTACH_REQUIRED
        if self.state is MobileState.DETACHED or (self.state is MobileState.ATTACHING and again):
            self.surroundings.count("unexpected_messages")
            return
        self.send_signalling(gmm.DetachAcceptUplink().encode())
        if message.detach_type == gmm.NetworkDetachType.IMSI_DETACH:
            return
        if self.state is MobileState.ATTACHING:
            self._fail_attach(message.cause, now)
            return
        crossing = self.state is MobileState.DETACHING
        self._become_detached(DetachReason.MOBILE if crossing else DetachReason.NETWORK, now)
        if again and not crossing:
            self.attach(now)

    def _take_detach_accept(self, _message: gmm.DetachAcceptDownlink, now: float) -> None:
        if self.state is MobileState.DETACHING:
            self._become_detached(DetachReason.MOBILE, now)
        else:
            self.surroundings.count("unexpected_messages")

    def _take_status(self, _message: gmm.GmmStatus, _now: float) -> None:
        self.surroundings.count("gmm_status_received")

    # Parts of procedures

    def _give_attach_up(self, now: float) -> None:
        self._fail_attach(None, now)

    def _fail_attach(self, cause: int | None, now: float) -> None:
        self._stop()
        self._enter(MobileState.DETACHED, now)
        self.surroundings.emit(AttachFailed(self.imsi, cause))

    def _become_detached(self, reason: DetachReason, now: float) -> None:
        self._stop()
        self._drop_sessions(now)
        self._drop_short_messages(now)
        self._p_tmsi = None
        self._enter(MobileState.DETACHED, now)
        self.surroundings.emit(Detached(self.imsi, reason))

    def _enter(self, state: MobileState, now: float) -> None:
        self.state, self._since = state, now

    def _repeat(
        self, octets: bytes, interval: float, give_up: Callable[[float], None], now: float
    ) -> None:
        self._procedure = Repetition(
            self.surroundings, interval, lambda: self.send_signalling(octets), give_up, now
        )

    def _stop(self) -> None:
        if self._procedure is not None:
            self._procedure.stop()
            self._procedure = None

    # What goes out

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
            packet = ip.udp_packet((context.address, source_port), destination, payload)
            self._send_packet(context, packet)
        except (ip.IpError, sndcp.SndcpError) as error:
            raise MobileError(f"mobile {self.imsi} cannot send this: {error}") from None

    def _send_packet(self, context: Context, packet: bytes) -> None:
        context = self._session_management().bearer(context, packet)
        pdu = sndcp.encode(context.nsapi, packet, context.n_pdu)
        context.n_pdu = (context.n_pdu + 1) % sndcp.N_PDU_MODULUS
        self._send(context.llc_sapi, pdu)

    def _send(self, sapi: int, payload: bytes) -> None:
        nu = self._numbers.next(sapi)
        if self.covered:
            frame = llc.encode_ui(sapi, payload, uplink=True, nu=nu)
            self.surroundings.send(self.imsi, frame)
        else:
            self.surroundings.count("frames_unsent")


_RECEIVERS: Final[Mapping[type, Callable[[Mobile, Any, float], None]]] = MappingProxyType(
    {
        gmm.AttachAccept: Mobile._take_attach_accept,
        gmm.AttachReject: Mobile._take_attach_reject,
        gmm.DetachRequestDownlink: Mobile._take_detach_request,
        gmm.DetachAcceptDownlink: Mobile._take_detach_accept,
        gmm.GmmStatus: Mobile._take_status,
    }
)
