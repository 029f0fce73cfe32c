"""GTPv1-C and GTP-U as a library: sans-IO, typed, standard library only (TS 29.060, TS 29.281)."""

from gtp.constants import GTP_C_PORT, GTP_U_PORT, Cause, IEType, MessageType
from gtp.errors import GtpError, LocalProtocolError, RemoteProtocolError
from gtp.messages import Message, decode

__all__ = [
    "GTP_C_PORT",
    "GTP_U_PORT",
    "Cause",
    "GtpError",
    "IEType",
    "LocalProtocolError",
    "Message",
    "MessageType",
    "RemoteProtocolError",
    "decode",
]
