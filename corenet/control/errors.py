"""What the control interface refuses, as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class ControlError(Exception):
    """A request that is not carried out: what was wrong, and in which field.

    ``status`` is the HTTP status that says the same.
    """

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        *,
        field: str | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.title = title
        self.detail = detail
        self.field = field
        self.members = dict(members or {})

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


def unknown_terminal(field: str, value: str) -> ControlError:
    """Nobody with that number or address is provisioned in HLR or GGSN."""
    return ControlError(404, "Unknown terminal", f"no terminal has {field} {value}", field=field)
