"""A mobile's logical link: LLC frames out with their N(U), and in without the duplicates.

Specs: TS 44.064 §8.4 (unacknowledged transfer), TS 44.065 §6.9 (N-PDU numbers). What a real
network has below (BSSGP, cells) is left out: a frame either reaches the mobile or is lost, and
silence is all that the SGSN learns of a mobile out of coverage.
"""

from __future__ import annotations

from corenet.interfaces.llc import FrameNumbers, UiFrame, encode_ui
from corenet.interfaces.node import Address


class RadioLink(FrameNumbers):
    """The link with one mobile: where it is, and the numbers of its frames."""

    __slots__ = ("cell", "name", "standby")

    def __init__(self, address: Address) -> None:
        super().__init__()
        self.name, self.cell = address
        self.standby = False
        """Whether the mobile has to be paged before it hears anything."""

    @property
    def address(self) -> Address:
        """Where the mobile is: what it is called on the link, and the cell."""
        return self.name, self.cell

    def frame(self, sapi: int, payload: bytes) -> bytes:
        """Return the downlink UI frame with the next N(U) of the SAPI.

        Raises LlcError where ``payload`` is longer than a frame may be.
        """
        return encode_ui(sapi, payload, uplink=False, nu=self.next(sapi))

    def hears(self, frame: UiFrame) -> bool:
        """Note an uplink frame; return False where it is a duplicate (TS 44.064 §8.4.2)."""
        return self.is_new(frame.sapi, frame.nu)

    def reset(self, frame: UiFrame) -> None:
        """Begin to receive anew with ``frame``: the mobile may count from 0 again."""
        self.begin_anew()
        self.hears(frame)
