"""Secondary PDP context activation: one more context with the address of one that is active.

Specs: TS 24.008 §6.1.3.2 (secondary activation), TS 23.060 §9.2.2.1.1, TS 29.060 §7.3.1.

Theory of operation. The mobile names an active context by its transaction identifier; the new one
gets that one's PDP address, APN, GGSN and control tunnel, and asks the GGSN with Linked NSAPI and
traffic flow template. Whether the template is right is the GGSN's to judge. From the Create PDP
Context Request on, it is an activation like any other (``activation``).
"""

from __future__ import annotations

from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.sm import (
    FIRST_NSAPI,
    ActivateSecondaryPdpContextReject,
    ActivateSecondaryPdpContextRequest,
    TransactionIdentifier,
)
from corenet.sgsn.core import Core
from corenet.sgsn.events import PdpState
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.pdp_context import PdpContext, requested_qos
from corenet.sgsn.sessions.activation import RAT_TYPE_GERAN, Activations
from corenet.sgsn.sessions.secondary_request import SecondaryRequest, SecondaryRequests
from gtp.messages import CreatePdpContextRequest


class SecondaryActivations:
    """Takes mobiles' requests for secondary contexts."""

    def __init__(self, core: Core, activations: Activations, requests: SecondaryRequests) -> None:
        self._core = core
        self._activations = activations
        self._requests = requests

    def activate(
        self, mobile: MmContext, asked: ActivateSecondaryPdpContextRequest, now: float
    ) -> None:
        """Take an Activate Secondary PDP Context Request, a retransmitted one included."""
        if self._activations.is_repeated(mobile, asked):
            return
        self._activations.replace(mobile, asked, now)
        request = self._requests.with_ti(mobile.imsi, asked.ti)
        linked = mobile.context_with(asked.linked_ti)
        refusal = self._refusal(asked, linked, request)
        if refusal is not None or linked is None:
            cause = refusal or SmCause.UNKNOWN_PDP_CONTEXT
            apn = "" if linked is None else linked.apn
            self._activations.reject(mobile, asked, apn, cause, None)
            if request is not None:
                self._requests.refused(request, cause, now)
            return
        core = self._core
        context = PdpContext(
            asked,
            linked.tunnel,
            apn=linked.apn,
            address=linked.address,
            teid_data=core.tunnels.new_teid(),
            network_requested=request is not None,
            now=now,
            linked=linked,
        )
        core.open(context)
        mobile.take(context)
        if request is not None:
            self._requests.activating(request, context)
        create = self._request_for(mobile, context, linked, request)
        self._activations.create(mobile, context, create, now)

    def refuse_malformed(
        self, mobile: MmContext, ti: TransactionIdentifier, cause: int, now: float
    ) -> None:
        """Refuse an Activate Secondary PDP Context Request that cannot be read (§8.5)."""
        self._core.say(mobile.link, ActivateSecondaryPdpContextReject(ti.mirrored, cause))
        request = self._requests.with_ti(mobile.imsi, ti)
        if request is not None:
            self._requests.refused(request, cause, now)

    def _refusal(
        self,
        asked: ActivateSecondaryPdpContextRequest,
        linked: PdpContext | None,
        request: SecondaryRequest | None,
    ) -> SmCause | None:
        if asked.nsapi < FIRST_NSAPI:
            return SmCause.INVALID_MANDATORY_INFORMATION
        if linked is None or linked.state is not PdpState.ACTIVE:
            return SmCause.UNKNOWN_PDP_CONTEXT
        if request is not None and linked.bearers is not request.linked.bearers:
            return SmCause.SEMANTICALLY_INCORRECT_MESSAGE
        if len(self._core.tunnels) >= self._core.config.max_contexts:
            return SmCause.INSUFFICIENT_RESOURCES
        return None

    def _request_for(
        self,
        mobile: MmContext,
        context: PdpContext,
        linked: PdpContext,
        request: SecondaryRequest | None,
    ) -> CreatePdpContextRequest:
        config, asked = self._core.config, context.request
        assert isinstance(asked, ActivateSecondaryPdpContextRequest)
        subscribed = mobile.subscription.qos_of(context.apn)
        return CreatePdpContextRequest(
            teid=linked.remote_teid_control,
            rai=mobile.area.encode(),
            teid_data=context.teid_data,
            nsapi=context.nsapi,
            linked_nsapi=linked.nsapi,
            pco=asked.pco,
            sgsn_address_control=config.control_address,
            sgsn_address_user=config.user_address,
            qos=requested_qos(asked.qos, subscribed),
            tft=asked.tft,
            common_flags=config.common_flags,
            rat_type=RAT_TYPE_GERAN,
            correlation_id=None if request is None else request.correlation_id,
        )
