"""The way from a gateway to SMSCs: its ``SubmitSms`` effects carried out by an ESME.

It runs on any runtime, on sockets and in virtual time alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType
from typing import Final

from corenet.interfaces.node import Event, Interface
from corenet.interfaces.runtime import Runtime
from testbed.codecs.pap import Priority
from testbed.esme.config import EsmeConfig
from testbed.esme.events import SmsTransactionEnded, TerminalAnnounced
from testbed.esme.node import Esme
from testbed.esme.outcome import SmsOutcome
from testbed.esme.pushes import PushTransaction
from testbed.gateway.effects import SubmitSms

_PRIORITIES: Final[Mapping[Priority, int]] = MappingProxyType(
    {Priority.LOW: 0, Priority.MEDIUM: 1, Priority.HIGH: 2}
)
"""Priorities of PAP as SMPP has them (SMPP 3.4 §5.2.14)."""


class EsmeRoute:
    """An ESME, and who waits for what of it."""

    def __init__(
        self, runtime: Runtime, config: EsmeConfig, *, random: Random, name: str = "esme"
    ) -> None:
        """Make a way that is not open yet."""
        self.esme = Esme(config, name=name, random=random)
        """The node; command it through the runtime only."""
        self._runtime = runtime
        self._waiting: dict[str, Callable[[SmsOutcome], None]] = {}
        self.announced: Callable[[str], None] = lambda _msisdn: None
        """Called with the number of a terminal that is there again."""
        runtime.on_event(self._happened)

    def start(self) -> None:
        """Connect to the SMSCs."""
        self._runtime.attach(self.esme, {Interface.SMPP: (self.esme.config.address, 0)})

    def submit(self, message: SubmitSms, answered: Callable[[SmsOutcome], None]) -> None:
        """Carry an effect out; ``answered`` is called once, with what became of it."""
        self._waiting[message.key] = answered
        push = PushTransaction(
            message.key,
            message.msisdn,
            message.pdu,
            message.source_port,
            message.destination_port,
            message.deadline,
            _PRIORITIES[message.priority],
        )
        self._runtime.command(self.esme, lambda now: self.esme.submit(push, now))

    def _happened(self, _time: float, name: str, event: Event) -> None:
        if name != self.esme.name:
            return
        if isinstance(event, TerminalAnnounced):
            self.announced(event.msisdn)
        elif isinstance(event, SmsTransactionEnded):
            answered = self._waiting.pop(event.key, None)
            if answered is not None:
                answered(event.outcome)
