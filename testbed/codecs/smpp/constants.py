"""Numbers of SMPP and their names.

Spec: SMPP 3.4 §5.1.2.1 (command_id), §5.1.3 (command_status), §5.2 (mandatory parameters).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

SMPP_PORT: Final = 2775
"""TCP port that IANA gives to SMPP."""

RESPONSE_BIT: Final = 0x8000_0000
"""Set in the command_id of every response."""

HEADER_LENGTH: Final = 16
LARGEST_SEQUENCE: Final = 0x7FFF_FFFF

VERSION_3_3: Final = 0x33
VERSION_3_4: Final = 0x34
VERSION_5_0: Final = 0x50


class CommandId(IntEnum):
    """Which PDU it is (SMPP 3.4 §5.1.2.1)."""

    GENERIC_NACK = 0x8000_0000
    BIND_RECEIVER = 0x0000_0001
    BIND_RECEIVER_RESP = 0x8000_0001
    BIND_TRANSMITTER = 0x0000_0002
    BIND_TRANSMITTER_RESP = 0x8000_0002
    QUERY_SM = 0x0000_0003
    QUERY_SM_RESP = 0x8000_0003
    SUBMIT_SM = 0x0000_0004
    SUBMIT_SM_RESP = 0x8000_0004
    DELIVER_SM = 0x0000_0005
    DELIVER_SM_RESP = 0x8000_0005
    UNBIND = 0x0000_0006
    UNBIND_RESP = 0x8000_0006
    REPLACE_SM = 0x0000_0007
    REPLACE_SM_RESP = 0x8000_0007
    CANCEL_SM = 0x0000_0008
    CANCEL_SM_RESP = 0x8000_0008
    BIND_TRANSCEIVER = 0x0000_0009
    BIND_TRANSCEIVER_RESP = 0x8000_0009
    OUTBIND = 0x0000_000B
    ENQUIRE_LINK = 0x0000_0015
    ENQUIRE_LINK_RESP = 0x8000_0015
    SUBMIT_MULTI = 0x0000_0021
    SUBMIT_MULTI_RESP = 0x8000_0021
    ALERT_NOTIFICATION = 0x0000_0102
    DATA_SM = 0x0000_0103
    DATA_SM_RESP = 0x8000_0103

    @property
    def spelling(self) -> str:
        """The name as the standard writes it, such as "submit_sm"."""
        return self.name.lower()

    @property
    def is_response(self) -> bool:
        """Whether it answers another PDU; generic_nack does."""
        return bool(self & RESPONSE_BIT)


class CommandStatus(IntEnum):
    """How a request went (SMPP 3.4 §5.1.3). Peers also send numbers that are none of these."""

    ROK = 0x00, "no error"
    RINVMSGLEN = 0x01, "the message's length is invalid"
    RINVCMDLEN = 0x02, "the command's length is invalid"
    RINVCMDID = 0x03, "the command_id is invalid"
    RINVBNDSTS = 0x04, "the command does not fit the session's state"
    RALYBND = 0x05, "the ESME is bound already"
    RINVPRTFLG = 0x06, "the priority flag is invalid"
    RINVREGDLVFLG = 0x07, "the registered_delivery flag is invalid"
    RSYSERR = 0x08, "system error"
    RINVSRCADR = 0x0A, "the source address is invalid"
    RINVDSTADR = 0x0B, "the destination address is invalid"
    RINVMSGID = 0x0C, "the message_id is invalid"
    RBINDFAIL = 0x0D, "the bind failed"
    RINVPASWD = 0x0E, "the password is invalid"
    RINVSYSID = 0x0F, "the system_id is invalid"
    RCANCELFAIL = 0x11, "cancel_sm failed"
    RREPLACEFAIL = 0x13, "replace_sm failed"
    RMSGQFUL = 0x14, "the message queue is full"
    RINVSERTYP = 0x15, "the service type is invalid"
    RINVNUMDESTS = 0x33, "the number of destinations is invalid"
    RINVDLNAME = 0x34, "the distribution list's name is invalid"
    RINVDESTFLAG = 0x40, "the destination flag is invalid"
    RINVSUBREP = 0x42, "submit with replace is invalid"
    RINVESMCLASS = 0x43, "the esm_class is invalid"
    RCNTSUBDL = 0x44, "cannot submit to the distribution list"
    RSUBMITFAIL = 0x45, "the submission failed"
    RINVSRCTON = 0x48, "the source's type of number is invalid"
    RINVSRCNPI = 0x49, "the source's numbering plan is invalid"
    RINVDSTTON = 0x50, "the destination's type of number is invalid"
    RINVDSTNPI = 0x51, "the destination's numbering plan is invalid"
    RINVSYSTYP = 0x53, "the system_type is invalid"
    RINVREPFLAG = 0x54, "the replace_if_present flag is invalid"
    RINVNUMMSGS = 0x55, "the number of messages is invalid"
    RTHROTTLED = 0x58, "throttled: the ESME has exceeded its limits"
    RINVSCHED = 0x61, "the scheduled delivery time is invalid"
    RINVEXPIRY = 0x62, "the validity period is invalid"
    RINVDFTMSGID = 0x63, "the predefined message is invalid or not found"
    RX_T_APPN = 0x64, "the ESME's application reports a temporary error"
    RX_P_APPN = 0x65, "the ESME's application reports a permanent error"
    RX_R_APPN = 0x66, "the ESME's application rejects the message"
    RQUERYFAIL = 0x67, "query_sm failed"
    RINVOPTPARSTREAM = 0xC0, "the optional part of the PDU is broken"
    ROPTPARNOTALLWD = 0xC1, "an optional parameter is not allowed"
    RINVPARLEN = 0xC2, "a parameter's length is invalid"
    RMISSINGOPTPARAM = 0xC3, "an expected optional parameter is missing"
    RINVOPTPARAMVAL = 0xC4, "an optional parameter's value is invalid"
    RDELIVERYFAILURE = 0xFE, "delivery failed"
    RUNKNOWNERR = 0xFF, "unknown error"

    text: str
    """What it says, in words."""

    def __new__(cls, number: int, text: str = "") -> CommandStatus:
        """Make a member of its number and its words."""
        member = int.__new__(cls, number)
        member._value_ = number
        member.text = text
        return member

    @property
    def spelling(self) -> str:
        """The name as the standard writes it, such as "ESME_RINVCMDLEN"."""
        return f"ESME_{self.name}"


def status_text(number: int) -> str:
    """Return the name and the words of a command_status, or say that it is none of 3.4's."""
    try:
        status = CommandStatus(number)
    except ValueError:
        kind = "vendor-specific" if 0x400 <= number <= 0x4FF else "reserved"
        return f"{kind} status {number:#06x}"
    return f"{status.spelling}: {status.text}"


class Ton(IntEnum):
    """Type of number (SMPP 3.4 §5.2.5)."""

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER_NUMBER = 4
    ALPHANUMERIC = 5
    ABBREVIATED = 6


class Npi(IntEnum):
    """Numbering plan indicator (SMPP 3.4 §5.2.6)."""

    UNKNOWN = 0
    ISDN = 1
    DATA = 3
    TELEX = 4
    LAND_MOBILE = 6
    NATIONAL = 8
    PRIVATE = 9
    ERMES = 10
    INTERNET = 14
    WAP_CLIENT_ID = 18


class MessageState(IntEnum):
    """What has become of a message (SMPP 3.4 §5.2.28)."""

    ENROUTE = 1
    DELIVERED = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIVERABLE = 5
    ACCEPTED = 6
    UNKNOWN = 7
    REJECTED = 8

    @property
    def is_final(self) -> bool:
        """Whether nothing more becomes of it."""
        return self not in (MessageState.ENROUTE, MessageState.ACCEPTED)


class NetworkType(IntEnum):
    """Whose error a network_error_code is (SMPP 3.4 §5.3.2.31)."""

    ANSI_136 = 1
    IS_95 = 2
    GSM = 3


class DeliveryFailureReason(IntEnum):
    """Why a message could not be delivered (SMPP 3.4 §5.3.2.33)."""

    DESTINATION_UNAVAILABLE = 0
    DESTINATION_ADDRESS_INVALID = 1
    PERMANENT_NETWORK_ERROR = 2
    TEMPORARY_NETWORK_ERROR = 3


class MsAvailability(IntEnum):
    """What an alert_notification says of the mobile station (SMPP 3.4 §5.3.2.30)."""

    AVAILABLE = 0
    DENIED = 1
    UNAVAILABLE = 2
