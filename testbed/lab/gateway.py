"""From what a lab file says of the push gateway to the gateway's configuration."""

from __future__ import annotations

from dataclasses import replace

from corenet.radius.clients import RadiusClient
from testbed.gateway.config import GatewayConfig, Limits, OtaPolicy, RetryPolicy, TlsConfig
from testbed.gateway.initiators import Initiator
from testbed.gateway.presence.sessions import Ageing
from testbed.lab import routes
from testbed.lab.gateway_model import (
    GatewayPart,
    PullPart,
    PushInitiatorPart,
    SessionsPart,
    TlsPart,
    WspPart,
)
from testbed.lab.model import Lab
from testbed.pull.config import PullConfig, PullLimits
from testbed.wap.agreement import Agreement
from testbed.wap.config import WtpTimers
from testbed.wap.server import GRANTED, SessionLimits


def config(lab: Lab, part: GatewayPart, *, has_smsc: bool) -> GatewayConfig:
    """Return the configuration of a lab's gateway.

    Raises:
        ValueError: its parts don't fit together.
    """
    url, token = _control(lab, part)
    return GatewayConfig(
        address=part.address,
        apn=part.apn,
        radius_secret=part.radius_secret.encode(),
        pap_address=part.pap_address,
        pap_port=part.pap_port,
        ipv6_address=part.ipv6_address,
        wdp_port=part.wdp_port,
        wsp_port=part.wsp_port,
        radius_port=part.radius_port,
        radius_clients=tuple(
            RadiusClient(one.address, one.secret.encode()) for one in part.radius_clients
        ),
        ageing=_ageing(part.sessions),
        control_url=url,
        control_token=token,
        ask_core=part.ask_core,
        store=part.store or ":memory:",
        lease=part.lease,
        retention=part.retention,
        has_smsc=has_smsc,
        policy=routes.policy(part),
        gi_trigger=None if part.gi_trigger is None else routes.gi_trigger(part.gi_trigger),
        lifetime=part.lifetime,
        activation_time=part.activation_time,
        retry=RetryPolicy(waits=part.retry),
        users=part.users,
        viewers=part.viewers,
        operations=frozenset(part.operations),
        client_profiles=part.capabilities.profiles(),
        content_types=part.content_types,
        initiators=tuple(map(_initiator, part.initiators)),
        capabilities=_granted(part.wsp),
        wsp_sessions=SessionLimits(part.wsp.sessions, part.wsp.idle),
        ota=_ota(part),
        limits=Limits(push=part.ota.largest_push, activations=part.activations),
        pull=None if part.pull is None else _pull(lab, part.pull),
        tls=None if part.tls is None else tls(part.tls),
    )


def tls(part: TlsPart) -> TlsConfig:
    """Return how PAP is had over TLS."""
    return TlsConfig(part.certificate, part.key, part.ca, part.port)


def _control(lab: Lab, part: GatewayPart) -> tuple[str | None, str | None]:
    """Return URL and token of the core's control interface: the one named, or the lab's own."""
    if part.core is not None:
        return part.core.url, part.core.token
    if lab.control is not None:
        return f"http://{lab.control.address}:{lab.control.port}", lab.control.token
    return None, None


def _ageing(part: SessionsPart) -> Ageing:
    return Ageing(part.interim_interval, part.missed_interims, part.longest)


def _initiator(part: PushInitiatorPart) -> Initiator:
    return Initiator(
        part.name,
        part.password,
        part.addresses,
        part.rate,
        part.burst,
        part.quota,
        part.certificate,
    )


def _granted(part: WspPart) -> Agreement:
    """Return the most that a WSP session is granted."""
    return replace(GRANTED, server_sdu=part.largest_request, method_mor=part.requests_at_once)


def _ota(part: GatewayPart) -> OtaPolicy:
    """Return how pushes go over the air, with the timers of WTP that carries them on sessions."""
    return OtaPolicy(
        session_time=part.ota.session_time,
        returned=part.ota.returned,
        confirm=part.ota.confirm,
        timers=WtpTimers(
            retransmission=part.wsp.retransmission,
            most_retransmissions=part.wsp.retransmissions,
        ),
    )


def _pull(lab: Lab, part: PullPart) -> PullConfig:
    control = lab.control
    return PullConfig(
        origins=part.origins,
        closed=frozenset() if control is None else frozenset({(control.address, control.port)}),
        identify_to=part.identify_to,
        timeout=part.timeout,
        limits=PullLimits(
            fetches=part.fetches,
            waiting=part.waiting,
            per_terminal=part.per_terminal,
            body=part.largest_page,
        ),
    )
