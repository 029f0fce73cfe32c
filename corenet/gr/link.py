"""One connection of Gr: frames both ways, and the watch over a peer that may have gone silently.

Spec: OsmoHLR user manual (GSUP over IPA).

Theory of operation. An idle connection is pinged; where nothing at all comes back, it is closed.
Pings of the peer are answered. GSUP and the identity messages are the owner's; other protocols of
IPA have no meaning here and are counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from corenet.gr.config import LinkTimers
from corenet.interfaces.ipa import (
    CCM,
    CcmType,
    Frame,
    FrameReader,
    IpaError,
    ccm_frame,
    gsup_frame,
)
from corenet.interfaces.streams import Disconnect, StreamCommand, Transmit
from corenet.schedule import Schedule

OnGsup = Callable[[bytes, float], None]
OnCcm = Callable[[CcmType, bytes, float], None]
"""Called with the type, the body and the time; may raise IpaError."""


class Link:
    """One connection."""

    def __init__(
        self,
        connection: int,
        *,
        schedule: Schedule,
        timers: LinkTimers,
        send: Callable[[StreamCommand], None],
        counts: Counter[str],
        on_gsup: OnGsup,
        on_ccm: OnCcm,
        now: float,
    ) -> None:
        """``on_gsup`` is called with messages, ``on_ccm`` with identity messages."""
        self.connection = connection
        self.why = ""
        """Why it was closed here, or "" while it was not."""
        self._schedule = schedule
        self._timers = timers
        self._send = send
        self._counts = counts
        self._on_gsup = on_gsup
        self._on_ccm = on_ccm
        self._reader = FrameReader()
        self._heard = now
        self._watch = schedule.at(now + timers.idle, self._look)
        self._identity = schedule.at(now + timers.identity, lambda _: self.close("no identity"))

    def identified(self) -> None:
        """Stop waiting for the peer's part of the identity exchange."""
        self._identity.cancel()

    def transmit(self, frame: Frame) -> None:
        """Send a frame."""
        self._send(Transmit(self.connection, frame.encode()))

    def transmit_gsup(self, message: bytes) -> None:
        """Send a GSUP message."""
        self._counts["sent"] += 1
        self.transmit(gsup_frame(message))

    def close(self, why: str) -> None:
        """Close the connection; ``over`` is still to come."""
        if not self.why:
            self.why = why
            self._send(Disconnect(self.connection))
            self.over()

    def over(self) -> None:
        """Forget the timers: the connection is over."""
        self._watch.cancel()
        self._identity.cancel()

    def received(self, data: bytes, now: float) -> None:
        """Take octets."""
        self._heard = now
        for frame in self._reader.feed(data):
            if self.why:
                return
            message = frame.gsup
            if message is not None:
                self._counts["received"] += 1
                self._on_gsup(message, now)
            elif frame.protocol == CCM:
                self._receive_ccm(frame.payload, now)
            else:
                self._counts["other protocols"] += 1

    def _receive_ccm(self, payload: bytes, now: float) -> None:
        try:
            ccm = CcmType(payload[0]) if payload else None
        except ValueError:
            ccm = None
        if ccm is CcmType.PING:
            self.transmit(ccm_frame(CcmType.PONG))
        elif ccm is None:
            self._counts["malformed"] += 1
        elif ccm is not CcmType.PONG:
            try:
                self._on_ccm(ccm, payload[1:], now)
            except IpaError as error:
                self._counts["malformed"] += 1
                self.close(f"{ccm.name} is malformed: {error}")

    def _look(self, now: float) -> None:
        """See whether the peer is still there."""
        ping_at = self._heard + self._timers.idle
        if now >= ping_at + self._timers.pong:
            self._counts["silent"] += 1
            self.close("the peer does not answer pings")
            return
        if now >= ping_at:
            self.transmit(ccm_frame(CcmType.PING))
            ping_at = now + self._timers.pong
        self._watch = self._schedule.at(ping_at, self._look)
