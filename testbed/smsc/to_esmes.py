"""What mobiles write to ESMEs: by the numbers of accounts, as deliver_sm.

Specs: SMPP 3.4 §4.6 (deliver_sm), §5.2.12 (esm_class), §5.2.19 (data_coding); TS 24.011 §8.2.5.4
(RP cause).

Theory of operation. A short message to a number that an ESME has goes to a session of that ESME
that receives. Nothing is stored: the mobile hears what the ESME has answered, and has its message
still where that was a refusal. So an ESME that is not there, or is behind with answering, shows at
once on the telephone; ``most`` is how many short messages wait for one ESME's answers. Each part of
a long message is a message of its own, with its header.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Protocol

from corenet.interfaces.node import Event
from corenet.interfaces.sms import tpdu
from corenet.interfaces.sms.causes import RpCause
from corenet.interfaces.sms.coding import Alphabet, data_coding
from corenet.interfaces.sms.header import encode_header
from testbed.codecs.smpp import CommandStatus, DeliverSm, EsmClass, SmeAddress, status_text
from testbed.smpp.events import Answered, LinkLost, TimedOut
from testbed.smsc.events import EsmeReached, EsmeUnreached

_S = CommandStatus
_FIRST_OF_GSM: Final = 0xC0
"""From here on data_coding has the values of GSM."""
_OCTETS: Final = 0x04
_CODINGS: Final[Mapping[Alphabet, int]] = MappingProxyType(
    {Alphabet.DEFAULT: 0x00, Alphabet.OCTETS: _OCTETS, Alphabet.UCS2: 0x08}
)
_CAUSES: Final[Mapping[int, RpCause]] = MappingProxyType(
    {
        _S.RMSGQFUL: RpCause.CONGESTION,
        _S.RTHROTTLED: RpCause.CONGESTION,
        _S.RX_T_APPN: RpCause.TEMPORARY_FAILURE,
        _S.RSYSERR: RpCause.TEMPORARY_FAILURE,
    }
)
"""What a mobile is told of an ESME's refusal, where another attempt may go better."""


class MobileAnswer(Protocol):
    """The mobile that waits to hear of its message."""

    def accept(self) -> None:
        """Tell it that its message is there."""
        ...

    def refuse(self, rp_cause: RpCause) -> None:
        """Tell it that it is not, and why."""
        ...


class Sessions(Protocol):
    """The sessions of ESMEs."""

    def deliver(self, system_id: str, pdu: DeliverSm, context: object, now: float) -> bool:
        """Send to a session of an ESME that receives; return whether there was one with room."""
        ...

    def receives(self, system_id: str) -> bool:
        """Return whether an ESME has a session that receives."""
        ...


@dataclass(frozen=True, slots=True)
class ToEsme:
    """What waits for an ESME's answer; the context of its deliver_sm."""

    system_id: str
    sender: str
    number: str
    answer: MobileAnswer


class ToEsmes:
    """The short messages on their way to ESMEs."""

    def __init__(
        self,
        numbers: Mapping[str, str],
        sessions: Sessions,
        *,
        most: int,
        tell: Callable[[Event], None],
    ) -> None:
        """``numbers`` says whose each number is, by system_id; ``tell`` gets events."""
        self._numbers = numbers
        self._sessions = sessions
        self._most = most
        self._tell = tell
        self._open: Counter[str] = Counter()

    def __len__(self) -> int:
        """Return how many wait for an answer."""
        return self._open.total()

    def submit(self, sender: str, pdu: tpdu.Submit, answer: MobileAnswer, now: float) -> bool:
        """Send a mobile's message to the ESME of its destination; False where it is no ESME's."""
        number = pdu.destination.number
        system_id = self._numbers.get(number)
        if system_id is None:
            return False
        one = ToEsme(system_id, sender, number, answer)
        if self._open[system_id] >= self._most:
            self._refuse(one, RpCause.CONGESTION, f"{self._most} messages wait for its answers")
        elif self._sessions.deliver(system_id, deliver_sm(sender, pdu), one, now):
            self._open[system_id] += 1
        elif self._sessions.receives(system_id):
            self._refuse(one, RpCause.CONGESTION, "its sessions have no room")
        else:
            self._refuse(one, RpCause.DESTINATION_OUT_OF_ORDER, "it is not bound")
        return True

    def ended(self, one: ToEsme, event: Answered | TimedOut | LinkLost) -> None:
        """Take an ESME's answer, or hear that none will come."""
        self._open[one.system_id] -= 1
        if not self._open[one.system_id]:
            del self._open[one.system_id]
        match event:
            case Answered(response=response) if response.is_success:
                one.answer.accept()
                self._tell(EsmeReached(one.system_id, one.sender, one.number))
            case Answered(response=response):
                cause = _CAUSES.get(response.status, RpCause.SHORT_MESSAGE_TRANSFER_REJECTED)
                self._refuse(one, cause, f"it answers {status_text(response.status)}")
            case TimedOut():
                self._refuse(one, RpCause.TEMPORARY_FAILURE, "it does not answer")
            case LinkLost():
                self._refuse(one, RpCause.TEMPORARY_FAILURE, "its link was lost")

    def _refuse(self, one: ToEsme, cause: RpCause, why: str) -> None:
        one.answer.refuse(cause)
        self._tell(EsmeUnreached(one.system_id, one.sender, one.number, cause, why))


def deliver_sm(sender: str, pdu: tpdu.Submit) -> DeliverSm:
    """Return the deliver_sm that an SMS-SUBMIT becomes."""
    read = data_coding(pdu.dcs)
    coding = _OCTETS if read.compressed else _CODINGS[read.alphabet]
    if pdu.dcs >= _FIRST_OF_GSM:
        coding = pdu.dcs
    to = pdu.destination
    return DeliverSm(
        source=SmeAddress.international(sender),
        destination=SmeAddress(to.number, int(to.ton), to.plan),
        esm_class=int(EsmClass(udhi=bool(pdu.header))),
        protocol_id=pdu.pid,
        data_coding=coding,
        short_message=encode_header(pdu.header) + pdu.payload,
    )
