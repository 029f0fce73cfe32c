"""Delivery receipts: what they say, and that each reaches its ESME.

Specs: SMPP 3.4 §2.11 (message types), §4.6 (deliver_sm), appendix B (the text that is usual).

Theory of operation. A receipt is due from when its outcome is written down until the ESME has
answered it with success. It goes to a session of that ESME that receives and has room; where there
is none it goes when the ESME binds next, or has answered another one. What it did not take goes
again after a while. One that waits longer than its lifetime is given up, and so is the oldest of an
ESME for which too many wait: an ESME that never comes back is not waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from corenet.interfaces.node import Event
from corenet.interfaces.sms.address import SmsAddress
from corenet.schedule import Alarm, Schedule
from testbed.codecs.smpp import (
    DeliverSm,
    EsmClass,
    MessageState,
    MessageType,
    NetworkErrorCode,
    NetworkType,
    SmeAddress,
)
from testbed.codecs.smpp import parameters as p
from testbed.smsc.events import ReceiptGivenUp
from testbed.smsc.stored import MessageRecord, ReceiptState, public_id

AGAIN: Final = 60.0
"""Seconds until a receipt that was not taken goes out again."""
TOO_OLD: Final = "too old"
TOO_MANY: Final = "too many"
"""Why a receipt is given up."""
_STATES: Final = {
    MessageState.DELIVERED: "DELIVRD",
    MessageState.EXPIRED: "EXPIRED",
    MessageState.DELETED: "DELETED",
    MessageState.UNDELIVERABLE: "UNDELIV",
}


def receipt(record: MessageRecord) -> DeliverSm:
    """Return the deliver_sm that tells how a message ended."""
    one, state = record.submission, record.state.message_state
    delivered = state is MessageState.DELIVERED
    text = (
        f"id:{public_id(record.message_id)} sub:001 dlvrd:{int(delivered):03} "
        f"submit date:{_minute(record.accepted)} done date:{_minute(record.changed)} "
        f"stat:{_STATES[state]} err:{record.network_error:03} text:"
    )
    tlvs = [
        p.RECEIPTED_MESSAGE_ID(public_id(record.message_id)),
        p.MESSAGE_STATE(int(state)),
    ]
    if record.network_error:
        code = NetworkErrorCode(NetworkType.GSM, record.network_error)
        tlvs.append(p.NETWORK_ERROR_CODE(code))
    if one.user_reference is not None:
        tlvs.append(p.USER_MESSAGE_REFERENCE(one.user_reference))
    return DeliverSm(
        service_type=one.service_type,
        source=SmeAddress.international(one.message.destination),
        destination=sme_address(one.message.source),
        esm_class=int(EsmClass(type=MessageType.DELIVERY_RECEIPT)),
        short_message=text.encode("ascii"),
        tlvs=tuple(tlvs),
    )


def sme_address(address: SmsAddress) -> SmeAddress:
    """Return an address of short messages as SMPP has it."""
    return SmeAddress(address.number, int(address.ton), address.plan)


def _minute(time: float) -> str:
    return f"{datetime.fromtimestamp(time, UTC):%y%m%d%H%M}"


class Receipts:
    """The receipts that are due."""

    def __init__(
        self,
        schedule: Schedule,
        *,
        deliver: Callable[[str, DeliverSm, str, float], bool],
        over: Callable[[str, ReceiptState], None],
        tell: Callable[[Event], None],
        lifetime: float,
        most: int,
    ) -> None:
        """``deliver`` sends to a session of a system_id, with the message's id as context.

        It returns whether there was one. ``over`` is told the id of what is done with, and how.
        ``lifetime`` is seconds from a message's end; ``most`` is how many wait for one ESME.
        """
        self._schedule = schedule
        self._deliver = deliver
        self._over = over
        self._tell = tell
        self._lifetime = lifetime
        self._most = most
        self._ends: dict[str, dict[str, Alarm]] = {}
        """By ESME, in order: what is due, and the alarm of its lifetime."""
        self._due: dict[str, dict[str, MessageRecord]] = {}
        self._under_way: dict[str, MessageRecord] = {}
        self._not_taken: dict[str, MessageRecord] = {}
        self._alarm: Alarm | None = None

    def __len__(self) -> int:
        """Return how many are due."""
        return sum(map(len, self._ends.values()))

    def add(self, record: MessageRecord, now: float) -> None:
        """Send a receipt, now or when its ESME has room for it."""
        message_id = record.message_id
        of_esme = self._ends.setdefault(record.esme, {})
        of_esme[message_id] = self._schedule.at(
            record.changed + self._lifetime, lambda _: self._expire(record.esme, message_id)
        )
        if len(of_esme) > self._most:
            waiting = (one for one in of_esme if one not in self._under_way)
            self._give_up(record.esme, next(waiting), TOO_MANY)
        if message_id in of_esme:
            self._queue(record, now)

    def _queue(self, record: MessageRecord, now: float) -> None:
        self._due.setdefault(record.esme, {})[record.message_id] = record
        self._send_due(record.esme, now)

    def waits_for(self, system_id: str) -> bool:
        """Return whether a receipt of that ESME is due."""
        return system_id in self._ends

    def esme_bound(self, system_id: str, now: float) -> None:
        """Send what has waited for an ESME, also what it did not take."""
        due = self._due.setdefault(system_id, {})
        for message_id, record in list(self._not_taken.items()):
            if record.esme == system_id:
                due[message_id] = self._not_taken.pop(message_id)
        self._send_due(system_id, now)

    def answered(self, message_id: str, *, taken: bool, now: float) -> None:
        """Take an ESME's answer to a receipt, or its silence."""
        record = self._under_way.pop(message_id, None)
        if record is None:
            return
        if taken:
            self._end(record.esme, message_id)
            self._over(message_id, ReceiptState.TAKEN)
            self._send_due(record.esme, now)
            return
        self._not_taken[message_id] = record
        if now >= record.changed + self._lifetime:
            self._give_up(record.esme, message_id, TOO_OLD)
            return
        if self._alarm is None:
            self._alarm = self._schedule.at(now + AGAIN, self._try_again)

    def _send_due(self, system_id: str, now: float) -> None:
        """Send for as long as a session of the ESME has room."""
        due = self._due.get(system_id, {})
        while due:
            message_id, record = next(iter(due.items()))
            if not self._deliver(system_id, receipt(record), message_id, now):
                return
            del due[message_id]
            self._under_way[message_id] = record
        self._due.pop(system_id, None)

    def _try_again(self, now: float) -> None:
        self._alarm = None
        not_taken, self._not_taken = self._not_taken, {}
        for record in not_taken.values():
            self._queue(record, now)

    def _expire(self, system_id: str, message_id: str) -> None:
        """Give up what waits; what is just being sent is told by its answer."""
        if message_id not in self._under_way:
            self._give_up(system_id, message_id, TOO_OLD)

    def _give_up(self, system_id: str, message_id: str, why: str) -> None:
        self._due.get(system_id, {}).pop(message_id, None)
        self._not_taken.pop(message_id, None)
        self._end(system_id, message_id)
        self._over(message_id, ReceiptState.GIVEN_UP)
        self._tell(ReceiptGivenUp(public_id(message_id), system_id, why))

    def _end(self, system_id: str, message_id: str) -> None:
        of_esme = self._ends[system_id]
        of_esme.pop(message_id).cancel()
        if not of_esme:
            del self._ends[system_id]
