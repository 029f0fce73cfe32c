"""Orders of RADIUS servers, carried out on PDP contexts.

Specs: RFC 5176 §2 and §3 (Disconnect, CoA, Error-Cause), TS 29.061 §16.3 and §16.4.

Theory of operation. An order names this GGSN, or does not say; it names sessions, and every
attribute that it names them by must fit. All contexts that fit are meant; with the Teardown
Indicator also those that share their addresses.

A Disconnect-Request deletes them, tells the SGSNs, and is acknowledged at once: they are gone here
whatever the SGSNs say. A CoA-Request changes their limits, their Interim-Updates and their Class at
once. Another QoS is the SGSN's to accept: it is asked by Update PDP Context Request, and the order
is answered when each SGSN has; if one does not accept, the order is refused, and the rest of it
does not happen either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Final

from corenet.ggsn.aaa.accounting import Accounting
from corenet.ggsn.aaa.radius_attributes import qos_octets
from corenet.ggsn.authorization import Authorization
from corenet.ggsn.contexts import PdpContext
from corenet.ggsn.core import Core
from corenet.ggsn.events import DeletionReason, SessionOrderReceived, UpdateFailure
from corenet.ggsn.pools import PREFIX_LENGTH
from corenet.ggsn.sessions.deletion import Deletion
from corenet.ggsn.sessions.updates import Updates
from corenet.radius.attributes import Attributes, Number, number_of
from corenet.radius.dynamic import DynamicAuthorizationServer, ErrorCause, Order
from gtp.ies.quality import QosProfile


def _by_text(value: Callable[[PdpContext], str | None]) -> Callable[[PdpContext, bytes], bool]:
    return lambda context, octets: (value(context) or "").encode() == octets.rstrip(b"\0")


def _by_address(context: PdpContext, octets: bytes) -> bool:
    return context.ipv4 == octets


def _by_prefix(context: PdpContext, octets: bytes) -> bool:
    prefix = Attributes(((_PREFIX, octets),)).prefix64("Framed-IPv6-Prefix")
    return context.ipv6 is not None and context.ipv6[:PREFIX_LENGTH] == prefix


def _by_interface(context: PdpContext, octets: bytes) -> bool:
    return context.ipv6 is not None and context.ipv6[PREFIX_LENGTH:] == octets


def _by_charging_id(context: PdpContext, octets: bytes) -> bool:
    return context.charging_id.to_bytes(4, "big") == octets


def _user_name(context: PdpContext) -> str | None:
    return context.authorization.user_name if context.authorization is not None else None


_PREFIX: Final = number_of("Framed-IPv6-Prefix")
_SESSION: Final = number_of("Acct-Session-Id")
_ENOUGH: Final[Mapping[Number, Callable[[PdpContext, bytes], bool]]] = {
    number_of("User-Name"): _by_text(_user_name),
    number_of("Framed-IP-Address"): _by_address,
    _PREFIX: _by_prefix,
    number_of("Calling-Station-Id"): _by_text(lambda context: context.msisdn),
    number_of("3GPP-IMSI"): _by_text(lambda context: context.imsi),
    number_of("3GPP-Charging-Id"): _by_charging_id,
}
"""Attributes of which one is enough to say which sessions are meant, beside Acct-Session-Id."""
_FURTHER: Final[Mapping[Number, Callable[[PdpContext, bytes], bool]]] = {
    number_of("Called-Station-Id"): lambda context, octets: (
        context.access.apn.name.lower().encode() == octets.lower().rstrip(b"\0")
    ),
    number_of("Framed-Interface-Id"): _by_interface,
    number_of("3GPP-NSAPI"): _by_text(lambda context: f"{context.nsapi:X}"),
}
"""Attributes that say more closely which of them."""
_OF_THE_NAS: Final = frozenset(
    map(number_of, ("NAS-IP-Address", "NAS-IPv6-Address", "NAS-Identifier"))
)
_ALWAYS: Final = frozenset(
    map(
        number_of,
        ("Event-Timestamp", "Message-Authenticator", "Proxy-State", "Reply-Message"),
    )
)
_OF_DISCONNECT: Final = frozenset(
    map(number_of, ("Acct-Terminate-Cause", "3GPP-Teardown-Indicator"))
)
_CHANGES: Final = frozenset(
    map(
        number_of,
        (
            "Class",
            "Session-Timeout",
            "Idle-Timeout",
            "Acct-Interim-Interval",
            "3GPP-GPRS-Negotiated-QoS-Profile",
        ),
    )
)


class _RefusedError(Exception):
    """An order cannot be carried out."""

    def __init__(self, cause: ErrorCause) -> None:
        super().__init__(cause)
        self.cause = cause


class Orders:
    """Carries out what RADIUS servers order."""

    def __init__(
        self,
        core: Core,
        server: DynamicAuthorizationServer,
        accounting: Accounting,
        deletion: Deletion,
        updates: Updates,
    ) -> None:
        """Work on the contexts in ``core`` and answer through ``server``."""
        self._core = core
        self._server = server
        self._accounting = accounting
        self._deletion = deletion
        self._updates = updates

    def ordered(self, order: Order, now: float) -> None:
        """Take an order; it is answered at once, or when SGSNs have accepted another QoS."""
        attributes = order.packet.attributes
        found: list[PdpContext] = []
        try:
            self._check(order)
            found = self._meant(attributes)
            if not found:
                raise _RefusedError(ErrorCause.SESSION_CONTEXT_NOT_FOUND)
            if order.disconnects:
                found = self._disconnect(found, attributes, now)
                self._server.acknowledge(order, {"Acct-Terminate-Cause": "Admin-Reset"})
                self._note(order, found)
            else:
                self._change(order, found, now)
        except _RefusedError as refusal:
            self._refuse(order, found, refusal.cause)

    def _note(
        self, order: Order, contexts: list[PdpContext], refused: ErrorCause | None = None
    ) -> None:
        self._core.events.append(
            SessionOrderReceived(
                order.peer[0],
                order.disconnects,
                len(contexts),
                refused.text if refused is not None else None,
            )
        )

    def _refuse(self, order: Order, contexts: list[PdpContext], cause: ErrorCause) -> None:
        self._server.refuse(order, cause)
        self._note(order, contexts, cause)

    # What is ordered

    def _check(self, order: Order) -> None:
        """Raise ``_RefusedError`` for what cannot be ordered here, whoever is meant."""
        attributes = order.packet.attributes
        if attributes.octets("Service-Type") is not None:
            # Neither a plain change nor "Authorize Only", which wants a new Access-Request.
            raise _RefusedError(ErrorCause.UNSUPPORTED_SERVICE)
        known = _OF_DISCONNECT if order.disconnects else _CHANGES
        names = {number for number, _ in attributes.items}
        others = names - _OF_THE_NAS - _ALWAYS - known - _ENOUGH.keys() - _FURTHER.keys()
        if others - {_SESSION}:
            raise _RefusedError(ErrorCause.UNSUPPORTED_ATTRIBUTE)
        if not self._is_for_us(attributes):
            raise _RefusedError(ErrorCause.NAS_IDENTIFICATION_MISMATCH)
        if not names & (_ENOUGH.keys() | {_SESSION}):
            raise _RefusedError(ErrorCause.MISSING_ATTRIBUTE)
        if not order.disconnects and not names & _CHANGES:
            raise _RefusedError(ErrorCause.MISSING_ATTRIBUTE)

    def _is_for_us(self, attributes: Attributes) -> bool:
        config = self._core.config
        named = {
            "NAS-IP-Address": IPv4Address(config.control_address).packed,
            "NAS-IPv6-Address": None,
            "NAS-Identifier": config.nas_identifier.encode() if config.nas_identifier else None,
        }
        return all(value == ours for name, ours in named.items() for value in attributes.all(name))

    def _meant(self, attributes: Attributes) -> list[PdpContext]:
        """Return the contexts that everything fits that the order names sessions by."""
        return [
            context
            for context in self._candidates(attributes)
            if all(self._fits(context, number, value) for number, value in attributes.items)
        ]

    def _candidates(self, attributes: Attributes) -> list[PdpContext]:
        """Return few contexts, where the order names something that finds them quickly."""
        contexts = self._core.contexts
        address = attributes.ipv4("Framed-IP-Address")
        imsi = attributes.text("3GPP-IMSI")
        if imsi is None and address is not None:
            holder = contexts.at(address)
            imsi = holder.imsi if holder is not None else ""
        return list(contexts) if imsi is None else contexts.of(imsi)

    def _fits(self, context: PdpContext, number: Number, value: bytes) -> bool:
        if number == _SESSION:
            return self._accounting.session_of(context).encode() == value.rstrip(b"\0").upper()
        test = _ENOUGH.get(number) or _FURTHER.get(number)
        return test is None or test(context, value)

    # What is done

    def _disconnect(
        self, found: list[PdpContext], attributes: Attributes, now: float
    ) -> list[PdpContext]:
        if (attributes.integer("3GPP-Teardown-Indicator") or 0) & 1:
            contexts = self._core.contexts
            found = [
                one
                for imsi in dict.fromkeys(context.imsi for context in found)
                for one in contexts.of(imsi)
                if any(one.addresses == context.addresses for context in found)
            ]
        for context in found:
            self._deletion.end_bearer(context, DeletionReason.RADIUS_REQUEST, now)
        return found

    def _change(self, order: Order, found: list[PdpContext], now: float) -> None:
        attributes = order.packet.attributes
        changed = [_changed(context, attributes) for context in found]
        text = attributes.text("3GPP-GPRS-Negotiated-QoS-Profile")
        if text is None:
            self._carry_out(order, found, changed, now)
            return
        waiting = {context.teid_data: _qos(context, text) for context in found}
        failed = False

        def ended(context: PdpContext, failure: UpdateFailure | None, then: float) -> None:
            nonlocal failed
            del waiting[context.teid_data]
            failed = failed or failure is not None
            if waiting:
                return
            if failed:
                self._refuse(order, found, ErrorCause.RESOURCES_UNAVAILABLE)
            else:
                self._carry_out(order, found, changed, then)

        for context in found:
            self._updates.ask_qos(context, waiting[context.teid_data], now, ended)

    def _carry_out(
        self, order: Order, found: list[PdpContext], changed: list[Authorization], now: float
    ) -> None:
        for context, authorization in zip(found, changed, strict=True):
            context.authorization = authorization
            if order.packet.attributes.octets("Acct-Interim-Interval") is not None:
                self._accounting.plan_interim(context, now)
            names = ("Session-Timeout", "Idle-Timeout")
            if any(order.packet.attributes.octets(name) is not None for name in names):
                self._deletion.limits.watch(context, now)
        self._server.acknowledge(order)
        self._note(order, found)


def _changed(context: PdpContext, attributes: Attributes) -> Authorization:
    """Return what a context is to have, or raise ``_RefusedError`` for what is no value."""
    numbers = {}
    for name, field in (
        ("Session-Timeout", "session_timeout"),
        ("Idle-Timeout", "idle_timeout"),
        ("Acct-Interim-Interval", "interim_interval"),
    ):
        octets = attributes.octets(name)
        if octets is not None:
            if len(octets) != 4:
                raise _RefusedError(ErrorCause.INVALID_ATTRIBUTE_VALUE)
            numbers[field] = int.from_bytes(octets, "big")
    authorization = context.authorization or Authorization()
    classes = attributes.all("Class") or authorization.classes
    return replace(
        authorization,
        classes=classes,
        session_timeout=numbers.get("session_timeout", authorization.session_timeout),
        idle_timeout=numbers.get("idle_timeout", authorization.idle_timeout),
        interim_interval=numbers.get("interim_interval", authorization.interim_interval),
    )


def _qos(context: PdpContext, text: str) -> bytes:
    try:
        qos = qos_octets(text, context.qos)
        QosProfile.parse(qos)
    except ValueError:
        raise _RefusedError(ErrorCause.INVALID_ATTRIBUTE_VALUE) from None
    return qos
