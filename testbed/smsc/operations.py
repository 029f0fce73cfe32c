"""Takes the messages of ESMEs and of mobiles.

Specs: SMPP 3.4 §4.4 (submit_sm), §4.5 (submit_multi), §4.7 (data_sm).

Theory of operation. Nothing here blocks a session: a transaction is answered when it has its
outcome, a message that is kept when it is written down; what comes meanwhile is taken. A message
for several destinations is as many messages with one id, and is answered when all of them can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from corenet.interfaces.node import Event
from corenet.interfaces.sms import tpdu
from testbed.codecs.smpp import (
    CommandStatus,
    DataSm,
    Response,
    SmeAddress,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    Unsuccessful,
)
from testbed.smpp.smsc import SmscSession
from testbed.smsc import answers
from testbed.smsc.config import Esme
from testbed.smsc.desk import Desk, accepted
from testbed.smsc.events import SubmissionRefused
from testbed.smsc.failures import Prospect
from testbed.smsc.ledger import Ledger
from testbed.smsc.message import Mode, NotSendableError
from testbed.smsc.room import QueueFullError
from testbed.smsc.store_forward import StoreForward
from testbed.smsc.stored import MessageRecord, part_id, public_id
from testbed.smsc.submission import Refused, Submission, read, read_submit
from testbed.smsc.transaction import Outcome

Submit = SubmitSm | SubmitMulti | DataSm
_S = CommandStatus
FROM_MOBILE: Final = "a mobile"
"""What stands for the system_id of a message that no ESME has submitted."""
_NOT_STORED: Final = "it could not be written down"


class Answer(Protocol):
    """Whoever has submitted a message, and waits to hear of it."""

    def taken(self, message_id: str, now: float) -> None:
        """Hear that it is taken, or has arrived."""
        ...

    def refused(self, destination: str, status: int, now: float) -> None:
        """Hear that it is not; ``status`` is what an ESME would be told."""
        ...


class _Answer:
    """The answer to one submission, for one destination or several, once all is known."""

    def __init__(self, session: SmscSession, sequence: int, pdu: Submit, places: int) -> None:
        self._session = session
        self._sequence = sequence
        self._pdu = pdu
        self._open = places
        self._message_id = ""
        self._unsuccessful: list[Unsuccessful] = []

    def taken(self, message_id: str, now: float) -> None:
        """One destination's message is taken, or has arrived."""
        message_id = public_id(message_id)
        self._message_id = self._message_id or message_id
        self._done(answers.accepted(self._pdu, message_id), now)

    def failed(self, destination: str, response: Response, now: float) -> None:
        """One destination's message is not; ``response`` says so where it is the only one."""
        address = SmeAddress.international(destination)
        self._unsuccessful.append(Unsuccessful(address, response.status))
        self._done(response, now)

    def refused(self, destination: str, status: int, now: float) -> None:
        """One destination's message is not, and there is no more to say than a status."""
        self.failed(destination, answers.refused(self._pdu, status), now)

    def ended(
        self, destination: str, message_id: str, outcome: Outcome, *, dpf: bool, now: float
    ) -> None:
        """One destination's transaction has failed."""
        response = answers.ended(self._pdu, message_id, outcome, dpf=dpf)
        self.failed(destination, response, now)

    def _done(self, response: Response, now: float) -> None:
        self._open -= 1
        if self._open:
            return
        if self._message_id and isinstance(self._pdu, SubmitMulti):
            response = SubmitMultiResp(
                message_id=self._message_id, unsuccessful=tuple(self._unsuccessful)
            )
        self._session.respond(self._sequence, response, now)


class Operations:
    """Carries out what ESMEs want."""

    def __init__(
        self,
        desk: Desk,
        stored: StoreForward,
        ledger: Ledger,
        *,
        default: Mode,
        message_ids: Iterator[str],
        tell: Callable[[Event], None],
        want_alert: Callable[[str, str, SmeAddress], bool],
    ) -> None:
        """``want_alert`` sets a delivery pending flag."""
        self._desk = desk
        self._stored = stored
        self._ledger = ledger
        self._default = default
        self._message_ids = message_ids
        self._tell = tell
        self._want_alert = want_alert
        self._new: dict[str, tuple[MessageRecord, Answer]] = {}
        """Messages that are not written down yet."""
        self.is_stopping = False

    # Submission

    def submit(
        self, session: SmscSession, sequence: int, pdu: Submit, account: Esme, now: float
    ) -> None:
        """Take a message for each of its destinations."""
        try:
            if self.is_stopping:
                raise Refused(_S.RSYSERR, "the SMSC shuts down")
            ones = read(pdu, now, default=self._default)
        except Refused as refusal:
            self._refuse(account, refusal.status, str(refusal))
            session.respond(sequence, answers.refused(pdu, refusal.status), now)
            return
        answer = _Answer(session, sequence, pdu, len(ones))
        base = ""
        for number, one in enumerate(ones):
            if one.mode is Mode.STORE_AND_FORWARD:
                base = base or next(self._message_ids)
                self._store(part_id(base, number), one, account, answer, now)
            else:
                self._deliver(pdu, one, account, answer, now)

    def _store(
        self, message_id: str, one: Submission, account: Esme, answer: _Answer, now: float
    ) -> None:
        """Store, and forward later: the answer comes once it is written down."""
        try:
            self._keep(message_id, one, account.system_id, account.lane, answer, now)
        except QueueFullError as problem:
            self._refuse(account, _S.RMSGQFUL, str(problem))
            answer.refused(one.message.destination, _S.RMSGQFUL, now)

    def _deliver(
        self, pdu: Submit, one: Submission, account: Esme, answer: _Answer, now: float
    ) -> None:
        """Deliver at once: in transaction mode the outcome is the answer."""
        in_transaction = one.mode is Mode.TRANSACTION

        def heard(message_id: str, outcome: Outcome, later: float) -> None:
            if not in_transaction:
                return
            if outcome.failure is None:
                answer.taken(message_id, later)
                return
            dpf = (
                one.set_dpf
                and outcome.failure.prospect is Prospect.WHEN_BACK
                and self._want_alert(one.message.destination, account.system_id, pdu.source)
            )
            answer.ended(one.message.destination, message_id, outcome, dpf=dpf, now=later)

        try:
            message_id = self._desk.submit(account.system_id, account.lane, one, heard, now)
        except (NotSendableError, QueueFullError) as problem:
            full = isinstance(problem, QueueFullError)
            status = _S.RMSGQFUL if full else _S.RSUBMITFAIL
            self._refuse(account, status, str(problem))
            answer.refused(one.message.destination, status, now)
            return
        if not in_transaction:
            answer.taken(message_id, now)

    def submit_from_mobile(
        self, sender: str, pdu: tpdu.Submit, lane: str, answer: Answer, now: float
    ) -> None:
        """Take a mobile's message: it is stored and forwarded. Raises Refused."""
        if self.is_stopping:
            raise Refused(_S.RSYSERR, "the SMSC shuts down")
        one = read_submit(sender, pdu, now)
        try:
            self._keep(next(self._message_ids), one, FROM_MOBILE, lane, answer, now)
        except QueueFullError as problem:
            raise Refused(_S.RMSGQFUL, str(problem)) from None

    def _keep(
        self,
        message_id: str,
        one: Submission,
        system_id: str,
        lane: str,
        answer: Answer,
        now: float,
    ) -> None:
        """Write down, then answer. Raises QueueFullError."""
        record = self._stored.new_record(message_id, system_id, lane, one, now)
        self._new[message_id] = record, answer
        self._ledger.save(record)

    def saved(self, record: MessageRecord, now: float) -> bool:
        """Take note that a message is written down; return whether it is a new one."""
        new = self._new.pop(record.message_id, None)
        if new is None:
            return False
        one, answer = record.submission, new[1]
        if one.replaces:
            self._stored.cancel_all(
                record.esme,
                one.message.destination,
                one.service_type,
                now,
                source=one.message.source.number,
            )
        answer.taken(record.message_id, now)
        self._tell(accepted(record.message_id, record.esme, one))
        self._stored.begin(record, now)
        return True

    def save_failed(self, record: MessageRecord, now: float) -> bool:
        """Take note that a message is not written down; return whether it is refused for that."""
        new = self._new.pop(record.message_id, None)
        if new is None:
            return False
        self._stored.drop(record)
        self._tell(SubmissionRefused(record.esme, _S.RSYSERR, _NOT_STORED))
        new[1].refused(record.submission.message.destination, _S.RSYSERR, now)
        return True

    # Events

    def _refuse(self, account: Esme, status: int, why: str) -> None:
        self._tell(SubmissionRefused(account.system_id, status, why))
