"""User data between mobiles (SNDCP in LLC frames) and GGSNs (G-PDUs).

Specs: TS 44.065 §6.9 (unacknowledged transfer), TS 29.060 §9 (G-PDU), TS 29.281 §7.3.1 (Error
Indication).
"""

from __future__ import annotations

from corenet.interfaces import sndcp
from corenet.interfaces.llc import UiFrame
from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.node import Datagram, Interface
from corenet.sgsn.core import Core
from corenet.sgsn.events import DeactivationReason, PdpState
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.pdp_context import Forwarding, PdpContext
from corenet.sgsn.sessions.deactivation import Deactivations
from gtp.constants import GTP_U_PORT
from gtp.user_plane import ErrorIndicated, TPduReceived, encapsulate

EARLY_KEPT = 8
"""T-PDUs kept per context until the Create PDP Context Response that they overtook is here."""


class Packets:
    """Moves packets."""

    def __init__(self, core: Core, deactivations: Deactivations) -> None:
        self._core = core
        self._deactivations = deactivations

    def uplink(self, mobile: MmContext, frame: UiFrame) -> None:
        """Carry a mobile's packet to the GGSN of its context."""
        try:
            nsapi, packet = sndcp.decode(frame.payload)
        except sndcp.SndcpError:
            self._core.count("uplink_undecodable")
            return
        context = mobile.contexts.get(nsapi)
        if context is None or context.state is not PdpState.ACTIVE:
            self._core.count("uplink_without_context")
            return
        self._core.count("uplink_packets")
        pdu = encapsulate(context.remote_teid_data, packet)
        peer = (context.ggsn_user, GTP_U_PORT)
        self._core.outgoing.append(Datagram(Interface.GTP_U, peer, pdu))

    def take_gtp(self, now: float) -> None:
        """Carry what has arrived from GGSNs to the mobiles."""
        for event in self._core.user_plane.take_events():
            if isinstance(event, TPduReceived):
                assert isinstance(event.owner, PdpContext)  # what Core.open gave
                self._downlink(event.owner, event.payload)
            elif isinstance(event, ErrorIndicated):
                self._unknown(event, now)

    def flush(self, context: PdpContext) -> None:
        """Send a mobile the packets that came before its context was active."""
        early, context.early = context.early, []
        for packet in early:
            self._downlink(context, packet)

    def _downlink(self, context: PdpContext, packet: bytes) -> None:
        if context.forwarding is not None:
            self._forward(context.forwarding, packet)
            return
        mobile = self._core.mobiles.with_imsi(context.imsi)
        if context.state is PdpState.CREATING and len(context.early) < EARLY_KEPT:
            context.early.append(packet)
            return
        if mobile is None or context.state is not PdpState.ACTIVE:
            self._core.count("downlink_dropped")
            return
        try:
            pdu = sndcp.encode(context.nsapi, packet, context.n_pdu)
        except sndcp.SndcpError:
            self._core.count("downlink_dropped")
            return
        context.n_pdu = (context.n_pdu + 1) % sndcp.N_PDU_MODULUS
        self._core.count("downlink_packets")
        self._core.transmit(mobile.link, context.sapi, pdu)

    def follow(self, context: PdpContext) -> None:
        """Send on what was kept of a context, now that it is known where."""
        forwarding = context.forwarding
        assert forwarding is not None
        kept, forwarding.kept = forwarding.kept, []
        for packet in kept:
            self._forward(forwarding, packet)

    def _forward(self, forwarding: Forwarding, packet: bytes) -> None:
        """Take a packet for a mobile that goes to another SGSN (TS 23.060 §6.9.1.2.2)."""
        if forwarding.peer is not None:
            self._core.count("packets_forwarded")
            pdu = encapsulate(forwarding.teid, packet)
            self._core.outgoing.append(Datagram(Interface.GTP_U, forwarding.peer, pdu))
        elif len(forwarding.kept) < self._core.config.frames_while_paging:
            forwarding.kept.append(packet)
        else:
            self._core.count("downlink_dropped")

    def _unknown(self, event: ErrorIndicated, now: float) -> None:
        """Deactivate a context whose tunnel the GGSN does not know (TS 29.060 §9.1)."""
        context = self._core.tunnels.with_remote(event.peer, event.teid)
        mobile = None if context is None else self._core.mobiles.with_imsi(context.imsi)
        if context is None or mobile is None or context.forwarding is not None:
            self._core.count("error_indications_ignored")
            return
        self._deactivations.by_network(
            mobile,
            context,
            SmCause.REACTIVATION_REQUESTED,
            DeactivationReason.ERROR_INDICATION,
            now,
            delete=False,
        )
