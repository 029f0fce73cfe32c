"""Authentication: whether a mobile has the card of the subscriber that it says it is.

Specs: TS 24.008 §4.7.7 (procedure), TS 33.102 §6.3 (quintuplets, resynchronisation), TS 43.020
§3.3 (triplets). Nothing is ciphered: the algorithm is always 0.

Theory of operation. Vectors are fetched from the HLR when there is none left, and each is used
once. T3360 runs from the request until the mobile's answer.

    FETCHING    -(vectors)--------------------> CHALLENGING: Request sent, T3360
    FETCHING    -(error, or no answer)--------> refused with the HLR's cause, or 17
    CHALLENGING -(Response that is right)-----> authenticated
    CHALLENGING -(Response that is wrong)-----> refused by Authentication and Ciphering Reject
    CHALLENGING -(Failure: synch)-------------> FETCHING with AUTS; a second one: refused as above
    CHALLENGING -(Failure: other)-------------> refused as above
    CHALLENGING -(last expiry of T3360)-------> refused without a word

The P-TMSI of a mobile has been proven by its signature, so that a wrong answer is no reason to
ask for its IMSI and try once more, as §4.7.7.5 lets a network do that cannot be sure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hmac import compare_digest

from corenet.authentication.secrets import Vector
from corenet.interfaces.gsup import GsupMessage, MessageType
from corenet.interfaces.nas.causes import GmmCause, gmm_cause_text
from corenet.interfaces.nas.gmm import (
    AttachRequest,
    AuthenticationFailure,
    AuthenticationReject,
    AuthenticationRequest,
    AuthenticationResponse,
    RoutingAreaUpdateRequest,
)
from corenet.sgsn.config import Authentication
from corenet.sgsn.core import Core
from corenet.sgsn.events import AuthenticationFailed, MobileAuthenticated
from corenet.sgsn.hlr_link import HlrLink
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.repetition import Repetition

_REFERENCES = 16
_KEYS = 7
"""Key sequence numbers that are a key; the eighth says that there is none (§10.5.1.2)."""
_SRES = 4


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a mobile is not authenticated."""

    reason: str
    cause: int | None = None
    """GMM cause for the mobile; None where it has been told, or does not answer."""


Ended = Callable[[Refusal | None, float], None]
"""Called once: with None where the mobile is authentic, or need not show that it is."""

Wanted = AttachRequest | RoutingAreaUpdateRequest
"""What a mobile is authenticated for."""


class _Check:
    """One authentication under way."""

    __slots__ = ("ended", "reference", "repetition", "synchronised", "vector", "wanted")

    def __init__(self, wanted: Wanted, ended: Ended) -> None:
        self.wanted = wanted
        self.ended = ended
        self.vector: Vector | None = None
        self.reference = 0
        self.repetition: Repetition | None = None
        """T3360; None: FETCHING."""
        self.synchronised = False
        """Whether the card has been asked about its sequence number already."""

    def stop(self) -> None:
        if self.repetition is not None:
            self.repetition.stop()
            self.repetition = None


class Authentications:
    """Every authentication under way."""

    def __init__(self, core: Core, hlr: HlrLink) -> None:
        self._core = core
        self._hlr = hlr
        self._pending: dict[MmContext, _Check] = {}
        self._last_reference = 0
        core.on_leave(lambda mobile, _: self.drop(mobile))

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._pending)

    @property
    def wanted(self) -> bool:
        """Whether this SGSN authenticates mobiles at all."""
        return self._core.config.authentication is not Authentication.NONE

    def begin(self, mobile: MmContext, wanted: Wanted, ended: Ended, now: float) -> None:
        """Authenticate a mobile for ``wanted``; the same once more is a retransmission."""
        if not self.wanted:
            ended(None, now)
            return
        pending = self._pending.get(mobile)
        if pending is not None and pending.wanted == wanted:
            return
        self.drop(mobile)
        check = self._pending[mobile] = _Check(wanted, ended)
        self._challenge_or_fetch(mobile, check, now)

    def drop(self, mobile: MmContext) -> None:
        """Forget an authentication: what wanted it is over."""
        check = self._pending.pop(mobile, None)
        if check is not None:
            check.stop()
            self._hlr.cancel(mobile.imsi, MessageType.SEND_AUTH_INFO_REQUEST)

    def responded(self, mobile: MmContext, message: AuthenticationResponse, now: float) -> None:
        """Take an Authentication and Ciphering Response."""
        check = self._pending.get(mobile)
        if check is None or check.repetition is None or check.reference != message.reference:
            self._core.count("gmm_ignored")
            return
        vector, response = check.vector, message.response
        assert vector is not None
        umts = vector.res is not None and len(response) > _SRES
        if not compare_digest(response, (umts and vector.res) or vector.sres):
            self._reject(mobile, check, "wrong response", now)
            return
        self._pending.pop(mobile).stop()
        self._core.count("authentications")
        self._core.emit(MobileAuthenticated(mobile.imsi, umts))
        check.ended(None, now)

    def failed(self, mobile: MmContext, message: AuthenticationFailure, now: float) -> None:
        """Take an Authentication and Ciphering Failure: the mobile does not believe us."""
        check = self._pending.get(mobile)
        if check is None or check.repetition is None:
            self._core.count("gmm_ignored")
            return
        vector = check.vector
        assert vector is not None
        again = message.cause == GmmCause.SYNCH_FAILURE and message.auts is not None
        if not again or check.synchronised or message.auts is None:
            self._reject(mobile, check, gmm_cause_text(message.cause), now)
            return
        check.stop()
        check.synchronised = True
        mobile.vectors = ()
        self._core.count("resynchronisations")
        self._fetch(mobile, check, (vector.rand, message.auts), now)

    def _challenge_or_fetch(self, mobile: MmContext, check: _Check, now: float) -> None:
        if mobile.vectors:
            self._challenge(mobile, check, now)
        else:
            self._fetch(mobile, check, None, now)

    def _fetch(
        self, mobile: MmContext, check: _Check, failed: tuple[bytes, bytes] | None, now: float
    ) -> None:
        def answered(answer: GsupMessage | None, now: float) -> None:
            if answer is None:
                refusal = Refusal("the HLR does not answer", GmmCause.NETWORK_FAILURE)
            elif answer.type is MessageType.SEND_AUTH_INFO_ERROR:
                cause = answer.cause or GmmCause.NETWORK_FAILURE
                refusal = Refusal(gmm_cause_text(cause), cause)
            elif not answer.auth_tuples:
                refusal = Refusal("the HLR has no vectors", GmmCause.NETWORK_FAILURE)
            else:
                mobile.vectors = answer.auth_tuples
                self._challenge(mobile, check, now)
                return
            self._refuse(mobile, check, refusal, now)

        self._hlr.send_auth_info(mobile.imsi, failed, now, answered)

    def _challenge(self, mobile: MmContext, check: _Check, now: float) -> None:
        vector, *left = mobile.vectors
        if self._core.config.authentication is Authentication.GSM:
            vector = vector.triplet
        mobile.vectors = tuple(left)
        last = mobile.key_sequence
        mobile.key_sequence = 0 if last is None else (last + 1) % _KEYS
        self._last_reference = (self._last_reference + 1) % _REFERENCES
        check.vector, check.reference = vector, self._last_reference
        request = AuthenticationRequest(
            check.reference, vector.rand, mobile.key_sequence, vector.autn
        ).encode()

        def send() -> None:
            self._core.say_octets(mobile.link, request)

        def give_up(now: float) -> None:
            self._refuse(mobile, check, Refusal("the mobile does not answer"), now)

        wait = self._core.config.radio.t3360
        check.repetition = Repetition(self._core, send, wait, give_up, now)

    def _reject(self, mobile: MmContext, check: _Check, reason: str, now: float) -> None:
        self._core.say(mobile.link, AuthenticationReject())
        self._refuse(mobile, check, Refusal(reason), now)

    def _refuse(self, mobile: MmContext, check: _Check, refusal: Refusal, now: float) -> None:
        del self._pending[mobile]
        check.stop()
        mobile.key_sequence = None
        self._core.count("authentications_failed")
        self._core.emit(AuthenticationFailed(mobile.imsi, refusal.reason))
        check.ended(refusal, now)
