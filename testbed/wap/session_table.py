"""States of a WSP session at either end, as tables (WAP-230 §7.1)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class SessionState(StrEnum):
    """Where a session stands."""

    NULL = "null"
    """Not begun, or over."""
    CONNECTING = "connecting"
    """The client waits for the server, the server for its user."""
    ACCEPTED = "accepted"
    """The server has said yes and waits for the client's Ack (CONNECTING_2 in WAP-230)."""
    CONNECTED = "connected"
    SUSPENDED = "suspended"
    RESUMING = "resuming"
    """The client waits for the server, the server for the client's Ack (RESUMING_2 there)."""


class SessionInput(StrEnum):
    """What can happen to a session."""

    CONNECT = "connect"
    ACCEPT = "accept"
    CONFIRM = "confirm"
    """The other end has agreed to Connect or Resume, or acknowledged that this one has."""
    SUSPEND = "suspend"
    RESUME = "resume"
    END = "end"
    """By whichever end and for whatever reason."""


SessionTable = Mapping[tuple[SessionState, SessionInput], SessionState]

_ENDS: Final[SessionTable] = {
    (state, SessionInput.END): SessionState.NULL
    for state in SessionState
    if state is not SessionState.NULL
}
_SINCE_CONNECTED: Final[SessionTable] = {
    (SessionState.CONNECTED, SessionInput.SUSPEND): SessionState.SUSPENDED,
    (SessionState.CONNECTED, SessionInput.RESUME): SessionState.RESUMING,
    (SessionState.SUSPENDED, SessionInput.RESUME): SessionState.RESUMING,
    (SessionState.RESUMING, SessionInput.CONFIRM): SessionState.CONNECTED,
    (SessionState.RESUMING, SessionInput.SUSPEND): SessionState.SUSPENDED,
}

CLIENT: Final[SessionTable] = MappingProxyType(
    {
        (SessionState.NULL, SessionInput.CONNECT): SessionState.CONNECTING,
        (SessionState.CONNECTING, SessionInput.CONFIRM): SessionState.CONNECTED,
        **_SINCE_CONNECTED,
        **_ENDS,
    }
)

SERVER: Final[SessionTable] = MappingProxyType(
    {
        (SessionState.NULL, SessionInput.CONNECT): SessionState.CONNECTING,
        (SessionState.CONNECTING, SessionInput.ACCEPT): SessionState.ACCEPTED,
        (SessionState.ACCEPTED, SessionInput.CONFIRM): SessionState.CONNECTED,
        # A client that gets no answer to its Resume may ask again.
        (SessionState.RESUMING, SessionInput.RESUME): SessionState.RESUMING,
        **_SINCE_CONNECTED,
        **_ENDS,
    }
)
