"""Wireless Transaction Protocol: its PDUs and the datagrams that hold them, both ways.

Specs: WAP-224 §8 (WTP), segmentation and re-assembly included.
"""

from testbed.codecs.wtp.constants import (
    MOST_PACKETS,
    RESPONDER_BIT,
    WTP_PORT,
    OptionKind,
    PduType,
    ProviderAbort,
    TpiIdentity,
    Trailer,
    TransactionClass,
    UserAbort,
    abort_text,
)
from testbed.codecs.wtp.datagram import join, shared_length, split
from testbed.codecs.wtp.errors import WtpError
from testbed.codecs.wtp.pdus import (
    Abort,
    Ack,
    Invoke,
    NegativeAck,
    Pdu,
    Result,
    SegmentedInvoke,
    SegmentedResult,
    decode,
)
from testbed.codecs.wtp.tpi import Tpi, option_tpi, psn_tpi

__all__ = [
    "MOST_PACKETS",
    "RESPONDER_BIT",
    "WTP_PORT",
    "Abort",
    "Ack",
    "Invoke",
    "NegativeAck",
    "OptionKind",
    "Pdu",
    "PduType",
    "ProviderAbort",
    "Result",
    "SegmentedInvoke",
    "SegmentedResult",
    "Tpi",
    "TpiIdentity",
    "Trailer",
    "TransactionClass",
    "UserAbort",
    "WtpError",
    "abort_text",
    "decode",
    "join",
    "option_tpi",
    "psn_tpi",
    "shared_length",
    "split",
]
