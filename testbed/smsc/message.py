"""A short message as the SMSC has it: what an ESME handed over, whole, and the TPDUs it becomes.

Specs: TS 23.040 §9.2.2.1 (SMS-DELIVER), §9.2.3.24 (user data header), §9.2.3.24.1 (segments).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from corenet.interfaces.sms.address import SmsAddress
from corenet.interfaces.sms.header import Header, concatenation
from corenet.interfaces.sms.segmentation import room, segment
from corenet.interfaces.sms.times import Timestamp
from corenet.interfaces.sms.tpdu import Deliver


class Mode(StrEnum):
    """How a message is to be delivered (SMPP 3.4 §2.7)."""

    TRANSACTION = "transaction"
    """At once, as a whole; the response to its submission says how it went."""
    DATAGRAM = "datagram"
    """Once; nobody hears how it went."""
    STORE_AND_FORWARD = "store and forward"
    """Kept until it is delivered or its validity is over."""


class NotSendableError(ValueError):
    """No short messages can be made of it; the sentence says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortMessage:
    """A message for one terminal, of any length."""

    source: SmsAddress
    destination: str
    """MSISDN, digits only."""
    payload: bytes
    """User data behind the header; septets, one in each octet, where ``dcs`` says so."""
    header: Header = ()
    """What is in the header of every segment."""
    dcs: int = 0
    pid: int = 0

    @property
    def fits(self) -> bool:
        """Whether one short message is enough."""
        return len(self.payload) <= room(self.dcs, self.header)

    def tpdus(self, reference: Callable[[], int], now: float, *, wide: bool) -> tuple[bytes, ...]:
        """Return an SMS-DELIVER for each segment.

        ``reference`` is asked for a number if it takes several; ``wide`` says whether that has 16
        bits. NotSendableError where there is no way.
        """
        try:
            if self.fits:
                segments = segment(self.payload, dcs=self.dcs, header=self.header)
            elif concatenation(self.header) is not None:
                raise NotSendableError("it is a segment, and longer than a short message")
            else:
                segments = segment(
                    self.payload,
                    dcs=self.dcs,
                    header=self.header,
                    reference=reference(),
                    wide=wide,
                )
            last = len(segments)
            return tuple(
                Deliver(
                    originator=self.source,
                    timestamp=Timestamp(int(now)),
                    payload=one.payload,
                    dcs=self.dcs,
                    header=one.header,
                    pid=self.pid,
                    more_messages=number < last,
                ).encode()
                for number, one in enumerate(segments, 1)
            )
        except NotSendableError:
            raise
        except ValueError as error:
            raise NotSendableError(str(error)) from None
