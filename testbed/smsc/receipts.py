"""Delivery receipts: what they say, and that each reaches its ESME.

Specs: SMPP 3.4 §2.11 (message types), §4.6 (deliver_sm), appendix B (the text that is usual).

Theory of operation. A receipt is due from when its outcome is written down until the ESME has
answered it with success. It goes to a session of that ESME that receives and has room; where there
is none it goes when the ESME binds next, or has answered another one. What it did not take goes
again after a while.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

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
from testbed.smsc.stored import MessageRecord

AGAIN: Final = 60.0
"""Seconds until a receipt that was not taken goes out again."""
_STATES: Final = {
    MessageState.DELIVERED: "DELIVRD",
    MessageState.EXPIRED: "EXPIRED",
    MessageState.DELETED: "DELETED",
    MessageState.UNDELIVERABLE: "UNDELIV",
}


def public_id(message_id: str) -> str:
    """Return the id that an ESME knows: that of its submission, whichever destination it was."""
    return message_id.partition(".")[0]


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
        taken: Callable[[str], None],
    ) -> None:
        """``deliver`` sends to a session of a system_id, with the message's id as context.

        It returns whether there was one. ``taken`` is told the id of what is done with.
        """
        self._schedule = schedule
        self._deliver = deliver
        self._taken = taken
        self._due: dict[str, dict[str, MessageRecord]] = {}
        self._under_way: dict[str, MessageRecord] = {}
        self._not_taken: dict[str, MessageRecord] = {}
        self._alarm: Alarm | None = None

    def __len__(self) -> int:
        """Return how many are due."""
        return len(self._under_way) + len(self._not_taken) + sum(map(len, self._due.values()))

    def add(self, record: MessageRecord, now: float) -> None:
        """Send a receipt, now or when its ESME has room for it."""
        self._due.setdefault(record.esme, {})[record.message_id] = record
        self._send_due(record.esme, now)

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
            self._taken(message_id)
            self._send_due(record.esme, now)
            return
        self._not_taken[message_id] = record
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
            self.add(record, now)
