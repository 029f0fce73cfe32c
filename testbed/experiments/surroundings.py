"""What stands around a gateway in an experiment: a core, terminals, an initiator; all scripted."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any, Final

from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import DatagramProtocol
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from testbed.codecs import pap
from testbed.codecs.wsp import decode_push
from testbed.codecs.wsp.push import PUSH_PORT
from testbed.initiator.submission import take_notification

APN: Final = "wap.example"
SLOWEST_ACTIVATION: Final = 0.05
"""Seconds."""


class ScriptedCore(Resource):
    """A control interface behind which a third of the terminals are online.

    Another third is activated when asked; the last one often fails first.
    """

    isLeaf = True  # noqa: N815

    def __init__(self, reactor: Any, addresses: dict[str, str], random: Random) -> None:
        """``addresses`` has each terminal's PDP address by its MSISDN."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._reactor = reactor
        self._addresses = addresses
        self._order = list(addresses)
        self._random = random

    def render(self, request: Request) -> Any:
        """Answer a request (Twisted calls this)."""
        path = request.path.decode()
        if path == "/v1/events":
            request.write(b": listening\n\n")
            return NOT_DONE_YET
        if path == "/v1/activations":
            assert request.content is not None
            asked = json.loads(request.content.read())
            delay = SLOWEST_ACTIVATION * self._random.random()
            answering = self._reactor.callLater(delay, self._activated, request, asked)
            # A gateway that was killed does not wait for its answer.
            request.notifyFinish().addErrback(lambda _: answering.cancel())
            return NOT_DONE_YET
        msisdn = (request.args or {})[b"msisdn"][0].decode()
        return json.dumps({"total": 1, "terminals": [self._terminal(msisdn)]}).encode()

    def _terminal(self, msisdn: str) -> dict[str, Any]:
        context = {"apn": APN, "address": self._addresses[msisdn]}
        return {
            "imsi": f"23415{msisdn[-10:]}",
            "msisdn": msisdn,
            "contexts": [context] if self._order.index(msisdn) % 3 == 0 else [],
            "attached": True,
            "reachable": True,
        }

    def _activated(self, request: Request, asked: dict[str, Any]) -> None:
        msisdn = next(m for m in self._order if asked["imsi"] == f"23415{m[-10:]}")
        answer = {**asked, "outcome": "active", "step": "active", "steps": []}
        answer["address"] = self._addresses[msisdn]
        if self._order.index(msisdn) % 3 == 2 and self._random.random() < 0.5:
            cause = {"source": "local", "number": 0, "name": "SGSN does not answer"}
            answer |= {"outcome": "failed", "step": "pdu-notification", "cause": cause}
            answer["address"] = None
            request.setResponseCode(504)
        request.write(json.dumps(answer).encode())
        request.finish()


class Terminal(DatagramProtocol):
    """A terminal's push client; a push's text is its push-id."""

    def __init__(self, arrived: Callable[[str, str], None]) -> None:
        """``arrived`` gets the push-id and the address of the gateway that it came from."""
        self._arrived = arrived

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:  # noqa: N802
        """Take a push (Twisted calls this)."""
        self._arrived(decode_push(datagram).body.decode(), addr[0])


class Results(Resource):
    """Where the initiator takes results; it turns one in ten away once."""

    isLeaf = True  # noqa: N815

    def __init__(
        self,
        posted: Callable[[pap.ResultNotification], None],
        answered: Callable[[pap.ResultNotification], None],
        random: Random,
    ) -> None:
        """``answered`` is called when an answer has gone out."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._posted = posted
        self._answered = answered
        self._random = random
        self._turned_away: set[str] = set()

    def render(self, request: Request) -> Any:
        """Answer a request (Twisted calls this)."""
        assert request.content is not None
        receipt = take_notification(request.getHeader("Content-Type") or "", request.content.read())
        notification = receipt.notification
        assert notification is not None
        self._posted(notification)
        if notification.push_id not in self._turned_away and self._random.random() < 0.1:
            self._turned_away.add(notification.push_id)
            request.setResponseCode(503)
            return b""
        gone = request.notifyFinish()
        gone.addCallbacks(lambda _: self._answered(notification), lambda _: None)
        request.setResponseCode(202)
        request.setHeader("Content-Type", receipt.answer.content_type)
        return receipt.answer.body


class Surroundings:
    """Core, terminals and the initiator's ear, on loopback addresses beginning with ``net``."""

    def __init__(
        self,
        reactor: Any,
        net: str,
        *,
        terminals: int,
        random: Random,
        arrived: Callable[[str, str], None],
        posted: Callable[[pap.ResultNotification], None],
        answered: Callable[[pap.ResultNotification], None],
    ) -> None:
        """Listen; CannotListenError where an address is taken."""
        self.addresses = {
            f"4477009{number:05d}": f"{net}.{101 + number}" for number in range(terminals)
        }
        """PDP address of each terminal by its MSISDN."""
        core = Site(ScriptedCore(reactor, self.addresses, random))
        results = Site(Results(posted, answered, random))
        self._ports: list[IListeningPort] = [
            reactor.listenTCP(0, core, interface=f"{net}.1"),
            reactor.listenTCP(0, results, interface=f"{net}.2"),
        ]
        core_port, results_port = (port.getHost().port for port in self._ports)  # type: ignore[attr-defined]
        self.core_url = f"http://{net}.1:{core_port}"
        self.notify_url = f"http://{net}.2:{results_port}/results"
        self._ports += [
            reactor.listenUDP(PUSH_PORT, Terminal(arrived), interface=address)
            for address in self.addresses.values()
        ]

    async def close(self) -> None:
        """Stop listening."""
        for port in self._ports:
            await port.stopListening()  # type: ignore[misc]
