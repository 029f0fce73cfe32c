"""The core, the initiator, the gateway and the SMSC of a lab, as those see them who drive it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from corenet.control.activations import Requested
from corenet.control.core import CoreControl
from corenet.control.faults import FaultRequest
from corenet.control.model import ActivationRequest, Context, Page, Terminal, TerminalQuery
from corenet.interfaces.activation import ActivationOutcome
from testbed.bench.mobile import Mobile
from testbed.bench.watch import ExpectationFailedError, Messages, Watch
from testbed.bench.world import Answer
from testbed.codecs import pap
from testbed.codecs.multipart import Part
from testbed.codecs.pap import DeliveryMethod, MessageState
from testbed.codecs.si import ServiceIndication
from testbed.initiator.submission import indication_part, recipient, submission
from testbed.lab.build import LoadedLab

DEFAULT_TEXT = "You have 4 new messages"
DEFAULT_HREF = "http://www.example.com/mail"
_PAGE = 1000


class Core(Messages):
    """The core network: what passes in it, and what it can be asked for."""

    def __init__(self, control: CoreControl, watch: Watch, url: str | None) -> None:
        super().__init__(watch)
        self.control = control
        """Everything that the control interface offers; call it by ``Lab.call`` only."""
        self.url = url
        """The control interface over HTTP, for processes under test; None where there is none."""

    @property
    def contexts(self) -> list[Context]:
        """The PDP contexts of every GGSN, the first thousand."""
        page = Page(limit=_PAGE)
        return self._watch.world.call(lambda: self.control.contexts(page)).contexts

    def terminal(self, msisdn: str) -> Terminal:
        """Return what is known of a terminal; ``ControlError`` where there is none."""
        query = TerminalQuery(msisdn=msisdn.removeprefix("+"))
        return self._watch.world.call(lambda: self.control.terminals(query)).terminals[0]

    def activate(
        self, terminal: Mobile | str, apn: str | None = None, *, within: float | None = None
    ) -> ActivationOutcome:
        """Request a PDP context for a terminal; return how that ended, in success or not.

        ``terminal`` is a mobile or an MSISDN; without ``apn`` it is the first one subscribed.
        """
        __tracebackhide__ = True
        msisdn = _msisdn(terminal)
        wanted = apn or self.terminal(msisdn).apns[0]
        world = self._watch.world
        within = self._watch.within if within is None else within
        request = ActivationRequest(msisdn=msisdn, apn=wanted)
        requested: Requested = world.call(lambda: self.control.request_activation(request))
        world.until(lambda: requested.outcome is not None, within)
        if requested.outcome is None:
            raise ExpectationFailedError(
                f"the activation of {msisdn} on {wanted} has not ended within {within:g} s\n"
                f"{self._watch.last()}"
            )
        return requested.outcome

    def disturb(self, interface: str, *, loss: float = 0.0, delay: float = 0.0) -> None:
        """Have what nodes send on an interface lost, with a probability, or seconds late.

        It takes the place of what was wrong with the interface before; ``heal`` ends all of it.
        """
        fault = FaultRequest(loss=loss, delay=delay)
        self._watch.world.call(lambda: self.control.faults.lay(interface, fault))

    def heal(self) -> None:
        """Take away everything that ``disturb`` did."""
        self._watch.world.call(self.control.faults.clear)

    def reset(self, interface: str) -> None:
        """Break every connection on an interface: ``smpp`` or ``gsup``."""
        self._watch.world.call(lambda: self.control.faults.reset(interface))

    def restart(self, node: str) -> None:
        """Have a GGSN, an SGSN or the HLR crash and come back, with what is on disk."""
        self._watch.world.call(lambda: self.control.faults.restart(node))

    def deactivate(self, terminal: Mobile | str, apn: str | None = None) -> None:
        """Have the GGSN end a terminal's PDP contexts on an APN, the first one subscribed."""
        known = self.terminal(_msisdn(terminal))
        wanted = apn or known.apns[0]
        self._watch.world.call(lambda: self.control.deactivate(known.imsi, wanted))


class Push:
    """A push that was submitted."""

    def __init__(self, push_id: str, answer: Answer, watch: Watch) -> None:
        self.push_id = push_id
        self.answer = answer
        """What the gateway answered."""
        self.time = watch.world.now()
        """When it had: seconds since 1970-01-01 UTC."""
        self._watch = watch

    @property
    def code(self) -> int:
        """The PAP status code of the answer: 1001 where the push was accepted."""
        return self.answer.code

    @property
    def results(self) -> list[pap.ResultNotification]:
        """The result notifications so far."""
        notified = tuple(self._watch.world.notified)
        return [one.notification for one in notified if one.notification.push_id == self.push_id]

    def expect_result(
        self, state: str | MessageState = MessageState.DELIVERED, *, within: float | None = None
    ) -> pap.ResultNotification:
        """Wait for the result notification; fail where it says another state, or does not come.

        ``state`` is a message-state of PAP: "delivered", "undeliverable", "expired" and so on.
        """
        __tracebackhide__ = True
        wanted = MessageState(state)
        within = self._watch.within if within is None else within
        self._watch.world.until(lambda: bool(self.results), within)
        for result in self.results:
            if result.state is wanted:
                return result
        said = ", ".join(f"{one.state.value} ({one.code} {one.desc})" for one in self.results)
        raise ExpectationFailedError(
            f"push {self.push_id}: no result notification within {within:g} s says {wanted.value}; "
            f"it was {said or 'none at all'}\n"
            f"{self._watch.last()}"
        )


class Initiator:
    """Who pushes: the lab's own push initiator, which takes result notifications."""

    def __init__(self, watch: Watch, seed: int) -> None:
        self._watch = watch
        self._seed = seed
        self._numbers = count(1)

    @property
    def notify_url(self) -> str:
        """Where it takes result notifications."""
        return self._watch.world.notify_url

    def push(
        self,
        *to: Mobile | str,
        text: str = DEFAULT_TEXT,
        href: str = DEFAULT_HREF,
        url: str | None = None,
        push_id: str | None = None,
        lifetime: float = 3600.0,
        method: str | DeliveryMethod = DeliveryMethod.NOT_SPECIFIED,
        content: Part | None = None,
    ) -> Push:
        """Push an SI, or other ``content``, and return when the gateway has answered.

        ``to`` are mobiles, MSISDNs or addresses. ``url`` is where a gateway under test takes PAP;
        without it the lab's own does. ``lifetime`` is in whole seconds, ``method`` a
        delivery-method of PAP, such as "confirmed". Raises ``NotSubmittedError`` where there is
        no answer; a refusal is one (``Push.code``).
        """
        push_id = push_id or f"push-{self._seed:x}-{next(self._numbers)}@pi.example"
        world = self._watch.world
        now = world.now()
        message = pap.PushMessage(
            push_id=push_id,
            addresses=tuple(recipient(_msisdn(one)) for one in to),
            deliver_before=float(int(now + lifetime)),
            notify_url=world.notify_url,
            quality_of_service=pap.QualityOfService(delivery_method=DeliveryMethod(method)),
        )
        # The push-id is the si-id too, so that no SI replaces the one of another push.
        indication = ServiceIndication(text=text, href=href, si_id=push_id, created=float(int(now)))
        body = submission(message, content or indication_part(indication))
        return Push(push_id, world.submit(push_id, body, url), self._watch)


class Gateway:
    """The lab's own push gateway."""

    def __init__(self, initiator: Initiator, pap_url: str) -> None:
        self._initiator = initiator
        self.pap_url = pap_url
        """Where it takes pushes over HTTP; in virtual time nobody is there."""

    def push(
        self,
        *to: Mobile | str,
        text: str = DEFAULT_TEXT,
        href: str = DEFAULT_HREF,
        push_id: str | None = None,
        lifetime: float = 3600.0,
        method: str | DeliveryMethod = DeliveryMethod.NOT_SPECIFIED,
        content: Part | None = None,
    ) -> Push:
        """Have the lab's initiator push through this gateway (``Initiator.push``)."""
        return self._initiator.push(
            *to,
            text=text,
            href=href,
            push_id=push_id,
            lifetime=lifetime,
            method=method,
            content=content,
        )


@dataclass(frozen=True, slots=True)
class Smsc:
    """The lab's SMSC, for ESMEs under test."""

    address: str
    """Where it listens."""
    port: int
    """Of SMPP, over TCP."""
    accounts: dict[str, str]
    """Passwords by system_id."""


def smsc_of(lab: LoadedLab) -> Smsc | None:
    """Return a lab's SMSC, or None where it has none."""
    if lab.smsc is None or lab.model.smsc is None:
        return None
    accounts = {one.system_id: one.password for one in lab.model.smsc.esmes}
    return Smsc(lab.smsc.address, lab.smsc.smpp_port, accounts)


def _msisdn(terminal: Mobile | str) -> str:
    return terminal.msisdn if isinstance(terminal, Mobile) else terminal.removeprefix("+")
