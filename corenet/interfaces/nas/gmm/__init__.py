"""GPRS mobility management messages between MS and SGSN.

Specs: TS 24.008 v13 §9.4 (messages), §10.5.1.4 (mobile identity), §10.5.5 (elements).

A module for each procedure; this one has every message by its type and direction. Errors and
optional elements are treated as in ``sm``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from corenet.interfaces.nas.causes import GmmCause
from corenet.interfaces.nas.elements import Body
from corenet.interfaces.nas.errors import NasError
from corenet.interfaces.nas.gmm.attach import (
    AttachAccept,
    AttachComplete,
    AttachReject,
    AttachRequest,
    AttachType,
)
from corenet.interfaces.nas.gmm.authentication import (
    AuthenticationFailure,
    AuthenticationReject,
    AuthenticationRequest,
    AuthenticationResponse,
)
from corenet.interfaces.nas.gmm.common import (
    MS_NETWORK_CAPABILITY,
    MS_RADIO_ACCESS_CAPABILITY,
    NO_RAI,
    PERIODIC_UPDATE_54_MINUTES,
    PROTOCOL_DISCRIMINATOR,
    MobileIdentity,
    area_text,
)
from corenet.interfaces.nas.gmm.detach import (
    DetachAcceptDownlink,
    DetachAcceptUplink,
    DetachRequestDownlink,
    DetachRequestUplink,
    DetachType,
    NetworkDetachType,
)
from corenet.interfaces.nas.gmm.identification import (
    IdentityRequest,
    IdentityResponse,
    IdentityType,
)
from corenet.interfaces.nas.gmm.status import (
    GmmStatus,
)
from corenet.interfaces.nas.gmm.update import (
    PTmsiReallocationCommand,
    PTmsiReallocationComplete,
    RoutingAreaUpdateAccept,
    RoutingAreaUpdateComplete,
    RoutingAreaUpdateReject,
    RoutingAreaUpdateRequest,
    UpdateType,
    context_status,
)

__all__ = [
    "MS_NETWORK_CAPABILITY",
    "MS_RADIO_ACCESS_CAPABILITY",
    "NO_RAI",
    "PERIODIC_UPDATE_54_MINUTES",
    "PROTOCOL_DISCRIMINATOR",
    "AttachAccept",
    "AttachComplete",
    "AttachReject",
    "AttachRequest",
    "AttachType",
    "AuthenticationFailure",
    "AuthenticationReject",
    "AuthenticationRequest",
    "AuthenticationResponse",
    "DetachAcceptDownlink",
    "DetachAcceptUplink",
    "DetachRequestDownlink",
    "DetachRequestUplink",
    "DetachType",
    "GmmMessage",
    "GmmStatus",
    "IdentityRequest",
    "IdentityResponse",
    "IdentityType",
    "MobileIdentity",
    "NetworkDetachType",
    "PTmsiReallocationCommand",
    "PTmsiReallocationComplete",
    "RoutingAreaUpdateAccept",
    "RoutingAreaUpdateComplete",
    "RoutingAreaUpdateReject",
    "RoutingAreaUpdateRequest",
    "UpdateType",
    "area_text",
    "context_status",
    "decode",
]

GmmMessage = (
    AttachRequest
    | AttachComplete
    | DetachRequestUplink
    | DetachAcceptUplink
    | RoutingAreaUpdateRequest
    | RoutingAreaUpdateComplete
    | PTmsiReallocationComplete
    | IdentityResponse
    | AuthenticationResponse
    | AuthenticationFailure
    | GmmStatus
    | AttachAccept
    | AttachReject
    | DetachRequestDownlink
    | DetachAcceptDownlink
    | RoutingAreaUpdateAccept
    | RoutingAreaUpdateReject
    | PTmsiReallocationCommand
    | IdentityRequest
    | AuthenticationRequest
    | AuthenticationReject
)

_UPLINK: Final[Mapping[int, Callable[[Body], GmmMessage]]] = MappingProxyType(
    {
        0x01: AttachRequest.decode,
        0x03: AttachComplete.decode,
        0x05: DetachRequestUplink.decode,
        0x06: DetachAcceptUplink.decode,
        0x08: RoutingAreaUpdateRequest.decode,
        0x0A: RoutingAreaUpdateComplete.decode,
        0x11: PTmsiReallocationComplete.decode,
        0x13: AuthenticationResponse.decode,
        0x16: IdentityResponse.decode,
        0x1C: AuthenticationFailure.decode,
        0x20: GmmStatus.decode,
    }
)
_DOWNLINK: Final[Mapping[int, Callable[[Body], GmmMessage]]] = MappingProxyType(
    {
        0x02: AttachAccept.decode,
        0x04: AttachReject.decode,
        0x05: DetachRequestDownlink.decode,
        0x06: DetachAcceptDownlink.decode,
        0x09: RoutingAreaUpdateAccept.decode,
        0x0B: RoutingAreaUpdateReject.decode,
        0x10: PTmsiReallocationCommand.decode,
        0x12: AuthenticationRequest.decode,
        0x14: AuthenticationReject.decode,
        0x15: IdentityRequest.decode,
        0x20: GmmStatus.decode,
    }
)


def decode(octets: bytes, *, uplink: bool) -> GmmMessage:
    """Return the mobility management message in ``octets``.

    ``uplink`` says that the MS sent it. Raises NasError: cause 97 for a message type that is not
    one of this direction's, 96 for a mandatory element that is missing or wrong, 111 for octets
    that are no mobility management message at all.
    """
    if len(octets) < 2:
        raise NasError(GmmCause.PROTOCOL_ERROR_UNSPECIFIED, "message type missing", len(octets))
    # The other half of the octet is the skip indicator; what has it set is to be ignored.
    if octets[0] != PROTOCOL_DISCRIMINATOR:
        text = f"first octet 0x{octets[0]:02x} is not mobility management"
        raise NasError(GmmCause.PROTOCOL_ERROR_UNSPECIFIED, text, 0)
    number = octets[1]
    decoder = (_UPLINK if uplink else _DOWNLINK).get(number)
    if decoder is None:
        text = f"unknown message type 0x{number:02x}"
        raise NasError(GmmCause.MESSAGE_TYPE_UNKNOWN, text, 1, message_type=number)
    try:
        return decoder(Body(octets, 2))
    except NasError as error:
        error.message_type = number
        raise
