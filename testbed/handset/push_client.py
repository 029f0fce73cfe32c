"""The push client of a mobile: takes WSP pushes on UDP 2948, and on sessions it is asked for.

Specs: WAP-235 (connectionless and connection-oriented push), WAP-230 (WSP).

A request for a session (SIA) that comes as a short message, while there is no PDP context, has one
activated. Secure pushes (UDP 2949) are not served.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from corenet.interfaces.application import Application, Host
from corenet.interfaces.node import Address
from testbed.codecs import sia, wsp
from testbed.codecs.errors import ContentError
from testbed.codecs.wsp import PUSH_PORT, WspError
from testbed.codecs.wsp.pdus import Push
from testbed.handset.push_content import Loader, PushContent
from testbed.handset.push_sessions import Invitation, PushSessions
from testbed.handset.settings import OnPush, PushBehaviour

_MOST_WAITING: Final = 4


class PushClient(Application):
    """Takes pushes, and shows what ``PushContent`` makes of them.

    ``pushes_received`` counts those of every way, and the datagrams that are none.
    """

    def __init__(
        self,
        host: Host,
        behaviour: PushBehaviour | None = None,
        *,
        loader: Loader | None = None,
        port: int = PUSH_PORT,
    ) -> None:
        """``loader`` opens what a service loading names, and has the cache."""
        self._host = host
        self._behaviour = behaviour or PushBehaviour()
        self._content = PushContent(host, loader)
        self._sessions: dict[str, PushSessions] = {}
        # Requests for sessions that wait for a PDP context.
        self._waiting: list[Invitation] = []
        host.bind(self._receive, port)

    def configure(self, name: str, value: str) -> bool:
        """Change what is done with confirmed pushes, on open sessions too."""
        behaviour = self._behaviour.having(name, value)
        if behaviour is None:
            return False
        self._behaviour = behaviour
        for sessions in self._sessions.values():
            sessions.behaviour = behaviour
        return True

    # What is told

    def context_activated(self, address: str, now: float) -> None:
        """Open the sessions that waited for this."""
        waiting, self._waiting = self._waiting, []
        for invitation in waiting:
            self._sessions_from(address).invite(invitation, now)

    def context_ended(self, address: str, now: float) -> None:  # noqa: ARG002
        """Be done with the sessions over this context."""
        sessions = self._sessions.pop(address, None)
        if sessions is not None:
            sessions.drop()

    def context_refused(self, now: float) -> None:  # noqa: ARG002
        """Open no session."""
        waiting, self._waiting = self._waiting, []
        for _ in waiting:
            self._host.report("push session not opened", {"reason": "no PDP context"})

    # What arrives

    def _receive(self, payload: bytes, source: Address, local: Address, now: float) -> None:
        try:
            push = wsp.decode_push(payload)
            if push.content_type.media == sia.MEDIA_TYPE:
                self._host.count("push_session_requests")
                self._invited(Invitation.of(sia.decode(push.body)), local, now)
                return
        except (WspError, ContentError):
            self._host.count("pushes_received")
            self._host.count("pushes_malformed")
            return
        self._take(Push(push.content_type, push.body, push.headers), source, now)

    def _take(self, push: Push, source: Address, now: float) -> bool:
        self._host.count("pushes_received")
        return self._content.take(push, source[0], now)

    def _invited(self, invitation: Invitation | None, local: Address, now: float) -> None:
        address = local[0] if _is_address(local[0]) else self._host.address
        if self._behaviour.on_push is OnPush.NO_SESSION:
            self._host.report("push session not opened", {"reason": "told to open none"})
        elif invitation is None:
            self._host.report("push session not opened", {"reason": "no place over IPv4"})
        elif address:
            self._sessions_from(address).invite(invitation, now)
        elif len(self._waiting) < _MOST_WAITING and self._host.activate(now):
            self._waiting.append(invitation)
        else:
            self._host.report("push session not opened", {"reason": "no PDP context"})

    def _sessions_from(self, address: str) -> PushSessions:
        sessions = self._sessions.get(address)
        if sessions is None:
            sessions = self._sessions[address] = PushSessions(
                self._host,
                address,
                self._behaviour,
                take=self._take,
                on_end=partial(self._ended, address),
            )
        return sessions

    def _ended(self, address: str, _now: float) -> None:
        del self._sessions[address]


def _is_address(host: str) -> bool:
    """Return whether that is an IPv4 address; a short message comes to a number."""
    return host.count(".") == 3
