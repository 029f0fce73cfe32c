"""Deletion of PDP contexts at the GGSN, and the order that has to be kept around it.

Spec: TS 29.060 §7.3.5 (Delete PDP Context Request).

Theory of operation. A mobile may activate an NSAPI again while the GGSN still has the context
that was there before. Create and Delete travel as separate requests that can overtake one
another, so a new Create waits until nothing is outstanding for the mobile's NSAPI. What may be
outstanding is a Delete, or a Create whose outcome nobody waits for any more and which has to be
deleted if it succeeds.
"""

from __future__ import annotations

from collections.abc import Callable

from corenet.interfaces.node import Address
from corenet.sgsn.core import Core
from corenet.sgsn.pdp_context import PdpContext
from gtp.messages import CreatePdpContextResponse, DeletePdpContextRequest, Message

Then = Callable[[float], None]
"""Called with the time when something is over."""


class Deletion:
    """The end of one context at its GGSN."""

    __slots__ = ("imsi", "nsapi", "then")

    def __init__(self, imsi: str, nsapi: int) -> None:
        self.imsi = imsi
        self.nsapi = nsapi
        self.then: list[Then] = []


class Deletions:
    """Every deletion that is outstanding, by mobile and NSAPI."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._pending: dict[tuple[str, int], Deletion] = {}
        self._abandoned: dict[PdpContext, Deletion] = {}

    def __len__(self) -> int:
        """Return how many are under way."""
        return len(self._pending)

    def delete(self, context: PdpContext, now: float, *, teardown: bool) -> Deletion:
        """Ask the GGSN to delete a context that the SGSN has given up.

        With ``teardown`` it deletes all that share its address.
        """
        deletion = self._expect(context)
        teid, peer = context.remote_teid_control, context.tunnel.peer
        self._request(deletion, teid, peer, now, teardown=teardown)
        return deletion

    def abandon(self, context: PdpContext) -> Deletion:
        """Expect a context that the GGSN may be creating, and that nobody wants any more."""
        deletion = self._abandoned[context] = self._expect(context)
        return deletion

    def settle(self, context: PdpContext, response: Message | None, now: float) -> bool:
        """Take the answer to a Create; return whether it was an abandoned context's."""
        deletion = self._abandoned.pop(context, None)
        if deletion is None:
            return False
        if isinstance(response, CreatePdpContextResponse) and response.cause.is_acceptance:
            teid = response.teid_control or context.tunnel.remote_teid
            peer = context.tunnel.peer
            if response.ggsn_address_control is not None:
                peer = (response.ggsn_address_control, peer[1])
            self._request(deletion, teid, peer, now, teardown=not context.bearers)
        else:
            self._finish(deletion, now)
        return True

    def pending(self, imsi: str, nsapi: int) -> Deletion | None:
        """Return the deletion that an activation of that NSAPI has to wait for."""
        return self._pending.get((imsi, nsapi))

    def _expect(self, context: PdpContext) -> Deletion:
        deletion = Deletion(context.imsi, context.nsapi)
        self._pending[context.imsi, context.nsapi] = deletion
        return deletion

    def _request(
        self, deletion: Deletion, teid: int, peer: Address, now: float, *, teardown: bool
    ) -> None:
        # Any answer ends the deletion, and so does none: a GGSN that is silent keeps the context
        # until its own means find it dead.
        def answered(response: Message | None, now: float) -> None:
            self._core.count("deletes_answered" if response else "deletes_unanswered")
            self._finish(deletion, now)

        request = DeletePdpContextRequest(teid=teid, nsapi=deletion.nsapi, teardown=teardown)
        self._core.ask(request, peer, now, answered)

    def _finish(self, deletion: Deletion, now: float) -> None:
        del self._pending[deletion.imsi, deletion.nsapi]
        for then in deletion.then:
            then(now)


def after_all(deletions: list[Deletion], then: Then, now: float) -> None:
    """Call ``then`` once every one of ``deletions`` is over; at once where there is none."""
    left = len(deletions)
    if not left:
        then(now)

    def over(now: float) -> None:
        nonlocal left
        left -= 1
        if not left:
            then(now)

    for deletion in deletions:
        deletion.then.append(over)
