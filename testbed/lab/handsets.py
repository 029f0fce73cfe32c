"""From what a lab file says of mobiles to the settings of their handsets."""

from __future__ import annotations

from testbed.handset.settings import (
    REFUSAL_NAMES,
    HandsetSettings,
    Mode,
    OnPush,
    PushBehaviour,
    WapGateway,
)
from testbed.lab.gateway_model import GatewayPart
from testbed.lab.mobiles_model import MobilePart


def usual_handset(gateway: GatewayPart | None) -> HandsetSettings:
    """Return the settings of mobiles of which the lab file says nothing."""
    return handset(MobilePart(), gateway)


def handset(mobile: MobilePart, gateway: GatewayPart | None) -> HandsetSettings:
    """Return a mobile's settings; ``gateway`` is the lab's own, if it has one."""
    return HandsetSettings(
        push=PushBehaviour(OnPush(mobile.on_push), REFUSAL_NAMES[mobile.push_refusal]),
        gateway=_wap_gateway(mobile, gateway),
    )


def _wap_gateway(mobile: MobilePart, gateway: GatewayPart | None) -> WapGateway | None:
    mode = Mode(mobile.wap_mode)
    if mobile.wap_gateway is not None:
        return WapGateway(mobile.wap_gateway, mode)
    if gateway is None:
        return None
    return WapGateway(gateway.address, mode, gateway.wsp_port, gateway.wdp_port)
