"""GMM STATUS (TS 24.008 §9.4.18)."""

from __future__ import annotations

from dataclasses import dataclass

from corenet.interfaces.nas.elements import Body


@dataclass(frozen=True, slots=True)
class GmmStatus:
    """GMM STATUS (TS 24.008 §9.4.18), either direction. Never answered."""

    cause: int

    def encode(self) -> bytes:
        """Return the message's octets."""
        return bytes((0x08, 0x20, self.cause))

    @classmethod
    def decode(cls, body: Body) -> GmmStatus:
        """Return the message in ``body``; raises NasError."""
        return cls(body.octet("GMM cause"))
