"""Brings pushes to terminals that have an address: in datagrams, or on WSP sessions.

Specs: WAP-235 §7 (Push OTA over WSP), §8 (session initiation), WAP-230 §6.3 (S-Push,
S-ConfirmedPush), WAP-259 (ports).

Theory of operation. ``send`` takes a push, and what becomes of it is told as outcomes: either it
ends at once, or it has left and its end comes later, or it waits here until there is a session
that takes it. ``ways`` decides which. A terminal is asked for a session by a push of its own (SIA)
to its push port; all that is for that terminal waits for the same session. Confirmed pushes
beyond the client's push MOR wait until one of them ends.

A datagram leaves no trace: if the network does not return it within a moment, it counts as sent.
Where that is not enough (``Confirm.CONTEXT``), the core is asked whether anything has left for the
mobile since. One that is to be sent once counts as sent when it leaves. A confirmed push ends when
the client's application has taken or refused it; everything else that ends it is a failure.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final

from corenet.interfaces.node import Address
from testbed.codecs.pap import DeliveryMethod, StatusCode
from testbed.codecs.wsp import DEFAULT_APPLICATION
from testbed.codecs.wsp.pdus import ConfirmedPush, Push, decode
from testbed.codecs.wsp.push import PUSH_PORT
from testbed.codecs.wtp import ProviderAbort, UserAbort
from testbed.gateway.carriers import send
from testbed.gateway.carriers.outcomes import (
    Aborted,
    Confirmed,
    Failed,
    Left,
    NotPossible,
    Outcome,
    Sent,
)
from testbed.gateway.carriers.wap_server import WapServer
from testbed.gateway.carriers.ways import Wanted, Way, choose
from testbed.gateway.config import GatewayConfig
from testbed.gateway.effects import LookUpContext
from testbed.gateway.events import PushSent, SessionInvited
from testbed.gateway.output import Output
from testbed.gateway.routing.judge import CoreAnswer
from testbed.gateway.routing.passing import Passed, has_passed
from testbed.gateway.routing.policy import Confirm
from testbed.gateway.schedule import Schedule
from testbed.gateway.underway.deliveries import Delivery, Key
from testbed.wap.errors import WapError
from testbed.wap.session_events import (
    PushAborted,
    PushConfirmed,
    SessionEstablished,
    SessionEvent,
    SessionResumed,
)
from testbed.wap.sessions import SessionView

CLIENT_ABORT: Final = 5000
"""PAP status codes of class 5 are this and the reason of the abort (WAP-247 §9.14)."""
_REFUSALS: Final = range(UserAbort.USER_REQUEST, UserAbort.USER_DISCARDED_UNPROCESSABLE + 1)
"""Reasons that the client's application gives."""
_TOO_LARGE: Final = frozenset(
    {
        (True, UserAbort.MRU_EXCEEDED),
        (False, ProviderAbort.MESSAGE_TOO_LARGE),
        (False, ProviderAbort.NOT_IMPLEMENTED_SAR),
    }
)
"""By user or not, and the reason: what would be said again."""
_ANY_APPLICATION: Final = frozenset({"*", "x-wap-application:*"})


@dataclass(slots=True, eq=False)
class _OnWay:
    """One push that this room has."""

    delivery: Delivery
    peer: Address | None = None
    """Where it went a moment ago, if it can still come back."""
    sent: float = 0.0
    transaction: int | None = None
    """Its S-ConfirmedPush."""


class Carriage:
    """All pushes of one gateway that wait for a session, or for word of what became of them."""

    def __init__(
        self,
        config: GatewayConfig,
        output: Output,
        wap: WapServer,
        *,
        random: Random,
        tell: Callable[[Delivery, Outcome, float], None],
    ) -> None:
        """Have nothing; ``tell`` is given what becomes of a push, also while it is being sent."""
        self._config = config
        self._output = output
        self._wap = wap
        self._tell = tell
        self._tids = count(random.getrandbits(8))
        self._on_way: dict[Key, _OnWay] = {}
        self._waiting: dict[str, dict[Key, Delivery]] = {}
        """What waits for a session, or for its turn on one, by address."""
        self._patience: Schedule[Key] = Schedule()
        """Until when each waits that asked for a session."""
        self._declined: Schedule[str] = Schedule()
        """Addresses that were asked for a session and opened none."""
        self._left: dict[Address, dict[Key, Delivery]] = {}
        """What went a moment ago, by where to."""
        self._returns: Schedule[Key] = Schedule()
        self._look_ups: dict[int, _OnWay] = {}
        """About which push each question to the core is."""
        self._look_up_numbers = count(1)

    # Commands

    def send(self, delivery: Delivery, now: float) -> None:
        """Bring a push to the address that it goes to."""
        self._on_way[delivery.key] = _OnWay(delivery)
        self._go(delivery, now)

    def has(self, delivery: Delivery) -> bool:
        """Return whether a push was given to ``send`` and has not ended."""
        return delivery.key in self._on_way

    def give_up(self, delivery: Delivery, now: float) -> None:
        """Be done with a push, wherever it is; tells nothing more of it. Safe where it is not."""
        on_way = self._drop(delivery)
        if on_way is not None and on_way.transaction is not None:
            with suppress(WapError):  # Its end may be what brought this about.
                self._wap.abort_push(on_way.transaction, now)

    # What is heard

    def session_event(self, event: SessionEvent, now: float) -> None:
        """Take what has happened to a session, or to a push on it."""
        match event:
            case PushConfirmed(context=Delivery() as delivery):
                if self.has(delivery):
                    self._end(delivery, Confirmed("confirmed by the client"), now)
            case PushAborted(context=Delivery() as delivery):
                self._aborted(event, delivery, now)
            case SessionEstablished() | SessionResumed():
                self._declined.cancel(event.peer[0])
        self._try_again(event.peer[0], now)

    def unreachable(self, peer: Address, now: float, *, is_gone: bool) -> None:
        """Take the network's word that something sent there has come back.

        ``is_gone`` says that it is not only the port that nobody has.
        """
        why = f"{peer[0]}:{peer[1]} cannot be reached"
        failed = [self._on_way[key].delivery for key in self._left.get(peer, ())]
        if peer[1] == PUSH_PORT:
            invited = self._waiting.get(peer[0], {})
            failed += [one for key, one in invited.items() if key in self._patience]
        for delivery in failed:
            self._output.count("pushes returned")
            self._end(delivery, Failed(why, is_gone), now)
        for session in self._wap.at(peer[0]):
            if session.peer == peer:
                self._wap.disconnect(session.session, now)

    def context_found(self, number: int, answer: CoreAnswer, now: float) -> None:
        """Take the core's word about whether a push has left for the mobile.

        A core that cannot tell does not hold it against the push.
        """
        on_way = self._look_ups.pop(number)
        delivery = on_way.delivery
        if self._on_way.get(delivery.key) is not on_way:
            return
        match has_passed(answer, delivery.send_to, on_way.sent, now):
            case Passed.GONE:
                self._output.count("pushes that no context took")
                why = f"the context at {delivery.send_to} is gone"
                self._end(delivery, Failed(why, is_gone=True), now)
            case Passed.NOT_YET if now < on_way.sent + self._config.ota.confirm_time:
                self._returns.set(delivery.key, now + self._config.ota.returned)
            case Passed.NOT_YET:
                self._output.count("pushes that no context took")
                self._end(delivery, Failed(f"nothing has left for {delivery.send_to}"), now)
            case Passed.YES | Passed.UNKNOWN:
                self._end(delivery, Sent(), now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` wants to be called, or None."""
        times = (self._returns.next(), self._patience.next(), self._declined.next())
        return min((time for time in times if time is not None), default=None)

    def handle_timeout(self, now: float) -> None:
        """Do what is due at ``now``."""
        for key in self._returns.take_due(now):
            on_way = self._on_way[key]
            if self._is_checked(on_way.delivery):
                number = next(self._look_up_numbers)
                self._look_ups[number] = on_way
                self._output.ask(LookUpContext(number, on_way.delivery.send_to))
            else:
                self._end(on_way.delivery, Sent(), now)
        for key in self._patience.take_due(now):
            delivery = self._on_way[key].delivery
            self._declined.set(delivery.send_to, now + self._config.ota.declined_time)
            self._output.count("sessions declined")
            self._go(delivery, now, may_initiate=False)
        self._declined.take_due(now)

    # The way

    def _go(self, delivery: Delivery, now: float, *, may_initiate: bool = True) -> None:
        """Send a push, or have it wait until it can be sent."""
        push, host = delivery.push, delivery.send_to
        session = self._session(delivery)
        is_optional = push.delivery_method is DeliveryMethod.PREFER_CONFIRMED
        way = choose(
            Wanted(
                push.delivery_method,
                len(push.pdu),
                self._config.limits.datagram,
                over_ipv6=":" in host,
            ),
            None if session is None else session.agreement,
            is_fresh=session is not None and now - session.last_used <= self._config.ota.fresh,
            may_initiate=may_initiate and not (is_optional and host in self._declined),
        )
        if way is Way.INITIATE:
            self._ask_for_session(delivery, now)
        elif way is Way.DATAGRAM:
            self._send_datagram(delivery, now)
        elif isinstance(way, Failed | NotPossible):
            self._end(delivery, way, now)
        elif session is not None:
            self._send_on(session, delivery, now, confirmed=way is Way.CONFIRMED_PUSH)

    def _session(self, delivery: Delivery) -> SessionView | None:
        """Return the session on which the client takes pushes of that application, or None."""
        sessions = self._wap.at(delivery.send_to)
        if not sessions:
            return None
        return next((one for one in sessions if _accepts(one, _application(delivery))), None)

    def _send_datagram(self, delivery: Delivery, now: float) -> None:
        datagram = send.datagram(delivery.push.pdu, tid=self._next_tid(), address=delivery.send_to)
        self._output.send(datagram)
        self._depart(delivery, datagram.peer, len(datagram.data), now)

    def _send_on(
        self, session: SessionView, delivery: Delivery, now: float, *, confirmed: bool
    ) -> None:
        push = _decoded(delivery)
        try:
            if not confirmed:
                self._wap.push(session.session, push, now)
                self._depart(delivery, session.peer, len(delivery.push.pdu), now)
            elif session.open_pushes >= session.agreement.push_mor:
                self._wait(delivery)
                self._patience.cancel(delivery.key)
            else:
                pdu = ConfirmedPush(push.content_type, push.body, push.headers)
                transaction = self._wap.confirmed_push(session.session, pdu, now, context=delivery)
                self._await_confirmation(delivery, session.peer, transaction, now)
        except WapError as error:
            self._end(delivery, Failed(str(error)), now)

    def _await_confirmation(
        self, delivery: Delivery, peer: Address, transaction: int, now: float
    ) -> None:
        self._stop_waiting(delivery)
        self._on_way[delivery.key].transaction = transaction
        self._told_sent(delivery, peer, len(delivery.push.pdu), "confirmed push")
        self._tell(delivery, Left(f"to be confirmed by {peer[0]}:{peer[1]}", confirms=True), now)

    def _depart(self, delivery: Delivery, peer: Address, octets: int, now: float) -> None:
        """Take note that a push has left which nobody confirms."""
        self._stop_waiting(delivery)
        self._told_sent(delivery, peer, octets, "push")
        note = f"sent to {peer[0]}:{peer[1]}"
        returned = self._config.ota.returned
        if delivery.is_sent_once or not returned:
            self._end(delivery, Sent(note), now)
            return
        on_way = self._on_way[delivery.key]
        on_way.peer, on_way.sent = peer, now
        self._left.setdefault(peer, {})[delivery.key] = delivery
        self._returns.set(delivery.key, min(now + returned, delivery.push.deliver_before))
        self._tell(delivery, Left(note, confirms=False), now)

    def _is_checked(self, delivery: Delivery) -> bool:
        """Return whether the core is asked if a push has left for the mobile."""
        confirm = delivery.progress.rule.confirm or self._config.ota.confirm
        return confirm is Confirm.CONTEXT and self._config.ask_core

    def _told_sent(self, delivery: Delivery, peer: Address, octets: int, how: str) -> None:
        push = delivery.push
        self._output.tell(PushSent(push.push_id, delivery.address, peer, octets, how))

    def _next_tid(self) -> int:
        return next(self._tids) & 0xFF

    # Sessions

    def _ask_for_session(self, delivery: Delivery, now: float) -> None:
        """Have a push wait for a session; ask for one unless it was asked for already."""
        is_asked = any(key in self._patience for key in self._waiting.get(delivery.send_to, ()))
        self._wait(delivery)
        if delivery.key in self._patience:
            return
        self._patience.set(delivery.key, now + self._config.ota.session_time)
        if is_asked:
            return
        datagram = send.invitation(
            self._config.address,
            self._config.wsp_port,
            _application(delivery),
            tid=self._next_tid(),
            address=delivery.send_to,
        )
        self._output.count("sessions asked for")
        self._output.send(datagram)
        self._output.tell(SessionInvited(delivery.push.push_id, delivery.address, datagram.peer))

    def _wait(self, delivery: Delivery) -> None:
        self._waiting.setdefault(delivery.send_to, {})[delivery.key] = delivery

    def _stop_waiting(self, delivery: Delivery) -> None:
        self._patience.cancel(delivery.key)
        waiting = self._waiting.get(delivery.send_to, {})
        if waiting.pop(delivery.key, None) is not None and not waiting:
            del self._waiting[delivery.send_to]

    def _try_again(self, host: str, now: float) -> None:
        """Send what waits for a terminal and can go now."""
        for delivery in list(self._waiting.get(host, {}).values()):
            if delivery.key in self._waiting.get(host, ()):
                self._go(delivery, now)

    def _aborted(self, event: PushAborted, delivery: Delivery, now: float) -> None:
        if not event.by_peer and not event.by_user and event.reason == ProviderAbort.NO_RESPONSE:
            # Who does not answer has lost the session.
            with suppress(WapError):
                self._wap.disconnect(event.session, now)
        if not self.has(delivery):
            return
        if event.by_peer and event.by_user and event.reason in _REFUSALS:
            why = f"the client aborted: {event.text}"
            self._end(delivery, Aborted(CLIENT_ABORT + event.reason, why), now)
        elif event.by_peer and (event.by_user, event.reason) in _TOO_LARGE:
            why = f"too large for the client: {event.text}"
            self._end(delivery, NotPossible(StatusCode.NOT_POSSIBLE, why), now)
        else:
            self._end(delivery, Failed(f"not confirmed: {event.text}"), now)

    # The end

    def _end(self, delivery: Delivery, outcome: Outcome, now: float) -> None:
        self._drop(delivery)
        self._tell(delivery, outcome, now)

    def _drop(self, delivery: Delivery) -> _OnWay | None:
        self._stop_waiting(delivery)
        self._returns.cancel(delivery.key)
        on_way = self._on_way.pop(delivery.key, None)
        if on_way is not None and on_way.peer is not None:
            left = self._left[on_way.peer]
            del left[delivery.key]
            if not left:
                del self._left[on_way.peer]
        return on_way


def _application(delivery: Delivery) -> str:
    return delivery.push.application or DEFAULT_APPLICATION


def _decoded(delivery: Delivery) -> Push:
    pdu = decode(delivery.push.pdu)
    assert isinstance(pdu, Push)
    return pdu


def _accepts(session: SessionView, application: str) -> bool:
    """Return whether a client takes pushes for an application; one that says nothing takes all."""
    accepted = {
        send.application_name(value)
        for name, value in session.headers
        if name.lower() == "accept-application"
    }
    return not accepted or not accepted.isdisjoint({application, *_ANY_APPLICATION})
