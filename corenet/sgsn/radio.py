"""A mobile's logical link: LLC frames out with their N(U), and in without the duplicates.

Specs: TS 44.064 §8.4 (unacknowledged transfer), TS 44.065 §6.9 (N-PDU numbers). What a real
network has below (BSSGP, cells) is left out: a frame either reaches the mobile or is lost, and
silence is all that the SGSN learns of a mobile out of coverage.
"""

from __future__ import annotations

from corenet.interfaces.llc import FrameNumbers, UiFrame, encode_ui
from corenet.interfaces.node import Address


class RadioLink:
    """The link with one mobile: where it is, and the numbers of its frames."""

    __slots__ = ("_numbers", "address", "standby")

    def __init__(self, address: Address) -> None:
        self.address = address
        self.standby = False
        """Whether the mobile has to be paged before it hears anything."""
        self._numbers = FrameNumbers()

    def frame(self, sapi: int, payload: bytes) -> bytes:
        """Return the downlink UI frame with the next N(U) of the SAPI.

        Raises LlcError where ``payload`` is longer than a frame may be.
        """
        return encode_ui(sapi, payload, uplink=False, nu=self._numbers.next(sapi))

    def is_new(self, frame: UiFrame) -> bool:
        """Note an uplink frame; return False where it is a duplicate (TS 44.064 §8.4.2)."""
        return self._numbers.is_new(frame.sapi, frame.nu)

    def reset(self, frame: UiFrame) -> None:
        """Begin to receive anew with ``frame``: the mobile may count from 0 again."""
        self._numbers.begin_anew()
        self.is_new(frame)
