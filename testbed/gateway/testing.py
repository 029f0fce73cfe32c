"""A gateway on a bench, for tests: effects are carried out at once against a scripted core.

Time stands still until ``GatewayBench.advance`` lets it pass. The store is real, in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address
from random import Random
from typing import TypeVar

from pyrad.dictionary import Dictionary
from pyrad.packet import AcctPacket

from corenet.interfaces.activation import ActivationOutcome, FailureCause, Step
from corenet.interfaces.node import Address, Datagram, Event, Interface
from testbed.codecs import pap, si
from testbed.codecs.media import ContentType
from testbed.codecs.multipart import Part
from testbed.codecs.multipart import build as build_multipart
from testbed.esme.outcome import SmsDelivered, SmsOutcome
from testbed.gateway.activation.activate import ActivationAnswer
from testbed.gateway.config import GatewayConfig
from testbed.gateway.effects import (
    AnswerSubmission,
    Commit,
    Effect,
    FindPush,
    LookUpContext,
    LookUpTerminal,
    PostNotification,
    RequestActivation,
    SubmitSms,
)
from testbed.gateway.events import EffectsQueued, SubmissionFaulted
from testbed.gateway.keeping.records import DeliveryRecord
from testbed.gateway.keeping.store import SqliteStore, Written
from testbed.gateway.node import Gateway
from testbed.gateway.routing.judge import CoreAnswer, TerminalView, UnknownTerminal
from testbed.gateway.terminal import Terminal
from testbed.pull.effects import CancelFetch, FetchFailure, FetchFromOrigin, OriginAnswer

E = TypeVar("E", bound=Event)

NOW = 1_800_000_000.0
SECRET = b"testing123"
_WDP = (Interface.WDP, Interface.WDP6)
GGSN: Address = ("127.0.0.2", 40000)
IMSI = "234150999999999"
MSISDN = "447700900123"
ADDRESS = "10.45.0.7"
NOTIFY_URL = "http://127.0.0.1:8082/notifications"

INDICATION = si.ServiceIndication(
    text="You have 4 new emails", href="http://www.example.com/mail/123", si_id="mail1@example.com"
)


def plmn(msisdn: str = MSISDN) -> str:
    """Return the address-value of an MSISDN."""
    return f"WAPPUSH=+{msisdn}/TYPE=PLMN@ppg.example"


MESSAGE = pap.PushMessage("1@pi.example", (plmn(),), notify_url=NOTIFY_URL)
"""A push to one MSISDN, with a notification URL; tests replace what they care about."""


def body_of(
    push: pap.PushMessage, content: Part | None = None, version: pap.Version = pap.Version.V2_0
) -> tuple[str, bytes]:
    """Return Content-Type and body of a submission, with an SI unless told otherwise."""
    control = Part(ContentType("application/xml"), pap.build(push, version=version))
    content = content or Part(ContentType(si.XML_TYPE), si.build(INDICATION))
    return build_multipart([control, content], boundary="asdf")


def accounting(
    status: int,
    *,
    identifier: int = 1,
    session: str = "C000020100000001",
    address: str = ADDRESS,
    msisdn: str = MSISDN,
    imsi: str = IMSI,
    nas: str = "192.0.2.1",
    nsapi: str = "",
    ipv6: str = "",
    last: bool = False,
    secret: bytes = SECRET,
) -> bytes:
    """Return a signed Accounting-Request; what is empty is left out (RFC 2866, TS 29.061 §16.4)."""
    packet = AcctPacket(id=identifier, secret=secret, dict=Dictionary())
    packet[40] = [status.to_bytes(4, "big")]
    for code, octets in (
        (4, IPv4Address(nas).packed if nas else b""),
        (44, session.encode()),
        (8, IPv4Address(address).packed if address else b""),
        (97, bytes((0, 64)) + IPv6Address(ipv6).packed[:8] if ipv6 else b""),
        (96, IPv6Address(ipv6).packed[8:] if ipv6 else b""),
        (31, msisdn.encode()),
        ((10415, 1), imsi.encode()),
        ((10415, 10), nsapi.encode()),
        ((10415, 11), b"\xff" if last else b""),
    ):
        if octets:
            packet[code] = [octets]
    return bytes(packet.RequestPacket())


def failed(
    step: Step, cause: FailureCause, *, hold: bool = False, retry_after: float | None = None
) -> Callable[[RequestActivation], ActivationAnswer]:
    """Return a core's answer to an activation: it failed."""
    return lambda request: ActivationOutcome(
        request.imsi,
        request.apn,
        step,
        cause=cause,
        hold_until_reachable=hold,
        retry_after=retry_after,
    )


def active(address: str = ADDRESS) -> Callable[[RequestActivation], ActivationAnswer]:
    """Return a core's answer to an activation: it is up."""
    return lambda request: ActivationOutcome(request.imsi, request.apn, Step.ACTIVE, address)


class GatewayBench:
    """A gateway, a store in memory, a scripted core and initiator, and a clock."""

    def __init__(self, config: GatewayConfig, store: SqliteStore) -> None:
        self.config = config
        self.store = store
        self.now = NOW
        self.views: dict[Terminal, CoreAnswer] = {
            Terminal.by_msisdn(MSISDN): TerminalView(IMSI, MSISDN)
        }
        self.default_view: CoreAnswer | None = None
        """What the core says of a terminal that is not in ``views``; None: nobody may ask."""
        self.outcome: Callable[[RequestActivation], ActivationAnswer] | None = active()
        """None: activations stay unanswered until ``finish``."""
        self.initiator: Callable[[PostNotification], tuple[int, bytes] | str | None] = lambda _: (
            200,
            b"",
        )
        """What answers a notification; why there is no answer; None: it stays unanswered."""
        self.origin: Callable[[FetchFromOrigin], OriginAnswer | FetchFailure | None] = lambda _: (
            OriginAnswer(200, (("Content-Type", "text/plain"),), b"hello")
        )
        """What answers a fetch; why there is no answer; None: it stays unanswered."""
        self.fetches: list[FetchFromOrigin] = []
        self.broken_off: list[int] = []
        self.sms: Callable[[SubmitSms], SmsOutcome | None] = lambda _: SmsDelivered()
        """What becomes of a short message; None: it stays unanswered until ``end_sms``."""
        self.store_fails = False
        self.may_fault = False
        """Whether faults of the gateway (3000) are what is tested; else they are raised."""
        self.answers: dict[str, AnswerSubmission] = {}
        self.look_ups: list[Terminal] = []
        self.context_look_ups: list[str] = []
        self.activations: list[RequestActivation] = []
        self.messages: list[SubmitSms] = []
        self.notifications: list[pap.ResultNotification] = []
        self.datagrams: list[Datagram] = []
        self.events: list[Event] = []
        self.random = Random(7)
        self.gateway = Gateway(config, random=self.random)
        self._submissions = 0

    def restart(self) -> None:
        """Kill the gateway and start another one on the same store."""
        self.gateway = Gateway(self.config, random=self.random)
        self.gateway.restore(self.store.unfinished(), self.now)
        self.gateway.start(self.now)
        self.settle()

    def submit(
        self, push: pap.PushMessage, content: Part | None = None, *, initiator: str = ""
    ) -> pap.Document:
        """Submit a push and return the PAP answer."""
        return pap.parse(self.post(*body_of(push, content), initiator=initiator).body)

    def ask(self, document: pap.Document, *, initiator: str = "") -> pap.Document:
        """Submit a document without content and return the PAP answer."""
        body = pap.build(document)
        return pap.parse(self.post("application/xml", body, initiator=initiator).body)

    def post(self, content_type: str, body: bytes, *, initiator: str = "") -> AnswerSubmission:
        """Submit any body and return the HTTP answer."""
        self._submissions += 1
        key = str(self._submissions)
        self.gateway.submit(key, content_type, body, self.now, initiator=initiator)
        self.settle()
        return self.answers[key]

    def radius(self, data: bytes) -> None:
        """Have a datagram arrive at the RADIUS port."""
        self.receive(Interface.RADIUS, data, GGSN)

    def receive(self, interface: Interface, data: bytes, peer: Address) -> None:
        """Have a datagram arrive at one of the gateway's ports."""
        config = self.config
        ports = {
            Interface.RADIUS: config.radius_port or 0,
            Interface.WDP: config.wdp_port,
            Interface.WSP: config.wsp_port,
        }
        local = (config.address, ports[interface])
        self.gateway.receive(interface, data, peer=peer, local=local, now=self.now)
        self.settle()

    def finish(self, request: RequestActivation, answer: ActivationAnswer) -> None:
        """Answer an activation that stayed unanswered."""
        self.gateway.activation_finished(request.key, answer, self.now)
        self.settle()

    def end_sms(self, message: SubmitSms, outcome: SmsOutcome) -> None:
        """Answer a short message that stayed unanswered."""
        self.gateway.sms_finished(message.key, outcome, self.now)
        self.settle()

    def advance(self, seconds: float) -> None:
        """Let time pass, timeout by timeout."""
        self.advance_to(self.now + seconds)

    def advance_to(self, end: float) -> None:
        """Let time pass until then; nothing passes where that is over."""
        end = max(end, self.now)
        while (due := self.gateway.next_timeout()) is not None and due <= end:
            self.now = max(self.now, due)
            self.gateway.handle_timeout(self.now)
            self.settle()
        self.now = end

    def settle(self) -> None:
        """Carry out effects until there are none, as an executor told by EffectsQueued would."""
        while True:
            events = self.gateway.take_events()
            self.events += [event for event in events if not isinstance(event, EffectsQueued)]
            self.datagrams += self.gateway.take_datagrams()
            self._raise_faults(events)
            if not any(isinstance(event, EffectsQueued) for event in events):
                if self.gateway.take_effects():
                    raise AssertionError("effects that no EffectsQueued announced")
                return
            for effect in self.gateway.take_effects():
                self._carry_out(effect)

    def _raise_faults(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, SubmissionFaulted) and not self.may_fault:
                raise AssertionError(event.traceback)

    def _carry_out(self, effect: Effect) -> None:
        gateway = self.gateway
        match effect:
            case Commit(number, row) if self.store_fails:
                gateway.commit_failed(number, "disk full", self.now)
            case Commit(number, row):
                (result,) = self.store.write([row])
                if result is Written.NOT_HELD:
                    gateway.commit_not_held(number, self.now)
                else:
                    gateway.committed(number, self.now, duplicate=result is Written.DUPLICATE)
            case FindPush(push_id) if self.store_fails:
                gateway.find_failed(push_id, "disk failure", self.now)
            case FindPush(push_id):
                gateway.push_found(push_id, self.store.find(push_id), self.now)
            case AnswerSubmission(key):
                if key in self.answers:
                    raise AssertionError(f"{key} is answered twice")
                self.answers[key] = effect
            case LookUpTerminal() | LookUpContext():
                self._look_up(effect)
            case RequestActivation():
                self._activate(effect)
            case SubmitSms():
                self._submit_sms(effect)
            case PostNotification():
                self._post(effect)
            case FetchFromOrigin():
                self._fetch(effect)
            case CancelFetch(number):
                self.broken_off.append(number)
                gateway.fetch_failed(number, FetchFailure.TIMED_OUT, "broken off", self.now)

    def _view(self, terminal: Terminal) -> CoreAnswer:
        view = self.views.get(terminal, self.default_view)
        if view is None:
            raise LookupError(f"the bench has no view of {terminal}")
        return view

    def _activate(self, effect: RequestActivation) -> None:
        self.activations.append(effect)
        if self.outcome is not None:
            self.gateway.activation_finished(effect.key, self.outcome(effect), self.now)

    def _submit_sms(self, effect: SubmitSms) -> None:
        self.messages.append(effect)
        outcome = self.sms(effect)
        if outcome is not None:
            self.gateway.sms_finished(effect.key, outcome, self.now)

    def _look_up(self, effect: LookUpTerminal | LookUpContext) -> None:
        if isinstance(effect, LookUpTerminal):
            self.look_ups.append(effect.terminal)
            view = self._view(effect.terminal)
            self.gateway.terminal_found(effect.terminal, view, self.now)
            return
        self.context_look_ups.append(effect.address)
        answer = self.views.get(Terminal.by_address(effect.address), UnknownTerminal())
        self.gateway.context_found(effect.number, answer, self.now)

    def _post(self, effect: PostNotification) -> None:
        answer = self.initiator(effect)
        if answer is None:
            return
        if isinstance(answer, str):
            self.gateway.notification_failed(effect.push_id, effect.number, answer, self.now)
            return
        document = pap.parse(effect.body)
        if isinstance(document, pap.ResultNotification):
            self.notifications.append(document)
        self.gateway.notification_answered(effect.push_id, effect.number, *answer, self.now)

    def _fetch(self, effect: FetchFromOrigin) -> None:
        self.fetches.append(effect)
        answer = self.origin(effect)
        if isinstance(answer, OriginAnswer):
            self.gateway.fetched(effect.number, answer, self.now)
        elif answer is not None:
            self.gateway.fetch_failed(effect.number, answer, "it is so", self.now)

    @property
    def pushed(self) -> list[Datagram]:
        """The pushes that left."""
        return [d for d in self.datagrams if d.interface in _WDP]

    def told(self, kind: type[E]) -> list[E]:
        """Return the events of a kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def delivery(self, push_id: str = "1@pi.example", number: int = 0) -> DeliveryRecord:
        """Return where a push stands, from the gateway or else from the store."""
        stored = self.gateway.push(push_id) or self.store.find(push_id)
        if stored is None:
            raise LookupError(push_id)
        return stored.deliveries[number]
