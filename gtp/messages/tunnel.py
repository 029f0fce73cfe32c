"""The user plane's messages (TS 29.281 §7)."""

from __future__ import annotations

from dataclasses import dataclass

from gtp.constants import MessageType
from gtp.ies.values import PrivateExtension
from gtp.messages.base import Message


@dataclass(slots=True, kw_only=True)
class ErrorIndication(Message):
    """Error Indication (TS 29.281 §7.3.1): the TEID of a G-PDU that nobody here knows."""

    TYPE = MessageType.ERROR_INDICATION

    teid_data: int
    peer_address: str
    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class EndMarker(Message):
    """End Marker (TS 29.281 §7.3.2): the last of a tunnel's packets has passed."""

    TYPE = MessageType.END_MARKER

    private_extension: tuple[PrivateExtension, ...] = ()


@dataclass(slots=True, kw_only=True)
class GPdu(Message):
    """G-PDU (TS 29.281 §7.1): a user's packet in its tunnel."""

    TYPE = MessageType.G_PDU

    payload: bytes
    sequenced: bool = False
    """Whether ``sequence`` is meant (the S flag)."""
    npdu_number: int | None = None
    """The N-PDU number of the PN flag, or None."""
