"""What the log says of a message can be found by the message's id."""

from __future__ import annotations

from dataclasses import fields

import pytest

from corenet.interfaces.node import Event
from testbed.smsc import events

OF_NO_MESSAGE = {
    events.EffectsQueued,
    events.EsmeBound,
    events.EsmeCalled,
    events.EsmeGone,
    events.EsmeNotCalled,
    events.EsmeReached,
    events.EsmeRefused,
    events.EsmeUnreached,
    events.SubmissionRefused,
}
KINDS = {
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
}


@pytest.mark.parametrize("kind", sorted(KINDS - OF_NO_MESSAGE, key=str))
def test_each_event_of_a_message_names_it(kind: type[Event]) -> None:
    """First of all; what was refused, or handed on at once, has become no message here."""
    assert fields(kind)[0].name == "message_id"
