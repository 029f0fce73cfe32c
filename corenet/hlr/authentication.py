"""Authentication: vectors for SGSNs, and resynchronisation with a card.

Specs: TS 33.102 §6.3.2, §6.3.5; TS 29.002 §8.5.2 (Send Authentication Info).

A card that has lost step says so to the SGSN, which asks again with the card's AUTS and the
challenge that it belongs to. A subscriber without a secret is as good as unknown, as it is to
osmo-hlr.
"""

from __future__ import annotations

from random import Random

from corenet.authentication.centre import Centre
from corenet.authentication.secrets import Vector
from corenet.hlr.events import Resynchronised, VectorsGiven, VectorsRefused
from corenet.hlr.register import Record
from corenet.interfaces.gsup import GsupMessage
from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.node import Address, Event


class Authentication:
    """Answers requests for vectors."""

    def __init__(self, count: int, random: Random, events: list[Event]) -> None:
        """``count`` is how many vectors go out at a time; events are added to the list."""
        self._count = count
        self._random = random
        self._events = events

    def answer(
        self, message: GsupMessage, record: Record, peer: Address
    ) -> tuple[Vector, ...] | GmmCause:
        """Return the vectors that ``peer`` gets for its request, or why it gets none."""
        centre = self._centre(record)
        if centre is None:
            return self._refused(record, peer, "no secret", GmmCause.IMSI_UNKNOWN_IN_HLR)
        if message.auts is not None:
            if message.rand is None:
                cause = GmmCause.CONDITIONAL_IE_ERROR
                return self._refused(record, peer, "AUTS without RAND", cause)
            if not centre.resynchronise(message.rand, message.auts):
                return self._refused(record, peer, "wrong AUTS", GmmCause.SYNCH_FAILURE)
            self._events.append(Resynchronised(record.imsi, peer[0]))
        vectors = centre.vectors(self._count, self._random)
        self._events.append(VectorsGiven(record.imsi, peer[0], len(vectors)))
        return vectors

    def _centre(self, record: Record) -> Centre | None:
        subscriber = record.subscriber
        if record.centre is None and subscriber.secret is not None:
            record.centre = Centre(subscriber.secret, subscriber.sqn)
        return record.centre

    def _refused(self, record: Record, peer: Address, why: str, cause: GmmCause) -> GmmCause:
        self._events.append(VectorsRefused(record.imsi, peer[0], why))
        return cause
