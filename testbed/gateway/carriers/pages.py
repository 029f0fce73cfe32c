"""Pull at the gateway: requests off its two ports go to ``testbed.pull``, answers go back.

Specs: WAP-259 (ports 9200 and 9201).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from urllib.parse import urlsplit

from corenet.interfaces.node import Address
from testbed.gateway.carriers.send import wdp
from testbed.gateway.carriers.wap_server import WapServer
from testbed.gateway.config import GatewayConfig
from testbed.gateway.output import Output
from testbed.gateway.presence.sessions import SessionTable
from testbed.pull.config import PullConfig
from testbed.pull.effects import FetchFailure, OriginAnswer
from testbed.pull.pull import MethodRequest, Pull
from testbed.wap.errors import WapError
from testbed.wap.session_events import MethodAborted, MethodReceived, ReplyConfirmed


def pull_config(config: GatewayConfig) -> PullConfig:
    """Return what pull is told at this gateway.

    Where initiators are listened to, and where the core is asked, is closed to terminals: they
    would come in the gateway's name.
    """
    places = {(config.listens_at, config.pap_port)}
    if config.tls is not None:
        places.add((config.listens_at, config.tls.port))
    if config.control_url is not None:
        url = urlsplit(config.control_url)
        places.add((url.hostname or "", url.port or (443 if url.scheme == "https" else 80)))
    pull = config.pull or PullConfig()
    return replace(pull, closed=pull.closed | places)


class Pages:
    """Answers the requests of terminals with pages of origin servers (a ``wap_server.Pull``)."""

    def __init__(
        self,
        config: GatewayConfig,
        server: WapServer,
        output: Output,
        *,
        sessions: SessionTable,
    ) -> None:
        """Reply through ``server``; ``sessions`` tells who has an address now."""
        self._server = server
        self._output = output
        self._sessions = sessions
        self._pull = Pull(pull_config(config), msisdn_of=self._msisdn_of)

    @property
    def counters(self) -> Mapping[str, int]:
        """What was counted since it was made."""
        return {f"pull {name}": n for name, n in self._pull.counters.items()}

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many of a thing there are now."""
        return self._pull.sizes

    def method_received(self, event: MethodReceived, now: float) -> None:
        """Take a request on a session."""
        session = self._server.session(event.session)
        if session is None:
            return  # It ended in the same breath, and its requests with it.
        self._pull.take_method(
            MethodRequest(
                event.transaction,
                event.peer,
                event.request,
                session.headers,
                session.agreement.client_sdu,
            ),
            now,
        )
        self._settle(now)

    def method_ended(self, event: ReplyConfirmed | MethodAborted, now: float) -> None:
        """Take note that a request on a session is over."""
        self._pull.method_ended(event.transaction, now)
        self._settle(now)

    def datagram_received(self, data: bytes, peer: Address, now: float) -> None:
        """Take a request without a session."""
        self._pull.receive(data, peer, now)
        self._settle(now)

    def fetched(self, number: int, answer: OriginAnswer, now: float) -> None:
        """Take the answer to ``FetchFromOrigin``."""
        self._pull.fetched(number, answer, now)
        self._settle(now)

    def fetch_failed(self, number: int, failure: FetchFailure, text: str, now: float) -> None:
        """Take note that ``FetchFromOrigin`` came to nothing."""
        self._pull.fetch_failed(number, failure, text, now)
        self._settle(now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        return self._pull.next_timeout()

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        self._pull.handle_timeout(now)
        self._settle(now)

    def _msisdn_of(self, address: str) -> str | None:
        session = self._sessions.at(address)
        return None if session is None else session.msisdn

    def _settle(self, now: float) -> None:
        for data, peer in self._pull.take_datagrams():
            self._output.send(wdp(peer, data))
        for effect in self._pull.take_effects():
            self._output.ask(effect)
        for event in self._pull.take_events():
            self._output.tell(event)
        for transaction, reply in self._pull.take_replies():
            with suppress(WapError):  # The terminal has given it up, and we are not told yet.
                self._server.reply(transaction, reply, now)
