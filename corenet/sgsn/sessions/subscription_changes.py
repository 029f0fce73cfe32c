"""What becomes of PDP contexts when the HLR changes a mobile's subscription.

Specs: TS 23.060 §6.11.1.1 (Insert Subscriber Data), §6.11.1.2 (Delete Subscriber Data), §9.2.4.2
(deactivation by the SGSN); TS 24.008 §6.1.3.4.2 (the cause that the mobile hears).

A context whose access point or address is not the subscriber's any more ends, with all that share
its address. The others get no better QoS than is subscribed now.
"""

from __future__ import annotations

from ipaddress import ip_address

from corenet.interfaces.nas.causes import SmCause
from corenet.sgsn.events import DeactivationReason, PdpState
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.pdp_context import PdpContext
from corenet.sgsn.sessions.activation import Activations
from corenet.sgsn.sessions.deactivation import Deactivations
from corenet.sgsn.sessions.modification import Modifications
from corenet.sgsn.subscription import Refusal, Subscription


class SubscriptionChanges:
    """Brings contexts into line with what is subscribed."""

    def __init__(
        self, activations: Activations, deactivations: Deactivations, modifications: Modifications
    ) -> None:
        self._activations = activations
        self._deactivations = deactivations
        self._modifications = modifications

    def apply(self, mobile: MmContext, now: float) -> None:
        """End what is not subscribed any more, and change the rest."""
        for context in list(mobile.contexts.values()):
            gone = mobile.contexts.get(context.nsapi) is not context
            if gone or _is_allowed(context, mobile.subscription):
                continue
            if context.state is PdpState.CREATING:
                self._activations.abort(mobile, context, now)
            elif context.state is PdpState.ACTIVE:
                self._deactivations.by_network(
                    mobile,
                    context,
                    SmCause.OPERATOR_DETERMINED_BARRING,
                    DeactivationReason.SUBSCRIPTION,
                    now,
                    delete=True,
                    teardown=True,
                )
        self._modifications.subscription_changed(mobile, now)


def _is_allowed(context: PdpContext, subscription: Subscription) -> bool:
    selection = subscription.select(context.apn, None)
    if isinstance(selection, Refusal):
        return False
    if not selection.static_address or not context.address_text:
        return True
    static = ip_address(selection.static_address)
    used = context.address.ipv4 if static.version == 4 else context.address.ipv6
    return used is None or ip_address(used) == static
