"""What the push codecs raise for content that a peer got wrong."""

from __future__ import annotations


class ContentError(ValueError):
    """Content (SI, SL, WBXML) that breaks its definition.

    ``line`` and ``column`` count from 1 and name the place in XML, or ``octet`` counts from 0 and
    names the place in binary content; the others are None.
    """

    def __init__(
        self,
        text: str,
        *,
        element: str | None = None,
        line: int | None = None,
        column: int | None = None,
        octet: int | None = None,
    ) -> None:
        self.text = text
        self.element = element
        self.line = line
        self.column = column
        self.octet = octet
        place = f"octet {octet}" if line is None else f"line {line}, column {column}"
        super().__init__(f"{place}: {text}")
