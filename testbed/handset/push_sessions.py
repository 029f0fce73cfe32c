"""The sessions that gateways ask a handset for, to push on them.

Specs: WAP-235 §8 (SIA: the request for a session), WAP-230 §6.3 (sessions, S-ConfirmedPush).

Theory of operation. A request names places at which the gateway can be reached; the handset
connects to the first that an IP packet can get to, and to the next one where that fails. While it
connects, and shortly after, a request that names the same gateway is a copy of that one. One that
comes later says that the gateway knows of no session, whatever the handset believes: it connects
anew. The session is there until the gateway ends it, nothing was pushed for long, or the PDP
context that it runs over is gone, which ends it without a word.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from corenet.interfaces.application import Host
from corenet.interfaces.node import Address
from corenet.interfaces.runtime import Timer
from testbed.codecs.sia import SessionInitiation
from testbed.codecs.wsp.contact import Bearer, ContactPoint
from testbed.codecs.wsp.errors import WspError
from testbed.codecs.wsp.pdus import Headers, Push
from testbed.codecs.wtp import UserAbort
from testbed.codecs.wtp.constants import WTP_PORT
from testbed.handset.session_port import SessionPort
from testbed.handset.settings import OnPush, PushBehaviour
from testbed.wap.errors import WapError
from testbed.wap.events import Event
from testbed.wap.session_events import (
    ConfirmedPushReceived,
    PushAborted,
    PushReceived,
    SessionEnded,
    SessionEstablished,
    SessionRedirected,
    SessionRefused,
    SessionSuspended,
)

COPY_TIME: Final = 10.0
"""Seconds for which a request for a session that stands is taken for a copy."""
_MOST_PLACES: Final = 4
"""Places tried for one request, those that redirections name included."""
_OVER_IP: Final = (None, Bearer.IPV4, Bearer.GSM_CSD, Bearer.GSM_GPRS)

Take = Callable[[Push, Address, float], bool]
"""Shows a push; returns False where its content cannot be processed."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """A gateway's request for a session, as far as a handset can follow it."""

    applications: tuple[str, ...]
    places: tuple[Address, ...]
    """Where the gateway can be reached by UDP over IPv4; one at least."""

    @classmethod
    def of(cls, initiation: SessionInitiation) -> Invitation | None:
        """Return what a SIA asks for, or None where no place can be reached."""
        places = places_of(initiation.contacts)
        return cls(initiation.applications, places) if places else None


@dataclass(slots=True)
class _Session:
    """One session, or the attempt at one."""

    place: Address
    others: tuple[Address, ...]
    """Where else the gateway can be reached."""
    applications: tuple[str, ...]
    tried: int = 1
    """Places so far."""
    since: float | None = None
    """When it came to stand."""
    last_used: float = 0.0
    idle: Timer | None = None


class PushSessions:
    """The push sessions from one PDP address of a handset."""

    def __init__(
        self,
        host: Host,
        address: str,
        behaviour: PushBehaviour,
        *,
        take: Take,
        on_end: Callable[[float], None],
    ) -> None:
        """``take`` shows pushes; ``on_end`` is called when nothing is left here."""
        self._host = host
        self.behaviour = behaviour
        """May change at any time, for what comes from then on."""
        self._take = take
        self._sessions: dict[int, _Session] = {}
        self._port = SessionPort(host, address, hear=self._hear, on_end=on_end)

    def invite(self, invitation: Invitation, now: float) -> None:
        """Open the session that a gateway asks for, unless it is there already."""
        places = invitation.places
        there = {n: session for n, session in self._sessions.items() if session.place in places}
        for session in there.values():
            if session.since is None or now < session.since + COPY_TIME:
                self._host.count("push_session_requests_repeated")
                return
        if len(self._sessions) - len(there) >= self.behaviour.most_sessions:
            self._report_failure(places[0], f"{len(self._sessions)} sessions are open")
            return
        self._connect(_Session(places[0], places[1:], invitation.applications), now)
        for number in there:
            self._end(number, "replaced", now)

    def drop(self) -> None:
        """Be done with all, as the PDP context is gone."""
        for number, session in tuple(self._sessions.items()):
            self._forget(number)
            self._report_end(session, "the PDP context is gone")
        self._port.drop()

    def _connect(self, session: _Session, now: float) -> None:
        headers = (*_accepted(session.applications), ("Bearer-Indication", str(Bearer.GSM_GPRS)))
        try:
            number = self._port.do(
                lambda client: client.connect(session.place, now, headers=headers), now
            )
        except (WapError, WspError) as error:
            self._report_failure(session.place, str(error))
        else:
            self._sessions[number] = session

    # What becomes of sessions

    def _hear(self, event: Event, now: float) -> None:
        match event:
            case SessionEstablished():
                self._established(event, now)
            case SessionEnded():
                self._ended(event.session, str(event.reason), now)
            case SessionRefused():
                self._ended(event.session, f"status {event.reply.status}", now)
            case SessionRedirected():
                self._redirected(event, now)
            case SessionSuspended():
                self._end(event.session, "suspended by the gateway", now)
            case PushReceived():
                self._note_use(event.session, now)
                self._take(event.push, event.peer, now)
            case ConfirmedPushReceived():
                self._note_use(event.session, now)
                self._answer(event, now)
            case PushAborted():
                self._host.report("push aborted", {"gateway": event.peer[0], "reason": event.text})

    def _established(self, event: SessionEstablished, now: float) -> None:
        session = self._sessions.get(event.session)
        if session is not None:
            session.since = session.last_used = now
            session.idle = self._host.at(
                now + self.behaviour.idle, lambda later: self._look(event.session, later)
            )
            self._host.report("push session opened", {"gateway": _text(session.place)})

    def _ended(self, number: int, reason: str, now: float) -> None:
        session = self._forget(number)
        if session is None:
            return
        if session.since is not None:
            self._report_end(session, reason)
        else:
            self._try_next(session, session.others, reason, now)

    def _redirected(self, event: SessionRedirected, now: float) -> None:
        session = self._forget(event.session)
        if session is not None:
            elsewhere = places_of(event.contacts)
            self._try_next(session, (*elsewhere, *session.others), "redirected", now)

    def _try_next(
        self, session: _Session, places: tuple[Address, ...], reason: str, now: float
    ) -> None:
        if not places or session.tried >= _MOST_PLACES:
            self._report_failure(session.place, reason)
            return
        place, *others = places
        self._connect(_Session(place, tuple(others), session.applications, session.tried + 1), now)

    def _note_use(self, number: int, now: float) -> None:
        session = self._sessions.get(number)
        if session is not None:
            session.last_used = now

    def _look(self, number: int, now: float) -> None:
        """End a session on which nothing has happened for long."""
        session = self._sessions[number]
        due = session.last_used + self.behaviour.idle
        if due <= now:
            self._end(number, "idle", now)
        else:
            session.idle = self._host.at(due, lambda later: self._look(number, later))

    def _end(self, number: int, reason: str, now: float) -> None:
        session = self._forget(number)
        if session is not None:
            self._report_end(session, reason)
            self._port.do(lambda client: client.disconnect(number, now), now)

    def _forget(self, number: int) -> _Session | None:
        session = self._sessions.pop(number, None)
        if session is not None and session.idle is not None:
            session.idle.cancel()
        return session

    def _report_end(self, session: _Session, reason: str) -> None:
        self._host.report("push session ended", {"gateway": _text(session.place), "reason": reason})

    def _report_failure(self, place: Address, reason: str) -> None:
        self._host.report("push session not opened", {"gateway": _text(place), "reason": reason})

    # Confirmed pushes

    def _answer(self, event: ConfirmedPushReceived, now: float) -> None:
        behaviour = self.behaviour
        match behaviour.on_push:
            case OnPush.SILENT:
                self._host.report("push left unanswered", {"gateway": event.peer[0]})
            case OnPush.REFUSE:
                self._refuse(event, behaviour.reason, now)
            case _ if self._take(event.push, event.peer, now):
                with suppress(WapError):  # The gateway may have given it up meanwhile.
                    self._port.do(lambda client: client.confirm_push(event.transaction, now), now)
            case _:
                self._refuse(event, UserAbort.USER_DISCARDED_UNPROCESSABLE, now)

    def _refuse(self, event: ConfirmedPushReceived, reason: UserAbort, now: float) -> None:
        name = reason.name.lower().replace("_", " ")
        self._host.report("push refused", {"gateway": event.peer[0], "reason": name})
        with suppress(WapError):
            self._port.do(lambda client: client.refuse_push(event.transaction, reason, now), now)


def places_of(contacts: tuple[ContactPoint, ...]) -> tuple[Address, ...]:
    """Return the contact points that a handset reaches by UDP over IPv4, each once, in order."""
    places = [
        (contact.ip, contact.port or WTP_PORT)
        for contact in contacts
        if contact.ip is not None and ":" not in contact.ip and contact.bearer in _OVER_IP
    ]
    return tuple(dict.fromkeys(places))


def _accepted(applications: tuple[str, ...]) -> Headers:
    return tuple(("Accept-Application", application) for application in applications)


def _text(place: Address) -> str:
    return f"{place[0]}:{place[1]}"
