"""Status codes of Reply as HTTP has them (WAP-230 appendix A)."""

from __future__ import annotations

from typing import Final

_LAST: Final = {100: 101, 200: 206, 300: 307, 400: 417, 500: 505}
"""By the first code of a class, its last."""
_ASSIGNED_LATER: Final = 306
_CLASS_STEP: Final = 0x10

WSP_STATUS: Final[dict[int, int]] = {
    code: (first // 100 + (1 if first == 500 else 0)) * _CLASS_STEP + code - first
    for first, last in _LAST.items()
    for code in range(first, last + 1)
    if code != _ASSIGNED_LATER
}
"""By HTTP status code; the class of 400 needs two rows of sixteen, so 500 begins at 0x60."""
HTTP_STATUS: Final = {octet: code for code, octet in WSP_STATUS.items()}


def octet_of(code: int) -> int | None:
    """Return the octet for an HTTP status code, or None where it is not one.

    A code that WSP does not know travels as the first of its class, which is what HTTP has who
    does not know a code take it for (RFC 9110 §15).
    """
    return WSP_STATUS.get(code, WSP_STATUS.get(code // 100 * 100))
