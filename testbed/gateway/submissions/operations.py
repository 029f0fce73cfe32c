"""What is asked about pushes that were submitted: their status, their end, their replacement.

Specs: WAP-247 §9.8–9.9 (cancel), §9.10–9.11 (statusquery), §9.12 (client capabilities query),
§9.2 (replace-push-id, replace-method).

Every address is answered for by itself, in the spelling of who asks. One that the push does not
have is 2003. An initiator sees its own pushes only: another's push-id is 2004 to it, like one
that was never used.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace

from testbed.codecs import pap
from testbed.codecs.pap import (
    DeliveryMethod,
    MessageState,
    Priority,
    ReplaceMethod,
    StatusCode,
    Version,
)
from testbed.gateway.config import GatewayConfig
from testbed.gateway.keeping.pushes import State
from testbed.gateway.keeping.records import (
    BY_SMS,
    UNCONFIRMED,
    DeliveryRecord,
    HistoryEntry,
    Notification,
    PushRecord,
    StoredPush,
    Withdrawal,
    replacement_note,
)
from testbed.gateway.routing.bearers import Bearer
from testbed.gateway.submissions import answers
from testbed.gateway.submissions.answers import Refusal, printable
from testbed.gateway.submissions.recipients import identity

Submitted = pap.PushMessage | pap.CancelMessage | pap.StatusQuery | pap.CcqMessage
"""What a gateway takes."""


@dataclass(frozen=True, slots=True)
class Question:
    """A document that is about a push-id which was used before, or about a client."""

    document: pap.CancelMessage | pap.StatusQuery | pap.CcqMessage
    version: Version

    @property
    def push_id(self) -> str:
        """The push that it is about; "" where it is about a client."""
        return "" if isinstance(self.document, pap.CcqMessage) else self.document.push_id


@dataclass(frozen=True, slots=True)
class Accepted:
    """A push that can be stored."""

    push: PushRecord
    ended: tuple[DeliveryRecord, ...] = ()
    """The addresses that it is not accepted for."""
    progress_notes: bool = False
    withdraws: tuple[Withdrawal, ...] = ()
    """What it replaces that another gateway holds."""

    def stored(self) -> StoredPush:
        """Return the push as the store has it at first."""
        push = self.push
        accepted = HistoryEntry(push.received, State.ACCEPTED)
        records = {
            number: DeliveryRecord(
                push.push_id, number, State.ACCEPTED, push.received, history=(accepted,)
            )
            for number in range(len(push.addresses))
        }
        records |= {record.number: record for record in self.ended}
        return StoredPush(push, tuple(records.values()))


@dataclass(frozen=True, slots=True)
class NotReplaced:
    """A replacement that cannot be had."""

    code: StatusCode
    text: str


def recipients(
    asked: tuple[str, ...], push: PushRecord
) -> tuple[list[tuple[int, str]], tuple[str, ...]]:
    """Return the numbers of the addresses that are asked for, and the addresses not found.

    Without addresses all of the push are meant. Beside each number stands the address as asked.
    """
    if not asked:
        return list(enumerate(push.addresses)), ()
    numbers: dict[tuple[str, str], list[int]] = {}
    for number, value in enumerate(push.addresses):
        numbers.setdefault(identity(value), []).append(number)
    found = {number: value for value in asked for number in numbers.get(identity(value), ())}
    return list(found.items()), tuple(value for value in asked if identity(value) not in numbers)


def status(query: pap.StatusQuery, stored: StoredPush | None) -> pap.StatusQueryResponse:
    """Answer a statusquery-message."""
    if stored is None:
        return not_known(query, StatusCode.PUSH_ID_NOT_FOUND)
    found, missing = recipients(query.addresses, stored.push)
    results = [_status_of(stored.push, stored.deliveries[number], value) for number, value in found]
    if missing:
        code = StatusCode.ADDRESS_NOT_FOUND
        text = "the push has no such address"
        results.append(pap.StatusQueryResult(MessageState.UNKNOWN, code, text, addresses=missing))
    return pap.StatusQueryResponse(query.push_id, tuple(results))


def not_known(
    query: pap.StatusQuery, code: StatusCode, why: str | None = None
) -> pap.StatusQueryResponse:
    """Answer a statusquery-message about a push of which nothing can be said."""
    result = pap.StatusQueryResult(
        MessageState.UNKNOWN, code, printable(why or code.text), addresses=query.addresses
    )
    return pap.StatusQueryResponse(query.push_id, (result,))


def quality(push: PushRecord, delivery: DeliveryRecord) -> pap.QualityOfService | None:
    """Return how a push was delivered, where its initiator said how it should be.

    WAP-247 §9.6 and §9.11 leave room for it beside the address.
    """
    asked = (push.priority, push.delivery_method, push.bearer)
    if delivery.state is not State.DELIVERED or asked == (
        Priority.MEDIUM,
        DeliveryMethod.NOT_SPECIFIED,
        Bearer.ANY,
    ):
        return None
    method = DeliveryMethod.CONFIRMED
    if delivery.description in (UNCONFIRMED, BY_SMS):
        method = DeliveryMethod.UNCONFIRMED
    bearer = "SMS" if delivery.description == BY_SMS else "GPRS"
    return pap.QualityOfService(push.priority, method, network="GSM", bearer=bearer)


def _status_of(push: PushRecord, delivery: DeliveryRecord, value: str) -> pap.StatusQueryResult:
    state = delivery.state.message_state
    if delivery.state.final:
        code, text = delivery.code, delivery.description
    else:
        code, text = StatusCode.ACCEPTED, str(delivery.state)
    return pap.StatusQueryResult(
        state, code, printable(text), delivery.changed, (value,), quality(push, delivery)
    )


def cancelled(
    message: pap.CancelMessage,
    found: list[tuple[int, str]],
    ended: Container[int],
    missing: tuple[str, ...],
) -> pap.CancelResponse:
    """Answer a cancel-message: addresses with the same outcome share a cancel-result.

    ``found`` and ``missing`` are as ``recipients`` returns them; the numbers in ``ended`` are
    cancelled.
    """
    outcomes = [
        (value, StatusCode.OK if n in ended else StatusCode.CANCELLATION_NOT_POSSIBLE)
        for n, value in found
    ]
    outcomes += [(value, StatusCode.ADDRESS_NOT_FOUND) for value in missing]
    by_code: dict[StatusCode, list[str]] = {}
    for value, code in outcomes:
        by_code.setdefault(code, []).append(value)
    results = tuple(
        pap.CancelResult(code, code.text, tuple(values)) for code, values in by_code.items()
    )
    return pap.CancelResponse(message.push_id, results)


def not_cancelled(
    message: pap.CancelMessage, code: StatusCode, why: str | None = None
) -> pap.CancelResponse:
    """Answer a cancel-message that is about no push that is known, or that is refused."""
    result = pap.CancelResult(code, printable(why or code.text), message.addresses)
    return pap.CancelResponse(message.push_id, (result,))


def refused(
    document: Submitted,
    code: StatusCode,
    text: str,
    version: Version,
    config: GatewayConfig,
    now: float,
) -> Refusal:
    """Refuse what was submitted, with the answer that belongs to it."""
    match document:
        case pap.PushMessage(push_id):
            answer = answers.push_response(push_id, code, text, version, config, now)
            return Refusal(answer, push_id, code, text)
        case pap.CcqMessage(address, query_id):
            reply: pap.Document = pap.CcqResponse(address, code, printable(text), query_id)
            push_id = ""
        case pap.CancelMessage(push_id):
            reply = not_cancelled(document, code, text)
        case pap.StatusQuery(push_id):
            reply = not_known(document, code, text)
    return Refusal(answers.document(reply, version, config), push_id, code, text)


def replacement(accepted: Accepted, original: StoredPush | None) -> Accepted | NotReplaced:
    """Return what remains to be accepted of a push that replaces ``original``.

    With ``pending-only`` those addresses alone whose original has not ended; with ``all`` every
    one, whether there is an original or not.
    """
    push = accepted.push
    if push.replace_method is ReplaceMethod.ALL:
        return accepted
    if original is None:
        code = StatusCode.PUSH_ID_NOT_FOUND
        return NotReplaced(code, f"{push.replaces} is no push-id that was used before")
    pending = {
        identity(original.push.addresses[delivery.number])
        for delivery in original.deliveries
        if not delivery.state.final
    }
    refused = {record.number for record in accepted.ended}
    late = tuple(
        rejected(push, number, StatusCode.CANCELLATION_NOT_POSSIBLE, "its original has ended")
        for number, value in enumerate(push.addresses)
        if number not in refused and identity(value) not in pending
    )
    if len(late) + len(refused) == len(push.addresses):
        code = StatusCode.CANCELLATION_NOT_POSSIBLE
        return NotReplaced(code, f"{push.replaces} is not pending for any of the addresses")
    return replace(accepted, ended=(*accepted.ended, *late))


def replaced(accepted: Accepted, original: StoredPush) -> tuple[Withdrawal, ...]:
    """Return what a push takes the place of: where its original has not ended."""
    ended = {record.number for record in accepted.ended}
    meant = {identity(value) for n, value in enumerate(accepted.push.addresses) if n not in ended}
    return tuple(
        Withdrawal(original.push.push_id, delivery.number, accepted.push.push_id)
        for delivery in original.deliveries
        if not delivery.state.final and identity(original.push.addresses[delivery.number]) in meant
    )


def ends_at(stored: StoredPush, address: str) -> list[DeliveryRecord]:
    """Return the deliveries of a push at an address, however that is spelled."""
    return [
        delivery
        for delivery in stored.deliveries
        if identity(stored.push.addresses[delivery.number]) == identity(address)
    ]


def was_replaced(delivery: DeliveryRecord, push_id: str) -> bool:
    """Return whether a delivery ended for a push that took its place."""
    return delivery.state is State.REPLACED and delivery.description == replacement_note(push_id)


def rejected(push: PushRecord, number: int, code: int, reason: str) -> DeliveryRecord:
    """Return a delivery that ends before it begins."""
    begun = HistoryEntry(push.received, State.ACCEPTED)
    return DeliveryRecord(
        push.push_id,
        number,
        State.REJECTED,
        push.received,
        code=int(code),
        description=reason,
        notification=Notification.NONE if push.notify_url is None else Notification.DUE,
        history=(begun, HistoryEntry(push.received, State.REJECTED, reason)),
    )
