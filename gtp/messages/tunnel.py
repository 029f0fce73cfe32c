"""The user plane's messages (TS 29.281 §7)."""

from __future__ import annotations

from dataclasses import dataclass

from gtp.constants import MessageType
from gtp.errors import LocalProtocolError
from gtp.ies import tunnel
from gtp.ies.element import ENCODING_ERRORS
from gtp.ies.values import PrivateExtension
from gtp.messages.base import Message
from gtp.messages.table import PRIVATE_EXTENSION, Table, mandatory
from gtp.wire import write_header


@dataclass(slots=True, kw_only=True)
class ErrorIndication(Message):
    """Error Indication (TS 29.281 §7.3.1): the TEID of a G-PDU that nobody here knows."""

    TYPE = MessageType.ERROR_INDICATION
    IES = Table(
        mandatory("teid_data", tunnel.TEID_DATA, "TEID of the G-PDU"),
        mandatory("peer_address", tunnel.GSN_ADDRESS, "destination address of the G-PDU"),
        PRIVATE_EXTENSION,
    )

    teid_data: int
    peer_address: str
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class EndMarker(Message):
    """End Marker (TS 29.281 §7.3.2): the last of a tunnel's packets has passed."""

    TYPE = MessageType.END_MARKER
    SEQUENCED = False
    IES = Table(PRIVATE_EXTENSION)

    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class GPdu(Message):
    """G-PDU (TS 29.281 §7.1): a user's packet in its tunnel."""

    TYPE = MessageType.G_PDU
    IES = Table()

    payload: bytes
    sequenced: bool = False
    """Whether ``sequence`` is meant (the S flag)."""
    npdu_number: int | None = None
    """The N-PDU number of the PN flag, or None."""

    def encode(self) -> bytes:
        """Return the message's octets. Raises LocalProtocolError as every message does."""
        try:
            return write_header(
                self.TYPE,
                self.payload,
                teid=self.teid,
                sequence=self.sequence if self.sequenced else None,
                npdu_number=self.npdu_number,
                extension_headers=self.extension_headers,
            )
        except ENCODING_ERRORS as error:
            raise LocalProtocolError(f"GPdu cannot be sent: {error}") from error
