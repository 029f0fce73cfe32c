"""What WSP octets can get wrong."""

from __future__ import annotations


class WspError(ValueError):
    """Octets that are no WSP PDU; ``octet`` counts from 0 where the place is known."""

    def __init__(self, text: str, octet: int | None = None) -> None:
        self.text = text
        self.octet = octet
        super().__init__(text if octet is None else f"octet {octet}: {text}")
