"""PDP context modification: wanted by the GGSN, by the mobile, or by the SGSN itself.

Specs: TS 24.008 §6.1.3.3 (modification procedures), TS 23.060 §9.2.3, TS 29.060 §7.3.3 and
§7.3.4 (Update PDP Context).

Theory of operation. One change at a time is under way for a context, in one of two steps:

    ASKING_MOBILE  Modify PDP Context Request was sent, T3386 runs
    ASKING_GGSN    Update PDP Context Request was sent

    wanted by   begins with    then
    the GGSN    ASKING_MOBILE  Update PDP Context Response
    the mobile  ASKING_GGSN    Modify PDP Context Accept or Reject
    the SGSN    ASKING_GGSN    ASKING_MOBILE, where the GGSN has granted another QoS than before

What the GGSN wants and the mobile need not know is granted at once. A mobile that refuses, or is
silent to the last expiry of T3386, keeps what it had, and so does the GGSN: it is told so in the
response, or, where the SGSN had begun, in one more Update. Crossings:

- The GGSN asks while something is under way: it waits its turn.
- The mobile asks while it is asked, or will be: it is ignored, for the network's procedure takes
  precedence and the mobile ends its own (§6.1.3.3.4).
- The context is deactivated by whomever: all that is under way ends, and a GGSN that waits for
  an answer hears that there is no such context any more.
- The GGSN does not know the context: it is deactivated.

An Update that changes nothing shows whether the GGSN has a context still (``confirm``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from corenet.interfaces.nas.causes import (
    SmCause,
    gtp_cause_for_ms,
    sm_cause_for_refused_update,
)
from corenet.interfaces.nas.sm import (
    ModifyPdpContextAcceptDownlink,
    ModifyPdpContextReject,
    ModifyPdpContextRequestDownlink,
    ModifyPdpContextRequestUplink,
)
from corenet.schedule import Alarm
from corenet.sgsn.core import Core
from corenet.sgsn.events import (
    DeactivationReason,
    ModifiedBy,
    PdpContextModificationFailed,
    PdpContextModified,
    PdpState,
)
from corenet.sgsn.mm_context import MmContext
from corenet.sgsn.pdp_context import (
    ALLOCATION_RETENTION_PRIORITY,
    PdpContext,
    can_be_told,
    pco_for_mobile,
    requested_qos,
    to_nas,
)
from corenet.sgsn.sessions.deactivation import Deactivations
from gtp.constants import GTP_C_PORT, Cause
from gtp.events import RequestReceived
from gtp.ies.quality import limited_qos
from gtp.ies.values import EndUserAddress
from gtp.messages import Message, UpdatePdpContextRequest, UpdatePdpContextResponse

Confirmed = Callable[[bool, float], None]
"""Called with whether the GGSN has a context."""


class Step(StrEnum):
    """Whose answer is awaited."""

    ASKING_MOBILE = "asking mobile"
    ASKING_GGSN = "asking GGSN"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A change that somebody wants."""

    by: ModifiedBy
    qos: bytes | None
    """As GTP writes it; None for the present one."""
    tft: bytes | None = None
    pco: bytes | None = None
    address: EndUserAddress | None = None
    """The PDP address, where the GGSN gives another one."""
    received: RequestReceived | None = None
    """The GGSN's request, to be answered."""
    confirmed: Confirmed | None = None
    """Who asks whether the GGSN has the context, and wants nothing changed."""


class Modification:
    """One change of one context that is under way."""

    __slots__ = (
        "alarm",
        "attempt",
        "context",
        "mobile",
        "owner",
        "qos",
        "step",
        "waiting",
        "wanted",
    )

    def __init__(
        self, owner: Modifications, mobile: MmContext, context: PdpContext, wanted: _Wanted
    ) -> None:
        self.owner = owner
        self.mobile = mobile
        self.context = context
        self.wanted = wanted
        self.qos = wanted.qos or context.qos
        """What is to become of the QoS."""
        self.step = Step.ASKING_GGSN
        self.attempt = 0
        self.alarm: Alarm | None = None
        self.waiting: deque[_Wanted] = deque()
        """What else is wanted of this context, once this is over."""

    def abandon(self, now: float) -> None:
        """End because the context goes."""
        self.owner.abandon(self, now)


class Modifications:
    """Every modification under way."""

    def __init__(self, core: Core, deactivations: Deactivations) -> None:
        self._core = core
        self._deactivations = deactivations
        self._count = 0

    def __len__(self) -> int:
        """Return how many are under way."""
        return self._count

    # Who wants one

    def wanted_by_ggsn(
        self, received: RequestReceived, message: UpdatePdpContextRequest, now: float
    ) -> None:
        """Take an Update PDP Context Request of a GGSN (TS 23.060 §9.2.3.2)."""
        tunnel = self._core.tunnels.with_teid(message.teid)
        context = None if tunnel is None else tunnel.contexts.get(message.nsapi)
        mobile = None if context is None else self._core.mobiles.with_imsi(context.imsi)
        if context is None or mobile is None:
            teid = 0 if tunnel is None else tunnel.remote_teid
            refusal = UpdatePdpContextResponse(teid=teid, cause=Cause.NON_EXISTENT)
            self._core.answer(received, refusal, now)
            return
        _take_mode(context, message)
        address = message.end_user_address
        if address is not None and not can_be_told(address):
            address = None
        wanted = _Wanted(ModifiedBy.GGSN, message.qos, message.tft, message.pco, address, received)
        if context.state is not PdpState.ACTIVE:
            # The Create PDP Context Response that it has overtaken is still to come.
            self._answer(context, wanted, Cause.SYSTEM_FAILURE, now)
        else:
            self._want(mobile, context, wanted, now)

    def wanted_by_mobile(
        self,
        mobile: MmContext,
        context: PdpContext,
        asked: ModifyPdpContextRequestUplink,
        now: float,
    ) -> None:
        """Take a Modify PDP Context Request of a mobile for an active context (§6.1.3.3.2)."""
        if context.modification is not None:
            # Its own, repeated; or the network's, which takes precedence.
            self._core.count("modify_requests_ignored")
            return
        qos = None
        if asked.qos is not None:
            subscribed = mobile.subscription.qos_of(context.apn)
            qos = context.qos[:1] + requested_qos(asked.qos, subscribed)[1:]
        self._want(mobile, context, _Wanted(ModifiedBy.MOBILE, qos, asked.tft, asked.pco), now)

    def wanted_by_sgsn(
        self, mobile: MmContext, context: PdpContext, qos: bytes, now: float
    ) -> None:
        """Give an active context another QoS (TS 23.060 §9.2.3.1)."""
        self._want(mobile, context, _Wanted(ModifiedBy.SGSN, qos), now)

    def subscription_changed(self, mobile: MmContext, now: float) -> None:
        """Bring the contexts into line with what is subscribed now (TS 23.060 §6.11.1.1)."""
        for context in list(mobile.contexts.values()):
            subscribed = mobile.subscription.qos_of(context.apn)
            qos = limited_qos(context.qos, subscribed)
            if context.state is PdpState.ACTIVE and qos != context.qos:
                self.wanted_by_sgsn(mobile, context, qos, now)

    def confirm(
        self, mobile: MmContext, context: PdpContext, now: float, confirmed: Confirmed
    ) -> None:
        """Ask the GGSN whether it has an active context; one that it does not know is deactivated.

        ``confirmed`` hears False, too, where the GGSN is silent or the context goes meanwhile.
        """
        self._want(mobile, context, _Wanted(ModifiedBy.SGSN, None, confirmed=confirmed), now)

    def _want(self, mobile: MmContext, context: PdpContext, wanted: _Wanted, now: float) -> None:
        running = context.modification
        if isinstance(running, Modification):
            running.waiting.append(wanted)
            return
        modification = Modification(self, mobile, context, wanted)
        context.modification = modification
        self._count += 1
        if wanted.by is ModifiedBy.GGSN:
            self._ask_for_ggsn(modification, now)
        else:
            self._ask_ggsn(modification, now)

    # The mobile is asked

    def _ask_for_ggsn(self, modification: Modification, now: float) -> None:
        context, wanted = modification.context, modification.wanted
        subscribed = modification.mobile.subscription.qos_of(context.apn)
        modification.qos = limited_qos(modification.qos, subscribed)
        told = (wanted.tft, wanted.pco, wanted.address)
        if modification.qos == context.qos and not any(each is not None for each in told):
            self._done(modification, now)
            return
        self._ask_mobile(modification, now)

    def _ask_mobile(self, modification: Modification, now: float) -> None:
        modification.step = Step.ASKING_MOBILE
        self._transmit(modification, now)

    def _transmit(self, modification: Modification, now: float) -> None:
        context, wanted = modification.context, modification.wanted
        modification.attempt += 1
        request = ModifyPdpContextRequestDownlink(
            context.ti.mirrored,
            modification.qos[len(ALLOCATION_RETENTION_PRIORITY) :],
            context.sapi,
            pdp_address=None if wanted.address is None else to_nas(wanted.address),
            pco=pco_for_mobile(wanted.pco),
            tft=wanted.tft,
        )
        self._core.say(modification.mobile.link, request)
        modification.alarm = self._core.schedule.at(
            now + self._core.config.radio.t3386, lambda now: self._expired(modification, now)
        )

    def _expired(self, modification: Modification, now: float) -> None:
        modification.alarm = None
        if modification.attempt < self._core.config.radio.attempts:
            self._transmit(modification, now)
        else:
            self._core.count("modifications_unanswered")
            self._mobile_refused(modification, None, now)

    def asks(self, context: PdpContext) -> bool:
        """Whether the mobile has been asked to accept a change of ``context``."""
        running = context.modification
        return isinstance(running, Modification) and running.step is Step.ASKING_MOBILE

    def accepted(self, context: PdpContext, now: float) -> None:
        """Take a mobile's Modify PDP Context Accept; a repeated one changes nothing."""
        running = context.modification
        if isinstance(running, Modification) and running.step is Step.ASKING_MOBILE:
            self._done(running, now)
        else:
            self._core.count("modify_answers_late")

    def rejected(self, context: PdpContext, cause: int, now: float) -> None:
        """Take a mobile's Modify PDP Context Reject; a repeated one changes nothing."""
        running = context.modification
        if isinstance(running, Modification) and running.step is Step.ASKING_MOBILE:
            self._mobile_refused(running, cause, now)
        else:
            self._core.count("modify_answers_late")

    def _mobile_refused(self, modification: Modification, cause: int | None, now: float) -> None:
        if modification.wanted.by is ModifiedBy.SGSN:
            self._restore(modification.context, now)
            self._fail(modification, cause, None, now)
        else:
            self._refuse(modification, Cause(gtp_cause_for_ms(cause)), cause, now)

    # The GGSN is asked

    def _ask_ggsn(self, modification: Modification, now: float) -> None:
        wanted = modification.wanted
        request = self._update(modification.context, modification.qos, wanted.tft, wanted.pco)

        def answered(response: Message | None, now: float) -> None:
            if modification.context.modification is modification:
                self._ggsn_answered(modification, response, now)

        self._core.ask(request, modification.context.tunnel.peer, now, answered)

    def _update(
        self, context: PdpContext, qos: bytes, tft: bytes | None = None, pco: bytes | None = None
    ) -> UpdatePdpContextRequest:
        config = self._core.config
        mobile = self._core.mobiles.with_imsi(context.imsi)
        return UpdatePdpContextRequest(
            teid=context.remote_teid_control,
            rai=None if mobile is None else mobile.area.encode(),
            teid_data=context.teid_data,
            teid_control=context.tunnel.teid,
            nsapi=context.nsapi,
            pco=pco,
            sgsn_address_control=config.control_address,
            sgsn_address_user=config.user_address,
            qos=qos,
            tft=tft,
            common_flags=config.common_flags,
        )

    def _restore(self, context: PdpContext, now: float) -> None:
        """Tell the GGSN that a QoS that it has granted is not to be: the old one goes on."""

        def answered(response: Message | None, _: float) -> None:
            self._core.count("updates_answered" if response else "updates_unanswered")

        self._core.ask(self._update(context, context.qos), context.tunnel.peer, now, answered)

    def _ggsn_answered(
        self, modification: Modification, response: Message | None, now: float
    ) -> None:
        if not isinstance(response, UpdatePdpContextResponse):
            self._ggsn_refused(modification, None, now)
        elif response.cause is Cause.NON_EXISTENT:
            self._deactivations.by_network(
                modification.mobile,
                modification.context,
                SmCause.REACTIVATION_REQUESTED,
                DeactivationReason.UNKNOWN_TO_GGSN,
                now,
                delete=False,
            )
        elif not response.cause.is_acceptance:
            self._ggsn_refused(modification, response.cause, now)
        else:
            self._ggsn_granted(modification, response, now)

    def _ggsn_refused(self, modification: Modification, cause: Cause | None, now: float) -> None:
        sm_cause = None
        if modification.wanted.by is ModifiedBy.MOBILE:
            sm_cause = sm_cause_for_refused_update(cause)
            reject = ModifyPdpContextReject(modification.context.ti.mirrored, sm_cause)
            self._core.say(modification.mobile.link, reject)
        self._fail(modification, sm_cause, cause, now)

    def _ggsn_granted(
        self, modification: Modification, response: UpdatePdpContextResponse, now: float
    ) -> None:
        context = modification.context
        _take_ends(self._core, context, response)
        _take_mode(context, response)
        modification.qos = response.qos or modification.qos
        if modification.wanted.by is ModifiedBy.MOBILE:
            accept = ModifyPdpContextAcceptDownlink(
                context.ti.mirrored,
                modification.qos[len(ALLOCATION_RETENTION_PRIORITY) :],
                context.sapi,
                pco=pco_for_mobile(response.pco),
            )
            self._core.say(modification.mobile.link, accept)
            self._done(modification, now)
        elif modification.qos == context.qos:
            self._done(modification, now)
        else:
            self._ask_mobile(modification, now)

    # How it ends

    def _done(self, modification: Modification, now: float) -> None:
        context, wanted = modification.context, modification.wanted
        changed = wanted.confirmed is None or context.qos != modification.qos
        context.qos = modification.qos
        if wanted.address is not None:
            context.address = wanted.address
        if changed:
            self._core.count("contexts_modified")
            self._core.emit(
                PdpContextModified(context.imsi, context.apn, context.nsapi, wanted.by, context.qos)
            )
        self._answer(context, wanted, Cause.REQUEST_ACCEPTED, now)
        self._close(modification, now, done=True)

    def _refuse(
        self, modification: Modification, cause: Cause, sm_cause: int | None, now: float
    ) -> None:
        self._answer(modification.context, modification.wanted, cause, now)
        self._fail(modification, sm_cause, cause, now)

    def _fail(
        self, modification: Modification, sm_cause: int | None, cause: Cause | None, now: float
    ) -> None:
        self._tell_failure(modification, sm_cause, cause)
        self._close(modification, now)

    def abandon(self, modification: Modification, now: float) -> None:
        """End one whose context goes; the GGSN hears that there is none."""
        context = modification.context
        waiting = tuple(modification.waiting)
        modification.waiting.clear()
        for wanted in (modification.wanted, *waiting):
            self._answer(context, wanted, Cause.NON_EXISTENT, now)
        self._tell_failure(modification, None, None)
        self._close(modification, now)
        for wanted in waiting:
            if wanted.confirmed is not None:
                wanted.confirmed(False, now)

    def _answer(self, context: PdpContext, wanted: _Wanted, cause: Cause, now: float) -> None:
        if wanted.received is None:
            return
        response = UpdatePdpContextResponse(teid=context.remote_teid_control, cause=cause)
        if cause.is_acceptance:
            response.teid_data = context.teid_data
            response.gsn_addresses = (self._core.config.user_address,)
            response.qos = context.qos
        self._core.answer(wanted.received, response, now)

    def _tell_failure(
        self, modification: Modification, sm_cause: int | None, cause: Cause | None
    ) -> None:
        context = modification.context
        if modification.wanted.confirmed is not None:
            return
        self._core.count("modifications_failed")
        self._core.emit(
            PdpContextModificationFailed(
                context.imsi,
                context.apn,
                context.nsapi,
                modification.wanted.by,
                sm_cause,
                cause,
            )
        )

    def _close(self, modification: Modification, now: float, *, done: bool = False) -> None:
        if modification.alarm is not None:
            modification.alarm.cancel()
        modification.context.modification = None
        self._count -= 1
        if modification.wanted.confirmed is not None:
            modification.wanted.confirmed(done, now)
        waiting = modification.waiting
        while waiting:
            self._want(modification.mobile, modification.context, waiting.popleft(), now)


def _take_ends(core: Core, context: PdpContext, response: UpdatePdpContextResponse) -> None:
    """Take over where the GGSN wants messages and packets of a context from now on."""
    tunnel = context.tunnel
    if response.teid_control is not None:
        context.remote_teid_control = tunnel.remote_teid = response.teid_control
    control, user = (*response.gsn_addresses, None, None)[:2]
    if control is not None:
        tunnel.peer = (control, GTP_C_PORT)
    if user is not None or response.teid_data is not None:
        core.tunnels.connect(
            context, user or context.ggsn_user, response.teid_data or context.remote_teid_data
        )


def _take_mode(
    context: PdpContext, message: UpdatePdpContextRequest | UpdatePdpContextResponse
) -> None:
    """Take over who may ask for further contexts, where a GGSN says so (TS 29.060 §7.7.83)."""
    if message.bearer_control_mode is not None:
        context.bearer_control_mode = message.bearer_control_mode
