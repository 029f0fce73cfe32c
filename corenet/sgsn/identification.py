"""Identification: a mobile that cannot be known by its P-TMSI is asked who it is.

Spec: TS 24.008 §4.7.8. T3370 runs until the mobile answers; after its last expiry the procedure
that wanted to know is given up.
"""

from __future__ import annotations

from collections.abc import Callable

from corenet.interfaces.nas.gmm import IdentityRequest, IdentityType, MobileIdentity
from corenet.sgsn.core import Core
from corenet.sgsn.events import IdentityRequested
from corenet.sgsn.radio import RadioLink
from corenet.sgsn.repetition import Repetition

Identified = Callable[[str, RadioLink, float], None]
"""Called with the IMSI, and the link on which the mobile was asked."""


class _Asked:
    """One mobile that is asked."""

    __slots__ = ("identified", "link", "repetition", "request")

    def __init__(
        self, link: RadioLink, request: object, identified: Identified, repetition: Repetition
    ) -> None:
        self.link = link
        self.request = request
        self.identified = identified
        self.repetition = repetition


class Identifications:
    """Every identification under way, by the name of the radio link."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._pending: dict[str, _Asked] = {}

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._pending)

    def ask(
        self, link: RadioLink, p_tmsi: int, request: object, identified: Identified, now: float
    ) -> None:
        """Ask the mobile at ``link`` for its IMSI, because of ``request``.

        The same request once more is a retransmission; another one begins anew.
        """
        name = link.address[0]
        asked = self._pending.get(name)
        if asked is not None and asked.request == request:
            return
        if asked is not None:
            link = asked.link
            self.drop(name)

        def send() -> None:
            attempt = repetition.attempt if self._pending.get(name) else 1
            self._core.emit(IdentityRequested(p_tmsi, attempt))
            self._core.say(link, IdentityRequest(IdentityType.IMSI))

        def give_up(_: float) -> None:
            del self._pending[name]
            self._core.count("identities_unanswered")

        self._core.count("identities_requested")
        repetition = Repetition(self._core, send, self._core.config.radio.t3370, give_up, now)
        self._pending[name] = _Asked(link, request, identified, repetition)

    def answered(self, name: str, identity: MobileIdentity, now: float) -> None:
        """Take an Identity Response that came over the link ``name``."""
        asked = self._pending.get(name)
        if asked is None or identity.imsi is None:
            self._core.count("gmm_ignored")
            return
        self.drop(name)
        asked.identified(identity.imsi, asked.link, now)

    def drop(self, name: str) -> None:
        """Ask the mobile of a link no more."""
        asked = self._pending.pop(name, None)
        if asked is not None:
            asked.repetition.stop()
