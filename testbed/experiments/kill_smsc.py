"""Kills an SMSC at random instants under load, and looks for broken promises.

``python -m testbed.experiments.kill_smsc`` kills 200 times and prints what it found; exit status 1
where a promise was broken. With ``--store postgresql://…`` messages are in an empty database.
``ledger`` says what the promises are: a message that was answered with a message_id is a push
there, and its delivery receipt is the result.

Theory of operation. The SMSC runs as ``corenet run`` does, a process of its own on a lab file
written here, together with HLR, SGSN and mobiles, which die with it: what has arrived at a mobile
is read from the log. A lab writes its lines in the turn of its reactor after theirs, and those of
the last turn die with it; so of a message that the store has as delivered since the last line
nobody can say more than the store. Some numbers are nobody's, and some
mobiles have no room for their first message. An ESME in this process submits short messages in
store-and-forward mode at a steady rate, each with a text of its own, and answers every receipt.
What it has no answer for when the link is lost it submits again with another text, since it cannot
know: then both may arrive. An SMSC is killed at an instant of its work or, now and then, of its
recovery, and started again; before that the store is looked at. In the end all is left in peace
until every receipt is there.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall, deferLater
from twisted.internet.threads import deferToThread

from corenet.adapters.runtime import TwistedRuntime
from corenet.adapters.sqlite_file import StoreError
from corenet.interfaces.node import Interface
from testbed.adapters.smsc import open_store
from testbed.adapters.store_thread import SHARED
from testbed.codecs.smpp import (
    BindTransceiver,
    DeliverSm,
    MessageState,
    Receipt,
    RegisteredDelivery,
    SmeAddress,
    SubmitSm,
)
from testbed.codecs.smpp import parameters as p
from testbed.codecs.smpp.constants import VERSION_3_4
from testbed.experiments.lab_process import LabProcess, drained
from testbed.experiments.ledger import Ledger
from testbed.experiments.played_esme import PlayedEsme
from testbed.lab.reactor_run import run_in_reactor
from testbed.smpp.config import SmppLimits
from testbed.smpp.errors import QueueFullError, SessionStateError
from testbed.smpp.events import Answered, LinkLost, TimedOut
from testbed.smpp.links import Account, Backoff, SmscLinks
from testbed.smsc.store import Store
from testbed.smsc.stored import ReceiptState, State

WORKING: Final = 0.8
"""Seconds of work in the longest life."""
IN_RECOVERY: Final = 0.2
"""Share of the kills that strike while the SMSC begins again."""
STARTING: Final = 120.0
SETTLING: Final = 300.0
"""Seconds at most for a start, and until all is reported in the end."""
LETTING_GO: Final = 60.0
"""Seconds at most until a database has noticed that its SMSC is dead."""
TERMINALS: Final = 20
NOBODYS: Final = "447700999999"
"""A number that no terminal has."""
SOURCE: Final = SmeAddress.international("447700900100")
_LAB: Final = """\
name: experiment
hlr: {{address: {net}.3}}
sgsn: {{address: {net}.4}}
smsc:
  address: {net}.10
  store: "{store}"
  stored: {{waits: [0.2, 0.4], look: 2}}
subscribers:
"""
_SUBSCRIBER: Final = (
    "  - {{imsi: '2341509001{number:05}', msisdn: '4477009{number:05}', "
    "apns: [{{name: wap}}], mobile: {{{mobile}}}}}\n"
)
_ARRIVED: Final = b'"ShortMessageReceived"'
_FULL: Final = "on_sms: memory-full, sms_refused: [1]"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run is to do."""

    kills: int = 200
    seed: int = 1
    rate: float = 100.0
    """Messages a second."""
    store: str | None = None
    """The URL of an empty database; None: a file of the run's own."""


class SmscKillTest:
    """One run."""

    def __init__(self, reactor: Any, plan: Plan, folder: Path, net: str) -> None:
        """``folder`` is for lab file, log and store; ``net`` begins every address."""
        self._reactor = reactor
        self._plan = plan
        self._random = Random(plan.seed)
        self.ledger = Ledger("messages", "receipts")
        self._store = plan.store or str(folder / "messages.sqlite")
        lab = _LAB.format(net=net, store=self._store)
        for number in range(TERMINALS):
            lab += _SUBSCRIBER.format(number=number, mobile="" if number % 4 else _FULL)
        self._smsc = LabProcess(folder, "smsc", lab, "--verbose", "--json")
        self._log = (folder / "log").open("rb")
        self._esme_address = f"{net}.2"
        self._runtime = TwistedRuntime(reactor)
        account = Account(
            "smsc",
            (f"{net}.10", 2775),
            BindTransceiver(system_id="esme", interface_version=VERSION_3_4),
            assumed_version=VERSION_3_4,
            limits=SmppLimits(window=100),
        )
        links = SmscLinks((account,), random=self._random, backoff=Backoff(first=0.05, longest=0.1))
        self._esme = PlayedEsme(links, self)
        self._submitted = 0
        self._open: set[str] = set()
        """Texts that have no answer yet."""
        self._ids: dict[str, str] = {}
        """Texts by message_id."""
        self._unknown = 0
        self._failed: set[str] = set()
        """Texts whose receipt says that they could not be delivered."""
        self._start_time = 0.0
        self._line = b""
        self._last_line = 0.0
        """When the last whole line was logged, in seconds since 1970-01-01 UTC."""

    async def run(self) -> None:
        """Kill so often; then let the SMSC end what it promised."""
        load = LoopingCall.withCount(self._submit_due)
        watch = LoopingCall(self._read_log)
        load.clock = watch.clock = self._reactor
        began = time.monotonic()
        try:
            self._smsc.start()
            self._runtime.attach(self._esme, {Interface.SMPP: (self._esme_address, 0)})
            await self._serving()
            watching = watch.start(0.02)
            self._start_time = time.monotonic() - began
            loading = load.start(1 / self._plan.rate, now=False)
            for number in range(self._plan.kills):
                await self._kill(number)
            load.stop()
            await loading
            await self._settle()
            watch.stop()
            await watching
        finally:
            for call in (load, watch):
                if call.running:
                    call.stop()
            self._smsc.end(signal.SIGTERM)
            self._log.close()
            await self._runtime.stop()
        known = _look(self._store, self._ids)
        done = {self._ids[one] for one, ends in known.items() if all(ends)}
        self.ledger.close(done, self._failed)

    def report(self) -> str:
        """Return what was found, for people."""
        more = (
            ("  of which could not be delivered", len(self._failed)),
            ("submissions without an answer", self._unknown),
        )
        return "\n".join([self.ledger.report(), *(f"{what:<40}{n}" for what, n in more)])

    # The SMSC

    async def _serving(self) -> None:
        """Wait until the ESME is bound."""
        deadline = time.monotonic() + STARTING
        while not self._esme.links.is_up:
            if time.monotonic() > deadline or self._smsc.has_ended:
                raise RuntimeError(f"the SMSC does not serve:\n{self._smsc.log()}")
            await self._sleep(0.01)

    async def _kill(self, number: int) -> None:
        if number and self._random.random() < IN_RECOVERY:
            await self._sleep(self._start_time * self._random.uniform(0.5, 1.0))
        else:
            await self._serving()
            await self._sleep(WORKING * self._random.random())
        if self._smsc.has_ended:
            raise RuntimeError(f"the SMSC has ended by itself:\n{self._smsc.log()}")
        life, now = self._smsc.life, time.monotonic()
        self._smsc.end(signal.SIGKILL)
        await drained(self._reactor)
        self._read_log()
        self._line = b""  # What it had not written to the end nobody will.
        unseen = {one: text for one, text in self._ids.items() if not self.ledger.has_arrived(text)}
        for one in await deferToThread(delivered_since, self._store, unseen, self._last_line):
            self.ledger.was_sent(unseen[one], life, now)
        texts = set(self.ledger.was_killed(life, now))
        ids = [one for one, text in self._ids.items() if text in texts]
        for one, (ended, answered) in (await deferToThread(_look, self._store, ids)).items():
            self.ledger.was_stored(self._ids[one], life, ended=ended, answered=answered)
        self._smsc.start()
        if sys.stderr.isatty():
            print(f"{number + 1} of {self._plan.kills} kills", end="\r", file=sys.stderr)

    async def _settle(self) -> None:
        """Wait until every answer is in and every receipt was taken, by the last life too."""
        await self._serving()
        deadline = time.monotonic() + SETTLING
        while self._open or self.ledger.unreported():
            if time.monotonic() > deadline:
                left = self.ledger.unreported()
                raise RuntimeError(
                    f"{len(left)} messages have no receipt: {left[:5]}\n{self._smsc.log()}"
                )
            await self._sleep(0.1)
        # Whatever is sent too often would come now.
        await self._sleep(1.5)

    # The ESME

    def _submit_due(self, times: int) -> None:
        for _ in range(times):
            self._submit()

    def _submit(self) -> None:
        self._submitted += 1
        text = str(self._submitted)
        number = self._random.randint(0, TERMINALS - 1)
        terminal = f"4477009{number:05}" if number else NOBODYS
        pdu = SubmitSm(
            source=SOURCE,
            destination=SmeAddress.international(terminal),
            registered_delivery=int(RegisteredDelivery(Receipt.FINAL)),
            short_message=text.encode(),
        )

        def submit(now: float) -> None:
            try:
                self._esme.links.submit(pdu, text, now)
            except (SessionStateError, QueueFullError):
                return  # It is submitted when somebody is there again, under another number.
            self._open.add(text)

        self._runtime.command(self._esme, submit)

    def submitted(self, context: object, event: Answered | TimedOut | LinkLost) -> None:
        """Hear what became of a submission (``Submitter``)."""
        text = str(context)
        self._open.discard(text)
        if isinstance(event, Answered) and event.response.is_success:
            message_id = getattr(event.response, "message_id", "")
            if message_id in self._ids:
                self.ledger.violations.append(f"{message_id} was given to two messages")
            self._ids[message_id] = text
            self.ledger.was_accepted(text)
        else:
            self._unknown += 1

    def receipt(self, pdu: DeliverSm) -> None:
        """Take a receipt (``Submitter``)."""
        text = self._ids.get(str(pdu.get(p.RECEIPTED_MESSAGE_ID)))
        if text is None:
            return  # Of a submission whose answer was lost.
        life = self._smsc.life
        self.ledger.was_posted(text, life)
        if pdu.get(p.MESSAGE_STATE) != MessageState.DELIVERED:
            self._failed.add(text)
        self.ledger.was_answered(text, life, time.monotonic())

    def _read_log(self) -> None:
        """Take note of what has arrived at mobiles since the last look."""
        life, now = self._smsc.life, time.monotonic()
        *lines, self._line = (self._line + self._log.read()).split(b"\n")
        for line in lines:
            if _ARRIVED in line:
                self.ledger.was_sent(json.loads(line)["text"], life, now)
        for line in lines[::-1]:
            if line.startswith(b"{"):
                said = datetime.fromisoformat(json.loads(line)["timestamp"])
                self._last_line = said.timestamp()
                break

    def _sleep(self, seconds: float) -> Deferred[None]:
        return deferLater(self._reactor, seconds, lambda: None)


def _look(path: str, ids: Iterable[str]) -> dict[str, tuple[bool, bool]]:
    """Return of messages whether a store knows their end, and that the receipt was taken."""
    store = _open(path)
    try:
        found = {one: store.find(one) for one in ids}
    finally:
        store.close()
    return {
        one: (record.state.final, record.receipt is ReceiptState.TAKEN)
        for one, records in found.items()
        for record in records
    }


def delivered_since(path: str, ids: Iterable[str], since: float) -> list[str]:
    """Return the messages that a store has as delivered, no earlier than at a time."""
    store = _open(path)
    try:
        return [
            one
            for one in ids
            if any(
                record.state is State.DELIVERED and record.changed >= since
                for record in store.find(one)
            )
        ]
    finally:
        store.close()


def _open(path: str) -> Store:
    """Open the store of an SMSC that has just died."""
    deadline = time.monotonic() + LETTING_GO
    while True:
        try:
            return open_store(path)
        except StoreError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


async def run(reactor: Any, plan: Plan) -> SmscKillTest:
    """Run a kill test and return it; RuntimeError where it cannot go on."""
    # Of this process alone, so that runs side by side don't take one another's addresses.
    net = f"127.{64 + os.getpid() % 128}.8"
    with tempfile.TemporaryDirectory(prefix="corenet-kill-") as folder:
        test = SmscKillTest(reactor, plan, Path(folder), net)
        await test.run()
        return test


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m testbed.experiments.kill_smsc",
        description="Kill an SMSC at random instants under load.",
    )
    usual = Plan()
    parser.add_argument("--kills", type=int, default=usual.kills, metavar="N")
    parser.add_argument("--seed", type=int, default=usual.seed, metavar="N")
    parser.add_argument("--rate", type=float, default=usual.rate, help="messages a second")
    parser.add_argument("--store", metavar="URL", help="an empty PostgreSQL database")
    options = parser.parse_args(arguments)
    if options.kills < 1 or options.rate <= 0:
        parser.error("--kills is at least 1, --rate above 0")
    if options.store is not None and not options.store.startswith(SHARED):
        parser.error("--store is a postgresql:// URL")

    async def work(reactor: Any) -> int:
        plan = Plan(options.kills, options.seed, options.rate, options.store)
        test = await run(reactor, plan)
        print(test.report())
        return 1 if test.ledger.violations else 0

    return run_in_reactor(work)


if __name__ == "__main__":
    sys.exit(main())
