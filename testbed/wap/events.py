"""What a WTP endpoint tells: past-tense events, frozen and slotted (WAP-224 §7.3)."""

from __future__ import annotations

from dataclasses import dataclass

from testbed.codecs.wtp import TransactionClass, abort_text

Address = tuple[str, int]
"""IP address and UDP port of a peer."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened."""


@dataclass(frozen=True, slots=True)
class DatagramInvoked(Event):
    """A peer has invoked a transaction of class 0, which ends with that (TR-Invoke.ind)."""

    peer: Address
    data: bytes


@dataclass(frozen=True, slots=True)
class InvokeReceived(Event):
    """A peer has begun a transaction of class 1 or 2 (TR-Invoke.ind).

    Answer with ``WtpEndpoint.acknowledge``, ``result`` or ``abort``.
    """

    transaction: int
    peer: Address
    data: bytes
    transaction_class: TransactionClass


@dataclass(frozen=True, slots=True)
class InvokeConfirmed(Event):
    """The peer has acknowledged our invoke (TR-Invoke.cnf).

    Ends a transaction of class 1; in class 2 the result is still to come.
    """

    transaction: int
    peer: Address
    context: object
    """What the caller of ``WtpEndpoint.invoke`` gave."""


@dataclass(frozen=True, slots=True)
class ResultReceived(Event):
    """The result of our invoke is there (TR-Result.ind).

    Answer with ``WtpEndpoint.acknowledge`` or ``abort``.
    """

    transaction: int
    peer: Address
    context: object
    """What the caller of ``WtpEndpoint.invoke`` gave."""
    data: bytes


@dataclass(frozen=True, slots=True)
class ResultConfirmed(Event):
    """The peer has acknowledged our result (TR-Result.cnf): its transaction is over."""

    transaction: int
    peer: Address


@dataclass(frozen=True, slots=True)
class TransactionAborted(Event):
    """A transaction ended before its time, and not by ``WtpEndpoint.abort`` (TR-Abort.ind)."""

    transaction: int
    peer: Address
    context: object
    """What the caller of ``WtpEndpoint.invoke`` gave; None for a transaction of the peer."""
    reason: int
    """A ``UserAbort`` where ``by_user``, else a ``ProviderAbort``; others are possible."""
    by_user: bool = False
    """Whether the user at the other end has said so."""
    by_peer: bool = False
    """Whether an Abort has arrived; otherwise this end has given up."""

    @property
    def text(self) -> str:
        """The reason in words."""
        return abort_text(self.reason, user=self.by_user)
