"""Accounting records on their way to a server, and what is counted of them."""

from __future__ import annotations

from dataclasses import dataclass

from corenet.radius.accounting import AccountingStatus
from corenet.radius.servers import Server


@dataclass(slots=True)
class AccountingCounters:
    """What a client has counted since it was made; every field only grows."""

    requests: int = 0
    """Records, each counted once."""
    retransmissions: int = 0
    answered: int = 0
    given_up: int = 0
    """Records that nobody will ever be told of."""
    kept: int = 0
    """Records left to the next life, after ``stop``."""
    resumed: int = 0
    """Records that an earlier life had left."""
    silences: int = 0
    """Times that a server was taken for dead."""
    ignored: int = 0
    """Datagrams that answer nothing, or whose authenticator is wrong."""


class Record:
    """One thing to tell, until it is answered or given up."""

    __slots__ = (
        "asked",
        "attributes",
        "behind",
        "closed",
        "due",
        "identifier",
        "made",
        "number",
        "octets",
        "sent",
        "server",
        "session",
        "silent",
        "status",
        "tries",
        "tries_here",
        "wait",
    )

    def __init__(
        self, number: int, status: AccountingStatus, session: str, attributes: bytes, made: float
    ) -> None:
        self.number = number
        self.status = status
        self.session = session
        self.attributes = attributes
        self.made = made
        self.behind: Record | None = None
        """The next one of its session, which waits until this one is answered or given up."""
        self.closed = False
        self.server: Server[Record] | None = None
        self.silent: Server[Record] | None = None
        """Where its last turn ended without an answer."""
        self.asked = 0.0
        """When its turn began."""
        self.sent = 0.0
        """When it was last sent."""
        self.identifier = 0
        self.octets = b""
        self.tries = 0
        self.tries_here = 0
        self.wait = 0.0
        self.due: float | None = None
