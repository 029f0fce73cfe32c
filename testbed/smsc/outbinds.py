"""Calls ESMEs that are not bound when there is something for them.

Specs: SMPP 3.4 §2.2.1 (outbind), §4.1.7.

Theory of operation. An account may say where its ESME listens. When there is something for it, and
it has no session that receives, the SMSC opens a connection there and sends outbind; the ESME binds
on that connection like on any other, or does not. It is called again after a while for as long as
something is due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from corenet.interfaces.node import Address, Event
from corenet.schedule import Schedule
from testbed.smpp.server import SmppServer
from testbed.smsc.events import EsmeCalled

AGAIN: Final = 60.0
"""Seconds between two calls of one ESME."""


class Outbinds:
    """The ESMEs that can be called."""

    def __init__(
        self,
        places: Mapping[str, Address],
        server: SmppServer,
        schedule: Schedule,
        *,
        identity: tuple[str, str],
        is_wanted: Callable[[str], bool],
        tell: Callable[[Event], None],
    ) -> None:
        """``places`` says where each ESME listens; ``identity`` is our system_id and password.

        ``is_wanted`` says whether something is due for an ESME that does not receive.
        """
        self._places = places
        self._server = server
        self._schedule = schedule
        self._identity = identity
        self._is_wanted = is_wanted
        self._tell = tell
        self._resting: set[str] = set()
        """Who was called a short time ago."""

    def call(self, system_id: str, now: float) -> None:
        """Have an ESME bind, if it can be called and was not just now."""
        place = self._places.get(system_id)
        if place is None or system_id in self._resting:
            return
        self._resting.add(system_id)
        self._schedule.at(now + AGAIN, lambda later: self._rested(system_id, later))
        self._server.outbind(place, *self._identity)
        self._tell(EsmeCalled(system_id, place))

    def _rested(self, system_id: str, now: float) -> None:
        self._resting.discard(system_id)
        if self._is_wanted(system_id):
            self.call(system_id, now)
