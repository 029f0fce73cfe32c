"""Mobility management of one mobile: where it is registered, and how it stays so.

Specs: TS 24.008 §4.1.3.1 (states), §4.7.2 (READY and periodic timers), §4.7.3 (attach), §4.7.4
(detach), §4.7.5 (routing area update), §4.7.6 (P-TMSI reallocation), §4.7.7 (authentication),
§4.7.8 (identification), §4.7.9 (paging).

Theory of operation. The mobile is DETACHED, ATTACHING (T3310 runs), ATTACHED or DETACHING (T3321
runs). While ATTACHED it may be updating its routing area (T3330 runs): because it is in another
one, or because it has been silent for the READY timer and T3312 after it. In another area nothing
but mobility management is said until the network has accepted the update. ``states.MOBILITY`` has
what makes it go from one state to another.

What fails is tried again after T3311, and after T3302 where it has failed ``MOST_ATTEMPTS`` times
in a row; a new cell is reason to try at once. P-TMSI, signature and routing area stay on the SIM
when the mobile is detached or switched off, so that it attaches with them the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from corenet.interfaces import paging
from corenet.interfaces.nas import gmm
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.nas.errors import NasError
from corenet.interfaces.nas.gprs_timer import decode_timer, encode_timer
from corenet.interfaces.node import Event
from corenet.mobile.authentication import NO_KEY, Authentication
from corenet.mobile.config import MobileTimers
from corenet.mobile.events import (
    Attached,
    AttachFailed,
    AuthenticationRejected,
    ChallengeRefused,
    Detached,
    DetachReason,
    MobileState,
    RoutingAreaUpdated,
    RoutingAreaUpdateFailed,
)
from corenet.mobile.layers import Layers
from corenet.mobile.states import MOBILITY
from corenet.mobile.surroundings import Repetition
from corenet.schedule import Alarm

MOST_ATTEMPTS: Final = 5
"""Failures in a row after which T3302 runs instead of T3311 (§4.7.3.1.5, §4.7.5.1.5)."""

DEFAULT_READY_TIMER: Final = 44.0
"""T3314 in seconds, where neither side names one (§11.2.2)."""

_FINAL: Final = frozenset({2, 3, 5, 6, 7, 8, 11, 12, 13, 14, 15})
"""GMM causes after which a mobile does not try again by itself (§4.7.3.1.4, §4.7.5.1.4)."""
_REATTACH: Final = frozenset({GmmCause.MS_IDENTITY_CANNOT_BE_DERIVED, GmmCause.IMPLICITLY_DETACHED})


class Mobility:
    """Mobility management of one mobile, DETACHED at first."""

    __slots__ = (
        "_alarm",
        "_attempts",
        "_authentication",
        "_last_sent",
        "_mobile",
        "_procedure",
        "_ready_timer",
        "_retry",
        "_signature",
        "_t3312",
        "p_tmsi",
        "rai",
        "since",
        "state",
        "updating",
    )

    def __init__(self, mobile: Layers) -> None:
        self._mobile = mobile
        self.state = MobileState.DETACHED
        self.since: float | None = None
        """When it became what ``state`` says."""
        self.p_tmsi: int | None = None
        self._signature: bytes | None = None
        self.rai: bytes | None = None
        """The routing area that it is registered in, or was last."""
        self.updating = False
        self._procedure: Repetition | None = None
        """T3310, T3321 or T3330."""
        self._retry: Alarm | None = None
        """T3311 or T3302."""
        self._alarm: Alarm | None = None
        """When to see whether T3312 has expired."""
        self._attempts = 0
        self._authentication: Authentication | None = None
        """Once it has been challenged."""
        self._ready_timer: float | None = None
        self._t3312: float | None = None
        self._last_sent = 0.0

    @property
    def suspended(self) -> bool:
        """Whether nothing but mobility management may be said (§4.7.5.1)."""
        return self.state is MobileState.ATTACHED and self.rai != self._mobile.cell.rai

    @property
    def wants_cell(self) -> bool:
        """Whether it has anything to do when it finds a cell."""
        busy = self.state in (MobileState.ATTACHED, MobileState.ATTACHING)
        return busy or self._retry is not None

    # Commands

    def attach(self, now: float) -> None:
        """Attach (§4.7.3.1); nothing if it is or does."""
        if self.state in (MobileState.ATTACHING, MobileState.ATTACHED):
            return
        if self.state is MobileState.DETACHING:
            self._become_detached(DetachReason.MOBILE, now)
        self._attempts = 0
        self._begin_attach(now)

    def detach(self, now: float) -> None:
        """Detach (§4.7.4.1); nothing if it isn't attached."""
        self._stop_retry()
        if self.state not in (MobileState.ATTACHING, MobileState.ATTACHED):
            return
        self._stop()
        self._mobile.leave(now)
        self._enter(MobileState.DETACHING, now)
        self._mobile.hear_anew()
        self._repeat(
            self._detach_request(power_off=False),
            self._timers.t3321,
            lambda later: self._become_detached(DetachReason.MOBILE, later),
            now,
        )

    def switch_off(self, now: float) -> None:
        """Detach because of power-off, which is said once and not answered (§4.7.4.1)."""
        self._stop_retry()
        if self.state is not MobileState.DETACHED:
            self._mobile.send_mobility(self._detach_request(power_off=True))
            self._fall_silent(DetachReason.POWER_OFF, now)

    def lose_power(self, now: float) -> None:
        """Be off without a word."""
        self._stop_retry()
        if self.state is not MobileState.DETACHED:
            self._fall_silent(DetachReason.POWER_LOST, now)

    def find_cell(self, now: float) -> None:
        """Do what a mobile does that finds itself in another cell, or in coverage again."""
        if self.state is MobileState.ATTACHED:
            if self.updating or self._retry is not None or self.suspended:
                self._update(gmm.UpdateType.ROUTING_AREA, now)
            elif self._is_ready(now):
                # A cell update, so that the SGSN sends to where it is (TS 23.060 §6.9.1.1).
                self._mobile.send_mobility(b"")
        elif self.state is MobileState.ATTACHING or self._retry is not None:
            self._begin_attach(now)

    def note_sent(self, now: float) -> None:
        """Note that a frame has left: the READY timer begins anew (§4.7.2.1)."""
        self._last_sent = now

    # What comes in

    def receive(self, octets: bytes, now: float) -> None:
        """Take a mobility management message."""
        try:
            message = gmm.decode(octets, uplink=False)
        except NasError as error:
            self._count("malformed_gmm_messages")
            answered = error.cause != GmmCause.PROTOCOL_ERROR_UNSPECIFIED
            if answered and self.state is not MobileState.DETACHED:
                self._mobile.send_mobility(gmm.GmmStatus(error.cause).encode())
            return
        _RECEIVERS[type(message)](self, message, now)

    def answer_page(self, octets: bytes) -> None:
        """Let the network hear of it (§4.7.9.1.1): a frame with nothing in it will do."""
        try:
            paged = paging.decode(octets)
        except paging.PagingError:
            paged = None
        if paged == self.p_tmsi is not None and self.state is MobileState.ATTACHED:
            self._mobile.send_mobility(b"")
        else:
            self._count("pages_for_others")

    def _take_attach_accept(self, message: gmm.AttachAccept, now: float) -> None:
        attaching = self.state is MobileState.ATTACHING
        if not attaching and self.state is not MobileState.ATTACHED:
            self._count("unexpected_messages")
            return
        self._register(message, now)
        if attaching:
            self._stop()
            self._attempts = 0
            self._enter(MobileState.ATTACHED, now)
            self._watch()
            self._emit(Attached(self._imsi, message.p_tmsi))
            self._mobile.registered(now)
        # else the network repeats itself, so it has not had Attach Complete (§4.7.3.1.6).
        if message.p_tmsi is not None:
            self._mobile.send_mobility(gmm.AttachComplete().encode())

    def _take_attach_reject(self, message: gmm.AttachReject, now: float) -> None:
        if self.state is MobileState.ATTACHING:
            self._fail_attach(message.cause, now)
        else:
            self._count("unexpected_messages")

    def _take_update_accept(self, message: gmm.RoutingAreaUpdateAccept, now: float) -> None:
        if self.state is not MobileState.ATTACHED:
            self._count("unexpected_messages")
            return
        updating = self.updating
        self._register(message, now)
        if message.p_tmsi is not None:
            self._mobile.send_mobility(gmm.RoutingAreaUpdateComplete().encode())
        if updating:
            self._stop()
            self._attempts = 0
            self._watch()
            self._emit(RoutingAreaUpdated(self._imsi, gmm.area_text(message.rai)))
            if message.context_status is not None:
                self._mobile.keep_contexts(message.context_status, now)
            self._mobile.resume()

    def _take_update_reject(self, message: gmm.RoutingAreaUpdateReject, now: float) -> None:
        if not self.updating:
            self._count("unexpected_messages")
            return
        cause = message.cause
        if cause in _REATTACH:
            self._emit(RoutingAreaUpdateFailed(self._imsi, cause))
            if cause == GmmCause.MS_IDENTITY_CANNOT_BE_DERIVED:
                self._forget_registration()
            self._become_detached(DetachReason.REFUSED, now)
            self.attach(now)
        elif cause in _FINAL:
            self._emit(RoutingAreaUpdateFailed(self._imsi, cause))
            self._forget_registration()
            self._become_detached(DetachReason.REFUSED, now)
        else:
            self._fail_update(cause, now)

    def _take_reallocation(self, message: gmm.PTmsiReallocationCommand, now: float) -> None:
        if self.state is not MobileState.ATTACHED:
            self._count("unexpected_messages")
            return
        self.p_tmsi, self._signature = message.p_tmsi, message.p_tmsi_signature
        self.rai = message.rai
        self.note_sent(now)
        self._mobile.send_mobility(gmm.PTmsiReallocationComplete().encode())

    def _take_identity_request(self, message: gmm.IdentityRequest, _now: float) -> None:
        if message.identity_type != gmm.IdentityType.IMSI:
            self._count("unexpected_messages")
            return
        identity = gmm.MobileIdentity(imsi=self._imsi)
        self._mobile.send_mobility(gmm.IdentityResponse(identity).encode())

    def _take_challenge(self, message: gmm.AuthenticationRequest, _now: float) -> None:
        if self.state not in (MobileState.ATTACHING, MobileState.ATTACHED):
            self._count("unexpected_messages")
            return
        config = self._mobile.config
        if self._authentication is None and config.secret is not None:
            self._authentication = Authentication(config.secret, config.sqn)
        if self._authentication is None:
            self._emit(ChallengeRefused(self._imsi, None))
            return
        answer = self._authentication.answer(message)
        if isinstance(answer, gmm.AuthenticationFailure):
            self._emit(ChallengeRefused(self._imsi, answer.cause))
        self._mobile.send_mobility(answer.encode())

    def _take_authentication_reject(self, _message: gmm.AuthenticationReject, now: float) -> None:
        """Give up, as one does whose card is invalid (§4.7.7.5)."""
        if self.state not in (MobileState.ATTACHING, MobileState.ATTACHED):
            self._count("unexpected_messages")
            return
        self._emit(AuthenticationRejected(self._imsi))
        self._forget_registration()
        if self.state is MobileState.ATTACHED:
            self._become_detached(DetachReason.REFUSED, now)
        else:
            self._stop()
            self._enter(MobileState.DETACHED, now)

    def _take_detach_request(self, message: gmm.DetachRequestDownlink, now: float) -> None:
        """Leave as told (§4.7.4.2), and come back at once where that is asked for."""
        again = message.detach_type == gmm.NetworkDetachType.REATTACH_REQUIRED
        if self.state is MobileState.DETACHED or (self.state is MobileState.ATTACHING and again):
            self._count("unexpected_messages")
            return
        self._mobile.send_mobility(gmm.DetachAcceptUplink().encode())
        if message.detach_type == gmm.NetworkDetachType.IMSI_DETACH:
            return
        if message.cause in _FINAL:
            self._forget_registration()
        if self.state is MobileState.ATTACHING:
            self._end_attach(message.cause, now)
            return
        crossing = self.state is MobileState.DETACHING
        self._become_detached(DetachReason.MOBILE if crossing else DetachReason.NETWORK, now)
        if again and not crossing:
            self.attach(now)

    def _take_detach_accept(self, _message: gmm.DetachAcceptDownlink, now: float) -> None:
        if self.state is MobileState.DETACHING:
            self._become_detached(DetachReason.MOBILE, now)
        else:
            self._count("unexpected_messages")

    def _take_status(self, _message: gmm.GmmStatus, _now: float) -> None:
        self._count("gmm_status_received")

    # Attach

    def _begin_attach(self, now: float) -> None:
        self._stop_retry()
        self._stop()
        self._enter(MobileState.ATTACHING, now)
        # The network may have lost the link and count from 0 again.
        self._mobile.hear_anew()
        self._mobile.leave(now)
        known = self.p_tmsi is not None and self.rai is not None
        request = gmm.AttachRequest(
            gmm.MobileIdentity(p_tmsi=self.p_tmsi)
            if known
            else gmm.MobileIdentity(imsi=self._imsi),
            key_sequence=self._key_sequence,
            old_rai=self.rai if known and self.rai is not None else gmm.NO_RAI,
            ready_timer=self._asked_ready_timer,
            p_tmsi_signature=self._signature if known else None,
        )
        self._repeat(
            request.encode(),
            self._timers.t3310,
            lambda later: self._fail_attach(None, later),
            now,
        )

    def _fail_attach(self, cause: int | None, now: float) -> None:
        """Try again later, or never (§4.7.3.1.4, §4.7.3.1.5)."""
        known = self.p_tmsi is not None
        self._end_attach(cause, now)
        if cause in _FINAL:
            self._forget_registration()
        elif cause == GmmCause.MS_IDENTITY_CANNOT_BE_DERIVED and known:
            self._forget_registration()
            self._begin_attach(now)
        else:
            self._try_later(self._begin_attach, now)

    def _end_attach(self, cause: int | None, now: float) -> None:
        self._stop()
        self._enter(MobileState.DETACHED, now)
        self._emit(AttachFailed(self._imsi, cause))

    # Routing area update

    def _update(self, kind: gmm.UpdateType, now: float) -> None:
        self._stop_retry()
        self._stop()
        self.updating = True
        if self._mobile.cell.rai != self.rai:
            # Another SGSN counts its frames from 0.
            self._mobile.hear_anew()
        request = gmm.RoutingAreaUpdateRequest(
            self.rai or gmm.NO_RAI,
            kind,
            self._key_sequence,
            p_tmsi=self.p_tmsi,
            p_tmsi_signature=self._signature,
            ready_timer=self._asked_ready_timer,
            context_status=self._mobile.context_status(),
        )
        self._repeat(
            request.encode(),
            self._timers.t3330,
            lambda later: self._fail_update(None, later),
            now,
        )

    def _fail_update(self, cause: int | None, now: float) -> None:
        self._stop()
        self._emit(RoutingAreaUpdateFailed(self._imsi, cause))
        self._try_later(lambda now: self._update(gmm.UpdateType.ROUTING_AREA, now), now)

    def _watch(self) -> None:
        """See that the network hears of the mobile at times (§4.7.2.2)."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._ready_timer is None or self._t3312 is None:
            return
        due = self._last_sent + self._ready_timer + self._t3312

        self._alarm = self._mobile.surroundings.schedule.at_with(due, Mobility._silent, self)

    def _silent(self, now: float) -> None:
        self._alarm = None
        if self._last_sent + (self._ready_timer or 0.0) + (self._t3312 or 0.0) > now:
            self._watch()
        elif not self.updating and self._retry is None:
            self._update(gmm.UpdateType.PERIODIC, now)

    def _is_ready(self, now: float) -> bool:
        return self._ready_timer is None or now < self._last_sent + self._ready_timer

    # Parts of procedures

    def _register(
        self, message: gmm.AttachAccept | gmm.RoutingAreaUpdateAccept, now: float
    ) -> None:
        """Take what the network has given."""
        # Mostly the cell's own octets, which so need not be kept once more for each mobile.
        area = self._mobile.cell.rai
        self.rai = area if message.rai == area else message.rai
        if message.p_tmsi is not None:
            self.p_tmsi, self._signature = message.p_tmsi, message.p_tmsi_signature
        self._t3312 = decode_timer(message.periodic_update_timer)
        if message.ready_timer is not None:
            self._ready_timer = decode_timer(message.ready_timer)
        else:
            asked = self._mobile.config.ready_timer
            self._ready_timer = DEFAULT_READY_TIMER if asked is None else asked
        self.note_sent(now)

    def _become_detached(self, reason: DetachReason, now: float) -> None:
        self._stop_retry()
        self._stop()
        self._mobile.leave(now)
        self._enter(MobileState.DETACHED, now)
        self._emit(Detached(self._imsi, reason))

    def _fall_silent(self, reason: DetachReason, now: float) -> None:
        if self.state is MobileState.ATTACHING:
            self._stop()
            self._enter(MobileState.DETACHED, now)
        else:
            self._become_detached(reason, now)

    def _forget_registration(self) -> None:
        """Delete what is on the SIM (GPRS update status GU3, §4.1.3.2)."""
        self.p_tmsi = self._signature = self.rai = None
        if self._authentication is not None:
            self._authentication.key_sequence = NO_KEY

    def _try_later(self, again: Callable[[float], None], now: float) -> None:
        self._attempts += 1
        wait = self._timers.t3311
        if self._attempts >= MOST_ATTEMPTS:
            wait, self._attempts = self._timers.t3302, 0

        def expired(now: float) -> None:
            self._retry = None
            again(now)

        self._retry = self._mobile.surroundings.schedule.at(now + wait, expired)

    def _enter(self, state: MobileState, now: float) -> None:
        MOBILITY.check(self.state, state)
        if state is not MobileState.ATTACHED and self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self.state, self.since = state, now

    def _repeat(
        self, octets: bytes, interval: float, give_up: Callable[[float], None], now: float
    ) -> None:
        self._procedure = Repetition(
            self._mobile.surroundings,
            interval,
            lambda: self._mobile.send_mobility(octets),
            give_up,
            now,
        )

    def _stop(self) -> None:
        self.updating = False
        if self._procedure is not None:
            self._procedure.stop()
            self._procedure = None

    def _stop_retry(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _detach_request(self, *, power_off: bool) -> bytes:
        return gmm.DetachRequestUplink(
            power_off=power_off, p_tmsi=self.p_tmsi, p_tmsi_signature=self._signature
        ).encode()

    @property
    def _asked_ready_timer(self) -> int | None:
        asked = self._mobile.config.ready_timer
        return None if asked is None else encode_timer(asked)

    @property
    def _key_sequence(self) -> int:
        return NO_KEY if self._authentication is None else self._authentication.key_sequence

    @property
    def _imsi(self) -> str:
        return self._mobile.config.imsi

    @property
    def _timers(self) -> MobileTimers:
        return self._mobile.surroundings.timers

    def _emit(self, event: Event) -> None:
        self._mobile.surroundings.emit(event)

    def _count(self, what: str) -> None:
        self._mobile.surroundings.count(what)


_RECEIVERS: Final[Mapping[type, Callable[[Mobility, Any, float], None]]] = MappingProxyType(
    {
        gmm.AttachAccept: Mobility._take_attach_accept,
        gmm.AttachReject: Mobility._take_attach_reject,
        gmm.RoutingAreaUpdateAccept: Mobility._take_update_accept,
        gmm.RoutingAreaUpdateReject: Mobility._take_update_reject,
        gmm.PTmsiReallocationCommand: Mobility._take_reallocation,
        gmm.IdentityRequest: Mobility._take_identity_request,
        gmm.AuthenticationRequest: Mobility._take_challenge,
        gmm.AuthenticationReject: Mobility._take_authentication_reject,
        gmm.DetachRequestDownlink: Mobility._take_detach_request,
        gmm.DetachAcceptDownlink: Mobility._take_detach_accept,
        gmm.GmmStatus: Mobility._take_status,
    }
)
