"""What can be asked of a core from outside: look up, activate, deactivate, drive its mobiles.

Sans-IO, like the nodes: it works on any runtime, so that the HTTP interface, the lab and the
virtual-time tests ask in the same words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import islice
from random import Random
from types import MappingProxyType
from typing import Final, TypeVar

from pydantic import BaseModel

from corenet.assembly import Core
from corenet.control.activations import Activations, Requested
from corenet.control.bearers import Bearers, drive_contexts
from corenet.control.counting import counters
from corenet.control.directory import Directory
from corenet.control.directory import Entry as DirectoryEntry
from corenet.control.errors import ControlError, bad_request, no_context, unknown_terminal
from corenet.control.event_log import EventLog
from corenet.control.faults import FaultControl, Restart
from corenet.control.model import (
    ActivationRequest,
    BehaviourRequest,
    ContextList,
    Coverage,
    Done,
    MobileActivation,
    MobileDeactivation,
    MobileModification,
    MobileSecondary,
    Move,
    NetworkDetach,
    Page,
    Setting,
    SmsBehaviourRequest,
    SmsSending,
    Tap,
    Terminal,
    TerminalList,
    TerminalQuery,
    moment,
)
from corenet.control.subscribers import Subscribers
from corenet.control.views import context_model, has_active_context, mobile_model
from corenet.control.visitors import Visitors
from corenet.ggsn.config import apn_key
from corenet.ggsn.events import ActivationFinished
from corenet.ggsn.node import Ggsn
from corenet.interfaces.activation import CauseSource, FailureCause
from corenet.interfaces.nas.causes import sm_cause_text
from corenet.interfaces.nas.gmm import area_text
from corenet.interfaces.node import Event, Node
from corenet.interfaces.runtime import Runtime
from corenet.mobile.behaviour import SmsAnswer, SmsBehaviour
from corenet.mobile.errors import MobileError, UnknownMobile, UnsuitableSetting
from corenet.mobile.population import Mobiles
from corenet.sgsn.events import MmState, NetworkRequestedActivationFailed, NetworkRequestFailure
from corenet.sgsn.node import Sgsn

T = TypeVar("T")


class CoreControl:
    """Commands and queries on one core."""

    def __init__(
        self,
        core: Core,
        runtime: Runtime,
        *,
        beside: Mapping[str, Mapping[str, int]] = MappingProxyType({}),
        random: Random | None = None,
        restart: Restart | None = None,
    ) -> None:
        """``core`` is attached to ``runtime`` already, or will be before the first command.

        ``beside`` are the living counters of what is no node, such as Gi's device, by its name.
        ``random`` says what faults lose, the same for the same seed; ``restart`` restarts nodes.
        """
        self._beside = beside
        self._core = core
        self._runtime = runtime
        config = core.config
        self._directory = Directory(
            core.hlr.subscribers() if core.hlr else (), config.ggsns.values(), config.mobiles
        )
        self._visitors = Visitors(
            self._directory, [ggsn.control_address for ggsn in config.ggsns.values()]
        )
        self._activations = Activations()
        self.bearers = Bearers(core, self._command)
        """What can be asked of PDP contexts that are there."""
        self.faults = FaultControl(runtime, random or Random(0), restart)
        """What can be done to the core."""
        self.subscribers = Subscribers(core, self._command, self._directory)
        """What can be asked of subscribers of the HLR."""
        self.events = EventLog(runtime.now())
        runtime.on_event(self._note)

    # Terminals

    def terminals(self, query: TerminalQuery) -> TerminalList:
        """Return the terminals that ``query`` asks for.

        Raises:
            ControlError: 404 where it asks for one, and there is none.
        """
        names = ("msisdn", "imsi", "address")
        asked = {name: value for name in names if (value := getattr(query, name)) is not None}
        if not asked:
            page = islice(self._directory, query.offset, query.offset + query.limit)
            return TerminalList(
                total=len(self._directory), terminals=[self._terminal(entry) for entry in page]
            )
        found = {name: self._find(name, value) for name, value in asked.items()}
        entry = next(iter(found.values()))
        for name, other in found.items():
            if other.imsi != entry.imsi:
                raise unknown_terminal(name, f"{asked[name]} and all else that is asked for")
        return TerminalList(total=1, terminals=[self._terminal(entry)])

    def terminal(self, imsi: str) -> Terminal:
        """Return what is known of one terminal.

        Raises:
            ControlError: 404, there is none.
        """
        return self._terminal(self._find("imsi", imsi))

    def contexts(self, page: Page) -> ContextList:
        """Return the PDP contexts of one GGSN after the other, each one's oldest first."""
        skipped, wanted = page.offset, page.limit
        now = self._runtime.now()
        contexts = []
        for name, ggsn in self._core.ggsns.items():
            views = ggsn.contexts(skipped, skipped + wanted)
            contexts += [context_model(name, view, now) for view in views]
            skipped = max(0, skipped - ggsn.context_count)
            wanted -= len(views)
        return ContextList(total=self._context_count(), contexts=contexts)

    # Activation

    def request_activation(self, request: ActivationRequest) -> Requested:
        """Have a context activated on the network's request (TS 23.060 §9.2.2.2).

        Raises:
            ControlError: 404, no such terminal; 409, the key is another activation's; 501, there
                is no GGSN here; 503, it is not in service.
        """
        if request.msisdn is not None:
            entry = self._find("msisdn", request.msisdn)
        else:
            entry = self._find("imsi", request.imsi or "")
        ggsn = self._ggsn_of(request.apn)
        now = self._runtime.now()
        requested, new = self._activations.begin(request, entry.imsi, entry.msisdn, now)
        if new:
            deadline = None if request.deadline_seconds is None else now + request.deadline_seconds
            try:
                self._command(
                    ggsn,
                    lambda at: ggsn.activate(
                        requested.imsi, requested.apn, key=requested.key, deadline=deadline, now=at
                    ),
                )
            except Exception:
                self._activations.withdraw(requested)
                raise
        return requested

    def activation(self, key: str) -> Requested:
        """Return the activation that ``key`` names.

        Raises:
            ControlError: 404, there is none, or it ended too long ago.
        """
        requested = self._activations.get(key)
        if requested is None:
            raise ControlError(
                404, "Unknown activation", f"no activation has key {key}", field="key"
            )
        return requested

    def deactivate(self, imsi: str, apn: str) -> Done:
        """Delete a terminal's contexts on ``apn``; the SGSN and the mobile are told.

        An activation that is under way there ends, too.

        Raises:
            ControlError: 404, there is neither; 503, the GGSN is not in service.
        """
        deleted = given_up = 0
        for ggsn in self._core.ggsns.values():
            before = ggsn.activations_under_way
            deleted += self._deactivate_at(ggsn, imsi, apn)
            given_up += before - ggsn.activations_under_way
        if not (deleted or given_up):
            raise no_context(imsi, apn)
        what = [f"{deleted} PDP context{'' if deleted == 1 else 's'} deleted"]
        return Done(done=", ".join(what + ["activation given up"] * bool(given_up)))

    def detach(self, imsi: str, request: NetworkDetach) -> Done:
        """Have the SGSN detach a terminal (TS 24.008 §4.7.4.2).

        Raises:
            ControlError: 404, it is not attached here; 503, its SGSN is not in service.
        """
        sgsn = self._sgsn_of(imsi)
        again = request.reattach
        self._command(sgsn, lambda now: sgsn.detach(imsi, now, reattach=again))
        return Done(done="detach")

    def reallocate_p_tmsi(self, imsi: str) -> Done:
        """Have the SGSN give a terminal another P-TMSI (TS 24.008 §4.7.6).

        Raises:
            ControlError: 404, it is not attached here; 409, it is being given one; 503, its SGSN
                is not in service.
        """
        sgsn = self._sgsn_of(imsi)
        if not self._command(sgsn, lambda now: sgsn.reallocate_p_tmsi(imsi, now)):
            raise ControlError(409, "Under way", f"{imsi} is being given a P-TMSI")
        return Done(done="p-tmsi")

    def _sgsn_of(self, imsi: str) -> Sgsn:
        for sgsn in self._core.sgsns.values():
            context = sgsn.mm_context(imsi)
            if context is not None and context.state is MmState.ATTACHED:
                return sgsn
        text = f"{imsi} is attached to no SGSN here"
        raise ControlError(404, "Not attached", text, field="imsi")

    # Mobiles

    def drive_mobile(self, imsi: str, verb: str, body: BaseModel | None) -> Done:
        """Have a mobile do what ``verb`` says, as in the paths of the HTTP interface.

        Raises:
            ControlError: 400, a setting that it has not; 404, no mobile of this core has that
                IMSI; 409, not in its present
                state; 503, the mobiles are not in service.
        """
        mobiles = self._core.mobiles
        try:
            if mobiles is None:
                raise UnknownMobile(imsi)
            self._command(mobiles, lambda now: _drive(mobiles, imsi, verb, body, now))
        except UnknownMobile as error:
            raise ControlError(404, "Unknown mobile", str(error), field="imsi") from None
        except UnsuitableSetting as error:
            raise bad_request(str(error), error.field) from None
        except MobileError as error:
            raise ControlError(409, "Not in this state", str(error)) from None
        return Done(done=verb)

    # What is counted

    def counters(self) -> Mapping[str, Mapping[str, int]]:
        """Return what each node has counted, and what is beside them, by name."""
        return counters(self._core) | {name: dict(live) for name, live in self._beside.items()}

    def sizes(self) -> Mapping[str, int]:
        """Return how many terminals, contexts, running activations and so on there are."""
        return {
            "terminals": len(self._directory),
            "attached_mobiles": sum(sgsn.attached_count for sgsn in self._core.sgsns.values()),
            "pdp_contexts": self._context_count(),
            "running_activations": len(self._activations),
            "accounting_records": sum(g.pending_records for g in self._core.ggsns.values()),
            "held_addresses": sum(g.held_addresses for g in self._core.ggsns.values()),
        }

    # Inside

    def _note(self, time: float, node: str, event: Event) -> None:
        self.events.note(time, node, event)
        self._visitors.note(event)
        if isinstance(event, NetworkRequestedActivationFailed):
            if event.reason is NetworkRequestFailure.REFUSED and event.sm_cause is not None:
                name = sm_cause_text(event.sm_cause)
                cause = FailureCause(CauseSource.SM, event.sm_cause, name)
                self._activations.note_mobile_cause(event.imsi, event.apn, cause)
        elif isinstance(event, ActivationFinished):
            self._activations.finish(event.key, event.outcome)

    def _command(self, node: Node, action: Callable[[float], T]) -> T:
        begun: list[float] = []

        def begin(now: float) -> T:
            begun.append(now)
            return action(now)

        try:
            return self._runtime.command(node, begin)
        except LookupError as error:
            if begun:
                raise
            # The runtime does not have the node, or not yet.
            raise ControlError(503, "Not in service", str(error)) from None

    def _context_count(self) -> int:
        return sum(ggsn.context_count for ggsn in self._core.ggsns.values())

    def _find(self, field: str, value: str) -> DirectoryEntry:
        entry: DirectoryEntry | None
        if field == "msisdn":
            entry = self._directory.by_msisdn(value) or self._visitor(
                self._visitors.by_msisdn(value)
            )
        elif field == "address":
            entry = self._user_of(value) or self._directory.by_address(value)
        else:
            entry = self._directory.by_imsi(value) or self._visitor(value)
        if entry is None:
            raise unknown_terminal(field, value)
        return entry

    def _user_of(self, address: str) -> DirectoryEntry | None:
        imsi = self._visitors.by_address(address)
        for ggsn in self._core.ggsns.values():
            view = ggsn.context_at(address)
            if view is not None:
                imsi = view.imsi
        return None if imsi is None else self._find("imsi", imsi)

    def _visitor(self, imsi: str | None) -> DirectoryEntry | None:
        """Return a terminal that only its PDP context tells of: one behind a foreign SGSN, say."""
        if imsi is not None:
            for ggsn in self._core.ggsns.values():
                for view in ggsn.contexts_of(imsi):
                    return DirectoryEntry(imsi, view.msisdn)
        return None

    def _terminal(self, entry: DirectoryEntry) -> Terminal:
        imsi = entry.imsi
        location = self._core.hlr.location(imsi) if self._core.hlr else None
        sgsn_address = location.sgsn if location else None
        attached: bool | None = False if self._core.sgsns else None
        attached_since = reachability = routing_area = None
        for sgsn in self._core.sgsns.values():
            mm_context = sgsn.mm_context(imsi)
            if mm_context is not None and mm_context.state is MmState.ATTACHED:
                attached, attached_since = True, moment(mm_context.since)
                reachability = mm_context.reachability
                routing_area = area_text(mm_context.rai)
                sgsn_address = sgsn_address or sgsn.config.control_address
        mobile = mobile_model(self._core.mobiles, imsi)
        now = self._runtime.now()
        contexts = [
            context_model(name, view, now)
            for name, ggsn in self._core.ggsns.items()
            for view in ggsn.contexts_of(imsi)
        ]
        return Terminal(
            imsi=imsi,
            msisdn=entry.msisdn,
            apns=list(entry.apns),
            static_addresses=dict(entry.static_addresses),
            attached=attached,
            attached_since=attached_since,
            reachability=reachability,
            routing_area=routing_area,
            sgsn=sgsn_address,
            sgsn_since=moment(location.since) if location and location.since else None,
            reachable=None if location is None else not location.not_reachable,
            memory_full=None if location is None else location.memory_full,
            waiting_centres=list(location.waiting_centres) if location else [],
            # Behind a foreign GGSN only the mobile knows.
            online=bool(contexts) if self._core.ggsns else has_active_context(mobile),
            contexts=contexts,
            mobile=mobile,
        )

    def _ggsn_of(self, apn: str) -> Ggsn:
        """Return the GGSN that has the APN; the first one is left to refuse an unknown APN."""
        ggsns = tuple(self._core.ggsns.values())
        key = apn_key(apn)
        for ggsn in ggsns:
            if any(apn_key(known.name) == key for known in ggsn.config.apns):
                return ggsn
        if not ggsns:
            raise ControlError(
                501, "No GGSN", "there is no GGSN here that could activate a context"
            )
        return ggsns[0]

    def _deactivate_at(self, ggsn: Ggsn, imsi: str, apn: str) -> int:
        return self._command(ggsn, lambda now: ggsn.deactivate(imsi, apn, now))


_WITHOUT_BODY: Final = MappingProxyType(
    {
        "attach": Mobiles.attach,
        "detach": Mobiles.detach,
        "power-on": Mobiles.power_on,
        "power-off": Mobiles.power_off,
        "lose-power": Mobiles.lose_power,
    }
)


def _drive(mobiles: Mobiles, imsi: str, verb: str, body: BaseModel | None, now: float) -> None:
    if verb in _WITHOUT_BODY and body is None:
        _WITHOUT_BODY[verb](mobiles, imsi, now)
        return
    match verb, body:
        case "move", Move(cell=cell):
            mobiles.move(imsi, cell, now)
        case "coverage", Coverage(in_coverage=in_coverage):
            mobiles.set_coverage(imsi, in_coverage, now)
        case "behaviour", BehaviourRequest() as asked:
            mobiles.set_behaviour(imsi, asked.behaviour(), now)
        case "sms-behaviour", SmsBehaviourRequest() as asked:
            behaviour = SmsBehaviour(SmsAnswer(asked.on_sms), asked.rp_cause, asked.answer_after)
            mobiles.set_sms_behaviour(imsi, behaviour, now)
        case "send-sms", SmsSending(destination=destination, text=text):
            mobiles.send_sms(imsi, destination, text, now)
        case (
            _,
            MobileActivation() | MobileDeactivation() | MobileSecondary() | MobileModification(),
        ):
            drive_contexts(mobiles, imsi, body, now)
        case "tap", Tap(item=item):
            mobiles.tap(imsi, item, now)
        case "setting", Setting(name=name, value=value):
            mobiles.configure(imsi, name, value, now)
        case _:
            raise LookupError(f"a mobile has no verb {verb!r}")
