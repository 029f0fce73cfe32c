"""Where packets of mobiles leave a core, and those for them come in: TUN devices, and loopback."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from corenet.adapters.reactor import GiDevice
from corenet.adapters.tuns import Place, Tuns


class WaysOut:
    """The TUN devices of some APNs, and what carries the packets of all others, if anything."""

    def __init__(self, gi: GiDevice | None, tuns: Tuns | None) -> None:
        """Take what there is; nothing is open yet."""
        self.gi = gi
        self.tuns = tuns
        self._started = False

    def start(self, one: Callable[[bytes], None], many: Callable[[str, list[bytes]], None]) -> None:
        """Open all, unless they are open.

        ``one`` is called with a packet for some mobile, ``many`` with packets for the mobiles of
        the GGSN of that name. What cannot be opened raises, and nothing is left open.
        """
        if self._started:
            return
        if self.tuns is not None:
            self.tuns.start(many)
        try:
            if self.gi is not None:
                self.gi.start(one)
        except BaseException:
            if self.tuns is not None:
                self.tuns.stop()
            raise
        self._started = True

    def stop(self) -> None:
        """Close all, if they are open."""
        if not self._started:
            return
        if self.tuns is not None:
            self.tuns.stop()
        if self.gi is not None:
            self.gi.stop()

    def send(self, place: Place, packets: Sequence[bytes]) -> bool:
        """Send packets of mobiles on an APN; return whether there is anything that takes them."""
        if self.tuns is not None and self.tuns.carries(place):
            self.tuns.send(place, packets)
            return True
        if self.gi is None:
            return False
        for packet in packets:
            self.gi.send(packet)
        return True
