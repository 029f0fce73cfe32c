"""A mobile of a lab: what its user does, what it shows, and what is expected of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal, overload

from pydantic import BaseModel

from corenet.assembly import CoreConfig
from corenet.control.answering import FaultName, OnRequest
from corenet.control.core import CoreControl
from corenet.control.model import (
    BehaviourRequest,
    Context,
    Coverage,
    MobileActivation,
    MobileDeactivation,
    Move,
    Setting,
    SmsBehaviourRequest,
    SmsSending,
    Tap,
    Terminal,
)
from corenet.interfaces.application import Shown
from corenet.interfaces.nas.causes import SmCause
from corenet.mobile.config import MobileConfig
from testbed.bench.watch import ExpectationFailedError, Watch
from testbed.expectations.expected import event
from testbed.expectations.seen import Seen

OnSms = Literal["accept", "memory-full", "reject", "unanswered", "silent"]


class Mobile:
    """One mobile. Its verbs set something going; expectations wait for what comes of it."""

    def __init__(self, config: MobileConfig, control: CoreControl, watch: Watch) -> None:
        self._config = config
        self._control = control
        self._watch = watch

    def __repr__(self) -> str:
        return f"<mobile {self.msisdn}, IMSI {self.imsi}>"

    @property
    def imsi(self) -> str:
        """Whose it is."""
        return self._config.imsi

    @property
    def msisdn(self) -> str:
        """Its number, in international form without "+"."""
        return self._config.msisdn

    @property
    def terminal(self) -> Terminal:
        """All that the core knows of it now, as the control interface says it."""
        return self._watch.world.call(lambda: self._control.terminal(self.imsi))

    @property
    def address(self) -> str | None:
        """Its PDP address: of its first context, else its first static one, else None."""
        terminal = self.terminal
        if terminal.contexts:
            return terminal.contexts[0].address
        return next(iter(terminal.static_addresses.values()), None)

    @property
    def screen(self) -> tuple[Shown, ...]:
        """What it shows, the latest last."""
        mobile = self.terminal.mobile
        shown = () if mobile is None else mobile.shown
        return tuple(Shown(one["kind"], one["text"], one["details"]) for one in shown)

    # What its user does

    def attach(self) -> None:
        """Have it attach."""
        self._drive("attach")

    def detach(self) -> None:
        """Have it detach, and stay on."""
        self._drive("detach")

    def power_on(self) -> None:
        """Switch it on, if it is off: it attaches."""
        self._drive("power-on")

    def power_off(self) -> None:
        """Switch it off: it tells the network."""
        self._drive("power-off")

    def lose_power(self) -> None:
        """Take its battery out: nobody is told."""
        self._drive("lose-power")

    def leave_coverage(self) -> None:
        """Take it where no cell is."""
        self._drive("coverage", Coverage(in_coverage=False))

    def enter_coverage(self) -> None:
        """Bring it back."""
        self._drive("coverage", Coverage(in_coverage=True))

    def move(self, cell: int) -> None:
        """Take it to another cell."""
        self._drive("move", Move(cell=cell))

    def activate(self, apn: str | None = None) -> None:
        """Have it activate a PDP context, on its first APN when none is named."""
        self._drive("activate", MobileActivation(apn=apn or self._config.apns[0]))

    def deactivate(self, apn: str | None = None) -> None:
        """Have it end its PDP contexts on an APN, its first one when none is named."""
        self._drive("deactivate", MobileDeactivation(apn=apn or self._config.apns[0]))

    def answer_requests(
        self,
        how: OnRequest,
        *,
        sm_cause: int = SmCause.ACTIVATION_REJECTED_UNSPECIFIED,
        after: float = 0.0,
        nsapi: int = 0,
        fault: FaultName = "missing-element",
    ) -> None:
        """Say what it does when the network asks it to activate.

        ``sm_cause`` is of reject, ``nsapi`` of wrong-nsapi, ``fault`` of malformed.
        """
        asked = BehaviourRequest(
            on_request=how, sm_cause=int(sm_cause), answer_after=after, nsapi=nsapi, fault=fault
        )
        self._drive("behaviour", asked)

    def answer_sms(self, how: OnSms, *, rp_cause: int | None = None, after: float = 0.0) -> None:
        """Say what it does with short messages; ``rp_cause`` is of a reject."""
        given = {} if rp_cause is None else {"rp_cause": rp_cause}
        self._drive("sms-behaviour", SmsBehaviourRequest(on_sms=how, answer_after=after, **given))

    def send_sms(self, destination: str, text: str) -> None:
        """Have it send a short message."""
        self._drive("send-sms", SmsSending(destination=destination, text=text))

    def tap(self, item: int | None = None) -> None:
        """Tap on something that it shows, by its number from 1; the latest when none is given."""
        self._drive("tap", Tap(item=item or len(self.screen)))

    def set(self, name: str, value: str) -> None:
        """Change a setting of its applications, such as ``on_push``."""
        self._drive("setting", Setting(name=name, value=value))

    def _drive(self, verb: str, body: BaseModel | None = None) -> None:
        self._watch.world.call(lambda: self._control.drive_mobile(self.imsi, verb, body))

    # What is expected of it

    def expect_push(
        self,
        text: str | None = None,
        *,
        href: str | None = None,
        kind: str | None = None,
        within: float | None = None,
        after: Seen | float | None = None,
    ) -> Shown:
        """Wait until it shows a push; return what it shows.

        ``text`` and ``href`` may have ``*`` for anything. ``kind`` is "SI", "SL" and so on.
        """
        __tracebackhide__ = True
        asked = {"shown.text": text, "shown.details.href": href, "shown.kind": kind}
        fields = {name: value for name, value in asked.items() if value is not None}
        expected = event("ShownOnScreen", fields={"imsi": self.imsi, **fields})
        shown: Shown = self._watch.expect(expected, within=within, after=after).subject.shown
        return shown

    def expect_nothing_shown(self, during: float = 1.0) -> None:
        """Let ``during`` seconds pass; fail if it shows anything meanwhile."""
        __tracebackhide__ = True
        expected = event("ShownOnScreen", fields={"imsi": self.imsi})
        self._watch.expect_none(expected, during=during)

    def expect_event(
        self,
        name: str,
        *,
        within: float | None = None,
        after: Seen | float | None = None,
        **fields: Any,
    ) -> Seen:
        """Wait for an event of this mobile, such as "Attached"; return it as it was seen."""
        __tracebackhide__ = True
        expected = event(name, fields={"imsi": self.imsi, **fields})
        return self._watch.expect(expected, within=within, after=after)

    def expect_attached(self, within: float | None = None) -> None:
        """Wait until it is attached."""
        __tracebackhide__ = True
        self._expect_state("attached", lambda one: bool(one.attached), within)

    def expect_detached(self, within: float | None = None) -> None:
        """Wait until no SGSN has it."""
        __tracebackhide__ = True
        self._expect_state("detached", lambda one: not one.attached, within)

    def expect_context(self, apn: str | None = None, *, within: float | None = None) -> Context:
        """Wait until it has a PDP context, on an APN when one is named; return it."""
        __tracebackhide__ = True
        what = "a PDP context" + (f" on {apn}" if apn else "")
        terminal = self._expect_state(what, lambda one: bool(_contexts(one, apn)), within)
        return _contexts(terminal, apn)[0]

    def expect_no_context(self, apn: str | None = None, *, within: float | None = None) -> None:
        """Wait until it has no PDP context, on an APN when one is named."""
        __tracebackhide__ = True
        what = "no PDP context" + (f" on {apn}" if apn else "")
        self._expect_state(what, lambda one: not _contexts(one, apn), within)

    def _expect_state(self, what: str, holds: Any, within: float | None) -> Terminal:
        __tracebackhide__ = True
        within = self._watch.within if within is None else within
        if not self._watch.world.until(lambda: bool(holds(self.terminal)), within):
            raise ExpectationFailedError(
                f"not so within {within:g} s: {self.msisdn}: {what}\n"
                f"  it is {_described(self.terminal)}\n{self._watch.last()}"
            )
        return self.terminal


class Mobiles(Sequence[Mobile]):
    """The mobiles of a lab, a sequence: `mobiles[0]`, or by number, `mobiles["+447700900101"]`."""

    def __init__(self, config: CoreConfig, control: CoreControl, watch: Watch) -> None:
        self._configs = config.mobiles
        self._control = control
        self._watch = watch
        self._places: dict[str, int] = {}
        for place, mobile in enumerate(config.mobiles):
            self._places[mobile.imsi] = self._places[mobile.msisdn] = place

    @overload
    def __getitem__(self, which: int | str) -> Mobile: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[Mobile]: ...
    def __getitem__(self, which: int | str | slice) -> Mobile | Sequence[Mobile]:
        """Return a mobile; LookupError where there is none."""
        if isinstance(which, slice):
            return [self._mobile(config) for config in self._configs[which]]
        if isinstance(which, str):
            place = self._places.get(which.removeprefix("+"))
            if place is None:
                raise LookupError(f"no mobile of this lab has MSISDN or IMSI {which}")
            return self._mobile(self._configs[place])
        return self._mobile(self._configs[which])

    def __len__(self) -> int:
        return len(self._configs)

    def __iter__(self) -> Iterator[Mobile]:
        return map(self._mobile, self._configs)

    def _mobile(self, config: MobileConfig) -> Mobile:
        return Mobile(config, self._control, self._watch)


def _contexts(terminal: Terminal, apn: str | None) -> list[Context]:
    return [one for one in terminal.contexts if apn is None or one.apn.lower() == apn.lower()]


def _described(terminal: Terminal) -> str:
    contexts = ", ".join(f"{one.apn} with {one.address}" for one in terminal.contexts)
    return f"{'' if terminal.attached else 'not '}attached, PDP contexts: {contexts or 'none'}"
