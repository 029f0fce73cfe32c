"""What WTP octets can get wrong."""

from __future__ import annotations

from testbed.codecs.wtp.constants import PduType, ProviderAbort


class WtpError(ValueError):
    """Octets that are no WTP PDU, or values that fit into none.

    ``octet`` counts from 0 where the place is known. ``reason`` is what an Abort should say.
    ``tid`` and ``pdu_type`` are set where the header was readable.
    """

    def __init__(
        self,
        text: str,
        octet: int | None = None,
        *,
        reason: ProviderAbort = ProviderAbort.PROTOCOL_ERROR,
        tid: int | None = None,
        pdu_type: PduType | None = None,
    ) -> None:
        self.text = text
        self.octet = octet
        self.reason = reason
        self.tid = tid
        self.pdu_type = pdu_type
        super().__init__(text if octet is None else f"octet {octet}: {text}")
