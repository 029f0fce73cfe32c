"""The words that the state tables of WTP are written in (WAP-224 §10)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a transaction stands; each machine has some of these."""

    NULL = "null"
    """Not begun, or over; LISTEN where WAP-224 speaks of the responder."""
    TIDOK_WAIT = "tidok wait"
    """The initiator is asked whether it means the TID."""
    ASSEMBLING = "assembling"
    """The message is there in part (WAP-224 §8.14; not a state of §10)."""
    INVOKE_RESP_WAIT = "invoke resp wait"
    """The invoke is with the user."""
    RESULT_WAIT = "result wait"
    """The invoke is sent, or acknowledged."""
    RESULT_RESP_WAIT = "result resp wait"
    """The result is with the user, or sent."""
    WAIT_TIMEOUT = "wait timeout"
    """Over but for copies that want their Ack again."""


class Input(StrEnum):
    """What can happen to a transaction."""

    # PDUs
    MESSAGE = "message complete"
    PACKET = "packet"
    AGAIN = "sent again"
    ACK = "Ack"
    LAST_ACK = "Ack of class 1"
    GROUP_ACK = "Ack of a group"
    NEGATIVE_ACK = "Negative Ack"
    TID_ASKED = "TIDve"
    TID_ASKED_LATE = "TIDve, too late"
    TID_CONFIRMED = "TIDok, message complete"
    TID_CONFIRMED_IN_PART = "TIDok, message in part"
    ABORTED = "Abort"
    FAULT = "error"
    # Time
    R_EXPIRED = "R"
    R_EXHAUSTED = "R, RCR_MAX reached"
    A_EXPIRED = "A"
    A_EXPIRED_LAST = "A, class 1"
    USER_SILENT = "A, user has to acknowledge"
    USER_ABSENT = "A, AEC_MAX reached"
    W_EXPIRED = "W"
    PATIENCE_EXPIRED = "patience"
    # The endpoint and the user
    TID_DOUBTED = "TID not valid"
    USER_INVOKE = "invoke"
    USER_ACK = "acknowledge"
    USER_LAST_ACK = "acknowledge, class 1"
    USER_RESULT = "result"
    USER_ABORT = "abort"


class Effect(StrEnum):
    """What a row of a table asks for."""

    SEND_GROUP = "send packets, start R"
    SEND_NEXT_GROUP = "send next group, start R"
    SEND_MISSING = "send missing packets, start R"
    SEND_AGAIN = "send last packet again, start R"
    ACKNOWLEDGE_GROUP = "send Ack or Negative Ack of the group"
    SEND_ACK = "send Ack"
    SEND_ACK_AGAIN = "send Ack if sent before"
    ASK_TID = "send TIDve"
    CONFIRM_TID = "send TIDok, start R"
    DENY_TID = "send Abort (invalid TID)"
    SEND_ABORT = "send Abort"
    START_A = "start A"
    START_W = "start W"
    START_PATIENCE = "start patience"
    START_LIFETIME = "start lifetime"
    TELL_MESSAGE = "tell message"
    TELL_CONFIRMED = "tell acknowledged"
    TELL_ABORTED = "tell abort"


Row = tuple[tuple[Effect, ...], State]
"""What is done, in order, and the next state."""
Table = Mapping[tuple[State, Input], Row]
