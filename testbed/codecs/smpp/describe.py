"""PDUs in words, for ladders and logs."""

from __future__ import annotations

from testbed.codecs.smpp.base import Pdu, Response
from testbed.codecs.smpp.binding import Bind
from testbed.codecs.smpp.constants import status_text
from testbed.codecs.smpp.messages import DataSm, DeliverSm, SubmitMulti, SubmitSm


def pdu_summary(pdu: Pdu) -> str:
    """Return what matters of a PDU, "" where its name says it all."""
    match pdu:
        case Response(status=status) if status:
            return status_text(status)
        case Bind(system_id=name):
            return f"system_id {name}"
        case SubmitSm() | DeliverSm() | DataSm():
            return f"to {pdu.destination.address}, {len(pdu.user_data)} octets"
        case SubmitMulti():
            return f"to {len(pdu.destinations)} destinations, {len(pdu.user_data)} octets"
    message_id = getattr(pdu, "message_id", "")
    return f"message_id {message_id}" if message_id else ""
