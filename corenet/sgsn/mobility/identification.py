"""Identification: who a mobile is that cannot be known by its P-TMSI.

Specs: TS 24.008 §4.7.8, TS 29.060 §7.5.1. Where the P-TMSI is of a neighbour's routing area, that
SGSN is asked first (Identification Request). If it does not say, the mobile itself is asked
(Identity Request): T3370 runs until it answers; after the last expiry the procedure that wanted to
know is given up.
"""

from __future__ import annotations

from collections.abc import Callable

from corenet.interfaces.nas.gmm import (
    AttachRequest,
    IdentityRequest,
    IdentityType,
    MobileIdentity,
)
from corenet.sgsn.core import Core
from corenet.sgsn.events import IdentityRequested
from corenet.sgsn.radio import RadioLink
from corenet.sgsn.repetition import Repetition
from gtp.constants import GTP_C_PORT
from gtp.messages import IdentificationRequest, IdentificationResponse, Message

Identified = Callable[[str, RadioLink, float], None]
"""Called with the IMSI, and the link on which the mobile was asked."""


class _Asked:
    """One mobile whose IMSI is wanted."""

    __slots__ = ("identified", "link", "repetition", "request")

    def __init__(self, link: RadioLink, request: AttachRequest, identified: Identified) -> None:
        self.link = link
        self.request = request
        self.identified = identified
        self.repetition: Repetition | None = None
        """T3370; None while another SGSN is asked."""


class Identifications:
    """Every identification under way, by the name of the radio link."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._pending: dict[str, _Asked] = {}

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._pending)

    def ask(
        self, link: RadioLink, request: AttachRequest, identified: Identified, now: float
    ) -> None:
        """Find out the IMSI of the mobile at ``link``, which has sent ``request``.

        The same request once more is a retransmission; another one begins anew.
        """
        name = link.name
        asked = self._pending.get(name)
        if asked is not None and asked.request == request:
            return
        if asked is not None:
            link = asked.link
            self.drop(name)

        asked = self._pending[name] = _Asked(link, request, identified)
        sgsn = self._core.config.neighbours.get(request.old_rai)
        if sgsn is None:
            self._ask_mobile(asked, now)
        else:
            self._ask_sgsn(asked, sgsn, now)

    def _ask_sgsn(self, asked: _Asked, sgsn: str, now: float) -> None:
        def answered(response: Message | None, now: float) -> None:
            if self._pending.get(asked.link.name) is not asked:
                return
            accepted = isinstance(response, IdentificationResponse) and response.imsi
            self._core.count("identities_told" if accepted else "identities_not_told")
            if isinstance(response, IdentificationResponse) and response.imsi:
                self.drop(asked.link.name)
                asked.identified(response.imsi, asked.link, now)
            else:
                self._ask_mobile(asked, now)

        message = IdentificationRequest(
            rai=asked.request.old_rai,
            p_tmsi=asked.request.identity.p_tmsi or 0,
            p_tmsi_signature=asked.request.p_tmsi_signature,
        )
        self._core.ask(message, (sgsn, GTP_C_PORT), now, answered)

    def _ask_mobile(self, asked: _Asked, now: float) -> None:
        def send() -> None:
            attempt = 1 if asked.repetition is None else asked.repetition.attempt
            p_tmsi = asked.request.identity.p_tmsi or 0
            self._core.emit(IdentityRequested(p_tmsi, attempt))
            self._core.say(asked.link, IdentityRequest(IdentityType.IMSI))

        def give_up(_: float) -> None:
            del self._pending[asked.link.name]
            self._core.count("identities_unanswered")

        self._core.count("identities_requested")
        wait = self._core.config.radio.t3370
        asked.repetition = Repetition(self._core, send, wait, give_up, now)

    def answered(self, name: str, identity: MobileIdentity, now: float) -> None:
        """Take an Identity Response that came over the link ``name``."""
        asked = self._pending.get(name)
        if asked is None or asked.repetition is None or identity.imsi is None:
            self._core.count("gmm_ignored")
            return
        self.drop(name)
        asked.identified(identity.imsi, asked.link, now)

    def drop(self, name: str) -> None:
        """Ask the mobile of a link no more."""
        asked = self._pending.pop(name, None)
        if asked is not None and asked.repetition is not None:
            asked.repetition.stop()
