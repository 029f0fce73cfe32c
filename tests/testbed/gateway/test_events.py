"""What the gateway reports can be followed by push-id."""

from __future__ import annotations

from dataclasses import fields

import pytest

from corenet.interfaces.node import Event
from testbed.gateway import events

OF_NO_PUSH = {
    "EffectsQueued": "it is for whoever runs the gateway, and not logged",
    "SessionBegan": "a terminal is online, for no push in particular",
    "SessionEnded": "likewise",
    "LeaseLapsed": "it is about all pushes",
}
KINDS = [
    kind
    for kind in vars(events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind is not Event
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_event_about_pushes_names_them(kind):
    """So that a log can be searched for one push from beginning to end."""
    names = {field.name for field in fields(kind)}
    assert bool(names & {"push_id", "push_ids"}) != (kind.__name__ in OF_NO_PUSH)
