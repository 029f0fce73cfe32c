"""From what a lab file says of mobiles to the settings of their handsets."""

from __future__ import annotations

from typing import Final

from testbed.codecs.wtp import UserAbort
from testbed.handset.settings import HandsetSettings, Mode, OnPush, PushBehaviour, WapGateway
from testbed.lab.model import GatewayPart, MobilePart

_REASONS: Final = {
    "requested": UserAbort.USER_REQUEST,
    "refused": UserAbort.USER_REFUSED,
    "pending": UserAbort.USER_PENDING,
    "no-resources": UserAbort.USER_DISCARDED_RESOURCES,
    "unprocessable": UserAbort.USER_DISCARDED_UNPROCESSABLE,
}


def usual_handset(gateway: GatewayPart | None) -> HandsetSettings:
    """Return the settings of mobiles of which the lab file says nothing."""
    return handset(MobilePart(), gateway)


def handset(mobile: MobilePart, gateway: GatewayPart | None) -> HandsetSettings:
    """Return a mobile's settings; ``gateway`` is the lab's own, if it has one."""
    return HandsetSettings(
        push=PushBehaviour(OnPush(mobile.on_push), _REASONS[mobile.push_refusal]),
        gateway=_wap_gateway(mobile, gateway),
    )


def _wap_gateway(mobile: MobilePart, gateway: GatewayPart | None) -> WapGateway | None:
    mode = Mode(mobile.wap_mode)
    if mobile.wap_gateway is not None:
        return WapGateway(mobile.wap_gateway, mode)
    if gateway is None:
        return None
    return WapGateway(gateway.address, mode, gateway.wsp_port, gateway.wdp_port)
