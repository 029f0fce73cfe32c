"""How nodes' own views become the models that clients see."""

from __future__ import annotations

from dataclasses import asdict

from corenet.control.flows import PacketFilterModel
from corenet.control.model import Context, Mobile, MobileContext, moment
from corenet.ggsn.events import PdpContextView
from corenet.mobile.behaviour import Answer, SmsAnswer
from corenet.mobile.errors import UnknownMobile
from corenet.mobile.events import ContextView
from corenet.mobile.population import Mobiles


def context_model(ggsn: str, view: PdpContextView, now: float) -> Context:
    """Return a PDP context of the GGSN with that name, as it is at ``now``."""
    last = view.last_downlink
    return Context(
        imsi=view.imsi,
        msisdn=view.msisdn,
        apn=view.apn,
        address=view.address,
        ipv6_address=view.ipv6_address,
        nsapi=view.nsapi,
        since=moment(view.since),
        ggsn=ggsn,
        sgsn_address=view.sgsn_address,
        charging_id=view.charging_id,
        network_requested=view.network_requested,
        qos=view.qos.hex(),
        rat_type=view.rat_type,
        direct_tunnel=view.direct_tunnel,
        uplink_octets=view.uplink_octets,
        downlink_octets=view.downlink_octets,
        uplink_packets=view.uplink_packets,
        downlink_packets=view.downlink_packets,
        linked_nsapi=view.linked_nsapi,
        filters=[PacketFilterModel.of(each) for each in view.filters],
        downlink_idle=None if last is None else max(0.0, now - last),
    )


def mobile_model(mobiles: Mobiles | None, imsi: str) -> Mobile | None:
    """Return the mobile with that IMSI, or None where there is none."""
    if mobiles is None:
        return None
    try:
        view = mobiles.mobile(imsi)
    except UnknownMobile:
        return None
    behaviour = view.behaviour
    return Mobile(
        state=view.state.value,
        in_coverage=view.coverage,
        cell=view.cell,
        on_request=behaviour.answer.value,
        sm_cause=behaviour.cause if behaviour.answer is Answer.REJECT else None,
        answer_after=behaviour.delay,
        answer_distribution=behaviour.distribution.value,
        answer_at_most=behaviour.longest,
        nsapi=behaviour.nsapi if behaviour.answer is Answer.WRONG_NSAPI else None,
        fault=behaviour.fault.value if behaviour.answer is Answer.MALFORMED else None,
        on_sms=view.sms_behaviour.answer.value,
        rp_cause=view.sms_behaviour.cause
        if view.sms_behaviour.answer is SmsAnswer.REJECT
        else None,
        sms_answer_after=view.sms_behaviour.delay,
        contexts=[_mobile_context(context) for context in view.contexts],
        shown=[
            {"item": item, **asdict(shown)}
            for item, shown in enumerate(view.shown, view.forgotten + 1)
        ],
    )


def has_active_context(mobile: Mobile | None) -> bool:
    """Return whether the mobile takes one of its contexts for active."""
    return mobile is not None and any(context.state == "active" for context in mobile.contexts)


def _mobile_context(view: ContextView) -> MobileContext:
    return MobileContext(
        apn=view.apn,
        address=view.address or None,
        ipv6_address=view.ipv6_address or None,
        nsapi=view.nsapi,
        state=view.state.value,
        since=moment(view.since),
        network_requested=view.network_requested,
        linked_nsapi=view.linked_nsapi,
        qos=view.qos.hex(),
    )
