"""Whether a lab is well, and whether it is ready: for what starts labs, and watches over them.

``GET /health`` and ``GET /ready`` beside the control interface ask for no token, and say nothing
that one would protect. 200 is yes, 503 is no, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.web.server import Request

from corenet.adapters.control_exchange import answer
from corenet.adapters.control_http import ControlInterface

Reasons = Callable[[], list[str]]
"""Returns what is not as it should be; nothing when all is."""


def serve_health(interface: ControlInterface, *, unwell: Reasons, unready: Reasons) -> None:
    """Answer both from now on; a lab that is not well is not ready either."""
    interface.add_public("/health", lambda request: _say(request, "ok", unwell()))
    interface.add_public("/ready", lambda request: _say(request, "ready", unwell() + unready()))


def _say(request: Request, well: str, reasons: list[str]) -> None:
    said: dict[str, Any] = {"status": "; ".join(reasons) or well}
    answer(request, 503 if reasons else 200, said)
