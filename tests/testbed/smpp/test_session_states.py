"""Every request in every state, on both sides: taken, or refused as SMPP 3.4 §2.3 wants it."""

from __future__ import annotations

import pytest

from testbed.codecs.smpp import (
    PDUS,
    RESPONSES,
    Bind,
    CommandId,
    CommandStatus,
    GenericNack,
    Outbind,
    Request,
    SmeAddress,
)
from testbed.smpp.events import (
    Alerted,
    BindRequested,
    Cancelled,
    Delivered,
    OutbindReceived,
    PduRefused,
    Queried,
    Replaced,
    Submitted,
    Unbound,
)
from testbed.smpp.states import ACCEPTED, BOUND, OPERATIONS, TRANSITIONS, Happening, Side, State
from tests.testbed.smpp.smpp_peer import PlayedEsme, PlayedSmsc

S = CommandStatus
REQUESTS = sorted(command for command, kind in PDUS.items() if issubclass(kind, Request))
TOLD = {
    CommandId.BIND_TRANSMITTER: BindRequested,
    CommandId.BIND_RECEIVER: BindRequested,
    CommandId.BIND_TRANSCEIVER: BindRequested,
    CommandId.SUBMIT_SM: Submitted,
    CommandId.SUBMIT_MULTI: Submitted,
    CommandId.QUERY_SM: Queried,
    CommandId.CANCEL_SM: Cancelled,
    CommandId.REPLACE_SM: Replaced,
    CommandId.DELIVER_SM: Delivered,
    CommandId.OUTBIND: OutbindReceived,
    CommandId.ALERT_NOTIFICATION: Alerted,
    CommandId.UNBIND: Unbound,
}

# The table of SMPP 3.4 §2.3 once more, as one reads it: who may begin what in TX, RX and TRX.
BY_ESME = {
    "unbind": "TX RX TRX",
    "submit_sm": "TX TRX",
    "submit_multi": "TX TRX",
    "data_sm": "TX RX TRX",
    "query_sm": "TX TRX",
    "cancel_sm": "TX TRX",
    "replace_sm": "TX TRX",
    "enquire_link": "TX RX TRX",
}
BY_SMSC = {
    "unbind": "TX RX TRX",
    "data_sm": "TX RX TRX",
    "deliver_sm": "RX TRX",
    "enquire_link": "TX RX TRX",
    "alert_notification": "RX TRX",
}


def request_of(command):
    kind = PDUS[command]
    values = {}
    if command == CommandId.SUBMIT_MULTI:
        values["destinations"] = (SmeAddress("1"),)
    return kind(**values)


def played(side, state):
    """Return a session of the other side in a state, for the test to play ``side``."""
    played = PlayedEsme() if side is Side.ESME else PlayedSmsc()
    if state in BOUND:
        return played.bound(state)
    if state is State.OUTBOUND:
        if side is Side.ESME:
            played.session.outbind("SMSC", "", played.now)
        else:
            played.give(Outbind())
    elif state is State.UNBOUND:
        played.bound()
        played.session.unbind(played.now)
    elif state is State.CLOSED:
        played.session.close("test", played.now)
    played.sent()
    played.told()
    assert played.session.state is state
    return played


@pytest.mark.parametrize("side", Side)
def test_bound_operations_are_those_of_the_standard(side: Side) -> None:
    """The table in the code is the table of the standard, but for its omission of replace_sm."""
    wanted = BY_ESME if side is Side.ESME else BY_SMSC
    table = {
        command.spelling: {state.value for state in operation.by(side) & BOUND}
        for command, operation in OPERATIONS.items()
        if operation.by(side) & BOUND
    }
    assert table == {
        name: {f"BOUND_{state}" for state in states.split()} for name, states in wanted.items()
    }


def test_every_request_is_in_the_table() -> None:
    """None is left to chance, and a bind leads where it says."""
    assert sorted(OPERATIONS) == REQUESTS
    assert {TRANSITIONS[State.OPEN, ACCEPTED[bind]] for bind in ACCEPTED} == BOUND
    assert all((state, Happening.END) in TRANSITIONS for state in State)


@pytest.mark.parametrize("command", REQUESTS, ids=lambda number: CommandId(number).spelling)
@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("side", Side)
@pytest.mark.clause("SMPP 3.4 §2.2, §2.3", "operations by state")
def test_a_request_is_taken_or_refused(side: Side, state: State, command: int) -> None:
    """What may begin is told or answered, anything else gets its status and changes nothing."""
    play = played(side, state)
    play.give(request_of(command), 77)
    sent, told = play.sent(), play.told()
    kind = RESPONSES.get(command)
    states = OPERATIONS[CommandId(command)].by(side)
    if state is State.CLOSED:
        assert (sent, told) == ([], [])
    elif not states:
        assert sent == [(77, GenericNack(status=S.RINVCMDID))]
    elif state not in states:
        status = S.RALYBND if issubclass(PDUS[command], Bind) and state in BOUND else S.RINVBNDSTS
        assert sent == ([] if kind is None else [(77, kind(status=status))])
        assert [(type(event), event.status) for event in told] == [(PduRefused, status)]
        assert play.session.state is state
    elif command == CommandId.ENQUIRE_LINK:
        assert (sent, told) == ([(77, kind())], [])
    elif command == CommandId.DATA_SM:
        assert [type(event) for event in told] == [Submitted if side is Side.ESME else Delivered]
    else:
        assert type(told[0]) is TOLD[command]
        assert sent == ([(77, kind())] if command == CommandId.UNBIND else [])
