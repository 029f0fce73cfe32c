"""Assigned numbers of WTP (WAP-224 §8, §9) and the abort reasons of WSP (WAP-230 appendix A)."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

WTP_PORT: Final = 9201
"""Where gateways listen for connection-oriented WSP (wap-wsp-wtp)."""
RESPONDER_BIT: Final = 0x8000
"""Set in the TID of whatever the responder of a transaction sends (WAP-224 §8.3.1)."""
MOST_PACKETS: Final = 256
"""As many packets as sequence numbers fit into one octet: the most of one message."""


class PduType(IntEnum):
    """What a PDU is (WAP-224 §8.2)."""

    INVOKE = 1
    RESULT = 2
    ACK = 3
    ABORT = 4
    SEGMENTED_INVOKE = 5
    SEGMENTED_RESULT = 6
    NEGATIVE_ACK = 7


class TransactionClass(IntEnum):
    """What a transaction promises (WAP-224 §5.2)."""

    UNRELIABLE = 0
    """An invoke that may get lost."""
    RELIABLE = 1
    """An invoke that is acknowledged."""
    RESULT = 2
    """An invoke that is answered with a result, which is acknowledged."""


class Trailer(IntEnum):
    """GTR and TTR: where in its message a packet stands (WAP-224 §8.3.1)."""

    MORE = 0b00
    """More packets of the group follow."""
    LAST = 0b01
    """The last packet of the message."""
    GROUP = 0b10
    """The last packet of a group, which wants to be acknowledged."""
    WHOLE = 0b11
    """The message is not segmented."""

    @property
    def ends_message(self) -> bool:
        """Whether nothing follows this packet."""
        return bool(self & 0b01)


class TpiIdentity(IntEnum):
    """What a transport information item tells (WAP-224 §8.4)."""

    ERROR = 0
    INFO = 1
    OPTION = 2
    PSN = 3
    SDU_BOUNDARY = 4
    FRAME_BOUNDARY = 5


class OptionKind(IntEnum):
    """What an option item sets (WAP-224 §8.4.4)."""

    MAXIMUM_RECEIVE_UNIT = 1
    TOTAL_MESSAGE_SIZE = 2
    DELAY_TRANSMISSION_TIMER = 3
    MAXIMUM_GROUP = 4
    CURRENT_TID = 5
    NO_CACHED_TID = 6


class ProviderAbort(IntEnum):
    """Why the transaction layer aborts (WAP-224 §8.3.4)."""

    UNKNOWN = 0x00
    PROTOCOL_ERROR = 0x01
    INVALID_TID = 0x02
    NOT_IMPLEMENTED_CLASS_2 = 0x03
    NOT_IMPLEMENTED_SAR = 0x04
    NOT_IMPLEMENTED_USER_ACK = 0x05
    WTP_VERSION_ZERO = 0x06
    """The responder speaks version 0 only."""
    CAPACITY_EXCEEDED = 0x07
    """For the time being."""
    NO_RESPONSE = 0x08
    """The user, or the peer, did not react."""
    MESSAGE_TOO_LARGE = 0x09
    NOT_IMPLEMENTED_EXTENDED_SAR = 0x0A


class UserAbort(IntEnum):
    """Why the session layer aborts (WAP-230 appendix A)."""

    PROTOCOL_ERROR = 0xE0
    DISCONNECT = 0xE1
    SUSPEND = 0xE2
    RESUME = 0xE3
    CONGESTION = 0xE4
    CONNECT_ERROR = 0xE5
    MRU_EXCEEDED = 0xE6
    """Larger than the negotiated SDU size."""
    MOR_EXCEEDED = 0xE7
    """More than the negotiated number of outstanding requests."""
    PEER_REQUEST = 0xE8
    NETWORK_ERROR = 0xE9
    USER_REQUEST = 0xEA
    USER_REFUSED = 0xEB
    """The user does not want the push, without a reason."""
    USER_PENDING = 0xEC
    """The push cannot be delivered to where it is meant for."""
    USER_DISCARDED_RESOURCES = 0xED
    """The push was discarded for lack of resources."""
    USER_DISCARDED_UNPROCESSABLE = 0xEE
    """The content type of the push cannot be processed."""


def abort_text(reason: int, *, user: bool) -> str:
    """Return the name of an abort reason in words, or its number in hexadecimal."""
    try:
        known = UserAbort(reason) if user else ProviderAbort(reason)
    except ValueError:
        return f"{reason:#04x}"
    return known.name.lower().replace("_", " ")
