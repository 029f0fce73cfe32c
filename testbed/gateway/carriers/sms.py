"""Gives pushes to an SMSC, and reads off what became of them.

Specs: SMPP 3.4 §5.1.3 (command_status), §5.3.2.31 (network_error_code), §5.3.2.33
(delivery_failure_reason); TS 29.002 §17.6.6 (MAP errors); WAP-259 (WDP over SMS: ports).

Theory of operation. A push goes to the SMSC whole, as one transaction under a key, and the push is
``submitting`` until the transaction has ended. That it is submitted is stored before it leaves, so
a gateway that died meanwhile submits it again under the same key, by which the SMSC, or whoever
speaks to it, finds the first one. So does one that is told that the outcome is not known. What is
to be sent once is not submitted again. ``REFUSALS`` says what kind of failure an outcome is; what
follows is the policy's affair.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final
from zlib import crc32

from testbed.codecs.wsp.push import PUSH_PORT
from testbed.esme.outcome import SmsDelivered, SmsFailed, SmsOutcome, SmsUnknown
from testbed.gateway.activation.activate import NotReached
from testbed.gateway.config import GatewayConfig
from testbed.gateway.effects import SubmitSms
from testbed.gateway.events import SmsEnded, SmsSubmitted
from testbed.gateway.keeping.pushes import State
from testbed.gateway.output import Output
from testbed.gateway.routing.policy import Refusal
from testbed.gateway.underway.deliveries import Delivery

OUTCOME_UNKNOWN: Final = "nobody knows what became of the short message"
"""What the note of a state begins with that follows such an outcome."""
_AFTERWARDS: Final = frozenset({State.JUDGING, State.RETRYING, State.HELD})
"""States that a push takes when it has an outcome, and goes on."""
GSM: Final = 3
"""The network type in network_error_code whose codes are MAP errors."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: what kind of failure it is. None stands for any value."""

    command_status: int | None
    delivery_failure_reason: int | None
    map_error: int | None
    refusal: Refusal


def _statuses(refusal: Refusal, *numbers: int) -> tuple[Row, ...]:
    return tuple(Row(number, None, None, refusal) for number in numbers)


REFUSALS: Final[tuple[Row, ...]] = (
    Row(None, None, 1, Refusal.SMS_ADDRESS),  # unknown subscriber
    Row(None, None, 5, Refusal.SMS_ABSENT),  # unidentified subscriber
    Row(None, None, 6, Refusal.SMS_ABSENT),  # absent subscriber (SM)
    Row(None, None, 27, Refusal.SMS_ABSENT),  # absent subscriber
    Row(None, 0, None, Refusal.SMS_ABSENT),  # destination unavailable
    Row(None, 1, None, Refusal.SMS_ADDRESS),  # destination address invalid
    Row(None, 2, None, Refusal.SMS_REFUSED),  # permanent network error
    Row(None, 3, None, Refusal.SMS_BUSY),  # temporary network error
    *_statuses(Refusal.SMS_ADDRESS, 0x0B, 0x50, 0x51),  # destination address, its TON and NPI
    # System error, queue full, throttled, ESME's temporary error, delivery failure without a
    # reason, unknown error.
    *_statuses(Refusal.SMS_BUSY, 0x08, 0x14, 0x58, 0x64, 0xFE, 0xFF),
    Row(None, None, None, Refusal.SMS_REFUSED),
)
"""Read from the top; the first row that fits holds."""


def refusal_of(failed: SmsFailed) -> Refusal:
    """Return what kind of failure a transaction's outcome is."""
    network, code = failed.network_error_code or (None, None)
    map_error = code if network == GSM else None
    return next(
        row.refusal
        for row in REFUSALS
        if row.command_status in (None, failed.command_status)
        and row.delivery_failure_reason in (None, failed.delivery_failure_reason)
        and row.map_error in (None, map_error)
    )


def failure(outcome: SmsFailed | SmsUnknown, at: float) -> NotReached:
    """Return an outcome as the failure of a route that may be tried again ``at`` that time."""
    match outcome:
        case SmsFailed():
            return NotReached(refusal_of(outcome), at, f"SMS: {outcome}")
        case SmsUnknown(reason):
            return NotReached(Refusal.SMS_UNKNOWN, at, f"{OUTCOME_UNKNOWN}: {reason}")


class ShortMessages:
    """The transactions of one gateway that an SMSC has."""

    def __init__(self, config: GatewayConfig, output: Output) -> None:
        """Have none."""
        self._config = config
        self._output = output
        self._open: dict[str, Delivery] = {}

    def __len__(self) -> int:
        """Return how many have not ended."""
        return len(self._open)

    def has(self, delivery: Delivery) -> bool:
        """Return whether a delivery is with the SMSC."""
        return self._open.get(delivery.sms_key) is delivery

    def submit(
        self, delivery: Delivery, msisdn: str, deadline: float, *, is_resumed: bool = False
    ) -> None:
        """Give a push to the SMSC; ``is_resumed``: the gateway has restarted since it did so.

        To be called once the store has it that the push is submitted.
        """
        delivery.sms_key, was_used = _key(delivery)
        again = was_used or is_resumed
        self._open[delivery.sms_key] = delivery
        pdu = bytes([crc32(delivery.sms_key.encode()) & 0xFF]) + delivery.push.pdu
        self._output.count("sms submitted again" if again else "sms submitted")
        self._output.tell(
            SmsSubmitted(delivery.push.push_id, delivery.address, delivery.sms_key, len(pdu), again)
        )
        self._output.ask(
            SubmitSms(
                key=delivery.sms_key,
                msisdn=msisdn,
                pdu=pdu,
                application=delivery.push.application,
                source_port=self._config.wdp_port,
                destination_port=PUSH_PORT,
                priority=delivery.push.priority,
                deadline=deadline,
                again=again,
            )
        )

    def ended(self, key: str, outcome: SmsOutcome) -> Delivery | None:
        """Take a transaction's outcome; return whose it is, or None where nobody waits for it."""
        delivery = self._open.pop(key, None)
        if delivery is None:
            self._output.count("sms outcomes unasked")
            return None
        kind, text = _described(outcome)
        self._output.count(f"sms {kind}")
        self._output.tell(SmsEnded(delivery.push.push_id, delivery.address, key, kind, text))
        return delivery

    def forget(self, delivery: Delivery) -> None:
        """Wait for a delivery's outcome no longer. Safe where it is not with the SMSC."""
        if self.has(delivery):
            del self._open[delivery.sms_key]


def _key(delivery: Delivery) -> tuple[str, bool]:
    """Return a transaction's name, and whether it was used before.

    The history says it, so it is the same after a restart. A push has a new name only after a
    transaction that is known to have ended.
    """
    number, is_open = 1, False
    for entry, following in pairwise(delivery.history):
        if entry.state is not State.SUBMITTING:
            continue
        is_open = True
        if following.state in _AFTERWARDS and not following.note.startswith(OUTCOME_UNKNOWN):
            number, is_open = number + 1, False
    return f"{delivery.push.push_id}~{delivery.number}.{number}", is_open


def _described(outcome: SmsOutcome) -> tuple[str, str]:
    match outcome:
        case SmsDelivered(segments):
            return "delivered", f"{segments} segment{'' if segments == 1 else 's'}"
        case SmsFailed():
            return "failed", str(outcome)
        case SmsUnknown(reason):
            return "unknown", reason
