"""Runs an SMSC in virtual time: carries its effects out, and lets it crash.

What survives a crash is the store alone: messages that were not written yet and everything in
memory are gone.
"""

from __future__ import annotations

from random import Random

from corenet.adapters.sqlite_file import StoreError
from corenet.interfaces.node import Event, Interface
from testbed.simulation.network import VirtualNetwork
from testbed.smsc.config import SmscConfig
from testbed.smsc.effects import Commit, Effect
from testbed.smsc.events import EffectsQueued
from testbed.smsc.node import Smsc
from testbed.smsc.store import MessageStore


class SmscHost:
    """The machine that an SMSC runs on, with its disk."""

    def __init__(
        self,
        network: VirtualNetwork,
        config: SmscConfig,
        *,
        store: MessageStore,
        random: Random,
        write: float = 0.004,
        name: str = "smsc",
    ) -> None:
        """``store`` is the disk, and ``write`` the seconds until something is on it."""
        self._network = network
        self._config = config
        self._store = store
        self._random = random
        self._write = write
        self._name = name
        self._smsc: Smsc | None = None
        network.on_event(self._happened)

    @property
    def smsc(self) -> Smsc:
        """The SMSC that runs now; LookupError where none does."""
        if self._smsc is None:
            raise LookupError("the SMSC is down")
        return self._smsc

    def start(self) -> None:
        """Start an SMSC, which takes up what the disk has."""
        smsc = Smsc(self._config, name=self._name, random=Random(self._random.getrandbits(64)))
        self._smsc = smsc
        self._network.attach(
            smsc,
            {
                Interface.SMPP: (self._config.address, self._config.smpp_port),
                Interface.GR: (self._config.address, self._config.gsup_port),
            },
        )
        kept = self._store.unfinished()
        self._network.command(smsc, lambda now: smsc.restore(kept, now))

    def crash(self) -> None:
        """Let the SMSC die."""
        self._network.detach(self.smsc)
        self._smsc = None

    def _happened(self, _time: float, name: str, event: Event) -> None:
        if name == self._name and isinstance(event, EffectsQueued) and self._smsc is not None:
            for effect in self._smsc.take_effects():
                self._carry_out(self._smsc, effect)

    def _carry_out(self, smsc: Smsc, effect: Effect) -> None:
        def answer() -> None:
            if self._smsc is smsc:
                self._network.command(smsc, lambda now: self._answer(smsc, effect, now))

        self._network.call_later(self._write, answer)

    def _answer(self, smsc: Smsc, effect: Effect, now: float) -> None:
        if not isinstance(effect, Commit):
            smsc.message_found(effect.number, self._store.find(effect.message_id), now)
            return
        try:
            self._store.write([effect.record])
        except StoreError as error:
            smsc.commit_failed(effect.number, str(error), now)
        else:
            smsc.committed(effect.number, now)
