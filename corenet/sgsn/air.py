"""What comes from mobiles: LLC frames, sorted out and given to who is concerned.

Specs: TS 44.064 §6.2.3 (SAPIs), §8.4.2 (duplicates), TS 24.007 §11.2.3 (protocol discriminator).
"""

from __future__ import annotations

from corenet.interfaces.llc import LlcError, Sapi, UiFrame, decode_ui
from corenet.interfaces.nas import gmm, sm
from corenet.interfaces.node import Address
from corenet.sgsn.core import Core
from corenet.sgsn.events import MmState
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.mobility.management import MobilityManagement
from corenet.sgsn.pdp_context import USER_DATA_SAPIS
from corenet.sgsn.radio import RadioLink
from corenet.sgsn.sessions.management import SessionManagement
from corenet.sgsn.short_messages import ShortMessages

DUPLICATE_ATTACH = 2.0
"""Seconds in which an Attach Request with the last one's N(U) is the network's duplicate of it.

Later it is a mobile that was switched off without a word and counts its frames from 0 again.
"""

_ATTACH_REQUEST = b"\x08\x01"


class Air:
    """Takes frames."""

    def __init__(
        self,
        core: Core,
        mobility: MobilityManagement,
        sessions: SessionManagement,
        short_messages: ShortMessages,
    ) -> None:
        self._core = core
        self._attaches = mobility.attaches
        self._detaches = mobility.detaches
        self._mobility = mobility
        self._presence = mobility.presence
        self._sessions = sessions
        self._packets = sessions.packets
        self._short_messages = short_messages

    def receive(self, data: bytes, radio: Address, now: float) -> None:
        """Take a frame from the mobile at ``radio``; what is no good is counted and dropped."""
        try:
            frame = decode_ui(data)
        except LlcError:
            self._core.count("frames_undecodable")
            return
        if not frame.uplink or frame.ciphered:
            self._core.count("frames_unusable")
            return
        mobile = self._core.mobiles.at(radio)
        link = RadioLink(radio) if mobile is None else mobile.link
        if not self._is_wanted(mobile, link, frame, now):
            self._core.count("frames_duplicate")
            return
        if mobile is not None:
            self._presence.awake(mobile)
            if link.cell != radio[1]:
                link.cell = radio[1]
                self._core.count("cells_changed")
        self._take(link, mobile, frame, now)
        mobile = self._core.mobiles.at(radio)
        if mobile is not None:
            self._presence.heard(mobile, now)

    def _take(self, link: RadioLink, mobile: MmContext | None, frame: UiFrame, now: float) -> None:
        if not frame.payload:
            # Only to be heard: it answers a page.
            self._present(mobile, link, now)
        elif frame.sapi == Sapi.MOBILITY_MANAGEMENT:
            self._signalling(link, mobile, frame.payload, now)
        elif frame.sapi in USER_DATA_SAPIS:
            present = self._present(mobile, link, now)
            if present is not None:
                self._packets.uplink(present, frame)
        elif frame.sapi == Sapi.SMS:
            present = self._present(mobile, link, now)
            if present is not None:
                self._short_messages.receive(present, frame.payload, now)
        else:
            self._core.count("frames_unusable")

    def _is_wanted(
        self, mobile: MmContext | None, link: RadioLink, frame: UiFrame, now: float
    ) -> bool:
        new = link.hears(frame)
        if not frame.payload.startswith(_ATTACH_REQUEST) or frame.sapi != 1:
            return new
        if (
            not new
            and mobile is not None
            and mobile.state in (MmState.ATTACHING, MmState.ATTACHED)
            and now - mobile.attach_asked < DUPLICATE_ATTACH
        ):
            return False
        link.reset(frame)
        return True

    def _signalling(
        self, link: RadioLink, mobile: MmContext | None, octets: bytes, now: float
    ) -> None:
        discriminator = octets[0] & 0x0F
        if discriminator == gmm.PROTOCOL_DISCRIMINATOR:
            self._mobility.receive(link, mobile, octets, now)
        elif discriminator != sm.PROTOCOL_DISCRIMINATOR:
            self._core.count("frames_unusable")
        else:
            present = self._present(mobile, link, now)
            if present is not None:
                self._sessions.receive(present, octets, now)

    def _present(self, mobile: MmContext | None, link: RadioLink, now: float) -> MmContext | None:
        """Return the mobile where it may do more than attach, else see to what it should do."""
        if mobile is None or mobile.state is MmState.DETACHED:
            self._detaches.send_away(link)
            return None
        if mobile.state is MmState.ATTACHED or self._attaches.complete(mobile, now):
            return mobile
        self._core.count("frames_too_early")
        return None
