"""What is known of a scenario while it runs: what was seen, and what was answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from corenet.control.activations import Requested
from corenet.control.core import CoreControl
from testbed.codecs import pap
from testbed.expectations.seen import Record


@dataclass(slots=True)
class PushCourse:
    """A push, and what its initiator was told."""

    push_id: str
    msisdn: str
    accepted: int | None = None
    """PAP code of the gateway's answer."""
    refusal: str = ""
    """What else came instead of an answer."""
    notification: pap.ResultNotification | None = None

    def view(self) -> dict[str, Any]:
        """Return what expectations can be about."""
        told = self.notification
        return {
            "accepted": self.accepted,
            "state": None if told is None else told.state.value,
            "code": None if told is None else int(told.code),
            "text": None if told is None else told.desc,
        }


@dataclass(slots=True)
class Observation:
    """A scenario under way, or over."""

    control: CoreControl
    record: Record
    began: float
    """Seconds since 1970-01-01 UTC."""
    counters: Mapping[str, Mapping[str, int]]
    """When it began."""
    activations: dict[str, Requested] = field(default_factory=dict)
    pushes: dict[str, PushCourse] = field(default_factory=dict)

    def grown(self, node: str) -> dict[str, int] | None:
        """Return by how much each counter of a node has grown; None: there is no such node."""
        now = self.control.counters().get(node)
        if now is None:
            return None
        before = self.counters.get(node, {})
        return {name: count - before.get(name, 0) for name, count in now.items()}
