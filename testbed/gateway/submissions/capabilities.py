"""What clients can do: what is known of it, who is told, and which pushes do not fit.

Specs: WAP-247 §7 (capabilities entity), §9.12 (client capabilities query), §9.14 (2005, 2006, 3004,
3008), WAP-248 (UAProf), WAP-230 §8.4 (headers of a session).

Theory of operation. A client says what it accepts in the headers of its WSP session, for as long as
that stands; the lab file may say more of it, and what holds where nobody says anything. An
initiator that sends a capabilities entity has its push matched at each address: what it takes the
client to accept must be among what the client is known to accept (2005), and so must the content
(2006). Without that entity only the operator's word counts against content: what a session says
is its browser's, which is not who takes pushes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Final

from testbed.codecs import ccpp, media, multipart, pap
from testbed.codecs.ccpp import NOTHING, Profile
from testbed.codecs.media import ContentType
from testbed.codecs.pap import StatusCode, Version
from testbed.codecs.wsp.pdus import Headers
from testbed.gateway.config import GatewayConfig
from testbed.gateway.presence.sessions import Session, SessionTable
from testbed.gateway.submissions import answers
from testbed.gateway.submissions.answers import HttpAnswer
from testbed.gateway.submissions.recipients import Nobody, terminal_of
from testbed.gateway.terminal import Terminal, TerminalKind

_NO_QUALITY: Final = 0.0


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one client."""

    profile: Profile
    is_told: bool
    """Whether it is the operator who says what it accepts, and not its session alone."""


class Clients:
    """What is known of the clients of one gateway."""

    def __init__(
        self,
        config: GatewayConfig,
        sessions: SessionTable,
        headers_at: Callable[[str, float], Iterable[Headers]],
    ) -> None:
        """``headers_at`` returns what clients said when they began sessions, newest first.

        It is given their address, and since when they must have been heard of.
        """
        self._config = config
        self._told = config.client_profiles
        self._sessions = sessions
        self._headers_at = headers_at
        told = (self._told.default, *self._told.clients.values())
        self.is_silent = not any(profile.accept for profile in told)
        """The operator says nothing, so that pushes are matched only if that is asked for."""

    def known(self, terminal: Terminal) -> Known:
        """Return what a client is known to be able to do."""
        session = self._session(terminal)
        address, since, msisdn = terminal.value, 0.0, terminal.value
        if session is not None:
            # Before that somebody else may have had the address, and a session.
            address, since, msisdn = session.address, session.since, session.msisdn or ""
        heard = NOTHING
        for headers in self._headers_at(address, since):
            heard = heard.or_else(profile_of(headers))
        own = self._told.clients.get(msisdn, NOTHING)
        profile = (heard | own).or_else(self._told.default)
        return Known(profile, is_told=bool(own.accept) or not heard.accept)

    def answer(self, query: pap.CcqMessage, version: Version) -> HttpAnswer | Nobody:
        """Answer a client capabilities query, in two entities; or say why there is only one."""
        config = self._config
        whom = terminal_of(query.address, config.users, has_ipv6=config.has_ipv6)
        if isinstance(whom, Nobody):
            return whom
        profile = self.known(whom).profile
        if profile == NOTHING:
            text = "no capabilities are known of this client"
            return Nobody(StatusCode.CAPABILITIES_NOT_AVAILABLE, text)
        reply = pap.CcqResponse(
            query.address, StatusCode.OK, StatusCode.OK.text, query_id=query.query_id
        )
        control = answers.document(reply, version, config)
        kind = ContentType(answers.PAP_TYPE)
        parts = multipart.Part(kind, control.body), multipart.Part(kind, ccpp.build(profile))
        boundary = next(
            text
            for text in (f"capabilities-{number}" for number in count())
            if not any(text.encode() in part.body for part in parts)
        )
        return HttpAnswer(control.status, *multipart.build(parts, boundary=boundary))

    def misfit(
        self, terminal: Terminal, types: Iterable[str], assumed: Profile | None
    ) -> Nobody | None:
        """Return why a push does not fit a client, or None where it does.

        ``types`` are the names of its content's type, before and after conversion; ``assumed`` is
        what its capabilities entity says.
        """
        known = self.known(terminal)
        accept = known.profile.accept
        if not accept:
            if assumed is None or not self._told.must_match:
                return None
            return Nobody(
                StatusCode.CAPABILITY_MATCHING_NOT_SUPPORTED,
                f"it is not known what {terminal} accepts",
            )
        for one in () if assumed is None else assumed.accept:
            if not known.profile.accepts(one):
                return Nobody(StatusCode.CAPABILITIES_MISMATCH, f"{terminal} does not accept {one}")
        names = tuple(types)
        is_matched = assumed is not None or known.is_told
        if is_matched and not any(known.profile.accepts(name) for name in names):
            return Nobody(
                StatusCode.REQUIRED_CAPABILITIES_NOT_SUPPORTED,
                f"{terminal} does not accept the content: {names[-1]}",
            )
        return None

    def _session(self, terminal: Terminal) -> Session | None:
        """Return the terminal's accounting session."""
        if terminal.kind is TerminalKind.MSISDN:
            return self._sessions.of_msisdn(terminal.value)
        return self._sessions.at(terminal.value)


def profile_of(headers: Headers) -> Profile:
    """Return what a client says of itself in the headers of its session."""
    said: dict[str, list[str]] = {}
    for name, value in headers:
        said.setdefault(name.lower(), []).append(value)
    agents = said.get("user-agent", [""])
    urls = [url for url in said.get("profile", ()) if url.isascii() and url.isprintable()]
    return Profile(
        tuple(_preferred(said.get("accept", ()), _media_type)),
        tuple(_preferred(said.get("accept-charset", ()), _charset)),
        answers.printable(agents[0]).strip(),
        urls[0].strip('" ') if urls else "",
    )


def _preferred(values: Iterable[str], read: Callable[[str], str | None]) -> Iterable[str]:
    """Return what lists of preferences name, but for what has the quality 0."""
    found: dict[str, None] = {}
    for one in (piece for value in values for piece in value.split(",")):
        text, _, parameters = one.partition(";")
        name = read(text.strip())
        if name is not None and _quality(parameters) > _NO_QUALITY:
            found[name] = None
    return found


def _media_type(text: str) -> str | None:
    try:
        return media.parse("*/*" if text == "*" else text).media
    except ValueError:
        return None


def _charset(text: str) -> str | None:
    return text.lower() if media.TOKEN.fullmatch(text) else None


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return float(value)
            except ValueError:
                break
    return 1.0
