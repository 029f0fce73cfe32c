"""What a Create PDP Context Request has to be like, whatever else becomes of it.

Specs: TS 29.060 §7.3.1.
"""

from __future__ import annotations

from typing import Final

from corenet.ggsn.aaa.admission import RefusedError
from corenet.ggsn.contexts import ControlTunnel
from corenet.ggsn.core import can_be_reached
from corenet.ggsn.pools import AccessPoint
from corenet.gi.flows import Filters, applied
from gtp.constants import Cause
from gtp.ies import EndUserAddress, PdpType
from gtp.ies.filters import TftError, TrafficFlowTemplate
from gtp.messages import CreatePdpContextRequest

FAMILIES: Final = {
    PdpType.IPV4: frozenset((4,)),
    PdpType.IPV6: frozenset((6,)),
    PdpType.IPV4V6: frozenset((4, 6)),
}
"""Which versions of IP a PDP type is for."""


def require_consistent(message: CreatePdpContextRequest, tunnel: ControlTunnel | None) -> None:
    """Refuse an SGSN that cannot be answered where it wants, or says two things of whose it is."""
    whose = message.imsi if tunnel is None else tunnel.imsi
    reachable = can_be_reached(message.sgsn_address_control) and can_be_reached(
        message.sgsn_address_user
    )
    if not reachable or message.imsi not in (None, whose):
        raise RefusedError(Cause.MANDATORY_IE_INCORRECT)


def require_access(
    message: CreatePdpContextRequest, access: AccessPoint | None, tunnel: ControlTunnel | None
) -> AccessPoint:
    """Return the access point that a request is for, or raise ``RefusedError``."""
    if tunnel is None and message.teid_control is None:
        raise RefusedError(Cause.MANDATORY_IE_MISSING)
    if access is None:
        raise RefusedError(Cause.MISSING_OR_UNKNOWN_APN)
    return access


def template_of(message: CreatePdpContextRequest) -> Filters:
    """Return the packet filters that an SGSN gives a primary context, or raise ``RefusedError``."""
    if message.tft is None:
        return ()
    try:
        return applied((), TrafficFlowTemplate.parse(message.tft), ())
    except TftError as error:
        raise RefusedError(error.cause) from None


def require_type(message: CreatePdpContextRequest) -> EndUserAddress:
    """Return what kind of address is asked for, or raise ``RefusedError``."""
    address = message.end_user_address
    if address is None:
        raise RefusedError(Cause.MANDATORY_IE_MISSING)
    if address.pdp_type not in FAMILIES:
        raise RefusedError(Cause.UNKNOWN_PDP_ADDRESS_OR_PDP_TYPE)
    return address
