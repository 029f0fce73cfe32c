"""What sessions raise for their own user's mistakes. For peers' mistakes they never raise."""

from __future__ import annotations

from testbed.codecs.smpp import LocalProtocolError


class SessionStateError(LocalProtocolError):
    """The operation cannot begin in the session's state."""


class NothingToAnswerError(LocalProtocolError):
    """There is no request of the peer's with that sequence number, or it has another response."""


class QueueFullError(LocalProtocolError):
    """Window and queue are full; try again when something was answered."""


class VersionError(LocalProtocolError):
    """The peer speaks SMPP 3.3, which cannot express this."""
