"""What a NAS decoder raises: the peer's fault, with the cause to answer (TS 24.008 §8)."""

from __future__ import annotations


class NasError(Exception):
    """A message that cannot be taken, with the cause to answer and where the fault lies.

    ``message_type`` and ``ti`` are there as far as the header could be read; the receiver needs
    them to choose between the procedure's own reject message and STATUS.
    """

    def __init__(
        self,
        cause: int,
        text: str,
        octet: int | None = None,
        *,
        message_type: int | None = None,
        ti: object = None,
    ) -> None:
        where = "" if octet is None else f" at octet {octet}"
        super().__init__(f"{text}{where} (cause {cause})")
        self.cause = cause
        """The SM or GMM cause number to answer with; the same numbers mean the same in both."""
        self.text = text
        self.octet = octet
        """Offset from the start of the message, counted from 0."""
        self.message_type = message_type
        self.ti = ti
        """The ``sm.TransactionIdentifier`` as received, or None."""
