"""The states of a session, and which operation may begin in which.

Specs: SMPP 3.4 §2.2 (states), §2.3 (operations by state and by who begins them), SMPP 5.0 §2.3
(OUTBOUND and UNBOUND, which 3.4 has without names).

Theory of operation. Both ends keep the same state. ``OPERATIONS`` says for each request in which
states either side may begin it; a response may be sent wherever its request was taken. What is
begun in another state is answered with ESME_RINVBNDSTS and changes nothing. ``TRANSITIONS`` says
what becomes of the state.

A transceiver has every operation of a transmitter and of a receiver (§2.2), so ``replace_sm`` may
begin in BOUND_TRX, which the table of 3.4 leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from types import MappingProxyType
from typing import Final

from testbed.codecs.smpp import CommandId


class Side(Enum):
    """Which end of a session."""

    ESME = "ESME"
    SMSC = "SMSC"

    @property
    def peer(self) -> Side:
        """The other end."""
        return Side.SMSC if self is Side.ESME else Side.ESME


class State(Enum):
    """What a session is."""

    OPEN = "OPEN"
    """Connected, nobody has bound."""
    OUTBOUND = "OUTBOUND"
    """The SMSC has asked for a bind by outbind."""
    BOUND_TX = "BOUND_TX"
    BOUND_RX = "BOUND_RX"
    BOUND_TRX = "BOUND_TRX"
    UNBOUND = "UNBOUND"
    """One side has unbound; the connection is about to close."""
    CLOSED = "CLOSED"

    @property
    def is_bound(self) -> bool:
        """Whether messages may be exchanged."""
        return self in BOUND


BOUND: Final = frozenset({State.BOUND_TX, State.BOUND_RX, State.BOUND_TRX})
_TRANSMITTING: Final = frozenset({State.BOUND_TX, State.BOUND_TRX})
_RECEIVING: Final = frozenset({State.BOUND_RX, State.BOUND_TRX})
_OPEN: Final = frozenset({State.OPEN})
_UNBOUND_YET: Final = frozenset({State.OPEN, State.OUTBOUND})
_NEVER: Final[frozenset[State]] = frozenset()


@dataclass(frozen=True, slots=True)
class Operation:
    """In which states each side may begin an operation."""

    esme: frozenset[State] = _NEVER
    smsc: frozenset[State] = _NEVER

    def by(self, side: Side) -> frozenset[State]:
        """Return in which states ``side`` may begin it."""
        return self.esme if side is Side.ESME else self.smsc


OPERATIONS: Final[Mapping[CommandId, Operation]] = MappingProxyType(
    {
        CommandId.BIND_TRANSMITTER: Operation(esme=_OPEN),
        CommandId.BIND_RECEIVER: Operation(esme=_UNBOUND_YET),
        CommandId.BIND_TRANSCEIVER: Operation(esme=_UNBOUND_YET),
        CommandId.OUTBIND: Operation(smsc=_OPEN),
        CommandId.UNBIND: Operation(esme=BOUND, smsc=BOUND),
        CommandId.ENQUIRE_LINK: Operation(esme=BOUND, smsc=BOUND),
        CommandId.SUBMIT_SM: Operation(esme=_TRANSMITTING),
        CommandId.SUBMIT_MULTI: Operation(esme=_TRANSMITTING),
        CommandId.DATA_SM: Operation(esme=BOUND, smsc=BOUND),
        CommandId.DELIVER_SM: Operation(smsc=_RECEIVING),
        CommandId.QUERY_SM: Operation(esme=_TRANSMITTING),
        CommandId.CANCEL_SM: Operation(esme=_TRANSMITTING),
        CommandId.REPLACE_SM: Operation(esme=_TRANSMITTING),
        CommandId.ALERT_NOTIFICATION: Operation(smsc=_RECEIVING),
    }
)
"""SMPP 3.4 §2.3: every request, and who may begin it when."""


class Happening(Enum):
    """What changes a session's state."""

    OUTBIND = auto()
    """The SMSC has sent outbind."""
    TRANSMITTER_ACCEPTED = auto()
    RECEIVER_ACCEPTED = auto()
    TRANSCEIVER_ACCEPTED = auto()
    UNBIND = auto()
    """Either side has sent unbind."""
    END = auto()
    """The connection is over, or is being closed."""


ACCEPTED: Final[Mapping[CommandId, Happening]] = MappingProxyType(
    {
        CommandId.BIND_TRANSMITTER: Happening.TRANSMITTER_ACCEPTED,
        CommandId.BIND_RECEIVER: Happening.RECEIVER_ACCEPTED,
        CommandId.BIND_TRANSCEIVER: Happening.TRANSCEIVER_ACCEPTED,
    }
)
"""What an accepted bind is."""

TRANSITIONS: Final[Mapping[tuple[State, Happening], State]] = MappingProxyType(
    {
        (State.OPEN, Happening.OUTBIND): State.OUTBOUND,
        (State.OPEN, Happening.TRANSMITTER_ACCEPTED): State.BOUND_TX,
        (State.OPEN, Happening.RECEIVER_ACCEPTED): State.BOUND_RX,
        (State.OPEN, Happening.TRANSCEIVER_ACCEPTED): State.BOUND_TRX,
        (State.OUTBOUND, Happening.RECEIVER_ACCEPTED): State.BOUND_RX,
        (State.OUTBOUND, Happening.TRANSCEIVER_ACCEPTED): State.BOUND_TRX,
        (State.BOUND_TX, Happening.UNBIND): State.UNBOUND,
        (State.BOUND_RX, Happening.UNBIND): State.UNBOUND,
        (State.BOUND_TRX, Happening.UNBIND): State.UNBOUND,
        **{(state, Happening.END): State.CLOSED for state in State},
    }
)
"""From a state, by what happens, to a state."""
