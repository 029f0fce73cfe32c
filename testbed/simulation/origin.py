"""Origin servers in virtual time: pages by their URL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from testbed.pull.effects import FetchFromOrigin, OriginAnswer
from testbed.simulation.network import VirtualNetwork

NOT_FOUND: Final = OriginAnswer(404, (("Content-Type", "text/plain"),), b"there is no such page\n")


@dataclass(frozen=True, slots=True)
class Served:
    """How a page is served."""

    answer: OriginAnswer
    delay: float = 0.0
    """Seconds that the server thinks before it answers."""


class VirtualOrigin:
    """The servers of all pages, and what they were asked for."""

    def __init__(self, network: VirtualNetwork) -> None:
        self._network = network
        self._pages: dict[str, Served] = {}
        self.asked: list[FetchFromOrigin] = []
        """All requests, in order."""

    def serve(
        self, url: str, body: bytes, content_type: str = "text/vnd.wap.wml", *, delay: float = 0.0
    ) -> None:
        """Have a page served under a URL, in place of any other."""
        answer = OriginAnswer(200, (("Content-Type", content_type),), body)
        self._pages[url] = Served(answer, delay)

    def take(self, request: FetchFromOrigin, answer: Callable[[OriginAnswer], None]) -> None:
        """Take a request; ``answer`` is called once, with 404 where there is no such page."""
        self.asked.append(request)
        served = self._pages.get(request.url, Served(NOT_FOUND))
        self._network.call_later(served.delay, lambda: answer(served.answer))
