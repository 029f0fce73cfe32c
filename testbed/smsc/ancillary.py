"""What ESMEs ask about messages that are there: query, cancel, replace.

Specs: SMPP 3.4 §4.8 (query_sm), §4.9 (cancel_sm), §4.10 (replace_sm); SMPP 5.0 §4.5 calls them
ancillary submission operations.

Theory of operation. What submit_multi has brought is known by one message_id, and each of these
operations is about all of its destinations. A query says ENROUTE as long as anything may still go
out; after that what is worst (``_WORST_FIRST``), so that DELIVERED means delivered to everybody. A
cancel deletes what waits, and fails where something is just being sent all the same. A replacement
reaches all destinations or none: otherwise one id would have two texts. Where a message has parts
that have ended, the store knows of them, and a query is answered when it has answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from testbed.codecs.smpp import (
    AbsoluteTime,
    CancelSm,
    CancelSmResp,
    CommandStatus,
    MessageState,
    QuerySm,
    QuerySmResp,
    ReplaceSm,
    ReplaceSmResp,
)
from testbed.smpp.smsc import SmscSession
from testbed.smsc.config import Esme
from testbed.smsc.store_forward import StoreForward, TooLateError
from testbed.smsc.stored import MessageRecord, part_number, public_id
from testbed.smsc.submission import Refused, new_text

_S = CommandStatus
_WORST_FIRST: Final = (
    MessageState.ENROUTE,
    MessageState.UNDELIVERABLE,
    MessageState.EXPIRED,
    MessageState.DELETED,
    MessageState.DELIVERED,
)
Found = Callable[[list[MessageRecord], float], None]


class AncillaryOperations:
    """Answers for messages that are stored and forwarded."""

    def __init__(self, stored: StoreForward, find: Callable[[str, Found], None]) -> None:
        """``find`` reads the parts of a message from the store."""
        self._stored = stored
        self._find = find

    def query(
        self, session: SmscSession, sequence: int, pdu: QuerySm, account: Esme, now: float
    ) -> None:
        """Say what has become of a message."""
        message_id = pdu.message_id

        def found(records: list[MessageRecord], later: float) -> None:
            # What is in mind is never older than what is written down.
            parts = {one.message_id: one for one in (*records, *self._stored.find(message_id))}
            own = _of(parts.values(), pdu, account)
            response = _state(message_id, own) if own else QuerySmResp(status=_S.RQUERYFAIL)
            session.respond(sequence, response, later)

        if any(not one.state.final for one in self._stored.find(message_id)):
            found([], now)
        else:
            self._find(message_id, found)

    def cancel(
        self, session: SmscSession, sequence: int, pdu: CancelSm, account: Esme, now: float
    ) -> None:
        """Delete a message, or all for a destination."""
        if pdu.message_id:
            status = self._cancel_one(pdu, account, now)
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

    def _cancel_one(self, pdu: CancelSm, account: Esme, now: float) -> CommandStatus:
        records = _of(self._stored.find(pdu.message_id), pdu, account)
        if not records:
            return _S.RINVMSGID
        try:
            self._stored.cancel(records, now)
        except TooLateError:
            return _S.RCANCELFAIL
        return _S.ROK

    def replace(
        self, session: SmscSession, sequence: int, pdu: ReplaceSm, account: Esme, now: float
    ) -> None:
        """Give a message that waits another text, and other times."""

        def found(records: list[MessageRecord], later: float) -> None:
            parts = {one.message_id: one for one in (*records, *self._stored.find(pdu.message_id))}
            status = self._replace(pdu, _of(parts.values(), pdu, account), later)
            session.respond(sequence, ReplaceSmResp(status=status), later)

        if self._stored.find(pdu.message_id):
            self._find(pdu.message_id, found)
        else:
            found([], now)

    def _replace(self, pdu: ReplaceSm, records: list[MessageRecord], now: float) -> CommandStatus:
        if not records:
            return _S.RINVMSGID
        try:
            changed = {one.message_id: new_text(one.submission, pdu, now) for one in records}
            self._stored.change(changed, now)
        except Refused as refusal:
            return refusal.status
        except TooLateError:
            return _S.RREPLACEFAIL
        return _S.ROK


def _of(
    records: Iterable[MessageRecord], pdu: QuerySm | CancelSm | ReplaceSm, account: Esme
) -> list[MessageRecord]:
    """Return the parts of a message that is that ESME's, in the order of destinations."""
    own = [
        one
        for one in records
        if public_id(one.message_id) == pdu.message_id
        and one.esme == account.system_id
        and one.submission.message.source.number == pdu.source.address
    ]
    return sorted(own, key=lambda one: part_number(one.message_id))


def _state(message_id: str, records: list[MessageRecord]) -> QuerySmResp:
    """Return what a query of a message with these parts, one at least, is answered."""
    state = min((one.state.message_state for one in records), key=_WORST_FIRST.index)
    errors = (one.network_error for one in records if one.state.message_state is state)
    ended = AbsoluteTime.at(max(one.changed for one in records)) if state.is_final else None
    return QuerySmResp(
        message_id=message_id,
        final_date=ended,
        message_state=int(state),
        error_code=next((error for error in errors if error), 0) & 0xFF,
    )
