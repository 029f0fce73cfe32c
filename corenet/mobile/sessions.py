"""The PDP contexts of one mobile: what begins them, what ends them, and who shares an address.

Specs: TS 24.008 §6.1.3.1 (activation, either side's), §6.1.3.4 (deactivation), §6.1.3.6 (SM
STATUS), §8 (errors), TS 24.007 §11.2.3.1.3 (transaction identifiers).

Theory of operation. A context is ACTIVATING while T3380 runs, ACTIVE, or DEACTIVATING while
T3390 runs; one that is none of these does not exist. It is known by its transaction identifier
as the mobile writes it: flag 0 where the mobile allotted the value, 1 where the network did.

What comes from the network is taken in ``session_messages``; the procedures that are more than a
message and its answer are ``request``, ``secondary`` and ``modification``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from corenet.gi.flows import Classifier
from corenet.interfaces.nas import sm
from corenet.interfaces.nas.causes import SmCause
from corenet.interfaces.nas.elements import PdpAddress
from corenet.mobile.back_off import BackOffs
from corenet.mobile.behaviour import Answer, Behaviour
from corenet.mobile.config import MobileConfig
from corenet.mobile.contexts import Context, Signalling
from corenet.mobile.errors import MobileError
from corenet.mobile.events import (
    ActivationRefused,
    AddressConfigured,
    ContextActivated,
    ContextDeactivated,
    ContextState,
    DeactivationReason,
)
from corenet.mobile.surroundings import Repetition, Surroundings
from corenet.schedule import Action, Alarm

_TI_VALUES = range(7)
_NSAPIS = range(sm.FIRST_NSAPI, sm.LAST_NSAPI + 1)


class Sessions:
    """The PDP contexts of one mobile."""

    __slots__ = ("_answers", "_contexts", "_mobile", "back_offs")

    def __init__(self, mobile: Signalling) -> None:
        self._mobile = mobile
        self._contexts: list[Context] = []
        # Answers that the mobile still thinks about, by the request's transaction identifier.
        self._answers: dict[sm.TransactionIdentifier, Alarm] | None = None
        self.back_offs = BackOffs()

    @property
    def imsi(self) -> str:
        """Whose they are."""
        return self._mobile.imsi

    @property
    def surroundings(self) -> Surroundings:
        """What mobiles share."""
        return self._mobile.surroundings

    @property
    def config(self) -> MobileConfig:
        """What the mobile's user has set up."""
        return self._mobile.config

    def detach(self, now: float) -> None:
        """Have the mobile detach."""
        self._mobile.detach(now)

    def __iter__(self) -> Iterator[Context]:
        return iter(self._contexts)

    def active(self, nsapi: int | None = None) -> Context | None:
        """Return the active context with ``nsapi``, or the first of all."""
        for context in self._contexts:
            if context.state is ContextState.ACTIVE and nsapi in (None, context.nsapi):
                return context
        return None

    def with_address(self, address: str) -> Context | None:
        """Return the active context with a PDP address."""
        for context in self._contexts:
            if context.state is ContextState.ACTIVE and address in context.addresses:
                return context
        return None

    @property
    def has_context(self) -> bool:
        """Whether a context is active or on its way."""
        return any(context.state is not ContextState.DEACTIVATING for context in self._contexts)

    # Commands

    def activate(self, apn: str | None, address: str | None, now: float) -> None:
        """Activate a context on the mobile's own account (TS 24.008 §6.1.3.1.1)."""
        if any(
            context.apn == apn and context.state is not ContextState.DEACTIVATING
            for context in self._contexts
        ):
            return
        self.back_offs.require_none(apn, now)
        ti, nsapi = self.free_ti(), self.free_nsapi()
        if ti is None or nsapi is None:
            raise MobileError("no further PDP context is possible")
        requested = (
            PdpAddress.dynamic_of(self.config.pdp_type)
            if address is None
            else PdpAddress.for_ipv4(address)
        )
        self.begin(Context(ti, nsapi, apn, requested, now), now)

    def deactivate(self, apn: str | None, nsapi: int | None, now: float) -> None:
        """Deactivate the contexts to ``apn``, or all, or one of them (TS 24.008 §6.1.3.4.1).

        Of those that share an address the oldest goes with teardown, and takes the others along.
        """
        for context in tuple(self._contexts):
            wanted = apn in (None, context.apn) and nsapi in (None, context.nsapi)
            ends = context.state is ContextState.DEACTIVATING or context not in self._contexts
            if not wanted or ends:
                continue
            others = self.sharing(context) if nsapi is None and context.address else []
            for other in others:
                self.end(other, DeactivationReason.MOBILE, now)
            self._begin_deactivation(context, now, teardown=bool(others))

    def chosen(self, apn: str, nsapi: int | None) -> Context:
        """Return the active context to ``apn`` with an NSAPI, or the first; else MobileError."""
        for context in self._contexts:
            named = context.apn == apn and nsapi in (None, context.nsapi)
            if named and context.state is ContextState.ACTIVE:
                return context
        which = "" if nsapi is None else f" with NSAPI {nsapi}"
        raise MobileError(f"no active PDP context to {apn}{which}")

    def drop_all(self, reason: DeactivationReason, now: float) -> None:
        """End every context and procedure without a word to the network."""
        for context in tuple(self._contexts):
            self.end(context, reason, now)
        for alarm in (self._answers or {}).values():
            alarm.cancel()
        self._answers = None

    def keep_only(self, status: int, now: float) -> None:
        """End the active contexts whose NSAPI is not in the network's PDP context status."""
        for context in tuple(self._contexts):
            if context.state is ContextState.ACTIVE and not status >> context.nsapi & 1:
                self.end(context, DeactivationReason.UNKNOWN_TO_NETWORK, now)

    def consider(
        self,
        ti: sm.TransactionIdentifier,
        behaviour: Behaviour,
        answer: Action,
        ignored: Callable[[], None],
        now: float,
    ) -> None:
        """Have the mobile answer the network's request for a context, as it behaves."""
        if ti.flag:
            # Who asks allots the identifier; a request that says otherwise is to be ignored.
            self.surroundings.count("unexpected_messages")
        elif behaviour.answer is Answer.SILENT:
            ignored()
        else:
            self.ponder(ti.mirrored, behaviour, answer, now)

    def ponder(
        self,
        ti: sm.TransactionIdentifier,
        behaviour: Behaviour,
        answer: Action,
        now: float,
    ) -> None:
        """Answer the network once the mobile has thought about it as long as it does."""
        if self._answers is not None and ti in self._answers:
            self.surroundings.count("repeated_requests")
            return
        delay = behaviour.think(self.surroundings.answer_times)
        if delay > 0:
            if self._answers is None:
                self._answers = {}
            self._answers[ti] = self.surroundings.schedule.at(
                now + delay, partial(self._pondered, ti, answer)
            )
        else:
            answer(now)

    def _pondered(self, ti: sm.TransactionIdentifier, answer: Action, now: float) -> None:
        if self._answers is not None:
            self._answers.pop(ti, None)
        answer(now)

    def activated(self, context: Context, given: PdpAddress, now: float) -> None:
        """Have a context active with the PDP address that the network has given."""
        self.stop(context)
        context.enter(ContextState.ACTIVE, now)
        context.take_address(given, self._mobile, now)
        self.surroundings.emit(
            ContextActivated(
                self.imsi,
                context.apn or "",
                context.nsapi,
                context.address,
                context.network_requested,
            )
        )
        if given.ipv4 is not None or context.ipv6_address:
            self._mobile.context_activated(context.address, now)

    def configure(self, context: Context, packet: bytes, now: float) -> bool:
        """Take a packet of the router on a context's link; return whether it was one."""
        own = context.autoconfiguration
        if own is None or not own.receive(packet):
            return False
        self.surroundings.emit(
            AddressConfigured(self.imsi, context.apn or "", context.nsapi, own.address)
        )
        if context.address == own.link_local:
            for other in self.sharing(context):
                other.address = own.address
            context.address = own.address
            self._mobile.context_activated(own.address, now)
        return True

    # Parts of procedures

    def begin(
        self, context: Context, now: float, spoil: Callable[[bytes], bytes] | None = None
    ) -> None:
        """Ask the network for a context, until it answers or is given up.

        ``spoil`` makes the request's octets wrong.
        """
        self._contexts.append(context)
        ti, nsapi, apn = context.ti, context.nsapi, context.apn
        request = sm.ActivatePdpContextRequest(
            ti, nsapi, pdp_address=context.requested, apn=apn, pco=sm.TAKES_NETWORK_REQUESTS
        )
        context.repetition = Repetition(
            self.surroundings,
            self.surroundings.timers.t3380,
            partial(self.send_octets, spoil(request.encode()) if spoil else request.encode()),
            partial(self.end_activation, context, None),
            now,
        )

    def _begin_deactivation(self, context: Context, now: float, *, teardown: bool) -> None:
        self.stop(context)
        context.enter(ContextState.DEACTIVATING, now)
        context.repetition = Repetition(
            self.surroundings,
            self.surroundings.timers.t3390,
            partial(self.send, sm.DeactivatePdpContextRequest(context.ti, teardown=teardown)),
            partial(self.end, context, DeactivationReason.MOBILE),
            now,
        )

    def end_activation(self, context: Context, cause: int | None, now: float) -> None:
        """Give up a context that was on its way."""
        self.stop(context)
        self._contexts.remove(context)
        self.surroundings.emit(
            ActivationRefused(
                self._mobile.imsi, context.apn or "", cause, context.network_requested
            )
        )
        if context.linked is None:
            self._mobile.context_refused(now)

    def end(
        self,
        context: Context,
        reason: DeactivationReason,
        now: float,
        cause: int | None = None,
    ) -> None:
        """Take a context out; its address is gone with the last one that has it."""
        self.stop(context)
        self._contexts.remove(context)
        if context.linked is not None and context.state is ContextState.ACTIVATING:
            return
        if not context.address:
            self._mobile.context_refused(now)
        else:
            self.surroundings.emit(
                ContextDeactivated(
                    self._mobile.imsi,
                    context.apn or "",
                    context.nsapi,
                    context.address,
                    reason,
                    cause,
                )
            )
            if not self.sharing(context):
                self._mobile.context_ended(context.address, now)

    def stop(self, context: Context) -> None:
        """End what is under way for a context."""
        if context.autoconfiguration is not None:
            context.autoconfiguration.stop()
        context.stop_modification()
        if context.repetition is not None:
            context.repetition.stop()
            context.repetition = None

    def find(self, ti: sm.TransactionIdentifier) -> Context | None:
        """Return the context with a transaction identifier, as the mobile writes it."""
        return next((context for context in self._contexts if context.ti == ti), None)

    def sharing(self, context: Context) -> list[Context]:
        """Return the contexts that have the same address as another one, oldest first."""
        return [
            other
            for other in self._contexts
            if other is not context and (other.apn, other.address) == (context.apn, context.address)
        ]

    def bearer(self, context: Context, packet: bytes) -> Context:
        """Return which of the contexts with one address a packet of the mobile's goes through."""
        sharing = [other for other in self.sharing(context) if other.state is ContextState.ACTIVE]
        if not sharing:
            return context
        bearers = ((each, each.filters) for each in (context, *sharing))
        return Classifier(bearers).uplink(packet) or context

    def add(self, context: Context) -> None:
        """Take a context in that begins."""
        self._contexts.append(context)

    def with_nsapi(self, nsapi: int | None) -> Context | None:
        """Return the context with an NSAPI."""
        return next((each for each in self._contexts if each.nsapi == nsapi), None)

    def free_ti(self) -> sm.TransactionIdentifier | None:
        """Return a transaction identifier of the mobile's own that is not in use."""
        used = {context.ti.value for context in self._contexts if not context.ti.flag}
        value = next((value for value in _TI_VALUES if value not in used), None)
        return None if value is None else sm.TransactionIdentifier(value)

    def free_nsapi(self) -> int | None:
        """Return an NSAPI that is not in use; None where the mobile has all contexts it can."""
        used = {context.nsapi for context in self._contexts}
        if len(self._contexts) >= self.config.most_contexts:
            return None
        return next((nsapi for nsapi in _NSAPIS if nsapi not in used), None)

    def forget_answer(self, ti: sm.TransactionIdentifier) -> None:
        """Answer no more what the mobile still thinks about."""
        alarm = self._answers.pop(ti, None) if self._answers else None
        if alarm is not None:
            alarm.cancel()

    def send_unknown(self, received: sm.TransactionIdentifier) -> None:
        """Say that no context has this transaction identifier (§8.3.2)."""
        cause = SmCause.INVALID_TRANSACTION_IDENTIFIER
        self.send(sm.SmStatus(received.mirrored, cause))

    def send(self, message: sm.SmMessage) -> None:
        """Send a session management message to the network."""
        self.send_octets(message.encode())

    def send_octets(self, octets: bytes) -> None:
        """Send what may be no message at all to the network."""
        self._mobile.send_signalling(octets)
