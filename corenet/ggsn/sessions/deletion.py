"""Deletion of PDP contexts, whoever wants it and whatever leads to it.

Specs: TS 29.060 §7.3.5-7.3.6 (Delete PDP Context), §7.3.7 (Error Indication);
TS 23.060 §9.2.4; TS 23.007 (restart of an SGSN).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from corenet.ggsn.aaa.accounting import Accounting
from corenet.ggsn.aaa.session_limits import SessionLimits
from corenet.ggsn.config import PathDownPolicy, RestartPolicy
from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.core import Core
from corenet.ggsn.events import (
    DeletionReason,
    PdpContextDeleted,
    PdpContextUpdateFailed,
    SgsnRestarted,
    UpdateFailure,
)
from corenet.ggsn.pools import AccessPoint
from corenet.ggsn.sessions.teardown import Teardown
from gtp.constants import GTP_C_PORT, Cause
from gtp.endpoint import RequestReceived
from gtp.messages import DeletePdpContextRequest, DeletePdpContextResponse


class Deletion:
    """Takes PDP contexts out of service."""

    def __init__(self, core: Core, accounting: Accounting) -> None:
        """Work on the contexts in ``core``."""
        self._core = core
        self._accounting = accounting
        self.limits = SessionLimits(core, self.end)
        """What ends contexts that RADIUS has given limits."""
        self.on_removed: Callable[[PdpContext, float], None] = lambda _context, _now: None
        """Called with each context that is gone."""

    def delete_requested(self, received: RequestReceived, now: float) -> None:
        """Take a Delete PDP Context Request and answer it (TS 29.060 §7.3.5).

        With Teardown Ind the contexts that share the address go too.
        """
        message = received.message
        assert isinstance(message, DeletePdpContextRequest)
        tunnel = self._core.contexts.tunnel(message.teid)
        context = tunnel.contexts.get(message.nsapi) if tunnel is not None else None
        response = DeletePdpContextResponse(
            teid=tunnel.sgsn_teid if tunnel is not None else 0,
            cause=Cause.NON_EXISTENT if context is None else Cause.REQUEST_ACCEPTED,
        )
        self._core.endpoint.respond(received, response, now)
        if context is not None:
            for bearer in context.bearers if message.teardown else (context,):
                self.remove(bearer, DeletionReason.SGSN_REQUEST, now)

    def deactivate(self, imsi: str, access: AccessPoint | None, now: float) -> int:
        """Delete the subscriber's contexts, and tell the SGSN (TS 23.060 §9.2.4.3)."""
        found = [c for c in self._core.contexts.of(imsi) if access in (None, c.access)]
        for context in found:
            if context in self._core.contexts:
                self.end(context, DeletionReason.COMMAND, now)
        return len(found)

    def end(self, context: PdpContext, reason: DeletionReason, now: float) -> None:
        """Delete a context and those that share its address, and tell the SGSN.

        They are gone here whether the SGSN answers or not.
        """
        self._tell(context, now)
        for bearer in context.bearers:
            self.remove(bearer, reason, now)

    def end_bearer(self, context: PdpContext, reason: DeletionReason, now: float) -> None:
        """Delete one context, and tell the SGSN; those that share its address go on."""
        self._tell(context, now, teardown=len(context.bearers) == 1)
        self.remove(context, reason, now)

    def _tell(self, context: PdpContext, now: float, *, teardown: bool = True) -> None:
        """Send the SGSN a Delete PDP Context Request.

        Without Teardown Ind one context goes; the last one always goes with it.
        """
        tunnel = context.tunnel
        request = DeletePdpContextRequest(
            teid=tunnel.sgsn_teid, nsapi=context.nsapi, teardown=teardown
        )
        self._core.request(request, (tunnel.sgsn_address, GTP_C_PORT), now)

    def sgsn_restarted(self, host: str, recovery: int, now: float) -> None:
        """Drop what an SGSN has forgotten (TS 23.007), and tell it where the policy says so."""
        lost = self._core.contexts.of_sgsn(host)
        tell = self._core.config.on_sgsn_restart is RestartPolicy.DELETE

        def remove(context: PdpContext, now: float) -> None:
            if tell:
                self._tell(context, now, teardown=len(context.bearers) == 1)
            self.remove(context, DeletionReason.SGSN_RESTARTED, now)

        Teardown(self._core, lost, remove).go_on(now)
        self._core.events.append(SgsnRestarted(host, recovery, len(lost)))

    def path_lost(self, host: str, now: float) -> None:
        """Drop the contexts of an SGSN that no longer answers, where the policy says so."""
        if self._core.config.on_path_down is PathDownPolicy.DELETE:
            lost = self._core.contexts.of_sgsn(host)
            remove = partial(self._remove_for, DeletionReason.PATH_DOWN)
            Teardown(self._core, lost, remove).go_on(now)

    def stop(self, now: float, ended: Callable[[float], None]) -> None:
        """Drop every context, and call ``ended`` when all are gone.

        The SGSNs will learn it from our restart counter.
        """
        self._core.stopping = True
        remove = partial(self._remove_for, DeletionReason.GGSN_STOPPED)
        Teardown(self._core, self._core.contexts, remove, ended=ended).go_on(now)

    def _remove_for(self, reason: DeletionReason, context: PdpContext, now: float) -> None:
        self.remove(context, reason, now)

    def remove(self, context: PdpContext, reason: DeletionReason, now: float) -> None:
        """Take one context out of service, and end what was under way for it."""
        core = self._core
        if context.update is not None:
            core.endpoint.cancel(context.update.transaction)
            update, context.update = context.update, None
            core.counters.updates_failed += 1
            failure = UpdateFailure.CONTEXT_DELETED
            core.events.append(PdpContextUpdateFailed(context.view(), failure))
            update.end(failure, now)
        self.limits.forget(context)
        core.contexts.remove(context)
        core.user_plane.remove_tunnel(context.teid_data)
        core.counters.contexts_deleted[reason] += 1
        core.events.append(PdpContextDeleted(context.view(), reason))
        self._accounting.context_deleted(context, reason, now)
        core.unwatch(context.tunnel.sgsn_address)
        self.on_removed(context, now)
