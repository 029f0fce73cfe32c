"""An HLR of another process, in its place on Gr.

Spec: OsmoHLR user manual, "Generic Subscriber Update Protocol".

Theory of operation. Our nodes send to this one as to an HLR beside them. Each of them has a
connection of its own, for the HLR knows its peers by the unit name of their connection. It is
opened at the start and again after every loss, with waits that double; what is sent meanwhile
waits, as long as its sender waits for the answer.

    WAITING      -(the wait is over)------------> CONNECTING
    CONNECTING   -(connect_failed)--------------> WAITING
    CONNECTING   -(connected)-------------------> IDENTIFYING
    IDENTIFYING  -(ID_GET)----------------------> UP: ID_RESP and ID_ACK sent, then the queue
    IDENTIFYING  -(no ID_GET in time)-----------> WAITING
    UP           -(closed, or pings unanswered)-> WAITING
"""

from __future__ import annotations

from collections import deque
from itertools import count

from corenet.gr.config import HlrOutsideConfig
from corenet.gr.events import HlrConnected, HlrNotConnected
from corenet.gr.link import Link
from corenet.gr.node import LinkNode
from corenet.interfaces.ipa import CcmType, IdTag, ccm_frame, decode_id_get, encode_id_resp
from corenet.interfaces.node import Address, Interface
from corenet.interfaces.streams import Connect
from corenet.schedule import Alarm

_UNIT_ID = "0/0/0"


def place_of(name: str) -> Address:
    """Return where our nodes find an HLR outside on Gr."""
    return name, 0


class _Unit:
    """One of our nodes and its connection."""

    def __init__(self, name: str, address: Address, wait: float) -> None:
        self.name = name
        self.address = address
        self.wait = wait
        """Seconds until the next attempt after a failure."""
        self.link: Link | None = None
        self.again: Alarm | None = None
        """The next attempt."""
        self.up_since: float | None = None
        self.queue: deque[tuple[float, bytes]] = deque()
        """Messages, each with the time until which it is worth sending."""


class HlrOutside(LinkNode):
    """An HLR outside (satisfies ``corenet.interfaces.streams.StreamNode``).

    It attaches to ``Interface.GR`` at ``place``, and to ``Interface.GSUP`` at a host from where its
    connections come.
    """

    def __init__(self, config: HlrOutsideConfig, *, name: str) -> None:
        super().__init__(name)
        self._config = config
        self._units = {
            address: _Unit(unit, address, config.first_wait)
            for address, unit in config.units.items()
        }
        self._attempts: dict[int, _Unit] = {}
        self._by_connection: dict[int, _Unit] = {}
        self._numbers = count(1)

    @property
    def config(self) -> HlrOutsideConfig:
        """What it was made with."""
        return self._config

    @property
    def place(self) -> Address:
        """Where our nodes find it on Gr: its name, for the HLR's address may be one of ours."""
        return place_of(self.name)

    @property
    def connected_units(self) -> int:
        """How many of our nodes the HLR knows now."""
        return sum(unit.up_since is not None for unit in self._units.values())

    def start(self, now: float) -> None:  # noqa: ARG002
        """Open the connections."""
        for unit in self._units.values():
            self._connect(unit)

    def stop(self, now: float) -> None:
        """Close the connections, and open none any more."""
        super().stop(now)
        for unit in self._units.values():
            if unit.again is not None:
                unit.again.cancel()

    def receive(
        self,
        interface: Interface,  # noqa: ARG002
        data: bytes,
        *,
        peer: Address,
        local: Address,  # noqa: ARG002
        now: float,
    ) -> None:
        """Take what one of our nodes sends to the HLR."""
        unit = self._units.get(peer)
        if unit is None:
            self._counts["from others"] += 1
        elif unit.link is not None and unit.up_since is not None:
            unit.link.transmit_gsup(data)
        elif len(unit.queue) >= self._config.queue:
            self._counts["queue full"] += 1
        else:
            unit.queue.append((now + self._config.queue_time, data))

    def connected(
        self,
        interface: Interface,  # noqa: ARG002
        connection: int,
        *,
        peer: Address,  # noqa: ARG002
        local: Address,  # noqa: ARG002
        attempt: int | None,
        now: float,
    ) -> None:
        """Wait on a new connection for the HLR to ask who is there."""
        unit = self._attempts.pop(attempt or 0)

        def on_ccm(ccm: CcmType, body: bytes, now: float) -> None:
            if ccm is CcmType.ID_GET:
                self._identify(unit, link, decode_id_get(body), now)

        link = self._links[connection] = Link(
            connection,
            schedule=self._schedule,
            timers=self._config.timers,
            send=self._command,
            counts=self._counts,
            on_gsup=lambda message, _: self._hand_on(message, None, unit.address),
            on_ccm=on_ccm,
            now=now,
        )
        unit.link = link
        self._by_connection[connection] = unit
        if self._stopped:
            link.close("closed here")

    def _identify(self, unit: _Unit, link: Link, asked: tuple[int, ...], now: float) -> None:
        """Say who is there; what has waited goes out behind it."""
        identity = dict.fromkeys(asked, "")
        identity |= {
            IdTag.UNIT_ID: _UNIT_ID,
            IdTag.UNIT_NAME: unit.name,
            IdTag.SERIAL_NUMBER: unit.name,
        }
        link.identified()
        link.transmit(ccm_frame(CcmType.ID_RESP, encode_id_resp(identity)))
        link.transmit(ccm_frame(CcmType.ID_ACK))
        if unit.up_since is not None:
            return
        unit.up_since = now
        self._counts["connects"] += 1
        self._events.append(HlrConnected(unit.name, self._config.hlr))
        while unit.queue:
            until, message = unit.queue.popleft()
            if now < until:
                link.transmit_gsup(message)
            else:
                self._counts["expired"] += 1

    def connect_failed(self, attempt: int, reason: str, now: float) -> None:
        """Try again later."""
        unit = self._attempts.pop(attempt)
        self._counts["connects failed"] += 1
        self._try_again(unit, reason, now)

    def disconnected(self, connection: int, reason: str, now: float) -> None:
        """Try again later."""
        link = self._links.pop(connection)
        unit = self._by_connection.pop(connection)
        link.over()
        unit.link = None
        since, unit.up_since = unit.up_since, None
        if since is not None and now - since >= self._config.proven:
            unit.wait = self._config.first_wait
        self._counts["losses"] += 1
        self._try_again(unit, link.why or reason, now)

    def _try_again(self, unit: _Unit, reason: str, now: float) -> None:
        if self._stopped:
            return
        wait = unit.wait
        unit.wait = min(2 * wait, self._config.longest_wait)
        unit.again = self._schedule.at(now + wait, lambda _: self._connect(unit))
        self._events.append(HlrNotConnected(unit.name, self._config.hlr, reason, wait))

    def _connect(self, unit: _Unit) -> None:
        attempt = next(self._numbers)
        self._attempts[attempt] = unit
        self._command(Connect(Interface.GSUP, self._config.hlr, attempt))
