"""A small SMSC as a program: our server session behind a real port, with a capture.

Run as ``python -m tests.interop.smsc_program HOST PORT CAPTURE``. It accepts the accounts below,
takes every message, delivers a receipt where one was wanted, delivers a message of a mobile's to
whoever binds as a receiver, and prints every event as one line. SIGTERM unbinds and ends it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred

from corenet.adapters.runtime import TwistedRuntime
from corenet.capture.capture import Capture
from corenet.interfaces.node import Interface
from testbed.codecs.smpp import CommandStatus, DeliverSm, DeliverSmResp, SmeAddress, SubmitSm
from testbed.codecs.smpp import parameters as p
from testbed.lab.reactor_run import run_in_reactor
from testbed.smpp.config import SmppLimits, SmppTimers
from testbed.smpp.events import Answered, BindRequested, SessionEvent, Submitted
from testbed.smpp.server import SmppServer
from testbed.smpp.testing import ObligingSmsc

ACCOUNTS = {"kannel": "secret", "smpplib": "secret"}
MOBILE = SmeAddress.international("447700900123")
ENQUIRE_LINK = 0.5
"""Seconds of silence after which a peer is asked: short, so that a test sees it."""


class Smsc(ObligingSmsc):
    """Accepts, and delivers receipts and one message; that again, where it comes too early."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._messages: dict[int, DeliverSm] = {}
        self._early: list[int] = []

    def handle_timeout(self, now: float) -> None:
        """Deliver once more what a peer could not take yet."""
        super().handle_timeout(now)
        early, self._early = self._early, []
        for connection in early:
            session = self.server.session(connection)
            if session is not None and session.state.is_bound:
                session.deliver(self._messages[connection], "hello", now)

    def heard(self, event: SessionEvent, now: float) -> None:
        """Answer, and deliver what is to be delivered."""
        super().heard(event, now)
        print(event, flush=True)
        session = self.server.session(event.connection)
        if session is None or not session.state.is_bound:
            return
        match event:
            case BindRequested(request=bind) if session.state.value != "BOUND_TX":
                short = SmeAddress(bind.system_id)
                hello = DeliverSm(source=MOBILE, destination=short, short_message=b"from a mobile")
                self._messages[event.connection] = hello
                session.deliver(hello, "hello", now)
            case Answered(context="hello", response=DeliverSmResp(status=CommandStatus.RX_T_APPN)):
                # bearerbox says so until it has started whole.
                self._early.append(event.connection)
            case Submitted(request=SubmitSm() as submit) if submit.registered_delivery & 1:
                receipt = DeliverSm(
                    source=submit.destination,
                    destination=submit.source,
                    esm_class=0x04,
                    short_message=b"id:1 sub:001 dlvrd:001 submit date:2611220900 done date:"
                    b"2611220900 stat:DELIVRD err:000 text:hello",
                    tlvs=(p.RECEIPTED_MESSAGE_ID("1"), p.MESSAGE_STATE(2)),
                )
                session.deliver(receipt, "receipt", now)


async def serve(reactor: Any, host: str, port: int, capture: Path) -> int:
    """Serve until interrupted."""
    runtime = TwistedRuntime(reactor)
    timers = SmppTimers(enquire_link=ENQUIRE_LINK, session_init=6.0, whole_pdu=1.0)
    server = SmppServer(timers=timers, limits=SmppLimits(rate=1000.0, burst=200))
    with capture.open("wb") as stream:
        runtime.on_passed(Capture(stream))
        runtime.attach(Smsc(accounts=ACCOUNTS, server=server), {Interface.SMPP: (host, port)})
        print("Ready", flush=True)
        try:
            await Deferred[None]()
        finally:
            await runtime.stop()
    return 0


if __name__ == "__main__":
    HOST, PORT, CAPTURE = sys.argv[1:]
    sys.exit(run_in_reactor(lambda reactor: serve(reactor, HOST, int(PORT), Path(CAPTURE))))
