"""What can be asked of a core from outside: look up, activate, deactivate, drive its mobiles.

Sans-IO, like the nodes: it works on any runtime, so that the HTTP interface, the lab and the
virtual-time tests ask in the same words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from itertools import islice

from pydantic import BaseModel

from corenet.assembly import Core
from corenet.control.activations import Activations, Requested
from corenet.control.counting import counters
from corenet.control.directory import Directory
from corenet.control.directory import Entry as DirectoryEntry
from corenet.control.errors import ControlError, unknown_terminal
from corenet.control.event_log import EventLog
from corenet.control.model import (
    ActivationRequest,
    BehaviourRequest,
    Context,
    ContextList,
    Coverage,
    Done,
    Mobile,
    MobileActivation,
    MobileContext,
    MobileDeactivation,
    Page,
    Terminal,
    TerminalList,
    TerminalQuery,
    moment,
)
from corenet.ggsn.events import ActivationFinished, ActivationStarted, PdpContextView
from corenet.ggsn.node import Ggsn
from corenet.interfaces.activation import CauseSource, FailureCause
from corenet.interfaces.nas.causes import sm_cause_text
from corenet.interfaces.node import Event
from corenet.interfaces.runtime import Runtime
from corenet.mobile.behaviour import Answer, Behaviour
from corenet.mobile.errors import MobileError, UnknownMobile
from corenet.mobile.events import ContextView
from corenet.mobile.population import Mobiles
from corenet.sgsn.events import MmState, NetworkRequestedActivationFailed


class CoreControl:
    """Commands and queries on one core."""

    def __init__(self, core: Core, runtime: Runtime) -> None:
        """``core`` is attached to ``runtime`` already, or will be before the first command."""
        self._core = core
        self._runtime = runtime
        self._directory = Directory(
            core.config.hlr.subscribers if core.config.hlr else (), core.config.ggsns.values()
        )
        self._activations = Activations()
        self._mobile_causes: dict[tuple[str, str], FailureCause] = {}
        self.events = EventLog()
        runtime.on_event(self._note)

    # Terminals

    def terminals(self, query: TerminalQuery) -> TerminalList:
        """Return the terminals that ``query`` asks for.

        Raises:
            ControlError: 404 where it asks for one, and there is none; 400 where it asks in
                two ways at once.
        """
        asked = [
            (field, value)
            for field, value in (
                ("msisdn", query.msisdn),
                ("imsi", query.imsi),
                ("address", query.address),
            )
            if value is not None
        ]
        if not asked:
            page = islice(self._directory, query.offset, query.offset + query.limit)
            return TerminalList(
                total=len(self._directory), terminals=[self._terminal(entry) for entry in page]
            )
        if len(asked) > 1:
            raise ControlError(
                400, "Bad request", "give one of msisdn, imsi and address", field=asked[1][0]
            )
        ((field, value),) = asked
        return TerminalList(total=1, terminals=[self._terminal(self._find(field, value))])

    def terminal(self, imsi: str) -> Terminal:
        """Return what is known of one terminal.

        Raises:
            ControlError: 404, there is none.
        """
        return self._terminal(self._find("imsi", imsi))

    def contexts(self, page: Page) -> ContextList:
        """Return the PDP contexts of every GGSN, oldest first."""
        every = sorted(
            ((name, view) for name, ggsn in self._core.ggsns.items() for view in ggsn.contexts()),
            key=lambda named: named[1].since,
        )
        wanted = every[page.offset : page.offset + page.limit]
        return ContextList(
            total=len(every), contexts=[_context(name, view) for name, view in wanted]
        )

    # Activation

    def request_activation(self, request: ActivationRequest) -> Requested:
        """Have a context activated on the network's request (TS 23.060 §9.2.2.2).

        Raises:
            ControlError: 404, no such terminal; 409, the key is another activation's; 501, there
                is no GGSN here.
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
            self._runtime.command(
                ggsn,
                lambda at: ggsn.activate(
                    requested.imsi, requested.apn, key=requested.key, deadline=deadline, now=at
                ),
            )
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

        Raises:
            ControlError: 404, there is none.
        """
        deleted = 0
        for ggsn in self._core.ggsns.values():
            deleted += self._deactivate_at(ggsn, imsi, apn)
        if not deleted:
            raise ControlError(404, "No PDP context", f"{imsi} has no PDP context on {apn}")
        return Done(done=f"{deleted} PDP context{'' if deleted == 1 else 's'} deleted")

    # Mobiles

    def drive_mobile(self, imsi: str, verb: str, body: BaseModel | None) -> Done:
        """Have a mobile do what ``verb`` says, as in the paths of the HTTP interface.

        Raises:
            ControlError: 404, no mobile of this core has that IMSI; 409, not in its present state.
        """
        mobiles = self._core.mobiles
        try:
            if mobiles is None:
                raise UnknownMobile(imsi)
            self._runtime.command(mobiles, lambda now: _drive(mobiles, imsi, verb, body, now))
        except UnknownMobile as error:
            raise ControlError(404, "Unknown mobile", str(error), field="imsi") from None
        except MobileError as error:
            raise ControlError(409, "Not in this state", str(error)) from None
        return Done(done=verb)

    # What is counted

    def counters(self) -> Mapping[str, Mapping[str, int]]:
        """Return what each node has counted, by the node's name."""
        return counters(self._core)

    def sizes(self) -> Mapping[str, int]:
        """Return how many terminals, contexts and running activations there are."""
        mm_contexts = [view for sgsn in self._core.sgsns.values() for view in sgsn.mm_contexts()]
        return {
            "terminals": len(self._directory),
            "attached_mobiles": sum(view.state is MmState.ATTACHED for view in mm_contexts),
            "pdp_contexts": sum(len(ggsn.contexts()) for ggsn in self._core.ggsns.values()),
            "running_activations": len(self._activations.running()),
        }

    # Inside

    def _note(self, time: float, node: str, event: Event) -> None:
        self.events.note(time, node, event)
        if isinstance(event, ActivationStarted) and not event.joined:
            self._mobile_causes.pop((event.imsi, event.apn.lower()), None)
        elif isinstance(event, NetworkRequestedActivationFailed) and event.sm_cause is not None:
            self._mobile_causes[event.imsi, event.apn.lower()] = FailureCause(
                CauseSource.SM, event.sm_cause, sm_cause_text(event.sm_cause)
            )
        elif isinstance(event, ActivationFinished):
            outcome = event.outcome
            cause = self._mobile_causes.get((outcome.imsi, outcome.apn.lower()))
            self._activations.finish(event.key, outcome, cause)

    def _find(self, field: str, value: str) -> DirectoryEntry:
        entry: DirectoryEntry | None
        if field == "msisdn":
            entry = self._directory.by_msisdn(value)
        elif field == "address":
            entry = self._directory.by_address(value) or self._user_of(value)
        else:
            entry = self._directory.by_imsi(value) or self._visitor(value)
        if entry is None:
            raise unknown_terminal(field, value)
        return entry

    def _user_of(self, address: str) -> DirectoryEntry | None:
        for ggsn in self._core.ggsns.values():
            view = ggsn.context_at(address)
            if view is not None:
                return self._directory.by_imsi(view.imsi) or DirectoryEntry(view.imsi, view.msisdn)
        return None

    def _visitor(self, imsi: str) -> DirectoryEntry | None:
        """Return a terminal that only its PDP context tells of: one behind a foreign SGSN, say."""
        for ggsn in self._core.ggsns.values():
            for view in ggsn.contexts_of(imsi):
                return DirectoryEntry(imsi, view.msisdn)
        return None

    def _terminal(self, entry: DirectoryEntry) -> Terminal:
        imsi = entry.imsi
        location = self._core.hlr.location(imsi) if self._core.hlr else None
        attached: bool | None = False if self._core.sgsns else None
        attached_since = None
        for sgsn in self._core.sgsns.values():
            mm_context = sgsn.mm_context(imsi)
            if mm_context is not None and mm_context.state is MmState.ATTACHED:
                attached, attached_since = True, moment(mm_context.since)
        contexts = [
            _context(name, view)
            for name, ggsn in self._core.ggsns.items()
            for view in ggsn.contexts_of(imsi)
        ]
        mobile = _mobile(self._core.mobiles, imsi)
        return Terminal(
            imsi=imsi,
            msisdn=entry.msisdn,
            apns=list(entry.apns),
            static_addresses=dict(entry.static_addresses),
            attached=attached,
            attached_since=attached_since,
            sgsn=location.sgsn if location else None,
            reachable=None if location is None else not location.not_reachable,
            # Behind a foreign GGSN only the mobile knows.
            online=bool(contexts) if self._core.ggsns else _has_active_context(mobile),
            contexts=contexts,
            mobile=mobile,
        )

    def _ggsn_of(self, apn: str) -> Ggsn:
        """Return the GGSN that has the APN; the first one is left to refuse an unknown APN."""
        ggsns = tuple(self._core.ggsns.values())
        for ggsn in ggsns:
            if any(known.name.lower() == apn.lower() for known in ggsn.config.apns):
                return ggsn
        if not ggsns:
            raise ControlError(
                501, "No GGSN", "there is no GGSN here that could activate a context"
            )
        return ggsns[0]

    def _deactivate_at(self, ggsn: Ggsn, imsi: str, apn: str) -> int:
        return self._runtime.command(ggsn, lambda now: ggsn.deactivate(imsi, apn, now))


def _context(ggsn: str, view: PdpContextView) -> Context:
    return Context(
        imsi=view.imsi,
        msisdn=view.msisdn,
        apn=view.apn,
        address=view.address,
        nsapi=view.nsapi,
        since=moment(view.since),
        ggsn=ggsn,
        sgsn_address=view.sgsn_address,
        charging_id=view.charging_id,
        network_requested=view.network_requested,
        uplink_octets=view.uplink_octets,
        downlink_octets=view.downlink_octets,
    )


def _mobile(mobiles: Mobiles | None, imsi: str) -> Mobile | None:
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
        on_request=behaviour.answer.value,
        sm_cause=behaviour.cause if behaviour.answer is Answer.REJECT else None,
        answer_after=behaviour.delay,
        contexts=[_mobile_context(context) for context in view.contexts],
        shown=[asdict(shown) for shown in view.shown],
    )


def _mobile_context(view: ContextView) -> MobileContext:
    return MobileContext(
        apn=view.apn,
        address=view.address or None,
        nsapi=view.nsapi,
        state=view.state.value,
        since=moment(view.since),
        network_requested=view.network_requested,
    )


def _has_active_context(mobile: Mobile | None) -> bool:
    return mobile is not None and any(context.state == "active" for context in mobile.contexts)


def _drive(mobiles: Mobiles, imsi: str, verb: str, body: BaseModel | None, now: float) -> None:
    match verb, body:
        case "attach", None:
            mobiles.attach(imsi, now)
        case "detach", None:
            mobiles.detach(imsi, now)
        case "power-on", None:
            mobiles.power_on(imsi, now)
        case "power-off", None:
            mobiles.power_off(imsi, now)
        case "coverage", Coverage(in_coverage=in_coverage):
            mobiles.set_coverage(imsi, in_coverage, now)
        case "behaviour", BehaviourRequest() as asked:
            mobiles.set_behaviour(
                imsi, Behaviour(Answer(asked.on_request), asked.sm_cause, asked.answer_after), now
            )
        case "activate", MobileActivation(apn=apn):
            mobiles.activate(imsi, apn, now)
        case "deactivate", MobileDeactivation(apn=apn):
            mobiles.deactivate(imsi, apn, now)
        case _:
            raise LookupError(f"a mobile has no verb {verb!r}")
