"""What the control interface refuses, as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ControlError(Exception):
    """A request that is not carried out: what was wrong, and in which field.

    ``status`` is the HTTP status that says the same, ``headers`` what HTTP wants said with it.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        field: str | None = None,
        members: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.field = field
        self.members = dict(members or {})
        self.headers = dict(headers or {})

    def problem(self) -> dict[str, Any]:
        """Return the members of a problem document; the type says no more than the title."""
        document: dict[str, Any] = {
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
        }
        if self.field is not None:
            document["field"] = self.field
        return document | self.members


def bad_request(detail: str, field: str | None) -> ControlError:
    """Something in the request is not as it should be; ``field`` names it."""
    return ControlError(400, "Bad request", detail, field=field)


def unknown_terminal(field: str, value: str) -> ControlError:
    """Nobody here has that number or address."""
    return ControlError(404, "Unknown terminal", f"no terminal has {field} {value}", field=field)


def no_context(imsi: str, apn: str, nsapi: int | None = None) -> ControlError:
    """Return the error for a terminal that has no such PDP context."""
    which = "" if nsapi is None else f" with NSAPI {nsapi}"
    detail = f"{imsi} has no PDP context on {apn}{which}"
    return ControlError(404, "No PDP context", detail, field="apn" if nsapi is None else "nsapi")
