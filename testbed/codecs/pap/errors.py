"""What a PAP document can get wrong, with what to answer."""

from __future__ import annotations


class PapError(ValueError):
    """A PAP document that breaks its definition, or claims a version that is not supported.

    ``code`` is the status code to answer (2000 or 3002), ``line`` and ``column`` count from 1,
    ``fragment`` is the offending piece for badmessage-response, at most some 100 characters.
    ``push_id`` is the message's push-id where one could be read, else None.
    """

    def __init__(
        self,
        code: int,
        text: str,
        *,
        element: str | None = None,
        line: int | None = None,
        column: int | None = None,
        fragment: str | None = None,
        push_id: str | None = None,
    ) -> None:
        self.code = code
        self.text = text
        self.element = element
        self.line = line
        self.column = column
        self.fragment = fragment
        self.push_id = push_id
        place = "" if line is None else f"line {line}, column {column}: "
        super().__init__(f"{place}{text}")
