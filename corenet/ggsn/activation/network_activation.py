"""Network-requested PDP context activation: one procedure for one subscriber and APN.

Specs: TS 23.060 §9.2.2.2 (procedure) and §9.2.2.3 (MS not reachable), TS 29.060 §7.3.8-7.3.11
(notification) and §7.4.1-7.4.4 (location management).

Theory of operation. The procedure asks the HLR where the MS is (messages 32, 33), has that
SGSN ask the MS to activate (27, 28), and waits for the Create PDP Context Request (16), which
refers to nothing that went before: it is matched by IMSI and by APN or address. Whatever asked
for the activation waits with a key of its own and gets one outcome; PDUs wait in a store.

What happens is expressed as one of a few inputs (``Input``), and ``TRANSITIONS`` below says
what each means in each state. An input without a row is late and means nothing: a response
that a Create PDP Context Request has overtaken, say. Every row that leads to DONE leaves
nothing behind: no transaction, no timer, no TEID, no PDU.

A subscriber without a static binding may be activated too, for the control interface only:
the PDU Notification Request then carries an end user address without address octets, and the
Create PDP Context Request is matched by IMSI and APN. That is an extension; the standard has
network-requested activation for static addresses only (TS 23.060 §9.2.2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from corenet.ggsn.activation.reachability import Reachability
from corenet.ggsn.activation.stored_pdus import StoredPdus
from corenet.ggsn.config import StaticBinding
from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.core import Core
from corenet.ggsn.events import (
    ActivationFinished,
    DropReason,
    PdusDropped,
    PduStored,
    StepReached,
    StoredPdusSent,
)
from corenet.ggsn.pools import AccessPoint
from corenet.interfaces.activation import ActivationOutcome, FailureCause, LocalCause, Step
from corenet.schedule import Alarm
from gtp.constants import GTP_C_PORT
from gtp.ies import EndUserAddress, PdpType
from gtp.messages import (
    FailureReportRequest,
    Message,
    PduNotificationRequest,
    SendRouteingInformationRequest,
)


class State(StrEnum):
    """Where the procedure stands."""

    IDLE = "idle"
    ROUTEING = "routeing"
    """Message 32 is with the HLR."""
    NOTIFICATION = "notification"
    """Message 27 is with the SGSN."""
    CREATE_WAIT = "create-wait"
    """The SGSN asks the MS; the guard timer runs."""
    REPORTING = "reporting"
    """Message 34 is with the HLR: the MS is not where it was said to be."""
    DONE = "done"


class Input(StrEnum):
    """What can happen to the procedure."""

    SGSN_NAMED = "sgsn-named"
    """The SGSN to notify is known: named by the HLR, or remembered."""
    SGSN_WANTED = "sgsn-wanted"
    """No SGSN is known, or the known one does not have the MS."""
    SGSN_UNCHANGED = "sgsn-unchanged"
    """The HLR names an SGSN that does not know the IMSI."""
    MS_ABSENT = "ms-absent"
    """The HLR says that the MS cannot be reached, and will note when it is back."""
    NOTIFICATION_ACCEPTED = "notification-accepted"
    MS_DETACHED = "ms-detached"
    """The SGSN knows the MS, but it is not attached."""
    FAILURE_REPORTED = "failure-reported"
    """The HLR will note when the MS is back."""
    CONTEXT_CREATED = "context-created"
    ABANDONED = "abandoned"
    """Nobody wants it any more."""
    FAILED = "failed"
    """Anything else that ends it; ``Failure`` says what."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the procedure ends, or what it will end with if the next step confirms it."""

    cause: FailureCause
    back_off: float = 0.0
    """Seconds without another attempt."""
    step: Step | None = None
    """The step to blame, or None for the one under way."""


@dataclass(slots=True, eq=False)
class _Waiter:
    key: str
    expiry: Alarm | None


class NetworkActivation:
    """One network-requested activation under way."""

    def __init__(
        self,
        core: Core,
        reachability: Reachability,
        imsi: str,
        access: AccessPoint,
        binding: StaticBinding | None,
        forget: Callable[[NetworkActivation], None],
    ) -> None:
        """Make a procedure that has not begun; ``forget`` is called when it is done."""
        self.imsi = imsi
        self.access = access
        self.address = binding.address if binding is not None else ""
        """The static address, or "" where the Create PDP Context Response will say."""
        self.state = State.IDLE
        self.teid = core.contexts.reserve_control_teid()
        """Ours, in message 27; the SGSN puts it in the header of 28 and 29."""
        self.sgsn_address = ""
        """The SGSN that is or was notified last."""
        self.route_is_fresh = False
        """Whether the HLR named that SGSN during this procedure."""
        self.refused_by: set[str] = set()
        """SGSNs that do not have the MS, or did not answer."""
        self.imsi_refused = False
        """Whether an SGSN said that it does not know the IMSI."""
        self.failure = Failure(FailureCause.local(LocalCause.STOPPED))
        """What it ends with, or would end with if the next step confirmed it."""
        self._context: PdpContext | None = None
        self._core = core
        self._reachability = reachability
        self._forget = forget
        self._waiters: dict[str, _Waiter] = {}
        self._pdus = StoredPdus(core.config.stored_pdus)
        self._pdu_expiry: Alarm | None = None
        self._guard: Alarm | None = None
        self._transaction: int | None = None
        self._step: Step | None = None
        self._step_since = 0.0
        self._steps: list[tuple[Step, float]] = []

    def take(
        self,
        received: Input,
        now: float,
        *,
        sgsn_address: str | None = None,
        failure: Failure | None = None,
        context: PdpContext | None = None,
    ) -> None:
        """Take what has happened. An input that means nothing in this state is ignored.

        ``sgsn_address`` comes with SGSN_NAMED, ``context`` with CONTEXT_CREATED, ``failure``
        with whatever ends the procedure or is to be confirmed by its next step.
        """
        transition = TRANSITIONS.get((self.state, received))
        if transition is None:
            return
        self.sgsn_address = sgsn_address or self.sgsn_address
        self.failure = failure or self.failure
        self._context = context
        self._cancel_request()
        if self._guard is not None:
            self._guard.cancel()
            self._guard = None
        action, self.state = transition
        action(self, now)

    def wait(self, key: str, deadline: float | None) -> bool:
        """Have an outcome for ``key`` too; return False where it waits already."""
        if key in self._waiters:
            return False
        expiry = None
        if deadline is not None:
            expiry = self._core.schedule.at(deadline, lambda now: self._expire(key, now))
        self._waiters[key] = _Waiter(key, expiry)
        return True

    def store(self, pdu: bytes, now: float) -> None:
        """Keep a PDU for the context, within bounds."""
        if not self._pdus.fits(pdu):
            self._report_drop(1, DropReason.STORE_FULL)
            return
        dropped = self._pdus.store(pdu, now)
        if dropped:
            self._report_drop(dropped, DropReason.STORE_FULL)
        self._core.counters.pdus_stored += 1
        self._core.events.append(
            PduStored(
                self.imsi,
                self.access.apn.name,
                self.address,
                len(self._pdus),
                self._pdus.octets,
            )
        )
        self._watch_age()

    def enter(self, step: Step, now: float) -> None:
        """Note that the procedure has reached ``step``."""
        self._leave_step(now)
        self._step, self._step_since = step, now
        self._core.events.append(StepReached(self.imsi, self.access.apn.name, step))

    def end_user_address(self) -> EndUserAddress:
        """Return the address to notify: the static one, or none (see the module)."""
        if self.address:
            make = EndUserAddress.for_ipv6 if ":" in self.address else EndUserAddress.for_ipv4
            return make(self.address)
        if self.access.ipv4 is None:
            return EndUserAddress(pdp_type=PdpType.IPV6)
        return EndUserAddress.dynamic_ipv4()

    # Actions of the table

    def ask_hlr(self, now: float) -> None:
        """Send Routeing Information for GPRS Request (TS 29.060 §7.4.1)."""
        self.enter(Step.ROUTEING_INFORMATION, now)
        hlr = self._core.config.hlr
        if hlr is None:
            back_off = self._core.config.back_offs.routeing_failed
            unasked = Failure(FailureCause.local(LocalCause.NO_HLR), back_off)
            self.take(Input.FAILED, now, failure=None if self.refused_by else unasked)
            return
        self._request(SendRouteingInformationRequest(imsi=self.imsi), hlr, now)

    def notify(self, now: float) -> None:
        """PDU Notification Request (TS 29.060 §7.3.8)."""
        self.enter(Step.PDU_NOTIFICATION, now)
        request = PduNotificationRequest(
            imsi=self.imsi,
            teid_control=self.teid,
            end_user_address=self.end_user_address(),
            apn=self.access.apn.name,
            ggsn_address=self._core.config.control_address,
        )
        self._request(request, (self.sgsn_address, GTP_C_PORT), now)

    def await_create(self, now: float) -> None:
        """Wait for the MS, but not for ever."""
        self.enter(Step.MS_ACTIVATION, now)
        config = self._core.config
        cause = FailureCause.local(LocalCause.GUARD_TIMER_EXPIRED)
        failure = Failure(cause, config.back_offs.guard_expired)
        self._guard = self._core.schedule.at(
            now + config.guard_time, lambda then: self.take(Input.FAILED, then, failure=failure)
        )

    def report_failure(self, now: float) -> None:
        """Set MNRG and have the HLR note it: Failure Report Request (TS 29.060 §7.4.3)."""
        hlr = self._core.config.hlr
        if hlr is None:
            self.take(Input.FAILED, now)
            return
        self._reachability.set_not_reachable(self.imsi, self.failure.cause.name)
        self._drop_pdus(DropReason.MS_NOT_REACHABLE)
        self._request(FailureReportRequest(imsi=self.imsi), hlr, now)

    def hold(self, now: float) -> None:
        """Set MNRG and end: the HLR will note when the MS is back (TS 23.060 §9.2.2.2.1)."""
        self._reachability.set_not_reachable(self.imsi, self.failure.cause.name)
        self._end(now, hold=True, drop=DropReason.MS_NOT_REACHABLE)

    def end_report(self, now: float) -> None:
        """End: the HLR has noted it. The MS may even have come back meanwhile."""
        self._end(now, hold=self._reachability.not_reachable(self.imsi) is not None)

    def abandon_report(self, now: float) -> None:
        """Clear MNRG and end: the HLR has not noted it, so nobody will say when the MS is back."""
        self._reachability.withdraw(self.imsi)
        self._end(now)

    def fail(self, now: float) -> None:
        """End with a failure, and make no other attempt for a while."""
        self._end(now)

    def succeed(self, now: float) -> None:
        """End: the context is there. Stored PDUs go out behind the Create PDP Context Response."""
        context = self._context
        assert context is not None
        self._leave_step(now)
        core = self._core
        core.counters.activations_succeeded += 1
        self._finish_all(
            ActivationOutcome(
                self.imsi,
                self.access.apn.name,
                Step.ACTIVE,
                address=context.address,
                steps=tuple(self._steps),
            )
        )
        self._expire_pdus(now)
        pdus = self._pdus.take()
        for pdu in pdus:
            core.send_down(context, pdu, now)
        if pdus:
            core.events.append(
                StoredPdusSent(self.imsi, self.access.apn.name, context.address, len(pdus))
            )
        self._clean_up()

    # Inside

    def _request(self, message: Message, peer: tuple[str, int], now: float) -> None:
        self._transaction = self._core.request(message, peer, now, context=self)
        if self._transaction is None:
            back_off = self._core.config.back_offs.peer_silent
            unsent = Failure(FailureCause.local(LocalCause.NOT_SENT), back_off)
            reporting = self.state is State.REPORTING
            self.take(Input.FAILED, now, failure=None if reporting else unsent)

    def _cancel_request(self) -> None:
        if self._transaction is not None:
            self._core.endpoint.cancel(self._transaction)
            self._transaction = None

    def _leave_step(self, now: float) -> None:
        if self._step is not None:
            self._steps.append((self._step, now - self._step_since))
            self._step = None

    def _end(
        self,
        now: float,
        *,
        hold: bool = False,
        drop: DropReason = DropReason.ACTIVATION_FAILED,
    ) -> None:
        failure = self.failure
        step = failure.step or self._step or Step.ACCEPTANCE
        self._leave_step(now)
        self._core.counters.activations_failed += 1
        back_off = 0.0 if hold else failure.back_off
        self._reachability.begin_back_off(self.imsi, self.access.key, back_off, failure.cause, now)
        self._finish_all(
            ActivationOutcome(
                self.imsi,
                self.access.apn.name,
                step,
                cause=failure.cause,
                hold_until_reachable=hold,
                retry_after=back_off or None,
                steps=tuple(self._steps),
            )
        )
        self._drop_pdus(drop)
        self._clean_up()

    def _finish_all(self, outcome: ActivationOutcome) -> None:
        for waiter in self._waiters.values():
            if waiter.expiry is not None:
                waiter.expiry.cancel()
            self._core.events.append(ActivationFinished(waiter.key, outcome))
        self._waiters.clear()

    def _expire(self, key: str, now: float) -> None:
        """End for the one whose deadline has come; others go on waiting."""
        del self._waiters[key]
        step = self._step or Step.ACCEPTANCE
        outcome = ActivationOutcome(
            self.imsi,
            self.access.apn.name,
            step,
            cause=FailureCause.local(LocalCause.DEADLINE_EXPIRED),
            steps=(*self._steps, (step, now - self._step_since)),
        )
        self._core.events.append(ActivationFinished(key, outcome))

    def _watch_age(self) -> None:
        if self._pdu_expiry is None:
            expiry = self._pdus.next_expiry()
            if expiry is not None:
                self._pdu_expiry = self._core.schedule.at(expiry, self._age)

    def _age(self, now: float) -> None:
        self._pdu_expiry = None
        self._expire_pdus(now)
        self._watch_age()

    def _expire_pdus(self, now: float) -> None:
        expired = self._pdus.expire(now)
        if expired:
            self._report_drop(expired, DropReason.STORED_TOO_LONG)

    def _drop_pdus(self, reason: DropReason) -> None:
        dropped = len(self._pdus.take())
        if dropped:
            self._report_drop(dropped, reason)

    def _report_drop(self, count: int, reason: DropReason) -> None:
        self._core.drop(reason, count)
        self._core.events.append(
            PdusDropped(self.imsi, self.access.apn.name, self.address, count, reason)
        )

    def _clean_up(self) -> None:
        if self._pdu_expiry is not None:
            self._pdu_expiry.cancel()
        self._core.contexts.release_control_teid(self.teid)
        self._forget(self)


_A = NetworkActivation
Action = Callable[[NetworkActivation, float], None]

TRANSITIONS: Final[Mapping[tuple[State, Input], tuple[Action, State]]] = {
    (State.IDLE, Input.SGSN_NAMED): (_A.notify, State.NOTIFICATION),
    (State.IDLE, Input.SGSN_WANTED): (_A.ask_hlr, State.ROUTEING),
    (State.ROUTEING, Input.SGSN_NAMED): (_A.notify, State.NOTIFICATION),
    (State.ROUTEING, Input.SGSN_UNCHANGED): (_A.report_failure, State.REPORTING),
    (State.ROUTEING, Input.MS_ABSENT): (_A.hold, State.DONE),
    (State.ROUTEING, Input.CONTEXT_CREATED): (_A.succeed, State.DONE),
    (State.ROUTEING, Input.FAILED): (_A.fail, State.DONE),
    (State.ROUTEING, Input.ABANDONED): (_A.fail, State.DONE),
    (State.NOTIFICATION, Input.NOTIFICATION_ACCEPTED): (_A.await_create, State.CREATE_WAIT),
    (State.NOTIFICATION, Input.SGSN_WANTED): (_A.ask_hlr, State.ROUTEING),
    (State.NOTIFICATION, Input.MS_DETACHED): (_A.report_failure, State.REPORTING),
    (State.NOTIFICATION, Input.CONTEXT_CREATED): (_A.succeed, State.DONE),
    (State.NOTIFICATION, Input.FAILED): (_A.fail, State.DONE),
    (State.NOTIFICATION, Input.ABANDONED): (_A.fail, State.DONE),
    (State.CREATE_WAIT, Input.CONTEXT_CREATED): (_A.succeed, State.DONE),
    (State.CREATE_WAIT, Input.FAILED): (_A.fail, State.DONE),
    (State.CREATE_WAIT, Input.ABANDONED): (_A.fail, State.DONE),
    (State.REPORTING, Input.FAILURE_REPORTED): (_A.end_report, State.DONE),
    (State.REPORTING, Input.CONTEXT_CREATED): (_A.succeed, State.DONE),
    (State.REPORTING, Input.FAILED): (_A.abandon_report, State.DONE),
}
"""What each input means in each state: what is done, and the state that follows."""
