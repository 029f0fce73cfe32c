"""An ESME in an experiment: it submits what it is told to, and answers whatever is delivered."""

from __future__ import annotations

from typing import Protocol

from testbed.codecs.smpp import DeliverSm, DeliverSmResp
from testbed.smpp.events import Answered, Delivered, LinkLost, SessionEvent, TimedOut
from testbed.smpp.links import SmscLinks
from testbed.smpp.testing import LinkedEsme


class Submitter(Protocol):
    """Whoever submits through an ESME."""

    def submitted(self, context: object, event: Answered | TimedOut | LinkLost) -> None:
        """Hear what became of a submission."""
        ...

    def receipt(self, pdu: DeliverSm) -> None:
        """Take a receipt, which is answered at once."""
        ...


class PlayedEsme(LinkedEsme):
    """An ESME that answers whatever is delivered."""

    def __init__(self, links: SmscLinks, submitter: Submitter) -> None:
        super().__init__(links)
        self._submitter = submitter

    def heard(self, event: SessionEvent, now: float) -> None:
        """Tell the submitter."""
        self.told.clear()
        match event:
            case Answered() | TimedOut() | LinkLost():
                self._submitter.submitted(event.context, event)
            case Delivered(sequence=sequence, request=DeliverSm() as pdu):
                self.links.session(event.connection).respond(sequence, DeliverSmResp(), now)
                self._submitter.receipt(pdu)
