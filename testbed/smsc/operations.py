"""The operations of ESMEs on messages: submit, query, cancel, replace.

Specs: SMPP 3.4 §4.4 (submit_sm), §4.5 (submit_multi), §4.7 (data_sm), §4.8 (query_sm), §4.9
(cancel_sm), §4.10 (replace_sm).

Theory of operation. Nothing here blocks a session: a transaction is answered when it has its
outcome, a message that is kept when it is written down, a query when the store has answered; what
comes meanwhile is taken. A message for several destinations is as many messages with one id, and is
answered when all of them can be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from corenet.interfaces.node import Event
from corenet.interfaces.sms import tpdu
from testbed.codecs.smpp import (
    AbsoluteTime,
    CancelSm,
    CancelSmResp,
    CommandStatus,
    DataSm,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
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
from testbed.smsc.desk import Desk, QueueFullError, accepted
from testbed.smsc.events import SubmissionRefused
from testbed.smsc.failures import Prospect
from testbed.smsc.ledger import Ledger
from testbed.smsc.message import Mode, NotSendableError
from testbed.smsc.store_forward import StoreForward, TooLateError
from testbed.smsc.stored import MessageRecord
from testbed.smsc.submission import Refused, Submission, new_text, read, read_submit
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
        find: Callable[[str, Callable[[MessageRecord | None, float], None]], None],
        want_alert: Callable[[str, str, SmeAddress], bool],
    ) -> None:
        """``find`` reads a message from the store; ``want_alert`` sets a delivery pending flag."""
        self._desk = desk
        self._stored = stored
        self._ledger = ledger
        self._default = default
        self._message_ids = message_ids
        self._tell = tell
        self._find = find
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
                message_id = f"{base}.{number}" if number else base
                self._keep(message_id, one, account.system_id, account.lane, answer, now)
            else:
                self._deliver(pdu, one, account, answer, now)

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
        self._keep(next(self._message_ids), one, FROM_MOBILE, lane, answer, now)

    def _keep(
        self,
        message_id: str,
        one: Submission,
        system_id: str,
        lane: str,
        answer: Answer,
        now: float,
    ) -> None:
        """Write down, then answer."""
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
        self._tell(SubmissionRefused(record.esme, _S.RSYSERR, _NOT_STORED))
        new[1].refused(record.submission.message.destination, _S.RSYSERR, now)
        return True

    # Messages that are there

    def query(
        self, session: SmscSession, sequence: int, pdu: QuerySm, account: Esme, now: float
    ) -> None:
        """Say what has become of a message."""

        def found(record: MessageRecord | None, later: float) -> None:
            if record is None or not _is_of(record, account, pdu.source):
                response = QuerySmResp(status=_S.RQUERYFAIL)
            else:
                state = record.state.message_state
                final = AbsoluteTime.at(record.changed) if state.is_final else None
                response = QuerySmResp(
                    message_id=pdu.message_id,
                    final_date=final,
                    message_state=int(state),
                    error_code=record.network_error & 0xFF,
                )
            session.respond(sequence, response, later)

        record = self._stored.find(pdu.message_id)
        if record is not None:
            found(record, now)
        else:
            self._find(pdu.message_id, found)

    def cancel(
        self, session: SmscSession, sequence: int, pdu: CancelSm, account: Esme, now: float
    ) -> None:
        """Delete a message, or all for a destination."""
        status = _S.ROK
        if pdu.message_id:
            record = self._stored.find(pdu.message_id)
            if record is None or not _is_of(record, account, pdu.source):
                status = _S.RINVMSGID
            else:
                try:
                    self._stored.cancel(pdu.message_id, account.system_id, now)
                except TooLateError:
                    status = _S.RCANCELFAIL
        else:
            cancelled = self._stored.cancel_all(
                account.system_id,
                pdu.destination.address.removeprefix("+"),
                pdu.service_type,
                now,
                source=pdu.source.address,
            )
            status = _S.ROK if cancelled else _S.RCANCELFAIL
        session.respond(sequence, CancelSmResp(status=status), now)

    def replace(
        self, session: SmscSession, sequence: int, pdu: ReplaceSm, account: Esme, now: float
    ) -> None:
        """Give a message that waits another text, and other times."""
        record = self._stored.find(pdu.message_id)
        if record is None or not _is_of(record, account, pdu.source):
            session.respond(sequence, ReplaceSmResp(status=_S.RINVMSGID), now)
            return
        try:
            changed = new_text(record.submission, pdu, now)
            self._stored.change(pdu.message_id, account.system_id, changed, now)
        except Refused as refusal:
            session.respond(sequence, ReplaceSmResp(status=refusal.status), now)
        except TooLateError:
            session.respond(sequence, ReplaceSmResp(status=_S.RREPLACEFAIL), now)
        else:
            session.respond(sequence, ReplaceSmResp(), now)

    # Events

    def _refuse(self, account: Esme, status: int, why: str) -> None:
        self._tell(SubmissionRefused(account.system_id, status, why))


def _is_of(record: MessageRecord, account: Esme, source: SmeAddress) -> bool:
    """Return whether a message is that ESME's, from that address."""
    return (
        record.esme == account.system_id
        and record.submission.message.source.number == source.address
    )
