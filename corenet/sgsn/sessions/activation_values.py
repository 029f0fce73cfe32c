"""What of an activation is decided by what is asked, offered, subscribed and granted alone.

Specs: TS 24.008 §6.1.3.1 (PDP context activation), TS 23.060 §9.2.2 and §9.2.2.2.
"""

from __future__ import annotations

from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.sm import (
    ActivatePdpContextAccept,
    ActivatePdpContextRequest,
    ActivateSecondaryPdpContextAccept,
)
from corenet.sgsn.pdp_context import (
    ALLOCATION_RETENTION_PRIORITY,
    PdpContext,
    pco_for_mobile,
    to_gtp,
    to_nas,
)
from corenet.sgsn.sessions.network_request import NetworkRequest
from corenet.sgsn.subscription import Selection, network_identifier
from gtp.constants import Cause
from gtp.ies.values import EndUserAddress, PdpType
from gtp.messages import CreatePdpContextResponse


def acceptance(
    context: PdpContext, response: CreatePdpContextResponse
) -> ActivatePdpContextAccept | ActivateSecondaryPdpContextAccept:
    """Return what the mobile gets for a context that its GGSN has granted."""
    ti, pco = context.request.ti.mirrored, pco_for_mobile(response.pco)
    qos = context.qos[len(ALLOCATION_RETENTION_PRIORITY) :]
    if context.linked_nsapi is not None:
        return ActivateSecondaryPdpContextAccept(ti, context.sapi, qos, pco=pco)
    return ActivatePdpContextAccept(
        ti,
        context.sapi,
        qos,
        pdp_address=to_nas(context.address),
        pco=pco,
        cause=_other_pdp_type(response.cause, context.address),
    )


def fits(asked: ActivatePdpContextRequest, request: NetworkRequest) -> bool:
    """Whether the mobile's answer to ``request`` asks for what it was offered."""
    if asked.apn is not None and network_identifier(asked.apn) != request.apn:
        return False
    return asked.pdp_address.dynamic or str(asked.pdp_address) == request.address


def address_for(
    asked: ActivatePdpContextRequest, request: NetworkRequest | None, selection: Selection
) -> EndUserAddress:
    """Return the address for the GGSN: asked, else offered, else subscribed, else dynamic."""
    own = to_gtp(asked.pdp_address)
    if not asked.pdp_address.dynamic:
        return own
    if request is not None:
        return request.end_user_address
    static = selection.static_address
    if static is not None and own.pdp_type is PdpType.IPV4 and ":" not in static:
        return EndUserAddress.for_ipv4(static)
    if static is not None and own.pdp_type is PdpType.IPV6 and ":" in static:
        return EndUserAddress.for_ipv6(static)
    return own


def _other_pdp_type(cause: Cause, address: EndUserAddress) -> SmCause | None:
    """Return why the mobile gets another PDP type than it asked for (TS 24.008 §6.1.3.1.1)."""
    if cause is Cause.NEW_PDP_TYPE_NETWORK_PREFERENCE:
        ipv4 = address.pdp_type is PdpType.IPV4
        return SmCause.ONLY_IPV4_ALLOWED if ipv4 else SmCause.ONLY_IPV6_ALLOWED
    if cause is Cause.NEW_PDP_TYPE_SINGLE_ADDRESS_BEARER:
        return SmCause.SINGLE_ADDRESS_BEARERS_ONLY
    return None
