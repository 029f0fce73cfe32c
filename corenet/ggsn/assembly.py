"""The tables, endpoints and procedures of a GGSN, put together.

Procedures know one another only as far as one leads to another: a Create PDP Context Request may
end contexts that it replaces, and each end is told to accounting. So the order here is that of who
needs whom.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from corenet.ggsn.aaa.accounting import Accounting
from corenet.ggsn.aaa.admission import Admission
from corenet.ggsn.activation.activations import NetworkActivations
from corenet.ggsn.activation.inquiries import Inquiries
from corenet.ggsn.activation.reachability import Reachability
from corenet.ggsn.config import GgsnConfig
from corenet.ggsn.contexts import ContextTable
from corenet.ggsn.core import Core
from corenet.ggsn.pools import AccessPoints
from corenet.ggsn.sessions.creation import Creation
from corenet.ggsn.sessions.deletion import Deletion
from corenet.ggsn.sessions.orders import Orders
from corenet.ggsn.sessions.secondary import SecondaryContexts
from corenet.ggsn.sessions.updates import Updates
from corenet.ggsn.user_plane.traffic import Traffic
from corenet.radius.access import AccessClient
from corenet.radius.client import AccountingClient
from corenet.radius.dynamic import DynamicAuthorizationServer
from corenet.radius.journal import Journal
from gtp.constants import MessageType
from gtp.endpoint import Endpoint
from gtp.user_plane import UserPlane

_SERVED = frozenset(
    (
        MessageType.CREATE_PDP_CONTEXT_REQUEST,
        MessageType.UPDATE_PDP_CONTEXT_REQUEST,
        MessageType.DELETE_PDP_CONTEXT_REQUEST,
        MessageType.PDU_NOTIFICATION_REJECT_REQUEST,
        MessageType.NOTE_MS_GPRS_PRESENT_REQUEST,
        MessageType.MS_INFO_CHANGE_NOTIFICATION_REQUEST,
    )
)
"""Requests that a GGSN answers, beside Echo Request."""


class Assembly:
    """What a GGSN is made of."""

    def __init__(
        self, config: GgsnConfig, random: Random, recovery: int, journal: Journal | None
    ) -> None:
        """Make the parts of a GGSN that has not started."""
        contexts = ContextTable(random)
        self.core = core = Core(
            config=config,
            random=random,
            recovery=recovery,
            endpoint=Endpoint(
                timers=config.timers,
                recovery=recovery,
                accepts=_SERVED,
                random=random,
                cache_octets=config.response_cache,
                peer_teid=contexts.sgsn_teid,
            ),
            user_plane=UserPlane(config.user_address),
            access_points=AccessPoints(config),
            contexts=contexts,
        )
        self.radius = AccountingClient(
            config.radius, config.accounting, random=random, journal=journal
        )
        # An answer after the last repetition of the Create would be for nobody.
        patience = config.timers.t3_response * config.timers.n3_requests
        policy = config.authentication
        deadline = min(policy.deadline, patience)
        self.access = AccessClient(replace(policy, deadline=deadline), random=random)
        self.dynamic = DynamicAuthorizationServer(config.dynamic_authorization)
        self.accounting = Accounting(core, self.radius)
        self.admission = Admission(core, self.access)
        self.reachability = Reachability(core.schedule, core.events)
        self.activations = NetworkActivations(core, self.reachability)
        self.inquiries = Inquiries(core, self.reachability)
        self.deletion = Deletion(core, self.accounting)
        self.updates = Updates(core, self.accounting, self.deletion)
        self.creation = Creation(
            core, self.activations, self.accounting, self.deletion, self.admission
        )
        self.secondary = SecondaryContexts(core, self.creation, self.accounting, self.deletion)
        self.orders = Orders(core, self.dynamic, self.accounting, self.deletion, self.updates)
        self.traffic = Traffic(core, self.activations)
