"""One node by itself, in a reactor, until it says that it has come to its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from twisted.internet.defer import Deferred

from corenet.adapters.runtime import TwistedRuntime
from corenet.capture.capture import Capture, Sink
from corenet.interfaces.node import Address, Event, Interface, Node


async def run_node(
    reactor: Any,
    node: Node,
    attachments: Mapping[Interface, Address],
    *,
    take: Callable[[Event], None],
    until: type[Event],
    capture: Sink | None = None,
) -> None:
    """Run ``node`` until an event of kind ``until``; ``take`` is told of each event.

    What passes goes to ``capture``, which its owner closes.

    Raises:
        corenet.adapters.udp.CannotBindError: an address is not to be had.
    """
    runtime = TwistedRuntime(reactor)
    ended: Deferred[None] = Deferred()

    def told(_time: float, _node: str, event: Event) -> None:
        take(event)
        if isinstance(event, until) and not ended.called:
            ended.callback(None)

    if capture is not None:
        runtime.on_passed(Capture(capture))
    runtime.on_event(told)
    try:
        runtime.attach(node, attachments)
        await ended
    finally:
        await runtime.stop()
