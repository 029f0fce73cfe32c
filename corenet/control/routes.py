"""Which of several things a method and a path name; templates are those of OpenAPI."""

from __future__ import annotations

from typing import Generic, TypeVar
from urllib.parse import unquote_to_bytes

from corenet.control.errors import ControlError, bad_request

T = TypeVar("T")


class Routes(Generic[T]):
    """Targets by method and path template, such as "/v1/terminals/{imsi}"."""

    def __init__(self) -> None:
        self._by_template: dict[tuple[str, ...], dict[str, T]] = {}

    def add(self, method: str, template: str, target: T) -> None:
        """Let ``method`` on ``template`` name ``target``; GET names it for HEAD, too."""
        methods = self._by_template.setdefault(tuple(template.split("/")), {})
        methods[method] = target
        if method == "GET":
            methods["HEAD"] = target

    def find(self, method: str, path: bytes) -> tuple[T, dict[str, str]]:
        """Return what is named, and what stands in the template's braces.

        ``path`` is as it came, percent signs and all.

        Raises:
            ControlError: 404, nothing has that path; 405, nothing has it with that method; 400,
                it is not UTF-8.
        """
        segments = [_decoded(segment) for segment in path.split(b"/")]
        shown = path.decode("utf-8", "replace")
        for template, methods in self._by_template.items():
            parts = _matched(template, segments)
            if parts is None:
                continue
            if method not in methods:
                allowed = ", ".join(sorted(methods))
                raise ControlError(
                    405,
                    "Method not allowed",
                    f"{shown} takes {allowed}, not {method}",
                    headers={"Allow": allowed},
                )
            return methods[method], parts
        raise ControlError(404, "Not found", f"there is nothing at {shown}")


def _decoded(segment: bytes) -> str:
    try:
        return unquote_to_bytes(segment).decode("utf-8")
    except UnicodeDecodeError:
        raise bad_request("the path is not UTF-8", "path") from None


def _matched(template: tuple[str, ...], segments: list[str]) -> dict[str, str] | None:
    if len(template) != len(segments):
        return None
    parts: dict[str, str] = {}
    for name, segment in zip(template, segments, strict=True):
        if name.startswith("{") and segment:
            parts[name[1:-1]] = segment
        elif name != segment:
            return None
    return parts
